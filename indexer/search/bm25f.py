"""Which documents have what of a plan: BM25F over its clauses, any of which may match."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from indexer.analysis.tokenizer import gram_terms, searchable_bytes
from indexer.search.index_reader import FuzzyGramMatch, IndexReader, MinimumMatch
from indexer.search.posting_list import DocumentNumbers, Floats, Mask, PostingList, intersect
from indexer.search.query.query_plan import Alternative, Clause

_ROUNDING = 0.9999  # of sums of 32-bit floats
_MISREAD = 0.5  # what a word counts of which only some letters can be read
_LEGIBLE = 0.34  # share of its grams that must be there
_SHORTEST_MISREAD = 4  # letters
_MOST_MISREAD = 12  # clauses that are looked for so
_FEW = 5000  # documents that are soon compared


class Bm25fScorer:
    """BM25F of every document; ``covered``: the sum of the idfs of the clauses that it has."""

    def __init__(self, reader: IndexReader, clauses: tuple[Clause, ...]) -> None:
        self.scores: Floats = np.zeros(reader.size, dtype=np.float32)
        self.covered: Floats = np.zeros(reader.size, dtype=np.float32)
        self._found: dict[Clause, PostingList] = {}
        self._idfs: dict[Clause, float] = {}
        self._snapshot = reader
        reader.prefetch(clauses, clauses)
        for clause in clauses:
            found, idf = _any_of(reader, clause)
            found.add_to(self.scores)
            found.count_in(self.covered, idf)
            self._found[clause], self._idfs[clause] = found, idf
        self._held = reader.fetched_count
        self._misread: dict[Clause, FuzzyGramMatch] = {}  # that were looked for

    def _take_in(self) -> None:
        """Documents that have come here since."""
        new = np.arange(self._held, self._snapshot.fetched_count)
        for clause in self._found if len(new) else ():
            found, _ = _any_of(self._snapshot, clause)
            weights = found.at(new)
            self.scores[new] += weights
            self.covered[new] += np.float32(self._idfs[clause]) * (weights > 0)
            self._found[clause] = found
        if len(new):
            self._count_misread(self._held)
        self._held = self._snapshot.fetched_count

    @property
    def clauses(self) -> Collection[Clause]:
        return self._found.keys()

    def documents_with(self, clauses: Iterable[Clause]) -> Mask:
        """The documents with any of them."""
        mask = np.zeros(self._snapshot.size, dtype=bool)
        for clause in clauses:
            self._found[clause].mark(mask)
        return mask

    @property
    def idfs(self) -> tuple[float, ...]:
        """By clause."""
        return tuple(self._idfs.values())

    def complete(self) -> Mask:
        """The documents with all clauses."""
        mask: Mask = self.covered >= sum(self._idfs.values()) * _ROUNDING
        return mask

    def mark_covered(self, documents: DocumentNumbers, clauses: Iterable[Clause]) -> None:
        """Documents that have the clauses in other words: as parts of longer ones."""
        self._take_in()
        for clause in clauses:
            if clause in self._found:
                others = documents.compress(self._found[clause].at(documents) == 0)
                self.covered[others] += np.float32(self._idfs[clause])

    def enough(self, least: float) -> MinimumMatch:
        """To have so much of the clauses as is covered by now."""
        return MinimumMatch(dict(self._idfs), dict(self._misread), least)

    def prefetch_matches(self, enough: MinimumMatch) -> None:
        """More documents that have enough, where a later page needs them."""
        self._snapshot.prefetch_matches(enough)
        self._take_in()

    def misread(self) -> Mask:
        """Count in the documents whose damaged places look like a clause that they do not have. Gives those
        with all clauses that need no such thing; some of them may have come here only now."""
        telling = sorted(self._idfs, key=self._idfs.__getitem__, reverse=True)[:_MOST_MISREAD]
        self._snapshot.prefetch(
            some=[*self.clauses, *(clause for one in telling for clause in _legible(one))]
        )
        self._take_in()
        complete = self.complete()
        self._misread = {clause: _sought(clause) for clause in telling}
        self._count_misread(0)
        return complete

    def _count_misread(self, first: int) -> None:
        """In documents from the ``first`` on."""
        for clause, sought in self._misread.items():
            documents, shares = _misread(self._snapshot, sought)
            new = (documents >= first) & (self._found[clause].at(documents) == 0)
            documents, shares = documents[new], shares[new] * np.float32(self._idfs[clause])
            self.scores[documents] += shares * np.float32(_MISREAD)
            self.covered[documents] += shares


def _grams(clause: Clause) -> list[str]:
    data = searchable_bytes(clause.typed).data
    return gram_terms(data) if len(data) >= _SHORTEST_MISREAD and not data[:1].isdigit() else []


def _legible(clause: Clause) -> list[Clause]:
    """Its grams as clauses that together count what it counts when it is misread."""
    terms = _grams(clause)
    return [Clause(term, (Alternative((term,), _MISREAD / len(terms)),)) for term in terms]


def _sought(clause: Clause) -> FuzzyGramMatch:
    terms = tuple(_grams(clause))
    return FuzzyGramMatch(terms, math.floor(max(1.0, _LEGIBLE * len(terms))) + 1)


def _misread(reader: IndexReader, sought: FuzzyGramMatch) -> tuple[DocumentNumbers, Floats]:
    """Documents that have grams of a clause where they are damaged, and the share of them (0–1)."""
    counts = np.zeros(reader.size, dtype=np.float32)
    for term in sought.terms:
        counts[reader.documents_with(term)] += 1
    documents = np.flatnonzero(counts >= sought.fewest)
    return documents, counts[documents] / np.float32(max(len(sought.terms), 1))


def clause_mask(reader: IndexReader, clause: Clause) -> Mask:
    """The documents with the clause."""
    mask = np.zeros(reader.size, dtype=bool)
    reader.mark([terms[0] for terms, _ in clause.alternatives if len(terms) == 1], mask)
    for terms, _ in clause.alternatives:
        if len(terms) > 1:
            mask[intersect([reader.postings(term) for term in terms])] = True
    return mask


def documents_with_all(reader: IndexReader, clauses: Sequence[Clause]) -> DocumentNumbers:
    """The documents with every one of the clauses, of which there is one at least; ascending."""
    reader.prefetch(clauses)
    plain = [reader.postings(clause.alternatives[0].terms[0]) for clause in clauses if _is_plain(clause)]
    others = [clause for clause in clauses if not _is_plain(clause)]
    soon = plain and others and min(one.count for one in plain) < _FEW
    if soon and not len(intersect(plain)):
        return np.empty(0, np.int64)  # sooner than any look at the others
    return intersect([*plain, *(_listed(reader, clause) for clause in others)])


def _listed(reader: IndexReader, clause: Clause) -> PostingList:
    """The documents with the clause, without weights: a word at an end is looked for beside one after the
    other."""
    having = reader.cached(clause, lambda: np.flatnonzero(clause_mask(reader, clause)))
    return PostingList.kept(having, np.ones(len(having), dtype=np.float32), reader.size)


def _is_plain(clause: Clause) -> bool:
    """Whether it is one term."""
    return len(clause.alternatives) == 1 and len(clause.alternatives[0].terms) == 1


def _any_of(reader: IndexReader, clause: Clause) -> tuple[PostingList, float]:
    """Documents with the clause and its weight in each; and how much the clause tells them apart."""
    if _is_plain(clause):
        return _weighed(reader, clause.alternatives[0].terms[0])
    found = _best_of(reader, clause)
    return found, reader.idf(reader.clause_document_frequency(clause, found))


def _weighed(reader: IndexReader, term: str) -> tuple[PostingList, float]:
    """Documents with the term, each scored with its idf; and this."""
    idf = reader.idf(reader.document_frequency(term))
    return reader.postings(term).scaled(idf), idf


def _best_of(reader: IndexReader, clause: Clause) -> PostingList:
    """The best alternative in each document; none counts more than what was typed, however rare it is."""
    most = sum(reader.idf(reader.document_frequency(term)) for term in clause.alternatives[0].terms)
    best = np.zeros(reader.size, dtype=np.float32)
    for alternative in clause.alternatives:
        _sum_of(reader, alternative.terms).raise_to(best, most, alternative.weight)
    return PostingList.everywhere(best)


def _sum_of(reader: IndexReader, terms: tuple[str, ...]) -> PostingList:
    """Documents with every term, each scored with all of them."""
    lists = [_weighed(reader, term)[0] for term in terms]
    if len(lists) == 1:
        return lists[0]
    documents = intersect(lists)
    weights = np.zeros(len(documents), dtype=np.float32)
    for found in lists:
        weights += found.at(documents)
    return PostingList(documents, weights)
