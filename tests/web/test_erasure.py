"""Erasure by order: nothing is left of what was erased, and the order itself stays for good."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sqlite3
import tempfile
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pypdfium2
import pytest

from archive.eraser import Eraser
from archive.erasure import ErasureScope
from archive.fields import ANNOUNCEMENT_FIELDS, AnnouncementField, FieldType
from archive.model import Role, Status, TextSource
from archive.ports import Files
from archive.record_commands import RecordCommands
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.extraction.cross_process_semaphore import NoFreeSlot
from indexer.extraction.metadata import extract_fields
from indexer.extraction.page_images import PagePictures
from storage.backup.manifest import DATABASE
from storage.backup.writer import Backups
from tests.disks import read_only, small_disk
from tests.factories.memos import memo
from tests.operation.archives import texts_in_index
from tests.web.conftest import Site, open_site, until, working
from web.app import create_app
from web.background_worker import leader_leases
from web.bagit_packages import export_bag
from web.bootstrap import KNOWN, ORGANISATION, build_services
from web.public.open_data_files import send_newest_dump
from web.staff import erasures
from web.static_copy import write_static_copy

SECRET = "ประหยัดทรัพย์มะม่วงหวาน"
ESCAPED = json.dumps(SECRET)[1:-1].encode()  # as JSON of ASCII has it
DUMPS = ("/open-data/announcements.csv", "/open-data/announcements.jsonl")
ORDER = {"ordered_by": "คำสั่งศาลปกครองที่ 7/2569", "reason": "ละเมิดสิทธิส่วนบุคคล", "sure": "1"}


def traces(folder: Path) -> set[str]:
    """Returns where the secret is in a folder: files, also PDFs by their text, and tables of a database.

    Compressed values of a table are looked through too.
    """
    return {place for path in folder.rglob("*") if path.is_file() for place in _traces_in_file(path)}


def _traces_in_file(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    if SECRET.encode() in content or ESCAPED in content:
        yield f"{path} as it lies"
    if content.startswith(b"%PDF"):
        with contextlib.closing(pypdfium2.PdfDocument(content)) as pdf:
            text = "".join(page.get_textpage().get_text_range() for page in pdf)
            if _without_marks(SECRET) in _without_marks(text):
                yield f"{path.parent.parent.name} as a PDF"
    if content.startswith(b"SQLite format 3"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
                rows = database.execute(f"SELECT * FROM {table}")
                if any(_has_secret(value) for row in rows for value in row):
                    yield f"table {table}"


def _without_marks(text: str) -> str:
    """Returns the letters of a text; a PDF may have the marks above and below them in another order."""
    return "".join(each for each in text if not each.isspace() and unicodedata.category(each) != "Mn")


def _has_secret(value: object) -> bool:
    """Returns True for a value of the database that has the secret text, be it compressed."""
    content = value if isinstance(value, bytes) else str(value).encode()
    with contextlib.suppress(zlib.error):
        content = zlib.decompress(content)
    return SECRET.encode() in content or ESCAPED in content


class Erased:
    """Two published announcements with the same file; the file of the first is erased, then of the second.

    Residents saw another file of the first before. ``packed``: compressed values of the database about it.
    """

    def __init__(self, folder: Path) -> None:
        self.site = open_site(folder / "data")
        commands = self.site.services.commands
        self.ids = []
        self.paper = paper = memo(f"นาย{SECRET} ได้รับเงิน")
        for number in (1, 2):
            made = self.site.announcement(f"ประกาศรายชื่อ {number}", status=Status.DRAFT)
            first_file = memo(f"นาง{SECRET} ได้รับเงิน") if number == 1 else paper
            attachment = self.site.attach(made.id, first_file, f"{SECRET}.pdf")
            commands.attachments.relabel(
                attachment.id, label=f"รายชื่อ{SECRET}", kind=attachment.kind, actor="test"
            )
            commands.publication.publish(made.id, actor="test")
            self.ids.append((made.id, attachment.id))
        self.site.work()
        earlier = self.site.services.attachments.get(self.ids[0][1])
        waiting = commands.file_versions.replace(
            earlier.id,
            io.BytesIO(paper),
            filename=f"{SECRET} 2.pdf",
            actor="test",
            is_from_person=True,
        )
        self.site.work()
        commands.attachments.show_unconfirmed_file(waiting.id, actor="test")
        self.site.work()
        commands.pages.correct(self.ids[0][1], 1, f"{SECRET} แก้แล้ว", actor="test")
        self.sha256 = self.site.services.attachments.get(self.ids[0][1]).sha256
        self.site.work()
        for announcement, attachment in self.ids:
            page = f"/announcements/{announcement}/attachments/{attachment}"
            assert self.site.client().get(f"{page}/pages/1.webp?width=480&q={SECRET}").status_code == 200
        for dump in DUMPS:
            assert self.site.client().get(dump).status_code == 200
        assert self.is_in_index()
        self.sha256s = {self.sha256, earlier.sha256}
        self.site.services.database.checkpoint_if_possible()
        self.before = traces(self.data)
        self.packed = self._packed()
        self.admin = self.site.signed_in(Role.ADMIN)
        self.answers = [self._erase(attachment) for _, attachment in self.ids]
        self.site.work()

    def _packed(self) -> list[bytes]:
        with contextlib.closing(sqlite3.connect(self.data / DATABASE)) as database:
            return [packed for (packed,) in database.execute("SELECT texts FROM file_version")]

    def is_in_index(self) -> bool:
        """Returns True if a file of the index has the secret text, as letters of one byte."""
        secret = searchable_bytes(fold_text(SECRET)).data
        return any(secret in text for text in texts_in_index(self.data))

    def _erase(self, attachment: int) -> tuple[str, bool]:
        """Returns the page that follows the erasure, and True when the store still has the file."""
        page = self.admin.post(f"/staff/attachments/{attachment}/erase", data=ORDER, follow_redirects=True)
        return page.text, self.site.services.files.exists(self.sha256)

    @property
    def data(self) -> Path:
        return self.site.services.settings.data


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Erased:
    return Erased(tmp_path_factory.mktemp("erased"))


def test_bytes_that_another_record_uses_are_kept_and_named(erased: Erased) -> None:
    (first, is_there), (second, is_still_there) = erased.answers
    assert (is_there, is_still_there) == (True, False)
    assert "มีเอกสารอื่นใช้ไฟล์เดียวกัน" in first
    assert "มีเอกสารอื่นใช้ไฟล์เดียวกัน" not in second


def test_nothing_is_left_on_the_disk(erased: Erased) -> None:
    """Neither in the database's free space, nor in the index, the store or the caches."""
    erased.site.services.database.checkpoint_if_possible()
    tables = {"attachment", "page", "history", "file_version"}
    assert {f"table {table}" for table in tables} | {"files as a PDF"} <= erased.before
    assert traces(erased.data) == set()
    assert erased.packed
    for path in erased.data.rglob("*"):
        assert not any(sha256 in path.name for sha256 in erased.sha256s), path
        content = path.read_bytes() if path.is_file() else b""
        assert not any(packed in content for packed in erased.packed), path
    assert not erased.is_in_index()


