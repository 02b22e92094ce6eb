"""Scans dropped into the watched folder become drafts, each exactly once, whatever is cut off."""

from __future__ import annotations

import ctypes
import errno
import io
import itertools
import logging
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import img2pdf
import pikepdf
import pytest
import segno
from PIL import Image, ImageDraw

from archive.commands.announcements import AnnouncementCommands
from archive.commands.attachments import AttachmentCommands
from archive.commands.uploads import Uploads
from archive.erasure import ErasureScope
from archive.errors import Unavailable
from archive.hashing import sha256_of_file
from archive.model import Announcement, Organisation, Status
from indexer import inbox as watched
from indexer.extraction.separators import SEPARATOR_TEXT
from indexer.inbox import KNOWN, REFUSED, TAKEN, Inbox
from tests.contracts.processes import KILLED, ended, in_child
from tests.factories.memos import memo
from tests.operation.archives import close, opened
from tests.scanners import clamd
from web.background_worker import inbox_targets
from web.bootstrap import Services, build_services

PAGE = (1240, 1754)  # pixels of A4 at 150 dpi


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(watched, "SETTLED_SECONDS", 0.0)
    return watching(tmp_path)


def watching(tmp_path: Path) -> Services:
    folder = tmp_path / "inbox"
    folder.mkdir(exist_ok=True)
    services = opened(tmp_path / "data")
    return replace(services, settings=replace(services.settings, inbox=str(folder)))


def collect(services: Services) -> None:
    """Look into the folder until nothing is taken any more."""
    inbox = Inbox(lambda: inbox_targets(services))
    inbox.take_up_to_one_file_per_folder()  # the first look only sees how large the files are
    while inbox.take_up_to_one_file_per_folder():
        pass


def folder_of(services: Services) -> Path:
    return Path(services.settings.inbox)


def drafts(services: Services) -> list[Announcement]:
    return services.announcements.list_page(statuses=list(Status), page=1, per_page=100)[0]


def attached(services: Services) -> list[tuple[str, int]]:
    """Returns name and size of every attachment."""
    found = services.attachments.by_announcement(each.id for each in drafts(services)).values()
    return sorted((each.filename, each.size) for attachments in found for each in attachments)


def scanned(text: str, code: str | None = None, *, turn: float = 1.5) -> bytes:
    """Returns a page as a scanner makes it: a little askew, grey, compressed."""
    page = Image.new("L", PAGE, 235)
    ImageDraw.Draw(page).text((200, 200), text, fill=30, font_size=60)
    if code is not None:
        drawn = io.BytesIO()
        segno.make(code, micro=False, error="m").save(drawn, kind="png", scale=18, border=2)
        page.paste(Image.open(drawn).convert("L"), (380, 500))
    turned = page.rotate(turn, fillcolor=235)
    out = io.BytesIO()
    turned.save(out, "JPEG", quality=60, dpi=(150, 150))
    return out.getvalue()


def stack(*pages: bytes) -> bytes:
    made: bytes = img2pdf.convert(list(pages))
    return made


def test_a_dropped_scan_becomes_a_draft_and_leaves_the_folder(services: Services) -> None:
    content = memo("ให้ซ่อมถังประปา")
    (folder_of(services) / "scan0001.pdf").write_bytes(content)
    (folder_of(services) / "Thumbs.db").write_bytes(b"x")
    collect(services)
    (draft,) = drafts(services)
    assert (draft.status, draft.title) == (Status.DRAFT, "")
    assert attached(services) == [("scan0001.pdf", len(content))]
    assert (folder_of(services) / TAKEN / "scan0001.pdf").read_bytes() == content
    assert [path.name for path in folder_of(services).iterdir() if path.is_file()] == ["Thumbs.db"]


def test_the_same_file_twice_makes_one_draft(services: Services) -> None:
    content = memo("เรื่องเดียวกัน")
    for name in ("a.pdf", "b.pdf"):
        (folder_of(services) / name).write_bytes(content)
    collect(services)
    assert len(drafts(services)) == 1
    assert [path.name for path in (folder_of(services) / KNOWN).iterdir()] == ["b.pdf"]
    services.commands.publication.trash(drafts(services)[0].id, actor="สมศรี")
    (folder_of(services) / "a.pdf").write_bytes(content)
    collect(services)
    assert len(drafts(services)) == 1
    assert sorted(path.name for path in (folder_of(services) / KNOWN).iterdir()) == ["a.pdf", "b.pdf"]


