"""Page text: joins assembled lines to the page's text, with the position of each code point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from archive.model import PAGE_UNITS, Line
from indexer.extraction.pdf.glyph_clusters import Cell, TextLine, cells_with_visible_spaces
from indexer.extraction.pdf.shown_text import Box, Run, transform_box
from indexer.extraction.pdf.text_repair import RepairedText

_ASCENT, _DESCENT = 0.78, 0.24  # of the em: where Thai marks end, above and below the baseline
_LEVEL = 1.0  # degrees: text at a smaller angle counts as horizontal


@dataclass(frozen=True, slots=True)
class LaidOutText:
    """A page's text as the file gives it. ``owners``: the cell of each code point, None for a line's end."""

    text: str
    owners: tuple[tuple[TextLine, Cell] | None, ...]


def lay_out_text(lines: Sequence[TextLine]) -> LaidOutText:
    """Joins lines, in the order given, to a text, with a space or tab for each gap that a person sees."""
    pieces: list[str] = []
    owners: list[tuple[TextLine, Cell] | None] = []
    for line in lines:
        if pieces:
            pieces.append("\n")
            owners.append(None)
        for cell in cells_with_visible_spaces(line):
            pieces.append(cell.text)
            owners += [(line, cell)] * len(cell.text)
    return LaidOutText("".join(pieces), tuple(owners))


def locate_lines(laid: LaidOutText, repaired: RepairedText, width: float, height: float) -> tuple[Line, ...]:
    """Returns the lines of the repaired text on a page of the given width and height (points)."""
    lines: list[Line] = []
    stretch: list[tuple[int, TextLine, Cell]] = []
    for offset, source in enumerate(repaired.origin):
        owner = laid.owners[source] if repaired.text[offset] != "\n" else None
        if stretch and not _goes_on(stretch[-1], owner):
            lines.append(_line(stretch, width, height))
            stretch = []
        if owner is not None:
            stretch.append((offset, *owner))
    if stretch:
        lines.append(_line(stretch, width, height))
    return tuple(lines)


def _goes_on(last: tuple[int, TextLine, Cell], owner: tuple[TextLine, Cell] | None) -> bool:
    if owner is None or owner[0] is not last[1]:
        return False
    if owner[1] is last[2]:
        return True
    level = abs(owner[0].angle) < _LEVEL  # slanting and upright text gets a line for each cell
    return level and owner[1].start >= last[2].start


def _line(stretch: list[tuple[int, TextLine, Cell]], width: float, height: float) -> Line:
    boxes = [_box(line, cell) for _, line, cell in stretch]
    # A cell's marks have no width of their own: they stand at its right edge.
    edges = [boxes[0][0]]
    for (_, _, before), (_, _, after), box in zip(stretch, stretch[1:], boxes[1:], strict=False):
        edges.append(box[2] if after is before else box[0])
    edges.append(max(box[2] for box in boxes))
    return Line(
        start=stretch[0][0],
        top=_units(1 - max(box[3] for box in boxes) / height),
        bottom=_units(1 - min(box[1] for box in boxes) / height),
        edges=tuple(accumulate((_units(edge / width) for edge in edges), max)),
    )


def _box(line: TextLine, cell: Cell) -> Box:
    box = (cell.start, line.level - _DESCENT * line.size, cell.end, line.level + _ASCENT * line.size)
    if abs(line.angle) < _LEVEL:
        return box
    cosine, sine = math.cos(math.radians(line.angle)), math.sin(math.radians(line.angle))
    return transform_box((cosine, sine, -sine, cosine, 0.0, 0.0), box)


def _units(share: float) -> int:
    return min(PAGE_UNITS, max(0, round(share * PAGE_UNITS)))


def upright_rotation(runs: Sequence[Run]) -> int:
    """Returns the degrees clockwise that set the text upright; 0 unless clearly most of it is turned."""
    counts = dict.fromkeys((0, 90, 180, 270), 0)
    for run in runs:
        quarter = round(run.angle / 90) * 90 % 360
        if abs((run.angle - quarter + 180) % 360 - 180) < _SLANT:
            counts[quarter] += len(run.glyphs)
    most = max(counts, key=lambda quarter: counts[quarter])
    return most if counts[most] >= _ENOUGH_TO_TURN and counts[most] > _MOST * sum(counts.values()) else 0


_SLANT = 5.0  # degrees off a right angle that a line may be
_ENOUGH_TO_TURN = 30  # letters that lie in one direction
_MOST = 0.6  # share of all letters that lie in it


def turn_runs(runs: Sequence[Run], turn: int, width: float, height: float) -> list[Run]:
    """Returns the runs as they lie after the page, of the given size, is turned clockwise by ``turn``."""
    x, y = {0: (0.0, 0.0), 90: (0.0, width), 180: (width, height), 270: (height, 0.0)}[turn]
    moved = []
    for run in runs:
        angle = (run.angle - turn + 180) % 360 - 180
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        along, across = x * cosine + y * sine, y * cosine - x * sine
        glyphs = [glyph._replace(start=glyph.start + along, end=glyph.end + along) for glyph in run.glyphs]
        moved.append(replace(run, glyphs=glyphs, angle=angle, level=run.level + across))
    return moved
