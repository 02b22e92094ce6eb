"""``IndexReader`` of an OpenSearch index: the best documents for one query, fetched as they are needed.

The cluster returns documents in the order of the same BM25F. The code that also serves the embedded index
then decides, from the same terms and letters, which documents match, their scores and their order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from cachetools import LRUCache
from rapidfuzz.distance import OSA

from indexer.analysis.index_document import ZoneLayout, parse_zone_layout
from indexer.analysis.spelling_index import deletion_keys, phonetic_key
from indexer.analysis.tokenizer import fold, searchable_bytes, text_of_bytes
from indexer.engines.opensearch import clauses
from indexer.engines.opensearch.bodies import (
    WRITTEN,
    Written,
    read_written,
    term_hash,
    word_id,
)
from indexer.engines.opensearch.clauses import Wanted
from indexer.engines.opensearch.cluster import Cluster, fetched
from indexer.engines.opensearch.held import COLUMNS, Held
from indexer.search.index_reader import (
    COMPLETABLE_WORD,
    MARK_BYTES,
    MIN_WORD_FREQUENCY,
    MinimumMatch,
    UnfetchedTotals,
)
from indexer.search.posting_list import DocumentNumbers, Mask, PostingList
from indexer.search.query.parser import Query, Sort
from indexer.search.query.query_plan import MIN_SENTENCE_CLAUSES, Clause
from indexer.search.title_index import TitleMatch

_SOUGHT = 200  # documents fetched with all clauses of the query, and as many with some of them
_FEW = 20  # documents with all clauses; below this number, documents with some clauses are fetched too
_MORE = 150  # documents fetched for each further request
_PLACES = 3000  # document numbers reserved for further requests
_DEEP = (1000, 10_000, 100_000)  # documents fetched to show a later page
_READ_AT_ONCE = 100  # documents whose text is fetched in one request
_MOST_HEARD = 1000  # words fetched that sound alike
_MOST_COUNTED = 40  # completions whose documents are counted
_MOST_NAMED = 24  # announcements fetched for a title search
_SHELF = 96 << 20  # bytes of document texts that are cached
_NEWEST_FIRST = {"sort": clauses.ORDERS[Sort.NEWEST]}


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """Document frequencies in one state of an index, filled on request and shared by all its queries."""

    count: int
    frequencies: dict[Hashable, int] = field(default_factory=dict)


class DocumentCache:
    """Cache of document texts that earlier queries read, by index, announcement id and version."""

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[str, int, int], Written] = LRUCache(_SHELF, getsizeof=_size)
        self._lock = Lock()

    def get(self, key: tuple[str, int, int]) -> Written | None:
        with self._lock:
            return self._kept.get(key)

    def put(self, key: tuple[str, int, int], written: Written) -> None:
        with self._lock:
            if _size(written) < _SHELF:
                self._kept[key] = written


def _size(written: Written) -> int:
    return sum(map(len, written)) + 300


class _Whole(NamedTuple):
    """Result of the query itself: its clauses, the documents fetched, the response, and ``fetched_count``."""

    clauses: tuple[Clause, ...]
    here: DocumentNumbers
    answer: Mapping[str, Any]
    fetched_count: int


class Candidates(Held):
    """An ``indexer.search.index_reader.IndexReader`` of the documents fetched from OpenSearch."""

    def __init__(
        self,
        cluster: Cluster,
        index: str,
        figures: TermStatistics,
        shelf: DocumentCache,
        *,
        query: Query,
        wanted: Wanted,
    ) -> None:
        self._cluster, self._index, self._figures = cluster, index, figures
        self._query, self._wanted = query, wanted
        self._shelf = shelf
        needed = query.page * query.per_page
        self._needed = next((most for most in (_SOUGHT, *_DEEP) if needed <= most), _DEEP[-1])
        self.count = figures.count
        super().__init__(self._needed + _PLACES)
        self._written: dict[int, Written] = {}
        self._remembered: dict[Hashable, DocumentNumbers] = {}
        self._sought: set[Hashable] = set()
        self._edges: dict[Hashable, list[str]] = {}
        self._whole: _Whole | None = None
        self._exhausted: set[Clause | str] = set()  # all documents with any of these are here
        self._counted_last: tuple[tuple[MinimumMatch | None, int], UnfetchedTotals] | None = None

    # Who is here

    def prefetch(self, every: Sequence[Clause] = (), some: Sequence[Clause] = ()) -> None:
        key = tuple(every), tuple(some)
        if key in self._sought:
            return
        self._sought |= {key, (key[0], ())}
        if key[0] == key[1]:
            self._seek_whole(key[0])
            return
        loose = self._pages(self._besides(self._wanted.loose(some)), _SOUGHT) if some else []
        strict = self._pages(self._wanted.strict(every, together=False), _MORE) if every else []
        answers = self._ask([*loose, *strict])
        for answer in answers:
            self.take(answer["hits"]["hits"])
        if some:
            self._note_exhausted(some, answers[0])

    def prefetch_matches(self, enough: MinimumMatch) -> None:
        order = self._order()
        if (self._needed > _SOUGHT or order) and not self._is_all_here(enough):
            loose = self._wanted.loose(list(enough.worth))
            best = {"bool": {"must": [loose], "filter": [self._wanted.enough(enough)]}}
            (answer,) = self._ask([self._page(self._besides(best), self._needed) | order])
            self.take(answer["hits"]["hits"])

    def _order(self) -> dict[str, Any]:
        """Returns the sort option of the requested page; empty if the page is sorted by score."""
        return {"sort": clauses.ORDERS[self._query.sort]} if self._query.sort in clauses.ORDERS else {}

    def _besides(self, query: clauses.Json) -> clauses.Json:
        """Returns the query restricted to documents that were not fetched yet."""
        here = [{"terms": {"id": list(self.document_numbers)}}] if self.document_numbers else []
        return {"bool": {"must": [query], "must_not": here}}

    def _note_exhausted(self, units: Iterable[Clause], answer: Mapping[str, Any]) -> None:
        """Records the clauses and their terms as exhausted if every document with them was fetched."""
        if len(answer["hits"]["hits"]) < _SOUGHT:
            alone = (each.terms for unit in units for each in unit.alternatives if len(each.terms) == 1)
            self._exhausted |= {*units, *(term for (term,) in alone)}

    def _is_all_here(self, enough: MinimumMatch) -> bool:
        read = (term for sought in enough.misread.values() for term in sought.terms)
        return enough.worth.keys() | set(read) <= self._exhausted

    def _seek_whole(self, units: Sequence[Clause]) -> None:
        """Fetches documents with all clauses and, where these are few, documents with some clauses."""
        loose = self._pages(self._wanted.loose(units), _SOUGHT)
        sentence = len(units) >= MIN_SENTENCE_CLAUSES
        terms = self._uncounted(units)
        counted = [self._counted(clause) for clause in terms.values()]
        pages = self._strict_pages(units)
        answers = self._ask([*pages, *counted, *(loose if sentence else [])])
        strict, found = answers[: len(pages)], answers[len(pages) + len(terms) :]
        for what, answer in zip(terms, answers[len(pages) :], strict=False):
            self._figures.frequencies[what] = answer["hits"]["total"]["value"]
        here = self.take(hit for answer in strict for hit in answer["hits"]["hits"])
        self._whole = _Whole(tuple(units), np.unique(here), strict[0], self.fetched_count)
        if units and _numbers(strict[0])[2] < _FEW and not sentence:
            found = self._ask(loose)
        for answer in found:
            self.take(answer["hits"]["hits"])
        if found:
            self._note_exhausted(units, found[0])

    def _strict_pages(self, units: Sequence[Clause]) -> list[dict[str, Any]]:
        """Returns requests for the documents with all clauses, with their total and facets.

        A second request without filters is returned where filters are set.
        """
        query = self._wanted.strict(units, together=True)
        page = self._page(query, self._needed, weighed=bool(units))
        order = self._order() if units or self._query.sort is not Sort.RELEVANCE else _NEWEST_FIRST
        everywhere = [self._page(query, _SOUGHT, within=False)] if self._wanted.within and units else []
        return [page | self._numbered(query) | order, *everywhere]

    def _numbered(self, query: clauses.Json) -> dict[str, Any]:
        """Returns request options for the total and facets of a query, with and without the filters."""
        within = self._wanted.within
        narrowed = {"post_filter": {"bool": {"filter": list(within.values())}}} if within else {}
        return {"query": query, "track_total_hits": True, "aggs": clauses.counts(within)} | narrowed

    def _pages(self, query: clauses.Json, size: int) -> list[dict[str, Any]]:
        """Returns requests for the query without filters and, where filters are set, with them.

        The query without filters is needed because retrieval does not depend on filters.
        """
        everywhere = self._page(query, size, within=False)
        return [everywhere, self._page(query, size)] if self._wanted.within else [everywhere]

    def _page(
        self, query: clauses.Json, size: int, *, weighed: bool = True, within: bool = True
    ) -> dict[str, Any]:
        filters = list(self._wanted.within.values()) if within else []
        return {
            "query": {"bool": {"must": [query], "filter": filters}},
            "size": size,
            "track_total_hits": False,
            **fetched([*COLUMNS, *(["weights"] if weighed else [])]),
        }

    def bring(self, id: int) -> None:
        """Fetches the announcement ``id``, if the index has it."""
        self.take(self._ask([self._page({"term": {"id": id}}, 1)])[0]["hits"]["hits"])

    def unfetched_totals(self, answers: Mask, enough: MinimumMatch | None) -> UnfetchedTotals:
        whole = self._whole
        if enough is None:
            if whole is None or not answers[whole.here].all():
                return UnfetchedTotals(0, {}, 0)
            _, _, unfiltered = _numbers(whole.answer)
            if unfiltered == len(whole.here):
                return UnfetchedTotals(0, {}, 0)
            if whole.fetched_count == self.fetched_count and not (whole.clauses and self._wanted.within):
                return self._less(whole.answer, whole.here)
            query = self._wanted.strict(whole.clauses, together=True)
        elif self._is_all_here(enough):
            return UnfetchedTotals(0, {}, 0)
        else:
            query = clauses.every([self._wanted.enough(enough)])
        what = enough, self.fetched_count
        if self._counted_last is None or self._counted_last[0] != what:
            (answer,) = self._ask([{"size": 0} | self._numbered(self._besides(query))])
            self._counted_last = what, self._less(answer, np.empty(0, np.int64))
        return self._counted_last[1]

    def max_unfetched_score(self, enough: MinimumMatch) -> float:
        if self._is_all_here(enough):
            return 0.0
        best = {"query": self._besides(self._wanted.worth(enough)), "size": 1, "_source": False}
        return max((hit["_score"] for hit in self._ask([best])[0]["hits"]["hits"]), default=0.0)

    def _less(self, answer: Mapping[str, Any], here: DocumentNumbers) -> UnfetchedTotals:
        """Returns the counts in the response minus the documents ``here``, which were fetched."""
        counts, total, unfiltered = _numbers(answer)
        values = {
            name: self._others(name, here, counts[name]["values"]["buckets"]) for name in clauses.FACETS
        }
        return UnfetchedTotals(total - len(here), values, unfiltered - len(here))

    def _others(
        self, name: str, here: DocumentNumbers, buckets: Iterable[Mapping[str, Any]]
    ) -> dict[str | int, int]:
        """Returns for each value of a facet the number of documents with it that were not fetched."""
        codes, combinations = self.facets
        values = Counter(getattr(combinations[code], name) for code in codes[here].tolist())
        found = {bucket["key"]: bucket["doc_count"] - values[bucket["key"]] for bucket in buckets}
        return {value: count for value, count in found.items() if count > 0}

    def has_exact_value(self, name: str) -> bool:
        return self._wanted.is_exact(name)

    # What is written in them

    def cached(self, what: Hashable, find: Callable[[], DocumentNumbers]) -> DocumentNumbers:
        if what not in self._remembered:
            self._remembered[what] = find()
        return self._remembered[what]

    def text(self, document: int) -> bytes:
        return self._read(document).text

    def texts(self, documents: DocumentNumbers) -> Iterator[bytes]:
        wanted = documents.tolist()
        for start in range(0, len(wanted), _READ_AT_ONCE):
            some = wanted[start : start + _READ_AT_ONCE]
            self._fetch([document for document in some if document not in self._written])
            yield from (self._written[document].text for document in some)

    def token_boundaries(self, document: int) -> Mask:
        return self._read(document).borders()

    def layout(self, document: int) -> ZoneLayout:
        return parse_zone_layout(self._read(document).layout)

    def _read(self, document: int) -> Written:
        """Returns the columns of a document; also fetches those of later ones, which are needed next."""
        if document not in self._written:
            self._fetch(
                [at for at in range(document, self.fetched_count) if at not in self._written][:_READ_AT_ONCE]
            )
        return self._written[document]

    def _fetch(self, documents: Iterable[int]) -> None:
        missing: dict[int, int] = {}
        for at in documents:
            id = int(self.attributes[at]["id"])
            kept = self._shelf.get((self._index, id, self.versions[at]))
            if kept is None:
                missing[id] = at
            else:
                self._written[at] = kept
        for one in self._cluster.columns(self._index, list(missing), WRITTEN):
            id, written = one["fields"]["id"][0], read_written(one["fields"])
            self._written[missing.pop(id)] = written
            self._shelf.put((self._index, id, one["_version"]), written)
        for at in missing.values():  # removed since it was found
            self._written[at] = Written(b"\0" * 8, b"\0\0", b"")
            self.live[at] = False

    # Figures of the archive

    def idf(self, frequency: int) -> float:
        return math.log1p((max(self.count, frequency) - frequency + 0.5) / (frequency + 0.5))

    def document_frequency(self, term: str) -> int:
        known = self._figures.frequencies
        if term not in known:
            self._count([term])
        return known[term]

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        self._count(terms)
        return [self._figures.frequencies[term] for term in terms]

    def clause_document_frequency(self, unit: Clause, found: PostingList) -> int:  # noqa: ARG002 (they are not all)
        known = self._figures.frequencies
        if unit.alternatives not in known:
            (answer,) = self._ask([self._counted(clauses.unit(unit))])
            known[unit.alternatives] = answer["hits"]["total"]["value"]
        return known[unit.alternatives]

    def estimated_document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """Returns document frequencies as of the time when the generation was made.

        Returns 0 for a term that is no word. The current frequency of a word may be higher.
        """
        found = self._cluster.documents(
            self._index, [word_id(term) for term in terms], _source="word,counted"
        )
        counted = {one["_source"]["word"]: int(one["_source"]["counted"]) for one in found}
        return [max(counted[term], 2) if term in counted else 0 for term in terms]

    def _count(self, terms: Iterable[str]) -> None:
        known = self._figures.frequencies
        new = [term for term in dict.fromkeys(terms) if term not in known]
        answers = self._ask([self._counted(clauses.term(term)) for term in new])
        known.update(
            {term: answer["hits"]["total"]["value"] for term, answer in zip(new, answers, strict=True)}
        )

    def _counted(self, query: clauses.Json) -> dict[str, Any]:
        """Returns a request that counts the documents of a query, of the query's organisation if it has one.

        Without an organisation the cluster knows a term's count without reading any document.
        """
        if self._query.filters.organisation is not None or self._query.filters.withheld:
            query = {"bool": {"filter": [query, *self._wanted.organisation]}}
        return {"query": query, "size": 0, "track_total_hits": True}

    def _uncounted(self, units: Iterable[Clause]) -> dict[Hashable, clauses.Json]:
        """Returns queries for the clauses and terms whose document frequency is not known yet."""
        wanted: dict[Hashable, clauses.Json] = {}
        for unit in units:
            terms = {term: clauses.term(term) for each in unit.alternatives for term in each.terms}
            wanted |= terms | ({unit.alternatives: clauses.unit(unit)} if len(terms) > 1 else {})
        return {what: clause for what, clause in wanted.items() if what not in self._figures.frequencies}

    # Words of the archive

    def prefetch_affixes(self, beginnings: Sequence[str], endings: Sequence[str], most: int) -> None:
        wanted = [("word", letters, most) for letters in beginnings]
        wanted += [("backwards", letters[::-1], most) for letters in endings]
        new = [what for what in dict.fromkeys(wanted) if what not in self._edges]
        bodies = [_listed({"prefix": {order: letters}}, most, [{order: "asc"}]) for order, letters, _ in new]
        for what, answer in zip(new, self._ask(bodies), strict=True):
            self._edges[what] = [hit["fields"]["word"][0] for hit in answer["hits"]["hits"]]

    def words_with_prefix(self, letters: str, most: int) -> Iterator[str]:
        self.prefetch_affixes([letters], [], most)
        return iter(self._edges["word", letters, most])

    def words_with_suffix(self, letters: str, most: int) -> Iterator[str]:
        self.prefetch_affixes([], [letters], most)
        return iter(self._edges["backwards", letters[::-1], most])

    def words_sounding_like(self, pieces: list[str], knows: Callable[[str], bool]) -> list[tuple[int, str]]:
        heard = sorted({one for piece in pieces for one in deletion_keys(piece)})
        alike, written = self._ask(
            [
                _listed({"terms": {"sounds": heard}}, _MOST_HEARD, [{"counted": "desc"}]),
                _listed({"terms": {"word": sorted(set(pieces))}}, len(set(pieces)) or 1, []),
            ]
        )
        counted = {hit["fields"]["word"][0]: hit["fields"]["counted"][0] for hit in alike["hits"]["hits"]}
        there = {hit["fields"]["word"][0] for hit in written["hits"]["hits"]}
        known = self._figures.frequencies
        known.update(dict.fromkeys((piece for piece in pieces if piece not in there | known.keys()), 0))
        words: dict[str, list[str]] = {}
        for word in counted:
            if knows(word) or counted[word] >= MIN_WORD_FREQUENCY:
                for sound in deletion_keys(word):
                    words.setdefault(sound, []).append(word)
        near = {
            (number, word)
            for number, piece in enumerate(pieces)
            for sound in deletion_keys(piece)
            for word in words.get(sound, ())
            if OSA.distance(phonetic_key(piece), phonetic_key(word), score_cutoff=1)
            <= 1  # else it is too far to be meant
        }
        self._count([*there, *(word for _, word in near)])
        return list(near)

    def completions(self, begun: str, most: int) -> list[str]:
        (answer,) = self._ask([_listed({"prefix": {"word": begun}}, _MOST_COUNTED, [{"counted": "desc"}])])
        words = [hit["fields"]["word"][0] for hit in answer["hits"]["hits"]]
        words = [word for word in words if word != begun and COMPLETABLE_WORD.fullmatch(word)]
        self._count(words)
        counted = sorted((-self.document_frequency(word), word) for word in words)
        return [word for count, word in counted[:most] if count]

    def titles_containing(self, letters: bytes, *, marks: bool) -> Iterator[TitleMatch]:
        field, text = ("names" if marks else "bare_names"), text_of_bytes(letters)
        order = {"sort": [{"views": "desc"}, {"id": "asc"}], "_source": ["id", "views", "shown"]}
        seen = set()
        for answer in self._ask(
            [
                {
                    "query": {"bool": {"filter": [query, *self._wanted.organisation]}},
                    "size": _MOST_NAMED,
                    **order,
                }
                for query in ({"prefix": {field: text}}, {"wildcard": {field: f"*{text}*"}})
            ]
        ):
            for hit in answer["hits"]["hits"]:
                source = hit["_source"]
                if source["id"] not in seen:
                    seen.add(source["id"])
                    yield from _named(source, letters, marks=marks)

    def _ask(self, bodies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Returns the responses to the requests; all requests of one query go to the same shard copies."""
        if not bodies:
            return []
        return self._cluster.ask(self._index, bodies, f"q{term_hash(self._query.typed)}")


def _numbers(answer: Mapping[str, Any]) -> tuple[Mapping[str, Any], int, int]:
    """Returns the facets of a response, its total with filters and its total without filters."""
    counts = answer["aggregations"]
    return counts, answer["hits"]["total"]["value"], counts[clauses.EVERYWHERE]["doc_count"]


def _named(source: Mapping[str, Any], letters: bytes, *, marks: bool) -> Iterator[TitleMatch]:
    """Yields the titles and subjects of an announcement that contain the letters."""
    for name in source["shown"]:
        data = searchable_bytes(fold(name)).data
        data = data if marks else data.translate(None, MARK_BYTES)
        if letters in data:
            yield TitleMatch(not data.startswith(letters), -source["views"], source["id"], name)


def _listed(query: clauses.Json, most: int, order: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Returns a request for words and their document counts."""
    return {
        "query": query,
        "size": most,
        "sort": [*order, "_doc"],
        "_source": False,
        "docvalue_fields": ["word", "counted"],
        "track_total_hits": False,
    }
