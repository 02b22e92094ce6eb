"""The words, phrases and titles of the archive, as spelling correction and suggestions ask for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from archive.thai.characters import WORD_LETTERS
from indexer.analysis.spelling_index import SoundMatch
from indexer.analysis.tokenizer import searchable_bytes
from indexer.search.query.query_plan import Clause, QueryPart

MARK_BYTES = searchable_bytes("ัิีึืุู็่้๊๋์ํ").data
"""Marks above and below the line: typed last, or left out in haste."""

MIN_WORD_FREQUENCY = 3
"""Documents in which an unknown string of letters must occur before it counts as a word."""
MOST_COUNTED = 40  # completions whose documents are counted, the commonest first
THAI_WORD = re.compile(f"[{WORD_LETTERS}]+")
COMPLETABLE_WORD = re.compile(f"[{WORD_LETTERS}]+|[a-z]+")
"""Words that may be offered as completions: Thai or Latin letters only."""


class TitleMatch(NamedTuple):
    """A title with the letters sought; those that begin with them sort first, then the most viewed."""

    is_within: bool  # the title has the letters in its middle or at its end, not at its beginning
    minus_views: int  # minus the number of views, so that the most viewed sorts first
    announcement_id: int
    name: str


class Vocabulary(Protocol):
    """Words, phrases and titles of the documents that one query may see."""

    def document_frequency(self, term: str) -> int:
        """Returns the number of documents that have the term, which an engine may estimate."""

    def has_no_document_with(self, term: str) -> bool:
        """Returns True if no document has the term; False too where an engine has not counted it."""

    def idf(self, frequency: int) -> float:
        """Returns the inverse document frequency (BM25) of a term that ``frequency`` documents have."""

    def has_clause(self, clause: Clause) -> bool:
        """Returns True if a document matches the clause."""

    def has_all(self, clauses: Sequence[Clause]) -> bool:
        """Returns True if a document matches every clause."""

    def estimate_phrase_count(self, part: QueryPart, *, limit: int, max_candidates: int | None = None) -> int:
        """Returns how many documents have the phrase of ``part``, at most ``limit``.

        ``max_candidates`` is the most documents that an engine without an index of phrases reads for it.
        """

    def shares_document_with_longer_phrase(self, part: QueryPart, longer: Sequence[bytes]) -> bool:
        """Returns True if a document with the phrase of ``part`` has one of the ``longer`` phrases too."""

    def find_words_near_in_sound(
        self, pieces: list[str], is_dictionary_word: Callable[[str], bool]
    ) -> list[SoundMatch]:
        """Returns ``(place in pieces, word)`` of the archive's words that may be one edit away in sound.

        As ``SpellingIndex`` finds them; some are two edits away. ``is_dictionary_word`` returns True for a
        word of the dictionary, which is looked at however rare it is.
        """

    def completions(self, begun: str, most: int) -> list[str]:
        """Returns words of the archive that begin with ``begun`` and are longer, the commonest first."""

    def titles_containing(self, letters: bytes, *, with_marks: bool) -> Iterable[TitleMatch]:
        """Returns titles and subjects with the letters, which must have no marks without ``with_marks``.

        Without ``with_marks`` the marks above and below the line are left out of the titles and subjects
        only.
        """
