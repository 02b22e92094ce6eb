"""API tokens: what their scopes allow, when they end, and what is known of them."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from archive.model import Scope, Status
from tests.web.conftest import Site, memo
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
    ("POST", "/collections", {"title": "ชุด", "items": []}, PUBLISH),
    ("PATCH", "/collections/1", {"title": "ชุดใหม่"}, PUBLISH),
]


@pytest.fixture
def filled(site: Site) -> Site:
    for status in (Status.PUBLISHED, Status.DRAFT, Status.WITHDRAWN, Status.TRASHED):
        site.announcement(f"ประกาศ {status}", status=status)
    site.services.intake.collections.save(None, title="ชุด", body="", items=[], actor="test")
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


def test_only_the_scope_of_reading_shows_drafts(filled: Site) -> None:
    client = filled.client()
    reader = filled.token("reader", scopes=frozenset({READ}))
    other = filled.token("other", scopes=frozenset({PUBLISH}))
    assert client.get("/api/v1/announcements/2", headers=reader).status_code == 200
    assert client.get("/api/v1/announcements/2", headers=other).status_code == 404
    assert client.get("/api/v1/announcements?status=draft", headers=reader).json["total"] == 1
    assert client.get("/api/v1/announcements?status=draft", headers=other).status_code == 401


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
