"""A short run of the torture; the long one is ``python -m tests.torture``."""

from __future__ import annotations

import random
from pathlib import Path

from tests.torture.rounds import Torture


def test_promises_are_kept_through_kills(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    figures = Torture(tmp_path, seed).run(kills=3)
    assert figures["troubles"] == [], f"seed {seed}"
    assert figures["acknowledged requests"]
