"""Builds index documents on several processors: tokenizing is most of a rebuild's work."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing.synchronize import Barrier
from typing import TypeVar

from indexer.analysis.dictionary import Lexicon, parse_lexicon
from indexer.analysis.index_document import IndexDocument, SourceAnnouncement, build_or_leave_out
from indexer.analysis.tokenizer import Tokenizer

CHUNK_SIZE = 10  # announcements sent to a process at a time
CHUNKS_AHEAD = 3  # chunks sent to each process ahead of its results, so that it never waits
_MOST_CHUNKS = 8  # chunks in memory for each job; this process starts no more before the first is done

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1  # of Linux's prctl: the signal that a process gets when its parent has ended

_RARE_COLLECTIONS = (50_000, 20, 50)
"""Thresholds of Python's garbage collector while documents are analysed.

Terms and counts hold no cycles, so that the default collections find nothing and take a tenth of the time.
"""


@contextmanager
def collect_garbage_rarely() -> Iterator[None]:
    """Let Python's garbage collector of this process run rarely during the context, then as before."""
    usual = gc.get_threshold()
    gc.set_threshold(*_RARE_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def start_processes(lexicon: Lexicon, *, count: int) -> ProcessPoolExecutor:
    """Returns ``count`` further processes that analyse with a lexicon; they end with this one.

    Where this process has one thread, as in a command, they are forks of it, which share its dictionaries and
    start at once. Else they are new processes, and each needs a second of a processor to load these: a fork
    of a process with threads may inherit a lock that nobody opens.
    """
    is_fork = threading.active_count() == 1
    context = multiprocessing.get_context("fork" if is_fork else "spawn")
    shared = lexicon if is_fork else lexicon.text()
    arguments = (os.getpid(), shared, context.Barrier(count))
    return ProcessPoolExecutor(count, mp_context=context, initializer=_initialize_process, initargs=arguments)


def call_in_each(pool: ProcessPoolExecutor, count: int, work: Callable[[], T]) -> list[Future[T]]:
    """Calls ``work`` once in each of the ``count`` processes of a pool; returns the results to come."""
    return [pool.submit(_call_beside_all, work) for _ in range(count)]


class ParallelAnalyzer:
    """Builds index documents with one lexicon in ``jobs`` processes, this one included, until ``close``."""

    def __init__(self, lexicon: Lexicon, *, jobs: int) -> None:
        self._lexicon = lexicon
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def analyze(self, entries: Iterable[SourceAnnouncement]) -> Iterator[IndexDocument]:
        """Yields one document for each entry that has one, in order.

        Takes entries only a little ahead of the results.
        """
        if self._jobs == 1:
            yield from build_documents(entries, self._lexicon.tokenizer)
            return
        rest = iter(entries)
        chunks = iter(lambda: list(islice(rest, CHUNK_SIZE)), [])
        first = next(chunks, [])
        yield from build_documents(first, self._lexicon.tokenizer)  # what forks share is loaded now
        pool, others = self._started(), self._jobs - 1
        waiting: deque[Future[list[IndexDocument]]] = deque()
        while True:
            missing = others * CHUNKS_AHEAD - sum(not each.done() for each in waiting)
            waiting.extend(pool.submit(_analyse, chunk) for chunk in islice(chunks, max(missing, 0)))
            if waiting and (waiting[0].done() or len(waiting) >= self._jobs * _MOST_CHUNKS):
                yield from waiting.popleft().result()
            elif chunk := next(chunks, None):
                waiting.append(self._analysed_here(chunk))
            elif waiting:
                yield from waiting.popleft().result()
            else:
                return

    def _analysed_here(self, chunk: list[SourceAnnouncement]) -> Future[list[IndexDocument]]:
        done: Future[list[IndexDocument]] = Future()
        done.set_result([*build_documents(chunk, self._lexicon.tokenizer)])
        return done

    def close(self) -> None:
        """Stops the processes; what was not yet analysed is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = start_processes(self._lexicon, count=self._jobs - 1)
        return self._pool


_lexicon: Lexicon
_barrier: Barrier


def lexicon_of_process() -> Lexicon:
    """Returns the lexicon that this process of a pool was started with."""
    return _lexicon


def _initialize_process(parent: int, lexicon: Lexicon | str, barrier: Barrier) -> None:
    """Prepares a new process of the pool; ``lexicon``: that of the parent in a fork, else its text.

    The process ends with its parent, also where that is killed: a fork holds the lock on the index too.
    """
    global _lexicon, _barrier  # noqa: PLW0603 (a process of the pool has no other place)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call
        os._exit(1)
    gc.set_threshold(*_RARE_COLLECTIONS)
    gc.freeze()  # a collection would copy the memory that a fork shares
    _lexicon = parse_lexicon(lexicon) if isinstance(lexicon, str) else lexicon
    _barrier = barrier


def _call_beside_all(work: Callable[[], T]) -> T:
    """Calls ``work`` when every process of the pool has come here, so that none does it twice."""
    _barrier.wait()
    return work()


def _analyse(entries: list[SourceAnnouncement]) -> list[IndexDocument]:
    return [*build_documents(entries, _lexicon.tokenizer)]


def build_documents(entries: Iterable[SourceAnnouncement], tokenizer: Tokenizer) -> Iterator[IndexDocument]:
    """Yields the document of each announcement that has one."""
    return (made for entry in entries if (made := build_or_leave_out(entry, tokenizer)) is not None)
