"""What every ``People`` does."""

from __future__ import annotations

import pytest

from archive.errors import Conflict, NotFound
from archive.model import Role
from archive.ports import People


def test_people_are_kept(people: People) -> None:
    somsri = people.add("สมศรี", "hash-1", Role.STAFF)
    admin = people.add("กานดา", "hash-2", Role.ADMIN)
    assert people.person(somsri.id) == somsri
    assert people.by_name("สมศรี") == (somsri, "hash-1")
    assert people.by_name("ไม่มี") is None
    assert people.everyone() == [admin, somsri]
    with pytest.raises(NotFound):
        people.person(99)


def test_a_name_belongs_to_one_person(people: People) -> None:
    people.add("สมศรี", "hash", Role.STAFF)
    with pytest.raises(Conflict):
        people.add("สมศรี", "other", Role.ADMIN)
    assert len(people.everyone()) == 1


def test_disabling_and_passwords(people: People) -> None:
    somsri = people.add("สมศรี", "hash", Role.STAFF)
    people.set_password(somsri.id, "new")
    people.disable("สมศรี")
    found = people.by_name("สมศรี")
    assert found is not None
    assert (found[0].disabled, found[1]) == (True, "new")
    with pytest.raises(NotFound):
        people.disable("ไม่มี")
    with pytest.raises(NotFound):
        people.set_password(99, "x")


def test_tokens_live_until_revoked(people: People) -> None:
    people.add_token("เครื่องสแกน", "hash-1")
    assert people.token_name("hash-1") == "เครื่องสแกน"
    assert people.token_name("other") is None
    with pytest.raises(Conflict):
        people.add_token("เครื่องสแกน", "hash-2")
    people.revoke_token("เครื่องสแกน")
    assert people.token_name("hash-1") is None
    with pytest.raises(NotFound):
        people.revoke_token("เครื่องสแกน")
    people.add_token("เครื่องสแกน", "hash-2")  # the name may be used again
    assert people.token_name("hash-2") == "เครื่องสแกน"
    assert [(name, revoked is None) for name, _, revoked in people.tokens()] == [
        ("เครื่องสแกน", False),
        ("เครื่องสแกน", True),
    ]
