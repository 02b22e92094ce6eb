"""A backup holds everything, is proved, and comes back whole or not at all."""

from __future__ import annotations

import datetime as dt
import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import pytest

from archive.errors import NotFound, Unavailable
from archive.model import Draft, Role
from indexer.reindex import is_rebuild_needed
from indexer.worker import LEASE
from storage.backup.manifest import GENERATION_FORMAT, GENERATIONS, MANIFEST, BackupManifest
from storage.backup.writer import Backups
from storage.files.local import LocalFiles, convert_disk_errors
from tests.contracts.processes import KILLED, ended, in_child
from tests.disks import small_disk
from tests.factories.archives import ACTOR, add, read, written_meanwhile
from tests.operation.archives import (
    answers,
    checked,
    close,
    everything,
    flip,
    level,
    opened,
    overwrite,
    run,
    stored,
)
from web import backup_restore
from web.bootstrap import Services


def backed_up(data: Path, destination: Path) -> Path:
    result = run(data, "backup", str(destination))
    assert result.exit_code == 0, result.stderr
    return destination


def restored(source: Path, data: Path) -> Services:
    result = run(data, "restore", str(source))
    assert result.exit_code == 0, result.stderr
    return opened(data)


def refused(source: Path, data: Path) -> str:
    """The one line that a refused restore says; nothing may be left behind."""
    around = {path for path in data.parent.iterdir() if path != data}
    before = sorted(data.rglob("*")) if data.exists() else None
    result = run(data, "restore", str(source))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert (sorted(data.rglob("*")) if data.exists() else None) == before
    assert {path for path in data.parent.iterdir() if path != data} == around
    return result.stderr


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_all_comes_back(services: Services, data: Path, tmp_path: Path, kind: str) -> None:
    services.people.accounts.add("somsri", "hash", Role.ADMIN)
    services.people.tokens.add("importer", "token-hash")
    services.dictionary.add_entry("หนองปลาดุก")
    (data / "prakat.toml").write_text('site_name = "เทศบาลตำบลดอนแก้ว"\n', encoding="utf-8")
    destination = tmp_path / "backup"
    if kind == "directory":
        destination.mkdir()
    other = restored(backed_up(data, destination), tmp_path / "other")
    assert everything(other) == everything(services)
    assert [path.read_bytes() for path in stored(tmp_path / "other")] == [
        path.read_bytes() for path in stored(data)
    ]
    assert other.people.accounts.everyone() == services.people.accounts.everyone()
    assert [token.name for token in other.people.tokens.all()] == ["importer"]
    for name in ("words.txt", "secret-key", "prakat.toml"):
        assert (tmp_path / "other" / name).read_bytes() == (data / name).read_bytes()
    assert run(data, "reindex").exit_code == 0
    assert answers(other) == answers(services)
    close(other)
    assert checked(tmp_path / "other") == (0, set())


def test_a_restore_signs_everybody_out_and_says_what_is_back(
    services: Services, data: Path, tmp_path: Path
) -> None:
    person = services.people.accounts.add("somsri", "hash", Role.ADMIN)
    now = dt.datetime.now(dt.UTC)
    services.people.sign_ins.open_session(person.id, "key", password_hash="hash", device="", now=now)
    backup = backed_up(data, tmp_path / "backup.tar")
    result = run(tmp_path / "other", "restore", str(backup))
    assert "look at these" in result.stderr
    assert services.people.sign_ins.list_sessions(person.id) != []

    def killed_when_the_data_are_in_place() -> None:
        backup_restore.build_services = lambda _given: os.kill(os.getpid(), signal.SIGKILL)
        run(tmp_path / "killed", "restore", str(backup))

    assert ended(in_child(killed_when_the_data_are_in_place)) == KILLED
    for place in ("other", "killed"):
        other = opened(tmp_path / place)
        assert len(everything(other)) == 24
        assert other.people.sign_ins.list_sessions(person.id) == []
        close(other)


