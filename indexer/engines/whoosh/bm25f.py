"""BM25F over the clauses of a query plan, any of which may match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from indexer.engines.whoosh.posting_list import DocumentNumbers, Floats, Mask, PostingList, intersect
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.coverage import close_together_pattern, required_grams
from indexer.search.query.query_plan import Alternative, Clause
from indexer.search.tuning import TUNING

_ROUNDING = 0.9999  # share of the IDF mass that counts as all of it, as sums of 32-bit floats are rounded
_MAX_FUZZY_CLAUSES = 12  # clauses, highest IDF first, that are matched by grams
_MAX_NUMBERS_READ = 400  # documents read to see whether the parts of a number stand side by side
_FEW_DOCUMENTS = 5000  # documents; intersecting so few first is faster than reading the other lists


@dataclass(frozen=True, slots=True)
class DocumentScores:
    """The BM25F score of every document, and ``covered``: the IDF mass of the clauses that it matches.

    ``misread`` of ``covered`` stands for clauses of which a document has only grams. ``naming_time`` was
    taken off the score, for naming a time of the query in the text.
    """

    scores: Floats
    covered: Floats
    postings: Mapping[Clause, PostingList]
    idfs: Mapping[Clause, float]
    misread: Floats
    naming_time: Floats

    @property
    def total_idf_mass(self) -> float:
        """Returns the sum of the clauses' IDFs."""
        return sum(self.idfs.values())

    def complete(self) -> Mask:
        """Returns the documents that match all clauses."""
        mask: Mask = self.covered >= self.total_idf_mass * _ROUNDING
        return mask

    def matching_any(self, clauses: Iterable[Clause]) -> Mask:
        """Returns the documents that match one of the clauses at least."""
        mask = np.zeros(len(self.scores), dtype=bool)
        for clause in clauses:
            self.postings[clause].mark_documents(mask)
        return mask

    def matching_all(self, clauses: Iterable[Clause]) -> Mask:
        """Returns the documents that match every clause."""
        mask = np.ones(len(self.scores), dtype=bool)
        for clause in clauses:
            mask &= self.matching_any([clause])
        return mask


def score_clauses(reader: CommitReader, clauses: tuple[Clause, ...]) -> DocumentScores:
    """Returns the scores of all documents for the clauses."""
    scores = np.zeros(reader.commit.size, dtype=np.float32)
    covered = np.zeros(reader.commit.size, dtype=np.float32)
    postings: dict[Clause, PostingList] = {}
    idfs: dict[Clause, float] = {}
    for clause in clauses:
        postings[clause], idfs[clause] = _clause_postings(reader, clause)
        postings[clause].add_weights_to(scores)
        postings[clause].add_constant_to(covered, idfs[clause])
    nothing = np.zeros_like(covered)
    return DocumentScores(scores, covered, postings, idfs, misread=nothing, naming_time=nothing)


def with_clauses_covered(
    clause_scores: DocumentScores, documents: DocumentNumbers, clauses: Iterable[Clause]
) -> DocumentScores:
    """Returns the scores with ``clauses`` added to what ``documents`` cover, not to what they match.

    These documents have the clauses inside longer words, or otherwise than by their terms.
    """
    covered = clause_scores.covered.copy()
    for clause in clauses:
        if clause in clause_scores.postings:
            others = documents.compress(~clause_scores.postings[clause].contains(documents))
            covered[others] += np.float32(clause_scores.idfs[clause])
    return replace(clause_scores, covered=covered)


def with_misread_matches(reader: CommitReader, clause_scores: DocumentScores) -> tuple[DocumentScores, Mask]:
    """Returns scores that also count clauses in misread text, and a mask of the documents complete before."""
    distinctive = sorted(clause_scores.idfs, key=clause_scores.idfs.__getitem__, reverse=True)[
        :_MAX_FUZZY_CLAUSES
    ]
    complete = clause_scores.complete()
    scores, covered, misread = (
        clause_scores.scores.copy(),
        clause_scores.covered.copy(),
        clause_scores.misread.copy(),
    )
    for clause in distinctive:
        documents, shares = _fuzzy_documents(reader, clause)
        new = ~clause_scores.postings[clause].contains(documents)
        documents, shares = documents[new], shares[new] * np.float32(clause_scores.idfs[clause])
        scores[documents] += shares * np.float32(TUNING.fuzzy_weight)
        covered[documents] += shares
        misread[documents] += shares
    return replace(clause_scores, scores=scores, covered=covered, misread=misread), complete


