"""Loads the rules of an older site: a file of one's own, or those of a common kind of site by name."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

from archive.errors import Invalid
from archive.importers.legacy_site import SiteKind, SiteRules
from archive.importers.wordpress import WordPressJsonPages
from archive.importers.xpath_rules import XPathRules

KINDS = ("joomla", "pdf-menu", "google-sites", "wordpress")
"""Names of the rule files that come with the program, beside the default one."""


def load_site(rules: str | None = None) -> SiteKind:
    """Returns a site's reader: one of ``KINDS``, a rule file's, or the default; ``Invalid`` for a bad one.

    ``rules``: one of ``KINDS``, or the path of a rule file; None for the default rules.
    """
    try:
        source = _source(rules)
        table = tomllib.loads(source.read_text(encoding="utf-8"))
        match table.get("form", "lines"):
            case "lines":
                return SiteRules.from_table(table)
            case "selectors":
                return XPathRules.from_table(table)
            case "wordpress":
                return WordPressJsonPages()
            case other:
                raise ValueError(f"form = {other!r}")
    except FileNotFoundError as error:
        raise Invalid(
            f"ไม่มีกฎชื่อ {rules} ใช้ {', '.join(KINDS)} หรือไฟล์กฎของตน (no such rules: one of these, or a file)",
            field="rules",
        ) from error
    except (OSError, UnicodeDecodeError, KeyError, TypeError, re.error, ValueError) as error:
        raise Invalid(f"อ่านไฟล์กฎของเว็บไซต์เดิมไม่ได้ (site rules): {error}", field="rules") from error


def _source(rules: str | None) -> Path:
    built_in = Path(str(files("archive") / "data"))
    if rules is None:
        return built_in / "site.toml"
    return built_in / f"site-{rules}.toml" if rules in KINDS else Path(rules)
