"""The worklist: find any record, and do one thing to many at once."""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path

import fpdf
import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from archive import thai
from archive.model import (
    Announcement,
    Attachment,
    CollectionLine,
    DocumentKind,
    Draft,
    ReadingStatus,
    Role,
    Status,
)
from archive.stated_anew import is_stated_anew
from archive.suggested_fields import suggest_fields
from archive.thai import BANGKOK
from storage.repositories.attachments import EngineAttachments
from tests.factories.memos import memo
from tests.web.conftest import Site, sent_form, until, working
from web.importing import import_manifest
from web.staff import all_records_search, worklist

NATIONAL_ID = "1-1017-00230-70-8"


def titles(page: str) -> list[str]:
    """The titles in the table, in order."""
    return [
        re.sub("<[^>]+>", "", found).strip()
        for found in re.findall(r'class="subject" lang="th">\s*<a [^>]*>(.*?)</a>', page, re.DOTALL)
    ]


def drafts(site: Site, count: int) -> list[Announcement]:
    return [site.announcement(f"ร่างที่ {number}", status=Status.DRAFT) for number in range(count)]


def act(clerk: FlaskClient, action: str, made: list[Announcement], **values: str) -> str:
    """Press a button of the bar with these records ticked. Returns the page that follows."""
    data = {"action": action, "id": [str(each.id) for each in made], **values}
    return clerk.post("/staff/bulk", data=data, follow_redirects=True).text


def test_every_record_is_found_but_trash_stays_apart(site: Site) -> None:
    site.announcement("ประกาศค่าขยะ", body="ค่าธรรมเนียมเก็บขนขยะ")
    site.announcement("ร่างเรื่องขยะ", status=Status.DRAFT, body="ถังขยะ ๔๐ ใบ")
    site.announcement("ถังขยะเก่า", status=Status.TRASHED)
    site.announcement("ภาษีป้าย")
    site.work()
    clerk = site.signed_in(Role.STAFF)
    assert sorted(titles(clerk.get("/staff?q=ขยะ").text)) == ["ประกาศค่าขยะ", "ร่างเรื่องขยะ"]
    assert titles(clerk.get("/staff?q=ขยะ 40 ใบ").text)[0] == "ร่างเรื่องขยะ"  # digits of either kind
    assert titles(clerk.get("/staff?q=ขยะ&status=trashed").text) == ["ถังขยะเก่า"]
    assert "ไม่มีเรื่องที่ตรง" in clerk.get("/staff?q=ไดโนเสาร์").text
    assert titles(clerk.get("/staff?q=ขยะ&status=draft&kind=order").text) == []
    assert titles(clerk.get("/staff?q=ขยะ kind:announcement").text)[0] == "ร่างเรื่องขยะ"
    assert titles(clerk.get("/staff?q=ขยะ -kind:announcement").text) == []
    assert titles(clerk.get("/staff?q=ขยะ -author:ไม่มีใคร").text)[0] == "ร่างเรื่องขยะ"


def test_a_search_that_finds_too_much_obeys_the_filters_and_says_what_it_left_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_records_search, "MOST_HITS", 2)
    monkeypatch.setattr(all_records_search, "MOST_UNPUBLISHED", 1)
    for number in range(4):
        site.announcement(f"ถนนสาย {number} ถนน", body="ถนน")
    site.announcement("ภาษีร้านริมทาง", category="ภาษี", body="ร้านที่อยู่ริมทางหลวงกับถนนอื่น")
    site.announcement("ร่างที่หนึ่ง", status=Status.DRAFT)
    site.work()
    clerk = site.signed_in(Role.STAFF)
    page = clerk.get("/staff?q=ถนน").text
    assert "มี 5 เรื่องที่เผยแพร่แล้วตรงกับคำค้น" in page
    assert "ค้นเฉพาะ" not in page
    assert len(titles(page)) == 2
    assert 'name="everything"' not in page
    everything = {"action": "retag", "category": "x", "everything": "1", "at-q": "ถนน", "at-total": "2"}
    assert "กรุณากรองรายการให้แคบลง" in clerk.post("/staff/bulk", data=everything, follow_redirects=True).text
    narrowed = clerk.get("/staff?q=ถนน&category=ภาษี").text
    assert titles(narrowed) == ["ภาษีร้านริมทาง"]  # not among the first two
    assert "เรื่องที่เผยแพร่แล้วตรงกับคำค้น" not in narrowed
    assert "เรียงตามที่ตรงกับคำค้น" in narrowed
    assert "เรียงตามการแก้ไขล่าสุด" in clerk.get("/staff").text
    site.announcement("ร่างที่สอง", status=Status.DRAFT)
    assert "ในฉบับร่างและเรื่องที่ไม่ได้เผยแพร่ ค้นเฉพาะ" in clerk.get("/staff?q=ถนน").text


