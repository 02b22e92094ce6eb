"""Format of a backup: the names of its members, and the manifest that holds the SHA-256 of each.

A backup holds the database, the small files beside it, and every original that the database names, under
the names that they have in the data directory. It is one tar file with ``manifest.json`` as its last
member. Or it is a directory, which holds many generations: originals lie under their names, everything
else in ``state`` under its SHA-256, one manifest a generation in ``generations``, and ``manifest.json`` is
a copy of the newest. Page pictures and the index are not in a backup: both are made again.

An encrypted member is an age file (age-encryption.org) with ``.age`` after its name.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, BinaryIO

from archive.errors import Conflict, Invalid, Unavailable
from storage.archive_figures import ArchiveCounts

DATABASE = "prakat.sqlite"
FILES = "files"
WORDS = "words.txt"
SECRET = "secret-key"  # noqa: S105  # a file's name
SETTINGS = "prakat.toml"

MANIFEST = "manifest.json"
GENERATIONS = "generations"
STATE = "state"
AGE = ".age"
GENERATION_FORMAT = "%Y-%m-%dT%H%M%SZ"  # name of a generation, from the time in UTC
CHUNK = 1 << 20  # bytes that are read at a time

_PLAIN_FORMAT = 1
_ENCRYPTED_FORMAT = 2  # versions without encryption refuse this format as newer

NAME = re.compile(
    rf"{re.escape(DATABASE)}|{re.escape(WORDS)}|{SECRET}|{re.escape(SETTINGS)}"
    rf"|{FILES}/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}"
)
"""Names of members that may be unpacked. A member with any other name is never unpacked."""

Progress = Callable[[str, int, int], None]
"""Callback that receives the step (``write``, ``verify``, ``restore``), files done, and files in all."""


@dataclass(kw_only=True)
class BackupManifest:
    """Manifest of one backup, or of one generation in a backup directory.

    ``members``: SHA-256 of each member's content by name. ``encrypted``: SHA-256 of the age file that is
    kept in its place, for each member that is encrypted. ``archive`` is None, and ``last_migration``, the
    newest one of the database, is "", in manifests of versions that did not note it. ``digest`` is the text
    that is signed; a manifest that was written or read has it.
    ``signature`` is the Ed25519 signature of ``digest``; None where there is none.
    """

    made_at: dt.datetime
    members: dict[str, str] = field(default_factory=dict)
    encrypted: dict[str, str] = field(default_factory=dict)
    archive: ArchiveCounts | None = None
    last_migration: str = ""
    digest: str = ""
    signature: bytes | None = None

    def seal_to_bytes(self, sign: Callable[[bytes], bytes] | None = None) -> bytes:
        """Return the JSON text with a checksum of its own, signed with ``sign`` where it is given.

        Sets ``digest``, the text that is signed: the SHA-256, in hexadecimal, of the manifest without
        checksum and signature.
        """
        content: dict[str, Any] = {
            "format": _ENCRYPTED_FORMAT if self.encrypted else _PLAIN_FORMAT,
            "made_at": self.made_at.isoformat(),
            "members": self.members,
        }
        if self.encrypted:
            content["encrypted"] = self.encrypted
        if self.archive:
            content["archive"] = asdict(self.archive)
        if self.last_migration:
            content["last_migration"] = self.last_migration
        self.digest = _digest(content)
        if sign:
            content["signature"] = base64.b64encode(sign(self.digest.encode())).decode()
        return json.dumps(content | {"sum": _digest(content)}, indent=0).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> BackupManifest:
        """Read a manifest. Raises ``Invalid`` when it is damaged or of a newer format."""
        try:
            content: dict[str, Any] = json.loads(text)
            if content.pop("sum") != _digest(content):
                raise ValueError
            signature = content.pop("signature", None)
            made_at = dt.datetime.fromisoformat(content["made_at"])
            members: dict[str, str] = content["members"]
            known = content["format"] in (_PLAIN_FORMAT, _ENCRYPTED_FORMAT)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise damaged_members([MANIFEST]) from error
        if not known:
            raise Invalid("ข้อมูลสำรองนี้ทำด้วยรุ่นที่ใหม่กว่า กรุณาปรับรุ่นก่อน (made by a newer version)")
        return cls(
            made_at=made_at,
            members=members,
            encrypted=content.get("encrypted", {}),
            archive=ArchiveCounts(**content["archive"]) if "archive" in content else None,
            last_migration=content.get("last_migration", ""),
            digest=_digest(content),
            signature=None if signature is None else base64.b64decode(signature),
        )

    @property
    def generation(self) -> str:
        """Name of the generation: the time, in UTC, at which the backup was made."""
        return self.made_at.astimezone(dt.UTC).strftime(GENERATION_FORMAT)

    def paths(self) -> Iterator[str]:
        """Yield the path of each member inside a backup directory."""
        return (self.path(name) for name in self.members)

    def path(self, name: str) -> str:
        """Return where a member lies inside a backup directory.

        An original lies under its name, unless it was damaged already when it was kept.
        """
        return member_path(name, self.members[name], encrypted=name in self.encrypted)


def member_path(name: str, sha256: str, *, encrypted: bool) -> str:
    """Return where a member with this content lies inside a backup directory."""
    return (name if name.endswith(sha256) else f"{STATE}/{sha256}") + (AGE if encrypted else "")


def original_path(sha256: str) -> str:
    """Return the name of an original, in a backup as in a data directory."""
    return f"{FILES}/{sha256[:2]}/{sha256}"


def _digest(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def damaged_members(names: list[str]) -> Invalid:
    """Return the error that lists the damaged members (at most 10 names)."""
    shown = ", ".join(names[:10]) + (f" … (+{len(names) - 10:,})" if len(names) > 10 else "")
    return Invalid(f"ข้อมูลสำรองเสียหายที่ (backup is damaged at) {shown}", code="backup-damaged")


class HashingReader:
    """Wraps a stream and hashes its bytes while they are read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, all that are left for -1, and count them into the hash."""
        chunk = self._stream.read(size)
        self._digest.update(chunk)
        return chunk

    def sha256(self) -> str:
        """Return the SHA-256 of everything that was read so far."""
        return self._digest.hexdigest()

    def finish(self) -> str:
        """Read what is left. Returns the SHA-256 of the whole stream."""
        while self.read(CHUNK):
            pass
        return self.sha256()


@contextmanager
def open_database(database: Path) -> Iterator[sqlite3.Connection]:
    """Open a database read-only. No process may write to that database meanwhile."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
        opened.row_factory = sqlite3.Row
        yield opened


