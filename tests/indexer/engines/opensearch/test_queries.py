"""Queries in OpenSearch's own language keep to its limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from indexer.engines.opensearch.queries import filter_queries, visibility_filters
from indexer.search.query.parser import Filters

MOST_TERMS = 65_536  # of one clause: index.max_terms_count


def terms_clauses(query: Any) -> Iterator[list[int]]:
    """Yield the ids of each ``terms`` clause of a query."""
    if isinstance(query, dict):
        if "terms" in query:
            yield query["terms"]["id"]
        for each in query.values():
            yield from terms_clauses(each)
    if isinstance(query, list):
        for each in query:
            yield from terms_clauses(each)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(withheld=frozenset(range(70_000))),
        Filters(among=frozenset(range(70_000))),
        Filters(in_force=True, ended=frozenset(range(70_000))),
        Filters(among=frozenset()),
    ],
)
def test_no_clause_has_more_ids_than_the_cluster_takes(filters: Filters) -> None:
    clauses = [*terms_clauses([*visibility_filters(filters), *filter_queries(filters).values()])]
    assert all(len(clause) <= MOST_TERMS for clause in clauses)
    wanted = filters.withheld | (filters.among or frozenset()) | filters.ended
    assert sorted(id for clause in clauses for id in clause) == sorted(wanted)
    assert clauses  # also where no announcement is meant
