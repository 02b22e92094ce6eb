"""A resident looks for something, from the first page to the original file."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, Route, expect
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from archive.model import Draft, ReadingStatus, RelationKind
from tests.browser import site as archives
from tests.browser.conftest import DESK, PHONE, Visit, shoot, tab_to, wait_until
from tests.browser.site import ACTOR, RunningSite, order

SOUGHT = "หอกระจายข่าว"  # stands in the scan alone: found only if it was recognised

ways = pytest.mark.parametrize(
    ("width", "javascript"), [(DESK, True), (PHONE, True), (DESK, False), (PHONE, False)]
)

widths = pytest.mark.parametrize("width", [DESK, PHONE])


@ways
def test_from_home_to_the_original(visit: Visit, site: RunningSite, width: int, javascript: bool) -> None:
    page = visit(width=width, javascript=javascript)
    page.goto("/")
    _fits(page)
    shoot(page, f"home-{width}")
    page.get_by_role("searchbox").or_(page.get_by_role("combobox")).fill(SOUGHT)
    page.keyboard.press("Enter")
    expect(page.locator(".find mark").first).to_have_text(SOUGHT)
    _fits(page)
    shoot(page, f"results-{width}")

    page.locator(".entries h2 a").first.click()
    expect(page.locator("h1")).to_have_text(site.centre.title)
    _fits(page)
    shoot(page, f"announcement-{width}")
    page.locator(".inside .passage a").first.click()
    expect(page.locator(".reflowed mark").first).to_have_text(SOUGHT)
    picture = page.locator(".sheet img")
    expect(picture).to_have_js_property("complete", True)
    wait_until(page, "document.querySelector('.sheet img').naturalWidth > 300")
    _fits(page)
    shoot(page, f"document-{width}")

    address = page.get_by_role("link", name="ไฟล์ต้นฉบับ").get_attribute("href")
    file = page.request.get(address or "")
    assert "filename*=UTF-8''%E0%B8%9A" in file.headers["content-disposition"]  # บันทึก…
    assert len(pypdfium2.PdfDocument(io.BytesIO(file.body()))) == 1


def test_a_small_picture_among_the_papers_is_asked_for_again(visit: Visit, site: RunningSite) -> None:
    asked: list[str] = []

    def refuse_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=202, body="")
        else:
            route.continue_()

    page = visit(width=PHONE)
    page.route(lambda url: f"/attachments/{site.attachments[0].id}/pages/1" in url, refuse_first)
    page.goto(f"/announcements/{site.centre.id}")
    picture = page.locator(".papers img").first
    picture.scroll_into_view_if_needed()
    drawn = "() => document.querySelector('.papers img').naturalWidth > 0"
    page.wait_for_function(drawn, timeout=60_000)
    assert len(asked) > 1


def test_a_page_is_stepped_through_enlarged_and_told_when_it_has_no_picture(
    visit: Visit, site: RunningSite
) -> None:
    document = f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}?q=เทศบาล"
    page = visit(width=PHONE)
    page.route("**/pages/**", lambda asked: asked.fulfill(status=202, body=""))
    page.goto(document)
    expect(page.locator("[data-no-picture]")).to_be_visible()
    expect(page.locator(".sheet")).to_be_hidden()
    waiting = "box => getComputedStyle(box, '::before').content"
    assert "กำลังเตรียมภาพ" in page.locator(".arriving").evaluate(waiting)
    page.unroute("**/pages/**")
    expect(page.locator(".sheet")).to_be_visible(timeout=20_000)  # it was asked for again
    expect(page.locator("[data-no-picture]")).to_be_hidden()
    zoom = page.locator("[data-zoom]")
    zoom.click()
    expect(zoom).to_have_text("ย่อ")
    expect(page.locator("[data-zoomed]")).to_be_visible()
    expect(page.locator("#hit-1")).to_be_in_viewport()
    zoom.click()
    expect(zoom).to_have_text("ขยาย")
    count = page.locator(".sheet rect").count()
    assert count > 2
    following = page.get_by_role("button", name="จุดถัดไป")
    following.focus()
    for number in (2, 3):  # the key goes to the button again and again
        page.keyboard.press("Enter")
        expect(page.locator(".stepping .in-words")).to_have_text(f"จุดที่ {number} จาก {count}")
        expect(page.locator(f"#hit-{number}")).to_be_in_viewport()
        expect(following).to_be_focused()
    expect(page.get_by_role("link", name="จุดที่ 1", exact=True)).to_be_hidden()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    _fits(page)
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined })")
    page.goto(document)  # as if unencrypted
    copy = page.get_by_role("button", name="คัดลอกข้อความ")
    line = page.get_by_role("link", name="ส่งทาง LINE")
    assert "q%3D" not in (line.get_attribute("href") or "")
    place = line.evaluate("link => [link.offsetLeft, link.offsetTop]")
    page.clock.install()
    copy.click()
    expect(copy).to_be_focused()
    expect(page.get_by_role("status").get_by_text("คัดลอกข้อความแล้ว")).to_be_visible()
    assert line.evaluate("link => [link.offsetLeft, link.offsetTop]") == place
    page.clock.fast_forward(6_000)
    expect(page.get_by_text("คัดลอกข้อความแล้ว")).to_have_count(0)
    page.locator("#q").press("Control+a")
    page.locator("#q").press("Control+v")
    first_letters = page.locator(".reflowed").inner_text().strip()[:3]
    assert page.locator("#q").input_value().startswith(first_letters)


def test_a_page_is_read_and_printed_without_a_script(visit: Visit, site: RunningSite) -> None:
    plain = visit(width=PHONE, javascript=False)
    plain.goto(f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}?q=เทศบาล")
    expect(plain.get_by_role("link", name="จุดที่ 2", exact=True)).to_be_visible()
    expect(plain.get_by_role("button", name="แบ่งปัน")).to_be_hidden()
    plain.emulate_media(media="print")
    expect(plain.locator(".sheet svg")).to_be_hidden()  # a printed paper bears no marks of a search
    assert plain.locator("main").bounding_box()["width"] == PHONE  # type: ignore[index]


@pytest.mark.parametrize("javascript", [True, False])
def test_the_next_page_begins_with_its_picture(visit: Visit, site: RunningSite, javascript: bool) -> None:
    page = visit(width=PHONE, javascript=javascript)
    page.goto(f"/announcements/{site.centre.id}/attachments/{site.attachments[1].id}?q=กรรมการ")
    page.get_by_role("link", name="หน้าถัดไป ›", exact=True).last.click()
    page.wait_for_url("**page=2**")
    wait_until(page, "document.querySelector('.sheet').getBoundingClientRect().top < innerHeight / 5")
    bar, picture = (page.locator(each).bounding_box() for each in (".turning.above", ".sheet"))
    assert bar
    assert picture
    assert picture["y"] >= bar["y"] + bar["height"]
    assert page.locator(".sheet").evaluate("sheet => getComputedStyle(sheet).outlineStyle") == "none"


@widths
def test_the_address_to_follow_is_seen_whole(visit: Visit, width: int) -> None:
    page = visit(width=width)
    page.goto("/follow?q=ศูนย์ส่งเสริมการมีส่วนร่วมของประชาชน&kind=order")
    addresses = page.locator(".address")
    expect(addresses).to_have_count(2)
    for address in addresses.all_inner_texts():
        assert address.startswith("http")
        assert "q=ศูนย์ส่งเสริมการมีส่วนร่วมของประชาชน" in address
    assert page.request.get(addresses.first.inner_text()).ok
    longest = "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
    assert addresses.evaluate_all(longest) <= width
    _fits(page)


def test_a_file_is_compared_with_the_original(visit: Visit, site: RunningSite) -> None:
    page = visit(width=PHONE)
    original = page.request.get(f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}/file")
    page.goto(f"/announcements/{site.centre.id}/certificate")
    for content, said in (
        (original.body(), "ไฟล์นี้ตรงกับไฟล์ที่เผยแพร่ทุกประการ"),
        (original.body() + b" ", "ไฟล์นี้ไม่ตรงกับเอกสารใดในประกาศนี้"),
    ):
        with page.expect_file_chooser() as chooser:
            page.get_by_text("เลือกไฟล์ในเครื่องของคุณ").click()
        chooser.value.set_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": content})
        expect(page.locator("output")).to_have_text(said)


@widths
def test_with_the_keyboard_alone(visit: Visit, site: RunningSite, width: int) -> None:
    page = visit(width=width)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("ข้ามไปที่ช่องค้นหา")
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("กระจายข่าว")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("ข้ามไปที่ผลการค้นหา")
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_accessible_description(re.compile(r"พบ \d+ เรื่อง"))
    page.keyboard.press("Tab")
    expect(page.locator(".entries h2 a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/announcements/{site.centre.id}?q=*")
    tab_to(page, ".inside .passage a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/attachments/*")
    expect(page.locator(".reflowed mark").first).to_be_visible()
    tab_to(page, ".files a[href$='/file']")


@widths
def test_suggestions_are_chosen_with_the_arrows(visit: Visit, width: int) -> None:
    page = visit(width=width)
    page.goto("/")
    page.locator("#q").press_sequentially("ค่าธรรม")
    option = page.get_by_role("option").first
    expect(option).to_be_visible()
    suggested = option.inner_text()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.locator("#q")).to_have_value(suggested)


@widths
def test_narrowing_is_one_click_in_and_one_click_out(visit: Visit, width: int) -> None:
    page = visit(width=width)
    page.goto("/search?q=ค่าธรรมเนียม")
    status = page.locator("[role=status]")
    all_of_them = status.inner_text()
    if width == PHONE:
        page.locator(".narrowing > summary").click()
    page.locator(".filters").get_by_role("link", name="ข่าว").click()
    expect(page.locator(".chip")).to_have_count(1)
    assert status.inner_text() != all_of_them
    page.locator(".chip").click()
    expect(status).to_have_text(all_of_them)
    page.go_back()
    expect(page.locator(".chip")).to_have_count(1)


def test_a_result_counts_its_pages_and_leads_to_all_of_them(visit: Visit, site: RunningSite) -> None:
    made = site.services.commands.announcements.create(
        Draft(title="เล่มแผนพัฒนา", published_on=dt.date(2022, 1, 5)), actor=ACTOR
    )
    paper = order("9/2565", "แผน", *[f"โครงการที่ {n} ขุดลอกคลองไส้ไก่ให้น้ำไหลสะดวก" for n in range(150)])
    site.services.commands.attachments.attach(
        made.id, io.BytesIO(paper), filename="แผน.pdf", label="เล่มแผน", actor=ACTOR
    )
    site.services.commands.publication.publish(made.id, actor=ACTOR)
    page = visit(width=PHONE)
    services = site.services
    archives.wait_until(lambda: _is_read(site, made.id), "the paper was read")
    archives.wait_until(lambda: services.index.position() >= services.history.last_change(), "it was indexed")
    page.goto("/search?q=คลองไส้ไก่", wait_until="domcontentloaded")  # without the pictures
    others = page.locator(".other-pages > summary")
    count = int(re.sub(r"\D", "", others.inner_text()))
    assert count > 3
    others.click()
    page.get_by_role("link", name="ดูทุกหน้าที่พบในประกาศนี้").click()
    page.wait_for_url(f"**/announcements/{made.id}?q=*")
    page.locator(".inside .other-pages > summary").click()
    expect(page.locator(".inside .passage a")).to_have_count(count + 1)
    _fits(page)


@ways
def test_a_passage_ends_with_a_word_and_is_clipped_nowhere(
    visit: Visit, width: int, javascript: bool
) -> None:
    page = visit(width=width, javascript=javascript)
    page.goto("/search?q=ศูนย์", wait_until="domcontentloaded")
    passages = page.locator(".results .passage:visible")
    assert passages.count() > 0
    assert page.locator(".results .facts").evaluate_all(
        "(all) => all.every((e) => e.scrollWidth <= e.clientWidth)"
    )
    for passage in passages.all():
        assert passage.evaluate("(each) => each.scrollHeight <= each.clientHeight + 1")
        rest = passage.locator(".rest")
        cut = passage.locator(".cut").evaluate_all(
            "(all) => all.map((e) => getComputedStyle(e, '::after').content)"
        )
        assert rest.count() == len(cut) <= 1
        if rest.count():
            assert rest.is_visible() == (width == DESK)
            assert cut == (["none"] if width == DESK else ['"…"'])
    assert page.locator(".results .rest").count() > 0


def test_a_space_shows_where_a_passage_is_cut_for_phones(visit: Visit, site: RunningSite) -> None:
    body = (
        "กองช่างจะซ่อมศาลาอเนกประสงค์ข้างสระน้ำสาธารณะให้เสร็จก่อนฤดูฝน\n"
        "ระหว่างนี้ขอให้ใช้ศาลาวัดป่าสักแทน และระวังรถขนวัสดุเข้าออก"
    )
    made = site.services.commands.announcements.create(
        Draft(title="ซ่อมศาลา", body=body, published_on=dt.date(2022, 1, 5)), actor=ACTOR
    )
    site.services.commands.publication.publish(made.id, actor=ACTOR)
    services = site.services
    archives.wait_until(lambda: services.index.position() >= services.history.last_change(), "it was indexed")
    page = visit()
    page.goto("/search?q=ข้างสระน้ำสาธารณะ")
    expect(page.locator(".passage .rest")).to_have_count(1)
    assert "ก่อนฤดูฝน ระหว่างนี้" in page.locator(".results .passage").inner_text()


def test_no_results_is_no_dead_end(visit: Visit) -> None:
    page = visit()
    page.goto("/search?q=ฟฬฉฑฌฮฯฎฏ&kind=news")
    expect(page.locator("main h2")).to_contain_text("ไม่พบ")
    page.get_by_role("link", name="ค้นหาอีกครั้งโดยไม่ใช้ตัวกรอง").click()
    expect(page.locator(".chip")).to_have_count(0)
    page.get_by_role("link", name="ดูประกาศล่าสุดทั้งหมด").click()
    expect(page.locator(".entries li").first).to_be_visible()


def test_withdrawn_says_why_and_is_not_found(visit: Visit, site: RunningSite) -> None:
    page = visit()
    answer = page.goto(f"/announcements/{site.withdrawn.id}")
    assert answer is not None
    assert answer.status == 410
    expect(page.locator("h1")).to_have_text("หน่วยงานถอนประกาศนี้ออกจากเว็บไซต์แล้ว")
    expect(page.locator("main")).to_contain_text("ประกาศซ้ำ")
    page.goto(f"/search?q={site.withdrawn.title}")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(f"main a[href^='/announcements/{site.withdrawn.id}']")).to_have_count(0)


def test_dark_stays_dark(visit: Visit) -> None:
    page = visit()
    page.goto("/")
    light = _ground(page)
    page.locator("[data-theme-switch]").click()
    assert _ground(page) != light
    page.goto("/browse")
    assert _ground(page) != light


def test_a_page_reaches_for_nothing_outside(visit: Visit, site: RunningSite) -> None:
    page = visit()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    paths = ("/", "/search?q=ศูนย์", f"/announcements/{site.centre.id}")
    for path in paths:  # pictures that a busy server had no time for are made by then
        page.goto(path)
        wait_until(page, "[...document.images].every(image => image.naturalWidth)")
    asked.clear()
    said.clear()
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
    assert asked
    assert said == []
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []


def _fits(page: Page) -> None:
    """Assert that nothing sticks out of the window sideways."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def _ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


