"""One gate before everything that becomes public: nothing is shown before it is read and decided."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from archive import thai
from archive.changes import WORKER
from archive.commands.personal_data import find_personal_data_by_newer_rules
from archive.errors import Invalid, PersonalDataFound
from archive.model import Announcement, Attachment, CollectionLine, Failure, HoldReason, Role, Status
from indexer.extraction.attachment_reader import AttachmentReader, ReadingStopped
from storage.repositories.pages import write_page_unless_corrected
from tests.factories.memos import memo
from tests.web.conftest import BROWSER, Site, sent_form, until, working
from web.importing import import_manifest

NATIONAL_ID = "1-1017-00230-70-8"
WITH_ID = memo(f"นางสมศรี เลขประจำตัวประชาชน {NATIONAL_ID} ได้รับเบี้ยยังชีพบ้านหนองกระทิง", subject="ผู้รับเบี้ย")
WITHOUT = memo("ซ่อมถนนสายบ้านหนองกระทิง", subject="ซ่อมถนน")
REASON = "กฎหมายกำหนดให้ประกาศ"
EXPLAINED = {"ground": "legal-duty", "reason": "ระเบียบเบี้ยยังชีพ ข้อ 12 ให้ปิดประกาศ"}


@pytest.fixture
def site(site: Site) -> Site:
    """An archive that can be searched already."""
    site.announcement("ประกาศอื่น")
    site.work()
    return site


def api(site: Site, method: str, path: str, **how: object) -> tuple[int, dict[str, object]]:
    """Returns status and body of a call with a token."""
    headers = site.__dict__.setdefault("headers", None) or site.token("gate")
    site.__dict__["headers"] = headers
    answer = site.client().open(f"/api/v1{path}", method=method, headers=headers, **how)  # type: ignore[arg-type]
    return answer.status_code, (answer.get_json(silent=True) or {})


def held(site: Site, attachment: Attachment) -> HoldReason | None:
    return site.services.attachments.get(attachment.id).hold


def public_addresses(announcement: Announcement, attachment: Attachment) -> Iterator[str]:
    """Yields the addresses at which residents would meet the attachment or its text."""
    page, api = f"/announcements/{announcement.id}", "/api/v1"
    yield from (
        page,
        f"{page}?q=หนองกระทิง",
        f"{page}/attachments/{attachment.id}",
        f"{page}/attachments/{attachment.id}/file",
        f"{page}/attachments/{attachment.id}/searchable.pdf",
        f"{page}/attachments/{attachment.id}/pages/1.webp",
        f"{api}/announcements",
        f"{api}/announcements/{announcement.id}",
        f"{api}/attachments/{attachment.id}",
        f"{api}/attachments/{attachment.id}/pages",
        f"{api}/attachments/{attachment.id}/file",
        f"{api}/attachments/{attachment.id}/pages/1.webp",
        f"{api}/search?q=หนองกระทิง",
        f"{api}/search?q=11017002307",
        f"{api}/suggest?q=หนองกระ",
        "/search?q=หนองกระทิง",
        "/feed.xml?q=หนองกระทิง",
        "/feed.xml",
        "/sitemap.xml",
        "/open-data/announcements.csv",
        "/open-data/announcements.jsonl",
        "/collections/1",
        "/",
        "/browse",
    )


def assert_hidden(site: Site, announcement: Announcement, attachment: Attachment) -> None:
    """Assert that residents find no trace of the attachment."""
    client = site.client()
    for address in public_addresses(announcement, attachment):
        answer = client.get(address, headers=BROWSER, buffered=True)
        if f"/attachments/{attachment.id}" in address:
            assert answer.status_code == 404, address
        text = answer.get_data().decode(errors="replace")
        for trace in (attachment.label, attachment.filename, attachment.sha256):
            assert trace not in text, (address, trace)
        if "/suggest" in address:
            assert answer.json == {"suggestions": []}
        if "/attachments/" not in address:  # an error page names its own address
            assert f"attachments/{attachment.id}" not in text, address
    found = client.get("/api/v1/search", query_string={"q": "หนองกระทิง"}).json
    assert found is not None
    assert found["total"] == 0
    assert not any(found["facets"].values())


def assert_shown(site: Site, announcement: Announcement, attachment: Attachment) -> None:
    client = site.client()
    assert attachment.label in client.get(f"/announcements/{announcement.id}").text
    assert client.get(f"/api/v1/attachments/{attachment.id}/file", buffered=True).status_code == 200
    found = client.get("/api/v1/search", query_string={"q": "หนองกระทิง"}).json
    assert found is not None
    assert [result["id"] for result in found["results"]] == [announcement.id]


def test_a_file_added_to_a_published_record_waits_until_it_is_read(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    assert_hidden(site, made, attachment)
    assert api(site, "GET", f"/attachments/{attachment.id}")[1]["held"] == {"code": "unread", "finds": 0}
    assert api(site, "GET", f"/attachments/{attachment.id}/pages")[0] == 200
    site.work()
    assert_shown(site, made, attachment)
    assert api(site, "GET", f"/attachments/{attachment.id}")[1]["held"] is None


def add_as_staff(site: Site, clerk: FlaskClient, made: Announcement, data: bytes, name: str) -> Attachment:
    answer = clerk.post(
        f"/staff/announcements/{made.id}/attachments", data={"file": (io.BytesIO(data), name)}
    )
    assert answer.status_code == 202
    return site.services.attachments.get(answer.get_json()["id"])


def test_what_staff_add_to_a_published_record_waits_until_they_have_checked_it(site: Site) -> None:
    clerk, made = site.signed_in(Role.STAFF), site.announcement("ประกาศงานถนน")
    attachment = add_as_staff(site, clerk, made, WITHOUT, "scan200.pdf")
    form, show = f"/staff/announcements/{made.id}", f"/staff/attachments/{attachment.id}/show"
    assert "เมื่อแปลงข้อความเสร็จ กรุณาตรวจแล้วกด “เผยแพร่เอกสารนี้”" in clerk.get(form).text
    assert "ระบบยังแปลงข้อความของเอกสารนี้ไม่เสร็จ" in clerk.post(show, follow_redirects=True).text
    assert api(site, "POST", f"/attachments/{attachment.id}/release", json={"reason": REASON})[0] == 409
    site.work()
    assert_hidden(site, made, attachment)
    assert f"#attachment-{attachment.id}" in clerk.get("/staff").text
    assert "ไฟล์ใหม่รอเผยแพร่" in clerk.get("/staff").text
    assert f'formaction="{show}"' in clerk.get(form).text
    refused = clerk.post(show, data={f"label-{attachment.id}": "scan200"}, follow_redirects=True)
    assert "กรุณาตั้งชื่อเอกสารให้ประชาชนเข้าใจก่อน" in refused.text
    assert held(site, attachment) is HoldReason.UNCONFIRMED
    clerk.post(show, data={f"label-{attachment.id}": "ซ่อมถนนสายในบ้าน"})
    site.work()
    assert_shown(site, made, site.services.attachments.get(attachment.id))
    shown = site.services.history.entries(made.id)[-1]
    assert shown.action == "release"
    clerk.post(f"/staff/history/{shown.id}/undo", data={"confirmed": "yes"})
    site.work()
    assert_hidden(site, made, attachment)


@pytest.mark.parametrize("way", ["button", "undo"])
def test_what_was_taken_off_before_the_publication_waits_to_be_checked_when_it_is_put_back(
    site: Site, way: str
) -> None:
    made = site.announcement("ประกาศงานถนน", status=Status.DRAFT)
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    site.work()
    clerk, commands = site.signed_in(Role.STAFF), site.services.commands
    commands.attachments.detach(attachment.id, actor="x")
    detached = site.services.history.entries(made.id)[-1]
    commands.publication.publish(made.id, actor="x")
    address = (
        f"/staff/attachments/{attachment.id}/reattach"
        if way == "button"
        else f"/staff/history/{detached.id}/undo"
    )
    said = clerk.post(address, data={"confirmed": "yes"}, follow_redirects=True).text
    assert "ประชาชนจะเห็นไฟล์นี้เมื่อคุณตรวจแล้วกด “เผยแพร่เอกสารนี้”" in said
    assert held(site, attachment) is HoldReason.UNCONFIRMED
    site.work()
    assert_hidden(site, made, attachment)
    clerk.post(f"/staff/attachments/{attachment.id}/show")
    commands.attachments.detach(attachment.id, actor="x")
    clerk.post(f"/staff/attachments/{attachment.id}/reattach")  # residents saw it before
    site.work()
    assert_shown(site, made, site.services.attachments.get(attachment.id))


def test_personal_data_in_what_staff_add_is_decided_on_as_anywhere(site: Site) -> None:
    clerk, made = site.signed_in(Role.STAFF), site.announcement("ประกาศเบี้ยยังชีพ")
    attachment = add_as_staff(site, clerk, made, WITH_ID, "รายชื่อผู้รับเบี้ยยังชีพ.pdf")
    site.work()
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    named = add_as_staff(site, clerk, made, WITHOUT, "ซ่อมถนน.pdf")
    site.work()
    show, label = f"/staff/attachments/{named.id}/show", {f"label-{named.id}": f"ผู้มีเลข {NATIONAL_ID}"}
    clerk.post(show, data=label)
    assert held(site, named) is HoldReason.UNCONFIRMED
    clerk.post(show, data=label | EXPLAINED)
    assert held(site, named) is None


def test_a_file_waits_to_be_checked_when_its_record_is_published_while_it_arrives(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน", status=Status.DRAFT)
    publication = site.services.commands.publication

    class PublishedMeanwhile(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if site.services.announcements.get(made.id).status is Status.DRAFT:
                publication.publish(made.id, actor="x")
            return super().read(size)

    attachment, _is_new = site.services.commands.attachments.attach(
        made.id, PublishedMeanwhile(WITHOUT), filename="ซ่อมถนน.pdf", actor="x", is_from_person=True
    )
    site.work()
    assert held(site, attachment) is HoldReason.UNCONFIRMED


def test_a_decision_about_the_label_does_not_show_a_held_file(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ")
    attachment = site.attach(made.id, WITH_ID, "รายชื่อ.pdf")
    site.work()
    site.services.commands.pages.correct(attachment.id, 1, "ผู้ได้รับเบี้ยยังชีพ", actor="x")
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    site.services.commands.attachments.relabel(
        attachment.id, label=f"ผู้มีเลข {NATIONAL_ID}", kind=attachment.kind, actor="x", reason=REASON
    )
    assert_hidden(site, made, attachment)


def test_a_decision_about_a_label_covers_no_other_number(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    site.work()
    address = f"/attachments/{attachment.id}"
    assert api(site, "PATCH", address, json={"label": "คู่มือ 089-999-1234", "reason": REASON})[0] == 200
    assert api(site, "PATCH", address, json={"label": "คู่มือช่าง 089 999 1234"})[0] == 200  # the same number
    for label in ("คู่มือ 082-222-3333", "คู่มือ 089-999-1235", "คู่มือ 089-999-1234 และ 082-222-3333"):
        assert api(site, "PATCH", address, json={"label": label})[0] == 409
    assert api(site, "PATCH", address, json={"label": "คู่มือ"})[0] == 200
    assert api(site, "PATCH", address, json={"label": "คู่มือ 082-222-3333"})[0] == 409
    assert api(site, "PATCH", address, json={"label": "คู่มือ 082-222-3333", "reason": REASON})[0] == 200
    assert api(site, "PATCH", address, json={"label": "คู่มือ 089-999-1234"})[0] == 409


def test_a_decision_about_a_page_covers_no_other_number_that_somebody_types(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, memo("ซ่อมถนนสายบ้านหนองกระทิง ติดต่อ 081-234-5678"), "ใบแจ้งช่าง.pdf")
    site.work()
    commands, clerk = site.services.commands, site.signed_in(Role.STAFF)
    commands.attachments.release_with_reason(attachment.id, reason=REASON, actor="x")
    text = site.services.pages.get(attachment.id, 1).text
    read = "๐๘๑-๒๓๔-๕๖๗๘"
    assert read in text
    commands.pages.correct(attachment.id, 1, text.replace(read, "081-234-5678"), actor="x")
    assert held(site, attachment) is None  # the same number
    page = f"/staff/attachments/{attachment.id}/pages/1"
    form = {"text": text.replace(read, "085-555-6666")}
    said = clerk.post(page, data=form, follow_redirects=True).text
    assert "ประชาชนไม่เห็นเอกสารนี้จนกว่าจะพิจารณา" in said
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    assert_hidden(site, made, attachment)
    commands.attachments.release_with_reason(attachment.id, reason=REASON, actor="x")
    assert held(site, attachment) is None
    assert not [*site.services.audit.find_faults()]


def test_a_label_with_a_refused_reason_is_not_stored(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ")
    attachment = site.attach(made.id, WITHOUT, "รายชื่อ.pdf")
    form = {f"label-{attachment.id}": "รายชื่อผู้รับเบี้ย", "ground": "because", "reason": "ทดสอบ"}
    page = site.signed_in(Role.STAFF).post(f"/staff/attachments/{attachment.id}/rename", data=form).text
    assert 'class="notice bad"' in page
    assert site.services.attachments.get(attachment.id).label == attachment.label


def test_publishing_the_record_shows_what_waited_to_be_checked_once_it_is_read(site: Site) -> None:
    clerk, made = site.signed_in(Role.STAFF), site.announcement("ประกาศงานถนน")
    read = add_as_staff(site, clerk, made, WITHOUT, "ซ่อมถนน.pdf")
    site.work()
    unread = add_as_staff(site, clerk, made, memo("ให้ซ่อมสะพาน"), "สะพาน.pdf")
    site.services.commands.publication.withdraw(made.id, actor="x", reason="ออกผิดฉบับ")
    site.services.commands.publication.restore_as_draft(made.id, actor="x")
    site.services.commands.publication.publish(made.id, actor="x")
    assert (held(site, read), held(site, unread)) == (None, HoldReason.UNREAD)
    site.work()
    assert held(site, unread) is None


def test_another_file_in_place_of_one_that_waits_to_be_checked_waits_too(site: Site) -> None:
    clerk, made = site.signed_in(Role.STAFF), site.announcement("ประกาศงานถนน")
    attachment = add_as_staff(site, clerk, made, memo("ให้ซ่อมสะพาน"), "สะพาน.pdf")
    site.work()
    newer = {"replace": "1", "file": (io.BytesIO(WITHOUT), "ใหม่.pdf")}
    clerk.post(f"/staff/attachments/{attachment.id}", data=newer)
    site.work()
    assert held(site, attachment) is HoldReason.UNCONFIRMED
    assert "กำลังปรับปรุงเอกสารแนบ" not in site.client().get(f"/announcements/{made.id}").text
    clerk.post(f"/staff/attachments/{attachment.id}/detach")
    again = add_as_staff(site, clerk, made, WITHOUT, "ใหม่.pdf")
    assert held(site, again) is HoldReason.UNCONFIRMED


def test_a_file_with_personal_data_waits_for_a_decision(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ")
    attachment = site.attach(made.id, WITH_ID, "รายชื่อผู้รับเบี้ยยังชีพ.pdf")
    site.work()
    assert_hidden(site, made, attachment)
    address = f"/attachments/{attachment.id}"
    assert api(site, "GET", address)[1]["held"] == {"code": "personal-data", "finds": 1}
    assert api(site, "POST", f"{address}/release", json={})[0] == 422
    status, released = api(site, "POST", f"{address}/release", json={"reason": REASON})
    assert (status, released["held"]) == (200, None)
    site.work()
    assert_shown(site, made, attachment)
    assert site.services.history.entries(made.id)[-1].reason == REASON


def test_staff_see_what_is_held_and_decide_on_the_page(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ")
    attachment = site.attach(made.id, WITH_ID, "รายชื่อ.pdf")
    site.work()
    clerk = site.signed_in(Role.STAFF)
    overview = clerk.get("/staff").text
    assert overview.index("ข้อมูลส่วนบุคคลที่รอพิจารณา") < overview.index(made.title)
    assert f"/staff/attachments/{attachment.id}" in overview
    page = clerk.get(f"/staff/attachments/{attachment.id}").text
    assert NATIONAL_ID in thai.arabic_digits(page)
    for empty, wrong in (
        ({"reason": " "}, "reason-public"),
        ({"reason": "กฎหมายกำหนดให้ประกาศข้อมูลนี้"}, "ground"),  # none was chosen
        (EXPLAINED | {"ground": "because"}, "ground"),
        (EXPLAINED | {"reason": ""}, "reason-public"),
        (EXPLAINED | {"reason": "ทดสอบ"}, "reason-public"),
        (EXPLAINED | {"reason": "กกกกกกกกกกกกกกก"}, "reason-public"),
        (EXPLAINED | {"reason": f"ผู้มีเลขประจำตัว {NATIONAL_ID} ยินยอมแล้ว"}, "reason-public"),
    ):
        refused = clerk.post(f"/staff/attachments/{attachment.id}", data=empty)
        assert re.findall(r'id="fault-([\w-]+)"', refused.text) == [wrong], empty
        [focused] = re.findall(r"<input[^>]*autofocus[^>]*>", refused.text)
        assert f'"fault-{wrong}"' in focused  # it is described by what is wrong
        assert held(site, attachment) is HoldReason.PERSONAL_DATA, empty
    clerk.post(f"/staff/attachments/{attachment.id}", data=EXPLAINED)
    assert held(site, attachment) is None
    reason = site.services.history.entries(made.id)[-1].reason
    assert reason == f"กฎหมายกำหนดให้ประกาศข้อมูลนี้ (มาตรา 24 (6)): {EXPLAINED['reason']}"
    assert f"/staff/attachments/{attachment.id}" not in clerk.get("/staff").text


def test_finds_lead_to_where_they_are_covered(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ", status=Status.DRAFT)
    attachment = site.attach(made.id, WITH_ID, "รายชื่อ.pdf")
    site.work()
    clerk = site.signed_in(Role.STAFF)
    way = f'href="/staff/attachments/{attachment.id}/redact"'
    checklist = f"/staff/announcements/{made.id}/publish"
    assert way in clerk.get(checklist).text
    assert way in clerk.get(f"/staff/attachments/{attachment.id}/pages/1").text
    site.services.commands.pages.correct(attachment.id, 1, "ผู้รับเบี้ยยังชีพ", actor="x")
    assert held(site, attachment) is HoldReason.PERSONAL_DATA  # the picture still shows it
    page = clerk.get(checklist).text
    assert "พบในเอกสารแนบ ต้องปิดข้อมูลหรือพิจารณาก่อน" in page
    assert f'href="/staff/attachments/{attachment.id}"' in page


def test_publishing_over_an_unread_file_shows_all_but_that(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ", status=Status.DRAFT)
    attachment = site.attach(made.id, WITH_ID, "รายชื่อผู้รับเบี้ยยังชีพ.pdf")
    assert api(site, "POST", f"/announcements/{made.id}/publish", json={"reason": REASON})[0] == 200
    assert_hidden(site, made, attachment)
    site.work()
    assert_hidden(site, made, attachment)


def test_a_program_that_publishes_needs_a_reason_too(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ", status=Status.DRAFT, body=f"ผู้รับ {NATIONAL_ID}")
    attachment = site.attach(made.id, WITH_ID)
    site.work()
    status, problem = api(site, "POST", f"/announcements/{made.id}/publish")
    assert (status, problem["code"]) == (409, "personal-data")
    places = [(find["attachment_id"], find["field"], find["page"]) for find in problem["finds"]]  # type: ignore[attr-defined]
    assert places == [(None, "body", None), (attachment.id, None, 1)]
    for address in (f"/announcements/{made.id}/publish", f"/attachments/{attachment.id}/release"):
        for said in ("ก", f"กฎหมายให้ประกาศเลข {NATIONAL_ID}"):
            status, problem = api(site, "POST", address, json={"ground": "legal-duty", "reason": said})
            assert (status, problem["field"]) == (422, "reason"), said
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    assert api(site, "POST", address, json=EXPLAINED | {"ground": "because"})[0] == 422
    status, shown = api(site, "POST", f"/announcements/{made.id}/publish", json={"reason": REASON})
    assert (status, shown["status"]) == (200, "published")
    assert held(site, attachment) is None
    assert site.services.history.entries(made.id)[-1].reason == REASON
    label = {"label": f"เลขประจำตัว {NATIONAL_ID}"}
    assert api(site, "PATCH", f"/attachments/{attachment.id}", json=label)[0] == 409
    assert api(site, "PATCH", f"/attachments/{attachment.id}", json=label | EXPLAINED)[0] == 200
    kept = f"กฎหมายกำหนดให้ประกาศข้อมูลนี้ (มาตรา 24 (6)): {EXPLAINED['reason']}"
    assert kept in {entry.reason for entry in site.services.history.entries(made.id)}


@pytest.mark.parametrize("field", ["title", "body", "author", "category"])
def test_what_people_write_is_looked_through_on_every_way(site: Site, field: str) -> None:
    written = {field: f"เลขประจำตัว {NATIONAL_ID}"}
    base = {"title": "ประกาศ", "published_on": "2021-06-09"}
    status, problem = api(site, "POST", "/announcements", json=base | written | {"status": "published"})
    assert (status, problem["code"]) == (409, "personal-data")
    given = base | written | {"status": "published", "reason": REASON}
    assert api(site, "POST", "/announcements", json=given)[0] == 201

    shown = site.announcement("ประกาศที่เผยแพร่แล้ว")
    status, problem = api(site, "PATCH", f"/announcements/{shown.id}", json=written)
    assert (status, problem["code"]) == (409, "personal-data")
    clerk = site.signed_in(Role.STAFF)
    form = {"title": shown.title, "body": "", "author": "ก", "published_on": "9 มิถุนายน 2564"} | written
    last_change = _last_change(clerk, shown.id)
    refused = clerk.post(f"/staff/announcements/{shown.id}", data=form | {"last_change": last_change})
    assert 'name="reason"' in refused.text
    assert NATIONAL_ID not in getattr(site.services.announcements.get(shown.id), field)
    clerk.post(f"/staff/announcements/{shown.id}", data=form | EXPLAINED | {"last_change": last_change})
    assert NATIONAL_ID in getattr(site.services.announcements.get(shown.id), field)
    # What stands there already is not asked about again.
    assert api(site, "PATCH", f"/announcements/{shown.id}", json={field: f"{written[field]} แล้ว"})[0] == 200

    timed = site.announcement(
        "ตั้งเวลา", status=Status.DRAFT, **{n: v for n, v in written.items() if n != "title"}
    )
    site.services.commands.announcements.revise(
        timed.id, {**written, "publish_at": dt.datetime.now(dt.UTC)}, actor="t"
    )
    assert (
        site.services.commands.publication.publish_due_or_unschedule(dt.datetime.now(dt.UTC), actor="timer")
        == []
    )
    assert site.services.announcements.get(timed.id).publish_at is None


@pytest.mark.parametrize("field", ["title", "body", "items"])
def test_a_collection_with_personal_data_needs_a_reason(site: Site, field: str) -> None:
    said = f"เลขประจำตัว {NATIONAL_ID}"
    given: dict[str, Any] = {"title": "ชุด", "body": "", "items": []}
    given[field] = [CollectionLine("O1", None), CollectionLine(said, None)] if field == "items" else said
    save = partial(site.services.commands.collections.save, actor="test")
    with pytest.raises(PersonalDataFound) as refusal:
        save(None, **given)
    assert [find.data.field for find in refusal.value.finds] == [field]
    clerk = site.signed_in(Role.STAFF)
    form = {"title": "ชุด", "body": "", "place": ["1", "2"], "label": ["O1", ""], "announcement": ["", ""]}
    form |= {"label": ["O1", said]} if field == "items" else {field: said}
    for refused in (form, form | {"ground": "consent", "reason": ""}):
        page = clerk.post("/staff/collections/new", data=refused).text
        assert NATIONAL_ID in page.split('<div class="notice bad">')[1].split("</div>")[0]
        assert 'name="reason"' in page
    assert site.services.collections.all() == []
    assert clerk.post("/staff/collections/new", data=form | EXPLAINED).status_code == 302
    [kept] = site.services.collections.all()
    assert NATIONAL_ID in site.client().get(f"/collections/{kept.id}").text
    assert EXPLAINED["reason"] in site.services.collections.history(kept.id)[-1].reason
    assert EXPLAINED["reason"] in clerk.get(f"/staff/collections/{kept.id}/history").text
    # What stands there already is not asked about again.
    save(kept.id, **given)
    more = "โทร. 081 234 5678"
    given[field] = [*given[field], CollectionLine(more, None)] if field == "items" else f"{said} {more}"
    with pytest.raises(PersonalDataFound):
        save(kept.id, **given)
    save(kept.id, **given, reason=EXPLAINED["reason"])


def test_numbers_of_two_headings_are_not_one(site: Site) -> None:
    half = len(NATIONAL_ID) // 2
    items = [CollectionLine(NATIONAL_ID[:half], None), CollectionLine(NATIONAL_ID[half:], None)]
    site.services.commands.collections.save(None, title="ชุด", body="", items=items, actor="t")


def test_the_office_s_own_contact_data_explains_itself_and_finds_stay_in_sight(site: Site) -> None:
    phone, kept = "081 234 5678", "เป็นข้อมูลติดต่อของหน่วยงาน ไม่ใช่ของส่วนตัว"
    shown, clerk = site.announcement("ประกาศ"), site.signed_in(Role.STAFF)
    form = {"title": shown.title, "published_on": "9 มิถุนายน 2564", "body": f"ติดต่อกองช่าง  โทร. {phone} ทุกวัน"}
    form |= {"last_change": _last_change(clerk, shown.id)}
    address = f"/staff/announcements/{shown.id}"
    for unexplained, wrong in (
        ({}, set()),
        ({"ground": "consent", "reason": ""}, {"fault-reason-public"}),
        ({"ground": "", "reason": "เจ้าของยินยอมแล้ว"}, {"fault-ground"}),
    ):
        page = clerk.post(address, data=form | unexplained).text
        assert "ข้อความใหม่มีข้อมูลส่วนบุคคล" in page
        assert (
            phone in page.split('<div class="notice bad">')[1].split("</div>")[0]
        )  # with the text around it
        assert set(re.findall(r'id="(fault-[\w-]+)"', page)) == wrong
        assert phone not in site.services.announcements.get(shown.id).body
    clerk.post(address, data=form | {"ground": "office-contact", "reason": ""})
    assert phone in site.services.announcements.get(shown.id).body
    assert site.services.history.entries(shown.id)[-1].reason == kept
    draft = site.announcement("ร่าง", status=Status.DRAFT, body=f"โทร. {phone}")
    page = clerk.get(f"/staff/announcements/{draft.id}/publish").text
    assert "<h1>ยังไม่เผยแพร่ ตรวจก่อน</h1>" in page
    [seen] = re.findall(r'name="found_seen" value="(\w+)"', page)
    data = {"when": "now", "found_seen": seen, "ground": "office-contact", "reason": ""}
    clerk.post(f"/staff/announcements/{draft.id}/publish", data=data)
    assert site.services.announcements.get(draft.id).status is Status.PUBLISHED
    assert site.services.history.entries(draft.id)[-1].reason == kept


def _last_change(clerk: FlaskClient, id: int) -> str:
    page = clerk.get(f"/staff/announcements/{id}").text
    return page.split('name="last_change" value="')[1].split('"')[0]


def test_an_import_brings_such_a_record_as_a_draft(site: Site, tmp_path: Path) -> None:
    (tmp_path / "list.pdf").write_bytes(WITH_ID)
    lines = [
        {"ref": "1", "title": f"ผู้รับเบี้ย {NATIONAL_ID}"},
        {"ref": "2", "title": "ผู้รับเบี้ย", "attachments": [{"path": "list.pdf", "label": "รายชื่อผู้รับ"}]},
    ]
    common = {"body": "", "author": "", "published_on": "2021-06-09", "views": 0}
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(json.dumps(line | common) for line in lines), encoding="utf-8")
    report = import_manifest(site.services, manifest, lambda _done, _total: None)
    records = site.services.records
    first, second = records.announcements.by_external_ref("1"), records.announcements.by_external_ref("2")
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (Status.DRAFT, Status.PUBLISHED)
    assert [where for where, _why in report.problems] == ["บรรทัด 1"]
    [attachment] = records.attachments.by_announcement([second.id])[second.id]
    assert_hidden(site, second, attachment)
    site.work()
    assert_hidden(site, second, attachment)


def test_a_public_file_is_shown_until_the_new_version_may_be(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    site.work()
    assert_shown(site, made, attachment)
    address = f"/attachments/{attachment.id}"
    status, answer = api(site, "PUT", f"{address}/file", data=new_file())
    assert (status, answer["id"], answer["status"]) == (202, attachment.id, "waiting")
    new = answer["sha256"]
    assert_only_old_shown(site, made, attachment, new)
    assert api(site, "GET", address)[1]["replacement"]["held"] == {"code": "unread", "finds": 0}
    site.work()
    assert_only_old_shown(site, made, attachment, new)
    held = api(site, "GET", address)[1]["replacement"]
    assert (held["held"], held["sha256"]) == ({"code": "personal-data", "finds": 1}, new)
    assert api(site, "PUT", f"{address}/file", data=new_file())[0] == 200
    assert api(site, "POST", f"{address}/release", json={"reason": REASON})[1]["id"] == attachment.id
    site.work()
    shown = site.services.attachments.get(attachment.id)
    assert (shown.sha256, shown.replaces) == (new, None)
    assert_shown(site, made, shown)
    assert api(site, "GET", address)[1]["replacement"] is None


def new_file() -> dict[str, object]:
    return {"file": (io.BytesIO(WITH_ID), "รายชื่อผู้รับเบี้ย.pdf")}


def assert_only_old_shown(site: Site, made: Announcement, attachment: Attachment, new: str) -> None:
    """Assert that residents see the old file of an attachment, and no trace of the new one."""
    assert_shown(site, made, attachment)
    waiting = site.services.attachments.replacements([attachment.id])[attachment.id]
    client = site.client()
    for address in public_addresses(made, waiting):
        answer = client.get(address, headers=BROWSER, buffered=True)
        if f"/attachments/{waiting.id}" in address:
            assert answer.status_code == 404, address
        for trace in (waiting.filename, new, NATIONAL_ID, f"attachments/{waiting.id}"):
            assert trace not in answer.get_data().decode(errors="replace") or trace in address, address
    assert client.get(f"/api/v1/attachments/{attachment.id}").json["replacement"] is None  # type: ignore[index]


def replace_as_staff(clerk: FlaskClient, attachment: Attachment, data: bytes, name: str) -> str:
    """Returns the page that follows when a clerk puts a file in the place of an attachment's."""
    form = {"replace": "1", "file": (io.BytesIO(data), name)}
    return clerk.post(f"/staff/attachments/{attachment.id}", data=form, follow_redirects=True).text


