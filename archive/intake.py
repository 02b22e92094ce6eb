"""How things come into the archive and change: create, attach, revise, publish, withdraw, restore."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import fields
from typing import BinaryIO

from archive import rules
from archive.errors import Conflict, Invalid, RecordDamaged, words
from archive.fields import checked
from archive.filetype import HEAD_BYTES, is_archive, media_type
from archive.model import (
    Announcement,
    Attachment,
    Collection,
    Draft,
    Item,
    Kind,
    Page,
    PersonalData,
    Reading,
    Status,
)
from archive.ports import Files, Records, Scanner, StoredFile

log = logging.getLogger("prakat.security")

_STEPS = {
    Status.PUBLISHED: {Status.DRAFT},
    Status.WITHDRAWN: {Status.PUBLISHED},
    Status.TRASHED: {Status.DRAFT, Status.WITHDRAWN},
    Status.DRAFT: {Status.WITHDRAWN, Status.TRASHED},
}
"""Where each status may be reached from."""

_EDITABLE = {Status.DRAFT, Status.PUBLISHED}

_STANDS = {
    Status.DRAFT: words("ประกาศนี้ยังเป็นฉบับร่าง"),
    Status.PUBLISHED: words("ประกาศนี้เผยแพร่อยู่"),
    Status.WITHDRAWN: words("ประกาศนี้ถูกถอนแล้ว"),
    Status.TRASHED: words("ประกาศนี้อยู่ในถังขยะ"),
}
_REMEDIES = {
    (Status.DRAFT, Status.WITHDRAWN): words("ถอนได้เฉพาะประกาศที่เผยแพร่แล้ว หากไม่ใช้ฉบับร่างนี้ให้ทิ้งลงถังขยะ"),
    (Status.PUBLISHED, Status.TRASHED): words("กรุณาถอนประกาศพร้อมเหตุผลก่อน แล้วจึงทิ้งลงถังขยะ"),
    (Status.WITHDRAWN, Status.PUBLISHED): words("กรุณากู้คืนเป็นฉบับร่างและตรวจดูก่อน แล้วจึงเผยแพร่"),
    (Status.TRASHED, Status.PUBLISHED): words("กรุณากู้คืนเป็นฉบับร่างและตรวจดูก่อน แล้วจึงเผยแพร่"),
}


class Intake:
    """The archive's verbs. Checks every rule, then asks ``Records`` and ``Files`` to keep."""

    def __init__(
        self, records: Records, files: Files, *, max_upload_bytes: int, scanner: Scanner | None = None
    ) -> None:
        self._records = records
        self._files = files
        self._scanner = scanner
        self._max_upload_bytes = max_upload_bytes

    def create(self, draft: Draft, *, actor: str, status: Status = Status.DRAFT) -> Announcement:
        """Raises ``Invalid`` with the offending field; ``Conflict`` when its ``ref`` is taken."""
        if status not in _EDITABLE:
            raise Invalid("ประกาศใหม่เป็นได้เฉพาะฉบับร่าง (draft) หรือเผยแพร่ (published)", field="status")
        given = {field.name: getattr(draft, field.name) for field in fields(Draft)}
        kept = Draft(**checked(given))  # type: ignore[arg-type]  # checked by name
        return self._records.create(kept, actor=actor, status=status)

    def attach(
        self,
        announcement_id: int,
        stream: BinaryIO,
        *,
        filename: str,
        actor: str,
        label: str = "",
        kind: Kind | None = None,
        stored_at: dt.datetime | None = None,
    ) -> tuple[Attachment, bool]:
        """Keep the bytes of a seekable stream, then the record and its job in one transaction.
        ``stored_at``: when an older site took the file in.

        ``(attachment, True)`` when new, ``(the existing one, False)`` for the same bytes again.
        Raises ``Invalid`` for what is neither a PDF nor a picture, or in which a virus was found;
        ``TooLarge``; ``Unavailable``, also when there is a scanner that does not answer.
        """
        self._editable(announcement_id)
        content = _media_type(stream)
        name = rules.safe_filename(filename, content)
        shown = rules.label(label, name)
        file = self._keep(stream, name, actor)
        return self._records.attach(
            announcement_id,
            file,
            filename=name,
            media_type=content,
            label=shown,
            kind=kind or Kind.OTHER,
            actor=actor,
            stored_at=stored_at,
        )

    def _keep(self, stream: BinaryIO, name: str, actor: str) -> StoredFile:
        """Nothing is kept that was not looked through, where there is a scanner."""
        if self._scanner is None:
            return self._files.add(stream, limit=self._max_upload_bytes)
        try:
            with self._scanner.scanned(stream) as scanned:
                return self._files.add(scanned, limit=self._max_upload_bytes)
        except Invalid as found:
            log.warning("refused a file", extra={"file": name, "actor": actor, "why": found.message})
            raise

    def relabel(self, attachment_id: int, *, label: str, kind: Kind, actor: str) -> Attachment:
        attachment = self._records.attachment(attachment_id)
        self._editable(attachment.announcement_id)
        shown = rules.label(label, attachment.filename)
        return self._records.relabel(attachment_id, label=shown, kind=kind, actor=actor)

    def reorder(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None:
        """``attachment_ids``: all of the announcement's, in their new order; else ``Conflict``."""
        self._editable(announcement_id)
        self._records.reorder(announcement_id, attachment_ids, actor=actor)

    def detach(self, attachment_id: int, *, actor: str) -> None:
        """Take off its announcement; the bytes stay, and the history says what they were."""
        self._editable(self._records.attachment(attachment_id).announcement_id)
        self._records.detach(attachment_id, actor=actor)

    def correct_page(self, attachment_id: int, number: int, text: str, *, actor: str) -> Page:
        """What a person reads on the page, in place of what was recognised; rereading leaves it alone."""
        self._editable(self._records.attachment(attachment_id).announcement_id)
        return self._records.correct_page(attachment_id, number, rules.page_text(text), actor=actor)

    def revise(
        self, id: int, changes: dict[str, object], *, actor: str, if_change: int | None = None
    ) -> Announcement:
        """Set fields of ``Draft`` or ``publish_at`` (drafts only). Raises ``Invalid``, ``Conflict``."""
        announcement = self._editable(id)
        kept = checked(changes)
        if kept.get("publish_at") is not None and announcement.status is not Status.DRAFT:
            raise Conflict("ตั้งเวลาเผยแพร่ได้เฉพาะฉบับร่าง", code="wrong-status")
        return self._records.revise(id, kept, actor=actor, if_change=if_change)

    def publish(self, id: int, *, actor: str, reason: str = "") -> Announcement:
        """Show it to residents. ``reason``: why in spite of ``personal_data``; kept in the history.

        Raises ``Conflict`` with code ``personal-data`` when there is some and no reason is given.
        """
        announcement = self._ready_for(id, Status.PUBLISHED)
        if not reason.strip() and self.personal_data(id):
            raise Conflict(
                "พบข้อมูลส่วนบุคคลในเอกสารแนบ กรุณาตรวจดู แล้วปิดทับในไฟล์ก่อน หรือระบุเหตุผลที่จำเป็นต้องเผยแพร่",
                code="personal-data",
            )
        return self._step(announcement, Status.PUBLISHED, actor, reason)

    def publish_due(self, now: dt.datetime, *, actor: str) -> list[int]:
        """Publish the drafts whose time has come; the ids of those published.

        One whose attachments are still being read waits for that, since only then it is known
        whether there is personal data in them. One in which some was found stays a draft and
        loses its time: a person decides.
        """
        published = []
        for due in self._records.due(now):
            try:
                if self._being_read(due):
                    continue
                self.publish(due, actor=actor)
            except Conflict as conflict:
                if conflict.code == "personal-data":
                    self._records.revise(due, {"publish_at": None}, actor=actor)
                continue  # otherwise another process was faster
            except RecordDamaged:
                continue  # the others are published all the same
            published.append(due)
        return published

    def withdraw(self, id: int, *, actor: str, reason: str) -> Announcement:
        """Residents then get 410 with the reason."""
        announcement = self._ready_for(id, Status.WITHDRAWN)
        said = rules.required_text(
            reason, field="reason", said=words("เหตุผลที่ถอน เพราะประชาชนจะเห็นเหตุผลนี้"), length=1000
        )
        return self._step(announcement, Status.WITHDRAWN, actor, said)

    def trash(self, id: int, *, actor: str) -> Announcement:
        """Out of sight, nothing deleted. What is published must be withdrawn first."""
        return self._step(self._ready_for(id, Status.TRASHED), Status.TRASHED, actor)

    def restore(self, id: int, *, actor: str) -> Announcement:
        """Back from withdrawn or trashed to draft."""
        return self._step(self._ready_for(id, Status.DRAFT), Status.DRAFT, actor)

    def collect(
        self, id: int | None, *, title: str, body: str, items: Sequence[Item], actor: str
    ) -> Collection:
        """Make a collection, or replace what the one with this id says and lists.

        Raises ``Invalid`` with the offending field, ``NotFound`` for an unknown collection.
        """
        known = self._records.announcements(
            item.announcement_id for item in items if item.announcement_id is not None
        )
        for item in items:
            if item.announcement_id is not None and item.announcement_id not in known:
                raise Invalid(
                    "ไม่มีประกาศเลขที่ %(number)s กรุณาตรวจเลขท้ายที่อยู่ของประกาศ",
                    field="items",
                    number=item.announcement_id,
                )
        kept = [Item(rules.heading(item.label), item.announcement_id) for item in items]
        return self._records.save_collection(
            id,
            title=rules.required_text(title, field="title", said=words("ชื่อชุดประกาศ"), length=500),
            body=rules.body(body),
            items=[item for item in kept if item.label or item.announcement_id],
            actor=actor,
        )

    def personal_data(self, id: int) -> dict[int, tuple[PersonalData, ...]]:
        """What was found in its attachments, by attachment id; empty when nothing was."""
        attachments = self._records.attachments([id])[id]
        return {one.id: one.details.personal_data for one in attachments if one.details.personal_data}

    def _being_read(self, id: int) -> bool:
        open_states = (Reading.WAITING, Reading.READING)
        return any(one.status in open_states for one in self._records.attachments([id])[id])

    def _editable(self, id: int) -> Announcement:
        announcement = self._records.announcement(id)
        if announcement.status not in _EDITABLE:
            raise Conflict(
                "%(stands)s กรุณากู้คืนก่อนแก้ไข", code="wrong-status", stands=_STANDS[announcement.status]
            )
        return announcement

    def _ready_for(self, id: int, status: Status) -> Announcement:
        announcement = self._records.announcement(id)
        if announcement.status not in _STEPS[status]:
            remedy = _REMEDIES.get((announcement.status, status), words("ไม่ต้องทำอะไรเพิ่ม"))
            raise Conflict(
                "%(stands)s %(remedy)s",
                code="wrong-status",
                stands=_STANDS[announcement.status],
                remedy=remedy,
            )
        return announcement

    def _step(self, announcement: Announcement, status: Status, actor: str, reason: str = "") -> Announcement:
        return self._records.set_status(
            announcement.id, status, actor=actor, reason=reason.strip(), was=announcement.status
        )


def _media_type(stream: BinaryIO) -> str:
    """By content; leaves the stream where it was."""
    start = stream.tell()
    head = stream.read(HEAD_BYTES)
    stream.seek(start)
    if not head:
        raise Invalid("ไฟล์นี้ว่างเปล่า กรุณาเลือกไฟล์อีกครั้ง", field="file", code="empty-file")
    if is_archive(head):
        raise Invalid(
            "ไฟล์นี้เป็นไฟล์บีบอัด (ZIP) หรือไฟล์ Office กรุณาแตกไฟล์หรือบันทึกเป็น PDF แล้วแนบทีละไฟล์",
            field="file",
            code="not-a-document",
        )
    found = media_type(head)
    if found is None:
        raise Invalid(
            "รับเฉพาะไฟล์ PDF หรือภาพสแกน (JPEG, PNG, TIFF, HEIC) กรุณาบันทึกเป็น PDF แล้วแนบอีกครั้ง",
            field="file",
            code="not-a-document",
        )
    return found
