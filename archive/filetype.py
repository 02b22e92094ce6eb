"""Detects the media type of an uploaded file by its content, never by its name or the browser's header."""

from __future__ import annotations

HEAD_BYTES = 1024
"""Bytes from a file's start that are examined: PDF readers accept ``%PDF`` anywhere in these bytes."""

PDF = "application/pdf"

_PICTURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
# Brands of ISO base media files (ISO/IEC 23008-12) that hold still pictures.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_HEIF_BRANDS = {b"mif1", b"msf1", b"heif"}
_AVIF_BRANDS = {b"avif", b"avis"}  # such files list the brand mif1 too, but use another codec

EXTENSIONS = {
    PDF: ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/heic": ".heic",
    "image/heif": ".heif",
}
"""Media types that the archive accepts → usual file extension."""


_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")


def is_archive(head: bytes) -> bool:
    """Return True for a file that begins as ZIP (Office files too), RAR or 7z, even with a PDF inside."""
    return head.startswith(_ARCHIVES)


def media_type(head: bytes) -> str | None:
    """Return the media type of a file, one of ``EXTENSIONS``; None for any other file.

    ``head``: the first ``HEAD_BYTES`` of the file.
    """
    for magic, picture in _PICTURES:
        if head.startswith(magic):
            return picture
    if head[4:8] == b"ftyp":
        return _still_picture(head)
    return PDF if b"%PDF" in head[:HEAD_BYTES] and not is_archive(head) else None


def _still_picture(head: bytes) -> str | None:
    major = head[8:12]
    box_end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {major} | {head[at : at + 4] for at in range(16, box_end, 4)}
    if major in _AVIF_BRANDS:
        return None
    if brands & _HEIC_BRANDS:
        return "image/heic"
    return "image/heif" if brands & _HEIF_BRANDS else None
