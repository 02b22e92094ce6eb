"""Translates a query plan with its filters and sort order into OpenSearch's query language."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any, NamedTuple

from archive.facets import FACETS, FACETS_BY_NAME, NAME_FACETS, FacetType
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import NEVER_EXPIRES
from indexer.analysis.tokenizer import letters_of, searchable_bytes, text_of_bytes
from indexer.engines.opensearch.mapping import (
    DEEPEST,
    STEPS,
    TEXT_COLUMNS,
    clusters,
    name_key,
    phrase_lines,
    query_bigrams,
)
from indexer.search.coverage import is_stop_word_or_document_kind, longer_words, required_grams, time_clauses
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
from indexer.search.villages import ABBREVIATED_VILLAGE, village_number, village_words

Json = Mapping[str, Any]

ANNOUNCEMENTS: Json = {"exists": {"field": "id"}}
"""Query for all announcements; an index also contains documents of other kinds, such as words."""

UNFILTERED = "unfiltered"  # name of the aggregation that counts matching documents without filters

_SIMILAR_WORDS = 25  # distinctive words by which similar announcements are found
_SIMILAR_SHARE = "30%"  # share of these words that a similar announcement has at least
_SIMILAR_TITLE = f"{TUNING.min_similar_title:.0%}"  # the same for the rarest bigrams of the title
_MOST_IDS = 65_536  # in one clause, by OpenSearch's own limit
_TERM_BOOST = 1 / (TUNING.k1 * STEPS + 1)  # OpenSearch's BM25 multiplies by k1 + 1; without that: IDF at most
_RESCORED = 150  # best documents that are looked at for phrases
_PHRASE_BOOST = 0.3  # share of a phrase's BM25, over every second bigram, beside the BM25F of its words
_NEAR_BOOST = 0.4  # the same for a phrase with a misread letter, over all its bigrams
_TITLE_BOOST = 0.2  # the same for the whole query in a title
_FEWEST_CLUSTERS = 5  # of a phrase that is looked for with a misread letter
_CLUSTERS_A_SLIP, _MOST_SLIPS = 6, 4  # one misread letter is allowed for each 6 clusters, 4 at most
_MOST_SPOILT = 3  # bigrams in place of the two of a misread cluster: a letter may be lost or one too many
_MAX_FUZZY_CLAUSES = 12  # clauses that are matched by grams
_GRAM_BOOST = 0.3  # weight of a gram beside a term
_NUMBER_WITHOUT_YEAR_BOOST = 40.0  # of คำสั่งที่ 301 to the order of that number: above any phrase's score
_OWN_NUMBER_BOOST = (
    4.0  # of a document that bears the number typed, or is about that village; half a rare word
)
_MOST_LOOKED_AT = 50  # hits in which the letters of document numbers are looked for by themselves
_NUMBER_SIGNS = ("/", "-", ".", " ")  # between the parts of a number
_CLUSTERS_BETWEEN_WORDS = 16  # character clusters between two words of a set phrase; some 20 letters
_OF_A_DAY = 2e-5  # score of a day: of equal documents the newest comes first
_COMPLETE_BOOST = 30.0
"""A clause's share in what puts a document with all of a plan before others: more than these score by it and
its phrase, but not much, as a score has 7 digits, of which the last tell the newer document."""

_ORDERS: Mapping[Sort, list[Mapping[str, str]]] = {
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


def constant(query: Json, score: float) -> Json:
    """Returns the query with the same score for each document."""
    return {"constant_score": {"filter": query, "boost": score}}


def term_query(term: str, weight: float = 1.0) -> Json:
    """Returns the query for documents with a term. ``weight``, 0 to 1, multiplies the term's score."""
    return {"term": {"terms": {"value": term, "boost": weight * _TERM_BOOST}}}


def clause_query(clause: Clause) -> Json:
    """Returns a query that any alternative of the clause matches; the best alternative gives the score."""
    if clause.single_term:
        return term_query(clause.single_term)
    return best_of(map(_alternative, clause.alternatives))


