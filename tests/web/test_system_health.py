"""The health page says what does not work, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.model import Role, Status
from storage.backup import rehearsal
from tests.web.conftest import Site
from web.nightly import run_nightly
from web.serving.metrics import SEARCH_SECONDS


def lines(page: str) -> dict[str, str]:
    """Name of each line that needs attention → its whole text."""
    found = re.findall(r'<li class="warn">(.*?)</li>', page, re.DOTALL)
    texts = [" ".join(re.sub("<[^>]+>", " ", each).split()) for each in found]
    names = [re.search(r"<b>(.*?)</b>", each) for each in found]
    return {name[1]: text for name, text in zip(names, texts, strict=True) if name}


def test_records_that_cannot_be_found_are_counted(site: Site) -> None:
    made = site.announcement("ประกาศ")
    site.announcement("ประกาศที่ค้นพบ")
    site.work()
    site.services.index.update((), [made.id], position=site.services.history.last_change())
    page = site.signed_in(Role.ADMIN).get("/staff/health").text
    assert "1 เรื่องที่ค้นไม่พบ" in lines(page)["การค้นหา"]


def test_what_does_not_work_is_named_with_what_to_do(site: Site) -> None:
    broken = site.announcement("ไฟล์เสีย", status=Status.DRAFT)
    site.attach(broken.id, b"%PDF-1.7\n" + b"\0" * 900, "เสีย.pdf")
    site.work()
    site.services.incidents.record("record-deleted", "announcement 7", "last written 2026-01-01")
    page = site.signed_in(Role.ADMIN).get("/staff/health").text
    found = lines(page)
    assert "systemctl restart prakat" in found["ระบบแปลงข้อความ"]
    assert "1 ไฟล์" in found["แปลงข้อความไม่ได้"]
    assert 'href="/staff?problem=failed"' in page
    assert "ยังไม่เคยสำรอง" in found["สำรองข้อมูลล่าสุด"]
    assert "prakat check" in found["หลักฐานว่าข้อมูลสูญหายหรือถูกแก้"]
    assert "announcement 7" in page
    assert "ข้อมูลถูกลบโดยไม่ผ่านระบบ" in page
    assert "record-deleted" not in page
    assert "การค้นหา" not in found


def test_an_index_that_follows_is_neither_wrong_nor_up_to_date(site: Site) -> None:
    def line_with(words: str) -> str:
        page = site.signed_in(Role.ADMIN).get("/staff/health").text
        return next(each for each in re.findall(r"<li.*?</li>", page, re.DOTALL) if words in each)

    site.announcement("อยู่ในดัชนีแล้ว")
    site.work()
    assert "✓" in line_with("เป็นปัจจุบันแล้ว")
    site.announcement("ยังไม่อยู่ในดัชนี")
    line = line_with("รอปรับปรุงอีก")
    assert "การค้นหา" in line
    assert not {"✓", "⚠"} & set(line)


def test_a_good_night_leaves_nothing_to_do_about_backups(site: Site, tmp_path: Path) -> None:
    run_nightly(site.services, tmp_path / "backups")
    page = site.signed_in(Role.ADMIN).get("/staff/health").text
    assert "ไม่พบสิ่งผิดปกติ" in page
    assert not re.findall(r"\((?:clean|restored|files)[^)]*\)", page)
    found = lines(page)
    assert not {"สำรองข้อมูลล่าสุด", "ตรวจคลังล่าสุด", "ซ้อมกู้คืนล่าสุด"} & found.keys()


def test_nights_that_failed_or_never_were_are_told_with_what_to_do(site: Site, tmp_path: Path) -> None:
    admin = site.signed_in(Role.ADMIN)
    found = lines(admin.get("/staff/health").text)
    for name in ("ตรวจคลังล่าสุด", "ซ้อมกู้คืนล่าสุด"):
        assert "systemctl enable --now prakat-nightly.timer" in found[name]
    run_nightly(site.services, tmp_path / "backups")
    blocked = tmp_path / "file"
    blocked.write_text("no directory", encoding="utf-8")
    run_nightly(site.services, blocked / "backups")
    found = lines(admin.get("/staff/health").text)
    assert "prakat doctor" in found["สำรองข้อมูลล่าสุด"]
    assert "สำรองไม่สำเร็จ" in found["สำรองข้อมูลล่าสุด"]


def test_slow_searches_are_counted_without_what_was_typed() -> None:
    before = SEARCH_SECONDS.count_all(), SEARCH_SECONDS.count_above_bucket(1.0)
    for seconds in (0.01, 1.0, 1.5, 9.0):
        SEARCH_SECONDS.observe(seconds)
    assert (SEARCH_SECONDS.count_all() - before[0], SEARCH_SECONDS.count_above_bucket(1.0) - before[1]) == (
        4,
        2,
    )


def test_a_rehearsal_without_room_says_nothing_against_the_backup(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "FREE_AFTERWARDS", 1 << 60)
    run_nightly(site.services, tmp_path / "backups")
    found = lines(site.signed_in(Role.ADMIN).get("/staff/health").text)
    assert "ข้อมูลสำรองไม่ได้เสีย" in found["ซ้อมกู้คืนล่าสุด"]
    assert "เพิ่มที่ว่าง" in found["ซ้อมกู้คืนล่าสุด"]
    assert "สำรองใหม่" not in found["ซ้อมกู้คืนล่าสุด"]
