"""A query on one commit of the index → a page of hits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from indexer import ranking
from indexer.dictionary import Lexicon
from indexer.filters import facets, masks, through
from indexer.index import Hit, ResultPage
from indexer.matching import Matches
from indexer.meant import meant
from indexer.pages import best_pages
from indexer.phrases import holders, holds
from indexer.plan import Phrase, Plan, plan
from indexer.query import Query, Sort
from indexer.snapshot import Documents, Floats, Mask, Snapshot
from indexer.tokens import fold

_ENOUGH = 10  # answers with all words, from which on no others are shown
_NEAR = 0.45  # share of the words, by weight, that any other answer must have
_NEAR_BEST = 0.75  # share of what the best answer has, that any other must have
_ROUNDING = 0.9999  # of sums of 32-bit floats


@dataclass(frozen=True, slots=True)
class Answer:
    """The documents that answer, before filters; and what was given up to have any."""

    wanted: Mask
    loosened: tuple[str, ...] = ()


def search(snapshot: Snapshot, lexicon: Lexicon, query: Query) -> ResultPage:
    """Anything that ``parse`` gives has an answer."""
    wanted, words = meant(snapshot, lexicon, plan(query, lexicon))
    narrowing = masks(snapshot, query.filters)
    allowed = through(snapshot, narrowing)
    matches = Matches(snapshot, wanted.units)
    first = _credited(snapshot, lexicon, wanted, matches)
    answer = _answer(snapshot, wanted, matches, allowed)
    documents = np.flatnonzero(answer.wanted & allowed)
    ordered, scores = _ordered(snapshot, wanted, query, documents, matches.scores[documents], first)
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
        total=len(documents),
        hits=hits,
        facets=facets(snapshot, answer.wanted, narrowing),
        did_you_mean=_corrected(query.typed, words),
        query=replace(query, loosened=answer.loosened, marks=(*query.marks, *(word for _, word in words))),
    )


def _corrected(typed: str, words: tuple[tuple[str, str], ...]) -> str | None:
    """The query with its misspelt pieces replaced; None when there are none."""
    corrected = fold(typed)
    for piece, word in words:
        corrected = corrected.replace(piece, word)
    return corrected if words else None


def _credited(snapshot: Snapshot, lexicon: Lexicon, wanted: Plan, matches: Matches) -> Mask:
    """The documents that have a piece of several words as it was typed; they have all of its words."""
    first = np.zeros(snapshot.size, dtype=bool)
    for part in wanted.parts:
        if part.phrase.words > 1:
            documents = holders(snapshot, lexicon, part, matches.scores)
            matches.credit(documents, part.units)
            first[documents] = True
    return first


def _answer(snapshot: Snapshot, wanted: Plan, matches: Matches, allowed: Mask) -> Answer:
    """Documents with all words; where these are few, also those with most of the words."""
    rest = ~_with(snapshot, wanted.without) if wanted.without else snapshot.live
    if not wanted.units:
        return Answer(rest)
    total = sum(matches.idfs)
    complete = (matches.covered >= total * _ROUNDING) & rest
    exact = tuple(phrase for phrase in wanted.phrases if phrase.exact)
    if exact:
        quoted = complete & _with(snapshot, exact, complete & allowed)
        if (quoted & allowed).any():
            return Answer(quoted)
    found = int((complete & allowed).sum())
    if found >= _ENOUGH:
        return Answer(complete, ("ไม่พบข้อความในเครื่องหมายคำพูดตรงตามที่พิมพ์",) if exact else ())
    matches.misread()
    return _near(matches, complete, allowed & rest, found)


def _near(matches: Matches, complete: Mask, allowed: Mask, found: int) -> Answer:
    covered = np.where(allowed, matches.covered, 0)
    best = float(covered.max()) if len(covered) else 0.0
    if best <= 0:
        return Answer(complete)
    share = min(_NEAR * sum(matches.idfs), _NEAR_BEST * best)
    near = (matches.covered >= share) & allowed
    if found == int(near.sum()):
        return Answer(complete)
    missing = "" if found else "ไม่มีประกาศที่มีครบทุกคำ "
    return Answer(near | complete, (f"{missing}แสดงประกาศที่มีเพียงบางคำด้วย",))


def _with(snapshot: Snapshot, phrases: tuple[Phrase, ...], among: Mask | None = None) -> Mask:
    """Documents that have every one of the phrases (any, when no ``among`` is given)."""
    mask = np.zeros(snapshot.size, dtype=bool)
    for document in np.flatnonzero(snapshot.live if among is None else among).tolist():
        text = snapshot.text(document)
        there = (holds(text, phrase.data) for phrase in phrases)
        mask[document] = all(there) if among is not None else any(there)
    return mask


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
