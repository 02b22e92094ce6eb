"""Reflowing text of a read page: headings, paragraphs and tables for screen readers and small screens.

A page's text has the lines of the paper. Where the position of its letters is known, a line that ends short,
or the next one that begins indented, ends a paragraph; short centred lines at the top are headings, unless
one begins where paragraphs do and the next line goes on at the margin or begins there too; rows with cells
between the same empty strips are a table, and a cell that a row lacks is empty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from archive.model import Line, Page, TextSource
from archive.thai.characters import (
    CONSONANTS,
    LETTERS_AND_SIGNS,
    NEVER_INITIAL,
    WORD_LETTERS,
    characters_of_class,
)

_LEAST_RIGHT = 8_000  # 1/10,000 of the page's width that a full line reaches at least
_LINES_OF_EDGE = 3  # lines that end together at the right edge of running text
_FULL = 0.8  # share of the text's width that a line fills at least when its paragraph goes on
_FULL_BEFORE_LONG_WORD = 0.6  # the same where the next line's first word would not have fitted behind it
_INDENT = 250  # 1/10,000 of the page's width by which the first line of a paragraph is set in
_TOGETHER = 100  # 1/10,000 of the page's width that the beginnings of lines at one edge may lie apart
_CENTRED = 400  # 1/10,000 of the page's width that the middle of a centred line may be off
_GAP = 350  # 1/10,000 of the page's width; a wider space stands between two cells of a table
_ALIGNED = 400  # 1/10,000 of the page's width that cells of a column may begin apart
_STRIP = 80  # 1/10,000 of the page's width that an empty strip between two columns is wide at least
_CROSSING = 0.1  # share of the rows whose cells may cross such a strip, as headings over columns do
_STEP = 20  # 1/10,000 of the page's width in which strips are looked for
_LEAST_ROWS = 3  # rows of a table; two rows with gaps are a letter's head as well
_LEAST_ROWS_WITH_STRIPS = 5  # rows of a table whose rows lack cells: wide spaces of fewer lines coincide
_MOST_ROWS_WITH_STRIPS = 200  # rows of such a table that are looked at
_MOST_TRIES = 100  # rows of a page at which such a table may begin and does not
_LEAST_FILLED = 0.37  # share of such a table's cells that have text; forms and signatures had 0.29 to 0.36
_LONGEST_HEADING = 90  # characters
_HEADING_LINES = 6  # lines at the top of a page among which headings are looked for
_ITEM = re.compile(
    r"\s*(?:[0-9๐-๙]{1,3}(?:\.[0-9๐-๙]{1,3})*[.)]|ข้อ\s*[0-9๐-๙]|[-•–]\s"
    rf"|\([0-9๐-๙{CONSONANTS}]{{1,3}}\))"
)
_LABEL = re.compile(r"(?:เรื่อง|เรียน|อ้างถึง|สิ่งที่ส่งมาด้วย|ส่วนราชการ|ที่|วันที่|โทร)[\s.:]")
_LETTER_HEAD = re.compile(r"(?:เรื่อง|เรียน|อ้างถึง|สิ่งที่ส่งมาด้วย|ส่วนราชการ)\s(?!.*\t.*\t)")
_PAGE_NUMBER = re.compile(r"[-–]\s*[0-9๐-๙]{1,4}\s*[-–]")
_RULE = re.compile(r"[\s.…_\-–—=*·]{4,}")
_WIDE_SPACE = re.compile(r"\s{3,}|\t")
_GIVEN_NAME = re.compile(
    rf"(?:^|[\s(]|โดยมี|ให้|และ|คือ|ได้แก่)(?:นาย(?!ก|อำเภอ|ทะเบียน|ช่าง|จ้าง)|นางสาว|นาง(?!สาว))[{WORD_LETTERS}]{{2,}}$"
)  # at the end of a line: the surname behind it begins the next
_NEVER_INITIAL = characters_of_class(NEVER_INITIAL)
_THAI = re.compile(f"[{LETTERS_AND_SIGNS}]")


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph (both have ``text``) or a table (``rows`` of cells)."""

    kind: str  # "heading" | "paragraph" | "table"
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


class _Cell(NamedTuple):
    """Start and end of a cell (1/10,000 of the page's width; its number if they are not known) and text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the page. ``left`` and ``right`` are None where its position is not known."""

    text: str
    left: int | None
    right: int | None
    first_word_right: int | None
    cells: tuple[_Cell, ...]


