"""Contract of every ``Records``: residents' reports."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.errors import NotFound, TooMany
from archive.reports import ReportDraft, ReportKind
from archive.repositories import Records
from storage import mappers
from storage.engine import Engine
from storage.repositories import reports
from tests.factories.records import ACTOR, attached, published


def test_a_report_is_read_finished_and_opened_again(records: Records) -> None:
    made = published(records)
    paper = attached(records, made)
    wrong = ReportDraft(
        kind=ReportKind.WRONG, text="วันที่ผิด", announcement_id=made.id, attachment_id=paper.id, page=2
    )
    for given in (wrong, ReportDraft(kind=ReportKind.NOT_FOUND, query="น้ำไม่ไหล"), wrong):
        records.reports.add_or_count(given)
    records.reports.add_or_count(ReportDraft(kind=ReportKind.PERSONAL_DATA, announcement_id=made.id))
    urgent, first, second = records.reports.list_open()
    assert urgent.kind is ReportKind.PERSONAL_DATA
    assert (first.text, first.attachment_id, first.page, first.count) == ("วันที่ผิด", paper.id, 2, 2)
    assert (second.query, second.announcement_id, second.count) == ("น้ำไม่ไหล", None, 1)
    records.reports.finish(first.id, actor=ACTOR)
    assert [each.id for each in records.reports.list_open()] == [urgent.id, second.id]
    assert [(each.id, each.done_by) for each in records.reports.list_finished(limit=9)] == [(first.id, ACTOR)]
    records.reports.reopen(first.id)
    assert [each.id for each in records.reports.list_open()] == [urgent.id, first.id, second.id]
    with pytest.raises(NotFound):
        records.reports.finish(99, actor=ACTOR)


def test_old_finished_ones_go_and_a_flood_is_refused(
    records: Records, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_OPEN_REPORTS", 2)
    for text in ("หนึ่ง", "สอง"):
        records.reports.add_or_count(ReportDraft(kind=ReportKind.OTHER, text=text))
    with pytest.raises(TooMany):
        records.reports.add_or_count(ReportDraft(kind=ReportKind.OTHER, text="สาม"))
    records.reports.add_or_count(
        ReportDraft(kind=ReportKind.OTHER, text="สอง")
    )  # the same once more takes no room
    old = records.reports.list_open()[0]
    records.reports.finish(old.id, actor=ACTOR)
    past = mappers.time_text(dt.datetime.now(dt.UTC) - reports.FINISHED_FOR - dt.timedelta(days=1))
    engine.run("UPDATE report SET done_at = :past WHERE id = :id", past=past, id=old.id)
    records.reports.add_or_count(ReportDraft(kind=ReportKind.OTHER, text="สาม"))
    assert records.reports.list_finished(limit=9) == []
