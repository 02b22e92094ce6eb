"""Several real processes at once."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive.model import HoldReason, ReadingResults
from archive.repositories import Records
from storage.engine import Engine
from storage.hash_chain import AuditTrail
from storage.repositories.jobs import EngineJobs
from storage.repositories.records import open_records
from tests.contracts.engines import Opener, StoreOpener
from tests.contracts.processes import ended, in_child
from tests.factories.records import ACTOR, NOW, attached, draft, page, published

PROCESSES = 4
PATIENCE = 120.0  # seconds for what takes some, on a busy machine
LEASE = dt.timedelta(minutes=5)


def together(work: Callable[[int], object]) -> None:
    children = [in_child(lambda n=n: work(n)) for n in range(PROCESSES)]  # type: ignore[misc]
    assert [ended(child) for child in children] == [0] * PROCESSES


def test_processes_that_start_together_migrate_once(opened: Opener) -> None:
    together(lambda _: opened().close())
    engine = opened()
    assert published(open_records(engine)).id == 1
    engine.close()


def test_no_two_processes_get_the_same_job(opened: Opener, tmp_path: Path) -> None:
    engine = opened()
    records: Records = open_records(engine)
    with records.batch():
        announcement = published(records)
        wanted = {attached(records, announcement, b"%d" % n).id for n in range(60)}
    engine.close()

    def work(n: int) -> None:
        jobs = EngineJobs(opened())
        with (tmp_path / f"claimed-{n}").open("w") as log:
            while (job := jobs.claim(f"w{n}", lease=LEASE, now=NOW)) is not None:
                print(job.id, file=log)
                jobs.finish(job.id, f"w{n}", page_count=0, details=ReadingResults(), rules=1)

    together(work)
    claimed = [
        int(line) for n in range(PROCESSES) for line in (tmp_path / f"claimed-{n}").read_text().split()
    ]
    assert sorted(claimed) == sorted(wanted)


def test_no_change_is_lost_to_one_who_follows_while_others_write(opened: Opener) -> None:
    opened().close()

    def work(n: int) -> None:
        records = open_records(opened())
        for _ in range(25):
            records.announcements.create(draft(), actor=ACTOR)

    children = [in_child(lambda n=n: work(n)) for n in range(PROCESSES)]  # type: ignore[misc]
    engine = opened()
    records = open_records(engine)
    seen: list[tuple[int, int]] = []
    end = time.monotonic() + PATIENCE
    while len(seen) < 25 * PROCESSES:
        assert time.monotonic() < end, f"{len(seen)} changes"
        seen += records.history.changed_since(seen[-1][1] if seen else 0, limit=1000)
    assert [ended(child) for child in children] == [0] * PROCESSES
    assert len({one for one, _ in seen}) == 25 * PROCESSES == records.history.last_change()
    engine.close()


def test_pages_with_personal_data_are_saved_beside_other_writers(opened: Opener) -> None:
    """Each appends to the audit chain, which has one number for one entry."""
    engine = opened()
    records, jobs = open_records(engine), EngineJobs(engine)
    wanted = [attached(records, published(records), b"%d" % n) for n in range(PROCESSES)]
    for each in wanted:
        assert jobs.claim("w", lease=LEASE, now=NOW) is not None
        jobs.finish(each.id, "w", page_count=0, details=ReadingResults(), rules=1)
    jobs.queue_again([each.id for each in wanted])
    engine.close()

    def work(n: int) -> None:
        records = open_records(opened())
        for number in range(1, 21):
            records.pages.save(page(wanted[n], number, "โทร 081-234-5678"))
            records.announcements.create(draft(), actor=ACTOR)

    together(work)
    engine = opened()
    records = open_records(engine)
    assert {each.hold for each in map(records.attachments.get, [one.id for one in wanted])} == {
        HoldReason.PERSONAL_DATA
    }
    assert [*AuditTrail(engine).find_faults()] == []
    engine.close()


def test_nobody_changes_what_a_batch_has_read(opened: Opener) -> None:
    engine = opened()
    made = published(open_records(engine))
    engine.close()

    def lengthen(_: int) -> None:
        records = open_records(opened())
        with records.batch():
            body = records.announcements.get(made.id).body
            records.announcements.revise(made.id, {"body": f"{body}+"}, actor=ACTOR)

    together(lengthen)
    engine = opened()
    assert open_records(engine).announcements.get(made.id).body == made.body + "+" * PROCESSES
    engine.close()


def test_one_visitor_with_many_browsers_counts_once(opened: Opener) -> None:
    engine = opened()
    announcement = published(open_records(engine))
    engine.close()
    together(
        lambda _: open_records(opened()).usage_statistics.count_visit(announcement.id, "visitor", now=NOW)
    )
    engine = opened()
    records = open_records(engine)
    assert not records.usage_statistics.count_visit(announcement.id, "visitor", now=NOW)
    records.usage_statistics.count_visit(announcement.id, "one who comes later", now=NOW)
    assert records.announcements.get(announcement.id).views == 2
    engine.close()


def test_every_one_of_many_visitors_is_counted(opened: Opener) -> None:
    engine = opened()
    announcement = published(open_records(engine))
    engine.close()

    def visit(n: int) -> None:
        records = open_records(opened())
        for visitor in range(50):
            assert records.usage_statistics.count_visit(announcement.id, f"{n}-{visitor}", now=NOW)

    together(visit)
    engine = opened()
    records = open_records(engine)
    records.usage_statistics.count_visit(announcement.id, "one who comes later", now=NOW)
    assert records.announcements.get(announcement.id).views == 50 * PROCESSES + 1
    engine.close()


def test_the_same_bytes_from_many_are_stored_once(opened_store: StoreOpener) -> None:
    content = b"%PDF" * 100_000
    together(lambda _: opened_store().add(io.BytesIO(content), limit=len(content)))
    assert [file.size for file in opened_store().all()] == [len(content)]


def test_the_time_of_a_query_that_opens_a_connection_counts_once(engine: Engine) -> None:
    def ask() -> tuple[float, float]:
        began = time.perf_counter()
        engine.rows("SELECT count(*) AS n FROM announcement")
        return engine.seconds_spent_by_thread(), time.perf_counter() - began

    for _ in range(5):  # each thread opens a connection of its own
        with ThreadPoolExecutor(1) as thread:
            counted, passed = thread.submit(ask).result()
        assert 0 < counted <= passed


def test_many_statements_are_carried_out_together_or_not_at_all(engine: Engine) -> None:
    twice = [{"name": "one", "value": 1}, {"name": "two", "value": 2}, {"name": "one", "value": 3}]
    with pytest.raises(Exception, match=r"(?i)unique"):
        engine.run_many("INSERT INTO counter (name, value) VALUES (:name, :value)", twice)
    assert engine.rows("SELECT name FROM counter WHERE name IN ('one', 'two')") == []