def test_residents_and_staff_find_nothing(erased: Erased) -> None:
    for client in (erased.site.client(), erased.admin):
        for announcement, attachment in erased.ids:
            page = f"/announcements/{announcement}/attachments/{attachment}"
            for address in (
                page,
                f"{page}/file",
                f"{page}/pages/1.webp",
                f"/api/v1/attachments/{attachment}",
            ):
                assert client.get(address).status_code == 404, address
            assert SECRET not in client.get(f"/announcements/{announcement}").text
        assert client.get(f"/api/v1/search?q={SECRET}").json["total"] == 0
        assert client.get(f"/api/v1/suggest?q={SECRET[:6]}").json["suggestions"] == []
    for announcement, _ in erased.ids:
        assert SECRET not in erased.admin.get(f"/staff/announcements/{announcement}/history").text
        assert SECRET not in erased.admin.get(f"/staff/announcements/{announcement}").text


def test_the_register_tells_who_ordered_it_and_why(erased: Erased) -> None:
    page = erased.admin.get("/staff/erasures").text
    assert page.count(ORDER["ordered_by"]) == page.count(ORDER["reason"]) == 2
    assert erased.site.signed_in(Role.STAFF).get("/staff/erasures").status_code == 403


def test_a_check_is_clean_and_the_next_backup_has_nothing_of_it(erased: Erased, tmp_path: Path) -> None:
    services = erased.site.services
    assert services.check_consistency().findings == []
    target = tmp_path / "backup"
    target.mkdir()
    assert isinstance(services.backups, Backups)
    report = services.backups.make_backup(target, lambda *_: None)
    assert (report.files, report.missing_in_archive) == (0, [])
    assert traces(target) == set()


