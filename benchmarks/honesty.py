"""Benchmark of honest answers: "nothing found" to queries that the corpus answers, and to others.

    python -m benchmarks.honesty --data DIRECTORY [--texts docs docs_ocr5] [--list | --ablate]

``DIRECTORY`` is that of ``benchmarks.search``. Answerable are its ``queries.jsonl`` and
``questions.jsonl`` (beside this file); the tasks ``compound_…`` are left out. ``impossible.jsonl`` is
a made yardstick: places, offices and topics that were invented for it, each with the word that no
document of the corpus contains (``absent``; one that does is skipped and counted). Shown is the
share of queries, by task, to which the answer is "nothing found". With ``--ablate`` the same is counted
without each value of ``SearchTuning`` that decides it, as a table in Markdown.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks.corpus import argument_parser, fill, records
from benchmarks.tuning import tuned
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.engines.whoosh import WhooshIndex
from indexer.search.query.parser import parse_query
from indexer.search.tuning import TUNING

HERE = Path(__file__).parent
NEUTRAL: Mapping[str, float] = {
    "scattered_word_weight": 1.0,
    "misread_word_weight": 0.0,
    "broken_word_weight": TUNING.scattered_word_weight,
    "unknown_word_weight": 1.0,
    "stop_word_weight": 1.0,
    "absent_subject_weight": 1.0,
    "min_answer_coverage": 0.0,
    "min_answer_coverage_question": TUNING.min_answer_coverage,
    "min_answer_coverage_sentence": TUNING.min_answer_coverage,
}
"""By name, the value that takes a weight or threshold out of the decision."""


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="queries and corpus")
    parser.add_argument("--texts", nargs="+", default=["docs"], help="names of the corpus's files")
    parser.add_argument("--list", action="store_true", help="list the queries that were misjudged")
    parser.add_argument("--ablate", action="store_true", help="count without each value in turn")
    options = parser.parse_args()
    answerable = [*records(options.data / "queries.jsonl"), *records(HERE / "questions.jsonl")]
    answerable = [each for each in answerable if not each["task"].startswith("compound")]
    for name in options.texts:
        corpus = list(records(next(options.data.glob(f"{name}.jsonl*"))))
        text = b"\0".join(
            searchable_bytes(fold_text(f"{each['title']}\n{each['body']}")).data for each in corpus
        )
        every = list(records(HERE / "impossible.jsonl"))
        impossible = [each for each in every if searchable_bytes(fold_text(each["absent"])).data not in text]
        with tempfile.TemporaryDirectory() as folder:
            index = WhooshIndex(Path(folder), Dictionary())
            fill(index, corpus)
            print(f"{name}: {len(every) - len(impossible)} of the impossible queries have an answer here")
            if options.ablate:
                ablate(Path(folder), impossible, answerable)
                continue
            report("impossible", impossible, index, options.list, wanted=True)
            report("answerable", answerable, index, options.list, wanted=False)


def ablate(folder: Path, impossible: list[dict[str, Any]], answerable: list[dict[str, Any]]) -> None:
    """Print how many queries are answered "nothing found" with all values, and without each."""
    print("| value | in force | without | impossible | answerable |\n|---|---|---|---|---|")
    for value, neutral in (("", 0.0), *NEUTRAL.items()):
        with tuned(value, neutral) if value else nullcontext():
            index = WhooshIndex(folder, Dictionary())
            counts = [sum(none for *_, none in judged(each, index)) for each in (impossible, answerable)]
        name = f"`{value}` | {getattr(TUNING, value)} | {neutral}" if value else "all in force | |"
        print(f"| {name} | {counts[0]} | {counts[1]} |", flush=True)


def report(
    name: str, queries: Iterable[dict[str, Any]], index: WhooshIndex, listed: bool, *, wanted: bool
) -> None:
    """Print the share of "nothing found" by task; ``wanted`` is the right outcome."""
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for task, typed, is_nothing in judged(queries, index):
        outcomes[task].append(is_nothing)
        if listed and is_nothing is not wanted:
            print(f"  misjudged: {task} {typed}")
    every = [one for each in outcomes.values() for one in each]
    tasks = ", ".join(f"{task} {sum(each)}/{len(each)}" for task, each in outcomes.items())
    print(f"  {name}: {sum(every)} of {len(every)} ({sum(every) / len(every):.1%}): {tasks}")


def judged(queries: Iterable[dict[str, Any]], index: WhooshIndex) -> Iterator[tuple[str, str, bool]]:
    for query in queries:
        yield query["task"], query["query"], index.search(parse_query(query["query"])).total == 0


if __name__ == "__main__":
    main()
