"""Boxes of a redaction: drawn, moved, resized and deleted with the mouse, the keyboard and a finger."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.conftest import Visit, shoot, swipe, touch_screen
from tests.browser.site import Site

UNITS = 10_000  # of the page's width and height
NEAR = 30  # units within which a box is where the pointer let it go: some pixels of a small window

Box = tuple[int, int, int, int]


def test_a_box_is_moved_resized_and_deleted_at_every_width_and_zoom(staff: Visit, site: Site) -> None:
    page = staff()
    page.goto(f"/staff/attachments/{site.attachments[1].id}/redact")
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
    page.get_by_label("ปิดทุกแห่งที่มีคำว่า").fill("หอกระจายข่าวที่ไม่มี")
    page.keyboard.press("Enter")  # the boxes come back from the server where they were
    expect(page.locator(".notice.warn")).to_be_visible()
    page.locator(".drawn-box").focus()
    page.keyboard.press("ArrowDown")
    _expect(page, (3000, 2500, 6000, 3200))
    assert page.locator("[name=known]").input_value() == page.locator("[name=box]").input_value()
    page.locator(".drawn-box").press("Delete")
    expect(page.locator("[name=box]")).to_have_count(0)
    page.get_by_role("button", name="เพิ่มกรอบ").press("Enter")
    expect(page.locator(".drawn-box")).to_be_focused()
    page.get_by_role("button", name="ลบ กรอบที่วาดเอง").last.click()
    expect(page.locator("[name=known], [name=box]")).to_have_count(0)


def test_a_finger_draws_once_that_is_asked_for_and_moves_the_chosen_box(staff: Visit, site: Site) -> None:
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
    paper = page.locator(".paper").first
    for number, (across, down) in enumerate((start, end)):
        at = _place(paper)
        x, y = at["x"] + at["width"] * across / UNITS, at["y"] + at["height"] * down / UNITS
        page.mouse.move(x, y, steps=1 + 3 * number)
        page.mouse.up() if number else page.mouse.down()


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
