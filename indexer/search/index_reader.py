"""Interface to an index for queries: documents by number, columns as arrays, statistics of the archive.

``IndexReader`` is all that matching and ranking know of an engine.
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
"""Documents in which an unknown string of letters must occur before it counts as a word."""
THAI_WORD = re.compile(f"[{THAI}]+")
COMPLETABLE_WORD = re.compile(f"[{THAI}]+|[a-z]+")
"""Words that may be offered as completions: Thai or Latin letters only."""


class FuzzyGramMatch(NamedTuple):
    """Terms of a clause, of which at least ``fewest`` occur where the clause stands with misread letters."""

    terms: tuple[str, ...]
    fewest: int


class MinimumMatch(NamedTuple):
    """Minimum that a document must match: clauses whose ``worth`` adds up to at least ``least``.

    Where a document has a clause only with misread letters (``misread``), each term of its
    ``FuzzyGramMatch`` that the document has is worth an equal share of the clause.
    """

    worth: Mapping[Clause, float]
    misread: Mapping[Clause, FuzzyGramMatch]
    least: float
    then: bool = False  # the document must also be of one of the date ranges asked for, or name that range


class UnfetchedTotals(NamedTuple):
    """Counts of matching documents that the reader has not fetched.

    ``total`` and ``facets`` (by facet and value) count the documents that pass the filters; ``unfiltered``
    counts them whatever the filters say.
    """

    total: int
    facets: Mapping[str, Mapping[str | int, int]]
    unfiltered: int


class IndexReader(Protocol):
    """Documents that a query may match, by number.

    The reader of an embedded engine has all documents of the archive; that of a remote engine has only the
    best of the documents that it has fetched. Masks and columns have ``size`` places, of which only the
    ``live`` ones hold a document.
    """

    @property
    def count(self) -> int:
        """Returns the number of documents of the whole archive."""

    @property
    def size(self) -> int: ...
    @property
    def fetched_count(self) -> int:
        """Returns the number of places that are taken so far, counted from the first."""

    @property
    def live(self) -> Mask: ...
    @property
    def attributes(self) -> npt.NDArray[np.void]:
        """Returns ``indexer.analysis.index_document.ATTRIBUTES`` of each document."""

    @property
    def document_numbers(self) -> Mapping[int, int]:
        """Returns the document number of each announcement id."""

    @property
    def dates(self) -> Floats:
        """Returns the date of each document, as a day number (proleptic Gregorian ordinal)."""

    @property
    def log_views(self) -> Floats:
        """Returns the logarithm of each document's number of views (``log1p``)."""

    @property
    def facets(self) -> OrdinalColumn:
        """Returns the ``indexer.search.doc_values.DocumentFacets`` of each document."""

    def prefetch(self, every: Sequence[Clause] = (), some: Sequence[Clause] = ()) -> None:
        """Fetches the best documents with all clauses of ``every``, and the best with any clause of ``some``.

        Documents that were fetched before keep their numbers.
        """

    def prefetch_matches(self, enough: MinimumMatch) -> None:
        """Fetches as many of the best documents that reach the minimum match as the requested page needs."""

    def unfetched_totals(self, answers: Mask, enough: MinimumMatch | None) -> UnfetchedTotals:
        """Returns counts of the documents that match as ``answers`` do, but were not fetched.

        ``enough`` is the minimum match of the answers; None if the answers match every clause.
        """

    def max_unfetched_score(self, enough: MinimumMatch) -> float:
        """Returns an upper bound of the clauses' score in any document that was not fetched."""

    def has_exact_value(self, name: str) -> bool:
        """Returns True if documents, perhaps not fetched, have exactly the value that a filter asks for.

        ``name`` is the filter: ``author`` or ``category``.
        """

    def postings(self, term: str) -> PostingList: ...
    def documents_with(self, term: str) -> DocumentNumbers: ...
    def mark(self, terms: Sequence[str], mask: Mask) -> None:
        """Sets the mask for every live document that has at least one of the terms."""

    def cached(self, what: Hashable, find: Callable[[], DocumentNumbers]) -> DocumentNumbers:
        """Returns the cached result for the key ``what``; calls ``find`` for the result if none is cached."""

    def document_frequency(self, term: str) -> int:
        """Returns the number of documents of the archive that have the term."""

    def document_frequencies(self, terms: Sequence[str]) -> list[int]: ...
    def clause_document_frequency(self, clause: Clause, found: PostingList) -> int:
        """Returns the number of documents of the archive that match the clause; ``found`` are the fetched."""

    def estimated_document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """Returns an estimate of each term's document frequency, which is fast to compute."""

    def idf(self, frequency: int) -> float: ...
    def prefetch_affixes(self, beginnings: Sequence[str], endings: Sequence[str], most: int) -> None:
        """Fetches in one request the words that ``words_with_prefix`` and ``words_with_suffix`` will return.

        Does nothing where the reader needs no requests.
        """

    def words_with_prefix(self, letters: str, most: int) -> Iterator[str]: ...
    def words_with_suffix(self, letters: str, most: int) -> Iterator[str]: ...
    def words_sounding_like(self, pieces: list[str], knows: Callable[[str], bool]) -> list[tuple[int, str]]:
        """Returns words of the archive that sound like one of the pieces, each with the piece's number.

        ``knows`` returns True for a word of the dictionary.
        """

    def completions(self, begun: str, most: int) -> list[str]:
        """Returns words of the archive that begin with ``begun`` and are longer, the commonest first."""

    def titles_containing(self, letters: bytes, *, marks: bool) -> Iterable[TitleMatch]:
        """Returns titles and subjects that contain the letters.

        Without ``marks``, the marks above and below the line in the titles and subjects are ignored.
        """

    def text(self, document: int) -> bytes:
        """Returns the document's searchable bytes, with a zero byte between zones and between pages."""

    def texts(self, documents: DocumentNumbers) -> Iterator[bytes]:
        """Yields ``text`` of each document in turn; faster than single calls for many documents."""

    def token_boundaries(self, document: int) -> Mask:
        """Returns for each position of ``text`` True if a word begins or ends there."""

    def layout(self, document: int) -> ZoneLayout: ...


def quantize(average: float) -> float:
    """Returns the average rounded to a grid of 10 %, so that the result is stable while documents change."""
    return 1.1 ** round(math.log(max(average, 1.0), 1.1))
