"""Every value of search tuning has the row that says what it is worth."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from indexer.search.tuning import TUNING, SearchTuning

RECORD = Path(__file__).parents[3] / "docs" / "decisions" / "search-tuning.md"


def test_every_value_has_a_row_with_the_value_in_force() -> None:
    text = RECORD.read_text(encoding="utf-8")
    deleted = text.index("## Deleted values")
    in_force = text[:deleted] + text[text.index("## ", deleted + 2) :]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", in_force, re.MULTILINE))
    values = {each.name: getattr(TUNING, each.name) for each in fields(SearchTuning)}
    assert rows == {
        name: "by zone" if isinstance(value, dict) else str(value) for name, value in values.items()
    }
