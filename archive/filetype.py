"""What an uploaded file is, by its content; its name and the browser's word count for nothing."""

from __future__ import annotations

HEAD_BYTES = 1024
"""How much of a file's start is looked at. PDF readers accept ``%PDF`` anywhere in it."""

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
_AVIF_BRANDS = {b"avif", b"avis"}  # name mif1 as well, but are another codec

EXTENSIONS = {
    PDF: ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/heic": ".heic",
    "image/heif": ".heif",
}
"""Media types that the archive takes, with the usual end of their names."""


_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")


def is_archive(head: bytes) -> bool:
    """Whether a file begins as ZIP (Office files too), RAR or 7z, whatever PDF may be stored in it."""
    return head.startswith(_ARCHIVES)


def media_type(head: bytes) -> str | None:
    """One of ``EXTENSIONS`` for the first ``HEAD_BYTES`` of a file, or None for anything else."""
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
