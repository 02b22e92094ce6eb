"""A backup back into a data directory: whole, or not at all."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from archive.errors import Conflict
from storage.files import sync_directory
from storage.manifest import (
    CHUNK,
    DATABASE,
    FILES,
    MANIFEST,
    NAME,
    Hashing,
    Progress,
    damaged,
    examine,
    explained,
    place,
    private,
    understood,
)


def restore(source: Path, data: Path, progress: Progress) -> None:
    """Unpack a backup into ``data``, which must be empty or absent; it is there whole, or not at all.

    Raises ``Conflict`` when there is something in ``data``, ``Invalid`` (code ``backup-damaged``)
    naming what in the backup is not as it was written, ``Unavailable`` on a bad disk.
    """
    aside = _beside(data)
    if data.exists() and any(path != aside for path in data.iterdir()):
        raise Conflict(f"{data} มีข้อมูลอยู่แล้ว กู้คืนได้เฉพาะลงที่ว่าง (not empty: restore into an empty directory)")
    backup = _FolderSource(source) if source.is_dir() else TarSource(source)
    with explained("กู้คืนไม่สำเร็จ ยังไม่มีอะไรเปลี่ยน (restore failed)"), private(aside):
        unpacked = aside / "data"
        unpacked.mkdir()
        backup.check(lambda done: progress("restore", done, max(done, backup.total)), into=unpacked)
        examine(unpacked / DATABASE)
        os.sync()
        _move(unpacked, data)


def _beside(data: Path) -> Path:
    """On the same file system: next to the data directory, or inside where that cannot be."""
    if data.is_mount() or (data.exists() and not os.access(data.parent, os.W_OK)):
        return data / ".restoring"
    return data.with_name(f".{data.name}.restoring")


def _move(unpacked: Path, data: Path) -> None:
    if not unpacked.is_relative_to(data):
        unpacked.replace(data)  # over the empty directory, if there is one
    else:
        for path in sorted(unpacked.iterdir(), key=lambda path: path.name == DATABASE):  # the database last
            path.replace(data / path.name)
    sync_directory(data.parent)


class _Source:
    """A backup being read. ``total``: how many members there are, as far as that is known."""

    total = 0

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, progress: Callable[[int], None], into: Path | None = None) -> None:
        """Read every byte, and with ``into`` keep them there. Raises ``Invalid`` naming what is damaged."""
        found: dict[str, str] = {}
        wanted: dict[str, str] | None = None
        name = self._path.name
        try:
            for name, stream in self._members():
                if name == MANIFEST:
                    wanted = understood(stream.read())
                    continue
                if not NAME.fullmatch(name):
                    raise damaged([name])
                found[name] = _taken(stream, into / name if into else None)
                progress(len(found))
        except (tarfile.TarError, EOFError) as error:
            raise damaged([name]) from error
        if wanted is None:
            raise damaged([f"{MANIFEST} (ไม่มีอะไรต่อจาก · nothing follows {name})"])
        differing = [name for name in sorted(wanted | found) if wanted.get(name) != found.get(name)]
        if differing or DATABASE not in wanted:
            raise damaged(differing or [DATABASE])

    def _members(self) -> Iterator[tuple[str, BinaryIO]]:
        """Name and content of each, the manifest among them."""
        raise NotImplementedError


class TarSource(_Source):
    """A backup in one file."""

    def _members(self) -> Iterator[tuple[str, BinaryIO]]:
        with (
            self._path.open("rb") as file,
            tarfile.open(fileobj=file, mode="r|", bufsize=CHUNK) as opened,
        ):
            tar: Any = opened
            while (info := tar.next()) is not None:
                tar.members.clear()  # tarfile would remember every one
                if not info.isreg():
                    raise damaged([info.name])
                yield info.name, tar.extractfile(info)


class _FolderSource(_Source):
    def _members(self) -> Iterator[tuple[str, BinaryIO]]:
        try:
            text = (self._path / MANIFEST).read_bytes()
        except FileNotFoundError:
            raise damaged([MANIFEST]) from None
        members = understood(text)
        self.total = len(members)
        yield MANIFEST, io.BytesIO(text)
        for name, sha256 in members.items():
            try:
                with (self._path / place(name, sha256)).open("rb") as stream:
                    yield name, stream
            except FileNotFoundError:
                continue  # missed when found and wanted are compared


def _taken(stream: BinaryIO, into: Path | None) -> str:
    """The stream's SHA-256; kept in a file if one is named, for its owner's eyes only."""
    hashing = Hashing(stream)
    if into is None:
        while hashing.read(CHUNK):
            pass
        return hashing.sha256()
    into.parent.mkdir(parents=True, exist_ok=True)
    with into.open("wb") as copy:
        os.fchmod(copy.fileno(), 0o440 if into.parent.parent.name == FILES else 0o600)
        shutil.copyfileobj(hashing, copy, CHUNK)
    return hashing.sha256()
