"""Broken and hostile files: how each ended, after how many seconds, with how much memory."""

from __future__ import annotations

import resource
import tempfile
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.corpus import argument_parser
from indexer.extraction import sandbox
from tests.factories.hostile_files import CASES, write
from tests.indexer.extraction.judge import judge


class Peak:
    """The largest resident size (MB) of any child of the nursery, watched from outside."""

    def __init__(self) -> None:
        sandbox.run_in_sandbox(abs, -1, seconds=20)
        self._nursery = sandbox._nursery()._process.pid
        self.megabytes = 0.0
        self._watching = True
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self._watching:
            for child in Path(f"/proc/{self._nursery}/task/{self._nursery}/children").read_text().split():
                try:
                    pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
                except OSError:
                    continue
                self.megabytes = max(self.megabytes, pages * resource.getpagesize() / 2**20)
            time.sleep(0.01)

    def take(self) -> float:
        peak, self.megabytes = self.megabytes, 0.0
        return peak


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--only", help="cases whose name contains this")
    chosen = parser.parse_args().only or ""
    table = Table("case", "end", "page 1", "seconds", "MB", "right")
    peak, wrong, total = Peak(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, case in CASES.items():
            if chosen not in name:
                continue
            path = write(name, Path(folder))
            peak.take()
            started = time.monotonic()
            ending = judge(path)
            seconds = time.monotonic() - started
            right = ending.end in case.ends and (ending.end != "ready" or case.sees in ending.text)
            total, wrong = total + 1, wrong + (not right)
            shown = ending.problem or ending.text[:20].replace("\n", " ")
            table.add_row(
                name, ending.end, shown, f"{seconds:.1f}", f"{peak.take():.0f}", "yes" if right else "NO"
            )
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console = Console(width=130)
    console.print(table)
    console.print(f"{total} cases, {wrong} wrong; this process never above {own:.0f} MB")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