def test_a_list_without_published_records_is_whole_however_many_match(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_records_search, "MOST_HITS", 1)
    monkeypatch.setattr(all_records_search, "MOST_UNPUBLISHED", 2)
    monkeypatch.setattr(worklist, "PER_PAGE", 1)
    for number in range(2):
        site.announcement(f"ถนนสาย {number}")
        site.announcement(f"ร่างถนน {number}", status=Status.DRAFT)
    site.work()
    clerk = site.signed_in(Role.STAFF)
    drafts = clerk.get("/staff?q=ถนน&status=draft").text
    assert "เรื่องที่เผยแพร่แล้วตรงกับคำค้น" not in drafts
    assert "เลือกทั้งหมด 2 เรื่อง" in drafts
    everything = {"action": "retag", "category": "", "everything": "1", "at-q": "ถนน", "at-status": "draft"}
    answer = clerk.post("/staff/bulk", data=everything | {"at-total": "2"}, follow_redirects=True).text
    assert "กรุณากรองรายการให้แคบลง" not in answer
    assert "เรื่องที่เผยแพร่แล้วตรงกับคำค้น" in clerk.get("/staff?q=ถนน&status=published").text
    site.announcement("ร่างอื่น", status=Status.DRAFT)
    assert "ค้นเฉพาะ" not in clerk.get("/staff?q=ถนน&status=published").text
    assert "ค้นเฉพาะ" in clerk.get("/staff?q=ถนน&status=draft").text


def test_words_of_a_draft_s_papers_find_it(site: Site) -> None:
    made = site.announcement("ไม่บอกอะไร", status=Status.DRAFT)
    site.attach(made.id, memo("ติดตั้งเครื่องสูบน้ำที่บ้านโคกกลาง"))
    site.work()
    clerk = site.signed_in(Role.STAFF)
    assert titles(clerk.get("/staff?q=เครื่องสูบน้ำ โคกกลาง").text) == ["ไม่บอกอะไร"]
    assert titles(clerk.get('/staff?q="สูบน้ำเครื่อง"').text) == []


def test_a_record_that_was_changed_a_moment_ago_is_found_at_once(site: Site) -> None:
    made = site.announcement("รายงานน้ำประปา", category="ประปา")
    clerk = site.signed_in(Role.STAFF)
    site.work()
    site.services.commands.announcements.revise(made.id, {"category": "บริการ"}, actor="x")
    assert titles(clerk.get("/staff?q=รายงานน้ำประปา").text) == ["รายงานน้ำประปา"]  # the index has not followed
    assert titles(clerk.get("/staff?q=ไดโนเสาร์").text) == []


def test_one_s_own_drafts(site: Site) -> None:
    site.announcement("ของคนอื่น", status=Status.DRAFT)
    clerk = site.signed_in(Role.STAFF)
    form = {"title": "ของฉัน", "published_on": "2024-01-02", "kind": "announcement"}
    clerk.post("/staff/announcements/new", data=form)
    assert titles(clerk.get("/staff?status=draft&mine=1").text) == ["ของฉัน"]


