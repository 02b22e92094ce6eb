"""Several workers follow the records into one index."""

from __future__ import annotations

import datetime as dt
import io
import logging
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from whoosh.index import LockError

from archive.errors import Unavailable
from archive.fields import FIELDS_BY_NAME
from archive.model import Draft, ExtractedField, ReadingResults
from archive.repositories import Records
from indexer import index_sync, reindex
from indexer.analysis.index_document import SourceAnnouncement
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.index_sync import load_public, sync_batch
from indexer.reindex import count_left_out, is_rebuild_needed, rebuild
from indexer.worker import LEASE
from tests.contracts.processes import ended, in_child
from tests.factories.archives import ACTOR, NOW, fill
from tests.operation.archives import close, level, opened, run, texts_in_index
from web.bootstrap import Services

FOLLOWERS = 3
ANNOUNCEMENTS = 20
EDITS = 300


def test_none_undoes_what_another_was_faster_with(tmp_path: Path) -> None:
    services = opened(tmp_path / "data")
    made = [
        services.commands.announcements.create(
            Draft(title=f"{number}", published_on=NOW.date()), actor=ACTOR
        ).id
        for number in range(ANNOUNCEMENTS)
    ]
    for id in made:
        services.commands.publication.publish(id, actor=ACTOR)
    sync_batch(services.records, services.index)

    def follows() -> None:
        mine = opened(tmp_path / "data")
        while not (tmp_path / "over").exists():
            with suppress(LockError):
                sync_batch(mine.records, mine.index)

    children = [in_child(follows) for _ in range(FOLLOWERS)]
    for turn in range(EDITS):
        services.announcements.revise(made[turn % ANNOUNCEMENTS], {"title": f"แก้ครั้งที่ {turn}"}, actor=ACTOR)
    (tmp_path / "over").touch()
    assert [ended(child) for child in children] == [0] * FOLLOWERS
    while sync_batch(services.records, services.index):
        pass
    assert services.index.find_differing(load_public(services.records, made)) == []
    close(services)


def test_a_batch_that_another_has_overtaken_replaces_nothing(tmp_path: Path) -> None:
    services = opened(tmp_path / "data")
    fill(services, 2)
    sync_batch(services.records, services.index)
    overtaken, position = load_public(services.records, [1]), services.history.last_change()
    services.announcements.revise(1, {"title": "แก้แล้ว"}, actor=ACTOR)
    sync_batch(services.records, services.index)
    services.index.update(overtaken, (), position=position)
    assert services.index.find_differing(load_public(services.records, [1])) == []
    assert services.index.position() == services.history.last_change()
    close(services)


def test_an_index_that_vanishes_before_a_batch_is_written_is_followed_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = opened(tmp_path / "data")
    fill(services, 6)
    before = list(services.index.ids())
    services.announcements.revise(1, {"title": "แก้แล้ว"}, actor=ACTOR)

    def load_after_removal(records: Records, ids: Iterable[int]) -> list[SourceAnnouncement]:
        shutil.rmtree(tmp_path / "data" / "index")
        return load_public(records, ids)

    with monkeypatch.context() as vanishing:
        vanishing.setattr(index_sync, "load_public", load_after_removal)
        sync_batch(services.records, services.index)
    assert services.index.position() == 0
    level(services)
    assert list(services.index.ids()) == before
    close(services)


def test_what_is_erased_during_a_rebuild_is_gone_with_the_next(tmp_path: Path) -> None:
    services = opened(tmp_path / "data")
    fill(services, 6)
    secret = searchable_bytes(fold_text("ประหยัดทรัพย์มะม่วงหวาน")).data

    def is_in_index() -> bool:
        return any(secret in text for text in texts_in_index(tmp_path / "data"))

    services.commands.announcements.revise(1, {"body": "ประหยัดทรัพย์มะม่วงหวาน"}, actor=ACTOR)
    order = {"ordered_by": "ศาล", "reason": "ละเมิด", "actor": ACTOR}

    def erase(_done: int, _total: int) -> None:
        services.commands.publication.withdraw(1, actor=ACTOR, reason="คำสั่งศาล")
        services.eraser.erase_announcement_fields(1, **order)

    rebuild(services.records, services.index, progress=erase)
    assert is_in_index()
    assert is_rebuild_needed(services.records, services.index)
    rebuild(services.records, services.index)
    assert not is_rebuild_needed(services.records, services.index)
    assert not is_in_index()
    close(services)


