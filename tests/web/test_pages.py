"""Pages as the server makes them: their weight, their guards, and collections."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import html
from markupsafe import escape

from archive.model import DocumentKind, Draft, Page, Role, Status, TextSource
from archive.site_profile import SiteProfile
from archive.thai import BANGKOK, format_date
from indexer.extraction.reading_errors import MESSAGES
from tests.factories.memos import memo
from tests.factories.office_files import docx, paragraph
from tests.web.conftest import BROWSER, Site, heading

MOST_BYTES = 60_000  # of a public page with all it needs but pictures
PARTS = re.compile(r'(?:<link rel="stylesheet" href|<script src)="([^"]+)"')


def test_public_pages_are_light(site: Site) -> None:
    """Counts page, style, script and typefaces, as sent over the network."""
    for number in range(30):
        site.announcement(f"อัตราค่าธรรมเนียมเก็บขนขยะมูลฝอยทั่วไป ฉบับที่ {number}", body="ย่อหน้า\n" * 40)
    attachment = site.attach(1, memo(*["ให้ใช้หลอดไฟแบบประหยัดพลังงานทั้งหมู่บ้าน"] * 12))
    site.work()
    document = f"/announcements/1/attachments/{attachment.id}?q=หลอดไฟ"
    for path in ("/", "/search?q=ขยะ", "/browse", "/announcements/1", document, "/open-data", "/sign-in"):
        assert _weight(site, path) <= MOST_BYTES, path


def _weight(site: Site, path: str) -> int:
    client = site.client()
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 200
    parts = {*PARTS.findall(page.text), "/fonts/sarabun-regular.woff2", "/fonts/sarabun-bold.woff2"}
    assert len(parts) >= 3  # the styles are in the page itself
    total = 0
    for part in (path, *parts):
        with client.get(part, headers=BROWSER | {"Accept-Encoding": "gzip"}) as answer:
            total += len(answer.data)
    return total


def test_what_holds_a_secret_is_not_compressed(site: Site) -> None:
    site.app.config["WTF_CSRF_ENABLED"] = True  # a token stands in the sign-in's form
    asked = {"Accept-Encoding": "gzip"}
    staff = site.client()
    with staff.session_transaction() as session:
        session["key"] = "somebody’s"
    public = site.client().get("/", headers=asked)
    assert public.headers["Content-Encoding"] == "gzip"
    assert "ค้นหา" in gzip.decompress(public.data).decode()
    assert "Accept-Encoding" in public.headers["Vary"]
    for client, path in ((site.client(), "/sign-in"), (staff, "/")):
        assert "Content-Encoding" not in client.get(path, headers=asked).headers
    assert "Content-Encoding" not in site.client().get("/").headers


def test_static_files_are_kept_for_ever_under_their_content(site: Site) -> None:
    [script] = re.findall(r'src="(/static/site.js[^"]+)"', site.client().get("/").text)
    with site.client().get(script) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    with site.client().get("/static/site.js") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]


def test_the_only_styles_inside_a_page_are_those_that_its_policy_names(site: Site) -> None:
    assert "<style" not in site.client().get("/sign-in").text
    for path in ("/", "/search?q=ก", "/browse", "/no-such-page"):
        answer = site.client().get(path)
        [styles] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        digest = b64encode(hashlib.sha256(styles.encode()).digest()).decode()
        policy = answer.headers["Content-Security-Policy"]
        assert f"style-src 'self' 'sha256-{digest}';" in policy


def test_templates_hold_no_inline_code() -> None:
    folder = Path(__file__).parents[2] / "web" / "templates"
    for template in folder.rglob("*.html"):
        text = template.read_text(encoding="utf-8").replace("<style>{{ styles }}</style>", "")
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", text), template
        assert not re.search(r"<script(?! src=| type=\"application/ld\+json\")", text), template


def test_a_collection_from_form_to_page(site: Site) -> None:
    plan = site.announcement("แผนพัฒนาท้องถิ่น")
    hidden = site.announcement("แผนที่ถอนไป", status=Status.WITHDRAWN)
    staff = site.signed_in(Role.STAFF)
    form = {
        "title": "OIT 2569",
        "body": "ข้อมูลที่เปิดเผย",
        "place": ["2", "1", "๑.๕", "9"],
        "label": ["O2 แผน", "O1 โครงสร้าง", "O2 แผน", ""],
        "announcement": [str(plan.id), "", f"http://localhost:8000/announcements/{hidden.id}?q=แผน", ""],
    }
    answer = staff.post("/staff/collections/new", data=form)
    assert answer.status_code == 302
    page = site.client().get("/collections/1").text
    shown = page[page.index("<h1") :]
    assert shown.index("O1 โครงสร้าง") < shown.index("O2 แผน") < shown.index("แผนพัฒนาท้องถิ่น")
    assert page.count("O2 แผน") == 1
    assert "แผนที่ถอนไป" not in page
    assert "/collections/1" in site.client().get(f"/announcements/{plan.id}").text

    wrong = form | {"announcement": ["ไม่ใช่เลข", "", "", ""]}
    assert "ไม่ใช่เลขหรือลิงก์" in staff.post("/staff/collections/1", data=wrong).text
    for foreign in ("https://elsewhere.go.th/announcements/", "http://localhost/neighbour/announcements/"):
        given = form | {"announcement": [f"{foreign}{plan.id}", "", "", ""]}
        assert "ไม่ใช่เลขหรือลิงก์" in staff.post("/staff/collections/1", data=given).text
    unknown = form | {"announcement": ["999", "", "", ""]}
    assert "ไม่มีประกาศเลขที่ 999" in staff.post("/staff/collections/1", data=unknown).text
    assert site.client().post("/staff/collections/1", data=form).status_code == 302  # to the sign-in
    assert site.services.collections.get(1).updated_by == Role.STAFF.value


def test_the_history_shows_the_lines_that_changed(site: Site) -> None:
    made = site.announcement("ประกาศ", body="บรรทัดแรก\nบรรทัดที่ผิด\nบรรทัดท้าย")
    site.services.commands.announcements.revise(
        made.id, {"body": "บรรทัดแรก\nบรรทัดที่ถูก\nบรรทัดท้าย"}, actor="somsri"
    )
    shown = site.signed_in(Role.STAFF).get(f"/staff/announcements/{made.id}/history").text
    assert "<del>…\nบรรทัดที่ผิด\n…</del> → …\nบรรทัดที่ถูก\n…" in shown


@pytest.mark.parametrize("path", ["/collections/7", "/staff/collections/7"])
def test_an_unknown_collection_is_not_found(site: Site, path: str) -> None:
    assert site.signed_in(Role.STAFF).get(path).status_code == 404


def test_doubtful_pages_are_listed_by_title_not_by_file_name(site: Site) -> None:
    made = site.announcement("ประกาศเรื่องจาง")
    attachment = site.attach(made.id, memo("ข้อความ"), "scan_0012.pdf")
    for number, confidence, problem in ((1, 0.31, ""), (2, None, "damaged")):
        site.services.pages.save(
            Page(
                attachment_id=attachment.id,
                number=number,
                text="จาง" if confidence else "",
                raw="",
                source=TextSource.OCR if confidence else TextSource.NONE,
                confidence=confidence,
                problem=problem,
            )
        )
    text = site.signed_in(Role.STAFF).get("/staff/review").text
    assert "ประกาศเรื่องจาง</span> · หน้า 1" in text  # not the name that a scanner gave
    assert "scan_0012.pdf" in text
    assert "31 %" in text
    assert MESSAGES["damaged"] in text


def test_withdrawn_is_gone_with_its_reason(site: Site) -> None:
    withdrawn = site.announcement("ประกาศเดิม", body="เนื้อหาที่ถอนไป", status=Status.WITHDRAWN)
    answer = site.client().get(f"/announcements/{withdrawn.id}")
    assert answer.status_code == 410
    for kept in ("ประกาศเดิม", "9 มิถุนายน 2564", "ลงผิดเรื่อง"):
        assert kept in answer.text
    assert "เนื้อหาที่ถอนไป" not in answer.text


def test_a_title_with_personal_data_is_gone_with_the_withdrawal(site: Site) -> None:
    title = "รายชื่อผู้ได้รับเบี้ย นายสมชาย โทร 081-234-5678"
    made = site.announcement(title, status=Status.DRAFT)
    publication, page = site.services.commands.publication, f"/announcements/{made.id}"
    publication.publish(made.id, actor="x", reason="กฎหมายกำหนดให้ประกาศ")
    publication.withdraw(made.id, actor="x", reason="มีข้อมูลส่วนบุคคล")
    for address in (page, f"/api/v1{page}"):
        answer = site.client().get(address)
        assert answer.status_code == 410
        for gone in ("081-234-5678", "สมชาย"):
            assert gone not in answer.text
        assert "มีข้อมูลส่วนบุคคล" in answer.text
    staff = site.signed_in(Role.STAFF).get(page).text
    assert title in staff
    assert "ประชาชนเห็นเพียงชื่อเรื่อง (ถ้าไม่มีข้อมูลส่วนบุคคล)" in staff


def test_an_announcement_leads_to_those_before_after_and_like_it(site: Site) -> None:
    titles = ("ประกวดราคาจ้างก่อสร้างถนนสายบ้านดอน", "ประกวดราคาจ้างก่อสร้างถนนสายบ้านทุ่ง", "ฉีดวัคซีนสุนัข")
    made = [
        site.announcement(title, published_on=dt.date(2021, month, 1), body=title)
        for month, title in enumerate(titles, start=1)
    ]
    site.announcement("ฉบับร่างระหว่างกลาง", published_on=dt.date(2021, 2, 15), status=Status.DRAFT)
    site.work()
    page = html.fromstring(site.client().get(f"/announcements/{made[1].id}").text)
    assert page.xpath("//a[@rel='prev']/@href") == [f"/announcements/{made[0].id}"]
    assert page.xpath("//a[@rel='next']/@href") == [f"/announcements/{made[2].id}"]
    related = page.xpath("//section[@aria-labelledby='related']//h3/a/@href")
    assert related[0] == f"/announcements/{made[0].id}"


def test_how_a_query_was_read_is_said_in_the_readers_language(site: Site) -> None:
    site.announcement("อบต. กำหนดวันเก็บขยะ", author="Somchai", published_on=dt.date(2017, 1, 5))
    site.announcement("อบต. เก็บขยะ", body="ตามประกาศเดือนมกราคม 2560", author="Somchai")
    site.work()
    client = site.client()
    path = "/search?q=อบต. ขยะ author:Somchai ม.ค. 60"
    told = html.fromstring(client.get(path).text)
    assert "ผู้ประกาศ: Somchai" in told.text_content()
    assert [each.text_content().strip() for each in told.xpath("//ul[contains(@class, 'results')]//h2")] == [
        "อบต. กำหนดวันเก็บขยะ",
        "อบต. เก็บขยะ",  # under a heading of its own
    ]
    assert "พบ 1 เรื่อง" in told.text_content()
    (undo,) = told.xpath("//p[@class='notice']/a/@href")
    assert "แสดงเฉพาะ " not in client.get(undo).text
    client.get("/language/en?next=/")
    page = client.get(path).text
    notices = " ".join(re.findall(r'<p class="notice"[^>]*>(.*?)</p>', page, re.DOTALL))
    assert "Author: Somchai" in notices
    assert "Only of 1 January 2017 – 31 January 2017" in notices
    own = re.sub("“[^”]+”", "", notices)  # without the Thai words that are searched too
    assert not re.search("[ก-๎]", own)


def test_the_number_found_says_what_the_filters_count(site: Site) -> None:
    site.announcement("ซ่อมสะพานไม้", published_on=dt.date(2021, 1, 5))
    site.announcement("ซ่อมสะพาน", published_on=dt.date(2022, 1, 5))
    for _ in range(6):
        site.announcement("ตลาดนัด", published_on=dt.date(2022, 1, 6))
    site.work()
    page = html.fromstring(site.client().get("/search?q=ซ่อม สะพาน ไม้").text)
    (status,) = page.xpath("//p[@role='status']")
    told = "พบ 1 เรื่องที่ตรงทุกคำ และอีก 1 เรื่องที่ตรงบางคำ"
    assert " ".join(status.text_content().split()) == told
    assert f"· {told} ·" in " ".join(page.xpath("string(//title)").split())
    years = page.xpath("//details[summary[text()='ปี']]//li/a/span/span[@aria-hidden]/text()")
    assert sum(map(int, years)) == 2


def test_staff_see_a_draft_as_residents_will(site: Site) -> None:
    draft = Draft(title="", published_on=dt.datetime.now(BANGKOK).date())
    made = site.services.commands.announcements.create(draft, actor="test", may_lack_title=True)
    clerk = site.signed_in(Role.STAFF)
    site.attach(made.id, memo("ให้ซ่อมถังน้ำ", subject="ซ่อมถังน้ำบ้านดอนมะกอก"), "scan_0012.pdf")
    site.work()
    seen = clerk.get(f"/announcements/{made.id}").text
    site.services.commands.publication.publish(made.id, actor="test", reason="ไม่มีผู้ใดเสียหาย")
    published = site.services.announcements.get(made.id)
    label = site.services.attachments.by_announcement([made.id])[made.id][0].label
    assert published.title == "ซ่อมถังน้ำบ้านดอนมะกอก"
    for shown in (published.title, published.kind.thai, published.author, label):
        assert str(escape(shown)) in seen
    assert "scan_0012<" not in seen


def test_the_other_pages_of_a_draft_are_as_residents_will_see_them(site: Site) -> None:
    draft = Draft(title="", published_on=dt.datetime.now(BANGKOK).date())
    made = site.services.commands.announcements.create(draft, actor="test", may_lack_title=True)
    clerk, address = site.signed_in(Role.STAFF), f"/announcements/{made.id}"
    assert heading(clerk.get(address).text) == "(ยังไม่มีชื่อเรื่อง)"
    paper = site.attach(made.id, memo("ให้ซ่อมถังน้ำ", subject="ซ่อมถังน้ำบ้านดอนมะกอก"), "scan_0012.pdf")
    for path in (address, f"{address}/certificate"):
        assert heading(clerk.get(path).text) == "(กำลังแปลงข้อความ)", path
    site.work()
    title, label = "ซ่อมถังน้ำบ้านดอนมะกอก", "บันทึกข้อความ ที่ นป 52301/412 เรื่อง ซ่อมถังน้ำบ้านดอนมะกอก"
    for path, expected in (
        (f"{address}/certificate", title),
        (f"{address}/attachments/{paper.id}", label),
        (f"{address}/attachments/{paper.id}/text", label),
    ):
        seen = clerk.get(path).text
        assert heading(seen) == expected, path
        assert title in seen
        assert "scan 0012" not in seen


def test_a_shared_page_of_a_paper_says_what_it_is(site: Site) -> None:
    made = site.announcement("ให้ซ่อมถังน้ำ")
    attachment = site.attach(made.id, memo("ให้ซ่อมถังน้ำบ้านดอนมะกอก"), "บันทึก.pdf")
    site.work()
    address = f"/announcements/{made.id}/attachments/{attachment.id}"
    page = html.fromstring(site.client().get(address).text)
    told = page.xpath("//meta[@property='og:description']/@content")[0]
    shown = " ".join(page.xpath("string(//p[@class='quiet paper'])").split())
    assert told == f"ให้ซ่อมถังน้ำ · {shown}"
    assert format_date(made.published_on) in shown
    announcement = site.client().get(f"/announcements/{made.id}?q=ถังน้ำ").text
    assert f"{address}?page=1&amp;q=" in announcement.split('id="papers"')[1]  # what was typed goes along


def test_a_paper_of_one_page_tells_on_screen_what_is_in_force_and_has_no_pages_to_turn(site: Site) -> None:
    made = site.announcement("ให้ซ่อมถังน้ำ", kind="order")
    attachment = site.attach(made.id, memo("ให้ซ่อมถังน้ำบ้านดอนมะกอก"), "บันทึก.pdf")
    site.work()
    address = f"/announcements/{made.id}/attachments/{attachment.id}"
    for path in (address, f"{address}/text"):
        page = html.fromstring(site.client().get(path).text)
        for other in ("onlyprint", "noprint"):  # once on the screen, and once on paper
            away = f"ancestor::*[contains(@class, '{other}')]"
            (told,) = page.xpath(f"//p[contains(@class, 'in-force') and not({away})]")
            assert "ยังไม่พบว่ามีประกาศฉบับอื่นมายกเลิก" in told.text_content().replace("\u2060", ""), path
    page = html.fromstring(site.client().get(address).text)
    assert not page.xpath("//input[@name='page']")
    assert "‹" not in page.xpath("string(//nav[contains(@class, 'turning')])")
    assert "สแกนเพื่อเปิดหน้านี้" in page.xpath("string(//div[contains(@class, 'seal')])").replace("\u2060", "")


def test_a_paper_without_pages_to_turn_or_enlarge_has_no_bar_for_them(site: Site) -> None:
    made = site.announcement("ราคากลาง")
    attachment = site.attach(made.id, docx(paragraph("ราคากลางถังประปา")), "ราคากลาง.docx")
    site.work()
    page = site.client().get(f"/announcements/{made.id}/attachments/{attachment.id}").text
    assert "ราคากลางถังประปา" in page
    assert "turning above" not in page


def test_the_most_read_were_read(site: Site) -> None:
    site.announcement("ตลาดนัดชุมชน", views=3)
    site.announcement("งานวันเด็ก")
    site.work()
    page = html.fromstring(site.client().get("/").text)
    (title,) = page.xpath("//ul[@aria-labelledby='most-read']/li")
    assert "ตลาดนัดชุมชน" in title.text_content().replace("\u2060", "")


def test_the_number_of_an_order_is_said_in_the_readers_language(site: Site) -> None:
    made = site.announcement("แต่งตั้งคณะกรรมการ", kind="order")
    paper = site.attach(made.id, memo("ให้แต่งตั้งคณะกรรมการ"), "คำสั่ง.pdf")
    site.services.commands.attachments.relabel(
        paper.id, label="คำสั่งที่ 5/2564 เรื่อง แต่งตั้งคณะกรรมการ", kind=DocumentKind.ORDER, actor="test"
    )
    site.work()
    client = site.client()
    for language, number in (("th", "คำสั่งที่ 5/2564"), ("en", "Order No. 5/2564")):
        client.get(f"/language/{language}?next=/")
        page = html.fromstring(client.get(f"/announcements/{made.id}").text)
        assert page.xpath("string(//li[@class='number'])").strip() == number


def test_a_search_is_followed_by_one_link_and_a_list_without_words_by_its_own_name(site: Site) -> None:
    site.announcement("ตลาดนัดชุมชน")
    site.work()
    for typed, said in (("ตลาด", "ติดตามคำค้นนี้"), ("", "ติดตามรายการนี้")):
        page = html.fromstring(site.client().get("/search", query_string={"q": typed}).text)
        (link,) = page.xpath("//main//a[starts-with(@href, '/follow')]")
        assert link.text_content().replace("\u2060", "") == said


def test_a_result_is_labelled_with_the_kind_of_the_announcement(site: Site) -> None:
    made = site.announcement("ประกาศจัดตั้งศูนย์", kind="announcement")
    paper = site.attach(made.id, memo("ให้ใช้อาคารอเนกประสงค์"), "บันทึก.pdf")
    site.services.commands.attachments.relabel(
        paper.id, label="บันทึกข้อความ", kind=DocumentKind.MEMO, actor="test"
    )
    site.work()
    page = html.fromstring(site.client().get("/search?q=อาคารอเนกประสงค์").text)
    assert page.xpath("string(//li[@class='kind'])") == "ประกาศ"


def test_a_date_that_is_not_understood_is_told(site: Site) -> None:
    site.announcement("แจ้งหยุดจ่ายน้ำ")
    site.work()
    client = site.client()
    assert "อ่านวันที่ “เมื่อวาน” ไม่ออก" in client.get("/search?q=น้ำ&from=เมื่อวาน").text
    assert "อ่านวันที่" not in client.get("/search?q=น้ำ&from=1 ม.ค. 2564&to=").text


def test_a_search_again_without_filters_reads_the_text_in_the_same_way(site: Site) -> None:
    site.announcement("ซ่อมถนน")
    site.work()
    again = "ค้นหาอีกครั้งโดยไม่ใช้ตัวกรอง"
    path = "/search?q=ยูนิคอร์น ปี 2564&any_time=true"
    assert not html.fromstring(site.client().get(path).text).xpath(f'//a[normalize-space()="{again}"]')
    page = html.fromstring(site.client().get(f"{path}&kind=news").text)
    [address] = page.xpath(f'//a[normalize-space()="{again}"]/@href')
    assert "any_time" in address
    assert "kind" not in address


@pytest.mark.parametrize(("typed", "sought"), [("ตกงาน", "ตกงาน"), ("รับสมัคพนักงาน", "รับสมัครพนักงาน")])
def test_a_result_leads_to_the_marked_line_that_answers_in_other_words(
    site: Site, typed: str, sought: str
) -> None:
    announcement = site.announcement("ประกาศเทศบาล")
    site.attach(announcement.id, memo("เทศบาลรับสมัครพนักงานจ้าง"))
    site.work()
    client = site.client()
    results = html.fromstring(client.get("/search", query_string={"q": typed}).text)
    (page,) = results.xpath("//a[@class='find']/@href")
    assert f"q={quote(sought)}" in page
    assert "พบ 1 จุดในหน้านี้" in client.get(page).text


def test_the_list_of_everything_has_a_heading_that_is_seen(site: Site) -> None:
    site.announcement("ตลาดนัดชุมชน")
    site.work()
    for typed, said, is_hidden in (("", "ประกาศทั้งหมด", False), ("ตลาด", "ผลการค้นหา", True)):
        (h1,) = html.fromstring(site.client().get("/search", query_string={"q": typed}).text).xpath("//h1")
        assert (h1.text_content(), "hidden-label" in h1.get("class", "")) == (said, is_hidden)


def test_a_search_without_an_answer_says_where_to_ask(site: Site) -> None:
    site.services.site_profiles.save(SiteProfile(phone="0 4300 0000"), emblem=None, actor="test")
    page = site.client().get("/search?q=water outage").text
    assert "เอกสารเป็นภาษาไทย ลองค้นด้วยคำภาษาไทย" in page
    assert "โทรถามหน่วยงาน 0 4300 0000" in page
    assert "เอกสารเป็นภาษาไทย" not in site.client().get("/search?q=999/2599").text


def test_rules_speak_the_readers_language(site: Site) -> None:
    gone = site.announcement("ประกาศเดิม", status=Status.WITHDRAWN)
    staff = site.signed_in(Role.STAFF)
    empty = {"title": "", "body": ""}
    unknown = {"title": "OIT", "place": ["1"], "label": [""], "announcement": ["999"]}
    long = {"title": "ก" * 600, "published_on": "2021-06-09"}
    for language, said in (
        (
            "th",
            [
                "กรุณากรอกชื่อชุดประกาศ",
                "ไม่มีประกาศเลขที่ 999",
                "ชื่อเรื่องยาวเกินไป (600",
                "ถอนประกาศนี้ออกจากเว็บไซต์แล้ว",
                "ไม่พบประกาศนี้",
            ],
        ),
        (
            "en",
            [
                "fill in: Title of the coll",
                "the number 999",
                "Title: too long (600",
                "withdrawn",
                "no such announcement",
            ],
        ),
    ):
        staff.get(f"/language/{language}?next=/")
        answers = [
            staff.post("/staff/collections/new", data=empty),
            staff.post("/staff/collections/new", data=unknown),
            staff.post("/staff/announcements/new", data=long),
        ]
        resident = site.client()
        resident.get(f"/language/{language}?next=/")
        answers += [resident.get(f"/announcements/{gone.id}"), resident.get("/announcements/999")]
        for words, answer in zip(said, answers, strict=True):
            assert words in answer.text, words
        assert "ลงผิดเรื่อง" in answers[3].text


def test_a_number_read_as_a_year_can_be_undone_and_one_that_is_found_can_be_read_so(site: Site) -> None:
    site.announcement("หยุดจ่ายน้ำประปา")  # of 2564
    site.announcement("ซ่อมถนน", published_on=dt.date(2023, 6, 9))
    site.work()
    page = html.fromstring(site.client().get("/search", query_string={"q": "น้ำประปา 64"}).text)
    links = {link.text_content().strip(): link.get("href") for link in page.xpath("//p[@class='notice']/a")}
    assert "แสดงเฉพาะ พ.ศ. 2564" in page.xpath("//p[@class='notice']")[0].text_content()
    as_typed = site.client().get(links["ค้น “น้ำประปา 64” ตามที่พิมพ์"]).text
    assert "แสดงเฉพาะ" not in as_typed
    site.announcement("ย้ายท่อน้ำประปาถนนสาย 64", published_on=dt.date(2023, 6, 9))
    site.work()
    page = html.fromstring(site.client().get("/search", query_string={"q": "น้ำประปา 64"}).text)
    assert page.xpath("//ul[contains(@class, 'entries')]//h2")[0].text_content().strip().endswith("สาย 64")
    (link,) = page.xpath("//p[@class='notice']/a[contains(., 'ดูเฉพาะของ พ.ศ. 2564')]/@href")
    assert "แสดงเฉพาะ พ.ศ. 2564" in site.client().get(link).text


def test_a_year_alone_that_a_document_has_as_a_number_is_offered_as_a_year(site: Site) -> None:
    site.announcement("ซ่อมถนนตามคำสั่งที่ 215/2564")
    site.work()
    page = html.fromstring(site.client().get("/search", query_string={"q": "2564"}).text)
    (link,) = page.xpath("//p[@class='notice']/a[contains(., 'ดูเฉพาะของ พ.ศ. 2564')]/@href")
    assert "ซ่อมถนน" in site.client().get(link).text


def test_a_correction_is_told_once_and_can_be_undone(site: Site) -> None:
    site.announcement("เทศบาลตำบลหนองปลาดุกรับสมัครงาน")
    site.work()
    page = html.fromstring(site.client().get("/search", query_string={"q": "gmL[k]"}).text)
    notices = [" ".join(each.text_content().split()) for each in page.xpath("//p[@class='notice']")]
    assert notices == ["แสดงผลของ “เทศบาล” แทน “gmL[k]” ค้น “gmL[k]” ตามที่พิมพ์"]
    (link,) = page.xpath("//p[@class='notice']/a/@href")
    as_typed = site.client().get(link).text
    assert "ไม่พบ “gmL[k]”" in as_typed
    assert "แสดงผลของ" not in as_typed


def test_what_concerns_a_village_is_browsed_found_and_followed(site: Site) -> None:
    site.announcement("แจ้งปิดสะพานข้ามลำน้ำ หมู่ 7")
    site.announcement("ซ่อมถนนสายใน", body="กองช่างจะซ่อมถนนในหมู่ที่ ๑๐")
    site.announcement("รายชื่อผู้มีสิทธิ", body="นายสมมติ ตัวอย่างดี หมู่ 5")
    site.announcement("ร่างที่ยังไม่เผยแพร่ หมู่ 3", status=Status.DRAFT)
    site.work()
    client = site.client()
    browse = client.get("/browse").text
    assert [int(each) for each in re.findall(r"village=(\d+)", browse)] == [7, 10]
    assert ">หมู่ 7 <" in browse
    found = client.get("/search?village=10").text
    assert "ซ่อมถนนสายใน" in found
    assert "ปิดสะพาน" not in found
    assert "หมู่ 10 <span>✕</span>" in found
    assert "“หมู่ 10”" in client.get("/follow?village=10").text
    facets = client.get("/api/v1/search?q=").get_json()["facets"]
    assert {each["value"]: each["count"] for each in facets["village"]} == {7: 1, 10: 1}
    client.set_cookie("language", "en")
    assert ">Moo 7 <" in client.get("/browse").text
    assert client.get("/search?village=99").status_code == 200


def test_a_search_inside_an_announcement_shows_the_passage_of_its_body(site: Site) -> None:
    made = site.announcement("ประกาศ", body="กองการประปาจะล้างถังตกตะกอนในวันจันทร์")
    site.work()
    assert '<p class="passage"' in site.client().get(f"/announcements/{made.id}?q=ล้างถัง").text


def test_two_subqueries_in_one_search_are_answered_under_two_headings(site: Site) -> None:
    site.announcement("ฉีดวัคซีนป้องกันโรคพิษสุนัขบ้าให้สุนัข")
    site.announcement("พ่นหมอกควันกำจัดยุงลาย")
    site.announcement("รายงานการประชุมสภา")
    site.work()
    page = site.client().get("/search?q=ฉีดวัคซีนหมาและพ่นยุง").text
    assert "ไม่พบ" not in page
    assert "ไม่มีประกาศฉบับใดตอบทั้งสองเรื่อง จึงแสดงทีละเรื่อง" in page
    headings = re.findall(r"<h2>(“.*?)</h2>", page)
    assert headings == ["“ฉีดวัคซีนหมา” พบ 1 เรื่อง", "“พ่นยุง” พบ 1 เรื่อง"]
    assert page.index(headings[0]) < page.index("/announcements/1") < page.index(headings[1])
    assert page.index(headings[1]) < page.index("/announcements/2")
    client = site.client()
    past_the_end = client.get("/search?page=2&q=ฉีดวัคซีนหมาและพ่นยุง", follow_redirects=True)
    assert past_the_end.request.args.to_dict() == {"q": "ฉีดวัคซีนหมาและพ่นยุง", "page": "1"}
    for place in ("/search?as_typed=true&q=", "/api/v1/search?q="):  # one list, page by page
        answer = site.client().get(f"{place}ฉีดวัคซีนหมาและพ่นยุง").text
        assert "ไม่มีประกาศฉบับใดตอบทั้งสองเรื่อง" not in answer, place


def test_pages_say_that_papers_are_still_being_read(site: Site) -> None:
    site.announcement("ตลาดสด")
    site.work()
    made = site.announcement("หยุดจ่ายน้ำประปา", status=Status.DRAFT)
    site.attach(made.id, memo())
    client = site.client()
    still, own = "มีเอกสาร 1 ฉบับที่ยังอ่านไม่เสร็จ อาจค้นไม่พบ", "มีเอกสารแนบ 1 ฉบับที่ยังอ่านไม่เสร็จ"
    pages = ("/", "/search?sort=newest", "/search?q=ตลาด")
    assert not any(still in client.get(page).text for page in pages)  # of a draft nothing is told
    site.services.commands.publication.publish(made.id, actor="test")
    for page in pages:
        assert still in client.get(page).text, page
    assert own in client.get(f"/announcements/{made.id}").text
    site.work()
    assert not any(still in client.get(page).text for page in pages)
    assert own not in client.get(f"/announcements/{made.id}").text


def test_a_page_past_the_end_of_the_results_leads_to_the_last(site: Site) -> None:
    for number in range(12):
        site.announcement(f"ซ่อมถนนสาย {number}")
    site.work()
    client = site.client()
    for address in ("/search?q=ถนน&sort=newest&page=9", "/search?page=3&sort=newest"):
        answer = client.get(address, follow_redirects=True)
        assert answer.request.args["page"] == "2"
        assert answer.request.args["sort"] == "newest"
        assert "ไม่พบ" not in answer.text
    nothing = client.get("/search?q=ฟฬฉฑฌฮฯฎฏ&page=3")
    assert (nothing.status_code, "ไม่พบ" in nothing.text) == (200, True)


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("ค่าขยะ", "ค่าธรรมเนียมเก็บขนขยะมูลฝอย"),
        ("จ่ายค่าขยะที่ไหน", "ค่าธรรมเนียมเก็บขนขยะมูลฝอย"),
        ("ใบเสร็จ", "ใบเสร็จ"),
    ],
)
def test_the_body_marks_what_its_result_marks(site: Site, typed: str, marked: str) -> None:
    body = "จึงแจ้งอัตราค่าธรรมเนียมเก็บขนขยะมูลฝอย ชำระได้ที่กองคลัง โปรดนำใบเสร็จมาด้วย"
    site.announcement("อัตราใหม่ของเทศบาล", body=body)
    site.announcement("รับมอบถังขยะ", body="ถังขยะและค่าขยะ")
    site.work()
    page = site.client().get("/announcements/1", query_string={"q": typed}).text
    shown = page[page.index('class="body"') :].replace('<wbr aria-hidden="true">', "")
    assert f"<mark>{marked}</mark>" in shown[: shown.index("</p>")]


def test_a_word_that_staff_added_is_marked_whole(site: Site) -> None:
    made = site.announcement("ประกาศ", body="กลุ่มข้าวฮางงอก ทำให้งงว่าเป็นข้าว")
    address = f"/announcements/{made.id}?q=ข้าวฮางงอก"
    assert site.client().get(address).text.count("<mark>") > 1
    site.services.dictionary.add_entry("ข้าวฮางงอก")
    assert site.client().get(address).text.count("<mark>") == 1


def test_who_types_english_is_answered_in_english_too(site: Site) -> None:
    site.announcement("อัตราค่าธรรมเนียมเก็บขนขยะ")
    site.work()
    client = site.client()
    page = client.get("/search?q=garbage").text
    assert "อัตราค่าธรรมเนียม" in page
    assert '<span class="remark" lang="en">Also searching for “ขยะ”' in page
    missing = client.get("/search?q=passport renewal").text
    assert '<p lang="en">The documents are in Thai. Try Thai words</p>' in missing
    assert 'class="remark" lang="en"' not in client.get("/search?q=ขยะ").text
    client.set_cookie("language", "en")
    assert client.get("/search?q=garbage").text.count("Also searching for") == 1


def test_what_was_searched_for_stands_there_as_it_was_typed(site: Site) -> None:
    site.announcement("ประกาศ")
    site.work()
    typed = '"ถนน" & <ก>'
    for path in ("/follow", "/search"):
        (main,) = html.fromstring(site.client().get(path, query_string={"q": typed}).text).iter("main")
        shown = main.text_content()
        assert f"“{typed}”" in shown, path
        assert not re.search(r"&(?:#|amp|lt)", shown), path


def test_a_village_has_its_name_among_the_filters(site: Site) -> None:
    for title in ("ปิดสะพาน", "เปิดสะพาน"):
        site.announcement(title, body="หมู่ 7 บ้านดอนมะกอก")
    site.announcement("ซ่อมสะพาน", body="หมู่ 8 บ้านท่ากระดาน")
    site.work()
    client = site.client()
    page = html.fromstring(client.get("/search?q=สะพาน").text)
    (shown,) = page.xpath("//details[summary[text()='หมู่บ้าน']]/ul")
    assert ["".join(each.xpath("text()")).strip() for each in shown.xpath("li/a")] == [
        "หมู่ 7 บ้านดอนมะกอก",
        "หมู่ 8",
    ]
    chosen = html.fromstring(client.get("/search?q=สะพาน&village=7").text)
    assert "หมู่ 7 บ้านดอนมะกอก" in chosen.xpath("string(//nav[@class='chips'])")
    assert "หมู่ 7 บ้านดอนมะกอก" in client.get("/browse").text


def test_the_title_of_results_and_the_skip_link_lead_to_what_was_found(site: Site) -> None:
    site.announcement("ซ่อมสะพาน")
    site.work()
    client = site.client()
    for typed, told in (("ซ่อมสะพาน", "ซ่อมสะพาน · พบ 1 เรื่อง ·"), ("รถไฟฟ้า", "ไม่พบ “รถไฟฟ้า” ·")):
        page = html.fromstring(client.get(f"/search?q={typed}").text)
        assert " ".join(page.xpath("string(//title)").split()).startswith(told)
    page = html.fromstring(client.get("/search?q=ซ่อมสะพานน").text)
    (skipped_to,) = page.xpath("//*[@id = substring(//a[@class='skip']/@href, 2)]")
    remark, how_many = (page.get_element_by_id(id) for id in skipped_to.get("aria-describedby").split())
    assert remark.get("class") == "notice"  # that the text was corrected
    assert how_many.get("role") == "status"


def test_a_result_names_the_kind_of_the_announcement_and_of_a_paper_that_is_another(site: Site) -> None:
    made = site.announcement("ให้ซ่อมถังน้ำ", kind="announcement")
    paper = site.attach(made.id, memo("ให้ซ่อมถังน้ำบ้านดอนมะกอก"), "ถังน้ำ.pdf")
    site.services.commands.attachments.relabel(paper.id, label="ถังน้ำ", kind=DocumentKind.MEMO, actor="test")
    site.work()
    page = html.fromstring(site.client().get("/search?q=ซ่อมถังน้ำบ้านดอนมะกอก").text)
    assert page.xpath("//ul[contains(@class, 'results')]//li[@class='kind']/text()") == ["ประกาศ"]
    source = " ".join(page.xpath("string(//a[@class='find']//b)").split())
    assert source == "เอกสารแนบ: บันทึกข้อความ · ถังน้ำ · หน้า 1"
    site.services.commands.attachments.relabel(
        paper.id, label="บันทึกข้อความ", kind=DocumentKind.MEMO, actor="test"
    )
    site.work()
    page = html.fromstring(site.client().get("/search?q=ซ่อมถังน้ำบ้านดอนมะกอก").text)
    assert " ".join(page.xpath("string(//a[@class='find']//b)").split()) == "บันทึกข้อความ · หน้า 1"


def test_a_printed_code_of_a_document_taken_off_leads_to_its_announcement(site: Site) -> None:
    made, draft = site.announcement("ซ่อมถังประปา"), site.announcement("ร่าง", status=Status.DRAFT)
    papers = {each.id: site.attach(each.id, memo("ให้ซ่อม")) for each in (made, draft)}
    site.work()
    client, link = site.client(), f'href="/announcements/{made.id}"'
    printed = f"/announcements/{made.id}/attachments/{papers[made.id].id}"
    site.services.commands.attachments.detach(papers[made.id].id, actor="test")
    for path in (printed, f"{printed}/text", f"{printed}/file", f"/announcements/{made.id}/attachments/99"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert "ไม่พบเอกสารแนบนี้ อาจถูกนำออกไปแล้ว" in answer.text, path
        assert link in answer.text, path
    hidden = client.get(f"/announcements/{draft.id}/attachments/{papers[draft.id].id}")
    assert hidden.status_code == 404
    assert "ไปที่ประกาศของเอกสารนี้" not in hidden.text
    site.services.commands.publication.withdraw(made.id, actor="test", reason="ผิด")
    assert "ไปที่ประกาศของเอกสารนี้" not in client.get(printed).text
