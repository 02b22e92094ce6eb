"""Programs send files again that a person covered, replaced, took off or erased: none of them comes back."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from archive.erasure import ErasureScope
from archive.model import Attachment, HoldReason, Role, Status
from tests.factories.memos import memo
from tests.web.conftest import BROWSER, Site
from web.importing import import_manifest

NAME = "สมศรี"
ORIGINAL = memo(f"นาง{NAME} เพราะป่วยมานาน", subject="เงินช่วยเหลือ")
SHA256 = hashlib.sha256(ORIGINAL).hexdigest()
OTHER = memo("ฉบับที่ตัดรายชื่อออกแล้ว", subject="เงินช่วยเหลือ")
LINE = {
    "ref": "old-1",
    "title": "ประกาศรายชื่อ",
    "body": "",
    "author": "กองสวัสดิการ",
    "published_on": "2021-06-09",
    "status": "published",
    "attachments": [{"path": "a.pdf", "label": "บัญชี"}],
}


@dataclass
class Sent:
    """A published announcement with one file, which programs send again in two ways."""

    site: Site
    folder: Path
    token: dict[str, str]

    def run_import(self) -> tuple[int, list[tuple[str, str]]]:
        """Run ``prakat import`` on the same folder. Returns the count of attached files, and the problems."""
        (self.folder / "a.pdf").write_bytes(ORIGINAL)
        (self.folder / "m.jsonl").write_text(json.dumps(LINE, ensure_ascii=False) + "\n", "utf-8")
        report = import_manifest(self.site.services, self.folder / "m.jsonl", lambda _done, _total: None)
        self.site.work()
        return report.files, report.problems

    def post(self, data: bytes = ORIGINAL) -> tuple[int, dict[str, Any]]:
        return self._send("post", f"/api/v1/announcements/{self.id}/attachments", data)

    def put(self, attachment: Attachment, data: bytes = ORIGINAL) -> tuple[int, dict[str, Any]]:
        return self._send("put", f"/api/v1/attachments/{attachment.id}/file", data)

    def _send(self, method: str, address: str, data: bytes) -> tuple[int, dict[str, Any]]:
        form = {"file": (io.BytesIO(data), "a.pdf")}
        answer = self.site.client().open(address, method=method.upper(), headers=self.token, data=form)
        self.site.work()
        return answer.status_code, answer.json

    @property
    def id(self) -> int:
        made = self.site.services.announcements.by_external_ref("old-1")
        assert made is not None
        return made.id

    @property
    def listed(self) -> list[Attachment]:
        return self.site.services.attachments.by_announcement([self.id])[self.id]

    def is_public(self, data: bytes = ORIGINAL) -> bool:
        """Returns True where residents get these bytes, or where search finds the name."""
        reader = self.site.client()
        found = reader.get("/api/v1/search", query_string={"q": NAME}, headers=BROWSER).json["total"]
        files = [
            reader.get(f"/api/v1/attachments/{each['id']}/file", buffered=True).data
            for each in reader.get(f"/api/v1/announcements/{self.id}").json["attachments"]
        ]
        return data in files or bool(found and data == ORIGINAL)


@pytest.fixture
def sent(site: Site, tmp_path: Path) -> Sent:
    (tmp_path / "old").mkdir()
    sent = Sent(site, tmp_path / "old", site.token())
    assert sent.run_import() == (1, [])
    assert sent.is_public()
    return sent


def cover(sent: Sent, clerk: FlaskClient) -> None:
    address = f"/staff/attachments/{sent.listed[0].id}/redact"
    boxes = re.findall(
        r'name="box" value="([^"]+)"', clerk.post(address, data={"words": NAME, "mark": "1"}).text
    )
    clerk.post(address, data={"box": boxes, "known": boxes})


def replace(sent: Sent, clerk: FlaskClient) -> None:
    form = {"replace": "1", "file": (io.BytesIO(OTHER), "b.pdf")}
    clerk.post(f"/staff/attachments/{sent.listed[0].id}", data=form)
    sent.site.work()
    (waiting,) = sent.site.services.attachments.replacements([sent.listed[0].id]).values()
    sent.site.services.commands.attachments.relabel(waiting.id, label="บัญชี", kind=waiting.kind, actor="clerk")
    sent.site.services.commands.attachments.show_unconfirmed_file(waiting.id, actor="clerk")


def take_off(sent: Sent, clerk: FlaskClient) -> None:
    clerk.post(f"/staff/attachments/{sent.listed[0].id}/detach")


def erase(sent: Sent, _clerk: FlaskClient) -> None:
    sent.site.services.eraser.erase_attachment_or_versions(
        sent.listed[0].id, ErasureScope.ATTACHMENT, ordered_by="ศาล 1/2564", reason="คำสั่งศาล", actor="admin"
    )


def erase_earlier_files(sent: Sent, clerk: FlaskClient) -> None:
    replace(sent, clerk)
    sent.site.services.eraser.erase_attachment_or_versions(
        sent.listed[0].id,
        ErasureScope.EARLIER_FILES,
        ordered_by="ศาล 1/2564",
        reason="คำสั่งศาล",
        actor="admin",
    )


Step = Callable[[Sent, FlaskClient], None]


@pytest.mark.parametrize("step", [cover, replace, take_off, erase, erase_earlier_files])
def test_an_import_that_is_run_again_brings_nothing_back(sent: Sent, site: Site, step: Step) -> None:
    step(sent, site.signed_in(Role.STAFF))
    site.work()
    assert not sent.is_public()
    listed, is_stored = sent.listed, site.services.files.exists(SHA256)
    assert sent.run_import() == (0, [])
    assert not sent.is_public()
    assert (sent.listed, site.services.files.exists(SHA256)) == (listed, is_stored)


@pytest.mark.parametrize("step", [cover, replace, take_off])
def test_the_same_bytes_sent_again_are_the_attachment_that_had_them(
    sent: Sent, site: Site, step: Step
) -> None:
    (before,) = sent.listed
    step(sent, site.signed_in(Role.STAFF))
    site.work()
    listed = sent.listed
    status, answer = sent.post()
    assert (status, answer["id"]) == (200, before.id)
    assert sent.listed == listed
    assert not sent.is_public()


@pytest.mark.parametrize("step", [erase, erase_earlier_files])
def test_bytes_that_were_erased_by_order_are_neither_attached_nor_stored(
    sent: Sent, site: Site, step: Step
) -> None:
    step(sent, site.signed_in(Role.STAFF))
    site.work()
    listed = sent.listed
    answers = [sent.post(), *(sent.put(each) for each in listed)]
    assert {(status, answer["code"]) for status, answer in answers} == {(409, "file-erased")}
    assert sent.listed == listed
    assert not site.services.files.exists(SHA256)


@pytest.mark.parametrize("step", [cover, replace])
def test_an_earlier_file_put_back_by_a_program_waits_for_a_person(sent: Sent, site: Site, step: Step) -> None:
    clerk = site.signed_in(Role.STAFF)
    step(sent, clerk)
    site.work()
    (public,) = sent.listed
    assert sent.put(public)[0] == 202
    assert sent.listed == [public]
    assert not sent.is_public()
    waiting = site.services.attachments.replacements([public.id])[public.id]
    assert waiting.hold is HoldReason.UNCONFIRMED
    assert "ไฟล์ใหม่รอเผยแพร่" in clerk.get("/staff").text


def test_another_file_put_on_a_redacted_copy_waits_for_a_person(sent: Sent, site: Site) -> None:
    cover(sent, site.signed_in(Role.STAFF))
    site.work()
    (public,) = sent.listed
    scan = memo(f"นาง{NAME} เพราะป่วยมานาน", "สแกนใหม่", subject="เงินช่วยเหลือ")
    assert sent.put(public, scan)[0] == 202
    assert sent.listed == [public]
    assert not sent.is_public(scan)


def test_an_earlier_file_of_a_draft_is_not_put_back_by_a_program(sent: Sent, site: Site) -> None:
    clerk = site.signed_in(Role.STAFF)
    cover(sent, clerk)
    site.services.commands.publication.withdraw(sent.id, actor="clerk", reason="ลงผิดเรื่อง")
    site.services.commands.publication.restore_as_draft(sent.id, actor="clerk")
    site.work()
    (covered,) = sent.listed
    status, answer = sent.put(covered)
    assert (status, answer["code"]) == (409, "file-attached")
    assert sent.listed == [covered]
    assert site.services.announcements.get(sent.id).status is Status.DRAFT


def test_a_program_may_undo_what_it_did_itself(sent: Sent, site: Site) -> None:
    status, second = sent.post(OTHER)
    assert status == 202
    site.client().delete(f"/api/v1/attachments/{second['id']}", headers=sent.token)
    site.work()
    assert [each.id for each in sent.listed] != [second["id"]]
    assert sent.post(OTHER)[1]["id"] == second["id"]
    assert sent.is_public(OTHER)
    newer = memo("ฉบับใหม่", subject="เงินช่วยเหลือ")
    paper = site.services.attachments.get(second["id"])
    assert sent.put(paper, newer)[0] == 202
    assert sent.is_public(newer)
    assert sent.put(paper, OTHER)[0] == 202
    assert sent.is_public(OTHER)


@pytest.mark.parametrize("named", ["label", "file name"])
def test_a_name_with_personal_data_holds_what_a_program_puts_back(site: Site, named: str) -> None:
    made, token, address = site.announcement("ประกาศ"), site.token(), "/api/v1/attachments"
    name = "ติดต่อนายแดง 081-234-5678"

    def send(label: str, filename: str) -> dict[str, Any]:
        form = {"file": (io.BytesIO(OTHER), filename)} | ({"label": label} if label else {})
        sent = site.client().post(f"/api/v1/announcements/{made.id}/attachments", headers=token, data=form)
        site.work()
        return site.client().get(f"{address}/{sent.json['id']}", headers=token).json  # type: ignore[index,return-value]

    first = send("บัญชี", "a.pdf")
    assert first["held"] is None
    assert site.client().delete(f"{address}/{first['id']}", headers=token).status_code == 204
    again = send(name, "a.pdf") if named == "label" else send("", f"{name}.pdf")
    assert (again["id"], again["label"]) == (first["id"], name)
    assert again["held"] == {"code": "personal-data", "finds": 1}
    assert site.client().get(f"{address}/{first['id']}").status_code == 404
    assert "081-234" not in site.client().get(f"/announcements/{made.id}").text
    assert (
        f"/staff/attachments/{first['id']}"
        in site.signed_in(Role.STAFF).get("/staff?problem=personal-data").text
    )
