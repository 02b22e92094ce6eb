"""Every control can be pressed with a mouse, at every width."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from archive.model import Draft, LowConfidenceSpan
from tests.browser.conftest import DESK, PHONE, UNCOVERED, Visit
from tests.browser.pages import open_page, public_pages, staff_pages
from tests.browser.site import ACTOR, RunningSite, order, wait_until

REACHABLE = Path(__file__).with_name("reachable.js").read_text(encoding="utf-8")
HEIGHTS = {PHONE: 844, DESK: 900, 1366: 900, 1920: 900}  # CSS pixels, by width of the window
WIDTHS = list(HEIGHTS)
BELOW_THE_HEADER = 240  # CSS pixels: most of a phone's screen of 844 is left for the page


def covered(page: Page, pages: dict[str, int]) -> dict[str, list[str]]:
    """The controls that cannot be hit, by address and width of the window."""
    found = {}
    for address, status in pages.items():
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            if width in (
                PHONE,
                DESK,
            ):  # scripts decide some things once, by the width at which the page opens
                open_page(page, address, status)
            if controls := page.evaluate(REACHABLE):
                found[f"{address}, {width}"] = controls
    return found


def test_every_control_of_residents_can_be_hit(visit: Visit, site: RunningSite) -> None:
    assert covered(visit(), public_pages(site)) == {}


def test_every_control_of_staff_can_be_hit(staff: Visit, site: RunningSite) -> None:
    assert covered(staff(), staff_pages(site)) == {}


def test_a_phone_shows_staff_the_page_and_the_whole_table(staff: Visit) -> None:
    page = staff(width=PHONE)
    page.goto("/staff/people")
    assert page.locator("h1").bounding_box()["y"] < BELOW_THE_HEADER  # type: ignore[index]
    assert page.locator(".people").evaluate("table => table.scrollWidth - table.clientWidth") == 0


@pytest.mark.parametrize(("width", "height"), [(DESK, 700), (320, 256)], ids=["desk", "400 % zoom"])
def test_nothing_lies_over_the_field_that_has_the_focus(
    staff: Visit, site: RunningSite, width: int, height: int
) -> None:
    page = staff(width=width)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"/staff/announcements/{site.centre.id}")
    page.locator("#files").focus()
    seen = 0
    while not page.evaluate("document.activeElement.matches('.saving *')"):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.id || document.activeElement.textContent")
        assert page.evaluate(UNCOVERED), name
        seen += 1
    assert seen > 10


def test_something_that_lies_over_a_control_is_noticed(visit: Visit) -> None:
    page = visit()
    page.goto("/sign-in")
    assert page.evaluate(REACHABLE) == []
    page.evaluate(
        """() => {
          const over = document.createElement("div");
          Object.assign(over.style, { position: "fixed", inset: "0", zIndex: 9 });
          document.body.append(over);
        }"""
    )
    assert any("ลงชื่อเข้าใช้" in control for control in page.evaluate(REACHABLE))


def doubtful_page(site: RunningSite, mark: str) -> tuple[str, int]:
    """The address of a page with much text, of which the recogniser doubted a word; and its attachment."""
    records, commands = site.services.records, site.services.commands
    made = commands.announcements.create(Draft(title=mark, published_on=dt.date(2021, 6, 9)), actor=ACTOR)
    paper = io.BytesIO(order("1/2566", mark, mark))
    attachment, _ = commands.attachments.attach(made.id, paper, filename="long.pdf", actor=ACTOR)
    wait_until(lambda: records.attachments.get(attachment.id).status == "ready", "it was read")
    read = records.pages.get(attachment.id, 1)
    text = "\n".join(f"บรรทัดที่ {number}" for number in range(60))
    records.pages.save(replace(read, text=text, lines=(), doubts=(LowConfidenceSpan(0, 7, 0.4),)))
    return f"/staff/attachments/{attachment.id}/pages/1", attachment.id


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_s_text_is_corrected_with_the_mouse(staff: Visit, site: RunningSite, width: int) -> None:
    page = staff(width=width)
    address, attachment_id = doubtful_page(site, f"แก้ด้วยเมาส์ที่ {width}")
    page.goto(address)
    assert page.evaluate(REACHABLE) == []
    box = page.locator("[data-lines] textarea").last
    box.evaluate("box => box.scrollIntoView({ block: 'center' })")
    place = box.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(box).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("\nบรรทัดสุดท้าย")
    page.get_by_role("button", name="บันทึกหน้านี้").click()
    expect(page.locator(".notice.good")).to_be_visible()
    assert site.services.pages.get(attachment_id, 1).text.endswith("บรรทัดสุดท้าย")
