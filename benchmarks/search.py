"""Benchmark of search quality: nDCG@10 by kind of query, on clean and on damaged text.

    python -m benchmarks.search --data DIRECTORY [--texts docs docs_ocr2 docs_ocr5] [--alone]
    python -m benchmarks.search --data DIRECTORY --texts docs --queries benchmarks/questions.jsonl
    python -m benchmarks.search --data DIRECTORY --alone --cluster opensearch+http://127.0.0.1:9200/

``DIRECTORY`` holds ``queries.jsonl`` (``task``, ``query``, ``rel``: the ids wanted) and the corpus
as ``docs.jsonl``, ``docs_ocr2.jsonl.gz`` … (``id``, ``date``, ``cat``, ``title``, ``body``). Beside
ours stand plain BM25 of tantivy over the same terms, and what most would write: Whoosh with
PyThaiNLP's newmm and Whoosh's own query parser.

``questions.jsonl`` was written by reading 73 of the documents: what people would ask (``question``),
politely and in their own words (``polite``), with words that the text has otherwise (``wording``) and
in haste (``hasty``). Each names one document, though others may answer as well: 1 is out of reach.
``--paragraphs`` cuts the corpus into documents of 60 to 150 words without titles.

Of tasks named ``…_pos`` the share of the wanted documents among all answers is shown (1 is best),
of those named ``…_neg`` the share of documents that must not be found because they have the letters
only inside other words (0 is best). Neither is in the mean.
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import tantivy
from pythainlp.tokenize import word_tokenize
from rich.console import Console
from rich.table import Table
from whoosh import fields, qparser
from whoosh.analysis import LowercaseFilter, Token, Tokenizer
from whoosh.filedb.filestore import RamStorage
from whoosh.index import FileIndex

from benchmarks.corpus import argument_parser, fill, records
from indexer.analysis.dictionary import Dictionary
from indexer.engines.opensearch import OpenSearchIndex
from indexer.engines.whoosh import WhooshIndex
from indexer.search.ports import SearchIndex
from indexer.search.query.parser import parse_query

TEXTS = ("docs", "docs_ocr2", "docs_ocr5")
FIRST = 10
Finder = Callable[[str, int], list[str]]
"""Function of the typed query and the number of results → ids of the corpus, best first."""


class Wanted(NamedTuple):
    task: str
    typed: str
    ids: frozenset[str]


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="queries and corpus")
    parser.add_argument("--texts", nargs="+", default=TEXTS, help="names of the corpus's files")
    parser.add_argument("--alone", action="store_true", help="without the yardstick")
    parser.add_argument("--cluster", default="", help="address of an OpenSearch to compare with")
    parser.add_argument("--queries", type=Path, help="other queries than those of the corpus")
    parser.add_argument("--paragraphs", action="store_true", help="short documents without titles")
    parser.add_argument("--worst", type=int, default=0, help="list so many of the queries answered worst")
    options = parser.parse_args()
    wanted = [
        Wanted(line["task"], line["query"], frozenset(line["rel"]))
        for line in records(options.queries or options.data / "queries.jsonl")
    ]
    columns: dict[str, dict[str, float]] = {}
    for text in options.texts:
        corpus = list(records(next(options.data.glob(f"{text}.jsonl*"))))
        if options.paragraphs:
            corpus = list(paragraphs(corpus))
        with tempfile.TemporaryDirectory() as folder:
            find = ours(WhooshIndex(Path(folder), Dictionary()), corpus)
            columns[f"{text}: ours"] = judged(find, wanted)
            report_worst(find, wanted, options.worst)
        if options.cluster:
            find = ours(OpenSearchIndex(options.cluster, Dictionary()), corpus)
            columns[f"{text}: OpenSearch"] = judged(find, wanted)
            report_worst(find, wanted, options.worst)
        if not options.alone:
            columns[f"{text}: BM25"] = judged(plain(corpus), wanted)
            columns[f"{text}: Whoosh + newmm"] = judged(naive(corpus), wanted)
    Console(width=40 + 18 * len(columns)).print(table(columns))


def ours(index: SearchIndex, corpus: Iterable[dict[str, Any]]) -> Finder:
    """Returns a finder on an index as it is used in production."""
    corpus = [*corpus]
    fill(index, corpus)
    ids = [record["id"] for record in corpus]
    return lambda typed, most: [
        ids[hit.announcement_id] for hit in index.search(parse_query(typed, per_page=most)).hits
    ]


def paragraphs(corpus: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Stretches of 60 to 150 words that end where there is a space, under the id of their document."""
    segmenter = Dictionary().current().tokenizer
    for record in corpus:
        length = random.Random(record["id"])
        words = segmenter.tokens(record["body"])
        start, most, began = 0, length.randint(60, 150), 0
        for number, (word, after) in enumerate(pairwise(words), start=1):
            if number - began >= most and after.start > word.end:
                yield record | {"title": "", "body": record["body"][start : word.end]}
                start, most, began = word.end, length.randint(60, 150), number
        yield record | {"title": "", "body": record["body"][start:]}


