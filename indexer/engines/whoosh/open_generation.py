"""One generation on disk: a Whoosh index, the lexicon that it was tokenized with, and its position.

The position is the last change of the archive that the index has followed. One process writes, any
number of processes read; a reader notices a commit by the directory's time stamp. The position is written
under the same number as the table of contents, just before it, so that both become visible with one rename.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from indexer.analysis.dictionary import Lexicon, parse_lexicon
from indexer.analysis.index_document import SourceAnnouncement, build_or_leave_out
from indexer.engines.whoosh.checksums import (
    IndexDamaged,
    damaged_files,
    line_with_checksum,
    line_without_checksum,
)
from indexer.engines.whoosh.codec import Writer
from indexer.engines.whoosh.commit import Commit
from indexer.engines.whoosh.reader import CommitReader
from indexer.engines.whoosh.schema import schema
from indexer.engines.whoosh.segment_builder import INDEX_NAME, ParallelSegmentBuilder
from indexer.engines.whoosh.toc import CheckedIndex, read_toc, write_toc
from indexer.engines.whoosh.whoosh_imports import TOC, FileStorage, SegmentReader

_WORDS = "words.txt"
_TIER = 8  # segments of about the same size that are merged into one
_LARGEST = 60_000  # documents; larger segments are never merged
_SETTLED = 50_000_000  # nanoseconds; a directory's time stamp older than this can be trusted to be the last


class OpenGeneration:
    """An open generation, for reading and writing."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lexicon: Lexicon = parse_lexicon((directory / _WORDS).read_text(encoding="utf-8"))
        self._storage = FileStorage(str(directory))
        self._index = _opened(self._storage)
        self._latest: tuple[CommitReader | None, int] = None, 0  # and the directory's time stamp before it
        self._lock = Lock()

    @classmethod
    def create(cls, directory: Path, lexicon: Lexicon) -> OpenGeneration:
        """Creates an empty generation in an empty directory."""
        (directory / _WORDS).write_text(lexicon.text(), encoding="utf-8")
        _write_position(directory, 0, 0)
        write_toc(directory, INDEX_NAME, TOC(schema(), [], 0))
        return cls(directory)

    def reader(self) -> CommitReader:
        """Returns a reader of the latest commit; the same object as long as there is no newer commit."""
        stamp = self.directory.stat().st_mtime_ns
        known, known_stamp = self._latest  # one tuple: another thread may replace it here
        if known is not None and stamp == known_stamp:
            return known
        with self._lock:
            latest = self._opened(self._latest[0])
            self._latest = latest, stamp if time.time_ns() - stamp > _SETTLED else 0
            return latest

    def _opened(self, known: CommitReader | None) -> CommitReader:
        for attempt in range(20):
            generation = self._index.latest_generation()
            if known is not None and known.commit.number == generation:
                return known
            try:
                toc = read_toc(self.directory, INDEX_NAME, generation)
                position = _read_position(self.directory, generation)
                commit = Commit(self._storage, toc, position, known.commit if known else None)
                return CommitReader(commit, commit.present, self.lexicon)
            except FileNotFoundError:  # a commit has just cleared these files away: look again
                time.sleep(0.005 * attempt)
        raise FileNotFoundError(f"no commit can be read in {self.directory}")

    def find_damage(self, after_bytes_read: Callable[[int], None]) -> list[str]:
        """Returns the damaged files of the latest commit; ``IndexDamaged`` if the commit itself is damaged.

        These are files that are missing or do not match their checksums. The commit is damaged when its table
        of contents or position is. ``after_bytes_read`` is called after each piece that was read, with the
        number of its bytes; the call may wait.
        """
        whole: set[str] = set()
        while True:
            generation = self._index.latest_generation()
            try:
                toc = read_toc(self.directory, INDEX_NAME, generation)
                _read_position(self.directory, generation)
            except FileNotFoundError:
                if self._index.latest_generation() != generation:
                    continue
                raise
            found = [] if self._has_own_words() else [_WORDS]
            for segment in {part.segment_id() for part in toc.segments} - whole:
                damaged = damaged_files(self.directory, segment, after_bytes_read)
                found += damaged
                whole |= set() if damaged else {segment}
            # A commit may have removed files meanwhile: then the files of the new commit are checked.
            if not found or self._index.latest_generation() == generation:
                return sorted(found)

    def _has_own_words(self) -> bool:
        return (self.directory / _WORDS).read_bytes() == self.lexicon.text().encode()

    def commit_changes(
        self, add: Iterable[SourceAnnouncement], remove: Iterable[int], position: int, after: int
    ) -> None:
        """Commits replacements and removals by id with ``position``; nothing if the index is further already.

        The index is locked, and merged afterwards. Another process may have followed further: its texts may
        be newer than these, and who follows from there would not see them replaced. Nothing is committed
        either where the index is not as far as ``after``. Nothing is synced to disk.
        """
        writer = Writer(self._index)
        try:
            before = self.reader()
            if not after <= before.commit.position <= position:
                writer.cancel()
                return
            added = {
                entry.announcement.id: build_or_leave_out(entry, self.lexicon.tokenizer) for entry in add
            }
            for gone in {*remove, *added}:
                if gone in before.document_numbers:
                    writer.delete_document(before.document_numbers[gone])
            for document in filter(None, added.values()):
                writer.add_document_terms(document.terms, document.columns)
            _write_position(self.directory, writer.generation, position)
        except BaseException:
            writer.cancel()
            raise
        writer.commit(mergetype=_not_empty)
        self._clear(writer.generation)
        self._merge()

    def commit_segments(self, added: Sequence[Any], position: int) -> None:
        """Commits segments that lie in the directory already, beside those of earlier commits."""
        writer = Writer(self._index)
        _write_position(self.directory, writer.generation, position)
        writer.commit(mergetype=lambda writer, segments: [*_not_empty(writer, segments), *added])

    def _merge(self) -> None:
        """Merges segments of about the same size, up to ``_LARGEST`` documents, so that few remain."""
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
        """Removes the position files of commits before ``generation``, and keeps those of newer commits."""
        for path in self.directory.glob("position.*"):
            if int(path.suffix[1:]) < generation:
                path.unlink(missing_ok=True)


