"""``indexer.search.searcher.Searcher`` of an OpenSearch index: it finds, ranks and counts by itself.

Most plans are one request: the documents with all of the plan, those with enough of it, and the counts that
the plan needs. Where many documents are expected to have all of it, only these are asked for.
"""

from __future__ import annotations

import math
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from archive.facets import FACETS_BY_NAME
from indexer.analysis.dictionary import Lexicon
from indexer.engines.opensearch.mapping import TEXT_COLUMNS
from indexer.engines.opensearch.queries import (
    UNFILTERED,
    PlanQueries,
    SearchAttempt,
    exact_and_partial_name_queries,
    filter_queries,
    has_bigram,
    page_range,
    phrase_query,
    search_body,
)
from indexer.engines.opensearch.requests import Answer, SearchRequests, as_json, counted_clause
from indexer.engines.opensearch.vocabulary import ClusterVocabulary, counted_part
from indexer.search.coverage import are_related_hits_chosen, clause_weights
from indexer.search.document_text import DocumentText, PlanCoverage, best_pages, stand_before_numbers_alone
from indexer.search.explanations import (
    HitExplanation,
    ScorePart,
    SearchExplanation,
    Standing,
    build_explanation,
    build_hit_explanation,
)
from indexer.search.ports import FacetValue, Hit
from indexer.search.query import query_notes
from indexer.search.query.parser import Query, Sort
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.searcher import (
    BEST_HITS,
    MOST_OF_OTHER_TIMES,
    PreparedSearch,
    RetrievalResult,
    facet_values_by_count,
)
from indexer.search.spelling_correction import correctable_parts
from indexer.search.tuning import TUNING


class OpenSearchSearcher:
    """Searches one generation for the documents that one query may see."""

    def __init__(self, requests: SearchRequests, lexicon: Lexicon, vocabulary: ClusterVocabulary) -> None:
        self._requests, self._lexicon, self._vocabulary = requests, lexicon, vocabulary

    def correction_vocabulary(self, plan: QueryPlan) -> ClusterVocabulary:  # noqa: ARG002 (one for all plans)
        return self._vocabulary

    def prepare_search(self, plan: QueryPlan, query: Query) -> PreparedSearch:
        if not plan.clauses and query.sort is Sort.RELEVANCE:
            query = replace(query, sort=Sort.NEWEST)
        search = _PlanSearch(PlanQueries(plan, query, self._lexicon), self._requests)
        search.note_first()
        self._requests.send_first()
        return search


class _Found(NamedTuple):
    """The search whose documents answer."""

    attempt: SearchAttempt
    matched: int  # its documents, whatever the filters are
    total: int  # those that pass the filters
    complete: int  # of ``total`` those with all of the plan, which stand first except in prose
    is_whole: bool  # some document has all of the plan, whatever the filters are


