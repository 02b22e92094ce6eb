"""Port for records that come from another archive of this kind, with their history and texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from archive.disclosure import DisclosureEntry, DisclosureItem
from archive.model import Announcement, Attachment, Change, FileVersion, Page, Relation

OTHER_ARCHIVE = "#"
"""Mark before the number of a related announcement in an imported history: a number of the other archive."""


@dataclass(frozen=True, slots=True)
class CarriedVersion:
    """An earlier file of an attachment, with the text of each of its pages."""

    version: FileVersion
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CarriedAttachment:
    """An attachment of another archive, with its ids there, its pages and its earlier files."""

    attachment: Attachment
    pages: tuple[Page, ...] = ()
    versions: tuple[CarriedVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class CarriedRecord:
    """An announcement with everything that belongs to it. Ids are those of the other archive."""

    announcement: Announcement
    history: tuple[Change, ...] = ()
    attachments: tuple[CarriedAttachment, ...] = ()
    relations: tuple[Relation, ...] = ()  # to announcements that this one cancels, amends or replaces


@dataclass(frozen=True, slots=True)
class CarriedDisclosureDecisions:
    """Decisions of staff on the information to disclose. Announcement ids are those of the other archive."""

    items: tuple[tuple[int, DisclosureItem], ...] = ()  # changed items, each with its fiscal year
    entries: tuple[DisclosureEntry, ...] = ()


class Transfer(Protocol):
    """Takes over records of another archive."""

    def take_over_record(self, record: CarriedRecord, *, actor: str, reason: str) -> Announcement:
        """Create a record, its history and all with new ids in one transaction; its files are stored before.

        Change numbers are new too. Changes of attachments that did not come along have no attachment in the
        history. The history ends with an entry ``import`` by ``actor``. Raises ``Conflict`` (code
        ``ref-taken``) when another announcement has the ``ref``.
        """