def test_the_tabs_count_what_the_filter_shows_and_an_empty_archive_says_so(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    assert "ยังไม่มีเรื่องในคลัง" in clerk.get("/staff").text
    assert "ไม่มีเรื่องที่ตรงกับตัวกรองนี้" in clerk.get("/staff?mine=1").text
    site.announcement("ของคนอื่น", status=Status.DRAFT)
    [mine, _] = drafts(site, 2)
    site.services.commands.announcements.revise(mine.id, {"assigned_to": "staff"}, actor="x")
    page = clerk.get("/staff?mine=1").text
    assert "ทั้งหมด (1)" in page
    assert "ฉบับร่าง (1)" in page
    assert "ยังไม่มีเรื่องในคลัง" not in clerk.get("/staff?status=trashed").text


def test_thirty_records_get_a_category_in_one_step(site: Site) -> None:
    made = drafts(site, 30)
    page = act(site.signed_in(Role.STAFF), "retag", made, category="จัดซื้อจัดจ้าง")
    assert "เปลี่ยนหมวดแล้ว 30 เรื่อง" in page
    found = site.services.announcements.get_many(each.id for each in made)
    assert {each.category for each in found.values()} == {"จัดซื้อจัดจ้าง"}
    site.services.commands.announcements.revise(made[0].id, {"category": "น้ำ"}, actor="สมศรี")
    again = act(site.signed_in(Role.STAFF), "retag", made, category="จัดซื้อจัดจ้าง")
    assert "เปลี่ยนหมวดแล้ว 1 เรื่อง" in again
    assert "ไม่ต้องเปลี่ยน 29 เรื่อง" in again.split("เปลี่ยนหมวดแล้ว 1 เรื่อง")[1]  # after what was done


def test_the_list_comes_back_with_its_filters(site: Site) -> None:
    [made] = drafts(site, 1)
    data = {"action": "trash", "id": str(made.id), "at-status": "draft", "at-q": "ร่าง"}
    answer = site.signed_in(Role.STAFF).post("/staff/bulk", data=data)
    assert "status=draft" in answer.location
    assert "q=" in answer.location


def test_what_a_record_does_not_allow_is_said_and_the_others_are_done(site: Site) -> None:
    public, draft = site.announcement("เผยแพร่อยู่"), site.announcement("ร่าง", status=Status.DRAFT)
    clerk = site.signed_in(Role.STAFF)
    page = act(clerk, "trash", [public, draft])
    assert "ทิ้งลงถังขยะแล้ว 1 เรื่อง" in page
    assert "เผยแพร่อยู่: ประกาศนี้เผยแพร่อยู่ กรุณาถอนประกาศพร้อมเหตุผลก่อน" in page
    assert "กรุณากรอกเหตุผลที่ถอน" in act(clerk, "withdraw", [public])
    act(clerk, "withdraw", [public], reason="ลงผิดเรื่อง")
    act(clerk, "restore", [public, draft])
    kept = site.services.announcements.get_many([public.id, draft.id])
    assert {each.status for each in kept.values()} == {Status.DRAFT}


def test_nothing_ticked_and_nothing_known_change_nothing(site: Site) -> None:
    [made] = drafts(site, 1)
    clerk = site.signed_in(Role.STAFF)
    before = site.services.history.last_change()
    assert "กรุณาเลือกเรื่องที่จะทำก่อน" in act(clerk, "trash", [])
    for action in ("", "erase"):
        assert "กรุณาเลือกว่าจะทำอะไร" in act(clerk, action, [made])
    assert "ไม่พบผู้ใช้ชื่อนี้" in act(clerk, "assign", [made], person="ไม่มีคนนี้")
    assert site.services.history.last_change() == before


def test_records_are_assigned_and_put_into_a_collection_once(site: Site) -> None:
    made = drafts(site, 3)
    kept = site.services.commands.collections.save(
        None, title="OIT", body="", items=[CollectionLine("O1", made[0].id)], actor="x"
    )
    clerk = site.signed_in(Role.STAFF)
    act(clerk, "assign", made, person="staff")
    assert site.services.announcements.get(made[1].id).assigned_to == "staff"
    assert len(titles(clerk.get("/staff?mine=1").text)) == 3
    act(clerk, "collect", made, collection=str(kept.id))
    items = site.services.collections.get(kept.id).items
    assert [item.announcement_id for item in items] == [each.id for each in made]


def test_ten_drafts_are_published_with_one_checklist(site: Site) -> None:
    made = drafts(site, 7)
    undated = site.announcement("ตลาดนัด", status=Status.DRAFT, published_on=dt.datetime.now(BANGKOK).date())
    blank = fpdf.FPDF()
    blank.add_page()
    site.attach(undated.id, bytes(blank.output()), "market.pdf")
    unnamed = site.announcement("scan0012", status=Status.DRAFT)
    site.attach(unnamed.id, b"%PDF-1.7\n" + b"\0" * 900, "scan0012.pdf")
    private = site.announcement("ผู้รับเบี้ย", status=Status.DRAFT, body=f"นางสมศรี {NATIONAL_ID}")
    site.work()
    clerk = site.signed_in(Role.STAFF)
    all_ten = [*made, undated, unnamed, private]
    page = act(clerk, "publish", all_ten)
    assert "พร้อมเผยแพร่ 7 เรื่อง" in page
    assert "ต้องยืนยันก่อน 1 เรื่อง" in page
    assert "ยังเผยแพร่ไม่ได้ 2 เรื่อง" in page
    rows = {
        int(id): row
        for id, row in re.findall(r'<li\s+id="candidate-(\d+)"[^>]*>(.*?)\n    </li>', page, re.DOTALL)
    }
    assert [id for id, row in rows.items() if " checked" in row] == [each.id for each in made]
    assert rows[made[0].id].count("ร่างที่ 0") == 1  # its title once
    assert "ระบบอ่านวันที่ในเอกสารไม่ได้" in rows[undated.id]
    assert "disabled" not in rows[undated.id]  # published where a person ticks it knowingly
    assert f'href="/staff/announcements/{unnamed.id}#title"' in rows[unnamed.id]
    assert f'href="/staff/announcements/{private.id}/publish#finds"' in rows[private.id]
    assert "ด้านล่าง" not in page  # nothing is asked for below
    sent = {"when": "now", "id": [str(each.id) for each in all_ten]}
    done = clerk.post("/staff/publish", data=sent, follow_redirects=True).text
    assert "เผยแพร่แล้ว 8 เรื่อง" in done
    assert "scan0012: ชื่อเรื่องเป็นชื่อไฟล์" in done
    assert "ผู้รับเบี้ย: พบข้อมูลส่วนบุคคล" in done
    kept = site.services.announcements.get_many(each.id for each in all_ten)
    assert [kept[each.id].status for each in (made[0], unnamed, private)] == [
        Status.PUBLISHED,
        Status.DRAFT,
        Status.DRAFT,
    ]


def test_a_title_is_typed_beside_the_record_that_lacks_one(site: Site) -> None:
    unnamed = site.announcement("scan0012", status=Status.DRAFT)
    site.attach(unnamed.id, b"%PDF-1.7\n" + b"\0" * 900, "scan0012.pdf")
    read = site.services.announcements.create(
        Draft(title="", published_on=dt.date(2021, 6, 9)), actor="staff"
    )
    paper = site.attach(read.id, memo("ซ่อมถนน", subject="ซ่อมถนนสายบ้านหนองกระทิง"), "a.pdf")
    site.work()
    clerk = site.signed_in(Role.STAFF)
    page = act(clerk, "publish", [unnamed, read])
    fields = dict(re.findall(r'name="(title-\d+)".*?>([^<]*)</textarea>', page, re.DOTALL))
    assert fields == {f"title-{unnamed.id}": "", f"title-{read.id}": "ซ่อมถนนสายบ้านหนองกระทิง"}
    assert "disabled" not in page.split(f'id="tick-{unnamed.id}"')[1].split(">")[0]
    named_as_file = {"when": "now", "id": str(unnamed.id), f"title-{unnamed.id}": "scan.pdf"}
    assert "ชื่อเรื่องเป็นชื่อไฟล์" in clerk.post("/staff/publish", data=named_as_file, follow_redirects=True).text
    assert site.services.announcements.get(unnamed.id).status is Status.DRAFT
    typed = {f"title-{unnamed.id}": "เลื่อนประชุมสภา", f"title-{read.id}": "ซ่อมถนนสายหลัก"}
    sent = {"when": "now", "id": [str(unnamed.id), str(read.id)], **typed}
    assert "เผยแพร่แล้ว 2 เรื่อง" in clerk.post("/staff/publish", data=sent, follow_redirects=True).text
    kept = site.services.announcements.get_many([unnamed.id, read.id])
    assert [kept[each.id].title for each in (unnamed, read)] == [*typed.values()]
    assert "เรื่อง ซ่อมถนนสายบ้านหนองกระทิง" in site.services.attachments.get(paper.id).label  # as filled


def test_a_title_that_was_only_read_is_ticked_by_whoever_sees_its_page(site: Site) -> None:
    read = site.services.announcements.create(
        Draft(title="", published_on=dt.date(2021, 6, 9)), actor="staff"
    )
    site.attach(read.id, memo("ซ่อมถนน", subject="ซ่อมถนนสายบ้านหนองกระทิง"), "a.pdf")
    named = site.announcement("ประกาศราคากลาง", status=Status.DRAFT)
    paper = site.attach(named.id, memo("ราคากลาง"), "ประกาศราคากลาง.pdf")  # its title is the file's name
    awaited = site.services.announcements.create(
        Draft(title="", published_on=dt.date(2021, 6, 9)), actor="staff"
    )
    site.work()
    site.attach(awaited.id, memo("สะพาน", subject="สะพาน"), "b.pdf")
    clerk = site.signed_in(Role.STAFF)
    page = act(clerk, "publish", [read, named, awaited])
    rows = re.findall(r'<li\s+id="candidate-\d+"[^>]*>.*?\n    </li>', page, re.DOTALL)
    assert [" checked" in row for row in rows] == [False, False, False]
    assert page.count("ติ๊กเมื่อตรวจแล้วว่าใช้ได้") >= 3
    assert f"/announcements/{named.id}/attachments/{paper.id}/pages/1" in page
    assert page.count("<img") >= 2


def test_a_date_that_was_not_read_is_typed_in_the_checklist_for_many(site: Site) -> None:
    undated = site.announcement("ตลาดนัด", status=Status.DRAFT, published_on=dt.datetime.now(BANGKOK).date())
    blank = fpdf.FPDF()
    blank.add_page()
    site.attach(undated.id, bytes(blank.output()), "market.pdf")
    site.work()
    clerk, name = site.signed_in(Role.STAFF), f"published_on-{undated.id}"
    assert f'name="{name}"' in act(clerk, "publish", [undated])
    sent = {"when": "now", "id": str(undated.id), "listed": str(undated.id)}
    address = f"/staff/publish?id={undated.id}"
    refused = clerk.post(address, data=sent | {name: "31 ก.พ. 2568"}).text
    assert f'id="fault-{name}"' in refused
    assert 'value="31 ก.พ. 2568"' in refused
    assert site.services.announcements.get(undated.id).status is Status.DRAFT
    clerk.post(address, data=sent | {name: "๑ ต.ค. ๒๕๖๘"})
    kept = site.services.announcements.get(undated.id)
    assert (kept.status, kept.published_on) == (Status.PUBLISHED, dt.date(2025, 10, 1))


def test_a_date_typed_beside_a_record_that_is_not_ticked_is_not_stored(site: Site) -> None:
    ticked, left = drafts(site, 2)
    before = site.services.announcements.get(left.id).published_on
    sent = {"when": "now", "id": str(ticked.id), "listed": [str(ticked.id), str(left.id)]}
    typed = {f"published_on-{each.id}": "๑ ต.ค. ๒๕๖๘" for each in (ticked, left)}
    site.signed_in(Role.STAFF).post("/staff/publish", data=sent | typed)
    kept = site.services.announcements.get_many([ticked.id, left.id])
    assert kept[ticked.id].published_on == dt.date(2025, 10, 1)
    assert (kept[left.id].published_on, kept[left.id].status) == (before, Status.DRAFT)


def test_many_are_published_at_a_set_time_and_the_unread_once_read(site: Site) -> None:
    made = drafts(site, 2)
    clerk = site.signed_in(Role.STAFF)
    when = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)
    sent = {
        "when": "later",
        "id": [str(each.id) for each in made],
        "publish_on-day": str(when.day),
        "publish_on-month": str(when.month),
        "publish_on-year": str(when.year),
        "publish_time": "๙.๐๐ น.",
    }
    clerk.post("/staff/publish", data=sent)
    at = site.services.announcements.get(made[0].id).publish_at
    assert at is not None
    assert (at.hour, at.minute) == (2, 0)  # 9:00 in Thailand
    no_such_day = sent | {"publish_on-day": "31", "publish_on-month": "2"}
    assert 'id="fault-publish_on"' in clerk.post(f"/staff/publish?id={made[0].id}", data=no_such_day).text
    assert [site.services.announcements.get(each.id).publish_at for each in made] == [at, at]
    refused = clerk.post(f"/staff/publish?id={made[0].id}", data=sent | {"publish_time": "25:00"}).text
    assert "เช่น 8.30" in refused
    (field,) = re.findall(r'(?s)<input\s[^>]*id="publish_time"[^>]*>', refused)
    assert 'aria-invalid="true"' in field
    assert re.search(r'id="fault-publish_time">[^<]*8\.30', refused)
    site.services.commands.announcements.revise(made[0].id, {"expires_on": dt.date(2026, 1, 2)}, actor="test")
    one = f"/staff/announcements/{made[0].id}/publish"
    closed = clerk.post(one, data=sent, follow_redirects=True).text
    assert "หมดเขต 2 มกราคม 2569 ก่อนวันที่เผยแพร่" in closed
    site.attach(made[0].id, memo("ถนน"))
    page = clerk.post("/staff/publish", data={"when": "now", "id": str(made[0].id)}, follow_redirects=True)
    assert "ตั้งเวลาเผยแพร่แล้ว 1 เรื่อง" in page.text
    assert "จะเผยแพร่เมื่อแปลงข้อความเสร็จ" in page.text  # one is being read, the other waits for its day
    assert "จะเผยแพร่ " in page.text
    kept = site.services.announcements.get(made[0].id)
    assert kept.status is Status.DRAFT
    assert kept.publish_at is not None
    assert site.services.attachments.by_announcement([kept.id])[kept.id][0].status is ReadingStatus.WAITING


