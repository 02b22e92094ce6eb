"""File types that the archive accepts, each declared once, and their detection by content.

An upload and a later reading ask the same ``detect``: a file that was accepted is never refused when it is
read. How files of a type are read is declared in ``indexer.extraction.parsers``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from archive.errors import Invalid

HEAD_BYTES = 1024
"""Bytes from a file's start that are examined: PDF readers accept ``%PDF`` anywhere in these bytes."""


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of file.

    ``extensions``: the usual file extension first. ``name`` is used in messages. ``has_signature`` returns
    True for the first ``HEAD_BYTES`` of a file of this type.
    """

    media_type: str
    name: str
    extensions: tuple[str, ...]
    has_signature: Callable[[bytes], bool]
    is_shown_by_browsers: bool = False


def _starts_with(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magics)


def _has_brand(*wanted: bytes) -> Callable[[bytes], bool]:
    """Return the check for ISO base media files (ISO/IEC 23008-12) that list one of the brands."""
    return lambda head: not _brands(head).isdisjoint(wanted)


def _brands(head: bytes) -> set[bytes]:
    """Return the brands of a still picture in an ISO base media file; none for any other file.

    libheif reads a file whose compatible brands name a still picture, whatever its major brand is. AVIF files
    list ``mif1`` too, but use a codec that cannot be read here.
    """
    if head[4:8] != b"ftyp" or head[8:12] in (b"avif", b"avis"):
        return set()
    box_end = min(int.from_bytes(head[:4], "big"), len(head))
    compatible = {head[at : at + 4] for at in range(16, box_end, 4)}
    return compatible | {head[8:12]} if compatible & {b"heic", b"heix", b"mif1"} else set()


PDF = FileType("application/pdf", "PDF", (".pdf",), lambda head: b"%PDF" in head, is_shown_by_browsers=True)
JPEG = FileType(
    "image/jpeg",
    "JPEG",
    (".jpg", ".jpeg", ".jpe"),
    _starts_with(b"\xff\xd8\xff"),
    is_shown_by_browsers=True,
)
PNG = FileType("image/png", "PNG", (".png",), _starts_with(b"\x89PNG\r\n\x1a\n"), is_shown_by_browsers=True)
TIFF = FileType("image/tiff", "TIFF", (".tif", ".tiff"), _starts_with(b"II*\x00", b"MM\x00*"))
HEIC = FileType(
    "image/heic",
    "HEIC",
    (".heic", ".heif"),
    _has_brand(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
)
HEIF = FileType("image/heif", "HEIF", (".heif", ".heic"), _has_brand(b"mif1"))

FILE_TYPES = {each.media_type: each for each in (JPEG, PNG, TIFF, HEIC, HEIF, PDF)}
"""Media type → file type, in the order of detection: PDF last, as ``%PDF`` may stand in a picture's head."""

EXTENSIONS = tuple(dict.fromkeys(extension for each in FILE_TYPES.values() for extension in each.extensions))
"""Every extension of an accepted file."""

ACCEPTED_FILES = ",".join((*EXTENSIONS, *FILE_TYPES))
"""Value of the ``accept`` attribute of a form's file field."""

_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")


def detect(stream: BinaryIO) -> FileType:
    """Return the type of a file by its content, never by its name. The stream's position stays.

    Raises ``Invalid``, with a message for the person who uploads: ``empty-file`` for an empty file,
    ``not-a-document`` for any file of another type.
    """
    start = stream.tell()
    head = stream.read(HEAD_BYTES)
    stream.seek(start)
    if not head:
        raise Invalid("ไฟล์นี้ว่างเปล่า กรุณาเลือกไฟล์อีกครั้ง", field="file", code="empty-file")
    if head.startswith(_ARCHIVES):  # even with a PDF inside
        raise Invalid(
            "ไฟล์นี้เป็นไฟล์บีบอัด (ZIP) หรือไฟล์ Office กรุณาแตกไฟล์หรือบันทึกเป็น PDF แล้วแนบทีละไฟล์",
            field="file",
            code="not-a-document",
        )
    for each in FILE_TYPES.values():
        if each.has_signature(head):
            return each
    raise Invalid(
        "รับเฉพาะไฟล์ %(names)s กรุณาบันทึกเป็น PDF แล้วแนบอีกครั้ง",
        field="file",
        code="not-a-document",
        names=accepted_names(),
    )


def is_shown_by_browsers(media_type: str) -> bool:
    """Return True for a type that browsers show in a tab; False too for a media type that is unknown."""
    known = FILE_TYPES.get(media_type)
    return known is not None and known.is_shown_by_browsers


def accepted_names() -> str:
    """Return the names of all accepted types for a message."""
    return ", ".join(each.name for each in FILE_TYPES.values())
