"""``indexer.search.searcher.Searcher`` of an OpenSearch index: it finds, ranks and counts by itself.

Most plans are one request: a search for documents with all of the plan, with the counts it needs. Where these
documents are few, or are known to be few beforehand, documents with enough of the plan are asked for, in the
same request or in a second one that also brings all that a correction needs. Only where no document has
enough of the plan are documents with any of it asked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

from archive.facets import FACETS_BY_NAME
from indexer.analysis.dictionary import Lexicon
from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.counts import DocumentCounts, TermStatistics
from indexer.engines.opensearch.queries import (
    ABOUT,
    ABOUT_ELSEWHERE,
    UNFILTERED,
    Json,
    PlanQueries,
    clause_count_query,
    filter_queries,
    has_bigram,
    name_queries,
    page_query,
    phrase_query,
    search_body,
)
from indexer.engines.opensearch.vocabulary import PrefetchingVocabulary, correction_queries
from indexer.search.coverage import (
    adjacent_clauses,
    broken_words,
    clause_weights,
    document_coverage,
    is_near,
    minimum_coverage,
    scattered_clauses,
)
from indexer.search.explanations import ClauseExplanation, HitExplanation, ScorePart, SearchExplanation
from indexer.search.ports import FacetValue, Hit, PageHit
from indexer.search.query import query_notes
from indexer.search.query.parser import Filters, Query, Sort
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import Clause, QueryPart, QueryPlan
from indexer.search.searcher import MatchedPlan, Retrieved
from indexer.search.tuning import TUNING

_BEST_HITS = 3  # hits whose coverage is computed; the highest counts

Answer = Mapping[str, Any]


class MatchQuery(NamedTuple):
    """One of the searches for a plan."""

    level: str  # "quoted", "all", "enough" or "any" of the plan
    timely: bool = False  # of one of the date ranges asked for
    best: bool = False  # the first hits by relevance, whatever page and order are asked for


class OpenSearchSearcher:
    """Searches one generation for the documents that one query may see."""

    def __init__(
        self, cluster: Cluster, index: str, lexicon: Lexicon, filters: Filters, statistics: TermStatistics
    ) -> None:
        self._cluster, self._index, self._lexicon, self._filters = cluster, index, lexicon, filters
        self._counts = DocumentCounts(cluster, index, filters, statistics)
        self._vocabularies: dict[QueryPlan, PrefetchingVocabulary] = {}

    def vocabulary(self, plan: QueryPlan) -> PrefetchingVocabulary:
        if plan not in self._vocabularies:
            self._vocabularies[plan] = PrefetchingVocabulary(
                self._cluster, self._index, self._filters, self._counts, self._lexicon, plan
            )
        return self._vocabularies[plan]

    def match(self, plan: QueryPlan, query: Query) -> MatchedPlan:
        if not plan.clauses and query.sort is Sort.RELEVANCE:
            query = replace(query, sort=Sort.NEWEST)
        queries = PlanQueries(plan, query, self._lexicon)
        unknown: set[str] = set()
        selection = _Selection(queries, self._counts)
        while (missing := selection.missing()) is not None:
            self._ask(selection, missing, unknown)
            names = name_queries(query.filters)
            partial = {name for name, (exact, _) in names.items() if not self._counts.count(exact)}
            if partial != unknown:  # a part of a name was given
                unknown = partial
                selection = _Selection(queries, self._counts)
        return MatchedPlan(
            is_as_typed=selection.is_as_typed,
            frequencies=selection.frequencies(),
            retrieve=selection.retrieved,
        )

    def _ask(self, selection: _Selection, missing: MatchQuery, unknown: set[str]) -> None:
        """Asks for a search and all that is likely to be needed with it, in one request."""
        queries = selection.queries
        is_corrected = bool(self._vocabularies.keys() - {queries.plan})
        searches = _searches(queries, missing, is_rare=is_corrected or self._is_rare(queries.plan))
        bodies = _bodies(queries, searches, unknown)
        are_all_needed = all(match.level in ("quoted", "all") for match in searches)
        is_counted = is_corrected or queries.query.explain or not are_all_needed
        counts = self._counts.missing_requests(_count_queries(queries, with_clauses=is_counted))
        vocabulary = self.vocabulary(queries.plan)
        lookups = [] if not selection.answers or selection.is_as_typed else vocabulary.lookups()
        preference = f"q{zlib.crc32(queries.query.typed.encode())}"  # pages of results come from one copy
        requests = [*bodies.values(), *(body for _, body in counts), *lookups]
        answers = iter(self._cluster.ask(self._index, requests, preference))
        selection.answers.update(zip(bodies, islice(answers, len(bodies)), strict=True))
        self._counts.store([key for key, _ in counts], list(islice(answers, len(counts))))
        if lookups:
            vocabulary.note(list(answers))

    def _is_rare(self, plan: QueryPlan) -> bool:
        """Returns True if few documents are known to have all of the plan, so that partial matches count."""
        known = (self._counts.known_count(clause_count_query(clause)) for clause in plan.clauses)
        return plan.is_sentence or any(
            count is not None and count < TUNING.enough_complete for count in known
        )


def _bodies(
    queries: PlanQueries, searches: Mapping[MatchQuery, Json], unknown: set[str]
) -> dict[MatchQuery, dict[str, Any]]:
    """Returns the request of each search. ``unknown``: filters by a name that no announcement has exactly."""
    filters = filter_queries(queries.query.filters, unknown)
    shown = _named_queries(queries)
    pages = page_query(queries)
    bodies = {}
    for match, matching in searches.items():
        named = shown.values() if match.level in ("enough", "any") or queries.query.explain else ()
        inner = [pages] if pages and not match.best else []
        body = search_body(queries.query, matching, [*named, *inner], filters, first=match.best)
        bodies[match] = body | ({"include_named_queries_score": True} if queries.query.explain else {})
        if match.timely and not match.best:
            bodies[match]["aggs"] = body["aggs"] | queries.topic_counts()
    return bodies


def _searches(queries: PlanQueries, missing: MatchQuery, *, is_rare: bool) -> dict[MatchQuery, Json]:
    """Returns the queries of the missing search, and of those that are likely to be needed after it."""
    timely = missing.timely
    searches = {missing: queries.query_at_level(missing.level, timely=timely)}
    if missing.level == "quoted":
        searches[MatchQuery("all", timely)] = queries.query_at_level("all", timely=timely)
    if missing.level in ("quoted", "all") and is_rare and len(queries.plan.clauses) > 1:
        searches[MatchQuery("enough", timely)] = queries.query_at_level("enough", timely=timely)
    if queries.query.page == 1 and queries.query.sort is Sort.RELEVANCE:
        return searches
    best = {
        match._replace(best=True): one for match, one in searches.items() if match.level in ("enough", "any")
    }
    return searches | best


def _count_queries(queries: PlanQueries, *, with_clauses: bool) -> list[Json]:
    """Returns the queries whose counts a plan needs: names, the whole query, doubtful words, clauses."""
    plan = queries.plan
    wanted = [exact for exact, _ in name_queries(queries.query.filters).values()]
    if has_bigram(plan.whole):
        wanted.append(phrase_query(plan.whole))
    if len(plan.parts) > 1 and not plan.is_sentence:  # seldom in a text as one
        wanted += correction_queries(plan, queries.lexicon)
    return [*wanted, *map(clause_count_query, plan.clauses)] if with_clauses else wanted


def _named_queries(queries: PlanQueries) -> dict[str, Json]:
    """Returns queries by name that tell which clauses, neighbours and phrases a hit has."""
    named = {
        f"clause{at}": queries.clause_or_date_query(one, f"clause{at}")
        for at, one in enumerate(queries.plan.clauses)
    }
    for at, (_, _, run) in enumerate(adjacent_clauses(queries.plan)):
        if has_bigram(run):
            named[f"pair{at}"] = phrase_query(run, name=f"pair{at}")
    for at, part in enumerate(queries.phrases):
        named[f"phrase{at}"] = queries.phrase_or_misread(part, name=f"phrase{at}")
    return named


class SearchNotFetched(Exception):
    """Raised where a choice needs the answer to a search that was not asked for yet."""

    def __init__(self, match: MatchQuery) -> None:
        super().__init__(match)
        self.match = match


@dataclass(frozen=True, slots=True)
class _Selection:
    """Chooses the search that answers a plan, and reads its response."""

    queries: PlanQueries
    counts: DocumentCounts
    answers: dict[MatchQuery, Answer] = field(default_factory=dict)

    def missing(self) -> MatchQuery | None:
        """Returns the search without which the choice cannot be made; None if it can."""
        try:
            self._chosen()
        except SearchNotFetched as missing:
            return missing.match
        return None

    def retrieved(self) -> Retrieved:
        match, notes = self._chosen()
        answer = self.answers[match]
        coverage = self._coverage(match)
        return Retrieved(
            total=self._total(match),
            hits=tuple(map(_hit, answer["hits"]["hits"])),
            near=self._near(answer) if coverage < TUNING.min_answer_coverage else None,
            is_of_time=match.timely,
            is_better_elsewhere=match.timely and self._is_better_elsewhere(answer),
            facets={name: _values(answer["aggregations"][name]) for name in FACETS_BY_NAME},
            notes=notes,
            coverage=coverage,
            explanation=self._explanation(answer, coverage) if self.queries.query.explain else None,
        )

    def _is_better_elsewhere(self, answer: Answer) -> bool:
        """Returns True if only documents of other times have a word of the plan in the title."""
        counted = answer["aggregations"]
        if ABOUT not in counted or counted[ABOUT]["doc_count"]:
            return False
        return bool(counted[ABOUT_ELSEWHERE][ABOUT_ELSEWHERE]["doc_count"])

    def _chosen(self) -> tuple[MatchQuery, tuple[BilingualNote, ...]]:
        """Returns the search that answers, and notes on what was given up. May raise ``SearchNotFetched``."""
        match, notes = self._rule(timely=bool(self.queries.query.times))
        if match.timely and not self._unfiltered(match):
            match, notes = self._rule(timely=False)
            notes = (*notes, query_notes.NOT_THEN)
        if filter_queries(self.queries.query.filters) and not self._total(match):
            return self._relaxed(match, notes)
        return match, notes

    def _rule(self, *, timely: bool) -> tuple[MatchQuery, tuple[BilingualNote, ...]]:
        """Returns the documents with all of the plan; where these are few, also those with enough of it."""
        quoted, whole = MatchQuery("quoted", timely), MatchQuery("all", timely)
        if self._is_quoted and self._unfiltered(quoted):
            return quoted, ()
        notes = (query_notes.NOT_QUOTED,) if self._is_quoted else ()
        found = self._unfiltered(whole)
        plan = self.queries.plan
        stands_there = found > 0 and len(plan.parts) == 1 and self.is_as_typed
        if (found >= TUNING.enough_complete or stands_there) and not plan.is_sentence:
            return whole, notes
        for match in self._partial(timely=timely)[: 1 if found else 2]:
            if self._unfiltered(match) > found:
                return match, (*notes, query_notes.ALSO_SOME if found else query_notes.NOT_ALL)
        return whole, notes

    def _relaxed(
        self, match: MatchQuery, notes: tuple[BilingualNote, ...]
    ) -> tuple[MatchQuery, tuple[BilingualNote, ...]]:
        """Returns the partial matches that pass the filters, where no other document does."""
        for other in self._partial(timely=False):
            if self._total(other):
                given_up = [query_notes.NOT_QUOTED] if self._is_quoted else []
                given_up.append(query_notes.NOT_ALL)
                if self.queries.query.times:
                    given_up.append(query_notes.NOT_THEN)
                return other, tuple(given_up)
        return match, notes

    @property
    def _is_quoted(self) -> bool:
        return any(part.phrase.exact for part in self.queries.phrases)

    def _partial(self, *, timely: bool) -> list[MatchQuery]:
        """Returns the searches for partial matches that the plan can have, the stricter first."""
        if len(self.queries.plan.clauses) < 2:
            return []
        levels = ["enough", "any"] if self.queries.min_telling_clauses > 1 else ["enough"]
        return [MatchQuery(level, timely) for level in levels]

    def _answer(self, match: MatchQuery) -> Answer:
        if match not in self.answers:
            raise SearchNotFetched(match)
        return self.answers[match]

    def _total(self, match: MatchQuery) -> int:
        return int(self._answer(match)["hits"]["total"]["value"])

    def _unfiltered(self, match: MatchQuery) -> int:
        """Returns the number of documents of a search, whatever the filters are."""
        counted = self._answer(match)["aggregations"].get(UNFILTERED)
        return int(counted["doc_count"]) if counted else self._total(match)

    @property
    def is_as_typed(self) -> bool:
        """True if the archive has the plan as it was typed."""
        plan = self.queries.plan
        if has_bigram(plan.whole):
            return bool(self.counts.known_count(phrase_query(plan.whole)))
        return not plan.clauses or any(self._unfiltered(one) for one in self.answers if one.level == "all")

    def frequencies(self) -> dict[Clause, int]:
        clauses = self.queries.plan.clauses
        return {clause: self.counts.known_count(clause_count_query(clause)) or 0 for clause in clauses}

    def _idfs(self) -> dict[Clause, float]:
        return {clause: self.counts.idf(count) for clause, count in self.frequencies().items()}

    def _best(self, match: MatchQuery) -> Sequence[Answer]:
        """Returns the hits of a search that rank first by relevance."""
        best = self.answers.get(match._replace(best=True), self.answers[match])
        hits: Sequence[Answer] = best["hits"]["hits"][:_BEST_HITS]
        return hits

    def _coverage(self, match: MatchQuery) -> float:
        """Returns the share of the plan that the best hit answers (``indexer.search.coverage``)."""
        if match.level in ("quoted", "all") or self._unfiltered(MatchQuery("all", match.timely)):
            return 1.0
        weights = self._weights()
        covered = [self._hit_coverage(hit, weights) for hit in self._best(match)] if weights else []
        return max(covered, default=1.0)

    def _near(self, answer: Answer) -> tuple[Hit, ...]:
        """Returns the hits worth showing although none of them is an answer."""
        plan, idfs, weights = self.queries.plan, self._idfs(), self._weights()
        return tuple(
            _hit(hit)
            for hit in answer["hits"]["hits"]
            if is_near(plan, idfs, self._matched(hit), self._hit_coverage(hit, weights), TUNING)
        )

    def _weights(self) -> dict[Clause, float]:
        times = self.queries.query.times
        return clause_weights(self._idfs(), self.counts.idf(1), times, self.queries.lexicon, TUNING)

    def _hit_coverage(self, hit: Answer, weights: Mapping[Clause, float]) -> float:
        """Returns the share of the plan that a hit answers."""
        pairs = adjacent_clauses(self.queries.plan)
        names = _names(hit)
        as_typed = {one for part in self._parts(names) for one in part.clauses}
        beside = {run for at, (_, _, run) in enumerate(pairs) if f"pair{at}" in names}
        scattered = scattered_clauses(pairs, beside) - as_typed
        broken = broken_words(self.queries.plan, beside)
        return document_coverage(weights, self._matched(hit), scattered, broken, {}, TUNING)

    def _matched(self, hit: Answer) -> set[Clause]:
        """Returns the clauses that a hit has as words, or letter by letter in a phrase."""
        names = _names(hit)
        clauses = self.queries.plan.clauses
        found = {clause for at, clause in enumerate(clauses) if f"clause{at}" in names}
        return found | {one for part in self._parts(names) for one in part.clauses if one in clauses}

    def _parts(self, names: Mapping[str, float]) -> list[QueryPart]:
        return [part for at, part in enumerate(self.queries.phrases) if f"phrase{at}" in names]

    def _explanation(self, answer: Answer, coverage: float) -> SearchExplanation:
        plan, idfs, counts = self.queries.plan, self._idfs(), self.frequencies()
        return SearchExplanation(
            tuple(
                ClauseExplanation(
                    clause.typed,
                    tuple((" ".join(each.terms), each.weight) for each in clause.alternatives),
                    counts[clause],
                    round(idfs[clause], 4),
                )
                for clause in plan.clauses
            ),
            tuple(part.text for part in plan.parts if part.phrase.words > 1),
            round(coverage, 4),
            minimum_coverage(TUNING, plan),
            tuple(self._explain_hit(hit) for hit in answer["hits"]["hits"]),
        )

    def _explain_hit(self, hit: Answer) -> HitExplanation:
        names, score, idfs = _names(hit), float(hit["_score"] or 0.0), self._idfs()
        words = enumerate(self.queries.plan.clauses)
        parts = [
            ScorePart(f"bm25f: {clause.typed}", names[f"clause{at}"])
            for at, clause in words
            if f"clause{at}" in names
        ]
        parts.append(ScorePart("phrases", score - sum(part.value for part in parts)))
        mass = sum(idfs[one] for one in self._matched(hit)) / max(sum(idfs.values()), 1e-9)
        kept = tuple(ScorePart(part.name, round(part.value, 4)) for part in parts if abs(part.value) > 5e-5)
        return HitExplanation(hit["fields"]["id"][0], round(score, 4), round(mass, 4), kept)


def _names(hit: Answer) -> Mapping[str, float]:
    """Returns the named queries that a hit matches, with their scores where an explanation asks for these."""
    matched = hit.get("matched_queries", ())
    return matched if isinstance(matched, dict) else dict.fromkeys(matched, 0.0)


def _hit(hit: Answer) -> Hit:
    pages = hit.get("inner_hits", {}).get("pages", {"hits": {"hits": ()}})["hits"]["hits"]
    least = TUNING.min_page_share * max((page["_score"] for page in pages), default=0.0)
    return Hit(
        int(hit["fields"]["id"][0]),
        round(float(hit["_score"] or 0.0), 4),
        tuple(
            PageHit(
                int(page["fields"]["pages.attachment"][0]),
                int(page["fields"]["pages.number"][0]),
                float(page["_score"]),
            )
            for page in pages
            if page["_score"] > least
        ),
    )


def _values(facet: Answer) -> tuple[FacetValue, ...]:
    """Returns the values of a facet, the most frequent first; the empty value is none."""
    buckets = facet.get("values", facet)["buckets"]
    ordered = sorted(buckets, key=lambda bucket: (-bucket["doc_count"], str(bucket["key"])))
    return tuple(FacetValue(one["key"], one["doc_count"]) for one in ordered if one["key"] != "")
