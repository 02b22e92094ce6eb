"""Which documents answer a plan, and in what order.

BM25F over all units (any may match), then the first 200 are looked at letter by letter: the
query as one run, its phrases, its words side by side. Recency and reads decide between near-ties
only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.plan import Plan, Unit, neighbours
from indexer.snapshot import Documents, Floats, Scored, Snapshot

LOOKED_AT = 200
_WHOLE, _IN_TITLE, _PHRASES, _SIDE_BY_SIDE = 0.5, 0.25, 0.6, 0.25
_NEAR_TIE = 0.01


@dataclass(frozen=True, slots=True)
class Matches:
    """BM25F of every document; ``covered``: the sum of the idfs of the units that it has."""

    scores: Floats
    covered: Floats
    idfs: tuple[float, ...]  # by unit


def match(snapshot: Snapshot, units: tuple[Unit, ...]) -> Matches:
    scores = np.zeros(snapshot.size, dtype=np.float32)
    covered = np.zeros(snapshot.size, dtype=np.float32)
    idfs = []
    for unit in units:
        if len(unit.alternatives) == 1 and len(unit.alternatives[0].terms) == 1:
            found = snapshot.scored(unit.alternatives[0].terms[0])
            idf = snapshot.idf(len(found.documents))
            values = found.impacts * np.float32(idf)
        else:
            found, idf = _any_of(snapshot, unit)
            values = found.impacts
        scores[found.documents] += values
        covered[found.documents] += np.float32(idf)
        idfs.append(idf)
    return Matches(scores, covered, tuple(idfs))


def _any_of(snapshot: Snapshot, unit: Unit) -> tuple[Scored, float]:
    """The best alternative in each document, scored; and the idf of the unit as a whole."""
    best = np.zeros(snapshot.size, dtype=np.float32)
    for alternative in unit.alternatives:
        found = _all_of(snapshot, alternative.terms)
        values = found.impacts * np.float32(alternative.weight)
        best[found.documents] = np.maximum(best[found.documents], values)
    documents = np.flatnonzero(best)
    return Scored(documents, best[documents]), snapshot.idf(len(documents))


def _all_of(snapshot: Snapshot, terms: tuple[str, ...]) -> Scored:
    """Documents with every term, each scored with its idf."""
    documents: Documents | None = None
    total: Floats = np.empty(0, dtype=np.float32)
    for term in terms:
        found = snapshot.scored(term)
        values = found.impacts * np.float32(snapshot.idf(len(found.documents)))
        if documents is None:
            documents, total = found.documents, values
        else:
            documents, left, right = np.intersect1d(
                documents, found.documents, assume_unique=True, return_indices=True
            )
            total = total[left] + values[right]
    return Scored(np.empty(0, np.int64) if documents is None else documents, total)


def ranked(
    snapshot: Snapshot, plan: Plan, documents: Documents, scores: Floats, needed: int
) -> tuple[Documents, Floats]:
    """Best first, at least ``needed`` of them; the same order however many are asked for."""
    scores = _tie_broken(snapshot, documents, scores)
    most = max(needed, LOOKED_AT)
    if len(documents) > 2 * most:
        bound = np.partition(scores, len(scores) - most)[len(scores) - most]
        documents, scores = documents[scores >= bound], scores[scores >= bound]
    order = _best_first(snapshot, documents, scores)
    documents, scores = documents[order], scores[order]
    head = _lifted(snapshot, plan, documents[:LOOKED_AT], scores[:LOOKED_AT])
    again = _best_first(snapshot, documents[:LOOKED_AT], head)
    return (
        np.concatenate([documents[again], documents[LOOKED_AT:]]),
        np.concatenate([head[again], scores[LOOKED_AT:]]),
    )


def _best_first(snapshot: Snapshot, documents: Documents, scores: Floats) -> Documents:
    """Highest score first; equal scores newest first, then by id, so that pages never overlap."""
    facts = snapshot.facts
    order: Documents = np.lexsort((facts["id"][documents], -facts["date"][documents], -scores))
    return order


def _lifted(snapshot: Snapshot, plan: Plan, documents: Documents, scores: Floats) -> Floats:
    """The scores lifted by what stands together in the text as it does in the query."""
    lift = np.zeros(len(documents), dtype=np.float32)
    phrases = [phrase for phrase in plan.phrases if phrase.words > 1]
    pairs = neighbours(plan.units) if 1 < len(plan.units) <= 8 else []
    weights = np.array([phrase.words for phrase in phrases], dtype=np.float32)
    several = len(plan.phrases) > 1
    for place, document in enumerate(documents.tolist()):
        text = snapshot.text(document)
        title = text[: text.find(b"\0")]
        value = 0.0
        if (several or phrases) and plan.whole in text:
            value += _WHOLE + _IN_TITLE * (plan.whole in title)
        if phrases:
            there = np.array([phrase.data in text for phrase in phrases], dtype=np.float32)
            value += _PHRASES * float((there * weights).sum() / weights.sum())
        if pairs:
            value += _SIDE_BY_SIDE * sum(pair in text for pair in pairs) / len(pairs)
        lift[place] = value
    top = float(scores.max()) if len(scores) else 0.0
    return scores + lift * top


def _tie_broken(snapshot: Snapshot, documents: Documents, scores: Floats) -> Floats:
    """A hair's breadth more for what is newer and more read."""
    if not len(documents):
        return scores
    facts = snapshot.facts[documents]
    dates = facts["date"].astype(np.float32)
    span = float(dates.max() - dates.min()) or 1.0
    recent = (dates - dates.min()) / np.float32(span)
    reads = np.log1p(facts["views"].astype(np.float32))
    read = reads / np.float32(float(reads.max()) or 1.0)
    preferred: Floats = scores * (1 + np.float32(_NEAR_TIE / 2) * (recent + read))
    return preferred
