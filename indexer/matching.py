"""Which documents have what of a plan: BM25F over its units, any of which may match."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import reduce

import numpy as np

from indexer.plan import Alternative, Unit
from indexer.snapshot import Documents, Floats, Mask, Scored, Snapshot
from indexer.tokens import grams, run

_ROUNDING = 0.9999  # of sums of 32-bit floats
_MISREAD = 0.5  # what a word counts of which only some letters can be read
_LEGIBLE = 0.34  # share of its grams that must be there
_SHORTEST_MISREAD = 4  # letters
_MOST_MISREAD = 12  # units that are looked for so


class Matches:
    """BM25F of every document; ``covered``: the sum of the idfs of the units that it has."""

    def __init__(self, snapshot: Snapshot, units: tuple[Unit, ...]) -> None:
        self.scores: Floats = np.zeros(snapshot.size, dtype=np.float32)
        self.covered: Floats = np.zeros(snapshot.size, dtype=np.float32)
        self._found: dict[Unit, Documents] = {}
        self._idfs: dict[Unit, float] = {}
        self._snapshot = snapshot
        snapshot.seek(units, units)
        for unit in units:
            found, idf = _any_of(snapshot, unit)
            self.scores[found.documents] += found.impacts
            self.covered[found.documents] += np.float32(idf)
            self._found[unit], self._idfs[unit] = found.documents, idf

    @property
    def units(self) -> Collection[Unit]:
        return self._found.keys()

    def having(self, units: Iterable[Unit]) -> Mask:
        """The documents with any of them."""
        mask = np.zeros(self._snapshot.size, dtype=bool)
        for unit in units:
            mask[self._found[unit]] = True
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
        for unit in units:
            if unit in self._found:
                others = np.setdiff1d(documents, self._found[unit], assume_unique=True)
                self.covered[others] += np.float32(self._idfs[unit])

    def misread(self) -> None:
        """Count in the documents whose damaged places look like a unit that they do not have."""
        telling = sorted(self._idfs, key=self._idfs.__getitem__, reverse=True)[:_MOST_MISREAD]
        self._snapshot.seek(some=[*self.units, *(unit for one in telling for unit in _legible(one))])
        for unit in telling:
            documents, shares = _misread(self._snapshot, unit)
            new = np.isin(documents, self._found[unit], assume_unique=True, invert=True)
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


def _misread(snapshot: Snapshot, unit: Unit) -> tuple[Documents, Floats]:
    """Documents that have grams of the unit where they are damaged, and the share of them (0–1)."""
    terms = _grams(unit)
    counts = np.zeros(snapshot.size, dtype=np.float32)
    for term in terms:
        counts[snapshot.having(term)] += 1
    documents = np.flatnonzero(counts > max(1.0, _LEGIBLE * len(terms)))
    return documents, counts[documents] / np.float32(max(len(terms), 1))


def mask_of(snapshot: Snapshot, unit: Unit) -> Mask:
    """The documents with the unit."""
    found = np.zeros(snapshot.size, dtype=bool)
    for terms, _ in unit.alternatives:
        if len(terms) == 1:
            found[snapshot.having(terms[0])] = True
        else:
            found |= reduce(np.logical_and, (_mask(snapshot, term) for term in terms))
    return found


def _mask(snapshot: Snapshot, term: str) -> Mask:
    mask = np.zeros(snapshot.size, dtype=bool)
    mask[snapshot.having(term)] = True
    return mask


def _any_of(snapshot: Snapshot, unit: Unit) -> tuple[Scored, float]:
    """Documents with the unit and its weight in each; and how much the unit tells them apart."""
    if len(unit.alternatives) == 1 and len(unit.alternatives[0].terms) == 1:
        (term,) = unit.alternatives[0].terms
        found = snapshot.scored(term)
        idf = snapshot.idf(snapshot.frequency(term))
        return Scored(found.documents, found.impacts * np.float32(idf)), idf
    return _best_of(snapshot, unit)


def _best_of(snapshot: Snapshot, unit: Unit) -> tuple[Scored, float]:
    """The best alternative in each document, scored; and the idf of the unit as a whole."""
    best = np.zeros(snapshot.size, dtype=np.float32)
    for alternative in unit.alternatives:
        found = _all_of(snapshot, alternative.terms)
        values = found.impacts * np.float32(alternative.weight)
        best[found.documents] = np.maximum(best[found.documents], values)
    documents = np.flatnonzero(best)
    return Scored(documents, best[documents]), snapshot.idf(snapshot.extent(unit, documents))


def _all_of(snapshot: Snapshot, terms: tuple[str, ...]) -> Scored:
    """Documents with every term, each scored with its idf."""
    documents: Documents | None = None
    total: Floats = np.empty(0, dtype=np.float32)
    for term in terms:
        found = snapshot.scored(term)
        values = found.impacts * np.float32(snapshot.idf(snapshot.frequency(term)))
        if documents is None:
            documents, total = found.documents, values
        else:
            documents, left, right = np.intersect1d(
                documents, found.documents, assume_unique=True, return_indices=True
            )
            total = total[left] + values[right]
    return Scored(np.empty(0, np.int64) if documents is None else documents, total)