def test_today_counts_lead_to_the_records(site: Site) -> None:
    broken = site.announcement("ไฟล์เสีย", status=Status.DRAFT)
    site.attach(broken.id, b"%PDF-1.7\n" + b"\0" * 900, "เสีย.pdf")
    site.work()
    clerk = site.signed_in(Role.STAFF)
    assert 'href="/staff?problem=failed"><b>1</b>' in clerk.get("/staff").text
    assert titles(clerk.get("/staff?problem=failed").text) == ["ไฟล์เสีย"]
    assert titles(clerk.get("/staff?problem=expiring").text) == []


def test_what_an_imported_archive_cancels_is_confirmed_from_the_list(site: Site, tmp_path: Path) -> None:
    new, old = "คำสั่งเทศบาล ที่ 12/2564 เรื่อง เปิดสนามกีฬา", "คำสั่งเทศบาล ที่ 5/2564 เรื่อง ปิดสนามกีฬา"
    cancels = "ให้ยกเลิกคำสั่งเทศบาล ที่ ๕/๒๕๖๔ ลงวันที่ ๙ มิถุนายน ๒๕๖๔"
    (tmp_path / "manifest.jsonl").write_text(
        "".join(
            json.dumps({"ref": title, "title": title, "published_on": day, "kind": "order", "body": body})
            + "\n"
            for title, day, body in ((new, "2021-06-20", cancels), (old, "2021-06-09", ""))
        )
    )
    import_manifest(site.services, tmp_path / "manifest.jsonl", lambda _done, _total: None)
    clerk = site.signed_in(Role.STAFF)
    line = 'href="/staff?problem=relation"><b>1</b>'
    with working(site.services):
        until(lambda: line in clerk.get("/staff").text, seconds=60)
    page = clerk.get("/staff?problem=relation").text
    assert titles(page) == [new]
    (edit,) = re.findall(r'class="badge warn" href="(/staff/announcements/\d+)#relations"', page)
    (older,) = re.findall(r'name="relate" value="(\d+)"', clerk.get(edit).text)
    clerk.post(f"{edit}/relations", data={"relate": older, f"relation-{older}": "cancels"})
    assert line not in clerk.get("/staff").text
    assert titles(clerk.get("/staff?problem=relation").text) == []
    assert "ยกเลิกแล้ว" in site.client().get(f"/announcements/{older}").text


