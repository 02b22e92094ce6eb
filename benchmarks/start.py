"""Processor time and memory of commands, of the web process, and of a rebuild, as ratios within one run.

python -m benchmarks.start DOCS.jsonl [--beside CHECKOUT] [--count 2000]

With ``--beside``, another checkout of this project is measured in turns with this one.
Processor seconds are those of the process and its children, so that a busy machine changes them little.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.corpus import argument_parser

HERE = Path(__file__).parents[1]
ROUNDS = 3  # of each measurement; the median counts

_COMMAND = """
import os, resource, subprocess, sys
subprocess.run([sys.executable, "-m", "web.cli", *sys.argv[1:]], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
"""

_WEB = """
import tempfile
from dataclasses import replace
from pathlib import Path
from web.app import create_app
from web.bootstrap import build_services
from web.settings import Settings
import web.commands.serving
client = create_app(build_services(Settings(data=Path(tempfile.mkdtemp())))).test_client()
for path in ("/", "/search?q=ภาษีป้าย", "/search?q=ภาสีป้าย", "/api/v1/search?q=ถนน"):
    client.get(path)
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6)
"""

_REBUILD = """
import os, sys, tempfile, time
from itertools import islice
from pathlib import Path
from benchmarks.corpus import entry, resampled
from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from contextlib import nullcontext
from indexer.analysis import parallel_analysis as analysis
# The last two are its names in older versions.
names = ("collect_garbage_rarely", "rare_garbage_collections", "rare_collections")
rare_collections = next((getattr(analysis, name) for name in names if hasattr(analysis, name)), nullcontext)

if __name__ == "__main__":
    docs, count, jobs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chosen = islice(resampled(docs, count), count)
    entries = [entry(number, record) for number, record in enumerate(chosen, 1)]
    folder = Path(tempfile.mkdtemp())
    index = WhooshIndex(folder / "index", Dictionary(folder / "words.txt"))
    used, began = sum(os.times()[:4]), time.perf_counter()
    with rare_collections(), index.rebuild(jobs=jobs) as generation:
        generation.add_announcements(iter(entries), position=1)
    print(time.perf_counter() - began, sum(os.times()[:4]) - used)
"""


def measured(checkout: Path, code: str, *arguments: str) -> list[float]:
    """Run the code on a checkout's modules. Returns the numbers that it prints last."""
    script = checkout / ".measured.py"  # a file, since processes that the code starts import it again
    script.write_text(code, encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, script, *arguments],
            cwd=checkout,
            env={"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        script.unlink()
    return [float(number) for number in done.stdout.split()[-2:] if number[0].isdigit()]


def medians(checkouts: list[Path], code: str, *arguments: str) -> list[list[float]]:
    """Return the medians of each checkout's numbers, measured in turns."""
    rounds = [[measured(checkout, code, *arguments) for checkout in checkouts] for _ in range(ROUNDS)]
    return [
        [statistics.median(each) for each in zip(*(one[at] for one in rounds), strict=True)]
        for at in range(len(checkouts))
    ]


def row(name: str, unit: str, found: list[float]) -> None:
    ratio = f"   this : other = {found[0] / found[1]:.2f}" if len(found) > 1 else ""
    print(f"{name:30}" + "".join(f"{number:10.2f} {unit}" for number in found) + ratio, flush=True)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("docs", type=Path)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--count", type=int, default=2_000)
    given = parser.parse_args()
    checkouts = [HERE, *([given.beside.resolve()] if given.beside else [])]
    print(json.dumps([checkout.name for checkout in checkouts]))
    for command in ("--help", "check --help", "backup --help", "user --help"):
        row(f"prakat {command}", "CPU s", [one[0] for one in medians(checkouts, _COMMAND, *command.split())])
    row("web process, empty archive", "MB", [one[0] for one in medians(checkouts, _WEB)])
    docs = str(given.docs.resolve())
    walls = {}
    for jobs in (1, 2):
        found = medians(checkouts, _REBUILD, docs, str(given.count), str(jobs))
        walls[jobs] = [one[0] for one in found]
        row(f"rebuild, {jobs} jobs", "CPU s", [one[1] for one in found])
        row(f"rebuild, {jobs} jobs", "a second", [given.count / one[0] for one in found])
    row("2 jobs beside 1", "times", [one / two for one, two in zip(walls[1], walls[2], strict=True)])


if __name__ == "__main__":
    main()
