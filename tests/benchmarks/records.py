"""What keeping costs: announcements, attachments, claims, visits, pages and files per second.

    python -m tests.benchmarks.records --data DIRECTORY [--count N]

``DIRECTORY`` should be on the disk that will hold the archive: most of the cost is its fsync.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from archive.intake import Intake
from archive.model import Details, Kind, Line, Page, Source, Status
from archive.ports import StoredFile
from storage.files import LocalFiles
from storage.jobs import EngineJobs
from storage.records import EngineRecords
from storage.sqlite import Sqlite
from tests.contracts.samples import ACTOR, draft

LEASE = dt.timedelta(minutes=5)
NOW = dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
BODY = "องค์การบริหารส่วนตำบลขอประชาสัมพันธ์รับสมัครบุคคลเพื่อสรรหาและเลือกสรร " * 30
PAGE_TEXT = (BODY[:79] + "\n") * 40


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()), help="where to write")
    parser.add_argument("--count", type=int, default=2000, help="announcements in the batch")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        Console().print(measured(Path(folder), options.count))


def measured(folder: Path, count: int) -> Table:
    engine = Sqlite(folder / "prakat.db")
    records, jobs, files = EngineRecords(engine), EngineJobs(engine), LocalFiles(folder / "files")
    intake = Intake(records, files, max_upload_bytes=1 << 30)
    few = max(count // 10, 1)
    table = Table("step", "times", "per second", "ms each")

    def row(step: str, times: int, work: Callable[[int], object]) -> None:
        start = time.perf_counter()
        for n in range(times):
            work(n)
        seconds = time.perf_counter() - start
        table.add_row(step, f"{times:,}", f"{times / seconds:,.0f}", f"{seconds / times * 1000:.3f}")

    def create_and_attach(n: int) -> None:
        made = intake.create(draft(body=BODY), actor=ACTOR)
        records.attach(
            made.id,
            StoredFile(f"{n:064x}", 1),
            filename="ก.pdf",
            media_type="application/pdf",
            label="ก",
            kind=Kind.OTHER,
            actor=ACTOR,
        )

    def claim_and_finish(_: int) -> None:
        job = jobs.claim("w", lease=LEASE, now=NOW)
        assert job is not None
        jobs.finish(job.id, "w", page_count=1, details=Details(), rules=1)

    row("create + attach, each its own transaction", few, create_and_attach)
    with records.batch():
        row("create + attach, in one batch", count, create_and_attach)
    row("claim, nothing else", few, lambda _: jobs.claim("w", lease=LEASE, now=NOW))
    row("claim + finish", few, claim_and_finish)
    row("visit, counted", few, lambda n: records.count_visit(1, f"visitor {n}", now=NOW))
    row("visit, already counted", few, lambda n: records.count_visit(1, f"visitor {n}", now=NOW))
    row("page of 3,200 characters, saved", few, lambda n: records.save_page(_page(n + 1)))
    row("page with its lines, read", few, lambda n: records.page(1, n + 1))
    row("announcement, read", count, lambda n: records.announcement(n + 1))
    row(
        "first page of the list",
        few,
        lambda _: records.list_announcements(statuses=[Status.DRAFT], page=1, per_page=20),
    )
    content = os.urandom(200_000)
    row("file of 200 kB, added", 50, lambda n: files.add(io.BytesIO(content + b"%d" % n), limit=1 << 30))
    stored = engine.rows("SELECT avg(length(lines)) AS lines, avg(length(raw)) AS raw FROM page")[0]
    table.caption = f"one page: lines in {stored['lines']:,.0f} bytes, raw text in {stored['raw']:,.0f} bytes"
    engine.close()
    return table


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
        source=Source.OCR,
        confidence=0.9,
        lines=lines,
        rules=1,
    )


if __name__ == "__main__":
    main()