LOW_LINKS = """all => all.filter(each => each.checkVisibility() && !each.closest('.skip'))
  .filter(each => each.getBoundingClientRect().height < 24).map(each => each.textContent.trim())"""


def test_links_and_buttons_are_high_enough_for_a_finger(visit: Visit, site: RunningSite) -> None:
    page = visit(width=PHONE)
    paper = f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}"
    record = f"/announcements/{site.centre.id}?q=ศูนย์"
    nothing = "/search?q=ฟฬฉฑฌฮฯฎฏ"
    for address in ("/", "/search?q=ศูนย์", nothing, record, paper, "/collections", "/open-data"):
        page.goto(address)
        assert page.locator("a, button, summary").evaluate_all(LOW_LINKS) == [], address


def test_the_picture_begins_above_the_middle_of_a_phone(visit: Visit, site: RunningSite) -> None:
    page = visit(width=PHONE)
    top = "document.querySelector('.sheet').getBoundingClientRect().top"
    paper = f"/announcements/{site.centre.id}/attachments/{site.attachments[1].id}"
    for address in (paper, f"{paper}?q=กรรมการ"):
        page.goto(address)
        assert page.evaluate(top) <= 844 / 2, address
    page.goto(f"/announcements/{site.centre.id}")
    page.locator(".papers h3 a").nth(1).click()
    page.wait_for_url("**#sheet")
    wait_until(page, f"{top} <= 150")


