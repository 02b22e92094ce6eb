"""Kills the processes of an archive at random while it works, and verifies every promise after.

python -m tests.torture --kills 100 --seed 7 --seconds 3600
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.torture.rounds import Torture


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="how often to kill")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at the latest, stop after these")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--keep", type=Path, help="work in this new directory and leave it there")
    given = parser.parse_args()
    directory = given.keep or Path(tempfile.mkdtemp(prefix="prakat-torture-"))
    print(f"seed {given.seed}, {directory}", flush=True)
    figures = Torture(directory, given.seed).run(kills=given.kills, seconds=given.seconds, tell=_tell)
    for name, value in figures.items():
        print(f"{name}: {value}")
    if figures["troubles"]:
        print(f"what is left lies in {directory}")
        return 1
    if not given.keep:
        shutil.rmtree(directory)
    return 0


def _tell(line: str) -> None:
    print(line, flush=True)


sys.exit(main())
