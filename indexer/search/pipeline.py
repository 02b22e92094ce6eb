"""A query → a page of results: rewrite → match → correct → retrieve → present.

``indexer.search.query.parser.parse_query`` comes before; ``web.search_service`` joins the hits with their
records. Each step takes values and returns values. An engine finds (``Searcher.prepare_search``), ranks and
counts (``PreparedSearch.retrieve``). Where one interpretation of the typed text finds too little, the next
is answered in the same steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.search.coverage import minimum_coverage, missing_words, time_clauses
from indexer.search.explanations import InterpretationExplanation, InterpretationOutcome, SearchStep
from indexer.search.ports import Hit, ResultPage
from indexer.search.query import query_notes
from indexer.search.query.parser import Interpretation, Query, interpret_as, normalize_query
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import (
    Clause,
    QueryPlan,
    build_query_plan,
    explained_expansions,
    other_wordings,
    plan_of_words,
    split_set_phrases,
)
from indexer.search.query.question_words import may_begin_title
from indexer.search.query.subqueries import split_into_subqueries
from indexer.search.searcher import MOST_OF_OTHER_TIMES, PreparedSearch, RetrievalResult, Searcher
from indexer.search.spelling_correction import (
    CorrectedQuery,
    correct_query,
    leaves_out_stop_words_alone,
    read_exclusions_as_thai,
)
from indexer.search.villages import village_number, village_words

_MOST_MISSING_NAMED = 3  # words of a query that no document has, of which a note tells


_OF_ANY_TIME = frozenset({Interpretation.DATES_AS_WORDS, Interpretation.WITHOUT_DATES})


@dataclass(frozen=True, slots=True)
class _Answer:
    """A query as one interpretation reads it, its plan as corrected, and what an engine retrieved for it."""

    query: Query
    corrected: CorrectedQuery
    retrieved: RetrievalResult
    frequencies: Mapping[Clause, int]  # documents that match each clause, as typed and as corrected
    steps: tuple[SearchStep, ...] = ()
    outcome: InterpretationOutcome = InterpretationOutcome.TAKEN

    @property
    def is_found(self) -> bool:
        """Returns True if what was retrieved covers enough of the query to be an answer.

        Some of the words are no answer to a quoted text that nothing has, unless others stand beside it: a
        title with quotes may be misread.
        """
        is_scattered = self.lacks_words and query_notes.NOT_QUOTED in self.retrieved.notes
        is_only_quoted = all(part.quoted for part in self.corrected.plan.parts)
        is_weak = _is_weak(self.query, self.corrected, self.retrieved)
        return bool(self.retrieved.total) and not (is_scattered and is_only_quoted) and not is_weak

    @property
    def hits(self) -> tuple[Hit, ...]:
        """Returns the hits that are an answer, one page of them."""
        return self.retrieved.hits if self.is_found else ()

    @property
    def told_corrections(self) -> tuple[tuple[str, str], ...]:
        """Returns the corrections, without those that only leave out words that say nothing: จะประชุม."""
        return tuple(pair for pair in self.corrected.corrections if not leaves_out_stop_words_alone(*pair))

    @property
    def lacks_words(self) -> bool:
        """Returns True if nothing that was retrieved has all words of the query."""
        return query_notes.NOT_ALL in self.retrieved.notes


def answer_query(searcher: Searcher, lexicon: Lexicon, query: Query) -> ResultPage:
    """Returns the page of results of any query that ``parse_query`` gives."""
    first = _answer(searcher, lexicon, query)
    if both := _answer_subqueries(searcher, lexicon, first):
        return both
    tried = _answer_interpretations(searcher, lexicon, first)
    answer = _with_related(searcher, lexicon, tried[-1])
    others = _answer_of_other_times(searcher, lexicon, answer)
    if others is not None:
        answer, tried = (
            _with_other_times(answer, others),
            [*tried, replace(others, outcome=InterpretationOutcome.BESIDE)],
        )
    return _with_explained_interpretations(_present(answer), tried)


def _answer(searcher: Searcher, lexicon: Lexicon, query: Query) -> _Answer:
    """Returns the answer to one interpretation of a query: plan, match, correct, retrieve."""
    if not query.as_typed:
        query = read_exclusions_as_thai(query, lexicon)
    query, typed = _plan(searcher, lexicon, query)
    as_typed = searcher.prepare_search(typed, query)
    corrected, matched = CorrectedQuery(typed), as_typed
    if not (as_typed.is_as_typed or query.as_typed):
        corrected, matched = _correct(searcher, lexicon, query, corrected, as_typed)
    retrieved = matched.retrieve()
    steps = (SearchStep.CORRECTED,) if corrected.corrections else ()
    if corrected.corrections and _is_weak(query, corrected, retrieved):
        # Nothing is found as corrected either: what came near is that of the text as typed, maybe a name.
        corrected, steps = CorrectedQuery(typed), (SearchStep.CORRECTION_UNDONE,)
        retrieved = replace(as_typed.retrieve(), coverage=retrieved.coverage)
    frequencies = {**as_typed.frequencies, **matched.frequencies}
    answer = _Answer(query, corrected, retrieved, frequencies, steps)
    return _without_coverage_of_unknown_village(searcher, lexicon, answer)


def _answer_interpretations(searcher: Searcher, lexicon: Lexicon, answer: _Answer) -> list[_Answer]:
    """Returns the answer and those of the other interpretations that were tried; the last one is taken."""
    given = answer.query.interpretations
    *left, answer = _answer_with_assumed_year(searcher, lexicon, answer)
    while (other := _next_interpretation(answer)) is not None:
        interpretation, reason = other
        left.append(replace(answer, outcome=reason))
        answer = _answer(searcher, lexicon, interpret_as(answer.query, interpretation))
    if (answer.query.interpretations - given) & _OF_ANY_TIME:
        notes = (query_notes.NOT_THEN, *answer.retrieved.notes)
        answer = replace(answer, retrieved=replace(answer.retrieved, notes=notes))
    return [*left, answer]


def _answer_with_assumed_year(searcher: Searcher, lexicon: Lexicon, answer: _Answer) -> list[_Answer]:
    """Returns the answer and, if it lacks words, that with the last number as a year; the better one last.

    The year is no better than an answer that covers enough where its announcements lack words, too.
    """
    query = answer.query
    may_assume = Interpretation.WITH_YEAR in query.other_interpretations and not query.as_typed
    if not may_assume or (answer.retrieved.total and not answer.lacks_words):
        return [answer]
    with_year = _answer(searcher, lexicon, interpret_as(query, Interpretation.WITH_YEAR))
    if not answer.retrieved.total:
        return [replace(answer, outcome=InterpretationOutcome.NOTHING_FOUND), with_year]
    if answer.is_found and (with_year.lacks_words or not with_year.retrieved.total):
        return [replace(with_year, outcome=InterpretationOutcome.NO_BETTER), answer]
    return [replace(answer, outcome=InterpretationOutcome.LACKS_WORDS), with_year]


def _next_interpretation(answer: _Answer) -> tuple[Interpretation, InterpretationOutcome] | None:
    """Returns the interpretation to which an answer that finds too little gives way, and why; or None."""
    others, found = answer.query.other_interpretations, answer.retrieved
    if Interpretation.DATES_AS_WORDS in others and not found.total:
        return Interpretation.DATES_AS_WORDS, InterpretationOutcome.NOTHING_FOUND
    if Interpretation.WITHOUT_DATES in others and query_notes.NOT_THEN in found.notes:
        return Interpretation.WITHOUT_DATES, InterpretationOutcome.OTHER_TIMES
    return None


def _answer_subqueries(searcher: Searcher, lexicon: Lexicon, answer: _Answer) -> ResultPage | None:
    """Returns the answers to two subqueries in one query, each by itself.

    None where an announcement has all words of the query, for a reader who cannot be shown them, for one
    subquery, where one of two has no document with all of its words, and where a document answers both: then
    และ is a part of a name. The page of results is the only one, whatever page is asked for.
    """
    query = answer.query
    may_split = query.may_split_into_subqueries and not query.as_typed
    if not may_split or (answer.is_found and not answer.lacks_words):
        return None
    subqueries = split_into_subqueries(query, lexicon.tokenizer)
    if subqueries is None:
        return None
    answers = [_answer(searcher, lexicon, each) for each in subqueries]
    pages = tuple(
        _with_explained_interpretations(_complete_matches(_present(each)), [each]) for each in answers
    )
    hits = tuple(hit for page in pages for hit in page.hits)
    if not all(page.hits for page in pages) or len({hit.announcement_id for hit in hits}) < len(hits):
        return None
    understood = [note for page in pages for note in page.query.understood]
    as_run = replace(
        query,
        page=1,
        understood=tuple(dict.fromkeys((*query.understood, *understood))),
        loosened=(query_notes.TWO_SUBQUERIES,),
        corrected_words=tuple(word for page in pages for word in page.query.corrected_words),
        extra_highlights=tuple(mark for page in pages for mark in page.query.extra_highlights),
    )
    page = ResultPage(
        total=len(hits),
        hits=hits,
        subquery_results=pages,
        query=as_run,
        explanation=answer.retrieved.explanation,
    )
    return _with_explained_interpretations(page, [replace(answer, outcome=InterpretationOutcome.IN_TWO)])


def _complete_matches(page: ResultPage) -> ResultPage:
    """Returns the page with those hits alone that have all words of the query."""
    hits = () if page.query.loosened else tuple(hit for hit in page.hits if not hit.is_partial)
    return replace(page, total=page.total - page.partial, hits=hits, partial=0, related=())


def _plan(searcher: Searcher, lexicon: Lexicon, query: Query) -> tuple[Query, QueryPlan]:
    """Returns the query and its plan, with the เรื่อง or ข่าว at the front if a title begins so."""
    plan = build_query_plan(query, lexicon)
    leads = [] if query.names_title else [each.text for each in query.chunks if may_begin_title(each)]
    if not (query.as_typed or any(_begins_any_title(searcher, plan, each) for each in leads)):
        return query, plan
    query = replace(query, names_title=True)
    return query, build_query_plan(query, lexicon)


def _begins_any_title(searcher: Searcher, plan: QueryPlan, text: str) -> bool:
    """Returns True if a title begins with the text, letter for letter: เรื่อง น้ำ does not begin with เรื่องน้ำ."""
    named = searcher.correction_vocabulary(plan).titles_containing(
        searchable_bytes(text).data, with_marks=True
    )
    return any(fold_text(each.name).startswith(text) for each in named)


def _correct(
    searcher: Searcher,
    lexicon: Lexicon,
    query: Query,
    typed: CorrectedQuery,
    matched: PreparedSearch,
) -> tuple[CorrectedQuery, PreparedSearch]:
    """Returns the corrected query with its matches; as typed, where nothing better is found."""
    corrected = correct_query(searcher.correction_vocabulary(typed.plan), lexicon, typed.plan)
    if not corrected.corrections:
        return typed, matched
    again = searcher.prepare_search(corrected.plan, query)
    new = set(corrected.plan.clauses) - set(typed.plan.clauses)
    return (corrected, again) if all(again.frequencies.get(clause) for clause in new) else (typed, matched)


def _without_coverage_of_unknown_village(searcher: Searcher, lexicon: Lexicon, answer: _Answer) -> _Answer:
    """Returns the answer; with coverage 0 where its plan asks for a village that nothing names."""
    query, plan = answer.query, answer.corrected.plan
    number = village_number(plan)
    if not answer.lacks_words or plan.is_prose or number is None:
        return answer
    if _is_village_named(searcher, lexicon, _of_any_time(query), plan, int(number)):
        return answer
    steps = (*answer.steps, SearchStep.VILLAGE_UNKNOWN)
    return replace(answer, retrieved=replace(answer.retrieved, coverage=0.0), steps=steps)


def _is_village_named(
    searcher: Searcher, lexicon: Lexicon, query: Query, plan: QueryPlan, number: int
) -> bool:
    """Returns True if a document names the plan's village, which has the ``number``, by itself or in a range.

    A document that has หมู่ 1-5 is found by the filter alone: it has no 3 to be found by.
    """
    village = plan_of_words(plan, lexicon, lambda typed: typed in village_words(plan))
    found = searcher.prepare_search(village, query).retrieve()
    if found.total and found.coverage >= minimum_coverage(village):
        return True
    anything = plan_of_words(plan, lexicon, lambda _typed: False)
    of_village = replace(query, filters=replace(query.filters, village=number))
    return searcher.prepare_search(anything, of_village).retrieve().total > 0


def _with_related(searcher: Searcher, lexicon: Lexicon, answer: _Answer) -> _Answer:
    """Returns the answer; one that finds too little with more that is worth showing as related."""
    if answer.is_found:
        return answer
    query, plan = answer.query, answer.corrected.plan
    retrieved = _with_related_beside_village(searcher, lexicon, query, plan, answer.retrieved)
    return replace(answer, retrieved=_with_related_of_words(searcher, lexicon, query, plan, retrieved))


def _with_related_beside_village(
    searcher: Searcher, lexicon: Lexicon, query: Query, plan: QueryPlan, retrieved: RetrievalResult
) -> RetrievalResult:
    """Returns what was found; for a plan with a village, with what its other words find as related.

    Nothing has ค่าขยะหมู่ 7: what is about ค่าขยะ is shown.
    """
    if village_number(plan) is None:
        return retrieved
    times = {clause.typed for clause in time_clauses(query.times, lexicon)}
    others = CorrectedQuery(plan_of_words(plan, lexicon, lambda typed: typed not in village_words(plan)))
    undated = CorrectedQuery(plan_of_words(others.plan, lexicon, lambda typed: typed not in times))
    if not undated.plan.parts:
        return retrieved
    near = searcher.prepare_search(others.plan, query).retrieve()
    if query_notes.NOT_THEN in near.notes:  # else all of that time would be near
        others, near = undated, searcher.prepare_search(undated.plan, _of_any_time(query)).retrieve()
    is_near = near.total and not _is_weak(query, others, near)
    related = near.hits if is_near else near.related
    notes = (query_notes.NOT_THEN,) if others is undated else ()
    return replace(retrieved, related=related, related_notes=notes) if related else retrieved


def _with_related_of_words(
    searcher: Searcher, lexicon: Lexicon, query: Query, plan: QueryPlan, retrieved: RetrievalResult
) -> RetrievalResult:
    """Returns what was found; where nothing came near, with what comes near the single words of set phrases.

    Nothing has หมาจรจัด or its synonyms: what is about หมา or สุนัข is shown.
    """
    words = split_set_phrases(plan, lexicon)
    if words == plan or _near_hits(retrieved):
        return retrieved
    return replace(retrieved, related=searcher.prepare_search(words, query).retrieve().related or ())


def _of_any_time(query: Query) -> Query:
    """Returns the query without its times, for a plan that has no words of these."""
    others = query.other_interpretations - {Interpretation.WITHOUT_DATES}
    return replace(query, times=(), other_interpretations=others)


def _notes_naming_missing(answer: _Answer) -> tuple[BilingualNote, ...]:
    """Returns the notes; that nothing has all words names those that nothing has, if these are few.

    Nobody expects all words of a question or a sentence.
    """
    notes, plan = answer.retrieved.notes, answer.corrected.plan
    missing = () if plan.is_prose else missing_words(plan, answer.frequencies)
    if not 0 < len(missing) <= _MOST_MISSING_NAMED:
        return notes
    named = query_notes.missing_words_note(missing)
    return tuple(named if note == query_notes.NOT_ALL else note for note in notes)


def _answer_of_other_times(searcher: Searcher, lexicon: Lexicon, answer: _Answer) -> _Answer | None:
    """Returns the answer of any time, for the first page, where only other times have the words in titles."""
    query = answer.query
    is_asked_for = query.page == 1 and Interpretation.WITHOUT_DATES in query.other_interpretations
    if not (is_asked_for and answer.retrieved.has_title_match_at_other_times_only):
        return None
    undated = interpret_as(query, Interpretation.WITHOUT_DATES)
    return _answer_interpretations(searcher, lexicon, _answer(searcher, lexicon, undated))[-1]


def _with_other_times(answer: _Answer, others: _Answer) -> _Answer:
    """Returns the answer with announcements of ``others``, which is that of any time."""
    if not answer.is_found:
        return replace(answer, retrieved=_with_related_of_other_times(answer.retrieved, others))
    note = query_notes.only_mentions_in_time_note(answer.query.times[0])
    return replace(answer, retrieved=_with_hits_of_other_times(answer.retrieved, others, note))


def _with_hits_of_other_times(
    retrieved: RetrievalResult, others: _Answer, note: BilingualNote
) -> RetrievalResult:
    """Returns what was found of the time that was typed, with the best of ``others`` and a note on these."""
    of_time = {hit.announcement_id for hit in retrieved.hits}
    rest = tuple(hit for hit in others.hits if hit.announcement_id not in of_time)
    return replace(retrieved, hits_of_other_times=rest[:MOST_OF_OTHER_TIMES], notes=(*retrieved.notes, note))


def _with_related_of_other_times(retrieved: RetrievalResult, others: _Answer) -> RetrievalResult:
    """Returns what was found, none of it an answer; those of ``others`` with all words are related too."""
    near = _near_hits(retrieved)
    shown = {hit.announcement_id for hit in near}
    rest = [hit for hit in others.hits if not (hit.is_partial or hit.announcement_id in shown)]
    are_words_given_up = not {query_notes.NOT_THEN}.issuperset(others.retrieved.notes)
    if not rest or are_words_given_up:
        return retrieved
    related = (*near, *rest[:MOST_OF_OTHER_TIMES])
    return replace(retrieved, related=related, notes=(*retrieved.notes, query_notes.NOT_THEN))


def _near_hits(retrieved: RetrievalResult) -> tuple[Hit, ...]:
    """Returns the hits that are worth showing where none of them is an answer."""
    return retrieved.hits if retrieved.related is None else retrieved.related


def _present(answer: _Answer) -> ResultPage:
    """Returns the page asked for; what covers too little of the query is ``related``, not an answer."""
    retrieved = answer.retrieved
    as_run = _query_as_run(answer)
    if not answer.is_found:
        return ResultPage(
            total=0,
            hits=(),
            related=_near_hits(retrieved),
            query=as_run,
            coverage=retrieved.coverage,
            explanation=retrieved.explanation,
        )
    return ResultPage(
        total=retrieved.total,
        hits=retrieved.hits,
        related=retrieved.hits_of_other_times,
        partial=retrieved.partial,
        facets=dict(retrieved.facets),
        did_you_mean=_corrected_text(normalize_query(as_run.typed), answer.told_corrections),
        query=as_run,
        coverage=retrieved.coverage,
        explanation=retrieved.explanation,
    )


def _with_explained_interpretations(page: ResultPage, tried: list[_Answer]) -> ResultPage:
    """Returns the page; an explanation of it names the interpretations that were tried."""
    if page.explanation is None:
        return page
    explanation = replace(
        page.explanation,
        interpretations=tuple(map(_explain_interpretation, tried)),
        coverage=round(page.coverage, 4),
    )
    return replace(page, explanation=explanation)


def _explain_interpretation(answer: _Answer) -> InterpretationExplanation:
    explanation = answer.retrieved.explanation
    return InterpretationExplanation(
        interpretations=tuple(sorted(answer.query.interpretations)),
        words=" ".join(chunk.text for chunk in _query_as_run(answer).chunks),
        total=answer.retrieved.total,
        coverage=answer.retrieved.coverage if explanation is None else explanation.coverage,
        steps=answer.steps,
        outcome=answer.outcome,
    )


def _is_weak(query: Query, corrected: CorrectedQuery, retrieved: RetrievalResult) -> bool:
    """Returns True if what was found covers too little of the query to be an answer.

    Whoever is in a document, or narrowed the results, sees what little there is.
    """
    least = minimum_coverage(corrected.plan)
    return retrieved.coverage < least and not query.filters.narrows_by_choice


def _query_as_run(answer: _Answer) -> Query:
    """Returns the query with notes on corrections and expansions, and with further words to highlight."""
    query, corrected, retrieved = answer.query, answer.corrected, answer.retrieved
    corrections = _with_neighbours_joined(normalize_query(query.typed), answer.told_corrections)
    notes = [query_notes.READ_AS.with_values(*pair) for pair in corrections]
    if also := explained_expansions(corrected.plan):
        notes.append(query_notes.also_searched_note(also))
    letters = corrected.plan.letters_of_document_numbers
    if letters and retrieved.total and not retrieved.coverage:
        notes.append(query_notes.number_letters_note(letters))
    times = query.times if retrieved.is_of_time else ()
    for time in times:
        note = (
            query_notes.of_or_naming_time_note
            if corrected.plan.is_prose or time.is_one_day
            else query_notes.only_of_time_note
        )
        notes.append(note(time))
    chunks = tuple(  # what was misspelt falls into words that nobody means, such as เทศ in เทศบันญัติ
        replace(chunk, text=_corrected_text(chunk.text, corrected.corrections) or chunk.text)
        for chunk in query.chunks
    )
    return replace(
        query,
        chunks=chunks,
        times=times,
        understood=(*query.understood, *notes),
        loosened=tuple(dict.fromkeys((*_notes_naming_missing(answer), *retrieved.related_notes))),
        corrected_words=(*query.corrected_words, *(word for _, word in corrected.corrections)),
        extra_highlights=(*query.extra_highlights, *other_wordings(corrected.plan)),
    )


def _with_neighbours_joined(typed: str, corrections: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Returns the corrections, those of letters that stand side by side in the typed text as one.

    The words that are corrected need not end where people see a word end: คำสังแต่ง, ตั้งกรรมกาน.
    """
    joined: list[tuple[str, str]] = []
    for wrong, right in sorted(corrections, key=lambda pair: typed.find(pair[0])):
        if joined and joined[-1][0] + wrong in typed:
            before = joined.pop()
            wrong, right = before[0] + wrong, before[1] + right
        joined.append((wrong, right))
    return joined


def _corrected_text(typed: str, words: tuple[tuple[str, str], ...]) -> str | None:
    """Returns the typed text with its corrections, of the longest word at each place; None without any."""
    if not words:
        return None
    corrections = dict(words)
    pieces = sorted(corrections, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, pieces)), lambda piece: corrections[piece[0]], typed)
