"""Commands that change the archive: create, attach, revise, publish, withdraw, restore and others."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import BinaryIO

from archive import filetype, privacy, thai, validation
from archive.errors import Conflict, Invalid, PersonalDataFound, RecordDamaged, gettext_noop
from archive.fields import ANNOUNCEMENT_FIELDS, FIELDS_BY_NAME, FieldType, checked_fields
from archive.file_versions import FileVersionCommands
from archive.line_alignment import align_lines
from archive.model import (
    Announcement,
    Attachment,
    Collection,
    CollectionLine,
    DocumentKind,
    Draft,
    HoldReason,
    LowConfidenceSpan,
    Page,
    PersonalDataInAttachment,
    PersonalDataSpan,
    ReadingStatus,
    RelationKind,
    Status,
)
from archive.ports import Files, Scanner, StoredFile
from archive.repositories import Records
from archive.suggested_fields import (
    fields_as_in_new_draft,
    is_meaningless_label,
    is_meaningless_title,
    is_name_of_file,
    names_of_unconfirmed_values,
    suggest_fields,
    suggested_label,
)

log = logging.getLogger("prakat.security")
_schedule_log = logging.getLogger("prakat.schedule")

_STEPS = {
    Status.PUBLISHED: {Status.DRAFT},
    Status.WITHDRAWN: {Status.PUBLISHED},
    Status.TRASHED: {Status.DRAFT, Status.WITHDRAWN},
    Status.DRAFT: {Status.WITHDRAWN, Status.TRASHED},
}
"""New status → statuses that an announcement may have before the change."""

_EDITABLE = {Status.DRAFT, Status.PUBLISHED}

_STANDS = {
    Status.DRAFT: gettext_noop("ประกาศนี้ยังเป็นฉบับร่าง"),
    Status.PUBLISHED: gettext_noop("ประกาศนี้เผยแพร่อยู่"),
    Status.WITHDRAWN: gettext_noop("ประกาศนี้ถูกถอนแล้ว"),
    Status.TRASHED: gettext_noop("ประกาศนี้อยู่ในถังขยะ"),
}
_REMEDIES = {
    (Status.DRAFT, Status.WITHDRAWN): gettext_noop("ถอนได้เฉพาะประกาศที่เผยแพร่แล้ว หากไม่ใช้ฉบับร่างนี้ให้ทิ้งลงถังขยะ"),
    (Status.PUBLISHED, Status.TRASHED): gettext_noop("กรุณาถอนประกาศพร้อมเหตุผลก่อน แล้วจึงทิ้งลงถังขยะ"),
    (Status.WITHDRAWN, Status.PUBLISHED): gettext_noop("กรุณากู้คืนเป็นฉบับร่างและตรวจดูก่อน แล้วจึงเผยแพร่"),
    (Status.TRASHED, Status.PUBLISHED): gettext_noop("กรุณากู้คืนเป็นฉบับร่างและตรวจดูก่อน แล้วจึงเผยแพร่"),
}


class Intake(FileVersionCommands):
    """Commands that change the archive. Each one validates its input, then writes to the ports."""

    def __init__(
        self, records: Records, files: Files, *, max_upload_bytes: int, scanner: Scanner | None = None
    ) -> None:
        self._records = records
        self._files = files
        self._scanner = scanner
        self._max_upload_bytes = max_upload_bytes

    def create(
        self,
        draft: Draft,
        *,
        actor: str,
        status: Status = Status.DRAFT,
        reason: str = "",
        title_follows: bool = False,
    ) -> Announcement:
        """Create an announcement from a draft.

        ``title_follows``: a draft may be without a title until its attachments are read. Raises ``Invalid``
        with the offending field; ``Conflict`` when the draft's ``ref`` is taken; ``PersonalDataFound`` when
        the status is published, the fields contain personal data, and no reason is given.
        """
        if status not in _EDITABLE:
            raise Invalid("ประกาศใหม่เป็นได้เฉพาะฉบับร่าง (draft) หรือเผยแพร่ (published)", field="status")
        values = {field.name: getattr(draft, field.name) for field in fields(Draft)}
        stored = checked_fields(values, may_lack_title=title_follows and status is Status.DRAFT)
        checked_draft = Draft(**stored)  # type: ignore[arg-type]  # checked by name
        if status is Status.PUBLISHED and (finds := _in_fields(asdict(checked_draft))):
            _require_reason(finds, reason)
        return self._records.announcements.create(
            checked_draft, actor=actor, status=status, reason=reason.strip()
        )

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
        is_to_confirm: bool = False,
    ) -> tuple[Attachment, bool]:
        """Store the bytes of a seekable stream, then the record and its job in one transaction.

        ``stored_at``: the time at which an older site stored the file. ``is_to_confirm``: residents see the
        attachment only after ``show_added_attachment``, or when its announcement is published.

        Returns ``(attachment, True)`` for a new attachment, ``(the existing attachment, False)`` for the same
        bytes again. Raises ``Invalid`` for a file that is neither a PDF nor a picture, or in which a virus
        was found; ``TooLarge``; and ``Unavailable``, also when the configured scanner does not answer.
        """
        self._editable(announcement_id)
        content = filetype.detect_file_type(stream).media_type
        name = validation.safe_filename(filename, content)
        checked_label = validation.label_or_file_name(label, name)
        file = self._store_scanned(stream, name, actor)
        made = self._records.attachments.attach(
            announcement_id,
            file,
            filename=name,
            media_type=content,
            label=checked_label,
            kind=kind or DocumentKind.OTHER,
            actor=actor,
            stored_at=stored_at,
            hold=HoldReason.UNCONFIRMED if is_to_confirm else HoldReason.UNREAD,
        )
        self._keep_again(stream, file)
        return made

    def store_file(self, stream: BinaryIO, *, filename: str, actor: str) -> StoredFile:
        """Store the bytes of a seekable stream for a record that is still to be made.

        Raises as ``attach`` does.
        """
        name = validation.safe_filename(filename, filetype.detect_file_type(stream).media_type)
        return self._store_scanned(stream, name, actor)

    def _store_scanned(self, stream: BinaryIO, name: str, actor: str) -> StoredFile:
        """Store a file. Where a scanner is configured, only a scanned and clean file is stored."""
        if self._scanner is None:
            return self._files.add(stream, limit=self._max_upload_bytes)
        try:
            with self._scanner.scan_while_reading(stream) as scanned:
                return self._files.add(scanned, limit=self._max_upload_bytes)
        except Invalid as refusal:
            log.warning("refused a file", extra={"file": name, "actor": actor, "why": refusal.message})
            raise

    def _keep_again(self, stream: BinaryIO, file: StoredFile) -> None:
        """Store a file again that an erasure of the same bytes took away before its record was written."""
        if not self._files.exists(file.sha256):
            stream.seek(0)
            self._files.add(stream, limit=file.size)

    def replace_file(self, attachment_id: int, stream: BinaryIO, *, filename: str, actor: str) -> Attachment:
        """Give an attachment other bytes under the same id: a new version.

        Residents see the new version once it is read and no personal data was found in it; until then they
        see a public attachment's file as it is, and the new one is an attachment that ``replaces`` it. Raises
        as ``attach`` does.
        """
        self._editable(self._records.attachments.get(attachment_id).announcement_id)
        content = filetype.detect_file_type(stream).media_type
        name = validation.safe_filename(filename, content)
        file = self._store_scanned(stream, name, actor)
        replaced = self._records.attachments.replace(
            attachment_id, file, filename=name, media_type=content, actor=actor
        )
        self._keep_again(stream, file)
        return replaced

    def relabel(
        self, attachment_id: int, *, label: str, kind: DocumentKind, actor: str, reason: str = ""
    ) -> Attachment:
        """Change the label that residents read above the document, and the document's kind.

        Raises ``PersonalDataFound`` when the announcement is published, the new label contains personal data,
        and no reason is given.
        """
        attachment = self._records.attachments.get(attachment_id)
        announcement = self._editable(attachment.announcement_id)
        checked_label = validation.label_or_file_name(label, attachment.filename)
        finds: Sequence[PersonalDataSpan] = ()
        is_seen = announcement.status is Status.PUBLISHED and attachment.hold is not HoldReason.UNCONFIRMED
        if is_seen and checked_label != attachment.label:
            finds = privacy.finds_without_decision(
                privacy.find_in_fields({"label": checked_label}), attachment.decided
            )
            if finds:
                _require_reason([PersonalDataInAttachment(attachment_id, data) for data in finds], reason)
        with self._records.batch():
            if finds:
                self._records.attachments.record_decision_to_show(
                    attachment_id, finds, reason=reason.strip(), actor=actor
                )
            return self._records.attachments.relabel(
                attachment_id, label=checked_label, kind=kind, actor=actor
            )

    def release_held_attachment(self, attachment_id: int, *, actor: str, reason: str) -> Attachment:
        """Show an attachment although personal data was found in it or reading it failed.

        Raises ``Invalid`` without a reason, ``Conflict`` (code ``unread``) while the attachment is unread.
        """
        attachment = self._records.attachments.get(attachment_id)
        self._editable(attachment.announcement_id)
        said = validation.checked_required_text(
            reason, field="reason", field_label=gettext_noop("เหตุผลที่ให้ประชาชนเห็น"), length=1000
        )
        _require_read(attachment)
        finds = privacy.undecided_finds(attachment)
        return self._records.attachments.record_decision_to_show(
            attachment_id, finds, reason=said, actor=actor
        )

    def show_added_attachment(self, attachment_id: int, *, actor: str, reason: str = "") -> Attachment:
        """Show an attachment that was added to a published announcement and that a person has checked.

        Raises ``Conflict`` (code ``unread``) while it is unread, ``Invalid`` when its label is the name of a
        file, and ``PersonalDataFound`` when personal data is undecided and no reason is given.
        """
        attachment = self._records.attachments.get(attachment_id)
        self._editable(attachment.announcement_id)
        if attachment.hold is not HoldReason.UNCONFIRMED:
            return attachment
        _require_read(attachment)
        if is_meaningless_label(attachment):
            raise Invalid("กรุณาตั้งชื่อเอกสารให้ประชาชนเข้าใจก่อน", field=f"label-{attachment_id}")
        finds = privacy.undecided_finds(attachment)
        if finds:
            _require_reason([PersonalDataInAttachment(attachment_id, data) for data in finds], reason)
        return self._records.attachments.record_decision_to_show(
            attachment_id, finds, reason=reason.strip(), actor=actor
        )

    def reorder_attachments(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None:
        """Reorder the attachments of an announcement.

        ``attachment_ids``: ids of all its attachments in their new order. Raises ``Conflict`` for other ids.
        """
        self._editable(announcement_id)
        self._records.attachments.reorder(announcement_id, attachment_ids, actor=actor)

    def move_attachments(self, announcement_id: int, positions: Mapping[int, int], *, actor: str) -> None:
        """Move attachments of an announcement, each to a position; the others close up in their order.

        ``positions``: attachment id → position, from 1. A position beyond either end means that end.
        """
        ids = [
            one.id for one in self._records.attachments.by_announcement([announcement_id])[announcement_id]
        ]
        for attachment_id, position in sorted(positions.items(), key=lambda each: each[1]):
            ids.remove(attachment_id)
            ids.insert(max(position, 1) - 1, attachment_id)
        self.reorder_attachments(announcement_id, ids, actor=actor)

    def detach(self, attachment_id: int, *, actor: str) -> None:
        """Detach an attachment from its announcement. The data stays, so that ``reattach`` works."""
        self._editable(self._records.attachments.get(attachment_id).announcement_id)
        self._records.attachments.detach(attachment_id, actor=actor)

    def reattach(self, attachment_id: int, *, actor: str) -> Attachment:
        """Put a detached attachment back, after the announcement's other attachments."""
        self._editable(self._records.attachments.get_detached(attachment_id).announcement_id)
        return self._records.attachments.reattach(attachment_id, actor=actor)

    def correct_page(
        self,
        attachment_id: int,
        number: int,
        text: str,
        *,
        actor: str,
        doubts: Sequence[LowConfidenceSpan] = (),
        is_corrected: bool = True,
    ) -> Page:
        """Replace the recognised text of a page by a person's text. A rereading does not change that text.

        ``doubts``: places of the text that are still to be checked. ``is_corrected``: False for a text before
        that a person restores.
        """
        self._editable(self._records.attachments.get(attachment_id).announcement_id)
        checked_text = validation.checked_page_text(text)
        before = self._records.pages.get(attachment_id, number)
        return self._records.pages.correct(
            attachment_id,
            number,
            checked_text,
            actor=actor,
            personal_data=privacy.find_personal_data(checked_text, number),
            lines=align_lines(before.text, before.lines, checked_text),
            doubts=doubts,
            is_corrected=is_corrected,
        )

    def replace_page_reading(self, page: Page, *, actor: str) -> Page:
        """Replace a page by another reading that a person asked for. The text before can be restored."""
        self._editable(self._records.attachments.get(page.attachment_id).announcement_id)
        return self._records.pages.replace_by_rereading(
            page, actor=actor, personal_data=privacy.find_personal_data(page.text, page.number)
        )

    def revise(
        self,
        id: int,
        changes: dict[str, object],
        *,
        actor: str,
        reason: str = "",
    ) -> Announcement:
        """Set fields of ``Draft``, or ``publish_at`` (drafts only).

        Raises ``Invalid``, ``Conflict``, and ``PersonalDataFound`` when a published announcement would get
        new personal data without a reason.
        """
        announcement = self._editable(id)
        checked_changes = checked_fields(changes)
        if checked_changes.get("publish_at") is not None and announcement.status is not Status.DRAFT:
            raise Conflict("ตั้งเวลาเผยแพร่ได้เฉพาะฉบับร่าง", code="wrong-status")
        is_published = announcement.status is Status.PUBLISHED
        if is_published and (finds := _new_in_fields(announcement, checked_changes)):
            _require_reason(finds, reason)
        return self._records.announcements.revise(id, checked_changes, actor=actor, reason=reason.strip())

    def publish(self, id: int, *, actor: str, reason: str = "") -> Announcement:
        """Publish an announcement. Attachments that are not read yet are shown later, once they are read.

        One without a title first gets the fields that its attachments state.

        ``reason``: the reason to publish in spite of personal data; kept in the history. Raises
        ``PersonalDataFound`` when personal data is undecided and no reason is given, ``Invalid`` without a
        title.
        """
        announcement = self._ready_for(id, Status.PUBLISHED)
        if not announcement.title:
            announcement = self.fill_missing_fields_and_labels(id, actor=actor)
        if not announcement.title:
            raise Invalid("กรุณากรอกชื่อเรื่องก่อนเผยแพร่", field="title", code="required")
        finds = self.undecided_personal_data(id)
        held = [
            one
            for one in self._records.attachments.by_announcement([id])[id]
            if one.hold is HoldReason.PERSONAL_DATA
        ]
        if finds or held:
            _require_reason(finds, reason)
        with self._records.batch():
            for attachment in self._records.attachments.by_announcement([id])[id]:
                decided = [find.data for find in finds if find.attachment_id == attachment.id]
                if decided or attachment.hold in (HoldReason.PERSONAL_DATA, HoldReason.UNCONFIRMED):
                    self._records.attachments.record_decision_to_show(
                        attachment.id, decided, reason=reason.strip(), actor=actor
                    )
            return self._step(announcement, Status.PUBLISHED, actor, reason)

    def fill_missing_fields_and_labels(self, id: int, *, actor: str) -> Announcement:
        """Fill fields that nobody has given with values that the attachments state.

        While nobody has given a title, the form was not saved: labels that are names of files are filled too.
        """
        announcement = self._records.announcements.get(id)
        attachments = self._records.attachments.by_announcement([id])[id]
        stated = suggest_fields(attachments).fields
        missing = fields_as_in_new_draft(announcement, attachments)
        given = {name: value for name, value in stated.items() if name in missing}
        with self._records.batch():
            for attachment in attachments if "title" in missing else ():
                self._label_as_it_states(attachment, actor)
            return self._records.announcements.revise(id, given, actor=actor) if given else announcement

    def _label_as_it_states(self, attachment: Attachment, actor: str) -> None:
        label, kind = suggested_label(attachment), attachment.kind
        if not label or not is_name_of_file(attachment.label, [attachment]):
            return
        if kind is DocumentKind.OTHER and "kind" in attachment.details.fields:
            kind = DocumentKind(attachment.details.fields["kind"].value)
        self._records.attachments.relabel(attachment.id, label=label, kind=kind, actor=actor)

    def confirm_filled_values(self, id: int, *, actor: str) -> None:
        """Record that a person looked at the values that the worker filled in when it published."""
        names = names_of_unconfirmed_values(self._records.history.entries(id))
        announcement = self._records.announcements.get(id)
        fields = {name: getattr(announcement, name) for name in FIELDS_BY_NAME if name in names}
        with self._records.batch():
            if fields:
                self._records.announcements.confirm(id, fields, actor=actor)
            for attachment in self._records.attachments.by_announcement([id])[id]:
                if f"label-{attachment.id}" in names:
                    values = {"attachment_id": attachment.id, "label": attachment.label}
                    self._records.announcements.confirm(id, values, actor=actor)

    def publish_due_or_unschedule(self, now: dt.datetime, *, actor: str) -> list[int]:
        """Publish the drafts whose ``publish_at`` has come. Returns the ids of the published announcements.

        A draft whose attachments are still being read waits, since personal data in them is not known before.
        The values that the attachments state fill the fields that nobody gave. A draft in which personal data
        was found, or without a title of its own, stays a draft and its ``publish_at`` is cleared: a person
        decides, and the log says why (the error's code).
        """
        published = []
        for due in self._records.announcements.ids_due_for_publication(now):
            try:
                if self._being_read(due):
                    continue
                titled = self.fill_missing_fields_and_labels(due, actor=actor).title
                if is_meaningless_title(titled, self._records.attachments.by_announcement([due])[due]):
                    raise Invalid("ชื่อเรื่องเป็นชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ", field="title")
                self.publish(due, actor=actor)
            except (PersonalDataFound, Invalid) as refusal:
                _schedule_log.warning(
                    "scheduled draft not published", extra={"announcement": due, "why": refusal.code}
                )
                self._records.announcements.revise(due, {"publish_at": None}, actor=actor)
                continue
            except (Conflict, RecordDamaged) as error:  # another process was faster, or the row is damaged
                _schedule_log.info("scheduled draft skipped", extra={"announcement": due, "why": error.code})
                continue
            published.append(due)
        return published

    def withdraw(self, id: int, *, actor: str, reason: str) -> Announcement:
        """Withdraw a published announcement. Residents then get status 410 with the reason.

        Raises ``Invalid`` without a reason, or when the reason contains personal data.
        """
        announcement = self._ready_for(id, Status.WITHDRAWN)
        said = validation.checked_required_text(
            reason, field="reason", field_label=gettext_noop("เหตุผลที่ถอน เพราะประชาชนจะเห็นเหตุผลนี้"), length=1000
        )
        if privacy.find_personal_data(said, page=0):
            raise Invalid(
                "เหตุผลนี้มีข้อมูลส่วนบุคคล และประชาชนจะเห็น กรุณาเขียนโดยไม่ระบุเลขหรือหมายเลขนั้น",
                field="reason",
                code="personal-data",
            )
        return self._step(announcement, Status.WITHDRAWN, actor, said)

    def trash(self, id: int, *, actor: str) -> Announcement:
        """Move an announcement to the trash; nothing is deleted. A published one must be withdrawn first."""
        return self._step(self._ready_for(id, Status.TRASHED), Status.TRASHED, actor)

    def restore_as_draft(self, id: int, *, actor: str) -> Announcement:
        """Make a draft of a withdrawn or trashed announcement."""
        return self._step(self._ready_for(id, Status.DRAFT), Status.DRAFT, actor)

    def decide_relation(self, newer_id: int, older_id: int, kind: RelationKind | None, *, actor: str) -> None:
        """Confirm that one announcement cancels, amends or replaces an older one; with None, dismiss that.

        Raises ``Invalid`` when an announcement would be related to itself, or the older one already changes
        the newer one; ``NotFound`` for an unknown announcement; ``Conflict`` for one in the trash.
        """
        if newer_id == older_id:
            raise Invalid("ประกาศยกเลิกหรือแก้ไขตัวเองไม่ได้ กรุณาเลือกประกาศอื่น", field="older")
        for id in (newer_id, older_id):
            announcement = self._records.announcements.get(id)
            if announcement.status is Status.TRASHED:
                raise Conflict(
                    "%(stands)s กรุณากู้คืนก่อนแก้ไข", code="wrong-status", stands=_STANDS[announcement.status]
                )
        is_reversed = any(
            each.newer_id == older_id and each.older_id == newer_id and each.kind
            for each in self._records.relations.list_decisions(newer_id)
        )
        if kind is not None and is_reversed:
            raise Invalid("อีกฉบับยกเลิกหรือแก้ไขฉบับนี้อยู่แล้ว กรุณาเอาประกาศที่เกี่ยวข้องเดิมออกก่อน", field="older")
        self._records.relations.decide(newer_id, older_id, kind, actor=actor)

    def save_collection(
        self, id: int | None, *, title: str, body: str, items: Sequence[CollectionLine], actor: str
    ) -> Collection:
        """Create a collection when ``id`` is None; else replace the collection's title, body and items.

        Raises ``Invalid`` with the offending field, ``NotFound`` for an unknown collection.
        """
        known = self._records.announcements.get_many(
            item.announcement_id for item in items if item.announcement_id is not None
        )
        for item in items:
            if item.announcement_id is not None and item.announcement_id not in known:
                raise Invalid(
                    "ไม่มีประกาศเลขที่ %(number)s กรุณาตรวจเลขท้ายที่อยู่ของประกาศ",
                    field="items",
                    number=item.announcement_id,
                )
        checked_items = [
            CollectionLine(validation.checked_collection_heading(item.label), item.announcement_id)
            for item in items
        ]
        return self._records.collections.save(
            id,
            title=validation.checked_required_text(
                title, field="title", field_label=gettext_noop("ชื่อชุดประกาศ"), length=500
            ),
            body=validation.checked_body(body),
            items=[item for item in checked_items if item.label or item.announcement_id],
            actor=actor,
        )

    def undecided_personal_data(self, id: int) -> tuple[PersonalDataInAttachment, ...]:
        """Return the finds in an announcement's fields and attachments that nobody has decided to show."""
        fields = _in_fields(asdict(self._records.announcements.get(id)))
        attachments = self._records.attachments.by_announcement([id])[id]
        return (
            *fields,
            *(
                PersonalDataInAttachment(one.id, data)
                for one in attachments
                for data in privacy.undecided_finds(one)
            ),
        )

    def _being_read(self, id: int) -> bool:
        open_states = (ReadingStatus.WAITING, ReadingStatus.READING)
        return any(one.status in open_states for one in self._records.attachments.by_announcement([id])[id])

    def _editable(self, id: int) -> Announcement:
        announcement = self._records.announcements.get(id)
        if announcement.status not in _EDITABLE:
            raise Conflict(
                "%(stands)s กรุณากู้คืนก่อนแก้ไข", code="wrong-status", stands=_STANDS[announcement.status]
            )
        return announcement

    def _ready_for(self, id: int, status: Status) -> Announcement:
        announcement = self._records.announcements.get(id)
        if announcement.status not in _STEPS[status]:
            remedy = _REMEDIES.get((announcement.status, status), gettext_noop("ไม่ต้องทำอะไรเพิ่ม"))
            raise Conflict(
                "%(stands)s %(remedy)s",
                code="wrong-status",
                stands=_STANDS[announcement.status],
                remedy=remedy,
            )
        return announcement

    def _step(self, announcement: Announcement, status: Status, actor: str, reason: str = "") -> Announcement:
        return self._records.announcements.set_status(
            announcement.id, status, actor=actor, reason=reason.strip(), expected_status=announcement.status
        )


