"""Translates a query plan with its filters and sort order into OpenSearch's query language."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, NamedTuple

from archive.facets import FACETS, FACETS_BY_NAME, NAME_FACETS, FacetType
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import NEVER_EXPIRES
from indexer.analysis.tokenizer import letters_of, searchable_bytes, text_of_bytes
from indexer.engines.opensearch.mapping import DEEPEST, STEPS, clusters, name_key, query_bigram_lines
from indexer.search.coverage import is_stop_word_or_document_kind, longer_words, required_grams, time_clauses
from indexer.search.ports import MOST_PAGES
from indexer.search.query.date_ranges import DateRange
from indexer.search.query.parser import ExcludedValue, Filters, Interpretation, Query, Sort
from indexer.search.query.query_plan import (
    Alternative,
    Clause,
    QueryPart,
    QueryPlan,
    build_query_part,
    date_name_clauses,
    has_document_number,
)
from indexer.search.searcher import BEST_HITS, MOST_FACET_VALUES
from indexer.search.tuning import TUNING

Json = Mapping[str, Any]

ANNOUNCEMENTS: Json = {"exists": {"field": "id"}}
"""Query for all announcements; an index also contains documents of other kinds, such as words."""

COMPLETE = 1024.0
"""Score of documents with all of a plan, beside what they score otherwise: they stand before all others."""

COMPLETE_ONES = "complete"  # name of the aggregation that counts the matching documents with all of a plan

PASSING = "passing"  # name of the aggregation that counts documents that pass all filters

UNFILTERED = "unfiltered"  # name of the aggregation that counts matching documents without filters

TITLE_MATCHES, TITLE_MATCHES_AT_ANY_TIME = "about", "about-elsewhere"
"""Names of the aggregations that count documents with the topic of a query: of its time, and of any time."""

_ENOUGH = 100  # documents with a phrase that are counted; more make no spelling likelier
_SIMILAR_WORDS = 25  # distinctive words by which similar announcements are found
_SIMILAR_SHARE = "30%"  # share of these words that a similar announcement has at least
_SIMILAR_TITLE = f"{TUNING.min_similar_title:.0%}"  # the same for the rarest bigrams of the title
_MOST_IDS = 65_536  # in one clause, by OpenSearch's own limit
_TERM_BOOST = 1 / (TUNING.k1 * STEPS + 1)  # OpenSearch's BM25 multiplies by k1 + 1; without that: IDF at most
_PHRASE_BOOST = 0.3  # share of a phrase's BM25 over its bigrams that is added to the BM25F of its words
_NEAR_BOOST = 0.4  # the same for a phrase with a misread letter
_FEWEST_CLUSTERS = 5  # of a word or phrase that is looked for with a misread letter
_CLUSTERS_A_SLIP, _MOST_SLIPS = 6, 4  # one misread letter is allowed for each 6 clusters, 4 at most
_MOST_SPOILT = 3  # bigrams in place of the two of a misread cluster: a letter may be lost or one too many
_MAX_FUZZY_CLAUSES = 12  # clauses that are matched by grams
_GRAM_BOOST = 0.3  # weight of a gram beside a term
_NUMBER_WITHOUT_YEAR_BOOST = 40.0  # of คำสั่งที่ 301 to the order of that number: above any phrase's score
_OWN_NUMBER_BOOST = 4.0  # of a document that bears the number typed; half of a rare word's score
_NUMBER_SIGNS = ("/", "-", ".", " ")  # between the parts of a number
_CLUSTERS_BETWEEN_WORDS = 16  # character clusters between two words of a set phrase; some 20 letters
_TITLE_BOOST = 0.1  # the same for the whole query in a title

ORDERS: Mapping[Sort, list[Mapping[str, str]]] = {
    Sort.RELEVANCE: [{"_score": "desc"}, {"date": "desc"}, {"id": "asc"}],
    Sort.NEWEST: [{"date": "desc"}, {"id": "desc"}],
    Sort.OLDEST: [{"date": "asc"}, {"id": "asc"}],
    Sort.CLOSING: [{"expires": "asc"}, {"date": "desc"}, {"id": "asc"}],
    Sort.MOST_READ: [{"views": "desc"}, {"date": "desc"}, {"id": "asc"}],
}
"""Sort orders that leave no ties, so that pages of results never overlap."""


def bool_must(queries: Iterable[Json]) -> Json:
    """Returns the query that a document matches if it matches all given queries; the score is the sum."""
    return {"bool": {"must": list(queries)}}


def bool_should(queries: Iterable[Json], least: int = 1) -> Json:
    """Returns the query that a document matches if it matches at least ``least`` of the given queries."""
    return {"bool": {"should": list(queries), "minimum_should_match": least}}


def best_of(queries: Iterable[Json]) -> Json:
    """Returns the query that any of the queries matches, with the score of the best."""
    return {"dis_max": {"queries": list(queries)}}


def term_query(term: str, weight: float = 1.0) -> Json:
    """Returns the query for documents with a term. ``weight``, 0 to 1, multiplies the term's score."""
    return {"term": {"terms": {"value": term, "boost": weight * _TERM_BOOST}}}


