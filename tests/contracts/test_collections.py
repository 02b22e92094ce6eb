"""Collections: ordered lists under addresses that stay."""

from __future__ import annotations

import pytest

from archive.errors import NotFound
from archive.model import CollectionLine
from archive.repositories import Records
from tests.factories.records import ACTOR, published


def test_a_collection_keeps_its_order_and_its_address(records: Records) -> None:
    first, second = published(records, "แผนพัฒนาท้องถิ่น"), published(records, "แผนจัดซื้อจัดจ้าง")
    items = (
        CollectionLine("O2 แผน", second.id),
        CollectionLine("O2 แผน", first.id),
        CollectionLine("O3 ยังไม่มี", None),
    )
    made = records.collections.save(None, title="OIT 2569", body="คำอธิบาย", items=items, actor=ACTOR)
    assert (made.title, made.body, made.items, made.updated_by) == ("OIT 2569", "คำอธิบาย", items, ACTOR)

    turned = tuple(reversed(items))
    again = records.collections.save(made.id, title="OIT", body="", items=turned, actor="อีกคน")
    assert (again.id, again.items, again.updated_by) == (made.id, turned, "อีกคน")
    assert records.collections.get(made.id) == again


def test_every_change_of_a_collection_is_kept(records: Records) -> None:
    listed = published(records)
    made = records.collections.save(
        None, title="เดิม", body="", items=[CollectionLine("O1", None)], actor="หนึ่ง"
    )
    items = [CollectionLine("O1", listed.id), CollectionLine("O2", None)]
    changed = records.collections.save(made.id, title="ใหม่", body="", items=items, actor="สอง")
    again = records.collections.save(made.id, title="ใหม่", body="", items=items, actor="สาม")
    assert again == changed  # nothing different
    first, second = records.collections.history(made.id)
    assert (first.action, first.actor, first.before) == ("create", "หนึ่ง", {})
    assert first.after == {"title": "เดิม", "body": "", "items": [["O1", None]]}
    assert (second.action, second.actor) == ("revise", "สอง")
    assert second.before == {"title": "เดิม", "items": [["O1", None]]}
    assert second.after == {"title": "ใหม่", "items": [["O1", listed.id], ["O2", None]]}
    assert second.at >= changed.updated_at > made.updated_at


def test_collections_are_listed_and_found_by_announcement(records: Records) -> None:
    listed, other = published(records), published(records)
    old = records.collections.save(
        None, title="เก่า", body="", items=[CollectionLine("", listed.id)], actor=ACTOR
    )
    new = records.collections.save(None, title="ใหม่", body="", items=[], actor=ACTOR)
    assert records.collections.all() == [new, old]
    assert records.collections.with_announcement(listed.id) == [old]
    assert records.collections.with_announcement(other.id) == []


def test_an_unknown_collection_is_not_found(records: Records) -> None:
    with pytest.raises(NotFound):
        records.collections.get(7)
    with pytest.raises(NotFound):
        records.collections.history(7)
    with pytest.raises(NotFound):
        records.collections.save(7, title="ไม่มี", body="", items=[], actor=ACTOR)
