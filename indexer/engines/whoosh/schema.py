"""Whoosh's schema of a document: one indexed field of ready-made terms, and one column for each value."""

from __future__ import annotations

import zlib
from array import array
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from indexer.analysis.index_document import COLUMNS, COMPRESSED_COLUMNS
from indexer.engines.whoosh.checksums import CheckedFile, with_checksum
from indexer.engines.whoosh.whoosh_imports import COLUMN, Existence, FieldType, Schema, columns

FIELD = "terms"  # name of the one indexed field of a document


def schema() -> Schema:
    """Returns Whoosh's schema of a document."""
    packed, plain = CompressedBytesColumn(), BytesColumn()
    own = {name: COLUMN(packed if name in COMPRESSED_COLUMNS else plain) for name in COLUMNS}
    return Schema(**{FIELD: TermsField()}, **own)


class TermsField(FieldType):  # type: ignore[misc]
    """Field type of terms that need no analysis: ``Writer`` receives them ready made."""

    def __init__(self) -> None:
        self.format = Existence()
        self.spelling = False

    def to_bytes(self, value: str | bytes) -> bytes:
        """Returns the term as it is stored: text in UTF-8."""
        return value if isinstance(value, bytes) else value.encode()

    def from_bytes(self, value: bytes) -> str:
        """Returns the text of a stored term."""
        return value.decode()


class BytesColumn(columns.Column):  # type: ignore[misc]
    """A column with one byte string per document; each value is read from disk on request.

    A tail follows the values in the file: the end offset of each value, the checksum of each value, and the
    checksum of all values together.
    """

    _default = b""

    class Writer(columns.ColumnWriter):  # type: ignore[misc]
        def __init__(self, dbfile: Any) -> None:
            super().__init__(dbfile)
            self._ends = array("Q")
            self._checksums = array("I")
            self._end = self._checksum = 0

        def _pad(self, docnum: int) -> None:
            """Gives an empty value, whose checksum is 0, to documents before ``docnum`` that have none."""
            missing = docnum - len(self._ends)
            self._ends.extend([self._end] * missing)
            self._checksums.extend([0] * missing)

        def add(self, docnum: int, value: bytes) -> None:
            self._pad(docnum)
            self._dbfile.write(value)
            self._end += len(value)
            self._ends.append(self._end)
            self._checksums.append(zlib.crc32(value))
            self._checksum = zlib.crc32(value, self._checksum)

        def finish(self, doccount: int) -> None:
            self._pad(doccount)
            ends, checksums = np.array(self._ends, "<u8"), np.array([*self._checksums, self._checksum], "<u4")
            self._dbfile.write(with_checksum(ends.tobytes() + checksums.tobytes()))

    class Reader(columns.ColumnReader):  # type: ignore[misc]
        def __init__(self, dbfile: Any, basepos: int, length: int, doccount: int) -> None:
            super().__init__(dbfile, basepos, length, doccount)
            self._file = CheckedFile(dbfile)
            tail = self._file.read_tail(length - 8 * doccount - 4 * (doccount + 1) - 4)
            # A memoryview returns plain Python numbers, faster than a numpy array.
            self.ends = memoryview(np.frombuffer(tail, "<u8", doccount).astype(np.int64).data)
            checksums = np.frombuffer(tail, "<u4", doccount + 1, 8 * doccount)
            self._checksums = memoryview(checksums.astype(np.int64).data)

        def all(self) -> bytes:
            """Returns the values of all documents, concatenated."""
            end = self.ends[-1] if len(self.ends) else 0
            return self._file.read(0, end, self._checksums[-1])

        def __getitem__(self, docnum: int) -> bytes:
            start = self.ends[docnum - 1] if docnum else 0
            return self._file.read(start, self.ends[docnum], self._checksums[docnum])


class CompressedBytesColumn(columns.Column):  # type: ignore[misc]
    """A column with one byte string per document, compressed together: all values are read at once."""

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
            self._dbfile.write(with_checksum(zlib.compress(lengths.tobytes() + b"".join(values))))

    class Reader(columns.ColumnReader):  # type: ignore[misc]
        def __init__(self, dbfile: Any, basepos: int, length: int, doccount: int) -> None:
            super().__init__(dbfile, basepos, length, doccount)
            self._packed = CheckedFile(dbfile)
            self._count = doccount

        def values(self) -> list[bytes]:
            """Returns the value of every document."""
            data = zlib.decompress(self._packed.read_tail())
            ends = (
                4 * self._count + np.cumsum(np.frombuffer(data, "<u4", self._count), dtype=np.int64)
            ).tolist()
            return [data[start:end] for start, end in pairwise([4 * self._count, *ends])]

        def __getitem__(self, docnum: int) -> bytes:
            return self._kept[docnum]

        @cached_property
        def _kept(self) -> list[bytes]:
            return self.values()
