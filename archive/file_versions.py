"""Commands that replace an attachment's file by a redacted copy or by one of its earlier files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import BinaryIO

from archive import privacy, validation
from archive.errors import NotFound
from archive.filetype import PDF
from archive.model import Announcement, Attachment, FileVersion, Page
from archive.ports import Files, StoredFile
from archive.repositories import Records

_LARGEST_COPY = 500 << 20  # bytes; pictures of 100 pages may be larger than the uploaded file was


class FileVersionCommands(ABC):
    """Part of ``archive.intake.Intake`` about the files that an attachment has one after the other."""

    _records: Records
    _files: Files
    _max_upload_bytes: int

    @abstractmethod
    def _editable(self, id: int) -> Announcement: ...

    def replace_by_redacted_copy(
        self, attachment_id: int, copy: BinaryIO, pages: Sequence[Page], *, actor: str
    ) -> Attachment:
        """Give an attachment a copy of its file in which places are covered, under the same id.

        ``pages``: pages of the copy as read; pages that are missing are still to be read. The file before
        stays for staff only. Residents see the copy once no personal data was found in any page.
        """
        attachment = self._records.attachments.get(attachment_id)
        self._editable(attachment.announcement_id)
        file = self._files.add(copy, limit=max(self._max_upload_bytes, _LARGEST_COPY))
        stem = PurePosixPath(privacy.mask_personal_data(attachment.filename)).stem.removesuffix(
            validation.REDACTED_ENDING
        )
        name = validation.safe_filename(f"{stem}{validation.REDACTED_ENDING}.pdf", PDF.media_type)
        with self._records.batch():
            redacted = self._records.attachments.replace(
                attachment_id, file, filename=name, media_type=PDF.media_type, actor=actor, is_redacted=True
            )
            for page in pages:
                self._records.pages.save(page, sha256=file.sha256)
        return redacted

    def restore_file(self, attachment_id: int, number: int, *, actor: str) -> Attachment:
        """Give an attachment one of its earlier files again; the present file becomes an earlier one.

        ``number``: see ``FileVersion``. The attachment is held until it is read, as after ``replace_file``.
        """
        self._editable(self._records.attachments.get(attachment_id).announcement_id)
        version = self.file_version(attachment_id, number)
        return self._records.attachments.replace(
            attachment_id,
            StoredFile(version.sha256, version.size),
            filename=version.filename,
            media_type=version.media_type,
            actor=actor,
            is_redacted=version.is_redacted,
        )

    def file_version(self, attachment_id: int, number: int) -> FileVersion:
        """Return an earlier file of an attachment. Raises ``NotFound``."""
        for version in self._records.file_versions.by_attachment(attachment_id):
            if version.number == number:
                return version
        raise NotFound("ไม่พบไฟล์รุ่นนี้ กรุณาเปิดรายการไฟล์ก่อนหน้าอีกครั้ง")
