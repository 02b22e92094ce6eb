"""Assembles shown strings to lines of Thai text, with each mark on its letter and each word in one piece.

The glyphs stay in the order in which the file draws them. Sorting them by place, as most extractors
do, puts Thai marks (drawn beside, above or far from their letters) on the wrong letter.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from indexer.extraction.pdf.shown_text import Glyph, Run

_MARKS = frozenset(map(chr, (0x0E31, *range(0x0E34, 0x0E3B), *range(0x0E47, 0x0E4F)))) | frozenset(
    map(chr, (*range(0xF701, 0xF70F), *range(0xF710, 0xF71B), 0xF71E, 0xF71F, 0xF720))
)
_TONES = frozenset([*"่้๊๋", *map(chr, (*range(0xF705, 0xF709), *range(0xF70A, 0xF70E), *range(0xF713, 0xF717)))])
_LEADING = frozenset("เแโใไ")
_FOLLOWING = frozenset("ะาำๅ")

# All in ems.
_SPACE = 0.22
_TAB = 1.6
_ZERO = 0.02
_SAME_PLACE = 0.15
_NEW_LINE = 0.5
_BACK = 0.5
_FAR = 1.0
_AHEAD = 0.3
_ON_LETTER = 0.5


@dataclass(slots=True)
class Cell:
    """A letter with its marks, or a space; its extent along the baseline."""

    text: str
    start: float  # points along the baseline
    end: float  # points along the baseline
    font: int  # number that the interpreter gave the font
    is_assembled_am: bool = False  # a ำ that was put together from a lost nikhahit


@dataclass(slots=True)
class TextLine:
    """Cells on one baseline, in stream order; see ``Run`` for angle, level and size."""

    angle: float
    level: float
    size: float
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _HeldMark:
    """A mark that waits until all letters are drawn. ``cell_before``: the last one drawn before it."""

    glyph: Glyph
    run: Run
    cell_before: Cell | None


class _LetterEnds:
    """The letters of a line that may bear a mark, in the order of their right ends."""

    def __init__(self, line: TextLine) -> None:
        self._line = line
        self.level = line.level
        self._cells = sorted(
            (cell for cell in line.cells if cell.end > cell.start and _bears_marks(cell)),
            key=lambda cell: cell.end,
        )

    def nearest(self, mark: _HeldMark) -> Cell | None:
        """Returns the letter on the mark's baseline that ends nearest to it, or None if none is near."""
        near = _NEW_LINE * max(mark.run.size, self._line.size)
        if abs(mark.run.angle - self._line.angle) > 1.0 or abs(mark.run.level - self._line.level) > near:
            return None
        place = mark.glyph.start
        at = bisect_left(self._cells, place, key=lambda cell: cell.end)
        cell = min(self._cells[max(0, at - 1) : at + 1], key=lambda cell: abs(cell.end - place), default=None)
        return cell if cell and abs(cell.end - place) < _ON_LETTER * mark.run.size else None


def _bears_marks(cell: Cell) -> bool:
    return bool(cell.text.strip()) and cell.text[-1] not in _LEADING


class GlyphClusterAssembler:
    """Assembles one page's glyphs; pass the file's one set ``swapped`` of fonts that give ำ for า.

    Make a new one for each page. ``swapped``: numbers of fonts, which are found once and hold for the whole
    file.
    """

    def __init__(self, swapped: set[int]) -> None:
        self.lines: list[TextLine] = []
        self._swapped = swapped
        self._line: TextLine | None = None
        self._nikhahit = False  # a zero-width space was shown: a lost nikhahit, if ำ's other half follows
        self._doubled: Cell | None = None  # the cell that is being drawn over
        self._held: list[_HeldMark] = []  # drawn before their letters, or elsewhere than the line at hand

    def assemble_lines(self, runs: list[Run]) -> list[TextLine]:
        """Returns all lines of the page, assembled from its runs, in the order in which they are drawn."""
        for run in runs:
            for glyph in run.glyphs:
                first = glyph.text[:1]
                if not first:
                    continue
                if first in _MARKS and self._is_away(glyph, run):
                    cell = self._line.cells[-1] if self._line and self._line.cells else None
                    self._held.append(_HeldMark(glyph, run, cell))
                elif first in _MARKS and self._line is not None:
                    self._add_mark(glyph, self._line, run)
                elif first.isspace():
                    self._add_space(glyph, run)
                else:
                    self._add_letter(glyph, run)
        self._place_held_marks()
        self._unswap()
        return _without_overprints([line for line in self.lines if any(c.text.strip() for c in line.cells)])

    def _is_away(self, glyph: Glyph, run: Run) -> bool:
        """Returns True if a mark does not stand on the last letter drawn, nor before it in its line."""
        line = self._line
        if line is None or not line.cells:
            return True
        if self._doubled is not None:
            return False
        if abs(run.angle - line.angle) > 1.0 or abs(run.level - line.level) > _NEW_LINE * run.size:
            return True
        last = line.cells[-1]
        if last.end - last.start <= _ZERO * run.size:
            return False  # where letters end is not known in a font without widths
        ahead = _SAME_PLACE if last.text[-1] in _LEADING else _AHEAD
        return glyph.start - last.end > ahead * run.size

    def _place_held_marks(self) -> None:
        """Puts each held mark on the letter that ends where it stands, or on the last one drawn before it."""
        if not self._held:
            return
        lines = sorted(map(_LetterEnds, self.lines), key=lambda letters: letters.level)
        largest = max((line.size for line in self.lines), default=0.0)
        for mark in self._held:
            near = _NEW_LINE * max(largest, mark.run.size)
            first = bisect_left(lines, mark.run.level - near, key=lambda letters: letters.level)
            last = bisect_left(lines, mark.run.level + near, key=lambda letters: letters.level)
            cell = min(
                filter(None, (letters.nearest(mark) for letters in lines[first : last + 1])),
                key=lambda cell: abs(cell.end - mark.glyph.start),
                default=mark.cell_before,
            )
            if cell is None:
                self._line = None
                self._add_letter(mark.glyph, mark.run)
            elif mark.glyph.text not in cell.text:
                cell.text += mark.glyph.text

    def _add_mark(self, glyph: Glyph, line: TextLine, run: Run) -> None:
        cell = self._doubled or line.cells[-1]
        if (
            self._doubled is None
            and abs(glyph.start - cell.end) > _FAR * run.size
            and run.angle == line.angle
        ):
            cell = _cell_at(line, glyph.start, run.size) or cell
        if self._doubled is not None and glyph.text in cell.text:
            return
        if cell.text.isspace() and len(line.cells) > 1 and cell.end - cell.start > _ZERO * run.size:
            cell = line.cells[-2]
            line.cells.pop()
        cell.text += glyph.text
        if glyph.text[:1] not in _TONES:
            self._nikhahit = False

    def _add_space(self, glyph: Glyph, run: Run) -> None:
        if glyph.end - glyph.start <= _ZERO * run.size:
            self._nikhahit = True
            return
        self._nikhahit = False
        line = self._line
        if line is not None and _continues(line, run, glyph):
            line.cells.append(Cell(" ", glyph.start, glyph.end, run.font))

    def _add_letter(self, glyph: Glyph, run: Run) -> None:
        text, kept = glyph.text, False
        if self._nikhahit and text in ("า", "ำ"):
            if text == "ำ":
                self._swapped.add(run.font)
            text, kept = "ำ", True
        self._nikhahit = False
        line = self._line
        if line is not None:
            self._doubled = _drawn_at(line, text, glyph, run)
            if self._doubled is not None:
                return
        if line is None or not _continues(line, run, glyph):
            line = self._line = TextLine(run.angle, run.level, run.size)
            self.lines.append(line)
        line.cells.append(Cell(text, glyph.start, glyph.end, run.font, kept))
        line.size = max(line.size, run.size)

    def _unswap(self) -> None:
        if not self._swapped:
            return
        for line in self.lines:
            for cell in line.cells:
                if cell.font in self._swapped and not cell.is_assembled_am:
                    cell.text = cell.text.replace("ำ", "า")


