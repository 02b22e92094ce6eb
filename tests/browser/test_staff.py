"""A clerk publishes three papers; a resident finds them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import fpdf
import pytest
from playwright.sync_api import FilePayload, Page, expect

from archive import thai
from archive.changes import WORKER
from archive.model import Announcement, Draft, Status
from tests.browser.conftest import DESK, PHONE, Visit, click, shoot, tab_to
from tests.browser.site import NAME, PASSWORD, RunningSite, order, scanned, wait_until

CHOOSING = (
    4  # clicks in the system's own window: the first file, the last with Shift, open — and one to spare
)
MOST_CLICKS = 12

# Pixels by which the letters of the text's last line, where the caret is, reach below the bar or the text.
CARET_BELOW_BAR = """() => {
  const text = document.getElementById('body');
  const style = getComputedStyle(text), box = text.getBoundingClientRect();
  const leading = (parseFloat(style.lineHeight) - parseFloat(style.fontSize)) / 2; // below the letters
  const bottom = box.top + text.scrollHeight - text.scrollTop - parseFloat(style.paddingBottom) - leading;
  const bar = document.querySelector('.saving').getBoundingClientRect();
  return Math.max(bottom - bar.top, bottom - box.bottom);
}"""


def papers(mark: str) -> list[FilePayload]:
    """Three files that say ``mark``, the first of them a scan."""
    made = [
        ("scan001.pdf", scanned(order("88/2566", f"แต่งตั้งคณะทำงาน{mark}", "ให้เริ่มงานทันที"), 3)),
        ("scan002.pdf", order("89/2566", f"งบประมาณของ{mark}", "ตั้งไว้ 18,500 บาท")),
        ("scan003.pdf", order("90/2566", f"กำหนดวันเปิด{mark}", "เปิดวันที่ 1 มกราคม 2567")),
    ]
    return [{"name": name, "mimeType": "application/pdf", "buffer": data} for name, data in made]


@pytest.mark.parametrize(("width", "mark"), [(DESK, "ตลาดนัด"), (PHONE, "สวนสมุนไพร")])
def test_from_blank_to_published_and_found(
    staff: Visit, visit: Visit, site: RunningSite, width: int, mark: str
) -> None:
    page = staff(width=width)
    page.goto("/staff")
    shoot(page, f"staff-{width}")
    _count_clicks(page)
    click(page.get_by_role("link", name="ประกาศใหม่"))
    with page.expect_file_chooser() as choosing:
        page.get_by_text("เลือกไฟล์", exact=True).click()
    choosing.value.set_files(papers(mark))
    click(page.get_by_role("button", name="รวมเป็นประกาศเดียว"))
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(3, timeout=60_000)

    expect(page.locator("h1")).to_have_text(f"แต่งตั้งคณะทำงาน{mark}")
    expect(page.locator("#title")).to_have_value(f"แต่งตั้งคณะทำงาน{mark}")
    expect(page.locator("#published_on")).to_have_value("9 มิถุนายน 2564")
    labels = page.locator("textarea[name^=label-]")
    expect(labels.nth(1)).to_have_value(f"คำสั่ง ที่ 89/2566 เรื่อง งบประมาณของ{mark}")
    shoot(page, f"staff-read-{width}")
    click(page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่"))
    page.wait_for_url("**/publish")
    click(page.get_by_role("button", name="เผยแพร่"))
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว")
    assert _clicks(page) + CHOOSING <= MOST_CLICKS
    expect(labels.nth(2)).to_have_value(f"คำสั่ง ที่ 90/2566 เรื่อง กำหนดวันเปิด{mark}")
    _found(visit(width=width), site, mark)


@pytest.mark.parametrize(("width", "mark"), [(DESK, "หอประชุม"), (PHONE, "ห้องสมุด")])
def test_the_same_without_javascript(
    staff: Visit, visit: Visit, site: RunningSite, width: int, mark: str
) -> None:
    page = staff(width=width, javascript=False)
    page.goto("/staff/announcements/new")
    page.set_input_files("#files", papers(mark))
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))
    ready = page.locator("[data-attachment][data-status=ready]")
    for _try in range(120):
        if ready.count() == 3:
            break
        page.wait_for_timeout(500)
        page.reload()
    assert ready.count() == 3
    expect(page.locator("#title")).to_have_value(f"แต่งตั้งคณะทำงาน{mark}")
    page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่").click()
    page.get_by_role("button", name="เผยแพร่").click()
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว")
    _found(visit(width=width, javascript=False), site, mark)


@pytest.mark.parametrize(("width", "mark"), [(DESK, "ลานกีฬา"), (PHONE, "ท่าน้ำ")])
def test_the_same_with_the_keyboard_alone(visit: Visit, site: RunningSite, width: int, mark: str) -> None:
    page = visit(width=width)
    page.goto("/sign-in")
    for field, typed in (("#name", NAME), ("#password", PASSWORD)):
        tab_to(page, field)
        page.keyboard.insert_text(typed)
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff")
    tab_to(page, ".tabs a[href$='/new']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new")
    page.on("filechooser", lambda _chooser: None)  # the browser must know of it before the key is pressed
    page.wait_for_load_state("load")
    tab_to(page, "#files")
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Enter")
    choosing.value.set_files(papers(mark)[1:])
    page.keyboard.press("Enter")  # together: the first answer has the focus
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(2, timeout=60_000)
    tab_to(page, "button[name=publish]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/publish")
    tab_to(page, "[name=when]")
    tab_to(page, "main .button.first")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว")
    _found(page, site, mark)


def _click_at(page: Page, selector: str) -> None:
    click(page.locator(selector))


def _press_at(page: Page, selector: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("act", [_click_at, _press_at])
def test_a_wrong_guess_and_a_published_record_are_edited(
    staff: Visit, site: RunningSite, act: Callable[[Page, str], None]
) -> None:
    """By the mouse in windows of three widths, and with the keyboard alone."""
    page = staff()
    _draft_with(page, papers(f"บ่อบาดาล{act.__name__}")[1:2])
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    expect(page.locator("#from-title")).to_be_visible()
    _type_over(page, "#title", "งบประมาณขุดบ่อบาดาล")
    expect(page.locator("#from-title")).to_be_hidden()  # the document does not say so
    act(page, "button[name=publish]")
    page.wait_for_url("**/publish")
    act(page, "main .button.first")
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว")
    _type_over(page, "#title", "งบประมาณขุดบ่อบาดาลสองบ่อ")
    act(page, ".saving .button.first")
    expect(page.locator("h1")).to_have_text("งบประมาณขุดบ่อบาดาลสองบ่อ")
    id = int(re.findall(r"/announcements/(\d+)", page.url)[0])
    assert site.services.announcements.get(id).title == "งบประมาณขุดบ่อบาดาลสองบ่อ"


def _type_over(page: Page, field: str, text: str) -> None:
    tab_to(page, field)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_the_same_file_again_is_recognised(staff: Visit) -> None:
    page = staff()
    same = papers("ศาลาริมน้ำ")[1:2]
    first = _draft_with(page, same)
    page.set_input_files("#files", same)
    expect(page.locator("[data-uploads]")).to_contain_text("มีอยู่แล้ว")
    expect(page.locator("[data-attachment]")).to_have_count(1)
    _draft_with(page, same)
    expect(page.locator(f".notice.warn a[href='{first}']")).to_be_visible()


def test_published_by_itself_once_read(staff: Visit, visit: Visit, site: RunningSite) -> None:
    page = staff()
    _draft_with(page, papers("ประตูระบายน้ำ")[:1])
    page.fill("#title", "ซ่อมประตูระบายน้ำ")
    page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่").click()
    page.wait_for_url("**/publish")
    is_awaited = page.locator("[value=read]").count() > 0  # unless it was read already
    if is_awaited:
        expect(page.locator("[value=read]")).to_be_checked()
    page.get_by_role("button", name="เผยแพร่เมื่ออ่านเสร็จ" if is_awaited else "เผยแพร่", exact=True).click()
    id = int(page.url.split("/")[5])
    wait_until(lambda: site.services.announcements.get(id).status == "published", "it was published")
    expect(page.locator(".facts .kind")).to_have_text("เผยแพร่แล้ว")  # on the page that stayed open
    expect(page.locator("main")).not_to_contain_text("จะเผยแพร่")
    expect(page.get_by_role("button", name="บันทึก", exact=True)).to_be_visible()


def test_a_publication_by_itself_passes_over_no_colleague_s_change(staff: Visit, site: RunningSite) -> None:
    page = staff()
    page.goto("/staff/announcements/new")
    page.set_input_files("#files", papers("ลานกีฬา")[:1])
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    page.fill("#title", "ซ่อมลานกีฬา")
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()
    expect(page.locator(".notice.good", has_text="บันทึกแล้ว")).to_be_visible()
    id = int(page.url.split("/")[5].partition("?")[0])
    opened = page.locator("[name=last_change]").input_value()
    page.fill("#title", "ซ่อมลานกีฬาและที่จอดรถ")
    commands = site.services.commands
    commands.announcements.revise(id, {"title": "ซ่อมลานกีฬาเก่า"}, actor="สมหญิง")
    awaited = "all => all.forEach(each => each.dataset.standing = 'awaited')"
    page.locator("[data-standing]").evaluate_all(awaited)
    commands.publication.publish(id, actor=WORKER)
    expect(page.locator(".facts .kind")).to_have_text("เผยแพร่แล้ว")
    assert page.locator("[name=last_change]").input_value() == opened
    page.get_by_role("button", name="บันทึก", exact=True).click()
    expect(page.locator("main")).to_contain_text("ซ่อมลานกีฬาเก่า")
    assert site.services.announcements.get(id).title == "ซ่อมลานกีฬาเก่า"


def test_the_page_beside_the_form_becomes_that_of_the_first_paper(staff: Visit) -> None:
    page = staff()
    page.goto("/staff/announcements/new")
    page.set_input_files("#files", papers("หอกระจายข่าว")[:2])  # the first, a scan, is read after the second
    page.get_by_role("button", name="รวมเป็นประกาศเดียว").click()
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(2, timeout=60_000)
    first = page.locator("[data-attachment]").first.get_attribute("data-attachment")
    expect(page.locator("#first-page img")).to_have_attribute("src", re.compile(f"/attachments/{first}/"))


def test_a_time_must_be_given(staff: Visit, site: RunningSite) -> None:
    page = staff()
    today = dt.datetime.now(thai.BANGKOK).date()
    next_year = str(thai.buddhist_year(today) + 1)
    page.goto(_draft_with(page, papers("ท่าเรือ")[1:2]) + "/publish")
    page.locator("[value=later]").check()
    for part in ("day", "month", "year"):
        page.locator(f"[name=publish_on-{part}]").select_option(value="")
    page.get_by_role("button", name="ตั้งเวลาเผยแพร่", exact=True).click()
    expect(page.locator(".notice.bad")).to_contain_text("ระบุวันที่จะเผยแพร่")
    expect(page.locator("[value=later]")).to_be_checked()  # a second press must not publish at once
    _pick_date(page, str(today.day), thai.MONTHS[today.month - 1], str(thai.buddhist_year(today)))
    page.fill("#publish_time", "00:00")
    page.get_by_role("button", name="ตั้งเวลาเผยแพร่", exact=True).click()
    expect(page.locator(".notice.bad")).to_contain_text("เลยมาแล้ว")
    _pick_date(page, "9", "มิถุนายน", next_year)
    page.fill("#publish_time", "๙.๐๐ น.")
    page.get_by_role("button", name="ตั้งเวลาเผยแพร่", exact=True).click()
    expect(page.locator("main")).to_contain_text(f"จะเผยแพร่ 9 มิถุนายน {next_year} 09:00 น.")
    page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่").click()
    expect(page.locator("[name=publish_on-day]")).to_have_value("9")
    expect(page.locator("[name=publish_on-month]")).to_have_value("6")
    expect(page.locator("[name=publish_on-year]")).to_have_value(str(today.year + 1))
    expect(page.locator("#publish_time")).to_have_value("09:00")
    page.get_by_role("link", name="กลับไปแก้ไข").click()
    page.get_by_role("button", name="ยกเลิกเวลาเผยแพร่").click()
    expect(page.locator(".notice.good")).to_contain_text("ยังเป็นฉบับร่าง")
    expect(page.locator("main")).not_to_contain_text("จะเผยแพร่")


def _pick_date(page: Page, day: str, month: str, year: str) -> None:
    for part, chosen in (("day", day), ("month", month), ("year", year)):
        page.locator(f"[name=publish_on-{part}]").select_option(label=chosen)


def test_what_is_typed_while_papers_are_read_stays(staff: Visit) -> None:
    page = staff()
    _draft_with(page, papers("ลำเหมือง")[:1])
    page.fill("#title", "ชื่อที่ตั้งเอง")
    page.locator("#body").press_sequentially("ข้อความที่พิมพ์")
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    expect(page.locator("#published_on")).to_have_value("9 มิถุนายน 2564")
    expect(page.locator("#title")).to_have_value("ชื่อที่ตั้งเอง")
    paper = page.locator("#first-page img")
    page.locator("#published_on").focus()  # the page stands beside the fields, wherever they are
    expect(paper).to_be_in_viewport(ratio=0.7)
    for shown_anew in ("ขยาย", "เลือกไฟล์"):  # though the page was not loaded since the form was blank
        expect(page.get_by_text(shown_anew, exact=True)).to_be_visible()
    assert page.evaluate("document.querySelector('#first-page img').getBoundingClientRect().left") > 600
    page.set_viewport_size({"width": PHONE, "height": 844})
    expect(paper).to_be_hidden()
    page.get_by_role("button", name="ดูเอกสาร").click()
    expect(paper).to_be_in_viewport(ratio=0.7)
    page.get_by_role("button", name="ปิดเอกสาร").click()
    expect(page.locator("#title")).to_have_value("ชื่อที่ตั้งเอง")
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()
    expect(page.locator("h1")).to_have_text("ชื่อที่ตั้งเอง")
    expect(page.locator("#body")).to_have_value("ข้อความที่พิมพ์")


def test_enter_in_a_title_saves_and_breaks_no_line(staff: Visit, site: RunningSite) -> None:
    draft = Draft(title="ชื่อเดิม", published_on=dt.date(2026, 1, 5), author="กองช่าง")
    made = site.services.commands.announcements.create(draft, actor="test")
    page = staff()
    page.goto(f"/staff/announcements/{made.id}")
    page.locator("#title").press("End")
    page.keyboard.type("ที่แก้แล้ว")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.good")).to_contain_text("บันทึกแล้ว")
    assert site.services.announcements.get(made.id).title == "ชื่อเดิมที่แก้แล้ว"
    page.goto(f"/staff/disclosure/{thai.today().year + 543}/items")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    page.locator("[name^=title-]").first.press("End")
    page.keyboard.press("Enter")
    expect(page.locator("[name^=title-]").first).not_to_have_value(re.compile(r"\n"))
    page.goto("/staff")  # a form that was sent is on its way by now
    assert not [
        each for each in sent if each.startswith("POST")
    ]  # the whole list is saved by its button alone


def test_what_residents_see_is_not_renamed_by_the_way(staff: Visit) -> None:
    page = staff()
    _draft_with(page, papers("บึงบัว")[1:2])
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    page.fill("textarea[name^=label-]", "scan002")  # as the file is called: publication names what it is
    page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่").click()
    page.get_by_role("button", name="เผยแพร่").click()
    expect(page.locator(".notice.good")).to_be_visible()
    expect(page.locator("textarea[name^=label-]")).to_have_value("คำสั่ง ที่ 89/2566 เรื่อง งบประมาณของบึงบัว")
    page.fill("textarea[name^=label-]", "scan002")  # and meant
    page.get_by_role("button", name="บันทึก", exact=True).click()
    expect(page.locator(".notice.good")).to_contain_text("บันทึกแล้ว")
    expect(page.locator("textarea[name^=label-]")).to_have_value("scan002")
    click(page.locator("[data-use]").first)
    expect(page.locator("textarea[name^=label-]")).to_have_value("คำสั่ง ที่ 89/2566 เรื่อง งบประมาณของบึงบัว")


def test_two_clerks_do_not_overwrite_each_other(staff: Visit, site: RunningSite) -> None:
    page = staff()
    _draft_with(page, papers("ฝายน้ำล้น")[1:2])
    id = int(page.url.rsplit("/", 1)[1])
    site.services.commands.announcements.revise(id, {"category": "ชลประทาน"}, actor="อีกคนหนึ่ง")
    page.fill("#title", "ฝายใหม่")
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()  # other fields: both changes are kept
    expect(page.locator("h1")).to_have_text("ฝายใหม่")
    expect(page.locator("#category")).to_have_value("ชลประทาน")
    site.services.commands.announcements.revise(id, {"title": "ฝายของคนอื่น"}, actor="อีกคนหนึ่ง")
    page.fill("#title", "ฝายของเรา")
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()  # the same field: the clerk decides
    content = page.locator("#content")
    expect(content).to_contain_text("ฝายของคนอื่น")
    expect(content).to_contain_text("ฝายของเรา")
    assert site.services.announcements.get(id).title == "ฝายของคนอื่น"


def test_the_first_editor_is_told_without_typing_that_somebody_saved(
    staff: Visit, site: RunningSite, centre: Announcement
) -> None:
    page = staff()
    page.clock.install()
    page.goto(f"/staff/announcements/{centre.id}")
    note = page.locator("[data-other-editor]")
    expect(note).not_to_contain_text("มานี")
    site.services.commands.announcements.revise(centre.id, {"category": "น้ำ"}, actor="มานี")
    page.clock.run_for(21_000)  # ms
    expect(note).to_contain_text("มานี บันทึกเรื่องนี้ไปแล้วเมื่อ")
    expect(note).to_be_in_viewport(ratio=1)
    looks: list[str] = []
    page.on("request", lambda request: looks.append(request.url))
    page.clock.run_for(11 * 60_000)  # ms: nobody works in the form, and the session must end some time
    page.wait_for_timeout(300)
    looked = len(looks)
    page.clock.run_for(60_000)
    page.wait_for_timeout(300)
    assert len(looks) == looked


def test_work_in_a_new_form_shows_no_note(staff: Visit) -> None:
    page = staff()
    page.clock.install()
    page.goto("/staff/announcements/new")
    page.fill("#title", "ฝาย")
    page.clock.run_for(31_000)  # ms: long enough that the service hears of the work
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.fill("#body", "ข้อความ")
    page.wait_for_timeout(300)
    expect(page.locator("[data-other-editor]")).to_be_hidden()
    expect(page.locator("[data-other-editor]")).to_have_text("")


def test_personal_data_takes_a_reason(staff: Visit) -> None:
    page = staff()
    listed = order("91/2566", "ผู้รับเบี้ยยังชีพ", "นางสมศรี เลขประจำตัวประชาชน 1-1017-00203-30-0 โทร. 08 1234 5678")
    _draft_with(page, [{"name": "list.pdf", "mimeType": "application/pdf", "buffer": listed}])
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่").click()
    expect(page.locator("h1")).to_have_text("ยังไม่เผยแพร่ ตรวจก่อน")
    for width, height in ((PHONE, 844), (DESK, 700)):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.get_by_role("button", name="เผยแพร่")).to_be_in_viewport(ratio=1)
        tab_to(page, "#reason-public")
        page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".notice.bad")).to_contain_text("พบข้อมูลส่วนบุคคล")
    expect(page.locator("[value=later]")).to_be_disabled()  # nobody would be there to state the reason
    page.check("[name=ground][value=legal-duty]")
    page.fill("#reason-public", "ระเบียบเบี้ยยังชีพ ข้อ 12 ให้ปิดประกาศ")
    page.set_viewport_size({"width": DESK, "height": 700})
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    duty = page.locator("[name=ground][value=legal-duty]")
    before = duty.bounding_box()
    page.check("[name=ground][value=office-contact]")
    expect(page.locator("#reason-public")).to_be_hidden()  # the choice says why
    assert duty.bounding_box() == before  # nothing moves under the pointer
    page.check("[name=ground][value=legal-duty]")
    page.get_by_role("button", name="เผยแพร่").click()
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว")
    page.get_by_role("link", name="ประวัติการแก้ไข").click()
    expect(page.locator(".entries")).to_contain_text("กฎหมายกำหนดให้ประกาศข้อมูลนี้")


def test_a_corrected_text_is_found(staff: Visit, site: RunningSite) -> None:
    page = staff()
    page.goto(f"/staff/attachments/{site.attachments[0].id}/pages/1")
    last = page.locator("[data-lines] textarea").last
    last.fill(f"{last.input_value()}\nพลับพลึงธาร")
    page.get_by_role("button", name="บันทึกหน้านี้").click()
    expect(page.locator(".notice.good")).to_be_visible()
    _found(page, site, "พลับพลึงธาร")


def test_a_wrong_password_says_nothing_of_names(visit: Visit) -> None:
    page = visit()
    page.goto("/sign-in?next=/staff/review")
    page.fill("#name", "ใครก็ไม่รู้")
    page.fill("#password", "ผิดแน่นอน")
    show = page.get_by_role("button", name="แสดงรหัสผ่าน")
    show.press("Space")
    expect(show).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#password")).to_have_attribute("type", "text")
    page.get_by_role("button", name="ลงชื่อเข้าใช้").click()
    expect(page.locator(".notice.bad")).to_have_text("ชื่อผู้ใช้หรือรหัสผ่านไม่ถูกต้อง")
    expect(page.locator(".notice.warn")).to_contain_text("แป้นพิมพ์")


@pytest.mark.parametrize(("width", "mark"), [(DESK, "ศาลาริมน้ำ"), (PHONE, "หอกระจายข่าว")])
def test_what_is_added_to_a_published_record_waits_for_one_press(
    staff: Visit, visit: Visit, site: RunningSite, width: int, mark: str
) -> None:
    made = site.services.commands.announcements.create(
        Draft(title="งานก่อสร้าง", published_on=dt.date(2025, 11, 5)), actor=NAME, status=Status.PUBLISHED
    )
    page, resident = staff(width=width), visit(width=width)
    page.goto(f"/staff/announcements/{made.id}")
    file = order("90/2566", f"กำหนดวันเปิด{mark}", "เปิดวันที่ 1 มกราคม 2567")
    page.set_input_files("#files", [{"name": "scan003.pdf", "mimeType": "application/pdf", "buffer": file}])
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    state = page.locator("[data-attachment] .state").first
    state.evaluate("one => { one.className = 'state waiting'; }")  # as it was while the file waited
    assert state.evaluate("one => getComputedStyle(one, '::before').content") == "none"
    resident.goto(f"/announcements/{made.id}")
    expect(resident.locator("main")).not_to_contain_text(mark)
    click(page.get_by_role("button", name="เผยแพร่เอกสารนี้"))
    expect(page.locator(".notice.good").first).to_contain_text("ประชาชนเห็นเอกสารนี้แล้ว")
    resident.reload()
    expect(resident.locator("main")).to_contain_text(mark)


def test_the_page_beside_the_form_is_that_of_the_file_that_is_worked_on(
    staff: Visit, site: RunningSite
) -> None:
    page = staff()
    made = site.services.commands.announcements.create(
        Draft(title="สองไฟล์", published_on=dt.date(2026, 1, 5), author="กองช่าง"), actor="test"
    )
    page.goto(f"/staff/announcements/{made.id}")
    texts = ("ภาพที่หนึ่ง", "ภาพที่สอง", "ภาพของไฟล์ใหม่")
    one, other, new = (
        FilePayload(name=f"{text}.pdf", mimeType="application/pdf", buffer=order("8/2569", text, text))
        for text in texts
    )
    page.set_input_files("#files", [one, other])
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(2, timeout=20_000)
    site.services.commands.publication.publish(made.id, actor="test")
    first, second = site.services.attachments.by_announcement([made.id])[made.id]
    page.goto(f"/staff/attachments/{first.id}")
    page.set_input_files("#file", new)
    click(page.get_by_role("button", name="เปลี่ยนไฟล์", exact=True))
    shown = page.locator("#first-page img")
    use = page.get_by_role("button", name="ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น")
    expect(use).to_be_visible(timeout=20_000)
    waiting = site.services.attachments.replacements([first.id])[first.id]
    label = page.locator(f"#label-{second.id}")
    for control, attachment in ((None, waiting), (label, second), (use, waiting)):
        if control:
            control.focus()
        expect(shown).to_have_attribute("src", re.compile(rf"/attachments/{attachment.id}/pages/1\.webp"))


def test_an_open_draft_says_when_nothing_could_be_read_from_its_paper(staff: Visit) -> None:
    page, blank = staff(), fpdf.FPDF()
    blank.add_page()
    page.goto("/staff/announcements/new")
    page.set_input_files(
        "#files", [{"name": "scan77.pdf", "mimeType": "application/pdf", "buffer": bytes(blank.output())}]
    )
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    expect(page.locator("[data-nothing]")).to_contain_text("กรุณาดูเอกสารแล้วพิมพ์เอง")
    expect(page.locator("h1")).to_have_text("(ยังไม่มีชื่อเรื่อง) scan77.pdf")
    shoot(page, "nothing-read")


def _draft_with(page: Page, files: list[FilePayload]) -> str:
    """Create an announcement by dropping files. Returns its path."""
    page.goto("/staff/announcements/new")
    page.set_input_files("#files", files)
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))
    return page.url.removeprefix(page.url.split("/staff")[0])


def _found(page: Page, site: RunningSite, mark: str) -> None:
    """Wait until the index has followed and search finds the announcement."""
    services = site.services
    wait_until(lambda: services.index.position() >= services.history.last_change(), "it was indexed")
    page.goto(f"/search?q={mark}")
    expect(page.locator(".entries .find mark").first).to_have_text(mark)


def _count_clicks(page: Page) -> None:
    page.add_init_script(
        "addEventListener('click', event => event.isTrusted && event.detail &&"
        " sessionStorage.setItem('clicks', Number(sessionStorage.getItem('clicks')) + 1), true)"
    )
    page.reload()


def _clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.getItem('clicks'))"))


def test_what_was_done_to_a_paper_is_said_at_the_paper(staff: Visit) -> None:
    page = staff()
    page.set_viewport_size({"width": 1366, "height": 560})
    _draft_with(page, papers("ฝายทดน้ำ")[1:2])
    row = page.locator("[data-attachment][data-status=ready]")
    expect(row).to_have_count(1, timeout=60_000)
    page.get_by_role("button", name="แปลงใหม่").click()
    said = page.get_by_text("ส่งเอกสารไปแปลงข้อความใหม่แล้ว")
    expect(said).to_be_in_viewport(ratio=1)
    expect(row).to_have_count(1, timeout=60_000)
    expect(row).to_contain_text("ส่งเอกสารไปแปลงข้อความใหม่แล้ว")  # also once the row is brought up to date


def test_the_save_bar_stays_in_sight_beside_the_caret_in_a_long_text(staff: Visit, site: RunningSite) -> None:
    page = staff()
    page.goto(f"/staff/announcements/{site.centre.id}")
    save, text = page.get_by_role("button", name="บันทึก", exact=True).last, page.locator("#body")
    for width, height in ((1366, 768), (PHONE, 844), (1280, 560)):
        page.set_viewport_size({"width": width, "height": height})
        text.fill("บรรทัดแรก")
        text.evaluate("part => scrollTo(0, part.getBoundingClientRect().top + scrollY - innerHeight / 2)")
        text.press("ControlOrMeta+End")
        for _line in range(40):
            text.press("Enter")
            page.keyboard.insert_text("ข้อความ")
        expect(save).to_be_in_viewport(ratio=1)
        below = page.evaluate(CARET_BELOW_BAR)
        assert below <= 0, f"{width}×{height}: {below} px of the caret's line are under the bar"
    text.fill(site.centre.body)


@pytest.mark.parametrize(
    ("address", "label"), [("/staff/collections/new", "ชื่อชุดประกาศ"), ("/staff/site", "เวลาทำการ")]
)
def test_a_form_that_was_typed_into_asks_before_it_is_left(staff: Visit, address: str, label: str) -> None:
    page = staff()
    page.goto(address)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    field = page.get_by_label(label, exact=True)
    field.press_sequentially("ข้อความที่พิมพ์ไว้")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="งานทั้งหมด").first.click()
    assert asked == ["beforeunload"]
    expect(field).to_have_value("ข้อความที่พิมพ์ไว้")
    page.get_by_role("button", name="บันทึก", exact=True).click()
    expect(page.locator(".notice.good")).to_be_visible()
    assert asked == ["beforeunload"]
