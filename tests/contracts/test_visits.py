"""Contract of every ``Records``: visits."""

from __future__ import annotations

import datetime as dt

from archive.ports import Records
from storage.repositories.visits import VISIT_WINDOW
from tests.contracts.samples import ACTOR, NOW, published

MOMENT = dt.timedelta(seconds=1)


def test_a_visitor_counts_once_in_a_window(records: Records) -> None:
    announcement = published(records, views=492)
    assert records.count_visit(announcement.id, "a", now=NOW)
    assert not records.count_visit(announcement.id, "a", now=NOW + VISIT_WINDOW - MOMENT)
    assert records.count_visit(announcement.id, "b", now=NOW)
    assert records.count_visit(announcement.id, "a", now=NOW + VISIT_WINDOW + MOMENT)
    assert records.announcement(announcement.id).views == 492 + 3


def test_records_are_counted_apart(records: Records) -> None:
    first, second = published(records), published(records)
    assert records.count_visit(first.id, "a", now=NOW)
    assert records.count_visit(second.id, "a", now=NOW)
    assert {one.views for one in records.announcements([first.id, second.id]).values()} == {1}


def test_visits_leave_search_and_history_alone(records: Records) -> None:
    announcement = published(records)
    before = records.last_change()
    records.count_visit(announcement.id, "a", now=NOW)
    assert records.last_change() == before
    assert records.changed_since(before, limit=10) == []
    assert len(records.history(announcement.id)) == 1


def test_a_new_baseline_keeps_the_counted_visits_on_top(records: Records) -> None:
    announcement = published(records, views=10)
    records.count_visit(announcement.id, "a", now=NOW)
    assert records.revise(announcement.id, {"views": 492}, actor=ACTOR).views == 493


def test_running_totals_grow(records: Records) -> None:
    assert records.tallies() == {}
    for amount in (2, 3, 0):
        records.tally("pages read", amount)
    records.tally("OCR milliseconds", 1500)
    assert records.tallies() == {"pages read": 5, "OCR milliseconds": 1500}