def _continues(line: TextLine, run: Run, glyph: Glyph) -> bool:
    """Returns True if a glyph continues the line: same direction, same baseline, not far back."""
    if abs(run.angle - line.angle) > 1.0:
        return False
    last = line.cells[-1] if line.cells else None
    close = last is not None and abs(glyph.start - last.end) < 0.3 * line.size
    size = max(run.size, line.size) if close else min(run.size, line.size)
    if abs(run.level - line.level) > _NEW_LINE * size:
        return False
    return last is None or glyph.start >= last.end - _BACK * run.size


def _cell_at(line: TextLine, place: float, size: float) -> Cell | None:
    """Returns the letter that ends at ``place``, to which a mark drawn later belongs, or None."""
    nearest = min(
        (cell for cell in line.cells if not cell.text.isspace()),
        key=lambda cell: abs(cell.end - place),
        default=None,
    )
    return nearest if nearest is not None and abs(nearest.end - place) < 0.5 * size else None


def _drawn_at(line: TextLine, text: str, glyph: Glyph, run: Run) -> Cell | None:
    """Returns the cell that already shows the text at this place, as in bold text that is drawn twice."""
    near = _SAME_PLACE * run.size
    if abs(run.level - line.level) > near or run.angle != line.angle or glyph.end - glyph.start <= near:
        return None
    if line.cells and glyph.start > line.cells[-1].start + near:
        return None
    for cell in reversed(line.cells[-400:]):
        if abs(cell.start - glyph.start) <= near and cell.text.startswith(text):
            return cell
    return None


def _without_overprints(lines: list[TextLine]) -> list[TextLine]:
    """Returns the lines without those that were drawn twice."""
    seen: dict[str, list[TextLine]] = {}
    kept = []
    for line in lines:
        same = seen.setdefault("".join(cell.text for cell in line.cells).strip(), [])
        near = _SAME_PLACE * line.size
        if any(
            abs(line.level - other.level) <= near
            and abs(line.cells[0].start - other.cells[0].start) <= near
            and line.angle == other.angle
            for other in same
        ):
            continue
        same.append(line)
        kept.append(line)
    return kept


def cells_with_visible_spaces(line: TextLine) -> list[Cell]:
    """Returns the cells with a space for each gap that a person sees, and a tab for each wide one."""
    letters = [cell for cell in line.cells if not cell.text.isspace()]
    shown = {id(after) for before, after in pairwise(line.cells) if before.text.isspace()}
    gaps = [after.start - before.end for before, after in pairwise(letters) if id(after) not in shown]
    spread = median(gaps) if len(gaps) >= 4 else 0.0
    wide = _SPACE * line.size + max(0.0, spread)
    cells = letters[:1]
    for before, after in pairwise(letters):
        gap = after.start - before.end
        if gap > _TAB * line.size + max(0.0, spread):
            cells.append(Cell("\t", before.end, after.start, after.font))
        elif id(after) in shown or (
            gap > wide and before.text[-1:] not in _LEADING and after.text[:1] not in _FOLLOWING
        ):
            cells.append(Cell(" ", before.end, max(before.end, after.start), after.font))
        cells.append(after)
    return cells
