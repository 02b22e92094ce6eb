"""Write sets of made lines: ``python -m training.made --work build/training/made``; see README.md."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from training.lineset import LineSet, scale
from training.scan import ScanMaker
from training.text import LineWriter

LINES_PER_SET = 800


def write_set(target: Path, seed: int, count: int = LINES_PER_SET) -> None:
    writer, scanner = LineWriter(seed), ScanMaker(seed)
    lines = LineSet()
    for _ in range(count):
        text = writer.line()
        picture = Image.open(io.BytesIO(scanner.picture(text, writer.line()))).convert("L")
        lines.add(scale(np.asarray(picture)), text, f"made_{seed}")
    lines.save(target)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/training/made"), help="where the sets go")
    parser.add_argument("--sets", type=int, default=14, help=f"of {LINES_PER_SET} lines each")
    parser.add_argument("--seed", type=int, default=5000, help="of the first set")
    choices = parser.parse_args()
    choices.work.mkdir(parents=True, exist_ok=True)
    for number in range(choices.sets):
        write_set(choices.work / f"{number:04d}.npz", choices.seed + number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
