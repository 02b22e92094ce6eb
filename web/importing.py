"""Imports many announcements from a manifest or from an older site's pages: any size, resumable.

An announcement is added with all its files in one transaction; of a manifest line whose file is refused
nothing is added. Announcements imported before are found again by their ``ref``: running an import again
adds nothing twice and completes an import that was cut short. What was covered, replaced, taken off or
erased since stays so. An outage (full disk, no virus scanner) ends the import.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import posixpath
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import unquote_to_bytes

from archive import validation
from archive.addresses import readable_file_name, readable_path, split_address
from archive.changes import IMPORTER
from archive.errors import Conflict, Invalid, PersonalDataFound, PrakatError, TooLarge, Unavailable
from archive.importers import manifest, paperless
from archive.importers.legacy_site import OldFile, OldPage, SiteKind
from archive.importers.manifest import ListedAnnouncement, ListedFile
from archive.model import Announcement, Draft, Status
from archive.ports import StoredFile
from web.bootstrap import Services

_LONGEST_BATCH = 0.5  # seconds of a transaction, for which other writers may have to wait
_LARGEST_PAGE = 16 << 20  # bytes; a saved page holds text alone, pictures lie beside it

_Source = tuple[str, Callable[[], ListedAnnouncement]]
"""Where an announcement stands, for the report's problems, and the function that reads it."""


@dataclass
class ImportReport:
    """Counts and problems of an import. ``problems`` are ``(where, why)``."""

    added: int = 0  # new announcements
    already_present: int = 0  # announcements that an earlier import added
    files: int = 0  # files attached
    total: int = 0  # announcements in the source
    problems: list[tuple[str, str]] = field(default_factory=list)


def import_manifest(services: Services, path: Path, progress: Callable[[int, int], None]) -> ImportReport:
    """Import lines of a JSON Lines file whose ``ref`` is not here yet, with files; ``Unavailable`` stops it.

    The files lie beside it, and the lines name them.
    """
    with path.open("rb") as counted:
        total = sum(1 for line in counted if line.strip())
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        sources = (
            (f"บรรทัด {number}", partial(manifest.parse_line, line))
            for number, line in enumerate(lines, start=1)
            if line.strip()
        )
        return _import(services, sources, path.parent, lambda done: progress(done, total))


def import_site(
    services: Services, path: Path, site: SiteKind, progress: Callable[[int, int], None]
) -> ImportReport:
    """Import and publish the saved pages at or below ``path``, with files; as drafts with personal data.

    Files lie beside the pages. A file that is missing or refused is named in the announcement's text and in
    the report's problems.
    """
    directory = path if path.is_dir() else path.parent
    pages = [path]
    if path.is_dir():
        pages = sorted(
            {page for pattern in site.patterns for page in path.rglob(pattern) if not page.is_dir()}
        )
    places = _FilePlaces(directory)
    done = 0

    def announcements() -> Iterator[_Source]:
        nonlocal done
        for page in pages:
            done += 1
            where = readable_file_name(str(page.relative_to(directory)))
            try:
                for old in site.read_saved_page(_read_page(page, directory), page.stem):
                    yield where, partial(_listed, page, old, places)
            except PrakatError as error:
                yield where, partial(_listed, page, error, places)

    report = _import(
        services,
        announcements(),
        directory,
        lambda _seen: progress(done, len(pages)),
        without_files=True,
    )
    if not report.total:
        why = (
            f"ไม่พบประกาศตามกฎนี้ในไฟล์ {' '.join(site.patterns)} ดูว่า --rules ตรงกับเว็บไซต์เดิมหรือไม่"
            " (nothing was recognised: do the --rules fit the site?)"
        )
        report.problems.append((str(path), why))
    return report


def _listed(page: Path, old: OldPage | PrakatError, places: _FilePlaces) -> ListedAnnouncement:
    """Returns the announcement of a saved page; raises the error that stands in its place."""
    if isinstance(old, PrakatError):
        raise old
    return ListedAnnouncement(
        dataclasses.replace(old.draft, ref=_reference(page.relative_to(places.directory), old)),
        Status.PUBLISHED,
        tuple(
            ListedFile(places.find(page, file), file.label, None, file.stored_at, file.filename)
            for file in old.files
        ),
    )


