"""Contract of every ``Records``: announcements and their history."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import replace

import pytest

from archive.errors import Conflict, NotFound
from archive.model import DocumentKind, Status
from archive.repositories import Records
from archive.transfer_ports import CarriedRecord
from storage import mappers
from storage.engine import Engine
from storage.repositories.transfer import EngineTransfer
from tests.factories.records import ACTOR, NOW, draft, published


def test_keeps_what_was_given(records: Records) -> None:
    given = draft(
        body="เนื้อความ\nบรรทัดสอง",
        author="จับกังไซเบอร์",
        kind=DocumentKind.ORDER,
        category="สวัสดิการ",
        views=492,
        ref="old-17",
        old_url="/news/17.html",
    )
    made = records.announcements.create(given, actor=ACTOR)
    assert made == records.announcements.get(made.id)
    for field in ("title", "body", "author", "published_on", "kind", "category", "views", "ref", "old_url"):
        assert getattr(made, field) == getattr(given, field)
    assert made.status is Status.DRAFT
    assert made.created_at.tzinfo is not None


def test_unknown_ids_are_not_found(records: Records) -> None:
    for asked in (
        lambda: records.announcements.get(1),
        lambda: records.announcements.revise(1, {"title": "ก"}, actor=ACTOR),
        lambda: records.announcements.set_status(1, Status.PUBLISHED, actor=ACTOR),
        lambda: records.history.entries(1),
        lambda: records.usage_statistics.count_visit(1, "visitor", now=NOW),
    ):
        with pytest.raises(NotFound):
            asked()
    assert records.announcements.get_many([1, 2]) == {}


def test_names_what_was_withdrawn_or_revised_since_a_change(records: Records) -> None:
    _kept, revised, gone, back = (published(records) for _ in range(4))
    before = records.history.last_change()
    assert records.history.ids_to_hide_since(before) == set()
    for one in (gone, back):
        records.announcements.set_status(one.id, Status.WITHDRAWN, actor=ACTOR, reason="พิมพ์ผิด")
    records.announcements.set_status(back.id, Status.PUBLISHED, actor=ACTOR)
    records.announcements.revise(revised.id, {"title": "ชื่อใหม่"}, actor=ACTOR)
    assert records.history.ids_to_hide_since(before) == {gone.id, revised.id}
    assert records.history.ids_to_hide_since(records.history.last_change()) == set()


def test_finds_by_ref_and_by_old_address(records: Records) -> None:
    made = published(records, ref="ก-1", old_url="/old/1")
    assert records.announcements.by_external_ref("ก-1") == made
    assert records.announcements.by_old_url("/old/1") == made
    assert records.announcements.by_external_ref("ก-2") is None
    assert records.announcements.by_old_url("/old/2") is None


def test_a_ref_belongs_to_one_record(records: Records) -> None:
    published(records, ref="ก-1")
    second = published(records, ref="ก-2")
    with pytest.raises(Conflict) as refused:
        records.announcements.create(draft(ref="ก-1"), actor=ACTOR)
    assert refused.value.code == "ref-taken"
    with pytest.raises(Conflict):
        records.announcements.revise(second.id, {"ref": "ก-1"}, actor=ACTOR)
    assert records.announcements.list_page(statuses=list(Status), page=1, per_page=10)[1] == 2


def test_a_revision_keeps_before_and_after_of_what_changed(records: Records) -> None:
    made = published(records, author="ก")
    revised = records.announcements.revise(
        made.id, {"title": "ชื่อใหม่", "author": "ก", "published_on": dt.date(2022, 1, 2)}, actor=ACTOR
    )
    assert (revised.title, revised.published_on) == ("ชื่อใหม่", dt.date(2022, 1, 2))
    entry = records.history.entries(made.id)[-1]
    assert (entry.action, entry.actor) == ("revise", ACTOR)
    assert entry.before == {"title": made.title, "published_on": "2021-06-09"}
    assert entry.after == {"title": "ชื่อใหม่", "published_on": "2022-01-02"}


def test_a_revision_without_a_difference_writes_nothing(records: Records) -> None:
    made = published(records)
    assert records.announcements.revise(made.id, {"title": made.title}, actor=ACTOR) == made
    assert len(records.history.entries(made.id)) == 1


def test_status_steps_are_kept_with_their_reason(records: Records) -> None:
    made = published(records)
    withdrawn = records.announcements.set_status(made.id, Status.WITHDRAWN, actor=ACTOR, reason="ประกาศผิดฉบับ")
    assert (withdrawn.status, withdrawn.reason) == (Status.WITHDRAWN, "ประกาศผิดฉบับ")
    trashed = records.announcements.set_status(made.id, Status.TRASHED, actor=ACTOR)
    assert trashed.reason == "ประกาศผิดฉบับ"
    restored = records.announcements.set_status(made.id, Status.DRAFT, actor=ACTOR)
    assert (restored.status, restored.reason) == (Status.DRAFT, "")
    steps = [(entry.action, entry.reason) for entry in records.history.entries(made.id)[1:]]
    assert steps == [("withdraw", "ประกาศผิดฉบับ"), ("trash", ""), ("restore", "")]
    assert records.history.entries(made.id)[1].before == {"status": "published"}


def test_a_status_that_moved_on_is_a_conflict(records: Records) -> None:
    made = published(records)
    records.announcements.set_status(made.id, Status.WITHDRAWN, actor=ACTOR, expected_status=Status.PUBLISHED)
    with pytest.raises(Conflict):
        records.announcements.set_status(
            made.id, Status.WITHDRAWN, actor=ACTOR, expected_status=Status.PUBLISHED
        )


def test_lists_newest_first_by_status(records: Records) -> None:
    old = published(records, "เก่า", published_on=dt.date(2019, 1, 1))
    first = published(records, "วันเดียวกัน 1")
    second = published(records, "วันเดียวกัน 2")
    records.announcements.create(draft("ร่าง"), actor=ACTOR)
    found, total = records.announcements.list_page(statuses=[Status.PUBLISHED], page=1, per_page=2)
    assert ([one.id for one in found], total) == ([second.id, first.id], 3)
    found, total = records.announcements.list_page(statuses=[Status.PUBLISHED], page=2, per_page=2)
    assert ([one.id for one in found], total) == ([old.id], 3)
    assert records.announcements.published_ids() == [second.id, first.id, old.id]
    titles = records.announcements.published_titles(old.organisation, limit=2)
    assert titles == ["วันเดียวกัน 2", "วันเดียวกัน 1"]
    assert records.announcements.published_titles(old.organisation + 1, limit=2) == []


def test_every_change_that_search_must_follow_is_told_once_and_in_order(records: Records) -> None:
    first, second = published(records), published(records)
    start = records.history.last_change()
    assert records.history.changed_since(start, limit=10) == []
    revised = records.announcements.revise(first.id, {"title": "ใหม่"}, actor=ACTOR)
    withdrawn = records.announcements.set_status(second.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด")
    again = records.announcements.revise(first.id, {"title": "ใหม่กว่า"}, actor=ACTOR)
    assert start < revised.change < withdrawn.change < again.change == records.history.last_change()
    assert records.history.changed_since(start, limit=10) == [
        (second.id, withdrawn.change),
        (first.id, again.change),
    ]
    assert records.history.changed_since(start, limit=1) == [(second.id, withdrawn.change)]


def test_only_drafts_whose_time_has_come_are_due(records: Records) -> None:
    later = NOW + dt.timedelta(hours=1)
    due, not_yet, gone = (records.announcements.create(draft(), actor=ACTOR) for _ in range(3))
    bangkok = dt.timezone(dt.timedelta(hours=7))
    records.announcements.revise(due.id, {"publish_at": NOW.astimezone(bangkok)}, actor=ACTOR)
    records.announcements.revise(not_yet.id, {"publish_at": later}, actor=ACTOR)
    records.announcements.revise(gone.id, {"publish_at": NOW}, actor=ACTOR)
    records.announcements.set_status(gone.id, Status.TRASHED, actor=ACTOR)
    assert records.announcements.ids_due_for_publication(NOW) == [due.id]
    assert records.announcements.get(due.id).publish_at == NOW
    assert records.announcements.set_status(due.id, Status.PUBLISHED, actor=ACTOR).publish_at is None


def test_a_batch_is_kept_whole_or_not_at_all(records: Records) -> None:
    with records.batch():
        published(records, ref="1")
        with pytest.raises(Conflict):  # undoes itself only
            published(records, ref="1")
        published(records, ref="2")
    assert records.announcements.by_external_ref("2") is not None
    with suppress(NotFound), records.batch():
        published(records, ref="3")
        records.announcements.get(999)
    assert records.announcements.by_external_ref("3") is None


def test_searches_that_found_nothing_are_counted(records: Records) -> None:
    for query in ("เลขทะเบียน", "ภาษีป้าย", "ภาษีป้าย"):
        records.usage_statistics.record_missed_search_unless_personal(query)
    assert [(miss.query, miss.count) for miss in records.usage_statistics.list_missed_searches()] == [
        ("ภาษีป้าย", 2),
        ("เลขทะเบียน", 1),
    ]
    records.usage_statistics.delete_missed_search("ภาษีป้าย")
    assert [miss.query for miss in records.usage_statistics.list_missed_searches()] == ["เลขทะเบียน"]


@pytest.mark.parametrize(
    "query",
    [
        "3-2001-00123-45-0",
        "โทร ๐๘๑ ๒๓๔ ๕๖๗๘",
        "123456789",
        "นางพิกุล แก้วงามเด่น",
        "พิกุล  แก้วงามเด่น",
        "สมหมาย ใจซื่อตรง",
    ],
)
def test_a_search_that_may_name_a_person_is_not_kept(records: Records, query: str) -> None:
    records.usage_statistics.record_missed_search_unless_personal(query)
    records.usage_statistics.record_missed_search_unless_personal("คำสั่งที่ 215/2564")
    assert [miss.query for miss in records.usage_statistics.list_missed_searches()] == ["คำสั่งที่ 215/2564"]


def test_a_record_taken_over_after_the_clock_went_back_is_newer_than_all_before(
    engine: Engine, records: Records
) -> None:
    first = published(records)
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    with engine.write():
        engine.run("UPDATE announcement SET updated_at = :at", at=mappers.time_text(ahead))
    carried = CarriedRecord(replace(first, ref="เรื่องจากที่อื่น"))
    taken = EngineTransfer(engine).take_over_record(carried, actor=ACTOR, reason="ย้ายมา")
    assert taken.updated_at > ahead


def test_names_the_last_entry_of_a_history(records: Records) -> None:
    first, second = published(records), published(records)
    records.announcements.revise(first.id, {"title": "ชื่อใหม่"}, actor=ACTOR)
    for one in (first, second):
        assert records.history.last_entry_id(one.id) == records.history.entries(one.id)[-1].id
    assert records.history.last_entry_id(999) == 0


def test_a_touch_is_followed_and_is_no_history(records: Records) -> None:
    first, second = published(records), published(records)
    records.history.queue_for_indexing([first.id, 999])
    assert records.history.changed_since(second.change, limit=10) == [(first.id, second.change + 1)]
    assert records.announcements.get(first.id).updated_at == first.updated_at
    assert len(records.history.entries(first.id)) == 1


def test_months_count_what_is_published(records: Records) -> None:
    for day in (dt.date(2021, 6, 9), dt.date(2021, 6, 30), dt.date(2020, 12, 1)):
        published(records, published_on=day)
    records.announcements.create(draft(published_on=dt.date(2019, 1, 1)), actor=ACTOR)
    assert records.announcements.count_by_month() == [(2021, 6, 2), (2020, 12, 1)]
