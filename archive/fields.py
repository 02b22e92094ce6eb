"""The fields of an announcement, each declared once.

``ANNOUNCEMENT_FIELDS`` declares the type, validation rule, Thai label and places of use of every field.
Storage, the import manifest, forms, API, OpenAPI, open data, the audit trail, the history and search read
these declarations. A new field is a line here, an attribute of ``Draft`` and ``Announcement`` and a
migration; showing it in a place of its own is up to the pages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from archive import thai, validation
from archive.errors import Invalid, gettext_noop
from archive.model import DocumentKind

Check = Callable[[object, str], object]
"""Validation rule: takes a value and the field's name, returns the value to store. Raises ``Invalid``."""

_EARLIEST = dt.date(1868, 1, 1)  # พ.ศ. 2411, the start of the reign that made ministries and gazettes
_LATEST_AHEAD = dt.timedelta(days=366)  # a date of publication further ahead is a typing error
_LATEST_EXPIRY = dt.timedelta(days=50 * 366)  # concessions and leases of land last for decades
_MOST_VIEWS = 10**12  # views; more than any site can have had. The index sorts all from 2**32 on alike


class FieldType(Enum):
    """Type of a field: line, text, date, moment, kind, count, flag or identifier.

    In the database and in JSON, all types but ``COUNT`` and ``FLAG`` are text.
    """

    LINE = auto()  # text without line breaks
    TEXT = auto()  # text with line breaks
    DATE = auto()  # a date, ISO when written
    MOMENT = auto()  # a time in UTC, ISO when written
    KIND = auto()  # one of ``DocumentKind``
    COUNT = auto()  # a whole number from 0
    FLAG = auto()  # true or false; 1 or 0 in the database
    IDENTIFIER = auto()  # another system's name for the record, never altered


class SearchZone(StrEnum):
    """A zone of the search index for fields of announcements, with a weight of its own in ``SearchTuning``.

    The index has further zones, of attachments (``indexer.analysis.index_document.ZONES``).
    """

    TITLE = "title"
    AUTHOR = "author"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementField:
    """One field: its name, type, label, check and default, and the places that show, take or export it.

    Its attribute, column, JSON key and form control have the same name.
    """

    name: str
    type: FieldType
    label: str  # Thai, as on forms and in the history; translated where it is shown
    check: Check
    is_erased_by_order: bool  # the field tells something of its own, which an order of a court can erase
    default: object = None  # value of a field that was not given
    is_required: bool = False
    is_given_at_creation: bool = True  # the field can be given with a new announcement
    is_public: bool = True  # the API returns and accepts the field
    is_in_results: bool = False  # each search result contains the field
    is_in_form: bool = False  # staff fill in the field on the form
    is_exported: bool = False  # the field is a column of the open data
    search_zone: SearchZone | None = None  # of the index, in which the field's text is searched; None: not

    @property
    def is_nullable(self) -> bool:
        """True for a field that may be None, such as ``ref``; texts that may lack are "" instead."""
        return self.default is None and not self.is_required


def checked_fields(values: Mapping[str, object], *, may_lack_title: bool = False) -> dict[str, object]:
    """Return the given fields checked and as stored; ``Invalid`` for a bad value or an unknown name.

    A field that is not given is not asked for, be it required. ``may_lack_title``: the title may be "", as
    that of a draft whose attachments are to state it. The error is of the first field that breaks its rule.
    """
    kept = {}
    for name, value in values.items():
        known = FIELDS_BY_NAME.get(name)
        if known is None:
            raise Invalid(
                "ไม่มีช่องข้อมูลชื่อ “%(name)s”", field=name, name=thai.shorten(thai.canonical_text(name), 40)
            )
        is_left_open = name == "title" and may_lack_title and value == ""
        kept[name] = "" if is_left_open else known.check(value, name)
    return kept