def clause_query(clause: Clause) -> Json:
    """Returns a query that any alternative of the clause matches; the best alternative gives the score."""
    return best_of(map(_alternative, clause.alternatives))


def clause_count_query(clause: Clause) -> Json:
    """Returns the scored query under which a clause's count is cached: a plain one for a single term."""
    return term_query(clause.single_term) if clause.single_term else clause_query(clause)


def _alternative(alternative: Alternative) -> Json:
    if len(alternative.terms) > 1 and all(map(str.isdigit, alternative.terms)):
        return _side_by_side(alternative)
    queries = [term_query(one, alternative.weight) for one in alternative.terms]
    return queries[0] if len(queries) == 1 else bool_must(queries)


def _side_by_side(alternative: Alternative) -> Json:
    """Returns the query for documents with the parts of a number beside each other, with any sign between."""
    numbers = (searchable_bytes(sign.join(alternative.terms)).data for sign in _NUMBER_SIGNS)
    return best_of(phrase_query(number, alternative.weight * _PHRASE_BOOST) for number in numbers)


def together_query(clause: Clause) -> Json:
    """Returns the query for documents with the words of an alternative together, a few letters between."""
    return best_of(map(_together, clause.alternatives))


def _together(alternative: Alternative) -> Json:
    if len(alternative.terms) == 1 or alternative.terms[0].isdigit():
        return _alternative(alternative)
    words = (letters_of(term) for term in alternative.terms)
    near = {"query": "\n".join(map(query_bigram_lines, words)), "slop": _CLUSTERS_BETWEEN_WORDS}
    return bool_must([_alternative(alternative), {"match_phrase": {"grams": near}}])


def topic_query(clause: Clause) -> Json:
    """Returns the query for documents with the clause in the title or in a label."""
    return best_of(
        bool_must(phrase_query(letters_of(term), field="topic_grams") for term in each.terms)
        for each in clause.alternatives
    )


def phrase_query(data: bytes, boost: float = 1.0, field: str = "grams") -> Json:
    """Returns a query for documents in which the letters stand in a row.

    A single character cluster has no bigram: any bigram that begins with it matches then.
    """
    text = query_bigram_lines(data)
    if not text:
        return {"prefix": {field: {"value": text_of_bytes(data), "boost": boost}}}
    return {"match_phrase": {field: {"query": text, "boost": boost}}}


