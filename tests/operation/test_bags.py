"""A bag holds what the archive holds; any BagIt program verifies it, and another archive takes it in."""

from __future__ import annotations

import dataclasses
import io
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import bagit
import pytest
from click.testing import Result

from archive.changes import IMPORTER
from archive.disclosure import LAST_YEAR, DisclosureEntry, DisclosureItem, DisclosureRule, Period
from archive.erasure import ErasureScope
from archive.errors import PrakatError
from archive.model import (
    Announcement,
    Attachment,
    Change,
    CollectionLine,
    Draft,
    Page,
    RelationKind,
    Role,
)
from archive.undo import Undo
from storage.backup.writer import Backups
from tests.factories.archives import ACTOR, NOW, add, fill_rare_tables, read
from tests.operation.archives import checked, close, content_of, everything, flip, level, opened, run, stored
from tests.web.conftest import open_site
from web.bagit_packages import export_bag
from web.bootstrap import Services

Record = tuple[Announcement, list[Change], list[tuple[Attachment, list[Page], bytes]]]


def compared(services: Services) -> dict[str, object]:
    """Returns every record by title, without what belongs to one archive alone: ids, counters, times."""
    found: dict[str, object] = {}
    for announcement, history, attachments in everything(services).values():  # type: ignore[misc]
        told = dataclasses.replace(
            announcement, id=0, change=0, ref=None, updated_at=announcement.created_at, organisation=0
        )
        files = [
            (
                dataclasses.replace(one, id=0, announcement_id=0),
                [dataclasses.replace(page, attachment_id=0) for page in pages],
                content,
                [
                    (
                        dataclasses.replace(version, attachment_id=0),
                        services.file_versions.page_texts(one.id, version.number),
                        content_of(services, version.sha256),
                    )
                    for version in services.file_versions.by_attachment(one.id)
                ],
            )
            for one, pages, content in attachments
        ]
        relations = [
            (
                services.announcements.get(each.newer_id).title,
                services.announcements.get(each.older_id).title,
                each.kind,
            )
            for each in services.relations.list_decisions(announcement.id)
        ]
        positions = {one.id: one.position for one, _pages, _content in attachments}
        changes = [
            dataclasses.replace(
                each,
                id=0,
                announcement_id=0,
                **{
                    side: named_by_place(services, getattr(each, side), positions)
                    for side in ("before", "after")
                },
            )
            for each in history
            if each.actor != IMPORTER
        ]
        found[announcement.title or announcement.status] = (told, changes, files, relations)
    return found


def named_by_place(
    services: Services, side: Mapping[str, object], positions: Mapping[int, int]
) -> dict[str, object]:
    """Returns one side of a change with positions of attachments for ids, and without ids of announcements.

    Attachments that the announcement does not have, which no bag carries, are left out.
    """
    named = dict(side)
    if id := named.pop("attachment_id", None):
        named |= {"position of": positions[cast(int, id)]} if id in positions else {}
    if "order" in named:
        named["order"] = [positions[each] for each in cast(list[int], named["order"]) if each in positions]
    if "relation" in named:
        named["relation"] = str(named["relation"]).split()[0]  # its number is that of the other archive
    return named


ITEM = DisclosureItem(
    key="own", section=DisclosureRule.OIT, number="O1", title="รายการ", period=Period.YEARLY
)
DRAFT = 5
VIEWED = 2


def entry(announcement_id: int) -> DisclosureEntry:
    return DisclosureEntry(year=2564, item="own", part=0, announcement_id=announcement_id)