def test_what_leaves_the_archive_has_nothing_of_it(erased: Erased, tmp_path: Path) -> None:
    """Neither a bag with history and earlier files, nor the static copy, the harvest or the open data."""
    services, public = erased.site.services, erased.site.client()
    nothing = lambda *_: None  # noqa: E731
    export_bag(services, tmp_path / "bag", (), nothing)
    write_static_copy(services, tmp_path / "copy", nothing)
    left = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len({path.relative_to(tmp_path).parts[0] for path in left}) == 2
    for address in (*DUMPS, "/oai?verb=ListRecords&metadataPrefix=oai_dc", "/feed.xml"):
        answer = public.get(address)
        assert answer.status_code == 200, address
        left[Path(address)] = answer.data
    assert traces(tmp_path) == set()
    for path, content in left.items():
        assert erased.sha256 not in path.name, path
        for trace in (SECRET.encode(), ESCAPED, erased.sha256.encode(), erased.paper[:200]):
            assert trace not in content, path


def test_a_file_that_comes_back_behind_the_archive_is_found_and_removed(erased: Erased) -> None:
    services = erased.site.services
    path = erased.data / "files" / erased.sha256[:2] / erased.sha256
    path.write_bytes(b"from an old copy")
    assert "erased-file-left" in {each.code for each in services.check_consistency().findings}
    services.check_consistency(should_repair=True)
    assert not path.exists()


def test_nothing_is_left_of_a_file_whose_release_was_undone(site: Site) -> None:
    commands = site.services.commands
    made = site.announcement("ประกาศรายชื่อ")
    paper = site.attach(made.id, memo("ซ่อมถนน"), "ซ่อมถนน.pdf")
    site.work()
    secret = io.BytesIO(memo(f"นาย{SECRET} ได้รับเงิน"))
    waiting = commands.file_versions.replace(
        paper.id, secret, filename=f"{SECRET}.pdf", actor="test", is_from_person=True
    )
    site.work()
    commands.attachments.show_unconfirmed_file(waiting.id, actor="test")
    commands.pages.correct(paper.id, 1, f"{SECRET} แก้แล้ว", actor="test")
    commands.attachments.cancel_release(paper.id, actor="test")
    commands.file_versions.restore(paper.id, 1, actor="test")
    site.work()
    order = ORDER | {"scope": ErasureScope.EARLIER_FILES}
    site.signed_in(Role.ADMIN).post(f"/staff/attachments/{paper.id}/erase", data=order)
    site.work()
    site.services.database.checkpoint_if_possible()
    told = str([(each.before, each.after) for each in site.services.history.entries(made.id)])
    assert waiting.sha256 not in told
    assert traces(site.services.settings.data) == set()
    assert site.services.attachments.get(paper.id).sha256 == paper.sha256


def test_an_announcement_s_own_text_is_erased_wherever_it_was(site: Site) -> None:
    services, admin = site.services, site.signed_in(Role.ADMIN)
    made = site.announcement(
        f"ประกาศของ{SECRET}", body=f"นาย{SECRET}", category=f"{SECRET} ศึกษา", old_url=f"/news/{SECRET}"
    )
    services.commands.announcements.revise(made.id, {"body": f"นาง{SECRET}"}, actor="test")
    site.work()
    assert all(SECRET in site.client().get(dump).text for dump in DUMPS)
    address = f"/staff/announcements/{made.id}/erase"
    assert "กรุณาถอนประกาศ" in admin.post(address, data=ORDER).text
    assert services.records.erasures.all() == []
    services.commands.publication.withdraw(made.id, actor="test", reason="คำสั่งศาล")
    assert address in admin.get(f"/staff/announcements/{made.id}").text
    page = admin.post(address, data=ORDER, follow_redirects=True).text
    assert f"ข้อความของเรื่องที่ {made.id} ในระบบ" in page
    site.work()
    for client in (site.client(), admin):
        for shown in ("announcements/{}", "staff/announcements/{}", "staff/announcements/{}/history"):
            assert SECRET not in client.get(f"/{shown.format(made.id)}").text
    assert site.client().get(f"/news/{SECRET}").status_code == 404
    assert services.check_consistency().findings == []
    services.database.checkpoint_if_possible()
    assert traces(services.settings.data) == set()
    assert site.signed_in(Role.STAFF).get(address).status_code == 403


