"""The ``SearchIndex`` protocol, which no engine's own terms or types pass through.

The index is disposable: all of it can be rebuilt from the records' saved text. An index stores the
``change`` counter of the archive up to which it has followed (``position``), so that one loop brings a live
index, a new generation and an index restored from an old backup up to date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from archive.facets import FACETS
from indexer.analysis.index_document import SourceAnnouncement, zones_in_force
from indexer.analysis.tokenizer import TOKENIZER_VERSION
from indexer.search.explanations import SearchExplanation
from indexer.search.query.parser import NO_FILTERS, Filters, Query

MOST_PAGES = 20  # pages of one announcement that a hit names and counts


@dataclass(frozen=True, slots=True)
class PageHit:
    """A page of an attachment that matches a query."""

    attachment_id: int
    number: int  # from 1
    score: float  # comparable among the pages of one announcement


@dataclass(frozen=True, slots=True)
class Hit:
    """An announcement that matches all of the query, or only some if ``is_partial``, with its best pages.

    It has at most ``MOST_PAGES`` of its pages, the best first.
    """

    announcement_id: int
    score: float  # comparable among the hits of one search
    pages: tuple[PageHit, ...] = ()
    is_partial: bool = False  # it matches only some words of the query; others match all of them


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, with the number of results that have it."""

    value: str | int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """One page of hits by id; where none is an answer, ``total`` is 0 and ``related`` has what came near.

    ``facets`` has the counted values of each of ``archive.facets.FACETS``. The counts of a facet respect the
    query and every filter but the facet's own. With an organisation as a filter, counts,
    facets and ``did_you_mean`` contain nothing of other organisations.
    """

    total: int  # hits on all pages
    hits: tuple[Hit, ...]
    partial: int = 0  # so many of ``total`` match only some words of the query; they come after the others
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    did_you_mean: str | None = None
    query: Query  # the query as it was run; its notes say what was understood and what was loosened
    related: tuple[Hit, ...] = ()  # partial matches, where no hit covers enough of the query (total is 0);
    # or, beside the hits of the time that was typed, announcements of other times that mention it
    # Where the query asks for two things that no document answers together, the page of each; ``hits`` are
    # those of both.
    subquery_results: tuple[ResultPage, ...] = ()
    coverage: float = 1.0  # share of the query that the best hit answers
    explanation: SearchExplanation | None = None  # set where the query asks for an explanation


