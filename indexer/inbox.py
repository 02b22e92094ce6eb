"""Watched folder: scans that a network scanner drops into it become drafts, each exactly once.

A draft is recognised by its ``ref``, made of the SHA-256 of the dropped file. So a crash at any moment, or
the same file dropped twice, makes no second draft. A file leaves the folder only after its draft and its
attachment are stored: into ``รับแล้ว``; ``ซ้ำ`` when the archive had it before; ``รับไม่ได้``, with the reason in a
text file beside it, when the archive refuses it.
"""

from __future__ import annotations

import io
import logging
import os
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.errors import Conflict, Invalid, TooLarge
from archive.hashing import sha256_of_file
from archive.model import Announcement, Draft
from archive.record_commands import RecordCommands
from archive.repositories import Records
from archive.thai import today
from indexer.extraction import sandbox
from indexer.extraction.image.input_normalization import is_cut_off
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.separators import split_at_separators

log = logging.getLogger("prakat.inbox")

ACTOR = "โฟลเดอร์รับสแกน"

TAKEN, KNOWN, REFUSED = "รับแล้ว", "ซ้ำ", "รับไม่ได้"
"""Folders for dropped files that were taken, that the archive had before, and that it refuses."""

SETTLED_SECONDS = 5.0
"""Seconds without a change after which a file is taken to be complete: scanners write without pauses."""

UNFINISHED_SECONDS = 600.0
"""Seconds to wait for a file's end mark; then it is taken, and its reading says that it is cut off."""

RETRY_SECONDS = 60.0
"""Seconds after which a file that could not be read or moved is tried again."""

LOOK_EVERY = 3.0  # seconds between looks into the folder

_CUT_SECONDS = 300.0  # for a stack of 500 pages
_CUT_MEMORY_MB = 1536  # for the cutting of one stack
_READ_AND_WRITE = 0o666  # permissions of a folder that make sense for a file in it
_END_MARKS = {b"\xff\xd8": b"\xff\xd9", b"\x89PNG": b"IEND", b"PK\x03\x04": b"PK\x05\x06"}
"""Marks near the end of a whole JPEG, PNG and ZIP-based file, by its first bytes (their specifications)."""
_TAIL = 1 << 16  # bytes from the end, more than the longest comment of a ZIP file
_HEAD = 1024  # bytes from the beginning in which white space may precede a PDF
_IGNORED_ENDINGS = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".ini", ".db", ".txt")


@dataclass(frozen=True, slots=True)
class InboxTarget:
    """The records and the commands for one folder's scans, both of one organisation."""

    records: Records
    commands: RecordCommands


_Version = tuple[int, int]
"""Size and time of the last change of a file: others once it is written again.

The inode is left out: a network drive may give a file another one at each look.
"""

Targets = Callable[[], Mapping[Path, InboxTarget]]
"""Function that returns the watched folders as of now, each with where its scans go."""


class _ChangedMeanwhile(Exception):
    """Raised when a dropped file was written again, or exchanged, while it was taken."""