def reflow(page: Page) -> list[Block]:
    """Return the page's text as blocks, in reading order."""
    rows = [*_rows(page)]
    left, right = _margins(rows)
    blocks: list[Block] = []
    paragraph: list[_Row] = []

    def end_paragraph() -> None:
        if paragraph:
            blocks.append(Block("paragraph", _joined([row.text for row in paragraph])))
            paragraph.clear()

    tries = _MOST_TRIES if page.source is TextSource.EMBEDDED else 0
    place = 0
    while place < len(rows):
        row = rows[place]
        if table := _table(rows[place:], with_strips=tries > 0):
            end_paragraph()
            blocks.append(Block("table", rows=table))
            place += len(table)
            continue
        tries -= len(row.cells) > 1
        place += 1
        if not row.text:
            end_paragraph()
        elif (
            place <= _HEADING_LINES
            and _is_heading(row, left, right)
            and not _opens_paragraph(rows, place - 1, left, right)
        ):
            end_paragraph()
            if blocks and blocks[-1].kind == "heading":
                blocks[-1] = Block("heading", f"{blocks[-1].text} {row.text}")
            else:
                blocks.append(Block("heading", row.text))
        else:
            if paragraph and _begins_paragraph(paragraph, row, left, right):
                end_paragraph()
            paragraph.append(row)
    end_paragraph()
    return blocks


def _margins(rows: Sequence[_Row]) -> tuple[int, int]:
    """Return the left and right edge of the text.

    The left one is where the outermost three lines that begin together begin, or two in a row whose first is
    full and whose second is no spot: neither a wide title nor a spot beside the text moves an edge. Without
    such lines it is where the outermost line begins. A page of
    short lines does not show its right edge, as nothing made them end there. Lines show it where three end
    together and one does not, as in running text, or where all are centred, as on a cover.
    """
    placed = [(row.left, row.right) for row in rows if row.left is not None and row.right is not None]
    starts = sorted(left for left, _right in placed)
    together = [one for one, third in zip(starts, starts[2:], strict=False) if third - one <= _TOGETHER]
    furthest = max((right for _left, right in placed), default=0)
    together += [
        min(start, next_start)
        for (start, end), (next_start, next_end) in pairwise(placed)
        if abs(start - next_start) <= _TOGETHER and furthest - end <= _INDENT <= next_end - next_start
    ]
    left = min(together or starts, default=0)
    right = max((right for start, right in placed if start >= left - _INDENT), default=0)
    ending = [right - end <= _INDENT for _start, end in placed]
    is_set_in = any(start > left + _INDENT for start, _end in placed)
    is_running = ending.count(True) >= _LINES_OF_EDGE and (is_set_in or not all(ending))
    middles = sorted((start + end) // 2 for start, end in placed)
    is_cover = is_set_in and middles[-1] - middles[0] <= _CENTRED
    return left, right if is_running or is_cover else max(_LEAST_RIGHT, right)


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
            _first_word_right(text, pieces),
            tuple(_cells(text, offset, pieces)) if shown else (),
        )
        offset += len(text) + 1


def _first_word_right(text: str, pieces: Sequence[Line]) -> int | None:
    """Return where the text up to the first space ends; None where its position is not known."""
    if not pieces:
        return None
    edges = min(pieces, key=lambda line: line.start).edges
    return edges[min(len(text.split(" ", 1)[0]), len(edges) - 1)]


def _cells(text: str, offset: int, pieces: Sequence[Line]) -> Iterator[_Cell]:
    """Yield the cells of a line: the stretches between wide spaces."""
    if len(pieces) != 1 or pieces[0].start != offset:
        shown = [cell.strip() for cell in _WIDE_SPACE.split(text.strip()) if cell.strip()]
        yield from (_Cell(number, number, cell) for number, cell in enumerate(shown))
        return
    edges = pieces[0].edges
    start = 0
    for at, character in enumerate(text[: len(edges) - 1]):
        if character in " \t" and (character == "\t" or edges[at + 1] - edges[at] >= _GAP):
            if cell := text[start:at].strip():
                yield _Cell(edges[start], edges[at], cell)
            start = at + 1
    if cell := text[start:].strip():
        yield _Cell(edges[min(start, len(edges) - 1)], edges[-1], cell)


def _table(rows: Sequence[_Row], *, with_strips: bool) -> tuple[tuple[str, ...], ...]:
    """Return the cells by row of the table that the rows begin with; () without a table.

    ``with_strips``: rows may lack cells; the strips between the columns tell where the others belong.
    """
    if len(rows[0].cells) < 2:
        return ()
    run = _rows_with_cells(rows)
    if with_strips and len(run) >= _LEAST_ROWS_WITH_STRIPS and all(row.left is not None for row in run):
        columns = _columns(run)
        table = tuple(_in_columns(row, columns) for row in run)
        filled = sum(bool(text) for row in table for text in row)
        if len(columns) > 1 and filled >= _LEAST_FILLED * len(table) * len(columns):
            return table
    return tuple(tuple(cell.text for cell in row.cells) for row in rows[: _aligned_rows(rows)])