def _reference(page: PurePath, old: OldPage) -> str:
    """Returns the ``ref`` of an announcement of a page, whose path is relative to the imported folder.

    One of many on a page has the same on another page, such as the list of the newest or the next page of a
    list: it is known by what it says and by its files' addresses, not by the page.
    """
    if not old.key:
        return f"site:{readable_file_name(page.as_posix())}"
    if ":" in old.key:  # of the whole site
        return f"site:{old.key}"
    folder = f"/{page.parent.as_posix()}"
    addresses = [posixpath.normpath(posixpath.join(folder, _path_on_site(file))) for file in old.files]
    told = "\n".join([old.key, *addresses])
    return f"site:#{hashlib.sha256(told.encode(errors='surrogatepass')).hexdigest()[:16]}"


def _path_on_site(file: OldFile) -> str:
    """Returns path and query of a file's address, or the name of one that has no address."""
    parts = split_address(file.address)
    return f"{parts.path}?{parts.query}" if file.address else file.filename


def import_paperless(services: Services, path: Path, progress: Callable[[int, int], None]) -> ImportReport:
    """Import the directory that paperless-ngx's exporter wrote, each document as a draft."""
    manifests = [path / paperless.MANIFEST, *sorted(path.rglob(paperless.DOCUMENT_MANIFESTS))]
    documents = paperless.parse_manifests(each.read_text("utf-8", "replace") for each in manifests)
    sources = (
        (f"เอกสาร {each.number}", partial(paperless.as_listed_announcement, each)) for each in documents
    )
    return _import(services, sources, path, lambda done: progress(done, len(documents)))


@dataclass(slots=True)
class _FilePlaces:
    """Finds the files that saved pages name, wherever a tool that saved the site has put them."""

    directory: Path
    _by_name: dict[str, list[PurePosixPath]] | None = None

    def find(self, page: Path, file: OldFile) -> PurePosixPath:
        """Returns the file's path below the directory; the place beside the page when it is nowhere."""
        beside = PurePosixPath(page.parent.relative_to(self.directory).as_posix())
        older = os.fsdecode(file.filename.encode("cp874", "replace"))  # as servers named files before UTF-8
        places = [beside / file.filename, beside / older]
        for name in _names_on_disk(file.address):
            linked = PurePosixPath(name)
            below = linked.relative_to(linked.anchor)
            places += [beside / below, below, PurePosixPath(split_address(file.address).netloc) / below]
        for place in places:
            inside = PurePosixPath(posixpath.normpath(place))
            if ".." not in inside.parts and _is_file(self.directory / inside):
                return inside
        names = {PurePosixPath(name).name for name in _names_on_disk(file.address)} | {file.filename}
        named = [place for name in names for place in self._named(name)] if file.address else []
        return named[0] if len(named) == 1 else places[0]

    def _named(self, filename: str) -> list[PurePosixPath]:
        if self._by_name is None:
            self._by_name = {}
            for path in self.directory.rglob("*"):
                relative = PurePosixPath(path.relative_to(self.directory).as_posix())
                self._by_name.setdefault(path.name, []).append(relative)
        return self._by_name.get(filename, [])


def _names_on_disk(address: str) -> Iterator[str]:
    """Yields the paths under which a tool that saves sites may have put the file of an address.

    As text; as the server's own bytes, which may be TIS-620; with the percent signs; with the arguments in
    the name.
    """
    if not address:
        return
    parts = split_address(address)
    for path in (parts.path, f"{parts.path}?{parts.query}"):
        yield from dict.fromkeys((readable_path(path), os.fsdecode(unquote_to_bytes(path)), path))


