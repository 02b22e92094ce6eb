"""``prakat check`` finds, names and mends what a disk, a crash or a hand in the files can do."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import PrakatError, Unavailable
from archive.model import Status
from archive.ports import StoredFile
from indexer.analysis.index_document import SourceAnnouncement
from indexer.consistency import MESSAGES, ConsistencyCheck, ConsistencyReport
from indexer.engines.whoosh import index
from indexer.index_sync import load_public
from indexer.search import ports
from indexer.search.query.parser import parse_query
from indexer.worker import LEASE
from storage.files.local import LocalFiles
from tests.factories.archives import ACTOR, NOW, add
from tests.operation.archives import (
    answers,
    checked,
    close,
    flip,
    generation,
    level,
    opened,
    overwrite,
    run,
    stored,
)
from web.bootstrap import Services


def test_a_sound_archive_is_clean(data: Path) -> None:
    result = run(data, "check", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["clean"]
    assert answer["findings"] == answer["notes"] == []
    assert answer["checked"]["announcements"] == 24
    assert answer["checked"]["files"] == answer["checked"]["attachments"] == 12
    assert answer["checked"]["bytes"] == sum(path.stat().st_size for path in stored(data))


class UnlistableFiles(LocalFiles):
    """A store on a disk that gives its directories no longer."""

    def all(self) -> Iterator[StoredFile]:
        raise OSError(errno.EIO, "Input/output error")


def test_a_disk_that_cannot_be_listed_is_a_finding_and_stops_no_other_step(services: Services) -> None:
    files = UnlistableFiles(services.settings.data / "files")
    report = replace(services, files=files).check_consistency()
    (found,) = report.findings
    assert (found.code, found.subject) == ("unreadable", "files")
    assert report.checked["announcements"] == 24


def test_an_empty_archive_is_clean(tmp_path: Path) -> None:
    close(opened(tmp_path / "data"))
    assert checked(tmp_path / "data") == (0, set())


@pytest.mark.parametrize("arguments", [["check"], ["backup", "b.tar"]])
def test_where_there_is_no_archive_nothing_is_proved_nor_made(tmp_path: Path, arguments: list[str]) -> None:
    result = run(tmp_path / "mistyped", *arguments)
    assert result.exit_code == 1
    assert "mistyped" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_flipped_bit_in_a_file_is_found_and_named(data: Path, services: Services) -> None:
    victim = stored(data)[3]
    flip(victim, 1000)
    result = run(data, "check")
    assert result.exit_code == 1
    # the meaning stands whole, however narrow the terminal is
    assert f"[file-damaged] {examined(services).findings[0].subject}\n" in result.stdout
    assert f"    {MESSAGES['file-damaged']}\n" in result.stdout
    (owner,) = services.attachments.with_file(victim.name)
    assert f"    อยู่ในเรื่องที่ {owner.announcement_id} (of announcement" in result.stdout
    report = examined(services)
    (attachment,) = services.attachments.with_file(victim.name)
    assert [(one.code, one.subject, one.detail) for one in report.findings] == [
        ("file-damaged", victim.name, f"attachment {attachment.id}")
    ]


@pytest.mark.parametrize("left", [0, 100])
def test_a_truncated_file_is_found(data: Path, left: int) -> None:
    victim = stored(data)[0]
    overwrite(victim, victim.read_bytes()[:left])
    assert checked(data) == (1, {"file-damaged"})


def test_a_missing_file_is_found_and_attaching_it_again_mends_it(data: Path, services: Services) -> None:
    victim = stored(data)[5]
    content = victim.read_bytes()
    victim.unlink()
    assert checked(data, "--repair") == (1, {"file-missing"})
    services.files.add(io.BytesIO(content), limit=len(content))
    assert checked(data) == (0, set())


def test_the_file_of_a_detached_attachment_is_used_and_missed(data: Path, services: Services) -> None:
    victim = stored(data)[5]
    (attachment,) = services.attachments.with_file(victim.name)
    services.commands.attachments.detach(attachment.id, actor=ACTOR)
    level(services)
    report = examined(services)
    assert (report.findings, report.notes) == ([], [])
    flip(victim, 100)
    assert [(each.code, each.detail) for each in examined(services).findings] == [
        ("file-damaged", f"attachment {attachment.id}")
    ]
    victim.unlink()
    assert [(each.code, each.subject) for each in examined(services).findings] == [
        ("file-missing", f"attachment {attachment.id}")
    ]


def test_repair_never_touches_bytes(data: Path) -> None:
    flip(stored(data)[0], 50)
    shutil.rmtree(generation(data))
    before = {path: path.read_bytes() for path in stored(data)}
    checked(data, "--repair")
    assert {path: path.read_bytes() for path in stored(data)} == before


def test_a_file_that_nobody_uses_is_a_note(data: Path, services: Services) -> None:
    kept = services.files.add(io.BytesIO(b"%PDF-1.7 detached"), limit=100)
    result = run(data, "check", "--json")
    assert result.exit_code == 0
    (note,) = json.loads(result.stdout)["notes"]
    assert (note["code"], note["subject"]) == ("file-unused", kept.sha256)
    assert services.files.exists(kept.sha256)


def test_what_the_index_lost_or_kept_is_found_and_mended(data: Path, services: Services) -> None:
    before = answers(services)
    published, draft = some(services, Status.PUBLISHED), some(services, Status.DRAFT)
    position = services.index.position()
    (extra,) = loaded(services, some(services, Status.PUBLISHED, skip=1))
    services.index.update(
        [SourceAnnouncement(services.announcements.get(draft), extra.attachments)],
        [published],
        position=position,
    )
    assert checked(data) == (1, {"index-lacks", "index-extra"})
    assert checked(data, "--repair") == (0, {"index-lacks", "index-extra"})
    assert checked(data) == (0, set())
    assert answers(services) == before


def test_an_entry_with_other_text_is_found_and_mended(data: Path, services: Services) -> None:
    (entry,) = loaded(services, some(services, Status.PUBLISHED))
    stale = SourceAnnouncement(entry.announcement, ())
    services.index.update([stale], [], position=services.index.position())
    assert checked(data) == (1, {"index-differs"})
    assert checked(data, "--repair") == (0, {"index-differs"})
    assert checked(data) == (0, set())


def test_an_index_that_nobody_makes_follow_is_found_and_mended(
    data: Path, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.consistency.PATIENCE", 0.5)
    add(services, 31)
    assert checked(data) == (1, {"index-behind"})
    assert checked(data, "--repair") == (0, {"index-behind"})
    assert checked(data) == (0, set())


def segment_files(data: Path) -> list[Path]:
    return sorted(generation(data).glob("MAIN_*"))


def test_removed_index_segments_are_found_and_mended(data: Path, services: Services) -> None:
    before = answers(services)
    for path in segment_files(data):
        if path.suffix != ".sums":
            path.unlink()
    fresh = opened(data)  # as after a restart
    assert not fresh.index.is_current()
    with pytest.raises(Unavailable):
        fresh.index.search(parse_query("ถนน"))
    assert checked(data) == (1, {"index-damaged"})
    assert checked(data, "--repair")[0] == 0
    assert checked(data) == (0, set())
    assert answers(fresh) == before
    close(fresh)


def test_a_flipped_bit_in_any_index_file_is_found_and_mended(data: Path, services: Services) -> None:
    before = answers(services)
    count = len(segment_files(data))
    assert count > 5
    for number in range(count):
        path = segment_files(data)[number % len(segment_files(data))]
        size = path.stat().st_size
        if not size:
            continue
        flip(path, size // 2)
        status, codes = checked(data)
        assert (status, codes - {"index-outdated"}) == (1, {"index-damaged"}), path.name
        assert checked(data, "--repair")[0] == 0
    assert checked(data) == (0, set())
    assert answers(services) == before


def test_an_index_of_another_version_is_outdated_and_the_figures_are_told(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SCHEMA", index.SCHEMA + 1)
    assert checked(data) == (1, {"index-outdated"})
    figures = run(data, "stats", "--json")
    assert figures.exit_code == 0, figures.output
    assert json.loads(figures.stdout)["announcements"]["published"] > 0
    assert checked(data, "--repair")[0] == 0
    assert checked(data) == (0, set())


def test_an_index_of_other_facets_is_built_anew_and_answers_nothing_until_then(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "FACETS", ports.FACETS[:-1])  # as before a facet was added
    assert checked(data) == (1, {"index-outdated"})
    with pytest.raises(Unavailable):
        opened(data).index.search(parse_query("ประกาศ"))
    assert run(data, "reindex", "--if-needed").exit_code == 0
    assert checked(data) == (0, set())


@pytest.mark.parametrize("gone", ["current", "manifest.json", "words.txt", "toc", "position"])
def test_an_index_without_one_of_its_papers_is_found_and_mended(data: Path, gone: str) -> None:
    directory = generation(data)
    for path in [*directory.iterdir(), data / "index" / "current"]:
        if path.name == gone or path.suffix == f".{gone}" or path.stem == gone:
            path.unlink()
    assert checked(data)[0] == 1
    assert checked(data, "--repair")[0] == 0
    assert checked(data) == (0, set())


@pytest.mark.parametrize("harm", ["cut", "flip", "remove"])
def test_a_harmed_write_ahead_log_is_found(filled: Path, tmp_path: Path, harm: str) -> None:
    services = opened(shutil.copytree(filled, tmp_path / "live"))
    for number in range(40, 46):
        add(services, number)
    level(services)
    # The moment of the crash: the disk gives back the log without its end.
    crashed = shutil.copytree(tmp_path / "live", tmp_path / "crashed")
    close(services)
    log = crashed / "prakat.sqlite-wal"
    size = log.stat().st_size
    assert size > 100_000
    if harm == "cut":
        os.truncate(log, size // 3)
    elif harm == "flip":
        flip(log, size // 3)
    else:
        log.unlink()
    assert "index-ahead" in checked(crashed)[1]
    status, codes = checked(crashed, "--repair")
    assert (status, {"index-ahead", "changes-lost"} <= codes) == (1, True)
    assert checked(crashed) == (1, {"changes-lost"})
    assert checked(crashed, "--acknowledge", "สมชาย") == (0, set())
    assert checked(crashed) == (0, set())


def test_a_damaged_database_is_found_or_refused(data: Path) -> None:
    path = data / "prakat.sqlite"
    size = path.stat().st_size
    with path.open("r+b") as file:
        for place in range(size // 2, size // 2 + 40_000, 512):
            file.seek(place)
            file.write(b"\xff" * 256)
    result = run(data, "check", "--json")
    assert result.exit_code == 1
    if result.stdout:
        codes = {finding["code"] for finding in json.loads(result.stdout)["findings"]}
        assert "database-damaged" in codes
    else:
        assert "ฐานข้อมูลเสียหาย" in result.stderr


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_database_is_found_or_refused(data: Path, share: float) -> None:
    path = data / "prakat.sqlite"
    os.truncate(path, int(path.stat().st_size * share))
    result = run(data, "check", "--json")
    assert result.exit_code == 1
    assert "database-damaged" in result.stdout or "ฐานข้อมูลเสียหาย" in result.stderr


def test_a_database_that_is_none_is_refused(data: Path) -> None:
    for path in data.glob("prakat.sqlite*"):
        overwrite(path, b"not a database" * 1000)
    result = run(data, "check")
    assert result.exit_code == 1
    assert "ฐานข้อมูลเสียหาย" in result.stderr


def test_rows_that_refer_to_none_are_found(data: Path, services: Services) -> None:
    with sqlite3.connect(data / "prakat.sqlite") as other:
        other.execute("UPDATE attachment SET announcement_id = 999 WHERE id = 1")
    other.close()
    assert services.database.find_dangling_rows_by_missing_row() == {"announcement 999": ["attachment 1"]}
    assert "database-damaged" in checked(data)[1]


def test_rows_of_a_deleted_record_are_told_with_its_deletion(data: Path) -> None:
    with sqlite3.connect(data / "prakat.sqlite") as other:
        other.execute("DELETE FROM announcement WHERE id = 1")
    other.close()
    result = run(data, "check", "--json")
    found = {finding["code"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert "database-damaged" not in found
    assert found["record-deleted"]["subject"] == "announcement 1"
    assert "referred to by history 1" in found["record-deleted"]["detail"]


def test_a_stuck_reading_is_found_and_mended(
    data: Path, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.consistency.PATIENCE", 0.5)
    made = add(services, 33)
    level(services)
    services.commands.attachments.attach(made, io.BytesIO(b"%PDF-1.7 stuck"), filename="ก.pdf", actor=ACTOR)
    assert services.jobs.claim("dead", lease=LEASE, now=NOW - LEASE) is not None
    level(services)
    assert checked(data) == (1, {"job-stuck"})
    assert checked(data, "--repair") == (0, {"job-stuck"})
    assert services.jobs.count_by_status()["waiting"] == 1
    assert checked(data) == (0, set())


def test_lost_pages_are_found_and_read_again(data: Path, services: Services) -> None:
    with sqlite3.connect(data / "prakat.sqlite") as other:
        other.execute("DELETE FROM page WHERE attachment_id = 2 AND number = 1")
    other.close()
    assert checked(data)[1] >= {"pages-missing"}
    checked(data, "--repair")
    assert services.attachments.get(2).status == "waiting"


def test_a_running_service_is_never_accused(services: Services) -> None:
    """Writes, publications and withdrawals go on while everything is compared."""
    stop = threading.Event()
    trouble: list[BaseException] = []

    def busy() -> None:
        number = 100
        try:
            while not stop.is_set():
                number += 1
                made = add(services, number)
                if number % 7:
                    services.commands.announcements.revise(made, {"body": "แก้ไขแล้ว"}, actor=ACTOR)
                level(services)
        except PrakatError as error:
            trouble.append(error)

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        reports = [examined(services) for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    assert trouble == []
    assert [report.findings for report in reports] == [[], [], []]
    assert reports[-1].checked["announcements"] > 24


def test_a_bar_on_a_terminal_and_none_in_a_pipe(data: Path) -> None:
    environment = {**os.environ, "PRAKAT_DATA": str(data), "TERM": "xterm-256color"}
    command = [sys.executable, "-c", _IMPATIENT]
    piped = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "\x1b[" not in piped.stdout + piped.stderr
    ours, theirs = pty.openpty()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=theirs, check=True)
    os.close(theirs)
    assert "ไฟล์ต้นฉบับ" in os.read(ours, 100_000).decode(errors="replace")
    os.close(ours)


_IMPATIENT = """
from web.commands import terminal
terminal.BAR_AFTER = 0
import sys
from web.cli import main
sys.argv = ["prakat", "check"]
main()
"""


def examined(services: Services) -> ConsistencyReport:
    return ConsistencyCheck(
        services.records,
        services.jobs,
        services.files,
        services.index,
        services.database,
        services.eraser,
        should_repair=False,
    ).run()


def some(services: Services, status: Status, skip: int = 0) -> int:
    """The id of an announcement with an attachment, of that status."""
    listed, _ = services.announcements.list_page(statuses=[status], page=1, per_page=100)
    having = [one.id for one in listed if services.attachments.by_announcement([one.id])[one.id]]
    return having[skip]


def loaded(services: Services, id: int) -> list[SourceAnnouncement]:
    return load_public(services.records, [id])
