"""File types that the archive accepts, each declared once, and their detection by content.

Upload and reading ask the same ``detect_file_type``: a file that was accepted is never refused when
it is read. How files of a type are read is declared in ``indexer.extraction.parsers``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import olefile

from archive.errors import Invalid

HEAD_BYTES = 1024
"""Bytes from a file's start that are examined: PDF readers accept ``%PDF`` anywhere in these bytes."""


_TAIL_BYTES = 1 << 20
"""Bytes from a ZIP file's end in which its directory is looked for: room for some 10,000 parts."""


@dataclass(frozen=True, slots=True)
class FileSample:
    """The parts of a file that tell its type: its head, a ZIP file's tail, a compound file's streams.

    ``head``: its first bytes. ``tail``: the last bytes of a ZIP file, which hold its directory. ``streams``:
    names of the top-level streams of a compound file, as Word 97 and Excel 97 write it.
    """

    head: bytes
    tail: bytes = b""
    streams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of file that is accepted, with its extensions and the check of its content.

    ``extensions``: the usual file extension first. ``name`` is used in messages. ``has_signature`` returns
    True for the sample of a file of this type.
    """

    media_type: str
    name: str
    extensions: tuple[str, ...]
    has_signature: Callable[[FileSample], bool]
    is_shown_by_browsers: bool = False
    is_office: bool = False


def _starts_with(*magics: bytes) -> Callable[[FileSample], bool]:
    return lambda sample: sample.head.startswith(magics)


def _has_brand(*wanted: bytes) -> Callable[[FileSample], bool]:
    """Return the check for ISO base media files (ISO/IEC 23008-12) that list one of the brands."""
    return lambda sample: not _brands(sample.head).isdisjoint(wanted)


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


def _has_part(name: bytes) -> Callable[[FileSample], bool]:
    """Return the check for ZIP files that contain a part. ``name``: regular expression."""
    entry = re.compile(rb"PK\x01\x02.{42}" + name, re.DOTALL)  # ZIP specification, 4.3.12
    return lambda sample: entry.search(sample.tail) is not None


def _has_mimetype(media_type: str) -> Callable[[FileSample], bool]:
    """Return the check for OpenDocument packages, which begin with their media type (part 2, 3.3)."""
    entry = re.compile(
        rb"PK\x03\x04.{26}mimetype" + re.escape(media_type.encode()) + b"(?![a-z-])", re.DOTALL
    )
    return lambda sample: entry.match(sample.head) is not None


def _has_stream(*names: str) -> Callable[[FileSample], bool]:
    return lambda sample: not sample.streams.isdisjoint(names)


PDF = FileType(
    "application/pdf", "PDF", (".pdf",), lambda sample: b"%PDF" in sample.head, is_shown_by_browsers=True
)
JPEG = FileType(
    "image/jpeg",
    "JPEG",
    (".jpg", ".jpeg", ".jpe"),
    _starts_with(b"\xff\xd8\xff"),
    is_shown_by_browsers=True,
)
PNG = FileType("image/png", "PNG", (".png",), _starts_with(b"\x89PNG\r\n\x1a\n"), is_shown_by_browsers=True)
WEBP = FileType(
    "image/webp",
    "WebP",
    (".webp",),
    lambda sample: sample.head[:4] == b"RIFF" and sample.head[8:12] == b"WEBP",
    is_shown_by_browsers=True,
)
BMP = FileType(
    "image/bmp",
    "BMP",
    (".bmp", ".dib"),
    lambda sample: sample.head[:2] == b"BM" and sample.head[6:10] == bytes(4),  # its two reserved fields
    is_shown_by_browsers=True,
)
TIFF = FileType("image/tiff", "TIFF", (".tif", ".tiff"), _starts_with(b"II*\x00", b"MM\x00*"))
HEIC = FileType(
    "image/heic",
    "HEIC",
    (".heic", ".heif"),
    _has_brand(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
)
HEIF = FileType("image/heif", "HEIF", (".heif", ".heic"), _has_brand(b"mif1"))

_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
DOCX = FileType(
    f"{_OOXML}.wordprocessingml.document",
    "DOCX",
    (".docx",),
    _has_part(rb"word/document\d*\.xml"),
    is_office=True,
)
XLSX = FileType(
    f"{_OOXML}.spreadsheetml.sheet", "XLSX", (".xlsx",), _has_part(rb"xl/workbook\d*\.xml"), is_office=True
)
ODT = FileType(f"{_ODF}.text", "ODT", (".odt",), _has_mimetype(f"{_ODF}.text"), is_office=True)
ODS = FileType(f"{_ODF}.spreadsheet", "ODS", (".ods",), _has_mimetype(f"{_ODF}.spreadsheet"), is_office=True)
DOC = FileType("application/msword", "DOC", (".doc", ".dot"), _has_stream("WordDocument"), is_office=True)
XLS = FileType(
    "application/vnd.ms-excel", "XLS", (".xls", ".xlt"), _has_stream("Workbook", "Book"), is_office=True
)

FILE_TYPES = {
    each.media_type: each
    for each in (JPEG, PNG, WEBP, BMP, TIFF, HEIC, HEIF, DOCX, XLSX, ODT, ODS, DOC, XLS, PDF)
}
"""Media type → file type, in the order of detection: PDF last, as other files may hold ``%PDF``."""

EXTENSIONS = tuple(dict.fromkeys(extension for each in FILE_TYPES.values() for extension in each.extensions))
"""Every extension of an accepted file."""

ACCEPTED_FILES = ",".join((*EXTENSIONS, *FILE_TYPES))
"""Value of the ``accept`` attribute of a form's file field."""

