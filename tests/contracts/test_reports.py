"""Contract of every ``Records``: residents' reports."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.errors import NotFound, TooMany
from archive.ports import Records
from archive.reports import ReportDraft, ReportKind
from storage import mappers
from storage.engine import Engine
from storage.repositories import reports
from tests.contracts.samples import ACTOR, attached, published


def test_a_report_is_read_finished_and_opened_again(records: Records) -> None:
    made = published(records)
    paper = attached(records, made)
    wrong = ReportDraft(
        kind=ReportKind.WRONG, text="วันที่ผิด", announcement_id=made.id, attachment_id=paper.id, page=2
    )
    for given in (wrong, ReportDraft(kind=ReportKind.NOT_FOUND, query="น้ำไม่ไหล"), wrong):
        records.add_report(given)
    records.add_report(ReportDraft(kind=ReportKind.PERSONAL_DATA, announcement_id=made.id))
    urgent, first, second = records.open_reports()
    assert urgent.kind is ReportKind.PERSONAL_DATA
    assert (first.text, first.attachment_id, first.page, first.count) == ("วันที่ผิด", paper.id, 2, 2)
    assert (second.query, second.announcement_id, second.count) == ("น้ำไม่ไหล", None, 1)
    records.finish_report(first.id, actor=ACTOR)
    assert [each.id for each in records.open_reports()] == [urgent.id, second.id]
    assert [(each.id, each.done_by) for each in records.finished_reports(limit=9)] == [(first.id, ACTOR)]
    records.reopen_report(first.id)
    assert [each.id for each in records.open_reports()] == [urgent.id, first.id, second.id]
    with pytest.raises(NotFound):
        records.finish_report(99, actor=ACTOR)


def test_old_finished_ones_go_and_a_flood_is_refused(
    records: Records, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_OPEN_REPORTS", 2)
    for text in ("หนึ่ง", "สอง"):
        records.add_report(ReportDraft(kind=ReportKind.OTHER, text=text))
    with pytest.raises(TooMany):
        records.add_report(ReportDraft(kind=ReportKind.OTHER, text="สาม"))
    records.add_report(ReportDraft(kind=ReportKind.OTHER, text="สอง"))  # the same once more takes no room
    old = records.open_reports()[0]
    records.finish_report(old.id, actor=ACTOR)
    past = mappers.time_text(dt.datetime.now(dt.UTC) - reports.FINISHED_FOR - dt.timedelta(days=1))
    engine.run("UPDATE report SET done_at = :past WHERE id = :id", past=past, id=old.id)
    records.add_report(ReportDraft(kind=ReportKind.OTHER, text="สาม"))
    assert records.finished_reports(limit=9) == []
