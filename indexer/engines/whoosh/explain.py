"""Explains a search: the plan, each clause's document frequency and IDF, each hit's score by part."""

from __future__ import annotations

import numpy as np

from indexer.engines.whoosh.index_context import IndexContext
from indexer.engines.whoosh.ranking import TopDocuments
from indexer.engines.whoosh.retrieval import UnfilteredMatches
from indexer.search.coverage import minimum_coverage
from indexer.search.explanations import ClauseExplanation, HitExplanation, ScorePart, SearchExplanation
from indexer.search.query.parser import Query
from indexer.search.query.query_plan import QueryPlan


def explain_search(
    context: IndexContext,
    plan: QueryPlan,
    matched: UnfilteredMatches,
    ranked: TopDocuments,
    coverage: float,
    query: Query,
) -> SearchExplanation | None:
    """Returns the explanation of a page of results; None unless the query asks for it."""
    if not query.explain:
        return None
    scores = matched.scores
    clauses = tuple(
        ClauseExplanation(
            clause.typed,
            tuple((" ".join(each.terms), each.weight) for each in clause.alternatives),
            scores.postings[clause].count,
            round(idf, 4),
        )
        for clause, idf in scores.idfs.items()
    )
    begin = (query.page - 1) * query.per_page
    places = range(begin, min(begin + query.per_page, len(ranked.documents)))
    return SearchExplanation(
        clauses,
        tuple(part.text for part in plan.parts if part.phrase.words > 1),
        round(coverage, 4),
        minimum_coverage(context.tuning, plan),
        tuple(_explain_hit(context, matched, ranked, place) for place in places),
    )


def _explain_hit(
    context: IndexContext, matched: UnfilteredMatches, ranked: TopDocuments, place: int
) -> HitExplanation:
    document, score = int(ranked.documents[place]), float(ranked.scores[place])
    at = np.array([document], dtype=np.int64)
    matches = {clause: float(listed.weights_at(at)[0]) for clause, listed in matched.scores.postings.items()}
    parts = [ScorePart(f"bm25f: {clause.typed}", value) for clause, value in matches.items() if value]
    bm25f = float(matched.scores.scores[document])
    parts.append(ScorePart("misread words", bm25f - sum(matches.values())))
    boosts = ranked.boosts
    if boosts is not None and place < len(boosts.phrases):
        for name in ("phrases", "whole_query", "own_number"):
            value = float(getattr(boosts, name)[place]) * ranked.best_score
            parts.append(ScorePart(name.replace("_", " "), value))
    covered = float(matched.scores.covered[document]) / max(matched.scores.total_idf_mass, 1e-9)
    return HitExplanation(
        int(context.reader.commit.attributes["id"][document]),
        round(score, 4),
        round(min(covered, 1.0), 4),
        tuple(ScorePart(part.name, round(part.value, 4)) for part in parts if abs(part.value) > 0.00005),
    )
