"""The page for operators names every possible finding and every metric."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from indexer.consistency import MESSAGES
from web.bootstrap import Services
from web.serving.health import CHECKS
from web.serving.metrics import exposition

PAGE = (Path(__file__).parents[2] / "docs" / "operation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [*MESSAGES, *CHECKS])
def test_every_finding_and_check_is_explained(code: str) -> None:
    assert f"`{code}`" in PAGE


def test_every_metric_is_explained(services: Services) -> None:
    families = text_string_to_metric_families(exposition(services).decode())
    ours = {family.name.removesuffix("_created") for family in families if family.name.startswith("prakat_")}
    assert {name for name in ours if name not in PAGE} == set()
    assert len(ours) > 9
