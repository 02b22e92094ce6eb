"""Makes consistent backups of an archive while the service runs. Format: ``storage.backup.manifest``.

Memory use does not grow with the size of files: the manifest takes a few hundred bytes for each file.
"""

from __future__ import annotations

import datetime as dt
import errno
import heapq
import io
import os
import shutil
import tarfile
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from archive.durable_files import sync_directory
from archive.errors import Conflict, Invalid, NotFound, PrakatError, Unavailable
from archive.hashing import HashingReader, sha256_of_stream
from archive.ports import Files, Progress, StoredFile
from storage.archive_figures import ArchiveCounts, describe_losses
from storage.backup.database_copy import open_database_copy, read_migrations, require_intact_database
from storage.backup.disk import (
    CHUNK,
    convert_backup_disk_errors,
    emptied_and_locked_directory,
    write_through_to_disk,
)
from storage.backup.keys import BackupKeys
from storage.backup.last_backup import BackupPlaceAndTime, read_backup_note, write_backup_note
from storage.backup.manifest import AGE, MANIFEST, BackupManifest, member_path
from storage.backup.restore import TarSource
from storage.backup.retention import BackupDirectory, RetentionRule
from storage.data_directory import DATABASE, SECRET, SETTINGS, WORDS, original_path
from storage.engine import Engine


@dataclass(slots=True)
class BackupReport:
    """Numbers of one backup's files and generations, and SHA-256 of originals damaged, missing or lost.

    The backup holds those that are damaged in the archive as they are. ``copied_again`` were damaged or
    missing in the backup directory. ``lost_in_both`` are damaged there, and the archive has no intact copy.
    """

    files: int = 0  # number of originals in the backup
    copied: int = 0  # files that this backup copied; the others were there before
    verified: int = 0  # files of earlier backups that were read again
    generations: int = 1  # generations that the destination holds now
    damaged_in_archive: list[str] = field(default_factory=list)
    missing_in_archive: list[str] = field(default_factory=list)
    copied_again: list[str] = field(default_factory=list)
    lost_in_both: list[str] = field(default_factory=list)


class Backups:
    """Makes backups of one archive: its database, its originals, and the small data files."""

    def __init__(self, data: Path, engine: Engine, files: Files, keys: BackupKeys | None = None) -> None:
        self._data = data
        self._engine = engine
        self._files = files
        self._keys = keys or BackupKeys()

    def last(self) -> BackupPlaceAndTime | None:
        """Return place and time of the last backup; None before the first."""
        return read_backup_note(self._data)

    def make_backup(
        self,
        destination: Path,
        progress: Progress,
        *,
        should_verify_all: bool = False,
        should_accept_loss: bool = False,
        keep_days: int = 30,
        keep_months: int = 12,
    ) -> BackupReport:
        """Back up into ``destination``: a file, or a directory that exists.

        Into a directory only new files are copied, as one more generation. A share of the files that were
        there is read again: all of them within 30 backups, or at once with ``should_verify_all``. Earlier
        generations stay until the new one is complete, durable and verified; then generations beyond the last
        of each of ``keep_days`` days and ``keep_months`` months are removed (see
        ``storage.backup.retention``).

        Raises ``Invalid`` for a destination inside the data directory; ``Conflict`` while another backup is
        written there, and (code ``archive-went-back``) when the archive has less than the previous backup,
        unless ``should_accept_loss``; ``Unavailable`` on a bad disk or a damaged database.
        """
        if destination.resolve().is_relative_to(self._data.resolve()):
            raise Invalid("ที่เก็บสำรองต้องอยู่นอกที่เก็บข้อมูล (the backup must lie outside of the data directory)")
        is_directory = destination.is_dir()
        aside = destination / ".part" if is_directory else destination.with_name(f".{destination.name}.part")
        report = BackupReport()
        with (
            convert_backup_disk_errors("สำรองข้อมูลไม่สำเร็จ ข้อมูลสำรองเดิมยังอยู่ (backup failed)"),
            emptied_and_locked_directory(aside),
        ):
            # The database first: every file that it names was durable before the database named it.
            snapshot = aside / DATABASE
            self._engine.copy_to_sqlite(snapshot)
            require_intact_database(snapshot)
            target: _Target = (
                _DirectoryTarget(destination, aside, self._files, self._keys, report, whole=should_verify_all)
                if is_directory
                else _TarTarget(destination, aside, self._files, self._keys)
            )
            with target:
                target.manifest.archive = _read_figures(snapshot)
                target.manifest.last_migration = read_migrations(snapshot)[-1]
                if not should_accept_loss:
                    _refuse_loss(target.figures_before(), snapshot)
                self._write(snapshot, target, report, progress)
                report.generations = target.publish(progress, RetentionRule(keep_days, keep_months))
                write_backup_note(self._data, destination, target.manifest)
        return report

    def _write(self, snapshot: Path, target: _Target, report: BackupReport, progress: Progress) -> None:
        target.put(DATABASE, snapshot)
        for name in (WORDS, SECRET, SETTINGS):
            if (self._data / name).is_file():
                target.put(name, self._data / name)
        with open_database_copy(snapshot) as database:
            ((total,),) = database.execute(f"SELECT count(*) FROM ({_NAMED})")  # noqa: S608
            for done, (sha256, size) in enumerate(database.execute(_NAMED), start=1):
                try:
                    copied = target.put_original(StoredFile(sha256, size))
                except NotFound:
                    report.missing_in_archive.append(sha256)
                except (OSError, Unavailable):
                    if not _is_unreadable(self._files, sha256):
                        raise
                    report.missing_in_archive.append(sha256)
                else:
                    report.files += 1
                    report.copied += copied
                    if target.manifest.members[original_path(sha256)] != sha256:
                        report.damaged_in_archive.append(sha256)
                progress("write", done, total)


