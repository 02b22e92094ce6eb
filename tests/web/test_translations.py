"""The English catalogue: whole, true to its placeholders, and compiled."""

from __future__ import annotations

import ast
import io
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tests.web.conftest import Site

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "web" / "translations" / "en" / "LC_MESSAGES"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_po(io.BytesIO((FOLDER / "messages.po").read_bytes()), locale="en")


def test_every_text_has_its_english_and_no_other(catalog: Catalog) -> None:
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"][
        "mappings"
    ]
    used = {
        message
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT,
            [(pattern, each["method"]) for each in mappings for pattern in _list(each["pattern"])],
            keywords=DEFAULT_KEYWORDS | dict.fromkeys(_calls()),
        )
    }
    assert {message.id for message in catalog if message.id} == used
    assert [message.id for message in catalog if message.id and not message.string] == []


def _list(patterns: str | list[str]) -> list[str]:
    return [patterns] if isinstance(patterns, str) else patterns


def _calls() -> list[str]:
    """Returns the functions whose first argument is a text, as `make translations` knows them."""
    [line] = re.findall(r"^TEXTS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return str(line).split()


def test_placeholders_are_kept_and_no_thai_is_left(catalog: Catalog) -> None:
    said: list[Any] = [error for message in catalog for error in message.check(catalog)]
    assert said == []
    examples = {"เช่น ค่าขยะ ภาษีที่ดิน"}  # what to type is Thai
    thai = [each.id for each in catalog if any(letter in THAI_LETTERS for letter in str(each.string))]
    assert set(thai) <= examples


def test_a_text_of_one_form_fits_one_as_well_as_many(catalog: Catalog) -> None:
    """A count before a noun in the plural reads "1 places", unless the text has a form for one."""
    several = re.compile(r"%\(count\)s (?:[a-z]+ ){0,2}?[a-z]{3,}s\b")
    verbs = {
        "%(count)s restored as drafts",
        "%(count)s put under items",
        "%(count)s published years",
        "%(count)s on all pages",
    }
    forms = [each.string for each in catalog if isinstance(each.string, str)]
    said = {found[0] for text in forms for found in several.finditer(text)}
    assert said <= verbs


def test_no_text_hides_in_an_f_string() -> None:
    """Babel does not look into f-strings, so that such a text would stay Thai on every page."""
    hidden = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "web").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Name)
        and part.func.id in CALLS_TO_TRANSLATE
    ]
    assert hidden == []


def test_what_is_compiled_is_what_is_written(catalog: Catalog) -> None:
    compiled = read_mo(io.BytesIO((FOLDER / "messages.mo").read_bytes()))

    def texts(of: Catalog) -> dict[object, tuple[str, ...]]:
        """Singulars and plurals by message; what is compiled has them in lists."""
        return {
            tuple(each.id): (each.string,) if isinstance(each.string, str) else tuple(each.string)
            for each in of
            if each.id
        }

    assert texts(compiled) == texts(catalog)


def test_the_language_is_chosen_with_a_link_that_leads_back(site: Site) -> None:
    client = site.client()
    assert "ค้นหา" in client.get("/browse?x=1").text
    answer = client.get("/language/en?next=/browse?x=1")
    assert answer.headers["Location"].endswith("/browse?x=1")
    page = client.get("/browse").text
    assert '<html lang="en"' in page
    assert ">Search<" in page


CALLS_TO_TRANSLATE = {"_", "gettext", "ngettext", "lazy_gettext", "gettext_noop"}
THAI_LETTERS = {chr(code) for code in range(0x0E01, 0x0E5C)}
