"""API tokens: what their scopes allow, when they end, and what is known of them."""

from __future__ import annotations

import datetime as dt
import io
import logging

import pytest

from archive.model import Scope, Status
from tests.factories.memos import memo
from tests.web.conftest import Site
from web.accounts.tokens import token_hash

READ, WRITE, PUBLISH = Scope.READ, Scope.WRITE, Scope.PUBLISH
NEW = {"title": "ประกาศรับสมัครงาน", "body": "", "author": "จับกังไซเบอร์", "published_on": "2021-06-09"}

# Method, path, body, the scope that it needs. Announcement 1 is published, 2 a draft, 3 withdrawn, 4 trashed.
DEEDS = [
    ("POST", "/announcements", NEW, WRITE),
    ("POST", "/announcements", NEW | {"status": "published"}, PUBLISH),
    ("PATCH", "/announcements/2", {"title": "แก้แล้ว"}, WRITE),
    ("PATCH", "/announcements/1", {"title": "แก้แล้ว"}, PUBLISH),
    ("POST", "/announcements/2/publish", {}, PUBLISH),
    ("POST", "/announcements/1/withdraw", {"reason": "ซ้ำ"}, PUBLISH),
    ("POST", "/announcements/3/restore", {}, PUBLISH),  # residents no longer get 410 with the reason
    ("POST", "/announcements/4/restore", {}, WRITE),
    ("POST", "/announcements/2/attachments", "file", WRITE),
    ("POST", "/announcements/1/attachments", "file", PUBLISH),
]


@pytest.fixture
def filled(site: Site) -> Site:
    for status in (Status.PUBLISHED, Status.DRAFT, Status.WITHDRAWN, Status.TRASHED):
        site.announcement(f"ประกาศ {status}", status=status)
    return site


@pytest.mark.parametrize(("method", "path", "body", "needed"), DEEDS)
def test_a_deed_needs_its_scope(filled: Site, method: str, path: str, body: object, needed: Scope) -> None:
    def done(scopes: set[Scope], name: str) -> int:
        sent = {"json": body}
        if body == "file":
            sent = {"data": {"file": (io.BytesIO(memo("เนื้อหา")), "memo.pdf")}}
        token = filled.token(name, scopes=frozenset(scopes))
        answer = filled.client().open(f"/api/v1{path}", method=method, headers=token, **sent)  # type: ignore[arg-type]
        if answer.status_code == 403:
            assert answer.content_type == "application/problem+json"
            assert answer.json["code"] == "insufficient-scope"
            assert answer.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope", scope="')
        return answer.status_code

    before = filled.services.history.last_change()
    assert done({READ}, "reader") == 403
    if needed is PUBLISH:
        assert done({READ, WRITE}, "writer") == 403
    assert filled.services.history.last_change() == before
    allowed = {READ, WRITE, PUBLISH} if needed is PUBLISH else {READ, WRITE}
    assert done(allowed, "allowed") < 300


