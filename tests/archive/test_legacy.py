"""Old web pages, in the layouts and encodings that real sites were saved in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import cast

import pytest

from archive.errors import Invalid
from archive.importers.legacy_site import OldFile, OldPage, SiteRules, decode_page, parse_page
from archive.importers.site_rules import load_site

BANGKOK = dt.timezone(dt.timedelta(hours=7))

TEXT = """เทศบาลตำบลตัวอย่าง
ประกาศรับสมัครอาสาสมัครดูแลสวนสาธารณะ
By : สมุดบันทึก เมื่อ : ๑๒ เดือน มีนาคม พ.ศ. ๒๕๖๓  อ่าน : 1,204

ด้วยเทศบาลจะเปิดรับสมัคร  ดังนี้


1. ผู้ดูแลต้นไม้

2. ผู้ดูแลทางเดิน     จำนวน 2 คน

เอกสารแนบ 1.   ใบสมัคร [20201203093015.pdf]


เอกสารแนบ 2.   แผนที่สวน [map.jpg]

© 2015 เทศบาลตำบลตัวอย่าง
99 หมู่ 1
"""

HTML = """<!DOCTYPE html>
<!-- saved from url=(0052)http://old.example.go.th/news/detail.php?id=17&p=2 -->
<html><head><meta charset="{charset}"><title>ไม่ใช่ชื่อเรื่อง</title><style>p {{ color: red }}</style></head>
<body><div>เทศบาลตำบลตัวอย่าง</div><h2>ประกาศรับสมัคร<b>อาสาสมัคร</b></h2>
<div>By : สมุดบันทึก
     เมื่อ : 12 เดือน มีนาคม พ.ศ. 2563 &nbsp;อ่าน : 12</div>
<p>ด้วยเทศบาล<br>จะเปิดรับสมัคร</p><ol><li>1. ผู้ดูแลต้นไม้<li>2. ผู้ดูแลทางเดิน</ol>
<script>document.write("By : x")</script>
<p>เอกสารแนบ 1. <a href="../files/20201203093015.pdf?x=1">ใบสมัคร</a></p>
<footer>สงวนลิขสิทธิ์ 2015</footer></body></html>"""


@pytest.fixture(scope="module")
def rules() -> SiteRules:
    return cast(SiteRules, load_site())


def test_plain_text_page_keeps_title_byline_body_and_order_of_files(rules: SiteRules) -> None:
    page = parse_page(TEXT, name="17", rules=rules)
    assert page.draft.title == "ประกาศรับสมัครอาสาสมัครดูแลสวนสาธารณะ"
    assert page.draft.author == "สมุดบันทึก"
    assert page.draft.published_on == dt.date(2020, 3, 12)
    assert page.draft.views == 1204
    assert page.draft.body == ("ด้วยเทศบาลจะเปิดรับสมัคร  ดังนี้\n\n1. ผู้ดูแลต้นไม้\n\n2. ผู้ดูแลทางเดิน     จำนวน 2 คน")
    assert page.draft.old_url is None
    assert page.files == (
        OldFile("20201203093015.pdf", "ใบสมัคร", dt.datetime(2020, 3, 12, 9, 30, 15, tzinfo=BANGKOK)),
        OldFile("map.jpg", "แผนที่สวน", None),
    )


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("utf-8", "utf-8"), ("tis-620", "cp874"), ("windows-874", "cp874"), ("", "cp874")],
)
def test_html_page_in_every_encoding(rules: SiteRules, charset: str, encoding: str) -> None:
    page = parse_page(
        decode_page(HTML.format(charset=charset).encode(encoding, "ignore")), name="17", rules=rules
    )
    assert page.draft.title == "ประกาศรับสมัครอาสาสมัคร"
    assert page.draft.published_on == dt.date(2020, 3, 12)
    assert page.draft.body == "ด้วยเทศบาล\nจะเปิดรับสมัคร\n\n1. ผู้ดูแลต้นไม้\n\n2. ผู้ดูแลทางเดิน"
    assert page.draft.old_url == "/news/detail.php?id=17&p=2"
    assert page.files == (
        OldFile("20201203093015.pdf", "ใบสมัคร", dt.datetime(2020, 3, 12, 9, 30, 15, tzinfo=BANGKOK)),
    )


def test_one_broken_byte_makes_no_other_letters(rules: SiteRules) -> None:
    broken = HTML.format(charset="utf-8").encode().replace(" ผู้ดูแล".encode(), b"\xe0 " + "ผู้ดูแล".encode(), 1)
    for page in (broken, broken.replace(b'<meta charset="utf-8">', b"")):
        assert parse_page(decode_page(page), name="x", rules=rules).draft.title == "ประกาศรับสมัครอาสาสมัคร"
    mixed = HTML.format(charset="utf-8").encode("cp874", "ignore")  # says UTF-8, and is not
    assert parse_page(decode_page(mixed), name="x", rules=rules).draft.title == "ประกาศรับสมัครอาสาสมัคร"


def test_utf_16_as_windows_notepad_saves_it(rules: SiteRules) -> None:
    assert parse_page(decode_page(TEXT.encode("utf-16")), name="x", rules=rules).draft.views == 1204


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("", "byline"),
        ("หัวข้อ\nเนื้อหา", "byline"),
        ("By : ก เมื่อ : 1 มกราคม 2564 อ่าน : 1", "title"),
        ("หัวข้อ\nBy : ก เมื่อ : เมื่อวาน อ่าน : 1", None),
    ],
)
def test_page_that_is_no_announcement_is_refused_with_what_is_missing(
    rules: SiteRules, page: str, field: str | None
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_page(page, name="x", rules=rules)
    if field is not None:
        assert refused.value.field == field


def test_a_byline_is_not_looked_for_deep_in_a_long_line(rules: SiteRules) -> None:
    title, byline = TEXT.splitlines()[1:3]
    assert parse_page(f"{title}\n{'ก' * 200} {byline}", name="x", rules=rules).draft.views == 1204
    with pytest.raises(Invalid, match="byline"):
        parse_page(f"{title}\n{'ก' * 500} {byline}", name="x", rules=rules)


def test_rules_of_another_site(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(
        r"""