@pytest.fixture
def kept(services: Services) -> Services:
    """An archive with a collection, a corrected page, a replaced file, relations, views, untitled drafts."""
    services.commands.collections.save(
        None,
        title="รายงานประจำปี",
        body="ปี ๒๕๖๔",
        items=[CollectionLine("O1", 2), CollectionLine("O2", None)],
        actor=ACTOR,
    )
    services.disclosure.save_item(2564, ITEM, replaced=None, actor=ACTOR)
    for id in (2, DRAFT):
        services.disclosure.assign(entry(id), actor=ACTOR)
    services.pages.correct(1, 1, "ข้อความที่แก้แล้ว ๑๒๓", actor=ACTOR)
    fill_rare_tables(services)
    for name in ("scan1", "scan2"):  # as the scanner's folder makes them; nobody has given a title yet
        untitled = Draft(title="", published_on=NOW.date(), ref=name)
        draft = services.commands.announcements.create(untitled, actor=ACTOR, may_lack_title=True)
        services.commands.attachments.attach(
            draft.id, io.BytesIO(b"%PDF-1.7 " * 20 + name.encode()), filename="a.pdf", actor=ACTOR
        )
    services.commands.publication.trash(draft.id, actor=ACTOR)
    read(services, "สแกน", pages=1)
    with services.records.batch("made-at-once"):
        services.commands.announcements.revise(VIEWED, {"views": 1200}, actor=ACTOR)
    services.usage_statistics.count_visit(VIEWED, "visitor", now=NOW)
    level(services)
    return services


def test_another_archive_takes_a_bag_in_record_by_record(kept: Services, tmp_path: Path) -> None:
    bag, there = tmp_path / "bag", tmp_path / "there"
    ran = run(kept.settings.data, "export", str(bag))
    assert ran.exit_code == 0, ran.output
    assert bagit.Bag(str(bag)).validate()
    taken = run(there, "import", str(bag))
    assert taken.stdout.startswith("เพิ่ม 26 เรื่อง")
    assert "prakat reindex --if-needed" in taken.stderr  # nothing of it is found before
    assert run(there, "reindex", "--if-needed").exit_code == 0
    again = run(there, "import", str(bag))
    assert "reindex" not in again.stderr
    assert (again.exit_code, again.stdout.split()[1]) == (0, "0")
    services = opened(there)
    level(services)
    assert compared(services) == compared(kept)
    assert kept.announcements.get(VIEWED).views == 1201  # an older site's 1200, and the visit here
    (collection,) = services.collections.all()
    (item, heading) = collection.items
    assert services.announcements.get(item.announcement_id or 0).title == (
        kept.records.announcements.get(2).title
    )
    assert (collection.title, heading.label) == ("รายงานประจำปี", "O2")
    assert services.disclosure.items_changed_by_staff(0, LAST_YEAR) == [(2564, ITEM)]
    there_too = services.announcements.get_many(
        each.announcement_id for each in services.disclosure.entries()
    )
    assert {each.title for each in there_too.values()} == {
        each.title for each in kept.announcements.get_many([2, DRAFT]).values()
    }
    close(services)
    assert checked(there) == (0, set())


def test_a_collection_with_personal_data_waits_for_a_person(kept: Services, tmp_path: Path) -> None:
    """It would be public at once, and nobody here has given a reason."""
    kept.commands.collections.save(
        None, title="ผู้ประสานงาน", body="โทร. 081 234 5678", items=[], actor=ACTOR, reason="ให้ไว้แล้ว"
    )
    bag, there = tmp_path / "bag", tmp_path / "there"
    assert run(kept.settings.data, "export", str(bag)).exit_code == 0
    taken = run(there, "import", str(bag))
    assert "ไม่ได้นำเข้าชุดประกาศ" in taken.output
    services = opened(there)
    assert [each.title for each in services.collections.all()] == ["รายงานประจำปี"]
    close(services)


