"""The ``Searcher`` protocol: the part of a search that each engine does in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from indexer.search.explanations import SearchExplanation
from indexer.search.ports import FacetValue, Hit
from indexer.search.query.parser import Query
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.vocabulary import Vocabulary

MOST_OF_OTHER_TIMES = 5  # documents shown of other times than that typed
MOST_FACET_VALUES = 50  # values of one facet that are returned
BEST_HITS = 3  # documents whose coverage is computed; the highest counts


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalResult:
    """Hits that an engine retrieved for a plan, one page of them, with counts of all documents.

    ``answer_query`` makes the ``ResultPage`` of them.
    """

    total: int = 0  # documents that match the plan and pass the filters
    hits: tuple[Hit, ...] = ()  # of the page asked for, best first, each with its best pages
    partial: int = 0  # so many of ``total`` match only some of the plan, and come after those that match all
    related: tuple[Hit, ...] | None = None  # the hits worth showing where none is an answer; None: all
    is_of_time: bool = False  # all are of the time that was typed
    # None of the time typed has the words in title or labels.
    has_title_match_at_other_times_only: bool = False
    hits_of_other_times: tuple[Hit, ...] = ()  # the best documents of other times that mention the time typed
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    notes: tuple[BilingualNote, ...] = ()  # conditions that were given up to find anything
    related_notes: tuple[BilingualNote, ...] = ()  # conditions that were given up for ``related`` alone
    coverage: float = 1.0  # share of the plan that the best document answers (0–1)
    explanation: SearchExplanation | None = None  # set where the query asks for an explanation


class PreparedSearch(Protocol):
    """A plan's clauses as looked up: what the plan's correction needs, and ``retrieve``, which answers."""

    @property
    def is_as_typed(self) -> bool:
        """Returns True if a document has the whole query as it was typed: nothing is misspelt."""

    @property
    def frequencies(self) -> Mapping[Clause, int]:
        """Returns the number of documents that match each clause."""

    def retrieve(self) -> RetrievalResult:
        """Matches, ranks, counts and cuts the documents.

        It is called for the plan that is answered, not for a misspelt one.
        """


class Searcher(Protocol):
    """One state of an index as one query sees it: the documents of its organisation, none withheld."""

    def prepare_search(self, plan: QueryPlan, query: Query) -> PreparedSearch:
        """Looks up the plan's clauses; no hits yet: ``retrieve`` of the result matches, filters and ranks.

        Documents that match all of the plan are returned by it; where these are few, also documents that
        match enough of it, after the others. Which documents match does not depend on filters, so that the
        count beside a filter is what choosing it gives.
        """

    def correction_vocabulary(self, plan: QueryPlan) -> Vocabulary:
        """Returns the vocabulary that corrects a plan; ``prepare_search`` was called with the plan before.

        What that call fetched answers most of the vocabulary's questions.
        """


def facet_values_by_count(counts: Mapping[str | int, int]) -> tuple[FacetValue, ...]:
    """Returns a facet's ``MOST_FACET_VALUES`` most frequent values; the empty value is none."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(FacetValue(value, count) for value, count in ordered[:MOST_FACET_VALUES] if value != "")
