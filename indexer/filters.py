"""What narrows an answer, and how many answers each value of a facet has."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from indexer.documents import KINDS
from indexer.index import FacetValue
from indexer.query import Filters
from indexer.snapshot import Coded, Documents, Mask, Snapshot
from indexer.tokens import fold, run

_MOST_VALUES = 50  # of one facet
FACETS = ("kind", "author", "year", "category", "organisation")


def masks(snapshot: Snapshot, filters: Filters) -> dict[str, Mask]:
    """The documents that each filter lets through, by the filter's name; only those that are set."""
    facts = snapshot.facts
    found: dict[str, Mask] = {}
    if filters.kind is not None:
        found["kind"] = facts["kind"] == KINDS.index(filters.kind)
    if filters.author is not None:
        found["author"] = _named(snapshot.authors, filters.author)
    if filters.category is not None:
        found["category"] = _named(snapshot.categories, filters.category)
    if filters.year is not None:
        found["year"] = snapshot.years == filters.year
    if filters.from_date is not None or filters.to_date is not None:
        found["date"] = between(snapshot, filters.from_date, filters.to_date)
    if filters.announcement_id is not None:
        found["announcement_id"] = facts["id"] == filters.announcement_id
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
    counts: dict[str, tuple[FacetValue, ...]] = {}
    everything = np.flatnonzero(wanted & through(snapshot, found))
    for name in FACETS:
        documents = np.flatnonzero(wanted & through(snapshot, found, name)) if name in found else everything
        counts[name] = _values(snapshot, name, documents, beyond.get(name, {}))
    return counts


def _values(
    snapshot: Snapshot, name: str, documents: Documents, beyond: Mapping[str | int, int]
) -> tuple[FacetValue, ...]:
    codes, values = _column(snapshot, name)
    counts = np.bincount(codes[documents], minlength=1)
    used = Counter(beyond)
    for code in np.flatnonzero(counts).tolist():
        used[values[code] if values else code] += int(counts[code])
    first = sorted(used.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(FacetValue(value, count) for value, count in first[:_MOST_VALUES] if value != "")


def _column(snapshot: Snapshot, name: str) -> tuple[npt.NDArray[np.int32], list[str]]:
    if name == "kind":
        return snapshot.facts["kind"].astype(np.int32), [kind.value for kind in KINDS]
    if name == "year":
        return snapshot.years, []
    if name == "organisation":
        return snapshot.facts["organisation"].astype(np.int32), []
    return snapshot.authors if name == "author" else snapshot.categories


def _named(column: Coded, name: str) -> Mask:
    """Documents whose value is the name; or, when none is, has it within (letters only compared)."""
    letters = _letters(name)
    values = [_letters(value) for value in column.values]
    fitting = [code for code, value in enumerate(values) if value == letters]
    if not fitting and letters:
        fitting = [code for code, value in enumerate(values) if letters in value]
    return np.isin(column.codes, fitting)


def _letters(text: str) -> bytes:
    return run(fold(text)).data
