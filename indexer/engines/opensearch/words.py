"""The words of a generation that a misspelt one may mean, fetched once by each process."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

from indexer.analysis.spelling_index import SpellingIndex
from indexer.engines.opensearch.cluster import Cluster

_AT_ONCE = 10_000  # words in one answer: the most that a cluster gives by default


class ArchiveWords:
    """Thai words of the dictionary, and others that enough documents had when the generation was made.

    ``counts`` has for each the number of documents that had it then. Words are only ever added.
    """

    def __init__(self, cluster: Cluster, index: str) -> None:
        self._cluster, self._index = cluster, index
        self.counts: dict[str, int] = {}
        self.spellings = SpellingIndex()
        self._position = -1  # of the index, up to which its words were fetched
        self._lock = Lock()

    def fetch_up_to(self, position: int) -> None:
        """Fetches the words that were added to the index since the last call."""
        with self._lock:
            if position <= self._position:
                return
            fetched = dict(self._fetched())
            self.counts |= fetched
            self.spellings.add_source_once(str(position), fetched)
            self._position = position

    def _fetched(self) -> Iterator[tuple[str, int]]:
        body: dict[str, Any] = {
            "query": {"range": {"added": {"gt": self._position}}},
            "size": _AT_ONCE,
            "sort": ["word"],
            "docvalue_fields": ["counted"],
            "_source": False,
            "track_total_hits": False,
        }
        while True:
            hits = self._cluster.multi_search(self._index, [body])[0]["hits"]["hits"]
            yield from ((hit["sort"][0], hit["fields"]["counted"][0]) for hit in hits)
            if len(hits) < _AT_ONCE:
                return
            body["search_after"] = hits[-1]["sort"]