def test_a_step_on_all_pages_takes_what_was_listed_and_no_other(site: Site) -> None:
    made = drafts(site, 53)
    other = site.announcement("เผยแพร่อยู่")
    clerk = site.signed_in(Role.STAFF)
    listed = {"at-status": "draft", "at-total": "53", "everything": "1", "person": "staff"}
    assert "เลือกทั้งหมด 53 เรื่องทุกหน้า" in clerk.get("/staff?status=draft").text
    assert "รายการเปลี่ยนไป" in act(clerk, "assign", [], **listed | {"at-total": "52"})
    assert "มอบหมายแล้ว 53 เรื่อง" in act(clerk, "assign", [], **listed)
    assert "ชุดแรกจากที่เลือก 53 เรื่อง" in act(clerk, "publish", [], **listed)
    kept = site.services.announcements.get_many([*(each.id for each in made), other.id])
    assert [id for id, each in kept.items() if not each.assigned_to] == [other.id]


def test_a_category_that_no_record_has_is_asked_about_first(site: Site) -> None:
    site.announcement("เดิม", category="ขยะมูลฝอย")
    made = drafts(site, 2)
    clerk = site.signed_in(Role.STAFF)
    page = act(clerk, "retag", made, category="ขยะมูนฝอย")
    assert "สร้างหมวดใหม่ “ขยะมูนฝอย” ให้ 2 เรื่องที่เลือกหรือไม่" in page
    assert "button danger" not in page  # a category takes nothing away
    back = re.search(r'href="([^"]+)">ไม่ทำ กลับไปหน้าก่อน', page)
    assert back
    still = re.findall(r'name="id" value="(\d+)" checked', clerk.get(html.unescape(back[1])).text)
    assert sorted(still) == sorted(str(each.id) for each in made)
    instead = page[: page.index("ใช้หมวด “ขยะมูลฝอย” ที่มีอยู่แล้ว")].rsplit("<form", 1)[1]
    fields = re.findall(r'name="([\w-]+)" value="([^"]*)"', instead)
    assert ("category", "ขยะมูลฝอย") in fields
    assert {each.category for each in site.services.announcements.get_many([made[0].id]).values()} == {""}
    act(clerk, "retag", made, category="ขยะมูนฝอย", confirmed="ขยะมูนฝอย")
    assert site.services.announcements.get(made[1].id).category == "ขยะมูนฝอย"
    clerk.post("/staff/bulk", data=MultiDict(fields))
    assert {site.services.announcements.get(each.id).category for each in made} == {"ขยะมูลฝอย"}


