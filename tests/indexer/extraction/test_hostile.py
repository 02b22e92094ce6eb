"""Every broken or hostile file ends, with the right reason, within its limits, and the next one is read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from indexer.extraction import embedded_text, sandbox
from tests.factories.hostile_files import CASES, write
from tests.indexer.extraction.judge import judge

SHORT, GENEROUS = 2.0, 30.0  # seconds; short where the time must run out


def children() -> list[str]:
    nursery = sandbox._nursery()._process.pid
    return Path(f"/proc/{nursery}/task/{nursery}/children").read_text(encoding="ascii").split()


@pytest.mark.parametrize("name", list(CASES))
def test_it_ends_as_it_should(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    limit = SHORT if "timeout" in case.ends else GENEROUS
    monkeypatch.setattr(embedded_text, "OPEN_SECONDS", limit)
    monkeypatch.setattr(embedded_text, "PAGE_SECONDS", limit)
    path = write(name, tmp_path)
    content = path.read_bytes()
    started = time.monotonic()
    ending = judge(path, seconds=limit)
    assert time.monotonic() - started < 5 * limit
    assert ending.end in case.ends
    if ending.end == "ready" and not ending.problem:
        assert case.sees in ending.text
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_no_child_is_left_behind(tmp_path: Path) -> None:
    judge(write("a missing cross reference", tmp_path))
    for _ in range(100):
        if not children():
            return
        time.sleep(0.02)
    pytest.fail(f"children are left: {children()}")
