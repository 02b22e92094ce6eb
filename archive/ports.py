"""Ports of the archive, as protocols: records, jobs, people, files and others.

Adapters live in ``storage``; each protocol has one contract suite under ``tests/contracts``
that every adapter must pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from archive.attachment_ports import HeldAttachments
from archive.model import (
    ALL_SCOPES,
    Announcement,
    Attachment,
    AttemptLimit,
    Change,
    Collection,
    Details,
    Draft,
    Failure,
    Incident,
    Item,
    Kind,
    Organisation,
    Page,
    Person,
    PersonalData,
    Role,
    Scope,
    SecondFactor,
    Session,
    Status,
    Token,
)
from archive.relation_ports import RelationRecords
from archive.reports import ReportRecords
from archive.worklist import Worklists


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a store: lower-case hexadecimal SHA-256 and size in bytes."""

    sha256: str
    size: int


class Files(Protocol):
    """Content-addressed store of files. Files that ``add`` returned survive a power cut and never change."""

    def add(self, stream: BinaryIO, *, limit: int) -> StoredFile:
        """Store a stream; idempotent.
        Raises ``TooLarge`` past ``limit`` bytes, ``Unavailable`` on a full disk."""

    def open(self, sha256: str) -> BinaryIO:
        """Return a seekable stream of the file, at its start. Raises ``NotFound``."""

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """Provide a readable path for the length of the context: the file itself, or a private copy."""

    def exists(self, sha256: str) -> bool: ...

    def all(self) -> Iterator[StoredFile]:
        """Yield every stored file by name and size, in order of SHA-256. Files are not hashed again."""