byline = '^โดย (?P<author>\S+) (?P<date>.+) เข้าชม (?P<views>\d+)$'
attachment = '^ไฟล์: (?P<label>.*?) \((?P<file>.+)\)$'
end = '^ติดต่อเรา'
old_url = '/show/{name}'
""",
        encoding="utf-8",
    )
    page = parse_page(
        "ข่าว\nโดย ธุรการ 5 ม.ค. 66 เข้าชม 8\nเนื้อหา\nไฟล์: แบบ ก (a.pdf)\nติดต่อเรา",
        name="n8",
        rules=cast(SiteRules, load_site(str(path))),
    )
    assert (page.draft.author, page.draft.views, page.draft.body) == ("ธุรการ", 8, "เนื้อหา")
    assert page.draft.old_url == "/show/n8"
    assert page.files == (OldFile("a.pdf", "แบบ ก", None),)


@pytest.mark.parametrize("views", [r"(?P<views>\d*)", r"(?:อ่าน (?P<views>\d+))?"])
def test_a_byline_may_lack_what_its_rule_leaves_open(tmp_path: Path, views: str) -> None:
    path = tmp_path / "other.toml"
    path.write_text(
        rf"""
byline = '^(?:โดย (?P<author>\S+) )?เมื่อ (?P<date>\S+ \S+ \d+) ?{views}$'
attachment = '^ไฟล์: (?:(?P<label>\S+) )?(?P<file>\S+\.pdf)$'
end = '^ติดต่อเรา'
""",
        encoding="utf-8",
    )
    (page,) = load_site(str(path)).read_saved_page("ข่าว\nเมื่อ 5 ม.ค. 66\nไฟล์: a.pdf".encode(), "n8")
    assert isinstance(page, OldPage)
    assert (page.draft.author, page.draft.views, page.files) == ("", 0, (OldFile("a.pdf", "a.pdf", None),))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "byline = 3",
        "byline = '('",
        "byline = 'x'\nattachment = 'x'\nend = 'x'",
        "form = 'selectors'\nitem = '//li['\nfiles = './/a'",
        "form = 'selectors'\nitem = 'nothing(//li)'\nfiles = './/a'",
        "form = 'selectors'\nitem = 'count(//li)'\nfiles = './/a'",
        "form = 'selectors'\nitem = '//li'\nfiles = 'string(.//a)'",
        "form = 'selectors'\nitem = '//li'\nfiles = './/a'\ntitle = 'my:title(.)'",
        "form = 'selectors'\nitem = '//li'\nfiles = './/a'\ndate_pattern = '(.+)'",
        "form = 'selectors'\nitem = '//li'\nfiles = './/a'\ntitle_end = '('",
    ],
)
def test_unusable_rules_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid):
        load_site(str(path))