def read_column(field: AnnouncementField, value: Any) -> Any:
    """Convert a column's value to the field's; ``ValueError`` or ``TypeError`` for a damaged one."""
    if value is None and field.is_nullable:
        return None
    match field.type:
        case FieldType.DATE:
            return dt.date.fromisoformat(value)
        case FieldType.MOMENT:
            return dt.datetime.fromisoformat(value)
        case FieldType.KIND:
            return DocumentKind(value)
        case FieldType.COUNT:
            return int(value)
        case FieldType.FLAG:
            return bool(int(value))
    if not isinstance(value, str):
        raise TypeError(f"{field.name} is not text")
    return value


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise Invalid("ค่าในช่องนี้ต้องเป็นข้อความ", field=field)
    return value


def _title(value: object, field: str) -> str:
    return validation.checked_required_text(
        _text(value, field), field=field, field_label=gettext_noop("ชื่อเรื่อง"), length=500
    )


def _body(value: object, field: str) -> str:
    return validation.checked_body(_text(value, field))


def _line_of(said: str, length: int) -> Check:
    def check(value: object, field: str) -> str:
        return validation.checked_length(validation.one_line(_text(value, field)), field, said, length)

    return check


def _verbatim(said: str, length: int) -> Check:
    """Return the rule for another system's identifier: kept unaltered or refused; None when empty."""

    def check(value: object, field: str) -> str | None:
        if value is None or value == "":
            return None
        text = validation.checked_length(_text(value, field), field, said, length)
        if not text.isprintable() or text != text.strip():
            raise Invalid("%(what)sมีช่องว่างหัวท้ายหรืออักขระที่มองไม่เห็น กรุณาตรวจแล้วลองใหม่", field=field, what=said)
        return text

    return check


def _date(request: str, latest_ahead: dt.timedelta, *, may_lack: bool) -> Check:
    """Return the rule for a date until so long after today. ``request``: the error for a bad one."""

    def check(value: object, field: str) -> dt.date | None:
        if value is None and may_lack:
            return None
        if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
            raise Invalid(request, field=field, code="bad-date")
        if not _EARLIEST <= value <= dt.datetime.now(dt.UTC).date() + latest_ahead:
            raise _unlikely(value, field)
        return value

    return check


def _unlikely(value: dt.date, field: str) -> Invalid:
    return Invalid(
        "วันที่ %(date)s ไม่น่าถูกต้อง กรุณาตรวจปีว่าเป็น พ.ศ. หรือ ค.ศ.",
        field=field,
        code="bad-date",
        date=thai.format_date(value),
    )


def _kind(value: object, field: str) -> DocumentKind:
    try:
        return DocumentKind(_text(value, field))
    except ValueError:
        known = ", ".join(kind.value for kind in DocumentKind)
        raise Invalid("ไม่มีประเภทเอกสารนี้ กรุณาใช้หนึ่งใน %(known)s", field=field, known=known) from None


