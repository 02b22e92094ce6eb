"""Coverage of a query by the best-ranked documents, whose texts are read."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from indexer.analysis.tokenizer import letters_of
from indexer.engines.whoosh.bm25f import DocumentScores
from indexer.engines.whoosh.phrase_matching import (
    contains_uncut_phrase,
    contains_word_misread_once,
    phrase_match_with_misreadings,
)
from indexer.engines.whoosh.ranking import TopDocuments
from indexer.engines.whoosh.reader import CommitReader
from indexer.engines.whoosh.retrieval import title_or_label_mask
from indexer.search.coverage import (
    PiecesFinder,
    adjacent_clauses,
    clause_weights,
    document_coverage,
    is_worth_showing_as_related,
    may_be_related_by,
    scattered_clauses,
)
from indexer.search.query.date_ranges import DateRange
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.searcher import BEST_HITS
from indexer.search.tuning import TUNING

_MOST_LOOKED_AT = 50  # documents in which the letters of document numbers are looked for by themselves
_ALL = 0.999  # share of the IDF mass that counts as all of it, as sums of 32-bit floats are rounded


def answer_coverage(
    reader: CommitReader,
    plan: QueryPlan,
    times: tuple[DateRange, ...],
    scores: DocumentScores,
    ranked: TopDocuments,
) -> float:
    """Returns the share (0–1) of the query that the best document answers; 1 without words or hits.

    Date ranges do not count, as a note says that other dates are shown. A document that matches every clause
    answers all, but none answers the letters before an office's numbers (นป), unless it has them by
    themselves. Otherwise a word counts in full only beside a word that it was typed beside, and a word
    that is in no dictionary counts less, as it may be a misspelling.
    """
    if not scores.idfs or not len(ranked.documents):
        return 1.0
    ordered = ranked.documents[np.argsort(-ranked.scores, kind="stable")].tolist()
    letters = plan.letters_of_document_numbers
    if letters and _stand_before_numbers_alone(reader, letters_of(letters), ordered[:_MOST_LOOKED_AT]):
        return 0.0
    covered = (scores.covered - scores.misread)[ranked.documents]
    if covered.max() >= scores.total_idf_mass * _ALL and ranked.complete:
        return 1.0
    weights = clause_weights(scores.idfs, reader.idf(1), times, reader.lexicon)
    if not weights:
        return 1.0
    pairs, finder = adjacent_clauses(plan), PiecesFinder(plan)
    return max(
        _coverage(reader, plan, scores, weights, document, pairs=pairs, finder=finder)
        for document in ordered[:BEST_HITS]
    )


def _stand_before_numbers_alone(reader: CommitReader, letters: bytes, documents: list[int]) -> bool:
    """Returns True if a document has the letters before a number such as 52301/187, and none otherwise."""
    numbered = re.compile(re.escape(letters) + rb"[0-9.]+(?:/|%s)[0-9]" % letters_of("ว"))
    is_numbered = False
    for document in documents:
        text, borders = reader.commit.text(document), reader.commit.token_boundaries(document)
        for found in re.finditer(re.escape(letters), text):
            if numbered.match(text, found.start()):
                is_numbered = True
            elif borders[found.start()] and borders[found.end()]:
                return False
    return is_numbered


def documents_with_telling_word_in_title_or_label(
    reader: CommitReader,
    plan: QueryPlan,
    times: tuple[DateRange, ...],
    scores: DocumentScores,
    documents: Iterable[int],
) -> set[int]:
    """Returns the documents worth showing as related, by what their titles and labels have of the query.

    See ``is_worth_showing_as_related`` for what is enough. Labels are those of attachments.
    """
    weights = clause_weights(scores.idfs, reader.idf(1), times, reader.lexicon)
    documents = [document for document in documents if weights]
    wanted = [each for each in weights if may_be_related_by(plan, each, scores.idfs[each])]
    topics = {clause: title_or_label_mask(reader, clause) for clause in wanted if documents}
    pairs, finder = adjacent_clauses(plan), PiecesFinder(plan)
    near = set()
    for document in documents:
        text = reader.commit.text(document)
        topical = {clause for clause, mask in topics.items() if mask[document]}
        topical -= finder.clauses_not_whole(text) - plan.words_of_split_phrases
        beside = {run for _, _, run in pairs if run in text}
        scattered = set() if plan.are_set_phrases_split else scattered_clauses(pairs, beside)
        covered = document_coverage(weights, topical, scattered, set(), {})
        if is_worth_showing_as_related(plan, scores.idfs, topical, covered):
            near.add(document)
    return near


def _coverage(
    reader: CommitReader,
    plan: QueryPlan,
    scores: DocumentScores,
    weights: dict[Clause, float],
    document: int,
    *,
    pairs: list[tuple[Clause, Clause, bytes]],
    finder: PiecesFinder,
) -> float:
    """Returns the share of the query that the document answers.

    ``pairs`` are the ``adjacent_clauses`` of the plan, ``finder`` is its ``PiecesFinder``.
    """
    at = np.array([document], dtype=np.int64)
    matched = {clause for clause, listed in scores.postings.items() if listed.weights_at(at)[0] > 0}
    text = reader.commit.text(document)
    parts = [
        part for part in plan.parts if part.phrase.data and contains_uncut_phrase(text, part.phrase.data)
    ]
    as_typed = {clause for part in parts for clause in part.clauses if clause in scores.idfs}
    matched |= as_typed
    beside = {run for _, _, run in pairs if run in text}
    scattered = scattered_clauses(pairs, beside) - as_typed
    misread: dict[Clause, float] = {}
    for part in plan.parts:
        if part.phrase.words > 1 and not matched.issuperset(part.clauses):
            (similarity,) = phrase_match_with_misreadings([text], part.phrase.data, reader.lexicon).tolist()
            is_misread = similarity > TUNING.min_phrase_similarity
            misread |= dict.fromkeys(part.clauses, 1.0 if is_misread else similarity)
    for clause in weights.keys() - matched:
        if contains_word_misread_once(text, letters_of(clause.typed)):
            misread[clause] = max(misread.get(clause, 0.0), TUNING.misread_word_weight)
    broken = finder.clauses_not_whole(text)
    return document_coverage(weights, matched, scattered, broken, misread)
