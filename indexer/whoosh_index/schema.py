"""How Whoosh sees a document: one field of ready-made terms, and columns that are mapped or packed."""

from __future__ import annotations

import mmap
import zlib
from array import array
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from whoosh import columns
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.formats import Existence

from indexer.finding.documents import COLUMNS, PACKED

FIELD = "terms"
"""The one indexed field of a document."""


def schema() -> Schema:
    """Whoosh's view of a document."""
    packed, plain = PackedColumn(), BytesColumn()
    own = {name: COLUMN(packed if name in PACKED else plain) for name in COLUMNS}
    return Schema(**{FIELD: TermsField()}, **own)


class TermsField(FieldType):  # type: ignore[misc]
    """Terms that ``Writer`` hands over ready made."""

    def __init__(self) -> None:
        self.format = Existence()
        self.analyzer = None
        self.scorable = False
        self.stored = False
        self.unique = False
        self.vector = None
        self.column_type = None
        self.spelling = False

    def to_bytes(self, value: str | bytes) -> bytes:
        return value if isinstance(value, bytes) else value.encode()

    def from_bytes(self, value: bytes) -> str:
        return value.decode()


_AHEAD = 256_000_000
"""Bytes; larger files are read page by page when they are needed."""


def mapped(file: Any) -> mmap.mmap | bytes:
    """A file's bytes, mapped; several threads may read them at once.

    All of it is mapped at once, in a hundredth of a second from memory: a search looks at hundreds of
    places, and each page that is mapped when first touched costs as much as ten that are.
    """
    size = file.seek(0, 2)
    if not size:
        return b""
    ahead = getattr(mmap, "MAP_POPULATE", 0) if size <= _AHEAD else 0
    return mmap.mmap(file.fileno(), 0, flags=mmap.MAP_SHARED | ahead, prot=mmap.PROT_READ)


class BytesColumn(columns.Column):  # type: ignore[misc]
    """A byte string for every document, mapped: ``data`` holds them all, ``ends`` where each ends."""

    _default = b""

    class Writer(columns.ColumnWriter):  # type: ignore[misc]
        def __init__(self, dbfile: Any) -> None:
            super().__init__(dbfile)
            self._ends = array("Q")
            self._end = 0

        def add(self, docnum: int, value: bytes) -> None:
            self._ends.extend([self._end] * (docnum - len(self._ends)))
            self._dbfile.write(value)
            self._end += len(value)
            self._ends.append(self._end)

        def finish(self, doccount: int) -> None:
            self._ends.extend([self._end] * (doccount - len(self._ends)))
            self._dbfile.write(np.array(self._ends, dtype="<u8").tobytes())

    class Reader(columns.ColumnReader):  # type: ignore[misc]
        def __init__(self, dbfile: Any, basepos: int, length: int, doccount: int) -> None:
            super().__init__(dbfile, basepos, length, doccount)
            self.data = mapped(dbfile)
            ends = np.frombuffer(self.data, "<u8", doccount, length - 8 * doccount)
            self.ends = memoryview(ends.astype(np.int64).data)  # gives plain numbers, sooner than an array

        def start(self, docnum: int) -> int:
            return self.ends[docnum - 1] if docnum else 0

        def __getitem__(self, docnum: int) -> bytes:
            return self.data[self.start(docnum) : self.ends[docnum]]


class PackedColumn(columns.Column):  # type: ignore[misc]
    """A byte string for every document, all compressed as one: for what is read together or not at all."""

    _default = b""

    class Writer(columns.ColumnWriter):  # type: ignore[misc]
        def __init__(self, dbfile: Any) -> None:
            super().__init__(dbfile)
            self._values: list[bytes] = []

        def add(self, docnum: int, value: bytes) -> None:
            self._values += [b""] * (docnum - len(self._values))
            self._values.append(value)

        def finish(self, doccount: int) -> None:
            values = self._values + [b""] * (doccount - len(self._values))
            lengths = np.array([len(value) for value in values], dtype="<u4")
            self._dbfile.write(zlib.compress(lengths.tobytes() + b"".join(values)))

    class Reader(columns.ColumnReader):  # type: ignore[misc]
        def __init__(self, dbfile: Any, basepos: int, length: int, doccount: int) -> None:
            super().__init__(dbfile, basepos, length, doccount)
            self._packed = mapped(dbfile)
            self._count = doccount

        def values(self) -> list[bytes]:
            """Of every document."""
            data = zlib.decompress(self._packed)
            ends = (
                4 * self._count + np.cumsum(np.frombuffer(data, "<u4", self._count), dtype=np.int64)
            ).tolist()
            return [data[start:end] for start, end in pairwise([4 * self._count, *ends])]

        def __getitem__(self, docnum: int) -> bytes:
            return self._kept[docnum]

        @cached_property
        def _kept(self) -> list[bytes]:
            return self.values()