def facets_in_force() -> str:
    """Return the names and types of the facets that the running code stores, in their order."""
    return " ".join(f"{facet.name}:{facet.type.name}" for facet in FACETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexManifest:
    """Versions of the rules and words that an index was made with, and up to what it was made.

    Any difference from the rules and words of the running code means that the index must be rebuilt.
    """

    schema: int  # version of the index's fields
    canon: int  # version of the canonical form of text
    tokenizer: str
    facets: str  # names and types of the stored facets, in their order
    zones: str  # zones of the documents, and the fields that are searched in them
    dictionary: str  # hash of the local word list and abbreviations
    built_at: dt.datetime  # when building began: what is added to the words later may be missed
    last_erasure: int | None = None  # id of the newest erasure then, 0 without any; None: not known

    @classmethod
    def in_force(cls, schema: int, dictionary: str, last_erasure: int | None = None) -> IndexManifest:
        """Return the manifest of an index with this schema and dictionary whose building begins now."""
        now = dt.datetime.now(dt.UTC)
        return cls(
            schema=schema,
            canon=1,
            tokenizer=TOKENIZER_VERSION,
            facets=facets_in_force(),
            zones=zones_in_force(),
            dictionary=dictionary,
            built_at=now,
            last_erasure=last_erasure,
        )

    def is_of_same_rules(self, other: IndexManifest) -> bool:
        """Return True if the manifests differ at most in the time and in the last erasure."""
        return self == replace(other, built_at=self.built_at, last_erasure=self.last_erasure)

    def is_of_same_format(self, other: IndexManifest) -> bool:
        """Return True if what one of the manifests describes can be read as the other says."""
        return (self.schema, self.facets, self.zones) == (other.schema, other.facets, other.zones)

    def as_json(self) -> dict[str, Any]:
        """Return the values as JSON has them."""
        return asdict(self) | {"built_at": self.built_at.isoformat()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> IndexManifest:
        """Return what ``as_json`` wrote; ``KeyError``, ``TypeError`` or ``ValueError`` for anything else."""
        return cls(**{**values, "built_at": dt.datetime.fromisoformat(values["built_at"])})


class SyncTarget(Protocol):
    """An index that follows the records: the live one, or a generation that is being built."""

    def position(self) -> int:
        """Return the change counter of the archive up to which the index has followed."""

    def update(
        self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int, after: int = 0
    ) -> None:
        """Replaces and removes by id, not always in one step; does nothing if a rebuild exchanged the index.

        An announcement that cannot be indexed is removed, and named in the log.

        ``after``: the position from which the changes were read. An index that is not as far, because it was
        removed or begun anew since, lacks what came before them: it takes nothing.

        It sets ``position``, and may be repeated. Where it does nothing the position stays too: whoever
        follows an archive goes on from ``position()``, not from what was passed.
        """


class Generation(SyncTarget, Protocol):
    """An index that is being built and is not yet visible to searches."""

    def add_announcements(self, entries: Iterable[SourceAnnouncement], *, position: int = 0) -> None:
        """Adds announcements that the generation does not contain yet; faster than ``update``.

        One that cannot be indexed is left out, and named in the log.

        ``position``: the archive's change up to which it has then followed; stored when it is published.
        """

    def commit_and_count(self) -> int:
        """Commit what was added so far, and return the number of announcements in the new index."""

    def ids(self) -> Sequence[int]:
        """Returns every announcement id of the last commit, in ascending order."""


class SearchIndex(SyncTarget, Protocol):
    """A search index.

    Every method raises ``Unavailable`` rather than answer from damaged parts of the index. Then
    ``is_current`` returns False, and a rebuild repairs the index.
    """

    def count(self) -> int:
        """Return the number of announcements in the index."""

    def ids(self) -> Sequence[int]:
        """Returns every announcement id in the index, in ascending order."""

    def search(self, query: Query) -> ResultPage:
        """Returns a page of results, empty without an index; ``Unavailable`` if it cannot be read."""

    def suggest(self, typed: str, filters: Filters = NO_FILTERS, *, limit: int = 8) -> list[str]:
        """Returns at most ``limit`` suggestions; of ``filters`` the organisation and withheld ids count."""

    def find_similar(self, announcement_id: int, *, limit: int = 5) -> list[int]:
        """Returns the ids of similar announcements of the same organisation."""

    def rebuild(
        self, *, jobs: int = 1, last_erasure: int | None = None
    ) -> AbstractContextManager[Generation]:
        """Opens a new generation, once no other process builds one; only a clean exit publishes it.

        ``jobs`` is the number of processes that analyse at the same time. The generation has the words that
        are in force when it begins; with words that are added meanwhile it is not current. ``last_erasure``
        is kept in the manifest: the newest erasure before anything is read for the generation.
        """

    def manifest(self) -> IndexManifest | None:
        """Returns the manifest of the live index; None without one, ``Unavailable`` if it cannot be used."""

    def is_current(self) -> bool:
        """Returns True if the index is usable and was made with the rules and words now in force.

        False means that a rebuild is due. Raises ``Unavailable`` while nobody can tell: a cluster does not
        answer, or the process has too many files open.
        """

    def find_damage(self, after_bytes_read: Callable[[int], None] = ...) -> list[str]:
        """Returns and records damaged parts of the index; ``after_bytes_read`` gets each piece's length.

        Every byte is read. A part is damaged where it is missing too. ``after_bytes_read`` is called after
        each piece that was read. The call may wait, so that a slow scrub leaves the disk to others.
        """

    def noted_damage(self) -> list[str]:
        """Returns the names of parts found damaged since the last rebuild, also by ``find_damage``."""

    def find_differing(self, entries: Iterable[SourceAnnouncement]) -> list[int]:
        """Returns the ids of entries that the index has not, or not so; the number of views is ignored."""
