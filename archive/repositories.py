"""Ports of the repositories of records, as protocols: announcements, attachments, pages and others.

Adapters live in ``storage.repositories``; ``tests/contracts`` has one contract suite for each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from archive.changes import Changes
from archive.disclosure import Disclosure
from archive.erasure import Erasures
from archive.model import (
    Announcement,
    Attachment,
    Change,
    Collection,
    CollectionLine,
    DocumentKind,
    Draft,
    ExtractedField,
    FileVersion,
    IntegrityIncident,
    Line,
    LowConfidenceSpan,
    Page,
    PersonalDataSpan,
    Relation,
    RelationKind,
    Status,
)
from archive.ports import NewFile
from archive.reports import Reports
from archive.site_profile import SiteProfiles
from archive.subscriptions import Subscriptions
from archive.worklist import Worklist


@dataclass(frozen=True, slots=True)
class MissedSearch:
    """A query without results, with the number of searches and the time of the last one."""

    query: str
    count: int  # searches with this query
    last_at: dt.datetime


class Announcements(Protocol):
    """Announcements.

    Every method that writes is one transaction and records a ``Change``, whose ``actor`` is the person's name
    or the name of the command. It raises the announcement's ``change`` counter when search must follow.
    Unknown ids raise ``NotFound``. The same holds for attachments, pages and collections.
    """

    def create(
        self, draft: Draft, *, actor: str, status: Status = Status.DRAFT, reason: str = ""
    ) -> Announcement:
        """Create an announcement. Raises ``Conflict`` (code ``ref-taken``) when another has the ``ref``."""

    def revise(
        self,
        id: int,
        changes: dict[str, object],
        *,
        actor: str,
        reason: str = "",
    ) -> Announcement:
        """Set fields of ``Draft`` or ``publish_at``; writes nothing where no value differs.

        ``views`` sets the baseline; visits that were counted here are added to the baseline.
        """

    def record_confirmation(self, id: int, values: Mapping[str, object], *, actor: str) -> None:
        """Record that a person looked at values that the program filled in, and found them right.

        ``values``: these values, of fields of ``Draft``, or of one attachment with its ``attachment_id``.
        """

    def set_status(
        self, id: int, status: Status, *, actor: str, reason: str = "", expected_status: Status | None = None
    ) -> Announcement:
        """Set the status, clearing ``publish_at``; a withdrawal cancels decisions to show personal data.

        Raises ``Conflict`` where the status was not ``expected_status``. The reason of a withdrawal
        stays on the record until the record is a draft again; every reason is in the history.
        """

    def get(self, id: int) -> Announcement:
        """Return an announcement of any status. Raises ``NotFound``."""

    def get_many(self, ids: Iterable[int]) -> dict[int, Announcement]:
        """Return the announcements by id; unknown ids are left out."""

    def by_external_ref(self, ref: str) -> Announcement | None:
        """Return the announcement that another system knows as ``ref``; None where there is none."""

    def by_old_url(self, old_url: str) -> Announcement | None:
        """Return the announcement that had this path and query on an older site; None where there is none."""

    def list_page(
        self,
        *,
        statuses: Sequence[Status],
        page: int,
        per_page: int,
    ) -> tuple[list[Announcement], int]:
        """Return one page of announcements, newest ``published_on`` first, and the number on all pages.

        Announcements of one day are sorted by id.
        """

    def published_ids(self) -> list[int]:
        """Return the ids of all published announcements, in the order of ``list_page``."""

    def published_titles(self, organisation: int, *, limit: int) -> list[str]:
        """Return the titles of an organisation's published announcements, in the order of ``list_page``."""

    def neighbours(self, id: int) -> tuple[Announcement | None, Announcement | None]:
        """Return the older and the newer published neighbour of this one, by ``published_on``, then id."""

    def count_by_month(self) -> list[tuple[int, int, int]]:
        """Return ``(year C.E., month, number published)``, newest month first; none without any."""

    def count_by_status(self) -> dict[str, int]:
        """Return the number of announcements by status value, 0 where there are none."""

    def ids_due_for_publication(self, now: dt.datetime) -> list[int]:
        """Return the ids of drafts whose ``publish_at`` is not after ``now``."""


