"""Benchmark of each value of ``SearchTuning``: nDCG@10 without the value, beside nDCG@10 with all values.

    python -m benchmarks.tuning --data DIRECTORY [--texts docs docs_ocr5] [--every N] [--pages]

``DIRECTORY`` is that of ``benchmarks.search``. Each value in turn is set to what takes it out
(``NEUTRAL``); the difference in the mean of the tasks is printed as a table in Markdown, for each corpus
that of the queries, then that of the questions. What came near (``related``)
counts as found, so that ranking alone is judged; ``benchmarks.honesty`` judges the thresholds of honest
answers. With ``--every N`` only each Nth query is asked.

``--pages`` judges the values of page ranking instead: ten records of the corpus in a row are the pages of
one announcement, and a query's right page is the record that it asks for. Printed are the mean of
1 / position of the right page (0 where it is not shown) over announcements that were found, and the mean
number of pages shown.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.corpus import argument_parser, entry_of_pages, fill, records
from benchmarks.search import ndcg
from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from indexer.search.query.parser import parse_query
from indexer.search.tuning import TUNING

HERE = Path(__file__).parent
NEUTRAL: Mapping[str, Any] = {
    "k1": 1.2,  # the usual value
    "zone_weights": dict.fromkeys(TUNING.zone_weights, 1.0),
    "length_normalization": dict.fromkeys(TUNING.length_normalization, 0.75),
    "fuzzy_weight": 0.0,
    "fuzzy_min_grams": 0.9,
    "enough_complete": 1,
    "min_coverage": 0.0,
    "min_share_of_best": 0.0,
    "min_share_of_best_quoted": 0.5,
    "min_phrase_similarity": 0.99,
    "min_related_coverage": 0.0,
    "whole_query_boost": 0.0,
    "own_number_boost": 0.0,
    "phrase_boost": 0.0,
    "fuzzy_phrase_floor": 0.99,
    "fuzzy_phrase_ceiling": 1.0,
}
"""By name, the value that takes a threshold or weight out of the search."""

PAGE_NEUTRAL: Mapping[str, Any] = {"page_phrase_boost": 0.0, "min_page_share": 0.0}
"""The same for the values that only page ranking reads."""

QUESTIONS = {"question", "wording", "polite", "hasty"}  # tasks of ``questions.jsonl``
PAGES = 10  # records of the corpus in one announcement, for page ranking


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="queries and corpus")
    parser.add_argument("--texts", nargs="+", default=["docs", "docs_ocr5"], help="names of corpus files")
    parser.add_argument("--every", type=int, default=1, help="ask each Nth query only")
    parser.add_argument("--pages", action="store_true", help="judge the ranking of pages")
    options = parser.parse_args()
    queries = [
        each
        for path in (options.data / "queries.jsonl", HERE / "questions.jsonl")
        for each in records(path)
        if not each["task"].startswith("compound")
    ][:: options.every]
    if options.pages:
        print_page_table(options.data, options.texts, queries)
        return
    with tempfile.TemporaryDirectory() as folder:
        indexes = {name: built(Path(folder) / name, options.data, name) for name in options.texts}
        full = {name: judged(path, ids, queries) for name, (path, ids) in indexes.items()}
        print(
            "| value | in force | without |", " | ".join(f"{name} | questions" for name in options.texts), "|"
        )
        print("|---|---|---|" + "---|---|" * len(options.texts))
        print(
            "| all in force | | |", " | ".join(f"{mean:.4f}" for each in full.values() for mean in each), "|"
        )
        for value, neutral in NEUTRAL.items():
            with tuned(value, neutral):
                differences = [
                    without - whole
                    for name, (path, ids) in indexes.items()
                    for without, whole in zip(judged(path, ids, queries), full[name], strict=True)
                ]
            in_force = getattr(TUNING, value)
            shown = "by zone" if isinstance(in_force, dict) else in_force
            without = next(iter(neutral.values())) if isinstance(neutral, dict) else neutral
            print(
                f"| `{value}` | {shown} | {without} |", " | ".join(f"{one:+.4f}" for one in differences), "|"
            )


@contextmanager
def tuned(value: str, setting: Any) -> Iterator[None]:
    """Sets one value of ``TUNING``, which nothing else changes, and puts it back at the end.

    An index must be opened inside, as its posting lists are made with the values.
    """
    in_force = getattr(TUNING, value)
    object.__setattr__(TUNING, value, setting)
    try:
        yield
    finally:
        object.__setattr__(TUNING, value, in_force)


def built(folder: Path, data: Path, name: str) -> tuple[Path, list[str]]:
    """Returns the directory of an index of the corpus, and the corpus's ids by announcement id."""
    corpus = list(records(next(data.glob(f"{name}.jsonl*"))))
    fill(WhooshIndex(folder, Dictionary()), corpus)
    return folder, [record["id"] for record in corpus]


