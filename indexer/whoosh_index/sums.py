"""Checksums of a segment's files, written with the segment: tell later whether a disk has kept them."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

_SUMS = ".sums"
_CHUNK = 1 << 20


def write(directory: Path, segment: str) -> None:
    """For all files of a segment; none of them changes after this."""
    sums = {path.name: _sum(path) for path in sorted(directory.glob(f"{segment}.*"))}
    (directory / f"{segment}{_SUMS}").write_text(json.dumps(sums))


def damaged(directory: Path, segment: str) -> list[str]:
    """Names of the segment's files that are missing or not as written."""
    kept = f"{segment}{_SUMS}"
    try:
        sums: dict[str, int] = json.loads((directory / kept).read_text())
    except (OSError, ValueError):
        return [kept]
    return [name for name, sum in sums.items() if _found(directory / name) != sum]


def _found(path: Path) -> int | None:
    try:
        return _sum(path)
    except OSError:
        return None


def _sum(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found
