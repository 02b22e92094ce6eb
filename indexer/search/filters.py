"""What narrows an answer, and how many answers each value of a facet has."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Set

import numpy as np
import numpy.typing as npt

from indexer.analysis.tokenizer import fold, run
from indexer.search.doc_values import Facets
from indexer.search.index_reader import Snapshot
from indexer.search.ports import FacetValue
from indexer.search.posting_list import Mask
from indexer.search.query.parser import Filters

_MOST_VALUES = 50  # of one facet
FACETS = Facets._fields


def masks(snapshot: Snapshot, filters: Filters) -> dict[str, Mask]:
    """The documents that each filter lets through, by the filter's name; only those that are set."""
    found: dict[str, Mask] = {}
    if filters.kind is not None:
        found["kind"] = _with(snapshot, "kind", {filters.kind.value})
    if filters.author is not None:
        found["author"] = _named(snapshot, "author", filters.author)
    if filters.category is not None:
        found["category"] = _named(snapshot, "category", filters.category)
    if filters.year is not None:
        found["year"] = _with(snapshot, "year", {filters.year})
    if filters.from_date is not None or filters.to_date is not None:
        found["date"] = between(snapshot, filters.from_date, filters.to_date)
    if filters.announcement_id is not None:
        found["announcement_id"] = snapshot.facts["id"] == filters.announcement_id
    return found


def between(snapshot: Snapshot, first: dt.date | None, last: dt.date | None) -> Mask:
    """The documents of these days; None is no limit."""
    dates = snapshot.facts["date"]
    mask: Mask = np.ones(snapshot.size, dtype=bool)
    if first is not None:
        mask &= dates >= first.toordinal()
    if last is not None:
        mask &= dates <= last.toordinal()
    return mask


def through(snapshot: Snapshot, found: Mapping[str, Mask], but: str = "") -> Mask:
    """The live documents that pass every filter, that named ``but`` left out."""
    mask = snapshot.live
    for name, one in found.items():
        if name != but:
            mask = mask & one
    return mask


def facets(
    snapshot: Snapshot,
    wanted: Mask,
    found: Mapping[str, Mask],
    beyond: Mapping[str, Mapping[str | int, int]],
) -> dict[str, tuple[FacetValue, ...]]:
    """Counts over ``wanted`` and what lies ``beyond``; each facet under every filter but its own."""
    everything = _counts(snapshot, wanted & through(snapshot, found))
    return {
        name: _values(
            snapshot,
            name,
            _counts(snapshot, wanted & through(snapshot, found, name)) if name in found else everything,
            beyond.get(name, {}),
        )
        for name in FACETS
    }


def _counts(snapshot: Snapshot, mask: Mask) -> npt.NDArray[np.intp]:
    """How many of the documents have each combination of values."""
    codes, combinations = snapshot.facets
    return np.bincount(codes[np.flatnonzero(mask)], minlength=len(combinations))


def _values(
    snapshot: Snapshot, name: str, counts: npt.NDArray[np.intp], beyond: Mapping[str | int, int]
) -> tuple[FacetValue, ...]:
    combinations = snapshot.facets.values
    used = Counter(beyond)
    for place in np.flatnonzero(counts).tolist():
        used[getattr(combinations[place], name)] += int(counts[place])
    first = sorted(used.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(FacetValue(value, count) for value, count in first[:_MOST_VALUES] if value != "")


def _named(snapshot: Snapshot, name: str, typed: str) -> Mask:
    """Documents whose value is what was typed; or, when none is, has it within (letters only compared)."""
    letters = _letters(typed)
    values = {value: _letters(value) for value in {getattr(each, name) for each in snapshot.facets.values}}
    fitting = {value for value, its in values.items() if its == letters}
    if not fitting and letters and not snapshot.elsewhere(name):
        fitting = {value for value, its in values.items() if letters in its}
    return _with(snapshot, name, fitting)


def _with(snapshot: Snapshot, name: str, values: Set[str | int]) -> Mask:
    """Documents with one of the values."""
    codes, combinations = snapshot.facets
    fitting = np.array([getattr(each, name) in values for each in combinations], dtype=bool)
    return fitting[codes]


def _letters(text: str) -> bytes:
    return run(fold(text)).data
