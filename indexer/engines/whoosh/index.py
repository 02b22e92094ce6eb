"""The embedded search index: Whoosh's segments and commits, our analysis and ranking."""

from __future__ import annotations

import logging
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from archive.errors import Unavailable
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import SourceAnnouncement
from indexer.engines.whoosh.checksums import IndexDamaged
from indexer.engines.whoosh.generations import (
    TOO_BUSY,
    GenerationBuilder,
    GenerationDirectory,
    OpenGeneration,
    raise_if_limit_reached,
)
from indexer.engines.whoosh.more_like_this import find_similar
from indexer.engines.whoosh.reader import CommitReader
from indexer.engines.whoosh.searcher import WhooshSearcher, WhooshVocabulary
from indexer.search.pipeline import answer_query
from indexer.search.ports import Generation, IndexManifest, ResultPage
from indexer.search.query.parser import NO_FILTERS, Filters, Query
from indexer.search.suggest import suggest_words_and_titles

SCHEMA = 12
"""Version of the file format of a generation. To be raised whenever that format changes."""


log = logging.getLogger("prakat.index")


class _Live(NamedTuple):
    directory: Path
    reader: CommitReader


class WhooshIndex:
    """``SearchIndex`` in a directory. One process writes; readers notice its commits by themselves.

    The number of views of an announcement is as of the announcement's last update.
    """

    def __init__(self, directory: Path, dictionary: Dictionary) -> None:
        self._generations = GenerationDirectory(directory)
        self._dictionary = dictionary
        self._open: OpenGeneration | None = None
        self._lock = Lock()

    def update(
        self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int, after: int = 0
    ) -> None:
        generation = self._generation()
        if generation is None:
            if after > 0:
                return
            with self.rebuild():
                pass
            generation = self._generation()
        if generation is None:
            raise FileNotFoundError("the index was removed while it was written")
        with self._unless_replaced(generation.directory), self._reading(generation.directory):
            generation.commit_changes(add, remove, position, after)
            self._generations.remove_older(generation.directory)

    def position(self) -> int:
        live = self._live()
        return live.reader.commit.position if live else 0

    def count(self) -> int:
        live = self._live()
        return live.reader.count if live else 0

    def ids(self) -> Sequence[int]:
        live = self._live()
        return sorted(live.reader.document_numbers) if live else []

    def search(self, query: Query) -> ResultPage:
        live = self._live()
        if live is None:
            return ResultPage(total=0, hits=(), query=query)
        with self._reading(live.directory):
            part = live.reader.restricted_to(query.filters.organisation, query.filters.withheld)
            return answer_query(WhooshSearcher(part), part.lexicon, query)

    def suggest(self, typed: str, filters: Filters = NO_FILTERS, *, limit: int = 8) -> list[str]:
        live = self._live()
        if live is None:
            return []
        with self._reading(live.directory):
            part = live.reader.restricted_to(filters.organisation, filters.withheld)
            return suggest_words_and_titles(WhooshVocabulary(part), part.lexicon, typed, limit)

    def find_similar(self, announcement_id: int, *, limit: int = 5) -> list[int]:
        live = self._live()
        document = live.reader.document_numbers.get(announcement_id) if live else None
        if live is None or document is None:
            return []
        organisation = int(live.reader.commit.attributes["organisation"][document])
        with self._reading(live.directory):
            return find_similar(live.reader.restricted_to(organisation), document, limit)

    @contextmanager
    def rebuild(self, *, jobs: int = 1, last_erasure: int | None = None) -> Iterator[Generation]:
        with self._generations.build_lock():
            path = self._generations.clean_up_and_begin()
            lexicon = self._dictionary.current()
            manifest = IndexManifest.in_force(SCHEMA, lexicon.version, last_erasure)
            building = GenerationBuilder(OpenGeneration.create(path, lexicon), jobs=jobs)
            try:
                yield building
                building.flush()
            except BaseException:
                building.close()
                shutil.rmtree(path, ignore_errors=True)
                raise
            building.close()
            self._generations.publish_with_manifest(path, manifest)

    def manifest(self) -> IndexManifest | None:
        """Returns the live manifest; None without an index, ``Unavailable`` for one that cannot be used."""
        while live := self._live():
            manifest = self._generations.manifest(live.directory)
            if manifest is not None or not self._is_replaced(live.directory):
                return manifest
        return None

    def is_current(self) -> bool:
        """Returns True if it is undamaged and made with the rules and words now in force.

        Raises ``Unavailable`` while this process has too many files open to tell.
        """
        try:
            manifest = self.manifest()
        except Unavailable as error:
            if error.code == TOO_BUSY:
                raise
            return False
        if manifest is None or self.noted_damage():
            return False
        return manifest.is_of_same_rules(IndexManifest.in_force(SCHEMA, self._dictionary.current().version))

    def find_damage(self, after_bytes_read: Callable[[int], None] = lambda _count: None) -> list[str]:
        while generation := self._generation():
            with self._unless_replaced(generation.directory), self._reading(generation.directory):
                found = generation.find_damage(after_bytes_read)
                if not found:
                    return []
                if not self._is_replaced(generation.directory):
                    self._generations.note_damage(generation.directory, found)
                    return found
        return []

    def noted_damage(self) -> list[str]:
        path = self._generations.current()
        return self._generations.noted_damage(path) if path else []

    def find_differing(self, entries: Iterable[SourceAnnouncement]) -> list[int]:
        live = self._live()
        if live is None:
            return [entry.announcement.id for entry in entries]
        with self._reading(live.directory):
            return [entry.announcement.id for entry in entries if not live.reader.is_up_to_date_with(entry)]

    def _live(self) -> _Live | None:
        """Returns the latest commit of the live generation; None when there is no live generation."""
        while generation := self._generation():
            with self._unless_replaced(generation.directory), self._opening(generation.directory):
                return _Live(generation.directory, generation.reader())
        return None

    def _generation(self) -> OpenGeneration | None:
        """Returns the live generation, reopened when the pointer has moved; None when there is none."""
        while path := self._generations.current():
            with self._unless_replaced(path), self._lock:
                if self._open is None or self._open.directory != path:
                    self._open = self._opened(path)
                return self._open
        return None

    def _opened(self, path: Path) -> OpenGeneration:
        manifest = self._generations.manifest(path)
        if manifest is None or not manifest.is_of_same_format(IndexManifest.in_force(SCHEMA, "")):
            raise Unavailable("ดัชนีค้นหาเป็นของรุ่นอื่น ระบบกำลังสร้างใหม่ กรุณาลองอีกครั้งในอีกสักครู่", code="index-outdated")
        with self._opening(path):
            generation = OpenGeneration(path)
            if generation.lexicon.version != manifest.dictionary:
                raise IndexDamaged("words.txt")
        return generation

    @contextmanager
    def _unless_replaced(self, path: Path) -> Iterator[None]:
        """Suppresses errors where another generation took the place of the one at ``path``.

        Its files are missing for that reason, and the caller looks for the new one.
        """
        try:
            yield
        except (Unavailable, OSError):
            if not self._is_replaced(path):
                raise

    def _is_replaced(self, path: Path) -> bool:
        return self._generations.current() not in (path, None)

    @contextmanager
    def _opening(self, path: Path) -> Iterator[None]:
        """Converts any error of opening a generation into ``Unavailable`` and records damage.

        Errors that come from the process's own limits are not recorded as damage.
        """
        try:
            with self._reading(path):
                yield
        except Unavailable:
            raise
        except OSError as error:
            raise_if_limit_reached(error)
            raise self._damaged(path, error) from error
        except Exception as error:
            raise self._damaged(path, error) from error

    @contextmanager
    def _reading(self, path: Path) -> Iterator[None]:
        """Records damage that is found while reading a generation, and raises ``Unavailable``."""
        try:
            yield
        except (IndexDamaged, zlib.error) as error:
            raise self._damaged(path, error) from error

    def _damaged(self, path: Path, error: Exception) -> Unavailable:
        if not self._is_replaced(path):
            log.error("search index is damaged", extra={"path": str(path), "why": str(error)})
            self._generations.note_damage(path, [f"{error}" or type(error).__name__])
        return Unavailable("ดัชนีค้นหาเสียหาย ระบบกำลังสร้างใหม่ กรุณาลองอีกครั้งในอีกสักครู่", code="index-damaged")
