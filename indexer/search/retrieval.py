"""Which documents answer a plan; and, where nothing has all that was asked for, what was given up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from indexer.analysis.dictionary import Lexicon
from indexer.search.bm25f import Bm25fScorer, documents_with_all
from indexer.search.filters import date_range_mask
from indexer.search.index_reader import IndexReader, MinimumMatch
from indexer.search.phrase_matching import (
    MAX_VERIFIED,
    contains_phrase,
    documents_with_phrase,
    phrase_similarity,
)
from indexer.search.posting_list import DocumentNumbers, Mask
from indexer.search.query import query_notes as remarks
from indexer.search.query.parser import DateRange
from indexer.search.query.query_notes import QueryNote
from indexer.search.query.query_plan import (
    MIN_SENTENCE_CLAUSES,
    Phrase,
    QueryPlan,
    build_query_part,
    date_name_clauses,
)

_ENOUGH = 10  # answers with all words, from which on no others are shown
_NEAR = 0.45  # share of the words, by weight, that any other answer must have
_NEAR_BEST = 0.5  # share of what the best answer has, that any other must have
_NEAR_BEST_QUOTED = 0.75  # the same for who asked for the very words
_NEAR_SENTENCE = 0.25  # share of them that an answer must have
_FEWEST_READ = 100  # documents that are read for one of many pieces
_LIKELIEST = 20  # documents that are read for the query as it was typed
_ANY = 1e-9  # of the words, by weight: less than any of them has
_MOST_BLURRED = 200  # documents that are read for a piece with letters misread
_ALIKE = 0.4  # how like it must be
_OF_TIME = 0.85  # share of what the best answer has, that one of the time must have for no other to be shown


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The documents that answer, before filters; those of them that have a piece of several words as it was
    typed; what was given up to have any; and what is enough then."""

    wanted: Mask
    first: Mask
    loosened: tuple[QueryNote, ...] = ()
    enough: MinimumMatch | None = None


def retrieve(
    reader: IndexReader,
    lexicon: Lexicon,
    plan: QueryPlan,
    times: tuple[DateRange, ...],
    scorer: Bm25fScorer,
) -> Retrieved:
    """Whatever filters say. Credits ``scorer`` with what is there in other words."""
    timely = _timely(reader, lexicon, times, scorer)
    first = _credited(reader, lexicon, plan, scorer)
    rest = _without(reader, lexicon, plan)
    found = _found(reader, plan, scorer, first, rest)
    if timely is None:
        return found
    best, of_it = (scorer.covered[among].max(initial=0) for among in (found.wanted, found.wanted & timely))
    if of_it > 0 and of_it >= _OF_TIME * best:
        enough = found.enough and found.enough._replace(then=True)
        return replace(found, wanted=found.wanted & timely, enough=enough)
    return replace(found, loosened=(*found.loosened, remarks.NOT_THEN))


def relax(
    reader: IndexReader,
    lexicon: Lexicon,
    plan: QueryPlan,
    times: tuple[DateRange, ...],
    scorer: Bm25fScorer,
    allowed: Mask,
) -> Retrieved:
    """Where none of the documents that answer is ``allowed``: those with most of the words, or with any."""
    rest = _without(reader, lexicon, plan)
    covered = np.where(rest, scorer.covered, 0)
    least = _NEAR * sum(scorer.idfs)
    if not ((covered >= least) & allowed).any():
        least = _ANY
    wanted = covered >= least
    given_up = [remarks.NOT_ALL]
    if any(phrase.exact for phrase in plan.phrases):
        given_up.insert(0, remarks.NOT_QUOTED)
    if times:
        given_up.append(remarks.NOT_THEN)
    none = np.zeros_like(rest)
    if not scorer.idfs or not (wanted & allowed).any():
        return Retrieved(none, none)
    return Retrieved(wanted, none, tuple(given_up), scorer.enough(least))


def is_found_as_typed(reader: IndexReader, plan: QueryPlan, scorer: Bm25fScorer) -> bool:
    """Whether one of the likeliest documents has the query just as it was typed: then nothing is misspelt."""
    likely = np.flatnonzero(scorer.complete() & reader.live) if scorer.idfs else np.empty(0, np.int64)
    if len(likely) > _LIKELIEST:
        likely = likely[np.argpartition(-scorer.scores[likely], _LIKELIEST)[:_LIKELIEST]]
    return any(contains_phrase(text, plan.whole) for text in reader.texts(likely))


def _timely(
    reader: IndexReader, lexicon: Lexicon, times: tuple[DateRange, ...], scorer: Bm25fScorer
) -> Mask | None:
    """Documents of one of the times, or that name it: those of the time are taken to have its words."""
    if not times:
        return None
    timely = np.zeros(reader.size, dtype=bool)
    others = set(scorer.clauses)
    for time in times:
        clauses = build_query_part(time.text, lexicon).clauses
        others -= set(clauses)
        of_it = np.flatnonzero(date_range_mask(reader, time.first, time.last) & reader.live)
        scorer.mark_covered(of_it, clauses)
        timely[documents_with_all(reader, date_name_clauses(time.text, lexicon))] = True
        timely[of_it] = True
    return timely & scorer.documents_with(others) if others else timely


