"""Ranking: BM25F scores, boosted for phrases and neighbouring words of the query that a text contains.

Only the texts of the best ``RERANK_DEPTH`` documents are read. Of equal scores the newest comes first.
``answer_coverage`` tells how much of the query the best of them answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from indexer.analysis.dictionary import SYNONYM_WEIGHT
from indexer.analysis.tokenizer import letters_of
from indexer.engines.whoosh.bm25f import DocumentScores
from indexer.engines.whoosh.phrase_matching import take_until
from indexer.engines.whoosh.posting_list import DocumentNumbers, Floats, Mask
from indexer.engines.whoosh.reader import CommitReader
from indexer.engines.whoosh.retrieval import UnfilteredMatches
from indexer.search.coverage import PiecesFinder, time_clauses
from indexer.search.document_text import (
    PlanCoverage,
    contains_uncut_phrase,
    phrase_match_with_misreadings,
    stand_before_numbers_alone,
)
from indexer.search.explanations import Standing
from indexer.search.query.parser import Query, Sort
from indexer.search.query.query_plan import Clause, PhraseBytes, QueryPart, QueryPlan
from indexer.search.searcher import BEST_HITS
from indexer.search.tuning import TUNING
from indexer.search.villages import (
    lacks_village,
    names_section_alone,
    names_village_in_addresses_alone,
    village_number,
)

RERANK_DEPTH = 150  # documents that are read for boosts
_ENOUGH_EXACT = 10  # documents with every phrase, from which on misread phrases are not looked for
_MAX_FUZZY_TEXTS = 100  # texts in which misread phrases are looked for
_MIN_SYNONYM_PHRASE = 4  # letters of a synonym that is looked for as a phrase
_COMPLETE = 3  # preference of a document that matches all of the plan: above any phrase of a partial match
_TIERS = np.array([0, *(each.tier for each in Standing)])  # by standing; the first standing is 1
_WHOLE = Standing.COMPLETE.tier  # lowest tier of whole answers
_UNREAD = np.array(
    [
        Standing.UNREAD,
        Standing.UNREAD_WITH_PHRASE,
        Standing.UNREAD,  # no document has this preference
        Standing.UNREAD_COMPLETE,
        Standing.UNREAD_COMPLETE_WITH_PHRASE,
    ]
)
"""Standing, by preference, of a document that is not read."""
_NUMBER_ZONE = frozenset({"number"})
_MAX_BYTES = 4_000_000  # bytes of text read for one query
_MOST_LOOKED_AT = 50  # documents in which the letters of document numbers are looked for by themselves
_ALL = 0.999  # share of the IDF mass that counts as all of it, as sums of 32-bit floats are rounded


@dataclass(frozen=True, slots=True)
class PhraseBoosts:
    """Boosts in shares of the best score: for phrases, for the whole query, for an own number."""

    phrases: Floats
    whole_query: Floats
    own_number: Floats

    def total(self) -> Floats:
        """Returns the sum of all reasons for each document."""
        total: Floats = self.phrases + self.whole_query + self.own_number
        return total

    def ordered(self, order: DocumentNumbers) -> PhraseBoosts:
        """Returns the boosts in another order of documents, none for those behind the last that was read."""
        padded = np.zeros((len(fields(self)), len(order)), dtype=np.float32)
        padded[:, : len(self.phrases)] = self.phrases, self.whole_query, self.own_number
        return PhraseBoosts(*padded[:, order])


Standings = npt.NDArray[np.int64]
"""The ``Standing`` of each of some documents."""


@dataclass(frozen=True, slots=True)
class TopDocuments:
    """The best of ``total`` documents; the first ``complete`` of them match all of the plan.

    ``scores``, ``standings`` and ``boosts`` are those of each document. The boosts are in units of
    ``best_score``, and None in an order other than relevance.
    """

    documents: DocumentNumbers
    scores: Floats
    standings: Standings
    total: int
    complete: int
    boosts: PhraseBoosts | None = None
    best_score: float = 0.0


def rank_documents(
    reader: CommitReader, query: Query, plan: QueryPlan, matched: UnfilteredMatches, allowed: Mask
) -> TopDocuments:
    """Returns the allowed documents in the query's order, those that match only some of the plan last."""
    documents = np.flatnonzero(matched.documents & allowed)
    scores = matched.scores.scores[documents]
    is_partial = np.zeros(len(documents), bool) if matched.complete is None else ~matched.complete[documents]
    complete = len(documents) - int(np.count_nonzero(is_partial))
    if query.sort is Sort.RELEVANCE and plan.clauses:
        preferences = np.where(is_partial, 0, _COMPLETE) + matched.preferred[documents]
        return rank_by_relevance(reader, query, plan, documents, scores, preferences)
    attributes = reader.commit.attributes[documents]
    ids, dates = attributes["id"], attributes["date"]
    if query.sort is Sort.OLDEST:
        order = np.lexsort((ids, dates, is_partial))
    elif query.sort is Sort.CLOSING:
        order = np.lexsort((ids, -dates, attributes["expires"], is_partial))
    elif query.sort is Sort.MOST_READ:
        order = np.lexsort((ids, -dates, -attributes["views"].astype(np.int64), is_partial))
    else:
        order = np.lexsort((-ids.astype(np.int64), -dates, is_partial))
    standings = np.where(is_partial, Standing.PARTIAL, Standing.COMPLETE)
    return TopDocuments(documents[order], scores[order], standings[order], len(documents), complete)