_NAMED = """SELECT sha256, size FROM attachment WHERE sha256 NOT LIKE 'erased-%'
    UNION SELECT sha256, size FROM file_version
    UNION SELECT json_extract(told, '$.sha256'), json_extract(told, '$.size') FROM (
        SELECT id, announcement_id, iif(json_valid(before), before, '{}') AS told FROM history) AS entry
    WHERE json_extract(told, '$.sha256') IS NOT NULL AND json_extract(told, '$.size') IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM history AS later WHERE later.announcement_id = entry.announcement_id
        AND later.action = 'import' AND later.id > entry.id)
    ORDER BY 1"""
"""Query of all originals: also of detached or replaced attachments, which may be attached again.

The history names those that were replaced before there was a table of earlier files, with their size. Its
entries without a size, of released files, name what the tables have. What an imported
announcement's history names is left out: attachments that had been taken off there did not come along.
"""


def _read_figures(snapshot: Path) -> ArchiveCounts:
    with open_database_copy(snapshot) as database:
        has_audit = (
            database.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone() is not None
        )
        return ArchiveCounts.read(lambda sql: database.execute(sql).fetchall(), has_audit=has_audit)


def _refuse_loss(before: ArchiveCounts | None, snapshot: Path) -> None:
    if before is None:
        return
    lost = describe_losses(before, _read_figures(snapshot))
    with open_database_copy(snapshot) as database:
        if not before.is_in_chain(lambda sql: database.execute(sql).fetchall()):
            lost.append(
                f"บันทึกการเปลี่ยนแปลงที่ {before.audit_number:,} ไม่ใช่รายการเดิม (the audit chain was rewritten)"
            )
    if lost:
        raise Conflict(
            "ยังไม่สำรอง เพราะคลังมีน้อยกว่าข้อมูลสำรองก่อนหน้า ฐานข้อมูลอาจสูญหายหรือถูกแทนที่ด้วยของเก่า: "
            + "; ".join(lost)
            + " ตรวจดูก่อน แล้วกู้คืนด้วย prakat restore หรือถ้าตั้งใจให้เป็นเช่นนี้ ให้สำรองด้วย --accept-loss"
            " (the archive has less than the backup before: restore it, or force with --accept-loss)",
            code="archive-went-back",
        )


class _Target(ABC):
    """A backup that is being written. ``manifest`` lists the members that were written so far."""

    manifest: BackupManifest

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...

    @abstractmethod
    def figures_before(self) -> ArchiveCounts | None:
        """Return the figures of the previous backup; None where there is none."""

    def put(self, name: str, source: Path) -> None:
        """Write a file into the backup under a name."""
        with source.open("rb") as stream:
            self._copy(name, stream)

    @abstractmethod
    def put_original(self, file: StoredFile) -> bool:
        """Write an original. Returns False when the backup has it already. Raises ``NotFound``."""

    @abstractmethod
    def publish(self, progress: Progress, retention: RetentionRule) -> int:
        """Sync and verify the backup, put it in its place; return the number of generations that are kept."""

    @abstractmethod
    def _copy(self, name: str, stream: BinaryIO) -> None: ...


