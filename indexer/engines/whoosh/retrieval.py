"""Retrieval: the documents that match a query plan, and what was relaxed to find any."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from indexer.engines.whoosh.bm25f import (
    DocumentScores,
    documents_with_all,
    with_clauses_covered,
    with_misread_matches,
)
from indexer.engines.whoosh.phrase_matching import MAX_VERIFIED, documents_with_phrase
from indexer.engines.whoosh.posting_list import DocumentNumbers, Floats, Mask
from indexer.engines.whoosh.reader import CommitReader, date_range_mask
from indexer.search.coverage import (
    is_distinguishing,
    is_one_word,
    is_stop_word_or_document_kind,
    time_clauses,
)
from indexer.search.document_text import contains_uncut_phrase, phrase_match_with_misreadings
from indexer.search.query import query_notes
from indexer.search.query.date_ranges import DateRange
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import (
    Clause,
    QueryPart,
    QueryPlan,
    build_query_part,
    date_name_clauses,
    has_document_number,
)
from indexer.search.tuning import TUNING
from indexer.search.villages import (
    lacks_village,
    names_village_in_addresses_alone,
    village_number,
    village_words,
)

_MIN_VERIFIED = 100  # documents read for each of many phrases
_TOP_DOCUMENTS = 20  # documents read to see whether the query stands there as typed
_NAMING = frozenset({"title", "labels", "number"})  # zones that tell of which year a document is
_TOPIC = frozenset({"title", "labels"})  # zones that tell what a document is about
_NEXT_TO_NOTHING = 1e-9  # IDF mass that is less than that of any clause
_LEAST_TELLING = 0.1  # IDF mass; less than that of any telling word with misread letters
_MAX_FUZZY_VERIFIED = 200  # documents read for a phrase with misread letters


@dataclass(frozen=True, slots=True)
class UnfilteredMatches:
    """The documents that match a plan before filters, which of them stand first, and what was relaxed.

    ``preferred`` have a phrase as it was typed and rank first. ``complete`` match all of the plan and stand
    before the others; None where this makes no difference. ``notes`` say what was relaxed. Where
    ``is_of_time`` is True, all are of the time that was typed; ``only_naming_time`` are then those that only
    mention that time. ``has_title_match_at_other_times_only``: only documents of other times have the words
    in title or labels.
    """

    documents: Mask
    preferred: Mask
    scores: DocumentScores
    notes: tuple[BilingualNote, ...] = ()
    complete: Mask | None = None
    is_of_time: bool = False
    only_naming_time: Mask | None = None
    has_title_match_at_other_times_only: bool = False


class DateMatches(NamedTuple):
    """Documents of the times asked for, those that name one, and those of any time on the topic.

    ``dated``: the documents of the times. ``naming``: all that name one of the times in their text.
    ``with_other_words_in_title``: all (of any time) that have the other words, one of them in title or label.
    """

    dated: Mask
    naming: Mask
    with_other_words_in_title: Mask


def match_documents(
    reader: CommitReader, plan: QueryPlan, times: tuple[DateRange, ...], scores: DocumentScores
) -> UnfilteredMatches:
    """Returns what matches before filters; a time or words that no document has are given up, with a note."""
    scores, then = _match_times(reader, plan, times, scores)
    scores, preferred = _match_phrases(reader, plan, scores)
    rest = _not_excluded(reader, plan)
    if not times:  # beside a time they show that the village is named, if not then
        rest = rest & ~_naming_village_in_vain(reader, plan, scores, rest)
    matched = _match_clauses(reader, plan, scores, preferred, rest)
    if then is None:
        return matched
    narrowed = _narrow_to_time(matched, then)
    if narrowed.is_of_time and not plan.is_prose:
        narrowed = replace(narrowed, scores=_without_mentions_of_time(reader, times, narrowed.scores))
    return _without_villages_in_vain(reader, plan, times, narrowed)


def _without_mentions_of_time(
    reader: CommitReader, times: tuple[DateRange, ...], scores: DocumentScores
) -> DocumentScores:
    """Returns the scores of documents of the times without what they have for naming these in their text.

    All of them are of that time; how often a text repeats it tells nothing of the other words. A year in
    title, label or number does, and so does a day, which a letter bears. A bare number may also be the end of
    what is sought: งบประมาณ 2567.
    """
    named: dict[Clause, Floats] = {}  # a year that two times have counts once
    for time in times:
        if time.is_one_day or time.text.strip().isdigit():
            continue
        for clause in build_query_part(time.text, reader.lexicon).clauses:
            if clause in scores.postings:
                weights = np.zeros_like(scores.scores)
                scores.postings[clause].add_weights_to(weights)
                if time.year is not None:
                    weights[reader.zone_mask(str(time.year), _NAMING)] = 0
                named[clause] = np.maximum(named.get(clause, 0), weights)
    naming = np.minimum(sum(named.values(), np.zeros_like(scores.scores)), scores.scores)
    return replace(scores, scores=scores.scores - naming, naming_time=naming)


def _without_villages_in_vain(
    reader: CommitReader, plan: QueryPlan, times: tuple[DateRange, ...], matched: UnfilteredMatches
) -> UnfilteredMatches:
    """Returns the matches of a time without those that name the village in vain, if any others are left."""
    in_vain = _naming_village_in_vain(reader, plan, matched.scores, matched.documents, times)
    if not (matched.documents & ~in_vain).any():
        return matched
    complete = None if matched.complete is None else matched.complete & ~in_vain
    return replace(matched, documents=matched.documents & ~in_vain, complete=complete)


def _narrow_to_time(matched: UnfilteredMatches, then: DateMatches) -> UnfilteredMatches:
    """Returns those of the time; where there are none, those that name it; else all, with a note."""
    dated, naming = matched.documents & then.dated, matched.documents & then.naming
    if matched.scores.covered[dated].any():
        has_title_match_at_other_times_only = bool(
            then.with_other_words_in_title.any() and not (then.with_other_words_in_title & dated).any()
        )
        return replace(
            matched,
            documents=dated,
            is_of_time=True,
            only_naming_time=naming & ~dated,
            has_title_match_at_other_times_only=has_title_match_at_other_times_only,
        )
    if matched.scores.covered[naming].any():
        return replace(matched, documents=naming, notes=(*matched.notes, query_notes.ONLY_NAMED))
    return replace(matched, notes=(*matched.notes, query_notes.NOT_THEN))


def relax_to_partial_matches(
    reader: CommitReader,
    plan: QueryPlan,
    times: tuple[DateRange, ...],
    matched: UnfilteredMatches,
    allowed: Mask,
) -> UnfilteredMatches:
    """Returns all partial matches, before filters; call it where no match is among ``allowed``.

    ``allowed`` are the documents that pass the filters: they decide only how little of the plan may suffice.
    """
    scores, rest = matched.scores, _not_excluded(reader, plan)
    covered = np.where(rest, scores.covered, 0)
    least = TUNING.min_coverage * scores.total_idf_mass
    if not ((covered >= least) & allowed).any():
        least = _NEXT_TO_NOTHING
    documents = covered >= least
    notes = [query_notes.NOT_ALL]
    if plan.quoted_parts:
        notes.insert(0, query_notes.NOT_QUOTED)
    if times:
        notes.append(query_notes.NOT_THEN)
    none = np.zeros_like(rest)
    if not scores.idfs or not (documents & allowed).any():
        return UnfilteredMatches(none, none, scores)
    return UnfilteredMatches(documents, none, scores, tuple(notes))


def has_document_with_whole_query(reader: CommitReader, plan: QueryPlan, scores: DocumentScores) -> bool:
    """Returns True if one of the best documents has the whole query letter by letter: nothing is misspelt."""
    complete = scores.complete() & reader.live
    best = np.flatnonzero(complete) if scores.idfs else np.empty(0, np.int64)
    if len(best) > _TOP_DOCUMENTS:
        best = best[np.argpartition(-scores.scores[best], _TOP_DOCUMENTS)[:_TOP_DOCUMENTS]]
    return any(contains_uncut_phrase(text, plan.whole) for text in reader.commit.texts(best))


def _match_times(
    reader: CommitReader, plan: QueryPlan, times: tuple[DateRange, ...], scores: DocumentScores
) -> tuple[DocumentScores, DateMatches | None]:
    """Returns the scores with the documents of the times counted as naming these, and which match them.

    The second value is None for a query without times.
    A document is of a time if it was published then, or if its title, its number or an attachment's label
    names that year. What names a day is of that day, as a letter is of the day that it bears. A question or a
    sentence is not narrowed: it may be about what happened then.
    """
    if not times:
        return scores, None
    dated, naming = (np.zeros(reader.commit.size, dtype=bool) for _ in range(2))
    others = set(scores.idfs)
    for time in times:
        clauses = build_query_part(time.text, reader.lexicon).clauses
        others -= set(clauses)
        of_time = date_range_mask(reader, time.first, time.last, time.month) & reader.live
        if time.year is not None:
            of_time = of_time | reader.zone_mask(str(time.year), _NAMING)
        scores = with_clauses_covered(scores, np.flatnonzero(of_time), clauses)
        named = documents_with_all(reader, date_name_clauses(time, reader.lexicon))
        if time.is_one_day or plan.is_prose:
            of_time[named] = True
        dated |= of_time
        naming[named] = True
    about = np.zeros_like(dated)
    if others:
        dated, naming = (mask & scores.matching_any(others) for mask in (dated, naming))
        if not (plan.is_prose or any(time.is_one_day for time in times)):
            about = _about(reader, others) & scores.matching_all(others)
    return scores, DateMatches(dated, naming, about)


def _about(reader: CommitReader, clauses: Collection[Clause]) -> Mask:
    """Returns the documents with a telling word of the clauses in title or labels."""
    about = np.zeros(reader.commit.size, dtype=bool)
    for clause in clauses:
        if not is_stop_word_or_document_kind(clause):
            about |= title_or_label_mask(reader, clause)
    return about


def title_or_label_mask(reader: CommitReader, clause: Clause) -> Mask:
    """Returns the documents that have the clause in title or labels."""
    about = np.zeros(reader.commit.size, dtype=bool)
    for alternative in clause.alternatives:
        about |= np.logical_and.reduce([reader.zone_mask(term, _TOPIC) for term in alternative.terms])
    return about


def _match_phrases(
    reader: CommitReader, plan: QueryPlan, scores: DocumentScores
) -> tuple[DocumentScores, Mask]:
    """Returns the documents that have a part of several words as it was typed: these have all its words."""
    preferred = np.zeros(reader.commit.size, dtype=bool)
    parts = _phrase_parts(plan)
    most = max(MAX_VERIFIED // max(len(parts), 1), _MIN_VERIFIED)
    for part in parts:
        documents = documents_with_phrase(reader, part, scores.scores, most=most)
        scores = with_clauses_covered(scores, documents, part.clauses)
        preferred[documents] = True
    return scores, preferred


def _phrase_parts(plan: QueryPlan) -> list[QueryPart]:
    return [part for part in plan.parts if part.phrase.words > 1]


def _match_clauses(
    reader: CommitReader, plan: QueryPlan, scores: DocumentScores, preferred: Mask, rest: Mask
) -> UnfilteredMatches:
    """Returns the documents of ``rest`` that match all clauses; where these are few, also partial matches."""
    if not scores.idfs:
        return UnfilteredMatches(rest, preferred, scores)
    complete = scores.complete() & rest
    notes: tuple[BilingualNote, ...] = ()
    if exact := plan.quoted_parts:
        quoted = _with_quoted_parts(reader, exact, complete)
        if quoted.any():
            return UnfilteredMatches(quoted, preferred, scores)
        quoted = _with_quoted_parts(reader, exact, _best_with_words_of(exact, scores, rest))
        if not quoted.any():
            notes = (query_notes.NOT_QUOTED,)
        elif all(any(map(has_document_number, part.clauses)) for part in exact):
            complete, rest = complete & quoted, quoted  # a document with another number is of no use
    of_village = _of_village_asked_for(reader, plan, scores, rest)
    if of_village.any():
        return UnfilteredMatches(of_village, preferred, scores, notes, of_village)
    found = int(np.count_nonzero(complete))
    if 0 < found < TUNING.enough_complete and is_one_word(plan) and (preferred & rest).any():
        return _with_word_whole(reader, plan, UnfilteredMatches(preferred & rest, preferred, scores), rest)
    if found < TUNING.enough_complete or plan.is_sentence:
        return _add_partial(reader, plan, UnfilteredMatches(complete, preferred, scores, notes), rest, found)
    if _phrase_parts(plan) and np.count_nonzero(preferred) < TUNING.enough_complete:
        scores, also_complete = with_misread_matches(reader, scores)
        complete |= also_complete & rest
        partial = _partial_matches(scores, rest, is_quoted=bool(exact))
        fuzzy = _with_fuzzy_phrases(reader, plan, scores, partial & ~complete)
        preferred, complete = preferred.copy(), complete.copy()
        preferred[fuzzy] = complete[fuzzy] = True
    return UnfilteredMatches(complete, preferred, scores, notes)


def _with_word_whole(
    reader: CommitReader, plan: QueryPlan, whole: UnfilteredMatches, rest: Mask
) -> UnfilteredMatches:
    """Returns the documents that have the one word of the plan, and those of ``rest`` where it is misread.

    Its pieces alone, the ราคา of สอบราคา, are of no use.
    """
    scores, _ = with_misread_matches(reader, whole.scores)
    partial = _partial_matches(scores, rest, is_quoted=False)
    documents = whole.documents.copy()
    documents[_with_fuzzy_phrases(reader, plan, scores, partial & ~documents)] = True
    return replace(whole, documents=documents, preferred=documents, scores=scores)


def _of_village_asked_for(reader: CommitReader, plan: QueryPlan, scores: DocumentScores, among: Mask) -> Mask:
    """Returns the documents ``among`` these that name the village of a query of nothing else.

    A หมู่ and a 4 that stand apart are of no use to who lives in หมู่ 4; หมู่ 1 ถึงหมู่ 5 is. Nor are those that
    name it in addresses alone, such as that of a letterhead, if others name it.
    """
    found, number = np.zeros_like(among), village_number(plan)
    if number and village_words(plan).issuperset(clause.typed for clause in plan.clauses):
        named = {clause for clause in plan.clauses if not clause.typed.isdigit()}
        best = np.flatnonzero(among & scores.matching_any(named))
        best = best[np.argsort(-scores.scores[best], kind="stable")[:MAX_VERIFIED]]
        naming = [not lacks_village(plan, text) for text in reader.commit.texts(best)]
        best = best[naming]
        is_address = [names_village_in_addresses_alone(number, text) for text in reader.commit.texts(best)]
        found[best] = ~np.array(is_address, dtype=bool) if not all(is_address) else True
    return found


def _naming_village_in_vain(
    reader: CommitReader,
    plan: QueryPlan,
    scores: DocumentScores,
    among: Mask,
    times: tuple[DateRange, ...] = (),
) -> Mask:
    """Returns the documents ``among`` these with nothing of a query but its village, and that in an address.

    Beside other words of the query that is no answer. Nor is a หมู่ with the number of something else.
    """
    in_vain, number, words = np.zeros_like(among), village_number(plan), village_words(plan)
    of_village = {clause for clause in scores.postings if clause.typed in words}
    others = set(scores.postings) - of_village - time_clauses(times, reader.lexicon)
    telling = {clause for clause in others if not is_stop_word_or_document_kind(clause)}
    if number and of_village and telling:
        best = np.flatnonzero(among & scores.matching_any(of_village) & ~scores.matching_any(telling))
        best = best[np.argsort(-scores.scores[best], kind="stable")[:MAX_VERIFIED]]
        in_vain[best] = [
            lacks_village(plan, text) or names_village_in_addresses_alone(number, text)
            for text in reader.commit.texts(best)
        ]
    return in_vain


def _add_partial(
    reader: CommitReader, plan: QueryPlan, complete: UnfilteredMatches, rest: Mask, found: int
) -> UnfilteredMatches:
    """Returns the ``found`` complete matches and the partial ones, with a note if there are only these."""
    documents, preferred, scores = complete.documents, complete.preferred, complete.scores
    if not (plan.is_sentence and found and preferred.any()):  # else the sentence is there as it was typed
        scores, also_complete = with_misread_matches(reader, scores)
        documents = documents | (also_complete & rest)
    partial = _partial_matches(scores, rest, is_quoted=bool(plan.quoted_parts))
    if found and plan.document_numbers:  # documents without the number are of no use
        partial &= scores.matching_any(set(filter(has_document_number, scores.idfs)))
    partial = partial | documents
    if found < np.count_nonzero(partial):
        if not found:
            return UnfilteredMatches(partial, preferred, scores, (*complete.notes, query_notes.NOT_ALL))
        # Nobody expects all words of prose: ranking decides.
        return UnfilteredMatches(
            partial, preferred, scores, complete.notes, None if plan.is_prose else documents
        )
    return UnfilteredMatches(documents, preferred, scores, complete.notes)


def _partial_matches(scores: DocumentScores, allowed: Mask, *, is_quoted: bool) -> Mask:
    """Returns the documents that cover enough of the query's IDF mass, with a telling word if any has one.

    Enough is a share of the mass, or of what the best document covers if that is less.
    """
    mass = scores.total_idf_mass
    best = float(np.where(allowed, scores.covered, 0).max(initial=0))
    share = TUNING.min_share_of_best_quoted if is_quoted else TUNING.min_share_of_best
    least = max(min(TUNING.min_coverage * mass, share * best), _NEXT_TO_NOTHING)
    partial: Mask = allowed & (scores.covered >= least)
    common = np.zeros_like(scores.covered)
    untelling = [clause for clause, idf in scores.idfs.items() if not is_distinguishing(clause, idf)]
    for clause in untelling:
        scores.postings[clause].add_constant_to(common, scores.idfs[clause])
    telling = partial & (scores.covered - common >= _LEAST_TELLING)
    return telling if telling.any() else partial


def _with_fuzzy_phrases(
    reader: CommitReader, plan: QueryPlan, scores: DocumentScores, among: Mask
) -> DocumentNumbers:
    """Returns the documents that have every phrase with some letters misread."""
    candidates = np.flatnonzero(among)
    if len(candidates) > _MAX_FUZZY_VERIFIED:
        best = np.argpartition(-scores.scores[candidates], _MAX_FUZZY_VERIFIED)[:_MAX_FUZZY_VERIFIED]
        candidates = np.sort(candidates[best])
    for part in _phrase_parts(plan):
        if len(candidates):
            texts = list(reader.commit.texts(candidates))
            similar = phrase_match_with_misreadings(texts, part.phrase.data, reader.lexicon)
            candidates = candidates[similar > TUNING.min_phrase_similarity]
    return candidates


def _not_excluded(reader: CommitReader, plan: QueryPlan) -> Mask:
    """Returns the live documents that have nothing of what the query excludes."""
    rest = reader.live
    for excluded in plan.without:
        rest = rest.copy()
        rest[documents_with_phrase(reader, excluded)] = False
    return rest


def _best_with_words_of(parts: tuple[QueryPart, ...], scores: DocumentScores, among: Mask) -> Mask:
    """Returns the best documents among these that have all words of the parts, so many as are read."""
    found = np.zeros_like(among)
    words = {clause for part in parts for clause in part.clauses if clause in scores.postings}
    best = np.flatnonzero(among & scores.matching_all(words))
    found[best[np.argsort(-scores.scores[best], kind="stable")[:MAX_VERIFIED]]] = True
    return found


def _with_quoted_parts(reader: CommitReader, parts: tuple[QueryPart, ...], among: Mask) -> Mask:
    """Returns the documents among these that have the letters of every quoted part."""
    mask = np.zeros(reader.commit.size, dtype=bool)
    documents = np.flatnonzero(among)
    mask[documents] = [
        all(
            any(all(contains_uncut_phrase(text, data) for data in way) for way in part.quoted)
            for part in parts
        )
        for text in reader.commit.texts(documents)
    ]
    return mask
