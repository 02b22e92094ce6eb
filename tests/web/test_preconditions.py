"""Writes that a program wants made only while a record is as the program read it (``If-Match``)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from archive.model import Scope, Status
from tests.factories.memos import memo
from tests.web.conftest import Site

RECORD, ATTACHMENT = "/api/v1/announcements/{id}", "/api/v1/attachments/{file}"

WRITES: dict[str, dict[str, Any]] = {
    f"PATCH {RECORD}": {"json": {"body": "คนที่สอง"}},
    f"POST {RECORD}/publish": {},
    f"POST {RECORD}/withdraw": {},
    f"POST {RECORD}/restore": {},
    f"POST {RECORD}/attachments": {"data": {"file": "อีกไฟล์"}},
    f"PATCH {ATTACHMENT}": {"json": {"label": "ชื่อใหม่"}},
    f"DELETE {ATTACHMENT}": {},
    f"PUT {ATTACHMENT}/file": {"data": {"file": "ฉบับใหม่"}},
    f"POST {ATTACHMENT}/release": {"json": {"reason": "ตรวจแล้ว"}},
}
"""Every write to a record or an attachment, and what it sends; ``file``: the text of a document."""

STEPS_BEFORE = {f"POST {RECORD}/publish": (), f"POST {RECORD}/restore": ("publish", "withdraw")}


def body_of(operation: str) -> dict[str, Any]:
    """Returns what the write sends, as the client takes it."""
    sent = WRITES[operation]
    return {"data": {"file": (io.BytesIO(memo(sent["data"]["file"])), "ข.pdf")}} if "data" in sent else sent


def state(site: Site, id: int) -> tuple[Any, ...]:
    """Returns all of a record that a write could have changed."""
    services = site.services
    attachments = services.attachments.by_announcement([id])[id]
    return services.announcements.get(id), attachments, services.history.entries(id)


@pytest.mark.parametrize("operation", WRITES)
def test_a_write_to_what_was_changed_since_is_refused_and_changes_nothing(
    site: Site, client: FlaskClient, operation: str
) -> None:
    token, older = site.token(), site.announcement("ฉบับเก่า")
    id = site.announcement("ประกาศ", status=Status.DRAFT).id
    file = site.attach(id, memo("เอกสารแนบ")).id
    for step in STEPS_BEFORE.get(operation, ("publish",)):
        client.post(f"/api/v1/announcements/{id}/{step}", headers=token)
    if operation.endswith("release"):
        site.work()  # nothing is decided about a file before it is read
    before = client.get(f"/api/v1/announcements/{id}", headers=token).headers["ETag"]
    site.services.commands.announcements.decide_relation(id, older.id, None, actor="somebody else")

    method, path = operation.split()
    address = path.format(id=id, file=file, older_id=older.id)
    kept = state(site, id)
    refused = client.open(address, method=method, headers=token | {"If-Match": before}, **body_of(operation))
    assert (refused.status_code, refused.content_type) == (412, "application/problem+json")
    assert refused.get_json(force=True)["code"] == "changed-meanwhile"
    assert state(site, id) == kept

    now = client.get(f"/api/v1/announcements/{id}", headers=token).headers["ETag"]
    done = client.open(address, method=method, headers=token | {"If-Match": now}, **body_of(operation))
    assert done.status_code < 300, done.text


def test_every_write_says_in_the_description_that_it_may_be_refused(client: FlaskClient) -> None:
    described = client.get("/openapi.json").json["paths"]
    writes = {
        f"{method.upper()} {path}": operation
        for path, operations in described.items()
        for method, operation in operations.items()
        if method in ("put", "post", "patch", "delete") and "{id}" in path and "collections" not in path
    }
    assert writes.keys() == {each.replace("{file}", "{id}") for each in WRITES}
    for operation in writes.values():
        assert "412" in operation["responses"]
        assert "If-Match" in [each["name"] for each in operation["parameters"]]
    assert "ETag" in described["/api/v1/announcements/{id}"]["get"]["responses"]["200"]["headers"]


def test_the_answer_to_a_write_has_the_tag_for_the_next(site: Site, client: FlaskClient) -> None:
    token = site.token()
    made = client.post(
        "/api/v1/announcements", json={"title": "ประกาศ", "published_on": "2021-06-09"}, headers=token
    )
    address, tag = f"/api/v1/announcements/{made.json['id']}", made.headers["ETag"]
    assert client.get(address, headers=token).headers["ETag"] == tag
    changed = client.patch(address, json={"body": "หนึ่ง"}, headers=token | {"If-Match": tag})
    again = client.patch(address, json={"body": "สอง"}, headers=token | {"If-Match": changed.headers["ETag"]})
    assert again.json["body"] == "สอง"
    late = client.patch(address, json={"body": "สาม"}, headers=token | {"If-Match": tag})
    assert (late.status_code, client.get(address, headers=token).json["body"]) == (412, "สอง")


@pytest.mark.parametrize("form", ["*", "{tag}", "W/{tag}", '"another", {tag}'])
def test_a_tag_counts_in_each_form_in_which_it_may_arrive(site: Site, client: FlaskClient, form: str) -> None:
    token, id = site.token(), site.announcement("ประกาศ").id
    address = f"/api/v1/announcements/{id}"
    tag = client.get(address, headers=token).headers["ETag"]
    sent = token | {"If-Match": form.format(tag=tag)}
    assert client.patch(address, json={"body": "ก"}, headers=sent).status_code == 200


def test_reading_a_file_in_the_background_is_no_change(site: Site, client: FlaskClient) -> None:
    token, id = site.token(), site.announcement("ประกาศ", status=Status.DRAFT).id
    site.attach(id, memo("เอกสารแนบ"))
    address = f"/api/v1/announcements/{id}"
    tag = client.get(address, headers=token).headers["ETag"]
    site.work()
    assert client.post(f"{address}/publish", headers=token | {"If-Match": tag}).status_code == 200


def test_only_a_token_that_may_read_gets_the_tag_of_a_record(site: Site, client: FlaskClient) -> None:
    id = site.announcement("ประกาศ").id
    address = f"/api/v1/announcements/{id}"
    tag = client.get(address, headers=site.token()).headers["ETag"]
    assert client.get(address).headers["ETag"] != tag  # of the page, for caches
    blind = site.token("blind", scopes=frozenset({Scope.WRITE, Scope.PUBLISH}))
    assert "ETag" not in client.get(address, headers=blind).headers
    assert client.patch(address, json={"body": "ก"}, headers=blind | {"If-Match": tag}).status_code == 200
    assert client.patch(address, json={"body": "ข"}, headers=blind | {"If-Match": tag}).status_code == 412
    missing = client.get("/api/v1/announcements/999", headers=site.token("other"))
    assert (missing.status_code, missing.headers.get("ETag")) == (404, None)
