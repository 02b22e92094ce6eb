"""What a backup is made of: the names in it, and the manifest that holds the SHA-256 of each.

A backup holds the database, the small files beside it and every original that the database names,
under the names that they have in the data directory, and ``manifest.json``. It is one tar file with
the manifest as its last member; or a directory, in which originals lie under their names, the rest
in ``state`` under its SHA-256. Page pictures and the index are not in it: both are made again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import BinaryIO

from archive.errors import Conflict, Invalid, Unavailable

DATABASE = "prakat.sqlite"
FILES = "files"
WORDS = "words.txt"
SECRET = "secret-key"  # noqa: S105  # a file's name
SETTINGS = "prakat.toml"

MANIFEST = "manifest.json"
STATE = "state"
CHUNK = 1 << 20
_FORMAT = 1

NAME = re.compile(
    rf"{re.escape(DATABASE)}|{re.escape(WORDS)}|{SECRET}|{re.escape(SETTINGS)}"
    rf"|{FILES}/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}"
)
"""Nothing else is ever unpacked."""

Progress = Callable[[str, int, int], None]
"""Called with the step (``write``, ``verify``, ``restore``), files done, and files in all."""


def place(name: str, sha256: str) -> str:
    """Where a member lies in a backup that is a directory: a damaged original not under its name."""
    return name if name.endswith(sha256) else f"{STATE}/{sha256}"


def original(sha256: str) -> str:
    """The name of an original, in a backup as in a data directory."""
    return f"{FILES}/{sha256[:2]}/{sha256}"


def written(members: dict[str, str]) -> bytes:
    """The manifest of these, with a checksum of its own."""
    told = {"format": _FORMAT, "made_at": dt.datetime.now(dt.UTC).isoformat(), "members": members}
    return json.dumps(told | {"sum": _sum(told)}, indent=0).encode()


def _sum(told: dict[str, object]) -> str:
    """Of the manifest itself."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def understood(text: bytes) -> dict[str, str]:
    """The members that a manifest names. Raises ``Invalid`` when it is damaged or of a newer format."""
    try:
        told = json.loads(text)
        if told.pop("sum") != _sum(told):
            raise ValueError
        members: dict[str, str] = told["members"]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise damaged([MANIFEST]) from error
    if told["format"] != _FORMAT:
        raise Invalid("ข้อมูลสำรองนี้ทำด้วยรุ่นที่ใหม่กว่า กรุณาปรับรุ่นก่อน (made by a newer version)")
    return members


def damaged(names: list[str]) -> Invalid:
    """The refusal that names the damage."""
    shown = ", ".join(names[:10]) + (f" … (+{len(names) - 10:,})" if len(names) > 10 else "")
    return Invalid(f"ข้อมูลสำรองเสียหายที่ (backup is damaged at) {shown}", code="backup-damaged")


class Hashing:
    """A stream that is hashed while it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self._digest.update(chunk)
        return chunk

    def sha256(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """A database that nobody writes to."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
        yield opened


def examine(database: Path) -> None:
    """Raises ``Unavailable`` when it is damaged."""
    try:
        with reading(database) as opened:
            found = [text for (text,) in opened.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise Unavailable(f"ฐานข้อมูลเสียหาย (the database is damaged): {'; '.join(found)}")


@contextmanager
def private(directory: Path) -> Iterator[None]:
    """An empty directory of our own for the length of the context, alone; takes over from the dead."""
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
def explained(what: str) -> Iterator[None]:
    """Trouble with a disk in one line."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise Unavailable(f"{what}: {error}") from error


def sync(file: BinaryIO) -> None:
    """On the disk when this returns; the next reader gets it from there, not from memory."""
    file.flush()
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
