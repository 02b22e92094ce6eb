"""Nobody else on the machine reads the data directory."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.memos import memo
from tests.web.conftest import Site, open_site


def open_paths(directory: Path) -> list[tuple[str, str]]:
    found = [(path, path.lstat().st_mode) for path in (directory, *directory.rglob("*"))]
    return [(str(path), oct(stat.S_IMODE(mode))) for path, mode in found if mode & 0o077]


def run(data: Path, *arguments: str) -> int:
    """The exit status of a command whose caller has the usual umask."""
    return subprocess.run(
        [sys.executable, "-m", "web.cli", *arguments],
        env=os.environ | {"PRAKAT_DATA": str(data)},
        capture_output=True,
        umask=0o022,
        check=False,
    ).returncode


def test_what_commands_make_is_for_the_owner(tmp_path: Path) -> None:
    data, line = tmp_path / "new" / "data", tmp_path / "list.jsonl"
    (tmp_path / "memo.pdf").write_bytes(memo("เนื้อหา"))
    files = [{"path": "memo.pdf"}]
    given = {"ref": "1", "title": "ประกาศ", "published_on": "2021-06-09", "attachments": files}
    line.write_text(json.dumps(given) + "\n", encoding="utf-8")
    assert run(data, "import", str(line)) == 0
    assert run(data, "reindex") == 0
    assert open_paths(data) == []
    assert (data / "prakat.sqlite").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def loose(site: Site) -> Path:
    """An archive as older versions left it."""
    made = site.announcement("ประกาศ")
    site.services.commands.attachments.attach(
        made.id, io.BytesIO(memo("เนื้อหา")), filename="memo.pdf", actor="test"
    )
    data = site.services.settings.data
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return data


def test_a_start_closes_the_directory_and_what_lies_in_it(loose: Path) -> None:
    open_site(loose)
    assert {path for path, _mode in open_paths(loose) if Path(path).parent == loose} == set()
    assert loose.stat().st_mode & 0o777 == 0o700


def test_check_finds_what_is_open_and_repairs_it(loose: Path) -> None:
    assert run(loose, "check", "--repair") == 0
    assert open_paths(loose) == []
    next(loose.rglob("memo*"), next(loose.glob("files/*/*"))).chmod(0o644)
    assert run(loose, "check") == 1
    assert run(loose, "check", "--repair") == 0
    assert run(loose, "check") == 0
