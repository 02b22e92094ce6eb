"""Registry of parsers: how files of each type are read, one declaration a type.

The types themselves (signature, extensions, media type) are declared in ``archive.filetype``. To read another
type, declare it there and add its parser here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archive import filetype
from archive.errors import Invalid
from archive.filetype import FileType
from indexer.extraction.failures import Unreadable
from indexer.extraction.image.input_normalization import wrap_picture

Converter = Callable[[Path, Path], None]
"""Writes a file (first path) as a PDF (second path). Runs in a sandbox child; raises ``Unreadable``."""


@dataclass(frozen=True, slots=True)
class Parser:
    """How files of one type become pages.

    ``convert``: makes a PDF of the file; None for a file that is a PDF. ``seconds``, ``memory_mb``: limits of
    the sandbox child that converts.
    """

    file_type: FileType
    convert: Converter | None = None
    seconds: float = 40.0
    memory_mb: int = 1024


PARSERS = {
    parser.file_type.media_type: parser
    for parser in (
        Parser(filetype.PDF),
        Parser(filetype.JPEG, wrap_picture),
        Parser(filetype.PNG, wrap_picture),
        Parser(filetype.TIFF, wrap_picture),
        Parser(filetype.HEIC, wrap_picture),
        Parser(filetype.HEIF, wrap_picture),
    )
}
"""Media type → parser."""

_FAILURES = {"empty-file": "empty", "not-a-document": "not-a-pdf"}
"""Code of an upload that is refused → code of a reading that fails."""


def parser_of(path: Path) -> Parser:
    """Returns the parser of a file, chosen by its content. Raises ``Unreadable``: empty, not-a-pdf."""
    try:
        with path.open("rb") as file:
            return PARSERS[filetype.detect(file).media_type]
    except Invalid as error:
        raise Unreadable(_FAILURES.get(error.code, error.code)) from error


def write_as_pdf(path: Path, target: Path) -> bool:
    """Writes a file as a PDF, in a sandbox child. Writes nothing and returns False if it is a PDF already."""
    convert = parser_of(path).convert
    if convert is not None:
        convert(path, target)
    return convert is not None
