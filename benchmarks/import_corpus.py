"""A corpus through ``prakat import``, the index, and its queries: rates, sizes, latencies.

python -m benchmarks.import_corpus DOCS.jsonl QUERIES.jsonl
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.corpus import argument_parser, records
from indexer.reindex import rebuild
from indexer.search.query.parser import parse_query
from web.bootstrap import Services, build_services
from web.importing import import_manifest
from web.search_service import search
from web.settings import Settings


def manifest(docs: Path, target: Path) -> int:
    """The corpus as manifest lines; returns the bytes of its text."""
    size = 0
    with target.open("w", encoding="utf-8") as lines:
        for record in records(docs):
            text = {"title": record["title"], "body": record["body"], "author": record["cat"]}
            size += sum(len(value.encode()) for value in text.values())
            line = text | {
                "ref": record["id"],
                "published_on": record["date"],
                "kind": "news",
                "category": record["cat"],
                "status": "published",
            }
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
    return size


def filled(data: Path, docs: Path) -> Services:
    """The services of a data directory into which the corpus has been imported; it is not indexed."""
    services = build_services(Settings(data=data))
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "manifest.jsonl"
        manifest(docs, lines)
        import_manifest(services, lines, lambda _done, _total: None)
    return services


def measure(services: Services, docs: Path, queries: Path, folder: Path) -> None:
    text = manifest(docs, folder / "manifest.jsonl")
    began = time.perf_counter()
    report = import_manifest(services, folder / "manifest.jsonl", lambda _done, _total: None)
    imported = time.perf_counter() - began
    print(f"import   {report.added:,} records, {report.added / imported:,.0f} a second")
    began = time.perf_counter()
    count = rebuild(services.records, services.index)
    built = time.perf_counter() - began
    print(f"index    {count:,} records, {count / built:,.0f} a second on one processor")
    held = sum(path.stat().st_size for path in (folder / "data" / "index").rglob("*") if path.is_file())
    print(f"size     {held / 1e6:.1f} MB of index for {text / 1e6:.1f} MB of text: {held / text:.2f}")
    asked = [record["query"] for record in records(queries)]
    search(services, parse_query(asked[0]))
    print("search  ", _spread(_seconds(services, asked)))


def _seconds(services: Services, asked: Iterable[str]) -> list[float]:
    """Whole answers: hits, records, passages, facets."""
    times = []
    for query in asked:
        began = time.perf_counter()
        search(services, parse_query(query))
        times.append(time.perf_counter() - began)
    return times


def _spread(times: list[float]) -> str:
    points = np.percentile(np.array(times) * 1000, [50, 95, 99])
    return f"{len(times)} queries, p50/p95/p99 " + "/".join(f"{point:.1f}" for point in points) + " ms"


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("docs", type=Path)
    parser.add_argument("queries", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        services = build_services(Settings(data=Path(folder) / "data"))
        measure(services, given.docs, given.queries, Path(folder))


if __name__ == "__main__":
    main()
