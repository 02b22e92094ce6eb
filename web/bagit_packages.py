"""BagIt bags (RFC 8493): exports of records with originals, texts and history, and imports of such bags.

``data/records/17.json`` holds an announcement, ``data/files/17/1.pdf`` an original of it. The manifests of
the bag hold the SHA-256 of every file, so that any BagIt program can verify an export without Prakat.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import bagit
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError
from cattrs.preconf.json import make_converter

from archive.changes import IMPORTER
from archive.disclosure import LAST_YEAR
from archive.errors import Conflict, Invalid, NotFound, PersonalDataFound, PrakatError, RecordDamaged
from archive.fields import ANNOUNCEMENT_FIELDS, checked_fields
from archive.hashing import HashingReader
from archive.model import (
    Announcement,
    Attachment,
    Collection,
    CollectionLine,
    FileVersion,
    HoldReason,
    ReadingStatus,
    Relation,
    Status,
)
from archive.ports import StoredFile
from archive.transfer_ports import (
    CarriedAttachment,
    CarriedDisclosureDecisions,
    CarriedRecord,
    CarriedVersion,
)
from indexer.reindex import NO_LIMIT
from web.bootstrap import Services
from web.importing import ImportReport

RECORDS, FILES, COLLECTIONS, DISCLOSURE = "records", "files", "collections.json", "disclosure.json"
README_FILE = "README.txt"
_SOURCE = "Internal-Sender-Identifier"
_FORMAT = "prakat-records-1"
_BAG_REF = "bag:"  # begins the reference of a record that had none: its archive and number follow
_AT_ONCE = 200  # announcements read at a time
_NOT_AS_WRITTEN = (ValueError, TypeError, KeyError, BaseValidationError, StructureHandlerNotFoundError)

_README_TEXT = """\
เอกสารนี้ส่งออกจากประกาศ (Prakat) ในรูปแบบ BagIt (RFC 8493)
records/เลข.json   ประกาศหนึ่งเรื่อง: ข้อมูล ประวัติ เอกสารแนบ และข้อความที่อ่านได้ของทุกหน้า
files/เลข/ลำดับ     ไฟล์ต้นฉบับของเอกสารแนบ ตามลำดับในประกาศ (ลำดับ.vรุ่น คือไฟล์ก่อนเปลี่ยน)
collections.json   ชุดประกาศ
disclosure.json    ข้อมูลข่าวสารที่ต้องเปิดเผยในแต่ละปี: รายการที่แก้ไข และประกาศในแต่ละรายการ
นำเข้า: prakat import โฟลเดอร์นี้

An export of Prakat as a BagIt bag. records/N.json is one announcement with its history, attachments,
relations and the text of every page; files/N/POSITION is an original, POSITION.vNUMBER a file before it.
disclosure.json has the information that must be disclosed each year: changed items, and the announcements of
each item. Import with: prakat import THIS_FOLDER
"""


_converter = make_converter()
_converter.register_structure_hook_func(lambda kind: kind is object, lambda value, _kind: value)


def export_bag(
    services: Services, destination: Path, ids: Sequence[int], progress: Callable[[int, int], None]
) -> ImportReport:
    """Export records into a new directory; what is damaged is left out and named in the report's problems.

    That is an original that is damaged or missing, or a record that cannot be read. ``ids``: those of the
    announcements to export; none for all. The directory appears when it is complete and verified. Raises
    ``Conflict`` when ``destination`` exists.
    """
    report = ImportReport()
    with new_directory(destination.absolute()) as folder:
        (folder / RECORDS).mkdir()
        wanted = _wanted(services, ids)
        for done, announcement in enumerate(read_many(services, wanted, report), start=1):
            _write_record(services, announcement, folder, report)
            progress(done, len(wanted))
        if not ids:
            _write_collections(services, folder)
            _write_disclosure(services, folder)
        (folder / README_FILE).write_text(_README_TEXT, encoding="utf-8")
        with _working_inside(folder.parent):
            bagit.make_bag(str(folder), _described(services), checksums=["sha256"])
    return report


@contextmanager
def new_directory(destination: Path) -> Iterator[Path]:
    """Provides a directory that becomes ``destination`` after the block; ``Conflict`` where that exists.

    It is deleted if the block fails.
    """
    if destination.exists():
        raise Conflict(f"มี {destination} อยู่แล้ว กรุณาใช้ชื่อใหม่ (it exists already)")
    part = destination.with_name(f".{destination.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # what a killed command left
    part.mkdir(parents=True, mode=0o700)
    try:
        yield part
        part.replace(destination)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextmanager
def _working_inside(directory: Path) -> Iterator[None]:
    """Makes ``directory`` the working directory for a while, and then the one before if that can be entered.

    The library leaves its working directory and comes back to it, which may be gone, or closed to this user.
    """
    with suppress(OSError):
        before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        with suppress(OSError, UnboundLocalError):
            os.chdir(before)


def _wanted(services: Services, ids: Sequence[int]) -> list[int]:
    known = [id for id, _change in services.history.changed_since(0, limit=NO_LIMIT)]
    if missing := set(ids) - set(known):
        raise NotFound(f"ไม่พบประกาศเลขที่ {', '.join(map(str, sorted(missing)))} (no such announcement)")
    return sorted(ids or known)


def read_many(services: Services, ids: Sequence[int], report: ImportReport) -> Iterator[Announcement]:
    """Yields the announcements of ``ids``; those that cannot be read are named in the report's problems."""
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        found = services.announcements.get_many(wanted)
        report.problems += [
            (f"announcement {id}", RecordDamaged().message) for id in wanted if id not in found
        ]
        yield from (found[id] for id in sorted(found))


