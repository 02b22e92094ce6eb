"""Benchmark of storage: announcements, attachments, claims, visits, pages and files per second.

    [scripts/scale.sh] python -m benchmarks.records --data DIRECTORY [--count N]

``DIRECTORY`` should be on the disk that will hold the archive: most of the cost is its fsync.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from archive.model import DocumentKind, Line, Page, ReadingResults, Status, TextSource
from archive.ports import NewFile, StoredFile
from benchmarks.corpus import argument_parser
from storage.repositories.jobs import EngineJobs
from storage.repositories.records import open_records
from tests.contracts.engines import ENGINES, STORES, Opener, StoreOpener
from tests.contracts.processes import ended, in_child
from tests.factories.records import ACTOR, draft

LEASE = dt.timedelta(minutes=5)
NOW = dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
BODY = "องค์การบริหารส่วนตำบลขอประชาสัมพันธ์รับสมัครบุคคลเพื่อสรรหาและเลือกสรร " * 30
PAGE_TEXT = (BODY[:79] + "\n") * 40


PROCESSES = 4


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()), help="where to write")
    parser.add_argument("--count", type=int, default=2000, help="announcements in the batch")
    options = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for kinds, measured in ((ENGINES, _records), (STORES, _files)):
        for name, kind in kinds.items():
            with tempfile.TemporaryDirectory(dir=options.data) as folder, kind(Path(folder)) as opened:
                columns[name] = measured(opened, options.count)
    for group in (ENGINES, STORES):
        table = Table("per second", *group)
        for step in columns[next(iter(group))]:
            table.add_row(step, *(f"{columns[name][step]:,.0f}" for name in group))
        Console().print(table)


class _Rates(dict[str, float]):
    """Times per second, by step."""

    def row(self, step: str, times: int, work: Callable[[int], object]) -> None:
        start = time.perf_counter()
        for n in range(times):
            work(n)
        self[step] = times / (time.perf_counter() - start)

    def together(self, step: str, times: int, work: Callable[[str], object]) -> None:
        """Run ``work`` in several processes at once, and record the times per second over all of them."""
        start = time.perf_counter()
        children = [in_child(lambda n=n: work(f"p{n}")) for n in range(PROCESSES)]  # type: ignore[misc]
        assert [ended(child) for child in children] == [0] * PROCESSES
        self[step] = times / (time.perf_counter() - start)


def _records(opened: Opener, count: int) -> dict[str, float]:
    engine = opened()
    records, jobs = open_records(engine), EngineJobs(engine)
    few = max(count // 10, 1)
    rates = _Rates()

    def create_and_attach(n: int) -> None:
        made = records.announcements.create(draft(body=BODY), actor=ACTOR)
        records.attachments.attach(
            made.id,
            NewFile(StoredFile(f"{n:064x}", 1), "ก.pdf", "application/pdf"),
            label="ก",
            kind=DocumentKind.OTHER,
            actor=ACTOR,
        )

    def claim_and_finish(_: int) -> None:
        job = jobs.claim("w", lease=LEASE, now=NOW)
        assert job is not None
        jobs.finish(job.id, "w", page_count=1, details=ReadingResults(), rules=1)

    rates.row("create + attach, each its own transaction", few, create_and_attach)
    with records.batch():
        rates.row("create + attach, in one batch", count, create_and_attach)
    rates.row("claim, nothing else", few, lambda _: jobs.claim("w", lease=LEASE, now=NOW))
    rates.row("claim + finish", few, claim_and_finish)
    rates.row(
        "visit, counted", few, lambda n: records.usage_statistics.count_visit(1, f"visitor {n}", now=NOW)
    )
    rates.row(
        "visit, already counted",
        few,
        lambda n: records.usage_statistics.count_visit(1, f"visitor {n}", now=NOW),
    )
    rates.row("page of 3,200 characters, saved", few, lambda n: records.pages.save(_page(n + 1)))
    rates.row("page with its lines, read", few, lambda n: records.pages.get(1, n + 1))
    rates.row("announcement, read", count, lambda n: records.announcements.get(n + 1))
    rates.row(
        "first page of the list",
        few,
        lambda _: records.announcements.list_page(statuses=[Status.DRAFT], page=1, per_page=20),
    )
    engine.close()
    _shared(opened, rates, few)
    return rates


def _shared(opened: Opener, rates: _Rates, few: int) -> None:
    """Measure the writes of several processes at once; each counts its own start in."""

    def create(_: str) -> None:
        records = open_records(opened())
        for _turn in range(few):
            records.announcements.create(draft(body=BODY), actor=ACTOR)

    def claim(name: str) -> None:
        jobs = EngineJobs(opened())
        for _turn in range(few):
            jobs.claim(name, lease=LEASE, now=NOW)

    def visit(name: str) -> None:
        records = open_records(opened())
        for turn in range(few):
            records.usage_statistics.count_visit(1, f"{name} {turn}", now=NOW)

    times = PROCESSES * few
    rates.together(f"create, {PROCESSES} processes", times, create)
    rates.together(f"claim, {PROCESSES} processes", times, claim)
    rates.together(f"visit to one announcement, {PROCESSES} processes", times, visit)


def _files(opened: StoreOpener, count: int) -> dict[str, float]:
    files = opened()
    content = os.urandom(200_000)
    kept: list[StoredFile] = []
    rates = _Rates()
    few = max(count // 40, 1)
    rates.row(
        "file of 200 kB, added",
        few,
        lambda n: kept.append(files.add(io.BytesIO(content + b"%d" % n), limit=1 << 30)),
    )
    rates.row("file of 200 kB, read", few, lambda n: files.open(kept[n].sha256).read())
    return rates


def _page(number: int) -> Page:
    lines = tuple(
        Line(
            start,
            300 + start,
            500 + start,
            tuple(900 + 100 * place + place * place % 37 for place in range(80)),
        )
        for start in range(0, len(PAGE_TEXT), 80)
    )
    return Page(
        attachment_id=1,
        number=number,
        text=PAGE_TEXT,
        raw=PAGE_TEXT,
        source=TextSource.OCR,
        confidence=0.9,
        lines=lines,
        rules=1,
    )


if __name__ == "__main__":
    main()
