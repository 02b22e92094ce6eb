"""Scans are read with the place names that their own organisation published."""

from __future__ import annotations

import io

import pytest

from archive.model import Status
from tests.indexer.extraction.test_recognition import page
from tests.web.conftest import Site

TITLES = ("ซ่อมถนนตำบลเวียงพางคำ", "ตลาดนัด ตำบลเวียงพางคำ", "ภาษีที่ดินตำบลเวียงพางคำ")


@pytest.mark.parametrize(("status", "read"), [(Status.PUBLISHED, "เวียงพางคำ"), (Status.DRAFT, "เวียงพางตำ")])
def test_a_name_of_published_titles_is_read_and_one_of_drafts_is_not(
    site: Site, status: Status, read: str
) -> None:
    for title in TITLES:
        site.announcement(title, status=status)
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    scan = io.BytesIO()
    page(("ประกาศเทศบาลตำบลแม่สาย", "ขอเชิญประชาชนตำบลเวียงพางตำร่วมประชุม")).save(scan, "PDF", resolution=150)
    attached = site.attach(made.id, scan.getvalue())
    site.work()
    said = site.services.pages.get(attached.id, 1)
    assert f"ตำบล{read}ร่วมประชุม" in said.text
    if status is Status.PUBLISHED:  # what was read first stays findable
        assert any("ต" in doubt.alternatives for doubt in said.doubts), said.doubts
