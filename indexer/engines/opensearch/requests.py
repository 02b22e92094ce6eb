"""The searches of one query, sent to the cluster in a few requests however many there are.

A query may be understood in several ways, and each asks for more where nothing was found before. Therefore
what is not answered yet counts as nothing found, and is noted: so all that might be asked next is known, and
goes out in one request. Then the query is worked out anew with the answers.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.queries import ANNOUNCEMENTS, Json, count_body, visibility_filters
from indexer.search.query.parser import Filters

MOST_REQUESTS = 3
"""For one query; what would be asked after these counts as nothing found."""

_MOST_COUNTS = 200_000  # counts that are cached for one state of an index
_NOTHING: Mapping[str, Any] = {"hits": {"total": {"value": 0}, "hits": ()}}

Answer = Mapping[str, Any]
T = TypeVar("T")


class SearchRequests:
    """Answers to the searches of one query, of the documents that it may see.

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
        self._visible = [] if is_everyone else visibility_filters(filters)
        self._shared_counts = {} if filters.withheld else shared_counts
        self._counts: dict[str, int] = {}  # those of this query, which no other query removes
        self._answers: dict[str, Answer] = {}  # by the search in JSON
        self._wanted: dict[str, bool] = {}  # True for a search that only counts
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

    def note(self, bodies: Iterable[Json], counted: Iterable[Json] = ()) -> None:
        """Notes searches, and queries to be counted, for the next request."""
        lines = dict.fromkeys(map(_as_json, bodies), False)
        lines |= dict.fromkeys(map(self._count_line, (ANNOUNCEMENTS, *counted)), True)
        self._wanted |= {line: counts for line, counts in lines.items() if not self._is_known(line)}

    def answer(self, body: Json) -> Answer:
        """Returns the response of a search; of one that is not answered yet that nothing was found."""
        line = _as_json(body)
        if line not in self._answers:
            self._guess(line, counts=False)
        return self._answers.get(line, _NOTHING)

    def count(self, query: Json) -> int:
        """Returns how many documents match, 100 at most for a phrase or conjunction; 0 before the answer."""
        line = self._count_line(query)
        if not self._is_known(line):
            self._guess(line, counts=True)
        return self._counts.get(line, 0)

    def known_count(self, query: Json) -> int | None:
        """Returns a count that is known; None for any other. It never asks."""
        line = self._count_line(query)
        return self._counts[line] if self._is_known(line) else None

    def idf(self, frequency: int) -> float:
        """Returns the inverse document frequency (BM25) of what ``frequency`` documents have."""
        total = max(self.count(ANNOUNCEMENTS), frequency)
        return math.log1p((total - frequency + 0.5) / (frequency + 0.5))

    def _guess(self, line: str, *, counts: bool) -> None:
        self._wanted[line] = counts
        self._is_guessed = True

    def _is_known(self, line: str) -> bool:
        if line not in self._counts and (count := self._shared_counts.get(line)) is not None:
            self._counts[line] = count
        return line in self._counts or line in self._answers

    def _count_line(self, query: Json) -> str:
        return _as_json(count_body(query, self._visible))

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


def _as_json(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False)
