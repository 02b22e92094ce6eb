"""The pages for operators name every finding of ``check`` and ``doctor``, and every metric."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from indexer.consistency import MESSAGES
from web.bootstrap import Services
from web.serving.health import CHECKS
from web.serving.metrics import exposition

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "manual" / "officer-operation.md").read_text(encoding="utf-8")
MANUAL = (ROOT / "docs" / "manual" / "officer-findings.md").read_text(encoding="utf-8")
DIAGNOSES = set(
    re.findall(r'Trouble\(\s*"([a-z-]+)"', (ROOT / "web" / "diagnosis.py").read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("name", CHECKS)
def test_every_readiness_check_is_explained_in_both_languages(name: str) -> None:
    assert PAGE.count(f"`{name}`") >= 2


def test_the_manual_says_in_both_languages_what_to_do_about_each_finding() -> None:
    assert len(DIAGNOSES) > 30
    for code in sorted({*MESSAGES, *DIAGNOSES}):
        (row,) = re.findall(rf"^\| `{code}` \|(.+)\|$", MANUAL, re.MULTILINE)
        meaning, to_do = row.split("|")
        assert meaning.strip(), code
        assert re.search(r" · .*[a-zA-Z`-]{3}", to_do), code


def test_every_metric_is_explained(services: Services) -> None:
    families = text_string_to_metric_families(exposition(services).decode())
    ours = {family.name.removesuffix("_created") for family in families if family.name.startswith("prakat_")}
    assert {name for name in ours if name not in PAGE} == set()
    assert len(ours) > 9