def _write_record(services: Services, announcement: Announcement, folder: Path, report: ImportReport) -> None:
    records = services.records
    attachments = records.attachments.by_announcement([announcement.id])[announcement.id]
    record = CarriedRecord(
        announcement,
        tuple(records.history.entries(announcement.id)),
        tuple(_with_pages_and_versions(services, each, folder, report) for each in attachments),
        tuple(
            each
            for each in services.relations.list_decisions(announcement.id)
            if each.newer_id == announcement.id
        ),
    )
    text = json.dumps(
        _converter.unstructure(record), indent=1
    )  # ASCII: texts of files may have half characters
    (folder / RECORDS / f"{announcement.id}.json").write_text(text, encoding="ascii")
    report.added += 1
    waiting = records.attachments.replacements(each.id for each in attachments)
    report.problems += [
        (f"{announcement.id} {each.filename}", "รอใช้แทนไฟล์เดิม ไม่อยู่ในถุงนี้ (waits to replace a file, left out)")
        for each in waiting.values()
    ]
    for attachment in attachments:
        try:
            copy_original(services, attachment.sha256, folder / file_path(attachment))
            report.files += 1
        except (PrakatError, OSError) as error:
            report.problems.append((f"{announcement.id} {attachment.filename}", str(error)))


def _with_pages_and_versions(
    services: Services, attachment: Attachment, folder: Path, report: ImportReport
) -> CarriedAttachment:
    """Returns an attachment as it travels. Its earlier files are copied."""
    versions: list[CarriedVersion] = []
    for earlier in services.file_versions.by_attachment(attachment.id):
        try:
            copy_original(services, earlier.sha256, folder / file_path(attachment, earlier))
        except (PrakatError, OSError) as error:
            report.problems.append((f"{attachment.announcement_id} {earlier.filename}", str(error)))
            continue
        texts = services.file_versions.page_texts(attachment.id, earlier.number)
        versions.append(CarriedVersion(earlier, tuple(texts)))
    return CarriedAttachment(attachment, tuple(services.pages.by_attachment(attachment.id)), tuple(versions))


def file_path(attachment: Attachment, version: FileVersion | None = None) -> PurePosixPath:
    """Returns the path of an original, or of an earlier file, relative to the bag's directory ``data``."""
    ending = PurePosixPath(version.filename if version else attachment.filename).suffix
    ending = ending if ending.isascii() else ""
    name = f"{attachment.position}.v{version.number}" if version else f"{attachment.position}"
    return PurePosixPath(FILES) / str(attachment.announcement_id) / f"{name}{ending}"


