"""Makes archives on real engines: announcements of every status with files that have been read."""

from __future__ import annotations

import datetime as dt
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from archive.model import Draft, ExtractedField, Page, ReadingResults, RelationKind, TextSource
from indexer.worker import LEASE
from tests.operation.archives import level
from web.bootstrap import Services

ACTOR = "สมศรี ใจดี"
NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
_PLACES = ("หนองปลาดุก", "โคกสูง", "ดอนแก้ว", "บ้านใหม่", "ท่าช้าง")
_MATTERS = ("สอบราคาจ้างก่อสร้างถนน", "กำหนดวันเก็บขยะ", "งบประมาณรายจ่าย ๒๕๖๔", "รับสมัครพนักงานจ้าง")


def fill(services: Services, count: int = 24) -> None:
    """Announcements of every status; every other one with a file that has been read."""
    for number in range(1, count + 1):
        add(services, number)
    level(services)


def draft(number: int) -> Draft:
    """Returns a draft that tells its number in title and text; the same for the same number."""
    title = f"ประกาศ{_MATTERS[number % 4]}บ้าน{_PLACES[number % 5]} ลำดับที่ {number}"
    body = f"เทศบาลแจ้งเรื่องที่ {number}"
    return Draft(title=title, body=body, published_on=dt.date(2021, 1 + number % 12, 9))


@contextmanager
def written_meanwhile(services: Services) -> Iterator[list[int]]:
    """Add announcements without pause while the block runs.

    Yields the list of the ids of acknowledged announcements, three at the least.
    """
    stop = threading.Event()
    written: list[int] = []

    def busy() -> None:
        number = 100
        while not stop.is_set():
            number += 2
            written.append(add(services, number))

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        while len(written) < 3 and writer.is_alive():
            stop.wait(0.01)
        yield written
    finally:
        stop.set()
        writer.join()


def add(services: Services, number: int) -> int:
    """Add one announcement with its whole history. Returns its id."""
    commands = services.commands
    made = commands.announcements.create(draft(number), actor=ACTOR)
    if number % 2 == 0:
        content = b"%PDF-1.7 " + f"{number} ".encode() * 2000
        commands.attachments.attach(
            made.id, io.BytesIO(content), filename=f"ประกาศ {number}.pdf", actor=ACTOR
        )
        read(services, f"เลขที่ บธ {number}/2564 หน้าของเรื่องที่ {number} ", pages=1 + number % 3)
    if number % 5:
        commands.publication.publish(made.id, actor=ACTOR, reason="ทดสอบ")
    if number % 7 == 0 and number % 5:
        commands.publication.withdraw(made.id, actor=ACTOR, reason="พิมพ์ผิด")
    return made.id


def fill_rare_tables(services: Services) -> None:
    """Give an archive of ``fill`` what few have: replaced and redacted files, relations, ``noindex``."""
    first, second = (services.attachments.by_announcement([id])[id][0] for id in (2, 4))
    services.commands.file_versions.replace(
        first.id, io.BytesIO(b"%PDF-1.7 new"), filename="ใหม่.pdf", actor=ACTOR
    )
    read(services, "ไฟล์ใหม่", pages=1)
    pages = [replace(page, text="ปิดทับ") for page in services.pages.by_attachment(second.id)]
    covered = io.BytesIO(b"%PDF-1.7 covered")
    services.commands.file_versions.replace_by_redacted_copy(
        second.id, covered, pages, made_from=second.sha256, actor=ACTOR
    )
    services.relations.decide(3, 2, RelationKind.CANCELS, actor=ACTOR)
    services.relations.decide(3, 1, None, actor=ACTOR)
    services.commands.announcements.revise(1, {"noindex": True}, actor=ACTOR)


def read(services: Services, text: str, *, pages: int) -> None:
    """Mark all waiting attachments as read with ``text``, without the cost of reading them."""
    while claimed := services.jobs.claim("w", lease=LEASE, now=dt.datetime.now(dt.UTC)):
        for number in range(1, pages + 1):
            page = Page(
                attachment_id=claimed.id,
                number=number,
                text=text * number,
                raw=text,
                source=TextSource.EMBEDDED,
                confidence=None,
                rules=1,
            )
            services.pages.save(page)
        details = ReadingResults(
            fields={"number": ExtractedField(value=f"บธ {claimed.id}/2564", confidence=1.0)}
        )
        services.jobs.finish(claimed.id, "w", page_count=pages, details=details, rules=1)
