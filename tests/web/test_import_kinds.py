"""Four more kinds of municipal sites and paperless-ngx, in pages made after their structure."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from archive.errors import Invalid
from archive.importers.site_rules import load_site
from archive.model import Announcement, Status
from tests.factories.memos import memo
from tests.operation.archives import run
from tests.web.conftest import BROWSER, Site
from web.importing import ImportReport, import_site

JOOMLA = """<!doctype html><html><head><meta charset="utf-8"><title>x</title>
<link rel="canonical" href="http://www.nongpladuk.go.th/index.php/news/12-tender"></head><body>
<nav><a href="/files/menu.pdf">คู่มือ</a></nav><div class="item-page" itemscope>
<div class="page-header"><h2 itemprop="headline"> ประกาศสอบราคาจ้างก่อสร้างถนน </h2></div>
<dl class="article-info">
<dd class="createdby" itemprop="author">เขียนโดย <span itemprop="name">กองคลัง</span></dd>
<dd class="category-name">หมวด: <a href="/index.php/news">จัดซื้อจัดจ้าง</a></dd>
<dd class="published"><time datetime="2021-06-09T10:22:13+07:00">เผยแพร่เมื่อ 09 มิถุนายน 2564</time></dd>
<dd class="hits">ฮิต: 1,492</dd></dl>
<div itemprop="articleBody"><p>ด้วยเทศบาลมีความประสงค์</p><ul><li>ถนนสายที่ ๑</li></ul>
<p><a href="/images/docs/2564/tor.pdf">ร่างขอบเขตงาน</a> <a href="/index.php/news">กลับ</a></p></div></div>
</body></html>"""

MENU = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-874"></head><body>
<table>
<tr><th>วันที่</th><th>เรื่อง</th></tr>
<tr><td>๙ มิ.ย. ๒๕๖๔</td><td><a href="pdf/1.PDF">ประกาศราคากลาง</a></td></tr>
<tr><td>10/06/2564</td><td><a href="pdf/2.pdf">ประกาศผู้ชนะ</a></td></tr>
<tr><td>ไม่ทราบวัน</td><td><a href="pdf/3.pdf">ไม่มีวันที่</a></td></tr>
<tr><td></td><td><a href="index.php?page=2">หน้าถัดไป</a></td></tr></table></body></html>"""

GOOGLE = """<html><head><title>เทศบาลตำบลหนองปลาดุก - ประกาศรับสมัครพนักงาน</title></head><body>
<div role="navigation">เมนู</div><div role="main"><section><p>ประกาศ ณ วันที่ ๙ มิถุนายน พ.ศ. ๒๕๖๔</p>
<p>รับสมัครคนงานสองอัตรา</p><a href="https://drive.google.com/file/d/1AbC/view">ใบสมัคร.pdf</a></section></div>
<script>var x = 1;</script></body></html>"""

POST = {
    "id": 77,
    "date": "2021-06-09T08:30:00",
    "link": "https://nongpladuk.go.th/2021/06/tender/",
    "title": {"rendered": "ประกาศประกวดราคา &#8220;ถนน&#8221;"},
    "content": {
        "rendered": "<p>รายละเอียด<br>สองบรรทัด</p><p><a href='https://nongpladuk.go.th/wp-content/uploads/2021/06/"
        "%E0%B8%9B%E0%B8%A3%E0%B8%B0%E0%B8%81%E0%B8%B2%E0%B8%A8.pdf'>ดาวน์โหลดประกาศ</a></p>"
    },
    "_embedded": {
        "author": [{"name": "งานพัสดุ"}],
        "wp:term": [
            [{"taxonomy": "category", "name": "จัดซื้อจัดจ้าง"}],
            [{"taxonomy": "post_tag", "name": "ถนน"}],
        ],
    },
}


def take(site: Site, folder: Path, kind: str) -> ImportReport:
    return import_site(site.services, folder, load_site(kind), lambda _done, _total: None)


def records(site: Site) -> list[Announcement]:
    listed, _ = site.services.announcements.list_page(statuses=list(Status), page=1, per_page=50)
    return sorted(listed, key=lambda each: each.id)


def labels(site: Site, announcement: Announcement) -> list[str]:
    return [
        each.label for each in site.services.attachments.by_announcement([announcement.id])[announcement.id]
    ]


