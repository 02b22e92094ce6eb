"""Errors that are shown to people, all derived from ``PrakatError``.

Every error has a stable English ``code`` for programs, and ``message``: a Thai sentence that says how to go
on. Pages show the message in the reader's language: they translate ``said``, in which ``%(name)s`` stands for
one of ``values`` (``web.errors``). ``retry`` is True when the same request may succeed later, after
``retry_after`` seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from archive.model import LocatedPersonalData


def gettext_noop(thai: str) -> str:
    """Return the text unchanged. Marks a text that pages translate when they show it."""
    return thai


class PrakatError(Exception):
    """An operation that failed, with a message on which the reader can act."""

    code = "error"
    http_status = 500
    retry = False
    retry_after = 0

    def __init__(self, said: str, *, code: str | None = None, **values: object) -> None:
        self.message = said % values if values else said
        super().__init__(self.message)
        self.said = said
        self.values = values
        if code is not None:
            self.code = code


class NotFound(PrakatError):
    """A record that does not exist, or that this person may not see."""

    code = "not-found"
    http_status = 404


def no_such_announcement() -> NotFound:
    """Return the error for an announcement that is absent or that this person may not see."""
    return NotFound("ไม่พบประกาศนี้ อาจถูกลบไปแล้ว กรุณาค้นหาใหม่อีกครั้ง")


def no_such_attachment() -> NotFound:
    """Return the error for an attachment that is absent or whose announcement this person may not see."""
    return NotFound("ไม่พบเอกสารแนบนี้ อาจถูกนำออกไปแล้ว")


def file_changed_error() -> Conflict:
    """Return the error for an attachment that has another file than the one that the person was shown."""
    return Conflict(
        "ไฟล์ของเอกสารนี้เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่ จึงยังไม่ได้บันทึก กรุณาตรวจไฟล์ปัจจุบันก่อน", code="edited-meanwhile"
    )


class Gone(PrakatError):
    """A record that was public once and has been withdrawn; ``message`` gives the reason."""

    code = "withdrawn"
    http_status = 410


class MissingScope(PrakatError):
    """An API token without the scope that the request needs; ``scope`` is the missing one."""

    code = "insufficient-scope"
    http_status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(
            "โทเคนนี้ไม่มีสิทธิ์ %(scope)s กรุณาขอโทเคนที่มีสิทธิ์นี้จากผู้ดูแลระบบ (the token lacks the scope %(scope)s)",
            scope=scope,
        )
        self.scope = scope


class Invalid(PrakatError):
    """Input that breaks a rule; ``field`` names the offending field, or is None."""

    code = "invalid"
    http_status = 422

    def __init__(
        self, said: str, *, field: str | None = None, code: str | None = None, **values: object
    ) -> None:
        super().__init__(said, code=code, **values)
        self.field = field


class Conflict(PrakatError):
    """A record whose state forbids the operation, or that somebody else has changed meanwhile."""

    code = "conflict"
    http_status = 409


class PersonalDataFound(Conflict):
    """Personal data that would become public without a stated reason. ``finds`` lists where it is."""

    code = "personal-data"

    def __init__(self, finds: Sequence[LocatedPersonalData]) -> None:
        super().__init__("พบข้อมูลส่วนบุคคล กรุณาปิดข้อมูลหรือแก้ออกก่อน หรือระบุเหตุผลที่จำเป็นต้องให้ประชาชนเห็น")
        self.finds = tuple(finds)


class TooLarge(PrakatError):
    """An upload over the configured limit."""

    code = "too-large"
    http_status = 413


class Unavailable(PrakatError):
    """Storage, disk or search that cannot serve at present. No operation was left half done."""

    code = "unavailable"
    http_status = 503
    retry = True
    retry_after = 30


class DatabaseDamaged(Unavailable):
    """A database whose file is damaged. ``__cause__`` has the engine's own words."""


class TooMany(PrakatError):
    """Too many requests; ``message`` says how long to wait."""

    code = "too-many"
    http_status = 429
    retry = True
    retry_after = 15 * 60


class SettingsError(PrakatError):
    """A setting that is unknown or wrong; the program does not start."""

    code = "settings"


class RecordDamaged(PrakatError):
    """A row of the database that cannot be read; the error does not name it.

    Its values are not what the archive writes.
    """

    code = "record-damaged"

    def __init__(self) -> None:
        super().__init__("ข้อมูลรายการนี้ในฐานข้อมูลเสียหาย อ่านไม่ได้ กรุณาแจ้งผู้ดูแลเครื่อง")