def test_ten_results_are_four_screens_of_a_phone(visit: Visit, site: RunningSite) -> None:
    services, papers = site.services, []
    for number in range(10):
        title = f"ประกวดราคาจ้างปรับปรุงลานกีฬาเอนกประสงค์ บ้านดอนมะกอก แห่งที่ {number}"
        made = services.commands.announcements.create(
            Draft(title=title, published_on=dt.date(2022, 1, 5)), actor=ACTOR
        )
        paper = order(f"{number}/2565", title, *["ให้ปรับปรุงลานกีฬาเอนกประสงค์ให้แล้วเสร็จภายในเก้าสิบวัน"] * 3)
        services.commands.attachments.attach(
            made.id, io.BytesIO(paper), filename="งาน.pdf", label="ประกาศประกวดราคา", actor=ACTOR
        )
        services.commands.publication.publish(made.id, actor=ACTOR)
        papers.append(made.id)
    archives.wait_until(lambda: all(_is_read(site, id) for id in papers), "the papers were read")
    archives.wait_until(lambda: services.index.position() >= services.history.last_change(), "it was indexed")
    page = visit(width=PHONE)
    page.goto("/search?q=ลานกีฬาเอนกประสงค์", wait_until="domcontentloaded")
    rows = page.locator(".results > li")
    assert rows.count() == 10
    assert page.locator(".results .find img").count() == 10
    end = rows.last.evaluate("row => row.getBoundingClientRect().bottom + scrollY")
    shoot(page, "ten-results")
    assert end <= 3500