def misread_phrase_query(data: bytes, boost: float, *, is_loose: bool) -> list[Json]:
    """Returns one query for a phrase with a few letters misread; [] for a phrase that is too short.

    Where one letter may be misread, all before and after its cluster must stand there in a row. Where several
    may, there is one piece more than such letters: two of the pieces must stand as typed, not far from each
    other, or one if ``is_loose``. All bigrams but those that these letters spoil must be in the document.
    """
    letters = clusters(data)
    if len(letters) < _FEWEST_CLUSTERS:
        return []
    bigrams = query_bigram_lines(data).split("\n")
    slips = min(max(len(letters) // _CLUSTERS_A_SLIP, 1), _MOST_SLIPS)
    intact = _with_one_gap(bigrams) if slips == 1 else _with_pieces(bigrams, slips + 1, 1 if is_loose else 2)
    left = {"query": "\n".join(bigrams), "minimum_should_match": len(bigrams) - 2 * slips, "boost": boost}
    return [{"bool": {"filter": [intact], "must": [{"match": {"grams": left}}]}}]


def _with_one_gap(bigrams: Sequence[str]) -> Json:
    """Returns the query for documents with the bigrams in a row but the two of one inner cluster."""
    ways = ((bigrams[: at - 1], bigrams[at + 1 :]) for at in range(1, len(bigrams)))
    return _in_order([([some for some in way if some], _MOST_SPOILT) for way in ways])


def _with_pieces(bigrams: Sequence[str], count: int, fewest: int) -> Json:
    """Returns the query for documents with ``fewest`` of ``count`` pieces of the bigrams, as far apart."""
    borders = [len(bigrams) * at // count for at in range(count + 1)]
    pieces = [range(start, end - 1) for start, end in pairwise(borders)]
    return _in_order(
        [
            ([bigrams[each.start : each.stop] for each in some], some[-1].start - some[0].stop + _MOST_SPOILT)
            for some in combinations(pieces, fewest)
        ]
    )


def _in_order(ways: Sequence[tuple[Sequence[Sequence[str]], int]]) -> Json:
    """Returns the query for documents with rows of bigrams in order, at most so many bigrams between them."""
    rows = [
        {
            "all_of": {
                "intervals": [
                    {"match": {"query": "\n".join(row), "ordered": True, "max_gaps": 0}} for row in way
                ],
                "ordered": True,
                "max_gaps": between,
            }
        }
        for way, between in ways
    ]
    return {"intervals": {"grams": {"any_of": {"intervals": rows}}}}


def fuzzy_gram_query(clause: Clause) -> list[Json]:
    """Returns a list of one query by the letter grams of unknown words; [] for a short word or number.

    It finds documents with most grams of the word. The index has grams only of unknown words and of the
    letters beside these.
    """
    terms, fewest = required_grams(clause)
    if fewest > len(terms):
        return []
    return [bool_should([term_query(one, _GRAM_BOOST) for one in terms], fewest)]


def one_misread_letter_query(clause: Clause) -> Json | None:
    """Returns the query for a word with one letter misread; None for a number or a short word."""
    bigrams = query_bigram_lines(searchable_bytes(clause.typed).data).split("\n")
    if len(bigrams) + 1 < _FEWEST_CLUSTERS or clause.typed[:1].isdigit():
        return None
    return {"bool": {"filter": [_with_one_gap(bigrams)]}}


def has_bigram(data: bytes) -> bool:
    """Returns True if the letters can be looked up as a phrase."""
    return len(clusters(data)) > 1


class SearchAttempt(NamedTuple):
    """A search that may answer a plan; the first of ``PlanQueries.attempts`` that finds anything does."""

    strictness: str = "enough"  # have "all", "enough" or "any" of the plan; those with all come first
    is_quoted: bool = False  # with quoted phrases letter by letter, and all of the plan
    time: str = ""  # "dated": published in one of the date ranges; "named": others that name one
    has_number: bool = False  # partial matches have a document's number of the plan: others are of no use
    is_top_hits_only: bool = False  # the first hits by relevance, whatever page and order are asked for


@dataclass(frozen=True, slots=True)
class PlanQueries:
    """The OpenSearch queries of one plan, made anew at every call."""

    plan: QueryPlan
    query: Query
    lexicon: Lexicon

    @property
    def phrases(self) -> list[QueryPart]:
        """The parts of several words, which a document may have letter by letter."""
        return [part for part in self.plan.parts if part.phrase.words > 1 and has_bigram(part.phrase.data)]

    @property
    def min_telling_clauses(self) -> int:
        """The number of clauses, but stop words and kinds of document, that a partial match has at least."""
        return max(math.ceil(TUNING.min_coverage * len(self._telling()) - 1e-9), 1)

    @property
    def is_time_given_up_elsewhere(self) -> bool:
        """True if the pipeline searches without the time, where nothing of it is found."""
        return Interpretation.WITHOUT_DATES in self.query.other_interpretations

    @property
    def attempts(self) -> list[SearchAttempt]:
        """The searches, by time and by quotes, of which the first that finds anything answers the plan."""
        times = ["dated", "named"] if self.query.times else []
        times += [] if self.is_time_given_up_elsewhere else [""]
        is_quoted = any(map(self._is_looked_up_quoted, self.plan.parts))
        quotes = [True, False] if is_quoted else [False]
        return [
            SearchAttempt("all" if quoted else self.default_strictness, quoted, time)
            for time in times
            for quoted in quotes
        ]

    @property
    def default_strictness(self) -> str:
        """Strictness of the first attempt: "enough" of several clauses; "all" of one, which has no part."""
        return "enough" if len(self.plan.clauses) > 1 else "all"

    def complete(self, attempt: SearchAttempt) -> Json:
        """Returns the query for documents with every part, by its words or letter by letter."""
        return bool_must(
            self._part(part, is_quoted=attempt.is_quoted) for part in self.plan.parts if part.clauses
        )

    def ranked_query(self, attempt: SearchAttempt, complete: Json) -> Json:
        """Returns the scored query of an attempt with its filters; what has all of the plan scores highest.

        That is at least ``COMPLETE``, where others may stand beside it.
        """
        fewest = self.min_telling_clauses if attempt.strictness == "enough" else 1
        telling = self._telling()
        is_loose = attempt.strictness != "all" and len(self.plan.clauses) <= _MAX_FUZZY_CLAUSES
        words = [self._clause(clause, is_loose=is_loose) for clause in telling]
        long = [part for part in self.phrases if len(part.clauses) >= fewest]
        phrases = {part: self._phrase(part, is_loose=True) for part in self.phrases}
        should = [query for part in self.phrases if part not in long for query in phrases[part]]
        should += [self._clause(clause) for clause in self.plan.clauses if clause not in telling]
        should += [*self._whole(), *self._own_numbers()]
        enough = [bool_should(words, fewest)] if words else []
        enough += [query for part in long for query in phrases[part]]
        narrow = self.permitted_filters(attempt)
        if attempt.has_number:
            numbers = filter(has_document_number, self.plan.clauses)
            narrow.append(bool_should([complete, *map(clause_query, numbers)]))
        if attempt.strictness == "all":
            return {"bool": {"filter": [complete, *narrow], "should": [*enough, *should]}}
        tier = 0.0 if self.plan.is_prose else COMPLETE
        enough.append({"constant_score": {"filter": complete, "boost": tier}})
        return {"bool": {"must": [bool_should(enough)], "should": should, "filter": narrow}}

    def permitted_filters(self, attempt: SearchAttempt) -> list[Json]:
        """Returns the filters of a search: what the reader may see, its time, and what the plan excludes."""
        time: list[Json] = []
        if attempt.time == "dated":
            time = [bool_should(self._dated()), *self._of_topic()]
        elif attempt.time == "named":
            others = {"bool": {"must_not": self._dated()}}
            time = [self._named(), others, *self._of_topic()]
        excluded = [self._excluded(part) for part in self.plan.without]
        without: list[Json] = [{"bool": {"must_not": excluded}}] if excluded else []
        own = visibility_filters(self.query.filters)
        only_these = [one for one in own if one is not ANNOUNCEMENTS or not self.plan.clauses]  # have words
        return [*only_these, *time, *without]

    def clause_or_same_date_query(self, clause: Clause) -> Json:
        """Returns the query of a clause; for a clause that names a date, documents of that date match too."""
        days = [
            date_range_query(time)
            for time in self.query.times
            if clause in build_query_part(time.text, self.lexicon).clauses
        ]
        if not days:
            return clause_query(clause)
        published = {"constant_score": {"filter": bool_should(days), "boost": 1.0}}
        return best_of([clause_query(clause), published])

    def phrase_or_misread(self, part: QueryPart) -> Json:
        """Returns the query for a phrase as typed or, except in prose, with misread letters."""
        return best_of(self._phrase(part, is_loose=False))

    def title_match_aggregations(self) -> Json:
        """Returns two counts of documents with a telling word in the title; {} for sentences, single days.

        One counts among the matching documents, the other among all that have every word but the time. Prose
        and single days are about what happened then.
        """
        words = [
            clause for clause in self._clauses_without_dates() if not is_stop_word_or_document_kind(clause)
        ]
        if self.plan.is_prose or not words or any(time.is_one_day for time in self.query.times):
            return {}
        runs = ("".join(way.terms) for clause in words for way in clause.alternatives)
        topic = bool_should(phrase_query(letters_of(run), field="title_grams") for run in runs)
        visible = visibility_filters(self.query.filters)
        anywhere = bool_must([topic, *visible, *map(clause_query, self._clauses_without_dates())])
        return {
            TITLE_MATCHES: {"filter": topic},
            TITLE_MATCHES_AT_ANY_TIME: {
                "global": {},
                "aggs": {TITLE_MATCHES_AT_ANY_TIME: {"filter": anywhere}},
            },
        }

    def _telling(self) -> list[Clause]:
        return [clause for clause in self.plan.clauses if not is_stop_word_or_document_kind(clause)] or list(
            self.plan.clauses
        )

    def _clause(self, clause: Clause, *, is_loose: bool = False) -> Json:
        """Returns the query of a clause that, if ``is_loose``, may also stand with misread letters."""
        fuzzy = fuzzy_gram_query(clause) if is_loose else []
        exact = self.clause_or_same_date_query(clause)
        return best_of([exact, *fuzzy]) if fuzzy else exact

    def _phrase(self, part: QueryPart, *, is_loose: bool) -> list[Json]:
        return [phrase_query(part.phrase.data, _PHRASE_BOOST), *self._near(part, is_loose=is_loose)]

    def _near(self, part: QueryPart, *, is_loose: bool) -> list[Json]:
        """Returns the query for a phrase with misread letters; none in questions and sentences.

        Documents seldom have these letter by letter.
        """
        return (
            []
            if self.plan.is_prose
            else misread_phrase_query(part.phrase.data, _NEAR_BOOST, is_loose=is_loose)
        )

    def _is_looked_up_quoted(self, part: QueryPart) -> bool:
        """Returns True for quoted words in a row; a single quoted word is looked up as any other."""
        return bool(part.quoted) and (part in self.phrases or not part.phrase.data)

    def _part(self, part: QueryPart, *, is_quoted: bool) -> Json:
        if is_quoted and self._is_looked_up_quoted(part):
            return bool_should(bool_must(map(phrase_query, way)) for way in part.quoted)
        words = bool_must([*map(self._whole_clause, part.clauses), *self._longer_words(part)])
        if part not in self.phrases:
            return words
        is_set_phrase = len(part.clauses) == 1
        phrases = [phrase_query(part.phrase.data)] if is_set_phrase else self._phrase(part, is_loose=False)
        return bool_should([words, *phrases])

    def _whole_clause(self, clause: Clause) -> Json:
        """Returns the query for documents that have a clause whole: a set phrase not only in pieces."""
        is_loose = (
            self.plan.is_sentence
            or len(clause.alternatives) == 1
            or clause not in self._clauses_without_dates()
        )
        return self.clause_or_same_date_query(clause) if is_loose else together_query(clause)

    def _longer_words(self, part: QueryPart) -> list[Json]:
        """Returns the queries for longer words (สนามบิน) of a part; none in a sentence or for a time."""
        groups = () if self.plan.is_sentence else longer_words(part)
        undated = self._clauses_without_dates()
        runs = (
            "".join(each.typed for each in group) for group in groups if all(map(undated.__contains__, group))
        )
        return [phrase_query(letters_of(run)) for run in runs]

    def _own_numbers(self) -> list[Json]:
        numbers = (searchable_bytes(number).data for number in sorted(self.plan.document_numbers))
        own = [(phrase_query(number, field="number_grams"), _OWN_NUMBER_BOOST) for number in numbers]
        if self.plan.number_without_year:
            number = {"prefix": {"number_grams": {"value": f"{self.plan.number_without_year}/"}}}
            own.append((number, _NUMBER_WITHOUT_YEAR_BOOST))
        return [{"constant_score": {"filter": query, "boost": boost}} for query, boost in own]

    def _whole(self) -> list[Json]:
        """Returns queries for the whole query in a title and, where it has several parts, in the text."""
        if not has_bigram(self.plan.whole):
            return []
        title = phrase_query(self.plan.whole, _TITLE_BOOST, "title_grams")
        return [title, phrase_query(self.plan.whole, _PHRASE_BOOST)] if len(self.plan.parts) > 1 else [title]

    def _excluded(self, part: QueryPart) -> Json:
        if part.phrase.words > 1 and has_bigram(part.phrase.data):
            return phrase_query(part.phrase.data)
        return bool_must(clause_query(clause) for clause in part.clauses)

    def _dated(self) -> list[Json]:
        """Returns queries for documents of the date ranges: published then, or with the year in the title.

        In a question or a sentence, and for a single day, a document that names the range is of it too.
        """
        times = self.query.times
        ways = [date_range_query(time) for time in times]
        ways += [phrase_query(str(time.year).encode(), field="title_grams") for time in times if time.year]
        if self.plan.is_prose or any(time.is_one_day for time in times):
            ways.append(self._named())
        return ways

    def _named(self) -> Json:
        """Returns the query for documents that name one of the date ranges."""
        names = (date_name_clauses(time, self.lexicon) for time in self.query.times)
        return bool_should(bool_must(map(clause_query, name)) for name in names)

    def _of_topic(self) -> list[Json]:
        """Returns the query for documents with a word of the plan that names none of the date ranges."""
        others = list(map(clause_query, self._clauses_without_dates()))
        return [bool_should(others)] if others else []

    def _clauses_without_dates(self) -> list[Clause]:
        """Returns the clauses that name none of the date ranges."""
        named = time_clauses(self.query.times, self.lexicon)
        return [clause for clause in self.plan.clauses if clause not in named]


def search_body(
    queries: PlanQueries, attempt: SearchAttempt, named_queries: Sequence[Json], filters: Mapping[str, Json]
) -> dict[str, Any]:
    """Returns the request for a page of an attempt; totals and facets unless only its top hits are asked.

    A page ends at result 100,000 at most. ``named_queries`` tell about a hit, but match nothing more: they
    stand in the post filter, where OpenSearch looks at them for the hits alone. Of an attempt for the best
    hits only the first three are asked for.
    """
    query = queries.query
    sort = Sort.RELEVANCE if attempt.is_top_hits_only else query.sort
    complete = queries.complete(attempt)
    matching = queries.ranked_query(attempt, complete)
    order = ORDERS[sort]
    if sort is not Sort.RELEVANCE and attempt.strictness != "all" and not queries.plan.is_prose:
        first = {"constant_score": {"filter": complete, "boost": COMPLETE}}
        matching, order = {"bool": {"filter": [matching], "should": [first]}}, [{"_score": "desc"}, *order]
    begin = min((query.page - 1) * query.per_page, DEEPEST)
    body: dict[str, Any] = {
        "query": matching,
        "from": 0 if attempt.is_top_hits_only else begin,
        "size": BEST_HITS if attempt.is_top_hits_only else min(query.per_page, DEEPEST - begin),
        "sort": order,
        "track_total_hits": not attempt.is_top_hits_only,
        "post_filter": {
            "bool": {"filter": [*filters.values(), {"match_all": {}}], "should": list(named_queries)}
        },
        "stored_fields": "_none_",  # reading one would unpack the whole stored document
        "docvalue_fields": ["id"],
    }
    if attempt.is_top_hits_only:
        return body
    counts = _facets(filters)
    if attempt.strictness != "all":
        counts[COMPLETE_ONES] = {"filter": complete, "aggs": {**_facets(filters), **_passing(filters)}}
    topic = queries.title_match_aggregations() if attempt.time == "dated" else {}
    return body | {"aggs": {**counts, **topic}}


def page_query(queries: PlanQueries) -> Json | None:
    """Returns the query for the best pages of each hit; None for a plan without words."""
    parts = [part for part in queries.plan.parts if part.phrase.data]
    words = [letters_of(clause.typed) for clause in queries.plan.clauses]
    should = [phrase_query(data, field="pages.grams") for data in words if data]
    should += [phrase_query(part.phrase.data, field="pages.grams") for part in queries.phrases]
    must = [phrase_query(part.phrase.data, field="pages.grams") for part in parts if part.phrase.is_exact]
    if not should:
        return None
    return {
        "nested": {
            "path": "pages",
            "query": {"bool": {"must": must, "should": should, "minimum_should_match": 1}},
            "inner_hits": {
                "size": MOST_PAGES,
                "stored_fields": "_none_",
                "docvalue_fields": ["pages.attachment", "pages.number"],
            },
        }
    }


def similar_body(index: str, announcement_id: int, limit: int) -> dict[str, Any]:
    """Returns the request for announcements of the same organisation with the same distinctive words."""
    itself = {"index": index, "id": str(announcement_id)}

    def alike(field: str, least: str, min_documents: int) -> Json:
        terms = {"max_query_terms": _SIMILAR_WORDS, "min_term_freq": 1, "min_doc_freq": min_documents}
        like = [{"_index": index, "_id": str(announcement_id)}]
        return {"more_like_this": {"fields": [field], "like": like, "minimum_should_match": least, **terms}}

    return {
        "query": {
            "bool": {
                "must": alike("terms", _SIMILAR_SHARE, 2),
                "filter": [
                    {"terms": {"organisation": itself | {"path": "organisation"}}},
                    alike("title_grams", _SIMILAR_TITLE, 1),
                ],
            }
        },
        "size": limit,
        "sort": ORDERS[Sort.RELEVANCE],
        "track_total_hits": False,
        "stored_fields": "_none_",
        "docvalue_fields": ["id"],
    }


def count_body(query: Json, visible: Sequence[Json]) -> dict[str, Any]:
    """Returns the request for a count of visible documents; to 100 alone for a phrase or a conjunction."""
    exactly = True if query.keys() & {"exists", "term", "dis_max"} else _ENOUGH
    return {"query": {"bool": {"filter": [*visible, query]}}, "size": 0, "track_total_hits": exactly}


def visibility_filters(filters: Filters) -> list[Json]:
    """Returns filters for the announcements of an organisation (None: of all) without withheld ids."""
    own: Json = ANNOUNCEMENTS
    if filters.organisation is not None:
        own = {"term": {"organisation": filters.organisation}}
    return [own, {"bool": {"must_not": _id_query(filters.withheld)}}] if filters.withheld else [own]


def _id_query(ids: Set[int]) -> Json:
    """Returns the query for the announcements with these ids, in clauses of at most ``_MOST_IDS``."""
    ordered = sorted(ids)
    starts = range(0, max(len(ordered), 1), _MOST_IDS)  # without ids one clause, which nothing matches
    clauses: list[Json] = [{"terms": {"id": ordered[start : start + _MOST_IDS]}} for start in starts]
    return {"bool": {"should": clauses}} if len(clauses) > 1 else clauses[0]


def date_range_query(time: DateRange) -> Json:
    """Returns the query for a date range, or for a month of any year."""
    if time.month is not None:
        return {"term": {"month": time.month}}
    return _between(time.first, time.last)


def _between(first: dt.date | None, last: dt.date | None) -> Json:
    limits = {"gte": first, "lte": last}
    return {"range": {"date": {name: day.toordinal() for name, day in limits.items() if day is not None}}}


def exact_and_partial_name_queries(filters: Filters) -> dict[str, tuple[Json, Json]]:
    """Returns for each filter by name a query for exactly that name, and one for names that contain it.

    No name counts as containing a text without letters.
    """
    names = {name: (name, value) for name in NAME_FACETS if (value := getattr(filters, name)) is not None}
    names |= {_excluded_key(each): each for each in filters.excluded if each.facet in NAME_FACETS}
    return {
        key: (
            {"term": {f"{name}_letters": letters}},
            {"wildcard": {f"{name}_letters": f"*{letters}*"}} if letters else {"match_none": {}},
        )
        for key, (name, value) in names.items()
        for letters in (name_key(value),)
    }


def _excluded_key(excluded: ExcludedValue) -> str:
    return f"-{excluded.facet}:{excluded.value}"


def filter_queries(filters: Filters, unknown: Set[str] = frozenset()) -> dict[str, Json]:
    """Returns the query of each filter set, by its name; ``visibility_filters`` has the rest.

    ``unknown`` are filters by a name that no announcement has exactly.
    """
    found = {name: both[name in unknown] for name, both in exact_and_partial_name_queries(filters).items()}
    for facet in FACETS:
        value = getattr(filters, facet.name)
        if value is not None and facet.type in (FacetType.KIND, FacetType.YEAR, FacetType.VILLAGE):
            found[facet.name] = {"term": {facet.name: value}}
    for excluded in filters.excluded:
        key = _excluded_key(excluded)
        with_value = found.get(key, {"term": {excluded.facet: excluded.value}})
        found[key] = {"bool": {"must_not": with_value}}
    if filters.from_date is not None or filters.to_date is not None:
        found["date"] = _between(filters.from_date, filters.to_date)
    if filters.open_on is not None:
        found["open"] = {"range": {"expires": {"gte": filters.open_on.toordinal(), "lt": NEVER_EXPIRES}}}
    if filters.among is not None:
        found["among"] = _id_query(filters.among)
    if filters.in_force:
        found["in_force"] = {"bool": {"must_not": _id_query(filters.ended)}}
    if filters.announcement_id is not None:
        found["announcement_id"] = {"term": {"id": filters.announcement_id}}
    return found


def _passing(filters: Mapping[str, Json]) -> dict[str, Any]:
    return {PASSING: {"filter": bool_must(filters.values())}} if filters else {}


def _facets(filters: Mapping[str, Json]) -> dict[str, Any]:
    """Returns aggregations that count the results with each value of each facet, and all results.

    A facet is counted under every filter but its own; all results are counted without filters.
    """
    counts: dict[str, Any] = {}
    if filters:
        counts[UNFILTERED] = {"filter": {"match_all": {}}}
    for name in FACETS_BY_NAME:
        others = [one for other, one in filters.items() if other != name]
        values = {"terms": {"field": name, "size": MOST_FACET_VALUES}}
        counts[name] = (
            {"filter": {"bool": {"filter": others}}, "aggs": {"values": values}} if others else values
        )
    return counts
