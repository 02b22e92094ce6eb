"""Throws damaged and strange input, made from real input, at what reads it.

    python -m tests.fuzz --seconds 600 --seed 7 [--only pdf] [--corpus DIRECTORY_OF_PDFS]
    python -m tests.fuzz --only pdf --seed 7 --case 123      one case again

Exit 1 when a fault was found; the case that shows it is kept.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.targets import TARGETS, run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--only", choices=[*TARGETS], action="append", help="these targets alone")
    parser.add_argument("--case", type=int, help="this case alone")
    parser.add_argument("--corpus", type=Path, help="PDFs of your own to begin with")
    given = parser.parse_args()
    kept = Path(tempfile.mkdtemp(prefix="prakat-fuzz-"))
    print(f"seed {given.seed}, {kept}", flush=True)
    faults = 0
    for name in given.only or TARGETS:
        began = time.monotonic()
        tried, found = run(
            name, kept, seed=given.seed, seconds=given.seconds, only=given.case, corpus=given.corpus
        )
        print(
            f"{name}: {tried:,} cases in {time.monotonic() - began:,.0f} s, {len(found)} faults", flush=True
        )
        for fault in found:
            print(f"  {fault}", flush=True)
        faults += len(found)
    return 1 if faults else 0


sys.exit(main())