def test_a_draft_without_title_is_named_by_its_paper_and_its_files_are_listed(site: Site) -> None:
    form = {"title": "", "published_on": "2024-01-02", "kind": "announcement", "files_follow": "yes"}
    clerk = site.signed_in(Role.STAFF)
    twice = [
        int(clerk.post("/staff/announcements/new", data=form).location.rsplit("/", 1)[1]) for _ in range(2)
    ]
    paper = memo()
    for id in twice:
        site.attach(id, paper, "scan0012.pdf")
    site.work()
    made = [site.services.announcements.get(id) for id in twice]
    named = "ขออนุมัติจัดซื้อหลอดไฟ (ชื่อที่ระบบเสนอ)"
    assert titles(clerk.get("/staff").text) == [named] * 2
    assert named in clerk.get("/staff/history").text
    page = act(clerk, "publish", made)
    assert "scan0012.pdf" in page
    assert page.count("ไฟล์เดียวกันนี้อยู่ในประกาศอื่นแล้ว") == 2
    assert "อาจทำซ้ำ" not in page  # one warning of each
    assert "พร้อมเผยแพร่ 0 เรื่อง" in page  # neither is ticked before a person looked
    assert not re.search(r'type="checkbox"[^>]*checked', page)
    listed = {"when": "now", "listed": twice}
    assert "กรุณาติ๊กเรื่องที่จะเผยแพร่ก่อน" in clerk.post("/staff/publish", data=listed).text
    said = clerk.post("/staff/publish", data=listed | {"id": twice[0]}, follow_redirects=True).text
    assert "เผยแพร่แล้ว 1 เรื่อง" in said
    assert f"ยังเป็นฉบับร่าง: {named} (ไฟล์เดียวกันนี้อยู่ในประกาศอื่นแล้ว)" in re.sub("</?a[^>]*>", "", said)


