"""Several real processes at once."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.model import Details
from archive.ports import Records
from storage.files import LocalFiles
from storage.jobs import EngineJobs
from storage.records import EngineRecords
from storage.sqlite import Sqlite
from tests.contracts.processes import ended, in_child
from tests.contracts.samples import ACTOR, NOW, attached, draft, published

PROCESSES = 4
LEASE = dt.timedelta(minutes=5)


def together(work: Callable[[int], object]) -> None:
    children = [in_child(lambda n=n: work(n)) for n in range(PROCESSES)]  # type: ignore[misc]
    assert [ended(child) for child in children] == [0] * PROCESSES


@pytest.mark.parametrize("_attempt", range(3))
def test_processes_that_start_together_migrate_once(tmp_path: Path, _attempt: int) -> None:
    path = tmp_path / "prakat.db"
    together(lambda _: Sqlite(path).close())
    engine = Sqlite(path)
    assert published(EngineRecords(engine)).id == 1
    engine.close()


def test_no_two_processes_get_the_same_job(tmp_path: Path) -> None:
    path = tmp_path / "prakat.db"
    engine = Sqlite(path)
    records: Records = EngineRecords(engine)
    with records.batch():
        announcement = published(records)
        wanted = {attached(records, announcement, b"%d" % n).id for n in range(60)}
    engine.close()

    def work(n: int) -> None:
        jobs = EngineJobs(Sqlite(path))
        with (tmp_path / f"claimed-{n}").open("w") as log:
            while (job := jobs.claim(f"w{n}", lease=LEASE, now=NOW)) is not None:
                print(job.id, file=log)
                jobs.finish(job.id, f"w{n}", page_count=0, details=Details(), rules=1)

    together(work)
    claimed = [
        int(line) for n in range(PROCESSES) for line in (tmp_path / f"claimed-{n}").read_text().split()
    ]
    assert sorted(claimed) == sorted(wanted)


def test_no_change_is_lost_to_one_who_follows_while_others_write(tmp_path: Path) -> None:
    path = tmp_path / "prakat.db"
    engine = Sqlite(path)

    def work(n: int) -> None:
        records = EngineRecords(Sqlite(path))
        for _ in range(25):
            records.create(draft(), actor=ACTOR)

    children = [in_child(lambda n=n: work(n)) for n in range(PROCESSES)]  # type: ignore[misc]
    records = EngineRecords(engine)
    seen: list[tuple[int, int]] = []
    while len(seen) < 25 * PROCESSES:
        seen += records.changed_since(seen[-1][1] if seen else 0, limit=1000)
    assert [ended(child) for child in children] == [0] * PROCESSES
    assert len({one for one, _ in seen}) == 25 * PROCESSES == records.last_change()
    engine.close()


def test_one_visitor_with_many_browsers_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "prakat.db"
    engine = Sqlite(path)
    records = EngineRecords(engine)
    announcement = published(records)
    engine.close()
    together(lambda _: EngineRecords(Sqlite(path)).count_visit(announcement.id, "visitor", now=NOW))
    assert records.announcement(announcement.id).views == 1
    engine.close()


def test_the_same_bytes_from_many_are_stored_once(tmp_path: Path) -> None:
    content = b"%PDF" * 100_000
    together(lambda _: LocalFiles(tmp_path).add(io.BytesIO(content), limit=len(content)))
    assert [file.size for file in LocalFiles(tmp_path).all()] == [len(content)]