class History(Protocol):
    """History of announcements, and the change counter that the index follows."""

    def entries(self, announcement_id: int) -> list[Change]:
        """Return the changes of an announcement and its attachments, oldest first. Raises ``NotFound``."""

    def last_entry_id(self, announcement_id: int) -> int:
        """Return the id of the latest entry of an announcement, readable or not; 0 when there is none."""

    def changed_since(self, change: int, *, limit: int) -> list[tuple[int, int]]:
        """Return ``(announcement id, its change)`` for changes after ``change``, in order of change."""

    def ids_to_hide_since(self, change: int) -> set[int]:
        """Return ids that what was made at ``change`` must not show: hidden, or less to read, since then.

        They changed after ``change`` and are not published now, or an attachment was hidden, or a text that
        residents read was revised, corrected, covered or erased after it: an index or a file of open data
        made at ``change`` still has what was lost. Such a published announcement is to be made anew first.
        """

    def last_change(self) -> int:
        """Return the number of the latest change; 0 before the first."""

    def queue_for_indexing(self, ids: Sequence[int]) -> None:
        """Make search index these announcements again. The history gets no entry, as nothing else changes."""


class Attachments(Protocol):
    """Attachments of announcements: attached, held back from residents, replaced, detached and restored."""

    def attach(
        self,
        announcement_id: int,
        file: NewFile,
        *,
        label: str,
        kind: DocumentKind,
        actor: str,
        stored_at: dt.datetime | None = None,
    ) -> tuple[Attachment, bool]:
        """Attach a person's or a program's file as the last (True), or return the one with its bytes (False).

        The attachment waits to be read, and is held until then; a person's file, where the announcement is
        published, until a person's decision to show it is recorded. ``stored_at``: the time at which an older
        site stored the file; else the attachment's time is now. When the announcement has the same bytes
        already, nothing is written and that attachment is returned with False. A detached one is put back,
        with True.

        A program's file brings back nothing that somebody else detached, and nothing that anybody replaced or
        covered, the program itself too: nothing is written, and the attachment that has or had the bytes is
        returned with False. Raises ``Conflict`` (code ``file-erased``) as ``refuse_erased_file`` does.
        """

    def refuse_erased_file(self, announcement_id: int, sha256: str) -> None:
        """Raise ``Conflict`` (code ``file-erased``) where a file of these bytes was erased by order.

        Only erasures in this announcement count. Bytes that a person attached again since, and that are not
        detached, are not refused.
        """

    def replace(
        self, attachment_id: int, file: NewFile, *, actor: str, is_redacted: bool = False
    ) -> Attachment:
        """Give an attachment another file; unless redacted, that of a public one is returned and waits.

        The file before and the texts of its pages are kept as a ``FileVersion``; the attachment keeps its id,
        and its new file is held as ``attach`` holds it. Where the bytes are the same, nothing is written. A
        public attachment keeps its file, unless the new one is redacted: the new file waits as an attachment
        of its own, whose ``replaces`` is this id. It is always held, and is returned. In the transaction that
        ends its hold, the public attachment takes over its file, its pages and its earlier files, and that id
        is gone. Raises ``Conflict`` (code ``file-attached``) when another attachment of the announcement has
        these bytes.

        A program's file in the place of a redacted copy, or with bytes that somebody else replaced before,
        waits for a person all the same. Raises ``Conflict`` (code ``file-attached``) for a draft's redacted
        copy, and for such bytes where residents do not see the present file; and as ``refuse_erased_file``
        does.
        """

    def relabel(self, attachment_id: int, *, label: str, kind: DocumentKind, actor: str) -> Attachment:
        """Set label and kind. Without a difference, nothing is written."""

    def reorder(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None:
        """Set the order. Raises ``Conflict`` unless the ids are those of all its attachments."""

    def detach(self, attachment_id: int, *, actor: str) -> None:
        """Detach an attachment, and its replacement that waits; bytes, pages and corrections stay."""

    def cancel_decisions(self, attachment_id: int, *, actor: str) -> Attachment:
        """Cancel the decisions to show an attachment, which is held from then on in any case.

        Why it is held tells ``holding.state_after_cancelling_decisions``.
        """

    def reattach(
        self, attachment_id: int, *, actor: str, should_hold_until_checked: bool = False
    ) -> Attachment:
        """Put a detached attachment back under its id, last; its hold stays, or becomes UNCONFIRMED."""

    def read_again(self, attachment_id: int, *, actor: str) -> Attachment:
        """Queue a read or failed file again, to have all pages read anew but those that people corrected.

        Nothing is noted where it waits or is being read.
        """

    def record_decision_to_show(
        self, attachment_id: int, decided: Iterable[PersonalDataSpan], *, reason: str, actor: str
    ) -> Attachment:
        """Record the decision to show finds; if none is left, the hold ends and a waiting file takes over.

        ``decided``: the finds. An attachment of which other finds are undecided stays held, or public if it
        was. A file that waits beside a public one takes its place and its id. One that is still to be read
        stays held until then.
        """

    def hold_for_undecided_finds(self, attachment_id: int, *, actor: str) -> Attachment:
        """Hold a public attachment until somebody decides about its undecided finds. Decisions stay."""

    def list_with_outdated_finds(self, rules: int, *, limit: int) -> list[int]:
        """Return ids of read or failed attachments whose text older ``privacy.RULES`` looked through last."""

    def replace_finds(
        self,
        attachment_id: int,
        finds: Sequence[PersonalDataSpan],
        *,
        page_texts: Sequence[tuple[int, str]],
        rules: int,
        actor: str,
    ) -> None:
        """Replace an attachment's finds unless its pages changed; only one that is not public is held.

        The finds in its pages are those of newer rules. Undecided finds hold an attachment that is not
        public. One that is public stays so: the worklist has it until somebody decides. ``page_texts``:
        ``(number, text)`` of the pages that were looked through; nothing is written when the pages have
        changed since.
        """

    def get(self, id: int) -> Attachment:
        """Return an attachment that is not detached. Raises ``NotFound``."""

    def by_announcement(self, announcement_ids: Iterable[int]) -> dict[int, list[Attachment]]:
        """Return the attachments for each of these ids, [] without any, by position, without replacements."""

    def replacements(self, attachment_ids: Iterable[int]) -> dict[int, Attachment]:
        """Return the attachments that wait to replace the file of one of these, by the id of that one."""

    def with_file(self, sha256: str, *, is_detached: bool = False) -> list[Attachment]:
        """Return the attachments that have these bytes, none detached; with ``is_detached`` only those."""

    def get_detached(self, id: int) -> Attachment:
        """Return a detached attachment. Raises ``NotFound`` when no detached attachment has this id."""

    def detached(self, announcement_id: int) -> list[Attachment]:
        """Return the announcement's detached attachments, in the order in which they were first attached."""


class Pages(Protocol):
    """Pages of attachments, as they were read or corrected."""

    def save(self, page: Page, *, expected_sha256: str | None = None) -> None:
        """Save a page unless a person corrected it; ``Conflict`` where the file is not ``expected_sha256``.

        ``expected_sha256``: hash of the bytes that the page was read from. The code is ``lease-lost``, as
        another file was given meanwhile; without a hash this is not checked. Personal data in the page is
        stored with it, and holds a public attachment at once: the reading may not reach its end.
        """

    def correct(
        self,
        attachment_id: int,
        number: int,
        text: str,
        *,
        actor: str,
        personal_data: Sequence[PersonalDataSpan] = (),
        lines: Sequence[Line] = (),
        doubts: Sequence[LowConfidenceSpan] = (),
        should_mark_corrected: bool = True,
        fields: Mapping[str, ExtractedField] | None = None,
    ) -> Page:
        """Set a page's text as a person corrected it; undecided ``personal_data`` holds the attachment.

        ``should_mark_corrected``: False where a person restores a text that was recognised: a rereading may
        change that one.
        ``personal_data``: the finds in this text.
        ``lines``: where the letters of this text are on the picture.
        ``doubts``: those that are still to be checked.
        ``fields``: what the document states now; None: as before. They are stored where the attachment has
        been read, and the history has the values that differ, before and after.
        """

    def replace_by_rereading(
        self,
        page: Page,
        *,
        actor: str,
        personal_data: Sequence[PersonalDataSpan] = (),
        fields: Mapping[str, ExtractedField] | None = None,
    ) -> Page:
        """Replace a page, also a corrected one, by another reading; undecided finds hold the attachment.

        A person asked for the reading. The text before is kept in the history. ``personal_data``, ``fields``:
        as for ``correct``.
        """

    def get(self, attachment_id: int, number: int) -> Page:
        """Return one page; ``number`` from 1. Raises ``NotFound``."""

    def by_attachment(self, attachment_id: int) -> list[Page]:
        """Return the pages that are saved so far, by number."""

    def texts_by_attachment(self, attachment_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
        """Return ``(number, text)`` of every page, by attachment id; "" for a damaged text."""

    def doubtful_texts_by_attachment(
        self, attachment_ids: Iterable[int]
    ) -> dict[int, list[tuple[str, tuple[LowConfidenceSpan, ...]]]]:
        """Return ``(text, doubts)`` of every page that has doubts, by attachment id."""

    def texts_at(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """Return texts of pages by ``(attachment id, page number)``. Unknown pages are left out."""

    def count_by_source(self) -> dict[str, int]:
        """Return the number of pages by source value, 0 where there are none."""

    def list_needing_check(self, *, least_confidence: float, limit: int) -> list[Page]:
        """Return pages read with less confidence, with a problem, or checked in part; least sure first."""


class Collections(Protocol):
    """Collections: lists of announcements that staff put together."""

    def save(
        self,
        id: int | None,
        *,
        title: str,
        body: str,
        items: Sequence[CollectionLine],
        actor: str,
        reason: str = "",
    ) -> Collection:
        """Create a collection (id None) or replace it whole; writes nothing without a difference.

        An id is never used twice. ``reason`` is kept in the history.
        """

    def get(self, id: int) -> Collection:
        """Return a collection. Raises ``NotFound``."""

    def all(self) -> list[Collection]:
        """Return all collections, the latest made first."""

    def history(self, id: int) -> list[Change]:
        """Return every change, oldest first. ``items`` are lines of ``(label, announcement id or None)``."""

    def with_announcement(self, announcement_id: int) -> list[Collection]:
        """Return the collections that list the announcement."""


class UsageStatistics(Protocol):
    """Counted visits, running totals, and queries without results."""

    def count_visit(
        self, announcement_id: int, visitor_hash: str, *, address_hash: str = "", now: dt.datetime
    ) -> bool:
        """Count a visit once per visitor and window, of few visitors per address; True if it was counted.

        "" is no address. Both hashes are salted. ``change`` is not raised. The count survives the death of
        the process, perhaps not a power cut.
        """

    def visits_by_day(self, *, days: int) -> list[tuple[dt.date, int]]:
        """Return ``(date, visits)`` of the last days in Thai time, oldest first, with days of no visits."""

    def add_to_total(self, name: str, amount: int) -> None:
        """Add to a running total. The total survives the death of the process, perhaps not a power cut."""

    def running_totals(self) -> dict[str, int]:
        """Return the running totals by name."""

    def record_missed_search_unless_personal(self, query: str) -> None:
        """Count a query that found nothing, unless it may name a person: see ``archive.privacy``.

        A name without a title is kept where it stands among other words: nothing tells it from these.
        """

    def list_missed_searches(self, *, limit: int = 100) -> list[MissedSearch]:
        """Return queries without results, most frequent first."""

    def delete_missed_search(self, query: str) -> None:
        """Remove a query from the list, once the dictionary has learned the query."""


class Incidents(Protocol):
    """Evidence of loss and tampering."""

    def record(self, code: str, subject: str, detail: str) -> None:
        """Record an incident, unless an open one is the same. Incidents stay open until acknowledged."""

    def list_open(self) -> list[IntegrityIncident]:
        """Return the incidents that nobody has acknowledged, oldest first."""


class Relations(Protocol):
    """Relations between announcements: which one cancels, amends or replaces which."""

    def decide(self, newer_id: int, older_id: int, kind: RelationKind | None, *, actor: str) -> None:
        """Store a person's decision on a relation, in place of an earlier one; ``kind`` None dismisses it.

        Raises ``NotFound`` unless both announcements exist.
        """

    def list_decisions(self, announcement_id: int) -> list[Relation]:
        """Return the decisions on relations to and from an announcement, the oldest decision first."""

    def list_public(self) -> list[Relation]:
        """Return the confirmed relations between published announcements."""

    def undecided_citations_of(self, older_id: int) -> dict[int, set[str]]:
        """Return the published announcements that state a relation to this one on which nobody decided.

        The ``search_text`` of each citation is returned by the id of the citing announcement. The text may be
        one that residents do not see.
        """

    def ids_no_longer_in_force(self) -> frozenset[int]:
        """Return the ids of the announcements that a published announcement cancels or replaces."""

    def amended_ids(self) -> frozenset[int]:
        """Return the ids of the announcements that a published announcement amends."""

    def stated_position(self) -> int:
        """Return the change up to which ``replace_stated`` has followed the records; 0 before the first."""

    def mark_outdated(self, fields_text: str) -> None:
        """Mark the announcements that cite something whose ``search_text`` is part of ``fields_text``.

        ``fields_text`` has Arabic digits. Only what ``replace_stated`` stored is looked through.
        """

    def list_outdated_ids(self, *, limit: int) -> list[int]:
        """Return the ids of marked announcements, lowest first, for which ``replace_stated`` is due."""

    def replace_stated(
        self, stated: Mapping[int, Sequence[tuple[str, int | None]]], *, position: int
    ) -> None:
        """Store what these announcements cite, in place of what they cited before, and the position.

        They are marked no longer.
        ``stated``: id → ``search_text`` of each citation with the id of an announcement that it may mean, or
        None. The worklist has an announcement until a person has decided on each of these.
        """

    def find_ids_naming_document_number(self, number: str) -> list[int]:
        """Return a limited number of ids, not trashed, whose title or read fields name a document number.

        Every field that was read from an attachment counts, the text of pages does not. ``number`` has Arabic
        digits, such as ``5/2560``.
        """

    def find_ids_by_title_phrase(self, phrase: str) -> list[int]:
        """Return a limited number of ids, not trashed, of announcements whose title contains a phrase."""

    def find_ids_by_date(self, date: dt.date) -> list[int]:
        """Return a limited number of ids, not trashed, of a date or with a document that states it."""


class FileVersions(Protocol):
    """Files that attachments had before their present ones."""

    def by_attachment(self, attachment_id: int) -> list[FileVersion]:
        """Return the files that an attachment had before its present one, oldest first."""

    def page_texts(self, attachment_id: int, version_number: int) -> list[str]:
        """Return the texts of the pages of an earlier file. Raises ``NotFound``."""

    def with_file(self, sha256: str) -> list[FileVersion]:
        """Return the earlier files of all attachments that have these bytes."""


class Batch(Protocol):
    """Function that opens a transaction; one inside another is undone alone when it raises."""

    def __call__(self, bulk: str = "") -> AbstractContextManager[None]:
        """Combine this thread's writes into one transaction: all are kept, or none; other writers wait.

        What is read inside it stays as it was read until the transaction ends. A write that raises is undone
        alone, so a loop may go on with the next record. ``bulk``: a name that the history gives to all these
        changes, so that they can be undone as one.
        """


@dataclass(frozen=True, slots=True)
class Records:
    """Repositories of the records of one organisation, or of the whole installation."""

    announcements: Announcements
    history: History
    changes: Changes
    attachments: Attachments
    pages: Pages
    collections: Collections
    usage_statistics: UsageStatistics
    file_versions: FileVersions
    disclosure: Disclosure
    erasures: Erasures
    relations: Relations
    worklist: Worklist
    reports: Reports
    site_profiles: SiteProfiles
    subscriptions: Subscriptions
    incidents: Incidents

    batch: Batch
