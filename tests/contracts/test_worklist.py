"""The worklist: one table over all records, with filters and the reasons why a record needs attention."""

from __future__ import annotations

import datetime as dt
import time

from archive.model import Announcement, DocumentKind, Draft, Status
from archive.relations import store_stated_relations_of_changed
from archive.repositories import Records
from archive.worklist import Problem, WorklistFilters
from tests.factories.records import ACTOR

TODAY = dt.date(2026, 11, 28)


def draft(records: Records, title: str, *, actor: str = ACTOR, **values: object) -> Announcement:
    given = Draft(title=title, published_on=dt.date(2026, 1, 1), **values)  # type: ignore[arg-type]
    return records.announcements.create(given, actor=actor)


def listed(records: Records, **filters: object) -> list[int]:
    asked = WorklistFilters(**filters)  # type: ignore[arg-type]
    rows, total = records.worklist.list_rows(asked, today=TODAY, page=1, per_page=50)
    assert total == len(rows)
    return [row.announcement.id for row in rows]


def test_the_record_changed_last_comes_first_and_pages_follow(records: Records) -> None:
    first, second, third = (draft(records, title) for title in ("หนึ่ง", "สอง", "สาม"))
    records.announcements.revise(first.id, {"category": "คลัง"}, actor="สมศรี")
    assert listed(records) == [first.id, third.id, second.id]
    rows, total = records.worklist.list_rows(WorklistFilters(), today=TODAY, page=2, per_page=2)
    assert ([row.announcement.id for row in rows], total) == ([second.id], 3)
    assert (
        records.worklist.list_rows(WorklistFilters(), today=TODAY, page=1, per_page=1)[0][0].changed_by
        == "สมศรี"
    )


