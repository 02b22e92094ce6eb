"""The desk for information to disclose, the residents' page of it, and its table."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import re
import sqlite3
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from archive import thai
from archive.changes import HistoryFilters
from archive.disclosure import DisclosureEntry, Period, fiscal_year
from archive.model import CollectionLine, Role, Status
from storage.backup.manifest import DATABASE
from tests.web.conftest import Site, sent_form
from web.disclosure_overview import today, year_items

YEAR = fiscal_year(today()) - 1  # over: every month of it is due
OCTOBER = dt.date(YEAR - 544, 10, 20)
MONTHLY = "procurement-monthly"
DESK = f"/staff/disclosure/{YEAR}"


def entry(announcement_id: int, item: str = "structure", year: int = YEAR, part: int = 0) -> DisclosureEntry:
    return DisclosureEntry(year=year, item=item, part=part, announcement_id=announcement_id)


def picked_text(page: str) -> str:
    """Returns the text of the announcements that the page offers to pick."""
    lines = page.split('class="plain picks">')[1].split("</ul>")[0]
    return " ".join(re.sub("<[^>]+>", "", lines).split())


@pytest.fixture
def staff(site: Site) -> FlaskClient:
    return site.signed_in(Role.STAFF)


def test_a_year_s_item_is_filled_from_titles_and_undone(site: Site, staff: FlaskClient) -> None:
    made = site.announcement(f"แบบ สขร.1 เดือนตุลาคม {YEAR - 1}", published_on=OCTOBER)
    assert "ยังไม่มี" in staff.get(DESK).text
    page = staff.get(f"{DESK}/{MONTHLY}").text
    assert made.title in page
    answer = staff.post(f"{DESK}/{MONTHLY}", data={"id": made.id, f"part-{made.id}": "10"})
    assert site.services.disclosure.entries([YEAR]) == [entry(made.id, MONTHLY, part=10)]
    assert "เลิกทำ" in staff.get(answer.location).text
    assert "ต้องปรับปรุง" in staff.get(f"{DESK}?state=stale").text
    bulk = answer.location.rpartition("=")[2]
    undo = f"/staff/history/bulk/{bulk}/undo"
    assert "หน้าข้อมูลข่าวสารที่ต้องเปิดเผย" in staff.post(undo, data={"next": DESK}).text  # asks first
    staff.post(undo, data={"next": DESK, "confirmed": "yes"})
    assert site.services.disclosure.entries([YEAR]) == []
    for wrong in ({"id": made.id, f"part-{made.id}": "13"}, {"remove": "x"}, {}):
        assert "notice bad" in staff.post(f"{DESK}/{MONTHLY}", data=wrong).text
    unknown = staff.post(f"{DESK}/{MONTHLY}", data={"other": "ไม่มี"}, follow_redirects=True).text
    assert 'id="fault-other" role="alert">ไม่พบประกาศที่มีคำนี้' in unknown
    draft = site.announcement("สรุปการซื้อของ", status=Status.DRAFT)  # found without the index
    offered = staff.post(f"{DESK}/{MONTHLY}", data={"other": "การซื้อ"}, follow_redirects=True).text
    assert 'role="status">พบ 1 เรื่อง กดเรื่องที่จะเพิ่ม' in offered
    assert "notice bad" not in offered
    assert 'action="#another"' in offered  # the browser shows the choices, not the page's top
    assert re.search(f'name="chosen"\\s+value="{draft.id}"', offered)
    number = str(made.id)  # names a document as well as a record, so that it is not taken without asking
    assert site.services.disclosure.entries([YEAR]) == []
    typed = {"other": number, "other-part": "9"}
    asked = staff.post(f"{DESK}/{MONTHLY}", data=typed, follow_redirects=True).text
    assert re.search(r'value="9"\s+selected', asked)  # the month stays chosen
    assert re.search(f'name="chosen"\\s+value="{made.id}"', asked)
    assert picked_text(asked).startswith(f"{made.title} 20 ตุลาคม")
    assert site.services.disclosure.entries([YEAR]) == []
    pressed = {"other": number, "chosen": number, "other-part": "9"}
    said = staff.post(f"{DESK}/{MONTHLY}", data=pressed, follow_redirects=True).text
    assert f"ใส่ “{made.title}” ลงวันที่ 20 ตุลาคม {YEAR - 1} ในปี {YEAR} แล้ว" in said
    assert site.services.disclosure.entries([YEAR]) == [entry(made.id, MONTHLY, part=9)]
    staff.post(f"{DESK}/{MONTHLY}", data={"remove": f"{made.id} 9"})
    assert site.services.disclosure.entries([YEAR]) == []


def test_what_a_button_refuses_is_not_said_beside_the_words_of_another_form(
    site: Site, staff: FlaskClient
) -> None:
    made = site.announcement(f"แบบ สขร.1 เดือนตุลาคม {YEAR - 1}", published_on=OCTOBER)
    address = f"{DESK}/{MONTHLY}"
    searched = f"{address}?other=สขร&part=0"
    shown = staff.get(searched).text
    assert made.title in shown
    for form in re.findall(r'<form\s+method="post"[^>]*>', shown.split('id="there"')[1]):
        assert f'action="{address}"' in form or 'action="#another"' in form
    refused = staff.post(searched, data={}).text  # nothing is ticked
    assert "กรุณาติ๊กประกาศที่จะใส่ก่อน" in refused
    assert "notice bad" in refused
    assert 'id="fault-other"' not in refused
    assert 'id="found"' in refused


def test_an_old_paper_does_not_complete_a_year(site: Site, staff: FlaskClient) -> None:
    old = site.announcement("คำสั่งเรื่องแผน", published_on=dt.date(2004, 6, 9))
    address = f"{DESK}/development-plan"
    page = staff.post(address, data={"other": old.title}, follow_redirects=True).text
    assert f"เก่ากว่าปีงบประมาณ {YEAR} ยังไม่นับว่าครบ" in page  # said before it is added
    assert site.services.disclosure.entries([YEAR]) == []
    page = staff.post(address, data={"other": old.title, "chosen": old.id}, follow_redirects=True).text
    assert f"ใส่ “{old.title}” ลงวันที่ 9 มิถุนายน 2547 ในปี {YEAR} แล้ว" in page
    assert f"เก่ากว่าปีงบประมาณ {YEAR} ยังไม่นับว่าครบ" in page
    assert 'class="badge warn">ต้องปรับปรุง' in " ".join(page.split()).replace("> ", ">")
    assert "ยังไม่นับ 1 เรื่อง" in staff.get(f"{DESK}?state=stale").text
    assert old.title not in staff.get(f"/staff/disclosure/{YEAR + 1}/carry-over").text
    page = staff.post(f"{DESK}/structure", data={"other": old.title}, follow_redirects=True).text
    assert 'class="badge good">' in page  # valid until it changes, and its age is said
    assert "ประกาศไว้หลายปีแล้ว" in page
    assert "ประกาศไว้หลายปีแล้ว 1 เรื่อง ตรวจว่ายังใช้อยู่หรือไม่" in staff.get(DESK).text


def test_typed_words_find_road_1_before_road_10(site: Site, staff: FlaskClient) -> None:
    for number in ("10", "2", "1", "๓"):
        site.announcement(f"ซ่อมแซมถนนสายที่ {number} บ้านหนองกระทิง", published_on=OCTOBER)
    site.announcement("ซ่อมแซมถนนสายที่ 12", published_on=OCTOBER)

    def found(words: str) -> list[str]:
        page = staff.post(f"{DESK}/structure", data={"other": words}, follow_redirects=True).text
        said = thai.arabic_digits(picked_text(page))
        return re.findall(r"ซ่อมแซมถนนสายที่\s(\d+)", said)

    assert found("ซ่อมแซมถนนสายที่ 1") == ["1", "12", "10"]  # then the newest
    assert found("ซ่อมแซมถนนสายที่")[-4:] == ["1", "2", "3", "10"]


def test_what_typed_words_find_is_counted_and_stands_at_an_address(site: Site, staff: FlaskClient) -> None:
    for number in range(9):
        site.announcement(f"แผนจัดหาพัสดุ ฉบับที่ {number}", published_on=dt.date(2004, 6, 9))
    fitting = site.announcement("แผนจัดหาพัสดุ ฉบับใหม่", published_on=OCTOBER)
    address = f"{DESK}/development-plan"
    answer = staff.post(address, data={"other": "แผนจัดหาพัสดุ"})
    assert (
        answer.status_code == 302
    )  # so that the way back from what is chosen leads to a page, not to a form
    asked = staff.get(answer.location).text
    assert "พบ 10 เรื่อง แสดง 6 เรื่องแรก" in asked
    offered = re.findall(r'name="chosen"\s+value="(\d+)"', asked)
    assert offered[0] == str(fitting.id)
    assert len(offered) == 6
    assert asked.count("ยังไม่นับว่าครบ") == 5


def test_the_fiscal_year_is_chosen(site: Site, staff: FlaskClient) -> None:
    assert staff.get(f"/staff/disclosure?year={YEAR - 1}").location.endswith(f"/disclosure/{YEAR - 1}")
    assert staff.get(f"/staff/disclosure?year={YEAR}&item=duties").location.endswith(f"{DESK}/duties")
    assert staff.get("/staff/disclosure?year=1").status_code == 404
    assert "ของปี 2567 ยังไม่มีของปี 2560" in staff.get("/staff/disclosure/2560").text
    made = site.announcement("โครงสร้าง", published_on=dt.date(2004, 6, 9))
    given = {"disclose": "chosen", "disclosure-item": "structure", "disclosure-year": str(YEAR)}
    staff.post(f"/staff/announcements/{made.id}/disclosure", data=given)
    bulk = {"action": "disclose", "item": "duties", "disclosure_year": str(YEAR), "id": [made.id]}
    staff.post("/staff/bulk", data=bulk)
    assert site.services.disclosure.entries() == [entry(made.id), entry(made.id, "duties")]


def test_last_year_s_announcements_are_carried_over_when_confirmed(site: Site, staff: FlaskClient) -> None:
    valid, hidden = site.announcement("โครงสร้าง"), site.announcement("ถอนแล้ว", status=Status.WITHDRAWN)
    site.services.disclosure.assign(entry(valid.id, year=YEAR - 1), actor="test")
    site.services.disclosure.assign(entry(hidden.id, "duties", year=YEAR - 1), actor="test")
    page = staff.get(f"{DESK}/carry-over").text
    assert valid.title in page
    assert hidden.title not in page
    assert site.services.disclosure.entries([YEAR]) == []
    staff.post(f"{DESK}/carry-over", data={"entry": [f"structure {valid.id}", f"duties {hidden.id}"]})
    assert site.services.disclosure.entries([YEAR]) == [entry(valid.id)]


def test_a_paper_of_a_month_is_carried_over_for_the_whole_year(site: Site, staff: FlaskClient) -> None:
    item = next(each for each in year_items(site.services, YEAR) if each.key == "structure")
    monthly, made = replace(item, period=Period.MONTHLY), site.announcement("โครงสร้าง")
    commands = site.services.commands.disclosure
    commands.save_item(YEAR - 1, monthly, replaced=item, actor="admin")
    commands.assign(entry(made.id, year=YEAR - 1, part=10), actor="test")
    commands.save_item(YEAR, item, replaced=monthly, actor="admin")
    staff.post(f"{DESK}/carry-over", data={"entry": f"structure {made.id}"})
    assert site.services.disclosure.entries([YEAR]) == [entry(made.id)]


def test_administrators_change_the_list_from_a_year_on(site: Site, staff: FlaskClient) -> None:
    admin, address = site.signed_in(Role.ADMIN), f"{DESK}/items"
    assert staff.get(address).status_code == 403
    given = {"section": "oit", "period": "yearly"}
    line = {"number": "O99", "title": "โครงสร้างใหม่", "keywords": "ก, ข", "shown": "1"} | given
    new = {"number": "O50", "title": "รายการของเรา", "shown": "1"} | given
    earlier = f"/staff/disclosure/{YEAR - 1}"
    assert "ยังไม่มีของปี" in staff.get(earlier).text
    admin.post(f"{earlier}/items")  # checked, with nothing to change
    assert "ยังไม่มีของปี" not in staff.get(earlier).text
    assert "โครงสร้างเทศบาล" in admin.get("/staff/history?action=disclosure-item").text
    assert f"ตารางนี้คัดลอกมาจากรายการของปี {YEAR - 1}" in admin.get(address).text
    data = {f"{name}-structure": value for name, value in line.items()}
    admin.post(address, data=data | {f"{name}-new-0": value for name, value in new.items()})
    assert "ตารางนี้คัดลอก" not in admin.get(address).text
    assert "O99" in staff.get(DESK).text
    assert "รายการของเรา" in staff.get(DESK).text
    assert "O99" not in staff.get(f"/staff/disclosure/{YEAR - 1}").text
    assert "O99" not in admin.get(f"/staff/disclosure/{YEAR - 1}/items").text
    copied = f"/staff/disclosure/{YEAR - 1}/items?copy={YEAR}"
    assert "O99" in admin.get(copied).text
    assert "O99" not in staff.get(f"/staff/disclosure/{YEAR - 1}").text  # not before it is saved
    admin.post(copied, data=data | {"number-structure": "O98"})
    assert "O98" in staff.get(f"/staff/disclosure/{YEAR - 1}").text
    admin.post("/staff/history/items/4/undo", data={"confirmed": "yes"})
    history = staff.get("/staff/history?action=disclosure-item").text
    assert "โครงสร้างใหม่" in history
    admin.post("/staff/history/items/2/undo", data={"confirmed": "yes"})
    assert "O99" not in staff.get(DESK).text
    assert staff.post("/staff/history/items/2/undo").status_code == 403
    assert "notice bad" in admin.post(address, data=data | {"title-structure": " "}).text


def test_a_new_item_that_is_sent_twice_is_in_the_list_once(site: Site) -> None:
    admin, address = site.signed_in(Role.ADMIN), f"{DESK}/items"
    (opened,) = set(re.findall(r'name="fingerprint" value="(\w+)"', admin.get(address).text))
    line = {
        "number": " O50",
        "title": "รายการ  ของเรา ",
        "keywords": "ก, ข, ก",
        "section": "oit",
        "period": "yearly",
    }
    sent = {f"{name}-new-0": value for name, value in line.items()} | {"shown-new-0": "1"}
    for _press in range(2):
        answer = admin.post(address, data=sent | {"fingerprint": opened})
        assert answer.status_code == 302
        assert "บันทึกแล้ว" in admin.get(answer.location).text
    assert [each.title for each in year_items(site.services, YEAR)].count("รายการ ของเรา") == 1
    other = {"fingerprint": opened, "title-new-0": "รายการอื่น"}
    assert "สิ่งที่พิมพ์ยังไม่ได้บันทึก" in admin.post(address, data=sent | other).text


def test_administrators_undo_a_saved_list_except_for_items_edited_since(
    site: Site, staff: FlaskClient
) -> None:
    admin, address = site.signed_in(Role.ADMIN), f"{DESK}/items"
    given = {"section": "oit", "period": "yearly", "shown": "1"}
    lines = {"structure": given | {"number": "O1", "title": "โครงสร้างใหม่"}}
    lines["duties"] = given | {"number": "O2", "title": "อำนาจใหม่"}

    def save(**titles: str) -> None:
        typed = {key: line | ({"title": titles[key]} if key in titles else {}) for key, line in lines.items()}
        data = {f"{name}-{key}": value for key, line in typed.items() for name, value in line.items()}
        admin.post(address, data=data)

    save()
    [bulk] = {each.bulk for each in site.services.records.changes.find(HistoryFilters(), limit=9)}
    save(duties="อำนาจที่แก้อีก")
    changes, confirmed = f"/staff/history?bulk={bulk}", {"confirmed": "yes", "next": f"{DESK}"}
    undo = f"/staff/history/bulk/{bulk}/undo"
    assert "เลิกทำทั้งหมดนี้" not in staff.get(changes).text
    assert staff.post(undo, data=confirmed).status_code == 403
    assert "โครงสร้างใหม่" in staff.get(DESK).text
    assert "เลิกทำทั้งหมดนี้" in admin.get(changes).text
    page = admin.post(undo, data=confirmed, follow_redirects=True).text
    assert "อำนาจใหม่: มีผู้แก้ไขเรื่องนี้ภายหลัง" in page
    assert "โครงสร้างใหม่" not in page
    assert "อำนาจที่แก้อีก" in page


def test_personal_data_in_an_item_needs_a_reason(site: Site) -> None:
    admin, resident, phone = site.signed_in(Role.ADMIN), site.client(), "081-234-5678"
    title = f"ติดต่อ นายสมชาย ใจดี โทร {phone}"
    line = {"number": "O51", "title": title, "shown": "1", "section": "oit", "period": "yearly"}
    data = {f"{name}-new-0": value for name, value in line.items()}

    def is_public() -> bool:
        places = (f"/disclosure/{YEAR}", f"/disclosure/{YEAR}.csv")
        return any(phone in resident.get(place).get_data(as_text=True) for place in places)

    page = admin.post(f"{DESK}/items", data=data).text
    assert "ชื่อรายการมีข้อมูลส่วนบุคคล" in page
    assert 'name="ground"' in page
    assert title in page  # as it was typed
    assert not is_public()
    hidden = {name: value for name, value in data.items() if name != "shown-new-0"}
    assert "บันทึกแล้ว" in admin.post(f"{DESK}/items", data=hidden, follow_redirects=True).text
    assert not is_public()
    key = re.findall(r'name="title-(own-\w+)"', admin.get(f"{DESK}/items").text)[0]
    shown = {f"{name}-{key}": value for name, value in line.items()}
    assert "ชื่อรายการมีข้อมูลส่วนบุคคล" in admin.post(f"{DESK}/items", data=shown).text
    why = {"ground": "public-task", "reason": "เจ้าหน้าที่ที่ประกาศกำหนดให้ติดต่อ"}
    assert "บันทึกแล้ว" in admin.post(f"{DESK}/items", data=shown | why, follow_redirects=True).text
    assert is_public()
    assert why["reason"] in admin.get("/staff/history?action=disclosure-item").text
    renamed = shown | {f"number-{key}": "O52"}  # the data are there already
    assert "บันทึกแล้ว" in admin.post(f"{DESK}/items", data=renamed, follow_redirects=True).text


def test_that_a_list_was_checked_is_undone(site: Site) -> None:
    admin, copied = site.signed_in(Role.ADMIN), "ยังไม่มีของปี"
    for _time in range(2):
        admin.post(f"{DESK}/items")  # checked, with nothing to change
        assert copied not in admin.get(DESK).text
        page = admin.get("/staff/history?action=disclosure-item").text
        [undo] = re.findall(r'action="(/staff/history/items/\d+/undo)"', page)[:1]
        assert "notice good" in admin.post(undo, data={"confirmed": "yes"}, follow_redirects=True).text
        assert copied in admin.get(DESK).text
        assert "notice bad" in admin.post(undo, data={"confirmed": "yes"}, follow_redirects=True).text
    admin.post(f"{DESK}/items")
    check = max(map(int, re.findall(r"/history/items/(\d+)/undo", admin.get("/staff/history").text)))
    line = {"number": "O50", "title": "รายการของเรา", "shown": "1", "section": "oit", "period": "yearly"}
    admin.post(f"{DESK}/items", data={f"{name}-new-0": value for name, value in line.items()})
    refused = admin.post(
        f"/staff/history/items/{check}/undo", data={"confirmed": "yes"}, follow_redirects=True
    )
    assert "มีผู้แก้ไขเรื่องนี้ภายหลัง" in refused.text  # the year has another item of its own meanwhile
    assert "รายการของเรา" in admin.get(DESK).text


def test_residents_see_published_announcements_alone(site: Site, staff: FlaskClient) -> None:
    shown = site.announcement("=โครงสร้าง")
    for status in (Status.DRAFT, Status.WITHDRAWN, Status.TRASHED):
        secret = site.announcement("ความลับ", status=status)
        site.services.disclosure.assign(entry(secret.id), actor="test")
    site.services.disclosure.assign(entry(shown.id), actor="test")
    client, addresses = site.client(), (f"/disclosure/{YEAR}", f"/disclosure/{YEAR}.csv")
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert f"/announcements/{shown.id}" in answer.text, address
        assert "ความลับ" not in answer.text
    row = next(csv.DictReader(io.StringIO(client.get(addresses[1]).text.lstrip("\ufeff"))))
    assert (row["number"], row["announcement"], row["announcement_id"]) == (
        "O1",
        f"'{shown.title}",
        str(shown.id),
    )
    assert client.get("/disclosure").location.endswith(f"/disclosure/{YEAR}")
    assert client.get("/disclosure/2540").status_code == client.get("/disclosure/2999").status_code == 404
    assert f"/disclosure/{YEAR}</loc>" in client.get("/sitemap.xml").text
    before = client.get(addresses[0]).headers["ETag"]
    site.services.commands.publication.withdraw(shown.id, actor="test", reason="ผิด")
    assert client.get(addresses[0], headers={"If-None-Match": before}).status_code == 200
    for address in addresses:
        assert f"/announcements/{shown.id}" not in client.get(address).text, address
    assert "/disclosure/" not in client.get("/sitemap.xml").text  # the other entries are hidden ones


def test_the_record_and_the_worklist_offer_the_item_of_the_title(site: Site, staff: FlaskClient) -> None:
    made = site.announcement(f"แบบ สขร.1 เดือนตุลาคม {YEAR - 1}", published_on=OCTOBER)
    other = site.announcement("ประกาศอื่น", published_on=OCTOBER)
    address = f"/staff/announcements/{made.id}"
    assert f"{YEAR} {MONTHLY} 10" in staff.get(address).text
    put = {"disclose": f"{YEAR} {MONTHLY} 10"}
    named = re.compile(f"ใส่ในรายการปี {YEAR} .*สรุปผลการจัดซื้อจัดจ้างรายเดือน.* แล้ว")
    assert named.search(staff.post(f"{address}/disclosure", data=put, follow_redirects=True).text)
    assert "สรุปผลการจัดซื้อจัดจ้างรายเดือน" in staff.get(f"{address}/history").text
    staff.post(f"{address}/disclosure", data={"undisclose": f"{YEAR} {MONTHLY} 10"})
    assert site.services.disclosure.by_announcement(made.id) == []
    for wrong in ({"disclose": "x"}, {"disclose": f"{YEAR} {MONTHLY} 0"}, {}):
        assert "notice bad" in staff.post(f"{address}/disclosure", data=wrong).text
    bulk = {"action": "disclose", "item": "", "id": [made.id, other.id]}
    refused = staff.post("/staff/bulk", data=bulk, follow_redirects=True).text
    assert other.title in refused
    assert re.search(f"เพิ่มเข้าข้อมูลข่าวสารที่ต้องเปิดเผยแล้ว 1 เรื่อง: {YEAR} .*สรุปผลการจัดซื้อจัดจ้างรายเดือน", refused)
    staff.post("/staff/bulk", data=bulk | {"item": "structure", "id": [other.id]})
    assert site.services.disclosure.entries([YEAR]) == [entry(made.id, MONTHLY, part=10), entry(other.id)]


def test_the_worklist_counts_what_is_lacking(site: Site, staff: FlaskClient) -> None:
    assert "/staff/disclosure" in staff.get("/staff").text.split("ต้องทำวันนี้")[1].split("</section>")[0]


def test_the_address_of_another_archive_makes_a_draft_with_a_link(site: Site, staff: FlaskClient) -> None:
    own = site.announcement("ประกาศของเรา")
    address = f"https://elsewhere.go.th/announcements/{own.id}"
    staff.post(f"{DESK}/contact", data={"other": address})
    [linked] = site.services.disclosure.entries([YEAR])
    assert linked.announcement_id != own.id
    assert address in site.services.announcements.get(linked.announcement_id).body


def test_a_web_address_and_a_new_announcement_fill_an_item(site: Site, staff: FlaskClient) -> None:
    address = "https://www.facebook.com/nongpladuk"
    page = staff.post(f"{DESK}/contact", data={"other": address}, follow_redirects=True).text
    [linked] = site.services.disclosure.entries([YEAR])
    assert f'href="/staff/announcements/{linked.announcement_id}/publish">ตรวจและเผยแพร่' in page
    client = site.client()
    assert address not in client.get(f"/disclosure/{YEAR}").text  # a draft until somebody publishes it
    staff.post(f"/staff/announcements/{linked.announcement_id}/publish", data={"when": "now"})
    shown = client.get(f"/disclosure/{YEAR}").text
    assert f'<a href="{address}" rel="nofollow">' in shown
    assert "ข้อมูลการติดต่อ" in shown
    for refused in ("https://", "javascript:alert(1)//a.b", "http://a b.th"):
        answer = staff.post(f"{DESK}/contact", data={"other": refused}, follow_redirects=True)
        assert "fault-other" in answer.text
    entries = site.services.disclosure.entries
    assert entries([YEAR]) == [linked]
    item = staff.get(f"{DESK}/{MONTHLY}?part=11").text
    blank = re.search(r'href="(/staff/announcements/new[^"]+)">สร้างประกาศใหม่สำหรับรายการนี้ พ.ย.', item)
    assert blank
    form = staff.get(blank[1]).text
    named = f"{YEAR} {MONTHLY} 11"
    assert f'name="disclose" value="{named}"' in form
    assert "data-own" not in form  # what its papers state still fills the form
    sent = {
        "title": "สขร.1 พฤศจิกายน",
        "published_on": "2024-01-02",
        "kind": "announcement",
        "disclose": named,
    }
    made = int(staff.post("/staff/announcements/new", data=sent).location.rpartition("/")[2])
    assert entries([YEAR]) == [linked, entry(made, MONTHLY, part=11)]
    assert staff.get("/staff/announcements/new?disclose=x").status_code == 422


def test_what_was_typed_stays_when_the_item_to_fill_is_hidden_meanwhile(
    site: Site, staff: FlaskClient
) -> None:
    new, named = "/staff/announcements/new", f"{YEAR} {MONTHLY} 11"
    sent = sent_form(staff.get(new, query_string={"disclose": named}).text)
    assert sent["disclose"] == named
    shown = next(each for each in year_items(site.services, YEAR) if each.key == MONTHLY)
    save_item = site.services.commands.disclosure.save_item
    save_item(YEAR, replace(shown, is_hidden=True), replaced=shown, actor="admin")
    refused = staff.post(new, data=sent | {"title": "พิมพ์ไว้นานแล้ว"}).text
    assert "ปีนี้ไม่มีรายการนี้" in refused
    again = sent_form(refused)
    assert (again["title"], "disclose" in again) == ("พิมพ์ไว้นานแล้ว", False)
    assert site.services.announcements.count_by_status()["draft"] == 0
    made = int(staff.post(new, data=again).location.rpartition("/")[2])
    assert site.services.announcements.get(made).title == "พิมพ์ไว้นานแล้ว"


def test_a_draft_that_could_not_be_put_under_its_item_is_not_made(site: Site, staff: FlaskClient) -> None:
    new, named = "/staff/announcements/new", f"{YEAR} {MONTHLY} 11"
    sent = sent_form(staff.get(new, query_string={"disclose": named}).text) | {"title": "สขร.1"}
    with contextlib.closing(sqlite3.connect(site.services.settings.data / DATABASE)) as database:
        database.execute(
            """CREATE TRIGGER fails BEFORE INSERT ON disclosure_entry
               BEGIN SELECT RAISE(ABORT, 'no entry today'); END"""
        )
        failed = staff.post(new, data=sent)
        database.execute("DROP TRIGGER fails")
    assert failed.status_code == 500
    assert site.services.announcements.count_by_status()["draft"] == 0
    corrected = sent | {"title": "สขร.1 พฤศจิกายน"}
    made = int(staff.post(new, data=corrected).location.rpartition("/")[2])
    assert site.services.announcements.count_by_status()["draft"] == 1
    assert site.services.disclosure.entries([YEAR]) == [entry(made, MONTHLY, part=11)]


def test_item_after_item_is_filled_with_drafts_and_published(site: Site, staff: FlaskClient) -> None:
    def missing() -> int:
        found = re.search(r"ยังไม่มี \((\d+)\)", staff.get(DESK).text)
        assert found
        return int(found[1])

    before = missing()
    page = staff.post(
        f"{DESK}/structure", data={"other": "https://a.go.th/structure"}, follow_redirects=True
    ).text
    [added] = site.services.disclosure.entries([YEAR])
    assert "มีฉบับร่างรอเผยแพร่" in page
    following = re.search(rf'รายการถัดไปที่ยังขาด\s+<a href="{DESK}/([a-z0-9-]+)">O2 ', page)
    assert following
    assert missing() == before - 1
    drafted = staff.get(f"{DESK}?state=drafted").text
    assert "มีฉบับร่างรอเผยแพร่ (1)" in drafted
    assert f'href="{DESK}/structure"' in drafted
    assert f'href="{DESK}/{following[1]}"' not in drafted
    last = staff.get(f"{DESK}/{MONTHLY}").text  # after the last item the first that lacks something
    assert "รายการถัดไปที่ยังขาด" in last
    sent = staff.post(f"/staff/announcements/{added.announcement_id}/publish", data={"when": "now"})
    published = staff.get(sent.location).text
    assert re.search(f'href="{DESK}/structure">กลับไปที่รายการ O1 ', published)
    assert "กลับไปที่รายการ" not in staff.get(f"/staff/announcements/{added.announcement_id}").text


def test_the_public_page_says_in_one_line_what_a_year_lacks(site: Site, staff: FlaskClient) -> None:
    client, lacking = site.client(), f"ยังไม่มีประกาศของปีงบประมาณ {YEAR}"
    assert lacking in client.get(f"/disclosure/{YEAR}").text
    made = site.announcement("โครงสร้าง")
    saved = site.services.commands.collections.save(
        None, title="ข้อมูลเดิม", body="", items=[CollectionLine("O1", made.id)], actor="x"
    )
    empty = client.get(f"/disclosure/{YEAR}").text
    assert re.search(rf'ได้ที่(?:</span>)?\s+<a href="/collections/{saved.id}" lang="th"', empty)
    assert "CSV" not in empty
    site.services.disclosure.assign(entry(made.id, year=YEAR - 1), actor="test")
    page = client.get(f"/disclosure/{YEAR}").text
    assert f'href="/disclosure/{YEAR - 1}"><span class="words">ดูของปีงบประมาณ {YEAR - 1}' in page
    assert "หัวข้อนี้" not in page
    before = client.get(f"/disclosure/{YEAR - 1}").text
    assert lacking not in before
    assert "CSV" in before
    assert re.search(r'<summary><span class="words">อีก \d+ รายการยังไม่มีประกาศ</span></summary>', before)
    assert before.index("<summary>") < before.index("อำนาจหน้าที่") < before.index("</details>")
