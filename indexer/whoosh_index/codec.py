"""A Whoosh codec whose posting lists numpy reads whole.

Whoosh keeps documents, columns, segments and commits; its own posting lists are pickled blocks
read one posting at a time in Python, which is nearly all the time of a search. Here a segment's
terms are one sorted file and each posting list two short arrays. A posting's weight is the count
of its term in every field of the announcement, packed into 32 bits (``pack``).

Segments are written and merged term by term (``Writer``), never posting by posting. That uses
inner methods of Whoosh's ``SegmentWriter``: the version is pinned in pyproject.
"""

from __future__ import annotations

import heapq
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import starmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from whoosh.codec.base import TermsReader
from whoosh.codec.whoosh3 import W3Codec, W3PerDocReader
from whoosh.matching import ListMatcher
from whoosh.reading import TermInfo, TermNotFound
from whoosh.writing import SegmentWriter

from indexer.whoosh_index import sums
from indexer.whoosh_index.schema import FIELD, mapped

Ids = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.uint32]


class ArrayCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's standard codec but for terms and postings."""

    length_stats = False

    def field_writer(self, storage: Any, segment: Any) -> ArrayTermsWriter:
        return ArrayTermsWriter(storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> ArrayTermsReader:
        return ArrayTermsReader(storage, segment)

    def per_document_reader(self, storage: Any, segment: Any) -> W3PerDocReader:
        return W3PerDocReader(storage, segment)


_TERMS, _TABLE, _POSTINGS = ".words", ".table", ".lists"
_LITTLE = {1: "<u1", 2: "<u2", 4: "<u4"}


def _narrow(values: npt.NDArray[np.uint32]) -> tuple[int, bytes]:
    """The values in the narrowest width that holds them all."""
    most = int(values.max()) if len(values) else 0
    width = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    return width, values.astype(_LITTLE[width]).tobytes()


def _steps(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The first value and the differences to the next."""
    steps = values.copy()
    steps[1:] -= values[:-1]
    return steps


_FLAT, _OTHERS = 1 << 6, 1 << 7  # flags beside the three widths, two bits each, in a list's first byte


def encode(ids: Ids, counts: Counts) -> bytes:
    """Ids as differences; counts as one byte each for the first zone, the others only where set."""
    low = (counts & 0xFF).astype(np.uint8)
    flat = bool((low == low[0]).all())
    others = np.flatnonzero(counts >> 8).astype(np.uint32)
    parts = [_narrow(_steps(ids))]
    if len(others):
        parts += [_narrow(_steps(others)), _narrow((counts[others] >> 8).astype(np.uint32))]
    head = _FLAT * flat | _OTHERS * bool(len(others))
    for place, (width, _) in enumerate(parts):
        head |= (width >> 1) << 2 * place
    size = np.array([len(others)], "<u4").tobytes() if len(others) else b""
    body = low[:1] if flat else low
    return bytes([head]) + size + body.tobytes() + b"".join(data for _, data in parts)


def decode(data: bytes, count: int) -> tuple[Ids, Counts]:
    """What ``encode`` was given; ``count``: how many ids."""
    head, position = data[0], 1
    widths = [1 << (head >> shift & 3) for shift in (0, 2, 4)]
    others = 0
    if head & _OTHERS:
        others = int.from_bytes(data[1:5], "little")
        position = 5
    counts = np.empty(count, dtype=np.uint32)
    lows = 1 if head & _FLAT else count
    counts[:] = np.frombuffer(data, np.uint8, lows, position)
    position += lows
    ids = np.frombuffer(data, _LITTLE[widths[0]], count, position).cumsum(dtype=np.uint32)
    if others:
        position += widths[0] * count
        places = np.frombuffer(data, _LITTLE[widths[1]], others, position)
        values = np.frombuffer(data, _LITTLE[widths[2]], others, position + widths[1] * others)
        counts[np.cumsum(places, dtype=np.uint32)] |= values.astype(np.uint32) << 8
    return ids, counts


def decode_ids(data: bytes, count: int) -> npt.NDArray[np.int64]:
    """The ids alone."""
    head = data[0]
    position = (5 if head & _OTHERS else 1) + (1 if head & _FLAT else count)
    return np.frombuffer(data, _LITTLE[1 << (head & 3)], count, position).cumsum(dtype=np.int64)


class ArrayTermsWriter:
    """Terms must come in order of their bytes."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._storage = storage
        self._segment = segment
        self._postings = segment.create_file(storage, _POSTINGS)
        self._terms: list[bytes] = []
        self._sizes = array("I")
        self._lengths = array("I")
        self.is_closed = False

    def write_term(self, term: bytes, ids: Ids, counts: Counts) -> None:
        data = encode(ids, counts)
        self._postings.write(data)
        self._terms.append(term)
        self._sizes.append(len(ids))
        self._lengths.append(len(data))

    def close(self) -> None:
        with self._segment.create_file(self._storage, _TERMS) as file:
            file.write(zlib.compress(b"\n".join(self._terms)))
        with self._segment.create_file(self._storage, _TABLE) as file:
            table = np.array([self._lengths, self._sizes], dtype="<u4")
            file.write(zlib.compress(table.tobytes()))
        self._postings.close()
        self.is_closed = True


class ArrayTermsReader(TermsReader):  # type: ignore[misc]
    """A segment's terms in memory, its posting lists mapped. ``terms`` and ``sizes`` run parallel."""

    def __init__(self, storage: Any, segment: Any) -> None:
        with segment.open_file(storage, _TERMS) as file:
            words = zlib.decompress(file.read())
        # No list: the collector of garbage would walk through it again and again.
        self.words: tuple[bytes, ...] = tuple(words.split(b"\n")) if words else ()
        with segment.open_file(storage, _TABLE) as file:
            table = zlib.decompress(file.read())
        count = len(self.words)
        self._ends = np.cumsum(np.frombuffer(table, "<u4", count), dtype=np.int64)
        self.sizes = np.frombuffer(table, "<u4", count, 4 * count)
        with segment.open_file(storage, _POSTINGS) as file:
            self._postings = mapped(file)

    def place(self, term: bytes) -> int | None:
        """Where the term stands among ``words``."""
        at = bisect_left(self.words, term)
        return at if at < len(self.words) and self.words[at] == term else None

    def beginning(self, letters: bytes, most: int) -> Iterator[str]:
        """The first of the terms that begin so."""
        first = bisect_left(self.words, letters)
        for word in self.words[first : first + most]:
            if not word.startswith(letters):
                break
            yield word.decode()

    def ending(self, letters: bytes, most: int) -> Iterator[str]:
        """The first of the terms that end so."""
        ending = letters[::-1]
        first = bisect_left(self._backwards, ending)
        for word in self._backwards[first : first + most]:
            if not word.startswith(ending):
                break
            yield word[::-1].decode()

    @cached_property
    def _backwards(self) -> tuple[bytes, ...]:
        """The terms with their bytes in reverse, sorted."""
        return tuple(sorted(word[::-1] for word in self.words))

    def postings_at(self, place: int) -> tuple[Ids, Counts]:
        """Document numbers within the segment, ascending, and the packed count of each."""
        start = int(self._ends[place - 1]) if place else 0
        return decode(self._postings[start : int(self._ends[place])], int(self.sizes[place]))

    def ids_at(self, place: int) -> npt.NDArray[np.int64]:
        """The document numbers alone."""
        start = int(self._ends[place - 1]) if place else 0
        return decode_ids(self._postings[start : int(self._ends[place])], int(self.sizes[place]))

    def close(self) -> None:
        """The mapping goes with the last reference to it: another thread may still be reading."""

    # What Whoosh asks of a codec, so that its own searchers and tools read these segments too.

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return term[0] == FIELD and self.place(term[1]) is not None

    def indexed_field_names(self) -> list[str]:
        return [FIELD]

    def terms(self) -> Iterator[tuple[str, bytes]]:
        return ((FIELD, word) for word in self.words)

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        return ((fieldname, word) for word in self.words[bisect_left(self.words, prefix) :])

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        place = self.place(text)
        if place is None:
            raise TermNotFound(f"{fieldname}:{text!r}")
        ids, _ = self.postings_at(place)
        return TermInfo(len(ids), len(ids), 1, 1, 1, int(ids[0]), int(ids[-1]))

    def frequency(self, fieldname: str, text: bytes) -> int:
        return self.doc_frequency(fieldname, text)

    def doc_frequency(self, fieldname: str, text: bytes) -> int:  # noqa: ARG002 (Whoosh's signature)
        place = self.place(text)
        return 0 if place is None else int(self.sizes[place])

    def matcher(self, fieldname: str, text: bytes, _format: Any, scorer: Any = None) -> ListMatcher:
        place = self.place(text)
        if place is None:
            raise TermNotFound(f"{fieldname}:{text!r}")
        ids, _ = self.postings_at(place)
        return ListMatcher(ids.tolist(), [1.0] * len(ids), scorer=scorer, term=(fieldname, text))


class _Part(NamedTuple):
    """A segment on its way into a new one: new number by old, -1 where the document is gone."""

    terms: ArrayTermsReader
    numbers: npt.NDArray[np.int64]


class Writer(SegmentWriter):  # type: ignore[misc]
    """Writes one segment and commits: either new documents (``add``) or older segments (``merge``)."""

    def __init__(self, index: Any) -> None:
        super().__init__(index, codec=ArrayCodec(), compound=False, timeout=30)
        self._ordinals: dict[str, int] = {}
        self._posted_terms = array("I")
        self._posted_counts = array("I")
        self._posted_sizes = array("I")
        self._parts: list[_Part] = []

    def add(self, terms: Mapping[str, int], columns: Mapping[str, bytes]) -> None:
        """One document: the packed weight of each term, and the value of each column."""
        ordinals = self._ordinals
        self._posted_terms.extend([ordinals.setdefault(term, len(ordinals)) for term in terms])
        self._posted_counts.extend(terms.values())
        self._posted_sizes.append(len(terms))
        self.add_document(**columns)

    @property
    def postings(self) -> int:
        """How many postings wait in memory."""
        return len(self._posted_terms)

    def _assemble_segment(self) -> None:
        """Whoosh calls this when a segment's files are written and closed."""
        sums.write(Path(self.storage.folder), self.get_segment().segment_id())

    def add_postings_to_pool(self, reader: Any, startdoc: int, docmap: dict[int, int] | None) -> None:
        count = reader.doc_count_all()
        numbers = np.full(count, -1, dtype=np.int64)
        if docmap is None:
            numbers[:] = np.arange(startdoc, startdoc + count)
        else:
            numbers[list(docmap)] = list(docmap.values())
        self._parts.append(_Part(reader.codec().terms_reader(self.storage, reader.segment()), numbers))

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        for term, ids, counts in self._merged() if self._parts else self._inverted():
            self.fieldwriter.write_term(term, ids, counts)
        self.fieldwriter.close()
        for part in self._parts:
            part.terms.close()

    def _inverted(self) -> Iterator[tuple[bytes, Ids, Counts]]:
        names = [term.encode() for term in self._ordinals]
        order = sorted(range(len(names)), key=names.__getitem__)
        rank = np.empty(len(names), dtype=np.uint32)
        rank[order] = np.arange(len(names), dtype=np.uint32)
        terms = rank[np.frombuffer(self._posted_terms, dtype=np.uint32)]
        counts = np.frombuffer(self._posted_counts, dtype=np.uint32)
        sizes = np.frombuffer(self._posted_sizes, dtype=np.uint32)
        documents = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
        by_term = np.argsort(terms, kind="stable")
        documents, counts = documents[by_term], counts[by_term]
        ends = np.cumsum(np.bincount(terms, minlength=len(names))).tolist()
        start = 0
        for ordinal, end in zip(order, ends, strict=True):
            yield names[ordinal], documents[start:end], counts[start:end]
            start = end

    def _merged(self) -> Iterator[tuple[bytes, Ids, Counts]]:
        heads = heapq.merge(*starmap(_heads, enumerate(self._parts)))
        term: bytes | None = None
        lists: list[tuple[Ids, Counts]] = []
        for word, number, place in heads:
            if word != term:
                yield from _joined(term, lists)
                term, lists = word, []
            ids, counts = self._parts[number].terms.postings_at(place)
            renumbered = self._parts[number].numbers[ids]
            kept = renumbered >= 0
            lists.append((renumbered[kept].astype(np.uint32), counts[kept]))
        yield from _joined(term, lists)


def _heads(number: int, part: _Part) -> Iterator[tuple[bytes, int, int]]:
    """Each term of a part in order, with the part's number and the term's place in it."""
    return ((word, number, place) for place, word in enumerate(part.terms.words))


def _joined(term: bytes | None, lists: Iterable[tuple[Ids, Counts]]) -> Iterator[tuple[bytes, Ids, Counts]]:
    ids, counts = (list(column) for column in zip(*lists, strict=True)) if lists else ([], [])
    if term is not None and any(map(len, ids)):
        yield term, np.concatenate(ids), np.concatenate(counts)
