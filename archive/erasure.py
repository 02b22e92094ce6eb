"""Records of erasures by order: the only deletions that keep nothing of what they take away."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ErasureScope(StrEnum):
    """The scope of an order of erasure: a document, its earlier files, or an announcement's own text."""

    ATTACHMENT = "attachment"  # the attachment with all files that it ever had
    EARLIER_FILES = "earlier-files"  # only the files before the present one
    TEXT = "text"  # the announcement's title, body, author, category and old address; its attachments stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Record of an erasure by order, which stays for good. It says nothing of what was erased."""

    id: int
    announcement_id: int
    attachment_id: int | None  # None: the announcement's own text was erased
    scope: ErasureScope
    ordered_by: str  # who ordered it, such as a court or the head of the office, with the number of the order
    reason: str
    files: tuple[str, ...]  # SHA-256 of the files, in lower-case hexadecimal
    at: dt.datetime
    actor: str  # the administrator who carried the order out


class Erasures(Protocol):
    """Erasures by order. Every other deletion keeps what it takes away."""

    def erase_attachment_or_versions(
        self,
        attachment_id: int,
        scope: ErasureScope,
        *,
        ordered_by: str,
        reason: str,
        actor: str,
        expected_sha256: str | None = None,
    ) -> Erasure:
        """Erase an attachment, also a detached one, or its earlier files; their bytes stay in the store.

        Texts of pages, names of files and earlier labels are removed from the history as well. The bytes
        stay in the store: see ``archive.eraser``. ``expected_sha256``: the SHA-256 of the file that the
        person saw; raises ``Conflict`` (code ``edited-meanwhile``) where the attachment has another one.
        None: any file.
        """

    def erase_announcement_fields(
        self, announcement_id: int, *, ordered_by: str, reason: str, actor: str
    ) -> Erasure:
        """Erase a record's own texts, also in its history; ``Conflict`` while it is published.

        They are title, body, author, category and the address on an older site; residents are to be told
        first why a published one goes.
        Returns the record of the erasure.
        """

    def all(self) -> list[Erasure]:
        """Return all erasures, the latest first."""

    def last_at(self) -> dt.datetime | None:
        """Return the time of the latest erasure; None where nothing was ever erased."""

    def last_id(self) -> int:
        """Return the highest id of an erasure; 0 where nothing was ever erased."""

    def is_used_by_record(self, sha256: str) -> bool:
        """Return True when an attachment, also a detached one, or an earlier file has these bytes.

        Erased attachments and erased earlier files do not count.
        """
