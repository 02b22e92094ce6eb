"""Opens, looks at and damages archives on real engines, for tests of their keeping."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from archive.model import Status
from indexer.engines.whoosh.generations import OpenGeneration
from indexer.index_sync import sync_batch
from indexer.search.query.parser import Sort, parse_query
from web.bootstrap import Services, build_services
from web.cli import main
from web.settings import Settings

QUERIES = ("ถนน", "หนองปลาดุก", "งบประมาณ ๒๕๖๔", "ลำดับที่ ๗", "ขยะ", "บธ 12/2564", "")


def opened(data: Path) -> Services:
    return build_services(Settings(data=data))


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