@pytest.mark.parametrize("step", ["replace", "erase"])
def test_a_scan_dropped_again_brings_back_no_replaced_or_erased_file(services: Services, step: str) -> None:
    data = memo("ขออนุมัติซ่อมถนน")
    (folder_of(services) / "scan.pdf").write_bytes(data)
    collect(services)
    (draft,) = drafts(services)
    (paper,) = services.attachments.by_announcement([draft.id])[draft.id]
    if step == "replace":
        newer = io.BytesIO(memo("ขออนุมัติซ่อมถนน แก้ไข"))
        services.commands.file_versions.replace(paper.id, newer, filename="ใหม่.pdf", actor="clerk")
    else:
        services.eraser.erase_attachment_or_versions(
            paper.id, ErasureScope.ATTACHMENT, ordered_by="ศาล 1/2564", reason="คำสั่งศาล", actor="admin"
        )
    before = attached(services)
    (folder_of(services) / "scan again.pdf").write_bytes(data)
    collect(services)
    assert (attached(services), drafts(services)) == (before, [services.announcements.get(draft.id)])
    assert [each.name for each in (folder_of(services) / KNOWN).iterdir()] == ["scan again.pdf"]
    assert services.files.exists(paper.sha256) is (step == "replace")


def test_a_file_that_is_still_written_is_left_alone(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, content = folder_of(services) / "slow.pdf", memo("เขียนช้า")
    inbox = Inbox(lambda: inbox_targets(services))
    path.write_bytes(content[:-1000])
    for _ in range(3):
        assert not inbox.take_up_to_one_file_per_folder()  # a PDF without its end
    path.write_bytes(content)
    assert not inbox.take_up_to_one_file_per_folder()  # it grew since the last look
    assert inbox.take_up_to_one_file_per_folder()
    monkeypatch.setattr(watched, "UNFINISHED_SECONDS", 0.0)
    (folder_of(services) / "cut-off.pdf").write_bytes(content[:-1000])
    collect(services)
    assert len(drafts(services)) == 2  # its reading will say that it is cut off


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_picture_whose_second_half_is_still_on_its_way_is_left_alone(
    services: Services, format: str
) -> None:
    path, content = folder_of(services) / "slow", io.BytesIO()
    Image.effect_noise((400, 400), 60).save(content, format)
    inbox = Inbox(lambda: inbox_targets(services))
    path.write_bytes(content.getvalue()[: len(content.getvalue()) // 2])
    for _ in range(3):
        assert not inbox.take_up_to_one_file_per_folder()
    path.write_bytes(content.getvalue())
    assert not inbox.take_up_to_one_file_per_folder()
    assert inbox.take_up_to_one_file_per_folder()
    assert (folder_of(services) / TAKEN / "slow").read_bytes() == content.getvalue()


def test_a_file_that_has_its_size_before_its_bytes_is_left_alone(services: Services) -> None:
    """As some programs copy: they set the size first."""
    path, content = folder_of(services) / "scan.jpg", scanned("one page")
    inbox = Inbox(lambda: inbox_targets(services))
    path.write_bytes(content[:1000] + bytes(len(content) - 1000))
    inbox.take_up_to_one_file_per_folder()
    path.write_bytes(content)
    assert not inbox.take_up_to_one_file_per_folder()
    assert inbox.take_up_to_one_file_per_folder()
    assert (folder_of(services) / TAKEN / "scan.jpg").read_bytes() == content


def put_in_place(path: Path, content: bytes) -> None:
    """Exchange a file for another inode that has the same time of its last change."""
    before, other = path.stat(), path.with_name("~other")
    other.write_bytes(content)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) != (before.st_ino, before.st_mtime_ns)


def test_a_scan_on_a_drive_that_gives_it_another_inode_at_each_look_is_taken(services: Services) -> None:
    path, content = folder_of(services) / "scan.pdf", memo("ฉบับแรก")
    path.write_bytes(content)
    inbox = Inbox(lambda: inbox_targets(services))
    assert not inbox.take_up_to_one_file_per_folder()
    put_in_place(path, content)
    assert inbox.take_up_to_one_file_per_folder()
    assert [each.name for each in (folder_of(services) / TAKEN).iterdir()] == ["scan.pdf"]


def test_a_scan_that_is_exchanged_after_it_is_stored_is_taken_too(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder_of(services) / "scan.pdf"
    path.write_bytes(memo("ฉบับแรก"))
    following = memo("ฉบับแรก").replace(b"%PDF", b" %PDF", 1)[: path.stat().st_size]  # white space may precede
    store = Uploads.store

    def exchanged(*given: object, **named: object) -> object:
        monkeypatch.setattr(Uploads, "store", store)  # once
        answer = store(*given, **named)  # type: ignore[arg-type]
        put_in_place(path, following)
        return answer

    monkeypatch.setattr(Uploads, "store", exchanged)
    for _ in range(2):
        collect(services)
    assert len(drafts(services)) == 2
    assert (folder_of(services) / TAKEN / "scan.pdf").read_bytes() == following


@pytest.mark.parametrize("moment", ["before it is stored", "after it is stored", "before it is cut"])
def test_the_next_scan_of_the_same_name_is_taken_too(
    services: Services, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = folder_of(services) / "scan.pdf"
    path.write_bytes(memo("ฉบับแรก"))
    following = stack(scanned("first"), scanned("sheet", SEPARATOR_TEXT), scanned("second"))
    owner, step = (watched.sandbox, "run_in_sandbox") if "cut" in moment else (Uploads, "store")
    original = getattr(owner, step)

    def written_over(*given: object, **named: object) -> object:
        monkeypatch.setattr(owner, step, original)  # once
        if "before" in moment:
            path.write_bytes(following)
        answer = original(*given, **named)
        path.write_bytes(following)
        return answer

    monkeypatch.setattr(owner, step, written_over)
    for _ in range(2):
        collect(services)
    assert [each.name for each in (folder_of(services) / TAKEN).iterdir()] == ["scan.pdf"]
    assert (folder_of(services) / TAKEN / "scan.pdf").read_bytes() == following
    names = [name for name, _ in attached(services)]
    assert names == ["scan (1).pdf", "scan (2).pdf", *(["scan.pdf"] if "after" in moment else [])]
    whole = sha256_of_file(folder_of(services) / TAKEN / "scan.pdf")
    papers = services.attachments.by_announcement(each.id for each in drafts(services))
    for draft in drafts(services):
        (paper,) = papers[draft.id]
        assert draft.ref is not None
        assert draft.ref.split(":")[1] == (paper.sha256 if paper.filename == "scan.pdf" else whole)


@pytest.mark.parametrize(
    "name",
    [
        *("note.txt", "half.tmp", "half.part", "half.partial", "half.pdf.crdownload", "half.filepart"),
        *("desktop.ini", "Thumbs.db", ".scan.pdf", "~$letter.docx", "~scan.pdf", "NOTE.TXT"),
    ],
)
def test_what_is_no_scan_of_the_clerk_stays_untouched(services: Services, name: str) -> None:
    (folder_of(services) / name).write_bytes(memo("ไม่ใช่สแกน"))
    (folder_of(services) / "scan.pdf").write_bytes(memo("สแกน"))
    collect(services)
    assert [name for name, _ in attached(services)] == ["scan.pdf"]
    assert {each.name for each in folder_of(services).iterdir()} == {name, TAKEN}


def test_a_scan_settles_while_others_are_taken(services: Services) -> None:
    folder = folder_of(services)
    for name in ("a.pdf", "b.pdf"):
        (folder / name).write_bytes(memo(name))
    inbox = Inbox(lambda: inbox_targets(services))
    inbox.take_up_to_one_file_per_folder()
    (folder / "late.pdf").write_bytes(memo("มาทีหลัง"))
    assert [inbox.take_up_to_one_file_per_folder() for _ in range(4)] == [True, True, True, False]


def test_a_scan_is_looked_through_for_viruses_once(services: Services, tmp_path: Path) -> None:
    log = tmp_path / "clamd.log"
    with clamd(options=f"LogFile {log}\nLogClean yes") as address:
        (folder_of(services) / "scan.pdf").write_bytes(memo("สแกนแล้ว"))
        guarded = build_services(replace(services.settings, clamd=address))
        collect(guarded)
        assert len(attached(guarded)) == 1
        close(guarded)
    assert sum(line.endswith("OK") for line in log.read_text().splitlines() if "instream" in line) == 1


def _refuse_set_group_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse ``chmod`` with that bit, as ``RestrictSUIDSGID=yes`` of ``prakat.service`` does."""
    changed = os.chmod

    def chmod(path: Path, mode: int, **options: bool) -> None:
        if mode & 0o6000:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))
        changed(path, mode, **options)

    monkeypatch.setattr(os, "chmod", chmod)


def test_what_is_no_document_is_put_aside_with_the_reason(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_of(services).chmod(0o2770)
    _refuse_set_group_id(monkeypatch)
    (folder_of(services) / "program.exe").write_bytes(b"MZ...")
    os.mkfifo(folder_of(services) / "pipe")
    (folder_of(services) / "link.pdf").symlink_to("/etc/hostname")
    before = os.umask(0o077)  # that of the service
    try:
        collect(services)
    finally:
        os.umask(before)
    assert drafts(services) == []
    reason = (folder_of(services) / REFUSED / "program.exe.txt").read_text(encoding="utf-8")
    assert "รับเฉพาะ" in reason
    assert (folder_of(services) / REFUSED / "program.exe").exists()
    assert (folder_of(services) / REFUSED).stat().st_mode & 0o7777 == 0o2770  # clerks of the share open it
    assert (folder_of(services) / REFUSED / "program.exe.txt").stat().st_mode & 0o777 == 0o660


def test_separator_sheets_part_a_stack(services: Services) -> None:
    content = stack(
        scanned("sheet", SEPARATOR_TEXT, turn=-3),
        scanned("first, page 1"),
        scanned("first, page 2", "https://example.go.th/another-code"),
        scanned("sheet", SEPARATOR_TEXT, turn=178),
        scanned("sheet", SEPARATOR_TEXT),
        scanned("second, page 1"),
    )
    (folder_of(services) / "stack.pdf").write_bytes(content)
    collect(services)
    assert [name for name, _ in attached(services)] == ["stack (1).pdf", "stack (2).pdf"]
    counts = []
    for draft in sorted(drafts(services), key=lambda each: each.id):
        (attachment,) = services.attachments.by_announcement([draft.id])[draft.id]
        with services.files.open(attachment.sha256) as stream, pikepdf.open(stream) as pdf:
            counts.append(len(pdf.pages))
    assert counts == [2, 1]
    (folder_of(services) / "again.pdf").write_bytes(content)
    collect(services)
    assert len(drafts(services)) == 2


@pytest.mark.parametrize(
    ("owner", "step"),
    [(Uploads, "store"), (AnnouncementCommands, "create"), (AttachmentCommands, "attach"), (Path, "rename")],
)
def test_a_crash_at_any_step_makes_neither_two_drafts_nor_none(
    services: Services, tmp_path: Path, owner: type, step: str
) -> None:
    content = memo("ไฟดับกลางคัน")
    (folder_of(services) / "scan.pdf").write_bytes(content)
    close(services)

    def killed_at_the_step() -> None:
        kill_after(owner, step)
        collect(watching(tmp_path))

    assert ended(in_child(killed_at_the_step)) == KILLED
    again = watching(tmp_path)
    collect(again)
    assert len(drafts(again)) == 1
    assert attached(again) == [("scan.pdf", len(content))]
    assert not (folder_of(again) / "scan.pdf").exists()


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize(
    ("owner", "step"), [(Uploads, "store"), (AnnouncementCommands, "create"), (AttachmentCommands, "attach")]
)
def test_a_crash_within_a_stack_makes_one_draft_of_each_of_its_documents(
    services: Services, tmp_path: Path, owner: type, step: str, call: int
) -> None:
    content = stack(scanned("first"), scanned("sheet", SEPARATOR_TEXT), scanned("second"))
    (folder_of(services) / "stack.pdf").write_bytes(content)
    close(services)

    def killed_at_the_step() -> None:
        kill_after(owner, step, call)
        collect(watching(tmp_path))

    assert ended(in_child(killed_at_the_step)) == KILLED
    again = watching(tmp_path)
    collect(again)
    assert len(drafts(again)) == 2
    assert [name for name, _ in attached(again)] == ["stack (1).pdf", "stack (2).pdf"]
    assert not (folder_of(again) / "stack.pdf").exists()


def kill_after(owner: type, name: str, call: int = 1) -> None:
    """Have this process die right after a call of a method: the first, the second and so on."""
    original = getattr(owner, name)
    calls = itertools.count(1)

    def called(*args: object, **kwargs: object) -> object:
        returned = original(*args, **kwargs)
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return returned

    setattr(owner, name, called)


def test_a_full_disk_leaves_the_scan_in_the_folder(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder_of(services) / "scan.pdf").write_bytes(memo("ดิสก์เต็ม"))

    def full(_self: Uploads, _stream: BinaryIO, **_named: object) -> None:
        raise Unavailable("พื้นที่ดิสก์เต็ม")

    with monkeypatch.context() as patch:
        patch.setattr(Uploads, "store", full)
        with pytest.raises(Unavailable):
            collect(services)
    assert (folder_of(services) / "scan.pdf").exists()
    collect(services)
    assert len(drafts(services)) == 1


def give_up_powers_of_root() -> None:
    """Let the permissions of files count for this process, also where it is root's."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()  # no capability is left
    assert ctypes.CDLL(None).capset(header, none) == 0


def test_what_cannot_be_read_or_moved_stops_no_other_file_or_folder(
    services: Services, tmp_path: Path
) -> None:
    services.organisations.change("main", to=Organisation(id=1, slug="pladuk", name="หนองปลาดุก", host=None))
    for town in ("bangkhen", "closed", "dindaeng"):
        services.organisations.add(town, town, None)
    folders = {town: folder_of(services) / town for town in ("bangkhen", "closed", "dindaeng", "pladuk")}
    for folder in folders.values():
        folder.mkdir()
    unreadable = folders["bangkhen"] / "a.pdf"
    unreadable.write_bytes(memo("ของเครื่องสแกนเนอร์"))
    os.utime(unreadable, (1, 1))
    unreadable.chmod(0)
    good = [folders[town] / "b.pdf" for town in ("bangkhen", "pladuk")]
    for path in good:
        path.write_bytes(memo(f"เอกสารของ {path.parent.name}"))
    immovable = folders["dindaeng"] / "immovable.pdf"
    immovable.write_bytes(memo("ย้ายไม่ได้"))
    folders["dindaeng"].chmod(0o500)
    folders["closed"].chmod(0)
    close(services)

    def work() -> None:
        give_up_powers_of_root()
        handler = logging.FileHandler(tmp_path / "log")
        handler.setFormatter(logging.Formatter("%(message)s %(file)s"))
        watched.log.addHandler(handler)
        child = watching(tmp_path)
        inbox = Inbox(lambda: inbox_targets(child))
        for _ in range(4):
            inbox.take_up_to_one_file_per_folder()

    assert ended(in_child(work)) == 0
    for folder in folders.values():
        folder.chmod(0o700)
    assert unreadable.exists()
    assert [path.exists() for path in good] == [False, False]
    assert len(drafts(watching(tmp_path))) == 3  # the immovable one once
    said = (tmp_path / "log").read_text("utf-8")
    assert [said.count(f"cannot be taken {path}") for path in (unreadable, immovable, folders["closed"])] == [
        1
    ] * 3


def test_each_organisation_has_a_folder_of_its_own(services: Services) -> None:
    services.organisations.change("main", to=Organisation(id=1, slug="pladuk", name="หนองปลาดุก", host=None))
    services.organisations.add("bangkhen", "บางเขน", None)
    folders = inbox_targets(services)
    assert sorted(path.name for path in folders) == ["bangkhen", "pladuk"]
    folder = folder_of(services) / "bangkhen"
    folder.mkdir()
    (folder / "scan.pdf").write_bytes(memo("ของบางเขน"))
    collect(services)
    (draft,) = drafts(services)
    assert draft.organisation == services.organisations.all()[1].id
