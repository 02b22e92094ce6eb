"""The SearchIndex protocol: small, and with no engine's language through it.

The index is disposable: all of it can be rebuilt from the records' saved text. It remembers the
``change`` counter of the archive that it has followed (``position``), so that following is one
loop for a live index, a new generation and an index restored from an old backup alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from indexer.analysis.index_document import SourceAnnouncement
from indexer.search.explanations import SearchExplanation
from indexer.search.query.parser import Query


@dataclass(frozen=True, slots=True)
class PageHit:
    attachment_id: int
    number: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One announcement that answers, with at most three of its pages, best first."""

    announcement_id: int
    score: float
    pages: tuple[PageHit, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str | int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """One page of hits. ``facets`` holds kind, author, year (Buddhist era), category and organisation (its
    id); the counts of each respect the query and every filter but its own. With an organisation as a
    filter nothing of the others is in the answer: not in counts, facets or ``did_you_mean``."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    did_you_mean: str | None = None
    query: Query  # as it was run: says what was understood and what was loosened
    related: tuple[Hit, ...] = ()  # what came near, where nothing covers enough of the query; total is 0 then
    coverage: float = 1.0  # share of the query that the best hit answers
    explanation: SearchExplanation | None = None  # where the query asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexManifest:
    """What an index was made with; any difference from the running code means: rebuild."""

    schema: int
    canon: int
    tokenizer: str
    dictionary: str  # hash of the local word list and abbreviations
    built_at: dt.datetime


class Generation(Protocol):
    """An index in the making, not yet seen by searchers."""

    def add(self, entries: Iterable[SourceAnnouncement]) -> None:
        """Announcements that are not in it yet: the fast way to fill it."""

    def reached(self, position: int) -> None:
        """Set the change counter that the generation has followed to."""

    def update(self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int) -> None:
        """As ``SearchIndex.update``: for what changed while the generation was filled."""

    def position(self) -> int: ...
    def count(self) -> int: ...


class SearchIndex(Protocol):
    """Every method raises ``Unavailable`` rather than answer from parts that are damaged: then ``is_current``
    is False, and a rebuild mends it."""

    def update(self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int) -> None:
        """Replace and remove by announcement id and move ``position``: idempotent, all or nothing."""

    def position(self) -> int: ...
    def count(self) -> int: ...
    def ids(self) -> Sequence[int]:
        """Every announcement id in the index, ascending."""

    def search(self, query: Query) -> ResultPage: ...
    def suggest(
        self,
        typed: str,
        *,
        organisation: int | None = None,
        withheld: frozenset[int] = frozenset(),
        limit: int = 8,
    ) -> list[str]:
        """``organisation`` and ``withheld`` as in ``Filters``."""

    def similar(self, announcement_id: int, *, limit: int = 5) -> list[int]:
        """Of the same organisation."""

    def rebuild(self, *, jobs: int = 1) -> AbstractContextManager[Generation]:
        """A new generation beside the live one; published on a clean exit only. Waits for one that
        another process is building. ``jobs``: processes that analyse at the same time."""

    def manifest(self) -> IndexManifest | None:
        """None when there is no usable index."""

    def is_current(self) -> bool:
        """Whether it is usable and was made by the rules and words in force; otherwise: rebuild."""

    def damage(self, after_read: Callable[[int], None] = ...) -> list[str]:
        """Names of the parts that are missing or not as they were written; reads every byte, and notes what
        it finds. ``after_read`` is called with the number of bytes of each piece that was read: it may wait,
        so that a slow scrub leaves the disk to others."""

    def noted_damage(self) -> list[str]:
        """Names of the parts that were found damaged by reading or by ``damage``, until a rebuild."""

    def differing(self, entries: Iterable[SourceAnnouncement]) -> list[int]:
        """Ids of those that it does not hold just as given (numbers of views aside)."""
