"""Registry of parsers: how files of each type are read, one declaration a type.

The types themselves (signature, extensions, media type) are declared in ``archive.filetype``. To read another
type, declare it there and add its parser here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archive import filetype
from archive.errors import Invalid
from archive.filetype import FileType
from indexer.extraction.image.input_normalization import wrap_heif, wrap_picture
from indexer.extraction.office.libreoffice import (
    DOCUMENT,
    SHEETS_AS_PAGES,
    convert_office_to_pdf,
    find_libreoffice,
)
from indexer.extraction.office.text import read_docx, read_odt, read_spreadsheet
from indexer.extraction.office.text_pages import TextPage
from indexer.extraction.office.word97 import read_doc
from indexer.extraction.reading_errors import UnreadableFile

Converter = Callable[[Path, Path], None]
"""Writes a file (first path) as a PDF (second path). Runs in a sandbox child; raises ``UnreadableFile``."""


@dataclass(frozen=True, slots=True)
class Parser:
    """The reading of one file type: its conversion to PDF, its text reader, and the limits of converting.

    ``convert``: makes a PDF of the file; None for a file that is a PDF. ``read_text``: returns the text of
    each page, for a type that this machine may be unable to convert. ``seconds``, ``memory_mb``: limits of
    the sandbox child that converts. ``has_sheets``: a page of text is a sheet, and so is a page of the PDF.
    """

    file_type: FileType
    convert: Converter | None = None
    read_text: Callable[[Path], tuple[TextPage, ...]] | None = None
    has_sheets: bool = False
    seconds: float = 40.0
    memory_mb: int = 1024


_document = partial(convert_office_to_pdf, output=DOCUMENT)
_spreadsheet = partial(convert_office_to_pdf, output=SHEETS_AS_PAGES)
_office_parser = partial(Parser, seconds=120.0, memory_mb=4096)  # LibreOffice maps some 2 GB when it starts

PARSERS = {
    parser.file_type.media_type: parser
    for parser in (
        Parser(filetype.PDF),
        Parser(filetype.JPEG, partial(wrap_picture, format="JPEG")),
        Parser(filetype.PNG, partial(wrap_picture, format="PNG")),
        Parser(filetype.WEBP, partial(wrap_picture, format="WEBP")),
        Parser(filetype.BMP, partial(wrap_picture, format="BMP")),
        Parser(filetype.TIFF, partial(wrap_picture, format="TIFF")),
        Parser(filetype.HEIC, wrap_heif),
        Parser(filetype.HEIF, wrap_heif),
        _office_parser(filetype.DOCX, _document, read_docx),
        _office_parser(filetype.ODT, _document, read_odt),
        _office_parser(filetype.DOC, _document, read_doc),
        _office_parser(filetype.XLSX, _spreadsheet, read_spreadsheet, has_sheets=True),
        _office_parser(filetype.ODS, _spreadsheet, read_spreadsheet, has_sheets=True),
        _office_parser(filetype.XLS, _spreadsheet, read_spreadsheet, has_sheets=True),
    )
}
"""Media type → parser."""

_FAILURES = {"empty-file": "empty", "not-a-document": "not-a-pdf"}
"""Code of an upload that is refused → code of a reading that fails."""


def parser_of(path: Path) -> Parser:
    """Returns the parser of a file by its content; ``UnreadableFile`` for one that is not accepted.

    Raises ``UnreadableFile``: empty, not-a-pdf, password, macros.
    """
    try:
        with path.open("rb") as file:
            return PARSERS[filetype.detect_file_type(file).media_type]
    except Invalid as error:
        raise UnreadableFile(_FAILURES.get(error.code, error.code)) from error


def can_draw_pages(media_type: str) -> bool:
    """Returns False only for Office types on a machine without LibreOffice."""
    return not filetype.is_office(media_type) or find_libreoffice() is not None


def convert_if_not_pdf(path: Path, target: Path) -> bool:
    """Writes a file as a PDF in a sandbox child, False if it is one already; ``UnreadableFile`` if bad."""
    convert = parser_of(path).convert
    if convert is not None:
        convert(path, target)
    return convert is not None