class _TarTarget(_Target):
    """Backup as one tar file, which replaces the previous file."""

    def __init__(self, destination: Path, aside: Path, files: Files, keys: BackupKeys) -> None:
        self.manifest = BackupManifest(made_at=_now())
        self._files, self._keys = files, keys
        self._destination, self._aside = destination, aside
        self._part = aside / "backup.tar"
        self._file = self._part.open("wb")
        os.fchmod(self._file.fileno(), 0o600)  # the backup holds password hashes
        self._tar: Any = tarfile.TarFile(
            fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK
        )

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def figures_before(self) -> ArchiveCounts | None:
        try:
            manifest = TarSource(self._destination).read_manifest(None)
            if manifest.archive or DATABASE not in manifest.members:
                return manifest.archive
            with tarfile.open(self._destination) as tar:
                tar.extract(DATABASE, self._aside / "before", filter="data")
            return _read_figures(self._aside / "before" / DATABASE)
        except (OSError, PrakatError, tarfile.TarError):
            return None  # there is no previous backup, or it cannot be read

    def put_original(self, file: StoredFile) -> bool:
        with self._files.open(file.sha256) as stream:
            self._copy(original_path(file.sha256), stream)
        return True

    def _copy(self, name: str, stream: BinaryIO) -> None:
        if not self._keys.recipient:
            self.manifest.members[name] = self._add_member(name, stream)
            return
        part = self._aside / "encrypted"
        self.manifest.members[name] = self._keys.encrypt(stream, part)
        with part.open("rb") as encrypted:
            self.manifest.sha256_of_encrypted[name] = self._add_member(name + AGE, encrypted)

    def _add_member(self, name: str, stream: BinaryIO) -> str:
        info = tarfile.TarInfo(name)
        info.size = stream.seek(0, os.SEEK_END)
        info.mtime, info.mode = int(self.manifest.made_at.timestamp()), 0o600
        stream.seek(0)
        hashing = HashingReader(stream)
        begin = self._tar.offset
        try:
            self._tar.addfile(info, hashing)
        except BaseException:  # a member that could not be read to its end is taken out again
            self._file.seek(begin)
            self._file.truncate()
            self._tar.offset = begin
            raise
        self._tar.members.clear()  # else tarfile would keep every member in memory
        return hashing.sha256()

    def publish(self, progress: Progress, retention: RetentionRule) -> int:  # noqa: ARG002  # there is one
        self._add_member(MANIFEST, io.BytesIO(self.manifest.seal_to_bytes(self._keys.sign)))
        self._tar.close()
        write_through_to_disk(self._file)
        self._file.close()
        total = len(self.manifest.members)
        TarSource(self._part).check_members(lambda done: progress("verify", done, total))
        self._part.replace(self._destination)
        sync_directory(self._destination.parent)
        return 1


_ROUND = 30  # backups into a directory within which each of its originals is read again
_LEAST = 200  # least number of originals that a backup reads again
_CLOCK_CORRECTION = dt.timedelta(
    days=1
)  # as of a wrong time zone; days further ahead would count as one for long


