"""An archive on the embedded engines, in a directory of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.ports import Files, Jobs
from archive.record_commands import RecordCommands
from archive.repositories import Records
from indexer.extraction.metadata import extract_fields
from storage.files.local import LocalFiles
from storage.repositories.jobs import EngineJobs
from storage.repositories.records import open_records
from storage.sqlite import Sqlite
from tests.empty_database import place_empty_database


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Sqlite]:
    path = tmp_path / "prakat.db"
    place_empty_database(path)
    engine = Sqlite(path)
    yield engine
    engine.close()


@pytest.fixture
def records(engine: Sqlite) -> Records:
    return open_records(engine)


@pytest.fixture
def jobs(engine: Sqlite) -> Jobs:
    return EngineJobs(engine)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return LocalFiles(tmp_path / "files")


@pytest.fixture
def commands(records: Records, files: Files) -> RecordCommands:
    return RecordCommands(records, files, max_upload_bytes=10_000, extract_fields=extract_fields)