def _fuzzy_documents(reader: CommitReader, clause: Clause) -> tuple[DocumentNumbers, Floats]:
    """Returns the documents with enough grams of the clause, and the share of them that each has (0–1)."""
    terms, fewest = required_grams(clause)
    counts = np.zeros(reader.commit.size, dtype=np.float32)
    for term in terms:
        counts[reader.documents_with(term)] += 1
    documents = np.flatnonzero(counts >= fewest)
    return documents, counts[documents] / np.float32(max(len(terms), 1))


def clause_mask(reader: CommitReader, clause: Clause) -> Mask:
    """Returns the documents that match the clause."""
    mask = np.zeros(reader.commit.size, dtype=bool)
    reader.mark_documents([terms[0] for terms, _ in clause.alternatives if len(terms) == 1], mask)
    for terms, _ in clause.alternatives:
        if len(terms) > 1:
            mask[_documents_with_terms(reader, terms, [reader.postings(term) for term in terms])] = True
    return mask


def _documents_with_terms(
    reader: CommitReader, terms: tuple[str, ...], lists: Sequence[PostingList]
) -> DocumentNumbers:
    """Returns the documents of all lists; for the parts of a number only those that have them side by side.

    Where the parts are so common that not all these documents can be read, none is returned: there the number
    itself is a term.
    """
    documents = intersect(lists)
    if not all(map(str.isdigit, terms)):
        return documents
    if len(documents) > _MAX_NUMBERS_READ:
        return documents[:0]
    pattern = close_together_pattern(Alternative(terms))
    return documents[[pattern.search(text) is not None for text in reader.commit.texts(documents)]]


def documents_with_all(reader: CommitReader, clauses: Sequence[Clause]) -> DocumentNumbers:
    """Returns the documents that match every clause, ascending. Raises ``ValueError`` without a clause."""
    plain = [reader.postings(clause.single_term) for clause in clauses if clause.single_term]
    others = [clause for clause in clauses if not clause.single_term]
    is_short = plain and others and min(one.count for one in plain) < _FEW_DOCUMENTS
    if is_short and not len(intersect(plain)):
        return np.empty(0, np.int64)
    return intersect([*plain, *(_unweighted(reader, clause) for clause in others)])


def _unweighted(reader: CommitReader, clause: Clause) -> PostingList:
    """Returns the documents that match the clause, with weight 1; cached.

    The words at the ends of a phrase are tried in several combinations.
    """
    matching = reader.cached_documents(clause, lambda: np.flatnonzero(clause_mask(reader, clause)))
    return PostingList.from_documents(matching, np.ones(len(matching), dtype=np.float32), reader.commit.size)


def _clause_postings(reader: CommitReader, clause: Clause) -> tuple[PostingList, float]:
    """Returns the documents that match the clause with their scores, and the clause's IDF."""
    if clause.single_term:
        return _term_postings(reader, clause.single_term)
    found = _best_alternative(reader, clause)
    return found, reader.idf(found.count)


def _term_postings(reader: CommitReader, term: str) -> tuple[PostingList, float]:
    idf = reader.idf(reader.document_frequency(term))
    return reader.postings(term).scaled(idf), idf


def _best_alternative(reader: CommitReader, clause: Clause) -> PostingList:
    """Returns the score of the best alternative in each document, at most what the typed terms are worth.

    However rare an alternative is, it does not count more than these.
    """
    most = sum(reader.idf(reader.document_frequency(term)) for term in clause.alternatives[0].terms)
    best = np.zeros(reader.commit.size, dtype=np.float32)
    for alternative in clause.alternatives:
        _alternative_postings(reader, alternative.terms).raise_scores_in_place(best, most, alternative.weight)
    return PostingList.from_weights_exact(best)


def _alternative_postings(reader: CommitReader, terms: tuple[str, ...]) -> PostingList:
    """Returns the documents with every term, each scored with all of them."""
    lists = [_term_postings(reader, term)[0] for term in terms]
    if len(lists) == 1:
        return lists[0]
    documents = _documents_with_terms(reader, terms, lists)
    weights = np.zeros(len(documents), dtype=np.float32)
    for found in lists:
        weights += found.weights_at(documents)
    return PostingList(documents, weights)
