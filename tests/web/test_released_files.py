"""The ways back to an earlier file of what is public: undone releases, restored files."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pytest
from flask.testing import FlaskClient

from archive.model import (
    Announcement,
    Attachment,
    HoldReason,
    Page,
    ReadingResults,
    Role,
    ScanAdvice,
    Status,
    TextSource,
)
from tests.factories.memos import memo
from tests.web.conftest import BROWSER, Site

ROAD = memo("ซ่อมถนนสายบ้านหนองกระทิง", subject="ซ่อมถนน")
BRIDGE = memo("ให้ซ่อมสะพานบ้านห้วยยาง", subject="ซ่อมสะพาน")
WITH_ID = memo("นางสมศรี เลขประจำตัวประชาชน 1-1017-00230-70-8 บ้านห้วยยาง", subject="ผู้รับเบี้ย")
EXPLAINED = {"ground": "legal-duty", "reason": "ระเบียบเบี้ยยังชีพ ข้อ 12 ให้ปิดประกาศ"}


@pytest.fixture
def made(site: Site) -> Announcement:
    return site.announcement("ประกาศงานถนน")


@pytest.fixture
def clerk(site: Site) -> FlaskClient:
    return site.signed_in(Role.STAFF)


def public_paper(site: Site, made: Announcement, data: bytes = ROAD) -> Attachment:
    paper = site.attach(made.id, data, "ซ่อมถนน.pdf")
    site.work()
    return site.services.attachments.get(paper.id)


def replace_file(site: Site, clerk: FlaskClient, paper: Attachment, data: bytes) -> Attachment:
    """Give a public paper another file as a clerk does. Returns the file that waits, read."""
    form = {"replace": "1", "file": (io.BytesIO(data), "สะพาน.pdf")}
    clerk.post(f"/staff/attachments/{paper.id}", data=form)
    site.work()
    return waiting_for(site, paper)


def release_replacement(site: Site, clerk: FlaskClient, paper: Attachment) -> Attachment:
    """Give a public paper another file and show it, as a clerk does. Returns the file as it waited."""
    waiting = replace_file(site, clerk, paper, BRIDGE)
    clerk.post(f"/staff/attachments/{waiting.id}/show")
    return waiting


def waiting_for(site: Site, paper: Attachment) -> Attachment:
    return site.services.attachments.replacements([paper.id])[paper.id]


def public_file(site: Site, paper: Attachment) -> bytes:
    """Returns the bytes that residents get of a paper; none while they do not see it."""
    answer = site.client().get(f"/api/v1/attachments/{paper.id}/file", buffered=True)
    return answer.data if answer.status_code == 200 else b""


def finds(site: Site, words: str) -> bool:
    return bool(site.client().get("/api/v1/search", query_string={"q": words}, headers=BROWSER).json["total"])


def undo_last(site: Site, clerk: FlaskClient, made: Announcement, action: str) -> tuple[str, str]:
    """Undo the last change of this kind from the history. Returns the question and the page after it."""
    change = [each for each in site.services.history.entries(made.id) if each.action == action][-1]
    way, history = f"/staff/history/{change.id}/undo", f"/staff/announcements/{made.id}/history"
    assert way in clerk.get(history).text
    asked = clerk.post(way, data={"next": history}).text
    undone = clerk.post(way, data={"confirmed": "yes", "next": history}, follow_redirects=True).text
    site.work()
    return asked, undone


def test_an_undone_release_hides_the_file_until_the_one_before_is_chosen_and_checked(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper = public_paper(site, made)
    release_replacement(site, clerk, paper)
    site.work()
    assert public_file(site, paper) == BRIDGE
    asked, undone = undo_last(site, clerk, made, "release")
    for shown in (asked, undone):
        assert "จนกว่าจะพิจารณาใหม่" in shown
        assert "ถ้าจะให้ประชาชนเห็นไฟล์เดิม “ซ่อมถนน.pdf” เปิดไฟล์ก่อนหน้าของเอกสารนี้แล้วกด “กลับไปใช้ไฟล์นี้”" in shown
    release = [each for each in site.services.history.entries(made.id) if each.action == "release"][-1]
    assert f"/staff/history/{release.id}/undo" not in undone  # it is undone already
    assert (public_file(site, paper), finds(site, "ห้วยยาง")) == (b"", False)
    assert site.services.attachments.get(paper.id).hold is HoldReason.UNCONFIRMED
    version = f"/staff/attachments/{paper.id}/versions/1"
    assert "กลับไปใช้ไฟล์นี้" in clerk.get(version).text
    clerk.post(f"{version}/restore")
    site.work()
    assert public_file(site, paper) == b""  # nobody has checked it yet
    clerk.post(f"/staff/attachments/{paper.id}/show")
    site.work()
    assert public_file(site, paper) == ROAD
    assert (finds(site, "หนองกระทิง"), finds(site, "ห้วยยาง")) == (True, False)


def test_a_released_file_with_personal_data_waits_for_a_decision_again(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper = public_paper(site, made)
    waiting = replace_file(site, clerk, paper, WITH_ID)
    clerk.post(f"/staff/attachments/{waiting.id}", data=EXPLAINED)
    site.work()
    assert public_file(site, paper) == WITH_ID
    undo_last(site, clerk, made, "release")
    assert site.services.attachments.get(paper.id).hold is HoldReason.PERSONAL_DATA
    clerk.post(f"/staff/attachments/{paper.id}/show")
    assert (public_file(site, paper), finds(site, "ห้วยยาง")) == (b"", False)


def test_a_file_before_with_personal_data_is_decided_on_again_when_it_is_chosen(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper = public_paper(site, made, WITH_ID)
    clerk.post(f"/staff/attachments/{paper.id}", data=EXPLAINED)
    release_replacement(site, clerk, paper)
    site.work()
    undo_last(site, clerk, made, "release")
    clerk.post(f"/staff/attachments/{paper.id}/versions/1/restore")
    site.work()
    clerk.post(f"/staff/attachments/{paper.id}/show")
    assert public_file(site, paper) == b""
    clerk.post(f"/staff/attachments/{paper.id}", data=EXPLAINED)
    assert public_file(site, paper) == WITH_ID


def test_a_release_is_undone_beside_a_file_that_waits_and_not_over_another_one(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper, hall = public_paper(site, made), memo("ซ่อมศาลา", subject="ซ่อมศาลา")
    release_replacement(site, clerk, paper)
    third = replace_file(site, clerk, paper, hall)
    undo_last(site, clerk, made, "release")
    assert public_file(site, paper) == b""
    clerk.post(f"/staff/attachments/{third.id}/show")
    site.work()
    assert public_file(site, paper) == hall
    change = next(each for each in site.services.history.entries(made.id) if each.action == "release")
    said = clerk.post(
        f"/staff/history/{change.id}/undo", data={"confirmed": "yes"}, follow_redirects=True
    ).text
    assert "มีผู้แก้ไขเรื่องนี้ภายหลัง" in said
    assert public_file(site, paper) == hall


def test_the_page_beside_the_form_is_that_of_the_file_to_check(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper = public_paper(site, made)
    waiting = replace_file(site, clerk, paper, BRIDGE)
    page = clerk.get(f"/staff/announcements/{made.id}").text
    beside = page[page.index('id="first-page"') :]
    assert f"/attachments/{waiting.id}/pages/1.webp" in beside
    row = page[page.index(f'id="attachment-{waiting.id}"') :].partition("<button")[0]
    assert f"/attachments/{waiting.id}/pages/1.webp" in row
    clerk.post(f"/staff/attachments/{waiting.id}/show")
    page = clerk.get(f"/staff/announcements/{made.id}").text
    assert f"/attachments/{paper.id}/pages/1.webp" in page[page.index('id="first-page"') :]


def test_how_well_a_file_is_read_is_told_while_it_is_read_and_before_it_is_shown(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper = public_paper(site, made)
    draft = site.announcement("ร่าง", status=Status.DRAFT)
    form = {"replace": "1", "file": (io.BytesIO(BRIDGE), "สะพาน.pdf")}
    clerk.post(f"/staff/attachments/{paper.id}", data=form)
    poor, jobs = "หน้า 1 อ่านได้ไม่ครบ", site.services.jobs
    for read, announcement in ((waiting_for(site, paper), made), (site.attach(draft.id, BRIDGE), draft)):
        assert jobs.claim("reader", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC))
        page = Page(
            attachment_id=read.id, number=1, text="ยาก", raw="", source=TextSource.OCR, confidence=0.5
        )
        site.services.pages.save(page, expected_sha256=read.sha256)
        places = (f"/staff/announcements/{announcement.id}", f"/staff/attachments/{read.id}")
        for place in places:
            assert poor in clerk.get(place).text, place
        details = ReadingResults(advice=(ScanAdvice("illegible", (1,)),))
        jobs.finish(read.id, "reader", page_count=3, details=details, rules=1)
        for place in places:
            assert poor in clerk.get(place).text, place
    assert "3 หน้า" in clerk.get(f"/staff/announcements/{made.id}").text.split("data-new-file")[1]


def test_a_release_that_is_pressed_twice_is_said_to_be_done(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper = public_paper(site, made)
    waiting = replace_file(site, clerk, paper, BRIDGE)
    page = clerk.get(f"/staff/announcements/{made.id}").text
    button = re.search(rf'formaction="([^"]*/attachments/{waiting.id}/show[^"]*)"', page)
    fields = dict(re.findall(r'name="(fingerprint-\d+)" value="(\w+)"', page))
    assert button
    for _time in range(2):
        answer = clerk.post(html.unescape(button[1]), data=fields)
        assert answer.headers["Location"] == f"/staff/announcements/{made.id}#attachment-{paper.id}"
        assert "ประชาชนเห็นเอกสารนี้แล้ว" in clerk.get(f"/staff/announcements/{made.id}").text
    assert public_file(site, paper) == BRIDGE
    replace_file(site, clerk, paper, memo("ซ่อมศาลา", subject="ซ่อมศาลา"))
    clerk.post(f"/staff/attachments/{waiting_for(site, paper).id}/show")
    assert clerk.post(html.unescape(button[1]), data=fields).status_code == 404  # another file is public


def test_a_decision_on_a_replacement_that_is_sent_twice_is_said_to_be_done(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    paper = public_paper(site, made)
    waiting = replace_file(site, clerk, paper, WITH_ID)
    address = f"/staff/attachments/{waiting.id}"
    form = clerk.get(address).text
    fields = {
        name: re.findall(rf'name="{name}" value="(\w+)"', form)[-1]
        for name in ("fingerprint", "sha256", "row")
    }
    for _time in range(2):
        said = clerk.post(address, data=fields | EXPLAINED, follow_redirects=True)
        assert (said.status_code, "พิจารณาแล้ว" in said.text) == (200, True)
    assert public_file(site, paper) == WITH_ID


def test_an_added_file_waits_again_when_its_release_is_undone(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    sent = {"file": (io.BytesIO(BRIDGE), "ซ่อมสะพาน.pdf")}
    id = clerk.post(f"/staff/announcements/{made.id}/attachments", data=sent).get_json()["id"]
    site.work()
    clerk.post(f"/staff/attachments/{id}/show")
    site.work()
    paper = site.services.attachments.get(id)
    assert public_file(site, paper) == BRIDGE
    undo_last(site, clerk, made, "release")
    assert public_file(site, paper) == b""
    assert site.services.attachments.get(id).hold is HoldReason.UNCONFIRMED
    assert f"/staff/attachments/{id}/show" in clerk.get(f"/staff/announcements/{made.id}").text


def test_an_unreadable_file_waits_for_a_person_when_its_release_is_undone(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    """A later reading that succeeds does not show it by itself."""
    broken = b"%PDF-1.7\nbroken"
    paper = site.attach(made.id, broken, "ซ่อมศาลา.pdf")
    site.work()
    clerk.post(f"/staff/attachments/{paper.id}", data=EXPLAINED)
    assert public_file(site, paper) == broken
    undo_last(site, clerk, made, "release")
    assert site.services.attachments.get(paper.id).hold is HoldReason.UNCONFIRMED


@pytest.mark.parametrize("filename", ["ซ่อมศาลา.pdf", "1234567890121.pdf"])
def test_a_file_that_could_not_be_read_is_shown_by_a_decision_alone(
    site: Site, clerk: FlaskClient, made: Announcement, filename: str
) -> None:
    """The reason to publish an announcement with personal data in the file's name is no decision about it."""
    sent = {"file": (io.BytesIO(b"%PDF-1.7\nbroken"), filename)}
    id = clerk.post(f"/staff/announcements/{made.id}/attachments", data=sent).get_json()["id"]
    site.work()
    paper, publication = site.services.attachments.get(id), site.services.commands.publication
    assert (paper.status, paper.hold) == ("failed", HoldReason.UNCONFIRMED)
    said = clerk.post(f"/staff/attachments/{id}/show", follow_redirects=True).text
    assert "แปลงข้อความไม่ได้ จึงตรวจข้อมูลส่วนบุคคลไม่ได้" in said
    assert public_file(site, paper) == b""
    publication.withdraw(made.id, actor="x", reason="ออกผิดฉบับ")
    publication.restore_as_draft(made.id, actor="x")
    publication.publish(made.id, actor="x", reason=EXPLAINED["reason"])
    assert public_file(site, paper) == b""
    clerk.post(f"/staff/attachments/{id}", data=EXPLAINED)
    assert public_file(site, paper) != b""


