"""Several workers follow the records into one index."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from whoosh.index import LockError

from archive.model import Draft
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.index_sync import load_public, sync_batch
from indexer.reindex import is_rebuild_needed, rebuild
from tests.contracts.processes import ended, in_child
from tests.operation.archives import ACTOR, NOW, close, fill, opened, texts_in_index

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