def test_a_restore_tells_where_the_restored_settings_lead_elsewhere(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = (
        'database = "postgresql://db/prakat"\nfiles = "s3://prakat"\nsearch = "opensearch+http://db:9200"\n'
    )
    monkeypatch.setenv("PRAKAT_DATABASE", "sqlite")
    monkeypatch.setenv("PRAKAT_FILES", "local")
    monkeypatch.setenv("PRAKAT_SEARCH", "whoosh")
    (data / "prakat.toml").write_text(servers)
    backup = backed_up(data, tmp_path / "backup.tar")
    other = tmp_path / "other"
    result = run(other, "restore", str(backup))
    assert f"{other / 'prakat.toml'} ที่กู้คืนมาชี้ไปที่อื่น" in result.stderr
    names = {"DATA": other, "DATABASE": "sqlite", "FILES": "local", "SEARCH": "whoosh"}
    assert result.stdout == "".join(f"PRAKAT_{name}={value}\n" for name, value in names.items())

    (data / "prakat.toml").write_text('database = "sqlite"\n')
    same = backed_up(data, tmp_path / "same.tar")
    assert "ชี้ไปที่อื่น" not in run(tmp_path / "third", "restore", str(same)).stderr


def test_what_was_taken_off_is_kept_too(services: Services, data: Path, tmp_path: Path) -> None:
    attachment = services.attachments.get(1)
    services.attachments.detach(1, actor=ACTOR)
    other = restored(backed_up(data, tmp_path / "backup.tar"), tmp_path / "other")
    assert other.files.exists(attachment.sha256)
    close(other)


def test_nobody_reads_what_was_being_read(services: Services, data: Path, tmp_path: Path) -> None:
    services.commands.attachments.attach(1, io.BytesIO(b"%PDF-1.7 reading"), filename="ก.pdf", actor=ACTOR)
    assert services.jobs.claim("w", lease=LEASE, now=dt.datetime.now(dt.UTC)) is not None
    other = restored(backed_up(data, tmp_path / "backup.tar"), tmp_path / "other")
    assert (other.jobs.count_by_status()["reading"], other.jobs.count_by_status()["waiting"]) == (0, 1)
    close(other)


def test_any_tar_program_reads_it(data: Path, tmp_path: Path) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    assert destination.stat().st_mode & 0o077 == 0  # password hashes are in it
    subprocess.run(["tar", "-xf", destination, "-C", tmp_path], check=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    listed = "".join(f"{sha256}  {name}\n" for name, sha256 in manifest["members"].items())
    subprocess.run(["sha256sum", "--quiet", "--check"], input=listed, text=True, cwd=tmp_path, check=True)
    assert len(manifest["members"]) == 12 + 2


def test_a_second_backup_into_a_directory_copies_what_is_new(
    services: Services, data: Path, tmp_path: Path
) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    before = {path: path.stat().st_ino for path in stored(destination)}
    add(services, 30)
    result = run(data, "backup", str(destination))
    assert "ใหม่ 1 ไฟล์" in result.stderr
    assert before.items() <= {path: path.stat().st_ino for path in stored(destination)}.items()
    assert len(stored(destination)) == len(before) + 1
    manifests = [json.loads(path.read_text()) for path in (destination / "generations").iterdir()]
    assert len(manifests) == 2
    assert {path.name for path in (destination / "state").iterdir()} == {
        sha256
        for manifest in manifests
        for name, sha256 in manifest["members"].items()
        if not name.startswith("files/")
    }
    other = restored(destination, tmp_path / "other")
    assert everything(other) == everything(services)
    close(other)


def release_another_file(services: Services) -> None:
    """Release another file of a public attachment."""
    paper = services.attachments.by_announcement([2])[2][0]
    waiting = services.commands.file_versions.replace(
        paper.id,
        io.BytesIO(b"%PDF-1.7 released"),
        filename="ใหม่.pdf",
        actor=ACTOR,
        is_from_person=True,
    )
    read(services, "ไฟล์ใหม่", pages=1)
    services.commands.attachments.show_unconfirmed_file(waiting.id, actor=ACTOR)


def test_each_original_is_there_once_after_a_release(services: Services, data: Path, tmp_path: Path) -> None:
    destination, tar = tmp_path / "backup", tmp_path / "backup.tar"
    destination.mkdir()
    backed_up(data, destination)
    release_another_file(services)
    result = run(data, "backup", str(destination))
    assert (result.exit_code, "ใหม่ 1 ไฟล์" in result.stderr) == (0, True), result.stderr
    with tarfile.open(backed_up(data, tar)) as members:
        names = members.getnames()
    assert len(names) == len(set(names))
    other = restored(tar, tmp_path / "other")
    assert everything(other) == everything(services)
    close(other)


def test_a_backup_while_others_write_is_one_consistent_moment(
    services: Services, data: Path, tmp_path: Path
) -> None:
    with written_meanwhile(services) as written:
        acknowledged = list(written)
        backed_up(data, tmp_path / "1.tar")
        middle = list(written)
        backed_up(data, tmp_path / "2.tar")
    assert len(written) > len(acknowledged)
    live = everything(services)
    for name, promised in (("1", acknowledged), ("2", middle)):
        other = restored(tmp_path / f"{name}.tar", tmp_path / name)
        kept = everything(other)
        assert set(promised) <= set(kept)
        # All but the record that was in the making just then is as in the end.
        changed = [id for id, record in kept.items() if live[id] != record]
        assert len(changed) <= 1
        close(other)
        assert checked(tmp_path / name) == (0, set())


@pytest.mark.parametrize("name", ["prakat.sqlite", "files/", "secret-key", "manifest.json"])
def test_a_flipped_bit_is_refused_and_named(data: Path, tmp_path: Path, name: str) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    with tarfile.open(destination) as tar:
        member = [info for info in tar.getmembers() if info.name.startswith(name)][-1]
    flip(destination, member.offset_data + member.size // 2)
    assert member.name in refused(destination, tmp_path / "other")


def test_a_flipped_bit_anywhere_is_refused_or_does_no_harm(data: Path, tmp_path: Path) -> None:
    """Flips a bit in every 4,001st byte of the file: contents, headers and padding."""
    services = opened(data)
    whole, records = backed_up(data, tmp_path / "backup.tar").read_bytes(), everything(services)
    close(services)
    refusals = 0
    for place in range(100, len(whole), len(whole) // 25):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        (tmp_path / "damaged.tar").write_bytes(damaged)
        result = run(tmp_path / "other", "restore", str(tmp_path / "damaged.tar"))
        refusals += result.exit_code
        if result.exit_code:
            assert "เสียหาย" in result.stderr
            assert not (tmp_path / "other").exists()
        else:
            other = opened(tmp_path / "other")
            assert everything(other) == records
            close(other)
            shutil.rmtree(tmp_path / "other")
    assert refusals > 15


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_backup_is_refused(data: Path, tmp_path: Path, share: float) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    size = destination.stat().st_size
    with tarfile.open(destination) as tar:
        end = tar.getmember("manifest.json").offset_data
    os.truncate(destination, int(min(size * share, end)))
    said = refused(destination, tmp_path / "other")
    assert "เสียหาย" in said
    assert share == 0.0 or "files/" in said or "prakat.sqlite" in said or "manifest.json" in said


@pytest.mark.parametrize("harm", ["flip", "remove", "database", "manifest"])
def test_a_damaged_directory_is_refused_and_named(data: Path, tmp_path: Path, harm: str) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    victim = stored(destination)[2]
    if harm == "flip":
        flip(victim, 30)
    elif harm == "remove":
        victim.unlink()
    elif harm == "database":
        victim = max((destination / "state").iterdir(), key=lambda path: path.stat().st_size)
        flip(victim, 5000)
    else:
        victim = destination / "manifest.json"
        flip(victim, 100)
    said = refused(destination, tmp_path / "other")
    assert ("prakat.sqlite" if harm == "database" else victim.name) in said


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar").write_text("ประกาศ" * 1000)
    assert "no backup" in refused(tmp_path / "empty", tmp_path / "other")  # such as a disk not mounted
    assert "เสียหาย" in refused(tmp_path / "text.tar", tmp_path / "other")


@pytest.mark.parametrize("name", ["../outside", "/etc/cron.d/x", "files/ab/../../x", "index/current"])
def test_nothing_is_unpacked_outside(data: Path, tmp_path: Path, name: str) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    with tarfile.open(destination, "a") as tar:
        info = tarfile.TarInfo(name)
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    assert name in refused(destination, tmp_path / "other")
    assert not (tmp_path / "outside").exists()


def test_links_are_refused(data: Path, tmp_path: Path) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    with tarfile.open(destination, "a") as tar:
        info = tarfile.TarInfo("words.txt")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    assert "words.txt" in refused(destination, tmp_path / "other")


def test_restore_never_writes_over_anything(data: Path, tmp_path: Path) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    assert str(data) in refused(destination, data)
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before
    (tmp_path / "empty").mkdir()
    close(restored(destination, tmp_path / "empty"))


KILLED_RESTORE = """
import os, sys
from web.cli import main

data, source, moves = sys.argv[1], sys.argv[2], int(sys.argv[3])
moved = []


def kill(event, arguments):
    if event == "os.rename" and os.path.dirname(arguments[1]) == data:
        moved.append(arguments[1])
        if len(moved) > moves:
            os._exit(9)


sys.addaudithook(kill)
os.environ["PRAKAT_DATA"] = data
main(["restore", source])
"""


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_restore_into_a_mount_point_that_was_killed_is_begun_again(
    data: Path, tmp_path: Path, moves: int
) -> None:
    destination, other = backed_up(data, tmp_path / "backup.tar"), tmp_path / "other"
    other.mkdir()
    with small_disk(other, "64m"):
        (other / "lost+found").mkdir()  # as on every new ext4 disk
        command = [sys.executable, "-c", KILLED_RESTORE, str(other), str(destination), str(moves)]
        assert subprocess.run(command, check=False).returncode == 9
        assert not (other / "prakat.sqlite").exists()
        close(restored(destination, other))
        assert len(stored(other)) == len(stored(data))
        assert checked(other) == (0, set())
        assert "not empty" in refused(destination, other)


KILLED_AFTER_THE_LAST_MOVE = KILLED_RESTORE.replace('"os.rename"', '"os.remove"').replace(
    "os.path.dirname(arguments[1]) == data",
    'os.fspath(arguments[0]) == os.path.join(data, ".restoring-names")',
)


@pytest.mark.parametrize("sign", ["opened", "restored again"])
def test_what_an_archive_got_after_a_restore_that_was_killed_at_its_end_is_never_deleted(
    data: Path, tmp_path: Path, sign: str
) -> None:
    destination, other = backed_up(data, tmp_path / "backup.tar"), tmp_path / "other"
    other.mkdir()
    with small_disk(other, "64m"):
        command = [sys.executable, "-c", KILLED_AFTER_THE_LAST_MOVE, str(other), str(destination), "0"]
        assert subprocess.run(command, check=False).returncode == 9
        assert (other / "prakat.sqlite").exists()
        assert (other / ".restoring-names").exists()
        if sign == "opened":
            close(opened(other))
        else:
            run(other, "restore", str(destination))
        assert not (other / ".restoring-names").exists()
        (other / "prakat.sqlite").unlink()
        assert "not empty" in refused(destination, other)
        assert stored(other)


def test_a_backup_that_cannot_be_restored_deletes_nothing_of_a_killed_restore(
    data: Path, tmp_path: Path
) -> None:
    destination, other = backed_up(data, tmp_path / "backup.tar"), tmp_path / "other"
    other.mkdir()
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(b"junk")
    with small_disk(other, "64m"):
        command = [sys.executable, "-c", KILLED_RESTORE, str(other), str(destination), "2"]
        assert subprocess.run(command, check=False).returncode == 9
        moved = stored(other)
        assert moved
        assert run(other, "restore", str(damaged)).exit_code == 1
        assert stored(other) == moved
        close(restored(destination, other))
        assert checked(other) == (0, set())


def test_a_mount_point_with_anything_else_is_left_alone(data: Path, tmp_path: Path) -> None:
    destination, other = backed_up(data, tmp_path / "backup.tar"), tmp_path / "other"
    other.mkdir()
    with small_disk(other, "64m"):
        (other / "files").mkdir()
        assert "not empty" in refused(destination, other)


def test_a_damaged_original_does_not_stop_the_backup_and_is_told(data: Path, tmp_path: Path) -> None:
    flipped, gone = stored(data)[1], stored(data)[4]
    flip(flipped, 77)
    gone.unlink()
    for destination in (tmp_path / "backup.tar", tmp_path / "backup"):
        if destination.suffix != ".tar":
            destination.mkdir()
        result = run(data, "backup", str(destination))
        assert result.exit_code == 1
        assert flipped.name in result.stderr
        assert gone.name in result.stderr
        other = tmp_path / f"other-{destination.suffix}"
        close(restored(destination, other))
        assert (other / "files" / flipped.name[:2] / flipped.name).read_bytes() == flipped.read_bytes()
        assert checked(other) == (1, {"file-damaged", "file-missing"})


class FilesOnADyingDisk(LocalFiles):
    """A store in which one original can no longer be read to its end."""

    def __init__(self, root: Path, victim: str) -> None:
        super().__init__(root)
        self._victim = victim

    def open(self, sha256: str) -> BinaryIO:
        if sha256 != self._victim:
            return super().open(sha256)
        with super().open(sha256) as stream:
            return TornStream(stream.read())


class TornStream(io.BytesIO):
    """Gives the first half of its bytes, then fails as a bad sector does."""

    def read(self, _size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(errno.EIO, "Input/output error")
        return super().read(len(self.getvalue()) // 2)


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_an_unreadable_original_does_not_stop_the_backup_and_is_told(
    services: Services, data: Path, tmp_path: Path, kind: str
) -> None:
    victim = stored(data)[3]
    destination = tmp_path / "backup"
    if kind == "directory":
        destination.mkdir()
    files = FilesOnADyingDisk(data / "files", victim.name)
    report = Backups(data, services.database, files).make_backup(destination, lambda *_: None)
    assert report.missing_in_archive == [victim.name]
    close(restored(destination, tmp_path / "other"))
    assert checked(tmp_path / "other") == (1, {"file-missing"})
    assert {path.name for path in stored(tmp_path / "other")} == {
        path.name for path in stored(data) if path != victim
    }


class FilesWithTrouble(LocalFiles):
    """A store that raises these errors, one after another, when one original is opened, then has it."""

    def __init__(self, root: Path, victim: str, troubles: list[Exception]) -> None:
        super().__init__(root)
        self._victim, self._troubles = victim, troubles

    def open(self, sha256: str) -> BinaryIO:
        if sha256 == self._victim and self._troubles:
            with convert_disk_errors():
                raise self._troubles.pop(0)
        return super().open(sha256)


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENOMEM])
def test_a_machine_that_is_short_of_something_leaves_no_original_out(
    services: Services, data: Path, tmp_path: Path, error: int
) -> None:
    troubles: list[Exception] = [OSError(error, os.strerror(error)) for _ in range(2)]
    files = FilesWithTrouble(data / "files", stored(data)[3].name, troubles)
    with pytest.raises((OSError, Unavailable)):
        Backups(data, services.database, files).make_backup(tmp_path / "backup", lambda *_: None)
    assert not (tmp_path / "backup").exists()


def test_an_original_that_is_erased_after_it_could_not_be_read_does_not_stop_the_backup(
    services: Services, data: Path, tmp_path: Path
) -> None:
    victim = stored(data)[3].name
    troubles: list[Exception] = [OSError(errno.EIO, os.strerror(errno.EIO)), NotFound("ไม่พบไฟล์")]
    files = FilesWithTrouble(data / "files", victim, troubles)
    report = Backups(data, services.database, files).make_backup(tmp_path / "backup", lambda *_: None)
    assert report.missing_in_archive == [victim]


def test_a_damaged_copy_of_an_unreadable_original_does_not_stop_the_backup(
    services: Services, data: Path, tmp_path: Path
) -> None:
    victim, destination = stored(data)[3], tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    flip(destination / "files" / victim.name[:2] / victim.name, 77)
    files = FilesOnADyingDisk(data / "files", victim.name)
    report = Backups(data, services.database, files).make_backup(
        destination, lambda *_: None, should_verify_all=True
    )
    assert report.lost_in_both == [victim.name]
    close(restored(destination, tmp_path / "other"))
    assert checked(tmp_path / "other") == (1, {"file-damaged"})


def test_a_good_copy_is_not_replaced_by_a_damaged_one(data: Path, tmp_path: Path) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    content = stored(data)[1].read_bytes()
    flip(stored(data)[1], 77)
    backed_up(data, destination)
    close(restored(destination, tmp_path / "other"))
    assert stored(tmp_path / "other")[1].read_bytes() == content


def test_a_damaged_database_leaves_the_earlier_backup(data: Path, tmp_path: Path) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    before = destination.read_bytes()
    path = data / "prakat.sqlite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 30_000] = b"\xff" * 30_000
    overwrite(path, bytes(content))
    result = run(data, "backup", str(destination))
    assert result.exit_code == 1
    assert "ฐานข้อมูลเสียหาย" in result.stderr
    assert destination.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "data"]


def test_not_into_the_data_directory(data: Path) -> None:
    for destination in (data / "backup.tar", data):
        result = run(data, "backup", str(destination))
        assert result.exit_code == 1
        assert "outside" in result.stderr


def test_a_killed_backup_leaves_the_earlier_one_and_the_next_is_whole(data: Path, tmp_path: Path) -> None:
    destination = backed_up(data, tmp_path / "backup.tar")
    before = destination.read_bytes()
    program = """
import os, signal, sys
from pathlib import Path
from storage.backup.writer import Backups
from storage.files.local import LocalFiles, convert_disk_errors
from storage.sqlite import Sqlite
data = Path(sys.argv[1])
def die(step, done, total):
    if step == sys.argv[3] and done == 5:
        os.kill(os.getpid(), signal.SIGKILL)
Backups(data, Sqlite(data / "prakat.sqlite"), LocalFiles(data / "files")).make_backup(Path(sys.argv[2]), die)
"""
    for step in ("write", "verify"):
        ended = subprocess.run([sys.executable, "-c", program, data, destination, step], check=False)
        assert ended.returncode == -9
        assert destination.read_bytes() == before
    backed_up(data, destination)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "data"]


def test_an_index_that_is_ahead_is_rebuilt(services: Services, data: Path, tmp_path: Path) -> None:
    """The database alone was put back from a copy; the index still knows what came after."""
    backed_up(data, tmp_path / "backup.tar")
    before = answers(services)
    add(services, 31)
    level(services)
    close(services)
    for path in data.glob("prakat.sqlite*"):
        path.unlink()
    subprocess.run(["tar", "-xf", tmp_path / "backup.tar", "-C", data, "prakat.sqlite"], check=True)
    older = opened(data)
    assert is_rebuild_needed(older.records, older.index)
    assert run(data, "reindex", "--if-needed").exit_code == 0
    assert answers(older) == before
    close(older)


def test_memory_does_not_grow_with_the_bytes(tmp_path: Path) -> None:
    services = opened(tmp_path / "data")
    made = add(services, 1)
    for number in range(3):
        content = b"%PDF-1.7 " + os.urandom(1000) + bytes([number]) * (30 << 20)
        services.commands.attachments.attach(made, io.BytesIO(content), filename="ใหญ่.pdf", actor=ACTOR)
        del content
    close(services)
    limited = (
        "import resource, sys\n"
        "from web.cli import main\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )

    def grown(data: Path, *arguments: str | Path) -> int:
        ended = subprocess.run(
            [sys.executable, "-c", limited, *map(str, arguments)],
            env={**os.environ, "PRAKAT_DATA": str(data)},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(ended.stdout) >> 10  # megabytes

    assert grown(tmp_path / "data", "backup", tmp_path / "backup.tar") < 25
    assert grown(tmp_path / "other", "restore", tmp_path / "backup.tar") < 25


def test_every_manifest_is_on_the_disk(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the copy in the generations: a power cut would leave it empty, and nothing is pruned then."""
    synced: set[int] = set()
    sync = os.fsync

    def noted(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    kept = tmp_path / "backup"
    kept.mkdir()
    for is_of_old_version in (False, True):
        if is_of_old_version:
            shutil.rmtree(kept / "generations")
        backed_up(data, kept)
        manifests = [kept / "manifest.json", *(kept / "generations").iterdir()]
        assert len(manifests) == 2 + is_of_old_version
        assert {each.stat().st_ino for each in manifests} <= synced


def test_a_full_disk_is_said_and_leaves_nothing(services: Services, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    with small_disk(small, "200k"):
        with pytest.raises(Unavailable):
            services.backups.make_backup(small / "backup.tar", lambda *_: None)
        assert list(small.iterdir()) == []


def harm(path: Path, how: str) -> None:
    if how == "flip":
        flip(path, 30)
    elif how == "cut":
        overwrite(path, path.read_bytes()[:100])
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["flip", "cut", "remove"])
@pytest.mark.parametrize("options", [(), ("--verify",)])
def test_damage_in_the_destination_is_named_and_mended(
    data: Path, tmp_path: Path, how: str, options: tuple[str, ...]
) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    victim = stored(destination)[3]
    harm(victim, how)
    result = run(data, "backup", str(destination), *options)
    assert result.exit_code == 1
    assert f"{victim.name}: เสียหายหรือหายไปจากที่เก็บสำรอง" in result.stderr
    close(restored(destination, tmp_path / "other"))
    assert checked(tmp_path / "other") == (0, set())
    assert run(data, "backup", str(destination), *options).exit_code == 0


def test_within_a_round_every_file_is_read_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve files, one of them each time."""
    monkeypatch.setattr("storage.backup.writer._LEAST", 0)
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    for path in stored(destination):
        flip(path, 30)
    named = []
    for done in range(12):
        result = run(data, "backup", str(destination))
        assert result.exit_code == 1
        named += [line.split(":")[0] for line in result.stderr.splitlines() if "copied again" in line]
        assert len(named) == done + 1
    assert sorted(named) == [path.name for path in stored(data)]
    assert run(data, "backup", str(destination), "--verify").exit_code == 0


def test_a_clock_that_was_set_back_leaves_nothing_out(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.backup.writer._LEAST", 0)
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    ahead = dt.datetime.now(dt.UTC).timestamp() + 10**8
    for path in stored(destination):
        os.utime(path, (ahead, ahead))
    victim = stored(destination)[-1]
    flip(victim, 30)
    codes = [run(data, "backup", str(destination)).exit_code for _ in range(12)]
    assert sorted(codes) == [0] * 11 + [1]


def add_generations_ahead(destination: Path, days: Iterable[int]) -> None:
    """Copy the newest manifest into generations that are so many days ahead of the clock."""
    for each in days:
        name = f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=each):{GENERATION_FORMAT}}"
        shutil.copy(destination / MANIFEST, destination / GENERATIONS / f"{name}.json")


def newest_manifest(destination: Path) -> BackupManifest:
    return BackupManifest.from_bytes((destination / MANIFEST).read_bytes())


def test_a_backup_is_kept_however_far_the_clock_was_set_back(
    services: Services, data: Path, tmp_path: Path
) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    add_generations_ahead(destination, [*range(5000, 5031), *range(5060, 5460, 31)])
    for title in ("เรื่องแรก", "เรื่องที่สอง"):
        services.announcements.create(Draft(title=title, published_on=dt.date(2021, 6, 9)), actor=ACTOR)
        backed_up(data, destination)
        newest = newest_manifest(destination)
        assert newest.made_at < dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        assert newest.generation in run(data, "restore", str(destination), "--list").stdout
        assert all((destination / path).exists() for path in newest.paths())
    assert everything(restored(destination, tmp_path / "other")) == everything(services)


def test_a_backup_comes_after_the_one_before_when_the_clock_went_back_an_hour(
    data: Path, tmp_path: Path
) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    before = newest_manifest(destination)
    (destination / GENERATIONS / f"{before.generation}.json").unlink()
    before.made_at += dt.timedelta(hours=1)
    for path in (destination / MANIFEST, destination / GENERATIONS / f"{before.generation}.json"):
        path.write_bytes(before.seal_to_bytes())
    for _ in range(2):
        backed_up(data, destination)
        assert newest_manifest(destination).generation > before.generation
        before = newest_manifest(destination)


def test_what_is_damaged_here_and_there_does_not_spoil_the_rest(data: Path, tmp_path: Path) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    backed_up(data, destination)
    flipped, lost = stored(data)[1], stored(data)[4]
    for path in (flipped, destination / flipped.relative_to(data), destination / lost.relative_to(data)):
        flip(path, 77)
    left = (destination / lost.relative_to(data)).read_bytes()
    lost.unlink()
    result = run(data, "backup", str(destination))
    assert result.exit_code == 1
    for path in (flipped, lost):
        assert f"{path.name}: เสียหายในที่เก็บสำรอง" in result.stderr
    close(restored(destination, tmp_path / "other"))
    assert (tmp_path / "other" / lost.relative_to(data)).read_bytes() == left
    assert checked(tmp_path / "other") == (1, {"file-damaged"})
