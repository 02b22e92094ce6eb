"""One commit of the embedded index: documents by number, columns as arrays, statistics of the archive.

A ``CommitReader`` never changes; the reader of the next commit takes over the open segments that stayed the
same. Document numbers run through all segments of a commit.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Set
from contextlib import closing
from copy import copy
from functools import cached_property, lru_cache, partial
from heapq import nlargest
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from archive.facets import facet_values
from indexer.analysis.index_document import (
    ATTRIBUTES,
    COLUMNS,
    ZONES,
    SourceAnnouncement,
    ZoneLayout,
    closing_day_ordinal,
    document_bytes,
    parse_zone_layout,
)
from indexer.analysis.spelling_index import SoundMatch, SpellingIndex
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.engines.whoosh.borrowed_parts import TOC
from indexer.engines.whoosh.codec import Postings
from indexer.engines.whoosh.doc_values import (
    OrdinalColumn,
    concatenate_columns,
    facet_values_column,
)
from indexer.engines.whoosh.posting_list import DocumentNumbers, Floats, Mask, PostingList
from indexer.engines.whoosh.schema import FIELD, schema
from indexer.engines.whoosh.title_index import TitleIndex
from indexer.search.tuning import TUNING, SearchTuning, quantize
from indexer.search.vocabulary import COMPLETABLE_WORD, MARK_BYTES, MIN_WORD_FREQUENCY, THAI_WORD, TitleMatch

_MOST_COUNTED = 40  # completions whose live documents are counted, the commonest first
_MOST_NAMED = 400  # titles looked at in one segment

_NONE, _NO_COUNTS = np.empty(0, np.int64), np.empty(0, np.uint8)

_KEPT_SCORED = 96_000_000  # bytes of posting lists that are cached
_KEPT_PARTS = 16  # readers of one organisation, or without withheld announcements, that are cached
_KEPT_COUNTS = 50_000  # terms whose document frequency is cached
_KEPT_FOUND = 1_000_000  # document numbers in cached results, 8 bytes each
_KEPT_TEXTS = 8_000_000  # bytes of texts that are cached: all those of 2,000 announcements


class OpenSegment:
    """A segment's files, opened once and shared by all readers that have the segment."""

    def __init__(self, storage: Any, segment: Any) -> None:
        codec = segment.codec()
        columns = schema()
        self.id: str = segment.segment_id()
        self.size: int = segment.doc_count_all()
        self.terms = codec.terms_reader(storage, segment)
        with closing(codec.per_document_reader(storage, segment)) as documents:
            opened = {name: documents.column_reader(name, columns[name].column_type) for name in COLUMNS}
            self.text, self.token_boundaries, self.layout = opened["text"], opened["cuts"], opened["layout"]
            self.titles, self.subjects = opened["title"], opened["subjects"]
            self.attributes = np.frombuffer(opened["facts"].all(), ATTRIBUTES, self.size)
            self.facets = facet_values_column(opened["facets"].values())

    def correctable_words(self, knows: Callable[[str], bool]) -> Iterator[str]:
        """Yields the segment's Thai words that a misspelling may stand for.

        These are the words that the dictionary ``knows``, and those that occur in at least
        ``MIN_WORD_FREQUENCY`` documents.
        """
        for data, size in zip(self.terms.words, self.terms.sizes.tolist(), strict=True):
            word = data.decode()
            if THAI_WORD.fullmatch(word) and (size >= MIN_WORD_FREQUENCY or knows(word)):
                yield word

    @cached_property
    def title_index(self) -> TitleIndex:
        """Index of the titles and subjects of this segment."""
        named = []
        columns = zip(self.titles.values(), self.subjects.values(), strict=True)
        for document, (title, subjects) in enumerate(columns):
            names = dict.fromkeys([title.decode(), *subjects.decode().splitlines()])
            named += [(document, name) for name in names if name.strip()]
        return TitleIndex(named, [searchable_bytes(fold_text(name)).data for _, name in named])

    @cached_property
    def title_index_without_marks(self) -> TitleIndex:
        """Returns ``title_index`` without the marks that people type last or leave out in haste."""
        return self.title_index.without(MARK_BYTES)


class TextCache(dict[int, bytes]):
    """Searchable texts by document number, read from the segments when they are first asked for.

    When the texts are larger than ``_KEPT_TEXTS`` together, all of them are dropped.
    """

    def __init__(self, segments: Sequence[OpenSegment], bases: Sequence[int]) -> None:
        super().__init__()
        self._segments, self._bases = segments, bases
        self._bytes = 0

    def __missing__(self, document: int) -> bytes:
        number = bisect_right(self._bases, document) - 1
        text: bytes = self._segments[number].text[document - self._bases[number]]
        self._bytes += len(text)
        if self._bytes > _KEPT_TEXTS:
            self.clear()
            self._bytes = len(text)
        self[document] = text
        return text


