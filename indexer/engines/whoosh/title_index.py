"""Substring search in titles and subjects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from indexer.engines.whoosh.posting_list import Mask


class TitleIndex:
    """Titles and subjects of a segment, searchable by any letters in them."""

    def __init__(self, named: list[tuple[int, str]], letters: list[bytes]) -> None:
        self._named = named  # document within the segment, title or subject
        self._joined = b"\0" + b"\0".join(letters)
        self._starts = np.cumsum([1, *(len(one) + 1 for one in letters)])

    def titles_with(self, letters: bytes, most: int, live: Mask) -> Iterator[tuple[bool, int, str]]:
        """Yields titles with the letters: whether they begin so, document within the segment, title.

        Titles that begin with the letters come first. Yields at most ``most`` titles, of ``live`` documents
        of the segment only, which number from 0. Yields nothing for no letters.
        """
        if not letters:
            return
        seen: set[int] = set()
        for needle in (b"\0" + letters, letters):
            at = self._joined.find(needle)
            while at >= 0 and len(seen) < most:
                place = int(np.searchsorted(self._starts, at + len(needle) - 1, side="right")) - 1
                if place not in seen and live[self._named[place][0]]:
                    seen.add(place)
                    yield needle is not letters, *self._named[place]
                at = self._joined.find(needle, int(self._starts[place + 1]) - 1)

    def without(self, marks: bytes) -> TitleIndex:
        """Returns the same index without the letters ``marks``."""
        bare = self._joined[1:].translate(None, marks)
        return TitleIndex(self._named, bare.split(b"\0"))
