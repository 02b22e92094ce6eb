"""The live documents of a commit that a query may see: their postings, statistics, filters and facets."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from archive.facets import FACETS, FacetType, facet_values
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import (
    NEVER_EXPIRES,
    ZONES,
    SourceAnnouncement,
    closing_date_to_int,
    searchable_text_column,
)
from indexer.analysis.tokenizer import letters_of
from indexer.engines.whoosh.commit import Commit
from indexer.engines.whoosh.posting_list import DocumentNumbers, Mask, PostingList
from indexer.engines.whoosh.posting_list_builder import PostingListBuilder
from indexer.search.ports import FacetValue
from indexer.search.query.parser import Filters
from indexer.search.searcher import facet_values_by_count

_KEPT_SCORED = 96_000_000  # bytes of posting lists that are cached
_KEPT_PARTS = 16  # readers of one organisation, or without withheld announcements, that are cached
_KEPT_FOUND = 1_000_000  # document numbers in cached results, 8 bytes each
_PLACES = {facet.name: place for place, facet in enumerate(FACETS)}
_EPOCH = dt.date(1970, 1, 1).toordinal()  # day 0 of numpy's dates, as an ordinal


def _room(documents: DocumentNumbers) -> int:
    """Returns the size of a cached result, counted in documents."""
    return len(documents) + 50


class CommitReader:
    """Reader of the ``live`` documents of one commit; every method answers from them only.

    ``lexicon``: that of the index. ``share``: the part of the usual memory that its caches may take.
    """

    def __init__(self, commit: Commit, live: Mask, lexicon: Lexicon, *, share: int = 1) -> None:
        self.commit = commit
        self.live = live
        self.count = int(live.sum())
        self.lexicon = lexicon
        self._whole = self.count == commit.size
        self._scored: LRUCache[str, PostingList] = LRUCache(_KEPT_SCORED // share, PostingList.memory_bytes)
        self._remembered: LRUCache[Hashable, DocumentNumbers] = LRUCache(_KEPT_FOUND // share, _room)
        self._parts: LRUCache[tuple[int | None, frozenset[int]], CommitReader | None] = LRUCache(_KEPT_PARTS)
        self._counts: dict[str, int] = {}  # live documents by term, where some are not live
        self._lock = Lock()

    def restricted_to(self, organisation: int | None, withheld: frozenset[int] = frozenset()) -> CommitReader:
        """Returns a reader of one organisation's documents (None: all) but ``withheld``; no others count.

        Its words and its cache are of its documents alone too. It is this reader itself where nothing is left
        out.
        """
        if withheld:
            withheld = frozenset(withheld & self.document_numbers.keys())
        if organisation is None and not withheld:
            return self
        key = organisation, withheld
        with self._lock:
            if key not in self._parts:
                self._parts[key] = self._part(organisation, withheld)
            return self._parts[key] or self

    def _part(self, organisation: int | None, withheld: frozenset[int]) -> CommitReader | None:
        """Returns the reader for ``restricted_to``; None where that reader would have the same documents.

        A reader that cached a reference to itself would stay in memory after its last use, until Python's
        garbage collector ran through all of it.
        """
        live = self.live.copy()
        if organisation is not None:
            live &= self.commit.attributes["organisation"] == organisation
        live[[self.document_numbers[id] for id in withheld]] = False
        if int(live.sum()) == self.count:
            return None
        return CommitReader(self.commit, live, self.lexicon, share=_KEPT_PARTS)

    @cached_property
    def document_numbers(self) -> dict[int, int]:
        """The document number of each live document by announcement id."""
        live = np.flatnonzero(self.live)
        return dict(zip(self.commit.attributes["id"][live].tolist(), live.tolist(), strict=True))

    @cached_property
    def _posting_lists(self) -> PostingListBuilder:
        return PostingListBuilder(self.commit, self.live)

    def postings(self, term: str) -> PostingList:
        """Returns every live document with the term, and the term's weight in each."""
        with self._lock:
            kept = self._scored.get(term)
        if kept is None:
            kept = self._posting_lists.build(term)
            with self._lock:
                self._scored[term] = kept
        return kept

    def documents_with(self, term: str) -> DocumentNumbers:
        """Returns every live document with the term."""
        with self._lock:
            kept = self._scored.get(term)
        return self.cached_documents(term, lambda: self._listed(term)) if kept is None else kept.documents

    def mark_documents(self, terms: Sequence[str], mask: Mask) -> None:
        """Sets ``mask`` to True for every live document that has one of the terms."""
        found = np.zeros(self.commit.size, dtype=bool)
        words = [term.encode() for term in terms]
        for base, segment in zip(self.commit.bases, self.commit.segments, strict=False):
            segment.terms.mark_documents(words, found[base : base + segment.size])
        mask |= found & self.live

    def zone_mask(self, term: str, zones: Set[str]) -> Mask:
        """Returns the live documents that have the term in one of the zones, ``body`` not among these."""
        bits = sum(zone.most << zone.shift for zone in ZONES[1:] if zone.name in zones)
        found = np.zeros(self.commit.size, dtype=bool)
        for base, _, postings in self.commit.postings(term):
            listed = postings.with_ids()
            is_named = (listed.rest.astype(np.uint32) << ZONES[1].shift & bits) > 0
            found[listed.documents[listed.others[is_named]] + base] = True
        return found & self.live

    def cached_documents(self, key: Hashable, find: Callable[[], DocumentNumbers]) -> DocumentNumbers:
        """Returns the cached result for ``key``; calls ``find`` for the result if none is cached."""
        with self._lock:
            kept = self._remembered.get(key)
        if kept is None:
            kept = find()
            with self._lock:
                if _room(kept) <= _KEPT_FOUND:
                    self._remembered[key] = kept
        return kept

    def _listed(self, term: str) -> DocumentNumbers:
        """Returns the live documents with a term."""
        lists = [postings.documents + base for base, _, postings in self.commit.postings(term)]
        found = np.concatenate([np.empty(0, np.int64), *lists])
        return found if self._whole else found.compress(self.live[found])

    def document_frequency(self, term: str) -> int:
        """Returns the number of live documents that have the term."""
        estimate = self.commit.estimated_document_frequency(term)
        return estimate if self._whole or not estimate else self._counted(term)

    def _counted(self, term: str) -> int:
        with self._lock:
            kept = self._scored.get(term)
            count = self._counts.get(term) if kept is None else kept.count
        if count is None:
            count = self._counts[term] = len(self._listed(term))
        return count

    def idf(self, frequency: int) -> float:
        """Returns the inverse document frequency (BM25) of a term that ``frequency`` documents have."""
        return math.log1p((self.count - frequency + 0.5) / (frequency + 0.5))

    def is_up_to_date_with(self, entry: SourceAnnouncement) -> bool:
        """Returns True if the index has the announcement exactly as given; the number of views is ignored."""
        announcement = entry.announcement
        document = self.document_numbers.get(announcement.id)
        if document is None:
            return False
        facts, facets = self.commit.attributes[document], self.commit.facets
        return (
            int(facts["date"]) == announcement.published_on.toordinal()
            and int(facts["expires"]) == closing_date_to_int(announcement)
            and facets.values[facets.codes[document]]
            == facet_values(announcement, [each for each, _ in entry.attachments])
            and self.commit.text(document) == searchable_text_column(entry)
        )


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
