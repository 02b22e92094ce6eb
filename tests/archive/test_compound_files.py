"""Detection of Word 97 files among compound files (MS-CFB), also hostile ones."""

from __future__ import annotations

import io
import struct

import pytest

from archive.errors import Invalid
from archive.filetype import DOC, detect_file_type

_END, _FREE, _DIRECTORY = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 512
_ENTRIES_IN_SECTOR = 4
_NUMBERS_IN_SECTOR = 128


def compound_file(streams: int) -> bytes:
    """Returns a compound file with so many empty streams, the last of which is that of a Word document."""
    sectors = -(-(streams + 1) // _ENTRIES_IN_SECTOR)
    tables = -(-(sectors + 1) // (_NUMBERS_IN_SECTOR - 1))
    table = [_DIRECTORY] * tables + [tables + at + 1 for at in range(sectors - 1)] + [_END]
    table += [_FREE] * (tables * _NUMBERS_IN_SECTOR - len(table))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    )
    header += struct.pack("<9I", 0, tables, tables, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", *(at if at < tables else _FREE for at in range(109)))
    children = {at: [2 * at if 2 * at <= streams else _FREE, 2 * at + 1] for at in range(1, streams + 1)}
    entries = [_entry("Root Entry", 5, _FREE, _FREE, 1)]
    for at, (left, right) in children.items():
        name = "WordDocument" if at == streams else f"s{at}"
        entries.append(_entry(name, 2, left, right if right <= streams else _FREE, _FREE))
    body = b"".join(entries).ljust(sectors * _SECTOR, b"\0")
    return header + struct.pack(f"<{len(table)}I", *table) + body


def _entry(name: str, kind: int, left: int, right: int, child: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<HBB3I", len(text), kind, 1, left, right, child)
    return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<2I", _END, 0) + bytes(4)


def test_a_directory_without_end_is_not_listed() -> None:
    assert detect_file_type(io.BytesIO(compound_file(50))) is DOC
    with pytest.raises(Invalid) as refused:
        detect_file_type(io.BytesIO(compound_file(12_000)))
    assert refused.value.code == "not-a-document"
