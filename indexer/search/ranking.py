"""Which documents answer a plan, and in what order.

BM25F over all units (any may match), then the first of them are looked at letter by letter: the
query as one run, its phrases, its words side by side. Recency and reads decide between near-ties
only.
"""

from __future__ import annotations

import numpy as np

from indexer.search.index_reader import Snapshot
from indexer.search.phrase_matching import holds, misread, until
from indexer.search.posting_list import Documents, Floats, Mask
from indexer.search.query.query_plan import SENTENCE, Plan, neighbours

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
        documents, scores, chosen = (part.compress(enough) for part in (documents, scores, chosen))
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
    sought = _Sought(plan, list(until(snapshot.texts(documents), _MOST_LETTERS)))
    lift = np.zeros(len(documents), dtype=np.float32)
    values = sought.lift()
    lift[: len(values)] = values
    lifted: Floats = scores + lift * scores.max(initial=0)
    return lifted


class _Sought:
    """The runs of letters that lift an answer, looked for in some texts."""

    def __init__(self, plan: Plan, texts: list[bytes]) -> None:
        self._texts = texts
        self._phrases = [phrase for phrase in plan.phrases if phrase.words > 1]
        self._pairs = neighbours(plan.units) if 1 < len(plan.units) <= _MOST_IN_A_ROW else []
        self._weight = sum(phrase.words for phrase in self._phrases)
        self._whole = plan.whole if self._phrases or len(plan.phrases) > 1 else b""
        self._sentence = len(plan.units) >= SENTENCE

    def lift(self) -> Floats:
        """For each text: 0 for nothing; with every phrase at least ``_PHRASES``."""
        there = [_having(self._texts, phrase.data) for phrase in self._phrases]
        value = np.zeros(len(self._texts), dtype=np.float32)
        for phrase, found in zip(self._phrases, there, strict=True):
            value += np.float32(_PHRASES * phrase.words / self._weight) * found
        clear = int(np.count_nonzero(np.all(there, axis=0))) if there else _CLEAR
        whole = self._with_whole(there)
        for place in whole:
            text = self._texts[place]
            value[place] += _WHOLE + _IN_TITLE * holds(text[: text.find(b"\0")], self._whole)
        if self._sentence and whole:  # it is there just as it was typed
            return value
        for pair in self._pairs:
            value += np.float32(_SIDE_BY_SIDE / len(self._pairs)) * _having(self._texts, pair, loosely=True)
        if clear < _CLEAR:
            blurred = self._blurred(there)
            value[: len(blurred)] = np.maximum(value[: len(blurred)], blurred)
        return value

    def _with_whole(self, there: list[Mask]) -> list[int]:
        """The texts that have the whole query: they have every phrase that is a part of it."""
        if not self._whole:
            return []
        parts = [
            found
            for phrase, found in zip(self._phrases, there, strict=True)
            if holds(self._whole, phrase.data)
        ]
        among = np.flatnonzero(np.all(parts, axis=0)) if parts else np.arange(len(self._texts))
        return [place for place in among.tolist() if holds(self._texts[place], self._whole)]

    def _blurred(self, there: list[Mask]) -> Floats:
        """What the first texts have of the phrases where letters are misread."""
        texts = self._texts[:_MOST_BLURRED]
        value = np.zeros(len(texts), dtype=np.float32)
        for phrase, found in zip(self._phrases, there, strict=True):
            alike = misread(texts, phrase.data, found[: len(texts)])
            value += alike * np.float32(_PHRASES * phrase.words / self._weight)
        return value


def _having(texts: list[bytes], data: bytes, *, loosely: bool = False) -> Mask:
    """Which of the texts have the run; ``loosely``: also as a part of a number."""
    if loosely or not (data[:1].isdigit() or data[-1:].isdigit()):
        return np.array([data in text for text in texts], dtype=bool)
    return np.array([holds(text, data) for text in texts], dtype=bool)


def _tie_broken(snapshot: Snapshot, documents: Documents, scores: Floats) -> Floats:
    """A hair's breadth more for what is newer and more read."""
    if not len(documents):
        return scores
    dates, reads = snapshot.dates[documents], snapshot.reads[documents]
    span = float(dates.max() - dates.min()) or 1.0
    recent = (dates - dates.min()) / np.float32(span)
    read = reads / np.float32(float(reads.max()) or 1.0)
    preferred: Floats = scores * (1 + np.float32(_NEAR_TIE / 2) * (recent + read))
    return preferred