@pytest.mark.parametrize("title", ["", "ขอซ่อมถนนสายบ้านหนองปลาดุก"])
def test_what_documents_propose_is_shown_as_proposed_and_before_it_is_published(
    site: Site, title: str
) -> None:
    clerk = site.signed_in(Role.STAFF)
    form = {
        "title": title,
        "published_on": thai.today().isoformat(),
        "kind": "announcement",
        "files_follow": "yes",
    }
    id = int(clerk.post("/staff/announcements/new", data=form).location.rsplit("/", 1)[1])
    site.attach(id, memo("ให้ซ่อมถนน"))
    site.work()
    author = str(suggest_fields(site.services.attachments.by_announcement([id])[id]).fields["author"])
    row = clerk.get("/staff").text.split(f'data-record="{id}"')[1].split("</tr>")[0]
    shown = re.sub(r"<[^>]+>|\u200b|\u2060", "", row)
    assert bool(re.search(r"บันทึกข้อความ\s*\(ระบบเสนอ\)", shown)) == (not title)
    assert re.search(rf"{re.escape(author)}\s*\(ระบบเสนอ\)", shown)
    listed = clerk.get(f"/staff/publish?id={id}").text.split(f'id="candidate-{id}"')[1]
    openly, folded = listed.split("<details")[:2]
    for part in ("ประกาศ" if title else "บันทึกข้อความ", author, "9 มิถุนายน 2564"):
        assert part in openly
    assert "ผู้ประกาศ" not in folded  # said once
    assert f"ผ่านแล้ว {folded.count('<li>✓')} ข้อ" in folded
    clerk.post("/staff/publish", data={"when": "now", "listed": id, "id": id})
    published = site.services.announcements.get(id)
    assert published.status is Status.PUBLISHED
    assert (published.author, published.published_on) == (author, dt.date(2021, 6, 9))


def test_the_list_reads_the_attachments_of_all_drafts_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        made = site.announcement(f"scan {number}.pdf" if number else "ซ่อมถนน", status=Status.DRAFT)
        site.attach(made.id, memo(f"ให้ซ่อมถนนสาย {number}"))
    site.work()
    clerk = site.signed_in(Role.STAFF)
    reads: list[list[int]] = []
    read = EngineAttachments.by_announcement

    def read_and_note(attachments: EngineAttachments, ids: Iterable[int]) -> dict[int, list[Attachment]]:
        reads.append([*ids])
        return read(attachments, reads[-1])

    monkeypatch.setattr(EngineAttachments, "by_announcement", read_and_note)
    shown = titles(clerk.get("/staff").text)
    assert sum(each.endswith("(ชื่อที่ระบบเสนอ)") for each in shown) == 2
    assert [sorted(ids) for ids in reads] == [[1, 2, 3]]


@pytest.mark.parametrize("title", ["IMG_20230501_1022", "IMG 20230501 1022", "scan_0012", "DSC00123"])
def test_a_name_that_a_camera_gave_is_never_ticked_as_a_title(site: Site, title: str) -> None:
    made = site.announcement(title, status=Status.DRAFT, body="ข้อความ", author="กองคลัง", category="งานช่าง")
    site.attach(made.id, memo("ให้ซ่อมถนน"), "IMG_20230501_1022.pdf")
    site.work()
    page = site.signed_in(Role.STAFF).get(f"/staff/publish?id={made.id}").text
    tick = re.search(rf'<input\s+id="tick-{made.id}"[^>]*>', page)
    assert tick
    assert "checked" not in tick[0]