def test_filters_narrow_together(records: Records) -> None:
    road = draft(records, "ถนน", author="กองช่าง", category="โยธา", kind=DocumentKind.ORDER)
    draft(records, "ภาษี", author="กองคลัง", category="รายได้")
    assert listed(records, author="กองช่าง", category="โยธา", kind=DocumentKind.ORDER) == [road.id]
    assert listed(records, author="กองช่าง", category="รายได้") == []
    assert listed(records, statuses=(Status.TRASHED,)) == []
    assert listed(records, changed_since=dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == []
    assert records.worklist.most_used_values("author") == ["กองคลัง", "กองช่าง"]
    assert records.worklist.count_by_status(WorklistFilters(author="กองช่าง"), today=TODAY)[Status.DRAFT] == 1


def test_ids_that_a_search_found_keep_their_order(records: Records) -> None:
    first, second, third = (draft(records, title) for title in ("หนึ่ง", "สอง", "สาม"))
    assert listed(records, ids=[second.id, third.id, first.id, 999]) == [second.id, third.id, first.id]
    assert listed(records, ids=[]) == []


def test_a_record_belongs_to_its_maker_until_it_is_assigned(records: Records) -> None:
    made = draft(records, "ของสมศรี", actor="สมศรี")
    assert listed(records, person="สมศรี") == [made.id]
    records.announcements.revise(made.id, {"assigned_to": "มานะ"}, actor="หัวหน้า")
    assert listed(records, person="สมศรี") == []
    assert listed(records, person="มานะ") == [made.id]


def test_each_problem_is_counted_and_shown_at_its_record(records: Records) -> None:
    scheduled = draft(records, "ตั้งเวลา")
    records.announcements.revise(
        scheduled.id, {"publish_at": dt.datetime(2027, 1, 1, tzinfo=dt.UTC)}, actor=ACTOR
    )
    for days, title in ((0, "วันสุดท้าย"), (7, "ใกล้"), (8, "ไกล"), (-1, "เลย")):
        made = draft(records, title, expires_on=TODAY + dt.timedelta(days=days))
        records.announcements.set_status(made.id, Status.PUBLISHED, actor=ACTOR)
    untitled = draft(records, "")
    counts = records.worklist.count_by_problem(today=TODAY)
    assert {problem: count for problem, count in counts.items() if count} == {
        Problem.UNTITLED: 1,
        Problem.SCHEDULED: 1,
        Problem.EXPIRING: 2,
    }
    assert listed(records, problem=Problem.UNTITLED) == [untitled.id]
    rows, _ = records.worklist.list_rows(
        WorklistFilters(problem=Problem.SCHEDULED), today=TODAY, page=1, per_page=9
    )
    assert [(row.announcement.id, row.problems[0].problem) for row in rows] == [
        (scheduled.id, Problem.SCHEDULED)
    ]


def follow(records: Records) -> None:
    while store_stated_relations_of_changed(records, limit=2):
        pass


def test_a_relation_that_a_text_states_is_listed_until_somebody_decides(records: Records) -> None:
    kind, text = DocumentKind.ORDER, "ให้ยกเลิกคำสั่งเทศบาล ที่ ๕/๒๕๖๔"
    newer = draft(records, "คำสั่ง ที่ 12/2564", kind=kind, body=text)
    follow(records)
    assert listed(records, problem=Problem.RELATION) == []  # what it cancels is not here yet
    older = draft(records, "ปิดสนามกีฬา", kind=kind)
    draft(records, "คำสั่ง ที่ 15/2564", kind=kind)
    follow(records)
    assert listed(records, problem=Problem.RELATION) == []
    records.announcements.revise(older.id, {"title": "คำสั่ง ที่ ๕/๒๕๖๔"}, actor=ACTOR)
    follow(records)
    assert listed(records, problem=Problem.RELATION) == [newer.id]
    assert records.worklist.count_by_problem(today=TODAY)[Problem.RELATION] == 1
    for status, is_listed in ((Status.TRASHED, False), (Status.DRAFT, True)):
        records.announcements.set_status(older.id, status, actor=ACTOR)
        assert bool(listed(records, problem=Problem.RELATION)) is is_listed
    records.announcements.revise(newer.id, {"body": ""}, actor=ACTOR)
    follow(records)
    assert listed(records, problem=Problem.RELATION) == []
    records.announcements.revise(newer.id, {"body": text}, actor=ACTOR)
    follow(records)
    assert listed(records, problem=Problem.RELATION) == [newer.id]
    records.relations.decide(newer.id, older.id, None, actor=ACTOR)
    assert listed(records, problem=Problem.RELATION) == []
    follow(records)
    assert listed(records, problem=Problem.RELATION) == []


def test_a_date_that_many_cite_costs_each_of_them_little(records: Records) -> None:
    """All were issued on the day that all cite: each new one may be what the others mean."""
    order = Draft(
        title="แต่งตั้ง",
        kind=DocumentKind.ORDER,
        body="ให้ยกเลิกคำสั่งเทศบาล ลงวันที่ 9 มิถุนายน 2564",
        published_on=dt.date(2021, 6, 9),
    )

    def seconds_for(count: int) -> float:
        with records.batch():
            for _ in range(count):
                records.announcements.create(order, actor=ACTOR)
        began, read = time.process_time(), 0
        while looked_through := store_stated_relations_of_changed(records, limit=20):
            assert looked_through <= 40
            read += looked_through
        assert read <= 4 * count
        return time.process_time() - began

    few = seconds_for(60)
    assert seconds_for(240) < 20 * few  # 8 times; 59 where each change has all the others read again


def test_texts_of_what_is_not_published_are_yielded(records: Records) -> None:
    hidden = draft(records, "ร่าง", body="มะม่วง")
    shown = draft(records, "เผยแพร่")
    records.announcements.set_status(shown.id, Status.PUBLISHED, actor=ACTOR)
    texts = dict(records.worklist.last_changed_unpublished_texts(limit=10))
    assert texts.keys() == {hidden.id}
    assert texts[hidden.id].startswith("ร่าง\n")
    assert "มะม่วง" in texts[hidden.id]