def saved(folder: Path, name: str, content: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def test_joomla(site: Site, tmp_path: Path) -> None:
    saved(tmp_path, "index.php/news/12-tender.html", JOOMLA.encode())
    saved(tmp_path, "images/docs/2564/tor.pdf", memo("ขอบเขตงาน"))
    report = take(site, tmp_path, "joomla")
    assert (report.added, report.files, report.problems) == (1, 1, [])
    (made,) = records(site)
    assert (made.title, made.category, made.views) == ("ประกาศสอบราคาจ้างก่อสร้างถนน", "จัดซื้อจัดจ้าง", 1492)
    assert made.author == "กองคลัง"
    assert made.published_on == dt.date(2021, 6, 9)
    assert made.body.startswith("ด้วยเทศบาลมีความประสงค์\n\nถนนสายที่ ๑")
    assert labels(site, made) == ["ร่างขอบเขตงาน"]
    moved = site.client().get("/index.php/news/12-tender", headers=BROWSER)
    assert (moved.status_code, moved.headers["Location"]) == (301, f"/announcements/{made.id}")
    assert take(site, tmp_path, "joomla").already_present == 1


def test_a_menu_of_pdf_links(site: Site, tmp_path: Path) -> None:
    saved(tmp_path, "news.php", MENU.encode("cp874"))
    for number, name in enumerate(("1.PDF", "2.pdf"), start=1):
        saved(tmp_path, f"pdf/{name}", memo(f"เรื่องที่ {number}"))
    report = take(site, tmp_path, "pdf-menu")
    assert (report.added, report.files) == (2, 2)
    ((where, why),) = report.problems
    assert where == "news.php"
    assert "ไม่มีวันที่" in why
    first, second = records(site)
    assert (first.title, first.published_on) == ("ประกาศราคากลาง", dt.date(2021, 6, 9))
    assert (second.title, second.published_on) == ("ประกาศผู้ชนะ", dt.date(2021, 6, 10))
    assert take(site, tmp_path, "pdf-menu").already_present == 2


def test_google_sites(site: Site, tmp_path: Path) -> None:
    saved(tmp_path, "jobs.html", GOOGLE.encode())
    saved(tmp_path, "ใบสมัคร.pdf", memo("ใบสมัคร"))
    report = take(site, tmp_path, "google-sites")
    assert (report.added, report.files, report.problems) == (1, 1, [])
    (made,) = records(site)
    assert (made.title, made.published_on) == ("ประกาศรับสมัครพนักงาน", dt.date(2021, 6, 9))
    assert "เมนู" not in made.body
    assert "var x" not in made.body


def test_wordpress(site: Site, tmp_path: Path) -> None:
    posts = [POST, POST | {"id": 78, "date": "เมื่อวาน"}, POST | {"id": 79, "title": {"rendered": "เรื่องที่สอง"}}]
    saved(tmp_path, "posts-1.json", json.dumps(posts).encode())
    saved(tmp_path, "wp-content/uploads/2021/06/ประกาศ.pdf", memo("ประกาศ"))
    report = take(site, tmp_path, "wordpress")
    assert (report.added, len(report.problems)) == (2, 1)
    made, second = records(site)
    assert (made.title, made.author, made.category) == ("ประกาศประกวดราคา “ถนน”", "งานพัสดุ", "จัดซื้อจัดจ้าง")
    assert made.body.startswith("รายละเอียด\nสองบรรทัด")
    assert second.title == "เรื่องที่สอง"
    assert labels(site, made) == ["ดาวน์โหลดประกาศ"]
    moved = site.client().get("/2021/06/tender/", headers=BROWSER)
    assert moved.status_code == 301
    saved(tmp_path, "posts-2.json", json.dumps([POST]).encode())  # the same post in another saved answer
    assert take(site, tmp_path, "wordpress").added == 0


@pytest.mark.parametrize("content", [b"{", b"[]", b"[1]", b'{"title": null}', b"[" * 100_000])
def test_what_is_no_answer_of_wordpress_is_named(site: Site, tmp_path: Path, content: bytes) -> None:
    saved(tmp_path, "posts.json", content)
    report = take(site, tmp_path, "wordpress")
    assert (report.added, len(report.problems)) == (0, 1)


def test_a_folder_in_which_nothing_is_recognised_is_told(site: Site, tmp_path: Path) -> None:
    saved(tmp_path, "post.html", b"<html><body><h1>page, no answer</h1></body></html>")
    report = take(site, tmp_path, "wordpress")
    assert report.added == 0
    assert "--rules" in report.problems[0][1]
    with pytest.raises(Invalid, match="pdf-menu"):  # the names that there are
        load_site("word-press")


@pytest.mark.parametrize(
    "rules", ['form = "selectors"\nitem = "//["\nfiles = "."', 'form = "other"', "item ="]
)
def test_an_unusable_rule_file_is_refused(tmp_path: Path, rules: str) -> None:
    (tmp_path / "rules.toml").write_text(rules, encoding="utf-8")
    with pytest.raises(Invalid):
        load_site(str(tmp_path / "rules.toml"))


def exported(folder: Path) -> None:
    """An export of paperless-ngx: documents, what they refer to, and their files."""
    entries = [
        {"model": "auth.user", "pk": 3, "fields": {"username": "admin"}},
        {"model": "documents.correspondent", "pk": 1, "fields": {"name": "อบจ. ตัวอย่าง"}},
        {"model": "documents.documenttype", "pk": 5, "fields": {"name": "หนังสือเข้า"}},
        {
            "model": "documents.document",
            "pk": 9,
            "fields": {
                "title": "ขอเชิญประชุม", "correspondent": 1, "document_type": 5, "tags": [], "checksum": "ab12",
                "created": "2021-06-09", "added": "2024-01-02T03:04:05.678900+07:00",
            },
            "__exported_file_name__": "2021-06-09 ขอเชิญประชุม.pdf",
            "__exported_archive_name__": "archive/x.pdf",
        },
        {"model": "documents.document", "pk": 10, "fields": {"title": "ไม่มีไฟล์", "created": "2021-06-09"}},
        {
            "model": "documents.document",
            "pk": 11,
            "fields": {"title": "ออกนอกโฟลเดอร์", "created": "2021-06-09"},
            "__exported_file_name__": "../../etc/passwd",
        },
    ]  # fmt: skip
    saved(folder, "manifest.json", json.dumps(entries).encode())
    saved(folder, "2021-06-09 ขอเชิญประชุม.pdf", memo("ขอเชิญประชุม"))


def test_an_export_of_paperless(site: Site, tmp_path: Path) -> None:
    exported(tmp_path / "export")
    data = site.services.settings.data
    ran = run(data, "import", str(tmp_path / "export"))
    assert ran.exit_code == 1
    assert ran.stdout.startswith("เพิ่ม 1 เรื่อง")
    assert ran.stderr.count("เอกสาร 1") >= 2
    (made,) = records(site)
    assert (made.title, made.author, made.category) == ("ขอเชิญประชุม", "อบจ. ตัวอย่าง", "หนังสือเข้า")
    assert (made.status, made.published_on) == (Status.DRAFT, dt.date(2021, 6, 9))
    (attachment,) = site.services.attachments.by_announcement([made.id])[made.id]
    assert attachment.created_at.isoformat().startswith("2024-01-01T20:04:05")
    assert run(data, "import", str(tmp_path / "export")).stdout.startswith("เพิ่ม 0 เรื่อง มีอยู่แล้ว 1")


def test_an_export_with_a_manifest_for_each_document(site: Site, tmp_path: Path) -> None:
    exported(tmp_path)
    entries = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    saved(tmp_path, "manifest.json", json.dumps(entries[:3]).encode())
    for entry in entries[3:]:
        name = entry.get("__exported_file_name__", "x").rpartition("/")[2].removesuffix(".pdf")
        saved(tmp_path / "json", f"{name}-manifest.json", json.dumps([entry]).encode())
    ran = run(site.services.settings.data, "import", str(tmp_path))
    assert ran.stdout.startswith("เพิ่ม 1 เรื่อง"), ran.output
    (made,) = records(site)
    assert (made.title, made.author, made.category) == ("ขอเชิญประชุม", "อบจ. ตัวอย่าง", "หนังสือเข้า")


def test_an_export_without_a_document_is_a_problem(site: Site, tmp_path: Path) -> None:
    saved(tmp_path, "manifest.json", b"[]")
    ran = run(site.services.settings.data, "import", str(tmp_path))
    assert ran.exit_code == 1
    assert "ไม่มีเอกสาร" in ran.stderr


def test_a_folder_with_another_manifest_is_refused(site: Site, tmp_path: Path) -> None:
    saved(tmp_path, "manifest.json", b'{"name": "an application"}')
    ran = run(site.services.settings.data, "import", str(tmp_path))
    assert ran.exit_code == 1
    assert "paperless" in ran.stderr