def _credited(reader: IndexReader, lexicon: Lexicon, plan: QueryPlan, scorer: Bm25fScorer) -> Mask:
    """The documents that have a piece of several words as it was typed; they have all of its words."""
    first = np.zeros(reader.size, dtype=bool)
    pieces = [typed for typed in plan.parts if typed.phrase.words > 1]
    most = max(MAX_VERIFIED // max(len(pieces), 1), _FEWEST_READ)
    for typed in pieces:
        documents = documents_with_phrase(reader, lexicon, typed, scorer.scores, most=most)
        scorer.mark_covered(documents, typed.clauses)
        first[documents] = True
    return first


def _found(reader: IndexReader, plan: QueryPlan, scorer: Bm25fScorer, first: Mask, rest: Mask) -> Retrieved:
    """Documents with all words; where these are few, also those with most of the words. All of ``rest``."""
    if not scorer.idfs:
        return Retrieved(rest, first)
    complete = scorer.complete() & rest
    exact = tuple(phrase for phrase in plan.phrases if phrase.exact)
    if exact:
        quoted = _with(reader, exact, complete)
        if quoted.any():
            return Retrieved(quoted, first)
    found = int(complete.sum())
    loosened = (remarks.NOT_QUOTED,) if exact else ()
    sentence = len(scorer.idfs) >= MIN_SENTENCE_CLAUSES
    if found < _ENOUGH or sentence:
        found += reader.unfetched_totals(complete, None).unfiltered
    if found < _ENOUGH or sentence:
        if not (sentence and found and first.any()):  # else it is there as it was typed
            complete |= scorer.misread() & rest
        enough = _enough(reader, scorer, rest, quoted=bool(exact))
        near = _near(scorer, enough, rest) | complete
        if found < int(near.sum()) + reader.unfetched_totals(near, enough).unfiltered:
            said = remarks.ALSO_SOME if found else remarks.NOT_ALL
            return Retrieved(near, first, (*loosened, said), enough)
    elif any(typed.phrase.words > 1 for typed in plan.parts) and int(first.sum()) < _ENOUGH:
        complete |= scorer.misread() & rest
        enough = _enough(reader, scorer, rest, quoted=bool(exact))
        blurred = _blurred(reader, plan, scorer, _near(scorer, enough, rest) & ~complete)
        first[blurred] = complete[blurred] = True
    return Retrieved(complete, first, loosened)


def _enough(reader: IndexReader, scorer: Bm25fScorer, allowed: Mask, *, quoted: bool) -> MinimumMatch:
    """Most of the words, or nearly as many as the best document has."""
    sentence = len(scorer.idfs) >= MIN_SENTENCE_CLAUSES
    most = (_NEAR_SENTENCE if sentence else _NEAR) * sum(scorer.idfs)
    best = float(np.where(allowed, scorer.covered, 0).max(initial=0))
    near_best = _NEAR_BEST_QUOTED if quoted else _NEAR_BEST
    if near_best * best < most:
        best = max(best, reader.max_unfetched_score(scorer.enough(best)))
    return scorer.enough(max(min(most, near_best * best), _ANY))


def _near(scorer: Bm25fScorer, enough: MinimumMatch, allowed: Mask) -> Mask:
    """Documents that have enough; as many as the page that is asked for needs."""
    scorer.prefetch_matches(enough)
    near: Mask = allowed & (scorer.covered >= enough.least)
    return near


def _blurred(reader: IndexReader, plan: QueryPlan, scorer: Bm25fScorer, among: Mask) -> DocumentNumbers:
    """Documents that have a piece of several words with some letters misread."""
    candidates = np.flatnonzero(among)
    if len(candidates) > _MOST_BLURRED:
        best = np.argpartition(-scorer.scores[candidates], _MOST_BLURRED)[:_MOST_BLURRED]
        candidates = np.sort(candidates[best])
    pieces = [typed.phrase.data for typed in plan.parts if typed.phrase.words > 1]
    for data in pieces:
        if len(candidates):
            candidates = candidates[phrase_similarity(list(reader.texts(candidates)), data) > _ALIKE]
    return candidates


def _without(reader: IndexReader, lexicon: Lexicon, plan: QueryPlan) -> Mask:
    """The live documents that have nothing of what is not wanted."""
    rest = reader.live
    for unwanted in plan.without:
        rest = rest.copy()
        rest[documents_with_phrase(reader, lexicon, unwanted)] = False
    return rest


def _with(reader: IndexReader, phrases: tuple[Phrase, ...], among: Mask) -> Mask:
    """The documents among these that have every one of the phrases."""
    mask = np.zeros(reader.size, dtype=bool)
    documents = np.flatnonzero(among)
    mask[documents] = [
        all(contains_phrase(text, phrase.data) for phrase in phrases) for text in reader.texts(documents)
    ]
    return mask
