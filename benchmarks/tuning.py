"""Benchmark of each value of ``SearchTuning``: nDCG@10 without the value, beside nDCG@10 with all values.

    python -m benchmarks.tuning --data DIRECTORY [--texts docs docs_ocr5] [--every N]

``DIRECTORY`` is that of ``benchmarks.search``. Each value in turn is set to what takes it out
(``NEUTRAL``); the difference in the mean of the tasks is printed as a table in Markdown. What came
near (``related``) counts as found, so that ranking alone is judged; ``benchmarks.honesty``
judges the thresholds of honest answers. With ``--every N`` only each Nth query is asked.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.corpus import entry, records
from benchmarks.search import ndcg
from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from indexer.search.query.parser import parse_query
from indexer.search.tuning import TUNING, SearchTuning

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
    "whole_query_boost": 0.0,
    "phrase_boost": 0.0,
    "fuzzy_phrase_floor": 0.99,
    "fuzzy_phrase_ceiling": 1.0,
}
"""By name, the value that takes a threshold or weight out of the search."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="queries and corpus")
    parser.add_argument("--texts", nargs="+", default=["docs", "docs_ocr5"], help="names of corpus files")
    parser.add_argument("--every", type=int, default=1, help="ask each Nth query only")
    options = parser.parse_args()
    queries = [
        each
        for path in (options.data / "queries.jsonl", HERE / "questions.jsonl")
        for each in records(path)
        if not each["task"].startswith("compound")
    ][:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        indexes = {name: built(Path(folder) / name, options.data, name) for name in options.texts}
        full = {name: judged(path, ids, queries, TUNING) for name, (path, ids) in indexes.items()}
        print("| value | in force | without |", " | ".join(options.texts), "|")
        print("|---|---|---|" + "---|" * len(options.texts))
        print("| all in force | | |", " | ".join(f"{full[name]:.4f}" for name in options.texts), "|")
        for value, neutral in NEUTRAL.items():
            tuning = replace(TUNING, **{value: neutral})
            differences = [
                judged(path, ids, queries, tuning) - full[name] for name, (path, ids) in indexes.items()
            ]
            in_force = getattr(TUNING, value)
            shown = "by zone" if isinstance(in_force, dict) else in_force
            without = next(iter(neutral.values())) if isinstance(neutral, dict) else neutral
            print(
                f"| `{value}` | {shown} | {without} |", " | ".join(f"{one:+.4f}" for one in differences), "|"
            )


def built(folder: Path, data: Path, name: str) -> tuple[Path, list[str]]:
    """Returns the directory of an index of the corpus, and the corpus's ids by announcement id."""
    corpus = list(records(next(data.glob(f"{name}.jsonl*"))))
    with WhooshIndex(folder, Dictionary()).rebuild() as generation:
        generation.add(entry(number, record) for number, record in enumerate(corpus))
    return folder, [record["id"] for record in corpus]


def judged(
    folder: Path, ids: Sequence[str], queries: Sequence[dict[str, Any]], tuning: SearchTuning
) -> float:
    """Returns the mean over tasks of nDCG@10 with a tuning."""
    index = WhooshIndex(folder, Dictionary(), tuning)
    values: dict[str, list[float]] = defaultdict(list)
    for query in queries:
        page = index.search(parse_query(query["query"]))
        found = [ids[hit.announcement_id] for hit in (*page.hits, *page.related)]
        values[query["task"]].append(ndcg(found, frozenset(query["rel"])))
    return sum(sum(each) / len(each) for each in values.values()) / len(values)


if __name__ == "__main__":
    main()
