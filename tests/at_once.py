"""A command that begins while another one is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import pytest

from archive.repositories import Records
from storage.engine import Engine

T = TypeVar("T")
_PATIENCE = 60.0  # seconds


def end_of_later(
    engine: Engine, records: Records, command: Callable[[], T], *, while_another: Callable[[], object]
) -> Future[T]:
    """Carry out both commands, ``while_another`` first, and return the end of ``command``.

    ``command`` has begun before: it has looked at all that it looks at before its own transaction.
    """
    is_waiting = threading.Event()
    write: Callable[..., AbstractContextManager[None]] = type(engine).write

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1, "later") as thread:

        @contextmanager
        def noted(engine: Any, **how: Any) -> Iterator[None]:
            if threading.current_thread().name.startswith("later"):
                is_waiting.set()
            with write(engine, **how):
                yield

        patch.setattr(type(engine), "write", noted)
        with records.batch():
            ended = thread.submit(command)
            ended.add_done_callback(lambda _: is_waiting.set())  # refused before it wanted to write
            assert is_waiting.wait(_PATIENCE)
            while_another()
        wait([ended])
    return ended
