"""A query on one commit of the index → a page of hits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from indexer.analysis.dictionary import Lexicon
from indexer.search import ranking
from indexer.search.bm25f import Bm25fScorer
from indexer.search.filters import combine_masks, count_facets, filter_masks
from indexer.search.index_reader import IndexReader
from indexer.search.page_ranking import rank_pages
from indexer.search.ports import Hit, ResultPage
from indexer.search.posting_list import DocumentNumbers, Floats, Mask
from indexer.search.query import query_notes as remarks
from indexer.search.query.parser import Query, Sort, normalize_query
from indexer.search.query.query_notes import QueryNote
from indexer.search.query.query_plan import QueryPlan, build_query_plan, expanded_abbreviations
from indexer.search.query.query_plan import synonym_texts as same
from indexer.search.retrieval import is_found_as_typed, relax, retrieve
from indexer.search.spelling_correction import correct_query


def search(reader: IndexReader, lexicon: Lexicon, query: Query) -> ResultPage:
    """Anything that ``parse`` gives has an answer."""
    wanted = build_query_plan(query, lexicon)
    scorer = Bm25fScorer(reader, wanted.clauses)
    words: tuple[tuple[str, str], ...] = ()
    if not is_found_as_typed(reader, wanted, scorer):
        wanted, words = correct_query(reader, lexicon, wanted)
        scorer = Bm25fScorer(reader, wanted.clauses) if words else scorer
    # What answers does not depend on filters, so that the count beside one is what it leads to.
    found = retrieve(reader, lexicon, wanted, query.times, scorer)
    narrowing = filter_masks(reader, query.filters)  # of all documents that came here by now
    allowed = combine_masks(reader, narrowing)
    if narrowing and not (found.wanted & allowed).any():
        found = relax(reader, lexicon, wanted, query.times, scorer, allowed)
    documents = np.flatnonzero(found.wanted & allowed)
    if query.instead and not len(documents):
        return _instead(reader, lexicon, query.instead)
    ordered, scores = _ordered(reader, wanted, query, documents, scorer.scores[documents], found.first)
    beyond = reader.unfetched_totals(found.wanted, found.enough)
    begin = (max(query.page, 1) - 1) * query.per_page
    shown = slice(begin, begin + query.per_page)
    hits = tuple(
        Hit(
            int(reader.attributes["id"][document]),
            round(score, 4),
            rank_pages(reader, wanted, scorer.idfs, document),
        )
        for document, score in zip(ordered[shown].tolist(), scores[shown].tolist(), strict=True)
    )
    return ResultPage(
        total=len(documents) + beyond.total,
        hits=hits,
        facets=count_facets(reader, found.wanted, narrowing, beyond.facets),
        did_you_mean=_corrected(normalize_query(query.typed), words),
        query=_as_run(query, wanted, words, found.loosened),
    )


def _instead(reader: IndexReader, lexicon: Lexicon, query: Query) -> ResultPage:
    """What names the days that were typed, where none was announced on them."""
    page = search(reader, lexicon, query)
    said = dict.fromkeys((remarks.NOT_THEN, *page.query.loosened))
    return replace(page, query=replace(page.query, loosened=tuple(said)))


def _as_run(
    query: Query, wanted: QueryPlan, words: tuple[tuple[str, str], ...], loosened: tuple[QueryNote, ...]
) -> Query:
    """With what slips and abbreviations were read as."""
    short = expanded_abbreviations(wanted)
    understood = [remarks.stands_for(typed, other) for typed, other in short]
    understood += [remarks.read_as(typed, word) for typed, word in words]
    marks = (*same(wanted), *(word for _, word in words))
    return replace(
        query,
        understood=(*query.understood, *understood),
        loosened=loosened,
        marks=(*query.marks, *marks),
    )


def _corrected(typed: str, words: tuple[tuple[str, str], ...]) -> str | None:
    """The query with its misspelt pieces replaced; None when there are none."""
    for piece, word in words:
        typed = typed.replace(piece, word)
    return typed if words else None


def _ordered(
    reader: IndexReader,
    wanted: QueryPlan,
    query: Query,
    documents: DocumentNumbers,
    scores: Floats,
    first: Mask,
) -> tuple[DocumentNumbers, Floats]:
    """All answers in the order asked for, with their scores."""
    facts = reader.attributes
    if query.sort is Sort.RELEVANCE and wanted.clauses:
        return ranking.rank_documents(
            reader, wanted, documents, scores, first[documents], query.page * query.per_page
        )
    ids, dates = facts["id"][documents], facts["date"][documents]
    if query.sort is Sort.OLDEST:
        order = np.lexsort((ids, dates))
    elif query.sort is Sort.MOST_READ:
        order = np.lexsort((ids, -dates, -facts["views"][documents].astype(np.int64)))
    else:
        order = np.lexsort((-ids.astype(np.int64), -dates))
    return documents[order], scores[order]
