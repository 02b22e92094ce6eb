"""Which documents answer a plan, and in what order.

BM25F over all clauses (any may match), then the first of them are looked at letter by letter: the
query as one run, its phrases, its words side by side. Recency and reads decide between near-ties
only.
"""

from __future__ import annotations

import numpy as np

from indexer.search.index_reader import IndexReader
from indexer.search.phrase_matching import contains_phrase, fuzzy_phrase_similarity, take_bytes
from indexer.search.posting_list import DocumentNumbers, Floats, Mask
from indexer.search.query.query_plan import MIN_SENTENCE_CLAUSES, QueryPlan, adjacent_pairs

RERANK_DEPTH = 150
_WHOLE, _IN_TITLE, _PHRASES, _SIDE_BY_SIDE = 0.5, 0.25, 0.6, 0.25
_CLEAR = 10  # answers with every phrase, from which on no others are looked at closely
_MOST_BLURRED = 100
_MOST_IN_A_ROW = 8  # words that are looked for side by side
_MOST_LETTERS = 4_000_000  # that are read for one answer
_NEAR_TIE = 0.01


def rank_documents(
    reader: IndexReader,
    plan: QueryPlan,
    documents: DocumentNumbers,
    scores: Floats,
    first: Mask,
    needed: int,
) -> tuple[DocumentNumbers, Floats]:
    """Best first, at least ``needed`` of them; the same order however many are asked for.

    ``first``: those of ``documents`` that are looked at before any other.
    """
    scores = _tie_broken(reader, documents, scores)
    chosen = scores + first * scores.max(initial=0)
    most = max(needed, RERANK_DEPTH)
    if len(documents) > 2 * most:
        enough = chosen >= np.partition(chosen, len(chosen) - most)[len(chosen) - most]
        documents, scores, chosen = (part.compress(enough) for part in (documents, scores, chosen))
    order = _best_first(reader, documents, chosen)
    documents, scores = documents[order], scores[order]
    head = _lifted(reader, plan, documents[:RERANK_DEPTH], scores[:RERANK_DEPTH])
    again = _best_first(reader, documents[:RERANK_DEPTH], head)
    return (
        np.concatenate([documents[again], documents[RERANK_DEPTH:]]),
        np.concatenate([head[again], scores[RERANK_DEPTH:]]),
    )


def _best_first(reader: IndexReader, documents: DocumentNumbers, scores: Floats) -> DocumentNumbers:
    """Highest score first; equal scores newest first, then by id, so that pages never overlap."""
    facts = reader.attributes
    order: DocumentNumbers = np.lexsort((facts["id"][documents], -facts["date"][documents], -scores))
    return order


def _lifted(reader: IndexReader, plan: QueryPlan, documents: DocumentNumbers, scores: Floats) -> Floats:
    """The scores lifted by what stands together in the text as it does in the query."""
    sought = _Sought(plan, list(take_bytes(reader.texts(documents), _MOST_LETTERS)))
    lift = np.zeros(len(documents), dtype=np.float32)
    values = sought.lift()
    lift[: len(values)] = values
    lifted: Floats = scores + lift * scores.max(initial=0)
    return lifted


class _Sought:
    """The runs of letters that lift an answer, looked for in some texts."""

    def __init__(self, plan: QueryPlan, texts: list[bytes]) -> None:
        self._texts = texts
        self._phrases = [phrase for phrase in plan.phrases if phrase.words > 1]
        self._pairs = adjacent_pairs(plan.clauses) if 1 < len(plan.clauses) <= _MOST_IN_A_ROW else []
        self._weight = sum(phrase.words for phrase in self._phrases)
        self._whole = plan.whole if self._phrases or len(plan.phrases) > 1 else b""
        self._sentence = len(plan.clauses) >= MIN_SENTENCE_CLAUSES

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
            value[place] += _WHOLE + _IN_TITLE * contains_phrase(text[: text.find(b"\0")], self._whole)
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
            if contains_phrase(self._whole, phrase.data)
        ]
        among = np.flatnonzero(np.all(parts, axis=0)) if parts else np.arange(len(self._texts))
        return [place for place in among.tolist() if contains_phrase(self._texts[place], self._whole)]

    def _blurred(self, there: list[Mask]) -> Floats:
        """What the first texts have of the phrases where letters are misread."""
        texts = self._texts[:_MOST_BLURRED]
        value = np.zeros(len(texts), dtype=np.float32)
        for phrase, found in zip(self._phrases, there, strict=True):
            alike = fuzzy_phrase_similarity(texts, phrase.data, found[: len(texts)])
            value += alike * np.float32(_PHRASES * phrase.words / self._weight)
        return value


def _having(texts: list[bytes], data: bytes, *, loosely: bool = False) -> Mask:
    """Which of the texts have the run; ``loosely``: also as a part of a number."""
    if loosely or not (data[:1].isdigit() or data[-1:].isdigit()):
        return np.array([data in text for text in texts], dtype=bool)
    return np.array([contains_phrase(text, data) for text in texts], dtype=bool)


def _tie_broken(reader: IndexReader, documents: DocumentNumbers, scores: Floats) -> Floats:
    """A hair's breadth more for what is newer and more read."""
    if not len(documents):
        return scores
    dates, reads = reader.dates[documents], reader.log_views[documents]
    span = float(dates.max() - dates.min()) or 1.0
    recent = (dates - dates.min()) / np.float32(span)
    read = reads / np.float32(float(reads.max()) or 1.0)
    preferred: Floats = scores * (1 + np.float32(_NEAR_TIE / 2) * (recent + read))
    return preferred
