"""Coverage of a query by the best-ranked documents."""

from __future__ import annotations

import numpy as np

from indexer.engines.whoosh.bm25f import DocumentScores
from indexer.engines.whoosh.ranking import TopDocuments
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.document_coverage import PlanCoverage, stand_before_numbers_alone
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.searcher import BEST_HITS

_MOST_LOOKED_AT = 50  # documents in which the letters of document numbers are looked for by themselves
_ALL = 0.999  # share of the IDF mass that counts as all of it, as sums of 32-bit floats are rounded


def answer_coverage(
    reader: CommitReader,
    plan: QueryPlan,
    scores: DocumentScores,
    ranked: TopDocuments,
    judged: PlanCoverage,
) -> float:
    """Returns the share (0–1) of the query that the best document answers; 1 without words or hits.

    Date ranges do not count, as a note says that other dates are shown. A document that matches every clause
    answers all, but none answers the letters before an office's numbers (นป), unless it has them by
    themselves.
    """
    if not scores.idfs or not len(ranked.documents):
        return 1.0
    ordered = ranked.documents[np.argsort(-ranked.scores, kind="stable")].tolist()
    letters = plan.letters_of_document_numbers
    texts = map(reader.commit.document_text, ordered[:_MOST_LOOKED_AT])
    if letters and stand_before_numbers_alone(letters, texts):
        return 0.0
    covered = (scores.covered - scores.misread)[ranked.documents]
    if covered.max() >= scores.total_idf_mass * _ALL and ranked.complete:
        return 1.0
    return max(
        judged.coverage(reader.commit.text(document), _matched(scores, document))
        for document in ordered[:BEST_HITS]
    )


def _matched(scores: DocumentScores, document: int) -> set[Clause]:
    at = np.array([document], dtype=np.int64)
    return {clause for clause, listed in scores.postings.items() if listed.weights_at(at)[0] > 0}
