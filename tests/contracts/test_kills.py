"""Killed at every single line of an upload: nothing half-visible, nothing promised is lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from archive.model import ReadingResults, Status
from archive.ports import Files
from archive.record_commands import RecordCommands
from archive.repositories import Records
from indexer.extraction.metadata import extract_fields
from storage.files.local import LocalFiles
from storage.hash_chain import AuditTrail
from storage.repositories.jobs import EngineJobs
from storage.repositories.records import open_records
from storage.sqlite import Sqlite
from tests.contracts.processes import killed_at
from tests.factories.records import ACTOR, NOW, draft, page, stored

CONTENT = b"%PDF-1.7 " + b"x" * 5000


@dataclasses.dataclass
class KilledArchive:
    engine: Sqlite
    records: Records
    files: Files
    commands: RecordCommands


def opened(folder: Path) -> KilledArchive:
    engine = Sqlite(folder / "prakat.db")
    records, files = open_records(engine), LocalFiles(folder / "files")
    return KilledArchive(
        engine,
        records,
        files,
        RecordCommands(records, files, max_upload_bytes=10_000, extract_fields=extract_fields),
    )


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[KilledArchive]:
    archive = opened(tmp_path)
    yield archive
    archive.engine.close()


def test_an_upload_killed_at_any_line_is_whole_or_absent(archive: KilledArchive, tmp_path: Path) -> None:
    made = archive.commands.announcements.create(draft(), actor=ACTOR)
    answered = tmp_path / "answered"

    def upload(child: KilledArchive) -> None:
        """Upload different bytes at each step, and touch ``answered`` once the archive has kept them."""
        child.commands.attachments.attach(
            made.id, io.BytesIO(CONTENT + b"%d" % step), filename="ก.pdf", actor=ACTOR
        )
        answered.touch()

    step = 1
    while killed_at(step, lambda: opened(tmp_path), upload):
        attachments = archive.records.attachments.by_announcement([made.id])[made.id]
        waiting = {attachment.sha256 for attachment in attachments}
        assert len(archive.records.history.entries(made.id)) == 1 + len(attachments)
        assert [attachment.position for attachment in attachments] == list(range(1, len(attachments) + 1))
        assert all(archive.files.exists(sha256) for sha256 in waiting)
        LocalFiles(tmp_path / "files")  # the next start
        assert not list((tmp_path / "files" / "incoming").iterdir())
        step += 1
    assert step > 50  # it did go through the lines
    assert answered.exists()
    assert stored(CONTENT + b"%d" % step).sha256 in {
        attachment.sha256 for attachment in archive.records.attachments.by_announcement([made.id])[made.id]
    }
    for kept in archive.files.all():
        with archive.files.open(kept.sha256) as stream:
            assert stored(stream.read()) == kept


def test_a_publication_killed_at_any_line_is_whole_or_absent(archive: KilledArchive, tmp_path: Path) -> None:
    made = archive.commands.announcements.create(draft(), actor=ACTOR)
    step = 1
    while killed_at(
        step, lambda: opened(tmp_path), lambda child: child.commands.publication.publish(made.id, actor=ACTOR)
    ):
        announcement = archive.records.announcements.get(made.id)
        last = archive.records.history.entries(made.id)[-1]
        assert announcement.change == archive.records.history.last_change()
        if announcement.status is Status.PUBLISHED:
            assert last.action == "publish"
            archive.commands.publication.withdraw(made.id, actor=ACTOR, reason="ทดสอบ")
            archive.commands.publication.restore_as_draft(made.id, actor=ACTOR)
        else:
            assert last.action in {"create", "restore"}
        step += 1
    assert step > 30


def test_a_start_killed_at_any_line_can_be_done_again(tmp_path: Path) -> None:
    step = 1

    def fresh() -> Path:
        return tmp_path / str(step)

    while killed_at(step, fresh, lambda folder: opened(folder).engine.close()):
        archive = opened(fresh())
        made = archive.commands.announcements.create(draft(), actor=ACTOR)
        archive.commands.attachments.attach(made.id, io.BytesIO(CONTENT), filename="ก.pdf", actor=ACTOR)
        assert EngineJobs(archive.engine).claim("w", lease=NOW - NOW, now=NOW) is not None
        archive.engine.close()
        step += 29  # not every line: tables and directories are made one like the other
    assert step > 50


def test_a_change_of_a_public_file_killed_at_any_line_shows_one_of_the_two(
    tmp_path: Path,
) -> None:
    def read(child: KilledArchive) -> None:
        """Read whatever waits, as the worker does."""
        jobs = EngineJobs(child.engine)
        while taken := jobs.claim("w", lease=dt.timedelta(minutes=1), now=NOW):
            child.records.pages.save(page(taken, text=taken.sha256), expected_sha256=taken.sha256)
            jobs.finish(taken.id, "w", page_count=1, details=ReadingResults(), rules=1)

    before = opened(tmp_path / "before")
    made = before.commands.announcements.create(draft(), actor=ACTOR, status=Status.PUBLISHED)
    file, _new = before.commands.attachments.attach(
        made.id, io.BytesIO(CONTENT), filename="ก.pdf", actor=ACTOR
    )
    read(before)
    new = io.BytesIO(CONTENT + b"new")
    wanted = before.commands.file_versions.replace(file.id, new, filename="ข.pdf", actor=ACTOR).sha256
    before.engine.close()
    step, seen = 1, set()
    while True:
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "before", folder)
        was_killed = killed_at(step, partial(opened, folder), read)
        archive = opened(folder)
        now = archive.records.attachments.get(file.id)
        assert now.hold is None
        assert now.sha256 in (file.sha256, wanted)
        assert [each.text for each in archive.records.pages.by_attachment(file.id)] == [now.sha256]
        is_waiting = file.id in archive.records.attachments.replacements([file.id])
        assert is_waiting is (now.sha256 != wanted)  # what was answered is not lost
        assert [*AuditTrail(archive.engine).find_faults()] == []
        archive.engine.close()
        seen.add(now.sha256)
        if not was_killed:
            break
        step += 29  # not every line: each writes in the one transaction, or before it
    assert step > 50
    assert seen == {file.sha256, wanted}
