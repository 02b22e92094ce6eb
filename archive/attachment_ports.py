"""What the archive needs from its records to hold attachments back, replace them and put them back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from archive.model import Attachment, PersonalData

if TYPE_CHECKING:
    from archive.ports import StoredFile


class HeldAttachments(Protocol):
    """The part of ``archive.ports.Records`` about attachments that are held, or that need a hand."""

    def replace(
        self, attachment_id: int, file: StoredFile, *, filename: str, media_type: str, actor: str
    ) -> Attachment:
        """Give it other bytes under the same id. It waits to be read, and is held until then.

        ``Conflict`` (code ``file-attached``) when another attachment of the announcement has these bytes.
        """

    def release(
        self, attachment_id: int, decided: Iterable[PersonalData], *, reason: str, actor: str
    ) -> Attachment:
        """Note the decision to show these finds. The attachment is then no longer held, unless there are
        others."""

    def reattach(self, attachment_id: int, *, actor: str) -> Attachment:
        """Put one that was taken off back, at the end, under its id."""

    def detached_attachment(self, id: int) -> Attachment:
        """One that was taken off."""

    def detached_attachments(self, announcement_id: int) -> list[Attachment]:
        """Those that were taken off, in the order in which they came."""

    def held_attachments(self) -> list[Attachment]:
        """Those that residents do not see yet: first for personal data, then unread; the latest first."""

    def failed_attachments(self) -> list[Attachment]:
        """Those that could not be read, the latest first."""
