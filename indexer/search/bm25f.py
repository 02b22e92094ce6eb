"""BM25F over the clauses of a query plan, any of which may match."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from indexer.analysis.tokenizer import gram_terms, searchable_bytes
from indexer.search.context import SearchContext
from indexer.search.index_reader import FuzzyGramMatch, IndexReader, MinimumMatch
from indexer.search.posting_list import DocumentNumbers, Floats, Mask, PostingList, intersect
from indexer.search.query.query_plan import Alternative, Clause

_ROUNDING = 0.9999  # share of the IDF mass that counts as all of it, as sums of 32-bit floats are rounded
_MIN_FUZZY_LENGTH = 4  # letters; shorter words have too few grams to be told apart
_MAX_FUZZY_CLAUSES = 12  # clauses, highest IDF first, that are matched by grams
_FEW_DOCUMENTS = 5000  # documents; intersecting so few first is faster than reading the other lists


@dataclass(frozen=True, slots=True)
class ClauseScores:
    """The BM25F score of every document, and ``covered``: the IDF mass of the clauses that it matches.

    ``fetched`` is the number of documents that the reader held when this was computed.
    """

    scores: Floats
    covered: Floats
    postings: Mapping[Clause, PostingList]
    idfs: Mapping[Clause, float]
    fuzzy: Mapping[Clause, FuzzyGramMatch]
    fetched: int

    @property
    def clauses(self) -> Collection[Clause]:
        return self.postings.keys()

    @property
    def idf_mass(self) -> float:
        """Returns the sum of the clauses' IDFs."""
        return sum(self.idfs.values())

    def complete(self) -> Mask:
        """Returns the documents that match all clauses."""
        mask: Mask = self.covered >= self.idf_mass * _ROUNDING
        return mask

    def matching_any(self, clauses: Iterable[Clause]) -> Mask:
        """Returns the documents that match one of the clauses at least."""
        mask = np.zeros(len(self.scores), dtype=bool)
        for clause in clauses:
            self.postings[clause].mark(mask)
        return mask

    def minimum_match(self, least: float) -> MinimumMatch:
        """Returns the condition to cover an IDF mass of ``least``."""
        return MinimumMatch(dict(self.idfs), dict(self.fuzzy), least)


def score_clauses(context: SearchContext, clauses: tuple[Clause, ...]) -> ClauseScores:
    """Returns the scores of all documents for the clauses."""
    reader = context.reader
    reader.prefetch(clauses, clauses)
    scores = np.zeros(reader.size, dtype=np.float32)
    covered = np.zeros(reader.size, dtype=np.float32)
    postings: dict[Clause, PostingList] = {}
    idfs: dict[Clause, float] = {}
    for clause in clauses:
        postings[clause], idfs[clause] = _clause_postings(reader, clause)
        postings[clause].add_to(scores)
        postings[clause].count_in(covered, idfs[clause])
    return ClauseScores(scores, covered, postings, idfs, {}, reader.fetched_count)


def include_fetched(context: SearchContext, found: ClauseScores) -> ClauseScores:
    """Returns the scores with the documents that the reader fetched since they were computed."""
    reader = context.reader
    new = np.arange(found.fetched, reader.fetched_count)
    if not len(new):
        return found
    scores, covered = found.scores.copy(), found.covered.copy()
    postings = {clause: _clause_postings(reader, clause)[0] for clause in found.clauses}
    for clause, listed in postings.items():
        weights = listed.at(new)
        scores[new] += weights
        covered[new] += np.float32(found.idfs[clause]) * (weights > 0)
    extended = replace(found, scores=scores, covered=covered, postings=postings, fetched=reader.fetched_count)
    return _add_fuzzy(context, extended, found.fetched)


def mark_covered(
    context: SearchContext, found: ClauseScores, documents: DocumentNumbers, clauses: Iterable[Clause]
) -> ClauseScores:
    """Returns the scores with ``documents`` counted as matching ``clauses``: they have these inside longer
    words, or otherwise than by their terms."""
    found = include_fetched(context, found)
    covered = found.covered.copy()
    for clause in clauses:
        if clause in found.postings:
            others = documents.compress(found.postings[clause].at(documents) == 0)
            covered[others] += np.float32(found.idfs[clause])
    return replace(found, covered=covered)


def prefetch_partial(context: SearchContext, found: ClauseScores, minimum: MinimumMatch) -> ClauseScores:
    """Returns the scores after fetching more documents with ``minimum``, where a later page needs them."""
    context.reader.prefetch_matches(minimum)
    return include_fetched(context, found)


def match_fuzzily(context: SearchContext, found: ClauseScores) -> tuple[ClauseScores, Mask]:
    """Returns the scores with clauses matched by their grams in damaged text, and the documents that match
    all clauses without that."""
    distinctive = sorted(found.idfs, key=found.idfs.__getitem__, reverse=True)[:_MAX_FUZZY_CLAUSES]
    grams = (clause for one in distinctive for clause in _gram_clauses(context, one))
    context.reader.prefetch(some=[*found.clauses, *grams])
    found = include_fetched(context, found)
    complete = found.complete()
    fuzzy = {clause: _fuzzy_match(context, clause) for clause in distinctive}
    return _add_fuzzy(context, replace(found, fuzzy=fuzzy), 0), complete


