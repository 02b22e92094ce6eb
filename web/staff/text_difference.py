"""Differences between two versions of a text, line by line, as the staff's pages show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_AROUND = 2  # unchanged lines that are shown before and after a change


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One whole line of a difference; a ``gap`` stands for unchanged lines that are left out."""

    change: Literal["same", "removed", "added", "gap"]
    text: str = ""


def compare_lines(before: str, after: str) -> list[DifferenceLine]:
    """Returns the changed lines in order, with a few unchanged lines around; empty for equal texts."""
    return [*_lines(before.split("\n"), after.split("\n"))]


def _lines(before: list[str], after: list[str]) -> Iterator[DifferenceLine]:
    end = 0
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_AROUND):
        if group[0][1] > end:
            yield DifferenceLine("gap")
        for change, old_start, old_end, new_start, new_end in group:
            if change == "equal":
                yield from (DifferenceLine("same", line) for line in before[old_start:old_end])
                continue
            yield from (DifferenceLine("removed", line) for line in before[old_start:old_end])
            yield from (DifferenceLine("added", line) for line in after[new_start:new_end])
        end = group[-1][2]
    if 0 < end < len(before):
        yield DifferenceLine("gap")