@pytest.mark.parametrize("ahead", [dt.timedelta(days=-365), dt.timedelta(days=365)])
def test_an_erasure_leads_to_one_rebuild_whatever_the_clock_of_its_machine_says(
    tmp_path: Path, ahead: dt.timedelta
) -> None:
    services = opened(tmp_path / "data")
    fill(services, 6)
    rebuild(services.records, services.index)
    assert not is_rebuild_needed(services.records, services.index)
    services.commands.publication.withdraw(1, actor=ACTOR, reason="คำสั่งศาล")
    services.eraser.erase_announcement_fields(1, ordered_by="ศาล", reason="ละเมิด", actor=ACTOR)
    said = (dt.datetime.now(dt.UTC) + ahead).isoformat()
    services.database.run("UPDATE erasure SET at = :said", said=said)  # type: ignore[attr-defined]
    assert is_rebuild_needed(services.records, services.index)
    rebuild(services.records, services.index)
    assert not is_rebuild_needed(services.records, services.index)
    close(services)


def test_a_record_that_cannot_be_indexed_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = opened(tmp_path / "data")
    fill(services, 6)
    commands = services.commands
    commands.attachments.attach(4, io.BytesIO(b"%PDF-1.7 subject"), filename="a.pdf", actor=ACTOR)
    _read_with_subject(services, "\ud800")  # a hostile file may say so; no column of the index can hold it
    made = commands.announcements.create(Draft(title="น้ำท่วมวันนี้", published_on=NOW.date()), actor=ACTOR)
    commands.publication.publish(made.id, actor=ACTOR)
    with caplog.at_level(logging.ERROR, "prakat.index"):
        level(services)
    assert [each.announcement for each in caplog.records] == [4]  # type: ignore[attr-defined]
    assert services.index.position() == services.history.last_change()
    assert made.id in services.index.ids()
    assert 4 not in services.index.ids()
    assert count_left_out(services.records, services.index) == 1
    assert "left-out" in run(tmp_path / "data", "doctor", "--json").stdout
    assert rebuild(services.records, services.index, jobs=2) == len(services.index.ids())
    assert count_left_out(services.records, services.index) == 1
    assert (made.id in services.index.ids(), 4 in services.index.ids()) == (True, False)
    services.jobs.queue_again([services.attachments.by_announcement([4])[4][-1].id])
    _read_with_subject(services, "ถนน")
    level(services)
    assert 4 in services.index.ids()
    assert count_left_out(services.records, services.index) == 0
    close(services)


def test_a_rebuild_that_leaves_one_out_reads_only_that_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = opened(tmp_path / "data")
    fill(services, 6)
    services.commands.attachments.attach(4, io.BytesIO(b"%PDF-1.7 x"), filename="a.pdf", actor=ACTOR)
    _read_with_subject(services, "\ud800")
    loaded: list[int] = []

    def load(records: Records, ids: Iterable[int]) -> list[SourceAnnouncement]:
        found = load_public(records, ids)
        loaded.extend(entry.announcement.id for entry in found)
        return found

    monkeypatch.setattr(reindex, "load_public", load)
    published = services.announcements.published_ids()
    assert rebuild(services.records, services.index) == len(published) - 1
    assert sorted(loaded) == sorted([*published, 4])
    close(services)


def test_a_rebuild_that_lacks_what_can_be_indexed_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = opened(tmp_path / "data")
    fill(services, 6)
    rebuild(services.records, services.index)
    before = services.index.ids()
    monkeypatch.setattr(reindex, "_all", lambda records, _progress: iter(load_public(records, before[1:])))
    said = f"ดัชนีใหม่มี {len(before) - 1} เรื่อง แต่ทะเบียนมี {len(before)} เรื่อง"
    with pytest.raises(Unavailable, match=said):
        rebuild(services.records, services.index)
    assert services.index.ids() == before
    close(services)


def _read_with_subject(services: Services, subject: str) -> None:
    claimed = services.jobs.claim("w", lease=LEASE, now=dt.datetime.now(dt.UTC))
    assert claimed is not None
    details = ReadingResults(fields={"subject": ExtractedField(value=subject, confidence=1.0)})
    services.jobs.finish(claimed.id, "w", page_count=1, details=details, rules=1)


def test_more_views_than_the_index_counts_are_the_most_that_it_counts(tmp_path: Path) -> None:
    services = opened(tmp_path / "data")
    most = FIELDS_BY_NAME["views"].check(10**12, "views")
    popular = Draft(title="ยอดอ่านสูง", published_on=NOW.date(), views=most)  # type: ignore[arg-type]
    made = services.commands.announcements.create(popular, actor=ACTOR)
    services.commands.publication.publish(made.id, actor=ACTOR)
    level(services)
    assert list(services.index.ids()) == [made.id]
    close(services)