def test_the_text_of_a_button_stands_in_its_middle(visit: Visit) -> None:
    page = visit(width=PHONE)
    page.goto("/")
    off = """link => {
      const text = document.createRange();
      text.selectNodeContents(link);
      const [inner, outer] = [text.getBoundingClientRect(), link.getBoundingClientRect()];
      return Math.abs(inner.top - outer.top - (outer.bottom - inner.bottom));
    }"""
    assert page.get_by_role("link", name="ดูประกาศทั้งหมด").evaluate(off) <= 4


def test_a_code_and_its_label_stand_at_the_same_place_of_each_printed_page(
    visit: Visit, site: RunningSite
) -> None:
    page = visit()
    place = f"/announcements/{site.centre.id}"
    edges = []
    for address in (place, f"{place}/attachments/{site.attachments[0].id}", f"{place}/certificate"):
        page.goto(address)
        page.emulate_media(media="print")
        seal = page.locator(".seal:visible")
        expect(seal).to_contain_text("สแกนเพื่อเปิด")
        box = seal.locator(".qr").bounding_box()
        assert box
        edges.append((box["x"], box["width"]))
        page.emulate_media(media="screen")
    assert max(edges) == pytest.approx(min(edges), abs=2)


def test_a_code_is_shown_on_the_screen(visit: Visit, site: RunningSite) -> None:
    page = visit(width=PHONE)
    page.goto(f"/announcements/{site.centre.id}")
    page.get_by_text("คิวอาร์โค้ดของประกาศนี้").click()
    expect(page.locator("details .qr")).to_be_visible()


