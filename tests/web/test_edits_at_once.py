"""Two people, or a person and a program, at one record at once: what one has seen is stored no more."""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from archive.model import RelationKind, Role, Scope, Status
from tests.web.conftest import Site, memo

PHONE = "ติดต่อ นายสมชาย ใจดี โทร 081-234-5678"
WAIT = 0.5  # seconds in which a request looks at the records, unless it waits for what is under way
BELOW_PUBLISHING = frozenset({Scope.READ, Scope.WRITE})


def sent_while(
    site: Site, request: Callable[[], TestResponse], another: Callable[[], object]
) -> TestResponse:
    """Send a request while another one is under way, which ends first."""
    with ThreadPoolExecutor(1) as thread:
        with site.services.records.batch():
            answer = thread.submit(request)
            time.sleep(WAIT)
            another()
        return answer.result()


def hidden_fields(page: str) -> dict[str, str]:
    """What a browser sends with the forms of a page by itself: what the person saw, in the main."""
    tags = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    found = {
        name: re.findall(r'value="([^"]*)"', tag)
        for tag in tags
        for name in re.findall(r'name="([^"]+)"', tag)
    }
    return {name: html.unescape(value[0]) for name, value in found.items() if value and name != "known"}


@pytest.mark.parametrize("way", ["change", "attach", "relate", "relabel", "replace", "take off"])
def test_a_token_that_may_not_publish_changes_nothing_that_is_published_meanwhile(
    site: Site, way: str
) -> None:
    headers = site.token(scopes=BELOW_PUBLISHING)
    draft, other = site.announcement("ร่าง", status=Status.DRAFT), site.announcement("อีกเรื่อง")
    paper = site.attach(draft.id, memo("ก"))
    record, attachment = f"/api/v1/announcements/{draft.id}", f"/api/v1/attachments/{paper.id}"
    client = site.client()
    assert client.get(record, headers=headers).status_code == 200  # the use of the token is recorded by now

    def file() -> dict[str, object]:
        return {"file": (io.BytesIO(memo("ข")), "ข.pdf")}

    requests: dict[str, Callable[[], TestResponse]] = {
        "change": lambda: client.patch(record, json={"body": PHONE}, headers=headers),
        "attach": lambda: client.post(f"{record}/attachments", data=file(), headers=headers),
        "relate": lambda: client.put(
            f"{record}/relations/{other.id}", json={"relation": RelationKind.CANCELS.value}, headers=headers
        ),
        "relabel": lambda: client.patch(attachment, json={"label": "ชื่อใหม่"}, headers=headers),
        "replace": lambda: client.put(f"{attachment}/file", data=file(), headers=headers),
        "take off": lambda: client.delete(attachment, headers=headers),
    }
    publish = site.services.intake.publication.publish
    answer = sent_while(site, requests[way], lambda: publish(draft.id, actor="test"))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient-scope")
    assert site.services.history.entries(draft.id)[-1].action == "publish"


def test_a_phone_number_sent_while_the_record_is_published_needs_a_reason(site: Site) -> None:
    headers, draft = site.token(), site.announcement("ร่าง", status=Status.DRAFT)
    client, record = site.client(), f"/api/v1/announcements/{draft.id}"
    assert client.get(record, headers=headers).status_code == 200
    publish = site.services.intake.publication.publish
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
    services.intake.file_versions.replace(
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
    services.intake.file_versions.replace(
        papers[0].id, io.BytesIO(memo("ที่ไม่มีใครดู")), filename="ข.pdf", actor="อีกคน"
    )
    site.work()
    answer = staff.post(page, data=sent | {"id": [each.id for each in drafts], "when": "now"})
    assert "เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่" in staff.get(answer.location).text
    assert [services.announcements.get(each.id).status for each in drafts] == [Status.DRAFT, Status.PUBLISHED]
