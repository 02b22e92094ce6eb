"""Reflowing text of a read page: headings, paragraphs and tables for screen readers and small screens.

A page's text has the lines of the paper. Where the position of its letters is known, a line that ends short,
or the next one that begins indented, ends a paragraph; short centred lines at the top are headings; rows
whose cells begin below each other are a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from archive.model import Line, Page
from archive.thai.characters import CONSONANTS, LETTERS_AND_SIGNS

_FULL = 0.8  # share of the text's width that a line fills at least when its paragraph goes on
_INDENT = 250  # 1/10,000 of the page's width by which the first line of a paragraph is set in
_CENTRED = 400  # 1/10,000 of the page's width that the middle of a centred line may be off
_GAP = 350  # 1/10,000 of the page's width; a wider space stands between two cells of a table
_ALIGNED = 400  # 1/10,000 of the page's width that cells of a column may begin apart
_LEAST_ROWS = 3  # rows of a table; two rows with gaps are a letter's head as well
_LONGEST_HEADING = 90  # characters
_HEADING_LINES = 6  # lines at the top of a page among which headings are looked for
_ITEM = re.compile(
    r"\s*(?:[0-9๐-๙]{1,3}(?:\.[0-9๐-๙]{1,3})*[.)]|ข้อ\s*[0-9๐-๙]|[-•–]\s"
    rf"|\([0-9๐-๙{CONSONANTS}]{{1,3}}\))"
)
_LABEL = re.compile(r"(?:เรื่อง|เรียน|อ้างถึง|สิ่งที่ส่งมาด้วย|ส่วนราชการ|ที่|วันที่|โทร)[\s.:]")
_PAGE_NUMBER = re.compile(r"[-–]\s*[0-9๐-๙]{1,4}\s*[-–]")
_RULE = re.compile(r"[\s.…_\-–—=*·]{4,}")
_WIDE_SPACE = re.compile(r"\s{3,}|\t")
_THAI = re.compile(f"[{LETTERS_AND_SIGNS}]")


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph (both have ``text``) or a table (``rows`` of cells)."""

    kind: str  # "heading" | "paragraph" | "table"
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the page. ``left`` and ``right`` are None where its position is not known."""

    text: str
    left: int | None
    right: int | None
    cells: tuple[tuple[int, str], ...]  # start of each cell (position, or number of the cell) and its text


def reflow(page: Page) -> list[Block]:
    """Return the page's text as blocks, in reading order."""
    rows = [*_rows(page)]
    placed = [row for row in rows if row.left is not None and row.right is not None]
    left = min((row.left or 0 for row in placed), default=0)
    right = max((row.right or 0 for row in placed), default=0)
    blocks: list[Block] = []
    paragraph: list[_Row] = []

    def end_paragraph() -> None:
        if paragraph:
            blocks.append(Block("paragraph", _joined([row.text for row in paragraph])))
            paragraph.clear()

    place = 0
    while place < len(rows):
        row = rows[place]
        if length := _table_length(rows[place:]):
            end_paragraph()
            table = rows[place : place + length]
            blocks.append(Block("table", rows=tuple(tuple(text for _, text in each.cells) for each in table)))
            place += length
            continue
        place += 1
        if not row.text:
            end_paragraph()
        elif place <= _HEADING_LINES and _is_heading(row, left, right):
            end_paragraph()
            if blocks and blocks[-1].kind == "heading":
                blocks[-1] = Block("heading", f"{blocks[-1].text} {row.text}")
            else:
                blocks.append(Block("heading", row.text))
        else:
            if paragraph and _begins_paragraph(paragraph[-1], row, left, right):
                end_paragraph()
            paragraph.append(row)
    end_paragraph()
    return blocks


def _rows(page: Page) -> Iterator[_Row]:
    offset = 0
    for text in page.text.split("\n"):
        pieces = [line for line in page.lines if offset <= line.start < offset + max(1, len(text))]
        shown = _RULE.sub(" ", text).strip()
        if _PAGE_NUMBER.fullmatch(shown):
            shown = ""
        yield _Row(
            shown,
            min((line.edges[0] for line in pieces), default=None),
            max((line.edges[-1] for line in pieces), default=None),
            tuple(_cells(text, offset, pieces)) if shown else (),
        )
        offset += len(text) + 1


def _cells(text: str, offset: int, pieces: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """Yield the cells of a line: the stretches between wide spaces."""
    if len(pieces) != 1 or pieces[0].start != offset:
        yield from enumerate(cell.strip() for cell in _WIDE_SPACE.split(text.strip()) if cell.strip())
        return
    edges = pieces[0].edges
    start = 0
    for at, character in enumerate(text[: len(edges) - 1]):
        if character in " \t" and (character == "\t" or edges[at + 1] - edges[at] >= _GAP):
            if cell := text[start:at].strip():
                yield edges[start], cell
            start = at + 1
    if cell := text[start:].strip():
        yield edges[min(start, len(edges) - 1)], cell


def _table_length(rows: Sequence[_Row]) -> int:
    """Return the number of rows of the table that the rows begin with; 0 without a table."""
    columns = len(rows[0].cells)
    if columns < 2:
        return 0
    length = 1
    for before, after in pairwise(rows):
        if len(after.cells) != columns or not _is_aligned(before, after):
            break
        length += 1
    return length if length >= _LEAST_ROWS else 0


def _is_aligned(before: _Row, after: _Row) -> bool:
    starts = zip(before.cells[1:], after.cells[1:], strict=True)
    return all(abs(one[0] - other[0]) <= _ALIGNED for one, other in starts)


def _is_heading(row: _Row, left: int, right: int) -> bool:
    if row.left is None or row.right is None or len(row.text) > _LONGEST_HEADING or _ITEM.match(row.text):
        return False
    is_narrowed_by_user = row.right - row.left < _FULL * (right - left)
    return (
        is_narrowed_by_user
        and row.left - left > _INDENT
        and abs(row.left + row.right - left - right) / 2 <= _CENTRED
    )


def _begins_paragraph(before: _Row, row: _Row, left: int, right: int) -> bool:
    if _ITEM.match(row.text) or _LABEL.match(row.text):
        return True
    if row.left is None or before.right is None:
        return False
    return row.left - left > _INDENT or before.right - left < _FULL * (right - left)


def _joined(texts: Sequence[str]) -> str:
    """Return lines joined to a paragraph. Thai words have no space between them, others have."""
    joined = texts[0]
    for text in texts[1:]:
        is_thai = _THAI.match(text) and _THAI.match(joined[-1])
        joined += text if is_thai else f" {text}"
    return joined