def test_a_page_is_printed_sharp_from_a_phone(visit: Visit, site: RunningSite) -> None:
    page = visit(width=PHONE)
    page.goto(f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}")
    largest = page.locator(".sheet img").evaluate("image => image.src").replace("1000", "1600")
    archives.wait_until(lambda: page.request.get(largest).ok, "the large picture was made")
    page.evaluate(  # a function as the value would be called at once
        "void (window.print = () => { window.printed = document.querySelector('.sheet img').currentSrc; })"
    )
    page.get_by_role("button", name="พิมพ์").click()
    wait_until(page, "window.printed")
    assert page.evaluate("window.printed") == largest


def _is_read(site: RunningSite, announcement_id: int) -> bool:
    (attachment,) = site.services.attachments.by_announcement([announcement_id])[announcement_id]
    return attachment.status is ReadingStatus.READY


@widths
def test_a_text_is_printed_sheet_by_sheet(visit: Visit, site: RunningSite, width: int) -> None:
    page = visit(width=width)
    for attachment in site.attachments[:2]:  # a scan and a paper of several pages
        page.goto(f"/announcements/{site.centre.id}/attachments/{attachment.id}/text")
        headings = page.locator(".plain-text section h2").all_inner_texts()
        printed = pypdfium2.PdfDocument(page.pdf(format="A4"))
        sheets = [sheet.get_textpage().get_text_range().split() for sheet in printed]
        assert all(len(words) > 5 for words in sheets)  # none is empty
        first, *following = (heading.split() for heading in headings)
        assert first[0] in sheets[0]
        assert [words for words in following if words not in [sheet[:2] for sheet in sheets]] == []
    assert len(headings) > 1


