"""Checksums (CRC-32) of everything that the index writes, and functions that verify them when reading.

Each value, list and table in a file carries its own checksum, which is verified at every read, so that a
damaged file never gives a wrong answer. ``NAME.sums`` beside a segment holds the checksums of its whole
files: with these a slow scrub finds damage in parts that no query has read yet.
"""

from __future__ import annotations

import json
import os
import weakref
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SUMS = ".sums"
_CHUNK = 256 << 10  # bytes read at a time while a whole file is verified
_WIDTH = 4  # bytes in a checksum


class IndexDamaged(Exception):
    """A file of the index cannot be read, or is not as it was written."""


def with_checksum(data: bytes) -> bytes:
    """Returns ``data`` followed by its checksum."""
    return data + zlib.crc32(data).to_bytes(_WIDTH, "little")


def without_checksum(data: bytes, name: str) -> bytes:
    """Returns the data that ``with_checksum`` was given.

    Raises ``IndexDamaged`` with the file's ``name`` when the checksum does not match.
    """
    content = data[:-_WIDTH]
    if len(data) < _WIDTH or zlib.crc32(content).to_bytes(_WIDTH, "little") != data[-_WIDTH:]:
        raise IndexDamaged(name)
    return content


def line_with_checksum(text: str) -> str:
    """Returns a text with its checksum and a line end, for files that people may want to read."""
    return f"{text} {zlib.crc32(text.encode()):08x}\n"


def line_without_checksum(line: str, name: str) -> str:
    """Returns the text that ``line_with_checksum`` was given.

    Raises ``IndexDamaged`` with the file's ``name`` when the checksum does not match.
    """
    text, _, _ = line.rpartition(" ")
    if line != line_with_checksum(text):
        raise IndexDamaged(name)
    return text


class CheckedFile:
    """An open file of a segment. Several threads may read the file at the same time.

    Reading raises ``IndexDamaged`` when bytes cannot be read or do not match their checksum. The file is read
    in pieces and not mapped into memory: when a disk fails to deliver a mapped page the process is killed,
    while a failed read is only an error.
    """

    def __init__(self, file: Any) -> None:
        self.name = str(file._name)
        self._descriptor = os.dup(file.fileno())
        self.close = weakref.finalize(self, os.close, self._descriptor)
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, end: int, checksum: int) -> bytes:
        """Returns the bytes from ``start`` to ``end``, which must match ``checksum``."""
        data = self._read(start, end)
        if zlib.crc32(data) != checksum:
            raise IndexDamaged(self.name)
        return data

    def read_tail(self, start: int = 0) -> bytes:
        """Returns the bytes from ``start`` to the end, without the checksum that follows them."""
        return without_checksum(self._read(start, self.size), self.name)

    def _read(self, start: int, end: int) -> bytes:
        if not 0 <= start <= end:
            raise IndexDamaged(self.name)
        try:
            return os.pread(self._descriptor, end - start, start)
        except OSError as error:
            raise IndexDamaged(f"{self.name}: {error.strerror}") from error


def write_checksums(directory: Path, segment: str) -> None:
    """Writes the checksums of a finished segment's files to ``SEGMENT.sums``, without a sync to disk."""
    sums = {
        path.name: _checksum(path, lambda _count: None) for path in sorted(directory.glob(f"{segment}.*"))
    }
    (directory / f"{segment}{_SUMS}").write_text(json.dumps(sums))


def damaged_files(directory: Path, segment: str, after_bytes_read: Callable[[int], None]) -> list[str]:
    """Returns the names of the segment's files that are missing or do not match their checksums.

    ``after_bytes_read`` is called after each piece that was read, with the number of its bytes; the call
    may wait.
    """
    kept = f"{segment}{_SUMS}"
    try:
        sums: dict[str, int] = json.loads((directory / kept).read_text())
        return [name for name, sum in sums.items() if _found(directory / name, after_bytes_read) != sum]
    except (OSError, ValueError, AttributeError):
        return [kept]


def _found(path: Path, after_bytes_read: Callable[[int], None]) -> int | None:
    try:
        return _checksum(path, after_bytes_read)
    except OSError:
        return None


def _checksum(path: Path, after_bytes_read: Callable[[int], None]) -> int:
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found = zlib.crc32(chunk, found)
            after_bytes_read(len(chunk))
    return found
