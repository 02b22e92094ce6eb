"""Slow work is bounded over all processes, and no address takes all of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore, NoFreeSlot

HOLD = """
import sys
from pathlib import Path
from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore
with CrossProcessSemaphore(Path(sys.argv[1]), 2).hold_slot(sys.argv[2], seconds=1):
    print("held", flush=True)
    sys.stdin.read()  # until the test ends
"""


def holder(folder: Path, owner: str) -> subprocess.Popen[str]:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), owner],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "held\n"
    held.stdout.close()
    return held


def end(held: subprocess.Popen[str]) -> None:
    held.kill()
    held.communicate()  # waits, and closes what leads to it


def test_what_other_processes_hold_is_taken_until_they_end(tmp_path: Path) -> None:
    slots = CrossProcessSemaphore(tmp_path, 2)
    others = [holder(tmp_path, owner) for owner in ("10.0.0.1", "10.0.0.2")]
    with pytest.raises(NoFreeSlot) as busy, slots.hold_slot("10.0.0.3", seconds=0.1):
        raise AssertionError
    assert busy.value.retry_after < 10
    end(others[0])
    with slots.hold_slot("10.0.0.3", seconds=0.0):
        pass
    end(others[1])


def test_no_address_has_two(tmp_path: Path) -> None:
    slots = CrossProcessSemaphore(tmp_path, 2)
    with slots.hold_slot("10.0.0.1", seconds=0.0):
        with pytest.raises(NoFreeSlot), slots.hold_slot("10.0.0.1", seconds=0.1):
            raise AssertionError
        with slots.hold_slot("10.0.0.2", seconds=0.0):
            pass
