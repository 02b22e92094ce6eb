"""Contract of ``SignIns`` and ``SecondFactors`` on every engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from archive.errors import Conflict
from archive.model import AttemptLimit, Person, Role, SecondFactor
from archive.ports import People
from tests.factories.records import NOW

IDLE = dt.timedelta(hours=8)


@pytest.fixture
def somsri(people: People) -> Person:
    return people.accounts.add("สมศรี", "hash", Role.STAFF)


def test_a_session_lives_while_it_is_used(people: People, somsri: Person) -> None:
    opened = people.sign_ins.open_session(somsri.id, "key", password_hash="hash", device="Firefox", now=NOW)
    assert people.sign_ins.find_live_session("key", idle=IDLE, now=NOW) == (
        opened,
        replace(somsri, last_sign_in_at=NOW),
    )
    assert people.sign_ins.find_live_session("other", idle=IDLE, now=NOW) is None
    assert people.sign_ins.find_live_session("key", idle=IDLE, now=NOW + IDLE * 0.9) is not None
    assert people.sign_ins.find_live_session("key", idle=IDLE, now=NOW + IDLE * 1.8) is not None
    assert people.sign_ins.list_sessions(somsri.id)[0].seen_at == NOW + IDLE * 1.8
    assert people.sign_ins.find_live_session("key", idle=IDLE, now=NOW + IDLE * 2.9) is None


def test_sessions_can_be_ended_by_their_person_only(people: People, somsri: Person) -> None:
    other = people.accounts.add("กานดา", "hash", Role.ADMIN)
    first = people.sign_ins.open_session(somsri.id, "1", password_hash="hash", device="โทรศัพท์", now=NOW)
    second = people.sign_ins.open_session(somsri.id, "2", password_hash="hash", device="Chrome", now=NOW)
    assert people.sign_ins.list_sessions(somsri.id) == [second, first]
    people.sign_ins.close_sessions(other.id, only=first.id)
    assert people.sign_ins.find_live_session("1", idle=IDLE, now=NOW) is not None
    people.sign_ins.close_sessions(somsri.id, only=first.id)
    assert people.sign_ins.find_live_session("1", idle=IDLE, now=NOW) is None
    people.sign_ins.close_sessions(somsri.id)
    assert people.sign_ins.list_sessions(somsri.id) == []


def test_a_new_password_ends_sessions_and_sign_ins_begun_with_the_old_one(
    people: People, somsri: Person
) -> None:
    people.sign_ins.open_session(somsri.id, "1", password_hash="hash", device="", now=NOW)
    people.accounts.set_password_and_sign_out(somsri.id, "new hash")
    assert people.sign_ins.list_sessions(somsri.id) == []
    with pytest.raises(Conflict):
        people.sign_ins.open_session(somsri.id, "2", password_hash="hash", device="", now=NOW)
    people.sign_ins.open_session(somsri.id, "3", password_hash="new hash", device="", now=NOW)
    people.accounts.disable_and_sign_out("สมศรี")
    with pytest.raises(Conflict):
        people.sign_ins.open_session(somsri.id, "4", password_hash="new hash", device="", now=NOW)


def test_a_disabled_person_is_signed_out(people: People, somsri: Person) -> None:
    people.sign_ins.open_session(somsri.id, "key", password_hash="hash", device="", now=NOW)
    people.accounts.disable_and_sign_out("สมศรี")
    assert people.sign_ins.find_live_session("key", idle=IDLE, now=NOW) is None


NAME = AttemptLimit(key="name", free=2, longest_pause=dt.timedelta(seconds=4))
ADDRESS = AttemptLimit(key="address", free=4, longest_pause=dt.timedelta(minutes=1), is_shared=True)
SECOND = dt.timedelta(seconds=1)
NO_WAIT = dt.timedelta(0)


def fail(people: People, times: int, *limits: AttemptLimit, now: dt.datetime = NOW) -> dt.datetime:
    """Record the given number of failures, each as soon as it is allowed.

    Returns the time of the last failure.
    """
    for _ in range(times):
        while (wait := people.sign_ins.count_failure_unless_paused(limits, now=now)) > NO_WAIT:
            now += wait
    return now


def test_pauses_double_after_the_free_failures(people: People) -> None:
    assert fail(people, 3, NAME) == NOW
    waits = []
    now = NOW
    for _ in range(4):
        wait = people.sign_ins.count_failure_unless_paused([NAME], now=now)
        waits.append(wait / SECOND)
        now += wait
        assert people.sign_ins.count_failure_unless_paused([NAME], now=now) == NO_WAIT
    assert waits == [1, 2, 4, 4]


def test_who_must_wait_is_not_counted(people: People) -> None:
    fail(people, 3, NAME)
    for _ in range(50):
        assert people.sign_ins.count_failure_unless_paused([NAME, ADDRESS], now=NOW) == SECOND
    assert people.sign_ins.count_failure_unless_paused([NAME], now=NOW + SECOND) == NO_WAIT
    assert fail(people, 4, ADDRESS) == NOW


def test_the_longest_wait_of_several_limits_counts(people: People) -> None:
    now = fail(people, 7, ADDRESS)
    wait = people.sign_ins.count_failure_unless_paused([ADDRESS], now=now)
    assert wait == 4 * SECOND
    assert people.sign_ins.count_failure_unless_paused([NAME, ADDRESS], now=now) == wait
    assert people.sign_ins.count_failure_unless_paused([NAME], now=now) == NO_WAIT


def test_success_clears_one_s_own_failures_and_one_of_those_shared(people: People) -> None:
    now = fail(people, 5, NAME, ADDRESS)
    now += people.sign_ins.count_failure_unless_paused([NAME, ADDRESS], now=now)
    assert people.sign_ins.count_failure_unless_paused([NAME, ADDRESS], now=now) == NO_WAIT
    people.sign_ins.clear_failures_of_attempt([NAME, ADDRESS], now=now)
    assert fail(people, 2, NAME, now=now) == now
    wait = people.sign_ins.count_failure_unless_paused([ADDRESS], now=now)
    assert wait == SECOND  # five failures are left


def test_failures_are_forgotten(people: People) -> None:
    now = fail(people, 9, NAME)
    assert fail(people, 3, NAME, now=now + dt.timedelta(hours=1)) == now + dt.timedelta(hours=1)


def test_a_clock_set_back_makes_nobody_wait(people: People) -> None:
    fail(people, 9, NAME, now=NOW + dt.timedelta(days=30))
    assert people.sign_ins.count_failure_unless_paused([NAME], now=NOW) == NO_WAIT


def test_a_second_factor_through_its_life(people: People, somsri: Person) -> None:
    assert people.second_factors.get(somsri.id) is None
    people.second_factors.store_unconfirmed(somsri.id, "sealed-1")
    people.second_factors.store_unconfirmed(somsri.id, "sealed-2")
    assert people.second_factors.get(somsri.id) == SecondFactor(
        sealed_secret="sealed-2", is_confirmed=False, recovery_codes_left=0
    )
    assert not people.second_factors.use_code(somsri.id, step=5)
    people.second_factors.confirm(somsri.id, step=7, recovery_hashes=["a", "b"], now=NOW)
    assert people.second_factors.get(somsri.id) == SecondFactor(
        sealed_secret="sealed-2", is_confirmed=True, recovery_codes_left=2
    )
    for again in (
        lambda: people.second_factors.store_unconfirmed(somsri.id, "sealed-3"),
        lambda: people.second_factors.confirm(somsri.id, step=9, recovery_hashes=["c"], now=NOW),
    ):
        with pytest.raises(Conflict):
            again()
    assert people.second_factors.remove(somsri.id)
    assert people.second_factors.get(somsri.id) is None
    assert not people.second_factors.remove(somsri.id)
    assert not people.second_factors.use_recovery_code(somsri.id, "a", now=NOW)


def test_a_code_is_used_once(people: People, somsri: Person) -> None:
    other = people.accounts.add("กานดา", "hash", Role.ADMIN)
    for person in (somsri, other):
        people.second_factors.store_unconfirmed(person.id, "sealed")
        people.second_factors.confirm(person.id, step=7, recovery_hashes=["a", "b"], now=NOW)
    assert [people.second_factors.use_code(somsri.id, step=step) for step in (6, 7, 8, 8, 7, 10)] == [
        False, False, True, False, False, True,
    ]  # fmt: skip
    factors = people.second_factors
    assert factors.use_code(other.id, step=8)
    assert [factors.use_recovery_code(somsri.id, code, now=NOW) for code in ("a", "a", "c")] == [
        True, False, False,
    ]  # fmt: skip
    factors.replace_recovery_codes(somsri.id, ["d"])
    assert [factors.use_recovery_code(somsri.id, code, now=NOW) for code in ("a", "b", "d")] == [
        False, False, True,
    ]  # fmt: skip
    assert people.second_factors.use_recovery_code(other.id, "b", now=NOW)


def test_codes_are_accepted_again_once_the_clock_is_right(people: People, somsri: Person) -> None:
    """It was a year ahead when the last code was used. No code is accepted twice all the same."""
    people.second_factors.store_unconfirmed(somsri.id, "sealed")
    people.second_factors.confirm(somsri.id, step=1_000_000, recovery_hashes=["a"], now=NOW)
    steps = (100, 100, 99, 98, 101, 101)  # a telephone's clock may be a step off, on either side
    assert [people.second_factors.use_code(somsri.id, step=step) for step in steps] == [
        True, False, False, False, True, False,
    ]  # fmt: skip
