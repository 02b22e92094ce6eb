"""Hidden records give nothing away about themselves: not by an error, not in a collection, not in a table."""

from __future__ import annotations

import csv
import io
import logging
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from archive.model import Announcement, CollectionLine, Role, Status
from storage.repositories.announcements import EngineAnnouncements
from storage.repositories.pages import EnginePages
from tests.factories.memos import memo
from tests.web.conftest import InterruptedCall, Site

ABSENT = 999
HIDDEN = (Status.DRAFT, Status.TRASHED)
OF_EACH_ANSWER = {"X-Request-Id", "Date", "Content-Length"}


def assert_same(client: FlaskClient, one: str, other: str) -> None:
    """Assert that the answers at two addresses differ in the address alone (status, text, headers)."""
    answers = [client.get(path, buffered=True) for path in (one, other)]
    assert [answer.status_code for answer in answers] == [404, 404]
    first, second = [_without(path, answer.text) for path, answer in zip((one, other), answers, strict=True)]
    differing = [
        lines for lines in zip(first.split("\n"), second.split("\n"), strict=True) if len(set(lines)) > 1
    ]
    assert differing == []
    headers = [[pair for pair in answer.headers if pair[0] not in OF_EACH_ANSWER] for answer in answers]
    assert headers[0] == headers[1]


def _without(path: str, text: str) -> str:
    return text.replace(path, "…").replace(quote(path, safe=""), "…")


@pytest.mark.parametrize(
    ("address", "reading"),
    [
        ("/api/v1/attachments/{attachment}/pages", "by_attachment"),
        ("/announcements/{id}/attachments/{attachment}", "get"),
        ("/announcements/{id}/attachments/{attachment}/text", "by_attachment"),
    ],
)
def test_a_text_that_is_held_while_it_is_read_is_not_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch, address: str, reading: str
) -> None:
    made = site.announcement("ประกาศที่ทุกคนเห็น")
    attachment = site.attach(made.id, memo("เนื้อหา"))
    site.work()
    path = address.format(id=made.id, attachment=attachment.id)
    correct = site.services.commands.pages.correct

    def type_id() -> None:
        correct(attachment.id, 1, "เลขประจำตัวประชาชน 1-1017-00230-70-8", actor="x")

    InterruptedCall(monkeypatch, EnginePages, reading, 1, type_id)
    answer = site.client().get(path)
    assert answer.status_code == 404
    assert "1-1017-00230-70-8" not in answer.text


@pytest.mark.parametrize("address", ["/api/v1/announcements/{}", "/announcements/{}"])
def test_a_record_that_is_hidden_while_it_is_read_is_not_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    made, commands = site.announcement("ประกาศ"), site.services.commands

    def hide() -> None:
        commands.publication.withdraw(made.id, actor="x", reason="ลงผิดเรื่อง")
        commands.publication.restore_as_draft(made.id, actor="x")
        commands.announcements.revise(made.id, {"title": "ร่างลับ", "body": "เนื้อร่างลับ"}, actor="x")

    InterruptedCall(monkeypatch, EngineAnnouncements, "get", 2, hide)
    answer = site.client().get(address.format(made.id))
    assert answer.status_code == 404
    assert "ร่างลับ" not in answer.text


@pytest.mark.parametrize("status", HIDDEN)
@pytest.mark.parametrize(
    "address",
    [
        "/announcements/{id}",
        "/announcements/{id}/attachments/{attachment}",
        "/announcements/{id}/attachments/{attachment}/file",
        "/announcements/{id}/attachments/{attachment}/searchable.pdf",
        "/announcements/{id}/attachments/{attachment}/pages/1.webp",
        "/announcements/1/attachments/{attachment}",
        "/announcements/1/attachments/{attachment}/file",
        "/announcements/1/attachments/{attachment}/pages/1.webp",
        "/api/v1/announcements/{id}",
        "/api/v1/attachments/{attachment}",
        "/api/v1/attachments/{attachment}/pages",
        "/api/v1/attachments/{attachment}/file",
        "/api/v1/attachments/{attachment}/pages/1.webp",
    ],
)
def test_hidden_answers_as_absent_does(site: Site, status: Status, address: str) -> None:
    site.announcement("ประกาศที่ทุกคนเห็น")
    hidden = site.announcement("ยังไม่ให้ใครเห็น", status=Status.DRAFT)
    attachment = site.attach(hidden.id, memo("เนื้อหา"))
    if status is Status.TRASHED:
        site.services.commands.publication.trash(hidden.id, actor="test")
    there = address.format(id=hidden.id, attachment=attachment.id)
    assert_same(site.client(), there, address.format(id=ABSENT, attachment=ABSENT))


