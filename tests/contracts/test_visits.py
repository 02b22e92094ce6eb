"""Contract of every ``Records``: visits."""

from __future__ import annotations

import datetime as dt

from archive.repositories import Records
from storage.repositories.usage_statistics import VISIT_WINDOW
from tests.factories.records import ACTOR, NOW, published

MOMENT = dt.timedelta(seconds=1)


def test_a_visitor_counts_once_in_a_window(records: Records) -> None:
    announcement = published(records, views=492)
    assert records.usage_statistics.count_visit(announcement.id, "a", now=NOW)
    assert not records.usage_statistics.count_visit(announcement.id, "a", now=NOW + VISIT_WINDOW - MOMENT)
    assert records.usage_statistics.count_visit(announcement.id, "b", now=NOW)
    assert records.usage_statistics.count_visit(announcement.id, "a", now=NOW + VISIT_WINDOW + MOMENT)
    assert records.announcements.get(announcement.id).views == 492 + 3


def test_records_are_counted_apart(records: Records) -> None:
    first, second = published(records), published(records)
    assert records.usage_statistics.count_visit(first.id, "a", now=NOW)
    assert records.usage_statistics.count_visit(second.id, "a", now=NOW)
    assert {one.views for one in records.announcements.get_many([first.id, second.id]).values()} == {1}


def test_visits_leave_search_and_history_alone(records: Records) -> None:
    announcement = published(records)
    before = records.history.last_change()
    records.usage_statistics.count_visit(announcement.id, "a", now=NOW)
    assert records.history.last_change() == before
    assert records.history.changed_since(before, limit=10) == []
    assert len(records.history.entries(announcement.id)) == 1


def test_a_new_baseline_keeps_the_counted_visits_on_top(records: Records) -> None:
    announcement = published(records, views=10)
    records.usage_statistics.count_visit(announcement.id, "a", now=NOW)
    assert records.announcements.revise(announcement.id, {"views": 492}, actor=ACTOR).views == 493


def test_running_totals_grow(records: Records) -> None:
    assert records.usage_statistics.running_totals() == {}
    for amount in (2, 3, 0):
        records.usage_statistics.add_to_total("pages read", amount)
    records.usage_statistics.add_to_total("OCR milliseconds", 1500)
    assert records.usage_statistics.running_totals() == {"pages read": 5, "OCR milliseconds": 1500}
