"""Residents tell staff of a problem: without an account or a trace, and from this site's forms alone."""

from __future__ import annotations

from lxml import html
from werkzeug.test import TestResponse

from archive.model import Role, Status
from archive.reports import ReportKind
from tests.factories.memos import memo
from tests.web.conftest import Site

OWN = {"Origin": "http://localhost"}


def send(site: Site, origin: dict[str, str] = OWN, **form: object) -> TestResponse:
    return site.client().post("/report", data=form, headers=origin)


def test_a_problem_with_a_page_reaches_staff(site: Site) -> None:
    made = site.announcement("ประกาศ")
    paper = site.attach(made.id, memo("ข้อความ"))
    site.work()
    page = site.client().get(f"/report?attachment={paper.id}&page=1")
    assert "หน้า 1" in page.text
    assert "Set-Cookie" not in page.headers
    answer = send(site, kind="unreadable", attachment=paper.id, page=1)
    assert answer.status_code == 303
    assert site.client().get(answer.location).status_code == 200
    staff = site.signed_in(Role.STAFF)
    assert f"/staff/attachments/{paper.id}/pages/1" in staff.get("/staff/reports").text
    (report,) = site.services.reports.list_open()
    assert (report.kind, report.attachment_id, report.page) == (ReportKind.UNREADABLE, paper.id, 1)
    staff.post(f"/staff/reports/{report.id}/finish")
    assert "ไม่มีเรื่องค้าง" in staff.get("/staff/reports").text
    staff.post(f"/staff/reports/{report.id}/reopen")
    assert site.services.reports.list_open()


def test_a_search_without_what_was_sought_is_a_miss_and_a_report(site: Site) -> None:
    form = {"kind": "not-found", "q": "น้ำไม่ไหล", "text": "ประกาศหยุดจ่ายน้ำ", "next": "//evil.example/"}
    assert "evil" not in send(site, **form).location
    assert [each.query for each in site.services.usage_statistics.list_missed_searches()] == ["น้ำไม่ไหล"]
    assert site.services.reports.list_open()[0].text == "ประกาศหยุดจ่ายน้ำ"


def test_what_nobody_may_see_is_not_named(site: Site) -> None:
    hidden = site.announcement("ความลับ", status=Status.DRAFT)
    assert site.client().get(f"/report?announcement={hidden.id}").status_code == 404
    assert send(site, kind="wrong", text="ก", announcement=hidden.id).status_code == 404
    assert site.services.reports.list_open() == []


def test_other_sites_forms_and_empty_ones_are_refused(site: Site) -> None:
    for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        assert send(site, origin, kind="other", text="ก").status_code == 400
    assert send(site, {"Referer": "http://localhost/report"}, kind="other", text="ก").status_code == 303
    refused = send(site, kind="other")
    assert (refused.status_code, "กรุณาเขียนสั้น ๆ" in refused.text) == (422, True)
    assert send(site, kind="anything").status_code == 400
    assert send(site, kind="other", text="ก" * 1001).status_code == 422


def test_one_address_is_slowed_down_and_not_kept(site: Site) -> None:
    codes = [send(site, kind="other", text=f"เรื่องที่ {number}").status_code for number in range(8)]
    assert codes[:5] == [303] * 5
    assert codes[-1] == 429
    kept = repr([dict(row) for row in site.services.database.rows("SELECT * FROM sign_in_attempt")])  # type: ignore[attr-defined]
    assert "127.0.0.1" not in kept


def test_a_report_keeps_no_query_that_may_name_a_person(site: Site) -> None:
    for query in ("081 234 5678", "นายสมชาย ใจดี"):
        send(site, kind="not-found", q=query, text="หาใบอนุญาต")
    (report,) = site.services.reports.list_open()
    assert (report.query, report.text) == ("", "หาใบอนุญาต")


def test_a_report_of_which_nothing_would_be_kept_asks_what_was_sought(site: Site) -> None:
    asked = send(site, kind="not-found", q="นายสมชาย ใจดี", next="/search?q=x")
    assert asked.status_code == 422
    assert site.services.reports.list_open() == []
    (form,) = (each for each in html.fromstring(asked.text).forms if "text" in each.fields)
    send(site, **{**dict(form.form_values()), "text": "ใบอนุญาตก่อสร้าง"})
    (report,) = site.services.reports.list_open()
    assert (report.kind, report.query, report.text) == (ReportKind.NOT_FOUND, "", "ใบอนุญาตก่อสร้าง")
