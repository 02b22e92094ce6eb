"""The text of one announcement as an index has it, with the borders of its words, zones and pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from indexer.analysis.index_document import PLAIN_ZONES, ZoneLayout, parse_zone_layout
from indexer.analysis.tokenizer import letters_of
from indexer.search.query.query_plan import Clause

_MOST_PLACES = 200  # occurrences of one term that are counted
_LABELS = PLAIN_ZONES.index("labels")  # follows the title


@dataclass(frozen=True)
class DocumentText:
    """The columns ``text``, ``cuts`` and ``layout`` of an ``IndexDocument``; ``text`` is searchable bytes."""

    text: bytes
    cuts: bytes
    stored_layout: bytes

    @cached_property
    def layout(self) -> ZoneLayout:
        """The places of fields and pages in the text."""
        return parse_zone_layout(self.stored_layout)

    @cached_property
    def boundaries(self) -> npt.NDArray[np.bool_]:
        """True for each position of the text where a word begins or ends; more values may follow."""
        return np.unpackbits(np.frombuffer(self.cuts, np.uint8)).astype(bool)

    @property
    def title_and_labels(self) -> bytes:
        """The part of the text that tells what the announcement is about."""
        return self.text[: self.layout.zones[_LABELS]]

    def has_clause(self, clause: Clause, *, is_topic: bool = False) -> bool:
        """Returns True for a clause of which an alternative stands there as whole words.

        With ``is_topic`` these must be in the title or in a label.
        """
        end = self.layout.zones[_LABELS] if is_topic else len(self.text)
        return any(
            all(self._has_word(letters_of(term), end) for term in each.terms) for each in clause.alternatives
        )

    def count_on_pages(self, data: bytes, *, is_whole: bool) -> npt.NDArray[np.float64]:
        """Returns how often letters occur on each page, with ``is_whole`` as whole words."""
        ends = [end for _, _, end in self.layout.pages]
        counts = np.zeros(len(ends))
        begin = self.layout.zones[-1]
        for place in self._words(data, begin) if is_whole else _places(self.text, data, begin):
            counts[bisect_right(ends, place)] += 1
        return counts

    def _has_word(self, data: bytes, end: int) -> bool:
        return next(self._words(data, 0, end), None) is not None

    def _words(self, data: bytes, start: int, end: int | None = None) -> Iterator[int]:
        """Yields the places of letters that begin and end where words do."""
        borders = self.boundaries
        for place in _places(self.text, data, start, end):
            if borders[place] and borders[place + len(data)]:
                yield place


def _places(text: bytes, data: bytes, start: int, end: int | None = None) -> Iterator[int]:
    found = text.find(data, start, end) if data else -1
    for _ in range(_MOST_PLACES):
        if found < 0:
            return
        yield found
        found = text.find(data, found + 1, end)
