"""Queries in OpenSearch's own language keep to its limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from indexer.engines.opensearch.cluster import Cluster, read_address
from indexer.engines.opensearch.queries import filter_queries, visibility_filters
from indexer.engines.opensearch.requests import SearchRequests, as_json
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


class CountingCluster(BaseHTTPRequestHandler):
    """A cluster in which 5 documents match whatever is counted."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).count(b"\n") // 2
        answers = [{"hits": {"total": {"value": 5}, "hits": []}}] * asked
        body = json.dumps({"responses": answers}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_search_keeps_its_counts_while_others_fill_what_all_share() -> None:
    shared: dict[str, int] = {}
    road = as_json({"term": {"id": 7}})
    with ThreadingHTTPServer(("127.0.0.1", 0), CountingCluster) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        cluster = Cluster(read_address(f"opensearch+http://127.0.0.1:{server.server_port}/"))
        one, two, other = (SearchRequests(cluster, "prakat", Filters(), shared, "") for _ in range(3))
        one.note([], [road])
        one.send_first()
        assert (one.known_count(road), two.known_count(road)) == (
            5,
            5,
        )  # the second finds what the first asked
        shared |= {str(number): 1 for number in range(200_001)}
        assert other.repeat_until_answered(lambda: other.count(as_json({"term": {"id": 8}}))) == 5
        server.shutdown()
    assert (one.count(road), two.count(road)) == (5, 5)
    assert len(shared) < 10
