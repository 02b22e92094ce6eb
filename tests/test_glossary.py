"""Names are made of words that the glossary explains or that need no entry, and say what they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("archive", "indexer", "storage", "web")
OTHER_FOLDERS = ("benchmarks", "tests", "training")
PLAIN = frozenset((ROOT / "tests" / "plain_words.txt").read_text(encoding="utf-8").split())
"""Plain English, or terms that every engineer of the field knows.

A new name that needs a new word here, or an entry in the glossary, is worth a second thought.
"""


EMPTY = frozenset(
    "asked found given held kept known made meant named said seen shown taken told wanted".split()
)
"""Words that alone name nothing: what was found, given, kept is the name."""


@cache
def statements(room: str) -> list[tuple[Path, list[ast.stmt]]]:
    """Returns the statements of a room's modules. Each file is parsed once for all tests."""
    return [(path, ast.parse(path.read_text(encoding="utf-8")).body) for path in (ROOT / room).rglob("*.py")]


def names(room: str) -> Iterator[str]:
    """Yields the names of a room's modules and of their public classes."""
    for path, body in statements(room):
        yield path.stem.strip("_")
        for node in body:
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


def test_no_two_public_classes_have_the_same_name() -> None:
    """The same name for two things is one that its reader has to look up each time."""
    places: dict[str, list[str]] = {}
    for room in (*ROOMS, *OTHER_FOLDERS):
        for path, body in statements(room):
            for node in body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_plain_word_is_in_a_name() -> None:
    assert PLAIN - {word for room in ROOMS for name in names(room) for word in words(name)} == set()


def signatures(room: str) -> Iterator[tuple[str, str]]:
    """Yields public functions, their parameters and the fields of public classes, each with its place."""
    for path, body in statements(room):
        classes = [node for node in body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        for node in (*body, *(member for each in classes for member in each.body)):
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield node.name, place
                yield from ((each.arg, place) for each in (*node.args.args, *node.args.kwonlyargs))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id, place


@pytest.mark.parametrize("room", ROOMS)
def test_functions_parameters_and_fields_are_not_named_by_a_participle_alone(room: str) -> None:
    assert not [f"{place} {name}" for name, place in signatures(room) if name in EMPTY]


BOOLEAN_PREFIXES = (
    "are_",
    "had_",
    "has_",
    "is_",
    "marks_",
    "may_",
    "names_",
    "should_",
    "was_",
    "with_",
    "without_",
)

OTHER_BOOLEANS = frozenset(
    # columns of the database, and words of the JSON, of the query and of the sample's tables
    (
        "as_typed corrected disabled explain in_force intact mended noindex signature signed stamp trusted"
        " as_attachment"  # Flask's own word
    ).split()
)
"""Booleans whose name is given from outside."""


@pytest.mark.parametrize("room", ROOMS)
def test_booleans_read_as_statements(room: str) -> None:
    """Parameters of public functions and fields of public classes; those of commands are Click's options."""
    odd = []
    for path, body in statements(room):
        classes = [node for node in body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        for node in (*body, *(member for each in classes for member in each.body)):
            named: list[tuple[str, ast.expr | None]] = []
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                named = [(each.arg, each.annotation) for each in (*node.args.args, *node.args.kwonlyargs)]
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                named = [(node.target.id, node.annotation)]
            odd += [
                f"{path.relative_to(ROOT)}:{node.lineno} {name}"
                for name, kind in named
                if isinstance(kind, ast.Name) and kind.id == "bool"
                if not name.startswith(("_", *BOOLEAN_PREFIXES)) and name not in OTHER_BOOLEANS
            ]
    assert not [each for each in odd if not each.startswith("web/commands/")]


@pytest.mark.parametrize("room", [*ROOMS, *OTHER_FOLDERS])
def test_docstrings_begin_with_a_subject_or_a_verb(room: str) -> None:
    """A first line that begins with What, Whether or How much is no sentence, and says nothing alone."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    odd = []
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.get_docstring(node) if isinstance(node, documented) else None
            if text and re.match(r"(What|Whether|Of what|Which|Who|Where|How)\b", text):
                odd.append(f"{path.relative_to(ROOT)}: {text.splitlines()[0]}")
    assert not odd


def documented_methods(name: str, classes: dict[str, list[ast.ClassDef]]) -> set[str]:
    """Returns the methods that the classes of a name, or their bases, give a docstring."""
    own = {
        member.name
        for each in classes.get(name, [])
        for member in each.body
        if isinstance(member, ast.FunctionDef) and ast.get_docstring(member)
    }
    bases = [ast.unparse(base).split("[")[0] for each in classes.get(name, []) for base in each.bases]
    return own.union(*(documented_methods(base, classes) for base in bases if base != name))


def test_every_public_class_function_and_method_has_a_docstring() -> None:
    """An adapter's method has that of its port: some protocol must document all that the class leaves out."""
    bodies = [each for room in ROOMS for each in statements(room)]
    classes: dict[str, list[ast.ClassDef]] = {}
    for node in (node for _, body in bodies for node in body if isinstance(node, ast.ClassDef)):
        classes.setdefault(node.name, []).append(node)
    ports = [
        documented_methods(name, classes)
        for name, each in classes.items()
        if any("Protocol" in map(ast.unparse, node.bases) for node in each)
    ]
    missing = []
    for path, body in bodies:
        for node in body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
                continue
            missing += [] if ast.get_docstring(node) else [f"{path.relative_to(ROOT)} {node.name}"]
            if isinstance(node, ast.ClassDef):
                own = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
                bare = {name for name in own if not name.startswith("_")} - documented_methods(
                    node.name, classes
                )
                if not any(bare <= port for port in ports):
                    missing.append(f"{path.relative_to(ROOT)} {node.name}: {sorted(bare)}")
    assert not missing


@pytest.mark.parametrize("folder", ["public", "staff"])
def test_views_name_the_record_whose_id_they_take(folder: str) -> None:
    views = [
        (path, node)
        for path, body in statements("web")
        if path.parent.name == folder
        for node in body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(each).startswith("pages.") for each in node.decorator_list)
    ]
    assert views
    assert not [
        f"{path.name}: {node.name}" for path, node in views if "id" in {a.arg for a in node.args.args}
    ]
