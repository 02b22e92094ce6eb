"""A row that cannot be read is named, and everything else goes on without it."""

from __future__ import annotations

import datetime as dt
import io
import json
import sqlite3
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from archive.model import HoldReason, LowConfidenceSpan, Role, Status
from archive.relations import suggest_relations
from indexer.reindex import rebuild
from storage.mappers import pack_doubts
from tests.factories.archives import ACTOR
from tests.operation.archives import checked, close, opened, run
from tests.web.conftest import open_site
from web.app import create_app
from web.bootstrap import Services
from web.serving.health import heartbeat_path
from web.staff.attachments_for_staff import body_and_page_lines

PAGES = (
    "/",
    "/browse",
    "/search?q=ถนน",
    "/search?q=",
    "/feed.xml",
    "/sitemap.xml",
    "/open-data",
    "/open-data/announcements.csv",
    "/open-data/announcements.jsonl",
    "/api/v1/announcements",
    "/api/v1/search?q=",
    "/announcements/3",
)

DAMAGES = {
    "date": "UPDATE announcement SET published_on = '9 มิ.ย. 2564' WHERE id IN (1, 2)",
    "status": "UPDATE announcement SET status = 'gone' WHERE id IN (1, 2)",
    "kind": "UPDATE announcement SET kind = 7 WHERE id IN (1, 2)",
    "encoding": "UPDATE announcement SET title = CAST(x'bbc3d0a1d2c8' AS TEXT) WHERE id IN (1, 2)",
    "number": "UPDATE announcement SET views = 'มาก' WHERE id IN (1, 2)",
    "time": "UPDATE announcement SET updated_at = '' WHERE id IN (1, 2)",
    "details": "UPDATE attachment SET details = '{\"fields\"' WHERE announcement_id IN (2, 4)",
    "history": "UPDATE history SET before = '[' WHERE announcement_id IN (1, 2) AND action = 'create'",
    "page": "UPDATE page SET raw = x'00' WHERE attachment_id IN (1, 2) AND number = 1",
    "person": "UPDATE person SET role = 'king'",
}


def damage(data: Path, sql: str) -> None:
    with sqlite3.connect(data / "prakat.sqlite") as other:
        other.execute(sql)
    other.close()


@pytest.mark.parametrize("name", DAMAGES)
def test_check_names_each_row_once_and_goes_on(data: Path, services: Services, name: str) -> None:
    for person in ("somsri", "somchai"):
        services.people.accounts.add(person, "hash", Role.STAFF)
    damage(data, DAMAGES[name])
    result = run(data, "check", "--json")
    assert isinstance(result.exception, SystemExit), result.exception
    found = [one for one in json.loads(result.stdout)["findings"] if one["code"] == "record-damaged"]
    assert len(found) == len({one["subject"] for one in found}) == 2


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in ("history", "page", "person")])
def test_pages_go_on_without_it_and_readiness_is_degraded(data: Path, name: str) -> None:
    services = opened(data)
    client: FlaskClient = create_app(services).test_client()
    lists = {page: client.get(page, buffered=True).status_code for page in PAGES}
    assert set(lists.values()) == {200}, lists
    damage(data, DAMAGES[name])
    lists = {page: client.get(page, buffered=True).status_code for page in PAGES}
    assert set(lists.values()) == {200}, lists
    heartbeat_path(services.settings).touch()
    answer = client.get("/readyz").get_json()
    assert answer["status"] == "degraded", answer
    assert "2 รายการ" in answer["checks"]["records"]
    assert not [
        row for row in services.readability_check.known_damaged_rows() if row in answer["checks"]["records"]
    ]
    assert rebuild(services.records, services.index) > 10
    damage(data, "UPDATE page SET doubts = x'00112233' WHERE attachment_id = 2 AND number = 1")
    assert rebuild(services.records, services.index) > 10
    assert {client.get(page, buffered=True).status_code for page in PAGES} == {200}
    close(services)


def test_a_row_that_was_mended_is_forgotten(data: Path, services: Services) -> None:
    before = services.announcements.get(1).published_on
    damage(data, DAMAGES["date"])
    services.readability_check.check_next_rows()
    assert services.readability_check.known_damaged_rows() == ["announcement 1", "announcement 2"]
    damage(data, f"UPDATE announcement SET published_on = '{before}' WHERE id IN (1, 2)")
    services.readability_check.check_next_rows()
    assert services.readability_check.known_damaged_rows() == []


