"""Commands that attach files to announcements, and label, order, show and detach attachments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from archive import privacy, validation
from archive.commands.status_rules import editable_announcement, editable_attachment
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.commands.uploads import Uploads, safe_name_and_type, sha256_and_rewind
from archive.errors import Conflict, Invalid, gettext_noop
from archive.model import (
    Announcement,
    Attachment,
    DocumentKind,
    HoldReason,
    PersonalDataSpan,
    ReadingStatus,
    Status,
)
from archive.ports import NewFile, StoredFile
from archive.repositories import Records
from archive.suggested_fields import is_meaningless_label


class AttachmentCommands(CommandsOnRecords):
    """Attaches files to announcements and edits attachments."""

    def __init__(self, records: Records, uploads: Uploads) -> None:
        super().__init__(records)
        self._uploads = uploads

    def attach(
        self,
        announcement_id: int,
        stream: BinaryIO,
        *,
        filename: str,
        actor: str,
        label: str = "",
        kind: DocumentKind | None = None,
        stored_at: dt.datetime | None = None,
        is_from_person: bool = False,
        stored: StoredFile | None = None,
        check_permission: Callable[[Announcement], object] = lambda _: None,
    ) -> tuple[Attachment, bool]:
        """Attach a person's or a program's file (True), or return the one with its bytes (False).

        See ``archive.repositories.Attachments.attach``. ``stored``: what ``Uploads.store`` returned for the
        same bytes, which are then neither scanned nor stored again. ``check_permission``: called with the
        announcement in the transaction that writes; what it raises refuses the file. Raises as
        ``Uploads.store`` does, too.
        """
        editable_announcement(self._records, announcement_id)
        name, media_type = safe_name_and_type(stream, filename)
        checked_label = validation.label_or_file_name(label, name)
        if not is_from_person:
            self._records.attachments.refuse_erased_file(announcement_id, sha256_and_rewind(stream))
        file = stored or self._uploads.store_named(stream, name, actor)
        with self._records.batch():
            check_permission(editable_announcement(self._records, announcement_id))
            made = self._records.attachments.attach(
                announcement_id,
                NewFile(file, name, media_type, is_from_person),
                label=checked_label,
                kind=kind or DocumentKind.OTHER,
                actor=actor,
                stored_at=stored_at,
            )
        self._uploads.store_again_if_erased(stream, file)
        return made

    @in_one_transaction
    def relabel(
        self, attachment_id: int, *, label: str, kind: DocumentKind, actor: str, reason: str = ""
    ) -> Attachment:
        """Change an attachment's label and kind; a public label with personal data needs a reason.

        Raises ``PersonalDataFound`` when residents see the document, the new label contains personal data
        that nobody has decided on, and no reason is given. A held document stays held: its label is decided
        with it.
        """
        attachment, announcement = editable_attachment(self._records, attachment_id)
        checked_label = validation.label_or_file_name(label, attachment.filename)
        finds: Sequence[PersonalDataSpan] = ()
        is_seen = announcement.status is Status.PUBLISHED and attachment.hold is None
        if is_seen and checked_label != attachment.label:
            finds = privacy.finds_without_decision(
                privacy.find_in_fields({"label": checked_label}),
                privacy.decisions_after_relabeling(attachment, checked_label),
            )
        if finds:
            privacy.refuse_blank_reason(privacy.locate_in_attachment(attachment_id, finds), reason)
        after = self._records.attachments.relabel(attachment_id, label=checked_label, kind=kind, actor=actor)
        if not finds:
            return after
        return self._records.attachments.record_decision_to_show(
            attachment_id, finds, reason=reason.strip(), actor=actor
        )

    @in_one_transaction
    def release_with_reason(self, attachment_id: int, *, actor: str, reason: str) -> Attachment:
        """Show a held attachment although finds or a failed reading hold it; ``Conflict`` while unread.

        The code of that error is ``unread``. Raises ``Invalid`` without a reason.
        """
        attachment, _ = editable_attachment(self._records, attachment_id)
        said = validation.checked_required_text(
            reason, field="reason", field_label=gettext_noop("เหตุผลที่ให้ประชาชนเห็น"), length=1000
        )
        _require_read(attachment)
        finds = privacy.undecided_finds(attachment)
        return self._records.attachments.record_decision_to_show(
            attachment_id, finds, reason=said, actor=actor
        )

    @in_one_transaction
    def cancel_release(self, attachment_id: int, *, actor: str) -> Attachment:
        """Hold a released attachment again, also where its file replaced a public one."""
        editable_attachment(self._records, attachment_id)
        return self._records.attachments.cancel_decisions(attachment_id, actor=actor)

    @in_one_transaction
    def hide_undecided(self, attachment_id: int, *, actor: str) -> Attachment:
        """Hide a public attachment until its undecided finds are decided; ``Conflict`` where it has none.

        Decisions that were made about other finds stay.
        """
        attachment, _ = editable_attachment(self._records, attachment_id)
        if not privacy.undecided_finds(attachment):
            raise Conflict("เอกสารนี้ไม่มีข้อมูลส่วนบุคคลที่รอพิจารณาแล้ว", code="edited-meanwhile")
        return self._records.attachments.hold_for_undecided_finds(attachment_id, actor=actor)

    @in_one_transaction
    def show_unconfirmed_file(self, attachment_id: int, *, actor: str, reason: str = "") -> Attachment:
        """Show a file that waited for a check; it must be read and named, and finds need a ``reason``.

        It was added or replaced by a person in a published announcement; any other attachment is returned as
        it is. Raises ``Conflict`` (code ``unread``) while it is unread, and when it could not be read, which
        takes a decision (``release_with_reason``); ``Invalid`` when its label is the name of a file, and
        ``PersonalDataFound`` when personal data is undecided and no reason is given.
        """
        attachment, _ = editable_attachment(self._records, attachment_id)
        if attachment.hold is not HoldReason.UNCONFIRMED:
            return attachment
        _require_read(attachment)
        if attachment.status is ReadingStatus.FAILED:
            raise Conflict("แปลงข้อความไม่ได้ จึงตรวจข้อมูลส่วนบุคคลไม่ได้ ประชาชนยังไม่เห็นเอกสารนี้", code="unread")
        if is_meaningless_label(attachment):
            row = attachment.replaces or attachment_id
            raise Invalid("กรุณาตั้งชื่อเอกสารให้ประชาชนเข้าใจก่อน", field=f"label-{row}")
        finds = privacy.undecided_finds(attachment)
        if finds:
            privacy.refuse_blank_reason(privacy.locate_in_attachment(attachment_id, finds), reason)
        return self._records.attachments.record_decision_to_show(
            attachment_id, finds, reason=reason.strip(), actor=actor
        )

    @in_one_transaction
    def reorder(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None:
        """Set the order of an announcement's attachments; ``Conflict`` unless all their ids are given."""
        editable_announcement(self._records, announcement_id)
        self._records.attachments.reorder(announcement_id, attachment_ids, actor=actor)

    @in_one_transaction
    def move(self, announcement_id: int, positions: Mapping[int, int], *, actor: str) -> None:
        """Move attachments to positions from 1; a position beyond either end means that end.

        ``positions``: attachment id → position. The others fill the places between, in their order.
        Attachments with the same position stand there one after the other, in the order that they had.
        Raises ``Conflict`` for an attachment that the announcement does not have.
        """
        attachments = self._records.attachments.by_announcement([announcement_id])[announcement_id]
        before = {one.id: place for place, one in enumerate(attachments)}
        after = [each for each in before if each not in positions]
        moved = sorted(positions, key=lambda each: (positions[each], before.get(each, 0)))
        place = -1
        for attachment_id in moved:
            place = max(positions[attachment_id] - 1, place + 1)
            after.insert(place, attachment_id)
        self.reorder(announcement_id, after, actor=actor)

    @in_one_transaction
    def detach(self, attachment_id: int, *, actor: str) -> None:
        """Detach an attachment from its announcement. The data stays, so that ``reattach`` works."""
        editable_attachment(self._records, attachment_id)
        self._records.attachments.detach(attachment_id, actor=actor)

    @in_one_transaction
    def reattach(self, attachment_id: int, *, actor: str) -> Attachment:
        """Put a detached attachment back as the announcement's last; ``NotFound`` unless it is detached.

        Where ``must_be_checked_when_put_back``, residents see it only after ``show_unconfirmed_file``.
        """
        attachment = self._records.attachments.get_detached(attachment_id)
        editable_announcement(self._records, attachment.announcement_id)
        return self._records.attachments.reattach(
            attachment_id,
            actor=actor,
            should_hold_until_checked=self.must_be_checked_when_put_back(attachment),
        )

    @in_one_transaction
    def read_again(self, attachment_id: int, *, actor: str) -> Attachment:
        """Have an attachment's file read again; pages that people corrected stay.

        One that waits to be read, or is being read, is returned as it is.
        """
        attachment, _ = editable_attachment(self._records, attachment_id)
        if attachment.is_reading_pending:
            return attachment
        return self._records.attachments.read_again(attachment_id, actor=actor)

    def must_be_checked_when_put_back(self, attachment: Attachment) -> bool:
        """Return True where a detached attachment has to be checked before residents see it again.

        It was detached before its announcement was published, so nobody looked at it for the publication. One
        that is held for another reason needs that decision anyway.
        """
        announcement = self._records.announcements.get(attachment.announcement_id)
        if announcement.status is not Status.PUBLISHED or attachment.hold not in (None, HoldReason.UNREAD):
            return False
        for change in reversed(self._records.history.entries(announcement.id)):
            if change.action == "publish":
                return True
            if change.action == "detach" and change.before.get("attachment_id") == attachment.id:
                break
        return False


def _require_read(attachment: Attachment) -> None:
    """Raise ``Conflict`` while an attachment is held whose text nobody could look through yet."""
    if attachment.is_reading_pending and attachment.hold is not HoldReason.PERSONAL_DATA:
        raise Conflict("ระบบยังแปลงข้อความของเอกสารนี้ไม่เสร็จ กรุณารอแล้วลองใหม่อีกครั้ง", code="unread")
