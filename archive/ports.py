"""Ports of the archive, as protocols: jobs, people, files and others. Records: ``archive.repositories``.

Adapters live in ``storage``; each protocol has one contract suite under ``tests/contracts``
that every adapter must pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from archive.model import (
    ALL_SCOPES,
    ApiToken,
    Attachment,
    AttemptLimit,
    ExtractedField,
    Failure,
    IntegrityIncident,
    Organisation,
    Page,
    Person,
    ReadingResults,
    Role,
    Scope,
    SecondFactor,
    Session,
)

Progress = Callable[[str, int, int], None]
"""Callback of a long command: the step that is under way, how much of it is done, and how much it is."""

FieldExtraction = Callable[[Sequence[Page]], dict[str, ExtractedField]]
"""Finds what a document states in all its pages: the ``fields`` of ``ReadingResults``."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a store: lower-case hexadecimal SHA-256 and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class NewFile:
    """A stored file that an attachment gets, with its name, and whether a person gives it or a program."""

    stored: StoredFile
    filename: str
    media_type: str
    is_from_person: bool = False


class Files(Protocol):
    """Content-addressed store of files. Files that ``add`` returned survive a power cut and never change."""

    def add(self, stream: BinaryIO, *, limit: int) -> StoredFile:
        """Store a stream once by its hash; ``TooLarge`` past ``limit`` bytes, ``Unavailable`` on a full disk.

        Bytes that are stored already are not stored twice.
        """

    def open(self, sha256: str) -> BinaryIO:
        """Return a seekable stream of the file, at its start. Raises ``NotFound``."""

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """Provide a readable path for the length of the context: the file itself, or a private copy."""

    def exists(self, sha256: str) -> bool:
        """Return True when a file with this SHA-256 is stored. Its bytes are not read."""

    def remove(self, sha256: str) -> None:
        """Delete a file for good; does nothing when there is none."""

    def all(self) -> Iterator[StoredFile]:
        """Yield every stored file by name and size, in order of SHA-256. Files are not hashed again."""


