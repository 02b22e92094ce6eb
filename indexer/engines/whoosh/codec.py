"""A Whoosh codec whose posting lists numpy reads whole.

Whoosh stores documents, columns, segments and commits. Its own posting lists are pickled blocks that
Python reads one posting at a time, which takes nearly all the time of a search. Here a segment's
terms are one sorted file and each posting list is two short arrays. A posting's weight is the count
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

from indexer.engines.whoosh import checksums
from indexer.engines.whoosh.checksums import CheckedFile, with_checksum
from indexer.engines.whoosh.schema import FIELD
from indexer.engines.whoosh.toc import write_toc
from indexer.engines.whoosh.whoosh_imports import (
    TOC,
    SegmentWriter,
    W3Codec,
    clean_files,
)

Ids = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.uint32]


class ArrayCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's standard codec but for terms and postings."""

    length_stats = False

    def field_writer(self, storage: Any, segment: Any) -> ArrayTermsWriter:
        """Returns the writer of a new segment's terms and postings."""
        return ArrayTermsWriter(storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> ArrayTermsReader:
        """Returns the reader of a segment's terms and postings."""
        return ArrayTermsReader(storage, segment)


_TERMS, _TABLE, _POSTINGS = ".words", ".table", ".lists"
_LITTLE = {1: "<u1", 2: "<u2", 4: "<u4"}


def _narrow(values: npt.NDArray[np.uint32]) -> tuple[int, bytes]:
    """Returns the narrowest width (1, 2 or 4 bytes) that holds all values, and the values encoded in it."""
    most = int(values.max()) if len(values) else 0
    width = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    return width, values.astype(_LITTLE[width]).tobytes()


def _steps(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Returns the first value, followed by the difference of each value to the one before."""
    steps = values.copy()
    steps[1:] -= values[:-1]
    return steps


_EVERY = 3  # stands in place of the first width: the list has no ids, but a count for every document
_FLAT, _OTHERS = 1 << 6, 1 << 7  # flags in a list's first byte, beside three widths of two bits each
_COMMON = 3  # a term in one of 3 documents is common: one byte per document takes no more space than ids


class Postings(NamedTuple):
    """A term's documents in a segment, with counts in the first zone apart from those in other zones.

    The documents ascend. ``first`` holds the counts in the first zone, one for each of ``ids``. For a common
    term, which a third of the documents have, ``ids`` is None and ``first`` has one count for every document
    of the segment, 0 for one without the term. ``others`` lists the positions in ``first`` of the documents
    that have the term in other zones; ``rest`` holds the counts in those zones (packed, without the first
    zone), one for each of ``others``.
    """

    ids: npt.NDArray[np.int64] | None
    first: npt.NDArray[np.uint8]
    others: npt.NDArray[np.int64]
    rest: npt.NDArray[np.unsignedinteger[Any]]

    @property
    def documents(self) -> npt.NDArray[np.int64]:
        """Returns the document numbers, worked out from the counts where a common term has no ``ids``."""
        if self.ids is not None:
            return self.ids
        there = self.first > 0
        there[self.others] = True
        return np.flatnonzero(there)

    def with_ids(self) -> Postings:
        """Returns the same postings with ``ids`` set."""
        if self.ids is not None:
            return self
        ids = self.documents
        return Postings(ids, self.first[ids], ids.searchsorted(self.others), self.rest)

    def documents_and_packed_counts(self) -> tuple[Ids, Counts]:
        """Returns the document numbers, and the packed counts of each in all zones."""
        found = self.with_ids()
        counts = found.first.astype(np.uint32)
        counts[found.others] |= found.rest.astype(np.uint32) << 8
        return found.documents.astype(np.uint32), counts


_NO_PLACES, _NO_COUNTS = np.empty(0, np.int64), np.empty(0, np.uint8)


def encode(ids: Ids, counts: Counts, size: int) -> bytes:
    """Encodes a posting list; a term of a third of the segment's documents or more keeps no ids.

    Ids are written as differences. The count in the first zone takes one byte per document; the counts in the
    other zones are written only where they are set.
    """
    first = (counts & 0xFF).astype(np.uint8)
    others = np.flatnonzero(counts >> 8).astype(np.uint32)
    rest = counts[others] >> np.uint32(8)
    common = len(ids) * _COMMON >= size
    flat = not common and bool((first == first[0]).all())
    if common:
        every = np.zeros(size, dtype=np.uint8)
        every[ids] = first
        first, others = every, ids[others].astype(np.uint32)
        parts = [(_EVERY << 1, b"")]
    else:
        parts = [_narrow(_steps(ids))]
    if len(others):
        parts += [_narrow(_steps(others)), _narrow(rest)]
    head = _FLAT * flat | _OTHERS * bool(len(others))
    for place, (width, _) in enumerate(parts):
        head |= (width >> 1) << 2 * place
    length = np.array([len(others)], "<u4").tobytes() if len(others) else b""
    body = first[:1] if flat else first
    return bytes([head]) + length + body.tobytes() + b"".join(data for _, data in parts)


def decode(data: bytes, count: int, size: int) -> Postings:
    """Decodes a verified posting list that ``encode`` wrote; other bytes give no certain error.

    ``count`` is the number of ids in the list, ``size`` the number of documents of the segment.
    """
    head, position, length = data[0], 1, 0
    if head & _OTHERS:
        length = int.from_bytes(data[1:5], "little")
        position = 5
    common = head & 3 == _EVERY
    counted = 1 if head & _FLAT else size if common else count
    first = np.frombuffer(data, np.uint8, counted, position)
    position += counted
    if head & _FLAT:
        first = first.repeat(count)
    ids = None
    if not common:
        width = 1 << (head & 3)
        ids = np.frombuffer(data, _LITTLE[width], count, position).cumsum(dtype=np.int64)
        position += width * count
    if not length:
        return Postings(ids, first, _NO_PLACES, _NO_COUNTS)
    steps, values = 1 << (head >> 2 & 3), 1 << (head >> 4 & 3)
    others = np.frombuffer(data, _LITTLE[steps], length, position).cumsum(dtype=np.int64)
    rest = np.frombuffer(data, _LITTLE[values], length, position + steps * length)
    return Postings(ids, first, others, rest)


class ArrayTermsWriter:
    """Writes a segment's terms and posting lists.

    Terms must be written in order of their bytes, after all documents of the segment.
    """

    def __init__(self, storage: Any, segment: Any) -> None:
        self._storage = storage
        self._segment = segment
        self._postings = segment.create_file(storage, _POSTINGS)
        self._terms: list[bytes] = []
        self._sizes = array("I")
        self._lengths = array("I")
        self._checksums = array("I")
        self.is_closed = False

    def write_term(self, term: bytes, ids: Ids, counts: Counts, size: int) -> None:
        """Appends a term with its posting list. ``size`` is the number of documents of the segment."""
        data = encode(ids, counts, size)
        self._postings.write(data)
        self._terms.append(term)
        self._sizes.append(len(ids))
        self._lengths.append(len(data))
        self._checksums.append(zlib.crc32(data))

    def close(self) -> None:
        with self._segment.create_file(self._storage, _TERMS) as file:
            file.write(with_checksum(zlib.compress(b"\n".join(self._terms))))
        with self._segment.create_file(self._storage, _TABLE) as file:
            table = np.array([self._lengths, self._sizes, self._checksums], dtype="<u4")
            file.write(with_checksum(zlib.compress(table.tobytes())))
        self._postings.close()
        self.is_closed = True


class ArrayTermsReader:
    """Reads a segment's terms (held in memory) and its posting lists (left on disk).

    ``words`` holds the terms in order; ``sizes`` holds the document frequency of each.
    """

    def __init__(self, storage: Any, segment: Any) -> None:
        with segment.open_file(storage, _TERMS) as file:
            words = zlib.decompress(CheckedFile(file).read_tail())
        self._size: int = segment.doc_count_all()
        # A tuple, because Python's garbage collector would walk through a list again and again.
        self.words: tuple[bytes, ...] = tuple(words.split(b"\n")) if words else ()
        # A dict look-up takes a tenth of the time of a search in ``words``, and a query makes hundreds.
        self._places = {word: place for place, word in enumerate(self.words)}
        with segment.open_file(storage, _TABLE) as file:
            table = zlib.decompress(CheckedFile(file).read_tail())
        count = len(self.words)
        # A memoryview returns plain Python numbers, faster than a numpy array.
        self._ends = memoryview(np.cumsum(np.frombuffer(table, "<u4", count), dtype=np.int64).data)
        self.sizes = memoryview(np.frombuffer(table, "<u4", count, 4 * count).astype(np.uint32).data)
        checksums = np.frombuffer(table, "<u4", count, 8 * count)
        self._checksums = memoryview(checksums.astype(np.int64).data)
        with segment.open_file(storage, _POSTINGS) as file:
            self._postings = CheckedFile(file)

    def term_position(self, term: bytes) -> int | None:
        """Returns the position of the term in ``words``; None if the segment does not have the term."""
        return self._places.get(term)

    def words_with_edge(self, letters: bytes, most: int, *, is_suffix: bool) -> Iterator[str]:
        """Yields terms that begin (or end) with ``letters``, at most ``most``, by their (reversed) bytes."""
        words, sought, step = (self._backwards, letters[::-1], -1) if is_suffix else (self.words, letters, 1)
        first = bisect_left(words, sought)
        for word in words[first : first + most]:
            if not word.startswith(sought):
                break
            yield word[::step].decode()

    @cached_property
    def _backwards(self) -> tuple[bytes, ...]:
        """Returns the terms with their bytes reversed, sorted."""
        return tuple(sorted(word[::-1] for word in self.words))

    def postings_at_position(self, place: int) -> Postings:
        """Returns the postings of the term at position ``place`` in ``words``."""
        return decode(self._list_at(place), self.sizes[place], self._size)

    def _list_at(self, place: int) -> bytes:
        """Returns the encoded posting list of the term at position ``place`` in ``words``."""
        start = self._ends[place - 1] if place else 0
        return self._postings.read(start, self._ends[place], self._checksums[place])

    def mark_documents(self, terms: Iterable[bytes], mask: npt.NDArray[np.bool_]) -> None:
        """Sets the mask for every document of the segment that has at least one of the terms.

        The lists of rare terms are decoded together.
        """
        steps: dict[int, list[bytes]] = {}
        counts: dict[int, list[int]] = {}
        for place in [self._places[term] for term in terms if term in self._places]:
            data, count = self._list_at(place), self.sizes[place]
            head = data[0]
            if head & 3 == _EVERY:
                mask[decode(data, count, self._size).documents] = True
                continue
            start = (5 if head & _OTHERS else 1) + (1 if head & _FLAT else count)  # of the ids
            width = 1 << (head & 3)
            steps.setdefault(width, []).append(data[start : start + width * count])
            counts.setdefault(width, []).append(count)
        for width, parts in steps.items():
            sums = np.frombuffer(b"".join(parts), _LITTLE[width]).cumsum(dtype=np.int64)
            before = np.concatenate([[0], sums[np.cumsum(counts[width])[:-1] - 1]])
            mask[sums - before.repeat(counts[width])] = True

    def close(self) -> None:
        """Does nothing: the file is closed with the last reference to it, as a thread may still read it."""

    def indexed_field_names(self) -> list[str]:
        """Returns the name of the only field that has terms; Whoosh asks for it when it merges segments."""
        return [FIELD]

    def document_frequency(self, term: bytes) -> int:
        """Returns the number of documents that have the term; 0 for an unknown term."""
        place = self._places.get(term)
        return 0 if place is None else self.sizes[place]


class _Part(NamedTuple):
    """A segment that is being merged into a new one.

    ``numbers`` maps old document numbers to new ones; -1 for a deleted document.
    """

    terms: ArrayTermsReader
    numbers: npt.NDArray[np.int64]


class Writer(SegmentWriter):  # type: ignore[misc]
    """Writes one segment and commits. The segment is made of new documents or of older segments.

    Without the lock several processes may each write a segment of their own, which another writer commits.
    """

    def __init__(self, index: Any, *, is_locked: bool = True) -> None:
        super().__init__(index, codec=ArrayCodec(), compound=False, timeout=30, _lk=is_locked)
        self._ordinals: dict[str, int] = {}
        self._posted_terms = array("I")
        self._posted_counts = array("I")
        self._posted_sizes = array("I")
        self._parts: list[_Part] = []

    def add_document_terms(self, terms: Mapping[str, int], columns: Mapping[str, bytes]) -> None:
        """Adds one document, given the packed counts of each term and the value of each column."""
        ordinals = self._ordinals
        self._posted_terms.extend([ordinals.setdefault(term, len(ordinals)) for term in terms])
        self._posted_counts.extend(terms.values())
        self._posted_sizes.append(len(terms))
        self.add_document(**columns)

    @property
    def postings(self) -> int:
        """Returns the number of postings that are held in memory."""
        return len(self._posted_terms)

    def write_segment(self) -> Any:
        """Writes the segment of the added documents and ends without a commit; returns its description."""
        segment = self._finalize_segment()
        self._finish()
        return segment

    def _assemble_segment(self) -> None:
        """Writes the segment's checksums. Whoosh calls this when the segment's files are closed."""
        checksums.write_checksums(Path(self.storage.folder), self.get_segment().segment_id())

    def _commit_toc(self, segments: list[Any]) -> None:
        """Writes the table of contents. Whoosh calls this to make a commit visible."""
        directory = Path(self.storage.folder)
        write_toc(directory, self.indexname, TOC(self.schema, segments, self.generation))
        clean_files(self.storage, self.indexname, self.generation, segments)

    def add_postings_to_pool(self, reader: Any, startdoc: int, docmap: dict[int, int] | None) -> None:
        """Registers a segment whose postings are merged when the new segment is written.

        ``docmap`` maps old document numbers to new ones; with None all documents are kept from ``startdoc``
        on.
        """
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
            self.fieldwriter.write_term(term, ids, counts, self.docnum)
        self.fieldwriter.close()

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
            ids, counts = self._parts[number].terms.postings_at_position(place).documents_and_packed_counts()
            renumbered = self._parts[number].numbers[ids]
            kept = renumbered >= 0
            lists.append((renumbered[kept].astype(np.uint32), counts[kept]))
        yield from _joined(term, lists)


def _heads(number: int, part: _Part) -> Iterator[tuple[bytes, int, int]]:
    """Returns each term of a part in order, with the part's number and the term's position in the part."""
    return ((word, number, place) for place, word in enumerate(part.terms.words))


def _joined(term: bytes | None, lists: Iterable[tuple[Ids, Counts]]) -> Iterator[tuple[bytes, Ids, Counts]]:
    ids, counts = (list(column) for column in zip(*lists, strict=True)) if lists else ([], [])
    if term is not None and any(map(len, ids)):
        yield term, np.concatenate(ids), np.concatenate(counts)
