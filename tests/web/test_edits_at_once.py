"""Two people, or a person and a program, at one record at once: what one has seen is stored no more."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive.errors import Conflict
from archive.model import Attachment, CollectionLine, HoldReason, Role, Scope, Status
from storage.engine import Engine
from tests.at_once import end_of_later
from tests.factories.memos import memo
from tests.web.conftest import Site, sent_form

PHONE = "ติดต่อ นายสมชาย ใจดี โทร 081-234-5678"
BELOW_PUBLISHING = frozenset({Scope.READ, Scope.WRITE})


def sent_while(
    site: Site, request: Callable[[], TestResponse], another: Callable[[], object]
) -> TestResponse:
    """Send a request while another one is under way, which ends first."""
    engine: Engine = site.services.database  # type: ignore[assignment]  # the embedded engine
    return end_of_later(engine, site.services.records, request, while_another=another).result()


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of a page, of two with one name the first: they tell what the person saw."""
    tags = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    named = [(re.findall(r'name="([^"]+)"', tag), re.findall(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[0]: html.unescape(value[0]) for name, value in reversed(named) if name and value}


@pytest.mark.parametrize("way", ["change", "attach", "relabel", "replace", "take off"])
def test_a_token_that_may_not_publish_changes_nothing_that_is_published_meanwhile(
    site: Site, way: str
) -> None:
    headers = site.token(scopes=BELOW_PUBLISHING)
    draft = site.announcement("ร่าง", status=Status.DRAFT)
    paper = site.attach(draft.id, memo("ก"))
    record, attachment = f"/api/v1/announcements/{draft.id}", f"/api/v1/attachments/{paper.id}"
    client = site.client()
    assert client.get(record, headers=headers).status_code == 200  # the use of the token is recorded by now

    def file() -> dict[str, object]:
        return {"file": (io.BytesIO(memo("ข")), "ข.pdf")}

    requests: dict[str, Callable[[], TestResponse]] = {
        "change": lambda: client.patch(record, json={"body": PHONE}, headers=headers),
        "attach": lambda: client.post(f"{record}/attachments", data=file(), headers=headers),
        "relabel": lambda: client.patch(attachment, json={"label": "ชื่อใหม่"}, headers=headers),
        "replace": lambda: client.put(f"{attachment}/file", data=file(), headers=headers),
        "take off": lambda: client.delete(attachment, headers=headers),
    }
    publish = site.services.commands.publication.publish
    answer = sent_while(site, requests[way], lambda: publish(draft.id, actor="test"))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient-scope")
    assert site.services.history.entries(draft.id)[-1].action == "publish"


def test_a_phone_number_sent_while_the_record_is_published_needs_a_reason(site: Site) -> None:
    headers, draft = site.token(), site.announcement("ร่าง", status=Status.DRAFT)
    client, record = site.client(), f"/api/v1/announcements/{draft.id}"
    assert client.get(record, headers=headers).status_code == 200
    publish = site.services.commands.publication.publish
    answer = sent_while(
        site,
        lambda: client.patch(record, json={"body": PHONE}, headers=headers),
        lambda: publish(draft.id, actor="test"),
    )
    assert (answer.status_code, answer.get_json()["code"]) == (409, "personal-data")
    assert PHONE not in site.client().get(record).get_json()["body"]


def test_the_publish_page_publishes_only_what_it_showed(site: Site) -> None:
    draft = site.announcement("ร่าง", status=Status.DRAFT)
    paper = site.attach(draft.id, memo("ที่ตรวจแล้ว"))
    site.work()
    staff, page = site.signed_in(Role.STAFF), f"/staff/announcements/{draft.id}/publish"
    sent = hidden_fields(staff.get(page).text) | {"when": "now"}
    services = site.services
    services.commands.file_versions.replace(
        paper.id, io.BytesIO(memo("ที่ไม่มีใครดู")), filename="ข.pdf", actor="อีกคน"
    )
    site.work()
    refused = staff.post(page, data=sent)
    assert refused.status_code == 200
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in refused.text
    assert services.announcements.get(draft.id).status is Status.DRAFT
    assert staff.post(page, data=hidden_fields(refused.text) | {"when": "now"}).status_code == 302
    assert services.announcements.get(draft.id).status is Status.PUBLISHED


def test_the_checklist_for_many_publishes_only_what_it_showed(site: Site) -> None:
    drafts = [site.announcement(f"ร่าง {n}", status=Status.DRAFT) for n in range(2)]
    papers = [site.attach(each.id, memo(f"เอกสาร {each.id}")) for each in drafts]
    site.work()
    staff = site.signed_in(Role.STAFF)
    page = f"/staff/publish?id={drafts[0].id}&id={drafts[1].id}"
    sent: dict[str, object] = dict(hidden_fields(staff.get(page).text))
    services = site.services
    services.commands.file_versions.replace(
        papers[0].id, io.BytesIO(memo("ที่ไม่มีใครดู")), filename="ข.pdf", actor="อีกคน"
    )
    site.work()
    answer = staff.post(page, data=sent | {"id": [each.id for each in drafts], "when": "now"})
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in staff.get(answer.location).text
    assert [services.announcements.get(each.id).status for each in drafts] == [Status.DRAFT, Status.PUBLISHED]


@pytest.mark.parametrize("address", ["announcements/{id}/publish", "publish?id={id}"])
def test_a_second_press_on_publish_says_that_the_record_is_public(site: Site, address: str) -> None:
    draft, staff = site.announcement("ร่าง", status=Status.DRAFT), site.signed_in(Role.STAFF)
    page = f"/staff/{address.format(id=draft.id)}"
    sent = hidden_fields(staff.get(page).text) | {"id": str(draft.id), "when": "now"}
    assert staff.post(page, data=sent).status_code == 302
    pressed_again = staff.post(page, data=sent).text
    assert "ประกาศนี้เผยแพร่อยู่" in pressed_again
    assert "ยังไม่ได้เผยแพร่" not in pressed_again


@pytest.mark.parametrize(("opened_on", "typed"), [(True, "เรื่องใหม่"), (False, "เรื่อง")])
def test_a_checkbox_that_somebody_else_changed_is_no_question(
    site: Site, opened_on: bool, typed: str
) -> None:
    """One person left the box as it was and typed elsewhere; or both ticked it."""
    draft = site.announcement("เรื่อง", status=Status.DRAFT, noindex=opened_on)
    staff, page = site.signed_in(Role.STAFF), f"/staff/announcements/{draft.id}"
    sent = sent_form(staff.get(page).text)
    site.services.commands.announcements.revise(draft.id, {"noindex": not opened_on}, actor="อีกคน")
    answer = staff.post(page, data=sent | {"noindex": "1", "title": typed})
    assert "choose-" not in answer.text
    stored = site.services.announcements.get(draft.id)
    assert (stored.title, stored.noindex) == (typed, not opened_on)


NAME = "สมศรี"


def read_document(site: Site, *paragraphs: str) -> Attachment:
    """A document of a published record, read by a worker."""
    made = site.announcement("ประกาศรายชื่อ")
    paper = site.attach(made.id, memo(*paragraphs, subject="เงินช่วยเหลือ"))
    site.work()
    return site.services.attachments.get(paper.id)


def marked_boxes(staff: FlaskClient, paper: Attachment, words: str) -> dict[str, object]:
    """The form of a redaction in which the places of the words are marked."""
    page = staff.post(f"/staff/attachments/{paper.id}/redact", data={"words": words, "mark": "1"}).text
    boxes = re.findall(r'name="box" value="([^"]+)"', page)
    assert boxes
    return hidden_fields(page) | {"box": boxes, "known": boxes}


def public_text(site: Site, paper: Attachment) -> str:
    answer = site.client().get(f"/api/v1/attachments/{paper.id}/pages")
    return "".join(page["text"] for page in answer.get_json()) if answer.status_code == 200 else ""


def test_a_correction_opened_before_a_redaction_does_not_bring_the_covered_text_back(site: Site) -> None:
    paper = read_document(site, f"นาง{NAME} เพราะป่วยมานาน")
    clerk, page = site.signed_in(Role.STAFF), f"/staff/attachments/{paper.id}/pages/1"
    opened = hidden_fields(clerk.get(page).text) | {
        "text": site.services.pages.get(paper.id, 1).text + "\nอีกบรรทัด"
    }
    other = site.signed_in(Role.ADMIN)
    other.post(f"/staff/attachments/{paper.id}/redact", data=marked_boxes(other, paper, NAME))
    site.work()
    assert NAME not in public_text(site, paper) != ""
    for sent in (opened, hidden_fields(clerk.post(page, data=opened).text) | {"text": opened["text"]}):
        refused = clerk.post(page, data=sent)  # nor does a second press on the page of the refusal
        assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in refused.text
        site.work()
        assert NAME not in public_text(site, paper) != ""
        assert site.services.attachments.get(paper.id).hold is None


def test_a_rereading_under_way_during_a_redaction_does_not_bring_the_covered_text_back(site: Site) -> None:
    paper = read_document(site, f"นาง{NAME} เพราะป่วยมานาน")
    services, staff = site.services, site.signed_in(Role.STAFF)
    read = services.pages.get(paper.id, 1)  # as a rereading of the file gives it
    staff.post(f"/staff/attachments/{paper.id}/redact", data=marked_boxes(staff, paper, NAME))
    site.work()
    with pytest.raises(Conflict):
        services.commands.pages.replace_by_rereading(read, read_from=paper.sha256, actor="สมศรี")
    assert NAME not in public_text(site, paper) != ""


def test_a_correction_saved_meanwhile_is_not_overwritten_unseen(site: Site) -> None:
    paper = read_document(site, "ให้ซ่อมถนน")
    one, other, page = (
        site.signed_in(Role.STAFF),
        site.signed_in(Role.ADMIN),
        f"/staff/attachments/{paper.id}/pages/1",
    )
    text = site.services.pages.get(paper.id, 1).text
    first, second = hidden_fields(one.get(page).text), hidden_fields(other.get(page).text)
    saved = first | {"text": f"{text}\nบรรทัดของ ก"}
    assert one.post(page, data=saved).status_code == 302
    refused = other.post(page, data=second | {"text": f"{text}\nบรรทัดของ ข"}).text
    assert "บันทึกหน้านี้ไปก่อนแล้ว" in refused
    assert "บรรทัดของ ข</textarea>" in refused
    told = refused.partition('role="alert"')[2].partition("</section>")[0]
    changed = re.findall(r'<p class="(removed|added)">.*</span> (.*)</p>', told)
    assert changed == [("removed", "บรรทัดของ ก"), ("added", "บรรทัดของ ข")]
    reread = other.post(f"{page}/reread", data=second | {"method": "embedded"}, follow_redirects=True).text
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in reread
    assert site.services.pages.get(paper.id, 1).text == f"{text}\nบรรทัดของ ก"
    assert one.post(page, data=saved).status_code == 302  # the same once more, after a lost answer
    both = hidden_fields(refused) | {"text": f"{text}\nบรรทัดของ ก\nบรรทัดของ ข"}
    assert other.post(page, data=both).status_code == 302  # what differs has been shown
    assert site.services.pages.get(paper.id, 1).text == both["text"]


def test_a_second_redaction_uncovers_nothing_that_the_first_covered(site: Site) -> None:
    paper = read_document(site, f"นาง{NAME} เพราะป่วยมานาน", "นายมานะ เพราะตกงาน")
    one, other = site.signed_in(Role.STAFF), site.signed_in(Role.ADMIN)
    page = f"/staff/attachments/{paper.id}/redact"
    first, second = marked_boxes(one, paper, NAME), marked_boxes(other, paper, "มานะ")
    services = site.services
    read, content = services.pages.by_attachment(paper.id), memo("สำเนาที่ปิด มานะ เท่านั้น")
    assert one.post(page, data=first).status_code == 302
    site.work()
    with pytest.raises(Conflict):  # the copy was made of the file before, while the first was made
        services.commands.file_versions.replace_by_redacted_copy(
            paper.id, io.BytesIO(content), read, made_from=paper.sha256, actor="สมศรี"
        )
    refused = other.post(page, data=second, follow_redirects=True).text
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in refused
    site.work()
    assert NAME not in public_text(site, paper) != ""
    assert other.post(page, data=marked_boxes(other, paper, "มานะ")).status_code == 302
    site.work()
    text = public_text(site, paper)
    assert NAME not in text != ""
    assert "มานะ" not in text


def test_a_decision_counts_only_for_the_file_that_was_looked_at(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อ")
    paper = site.attach(made.id, memo("ติดต่อกองช่าง โทร 081-111-1111", subject="ขอเชิญ"))
    site.work()
    clerk, address = site.signed_in(Role.STAFF), f"/staff/attachments/{paper.id}"
    decided = hidden_fields(clerk.get(address).text) | {"ground": "office-contact", "reason": ""}
    newer = {
        "replace": "1",
        "file": (io.BytesIO(memo("นายประหยัด เลขประจำตัวประชาชน 1-2345-67890-12-1")), "ข.pdf"),
    }
    site.signed_in(Role.ADMIN).post(address, data=newer)
    site.work()
    refused = clerk.post(address, data=decided).text
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in refused
    assert site.services.attachments.get(paper.id).hold is HoldReason.PERSONAL_DATA
    assert site.client().get(f"/announcements/{made.id}{address[6:]}/file").status_code == 404
    looked_at = hidden_fields(refused) | {"ground": "office-contact", "reason": ""}
    assert clerk.post(address, data=looked_at).status_code == 302
    assert site.services.attachments.get(paper.id).hold is None


def test_a_decision_that_is_sent_twice_was_made(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อ")
    paper = site.attach(made.id, memo("ติดต่อกองช่าง โทร 081-111-1111", subject="ขอเชิญ"))
    site.work()
    clerk, address = site.signed_in(Role.STAFF), f"/staff/attachments/{paper.id}"
    decided = hidden_fields(clerk.get(address).text) | {"ground": "office-contact", "reason": ""}
    for _press in range(2):
        answer = clerk.post(address, data=decided)
        assert answer.status_code == 302
        assert "พิจารณาแล้ว" in clerk.get(answer.location).text
    assert [each.action for each in site.services.history.entries(made.id)].count("release") == 1


@pytest.mark.parametrize("is_public_before", [True, False])
def test_a_checked_file_is_shown_only_as_it_was_looked_at(site: Site, is_public_before: bool) -> None:
    made, clerk = site.announcement("ประกาศ"), site.signed_in(Role.STAFF)
    other, form = site.signed_in(Role.ADMIN), f"/staff/announcements/{made.id}"
    if is_public_before:
        paper = site.attach(made.id, memo("ฉบับแรก"))
        site.work()
    else:
        clerk.post(f"{form}/attachments", data={"file": (io.BytesIO(memo("ฉบับสอง")), "two.pdf")})
        (paper,) = site.services.attachments.by_announcement([made.id])[made.id]

    def give(staff: FlaskClient, text: str, name: str) -> None:
        sent = {"replace": "1", "file": (io.BytesIO(memo(text)), name)}
        staff.post(f"/staff/attachments/{paper.id}", data=sent)

    if is_public_before:
        give(clerk, "ฉบับสอง", "two.pdf")
    site.work()
    waiting = site.services.attachments.replacements([paper.id]).get(paper.id, paper)
    show = f"/staff/attachments/{waiting.id}/show"
    looked_at = sent_form(clerk.get(form).text) | {f"label-{paper.id}": "หนังสือเวียน"}
    give(other, "ฉบับสาม รายชื่อผู้ป่วย", "three.pdf")
    site.work()
    refused = clerk.post(show, data=looked_at).text
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in refused
    assert "รายชื่อผู้ป่วย" not in public_text(site, paper)
    assert clerk.post(show, data=sent_form(refused)).status_code == 302
    assert "รายชื่อผู้ป่วย" in public_text(site, paper)


def test_lines_of_a_collection_that_were_saved_meanwhile_stay(site: Site) -> None:
    ids = [site.announcement(title).id for title in ("หนึ่ง", "สอง")]
    made = site.services.commands.collections.save(
        None, title="ชุด", body="", items=[CollectionLine("ก", ids[0])], actor="test"
    )
    one, other, page = site.signed_in(Role.STAFF), site.signed_in(Role.ADMIN), f"/staff/collections/{made.id}"

    def form(staff: FlaskClient) -> dict[str, object]:
        first = {"title": "ชุด", "body": "", "place": ["1"], "label": ["ก"], "announcement": [str(ids[0])]}
        return hidden_fields(staff.get(page).text) | first

    first, second = form(one), form(other)
    lines = {"place": ["1", "2"], "label": ["ก", "ข"], "announcement": [str(id) for id in ids]}
    assert one.post(page, data=first | lines).status_code == 302
    refused = html.unescape(other.post(page, data=second | {"body": "คำอธิบาย"}).text)
    assert "บันทึกหน้านี้ไปก่อนแล้ว" in refused
    assert site.services.collections.history(made.id)[-1].actor in refused
    assert re.search("−</span> ข สอง</p>", refused)
    assert re.search(r"\+</span> คำอธิบาย</p>", refused)
    assert "คำอธิบาย</textarea>" in refused
    assert len(site.services.collections.get(made.id).items) == len(ids)
    both = second | lines | {"body": "คำอธิบาย"} | hidden_fields(refused)
    assert other.post(page, data=both).status_code == 302
    saved = site.services.collections.get(made.id)
    assert (saved.body, len(saved.items)) == ("คำอธิบาย", len(ids))


def test_a_site_profile_that_was_saved_meanwhile_stays(site: Site) -> None:
    one, other, page = site.signed_in(Role.STAFF), site.signed_in(Role.ADMIN), "/staff/site"
    first, second = hidden_fields(one.get(page).text), hidden_fields(other.get(page).text)
    assert one.post(page, data=first | {"phone": "0 2123 4567"}).status_code == 302
    refused = other.post(page, data=second | {"hours": "8.30–16.30 น."})
    assert refused.status_code == 409
    assert "บันทึกหน้านี้ไปก่อนแล้ว" in refused.text
    assert "8.30–16.30 น." in refused.text
    assert site.services.site_profiles.current().phone == "0 2123 4567"


def test_a_list_of_items_that_was_saved_meanwhile_stays(site: Site) -> None:
    one, page = site.signed_in(Role.ADMIN), "/staff/disclosure/2569/items"
    opened = one.get(page).text
    field = re.findall(r'name="title-([\w-]+)"', opened)[0]
    (section,) = re.findall(rf'name="section-{field}">.*?value="(\w[\w-]*)" selected', opened, re.DOTALL)
    (period,) = re.findall(rf'name="period-{field}">.*?value="(\w[\w-]*)" selected', opened, re.DOTALL)
    sent = hidden_fields(opened) | {
        f"section-{field}": section,
        f"period-{field}": period,
        f"shown-{field}": "1",
    }
    assert one.post(page, data=sent | {f"title-{field}": "ชื่อใหม่ของคนแรก"}).status_code == 302
    refused = one.post(page, data=sent | {f"title-{field}": "ชื่อใหม่ของคนที่สอง"}).text
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in refused
    assert "ชื่อใหม่ของคนแรก" in one.get(page).text


def test_an_account_that_was_changed_meanwhile_stays(site: Site) -> None:
    site.signed_in(Role.STAFF)
    (clerk,) = [each for each in site.services.people.accounts.everyone() if each.role is Role.STAFF]
    admin, page = site.signed_in(Role.ADMIN), f"/staff/people/{clerk.id}"
    form = admin.get(f"/staff/people?edit={clerk.id}").text
    opened = hidden_fields(form.split(f'action="{page}"')[1]) | {"division": "", "role": "staff"}
    assert admin.post(page, data=opened | {"role": "admin"}).status_code == 302
    refused = admin.post(page, data=opened | {"division": "กองช่าง"})
    assert refused.status_code == 409
    assert "มีผู้แก้ผู้ใช้นี้ขณะที่คุณเปิดหน้านี้อยู่" in refused.text
    assert 'value="กองช่าง"' in refused.text
    (stored,) = [each for each in site.services.people.accounts.everyone() if each.id == clerk.id]
    assert (stored.role, stored.division) == (Role.ADMIN, "")


def test_an_order_erases_no_file_that_its_form_did_not_show(site: Site) -> None:
    paper = site.attach(site.announcement("ร่าง", status=Status.DRAFT).id, memo("ที่สั่งให้ลบ"))
    admin, page = site.signed_in(Role.ADMIN), f"/staff/attachments/{paper.id}/erase"
    order = {"sure": "1", "ordered_by": "คำสั่งศาลที่ 1/2569", "reason": "คำสั่งศาลให้ลบ", "scope": "attachment"}
    sent = hidden_fields(admin.get(page).text) | order
    site.services.commands.file_versions.replace(
        paper.id, io.BytesIO(memo("อีกไฟล์")), filename="ข.pdf", actor="อีกคน"
    )
    refused = admin.post(page, data=sent)
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in refused.text
    assert site.services.records.erasures.all() == []
    assert admin.post(page, data=hidden_fields(refused.text) | order).status_code == 302
