"""Advice to a clerk about a scan, also while its other pages are still being read."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace

import pytest

from archive.model import ReadingStatus, Role, Status
from indexer.extraction.attachment_reader import AttachmentReader, ReadingStopped
from tests.factories.memos import memo
from tests.indexer.extraction.test_recognition import page
from tests.web.conftest import Site


def test_a_coarse_page_and_one_upside_down_are_told_while_the_next_is_read(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    first, scan = page().convert("L").resize((351, 496)).rotate(180), io.BytesIO()  # 60 dpi
    first.save(scan, "PDF", resolution=60, save_all=True, append_images=[page().convert("L")])
    attached = site.attach(made.id, scan.getvalue())
    services = site.services
    assert services.jobs.claim("w", lease=dt.timedelta(minutes=5), now=dt.datetime.now(dt.UTC))
    reader = AttachmentReader(services.records, services.files, ocr_jobs=1)
    with pytest.raises(ReadingStopped):
        reader.read_remaining_pages(attached, lambda: False)
    reader.close()
    assert services.attachments.get(attached.id).status is ReadingStatus.READING
    said = site.signed_in(Role.STAFF).get(f"/staff/announcements/{made.id}").text
    assert "หน้า 1 ความละเอียดต่ำ อ่านได้ไม่ครบ ควรสแกนใหม่ที่ 300 dpi" in said
    assert "หน้า 1 กลับหัวหรือตะแคง (แก้ให้แล้ว)" in said


@pytest.mark.parametrize(
    ("number", "label", "is_told"),
    [("…………", "", True), ("นป 52301/412", "", False), ("…………", "บันทึก ที่ นป 52301/9 เรื่อง หลอดไฟ", False)],
)
def test_a_number_that_could_not_be_read_is_told_beside_the_name(
    site: Site, number: str, label: str, is_told: bool
) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    attached = site.attach(made.id, memo(number=number))
    site.work()
    if label:
        site.services.commands.attachments.relabel(attached.id, label=label, kind=attached.kind, actor="test")
    said = site.signed_in(Role.STAFF).get(f"/staff/announcements/{made.id}").text
    assert ("ระบบอ่านเลขที่ในเอกสารไม่ได้ อาจเขียนด้วยมือ จึงเว้นไว้" in said) == is_told


def test_a_page_in_doubt_as_a_whole_says_so_until_a_person_has_checked_it(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    coarse, scan = page().convert("L").resize((351, 496)), io.BytesIO()  # 60 dpi
    coarse.save(scan, "PDF", resolution=60)
    attached = site.attach(made.id, scan.getvalue())
    site.work()
    read = site.services.pages.get(attached.id, 1)
    site.services.pages.save(replace(read, confidence=0.4, doubts=()))
    clerk, advice = site.signed_in(Role.STAFF), "หน้า 1 ความละเอียดต่ำ"
    form, desk = f"/staff/announcements/{made.id}", f"/staff/attachments/{attached.id}/pages/1"
    assert advice in clerk.get(form).text
    assert "ระบบอ่านทั้งหน้านี้ไม่แน่ใจ" in clerk.get(desk).text
    clerk.post(desk, data={"text": read.text})
    assert advice not in clerk.get(form).text
    shown = clerk.get(desk).text
    assert "ตรวจหน้านี้แล้ว" in shown
    assert "ระบบไม่พบคำที่ไม่แน่ใจ" not in shown
