"""Fuzzing targets: each case must give an answer or a refusal with its reason, in bounded time."""

from __future__ import annotations

import itertools
import random
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.fuzz import documents, texts


class Target(Protocol):
    """A fuzzing target.

    ``make`` depends on ``chance`` alone; ``judge`` raises when a requirement does not hold.
    """

    suffix: str

    def make(self, chance: random.Random) -> bytes: ...
    def judge(self, case: bytes) -> None: ...
    def close(self) -> None: ...


TARGETS: dict[str, Callable[[Path, Path | None], Target]] = {
    "query": texts.TypedQueries,
    "manifest": texts.Manifests,
    "page": texts.OldPages,
    "pdf": documents.Documents,
}


def run(
    name: str, folder: Path, *, seed: int, seconds: float, only: int | None = None, corpus: Path | None = None
) -> tuple[int, list[str]]:
    """Returns the number of cases tried, and the faults: which case, and its outcome.

    A case with a fault is kept in ``folder``.
    """
    place = folder / name
    place.mkdir(parents=True)
    target = TARGETS[name](place, corpus)
    found: list[str] = []
    tried = 0
    end = time.monotonic() + seconds
    try:
        for number in itertools.count() if only is None else (only,):
            if tried and time.monotonic() > end:
                break
            case = target.make(random.Random(f"{name} {seed} {number}"))
            tried += 1
            try:
                target.judge(case)
            except Exception:  # noqa: BLE001  # any is a fault
                kept = folder / f"{name}-{number}{target.suffix}"
                kept.write_bytes(case)
                found.append(f"case {number}, kept as {kept}\n{traceback.format_exc(limit=-6)}")
    finally:
        target.close()
    return tried, found