class Scanner(Protocol):
    """Scans uploaded files for viruses."""

    def scan_while_reading(self, stream: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """Provide the same bytes, scanned while read; the last read raises for a virus or without a verdict.

        The stream can be read once. The read that reaches its end raises ``Invalid`` (code ``malware``) when
        a virus was found, ``TooLarge`` (``not-scanned``) when the file is too large to scan, and
        ``Unavailable`` (``scanner-unavailable``) when the scanner gives no verdict.
        """

    def ping(self) -> None:
        """Check the scanner. Raises ``Unavailable`` when the scanner does not answer."""

    def seconds_spent_by_thread(self) -> float:
        """Return the seconds that the calling thread has waited for the scanner since it began."""


class Jobs(Protocol):
    """Queue of attachments to be read. A claim is a lease, which lapses if its holder dies."""

    def claim(self, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> Attachment | None:
        """Claim the next file to read, new uploads before rereadings, oldest first; None when none waits.

        New uploads come before rereadings, then the oldest first. An attachment whose lease lapsed waits
        again, behind those not tried yet; after three deaths of its worker, the attachment fails instead,
        with code ``reader-crashed``.
        """

    def list_lapsed(self, *, lease: dt.timedelta, now: dt.datetime) -> list[int]:
        """Return the ids of attachments whose lease has run out.

        A lease also counts as run out when it reaches so far ahead that the clock must have been set back.
        """

    def settle_lapsed(self, *, lease: dt.timedelta, now: dt.datetime) -> int:
        """Set attachments with lapsed leases back to waiting, or to failed, and return their number.

        ``claim`` does the same first.
        """

    def renew(self, attachment_id: int, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """Extend a lease. Returns False when another worker has the lease: the caller must stop."""

    def finish(
        self, attachment_id: int, worker: str, *, page_count: int, details: ReadingResults, rules: int
    ) -> None:
        """Set an attachment to ready with the pages saved so far; pages after ``page_count`` are deleted.

        Raises ``Conflict`` (code ``lease-lost``) when another worker has the lease: drop the work.
        """

    def fail(self, attachment_id: int, worker: str, failure: Failure) -> None:
        """Set an attachment to failed, with the reason for the clerk. Raises ``Conflict`` like ``finish``."""

    def release(self, attachment_id: int, worker: str) -> None:
        """Give up a lease at an orderly stop, so that the attachment can be claimed again at once.

        Does nothing when the lease was lost.
        """

    def queue_again(self, attachment_ids: Sequence[int], *, should_reread_good_pages: bool = False) -> int:
        """Queue read and failed files again; with ``should_reread_good_pages`` all pages but corrected ones.

        Pages that people corrected stay in any case. Pages that were read well with the newest rules stay
        too, unless ``should_reread_good_pages``, which holds for files that wait already as well. Files that
        are being read are left as they are. Returns the number of those queued.
        """

    def list_outdated(self, rules: int) -> list[int]:
        """Return the ids of attachments that were read with rules older than ``rules``."""

    def list_failed(self) -> list[int]:
        """Return the ids of attachments that could not be read."""

    def count_by_status(self) -> dict[str, int]:
        """Return the number of attachments by status value."""

    def count_unread_of_published(self) -> int:
        """Return the number of files of published announcements that residents may see once they are read."""

    def oldest_waiting(self) -> dt.datetime | None:
        """Return the time since when the oldest waiting attachment waits; None when none waits."""


class Accounts(Protocol):
    """People who may sign in. Passwords are kept only as hashes."""

    def add(self, name: str, password_hash: str, role: Role, *, division: str = "") -> Person:
        """Add a person. Raises ``Conflict`` when the name is taken, in a town also by one of the province.

        For the province, a name that a person of any town has is taken.
        """

    def person(self, id: int) -> Person:
        """Return a person, also a suspended one. Raises ``NotFound``."""

    def password_hash(self, id: int) -> str:
        """Return the hash of a person's password. Raises ``NotFound``."""

    def by_name(self, name: str) -> tuple[Person, str] | None:
        """Return the person with this name and the password hash; None when nobody has this name."""

    def everyone(self) -> list[Person]:
        """Return all people, suspended ones included, by name."""

    def disable_and_sign_out(self, name: str) -> None:
        """Disable a person: the person cannot sign in, and the person's sessions end."""

    def enable(self, name: str) -> None:
        """Let a disabled person sign in again. ``NotFound`` for a name that nobody has."""

    def set_password_and_sign_out(self, id: int, password_hash: str) -> None:
        """Set the hash of a person's password and close all sessions of the person. Raises ``NotFound``."""

    def set_role_and_division(self, id: int, *, role: Role, division: str) -> None:
        """Set a person's role and division. Raises ``NotFound``."""


class ApiTokens(Protocol):
    """Tokens of programs that call the API, kept only as hashes."""

    def add(
        self,
        name: str,
        token_hash: str,
        *,
        scopes: frozenset[Scope] = ALL_SCOPES,
        expires_at: dt.datetime | None = None,
    ) -> None:
        """Store a new token. Raises ``Conflict`` when a token that was not revoked has this name."""

    def use_live_token(self, token_hash: str, *, now: dt.datetime) -> ApiToken | None:
        """Return the live token with this hash and record its use at ``now``; None when there is none.

        A token that was revoked or has expired is not live.
        """

    def all(self) -> list[ApiToken]:
        """Return every token ever made, the oldest first."""

    def revoke(self, name: str) -> None:
        """Make a token invalid. Raises ``NotFound`` for an unknown name."""


class SignIns(Protocol):
    """Sessions and attempts to sign in, stored so that every web process knows them.

    A person can end a session; failed attempts of all processes count together.
    """

    def open_session(
        self, person_id: int, key_hash: str, *, password_hash: str, device: str, now: dt.datetime
    ) -> Session:
        """Store and return a session under its key's hash; ``Conflict`` if ``password_hash`` is outdated.

        ``password_hash``: that with which the password was compared; the person may have another one by now.
        Raises ``Conflict`` also for a disabled person.
        """

    def find_live_session(
        self, key_hash: str, *, idle: dt.timedelta, now: dt.datetime
    ) -> tuple[Session, Person] | None:
        """Return the live session with its person and record that it was seen; None when there is none.

        A session is not live when it was closed or not seen for ``idle``, or when its person is disabled.
        """

    def list_sessions(self, person_id: int) -> list[Session]:
        """Return the person's sessions, the last seen first."""

    def close_sessions(self, person_id: int, *, only: int | None = None) -> None:
        """Close all sessions of a person, or the one whose id is ``only``, if there is one."""

    def count_failure_unless_paused(
        self, limits: Sequence[AttemptLimit], *, now: dt.datetime
    ) -> dt.timedelta:
        """Count one failure for every limit and return zero; or count nothing and return the time to wait.

        It counts nothing while one of the limits must pause. Failures are forgotten an hour after the last.
        """

    def clear_failures_of_attempt(self, limits: Sequence[AttemptLimit], *, now: dt.datetime) -> None:
        """Delete the failures of these limits; for a shared limit, only the failure of this attempt."""


class SecondFactors(Protocol):
    """Second factors of accounts, with their recovery codes."""

    def get(self, person_id: int) -> SecondFactor | None:
        """Return the second factor of a person, confirmed or not; None where there is none."""

    def store_unconfirmed(self, person_id: int, sealed_secret: str) -> None:
        """Store an unconfirmed secret over an earlier one; ``Conflict`` when one is confirmed already.

        Raises ``Conflict`` when the person has a confirmed second factor.
        """

    def confirm(self, person_id: int, *, step: int, recovery_hashes: Sequence[str], now: dt.datetime) -> None:
        """Confirm the factor that was stored, which sign-in needs from now on; ``Conflict`` without one.

        ``step``: time step of the code that confirmed the second factor; the code is thereby used.
        """

    def use_code(self, person_id: int, *, step: int) -> bool:
        """Mark the code of a time step as used; False when this or a later step's code was used before.

        A step so far ahead that the clock must have been set back since counts as none.
        """

    def use_recovery_code(self, person_id: int, code_hash: str, *, now: dt.datetime) -> bool:
        """Mark a recovery code as used. Returns False when the code is unknown or was used before."""

    def replace_recovery_codes(self, person_id: int, hashes: Sequence[str]) -> None:
        """Replace all recovery codes. Earlier codes, used or not, become invalid."""

    def remove(self, person_id: int) -> bool:
        """Remove the second factor and its recovery codes. Returns False when there was none."""


@dataclass(frozen=True, slots=True)
class People:
    """The repositories of people, API tokens, sign-ins and second factors."""

    accounts: Accounts
    tokens: ApiTokens
    sign_ins: SignIns
    second_factors: SecondFactors


class Leases(Protocol):
    """Leases on duties that one process at a time does for all, and on forms that one person has open.

    The holder renews the lease; when the holder dies or leaves, the lease lapses.
    """

    def claim(self, name: str, holder: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """Take or renew the lease on a duty; False while another holder has it.

        A lease that reaches so far ahead that the clock must have been set back since is taken over.
        """

    def find_holder(self, name: str, *, now: dt.datetime) -> str:
        """Return who has the lease; "" when nobody has."""

    def release(self, name: str, holder: str) -> None:
        """Give up a lease at an orderly stop. Does nothing when another holder has the lease."""


class Organisations(Protocol):
    """Organisations (municipalities) that keep their records here; there is always at least one."""

    def all(self) -> list[Organisation]:
        """Return all organisations, in the order in which they joined."""

    def add(self, slug: str, name: str, host: str | None) -> Organisation:
        """Add an organisation, its slug unchecked; ``Conflict`` when the slug or the host is taken."""

    def change(self, slug: str, *, to: Organisation) -> None:
        """Set an organisation's slug, name and host. Raises ``NotFound``, or ``Conflict`` as ``add`` does."""


class Database(Protocol):
    """The database that stores records, jobs and people, as a whole."""

    def find_faults(self) -> list[str]:
        """Return the faults that the engine's own check finds, in the engine's words; may take minutes."""

    def find_dangling_rows_by_missing_row(self) -> dict[str, list[str]]:
        """Return the names of rows that refer to an absent row, by the name of the absent row."""

    def seconds_spent_by_thread(self) -> float:
        """Return the seconds that the calling thread has spent in the database since it began."""

    def clock_difference(self) -> float:
        """Return the seconds that this machine's clock is ahead of the database server's; 0 for a file."""

    def checkpoint_if_possible(self) -> None:
        """Write the log into the database itself, where no other process reads; done at an orderly stop."""

    def close(self) -> None:
        """Write everything and close this process's connections. The next use opens new connections."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the stored data: a stable code, the subject, and the detail that was found."""

    code: str
    subject: str
    detail: str = ""
    mend: Callable[[], bool] | None = None  # repairs the fault where that is safe; returns False on failure


class ReadabilityCheck(Protocol):
    """Finds rows that cannot be read, by reading them as the archive does; also an ``Examination``."""

    def find_faults(self) -> Iterator[Fault]:
        """Yield every row that cannot be read."""

    def check_first_rows(self) -> None:
        """Read the first row of each table, a few pages of the database; ``Unavailable`` if damaged there."""

    def check_next_rows(self) -> None:
        """Read the next share of the rows, of bounded size, to know which of them are damaged.

        The first call reads the newest rows, each further call the next older ones, then again the newest.
        Rows that were damaged at an earlier call are read again, since somebody may have repaired them.
        """

    def known_damaged_rows(self) -> list[str]:
        """Return the names of the rows that ``check_next_rows`` found damaged when it last read them."""


class Audit(Protocol):
    """The hash chain over what an archive holds; also an ``Examination``."""

    def last_entry(self) -> tuple[int, str]:
        """Return the number and the hash (hexadecimal) of the last entry; ``(0, "")`` before the first."""

    def find_faults(self) -> Iterator[Fault]:
        """Yield a fault for each broken link of the chain, then for each row that differs from its entry."""

    def acknowledge_and_accept_all(self, actor: str) -> list[IntegrityIncident]:
        """Acknowledge every open incident and every fault, and accept differing rows as they are now.

        Returns the incidents, with time and ``actor`` of the acknowledgement. Incidents stay on record.
        """


class Examination(Protocol):
    """One kind of check over all stored data."""

    def find_faults(self) -> Iterator[Fault]:
        """Yield the faults that this check finds; may take minutes."""
