"""One generation on disk: a Whoosh index, the words it was cut with, and how far it has followed.

One process writes, any number read; a reader notices a commit by the directory's time stamp.
The position is written beside the table of contents under the same number just before it, so
that both become visible with one rename.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC
from whoosh.reading import SegmentReader

from indexer.analysis.dictionary import Lexicon, parse_lexicon
from indexer.analysis.index_document import SourceAnnouncement, build_index_document
from indexer.analysis.parallel_analysis import ParallelAnalyzer
from indexer.engines.whoosh.checksums import (
    IndexDamaged,
    damaged_files,
    line_with_checksum,
    line_without_checksum,
)
from indexer.engines.whoosh.codec import Writer
from indexer.engines.whoosh.reader import CommitReader
from indexer.engines.whoosh.schema import schema
from indexer.engines.whoosh.toc import CheckedIndex, read_toc, write_toc
from indexer.search.tuning import TUNING, SearchTuning

_WORDS = "words.txt"
_NAME = "MAIN"
_AT_ONCE = 11_500_000  # postings held in memory before a segment is written
_TIER = 8  # so many segments of about one size become one
_LARGEST = 60_000  # documents; larger segments are left alone
_SETTLED = 50_000_000  # nanoseconds after which a time stamp can be trusted to be the last


class OpenGeneration:
    """An open generation."""

    def __init__(self, directory: Path, tuning: SearchTuning = TUNING) -> None:
        self.directory = directory
        self._tuning = tuning
        self.lexicon: Lexicon = parse_lexicon((directory / _WORDS).read_text(encoding="utf-8"))
        self._storage = FileStorage(str(directory))
        self._index = _opened(self._storage)
        self._snapshot: CommitReader | None = None
        self._stamp = 0
        self._lock = Lock()

    @classmethod
    def create(cls, directory: Path, lexicon: Lexicon) -> OpenGeneration:
        """Lay out an empty generation in an empty directory."""
        (directory / _WORDS).write_text(lexicon.text(), encoding="utf-8")
        _write_position(directory, 0, 0)
        write_toc(directory, _NAME, TOC(schema(), [], 0))
        return cls(directory)

    def reader(self) -> CommitReader:
        """The latest commit; the same object as long as there is no newer one."""
        stamp = self.directory.stat().st_mtime_ns
        known = self._snapshot
        if known is not None and stamp == self._stamp:
            return known
        with self._lock:
            self._snapshot = self._opened(self._snapshot)
            self._stamp = stamp if time.time_ns() - stamp > _SETTLED else 0
            return self._snapshot

    def _opened(self, known: CommitReader | None) -> CommitReader:
        for attempt in range(20):
            generation = self._index.latest_generation()
            if known is not None and known.commit == generation:
                return known
            try:
                toc = read_toc(self.directory, _NAME, generation)
                position = _read_position(self.directory, generation)
                return CommitReader(self._storage, toc, position, known, self._tuning)
            except FileNotFoundError:  # a commit has just cleared these files away: look again
                time.sleep(0.005 * attempt)
        raise FileNotFoundError(f"no commit can be read in {self.directory}")

    def damage(self, after_read: Callable[[int], None]) -> list[str]:
        """Names of the files that are missing or not as written, in the latest commit. Raises
        ``IndexDamaged`` when not even these can be told.

        ``after_read`` is called with the number of bytes after each piece that was read: it may wait.
        """
        whole: set[str] = set()
        while True:
            generation = self._index.latest_generation()
            try:
                toc = read_toc(self.directory, _NAME, generation)
                _read_position(self.directory, generation)
            except FileNotFoundError:
                if self._index.latest_generation() != generation:
                    continue
                raise
            found = [] if self._has_own_words() else [_WORDS]
            for segment in {part.segment_id() for part in toc.segments} - whole:
                damaged = damaged_files(self.directory, segment, after_read)
                found += damaged
                whole |= set() if damaged else {segment}
            # A commit may have cleared files away meanwhile: what it left is looked at again.
            if not found or self._index.latest_generation() == generation:
                return sorted(found)

    def _has_own_words(self) -> bool:
        return (self.directory / _WORDS).read_bytes() == self.lexicon.text().encode()

    def write(self, add: Iterable[SourceAnnouncement], remove: Iterable[int], position: int) -> None:
        """One commit: replace and remove by announcement id, and set the position."""
        writer = Writer(self._index)
        try:
            before = self.reader()
            added = {
                entry.announcement.id: build_index_document(entry, self.lexicon.tokenizer) for entry in add
            }
            for gone in {*remove, *added}:
                if gone in before.document_numbers:
                    writer.delete_document(before.document_numbers[gone])
            for terms, columns in added.values():
                writer.add(terms, columns)
            _write_position(self.directory, writer.generation, position)
        except BaseException:
            writer.cancel()
            raise
        writer.commit(mergetype=_not_empty)
        self._clear(writer.generation)
        self._merge()

    def _merge(self) -> None:
        """Segments of about one size become one, so that their number stays logarithmic."""
        while chosen := _to_merge(self._index._read_toc().segments):
            for segment in chosen:
                if damaged := damaged_files(self.directory, segment, lambda _count: None):
                    raise IndexDamaged(", ".join(damaged))
            writer = Writer(self._index)
            try:  # another process may have written since, and be further or further back
                position = _read_position(self.directory, writer.generation - 1)
                _write_position(self.directory, writer.generation, position)
            except BaseException:
                writer.cancel()
                raise
            writer.commit(mergetype=lambda writer, segments: _merged(writer, segments, chosen))
            self._clear(writer.generation)

    def _clear(self, generation: int) -> None:
        """The positions of older commits go; another process may have made a newer one already."""
        for path in self.directory.glob("position.*"):
            if int(path.suffix[1:]) < generation:
                path.unlink(missing_ok=True)


class GenerationBuilder:
    """A generation being filled from nothing: large segments, no merging."""

    def __init__(self, segments: OpenGeneration, *, jobs: int) -> None:
        self._segments = segments
        self._analysis = ParallelAnalyzer(segments.lexicon, jobs=jobs)
        self._index = CheckedIndex(FileStorage(str(segments.directory)), indexname=_NAME)
        self._writer: Writer | None = None
        self._position = 0

    def add(self, entries: Iterable[SourceAnnouncement]) -> None:
        """Announcements that are not in it yet."""
        for made in self._analysis.documents(entries):
            self._writer = self._writer or Writer(self._index)
            self._writer.add(*made)
            if self._writer.postings > _AT_ONCE:
                self.flush()

    def reached(self, position: int) -> None:
        self._position = position

    def update(self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int) -> None:
        """Follow changes that came while it was filled."""
        self.flush()
        self._segments.write(add, remove, position)
        self._position = position

    def position(self) -> int:
        return self._position

    def count(self) -> int:
        self.flush()
        return self._segments.reader().count

    def flush(self) -> None:
        """Commit what was added."""
        writer = self._writer or Writer(self._index)
        _write_position(self._segments.directory, writer.generation, self._position)
        writer.commit(mergetype=_not_empty)
        self._writer = None

    def close(self) -> None:
        """Let go of what was not committed, and of the processes."""
        self._analysis.close()
        if self._writer is not None:
            self._writer.cancel()


def _opened(storage: FileStorage) -> CheckedIndex:
    for attempt in range(20):
        with suppress(FileNotFoundError):  # a commit has just cleared its table of contents away: look again
            return CheckedIndex(storage, indexname=_NAME)
        time.sleep(0.005 * attempt)
    return CheckedIndex(storage, indexname=_NAME)


def _read_position(directory: Path, generation: int) -> int:
    path = directory / f"position.{generation}"
    return int(line_without_checksum(path.read_text(errors="replace"), path.name))


def _write_position(directory: Path, generation: int, position: int) -> None:
    (directory / f"position.{generation}").write_text(line_with_checksum(str(position)))


def _not_empty(_writer: Any, segments: list[Any]) -> list[Any]:
    return [segment for segment in segments if segment.doc_count()]


def _to_merge(segments: list[Any]) -> set[str]:
    """Ids of segments to make one of: a full tier, or one that is mostly deleted documents."""
    tiers: dict[int, list[Any]] = {}
    for segment in segments:
        if segment.doc_count_all() <= _LARGEST and segment.deleted_count() * 2 > segment.doc_count_all():
            return {segment.segment_id()}
        tiers.setdefault(_tier(segment.doc_count()), []).append(segment)
    for _, tier in sorted(tiers.items()):
        if len(tier) >= _TIER and sum(segment.doc_count() for segment in tier) <= _LARGEST:
            return {segment.segment_id() for segment in tier}
    return set()


def _tier(documents: int) -> int:
    return (max(documents, 1).bit_length() - 1) // 3


def _merged(writer: Writer, segments: list[Any], chosen: set[str]) -> list[Any]:
    for segment in segments:
        if segment.segment_id() in chosen:
            reader = SegmentReader(writer.storage, writer.schema, segment)
            writer.add_reader(reader)
            reader.close()
    return [segment for segment in segments if segment.segment_id() not in chosen]
