"""The embedded search index: Whoosh's segments and commits, our analysis and ranking."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock

from indexer.dictionary import Dictionary
from indexer.generations import Generations
from indexer.index import Entry, Generation, Manifest, ResultPage
from indexer.query import Query
from indexer.search import search
from indexer.segments import Building, Segments
from indexer.similar import similar
from indexer.suggest import suggest
from indexer.tokens import VERSION

SCHEMA = 1
"""Raise it whenever the files of a generation change their form."""


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
        segments = self._segments()
        return segments.snapshot().position if segments else 0

    def count(self) -> int:
        segments = self._segments()
        return segments.snapshot().count if segments else 0

    def ids(self) -> Sequence[int]:
        segments = self._segments()
        return sorted(segments.snapshot().numbers) if segments else []

    def search(self, query: Query) -> ResultPage:
        segments = self._segments()
        if segments is None:
            return ResultPage(total=0, hits=(), query=query)
        return search(segments.snapshot(), segments.lexicon, query)

    def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        segments = self._segments()
        return suggest(segments.snapshot(), segments.lexicon, typed, limit) if segments else []

    def similar(self, announcement_id: int, *, limit: int = 5) -> list[int]:
        segments = self._segments()
        return similar(segments.snapshot(), announcement_id, limit) if segments else []

    @contextmanager
    def rebuild(self) -> Iterator[Generation]:
        path = self._generations.begin()
        building = Building(Segments.create(path, self._dictionary.current()))
        try:
            yield building
            building.flush()
        except BaseException:
            building.abandon()
            shutil.rmtree(path, ignore_errors=True)
            raise
        self._generations.publish(path, self._wanted())

    def manifest(self) -> Manifest | None:
        path = self._generations.current()
        return self._generations.manifest(path) if path and self._segments() else None

    def is_current(self) -> bool:
        try:
            manifest = self.manifest()
        except (OSError, ValueError, EOFError):  # torn: as good as none
            return False
        return manifest is not None and manifest == replace(self._wanted(), built_at=manifest.built_at)

    def _wanted(self) -> Manifest:
        return Manifest(
            schema=SCHEMA,
            canon=1,
            segmenter=VERSION,
            dictionary=self._dictionary.current().version,
            built_at=dt.datetime.now(dt.UTC),
        )

    def _segments(self) -> Segments | None:
        """The live generation, opened anew when the pointer has moved; None when there is none."""
        path = self._generations.current()
        with self._lock:
            if path is None:
                self._open = None
            elif self._open is None or self._open.directory != path:
                self._open = Segments(path)
            return self._open

    def _current(self) -> Segments:
        segments = self._segments()
        if segments is None:
            raise FileNotFoundError("the index was removed while it was written")
        return segments
