"""Staff say how to reach the municipality, and write its statements; residents see them on every page."""

from __future__ import annotations

import html
import io
import re

import pytest

from archive.model import Role
from tests.web.conftest import Site
from web.public.office_contact import asks_for_the_office

FORM = {"phone": "0 2123 4567", "email": "saraban@example.go.th", "privacy": "## สิทธิ\n\nขอดูข้อมูลได้"}
PNG = b"\x89PNG\r\n\x1a\n made"


def test_contact_and_emblem_stand_on_every_page_at_once(site: Site) -> None:
    resident, staff = site.client(), site.signed_in(Role.STAFF)
    before = resident.get("/")
    assert "mailto:" not in before.text
    saved = staff.post("/staff/site", data=FORM | {"emblem": (io.BytesIO(PNG), "ตรา.png")})
    assert saved.status_code == 302
    after = resident.get("/", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200  # a page that was kept is made anew
    assert 'href="mailto:saraban@example.go.th"' in after.text
    assert 'src="/emblem/1"' in after.text
    picture = resident.get("/emblem/1")
    assert (picture.data, picture.mimetype) == (PNG, "image/png")
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    staff.post("/staff/site", data=FORM | {"no-emblem": "1"})
    assert "/emblem/" not in resident.get("/").text
    assert resident.get("/emblem/1").status_code == 404
    staff.post("/staff/site/versions/1")
    assert "/emblem/1" in resident.get("/").text


@pytest.mark.parametrize(
    ("typed", "is_shown"),
    [
        ("เบอร์โทรเทศบาล", True),
        ("ขอเบอร์ติดต่อ เทศบาลหน่อยครับ", True),
        ("เปิดกี่โมง", True),
        ("phone number", True),
        ("ติดต่อขอถังขยะ", False),
        ("เบอร์โทรโรงพยาบาล", False),
    ],
)
def test_who_asks_for_the_office_is_told_how_to_reach_it(site: Site, typed: str, is_shown: bool) -> None:
    resident, staff = site.client(), site.signed_in(Role.STAFF)
    asked = {"q": typed}
    assert 'id="office"' not in resident.get("/search", query_string=asked).text  # nothing is known of it yet
    assert staff.post("/staff/site", data=FORM | {"hours": "จันทร์–ศุกร์ 8.30–16.30 น."}).status_code == 302
    settled = site.services.usage_statistics.list_missed_searches()
    for title in ("โทรศัพท์เทศบาล", "ซ่อมโทรศัพท์ สำนักงานเทศบาล"):
        site.announcement(title, body="เทศบาลตำบล โทร ติดต่อ")
    site.work()
    shown = resident.get("/search", query_string=asked).text
    assert ('id="office"' in shown, 'href="tel:021234567"' in shown) == (is_shown, is_shown)
    if is_shown:  # and is no miss, nor told which of the words no announcement has
        assert not re.search("ไม่มีประกาศ(ใด|ที่)มี", shown)
        assert site.services.usage_statistics.list_missed_searches() == settled


def test_no_text_is_looked_at_in_more_ways_than_one() -> None:
    """Tried in every way, these would not end within years."""
    assert not asks_for_the_office("เบอร์โทร" * 60 + "ก", "เทศบาลตำบลหนองปลาดุก")
    assert asks_for_the_office("เบอร์โทร" * 60, "")


def test_an_emblem_that_is_sent_twice_is_saved_once(site: Site) -> None:
    staff = site.signed_in(Role.STAFF)
    opened = re.findall(r'name="fingerprint" value="(\w+)"', staff.get("/staff/site").text)[0]
    for _time in range(2):
        data = FORM | {"emblem": (io.BytesIO(PNG), "ตรา.png"), "fingerprint": opened}
        assert staff.post("/staff/site", data=data).status_code == 302
    assert len(site.services.site_profiles.versions(limit=9)) == 1
    other = {"emblem": (io.BytesIO(PNG + b"2"), "ตรา.png"), "fingerprint": opened}
    assert staff.post("/staff/site", data=FORM | other).status_code == 409


def test_two_editors_see_how_their_texts_differ_and_neither_is_lost(site: Site) -> None:
    first, second = site.signed_in(Role.STAFF), site.signed_in(Role.ADMIN)
    opened = re.findall(r'name="fingerprint" value="(\w+)"', first.get("/staff/site").text)[0]
    second.post("/staff/site", data={"address": "99 หมู่ 4", "hours": "ทุกวัน"})
    typed = {"address": "1 ถนนใหม่", "fingerprint": opened}
    refused = first.post("/staff/site", data=typed)
    assert refused.status_code == 409
    shown = html.unescape(refused.text)
    assert site.services.site_profiles.versions(limit=1)[0].saved_by in shown
    assert re.search("−</span> 99 หมู่ 4</p>", shown)
    assert re.search(r"\+</span> 1 ถนนใหม่</p>", shown)
    assert site.services.site_profiles.current().address == "99 หมู่ 4"
    now = re.findall(r'name="fingerprint" value="(\w+)"', shown)[0]
    assert first.post("/staff/site", data=typed | {"fingerprint": now}).status_code == 302
    assert site.services.site_profiles.current().address == "1 ถนนใหม่"


def test_a_statement_is_the_municipality_s_own_or_the_program_s(site: Site) -> None:
    resident, staff = site.client(), site.signed_in(Role.STAFF)
    resident.set_cookie("language", "en")
    assert '<h2><span class="words">Your rights</span></h2>' in resident.get("/privacy").text
    form = html.unescape(staff.get("/staff/site").text)
    start = form.index("เว็บไซต์นี้ใช้ค้นหา")
    unchanged = form[start : form.index("</textarea>", start)].replace("\n", "\r\n")
    staff.post("/staff/site", data={"privacy": unchanged})
    assert site.services.site_profiles.current().privacy == ""
    staff.post("/staff/site", data=FORM)
    assert '<h2><span class="words">สิทธิ</span></h2>' in resident.get("/privacy").text
    assert resident.get("/accessibility").status_code == 200


def test_a_statement_cannot_bring_markup_or_programs(site: Site) -> None:
    hostile = "<script>alert(1)</script> [ก](javascript:alert(1)) ![ข](//elsewhere/x.png) [ค](https://example.go.th)"
    site.signed_in(Role.STAFF).post("/staff/site", data={"privacy": hostile})
    page = site.client().get("/privacy").text
    shown = page[page.index("statement") :]
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "javascript:" not in shown
    assert "elsewhere" not in shown
    assert 'href="https://example.go.th"' in shown


def test_what_cannot_be_shown_is_refused_and_stays_in_the_form(site: Site) -> None:
    staff = site.signed_in(Role.STAFF)
    wrong = staff.post("/staff/site", data={"email": "saraban", "phone": "0 2123 4567"})
    assert wrong.status_code == 422
    assert "0 2123 4567" in wrong.text
    for content in (b"GIF89a", PNG + bytes(200_000)):
        data = {"emblem": (io.BytesIO(content), "ตรา.png")}
        assert staff.post("/staff/site", data=data).status_code == 422
    assert site.services.site_profiles.versions(limit=1) == []
