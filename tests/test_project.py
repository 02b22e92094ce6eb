"""Checks on the project as a whole: documents agree with the code, and folders stay in order."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import tomllib
import typing
from pathlib import Path

import pytest

from archive.repositories import Records
from tests.reference import reference

ROOT = Path(__file__).parent.parent
ROOMS = ("archive", "storage", "indexer", "web")
LONGEST_FUNCTION = 50


MADE = (".venv", "build", "dist", "site", "data", ".pytest_cache")


def kept(*suffixes: str) -> list[Path]:
    """Returns the files under version control; in a released source, those that are not made by a tool."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        paths = [path for path in ROOT.rglob("*") if path.relative_to(ROOT).parts[0] not in MADE]
    found = [path for path in paths if path.suffix in suffixes and path.is_file()]
    assert found
    return found


def test_the_reference_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "manual" / "reference.md").read_text(encoding="utf-8")
    assert written == reference(), "python -m tests.reference > docs/manual/reference.md"


def test_every_link_between_the_papers_leads_somewhere() -> None:
    for paper in kept(".md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", paper.read_text(encoding="utf-8")):
            assert (paper.parent / target).exists(), f"{paper.name}: {target}"


def test_the_papers_name_files_that_are_there() -> None:
    tests = {path.name for path in kept(".py")}
    folders = "|".join((*ROOMS, "tests", "benchmarks", "scripts", "docs", "deploy", "training"))
    for paper in kept(".md"):
        text = paper.read_text(encoding="utf-8")
        for path in re.findall(rf"`((?:{folders})/[\w/.]+)`", text):
            assert (ROOT / path).exists(), f"{paper.name}: {path}"
        assert set(re.findall(r"\btest_\w+\.py", text)) <= tests, paper.name


def test_every_lazy_import_is_used() -> None:
    for path in kept(".py"):
        nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        lazy = {
            target.id
            for node in nodes
            if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("lazy_import(")
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        assert lazy <= used, path


def test_no_lock_names_a_registry() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text


def test_what_is_served_was_tested() -> None:
    locked = {
        name: set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-run.lock", "requirements-dev.lock")
    }
    assert locked["requirements.lock"] <= locked["requirements-run.lock"] <= locked["requirements-dev.lock"]


def test_every_dependency_is_locked_and_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)["project"]
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for requirement in declared["dependencies"]:
        name = re.split(r"[\[<>=~ ]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}(\[[a-z,]+\])?==", locked, re.MULTILINE | re.IGNORECASE), name
        line = next(line for line in text.splitlines() if line.strip().startswith(f'"{requirement}"'))
        assert "#" in line, f"{name} has no reason"


@pytest.mark.parametrize("room", [*ROOMS, "benchmarks", "tests", "training"])
def test_functions_are_seen_whole(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{path}: {node.name}"


def test_modules_are_named_after_what_they_are_about() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
    assert not [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if path.stem in vague]


def test_ranges_of_thai_letters_are_written_in_one_module() -> None:
    written = re.compile(r"[ก-๎]-[ก-๎]|\\u0e[0-4][0-9a-f]-\\u0e", re.IGNORECASE)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if path != ROOT / "archive" / "thai" / "characters.py":
                assert not written.search(path.read_text(encoding="utf-8")), path


def test_every_module_says_what_it_is_about() -> None:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not text.strip() or ast.get_docstring(ast.parse(text)), path


_WRITERS = "archive/commands/", "archive/eraser.py", "web/bagit_packages.py"
"""Where the repositories are written to in the name of a person; all others call the commands.

The last one takes over what people of another archive decided, as it was there.
"""


def _writing_methods() -> set[tuple[str, str]]:
    """Returns the repositories of ``Records``, each with its methods that take the name of an ``actor``."""
    return {
        (repository, name)
        for repository, port in typing.get_type_hints(Records).items()
        for name, method in inspect.getmembers(port, inspect.isfunction)
        if "actor" in inspect.signature(method).parameters
    }


def _names_called(tree: ast.AST) -> set[tuple[str, str, str]]:
    """Returns what stands before the last two names of each ``a.b.c`` of a module, and these two names.

    A variable to which a repository was assigned counts as that repository.
    """
    repositories = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            owner = repositories.get(owner.id, owner) if isinstance(owner, ast.Name) else owner
            if isinstance(owner, ast.Attribute):
                found.add((ast.unparse(owner.value), owner.attr, node.attr))
    return found


def test_records_are_written_through_commands() -> None:
    writing = _writing_methods()
    assert ("disclosure", "assign") in writing
    past = [
        f"{path.relative_to(ROOT)}: {before}.{repository}.{method}"
        for path in kept(".py")
        if (name := path.relative_to(ROOT).as_posix()).startswith(("archive/", "indexer/", "web/"))
        and not name.startswith(_WRITERS)
        for before, repository, method in _names_called(ast.parse(path.read_text(encoding="utf-8")))
        if (repository, method) in writing and not before.endswith("commands")
    ]
    assert sorted(past) == []


def test_pages_ask_nothing_of_other_sites() -> None:
    foreign = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""")
    for path in kept(".html", ".css", ".js"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not foreign.search(line), f"{path.name}: {line.strip()}"
