"""Settings → services: the only place that picks adapters."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from archive.eraser import Eraser
from archive.errors import PrakatError, SettingsError
from archive.harvest_ports import Harvest
from archive.intake import Intake
from archive.model import PROVINCE, Announcement, Organisation
from archive.ports import (
    Audit,
    Database,
    Examination,
    Files,
    Jobs,
    Leases,
    Organisations,
    People,
    ReadabilityCheck,
    Scanner,
)
from archive.repositories import Records
from archive.transfer_ports import Transfer
from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from indexer.extraction.page_images import PagePictures
from indexer.extraction.text_layer import SearchableCopies
from indexer.inbox import Inbox, InboxTarget
from indexer.lazy_import import lazy_import
from indexer.leader_leases import COLLECT_SCANS, MAINTAIN, SYNC_INDEX, LeaderLeases, lease_holder_name
from indexer.search.ports import SearchIndex
from storage.backup import manifest
from storage.backup.keys import BackupKeys
from storage.backup.last_backup import NOTE, LastBackupComparison, read_backup_note
from storage.backup.manifest import BackupManifest
from storage.backup.rehearsal import rehearse_restore as unpack_backup_aside
from storage.backup.restore import open_backup, restore_backup
from storage.backup.writer import Backups
from storage.damaged_rows import DamagedRows
from storage.engine import Engine
from storage.files.local import LocalFiles
from storage.files.virus_scanner import Clamd
from storage.hash_chain import AuditTrail
from storage.move import MoveResult, move_files, move_records, refuse_target_with_archive
from storage.permissions import DataPermissions
from storage.repositories.harvest import EngineHarvest
from storage.repositories.jobs import EngineJobs
from storage.repositories.leases import EngineLeases
from storage.repositories.organisations import EngineOrganisations
from storage.repositories.people import open_people
from storage.repositories.records import open_records
from storage.repositories.transfer import EngineTransfer
from storage.tenancy import OrganisationQueries
from web.database_connection import engine_of, open_database, require_library
from web.repository_access import RepositoryAccess
from web.settings import Settings

if TYPE_CHECKING:
    import flask

    from indexer import consistency, scrub, worker
    from indexer.extraction import pipeline, redaction, rereading
    from web.serving import request_address
else:  # commands that only read the archive need none of these
    flask = lazy_import("flask")
    consistency = lazy_import("indexer.consistency")
    pipeline = lazy_import("indexer.extraction.pipeline")
    redaction = lazy_import("indexer.extraction.redaction")
    rereading = lazy_import("indexer.extraction.rereading")
    scrub = lazy_import("indexer.scrub")
    request_address = lazy_import("web.serving.request_address")
    worker = lazy_import("indexer.worker")

_MEGABYTE = 1 << 20


ORGANISATION, KNOWN = "prakat.organisation", "prakat.organisations"
"""Keys in a request's WSGI environment: its organisation (None for the only one), and all organisations."""


