"""Fills a new generation in a cluster beside the live one, then points the alias to it in one step.

Generations are indexes ``<alias>-000001`` and so on. The manifest is written last, so an index without a
manifest was never finished and is removed by the next rebuild. The older generation is removed with the
exchange, as it may hold what was erased.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Self

from opensearchpy.exceptions import ConflictError

from archive.errors import Unavailable
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import IndexDocument, SourceAnnouncement, build_or_leave_out
from indexer.analysis.parallel_analysis import ParallelAnalyzer
from indexer.analysis.tokenizer import Tokenizer
from indexer.engines.opensearch.cluster import LONG, Cluster
from indexer.engines.opensearch.mapping import (
    MAPPING,
    Averages,
    average_lengths,
    loading_settings,
    opensearch_document,
    serving_settings,
    word_body,
    words_to_look_up,
)
from indexer.engines.opensearch.queries import ANNOUNCEMENTS

log = logging.getLogger("prakat.index")

SAMPLE = 1000  # number of documents that the averages of a generation are measured on

_LEASE = 120.0  # seconds that a builder may be silent before another process takes over
_RENEWED = 15.0  # seconds between two renewals of the lease
_POLL = 1.0  # seconds between checks of a lease that another process has

_WORTH_MERGING, _OF_ONE_SEGMENT = 2_000, 500_000  # announcements from which to merge; in one merged segment

POSITION, LEXICON = "position", "lexicon"

Action = Mapping[str, Any]


def index_action(document: IndexDocument, average: Averages, position: int) -> Action:
    """Returns the bulk action that stores an announcement unless a version after ``position`` is stored."""
    source = opensearch_document(document, average)
    return _versioned("index", str(source["id"]), position) | {"_source": source}


def delete_action(id: int, position: int) -> Action:
    """Returns the bulk action that deletes an announcement from the index."""
    return _versioned("delete", str(id), position)


def position_action(position: int) -> Action:
    """Returns the bulk action that stores the change up to which the index holds the archive."""
    return _versioned("index", POSITION, position) | {"_source": {"position": position}}


def word_action(word: str, counted: int, position: int, tokenizer: Tokenizer) -> Action:
    """Returns the bulk action that adds a word to the vocabulary, unless it is there."""
    body = word_body(word, counted, position, tokenizer)
    return {"_op_type": "create", "_id": f"={word}", "_source": body}


def update_actions(
    add: Iterable[SourceAnnouncement],
    remove: Iterable[int],
    tokenizer: Tokenizer,
    average: Averages,
    position: int,
) -> tuple[list[IndexDocument], list[Action]]:
    """Returns the documents of announcements, and the bulk actions that store them and delete others.

    One that cannot be indexed is deleted.
    """
    built = {entry.announcement.id: build_or_leave_out(entry, tokenizer) for entry in add}
    made = [*filter(None, built.values())]
    actions = [index_action(one, average, position) for one in made]
    left_out = (id for id, document in built.items() if document is None)
    return made, actions + [delete_action(id, position) for id in (*remove, *left_out)]


def _versioned(action: str, id: str, position: int) -> dict[str, Any]:
    return {"_op_type": action, "_id": id, "version": position, "version_type": "external_gte"}


class Lease:
    """Context in which one process on any machine builds; entering waits; it lapses unless renewed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = f"{cluster.address.index}-building"
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}"
        self._renewed = 0.0

    def __enter__(self) -> Self:
        while not self.take():
            time.sleep(_POLL)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Unavailable), self._cluster.calling() as client:  # else it lapses
            found = client.get(index=self._index, id="lease", ignore=(404,))
            if found.get("found") and found["_source"]["owner"] == self._owner:
                client.delete(index=self._index, id="lease", ignore=(404,))

    def take(self) -> bool:
        """Takes or renews the lease, without waiting; returns True if this process now has it."""
        body = {"owner": self._owner, "until": time.time() + _LEASE}
        with self._cluster.calling() as client, suppress(ConflictError):  # another was faster
            try:
                client.create(index=self._index, id="lease", body=body)
            except ConflictError:
                found = client.get(index=self._index, id="lease", ignore=(404,))
                if not found.get("found"):  # not even named where the index itself is gone
                    return False
                # One that ends later than any could was taken before the clock was set back.
                left = found["_source"]["until"] - time.time()
                if found["_source"]["owner"] != self._owner and 0 < left <= 2 * _LEASE:
                    return False
                read = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
                client.index(index=self._index, id="lease", body=body, **read)
            self._renewed = time.monotonic()
            return True
        return False

    def renew(self) -> None:
        """Renews the lease if a renewal is due. Must be called repeatedly while building.

        Raises ``Unavailable`` if another process has taken it, since this one was silent for too long.
        """
        if time.monotonic() - self._renewed > _RENEWED and not self.take():
            raise Unavailable("โปรเซสอื่นสร้างดัชนีต่อแล้ว (another process builds the index now)")


