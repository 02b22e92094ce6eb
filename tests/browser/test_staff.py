"""A clerk publishes three papers; a resident finds them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import DESK, PHONE, Visit, shoot
from tests.browser.site import Site, order, scanned


def papers(mark: str) -> list[FilePayload]:
    """Three files that say ``mark``, the first of them a scan."""
    made = [
        ("scan001.pdf", scanned(order("88/2566", f"แต่งตั้งคณะทำงาน{mark}", "ให้เริ่มงานทันที"), 3)),
        ("scan002.pdf", order("89/2566", f"งบประมาณของ{mark}", "ตั้งไว้ 18,500 บาท")),
        ("scan003.pdf", order("90/2566", f"กำหนดวันเปิด{mark}", "เปิดวันที่ 1 มกราคม 2567")),
    ]
    return [{"name": name, "mimeType": "application/pdf", "buffer": data} for name, data in made]


@pytest.mark.parametrize(
    ("width", "javascript", "mark"),
    [(DESK, True, "ตลาดน้ำ"), (PHONE, True, "สวนสมุนไพร"), (DESK, False, "ลานกีฬา"), (PHONE, False, "ห้องสมุด")],
)
def test_from_blank_to_published_and_found(
    staff: Visit, visit: Visit, site: Site, width: int, javascript: bool, mark: str
) -> None:
    page = staff(width=width, javascript=javascript)
    shoot(page, f"staff-{width}")
    page.goto("/staff/announcements/new")
    _new(page, mark)
    _wait_read(page, 3)
    shoot(page, f"staff-read-{width}")
    page.get_by_role("button", name="บันทึกและเผยแพร่").click()
    page.wait_for_url("**/publish")
    page.locator("main form button.first").click()
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว")
    found = visit(width=width, javascript=javascript)
    found.goto(f"/search?q={mark}")
    for _try in range(40):
        if found.locator(".entries .find mark").count():
            break
        found.wait_for_timeout(250)
        found.reload()
    expect(found.locator(".entries h2 a").first).to_contain_text(mark)
    expect(found.locator(".entries .find mark").first).to_be_visible()


def _new(page: Page, mark: str) -> None:
    page.set_input_files("#files", papers(mark))
    page.fill("#title", f"เปิด{mark}")
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()
    page.wait_for_url(re.compile(r"/staff/announcements/\d+$"))


def _wait_read(page: Page, count: int) -> None:
    """A page with a script brings itself up to date; without, a person asks again."""
    for _try in range(60):
        if page.locator("[data-attachment][data-status=ready]").count() == count:
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("the papers were not read")