def test_the_name_of_an_earlier_file_leaves_the_history_with_the_file(site: Site) -> None:
    """A label is made of the file's name where nobody gave one."""
    made = site.announcement("ประกาศคดี", status=Status.DRAFT)
    paper = site.attach(made.id, memo("ผู้เสียหายได้รับเงิน"), f"ผู้เสียหาย_{SECRET}.pdf")
    site.work()
    box = "1,1000,1000,4000,2000,drawn"
    site.signed_in(Role.STAFF).post(
        f"/staff/attachments/{paper.id}/redact", data={"box": [box], "known": [box]}
    )
    site.work()
    site.services.commands.attachments.relabel(paper.id, label="รายชื่อ", kind=paper.kind, actor="test")
    order = ORDER | {"scope": ErasureScope.EARLIER_FILES}
    admin = site.signed_in(Role.ADMIN)
    admin.post(f"/staff/attachments/{paper.id}/erase", data=order)
    site.work()
    assert SECRET not in admin.get(f"/staff/announcements/{made.id}/history").text
    assert site.services.check_consistency().findings == []
    site.services.database.checkpoint_if_possible()
    assert traces(site.services.settings.data) == set()


@pytest.mark.parametrize(
    ("scope", "is_cancelled"),
    [
        (ErasureScope.EARLIER_FILES, True),
        (ErasureScope.ATTACHMENT, True),
        (ErasureScope.ATTACHMENT, False),
    ],
)
def test_a_new_file_has_nothing_of_the_name_of_the_one_that_it_was_to_replace(
    site: Site, scope: ErasureScope, is_cancelled: bool
) -> None:
    made = site.announcement("ประกาศคดี")
    paper = site.attach(made.id, memo("ผู้เสียหายได้รับเงิน"), f"ผู้เสียหาย_{SECRET}.pdf")
    site.work()
    commands = site.services.commands
    new = commands.file_versions.replace(
        paper.id, io.BytesIO(memo("ฉบับใหม่")), filename="ฉบับ_ใหม่.pdf", actor="test", is_from_person=True
    )
    site.work()
    if is_cancelled:
        commands.attachments.detach(new.id, actor="test")
    if scope is ErasureScope.EARLIER_FILES:
        box = "1,1000,1000,4000,2000,drawn"
        site.signed_in(Role.STAFF).post(
            f"/staff/attachments/{paper.id}/redact", data={"box": [box], "known": [box]}
        )
        site.work()
    admin = site.signed_in(Role.ADMIN)
    admin.post(f"/staff/attachments/{paper.id}/erase", data=ORDER | {"scope": scope})
    site.work()
    assert SECRET not in admin.get(f"/staff/announcements/{made.id}/history").text
    assert site.services.check_consistency().findings == []
    site.services.database.checkpoint_if_possible()
    assert traces(site.services.settings.data) == set()
    if scope is ErasureScope.ATTACHMENT:
        assert commands.attachments.reattach(new.id, actor="test").label == "ฉบับ ใหม่"


def test_the_form_names_the_copies_that_an_erasure_leaves(site: Site, tmp_path: Path) -> None:
    made = site.announcement("ประกาศคดี")
    paper, other = (site.attach(made.id, memo(text), f"{text}.pdf") for text in ("คดี", "ประกอบ"))
    site.work()
    commands, admin = site.services.commands, site.signed_in(Role.ADMIN)
    new_ones = []
    for text in ("สแกนแรก", "สแกนที่สอง"):
        new = commands.file_versions.replace(
            paper.id, io.BytesIO(memo(text)), filename=f"{text}.pdf", actor="x", is_from_person=True
        )
        address = f"/staff/attachments/{new.id}/erase"
        new_ones.append(f'<a href="{address}"><span class="words">{text}.pdf</span></a>')
        if text == "สแกนแรก":
            commands.attachments.detach(new.id, actor="x")
    form = admin.get(f"/staff/attachments/{paper.id}/erase").text
    assert [each for each in new_ones if each not in form] == []
    assert "รับแล้ว" not in form
    inbox = replace(site.services, settings=replace(site.services.settings, inbox=str(tmp_path)))
    app = create_app(inbox)
    app.config["WTF_CSRF_ENABLED"] = False
    form = Site(inbox, app).signed_in(Role.ADMIN).get(f"/staff/attachments/{other.id}/erase").text
    assert not [each for each in new_ones if each in form]
    assert "ไฟล์สแกนยังอยู่ในโฟลเดอร์ “รับแล้ว” หรือ “ซ้ำ” ต้องลบเอง" in form


