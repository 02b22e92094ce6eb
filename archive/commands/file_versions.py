"""Commands that replace an attachment's file: by a new one, a redacted copy, or one of its earlier files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from archive import validation
from archive.commands.status_rules import editable_attachment, refuse_other_file
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.commands.uploads import Uploads, safe_name_and_type, sha256_and_rewind
from archive.errors import NotFound
from archive.filetype import PDF
from archive.model import Announcement, Attachment, DocumentKind, FileVersion, Page
from archive.ports import NewFile, StoredFile
from archive.repositories import Records
from archive.suggested_fields import is_name_of_file


class FileVersionCommands(CommandsOnRecords):
    """Replaces the files of attachments. The file before stays, for staff only, as a numbered version."""

    def __init__(self, records: Records, uploads: Uploads) -> None:
        super().__init__(records)
        self._uploads = uploads

    def replace(
        self,
        attachment_id: int,
        stream: BinaryIO,
        *,
        filename: str,
        actor: str,
        is_from_person: bool = False,
        check_permission: Callable[[Announcement], object] = lambda _: None,
    ) -> Attachment:
        """Give an attachment a new file; a public one keeps its own while the new, returned here, is held.

        See ``archive.repositories.Attachments.replace``. ``check_permission``: called with the announcement
        in the transaction that writes; what it raises refuses the file. Raises as ``Uploads.store`` does too.
        """
        attachment, _ = editable_attachment(self._records, attachment_id)
        name, media_type = safe_name_and_type(stream, filename)
        if not is_from_person:
            self._records.attachments.refuse_erased_file(
                attachment.announcement_id, sha256_and_rewind(stream)
            )
        file = self._uploads.store_named(stream, name, actor)
        with self._records.batch():
            check_permission(editable_attachment(self._records, attachment_id)[1])
            new = NewFile(file, name, media_type, is_from_person)
            replaced = self._records.attachments.replace(attachment_id, new, actor=actor)
        self._uploads.store_again_if_erased(stream, file)
        return replaced

    def replace_by_redacted_copy(
        self, attachment_id: int, copy: BinaryIO, read_pages: Sequence[Page], *, made_from: str, actor: str
    ) -> Attachment:
        """Replace a file by its redacted copy; ``Conflict`` unless its SHA-256 is still ``made_from``.

        The copy gets a neutral name. ``read_pages``: pages of the copy whose text is known; other pages are
        read. The file before stays for staff only, and so does its name: it may tell what is covered. A label
        that is nothing but that name is replaced too. The id stays. Residents see the copy once no personal
        data was found in any page. ``made_from``: SHA-256 of the file of which the copy was made.
        """
        editable_attachment(self._records, attachment_id)
        file = self._uploads.store_redacted_copy(copy)
        with self._records.batch():
            attachment, announcement = editable_attachment(self._records, attachment_id)
            refuse_other_file(attachment, made_from)
            name = _name_of_copy(announcement, attachment)
            redacted = self._records.attachments.replace(
                attachment_id, NewFile(file, name, PDF.media_type), actor=actor, is_redacted=True
            )
            for page in read_pages:
                self._records.pages.save(page, expected_sha256=file.sha256)
            if is_name_of_file(attachment.label, [attachment]):
                redacted = self._records.attachments.relabel(
                    attachment_id,
                    label=validation.label_or_file_name("", name),
                    kind=attachment.kind,
                    actor=actor,
                )
        self._uploads.store_again_if_erased(copy, file)
        return redacted

    @in_one_transaction
    def restore(self, attachment_id: int, number: int, *, actor: str) -> Attachment:
        """Give an attachment an earlier file again; a public one keeps its own until that is checked.

        The file that it replaces becomes an earlier one. ``number``: see ``FileVersion``. The rest is as in
        ``replace`` with ``is_from_person``.
        """
        editable_attachment(self._records, attachment_id)
        version = self.get(attachment_id, number)
        stored = StoredFile(version.sha256, version.size)
        file = NewFile(stored, version.filename, version.media_type, is_from_person=True)
        return self._records.attachments.replace(
            attachment_id, file, actor=actor, is_redacted=version.is_redacted
        )

    def get(self, attachment_id: int, number: int) -> FileVersion:
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
