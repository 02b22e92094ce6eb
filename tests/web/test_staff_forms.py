"""Clerks' forms: titles from the papers, questions before what hurts, and ways back."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import threading

import fpdf
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive import thai
from archive.changes import WORKER
from archive.model import (
    Announcement,
    Attachment,
    DocumentKind,
    Draft,
    ExtractedField,
    ReadingResults,
    ReadingStatus,
    Role,
    Status,
)
from archive.suggested_fields import suggested_label
from tests.factories.memos import memo
from tests.web.conftest import BROWSER, PASSWORD, Site, sent_form, until, working
from web.staff import edit_conflicts


def new_with_file(site: Site, clerk: FlaskClient, **typed: str) -> tuple[Announcement, Attachment]:
    """A draft made from the form with one file, as the form sends it without a script."""
    form = {
        "title": "",
        "body": "",
        "author": "",
        "published_on": thai.today().isoformat(),
        "kind": "announcement",
    }
    data = form | typed | {"files": (io.BytesIO(memo("ให้ซ่อมถนน")), "12 announce worn200.pdf")}
    made = clerk.post("/staff/announcements/new", data=data, content_type="multipart/form-data")
    id = int(made.location.split("/")[3])
    return site.services.announcements.get(id), site.services.attachments.by_announcement([id])[id][0]


def test_a_file_name_is_no_title_and_the_login_no_author(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    assert (
        'value="staff"'
        not in clerk.get("/staff/announcements/new").text.split('id="author"')[1].split(">")[0]
    )
    made, _ = new_with_file(site, clerk)
    assert (made.title, made.author) == ("", "")
    for address in (f"/staff/announcements/{made.id}", "/staff?status=draft"):
        assert "(กำลังแปลงข้อความ) 12 announce worn200.pdf" in clerk.get(address).text
    published = clerk.post(f"/staff/announcements/{made.id}/publish", data={"when": "now"})
    assert "กรุณากรอกชื่อเรื่องก่อนเผยแพร่" in published.text
    assert site.services.announcements.get(made.id).status is Status.DRAFT


def test_nothing_is_published_without_a_choice_of_when(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made = site.announcement("ประกาศที่ยังไม่เสร็จ", status=Status.DRAFT)
    for address, form in (
        (f"/staff/announcements/{made.id}/publish", {}),
        ("/staff/publish", {"id": made.id}),
    ):
        for choice in ({}, {"when": ""}, {"when": "soon"}):
            page = clerk.post(address, data=form | choice)
            assert "ยังไม่ได้เลือกว่าจะเผยแพร่เมื่อไร" in page.text
            assert site.services.announcements.get(made.id).status is Status.DRAFT


def test_published_by_itself_it_has_what_the_paper_states(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, _ = new_with_file(site, clerk)
    clerk.post(f"/staff/announcements/{made.id}/publish", data={"when": "read"})
    with working(site.services):
        until(lambda: site.services.announcements.get(made.id).status is Status.PUBLISHED, seconds=90)
    shown = site.services.announcements.get(made.id)
    assert (shown.title, shown.kind) == ("ขออนุมัติจัดซื้อหลอดไฟ", DocumentKind.MEMO)
    assert shown.published_on == dt.date(2021, 6, 9)
    assert shown.author.startswith("สำนักปลัดเทศบาล")
    [attachment] = site.services.attachments.by_announcement([made.id])[made.id]
    assert "เรื่อง ขออนุมัติจัดซื้อหลอดไฟ" in attachment.label
    assert attachment.kind is DocumentKind.MEMO


def test_a_set_time_is_changed_and_the_worker_publishes_when_it_has_come(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made = site.announcement("ประกาศที่ตั้งเวลา", status=Status.DRAFT)
    for days in (400, 500):
        day = thai.today() + dt.timedelta(days=days)
        picked = {f"publish_on-{part}": str(getattr(day, part)) for part in ("day", "month", "year")}
        clerk.post(
            f"/staff/announcements/{made.id}/publish",
            data=picked | {"when": "later", "publish_time": "9:00"},
        )
        at = dt.datetime.combine(day, dt.time(9), thai.BANGKOK)
        assert site.services.announcements.get(made.id).publish_at == at
    due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    site.services.commands.announcements.revise(made.id, {"publish_at": due}, actor="test")
    with working(site.services):
        until(lambda: site.services.announcements.get(made.id).status is Status.PUBLISHED, seconds=60)
    assert dt.datetime.now(dt.UTC) >= due


def test_the_checklist_shows_what_will_be_published(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, _ = new_with_file(site, clerk)
    site.work()
    checklist = clerk.get(f"/staff/announcements/{made.id}/publish").text
    assert "9 มิถุนายน" in checklist
    assert "สำนักปลัดเทศบาล" in checklist
    today = thai.today()
    assert f"{today.day} {thai.MONTHS[today.month - 1]}" not in checklist
    clerk.post(f"/staff/announcements/{made.id}/publish", data={"when": "now"})
    assert site.services.announcements.get(made.id).published_on == dt.date(2021, 6, 9)


def test_what_a_person_gave_is_not_overwritten(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    given = {"title": "ชื่อที่ตั้งเอง", "author": "กองคลัง", "published_on": "2024-01-02"}
    made, _ = new_with_file(site, clerk, **given)
    clerk.post(f"/staff/announcements/{made.id}/publish", data={"when": "read"})
    site.work()
    site.services.commands.publication.publish_due_or_unschedule(dt.datetime.now(dt.UTC), actor="timer")
    shown = site.services.announcements.get(made.id)
    assert (shown.title, shown.author, shown.published_on.isoformat()) == tuple(given.values())
    assert shown.kind is DocumentKind.ANNOUNCEMENT


def test_a_paper_without_a_subject_stays_a_draft(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, attachment = new_with_file(site, clerk)
    blank = (io.BytesIO(b"%PDF-1.7\n" + b"\x00" * 900), "scan.pdf")
    clerk.post(f"/staff/attachments/{attachment.id}", data={"replace": "1", "file": blank})
    clerk.post(f"/staff/announcements/{made.id}/publish", data={"when": "read"})
    site.work()
    site.services.commands.publication.publish_due_or_unschedule(dt.datetime.now(dt.UTC), actor="timer")
    kept = site.services.announcements.get(made.id)
    assert (kept.status, kept.publish_at, kept.title) == (Status.DRAFT, None, "")


def test_the_checklist_names_what_is_doubtful(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    untouched, _ = new_with_file(site, clerk)
    made, _ = new_with_file(site, clerk, title="12 announce worn200", published_on="2024-01-02")
    site.work()
    form = clerk.get(f"/staff/announcements/{untouched.id}").text
    assert set(re.findall(r'id="from-([a-z_]+)"', form)) == {"title", "kind", "published_on", "author"}
    page = clerk.get(f"/staff/announcements/{made.id}/publish").text
    covered = site.announcement("พระราชบัญญัติส█พ.ศ. ๒๕๕๑", status=Status.DRAFT)
    assert "ชื่อเรื่องมีแถบปิดข้อมูลอยู่" in clerk.get(f"/staff/announcements/{covered.id}/publish").text
    for doubt in ("ชื่อเรื่องเป็นชื่อไฟล์", "วันที่ในเอกสาร: 9 มิถุนายน 2564"):
        assert doubt in page
    assert "ยังไม่ได้ระบุผู้ประกาศ" not in page  # publication fills in the document's
    assert "สำนักปลัดเทศบาล เทศบาลตำบลหนองปลาดุก" in page
    assert page.count('class="warn"') > 1
    assert page.count('class="good"') > 1


def test_a_label_that_tells_residents_nothing_is_in_doubt(site: Site) -> None:
    made, clerk = site.announcement("จัดซื้อหลอดไฟ", status=Status.DRAFT), site.signed_in(Role.STAFF)
    papers = [
        site.attach(made.id, memo(f"ข้อความ {number}"), f"GuPune_219521f{number}.pdf") for number in range(5)
    ]
    site.work()
    stated = suggested_label(site.services.attachments.get(papers[0].id))

    def doubts() -> list[str]:
        page = clerk.get(f"/staff/announcements/{made.id}/publish").text
        found = re.findall(r'<b>ชื่อเอกสาร[^<]*</b>.*?href="[^"]*#label-(\d+)">([^<]*)</a>', page, re.DOTALL)
        assert ("✓" in page.split("<b>ชื่อเอกสาร</b>")[0][-200:]) is not bool(found)
        return [f"{papers[0].id - int(id)}{said}".removeprefix("0").strip() for id, said in found]

    commands, seems = site.services.commands, "ดูเหมือนชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ"
    labels = ["GuPune 219521f0", "ประกาศราคากลาง", "TOR หลอดไฟ", "ประกาศราคากลาง", "ใบเสนอราคา"]
    for paper, label in zip(papers, labels, strict=True):
        commands.attachments.relabel(paper.id, label=label, kind=DocumentKind.OTHER, actor="x")
    twice = "ชื่อซ้ำกับเอกสารอื่นในประกาศนี้"
    assert doubts() == ["ระบบเติมให้ กรุณาตรวจ", f"-1{twice}", f"-3{twice}"]
    commands.attachments.relabel(papers[4].id, label=stated, kind=DocumentKind.OTHER, actor="x")
    assert doubts()[0] == f"ระบบเติมให้ กรุณาตรวจ · {twice}"
    commands.attachments.relabel(papers[3].id, label="scan 12", kind=DocumentKind.OTHER, actor="x")
    form = clerk.get(f"/staff/announcements/{made.id}").text
    assert form.count(seems) == 1  # for the first, the form begins with what the paper states
    commands.attachments.relabel(papers[0].id, label="ใบเสนอราคา", kind=DocumentKind.OTHER, actor="x")
    commands.attachments.relabel(papers[3].id, label="Image 12", kind=DocumentKind.OTHER, actor="x")
    assert doubts() == [f"-3{seems}"]
    commands.attachments.relabel(papers[3].id, label="แบบคำร้อง", kind=DocumentKind.OTHER, actor="x")
    assert doubts() == []
    commands.file_versions.replace(
        papers[4].id, io.BytesIO(memo("ใหม่", subject="ซื้อโคม")), filename="a.pdf", actor="x"
    )
    assert doubts() == ["-4ชื่อนี้มาจากไฟล์ก่อนหน้า"]


def test_papers_read_after_the_form_was_saved_are_published_by_their_names(site: Site) -> None:
    made, clerk = site.announcement("ซ่อมถนน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    scan = site.attach(made.id, memo("ให้ซ่อม", subject="ซ่อมถนน"), "DSC061.pdf")
    page = clerk.post(
        f"/staff/announcements/{made.id}/publish", data={"when": "read"}, follow_redirects=True
    ).text
    assert "จะเผยแพร่เมื่อแปลงข้อความเสร็จ" in page
    assert "เวลาเผยแพร่" not in page  # no time was set
    site.work()
    site.services.commands.publication.publish_due_or_unschedule(dt.datetime.now(dt.UTC), actor=WORKER)
    read = site.services.attachments.get(scan.id)
    assert read.label == suggested_label(read)
    assert "ซ่อมถนน" in read.label


def test_finds_are_named_after_what_the_paper_states_and_the_closing_day_is_explained(site: Site) -> None:
    made, clerk = site.announcement("ซ่อมถนน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    scan = site.attach(
        made.id, memo("โทร 081-234-5678 เลขบัตร 1-1017-00230-70-8", subject="รายชื่อ"), "personal.pdf"
    )
    site.work()
    found = clerk.get(f"/staff/attachments/{scan.id}").text
    assert re.search(rf'/attachments/{scan.id}/pages/1">[^<]*รายชื่อ', found)
    assert 'pages/1">personal' not in found
    form = clerk.get(f"/staff/announcements/{made.id}").text
    assert 'aria-describedby="closing-help"' in form
    assert "วันสุดท้ายที่ยื่น สมัคร หรือชำระได้" in form.split('id="closing-help"')[1][:120]


@pytest.mark.parametrize("chosen", ["read", "now"])
def test_the_day_of_the_draft_is_in_doubt_where_nobody_saw_that_no_paper_states_one(
    site: Site, chosen: str
) -> None:
    made = site.announcement("ซ่อมถนน", status=Status.DRAFT, published_on=thai.today())
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"
    picture = fpdf.FPDF()
    picture.add_page()
    site.attach(made.id, bytes(picture.output()), "ภาพถ่าย.pdf")
    clerk.post(f"{form}/publish", data={"when": chosen})
    site.work()
    site.services.commands.publication.publish_due_or_unschedule(dt.datetime.now(dt.UTC), actor=WORKER)
    page, doubt = clerk.get(form).text, "ระบบอ่านวันที่ในเอกสารไม่ได้"
    assert (doubt in page) is (chosen == "read")
    assert ("เผยแพร่แล้วเมื่อแปลงข้อความเสร็จ ประชาชนเปิดอ่านได้" in page) is (chosen == "read")
    clerk.post(form, data=sent_form(page))
    assert doubt not in clerk.get(form).text


def test_a_date_that_no_paper_states_is_in_doubt(site: Site) -> None:
    today = dt.datetime.now(thai.BANGKOK).date()
    made = site.announcement("ซ่อมถนน", status=Status.DRAFT, published_on=today)
    clerk, doubt = site.signed_in(Role.STAFF), "ระบบอ่านวันที่ในเอกสารไม่ได้"
    assert doubt not in clerk.get(f"/staff/announcements/{made.id}/publish").text  # nothing to compare with
    picture = fpdf.FPDF()
    picture.add_page()
    site.attach(made.id, bytes(picture.output()), "scan.pdf")
    page = clerk.get(f"/staff/announcements/{made.id}/publish").text
    assert doubt not in page
    assert "เอกสารยังแปลงข้อความไม่เสร็จ" in page
    site.work()
    assert "เอกสารยังแปลงข้อความไม่เสร็จ" not in clerk.get(f"/staff/announcements/{made.id}/publish").text
    assert doubt in clerk.get(f"/staff/announcements/{made.id}/publish").text
    assert doubt in clerk.get(f"/staff/announcements/{made.id}").text.split('id="from-published_on"')[1]


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PUBLISHED])
def test_a_person_gives_no_published_record_the_name_of_its_file(site: Site, status: Status) -> None:
    made = site.announcement("ซ่อมถนน", status=status)
    site.attach(made.id, memo("ให้ซ่อม", subject="ซ่อมถนน"), "scan_0012.pdf")
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"
    sent = sent_form(clerk.get(form).text) | {"title": "scan 0012"}
    clerk.post(form, data=sent)
    kept = "ซ่อมถนน" if status is Status.PUBLISHED else "scan 0012"
    assert site.services.announcements.get(made.id).title == kept


def test_only_a_blank_form_says_that_the_title_may_be_left(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    draft = Draft(title="", published_on=dt.date(2021, 6, 9))
    made = site.services.commands.announcements.create(draft, actor="test", may_lack_title=True)
    site.attach(made.id, b"%PDF-1.4 broken", "scan1.pdf")
    site.work()
    blank, form = (clerk.get(f"/staff/announcements/{each}").text for each in ("new", made.id))
    assert 'placeholder="เว้นว่างไว้ได้ถ้าแนบไฟล์"' in blank
    assert 'placeholder="ต้องมีชื่อเรื่องจึงเผยแพร่ได้"' in form
    assert "เว้นว่างไว้ได้" not in form


def test_a_clerk_is_told_when_a_paper_suggests_nothing(site: Site) -> None:
    draft = Draft(title="", published_on=dt.date(2025, 10, 1))
    made = site.services.announcements.create(draft, actor="test")
    clerk, note = site.signed_in(Role.STAFF), "กรุณาดูเอกสารแล้วพิมพ์เอง"
    address = f"/staff/announcements/{made.id}"
    assert note not in clerk.get(address).text  # there is no paper yet
    picture = fpdf.FPDF()
    picture.add_page()
    site.attach(made.id, bytes(picture.output()), "scan.pdf")
    assert note not in clerk.get(address).text  # it is still to be read
    site.work()
    assert note in clerk.get(address).text
    site.attach(made.id, memo("ซ่อมถนน", subject="ซ่อมถนน"), "memo.pdf")
    site.work()
    assert note not in clerk.get(address).text
    named = site.announcement("ซ่อมถนน", status=Status.DRAFT)
    site.attach(named.id, bytes(picture.output()), "scan.pdf")
    site.work()
    assert note not in clerk.get(f"/staff/announcements/{named.id}").text


def test_a_closing_day_that_the_text_states_is_offered(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    closing = thai.today() + dt.timedelta(days=20)
    said = f"ข้อความระบุว่า {thai.format_date(closing)}"
    body = f"ยื่นซองภายในวันที่ {thai.format_date(closing)}"
    made = site.announcement("สอบราคา", status=Status.DRAFT, body=body)
    for address in (f"/staff/announcements/{made.id}/publish", f"/staff/announcements/{made.id}"):
        assert said in clerk.get(address).text
    site.services.commands.announcements.revise(made.id, {"expires_on": closing}, actor="x")
    for address in (f"/staff/announcements/{made.id}/publish", f"/staff/announcements/{made.id}"):
        page = clerk.get(address).text
        assert said not in page
        assert thai.format_date(closing) in page


def test_a_page_with_neither_file_nor_text_is_in_doubt(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    for body, count in (("", 1), ("รายละเอียด", 0)):
        made = site.announcement("เปล่า", status=Status.DRAFT, body=body)
        page = clerk.get(f"/staff/announcements/{made.id}/publish").text
        assert page.count("ไม่มีทั้งไฟล์และข้อความ") == count


def test_residents_are_told_while_a_program_s_new_file_is_not_shown(site: Site) -> None:
    made = site.announcement("ซ่อมถนน")
    paper, address = site.attach(made.id, memo("ให้ซ่อมถนน")), f"/announcements/{made.id}"
    assert "กำลังปรับปรุงเอกสารแนบ" not in site.client().get(address).text  # it was never shown
    newer = io.BytesIO(memo("ให้ซ่อมสะพาน"))
    site.services.commands.file_versions.replace(paper.id, newer, filename="ใหม่.pdf", actor="program")
    assert "กำลังปรับปรุงเอกสารแนบ" in site.client().get(address).text
    page = site.signed_in(Role.STAFF).get(f"/staff/announcements/{made.id}").text
    assert "ประชาชนยังไม่เห็นเอกสารนี้ จะเห็นเมื่อแปลงข้อความเสร็จ" in page


def test_clerks_are_told_while_a_replaced_file_is_not_shown(site: Site) -> None:
    made = site.announcement("ซ่อมถนน")
    paper = site.attach(made.id, memo("ให้ซ่อมถนน"))
    clerk, address = site.signed_in(Role.STAFF), f"/announcements/{made.id}"
    old = site.services.commands.attachments.relabel(
        paper.id, label="คำสั่ง เรื่อง ซ่อมถนน", kind=DocumentKind.ORDER, actor="x"
    )
    form = f"/staff/announcements/{made.id}"
    assert "มาจากไฟล์ก่อนหน้า" not in clerk.get(form).text
    newer = {"replace": "1", "file": (io.BytesIO(memo("ให้ซ่อมสะพาน")), "ใหม่.pdf")}
    page = clerk.post(f"/staff/attachments/{paper.id}", data=newer, follow_redirects=True).text
    assert "เปลี่ยนไฟล์แล้ว ไฟล์เดิมเก็บไว้ให้เจ้าหน้าที่เท่านั้น" in page
    assert "มาจากไฟล์ก่อนหน้า" in page
    assert "แปลงข้อความเสร็จแล้วระบบจะเสนอชื่อใหม่ กรุณากด “ใช้ชื่อใหม่นี้และบันทึก”" in page
    assert "ประชาชนยังไม่เห็นเอกสารนี้ เมื่อแปลงข้อความเสร็จ กรุณาตรวจแล้วกด “เผยแพร่เอกสารนี้”" in page
    assert "ใหม่.pdf" not in site.client().get(address).text
    site.work()
    page = clerk.get(form).text
    offered = "บันทึกข้อความ ที่ นป 52301/412 เรื่อง ขออนุมัติจัดซื้อหลอดไฟ"  # as the new file states
    assert page.split(f'id="label-{paper.id}"')[1].split("</textarea>")[0].endswith(offered)
    assert f"ชื่อเดิม “{old.label}” มาจากไฟล์ก่อนหน้า" in page
    assert site.services.attachments.get(paper.id).label == old.label  # until somebody stores the other
    rename = f"/staff/attachments/{paper.id}/rename"
    assert f'formaction="{rename}"' in page
    saved = clerk.post(rename, data=sent_form(page) | {"body": "พิมพ์ไว้"}, follow_redirects=True).text
    assert "มาจากไฟล์ก่อนหน้า" not in saved
    assert site.services.attachments.get(paper.id).label == offered
    assert site.services.announcements.get(made.id).body == "พิมพ์ไว้"


def test_a_draft_s_title_is_in_doubt_once_its_file_is_replaced(site: Site) -> None:
    made = site.announcement("ซ่อมถนน", status=Status.DRAFT)
    paper = site.attach(made.id, memo("ให้ซ่อมถนน", subject="ซ่อมถนน"))
    site.work()
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"
    newer = memo("ให้ซ่อมสะพาน", subject="ซ่อมสะพาน")
    site.services.commands.file_versions.replace(paper.id, io.BytesIO(newer), filename="ใหม่.pdf", actor="x")
    doubt = "เอกสารระบุว่า ซ่อมสะพาน"
    assert doubt not in clerk.get(f"{form}/publish").text  # the new file is not read yet
    clerk.post(form, data=sent_form(clerk.get(form).text))  # so this confirms nothing about it
    site.work()
    assert doubt in clerk.get(f"{form}/publish").text
    clerk.post(form, data=sent_form(clerk.get(form).text))
    assert doubt not in clerk.get(f"{form}/publish").text


def test_a_title_of_digits_is_in_doubt_before_publication_alone(site: Site) -> None:
    made = site.announcement("e-GP 67059123456", status=Status.DRAFT)
    paper = site.attach(made.id, memo("ให้ซ่อมถนน", subject="ซ่อมถนน"))
    site.work()
    newer = memo("ให้ซ่อมสะพาน", subject="ซ่อมสะพาน")
    site.services.commands.file_versions.replace(paper.id, io.BytesIO(newer), filename="ใหม่.pdf", actor="x")
    site.work()
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"
    doubt = "ดูเหมือนชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ"
    assert f"{doubt} · เอกสารระบุว่า ซ่อมสะพาน" in clerk.get(f"{form}/publish").text
    clerk.post(form, data=sent_form(clerk.get(form).text))
    assert doubt in clerk.get(f"{form}/publish").text
    site.services.commands.publication.publish(made.id, actor="x")
    assert doubt not in clerk.get(form).text


def test_what_a_new_file_does_not_state_is_in_doubt_until_somebody_saves(site: Site) -> None:
    made = site.announcement(
        "ซ่อมถนน", status=Status.DRAFT, author="งานยานพาหนะ", published_on=dt.date(2015, 11, 11)
    )
    paper = site.attach(made.id, memo("ให้ซ่อมถนน", subject="ซ่อมถนน"))
    site.work()
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"
    doubt = "ไฟล์ใหม่ไม่ได้ระบุ ค่านี้มีอยู่ก่อนเปลี่ยนไฟล์"
    assert doubt not in clerk.get(f"{form}/publish").text
    pdf = fpdf.FPDF()
    pdf.add_page()
    site.services.commands.file_versions.replace(
        paper.id, io.BytesIO(bytes(pdf.output())), filename="ใหม่.pdf", actor="x"
    )
    site.work()
    site.services.commands.publication.publish(made.id, actor="x")
    page = clerk.get(form).text
    assert page.count(doubt) == 3  # title, date and author
    clerk.post(form, data=sent_form(page))
    assert doubt not in clerk.get(form).text


def test_a_paper_that_was_taken_off_is_named(site: Site) -> None:
    made, clerk = site.announcement("ประกาศงานถนน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    gone, left = (site.attach(made.id, memo(name), f"{name}.pdf") for name in ("แบบแปลนสะพาน", "ราคากลาง"))
    site.work()
    for paper, label in ((gone, "แบบแปลนสะพาน"), (left, "ราคากลาง")):
        site.services.commands.attachments.relabel(paper.id, label=label, kind=DocumentKind.OTHER, actor="x")
    data = sent_form(clerk.get(f"/staff/announcements/{made.id}").text)
    said = clerk.post(f"/staff/attachments/{gone.id}/detach", data=data, follow_redirects=True).text
    assert "นำ “แบบแปลนสะพาน” ออกแล้ว" in said
    _undo_beside_message(clerk, said)
    assert [each.id for each in site.services.attachments.by_announcement([made.id])[made.id]] == [
        gone.id,
        left.id,
    ]


def _undo_beside_message(clerk: FlaskClient, page: str) -> None:
    """Press the way back that stands beside the message about what was just done."""
    (address,) = re.findall(r'action="(/staff/history/(?:\d+|bulk/\w+)/undo)"', page)
    assert "เลิกทำแล้ว" in clerk.post(address, data={"confirmed": "yes"}, follow_redirects=True).text


def test_a_name_that_was_taken_over_is_taken_back_beside_the_message(site: Site) -> None:
    made, clerk = site.announcement("ประกาศงานถนน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    paper = site.attach(made.id, memo("ถนน"), "ถนน.pdf")
    data = {f"label-{paper.id}": "แบบแปลนถนน", f"kind-{paper.id}": paper.kind}
    said = clerk.post(f"/staff/attachments/{paper.id}/rename", data=data, follow_redirects=True).text
    assert "บันทึกชื่อเอกสารแล้ว" in said
    assert site.services.attachments.get(paper.id).label == "แบบแปลนถนน"
    _undo_beside_message(clerk, said)
    assert site.services.attachments.get(paper.id).label == paper.label


def test_the_way_back_beside_a_message_undoes_nothing_once_another_changed_more(site: Site) -> None:
    made, clerk = site.announcement("ประกาศงานถนน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    paper = site.attach(made.id, memo("ถนน"), "ถนน.pdf")

    def rename(label: str) -> str:
        data = {f"label-{paper.id}": label, f"kind-{paper.id}": paper.kind}
        return clerk.post(f"/staff/attachments/{paper.id}/rename", data=data, follow_redirects=True).text

    said = rename("แบบแปลนถนน")
    assert "only_last" in said
    site.services.commands.attachments.relabel(paper.id, label="แบบแปลนสะพาน", kind=paper.kind, actor="สมศรี")
    (address,) = re.findall(r'action="(/staff/history/\d+/undo)"', said)
    answer = clerk.post(
        address,
        data={"confirmed": "yes", "only_last": "yes"},
        follow_redirects=True,
    ).text
    assert "มีการแก้ไขหลังจากนั้นแล้ว" in answer
    assert site.services.attachments.get(paper.id).label == "แบบแปลนสะพาน"
    unchanged = rename("แบบแปลนสะพาน")
    assert "บันทึกชื่อเอกสารแล้ว" in unchanged
    assert "only_last" not in unchanged  # what another did is not offered to be undone


def test_many_papers_are_sorted_by_the_names_in_the_form_and_put_back(site: Site) -> None:
    made, clerk = site.announcement("ประกาศงานถนน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    names = ["ที่ ๑๐", "ที่ 9", "ที่ ๒", "ที่ 1", "แผนที่", "ก่อนอื่น"]
    papers = [site.attach(made.id, memo(name), f"{place}.pdf").id for place, name in enumerate(names)]
    address = f"/staff/announcements/{made.id}"

    def order() -> list[int]:
        return [
            papers.index(each.id) for each in site.services.attachments.by_announcement([made.id])[made.id]
        ]

    page = clerk.get(address).text
    assert "เรียงตามชื่อ" in page
    typed = {f"label-{id}": name for id, name in zip(papers, names, strict=True)}
    sent = sent_form(page) | typed | {"body": "พิมพ์ค้างไว้"}
    sorted_page = clerk.post(address, data=sent | {"sort": "label"}).text
    assert order() == [5, 3, 2, 1, 0, 4]
    shown = sent_form(sorted_page)
    assert shown.items() >= (typed | {"body": "พิมพ์ค้างไว้"}).items()
    assert [shown[f"position-{papers[place]}"] for place in order()] == list("123456")
    assert site.services.announcements.get(made.id).body != "พิมพ์ค้างไว้"  # only the order is stored
    assert "เรียงตามชื่ออยู่แล้ว" in clerk.post(address, data=sent | {"sort": "label"}).text
    _undo_beside_message(clerk, sorted_page)
    assert order() == [0, 1, 2, 3, 4, 5]


def test_the_history_of_an_order_names_what_moved(site: Site) -> None:
    made, clerk = site.announcement("ประกาศงานถนน"), site.signed_in(Role.STAFF)
    papers = [
        site.attach(made.id, memo(f"ข้อความ {number}"), f"แบบแปลนที่ {number}.pdf") for number in range(1, 5)
    ]
    site.services.commands.attachments.move(made.id, {papers[3].id: 1}, actor="x")
    page = " ".join(clerk.get(f"/staff/announcements/{made.id}/history").text.split())
    moved = page.split("<b>เรียงเอกสาร</b>")[1].split("</ul>")[0]
    assert "แบบแปลนที่ 4: ลำดับ 4 → 1" in moved
    assert moved.count("→") == 1


def test_taking_a_paper_off_what_is_public_asks_first_and_is_undone(site: Site) -> None:
    made = site.announcement("ประกาศงานถนน")
    attachment = site.attach(made.id, memo("ถนน"), "ถนน.pdf")
    clerk = site.signed_in(Role.STAFF)
    page = clerk.get(f"/staff/announcements/{made.id}").text
    before_button = page.split(f"/staff/attachments/{attachment.id}/detach")[0]
    assert before_button.rindex("<details") > before_button.rfind("</details")  # behind a question
    clerk.post(f"/staff/attachments/{attachment.id}/detach")
    assert site.services.attachments.by_announcement([made.id])[made.id] == []
    assert f"/staff/attachments/{attachment.id}/reattach" in clerk.get(f"/staff/announcements/{made.id}").text
    clerk.post(f"/staff/attachments/{attachment.id}/reattach")
    assert [each.id for each in site.services.attachments.by_announcement([made.id])[made.id]] == [
        attachment.id
    ]


@pytest.mark.parametrize("way", ["page", "command"])
def test_a_disabled_account_can_be_enabled(site: Site, way: str) -> None:
    clerk, admin = site.signed_in(Role.STAFF), site.signed_in(Role.ADMIN)
    ids = {each.name: each.id for each in site.services.people.accounts.everyone()}
    assert "/staff/people/disable" not in admin.get("/staff/people").text  # behind a first step
    assert "/staff/people/disable" in admin.get(f"/staff/people?edit={ids['staff']}").text
    assert (
        "ระงับการใช้งานของ staff แล้ว"
        in admin.post("/staff/people/disable", data={"name": "staff"}, follow_redirects=True).text
    )
    assert clerk.get("/staff").status_code == 302
    if way == "page":
        admin.post("/staff/people/enable", data={"name": "staff"})
    else:
        site.services.people.accounts.enable("staff")
    assert clerk.get("/staff").status_code == 302  # the old session does not open again
    answer = site.client().post("/sign-in", data={"name": "staff", "password": PASSWORD}, headers=BROWSER)
    assert answer.status_code == 302


def test_an_administrator_cannot_suspend_the_own_account(site: Site) -> None:
    admin = site.signed_in(Role.ADMIN)
    answer = admin.post("/staff/people/disable", data={"name": "admin"}, follow_redirects=True)
    assert "ระงับบัญชีของตัวเองไม่ได้" in answer.text
    assert admin.get("/staff/people").status_code == 200


def test_an_administrator_helps_and_changes_people(site: Site) -> None:
    clerk, admin = site.signed_in(Role.STAFF), site.signed_in(Role.ADMIN)
    ids = {each.name: each.id for each in site.services.people.accounts.everyone()}
    admin.post(f"/staff/people/{ids['staff']}", data={"division": "กองช่าง", "role": "admin"})
    page = admin.get("/staff/people").text
    assert "กองช่าง" in page
    assert "ยังไม่เคย" not in page  # both have signed in
    assert clerk.get("/staff/people").status_code == 200
    admin.post(f"/staff/people/{ids['staff']}", data={"division": "กองช่าง", "role": "staff"})
    assert clerk.get("/staff/people").status_code == 403
    admin.post(f"/staff/people/{ids['admin']}", data={"division": "", "role": "staff"})  # the own role stays
    shown = admin.post(f"/staff/people/{ids['staff']}/password").text
    password = html.unescape(re.findall(r"<code>([^<]{16})</code>", shown)[0])
    assert password not in admin.get("/staff/people").text
    assert clerk.get("/staff").status_code == 302

    def sign_in(name: str, password: str) -> TestResponse:
        return site.client().post("/sign-in", data={"name": name, "password": password}, headers=BROWSER)

    assert sign_in("staff", PASSWORD).status_code == 200
    assert sign_in("staff", password).status_code == 302
    site.services.people.accounts.disable_and_sign_out("staff")
    assert "บัญชีนี้ระงับการใช้งานอยู่" in sign_in("staff", password).text
    assert "บัญชีนี้ระงับการใช้งานอยู่" not in sign_in("staff", "ผิดแน่นอน").text + sign_in("nobody", password).text
    assert site.services.check_consistency().findings == []


def test_fifty_papers_are_put_in_order_by_number(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    papers = [site.attach(made.id, memo(str(number)), f"{number}.pdf").id for number in range(5)]
    clerk = site.signed_in(Role.STAFF)

    def order() -> list[int]:
        return [
            papers.index(each.id) for each in site.services.attachments.by_announcement([made.id])[made.id]
        ]

    def move(paper: int, typed: str) -> str:
        data = {"to": "number", f"position-{papers[paper]}": typed, f"was-{papers[paper]}": "9"}
        return clerk.post(f"/staff/attachments/{papers[paper]}/move", data=data).text

    move(4, "๑")
    assert order() == [4, 0, 1, 2, 3]
    move(4, "99")
    assert order() == [0, 1, 2, 3, 4]
    assert "ลำดับของเอกสารต้องเป็นตัวเลข" in move(4, "หน้าสุด")
    page = clerk.get(f"/staff/announcements/{made.id}").text
    assert f"เรื่องที่ {made.id} ในระบบ<" in page  # the number that collections and disclosure ask for
    hidden = {"last_change": page.split('name="last_change" value="')[1].split('"')[0]}
    numbers = {f"position-{id}": str(at + 1) for at, id in enumerate(papers)}
    was = {f"was-{id}": str(at + 1) for at, id in enumerate(papers)}
    numbers |= {f"position-{papers[3]}": "1", f"position-{papers[0]}": "4"}
    form = {"title": made.title, "published_on": "2024-01-02", "kind": "announcement", "author": ""}
    clerk.post(f"/staff/announcements/{made.id}", data=form | hidden | was | numbers)
    assert order() == [3, 1, 2, 0, 4]


def test_a_clerk_goes_on_where_a_paper_was_taken_off(site: Site) -> None:
    made, clerk = site.announcement("ประกาศ"), site.signed_in(Role.STAFF)
    papers = [site.attach(made.id, memo(str(number)), f"{number}.pdf").id for number in range(3)]

    def go_on(paper: int, step: str) -> str:
        return clerk.post(f"/staff/attachments/{papers[paper]}/{step}").headers["Location"].split("#")[1]

    assert go_on(1, "detach") == f"attachment-{papers[2]}"
    assert go_on(2, "detach") == f"attachment-{papers[0]}"
    assert go_on(1, "reattach") == f"attachment-{papers[1]}"
    assert go_on(0, "detach") == f"attachment-{papers[1]}"
    assert go_on(1, "detach") == "detached"


def test_a_step_beside_the_form_confirms_nothing_that_the_system_filled_in(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, first = new_with_file(site, clerk)
    second = site.attach(made.id, memo("ให้ซ่อมสะพาน"), "scan 2.pdf")
    site.work()
    page = clerk.get(f"/staff/announcements/{made.id}").text
    notes = re.findall(r'id="from-[\w-]+"', page)
    assert len(notes) == 6  # four fields, and the labels of both papers
    sent = sent_form(page)

    def papers() -> list[tuple[int, str, DocumentKind]]:
        found = site.services.attachments.by_announcement([made.id])[made.id]
        return [(each.id, each.label, each.kind) for each in found]

    def given() -> tuple[object, ...]:
        now = site.services.announcements.get(made.id)
        return now.author, now.title, now.kind, now.published_on

    author, *as_new = given()
    (_, *of_first), (_, *of_second) = papers()
    typed = sent | {"author": "กองช่าง", "title": "ชื่อที่ยังพิมพ์ไม่จบ"}
    moved = clerk.post(f"/staff/attachments/{first.id}/move", data=typed | {"to": "down"}).text
    assert papers() == [(second.id, *of_second), (first.id, *of_first)]
    assert given() == (author, *as_new)  # an unfinished title least of all
    filled = sorted(set(notes) - {'id="from-title"', 'id="from-author"'})  # in these somebody typed
    assert sorted(re.findall(r'id="from-[\w-]+"', moved)) == filled
    stays = typed.items() - {
        each for each in typed.items() if each[0].startswith(("position-", "was-", "csrf_token"))
    }
    assert sent_form(moved).items() >= stays
    clerk.post(f"/staff/attachments/{second.id}/detach", data=sent | {"author": "กองช่าง"})
    assert given() == ("กองช่าง", *as_new)  # which a person typed
    assert papers() == [(first.id, *of_first)]
    assert "ระบบเติมให้ กรุณาตรวจ" in clerk.get(f"/staff/announcements/{made.id}/publish").text
    assert "รอตั้งหรือยืนยันชื่อเรื่อง" in clerk.get("/staff?status=draft").text
    address = f"/staff/announcements/{made.id}"
    clerk.post(address, data=sent_form(clerk.get(address).text))
    assert given()[1:3] == (sent["title"], DocumentKind.MEMO)
    assert papers()[0][1:] == (sent[f"label-{first.id}"], DocumentKind.MEMO)


def test_the_same_form_sent_twice_makes_one_draft(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    form = {"title": "ส่งซ้ำ", "published_on": "2026-06-09", "form_key": "a"}
    first, again = (clerk.post("/staff/announcements/new", data=form).location for _ in range(2))
    assert first == again
    others = [{"title": "อีกเรื่อง"}, {"form_key": "b"}]
    made = {clerk.post("/staff/announcements/new", data=form | other).location for other in others}
    assert len(made | {first}) == 3
    assert 'name="form_key"' in clerk.get("/staff/announcements/new").text


def test_what_cannot_be_saved_is_said_at_its_field(site: Site) -> None:
    site.announcement("เดิม", category="ขยะมูลฝอย")
    clerk = site.signed_in(Role.STAFF)
    form = {"title": "เรื่อง", "published_on": "32 มกราคม", "kind": "news", "category": "ขยะมูนฝอย"}

    def at_fault(page: str) -> list[str]:
        wrong = r'id="([\w-]+)"[^>]*aria-invalid="true" aria-errormessage="fault-\1" autofocus'
        return [name for name in re.findall(wrong, page) if f'id="fault-{name}">' in page]

    page = clerk.post("/staff/announcements/new", data=form).text
    assert at_fault(page) == ["published_on"]
    assert 'id="fault-published_on">อ่านวันที่' in page
    form["published_on"] = "31 มกราคม 2569"
    page = clerk.post("/staff/announcements/new", data=form).text
    assert at_fault(page) == ["category"]
    assert 'data-use="ขยะมูลฝอย"' in page  # what may be meant
    made = clerk.post("/staff/announcements/new", data=form | {"new_category": "ขยะมูนฝอย"}).location
    id = int(made.rsplit("/", 1)[1])
    assert site.services.announcements.get(id).category == "ขยะมูนฝอย"
    form |= {"last_change": str(site.services.history.last_change()), "category": "ขยะ"}
    assert at_fault(clerk.post(made, data=form).text) == ["category"]
    paper = site.attach(id, memo("สัญญา")).id
    form |= {"last_change": str(site.services.history.last_change()), "category": ""}
    limits = {"title": 501, "author": 301, "category": 301, f"label-{paper}": 301}
    for name, length in limits.items():
        assert at_fault(clerk.post(made, data=form | {name: "ย" * length}).text) == [name]
    wrong = clerk.post(
        f"/staff/attachments/{paper}/move", data={"to": "number", f"position-{paper}": "หน้าสุด"}
    ).text
    assert at_fault(wrong) == [f"position-{paper}"]


def test_the_rarest_of_many_categories_is_no_new_one(site: Site) -> None:
    site.announcement("เดิม", category="อุทยาน")
    with site.services.records.batch():
        for number in range(300):
            for _ in range(2):
                site.announcement("อีกเรื่อง", category=f"งาน {number}")
    form = {"title": "เรื่อง", "published_on": thai.today().isoformat(), "kind": "news", "category": "อุทยาน"}
    made = site.signed_in(Role.STAFF).post("/staff/announcements/new", data=form)
    assert made.status_code == 302, made.text


def test_a_form_is_saved_while_somebody_else_saves(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, _ = new_with_file(site, clerk)
    page = clerk.get(f"/staff/announcements/{made.id}").text
    last_change = re.search(r'name="last_change" value="(\d+)"', page)[1]
    form = {
        "last_change": last_change,
        "title": "ฝายใหม่",
        "published_on": thai.today().isoformat(),
        "kind": "news",
    }
    merge_edits = edit_conflicts.merge_edits_of_request

    def change_category() -> None:
        site.services.commands.announcements.revise(made.id, {"category": "ชลประทาน"}, actor="อีกคนหนึ่ง")

    other = threading.Thread(target=change_category)

    def merge_slowly(*args: object) -> dict[str, object]:
        settled = merge_edits(*args)
        other.start()
        other.join(0.3)  # long enough to store a field; the clerk's transaction makes it wait
        return settled

    monkeypatch.setattr(edit_conflicts, "merge_edits_of_request", merge_slowly)
    saved = clerk.post(f"/staff/announcements/{made.id}", data=form)
    other.join()
    assert saved.status_code == 302
    stored = site.services.announcements.get(made.id)
    assert (stored.title, stored.category) == ("ฝายใหม่", "ชลประทาน")


def test_staff_find_back_from_the_page_of_residents(site: Site) -> None:
    made = site.announcement("ประกาศ")
    address, link = f"/announcements/{made.id}", f'href="/staff/announcements/{made.id}"'
    assert link in site.signed_in(Role.STAFF).get(address).text
    assert link not in site.client().get(address).text


def test_a_time_stays_offered_with_personal_data_and_is_taken_back_where_it_is_said(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    private = site.announcement("ผู้รับเบี้ย", status=Status.DRAFT, body="โทร. 081 234 5678")
    page = clerk.get(f"/staff/announcements/{private.id}/publish").text
    assert re.search(r'value="later"\s[^>]*disabled', page)
    assert "ตั้งเวลาไม่ได้ขณะที่ยังมีข้อมูลส่วนบุคคล" in page
    waiting = site.announcement("รอเวลา", status=Status.DRAFT)
    at = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    site.services.commands.announcements.revise(waiting.id, {"publish_at": at}, actor="x")
    above, form = clerk.get(f"/staff/announcements/{waiting.id}").text.split('id="main"')
    assert 'value="not"' in above
    assert 'value="not"' not in form


def test_a_paper_of_a_draft_is_not_said_to_become_public_now(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    when_checked = "เมื่อคุณตรวจแล้วกด “เผยแพร่เอกสารนี้”"
    for status, copy, release, seen in (
        (Status.DRAFT, "แล้วใช้สำเนาแทน", "ให้ประชาชนเห็นเมื่อเผยแพร่ประกาศ", "เมื่อเผยแพร่ประกาศ"),
        (Status.PUBLISHED, "แล้วเผยแพร่สำเนาแทน", "ให้ประชาชนเห็นทันที", when_checked),
    ):
        made = site.announcement("ประกาศ", status=status)
        held = site.attach(made.id, memo("นางสมศรี 1-1017-00230-70-8"))
        site.work()
        page = clerk.get(f"/staff/attachments/{held.id}").text
        assert f"ปิดข้อมูลส่วนบุคคล {copy}" in page
        assert f"{release}</button>" in page
        newer = {"replace": "1", "file": (io.BytesIO(memo("ให้ซ่อมสะพาน")), "ใหม่.pdf")}
        replaced = clerk.post(f"/staff/attachments/{held.id}", data=newer, follow_redirects=True).text
        assert f"ประชาชนจะเห็นไฟล์นี้{seen}" in replaced
        restored = clerk.post(f"/staff/attachments/{held.id}/versions/1/restore", follow_redirects=True).text
        assert f"กลับไปใช้ไฟล์เดิมแล้ว ประชาชนจะเห็นไฟล์นี้{seen}" in restored


HARD = "อ่านได้ไม่ชัด กรุณาตรวจ"
READ_FIELDS = {
    "kind": ("memo", 0.95),
    "number": ("นป 1/2566", 0.6),
    "subject": ("ซ่อมถนน", 0.95),
    "date": ("2023-06-09", 0.6),
}


def draft_read_with_doubt(
    site: Site, clerk: FlaskClient, *, is_dated: bool = True
) -> tuple[Announcement, Attachment]:
    """A draft that nobody saved, with one paper whose number and date were hard to read."""
    made, attachment = new_with_file(site, clerk)
    jobs, now = site.services.jobs, dt.datetime.now(dt.UTC)
    claimed = jobs.claim("reader", lease=dt.timedelta(minutes=1), now=now)
    assert claimed is not None
    fields = {
        name: ExtractedField(value=value, confidence=sure)
        for name, (value, sure) in READ_FIELDS.items()
        if name != "date" or is_dated
    }
    details = ReadingResults(fields=fields)
    jobs.finish(attachment.id, "reader", page_count=0, details=details, rules=1)
    return made, attachment


def test_a_label_that_was_hard_to_read_is_in_doubt_until_it_is_saved(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, attachment = draft_read_with_doubt(site, clerk)
    address = f"/staff/announcements/{made.id}"
    form = clerk.get(address).text
    assert HARD in form  # for its number, though the subject was plain
    assert HARD in clerk.get(f"{address}/publish").text
    clerk.post(address, data=sent_form(form))
    assert site.services.attachments.get(attachment.id).label == "บันทึกข้อความ ที่ นป 1/2566 เรื่อง ซ่อมถนน"
    assert HARD not in clerk.get(address).text
    assert HARD not in clerk.get(f"{address}/publish").text


def test_the_name_of_a_paper_follows_its_title_and_its_number_stays_as_it_was_read(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, paper = draft_read_with_doubt(site, clerk)
    address = f"/staff/announcements/{made.id}"

    def save(*, address: str = address, **typed: str) -> str:
        data = sent_form(clerk.get(f"/staff/announcements/{made.id}").text) | typed
        return clerk.post(address, data=data, follow_redirects=True).text

    def label() -> str:
        return site.services.attachments.get(paper.id).label

    followed = "บันทึกข้อความ ที่ นป 1/2566 เรื่อง ซ่อมถนนปี 2567"
    page = save(title="ซ่อมถนนปี 2567", published_on="5 ม.ค. 2567")  # a draft: the label is still suggested
    assert label() == followed
    assert f"แก้ชื่อเอกสารตามไปด้วย: {followed}" in page
    site.services.commands.publication.publish(made.id, actor="x")
    assert "นป 1/2566" in site.client().get(f"/announcements/{made.id}").text
    followed = "บันทึกข้อความ ที่ นป 1/2566 เรื่อง ซ่อมถนนปี ๒๕๕๗"
    page = save(address=f"/staff/attachments/{paper.id}/rename", title="ซ่อมถนนปี ๒๕๕๗")
    assert f"แก้ชื่อเอกสารตามไปด้วย: {followed}" in page  # beside another button too
    save(**{"title": "ซ่อมถนนปี 2558", f"label-{paper.id}": "แบบ ปี 2557"})
    assert label() == "แบบ ปี 2557"  # as it was typed
    save(title="ซ่อมถนน ปี 2559")
    assert label() == "แบบ ปี 2557"  # which is of another year
    assert "ตามไปด้วย" not in save(category="งานช่าง")


def draft_with_two_papers(site: Site, clerk: FlaskClient) -> tuple[str, list[Attachment]]:
    """The address of a draft that nobody saved, and its papers, each with a subject of its own."""
    made, first = new_with_file(site, clerk)
    site.attach(made.id, memo("ส่งรายชื่อ", subject="ผู้รับเบี้ยยังชีพ ลำดับที่ 3"), "สาม.pdf")
    site.work()
    papers = site.services.attachments.by_announcement([made.id])[made.id]
    assert papers[0].id == first.id
    return f"/staff/announcements/{made.id}", papers


def test_the_name_of_no_paper_follows_the_title_in_a_draft_of_several(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    address, papers = draft_with_two_papers(site, clerk)
    form = sent_form(clerk.get(address).text)
    said = clerk.post(address, data=form | {"title": "โครงการก่อสร้างอาคาร"}, follow_redirects=True).text
    assert "ตามไปด้วย" not in said
    for paper in papers:
        assert site.services.attachments.get(paper.id).label == form[f"label-{paper.id}"]


def test_the_first_paper_after_a_move_keeps_its_name_when_the_form_is_saved(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    address, papers = draft_with_two_papers(site, clerk)
    form = sent_form(clerk.get(address).text)  # with the title that the first paper proposed
    clerk.post(f"/staff/attachments/{papers[0].id}/move", data=form | {"to": "down", "no_page": "1"})
    clerk.post(address, data={**form, **{f"position-{each.id}": form[f"was-{each.id}"] for each in papers}})
    for paper in papers:
        assert site.services.attachments.get(paper.id).label == form[f"label-{paper.id}"]


def test_a_title_of_a_paper_that_was_taken_off_meanwhile_names_no_other_paper(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    address, papers = draft_with_two_papers(site, clerk)
    form = sent_form(clerk.get(address).text)
    site.services.commands.attachments.detach(papers[0].id, actor="x")
    clerk.post(address, data=form)
    assert site.services.attachments.get(papers[1].id).label == form[f"label-{papers[1].id}"]


def test_values_that_the_worker_filled_in_are_in_doubt_until_somebody_saves_them(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, attachment = draft_read_with_doubt(site, clerk)
    address = f"/staff/announcements/{made.id}"
    commands, now = site.services.commands, dt.datetime.now(dt.UTC)
    commands.announcements.revise(made.id, {"publish_at": now}, actor="staff")
    assert commands.publication.publish_due_or_unschedule(now + dt.timedelta(seconds=1), actor=WORKER) == [
        made.id
    ]

    def doubts() -> list[tuple[str, str]]:
        listed = clerk.get(address).text.split('id="doubts"')[1:]
        return re.findall(r'href="[^"]*#([\w-]+)">([^<]*)</a>', listed[0].split("</ul>")[0]) if listed else []

    read = "ระบบเติมให้ กรุณาตรวจ"
    label = f"label-{attachment.id}"
    assert doubts() == [
        ("title", read),
        ("published_on", f"{read} · {HARD}"),
        ("kind", read),
        (label, HARD),
    ]
    assert "ควรตรวจ 4 จุด" in clerk.get(address).text
    commands.announcements.revise(made.id, {"title": "ซ่อมถนนสายกลาง"}, actor="staff")
    assert [name for name, _remark in doubts()] == ["published_on", "kind", label]
    clerk.post(address, data=sent_form(clerk.get(address).text))
    assert doubts() == []
    confirmed = [each for each in site.services.history.entries(made.id) if each.action == "confirm"]
    assert [set(each.after) for each in confirmed] == [{"published_on", "kind"}, {"attachment_id", "label"}]
    assert "ยืนยันค่าที่ระบบเติม" in clerk.get(f"{address}/history").text
    clerk.post(address, data=sent_form(clerk.get(address).text))
    assert site.services.history.entries(made.id)[-1].id == confirmed[-1].id  # once is enough


def test_a_date_that_the_worker_did_not_find_is_in_doubt_after_publication(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, _attachment = draft_read_with_doubt(site, clerk, is_dated=False)
    commands, now = site.services.commands, dt.datetime.now(dt.UTC)
    commands.announcements.revise(made.id, {"publish_at": now}, actor="staff")
    commands.publication.publish_due_or_unschedule(now + dt.timedelta(seconds=1), actor=WORKER)
    address = f"/staff/announcements/{made.id}"
    assert "ระบบอ่านวันที่ในเอกสารไม่ได้" in clerk.get(address).text
    commands.announcements.revise(made.id, {"published_on": dt.date(2007, 6, 29)}, actor="staff")
    assert "ระบบอ่านวันที่ในเอกสารไม่ได้" not in clerk.get(address).text


def test_reading_again_is_noted_and_refused_for_a_record_in_the_trash(site: Site) -> None:
    made, clerk = site.announcement("เรื่อง", status=Status.DRAFT), site.signed_in(Role.STAFF)
    paper = site.attach(made.id, memo("อ่านแล้ว"))
    site.work()

    def press() -> str:
        return clerk.post(f"/staff/attachments/{paper.id}/reread", follow_redirects=True).text

    site.services.commands.publication.trash(made.id, actor="test")
    assert "อยู่ในถังขยะ" in press()
    assert site.services.attachments.get(paper.id).status is ReadingStatus.READY
    site.services.commands.publication.restore_as_draft(made.id, actor="test")
    for _time in range(2):  # pressed twice
        assert "ส่งเอกสารไปแปลงข้อความใหม่แล้ว" in press()
    assert site.services.attachments.get(paper.id).status is ReadingStatus.WAITING
    entries = site.services.history.entries(made.id)
    noted = [(each.actor, each.after) for each in entries if each.action == "read-again"]
    assert [after.get("attachment_id") for _actor, after in noted] == [paper.id]
    assert noted[0][0] not in ("", "test")
    assert "เลิกทำไม่ได้ เพราะระบบแปลงข้อความใหม่แล้ว" in clerk.get(f"/staff/announcements/{made.id}/history").text


def test_a_form_that_does_not_tell_on_what_it_was_opened_is_refused_and_not_called_saved(site: Site) -> None:
    made, clerk = site.announcement("เรื่อง", status=Status.DRAFT), site.signed_in(Role.STAFF)
    page = f"/staff/announcements/{made.id}"
    cut = {"title": "ใหม่", "published_on": "2026-06-09"}
    answer = clerk.post(page, data=cut, follow_redirects=True)
    assert (answer.status_code, "บันทึกแล้ว" in answer.text) == (400, False)
    assert "บันทึกแล้ว" not in clerk.get(page).text


def test_refused_files_alone_leave_no_draft_behind(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    blank = sent_form(clerk.get("/staff/announcements/new").text)
    form = {**blank, "title": "", "published_on": "2024-01-02", "kind": "announcement"}
    data = form | {"files": (io.BytesIO(b"MZ"), "x.exe")}
    said = clerk.post("/staff/announcements/new", data=data, content_type="multipart/form-data")
    assert "x.exe: " in said.text
    assert site.services.announcements.count_by_status().get(Status.DRAFT, 0) == 0
    again = form | {"form_key": sent_form(said.text)["form_key"], "files": (io.BytesIO(memo("ถนน")), "a.pdf")}
    answer = clerk.post("/staff/announcements/new", data=again, content_type="multipart/form-data")
    assert answer.status_code == 302
    assert site.services.announcements.count_by_status()[Status.DRAFT] == 1
    kept = form | {"title": "พิมพ์ไว้", "files": (io.BytesIO(b"MZ"), "x.exe")}
    clerk.post("/staff/announcements/new", data=kept, content_type="multipart/form-data")
    assert site.services.announcements.count_by_status()[Status.DRAFT] == 2  # it has what was typed


def test_a_save_of_what_is_public_says_that_residents_see_it_and_where_it_is_undone(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    for status, is_seen in ((Status.PUBLISHED, True), (Status.DRAFT, False)):
        made = site.announcement("ซ่อมถนน", status=status)
        form = f"/staff/announcements/{made.id}"
        data = sent_form(clerk.get(form).text) | {"body": "ใหม่"}
        said = clerk.post(form, data=data, follow_redirects=True).text
        assert ("ประชาชนเห็นแล้ว" in said) is is_seen
        _undo_beside_message(clerk, said)
        assert site.services.announcements.get(made.id).body == made.body
        paper = site.attach(made.id, memo("ถนน"), "ถนน.pdf")
        data = sent_form(clerk.get(form).text) | {"body": "ใหม่", f"label-{paper.id}": "แบบแปลนถนน"}
        said = clerk.post(form, data=data, follow_redirects=True).text  # two changes, one way back
        assert ("ประชาชนเห็นแล้ว" in said) is is_seen
        assert said.index("บันทึกแล้ว") < said.index("<h1")
        assert site.services.attachments.get(paper.id).label == "แบบแปลนถนน"
        _undo_beside_message(clerk, said)
        assert site.services.announcements.get(made.id).body == made.body
        assert site.services.attachments.get(paper.id).label == paper.label


def draft_with_three_papers(site: Site) -> tuple[Announcement, list[Attachment]]:
    made = site.announcement("ซ่อมถนน", status=Status.DRAFT)
    papers = [site.attach(made.id, memo(name), f"{name}.pdf") for name in ("ค", "ก", "ข")]
    site.work()
    return made, papers


def order_of_papers(site: Site, announcement: Announcement) -> list[int]:
    return [each.id for each in site.services.attachments.by_announcement([announcement.id])[announcement.id]]


def test_the_undo_of_an_order_keeps_what_is_typed(site: Site) -> None:
    made, papers = draft_with_three_papers(site)
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"

    typed = sent_form(clerk.get(form).text) | {"body": "พิมพ์ค้างไว้"}
    typed |= {f"label-{each.id}": name for each, name in zip(papers, ("ค", "ก", "ข"), strict=True)}
    page = clerk.post(form, data=typed | {"sort": "label"}).text
    assert order_of_papers(site, made) == [papers[1].id, papers[2].id, papers[0].id]
    (name, change) = re.findall(r'form="main" name="(undo_order)" value="(\d+)"', page)[0]
    page = clerk.post(form, data=sent_form(page) | {"body": "พิมพ์ค้างไว้", name: change}).text
    assert order_of_papers(site, made) == [each.id for each in papers]
    assert "พิมพ์ค้างไว้" in page
    assert site.services.announcements.get(made.id).body == ""
    page = clerk.post(form, data=sent_form(page) | {name: change}).text  # pressed again: undone already
    assert "มีการแก้ไขหลังจากนั้นแล้ว" in page
    assert order_of_papers(site, made) == [each.id for each in papers]


def test_the_undo_of_a_save_takes_back_its_order_and_its_text(site: Site) -> None:
    made, papers = draft_with_three_papers(site)
    clerk, form = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"

    typed = sent_form(clerk.get(form).text) | {"body": "ใหม่", f"position-{papers[0].id}": "3"}
    page = clerk.post(form, data=typed, follow_redirects=True).text
    assert (site.services.announcements.get(made.id).body, order_of_papers(site, made)[-1]) == (
        "ใหม่",
        papers[0].id,
    )
    assert "undo_order" not in page  # which would take back the order alone
    (undo,) = re.findall(r'action="(/staff/history/bulk/\w+/undo)"', page)
    assert clerk.post(undo, data={"confirmed": "yes"}, follow_redirects=True).status_code == 200
    assert site.services.announcements.get(made.id).body == ""
    assert order_of_papers(site, made) == [each.id for each in papers]


def test_a_typed_title_is_not_called_filled_in_when_the_form_is_shown_again(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    made, _ = new_with_file(site, clerk)
    site.work()
    form = f"/staff/announcements/{made.id}"
    sent = sent_form(clerk.get(form).text)
    again = clerk.post(form, data=sent | {"published_on": "ไม่มีวัน", "title": "พิมพ์เอง"}).text
    assert 'id="from-title"' not in again
    assert 'id="from-author"' in again