def test_every_machine_removes_its_own_pictures_of_an_erased_file(site: Site, tmp_path: Path) -> None:
    services = site.services
    paper = site.attach(site.announcement("ประกาศ").id, memo("เนื้อหา"))
    site.work()
    pictures = PagePictures(services.files, tmp_path / "pictures")
    pictures.page_picture(services.attachments.get(paper.id), services.pages.get(paper.id, 1), width=480)
    assert pictures.has(paper.sha256)
    eraser = Eraser(services.records, services.records, services.files, (pictures,))
    other_machine = replace(services, pictures=pictures, eraser=eraser)
    site.signed_in(Role.ADMIN).post(f"/staff/attachments/{paper.id}/erase", data=ORDER)
    leader_leases(services, "first-machine:1").renew()  # which maintains the archive
    with working(other_machine):
        until(lambda: not pictures.has(paper.sha256), seconds=8)


def test_open_data_written_while_something_is_erased_does_not_stay(site: Site) -> None:
    """The process that erases is killed before it deletes the file that another one was writing."""
    services = site.services
    made = site.announcement(f"ประกาศของ{SECRET}")
    services.commands.publication.withdraw(made.id, actor="test", reason="คำสั่งศาล")
    order = {name: ORDER[name] for name in ("ordered_by", "reason")}

    def lines() -> Iterator[str]:
        yield f"{SECRET}\n"
        services.eraser.erase_announcement_fields(made.id, actor="test", **order)

    whole_installation = {KNOWN: (), ORGANISATION: None}
    asked = site.app.test_request_context(DUMPS[0], environ_base=whole_installation)
    with asked, pytest.raises(NoFreeSlot):
        send_newest_dump("announcements.csv", "text/csv", lines)
    services.database.checkpoint_if_possible()
    assert traces(services.settings.data) == set()


def test_no_field_that_is_declared_as_erased_by_order_survives_it(site: Site) -> None:
    erased = [field for field in ANNOUNCEMENT_FIELDS if field.is_erased_by_order]
    free_text = {FieldType.LINE, FieldType.TEXT, FieldType.IDENTIFIER}
    kept_texts = {field.name for field in ANNOUNCEMENT_FIELDS if field.type in free_text} - {
        field.name for field in erased
    }
    assert kept_texts == {"ref", "assigned_to"}  # names that other systems and the office gave, not its text
    first, second = ({field.name: f"{SECRET}{n}" for field in erased} for n in (1, 2))
    made = site.announcement(first.pop("title"), status=Status.DRAFT, **first)
    site.services.commands.announcements.revise(made.id, dict(second), actor="test")
    order = {name: ORDER[name] for name in ("ordered_by", "reason")}
    site.services.eraser.erase_announcement_fields(made.id, actor="test", **order)
    assert SECRET not in repr(site.services.announcements.get(made.id))
    assert SECRET not in repr(site.services.history.entries(made.id))


def test_a_field_cannot_be_declared_without_saying_whether_an_order_erases_it() -> None:
    with pytest.raises(TypeError, match="is_erased_by_order"):
        AnnouncementField(name="contact", type=FieldType.LINE, label="", check=str)  # type: ignore[call-arg, arg-type]


@dataclass(frozen=True)
class Renewed:
    """An announcement whose document had a label, a corrected page, another file and a redacted copy."""

    site: Site
    announcement_id: int
    attachment_id: int

    def staff_pages(self) -> list[str]:
        """Returns the addresses of the pages on which staff see the announcement."""
        own, document = (
            f"/staff/announcements/{self.announcement_id}",
            f"/staff/attachments/{self.attachment_id}",
        )
        return [
            own,
            f"{own}/history",
            f"{document}",
            f"{document}/redact",
            f"{document}/pages/1",
            f"{document}/erase",
            "/staff",
            "/staff/history",
            f"/staff/history?bulk={BULK}",
        ]


