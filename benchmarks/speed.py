"""Benchmark of speed and size: building, memory and queries, beside tantivy fed the same terms.

    python -m benchmarks.speed --data DIRECTORY [--counts 2000 20000 100000] [--work DIRECTORY]

``DIRECTORY`` holds ``docs.jsonl`` and ``queries.jsonl`` (``benchmarks.search``). Larger archives are
made by resampling: each further announcement is half of one and half of another. A query of ours gives a
page of ten with facets, best pages and passages with the words marked. tantivy gives the ids of ten; and, as
its *whole answer*, also the counts of the facets (its aggregations) and passages with the words marked
(its snippets) of ten texts that it keeps. It is asked for any of our terms: no slips, phrases or other cuts.

*New* queries are asked for the first time in the process, *again* is the same list once more. All that is
divided was measured in one run, one after the other.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import tantivy
from rich.console import Console
from rich.table import Table

from archive.facets import FACETS_BY_NAME
from benchmarks.corpus import argument_parser, entry, records, resampled
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import build_index_document
from indexer.engines.whoosh import WhooshIndex
from indexer.search.highlighting import snippet
from indexer.search.query.parser import parse_query
from indexer.search.query.query_plan import build_query_plan

_BATCH = 250
_SHARES = (50, 95, 99)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="corpus and queries")
    parser.add_argument("--counts", type=int, nargs="+", default=[2000, 20_000, 100_000])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()), help="where to build")
    parser.add_argument("--queries", type=int, default=300, help="asked of each archive")
    parser.add_argument("--cpu", action="store_true", help="processor time of queries: for a busy machine")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:  # in a process of its own, so that its memory is its own
        print(json.dumps(STEPS[options.step](options)))
        return
    columns = {count: _measured(options, count) for count in options.counts}
    table = Table("", *(f"{count:,} documents" for count in columns))
    for row in next(iter(columns.values())):
        table.add_row(row, *(f"{column[row]:,.3g}" for column in columns.values()))
    Console(width=40 + 20 * len(columns)).print(table)


def _measured(options: argparse.Namespace, count: int) -> dict[str, float]:
    """Measure all steps on one archive."""
    values: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.speed", "--data", str(options.data)]
            command += ["--counts", str(count), "--queries", str(options.queries)]
            command += ["--step", step, "--folder", folder, *(["--cpu"] if options.cpu else [])]
            ran = subprocess.run(command, check=True, capture_output=True, text=True)
            values |= json.loads(ran.stdout)
    for other in ("ids alone", "whole answer"):
        for share in _SHARES:
            ours, theirs = values[f"ours, new, p{share} ms"], values[f"tantivy, {other}, p{share} ms"]
            values[f"ours ÷ tantivy's {other}, p{share}"] = ours / theirs
    return values


def _corpus(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    (count,) = options.counts
    return resampled(options.data / "docs.jsonl", count)


def _build(options: argparse.Namespace) -> dict[str, float]:
    index = WhooshIndex(options.folder / "ours", Dictionary())
    size = 0
    start = time.perf_counter()
    with index.rebuild() as generation:
        batch = []
        for number, record in enumerate(_corpus(options)):
            size += len((record["title"] + record["body"]).encode())
            batch.append(entry(number, record))
            if len(batch) == _BATCH:
                generation.add_announcements(batch)
                batch = []
        generation.add_announcements(batch)
    seconds = time.perf_counter() - start
    (count,) = options.counts
    segmenter = Dictionary().current().tokenizer
    some = [entry(number, record) for number, record in enumerate(_corpus(options)) if number < 1000]
    start = time.perf_counter()
    for one in some:
        build_index_document(one, segmenter)
    analysis = (time.perf_counter() - start) / len(some)
    files = sum(path.stat().st_size for path in (options.folder / "ours").rglob("*") if path.is_file())
    return {
        "documents/s, one process": count / seconds,
        "documents/s, analysis alone": 1 / analysis,
        "documents/s, all but the analysis": count / max(seconds - analysis * count, 1e-9),
        "index size ÷ text size": files / size,
        "building, peak MB": _peak(),
    }


def _build_tantivy(options: argparse.Namespace) -> dict[str, float]:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=True)
    builder.add_text_field("terms", stored=True, tokenizer_name="whitespace")
    for name in ("kind", "author", "category"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw")
    builder.add_integer_field("year", fast=True)
    (options.folder / "tantivy").mkdir()
    index = tantivy.Index(builder.build(), path=str(options.folder / "tantivy"))
    segmenter = Dictionary().current().tokenizer
    writer = index.writer(200_000_000)
    for number, record in enumerate(_corpus(options)):
        tokens = segmenter.tokens(f"{record['title']}\n{record['body']}")
        announcement = entry(number, record).announcement
        writer.add_document(
            tantivy.Document(
                id=number,
                terms=" ".join(token.term for token in tokens),
                kind=announcement.kind.value,
                author=announcement.author,
                category=announcement.category,
                year=announcement.published_on.year,
            )
        )
    writer.commit()
    writer.wait_merging_threads()
    return {}


def _ask(options: argparse.Namespace) -> dict[str, float]:
    imported = time.process_time()
    typed = _queries(options)
    bodies = {number: record["body"] for number, record in enumerate(_corpus(options))}
    gc.collect()
    gc.freeze()  # as the service does before it opens anything
    before = _peak()
    start, processor = time.perf_counter(), time.process_time()
    dictionary = Dictionary()
    index = WhooshIndex(options.folder / "ours", dictionary)

    def ask(query: str) -> None:
        page = index.search(parse_query(query))
        for hit in page.hits:
            snippet(bodies[hit.announcement_id], page.query, dictionary.current().tokenizer)

    ask(typed[0])
    first = {
        "opening and first query, ms": (time.perf_counter() - start) * 1000,
        "the same with all imports, ms of processor": (time.process_time() - processor + imported) * 1000,
    }
    cold = _percentiles("ours, new", ask, typed, options.cpu)
    again = _percentiles("ours, again", ask, typed, options.cpu)
    return first | cold | again | {"asking, MB more": _peak() - before}


def _ask_tantivy(options: argparse.Namespace) -> dict[str, float]:
    index = tantivy.Index.open(str(options.folder / "tantivy"))
    searcher = index.searcher()
    lexicon = Dictionary().current()
    counts = {name: {"terms": {"field": name, "size": 50}} for name in FACETS_BY_NAME}

    def wanted(typed: str) -> tantivy.Query:
        terms = [
            term
            for unit in build_query_plan(parse_query(typed), lexicon).clauses
            for term in unit.alternatives[0].terms
        ]
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "terms", term)) for term in terms]
        )

    def ask_ids(typed: str) -> None:
        for _, address in searcher.search(wanted(typed), 10).hits:
            searcher.doc(address)

    def ask(typed: str) -> None:
        query = wanted(typed)
        hits = searcher.search(query, 10).hits
        searcher.aggregate(query, counts)
        snippets = tantivy.SnippetGenerator.create(searcher, query, index.schema, "terms")
        snippets.set_max_num_chars(180)
        for _, address in hits:
            snippets.snippet_from_doc(searcher.doc(address)).highlighted()

    typed = _queries(options)
    ids = _percentiles("tantivy, ids alone", ask_ids, typed, options.cpu)
    return ids | _percentiles("tantivy, whole answer", ask, typed, options.cpu)


def _queries(options: argparse.Namespace) -> list[str]:
    """A fixed sample of all kinds."""
    typed = [line["query"] for line in records(options.data / "queries.jsonl")]
    random.Random(2).shuffle(typed)
    return typed[: options.queries]


def _percentiles(name: str, ask: Callable[[str], None], typed: Iterable[str], cpu: bool) -> dict[str, float]:
    clock = time.process_time if cpu else time.perf_counter
    times = []
    for query in typed:
        start = clock()
        ask(query)
        times.append((clock() - start) * 1000)
    times.sort()
    return {f"{name}, p{share} ms": times[len(times) * share // 100] for share in _SHARES}


def _peak() -> float:
    """Returns the most megabytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


STEPS: dict[str, Callable[[argparse.Namespace], dict[str, float]]] = {
    "build": _build,
    "build-tantivy": _build_tantivy,
    "ask": _ask,
    "ask-tantivy": _ask_tantivy,
}


if __name__ == "__main__":
    main()