def plain(corpus: Iterable[dict[str, Any]]) -> Finder:
    """BM25 over all of a document's terms, as we cut them; any may match."""
    segmenter = Dictionary().current().tokenizer
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    builder.add_text_field("terms", tokenizer_name="whitespace")
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(num_threads=1)
    for record in corpus:
        terms = segmenter.tokens(f"{record['title']}\n{record['body']}")
        writer.add_document(tantivy.Document(id=record["id"], terms=" ".join(token.term for token in terms)))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def find(typed: str, most: int) -> list[str]:
        terms = dict.fromkeys(token.term for token in segmenter.tokens(typed))
        any_of = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "terms", term, "freq")) for term in terms
        ]
        hits = searcher.search(tantivy.Query.boolean_query(any_of), most).hits if any_of else []
        return [searcher.doc(place)["id"][0] for _, place in hits]

    return find


class Newmm(Tokenizer):  # type: ignore[misc]
    """PyThaiNLP's words, white space left out."""

    def __call__(self, value: str, **_: Any) -> Iterable[Token]:
        token = Token()
        start = 0
        for place, word in enumerate(word_tokenize(value, engine="newmm")):
            token.text, token.pos, token.boost, token.stopped = word, place, 1.0, False
            token.startchar, token.endchar = start, start + len(word)
            start += len(word)
            if not word.isspace():
                yield token


def naive(corpus: Iterable[dict[str, Any]]) -> Finder:
    """Whoosh as its documentation shows it, with a Thai tokenizer."""
    analyzer = Newmm() | LowercaseFilter()
    schema = fields.Schema(
        id=fields.STORED, title=fields.TEXT(analyzer, field_boost=2.0), body=fields.TEXT(analyzer)
    )
    index = FileIndex.create(RamStorage(), schema, "MAIN")
    writer = index.writer(limitmb=256)
    for record in corpus:
        writer.add_document(id=record["id"], title=record["title"], body=record["body"])
    writer.commit()
    parser = qparser.MultifieldParser(["title", "body"], schema)
    searcher = index.searcher()
    return lambda typed, most: [hit["id"] for hit in searcher.search(parser.parse(typed), limit=most)]


def judged(find: Finder, wanted: Iterable[Wanted]) -> dict[str, float]:
    """The mean of each task, of all of them, and milliseconds a query."""
    values: dict[str, list[float]] = defaultdict(list)
    times, firsts = [], []
    for task, typed, ids in wanted:
        start = time.perf_counter()
        found = list(dict.fromkeys(find(typed, 5000 if task.startswith("compound") else 3 * FIRST)))
        times.append((time.perf_counter() - start) * 1000)
        value = len(ids.intersection(found)) / len(ids) if task.startswith("compound") else ndcg(found, ids)
        values[task].append(value)
        if not task.startswith("compound"):
            firsts.append(
                max((1 / place for place, id in enumerate(found[:FIRST], 1) if id in ids), default=0)
            )
    means = {task: sum(each) / len(each) for task, each in values.items()}
    ranked = [mean for task, mean in means.items() if not task.startswith("compound")]
    times.sort()
    return means | {
        "mean": sum(ranked) / len(ranked),
        "MRR": sum(firsts) / len(firsts),
        "ms, median": times[len(times) // 2],
        "ms, 95 %": times[len(times) * 95 // 100],
    }


def ndcg(found: Sequence[str], wanted: frozenset[str]) -> float:
    """Each wanted document among the first ten counts the same."""
    gains = (1 / math.log2(place + 2) for place, id in enumerate(found[:FIRST]) if id in wanted)
    return sum(gains) / sum(1 / math.log2(place + 2) for place in range(min(FIRST, len(wanted))))


def report_worst(find: Finder, wanted: Iterable[Wanted], most: int) -> None:
    if most:
        ranked = [one for one in wanted if not one.task.startswith("compound")]
        for value, (task, typed, _) in sorted((ndcg(find(one.typed, FIRST), one.ids), one) for one in ranked)[
            :most
        ]:
            print(f"{value:.2f} {task:12} {typed}")


def table(columns: dict[str, dict[str, float]]) -> Table:
    table = Table("nDCG@10", *columns)
    for row in next(iter(columns.values())):
        table.add_row(row, *(f"{column[row]:.3f}" for column in columns.values()))
    return table


if __name__ == "__main__":
    main()
