"""Four more kinds of municipal sites and paperless-ngx, in pages made after their structure."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from lxml import html

from archive.errors import Invalid
from archive.importers.site_rules import load_site
from archive.importers.xpath_rules import documents_linked
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


JOOMLA_5 = """<!doctype html><html lang="th-th"><head><meta charset="utf-8">
<link rel="canonical" href="https://www.nongpladuk.go.th/index.php/news/15-budget"></head><body>
<main><div class="com-content-article item-page">
<meta itemprop="inLanguage" content="th-TH"><div class="page-header"><h1> ข่าวประชาสัมพันธ์ </h1></div>
<div class="page-header"><h2>ประกาศใช้เทศบัญญัติงบประมาณ</h2></div>
<dl class="article-info text-muted"><dt class="article-info-term">รายละเอียด</dt>
<dd class="createdby"><span class="icon-user icon-fw"></span> เขียนโดย: <span>กองคลัง</span></dd>
<dd class="category-name">หมวด: <a href="/index.php/news">การคลัง &amp; งบประมาณ</a></dd>
<dd class="published"><time datetime="2024-06-08T17:30:00+00:00">เผยแพร่เมื่อ: 09 มิถุนายน 2567</time></dd>
<dd class="hits"><span class="icon-eye" aria-hidden="true"></span> ฮิต: 1492</dd></dl>
<div class="com-content-article__body"><h2>หมวดหนึ่ง</h2><p>ประกาศให้ทราบ</p>
<p><a href="../../images/%E0%B8%87%E0%B8%9A.pdf">งบประมาณ</a>
<a href="../../images/%E0%B8%87%E0%B8%9A.pdf">เปิดดู</a>
<iframe src="https://docs.google.com/viewer?url=https%3A%2F%2Fwww.nongpladuk.go.th%2Fimages%2Fmap.pdf">
</iframe></p></div></div></main></body></html>"""


def test_joomla_5(site: Site, tmp_path: Path) -> None:
    saved(tmp_path, "index.php/news/15-budget.html", JOOMLA_5.encode())
    saved(tmp_path, "images/งบ.pdf", memo("งบประมาณ"))
    saved(tmp_path, "images/map.pdf", memo("แผนที่"))
    report = take(site, tmp_path, "joomla")
    assert (report.added, report.files, report.problems) == (1, 2, [])
    (made,) = records(site)
    assert (made.title, made.category) == ("ประกาศใช้เทศบัญญัติงบประมาณ", "การคลัง & งบประมาณ")
    assert (made.published_on, made.views) == (dt.date(2024, 6, 9), 1492)  # half past midnight in Thailand
    assert made.body.startswith("หมวดหนึ่ง\n\nประกาศให้ทราบ")
    assert labels(site, made) == ["งบประมาณ", "map.pdf"]


def test_a_joomla_time_alone_is_told_as_the_day_in_thailand(site: Site, tmp_path: Path) -> None:
    alone = JOOMLA_5.replace('<dd class="published">', "<dd>")
    saved(tmp_path, "index.php/news/15-budget.html", alone.replace("เผยแพร่เมื่อ: 09 มิถุนายน 2567", "").encode())
    assert take(site, tmp_path, "joomla").added == 1
    assert [each.published_on for each in records(site)] == [dt.date(2024, 6, 9)]


@pytest.mark.parametrize("address", ["file/d/KEY9/view", "open?id=KEY9", "uc?export=download&amp;id=KEY9"])
def test_a_document_on_drive_bears_the_text_of_a_link_or_else_its_key(address: str) -> None:
    icon = f'<a href="https://drive.google.com/{address}"><img src="pdf.png"></a>'
    named = icon.replace('<img src="pdf.png">', "ประกาศราคากลาง")
    for links, label in ((icon, "KEY9"), (icon + named, "ประกาศราคากลาง"), (named + icon, "ประกาศราคากลาง")):
        (document,) = documents_linked([*html.fragment_fromstring(links, create_parent="p").iter("a")])
        assert (document.filename, document.label) == (label, label)


def test_the_last_hours_that_there_are_stop_no_import(site: Site, tmp_path: Path) -> None:
    last = JOOMLA_5.replace("2024-06-08T17:30:00+00:00", "9999-12-31T23:59:59+00:00")
    saved(tmp_path, "index.php/news/15-budget.html", last.encode())
    assert take(site, tmp_path, "joomla").added == 1
    assert [each.published_on for each in records(site)] == [dt.date(2024, 6, 9)]  # as it is written beside


@pytest.mark.parametrize("on_disk", ["text", "bytes", "percent"])
def test_thai_names_in_tis_620_are_found_and_readable(site: Site, tmp_path: Path, on_disk: str) -> None:
    coded = "%BB%C3%D0%A1%D2%C8.pdf"  # ประกาศ.pdf
    menu = f'<table><tr><td>9/6/2564</td><td><a href="../doc/{coded}">ราคากลาง</a></td></tr></table>'
    saved(tmp_path, "site/menu/news.html", f"<html><body>{menu}</body></html>".encode("cp874"))
    names = {"text": "ประกาศ.pdf", "bytes": os.fsdecode(unquote_to_bytes(coded)), "percent": coded}
    saved(tmp_path, f"site/doc/{names[on_disk]}", memo("ราคากลาง"))
    report = take(site, tmp_path, "pdf-menu")
    assert (report.added, report.files, report.problems) == (1, 1, [])
    (made,) = records(site)
    (attached,) = site.services.attachments.by_announcement([made.id])[made.id]
    assert (attached.filename, attached.label) == ("ประกาศ.pdf", "ราคากลาง")


def test_a_page_with_a_name_in_tis_620_is_taken(site: Site, tmp_path: Path) -> None:
    name = os.fsdecode("ข่าว.html".encode("cp874"))
    saved(tmp_path, name, JOOMLA_5.encode())
    assert take(site, tmp_path, "joomla").added == 1
    assert take(site, tmp_path, "joomla").already_present == 1


def menu_page(*rows: str) -> bytes:
    listed = "".join(f"<tr><td>9 มิ.ย. 2564</td><td>{row}</td></tr>" for row in rows)
    return f"<html><head><meta charset='utf-8'></head><body><table>{listed}</table></body></html>".encode()


def test_a_list_in_pages_is_taken_once(site: Site, tmp_path: Path) -> None:
    """A row moves to the next page of a list while the pages are saved, and stands on the first page too."""
    first, second = ('<a href="../pdf/1.pdf">ราคากลาง</a>', '<a href="../pdf/2.pdf">ผู้ชนะ</a>')
    saved(tmp_path, "news/news.php?page=1.html", menu_page(first, second))
    saved(tmp_path, "news/news.php?page=2.html", menu_page(second))
    saved(tmp_path, "index.html", menu_page(first.replace("../", "")))
    saved(tmp_path, "news/error.html", b"<html><body><h1>500 Internal Server Error</h1></body></html>")
    for number in (1, 2):
        saved(tmp_path, f"pdf/{number}.pdf", memo(f"เรื่องที่ {number}"))
    report = take(site, tmp_path, "pdf-menu")
    assert (report.added, report.already_present, report.files) == (2, 2, 2)
    assert [where for where, _why in report.problems] == ["news/error.html"]
    assert take(site, tmp_path, "pdf-menu").added == 0


def test_a_menu_that_hands_files_out_by_a_program(site: Site, tmp_path: Path) -> None:
    rows = (
        '<a href="download.php?id=7&amp;file=doc/tor.pdf">ขอบเขตงาน</a>',
        '<a href="get.php?f=b.pdf">แบบ</a>',
    )
    saved(tmp_path, "news.php.html", menu_page(*rows))
    saved(tmp_path, "tor.pdf", memo("ขอบเขตงาน"))
    saved(tmp_path, "get.php?f=b.pdf", memo("แบบแปลน"))  # as wget names it
    report = take(site, tmp_path, "pdf-menu")
    assert (report.added, report.files, report.problems) == (2, 2, [])
    made = [site.services.attachments.by_announcement([each.id])[each.id] for each in records(site)]
    assert [[each.filename for each in attached] for attached in made] == [["tor.pdf"], ["b.pdf"]]


def test_an_error_page_in_the_place_of_a_file_is_named(site: Site, tmp_path: Path) -> None:
    rows = ('<a href="pdf/1.pdf">ราคากลาง</a>', '<a href="pdf/2.pdf">ผู้ชนะ</a>')
    saved(tmp_path, "news.html", menu_page(*rows))
    saved(tmp_path, "pdf/1.pdf", b"<html><body>404 Not Found</body></html>")
    saved(tmp_path, "pdf/2.pdf", memo("ผู้ชนะ"))
    report = take(site, tmp_path, "pdf-menu")
    assert (report.added, report.files, len(report.problems)) == (2, 1, 1)
    assert "1.pdf" in report.problems[0][1]
    saved(tmp_path, "pdf/1.pdf", memo("ราคากลาง"))  # downloaded again
    again = take(site, tmp_path, "pdf-menu")
    assert (again.added, again.files, again.problems) == (0, 1, [])
    assert all("เอกสารแนบ" not in each.body for each in records(site))


def test_a_google_site_of_today(site: Site, tmp_path: Path) -> None:
    linked = (
        "https://www.google.com/url?q=https%3A%2F%2Fwww.nongpladuk.go.th%2Fdoc%2Ftor.pdf&amp;sa=D&amp;sntz=1"
    )
    embedded = (
        '<iframe aria-label="Drive, แผนที่.pdf" src="https://drive.google.com/file/d/1AbC/preview"></iframe>'
    )
    page = GOOGLE.replace("</section>", f'<a href="{linked}">ขอบเขตงาน</a>{embedded}</section>')
    saved(tmp_path, "jobs.html", page.encode())
    for name in ("ใบสมัคร.pdf", "tor.pdf", "แผนที่.pdf"):
        saved(tmp_path, name, memo(name))
    report = take(site, tmp_path, "google-sites")
    assert (report.added, report.files, report.problems) == (1, 3, [])
    (made,) = records(site)
    assert labels(site, made) == ["ใบสมัคร.pdf", "ขอบเขตงาน", "แผนที่.pdf"]


def test_wordpress_of_today(site: Site, tmp_path: Path) -> None:
    """A block of a file embeds it, names it and has a button for it: one document."""
    block = (
        '<div class="wp-block-file"><object class="wp-block-file__embed" data="/wp-content/uploads/tor.pdf"'
        ' aria-label="ฝังไฟล์"></object><a href="/wp-content/uploads/tor.pdf">ขอบเขตงาน</a>'
        '<a href="/wp-content/uploads/tor.pdf" class="wp-block-file__button" download>ดาวน์โหลด</a></div>'
    )
    terms = [[{"taxonomy": "category", "name": "ข่าว &amp; กิจกรรม"}]]
    post = POST | {"content": {"rendered": block, "protected": False}, "_embedded": {"wp:term": terms}}
    saved(tmp_path, "posts-1.json", json.dumps([post]).encode())
    end = {"code": "rest_post_invalid_page_number", "message": "…", "data": {"status": 400}}
    saved(tmp_path, "posts-2.json", json.dumps(end).encode())  # where a loop over the pages ends
    down = {"code": "internal_server_error", "message": "…", "data": {"status": 500}}
    saved(tmp_path, "posts-3.json", json.dumps(down).encode())
    saved(tmp_path, "wp-content/uploads/tor.pdf", memo("ขอบเขตงาน"))
    report = take(site, tmp_path, "wordpress")
    assert (report.added, report.files) == (1, 1)
    assert [where for where, _why in report.problems] == ["posts-3.json"]
    (made,) = records(site)
    assert made.category == "ข่าว & กิจกรรม"
    assert labels(site, made) == ["ขอบเขตงาน"]


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


def test_an_older_export_that_states_midnight_in_utc(site: Site, tmp_path: Path) -> None:
    exported(tmp_path)
    text = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    saved(tmp_path, "manifest.json", text.replace('"2021-06-09"', '"2021-06-08T17:00:00Z"').encode())
    run(site.services.settings.data, "import", str(tmp_path))
    assert [each.published_on for each in records(site)] == [dt.date(2021, 6, 9)]


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
