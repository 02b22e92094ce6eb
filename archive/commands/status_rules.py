"""Rules of editing: the statuses in which a record may be edited, and the changes of status allowed."""

from __future__ import annotations

import datetime as dt

from archive.errors import Conflict, Invalid, file_changed_error, gettext_noop
from archive.model import Announcement, Attachment, Status
from archive.repositories import Records

_STEPS = {
    Status.PUBLISHED: {Status.DRAFT},
    Status.WITHDRAWN: {Status.PUBLISHED},
    Status.TRASHED: {Status.DRAFT, Status.WITHDRAWN},
    Status.DRAFT: {Status.WITHDRAWN, Status.TRASHED},
}
"""New status → statuses that an announcement may have before the change."""

_STEPS_OF_UNDO = {Status.WITHDRAWN: {Status.DRAFT, Status.TRASHED}}
"""Like ``_STEPS``: the changes that only an undo makes, of a record that was restored or thrown away."""

EDITABLE = {Status.DRAFT, Status.PUBLISHED}

_STANDS = {
    Status.DRAFT: gettext_noop("ประกาศนี้ยังเป็นฉบับร่าง"),
    Status.PUBLISHED: gettext_noop("ประกาศนี้เผยแพร่อยู่"),
    Status.WITHDRAWN: gettext_noop("หน่วยงานถอนประกาศนี้ออกจากเว็บไซต์แล้ว"),
    Status.TRASHED: gettext_noop("ประกาศนี้อยู่ในถังขยะ"),
}
_REMEDIES = {
    (Status.DRAFT, Status.WITHDRAWN): gettext_noop("ถอนได้เฉพาะประกาศที่เผยแพร่แล้ว หากไม่ใช้ฉบับร่างนี้ให้ทิ้งลงถังขยะ"),
    (Status.PUBLISHED, Status.TRASHED): gettext_noop("กรุณาถอนประกาศพร้อมเหตุผลก่อน แล้วจึงทิ้งลงถังขยะ"),
    (Status.WITHDRAWN, Status.PUBLISHED): gettext_noop("กรุณากู้คืนเป็นฉบับร่างและตรวจดูก่อน แล้วจึงเผยแพร่"),
    (Status.TRASHED, Status.PUBLISHED): gettext_noop("กรุณากู้คืนเป็นฉบับร่างและตรวจดูก่อน แล้วจึงเผยแพร่"),
}


def editable_announcement(records: Records, id: int) -> Announcement:
    """Return a draft or published announcement; ``Conflict`` for a withdrawn or trashed one.

    The error's code is ``wrong-status``.
    """
    announcement = records.announcements.get(id)
    if announcement.status not in EDITABLE:
        raise _not_editable(announcement)
    return announcement


def editable_attachment(records: Records, id: int) -> tuple[Attachment, Announcement]:
    """Return an attachment and its record; ``Conflict`` where that is withdrawn or in the trash."""
    attachment = records.attachments.get(id)
    return attachment, editable_announcement(records, attachment.announcement_id)


def refuse_other_file(attachment: Attachment, sha256: str) -> None:
    """Raise ``Conflict`` (``edited-meanwhile``) where an attachment has another file than this SHA-256."""
    if attachment.sha256 != sha256:
        raise file_changed_error()


def announcement_ready_for(
    records: Records, id: int, status: Status, *, is_undo: bool = False
) -> Announcement:
    """Return an announcement that may change to a status. Raises ``Conflict`` (code ``wrong-status``).

    ``is_undo``: True for a change that an undo alone may make.
    """
    announcement = records.announcements.get(id)
    if announcement.status not in (_STEPS_OF_UNDO if is_undo else _STEPS)[status]:
        remedy = _REMEDIES.get((announcement.status, status), gettext_noop("ไม่ต้องทำอะไรเพิ่ม"))
        raise Conflict(
            "%(stands)s %(remedy)s", code="wrong-status", stands=_STANDS[announcement.status], remedy=remedy
        )
    return announcement


def require_draft_and_future_time(status: Status, at: dt.datetime) -> None:
    """Raise ``Conflict`` unless the status is that of a draft, ``Invalid`` for a past publication time."""
    require_draft_to_schedule(status)
    refuse_past_publication_time(at, field="publish_at")


def require_draft_to_schedule(status: Status) -> None:
    """Raise ``Conflict`` (code ``wrong-status``) unless the status is that of a draft."""
    if status is not Status.DRAFT:
        raise Conflict("ตั้งเวลาเผยแพร่ได้เฉพาะฉบับร่าง", code="wrong-status")


def refuse_past_publication_time(at: dt.datetime, *, field: str) -> None:
    """Raise ``Invalid`` (code ``past-time``) for a past time: the worker would publish at once."""
    if at <= dt.datetime.now(dt.UTC):
        raise Invalid("เวลาที่ตั้งไว้เลยมาแล้ว กรุณาตั้งเวลาใหม่ หรือเลือกเผยแพร่ทันที", field=field, code="past-time")


def refuse_trashed(announcement: Announcement) -> None:
    """Raise ``Conflict`` (code ``wrong-status``) for an announcement in the trash."""
    if announcement.status is Status.TRASHED:
        raise _not_editable(announcement)


def _not_editable(announcement: Announcement) -> Conflict:
    return Conflict("%(stands)s กรุณากู้คืนก่อนแก้ไข", code="wrong-status", stands=_STANDS[announcement.status])
