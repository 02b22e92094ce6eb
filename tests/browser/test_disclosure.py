"""A clerk who knows nothing fills the year's OIT page, and a resident sees it."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import expect

from archive.model import Draft
from archive.thai import MONTHS, SHORT_MONTHS
from tests.browser.conftest import DESK, PHONE, Act, Visit, click, press, shoot
from tests.browser.site import ACTOR, RunningSite


def test_a_list_is_saved_by_its_button_alone_and_not_left_unsaved(staff: Visit) -> None:
    page = staff()
    page.goto("/staff/disclosure/2571/items")
    before = page.locator("main .notice").count()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    number = page.get_by_label("ข้อ", exact=True).first
    number.fill("ขก1")
    number.press("Enter")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="งานทั้งหมด").first.click()
    assert asked == ["beforeunload"]
    assert page.url.endswith("/2571/items")
    assert page.locator("main .notice").count() == before
    expect(number).to_have_value("ขก1")


@pytest.mark.parametrize(
    ("width", "act", "month"), [(PHONE, click, 10), (DESK, click, 11), (DESK, press, 12)]
)
def test_a_month_of_the_year_s_page_is_filled(
    staff: Visit, visit: Visit, site: RunningSite, width: int, act: Act, month: int
) -> None:
    title = f"สรุปผลการดำเนินการจัดซื้อจัดจ้าง (แบบ สขร.1) เดือน{MONTHS[month - 1]} 2568"
    made = site.services.commands.announcements.create(
        Draft(title=title, published_on=dt.date(2025, 11, 5)), actor=ACTOR
    )
    site.services.commands.publication.publish(made.id, actor=ACTOR)
    page = staff(width=width)
    page.goto("/staff/disclosure")
    page.get_by_label("ปีงบประมาณ", exact=True).select_option("2569")
    act(page.get_by_role("button", name="เปลี่ยนปี"))
    act(page.get_by_role("link", name="สรุปผลการจัดซื้อจัดจ้างรายเดือน"))
    act(page.get_by_role("button", name="เพิ่มเรื่องที่ติ๊กไว้"))
    expect(page.get_by_role("status")).to_contain_text("ใส่ “")
    expect(page.locator("#there ~ form")).to_contain_text(f"{SHORT_MONTHS[month - 1]} 68")
    shoot(page, "disclosure-item")
    resident = visit(width=width)
    resident.goto("/disclosure/2569")
    resident.get_by_role("link", name=title).click()
    expect(resident.get_by_role("heading", level=1)).to_contain_text("แบบ สขร.1")