class GenerationBuilder:
    """Fills a new generation from nothing: writes large segments and does not merge them."""

    def __init__(self, generation: OpenGeneration, *, jobs: int) -> None:
        self._generation = generation
        self._segments = ParallelSegmentBuilder(generation.directory, generation.lexicon, jobs=jobs)
        self._position = 0

    def add_announcements(self, entries: Iterable[SourceAnnouncement], *, position: int = 0) -> None:
        self._position = position
        self._segments.add(entries)

    def update(
        self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int, after: int = 0
    ) -> None:
        self.flush()
        self._generation.commit_changes(add, remove, position, after)
        self._position = position

    def position(self) -> int:
        return self._position

    def commit_and_count(self) -> int:
        self.flush()
        return self._generation.reader().count

    def ids(self) -> list[int]:
        return sorted(self._generation.reader().document_numbers)

    def flush(self) -> None:
        """Commits the announcements added since the last commit, also when there are none."""
        added = self._segments.finish()
        self._generation.commit_segments(added, self._position)

    def close(self) -> None:
        """Discards uncommitted announcements and stops the analysis processes."""
        self._segments.close()


def _opened(storage: FileStorage) -> CheckedIndex:
    for attempt in range(20):
        with suppress(FileNotFoundError):  # a commit has just cleared its table of contents away: look again
            return CheckedIndex(storage, indexname=INDEX_NAME)
        time.sleep(0.005 * attempt)
    return CheckedIndex(storage, indexname=INDEX_NAME)


def _read_position(directory: Path, generation: int) -> int:
    path = directory / f"position.{generation}"
    return int(line_without_checksum(path.read_text(errors="replace"), path.name))


def _write_position(directory: Path, generation: int, position: int) -> None:
    (directory / f"position.{generation}").write_text(line_with_checksum(str(position)))


def _not_empty(_writer: Any, segments: list[Any]) -> list[Any]:
    return [segment for segment in segments if segment.doc_count()]


def _to_merge(segments: list[Any]) -> set[str]:
    """Returns the ids of segments to merge into one; an empty set when no merge is needed.

    The segments are a full tier, or one segment in which more than half of the documents are deleted.
    """
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
