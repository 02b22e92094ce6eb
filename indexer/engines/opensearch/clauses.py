"""Translates the clauses and filters of a query into OpenSearch's query language."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import NEVER_EXPIRES
from indexer.engines.opensearch.bodies import letters, phrase
from indexer.search.doc_values import DocumentFacets
from indexer.search.index_reader import FuzzyGramMatch, MinimumMatch
from indexer.search.query.parser import DateRange, Filters, Sort
from indexer.search.query.query_plan import (
    Alternative,
    Clause,
    QueryPart,
    QueryPlan,
    build_query_part,
    date_name_clauses,
)

Json = Mapping[str, Any]

ANNOUNCEMENTS: Json = {"exists": {"field": "id"}}
"""Query for all announcements; an index also contains documents of other kinds, such as words."""

FACETS = DocumentFacets._fields
"""Names of the facets, which are also the names of the fields that are counted."""

EVERYWHERE = "everywhere"
"""Name of the aggregation that counts matching documents without filters."""

_MOST_VALUES = 50  # values of one facet that are counted
_YEARS = range(1990, 2061)  # years in which a month without a year is looked for
_SURELY = 0.999  # share of the minimum that counts as reaching it, because sums are rounded
_TOGETHER = 100.0  # score of a part of several words that a document has as it was typed

ORDERS: Mapping[Sort, list[Mapping[str, str]]] = {
    Sort.NEWEST: [{"date": "desc"}, {"id": "desc"}],
    Sort.OLDEST: [{"date": "asc"}, {"id": "asc"}],
    Sort.CLOSING: [{"expires": "asc"}, {"date": "desc"}, {"id": "asc"}],
    Sort.MOST_READ: [{"views": "desc"}, {"date": "desc"}, {"id": "asc"}],
}


def every(clauses: Iterable[Json]) -> Json:
    return {"bool": {"must": list(clauses)}}


def some(clauses: Iterable[Json]) -> Json:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def term(term: str, weight: float = 1.0) -> Json:
    return {"term": {"terms": {"value": term, "boost": weight}}}


def unit(unit: Clause) -> Json:
    """Returns a query that any alternative of the clause matches; the best alternative gives the score."""
    alternatives = [_alternative(alternative) for alternative in unit.alternatives]
    return alternatives[0] if len(alternatives) == 1 else {"dis_max": {"queries": alternatives}}


def _alternative(alternative: Alternative) -> Json:
    clauses = [term(one, alternative.weight) for one in alternative.terms]
    return clauses[0] if len(clauses) == 1 else every(clauses)


class Wanted:
    """Builds the OpenSearch queries of one query plan, with its filters, date ranges and exclusions."""

    def __init__(
        self, plan: QueryPlan, filters: Filters, times: Sequence[DateRange], lexicon: Lexicon
    ) -> None:
        self._plan, self._lexicon = plan, lexicon
        self.within = _narrowing(filters)
        self.organisation = organised(filters.organisation, filters.withheld)
        self._unwanted = [self._standing(one) for one in plan.without]
        within = [(_in_time(time), time.text) for time in times]
        self._times = [(days, date_name_clauses(text, lexicon)) for days, text in within]
        self._timely = {
            unit: days for days, text in within for unit in build_query_part(text, lexicon).clauses
        }

    def is_exact(self, name: str) -> bool:
        """Returns True if the filter ``name`` asks for exactly one value."""
        return "term" in self.within.get(name, {})

    def strict(self, units: Sequence[Clause], *, together: bool) -> Json:
        """Returns the query for documents with all clauses.

        With ``together``, documents that have a part of the query as it was typed come first, and documents
        without a quoted phrase are left out.
        """
        pieces = [one for one in self._plan.parts if one.phrase.words > 1] if together else []
        return {
            "bool": {
                "must": [self._unit(one) for one in units],
                "filter": [*self.organisation, *(self._standing(one) for one in pieces if one.phrase.exact)],
                "should": [self._standing(one, _TOGETHER) for one in pieces if not one.phrase.exact],
                "must_not": self._unwanted,
            }
        }

    def loose(self, units: Sequence[Clause]) -> Json:
        """Returns the query for documents with any of the clauses; documents with most clauses come first."""
        found = some(unit(one) for one in units)
        return {"bool": {"must": [found], "filter": self.organisation, "must_not": self._unwanted}}

    def enough(self, enough: MinimumMatch) -> Json:
        """Returns the query for documents that reach the minimum match, scored by their matched worth."""
        least = {"min_score": enough.least} if enough.least else {}
        return {"function_score": {"query": self.worth(enough), **least}}

    def worth(self, enough: MinimumMatch) -> Json:
        """Returns the query for documents that may reach the minimum match, scored by their matched worth."""
        clauses = {unit: self._worth(unit, worth, enough.misread) for unit, worth in enough.worth.items()}
        return {
            "bool": {
                "should": [clause for both in clauses.values() for clause in both],
                "filter": [
                    *self.organisation,
                    some(clause for unit in _needed(enough) for clause in clauses[unit]),
                    *(self._then(enough.worth) if enough.then else []),
                ],
                "must_not": self._unwanted,
            }
        }

    def _worth(self, unit: Clause, worth: float, misread: Mapping[Clause, FuzzyGramMatch]) -> list[Json]:
        """Returns a query for a clause and, for documents that lack the clause, one for its misread terms."""
        there = self._unit(unit)
        found: list[Json] = [{"constant_score": {"filter": there, "boost": worth}}]
        terms, fewest = misread.get(unit, FuzzyGramMatch((), 0))
        if len(terms) >= fewest > 0:
            shares = [{"constant_score": {"filter": term(one), "boost": worth / len(terms)}} for one in terms]
            left = {"should": shares, "minimum_should_match": fewest, "must_not": [there]}
            found.append({"bool": left})
        return found

    def _then(self, units: Iterable[Clause]) -> list[Json]:
        """Returns queries for documents of a date range, or that name it, with one of the other clauses."""
        then = [some(some([days, every(map(unit, named))]) for days, named in self._times)]
        others = [unit(one) for one in units if one not in self._timely]
        return [*then, some(others)] if others else then

    def _unit(self, one: Clause) -> Json:
        """Returns the query of a clause; for a clause that names a date, documents of that date match too."""
        clause = unit(one)
        return some([clause, self._timely[one]]) if one in self._timely else clause

    def _standing(self, one: QueryPart, weight: float = 1.0) -> Json:
        """Returns the query for the words of a part of the query in a row."""
        if one.phrase.words == 1:
            return every(unit(each) for each in one.clauses)
        text = phrase(one.text, self._lexicon.tokenizer)
        return {"match_phrase": {"words": {"query": text, "boost": weight}}}


def _needed(enough: MinimumMatch) -> list[Clause]:
    """Returns the clauses of which a document needs one: all others together do not reach the minimum."""
    units = sorted(enough.worth, key=enough.worth.__getitem__)
    together = list(accumulate(enough.worth[unit] for unit in units))
    return units[bisect_left(together, enough.least * _SURELY) :] or units[-1:]


_MOST_WITHHELD = 65_536  # ids in one clause, by OpenSearch's own limit


def organised(organisation: int | None, withheld: frozenset[int] = frozenset()) -> list[Json]:
    """Returns filters for the announcements of an organisation (None: of all) without ``withheld`` ids."""
    own: Json = ANNOUNCEMENTS if organisation is None else {"term": {"organisation": organisation}}
    ids = sorted(withheld)
    batches = (ids[start : start + _MOST_WITHHELD] for start in range(0, len(ids), _MOST_WITHHELD))
    return [own, *({"bool": {"must_not": {"terms": {"id": batch}}}} for batch in batches)]


def _in_time(time: DateRange) -> Json:
    """Returns the query for a date range, or for a month in any of the years that archives cover."""
    if time.month is None:
        return between(time.first, time.last)
    months = [dt.date(year, time.month, 1) for year in _YEARS]
    return some(between(first, first.replace(day=monthrange(first.year, first.month)[1])) for first in months)


def between(first: dt.date | None, last: dt.date | None) -> Json:
    limits = {"gte": first, "lte": last}
    return {"range": {"date": {name: day.toordinal() for name, day in limits.items() if day is not None}}}


def _narrowing(filters: Filters) -> dict[str, Json]:
    """Returns the query of each filter that is set, by the filter's name."""
    found: dict[str, Json] = {}
    if filters.kind is not None:
        found["kind"] = {"term": {"kind": filters.kind.value}}
    if filters.author is not None:
        found["author"] = {"term": {"author_letters": letters(filters.author)}}
    if filters.category is not None:
        found["category"] = {"term": {"category_letters": letters(filters.category)}}
    if filters.year is not None:
        found["year"] = {"term": {"year": filters.year}}
    if filters.from_date is not None or filters.to_date is not None:
        found["date"] = between(filters.from_date, filters.to_date)
    if filters.open_on is not None:
        found["open"] = {"range": {"expires": {"gte": filters.open_on.toordinal(), "lt": NEVER_EXPIRES}}}
    if filters.among is not None:
        found["among"] = {"terms": {"id": sorted(filters.among)}}
    if filters.in_force:
        found["in_force"] = {"bool": {"must_not": {"terms": {"id": sorted(filters.ended)}}}}
    if filters.announcement_id is not None:
        found["announcement_id"] = {"term": {"id": filters.announcement_id}}
    return found


def containing(name: str, value: str) -> Json:
    """Returns the filter for an author or category of which only a part of the name was given."""
    return {"wildcard": {f"{name}_letters": f"*{letters(value)}*"}}


def counts(within: Mapping[str, Json]) -> dict[str, Any]:
    """Returns aggregations that count the results with each value of each facet, and all results.

    A facet is counted under every filter but its own; all results are counted without filters.
    """
    return {EVERYWHERE: {"filter": {"match_all": {}}}} | {
        name: {
            "filter": {"bool": {"filter": [one for other, one in within.items() if other != name]}},
            "aggs": {"values": {"terms": {"field": name, "size": _MOST_VALUES}}},
        }
        for name in FACETS
    }
