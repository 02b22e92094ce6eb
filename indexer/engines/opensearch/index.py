"""The search index in an OpenSearch cluster, for any number of web and worker processes.

An alias points to the live generation, which is an OpenSearch index of its own. While the cluster cannot
answer, every method raises ``Unavailable``: searches show that error, and changes wait in the records.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeVar

from archive.errors import Unavailable
from indexer.analysis.dictionary import Dictionary, Lexicon, parse_lexicon
from indexer.analysis.index_document import SourceAnnouncement
from indexer.engines.opensearch.bulk_loader import (
    LEXICON,
    POSITION,
    SAMPLE,
    BulkLoader,
    Lease,
    position_action,
    remove_older_generations,
    update_actions,
    word_action,
)
from indexer.engines.opensearch.cluster import Cluster, IndexRemoved, read_address
from indexer.engines.opensearch.mapping import announcement_fingerprint, words_to_look_up
from indexer.engines.opensearch.queries import ANNOUNCEMENTS, similar_body
from indexer.engines.opensearch.requests import SearchRequests
from indexer.engines.opensearch.searcher import OpenSearchSearcher
from indexer.engines.opensearch.vocabulary import ClusterVocabulary
from indexer.engines.opensearch.words import ArchiveWords
from indexer.search.pipeline import answer_query
from indexer.search.ports import Generation, IndexManifest, ResultPage
from indexer.search.query.parser import NO_FILTERS, Filters, Query
from indexer.search.suggest import suggest_words_and_titles

SCHEMA = 11
"""Version of documents and mapping. To be raised whenever either changes."""

_DAMAGED = "index-damaged"  # code of the error where a generation lacks what it needs to be used
_FRESH = 1.0  # seconds for which the alias and the position are cached
_OUTGROWN = 4  # a rebuild is due above 4 times the documents that the averages were measured on
_FEW = 250  # documents: averages of fewer count as measured on so many, lest a small archive be rebuilt often
_LOOKS = 3  # at the live generation, each after another had just taken its place

T = TypeVar("T")

log = logging.getLogger("prakat.index")


@dataclass(frozen=True, slots=True)
class _Live:
    """Cached state of the live generation."""

    index: str
    manifest: IndexManifest
    averages: Mapping[str, float]
    sample: int
    lexicon: Lexicon
    position: int
    count: int
    words: ArchiveWords
    counts: dict[str, int]  # documents by query, asked for so far


class OpenSearchIndex:
    """``SearchIndex`` at an address that ``indexer.engines.opensearch.cluster.read_address`` reads.

    The number of views of an announcement is as of the announcement's last update. An update is not atomic:
    a reader may see some of its announcements before the rest, but the position is set only after all.
    """

    def __init__(self, address: str, dictionary: Dictionary) -> None:
        self._cluster = Cluster(read_address(address))
        self._alias = self._cluster.address.index
        self._dictionary = dictionary
        self._known: _Live | None = None
        self._looked = 0.0
        self._failed: tuple[float, Unavailable] | None = None  # when a look failed, and how
        self._words: tuple[str, frozenset[str]] = "", frozenset()  # a generation, and words that it has
        self._lock = Lock()

    def update(
        self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int, after: int = 0
    ) -> None:
        live = self._live()
        if live is None:
            if after > 0:
                return
            with self.rebuild():
                pass
            live = self._live()
        if live is None:
            raise IndexRemoved("the index was removed while it was written")
        # Otherwise the index was begun anew, or another process has followed further.
        if not after <= live.position <= position:
            return
        tokenizer = live.lexicon.tokenizer
        made, actions = update_actions(add, remove, tokenizer, live.averages, position)
        index, known = self._words
        is_new = index != live.index
        known = frozenset() if is_new else known
        new = {word for one in made for word in words_to_look_up(one)} - known
        actions += [word_action(word, 1, position, tokenizer) for word in sorted(new)]
        try:
            if is_new:
                self._cluster.allow_writing(live.index)
            self._cluster.bulk_write(live.index, actions, should_await_visibility=True)
            self._cluster.bulk_write(live.index, [position_action(position)], should_await_visibility=False)
        except IndexRemoved:  # another generation took its place
            self._words = "", frozenset()
            return
        finally:
            self._forget()
        remove_older_generations(self._cluster, live.index)
        self._words = live.index, known | new

    def position(self) -> int:
        live = self._live(fresh=True)
        return live.position if live else 0

    def count(self) -> int:
        live = self._live(fresh=True)
        return live.count if live else 0

    def ids(self) -> Sequence[int]:
        return self._asked(lambda live: self._cluster.list_ids(live.index, ANNOUNCEMENTS)) or []

    def search(self, query: Query) -> ResultPage:
        def ask(live: _Live) -> ResultPage:
            requests, vocabulary = self._asking(live, query.filters, query.typed)
            searcher = OpenSearchSearcher(requests, live.lexicon, vocabulary)
            return requests.repeat_until_answered(lambda: answer_query(searcher, live.lexicon, query))

        return self._asked(ask) or ResultPage(total=0, hits=(), query=query)

    def suggest(self, typed: str, filters: Filters = NO_FILTERS, *, limit: int = 8) -> list[str]:
        def ask(live: _Live) -> list[str]:
            requests, vocabulary = self._asking(live, filters, typed)
            return requests.repeat_until_answered(
                lambda: suggest_words_and_titles(vocabulary, live.lexicon, typed, limit)
            )

        return self._asked(ask) or []

    def _asking(self, live: _Live, filters: Filters, typed: str) -> tuple[SearchRequests, ClusterVocabulary]:
        """Returns what asks a generation for what is typed, once for each query."""
        requests = SearchRequests(self._cluster, live.index, filters, live.counts, typed)
        return requests, ClusterVocabulary(requests, filters, live.words, live.position)

    def find_similar(self, announcement_id: int, *, limit: int = 5) -> list[int]:
        def ask(live: _Live) -> list[int]:
            (answer,) = self._cluster.multi_search(
                live.index, [similar_body(live.index, announcement_id, limit)]
            )
            return [hit["fields"]["id"][0] for hit in answer["hits"]["hits"]]

        return self._asked(ask) or []

    @contextmanager
    def rebuild(self, *, jobs: int = 1, last_erasure: int | None = None) -> Iterator[Generation]:
        with Lease(self._cluster) as lease:
            lexicon = self._dictionary.current()
            manifest = IndexManifest.in_force(SCHEMA, lexicon.version, last_erasure)
            loader = BulkLoader(self._cluster, lexicon, lease, jobs=jobs)
            try:
                yield loader
                live = loader.publish_with_manifest(manifest.as_json())
            except BaseException:
                loader.abandon()
                raise
            finally:
                self._forget()
            remove_older_generations(self._cluster, live)

    def manifest(self) -> IndexManifest | None:
        live = self._live()
        return live.manifest if live else None

    def is_current(self) -> bool:
        """Returns False if a rebuild is due; ``Unavailable`` while the cluster does not answer.

        A rebuild is due for other rules, other words, or far more documents than measured; not
        for missing nodes, as most come back. Parts that are lost for good are named by ``find_damage``; then
        the index must be rebuilt.
        """
        try:
            live = self._live()
        except Unavailable as error:
            if error.code != _DAMAGED:
                raise
            return False
        wanted = IndexManifest.in_force(SCHEMA, self._dictionary.current().version)
        if live is None or not live.manifest.is_of_same_rules(wanted):
            return False
        return live.sample >= SAMPLE or live.count <= _OUTGROWN * max(live.sample, _FEW)

    def find_damage(self, after_bytes_read: Callable[[int], None] = lambda _count: None) -> list[str]:  # noqa: ARG002
        """Returns the lost shards; the cluster itself compares its files with their checksums."""
        return self.noted_damage()

    def noted_damage(self) -> list[str]:
        """See ``SearchIndex``. The cluster notes damage itself: the shards that are lost at this moment."""
        index = self._cluster.live_index(self._alias)
        return self._cluster.lost_shards(index) if index else []

    def find_differing(self, entries: Iterable[SourceAnnouncement]) -> list[int]:
        wanted = {entry.announcement.id: announcement_fingerprint(entry) for entry in entries}
        held = self._asked(lambda live: self._fingerprints(live, list(wanted))) or {}
        return [id for id, print_ in wanted.items() if held.get(id) != print_]

    def _fingerprints(self, live: _Live, ids: Sequence[int]) -> dict[int, str]:
        """Returns the fingerprint of each of the announcements that searches see."""
        body = {
            "query": {"terms": {"id": ids}},
            "size": len(ids),
            "sort": ["_doc"],
            "track_total_hits": False,
            "stored_fields": "_none_",
            "docvalue_fields": ["id", "fingerprint"],
        }
        (answer,) = self._cluster.multi_search(live.index, [body])
        fields = (hit["fields"] for hit in answer["hits"]["hits"])
        return {each["id"][0]: each["fingerprint"][0] for each in fields}

    def _asked(self, ask: Callable[[_Live], T]) -> T | None:
        """Returns the result of ``ask`` on the live generation; None if there is no live generation.

        Calls ``ask`` again when another generation went live meanwhile.
        """
        for _ in range(_LOOKS):
            live = self._live()
            if live is None:
                return None
            try:
                with self._noticing_exchange(live.index):
                    return ask(live)
            except IndexRemoved:
                self._forget()
        raise _changing_generations()

    @contextmanager
    def _noticing_exchange(self, index: str) -> Iterator[None]:
        """Converts the errors of calls on ``index`` to ``IndexRemoved`` if another generation is live by now.

        While an index is being removed, the cluster answers that all its shards failed (503) or that its
        analyzer is closed (400).
        """
        try:
            yield
        except (RuntimeError, Unavailable) as error:
            is_silent = isinstance(error, Unavailable) and error.code == "search-slow"
            if is_silent or self._cluster.live_index(self._alias) == index:
                raise
            raise IndexRemoved(str(error)) from error

    def _forget(self) -> None:
        """Discards the cached state of the cluster and the cached failure."""
        with self._lock:
            self._looked, self._failed = 0.0, None

    def _live(self, *, fresh: bool = False) -> _Live | None:
        """Returns the live generation; None when no generation was ever built.

        The returned state is at most ``_FRESH`` seconds old, or with ``fresh`` of now.
        """
        asked = time.monotonic()
        with self._lock:
            if self._failed is not None and self._failed[0] > asked - _FRESH:  # those who queued fail with it
                raise Unavailable(self._failed[1].message, code=self._failed[1].code)
            if fresh or asked - self._looked > _FRESH:
                try:
                    self._known, self._failed = self._look(self._known), None
                except Unavailable as error:
                    self._failed = time.monotonic(), error
                    raise
                self._looked = time.monotonic()
            return self._known

    def _look(self, known: _Live | None) -> _Live | None:
        """Returns the state of the live generation, also where it takes another's place meanwhile."""
        for _ in range(_LOOKS):
            index = self._cluster.live_index(self._alias)
            if index is None:
                return None
            with suppress(IndexRemoved), self._noticing_exchange(index):
                if known is None or known.index != index:
                    known = self._opened(index)
                with _reading_stored_values():
                    (followed,) = self._cluster.get_documents(index, [POSITION])
                    position = int(followed["_source"]["position"])
                count = self._cluster.count(index, ANNOUNCEMENTS)
                if position == known.position and count == known.count:
                    return known
                return replace(known, position=position, count=count, counts={})
        raise _changing_generations()

    def _opened(self, index: str) -> _Live:
        with _reading_stored_values():
            written = self._cluster.read_metadata(index)
            (words,) = self._cluster.get_documents(index, [LEXICON])
            return _Live(
                index,
                IndexManifest.from_json(written["manifest"]),
                written["averages"],
                written["sample"],
                parse_lexicon(words["_source"]["lexicon"]),
                position=-1,
                count=0,
                words=ArchiveWords(self._cluster, index),
                counts={},
            )


@contextmanager
def _reading_stored_values() -> Iterator[None]:
    """Converts the errors of reading values that a generation lacks, or has otherwise, to ``Unavailable``."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.error("search index is damaged", extra={"why": repr(error)})
        raise Unavailable("ดัชนีค้นหาเสียหาย ระบบกำลังสร้างใหม่ กรุณาลองอีกครั้งในอีกสักครู่", code=_DAMAGED) from error


def _changing_generations() -> Unavailable:
    return Unavailable("ดัชนีค้นหากำลังเปลี่ยนรุ่น กรุณาลองอีกครั้งในอีกสักครู่", code="search-unavailable")