def _alternative(alternative: Alternative) -> Json:
    if len(alternative.terms) > 1 and all(map(str.isdigit, alternative.terms)):
        return _side_by_side(alternative)
    queries = [term_query(one, alternative.weight) for one in alternative.terms]
    return queries[0] if len(queries) == 1 else bool_must(queries)


def _side_by_side(alternative: Alternative) -> Json:
    """Returns the query for documents with the parts of a number beside each other, with any sign between."""
    numbers = (searchable_bytes(sign.join(alternative.terms)).data for sign in _NUMBER_SIGNS)
    return best_of(phrase_query(number, alternative.weight * _PHRASE_BOOST) for number in numbers)


def _together(alternative: Alternative) -> Json:
    """Returns the query for documents with the words of an alternative together, a few letters between."""
    if len(alternative.terms) == 1 or alternative.terms[0].isdigit():
        return _alternative(alternative)
    words = "\n".join(bigram for term in alternative.terms for bigram in query_bigrams(letters_of(term)))
    near = {"query": words, "slop": _CLUSTERS_BETWEEN_WORDS}
    return bool_must([_alternative(alternative), {"match_phrase": {"grams": near}}])


def phrase_query(data: bytes, boost: float = 1.0, field: str = "grams") -> Json:
    """Returns a query for documents in which the letters stand in a row.

    A single character cluster has no bigram: any bigram that begins with it matches then.
    """
    lines = phrase_lines(data)
    if not lines:
        return {"prefix": {field: {"value": text_of_bytes(data), "boost": boost}}}
    return {"match_phrase": {field: {"query": lines, "boost": boost, "analyzer": "with_gaps"}}}


def misread_phrase_query(data: bytes, boost: float, *, is_loose: bool) -> list[Json]:
    """Returns one query for a phrase with a few letters misread; [] for a short one, or one with a number.

    Where one letter may be misread, all before and after its cluster must stand there in a row. Where several
    may, there is one piece more than such letters: two of the pieces must stand as typed, not far from each
    other, or one if ``is_loose``. All bigrams but those that these letters spoil must be in the document.
    """
    letters = clusters(data)
    if len(letters) < _FEWEST_CLUSTERS or any(map(str.isdigit, letters)):
        return []
    bigrams = query_bigrams(data)
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


def _fuzzy_gram_query(clause: Clause) -> list[Json]:
    """Returns a list of one query by the letter grams of unknown words; [] for a short word or number.

    It finds documents with most grams of the word. The index has grams only of unknown words and of the
    letters beside these.
    """
    terms, fewest = required_grams(clause)
    if fewest > len(terms):
        return []
    return [bool_should([term_query(one, _GRAM_BOOST) for one in terms], fewest)]


def has_bigram(data: bytes) -> bool:
    """Returns True if the letters can be looked up as a phrase."""
    return len(clusters(data)) > 1


class SearchAttempt(NamedTuple):
    """A search that may answer a plan: for documents with all of it, then also others with some of it."""

    some: str = ""  # what others have: "enough" of the plan's telling words, or "any"; "" for no others
    is_plain: bool = False  # nothing is taken for misread
    is_quoted: bool = False  # with quoted phrases letter by letter
    time: str = ""  # "dated": published in one of the date ranges; "named": others that name one
    has_number: bool = False  # others need a document's number of the plan
    is_top_hits_only: bool = False  # the first hits by relevance, whatever page and order are asked for


