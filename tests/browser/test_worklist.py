"""A clerk who knows nothing does one thing to many records: by mouse, by keyboard, without a script."""

from __future__ import annotations

import datetime as dt
import io
import re

import fpdf
import pytest
from playwright.sync_api import Page, expect

from archive import thai
from archive.model import Draft, Status
from tests.browser.conftest import DESK, PHONE, Act, Visit, click, press, shoot, tab_to
from tests.browser.site import ACTOR, NAME, RunningSite, wait_until

MOST_CLICKS = 6


def drafts(site: RunningSite, mark: str, count: int) -> list[int]:
    made = [
        site.services.commands.announcements.create(
            Draft(title=f"{mark} ที่ {number}", published_on=dt.date(2026, 1, 5), author="กองช่าง"),
            actor=ACTOR,
        )
        for number in range(count)
    ]
    return [each.id for each in made]


def statuses(site: RunningSite, ids: list[int]) -> set[Status]:
    return {each.status for each in site.services.announcements.get_many(ids).values()}


@pytest.mark.parametrize(("width", "act"), [(PHONE, click), (DESK, click), (DESK, press)])
def test_ten_drafts_are_published_and_taken_back(
    staff: Visit, site: RunningSite, width: int, act: Act
) -> None:
    mark = f"สิบร่าง{width}{act.__name__}"
    ids = drafts(site, mark, 10)
    page = staff(width=width)
    page.goto(f"/staff?q={mark}")
    clicks = 0
    for control in (
        page.get_by_label("เลือกทั้งหน้า"),
        page.locator("[value=publish]"),
        page.locator("main .buttons .first"),
    ):
        act(control)
        clicks += 1
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว 10 เรื่อง")
    assert clicks <= MOST_CLICKS
    assert statuses(site, ids) == {Status.PUBLISHED}
    shoot(page, f"worklist-{width}")
    act(page.get_by_role("button", name="เลิกทำ"))
    expect(page.locator("main .card")).to_contain_text("ประชาชนจะเปิดเรื่องเหล่านี้ไม่ได้อีก")
    act(page.get_by_role("button", name="เลิกทำ"))
    expect(page.locator(".notice.good")).to_contain_text("เลิกทำแล้ว")
    assert statuses(site, ids) == {Status.DRAFT}


def test_what_is_typed_for_many_stays_while_one_of_them_is_mended(staff: Visit, site: RunningSite) -> None:
    commands = site.services.commands
    ids = drafts(site, "ก่อนแก้", 2)
    for id in ids:
        commands.announcements.revise(id, {"published_on": thai.today(), "author": ""}, actor=ACTOR)
        blank = fpdf.FPDF()
        blank.add_page(orientation="landscape" if id % 2 else "portrait")
        commands.attachments.attach(id, io.BytesIO(bytes(blank.output())), filename="ว่าง.pdf", actor=ACTOR)
    jobs = site.services.jobs
    wait_until(
        lambda: not sum(jobs.count_by_status()[each] for each in ("waiting", "reading")), "both were read"
    )
    page = staff()
    page.goto(f"/staff/publish?id={ids[0]}&id={ids[1]}")
    one, other = (page.locator(f"#candidate-{id}") for id in ids)
    page.get_by_label("ดูภาพและชื่อครบทุกเรื่องแล้ว ติ๊กทั้งหมด").check()
    expect(one.locator("[name=id]")).not_to_be_checked()  # no date was read from its file, nor typed
    page.get_by_label("ดูภาพและชื่อครบทุกเรื่องแล้ว ติ๊กทั้งหมด").uncheck()
    one.locator("[name^=published_on-]").fill("9 มิ.ย. 2564")
    page.get_by_label("ดูภาพและชื่อครบทุกเรื่องแล้ว ติ๊กทั้งหมด").check()
    expect(one.locator("[name=id]")).to_be_checked()
    other.locator("[name=id]").check()
    with page.expect_popup() as opened:
        other.get_by_role("link", name="ยังไม่ได้ระบุผู้ประกาศ").click()
    opened.value.locator("#author").fill("กองช่าง")
    opened.value.get_by_role("button", name="บันทึกฉบับร่าง").click()
    expect(opened.value.locator(".notice.good").first).to_contain_text("บันทึกแล้ว")
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(other).not_to_contain_text("ยังไม่ได้ระบุผู้ประกาศ")
    opened.value.locator("#title").fill("แก้ชื่ออีกครั้งในแท็บเดิม")
    opened.value.get_by_role("button", name="บันทึกฉบับร่าง").click()
    expect(opened.value.locator("h1")).to_contain_text("แก้ชื่ออีกครั้งในแท็บเดิม")
    opened.value.close()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(other).to_contain_text("แก้ชื่ออีกครั้งในแท็บเดิม")
    expect(other.locator("[name=id]")).to_be_checked()
    expect(one.locator("[name^=published_on-]")).to_have_value("9 มิ.ย. 2564")


