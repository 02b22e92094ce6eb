"""Coverage: the share of a query that the best documents match. Below a threshold nothing was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from itertools import pairwise

from archive.thai.word_list import thai_stopwords
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.tokenizer import fold, searchable_bytes
from indexer.search.query.parser import KIND_NAMES, DateRange
from indexer.search.query.query_plan import Clause, QueryPlan, build_query_part
from indexer.search.tuning import SearchTuning

_KINDS = frozenset(name for names in KIND_NAMES.values() for name in names)  # each document is of some kind


def minimum_coverage(tuning: SearchTuning, plan: QueryPlan) -> float:
    """Returns the coverage below which the answer to the plan is "nothing found"."""
    if plan.is_sentence:
        return tuning.min_answer_coverage_sentence
    return tuning.min_answer_coverage_question if plan.is_question else tuning.min_answer_coverage


def clause_weights(
    idfs: Mapping[Clause, float],
    highest_idf: float,
    times: tuple[DateRange, ...],
    lexicon: Lexicon,
    tuning: SearchTuning,
) -> dict[Clause, float]:
    """Returns the weight of each clause that names no time: its IDF; less for stop words and unknown words.

    ``highest_idf`` is that of a word seen once. An unseen word weighs no more: in small archives it would
    outweigh all others.
    """
    named = {clause for time in times for clause in build_query_part(time.text, lexicon).clauses}
    weights = {}
    for clause, idf in idfs.items():
        if clause not in named:
            share = 1.0 if is_known(clause, lexicon) else tuning.unknown_word_weight
            share *= tuning.stop_word_weight if says_little(clause) else 1.0
            weights[clause] = share * min(idf, highest_idf)
    return weights


def is_known(clause: Clause, lexicon: Lexicon) -> bool:
    """Returns True if the dictionary has each Thai word of the clause."""
    terms = clause.alternatives[0].terms
    return all(lexicon.tokenizer.is_known_word(term) or not "ก" <= term[0] <= "๎" for term in terms)


def says_little(clause: Clause) -> bool:
    """Returns True for a stop word, or for the name of a kind of document."""
    return clause.typed in thai_stopwords() or clause.typed in _KINDS


def document_coverage(
    weights: Mapping[Clause, float],
    matched: Collection[Clause],
    scattered: Set[Clause],
    misread: Mapping[Clause, float],
    tuning: SearchTuning,
) -> float:
    """Returns the share (0–1) of the weights that a document covers.

    A word in ``scattered`` was typed beside others, but stands beside none of these in the document: it
    counts less. ``misread`` has for other words how similar (0–1) a phrase of the document is to the phrase
    in which the word was typed.
    """
    value = sum(
        weight * (tuning.scattered_word_weight if clause in scattered else 1.0)
        if clause in matched
        else weight * misread.get(clause, 0.0)
        for clause, weight in weights.items()
    )
    return min(value / sum(weights.values()), 1.0)


def neighbours(plan: QueryPlan) -> list[tuple[Clause, Clause, bytes]]:
    """Returns each two clauses that were typed side by side, and both as one run of searchable bytes."""
    return [
        (left, right, searchable_bytes(fold(left.typed + right.typed)).data)
        for part in plan.parts
        for left, right in pairwise(part.clauses)
    ]


def scattered_clauses(
    pairs: Collection[tuple[Clause, Clause, bytes]], beside: Collection[bytes]
) -> set[Clause]:
    """Returns the words of the pairs that stand beside none of their neighbours.

    ``beside`` has the runs of the pairs that the document has.
    """
    paired = {each for pair in pairs for each in pair[:2] if len(each.alternatives[0].terms) == 1}
    return paired - {each for left, right, run in pairs if run in beside for each in (left, right)}