BULK = "made-at-once"


def renewed(site: Site, status: Status) -> Renewed:
    commands = site.services.commands
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    document = site.attach(made.id, memo(f"นาย{SECRET} ได้รับเงิน"), f"{SECRET}.pdf")
    site.work()
    with site.services.records.batch(BULK):
        commands.announcements.revise(made.id, {"author": SECRET, "body": SECRET}, actor="test")
        commands.attachments.relabel(document.id, label=f"รายชื่อ{SECRET}", kind=document.kind, actor="test")
        commands.pages.correct(document.id, 1, f"{SECRET} แก้แล้ว", actor="test")
        newer = io.BytesIO(memo(f"นาง{SECRET} ได้รับเงิน"))
        commands.file_versions.replace(document.id, newer, filename="ใหม่.pdf", actor="test")
    site.work()
    box = "1,1000,1000,4000,2000,drawn"
    answer = site.signed_in(Role.STAFF).post(
        f"/staff/attachments/{document.id}/redact", data={"box": [box], "known": [box]}
    )
    assert answer.status_code == 302
    if status is not Status.DRAFT:
        commands.publication.publish(made.id, actor="test", reason="ตรวจแล้ว")
        site.work()
        newest = io.BytesIO(memo(f"นางสาว{SECRET} ได้รับเงิน"))
        waiting = commands.file_versions.replace(
            document.id, newest, filename="ใหม่กว่า.pdf", actor="test", is_from_person=True
        )
        site.work()
        commands.attachments.show_unconfirmed_file(waiting.id, actor="test")
    site.work()
    if status is Status.WITHDRAWN:
        commands.publication.withdraw(made.id, actor="test", reason="คำสั่งศาล")
    return Renewed(site, made.id, document.id)


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        (ErasureScope.EARLIER_FILES, Status.DRAFT),
        (ErasureScope.EARLIER_FILES, Status.PUBLISHED),
        (ErasureScope.ATTACHMENT, Status.PUBLISHED),
        (ErasureScope.TEXT, Status.DRAFT),
    ],
)
def test_staff_pages_and_undo_stand_when_earlier_states_are_erased(
    site: Site, scope: ErasureScope, status: Status
) -> None:
    given, admin = renewed(site, status), site.signed_in(Role.ADMIN)
    of_text = scope is ErasureScope.TEXT
    place = f"announcements/{given.announcement_id}" if of_text else f"attachments/{given.attachment_id}"
    assert admin.post(f"/staff/{place}/erase", data=ORDER | {"scope": scope}).status_code == 302
    (erasure,) = site.services.records.erasures.all()
    assert erasure.scope is scope
    is_gone = {404} if scope is ErasureScope.ATTACHMENT else set()
    for address in given.staff_pages():
        assert admin.get(address).status_code in {200} | is_gone, address
    history = admin.get(f"/staff/announcements/{given.announcement_id}/history").text
    for change in site.services.history.entries(given.announcement_id):
        undo = f"/staff/history/{change.id}/undo"
        is_erased = not {"sha256", "text", "label", "author"} & (change.before.keys() & change.after.keys())
        if is_erased and change.action in ("replace", "redact", "correct", "label", "revise"):
            assert undo not in history, change
        for form in ({}, {"confirmed": "yes"}):
            assert admin.post(undo, data=form, follow_redirects=True).status_code == 200, change
    for form in ({}, {"confirmed": "yes"}):
        undo = f"/staff/history/bulk/{BULK}/undo"
        assert admin.post(undo, data=form, follow_redirects=True).status_code == 200
    for address in given.staff_pages():
        assert admin.get(address).status_code in {200, 404}, address  # an undo may take the document off


@pytest.mark.parametrize("missing", ["ordered_by", "reason", "sure"])
def test_an_order_that_is_not_complete_erases_nothing(site: Site, missing: str) -> None:
    made = site.announcement("ประกาศ")
    attachment = site.attach(made.id, memo("เนื้อหา"))
    order = {name: value for name, value in ORDER.items() if name != missing}
    site.signed_in(Role.ADMIN).post(f"/staff/attachments/{attachment.id}/erase", data=order)
    assert site.services.attachments.get(attachment.id) == attachment
    assert site.services.records.erasures.all() == []