def _views(value: object, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_VIEWS:
        raise Invalid("จำนวนครั้งที่เปิดอ่านในเว็บเดิมต้องเป็นจำนวนเต็มตั้งแต่ 0 ขึ้นไป", field=field)
    return value


def _flag(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("ค่าในช่องนี้ต้องเป็นใช่หรือไม่ใช่ (true, false)", field=field)
    return value


def _publish_at(value: object, field: str) -> dt.datetime | None:
    if value is None:
        return None
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise Invalid("กรุณาระบุวันและเวลาที่จะเผยแพร่", field=field, code="bad-date")
    return value


ANNOUNCEMENT_FIELDS = (
    AnnouncementField(
        name="title",
        type=FieldType.LINE,
        label=gettext_noop("เรื่อง"),
        check=_title,
        is_erased_by_order=True,
        is_required=True,
        is_in_results=True,
        is_in_form=True,
        is_exported=True,
        search_zone=SearchZone.TITLE,
    ),
    AnnouncementField(
        name="kind",
        type=FieldType.KIND,
        label=gettext_noop("ประเภท"),
        check=_kind,
        is_erased_by_order=False,
        default=DocumentKind.ANNOUNCEMENT,
        is_in_results=True,
        is_in_form=True,
        is_exported=True,
    ),
    AnnouncementField(
        name="category",
        type=FieldType.LINE,
        label=gettext_noop("หมวด"),
        check=_line_of(gettext_noop("หมวด"), 100),
        is_erased_by_order=True,
        default="",
        is_in_results=True,
        is_in_form=True,
        is_exported=True,
    ),
    AnnouncementField(
        name="author",
        type=FieldType.LINE,
        label=gettext_noop("ผู้ประกาศ"),
        check=_line_of(gettext_noop("ชื่อผู้ประกาศ"), 200),
        is_erased_by_order=True,
        default="",
        is_in_results=True,
        is_in_form=True,
        is_exported=True,
        search_zone=SearchZone.AUTHOR,
    ),
    AnnouncementField(
        name="published_on",
        type=FieldType.DATE,
        label=gettext_noop("วันที่ประกาศ"),
        check=_date(gettext_noop("กรุณาระบุวันที่ประกาศ เช่น 9 มิถุนายน 2564"), _LATEST_AHEAD, may_lack=False),
        is_erased_by_order=False,
        is_required=True,
        is_in_results=True,
        is_in_form=True,
        is_exported=True,
    ),
    AnnouncementField(
        name="views",
        type=FieldType.COUNT,
        label=gettext_noop("จำนวนครั้งที่เปิดอ่านในเว็บเดิม"),
        check=_views,
        is_erased_by_order=False,
        default=0,
        is_in_results=True,
        is_exported=True,
    ),
    AnnouncementField(
        name="body",
        type=FieldType.TEXT,
        label=gettext_noop("ข้อความ"),
        check=_body,
        is_erased_by_order=True,
        default="",
        is_in_form=True,
        is_exported=True,
        search_zone=SearchZone.BODY,
    ),
    AnnouncementField(
        name="expires_on",
        type=FieldType.DATE,
        label=gettext_noop("หมดเขต"),
        check=_date(
            gettext_noop("กรุณาระบุวันหมดเขต เช่น 9 มิถุนายน 2570 หรือเว้นว่างไว้"), _LATEST_EXPIRY, may_lack=True
        ),
        is_erased_by_order=False,
        is_in_results=True,
        is_in_form=True,
        is_exported=True,
    ),
    AnnouncementField(
        name="noindex",
        type=FieldType.FLAG,
        label=gettext_noop("ไม่ให้ Google และเว็บค้นหาอื่นแสดงประกาศนี้"),
        check=_flag,
        is_erased_by_order=False,
        default=False,
        is_in_form=True,
    ),
    AnnouncementField(
        name="ref",
        type=FieldType.IDENTIFIER,
        label=gettext_noop("รหัสอ้างอิง (ref)"),
        check=_verbatim(gettext_noop("รหัสอ้างอิง (ref)"), 300),
        is_erased_by_order=False,
        is_public=False,
    ),
    AnnouncementField(
        name="old_url",
        type=FieldType.IDENTIFIER,
        label=gettext_noop("ลิงก์เดิม (old_url)"),
        check=_verbatim(gettext_noop("ลิงก์เดิม (old_url)"), 2000),
        is_erased_by_order=True,  # an address on an older site often has the title in it
        is_public=False,
    ),
    AnnouncementField(
        name="publish_at",
        type=FieldType.MOMENT,
        label=gettext_noop("เวลาเผยแพร่"),
        check=_publish_at,
        is_erased_by_order=False,
        is_given_at_creation=False,
        is_public=False,
    ),
    AnnouncementField(
        name="assigned_to",
        type=FieldType.LINE,
        label=gettext_noop("ผู้รับผิดชอบ"),
        check=_line_of(gettext_noop("ชื่อผู้รับผิดชอบ"), validation.LONGEST_NAME),
        is_erased_by_order=False,
        default="",
        is_given_at_creation=False,
        is_public=False,
    ),
)

FIELDS_BY_NAME = {each.name: each for each in ANNOUNCEMENT_FIELDS}
