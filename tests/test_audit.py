"""The audit of dependencies, beside a service that answers as the public one does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.audit import main

KNOWN = {
    "weak": {
        "vulns": [
            {
                "id": "PRAKAT-2026-1",
                "summary": "made up",
                "affected": [
                    {
                        "package": {"name": "weak", "ecosystem": "PyPI"},
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
                    }
                ],
            }
        ]
    }
}


class Advisories(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(KNOWN.get(asked["package"]["name"], {})).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def advisories() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


def lock(folder: Path, *names: str) -> str:
    path = folder / "some.lock"
    path.write_text("".join(f"{name}==1.0 --hash=sha256:{'0' * 64}\n" for name in names))
    return str(path)


def test_a_known_weakness_fails_and_is_named(
    tmp_path: Path, advisories: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([lock(tmp_path, "sound", "weak"), "--osv", advisories]) == 1
    said = capsys.readouterr().out
    assert "weak 1.0: PRAKAT-2026-1" in said
    assert "1.1" in said
    assert "sound" not in said


def test_none_known_passes(tmp_path: Path, advisories: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([lock(tmp_path, "sound"), "--osv", advisories]) == 0
    assert "1 dependencies looked up at OSV, 0 weaknesses" in capsys.readouterr().out


def test_silence_is_said_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unreachable = [lock(tmp_path, "sound"), "--osv", "http://127.0.0.1:9/v1/query"]
    assert main(unreachable) == 1
    assert main([*unreachable, "--allow-unreachable"]) == 0
    said = capsys.readouterr().out
    assert "NOT AUDITED" in said
    assert "127.0.0.1" in said
