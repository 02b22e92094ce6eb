"""Titles and subjects, found by any of their letters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from indexer.search.posting_list import Mask


class TitleMatch(NamedTuple):
    """A title or subject that was found by its letters; in order, the likeliest comes first."""

    within: bool  # does not begin with them
    unread: int  # minus the number of views
    announcement_id: int
    name: str


class TitleIndex:
    """Titles and subjects of a segment, to be found by any of their letters."""

    def __init__(self, named: list[tuple[int, str]], letters: list[bytes]) -> None:
        self.titles_containing = named  # document within the segment, title or subject
        self._joined = b"\0" + b"\0".join(letters)
        self._starts = np.cumsum([1, *(len(one) + 1 for one in letters)])

    def documents_with(self, letters: bytes, most: int, live: Mask) -> Iterator[tuple[bool, int]]:
        """Places in ``named`` with the letters, and whether they begin so: those first. Of ``live``
        documents of the segment only."""
        seen: set[int] = set()
        for needle in (b"\0" + letters, letters):
            at = self._joined.find(needle)
            while at >= 0 and len(seen) < most:
                place = int(np.searchsorted(self._starts, at + len(needle) - 1, side="right")) - 1
                if place not in seen and live[self.titles_containing[place][0]]:
                    seen.add(place)
                    yield needle is not letters, place
                at = self._joined.find(needle, int(self._starts[place + 1]) - 1)

    def without(self, marks: bytes) -> TitleIndex:
        """The same with some letters left out."""
        bare = self._joined[1:].translate(None, marks)
        return TitleIndex(self.titles_containing, bare.split(b"\0"))