def judged(folder: Path, ids: Sequence[str], queries: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Returns the mean over tasks of nDCG@10: of the queries, and of the questions."""
    index = WhooshIndex(folder, Dictionary())
    values: dict[str, list[float]] = defaultdict(list)
    for query in queries:
        page = index.search(parse_query(query["query"]))
        found = [ids[hit.announcement_id] for hit in (*page.hits, *page.related)]
        values[query["task"]].append(ndcg(found, frozenset(query["rel"])))
    means = {task: fmean(each) for task, each in values.items()}
    questions = means.keys() & QUESTIONS
    return fmean(means[task] for task in means.keys() - questions), fmean(means[task] for task in questions)


def print_page_table(data: Path, texts: Sequence[str], queries: Sequence[dict[str, Any]]) -> None:
    """Print what page ranking does with all values, and without each."""
    print("| value | in force | without |", " | ".join(f"{name} | pages" for name in texts), "|")
    print("|---|---|---|" + "---|---|" * len(texts))
    with tempfile.TemporaryDirectory() as folder:
        indexes = {name: built_of_pages(Path(folder) / name, data, name) for name in texts}
        for value, neutral in (("", None), *PAGE_NEUTRAL.items()):
            with tuned(value, neutral) if value else nullcontext():
                figures = [pages_judged(path, places, queries) for path, places in indexes.values()]
            shown = f"| `{value}` | {getattr(TUNING, value)} | {neutral}" if value else "| all in force | |"
            cells = " | ".join(f"{rank:.4f} | {count:.2f}" for rank, count in figures)
            print(shown, "|", cells, "|")


def built_of_pages(folder: Path, data: Path, name: str) -> tuple[Path, dict[str, tuple[int, int]]]:
    """Returns the directory of an index whose pages are records, and announcement and page by record id."""
    corpus = list(records(next(data.glob(f"{name}.jsonl*"))))
    places = {record["id"]: (at // PAGES + 1, at % PAGES + 1) for at, record in enumerate(corpus)}
    with WhooshIndex(folder, Dictionary()).rebuild() as generation:
        for start in range(0, len(corpus), PAGES):
            generation.add_announcements([entry_of_pages(start // PAGES + 1, corpus[start : start + PAGES])])
    return folder, places


def pages_judged(
    folder: Path, places: Mapping[str, tuple[int, int]], queries: Sequence[dict[str, Any]]
) -> tuple[float, float]:
    """Returns the mean reciprocal rank of the right page, and the mean number of pages shown."""
    index = WhooshIndex(folder, Dictionary())
    ranks, counts = [], []
    for query in queries:
        answer = index.search(parse_query(query["query"]))
        for announcement_id, number in (places[each] for each in query["rel"][:1]):
            for hit in (*answer.hits, *answer.related):
                if hit.announcement_id == announcement_id:
                    numbers = [page.number for page in hit.pages]
                    ranks.append(1 / (numbers.index(number) + 1) if number in numbers else 0.0)
                    counts.append(len(numbers))
    return sum(ranks) / len(ranks), sum(counts) / len(counts)


if __name__ == "__main__":
    main()