def test_a_new_version_by_staff_waits_until_they_have_checked_it(site: Site) -> None:
    made, clerk = site.announcement("ประกาศงานถนน"), site.signed_in(Role.STAFF)
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    site.work()
    bridge = memo("ให้ซ่อมสะพานบ้านห้วยยาง", subject="ซ่อมสะพาน")
    said = replace_as_staff(clerk, attachment, bridge, "สะพาน.pdf")
    assert "ประชาชนเห็นไฟล์เดิมจนกว่าคุณจะตรวจไฟล์ใหม่แล้วกด “ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น”" in said
    waiting = site.services.attachments.replacements([attachment.id])[attachment.id]
    form, show = f"/staff/announcements/{made.id}", f"/staff/attachments/{waiting.id}/show"
    assert f'formaction="{show}?' not in clerk.get(form).text
    assert "ระบบยังแปลงข้อความของเอกสารนี้ไม่เสร็จ" in clerk.post(show, follow_redirects=True).text
    site.work()
    assert_only_old_shown(site, made, attachment, waiting.sha256)
    for address in ("/api/v1/search?q=ห้วยยาง", "/search?q=ห้วยยาง", "/feed.xml?q=ห้วยยาง"):
        assert "ประกาศงานถนน" not in site.client().get(address, headers=BROWSER).text, address
    assert f"#attachment-{waiting.id}" in clerk.get("/staff?problem=unconfirmed").text
    page = clerk.get(form).text
    assert f'formaction="{show}?' in page
    assert "เอกสารระบุว่า ซ่อมสะพาน" in page
    assert "ตรวจและเผยแพร่ไฟล์ที่รอใช้" in clerk.get(f"/staff/attachments/{waiting.id}").text
    clerk.post(show)
    site.work()
    shown = site.services.attachments.get(attachment.id)
    assert (shown.sha256, shown.hold) == (waiting.sha256, None)
    assert "ห้วยยาง" in site.client().get("/search?q=ห้วยยาง", headers=BROWSER).text
    page = clerk.get(form).text  # the title is still that of the paper before: asked until it is saved
    assert "เอกสารระบุว่า ซ่อมสะพาน" in page
    clerk.post(form, data=sent_form(page))
    assert "เอกสารระบุว่า" not in clerk.get(form).text
    assert site.services.announcements.get(made.id).title == "ประกาศงานถนน"


