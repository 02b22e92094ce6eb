"""Contract of ``Accounts`` and ``ApiTokens`` on every engine."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.errors import Conflict, NotFound
from archive.model import ALL_SCOPES, Role, Scope
from archive.ports import People
from tests.factories.records import NOW


def test_people_are_kept(people: People) -> None:
    somsri = people.accounts.add("สมศรี", "hash-1", Role.STAFF)
    admin = people.accounts.add("กานดา", "hash-2", Role.ADMIN)
    assert people.accounts.person(somsri.id) == somsri
    assert people.accounts.by_name("สมศรี") == (somsri, "hash-1")
    assert people.accounts.by_name("ไม่มี") is None
    assert people.accounts.everyone() == [admin, somsri]
    with pytest.raises(NotFound):
        people.accounts.person(99)


def test_a_name_belongs_to_one_person(people: People) -> None:
    people.accounts.add("สมศรี", "hash", Role.STAFF)
    with pytest.raises(Conflict):
        people.accounts.add("สมศรี", "other", Role.ADMIN)
    assert len(people.accounts.everyone()) == 1


def test_disabling_and_passwords(people: People) -> None:
    somsri = people.accounts.add("สมศรี", "hash", Role.STAFF)
    people.accounts.set_password_and_sign_out(somsri.id, "new")
    people.accounts.disable_and_sign_out("สมศรี")
    found = people.accounts.by_name("สมศรี")
    assert found is not None
    assert (found[0].disabled, found[1]) == (True, "new")
    with pytest.raises(NotFound):
        people.accounts.disable_and_sign_out("ไม่มี")
    with pytest.raises(NotFound):
        people.accounts.set_password_and_sign_out(99, "x")


def test_tokens_live_until_revoked(people: People) -> None:
    people.tokens.add("เครื่องสแกน", "hash-1")
    assert names(people, "hash-1") == "เครื่องสแกน"
    assert names(people, "other") is None
    with pytest.raises(Conflict):
        people.tokens.add("เครื่องสแกน", "hash-2")
    people.tokens.revoke("เครื่องสแกน")
    assert names(people, "hash-1") is None
    with pytest.raises(NotFound):
        people.tokens.revoke("เครื่องสแกน")
    people.tokens.add("เครื่องสแกน", "hash-2")  # the name may be used again
    assert names(people, "hash-2") == "เครื่องสแกน"
    assert [(token.name, token.revoked_at is None) for token in people.tokens.all()] == [
        ("เครื่องสแกน", False),
        ("เครื่องสแกน", True),
    ]


def names(people: People, token_hash: str) -> str | None:
    token = people.tokens.use_live_token(token_hash, now=NOW)
    return None if token is None else token.name


def test_a_token_keeps_its_scopes_and_expires(people: People) -> None:
    end = NOW + dt.timedelta(days=1)
    people.tokens.add("เครื่องสแกน", "hash", scopes=frozenset({Scope.READ, Scope.WRITE}), expires_at=end)
    people.tokens.add("เว็บหลัก", "whole")
    found = people.tokens.use_live_token("hash", now=end - dt.timedelta(seconds=1))
    assert found is not None
    assert (found.scopes, found.expires_at) == ({Scope.READ, Scope.WRITE}, end)
    assert people.tokens.use_live_token("hash", now=end) is None
    whole = people.tokens.use_live_token("whole", now=NOW + dt.timedelta(days=9000))
    assert whole is not None
    assert (whole.scopes, whole.expires_at) == (ALL_SCOPES, None)


def test_the_last_use_of_a_token_is_kept_to_the_minute(people: People) -> None:
    people.tokens.add("เครื่องสแกน", "hash")
    assert people.tokens.all()[0].last_used_at is None
    for seconds, last in ((0, 0), (30, 0), (90, 90)):
        people.tokens.use_live_token("hash", now=NOW + dt.timedelta(seconds=seconds))
        assert people.tokens.all()[0].last_used_at == NOW + dt.timedelta(seconds=last)
    people.tokens.use_live_token("other", now=NOW + dt.timedelta(days=1))
    assert people.tokens.all()[0].last_used_at == NOW + dt.timedelta(seconds=90)
