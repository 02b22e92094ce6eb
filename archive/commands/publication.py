"""Commands that change the status of announcements: publish, withdraw, trash, restore as a draft."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import asdict

from archive import privacy, validation
from archive.commands.status_rules import announcement_ready_for
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.errors import Conflict, Invalid, PersonalDataFound, RecordDamaged, gettext_noop
from archive.fields import FIELDS_BY_NAME
from archive.model import (
    Announcement,
    Attachment,
    HoldReason,
    LocatedPersonalData,
    PersonalDataSpan,
    ReadingStatus,
    Status,
)
from archive.stated_anew import store_stated_anew
from archive.suggested_fields import (
    FILLED_FROM_DOCUMENTS,
    fields_stated_anew,
    is_day_of_draft_unconfirmed,
    is_label_naming_earlier_file,
    names_of_unconfirmed_values,
    refuse_file_name_as_title,
    with_values_of_documents,
)

_schedule_log = logging.getLogger("prakat.schedule")


class Publication(CommandsOnRecords):
    """Changes the status of announcements, and what has to be known before one is published."""

    @in_one_transaction
    def publish(
        self, id: int, *, actor: str, reason: str = "", should_show_unconfirmed: bool = True
    ) -> Announcement:
        """Publish a record, an untitled one with what its files state; personal data needs a ``reason``.

        Attachments that are not read yet are shown later, once they are read. A record without a title first
        gets the fields that its attachments state; one with a title keeps what it has. A redacted copy whose
        label is the name of its file gets the label that the copy states.

        ``reason``: the reason to publish in spite of personal data; kept in the history. The files in
        which it was found are shown then. ``should_show_unconfirmed``: a person has looked at the files that
        wait for a check, which are shown too; else they go on waiting. Raises ``PersonalDataFound`` when
        personal data is undecided or a file is held for it, and no reason is given; ``Invalid`` where the
        record still has no title, or one that ends like a file (code ``file-name``).
        """
        announcement = announcement_ready_for(self._records, id, Status.PUBLISHED)
        attachments = self._records.attachments.by_announcement([id])[id]
        if announcement.title:
            self._fill_labels(announcement, [each for each in attachments if each.is_redacted], actor)
        else:
            announcement = self.fill_missing_fields_and_labels(id, actor=actor)
        if not announcement.title:
            raise Invalid("กรุณากรอกชื่อเรื่องก่อนเผยแพร่", field="title", code="required")
        refuse_file_name_as_title(announcement.title)
        finds = self.undecided_personal_data(id)
        if self.is_reason_needed(id):
            privacy.refuse_blank_reason(finds, reason)
        for attachment in self._records.attachments.by_announcement([id])[id]:
            decided = [find.data for find in finds if find.attachment_id == attachment.id]
            if _is_decided_with_record(attachment, decided, should_show_unconfirmed=should_show_unconfirmed):
                self._records.attachments.record_decision_to_show(
                    attachment.id, decided, reason=reason.strip(), actor=actor
                )
        return self._step(announcement, Status.PUBLISHED, actor, reason)

    @in_one_transaction
    def fill_missing_fields_and_labels(self, id: int, *, actor: str) -> Announcement:
        """Fill fields that nobody gave from the files, and file-name labels while nobody gave the title."""
        announcement = self._records.announcements.get(id)
        attachments = self._records.attachments.by_announcement([id])[id]
        filled = self._fill_labels(announcement, attachments, actor)
        values = {name: getattr(filled, name) for name in FILLED_FROM_DOCUMENTS}
        given = {name: value for name, value in values.items() if value != getattr(announcement, name)}
        return self._records.announcements.revise(id, given, actor=actor) if given else announcement

    def _fill_labels(
        self, announcement: Announcement, attachments: Sequence[Attachment], actor: str
    ) -> Announcement:
        """Give labels as ``with_values_of_documents`` does; returns the record that it returns, unsaved."""
        filled, labelled = with_values_of_documents(announcement, attachments)
        for before, after in zip(attachments, labelled, strict=True):
            if after != before:
                self._records.attachments.relabel(after.id, label=after.label, kind=after.kind, actor=actor)
        return filled

    @in_one_transaction
    def confirm_filled_values(self, id: int, *, actor: str) -> None:
        """Record that a person looked at the values that are in doubt after publication.

        The worker filled them in when it published, or a new file or a corrected page states other ones.
        """
        attachments = self._records.attachments.by_announcement([id])[id]
        changes = self._records.history.entries(id)
        names = names_of_unconfirmed_values(changes) | self.fields_stated_anew(id).keys()
        names |= {
            f"label-{each.id}"
            for each in attachments
            if not each.is_reading_pending and is_label_naming_earlier_file(each, changes)
        }
        announcement = self._records.announcements.get(id)
        if is_day_of_draft_unconfirmed(announcement, attachments, changes):
            names.add("published_on")
        fields = {name: getattr(announcement, name) for name in FIELDS_BY_NAME if name in names}
        if fields:
            self._records.announcements.record_confirmation(id, fields, actor=actor)
        for attachment in attachments:
            if f"label-{attachment.id}" in names:
                values = {"attachment_id": attachment.id, "label": attachment.label}
                self._records.announcements.record_confirmation(id, values, actor=actor)
        store_stated_anew(self._records, [id])

    def fields_stated_anew(self, id: int) -> dict[str, object]:
        """Return what a new file or a corrected page states otherwise in fields nobody set since, by name.

        A field that somebody confirmed since is left out too. See ``archive.suggested_fields``.
        """
        attachments = self._records.attachments.by_announcement([id])[id]
        return fields_stated_anew(
            self._records.announcements.get(id),
            attachments,
            self._records.attachments.replacements(each.id for each in attachments),
            self._records.history.entries(id),
        )

    def publish_due_or_unschedule(self, now: dt.datetime, *, actor: str) -> list[int]:
        """Publish due drafts once read, with fields filled; one with finds or without a title loses its time.

        ``publish_at`` has come. A draft whose attachments are still being read waits, since personal data in
        them is not known before. The values that the attachments state fill the fields that nobody gave. A
        draft in which personal data was found, or whose title is a file's name, stays a draft and its
        ``publish_at`` is cleared: a person decides, and the log says why (the error's code). Returns the ids
        of the published announcements.
        """
        published = []
        for due in self._records.announcements.ids_due_for_publication(now):
            try:
                if self._publish_or_unschedule(due, now, actor):
                    published.append(due)
            except (Conflict, RecordDamaged) as error:  # somebody was faster, or the row is damaged
                _schedule_log.info("scheduled draft skipped", extra={"announcement": due, "why": error.code})
        return published

    @in_one_transaction
    def _publish_or_unschedule(self, id: int, now: dt.datetime, actor: str) -> bool:
        """Publish a draft that is still due; False when it is not, waits to be read, or was unscheduled.

        Files that wait for a person's check go on waiting: nobody looks through them at that moment.
        """
        publish_at = self._records.announcements.get(id).publish_at
        if publish_at is None or publish_at > now or self._being_read(id):
            return False
        titled = self.fill_missing_fields_and_labels(id, actor=actor).title
        try:
            refuse_file_name_as_title(titled, self._records.attachments.by_announcement([id])[id])
            self.publish(id, actor=actor, should_show_unconfirmed=False)
        except (PersonalDataFound, Invalid) as refusal:
            _schedule_log.warning(
                "scheduled draft not published", extra={"announcement": id, "why": refusal.code}
            )
            self._records.announcements.revise(id, {"publish_at": None}, actor=actor)
            return False
        return True

    @in_one_transaction
    def withdraw(self, id: int, *, actor: str, reason: str) -> Announcement:
        """Withdraw a published record; residents read the reason, ``Invalid`` with personal data in it.

        Residents then get status 410 with the reason. Raises ``Invalid`` also without a reason.
        """
        announcement = announcement_ready_for(self._records, id, Status.WITHDRAWN)
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

    @in_one_transaction
    def withdraw_again(self, id: int, *, actor: str) -> Announcement:
        """Set a draft or a trashed record back to withdrawn, with the reason that residents read before.

        That residents have read its title and date as they are now, the caller has checked.
        """
        announcement = announcement_ready_for(self._records, id, Status.WITHDRAWN, is_undo=True)
        entries = self._records.history.entries(id)
        reasons = [each.reason for each in entries if each.action == "withdraw"]
        reason = announcement.reason or (reasons[-1] if reasons else "")
        return self._step(announcement, Status.WITHDRAWN, actor, reason)

    @in_one_transaction
    def trash(self, id: int, *, actor: str) -> Announcement:
        """Move an announcement to the trash; nothing is deleted. A published one must be withdrawn first."""
        return self._step(announcement_ready_for(self._records, id, Status.TRASHED), Status.TRASHED, actor)

    @in_one_transaction
    def restore_as_draft(self, id: int, *, actor: str) -> Announcement:
        """Make a draft of a withdrawn or trashed announcement."""
        return self._step(announcement_ready_for(self._records, id, Status.DRAFT), Status.DRAFT, actor)

    def undecided_personal_data(self, id: int) -> tuple[LocatedPersonalData, ...]:
        """Return the finds that nobody has decided to show; none is no proof that residents see every file.

        They are those of an announcement's fields and attachments. A file may be held without finds that are
        undecided, and what an unread file contains is not known yet.
        """
        finds = privacy.find_in_announcement(asdict(self._records.announcements.get(id)))
        for one in self._records.attachments.by_announcement([id])[id]:
            finds += privacy.locate_in_attachment(one.id, privacy.undecided_finds(one))
        return tuple(finds)

    def is_reason_needed(self, id: int) -> bool:
        """Return True where ``publish`` needs a reason: personal data is undecided, or a file held for it."""
        attachments = self._records.attachments.by_announcement([id])[id]
        is_held = any(one.hold is HoldReason.PERSONAL_DATA for one in attachments)
        return is_held or bool(self.undecided_personal_data(id))

    def _being_read(self, id: int) -> bool:
        return any(one.is_reading_pending for one in self._records.attachments.by_announcement([id])[id])

    def _step(self, announcement: Announcement, status: Status, actor: str, reason: str = "") -> Announcement:
        return self._records.announcements.set_status(
            announcement.id, status, actor=actor, reason=reason.strip(), expected_status=announcement.status
        )


def _is_decided_with_record(
    attachment: Attachment, decided: Sequence[PersonalDataSpan], *, should_show_unconfirmed: bool
) -> bool:
    """Return True for an attachment about which the publication of its record decides.

    ``decided``: the finds in it that the reason to publish is given for. A file that waits for a person to
    look at it is shown once that is done. A held file that could not be read needs a decision of its own: see
    ``AttachmentCommands.release_with_reason``.
    """
    if attachment.hold is HoldReason.PERSONAL_DATA:
        return True
    if attachment.hold is not None and attachment.status is ReadingStatus.FAILED:
        return False
    return should_show_unconfirmed if attachment.hold is HoldReason.UNCONFIRMED else bool(decided)