def rank_by_relevance(
    reader: CommitReader,
    query: Query,
    plan: QueryPlan,
    documents: DocumentNumbers,
    scores: Floats,
    preferences: npt.NDArray[np.int64],
) -> TopDocuments:
    """Returns at least the documents up to the query's page, those of a higher tier before all others.

    The order is the same whatever page is asked for. Of ``documents`` those of a higher preference are read
    for boosts before others: 1 for a phrase as typed, ``_COMPLETE`` for all of the plan.
    """
    total, complete = len(documents), int(np.count_nonzero(preferences >= _COMPLETE))
    order = _best_by_words(reader, query, documents, scores, preferences)
    documents, scores, preferences = documents[order], scores[order], preferences[order]
    head = documents[:RERANK_DEPTH]
    best = float(scores[:RERANK_DEPTH].max(initial=0))
    boosts = phrase_boosts(reader, plan, head)
    is_complete = preferences[:RERANK_DEPTH] >= _COMPLETE
    standings = _standings_of_head(reader, query, plan, head, is_complete, boosts)
    complete += int(np.count_nonzero(_is_whole(standings))) - int(np.count_nonzero(is_complete))
    boosted = scores[:RERANK_DEPTH] + boosts.total() * np.float32(best)
    again = _best_first(reader, head, boosted, _TIERS[standings])
    order = np.concatenate([again, np.arange(len(head), len(documents))])
    standings = np.concatenate([standings, _UNREAD[preferences[RERANK_DEPTH:]]])
    order = order[np.argsort(-_TIERS[standings[order]], kind="stable")]
    scores = np.concatenate([boosted, scores[RERANK_DEPTH:]])
    return TopDocuments(
        documents[order], scores[order], standings[order], total, complete, boosts.ordered(order), best
    )


def _best_by_words(
    reader: CommitReader,
    query: Query,
    documents: DocumentNumbers,
    scores: Floats,
    preferences: npt.NDArray[np.int64],
) -> DocumentNumbers:
    """Returns the places of the best documents by preference and BM25F, best first.

    They are all documents, or enough: so many of the head may be moved behind the last that the page shows.
    """
    chosen = scores + preferences * scores.max(initial=0)
    places = np.arange(len(documents))
    most = max(query.page * query.per_page, RERANK_DEPTH) + RERANK_DEPTH
    if len(documents) > 2 * most:
        places = np.flatnonzero(chosen >= np.partition(chosen, len(chosen) - most)[len(chosen) - most])
    best: DocumentNumbers = places[_best_first(reader, documents[places], chosen[places])]
    return best


def _best_first(
    reader: CommitReader,
    documents: DocumentNumbers,
    scores: Floats,
    tier: npt.NDArray[np.int64] | None = None,
) -> DocumentNumbers:
    """Returns the order by score; equal scores newest first, then by id, so that pages never overlap.

    Documents of a higher ``tier`` stand before all of a lower one.
    """
    attributes = reader.commit.attributes
    tiers = np.zeros(len(documents), np.int64) if tier is None else tier
    order: DocumentNumbers = np.lexsort(
        (attributes["id"][documents], -attributes["date"][documents], -scores, -tiers)
    )
    return order


