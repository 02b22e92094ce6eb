"""What every ``People`` does with sessions and failed sign-ins."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.model import Person, Role
from archive.ports import People
from tests.contracts.samples import NOW

IDLE = dt.timedelta(hours=8)
WINDOW = dt.timedelta(minutes=15)


@pytest.fixture
def somsri(people: People) -> Person:
    return people.add("สมศรี", "hash", Role.STAFF)


def test_a_session_lives_while_it_is_used(people: People, somsri: Person) -> None:
    opened = people.open_session(somsri.id, "key", device="Firefox", now=NOW)
    assert people.session("key", idle=IDLE, now=NOW) == (opened, somsri)
    assert people.session("other", idle=IDLE, now=NOW) is None
    assert people.session("key", idle=IDLE, now=NOW + IDLE * 0.9) is not None
    assert people.session("key", idle=IDLE, now=NOW + IDLE * 1.8) is not None
    assert people.sessions(somsri.id)[0].seen_at == NOW + IDLE * 1.8
    assert people.session("key", idle=IDLE, now=NOW + IDLE * 2.9) is None


def test_sessions_can_be_ended_by_their_person_only(people: People, somsri: Person) -> None:
    other = people.add("กานดา", "hash", Role.ADMIN)
    first = people.open_session(somsri.id, "1", device="โทรศัพท์", now=NOW)
    second = people.open_session(somsri.id, "2", device="Chrome", now=NOW)
    assert people.sessions(somsri.id) == [second, first]
    people.close_session(other.id, first.id)
    assert people.session("1", idle=IDLE, now=NOW) is not None
    people.close_session(somsri.id, first.id)
    assert people.session("1", idle=IDLE, now=NOW) is None
    people.close_sessions(somsri.id)
    assert people.sessions(somsri.id) == []


def test_a_disabled_person_is_signed_out(people: People, somsri: Person) -> None:
    people.open_session(somsri.id, "key", device="", now=NOW)
    people.disable("สมศรี")
    assert people.session("key", idle=IDLE, now=NOW) is None


def test_failures_are_counted_within_a_window(people: People) -> None:
    assert people.failures("สมศรี", window=WINDOW, now=NOW) == 0
    assert people.note_failure("สมศรี", window=WINDOW, now=NOW) == 1
    assert people.note_failure("สมศรี", window=WINDOW, now=NOW + WINDOW / 2) == 2
    assert people.note_failure("กานดา", window=WINDOW, now=NOW + WINDOW / 2) == 1
    assert people.failures("สมศรี", window=WINDOW, now=NOW + WINDOW) == 1
    people.forget_failures("สมศรี")
    assert people.failures("สมศรี", window=WINDOW, now=NOW) == 0
    assert people.failures("กานดา", window=WINDOW, now=NOW + WINDOW) == 1