def test_the_other_drafts_are_published_when_their_time_comes(data: Path, services: Services) -> None:
    drafts, _ = services.announcements.list_page(statuses=[Status.DRAFT], page=1, per_page=5)
    first, second = sorted(each.id for each in drafts)[:2]
    for id in (first, second):
        damage(data, f"UPDATE announcement SET publish_at = '2021-01-01T00:00:00+00:00' WHERE id = {id}")
    damage(data, f"UPDATE announcement SET kind = 'x' WHERE id = {first}")
    assert services.commands.publication.publish_due_or_unschedule(
        dt.datetime.now(dt.UTC), actor="prakat worker"
    ) == [second]


def test_words_in_the_older_encoding_are_read_and_said(data: Path) -> None:
    words = "หนองปลาดุก\nทต. = เทศบาลตำบล\n"
    (data / "words.txt").write_bytes(words.encode("cp874"))
    services = opened(data)
    assert "หนองปลาดุก" in services.dictionary.current().words
    assert "words-encoding" in checked(data)[1]
    services.dictionary.add_entry("โคกสูง")
    assert (data / "words.txt").read_text(encoding="utf-8") == words + "โคกสูง\n"
    assert "words-encoding" not in checked(data)[1]
    close(services)


def test_an_announcement_with_a_damaged_document_is_withdrawn_and_the_document_held(
    data: Path, services: Services
) -> None:
    (document,) = services.attachments.by_announcement([2])[2]
    assert (document.hold, services.announcements.get(2).status) == (None, Status.PUBLISHED)
    damage(data, DAMAGES["details"])
    services.commands.publication.withdraw(2, actor=ACTOR, reason="ลงผิดเรื่อง")
    assert services.announcements.get(2).status is Status.WITHDRAWN
    damage(data, f"UPDATE attachment SET details = '{{}}' WHERE id = {document.id}")
    assert services.attachments.get(document.id).hold is HoldReason.PERSONAL_DATA


def test_staff_pages_go_on_beside_a_damaged_document(data: Path) -> None:
    site = open_site(data)
    commands, attachments = site.services.commands, site.services.attachments
    (document,) = attachments.by_announcement([2])[2]
    commands.file_versions.replace(document.id, io.BytesIO(b"%PDF-1.7 x"), filename="a.pdf", actor=ACTOR)
    (waiting,) = attachments.replacements([document.id]).values()
    gone, _ = commands.attachments.attach(2, io.BytesIO(b"%PDF-1.7 y"), filename="b.pdf", actor=ACTOR)
    commands.attachments.detach(gone.id, actor=ACTOR)
    damage(data, f"UPDATE attachment SET details = '{{' WHERE id IN ({waiting.id}, {gone.id})")
    staff = site.signed_in(Role.STAFF)
    for page in ("announcements/2", "announcements/2/history", f"attachments/{document.id}"):
        assert staff.get(f"/staff/{page}").status_code == 200, page
    (change,) = [each for each in site.services.history.entries(2) if each.action == "detach"]
    undone = staff.post(f"/staff/history/{change.id}/undo", data={"confirmed": "yes"}, follow_redirects=True)
    assert undone.status_code == 200


def test_a_backup_is_made_although_a_row_of_the_history_is_damaged(data: Path, tmp_path: Path) -> None:
    damage(data, DAMAGES["history"])
    ran = run(data, "backup", str(tmp_path / "backup.tar"))
    assert ran.exit_code == 0, ran.output
    assert run(tmp_path / "restored", "restore", str(tmp_path / "backup.tar")).exit_code == 0


def test_a_page_whose_text_is_damaged_counts_as_without_text(data: Path, services: Services) -> None:
    attachment = services.attachments.get(1)
    announcement = services.announcements.get(attachment.announcement_id)
    damage(data, "UPDATE page SET text = CAST(x'bbc3' AS TEXT) WHERE attachment_id = 1 AND number = 1")
    doubts = pack_doubts([LowConfidenceSpan(0, 2, 0.5, ("กข",))]).hex()
    damage(data, f"UPDATE page SET doubts = x'{doubts}' WHERE attachment_id = 1 AND number = 1")
    assert suggest_relations(services.records, announcement) == []
    app = create_app(services)
    with app.app_context():
        assert body_and_page_lines(announcement).startswith("เทศบาลแจ้งเรื่องที่ 2\nเลขที่")
    assert rebuild(services.records, services.index) > 10