@dataclass(frozen=True, slots=True)
class Services(RepositoryAccess):
    """Everything that pages, API and commands work with, wired once per process.

    The services of a process see all records. Where there are several organisations, ``for_organisation``
    returns the services for pages and commands of one organisation.
    """

    settings: Settings
    database: Database
    records: Records
    harvest: Harvest
    transfer: Transfer
    jobs: Jobs
    people: People
    leases: Leases
    files: Files
    scanner: Scanner | None
    backups: Backups
    audit: Audit
    readability_check: ReadabilityCheck
    examinations: Sequence[Examination]
    index: SearchIndex
    dictionary: Dictionary
    intake: Intake
    pictures: PagePictures
    copies: SearchableCopies
    eraser: Eraser
    secret_key: str
    organisations: Organisations
    organisation: Organisation | None = None  # the organisation of these services; None: the only one
    towns: Mapping[int, Organisation] = field(default_factory=dict)  # by id, where there are several

    def for_organisation(
        self, organisation: Organisation | None, organisations: Sequence[Organisation]
    ) -> Services:
        """Returns the services of one organisation or of the province; with None these services unchanged.

        The province's services see all records, but only the province's own people. The services of an
        organisation see nothing of another organisation.
        """
        if organisation is None:
            return self
        engine = cast(Engine, self.database)
        scope = OrganisationQueries(engine, organisation.id)
        towns = {each.id: each for each in organisations}
        whose = replace(self, organisation=organisation, towns=towns, people=open_people(scope))
        if whose.is_province:
            return whose
        records = open_records(scope)
        return replace(
            whose,
            settings=replace(
                self.settings,
                site_name=organisation.name or self.settings.site_name,
                base_url=whose.site_url_of_organisation(organisation.id),
            ),
            records=records,
            harvest=EngineHarvest(scope),
            transfer=EngineTransfer(scope),
            eraser=Eraser(records, self.records, self.files, (self.pictures, self.copies)),
            jobs=EngineJobs(scope),
            intake=_intake(records, self.files, self.scanner, self.settings),
        )

    def check_consistency(
        self, *, repair: bool = False, progress: consistency.Progress = lambda _step, _done, _total: None
    ) -> consistency.ConsistencyReport:
        """Check every stored byte, record and index entry; with ``repair`` do all harmless repairs."""
        return consistency.check_consistency(
            self.records,
            self.jobs,
            self.files,
            self.index,
            self.database,
            repair=repair,
            examinations=self.examinations,
            progress=progress,
        )

    @property
    def redactor(self) -> redaction.Redactor:
        """Returns the maker of redacted copies."""
        settings = self.settings
        return redaction.Redactor(self.files, settings.data / "redactions", jobs=settings.ocr_jobs)

    @property
    def rereader(self) -> rereading.PageRereader:
        """Returns the reader that recognises a single page again."""
        settings = self.settings
        return rereading.PageRereader(self.files, settings.data / "rereadings", jobs=settings.ocr_jobs)

    @property
    def is_province(self) -> bool:
        """Returns True when the services are for all organisations together, where there are several."""
        return self.organisation is not None and self.organisation.id == PROVINCE

    def site_url_of(self, announcement: Announcement) -> str:
        """Returns the full address of the site that an announcement is on."""
        return (
            self.site_url_of_organisation(announcement.organisation)
            if self.is_province
            else self.settings.base_url
        )

    def site_url_of_organisation(self, organisation: int) -> str:
        """Returns the full address of an organisation's site.

        An organisation that joined a moment ago gets the address of the whole installation.
        """
        town = self.towns.get(organisation)
        if town is None:
            return self.settings.base_url
        whole = urlsplit(self.settings.base_url)
        if town.host is None:
            return f"{self.settings.base_url}/{town.slug}"
        port = f":{whole.port}" if whole.port else ""
        return f"{whole.scheme}://{town.host}{port}"


def services() -> Services:
    """Returns the services of the running application; in a request, those of the request's organisation."""
    whole = cast(Services, flask.current_app.extensions["prakat"])
    if not flask.has_request_context():
        return whole
    if "services" not in flask.g:
        environ = flask.request.environ
        known = environ[KNOWN]
        address = request_address.public_base_url(whole.settings, {each.host for each in known if each.host})
        if address != whole.settings.base_url:
            whole = replace(whole, settings=replace(whole.settings, base_url=address))
        flask.g.services = whole.for_organisation(environ[ORGANISATION], known)
    return cast(Services, flask.g.services)


def build_services(settings: Settings, *, may_begin_empty: bool = False) -> Services:
    """Open (and where needed create) everything that the settings name.

    Raises ``SettingsError`` when an empty database would be made although originals, an index or a note
    on a backup say that there was one; unless ``may_begin_empty``.
    """
    data = settings.data
    engine = open_database(
        settings, (lambda: None) if may_begin_empty else partial(raise_if_archive_traces, settings)
    )
    dictionary = Dictionary(data / manifest.WORDS)
    files = _files(settings.files, data)
    records = open_records(engine)
    scanner = Clamd(settings.clamd) if settings.clamd else None
    pictures, copies = PagePictures(files, data / "pictures"), SearchableCopies(files, data / "copies")
    return Services(
        settings=settings,
        database=engine,
        records=records,
        harvest=EngineHarvest(engine),
        transfer=EngineTransfer(engine),
        jobs=EngineJobs(engine),
        people=open_people(engine),
        leases=EngineLeases(engine),
        files=files,
        scanner=scanner,
        backups=Backups(data, engine, files, _backup_keys(settings)),
        audit=AuditTrail(engine),
        readability_check=DamagedRows(engine),
        examinations=(
            DataPermissions(data),
            DamagedRows(engine),
            AuditTrail(engine),
            LastBackupComparison(data, engine),
            dictionary,
        ),
        index=_index(settings.search, data, dictionary),
        dictionary=dictionary,
        intake=_intake(records, files, scanner, settings),
        pictures=pictures,
        copies=copies,
        eraser=Eraser(records, records, files, (pictures, copies)),
        secret_key=settings.secret_key or _kept_secret(data / manifest.SECRET),
        organisations=EngineOrganisations(engine),
    )


