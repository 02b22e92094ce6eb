"""Seconds that each thread spends in one kind of work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class ThreadClock(threading.local):
    """Adds up the seconds that each thread spends in one kind of work, such as queries and commits."""

    seconds = 0.0
    _is_running = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Add the time of the block to the clock; a block inside another adds nothing."""
        if self._is_running:
            yield
            return
        began, self._is_running = time.perf_counter(), True
        try:
            yield
        finally:
            self._is_running = False
            self.seconds += time.perf_counter() - began
