"""One scan's way through all ports: taken in, read, published, visited, withdrawn."""

from __future__ import annotations

import datetime as dt
import io

from archive.model import Draft, ExtractedField, Page, ReadingResults, ReadingStatus, Status, TextSource
from archive.ports import Files, Jobs
from archive.record_commands import RecordCommands
from archive.repositories import Records
from indexer.extraction.metadata import extract_fields

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)


def test_a_scan_goes_all_the_way(records: Records, jobs: Jobs, files: Files) -> None:
    commands = RecordCommands(records, files, max_upload_bytes=1000, extract_fields=extract_fields)
    draft = Draft(title="ประกาศรับสมัคร", published_on=dt.date(2021, 6, 9), views=492)
    announcement = commands.announcements.create(draft, actor="สมศรี")
    attachment, new = commands.attachments.attach(
        announcement.id, io.BytesIO(b"%PDF-1.7 ..."), filename="ประกาศ.pdf", actor="สมศรี"
    )
    assert new
    claimed = jobs.claim("worker", lease=dt.timedelta(minutes=1), now=NOW)
    assert claimed is not None
    assert claimed.id == attachment.id
    page = Page(
        attachment_id=attachment.id, number=1, text="ด่วน", raw="ด่วน", source=TextSource.OCR, confidence=0.9
    )
    records.pages.save(page)
    details = ReadingResults(fields={"number": ExtractedField(value="มท 1/2564", confidence=0.8)})
    jobs.finish(attachment.id, "worker", page_count=1, details=details, rules=1)
    assert records.attachments.get(attachment.id).status is ReadingStatus.READY
    assert records.pages.get(attachment.id, 1) == page

    assert commands.publication.publish(announcement.id, actor="สมศรี").status is Status.PUBLISHED
    assert records.usage_statistics.count_visit(announcement.id, "visitor", now=NOW)
    assert records.announcements.get(announcement.id).views == 493
    withdrawn = commands.publication.withdraw(announcement.id, actor="สมศรี", reason="ประกาศผิดฉบับ")
    assert withdrawn.reason == "ประกาศผิดฉบับ"
    actions = [change.action for change in records.history.entries(announcement.id)]
    assert actions == ["create", "attach", "publish", "withdraw"]
