"""A clerk who knows nothing fills the year's OIT page, and a resident sees it."""

from __future__ import annotations

import datetime as dt

from playwright.sync_api import expect

from archive.model import Draft
from tests.browser.conftest import PHONE, Visit, shoot
from tests.browser.site import ACTOR, Site


def test_a_month_of_the_year_s_page_is_filled(staff: Visit, visit: Visit, site: Site) -> None:
    title = "สรุปผลการดำเนินการจัดซื้อจัดจ้าง (แบบ สขร.1) เดือนตุลาคม 2568"
    made = site.services.intake.create(Draft(title=title, published_on=dt.date(2025, 11, 5)), actor=ACTOR)
    site.services.intake.publish(made.id, actor=ACTOR)
    page = staff(width=PHONE)
    page.goto("/staff/disclosure/2569")
    page.get_by_role("link", name="สรุปผลการจัดซื้อจัดจ้างรายเดือน").click()
    page.get_by_role("button", name="ใส่เรื่องที่ติ๊กไว้").click()
    expect(page.get_by_role("status")).to_contain_text("บันทึกแล้ว")
    expect(page.locator("#there ~ form")).to_contain_text("ต.ค. 68")
    shoot(page, "disclosure-item")
    resident = visit(width=PHONE)
    resident.goto("/disclosure/2569")
    resident.get_by_role("link", name=title).click()
    expect(resident.get_by_role("heading", level=1)).to_contain_text("แบบ สขร.1")
