"""On every engine a list goes on without a row that cannot be read."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

from archive.changes import HistoryFilters
from archive.errors import RecordDamaged
from archive.model import CollectionLine, Draft, Status
from archive.reports import ReportDraft, ReportKind
from archive.repositories import Records
from archive.site_profile import SiteProfile
from archive.subscriptions import Frequency
from storage import mappers
from storage.damaged_rows import DamagedRows
from storage.engine import Engine
from tests.factories.records import ACTOR, attached, new_file, page, published

pytestmark = pytest.mark.behind_its_back


@pytest.mark.parametrize(
    ("column", "value"), [("published_on", "9 มิ.ย."), ("status", "gone"), ("created_at", "")]
)
def test_lists_go_on(engine: Engine, records: Records, column: str, value: str) -> None:
    for number in range(1, 4):
        draft = Draft(title=f"เรื่องที่ {number}", published_on=dt.date(2021, 6, number))
        records.announcements.create(draft, actor="สมศรี", status=Status.PUBLISHED)
    with engine.write():
        engine.run(f"UPDATE announcement SET {column} = :value WHERE id = 2", value=value)
    listed, _ = records.announcements.list_page(statuses=[Status.PUBLISHED], page=1, per_page=10)
    assert [each.id for each in listed] == [3, 1]
    assert set(records.announcements.get_many([1, 2, 3])) == {1, 3}
    assert records.announcements.neighbours(3)[0] is not None
    assert sum(number for _year, _month, number in records.announcements.count_by_month()) in (2, 3)
    assert sum(records.announcements.count_by_status().values()) in (2, 3)
    with pytest.raises(RecordDamaged):
        records.announcements.get(2)
    assert [fault.subject for fault in DamagedRows(engine).find_faults()] == ["announcement 2"]
    rows = DamagedRows(engine)
    rows.check_next_rows()
    assert rows.known_damaged_rows() == ["announcement 2"]


def test_the_log_names_each_damaged_row_by_its_table(
    engine: Engine, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    attachment = attached(records, published(records))
    records.pages.save(page(attachment, text="ความลับของผู้ร้อง"))
    records.collections.save(None, title="แผน", body="", items=[CollectionLine("O1", None)], actor=ACTOR)
    with engine.write():
        engine.run("UPDATE history SET at = 'x' WHERE id = 1")
        engine.run("UPDATE collection_history SET at = 'x' WHERE id = 1")
        engine.run("UPDATE collection SET updated_at = 'x' WHERE id = 1")
        engine.run("UPDATE page SET source = 'x'")
    mappers._reported.clear()
    with caplog.at_level(logging.ERROR, "prakat.storage"):
        for _twice in range(2):
            assert records.collections.all() == []
            records.changes.find(HistoryFilters(), limit=10)
            assert records.pages.by_attachment(attachment.id) == []
    named = [record.row for record in caplog.records]  # type: ignore[attr-defined]
    assert sorted(named) == ["collection 1", "collection_history 1", "history 1", f"page {attachment.id} 1"]


def test_each_row_that_a_list_leaves_out_is_found(engine: Engine, records: Records) -> None:
    attachment = attached(records, published(records))
    for content in (b"second", b"third"):
        records.attachments.replace(attachment.id, new_file(content, "a.pdf"), actor=ACTOR, is_redacted=True)
    records.reports.add_or_count(ReportDraft(kind=ReportKind.OTHER, text="หน้าหาย"))
    records.site_profiles.save(SiteProfile(phone="1669"), actor=ACTOR)
    records.subscriptions.subscribe_within_limits("a@b.th", "ถนน", Frequency.DAILY, language="th", key="k")
    with engine.write():
        engine.run("UPDATE file_version SET replaced_at = 'x' WHERE number = 2")
        for table in ("report", "subscription"):
            engine.run(f"UPDATE {table} SET made_at = 'x'")
        engine.run("UPDATE site_profile SET saved_at = 'x'")
    assert [each.number for each in records.file_versions.by_attachment(attachment.id)] == [1]
    assert records.reports.list_open() == records.site_profiles.versions(limit=1) == []
    assert sorted(fault.subject for fault in DamagedRows(engine).find_faults()) == [
        f"file_version {attachment.id} number 2",
        "report 1",
        "site_profile 1",
        "subscription 1",
    ]
