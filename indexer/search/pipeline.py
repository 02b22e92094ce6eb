"""A query on one commit of the index → a page of hits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from indexer.analysis.dictionary import Lexicon
from indexer.search import ranking
from indexer.search.bm25f import Matches
from indexer.search.filters import facets, masks, through
from indexer.search.index_reader import Snapshot
from indexer.search.page_ranking import best_pages
from indexer.search.ports import Hit, ResultPage
from indexer.search.posting_list import Documents, Floats, Mask
from indexer.search.query import query_notes as remarks
from indexer.search.query.parser import Query, Sort, written
from indexer.search.query.query_notes import Remark
from indexer.search.query.query_plan import Plan, meanings, plan
from indexer.search.query.query_plan import marks as same
from indexer.search.retrieval import answer, as_typed, nearest
from indexer.search.spelling_correction import meant


def search(snapshot: Snapshot, lexicon: Lexicon, query: Query) -> ResultPage:
    """Anything that ``parse`` gives has an answer."""
    wanted = plan(query, lexicon)
    matches = Matches(snapshot, wanted.units)
    words: tuple[tuple[str, str], ...] = ()
    if not as_typed(snapshot, wanted, matches):
        wanted, words = meant(snapshot, lexicon, wanted)
        matches = Matches(snapshot, wanted.units) if words else matches
    # What answers does not depend on filters, so that the count beside one is what it leads to.
    found = answer(snapshot, lexicon, wanted, query.times, matches)
    narrowing = masks(snapshot, query.filters)  # of all documents that came here by now
    allowed = through(snapshot, narrowing)
    if narrowing and not (found.wanted & allowed).any():
        found = nearest(snapshot, lexicon, wanted, query.times, matches, allowed)
    documents = np.flatnonzero(found.wanted & allowed)
    if query.instead and not len(documents):
        return _instead(snapshot, lexicon, query.instead)
    ordered, scores = _ordered(snapshot, wanted, query, documents, matches.scores[documents], found.first)
    beyond = snapshot.beyond(found.wanted, found.enough)
    begin = (max(query.page, 1) - 1) * query.per_page
    shown = slice(begin, begin + query.per_page)
    hits = tuple(
        Hit(
            int(snapshot.facts["id"][document]),
            round(score, 4),
            best_pages(snapshot, wanted, matches.idfs, document),
        )
        for document, score in zip(ordered[shown].tolist(), scores[shown].tolist(), strict=True)
    )
    return ResultPage(
        total=len(documents) + beyond.total,
        hits=hits,
        facets=facets(snapshot, found.wanted, narrowing, beyond.facets),
        did_you_mean=_corrected(written(query.typed), words),
        query=_as_run(query, wanted, words, found.loosened),
    )


def _instead(snapshot: Snapshot, lexicon: Lexicon, query: Query) -> ResultPage:
    """What names the days that were typed, where none was announced on them."""
    page = search(snapshot, lexicon, query)
    said = dict.fromkeys((remarks.NOT_THEN, *page.query.loosened))
    return replace(page, query=replace(page.query, loosened=tuple(said)))


def _as_run(
    query: Query, wanted: Plan, words: tuple[tuple[str, str], ...], loosened: tuple[Remark, ...]
) -> Query:
    """With what slips and abbreviations were read as."""
    short = meanings(wanted)
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
    snapshot: Snapshot, wanted: Plan, query: Query, documents: Documents, scores: Floats, first: Mask
) -> tuple[Documents, Floats]:
    """All answers in the order asked for, with their scores."""
    facts = snapshot.facts
    if query.sort is Sort.RELEVANCE and wanted.units:
        return ranking.ranked(
            snapshot, wanted, documents, scores, first[documents], query.page * query.per_page
        )
    ids, dates = facts["id"][documents], facts["date"][documents]
    if query.sort is Sort.OLDEST:
        order = np.lexsort((ids, dates))
    elif query.sort is Sort.MOST_READ:
        order = np.lexsort((ids, -dates, -facts["views"][documents].astype(np.int64)))
    else:
        order = np.lexsort((-ids.astype(np.int64), -dates))
    return documents[order], scores[order]
