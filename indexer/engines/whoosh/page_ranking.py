"""Page ranking: finds the best pages of an announcement for a query plan."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np

from indexer.analysis.index_document import PLAIN_ZONES
from indexer.analysis.tokenizer import letters_of
from indexer.engines.whoosh.posting_list import Mask
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.coverage import is_stop_word_or_document_kind
from indexer.search.ports import MOST_PAGES, PageHit
from indexer.search.query.query_plan import QueryPlan
from indexer.search.tuning import TUNING

_MOST_PLACES = 200  # occurrences of one term that are counted
_LABELS = PLAIN_ZONES.index("labels")  # follows the title


def best_pages(
    reader: CommitReader, plan: QueryPlan, idfs: tuple[float, ...], document: int
) -> tuple[PageHit, ...]:
    """Returns up to ``MOST_PAGES`` pages, best first, with words and every quoted phrase of the plan.

    Where title and labels have all that the plan asks for, the document itself is meant: of each attachment
    its first page comes before the others.
    """
    layout = reader.commit.layout(document)
    if not layout.pages:
        return ()
    text, borders = reader.commit.text(document), reader.commit.token_boundaries(document)
    ends = [end for _, _, end in layout.pages]
    scores = np.zeros(len(ends))
    for clause, idf in zip(plan.clauses, idfs, strict=True):
        best = np.zeros(len(ends))
        for alternative in clause.alternatives:
            for term in alternative.terms:
                counts = _counts(text, letters_of(term), ends, layout.zones[-1], borders)
                best = np.maximum(best, alternative.weight * counts / (counts + 1) / len(alternative.terms))
        scores += idf * best
    for phrase in plan.phrases:
        there = _counts(text, phrase.data, ends, layout.zones[-1]) > 0
        if phrase.is_exact:
            scores *= there
        if phrase.words > 1:
            scores += TUNING.page_phrase_boost * there
    if _is_named(plan, text[: layout.zones[_LABELS]]):
        is_first = np.array([number == 1 for _, number, _ in layout.pages])
        scores += scores.max() * (is_first & (scores > 0))
    least = TUNING.min_page_share * scores.max()
    order = [place for place in np.argsort(-scores, kind="stable").tolist() if scores[place] > least]
    return tuple(
        PageHit(layout.pages[place][0], layout.pages[place][1], float(scores[place]))
        for place in order[:MOST_PAGES]
    )


def _is_named(plan: QueryPlan, title_and_labels: bytes) -> bool:
    """Returns True if the title and the labels have every word of the plan but stop words and kinds."""
    telling = [clause for clause in plan.clauses if not is_stop_word_or_document_kind(clause)]
    return bool(telling) and all(
        any(all(letters_of(term) in title_and_labels for term in each.terms) for each in clause.alternatives)
        for clause in telling
    )


def _counts(
    text: bytes, data: bytes, ends: list[int], start: int, borders: Mask | None = None
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Returns the number of occurrences of ``data`` on each page; with ``borders``, of whole words only."""
    counts = np.zeros(len(ends))
    for place in _places(text, data, start):
        if borders is None or (borders[place] and borders[place + len(data)]):
            counts[bisect_right(ends, place)] += 1
    return counts


def _places(text: bytes, data: bytes, start: int) -> Iterator[int]:
    found = text.find(data, start) if data else -1
    for _ in range(_MOST_PLACES):
        if found < 0:
            return
        yield found
        found = text.find(data, found + 1)