class Scanner(Protocol):
    """Scans uploaded files for viruses."""

    def scanned(self, stream: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """Provide a stream of the same bytes, which can be read once and is scanned while it is read.
        The read that reaches the end of the stream raises ``Invalid`` (code ``malware``) when a virus was
        found, ``TooLarge`` (``not-scanned``) when the file is too large to scan, and ``Unavailable``
        (``scanner-unavailable``) when the scanner gives no verdict."""

    def ping(self) -> None:
        """Check the scanner. Raises ``Unavailable`` when the scanner does not answer."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A query without results, with the number of searches and the time of the last one."""

    query: str
    count: int
    last_at: dt.datetime


class Records(HeldAttachments, RelationRecords, ReportRecords, Worklists, Protocol):
    """Announcements, their attachments and pages, and their history.

    Every method that writes is one transaction and records a ``Change``, whose ``actor`` is the person's name
    or the name of the command. It raises the announcement's ``change`` counter when search must follow.
    Unknown ids raise ``NotFound``.
    """

    def batch(self, bulk: str = "") -> AbstractContextManager[None]:
        """Combine writes of this thread into one transaction: all are kept, or none.
        A write that raises is undone alone, so a loop may go on with the next record. ``bulk``: a name that
        the history gives to all these changes, so that they can be undone as one."""

    # announcements
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
        if_change: int | None = None,
        reason: str = "",
    ) -> Announcement:
        """Set fields of ``Draft`` or ``publish_at``.
        Raises ``Conflict`` when ``if_change`` is no longer current. ``views`` sets the baseline; visits that
        were counted here are added to the baseline. Without a different value, nothing is written."""

    def set_status(
        self, id: int, status: Status, *, actor: str, reason: str = "", was: Status | None = None
    ) -> Announcement:
        """Set the status and clear ``publish_at``. Raises ``Conflict`` when the status is no longer ``was``.
        The reason of a withdrawal stays on the record until the record is a draft again; every reason is in
        the history. A withdrawal cancels the decisions to show personal data."""

    def announcement(self, id: int) -> Announcement: ...
    def announcements(self, ids: Iterable[int]) -> dict[int, Announcement]: ...
    def by_ref(self, ref: str) -> Announcement | None: ...
    def by_old_url(self, old_url: str) -> Announcement | None: ...
    def list_announcements(
        self,
        *,
        statuses: Sequence[Status],
        page: int,
        per_page: int,
    ) -> tuple[list[Announcement], int]:
        """Return one page of announcements and the total number.
        Announcements are sorted by ``published_on``, newest first, then by id."""

    def neighbours(self, id: int) -> tuple[Announcement | None, Announcement | None]:
        """Return the published announcements just before and after this one, by ``published_on``, then id."""

    def months(self) -> list[tuple[int, int, int]]:
        """Return ``(year C.E., month, number of published announcements)``, newest month first.
        Months without published announcements are left out."""

    def changed_since(self, change: int, *, limit: int) -> list[tuple[int, int]]:
        """Return ``(announcement id, its change)`` for changes after ``change``, in order of change."""

    def withdrawn_since(self, change: int) -> set[int]:
        """Return the ids of announcements that an index at ``change`` may still show, but must not.
        They changed after ``change`` and are not published now, or one of their attachments was hidden after
        ``change``."""

    def last_change(self) -> int: ...
    def touch(self, ids: Sequence[int]) -> None:
        """Make search index these announcements again. The history gets no entry, as nothing else changes."""

    def counts(self) -> dict[str, int]:
        """Return the number of announcements by status value, 0 where there are none."""

    def due(self, now: dt.datetime) -> list[int]:
        """Return the ids of drafts whose ``publish_at`` is not after ``now``."""

    def history(self, announcement_id: int) -> list[Change]: ...

    # attachments
    def attach(
        self,
        announcement_id: int,
        file: StoredFile,
        *,
        filename: str,
        media_type: str,
        label: str,
        kind: Kind,
        actor: str,
        stored_at: dt.datetime | None = None,
    ) -> tuple[Attachment, bool]:
        """Add an attachment after the others. It waits to be read, and is held until then.
        ``stored_at``: the time at which an older site stored the file; else the attachment's time is now.
        Returns ``(attachment, True)``; ``(the existing attachment, False)`` when the announcement has the
        same bytes already. A detached attachment with the same bytes is put back instead."""

    def relabel(self, attachment_id: int, *, label: str, kind: Kind, actor: str) -> Attachment: ...
    def reorder(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None: ...
    def detach(self, attachment_id: int, *, actor: str) -> None:
        """Detach an attachment. Its bytes, pages and corrections stay, so that it can be put back."""

    def attachment(self, id: int) -> Attachment: ...
    def attachments(self, announcement_ids: Iterable[int]) -> dict[int, list[Attachment]]:
        """Return the attachments by announcement id, in order of position."""

    def attachments_with_file(self, sha256: str) -> list[Attachment]: ...

    # pages
    def doubtful_pages(self, *, below: float, limit: int) -> list[Page]:
        """Return uncorrected pages with a confidence under ``below`` or a problem, the least sure first."""

    def save_page(self, page: Page, *, sha256: str | None = None) -> None:
        """Insert or replace a page, but leave a page that a person corrected as it is.
        ``sha256``: hash of the bytes that the page was read from. Raises ``Conflict`` (code ``lease-lost``)
        when the attachment has other bytes by now."""

    def correct_page(
        self,
        attachment_id: int,
        number: int,
        text: str,
        *,
        actor: str,
        personal_data: Sequence[PersonalData] = (),
    ) -> Page:
        """Set a page's text as a person corrected it.
        ``personal_data``: the finds in this text. The attachment is held while some of them are undecided."""

    def page(self, attachment_id: int, number: int) -> Page: ...
    def pages(self, attachment_id: int) -> list[Page]: ...
    def page_texts(self, attachment_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
        """Return ``(number, text)`` of every page, by attachment id. Search needs no other columns."""

    def count_pages(self) -> dict[str, int]:
        """Return the number of pages by source value, 0 where there are none."""

    def texts_at(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """Return texts of pages by ``(attachment id, page number)``. Unknown pages are left out."""

    # collections
    def save_collection(
        self, id: int | None, *, title: str, body: str, items: Sequence[Item], actor: str
    ) -> Collection:
        """Create a collection when ``id`` is None; else replace the whole collection.
        An id is never used twice. Without a difference, nothing is written."""

    def collection(self, id: int) -> Collection: ...
    def collections(self) -> list[Collection]:
        """Return all collections, the latest made first."""

    def collection_history(self, id: int) -> list[Change]:
        """Return every change, oldest first. ``items`` are lines of ``(label, announcement id or None)``."""

    def collections_with(self, announcement_id: int) -> list[Collection]:
        """Return the collections that list the announcement."""

    # visits
    def count_visit(self, announcement_id: int, visitor: str, *, address: str = "", now: dt.datetime) -> bool:
        """Count a visit once per visitor and visit window. Returns True when the visit was counted.
        ``visitor`` and ``address`` are opaque, salted hashes. Of the visitors from one address only the first
        few count; "" is no address. ``change`` is not raised. The count survives the death of the process,
        perhaps not a power cut."""

    def visits_by_day(self, *, days: int) -> list[tuple[dt.date, int]]:
        """Return ``(date, visits)`` of the last days in Thai time, oldest first, with days of no visits."""

    # running totals, which only grow
    def tally(self, name: str, amount: int) -> None:
        """Add to a running total. The total survives the death of the process, perhaps not a power cut."""

    def tallies(self) -> dict[str, int]:
        """Return the running totals by name."""

    # evidence of loss and tampering
    def note_incident(self, code: str, subject: str, detail: str) -> None:
        """Record an incident, unless an open one is the same. Incidents stay open until acknowledged."""

    def open_incidents(self) -> list[Incident]:
        """Return the incidents that nobody has acknowledged, oldest first."""

    # queries without results
    def note_miss(self, query: str) -> None:
        """Count a query that found nothing."""

    def misses(self, *, limit: int = 100) -> list[Miss]:
        """Return queries without results, most frequent first."""

    def forget_miss(self, query: str) -> None:
        """Remove a query from the list, once the dictionary has learned the query."""


class Jobs(Protocol):
    """Queue of attachments to be read. A claim is a lease, which lapses if its holder dies."""

    def claim(self, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> Attachment | None:
        """Claim the next attachment to read; None when no attachment waits.
        New uploads come before rereadings, then the oldest first. An attachment whose lease lapsed waits
        again, behind those not tried yet; after three deaths of its worker, the attachment fails instead,
        with code ``reader-crashed``."""

    def lapsed(self, *, lease: dt.timedelta, now: dt.datetime) -> list[int]:
        """Return the ids of attachments whose lease has run out.
        A lease also counts as run out when it reaches so far ahead that the clock must have been set back."""

    def take_back(self, *, lease: dt.timedelta, now: dt.datetime) -> int:
        """Set attachments with lapsed leases back to waiting, or to failed. Returns their number.
        ``claim`` does the same first."""

    def renew(self, attachment_id: int, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """Extend a lease. Returns False when another worker has the lease: the caller must stop."""

    def finish(
        self, attachment_id: int, worker: str, *, page_count: int, details: Details, rules: int
    ) -> None:
        """Set an attachment to ready, with the pages saved so far. Pages after ``page_count`` are deleted.
        Raises ``Conflict`` (code ``lease-lost``) when another worker has the lease: drop the work."""

    def fail(self, attachment_id: int, worker: str, failure: Failure) -> None:
        """Set an attachment to failed, with the reason for the clerk. Raises ``Conflict`` like ``finish``."""

    def release(self, attachment_id: int, worker: str) -> None:
        """Give up a lease at an orderly stop, so that the attachment can be claimed again at once.
        Does nothing when the lease was lost."""

    def again(self, attachment_ids: Sequence[int], *, afresh: bool = False) -> int:
        """Set attachments back to waiting, to be read again. Returns their number.
        Pages that were read well with the newest rules stay as they are, unless ``afresh``."""

    def outdated(self, rules: int, *, failed: bool) -> list[int]:
        """Return ids of attachments read with rules older than ``rules``; with ``failed``, of failed ones."""

    def counts(self) -> dict[str, int]:
        """Return the number of attachments by status value."""

    def oldest_waiting(self) -> dt.datetime | None: ...


class People(Protocol):
    """People who may sign in, and the API's tokens. Secrets are kept only as hashes."""

    def add(self, name: str, password_hash: str, role: Role) -> Person:
        """Add a person. Raises ``Conflict`` when the name is taken."""

    def person(self, id: int) -> Person: ...
    def by_name(self, name: str) -> tuple[Person, str] | None:
        """Return the person with this name and the password hash; None when nobody has this name."""

    def everyone(self) -> list[Person]: ...
    def disable(self, name: str) -> None:
        """Disable a person: the person cannot sign in, and the person's sessions end."""

    def enable(self, name: str) -> None:
        """Let a disabled person sign in again. ``NotFound`` for a name that nobody has."""

    def set_password(self, id: int, password_hash: str) -> None: ...
    def add_token(
        self,
        name: str,
        token_hash: str,
        *,
        scopes: frozenset[Scope] = ALL_SCOPES,
        expires_at: dt.datetime | None = None,
    ) -> None:
        """Store a new token. Raises ``Conflict`` when a token that was not revoked has this name."""

    def token(self, token_hash: str, *, now: dt.datetime) -> Token | None:
        """Return the token with this hash, and record that the token was used at ``now``.
        Returns None when no token has this hash, or when the token was revoked or has expired."""

    def tokens(self) -> list[Token]:
        """Return every token ever made, the oldest first."""

    def revoke_token(self, name: str) -> None: ...

    # sessions: stored, so that every web process knows them and a person can end them
    def open_session(self, person_id: int, key_hash: str, *, device: str, now: dt.datetime) -> Session: ...
    def session(
        self, key_hash: str, *, idle: dt.timedelta, now: dt.datetime
    ) -> tuple[Session, Person] | None:
        """Return the live session with its person, and record that the session was seen at ``now``.
        Returns None when the session was closed or not seen for ``idle``, or when its person is disabled."""

    def sessions(self, person_id: int) -> list[Session]:
        """Return the person's sessions, the last seen first."""

    def close_session(self, person_id: int, id: int) -> None: ...
    def close_sessions(self, person_id: int) -> None:
        """Close all sessions of a person: after a change of password, or when the person is disabled."""

    # attempts to guess secrets: stored, so that all web processes count together
    def begin_attempt(self, limits: Sequence[AttemptLimit], *, now: dt.datetime) -> dt.timedelta:
        """Count one failure for every limit, and return zero.
        While one of the limits must pause, counts nothing and returns the time to wait. Failures are
        forgotten an hour after the last."""

    def attempt_succeeded(self, limits: Sequence[AttemptLimit], *, now: dt.datetime) -> None:
        """Delete the failures of these limits; for a shared limit, only the failure of this attempt."""

    # second factors
    def second_factor(self, person_id: int) -> SecondFactor | None: ...
    def begin_second_factor(self, person_id: int, sealed_secret: str) -> None:
        """Store a secret that is not confirmed yet, in place of an earlier unconfirmed secret.
        Raises ``Conflict`` when the person has a confirmed second factor."""

    def confirm_second_factor(
        self, person_id: int, *, step: int, recovery_hashes: Sequence[str], now: dt.datetime
    ) -> None:
        """Confirm the second factor, so that sign-in requires it from now on.
        ``step``: time step of the code that confirmed the second factor; the code is thereby used. Raises
        ``Conflict`` when the person has no second factor to confirm."""

    def use_code(self, person_id: int, *, step: int) -> bool:
        """Mark the code of a time step as used.
        Returns False when a code of this time step or of a later one was used before."""

    def use_recovery_code(self, person_id: int, code_hash: str, *, now: dt.datetime) -> bool:
        """Mark a recovery code as used. Returns False when the code is unknown or was used before."""

    def replace_recovery_codes(self, person_id: int, hashes: Sequence[str]) -> None:
        """Replace all recovery codes. Earlier codes, used or not, become invalid."""

    def remove_second_factor(self, person_id: int) -> bool:
        """Remove the second factor and its recovery codes. Returns False when there was none."""


class Leases(Protocol):
    """Leases on duties that one process at a time does for all.

    The holder renews the lease; when the holder dies, the lease lapses.
    """

    def claim(self, name: str, holder: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """Take or renew the lease on a duty. Returns False while another holder has the lease.
        A lease that reaches so far ahead that the clock must have been set back since is taken over."""

    def release(self, name: str, holder: str) -> None:
        """Give up a lease at an orderly stop. Does nothing when another holder has the lease."""


class Organisations(Protocol):
    """Organisations (municipalities) that keep their records here; there is always at least one."""

    def all(self) -> list[Organisation]:
        """Return all organisations, in the order in which they joined."""

    def add(self, slug: str, name: str, host: str | None) -> Organisation:
        """Add an organisation. Raises ``Conflict`` when the slug or the host is taken."""

    def change(self, slug: str, *, to: Organisation) -> None:
        """Set an organisation's slug, name and host. Raises ``NotFound``, or ``Conflict`` as ``add`` does."""


class Database(Protocol):
    """The database that stores records, jobs and people, as a whole."""

    def faults(self) -> list[str]:
        """Return the faults that the engine's own check finds, in the engine's words; may take minutes."""

    def checkpoint(self) -> None:
        """Write the log beside the database into the database itself; done at an orderly stop."""

    def close(self) -> None:
        """Write everything and close this process's connections. The next use opens new connections."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the stored data: a stable code, the subject, and the detail that was found."""

    code: str
    subject: str
    detail: str = ""
    mend: Callable[[], bool] | None = None  # repairs the fault where that is safe; returns False on failure


class RowCheck(Protocol):
    """Finds rows that cannot be read, by reading them as the archive does; also an ``Examination``."""

    def faults(self) -> Iterator[Fault]:
        """Yield every row that cannot be read."""

    def look(self) -> list[str]:
        """Read a bounded share of the rows. Returns the names of the damaged rows that are known."""


class Audit(Protocol):
    """The hash chain over what an archive holds; also an ``Examination``."""

    def head(self) -> tuple[int, str]:
        """Return the number and the hash (hexadecimal) of the last entry; ``(0, "")`` before the first."""

    def faults(self) -> Iterator[Fault]:
        """Yield a fault for each broken link of the chain, then for each row that differs from its entry."""

    def acknowledge(self, actor: str) -> list[Incident]:
        """Acknowledge every open incident and every fault, and accept differing rows as they are now.
        Returns the incidents, with time and ``actor`` of the acknowledgement. Incidents stay on record."""


class Examination(Protocol):
    """One kind of check over all stored data."""

    def faults(self) -> Iterator[Fault]:
        """Yield the faults that this check finds; may take minutes."""
