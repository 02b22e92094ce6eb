"""``indexer.search.vocabulary.Vocabulary`` of an OpenSearch index: words, phrases and titles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from indexer.analysis.spelling_index import SoundMatch
from indexer.analysis.tokenizer import letters_of, searchable_bytes, text_of_bytes
from indexer.engines.opensearch.mapping import clusters
from indexer.engines.opensearch.queries import (
    Json,
    bool_must,
    clause_query,
    has_bigram,
    phrase_query,
    visibility_filters,
)
from indexer.engines.opensearch.requests import (
    Answer,
    SearchRequests,
    as_json,
    counted_clause,
    counted_term,
)
from indexer.engines.opensearch.words import ArchiveWords
from indexer.search.query.parser import Filters
from indexer.search.query.query_plan import Clause, QueryPart
from indexer.search.vocabulary import COMPLETABLE_WORD, MARK_BYTES, MOST_COUNTED, TitleMatch

_MOST_NAMED = 24  # announcements fetched for a title search


@lru_cache(maxsize=10_000)
def counted_part(part: QueryPart) -> str:
    """Returns the query for documents with the phrase of a part, or with its words if it has no bigram."""
    if part.phrase.words > 1 and has_bigram(part.phrase.data):
        return as_json(phrase_query(part.phrase.data))
    return as_json(bool_must(map(clause_query, part.clauses)))


class ClusterVocabulary:
    """Counts of clauses and phrases, words that sound alike, completions and titles.

    ``words`` are those of the generation, up to a ``position`` of the index. How many documents had one of
    them is as of when the generation was made, and counts those that the query may not see. Whoever applies
    a correction must see whether the documents that the query may see have its words.
    """

    def __init__(
        self, requests: SearchRequests, filters: Filters, words: ArchiveWords, position: int
    ) -> None:
        self._requests, self._visible = requests, visibility_filters(filters)
        self._archive_words, self._position = words, position

    @property
    def _words(self) -> ArchiveWords:
        self._archive_words.fetch_up_to(self._position)
        return self._archive_words

    def document_frequency(self, term: str) -> int:
        known = self._requests.known_count(counted_term(term))
        return self._words.counts.get(term, 0) if known is None else known

    def has_no_document_with(self, term: str) -> bool:
        known = self._requests.known_count(counted_term(term))
        return term not in self._words.counts if known is None else not known

    def idf(self, frequency: int) -> float:
        return self._requests.idf(frequency)

    def has_clause(self, clause: Clause) -> bool:
        return bool(self._requests.count(counted_clause(clause)))

    def has_all(self, clauses: Sequence[Clause]) -> bool:
        return bool(self._requests.count(as_json(bool_must(map(clause_query, clauses)))))

    def estimate_phrase_count(
        self,
        part: QueryPart,
        *,
        limit: int,
        max_candidates: int | None = None,  # noqa: ARG002 (all are counted)
    ) -> int:
        return min(self._requests.count(counted_part(part)), limit)

    def shares_document_with_longer_phrase(self, part: QueryPart, longer: Sequence[bytes]) -> bool:
        return sum(map(self._requests.count, _longer_phrases(part.phrase.data, longer))) > 0

    def find_words_near_in_sound(
        self,
        pieces: list[str],
        is_dictionary_word: Callable[[str], bool],  # noqa: ARG002 (others are left out of the words)
    ) -> list[SoundMatch]:
        return self._words.spellings.find_words_near_in_sound(pieces)

    def completions(self, begun: str, most: int) -> list[str]:
        answer = self._answer(
            {
                "query": {"prefix": {"word": begun}},
                "size": MOST_COUNTED,
                "sort": [{"counted": "desc"}, "_doc"],
                "docvalue_fields": ["word"],
                "_source": False,
                "track_total_hits": False,
            }
        )
        words = (hit["fields"]["word"][0] for hit in answer["hits"]["hits"])
        fitting = [word for word in words if word != begun and COMPLETABLE_WORD.fullmatch(word)]
        # What was withdrawn is out.
        counted = sorted((-self._requests.count(counted_term(word)), word) for word in fitting)
        return [word for count, word in counted[:most] if count]

    def _answer(self, body: Json) -> Answer:
        return self._requests.answer(as_json(body))

    def titles_containing(self, letters: bytes, *, with_marks: bool) -> Iterator[TitleMatch]:
        field, text = ("names" if with_marks else "bare_names"), text_of_bytes(letters)
        seen = set()
        for query in ({"prefix": {field: text}}, {"wildcard": {field: f"*{text}*"}}):
            answer = self._answer(
                {
                    "query": {"bool": {"filter": [query, *self._visible]}},
                    "size": _MOST_NAMED,
                    "sort": [{"views": "desc"}, {"id": "asc"}],
                    "_source": ["id", "views", "shown"],
                }
            )
            for hit in answer["hits"]["hits"]:
                if hit["_source"]["id"] not in seen:
                    seen.add(hit["_source"]["id"])
                    yield from _named(hit["_source"], letters, marks=with_marks)


def _longer_phrases(data: bytes, longer: Sequence[bytes]) -> list[str]:
    """Returns queries for longer phrases without a cluster at their end that may have been cut."""
    queries = []
    for one in longer:
        letters = clusters(one)
        begins = one.startswith(data)
        whole = letters[:-1] if begins else letters[1:]
        if len("".join(whole)) > len(data):
            queries.append(as_json(phrase_query(searchable_bytes("".join(whole)).data)))
    return queries


def _named(source: Mapping[str, Any], letters: bytes, *, marks: bool) -> Iterator[TitleMatch]:
    """Yields the titles and subjects of an announcement that contain the letters."""
    for name in source["shown"]:
        data = letters_of(name)
        data = data if marks else data.translate(None, MARK_BYTES)
        if letters in data:
            yield TitleMatch(not data.startswith(letters), -source["views"], source["id"], name)
