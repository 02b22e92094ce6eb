"""Reads the text of Word 97–2003 documents, page by page. To be called in a sandbox child only.

The text stands in pieces of the stream ``WordDocument``, 8 or 16 bits a character; the piece table, in the
stream ``0Table`` or ``1Table``, puts them in order. Several texts follow each other in it: the document, its
footnotes, headers, comments and so on. Sections in brackets are those of [MS-DOC].
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import olefile

from indexer.extraction.office.text_pages import MAX_CHARACTERS, PageAssembler, TextPage, as_text_pages
from indexer.extraction.pdf.text_repair import read_latin_as_thai
from indexer.extraction.reading_errors import UnreadableFile

MAX_STREAM = 256 << 20  # bytes of a stream that is read: as many as of an Office package

_OLDEST_FORMAT = 0xC0  # number of the format of Word 97 (FibBase.nFib, 2.5.2); Word 95 has 0x68
_IS_ENCRYPTED = 0x0100  # flags of FibBase
_HAS_SECOND_TABLE = 0x0200
_IS_8_BIT = 1 << 30  # flag of a piece's place (FcCompressed, 2.9.73), which is doubled then


def read_doc(path: Path) -> tuple[TextPage, ...]:
    """Returns a Word 97–2003 document's pages, then comments, in a sandbox child; ``UnreadableFile`` if bad.

    A page ends where a person broke the page or the section. Deleted text that is still kept stands where it
    was.
    The code of ``UnreadableFile`` is no-office for documents of Word 95 and before.
    """
    try:
        with olefile.OleFileIO(path) as compound:
            document = _stream(compound, "WordDocument")
            header = _read_header(document)
            table = _stream(compound, header.table_stream)
        text = _text_of_pieces(document, _piece_table(table, header))
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise UnreadableFile("damaged") from error
    stories = _split_into_stories(text, header)
    pages, hidden = PageAssembler(), PageAssembler()
    for name in ("text", "footnotes", "endnotes", "text boxes", "headers", "text boxes of headers"):
        _add_story(stories[name], pages)
    _add_story(stories["comments"], hidden)
    return as_text_pages(pages.finished(), hidden.finished())


@dataclass(frozen=True, slots=True)
class _Header:
    """Parts of the file information block (2.5.1): where the piece table is, and each story's characters."""

    table_stream: str
    piece_table_start: int
    piece_table_size: int
    story_lengths: tuple[int, ...]


_STORIES = (
    "text",
    "footnotes",
    "headers",
    "macros",
    "comments",
    "endnotes",
    "text boxes",
    "text boxes of headers",
)
"""The texts of a document in the order in which they follow each other (2.4.1)."""


def _stream(compound: olefile.OleFileIO, name: str) -> bytes:
    if compound.get_size(name) > min(MAX_STREAM, compound._filesize):
        raise UnreadableFile("office-too-big" if compound._filesize > MAX_STREAM else "damaged")
    with compound.openstream(name) as stream:
        return bytes(stream.read())


def _read_header(document: bytes) -> _Header:
    format_number, flags = struct.unpack_from("<2xH6xH", document)
    if format_number < _OLDEST_FORMAT:
        raise UnreadableFile("no-office")
    if flags & _IS_ENCRYPTED:
        raise UnreadableFile("password")
    start, size = struct.unpack_from("<2I", document, 0x1A2)
    return _Header(
        table_stream="1Table" if flags & _HAS_SECOND_TABLE else "0Table",
        piece_table_start=start,
        piece_table_size=size,
        story_lengths=struct.unpack_from(f"<{len(_STORIES)}I", document, 0x4C),
    )


def _piece_table(table: bytes, header: _Header) -> bytes:
    """Returns the piece table (PlcPcd, 2.8.35), which follows blocks of formatting in the Clx (2.9.38)."""
    clx = table[header.piece_table_start :][: header.piece_table_size]
    at = 0
    while clx[at] == 1:  # a block of formatting, with its size
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    kind, size = struct.unpack_from("<BI", clx, at)
    pieces = clx[at + 5 :][:size]
    if kind != 2 or len(pieces) < size:
        raise UnreadableFile("damaged")
    return pieces


def _text_of_pieces(document: bytes, piece_table: bytes) -> bytes:
    """Returns the whole text in UTF-16-LE: places in it count two bytes, also of what stands in 8 bits.

    Text of old Thai fonts, which passes as Latin, is returned as Thai.
    """
    count = (len(piece_table) - 4) // 12
    borders = struct.unpack_from(f"<{count + 1}I", piece_table)
    if borders[-1] > MAX_CHARACTERS:
        raise UnreadableFile("office-too-big")
    pieces = []
    for number, (start, end) in enumerate(pairwise(borders)):
        (place,) = struct.unpack_from("<2xI", piece_table, 4 * len(borders) + 8 * number)
        at, width = (place % _IS_8_BIT // 2, 1) if place & _IS_8_BIT else (place % _IS_8_BIT, 2)
        piece = document[at : at + (end - start) * width] if end >= start else b""
        if len(piece) < (end - start) * width or end < start:
            raise UnreadableFile("damaged")
        pieces.append(piece.decode("cp1252", "replace").encode("utf-16-le") if width == 1 else piece)
    text = b"".join(pieces).decode("utf-16-le", "replace")
    return read_latin_as_thai(text).encode("utf-16-le")


def _split_into_stories(text: bytes, header: _Header) -> dict[str, str]:
    """Returns the text of each story, by name."""
    borders = [2 * border for border in accumulate(header.story_lengths, initial=0)]
    texts = (text[start:end].decode("utf-16-le", "replace") for start, end in pairwise(borders))
    return dict(zip(_STORIES, texts, strict=True))


_CHARACTERS = {
    ord("\x07"): "\t",  # end of a cell
    ord("\x0b"): "\n",  # line break
    ord("\x0d"): "\n",  # end of a paragraph
    ord("\x0e"): "\n",  # column break
    ord("\x1e"): "-",  # hyphen that breaks no line
}
"""Characters that stand for what is not text (2.4.1). Others below space are dropped with the unseen ones."""


def _add_story(story: str, pages: PageAssembler) -> None:
    text = _without_field_codes(story).replace("\x07\x07", "\n")  # the end of a row is one more mark
    for number, page in enumerate(text.split("\x0c")):
        if number:
            pages.break_page()
        pages.add(page.translate(_CHARACTERS))


_FIELD_MARKS = re.compile("([\x13-\x15])")  # begin, separator, end (2.8.25)


def _without_field_codes(text: str) -> str:
    """Returns the text with each field's result and without its code; an unfinished code is text."""
    kept: list[str] = []
    codes: list[int | None] = []  # of each open field: where its code begins in ``kept``, None in its result
    for part in _FIELD_MARKS.split(text):
        if part == "\x13":
            codes.append(len(kept))
        elif part in ("\x14", "\x15"):
            begin = codes.pop() if codes else None
            if begin is not None:
                del kept[begin:]
            if part == "\x14":
                codes.append(None)
        else:
            kept.append(part)
    return "".join(kept)
