"""Boxes of a redaction: drawn, moved, resized and deleted with the mouse, the keyboard and a finger."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from archive.model import Attachment, Draft, ReadingStatus
from archive.model import Page as ReadPage
from indexer.extraction.redaction import boxes_of_finds
from tests.browser.conftest import (
    DESK,
    OTHER_DESKS,
    Visit,
    click,
    expect_uncovered_at_desks,
    press,
    shoot,
    swipe,
    touch_screen,
)
from tests.browser.site import ACTOR, RunningSite, order, wait_until

UNITS = 10_000  # of the page's width and height
NEAR = 30  # units within which a box is where the pointer let it go: some pixels of a small window

Box = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def paper(site: RunningSite) -> Attachment:
    """A document of one page, read."""
    draft = Draft(title="", published_on=dt.date(2021, 6, 9))
    made = site.services.commands.announcements.create(draft, actor=ACTOR, may_lack_title=True)
    data = io.BytesIO(order("3/2566", "ปิดข้อมูล", "ให้ชดใช้เงิน", "แก่ผู้เสียหาย"))
    attachment, _ = site.services.commands.attachments.attach(
        made.id, data, filename="paper.pdf", actor=ACTOR
    )
    wait_until(lambda: _text(site, attachment) != "", "it was read")
    return attachment


def test_words_are_marked_one_after_the_other_without_scrolling(
    staff: Visit, site: RunningSite, paper: Attachment
) -> None:
    page = staff()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"/staff/attachments/{paper.id}/redact")
    expect(page.get_by_role("button", name="ทำสำเนาที่ปิดข้อมูลแล้ว")).to_be_in_viewport(ratio=1)
    click(page.get_by_label("ปิดข้อมูลทุกแห่งที่มีคำว่า"))
    for words in ("เงิน", "ผู้เสียหาย"):
        page.keyboard.type(words)  # over the words before
        page.keyboard.press("Enter")
        said = page.locator(".notice.good", has_text=f"ทำเครื่องหมาย “{words}” แล้ว")
        expect(said).to_be_in_viewport(ratio=1)
        message, bar = _place(said), _place(page.locator(".saving"))
        assert message["y"] + message["height"] <= bar["y"]
        expect(page.locator("#words")).to_be_focused()
        expect(page.locator("#words")).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("button", name="ทำสำเนาที่ปิดข้อมูลแล้ว")).to_be_in_viewport(ratio=1)
    whole, boxes = page.get_by_label("ปิดทุกแห่งในหน้านี้"), page.locator("[name=box]")
    press(whole)
    assert not any(box.is_checked() for box in boxes.all())
    press(whole)
    assert all(box.is_checked() for box in boxes.all())
    press(whole)
    boxes.first.check()
    expect(whole).not_to_be_checked()
    click(whole)
    assert all(box.is_checked() for box in boxes.all())


@pytest.mark.parametrize("act", [click, press])
def test_a_box_that_was_proposed_is_shrunk_moved_and_unticked(
    staff: Visit, paper: Attachment, act: Callable[[Locator], None]
) -> None:
    """By the mouse alone, and by the keyboard alone."""
    page = staff()
    page.goto(f"/staff/attachments/{paper.id}/redact")
    page.get_by_label("ปิดข้อมูลทุกแห่งที่มีคำว่า").fill("ผู้เสียหาย")
    page.keyboard.press("Enter")
    tick, frame = page.locator("[name=box]"), page.locator(".drawn-box")
    expect(tick).to_have_count(1)
    proposed = tick.input_value()
    left, top, right, bottom = map(int, proposed.split(",")[1:5])
    if act is press:
        tick.focus()
        page.keyboard.press("Enter")
        expect(frame).to_be_focused()
        for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "Control+ArrowRight"):
            page.keyboard.press(key)
        assert _box(page) == (left + 10, top, right - 100 + 10, bottom)
        page.keyboard.press("Space")
        expect(tick).not_to_be_checked()
        page.keyboard.press("ArrowDown")
        expect(tick).to_be_checked()  # who moves it wants it
        page.keyboard.press("Escape")
        expect(tick).to_be_focused()
    else:
        middle, half = ((left + right) // 2, (top + bottom) // 2), (top + bottom) // 2
        expect(frame.locator(".e")).not_to_be_visible()
        frame.hover()
        expect(frame.locator(".e")).to_be_visible()  # what can be done with it is seen before
        page.mouse.click(*_at(page, middle))
        expect(tick).not_to_be_checked()
        assert tick.input_value() == proposed
        _drag(page, (right, half), (right - 200, half))
        assert _box(page) == pytest.approx((left, top, right - 200, bottom), abs=NEAR)
        expect(tick).to_be_checked()
        _drag(page, (middle[0] - 100, half), (middle[0], half))
        assert _box(page) == pytest.approx((left + 100, top, right - 100, bottom), abs=NEAR)
    for _step in range(5):
        page.keyboard.press("Control+z")
    assert tick.input_value() == proposed  # as it was proposed, with its margins


def test_boxes_are_moved_resized_deleted_and_burnt_in(
    staff: Visit, site: RunningSite, paper: Attachment
) -> None:
    page = staff()
    page.goto(f"/staff/attachments/{paper.id}/redact")
    _drag(page, (2000, 2000), (4000, 3000))
    _expect(page, (2000, 2000, 4000, 3000))
    page.set_viewport_size({"width": 1366, "height": 900})
    _drag(page, (3000, 2500), (4000, 3000))
    _expect(page, (3000, 2500, 5000, 3500))
    page.set_viewport_size({"width": 1920, "height": 1000})
    page.get_by_role("button", name="ขยายภาพ").click()
    _drag(page, (5000, 3500), (6000, 3200))  # by its corner
    _expect(page, (3000, 2500, 6000, 3200))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    _expect(page, (3000, 2450, 6050, 3150))
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="พอดีกรอบ").click()
    _expect(page, (3000, 2450, 6000, 3150))
    shoot(page, "redaction")
    page.get_by_label("ปิดข้อมูลทุกแห่งที่มีคำว่า").fill("หอกระจายข่าวที่ไม่มี")
    page.keyboard.press("Enter")  # the boxes come back from the server where they were
    expect(page.locator(".notice.warn").first).to_be_visible()
    page.locator(".drawn-box").focus()
    page.keyboard.press("ArrowDown")
    _expect(page, (3000, 2500, 6000, 3200))
    assert page.locator("[name=known]").input_value() == page.locator("[name=box]").input_value()
    page.locator(".drawn-box").press("Delete")
    expect(page.locator("[name=box]")).to_have_count(0)
    page.get_by_role("button", name="เพิ่มกรอบ").press("Enter")
    expect(page.locator(".drawn-box")).to_be_focused()
    click(page.get_by_role("button", name="ลบ กรอบที่วาดเอง").last)
    expect(page.locator("[name=known], [name=box]")).to_have_count(0)
    _cover_by_moving(page, "ให้ชดใช้เงิน", site.services.pages.get(paper.id, 1))
    make = page.get_by_role("button", name="ทำสำเนาที่ปิดข้อมูลแล้ว")
    expect_uncovered_at_desks(make)
    _make_as_of_long_document(page, make)
    made = page.locator(".notice.good", has_text="เปลี่ยนเป็นสำเนาที่ปิดข้อมูลแล้ว")
    expect(made).to_be_visible(timeout=60_000)  # the copy is read again to prove it
    wait_until(lambda: "ผู้เสียหาย" in _text(site, paper), "the copy was read")
    assert "ชดใช้" not in _text(site, paper)
    picture = page.locator(".copy-pages img")  # the page follows by itself, and leads on
    expect(picture).to_have_count(1, timeout=30_000)
    expect(page.locator(".facts .state").first).to_have_text("แปลงแล้ว")
    expect(page.locator("h1")).not_to_contain_text("กำลังแปลงข้อความ")
    shoot(page, "redacted-copy")
    expect_uncovered_at_desks(page.get_by_role("link", name="ไปตรวจก่อนเผยแพร่"))
    press(page.get_by_role("link", name="ไปตรวจก่อนเผยแพร่"))
    expect(page.get_by_role("link", name="เปิดดูภาพทุกหน้าของสำเนา")).to_be_visible()


@pytest.mark.parametrize("width", [DESK, *OTHER_DESKS])
def test_pages_of_a_long_document_follow_one_another(staff: Visit, site: RunningSite, width: int) -> None:
    page = staff(width=width)
    page.goto(f"/staff/attachments/{site.attachments[1].id}/redact")
    sheets = page.locator("[data-sheet]")
    second = sheets.nth(1)
    expect(second).to_be_attached()
    second.locator("img").scroll_into_view_if_needed()
    hidden = "all => all.map(each => each.scrollHeight - each.clientHeight)"
    assert set(sheets.evaluate_all(hidden)) == {0}  # no page scrolls inside its frame
    first = _place(sheets.first)
    assert _place(second)["y"] >= first["y"] + first["height"]  # nor slides over the one before


def _make_as_of_long_document(page: Page, make: Locator) -> None:
    """Press the button, and see how far the copy is."""
    page.evaluate("document.getElementById('redaction').dataset.atOneGo = 0")
    press(make)
    expect(page.get_by_text("กำลังทำสำเนาและตรวจซ้ำ หน้า 1 จาก 1")).to_be_visible()


def test_what_was_read_again_of_a_long_document_is_kept_when_the_rest_fails(
    staff: Visit, site: RunningSite
) -> None:
    page = staff()
    page.goto(f"/staff/attachments/{site.attachments[1].id}/redact")
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(parse_qs(route.request.post_data or "")["page"][0])
        route.fulfill(status=500) if len(asked) == 2 else route.continue_()

    page.route("**/redact/pages", answer)
    page.route("**/redact", lambda route: route.fulfill(status=204))  # the copy itself is not made
    for sheet in page.locator(".paper").all():
        sheet.scroll_into_view_if_needed()
        press(page.get_by_role("button", name="เพิ่มกรอบ"))
    page.evaluate("Object.assign(document.getElementById('redaction').dataset, { atOneGo: 0, atOnce: 1 })")
    make = page.get_by_role("button", name="ทำสำเนาที่ปิดข้อมูลแล้ว")
    press(make)
    expect(page.get_by_text("ตรวจไม่สำเร็จ")).to_be_visible()
    with page.expect_request("**/redact"):
        press(make)
    assert asked == ["1", "2", "2", "3"]


def _cover_by_moving(page: Page, words: str, read: ReadPage) -> None:
    """Draw a box elsewhere on the page, and drag it and its corner until it covers the words."""
    at = read.text.index(words)
    (area,) = boxes_of_finds(read, [(at, at + len(words))])
    _drag(page, (6000, 1000), (7000, 1300))
    _drag(page, (6500, 1150), (area.left + 500, area.top + 150))
    corner = _box(page)[2:]
    _drag(page, corner, (area.right + 20, area.bottom + 20))
    _drag(page, _box(page)[:2], (area.left - 20, area.top - 20))


def test_a_finger_draws_once_that_is_asked_for_and_moves_the_chosen_box(
    staff: Visit, site: RunningSite
) -> None:
    page = staff()
    page.goto(f"/staff/attachments/{site.attachments[1].id}/redact")
    finger = touch_screen(page)
    page.reload()
    drawn = page.locator("[data-boxes] li", has_text="กรอบที่วาดเอง")
    sheet = _place(page.locator(".paper").first)
    x, y = sheet["x"] + 60, sheet["y"] + 60
    box = [(x, y + 90), (x + 5, y + 50), (x + 20, y)]  # upwards: sideways the browser goes a page back
    swipe(finger, *box)
    expect(drawn).to_have_count(0)  # that scrolls the page
    page.get_by_role("button", name="วาดกรอบด้วยนิ้ว").click()
    page.evaluate("scrollTo(0, 0)")
    swipe(finger, *box)
    expect(drawn).to_have_count(1)
    before, frame = _box(page), _place(page.locator(".drawn-box"))
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    swipe(finger, (x, y), (x + 40, y + 20), (x + 80, y + 60))
    moved = _box(page)
    assert moved[0] > before[0]
    assert moved[2] - moved[0] == before[2] - before[0]
    expect(page.locator("[name=box]")).to_have_count(1)  # no second box is drawn
    corner = _place(page.locator(".drawn-box .se"))
    x, y = corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2
    swipe(finger, (x, y), (x + 20, y + 20), (x + 60, y + 40))
    assert _box(page)[:2] == moved[:2]
    assert _box(page)[2] > moved[2]


def _drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag the mouse between two points of the first page."""
    for number, point in enumerate((start, end)):
        page.mouse.move(*_at(page, point), steps=1 + 3 * number)
        page.mouse.up() if number else page.mouse.down()


