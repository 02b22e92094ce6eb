"""The copy for a USB stick: whole for residents, and nothing in it that residents may not see."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from urllib.parse import urlsplit

from archive.disclosure import DisclosureEntry
from archive.model import CollectionLine, RelationKind, Status, TextSource
from archive.thai import today
from tests.factories.archives import read
from tests.factories.memos import memo
from tests.operation.archives import flip, run, stored
from tests.web.conftest import Site
from web.sample.scans import ScanLook, make_scan

NEXT_YEAR = today() + dt.timedelta(days=365)
SECRET = "มะม่วงน้ำปลาหวาน"


def filled(site: Site) -> int:
    """Returns the id of a public announcement with a document of a page."""
    made = site.announcement("ซ่อมถังประปา", body="บ้านดอนมะกอก ๑๒ หลัง", author="กองช่าง")
    site.attach(made.id, memo("ให้ซ่อมถังประปา"), "บันทึก.pdf")
    read(site.services, "ข้อความในเอกสาร ถังประปา", pages=1)
    for status in (Status.DRAFT, Status.WITHDRAWN, Status.TRASHED):
        hidden = site.announcement(f"{SECRET} {status}", status=status, body=SECRET, category=SECRET)
        site.services.commands.collections.save(
            None,
            title="ชุด",
            body="",
            items=[CollectionLine(SECRET, hidden.id), CollectionLine("O1", made.id)],
            actor="test",
        )
    held = site.announcement("มีเอกสารที่ยังไม่อ่าน")
    site.attach(held.id, memo(SECRET), f"{SECRET}.pdf")
    for each in (made, hidden):
        entry = DisclosureEntry(year=2569, item="structure", part=0, announcement_id=each.id)
        site.services.disclosure.assign(entry, actor="test")
    return made.id


def test_the_copy_is_whole_and_holds_nothing_hidden(site: Site, tmp_path: Path) -> None:
    id = filled(site)
    copy = tmp_path / "usb"
    ran = run(site.services.settings.data, "export-site", str(copy))
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("ส่งออก 2 เรื่อง 1 ไฟล์")
    for path in copy.rglob("*"):
        assert SECRET not in path.name
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
    page = (copy / "announcements" / f"{id}.html").read_text(encoding="utf-8")
    assert "ข้อความในเอกสาร ถังประปา" in page
    disclosed = (copy / "disclosure" / "2569.html").read_text(encoding="utf-8")
    assert f'href="../announcements/{id}.html"' in disclosed
    assert "disclosure/2569.html" in (copy / "index.html").read_text(encoding="utf-8")
    (original,) = (copy / "files" / str(id)).iterdir()
    (kept,) = [
        each for each in stored(site.services.settings.data) if each.stat().st_size == original.stat().st_size
    ]
    assert original.read_bytes() == kept.read_bytes()


def test_every_link_of_the_copy_leads_to_a_file_of_it(site: Site, tmp_path: Path) -> None:
    filled(site)
    copy = tmp_path / "usb"
    run(site.services.settings.data, "export-site", str(copy))
    links = 0
    for page in copy.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
            if not urlsplit(target).scheme:
                assert (page.parent / target).resolve().is_file(), (page, target)
                links += 1
    assert links > 20
    styles = (copy / "static" / "site.css").read_text(encoding="utf-8")
    assert all(
        (copy / "static" / name).resolve().is_file() for name in re.findall(r'url\("([^"]+)"\)', styles)
    )


def test_a_copy_says_what_is_cancelled_and_by_what(site: Site, tmp_path: Path) -> None:
    older, newer = site.announcement("คำสั่งปิดสนามกีฬา"), site.announcement("คำสั่งเปิดสนามกีฬา")
    draft = site.announcement(f"ร่าง {SECRET}", status=Status.DRAFT)
    decide = site.services.commands.announcements.decide_relation
    decide(newer.id, older.id, RelationKind.CANCELS, actor="test")
    decide(draft.id, newer.id, RelationKind.CANCELS, actor="test")
    copy = tmp_path / "usb"
    run(site.services.settings.data, "export-site", str(copy))
    old, new, listed, found = (
        (copy / each).read_text(encoding="utf-8")
        for each in (
            f"announcements/{older.id}.html",
            f"announcements/{newer.id}.html",
            "index.html",
            "search-data/0.js",
        )
    )
    assert "ยกเลิกแล้วโดย" in old
    assert f'href="../announcements/{newer.id}.html"' in old
    assert f'href="../announcements/{older.id}.html"' in new
    assert "ยกเลิกแล้วโดย" not in new
    assert listed.count('<li class="ended">ยกเลิกแล้ว</li>') == 1
    assert found.count('"ended": true') == 1
    assert SECRET not in old + new + listed + found


def test_a_copy_says_what_is_over_and_what_was_read_from_a_picture(site: Site, tmp_path: Path) -> None:
    over = site.announcement("รับสมัคร", expires_on=dt.date(2021, 7, 1))
    scan = site.attach(over.id, make_scan(memo("ให้ซ่อมถังประปา"), ScanLook(), seed=3))
    printed = site.announcement("ยังเปิดรับ", expires_on=NEXT_YEAR)
    site.attach(printed.id, memo("ให้ซ่อมถังประปา"))
    site.work()
    assert site.services.pages.get(scan.id, 1).source is TextSource.OCR
    run(site.services.settings.data, "export-site", str(tmp_path / "usb"))
    first, second = (
        (tmp_path / "usb" / "announcements" / f"{each.id}.html")
        .read_text(encoding="utf-8")
        .replace('<wbr aria-hidden="true">', "")
        for each in (over, printed)
    )
    notice = "ระบบอ่านข้อความจากภาพสแกน อาจมีคำผิด โปรดยึดไฟล์ต้นฉบับ"
    assert (notice in first, notice in second) == (True, False)
    assert ("หมดเขตแล้ว" in first, "หมดเขตแล้ว" in second) == (True, False)
    assert "หมดเขต" in second


def test_a_copy_replaces_nothing_and_names_what_is_damaged(site: Site, tmp_path: Path) -> None:
    filled(site)
    data = site.services.settings.data
    for path in stored(data):
        flip(path, 10)
    ran = run(data, "export-site", str(tmp_path / "usb"))
    assert ran.exit_code == 1
    assert "damaged" in ran.stderr
    assert "ไม่มีไฟล์ต้นฉบับในสำเนานี้" in (tmp_path / "usb" / "announcements" / "1.html").read_text(
        encoding="utf-8"
    )
    again = run(data, "export-site", str(tmp_path / "usb"))
    assert again.exit_code == 1
    assert "exists already" in again.stderr


def test_a_copy_goes_on_without_a_record_that_cannot_be_read_and_names_it(site: Site, tmp_path: Path) -> None:
    id = filled(site)
    site.services.database.run("UPDATE announcement SET kind = 'x' WHERE id = :id", id=id)  # type: ignore[attr-defined]
    ran = run(site.services.settings.data, "export-site", str(tmp_path / "usb"))
    assert ran.exit_code == 1, ran.output
    assert f"announcement {id}" in ran.stderr
    pages = [page.stem for page in (tmp_path / "usb" / "announcements").iterdir()]
    assert len(pages) == 1
    assert str(id) not in pages
