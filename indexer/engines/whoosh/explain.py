"""Explains a search: the plan, each clause's document frequency and IDF, each hit's score by part."""

from __future__ import annotations

import numpy as np

from indexer.engines.whoosh.ranking import TopDocuments
from indexer.engines.whoosh.reader import CommitReader
from indexer.engines.whoosh.retrieval import UnfilteredMatches
from indexer.search.explanations import (
    HitExplanation,
    ScorePart,
    SearchExplanation,
    Standing,
    build_explanation,
    build_hit_explanation,
)
from indexer.search.query import query_notes
from indexer.search.query.parser import Query
from indexer.search.query.query_plan import QueryPlan


def explain_search(
    reader: CommitReader,
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
    frequencies = {clause: listed.count for clause, listed in scores.postings.items()}
    begin = (query.page - 1) * query.per_page
    places = range(begin, min(begin + query.per_page, len(ranked.documents)))
    # Prose is not expected to be matched in full, and where nothing is, all stand together.
    is_grouped = matched.complete is not None or not (plan.is_prose or query_notes.NOT_ALL in matched.notes)
    hits = (_explain_hit(reader, matched, ranked, place, is_grouped=is_grouped) for place in places)
    return build_explanation(plan, frequencies, scores.idfs, coverage, hits)


def _explain_hit(
    reader: CommitReader, matched: UnfilteredMatches, ranked: TopDocuments, place: int, *, is_grouped: bool
) -> HitExplanation:
    document, score = int(ranked.documents[place]), float(ranked.scores[place])
    at = np.array([document], dtype=np.int64)
    matches = {clause: float(listed.weights_at(at)[0]) for clause, listed in matched.scores.postings.items()}
    parts = [ScorePart(f"bm25f: {clause.typed}", value) for clause, value in matches.items() if value]
    bm25f = float(matched.scores.scores[document])
    parts.append(ScorePart("misread words", bm25f - sum(matches.values())))
    boosts = ranked.boosts
    if boosts is not None:
        for name in ("phrases", "whole_query", "own_number"):
            value = float(getattr(boosts, name)[place]) * ranked.best_score
            parts.append(ScorePart(name.replace("_", " "), value))
    covered = float(matched.scores.covered[document]) / max(matched.scores.total_idf_mass, 1e-9)
    standing = Standing(ranked.standings[place])
    if standing is Standing.COMPLETE and not is_grouped:
        standing = Standing.UNGROUPED
    return build_hit_explanation(
        int(reader.commit.attributes["id"][document]), score, min(covered, 1.0), parts, standing
    )
