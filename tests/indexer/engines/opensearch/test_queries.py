"""Queries in OpenSearch's own language keep to its limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from indexer.engines.opensearch.cluster import Cluster, read_address
from indexer.engines.opensearch.counts import VisibleDocumentCounts
from indexer.engines.opensearch.queries import filter_queries, visibility_filters
from indexer.search.query.parser import Filters

ADDRESS = "opensearch+http://127.0.0.1:9"  # where nobody answers
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


def test_a_search_keeps_its_counts_while_others_fill_what_all_share() -> None:
    many = {f"None {number}": 1 for number in range(200_001)}
    shared: dict[str, int] = {}

    def fetched(query: dict[str, Any], count: int) -> VisibleDocumentCounts:
        """The counts of a search that asked for one query and for all documents."""
        counts = VisibleDocumentCounts(Cluster(read_address(ADDRESS)), "prakat", Filters(), shared)
        keys = [key for key, _body in counts.missing_requests([query])]
        counts.store(keys, [{"hits": {"total": {"value": count}}} for _ in keys])
        return counts

    road, bridge = {"term": {"id": 7}}, {"term": {"id": 8}}
    one, two = fetched(road, 5), fetched(road, 6)  # the second finds what the first has asked
    shared.update(many)
    other = fetched(bridge, 4)
    assert [each.known_total for each in (one, two, other)] == [5, 5, 5]
    assert [each.count(road) for each in (one, two)] == [5, 5]
    assert other.count(bridge) == 4
    assert len(shared) < 10