def may_hold_archive(settings: Settings) -> bool:
    """Returns True where the data directory has a trace of an archive, or the database is elsewhere."""
    traces = (manifest.DATABASE, manifest.FILES, "index", NOTE)
    return settings.database != "sqlite" or any((settings.data / name).exists() for name in traces)


def raise_if_archive_traces(settings: Settings) -> None:
    """Raise ``SettingsError`` when something beside a missing database says that it is lost, not new.

    The caller knows that the database is missing.
    """
    data = settings.data
    evidence = {
        "ไฟล์ต้นฉบับ (originals)": any(True for _ in _files(settings.files, data).all()),
        "ดัชนี (an index)": _has_index(settings),
        f"บันทึกการสำรอง ({NOTE})": (data / NOTE).exists(),
    }
    found = ", ".join(name for name, is_there in evidence.items() if is_there)
    if found:
        place = data / manifest.DATABASE if settings.database == "sqlite" else "PRAKAT_DATABASE"
        raise SettingsError(
            f"ไม่พบฐานข้อมูลที่ {place} แต่ยังมี {found} ของคลังเดิม จึงไม่เริ่มคลังว่าง"
            f" ย้ายโฟลเดอร์ {data} ไปไว้ที่อื่นแล้วกู้คืนด้วย prakat restore ถ้าตั้งใจเริ่มใหม่ ใช้ prakat begin-anew"
            " (the database is gone, but not what belongs to it: move the data directory away and restore a"
            " backup; to begin an empty archive beside it, run: prakat begin-anew)"
        )


def _has_index(settings: Settings) -> bool:
    if settings.search == "whoosh" and not (settings.data / "index").exists():
        return False
    try:
        return (
            _index(settings.search, settings.data, Dictionary(settings.data / manifest.WORDS)).position() > 0
        )
    except PrakatError:  # a damaged or unreachable index says nothing
        return False


def _intake(records: Records, files: Files, scanner: Scanner | None, settings: Settings) -> Intake:
    return Intake(records, files, max_upload_bytes=settings.max_upload_mb * _MEGABYTE, scanner=scanner)


def restore(
    settings: Settings,
    source: Path,
    progress: Callable[[str, int, int], None],
    *,
    generation: str | None = None,
    identity: Path | None = None,
) -> Services:
    """Unpack a backup and return its services without an index. See ``storage.backup.restore``."""
    unpack = partial(
        restore_backup,
        source,
        progress=progress,
        generation=generation,
        keys=_backup_keys(settings, identity),
    )
    if (settings.database, settings.files) == _EMBEDDED:
        unpack(settings.data)
    else:
        _restore_to_servers(settings, unpack, progress)
    services = build_services(settings)
    # A worker that was reading a document when the backup was made does not know this copy.
    services.jobs.settle_lapsed(lease=worker.LEASE, now=dt.datetime.now(dt.UTC) + worker.LEASE)
    return services


def rehearse_restore(settings: Settings, source: Path, identity: Path | None = None) -> BackupManifest:
    """Restore the newest backup beside the archive, compare it, and delete it again."""
    room = settings.data / "restore-rehearsal"
    return unpack_backup_aside(source, room, _backup_keys(settings, identity))


_EMBEDDED = ("sqlite", "local")
_UNPACKED = "unpacked"


def backup_generations(source: Path) -> list[tuple[str, str]]:
    """Return the name of each generation, oldest first, and why it cannot be restored, else ""."""
    return list(open_backup(source).examine_generations())


def last_backup_place(settings: Settings) -> Path | None:
    """Return where the last backup of a data directory went, also where its archive does not open."""
    note = read_backup_note(settings.data)
    return note.destination if note else None


def _backup_keys(settings: Settings, identity: Path | None = None) -> BackupKeys:
    return BackupKeys(
        signing_key=settings.backup_signing_key, recipient=settings.backup_recipient, identity=identity
    )


def _restore_to_servers(
    settings: Settings, unpack: Callable[[Path], object], progress: Callable[[str, int, int], None]
) -> None:
    """Restore into the data directory first, then move from there to the servers.

    After a kill the same command continues.
    """
    with closing(engine_of(settings.database, settings.data)) as engine:
        refuse_target_with_archive(engine)
    unpacked = settings.data / _UNPACKED
    shutil.rmtree(unpacked, ignore_errors=True)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    unpack(unpacked)
    move_archive(replace(settings, data=unpacked, database="sqlite", files="local"), settings, progress)
    shutil.rmtree(unpacked)


