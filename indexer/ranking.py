"""Which documents answer a plan, and in what order.

BM25F over all units (any may match), then the first of them are looked at letter by letter: the
query as one run, its phrases, its words side by side. Recency and reads decide between near-ties
only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from indexer.phrases import holds, likeness
from indexer.plan import Plan, neighbours
from indexer.snapshot import Documents, Floats, Mask, Snapshot

LOOKED_AT = 150
_WHOLE, _IN_TITLE, _PHRASES, _SIDE_BY_SIDE = 0.5, 0.25, 0.6, 0.25
_CLEAR = 10  # answers with every phrase, from which on no others are looked at closely
_MOST_BLURRED = 100
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
    texts = list(islice(_read(snapshot, documents), LOOKED_AT))
    lift = np.zeros(len(documents), dtype=np.float32)
    lift[: len(texts)] = [sought.lift(text) for text in texts]
    if sought.phrases and np.count_nonzero(lift >= _PHRASES) < _CLEAR:
        blurred = [sought.blurred(text) for text in texts[:_MOST_BLURRED]]
        lift[: len(blurred)] = np.maximum(lift[: len(blurred)], blurred)
    lifted: Floats = scores + lift * scores.max(initial=0)
    return lifted


def _read(snapshot: Snapshot, documents: Documents) -> Iterator[bytes]:
    """The runs of the documents, until so many letters were read."""
    left = _MOST_LETTERS
    for document in documents.tolist():
        text = snapshot.text(document)
        yield text
        left -= len(text)
        if left < 0:
            break


class _Sought:
    """The runs of letters that lift an answer."""

    def __init__(self, plan: Plan) -> None:
        self.phrases = [phrase for phrase in plan.phrases if phrase.words > 1]
        self._pairs = neighbours(plan.units) if 1 < len(plan.units) <= _MOST_IN_A_ROW else []
        self._weight = sum(phrase.words for phrase in self.phrases)
        self._whole = plan.whole if self.phrases or len(plan.phrases) > 1 else b""

    def lift(self, text: bytes) -> float:
        """0 for nothing; with every phrase at least ``_PHRASES``."""
        value = 0.0
        if self._whole and holds(text, self._whole):
            value += _WHOLE + _IN_TITLE * holds(text[: text.find(b"\0")], self._whole)
        if self.phrases:
            value += _PHRASES * sum(p.words * holds(text, p.data) for p in self.phrases) / self._weight
        if self._pairs:
            value += _SIDE_BY_SIDE * sum(pair in text for pair in self._pairs) / len(self._pairs)
        return value

    def blurred(self, text: bytes) -> float:
        """The same where letters are misread."""
        return _PHRASES * sum(p.words * likeness(text, p.data) for p in self.phrases) / self._weight


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
