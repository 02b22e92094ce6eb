"""Each request leaves one line that operators can count and follow, and that says nothing of residents."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.search.query.parser import Query
from tests.web.conftest import Site


def test_a_request_is_one_line_without_what_was_asked(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "prakat.request")
    client.get("/search?q=โรคร้าย", headers={"X-Forwarded-For": "203.0.113.7"})
    client.get("/announcements/999")
    client.get("/healthz")
    noted = [record for record in caplog.records if record.name == "prakat.request"]
    assert [(record.method, record.path, record.status) for record in noted] == [  # type: ignore[attr-defined]
        ("GET", "/search", 200),
        ("GET", "/announcements/999", 404),
    ]
    assert all(record.ms >= 0 for record in noted)  # type: ignore[attr-defined]
    told = " ".join(str(record.__dict__) for record in noted)
    assert "โรคร้าย" not in told
    assert "203.0.113.7" not in told


@pytest.mark.parametrize(
    ("path", "noted"),
    [
        ("/follow/stop/a-follower-s-key", "/follow/stop/<key>"),
        ("/follow/confirm/a-follower-s-key/", "/follow/confirm/<key>"),  # no page has these three
        ("/follow//stop/a-follower-s-key", "/follow//stop/<key>"),
        ("/pages/follow/stop/a-follower-s-key", "/pages/follow/stop/<key>"),
        ("/follow", "/follow"),
    ],
)
def test_no_line_has_the_key_by_which_somebody_follows(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str, noted: str
) -> None:
    caplog.set_level("INFO", "prakat.request")
    for method in ("GET", "PUT"):
        client.open(path, method=method)
    logged = [record.path for record in caplog.records if record.name == "prakat.request"]  # type: ignore[attr-defined]
    assert set(logged) == {noted}


_PROGRAM = """
import sys
from pathlib import Path
from web.app import create_app
from web.bootstrap import build_services
from web.serving.log import configure_logging
from web.settings import Settings
app = create_app(build_services(Settings(data=Path(sys.argv[1]))))
configure_logging()
print(app.test_client().get("/announcements/1").headers["X-Request-Id"])
"""


def test_lines_are_json_with_the_request_that_people_can_quote(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("log") / "data"
    ended = subprocess.run([sys.executable, "-c", _PROGRAM, data], capture_output=True, text=True, check=True)
    (line,) = (json.loads(line) for line in ended.stderr.splitlines() if '"request"' in line)
    assert line["request_id"] == ended.stdout.strip()
    assert (line["event"], line["status"], line["level"], line["path"]) == (
        "request",
        404,
        "info",
        "/announcements/1",
    )
    assert line["timestamp"].endswith("Z")


def test_a_slow_request_says_where_its_time_went(
    site: Site, client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = site.services.index.search

    def search_slowly(query: Query) -> object:
        time.sleep(0.02)
        return search(query)

    monkeypatch.setattr(site.services.index, "search", search_slowly)
    caplog.set_level("INFO", "prakat.request")
    client.get("/search?q=ถนน")
    (line,) = [record.__dict__ for record in caplog.records if record.name == "prakat.request"]
    assert 20 <= line["search_ms"] <= line["ms"]
    for part in ("database_ms", "template_ms"):
        assert 0 <= line[part] <= line["ms"] - 20
    for _ in range(2):  # the second is the kept answer
        client.get("/help")
    assert caplog.records[-1].ms > 0  # type: ignore[attr-defined]


def test_no_line_is_put_together_from_pieces() -> None:
    """Values are fields of a line, so that a program can select by them."""
    root = Path(__file__).parents[2]
    for room in ("archive", "indexer", "storage", "web"):
        for path in (root / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in _LOG_CALLS:
                    *level, text = node.args
                    assert len(level) == (ast.unparse(node.func) == "log.log"), f"{path}:{node.lineno}"
                    assert isinstance(text, ast.Constant), f"{path}:{node.lineno}"
                    assert "%" not in str(text.value), f"{path}:{node.lineno}"


_LOG_CALLS = {
    f"{name}.{level}"
    for name in ("log", "_schedule_log")
    for level in ("debug", "info", "warning", "error", "exception", "log")
} | {"note_security"}
