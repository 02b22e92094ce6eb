"""Keeps the positions of a page's lines when a person corrects its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from archive.model import Line


def align_lines(before: str, lines: Sequence[Line], after: str) -> tuple[Line, ...]:
    """Return the lines of ``after`` at their letters' places in ``before``; wholly new ones are left out.

    Unchanged letters keep their places; new letters share the room between their neighbours. A line of
    ``after`` is wholly new when it stands for no line of ``before``.
    """
    old, new = [*_numbered(before)], [*_numbered(after)]
    aligned: list[Line] = []
    matcher = SequenceMatcher(None, [text for _, text in old], [text for _, text in new], autojunk=False)
    for change, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if change == "delete" or change == "insert":
            continue
        for (at, was), (place, now) in zip(old[old_start:old_end], new[new_start:new_end], strict=False):
            pieces = [line for line in lines if at <= line.start < at + max(1, len(was))]
            if was == now:
                aligned += [replace(line, start=line.start - at + place) for line in pieces]
            elif pieces and now:
                aligned.append(_altered(pieces, at, was, place, now))
    return tuple(aligned)


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line of the text with its offset."""
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _altered(pieces: Sequence[Line], at: int, was: str, place: int, now: str) -> Line:
    """Return one line for an altered text, over the pieces that the line had before."""
    edges = _edges(pieces, at, len(was))
    moved: list[int] = [edges[0]]
    for change, old_start, old_end, new_start, new_end in SequenceMatcher(
        None, was, now, autojunk=False
    ).get_opcodes():
        if change == "equal":
            moved += edges[old_start + 1 : old_end + 1]
            continue
        room, count = edges[old_end] - edges[old_start], new_end - new_start
        moved += [edges[old_start] + room * step // count for step in range(1, count + 1)]
    top, bottom = min(line.top for line in pieces), max(line.bottom for line in pieces)
    return Line(place, top, bottom, tuple(moved))


def _edges(pieces: Sequence[Line], at: int, length: int) -> list[int]:
    """Return the position of every border between code points of a line that consists of pieces."""
    known = {line.start - at + offset: edge for line in pieces for offset, edge in enumerate(line.edges)}
    known.setdefault(0, pieces[0].edges[0])
    known.setdefault(length, pieces[-1].edges[-1])
    edges = [known[0]]
    for left, right in pairwise(sorted(place for place in known if 0 <= place <= length)):
        room = known[right] - known[left]
        edges += [known[left] + room * step // (right - left) for step in range(1, right - left + 1)]
    return edges
