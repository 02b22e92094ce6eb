"""Archives on real engines for tests of their keeping."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from archive.model import Draft, ExtractedField, Page, ReadingResults, RelationKind, Status, TextSource
from indexer.engines.whoosh.open_generation import OpenGeneration
from indexer.index_sync import sync_batch
from indexer.search.query.parser import Sort, parse_query
from indexer.worker import LEASE
from web.bootstrap import Services, build_services
from web.cli import main
from web.settings import Settings

ACTOR = "สมศรี ใจดี"
NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
QUERIES = ("ถนน", "หนองปลาดุก", "งบประมาณ ๒๕๖๔", "ลำดับที่ ๗", "ขยะ", "บธ 12/2564", "")
_PLACES = ("หนองปลาดุก", "โคกสูง", "ดอนแก้ว", "บ้านใหม่", "ท่าช้าง")
_MATTERS = ("สอบราคาจ้างก่อสร้างถนน", "กำหนดวันเก็บขยะ", "งบประมาณรายจ่าย ๒๕๖๔", "รับสมัครพนักงานจ้าง")


def opened(data: Path) -> Services:
    return build_services(Settings(data=data))


def fill(services: Services, count: int = 24) -> None:
    """Announcements of every status; every other one with a file that has been read."""
    for number in range(1, count + 1):
        add(services, number)
    level(services)


def draft(number: int) -> Draft:
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


def level(services: Services) -> None:
    while sync_batch(services.records, services.index):
        pass


def close(services: Services) -> None:
    services.database.close()  # type: ignore[attr-defined]  # the embedded engine's


def run(data: Path, *arguments: str) -> Result:
    """Run a command as the shell does."""
    return CliRunner().invoke(main, arguments, env={"PRAKAT_DATA": str(data)})


def checked(data: Path, *options: str) -> tuple[int, set[str]]:
    """Exit status and codes of the findings that ``prakat check`` gives."""
    result = run(data, "check", "--json", *options)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    answer = json.loads(result.stdout)
    assert answer["clean"] is (result.exit_code == 0)
    return result.exit_code, {finding["code"] for finding in answer["findings"]}


def stored(data: Path) -> list[Path]:
    """The original files, by name."""
    return sorted(path for path in (data / "files").glob("??/*") if path.is_file())


def generation(data: Path) -> Path:
    return data / "index" / (data / "index" / "current").read_text().split()[0]


def texts_in_index(data: Path) -> list[bytes]:
    """Returns every text in the index's files, also of removed documents and of earlier generations."""
    commits = [OpenGeneration(path).reader().commit for path in (data / "index").glob("[0-9]*")]
    return [text for commit in commits for text in commit.texts(np.arange(commit.size))]


def overwrite(path: Path, content: bytes) -> None:
    """Overwrite a file as a failing disk does, whatever the permissions say."""
    path.chmod(0o600)
    path.write_bytes(content)


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    overwrite(path, bytes(content))


def everything(services: Services) -> dict[int, object]:
    """Returns every record with all data that belongs to the record, and the bytes of its files."""
    records = services.records
    listed, _ = records.announcements.list_page(statuses=list(Status), page=1, per_page=100_000)
    told: dict[int, object] = {}
    for announcement in listed:
        attachments = records.attachments.by_announcement([announcement.id])[announcement.id]
        told[announcement.id] = (
            announcement,
            records.history.entries(announcement.id),
            [
                (one, records.pages.by_attachment(one.id), content_of(services, one.sha256))
                for one in attachments
            ],
        )
    return told


def content_of(services: Services, sha256: str) -> bytes:
    with services.files.open(sha256) as stream:
        return stream.read()


def answers(services: Services, queries: Sequence[str] = QUERIES) -> list[object]:
    """Returns the results of searches, in order, with scores and facets."""
    return [
        (found.total, found.hits, found.facets)
        for typed in queries
        for sort in (Sort.RELEVANCE, Sort.NEWEST)
        for found in [services.index.search(parse_query(typed, sort=sort, per_page=50))]
    ]


def room(path: Path) -> int:
    """Bytes that the files under a directory take."""
    return sum(os.lstat(file).st_size for file in path.rglob("*") if file.is_file())
