"""Fingerprints of what a form showed: nobody decides on or overwrites what was changed since then."""

from __future__ import annotations

import hashlib

from flask import request

from archive.errors import Conflict, gettext_noop
from archive.model import Attachment, Page
from archive.privacy import undecided_finds

CHANGED_MEANWHILE = gettext_noop(
    "ข้อมูลที่บันทึกไว้เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่ สิ่งที่พิมพ์ยังไม่ได้บันทึก กรุณาคัดลอกไว้ แล้วเปิดหน้านี้ใหม่"
)


def fingerprint(*shown: object) -> str:
    """Returns a short hash of values that a form shows; other values have another one."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def file_fingerprint(attachment: Attachment) -> str:
    """Returns the fingerprint of an attachment's file and of what was found in its pages."""
    return fingerprint(attachment.sha256, attachment.details.personal_data)


def decision_fingerprint(attachment: Attachment) -> str:
    """Returns the fingerprint of an attachment's file and of what is to be decided in it and in its label."""
    return fingerprint(attachment.sha256, undecided_finds(attachment))


def page_fingerprint(attachment: Attachment, page: Page) -> str:
    """Returns the fingerprint of an attachment's file and of the text of one of its pages."""
    return fingerprint(attachment.sha256, page.text)


def refuse_if_changed(now: str, message: str = CHANGED_MEANWHILE, *, field: str = "fingerprint") -> None:
    """Raises ``Conflict`` where the form sent another fingerprint than ``now``; a form without one passes.

    ``field``: the form's field that has it. ``message``: that of the ``Conflict``. Call this inside the
    transaction that writes: what a person saw is then what is stored.
    """
    if request.form.get(field, now) != now:
        raise Conflict(message, code="edited-meanwhile")