def test_a_cancelled_new_version_that_staff_want_after_all_waits_too(site: Site) -> None:
    made, clerk = site.announcement("ประกาศงานถนน"), site.signed_in(Role.STAFF)
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    site.work()
    bridge = memo("ให้ซ่อมสะพาน", subject="ซ่อมสะพาน")
    waiting = site.services.commands.file_versions.replace(
        attachment.id, io.BytesIO(bridge), filename="สะพาน.pdf", actor="program"
    )
    site.services.commands.attachments.detach(waiting.id, actor="program")
    replace_as_staff(clerk, attachment, bridge, "สะพาน.pdf")
    site.work()
    assert held(site, waiting) is HoldReason.UNCONFIRMED
    assert_only_old_shown(site, made, attachment, waiting.sha256)


def test_a_clerk_decides_on_a_new_version_or_cancels_it(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    site.work()
    clerk = site.signed_in(Role.STAFF)
    review, edit = f"/staff/attachments/{attachment.id}", f"/staff/announcements/{made.id}"
    replaced = clerk.post(review, data={"replace": "1", **new_file()}, follow_redirects=True).text
    assert "ได้รับไฟล์ใหม่แล้ว ประชาชนเห็นไฟล์เดิม" in replaced
    row = re.search(r'<a href="#(attachment-\d+)">ไปที่ไฟล์ใหม่</a>', replaced)
    assert row
    assert f'id="{row[1]}"' in replaced
    assert "กำลังแปลงข้อความของไฟล์ที่รอใช้ “รายชื่อผู้รับเบี้ย.pdf”" in replaced
    site.work()
    assert "ไฟล์ที่รอใช้ “รายชื่อผู้รับเบี้ย.pdf” อาจมีข้อมูลส่วนบุคคล" in clerk.get(edit).text
    waiting = site.services.attachments.replacements([attachment.id])[attachment.id]
    assert f"/staff/attachments/{waiting.id}" in clerk.get("/staff?problem=personal-data").text
    page = clerk.get(f"/staff/attachments/{waiting.id}").text
    assert "พบข้อมูลส่วนบุคคล 1 แห่ง" in page
    assert "ยกเลิกไฟล์ใหม่ ใช้ไฟล์เดิมต่อ" in page
    clerk.post(f"/staff/attachments/{waiting.id}", data={"cancel": "1"})
    assert "รายชื่อผู้รับเบี้ย.pdf” อาจมี" not in clerk.get(edit).text
    assert_shown(site, made, attachment)
    clerk.post(review, data={"replace": "1", **new_file()})
    site.work()
    given = {"ground": "consent", "reason": "ผู้รับเบี้ยทุกคนลงชื่อยินยอม"}
    clerk.post(f"/staff/attachments/{waiting.id}", data=given)
    site.work()
    assert site.services.attachments.get(attachment.id).filename == "รายชื่อผู้รับเบี้ย.pdf"
    assert clerk.get(f"/staff/attachments/{waiting.id}").status_code == 404


def test_an_id_that_a_rereading_finds_hides_the_file(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    site.work()
    corrected = f"ซ่อมถนนสายบ้านหนองกระทิง ผู้ร้อง {NATIONAL_ID}"
    site.services.commands.pages.correct(attachment.id, 1, corrected, actor="สมศรี")
    assert_hidden(site, made, attachment)  # also before the index has followed
    site.services.commands.pages.correct(attachment.id, 1, "ซ่อมถนนสายบ้านหนองกระทิง", actor="สมศรี")
    assert held(site, attachment) is HoldReason.PERSONAL_DATA  # the picture may show it all the same
    site.services.jobs.queue_again([attachment.id])
    site.work()
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    site.services.commands.attachments.release_with_reason(
        attachment.id, reason="ดูแล้ว ในภาพไม่มีเลขนี้", actor="สมศรี"
    )
    site.work()
    assert_shown(site, made, attachment)


@pytest.mark.parametrize("end", ["stopped", "failed"])
def test_an_id_in_a_page_of_a_rereading_that_does_not_end_hides_the_file(site: Site, end: str) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = public_although_its_reading_missed_the_id(site, made)
    jobs, records = site.services.jobs, site.services.records
    jobs.queue_again([attachment.id], should_reread_good_pages=True)
    claimed = jobs.claim("w", lease=dt.timedelta(minutes=5), now=dt.datetime.now(dt.UTC))
    assert claimed is not None
    reader = AttachmentReader(records, site.services.files, ocr_jobs=1)
    with closing(reader), pytest.raises(ReadingStopped):
        reader.read_remaining_pages(claimed, lambda: False)
    if end == "failed":
        jobs.fail(attachment.id, "w", Failure("reader-crashed", "ไฟล์อาจเสียหาย"))
    else:
        jobs.release(attachment.id, "w")
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    assert_hidden(site, made, attachment)  # also before the index has followed
    address = f"/staff/attachments/{attachment.id}"
    assert address in site.signed_in(Role.STAFF).get("/staff?problem=personal-data").text
    assert not [*site.services.audit.find_faults()]


def public_although_its_reading_missed_the_id(site: Site, made: Announcement) -> Attachment:
    attachment = site.attach(made.id, WITH_ID, "รายชื่อ.pdf")
    site.work()
    pages, attachments = site.services.pages, site.services.records.attachments
    pages.save(replace(pages.get(attachment.id, 1), text="อ่านไม่ออก"))
    attachments.replace_finds(attachment.id, [], page_texts=[(1, "อ่านไม่ออก")], rules=9, actor="test")
    return site.services.commands.attachments.release_with_reason(
        attachment.id, reason="ดูแล้ว ไม่พบอะไร", actor="test"
    )


def test_a_rereading_of_what_is_public_hides_nothing(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, WITHOUT)
    site.work()
    site.services.jobs.queue_again([attachment.id], should_reread_good_pages=True)
    assert_shown(site, made, attachment)
    site.work()
    assert_shown(site, made, attachment)


def test_a_decision_lasts_until_the_record_is_withdrawn(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ", status=Status.DRAFT)
    attachment = site.attach(made.id, WITH_ID)
    site.work()
    commands = site.services.commands
    commands.publication.publish(made.id, actor="สมศรี", reason=REASON)
    site.services.jobs.queue_again([attachment.id], should_reread_good_pages=True)
    site.work()
    assert held(site, attachment) is None
    commands.publication.withdraw(made.id, actor="สมศรี", reason="มีข้อมูลส่วนบุคคล")
    commands.publication.restore_as_draft(made.id, actor="สมศรี")
    with pytest.raises(PersonalDataFound):
        commands.publication.publish(made.id, actor="สมศรี")


@pytest.mark.parametrize("change", ["label", "filename"])
def test_names_of_files_are_looked_through(site: Site, change: str) -> None:
    made = site.announcement("ประกาศงานถนน")
    given = {"label": f"คำร้องของ {NATIONAL_ID}"} if change == "label" else {}
    name = f"{NATIONAL_ID.replace('-', '')}.pdf" if change == "filename" else "ก.pdf"
    attachment, _ = site.services.commands.attachments.attach(
        made.id, io.BytesIO(WITHOUT), filename=name, actor="t", **({"label": "คำร้อง"} | given)
    )
    site.work()
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    assert_hidden(site, made, attachment)


def test_a_label_with_an_id_is_not_taken_on_what_is_public(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, WITHOUT)
    site.work()
    changes = {"label": f"คำร้องของ {NATIONAL_ID}"}
    assert api(site, "PATCH", f"/attachments/{attachment.id}", json=changes)[0] == 409
    status, answer = api(
        site, "PATCH", f"/attachments/{attachment.id}", json={"label": "คำร้อง", "kind": "letter"}
    )
    assert (status, answer["label"], answer["kind"]) == (200, "คำร้อง", "letter")


def test_the_reason_of_a_withdrawal_is_public(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    with pytest.raises(Invalid):
        site.services.commands.publication.withdraw(made.id, actor="t", reason=f"มีเลข {NATIONAL_ID}")


def test_a_file_that_cannot_be_read_is_shown_by_decision_only(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, b"%PDF-1.7\n" + b"\x00" * 900, "เสียหายบางส่วน.pdf")
    address = f"/attachments/{attachment.id}"
    status, problem = api(site, "POST", f"{address}/release", json={"reason": REASON})
    assert (status, problem["code"]) == (409, "unread")
    site.work()
    assert_hidden(site, made, attachment)
    assert api(site, "GET", address)[1]["held"] == {"code": "unread", "finds": 0}
    assert api(site, "POST", f"{address}/release", json={"reason": "เปิดอ่านแล้ว"})[1]["held"] is None
    assert attachment.label in site.client().get(f"/announcements/{made.id}").text


def test_a_file_is_taken_off_and_moved_by_programs(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    first = site.attach(made.id, WITHOUT, "ซ่อมถนนสายในบ้าน.pdf")
    second = site.attach(made.id, memo("สอง"))
    site.work()
    assert api(site, "PATCH", f"/attachments/{second.id}", json={"position": 1})[1]["position"] == 1
    assert api(site, "DELETE", f"/attachments/{first.id}")[0] == 204
    assert_hidden(site, made, first)  # also while the index still knows it
    assert api(site, "GET", f"/attachments/{first.id}")[0] == 404


OWN_EMAIL = "dang.jaidee@example.com"


def read_by_older_rules(site: Site, made: Announcement) -> Attachment:
    """Returns an attachment with a person's e-mail address, in which older rules found nothing."""
    attachment = site.attach(made.id, WITHOUT, "คำร้องซ่อมถนน.pdf")
    site.work()
    text = f"ซ่อมถนนสายบ้านหนองกระทิง ผู้ร้อง นายแดง ใจดี {OWN_EMAIL}"
    pages, attachments = site.services.pages, site.services.records.attachments
    engine = site.services.database
    page = replace(pages.get(attachment.id, 1), text=text)
    with engine.write():  # type: ignore[attr-defined]  # the embedded engine's
        write_page_unless_corrected(engine, page, made.organisation)  # type: ignore[arg-type]
    attachments.replace_finds(attachment.id, [], page_texts=[(1, text)], rules=0, actor="test")
    return site.services.attachments.get(attachment.id)


def search_again(site: Site) -> None:
    assert find_personal_data_by_newer_rules(site.services.records, limit=9, actor=WORKER) == 1


def test_the_worker_looks_through_what_older_rules_looked_through(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน", status=Status.DRAFT)
    attachment = read_by_older_rules(site, made)
    with working(site.services):
        until(lambda: held(site, attachment) is HoldReason.PERSONAL_DATA, seconds=90)
    assert site.services.history.entries(made.id)[-1].actor == WORKER
    assert find_personal_data_by_newer_rules(site.services.records, limit=9, actor=WORKER) == 0
    assert (
        "ตรวจซ้ำพบข้อมูลส่วนบุคคล"
        in site.signed_in(Role.STAFF).get(f"/staff/announcements/{made.id}/history").text
    )


def test_residents_see_nothing_of_what_newer_rules_find(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = read_by_older_rules(site, made)
    site.work()

    def seen() -> dict[str, str]:
        """Returns what residents see, without times of day and counts of visits."""
        client = site.client()
        addresses = [*public_addresses(made, attachment), "/oai?verb=ListRecords&metadataPrefix=oai_dc"]
        return {
            address: re.sub(
                r'<responseDate>[^<]+|พิมพ์เมื่อ [^<]+|"(took_ms|views)":[\d.]+|เปิดอ่าน \d+ ครั้ง',
                "",
                client.get(address, headers=BROWSER, buffered=True).get_data().decode(errors="replace"),
            )
            for address in addresses
        }

    before = seen()
    search_again(site)
    after = seen()
    assert [address for address in before if before[address] != after[address]] == []
    assert_shown(site, made, attachment)


def test_staff_decide_about_what_newer_rules_find_in_public(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = read_by_older_rules(site, made)
    clerk, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}"
    problem = "เผยแพร่อยู่ แต่พบข้อมูลส่วนบุคคล"
    assert f"1</b> {problem}" not in clerk.get("/staff").text
    search_again(site)
    assert held(site, attachment) is None
    for listed in ("/staff", "/staff?problem=public-personal-data", "/staff/review"):
        assert address in clerk.get(listed).text
        assert problem in clerk.get(listed).text
    assert WORKER not in clerk.get("/staff").text  # the program has a name in Thai
    assert WORKER not in clerk.get(f"/staff/announcements/{made.id}").text
    page = clerk.get(address).text
    assert OWN_EMAIL in page
    assert "ประชาชนเห็นเอกสารนี้อยู่" in page
    assert "ให้ประชาชนเห็นต่อไป" in page
    assert f'href="{address}/redact"' in page
    assert "อธิบาย" in clerk.post(address, data={"ground": "consent"}).text
    assert address in clerk.get("/staff").text
    clerk.post(address, data=EXPLAINED)
    assert (held(site, attachment), address in clerk.get("/staff").text) == (None, False)
    assert site.services.history.entries(made.id)[-1].action == "release"
    site.work()
    assert_shown(site, made, attachment)


def public_with_undecided_find(site: Site) -> tuple[Announcement, Attachment]:
    """Returns a public paper whose file has a person's e-mail address, which newer rules found."""
    made = site.announcement("ประกาศงานถนน")
    text = f"ซ่อมถนนสายบ้านหนองกระทิง ผู้ร้อง นายแดง ใจดี {OWN_EMAIL}"
    attachment = site.attach(made.id, memo(text), "คำร้องซ่อมถนน.pdf")
    site.work()
    texts = site.services.pages.texts_by_attachment([attachment.id])[attachment.id]
    site.services.records.attachments.replace_finds(
        attachment.id, [], page_texts=texts, rules=0, actor="test"
    )
    site.services.commands.attachments.release_with_reason(
        attachment.id, reason="ดูแล้ว ไม่พบอะไร", actor="test"
    )
    search_again(site)
    return made, attachment


@pytest.mark.parametrize("way", ["whole", "page"])
def test_a_rereading_leaves_what_is_public_and_undecided_in_sight(site: Site, way: str) -> None:
    """It finds what the worklist has already: that is no reason to take it from residents unasked."""
    made, attachment = public_with_undecided_find(site)
    clerk, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}"
    form = clerk.get(f"/staff/announcements/{made.id}").text
    row = form.split(f'id="attachment-{attachment.id}"')[1].split('name="label-')[0]
    assert "ประชาชนเห็นเอกสารนี้อยู่ ระบบตรวจซ้ำแล้วพบข้อมูลที่อาจเป็นข้อมูลส่วนบุคคล" in row
    assert f'href="{address}"' in row
    clerk.post(f"{address}/reread" if way == "whole" else f"{address}/pages/1/reread")
    site.work()
    assert_shown(site, made, site.services.attachments.get(attachment.id))
    assert address in clerk.get("/staff?problem=public-personal-data").text


@pytest.mark.parametrize("way", ["whole", "page"])
def test_a_clerk_is_told_before_a_rereading_what_residents_see(site: Site, way: str) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = public_although_its_reading_missed_the_id(site, made)
    clerk, page = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}/pages/1"
    said = "ถ้าพบข้อมูลส่วนบุคคลเพิ่ม ประชาชนจะไม่เห็นจนกว่าคุณจะพิจารณา"
    assert said in clerk.get(f"/staff/announcements/{made.id}" if way == "whole" else page).text
    if way == "whole":
        clerk.post(f"/staff/attachments/{attachment.id}/reread")
    else:
        after = clerk.post(f"{page}/reread", follow_redirects=True).text
        assert "ประชาชนไม่เห็นเอกสารนี้จนกว่าจะพิจารณา" in after
        assert said not in after
    site.work()
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    assert said not in clerk.get(f"/staff/announcements/{made.id}").text


def test_staff_hide_what_newer_rules_find_in_public(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = read_by_older_rules(site, made)
    search_again(site)
    clerk, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}"
    assert "ประชาชนไม่เห็นเอกสารนี้แล้ว" in clerk.post(address, data={"hide": "1"}, follow_redirects=True).text
    assert held(site, attachment) is HoldReason.PERSONAL_DATA
    assert_hidden(site, made, attachment)  # also before the index has followed
    assert site.services.history.entries(made.id)[-1].action == "hold"
    assert address not in clerk.get("/staff?problem=public-personal-data").text
    assert address in clerk.get("/staff?problem=personal-data").text
    clerk.post(address, data=EXPLAINED)
    refused = clerk.post(address, data={"hide": "1"})
    assert "ไม่มีข้อมูลส่วนบุคคลที่รอพิจารณาแล้ว" in refused.text
    site.work()
    assert_shown(site, made, attachment)


def test_a_set_time_shows_no_file_that_waits_for_a_persons_check(site: Site) -> None:
    commands = site.services.commands
    made = site.announcement("มีไฟล์ที่รอตรวจ")
    paper, _ = commands.attachments.attach(
        made.id,
        io.BytesIO(memo("ยังไม่มีใครตรวจ")),
        filename="a.pdf",
        actor="พิมพ์",
        is_from_person=True,
    )
    site.work()
    assert held(site, paper) is HoldReason.UNCONFIRMED
    commands.publication.withdraw(made.id, actor="พิมพ์", reason="ลงผิดเรื่อง")
    commands.publication.restore_as_draft(made.id, actor="พิมพ์")
    now = dt.datetime.now(dt.UTC)
    commands.announcements.revise(made.id, {"publish_at": now + dt.timedelta(seconds=1)}, actor="พิมพ์")
    assert commands.publication.publish_due_or_unschedule(now + dt.timedelta(seconds=2), actor="timer") == [
        made.id
    ]
    assert held(site, paper) is HoldReason.UNCONFIRMED


def test_what_can_be_done_stands_above_a_long_list_of_finds_which_is_folded(site: Site) -> None:
    made, clerk = site.announcement("ประกาศ", status=Status.DRAFT), site.signed_in(Role.STAFF)
    numbers = [f"โทร. 08 1234 56{number}" for number in range(10, 22)]
    attachment = site.attach(made.id, memo(*numbers), "รายชื่อ.pdf")
    site.work()
    for address in (f"/staff/announcements/{made.id}/publish", f"/staff/attachments/{attachment.id}"):
        _, _, rest = clerk.get(address).text.partition("พบข้อมูลส่วนบุคคล 12 แห่ง")
        shown, _, folded = rest.partition('<details class="ask field">')
        assert shown.index(f'href="/staff/attachments/{attachment.id}/redact"') < shown.index("<li>")
        assert shown.count("<li>") == 10
        assert "ดูอีก 2 แห่ง" in folded.split("</summary>")[0]
        assert folded.split("</details>")[0].count("<li>") == 2