def phrase_boosts(reader: CommitReader, plan: QueryPlan, documents: DocumentNumbers) -> PhraseBoosts:
    """Returns the boosts of documents for the plan's phrases and its whole text."""
    texts = list(take_until(reader.commit.texts(documents), _MAX_BYTES))
    parts = [part for part in plan.parts if part.phrase.words > 1]
    phrases = [part.phrase for part in parts]
    exact = [_with_phrase(texts, phrase.data) for phrase in phrases]
    synonyms = [_with_synonym_phrase(texts, part) for part in parts]
    value, whole = (np.zeros(len(documents), dtype=np.float32) for _ in range(2))
    if phrases:
        value[: len(texts)] = _phrase_values(phrases, exact, synonyms)
    whole[: len(texts)] = _whole_query_values(plan, texts, phrases, exact)
    is_sentence_as_typed = plan.is_sentence and bool(whole.any())
    exact_count = int(np.count_nonzero(np.all(exact, axis=0))) if exact else _ENOUGH_EXACT
    if exact_count < _ENOUGH_EXACT and not is_sentence_as_typed:
        fuzzy = _fuzzy_values(reader, phrases, exact, texts)
        value[: len(fuzzy)] = np.maximum(value[: len(fuzzy)], fuzzy - whole[: len(fuzzy)])
    return PhraseBoosts(value, whole, _own_number_values(reader, plan, documents))


def _own_number_values(reader: CommitReader, plan: QueryPlan, documents: DocumentNumbers) -> Floats:
    """Returns the boosts of the documents that bear a number of the query, not only name it."""
    own = np.zeros(len(documents), dtype=np.float32)
    for number in plan.document_numbers:
        own[reader.zone_mask(number, _NUMBER_ZONE)[documents]] = TUNING.own_number_boost
    return own


def _standings_of_head(
    reader: CommitReader,
    query: Query,
    plan: QueryPlan,
    documents: DocumentNumbers,
    is_complete: Mask,
    boosts: PhraseBoosts,
) -> Standings:
    """Returns the standing of each document that is read.

    One that matches all of the plan by its words may be no whole answer; one that has the whole plan, of one
    part, with misread letters is as good.
    """
    standings = np.where(is_complete, Standing.COMPLETE, Standing.PARTIAL)
    in_pieces = _have_pieces_alone(reader, query, plan, documents, is_complete & (boosts.phrases == 0))
    standings[in_pieces] = Standing.IN_PIECES
    if village_number(plan) is not None:
        among = standings == Standing.COMPLETE
        standings[_texts_where(reader, documents, among, lambda text: lacks_village(plan, text))] = (
            Standing.OTHER_VILLAGE
        )
    for is_other, standing in (
        (names_village_in_addresses_alone, Standing.LETTERHEAD),
        (names_section_alone, Standing.OTHER_NUMBER),
    ):
        among = standings == Standing.COMPLETE
        standings[_have_other_places(reader, plan, documents, among, is_other)] = standing
    if len(plan.parts) == 1:
        is_misread = boosts.phrases >= TUNING.min_phrase_similarity * TUNING.phrase_boost
        standings[is_misread & (standings == Standing.PARTIAL)] = Standing.MISREAD
    bears_number = _bear_number_of_all_years(reader, plan, documents)
    standings[bears_number & _is_whole(standings)] = Standing.BEARS_NUMBER
    return standings


def _is_whole(standings: Standings) -> Mask:
    """Returns which documents match all of the plan, as whole answers."""
    whole: Mask = _TIERS[standings] >= _WHOLE
    return whole


def _bear_number_of_all_years(reader: CommitReader, plan: QueryPlan, documents: DocumentNumbers) -> Mask:
    """Returns the documents whose own number is one that the plan has without a year."""
    found = np.zeros(len(documents), dtype=bool)
    for number in filter(reader.document_frequency, plan.numbers_of_all_years):
        found |= reader.zone_mask(number, _NUMBER_ZONE)[documents]
    return found


def _have_pieces_alone(
    reader: CommitReader, query: Query, plan: QueryPlan, documents: DocumentNumbers, among: Mask
) -> Mask:
    """Returns which documents ``among`` these have a longer word of the query only in pieces.

    None for a sentence, of which nobody expects all words.
    """
    if plan.is_sentence or not (finder := PiecesFinder(plan)).may_find_any:
        return np.zeros(len(documents), dtype=bool)
    times = time_clauses(query.times, reader.lexicon)
    return _texts_where(reader, documents, among, lambda text: bool(finder.clauses_not_whole(text) - times))