_PUBLIC_FIELDS = [
    field.name
    for field in ANNOUNCEMENT_FIELDS
    if field.is_in_form and field.type in (FieldType.LINE, FieldType.TEXT)
]
"""Names of the fields that people write and residents read."""


def _in_fields(fields: Mapping[str, object]) -> list[PersonalDataInAttachment]:
    """Return the personal data in the fields that residents read."""
    texts = {name: str(fields[name]) for name in _PUBLIC_FIELDS if name in fields}
    return [PersonalDataInAttachment(None, data) for data in privacy.find_in_fields(texts)]


def _new_in_fields(
    announcement: Announcement, changes: Mapping[str, object]
) -> list[PersonalDataInAttachment]:
    """Return the personal data in changed fields that is not in the announcement already."""
    known = {
        _letters_and_digits(str(getattr(announcement, find.data.field)), find)
        for find in _in_fields(asdict(announcement))
    }
    return [
        find
        for find in _in_fields(changes)
        if _letters_and_digits(str(changes[find.data.field]), find) not in known
    ]


def _letters_and_digits(text: str, find: PersonalDataInAttachment) -> str:
    return "".join(filter(str.isalnum, thai.arabic_digits(text[find.data.start : find.data.end])))


def _require_read(attachment: Attachment) -> None:
    """Raise ``Conflict`` while an attachment is held whose text nobody could look through yet."""
    unread = attachment.status in (ReadingStatus.WAITING, ReadingStatus.READING)
    if unread and attachment.hold is not HoldReason.PERSONAL_DATA:
        raise Conflict("ระบบยังแปลงข้อความของเอกสารนี้ไม่เสร็จ กรุณารอแล้วลองใหม่อีกครั้ง", code="unread")


def _require_reason(finds: Sequence[PersonalDataInAttachment], reason: str) -> None:
    """Raise ``PersonalDataFound`` without a reason."""
    if not reason.strip():
        raise PersonalDataFound(finds)
