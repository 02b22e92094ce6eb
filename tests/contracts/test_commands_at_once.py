"""Two commands at once on every engine: the later one looks at what the earlier one left."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.eraser import Eraser
from archive.erasure import ErasureScope
from archive.errors import Conflict, Invalid, PersonalDataFound
from archive.model import Attachment, Collection, CollectionLine, ReadingResults, RelationKind, Status
from archive.ports import Jobs
from archive.record_commands import RecordCommands
from archive.repositories import Records
from indexer.extraction.metadata import extract_fields
from storage.engine import Engine
from storage.files.local import LocalFiles
from tests.at_once import end_of_later
from tests.factories.records import ACTOR, draft, published

PHONE = "ติดต่อ นายสมชาย ใจดี โทร 081-234-5678"
PAST = dt.datetime(2021, 6, 9, tzinfo=dt.UTC)


@pytest.fixture
def commands(records: Records, tmp_path: Path) -> RecordCommands:
    return RecordCommands(
        records, LocalFiles(tmp_path / "files"), max_upload_bytes=10_000, extract_fields=extract_fields
    )


@pytest.fixture
def later(engine: Engine, records: Records) -> Callable[..., BaseException | None]:
    """Calls a command that begins while another one is under way; returns the error with which it ends."""

    def call(command: Callable[[], object], *, while_another: Callable[[], object]) -> BaseException | None:
        return end_of_later(engine, records, command, while_another=while_another).exception()

    return call


Later = Callable[..., BaseException | None]


def a_draft(records: Records) -> int:
    return records.announcements.create(draft(), actor=ACTOR).id


def pdf(commands: RecordCommands, announcement_id: int, content: bytes = b"%PDF-1.4 first") -> Attachment:
    attachment, _ = commands.attachments.attach(
        announcement_id, io.BytesIO(content), filename="ก.pdf", actor=ACTOR
    )
    return attachment


def test_text_typed_while_the_record_is_published_needs_a_reason(
    records: Records, commands: RecordCommands, later: Later
) -> None:
    id = a_draft(records)
    error = later(
        lambda: commands.announcements.revise(id, {"body": PHONE}, actor="B"),
        while_another=lambda: commands.publication.publish(id, actor="A"),
    )
    assert isinstance(error, PersonalDataFound)
    now = records.announcements.get(id)
    assert (now.status, now.body) == (Status.PUBLISHED, draft().body)


def test_a_publication_sees_the_text_that_is_stored_meanwhile(
    records: Records, commands: RecordCommands, later: Later
) -> None:
    id = a_draft(records)
    error = later(
        lambda: commands.publication.publish(id, actor="A"),
        while_another=lambda: commands.announcements.revise(id, {"body": PHONE}, actor="B"),
    )
    assert isinstance(error, PersonalDataFound)
    assert records.announcements.get(id).status is Status.DRAFT


def test_a_set_publication_sees_the_text_that_is_stored_meanwhile(
    records: Records, commands: RecordCommands, later: Later
) -> None:
    id = a_draft(records)
    records.announcements.revise(id, {"publish_at": PAST}, actor=ACTOR)
    error = later(
        lambda: commands.publication.publish_due_or_unschedule(dt.datetime.now(dt.UTC), actor="worker"),
        while_another=lambda: commands.announcements.revise(id, {"body": PHONE}, actor="B"),
    )
    assert error is None
    now = records.announcements.get(id)
    assert (now.status, now.publish_at) == (Status.DRAFT, None)


def test_a_set_publication_that_is_cancelled_meanwhile_does_not_take_place(
    records: Records, commands: RecordCommands, later: Later
) -> None:
    id = a_draft(records)
    records.announcements.revise(id, {"publish_at": PAST}, actor=ACTOR)
    later(
        lambda: commands.publication.publish_due_or_unschedule(dt.datetime.now(dt.UTC), actor="worker"),
        while_another=lambda: commands.announcements.revise(id, {"publish_at": None}, actor="B"),
    )
    assert records.announcements.get(id).status is Status.DRAFT


def test_a_label_typed_while_the_record_is_published_needs_a_reason(
    records: Records, jobs: Jobs, commands: RecordCommands, later: Later
) -> None:
    id = a_draft(records)
    paper = pdf(commands, id)
    assert jobs.claim("w", lease=dt.timedelta(minutes=5), now=dt.datetime.now(dt.UTC))
    jobs.finish(paper.id, "w", page_count=0, details=ReadingResults(), rules=1)
    error = later(
        lambda: commands.attachments.relabel(paper.id, label=PHONE, kind=paper.kind, actor="B"),
        while_another=lambda: commands.publication.publish(id, actor="A"),
    )
    assert isinstance(error, PersonalDataFound)
    assert records.attachments.get(paper.id).label == paper.label


def test_a_withdrawn_record_is_not_changed_by_who_began_before(
    records: Records, commands: RecordCommands, later: Later
) -> None:
    id = published(records).id
    paper = pdf(commands, id)
    changes: dict[str, Callable[[], object]] = {
        "revise": lambda: commands.announcements.revise(id, {"title": "ชื่อใหม่"}, actor="B"),
        "attach": lambda: pdf(commands, id, b"%PDF-1.4 second"),
        "label": lambda: commands.attachments.relabel(paper.id, label="ใหม่", kind=paper.kind, actor="B"),
        "detach": lambda: commands.attachments.detach(paper.id, actor="B"),
        "replace": lambda: commands.file_versions.replace(
            paper.id, io.BytesIO(b"%PDF-1.4 third"), filename="ข.pdf", actor="B"
        ),
    }
    for name, command in changes.items():
        error = later(
            command, while_another=lambda: commands.publication.withdraw(id, actor="A", reason="ลงผิดเรื่อง")
        )
        assert isinstance(error, Conflict), name
        assert records.history.entries(id)[-1].action == "withdraw", name
        commands.publication.restore_as_draft(id, actor="A")
        commands.publication.publish(id, actor="A")


@pytest.mark.parametrize("scope", [ErasureScope.ATTACHMENT, ErasureScope.EARLIER_FILES])
def test_an_erasure_takes_no_other_file_than_the_one_that_was_shown(
    records: Records, commands: RecordCommands, tmp_path: Path, later: Later, scope: ErasureScope
) -> None:
    shown = pdf(commands, a_draft(records))
    eraser = Eraser(records, records, LocalFiles(tmp_path / "files"), ())
    error = later(
        lambda: eraser.erase_attachment_or_versions(
            shown.id,
            scope,
            ordered_by="คำสั่งศาลที่ 1",
            reason="ละเมิดสิทธิ",
            actor="B",
            expected_sha256=shown.sha256,
        ),
        while_another=lambda: commands.file_versions.replace(
            shown.id, io.BytesIO(b"%PDF-1.4 second"), filename="ก.pdf", actor=ACTOR
        ),
    )
    assert isinstance(error, Conflict)
    assert error.code == "edited-meanwhile"
    assert records.erasures.all() == []
    [version] = records.file_versions.by_attachment(shown.id)
    assert version.sha256 == shown.sha256


def test_two_records_do_not_cancel_each_other(
    records: Records, commands: RecordCommands, later: Later
) -> None:
    one, other = published(records).id, published(records).id
    decide = commands.announcements.decide_relation
    error = later(
        lambda: decide(other, one, RelationKind.CANCELS, actor="B"),
        while_another=lambda: decide(one, other, RelationKind.CANCELS, actor="A"),
    )
    assert isinstance(error, Invalid)
    assert len(records.relations.list_decisions(one)) == 1


def test_a_collection_gets_no_personal_data_that_its_saver_did_not_state(
    records: Records, commands: RecordCommands, later: Later
) -> None:
    """The texts before are those that the transaction meets: a find that was taken out is new again."""
    made = _collection(commands, None, PHONE, reason="เบอร์กลางของกอง")
    error = later(
        lambda: _collection(commands, made.id, PHONE),
        while_another=lambda: _collection(commands, made.id, "ไม่มีเบอร์แล้ว"),
    )
    assert isinstance(error, PersonalDataFound)


def _collection(commands: RecordCommands, id: int | None, body: str, reason: str = "") -> Collection:
    lines = [CollectionLine("ก", None)]
    return commands.collections.save(id, title="ชุด", body=body, items=lines, actor="A", reason=reason)
