"""The embedded search index: Whoosh's segments and commits, our analysis and ranking."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from archive.errors import Unavailable
from indexer.finding.dictionary import Dictionary, Lexicon
from indexer.finding.index import Entry, Generation, Manifest, ResultPage
from indexer.finding.query import Query
from indexer.finding.search import search
from indexer.finding.similar import similar
from indexer.finding.suggest import suggest
from indexer.finding.tokens import VERSION
from indexer.whoosh_index.commit import Commit
from indexer.whoosh_index.generations import Generations
from indexer.whoosh_index.segments import Building, Segments

SCHEMA = 7
"""Raise it whenever the files of a generation change their form."""


class _Live(NamedTuple):
    lexicon: Lexicon
    snapshot: Commit


class WhooshIndex:
    """``SearchIndex`` in a directory. One process writes; readers follow its commits by themselves.

    Numbers of views are those of an announcement's last update.
    """

    def __init__(self, directory: Path, dictionary: Dictionary) -> None:
        self._generations = Generations(directory)
        self._dictionary = dictionary
        self._open: Segments | None = None
        self._lock = Lock()

    def update(self, add: Iterable[Entry], remove: Iterable[int], *, position: int) -> None:
        segments = self._segments()
        if segments is None:
            with self.rebuild():
                pass
            segments = self._current()
        segments.write(add, remove, position)

    def position(self) -> int:
        live = self._live()
        return live.snapshot.position if live else 0

    def count(self) -> int:
        live = self._live()
        return live.snapshot.count if live else 0

    def ids(self) -> Sequence[int]:
        live = self._live()
        return sorted(live.snapshot.numbers) if live else []

    def search(self, query: Query) -> ResultPage:
        live = self._live()
        if live is None:
            return ResultPage(total=0, hits=(), query=query)
        return search(live.snapshot.of(query.filters.organisation), live.lexicon, query)

    def suggest(self, typed: str, *, organisation: int | None = None, limit: int = 8) -> list[str]:
        live = self._live()
        return suggest(live.snapshot.of(organisation), live.lexicon, typed, limit) if live else []

    def similar(self, announcement_id: int, *, limit: int = 5) -> list[int]:
        live = self._live()
        document = live.snapshot.numbers.get(announcement_id) if live else None
        if live is None or document is None:
            return []
        organisation = int(live.snapshot.facts["organisation"][document])
        return similar(live.snapshot.of(organisation), announcement_id, limit)

    @contextmanager
    def rebuild(self, *, jobs: int = 1) -> Iterator[Generation]:
        with self._generations.one_at_a_time():
            path = self._generations.begin()
            building = Building(Segments.create(path, self._dictionary.current()), jobs=jobs)
            try:
                yield building
                building.flush()
            except BaseException:
                building.close()
                shutil.rmtree(path, ignore_errors=True)
                raise
            building.close()
            self._generations.publish(path, self._wanted())

    def manifest(self) -> Manifest | None:
        path = self._generations.current()
        return self._generations.manifest(path) if path and self._live() else None

    def is_current(self) -> bool:
        try:
            manifest = self.manifest()
        except Unavailable:
            return False
        return manifest is not None and manifest == replace(self._wanted(), built_at=manifest.built_at)

    def damage(self) -> list[str]:
        segments = self._segments()
        if segments is None:
            return []
        with _explained():
            return segments.damage()

    def differing(self, entries: Iterable[Entry]) -> list[int]:
        live = self._live()
        return [entry.announcement.id for entry in entries if live is None or not live.snapshot.holds(entry)]

    def _wanted(self) -> Manifest:
        return Manifest(
            schema=SCHEMA,
            canon=1,
            segmenter=VERSION,
            dictionary=self._dictionary.current().version,
            built_at=dt.datetime.now(dt.UTC),
        )

    def _live(self) -> _Live | None:
        """The latest commit of the live generation; None when there is none."""
        segments = self._segments()
        if segments is None:
            return None
        with _explained():
            return _Live(segments.lexicon, segments.snapshot())

    def _segments(self) -> Segments | None:
        """The live generation, opened anew when the pointer has moved; None when there is none."""
        path = self._generations.current()
        if path is None:
            return None
        with self._lock:
            if self._open is None or self._open.directory != path:
                self._open = self._opened(path)
            return self._open

    def _opened(self, path: Path) -> Segments:
        manifest = self._generations.manifest(path)
        if manifest is None or manifest.schema != SCHEMA:
            raise Unavailable("ดัชนีค้นหาเป็นของรุ่นอื่น ระบบกำลังสร้างใหม่ กรุณาลองอีกครั้งในอีกสักครู่", code="index-outdated")
        with _explained():
            return Segments(path)

    def _current(self) -> Segments:
        segments = self._segments()
        if segments is None:
            raise FileNotFoundError("the index was removed while it was written")
        return segments


@contextmanager
def _explained() -> Iterator[None]:
    """Whatever becomes of reading a torn file, in one word."""
    try:
        yield
    except Exception as error:
        raise Unavailable(
            "ดัชนีค้นหาเสียหาย ระบบกำลังสร้างใหม่ กรุณาลองอีกครั้งในอีกสักครู่", code="index-damaged"
        ) from error
