"""Announcements in force: relations read from the text, confirmed by staff, told with every announcement."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from dataclasses import replace

from archive.model import (
    Announcement,
    Attachment,
    CollectionLine,
    DocumentKind,
    HoldReason,
    RelationKind,
    Role,
    Status,
)
from archive.relations import store_stated_relations_of_changed
from archive.thai import format_date, today
from tests.factories.memos import memo
from tests.web.conftest import Site
from web.sample.documents import SampleDocumentText, make_document

OLD = "คำสั่งเทศบาล ที่ 5/2564 เรื่อง ปิดสนามกีฬา"
NEW = "คำสั่งเทศบาล ที่ 12/2564 เรื่อง เปิดสนามกีฬา"
NEXT_YEAR = today() + dt.timedelta(days=365)
TEXT = "ให้ยกเลิกคำสั่งเทศบาล ที่ ๕/๒๕๖๔ ลงวันที่ ๙ มิถุนายน ๒๕๖๔"


def pair(site: Site, status: Status = Status.PUBLISHED) -> tuple[Announcement, Announcement]:
    return site.announcement(OLD, kind="order"), site.announcement(
        NEW, kind="order", body=TEXT, status=status
    )


def confirm(
    site: Site, newer: Announcement, older: Announcement, kind: RelationKind = RelationKind.CANCELS
) -> None:
    site.services.commands.announcements.decide_relation(newer.id, older.id, kind, actor="test")


def test_staff_confirm_what_the_text_states(site: Site) -> None:
    older, newer = pair(site, Status.DRAFT)
    staff, edit = site.signed_in(Role.STAFF), f"/staff/announcements/{newer.id}"
    page = staff.get(edit).text
    assert 'class="suggested"' in page
    assert OLD in page
    assert "ที่ยังไม่ได้ยืนยัน" in staff.get(f"{edit}/publish").text
    last_change = page.partition('name="last_change" value="')[2].partition('"')[0]
    form = {
        "last_change": last_change,
        "title": NEW,
        "published_on": "9 มิถุนายน 2564",
        "kind": "order",
        "body": TEXT,
    }
    answer = staff.post(
        f"{edit}/relations", data=form | {"relate": older.id, f"relation-{older.id}": "cancels"}
    )
    assert answer.status_code == 302
    page = staff.get(edit).text
    assert 'class="suggested"' not in page
    assert "ยังไม่ได้ยืนยัน" not in staff.get(f"{edit}/publish").text
    staff.post(f"{edit}/relations", data={"dismiss": older.id})
    assert site.services.relations.list_decisions(newer.id)[0].kind is None
    assert 'class="suggested"' not in staff.get(edit).text  # a dismissed one is not offered again
    for typed in ("๕/๒๕๖๔", f"http://localhost/announcements/{older.id}?q=ก"):
        staff.post(f"{edit}/relations", data={"dismiss": older.id})
        staff.post(
            f"{edit}/relations", data={"relate": "typed", "related_kind": "replaces", "related_to": typed}
        )
        assert site.services.relations.list_decisions(newer.id)[0].kind is RelationKind.REPLACES
    refused = staff.post(
        f"{edit}/relations", data={"relate": "typed", "related_kind": "cancels", "related_to": "99/2564"}
    )
    assert "ไม่พบประกาศเลขที่ 99/2564" in refused.text


def test_the_address_of_another_site_names_no_announcement_of_this_one(site: Site) -> None:
    older, newer = pair(site, Status.DRAFT)
    staff, edit = site.signed_in(Role.STAFF), f"/staff/announcements/{newer.id}"
    for typed in (
        f"https://elsewhere.go.th/announcements/{older.id}",
        f"elsewhere.go.th/announcements/{older.id}",
        f"http://localhost/neighbour/announcements/{older.id}",
        f"http://localhost/about?from=/announcements/{older.id}",
    ):
        page = staff.post(
            f"{edit}/relations", data={"relate": "typed", "related_kind": "cancels", "related_to": typed}
        ).text
        assert "วางลิงก์ของประกาศในเว็บนี้" in page, typed
        assert not site.services.relations.list_decisions(newer.id), typed
    for typed in (
        f"LOCALHOST:8100/announcements/{older.id}/attachments/1#page",
        f"/staff/announcements/{older.id}",
    ):
        staff.post(
            f"{edit}/relations", data={"relate": "typed", "related_kind": "cancels", "related_to": typed}
        )
        assert site.services.relations.list_decisions(newer.id)[0].kind is RelationKind.CANCELS, typed
        staff.post(f"{edit}/relations", data={"dismiss": older.id})


def test_lists_say_what_is_cancelled(site: Site) -> None:
    older, newer = pair(site, Status.DRAFT)
    confirm(site, newer, older)
    collection = site.services.commands.collections.save(
        None, title="คำสั่ง", body="", items=[CollectionLine("O1", older.id)], actor="test"
    )
    client, marked = site.client(), '<li class="ended">ยกเลิกแล้ว</li>'
    lists = ("/", f"/collections/{collection.id}")
    assert not any(marked in client.get(path).text for path in lists)
    site.services.commands.publication.publish(newer.id, actor="test")
    assert [client.get(path).text.count(marked) for path in lists] == [1, 1]


def test_both_pages_say_so_and_a_draft_stays_unnamed(site: Site) -> None:
    older, newer = pair(site, Status.DRAFT)
    confirm(site, newer, older)
    client = site.client()
    address = f"/announcements/{older.id}"
    for path in (address, f"{address}/certificate", f"/api/v1{address}", "/open-data/announcements.jsonl"):
        assert "12/2564" not in client.get(path).text, path
    assert client.get(f"/api/v1{address}").json["in_force"] is True
    site.services.commands.publication.publish(newer.id, actor="test")
    page = re.sub(r"\s+", " ", client.get(address).text)
    assert f'<b>ยกเลิกแล้วโดย</b> <a href="/announcements/{newer.id}" lang="th">' in page
    assert f"ยกเลิกแล้วโดย {NEW}" in re.sub(r"<[^>]+>", "", page)
    assert "https://schema.org/NotInForce" in page
    assert f'<b>ยกเลิกฉบับเดิม</b> <a href="{address}"' in re.sub(
        r"\s+", " ", client.get(f"/announcements/{newer.id}").text
    )
    assert "ยกเลิกแล้วโดย" in client.get(f"{address}/certificate").text
    told = client.get(f"/api/v1{address}").json
    assert told["in_force"] is False
    assert [(each["relation"], each["announcement_id"]) for each in told["relations"]] == [
        ("cancelled-by", newer.id)
    ]


def order_of(older: Announcement) -> SampleDocumentText:
    return SampleDocumentText(
        kind=DocumentKind.ORDER,
        number="5/2564",
        date=older.published_on,
        subject="ปิดสนาม",
        paragraphs=("ให้ปิดสนาม",),
    )


def attach_order(site: Site, older: Announcement) -> Attachment:
    paper = site.attach(older.id, make_document(order_of(older)), "คำสั่ง.pdf")
    site.services.commands.attachments.relabel(paper.id, label="คำสั่ง", kind=DocumentKind.ORDER, actor="test")
    read_and_store_citations(site)
    return paper


def read_and_store_citations(site: Site) -> None:
    site.work()
    while store_stated_relations_of_changed(site.services.records, limit=20):
        pass


UNCHANGED = "ยังไม่พบว่ามีประกาศฉบับอื่นมายกเลิกหรือแก้ไข"
CITED = "มีประกาศที่ใหม่กว่าเขียนไว้ว่ายกเลิกฉบับนี้"


def test_a_newer_text_that_cancels_is_told_before_staff_confirm_it(site: Site) -> None:
    older, newer = pair(site)
    paper = attach_order(site, older)
    client, address = site.client(), f"/announcements/{older.id}"
    document = f"{address}/attachments/{paper.id}"
    for path in (address, document, f"{document}/text", f"{address}/certificate"):
        page = client.get(path).text
        assert UNCHANGED not in page, path
        told = page.partition(CITED)[2]
        assert f'href="/announcements/{newer.id}"' in told, path
        assert "เจ้าหน้าที่ยังไม่ได้ตรวจยืนยัน" in told, path
    page = client.get(address).text
    assert '"Legislation"' in page
    assert "legislationLegalForce" not in page
    described = client.get(f"/api/v1{address}").json
    assert described["in_force"] is True
    assert [(each["relation"], each["announcement_id"]) for each in described["unconfirmed_relations"]] == [
        ("cancelled-by", newer.id)
    ]
    confirm(site, newer, older)
    assert CITED not in client.get(address).text
    assert client.get(f"/api/v1{address}").json["unconfirmed_relations"] == []
    site.services.commands.announcements.decide_relation(newer.id, older.id, None, actor="test")
    page = client.get(address).text
    assert (UNCHANGED in page, CITED in page) == (True, False)
    assert "https://schema.org/InForce" in page


def test_what_residents_do_not_see_tells_nothing_of_an_older_order(site: Site) -> None:
    older, draft = pair(site, Status.DRAFT)
    newer = site.announcement(NEW.replace("12/", "14/"), kind="order")
    held = site.attach(newer.id, memo(f"{TEXT} เลขประจำตัวประชาชน 1-1017-00230-70-5"), "คำสั่ง.pdf")
    attach_order(site, older)
    assert site.services.attachments.get(held.id).hold is HoldReason.PERSONAL_DATA
    assert [*site.services.relations.undecided_citations_of(older.id)] == [newer.id]
    client, address = site.client(), f"/announcements/{older.id}"
    for path in (address, f"{address}/certificate"):
        page = client.get(path).text
        assert (UNCHANGED in page, CITED in page) == (True, False), path
    assert client.get(f"/api/v1{address}").json["unconfirmed_relations"] == []
    site.services.commands.publication.publish(draft.id, actor="test")
    assert client.get(address).text.count(CITED) == 1


def test_a_certificate_tells_the_closing_day_and_no_force_where_there_is_none(site: Site) -> None:
    long_ago = dt.date(2021, 7, 1)
    over = site.announcement("ประกาศรับสมัคร", kind="announcement", expires_on=long_ago)
    news = site.announcement("งานวันเด็ก", kind="news", expires_on=NEXT_YEAR)
    order = site.announcement("คำสั่งปิดสนาม", kind="order")
    client = site.client()
    pages = [client.get(f"/announcements/{each.id}/certificate").text for each in (over, news, order)]
    pages = [" ".join(re.sub(r"<[^>]+>", " ", page).split()) for page in pages]
    assert ["หมดเขตแล้ว 1 กรกฎาคม 2564" in page for page in pages] == [True, False, False]
    assert [f"หมดเขต {format_date(NEXT_YEAR)}" in page for page in pages] == [False, True, False]
    assert [UNCHANGED in page for page in pages] == [False, False, True]
    assert ["การบังคับใช้" in page for page in pages] == [False, False, True]


def test_every_page_and_text_view_tells_what_is_in_force_also_on_paper(site: Site) -> None:
    older, newer = site.announcement(OLD, kind="order"), site.announcement(NEW, kind="order")
    order, paper = order_of(older), attach_order(site, older)
    client, unchanged = site.client(), UNCHANGED
    address = f"/announcements/{older.id}"
    views = [address, *(f"{address}/attachments/{paper.id}{end}" for end in ("", "/text"))]
    for path in views:
        assert unchanged in client.get(path).text, path
    for path in (address, f"{address}/certificate"):
        assert "คำสั่งที่ 5/2564" in client.get(path).text, path
    first = site.attach(older.id, make_document(replace(order, number="")), "ประกาศ.pdf")
    site.services.commands.attachments.relabel(
        first.id, label="ประกาศ", kind=DocumentKind.ANNOUNCEMENT, actor="test"
    )
    site.services.commands.attachments.move(older.id, {first.id: 1}, actor="test")
    site.work()
    assert "คำสั่งที่ 5/2564" not in client.get(address).text  # the number of an order that is attached to it
    for kind, stated in ((RelationKind.AMENDS, "แก้ไขเพิ่มเติมโดย"), (RelationKind.CANCELS, "ยกเลิกแล้วโดย")):
        confirm(site, newer, older, kind)
        for path in (*views, f"{address}/certificate"):
            page = client.get(path).text
            assert (stated in page, unchanged in page) == (True, False), path
        bar = client.get(views[1]).text.partition('class="turning above')[2].partition("</nav>")[0]
        assert ("ยกเลิกแล้ว" in bar) == kind.ends  # stays in sight where a search leads to a mark
    news = site.announcement("งานวันเด็ก", kind="news")
    assert unchanged not in client.get(f"/announcements/{news.id}").text
    for path in views[:2]:  # the first sheet that is printed leads back to the page
        head = client.get(path).text.partition("<h1")[0]
        assert 'class="qr"' in head, path
    printed = client.get(views[1]).text.partition('<div class="onlyprint">')[2].partition("</div>")[0]
    for told in (older.title, "หน้า 1/1", f"http://localhost{views[1]}", "2564"):
        assert told in printed
    proof = client.get(f"{address}/certificate").text
    assert proof.index("ยกเลิกแล้วโดย") < proof.index("เผยแพร่แล้ว")


def test_a_list_of_one_kind_names_the_attached_documents_of_that_kind(site: Site) -> None:
    older, _newer = pair(site)
    for label, kind in (("แต่งตั้งกรรมการ", DocumentKind.ORDER), ("ขออนุมัติ", DocumentKind.MEMO)):
        paper = site.attach(older.id, memo(label, subject=label), f"{label}.pdf")
        site.services.commands.attachments.relabel(paper.id, label=label, kind=kind, actor="test")
    site.work()
    page = site.client().get("/search?kind=memo").text
    assert '<h1 class="noprint">บันทึกข้อความ</h1>' in page
    assert re.search(r"บันทึกข้อความ:\s+<a[^>]+><span[^>]*>ขออนุมัติ<", page)
    assert "แต่งตั้งกรรมการ" not in page.partition('id="results"')[2]
    assert "ขออนุมัติ" not in site.client().get("/search?q=ปิดสนาม").text


def test_a_printed_document_bears_its_own_number(site: Site) -> None:
    older, _newer = pair(site)
    letter = site.attach(older.id, memo("ขออนุมัติ"), "บันทึก.pdf")
    site.work()
    page = site.client().get(f"/announcements/{older.id}/attachments/{letter.id}").text
    printed = page.partition('<h1 class="paper"')[2].partition('<div class="onlyprint">')[0]
    assert "52301/412" in printed


def test_the_withdrawn_page_names_its_successor(site: Site) -> None:
    older, newer = pair(site)
    confirm(site, newer, older)
    site.services.commands.publication.withdraw(older.id, actor="test", reason="หมดความจำเป็น")
    answer = site.client().get(f"/announcements/{older.id}")
    assert answer.status_code == 410
    assert NEW in answer.text
    site.services.commands.publication.withdraw(newer.id, actor="test", reason="ผิด")
    assert NEW not in site.client().get(f"/announcements/{older.id}").text


def test_a_clerk_withdraws_and_names_the_successor_in_one_step(site: Site) -> None:
    older, newer = pair(site)
    clerk = site.signed_in(Role.STAFF)
    address = f"/staff/announcements/{older.id}/withdraw"
    for successor in ("ฉบับใหม่", str(older.id), str(newer.id), "999"):
        page = clerk.post(address, data={"reason": "ลงผิดเรื่อง", "successor": successor}).text
        assert 'id="fault-successor"' in page, successor
        assert f'value="{successor}"' in page  # with the reason, ready to be mended
        assert 'value="ลงผิดเรื่อง"' in page
    assert site.client().get(f"/announcements/{older.id}").status_code == 200
    asked = clerk.post(address, data={"reason": "ลงผิดเรื่อง", "successor": str(newer.id)}).text
    assert re.search(rf'name="chosen"\s+value="{newer.id}"', asked)
    assert "ถอน แล้วใช้แทนด้วย" in asked
    clerk.post(address, data={"reason": "ลงผิดเรื่อง", "successor": "เปิดสนาม", "chosen": newer.id})
    answer = site.client().get(f"/announcements/{older.id}")
    assert answer.status_code == 410
    assert "ลงผิดเรื่อง" in answer.text
    assert NEW in answer.text


def test_search_and_open_data_tell_what_is_in_force(site: Site) -> None:
    older, newer = pair(site)
    site.work()
    client = site.client()
    everything = client.get("/api/v1/search?q=สนามกีฬา").json
    assert (everything["total"], {each["in_force"] for each in everything["results"]}) == (2, {True})
    assert "in_force=true" not in client.get("/search?q=สนามกีฬา").text
    confirm(site, newer, older, RelationKind.AMENDS)
    assert (
        client.get("/search?q=สนามกีฬา").text.count(
            '<li class="amended"><span class="words">แก้ไขเพิ่มเติมแล้ว</span></li>'
        )
        == 1
    )
    confirm(site, newer, older)
    site.work()
    page = client.get("/search?q=สนามกีฬา").text
    assert '<li class="ended">ยกเลิกแล้ว</li>' in page
    assert "in_force=true" in page
    narrowed = client.get("/api/v1/search?q=สนามกีฬา&in_force=true").json
    assert [each["id"] for each in narrowed["results"]] == [newer.id]
    assert narrowed["facets"]["kind"] == [{"value": "order", "count": 1}]
    assert "ที่ยังใช้อยู่" in client.get("/search?q=สนามกีฬา&in_force=true").text
    rows = {
        row["id"]: row
        for row in csv.DictReader(
            io.StringIO(client.get("/open-data/announcements.csv").text.lstrip("\ufeff"))
        )
    }
    told = rows[str(older.id)]
    assert (told["in_force"], told["relations"]) == ("false", f"cancelled-by:{newer.id}")
    lines = [json.loads(line) for line in client.get("/open-data/announcements.jsonl").text.splitlines()]
    assert {line["id"]: line["in_force"] for line in lines} == {older.id: False, newer.id: True}
    site.announcement("ตลาดนัด")
    site.work()
    assert "in_force=true" not in client.get("/search?q=ตลาดนัด").text  # nothing there ended
