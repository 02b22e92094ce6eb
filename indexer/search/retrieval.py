"""Which documents answer a plan; and, where nothing has all that was asked for, what was given up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from indexer.analysis.dictionary import Lexicon
from indexer.search.bm25f import Matches, all_of
from indexer.search.filters import between
from indexer.search.index_reader import Enough, Snapshot
from indexer.search.phrase_matching import MOST_READ, holders, holds, likeness
from indexer.search.posting_list import Documents, Mask
from indexer.search.query import query_notes as remarks
from indexer.search.query.parser import Time
from indexer.search.query.query_notes import Remark
from indexer.search.query.query_plan import SENTENCE, Phrase, Plan, naming, part

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
class Answer:
    """The documents that answer, before filters; those of them that have a piece of several words as it was
    typed; what was given up to have any; and what is enough then."""

    wanted: Mask
    first: Mask
    loosened: tuple[Remark, ...] = ()
    enough: Enough | None = None


def answer(
    snapshot: Snapshot, lexicon: Lexicon, plan: Plan, times: tuple[Time, ...], matches: Matches
) -> Answer:
    """Whatever filters say. Credits ``matches`` with what is there in other words."""
    timely = _timely(snapshot, lexicon, times, matches)
    first = _credited(snapshot, lexicon, plan, matches)
    rest = _without(snapshot, lexicon, plan)
    found = _found(snapshot, plan, matches, first, rest)
    if timely is None:
        return found
    best, of_it = (matches.covered[among].max(initial=0) for among in (found.wanted, found.wanted & timely))
    if of_it > 0 and of_it >= _OF_TIME * best:
        enough = found.enough and found.enough._replace(then=True)
        return replace(found, wanted=found.wanted & timely, enough=enough)
    return replace(found, loosened=(*found.loosened, remarks.NOT_THEN))


def nearest(
    snapshot: Snapshot, lexicon: Lexicon, plan: Plan, times: tuple[Time, ...], matches: Matches, allowed: Mask
) -> Answer:
    """Where none of the documents that answer is ``allowed``: those with most of the words, or with any."""
    rest = _without(snapshot, lexicon, plan)
    covered = np.where(rest, matches.covered, 0)
    least = _NEAR * sum(matches.idfs)
    if not ((covered >= least) & allowed).any():
        least = _ANY
    wanted = covered >= least
    given_up = [remarks.NOT_ALL]
    if any(phrase.exact for phrase in plan.phrases):
        given_up.insert(0, remarks.NOT_QUOTED)
    if times:
        given_up.append(remarks.NOT_THEN)
    none = np.zeros_like(rest)
    if not matches.idfs or not (wanted & allowed).any():
        return Answer(none, none)
    return Answer(wanted, none, tuple(given_up), matches.enough(least))


def as_typed(snapshot: Snapshot, plan: Plan, matches: Matches) -> bool:
    """Whether one of the likeliest documents has the query just as it was typed: then nothing is misspelt."""
    likely = np.flatnonzero(matches.complete() & snapshot.live) if matches.idfs else np.empty(0, np.int64)
    if len(likely) > _LIKELIEST:
        likely = likely[np.argpartition(-matches.scores[likely], _LIKELIEST)[:_LIKELIEST]]
    return any(holds(text, plan.whole) for text in snapshot.texts(likely))


def _timely(snapshot: Snapshot, lexicon: Lexicon, times: tuple[Time, ...], matches: Matches) -> Mask | None:
    """Documents of one of the times, or that name it: those of the time are taken to have its words."""
    if not times:
        return None
    timely = np.zeros(snapshot.size, dtype=bool)
    others = set(matches.units)
    for time in times:
        units = part(time.text, lexicon).units
        others -= set(units)
        of_it = np.flatnonzero(between(snapshot, time.first, time.last) & snapshot.live)
        matches.credit(of_it, units)
        timely[all_of(snapshot, naming(time.text, lexicon))] = True
        timely[of_it] = True
    return timely & matches.having(others) if others else timely


def _credited(snapshot: Snapshot, lexicon: Lexicon, plan: Plan, matches: Matches) -> Mask:
    """The documents that have a piece of several words as it was typed; they have all of its words."""
    first = np.zeros(snapshot.size, dtype=bool)
    pieces = [typed for typed in plan.parts if typed.phrase.words > 1]
    most = max(MOST_READ // max(len(pieces), 1), _FEWEST_READ)
    for typed in pieces:
        documents = holders(snapshot, lexicon, typed, matches.scores, most=most)
        matches.credit(documents, typed.units)
        first[documents] = True
    return first


def _found(snapshot: Snapshot, plan: Plan, matches: Matches, first: Mask, rest: Mask) -> Answer:
    """Documents with all words; where these are few, also those with most of the words. All of ``rest``."""
    if not matches.idfs:
        return Answer(rest, first)
    complete = matches.complete() & rest
    exact = tuple(phrase for phrase in plan.phrases if phrase.exact)
    if exact:
        quoted = _with(snapshot, exact, complete)
        if quoted.any():
            return Answer(quoted, first)
    found = int(complete.sum())
    loosened = (remarks.NOT_QUOTED,) if exact else ()
    sentence = len(matches.idfs) >= SENTENCE
    if found < _ENOUGH or sentence:
        found += snapshot.beyond(complete, None).unfiltered
    if found < _ENOUGH or sentence:
        if not (sentence and found and first.any()):  # else it is there as it was typed
            complete |= matches.misread() & rest
        enough = _enough(snapshot, matches, rest, quoted=bool(exact))
        near = _near(matches, enough, rest) | complete
        if found < int(near.sum()) + snapshot.beyond(near, enough).unfiltered:
            said = remarks.ALSO_SOME if found else remarks.NOT_ALL
            return Answer(near, first, (*loosened, said), enough)
    elif any(typed.phrase.words > 1 for typed in plan.parts) and int(first.sum()) < _ENOUGH:
        complete |= matches.misread() & rest
        enough = _enough(snapshot, matches, rest, quoted=bool(exact))
        blurred = _blurred(snapshot, plan, matches, _near(matches, enough, rest) & ~complete)
        first[blurred] = complete[blurred] = True
    return Answer(complete, first, loosened)


def _enough(snapshot: Snapshot, matches: Matches, allowed: Mask, *, quoted: bool) -> Enough:
    """Most of the words, or nearly as many as the best document has."""
    sentence = len(matches.idfs) >= SENTENCE
    most = (_NEAR_SENTENCE if sentence else _NEAR) * sum(matches.idfs)
    best = float(np.where(allowed, matches.covered, 0).max(initial=0))
    near_best = _NEAR_BEST_QUOTED if quoted else _NEAR_BEST
    if near_best * best < most:
        best = max(best, snapshot.most_beyond(matches.enough(best)))
    return matches.enough(max(min(most, near_best * best), _ANY))


def _near(matches: Matches, enough: Enough, allowed: Mask) -> Mask:
    """Documents that have enough; as many as the page that is asked for needs."""
    matches.seek_more(enough)
    near: Mask = allowed & (matches.covered >= enough.least)
    return near


def _blurred(snapshot: Snapshot, plan: Plan, matches: Matches, among: Mask) -> Documents:
    """Documents that have a piece of several words with some letters misread."""
    candidates = np.flatnonzero(among)
    if len(candidates) > _MOST_BLURRED:
        best = np.argpartition(-matches.scores[candidates], _MOST_BLURRED)[:_MOST_BLURRED]
        candidates = np.sort(candidates[best])
    pieces = [typed.phrase.data for typed in plan.parts if typed.phrase.words > 1]
    for data in pieces:
        if len(candidates):
            candidates = candidates[likeness(list(snapshot.texts(candidates)), data) > _ALIKE]
    return candidates


def _without(snapshot: Snapshot, lexicon: Lexicon, plan: Plan) -> Mask:
    """The live documents that have nothing of what is not wanted."""
    rest = snapshot.live
    for unwanted in plan.without:
        rest = rest.copy()
        rest[holders(snapshot, lexicon, unwanted)] = False
    return rest


def _with(snapshot: Snapshot, phrases: tuple[Phrase, ...], among: Mask) -> Mask:
    """The documents among these that have every one of the phrases."""
    mask = np.zeros(snapshot.size, dtype=bool)
    documents = np.flatnonzero(among)
    mask[documents] = [
        all(holds(text, phrase.data) for phrase in phrases) for text in snapshot.texts(documents)
    ]
    return mask
