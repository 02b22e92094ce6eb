"""Coverage of a query by single announcements, whose texts are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.tokenizer import letters_of
from indexer.search.coverage import (
    PiecesFinder,
    adjacent_clauses,
    document_coverage,
    is_worth_showing_as_related,
    may_be_related_by,
    scattered_clauses,
)
from indexer.search.document_text import DocumentText
from indexer.search.phrases_in_text import (
    contains_uncut_phrase,
    contains_word_misread_once,
    phrase_match_with_misreadings,
)
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.tuning import TUNING


class PlanCoverage:
    """Tells how much of a plan an announcement answers, and whether it comes near.

    ``idfs`` are those of the plan's clauses, ``weights`` what ``clause_weights`` makes of them. What to look
    for is worked out once, for many texts.
    """

    def __init__(
        self, plan: QueryPlan, idfs: Mapping[Clause, float], weights: Mapping[Clause, float], lexicon: Lexicon
    ) -> None:
        self._plan, self._idfs, self._weights, self._lexicon = plan, idfs, weights, lexicon
        self._pairs, self._finder = adjacent_clauses(plan), PiecesFinder(plan)

    def coverage(self, text: bytes, matched: Set[Clause]) -> float:
        """Returns the share (0–1) of the plan that a text answers; 1 without weights.

        ``matched``: the clauses that the engine found there. A word counts in full only beside a word that it
        was typed beside, or as a part of a phrase; a word with a letter misread counts less.
        """
        if not self._weights:
            return 1.0
        parts = [
            part
            for part in self._plan.parts
            if part.phrase.data and contains_uncut_phrase(text, part.phrase.data)
        ]
        as_typed = {clause for part in parts for clause in part.clauses if clause in self._idfs}
        matched = matched | as_typed
        scattered = scattered_clauses(self._pairs, self._runs_beside(text)) - as_typed
        broken = self._finder.clauses_not_whole(text)
        return document_coverage(self._weights, matched, scattered, broken, self._misread(text, matched))

    def coverage_of(self, document: DocumentText, *, is_complete: bool) -> float:
        """Returns ``coverage`` by the words of a document, or of one that has each clause."""
        if is_complete and not self._finder.clauses_not_whole(document.text) & self._weights.keys():
            return 1.0
        return self.coverage(
            document.text, {each for each in self._idfs if is_complete or document.has_clause(each)}
        )

    def is_near(self, document: DocumentText) -> bool:
        """Returns True if what title and labels have of the plan makes a document worth showing as related.

        See ``is_worth_showing_as_related`` for what is enough. Labels are those of attachments.
        """
        if not self._weights:
            return False
        plan = self._plan
        wanted = (each for each in self._weights if may_be_related_by(plan, each, self._idfs[each]))
        topical = {clause for clause in wanted if document.has_clause(clause, is_topic=True)}
        topical -= self._finder.clauses_not_whole(document.text) - plan.words_of_split_phrases
        beside = self._runs_beside(document.text)
        scattered = set() if plan.are_set_phrases_split else scattered_clauses(self._pairs, beside)
        covered = document_coverage(self._weights, topical, scattered, set(), {})
        return is_worth_showing_as_related(plan, self._idfs, topical, covered)

    def _runs_beside(self, text: bytes) -> set[bytes]:
        """Returns the runs of adjacent clauses that a text has."""
        return {run for _, _, run in self._pairs if run in text}

    def _misread(self, text: bytes, matched: Set[Clause]) -> dict[Clause, float]:
        """Returns how similar (0–1) the text is to the words that did not match, by clause."""
        misread: dict[Clause, float] = {}
        for part in self._plan.parts:
            if part.phrase.words > 1 and not matched >= set(part.clauses):
                (similarity,) = phrase_match_with_misreadings(
                    [text], part.phrase.data, self._lexicon
                ).tolist()
                if similarity > TUNING.min_phrase_similarity:
                    misread |= dict.fromkeys(part.clauses, 1.0)
                else:
                    misread |= {each: similarity for each in part.clauses if not self._is_absent(each)}
        for clause in self._weights.keys() - matched:
            if contains_word_misread_once(text, letters_of(clause.typed)):
                misread[clause] = max(misread.get(clause, 0.0), TUNING.misread_word_weight)
        return misread

    def _is_absent(self, clause: Clause) -> bool:
        """Returns True for a subject that no document has, which alone weighs more than its IDF."""
        return self._weights.get(clause, 0.0) > self._idfs.get(clause, 0.0)


def stand_before_numbers_alone(letters: str, documents: Iterable[DocumentText]) -> bool:
    """Returns True if a document has the letters before a number such as 52301/187, and none otherwise."""
    data = letters_of(letters)
    numbered = re.compile(re.escape(data) + rb"[0-9.]+(?:/|%s)[0-9]" % letters_of("ว"))
    is_numbered = False
    for document in documents:
        for found in re.finditer(re.escape(data), document.text):
            if numbered.match(document.text, found.start()):
                is_numbered = True
            elif document.boundaries[found.start()] and document.boundaries[found.end()]:
                return False
    return is_numbered
