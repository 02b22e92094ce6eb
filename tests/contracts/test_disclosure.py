"""Contract of every ``Records``: information to disclose, its history, and the way back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from archive.changes import HistoryFilters
from archive.disclosure import (
    BodyKind,
    DisclosureEntry,
    DisclosureItem,
    DisclosureRule,
    Period,
    first_year_of_changes,
    items_of_year,
)
from archive.errors import NotFound
from archive.model import Status
from archive.record_commands import RecordCommands
from archive.repositories import Records
from archive.undo import Undo
from indexer.extraction.metadata import extract_fields
from storage.files.local import LocalFiles
from tests.factories.records import ACTOR, draft, published

ITEM = DisclosureItem(
    key="procurement-monthly",
    section=DisclosureRule.OIT,
    number="O14",
    title="สรุปผลการจัดซื้อจัดจ้าง",
    period=Period.MONTHLY,
    keywords=("สขร.1", "สรุปผล"),
)


def items(records: Records, year: int) -> dict[str, DisclosureItem]:
    changed = records.disclosure.items_changed_by_staff(first_year_of_changes(year), year)
    return {each.key: each for each in items_of_year(year, BodyKind.MUNICIPALITY, changed)}


def undo_of(records: Records, folder: Path) -> Undo:
    return Undo(
        records,
        RecordCommands(
            records, LocalFiles(folder / "files"), max_upload_bytes=1, extract_fields=extract_fields
        ),
    )


def test_an_item_is_changed_from_a_year_on(records: Records) -> None:
    records.disclosure.save_item(2569, ITEM, replaced=None, actor=ACTOR)
    assert items(records, 2568)[ITEM.key].number == "O16"
    assert items(records, 2569)[ITEM.key] == items(records, 2570)[ITEM.key] == ITEM
    renumbered = replace(ITEM, number="O20", is_hidden=True)
    records.disclosure.save_item(2569, renumbered, replaced=ITEM, actor=ACTOR)
    assert items(records, 2569)[ITEM.key] == renumbered


def test_changes_of_items_are_in_the_history_and_can_be_undone(records: Records, tmp_path: Path) -> None:
    undo = undo_of(records, tmp_path)
    records.disclosure.save_item(2569, ITEM, replaced=None, actor="สมศรี")
    records.disclosure.save_item(2569, replace(ITEM, number="O20"), replaced=ITEM, actor="มานะ")
    renumbered, added = records.changes.find(HistoryFilters(action="disclosure-item"), limit=9)
    assert (renumbered.before["number"], renumbered.after["number"]) == ("O14", "O20")
    assert {"สมศรี", "มานะ"} <= set(records.changes.actors())
    assert records.changes.get(renumbered.id, of="disclosure_item") == renumbered
    undo.undo(renumbered, actor=ACTOR)
    assert items(records, 2569)[ITEM.key] == ITEM
    undo.undo(added, actor=ACTOR)
    assert items(records, 2569)[ITEM.key].is_hidden
    with pytest.raises(NotFound):
        records.changes.get(99, of="disclosure_item")


def test_an_announcement_is_assigned_once_and_can_be_taken_out(records: Records, tmp_path: Path) -> None:
    made = published(records)
    entry = DisclosureEntry(year=2569, item=ITEM.key, part=10, announcement_id=made.id)
    for _ in range(2):
        records.disclosure.assign(entry, actor=ACTOR)
    records.disclosure.assign(replace(entry, year=2568), actor=ACTOR)
    assert records.disclosure.entries([2569]) == [entry]
    assert records.disclosure.by_announcement(made.id) == [entry, replace(entry, year=2568)]
    undo = undo_of(records, tmp_path)
    _created, assigned, _other = records.history.entries(made.id)
    undo.undo(assigned, actor=ACTOR)
    assert records.disclosure.entries([2569]) == []
    undo.undo(records.history.entries(made.id)[-1], actor=ACTOR)
    assert records.disclosure.entries([2569, 2568]) == [replace(entry, year=2568), entry]
    with pytest.raises(NotFound):
        records.disclosure.assign(replace(entry, announcement_id=99), actor=ACTOR)


def test_titles_are_found_between_two_days(records: Records) -> None:
    first, last = dt.date(2025, 10, 1), dt.date(2026, 9, 30)
    inside = draft("แบบ สขร.1 เดือนตุลาคม", published_on=first)
    found = records.announcements.create(inside, actor=ACTOR)
    records.announcements.create(draft("แบบ สขร.1", published_on=first - dt.timedelta(days=1)), actor=ACTOR)
    withdrawn = records.announcements.create(inside, actor=ACTOR, status=Status.PUBLISHED)
    records.announcements.set_status(withdrawn.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด")
    assert records.disclosure.find_ids_by_title(["ไม่มี", "สขร.1"], first, last) == [found.id]
    assert records.disclosure.find_ids_by_title([], first, last) == []
