"""Contract of every ``Leases``: one holder at a time, and never nobody for long."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from archive.ports import Leases
from storage.repositories.leases import EngineLeases
from tests.contracts.engines import Opener
from tests.contracts.processes import ended, in_child
from tests.factories.records import NOW

LEASE = dt.timedelta(seconds=10)
MOMENT = dt.timedelta(seconds=1)
PROCESSES = 4
ROUNDS = 40


def claim(leases: Leases, holder: str, now: dt.datetime = NOW, name: str = "follow") -> bool:
    return leases.claim(name, holder, lease=LEASE, now=now)


def test_one_has_it_and_may_renew_it(leases: Leases) -> None:
    assert claim(leases, "a")
    assert not claim(leases, "b")
    assert claim(leases, "a", NOW + LEASE - MOMENT)
    assert not claim(leases, "b", NOW + LEASE + MOMENT)
    assert leases.find_holder("follow", now=NOW + LEASE + MOMENT) == "a"
    assert leases.find_holder("follow", now=NOW + 3 * LEASE) == leases.find_holder("tend", now=NOW) == ""


def test_duties_are_apart(leases: Leases) -> None:
    assert claim(leases, "a")
    assert claim(leases, "b", name="tend")


def test_it_lapses_when_the_holder_dies(leases: Leases) -> None:
    assert claim(leases, "a")
    assert claim(leases, "b", NOW + LEASE)
    assert not claim(leases, "a", NOW + LEASE)


def test_given_back_it_is_free_at_once(leases: Leases) -> None:
    assert claim(leases, "a")
    leases.release("follow", "b")
    assert not claim(leases, "b")
    leases.release("follow", "a")
    assert claim(leases, "b")


def test_a_clock_that_jumped_back_blocks_nobody(leases: Leases) -> None:
    assert claim(leases, "a", NOW + dt.timedelta(days=400))
    assert claim(leases, "b", NOW)


def test_a_clock_that_is_set_by_a_little_takes_it_from_nobody(leases: Leases) -> None:
    assert claim(leases, "a", NOW + LEASE / 2)
    assert not claim(leases, "b", NOW)


def test_of_those_who_reach_for_it_at_once_one_gets_it(opened: Opener, tmp_path: Path) -> None:
    """In each round the processes claim a duty that has no holder yet."""
    opened().close()

    def reach(n: int) -> None:
        leases = EngineLeases(opened())
        got = [turn for turn in range(ROUNDS) if claim(leases, f"w{n}", name=f"duty {turn}")]
        (tmp_path / f"got-{n}").write_text(" ".join(map(str, got)))

    children = [in_child(lambda n=n: reach(n)) for n in range(PROCESSES)]  # type: ignore[misc]
    assert [ended(child) for child in children] == [0] * PROCESSES
    got = [int(turn) for n in range(PROCESSES) for turn in (tmp_path / f"got-{n}").read_text().split()]
    assert sorted(got) == [*range(ROUNDS)]
