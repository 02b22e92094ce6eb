"""The one tree of errors that people may see.

Every error carries a stable English ``code`` for programs, and ``message``: a Thai sentence
that says what to do next. Pages show it in the reader's language: ``said`` is what they translate, with
``%(name)s`` where ``values`` go in (``web.errors.in_words``). ``retry`` tells whether the same request
may succeed later, and ``retry_after`` when to try, in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from archive.model import Find


def words(thai: str) -> str:
    """The text itself. Marks what pages show in the reader's language where no error is made of it."""
    return thai


class PrakatError(Exception):
    """Something that could not be done, explained so that the reader can act on it."""

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
    """No such record, or none that this person may see."""

    code = "not-found"
    http_status = 404


def no_such_announcement() -> NotFound:
    """The same for an absent announcement and for one that this person may not see."""
    return NotFound("ไม่พบประกาศนี้ อาจถูกลบไปแล้ว กรุณาค้นหาใหม่อีกครั้ง")


def no_such_attachment() -> NotFound:
    """The same for an absent attachment and for one of an announcement that this person may not see."""
    return NotFound("ไม่พบเอกสารแนบนี้ อาจถูกนำออกไปแล้ว")


class Gone(PrakatError):
    """A record that was public once and has been withdrawn; ``message`` gives the reason."""

    code = "withdrawn"
    http_status = 410


class MissingScope(PrakatError):
    """The API token may not do this; ``scope`` is what it lacks."""

    code = "insufficient-scope"
    http_status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(
            "โทเคนนี้ไม่มีสิทธิ์ %(scope)s กรุณาขอโทเคนที่มีสิทธิ์นี้จากผู้ดูแลระบบ (the token lacks the scope %(scope)s)",
            scope=scope,
        )
        self.scope = scope


class Invalid(PrakatError):
    """Input that breaks a rule. ``field`` names the offending field, when there is one."""

    code = "invalid"
    http_status = 422

    def __init__(
        self, said: str, *, field: str | None = None, code: str | None = None, **values: object
    ) -> None:
        super().__init__(said, code=code, **values)
        self.field = field


class Conflict(PrakatError):
    """The record is not in a state that allows this, or somebody else changed it meanwhile."""

    code = "conflict"
    http_status = 409


class PersonalDataFound(Conflict):
    """Personal data would become public, and nobody has stated why. ``finds`` are its places."""

    code = "personal-data"

    def __init__(self, finds: Sequence[Find]) -> None:
        super().__init__("พบข้อมูลส่วนบุคคล กรุณาตรวจดู แล้วปิดทับหรือแก้ออกก่อน หรือระบุเหตุผลที่จำเป็นต้องให้ประชาชนเห็น")
        self.finds = tuple(finds)


class TooLarge(PrakatError):
    """An upload over the configured limit."""

    code = "too-large"
    http_status = 413


class Unavailable(PrakatError):
    """Storage, disk or search cannot serve just now; nothing was half done."""

    code = "unavailable"
    http_status = 503
    retry = True
    retry_after = 30


class TooMany(PrakatError):
    """Asked too often; ``message`` says how long to wait."""

    code = "too-many"
    http_status = 429
    retry = True
    retry_after = 15 * 60


class SettingsError(PrakatError):
    """A setting that is unknown or wrong; stops the start."""

    code = "settings"


class RecordDamaged(PrakatError):
    """A row of the database that cannot be read: its values are not what the archive writes."""

    code = "record-damaged"

    def __init__(self) -> None:
        super().__init__("ข้อมูลรายการนี้ในฐานข้อมูลเสียหาย อ่านไม่ได้ กรุณาแจ้งผู้ดูแลระบบ")