def _rows_with_cells(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Return the rows with cells that the rows begin with; one of a single cell may stand between two."""
    end = 0
    for place, row in enumerate(rows[:_MOST_ROWS_WITH_STRIPS]):
        if _LETTER_HEAD.match(row.text) or place > end + 1 or not row.cells:
            break
        if len(row.cells) > 1:
            end = place + 1
    return rows[:end]


def _columns(rows: Sequence[_Row]) -> list[range]:
    """Return the columns of a table: what lies between the strips that hardly any row's cells cross."""
    right = max(cell.end for row in rows for cell in row.cells)
    counts = Counter(
        at for row in rows for cell in row.cells for at in range(cell.start // _STEP, cell.end // _STEP + 1)
    )
    most = int(_CROSSING * len(rows))
    columns: list[range] = []
    for at in range(right // _STEP + 2):
        if counts[at] <= most:
            continue
        if columns and at * _STEP - columns[-1].stop < _STRIP:
            columns[-1] = range(columns[-1].start, (at + 1) * _STEP)
        else:
            columns.append(range(at * _STEP, (at + 1) * _STEP))
    return columns


def _in_columns(row: _Row, columns: Sequence[range]) -> tuple[str, ...]:
    """Return the text of each column of a row; a cell belongs to the column that it covers most of."""
    texts = [""] * len(columns)
    for cell in row.cells:
        shared = [min(cell.end, each.stop) - max(cell.start, each.start) for each in columns]
        place = shared.index(max(shared))
        texts[place] = f"{texts[place]} {cell.text}".strip()
    return tuple(texts)


def _aligned_rows(rows: Sequence[_Row]) -> int:
    """Return the number of rows with as many cells as the first, each below its like; 0 if they are few."""
    length = 1
    for before, after in pairwise(rows):
        if len(after.cells) != len(before.cells) or not _is_aligned(before, after):
            break
        length += 1
    return length if length >= _LEAST_ROWS else 0


def _is_aligned(before: _Row, after: _Row) -> bool:
    starts = zip(before.cells[1:], after.cells[1:], strict=True)
    return all(abs(one.start - other.start) <= _ALIGNED for one, other in starts)


def _is_heading(row: _Row, left: int, right: int) -> bool:
    if row.left is None or row.right is None or len(row.text) > _LONGEST_HEADING or _ITEM.match(row.text):
        return False
    is_narrow = row.right - row.left < _FULL * (right - left)
    return (
        is_narrow and row.left - left > _INDENT and abs(row.left + row.right - left - right) / 2 <= _CENTRED
    )


def _opens_paragraph(rows: Sequence[_Row], place: int, left: int, right: int) -> bool:
    """Return True for a centred row that begins where paragraphs do.

    The next row goes on at the margin, or begins there too.
    """
    start = rows[place].left
    following = rows[place + 1].left if place + 1 < len(rows) else None
    if start is None or following is None:
        return False
    if following - left > _INDENT and abs(following - start) > _TOGETHER:
        return False
    return any(
        row.left is not None and abs(row.left - start) <= _TOGETHER and not _is_heading(row, left, right)
        for row in rows[place + 1 :]
    )


def _begins_paragraph(paragraph: Sequence[_Row], row: _Row, left: int, right: int) -> bool:
    """Return True when the row does not belong to the paragraph before it."""
    if _ITEM.match(row.text) or _LABEL.match(row.text):
        return True
    if row.text[0] in _NEVER_INITIAL:  # it lost the letters before
        return False
    first, last = paragraph[0].left, paragraph[-1].right
    if row.left is None or row.first_word_right is None or first is None or last is None:
        return False
    is_set_in = first - left > _INDENT  # else a short line may be a whole paragraph
    has_no_room = last + row.first_word_right - row.left > right
    least = _FULL_BEFORE_LONG_WORD if is_set_in and has_no_room else _FULL
    return row.left - left > _INDENT or last - left < least * (right - left)


def _joined(texts: Sequence[str]) -> str:
    """Return lines joined to a paragraph.

    Thai words have no space between them, others have; so has a surname behind the name at a line's end.
    """
    joined = texts[0]
    for text in texts[1:]:
        is_thai = _THAI.match(text) and _THAI.match(joined[-1]) and not _GIVEN_NAME.search(joined)
        joined += text if is_thai else f" {text}"
    return joined
