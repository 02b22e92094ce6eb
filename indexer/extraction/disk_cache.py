"""Disk cache of files that can be made again, each with its checksum beside it.

No write waits for the disk, so a power cut may leave a file empty or torn: then the file is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from archive.errors import Unavailable
from archive.ports import Files


def keep_while_stored(cache: DiskCache, files: Files, sha256: str, name: str, content: bytes) -> None:
    """Caches what was made from a stored file, unless that file was erased meanwhile.

    An erasure removes the file before it clears the caches, and this function looks for the file after it
    wrote to the cache: whichever comes second sees the other.
    """
    cache.put_if_possible(name, content)
    is_stored = False
    with contextlib.suppress(Unavailable):
        is_stored = files.exists(sha256)
    if not is_stored:
        cache.forget(name)


class DiskCache:
    """A cache of files by name in one folder.

    The files that were unused for longest are deleted when all files pass ``limit`` bytes or, with their
    checksums, twice ``most`` in number.
    """

    _CHECK_EVERY = 50

    def __init__(self, folder: Path, limit: int, *, most: int = 100_000) -> None:
        self._folder = folder
        self._limit, self._most = limit, most
        self._added = 0

    def open(self, name: str) -> BinaryIO | None:
        """Opens a cached file; None for one that is missing or, though it stays in the cache, damaged.

        The open file can be read to its end even if it is deleted from the cache meanwhile.
        """
        path = self._folder / name[:2] / name
        try:
            file = path.open("rb")
            whole = hashlib.file_digest(file, "sha256").digest() == _sum(path).read_bytes()
            for each in (path, _sum(path)):
                os.utime(each)
        except OSError:
            return None
        if not whole:
            file.close()
            return None
        file.seek(0)
        return file

    def put_if_possible(self, name: str, content: bytes) -> None:
        """Stores a file. An error of the disk is ignored, as the file can be made again next time."""
        folder = self._folder / name[:2]
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            for target, held in ((path, content), (_sum(path), hashlib.sha256(content).digest())):
                # Named after the file, so that ``forget`` finds what a kill or a full disk left.
                with tempfile.NamedTemporaryFile(dir=folder, prefix=f"{name}-", delete=False) as file:
                    file.write(held)
                Path(file.name).replace(target)
            self._added += 1
            if self._added % self._CHECK_EVERY == 1:
                self._shrink()

    def has(self, start: str) -> bool:
        """Returns True when a file's name begins with ``start``, which has at least two letters."""
        return any((self._folder / start[:2]).glob(f"{start}*"))

    def forget(self, start: str) -> None:
        """Deletes the files whose names begin with ``start``, which has at least two letters."""
        for path in (self._folder / start[:2]).glob(f"{start}*"):
            path.unlink(missing_ok=True)

    def _shrink(self) -> None:
        files = []
        for entry in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # another process deletes too
                files.append((entry.stat(), entry))
        total, count = sum(status.st_size for status, _ in files), len(files)
        for status, entry in sorted(files, key=lambda file: file[0].st_mtime):
            if total <= self._limit and count <= 2 * self._most:
                break
            entry.unlink(missing_ok=True)
            total, count = total - status.st_size, count - 1


def _sum(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