class InterruptedFiles:
    """The store of an archive, in which something else happens before or after one of its calls."""

    def __init__(self, files: Files, call: str, *, before: Callable[[], object], after: Callable[[], object]):
        self._files, self._call, self._before, self._after = files, call, before, after

    def __getattr__(self, name: str) -> Callable[..., object]:
        def called(*given: object, **named: object) -> object:
            if name == self._call:
                self._call = ""  # once
                self._before()
                answer = getattr(self._files, name)(*given, **named)
                self._after()
                return answer
            return getattr(self._files, name)(*given, **named)

        return called


@pytest.mark.parametrize("moment", ["upload before the removal", "erasure before the record"])
def test_an_upload_of_the_bytes_that_are_being_erased_keeps_its_file(site: Site, moment: str) -> None:
    services, paper = site.services, memo("ไฟล์เดียวกัน")
    erased = site.attach(site.announcement("ประกาศที่ถูกสั่งลบ").id, paper)
    other = site.announcement("ประกาศอื่น")

    def upload(files: object) -> None:
        commands = RecordCommands(
            services.records, cast(Files, files), max_upload_bytes=1 << 20, extract_fields=extract_fields
        )
        commands.attachments.attach(other.id, io.BytesIO(paper), filename="a.pdf", actor="test")

    def erase(files: object) -> None:
        eraser = Eraser(services.records, services.records, cast(Files, files), ())
        eraser.erase_attachment_or_versions(
            erased.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิด", actor="test"
        )

    nothing = lambda: None  # noqa: E731
    if moment == "upload before the removal":
        erase(
            InterruptedFiles(services.files, "remove", before=lambda: upload(services.files), after=nothing)
        )
    else:
        upload(InterruptedFiles(services.files, "add", before=nothing, after=lambda: erase(services.files)))
    with services.files.open(erased.sha256) as kept:
        assert kept.read() == paper


def test_a_redacted_copy_of_the_bytes_that_are_being_erased_keeps_its_file(site: Site) -> None:
    services, covered = site.services, memo("ปิดทับแล้ว")
    erased = site.attach(site.announcement("ประกาศที่ถูกสั่งลบ").id, covered)
    paper = site.attach(site.announcement("ประกาศอื่น").id, memo("ก่อนปิดทับ"))

    def erase() -> None:
        services.eraser.erase_attachment_or_versions(
            erased.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิด", actor="test"
        )

    files = cast(Files, InterruptedFiles(services.files, "add", before=lambda: None, after=erase))
    commands = RecordCommands(
        services.records, files, max_upload_bytes=1 << 20, extract_fields=extract_fields
    )
    commands.file_versions.replace_by_redacted_copy(
        paper.id, io.BytesIO(covered), [], made_from=paper.sha256, actor="test"
    )
    assert services.attachments.get(paper.id).sha256 == erased.sha256
    assert services.files.exists(erased.sha256)


def test_caches_are_cleared_once_more_when_the_file_is_gone(site: Site) -> None:
    """They are cleared before too: a kill in between leaves at most the file, which a check finds."""
    services, stored = site.services, []

    class Cache:
        def forget(self, sha256: str) -> None:
            stored.append(services.files.exists(sha256))

    attachment = site.attach(site.announcement("ประกาศ").id, memo("เนื้อหา"))
    eraser = Eraser(services.records, services.records, services.files, [Cache()])
    eraser.erase_attachment_or_versions(
        attachment.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิด", actor="test"
    )
    assert stored == [True, False]