def test_a_bag_is_made_from_a_directory_that_is_gone(
    kept: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    export_bag(kept, tmp_path / "bag", (), lambda _done, _total: None)
    assert bagit.Bag(str(tmp_path / "bag")).is_valid()


def test_a_disclosed_item_with_personal_data_waits_for_a_person(kept: Services, tmp_path: Path) -> None:
    item = dataclasses.replace(ITEM, key="own-2", title="ผู้ประสานงาน โทร. 081 234 5678")
    kept.disclosure.save_item(2565, item, replaced=None, actor=ACTOR)
    bag, there = tmp_path / "bag", tmp_path / "there"
    assert run(kept.settings.data, "export", str(bag)).exit_code == 0
    taken = run(there, "import", str(bag))
    assert "ไม่ได้นำเข้ารายการที่ต้องเปิดเผย" in taken.output
    services = opened(there)
    assert services.disclosure.items_changed_by_staff(0, LAST_YEAR) == [(2564, ITEM)]
    close(services)


def test_a_bag_goes_on_without_a_damaged_record_and_names_it(kept: Services, tmp_path: Path) -> None:
    kept.database.run("UPDATE announcement SET kind = 'x' WHERE id = 2")  # type: ignore[attr-defined]
    ran = run(kept.settings.data, "export", str(tmp_path / "bag"))
    assert ran.exit_code == 1, ran.output
    assert "announcement 2" in ran.stderr
    assert not (tmp_path / "bag" / "data" / "records" / "2.json").exists()
    assert (tmp_path / "bag" / "data" / "records" / "3.json").exists()


def test_a_selection_holds_its_announcements_alone(kept: Services, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    assert run(kept.settings.data, "export", str(bag), "2", "3").exit_code == 0
    assert {path.stem for path in (bag / "data" / "records").iterdir()} == {"2", "3"}
    assert run(kept.settings.data, "export", str(bag), "2").exit_code == 1  # it is there
    assert run(kept.settings.data, "export", str(tmp_path / "other"), "999").exit_code == 1
    assert not (tmp_path / "other").exists()


def test_a_file_that_waits_to_replace_another_is_named_and_not_exported(
    kept: Services, tmp_path: Path
) -> None:
    attached = kept.records.attachments.by_announcement([2, 3])
    public = next(each for found in attached.values() for each in found if each.hold is None)
    newer = io.BytesIO(b"%PDF-1.7\n" + b"\0" * 900)
    kept.commands.file_versions.replace(public.id, newer, filename="waits.pdf", actor=ACTOR)
    told = run(kept.settings.data, "export", str(tmp_path / "bag"))
    assert told.exit_code == 1
    assert "waits.pdf" in told.stderr


def test_a_damaged_original_is_named_and_not_exported(kept: Services, tmp_path: Path) -> None:
    flip(stored(kept.settings.data)[0], 100)
    ran = run(kept.settings.data, "export", str(tmp_path / "bag"))
    assert ran.exit_code == 1
    assert "damaged" in ran.stderr
    assert bagit.Bag(str(tmp_path / "bag")).validate()


def test_a_damaged_bag_is_refused_and_a_wrong_record_named(kept: Services, tmp_path: Path) -> None:
    bag, there = tmp_path / "bag", tmp_path / "there"
    run(kept.settings.data, "export", str(bag))
    record = bag / "data" / "records" / "2.json"
    content = json.loads(record.read_text())
    content["announcement"]["title"] = ""
    record.write_text(json.dumps(content))
    refused = run(there, "import", str(bag))
    assert refused.exit_code == 1
    assert "damaged" in refused.stderr
    bagit.Bag(str(bag)).save(manifests=True)
    ran = run(there, "import", str(bag))
    assert ran.exit_code == 1
    assert ran.stdout.startswith("เพิ่ม 25 เรื่อง")
    assert "2.json:" in ran.stderr


def test_what_only_a_later_version_knows_is_left_out(kept: Services, tmp_path: Path) -> None:
    bag, there = tmp_path / "bag", tmp_path / "there"
    run(kept.settings.data, "export", str(bag))
    for name in ("2", "3"):
        record = bag / "data" / "records" / f"{name}.json"
        content = json.loads(record.read_text())
        content["announcement"]["budget"] = 120_000
        for each in content["attachments"]:
            each["pages"][0]["language"] = "th"
        record.write_text(json.dumps(content))
    (bag / "data" / "minutes.json").write_text("[]")
    (bag / "data" / "disclosure.json").write_text('{"items": [], "entries": [], "reviews": []}')
    bagit.Bag(str(bag)).save(manifests=True)
    ran = run(there, "import", str(bag))
    assert (ran.exit_code, ran.stdout.split()[1]) == (0, "26")


def test_a_folder_of_another_kind_is_no_bag(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    ran = run(tmp_path / "data", "import", str(tmp_path / "pages"))
    assert ran.exit_code == 2
    assert "import-site" in ran.stderr


@dataclasses.dataclass(frozen=True)
class Taken:
    """An archive with records of its own, and what it took in from a bag.

    ``imported``: the announcement whose two documents have every kind of change; a third was taken off.
    ``own``: the announcements that were here before.
    """

    services: Services
    imported: int
    own: tuple[int, ...]
    bag: Path

    def history(self, *actions: str) -> list[Change]:
        entries = self.services.records.history.entries(self.imported)
        return [each for each in entries if each.action in actions or not actions]

    def of_own(self) -> list[object]:
        """Returns all that the archive keeps of its own announcements."""
        kept = everything(self.services)
        return [(kept[id], self.services.records.attachments.detached(id)) for id in self.own]


SECRET = "ประหยัดทรัพย์มะม่วงหวาน"


def _fill_source(services: Services) -> None:
    """Make an announcement with every kind of change of a document, and one that it cancels."""
    older = add(services, 2)
    made, commands = add(services, 4), services.commands
    (first,) = services.attachments.by_announcement([made])[made]
    second, gone = (
        commands.attachments.attach(made, io.BytesIO(b"%PDF-1.7 " + text), filename="a.pdf", actor=ACTOR)[0]
        for text in (b"second", b"gone")
    )
    read(services, "ข้อความ", pages=1)
    commands.attachments.relabel(gone.id, label=f"ของ{SECRET}", kind=gone.kind, actor=ACTOR)
    commands.attachments.detach(gone.id, actor=ACTOR)
    commands.attachments.relabel(first.id, label=f"รายชื่อ{SECRET}", kind=first.kind, actor=ACTOR)
    commands.attachments.relabel(first.id, label="บัญชีรายชื่อ", kind=first.kind, actor=ACTOR)
    commands.pages.correct(first.id, 1, f"{SECRET} แก้แล้ว", actor=ACTOR)
    commands.attachments.reorder(made, [second.id, first.id], actor=ACTOR)
    newer = io.BytesIO(b"%PDF-1.7 newer")
    commands.file_versions.replace(first.id, newer, filename=f"{SECRET}.pdf", actor=ACTOR)
    read(services, "ข้อความใหม่", pages=1)
    covered = io.BytesIO(b"%PDF-1.7 covered")
    pages = services.pages.by_attachment(first.id)
    present = services.attachments.get(first.id)
    commands.file_versions.replace_by_redacted_copy(
        first.id, covered, pages, made_from=present.sha256, actor=ACTOR
    )
    services.relations.decide(made, older, RelationKind.CANCELS, actor=ACTOR)
    level(services)


@pytest.fixture
def taken(tmp_path: Path) -> Iterator[Taken]:
    bag, source, there = tmp_path / "bag", opened(tmp_path / "source"), opened(tmp_path / "there")
    _fill_source(source)
    own = tuple(add(there, number) for number in range(20, 32, 2))
    kept = Taken(there, 0, own, bag)
    before = kept.of_own()
    assert run(source.settings.data, "export", str(bag)).exit_code == 0
    ran = run(there.settings.data, "import", str(bag))
    assert ran.exit_code == 0, ran.output
    assert kept.of_own() == before
    (imported,) = (id for id in everything(there) if id not in own and len(_documents(there, id)) == 2)
    yield dataclasses.replace(kept, imported=imported)
    close(source)
    close(there)


def _documents(services: Services, announcement_id: int) -> list[Attachment]:
    return services.attachments.by_announcement([announcement_id])[announcement_id]


def test_an_imported_history_names_the_documents_that_are_here(taken: Taken) -> None:
    second, first = _documents(taken.services, taken.imported)
    assert [each.after for each in taken.history("order")] == [{"order": [second.id, first.id]}]
    named = {side.get("attachment_id") for each in taken.history() for side in (each.before, each.after)}
    assert named == {None, first.id, second.id}
    (detached,) = taken.history("detach")  # a reader still learns which document was taken off
    assert detached.before["label"] == f"ของ{SECRET}"
    (relation,) = taken.services.relations.list_decisions(taken.imported)
    told = [(each.actor, each.after["relation"]) for each in taken.history("relate")]
    assert told == [(ACTOR, "cancels #1"), (IMPORTER, f"cancels {relation.older_id}")]


def with_one_record_of_the_source(folder: Path) -> tuple[Services, int]:
    """Returns another archive that took in one record of the source without its partner, and its id there."""
    selection, there = folder / "selection", opened(folder / "third")
    assert run(folder / "source", "export", str(selection), "2").exit_code == 0
    add(there, 20)
    assert run(there.settings.data, "import", str(selection)).exit_code == 0
    (imported,) = (id for id in everything(there) if len(_documents(there, id)) == 2)
    return there, imported


def test_a_related_record_in_an_imported_history_is_named_as_one_of_the_other_archive(
    taken: Taken, tmp_path: Path
) -> None:
    there, imported = with_one_record_of_the_source(tmp_path)
    (change,) = [each for each in there.records.history.entries(imported) if each.action == "relate"]
    assert change.after == {"relation": "cancels #1"}
    assert not Undo(there.records, there.commands).is_undoable_kind(change)
    before = everything(there)
    with pytest.raises(PrakatError):
        Undo(there.records, there.commands).undo(change, actor=ACTOR)
    assert everything(there) == before
    staff = open_site(there.settings.data).signed_in(Role.STAFF)
    for page in (f"/staff/announcements/{imported}", f"/staff/announcements/{imported}/history"):
        answer = staff.get(page)
        assert answer.status_code == 200
    assert "เรื่องเลขที่ 1 ของคลังเดิม" in answer.text
    assert run(there.settings.data, "export", str(tmp_path / "again"), str(imported)).exit_code == 0
    close(there)
    fourth = opened(tmp_path / "fourth")
    assert run(fourth.settings.data, "import", str(tmp_path / "again")).exit_code == 0
    (id,) = everything(fourth)
    changes = fourth.records.history.entries(id)
    assert [each.after for each in changes if each.action == "relate"] == [{"relation": "cancels #1"}]
    close(fourth)


def test_undo_of_imported_changes_touches_no_other_record(taken: Taken) -> None:
    services, before = taken.services, taken.of_own()
    undo = Undo(services.records, services.commands)
    done = []
    for change in reversed(taken.history()):
        try:
            undo.undo(change, actor=ACTOR)
            done.append(change.action)
        except PrakatError:
            continue
    assert taken.of_own() == before
    assert {"redact", "order", "label"} <= {*done}
    assert "detach" not in done


def test_undo_refuses_a_change_that_names_a_document_of_another_record(taken: Taken) -> None:
    """Histories that an earlier version imported have such changes."""
    services, before = taken.services, taken.of_own()
    undo = Undo(services.records, services.commands)
    (other,) = _documents(services, taken.own[0])
    for change in taken.history("attach", "label", "correct", "replace", "redact"):
        sides = {name: {**getattr(change, name)} for name in ("before", "after")}
        forged = {name: {**side, "attachment_id": other.id} for name, side in sides.items() if side}
        with pytest.raises(PrakatError):
            undo.undo(dataclasses.replace(change, **forged), actor=ACTOR)
    relation = dataclasses.replace(taken.history("relate")[-1], after={"relation": f"cancels {taken.own[0]}"})
    with pytest.raises(PrakatError):
        undo.undo(relation, actor=ACTOR)
    assert taken.of_own() == before


def test_an_erased_document_leaves_nothing_in_the_history_that_came_with_it(taken: Taken) -> None:
    _second, first = _documents(taken.services, taken.imported)
    taken.services.eraser.erase_attachment_or_versions(
        first.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิด", actor=ACTOR
    )
    told = [change for change in taken.history() if SECRET in repr(change)]
    assert [each.action for each in told if each.before.get("label") != f"ของ{SECRET}"] == ["label"]


def test_an_import_of_bytes_that_are_being_erased_keeps_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, there = opened(tmp_path / "source"), opened(tmp_path / "there")
    for services in (source, there):
        add(services, 2)
    (paper,) = _documents(there, 2 - 1)
    there.eraser.erase_attachment_or_versions(
        paper.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิด", actor=ACTOR
    )
    assert run(source.settings.data, "export", str(tmp_path / "bag")).exit_code == 0
    transfer = type(there.transfer)
    take_over = transfer.take_over_record

    def after_an_erasure(*given: object, **named: object) -> object:
        there.eraser.finish_all()  # as a worker does
        return take_over(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(transfer, "take_over_record", after_an_erasure)
    assert run(there.settings.data, "import", str(tmp_path / "bag")).exit_code == 0
    assert there.files.exists(paper.sha256)
    assert "file-missing" not in checked(there.settings.data)[1]
    for services in (source, there):
        close(services)


def test_a_backup_after_an_import_lacks_no_file(taken: Taken, tmp_path: Path) -> None:
    assert isinstance(taken.services.backups, Backups)
    report = taken.services.backups.make_backup(tmp_path / "backup.tar", lambda *_: None)
    assert (report.missing_in_archive, report.damaged_in_archive) == ([], [])
    known = {each.sha256 for each in taken.services.files.all()}
    assert report.files == len(known)
    restored = tmp_path / "restored"
    assert run(restored, "restore", str(tmp_path / "backup.tar")).exit_code == 0
    assert checked(restored) == (0, set())
    assert {path.name for path in stored(restored)} == known


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Services, Services]]:
    """Two archives: the second one took in the two announcements of the first."""
    source, there = opened(tmp_path / "source"), opened(tmp_path / "there")
    add(there, 20)  # so that the same announcement has another number there
    for number in (1, 2):
        add(source, number)
    carry(source, there)
    yield source, there
    close(source)
    close(there)


def carry(source: Services, target: Services) -> Result:
    """Export all of an archive and import it into another one, or into the same."""
    bag = source.settings.data.parent / f"bag-{secrets.token_hex(4)}"
    assert run(source.settings.data, "export", str(bag)).exit_code == 0
    return run(target.settings.data, "import", str(bag))


def test_an_imported_relation_that_reverses_one_decided_here_is_a_problem(
    pair: tuple[Services, Services],
) -> None:
    source, there = pair
    there.commands.announcements.decide_relation(2, 3, RelationKind.CANCELS, actor=ACTOR)
    source.commands.announcements.decide_relation(2, 1, RelationKind.CANCELS, actor=ACTOR)
    taken = carry(source, there)
    assert taken.exit_code == 1
    assert "2.json: " in taken.stderr
    assert there.relations.ids_no_longer_in_force() == {3}
    assert [(each.newer_id, each.older_id) for each in there.relations.list_decisions(2)] == [(2, 3)]


def test_an_imported_relation_of_a_record_in_the_trash_is_there_when_it_is_restored(
    pair: tuple[Services, Services],
) -> None:
    source, there = pair
    source.commands.announcements.decide_relation(2, 1, RelationKind.CANCELS, actor=ACTOR)
    there.commands.publication.withdraw(3, actor=ACTOR, reason="ลงผิด")
    there.commands.publication.restore_as_draft(3, actor=ACTOR)
    there.commands.publication.trash(3, actor=ACTOR)
    taken = carry(source, there)
    assert taken.exit_code == 0, taken.output
    assert [(each.newer_id, each.older_id) for each in there.relations.list_decisions(3)] == [(3, 2)]


def test_an_archive_knows_the_records_in_a_bag_of_its_own(pair: tuple[Services, Services]) -> None:
    source, _there = pair
    before = everything(source)
    taken = carry(source, source)
    assert (taken.exit_code, taken.stdout.split()[:5]) == (0, "เพิ่ม 0 เรื่อง มีอยู่แล้ว 2".split()), taken.output
    assert everything(source) == before


def test_an_archive_knows_its_records_that_come_back_from_another_one(
    pair: tuple[Services, Services],
) -> None:
    source, there = pair
    before = everything(source)
    taken = carry(there, source)
    assert taken.stdout.split()[:5] == "เพิ่ม 1 เรื่อง มีอยู่แล้ว 2".split(), taken.output
    after = everything(source)
    assert {id: after[id] for id in before} == before
    assert len(after) == 3


def test_a_lost_record_comes_back_though_another_has_its_number(
    pair: tuple[Services, Services], tmp_path: Path
) -> None:
    source, _there = pair
    restored = opened(tmp_path / "restored")  # what an older backup had, and a record made after it
    for number in (30, 31):
        add(restored, number)
    taken = carry(source, restored)
    assert taken.stdout.split()[:2] == ["เพิ่ม", "2"], taken.output
    assert len(everything(restored)) == 4
    close(restored)