def require_intact_database(database: Path) -> None:
    """Raise ``Unavailable`` when the database is damaged."""
    try:
        with open_database(database) as opened:
            found = [text for (text,) in opened.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise Unavailable(f"ฐานข้อมูลเสียหาย (the database is damaged): {'; '.join(found)}")


def read_migrations(database: Path) -> list[str]:
    """Return the names of the migrations that a database has had, the newest last."""
    with open_database(database) as opened:
        return [name for (name,) in opened.execute("SELECT name FROM migration ORDER BY applied_at, rowid")]


@contextmanager
def emptied_and_locked_directory(directory: Path) -> Iterator[None]:
    """Lock and empty a directory for the length of the context, and delete it afterwards.

    Files that a dead process left are deleted. Raises ``Conflict`` while another process has the lock.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        for left in directory.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield
        shutil.rmtree(directory)
    except BlockingIOError:
        raise Conflict("มีการสำรองหรือกู้คืนที่นี่อยู่แล้ว กรุณารอให้เสร็จก่อน (already running here)") from None
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    finally:
        os.close(descriptor)


@contextmanager
def convert_backup_disk_errors(what: str) -> Iterator[None]:
    """Convert errors of a disk into ``Unavailable`` with one line that begins with ``what``."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise Unavailable(f"{what}: {error}") from error


def write_through_to_disk(file: BinaryIO) -> None:
    """Write the file to the disk and drop its cached pages, so that the next reader reads the disk."""
    file.flush()
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
