"""What the archive needs from the outside: records, jobs, people, files.

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


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What ``Files.add`` kept: lower-case hex SHA-256 and size in bytes."""

    sha256: str
    size: int


class Files(Protocol):
    """Bytes by content. What ``add`` returned survives a power cut; nothing is ever altered."""

    def add(self, stream: BinaryIO, *, limit: int) -> StoredFile:
        """Store a stream; idempotent. ``TooLarge`` past ``limit`` bytes, ``Unavailable`` on a full disk."""

    def open(self, sha256: str) -> BinaryIO:
        """The bytes from their start, seekable. Raises ``NotFound``."""

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """A readable path for the length of the context (the file itself, or a private copy)."""

    def exists(self, sha256: str) -> bool: ...

    def all(self) -> Iterator[StoredFile]:
        """Every stored file, in order of SHA-256, by name and size only (not re-hashed)."""


class Scanner(Protocol):
    """Looks for viruses in what comes in."""

    def scanned(self, stream: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """The same bytes, to be read once. The read that meets their end raises ``Invalid`` (code
        ``malware``) when something was found, ``TooLarge`` (``not-scanned``) when there is too much
        to look through, ``Unavailable`` (``scanner-unavailable``) when nobody can tell."""

    def ping(self) -> None:
        """Raises ``Unavailable`` when nobody answers."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A query that found nothing, how often, and when last."""

    query: str
    count: int
    last_at: dt.datetime


class Records(HeldAttachments, Protocol):
    """Announcements, their attachments and pages, and their history.

    Every writing method is one transaction, writes a ``Change`` (``actor`` is the person's name, or
    the name of the command) and raises the announcement's ``change`` counter when search must
    follow. Unknown ids raise ``NotFound``.
    """

    def batch(self) -> AbstractContextManager[None]:
        """Many writes of this thread as one transaction: all are kept, or none.

        A write that raises undoes only itself, so the loop may go on with the next record.
        """

    # announcements
    def create(
        self, draft: Draft, *, actor: str, status: Status = Status.DRAFT, reason: str = ""
    ) -> Announcement:
        """``Conflict`` (code ``ref-taken``) when another record has the draft's ``ref``."""

    def revise(
        self,
        id: int,
        changes: dict[str, object],
        *,
        actor: str,
        if_change: int | None = None,
        reason: str = "",
    ) -> Announcement:
        """Set fields of ``Draft`` or ``publish_at``. ``Conflict`` when ``if_change`` is no longer current.

        ``views`` is the baseline: visits counted here stay on top. Nothing different: nothing is written.
        """

    def set_status(
        self, id: int, status: Status, *, actor: str, reason: str = "", was: Status | None = None
    ) -> Announcement:
        """``Conflict`` when the status is no longer ``was``. Clears ``publish_at``.

        The reason of a withdrawal stays on the record until it is a draft again; every reason is
        in the history. After a withdrawal decisions to show personal data no longer count.
        """

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
        """One page, newest ``published_on`` first (then id), and the total."""

    def neighbours(self, id: int) -> tuple[Announcement | None, Announcement | None]:
        """The published ones just before and just after it, by ``published_on`` (then id)."""

    def months(self) -> list[tuple[int, int, int]]:
        """``(year C.E., month, number of published announcements)``, newest first, none empty."""

    def changed_since(self, change: int, *, limit: int) -> list[tuple[int, int]]:
        """``(announcement id, its change)`` for changes after ``change``, in order of change."""

    def withdrawn_since(self, change: int) -> set[int]:
        """Ids of announcements that changed after ``change`` and are not published now, or of which an
        attachment was hidden after it: an index that has followed to ``change`` may still show them."""

    def last_change(self) -> int: ...
    def touch(self, ids: Sequence[int]) -> None:
        """Have search look at these again; nothing else changes, so nothing enters the history."""

    def counts(self) -> dict[str, int]:
        """Number of announcements by status value, 0 where there are none."""

    def due(self, now: dt.datetime) -> list[int]:
        """Drafts whose ``publish_at`` has come."""

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
        """Add at the end, waiting to be read and held until then; made now, or when an older site stored it.

        The same bytes again: ``(the existing one, False)``. One that was taken off is put back instead.
        """

    def relabel(self, attachment_id: int, *, label: str, kind: Kind, actor: str) -> Attachment: ...
    def reorder(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None: ...
    def detach(self, attachment_id: int, *, actor: str) -> None:
        """Take off an announcement. Its bytes, pages and corrections stay, to be put back."""

    def attachment(self, id: int) -> Attachment: ...
    def attachments(self, announcement_ids: Iterable[int]) -> dict[int, list[Attachment]]:
        """By announcement, in order of position."""

    def attachments_with_file(self, sha256: str) -> list[Attachment]: ...

    # pages
    def doubtful_pages(self, *, below: float, limit: int) -> list[Page]:
        """Pages read with less confidence, without text, or not at all; the least sure first."""

    def save_page(self, page: Page, *, sha256: str | None = None) -> None:
        """Insert or replace; a corrected page is kept as the person left it. ``sha256``: the bytes that it
        was read from; ``Conflict`` (code ``lease-lost``) when the attachment has others by now."""

    def correct_page(
        self,
        attachment_id: int,
        number: int,
        text: str,
        *,
        actor: str,
        personal_data: Sequence[PersonalData] = (),
    ) -> Page:
        """Set the text that a person read. ``personal_data``: the finds in it; where nobody has decided to
        show them, the attachment is held."""

    def page(self, attachment_id: int, number: int) -> Page: ...
    def pages(self, attachment_id: int) -> list[Page]: ...
    def page_texts(self, attachment_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
        """``(number, text)`` of every page by attachment: all that search needs, nothing more."""

    def count_pages(self) -> dict[str, int]:
        """Number of pages by source value, 0 where there are none."""

    def texts_at(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """Texts of single pages by ``(attachment id, page number)``; unknown places are left out."""

    # collections
    def save_collection(
        self, id: int | None, *, title: str, body: str, items: Sequence[Item], actor: str
    ) -> Collection:
        """A new one without an ``id``; else all of it is replaced. An id is never used twice.

        Nothing different: nothing is written.
        """

    def collection(self, id: int) -> Collection: ...
    def collections(self) -> list[Collection]:
        """The latest made first."""

    def collection_history(self, id: int) -> list[Change]:
        """Every change, oldest first; ``items`` as lines of ``(label, announcement id or None)``."""

    def collections_with(self, announcement_id: int) -> list[Collection]:
        """Those that list the announcement."""

    # visits
    def count_visit(self, announcement_id: int, visitor: str, *, address: str = "", now: dt.datetime) -> bool:
        """Count once per visitor (an opaque, salted hash) and visit window; True when counted. Of the
        visitors from one ``address`` (a salted hash too) only the first few count; "" is no address.

        Does not raise ``change``. Survives the death of the process, perhaps not a power cut.
        """

    def visits_by_day(self, *, days: int) -> list[tuple[dt.date, int]]:
        """Counted visits of the last days in Thai time, oldest first, days without any included."""

    # work done, in numbers that only grow
    def tally(self, name: str, amount: int) -> None:
        """Add to a running total. Survives the death of the process, perhaps not a power cut."""

    def tallies(self) -> dict[str, int]:
        """The running totals by name."""

    # evidence of loss and tampering
    def note_incident(self, code: str, subject: str, detail: str) -> None:
        """Keep evidence until it is acknowledged; the same again while it is open is one incident."""

    def open_incidents(self) -> list[Incident]:
        """Those that nobody has acknowledged, oldest first."""

    # searches that found nothing
    def note_miss(self, query: str) -> None:
        """Count a query that found nothing."""

    def misses(self, *, limit: int = 100) -> list[Miss]:
        """Most frequent first."""

    def forget_miss(self, query: str) -> None:
        """Take a query off the list, once the dictionary has learned it."""


class Jobs(Protocol):
    """Attachments as work to be read. A claim is a lease: if its holder dies, it lapses."""

    def claim(self, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> Attachment | None:
        """The next to read: new uploads before rereadings, then the oldest; None when nothing waits.

        A lapsed lease makes an attachment waiting again, behind those not tried yet; after three
        deaths of its worker it is failed with code ``reader-crashed`` instead.
        """

    def lapsed(self, *, lease: dt.timedelta, now: dt.datetime) -> list[int]:
        """Attachments whose holder let its claim run out, or whose claim reaches so far ahead that the
        clock must have been set back since."""

    def take_back(self, *, lease: dt.timedelta, now: dt.datetime) -> int:
        """What ``claim`` does first: the lapsed wait again, or have failed; returns how many."""

    def renew(self, attachment_id: int, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """False when the lease was lost to another worker: stop."""

    def finish(
        self, attachment_id: int, worker: str, *, page_count: int, details: Details, rules: int
    ) -> None:
        """Ready, with the pages saved so far; pages after ``page_count`` go. ``Conflict`` (code
        ``lease-lost``) when the lease was lost: another worker has it, drop the work."""

    def fail(self, attachment_id: int, worker: str, failure: Failure) -> None:
        """Failed, with the reason for the clerk. ``Conflict`` as for ``finish``."""

    def release(self, attachment_id: int, worker: str) -> None:
        """Give back unread, to be claimed again at once (orderly stop). Nothing when the lease was lost."""

    def again(self, attachment_ids: Sequence[int], *, afresh: bool = False) -> int:
        """Set back to waiting (reread); returns how many.

        Pages that were read well with the newest rules stay as they are, unless ``afresh``.
        """

    def outdated(self, rules: int, *, failed: bool) -> list[int]:
        """Attachments read with rules older than ``rules`` (or, with ``failed``, those that failed)."""

    def counts(self) -> dict[str, int]:
        """Number of attachments by status value."""

    def oldest_waiting(self) -> dt.datetime | None: ...


class People(Protocol):
    """Who may sign in, and the API's tokens. Secrets are kept only as hashes."""

    def add(self, name: str, password_hash: str, role: Role) -> Person:
        """``Conflict`` when the name is taken."""

    def person(self, id: int) -> Person: ...
    def by_name(self, name: str) -> tuple[Person, str] | None:
        """The person and the password hash."""

    def everyone(self) -> list[Person]: ...
    def disable(self, name: str) -> None:
        """Keep a person from signing in, and end the person's sessions."""

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
        """Keep a new token. Raises ``Conflict`` when a token that was not revoked has this name."""

    def token(self, token_hash: str, *, now: dt.datetime) -> Token | None:
        """The token with this hash, and notes that it was used ``now``. None when there is none, or when
        it was revoked or has expired."""

    def tokens(self) -> list[Token]:
        """Every token ever made, the oldest first."""

    def revoke_token(self, name: str) -> None: ...

    # sessions: kept here, so that any web process knows them and a person can end them
    def open_session(self, person_id: int, key_hash: str, *, device: str, now: dt.datetime) -> Session: ...
    def session(
        self, key_hash: str, *, idle: dt.timedelta, now: dt.datetime
    ) -> tuple[Session, Person] | None:
        """The live session with its person, and notes that it was seen. None when it was closed, was
        not seen for ``idle``, or its person is disabled."""

    def sessions(self, person_id: int) -> list[Session]:
        """Last seen first."""

    def close_session(self, person_id: int, id: int) -> None: ...
    def close_sessions(self, person_id: int) -> None:
        """All of them: after a change of password, or when a person is disabled."""

    # tries at what can be guessed: kept here, so that all web processes count together
    def begin_attempt(self, limits: Sequence[AttemptLimit], *, now: dt.datetime) -> dt.timedelta:
        """Counts one failure for every limit and returns zero; or, while one of them must pause, counts
        nothing and returns how long to wait. Failures are forgotten an hour after the last."""

    def attempt_succeeded(self, limits: Sequence[AttemptLimit], *, now: dt.datetime) -> None:
        """Forgets the failures of these limits; of a shared one only the failure of this attempt."""

    # second factors
    def second_factor(self, person_id: int) -> SecondFactor | None: ...
    def begin_second_factor(self, person_id: int, sealed_secret: str) -> None:
        """Keep a secret that is not confirmed yet, in place of an earlier such one. ``Conflict`` when a
        confirmed one is there."""

    def confirm_second_factor(
        self, person_id: int, *, step: int, recovery_hashes: Sequence[str], now: dt.datetime
    ) -> None:
        """From now on it is asked for. ``step`` is the time step of the code that proved it, which is thereby
        used. ``Conflict`` when there is none to confirm."""

    def use_code(self, person_id: int, *, step: int) -> bool:
        """False when a code of this time step or of a later one was used before."""

    def use_recovery_code(self, person_id: int, code_hash: str, *, now: dt.datetime) -> bool:
        """False when there is no such code, or when it was used before."""

    def replace_recovery_codes(self, person_id: int, hashes: Sequence[str]) -> None:
        """Codes from before, used or not, are worth nothing any more."""

    def remove_second_factor(self, person_id: int) -> bool:
        """False when there was none."""


class Leases(Protocol):
    """Duties that one process at a time does for all. Who has one renews it; if it dies, it lapses."""

    def claim(self, name: str, holder: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """Take the duty, or renew it; False while somebody else has it.

        One that reaches so far ahead that the clock must have been set back since is taken over.
        """

    def release(self, name: str, holder: str) -> None:
        """Give it back (orderly stop). Nothing when somebody else has it."""


class Organisations(Protocol):
    """The municipalities that keep their records here; there is always one."""

    def all(self) -> list[Organisation]:
        """In the order that they joined."""

    def add(self, slug: str, name: str, host: str | None) -> Organisation:
        """``Conflict`` when the slug or the host is taken."""

    def change(self, slug: str, *, to: Organisation) -> None:
        """Its slug, name and host. ``NotFound``, or ``Conflict`` as for ``add``."""


class Database(Protocol):
    """What lies beneath records, jobs and people, as a whole."""

    def faults(self) -> list[str]:
        """What its own examination finds wrong, in the engine's words; may take minutes."""

    def checkpoint(self) -> None:
        """Put into the database itself what lies in a log beside it; done at an orderly stop."""

    def close(self) -> None:
        """Close this process's connections, with everything written; it opens anew when it is used."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with what is kept: a stable code, what it is about, and what was seen."""

    code: str
    subject: str
    detail: str = ""
    mend: Callable[[], bool] | None = (
        None  # makes it right where that can do no harm; False when it could not
    )


class RowCheck(Protocol):
    """Reads rows as the archive does, to find those that cannot be read; also an ``Examination``."""

    def faults(self) -> Iterator[Fault]:
        """Yield every row that cannot be read."""

    def look(self) -> list[str]:
        """Read a bounded share of the rows. Returns the names of the damaged rows that are known."""


class Audit(Protocol):
    """The hash chain over what an archive holds; also an ``Examination``."""

    def head(self) -> tuple[int, str]:
        """Return the number and the hash (hexadecimal) of the last entry; ``(0, "")`` before the first."""

    def faults(self) -> Iterator[Fault]:
        """Yield where the chain is broken, then every row that is not as it was written."""

    def acknowledge(self, actor: str) -> list[Incident]:
        """Acknowledge every open incident and every fault, and take what differs as it is now.

        Returns them as incidents, with who acknowledged them and when. They stay on record.
        """


class Examination(Protocol):
    """One way to look at everything that is kept."""

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong; may take minutes."""