def test_an_erasure_that_was_killed_leaves_no_open_data_that_tells_the_title(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = site.announcement("ประกาศรายชื่อผู้ป่วย")
    assert "ผู้ป่วย" in site.client().get("/open-data/announcements.csv", buffered=True).text
    site.services.commands.publication.withdraw(made.id, actor="x", reason="ลงผิดเรื่อง")
    order = {"scope": "text", "ordered_by": "ศาล", "reason": "ละเมิด", "sure": "1"}
    clerk = site.signed_in(Role.ADMIN)
    child = os.fork()
    if not child:
        monkeypatch.setattr(erasures, "_conclude", lambda _erasure: os.kill(os.getpid(), signal.SIGKILL))
        clerk.post(f"/staff/announcements/{made.id}/erase", data=order)
        os._exit(1)  # was not killed
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert "ผู้ป่วย" not in site.services.announcements.get(made.id).title
    assert [*(site.services.settings.data / "open-data").glob("*.*.*")] == []


@pytest.mark.parametrize("killed", ["before the file is deleted", "before the caches are cleared again"])
def test_a_check_finishes_an_erasure_that_was_killed(site: Site, killed: str) -> None:
    services, client = site.services, site.client()
    made = site.announcement("ประกาศ")
    attachment = site.attach(made.id, memo("เนื้อหา"))
    site.work()
    [read] = services.pages.by_attachment(attachment.id)
    services.records.pages.save(replace(read, source=TextSource.OCR))  # of which a searchable copy is made
    page = f"/announcements/{made.id}/attachments/{attachment.id}"
    for address in (f"{page}/pages/1.webp?width=480&q=เนื้อหา", f"{page}/searchable.pdf"):
        assert client.get(address).status_code == 200
    services.records.erasures.erase_attachment_or_versions(
        attachment.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิด", actor="test"
    )
    left = lambda: [path for path in services.settings.data.rglob("*") if attachment.sha256 in path.name]  # noqa: E731
    contents = {path: path.read_bytes() for path in left()}
    site.work()  # the worker finishes the erasure, which is to be as before
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if killed == "before the caches are cleared again":
        services.files.remove(attachment.sha256)
    assert len(left()) > 2
    assert [each.code for each in services.check_consistency().findings] == ["erased-file-left"]
    assert services.check_consistency(should_repair=True).needs_no_action
    assert left() == []
    assert services.check_consistency().findings == []


def test_an_erasure_needs_no_room_for_temporary_files(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = site.attach(site.announcement("ประกาศ").id, memo("เนื้อหา"))
    site.work()
    admin = site.signed_in(Role.ADMIN)
    small = tmp_path / "small"
    small.mkdir()
    with small_disk(small, "64k"):
        with (small / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        answer = admin.post(f"/staff/attachments/{attachment.id}/erase", data=ORDER)
        monkeypatch.undo()
    assert answer.status_code == 302
    assert not site.services.files.exists(attachment.sha256)


def test_an_erasure_whose_file_cannot_be_deleted_yet_says_so_and_is_finished_later(site: Site) -> None:
    attachment = site.attach(site.announcement("ประกาศ").id, memo("เนื้อหา"))
    site.work()
    admin, address = site.signed_in(Role.ADMIN), f"/staff/attachments/{attachment.id}/erase"
    with read_only(site.services.settings.data / "files" / attachment.sha256[:2]):
        said = admin.post(address, data=ORDER, follow_redirects=True)
        assert said.status_code == 200
        assert "ยังลบไฟล์ออกจากที่เก็บไม่ได้ ระบบจะลองลบให้อีกจนสำเร็จ" in said.text
        assert "ลบถาวรตามคำสั่งแล้ว" not in said.text
        assert len(site.services.records.erasures.all()) == 1
        assert site.services.files.exists(attachment.sha256)
    with working(site.services):
        until(lambda: not site.services.files.exists(attachment.sha256), seconds=30)
        until(lambda: site.services.index.position() == site.services.history.last_change(), seconds=30)
    assert site.services.check_consistency().findings == []


def test_an_erasure_is_recorded_while_the_store_of_files_is_down(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    made = site.announcement("ประกาศ")
    first, second = (site.attach(made.id, memo(text)) for text in ("เนื้อหา", "อีกเนื้อหา"))
    down = build_services(replace(site.services.settings, files="s3://prakat?endpoint=http://127.0.0.1:9"))
    app = create_app(down)
    app.config["WTF_CSRF_ENABLED"] = False
    admin = Site(down, app).signed_in(Role.ADMIN)
    for attachment in (first, second):
        said = admin.post(f"/staff/attachments/{attachment.id}/erase", data=ORDER, follow_redirects=True)
        assert said.status_code == 200
        assert "ยังลบไฟล์ออกจากที่เก็บไม่ได้ ระบบจะลองลบให้อีกจนสำเร็จ" in said.text
    assert len(down.records.erasures.all()) == 2
    caplog.clear()
    down.eraser.finish_all()
    assert [each.getMessage() for each in caplog.records].count("erased file is still stored") == 2
    site.services.eraser.finish_all()
    assert not any(site.services.files.exists(each.sha256) for each in (first, second))
