"""Contract of every ``Records``: relations between announcements."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.errors import NotFound
from archive.model import Relation, RelationKind, Status
from archive.relations import published_relations
from archive.repositories import Records
from tests.factories.records import ACTOR, draft, published


def test_a_decision_is_kept_from_both_sides_and_can_be_changed(records: Records) -> None:
    older, newer = published(records), published(records)
    before = records.history.last_change()
    records.relations.decide(newer.id, older.id, RelationKind.AMENDS, actor=ACTOR)
    records.relations.decide(newer.id, older.id, RelationKind.CANCELS, actor=ACTOR)
    assert records.relations.list_decisions(older.id) == records.relations.list_decisions(newer.id)
    assert records.relations.list_decisions(older.id) == [
        Relation(newer_id=newer.id, older_id=older.id, kind=RelationKind.CANCELS)
    ]
    assert {id for id, _ in records.history.changed_since(before, limit=9)} == {older.id, newer.id}
    assert records.history.entries(older.id)[-1].after == {"relation": f"cancelled-by {newer.id}"}
    assert records.history.entries(newer.id)[-1].before == {"relation": f"amends {older.id}"}
    records.relations.decide(newer.id, older.id, None, actor=ACTOR)
    assert records.relations.list_decisions(newer.id)[0].kind is None
    assert records.relations.list_public() == []
    with pytest.raises(NotFound):
        records.relations.decide(newer.id, 99, RelationKind.CANCELS, actor=ACTOR)


def test_a_draft_leaves_the_time_of_the_older_record_as_it_is(records: Records) -> None:
    older, newer = published(records), records.announcements.create(draft(), actor=ACTOR)
    for kind in (RelationKind.CANCELS, None):
        records.relations.decide(newer.id, older.id, kind, actor=ACTOR)
        assert records.announcements.get(older.id).updated_at == older.updated_at
        assert records.history.entries(older.id)[-1].action == "relate"
    records.announcements.set_status(newer.id, Status.PUBLISHED, actor=ACTOR)
    records.relations.decide(newer.id, older.id, RelationKind.CANCELS, actor=ACTOR)
    assert records.announcements.get(older.id).updated_at > older.updated_at


@pytest.mark.parametrize("later", [Status.WITHDRAWN, Status.DRAFT])
def test_what_a_draft_ends_is_harvested_again_once_the_draft_is_published(
    records: Records, later: Status
) -> None:
    older, dismissed, newer = (
        published(records),
        published(records),
        records.announcements.create(draft(), actor=ACTOR),
    )
    records.relations.decide(newer.id, older.id, RelationKind.CANCELS, actor=ACTOR)
    records.relations.decide(newer.id, dismissed.id, None, actor=ACTOR)
    for status in (Status.PUBLISHED, later):
        before = records.announcements.get(older.id).updated_at
        last_change = records.history.last_change()
        records.announcements.set_status(newer.id, status, actor=ACTOR, reason="ผิด")
        assert records.announcements.get(older.id).updated_at > before
        assert {id for id, _ in records.history.changed_since(last_change, limit=9)} == {older.id, newer.id}
    assert records.announcements.get(dismissed.id).updated_at == dismissed.updated_at
    assert records.history.entries(older.id)[-1].action == "relate"


def test_an_announcement_is_harvested_again_once_the_one_that_it_ends_is_published(records: Records) -> None:
    older, newer = records.announcements.create(draft(), actor=ACTOR), published(records)
    records.relations.decide(newer.id, older.id, RelationKind.CANCELS, actor=ACTOR)
    before = records.announcements.get(newer.id).updated_at
    records.announcements.set_status(older.id, Status.PUBLISHED, actor=ACTOR)
    assert records.announcements.get(newer.id).updated_at > before


def test_only_published_announcements_end_others(records: Records) -> None:
    older, amended, newer = published(records), published(records), published(records)
    records.relations.decide(newer.id, older.id, RelationKind.REPLACES, actor=ACTOR)
    records.relations.decide(newer.id, amended.id, RelationKind.AMENDS, actor=ACTOR)
    assert records.relations.ids_no_longer_in_force() == {older.id}
    assert records.relations.amended_ids() == {amended.id}
    assert len(records.relations.list_public()) == 2
    records.announcements.set_status(newer.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด")
    assert records.relations.ids_no_longer_in_force() == records.relations.amended_ids() == set()
    assert records.relations.list_public() == []


def test_a_chain_names_no_draft(records: Records) -> None:
    first, second = published(records), published(records)
    hidden = records.announcements.create(draft("ความลับ"), actor=ACTOR)
    last = published(records)
    for newer, older in ((second, first), (hidden, second), (last, hidden), (last, second)):
        records.relations.decide(newer.id, older.id, RelationKind.CANCELS, actor=ACTOR)
    found = published_relations(records, first)
    assert [each.id for each in found.chain] == [first.id, second.id, last.id]
    assert found.ended == {first.id, second.id}
    assert not found.is_in_force
    assert published_relations(records, last).is_in_force


def test_announcements_are_found_by_number_title_and_date(records: Records) -> None:
    made = published(records, "คำสั่งเทศบาล ที่ ๕/๒๕๖๔ เรื่อง แต่งตั้งคณะกรรมการ")
    published(records, "คำสั่งเทศบาล ที่ 15/2564", published_on=dt.date(2020, 1, 1))
    assert records.relations.find_ids_naming_document_number("5/2564") == [made.id]
    assert records.relations.find_ids_by_title_phrase("แต่งตั้งคณะ") == [made.id]
    assert records.relations.find_ids_by_date(made.published_on) == [made.id]
    records.announcements.set_status(made.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด")
    records.announcements.set_status(made.id, Status.TRASHED, actor=ACTOR)
    assert (
        records.relations.find_ids_naming_document_number("5/2564")
        == records.relations.find_ids_by_title_phrase("แต่งตั้ง")
        == records.relations.find_ids_by_date(made.published_on)
        == []
    )
