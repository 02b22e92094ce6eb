"""Settings → services: everything that pages, API and commands work with, wired once per process."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from archive.eraser import Eraser
from archive.harvest_ports import Harvest
from archive.model import PROVINCE, Announcement, Organisation, Status
from archive.ports import (
    Audit,
    Database,
    Examination,
    Files,
    Jobs,
    Leases,
    Organisations,
    People,
    Progress,
    ReadabilityCheck,
    Scanner,
)
from archive.record_commands import RecordCommands
from archive.repositories import Records
from archive.transfer_ports import Transfer
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.tokenizer import Tokenizer
from indexer.extraction.metadata import extract_fields
from indexer.extraction.page_images import PagePictures
from indexer.extraction.text_layer import SearchableCopies
from indexer.lazy_import import lazy_import
from indexer.scrub import report_original
from indexer.search.ports import SearchIndex
from storage import data_directory
from storage.backup.last_backup import LastBackupComparison
from storage.backup.writer import Backups
from storage.damaged_rows import DamagedRows
from storage.engine import Engine
from storage.files.virus_scanner import Clamd
from storage.hash_chain import AuditTrail
from storage.permissions import DataPermissions
from storage.repositories.harvest import EngineHarvest
from storage.repositories.jobs import EngineJobs
from storage.repositories.leases import EngineLeases
from storage.repositories.organisations import EngineOrganisations
from storage.repositories.records import open_people, open_records
from storage.repositories.transfer import EngineTransfer
from storage.tenancy import OrganisationQueries
from web.adapters import backup_keys, open_files, open_index
from web.archive_traces import refuse_where_archive_has_traces
from web.database_connection import open_database
from web.repository_access import RepositoryAccess
from web.settings import Settings

if TYPE_CHECKING:
    import flask

    from indexer import consistency
    from indexer.extraction import redaction, rereading
    from web.serving import request_address
else:  # commands that only read the archive need none of these
    flask = lazy_import("flask")
    consistency = lazy_import("indexer.consistency")
    redaction = lazy_import("indexer.extraction.redaction")
    rereading = lazy_import("indexer.extraction.rereading")
    request_address = lazy_import("web.serving.request_address")

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
    commands: RecordCommands
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
        """Returns the services of an organisation or of the province; for None, these services unchanged.

        The province's services see all records, but only the province's own people. The services of an
        organisation see nothing of another organisation.
        """
        if organisation is None:
            return self
        scope = OrganisationQueries(cast(Engine, self.database), organisation.id)
        towns = {each.id: each for each in organisations}
        whose = replace(self, organisation=organisation, towns=towns, people=open_people(scope))
        if whose.is_province:
            return whose
        records = open_records(scope)
        return Services(
            # Of the organisation alone
            organisation=organisation,
            settings=replace(
                self.settings,
                site_name=organisation.name or self.settings.site_name,
                base_url=whose.site_url_of_organisation(organisation.id),
            ),
            people=whose.people,
            records=records,
            harvest=EngineHarvest(scope),
            transfer=EngineTransfer(scope),
            eraser=Eraser(records, self.records, self.files, (self.pictures, self.copies)),
            jobs=EngineJobs(scope),
            commands=_commands(records, self.files, self.scanner, self.settings),
            # Shared by all organisations
            database=self.database,
            leases=self.leases,
            files=self.files,
            scanner=self.scanner,
            backups=self.backups,
            audit=self.audit,
            readability_check=self.readability_check,
            examinations=self.examinations,
            index=self.index,
            dictionary=self.dictionary,
            pictures=self.pictures,
            copies=self.copies,
            secret_key=self.secret_key,
            organisations=self.organisations,
            towns=towns,
        )

    def check_consistency(
        self, *, should_repair: bool = False, progress: Progress = lambda _step, _done, _total: None
    ) -> consistency.ConsistencyReport:
        """Check every stored byte, record and index entry; with ``should_repair`` do all harmless repairs.

        Damaged and missing originals are reported to the scrub.
        """
        report = consistency.ConsistencyCheck(
            self.records,
            self.jobs,
            self.files,
            self.index,
            self.database,
            self.eraser,
            should_repair=should_repair,
            examinations=self.examinations,
            progress=progress,
        ).run()
        for finding in report.findings:
            if finding.sha256:
                report_original(self.settings.data, finding.sha256)
        return report

    @property
    def tokenizer(self) -> Tokenizer:
        """Returns the tokenizer of the index, of queries and of highlighting."""
        return self.dictionary.current().tokenizer

    @property
    def redactor(self) -> redaction.Redactor:
        """Returns a new maker of redacted copies; all share their number at a time on this machine."""
        settings = self.settings
        return redaction.Redactor(self.files, settings.data / "redactions", jobs=settings.ocr_jobs)

    @property
    def rereader(self) -> rereading.PageRereader:
        """Returns a new reader of single pages; all share their number at a time on this machine."""
        settings = self.settings
        return rereading.PageRereader(self.files, settings.data / "rereadings", jobs=settings.ocr_jobs)

    @property
    def is_province(self) -> bool:
        """Returns True when the services are for all organisations together, where there are several."""
        return self.organisation is not None and self.organisation.id == PROVINCE

    @property
    def is_whole_installation(self) -> bool:
        """Returns True when the services are for all organisations: the only one, or the province."""
        return self.organisation is None or self.is_province

    def get_published(self, ids: Iterable[int]) -> dict[int, Announcement]:
        """Returns by id those of the announcements that are published and can be read."""
        found = self.announcements.get_many(ids)
        return {id: each for id, each in found.items() if each.status is Status.PUBLISHED}

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


def build_services(settings: Settings) -> Services:
    """Open (and where needed create) everything that the settings name.

    Raises ``SettingsError`` when an empty database would be made although originals, an index or a note
    on a backup say that there was one.
    """
    data = settings.data
    engine = open_database(settings, partial(refuse_where_archive_has_traces, settings))
    dictionary = Dictionary(data / data_directory.WORDS)
    files = open_files(settings)
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
        backups=Backups(data, engine, files, backup_keys(settings)),
        audit=AuditTrail(engine),
        readability_check=DamagedRows(engine),
        examinations=(
            DataPermissions(data),
            DamagedRows(engine),
            AuditTrail(engine),
            LastBackupComparison(data, engine),
            dictionary,
        ),
        index=open_index(settings, dictionary),
        dictionary=dictionary,
        commands=_commands(records, files, scanner, settings),
        pictures=pictures,
        copies=copies,
        eraser=Eraser(records, records, files, (pictures, copies)),
        secret_key=settings.secret_key or _kept_secret(data / data_directory.SECRET),
        organisations=EngineOrganisations(engine),
    )


def _commands(records: Records, files: Files, scanner: Scanner | None, settings: Settings) -> RecordCommands:
    return RecordCommands(
        records,
        files,
        max_upload_bytes=settings.max_upload_mb * _MEGABYTE,
        extract_fields=extract_fields,
        scanner=scanner,
    )


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
