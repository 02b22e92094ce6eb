"""``indexer.search.searcher.Searcher`` of an OpenSearch index: it finds, ranks and counts by itself.

Most plans are one request: the documents with enough of the plan, of which those with all of it stand first,
and the counts it needs. Where many documents are expected to have all of it, only these are asked for. A
second request follows where that was wrong, where nothing has enough, or where something may be misspelt; a
corrected plan is one more.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

from archive.facets import FACETS_BY_NAME
from indexer.analysis.dictionary import Lexicon
from indexer.engines.opensearch.cluster import NAMED_SCORES, Cluster
from indexer.engines.opensearch.counts import VisibleDocumentCounts
from indexer.engines.opensearch.queries import (
    COMPLETE,
    COMPLETE_ONES,
    PASSING,
    TITLE_MATCHES,
    TITLE_MATCHES_AT_ANY_TIME,
    UNFILTERED,
    Json,
    PlanQueries,
    SearchAttempt,
    clause_count_query,
    exact_and_partial_name_queries,
    filter_queries,
    has_bigram,
    one_misread_letter_query,
    page_query,
    phrase_query,
    search_body,
    together_query,
    topic_query,
)
from indexer.engines.opensearch.vocabulary import ClusterVocabulary, misspelling_test_queries
from indexer.search.coverage import (
    adjacent_clauses,
    are_related_hits_chosen,
    broken_words,
    clause_weights,
    document_coverage,
    is_worth_showing_as_related,
    may_be_related_by,
    scattered_clauses,
)
from indexer.search.explanations import (
    HitExplanation,
    ScorePart,
    SearchExplanation,
    Standing,
    build_explanation,
    build_hit_explanation,
)
from indexer.search.ports import FacetValue, Hit, PageHit
from indexer.search.query import query_notes
from indexer.search.query.parser import Filters, Query, Sort
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import Clause, QueryPart, QueryPlan
from indexer.search.searcher import (
    BEST_HITS,
    MOST_OF_OTHER_TIMES,
    PreparedSearch,
    RetrievalResult,
    facet_values_by_count,
)
from indexer.search.tuning import TUNING

Answer = Mapping[str, Any]


class OpenSearchSearcher:
    """Searches one generation for the documents that one query may see."""

    def __init__(
        self, cluster: Cluster, index: str, lexicon: Lexicon, filters: Filters, counts: dict[str, int]
    ) -> None:
        self._cluster, self._index, self._lexicon, self._filters = cluster, index, lexicon, filters
        self._counts = VisibleDocumentCounts(cluster, index, filters, counts)
        self._vocabularies: dict[QueryPlan, ClusterVocabulary] = {}

    def correction_vocabulary(self, plan: QueryPlan) -> ClusterVocabulary:
        """Returns the vocabulary for a plan, the same object each time; ``prepare_search`` fills it."""
        if plan not in self._vocabularies:
            self._vocabularies[plan] = ClusterVocabulary(
                self._cluster, self._index, self._filters, self._counts, self._lexicon, plan
            )
        return self._vocabularies[plan]

    def prepare_search(self, plan: QueryPlan, query: Query) -> PreparedSearch:
        if not plan.clauses and query.sort is Sort.RELEVANCE:
            query = replace(query, sort=Sort.NEWEST)
        queries = PlanQueries(plan, query, self._lexicon)
        unknown: set[str] = set()
        selection = _Selection(queries, self._counts)
        while (missing := selection.missing()) is not None:
            self._ask(selection, missing, unknown)
            names = exact_and_partial_name_queries(query.filters)
            partial = {name for name, (exact, _) in names.items() if not self._counts.count(exact)}
            if partial != unknown:  # a part of a name was given
                unknown = partial
                selection = _Selection(queries, self._counts)
        return selection

    def _ask(self, selection: _Selection, missing: SearchAttempt, unknown: set[str]) -> None:
        """Asks for a search and all that is likely to be needed with it, in one request."""
        queries = selection.queries
        is_corrected = bool(self._vocabularies.keys() - {queries.plan})
        bodies = _bodies(queries, self._searches(selection, missing, is_corrected=is_corrected), unknown)
        is_counted = (
            is_corrected or queries.query.explain or any(attempt.strictness != "all" for attempt in bodies)
        )
        counts = self._counts.missing_requests(_count_queries(queries, with_clauses=is_counted))
        vocabulary = self.correction_vocabulary(queries.plan)
        lookups = [] if not selection.answers or selection.is_as_typed else vocabulary.lookups(queries.plan)
        preference = f"q{zlib.crc32(queries.query.typed.encode())}"  # pages of results come from one copy
        requests = [*bodies.values(), *(body for _, body in counts), *lookups]
        answers = iter(self._cluster.multi_search(self._index, requests, preference))
        selection.answers.update(zip(bodies, islice(answers, len(bodies)), strict=True))
        self._counts.store([key for key, _ in counts], list(islice(answers, len(counts))))
        if lookups:
            vocabulary.note(list(answers))

    def _searches(
        self, selection: _Selection, missing: SearchAttempt, *, is_corrected: bool
    ) -> list[SearchAttempt]:
        """Returns the missing search, and those that are likely to be needed with it."""
        queries = selection.queries
        searches = [missing] if selection.answers else [missing, *queries.attempts]
        if not selection.answers and self._expects_many(queries):
            searches = [attempt._replace(strictness="all") for attempt in searches]
        elif is_corrected and queries.min_telling_clauses > 1:
            searches.append(SearchAttempt("any"))
        if queries.query.page > 1 or queries.query.sort is not Sort.RELEVANCE:
            searches += [
                attempt._replace(is_top_hits_only=True) for attempt in searches if attempt.strictness != "all"
            ]
        return list(dict.fromkeys(searches))

    def _expects_many(self, queries: PlanQueries) -> bool:
        """Returns True if so many documents are expected to have all of a plan that no others are needed.

        Words are counted as independent of each other; those of one subject stand together more often.
        """
        total, clauses = self._counts.known_total, queries.plan.clauses
        known = [self._counts.known_count(clause_count_query(clause)) for clause in clauses]
        if queries.plan.is_sentence or queries.query.times or None in known:
            return False
        shares = ((count or 0) / max(total, 1) for count in known)
        return total * math.prod(shares) >= TUNING.enough_complete


def _bodies(
    queries: PlanQueries, searches: Sequence[SearchAttempt], unknown: set[str]
) -> dict[SearchAttempt, dict[str, Any]]:
    """Returns the request of each search. ``unknown``: filters by a name that no announcement has exactly."""
    filters = filter_queries(queries.query.filters, unknown)
    shown = _named_queries(queries)
    pages = page_query(queries)
    bodies = {}
    for attempt in searches:
        named = shown if attempt.strictness != "all" or queries.query.explain else ()
        inner = [pages] if pages and not attempt.is_top_hits_only else []
        body = search_body(queries, attempt, [*named, *inner], filters)
        bodies[attempt] = body | ({NAMED_SCORES: True} if queries.query.explain else {})
    return bodies


def _count_queries(queries: PlanQueries, *, with_clauses: bool) -> list[Json]:
    """Returns the queries whose counts a plan needs: names, the whole query, doubtful words, clauses."""
    plan = queries.plan
    wanted = [exact for exact, _ in exact_and_partial_name_queries(queries.query.filters).values()]
    if has_bigram(plan.whole):
        wanted.append(phrase_query(plan.whole))
    if len(plan.parts) > 1 and not plan.is_sentence:  # seldom in a text as one
        wanted += misspelling_test_queries(plan, queries.lexicon)
    return [*wanted, *map(clause_count_query, plan.clauses)] if with_clauses else wanted


def _named_queries(queries: PlanQueries) -> list[Json]:
    """Returns named queries that tell which clauses, neighbours and phrases a hit has."""
    shown: dict[str, Json] = {}
    for at, clause in enumerate(queries.plan.clauses):
        shown[f"clause{at}"] = queries.clause_or_same_date_query(clause)
        shown[f"topic{at}"] = topic_query(clause)
        if len(clause.alternatives) > 1:
            shown[f"whole{at}"] = together_query(clause)
        if misread := one_misread_letter_query(clause):
            shown[f"misread{at}"] = misread
    for at, (_, _, run) in enumerate(adjacent_clauses(queries.plan)):
        if has_bigram(run):
            shown[f"pair{at}"] = phrase_query(run)
    for at, part in enumerate(queries.phrases):
        shown[f"phrase{at}"] = queries.phrase_or_misread(part)
    return [{"bool": {"must": [query], "_name": name}} for name, query in shown.items()]


class AttemptNotSent(Exception):
    """Raised where the choice among attempts needs the answer to one that was not sent to OpenSearch yet."""

    def __init__(self, attempt: SearchAttempt) -> None:
        super().__init__(attempt)
        self.attempt = attempt


class _Found(NamedTuple):
    """The documents of a search that answer: all of them, or those alone that have all of the plan."""

    attempt: SearchAttempt
    counts: Answer  # aggregations of these documents
    found: int  # these documents, whatever the filters are
    total: int  # those that pass the filters
    complete: int  # of ``total`` those with all of the plan
    is_whole: bool  # some document has all of the plan, whatever the filters are
    is_cut: bool = False  # the search has partial matches after these, which are left out


@dataclass(frozen=True, slots=True)
class _Selection:
    """Chooses the search that answers a plan, and reads its response."""

    queries: PlanQueries
    counts: VisibleDocumentCounts
    answers: dict[SearchAttempt, Answer] = field(default_factory=dict)

    def missing(self) -> SearchAttempt | None:
        """Returns a search that the answer needs and that was not sent yet; None if there is none."""
        try:
            chosen, _ = self._chosen()
            if chosen.attempt.time == "dated":
                self._hits_of_other_times()
        except AttemptNotSent as missing:
            return missing.attempt
        return None

    def retrieve(self) -> RetrievalResult:
        chosen, notes = self._chosen()
        answer = self.answers[chosen.attempt]
        coverage = self._coverage(chosen)
        is_parted = 0 < chosen.complete < chosen.total and not self.queries.plan.is_prose
        hits = tuple(_hit(hit, is_parted=is_parted) for hit in _shown(answer, chosen))
        is_dated = chosen.attempt.time == "dated"
        return RetrievalResult(
            total=chosen.total,
            hits=hits,
            related=self._related(answer) if are_related_hits_chosen(self.queries.plan, coverage) else None,
            partial=chosen.total - chosen.complete if is_parted else 0,
            is_of_time=is_dated,
            has_title_match_at_other_times_only=is_dated
            and self._has_title_match_at_other_times_only(answer),
            hits_of_other_times=self._hits_of_other_times() if is_dated else (),
            facets={name: _values(chosen.counts[name]) for name in FACETS_BY_NAME},
            notes=notes,
            coverage=coverage,
            explanation=self._explanation(chosen, coverage) if self.queries.query.explain else None,
        )

    def _has_title_match_at_other_times_only(self, answer: Answer) -> bool:
        """Returns True if only documents of other times have a word of the plan in the title."""
        counted = answer["aggregations"]
        if TITLE_MATCHES not in counted or counted[TITLE_MATCHES]["doc_count"]:
            return False
        return bool(counted[TITLE_MATCHES_AT_ANY_TIME][TITLE_MATCHES_AT_ANY_TIME]["doc_count"])

    def _hits_of_other_times(self) -> tuple[Hit, ...]:
        """Returns, for the first page, the best documents of other times that mention the time typed."""
        query = self.queries.query
        if query.page > 1 or query.sort is not Sort.RELEVANCE:
            return ()
        found = self._found(SearchAttempt(self.queries.default_strictness, time="named"))
        return tuple(map(_hit, _shown(self.answers[found.attempt], found)[:MOST_OF_OTHER_TIMES]))

    def _chosen(self) -> tuple[_Found, tuple[BilingualNote, ...]]:
        """Returns what answers, and notes on what was given up. May raise ``AttemptNotSent``."""
        attempts = self.queries.attempts
        is_last = self.queries.min_telling_clauses > 1 and not self.queries.is_time_given_up_elsewhere
        any_of_it = [SearchAttempt("any")] if is_last else []
        for attempt in (*attempts, *any_of_it):
            chosen = self._found(attempt)
            if chosen.found:
                break
        else:
            chosen = self._found(attempts[-1])
        if filter_queries(self.queries.query.filters) and not chosen.total:
            for relaxed in map(self._found, (SearchAttempt(self.queries.default_strictness), *any_of_it)):
                if relaxed.total:
                    chosen = relaxed
                    break
        return chosen, self._notes(chosen)

    def _notes(self, chosen: _Found) -> tuple[BilingualNote, ...]:
        """Returns the notes on what was given up to find anything."""
        times, attempt = self.queries.query.times, chosen.attempt
        is_quoted = any(each.is_quoted for each in self.queries.attempts)
        notes = [query_notes.NOT_QUOTED] if is_quoted and not attempt.is_quoted else []
        if chosen.total and not chosen.complete and not (chosen.is_whole and self.queries.plan.is_prose):
            notes.append(query_notes.NOT_ALL)
        if times and attempt.time != "dated":
            notes.append(query_notes.ONLY_NAMED if attempt.time and chosen.found else query_notes.NOT_THEN)
        return tuple(notes)

    def _found(self, attempt: SearchAttempt) -> _Found:
        """Returns what a search found: partial matches only where documents with all of the plan are few."""
        whole = attempt._replace(strictness="all")
        is_only_whole = attempt.strictness == "all"
        if is_only_whole or whole in self.answers:
            answer = self._answer(whole)
            found = _unfiltered(answer)
            if is_only_whole or self._is_enough(found):
                total = int(answer["hits"]["total"]["value"])
                return _Found(whole, answer["aggregations"], found, total, total, is_whole=found > 0)
        answer = self._answer(attempt)
        counts = answer["aggregations"]
        complete = counts[COMPLETE_ONES]
        passing = complete.get(PASSING, complete)["doc_count"]
        if self._is_enough(complete["doc_count"]):
            if self.queries.plan.is_prose:  # these do not stand before the others
                return self._found(whole)
            return _Found(
                attempt, complete, complete["doc_count"], passing, passing, is_whole=True, is_cut=True
            )
        if complete["doc_count"] and self.queries.plan.document_numbers and not attempt.has_number:
            return self._found(attempt._replace(has_number=True))
        total = int(answer["hits"]["total"]["value"])
        return _Found(
            attempt, counts, _unfiltered(answer), total, passing, is_whole=complete["doc_count"] > 0
        )

    def _is_enough(self, complete: int) -> bool:
        """Returns True if with so many documents that have all of the plan no partial matches are wanted."""
        plan = self.queries.plan
        stands_there = complete > 0 and len(plan.parts) == 1 and self.is_as_typed
        return (complete >= TUNING.enough_complete or stands_there) and not plan.is_sentence

    def _answer(self, attempt: SearchAttempt) -> Answer:
        if attempt not in self.answers:
            raise AttemptNotSent(attempt)
        return self.answers[attempt]

    @property
    def is_as_typed(self) -> bool:
        """True if the archive has the plan as it was typed."""
        plan = self.queries.plan
        if has_bigram(plan.whole):
            return bool(self.counts.known_count(phrase_query(plan.whole)))
        return not plan.clauses or any(map(_complete, self.answers.values()))

    @property
    def frequencies(self) -> dict[Clause, int]:
        clauses = self.queries.plan.clauses
        return {clause: self.counts.known_count(clause_count_query(clause)) or 0 for clause in clauses}

    def _idfs(self) -> dict[Clause, float]:
        return {clause: self.counts.idf(count) for clause, count in self.frequencies.items()}

    def _coverage(self, chosen: _Found) -> float:
        """Returns the share of the plan that the best hit answers (``indexer.search.coverage``)."""
        weights = self._weights()
        if not weights or (chosen.is_whole and chosen.attempt.strictness == "all"):
            return 1.0
        best = self.answers.get(chosen.attempt._replace(is_top_hits_only=True), self.answers[chosen.attempt])
        covered = [self._hit_coverage(hit, weights) for hit in best["hits"]["hits"][:BEST_HITS]]
        return max(covered, default=1.0)

    def _related(self, answer: Answer) -> tuple[Hit, ...]:
        """Returns the hits worth showing although none of them is an answer."""
        return tuple(_hit(hit) for hit in answer["hits"]["hits"] if self._is_related(hit))

    def _is_related(self, hit: Answer) -> bool:
        plan, idfs, names = self.queries.plan, self._idfs(), _names(hit)
        topical = {
            clause
            for at, clause in enumerate(plan.clauses)
            if f"topic{at}" in names and may_be_related_by(plan, clause, idfs[clause])
        }
        topical -= self._broken(names) - plan.words_of_split_phrases
        beside = self._beside(names)
        scattered = set() if plan.are_set_phrases_split else scattered_clauses(adjacent_clauses(plan), beside)
        covered = document_coverage(self._weights(), topical, scattered, set(), {})
        return is_worth_showing_as_related(plan, idfs, topical, covered)

    def _beside(self, names: Mapping[str, float]) -> set[bytes]:
        """Returns the runs of adjacent clauses that a hit has."""
        pairs = enumerate(adjacent_clauses(self.queries.plan))
        return {run for at, (_, _, run) in pairs if f"pair{at}" in names}

    def _broken(self, names: Mapping[str, float]) -> set[Clause]:
        """Returns the clauses of longer words and set phrases that a hit has only in pieces."""
        plan = self.queries.plan
        clauses = enumerate(plan.clauses)
        phrases = {each for at, each in clauses if len(each.alternatives) > 1 and f"whole{at}" not in names}
        return broken_words(plan, self._beside(names)) | phrases

    def _weights(self) -> dict[Clause, float]:
        times = self.queries.query.times
        return clause_weights(self._idfs(), self.counts.idf(1), times, self.queries.lexicon)

    def _hit_coverage(self, hit: Answer, weights: Mapping[Clause, float]) -> float:
        """Returns the share of the plan that a hit answers: all of it with every word, none in pieces."""
        names, plan = _names(hit), self.queries.plan
        broken = self._broken(names)
        if self._matched(hit).issuperset(weights) and not broken:
            return 1.0
        as_typed = {one for part in self._parts(names) for one in part.clauses}
        scattered = scattered_clauses(adjacent_clauses(plan), self._beside(names)) - as_typed
        words = (one for at, one in enumerate(plan.clauses) if f"misread{at}" in names)
        misread = dict.fromkeys(words, TUNING.misread_word_weight) | dict.fromkeys(as_typed, 1.0)
        return document_coverage(weights, self._matched(hit), scattered, broken, misread)

    def _matched(self, hit: Answer) -> set[Clause]:
        """Returns the clauses that a hit has as words, or letter by letter in a phrase."""
        names = _names(hit)
        clauses = self.queries.plan.clauses
        found = {clause for at, clause in enumerate(clauses) if f"clause{at}" in names}
        return found | {one for part in self._parts(names) for one in part.clauses if one in clauses}

    def _parts(self, names: Mapping[str, float]) -> list[QueryPart]:
        return [part for at, part in enumerate(self.queries.phrases) if f"phrase{at}" in names]

    def _explanation(self, chosen: _Found, coverage: float) -> SearchExplanation:
        shown = _shown(self.answers[chosen.attempt], chosen)
        hits = (self._explain_hit(hit, self._standing(hit, chosen)) for hit in shown)
        return build_explanation(self.queries.plan, self.frequencies, self._idfs(), coverage, hits)

    def _standing(self, hit: Answer, chosen: _Found) -> Standing:
        if self.queries.plan.is_prose:
            return Standing.UNGROUPED
        is_complete = chosen.attempt.strictness == "all" or _is_complete(hit)
        return Standing.COMPLETE if is_complete else Standing.PARTIAL

    def _explain_hit(self, hit: Answer, standing: Standing) -> HitExplanation:
        names, idfs = _names(hit), self._idfs()
        words = enumerate(self.queries.plan.clauses)
        parts = [
            ScorePart(f"bm25f: {clause.typed}", names[f"clause{at}"])
            for at, clause in words
            if f"clause{at}" in names
        ]
        total = sum(part.value for part in parts)
        score = _score(hit) or total  # hits in another order have no score of their own
        parts.append(ScorePart("phrases", score - total))
        mass = sum(idfs[one] for one in self._matched(hit)) / max(sum(idfs.values()), 1e-9)
        return build_hit_explanation(hit["fields"]["id"][0], score, mass, parts, standing)


def _names(hit: Answer) -> Mapping[str, float]:
    """Returns the named queries that a hit matches, with their scores where an explanation asks for these."""
    matched = hit.get("matched_queries", ())
    return matched if isinstance(matched, dict) else dict.fromkeys(matched, 0.0)


def _shown(answer: Answer, found: _Found) -> list[Answer]:
    """Returns the hits of a page that are among the documents that answer."""
    hits: list[Answer] = answer["hits"]["hits"]
    return [hit for hit in hits if _is_complete(hit)] if found.is_cut else hits


def _is_complete(hit: Answer) -> bool:
    return bool(COMPLETE <= hit["sort"][0] < 2 * COMPLETE)


def _score(hit: Answer) -> float:
    """Returns the score of a hit that is sorted by it; 0 for any other."""
    score = hit["sort"][0] if isinstance(hit["sort"][0], float) else 0.0
    return float(score - COMPLETE if _is_complete(hit) else score)


def _unfiltered(answer: Answer) -> int:
    """Returns the number of documents of a search, whatever the filters are."""
    counted = answer["aggregations"].get(UNFILTERED)
    return int(counted["doc_count"] if counted else answer["hits"]["total"]["value"])


def _complete(answer: Answer) -> int:
    """Returns the number of documents of a search that have all of the plan."""
    counted = answer.get("aggregations", {}).get(COMPLETE_ONES)
    return int(counted["doc_count"]) if counted else _unfiltered(answer)


def _hit(hit: Answer, *, is_parted: bool = False) -> Hit:
    pages = hit.get("inner_hits", {}).get("pages", {"hits": {"hits": ()}})["hits"]["hits"]
    least = TUNING.min_page_share * max((page["_score"] for page in pages), default=0.0)
    return Hit(
        int(hit["fields"]["id"][0]),
        round(_score(hit), 4),
        tuple(
            PageHit(
                int(page["fields"]["pages.attachment"][0]),
                int(page["fields"]["pages.number"][0]),
                float(page["_score"]),
            )
            for page in pages
            if page["_score"] > least
        ),
        is_partial=is_parted and not _is_complete(hit),
    )


def _values(facet: Answer) -> tuple[FacetValue, ...]:
    buckets = facet.get("values", facet)["buckets"]
    return facet_values_by_count({bucket["key"]: bucket["doc_count"] for bucket in buckets})