def _have_other_places(
    reader: CommitReader,
    plan: QueryPlan,
    documents: DocumentNumbers,
    among: Mask,
    is_other: Callable[[bytes, bytes], bool],
) -> Mask:
    """Returns the documents ``among`` these in which the village's number is the number of something else.

    ``is_other`` decides by number and text. No document is returned where that would be all of them.
    """
    number = village_number(plan)
    if number is None:
        return np.zeros(len(documents), dtype=bool)
    found = _texts_where(reader, documents, among, lambda text: is_other(number, text))
    return found if (among & ~found).any() else np.zeros_like(found)


def _texts_where(
    reader: CommitReader, documents: DocumentNumbers, among: Mask, is_sought: Callable[[bytes], bool]
) -> Mask:
    """Returns the documents ``among`` these whose text is sought; reads about ``_MAX_BYTES`` at most."""
    found = np.zeros(len(documents), dtype=bool)
    places = np.flatnonzero(among)
    texts = take_until(reader.commit.texts(documents[places]), _MAX_BYTES)
    for place, text in zip(places.tolist(), texts, strict=False):
        found[place] = is_sought(text)
    return found


def _phrase_values(phrases: list[PhraseBytes], exact: list[Mask], synonyms: list[Mask]) -> Floats:
    """Returns for each text the share of the phrases that it has, by their number of words.

    A phrase with a synonym in it counts as much as a synonym does.
    """
    value = np.zeros(len(exact[0]) if exact else 0, dtype=np.float32)
    words = sum(phrase.words for phrase in phrases)
    for phrase, found, similar in zip(phrases, exact, synonyms, strict=True):
        share = np.maximum(found.astype(np.float32), similar * np.float32(SYNONYM_WEIGHT))
        value += np.float32(TUNING.phrase_boost * phrase.words / words) * share
    return value


def _with_synonym_phrase(texts: list[bytes], part: QueryPart) -> Mask:
    """Returns which of the texts have the part with one of its clauses in other words."""
    found = np.zeros(len(texts), dtype=bool)
    typed = [clause.typed for clause in part.clauses]
    for place, clause in enumerate(part.clauses):
        for alternative in clause.alternatives[1:]:
            if sum(map(len, alternative.terms)) >= _MIN_SYNONYM_PHRASE:
                words = [*typed[:place], "".join(alternative.terms), *typed[place + 1 :]]
                found |= _with_phrase(texts, letters_of("".join(words)))
    return found


def _whole_query_values(
    plan: QueryPlan, texts: list[bytes], phrases: list[PhraseBytes], exact: list[Mask]
) -> Floats:
    """Returns the boosts of the texts with the whole query."""
    whole = np.zeros(len(texts), dtype=np.float32)
    if not (phrases or len(plan.phrases) > 1):
        return whole
    parts = [
        found
        for phrase, found in zip(phrases, exact, strict=True)
        if contains_uncut_phrase(plan.whole, phrase.data)
    ]
    candidates = np.flatnonzero(np.all(parts, axis=0)) if parts else np.arange(len(texts))
    for place in candidates.tolist():
        whole[place] = TUNING.whole_query_boost * contains_uncut_phrase(texts[place], plan.whole)
    return whole


def _fuzzy_values(
    reader: CommitReader, phrases: list[PhraseBytes], exact: list[Mask], texts: list[bytes]
) -> Floats:
    """Returns for the first texts the boosts of phrases with misread letters."""
    texts = texts[:_MAX_FUZZY_TEXTS]
    value = np.zeros(len(texts), dtype=np.float32)
    words = sum(phrase.words for phrase in phrases)
    for phrase, found in zip(phrases, exact, strict=True):
        similarity = phrase_match_with_misreadings(
            texts, phrase.data, reader.lexicon, exact=found[: len(texts)]
        )
        value += similarity * np.float32(TUNING.phrase_boost * phrase.words / words)
    return value


def _with_phrase(texts: list[bytes], data: bytes) -> Mask:
    """Returns which of the texts contain the phrase."""
    return np.array([contains_uncut_phrase(text, data) for text in texts], dtype=bool)


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