def _is_file(path: Path) -> bool:
    """Returns True for an ordinary file; False also for a name that is impossible on this disk."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read_page(page: Path, directory: Path) -> bytes:
    """Returns the bytes of a saved page.

    Raises ``Invalid`` for anything but an ordinary file, for a link that leads out of the folder, and for a
    file larger than ``_LARGEST_PAGE``.
    """
    path = page.resolve()
    if not path.is_relative_to(directory.resolve()):
        raise Invalid("ลิงก์ชี้ออกไปนอกโฟลเดอร์ที่นำเข้า จึงไม่อ่าน (link leads outside)")
    if not path.is_file():
        raise Invalid("ไม่ใช่ไฟล์ธรรมดา จึงไม่อ่าน (not an ordinary file)")
    with path.open("rb") as file:
        data = file.read(_LARGEST_PAGE + 1)
    if len(data) > _LARGEST_PAGE:
        raise Invalid(f"หน้าเว็บใหญ่เกิน {_LARGEST_PAGE >> 20} เมกะไบต์ (page is too large)")
    return data


def _import(
    services: Services,
    sources: Iterable[_Source],
    directory: Path,
    progress: Callable[[int], None],
    *,
    without_files: bool = False,
) -> ImportReport:
    """Import all ``sources``; ``without_files``: also an announcement of which a file is lost."""
    report = ImportReport()
    archive = _Import(services, directory, report, without_files)
    for batch in _batches(services, sources):
        for where, take in batch:
            try:
                archive.add(take(), where)
            except Unavailable:
                raise
            except (PrakatError, OSError, ValueError, RecursionError) as error:
                report.problems.append((where, _reason(error)))
            report.total += 1
            progress(report.total)
    return report


def _reason(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"อ่าน {error.filename} ไม่ได้ ให้ผู้ที่ใช้คำสั่งนี้อ่านได้ก่อน เช่น chmod -R a+rX (permission denied)"
    return getattr(error, "message", str(error))


def _batches(services: Services, sources: Iterable[_Source]) -> Iterator[Iterator[_Source]]:
    """Yields the sources in runs that are one transaction each: fast, and short enough for other writers.

    With a virus scanner, which may take minutes, each write is a transaction of its own, so that no other
    writer waits for the scanner.
    """
    rest = iter(sources)
    together = contextlib.nullcontext if services.scanner else services.records.batch
    for first in rest:

        def run(first: _Source = first) -> Iterator[_Source]:
            end = time.monotonic() + _LONGEST_BATCH
            yield first
            while time.monotonic() < end:
                try:
                    yield next(rest)
                except StopIteration:
                    return

        with together():
            yield run()


@dataclass(frozen=True, slots=True)
class _Import:
    """Imports listed announcements that the archive does not have yet."""

    services: Services
    directory: Path
    report: ImportReport
    without_files: bool

    def add(self, listed: ListedAnnouncement, where: str) -> None:
        paths = [self._path(file, where) for file in listed.files]
        known = self.services.announcements.by_external_ref(listed.draft.ref or "")
        if known is None:
            self._add_new(listed, paths, where)
        else:
            self._complete(known, listed, paths, where)

    def _add_new(self, listed: ListedAnnouncement, paths: list[Path | None], where: str) -> None:
        """Store the files first; then add the announcement with all of them in one transaction.

        A refused file leaves no announcement, unless an announcement may be without files; then its text
        names the files that it lacks.
        """
        stored, refused = self._store_all(listed, paths)
        self._refuse_without_files(refused)
        lacking = [_mention(at, listed) for at in range(len(paths)) if at not in stored]
        draft = dataclasses.replace(listed.draft, body="\n".join([listed.draft.body, *lacking]).strip())
        with self.services.records.batch():
            announcement, held_back = self._create(draft, listed.status)
            attached = [
                self._attach(announcement.id, listed.files[at], path, stored[at])
                for at, path in enumerate(paths)
                if path is not None and at in stored
            ]
        self.report.added += 1
        self.report.files += sum(is_new for _id, is_new in attached)
        self.report.problems += [(where, why) for why in (*held_back, *refused.values())]

    def _refuse_without_files(self, refused: dict[int, str]) -> None:
        if refused and not self.without_files:
            reasons = "; ".join(refused.values())
            raise Invalid(reasons, field="attachments")

    def _store_all(
        self, listed: ListedAnnouncement, paths: list[Path | None]
    ) -> tuple[dict[int, StoredFile], dict[int, str]]:
        """Returns, by position in the list, the stored files and the reasons for refused files."""
        stored: dict[int, StoredFile] = {}
        refused: dict[int, str] = {}
        for at, path in enumerate(paths):
            if path is not None:
                try:
                    name = listed.files[at].name
                    validation.label_or_file_name(listed.files[at].label, name)
                    with path.open("rb") as stream:
                        stored[at] = self.services.commands.uploads.store(
                            stream, filename=name, actor=IMPORTER
                        )
                except (Invalid, TooLarge) as error:
                    refused[at] = f"{listed.files[at].name}: {error.message}"
        return stored, refused

    def _create(self, draft: Draft, status: Status) -> tuple[Announcement, list[str]]:
        """Create the announcement; as a draft when its fields have personal data, for a person to decide.

        Returns it, and why it became a draft.
        """
        try:
            made = self.services.commands.announcements.create(draft, actor=IMPORTER, status=status)
        except PersonalDataFound as found:
            why = f"นำเข้าเป็นฉบับร่าง: {found.message} (personal data: imported as a draft)"
            return self.services.commands.announcements.create(draft, actor=IMPORTER), [why]
        return made, []

    def _path(self, file: ListedFile, where: str) -> Path | None:
        try:
            return _beside(self.directory, file)
        except Invalid as error:
            if not self.without_files:
                raise
            self.report.problems.append((where, error.message))
            return None

    def _attach_all(
        self, announcement_id: int, listed: ListedAnnouncement, paths: list[Path | None]
    ) -> tuple[dict[int, int], dict[int, str]]:
        """Attach the files of an announcement, but for those that were erased from it by order.

        Returns, by position in the list, the ids of attached files and the reasons for refused files.
        """
        taken: dict[int, int] = {}
        refused: dict[int, str] = {}
        for at, path in enumerate(paths):
            if path is not None:
                try:
                    taken[at], is_new = self._attach(announcement_id, listed.files[at], path)
                    self.report.files += is_new
                except (Invalid, TooLarge) as error:
                    refused[at] = f"{listed.files[at].name}: {error.message}"
                except Conflict as error:
                    if error.code != "file-erased":
                        raise
        return taken, refused

    def _attach(
        self, announcement_id: int, file: ListedFile, path: Path, stored: StoredFile | None = None
    ) -> tuple[int, bool]:
        """Returns the attachment's id, and True where it is new. ``stored``: the file, if stored already."""
        with path.open("rb") as stream:
            attachment, is_new = self.services.commands.attachments.attach(
                announcement_id,
                stream,
                filename=file.name,
                label=file.label,
                kind=file.kind,
                actor=IMPORTER,
                stored_at=file.stored_at,
                stored=stored,
            )
        return attachment.id, is_new

    def _complete(
        self, known: Announcement, listed: ListedAnnouncement, paths: list[Path | None], where: str
    ) -> None:
        """Attach the files that an announcement of an earlier import lacks, each in its place.

        The lines about these files are removed from the body.
        """
        taken, refused = self._attach_all(known.id, listed, paths)
        self._refuse_without_files(refused)
        self.report.problems += [(where, why) for why in refused.values()]
        self.report.already_present += 1
        mentions = {_mention(at, listed) for at in taken}
        lines = known.body.split("\n")
        if not mentions.intersection(lines):
            return
        body = "\n".join(line for line in lines if line not in mentions)
        self.services.commands.announcements.revise(known.id, {"body": body}, actor=IMPORTER)
        present = [each.id for each in self.services.attachments.by_announcement([known.id])[known.id]]
        listed_first = dict.fromkeys(id for id in (*taken.values(), *present) if id in present)
        self.services.commands.attachments.reorder(known.id, [*listed_first], actor=IMPORTER)


def _mention(at: int, listed: ListedAnnouncement) -> str:
    """Returns the line for a lost file, as the old page had it."""
    file = listed.files[at]
    return f"เอกสารแนบ {at + 1}. {file.label} [{file.name}]"


def _beside(directory: Path, file: ListedFile) -> Path:
    """Returns the file's path. Raises ``Invalid`` when the file is missing or outside the folder."""
    lost = Invalid(f"ไม่พบไฟล์ {file.path} (file not found)", field="attachments")
    try:
        path = (directory / file.path).resolve()
    except (OSError, ValueError) as error:  # the name is impossible on this disk
        raise lost from error
    if not path.is_relative_to(directory.resolve()):
        raise Invalid(f"ไฟล์ {file.path} อยู่นอกโฟลเดอร์ของรายการนำเข้า (outside)", field="attachments")
    if not _is_file(path):
        raise lost
    return path
