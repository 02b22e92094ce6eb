"""``indexer.search.searcher.Searcher`` of an OpenSearch index: one request for a plan.

The request holds a search for documents with all of the plan, one for documents with enough of it, and
counts. Their totals decide which of the searches answers: documents with all of it; where these are few,
those with enough of it. Only where no document has enough of it, a second request asks for documents with
any of it, and with them for all that a correction needs. OpenSearch finds, ranks and counts.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from archive.facets import FACETS_BY_NAME
from indexer.analysis.dictionary import Lexicon
from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.counts import DocumentCounts, TermStatistics
from indexer.engines.opensearch.queries import (
    UNFILTERED,
    Json,
    PlanQueries,
    clause_count_query,
    filter_queries,
    has_bigram,
    name_queries,
    page_query,
    phrase,
    search_body,
)
from indexer.engines.opensearch.vocabulary import CorrectionVocabulary, evidence_queries
from indexer.search.coverage import (
    clause_weights,
    document_coverage,
    minimum_coverage,
    neighbours,
    scattered_clauses,
)
from indexer.search.explanations import ClauseExplanation, HitExplanation, ScorePart, SearchExplanation
from indexer.search.ports import FacetValue, Hit, PageHit
from indexer.search.query import query_notes
from indexer.search.query.parser import Filters, Query, Sort
from indexer.search.query.query_notes import QueryNote
from indexer.search.query.query_plan import Clause, QueryPart, QueryPlan
from indexer.search.searcher import Retrieved
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
        self._vocabularies: dict[QueryPlan, CorrectionVocabulary] = {}

    def vocabulary(self, plan: QueryPlan) -> CorrectionVocabulary:
        if plan not in self._vocabularies:
            self._vocabularies[plan] = CorrectionVocabulary(
                self._cluster, self._index, self._filters, self._counts, self._lexicon, plan
            )
        return self._vocabularies[plan]

    def retrieve(self, plan: QueryPlan, query: Query) -> Retrieved:
        if not plan.clauses and query.sort is Sort.RELEVANCE:
            query = replace(query, sort=Sort.NEWEST)
        queries = PlanQueries(plan, query, self._lexicon)
        names = name_queries(query.filters)
        preference = f"q{zlib.crc32(query.typed.encode())}"  # pages of results come from one copy
        answers = self._ask(queries, set(), preference)
        unknown = {name for name, (exact, _) in names.items() if not self._counts.of(exact)}
        if unknown:  # a part of a name was given
            answers = self._ask(queries, unknown, preference)
        is_filtered = bool(filter_queries(query.filters))
        selection = _Selection(queries, answers, self._counts, is_filtered)
        if queries.fewest > 1 and selection.is_empty:
            answers |= self._ask_any(queries, unknown, preference, correct=not selection.is_as_typed)
            selection = _Selection(queries, answers, self._counts, is_filtered)
        return selection.retrieved()

    def _ask(self, queries: PlanQueries, unknown: set[str], preference: str) -> dict[MatchQuery, Answer]:
        """Returns the answers to the searches for a plan; notes the counts that belong to them."""
        bodies = _bodies(queries, _searches(queries), unknown)
        counts = self._counts.bodies(_count_queries(queries))
        answers = self._cluster.ask(
            self._index, [*bodies.values(), *(body for _, body in counts)], preference
        )
        self._counts.note([key for key, _ in counts], answers[len(bodies) :])
        return dict(zip(bodies, answers, strict=False))

    def _ask_any(
        self, queries: PlanQueries, unknown: set[str], preference: str, *, correct: bool
    ) -> dict[MatchQuery, Answer]:
        """Returns the answers with any of a plan. With ``correct`` also fetches what a correction needs."""
        bodies = _bodies(queries, _any_searches(queries), unknown)
        vocabulary = self.vocabulary(queries.plan)
        lookups = vocabulary.lookups() if correct else []
        answers = self._cluster.ask(self._index, [*bodies.values(), *lookups], preference)
        if lookups:
            vocabulary.note(answers[len(bodies) :])
        return dict(zip(bodies, answers, strict=False))


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
    return bodies


def _searches(queries: PlanQueries) -> dict[MatchQuery, Json]:
    """Returns the queries to ask for a plan, each with and without its date ranges."""
    plan = queries.plan
    if not plan.clauses:
        return {MatchQuery("all"): queries.everything()}
    searches: dict[MatchQuery, Json] = {}
    for timely in _timely(queries.query):
        if any(part.phrase.exact for part in queries.phrases):
            searches[MatchQuery("quoted", timely)] = queries.all_of_it(quoted=True, timely=timely)
        searches[MatchQuery("all", timely)] = queries.all_of_it(quoted=False, timely=timely)
        if len(plan.clauses) > 1:
            searches[MatchQuery("enough", timely)] = queries.enough_of_it(queries.fewest, timely=timely)
    return searches | _best(queries.query, searches)


def _any_searches(queries: PlanQueries) -> dict[MatchQuery, Json]:
    """Returns the queries for documents with any telling clause of a plan."""
    timely = _timely(queries.query)
    searches = {MatchQuery("any", then): queries.enough_of_it(1, timely=then) for then in timely}
    return searches | _best(queries.query, searches)


def _timely(query: Query) -> tuple[bool, ...]:
    return (True, False) if query.times else (False,)


def _best(query: Query, searches: Mapping[MatchQuery, Json]) -> dict[MatchQuery, Json]:
    """Returns searches for the best partial matches, where the page asked for does not begin with these."""
    if query.page == 1 and query.sort is Sort.RELEVANCE:
        return {}
    return {
        match._replace(best=True): one for match, one in searches.items() if match.level in ("enough", "any")
    }


def _count_queries(queries: PlanQueries) -> list[Json]:
    """Returns the queries whose counts a plan needs: clauses, the whole query, what may be misspelt."""
    plan = queries.plan
    wanted = [
        *map(clause_count_query, plan.clauses),
        *(exact for exact, _ in name_queries(queries.query.filters).values()),
    ]
    if has_bigram(plan.whole):
        wanted.append(phrase(plan.whole))
    return [*wanted, *evidence_queries(plan, queries.lexicon)]


def _named_queries(queries: PlanQueries) -> dict[str, Json]:
    """Returns queries by name that tell which clauses, neighbours and phrases a hit has."""
    named = {f"clause{at}": queries.clause(one, f"clause{at}") for at, one in enumerate(queries.plan.clauses)}
    for at, (_, _, run) in enumerate(neighbours(queries.plan)):
        if has_bigram(run):
            named[f"pair{at}"] = phrase(run, name=f"pair{at}")
    for at, part in enumerate(queries.phrases):
        named[f"phrase{at}"] = phrase(part.phrase.data, name=f"phrase{at}")
    return named


@dataclass(frozen=True, slots=True)
class _Selection:
    """Chooses the search that answers a plan, and reads its response."""

    queries: PlanQueries
    answers: Mapping[MatchQuery, Answer]
    counts: DocumentCounts
    is_filtered: bool

    def retrieved(self) -> Retrieved:
        match, notes = self._chosen()
        answer = self.answers[match]
        coverage = self._coverage(match)
        return Retrieved(
            total=_total(answer),
            hits=tuple(map(_hit, answer["hits"]["hits"])),
            is_of_time=match.timely,
            facets={name: _values(answer["aggregations"][name]) for name in FACETS_BY_NAME},
            notes=notes,
            coverage=coverage,
            is_as_typed=self.is_as_typed,
            frequencies=self._frequencies(),
            explanation=self._explanation(answer, coverage) if self.queries.query.explain else None,
        )

    def _chosen(self) -> tuple[MatchQuery, tuple[QueryNote, ...]]:
        """Returns the search that answers, and notes on what was given up."""
        match, notes = self._rule(timely=False)
        if self.queries.query.times:
            timely, its_notes = self._rule(timely=True)
            if self._unfiltered(timely):
                match, notes = timely, its_notes
            else:
                notes = (*notes, query_notes.NOT_THEN)
        if self.is_filtered and not _total(self.answers[match]):
            return self._relaxed(match, notes)
        return match, notes

    def _rule(self, *, timely: bool) -> tuple[MatchQuery, tuple[QueryNote, ...]]:
        """Returns the documents with all of the plan; where these are few, also those with enough of it."""
        quoted, whole = MatchQuery("quoted", timely), MatchQuery("all", timely)
        if quoted in self.answers and self._unfiltered(quoted):
            return quoted, ()
        notes = (query_notes.NOT_QUOTED,) if quoted in self.answers else ()
        found = self._unfiltered(whole)
        plan = self.queries.plan
        stands_there = found > 0 and len(plan.parts) == 1 and self.is_as_typed
        if (found >= TUNING.enough_complete or stands_there) and not plan.is_sentence:
            return whole, notes
        for level in ("enough", "any"):
            match = MatchQuery(level, timely)
            if match in self.answers and self._unfiltered(match) > found:
                return match, (*notes, query_notes.ALSO_SOME if found else query_notes.NOT_ALL)
        return whole, notes

    def _relaxed(
        self, match: MatchQuery, notes: tuple[QueryNote, ...]
    ) -> tuple[MatchQuery, tuple[QueryNote, ...]]:
        """Returns the partial matches that pass the filters, where no other document does."""
        for level in ("enough", "any"):
            other = MatchQuery(level)
            if other in self.answers and _total(self.answers[other]):
                given_up = [query_notes.NOT_ALL]
                if any(part.phrase.exact for part in self.queries.phrases):
                    given_up.insert(0, query_notes.NOT_QUOTED)
                if self.queries.query.times:
                    given_up.append(query_notes.NOT_THEN)
                return other, tuple(given_up)
        return match, notes

    def _unfiltered(self, match: MatchQuery) -> int:
        """Returns the number of documents of a search, whatever the filters are."""
        answer = self.answers[match]
        counted = answer["aggregations"].get(UNFILTERED)
        return int(counted["doc_count"]) if counted else _total(answer)

    @property
    def is_empty(self) -> bool:
        """True if no document has all or enough of the plan."""
        match, _ = self._chosen()
        return not _total(self.answers[match])

    @property
    def is_as_typed(self) -> bool:
        """True if the archive has the plan as it was typed."""
        whole = self.queries.plan.whole
        if has_bigram(whole):
            return bool(self.counts.known(phrase(whole)))
        return not self.queries.plan.clauses or self._unfiltered(MatchQuery("all")) > 0

    def _frequencies(self) -> dict[Clause, int]:
        clauses = self.queries.plan.clauses
        return {clause: self.counts.known(clause_count_query(clause)) or 0 for clause in clauses}

    def _idfs(self) -> dict[Clause, float]:
        return {clause: self.counts.idf(count) for clause, count in self._frequencies().items()}

    def _best(self, match: MatchQuery) -> Sequence[Answer]:
        """Returns the hits of a search that rank first by relevance."""
        best = self.answers.get(match._replace(best=True), self.answers[match])
        hits: Sequence[Answer] = best["hits"]["hits"][:_BEST_HITS]
        return hits

    def _coverage(self, match: MatchQuery) -> float:
        """Returns the share of the plan that the best hit answers (``indexer.search.coverage``)."""
        if match.level in ("quoted", "all") or self._unfiltered(MatchQuery("all", match.timely)):
            return 1.0
        times = self.queries.query.times
        weights = clause_weights(self._idfs(), self.counts.idf(1), times, self.queries.lexicon, TUNING)
        pairs = neighbours(self.queries.plan)
        covered = []
        for hit in self._best(match):
            names = _names(hit)
            as_typed = {one for part in self._parts(names) for one in part.clauses}
            beside = {run for at, (_, _, run) in enumerate(pairs) if f"pair{at}" in names}
            scattered = scattered_clauses(pairs, beside) - as_typed
            covered.append(document_coverage(weights, self._matched(hit), scattered, {}, TUNING))
        return max(covered, default=1.0) if weights else 1.0

    def _matched(self, hit: Answer) -> set[Clause]:
        """Returns the clauses that a hit has as words, or letter by letter in a phrase."""
        names = _names(hit)
        clauses = self.queries.plan.clauses
        found = {clause for at, clause in enumerate(clauses) if f"clause{at}" in names}
        return found | {one for part in self._parts(names) for one in part.clauses if one in clauses}

    def _parts(self, names: Mapping[str, float]) -> list[QueryPart]:
        return [part for at, part in enumerate(self.queries.phrases) if f"phrase{at}" in names]

    def _explanation(self, answer: Answer, coverage: float) -> SearchExplanation:
        plan, idfs, counts = self.queries.plan, self._idfs(), self._frequencies()
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


def _total(answer: Answer) -> int:
    return int(answer["hits"]["total"]["value"])


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