class Inbox:
    """Takes scans out of watched folders. Only one worker at a time may use the same folders."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._versions: dict[Path, tuple[_Version, float]] = {}  # and the time at which it was seen first
        self._failed: dict[Path, float] = {}  # time of the last failure

    def take_up_to_one_file_per_folder(self) -> bool:
        """Takes or refuses at most one complete file of each folder and moves it away; True if there was any.

        It goes into ``TAKEN``, ``KNOWN`` or ``REFUSED`` in its folder. A file or a folder that cannot be read
        or moved is passed over; the log says why.
        """
        taken = [self._take_up_to_one_file(*watched) for watched in self._targets().items()]
        return any(taken)

    def _take_up_to_one_file(self, folder: Path, target: InboxTarget) -> bool:
        with self._passed_over_on_failure(folder):
            for path, seconds in self._settled_files(folder):
                with self._passed_over_on_failure(path):
                    if self._is_due(path) and (seconds >= UNFINISHED_SECONDS or _has_end(path)):
                        self._take(path, folder, target)
                        return True
        return False

    def _is_due(self, path: Path) -> bool:
        failed = self._failed.get(path)
        return failed is None or time.monotonic() - failed >= RETRY_SECONDS

    @contextmanager
    def _passed_over_on_failure(self, path: Path) -> Iterator[None]:
        """Log an ``OSError`` of a file or folder, at most once in ``RETRY_SECONDS``, and go on after it."""
        try:
            yield
        except OSError as error:
            if self._is_due(path):
                log.warning("cannot be taken", extra={"file": str(path), "why": str(error)})
                self._failed[path] = time.monotonic()

    def _settled_files(self, folder: Path) -> list[tuple[Path, float]]:
        """Returns files of a folder that are no longer written, with seconds since then; the oldest first."""
        try:
            found = [(path.lstat(), path) for path in folder.iterdir() if not is_passed_over(path)]
        except FileNotFoundError:
            return []
        settled, seen, now = [], {}, time.monotonic()
        for status, path in sorted(found, key=lambda pair: (pair[0].st_mtime, pair[1].name)):
            if not stat.S_ISREG(status.st_mode):
                continue
            version = _version(status)
            known, since = self._versions.get(path, (None, now))
            if known != version:
                since = now
            elif now - since >= SETTLED_SECONDS:
                settled.append((path, now - since))
            seen[path] = version, since
        others = {path: known for path, known in self._versions.items() if path.parent != folder}
        self._versions = others | seen
        return settled

    def _take(self, path: Path, folder: Path, target: InboxTarget) -> None:
        """Store one file and move it out of the folder. Raises ``Unavailable``, with the file left there.

        One that is written again meanwhile stays there for the next look: a scanner may give each file the
        same name.
        """
        sha256 = sha256_of_file(path)
        if self._is_changed(path):
            return
        try:
            is_new, reason = _store(path, sha256, target), ""
        except (Invalid, TooLarge) as error:
            is_new, reason = False, error.message
        except _ChangedMeanwhile:
            return
        if self._is_changed(path) or sha256_of_file(path) != sha256:
            return
        if reason:
            _move(path, folder / REFUSED, reason=reason)
            log.warning("scan refused", extra={"file": path.name, "why": reason})
        else:
            _move(path, folder / (TAKEN if is_new else KNOWN))
            log.info("scan taken", extra={"file": path.name, "sha256": sha256, "is_new": is_new})

    def _is_changed(self, path: Path) -> bool:
        """Returns True when the file was written again since the last look found it complete."""
        return _version(path.lstat()) != self._versions[path][0]


def _version(status: os.stat_result) -> _Version:
    return status.st_size, status.st_mtime_ns


def _store(path: Path, sha256: str, target: InboxTarget) -> bool:
    """Make a draft of each document in a file. Returns False when the archive had all of them.

    Raises ``_ChangedMeanwhile`` before a draft is made of other bytes than those of the SHA-256.
    """
    with tempfile.TemporaryDirectory(prefix="prakat-inbox-") as folder:
        try:
            count = sandbox.run_in_sandbox(
                split_at_separators, path, Path(folder), seconds=_CUT_SECONDS, memory_mb=_CUT_MEMORY_MB
            )
        except UnreadableFile:  # the reading of the attachment will say why
            count = 0
        if count == 0:
            return _store_document(path, path.name, sha256, f"inbox:{sha256}", target)
        if sha256_of_file(path) != sha256:
            raise _ChangedMeanwhile
        documents = [Path(folder) / f"{number}.pdf" for number in range(1, count + 1)]
        stored = [
            _store_document(
                document,
                f"{path.stem} ({number}).pdf",
                sha256_of_file(document),
                f"inbox:{sha256}:{number}",
                target,
            )
            for number, document in enumerate(documents, start=1)
        ]
        return any(stored)


def _store_document(path: Path, filename: str, sha256: str, ref: str, target: InboxTarget) -> bool:
    """Make a draft with one attachment, as far as it is not there. Returns False when all of it was there.

    Raises ``_ChangedMeanwhile``, with no draft made, where the file no longer has the SHA-256.
    """
    draft = target.records.announcements.by_external_ref(ref)
    if draft is not None and _has_file(target.records, draft, sha256):
        return False
    with path.open("rb") as stream:  # before the draft: a file that is refused leaves none
        stored = target.commands.uploads.store(stream, filename=filename, actor=ACTOR)
    if stored.sha256 != sha256:
        raise _ChangedMeanwhile
    if draft is None:
        draft = target.commands.announcements.create(
            Draft(title="", published_on=today(), ref=ref), actor=ACTOR, may_lack_title=True
        )
    try:
        with path.open("rb") as stream:
            target.commands.attachments.attach(
                draft.id, stream, filename=filename, actor=ACTOR, stored=stored
            )
    except Conflict:  # a person threw the draft away meanwhile
        return False
    return True


def _has_file(records: Records, draft: Announcement, sha256: str) -> bool:
    """Returns True when the draft has, or had, a file with these bytes, also one that was erased by order."""
    try:
        records.attachments.refuse_erased_file(draft.id, sha256)
    except Conflict:
        return True
    there = records.attachments.by_announcement([draft.id])[draft.id] + records.attachments.detached(draft.id)
    earlier = {version.attachment_id for version in records.file_versions.with_file(sha256)}
    return any(attachment.sha256 == sha256 or attachment.id in earlier for attachment in there)


def is_passed_over(path: Path) -> bool:
    """Return True for a name of unfinished, hidden or machine-made files, which stay where they lie."""
    name = path.name.lower()
    return name.startswith((".", "~")) or name.endswith(_IGNORED_ENDINGS)


def _has_end(path: Path) -> bool:
    """Returns False for a PDF, JPEG, PNG or ZIP-based file without its end mark; True for any other file."""
    with path.open("rb") as file:
        head = file.read(_HEAD).lstrip()
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    if head.startswith(b"%PDF"):
        return not is_cut_off(path)
    return all(mark in tail for beginning, mark in _END_MARKS.items() if head.startswith(beginning))


def _make_as_open_as_its_parent(folder: Path, mode: int) -> None:
    """Make a directory with the permissions of ``mode``; a set-group-ID bit it inherits. Raises ``OSError``.

    ``chmod`` cannot: ``prakat.service`` forbids to set that bit, and without it ``chmod`` takes it away.
    Another process makes the directory, as a umask counts for every thread of this one.
    """
    made = subprocess.run(  # noqa: S603
        ["mkdir", folder],  # noqa: S607
        umask=~mode & 0o777,
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        raise OSError(made.stderr.strip())


def _move(path: Path, folder: Path, *, reason: str = "") -> None:
    """Move a file into a folder, under another name where its own is taken.

    Whoever may open the watched folder may open this one and read the reason, whatever the service's umask.
    """
    mode = stat.S_IMODE(folder.parent.stat().st_mode)
    if not folder.is_dir():
        _make_as_open_as_its_parent(folder, mode)
    target, number = folder / path.name, 2
    while target.exists():
        target = folder / f"{path.stem} ({number}){path.suffix}"
        number += 1
    if reason:
        note = target.with_name(f"{target.name}.txt")
        note.write_text(f"{reason}\n", encoding="utf-8")
        note.chmod(mode & _READ_AND_WRITE)
    path.rename(target)
