"""One worker does the duties of all workers, and another takes over once that one is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from pathlib import Path

from indexer.leader_leases import MAINTAIN, SYNC_INDEX, LeaderLeases
from storage.repositories.leases import EngineLeases
from tests.contracts.conftest import engine, opened  # noqa: F401  # on every engine
from tests.contracts.engines import Opener
from tests.contracts.processes import KILLED, ended, in_child

LEASE = dt.timedelta(seconds=3)  # longer than a busy machine holds up a process
KILLS = 1
NAMES = {SYNC_INDEX: "follow", MAINTAIN: "tend"}
WORKERS = 4


def test_one_at_a_time_and_another_when_it_is_killed(opened: Opener, tmp_path: Path) -> None:  # noqa: F811
    """Workers note when they have the duty; the holder is killed."""
    opened().close()

    def work(number: int) -> None:
        duties = LeaderLeases(EngineLeases(opened()), NAMES, f"w{number}", lease=LEASE)
        with (tmp_path / f"w{number}").open("w", buffering=1) as log:
            while not (tmp_path / "over").exists():
                duties.renew()
                began = time.monotonic()
                if duties.is_leader(SYNC_INDEX):
                    print(began, time.monotonic(), file=log)
                time.sleep(0.05)

    children = {number: in_child(lambda n=number: work(n)) for number in range(WORKERS)}  # type: ignore[misc]
    killed: list[tuple[int, float]] = []
    while len(killed) < KILLS:
        current = _holding(tmp_path, since=killed[-1][1] if killed else 0.0, but={one for one, _ in killed})
        os.kill(children[current], signal.SIGKILL)
        assert ended(children.pop(current)) == KILLED
        killed.append((current, time.monotonic()))
    _holding(tmp_path, since=killed[-1][1], but={one for one, _ in killed})
    (tmp_path / "over").touch()
    assert [ended(child) for child in children.values()] == [0] * (WORKERS - KILLS)
    held = sorted((span, number) for number in range(WORKERS) for span in _held(tmp_path, number))
    turns = [number for at, (_, number) in enumerate(held) if at == 0 or held[at - 1][1] != number]
    assert len(turns) == KILLS + 1 == len(set(turns)), "the duty went back and forth"


def _held(folder: Path, number: int) -> list[tuple[float, float]]:
    path = folder / f"w{number}"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(float(began), float(over)) for began, over in (line.split() for line in lines)]


def _holding(folder: Path, *, since: float, but: set[int]) -> int:
    """Returns the worker, other than ``but``, that noted after ``since`` that it has the duty.

    Fails when no worker does so within ten leases.
    """
    end = time.monotonic() + 10 * LEASE.total_seconds()
    while time.monotonic() < end:
        for number in set(range(WORKERS)) - but:
            spans = _held(folder, number)
            if spans and spans[-1][0] > since:
                return number
        time.sleep(0.02)
    raise AssertionError("nobody took the duty over")


def test_who_was_held_up_for_a_lease_no_longer_has_it(opened: Opener) -> None:  # noqa: F811
    database = opened()
    slow = LeaderLeases(EngineLeases(database), NAMES, "slow", lease=LEASE)
    slow.renew()
    assert slow.is_leader(SYNC_INDEX)
    time.sleep(LEASE.total_seconds())
    assert not slow.is_leader(SYNC_INDEX)
    other = LeaderLeases(EngineLeases(database), NAMES, "other", lease=LEASE)
    other.renew()
    slow.renew()
    assert (slow.is_leader(MAINTAIN), other.is_leader(MAINTAIN)) == (False, True)
    other.release_all()
    slow.renew()
    assert slow.is_leader(MAINTAIN)
    database.close()