class _DirectoryTarget(_Target):
    """Backup as one more generation in a directory.

    The modification time of an original in the directory is the time at which it was last verified.
    """

    def __init__(
        self,
        directory: Path,
        aside: Path,
        files: Files,
        keys: BackupKeys,
        report: BackupReport,
        *,
        whole: bool,
    ) -> None:
        self._directory = BackupDirectory(directory)
        self._directory.adopt_old_manifest()
        self._path, self._aside = directory, aside
        self._files, self._keys, self._report, self._whole = files, keys, report, whole
        self._before = self._directory.newest_readable()
        self.manifest = BackupManifest(made_at=self._next_moment())
        self._to_verify: list[tuple[float, str]] = []  # time of the last verification, SHA-256

    def __exit__(self, *_: object) -> None: ...

    def _next_moment(self) -> dt.datetime:
        """Return the present time, moved on by whole seconds until no generation has its name.

        Where the previous backup is at most ``_CLOCK_CORRECTION`` ahead, it is the second after that one: the
        names of generations then sort in the order of the backups.
        """
        moment = _now()
        if self._before is not None and moment < self._before.made_at <= moment + _CLOCK_CORRECTION:
            moment = self._before.made_at + dt.timedelta(seconds=1)
        while BackupManifest(made_at=moment).generation in self._directory.generations():
            moment += dt.timedelta(seconds=1)
        return moment

    def figures_before(self) -> ArchiveCounts | None:
        if self._before is None or self._before.archive or DATABASE not in self._before.members:
            return self._before.archive if self._before else None
        try:
            return _read_figures(self._path / self._before.path_of_member(DATABASE))
        except (OSError, PrakatError):
            return None

    def put_original(self, file: StoredFile) -> bool:
        name = original_path(file.sha256)
        if self._has(name, file):
            return False
        with self._files.open(file.sha256) as stream:
            self._copy(name, stream)
        if self._was_kept(name):
            self._report.copied_again.append(file.sha256)
        return True

    def _copy(self, name: str, stream: BinaryIO) -> None:
        part = self._aside / "part"
        if self._keys.recipient:
            self.manifest.members[name] = self._keys.encrypt(stream, part)
            written = self.manifest.sha256_of_encrypted[name] = _hash_from_disk(part)
        else:
            with part.open("wb") as copy:
                hashing = HashingReader(stream)
                shutil.copyfileobj(hashing, copy, CHUNK)
                write_through_to_disk(copy)
            written = self.manifest.members[name] = hashing.sha256()
        kept = self._path / self.manifest.path_of_member(name)
        if _hash_from_disk(part) != written:
            raise Unavailable(f"ที่เก็บสำรองอ่านกลับไม่ตรงกับที่เขียน (does not read back as written): {kept}")
        _move_into_place(part, kept)

    def _was_kept(self, name: str) -> bool:
        """Return True when the previous generation has the member, encrypted or not as in this backup."""
        before = self._before
        return before is not None and name in (
            before.sha256_of_encrypted if self._keys.recipient else before.members
        )

    def _has(self, name: str, file: StoredFile) -> bool:
        """Add an original that is in the directory to the manifest. Returns False when it must be copied."""
        try:
            found = (self._path / name).with_suffix(AGE if self._keys.recipient else "").stat()
        except FileNotFoundError:
            return False
        if self._keys.recipient:
            if not self._was_kept(name) or self._before is None:
                return False  # the SHA-256 of the encrypted file is not known
            self.manifest.sha256_of_encrypted[name] = self._before.sha256_of_encrypted[name]
        elif found.st_size != file.size:
            return False
        self.manifest.members[name] = file.sha256
        now = self.manifest.made_at.timestamp()
        verified = found.st_mtime if found.st_mtime <= now else 0.0  # the clock was set back
        self._to_verify.append((verified, file.sha256))
        return True

    def publish(self, progress: Progress, retention: RetentionRule) -> int:
        self._verify(progress)
        os.sync()  # for the renames; each file was synced before its rename
        part = self._aside / MANIFEST
        with part.open("wb") as file:
            file.write(self.manifest.seal_to_bytes(self._keys.sign))
            write_through_to_disk(file)
        self._directory.publish(part, self.manifest.generation)
        self._directory.prune(retention)
        return len(self._directory.generations())

    def _verify(self, progress: Progress) -> None:
        """Read again the originals that were not verified for the longest time."""
        held = len(self._to_verify)
        due = heapq.nsmallest(held if self._whole else max(_LEAST, -(-held // _ROUND)), self._to_verify)
        for done, (_, sha256) in enumerate(due, start=1):
            name = original_path(sha256)
            path = self._path / self.manifest.path_of_member(name)
            found = _hash_from_disk(path)
            if found == self.manifest.sha256_of_encrypted.get(name, sha256):
                os.utime(path)
            else:
                self._mend(sha256, path, found)
            self._report.verified += 1
            progress("verify", done, len(due))

    def _mend(self, sha256: str, path: Path, found: str) -> None:
        """Copy a damaged original again from the archive.

        Where the archive has no intact copy, the damaged file stays in the backup under the SHA-256 of its
        present bytes, so that the rest can be restored. A damaged encrypted file cannot be read at all, so
        the backup then leaves this original out.
        """
        name = original_path(sha256)
        try:
            with self._files.open(sha256) as stream:
                self._copy(name, stream)
        except NotFound:
            self.manifest.members[name] = found
        except (OSError, Unavailable):
            if not _is_unreadable(self._files, sha256):
                raise
            self.manifest.members[name] = found
        if self.manifest.members[name] == sha256:
            self._report.copied_again.append(sha256)
            return
        self._report.lost_in_both.append(sha256)
        if found and name not in self.manifest.sha256_of_encrypted:
            self.manifest.members[name] = found
            _move_into_place(path, self._path / member_path(name, found, is_encrypted=False))
        else:
            del self.manifest.members[name]
            self.manifest.sha256_of_encrypted.pop(name, None)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


_DISK_CANNOT_READ = {errno.EIO, errno.EBADMSG, errno.EUCLEAN, errno.ESTALE, errno.EACCES}


def _is_unreadable(files: Files, sha256: str) -> bool:
    """Return True where the archive's own disk cannot read an original, or has it no longer.

    The backup's disk is then not at fault. A store on a server that does not answer is no such disk, nor is
    one whose file cannot be opened because the machine is short of something.
    """
    try:
        with files.open(sha256) as stream:
            sha256_of_stream(stream)
    except NotFound:  # erased meanwhile
        return True
    except OSError as error:
        return error.errno in _DISK_CANNOT_READ
    except Unavailable as error:
        cause = error.__cause__
        return isinstance(cause, OSError) and cause.errno in _DISK_CANNOT_READ
    return False


def _move_into_place(part: Path, kept: Path) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.replace(kept)


def _hash_from_disk(path: Path) -> str:
    """Return the SHA-256 of a file as it is on the disk, not in the cache; empty when it is unreadable."""
    try:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return sha256_of_stream(file)
    except OSError:
        return ""
