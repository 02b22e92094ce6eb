"""Other readings: pieces of a recognised page with doubtful characters as they may have been on the paper.

The index holds their words at a lower weight, so that a slip of the recogniser does not hide a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archive.model import LowConfidenceSpan

CONTEXT = 12  # letters on either side of a doubtful span: a word is cut right only with its neighbours


class OtherReadingInContext(NamedTuple):
    """Another reading of a doubtful span: a snippet ``text``, in which it stands at ``[start, end)``."""

    text: str  # neighbours before, the reading, neighbours after
    start: int  # of the reading in ``text``
    end: int


def other_readings(text: str, doubts: Sequence[LowConfidenceSpan]) -> Iterator[OtherReadingInContext]:
    """Yields every alternative of every doubtful span of a page's text, with its neighbours."""
    for doubt in doubts:
        before = text[max(0, doubt.start - CONTEXT) : doubt.start].split("\n")[-1]
        after = text[doubt.end : doubt.end + CONTEXT].split("\n")[0]
        for alternative in doubt.alternatives:
            end = len(before) + len(alternative)
            yield OtherReadingInContext(before + alternative + after, len(before), end)
