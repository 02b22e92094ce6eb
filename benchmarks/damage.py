"""Benchmark of ``prakat check``: which of the damages that an archive may suffer it finds, each by itself.

python -m benchmarks.damage
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from tests.operation.archives import run
from tests.operation.damages import ROWS, WHOLES, copy_archive, make_archive


def main() -> None:
    """Inflict each damage on a copy of its own, and print what was found of it."""
    with tempfile.TemporaryDirectory() as folder:
        sound, harmed = Path(folder) / "sound", Path(folder) / "harmed"
        sound.mkdir()
        make_archive(sound)
        before = _findings(copy_archive(sound, harmed))
        unfound = []
        for damage in (*ROWS, *WHOLES):
            shutil.rmtree(harmed)
            data = copy_archive(sound, harmed)
            damage.inflict(data)
            found = sorted({code for code, _subject in _findings(data) - before})
            if not found:
                unfound.append(damage)
            expected = "" if damage.found else "harmless"
            print(f"{damage.name:40} {', '.join(found) or '-':60} {expected}")
    harmful = [damage for damage in unfound if damage.found]
    print(f"{len(ROWS) + len(WHOLES)} damages, {len(unfound)} not found, of which {len(harmful)} are harmful")


def _findings(data: Path) -> set[tuple[str, str]]:
    result = run(data, "check", "--json")
    if not result.stdout:
        return {("refused", result.stderr)}
    return {(one["code"], one["subject"]) for one in json.loads(result.stdout)["findings"]}


if __name__ == "__main__":
    main()
