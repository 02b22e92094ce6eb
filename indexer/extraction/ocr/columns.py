"""Finds columns of running text: pages side by side, news sheets, contracts in two languages.

Between such columns lies a gutter that no line crosses for many rows, and most lines on both sides are
justified: they end where their column ends. Cells of tables, lists of names and the two parts of a letter's
head do not, and are read across; so are columns with ragged lines, which nothing tells from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

Box = tuple[float, float, float, float]
"""Left, top of the letters' bodies, right and bottom of them, in pixels."""

GUTTER = 1.5  # heights of a letter: least width of a gutter; between words there was up to one
LEAST_ROWS = 12  # rows with text on both sides; tables of running text are seldom so long
SAME_ROW = 0.6  # heights of a letter between the middles of boxes of one row, at most
LEAST_COLUMN = 20  # heights of a letter: width of a column, some 25 letters
FULL = 0.7  # share of the column's width that a full line fills at least …
RAGGED = 1.0  # … heights of a letter by which it ends before the column does, at most …
MOSTLY = 0.6  # … and share of such lines on either side: the last line of a paragraph is short
BEGINNING = 3  # boxes in the row where a gutter begins, at most: rows with more are those of a table
LINES = 1.6  # boxes to a row of one side, at most: more are cells of a table
APART = 3.0  # heights of a letter between rows of a column, at most


@dataclass(frozen=True, slots=True)
class _Gutter:
    """A strip without text in the rows from ``first`` to ``last``, ``rows`` of which have text beside it."""

    first: int
    last: int
    left: float
    right: float
    rows: int


def reading_order(boxes: Sequence[Box]) -> list[list[int]]:
    """Returns the places of the boxes in groups in reading order; a group is read across, row by row."""
    return list(_ordered(boxes, list(range(len(boxes)))))


def _ordered(boxes: Sequence[Box], places: list[int]) -> Iterator[list[int]]:
    height = median(boxes[place][3] - boxes[place][1] for place in places) if places else 0.0
    rows = _rows(boxes, places, height)
    gutter = _widest_gutter(boxes, rows, height)
    if gutter is None:
        if places:
            yield places
        return
    beside = [place for row in rows[gutter.first : gutter.last + 1] for place in row]
    middle = (gutter.left + gutter.right) / 2
    yield from _ordered(boxes, [place for row in rows[: gutter.first] for place in row])
    yield from _ordered(boxes, [place for place in beside if boxes[place][0] < middle])
    yield from _ordered(boxes, [place for place in beside if boxes[place][0] >= middle])
    yield from _ordered(boxes, [place for row in rows[gutter.last + 1 :] for place in row])


def _rows(boxes: Sequence[Box], places: Sequence[int], height: float) -> list[list[int]]:
    """Returns the places in rows from the top, each from left to right."""
    rows: list[list[int]] = []
    for place in sorted(places, key=lambda place: boxes[place][1] + boxes[place][3]):
        if rows and _middle(boxes[place]) - _middle(boxes[rows[-1][0]]) <= SAME_ROW * height:
            rows[-1].append(place)
        else:
            rows.append([place])
    return [sorted(row, key=lambda place: boxes[place][0]) for row in rows]


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _widest_gutter(boxes: Sequence[Box], rows: Sequence[Sequence[int]], height: float) -> _Gutter | None:
    """Returns the gutter between columns of running text along most rows; None if there is none."""
    if len(rows) < LEAST_ROWS:
        return None
    found = (
        _gutter_down(boxes, rows, first, (boxes[one][2], boxes[other][0]), height)
        for first, row in enumerate(rows)
        if len(row) <= BEGINNING
        for one, other in pairwise(row)
        if boxes[other][0] - boxes[one][2] >= GUTTER * height
    )
    between_columns = (
        gutter for gutter in found if gutter.rows >= LEAST_ROWS and _parts_text(boxes, rows, gutter, height)
    )
    return max(between_columns, key=lambda gutter: gutter.rows, default=None)


def _gutter_down(
    boxes: Sequence[Box], rows: Sequence[Sequence[int]], first: int, gap: tuple[float, float], height: float
) -> _Gutter:
    """Returns the gutter that begins with a gap in row ``first``, as far as it goes on without text in it."""
    left, right = gap
    last, beside = first, 1
    for number in range(first + 1, len(rows)):
        row = [boxes[place] for place in rows[number]]
        is_apart = row[0][1] - boxes[rows[number - 1][0]][3] > APART * height
        left_now = max([left, *(box[2] for box in row if box[0] < (left + right) / 2)])
        right_now = min([right, *(box[0] for box in row if box[0] >= (left + right) / 2)])
        if is_apart or right_now - left_now < GUTTER * height:
            break
        left, right, last = left_now, right_now, number
        beside += row[0][2] <= left and row[-1][0] >= right
    return _Gutter(first, last, left, right, beside)


def _parts_text(boxes: Sequence[Box], rows: Sequence[Sequence[int]], gutter: _Gutter, height: float) -> bool:
    """Returns True if on both sides of the gutter most lines fill their column."""
    both = [
        (
            [boxes[place] for place in row if boxes[place][2] <= gutter.left],
            [boxes[place] for place in row if boxes[place][0] >= gutter.right],
        )
        for row in rows[gutter.first : gutter.last + 1]
    ]
    sides = zip(*((left, right) for left, right in both if left and right), strict=True)
    return all(_is_running_text(side, height) for side in sides)


def _is_running_text(rows: Sequence[Sequence[Box]], height: float) -> bool:
    """Returns True if the rows of one side of a gutter are mostly lines that end where their column does."""
    left = min(row[0][0] for row in rows)
    right = max(row[-1][2] for row in rows)
    width = right - left
    full = sum(
        sum(box[2] - box[0] for box in row) >= FULL * width and right - row[-1][2] <= RAGGED * height
        for row in rows
    )
    has_cells = sum(map(len, rows)) > LINES * len(rows)
    return width >= LEAST_COLUMN * height and full >= MOSTLY * len(rows) and not has_cells
