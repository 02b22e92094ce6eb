"""Names of modules and public classes are made of words that the glossary explains or that need no entry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("archive", "indexer", "storage", "web")
PLAIN = frozenset((ROOT / "tests" / "plain_words.txt").read_text(encoding="utf-8").split())
"""Plain English, or terms that every engineer of the field knows.

A new name that needs a new word here, or an entry in the glossary, is worth a second thought.
"""


def names(room: str) -> Iterator[str]:
    """Yields the names of a room's modules and of their public classes."""
    for path in (ROOT / room).rglob("*.py"):
        yield path.stem.strip("_")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name


def words(name: str) -> set[str]:
    """Returns the words of a name in snake or camel case, in small letters."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", name)}


@pytest.mark.parametrize("room", ROOMS)
def test_names_are_made_of_known_words(room: str) -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()
    known = set(re.findall(r"[a-z]+", glossary)) | PLAIN
    unknown = {name: odd for name in names(room) if (odd := words(name) - known)}
    assert not unknown
