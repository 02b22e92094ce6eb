"""Changes of announcements and collections together: the latest first, narrowed, and by bulk."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.changes import HistoryFilters
from archive.errors import NotFound
from archive.model import CollectionLine
from archive.repositories import Records
from tests.factories.records import published


def test_changes_of_both_are_merged_and_narrowed(records: Records) -> None:
    made = published(records, "ประกาศ")
    with records.batch("พร้อมกัน"):
        records.announcements.revise(made.id, {"category": "คลัง"}, actor="สมศรี")
        kept = records.collections.save(
            None, title="OIT", body="", items=[CollectionLine("O1", made.id)], actor="สมศรี"
        )
    records.announcements.revise(made.id, {"category": "ช่าง"}, actor="มานะ")
    latest, *_rest = records.changes.find(HistoryFilters(), limit=9)
    assert (latest.actor, latest.after, latest.bulk) == ("มานะ", {"category": "ช่าง"}, "")
    bulk = records.changes.find(HistoryFilters(bulk="พร้อมกัน"), limit=9)
    assert {(each.announcement_id, each.collection_id) for each in bulk} == {(made.id, None), (None, kept.id)}
    assert [each.action for each in records.changes.find(HistoryFilters(actor="มานะ"), limit=9)] == ["revise"]
    assert records.changes.find(HistoryFilters(since=dt.datetime.max.replace(tzinfo=dt.UTC)), limit=9) == []
    first, second = (records.changes.find(HistoryFilters(), limit=1, offset=at) for at in (0, 1))
    assert first != second
    assert {"สมศรี", "มานะ"} <= set(records.changes.actors())
    assert records.changes.get(latest.id, of="announcement") == latest
    with pytest.raises(NotFound):
        records.changes.get(10_000, of="announcement")
    with pytest.raises(NotFound):
        records.changes.get(10_000, of="collection")
