"""Commands that replace an attachment's file by a redacted copy or by one of its earlier files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import BinaryIO

from archive import validation
from archive.errors import NotFound
from archive.filetype import PDF
from archive.model import Announcement, Attachment, DocumentKind, FileVersion, Page
from archive.ports import Files, StoredFile
from archive.repositories import Records
from archive.suggested_fields import is_name_of_file

_LARGEST_COPY = 500 << 20  # bytes; pictures of 100 pages may be larger than the uploaded file was


class FileVersionCommands(ABC):
    """Part of ``archive.intake.Intake`` about the files that an attachment has one after the other."""

    _records: Records
    _files: Files
    _max_upload_bytes: int

    @abstractmethod
    def _editable(self, id: int) -> Announcement: ...

    def replace_by_redacted_copy(
        self, attachment_id: int, copy: BinaryIO, read_pages: Sequence[Page], *, actor: str
    ) -> Attachment:
        """Give an attachment a copy of its file in which places are covered, under the same id.

        ``read_pages``: pages of the copy whose text is known; others are still to be read. The file before
        stays for staff only, and so does its name: it may tell what is covered. A label that is nothing but
        that name is replaced too. Residents see the copy once no personal data was found in any page.
        """
        attachment = self._records.attachments.get(attachment_id)
        announcement = self._editable(attachment.announcement_id)
        file = self._files.add(copy, limit=max(self._max_upload_bytes, _LARGEST_COPY))
        name = _name_of_copy(announcement, attachment)
        with self._records.batch():
            redacted = self._records.attachments.replace(
                attachment_id, file, filename=name, media_type=PDF.media_type, actor=actor, is_redacted=True
            )
            for page in read_pages:
                self._records.pages.save(page, sha256=file.sha256)
            if is_name_of_file(attachment.label, [attachment]):
                redacted = self._records.attachments.relabel(
                    attachment_id,
                    label=validation.label_or_file_name("", name),
                    kind=attachment.kind,
                    actor=actor,
                )
        return redacted

    def restore_file_version(self, attachment_id: int, number: int, *, actor: str) -> Attachment:
        """Give an attachment one of its earlier files again; the present file becomes an earlier one.

        ``number``: see ``FileVersion``. Residents see the file as after ``replace_file``.
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


def _name_of_copy(announcement: Announcement, attachment: Attachment) -> str:
    """Return the file name of a redacted copy: kind and numbers of its record, and nothing that it states."""
    kinds = [kind for kind in (attachment.kind, announcement.kind) if kind is not DocumentKind.OTHER]
    kind = kinds[0].thai if kinds else "เอกสาร"
    stem = f"{kind} {announcement.id}-{attachment.id}{validation.REDACTED_ENDING}"
    return validation.safe_filename(f"{stem}.pdf", PDF.media_type)