@pytest.mark.parametrize(("width", "act"), [(PHONE, click), (DESK, click), (DESK, press)])
def test_a_title_is_typed_beside_its_scan_and_stays_while_another_is_mended(
    staff: Visit, site: RunningSite, width: int, act: Act
) -> None:
    id, other = drafts(site, f"ตั้งชื่อ{width}{act.__name__}", 2)
    site.services.commands.announcements.revise(id, {"title": "12 doc.pdf"}, actor=NAME)
    page = staff(width=width)
    page.goto(f"/staff/publish?id={id}&id={other}")
    act(page.get_by_label("ดูภาพและชื่อครบทุกเรื่องแล้ว ติ๊กทั้งหมด"))
    expect(page.locator(f"#tick-{other}")).to_be_checked()
    expect(page.locator(f"#tick-{id}")).not_to_be_checked()  # it has no title yet
    page.get_by_label("เผยแพร่ด้วยชื่อเรื่อง").fill("เลื่อนการประชุมสภา")
    site.services.commands.announcements.revise(id, {"author": "กองช่าง"}, actor=NAME)
    come_back(page)
    expect(page.get_by_label("เผยแพร่ด้วยชื่อเรื่อง")).to_have_value("เลื่อนการประชุมสภา")
    act(page.locator(f"#tick-{id}"))
    act(page.locator("main .buttons .first"))
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว 2 เรื่อง")
    assert site.services.announcements.get(id).title == "เลื่อนการประชุมสภา"


def come_back(page: Page) -> None:
    """Come back to the checklist for many, and wait until its script has worked off the answer."""
    with page.expect_response(lambda answer: "/staff/publish" in answer.url):
        page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(500)


@pytest.mark.parametrize(
    ("is_looked_at_before", "is_changed_after"), [(False, False), (True, False), (False, True)]
)
def test_what_somebody_else_changed_is_not_published_unseen(
    staff: Visit, site: RunningSite, is_looked_at_before: bool, is_changed_after: bool
) -> None:
    """Also where a change of one's own follows, made on a page that does not show the other one."""
    ids = drafts(site, f"แก้ที่อื่น {is_looked_at_before} {is_changed_after}", 2)
    site.services.commands.announcements.revise(ids[0], {"author": ""}, actor=ACTOR)
    page = staff()
    page.goto(f"/staff/publish?id={ids[0]}&id={ids[1]}")
    page.locator(f"#tick-{ids[0]}").check()
    if is_looked_at_before:
        with page.expect_popup() as opened:
            page.locator(f"#candidate-{ids[0]}").get_by_role("link", name="ยังไม่ได้ระบุผู้ประกาศ").click()
        expect(opened.value.locator("#author")).to_be_visible()
        opened.value.close()
    site.services.commands.announcements.revise(ids[0], {"body": "ข้อความที่ผู้อื่นเขียน"}, actor="ผู้อื่น")
    if is_changed_after:
        site.services.commands.announcements.revise(ids[0], {"author": "กองช่าง"}, actor=NAME)
    come_back(page)
    page.locator("main .buttons .first").click()
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว 1 เรื่อง")
    assert [site.services.announcements.get(id).status for id in ids] == [Status.DRAFT, Status.PUBLISHED]