class _PlanSearch:
    """Chooses the searches that answer a plan, and reads their responses."""

    def __init__(self, queries: PlanQueries, requests: SearchRequests) -> None:
        self._queries, self._requests = queries, requests
        self._plan, self._query = queries.plan, queries.query
        self._names = exact_and_partial_name_queries(queries.query.filters)
        self._lines: dict[tuple[SearchAttempt, frozenset[str]], str] = {}

    def note_first(self) -> None:
        """Notes the searches and the counts that are likely to be needed."""
        queries, plan = self._queries, self._plan
        searches = [*map(self._first, queries.attempts)]
        if not self._expects_many:
            searches += [each for attempt in searches for each in queries.partial_attempts(attempt)]
        if not self._shows_top_hits:
            searches += [attempt._replace(is_top_hits_only=True) for attempt in searches]
        counted = [as_json(exact) for exact, _ in self._names.values()]
        counted += map(as_json, queries.title_match_queries)
        if has_bigram(plan.whole) and not self._expects_many:
            counted.append(self._counted_whole)
        if len(plan.parts) > 1 and not (plan.is_sentence or self._expects_many):  # seldom in a text as one
            parts = correctable_parts(plan, queries.lexicon, lambda _word: False, lambda _word: False)
            counted += map(counted_part, parts)
            counted += (counted_clause(clause) for part in parts for clause in part.clauses)
        self._requests.note(map(self._line, searches), [*counted, *map(counted_clause, plan.clauses)])

    @cached_property
    def is_as_typed(self) -> bool:
        """True if the archive has the plan as it was typed, or many documents have its words as read."""
        complete = [_unfiltered(self._answer(self._first(each))) for each in self._queries.attempts]
        have_many = self._expects_many and max(complete) >= TUNING.enough_complete
        if have_many or not has_bigram(self._plan.whole):
            return any(complete) or not self._plan.clauses
        return bool(self._requests.count(self._counted_whole))

    @property
    def _counted_whole(self) -> str:
        return as_json(phrase_query(self._plan.whole))

    @cached_property
    def frequencies(self) -> dict[Clause, int]:
        return {clause: self._requests.count(counted_clause(clause)) for clause in self._plan.clauses}

    def retrieve(self) -> RetrievalResult:
        found, notes = self._chosen()
        is_parted = 0 < found.complete < found.total and not self._plan.is_prose
        hits = self._hits(found, is_parted=is_parted)
        coverage = self._coverage(found)
        is_dated = found.attempt.time == "dated"
        related = None
        if are_related_hits_chosen(self._plan, coverage):
            shown = zip(hits, self._shown(found), strict=True)
            related = tuple(hit for hit, source in shown if self._judged.is_near(_text(source)))
        return RetrievalResult(
            total=found.total,
            hits=hits,
            related=related,
            partial=found.total - found.complete if is_parted else 0,
            is_of_time=is_dated,
            has_title_match_at_other_times_only=is_dated and self._has_title_match_at_other_times_only(),
            hits_of_other_times=self._hits_of_other_times() if is_dated else (),
            facets=_facet_values(self._answer(found.attempt)),
            notes=notes,
            coverage=coverage,
            explanation=self._explanation(found, coverage) if self._query.explain else None,
        )

    @property
    def _is_first_page(self) -> bool:
        return self._query.page == 1 and self._query.sort is Sort.RELEVANCE

    @property
    def _shows_top_hits(self) -> bool:
        """True if the page asked for has the hits by which is judged whether anything is found."""
        return self._is_first_page and self._query.per_page >= self._queries.judged_hits

    @cached_property
    def _expects_many(self) -> bool:
        """True if so many documents are expected to have all of the plan that no others are needed."""
        return self._requests.decide_once(self._plan.clauses, self._is_many_expected)

    def _is_many_expected(self) -> bool:
        """Counts words as independent of each other; those of one subject stand together more often."""
        counts = [self._requests.known_count(counted_clause(clause)) for clause in self._plan.clauses]
        total = self._requests.known_total()
        if not counts or self._plan.is_sentence or self._query.times or total is None or None in counts:
            return False
        share = math.prod((count or 0) / max(total, 1) for count in counts)
        return total * share >= TUNING.enough_complete

    def _first(self, attempt: SearchAttempt) -> SearchAttempt:
        """Returns the search that is asked first: where many documents are expected, nothing is misread."""
        return attempt._replace(is_plain=self._expects_many)

    def _has_phrases(self, answer: Answer) -> bool:
        """Returns True if the hits of an answer have the phrases of the plan letter by letter."""
        texts = [_text(hit).text for hit in answer["hits"]["hits"]]
        return all(any(part.phrase.data in text for text in texts) for part in self._queries.phrases)

    def _line(self, attempt: SearchAttempt) -> str:
        """Returns the request of a search. A name that nothing has exactly is taken for a part of one."""
        counts = {
            name: self._requests.known_count(as_json(exact)) for name, (exact, _) in self._names.items()
        }
        unknown = frozenset(name for name, count in counts.items() if count == 0)
        if (attempt, unknown) not in self._lines:
            filters = filter_queries(self._query.filters, unknown)
            self._lines[attempt, unknown] = as_json(search_body(self._queries, attempt, filters))
        return self._lines[attempt, unknown]

    def _answer(self, attempt: SearchAttempt) -> Answer:
        return self._requests.answer(self._line(attempt))

    def _best(self, attempt: SearchAttempt) -> Answer:
        """Returns the response that has the best hits of a search, whatever page and order are asked for."""
        return self._answer(attempt if self._shows_top_hits else attempt._replace(is_top_hits_only=True))

    def _chosen(self) -> tuple[_Found, tuple[BilingualNote, ...]]:
        """Returns what answers, and notes on what was given up."""
        any_of_it = SearchAttempt("any")
        may_be_any = self._queries.min_telling_clauses > 1 and not self._queries.is_time_given_up_elsewhere
        ways = [*map(self._found, self._queries.attempts)]
        chosen = next((found for found in ways if found.matched), ways[-1])
        if not chosen.matched and may_be_any:
            chosen = max(chosen, self._only(any_of_it), key=lambda found: found.matched)
        if filter_queries(self._query.filters) and not chosen.total:
            relaxed = [self._found(SearchAttempt()), *([self._only(any_of_it)] if may_be_any else [])]
            chosen = next((found for found in relaxed if found.total), chosen)
        return chosen, self._notes(chosen)

    def _found(self, attempt: SearchAttempt) -> _Found:
        """Returns what a search found: partial matches only where documents with all of the plan are few."""
        partial = self._queries.partial_attempts(attempt)
        for whole in dict.fromkeys((self._first(attempt), attempt)):
            answer = self._answer(whole)
            count, total = _unfiltered(answer), _total(answer)
            is_doubtful = whole.is_plain and not self._has_phrases(self._best(whole))
            if not (is_doubtful or (partial and not self._is_enough(count))):
                return _Found(whole, count, total, total, count > 0)
        found = self._only(partial[0] if count else partial[-1])
        return found._replace(complete=total, is_whole=count > 0)

    def _only(self, attempt: SearchAttempt) -> _Found:
        """Returns what a search found, as though no document had all of the plan."""
        answer = self._answer(attempt)
        return _Found(attempt, _unfiltered(answer), _total(answer), 0, is_whole=False)

    def _is_enough(self, complete: int) -> bool:
        """Returns True if with so many documents that have all of the plan no partial matches are wanted."""
        stands_there = complete > 0 and len(self._plan.parts) == 1 and self.is_as_typed
        return (complete >= TUNING.enough_complete or stands_there) and not self._plan.is_sentence

    def _notes(self, chosen: _Found) -> tuple[BilingualNote, ...]:
        """Returns the notes on what was given up to find anything."""
        attempt = chosen.attempt
        is_quoted = any(each.is_quoted for each in self._queries.attempts)
        notes = [query_notes.NOT_QUOTED] if is_quoted and not attempt.is_quoted else []
        if chosen.total and not chosen.complete and not (chosen.is_whole and self._plan.is_prose):
            notes.append(query_notes.NOT_ALL)
        if self._query.times and attempt.time != "dated":
            is_named = attempt.time and chosen.matched
            notes.append(query_notes.ONLY_NAMED if is_named else query_notes.NOT_THEN)
        return tuple(notes)

    def _has_title_match_at_other_times_only(self) -> bool:
        """Returns True if only documents of other times have a word of the plan in the title."""
        match [*map(self._requests.count, map(as_json, self._queries.title_match_queries))]:
            case [anywhere, 0]:
                return anywhere > 0
        return False

    def _hits_of_other_times(self) -> tuple[Hit, ...]:
        """Returns, for the first page, the best documents of other times that mention the time typed."""
        if not self._is_first_page:
            return ()
        return self._hits(self._found(SearchAttempt(time="named")), is_parted=False)[:MOST_OF_OTHER_TIMES]

    def _shown(self, found: _Found) -> list[Answer]:
        """Returns the hits of the page asked for."""
        return list(self._answer(found.attempt)["hits"]["hits"])

    def _hits(self, found: _Found, *, is_parted: bool) -> tuple[Hit, ...]:
        begin = page_range(self._query).start
        return tuple(
            Hit(
                _id(hit),
                round(hit["_score"] or 0.0, 4),
                best_pages(_text(hit), self._plan, self._idfs),
                is_partial=is_parted and place >= found.complete,
            )
            for place, hit in enumerate(self._shown(found), start=begin)
        )

    @cached_property
    def _idfs(self) -> dict[Clause, float]:
        return {clause: self._requests.idf(count) for clause, count in self.frequencies.items()}

    @cached_property
    def _judged(self) -> PlanCoverage:
        lexicon = self._queries.lexicon
        weights = clause_weights(self._idfs, self._requests.idf(1), self._query.times, lexicon)
        return PlanCoverage(self._plan, self._idfs, weights, lexicon)

    def _coverage(self, found: _Found) -> float:
        """Returns the share of the plan that the best of three hits answers; 1 without words or hits."""
        hits = self._best(found.attempt)["hits"]["hits"][: self._queries.judged_hits]
        letters = self._plan.letters_of_document_numbers
        if letters and stand_before_numbers_alone(letters, map(_text, hits)):
            return 0.0
        complete = 0 if found.attempt.some and self._plan.is_prose else found.complete
        covered = (
            self._judged.coverage_of(_text(hit), is_complete=place < complete)
            for place, hit in enumerate(hits[:BEST_HITS])
        )
        return max(covered, default=1.0)

    def _explanation(self, found: _Found, coverage: float) -> SearchExplanation:
        begin = page_range(self._query).start
        is_grouped = found.complete > 0 and not self._plan.is_prose
        hits = (
            self._explain_hit(hit, is_grouped=is_grouped, is_partial=place >= found.complete)
            for place, hit in enumerate(self._shown(found), start=begin)
        )
        return build_explanation(self._plan, self.frequencies, self._idfs, coverage, hits)

    def _explain_hit(self, hit: Answer, *, is_grouped: bool, is_partial: bool) -> HitExplanation:
        standing = Standing.PARTIAL if is_partial else Standing.COMPLETE
        matched = [idf for clause, idf in self._idfs.items() if _text(hit).has_clause(clause)]
        mass = sum(matched) / max(sum(self._idfs.values()), 1e-9)
        parts = [*_score_parts(hit["_explanation"])]
        standing = standing if is_grouped else Standing.UNGROUPED
        return build_hit_explanation(_id(hit), hit["_score"] or 0.0, mass, parts, standing)


