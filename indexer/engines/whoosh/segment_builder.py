"""Writes announcements into segments of a new generation, in several processes at once.

Each process writes segments of its own, so that nothing but announcements goes between them. No table of
contents names these segments until the caller commits them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import SourceAnnouncement
from indexer.analysis.parallel_analysis import (
    CHUNK_SIZE,
    CHUNKS_AHEAD,
    build_documents,
    call_in_each,
    lexicon_of_process,
    start_processes,
)
from indexer.engines.whoosh.codec import Writer
from indexer.engines.whoosh.toc import CheckedIndex
from indexer.engines.whoosh.whoosh_imports import FileStorage

INDEX_NAME = "MAIN"
_MOST_POSTINGS = 11_500_000  # held in memory by all processes together before they write their segments
_MOST_PROCESSES = 7  # one segment fewer of a size than are merged by the first change after a rebuild


class ParallelSegmentBuilder:
    """Writes segments in ``jobs`` processes at most, this one included, until ``close``."""

    def __init__(self, directory: Path, lexicon: Lexicon, *, jobs: int) -> None:
        processes = min(jobs, _MOST_PROCESSES)
        self._directory, self._lexicon, self._others = directory, lexicon, processes - 1
        self._most_postings = _MOST_POSTINGS // processes
        self._own = SegmentBuilder(directory, lexicon, most_postings=self._most_postings)
        self._pool: ProcessPoolExecutor | None = None
        self._given: deque[Future[None]] = deque()

    def add(self, entries: Iterable[SourceAnnouncement]) -> None:
        """Adds announcements, and takes them only a little ahead of the work."""
        if not self._others:
            self._own.add(entries)
            return
        rest = iter(entries)
        chunks = iter(lambda: list(islice(rest, CHUNK_SIZE)), [])
        self._own.add(next(chunks, []))  # what forks share is loaded now
        self._pool = self._pool or start_processes(self._lexicon, count=self._others)
        add = partial(_add, self._directory, self._most_postings)
        while True:
            missing = self._others * CHUNKS_AHEAD - sum(not each.done() for each in self._given)
            self._given.extend(self._pool.submit(add, chunk) for chunk in islice(chunks, max(missing, 0)))
            while self._given and self._given[0].done():
                self._given.popleft().result()
            chunk = next(chunks, None)
            if chunk is None:
                return
            self._own.add(chunk)

    def finish(self) -> list[Any]:
        """Writes what is held; returns Whoosh's descriptions of all segments since the last call."""
        for each in self._given:
            each.result()
        self._given.clear()
        others = call_in_each(self._pool, self._others, _finish) if self._pool else []
        return [*self._own.finish(), *chain.from_iterable(each.result() for each in others)]

    def close(self) -> None:
        """Stops the processes; what was not written is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._own.cancel()


class _Storage(FileStorage):  # type: ignore[misc]
    """A directory with a temporary folder for each process, which has one writer at a time.

    Whoosh has one folder for all, which the first writer to end removes.
    """

    def temp_storage(self, name: str | None = None) -> FileStorage:  # noqa: ARG002 (Whoosh gives it)
        return super().temp_storage(f"{INDEX_NAME}-{os.getpid()}.tmp")


class SegmentBuilder:
    """Writes the segments of one process."""

    def __init__(self, directory: Path, lexicon: Lexicon, *, most_postings: int) -> None:
        self._index = CheckedIndex(_Storage(str(directory)), indexname=INDEX_NAME)
        self._tokenizer, self._most_postings = lexicon.tokenizer, most_postings
        self._writer: Writer | None = None
        self._written: list[Any] = []

    def add(self, entries: Iterable[SourceAnnouncement]) -> None:
        """Adds the announcements that can be indexed; writes a segment when enough postings are held."""
        for terms, columns in build_documents(entries, self._tokenizer):
            self._writer = self._writer or Writer(self._index, is_locked=False)
            self._writer.add_document_terms(terms, columns)
            if self._writer.postings > self._most_postings:
                self._write()

    def finish(self) -> list[Any]:
        """Writes what is held; returns Whoosh's descriptions of all segments since the last call."""
        self._write()
        written, self._written = self._written, []
        return written

    def cancel(self) -> None:
        """Drops what is held in memory."""
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None

    def _write(self) -> None:
        if self._writer is not None:
            self._written.append(self._writer.write_segment())
            self._writer = None


_builder: SegmentBuilder | None = None  # of this process, where it is one of a pool


def _add(directory: Path, most_postings: int, chunk: list[SourceAnnouncement]) -> None:
    global _builder  # noqa: PLW0603 (a process of the pool has no other place)
    _builder = _builder or SegmentBuilder(directory, lexicon_of_process(), most_postings=most_postings)
    _builder.add(chunk)


def _finish() -> list[Any]:
    return _builder.finish() if _builder else []
