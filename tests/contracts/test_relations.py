"""Contract of every ``Records``: relations between announcements."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.errors import NotFound
from archive.model import Relation, RelationKind, Status
from archive.ports import Records
from archive.relations import standing
from tests.contracts.samples import ACTOR, draft, published


def test_a_decision_is_kept_from_both_sides_and_can_be_changed(records: Records) -> None:
    older, newer = published(records), published(records)
    before = records.last_change()
    records.decide_relation(newer.id, older.id, RelationKind.AMENDS, actor=ACTOR)
    records.decide_relation(newer.id, older.id, RelationKind.CANCELS, actor=ACTOR)
    assert records.relations(older.id) == records.relations(newer.id)
    assert records.relations(older.id) == [
        Relation(newer_id=newer.id, older_id=older.id, kind=RelationKind.CANCELS)
    ]
    assert {id for id, _ in records.changed_since(before, limit=9)} == {older.id, newer.id}
    assert records.history(older.id)[-1].after == {"relation": f"cancelled-by {newer.id}"}
    assert records.history(newer.id)[-1].before == {"relation": f"amends {older.id}"}
    records.decide_relation(newer.id, older.id, None, actor=ACTOR)
    assert records.relations(newer.id)[0].kind is None
    assert records.public_relations() == []
    with pytest.raises(NotFound):
        records.decide_relation(newer.id, 99, RelationKind.CANCELS, actor=ACTOR)


def test_only_published_announcements_end_others(records: Records) -> None:
    older, amended, newer = published(records), published(records), published(records)
    records.decide_relation(newer.id, older.id, RelationKind.REPLACES, actor=ACTOR)
    records.decide_relation(newer.id, amended.id, RelationKind.AMENDS, actor=ACTOR)
    assert records.no_longer_in_force() == {older.id}
    assert len(records.public_relations()) == 2
    records.set_status(newer.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด")
    assert records.no_longer_in_force() == set()
    assert records.public_relations() == []


def test_a_chain_names_no_draft(records: Records) -> None:
    first, second = published(records), published(records)
    hidden = records.create(draft("ความลับ"), actor=ACTOR)
    last = published(records)
    for newer, older in ((second, first), (hidden, second), (last, hidden), (last, second)):
        records.decide_relation(newer.id, older.id, RelationKind.CANCELS, actor=ACTOR)
    found = standing(records, first)
    assert [each.id for each in found.chain] == [first.id, second.id, last.id]
    assert found.ended == {first.id, second.id}
    assert not found.is_in_force
    assert standing(records, last).is_in_force


def test_announcements_are_found_by_number_title_and_date(records: Records) -> None:
    made = published(records, "คำสั่งเทศบาล ที่ ๕/๒๕๖๔ เรื่อง แต่งตั้งคณะกรรมการ")
    published(records, "คำสั่งเทศบาล ที่ 15/2564", published_on=dt.date(2020, 1, 1))
    assert records.with_number("5/2564") == [made.id]
    assert records.with_title("แต่งตั้งคณะ") == [made.id]
    assert records.dated(made.published_on) == [made.id]
    records.set_status(made.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด")
    records.set_status(made.id, Status.TRASHED, actor=ACTOR)
    assert (
        records.with_number("5/2564") == records.with_title("แต่งตั้ง") == records.dated(made.published_on) == []
    )
