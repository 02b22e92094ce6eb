"""The correction desk: corrections keep their places, earlier texts come back, pages are read again."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from archive.model import Attachment, LowConfidenceSpan, Role, Status
from indexer.extraction.page_images import hit_rectangles
from tests.factories.memos import memo
from tests.web.conftest import Site, sent_form
from tests.web.test_edits_at_once import hidden_fields
from web.staff import text_correction


@pytest.fixture
def attachment(site: Site) -> Attachment:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    attached = site.attach(made.id, memo("ขออนุมัติซื้อ สารส้ม", number="นป 1/1"))
    site.work()
    return site.services.attachments.get(attached.id)


def titles_with_doubts(staff: FlaskClient) -> int:
    """Number of records that the worklist lists as doubtful."""
    return staff.get("/staff?problem=doubtful").text.count('class="subject"')


@pytest.fixture
def staff(site: Site) -> FlaskClient:
    return site.signed_in(Role.STAFF)


def test_a_corrected_word_is_still_marked_on_the_picture(
    site: Site, attachment: Attachment, staff: FlaskClient
) -> None:
    before = site.services.pages.get(attachment.id, 1)
    text = before.text.replace("สารส้ม", "คลอรีน")
    page = f"/staff/attachments/{attachment.id}/pages/1"
    assert staff.post(page, data={"text": text, "next": "1"}).location == "/staff/review"
    after = site.services.pages.get(attachment.id, 1)
    (was,), (now,) = (
        hit_rectangles(shown, ((start, start + 6),))
        for shown, word in ((before, "สารส้ม"), (after, "คลอรีน"))
        for start in [shown.text.index(word)]
    )
    assert (now.top, now.bottom) == (was.top, was.bottom)
    assert abs(now.left - was.left) < 100
    assert site.services.pages.get(attachment.id, 1).corrected


def test_every_earlier_text_is_shown_with_its_difference_and_comes_back(
    site: Site, attachment: Attachment, staff: FlaskClient
) -> None:
    page = f"/staff/attachments/{attachment.id}/pages/1"
    original = site.services.pages.get(attachment.id, 1).text
    for text in ("ฉบับที่สอง", "ฉบับที่สาม"):
        staff.post(page, data={"text": text})
    shown = staff.get(page).text
    versions = re.findall(r'name="version" value="(\d+)"', shown)
    assert len(versions) == 2
    assert '<p class="removed">' in shown
    staff.post(f"{page}/restore", data={"version": versions[-1]})
    assert site.services.pages.get(attachment.id, 1).text == original
    assert staff.post(f"{page}/restore", data={"version": "0"}).status_code == 404


def test_a_correction_is_undone_beside_its_message(
    site: Site, attachment: Attachment, staff: FlaskClient
) -> None:
    page = f"/staff/attachments/{attachment.id}/pages/1"
    before = site.services.pages.get(attachment.id, 1).text
    saved = staff.post(page, data={"text": before.replace("สารส้ม", "คลอรีน")}, follow_redirects=True)
    assert "บันทึกหน้านี้แล้ว" in saved.text
    assert "✓ บันทึกแล้ว" in saved.text  # beside the picture, where the message may be out of view
    (undo,) = re.findall(r'<form\s+class="notice good one-line".*?</form>', saved.text, re.DOTALL)
    (action,) = re.findall(r'action="([^"]+)"', undo)
    undone = staff.post(action, data=hidden_fields(undo), follow_redirects=True)
    assert (undone.request.path, "เลิกทำแล้ว" in undone.text) == (page, True)
    assert site.services.pages.get(attachment.id, 1).text == before
    assert "บันทึกหน้านี้แล้ว" not in staff.get(saved.request.full_path).text  # another change came after it


def test_doubtful_words_come_with_other_readings(
    site: Site, attachment: Attachment, staff: FlaskClient
) -> None:
    read = site.services.pages.get(attachment.id, 1)
    text = read.text.replace("สารส้ม", "สารสัม")
    at = text.index("สารสัม")
    site.services.pages.save(
        replace(read, text=text, doubts=(LowConfidenceSpan(at, at + 6, 0.4, ("สารส้ม",)),))
    )
    shown = staff.get(f"/staff/attachments/{attachment.id}/pages/1").text
    (marks,) = re.findall(r"data-marks='(.*?)'", shown)
    (mark,) = json.loads(marks)
    assert mark["alternatives"] == ["สารส้ม"]
    assert text[mark["start"] : mark["end"]] == "สารสัม"
    assert 'class="doubt"' in shown
    page = f"/staff/attachments/{attachment.id}/pages/1"
    other = site.attach(attachment.announcement_id, memo("อีกฉบับ", number="นป 1/2"))
    site.work()
    site.services.pages.save(replace(site.services.pages.get(other.id, 1), confidence=0.4))
    longer = {"text": f"เพิ่ม{text}", "unchecked": f"{at}:{at + 5}:{at + 11},7:9:8,x", "next": "1"}
    assert "บันทึกและไปหน้าที่ต้องตรวจถัดไปของประกาศนี้" in staff.get(page).text
    rest = f"/staff/attachments/{other.id}/pages/1"
    assert staff.post(page, data=longer).location.startswith(f"{rest}?done=")
    assert staff.post(rest, data={"text": "ตรวจแล้ว", "next": "1"}).location.startswith(f"{page}?done=")
    saved = staff.post(page, data=longer | {"unchecked": f"{at + 5}:{at + 5}:{at + 11}"})
    assert saved.location == "/staff/review"  # no other page of the announcement has to be checked
    queue = staff.get(saved.location).text
    assert "ยังเหลือ 1 จุดที่ยังไม่ตรวจ" in queue  # and the page, although read surely, is in the list
    assert "ไม่แน่ใจ (1)" in queue
    assert titles_with_doubts(staff) == 1
    assert f'href="{page}"' in queue
    assert 'name="right"' in staff.get(page).text
    (doubt,) = site.services.pages.get(attachment.id, 1).doubts
    assert (doubt.start, doubt.end, doubt.alternatives) == (at + 5, at + 11, ("สารส้ม",))
    staff.post(page, data=longer | {"right": "1"})
    assert f'href="{page}"' not in staff.get("/staff/review").text


def test_from_a_doubtful_page_the_next_doubtful_one_follows(site: Site, staff: FlaskClient) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    paper = site.attach(made.id, memo(*[f"ข้อ {number} ให้ประชุมทุกเดือน" for number in range(90)]))
    site.work()
    pages = f"/staff/attachments/{paper.id}/pages"
    read = site.services.pages.by_attachment(paper.id)
    assert len(read) > 3
    for number in (1, 4):
        site.services.pages.save(replace(read[number - 1], confidence=0.4))
    assert "บันทึกและไปหน้าถัดไป" in staff.get(f"{pages}/2").text
    assert staff.post(f"{pages}/2", data={"text": read[1].text, "next": "1"}).location == f"{pages}/3"
    for number, label, following in (
        (1, "บันทึกและไปหน้าที่ต้องตรวจถัดไปของประกาศนี้", f"{pages}/4"),
        (4, "บันทึกและกลับไปที่ต้องตรวจ", "/staff/review"),
    ):
        assert label in staff.get(f"{pages}/{number}").text
        saved = staff.post(f"{pages}/{number}", data={"text": read[number - 1].text, "next": "1"})
        assert saved.location == following


def test_older_texts_than_the_page_shows_are_in_the_history(
    site: Site, attachment: Attachment, staff: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_correction, "MOST_VERSIONS", 2)
    page = f"/staff/attachments/{attachment.id}/pages/1"
    for text, is_told in (("หนึ่ง", False), ("สอง", False), ("สาม", True)):
        staff.post(page, data={"text": text})
        assert ("ข้อความเก่ากว่านี้ดูได้ใน" in staff.get(page).text) is is_told
    assert f'href="/staff/announcements/{attachment.announcement_id}/history"' in staff.get(page).text


def test_a_page_is_turned_and_read_again_and_can_be_set_back(
    site: Site, attachment: Attachment, staff: FlaskClient
) -> None:
    page = f"/staff/attachments/{attachment.id}/pages/1"
    before = site.services.pages.get(attachment.id, 1)
    staff.post(f"{page}/reread", data={"turn": "right"})
    turned = site.services.pages.get(attachment.id, 1)
    assert turned.turn == 90
    staff.post(f"{page}/reread", data={"method": "embedded"})
    again = site.services.pages.get(attachment.id, 1)
    assert (again.text, again.turn, again.source) == (before.text, before.turn, before.source)
    actions = [each.action for each in site.services.history.entries(attachment.announcement_id)]
    assert actions.count("reread") == 2


MISREAD = ("ซื้อ สารสัม", "นป 1/8")


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PUBLISHED])
def test_what_a_corrected_page_states_is_offered_and_replaces_nothing(
    site: Site, staff: FlaskClient, status: Status
) -> None:
    made = site.announcement("ซื้อ สารสัม", status=Status.DRAFT, published_on=dt.date(2021, 6, 9))
    paper = site.attach(made.id, memo("ให้ซื้อ", subject=MISREAD[0], number=MISREAD[1]))
    site.work()
    if status is Status.PUBLISHED:
        site.services.commands.publication.publish(made.id, actor="x")
    page = f"/staff/attachments/{paper.id}/pages/1"
    text = site.services.pages.get(paper.id, 1).text
    right = text.replace("สารสัม", "สารส้ม").replace("๑/๘", "๑/๙").replace("๙ มิถุนายน", "๗ มิถุนายน")
    staff.post(page, data={"text": right})
    now = site.services.attachments.get(paper.id)
    read = {name: field.value for name, field in now.details.fields.items()}
    assert (read["subject"], read["number"], read["date"]) == ("ซื้อ สารส้ม", "นป 1/9", "2021-06-07")
    assert site.services.announcements.get(made.id).title == "ซื้อ สารสัม"
    form = f"/staff/announcements/{made.id}"
    asked = f"{form}/publish" if status is Status.DRAFT else form
    assert "เอกสารระบุว่า ซื้อ สารส้ม" in staff.get(asked).text
    staff.post(form, data=sent_form(staff.get(form).text) | {"title": "ซื้อสารส้มกับคลอรีน"})
    assert "เอกสารระบุว่า ซื้อ สารส้ม" not in staff.get(asked).text
    staff.post(page, data={"text": text})  # misread once more: nothing of it is in the announcement
    assert "เอกสารระบุว่า ซื้อ" not in staff.get(asked).text
    assert site.services.attachments.get(paper.id).details.fields["subject"].value == "ซื้อ สารสัม"


def test_a_page_corrected_by_hand_is_read_again_only_once_that_is_confirmed(
    site: Site, attachment: Attachment, staff: FlaskClient
) -> None:
    page = f"/staff/attachments/{attachment.id}/pages/1"
    assert 'name="confirmed"' not in staff.get(page).text
    staff.post(page, data={"text": "แก้ด้วยมือ"})
    shown = staff.get(page).text
    assert "การแปลงใหม่ทั้งเอกสารจะไม่ทับข้อความนี้" in shown
    asked = shown.split('<details class="ask">')[1].split("</details>")[0]
    assert "ข้อความที่แก้ไขด้วยมือในหน้านี้จะถูกแทนที่" in asked
    assert asked.count('name="confirmed"') == shown.count(f'action="{page}/reread"') == 2
    refused = staff.post(f"{page}/reread", data={"turn": "right"}, follow_redirects=True).text
    assert "ข้อความหน้านี้แก้ไขด้วยมือแล้ว" in refused
    assert site.services.pages.get(attachment.id, 1).text == "แก้ด้วยมือ"
    staff.post(f"{page}/reread", data={"method": "embedded", "confirmed": "yes"})
    assert site.services.pages.get(attachment.id, 1).text != "แก้ด้วยมือ"
