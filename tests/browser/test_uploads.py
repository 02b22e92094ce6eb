"""No upload and no typed text of a clerk is lost without a message."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Dialog, FilePayload, Route, expect

from archive.model import Announcement, Draft, Status
from tests.browser.conftest import PHONE, Visit, click, press, sign_in
from tests.browser.site import ACTOR, NAME, PASSWORD, RunningSite, order

SENDING = re.compile(r"/staff/announcements/\d+/attachments$")
SENT_AGAIN_AFTER = 1500  # milliseconds within which a file is sent again where there is a network
FIRST_LINE = "[data-lines] .text-line:first-child textarea"


def paper(name: str, mark: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": order("7/2566", mark, mark)}


def draft_ids(site: RunningSite) -> set[int]:
    listed, _number = site.services.announcements.list_page(statuses=[Status.DRAFT], page=1, per_page=1000)
    return {each.id for each in listed}


def test_a_file_that_never_arrives_stays_listed_and_is_sent_again(staff: Visit, site: RunningSite) -> None:
    page = staff(width=PHONE)
    page.goto("/staff/announcements/new")
    sent: list[Route] = []

    def cut_the_second(route: Route) -> None:
        sent.append(route)
        route.continue_() if len(sent) == 1 else route.abort("connectionreset")

    page.route(SENDING, cut_the_second)
    page.set_input_files("#files", [paper("one.pdf", "หนึ่งขาด"), paper("two.pdf", "สองขาด")])
    question = page.locator("li.question")
    for said in ("เลือกไว้ 2 ไฟล์", "one.pdf", "two.pdf"):
        expect(question).to_contain_text(said)
    page.fill("#title", "ยังไม่ได้ตอบ")
    page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่").click()
    expect(question).to_contain_text("ตอบคำถามนี้ก่อน")
    page.keyboard.press("Enter")  # together: the first answer has the focus
    expect(page.locator("#files")).to_be_focused()
    line = page.locator("[data-uploads] li.failed")
    expect(line).to_contain_text("การเชื่อมต่อขาด", timeout=20_000)
    expect(line).to_contain_text("two.pdf")
    expect(line).to_be_in_viewport(ratio=1)
    assert len(sent) == 4  # by itself it was sent three times
    expect(page.locator("[data-attachment]")).to_have_count(1)  # the page is the draft's
    page.unroute(SENDING)
    page.on("dialog", lambda dialog: dialog.accept())  # leaving asks, for a file has not arrived
    page.reload()
    expect(line).to_contain_text("two.pdf")
    with page.expect_file_chooser() as chooser:
        press(page.get_by_role("button", name="ลองอีกครั้ง"))
    chooser.value.set_files(paper("two.pdf", "สองขาด"))
    expect(page.locator("[data-attachment]")).to_have_count(2)
    expect(line).to_have_count(0)


def test_lost_answers_make_nothing_twice_and_need_no_click(staff: Visit, site: RunningSite) -> None:
    """The draft and each file arrive, and the connection is cut in the middle of the answer.

    Then all network is gone for a while, and the first look at what arrived is lost too.
    """
    page = staff()
    page.goto("/staff/announcements/new")
    before = site.services.announcements.count_by_status()["draft"]
    seen: set[str] = set()

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method != "POST" or route.request.url in seen:
            route.continue_()
            return
        seen.add(route.request.url)
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    page.route("**/staff/announcements/**", lose_the_first_answer)
    page.set_input_files("#files", [paper("one.pdf", "คำตอบหาย")])
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))
    expect(page.locator("[data-attachment]")).to_have_count(1)
    assert len(seen) == 2
    assert site.services.announcements.count_by_status()["draft"] == before + 1
    page.unroute("**/staff/announcements/**")

    def lose_all_network(route: Route) -> None:
        page.context.set_offline(True)
        route.abort("internetdisconnected")

    page.route(SENDING, lose_all_network, times=1)
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.method))
    page.set_input_files("#files", [paper("two.pdf", "เครือข่ายดับ")])
    expect(page.locator("[data-uploads] li")).to_contain_text("two.pdf — การเชื่อมต่อขาด")
    page.wait_for_timeout(SENT_AGAIN_AFTER)
    assert failed == ["POST"]  # it waits for the network
    page.route(page.url, lambda route: route.abort(), times=1)  # the look at what arrived
    page.context.set_offline(False)
    expect(page.locator("[data-attachment]")).to_have_count(2)
    expect(page.locator("[data-uploads] li")).to_have_count(0)
    kept = site.services.attachments.by_announcement([id := int(page.url.rsplit("/", 1)[1])])[id]
    assert [one.filename for one in kept] == ["one.pdf", "two.pdf"]


def test_papers_become_drafts_of_their_own_and_a_refused_file_stays_listed(
    staff: Visit, site: RunningSite
) -> None:
    page = staff()
    page.goto("/staff/announcements/new")
    before = site.services.announcements.count_by_status()["draft"]
    wrong: FilePayload = {"name": "note.pdf", "mimeType": "application/pdf", "buffer": b"not a document"}
    page.set_input_files("#files", [paper("one.pdf", "รับได้"), paper("two.pdf", "รับได้อีก"), wrong])
    click(page.get_by_role("button", name="แยกเป็น 3 เรื่อง ไฟล์ละหนึ่งเรื่อง"))
    line = page.locator("[data-uploads] li.failed")
    expect(line).to_contain_text("ไฟล์ชนิดนี้แนบไม่ได้ หรือไฟล์เสียหาย")
    expect(page.get_by_text("ส่งถึงแล้ว 2 จาก 3 ไฟล์")).to_be_visible()
    click(page.get_by_role("button", name="ปิดรายการนี้"))
    page.wait_for_url("**/staff?status=draft&mine=1&made=*")
    assert (
        site.services.announcements.count_by_status()["draft"] == before + 2
    )  # that of the refused file is in the trash
    made = page.locator("main > .notice.good", has_text="สร้างฉบับร่างแล้ว 2 เรื่อง")
    expect(made.get_by_role("listitem").get_by_role("link")).to_have_count(2)
    expect(page.locator("main tbody tr")).to_have_count(2)


@pytest.mark.parametrize("dropped_second", [("three.pdf", "four.pdf"), ("three.pdf",)])
def test_papers_dropped_while_others_go_up_do_not_join_their_drafts(
    staff: Visit, site: RunningSite, dropped_second: tuple[str, ...]
) -> None:
    page = staff()
    page.goto("/staff/announcements/new")
    before = draft_ids(site)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(SENDING, hold, times=1)  # a slow line
    page.set_input_files("#files", [paper("one.pdf", "ฉบับแรก"), paper("two.pdf", "ฉบับสอง")])
    with page.expect_request(SENDING):
        click(page.get_by_role("button", name="แยกเป็น 2 เรื่อง ไฟล์ละหนึ่งเรื่อง"))
    page.set_input_files("#files", [paper(name, f"เรื่องของ {name}") for name in dropped_second])
    if len(dropped_second) > 1:
        click(page.get_by_role("button", name="แยกเป็น 2 เรื่อง ไฟล์ละหนึ่งเรื่อง"))
    expect(page.locator("[data-uploads] li", has_text=dropped_second[-1])).to_have_count(0)
    held[0].continue_()
    page.wait_for_url("**/staff?status=draft&mine=1&made=*")
    made = draft_ids(site) - before
    attachments = site.services.attachments.by_announcement(made)
    files = sorted([one.filename for one in attachments[id]] for id in made)
    assert files == sorted([name] for name in ("one.pdf", "two.pdf", *dropped_second))


def test_papers_dropped_on_a_form_that_was_shown_again_do_not_join_earlier_drafts(
    staff: Visit, site: RunningSite
) -> None:
    page = staff()
    page.goto("/staff/announcements/new")
    before = draft_ids(site)
    wrong: FilePayload = {"name": "note.pdf", "mimeType": "application/pdf", "buffer": b"not a document"}
    page.set_input_files("#files", [paper("one.pdf", "ก่อนแสดงซ้ำ"), wrong])
    click(page.get_by_role("button", name="แยกเป็น 2 เรื่อง ไฟล์ละหนึ่งเรื่อง"))
    expect(page.locator("[data-uploads] li.failed")).to_contain_text("note.pdf")
    page.on("dialog", lambda dialog: dialog.accept())
    day = page.locator("#published_on").input_value()
    page.fill("#title", "วันที่ผิด")
    page.fill("#published_on", "ไม่ใช่วันที่")
    click(page.get_by_role("button", name="บันทึกฉบับร่าง"))
    expect(page.locator(".notice.bad").first).to_be_visible()
    page.fill("#published_on", day)
    page.set_input_files("#files", [paper("three.pdf", "หลังแสดงซ้ำ"), paper("four.pdf", "หลังแสดงซ้ำด้วย")])
    click(page.get_by_role("button", name="แยกเป็น 2 เรื่อง ไฟล์ละหนึ่งเรื่อง"))
    expect(page.locator("[data-uploads] li", has_text="four.pdf")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    attachments = site.services.attachments.by_announcement(draft_ids(site) - before)
    files = sorted([one.filename for one in each] for each in attachments.values() if each)
    assert files == [["four.pdf"], ["one.pdf"], ["three.pdf"]]


def test_a_refused_file_says_why_until_it_is_dismissed_and_is_not_sent_again(
    staff: Visit, site: RunningSite
) -> None:
    page = staff()
    before = draft_ids(site)
    page.goto("/staff/announcements/new")
    wrong: FilePayload = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"not a document"}
    with page.expect_event("load"):  # of the blank form, once the draft was given up
        page.set_input_files("#files", [wrong])
    line = page.locator("[data-uploads] li.failed")
    for _time in range(2):
        expect(line).to_contain_text("note.txt — ไฟล์ชนิดนี้แนบไม่ได้")
        expect(line.get_by_role("button")).to_have_text(["ปิดรายการนี้"])
        expect(page).to_have_url(re.compile("/staff/announcements/new$"))
        page.reload()
    assert draft_ids(site) == before  # nothing is left of a file that was refused
    click(line.get_by_role("button"))
    page.reload()
    expect(page.locator("[data-uploads] li")).to_have_count(0)


def test_leaving_with_unsaved_work_asks(staff: Visit, site: RunningSite) -> None:
    page = staff()
    asked: list[str] = []
    draft = site.services.commands.announcements.create(
        Draft(title="ร่างที่รอเผยแพร่", published_on=dt.date(2026, 1, 5)), actor=ACTOR
    )

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"/staff/announcements/{site.centre.id}")
    page.get_by_role("link", name="ที่ต้องตรวจ").click()
    page.wait_for_url("**/staff/review")
    assert asked == []  # nothing was typed
    for address, field in (
        (f"/staff/announcements/{site.centre.id}", "#category"),
        (f"/staff/attachments/{site.attachments[0].id}/pages/1", FIRST_LINE),
    ):
        page.goto(address)
        page.locator(field).press_sequentially("พิมพ์ค้าง")
        with page.expect_event("dialog"):
            page.get_by_role("link", name="ที่ต้องตรวจ").click()
        assert asked.pop() == "beforeunload"
        assert page.url.endswith(address)
        page.locator(field).fill(page.evaluate("name => document.querySelector(name).defaultValue", field))
    for address, field in (
        (f"/staff/announcements/{site.centre.id}/erase", "#reason"),
        (f"/staff/publish?id={draft.id}", f"#tick-{draft.id}"),
    ):
        page.goto(address)
        page.locator(field).focus()
        page.keyboard.type(" พิมพ์ค้าง")  # the blank ticks a box
        with page.expect_event("dialog"):
            page.get_by_role("link", name="ที่ต้องตรวจ").click()
        assert asked.pop() == "beforeunload"
        page.evaluate("() => document.querySelector('form[data-unsaved]').reset()")
    page.goto(f"/staff/attachments/{site.attachments[0].id}/pages/1")
    page.locator(FIRST_LINE).press_sequentially(" ")
    page.get_by_role("button", name="บันทึกหน้านี้").click()
    expect(page.locator(".notice.good")).to_be_visible()
    assert asked == []  # saving is no leaving


def test_text_typed_while_signed_out_elsewhere_comes_back_after_signing_in(
    visit: Visit, site: RunningSite, centre: Announcement
) -> None:
    page = visit()
    sign_in(page)
    address = f"/staff/announcements/{centre.id}"
    page.goto(address)
    elsewhere = page.context.new_page()
    elsewhere.goto("/staff/review")
    elsewhere.get_by_role("button", name="ออกจากระบบ").click()
    page.fill("#body", "พิมพ์ไว้นานแล้ว")
    page.check("#noindex")
    page.get_by_role("button", name="บันทึก", exact=True).last.click()
    expect(page.locator(".notice.warn")).to_contain_text("หมดเวลา")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
    expect(page.locator("#body")).to_have_value("พิมพ์ไว้นานแล้ว")
    expect(page.locator("#noindex")).to_be_checked()
    expect(page.locator(".notice.warn").first).to_contain_text("ยังไม่ได้บันทึก")
    click(page.get_by_role("button", name="บันทึก", exact=True).last)
    expect(page.locator(".notice.good")).to_be_visible()
    stored = site.services.announcements.get(centre.id)
    assert (stored.body, stored.noindex) == ("พิมพ์ไว้นานแล้ว", True)
    assert page.evaluate("sessionStorage.length") == 0


def test_saving_without_network_keeps_the_form_and_the_draft_names_what_is_missing(
    staff: Visit, site: RunningSite
) -> None:
    page = staff(width=PHONE)
    page.goto("/staff/announcements/new")
    unsent = "sessionStorage.setItem('unsent /staff/announcements/new', JSON.stringify([['หาย.pdf', null]]))"
    page.evaluate(unsent)  # as after three tries to send a file
    page.fill("#title", "พิมพ์ตอนเน็ตหลุด")
    save = page.get_by_role("button", name="บันทึกฉบับร่าง")
    page.context.set_offline(True)
    save.click()
    said = page.locator("[data-not-saved]")
    expect(said).to_contain_text("ไม่มีอินเทอร์เน็ต ยังไม่ได้บันทึก")
    expect(said).to_be_in_viewport(ratio=1)
    assert page.url.endswith("/new")
    expect(page.locator("#title")).to_have_value("พิมพ์ตอนเน็ตหลุด")
    expect(said).to_contain_text("ระบบจะบันทึกให้เองเมื่ออินเทอร์เน็ตกลับมา")
    page.route("**/staff/awake", lambda route: route.abort(), times=2)  # a network that leads nowhere
    page.context.set_offline(False)
    save.click()
    expect(said).to_contain_text("ยังไม่ได้บันทึก")
    press(said.get_by_role("button", name="ลองอีกครั้ง"))
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))
    line = page.locator("[data-uploads] li.failed")
    for _time in range(2):
        expect(line).to_contain_text("หาย.pdf — ไฟล์นี้ยังไม่ถึงระบบ")
        page.reload()
    page.evaluate(unsent)
    page.get_by_role("link", name="+ ประกาศใหม่").click()
    expect(page.locator("#title")).to_have_value("")
    expect(line).to_have_count(0)


@pytest.mark.parametrize("button", ["บันทึกฉบับร่าง", "บันทึกและตรวจก่อนเผยแพร่"])
def test_save_pressed_without_network_is_sent_by_itself(staff: Visit, site: RunningSite, button: str) -> None:
    """The file that was on its way arrives first, and the page becomes that of its draft."""
    page = staff()
    page.goto("/staff/announcements/new")
    page.context.set_offline(True)
    page.set_input_files("#files", [paper("one.pdf", f"ออฟไลน์ {button}")])
    page.fill("#title", f"กด {button} ตอนเน็ตหลุด")
    page.check("#noindex")
    click(page.get_by_role("button", name=button))
    said = page.locator("[data-not-saved]")
    expect(said).to_contain_text("ยังไม่ได้บันทึก")
    page.context.set_offline(False)
    if "เผยแพร่" in button:
        page.wait_for_url(re.compile(r"/staff/announcements/\d+/publish$"))
    else:
        expect(page.locator(".notice.good").last).to_contain_text("บันทึกแล้ว", timeout=15_000)
    expect(said).to_have_count(0)
    id = int(re.findall(r"/announcements/(\d+)", page.url)[0])
    stored = site.services.announcements.get(id)
    assert (stored.title, stored.noindex) == (f"กด {button} ตอนเน็ตหลุด", True)
    assert len(site.services.attachments.by_announcement([id])[id]) == 1


def test_a_save_that_waits_for_the_network_waits_for_who_goes_on_typing(
    staff: Visit, site: RunningSite, centre: Announcement
) -> None:
    page = staff()
    page.goto(f"/staff/announcements/{centre.id}")
    page.context.set_offline(True)
    page.fill("#author", "พิมพ์ก่อน")
    press(page.get_by_role("button", name="บันทึก", exact=True).first)
    said = page.locator("[data-not-saved]")
    expect(said).to_be_in_viewport(ratio=1)
    page.locator("#author").fill("")
    page.context.set_offline(False)
    page.locator("#author").press_sequentially("พิมพ์ต่อหลังกด", delay=300)
    expect(page.locator(".notice.good")).to_contain_text("บันทึกแล้ว", timeout=15_000)
    assert site.services.announcements.get(centre.id).author == "พิมพ์ต่อหลังกด"
