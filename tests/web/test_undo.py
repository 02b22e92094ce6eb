"""Every change has a way back; changes made at once go back at once; who did what is seen for all records."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from archive import thai
from archive.bulk_commands import apply_as_one_bulk
from archive.changes import IMPORTER, SAMPLE, WORKER
from archive.disclosure import DisclosureEntry
from archive.errors import Conflict, Invalid
from archive.model import (
    Announcement,
    Change,
    CollectionLine,
    DocumentKind,
    Draft,
    HoldReason,
    LowConfidenceSpan,
    RelationKind,
    Role,
    Status,
)
from archive.site_profile import SiteProfile
from archive.undo import Undo
from tests.factories.memos import memo
from tests.web.conftest import Site, sent_form
from web.disclosure_overview import year_items
from web.template_filters import day


def undo_last(
    site: Site, clerk: FlaskClient, made: Announcement, action: str, *, is_offered: bool = True
) -> str:
    """Undo the record's last change of this kind, and confirm. Returns the next page.

    ``is_offered``: False where the history has no button for it, since the record would refuse it.
    """
    change = next(each for each in reversed(site.services.history.entries(made.id)) if each.action == action)
    page = clerk.get(f"/staff/announcements/{made.id}/history").text
    assert (f"/staff/history/{change.id}/undo" in page) is is_offered
    return clerk.post(
        f"/staff/history/{change.id}/undo", data={"confirmed": "yes"}, follow_redirects=True
    ).text


def test_fields_go_back_and_the_way_back_goes_back(site: Site) -> None:
    made = site.announcement("ก่อน", status=Status.DRAFT, kind=DocumentKind.ORDER)
    clerk = site.signed_in(Role.STAFF)
    changes: dict[str, object] = {"title": "หลัง", "kind": "news", "category": "คลัง"}
    site.services.commands.announcements.revise(made.id, changes, actor="x")
    undo_last(site, clerk, made, "revise")
    now = site.services.announcements.get(made.id)
    assert (now.title, now.kind, now.category) == ("ก่อน", DocumentKind.ORDER, "")
    undo_last(site, clerk, made, "revise")
    assert site.services.announcements.get(made.id).title == "หลัง"


def test_several_changes_are_told_by_what_residents_see(site: Site) -> None:
    published = [site.announcement(f"แจ้งข่าว {n}", category="ข่าว") for n in range(2)]
    drafts = [site.announcement(f"ร่าง {n}", status=Status.DRAFT) for n in range(2)]
    commands, clerk = site.services.commands, site.signed_in(Role.STAFF)
    with site.services.records.batch("retag"):
        for each in published:
            commands.announcements.revise(each.id, {"category": "แจ้งเตือน"}, actor="x")
    question = clerk.post("/staff/history/bulk/retag/undo").text
    assert "หมวดที่ประชาชนเห็นกลับเป็นอย่างเดิม" in question
    assert "กลับเป็นอย่างก่อน" not in question
    with site.services.records.batch("publish"):
        for each in drafts:
            commands.publication.publish(each.id, actor="x")
            commands.announcements.revise(each.id, {"category": "แจ้งเตือน"}, actor="x")
    question = clerk.post("/staff/history/bulk/publish/undo").text
    assert "กลับเป็นฉบับร่าง" in question
    assert "หมวดที่ประชาชนเห็น" not in question  # they see nothing of it
    assert question.count(">ร่าง 0<") == 1


def test_a_first_title_is_taken_back_from_a_draft_only(site: Site) -> None:
    made, clerk = site.announcement("ร่าง", status=Status.DRAFT), site.signed_in(Role.STAFF)
    site.services.announcements.revise(made.id, {"title": ""}, actor="upload")
    site.services.commands.announcements.revise(made.id, {"title": "ชื่อผิด"}, actor="x")
    undo_last(site, clerk, made, "revise")
    assert site.services.announcements.get(made.id).title == ""
    site.services.commands.announcements.revise(made.id, {"title": "ชื่อถูก"}, actor="x")
    site.services.commands.publication.publish(made.id, actor="x")
    assert "ประกาศต้องมีชื่อเรื่อง" in undo_last(site, clerk, made, "revise", is_offered=False)
    assert site.services.announcements.get(made.id).title == "ชื่อถูก"


def test_other_fields_go_back_where_a_first_title_must_stay(site: Site) -> None:
    made, clerk = site.announcement("ร่าง", status=Status.DRAFT), site.signed_in(Role.STAFF)
    site.services.announcements.revise(made.id, {"title": ""}, actor="upload")
    site.services.commands.announcements.revise(made.id, {"title": "ซ่อมถนน", "author": "กองช่าง"}, actor="x")
    site.services.commands.publication.publish(made.id, actor="x")
    changes = {each.action: each for each in site.services.history.entries(made.id)}
    for address in (f"/staff/announcements/{made.id}/history", "/staff/history"):
        page = clerk.get(address).text
        assert f"/staff/history/{changes['create'].id}/undo" not in page  # a published record refuses it
        assert f"/staff/history/{changes['revise'].id}/undo" in page
    asked = clerk.post(f"/staff/history/{changes['revise'].id}/undo").text
    assert "ผู้ประกาศ: ประชาชนเห็น" in asked
    assert "เรื่อง: ประชาชนเห็น" not in asked
    undo_last(site, clerk, made, "revise")
    now = site.services.announcements.get(made.id)
    assert (now.title, now.author) == ("ซ่อมถนน", "จับกังไซเบอร์")


def test_each_status_goes_back_to_the_one_before(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    clerk, commands, records = site.signed_in(Role.STAFF), site.services.commands, site.services.records
    commands.publication.publish(made.id, actor="x")
    commands.publication.withdraw(made.id, actor="x", reason="ลงผิด")
    undo_last(site, clerk, made, "withdraw")
    assert records.announcements.get(made.id).status is Status.PUBLISHED
    commands.publication.withdraw(made.id, actor="x", reason="ลงผิดอีก")
    commands.publication.trash(made.id, actor="x")
    undo_last(site, clerk, made, "trash")
    assert (records.announcements.get(made.id).status, records.announcements.get(made.id).reason) == (
        Status.WITHDRAWN,
        "ลงผิดอีก",
    )
    commands.publication.restore_as_draft(made.id, actor="x")
    undo_last(site, clerk, made, "restore")
    assert records.announcements.get(made.id).reason == "ลงผิดอีก"


def test_the_undo_of_an_undone_restoration_makes_a_draft_again_and_publishes_nothing(site: Site) -> None:
    """The restoration was undone, which withdrew the draft: before that step it was a draft."""
    clerk = site.signed_in(Role.STAFF)
    commands, records = site.services.commands, site.services.records
    made = site.announcement("รับสมัครงาน", status=Status.WITHDRAWN)
    commands.publication.restore_as_draft(made.id, actor="x")
    undo_last(site, clerk, made, "restore")
    assert records.announcements.get(made.id).status is Status.WITHDRAWN
    undo_last(site, clerk, made, "withdraw")
    assert records.announcements.get(made.id).status is Status.DRAFT
    assert site.client().get(f"/announcements/{made.id}").status_code == 404


def test_a_relation_of_a_withdrawn_record_is_undone_where_it_may_be_decided(site: Site) -> None:
    newer, older = site.announcement("ฉบับใหม่"), site.announcement("ฉบับเดิม", status=Status.WITHDRAWN)
    commands, records = site.services.commands, site.services.records
    commands.announcements.decide_relation(newer.id, older.id, RelationKind.REPLACES, actor="x")
    undo, change = Undo(records, commands), records.history.entries(older.id)[-1]
    assert not undo.is_refused(change, Status.WITHDRAWN)
    undo.undo(change, actor="x")
    assert [each.kind for each in records.relations.list_decisions(older.id)] == [None]


def test_the_undo_of_a_withdrawal_publishes_the_title_that_residents_read(site: Site) -> None:
    made = site.announcement("scan0012", published_on=thai.today())
    site.attach(made.id, memo("ให้ซื้อ", subject="ซื้อสารส้ม"), "scan0012.pdf")
    site.work()
    site.services.commands.publication.withdraw(made.id, actor="x", reason="ลงผิด")
    undo_last(site, site.signed_in(Role.STAFF), made, "withdraw")
    now = site.services.announcements.get(made.id)
    assert (now.status, now.title, now.published_on) == (Status.PUBLISHED, "scan0012", made.published_on)


def test_no_undo_that_would_publish_a_title_ending_like_a_file_is_offered(site: Site) -> None:
    """Such titles are of imported records, and of publications by earlier versions."""
    commands, clerk = site.services.commands, site.signed_in(Role.STAFF)
    named = Draft(title="ประกาศ.doc", published_on=dt.date(2021, 6, 9))
    made = commands.announcements.create(named, status=Status.PUBLISHED, actor="test")
    form = f"/staff/announcements/{made.id}"
    page = clerk.post(f"{form}/withdraw", data={"reason": "ลงผิด"}, follow_redirects=True).text
    [notice] = re.findall(r'<form\s+class="notice good.*?</form>', page, re.DOTALL)
    assert "เลิกทำ เผยแพร่ต่อ" not in notice
    assert "ชื่อเรื่องเป็นชื่อไฟล์" in notice
    said = undo_last(site, clerk, made, "withdraw", is_offered=False)
    assert "ชื่อเรื่องเป็นชื่อไฟล์" in said
    retitled = commands.announcements.create(named, status=Status.PUBLISHED, actor="test")
    commands.announcements.revise(retitled.id, {"title": "ซ่อมถนน"}, actor="x")
    said = undo_last(site, clerk, retitled, "revise", is_offered=False)
    assert "ชื่อเรื่องเป็นชื่อไฟล์" in said
    assert site.services.announcements.get(retitled.id).title == "ซ่อมถนน"


def test_no_undo_shows_residents_what_was_written_into_a_draft_after_the_withdrawal(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.WITHDRAWN)
    clerk, commands, page = site.signed_in(Role.STAFF), site.services.commands, f"/announcements/{made.id}"
    said = "ชื่อเรื่องกับวันที่ยังเป็นอย่างที่ประชาชนเห็นตอนถอน"
    history = f"/staff/announcements/{made.id}/history"
    commands.publication.restore_as_draft(made.id, actor="x")
    commands.announcements.revise(made.id, {"body": "ร่างเนื้อความ"}, actor="x")  # residents are not told it
    assert said not in clerk.get(history).text
    commands.announcements.revise(made.id, {"title": "ร่างลับ"}, actor="x")
    commands.announcements.revise(made.id, {"title": "ร่างลับ ฉบับที่สอง"}, actor="x")
    assert said in clerk.get(history).text
    assert "แก้กลับเป็นอย่างเดิมก่อน" in undo_last(site, clerk, made, "restore", is_offered=False)
    assert site.client().get(page).status_code == 404
    commands.announcements.revise(made.id, {"title": "ประกาศ"}, actor="x")
    undo_last(site, clerk, made, "restore")
    answer = site.client().get(page)
    assert (answer.status_code, "ร่าง" in answer.text) == (410, False)


def test_an_older_status_is_not_brought_back_over_a_newer_one(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.WITHDRAWN)
    site.services.commands.publication.restore_as_draft(made.id, actor="x")
    clerk = site.signed_in(Role.STAFF)
    assert "เปลี่ยนไปอีกภายหลัง" in undo_last(site, clerk, made, "withdraw", is_offered=False)
    assert site.services.announcements.get(made.id).status is Status.DRAFT


def test_a_bulk_withdrawal_is_not_undone_once_the_record_was_withdrawn_again(site: Site) -> None:
    """It was published in between: the undo would show residents what was withdrawn for another reason."""
    commands, records = site.services.commands, site.services.records
    made = site.announcement("รับสมัครงาน")
    withdrawn = apply_as_one_bulk(
        records, [made.id], lambda one: commands.publication.withdraw(one, actor="x", reason="ลงผิด")
    )
    commands.publication.restore_as_draft(made.id, actor="x")
    commands.publication.publish(made.id, actor="x")
    commands.publication.withdraw(made.id, actor="x", reason="คำสั่งศาล")
    undo, changes = Undo(records, commands), records.changes.list_bulk(withdrawn.bulk)
    assert not undo.is_any_in_force(changes)
    assert undo.undo_bulk(withdrawn.bulk, actor="x").done == ()
    with pytest.raises(Conflict):
        undo.undo(changes[0], actor="x")
    assert records.announcements.get(made.id).reason == "คำสั่งศาล"


def test_the_undo_of_many_publications_is_undone_as_one(site: Site) -> None:
    """Each record has two changes of status in it, of which the later one goes back first."""
    commands, records = site.services.commands, site.services.records
    ids = [site.announcement(title, status=Status.DRAFT).id for title in ("ก", "ข")]
    undo = Undo(records, commands)
    published = apply_as_one_bulk(records, ids, lambda one: commands.publication.publish(one, actor="x"))
    undone = undo.undo_bulk(published.bulk, actor="x")
    assert {each.status for each in records.announcements.get_many(ids).values()} == {Status.DRAFT}
    assert len(undo.undo_bulk(undone.bulk, actor="x").done) == 2
    assert {each.status for each in records.announcements.get_many(ids).values()} == {Status.PUBLISHED}


def test_a_publication_is_undone_from_the_history_after_a_question(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    clerk, history = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}/history"
    for _ in range(2):
        site.services.commands.publication.publish(made.id, actor="x")
        site.services.commands.announcements.revise(
            made.id, {"category": f"หมวด {_}"}, actor="x"
        )  # the banner is gone
        change = [each for each in site.services.history.entries(made.id) if each.action == "publish"][-1]
        way, page = f"/staff/history/{change.id}/undo", clerk.get(history).text
        assert f'href="/staff/announcements/{made.id}#withdraw"' in page  # with a reason that residents read
        assert page.count("เลิกทำ กลับเป็นฉบับร่าง") == 1  # beside the publication that is in force
        assert f'action="{way}"' in page
        asked = clerk.post(way, data={"next": history})
        assert "ประชาชนจะเปิดเรื่องเหล่านี้ไม่ได้อีก" in asked.text
        assert site.client().get(f"/announcements/{made.id}").status_code == 200
        clerk.post(way, data={"next": history, "confirmed": "yes"})
        assert site.client().get(f"/announcements/{made.id}").status_code == 404
        assert site.services.announcements.get(made.id).status is Status.DRAFT
    assert "#withdraw" not in clerk.get(history).text


def test_an_undo_says_that_a_cancelled_file_is_in_use_already(site: Site) -> None:
    made, clerk, commands = site.announcement("ประกาศ"), site.signed_in(Role.STAFF), site.services.commands
    paper = site.attach(made.id, memo("หนึ่ง"))
    site.work()
    newer = memo("สอง")
    waiting = commands.file_versions.replace(paper.id, io.BytesIO(newer), filename="สอง.pdf", actor="x")
    commands.attachments.detach(waiting.id, actor="x")  # cancelled, and sent again
    commands.file_versions.replace(paper.id, io.BytesIO(newer), filename="สอง.pdf", actor="x")
    site.work()
    assert site.services.attachments.get(paper.id).filename == "สอง.pdf"
    [cancelled] = [each for each in site.services.history.entries(made.id) if each.action == "detach"]
    said = clerk.post(
        f"/staff/history/{cancelled.id}/undo", data={"confirmed": "yes"}, follow_redirects=True
    ).text
    assert "เอกสารนี้อยู่ในประกาศแล้ว จึงไม่มีอะไรให้นำกลับมา" in said


def test_a_cancelled_file_that_became_a_document_of_its_own_stays_when_its_replacing_is_undone(
    site: Site,
) -> None:
    made, clerk, commands = site.announcement("ประกาศ"), site.signed_in(Role.STAFF), site.services.commands
    paper = site.attach(made.id, memo("หนึ่ง"))
    site.work()
    newer = memo("สอง")
    waiting = commands.file_versions.replace(paper.id, io.BytesIO(newer), filename="สอง.pdf", actor="x")
    commands.attachments.detach(waiting.id, actor="test")
    added = site.attach(made.id, newer, "สอง.pdf")
    site.work()
    documents = site.services.attachments.by_announcement([made.id])[made.id]
    assert [(each.id, each.filename) for each in documents] == [
        (paper.id, paper.filename),
        (added.id, "สอง.pdf"),
    ]
    assert "ไฟล์ใหม่ไม่ได้รอใช้แทนไฟล์นี้แล้ว" in undo_last(site, clerk, made, "replace")
    assert site.services.attachments.by_announcement([made.id])[made.id] == documents


def test_the_history_says_why_a_confirmation_has_no_way_back(site: Site) -> None:
    made = site.announcement("ประกาศ")
    site.services.announcements.record_confirmation(made.id, {"title": "ประกาศ"}, actor="x")
    page = site.signed_in(Role.STAFF).get(f"/staff/announcements/{made.id}/history").text
    assert "ยืนยันค่าเดิม จึงไม่มีอะไรให้เลิกทำ" in page


def test_the_history_says_why_what_was_hidden_is_not_shown_by_an_undo(site: Site) -> None:
    made, clerk, commands = site.announcement("ประกาศ"), site.signed_in(Role.STAFF), site.services.commands
    paper = site.attach(made.id, memo("ผู้ร้อง 1-1017-00230-70-8"), "คำร้อง.pdf")
    site.work()
    commands.attachments.release_with_reason(paper.id, actor="x", reason="กฎหมายกำหนด")
    undo_last(site, clerk, made, "release")
    hidden = site.services.history.entries(made.id)[-1]
    assert hidden.action == "hold"
    for address in (f"/staff/announcements/{made.id}/history", "/staff/history"):
        page = clerk.get(address).text
        assert f"/staff/history/{hidden.id}/undo" not in page
        assert "ประชาชนจะเห็นสิ่งที่ยังไม่มีผู้พิจารณา" in page
        assert f'href="/staff/announcements/{made.id}#attachment-{paper.id}"' in page


def test_a_page_read_again_goes_back_from_the_history(site: Site) -> None:
    made, clerk = site.announcement("ประกาศ"), site.signed_in(Role.STAFF)
    paper = site.attach(made.id, memo("หนึ่ง"), "หนึ่ง.pdf")
    site.work()
    site.services.commands.pages.correct(paper.id, 1, "แก้แล้ว", actor="x")
    clerk.post(
        f"/staff/attachments/{paper.id}/pages/1/reread", data={"method": "embedded", "confirmed": "yes"}
    )
    assert site.services.pages.get(paper.id, 1).text != "แก้แล้ว"
    change = site.services.history.entries(made.id)[-1]
    asked = clerk.post(f"/staff/history/{change.id}/undo").text
    assert "ข้อความหน้า 1 ของเอกสาร “หนึ่ง” กลับเป็นอย่างเดิม" in asked
    undo_last(site, clerk, made, "reread")
    now = site.services.pages.get(paper.id, 1)
    assert (now.text, now.corrected) == ("แก้แล้ว", True)


def test_a_publication_is_taken_back_with_one_click_while_nothing_followed(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    clerk = site.signed_in(Role.STAFF)
    page = clerk.post(f"/staff/announcements/{made.id}/publish", data={"when": "now"}, follow_redirects=True)
    assert "เผยแพร่แล้ว ประชาชนเปิดอ่านได้ทันที" in page.text
    [notice] = re.findall(r'<form\s+class="notice good.*?</form>', page.text, re.DOTALL)
    way = notice.split('action="')[1].split('"')[0]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', notice))
    assert "ถอนประกาศ" not in notice
    back = clerk.post(way, data=sent, follow_redirects=True)
    assert back.request.path == f"/staff/announcements/{made.id}"
    assert site.services.announcements.get(made.id).status is Status.DRAFT
    assert site.client().get(f"/announcements/{made.id}").status_code == 404
    assert way not in clerk.get(page.request.full_path).text  # it is a draft again
    site.services.commands.publication.publish(made.id, actor="x")
    last = max(each.id for each in site.services.history.entries(made.id))
    address = f"/staff/announcements/{made.id}?done={last}"
    assert f"/staff/history/{last}/undo" in clerk.get(address).text
    site.services.commands.announcements.revise(made.id, {"category": "ภาษี"}, actor="x")
    assert f"/staff/history/{last}/undo" not in clerk.get(address).text


def test_a_withdrawal_is_taken_back_beside_its_message(site: Site) -> None:
    made, successor = site.announcement("ซ่อมสะพาน"), site.announcement("ซ่อมสะพานฉบับแก้ไข")
    clerk, address = site.signed_in(Role.STAFF), f"/staff/announcements/{made.id}"
    assert "จะเห็นเท่านี้ และฉบับที่ใช้แทน (ถ้าระบุไว้)" in clerk.get(address).text
    for sent in ({"reason": "ลงผิดเรื่อง"}, {"reason": "มีฉบับใหม่", "successor": "ซ่อมสะพานฉบับแก้ไข"}):
        page = clerk.post(f"{address}/withdraw", data=sent, follow_redirects=True)
        assert site.client().get(f"/announcements/{made.id}").status_code == 410
        [notice] = re.findall(r'<form\s+class="notice good.*?</form>', page.text, re.DOTALL)
        assert "ถอนประกาศแล้ว ประชาชนเห็นเพียงชื่อเรื่อง" in notice
        assert "ฉบับที่ใช้แทน (ถ้ามี)" in notice
        assert "เลิกทำ เผยแพร่ต่อ" in notice
        way = notice.split('action="')[1].split('"')[0]
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', notice))
        back = clerk.post(way, data=fields, follow_redirects=True)
        assert back.request.path == address
        assert "เผยแพร่อีกครั้ง ประชาชนจะเห็นเรื่องเหล่านี้" in back.text
        assert site.client().get(f"/announcements/{made.id}").status_code == 200
        assert way not in clerk.get(page.request.full_path).text
    assert not any(each.kind for each in site.services.relations.list_decisions(successor.id))


def test_a_withdrawal_whose_undo_is_refused_keeps_its_successor(site: Site) -> None:
    made = site.announcement("ซ่อมสะพาน", body="ติดต่อ 081-234-5678", status=Status.DRAFT)
    successor, clerk = site.announcement("ซ่อมสะพานฉบับแก้ไข"), site.signed_in(Role.STAFF)
    site.services.commands.publication.publish(made.id, actor="x", reason="เบอร์ของสำนักงาน")
    page = clerk.post(
        f"/staff/announcements/{made.id}/withdraw",
        data={"reason": "มีฉบับใหม่", "successor": successor.title},
        follow_redirects=True,
    )
    [notice] = re.findall(r'<form\s+class="notice good.*?</form>', page.text, re.DOTALL)
    assert "เลิกทำ เผยแพร่ต่อ" not in notice  # a reason is needed, and there is no field for it
    assert "เรื่องนี้มีข้อมูลส่วนบุคคล ถ้าจะเผยแพร่ต่อ ให้กู้คืนเป็นฉบับร่าง แล้วเผยแพร่โดยระบุเหตุผล" in notice
    bulk = site.services.history.entries(made.id)[-1].bulk
    back = clerk.post(
        f"/staff/history/bulk/{bulk}/undo", data={"confirmed": "yes"}, follow_redirects=True
    ).text
    assert "เลิกทำไม่ได้เลย ทุกเรื่องคงไว้ตามเดิม" in back
    assert "เลิกทำแล้ว กลับเป็นอย่างเดิม" not in back
    assert site.services.announcements.get(made.id).status is Status.WITHDRAWN
    [relation] = site.services.relations.list_decisions(made.id)
    assert (relation.newer_id, relation.kind) == (successor.id, RelationKind.REPLACES)
    assert f"/announcements/{successor.id}" in site.client().get(f"/announcements/{made.id}").text
    assert "เลิกทำทั้งหมดนี้" not in clerk.get(f"/staff/history?bulk={bulk}").text


def test_the_undo_of_a_withdrawal_is_not_offered_where_a_reason_is_needed(site: Site) -> None:
    made, clerk = site.announcement("ซ่อมสะพาน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    site.attach(made.id, memo("ติดต่อ 081-234-5678"))
    site.work()
    site.services.commands.publication.publish(made.id, actor="x", reason="เบอร์ของสำนักงาน")
    page = clerk.post(
        f"/staff/announcements/{made.id}/withdraw", data={"reason": "ลงผิดเรื่อง"}, follow_redirects=True
    ).text
    assert "เลิกทำ เผยแพร่ต่อ" not in page
    undone = undo_last(site, clerk, made, "withdraw", is_offered=False)
    assert "ให้กู้คืนเป็นฉบับร่าง แล้วเผยแพร่โดยระบุเหตุผล" in undone
    assert site.services.announcements.get(made.id).status is Status.WITHDRAWN


def test_what_residents_see_of_a_withdrawal_is_told_before(site: Site) -> None:
    made = site.announcement("ซ่อมสะพาน")
    clerk = site.signed_in(Role.STAFF)
    form = clerk.get(f"/staff/announcements/{made.id}").text.split('id="withdraw"')[1].split("</details>")[0]
    assert "ประชาชนจะค้นเรื่องนี้ไม่พบ และเปิดเนื้อหากับเอกสารแนบไม่ได้" in form
    site.services.commands.publication.withdraw(made.id, actor="x", reason="(เหตุผลที่พิมพ์ไว้ข้างบน)")
    [seen] = re.findall(
        r"<h1>.*?</dl>\s*<p>.*?</p>", site.client().get(f"/announcements/{made.id}").text, re.DOTALL
    )
    preview = form.split("</h3>")[1].split("</section>")[0]
    words = [" ".join(re.sub("<[^>]*>", " ", markup).split()) for markup in (preview, seen)]
    assert words[0] == words[1]


def test_what_was_done_to_papers_goes_back(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    first, second = (site.attach(made.id, memo(text), f"{text}.pdf") for text in ("หนึ่ง", "สอง"))
    site.work()
    clerk, commands, records = site.signed_in(Role.STAFF), site.services.commands, site.services.records

    def order() -> list[int]:
        return [each.id for each in records.attachments.by_announcement([made.id])[made.id]]

    commands.attachments.move(second.announcement_id, {second.id: 1}, actor="x")
    undo_last(site, clerk, made, "order")
    assert order() == [first.id, second.id]
    commands.attachments.detach(first.id, actor="x")
    undo_last(site, clerk, made, "detach")
    assert order() == [first.id, second.id]
    undo_last(site, clerk, made, "attach")
    assert order() == [first.id]
    commands.attachments.relabel(first.id, label="ชื่อใหม่", kind=DocumentKind.ORDER, actor="x")
    undo_last(site, clerk, made, "label")
    assert (records.attachments.get(first.id).label, records.attachments.get(first.id).kind) == (
        "หนึ่ง",
        DocumentKind.OTHER,
    )
    before = replace(
        records.pages.get(first.id, 1),
        doubts=(LowConfidenceSpan(0, 4, 0.5, ("บันทึก",)), LowConfidenceSpan(5, 6, 0.4)),
    )
    records.pages.save(before)
    commands.pages.correct(first.id, 1, "แก้แล้ว", actor="x")
    assert not records.pages.get(first.id, 1).doubts
    undo_last(site, clerk, made, "correct")
    after = records.pages.get(first.id, 1)
    assert (after.text, after.doubts, after.corrected) == (before.text, before.doubts, False)
    commands.file_versions.replace(first.id, io.BytesIO(memo("สาม")), filename="สาม.pdf", actor="x")
    undo_last(site, clerk, made, "replace")
    assert records.attachments.get(first.id).sha256 == first.sha256


def test_a_decision_to_show_personal_data_goes_back(site: Site) -> None:
    made = site.announcement("ผู้รับเบี้ย", status=Status.DRAFT)
    held = site.attach(made.id, memo("นางสมศรี 1-1017-00230-70-8"))
    site.work()
    site.services.commands.attachments.release_with_reason(held.id, actor="x", reason="กฎหมายกำหนด")
    undo_last(site, site.signed_in(Role.STAFF), made, "release")
    now = site.services.attachments.get(held.id)
    assert (now.hold, now.decided) == (HoldReason.PERSONAL_DATA, ())


def test_a_collection_goes_back(site: Site) -> None:
    listed = site.announcement("ประกาศ")
    commands, records = site.services.commands, site.services.records
    kept = commands.collections.save(
        None, title="OIT", body="เดิม", items=[CollectionLine("O1", listed.id)], actor="x"
    )
    commands.collections.save(kept.id, title="ใหม่", body="เดิม", items=[], actor="x")
    change = records.collections.history(kept.id)[-1]
    clerk = site.signed_in(Role.STAFF)
    address = f"/staff/history/collections/{change.id}/undo"
    assert address in clerk.get(f"/staff/collections/{kept.id}/history").text
    assert "หน้าชุดประกาศที่ประชาชนเห็นกลับเป็นอย่างเดิม" in clerk.post(address).text  # asks first
    clerk.post(address, data={"confirmed": "yes"})
    now = records.collections.get(kept.id)
    assert (now.title, now.body, now.items) == ("OIT", "เดิม", (CollectionLine("O1", listed.id),))


@pytest.mark.parametrize(
    ("action", "values"),
    [("retag", {"category": "ใหม่", "confirmed": "ใหม่"}), ("trash", {}), ("assign", {"person": "staff"})],
)
def test_what_was_done_to_many_is_undone_as_one(site: Site, action: str, values: dict[str, str]) -> None:
    made = [site.announcement(f"ร่าง {n}", status=Status.DRAFT, category="เดิม") for n in range(30)]
    clerk = site.signed_in(Role.STAFF)
    data = {"action": action, "id": [str(each.id) for each in made], **values}
    page = clerk.post("/staff/bulk", data=data, follow_redirects=True).text
    assert "แล้ว 30 เรื่อง" in page
    [button] = re.findall(r'action="(/staff/history/bulk/\w+/undo)"', page)
    changes = f"/staff/history?bulk={button.split('/')[4]}"
    assert "เลิกทำทั้งหมดนี้" in clerk.get(changes).text
    clerk.post(button)
    assert "เลิกทำทั้งหมดนี้" not in clerk.get(changes).text  # it is undone
    kept = site.services.announcements.get_many(each.id for each in made).values()
    assert {(each.status, each.category, each.assigned_to) for each in kept} == {(Status.DRAFT, "เดิม", "")}


@pytest.mark.parametrize(
    "action",
    ["label", "order", "detach", "reattach", "correct", "replace", "release", "relate", "disclose", "create"],
)
def test_once_undone_it_is_not_offered_again(site: Site, action: str) -> None:
    made, older = (site.announcement(title, status=Status.DRAFT) for title in ("ซ่อมถนน", "ซ่อมถนนเดิม"))
    first, second = (site.attach(made.id, memo(f"{text} 1-1017-00230-70-8"), f"{text}.pdf") for text in "กข")
    site.work()
    commands, records = site.services.commands, site.services.records
    if action == "reattach":
        commands.attachments.detach(second.id, actor="x")
    entry = DisclosureEntry(year=2569, item="structure", part=0, announcement_id=made.id)
    changes: dict[str, Callable[[], object]] = {
        "label": lambda: commands.attachments.relabel(
            first.id, label="แบบแปลน", kind=DocumentKind.MEMO, actor="x"
        ),
        "order": lambda: commands.attachments.move(made.id, {second.id: 1}, actor="x"),
        "detach": lambda: commands.attachments.detach(first.id, actor="x"),
        "reattach": lambda: commands.attachments.reattach(second.id, actor="x"),
        "correct": lambda: commands.pages.correct(first.id, 1, "แก้แล้ว", actor="x"),
        "replace": lambda: commands.file_versions.replace(
            first.id, io.BytesIO(memo("ใหม่")), filename="c.pdf", actor="x"
        ),
        "release": lambda: commands.attachments.release_with_reason(
            first.id, actor="x", reason="กฎหมายกำหนด"
        ),
        "relate": lambda: commands.announcements.decide_relation(
            made.id, older.id, RelationKind.CANCELS, actor="x"
        ),
        "disclose": lambda: records.disclosure.assign(entry, actor="x"),
        "create": lambda: commands.announcements.create(
            Draft(title="อีกเรื่อง", published_on=dt.date(2026, 1, 5)), actor="x"
        ),
    }
    with records.batch("together"):
        changes[action]()
    clerk = site.signed_in(Role.STAFF)
    page = "/staff/history?bulk=together"
    assert "เลิกทำทั้งหมดนี้" in clerk.get(page).text
    undone = clerk.post("/staff/history/bulk/together/undo", data={"confirmed": "yes"}, follow_redirects=True)
    assert "เลิกทำแล้ว" in undone.text
    assert "notice bad" not in undone.text
    assert "เลิกทำทั้งหมดนี้" not in clerk.get(page).text


def test_an_undone_list_of_items_is_not_offered_again(site: Site) -> None:
    admin, disclosure = site.signed_in(Role.ADMIN), site.services.disclosure
    item = year_items(site.services, 2569)[0]
    with site.services.records.batch("together"):
        disclosure.save_item(2569, replace(item, title="ชื่อใหม่"), replaced=item, actor="x")
        disclosure.save_item(2569, replace(item, key="new"), replaced=None, actor="x")
    assert "เลิกทำทั้งหมดนี้" in admin.get("/staff/history?bulk=together").text
    admin.post("/staff/history/bulk/together/undo", data={"confirmed": "yes"})
    assert "ชื่อใหม่" not in admin.get("/staff/disclosure/2569").text
    assert "เลิกทำทั้งหมดนี้" not in admin.get("/staff/history?bulk=together").text


def test_what_was_taken_out_of_an_item_is_not_put_back_once_that_is_hidden(site: Site) -> None:
    commands, clerk = site.services.commands.disclosure, site.signed_in(Role.STAFF)
    item = next(each for each in year_items(site.services, 2569) if each.key == "structure")
    made = site.announcement("โครงสร้าง")
    entry = DisclosureEntry(year=2569, item="structure", part=0, announcement_id=made.id)
    commands.assign(entry, actor="x")
    with site.services.records.batch("taken-out"):
        commands.unassign(entry, actor="x")
    removed = site.services.history.entries(made.id)[-1]
    history = f"/staff/announcements/{made.id}/history"
    undo = f"/staff/history/{removed.id}/undo"
    assert undo in clerk.get(history).text
    commands.save_item(2569, replace(item, is_hidden=True), replaced=item, actor="admin")
    assert undo not in clerk.get(history).text
    for address in (undo, "/staff/history/bulk/taken-out/undo"):
        refused = clerk.post(address, data={"confirmed": "yes"}, follow_redirects=True).text
        assert "ปีนี้ไม่มีรายการนี้" in refused
        assert site.services.disclosure.by_announcement(made.id) == []
    with pytest.raises(Invalid):
        commands.assign(entry, actor="x")


def test_what_is_not_undone_is_named_by_its_own_title(site: Site) -> None:
    """An announcement and a collection may have the same number."""
    made, commands, clerk = site.announcement("ประกาศแรก"), site.services.commands, site.signed_in(Role.STAFF)
    with site.services.records.batch("together"):
        commands.announcements.revise(made.id, {"category": "ใหม่"}, actor="x")
        kept = commands.collections.save(
            None, title="ชุดแรก", body="", items=[CollectionLine("ก", made.id)], actor="x"
        )
    assert kept.id == made.id
    commands.announcements.revise(made.id, {"category": "ใหม่กว่า"}, actor="x")
    commands.collections.save(
        kept.id, title="ชุดแรก", body="", items=[CollectionLine("ข", made.id)], actor="x"
    )
    page = clerk.post("/staff/history/bulk/together/undo", data={"confirmed": "yes"}, follow_redirects=True)
    refused = re.findall(r"(ประกาศแรก|ชุดแรก): \S", page.text)
    assert sorted(refused) == ["ชุดแรก", "ประกาศแรก"]


def test_changes_made_at_once_go_back_however_many_they_are(site: Site) -> None:
    records, clerk = site.services.records, site.signed_in(Role.STAFF)
    made = [site.announcement("ก่อน", status=Status.DRAFT, category="เดิม") for _ in range(2)]
    with records.batch("together"):
        for number in range(2_501):
            for each in made:
                records.announcements.revise(each.id, {"category": f"{number}"}, actor="x")
    clerk.post("/staff/history/bulk/together/undo", data={"confirmed": "yes"})
    kept = records.announcements.get_many(each.id for each in made)
    assert [kept[each.id].category for each in made] == ["เดิม", "เดิม"]


def test_undoing_many_leaves_what_somebody_changed_since(site: Site) -> None:
    made = [site.announcement(f"ร่าง {n}", status=Status.DRAFT, category="เดิม") for n in range(2)]
    clerk = site.signed_in(Role.STAFF)
    data = {"action": "retag", "id": [str(each.id) for each in made], "category": "ใหม่", "confirmed": "ใหม่"}
    page = clerk.post("/staff/bulk", data=data, follow_redirects=True).text
    site.services.commands.announcements.revise(made[1].id, {"category": "ของฉัน"}, actor="คนอื่น")
    [button] = re.findall(r'action="(/staff/history/bulk/\w+/undo)"', page)
    answer = clerk.post(button, follow_redirects=True).text
    assert "ร่าง 1: มีผู้แก้ไขเรื่องนี้ภายหลัง" in answer
    kept = site.services.announcements.get_many(each.id for each in made)
    assert [kept[each.id].category for each in made] == ["เดิม", "ของฉัน"]


def test_records_put_into_a_collection_are_taken_out_again_as_one(site: Site) -> None:
    made = [site.announcement(f"ประกาศ {n}") for n in range(3)]
    kept = site.services.commands.collections.save(
        None, title="OIT", body="", items=[CollectionLine("O1", None)], actor="x"
    )
    clerk = site.signed_in(Role.STAFF)
    data = {"action": "collect", "collection": str(kept.id), "id": [str(each.id) for each in made]}
    page = clerk.post("/staff/bulk", data=data, follow_redirects=True).text
    assert len(site.services.collections.get(kept.id).items) == 4
    [button] = re.findall(r'action="(/staff/history/bulk/\w+/undo)"', page)
    clerk.post(button, data={"confirmed": "yes"})
    assert site.services.collections.get(kept.id).items == (CollectionLine("O1", None),)


def test_the_history_names_other_records_and_marks_what_was_taken_away(site: Site) -> None:
    made, older = site.announcement("ซ่อมถนน"), site.announcement("ซ่อมถนนเดิม")
    commands, disclosure = site.services.commands, site.services.disclosure
    for kind in (RelationKind.REPLACES, None):
        commands.announcements.decide_relation(made.id, older.id, kind, actor="x")
    entry = DisclosureEntry(year=2569, item="structure", part=0, announcement_id=made.id)
    disclosure.assign(entry, actor="x")
    disclosure.unassign(entry, actor="x")
    lines = [CollectionLine("", older.id)]
    kept = commands.collections.save(None, title="ชุด", body="", items=lines, actor="x")
    clerk = site.signed_in(Role.STAFF)
    page = clerk.get(f"/staff/announcements/{made.id}/history").text
    assert f"ไม่เกี่ยวข้อง “ซ่อมถนนเดิม” #{older.id}" in page
    removed, added = (part.split("</dd>")[0] for part in page.split("รายการที่ต้องเปิดเผย</dt>")[1:])
    assert "<del>2569" in removed
    assert "นำออก" in removed
    assert "<del>" not in added
    assert f"“ซ่อมถนนเดิม” #{older.id}" in clerk.get(f"/staff/collections/{kept.id}/history").text


def test_who_did_what_is_listed_and_narrowed(site: Site) -> None:
    site.announcement("=ประกาศ")
    site.services.commands.collections.save(None, title="ชุด", body="", items=[], actor="มานะ")
    clerk = site.signed_in(Role.STAFF)
    page = clerk.get("/staff/history").text
    assert page.index("ชุด") < page.index("=ประกาศ")
    mine = clerk.get("/staff/history?actor=มานะ").text
    assert "=ประกาศ" not in mine
    assert "สร้าง" in mine
    assert "=ประกาศ" not in clerk.get("/staff/history?since-day=1&since-month=1&since-year=2100").text
    assert "ไม่มีวันที่นี้" in clerk.get("/staff/history?since-day=31&since-month=2&since-year=2026").text


def open_form(clerk: FlaskClient, made: Announcement) -> dict[str, str]:
    """The values with which the form opens."""
    page = clerk.get(f"/staff/announcements/{made.id}").text
    return {
        "last_change": page.split('name="last_change" value="')[1].split('"')[0],
        "title": made.title,
        "body": made.body,
        "author": made.author,
        "category": made.category,
        "kind": made.kind.value,
        "published_on": made.published_on.isoformat(),
    }


def test_two_editors_of_different_fields_do_not_notice_each_other(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT, body="เดิม\n\nสองวรรค")
    clerk = site.signed_in(Role.STAFF)
    form = open_form(clerk, made)
    site.services.commands.announcements.revise(made.id, {"category": "คลัง"}, actor="สมศรี")
    clerk.post(f"/staff/announcements/{made.id}", data=form | {"title": "ประกาศใหม่"})
    now = site.services.announcements.get(made.id)
    assert (now.title, now.category) == ("ประกาศใหม่", "คลัง")


def test_who_opens_a_form_is_told_of_the_other_editor(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    first, second = site.signed_in(Role.STAFF), site.signed_in(Role.ADMIN)
    address = f"/staff/announcements/{made.id}"
    site.services.commands.announcements.revise(
        made.id, {"category": "เดิม"}, actor="staff"
    )  # by the one who opens it first
    for _look in range(2):
        assert "อาจกำลังแก้อยู่" not in first.get(address).text
    form = second.get(address).text
    assert "staff เปิดเรื่องนี้ไว้ อาจกำลังแก้อยู่" in form
    look = html.unescape(form.split('data-awake="')[1].split('"')[0])
    assert second.get(look).text == "staff เปิดเรื่องนี้ไว้ อาจกำลังแก้อยู่"
    assert first.get(f"{look}&look=yes").text == "admin เปิดเรื่องนี้ไว้ อาจกำลังแก้อยู่"  # the first is told too
    site.services.commands.announcements.revise(made.id, {"category": "ภาษี"}, actor="staff")
    assert second.get(look).text.startswith("staff บันทึกเรื่องนี้ไปแล้วเมื่อ ")
    site.services.leases.release(f"form {made.id}", "staff")
    assert "staff บันทึกเรื่องนี้เมื่อ " in second.get(address).text
    assert "admin" not in second.get(address).text.split('id="main"')[1]
    second.post(address, data=sent_form(second.get(address).text) | {"author": "กองช่าง"})
    assert "บันทึกเรื่องนี้เมื่อ " not in second.get(address).text  # said once what one saves comes later


def test_a_look_at_who_else_is_at_work_claims_nothing(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    look = f"/staff/announcements/{made.id}/other-editor?opened_on=0&look=yes"
    site.signed_in(Role.STAFF).get(look)
    assert "เปิดเรื่องนี้ไว้" not in site.signed_in(Role.ADMIN).get(look).text


def test_two_editors_of_one_field_choose_with_both_texts_before_them(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    clerk = site.signed_in(Role.STAFF)
    form = open_form(clerk, made)
    site.services.commands.announcements.revise(
        made.id, {"title": "ของสมศรี", "category": "คลัง"}, actor="สมศรี"
    )
    typed = form | {"title": "ของฉัน", "author": "กองช่าง"}
    page = clerk.post(f"/staff/announcements/{made.id}", data=typed).text
    for shown in ("กรุณาเลือกทีละช่อง", "ของสมศรี", "ใช้ของ สมศรี", 'name="choose-title"', ">ของฉัน</textarea>"):
        assert shown in page
    assert 'name="choose-category"' not in page
    assert 'value="คลัง"' in page
    assert site.services.announcements.get(made.id).title == "ของสมศรี"
    again = typed | {
        "category": "คลัง",
        "last_change": page.split('name="last_change" value="')[1].split('"')[0],
    }
    for choice, expected in (("theirs", "ของสมศรี"), ("mine", "ของฉัน")):
        clerk.post(f"/staff/announcements/{made.id}", data=again | {"choose-title": choice})
        now = site.services.announcements.get(made.id)
        assert (now.title, now.author, now.category) == (expected, "กองช่าง", "คลัง")


def test_a_form_that_is_refused_changes_nothing(site: Site) -> None:
    made = site.announcement("ประกาศเบี้ยยังชีพ")
    papers = [site.attach(made.id, memo(text), f"{text}.pdf") for text in ("หนึ่ง", "สอง")]
    site.work()
    clerk = site.signed_in(Role.STAFF)
    before = site.services.announcements.get(made.id)
    labels = {f"label-{paper.id}": paper.label for paper in papers}
    kinds = {f"kind-{paper.id}": "memo" for paper in papers}
    form = open_form(clerk, made) | labels | kinds | {"title": "เปลี่ยนแล้ว"}
    last = papers[-1].id
    for wrong in (
        {f"label-{last}": "รายชื่อ 1-1017-00230-70-8"},
        {f"position-{last}": "ท้าย", f"was-{last}": "2"},
    ):
        clerk.post(f"/staff/announcements/{made.id}", data=form | wrong)
        assert site.services.announcements.get(made.id).title == before.title
        kept = site.services.attachments.by_announcement([made.id])[made.id]
        assert [(each.label, each.kind) for each in kept] == [(each.label, each.kind) for each in papers]


def test_a_paper_s_name_that_somebody_gave_meanwhile_stays(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    paper = site.attach(made.id, memo("หนึ่ง"), "หนึ่ง.pdf")
    clerk = site.signed_in(Role.STAFF)
    form = open_form(clerk, made) | {f"label-{paper.id}": "หนึ่ง", f"kind-{paper.id}": "other"}
    site.services.commands.attachments.relabel(
        paper.id, label="ของสมศรี", kind=DocumentKind.OTHER, actor="สมศรี"
    )
    clerk.post(f"/staff/announcements/{made.id}", data=form)
    assert site.services.attachments.get(paper.id).label == "ของสมศรี"
    page = clerk.post(f"/staff/announcements/{made.id}", data=form | {f"label-{paper.id}": "ของฉัน"}).text
    assert f'name="choose-label-{paper.id}"' in page


def test_what_was_published_meanwhile_is_not_changed_unseen(site: Site) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    clerk = site.signed_in(Role.STAFF)
    form = open_form(clerk, made)
    site.services.commands.publication.publish(made.id, actor="สมศรี")
    page = clerk.post(f"/staff/announcements/{made.id}", data=form | {"title": "ร่างหยาบ"}).text
    assert "สมศรี เผยแพร่ประกาศนี้ไปแล้ว สิ่งที่พิมพ์ยังไม่ได้บันทึก" in page
    assert site.services.announcements.get(made.id).title == "ประกาศ"


def test_text_typed_for_a_record_that_was_taken_away_meanwhile_is_not_lost(site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    for step, said in (("withdraw", "ถอนประกาศนี้แล้ว"), ("trash", "ทิ้งประกาศนี้ลงถังขยะแล้ว")):
        made = site.announcement("ประกาศ", status=Status.PUBLISHED if step == "withdraw" else Status.DRAFT)
        form = open_form(clerk, made) | {"title": "เขียนใหม่", "body": "ข้อความยาว"}
        reason = {"reason": "ลงผิด"} if step == "withdraw" else {}
        getattr(site.services.commands.publication, step)(made.id, actor="สมศรี", **reason)
        page = clerk.post(f"/staff/announcements/{made.id}", data=form).text
        assert f"สมศรี {said} สิ่งที่พิมพ์ยังไม่ได้บันทึก" in page
        assert "บันทึกแล้ว" not in page
        assert ">เขียนใหม่</textarea>" in page
        assert "<fieldset disabled" not in page
        again = form | {"last_change": page.split('name="last_change" value="')[1].split('"')[0]}
        refused = clerk.post(f"/staff/announcements/{made.id}", data=again)
        assert refused.status_code == 200
        assert "แก้ไขไม่ได้ สิ่งที่พิมพ์ยังไม่ได้บันทึก" in refused.text
        assert 'name="restore"' in refused.text
        clerk.post(f"/staff/announcements/{made.id}", data=again | {"restore": "1"})
        now = site.services.announcements.get(made.id)
        assert (now.status, now.title, now.body) == (Status.DRAFT, "เขียนใหม่", "ข้อความยาว")


def test_an_undo_that_residents_would_notice_asks_first(site: Site) -> None:
    made = [site.announcement(f"ร่าง {n}", status=Status.DRAFT) for n in range(2)]
    clerk = site.signed_in(Role.STAFF)
    data = {"when": "now", "id": [str(each.id) for each in made]}
    page = clerk.post("/staff/publish", data=data, follow_redirects=True).text
    [button] = re.findall(r'action="(/staff/history/bulk/\w+/undo)"', page)
    asked = clerk.post(button, data={"next": "/staff"}).text
    assert "ประชาชนจะเปิดเรื่องเหล่านี้ไม่ได้อีก" in asked
    assert "เมื่อเลิกทำแล้ว" in asked
    assert "ร่าง 1" in asked
    visitor = site.client()
    assert visitor.get(f"/announcements/{made[0].id}").status_code == 200
    clerk.post(button, data={"confirmed": "yes"})
    assert visitor.get(f"/announcements/{made[0].id}").status_code == 404
    creation = site.services.history.entries(made[0].id)[0].id
    assert "ย้ายลงถังขยะ" in clerk.post(f"/staff/history/{creation}/undo").text
    assert site.services.announcements.get(made[0].id).status is Status.DRAFT


def test_an_undo_of_what_is_public_says_what_residents_see_otherwise(site: Site) -> None:
    made, clerk, commands = site.announcement("ซ่อมถนน"), site.signed_in(Role.STAFF), site.services.commands
    paper = site.attach(made.id, memo("ถนน"), "ถนน.pdf")
    site.work()
    commands.attachments.relabel(paper.id, label="แบบแปลน", kind=paper.kind, actor="x")
    commands.announcements.revise(made.id, {"title": "ซ่อมสะพาน", "assigned_to": "staff"}, actor="x")
    commands.attachments.detach(paper.id, actor="x")

    def undo_from_history(action: str, said: str) -> None:
        change = [each for each in site.services.history.entries(made.id) if each.action == action][-1]
        before = len(site.services.history.entries(made.id))
        asked = clerk.post(f"/staff/history/{change.id}/undo").text
        assert said in asked
        assert "ซ่อมสะพาน" in asked  # the record that it is about
        assert len(site.services.history.entries(made.id)) == before
        undone = clerk.post(
            f"/staff/history/{change.id}/undo", data={"confirmed": "yes"}, follow_redirects=True
        ).text
        assert f"เลิกทำแล้ว กลับเป็นอย่างเดิม · {said}" in undone

    undo_from_history("detach", "ประชาชนเห็นเอกสาร “แบบแปลน” อีกครั้ง")
    commands.pages.correct(paper.id, 1, "แก้แล้ว", actor="x")
    undo_from_history("correct", "ข้อความหน้า 1 ของเอกสาร “แบบแปลน” กลับเป็นอย่างเดิม")
    undo_from_history("label", "ชื่อเอกสาร: ประชาชนเห็น “ถนน” แทน “แบบแปลน”")
    commands.attachments.release_with_reason(paper.id, actor="x", reason="เหตุผลตามกฎหมาย")
    undo_from_history("release", "ประชาชนไม่เห็นเอกสาร “ถนน” จนกว่าจะพิจารณาใหม่")
    commands.attachments.release_with_reason(paper.id, actor="x", reason="เหตุผลตามกฎหมาย")
    undo_from_history("attach", "ประชาชนไม่เห็นเอกสาร “ถนน” อีก")
    undo_from_history("revise", "เรื่อง: ประชาชนเห็น “ซ่อมถนน” แทน “ซ่อมสะพาน”")
    commands.announcements.revise(made.id, {"assigned_to": "staff"}, actor="x")
    change = site.services.history.entries(made.id)[-1]
    assert clerk.post(f"/staff/history/{change.id}/undo").status_code == 302  # residents never saw it


def test_the_way_back_stands_in_sight_in_the_history_of_all_records(site: Site) -> None:
    made = site.announcement("ซ่อมถนน", status=Status.DRAFT)
    site.services.commands.announcements.revise(made.id, {"category": "ถนน"}, actor="test")
    change = site.services.history.entries(made.id)[-1]
    shown = site.signed_in(Role.ADMIN).get("/staff/history").text
    in_sight = re.sub(r"<details.*?</details>", "", shown.split("<main")[1], flags=re.DOTALL)
    assert f"/staff/history/{change.id}/undo" in in_sight
    assert "/staff/erasures" in in_sight  # what has no way back has a register
    assert "/staff/erasures" not in site.signed_in(Role.STAFF).get("/staff/history").text


def test_a_withdrawn_record_offers_no_step_that_it_refuses(site: Site) -> None:
    made = site.announcement("ซ่อมถนน")
    site.attach(made.id, memo("หนึ่ง"), "หนึ่ง.pdf")
    site.services.commands.publication.withdraw(made.id, actor="x", reason="ลงผิดเรื่อง")
    form = site.signed_in(Role.STAFF).get(f"/staff/announcements/{made.id}").text.split('id="main"')[1]
    assert "หนึ่ง.pdf" in form
    for step in ("ย้าย", "นำออก", "เปลี่ยนไฟล์"):
        assert step not in form.split("</form>")[0], step


def test_no_page_names_a_program_by_its_code(site: Site) -> None:
    made, commands = site.announcement("ประกาศ", status=Status.DRAFT), site.services.commands
    paper = site.attach(made.id, memo("หนึ่ง"), "หนึ่ง.pdf")
    commands.file_versions.replace(paper.id, io.BytesIO(memo("สอง")), filename="สอง.pdf", actor=SAMPLE)
    commands.collections.save(None, title="ชุด", body="", items=[], actor=SAMPLE)
    site.services.site_profiles.save(SiteProfile(phone="0 4455 6677"), emblem=None, actor=SAMPLE)
    clerk = site.signed_in(Role.ADMIN)
    for path in (
        "/staff",
        "/staff/history",
        "/staff/collections",
        "/staff/site",
        f"/staff/announcements/{made.id}",
        f"/staff/attachments/{paper.id}",
        f"/staff/attachments/{paper.id}/versions/1",
    ):
        answer = clerk.get(path)
        assert answer.status_code == 200, path
        assert "ระบบ (คลังตัวอย่าง)" in answer.text, path
        assert SAMPLE not in re.sub(r"<option[^>]*>", "", answer.text), path


def test_what_a_program_did_is_not_said_of_a_person(site: Site) -> None:
    made, admin = site.announcement("ร่าง", status=Status.DRAFT), site.signed_in(Role.ADMIN)
    for actor, views in ((WORKER, 1), (IMPORTER, 2), ("somsri", 3)):
        site.services.commands.announcements.revise(made.id, {"views": views}, actor=actor)
    pages = (f"/staff/announcements/{made.id}/history", "/staff/history")
    for shown in (admin.get(page).text for page in pages):
        assert WORKER not in re.sub(r'value="[^"]*"', "", shown)
        assert all(name in shown for name in ("ระบบ (อัตโนมัติ)", "ระบบ (นำเข้าข้อมูล)", "somsri"))
    assert len(re.findall("ระบบ", admin.get(f"/staff/history?actor={WORKER}").text)) > 1


def test_a_text_whose_document_did_not_come_with_an_imported_history_is_listed_without_undo(
    site: Site,
) -> None:
    made = site.announcement("ซ่อมถนน")
    attachment = site.attach(made.id, memo("ให้ซ่อมถนน"), "ซ่อมถนน.pdf")
    site.work()
    site.services.commands.pages.correct(attachment.id, 1, "ให้ซ่อมสะพาน", actor="test")
    with site.services.database.write():
        site.services.database.run(
            """UPDATE history SET before = json_remove(before, '$.attachment_id'),
                   after = json_remove(after, '$.attachment_id') WHERE action = 'correct'"""
        )
    corrected = site.services.history.entries(made.id)[-1]
    staff = site.signed_in(Role.STAFF)
    for page in ("/staff/history", f"/staff/announcements/{made.id}/history"):
        answer = staff.get(page)
        assert (answer.status_code, "ให้ซ่อมสะพาน" in answer.text) == (200, True)
        assert f"/staff/history/{corrected.id}/undo" not in answer.text


def test_the_history_marks_what_was_undone_and_offers_no_second_undo_of_it(site: Site) -> None:
    made, clerk = site.announcement("ซ่อมถนน", status=Status.DRAFT), site.signed_in(Role.STAFF)
    revise = site.services.commands.announcements.revise
    revise(made.id, {"category": "โยธา"}, actor="x")
    change = site.services.history.entries(made.id)[-1]
    page = clerk.get(f"/staff/announcements/{made.id}/history").text
    assert "ว่าง</span> → โยธา" in " ".join(page.split())
    button = f"/staff/history/{change.id}/undo"
    assert button in page
    clerk.post(button, data={"confirmed": "yes"})
    [undo] = [each for each in site.services.history.entries(made.id) if each.id > change.id]
    page = clerk.get(f"/staff/announcements/{made.id}/history").text
    assert page.count("เลิกทำแล้ว กลับเป็นอย่างเดิมเมื่อ ") == 1
    assert button not in page
    clerk.post(f"/staff/history/{undo.id}/undo", data={"confirmed": "yes"})  # the change holds again
    page = clerk.get(f"/staff/announcements/{made.id}/history").text
    assert page.count("เลิกทำแล้ว กลับเป็นอย่างเดิมเมื่อ ") == 1
    assert button in page
    assert f"/staff/history/{undo.id}/undo" not in page


def test_after_publishing_the_person_s_next_draft_is_offered(site: Site) -> None:
    clerk, title = site.signed_in(Role.STAFF), "ร่างของฉัน"
    sent = {"published_on": "2024-01-02", "kind": "announcement"}
    addresses = [
        clerk.post("/staff/announcements/new", data=sent | {"title": f"{title} {number}"}).location
        for number in (1, 2)
    ]
    site.announcement("ร่างของคนอื่น", status=Status.DRAFT)
    timed = clerk.post("/staff/announcements/new", data=sent | {"title": "ตั้งเวลาแล้ว"}).location
    in_an_hour = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    site.services.commands.announcements.revise(
        int(timed.split("/")[3]), {"publish_at": in_an_hour}, actor="x"
    )
    published = clerk.post(f"{addresses[0]}/publish", data={"when": "now"}, follow_redirects=True).text
    [offered] = re.findall(rf'href="{addresses[1]}">(ฉบับร่างถัดไปของฉัน: .*?)</a>', published, re.DOTALL)
    assert re.sub("<[^>]*>", "", offered) == f"ฉบับร่างถัดไปของฉัน: {title} 2"
    last = clerk.post(f"{addresses[1]}/publish", data={"when": "now"}, follow_redirects=True).text
    assert "ฉบับร่างถัดไปของฉัน" not in last


def test_the_history_offers_the_undo_of_a_relation_only_where_it_is_done(site: Site) -> None:
    newer, older, third = (site.announcement(title) for title in ("ฉบับใหม่", "ฉบับเก่า", "ฉบับที่สาม"))
    commands = site.services.commands
    clerk = site.signed_in(Role.STAFF)

    def offered() -> list[str]:
        pages = [clerk.get(f"/staff/announcements/{newer.id}/history").text, clerk.get("/staff/history").text]
        changes = [each for each in site.services.history.entries(newer.id) if each.action == "relate"]
        ways = [f"/staff/history/{each.id}/undo" for each in changes]
        assert all((way in pages[0]) is (way in pages[1]) for way in ways)
        return [
            str(change.after["relation"])
            for change, way in zip(changes, ways, strict=True)
            if way in pages[0]
        ]

    commands.announcements.decide_relation(newer.id, third.id, None, actor="x")  # a suggestion was dismissed
    assert offered() == []
    commands.announcements.decide_relation(newer.id, older.id, RelationKind.CANCELS, actor="x")
    assert offered() == [f"cancels {older.id}"]
    commands.announcements.decide_relation(newer.id, older.id, None, actor="x")
    assert offered() == [f"dismissed {older.id}"]  # what the first one would undo is undone
    commands.announcements.decide_relation(older.id, newer.id, RelationKind.CANCELS, actor="x")
    assert offered() == [f"cancelled-by {older.id}"]  # both would cancel each other
    commands.publication.withdraw(older.id, actor="x", reason="ลงผิดเรื่อง")
    commands.publication.trash(older.id, actor="x")
    assert offered() == []


def test_an_undo_makes_no_two_records_cancel_each_other(site: Site) -> None:
    one, other = site.announcement("ฉบับหนึ่ง"), site.announcement("อีกฉบับ")
    decide = site.services.commands.announcements.decide_relation
    decide(one.id, other.id, RelationKind.CANCELS, actor="test")
    decide(one.id, other.id, None, actor="test")
    [_confirmed, dismissed] = [
        each for each in site.services.history.entries(one.id) if each.action == "relate"
    ]
    decide(other.id, one.id, RelationKind.CANCELS, actor="test")
    clerk = site.signed_in(Role.STAFF)
    answer = clerk.post(
        f"/staff/history/{dismissed.id}/undo", data={"confirmed": "yes"}, follow_redirects=True
    )
    assert "อีกฉบับยกเลิกหรือแก้ไขเพิ่มเติมฉบับนี้ไว้แล้ว" in answer.text
    assert site.services.relations.ids_no_longer_in_force() == {one.id}


def test_what_was_thrown_away_is_brought_back_beside_the_message(site: Site) -> None:
    made, clerk = site.announcement("ทิ้งผิด", status=Status.DRAFT), site.signed_in(Role.STAFF)
    page = clerk.post(f"/staff/announcements/{made.id}/trash", follow_redirects=True).text
    said = page.split("ทิ้งลงถังขยะแล้ว กู้คืนได้เสมอ")[1].split("</form>")[0]
    assert "เลิกทำ" in said
    change = site.services.history.entries(made.id)[-1]
    clerk.post(f"/staff/history/{change.id}/undo", data={"confirmed": "yes", "only_last": "yes"})
    assert site.services.announcements.get(made.id).status is Status.DRAFT


def in_days(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)


def revisions(site: Site, made: Announcement) -> list[Change]:
    return [each for each in site.services.history.entries(made.id) if each.action == "revise"]


@pytest.mark.parametrize("next_time", [None, in_days(2)], ids=["cancelled", "moved"])
def test_an_undo_brings_no_past_publication_time_back(site: Site, next_time: dt.datetime | None) -> None:
    made, clerk = site.announcement("ร่าง", status=Status.DRAFT), site.signed_in(Role.STAFF)
    for time in (in_days(-1), next_time):
        site.services.commands.announcements.revise(made.id, {"publish_at": time}, actor="x")
    change = revisions(site, made)[-1]
    assert f"/staff/history/{change.id}/undo" not in clerk.get("/staff/history").text
    said = undo_last(site, clerk, made, "revise", is_offered=False)
    assert "เวลาที่ตั้งไว้เลยมาแล้ว กรุณาตั้งเวลาใหม่" in said
    site.services.commands.publication.publish_due_or_unschedule(in_days(0), actor=WORKER)
    now = site.services.announcements.get(made.id)
    assert (now.status, now.publish_at) == (Status.DRAFT, next_time)


def test_an_undo_makes_no_withdrawn_record_public_that_was_restored_as_a_draft(site: Site) -> None:
    made, clerk, commands = (
        site.announcement("ลงผิด", status=Status.DRAFT),
        site.signed_in(Role.STAFF),
        site.services.commands,
    )
    for time in (in_days(-2), in_days(-1)):
        commands.announcements.revise(made.id, {"publish_at": time}, actor="x")
    commands.publication.publish_due_or_unschedule(in_days(0), actor=WORKER)
    commands.publication.withdraw(made.id, actor="x", reason="ลงผิด")
    commands.publication.restore_as_draft(made.id, actor="x")
    assert "เวลาที่ตั้งไว้เลยมาแล้ว" in undo_last(site, clerk, made, "revise", is_offered=False)
    commands.publication.publish_due_or_unschedule(in_days(0), actor=WORKER)
    assert site.client().get(f"/announcements/{made.id}").status_code == 404


def test_an_undo_that_brings_a_publication_time_back_asks_first(site: Site) -> None:
    made, clerk = site.announcement("ร่าง", status=Status.DRAFT), site.signed_in(Role.STAFF)
    at = in_days(2)
    for time in (at, None):
        site.services.commands.announcements.revise(made.id, {"publish_at": time}, actor="x")
    set_first, cancelled = revisions(site, made)
    asked = clerk.post(f"/staff/history/{cancelled.id}/undo").text
    assert f"เผยแพร่เองเมื่อถึง {day(at)} แล้วประชาชนจะเห็นเรื่องเหล่านี้" in asked
    assert site.services.announcements.get(made.id).publish_at is None
    undo_last(site, clerk, made, "revise")
    assert site.services.announcements.get(made.id).publish_at == at
    said = clerk.post(f"/staff/history/{set_first.id}/undo", follow_redirects=True).text  # nothing is shown
    assert "เลิกทำแล้ว" in said
    assert site.services.announcements.get(made.id).publish_at is None


def test_a_published_record_offers_no_undo_of_its_publication_time(site: Site) -> None:
    made, clerk, commands = (
        site.announcement("ร่าง", status=Status.DRAFT),
        site.signed_in(Role.STAFF),
        site.services.commands,
    )
    for time in (in_days(2), in_days(3)):
        commands.announcements.revise(made.id, {"publish_at": time}, actor="x")
    commands.publication.publish(made.id, actor="x")
    said = undo_last(site, clerk, made, "revise", is_offered=False)
    assert "ตั้งเวลาเผยแพร่ได้เฉพาะฉบับร่าง" in said
    now = site.services.announcements.get(made.id)
    assert (now.status, now.publish_at) == (Status.PUBLISHED, None)


def test_an_undo_of_many_leaves_out_records_whose_publication_time_is_past(site: Site) -> None:
    titles = ("ผ่านไปเรื่องเดียว", "ผ่านไปแล้ว", "ยังไม่ถึง")
    alone, past, ahead = (site.announcement(title, status=Status.DRAFT) for title in titles)
    revise, clerk, at = site.services.commands.announcements.revise, site.signed_in(Role.STAFF), in_days(2)
    for made, time in ((alone, in_days(-1)), (past, in_days(-1)), (ahead, at)):
        revise(made.id, {"publish_at": time}, actor="x")
        with site.services.records.batch("one" if made is alone else "two"):
            revise(made.id, {"publish_at": None}, actor="x")
    why = "เลิกทำแล้ว มีผู้แก้ไขภายหลัง เวลาเผยแพร่เลยมาแล้ว"
    assert why in clerk.get("/staff/history?bulk=one").text
    assert why not in clerk.get("/staff/history?bulk=two").text
    assert clerk.post("/staff/history/bulk/two/undo").text.count("เผยแพร่เองเมื่อถึง") == 1
    sent = {"confirmed": "yes"}
    said = clerk.post("/staff/history/bulk/two/undo", data=sent, follow_redirects=True).text
    assert "ผ่านไปแล้ว: เวลาที่ตั้งไว้เลยมาแล้ว" in said
    times = [site.services.announcements.get(each.id).publish_at for each in (past, ahead)]
    assert times == [None, at]