def _score_parts(explained: Answer) -> Iterator[ScorePart]:
    """Yields the addends of a score by OpenSearch's own explanation; of alternatives the best."""
    description, details = explained["description"], explained["details"]
    if description.startswith("sum of"):
        yield from chain.from_iterable(map(_score_parts, details))
    elif description.startswith("product of") and all(each["value"] == 1 for each in details[1:]):
        yield from _score_parts(details[0])
    elif description.startswith("max of"):
        yield from _score_parts(max(details, key=lambda each: each["value"]))
    else:
        yield ScorePart(description, explained["value"])


def _unfiltered(answer: Answer) -> int:
    """Returns the number of documents of a search, whatever the filters are."""
    counted = answer.get("aggregations", {}).get(UNFILTERED)
    return int(counted["doc_count"]) if counted else _total(answer)


def _total(answer: Answer) -> int:
    return int(answer["hits"]["total"]["value"])


def _id(hit: Answer) -> int:
    return int(hit["fields"]["id"][0])


def _text(hit: Answer) -> DocumentText:
    return DocumentText(*(b64decode(hit["fields"][column][0]) for column in TEXT_COLUMNS))


def _facet_values(answer: Answer) -> dict[str, tuple[FacetValue, ...]]:
    found = {name: facet.get("values", facet) for name, facet in answer.get("aggregations", {}).items()}
    counts = {name: found.get(name, {}).get("buckets", ()) for name in FACETS_BY_NAME}
    return {
        name: facet_values_by_count({each["key"]: each["doc_count"] for each in buckets})
        for name, buckets in counts.items()
    }
