"""A query → a page of results: rewrite → retrieve → correct → filter → rank → present.

``indexer.search.query.parser.parse`` comes before; ``web.search_service`` joins the hits with their records.
Each step takes values and returns values.
"""

from __future__ import annotations

from dataclasses import replace

from indexer.search.bm25f import score_clauses
from indexer.search.context import SearchContext
from indexer.search.coverage import answer_coverage, minimum_coverage
from indexer.search.explain import explain_search
from indexer.search.filters import combine_masks, count_facets, filter_masks
from indexer.search.page_ranking import rank_pages
from indexer.search.ports import Hit, ResultPage
from indexer.search.posting_list import Mask
from indexer.search.query import query_notes
from indexer.search.query.parser import Query, normalize_query
from indexer.search.query.query_plan import (
    QueryPlan,
    build_query_plan,
    expanded_abbreviations,
    synonym_texts,
)
from indexer.search.ranking import RankedDocuments, rank
from indexer.search.retrieval import Retrieved, relax, retrieve
from indexer.search.spelling_correction import CorrectedQuery, correct_query


def search(context: SearchContext, query: Query) -> ResultPage:
    """Returns the page of results of any query that ``parse`` gives."""
    typed = build_query_plan(query, context.lexicon)
    corrected = correct_query(context, typed, score_clauses(context, typed.clauses))
    # Retrieval does not depend on filters, so that the count beside a filter is what choosing it gives.
    found = retrieve(context, corrected.plan, query.times, corrected.scores)
    filters = filter_masks(context.reader, query.filters)
    allowed = combine_masks(context.reader, filters)
    if filters and not (found.documents & allowed).any():
        found = relax(context, corrected.plan, query.times, found, allowed)
    ranked = rank(context, query, corrected.plan, found, allowed)
    if query.instead and not len(ranked.documents):
        return _search_instead(context, query.instead)
    return present(context, query, corrected, found, filters, ranked)


def _search_instead(context: SearchContext, query: Query) -> ResultPage:
    """Returns what names the days that were typed alone, where nothing was published on them."""
    page = search(context, query)
    notes = dict.fromkeys((query_notes.NOT_THEN, *page.query.loosened))
    return replace(page, query=replace(page.query, loosened=tuple(notes)))


def present(
    context: SearchContext,
    query: Query,
    corrected: CorrectedQuery,
    found: Retrieved,
    filters: dict[str, Mask],
    ranked: RankedDocuments,
) -> ResultPage:
    """Returns the page asked for; what covers too little of the query is ``related``, not an answer."""
    coverage = answer_coverage(context, corrected.plan, query.times, found.scores, ranked)
    hits = _hits(context, query, corrected.plan, found, ranked)
    as_run = _query_as_run(query, corrected, found)
    explanation = explain_search(context, corrected.plan, found, ranked, coverage, query)
    is_inside = query.filters.announcement_id is not None  # whoever is in a document sees what little it has
    if coverage < minimum_coverage(context, corrected.plan) and not (is_inside or filters):
        return ResultPage(
            total=0, hits=(), related=hits, query=as_run, coverage=coverage, explanation=explanation
        )
    unfetched = context.reader.unfetched_totals(found.documents, found.minimum)
    return ResultPage(
        total=ranked.total + unfetched.total,
        hits=hits,
        facets=count_facets(context.reader, found.documents, filters, unfetched.facets),
        did_you_mean=_corrected_text(normalize_query(query.typed), corrected.words),
        query=as_run,
        coverage=coverage,
        explanation=explanation,
    )


def _hits(
    context: SearchContext, query: Query, plan: QueryPlan, found: Retrieved, ranked: RankedDocuments
) -> tuple[Hit, ...]:
    begin = (max(query.page, 1) - 1) * query.per_page
    shown = slice(begin, begin + query.per_page)
    idfs = tuple(found.scores.idfs.values())
    return tuple(
        Hit(
            int(context.reader.attributes["id"][document]),
            round(score, 4),
            rank_pages(context, plan, idfs, document),
        )
        for document, score in zip(
            ranked.documents[shown].tolist(), ranked.scores[shown].tolist(), strict=True
        )
    )


def _query_as_run(query: Query, corrected: CorrectedQuery, found: Retrieved) -> Query:
    """Returns the query with notes on corrections and expansions, and with further words to highlight."""
    notes = [query_notes.stands_for(*pair) for pair in expanded_abbreviations(corrected.plan)]
    notes += [query_notes.read_as(*pair) for pair in corrected.words]
    marks = (*synonym_texts(corrected.plan), *(word for _, word in corrected.words))
    return replace(
        query,
        understood=(*query.understood, *notes),
        loosened=found.notes,
        marks=(*query.marks, *marks),
    )


def _corrected_text(typed: str, words: tuple[tuple[str, str], ...]) -> str | None:
    """Returns the typed text with its corrections; None when there are none."""
    for piece, word in words:
        typed = typed.replace(piece, word)
    return typed if words else None
