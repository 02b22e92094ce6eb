"""The index's directories: one generation each, a manifest written last, a pointer swapped atomically.

``index/current`` holds the name of the live generation. A directory without a manifest was never
finished and is removed by the next rebuild. The older generation is removed with the exchange, as it may
hold what was erased; a reader that has its files open reads on, one that was about to open them looks again.
A process that finds damage in the live generation writes it to the generation's ``damaged`` file: every
process sees that file, and the worker acts upon it.

A generation is a Whoosh index, the lexicon that it was tokenized with, and its position: the last change of
the archive that it has followed. One process writes, any number of processes read; a reader notices a commit
by the directory's time stamp. The position is written under the same number as the table of contents, just
before it, so that both become visible with one rename.
"""

from __future__ import annotations

import errno
import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from archive.durable_files import replace_durably
from archive.errors import Unavailable
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
from indexer.search.ports import IndexManifest

_POINTER = "current"
_MANIFEST = "manifest.json"
_LOCK = "building"
_DAMAGED = "damaged"

TOO_BUSY = "search-unavailable"
"""Code of the error where the index cannot be read for now, although nothing is wrong with it."""

_OWN_LIMITS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""Error numbers that mean a limit of the process or machine was reached, although the file is undamaged."""

_WORDS = "words.txt"
_TIER = 8  # segments of about the same size that are merged into one
_LARGEST = 60_000  # documents; larger segments are never merged
_SETTLED = 50_000_000  # nanoseconds; a directory's time stamp older than this can be trusted to be the last


class GenerationDirectory:
    """All generations of one index under ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pointer_path = directory / _POINTER

    def current(self) -> Path | None:
        """Returns the live generation's directory; None when there is none or its name is unreadable."""
        while (manifest_path := _parse_pointer(self._pointer_path)) is not None:
            if manifest_path.is_file():
                return manifest_path.parent
            if _parse_pointer(self._pointer_path) == manifest_path:  # else it was just replaced
                break
        return None

    @contextmanager
    def build_lock(self) -> Iterator[None]:
        """Waits for the build lock and holds it, so that only one process builds.

        The kernel frees a dead process's lock.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def clean_up_and_begin(self) -> Path:
        """Removes unfinished generations, makes an empty one; call it while holding ``build_lock``."""
        for path in self._all():
            if not (path / _MANIFEST).is_file():
                shutil.rmtree(path, ignore_errors=True)
        path = self._directory / f"{max(map(_number, self._all()), default=0) + 1:06d}"
        path.mkdir()
        return path

    def publish_with_manifest(self, path: Path, manifest: IndexManifest) -> None:
        """Writes the manifest, swaps the pointer, and removes the older generations."""
        replace_durably(path / _MANIFEST, json.dumps(manifest.as_json(), indent=1))
        replace_durably(self._pointer_path, line_with_checksum(path.name))
        self.remove_older(path)

    def remove_older(self, path: Path) -> None:
        """Removes the generations before the one at ``path``, also what a killed rebuild left of them."""
        for old in self._all():
            if _number(old) < _number(path):
                shutil.rmtree(old, ignore_errors=True)

    def manifest(self, path: Path) -> IndexManifest | None:
        """Returns the manifest of the generation at ``path``; None when the manifest cannot be read."""
        try:
            return IndexManifest.from_json(json.loads((path / _MANIFEST).read_text()))
        except OSError as error:
            raise_if_limit_reached(error)
            return None
        except (ValueError, TypeError, KeyError):
            return None

    def note_damage(self, path: Path, parts: Iterable[str]) -> None:
        """Records damaged parts inside the generation; records nothing on a disk that cannot be written to.

        The next scrub finds the damage again.
        """
        with suppress(OSError), (path / _DAMAGED).open("a") as file:
            file.writelines(f"{part}\n" for part in parts)

    def noted_damage(self, path: Path) -> list[str]:
        """Returns the names of the generation's parts that were recorded as damaged."""
        try:
            return sorted(set((path / _DAMAGED).read_text(errors="replace").splitlines()))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise_if_limit_reached(error)
            return [f"{_DAMAGED}: {error.strerror}"]

    def _all(self) -> list[Path]:
        return sorted(path for path in self._directory.glob("[0-9]*") if path.is_dir())


def _parse_pointer(path: Path) -> Path | None:
    """Returns where the manifest of the generation is that the pointer at ``path`` names."""
    try:
        name = line_without_checksum(path.read_text(errors="replace"), _POINTER)
    except OSError as error:
        raise_if_limit_reached(error)
        return None
    except IndexDamaged:
        return None
    return path.parent / name / _MANIFEST if name else None


def raise_if_limit_reached(error: OSError) -> None:
    """Raises ``Unavailable`` if the error says that this process or machine is at a limit, else nothing.

    The file is undamaged then, and neither missing.
    """
    if error.errno in _OWN_LIMITS:
        raise Unavailable("ระบบกำลังมีงานมาก กรุณาลองใหม่อีกครั้ง", code=TOO_BUSY) from error


def _number(path: Path) -> int:
    return int(path.name) if path.name.isdigit() else 0


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
