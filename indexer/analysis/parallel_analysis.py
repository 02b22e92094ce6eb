"""Announcements → index documents, on several processors: segmenting is most of a rebuild's work."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

from indexer.analysis.dictionary import Lexicon, parse
from indexer.analysis.index_document import Document, Entry, document

_CHUNK = 25  # announcements sent to a process at a time
_AHEAD = 3  # chunks for each process that are sent before the first is awaited


class Analysis:
    """One lexicon's analysis in ``jobs`` processes; in this one when ``jobs`` is 1."""

    def __init__(self, lexicon: Lexicon, *, jobs: int) -> None:
        self._lexicon = lexicon
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def documents(self, entries: Iterable[Entry]) -> Iterator[Document]:
        """One for each entry, in order; entries are taken only a little ahead of what is given."""
        if self._jobs == 1:
            yield from (document(entry, self._lexicon.segmenter) for entry in entries)
            return
        pool = self._started()
        waiting: deque[Future[list[Document]]] = deque()
        rest = iter(entries)
        while True:
            chunk = list(islice(rest, _CHUNK))
            if chunk:
                waiting.append(pool.submit(_analyse, chunk))
            if waiting and (not chunk or len(waiting) >= self._jobs * _AHEAD):
                yield from waiting.popleft().result()
            elif not chunk:
                return

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Fresh processes: a fork of one that has threads may inherit a lock that nobody opens.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(
                self._jobs, mp_context=context, initializer=_begin, initargs=(self._lexicon.text(),)
            )
        return self._pool


_lexicon: Lexicon


def _begin(text: str) -> None:
    """In a new process: the lexicon once, for all that it is sent."""
    global _lexicon  # noqa: PLW0603 (a process of the pool has no other place)
    _lexicon = parse(text)


def _analyse(entries: list[Entry]) -> list[Document]:
    return [document(entry, _lexicon.segmenter) for entry in entries]