def move_archive(source: Settings, target: Settings, progress: Callable[[str, int, int], None]) -> MoveResult:
    """Carry files, records and people to where ``target`` keeps them; see ``storage.move``."""
    moved = MoveResult()
    target.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _place(source.files, source.data) != _place(target.files, target.data):
        move_files(_files(source.files, source.data), _files(target.files, target.data), moved, progress)
    if _place(source.database, source.data) != _place(target.database, target.data):
        with (
            closing(engine_of(source.database, source.data)) as engine,
            closing(engine_of(target.database, target.data)) as other,
        ):
            move_records(engine, other, moved, progress)
    for name in (manifest.WORDS, manifest.SECRET, manifest.SETTINGS):
        if (source.data / name).exists() and not (target.data / name).exists():
            shutil.copy2(source.data / name, target.data / name)
    return moved


def _place(engine: str, data: Path) -> str | Path:
    """Returns the engine's address, or the data directory for an embedded engine.

    Embedded engines keep their files in the data directory, each under a name of its own.
    """
    return engine if "://" in engine else data.resolve()


def build_worker(services: Services) -> worker.Worker:
    """Returns the worker that reads and indexes in the background on the same services."""
    from web.follower_mail import FollowerMailer  # it searches with these services

    reader = pipeline.AttachmentReader(services.records, services.files, ocr_jobs=services.settings.ocr_jobs)
    return worker.Worker(
        services.records,
        services.jobs,
        services.intake,
        services.index,
        reader,
        leader_leases(services, lease_holder_name()),
        scrub.Scrubber(
            services.records, services.files, services.index, scrub_record_path(services.settings)
        ),
        Inbox(lambda: inbox_targets(services)),
        services.pictures,
        FollowerMailer(services).send_due_and_forget_unconfirmed if services.settings.smtp_url else None,
    )


def inbox_targets(services: Services) -> dict[Path, InboxTarget]:
    """Returns the watched folders with where their scans go.

    Where there are several organisations, each has a folder of its own, named by its slug.
    """
    if not services.settings.inbox:
        return {}
    folder, known = Path(services.settings.inbox).expanduser(), services.organisations.all()
    if len(known) == 1:
        return {folder: InboxTarget(services.records, services.intake)}
    scoped = {town.slug: services.for_organisation(town, known) for town in known}
    return {folder / slug: InboxTarget(each.records, each.intake) for slug, each in scoped.items()}


def scrub_record_path(settings: Settings) -> Path:
    """The file in which the worker keeps what its scrub has read and found."""
    return settings.data / "scrub.json"


def leader_leases(services: Services, holder: str) -> LeaderLeases:
    """Returns the leases for duties that one worker at a time does for all workers.

    An index in a directory, and a watched folder, belong to a worker on the same machine.
    """
    place = _place(services.settings.search, services.settings.data)
    index = "" if isinstance(place, str) else f" {socket.gethostname()}:{place}"
    names = {SYNC_INDEX: f"{SYNC_INDEX}{index}", MAINTAIN: MAINTAIN}
    if services.settings.inbox:
        names[COLLECT_SCANS] = f"{COLLECT_SCANS} {socket.gethostname()}:{services.settings.inbox}"
    return LeaderLeases(services.leases, names, holder)


def _files(files: str, data: Path) -> Files:
    if files == "local":
        return LocalFiles(data / manifest.FILES)
    with require_library("PRAKAT_FILES"):
        from storage.files.s3 import S3Files
    return S3Files(files)


def _index(search: str, data: Path, dictionary: Dictionary) -> SearchIndex:
    if search == "whoosh":
        return WhooshIndex(data / "index", dictionary)
    with require_library("PRAKAT_SEARCH"):
        from indexer.engines.opensearch import OpenSearchIndex
    return OpenSearchIndex(search, dictionary)


_SHORTEST_SECRET = 32  # characters; a shorter key is what a power cut left, and is replaced


def _kept_secret(path: Path) -> str:
    """Returns the secret key; creates it first where there is none, readable by the owner only.

    Processes that start together agree on one key. A key that a power cut left too short is replaced.
    """
    with suppress(FileNotFoundError):
        if len(kept := path.read_text(errors="replace").strip("\0\n ")) >= _SHORTEST_SECRET:
            return kept
        path.unlink()
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as made:  # 0600
        made.write(secrets.token_hex(32))
        made.flush()
        os.fsync(made.fileno())
        with suppress(FileExistsError):  # another process was faster
            os.link(made.name, path)
    return path.read_text()
