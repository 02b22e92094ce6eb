"""The embedded index and OpenSearch side by side: how far they agree, and what each costs.

    scripts/scale.sh .venv/bin/python -m benchmarks.engines --data DIRECTORY [--measure 100000]

``DIRECTORY`` as for ``benchmarks.search``. ``--agree`` asks both so many queries on the corpus itself:
how much of the first ten they share, and nDCG@10 of each. ``--measure`` makes an archive of so many
announcements (as ``benchmarks.speed`` does) and asks it with 1, 8 and 32 users at once, who wait for
nothing but answers, for ``--seconds`` each. ``--copies`` sends OpenSearch, and it alone, each of these
announcements so often under ids of its own: 100,000 in ten copies make an index of a million without a
million being analysed. Clients, index and cluster share this machine; for figures of more than a test's small
nodes, ``SCALE_JAVA="-Xms1g -Xmx1g"``.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import argument_parser, entry, fill, records, resampled
from benchmarks.load import memory_mb
from benchmarks.search import FIRST, ndcg
from indexer.analysis.dictionary import Dictionary
from indexer.engines.opensearch import OpenSearchIndex
from indexer.engines.opensearch.bulk_loader import Action, BulkLoader, Lease
from indexer.engines.opensearch.cluster import Cluster, read_address
from indexer.engines.opensearch.index import SCHEMA
from indexer.engines.whoosh import WhooshIndex
from indexer.search.ports import IndexManifest, SearchIndex
from indexer.search.query.parser import parse_query

USERS = (1, 8, 32)
NAMES = ("Whoosh", "OpenSearch")


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="corpus and queries")
    parser.add_argument("--cluster", default=os.environ.get("SCALE_SEARCH", ""), help="address of OpenSearch")
    parser.add_argument("--agree", type=int, default=500, help="queries asked of both on the corpus itself")
    parser.add_argument("--measure", type=int, default=0, help="announcements of the larger archive")
    parser.add_argument("--copies", type=int, default=1, help="times that OpenSearch gets each of these")
    parser.add_argument("--seconds", type=int, default=40, help="for each number of users")
    parser.add_argument("--jobs", type=int, default=2, help="processes that analyse")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()), help="where Whoosh builds")
    options = parser.parse_args()
    address = options.cluster.removeprefix("at ")
    if not address.startswith("opensearch+"):
        parser.error(f"no cluster to compare with: {address or 'start it with scripts/scale.sh'}")
    address += "&" if "?" in address else "?"
    if options.agree:
        agree(options, f"{address}index=agree")
    if options.measure:
        measure(options, f"{address}index=measure")


def agree(options: argparse.Namespace, address: str) -> None:
    lines = list(records(options.data / "queries.jsonl"))
    random.Random(3).shuffle(lines)
    wanted = [line for line in lines if not line["task"].startswith("compound")][: options.agree]
    corpus = list(records(options.data / "docs.jsonl"))
    with both(options, address) as indexes:
        for index in indexes:
            fill(index, corpus, jobs=options.jobs)
        shares, same, loosened, differing = [], [], [], []
        values: dict[str, list[float]] = {name: [] for name in NAMES}
        for line in wanted:
            answers = []
            for name, index in zip(NAMES, indexes, strict=True):
                page = index.search(parse_query(line["query"], per_page=FIRST))
                ids = [hit.announcement_id for hit in page.hits]
                values[name].append(ndcg([corpus[id]["id"] for id in ids], frozenset(line["rel"])))
                answers.append((ids, page))
            (first, page), (second, other) = answers
            most = max(len(first), len(second))
            shares.append(len({*first} & {*second}) / most if most else 1.0)
            same.append((page.total, page.did_you_mean) == (other.total, other.did_you_mean))
            if page.query.loosened:
                loosened.append(same[-1])
            if first != second:
                differing.append(line["query"])
    table = Table(f"{len(wanted)} queries, {len(corpus):,} announcements", *NAMES)
    means = [sum(values[name]) / len(wanted) for name in NAMES]
    table.add_row("nDCG@10", *(f"{mean:.4f}" for mean in means))
    table.add_row("overlap of the first ten", "", f"{sum(shares) / len(shares):.4f}")
    table.add_row("the very same ten in order", "", f"{1 - len(differing) / len(wanted):.3f}")
    table.add_row("the same total and correction", "", f"{sum(same) / len(same):.3f}")
    table.add_row(
        f"… of {len(loosened)} that were loosened", "", f"{sum(loosened) / max(len(loosened), 1):.3f}"
    )
    Console(width=90).print(table)
    for typed in differing[:10]:
        print("differs:", typed)


def measure(options: argparse.Namespace, address: str) -> None:
    rows: dict[str, list[str]] = {}
    typed = [line["query"] for line in records(options.data / "queries.jsonl")]
    random.Random(2).shuffle(typed)
    names, count = NAMES if options.copies == 1 else NAMES[1:], options.measure * options.copies
    with both(options, address) as indexes:
        for index in indexes[-len(names) :]:
            corpus = resampled(options.data / "docs.jsonl", options.measure)
            start = time.perf_counter()
            if options.copies == 1:
                fill(index, corpus, jobs=options.jobs)
            else:
                fill_with_copies(address, corpus, options)
            _row(rows, "documents indexed a second", count / (time.perf_counter() - start))
            _row(rows, "disk, MB", _disk(index, options.work, address))
            for query in typed[:50]:  # warm
                index.search(parse_query(query))
            for users in USERS:
                times, seconds = asked(index, typed, users, options.seconds)
                for share in (50, 95):
                    _row(rows, f"{users} users: p{share}, ms", times[len(times) * share // 100])
                _row(rows, f"{users} users: answers a second", len(times) / seconds)
            _row(rows, "memory, MB", _memory(index, address))
    table = Table(f"{count:,} announcements", *names)
    for name, cells in rows.items():
        table.add_row(name, *cells)
    Console(width=80).print(table)
    print(f"load of the machine: {os.getloadavg()}; processors: {os.cpu_count()}")


class both:  # noqa: N801 (reads as what it gives)
    """The two engines, empty; gone afterwards."""

    def __init__(self, options: argparse.Namespace, address: str) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=options.work, prefix="whoosh-")
        self._address = address

    def __enter__(self) -> tuple[SearchIndex, SearchIndex]:
        folder = Path(self._folder.name)
        return WhooshIndex(folder, Dictionary()), OpenSearchIndex(self._address, Dictionary())

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
        client(self._address).indices.delete(index=f"{read_address(self._address).index}-*")


class CopyingLoader(BulkLoader):
    """Loads every announcement ``copies`` times, the further ones under ids above all of the corpus."""

    copies = 1
    corpus_size = 0

    def _kept_up(self, actions: Iterable[Action]) -> Iterator[Action]:
        for action in super()._kept_up(actions):
            for copy in range(self.copies):
                id = action["_source"]["id"] + copy * self.corpus_size
                yield {**action, "_id": str(id), "_source": action["_source"] | {"id": id}}


def fill_with_copies(address: str, corpus: Iterator[dict[str, Any]], options: argparse.Namespace) -> None:
    cluster, lexicon = Cluster(read_address(address)), Dictionary().current()
    CopyingLoader.copies, CopyingLoader.corpus_size = options.copies, options.measure
    with Lease(cluster) as lease:
        loader = CopyingLoader(cluster, lexicon, lease, jobs=options.jobs)
        loader.add_announcements((entry(number, record) for number, record in enumerate(corpus)), position=1)
        loader.publish_with_manifest(IndexManifest.in_force(SCHEMA, lexicon.version).as_json())


def asked(index: SearchIndex, typed: list[str], users: int, seconds: float) -> tuple[list[float], float]:
    """Milliseconds of every answer, ascending, and how long it took them all together."""
    times: list[float] = []
    start = time.perf_counter()
    end = start + seconds

    def ask(user: int) -> None:
        for query in _forever(typed, user * 101):
            began = time.perf_counter()
            if began > end:
                return
            index.search(parse_query(query))
            times.append((time.perf_counter() - began) * 1000)

    with ThreadPoolExecutor(users) as pool:
        list(pool.map(ask, range(users)))
    return sorted(times), time.perf_counter() - start


def _forever(typed: list[str], start: int) -> Iterator[str]:
    while True:
        yield from islice(typed, start % len(typed), None)
        start = 0


def client(address: str) -> OpenSearch:
    return OpenSearch(list(read_address(address).hosts), timeout=60)


def _disk(index: SearchIndex, work: Path, address: str) -> float:
    if isinstance(index, OpenSearchIndex):
        store = client(address).indices.stats(index=f"{read_address(address).index}-*", metric="store")
        return float(store["_all"]["total"]["store"]["size_in_bytes"]) / 1e6
    files = [path for folder in work.glob("whoosh-*") for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6


def _memory(index: SearchIndex, address: str) -> float:
    """Megabytes (PSS) of the processes that answer: this one, or the OpenSearch nodes."""
    processes = [os.getpid()]
    if isinstance(index, OpenSearchIndex):
        nodes: dict[str, Any] = client(address).nodes.info(metric="process")["nodes"]
        processes = [node["process"]["id"] for node in nodes.values()]
    return memory_mb(processes)


def _row(rows: dict[str, list[str]], name: str, value: float) -> None:
    rows.setdefault(name, []).append(f"{value:,.3g}" if value < 1000 else f"{value:,.0f}")
    print(f"{name}: {rows[name][-1]}", flush=True)


if __name__ == "__main__":
    main()