def _at(page: Page, point: tuple[int, int]) -> tuple[float, float]:
    """The place in the window of a point of the first page."""
    at = _place(page.locator(".paper").first)
    return at["x"] + at["width"] * point[0] / UNITS, at["y"] + at["height"] * point[1] / UNITS


def _box(page: Page) -> Box:
    """The box as the form sends it."""
    found = re.fullmatch(r"1,(\d+),(\d+),(\d+),(\d+),drawn", page.locator("[name=box]").input_value())
    left, top, right, bottom = map(int, found.groups() if found else pytest.fail("no drawn box"))
    return left, top, right, bottom


def _expect(page: Page, wanted: Box) -> None:
    """The form sends this box, and the picture shows it there."""
    assert _box(page) == pytest.approx(wanted, abs=NEAR)
    sheet, frame = _place(page.locator(".paper").first), _place(page.locator(".drawn-box"))
    left, top = (frame["x"] - sheet["x"]) / sheet["width"], (frame["y"] - sheet["y"]) / sheet["height"]
    assert (left * UNITS, top * UNITS) == pytest.approx(_box(page)[:2], abs=NEAR)


def _place(part: Locator) -> FloatRect:
    return part.bounding_box() or pytest.fail("not shown")


def _text(site: RunningSite, attachment: Attachment) -> str:
    now = site.services.attachments.get(attachment.id)
    return site.services.pages.get(now.id, 1).text if now.status is ReadingStatus.READY else ""