def _add_fuzzy(context: SearchContext, found: ClauseScores, first: int) -> ClauseScores:
    """Returns the scores with fuzzy matches of the documents from number ``first`` on."""
    if not found.fuzzy:
        return found
    scores, covered = found.scores.copy(), found.covered.copy()
    for clause, match in found.fuzzy.items():
        documents, shares = _fuzzy_documents(context.reader, match)
        new = (documents >= first) & (found.postings[clause].at(documents) == 0)
        documents, shares = documents[new], shares[new] * np.float32(found.idfs[clause])
        scores[documents] += shares * np.float32(context.tuning.fuzzy_weight)
        covered[documents] += shares
    return replace(found, scores=scores, covered=covered)


def _grams(clause: Clause) -> list[str]:
    data = searchable_bytes(clause.typed).data
    return gram_terms(data) if len(data) >= _MIN_FUZZY_LENGTH and not data[:1].isdigit() else []


def _gram_clauses(context: SearchContext, clause: Clause) -> list[Clause]:
    """Returns the clause's grams as clauses whose weights sum up to that of a fuzzy match."""
    terms = _grams(clause)
    weight = context.tuning.fuzzy_weight / max(len(terms), 1)
    return [Clause(term, (Alternative((term,), weight),)) for term in terms]


def _fuzzy_match(context: SearchContext, clause: Clause) -> FuzzyGramMatch:
    terms = tuple(_grams(clause))
    return FuzzyGramMatch(terms, math.floor(max(1.0, context.tuning.fuzzy_min_grams * len(terms))) + 1)


def _fuzzy_documents(reader: IndexReader, match: FuzzyGramMatch) -> tuple[DocumentNumbers, Floats]:
    """Returns the documents with enough of the grams, and the share of them that each has (0–1)."""
    counts = np.zeros(reader.size, dtype=np.float32)
    for term in match.terms:
        counts[reader.documents_with(term)] += 1
    documents = np.flatnonzero(counts >= match.fewest)
    return documents, counts[documents] / np.float32(max(len(match.terms), 1))


def clause_mask(reader: IndexReader, clause: Clause) -> Mask:
    """Returns the documents that match the clause."""
    mask = np.zeros(reader.size, dtype=bool)
    reader.mark([terms[0] for terms, _ in clause.alternatives if len(terms) == 1], mask)
    for terms, _ in clause.alternatives:
        if len(terms) > 1:
            mask[intersect([reader.postings(term) for term in terms])] = True
    return mask


def documents_with_all(reader: IndexReader, clauses: Sequence[Clause]) -> DocumentNumbers:
    """Returns the documents that match every clause, ascending. Needs one clause at least."""
    reader.prefetch(clauses)
    plain = [reader.postings(clause.alternatives[0].terms[0]) for clause in clauses if _is_plain(clause)]
    others = [clause for clause in clauses if not _is_plain(clause)]
    is_short = plain and others and min(one.count for one in plain) < _FEW_DOCUMENTS
    if is_short and not len(intersect(plain)):
        return np.empty(0, np.int64)
    return intersect([*plain, *(_unweighted(reader, clause) for clause in others)])


def _unweighted(reader: IndexReader, clause: Clause) -> PostingList:
    """Returns the documents that match the clause, with weight 1. Cached: the words at the ends of a phrase
    are tried in several combinations."""
    matching = reader.cached(clause, lambda: np.flatnonzero(clause_mask(reader, clause)))
    return PostingList.kept(matching, np.ones(len(matching), dtype=np.float32), reader.size)


def _is_plain(clause: Clause) -> bool:
    """Returns True for a clause that is a single term."""
    return len(clause.alternatives) == 1 and len(clause.alternatives[0].terms) == 1


def _clause_postings(reader: IndexReader, clause: Clause) -> tuple[PostingList, float]:
    """Returns the documents that match the clause with their scores, and the clause's IDF."""
    if _is_plain(clause):
        return _term_postings(reader, clause.alternatives[0].terms[0])
    found = _best_alternative(reader, clause)
    return found, reader.idf(reader.clause_document_frequency(clause, found))


def _term_postings(reader: IndexReader, term: str) -> tuple[PostingList, float]:
    idf = reader.idf(reader.document_frequency(term))
    return reader.postings(term).scaled(idf), idf


def _best_alternative(reader: IndexReader, clause: Clause) -> PostingList:
    """Returns the score of the best alternative in each document. No alternative counts more than the typed
    terms could, however rare it is."""
    most = sum(reader.idf(reader.document_frequency(term)) for term in clause.alternatives[0].terms)
    best = np.zeros(reader.size, dtype=np.float32)
    for alternative in clause.alternatives:
        _alternative_postings(reader, alternative.terms).raise_to(best, most, alternative.weight)
    return PostingList.everywhere(best)


def _alternative_postings(reader: IndexReader, terms: tuple[str, ...]) -> PostingList:
    """Returns the documents with every term, each scored with all of them."""
    lists = [_term_postings(reader, term)[0] for term in terms]
    if len(lists) == 1:
        return lists[0]
    documents = intersect(lists)
    weights = np.zeros(len(documents), dtype=np.float32)
    for found in lists:
        weights += found.at(documents)
    return PostingList(documents, weights)
