"""A bag holds what the archive holds; any BagIt program verifies it, and another archive takes it in."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import bagit
import pytest

from archive.changes import IMPORTER
from archive.disclosure import LAST_YEAR, DisclosureEntry, DisclosureItem, DisclosureRule, Period
from archive.model import Announcement, Attachment, Change, CollectionLine, Draft, Page, Status
from tests.operation.archives import (
    ACTOR,
    NOW,
    checked,
    close,
    content_of,
    everything,
    fill_rare_tables,
    flip,
    level,
    opened,
    read,
    run,
    stored,
)
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
        changes = [
            dataclasses.replace(each, id=0, announcement_id=0) for each in history if each.actor != IMPORTER
        ]
        found[announcement.title or announcement.status] = (told, changes, files, relations)
    return found


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
    services.intake.collections.save(
        None,
        title="รายงานประจำปี",
        body="ปี ๒๕๖๔",
        items=[CollectionLine("O1", 2), CollectionLine("O2", None)],
        actor=ACTOR,
    )
    services.disclosure.save_item_or_record_list_check(2564, ITEM, replaced=None, actor=ACTOR)
    for id in (2, DRAFT):
        services.disclosure.assign(entry(id), actor=ACTOR)
    services.pages.correct(1, 1, "ข้อความที่แก้แล้ว ๑๒๓", actor=ACTOR)
    fill_rare_tables(services)
    for name in ("scan1", "scan2"):  # as the scanner's folder makes them; nobody has given a title yet
        untitled = Draft(title="", published_on=NOW.date(), ref=name)
        draft = services.intake.announcements.create(untitled, actor=ACTOR, title_follows=True)
        services.intake.attachments.attach(
            draft.id, io.BytesIO(b"%PDF-1.7 " * 20 + name.encode()), filename="a.pdf", actor=ACTOR
        )
    services.intake.publication.trash(draft.id, actor=ACTOR)
    read(services, "สแกน", pages=1)
    with services.records.batch("made-at-once"):
        services.intake.announcements.revise(VIEWED, {"views": 1200}, actor=ACTOR)
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
    kept.intake.collections.save(
        None, title="ผู้ประสานงาน", body="โทร. 081 234 5678", items=[], actor=ACTOR, reason="ให้ไว้แล้ว"
    )
    bag, there = tmp_path / "bag", tmp_path / "there"
    assert run(kept.settings.data, "export", str(bag)).exit_code == 0
    taken = run(there, "import", str(bag))
    assert "ไม่ได้นำเข้าชุดประกาศ" in taken.output
    services = opened(there)
    assert [each.title for each in services.collections.all()] == ["รายงานประจำปี"]
    close(services)


def test_a_public_bag_holds_what_residents_see_and_no_more(kept: Services, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    assert run(kept.settings.data, "export", str(bag), "--public").exit_code == 0
    records = {path.stem: json.loads(path.read_text()) for path in (bag / "data" / "records").glob("*.json")}
    listed, _ = kept.records.announcements.list_page(statuses=[Status.PUBLISHED], page=1, per_page=100)
    assert records.keys() == {str(each.id) for each in listed}
    disclosed = json.loads((bag / "data" / "disclosure.json").read_text(encoding="utf-8"))
    assert [each["announcement_id"] for each in disclosed["entries"]] == [2]
    assert all(each["history"] == [] for each in records.values())
    assert ACTOR.encode() not in b"".join(path.read_bytes() for path in bag.rglob("*") if path.is_file())
    originals = {path.parent.name for path in (bag / "data" / "files").glob("*/*")}
    assert originals <= records.keys()


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
    kept.intake.file_versions.replace(public.id, newer, filename="waits.pdf", actor=ACTOR)
    told = run(kept.settings.data, "export", str(tmp_path / "bag"))
    assert told.exit_code == 1
    assert "waits.pdf" in told.stderr
    public_bag = run(kept.settings.data, "export", str(tmp_path / "public"), "--public")
    assert public_bag.exit_code == 0
    assert "waits.pdf" not in public_bag.stderr + public_bag.stdout


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


def test_what_only_a_later_version_knows_is_named_and_the_rest_taken_in(
    kept: Services, tmp_path: Path
) -> None:
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
    later = bagit.Bag(str(bag))
    later.info["Bag-Software-Agent"] = "prakat 9.1.0"
    later.save(manifests=True)
    for count in ("26", "0"):  # those that are here already are read as well
        ran = run(there, "import", str(bag))
        assert ran.stdout.split()[1] == count
        assert ran.exit_code == 1
        assert "prakat 9.1.0" in ran.stderr
        named = [line.split()[0].removesuffix(":") for line in ran.stderr.splitlines() if "unknown" in line]
        assert named == [
            "announcement.budget",
            "attachments.pages.language",
            "disclosure.json:reviews",
            "minutes.json",
        ]


def test_a_folder_of_another_kind_is_no_bag(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    ran = run(tmp_path / "data", "import", str(tmp_path / "pages"))
    assert ran.exit_code == 2
    assert "import-site" in ran.stderr
