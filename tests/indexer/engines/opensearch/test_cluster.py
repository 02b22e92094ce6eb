"""The address of a search cluster, and one that is not there."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from archive.errors import SettingsError, Unavailable
from indexer.analysis.dictionary import Dictionary
from indexer.engines.opensearch import OpenSearchIndex
from indexer.engines.opensearch.bulk_loader import Lease
from indexer.engines.opensearch.cluster import Cluster, read_address
from indexer.search.query.parser import parse_query


@pytest.mark.parametrize(
    "wrong",
    [
        "?shards=0",
        "?shards=many",
        "?replicas=-1",
        "?refresh=soon",
        "?index=Prakat",
        "?size=3",
        "path",
        "?ca=/nowhere.pem",
    ],
)
def test_an_address_that_makes_no_sense_is_named(wrong: str) -> None:
    with pytest.raises(SettingsError, match="PRAKAT_SEARCH"):
        read_address(f"opensearch+http://127.0.0.1:9200/{wrong}")


def test_a_password_that_is_not_escaped_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="PRAKAT_SEARCH") as caught:
        read_address("opensearch+https://prakat:pla/duk@search.example.go.th")
    assert "pla" not in caught.value.message
    assert "duk" not in caught.value.message


def test_an_address_names_nodes_account_and_settings() -> None:
    read = read_address("opensearch+https://prakat:p%40ss@a.th,b.th:9201/?index=thai&shards=4&replicas=2")
    assert read.hosts == ("https://a.th:443", "https://b.th:9201")
    assert read.account == ("prakat", "p@ss")
    assert (read.index, read.shards, read.replicas, read.refresh) == ("thai", 4, 2, "1s")


def test_whoever_cannot_reach_the_cluster_says_so_in_thai() -> None:
    index = OpenSearchIndex("opensearch+http://127.0.0.1:9/", Dictionary())
    for ask in (index.position, index.is_current, index.count, lambda: index.search(parse_query("ถนน"))):
        with pytest.raises(Unavailable, match="เครื่องมือค้นหายังไม่พร้อม") as caught:
            ask()
        assert caught.value.http_status == 503
        assert caught.value.retry
    with pytest.raises(Unavailable):
        index.update((), (), position=1)


def test_a_cluster_that_is_silent_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches at the same time do not wait one after the other."""
    monkeypatch.setattr("indexer.engines.opensearch.cluster._PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        index = OpenSearchIndex(f"opensearch+http://127.0.0.1:{silent.getsockname()[1]}/", Dictionary())

        def ask(_: int) -> float:
            with pytest.raises(Unavailable, match="ช้าเกินไป"):
                index.search(parse_query("ถนน"))
            return time.monotonic()

        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            assert max(pool.map(ask, range(8))) - began < 6 * 0.3 + 2


class LeaseGivenBackMeanwhile(BaseHTTPRequestHandler):
    """A cluster in which another process has the lease, and deletes its index before the lease is read."""

    def do_PUT(self) -> None:
        self._answer(409, b'{"error": {"type": "version_conflict_engine_exception"}, "status": 409}')

    def do_GET(self) -> None:
        self._answer(404, b'{"error": {"type": "index_not_found_exception"}, "status": 404}')

    def _answer(self, status: int, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_lease_whose_index_goes_away_is_not_taken_yet() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), LeaseGivenBackMeanwhile) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        cluster = Cluster(read_address(f"opensearch+http://127.0.0.1:{server.server_port}/"))
        assert not Lease(cluster).take()
        server.shutdown()
