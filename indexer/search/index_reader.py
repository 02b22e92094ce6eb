"""What a query is run on: documents by number, their columns as arrays, and figures of the whole archive.

``Snapshot`` is all that matching and ranking know of an engine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from indexer.analysis.index_document import ZoneLayout
from indexer.analysis.tokenizer import THAI, searchable_bytes
from indexer.search.doc_values import OrdinalColumn
from indexer.search.posting_list import DocumentNumbers, Floats, Mask, PostingList
from indexer.search.query.query_plan import Clause
from indexer.search.title_index import TitleMatch

MARK_BYTES = searchable_bytes("ัิีึืุู็่้๊๋์ํ").data
"""Marks above and below the line: typed last, or left out in haste."""

MIN_WORD_FREQUENCY = 3
"""Documents that must have what no dictionary knows before it counts as a word."""
THAI_WORD = re.compile(f"[{THAI}]+")
COMPLETABLE_WORD = re.compile(f"[{THAI}]+|[a-z]+")
"""What may be offered to complete what is being typed."""


class FuzzyGramMatch(NamedTuple):
    """Terms of which at least so many are there where damaged letters look like a clause."""

    terms: tuple[str, ...]
    fewest: int


class MinimumMatch(NamedTuple):
    """What a document must have to answer: clauses that together are worth at least ``least``. Where one of
    them is only misread, each of its terms that is there is worth an equal share of it."""

    worth: Mapping[Clause, float]
    misread: Mapping[Clause, FuzzyGramMatch]
    least: float
    then: bool = False  # it must also be of one of the times that were asked for, or name it


class UnfetchedTotals(NamedTuple):
    """Answers that are not among a reader's documents: how many, and of each value of a facet, under the
    filters; and how many whatever filters say."""

    total: int
    facets: Mapping[str, Mapping[str | int, int]]
    unfiltered: int


class IndexReader(Protocol):
    """Documents that a query may be about, by number. An engine that keeps all of them near has the whole
    archive here; another one has the best of those that were sought.

    Masks and columns have ``size`` places, of which only the ``live`` ones hold a document.
    """

    @property
    def count(self) -> int:
        """Documents of the whole archive."""

    @property
    def size(self) -> int: ...
    @property
    def fetched_count(self) -> int:
        """Places that are taken so far, from the first on."""

    @property
    def live(self) -> Mask: ...
    @property
    def attributes(self) -> npt.NDArray[np.void]:
        """``indexer.analysis.index_document.FACTS`` of each."""

    @property
    def document_numbers(self) -> Mapping[int, int]:
        """Document number by announcement id."""

    @property
    def dates(self) -> Floats:
        """Day of each."""

    @property
    def log_views(self) -> Floats:
        """Views of each, by their order of magnitude."""

    @property
    def facets(self) -> OrdinalColumn:
        """``indexer.search.doc_values.Facets`` of each."""

    def prefetch(self, every: Sequence[Clause] = (), some: Sequence[Clause] = ()) -> None:
        """See to it that the best documents with every one of ``every`` are here, and the best with any of
        ``some``. Documents keep their numbers."""

    def prefetch_matches(self, enough: MinimumMatch) -> None:
        """See to it that as many of the best documents with enough are here as the page asked for needs."""

    def unfetched_totals(self, answers: Mask, enough: MinimumMatch | None) -> UnfetchedTotals:
        """What answers as these do, and is not here; None: they have all that was asked for."""

    def max_unfetched_score(self, enough: MinimumMatch) -> float:
        """The most that the clauses are worth in any document that is not here."""

    def has_exact_value(self, name: str) -> bool:
        """Whether there are documents with just the author or category (``name``) that the filter asks for,
        though perhaps not here."""

    def postings(self, term: str) -> PostingList: ...
    def documents_with(self, term: str) -> DocumentNumbers: ...
    def mark(self, terms: Sequence[str], mask: Mask) -> None:
        """Set the mask wherever a live document has any of the terms."""

    def cached(self, what: Hashable, find: Callable[[], DocumentNumbers]) -> DocumentNumbers:
        """What was found before, or is found now."""

    def document_frequency(self, term: str) -> int:
        """How many documents of the archive have the term."""

    def document_frequencies(self, terms: Sequence[str]) -> list[int]: ...
    def clause_document_frequency(self, clause: Clause, found: PostingList) -> int:
        """How many documents of the archive have the clause, of which these are here."""

    def estimated_document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """The frequency of each, roughly and soon."""

    def idf(self, frequency: int) -> float: ...
    def prefetch_affixes(self, beginnings: Sequence[str], endings: Sequence[str], most: int) -> None:
        """What ``beginning`` and ``ending`` will be asked for: all at once, where asking costs a way."""

    def words_with_prefix(self, letters: str, most: int) -> Iterator[str]: ...
    def words_with_suffix(self, letters: str, most: int) -> Iterator[str]: ...
    def words_sounding_like(self, pieces: list[str], knows: Callable[[str], bool]) -> list[tuple[int, str]]:
        """Words of the archive that sound like one of the pieces, with the piece's number. ``knows``:
        whether a word is in the dictionary."""

    def completions(self, begun: str, most: int) -> list[str]:
        """Words of the archive that begin so, and go on, commonest first."""

    def titles_containing(self, letters: bytes, *, marks: bool) -> Iterable[TitleMatch]:
        """Titles and subjects with the letters; ``marks`` unset: whatever marks stand among them."""

    def text(self, document: int) -> bytes:
        """The run of its letters, zones and pages apart by a zero byte."""

    def texts(self, documents: DocumentNumbers) -> Iterator[bytes]:
        """``text`` of one after the other: the fast way to many."""

    def token_boundaries(self, document: int) -> Mask:
        """Whether a word begins or ends at each place of ``text``."""

    def layout(self, document: int) -> ZoneLayout: ...


def quantize(average: float) -> float:
    """The average on a grid of 10 %, so that it stays the same while documents come and go."""
    return 1.1 ** round(math.log(max(average, 1.0), 1.1))
