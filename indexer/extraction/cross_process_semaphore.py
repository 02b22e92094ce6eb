"""Limits the slow work that all processes of a machine do at the same time, fairly for every address."""

from __future__ import annotations

import fcntl
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from archive.errors import Unavailable

_LOOK_SECONDS = 0.03  # between two looks for a free place: a person notices no such delay
_OWNER_FILES = 64  # lock files of owners; two owners with the same file wait for each other


class NoFreeSlot(Unavailable):
    """Raised when all slots of a semaphore stayed taken for as long as the caller was willing to wait."""

    code = "busy"
    retry_after = 2


class CrossProcessSemaphore:
    """``count`` slots, each a locked file. When a process dies, the kernel frees its locks."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count

    @contextmanager
    def hold_slot(self, owner: str, *, seconds: float) -> Iterator[None]:
        """Holds a slot. Each ``owner`` has at most one slot at a time, unless ``owner`` is "".

        Raises ``NoFreeSlot`` after waiting for ``seconds`` in vain.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + seconds
        with ExitStack() as held:
            if owner:
                number = zlib.crc32(owner.encode()) % _OWNER_FILES
                held.enter_context(self._one_of([f"owner-{number}"], until))
            held.enter_context(self._one_of([f"slot-{number}" for number in range(self._count)], until))
            yield

    @contextmanager
    def _one_of(self, names: Sequence[str], until: float) -> Iterator[None]:
        while (descriptor := self._locked(names)) is None:
            if time.monotonic() >= until:
                raise NoFreeSlot("ขณะนี้มีผู้ใช้งานพร้อมกันมาก กรุณาลองใหม่อีกครั้งในอีกสักครู่")
            time.sleep(_LOOK_SECONDS)
        try:
            yield
        finally:
            os.close(descriptor)

    def _locked(self, names: Sequence[str]) -> int | None:
        for name in names:
            descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                return descriptor
        return None