class BulkLoader:
    """An ``indexer.search.ports.Generation`` in an OpenSearch cluster."""

    def __init__(self, cluster: Cluster, lexicon: Lexicon, lease: Lease, *, jobs: int) -> None:
        self._cluster, self._lexicon, self._lease = cluster, lexicon, lease
        self._alias = cluster.address.index
        self._analysis = ParallelAnalyzer(lexicon, jobs=jobs)
        self._first: list[IndexDocument] = []
        self._averages: Averages | None = None
        self._sample = 0
        self._words: Counter[str] = Counter()
        self._position = 0
        self._may_be_live = False
        self._index = self._begin()

    def add_announcements(self, entries: Iterable[SourceAnnouncement], *, position: int = 0) -> None:
        self._position = position
        made = self._counted(self._analysis.analyze(entries))
        if self._averages is None:
            self._first += islice(made, SAMPLE - len(self._first))
            if len(self._first) < SAMPLE:
                return
            self._measure()
        self._send(made)

    def update(
        self,
        add: Iterable[SourceAnnouncement],
        remove: Iterable[int],
        *,
        position: int,
        after: int = 0,  # noqa: ARG002  # nobody else writes to an unfinished generation
    ) -> None:
        self._measure()
        tokenizer, average = self._lexicon.tokenizer, self._averages or {}
        made, actions = update_actions(add, remove, tokenizer, average, position)
        self._words.update(word for one in made for word in words_to_look_up(one))
        self._cluster.bulk_write(self._index, actions, should_await_visibility=False)
        self._lease.renew()
        self._position = position

    def position(self) -> int:
        return self._position

    def commit_and_count(self) -> int:
        self._measure()
        with self._cluster.calling() as client:
            client.indices.refresh(index=self._index, request_timeout=LONG)
        return self._cluster.count(self._index, ANNOUNCEMENTS)

    def ids(self) -> list[int]:
        return self._cluster.list_ids(self._index, ANNOUNCEMENTS)

    def publish_with_manifest(self, manifest: Mapping[str, Any]) -> str:
        """Completes the index, points the alias to it and returns its name; removes no older generation."""
        self._measure()
        self._analysis.close()
        self._cluster.bulk_write(self._index, self._last(), should_await_visibility=False)
        self._lease.renew()
        held = self.commit_and_count()
        if held >= _WORTH_MERGING:
            for _ in self._cluster.merge_segments(self._index, 1 + held // _OF_ONE_SEGMENT):
                self._lease.renew()
        with self._cluster.calling() as client:
            settings = serving_settings(self._cluster.address)
            client.indices.put_settings(index=self._index, body=settings)
        self._lease.renew()
        self._cluster.wait_until_searchable(self._index)
        made_with = {"manifest": manifest, "averages": self._averages, "sample": self._sample}
        actions = [{"add": {"index": self._index, "alias": self._alias}}]
        if previous := self._cluster.live_index(self._alias):
            actions.append({"remove": {"index": previous, "alias": self._alias}})
        with self._cluster.calling() as client:
            client.indices.put_mapping(index=self._index, body={"_meta": made_with})
            self._may_be_live = True  # from here on: a cluster that answers too late has still done it
            client.indices.update_aliases(body={"actions": actions})  # in one atomic step
        return self._index

    def abandon(self) -> None:
        """Deletes the unfinished index and stops the analysis processes. The lease stays with its holder.

        One that may have gone live stays; where it has not, the next rebuild removes it.
        """
        self._analysis.close()
        if not self._may_be_live:
            self._cluster.remove_index(self._index)

    def _begin(self) -> str:
        """Creates an empty index and returns its name; removes unfinished indexes of earlier runs."""
        everything = _generations(self._cluster)
        live = self._cluster.live_index(self._alias)
        for index in everything:
            if index != live and not self._cluster.read_metadata(index):
                self._cluster.remove_index(index)
        index = f"{self._alias}-{max(everything.values(), default=0) + 1:06d}"
        body = {"settings": loading_settings(self._cluster.address), "mappings": MAPPING}
        with self._cluster.calling() as client:
            client.indices.create(index=index, body=body, request_timeout=LONG)
        self._cluster.allow_writing(index)
        return index

    def _measure(self) -> None:
        """Measures the averages on the first documents, and sends these documents."""
        if self._averages is None:
            self._averages, self._sample = average_lengths(self._first), len(self._first)
            first, self._first = self._first, []
            self._send(first)

    def _send(self, made: Iterable[IndexDocument]) -> None:
        average = self._averages or {}
        self._cluster.bulk_write(
            self._index,
            self._kept_up(index_action(one, average, 0) for one in made),
            should_await_visibility=False,
        )

    def _kept_up(self, actions: Iterable[Action]) -> Iterator[Action]:
        for action in actions:
            self._lease.renew()
            yield action

    def _counted(self, documents: Iterable[IndexDocument]) -> Iterator[IndexDocument]:
        for made in documents:
            self._words.update(words_to_look_up(made))
            yield made

    def _last(self) -> Iterator[Action]:
        """Yields the last actions: the words of the archive, the lexicon and the position."""
        for word, count in self._words.items():
            yield word_action(word, count, 0, self._lexicon.tokenizer)
        yield {"_op_type": "index", "_id": LEXICON, "_source": {"lexicon": self._lexicon.text()}}
        yield position_action(self._position)


def remove_older_generations(cluster: Cluster, live: str) -> None:
    """Removes the generations older than the live one; one that cannot be removed now is left and logged.

    They have lower numbers than ``live``; what a killed builder left of them is removed too. One may be in
    use, such as while a snapshot is made of it: the next call tries again.
    """
    numbers = _generations(cluster)
    for index, number in numbers.items():
        if number < numbers.get(live, 0):
            try:
                cluster.remove_index(index)
            except (RuntimeError, Unavailable) as error:
                log.warning(
                    "older generation is not removed yet", extra={"index": index, "reason": str(error)}
                )


def _generations(cluster: Cluster) -> dict[str, int]:
    """Returns the numbers of the archive's own generations by index name.

    Another archive's index may begin with the same name: ``prakat-test-000001`` is none of ``prakat``.
    """
    alias = cluster.address.index
    own = re.compile(rf"{re.escape(alias)}-([0-9]{{6,}})")
    with cluster.calling() as client:
        found = map(own.fullmatch, client.indices.get_settings(index=f"{alias}-*", name="index.uuid"))
        return {each[0]: int(each[1]) for each in found if each}
