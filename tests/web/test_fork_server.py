"""The process that forks the children who read is there before the first scan comes in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.extraction import sandbox
from tests.web.conftest import Site, until, working


def test_a_worker_starts_the_fork_server_before_anything_is_to_be_read(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_shared", None)  # as in a new process
    before = fork_servers()
    with working(site.services):
        until(lambda: fork_servers() > before, seconds=20)


def fork_servers() -> int:
    """Returns how many fork servers this process has started, and not ended."""
    mine = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    started = [Path("/proc", pid, "cmdline") for each in mine for pid in each.read_text().split()]
    return sum(b"run_fork_server" in path.read_bytes() for path in started if path.exists())