@dataclass(frozen=True)
class PlanQueries:
    """The OpenSearch queries of one plan."""

    plan: QueryPlan
    query: Query
    lexicon: Lexicon

    @cached_property
    def phrases(self) -> list[QueryPart]:
        """The parts of several words, which a document may have letter by letter."""
        return [part for part in self.plan.parts if part.phrase.words > 1 and has_bigram(part.phrase.data)]

    @property
    def min_telling_clauses(self) -> int:
        """The number of clauses, but stop words and kinds of document, that a partial match has at least."""
        return max(math.ceil(TUNING.min_coverage * len(self._telling) - 1e-9), 1)

    @property
    def judged_hits(self) -> int:
        """The number of the best hits by which is judged whether anything is found, on any page."""
        return _MOST_LOOKED_AT if self.plan.letters_of_document_numbers else BEST_HITS

    @property
    def is_time_given_up_elsewhere(self) -> bool:
        """True if the pipeline searches without the time, where nothing of it is found."""
        return Interpretation.WITHOUT_DATES in self.query.other_interpretations

    @property
    def attempts(self) -> list[SearchAttempt]:
        """The searches for all of the plan, by time and by quotes: the first that finds anything answers."""
        times = ["dated", "named"] if self.query.times else []
        times += [] if self.is_time_given_up_elsewhere else [""]
        is_quoted = any(map(self._is_looked_up_quoted, self.plan.parts))
        quotes = [True, False] if is_quoted else [False]
        return [SearchAttempt(is_quoted=quoted, time=time) for time in times for quoted in quotes]

    def partial_attempts(self, attempt: SearchAttempt) -> list[SearchAttempt]:
        """The same search with others that have enough of the plan; first with those that have its number.

        None for quotes, and for a plan of one clause, which has no part.
        """
        if attempt.is_quoted or len(self.plan.clauses) < 2:
            return []
        enough = attempt._replace(some="enough")
        return [enough._replace(has_number=True), enough] if self.plan.document_numbers else [enough]

    def _complete(self, *, is_plain: bool = False) -> Json:
        """Returns the query for documents with all of the plan."""
        parts = (self._part(part, is_plain=is_plain) for part in self.plan.parts if part.clauses)
        return bool_must([*parts, *self._village()])

    def ranked_query(self, attempt: SearchAttempt, *, is_scored: bool) -> Json:
        """Returns the query of an attempt with its filters; if not ``is_scored``, scores only tell groups."""
        narrow = self.permitted_filters(attempt)
        if attempt.some:
            found: dict[str, Any] = {"must": [self._partial(attempt, is_scored=is_scored)], "filter": narrow}
            others = [clause for clause in self.plan.clauses if clause not in self._telling]
        else:
            parts = [part for part in self.plan.parts if part.clauses]
            quoted = bool_must(self._part(part, is_quoted=True) for part in parts)
            complete = quoted if attempt.is_quoted else self._complete(is_plain=attempt.is_plain)
            found = {"filter": [complete, *narrow]}
            others = list(self.plan.clauses)
        if not is_scored:
            return {"bool": found}
        found["should"] = [*map(self._clause, others), *self._own_numbers()]
        newest = {"field_value_factor": {"field": "date", "factor": _OF_A_DAY, "missing": 0}}
        return {"function_score": {"query": {"bool": found}, **newest, "boost_mode": "sum"}}

    def _partial(self, attempt: SearchAttempt, *, is_scored: bool) -> Json:
        """Returns the query for documents with all of the plan, and others with some of it."""
        is_loose = len(self.plan.clauses) <= _MAX_FUZZY_CLAUSES
        words = [self._clause(clause, is_loose=is_loose) for clause in self._telling]
        fewest = self.min_telling_clauses if attempt.some == "enough" else 1
        only = self._not_village_in_vain()
        if attempt.has_number:
            only.append(bool_should(map(clause_query, filter(has_document_number, self.plan.clauses))))
        some = {"bool": {"should": words, "minimum_should_match": fewest, "filter": only}}
        boost = 0.0 if self.plan.is_prose else _COMPLETE_BOOST * len(self.plan.clauses)
        complete = constant(self._complete(), boost)
        return bool_should([some, complete]) if is_scored else best_of([constant(some, 1.0), complete])

    def rescore_queries(self, attempt: SearchAttempt) -> list[Json]:
        """Returns the queries whose scores are added for the best documents: phrases, the whole query.

        Phrases may have misread letters, but not in questions and sentences: documents seldom have these
        letter by letter.
        """
        found: list[Json] = []
        for part in self.phrases:
            found.append(phrase_query(part.phrase.data, _PHRASE_BOOST))
            if not (attempt.is_plain or self.plan.is_prose):
                found += misread_phrase_query(part.phrase.data, _NEAR_BOOST, is_loose=attempt.some != "")
        if has_bigram(self.plan.whole):
            found.append(phrase_query(self.plan.whole, _TITLE_BOOST, "title_grams"))
            found += [phrase_query(self.plan.whole, _PHRASE_BOOST)] if len(self.plan.parts) > 1 else []
        return found

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

    @property
    def title_match_queries(self) -> list[Json]:
        """Two queries for documents with all words but the time, one in the title: of any time, of the time.

        None for prose and for single days, which are about what happened then.
        """
        words = [each for each in self._clauses_without_dates if not is_stop_word_or_document_kind(each)]
        times = self.query.times
        if not (times and words) or self.plan.is_prose or any(time.is_one_day for time in times):
            return []
        runs = ("".join(way.terms) for clause in words for way in clause.alternatives)
        topic = bool_should(phrase_query(letters_of(run), field="title_grams") for run in runs)
        any_time = [topic, *map(clause_query, self._clauses_without_dates)]
        return [bool_must(any_time), bool_must([*any_time, bool_should(self._dated())])]

    @cached_property
    def _telling(self) -> list[Clause]:
        clauses = self.plan.clauses
        return [each for each in clauses if not is_stop_word_or_document_kind(each)] or list(clauses)

    def _clause(self, clause: Clause, *, is_loose: bool = False) -> Json:
        """Returns the query of a clause that, if ``is_loose``, may also stand with misread letters.

        For a clause that names a date, documents of that date match too.
        """
        days = [date_range_query(time) for time, names in self._time_clauses if clause in names]
        published = [constant(bool_should(days), 1.0)] if days else []
        others = [*published, *(_fuzzy_gram_query(clause) if is_loose else ())]
        return best_of([clause_query(clause), *others]) if others else clause_query(clause)

    @cached_property
    def _time_clauses(self) -> list[tuple[DateRange, tuple[Clause, ...]]]:
        """The clauses of each date range's name."""
        return [(time, build_query_part(time.text, self.lexicon).clauses) for time in self.query.times]

    def _is_looked_up_quoted(self, part: QueryPart) -> bool:
        """Returns True for quoted words in a row; a single quoted word is looked up as any other."""
        return bool(part.quoted) and (part in self.phrases or not part.phrase.data)

    def _part(self, part: QueryPart, *, is_quoted: bool = False, is_plain: bool = False) -> Json:
        if is_quoted and self._is_looked_up_quoted(part):
            return bool_should(bool_must(map(phrase_query, way)) for way in part.quoted)
        words = bool_must([*map(self._whole_clause, part.clauses), *self._longer_words(part)])
        if part not in self.phrases:
            return words
        is_read_right = is_plain or self.plan.is_prose or len(part.clauses) == 1
        misread = () if is_read_right else misread_phrase_query(part.phrase.data, 0.0, is_loose=False)
        return bool_should([words, phrase_query(part.phrase.data), *misread])

    def _whole_clause(self, clause: Clause) -> Json:
        """Returns the query for documents that have a clause whole: a set phrase not only in pieces."""
        is_loose = (
            self.plan.is_sentence
            or len(clause.alternatives) == 1
            or clause not in self._clauses_without_dates
        )
        return self._clause(clause) if is_loose else best_of(map(_together, clause.alternatives))

    def _longer_words(self, part: QueryPart) -> list[Json]:
        """Returns the queries for longer words (สนามบิน) of a part; none in a sentence or for a time."""
        groups = () if self.plan.is_sentence else longer_words(part)
        undated = self._clauses_without_dates
        runs = (
            "".join(each.typed for each in group) for group in groups if all(map(undated.__contains__, group))
        )
        return [phrase_query(letters_of(run)) for run in runs]

    def _village(self) -> list[Json]:
        """Returns the query for documents that name the village of the plan: a หมู่ and a 4 apart do not."""
        number = village_number(self.plan)
        if number is None:
            return []
        is_short = any(clause.typed == ABBREVIATED_VILLAGE for clause in self.plan.clauses)
        names = ["หมู่", "หมู่ที่", "ม", *(["มาตรา"] if is_short else [])]
        named = (phrase_query(letters_of(name) + number) for name in names)
        return [bool_should([{"term": {"village": int(number)}}, *named])]

    def _not_village_in_vain(self) -> list[Json]:
        """Returns the filter of partial matches: beside other words a village in an address is no answer.

        None beside a time: there they show that the village is named, if not then.
        """
        number, names = village_number(self.plan), village_words(self.plan)
        others = [each for each in self._telling if each.typed not in names]
        if number is None or not others or self.query.times:
            return []
        concerned: Json = {"term": {"village": int(number)}}
        return [bool_should([concerned, *(self._clause(each, is_loose=True) for each in others)])]

    def _own_numbers(self) -> list[Json]:
        numbers = (searchable_bytes(number).data for number in sorted(self.plan.document_numbers))
        own: list[tuple[Json, float]] = [
            (phrase_query(number, field="number_grams"), _OWN_NUMBER_BOOST) for number in numbers
        ]
        if self.plan.number_without_year:
            ending = {"prefix": {"number_grams": {"value": f"{self.plan.number_without_year}/"}}}
            own.append((ending, _NUMBER_WITHOUT_YEAR_BOOST))
        if village := village_number(self.plan):  # not only in an address
            own.append(({"term": {"village": int(village)}}, _OWN_NUMBER_BOOST))
        return [constant(query, boost) for query, boost in own]

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
        others = list(map(clause_query, self._clauses_without_dates))
        return [bool_should(others)] if others else []

    @cached_property
    def _clauses_without_dates(self) -> list[Clause]:
        named = time_clauses(self.query.times, self.lexicon)
        return [clause for clause in self.plan.clauses if clause not in named]


