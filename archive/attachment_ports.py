"""Port for attachments: hold them back from residents, replace them, and restore detached ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from archive.model import Attachment, FileVersion, PersonalData

if TYPE_CHECKING:
    from archive.ports import StoredFile


class HeldAttachments(Protocol):
    """Part of ``archive.ports.Records`` about attachments that are held, detached or failed."""

    def replace(
        self,
        attachment_id: int,
        file: StoredFile,
        *,
        filename: str,
        media_type: str,
        actor: str,
        is_redacted: bool = False,
    ) -> Attachment:
        """Give an attachment other bytes under the same id. The attachment is held until it is read.

        The file before and the texts of its pages are kept as a ``FileVersion``. Raises ``Conflict`` (code
        ``file-attached``) when another attachment of the announcement has these bytes.
        """

    def release(
        self, attachment_id: int, decided: Iterable[PersonalData], *, reason: str, actor: str
    ) -> Attachment:
        """Record the decision to show the finds ``decided``.

        The attachment is then no longer held, unless undecided finds remain.
        """

    def reattach(self, attachment_id: int, *, actor: str) -> Attachment:
        """Put a detached attachment back, after the announcement's other attachments, under its id."""

    def detached_attachment(self, id: int) -> Attachment:
        """Return a detached attachment. Raises ``NotFound`` when no detached attachment has this id."""

    def detached_attachments(self, announcement_id: int) -> list[Attachment]:
        """Return the announcement's detached attachments, in the order in which they were first attached."""

    def file_versions(self, attachment_id: int) -> list[FileVersion]:
        """Return the files that an attachment had before its present one, oldest first."""

    def version_texts(self, attachment_id: int, number: int) -> list[str]:
        """Return the texts of the pages of an earlier file. Raises ``NotFound``."""

    def versions_with_file(self, sha256: str) -> list[FileVersion]:
        """Return the earlier files of all attachments that have these bytes."""
