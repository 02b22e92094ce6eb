"""``indexer.search.vocabulary.Vocabulary`` of an OpenSearch index: words, phrases and titles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.spelling_index import (
    SoundMatch,
    SpellingIndex,
    phonetic_keys_with_deletions,
    spelling_pieces,
)
from indexer.analysis.tokenizer import (
    group_into_longest_words,
    letters_of,
    searchable_bytes,
    text_of_bytes,
)
from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.counts import VisibleDocumentCounts
from indexer.engines.opensearch.mapping import clusters
from indexer.engines.opensearch.queries import (
    Json,
    bool_must,
    clause_count_query,
    has_bigram,
    phrase_query,
    term_query,
    visibility_filters,
)
from indexer.search.coverage import has_only_dictionary_words
from indexer.search.query.parser import Filters
from indexer.search.query.query_plan import Clause, QueryPart, QueryPlan, build_query_part
from indexer.search.spelling_correction import (
    correctable_parts,
    extend_by_neighbouring_letters,
    parts_meant_in_other_layout,
)
from indexer.search.vocabulary import (
    COMPLETABLE_WORD,
    MARK_BYTES,
    MIN_WORD_FREQUENCY,
    MOST_COUNTED,
    TitleMatch,
)

_MOST_HEARD = 1000  # words fetched that sound alike
_RARER_TOGETHER = 10  # times a run of words is rarer than its rarest: ผลิต and พัน are common, ผลิตพัน is not
_MOST_NAMED = 24  # announcements fetched for a title search


def part_query(part: QueryPart) -> Json:
    """Returns the query for documents with the phrase of a part, or with its words if it has no bigram."""
    if part.phrase.words > 1 and has_bigram(part.phrase.data):
        return phrase_query(part.phrase.data)
    return bool_must(map(clause_count_query, part.clauses))


def misspelling_test_queries(plan: QueryPlan, lexicon: Lexicon) -> list[Json]:
    """Returns the queries whose counts tell whether a plan has anything that is misspelt."""
    parts = correctable_parts(plan, lexicon, lambda _word: False, lambda _word: False)
    clauses = [clause for part in parts for clause in part.clauses]
    return [*map(clause_count_query, clauses), *map(part_query, parts)]


class ClusterVocabulary:
    """Counts of terms, clauses and phrases, words that sound alike, completions and titles.

    With the plan of a query, all that its correction needs and is not known yet is fetched in one request.
    The number of documents with a candidate for a correction is then estimated: that of its rarest word, or a
    part of that if its words are not one longer word; none for several words in place of words that the
    dictionary knows. Whoever applies a correction must see
    whether the documents that the query may see have its words. Without a plan each count is looked up when
    it is needed.
    """

    def __init__(
        self,
        cluster: Cluster,
        index: str,
        filters: Filters,
        counts: VisibleDocumentCounts,
        lexicon: Lexicon,
        plan: QueryPlan | None = None,
    ) -> None:
        self._cluster, self._index, self._visible = cluster, index, visibility_filters(filters)
        self._counts, self._lexicon, self._plan = counts, lexicon, plan
        self._heard: Mapping[str, int] | None = None  # words near the plan's, with their document frequency
        self._count_keys: list[str] = []

    def document_frequency(self, term: str) -> int:
        """Returns the documents with a term; with a plan perhaps an estimate that counts hidden ones too."""
        known = self._known(term_query(term))
        return self._words().get(term, 0) if known is None else known

    def has_no_document_with(self, term: str) -> bool:
        return self._counts.known_count(term_query(term)) == 0

    def idf(self, frequency: int) -> float:
        return self._counts.idf(frequency)

    def has_clause(self, clause: Clause) -> bool:
        return bool(self._known(clause_count_query(clause)))

    def has_all(self, clauses: Sequence[Clause]) -> bool:
        """Returns True if a document has all clauses; with a plan perhaps only several together do."""
        known = self._known(bool_must(map(clause_count_query, clauses)))
        return all(map(self._may_have, clauses)) if known is None else bool(known)

    def _may_have(self, clause: Clause) -> bool:
        term = clause.single_term
        return self.document_frequency(term) > 0 if term else self.has_clause(clause)

    def estimate_phrase_count(
        self,
        part: QueryPart,
        *,
        limit: int,
        max_candidates: int | None = None,  # noqa: ARG002
        uncorrected_part: QueryPart | None = None,
    ) -> int:
        """With a plan an estimate by the rarest word; ``max_candidates`` is not used."""
        known = self._known(part_query(part))
        if known is None:
            terms = [term for clause in part.clauses for term in clause.alternatives[0].terms]
            typed = uncorrected_part.clauses if uncorrected_part else ()
            is_likely = len(terms) == 1 or not all(
                has_only_dictionary_words(clause, self._lexicon) for clause in typed
            )
            rarest = min(map(self.document_frequency, terms), default=0) if is_likely else 0
            is_word = len(group_into_longest_words(terms)) == 1
            known = min(rarest, limit) if is_word else math.ceil(min(rarest, limit) / _RARER_TOGETHER)
        return min(known, limit)

    def shares_document_with_longer_phrase(self, part: QueryPart, longer: Sequence[bytes]) -> bool:
        return any(self._known(query) for query in _longer(part.phrase.data, longer))

    def find_words_near_in_sound(
        self, pieces: list[str], is_dictionary_word: Callable[[str], bool]
    ) -> list[SoundMatch]:
        fetched = SpellingIndex()
        words = (
            word
            for word, count in self._words().items()
            if count >= MIN_WORD_FREQUENCY or is_dictionary_word(word)
        )
        fetched.add_source_once("fetched", words)
        return fetched.find_words_near_in_sound(pieces)

    def completions(self, begun: str, most: int) -> list[str]:
        body = _words({"prefix": {"word": begun}}, MOST_COUNTED)
        words = _word_counts(self._cluster.multi_search(self._index, [body])[0])
        fitting = [word for word in words if word != begun and COMPLETABLE_WORD.fullmatch(word)]
        self._counts.fetch(list(map(term_query, fitting)))  # what was withdrawn is out
        counted = sorted((-self.document_frequency(word), word) for word in fitting)
        return [word for count, word in counted[:most] if count]

    def titles_containing(self, letters: bytes, *, with_marks: bool) -> Iterator[TitleMatch]:
        field, text = ("names" if with_marks else "bare_names"), text_of_bytes(letters)
        bodies = [
            {
                "query": {"bool": {"filter": [query, *self._visible]}},
                "size": _MOST_NAMED,
                "sort": [{"views": "desc"}, {"id": "asc"}],
                "_source": ["id", "views", "shown"],
            }
            for query in ({"prefix": {field: text}}, {"wildcard": {field: f"*{text}*"}})
        ]
        seen = set()
        for answer in self._cluster.multi_search(self._index, bodies):
            for hit in answer["hits"]["hits"]:
                if hit["_source"]["id"] not in seen:
                    seen.add(hit["_source"]["id"])
                    yield from _named(hit["_source"], letters, marks=with_marks)

    def _known(self, query: Json) -> int | None:
        """Returns a count; with a plan, None if the correction of the plan does not need it."""
        if self._plan is None:
            return self._counts.count(query)
        if self._counts.known_count(query) is None:
            self._words()
        return self._counts.known_count(query)

    def _words(self) -> Mapping[str, int]:
        """Returns the words near those of the plan. The first call fetches all that a correction needs."""
        if self._heard is None and self._plan is not None:
            self.note(self._cluster.multi_search(self._index, self.lookups(self._plan)))
        return self._heard or {}

    def lookups(self, plan: QueryPlan) -> list[Mapping[str, Any]]:
        """Returns the searches for all that the correction needs; ``note`` takes their answers."""
        parts = correctable_parts(plan, self._lexicon, self._is_frequent, self.has_no_document_with)
        pieces = sorted({piece for part in parts for piece in spelling_pieces(part.text)})
        sounds = sorted({sound for piece in pieces for sound in phonetic_keys_with_deletions(piece)})
        switched = parts_meant_in_other_layout(plan, self._lexicon)
        queries = [*map(part_query, parts)]
        queries += [bool_must(map(clause_count_query, part.clauses)) for part in switched]
        for part in parts:
            queries += map(clause_count_query, part.clauses)
            queries += _longer(part.phrase.data, extend_by_neighbouring_letters(part.phrase.data, plan.whole))
        queries += map(clause_count_query, self._everyday_clauses(pieces))
        counts = self._counts.missing_requests(queries)
        lookups = [
            _words({"terms": {"sounds": sounds}}, _MOST_HEARD),
            _words({"terms": {"word": pieces}}, max(len(pieces), 1)),
        ]
        self._count_keys = [key for key, _ in counts]
        return [*lookups, *(body for _, body in counts)]

    def _everyday_clauses(self, pieces: Sequence[str]) -> list[Clause]:
        """Returns the clauses with synonyms that may be meant by some of the pieces, one of them misspelt."""
        words = {word for _, word in self._lexicon.synonym_words.find_words_near_in_sound(list(pieces))}
        meant = words - set(pieces)
        keys = [key for key in self._lexicon.synonyms if meant.intersection(key) and words.issuperset(key)]
        return [each for key in keys for each in build_query_part("".join(key), self._lexicon).clauses]

    def note(self, answers: Sequence[Mapping[str, Any]]) -> None:
        """Adds the answers to ``lookups`` to what is known."""
        sounding, typed, *counts = answers
        self._counts.store(self._count_keys, counts)
        self._heard = _word_counts(typed) | _word_counts(sounding)

    def _is_frequent(self, word: str) -> bool:
        return (self._counts.known_count(term_query(word)) or 0) >= MIN_WORD_FREQUENCY


def _longer(data: bytes, longer: Iterable[bytes]) -> list[Json]:
    """Returns queries for longer phrases without a cluster at their end that may have been cut."""
    queries = []
    for one in longer:
        letters = clusters(one)
        begins = one.startswith(data)
        whole = letters[:-1] if begins else letters[1:]
        if len("".join(whole)) > len(data):
            queries.append(phrase_query(searchable_bytes("".join(whole)).data))
    return queries


def _words(query: Json, most: int) -> dict[str, Any]:
    """Returns a request for words and the number of documents that had each when the index was made.

    The number comes as the sort value of the word; as a field of its own it would be in each answer twice.
    """
    return {
        "query": query,
        "size": most,
        "sort": [{"counted": "desc"}, "_doc"],
        "stored_fields": "_none_",
        "docvalue_fields": ["word"],
        "track_total_hits": False,
    }


def _word_counts(answer: Mapping[str, Any]) -> dict[str, int]:
    return {hit["fields"]["word"][0]: hit["sort"][0] for hit in answer["hits"]["hits"]}


def _named(source: Mapping[str, Any], letters: bytes, *, marks: bool) -> Iterator[TitleMatch]:
    """Yields the titles and subjects of an announcement that contain the letters."""
    for name in source["shown"]:
        data = letters_of(name)
        data = data if marks else data.translate(None, MARK_BYTES)
        if letters in data:
            yield TitleMatch(not data.startswith(letters), -source["views"], source["id"], name)