def search_body(queries: PlanQueries, attempt: SearchAttempt, filters: Mapping[str, Json]) -> dict[str, Any]:
    """Returns the request for a page of an attempt; totals and facets unless only its top hits are asked.

    Each hit comes with its text. Of an attempt for the best hits only those are asked for by which is judged
    whether anything is found.
    """
    query, is_top = queries.query, attempt.is_top_hits_only
    is_relevance = is_top or query.sort is Sort.RELEVANCE
    is_grouped = not is_relevance and attempt.some != "" and not queries.plan.is_prose
    places = range(queries.judged_hits) if is_top else page_range(query)
    body: dict[str, Any] = {
        "query": queries.ranked_query(attempt, is_scored=is_relevance or (query.explain and not is_grouped)),
        "from": places.start,
        "size": len(places),
        "track_total_hits": not is_top,
        "_source": False,
        "docvalue_fields": ["id"],
        "stored_fields": list(TEXT_COLUMNS),
    }
    if filters:
        body["post_filter"] = bool_must(filters.values())
    if not is_relevance:
        groups = ["_score"] if is_grouped else []
        body |= {"sort": [*groups, *_ORDERS[query.sort]], "track_scores": query.explain}
    elif again := queries.rescore_queries(attempt):
        body["rescore"] = {"window_size": _RESCORED, "query": {"rescore_query": bool_should(again)}}
    if query.explain:
        body["explain"] = True
    return body if is_top else body | {"aggs": _facets(filters)}


def page_range(query: Query) -> range:
    """Returns the places of the hits that a page asks for, 100,000 at most."""
    begin = min((query.page - 1) * query.per_page, DEEPEST)
    return range(begin, min(begin + query.per_page, DEEPEST))


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
        "sort": ["_score", {"date": "desc"}, {"id": "asc"}],
        "track_total_hits": False,
        "stored_fields": "_none_",
        "docvalue_fields": ["id"],
    }


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
