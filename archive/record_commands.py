"""Commands that change the archive. Each one validates its input, then writes to the ports."""

from __future__ import annotations

from archive.commands.announcements import AnnouncementCommands
from archive.commands.attachments import AttachmentCommands
from archive.commands.collections import CollectionCommands
from archive.commands.disclosure import DisclosureCommands
from archive.commands.file_versions import FileVersionCommands
from archive.commands.pages import PageCommands
from archive.commands.publication import Publication
from archive.commands.reports import ReportCommands
from archive.commands.site_profile import SiteProfileCommands
from archive.commands.uploads import Uploads
from archive.ports import FieldExtraction, Files, Scanner
from archive.repositories import Records


class RecordCommands:
    """The commands on records and files: announcements, attachments, pages, publication and others.

    Pages, and the undo of a change, write to the records through these alone.

    They work on one set of records and one store of files: ``commands.pages.correct(…)``,
    ``commands.publication.publish(…)``.
    """

    def __init__(
        self,
        records: Records,
        files: Files,
        *,
        max_upload_bytes: int,
        extract_fields: FieldExtraction,
        scanner: Scanner | None = None,
    ) -> None:
        self.uploads = Uploads(files, scanner, max_upload_bytes)
        self.announcements = AnnouncementCommands(records)
        self.attachments = AttachmentCommands(records, self.uploads)
        self.file_versions = FileVersionCommands(records, self.uploads)
        self.pages = PageCommands(records, extract_fields)
        self.publication = Publication(records)
        self.collections = CollectionCommands(records)
        self.disclosure = DisclosureCommands(records)
        self.site_profiles = SiteProfileCommands(records)
        self.reports = ReportCommands(records)
