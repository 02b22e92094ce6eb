"""One consistent copy of an archive, made while it serves: see ``storage.manifest`` for its form.

Memory does not grow with the bytes: a few hundred bytes for each file are held for the manifest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
import io
import os
import shutil
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from archive.errors import Invalid, NotFound, Unavailable
from archive.ports import Files, StoredFile
from storage.engine import Engine
from storage.files import sync_directory
from storage.manifest import (
    CHUNK,
    DATABASE,
    MANIFEST,
    SECRET,
    SETTINGS,
    STATE,
    WORDS,
    Hashing,
    Progress,
    examine,
    explained,
    original,
    place,
    private,
    reading,
    sync,
    understood,
    written,
)
from storage.restore import TarSource


@dataclass(slots=True)
class Made:
    """A backup that was made. All names are SHA-256 of originals.

    ``damaged`` and ``missing``: the archive itself no longer has them as they were; the damaged are in
    the backup as they are. ``mended``: were damaged or gone in the directory, copied again. ``spoiled``:
    damaged there, and the archive has none to mend them with.
    """

    files: int = 0
    copied: int = 0  # of them by this backup, not by one before it
    verified: int = 0  # of those from before, read again
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    spoiled: list[str] = field(default_factory=list)


class Backups:
    """Makes backups of one archive: its database, its originals, the small files in its directory."""

    def __init__(self, data: Path, engine: Engine, files: Files) -> None:
        self._data = data
        self._engine = engine
        self._files = files

    def make(self, destination: Path, progress: Progress, *, verify: bool = False) -> Made:
        """Into ``destination``: a file, or a directory that exists. Into a directory only what is new is
        copied, and a share of what was there is read again: all of it within 30 times, or at once
        with ``verify``.

        What was there stays until the new one is complete, durable and verified. Raises ``Invalid``
        inside the data directory, ``Conflict`` while another backup goes there, ``Unavailable`` on a
        bad disk or a damaged database.
        """
        if destination.resolve().is_relative_to(self._data.resolve()):
            raise Invalid("ที่เก็บสำรองต้องอยู่นอกที่เก็บข้อมูล (the backup must lie outside of the data directory)")
        folder = destination.is_dir()
        aside = destination / ".part" if folder else destination.with_name(f".{destination.name}.part")
        made = Made()
        with explained("สำรองข้อมูลไม่สำเร็จ ข้อมูลสำรองเดิมยังอยู่ (backup failed)"), private(aside):
            # The database first: whatever it names was durable before it was named.
            snapshot = aside / DATABASE
            self._engine.copy_to(snapshot)
            examine(snapshot)
            with (
                _Folder(destination, aside, self._files, made, whole=verify)
                if folder
                else _Tar(destination, aside, self._files)
            ) as target:
                self._write(snapshot, target, made, progress)
                target.publish(progress)
        return made

    def _write(self, snapshot: Path, target: _Target, made: Made, progress: Progress) -> None:
        target.put(DATABASE, snapshot)
        for name in (WORDS, SECRET, SETTINGS):
            if (self._data / name).is_file():
                target.put(name, self._data / name)
        with reading(snapshot) as database:
            ((total,),) = database.execute(f"SELECT count(*) FROM ({_NAMED})")  # noqa: S608
            for done, (sha256, size) in enumerate(database.execute(_NAMED), start=1):
                try:
                    copied = target.put_original(StoredFile(sha256, size))
                except NotFound:
                    made.missing.append(sha256)
                else:
                    made.files += 1
                    made.copied += copied
                    if target.members[original(sha256)] != sha256:
                        made.damaged.append(sha256)
                progress("write", done, total)


_NAMED = """SELECT sha256, size FROM attachment
    UNION SELECT json_extract(before, '$.sha256'), json_extract(before, '$.size')
    FROM history WHERE action = 'detach' ORDER BY 1"""
"""Originals of what is attached, and of what was taken off but may be attached again."""


class _Target(Protocol):
    """A backup being written. ``members``: SHA-256 by name, of what is in it."""

    members: dict[str, str]

    def put(self, name: str, source: Path) -> None:
        """Keep a file under a name."""

    def put_original(self, file: StoredFile) -> bool:
        """Keep an original; False when it is there already. Raises ``NotFound``."""

    def publish(self, progress: Progress) -> None:
        """Make durable, verify, and put in the place of the one before."""


class _Tar:
    def __init__(self, destination: Path, aside: Path, files: Files) -> None:
        self.members: dict[str, str] = {}
        self._files = files
        self._destination = destination
        self._part = aside / "backup.tar"
        self._file = self._part.open("wb")
        os.fchmod(self._file.fileno(), 0o600)  # people's password hashes are in it
        self._tar: Any = tarfile.TarFile(
            fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK
        )
        self._now = int(dt.datetime.now(dt.UTC).timestamp())

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, name: str, source: Path) -> None:
        with source.open("rb") as stream:
            self._add(name, stream)

    def put_original(self, file: StoredFile) -> bool:
        with self._files.open(file.sha256) as stream:
            self._add(original(file.sha256), stream)
        return True

    def _add(self, name: str, stream: BinaryIO) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = stream.seek(0, os.SEEK_END), self._now, 0o600
        stream.seek(0)
        hashing = Hashing(stream)
        self._tar.addfile(info, hashing)
        self._tar.members.clear()  # tarfile would remember every one
        self.members[name] = hashing.sha256()

    def publish(self, progress: Progress) -> None:
        self._add(MANIFEST, io.BytesIO(written(self.members)))
        self._tar.close()
        sync(self._file)
        self._file.close()
        TarSource(self._part).check(lambda done: progress("verify", done, len(self.members)))
        self._part.replace(self._destination)
        sync_directory(self._destination.parent)


_ROUND = 30
"""After so many backups into a directory, each original in it was read again."""

_LEAST = 200
"""Originals that are read again each time at least."""


class _Folder:
    """An original's time of change tells when it was last read there and found whole."""

    def __init__(self, directory: Path, aside: Path, files: Files, made: Made, *, whole: bool) -> None:
        self.members: dict[str, str] = {}
        self._directory, self._aside = directory, aside
        self._files, self._made, self._whole = files, made, whole
        self._named_before = _named_in(directory / MANIFEST)
        self._from_before: list[tuple[float, str]] = []  # when last verified, SHA-256
        self._now = dt.datetime.now(dt.UTC).timestamp()

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, *_: object) -> None: ...

    def put(self, name: str, source: Path) -> None:
        with source.open("rb") as stream:
            self._copy(name, stream)

    def put_original(self, file: StoredFile) -> bool:
        name = original(file.sha256)
        if self._has(name, file):
            self.members[name] = file.sha256
            return False
        with self._files.open(file.sha256) as stream:
            self._copy(name, stream)
        if name in self._named_before:
            self._made.mended.append(file.sha256)
        return True

    def _copy(self, name: str, stream: BinaryIO) -> None:
        part = self._aside / "part"
        with part.open("wb") as copy:
            hashing = Hashing(stream)
            shutil.copyfileobj(hashing, copy, CHUNK)
            sync(copy)
        self.members[name] = hashing.sha256()
        kept = self._directory / place(name, self.members[name])
        if _hash(part) != kept.name:  # originals and state alike lie under their SHA-256
            raise Unavailable(f"ที่เก็บสำรองอ่านกลับไม่ตรงกับที่เขียน (does not read back as written): {kept}")
        _keep(part, kept)

    def _has(self, name: str, file: StoredFile) -> bool:
        try:
            found = (self._directory / name).stat()
        except FileNotFoundError:
            return False
        if found.st_size != file.size:
            return False
        verified = found.st_mtime if found.st_mtime <= self._now else 0.0  # the clock was set back since
        self._from_before.append((verified, file.sha256))
        return True

    def publish(self, progress: Progress) -> None:
        self._verify(progress)
        os.sync()  # the renames; each file's bytes were on the disk before its own
        part = self._aside / MANIFEST
        with part.open("wb") as file:
            file.write(written(self.members))
            sync(file)
        part.replace(self._directory / MANIFEST)
        sync_directory(self._directory)
        named = set(self.members.values())
        for old in (self._directory / STATE).iterdir():
            if old.name not in named:
                old.unlink()

    def _verify(self, progress: Progress) -> None:
        """Those that were not read for the longest time."""
        held = len(self._from_before)
        due = heapq.nsmallest(held if self._whole else max(_LEAST, -(-held // _ROUND)), self._from_before)
        for done, (_, sha256) in enumerate(due, start=1):
            path = self._directory / original(sha256)
            found = _hash(path)
            if found == sha256:
                os.utime(path)
            else:
                self._mend(sha256, path, found)
            self._made.verified += 1
            progress("verify", done, len(due))

    def _mend(self, sha256: str, path: Path, found: str) -> None:
        """From the archive; what it does not have either stays, under the name of what it became, so
        that the rest can be restored."""
        name = original(sha256)
        try:
            with self._files.open(sha256) as stream:
                self._copy(name, stream)
        except NotFound:
            self.members[name] = found
        if self.members[name] == sha256:
            self._made.mended.append(sha256)
            return
        self._made.spoiled.append(sha256)
        if found:
            self.members[name] = found
            _keep(path, self._directory / place(name, found))
        else:
            del self.members[name]


def _named_in(manifest: Path) -> dict[str, str]:
    try:
        return understood(manifest.read_bytes())
    except (FileNotFoundError, Invalid):
        return {}


def _keep(part: Path, kept: Path) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.replace(kept)


def _hash(path: Path) -> str:
    """SHA-256 of what is on the disk, not in memory; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
