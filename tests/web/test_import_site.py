"""Saved pages of an older site, with the files beside them, through the whole archive."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from archive.importers.site_rules import load_site
from tests.factories.memos import memo
from tests.web.conftest import BROWSER, Site
from web.importing import ImportReport, import_site

PAGE = """<!-- saved from url=(0040)http://old.example.go.th/news.php?id=17 -->
<html><head><meta charset="{charset}"><title>x</title></head><body><table><tr><td>เทศบาลตำบลสมมติ</td></tr>
<tr><td><b>ประกาศรับสมัครพนักงานจ้าง</b><br>By : งานธุรการ เมื่อ : 9 เดือน มิถุนายน พ.ศ. 2564 อ่าน : 1,492
<p>รายละเอียดดังนี้</p><ol><li>1. ตำแหน่งคนงาน</li><li>2. ตำแหน่งพนักงานขับรถ</li></ol>
<p>เอกสารแนบ 1. ประกาศรับสมัคร <a href="files/20211106113111.pdf">[20211106113111.pdf]</a></p>
<p>เอกสารแนบ 2. ใบสมัคร <a href="files/20211106113205.pdf">[20211106113205.pdf]</a></p>
<p>&copy; 2015 เทศบาลตำบลสมมติ</p></td></tr></table></body></html>
"""
FIRST, SECOND = "20211106113111.pdf", "20211106113205.pdf"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    page = PAGE.format(charset="windows-874").encode("cp874")
    (folder / "news17.html").write_bytes(page)
    return folder


def take(site: Site, folder: Path) -> ImportReport:
    return import_site(site.services, folder, load_site(), lambda _done, _total: None)


def test_a_page_becomes_a_record_with_its_files_in_order(site: Site, saved: Path) -> None:
    (saved / FIRST).write_bytes(memo("หนึ่ง"))
    (saved / SECOND).write_bytes(memo("สอง"))
    report = take(site, saved)
    assert (report.added, report.files, report.problems) == (1, 2, [])
    record = site.services.announcements.get(1)
    assert (record.title, record.author, record.views) == ("ประกาศรับสมัครพนักงานจ้าง", "งานธุรการ", 1492)
    assert record.published_on == dt.date(2021, 6, 9)
    assert "1. ตำแหน่งคนงาน\n2. ตำแหน่งพนักงานขับรถ" in record.body.replace("\n\n", "\n")
    assert "©" not in record.body
    attachments = site.services.attachments.by_announcement([1])[1]
    assert [(each.position, each.label) for each in attachments] == [(1, "ประกาศรับสมัคร"), (2, "ใบสมัคร")]
    bangkok = dt.timezone(dt.timedelta(hours=7))
    assert attachments[0].created_at == dt.datetime(2021, 6, 11, 11, 31, 11, tzinfo=bangkok)
    moved = site.client().get("/news.php?id=17", headers=BROWSER)
    assert (moved.status_code, moved.headers["Location"]) == (301, "/announcements/1")


def test_a_single_page_is_the_same_record_as_in_its_directory(site: Site, saved: Path) -> None:
    (saved / "other.txt").write_text("no page of the site", encoding="utf-8")
    report = take(site, saved / "news17.html")
    assert (report.added, len(report.problems)) == (1, 2)  # its two files are lost
    assert take(site, saved).already_present == 1


def test_again_it_adds_nothing_twice(site: Site, saved: Path) -> None:
    (saved / FIRST).write_bytes(memo("หนึ่ง"))
    (saved / SECOND).write_bytes(memo("สอง"))
    take(site, saved)
    before = site.services.history.last_change()
    report = take(site, saved)
    assert (report.added, report.already_present, report.files) == (0, 1, 0)
    assert site.services.history.last_change() == before


def test_a_lost_file_does_not_lose_the_record(site: Site, saved: Path) -> None:
    (saved / SECOND).write_bytes(memo("สอง"))
    report = take(site, saved)
    assert (report.added, report.files) == (1, 1)
    ((where, why),) = report.problems
    assert where == "news17.html"
    assert FIRST in why
    mention = f"เอกสารแนบ 1. ประกาศรับสมัคร [{FIRST}]"
    assert site.services.announcements.get(1).body.endswith(mention)
    (saved / FIRST).write_bytes(memo("หนึ่ง"))
    assert take(site, saved).problems == []
    assert mention not in site.services.announcements.get(1).body
    held = site.services.attachments.by_announcement([1])[1]
    assert [each.filename for each in held] == [FIRST, SECOND]


def test_a_file_name_longer_than_disks_allow_is_a_lost_file(site: Site, saved: Path) -> None:
    page = saved / "news17.html"
    page.write_bytes(page.read_bytes().replace(f"files/{FIRST}".encode(), b"files/" + b"1" * 300 + b".pdf"))
    (saved / SECOND).write_bytes(memo("สอง"))
    report = take(site, saved)
    assert (report.added, report.files) == (1, 1)
    ((_, why),) = report.problems
    assert "ไม่พบไฟล์" in why


def test_a_page_that_is_none_is_named_and_the_rest_goes_on(site: Site, saved: Path) -> None:
    (saved / "index.html").write_text("<html><body>ยินดีต้อนรับ</body></html>", encoding="utf-8")
    (saved / "empty.html").write_bytes(b"")
    report = take(site, saved)
    assert report.added == 1
    assert {where for where, _ in report.problems} == {"index.html", "empty.html", "news17.html"}


def other_page(saved: Path, name: str, *, views: str = "7") -> Path:
    page = PAGE.format(charset="utf-8").replace("1,492", views).replace("id=17", f"id={name}")
    path = saved / f"{name}.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.mark.parametrize("views", ["9" * 5_000, "๙" * 5_000, "9," * 4_000 + "9", "99999999999"])
def test_a_view_count_without_end_is_a_problem_of_its_page(site: Site, saved: Path, views: str) -> None:
    other_page(saved, "news18", views=views)
    report = take(site, saved)
    assert report.added == 1
    assert "news18.html" in [where for where, _ in report.problems]


def test_a_pipe_among_the_pages_is_a_problem_and_does_not_hang(site: Site, saved: Path) -> None:
    os.mkfifo(saved / "news18.html")
    os.mkfifo(saved / FIRST)
    report = take(site, saved)
    assert report.added == 1
    assert {"news18.html", "news17.html"} == {where for where, _ in report.problems}


@pytest.mark.parametrize("inside", [True, False])
def test_links_that_lead_outside_are_not_followed(
    site: Site, saved: Path, tmp_path: Path, *, inside: bool
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = other_page(saved if inside else elsewhere, "news18")
    (saved / "linked.html").symlink_to(target)
    (elsewhere / "secret.pdf").write_bytes(memo("ลับ"))
    (saved / FIRST).symlink_to(elsewhere / "secret.pdf")
    (saved / "folder").symlink_to(elsewhere)
    report = take(site, saved)
    assert report.files == 0
    assert report.added == (3 if inside else 1)
    refused = [where for where, why in report.problems if "link leads outside" in why]
    assert refused == ([] if inside else ["linked.html"])


def test_a_page_beyond_measure_is_a_problem(site: Site, saved: Path) -> None:
    with (saved / "news18.html").open("wb") as file:
        file.truncate(1 << 34)  # takes no room on disk
    report = take(site, saved)
    assert report.added == 1
    assert "news18.html" in [where for where, _ in report.problems]