@widths
def test_a_scan_is_printed_as_large_from_a_phone(
    visit: Visit, site: RunningSite, tmp_path: Path, width: int
) -> None:
    page = visit(width=width)
    page.goto(f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}")
    wait_until(page, "document.querySelector('.sheet img').naturalWidth > 0")
    page.pdf(path=tmp_path / "printed.pdf", format="A4", print_background=True)
    with pypdfium2.PdfDocument(tmp_path / "printed.pdf") as printed:
        sheet = printed[0]
        places = [each.get_bounds() for each in sheet.get_objects(filter=[FPDF_PAGEOBJ_IMAGE])]
        widest = max(right - left for left, _, right, _ in places)
        assert widest / sheet.get_width() == pytest.approx(0.67, abs=0.03)


@pytest.mark.parametrize(("voice", "is_heard"), [("th-TH", True), ("en-US", False)])
def test_a_device_without_a_thai_voice_says_so(
    visit: Visit, site: RunningSite, voice: str, is_heard: bool
) -> None:
    page = visit(width=PHONE)
    page.goto(f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}/text")
    page.evaluate(
        """voice => {
          window.spoken = [];
          speechSynthesis.getVoices = () => [{ lang: voice }];
          speechSynthesis.speak = (said) => window.spoken.push(said.text);
        }""",
        voice,
    )
    page.get_by_role("button", name="ฟังเสียงอ่าน").click()
    if is_heard:
        wait_until(page, "window.spoken.length > 0")
    else:
        expect(page.locator(".said-over")).to_contain_text("ยังไม่มีเสียงอ่านภาษาไทย")
        assert page.evaluate("window.spoken") == []


