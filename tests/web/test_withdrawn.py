"""Withdrawn announcements cannot be found, also while nothing makes the index follow the records."""

from __future__ import annotations

import re

import pytest

from archive.model import Announcement, Role
from tests.web.conftest import BROWSER, Site
from web.search_service import MOST_LEFT_OUT_OF_SUGGESTIONS

TITLE = "ประกาศรายชื่อผู้ป่วยบ้านหนองกระทิง"


@pytest.fixture
def behind(site: Site) -> tuple[Site, Announcement]:
    """Two announcements in the index, one of which was withdrawn since, while the worker hangs."""
    hidden = site.announcement(TITLE, author="กองสาธารณสุข", category="ผู้ป่วย")
    site.announcement("ประกาศรายชื่อผู้มีสิทธิสอบ", author="สำนักปลัด", category="สอบ")
    site.work()
    site.services.commands.publication.withdraw(hidden.id, actor="สมศรี", reason="มีข้อมูลส่วนบุคคล")
    return site, hidden


@pytest.mark.parametrize("typed", ["", "ประกาศรายชื่อ", "หนองกระทิง", "ผู้ป่วย"])
def test_it_counts_in_no_total_and_no_facet(behind: tuple[Site, Announcement], typed: str) -> None:
    site, hidden = behind
    answer = site.client().get("/api/v1/search", query_string={"q": typed}).json
    assert answer is not None
    assert answer["total"] == len(answer["results"]) <= (typed != "หนองกระทิง")
    assert hidden.id not in [result["id"] for result in answer["results"]]
    values = {each["value"] for each in answer["facets"].get("author", ())}
    assert values <= {"สำนักปลัด"}
    page = site.client().get("/search", query_string={"q": typed}, headers=BROWSER).get_data(as_text=True)
    for said in ("กองสาธารณสุข", TITLE):
        assert said not in page


def test_no_other_page_knows_it(behind: tuple[Site, Announcement]) -> None:
    site, _ = behind
    for address in ("/", "/browse", "/feed.xml", "/sitemap.xml", "/announcements/2", "/api/v1/announcements"):
        page = site.client().get(address, headers=BROWSER).get_data(as_text=True)
        assert TITLE not in page, address
        assert "กองสาธารณสุข" not in page, address


@pytest.mark.parametrize("typed", ["ประกาศราย", "หนองกระ", "ผู้ป่"])
def test_nothing_of_it_is_suggested(behind: tuple[Site, Announcement], typed: str) -> None:
    site, _ = behind
    suggested = site.client().get("/api/v1/suggest", query_string={"q": typed}).json["suggestions"]  # type: ignore[index]
    assert not [text for text in suggested if re.search("หนองกระทิง|ผู้ป่วย", text)]


def test_no_correction_gives_its_words_away(behind: tuple[Site, Announcement]) -> None:
    site, _ = behind
    answer = site.client().get("/api/v1/search", query_string={"q": "หนองกะทิง"}).json
    assert answer is not None
    assert answer["did_you_mean"] is None
    assert answer["total"] == 0


def test_a_title_that_was_changed_is_not_suggested_as_it_was(site: Site) -> None:
    made = site.announcement("ประกาศเรื่องนายสมชาย ใจร้าย")
    site.work()
    site.services.commands.announcements.revise(made.id, {"title": "ประกาศเรื่องบุคคล"}, actor="สมศรี")
    suggested = site.client().get("/api/v1/suggest?q=ประกาศเรื่อง").json["suggestions"]  # type: ignore[index]
    assert not [text for text in suggested if "สมชาย" in text]


def test_nothing_is_suggested_while_the_index_is_far_behind(site: Site) -> None:
    site.announcement("ประกาศเรื่องน้ำประปา")
    site.work()
    address = "/api/v1/suggest?q=ประกาศเรื่อง"
    with site.services.records.batch():
        for number in range(MOST_LEFT_OUT_OF_SUGGESTIONS):
            site.announcement(f"ข่าวที่ {number}")
    assert site.client().get(address).json == {"suggestions": ["ประกาศเรื่องน้ำประปา"]}
    site.announcement("ข่าวสุดท้าย")
    assert site.client().get(address).json == {"suggestions": []}


@pytest.mark.parametrize("way", ["revised", "erased"])
def test_texts_that_were_replaced_find_nothing_and_count_in_no_facet(site: Site, way: str) -> None:
    services = site.services
    made = site.announcement(TITLE, body="เลข 88997766", author="กองสาธารณสุข", category="ผู้ป่วย")
    site.announcement("ประกาศรายชื่อผู้มีสิทธิสอบ", author="สำนักปลัด", category="สอบ")
    site.work()
    renewed = {"title": "ประกาศรายชื่อ", "body": "", "author": "สำนักปลัด", "category": "สอบ"}
    if way == "erased":  # and published again, all before the index follows
        services.commands.publication.withdraw(made.id, actor="x", reason="ลงผิดเรื่อง")
        services.eraser.erase_announcement_fields(made.id, ordered_by="ศาล", reason="ละเมิด", actor="x")
        services.commands.publication.restore_as_draft(made.id, actor="x")
    services.commands.announcements.revise(made.id, renewed, actor="x")
    if way == "erased":
        services.commands.publication.publish(made.id, actor="x")
    reader = site.client()
    for typed in ("88997766", "หนองกระทิง", "ผู้ป่วย"):
        answer = reader.get("/api/v1/search", query_string={"q": typed}).json
        assert answer is not None
        assert (answer["total"], answer["results"], answer["did_you_mean"]) == (0, [], None), typed
    facets = reader.get("/api/v1/search").json["facets"]  # type: ignore[index]
    assert facets["author"] == [{"value": "สำนักปลัด", "count": 1}]
    site.work()
    found = reader.get("/api/v1/search", query_string={"q": "ประกาศรายชื่อ"}).json
    assert found is not None
    assert found["total"] == 2


def test_a_change_that_takes_no_text_away_hides_nothing(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อผู้มีสิทธิสอบ")
    site.work()
    site.attach(made.id, b"%PDF-1.7 x")
    site.services.commands.announcements.revise(made.id, {"body": "สอบวันจันทร์", "views": 7}, actor="x")
    found = site.client().get("/api/v1/search", query_string={"q": "ผู้มีสิทธิสอบ"}).json
    assert found is not None
    assert found["total"] == 1


def test_its_page_for_staff_has_no_empty_card(behind: tuple[Site, Announcement]) -> None:
    site, hidden = behind
    page = site.signed_in(Role.STAFF).get(f"/staff/announcements/{hidden.id}").text
    assert re.findall(r'<section\s+class="card"\s+aria-labelledby="(\w+)"', page) == ["said"]


def test_what_is_published_again_is_found_again(behind: tuple[Site, Announcement]) -> None:
    site, hidden = behind
    site.services.commands.publication.restore_as_draft(hidden.id, actor="สมศรี")
    site.services.commands.publication.publish(hidden.id, actor="สมศรี", reason="ตรวจแล้ว")
    answer = site.client().get("/api/v1/search?q=หนองกระทิง").json
    assert answer is not None
    assert [result["id"] for result in answer["results"]] == [hidden.id]