def test_the_old_address_of_a_draft_answers_as_any_unknown_address(site: Site) -> None:
    site.announcement("ยังไม่ให้ใครเห็น", status=Status.DRAFT, old_url="/news/17")
    assert_same(site.client(), "/news/17", "/news/18")


def listed(site: Site, *items: CollectionLine) -> int:
    made = site.services.commands.collections.save(None, title="ชุด", body="", items=items, actor="test")
    return made.id


@pytest.fixture
def hidden(site: Site) -> Announcement:
    return site.announcement("ยังไม่ให้ใครเห็น", status=Status.DRAFT)


def test_a_collection_shows_nothing_of_hidden_announcements(site: Site, hidden: Announcement) -> None:
    shown = site.announcement("ประกาศที่ทุกคนเห็น")
    mixed = listed(
        site,
        CollectionLine("O1 แผนลับ", hidden.id),
        CollectionLine("O2 งบประมาณ", shown.id),
        CollectionLine("O3 ว่าง", None),
    )
    plain = listed(site, CollectionLine("O2 งบประมาณ", shown.id), CollectionLine("O3 ว่าง", None))
    client = site.client()

    def seen(id: int) -> str:
        return client.get(f"/collections/{id}").get_data(as_text=True).replace(f"/collections/{id}", "")

    assert seen(mixed) == seen(plain)
    assert "O1 แผนลับ" in site.signed_in(Role.STAFF).get(f"/staff/collections/{mixed}").text


FORMULAS = ["=1+1", "+66812345678", "-2+3", "@SUM(A1)", "\tแท็บ", "＝1+1", "＠SUM(A1)"]


@pytest.mark.parametrize("typed", FORMULAS)
def test_a_spreadsheet_computes_nothing_of_ours(site: Site, typed: str) -> None:
    made = site.announcement(f"{typed}", status=Status.DRAFT, body=typed, author=typed, category=typed)
    site.services.commands.publication.publish(made.id, actor="test", reason="เบอร์กลางของหน่วยงาน")
    table = (
        site.client()
        .get("/open-data/announcements.csv", buffered=True)
        .get_data(as_text=True)
        .removeprefix("\ufeff")
    )
    (row,) = csv.DictReader(io.StringIO(table))
    for name in ("title", "body", "author", "category"):
        assert row[name].startswith("'") or row[name][0] not in "=+-@\t\r\n＝＋－＠", (name, row[name])
        assert row[name].removeprefix("'").strip() == typed.strip()


def test_a_token_that_reads_a_draft_is_named_in_the_log(
    site: Site, hidden: Announcement, caplog: pytest.LogCaptureFixture
) -> None:
    shown = site.announcement("ประกาศที่ทุกคนเห็น")
    attachment = site.attach(hidden.id, memo("เนื้อหา"))
    client, token = site.client(), site.token("โปรแกรมของเว็บหลัก")

    def reads(path: str) -> list[tuple[object, object]]:
        caplog.clear()
        with caplog.at_level(logging.INFO, "prakat.security"):
            assert client.get(path, headers=token, buffered=True).status_code == 200
        lines = [each.__dict__ for each in caplog.records if each.message == "unpublished record read"]
        return [(line["token"], line["announcements"]) for line in lines]

    named = [("โปรแกรมของเว็บหลัก", [hidden.id])]
    for path in (
        f"/api/v1/announcements/{hidden.id}",
        f"/api/v1/attachments/{attachment.id}",
        f"/api/v1/attachments/{attachment.id}/pages",
        f"/api/v1/attachments/{attachment.id}/file",
        "/api/v1/announcements?status=draft",
    ):
        assert reads(path) == named, path
    assert reads(f"/api/v1/announcements/{shown.id}") == []
    assert reads("/api/v1/announcements") == []
