"""Coverage: the share of a query that the best documents match. Below a threshold nothing was found."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from pythainlp.corpus import thai_stopwords

from indexer.analysis.tokenizer import fold, searchable_bytes
from indexer.search.bm25f import ClauseScores
from indexer.search.context import SearchContext
from indexer.search.query.parser import KIND_NAMES, DateRange
from indexer.search.query.query_plan import Clause, QueryPlan, build_query_part
from indexer.search.ranking import RankedDocuments

_BEST_DOCUMENTS = 3  # best-ranked documents whose coverage is computed; the highest counts
_KINDS = frozenset(name for names in KIND_NAMES.values() for name in names)  # each document is of some kind
_ALL = 0.999  # share of the IDF mass that counts as all of it, as sums of 32-bit floats are rounded


def minimum_coverage(context: SearchContext, plan: QueryPlan) -> float:
    """Returns the coverage below which the answer to the plan is "nothing found"."""
    tuning = context.tuning
    if plan.is_sentence:
        return tuning.min_answer_coverage_sentence
    return tuning.min_answer_coverage_question if plan.is_question else tuning.min_answer_coverage


def answer_coverage(
    context: SearchContext,
    plan: QueryPlan,
    times: tuple[DateRange, ...],
    scores: ClauseScores,
    ranked: RankedDocuments,
) -> float:
    """Returns the share (0–1) of the query that the best document answers; 1 for a query without words.

    Date ranges do not count, as a note says that other dates are shown. A document that matches every clause
    answers all. Otherwise a word counts in full only beside a word that it was typed beside, and a word
    that is in no dictionary counts less, as it may be a misspelling.
    """
    if not scores.idfs or not len(ranked.documents):
        return 1.0
    best = ranked.documents[np.argsort(-ranked.scores, kind="stable")[:_BEST_DOCUMENTS]]
    if scores.covered[best].max() >= scores.idf_mass * _ALL:
        return 1.0
    named = {clause for time in times for clause in build_query_part(time.text, context.lexicon).clauses}
    weights = _weights(context, scores, named)
    if not weights:
        return 1.0
    return max(_document_coverage(context, plan, scores, weights, document) for document in best.tolist())


def _weights(context: SearchContext, scores: ClauseScores, named: set[Clause]) -> dict[Clause, float]:
    """Returns the weight of each clause that names no time: its IDF; less for stop words and unknown words.

    An unseen word weighs as much as one seen once: in small archives it would outweigh all others.
    """
    tokenizer = context.lexicon.tokenizer
    most = context.reader.idf(1)
    weights = {}
    for clause, idf in scores.idfs.items():
        terms = clause.alternatives[0].terms
        is_known = all(tokenizer.is_known_word(term) or not "ก" <= term[0] <= "๎" for term in terms)
        if clause not in named:
            share = 1.0 if is_known else context.tuning.unknown_word_weight
            says_little = clause.typed in thai_stopwords() or clause.typed in _KINDS
            share *= context.tuning.stop_word_weight if says_little else 1.0
            weights[clause] = share * min(idf, most)
    return weights


def _document_coverage(
    context: SearchContext,
    plan: QueryPlan,
    scores: ClauseScores,
    weights: dict[Clause, float],
    document: int,
) -> float:
    at = np.array([document], dtype=np.int64)
    matched = {clause for clause, listed in scores.postings.items() if listed.at(at)[0] > 0}
    text = context.reader.text(document)
    parts = [part for part in plan.parts if part.phrase.data and part.phrase.data in text]
    as_typed = {clause for part in parts for clause in part.clauses if clause in scores.idfs}
    matched |= as_typed
    apart = _scattered(plan, text) - as_typed
    otherwise = float(scores.covered[document]) - sum(scores.idfs[clause] for clause in matched)
    value = sum(
        weight * (context.tuning.scattered_word_weight if clause in apart else 1.0)
        for clause, weight in weights.items()
        if clause in matched
    )
    return min((value + max(otherwise, 0.0)) / sum(weights.values()), 1.0)


def _scattered(plan: QueryPlan, text: bytes) -> set[Clause]:
    """Returns the clauses that were typed beside others, but stand beside none of these in the text."""
    beside: set[Clause] = set()
    paired: set[Clause] = set()
    for part in plan.parts:
        for left, right in pairwise(part.clauses):
            paired |= {each for each in (left, right) if len(each.alternatives[0].terms) == 1}
            if searchable_bytes(fold(left.typed + right.typed)).data in text:
                beside |= {left, right}
    return paired - beside
