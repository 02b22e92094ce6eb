"""Announcements for the benchmarks from a corpus in JSON Lines (id, date, cat, title, body)."""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from archive.model import Announcement, Attachment, DocumentKind, ReadingResults, ReadingStatus, Status
from indexer.analysis.index_document import SourceAnnouncement
from indexer.search.ports import SearchIndex


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser of a benchmark's arguments, whose help is the module's docstring as it stands."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a ``.jsonl`` or ``.jsonl.gz`` file."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from map(json.loads, file)


def resampled(path: Path, count: int) -> Iterator[dict[str, Any]]:
    """The records of a corpus, then as many as are wanted that are half of one and half of another."""
    lines = list(records(path))
    yield from lines[:count]
    chance = random.Random(1)
    for _ in range(len(lines), count):
        one, other = chance.choice(lines), chance.choice(lines)
        half, rest = len(one["body"]) // 2, len(other["body"]) // 2
        title = one["title"][: len(one["title"]) // 2] + other["title"][len(other["title"]) // 2 :]
        yield one | {"title": title, "body": one["body"][:half] + other["body"][rest:]}


def entry(number: int, record: dict[str, Any]) -> SourceAnnouncement:
    """A record of the corpus as a published announcement with the id ``number``."""
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    announcement = Announcement(
        id=number,
        title=record["title"],
        body=record["body"],
        author=record.get("cat", ""),
        published_on=dt.date.fromisoformat(record["date"]),
        kind=DocumentKind.NEWS,
        category=record.get("cat", ""),
        views=0,
        status=Status.PUBLISHED,
        created_at=now,
        updated_at=now,
    )
    return SourceAnnouncement(announcement, ())


def fill(index: SearchIndex, corpus: Iterable[dict[str, Any]], *, jobs: int = 1) -> None:
    """Build the index of a corpus: its records are announcements, numbered from 0."""
    with index.rebuild(jobs=jobs) as generation:
        entries = (entry(number, record) for number, record in enumerate(corpus))
        generation.add_announcements(entries, position=1)


def entry_of_pages(number: int, pages: Sequence[dict[str, Any]]) -> SourceAnnouncement:
    """An announcement with the id ``number`` whose attachment has the records of a corpus as its pages."""
    announcement = entry(number, pages[0] | {"title": f"ประกาศที่ {number}", "body": ""}).announcement
    texts = tuple((at, f"{page['title']}\n{page['body']}") for at, page in enumerate(pages, start=1))
    return SourceAnnouncement(announcement, ((attachment(number, len(pages)), texts),))


def attachment(number: int, page_count: int) -> Attachment:
    """A document that was read, the only one of the announcement with the id ``number``."""
    return Attachment(
        id=number,
        announcement_id=number,
        position=1,
        label="",
        filename="",
        kind=DocumentKind.ANNOUNCEMENT,
        media_type="application/pdf",
        size=1,
        sha256="",
        page_count=page_count,
        status=ReadingStatus.READY,
        error=None,
        signed=False,
        details=ReadingResults(),
        rules=0,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
