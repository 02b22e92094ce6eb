"""Dashboard and alerts name metrics that the service has, and commands that exist."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.operation.archives import run
from web.bootstrap import Services
from web.cli import main
from web.serving.metrics import exposition

DEPLOY = Path(__file__).parents[2] / "deploy"
_METRIC = re.compile(r"\b(?:prakat|process)_[a-z_]+")


@pytest.fixture
def metrics(services: Services, tmp_path: Path) -> set[str]:
    """Names of all samples of a service that has had a nightly run."""
    run(services.settings.data, "nightly", str(tmp_path / "backups"))
    families = text_string_to_metric_families(exposition(services).decode())
    return {sample.name for family in families for sample in family.samples}


def rules() -> list[dict[str, Any]]:
    content = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text(encoding="utf-8"))
    (group,) = content["groups"]
    return list(group["rules"])


def panels() -> list[dict[str, Any]]:
    return list(json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))["panels"])


def test_every_metric_is_one_of_the_service(metrics: set[str]) -> None:
    asked = [rule["expr"] for rule in rules()]
    asked += [target["expr"] for panel in panels() for target in panel["targets"]]
    named = {name for expression in asked for name in _METRIC.findall(expression)}
    assert len(named) > 12
    assert named - metrics == set()


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    known = main.list_commands(click.Context(main))
    for rule in rules():
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert " · " in rule["annotations"]["summary"]
        commands = re.findall(r"prakat ([a-z]+)", rule["annotations"]["command"])
        assert set(commands) <= {*known, "nightly"}


def test_prometheus_reads_the_rules_and_what_the_panels_ask(tmp_path: Path) -> None:
    promtool = shutil.which("promtool", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if promtool is None:
        pytest.skip("promtool is not installed (in Debian's package prometheus)")

    def is_read(path: Path) -> bool:
        return (
            subprocess.run([promtool, "check", "rules", path], check=False, capture_output=True).returncode
            == 0
        )

    assert is_read(DEPLOY / "prometheus-alerts.yml")
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    for number, expression in enumerate(asked):
        rule = {"record": "panel:asked", "expr": expression}
        path = tmp_path / f"{number}.yml"
        path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": [rule]}]}), encoding="utf-8")
        assert is_read(path), expression
        rule["expr"] = f"{expression} and"
        path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": [rule]}]}), encoding="utf-8")
        assert not is_read(path), expression


def test_panels_have_their_places() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels())
