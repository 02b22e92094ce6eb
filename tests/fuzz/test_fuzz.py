"""A short run of the fuzzing; the long one is ``python -m tests.fuzz``."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, run

SECONDS = 5.0


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_breaks_what_reads_it(name: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    tried, found = run(name, tmp_path, seed=seed, seconds=SECONDS)
    assert tried
    assert found == [], f"seed {seed}"