CHANGES_OF_DRAFT = [
    ("PATCH", "/announcements/2", {"title": "แก้แล้ว"}),
    ("POST", "/announcements/2/attachments", "file"),
    ("PATCH", "/attachments/1", {"label": "แก้แล้ว"}),
    ("PUT", "/attachments/1/file", "file"),
    ("DELETE", "/attachments/1", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES_OF_DRAFT)
def test_a_draft_that_becomes_public_by_itself_is_changed_with_the_scope_to_publish(
    filled: Site, method: str, path: str, body: object
) -> None:
    """Staff looked at what they set a time for: nothing else is to become public then."""
    filled.attach(2, memo("ตรวจแล้ว"))
    time = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    filled.services.commands.announcements.revise(2, {"publish_at": time}, actor="test")

    def sent(*scopes: Scope) -> int:
        carried = {"json": body}
        if body == "file":
            carried = {"data": {"file": (io.BytesIO(memo("เนื้อหา")), "memo.pdf")}}
        headers = filled.token(str(len(scopes)), scopes=frozenset(scopes))
        answer = filled.client().open(f"/api/v1{path}", method=method, headers=headers, **carried)  # type: ignore[arg-type]
        return answer.status_code

    before = filled.services.history.last_change()
    assert sent(READ, WRITE) == 403
    assert filled.services.history.last_change() == before
    assert sent(READ, WRITE, PUBLISH) < 300


def test_only_the_scope_of_reading_shows_drafts(filled: Site) -> None:
    client = filled.client()
    reader = filled.token("reader", scopes=frozenset({READ}))
    other = filled.token("other", scopes=frozenset({PUBLISH}))
    assert client.get("/api/v1/announcements/2", headers=reader).status_code == 200
    assert client.get("/api/v1/announcements/2", headers=other).status_code == 404
    assert client.get("/api/v1/announcements?status=draft", headers=reader).json["total"] == 1
    assert client.get("/api/v1/announcements?status=draft", headers=other).status_code == 401


def test_writing_alone_reads_nothing_that_the_token_did_not_send(filled: Site) -> None:
    draft = filled.announcement("ร่างเลิกจ้าง", status=Status.DRAFT, body="เนื้อในร่าง")
    held = filled.attach(draft.id, memo("โทร 0812345678"), "บัญชีรายชื่อ.pdf")
    filled.work()
    writer, client = filled.token("writer", scopes=frozenset({WRITE})), filled.client()
    api = "/api/v1"

    answer = client.patch(f"{api}/announcements/{draft.id}", json={}, headers=writer)
    assert answer.json == {"id": draft.id, "status": "draft", "url": f"/announcements/{draft.id}"}
    answer = client.patch(f"{api}/announcements/{draft.id}", json={"category": "บุคลากร"}, headers=writer)
    assert answer.json["category"] == "บุคลากร"
    assert answer.json.keys() == {"id", "status", "url", "category"}
    answer = client.patch(f"{api}/attachments/{held.id}", json={"position": 1}, headers=writer)
    assert answer.json == {
        "id": held.id,
        "announcement_id": draft.id,
        "status": "ready",
        "position": 1,
    }
    sent = {"file": (io.BytesIO(memo("โทร 0812345678")), "again.pdf"), "label": "อีกครั้ง"}
    answer = client.post(f"{api}/announcements/{draft.id}/attachments", data=sent, headers=writer)
    assert (answer.status_code, answer.json["id"], answer.json["sha256"]) == (200, held.id, held.sha256)
    assert "บัญชีรายชื่อ" not in answer.text
    created = client.post(f"{api}/announcements", json=NEW, headers=writer).json
    assert (created["title"], created["attachments"]) == (NEW["title"], [])


def test_who_may_publish_but_not_read_sees_what_residents_see(filled: Site) -> None:
    draft = filled.announcement("ร่างเลิกจ้าง", status=Status.DRAFT)
    held = filled.attach(draft.id, memo("โทร 0812345678"), "บัญชีรายชื่อ.pdf")
    filled.work()
    headers, client = filled.token("publisher", scopes=frozenset({PUBLISH})), filled.client()
    withdrawn = client.post("/api/v1/announcements/1/withdraw", json={}, headers=headers).json
    assert withdrawn == {"id": 1, "status": "withdrawn", "url": "/announcements/1"}
    path = f"/api/v1/attachments/{held.id}/release"
    released = client.post(path, json={"reason": "จำเป็น"}, headers=headers)
    assert released.json == {"id": held.id, "announcement_id": draft.id, "status": "ready"}
    published = client.post(
        f"/api/v1/announcements/{draft.id}/publish", json={"reason": "จำเป็น"}, headers=headers
    ).json
    assert published["title"] == "ร่างเลิกจ้าง"


def test_an_answer_that_shows_a_draft_is_a_read_in_the_security_log(
    filled: Site, caplog: pytest.LogCaptureFixture
) -> None:
    headers = filled.token("both", scopes=frozenset({READ, WRITE}))
    with caplog.at_level(logging.INFO, "prakat.security"):
        answer = filled.client().patch("/api/v1/announcements/2", json={}, headers=headers)
    assert answer.json["title"] == "ประกาศ draft"
    reads = [each.__dict__ for each in caplog.records if each.message == "unpublished record read"]
    assert [(each["token"], each["announcements"]) for each in reads] == [("both", [2])]


def test_an_expired_token_is_none(filled: Site) -> None:
    ended = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    filled.services.people.tokens.add("old", token_hash("prakat_old"), expires_at=ended)
    old = {"Authorization": "Bearer prakat_old"}
    assert filled.client().post("/api/v1/announcements", json=NEW, headers=old).status_code == 401
    assert filled.client().get("/api/v1/announcements/2", headers=old).status_code == 404


def test_the_description_says_which_scope_an_operation_needs(site: Site) -> None:
    paths = site.client().get("/openapi.json").json["paths"]
    publish = paths["/api/v1/announcements/{id}/publish"]["post"]
    assert publish["security"] == [{"token": ["publish"]}]
    assert "application/problem+json" in publish["responses"]["403"]["content"]
    assert paths["/api/v1/announcements/{id}"]["patch"]["security"] == [{"token": ["write"]}]


def test_a_token_is_renewed_under_its_name(filled: Site) -> None:
    client, path = filled.client(), "/api/v1/announcements/2"  # a draft
    old = filled.token("website", scopes=frozenset({READ}))
    assert client.get(path, headers=old).status_code == 200
    filled.services.people.tokens.revoke("website")
    new = filled.token("website", scopes=frozenset({READ}))
    assert client.get(path, headers=old).status_code == 404
    assert client.get(path, headers=new).status_code == 200
    assert client.patch(path, json={"title": "แก้แล้ว"}, headers=new).status_code == 403  # no wider than before
