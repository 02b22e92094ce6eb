"""A disk that is really full: a clear refusal, nothing half kept, reading goes on."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.model import Status
from storage.files.local import LocalFiles
from storage.repositories.records import open_records
from storage.sqlite import Sqlite
from tests import disks
from tests.factories.records import ACTOR, draft, published

MEGABYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    with disks.small_disk(tmp_path, "2m"):
        yield tmp_path


def test_files_refuse_and_keep_nothing(small_disk: Path) -> None:
    files = LocalFiles(small_disk)
    kept = files.add(io.BytesIO(os.urandom(MEGABYTE)), limit=MEGABYTE)
    with pytest.raises(Unavailable) as refused:
        files.add(io.BytesIO(os.urandom(2 * MEGABYTE)), limit=2 * MEGABYTE)
    assert refused.value.retry
    assert list(files.all()) == [kept]
    assert list((small_disk / "incoming").iterdir()) == []


def test_records_refuse_and_can_still_be_read(small_disk: Path) -> None:
    engine = Sqlite(small_disk / "prakat.db")
    records = open_records(engine)
    made = published(records)
    with pytest.raises(Unavailable):
        records.announcements.create(draft(body="ก" * 2 * MEGABYTE), actor=ACTOR)
    assert records.announcements.get(made.id) == made
    assert records.history.last_change() == made.change
    assert published(records, "สั้น").change == made.change + 1
    engine.close()


def test_a_batch_never_pretends_to_have_kept_what_was_lost(small_disk: Path) -> None:
    engine = Sqlite(small_disk / "prakat.db")
    records = open_records(engine)

    def fill() -> None:
        with records.batch():
            for n in range(200):
                with suppress(Unavailable):
                    records.announcements.create(draft(body="ก" * 10_000, ref=str(n)), actor=ACTOR)

    with pytest.raises(Unavailable):
        fill()
    assert records.history.last_change() == 0
    assert records.announcements.list_page(statuses=list(Status), page=1, per_page=1) == ([], 0)
    assert published(records).change == 1
    engine.close()
