"""Counts of documents, asked for once for each state of an index."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.queries import ANNOUNCEMENTS, Json, count_body, visibility_filters
from indexer.search.query.parser import Filters

_MOST = 200_000  # counts that are cached for one state of an index


class VisibleDocumentCounts:
    """Counts of the documents that one query may see.

    ``shared`` are the counts of one state of an index, by query; filled on request, for all searches.
    """

    def __init__(self, cluster: Cluster, index: str, filters: Filters, shared: dict[str, int]) -> None:
        self._cluster, self._index = cluster, index
        is_everyone = filters.organisation is None and not filters.withheld
        # Without a further condition the cluster knows a term's count without reading any document.
        self._visible = [] if is_everyone else visibility_filters(filters)
        self._shared = {} if filters.withheld else shared
        self._known: dict[str, int] = {}  # those of this search, which no other search removes
        self._prefix = f"{filters.organisation} "

    @property
    def known_total(self) -> int:
        """The number of all documents that the query may see; 0 before the first ``fetch``, never asks."""
        return self.known_count(ANNOUNCEMENTS) or 0

    def idf(self, frequency: int) -> float:
        return math.log1p((max(self.known_total, frequency) - frequency + 0.5) / (frequency + 0.5))

    def known_count(self, query: Json) -> int | None:
        """Returns the known count, 100 at most for a phrase or a conjunction; None before it is asked for."""
        return self._known_at(self._key(query))

    def count(self, query: Json) -> int:
        """Returns how many documents match, asked for once; 100 at most for a phrase or a conjunction."""
        self.fetch([query])
        return self._known[self._key(query)]

    def fetch(self, queries: Sequence[Json]) -> None:
        """Asks for all counts that are not known yet, in one request."""
        missing = self.missing_requests(queries)
        if missing:
            answers = self._cluster.multi_search(self._index, [body for _, body in missing])
            self.store([key for key, _ in missing], answers)

    def missing_requests(self, queries: Sequence[Json]) -> list[tuple[str, dict[str, Any]]]:
        """Returns key and request of each query that was not counted yet, and of all documents."""
        wanted = {self._key(query): query for query in (ANNOUNCEMENTS, *queries)}
        missing = {key: query for key, query in wanted.items() if self._known_at(key) is None}
        return [(key, count_body(query, self._visible)) for key, query in missing.items()]

    def store(self, keys: Sequence[str], answers: Sequence[Mapping[str, Any]]) -> None:
        """Adds the counts in the responses to those known."""
        if len(self._shared) > _MOST:
            self._shared.clear()
        for key, answer in zip(keys, answers, strict=True):
            self._known[key] = self._shared[key] = answer["hits"]["total"]["value"]

    def _known_at(self, key: str) -> int | None:
        """Returns a count of this search, or else the shared one, which this search then keeps."""
        if key not in self._known and (count := self._shared.get(key)) is not None:
            self._known[key] = count
        return self._known.get(key)

    def _key(self, query: Json) -> str:
        return self._prefix + json.dumps(query, sort_keys=True)
