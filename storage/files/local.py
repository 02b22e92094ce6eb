"""Store of files in a local directory. A file's path is the SHA-256 of its content: ``ab/ab34…``."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from archive.durable_files import sync_directory
from archive.errors import NotFound, TooLarge, Unavailable
from archive.ports import StoredFile

_CHUNK = 1 << 20  # bytes read at a time
SHA256 = re.compile(r"[0-9a-f]{64}")
_MEGABYTE = 1 << 20


class LocalFiles:
    """Adapter of ``archive.ports.Files`` for a local directory that holds nothing else."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"  # same file system, so that a rename from here is atomic
        self._durable = set[Path]()  # directories of files that are known to outlive a crash
        with convert_disk_errors():
            self._incoming.mkdir(parents=True, exist_ok=True)
            sync_directory(self._root.parent)
            self._sweep()

    def add(self, stream: BinaryIO, *, limit: int) -> StoredFile:
        """Store a stream: write a temporary file, sync it, rename it.

        A file that exists is replaced by the same bytes, which repairs a copy that the disk had damaged.
        """
        with convert_disk_errors(), _locked(self._incoming, fcntl.LOCK_SH):  # no sweep of another process
            descriptor, name = tempfile.mkstemp(dir=self._incoming)
            try:
                with os.fdopen(descriptor, "wb") as part:
                    stored = copy_and_hash(stream, part, limit)
                    os.fchmod(part.fileno(), 0o400)
                    part.flush()
                    os.fsync(part.fileno())
                place = self._path(stored.sha256)
                self._make_durable(place.parent)
                Path(name).replace(place)
                sync_directory(place.parent)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        return stored

    def _make_durable(self, shelf: Path) -> None:
        """Create a directory of files, and write it to the disk once: another process may not have yet."""
        if shelf not in self._durable:
            shelf.mkdir(exist_ok=True)
            sync_directory(self._root)
            self._durable.add(shelf)

    def _sweep(self) -> None:
        """Delete the incomplete files that dead processes left.

        Does nothing while any process is receiving a file; a later start deletes them.
        """
        try:
            with _locked(self._incoming, fcntl.LOCK_EX | fcntl.LOCK_NB):
                for part in self._incoming.iterdir():
                    part.unlink()
        except BlockingIOError:
            return

    def open(self, sha256: str) -> BinaryIO:
        try:
            with convert_disk_errors():
                return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise no_such_file() from None

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        if not self.exists(sha256):
            raise no_such_file()
        yield self._path(sha256)

    def exists(self, sha256: str) -> bool:
        return SHA256.fullmatch(sha256) is not None and self._path(sha256).is_file()

    def remove(self, sha256: str) -> None:
        place = self._path(sha256)
        with convert_disk_errors():
            if place.parent.exists():
                place.unlink(missing_ok=True)
                sync_directory(place.parent)

    def all(self) -> Iterator[StoredFile]:
        for shelf in sorted(self._root.iterdir()):
            if shelf == self._incoming or not shelf.is_dir():
                continue
            for file in sorted(shelf.iterdir()):
                if not SHA256.fullmatch(file.name):
                    continue
                try:
                    size = file.stat().st_size
                except FileNotFoundError:  # removed since its shelf was listed
                    continue
                yield StoredFile(file.name, size)

    def _path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):  # never a path from outside
            raise no_such_file()
        return self._root / sha256[:2] / sha256


def copy_and_hash(stream: BinaryIO, part: BinaryIO, limit: int) -> StoredFile:
    """Copy a stream into ``part`` and hash its bytes. Raises ``TooLarge`` past ``limit`` bytes."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise TooLarge(
                "ไฟล์ใหญ่เกิน %(most)s เมกะไบต์ กรุณาย่อหรือแบ่งไฟล์แล้วแนบอีกครั้ง", most=f"{limit / _MEGABYTE:,.0f}"
            )
        digest.update(chunk)
        part.write(chunk)
    return StoredFile(digest.hexdigest(), size)


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


_TROUBLE = {
    errno.ENOSPC: "พื้นที่เก็บไฟล์เต็ม ระบบยังไม่ได้บันทึกไฟล์นี้ กรุณาแจ้งผู้ดูแลเครื่อง",
    errno.EDQUOT: "พื้นที่เก็บไฟล์เต็มโควตา ระบบยังไม่ได้บันทึกไฟล์นี้ กรุณาแจ้งผู้ดูแลเครื่อง",
    errno.EROFS: "ที่เก็บไฟล์เขียนไม่ได้ (อ่านได้อย่างเดียว) กรุณาแจ้งผู้ดูแลเครื่อง",
    errno.EACCES: "ไม่มีสิทธิ์เข้าถึงที่เก็บไฟล์ กรุณาแจ้งผู้ดูแลเครื่อง",
    errno.EIO: "อ่านหรือเขียนดิสก์ไม่สำเร็จ กรุณาแจ้งผู้ดูแลเครื่อง",
    errno.EMFILE: "ระบบกำลังมีงานมาก กรุณาลองใหม่อีกครั้ง",
}


@contextmanager
def convert_disk_errors() -> Iterator[None]:
    """Convert errors of the disk into ``Unavailable``; raise others (a broken connection) unchanged."""
    try:
        yield
    except OSError as error:
        message = _TROUBLE.get(error.errno or 0)
        if message is None:
            raise
        raise Unavailable(message) from error


def no_such_file() -> NotFound:
    """Return the error for a file that is not stored."""
    return NotFound("ไม่พบไฟล์ต้นฉบับในที่เก็บไฟล์ กรุณาแจ้งผู้ดูแลเครื่อง", code="file-missing")