def test_an_undone_withdrawal_shows_nothing_that_nobody_has_checked(
    site: Site, clerk: FlaskClient, made: Announcement
) -> None:
    public_paper(site, made)
    sent = {"file": (io.BytesIO(BRIDGE), "ซ่อมสะพาน.pdf")}
    id = clerk.post(f"/staff/announcements/{made.id}/attachments", data=sent).get_json()["id"]
    site.work()
    site.services.commands.publication.withdraw(made.id, actor="x", reason="ออกผิดฉบับ")
    undo_last(site, clerk, made, "withdraw")
    assert site.services.announcements.get(made.id).status is Status.PUBLISHED
    assert site.services.attachments.get(id).hold is HoldReason.UNCONFIRMED
    assert finds(site, "ห้วยยาง") is False


@pytest.mark.parametrize("way", ["restore", "undo"])
def test_an_earlier_file_that_is_wanted_again_waits_until_it_was_checked(
    site: Site, clerk: FlaskClient, made: Announcement, way: str
) -> None:
    paper = public_paper(site, made)
    release_replacement(site, clerk, paper)
    site.work()
    said = "เลือกไฟล์นี้แล้ว ประชาชนเห็นไฟล์ปัจจุบันจนกว่าคุณจะตรวจไฟล์ที่เลือกแล้วกด “ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น”"
    if way == "restore":
        version = f"/staff/attachments/{paper.id}/versions/1"
        assert "ประชาชนเห็นไฟล์ปัจจุบันจนกว่าคุณจะตรวจไฟล์นี้แล้วกด “ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น”" in clerk.get(version).text
        assert said in clerk.post(f"{version}/restore", follow_redirects=True).text
        site.work()
    else:
        asked, _undone = undo_last(site, clerk, made, "replace")
        assert "ไฟล์ “ซ่อมถนน.pdf” รอให้คุณตรวจแล้วกด “ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น” ระหว่างนี้ประชาชนเห็นไฟล์ปัจจุบัน" in asked
    assert public_file(site, paper) == BRIDGE
    form = clerk.get(f"/staff/announcements/{made.id}").text
    assert ">ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น</button>" in form
    again = waiting_for(site, paper)
    assert (again.sha256, again.hold) == (paper.sha256, HoldReason.UNCONFIRMED)
    assert f"#attachment-{again.id}" in clerk.get("/staff?problem=unconfirmed").text
    clerk.post(f"/staff/attachments/{again.id}/show")
    site.work()
    assert public_file(site, paper) == ROAD
