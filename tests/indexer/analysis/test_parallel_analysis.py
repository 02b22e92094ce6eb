"""Analysis in several processes gives the documents that one process gives, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from indexer.analysis.dictionary import Dictionary
from indexer.analysis.parallel_analysis import ParallelAnalyzer
from tests.contracts.test_search_index import entry

PROGRAM = """
import itertools, sys, threading
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.parallel_analysis import ParallelAnalyzer
from tests.contracts.test_search_index import entry

def announcements(numbers):
    return (entry(id, f"ประกาศเรื่องที่ {id}", "ว่าด้วยการจัดเก็บขยะ") for id in numbers)

if __name__ == "__main__":
    if sys.argv[1] == "threads":
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    lexicon = Dictionary().current()
    alone = list(ParallelAnalyzer(lexicon, jobs=1).analyze(announcements(range(200))))
    analyzer = ParallelAnalyzer(lexicon, jobs=3)
    assert list(analyzer.analyze(announcements(range(200)))) == alone
    print("ready", flush=True)
    for made in analyzer.analyze(announcements(itertools.count() if sys.argv[2] == "endless" else [])):
        pass
    analyzer.close()
"""


def test_three_processes_give_the_documents_of_one() -> None:
    lexicon = Dictionary().current()
    entries = [entry(id, f"ประกาศเรื่องที่ {id}", f"หน้าที่ {id} ว่าด้วยการจัดเก็บขยะ") for id in range(1, 173)]
    alone = list(ParallelAnalyzer(lexicon, jobs=1).analyze(entries))
    with closing(ParallelAnalyzer(lexicon, jobs=3)) as analyzer:
        assert list(analyzer.analyze(entries)) == alone
        assert list(analyzer.analyze([])) == []


def start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    script = tmp_path / "program.py"  # a file, since new processes import it again
    script.write_text(PROGRAM, encoding="utf-8")
    here = str(Path(__file__).parents[3])
    environment = os.environ | {"PYTHONPATH": here}
    command = [sys.executable, str(script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=here, env=environment)


@pytest.mark.parametrize("beside", ["alone", "threads"])
def test_a_process_with_threads_and_one_without_share_the_work(tmp_path: Path, beside: str) -> None:
    program = start(tmp_path, beside, "finite")
    assert program.communicate(timeout=120) == ("ready\n", None)
    assert program.returncode == 0


@pytest.mark.parametrize("beside", ["alone", "threads"])
def test_the_processes_end_with_a_killed_parent(tmp_path: Path, beside: str) -> None:
    """A fork that went on would keep the lock on the index, and the next rebuild would wait for ever."""
    program = start(tmp_path, beside, "endless")
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    helpers = analysing(program.pid)
    assert len(helpers) >= 2
    program.kill()
    program.wait()
    program.stdout.close()
    until = time.monotonic() + 20
    while (left := [pid for pid in helpers if is_running(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def analysing(parent: int) -> list[int]:
    """Returns the children that analyse, without the tracker of resources, which ends by itself."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            status = (path / "stat").read_text().rpartition(")")[2].split()
            is_tracker = b"resource_tracker" in (path / "cmdline").read_bytes()
            if int(status[1]) == parent and not is_tracker:
                found.append(int(path.name))
    return found


def is_running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
