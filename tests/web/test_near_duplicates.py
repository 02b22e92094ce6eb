"""A draft whose text is nearly that of a published announcement is named before it is published."""

from __future__ import annotations

import datetime as dt

from archive.model import Draft, Role, Status
from tests.factories.memos import memo
from tests.web.conftest import Site

LINES = [f"ข้อ {number} ผู้มีสิทธิต้องมาลงทะเบียนที่เทศบาลในวันและเวลาราชการ รายการที่ {number}" for number in range(12)]


def test_last_year_s_notice_is_named_with_what_differs(site: Site) -> None:
    clerk, title = site.signed_in(Role.STAFF), "ประกาศรับลงทะเบียนผู้สูงอายุเพื่อรับเบี้ยยังชีพ"
    last_year = site.announcement(title, body="\n".join(LINES), published_on=dt.date(2025, 10, 1))
    site.announcement(title, body="\n".join(reversed("".join(LINES))), published_on=dt.date(2025, 10, 2))
    changed = "\n".join(["ปีใหม่ วันใหม่", "เพิ่มอีกบรรทัด", *LINES[1:]])
    draft = site.announcement(title, body=changed, status=Status.DRAFT)
    other = site.announcement(title, body="เรื่องอื่นที่ยาวพอจะเทียบได้ " * 30, status=Status.DRAFT)
    site.work()
    for address in (f"/staff/announcements/{draft.id}", f"/staff/announcements/{draft.id}/publish"):
        assert "เหมือนประกาศปี 2568 ต่างกัน 2 บรรทัด" in clerk.get(address).text
    difference = clerk.get(f"/staff/announcements/{draft.id}/compare/{last_year.id}").text
    assert "เพิ่มอีกบรรทัด" in difference
    assert LINES[6] not in difference
    assert "เหมือนประกาศ" not in clerk.get(f"/staff/announcements/{other.id}/publish").text
    twin = site.announcement(title, body=changed, status=Status.DRAFT)
    assert "เหมือนกันทุกบรรทัดกับฉบับร่างอีกเรื่อง" in clerk.get(f"/staff/announcements/{twin.id}").text
    assert site.client().get(f"/staff/announcements/{draft.id}/compare/{last_year.id}").status_code == 302


def test_a_draft_without_title_is_compared_by_the_title_that_its_file_states(site: Site) -> None:
    title = "ขออนุมัติจัดซื้อหลอดไฟ"
    published = site.announcement(title)
    draft = site.services.announcements.create(Draft(title="", published_on=dt.date(2025, 10, 1)), actor="x")
    for made in (published, draft):
        site.attach(made.id, memo(*LINES, subject=title), "scan.pdf")
    site.work()
    page = site.signed_in(Role.STAFF).get(f"/staff/announcements/{draft.id}").text
    assert f"/staff/announcements/{draft.id}/compare/{published.id}" in page
