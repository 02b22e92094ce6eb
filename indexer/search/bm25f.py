"""Which documents have what of a plan: BM25F over its units, any of which may match."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from indexer.analysis.tokenizer import grams, run
from indexer.search.index_reader import Enough, Misread, Snapshot
from indexer.search.posting_list import Documents, Floats, Mask, Scored, having_all
from indexer.search.query.query_plan import Alternative, Unit

_ROUNDING = 0.9999  # of sums of 32-bit floats
_MISREAD = 0.5  # what a word counts of which only some letters can be read
_LEGIBLE = 0.34  # share of its grams that must be there
_SHORTEST_MISREAD = 4  # letters
_MOST_MISREAD = 12  # units that are looked for so
_FEW = 5000  # documents that are soon compared


class Matches:
    """BM25F of every document; ``covered``: the sum of the idfs of the units that it has."""

    def __init__(self, snapshot: Snapshot, units: tuple[Unit, ...]) -> None:
        self.scores: Floats = np.zeros(snapshot.size, dtype=np.float32)
        self.covered: Floats = np.zeros(snapshot.size, dtype=np.float32)
        self._found: dict[Unit, Scored] = {}
        self._idfs: dict[Unit, float] = {}
        self._snapshot = snapshot
        snapshot.seek(units, units)
        for unit in units:
            found, idf = _any_of(snapshot, unit)
            found.add_to(self.scores)
            found.count_in(self.covered, idf)
            self._found[unit], self._idfs[unit] = found, idf
        self._held = snapshot.held
        self._misread: dict[Unit, Misread] = {}  # that were looked for

    def _take_in(self) -> None:
        """Documents that have come here since."""
        new = np.arange(self._held, self._snapshot.held)
        for unit in self._found if len(new) else ():
            found, _ = _any_of(self._snapshot, unit)
            weights = found.at(new)
            self.scores[new] += weights
            self.covered[new] += np.float32(self._idfs[unit]) * (weights > 0)
            self._found[unit] = found
        if len(new):
            self._count_misread(self._held)
        self._held = self._snapshot.held

    @property
    def units(self) -> Collection[Unit]:
        return self._found.keys()

    def having(self, units: Iterable[Unit]) -> Mask:
        """The documents with any of them."""
        mask = np.zeros(self._snapshot.size, dtype=bool)
        for unit in units:
            self._found[unit].mark(mask)
        return mask

    @property
    def idfs(self) -> tuple[float, ...]:
        """By unit."""
        return tuple(self._idfs.values())

    def complete(self) -> Mask:
        """The documents with all units."""
        mask: Mask = self.covered >= sum(self._idfs.values()) * _ROUNDING
        return mask

    def credit(self, documents: Documents, units: Iterable[Unit]) -> None:
        """Documents that have the units in other words: as parts of longer ones."""
        self._take_in()
        for unit in units:
            if unit in self._found:
                others = documents.compress(self._found[unit].at(documents) == 0)
                self.covered[others] += np.float32(self._idfs[unit])

    def enough(self, least: float) -> Enough:
        """To have so much of the units as is covered by now."""
        return Enough(dict(self._idfs), dict(self._misread), least)

    def seek_more(self, enough: Enough) -> None:
        """More documents that have enough, where a later page needs them."""
        self._snapshot.seek_more(enough)
        self._take_in()

    def misread(self) -> Mask:
        """Count in the documents whose damaged places look like a unit that they do not have. Gives those
        with all units that need no such thing; some of them may have come here only now."""
        telling = sorted(self._idfs, key=self._idfs.__getitem__, reverse=True)[:_MOST_MISREAD]
        self._snapshot.seek(some=[*self.units, *(unit for one in telling for unit in _legible(one))])
        self._take_in()
        complete = self.complete()
        self._misread = {unit: _sought(unit) for unit in telling}
        self._count_misread(0)
        return complete

    def _count_misread(self, first: int) -> None:
        """In documents from the ``first`` on."""
        for unit, sought in self._misread.items():
            documents, shares = _misread(self._snapshot, sought)
            new = (documents >= first) & (self._found[unit].at(documents) == 0)
            documents, shares = documents[new], shares[new] * np.float32(self._idfs[unit])
            self.scores[documents] += shares * np.float32(_MISREAD)
            self.covered[documents] += shares


def _grams(unit: Unit) -> list[str]:
    data = run(unit.typed).data
    return grams(data) if len(data) >= _SHORTEST_MISREAD and not data[:1].isdigit() else []


def _legible(unit: Unit) -> list[Unit]:
    """Its grams as units that together count what it counts when it is misread."""
    terms = _grams(unit)
    return [Unit(term, (Alternative((term,), _MISREAD / len(terms)),)) for term in terms]


def _sought(unit: Unit) -> Misread:
    terms = tuple(_grams(unit))
    return Misread(terms, math.floor(max(1.0, _LEGIBLE * len(terms))) + 1)


def _misread(snapshot: Snapshot, sought: Misread) -> tuple[Documents, Floats]:
    """Documents that have grams of a unit where they are damaged, and the share of them (0–1)."""
    counts = np.zeros(snapshot.size, dtype=np.float32)
    for term in sought.terms:
        counts[snapshot.having(term)] += 1
    documents = np.flatnonzero(counts >= sought.fewest)
    return documents, counts[documents] / np.float32(max(len(sought.terms), 1))


def mask_of(snapshot: Snapshot, unit: Unit) -> Mask:
    """The documents with the unit."""
    mask = np.zeros(snapshot.size, dtype=bool)
    snapshot.mark([terms[0] for terms, _ in unit.alternatives if len(terms) == 1], mask)
    for terms, _ in unit.alternatives:
        if len(terms) > 1:
            mask[having_all([snapshot.scored(term) for term in terms])] = True
    return mask


def all_of(snapshot: Snapshot, units: Sequence[Unit]) -> Documents:
    """The documents with every one of the units, of which there is one at least; ascending."""
    snapshot.seek(units)
    plain = [snapshot.scored(unit.alternatives[0].terms[0]) for unit in units if _is_plain(unit)]
    others = [unit for unit in units if not _is_plain(unit)]
    soon = plain and others and min(one.count for one in plain) < _FEW
    if soon and not len(having_all(plain)):
        return np.empty(0, np.int64)  # sooner than any look at the others
    return having_all([*plain, *(_listed(snapshot, unit) for unit in others)])


def _listed(snapshot: Snapshot, unit: Unit) -> Scored:
    """The documents with the unit, without weights: a word at an end is looked for beside one after the
    other."""
    having = snapshot.remembered(unit, lambda: np.flatnonzero(mask_of(snapshot, unit)))
    return Scored.kept(having, np.ones(len(having), dtype=np.float32), snapshot.size)


def _is_plain(unit: Unit) -> bool:
    """Whether it is one term."""
    return len(unit.alternatives) == 1 and len(unit.alternatives[0].terms) == 1


def _any_of(snapshot: Snapshot, unit: Unit) -> tuple[Scored, float]:
    """Documents with the unit and its weight in each; and how much the unit tells them apart."""
    if _is_plain(unit):
        return _weighed(snapshot, unit.alternatives[0].terms[0])
    found = _best_of(snapshot, unit)
    return found, snapshot.idf(snapshot.extent(unit, found))


def _weighed(snapshot: Snapshot, term: str) -> tuple[Scored, float]:
    """Documents with the term, each scored with its idf; and this."""
    idf = snapshot.idf(snapshot.frequency(term))
    return snapshot.scored(term).scaled(idf), idf


def _best_of(snapshot: Snapshot, unit: Unit) -> Scored:
    """The best alternative in each document; none counts more than what was typed, however rare it is."""
    most = sum(snapshot.idf(snapshot.frequency(term)) for term in unit.alternatives[0].terms)
    best = np.zeros(snapshot.size, dtype=np.float32)
    for alternative in unit.alternatives:
        _sum_of(snapshot, alternative.terms).raise_to(best, most, alternative.weight)
    return Scored.everywhere(best)


def _sum_of(snapshot: Snapshot, terms: tuple[str, ...]) -> Scored:
    """Documents with every term, each scored with all of them."""
    lists = [_weighed(snapshot, term)[0] for term in terms]
    if len(lists) == 1:
        return lists[0]
    documents = having_all(lists)
    weights = np.zeros(len(documents), dtype=np.float32)
    for found in lists:
        weights += found.at(documents)
    return Scored(documents, weights)
