"""One consistent copy of an archive, made while it serves: see ``storage.manifest`` for its form.

Memory does not grow with the bytes: a few hundred bytes for each file are held for the manifest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import shutil
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from archive.errors import Invalid, Unavailable
from archive.ports import StoredFile
from storage.files import sync_directory
from storage.manifest import (
    CHUNK,
    DATABASE,
    FILES,
    MANIFEST,
    SECRET,
    SETTINGS,
    STATE,
    WORDS,
    Hashing,
    Progress,
    examine,
    explained,
    place,
    private,
    reading,
    sync,
    written,
)
from storage.restore import TarSource
from storage.sqlite import Sqlite


@dataclass(slots=True)
class Made:
    """A backup that was made. ``damaged`` and ``missing``: originals (SHA-256) that the archive itself
    no longer has as they were; the damaged are in the backup as they are."""

    files: int = 0
    copied: int = 0  # of them by this backup, not by one before it
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Backups:
    """Makes backups of one data directory."""

    def __init__(self, data: Path, engine: Sqlite) -> None:
        self._data = data
        self._engine = engine

    def make(self, destination: Path, progress: Progress) -> Made:
        """Into ``destination``: a file, or a directory that exists (then only what is new is copied).

        What was there stays until the new one is complete, durable and verified. Raises ``Invalid``
        inside the data directory, ``Conflict`` while another backup goes there, ``Unavailable`` on a
        bad disk or a damaged database.
        """
        if destination.resolve().is_relative_to(self._data.resolve()):
            raise Invalid("ที่เก็บสำรองต้องอยู่นอกที่เก็บข้อมูล (the backup must lie outside of the data directory)")
        folder = destination.is_dir()
        aside = destination / ".part" if folder else destination.with_name(f".{destination.name}.part")
        with explained("สำรองข้อมูลไม่สำเร็จ ข้อมูลสำรองเดิมยังอยู่ (backup failed)"), private(aside):
            # The database first: whatever it names was durable before it was named.
            snapshot = aside / DATABASE
            self._engine.copy_to(snapshot)
            examine(snapshot)
            with _Folder(destination, aside) if folder else _Tar(destination, aside) as target:
                made = self._write(snapshot, target, progress)
                target.publish(progress)
        return made

    def _write(self, snapshot: Path, target: _Target, progress: Progress) -> Made:
        made = Made()
        target.put(DATABASE, snapshot)
        for name in (WORDS, SECRET, SETTINGS):
            if (self._data / name).is_file():
                target.put(name, self._data / name)
        with reading(snapshot) as database:
            ((total,),) = database.execute(f"SELECT count(*) FROM ({_NAMED})")  # noqa: S608
            for done, (sha256, size) in enumerate(database.execute(_NAMED), start=1):
                name = f"{FILES}/{sha256[:2]}/{sha256}"
                try:
                    copied = target.put(name, self._data / name, StoredFile(sha256, size))
                except FileNotFoundError:
                    made.missing.append(sha256)
                else:
                    made.files += 1
                    made.copied += copied
                    if target.members[name] != sha256:
                        made.damaged.append(sha256)
                progress("write", done, total)
        return made


_NAMED = """SELECT sha256, size FROM attachment
    UNION SELECT json_extract(before, '$.sha256'), json_extract(before, '$.size')
    FROM history WHERE action = 'detach' ORDER BY 1"""
"""Originals of what is attached, and of what was taken off but may be attached again."""


class _Target(Protocol):
    """A backup being written. ``members``: SHA-256 by name, of what is in it."""

    members: dict[str, str]

    def put(self, name: str, source: Path, original: StoredFile | None = None) -> bool:
        """Keep a file under a name; False when that original is there already."""

    def publish(self, progress: Progress) -> None:
        """Make durable, verify, and put in the place of the one before."""


class _Tar:
    def __init__(self, destination: Path, aside: Path) -> None:
        self.members: dict[str, str] = {}
        self._destination = destination
        self._part = aside / "backup.tar"
        self._file = self._part.open("wb")
        os.fchmod(self._file.fileno(), 0o600)  # people's password hashes are in it
        self._tar: Any = tarfile.TarFile(
            fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK
        )

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, name: str, source: Path, original: StoredFile | None = None) -> bool:  # noqa: ARG002  # _Target's
        with source.open("rb") as stream:
            stat = os.fstat(stream.fileno())
            self._add(name, stream, stat.st_size, int(stat.st_mtime))
        return True

    def _add(self, name: str, stream: BinaryIO, size: int, at: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, at, 0o600
        hashing = Hashing(stream)
        self._tar.addfile(info, hashing)
        self._tar.members.clear()  # tarfile would remember every one
        self.members[name] = hashing.sha256()

    def publish(self, progress: Progress) -> None:
        text = written(self.members)
        self._add(MANIFEST, io.BytesIO(text), len(text), int(dt.datetime.now(dt.UTC).timestamp()))
        self._tar.close()
        sync(self._file)
        self._file.close()
        TarSource(self._part).check(lambda done: progress("verify", done, len(self.members)))
        self._part.replace(self._destination)
        sync_directory(self._destination.parent)


class _Folder:
    def __init__(self, directory: Path, aside: Path) -> None:
        self.members: dict[str, str] = {}
        self._directory, self._aside = directory, aside

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, *_: object) -> None: ...

    def put(self, name: str, source: Path, original: StoredFile | None = None) -> bool:
        if original and self._has(name, original):
            self.members[name] = original.sha256
            return False
        part = self._aside / "part"
        with source.open("rb") as stream, part.open("wb") as copy:
            hashing = Hashing(stream)
            shutil.copyfileobj(hashing, copy, CHUNK)
            sync(copy)
        self.members[name] = hashing.sha256()
        self._keep(part, self._directory / place(name, self.members[name]))
        return True

    def _has(self, name: str, original: StoredFile) -> bool:
        try:
            return (self._directory / name).stat().st_size == original.size
        except FileNotFoundError:
            return False

    def _keep(self, part: Path, kept: Path) -> None:
        """Originals and state alike lie under their SHA-256."""
        with part.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != kept.name:
                raise Unavailable(f"ที่เก็บสำรองอ่านกลับไม่ตรงกับที่เขียน (does not read back as written): {kept}")
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.replace(kept)

    def publish(self, progress: Progress) -> None:
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
        progress("verify", len(self.members), len(self.members))
