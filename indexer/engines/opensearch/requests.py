"""The searches of one query, sent to the cluster in a few requests however many there are.

A query may be understood in several ways, and each asks for more where nothing was found before. Therefore
what is not answered yet counts as nothing found, and is noted: so all that might be asked next is known, and
goes out in one request. Then the query is worked out anew with the answers.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.queries import (
    ANNOUNCEMENTS,
    Json,
    clause_query,
    term_query,
    visibility_filters,
)
from indexer.search.query.parser import Filters
from indexer.search.query.query_plan import Clause

MOST_REQUESTS = 3
"""For one query; what would be asked after these counts as nothing found."""

_MOST_COUNTS = 200_000  # counts that are cached for one state of an index
_ENOUGH = 100  # documents with a phrase or a conjunction that are counted; more make no spelling likelier
_COUNTED_EXACTLY = ('{"exists"', '{"term"', '{"dis_max"')
_NOTHING: Mapping[str, Any] = {"hits": {"total": {"value": 0}, "hits": ()}}

Answer = Mapping[str, Any]
T = TypeVar("T")


def as_json(body: Json) -> str:
    """Returns the text by which a search or a query is sent and recognised."""
    return json.dumps(body, ensure_ascii=False)


@lru_cache(maxsize=50_000)
def counted_term(term: str) -> str:
    """Returns the query for documents with a term, as ``SearchRequests`` counts them."""
    return as_json(term_query(term))


@lru_cache(maxsize=10_000)
def counted_clause(clause: Clause) -> str:
    """The same for documents that a clause matches."""
    return as_json(clause_query(clause))


_ALL = as_json(ANNOUNCEMENTS)


class SearchRequests:
    """Answers to the searches of one query, of the documents that it may see. Searches and queries are JSON.

    ``shared_counts`` are the counts of one state of an index, filled on request, for all queries. Pages of
    results of the query that is ``typed`` come from the same copy of the index.
    """

    def __init__(
        self, cluster: Cluster, index: str, filters: Filters, shared_counts: dict[str, int], typed: str
    ) -> None:
        self._cluster, self._index = cluster, index
        self._preference = f"q{zlib.crc32(typed.encode())}"
        is_everyone = filters.organisation is None and not filters.withheld
        # Without a further condition the cluster knows a term's count without reading any document.
        self._visible = (
            "" if is_everyone else "".join(f"{as_json(one)}, " for one in visibility_filters(filters))
        )
        self._shared_counts = {} if filters.withheld else shared_counts
        self._counts: dict[str, int] = {}  # those of this query, which no other query removes
        self._answers: dict[str, Answer] = {}
        self._wanted: dict[str, bool] = {}  # True for a search that only counts
        self._decisions: dict[Hashable, bool] = {}
        self._sent = 0
        self._is_guessed = False  # something was taken for nothing found

    def repeat_until_answered(self, work_out: Callable[[], T]) -> T:
        """Returns the result of ``work_out``, called again while what it asked for was not answered yet."""
        while True:
            self._is_guessed = False
            result = work_out()
            if not self._is_guessed or (self._wanted and self._sent == MOST_REQUESTS):
                return result
            self._send()

    def send_first(self) -> None:
        """Sends what was noted, unless a request was sent before."""
        if not self._sent:
            self._send()

    def decide_once(self, subject: Hashable, decide: Callable[[], bool]) -> bool:
        """Returns what was decided on a subject when it was asked first, with the counts known then."""
        if subject not in self._decisions:
            self._decisions[subject] = decide()
        return self._decisions[subject]

    def note(self, searches: Iterable[str], counted: Iterable[str] = ()) -> None:
        """Notes searches, and queries to be counted, for the next request."""
        lines = dict.fromkeys(searches, False)
        lines |= dict.fromkeys(map(self._count_line, (_ALL, *counted)), True)
        self._wanted |= {line: counts for line, counts in lines.items() if not self._is_known(line)}

    def answer(self, search: str) -> Answer:
        """Returns the response of a search; of one that is not answered yet that nothing was found."""
        if search not in self._answers:
            self._guess(search, counts=False)
        return self._answers.get(search, _NOTHING)

    def count(self, query: str) -> int:
        """Returns how many documents match, 100 at most for a phrase or conjunction; 0 before the answer."""
        line = self._count_line(query)
        if not self._is_known(line):
            self._guess(line, counts=True)
        return self._counts.get(line, 0)

    def known_count(self, query: str) -> int | None:
        """Returns a count that is known; None for any other. It never asks."""
        line = self._count_line(query)
        return self._counts[line] if self._is_known(line) else None

    def known_total(self) -> int | None:
        """Returns the number of all documents, if it is known."""
        return self.known_count(_ALL)

    def idf(self, frequency: int) -> float:
        """Returns the inverse document frequency (BM25) of what ``frequency`` documents have."""
        total = max(self.count(_ALL), frequency)
        return math.log1p((total - frequency + 0.5) / (frequency + 0.5))

    def _guess(self, line: str, *, counts: bool) -> None:
        self._wanted[line] = counts
        self._is_guessed = True

    def _is_known(self, line: str) -> bool:
        if line not in self._counts and (count := self._shared_counts.get(line)) is not None:
            self._counts[line] = count
        return line in self._counts or line in self._answers

    def _count_line(self, query: str) -> str:
        most = "true" if query.startswith(_COUNTED_EXACTLY) else _ENOUGH
        found = f'{{"bool": {{"filter": [{self._visible}{query}]}}}}'
        return f'{{"query": {found}, "size": 0, "track_total_hits": {most}}}'

    def _send(self) -> None:
        wanted, self._wanted = self._wanted, {}
        if not wanted:
            return
        self._sent += 1
        if len(self._shared_counts) > _MOST_COUNTS:
            self._shared_counts.clear()
        answers = self._cluster.multi_search(self._index, [*wanted], self._preference)
        for (line, counts), answer in zip(wanted.items(), answers, strict=True):
            if counts:
                self._counts[line] = self._shared_counts[line] = answer["hits"]["total"]["value"]
            else:
                self._answers[line] = answer
