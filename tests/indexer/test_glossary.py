"""The glossary has the words in the names of the search modules."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PLAIN = frozenset(
    "init index document words rules mask ports parser query phrase matching match like this more page title "
    "doc values spelling loanwords parallel analysis dictionary context tuning filters explain explanations "
    "highlighting suggest pipeline keyboard layout date ranges question notes reader list bm25f plan".split()
)
"""Words that need no entry: terms of the field, or plain English."""


def test_the_names_of_search_modules_are_words_of_the_glossary() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()
    known = set(re.findall(r"[a-z0-9]+", glossary)) | PLAIN
    for room in ("analysis", "search"):
        for path in (ROOT / "indexer" / room).rglob("*.py"):
            words = set(path.stem.strip("_").split("_"))
            assert words <= known, path.name