def test_the_counts_above_many_agree_with_their_rows(staff: Visit, site: RunningSite) -> None:
    ids = drafts(site, "นับให้ตรง", 2)
    site.services.commands.announcements.revise(ids[0], {"title": "12 doc.pdf"}, actor=ACTOR)
    page = staff()
    page.goto(f"/staff/publish?id={ids[0]}&id={ids[1]}")
    site.services.commands.announcements.revise(ids[0], {"title": "ผู้อื่นตั้งชื่อให้"}, actor="ผู้อื่น")
    come_back(page)
    expect(page.locator(f"#candidate-{ids[0]}")).to_contain_text("ยังเผยแพร่ไม่ได้")
    expect(page.locator("[data-counts]")).to_contain_text("ยังเผยแพร่ไม่ได้ 1 เรื่อง")


LINES_OF_NAMES = """(names) => {
  const lines = {}, range = document.createRange();
  for (const cell of document.querySelectorAll("main td *")) {
    const name = cell.textContent.trim();
    if (!names.includes(name)) continue;
    range.selectNodeContents(cell);
    (lines[name] ??= []).push(new Set([...range.getClientRects()].map((box) => box.top)).size);
  }
  return lines;
}"""
"""Names → on how many lines each of its places in the table stands."""


def test_a_name_is_not_parted_at_the_end_of_a_line(staff: Visit, site: RunningSite) -> None:
    author = "จับกังไซเบอร์"
    for id in drafts(site, "ใครดูแล", 2):
        site.services.commands.announcements.revise(id, {"assigned_to": NAME, "author": author}, actor=NAME)
    page = staff(width=PHONE)
    for width in range(330, PHONE + 1, 6):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto("/staff")
        lines = page.evaluate(LINES_OF_NAMES, [NAME, author])
        assert lines[NAME]
        assert lines[author]
        assert {count for counts in lines.values() for count in counts} == {1}, (width, lines)


def test_a_ticked_title_shows_its_first_letter_on_a_phone(staff: Visit, site: RunningSite) -> None:
    """The cell of the box lies over it there, so it has no background of its own."""
    drafts(site, "ติ๊กแล้วเห็นครบ", 1)
    page = staff(width=PHONE)
    page.goto("/staff?q=ติ๊กแล้วเห็นครบ")
    page.locator("[name=id]").check()
    expect(page.locator("tr:has(:checked) > .tick")).to_have_css("background-color", "rgba(0, 0, 0, 0)")


def test_some_get_a_category_by_the_keyboard_alone(staff: Visit, site: RunningSite) -> None:
    ids = drafts(site, "เปลี่ยนหมวด", 3)
    page = staff()
    page.goto("/staff?q=เปลี่ยนหมวด")
    for id in ids[:2]:
        tab_to(page, f"#tick-{id}") if id == ids[0] else page.locator(f"#tick-{id}").focus()
        page.keyboard.press("Space")
    expect(page.locator("[data-ticked]")).to_have_text("เลือกแล้ว 2 เรื่อง")
    page.locator("summary", has_text="เปลี่ยนหมวด").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#to-category")).to_be_focused()
    page.keyboard.type("โยธา")
    page.keyboard.press("Enter")  # presses the button beside the field
    page.get_by_role("button", name="สร้างหมวดใหม่").press("Enter")
    expect(page.locator(".notice.good")).to_contain_text("เปลี่ยนหมวดแล้ว 2 เรื่อง")
    found = site.services.announcements.get_many(ids)
    assert [found[id].category for id in ids] == ["โยธา", "โยธา", ""]
    assert statuses(site, ids) == {Status.DRAFT}


