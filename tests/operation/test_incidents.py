"""A loss stays reported until somebody acknowledges it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.reindex import is_rebuild_needed
from tests.factories.archives import add
from tests.operation.archives import checked, close, level, opened
from tests.web.conftest import until, working
from web.app import create_app
from web.bootstrap import Services
from web.serving.metrics import exposition


@pytest.fixture
def crashed(filled: Path, tmp_path: Path) -> Path:
    """An archive whose disk gave back the database without its last writes, which the index knows."""
    services = opened(shutil.copytree(filled, tmp_path / "live"))
    for number in range(40, 46):
        add(services, number)
    level(services)
    crashed = shutil.copytree(tmp_path / "live", tmp_path / "crashed")
    close(services)
    (crashed / "prakat.sqlite-wal").unlink()
    return crashed


def test_the_worker_rebuilds_the_index_and_keeps_the_evidence(crashed: Path) -> None:
    services = opened(crashed)
    lost = services.index.position() - services.history.last_change()
    assert lost > 6
    with working(services):
        until(lambda: not is_rebuild_needed(services.records, services.index), seconds=90)
    (incident,) = services.incidents.list_open()
    assert (incident.code, incident.detail.split()[0]) == ("changes-lost", str(lost))
    assert checked(crashed) == (1, {"changes-lost"})
    close(services)


def test_readiness_and_metrics_know_until_it_is_acknowledged(crashed: Path) -> None:
    assert checked(crashed, "--repair")[0] == 1
    services = opened(crashed)
    client: FlaskClient = create_app(services).test_client()
    answer = client.get("/readyz").get_json()
    assert answer["checks"]["incidents"] != "ok"
    assert b"prakat_incidents 1.0" in exposition(services)
    before = dt.datetime.now(dt.UTC)
    (acknowledged,) = services.audit.acknowledge_and_accept_all("สมชาย")
    assert acknowledged.acknowledged_by == "สมชาย"
    assert acknowledged.acknowledged_at is not None
    assert acknowledged.acknowledged_at >= before
    assert client.get("/readyz").get_json()["checks"]["incidents"] == "ok"
    assert services.incidents.list_open() == []
    assert checked(crashed) == (0, set())
    close(services)


def test_the_same_loss_is_one_incident(services: Services) -> None:
    for _ in range(3):
        services.incidents.record("changes-lost", "database", "21 (45 > 24)")
    assert len(services.incidents.list_open()) == 1
    services.audit.acknowledge_and_accept_all("สมชาย")
    services.incidents.record("changes-lost", "database", "21 (45 > 24)")
    assert len(services.incidents.list_open()) == 1


def is_alive(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"):
        return True
    return False


def test_a_stop_leaves_nothing_in_the_log_that_could_be_lost(data: Path, services: Services) -> None:
    add(services, 61)
    assert (data / "prakat.sqlite-wal").stat().st_size > 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "serve", "--no-worker", "--port", str(port)],
        env={**os.environ, "PRAKAT_DATA": str(data)},
    )
    try:
        until(lambda: is_alive(port), seconds=90)
    finally:
        served.terminate()
        status = served.wait(60)
    assert status == 0
    (data / "prakat.sqlite-wal").unlink(missing_ok=True)
    with closing(sqlite3.connect(f"{(data / 'prakat.sqlite').as_uri()}?immutable=1", uri=True)) as other:
        assert other.execute("SELECT count(*) FROM announcement").fetchone() == (25,)
