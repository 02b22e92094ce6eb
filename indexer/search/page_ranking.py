"""Page ranking: finds the best pages of an announcement for a query plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from indexer.analysis.tokenizer import letters_of
from indexer.search.coverage import is_stop_word_or_document_kind
from indexer.search.document_text import DocumentText
from indexer.search.ports import MOST_PAGES, PageHit
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.tuning import TUNING


def best_pages(document: DocumentText, plan: QueryPlan, idfs: Mapping[Clause, float]) -> tuple[PageHit, ...]:
    """Returns up to ``MOST_PAGES`` pages, best first, with words and every quoted phrase of the plan.

    Where title and labels have all that the plan asks for, the document itself is meant: of each attachment
    its first page comes before the others.
    """
    pages = document.layout.pages
    if not pages:
        return ()
    scores = np.zeros(len(pages))
    for clause, idf in idfs.items():
        best = np.zeros(len(pages))
        for alternative in clause.alternatives:
            for term in alternative.terms:
                counts = document.count_on_pages(letters_of(term), is_whole=True)
                best = np.maximum(best, alternative.weight * counts / (counts + 1) / len(alternative.terms))
        scores += idf * best
    for phrase in plan.phrases:
        there = document.count_on_pages(phrase.data, is_whole=False) > 0
        if phrase.is_exact:
            scores *= there
        if phrase.words > 1:
            scores += TUNING.page_phrase_boost * there
    if _is_named(plan, document.title_and_labels):
        is_first = np.array([number == 1 for _, number, _ in pages])
        scores += scores.max() * (is_first & (scores > 0))
    least = TUNING.min_page_share * scores.max()
    order = [place for place in np.argsort(-scores, kind="stable").tolist() if scores[place] > least]
    return tuple(
        PageHit(pages[place][0], pages[place][1], float(scores[place])) for place in order[:MOST_PAGES]
    )


def _is_named(plan: QueryPlan, title_and_labels: bytes) -> bool:
    """Returns True if the title and the labels have every word of the plan but stop words and kinds."""
    telling = [clause for clause in plan.clauses if not is_stop_word_or_document_kind(clause)]
    return bool(telling) and all(
        any(all(letters_of(term) in title_and_labels for term in each.terms) for each in clause.alternatives)
        for clause in telling
    )