_ZIP = b"PK\x03\x04"
_ARCHIVES = (_ZIP, b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_COMPOUND = olefile.MAGIC
_MOST_STREAMS = (
    10_000  # of a compound file; real ones have some dozens, and each costs 16 µs and a kilobyte to list
)
_has_macros = (
    _has_part(rb"(?:(?:word|xl)/vbaProject|Basic/|Scripts/)"),
    _has_stream("Macros", "_VBA_PROJECT_CUR"),
)
_is_encrypted = _has_stream("EncryptedPackage")


def detect_file_type(stream: BinaryIO) -> FileType:
    """Return a file's type by content; ``Invalid`` for others, empty ones, Office passwords and macros.

    The name never counts. The stream's position stays. A password is noticed in DOCX and XLSX only: an
    encrypted PDF is not refused. The error has a message for the person who uploads: ``empty-file`` for an
    empty file, ``password`` and ``macros`` for such Office files, ``not-a-document`` for a file of any other
    type.
    """
    start = stream.tell()
    sample = _sample(stream)
    stream.seek(start)
    if not sample.head:
        raise Invalid("ไฟล์นี้ว่างเปล่า กรุณาเลือกไฟล์อีกครั้ง", field="file", code="empty-file")
    if _is_encrypted(sample):
        raise Invalid(
            "ไฟล์ Office นี้ตั้งรหัสผ่านไว้ กรุณาบันทึกใหม่โดยไม่ใส่รหัสผ่าน แล้วแนบอีกครั้ง",
            field="file",
            code="password",
        )
    is_archive = sample.head.startswith(_ARCHIVES)
    for each in FILE_TYPES.values():
        if each.has_signature(sample) and (each.is_office or not is_archive):
            if any(has_macros(sample) for has_macros in _has_macros):
                raise Invalid(
                    "ไฟล์ Office นี้มีมาโคร ซึ่งอาจเป็นอันตรายต่อผู้ดาวน์โหลด กรุณาบันทึกเป็นไฟล์ที่ไม่มีมาโคร "
                    "หรือ PDF แล้วแนบอีกครั้ง",
                    field="file",
                    code="macros",
                )
            return each
    if is_archive:  # even with a PDF inside
        raise Invalid(
            "ไฟล์นี้เป็นไฟล์บีบอัด (ZIP, RAR, 7z) กรุณาแตกไฟล์ แล้วแนบทีละไฟล์",
            field="file",
            code="not-a-document",
        )
    raise Invalid(
        "ไฟล์ชนิดนี้แนบไม่ได้ หรือไฟล์เสียหาย รับเฉพาะไฟล์ %(names)s กรุณาเปิดดูในเครื่องก่อน แล้วบันทึกเป็น PDF และแนบอีกครั้ง",
        field="file",
        code="not-a-document",
        names=accepted_type_names(),
    )


def _sample(stream: BinaryIO) -> FileSample:
    """Read the parts by which a type is detected. The stream's position changes."""
    start = stream.tell()
    head = stream.read(HEAD_BYTES)
    if head.startswith(_ZIP):
        size = stream.seek(0, io.SEEK_END)
        stream.seek(max(start, size - _TAIL_BYTES))
        return FileSample(head, tail=stream.read())
    if head.startswith(_COMPOUND):
        stream.seek(start)
        return FileSample(head, streams=_top_level_streams(stream))
    return FileSample(head)


class _BoundedCompound(olefile.OleFileIO):  # type: ignore[misc]
    """A compound file of which at most ``_MOST_STREAMS`` entries of the directory are read."""

    def _load_direntry(self, sid: int) -> object:
        if sid >= _MOST_STREAMS:
            raise ValueError("too many streams")
        return super()._load_direntry(sid)


def _top_level_streams(stream: BinaryIO) -> frozenset[str]:
    """Return the names of the top-level streams and storages of a compound file.

    Returns none for a damaged file or one with too many streams.
    """
    try:
        with _BoundedCompound(stream) as compound:
            return frozenset(path[0] for path in compound.listdir(streams=True, storages=True))
    except Exception:  # noqa: BLE001 - a hostile file may provoke any error
        return frozenset()


def is_shown_by_browsers(media_type: str) -> bool:
    """Return True for PDF, JPEG, PNG, WebP and BMP, which browsers show in a tab; False for all else."""
    known = FILE_TYPES.get(media_type)
    return known is not None and known.is_shown_by_browsers


def is_office(media_type: str) -> bool:
    """Return True for the accepted Office types: DOCX, XLSX, ODT, ODS, DOC and XLS."""
    known = FILE_TYPES.get(media_type)
    return known is not None and known.is_office


def accepted_type_names() -> str:
    """Return the names of all accepted types for a message."""
    return ", ".join(each.name for each in FILE_TYPES.values())
