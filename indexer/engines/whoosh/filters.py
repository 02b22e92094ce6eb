"""Filter masks, and counts of results for each value of a facet."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Set

import numpy as np
import numpy.typing as npt

from archive.facets import FACETS, FacetType
from indexer.analysis.index_document import NEVER_EXPIRES
from indexer.analysis.tokenizer import letters_of
from indexer.engines.whoosh.posting_list import Mask
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.ports import FacetValue
from indexer.search.query.parser import Filters
from indexer.search.searcher import facet_values_by_count

_PLACES = {facet.name: place for place, facet in enumerate(FACETS)}
_EPOCH = dt.date(1970, 1, 1).toordinal()  # day 0 of numpy's dates, as an ordinal


def filter_masks(reader: CommitReader, filters: Filters) -> dict[str, Mask]:
    """Returns the mask of each filter that is set, by its name; not of organisation and withheld ids.

    These narrow the reader already.
    """
    masks: dict[str, Mask] = {}
    for place, facet in enumerate(FACETS):
        value = getattr(filters, facet.name)
        if value is not None and facet.type is not FacetType.ORGANISATION:  # the reader is of one already
            masks[facet.name] = _with_value(reader, place, value)
    for excluded in filters.excluded:
        place = _PLACES[excluded.facet]
        masks[f"-{excluded.facet}:{excluded.value}"] = ~_with_value(reader, place, excluded.value)
    if filters.from_date is not None or filters.to_date is not None:
        masks["date"] = date_range_mask(reader, filters.from_date, filters.to_date)
    if filters.open_on is not None:
        expires = reader.commit.attributes["expires"]
        masks["open"] = (expires >= filters.open_on.toordinal()) & (expires != NEVER_EXPIRES)
    if filters.among is not None:
        masks["among"] = np.isin(reader.commit.attributes["id"], sorted(filters.among))
    if filters.in_force:
        masks["in_force"] = ~np.isin(reader.commit.attributes["id"], sorted(filters.ended))
    if filters.announcement_id is not None:
        masks["announcement_id"] = reader.commit.attributes["id"] == filters.announcement_id
    return masks


def date_range_mask(
    reader: CommitReader, first: dt.date | None, last: dt.date | None, month: int | None = None
) -> Mask:
    """Returns the documents of these days (None is no limit) and of the month (1–12), if one is given."""
    dates = reader.commit.attributes["date"]
    mask: Mask = np.ones(reader.commit.size, dtype=bool)
    if first is not None:
        mask &= dates >= first.toordinal()
    if last is not None:
        mask &= dates <= last.toordinal()
    if month is not None:
        days = (dates.astype(np.int64) - _EPOCH).astype("datetime64[D]")
        mask &= days.astype("datetime64[M]").astype(np.int64) % 12 + 1 == month
    return mask


def combine_masks(reader: CommitReader, masks: Mapping[str, Mask], but: str = "") -> Mask:
    """Returns the live documents that pass every filter except the filter named ``but``."""
    mask = reader.live
    for name, one in masks.items():
        if name != but:
            mask = mask & one
    return mask


def count_facets(
    reader: CommitReader, documents: Mask, masks: Mapping[str, Mask]
) -> dict[str, tuple[FacetValue, ...]]:
    """Returns the counts of each facet's most frequent values, under every filter but the facet's own."""
    everything = _counts(reader, documents & combine_masks(reader, masks))
    return {
        facet.name: _values(
            reader,
            place,
            _counts(reader, documents & combine_masks(reader, masks, facet.name))
            if facet.name in masks
            else everything,
        )
        for place, facet in enumerate(FACETS)
    }


def _counts(reader: CommitReader, mask: Mask) -> npt.NDArray[np.intp]:
    """Returns for each combination of facet values the number of documents in ``mask`` that have it."""
    codes, combinations = reader.commit.facets
    return np.bincount(codes.compress(mask), minlength=len(combinations))


def _values(reader: CommitReader, place: int, counts: npt.NDArray[np.intp]) -> tuple[FacetValue, ...]:
    combinations = reader.commit.facets.values
    used: Counter[str | int] = Counter()
    for code in np.flatnonzero(counts).tolist():
        for value in combinations[code][place]:
            used[value] += int(counts[code])
    return facet_values_by_count(used)


def _with_value(reader: CommitReader, place: int, value: str | int) -> Mask:
    """Returns the documents that a filter of the facet at ``place`` in ``FACETS`` finds."""
    if FACETS[place].type is FacetType.NAME:
        return _named(reader, place, str(value))
    return _with(reader, place, {value})


def _named(reader: CommitReader, place: int, typed: str) -> Mask:
    """Returns the documents whose value equals the typed text; if there is none, those that contain it.

    Only letters are compared, and only with values of live documents.
    """
    letters = letters_of(typed)
    combinations = reader.commit.facets.values
    used = np.flatnonzero(_counts(reader, reader.live)).tolist()
    values = {
        value: letters_of(str(value)) for value in {one for code in used for one in combinations[code][place]}
    }
    fitting = {value for value, its in values.items() if its == letters}
    if not fitting and letters:
        fitting = {value for value, its in values.items() if letters in its}
    return _with(reader, place, fitting)


def _with(reader: CommitReader, place: int, values: Set[str | int]) -> Mask:
    """Returns the documents that have one of the values of the facet at ``place`` in ``FACETS``."""
    codes, combinations = reader.commit.facets
    fitting = np.array([not values.isdisjoint(each[place]) for each in combinations], dtype=bool)
    return fitting[codes]
