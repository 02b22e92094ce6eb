"""How things come into the archive and change: create, attach, revise, publish, withdraw, restore."""

from __future__ import annotations

from typing import BinaryIO

from archive.model import Announcement, Attachment, Draft, Kind, PersonalData, Status
from archive.ports import Files, Records


class Intake:
    """The archive's verbs. Checks every rule, then asks ``Records`` and ``Files`` to keep."""

    def __init__(self, records: Records, files: Files, *, max_upload_bytes: int) -> None:
        self._records = records
        self._files = files
        self._max_upload_bytes = max_upload_bytes

    def create(self, draft: Draft, *, actor: str, status: Status = Status.DRAFT) -> Announcement:
        """Raises ``Invalid`` with the offending field."""
        raise NotImplementedError

    def attach(
        self,
        announcement_id: int,
        stream: BinaryIO,
        *,
        filename: str,
        actor: str,
        label: str = "",
        kind: Kind | None = None,
    ) -> tuple[Attachment, bool]:
        """Keep the bytes, then the record and its job in one transaction.

        ``(attachment, True)`` when new, ``(the existing one, False)`` for the same bytes again.
        Raises ``Invalid`` for what is neither a PDF nor a picture, ``TooLarge``, ``Unavailable``.
        """
        raise NotImplementedError

    def revise(
        self, id: int, changes: dict[str, object], *, actor: str, if_change: int | None = None
    ) -> Announcement:
        raise NotImplementedError

    def publish(self, id: int, *, actor: str, reason: str = "") -> Announcement:
        """Show it to residents. ``reason``: why in spite of ``personal_data``; kept in the history."""
        raise NotImplementedError

    def withdraw(self, id: int, *, actor: str, reason: str) -> Announcement:
        """Residents then get 410 with the reason."""
        raise NotImplementedError

    def trash(self, id: int, *, actor: str) -> Announcement:
        raise NotImplementedError

    def restore(self, id: int, *, actor: str) -> Announcement:
        """Back from withdrawn or trashed to draft."""
        raise NotImplementedError

    def personal_data(self, id: int) -> dict[int, tuple[PersonalData, ...]]:
        """What was found in its attachments, by attachment id; empty when nothing was."""
        raise NotImplementedError