def test_a_range_of_own_drafts_is_ticked_with_shift_and_retagged_by_mouse(
    staff: Visit, site: RunningSite
) -> None:
    ids = drafts(site, "ติ๊กเป็นช่วง", 5)
    page = staff()
    page.goto("/staff?q=ติ๊กเป็นช่วง")
    click(page.get_by_role("link", name="เฉพาะเรื่องของฉัน"))
    expect(page.locator("[name=id]")).to_have_count(0)  # they are of somebody else
    for id in ids:
        site.services.commands.announcements.revise(id, {"assigned_to": NAME}, actor=ACTOR)
    page.reload()
    ticks = page.locator("[name=id]")
    ticks.nth(0).click()
    ticks.nth(3).click(modifiers=["Shift"])
    expect(page.locator("[data-ticked]")).to_have_text("เลือกแล้ว 4 เรื่อง")
    click(page.locator("summary", has_text="เปลี่ยนหมวด"))
    page.fill("#to-category", "สิ่งแวดล้อม")
    click(page.locator("[value=retag]"))
    expect(page.locator(".notice.good")).to_contain_text("เปลี่ยนหมวดแล้ว 4 เรื่อง")
    press(page.get_by_role("link", name="เฉพาะเรื่องของฉัน"))
    expect(page.locator("[name=id]")).to_have_count(5)


@pytest.mark.parametrize("act", [click, press])
def test_own_drafts_of_the_week_are_found_and_gone_on_with(staff: Visit, site: RunningSite, act: Act) -> None:
    mark = f"ทำต่อ{act.__name__}"
    others, mine = drafts(site, mark, 2)
    site.services.commands.announcements.revise(mine, {"assigned_to": NAME}, actor=ACTOR)
    page = staff()
    page.goto(f"/staff?q={mark}")
    act(page.get_by_role("link", name=re.compile("^ฉบับร่าง")))
    act(page.get_by_role("link", name="เฉพาะเรื่องของฉัน"))
    filters = page.locator("summary", has_text="ตัวกรอง")
    act(filters)
    page.get_by_label("แก้ไขเมื่อ").select_option(label="ใน 7 วัน")
    act(page.get_by_role("button", name="ค้นหา", exact=True))
    expect(page.locator(f"#tick-{mine}")).to_be_visible()
    expect(page.locator(f"#tick-{others}")).to_have_count(0)
    act(page.get_by_role("link", name=f"{mark} ที่ 1"))
    page.get_by_label("ข้อความ", exact=True).fill("เขียนต่อ")
    act(page.get_by_role("button", name="บันทึกฉบับร่าง"))
    expect(page.locator(".notice.good")).to_contain_text("บันทึกแล้ว")
    assert site.services.announcements.get(mine).body == "เขียนต่อ"


def test_it_works_without_a_script(staff: Visit, site: RunningSite) -> None:
    [id] = drafts(site, "ไม่มีสคริปต์", 1)
    page = staff(javascript=False)
    page.goto("/staff?q=ไม่มีสคริปต์")
    page.locator(f"#tick-{id}").check()
    page.locator("[value=trash]").click()
    expect(page.locator(".notice.good")).to_contain_text("ทิ้งลงถังขยะแล้ว 1 เรื่อง")
    assert statuses(site, [id]) == {Status.TRASHED}


@pytest.mark.parametrize("act", [click, press])
def test_two_editors_choose_between_their_texts(staff: Visit, site: RunningSite, act: Act) -> None:
    [id] = drafts(site, "สองคนแก้", 1)
    page = staff()
    page.goto(f"/staff/announcements/{id}")
    site.services.commands.announcements.revise(id, {"title": "ของสมศรี"}, actor="สมศรี")
    page.fill("#title", "ของฉัน")
    act(page.get_by_role("button", name="บันทึกฉบับร่าง"))
    _expect_choice(page)
    act(page.get_by_label("ใช้ของคุณ"))
    act(page.get_by_role("button", name="บันทึกฉบับร่าง"))
    expect(page.locator(".notice.good")).to_be_visible()
    assert site.services.announcements.get(id).title == "ของฉัน"


def _expect_choice(page: Page) -> None:
    choice = page.locator("fieldset.notice")
    expect(choice).to_contain_text("ของฉัน")
    expect(choice).to_contain_text("ใช้ของ สมศรี")
    shoot(page, "two-editors")
