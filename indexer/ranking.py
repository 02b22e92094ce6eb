"""Which documents answer a plan, and in what order.

BM25F over all units (any may match), then the first 200 are looked at letter by letter: the
query as one run, its phrases, its words side by side. Recency and reads decide between near-ties
only.
"""

from __future__ import annotations

import numpy as np

from indexer.phrases import holds, likeness
from indexer.plan import Plan, neighbours
from indexer.snapshot import Documents, Floats, Mask, Snapshot

LOOKED_AT = 200
_WHOLE, _IN_TITLE, _PHRASES, _SIDE_BY_SIDE = 0.5, 0.25, 0.6, 0.25
_MOST_IN_A_ROW = 8  # words that are looked for side by side
_MOST_LETTERS = 4_000_000  # that are read for one answer
_NEAR_TIE = 0.01


def ranked(
    snapshot: Snapshot, plan: Plan, documents: Documents, scores: Floats, first: Mask, needed: int
) -> tuple[Documents, Floats]:
    """Best first, at least ``needed`` of them; the same order however many are asked for.

    ``first``: those of ``documents`` that are looked at before any other.
    """
    scores = _tie_broken(snapshot, documents, scores)
    chosen = scores + first * scores.max(initial=0)
    most = max(needed, LOOKED_AT)
    if len(documents) > 2 * most:
        enough = chosen >= np.partition(chosen, len(chosen) - most)[len(chosen) - most]
        documents, scores, chosen = documents[enough], scores[enough], chosen[enough]
    order = _best_first(snapshot, documents, chosen)
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
    sought = _Sought(plan)
    lift = np.zeros(len(documents), dtype=np.float32)
    left = _MOST_LETTERS
    for place, document in enumerate(documents.tolist()):
        text = snapshot.text(document)
        left -= len(text)
        if left < 0 < place:
            break
        lift[place] = sought.lift(text)
    return scores + lift * scores.max(initial=0)


class _Sought:
    """The runs of letters that lift an answer."""

    def __init__(self, plan: Plan) -> None:
        self._phrases = [phrase for phrase in plan.phrases if phrase.words > 1]
        self._pairs = neighbours(plan.units) if 1 < len(plan.units) <= _MOST_IN_A_ROW else []
        self._weight = sum(phrase.words for phrase in self._phrases)
        self._whole = plan.whole if self._phrases or len(plan.phrases) > 1 else b""

    def lift(self, text: bytes) -> float:
        """0 for nothing."""
        value = 0.0
        if self._whole and holds(text, self._whole):
            value += _WHOLE + _IN_TITLE * holds(text[: text.find(b"\0")], self._whole)
        if self._phrases:
            there = sum(phrase.words * likeness(text, phrase.data) for phrase in self._phrases)
            value += _PHRASES * there / self._weight
        if self._pairs:
            value += _SIDE_BY_SIDE * sum(pair in text for pair in self._pairs) / len(self._pairs)
        return value


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