def test_home_and_results_fit_with_letters_twice_as_large(visit: Visit) -> None:
    page = visit(width=PHONE)
    for address in ("/", "/search?q=ศูนย์"):
        page.goto(address)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        _fits(page)


def test_a_finger_across_the_picture_turns_the_page(visit: Visit, site: RunningSite) -> None:
    page = visit(width=PHONE)
    page.goto(f"/announcements/{site.centre.id}/attachments/{site.attachments[1].id}")
    page.locator(".sheet").evaluate(
        """sheet => {
          const touch = (x) => new Touch({ identifier: 1, target: sheet, clientX: x, clientY: 500 });
          sheet.dispatchEvent(new TouchEvent("touchstart", { touches: [touch(330)] }));
          sheet.dispatchEvent(new TouchEvent("touchend", { changedTouches: [touch(60)] }));
        }"""
    )
    page.wait_for_url("**page=2**")


def test_a_paper_that_was_cancelled_is_printed_on_one_sheet(
    visit: Visit, site: RunningSite, tmp_path: Path
) -> None:
    commands = site.services.commands
    subject = "แต่งตั้งเจ้าหน้าที่ผู้รับผิดชอบงานป้องกันและบรรเทาสาธารณภัยประจำศูนย์ปฏิบัติการฉุกเฉิน"
    ids = []
    for number in ("118/2563", "215/2566"):
        draft = Draft(title=f"คำสั่งที่ {number} เรื่อง {subject}", published_on=dt.date(2020, 5, 1))
        made = commands.announcements.create(draft, actor=ACTOR)
        paper = io.BytesIO(order(number, subject, "ให้รายงานผลทุกเดือน"))
        commands.attachments.attach(made.id, paper, filename="order.pdf", actor=ACTOR)
        archives.wait_until(lambda made=made: _is_read(site, made.id), "the paper was read")  # type: ignore[misc]
        ids.append(commands.publication.publish(made.id, actor=ACTOR).id)
    older, newer = ids
    commands.announcements.decide_relation(newer, older, RelationKind.CANCELS, actor=ACTOR)
    (attachment,) = site.services.attachments.by_announcement([older])[older]
    page = visit()
    page.goto(f"/announcements/{older}/attachments/{attachment.id}")
    expect(page.locator(".relation")).to_contain_text("ยกเลิกแล้วโดย")
    expect(page.locator(".turning .ended")).to_be_hidden()  # it stands right above
    page.mouse.wheel(0, 700)
    expect(page.locator(".turning .ended")).to_be_in_viewport()
    page.mouse.wheel(0, -700)
    wait_until(page, "document.querySelector('.sheet img').naturalWidth > 0")
    page.pdf(path=tmp_path / "printed.pdf", format="A4")
    with pypdfium2.PdfDocument(tmp_path / "printed.pdf") as printed:
        assert len(printed) == 1


def test_an_address_to_follow_stays_within_its_paragraph(visit: Visit) -> None:
    page = visit(width=PHONE)
    page.goto("/follow?q=ศูนย์ ปี 2564")
    beyond = """parts => parts.map((part) => {
      const text = document.createRange();
      text.selectNodeContents(part);
      return text.getBoundingClientRect().right - part.closest("p").getBoundingClientRect().right;
    })"""
    assert max(page.locator(".address").evaluate_all(beyond)) < 1


def test_the_bar_of_a_page_of_several_with_hits_is_one_row_on_a_phone(
    visit: Visit, site: RunningSite
) -> None:
    page = visit(width=PHONE)
    page.goto(f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}?q=เทศบาล")
    expect(page.locator(".stepping .in-figures")).to_contain_text("จุด 1/")
    tops = page.locator(".turning.above > *").evaluate_all(
        "parts => parts.map((part) => Math.round(part.getBoundingClientRect().top + part.offsetHeight / 2))"
    )
    assert max(tops) - min(tops) <= 2