def test_what_a_new_file_states_otherwise_is_listed_until_somebody_confirms(site: Site) -> None:
    made = site.announcement("ซ่อมถนน")
    paper = site.attach(made.id, memo("ให้ซ่อมถนน", subject="ซ่อมถนน"))
    site.work()
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"
    line = 'href="/staff?problem=stated-anew"><b>1</b>'
    newer = {"replace": "1", "file": (io.BytesIO(memo("ให้ซ่อมสะพาน", subject="ซ่อมสะพาน")), "ใหม่.pdf")}
    clerk.post(f"/staff/attachments/{paper.id}", data=newer)
    site.work()
    waiting = site.services.attachments.replacements([paper.id])[paper.id]
    page = clerk.get(form).text
    assert line not in clerk.get("/staff").text  # residents see the file before: it is listed as a new file
    shown = sent_form(page) | {"row": str(paper.id), "sha256": waiting.sha256}
    clerk.post(f"/staff/attachments/{waiting.id}/show", data=shown)
    with working(site.services):
        until(lambda: line in clerk.get("/staff").text, seconds=30)
    page = clerk.get("/staff?problem=stated-anew").text
    assert titles(page) == ["ซ่อมถนน"]
    assert f'href="{form}#doubts"' in page
    page = clerk.get(form).text
    assert 'id="doubts"' in page
    clerk.post(form, data=sent_form(page))
    assert line not in clerk.get("/staff").text  # at once: the title is right as it is
    assert titles(clerk.get("/staff?problem=stated-anew").text) == []


def test_a_label_of_the_file_before_is_listed_until_somebody_confirms_it(site: Site) -> None:
    made = site.announcement("ซ่อมสะพาน", author="กองช่าง", published_on=dt.date(2023, 6, 9))
    paper = site.attach(made.id, memo("ให้ซ่อมถนน", subject="ซ่อมถนน"))
    label = "คำสั่ง ที่ 5/2566 เรื่อง ซ่อมถนน"
    commands = site.services.commands
    commands.attachments.relabel(paper.id, label=label, kind=DocumentKind.ORDER, actor="x")
    newer = memo("ให้ซ่อมสะพาน", subject="ซ่อมสะพาน")
    commands.file_versions.replace(paper.id, io.BytesIO(newer), filename="ใหม่.pdf", actor="x")
    site.work()
    records, clerk, form = (
        site.services.records,
        site.signed_in(Role.STAFF),
        f"/staff/announcements/{made.id}",
    )
    assert is_stated_anew(records, site.services.announcements.get(made.id))
    clerk.post(form, data=sent_form(clerk.get(form).text) | {f"label-{paper.id}": label})
    assert site.services.attachments.get(paper.id).label == label
    assert not is_stated_anew(records, site.services.announcements.get(made.id))
    assert "ชื่อนี้มาจากไฟล์ก่อนหน้า" not in clerk.get(form).text


def test_drafts_that_were_just_made_are_named_above_the_list_and_alone_in_it(site: Site) -> None:
    earlier, *made = drafts(site, 4)
    clerk = site.signed_in(Role.STAFF)
    page = clerk.get("/staff?status=draft&made=" + "-".join(str(each.id) for each in made)).text
    said, below = page.split("<h1>")
    assert "สร้างฉบับร่างแล้ว 3 เรื่อง" in said
    assert all(f'href="/staff/announcements/{each.id}"' in said for each in made)
    assert "สร้างฉบับร่างแล้ว" not in below
    assert f'href="/staff/announcements/{made[0].id}"' in below
    assert f'href="/staff/announcements/{earlier.id}"' not in below  # a tick for all leaves it alone
    assert '<a href="/staff?status=draft">แสดงเรื่องอื่นด้วย</a>' in said
    assert "สร้างฉบับร่างแล้ว" not in clerk.get("/staff?made=999999-x").text


def test_all_of_many_drafts_just_made_are_counted_and_the_first_fifty_named(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made = [site.announcement(f"เรื่องที่ {at:02}", status=Status.DRAFT) for at in range(1, 53)]
    page = clerk.get("/staff?status=draft&made=" + "-".join(str(each.id) for each in made)).text
    notice = page[page.index("สร้างฉบับร่างแล้ว 52 เรื่อง") :].partition("</div>")[0]
    assert notice.count("<a href") == 50
    assert "และอีก 2 เรื่อง" in notice