def _summed(segments: Sequence[OpenSegment], term: str) -> int:
    """Returns the number of documents of the segments that have the term, including deleted documents."""
    data, count = term.encode(), 0
    for segment in segments:
        count += segment.terms.doc_frequency(FIELD, data)
    return count


def _saturated(weights: Floats, k1: float) -> Floats:
    """Returns the weights saturated to between 0 and 1 (BM25): each further occurrence adds less."""
    saturated: Floats = weights + np.float32(k1)
    return np.divide(weights, saturated, out=saturated)


def _room(documents: DocumentNumbers) -> int:
    """Returns the size of a cached result, counted in documents."""
    return len(documents) + 50


class CommitReader:
    """Reader of one commit. ``position`` is the last change of the archive that the commit has followed.

    Every method answers from the ``live`` documents only. The reader of one organisation (``of``) is
    therefore the same commit with only that organisation's documents live.
    """

    def __init__(
        self,
        storage: Any,
        toc: TOC,
        position: int,
        earlier: CommitReader | None = None,
        tuning: SearchTuning = TUNING,
    ) -> None:
        self._tuning = tuning
        known = {segment.id: segment for segment in earlier.segments} if earlier else {}
        self.commit: int = toc.generation
        self.position = position
        self.segments: list[OpenSegment] = [
            known.get(part.segment_id()) or OpenSegment(storage, part) for part in toc.segments
        ]
        sizes = [segment.size for segment in self.segments]
        self.bases: list[int] = [0, *np.cumsum(sizes, dtype=np.int64).tolist()]
        self.size = self.bases[-1]
        self.live: Mask = np.ones(self.size, dtype=bool)
        for base, part in zip(self.bases, toc.segments, strict=False):
            self.live[[base + gone for gone in part.deleted_docs()]] = False
        self.count = int(self.live.sum())
        empty = np.empty(0, dtype=ATTRIBUTES)
        self.attributes = np.concatenate([empty, *(segment.attributes for segment in self.segments)])
        self._whole = self.count == self.size
        self._scored: LRUCache[str, PostingList] = LRUCache(_KEPT_SCORED, getsizeof=PostingList.memory_bytes)
        self._remembered: LRUCache[Hashable, DocumentNumbers] = LRUCache(_KEPT_FOUND, getsizeof=_room)
        self._parts: LRUCache[tuple[int | None, frozenset[int]], CommitReader | None] = LRUCache(_KEPT_PARTS)
        # Words of earlier commits may stay: the frequency of each is always taken from this commit.
        self._spellings: SpellingIndex = earlier._spellings if earlier else SpellingIndex()
        self._texts = TextCache(self.segments, self.bases)
        self._about = lru_cache(_KEPT_COUNTS)(partial(_summed, self.segments))
        self._counts: dict[str, int] = {}  # live documents by term, where some are not live
        self._lock = Lock()

    def restricted_to(self, organisation: int | None, withheld: frozenset[int] = frozenset()) -> CommitReader:
        """Returns a reader of one organisation's documents (None: of all) without ``withheld`` announcements.

        The counts and words of that reader are of its documents alone.
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
        """Returns the reader that ``of`` returns; None where that reader would have the same documents.

        A reader that cached a reference to itself would stay in memory after its last use, until Python's
        garbage collector ran through all of it.
        """
        live = self.live.copy()
        if organisation is not None:
            live &= self.attributes["organisation"] == organisation
        live[[self.document_numbers[id] for id in withheld]] = False
        count = int(live.sum())
        if count == self.count:
            return None
        part = copy(self)
        part._parts = LRUCache(_KEPT_PARTS)
        for of_live in ("document_numbers", "_norms"):
            part.__dict__.pop(of_live, None)
        part.live, part.count, part._whole = live, count, False
        part._scored = LRUCache(_KEPT_SCORED // _KEPT_PARTS, getsizeof=PostingList.memory_bytes)
        part._remembered = LRUCache(_KEPT_FOUND // _KEPT_PARTS, getsizeof=_room)
        part._counts = {}
        part._lock = Lock()
        return part

    @cached_property
    def document_numbers(self) -> dict[int, int]:
        """Returns the document number of each live document by announcement id."""
        live = np.flatnonzero(self.live)
        return dict(zip(self.attributes["id"][live].tolist(), live.tolist(), strict=True))

    @cached_property
    def facets(self) -> OrdinalColumn:
        """Facet values of all documents, as ordinals."""
        return concatenate_columns([segment.facets for segment in self.segments])

    @cached_property
    def _norms(self) -> dict[str, Floats]:
        norms = {}
        for zone, share in self._tuning.length_normalization.items():
            lengths = self.attributes[zone].astype(np.float32)
            average = quantize(float(lengths[self.live].mean()) if self.count else 1.0)
            norms[zone] = np.float32(self._tuning.zone_weights[zone]) / (
                1 - share + share * lengths / np.float32(average)
            )
        return norms

    def postings(self, term: str) -> PostingList:
        """Returns every live document with the term, and the term's weight in each."""
        with self._lock:
            kept = self._scored.get(term)
        if kept is None:
            kept = self._score(term)
            with self._lock:
                self._scored[term] = kept
        return kept

    def titles_with(self, term: str) -> DocumentNumbers:
        """Returns every live document with the term."""
        with self._lock:
            kept = self._scored.get(term)
        return self.cached_documents(term, lambda: self._listed(term)) if kept is None else kept.documents

    def mark_documents(self, terms: Sequence[str], mask: Mask) -> None:
        """Sets ``mask`` to True for every document that has one of the terms."""
        found = np.zeros(self.size, dtype=bool)
        words = [term.encode() for term in terms]
        for base, segment in zip(self.bases, self.segments, strict=False):
            segment.terms.mark_documents(words, found[base : base + segment.size])
        mask |= found & self.live

    def zone_mask(self, term: str, zones: Set[str]) -> Mask:
        """Returns the live documents that have the term in one of the zones, ``body`` not among these."""
        bits = sum(zone.most << zone.shift for zone in ZONES[1:] if zone.name in zones)
        found = np.zeros(self.size, dtype=bool)
        for base, _, postings in self._postings(term):
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

    def _postings(self, term: str) -> Iterator[tuple[int, int, Postings]]:
        """Yields for each segment with the term: its first document number, its size, and the postings."""
        data = term.encode()
        for base, segment in zip(self.bases, self.segments, strict=False):
            place = segment.terms.term_position(data)
            if place is not None:
                yield base, segment.size, segment.terms.postings_at_position(place)

    def _listed(self, term: str) -> DocumentNumbers:
        """Returns the live documents with a term."""
        lists = [postings.documents + base for base, _, postings in self._postings(term)]
        found = np.concatenate([np.empty(0, np.int64), *lists])
        return found if self._whole else found.compress(self.live[found])

    def _score(self, term: str) -> PostingList:
        lists = list(self._postings(term))
        if lists and all(postings.ids is None for _, _, postings in lists):
            return PostingList.from_weights(_saturated(self._weights(lists), self._tuning.k1))
        documents, weights = self._weights_listed(lists)
        if not self._whole:
            kept = self.live[documents]
            documents, weights = documents.compress(kept), weights.compress(kept)
        return PostingList.from_documents(documents, _saturated(weights, self._tuning.k1), self.size)

    def _weights(self, lists: Iterable[tuple[int, int, Postings]]) -> Floats:
        """Returns every document's count of a common term, weighted and length-normalised zone by zone."""
        weights = np.zeros(self.size, dtype=np.float32)
        others, rest = [_NONE], [_NO_COUNTS]
        for base, size, postings in lists:
            weights[base : base + size] = postings.first
            others.append(postings.others + base)
            rest.append(postings.rest)
        weights *= self._norms[ZONES[0].name]
        places = np.concatenate(others)
        weights[places] += self._rest_weights(places, np.concatenate(rest))
        if not self._whole:
            weights *= self.live
        return weights

    def _weights_listed(self, lists: Iterable[tuple[int, int, Postings]]) -> tuple[DocumentNumbers, Floats]:
        """Returns the documents with a term, including deleted ones, and the term's weight in each."""
        documents, firsts, others, rest = [_NONE], [_NO_COUNTS], [_NONE], [_NO_COUNTS]
        length = 0
        for base, _, postings in lists:
            listed = postings.with_ids()
            found = listed.documents + base
            documents.append(found)
            firsts.append(listed.first)
            others.append(listed.others + length)
            rest.append(listed.rest)
            length += len(found)
        found, places = np.concatenate(documents), np.concatenate(others)
        weights = np.concatenate(firsts) * self._norms[ZONES[0].name][found]
        weights[places] += self._rest_weights(found[places], np.concatenate(rest))
        return found, weights

    def _rest_weights(self, documents: DocumentNumbers, rest: npt.NDArray[np.unsignedinteger[Any]]) -> Floats:
        """Returns the weight that all zones but the first add to each document; these are rarely set."""
        weights = np.zeros(len(documents), dtype=np.float32)
        used = int(np.bitwise_or.reduce(rest, initial=0))
        for zone in ZONES[1:]:
            shift = zone.shift - ZONES[1].shift
            if used >> shift & zone.most:
                counts = (rest >> shift & zone.most).astype(np.float32)
                weights += counts * (
                    self._norms[zone.name][documents]
                    if zone.name in self._norms
                    else self._tuning.zone_weights[zone.name]
                )
        return weights

    def document_frequency(self, term: str) -> int:
        """Returns the number of live documents that have the term."""
        about = self._about(term)
        return about if self._whole or not about else self._counted(term)

    def _counted(self, term: str) -> int:
        with self._lock:
            kept = self._scored.get(term)
            count = self._counts.get(term) if kept is None else kept.count
        if count is None:
            count = self._counts[term] = len(self._listed(term))
        return count

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """Returns the number of live documents of each term."""
        return [self.document_frequency(term) for term in terms]

    def estimated_document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """Returns the frequency of each term without reading any document: deleted ones are counted too."""
        return [self._about(term) for term in terms]

    def words_with_prefix(self, letters: str, most: int) -> Iterator[str]:
        """Yields words of the archive that begin with ``letters``, at most ``most`` of each segment."""
        data = letters.encode()
        for segment in self.segments:
            yield from segment.terms.words_with_prefix(data, most)

    def words_with_suffix(self, letters: str, most: int) -> Iterator[str]:
        """Yields words of the archive that end with ``letters``, at most ``most`` of each segment."""
        data = letters.encode()
        for segment in self.segments:
            yield from segment.terms.words_with_suffix(data, most)

    def find_words_by_sound(self, pieces: list[str], knows: Callable[[str], bool]) -> list[SoundMatch]:
        for segment in self.segments:
            self._spellings.add_source_once(segment.id, segment.correctable_words(knows))
        return self._spellings.find_words_by_sound(pieces)

    def completions(self, begun: str, most: int) -> list[str]:
        data = begun.encode()
        counts: Counter[bytes] = Counter()
        for segment in self.segments:
            words, sizes = segment.terms.words, segment.terms.sizes
            first, after = bisect_left(words, data), bisect_left(words, data + b"\xff")
            counts.update(dict(zip(words[first:after], sizes[first:after].tolist(), strict=True)))
        fitting = [(count, word.decode()) for word, count in counts.items() if word != data]
        common = nlargest(_MOST_COUNTED, (found for found in fitting if COMPLETABLE_WORD.fullmatch(found[1])))
        counted = [(-self.document_frequency(word), word) for _, word in common]  # what was withdrawn is out
        return [word for count, word in sorted(counted)[:most] if count]

    def titles_containing(self, letters: bytes, *, marks: bool) -> Iterator[TitleMatch]:
        for base, segment in zip(self.bases, self.segments, strict=False):
            names = segment.title_index if marks else segment.title_index_without_marks
            live = self.live[base : base + segment.size]
            for begins, place in names.titles_with(letters, _MOST_NAMED, live):
                local, name = segment.title_index.titles_containing[place]
                facts = self.attributes[base + local]
                yield TitleMatch(not begins, -int(facts["views"]), int(facts["id"]), name)

    def idf(self, frequency: int) -> float:
        """Returns the inverse document frequency (BM25) of a term that ``frequency`` documents have."""
        return math.log1p((self.count - frequency + 0.5) / (frequency + 0.5))

    def _at(self, document: int) -> tuple[OpenSegment, int]:
        number = bisect_right(self.bases, document) - 1
        return self.segments[number], document - self.bases[number]

    def text(self, document: int) -> bytes:
        """Returns the searchable text of a document."""
        return self._texts[document]

    def texts(self, documents: DocumentNumbers) -> Iterator[bytes]:
        """Yields the searchable text of each document."""
        return map(self._texts.__getitem__, documents.tolist())

    def is_up_to_date_with(self, entry: SourceAnnouncement) -> bool:
        """Returns True if the index has the announcement exactly as given; the number of views is ignored."""
        announcement = entry.announcement
        document = self.document_numbers.get(announcement.id)
        if document is None:
            return False
        facts = self.attributes[document]
        return (
            int(facts["date"]) == announcement.published_on.toordinal()
            and int(facts["expires"]) == closing_day_ordinal(announcement)
            and self.facets.values[self.facets.codes[document]]
            == facet_values(announcement, [each for each, _ in entry.attachments])
            and self.text(document) == document_bytes(entry)
        )

    def layout(self, document: int) -> ZoneLayout:
        """Returns where fields and pages lie in a document's searchable text."""
        segment, local = self._at(document)
        return parse_zone_layout(segment.layout[local])

    def token_boundaries(self, document: int) -> Mask:
        """Returns for each position of ``text`` True if a word begins or ends there."""
        segment, local = self._at(document)
        return np.unpackbits(np.frombuffer(segment.token_boundaries[local], np.uint8)).astype(bool)
