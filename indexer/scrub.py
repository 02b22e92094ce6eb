"""Slow scrub: reads the index and the original files in turns, so that damage is known before it is needed.

A scrub reads at most ``BYTES_PER_SECOND``. The index is read through once an hour, the originals, in order
of their SHA-256, once a week; whether all are there is seen once an hour in the store's listing, and an
original that could not be sent to a reader is read at once. The state is one JSON file in the data directory;
the readiness check, the metrics and ``prakat stats`` read it from there.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from archive.errors import NotFound, PrakatError
from archive.hashing import HashingReader
from archive.model import Attachment
from archive.ports import Files, StoredFile
from archive.repositories import Records
from indexer.index_sync import BATCH_SIZE
from indexer.reindex import NO_LIMIT
from indexer.search.ports import SearchIndex

log = logging.getLogger("prakat.scrub")

BYTES_PER_SECOND = 4 << 20  # a hundredth to a thirtieth of a disk's speed; 100 GB take seven hours
INDEX_EVERY = dt.timedelta(hours=1)
FILES_EVERY = dt.timedelta(days=7)
LISTING_EVERY = dt.timedelta(hours=1)  # the listing of 138,000 files takes about a second
DAMAGED_EVERY = dt.timedelta(minutes=5)  # damaged files are read again, as they may have been repaired

RECORD = "scrub.json"  # in the data directory
UNSENT_ORIGINALS = "unsent originals"
"""Running total of the requests for an original that was damaged or missing."""

REPORTED = "reported-originals"  # in the data directory: an empty file for each, named by the SHA-256
_REPORTED_FOR = (
    24 * 3600.0
)  # seconds for which a report counts that no worker of this machine has looked into

_SAVE_EVERY = 10.0  # seconds between saves of the state; a killed worker's reading since then is repeated
_MOST_NAMED = 1_000  # damaged files that the state lists; there may be more


@dataclass(slots=True)
class ScrubRecord:
    """Progress and findings of the scrub. Times are ISO 8601 in UTC, "" for never."""

    index_checked_at: str = ""
    files_began_at: str = ""  # of the pass that is under way
    files_finished_at: str = ""  # of the last whole pass
    files_after: str = ""  # SHA-256 of the file that was read last
    files_listed_at: str = ""  # when the store's listing was last compared with the records
    files_checked: int = 0  # since the beginning
    bytes_checked: int = 0  # since the beginning, index and files
    # By SHA-256: "damaged", "missing", "unreadable".
    damaged_files: dict[str, str] = field(default_factory=dict)


def read_scrub_record(data: Path) -> ScrubRecord:
    """Returns the state as the worker last wrote it; an empty state when none can be read."""
    with suppress(OSError, ValueError, TypeError):
        return _checked(ScrubRecord(**json.loads((data / RECORD).read_text())))
    return ScrubRecord()


def _checked(state: ScrubRecord) -> ScrubRecord:
    """Returns the state. Raises ``ValueError`` for one with a value of another type or a bad time."""
    empty = ScrubRecord()
    for each in fields(state):
        if type(getattr(state, each.name)) is not type(getattr(empty, each.name)):
            raise ValueError(f"{each.name} is of another type")
    for at in (
        state.index_checked_at,
        state.files_began_at,
        state.files_finished_at,
        state.files_listed_at,
    ):
        if at and dt.datetime.fromisoformat(at).tzinfo is None:
            raise ValueError(f"{at} is of no time zone")
    return state


def report_original(data: Path, sha256: str) -> None:
    """Reports an original that was found damaged or missing; the worker of this machine reads it next."""
    with suppress(OSError):  # a disk that takes nothing: the log and the counter still have it
        (data / REPORTED).mkdir(mode=0o700, exist_ok=True)
        (data / REPORTED / sha256).touch(mode=0o600)


def withdraw_report(data: Path, sha256: str) -> None:
    """Takes back the report of an original that has been found sound."""
    with suppress(OSError):
        (data / REPORTED / sha256).unlink()


def faulty_originals(data: Path) -> set[str]:
    """Returns the SHA-256 of each original that is damaged or missing as far as this machine knows.

    The scrub has found it, or it was reported within a day and the scrub has not yet read it.
    """
    reported = set()
    with suppress(OSError):
        for path in (data / REPORTED).iterdir():
            with suppress(FileNotFoundError):  # it was withdrawn meanwhile
                if time.time() - path.stat().st_mtime < _REPORTED_FOR:
                    reported.add(path.name)
    return reported | read_scrub_record(data).damaged_files.keys()


def attachments_with_faulty_file(
    records: Records, files: Files, sha256s: Iterable[str] = ()
) -> list[Attachment]:
    """Returns the attachments whose original is missing or cut by the store's listing, or is in ``sha256s``.

    No file is read. Sorted by id; those of ``_MOST_NAMED`` originals at most.
    """
    ids = [id for id, _ in records.history.changed_since(0, limit=NO_LIMIT)]
    used: list[Attachment] = []
    for start in range(0, len(ids), BATCH_SIZE):
        groups = records.attachments.by_announcement(ids[start : start + BATCH_SIZE]).values()
        listed = [attachment for group in groups for attachment in group]
        used += [*listed, *records.attachments.replacements(each.id for each in listed).values()]
    sizes = {file.sha256: file.size for file in files.all()}
    known = set(sha256s)
    suspected = {each.sha256 for each in used if each.sha256 in known or sizes.get(each.sha256) != each.size}
    # asked again: what was erased or replaced since the records were read is no fault
    named = sorted(suspected)[:_MOST_NAMED]
    found = [each for sha256 in named for each in records.attachments.with_file(sha256)]
    return sorted(found, key=lambda each: each.id)


class ScrubStopped(Exception):
    """Raised when the worker is to stop; the file that was being read is read again later."""


class Scrubber:
    """Verifies index and files piece by piece, and keeps what it found in a state file and the log.

    Only one worker at a time may use a state file.
    """

    def __init__(self, records: Records, files: Files, index: SearchIndex, data: Path) -> None:
        self._records, self._files, self._index = records, files, index
        self._path = data / RECORD
        self._state = read_scrub_record(data)
        self._left: Iterator[StoredFile] | None = None
        self._saved = 0.0
        self._damaged_read_at = _never()
        self._damaged_left: list[str] = []  # those still to be read again
        self._reported = data / REPORTED
        with suppress(OSError):  # made here, so that it is the service's also where root runs a check
            self._reported.mkdir(mode=0o700, exist_ok=True)

    def scrub_index_if_due(self, wait: Callable[[float], bool]) -> bool:
        """Reads the whole index if due, else False; ``ScrubStopped`` once ``wait`` returns True.

        ``wait`` sleeps for the given seconds and returns True when the worker is to stop. The index itself
        records damage.
        """
        if not _is_due(self._state.index_checked_at, INDEX_EVERY):
            return False
        try:
            damaged = self._index.find_damage(lambda count: self._pause(count, wait))
        except PrakatError as error:  # torn, which the index has noted; or its server does not answer
            damaged = [str(error)]
        if damaged:
            log.error("search index is damaged", extra={"parts": damaged})
        self._state.index_checked_at = _now()
        self._save()
        return True

    def scrub_next_file_if_due(self, wait: Callable[[float], bool]) -> bool:
        """Reads one original if due, else False; notes damage in the state file; may raise ``ScrubStopped``.

        It is the next one, a reported one or a damaged one; at the end of a pass none is left to read, which
        is True too. ``ScrubStopped`` is raised once ``wait``, which has the same meaning as in
        ``scrub_index_if_due``, returns True.
        """
        if self._check_reported(wait):
            return True
        if _is_due(self._state.files_listed_at, LISTING_EVERY):
            self._note_missing()
        if self._state.damaged_files and dt.datetime.now(dt.UTC) - self._damaged_read_at > DAMAGED_EVERY:
            self._damaged_read_at = dt.datetime.now(dt.UTC)
            self._damaged_left = list(self._state.damaged_files)
        if self._damaged_left:
            self._check(self._damaged_left.pop(), wait)
            return True
        if not self._state.files_began_at and not _is_due(self._state.files_finished_at, FILES_EVERY):
            return False
        if self._left is None:
            self._left = (file for file in self._files.all() if file.sha256 > self._state.files_after)
            self._state.files_began_at = self._state.files_began_at or _now()
        try:
            stored = next(self._left, None)
        except BaseException:  # the listing has ended with it: the next call lists what is left again
            self._left = None
            raise
        if stored is None:
            self._finish_pass()
            return True
        self._check(stored.sha256, wait)
        self._state.files_after = stored.sha256
        self._state.files_checked += 1
        if time.monotonic() - self._saved > _SAVE_EVERY:
            self._save()
        return True

    def _check_reported(self, wait: Callable[[float], bool]) -> bool:
        """Reads an original that was reported and removes the report; False where there is none."""
        with suppress(OSError):
            for path in self._reported.iterdir():
                self._check(path.name, wait)
                path.unlink(missing_ok=True)
                return True
        return False

    def _finish_pass(self) -> None:
        self._left = None
        self._state.files_began_at, self._state.files_after = "", ""
        self._state.files_finished_at = _now()
        self._save()

    def _note_missing(self) -> None:
        """Records the originals that attachments refer to and that are not there, or not in their length."""
        for attachment in attachments_with_faulty_file(self._records, self._files):
            self._note(attachment.sha256, "damaged" if self._files.exists(attachment.sha256) else "missing")
        self._state.files_listed_at = _now()
        self._save()

    def _check(self, sha256: str, wait: Callable[[float], bool]) -> None:
        try:
            self._note(sha256, "" if self._hash(sha256, wait) == sha256 else "damaged")
        except NotFound:
            self._note(sha256, "missing" if self._is_used(sha256) else "")
        except (OSError, PrakatError):
            self._note(sha256, "unreadable")

    def _hash(self, sha256: str, wait: Callable[[float], bool]) -> str:
        with self._files.open(sha256) as stream:
            return HashingReader(stream).finish(lambda count: self._pause(count, wait))

    def _note(self, sha256: str, fault: str) -> None:
        """Records the fault of a file, or removes the recorded fault when ``fault`` is empty."""
        known = self._state.damaged_files
        if known.get(sha256, "") == fault or (fault and len(known) >= _MOST_NAMED):
            return
        if fault:
            used = self._records.attachments.with_file(sha256)
            announcements = sorted({each.announcement_id for each in used})
            log.error(
                "original is damaged",
                extra={"fault": fault, "sha256": sha256, "announcements": announcements},
            )
            known[sha256] = fault
        else:
            del known[sha256]
        self._save()

    def _is_used(self, sha256: str) -> bool:
        """Returns True for the file that an attachment has, had earlier or was detached with."""
        attachments = self._records.attachments
        return bool(
            attachments.with_file(sha256)
            or attachments.with_file(sha256, is_detached=True)
            or self._records.file_versions.with_file(sha256)
        )

    def _pause(self, count: int, wait: Callable[[float], bool]) -> None:
        self._state.bytes_checked += count
        if wait(count / BYTES_PER_SECOND):
            raise ScrubStopped

    def _save(self) -> None:
        self._saved = time.monotonic()
        part = self._path.with_name(f".{self._path.name}.new")
        with suppress(OSError):  # a full disk: what was read since is read again
            part.write_text(json.dumps(asdict(self._state), indent=1))
            part.replace(self._path)


def _is_due(at: str, every: dt.timedelta) -> bool:
    """Returns True if ``every`` has passed since ``at``, or if ``at`` is empty or in the future.

    A time in the future means that the clock was set back.
    """
    return not at or not dt.timedelta(0) <= dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(at) < every


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _never() -> dt.datetime:
    return dt.datetime.min.replace(tzinfo=dt.UTC)
