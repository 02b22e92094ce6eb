"""Retrieval: the documents that match a query plan, and what was relaxed to find any."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from indexer.engines.whoosh.bm25f import (
    ClauseScores,
    documents_with_all,
    mark_covered,
    match_fuzzily,
)
from indexer.engines.whoosh.context import SearchContext
from indexer.engines.whoosh.filters import date_range_mask
from indexer.engines.whoosh.phrase_matching import (
    MAX_VERIFIED,
    contains_phrase,
    documents_with_phrase,
    phrase_similarity,
)
from indexer.engines.whoosh.posting_list import DocumentNumbers, Mask
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.query import query_notes
from indexer.search.query.parser import DateRange
from indexer.search.query.query_notes import QueryNote
from indexer.search.query.query_plan import (
    MIN_SENTENCE_CLAUSES,
    Phrase,
    QueryPart,
    QueryPlan,
    build_query_part,
    date_name_clauses,
)

_MIN_VERIFIED = 100  # documents read for each of many phrases
_TOP_DOCUMENTS = 20  # documents read to see whether the query stands there as typed
_NEXT_TO_NOTHING = 1e-9  # IDF mass that is less than that of any clause
_MAX_FUZZY_VERIFIED = 200  # documents read for a phrase with misread letters


@dataclass(frozen=True, slots=True)
class MatchedDocuments:
    """The documents that match, before filters.

    ``preferred`` have a phrase as it was typed and rank first. ``notes`` say what was relaxed.
    """

    documents: Mask
    preferred: Mask
    scores: ClauseScores
    notes: tuple[QueryNote, ...] = ()


def match(
    context: SearchContext, plan: QueryPlan, times: tuple[DateRange, ...], scores: ClauseScores
) -> MatchedDocuments:
    """Returns the documents that match the plan and one of the times, whatever the filters are."""
    scores, timely = _match_times(context, times, scores)
    scores, preferred = _match_phrases(context, plan, scores)
    found = _match_clauses(context, plan, scores, preferred, _not_excluded(context, plan))
    if timely is None:
        return found
    if found.scores.covered[found.documents & timely].any():
        return replace(found, documents=found.documents & timely)
    return replace(found, notes=(*found.notes, query_notes.NOT_THEN))


def relax(
    context: SearchContext,
    plan: QueryPlan,
    times: tuple[DateRange, ...],
    found: MatchedDocuments,
    allowed: Mask,
) -> MatchedDocuments:
    """Returns the partial matches among ``allowed``, where no retrieved document passes the filters."""
    scores, rest = found.scores, _not_excluded(context, plan)
    covered = np.where(rest, scores.covered, 0)
    least = context.tuning.min_coverage * scores.idf_mass
    if not ((covered >= least) & allowed).any():
        least = _NEXT_TO_NOTHING
    documents = covered >= least
    notes = [query_notes.NOT_ALL]
    if any(phrase.exact for phrase in plan.phrases):
        notes.insert(0, query_notes.NOT_QUOTED)
    if times:
        notes.append(query_notes.NOT_THEN)
    none = np.zeros_like(rest)
    if not scores.idfs or not (documents & allowed).any():
        return MatchedDocuments(none, none, scores)
    return MatchedDocuments(documents, none, scores, tuple(notes))


def is_found_as_typed(reader: CommitReader, plan: QueryPlan, scores: ClauseScores) -> bool:
    """Returns True if one of the best documents has the whole query as it was typed: then nothing is
    misspelt."""
    complete = scores.complete() & reader.live
    best = np.flatnonzero(complete) if scores.idfs else np.empty(0, np.int64)
    if len(best) > _TOP_DOCUMENTS:
        best = best[np.argpartition(-scores.scores[best], _TOP_DOCUMENTS)[:_TOP_DOCUMENTS]]
    return any(contains_phrase(text, plan.whole) for text in reader.texts(best))


def _match_times(
    context: SearchContext, times: tuple[DateRange, ...], scores: ClauseScores
) -> tuple[ClauseScores, Mask | None]:
    """Returns the documents published in one of the times, or naming it; the former count as naming it.
    The mask is None for a query without times."""
    if not times:
        return scores, None
    reader = context.reader
    timely = np.zeros(reader.size, dtype=bool)
    others = set(scores.clauses)
    for time in times:
        clauses = build_query_part(time.text, context.lexicon).clauses
        others -= set(clauses)
        in_time = date_range_mask(reader, time.first, time.last, time.month)
        published = np.flatnonzero(in_time & reader.live)
        scores = mark_covered(scores, published, clauses)
        timely[documents_with_all(reader, date_name_clauses(time.text, context.lexicon))] = True
        timely[published] = True
    return scores, timely & scores.matching_any(others) if others else timely


def _match_phrases(
    context: SearchContext, plan: QueryPlan, scores: ClauseScores
) -> tuple[ClauseScores, Mask]:
    """Returns the documents that have a part of several words as it was typed: these have all its words."""
    preferred = np.zeros(context.reader.size, dtype=bool)
    parts = _phrase_parts(plan)
    most = max(MAX_VERIFIED // max(len(parts), 1), _MIN_VERIFIED)
    for part in parts:
        documents = documents_with_phrase(context.reader, context.lexicon, part, scores.scores, most=most)
        scores = mark_covered(scores, documents, part.clauses)
        preferred[documents] = True
    return scores, preferred


def _phrase_parts(plan: QueryPlan) -> list[QueryPart]:
    return [part for part in plan.parts if part.phrase.words > 1]


def _match_clauses(
    context: SearchContext, plan: QueryPlan, scores: ClauseScores, preferred: Mask, rest: Mask
) -> MatchedDocuments:
    """Returns the documents of ``rest`` that match all clauses; where these are few, also partial matches."""
    if not scores.idfs:
        return MatchedDocuments(rest, preferred, scores)
    complete = scores.complete() & rest
    exact = tuple(phrase for phrase in plan.phrases if phrase.exact)
    if exact:
        quoted = _with_phrases(context.reader, exact, complete)
        if quoted.any():
            return MatchedDocuments(quoted, preferred, scores)
    is_sentence = len(scores.idfs) >= MIN_SENTENCE_CLAUSES
    notes = (query_notes.NOT_QUOTED,) if exact else ()
    found = int(complete.sum())
    if found < context.tuning.enough_complete or is_sentence:
        return _add_partial(context, MatchedDocuments(complete, preferred, scores, notes), rest, found)
    if _phrase_parts(plan) and int(preferred.sum()) < context.tuning.enough_complete:
        scores, also_complete = match_fuzzily(context, scores)
        complete |= also_complete & rest
        partial = _partial_matches(context, scores, rest, is_quoted=bool(exact))
        fuzzy = _with_fuzzy_phrases(context, plan, scores, partial & ~complete)
        preferred, complete = preferred.copy(), complete.copy()
        preferred[fuzzy] = complete[fuzzy] = True
    return MatchedDocuments(complete, preferred, scores, notes)


def _add_partial(
    context: SearchContext, complete: MatchedDocuments, rest: Mask, found: int
) -> MatchedDocuments:
    """Returns the ``found`` complete matches and the partial ones, with a note if there are any of these."""
    documents, preferred, scores, notes = (
        complete.documents,
        complete.preferred,
        complete.scores,
        complete.notes,
    )
    is_sentence = len(scores.idfs) >= MIN_SENTENCE_CLAUSES
    if not (is_sentence and found and preferred.any()):  # else the sentence is there as it was typed
        scores, also_complete = match_fuzzily(context, scores)
        documents = documents | (also_complete & rest)
    partial = _partial_matches(context, scores, rest, is_quoted=query_notes.NOT_QUOTED in notes)
    partial = partial | documents
    if found < int(partial.sum()):
        note = query_notes.ALSO_SOME if found else query_notes.NOT_ALL
        return MatchedDocuments(partial, preferred, scores, (*notes, note))
    return MatchedDocuments(documents, preferred, scores, notes)


def _partial_matches(context: SearchContext, scores: ClauseScores, allowed: Mask, *, is_quoted: bool) -> Mask:
    """Returns the documents that cover a share of the query's IDF mass, or of what the best document covers
    if that is less."""
    tuning, mass = context.tuning, scores.idf_mass
    best = float(np.where(allowed, scores.covered, 0).max(initial=0))
    share = tuning.min_share_of_best_quoted if is_quoted else tuning.min_share_of_best
    least = max(min(tuning.min_coverage * mass, share * best), _NEXT_TO_NOTHING)
    partial: Mask = allowed & (scores.covered >= least)
    return partial


def _with_fuzzy_phrases(
    context: SearchContext, plan: QueryPlan, scores: ClauseScores, among: Mask
) -> DocumentNumbers:
    """Returns the documents that have every phrase with some letters misread."""
    candidates = np.flatnonzero(among)
    if len(candidates) > _MAX_FUZZY_VERIFIED:
        best = np.argpartition(-scores.scores[candidates], _MAX_FUZZY_VERIFIED)[:_MAX_FUZZY_VERIFIED]
        candidates = np.sort(candidates[best])
    for part in _phrase_parts(plan):
        if len(candidates):
            texts = list(context.reader.texts(candidates))
            similar = phrase_similarity(texts, part.phrase.data, context.tuning)
            candidates = candidates[similar > context.tuning.min_phrase_similarity]
    return candidates


def _not_excluded(context: SearchContext, plan: QueryPlan) -> Mask:
    """Returns the live documents that have nothing of what the query excludes."""
    rest = context.reader.live
    for excluded in plan.without:
        rest = rest.copy()
        rest[documents_with_phrase(context.reader, context.lexicon, excluded)] = False
    return rest


def _with_phrases(reader: CommitReader, phrases: tuple[Phrase, ...], among: Mask) -> Mask:
    """Returns the documents among these that have every phrase."""
    mask = np.zeros(reader.size, dtype=bool)
    documents = np.flatnonzero(among)
    mask[documents] = [
        all(contains_phrase(text, phrase.data) for phrase in phrases) for text in reader.texts(documents)
    ]
    return mask