def copy_original(services: Services, sha256: str, target: Path) -> None:
    """Copy an original. Raises ``Invalid`` when its bytes are not those of its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with services.files.open(sha256) as source, target.open("wb") as copy:
        hashing = HashingReader(source)
        shutil.copyfileobj(hashing, copy)
    if hashing.sha256() != sha256:
        target.unlink()
        raise Invalid("ไฟล์ต้นฉบับเสียหาย (the original is damaged)")


def _write_collections(services: Services, folder: Path) -> None:
    content = _converter.unstructure([replace(each, updated_by="") for each in services.collections.all()])
    (folder / COLLECTIONS).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def _write_disclosure(services: Services, folder: Path) -> None:
    items, entries = services.disclosure.items_changed_by_staff(0, LAST_YEAR), services.disclosure.entries()
    carried = CarriedDisclosureDecisions(tuple(items), tuple(entries))
    content = _converter.dumps(carried, indent=1, ensure_ascii=False)
    (folder / DISCLOSURE).write_text(content, encoding="utf-8")


def _host(services: Services) -> str:
    """Returns the host of the site, by which bags name their archive."""
    return urlsplit(services.settings.base_url).netloc


def _described(services: Services) -> dict[str, str]:
    settings = services.settings
    return {
        "Source-Organization": settings.site_name,
        "External-Description": "ประกาศและเอกสารแนบ · announcements with their documents",
        _SOURCE: _host(services),
        "Bag-Software-Agent": f"prakat {version('prakat')}",
        "External-Identifier": _FORMAT,
    }


def is_bag(path: Path) -> bool:
    """Returns True for a directory that says that it is a BagIt bag."""
    return (path / "bagit.txt").is_file()


def import_bag(services: Services, path: Path, progress: Callable[[int, int], None]) -> ImportReport:
    """Import every record of a bag, verified first, whose ``ref`` is not here yet, with texts and history.

    What a later version wrote and this one does not know is left out. Raises ``Invalid`` for a bag that is
    damaged or was not exported by this program.
    """
    try:
        bag = bagit.Bag(str(path))
        bag.validate()
    except bagit.BagError as error:
        raise Invalid(f"ถุงข้อมูลเสียหายหรือไม่ครบ (the bag is damaged or incomplete): {error}") from error
    if bag.info.get("External-Identifier") != _FORMAT:
        raise Invalid("ไม่ใช่ถุงข้อมูลที่ประกาศส่งออก (not a bag that was exported by this program)")
    source, report = str(bag.info.get(_SOURCE, "")), ImportReport()
    payload = path / "data"
    listed = sorted(payload.glob(f"{RECORDS}/*.json"), key=lambda each: (len(each.name), each.name))
    ids: dict[int, int] = {}
    relations: list[Relation] = []
    for done, file in enumerate(listed, start=1):
        try:
            record = _read_record(file, source)
            ids[record.announcement.id] = _take(services, record, payload, report)
            relations += record.relations
        except (PrakatError, OSError, *_NOT_AS_WRITTEN) as error:
            report.problems.append((file.name, getattr(error, "message", str(error))))
        progress(done, len(listed))
    _take_relations(services, relations, ids, report)
    if (payload / COLLECTIONS).is_file():
        _take_collections(services, payload / COLLECTIONS, ids, report)
    if (payload / DISCLOSURE).is_file():
        _take_disclosure(services, payload / DISCLOSURE, ids, report)
    return report


def _read_record(file: Path, source: str) -> CarriedRecord:
    """Returns a record, its fields validated. A record without ``ref`` gets one from its bag and number.

    Drafts, also those in the trash, may be without a title: their attachments are to state it.
    """
    record = _converter.loads(file.read_text(encoding="ascii"), CarriedRecord)
    given = record.announcement
    ref = given.ref or f"{_BAG_REF}{source}#{given.id}"
    fields = {field.name: getattr(given, field.name) for field in ANNOUNCEMENT_FIELDS} | {"ref": ref}
    values = checked_fields(fields, may_lack_title=given.status in (Status.DRAFT, Status.TRASHED))
    return replace(record, announcement=replace(given, **values))  # type: ignore[arg-type]  # by name


def _take(services: Services, record: CarriedRecord, payload: Path, report: ImportReport) -> int:
    """Import one record and return its id here."""
    known = _known_announcement(services, record.announcement)
    if known is not None:
        report.already_present += 1
        return known.id
    originals = [*_originals(record, payload)]
    for file, path in originals:
        _store_original(services, file, path)
    kept = tuple(map(_held_again, record.attachments))
    adopted = services.transfer.take_over_record(
        replace(record, attachments=kept), actor=IMPORTER, reason=f"{record.announcement.ref}"
    )
    for file, path in originals:
        with path.open("rb") as stream:
            services.commands.uploads.store_again_if_erased(stream, StoredFile(file.sha256, file.size))
    report.added += 1
    report.files += len(record.attachments)
    return adopted.id


def _known_announcement(services: Services, given: Announcement) -> Announcement | None:
    """Returns the announcement that was imported under the ``ref`` of ``given``, or that was made here.

    A reference made of this archive and a number names the announcement that has the number here, if it was
    made at the same time: another one may have got the number since a backup was restored.
    """
    ref, source = str(given.ref), re.escape(_host(services))
    if own := re.fullmatch(rf"{_BAG_REF}{source}#([0-9]{{1,18}})", ref):
        made_here = services.announcements.get_many([int(own[1])]).get(int(own[1]))
        if made_here is not None and made_here.created_at == given.created_at:
            return made_here
    return services.announcements.by_external_ref(ref)


def _originals(record: CarriedRecord, payload: Path) -> Iterator[tuple[Attachment | FileVersion, Path]]:
    """Yields every file of a record, also earlier ones, with its place in a bag."""
    for carried in record.attachments:
        yield carried.attachment, payload / file_path(carried.attachment)
        for each in carried.versions:
            yield each.version, payload / file_path(carried.attachment, each.version)


def _held_again(carried: CarriedAttachment) -> CarriedAttachment:
    """Returns the attachment; one that was not read to its end is held, and read here."""
    if carried.attachment.status in (ReadingStatus.READY, ReadingStatus.FAILED):
        return carried
    return replace(carried, attachment=replace(carried.attachment, hold=HoldReason.UNREAD))


def _store_original(services: Services, file: Attachment | FileVersion, path: Path) -> None:
    with path.open("rb") as stream:
        stored = services.commands.uploads.store(stream, filename=file.filename, actor=IMPORTER)
    if (stored.sha256, stored.size) != (file.sha256, file.size):
        raise Invalid(f"{file.filename}: ไฟล์ไม่ตรงกับทะเบียน (not the file that the record names)")


def _take_relations(
    services: Services, relations: Sequence[Relation], ids: Mapping[int, int], report: ImportReport
) -> None:
    """Import the relations between records that are here now; what staff decided here stays.

    One that reverses a relation here is among the problems, for a person to decide.
    """
    for relation in relations:
        if relation.newer_id in ids and relation.older_id in ids:
            newer, older = ids[relation.newer_id], ids[relation.older_id]
            decided = services.relations.list_decisions(newer)
            if any((each.newer_id, each.older_id) == (newer, older) for each in decided):
                continue
            try:
                services.commands.announcements.decide_relation(
                    newer, older, relation.kind, actor=IMPORTER, may_be_trashed=True
                )
            except Invalid as error:
                report.problems.append((f"{relation.newer_id}.json", error.message))


def _take_collections(services: Services, file: Path, ids: dict[int, int], report: ImportReport) -> None:
    """Import the collections whose title is not here yet, with the records that are here now.

    One with personal data would be public at once: it is among the problems, for a person to make it here.
    """
    known = {each.title for each in services.collections.all()}
    text = file.read_text(encoding="utf-8")
    for collection in reversed(_converter.loads(text, list[Collection])):
        if collection.title in known:
            continue
        items = [
            CollectionLine(item.label, ids.get(item.announcement_id) if item.announcement_id else None)
            for item in collection.items
        ]
        try:
            services.commands.collections.save(
                None, title=collection.title, body=collection.body, items=items, actor=IMPORTER
            )
        except PersonalDataFound as found:
            why = f"ไม่ได้นำเข้าชุดประกาศ: {found.message} (a collection with personal data: not taken in)"
            report.problems.append((f"{file.name}: {collection.id}", why))


def _take_disclosure(services: Services, file: Path, ids: Mapping[int, int], report: ImportReport) -> None:
    """Import items not changed here yet, and entries, as ``_take_collections`` does collections."""
    text = file.read_text(encoding="utf-8")
    carried = _converter.loads(text, CarriedDisclosureDecisions)
    known = {(year, item.key) for year, item in services.disclosure.items_changed_by_staff(0, LAST_YEAR)}
    for year, item in carried.items:
        if (year, item.key) not in known:
            try:
                services.commands.disclosure.save_item(year, item, replaced=None, actor=IMPORTER)
            except PersonalDataFound as found:
                why = f"ไม่ได้นำเข้ารายการที่ต้องเปิดเผย: {found.message} (an item with personal data: not taken in)"
                report.problems.append((f"{file.name}: {year} {item.key}", why))
    for entry in carried.entries:
        if entry.announcement_id in ids:
            here = replace(entry, announcement_id=ids[entry.announcement_id])
            services.disclosure.assign(here, actor=IMPORTER)
