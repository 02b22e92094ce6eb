"""What an announcement and an attachment must look like, with Thai words for what is wrong."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath

from archive import thai
from archive.errors import Invalid, words
from archive.filetype import EXTENSIONS
from archive.model import Kind

_EARLIEST = dt.date(1868, 1, 1)  # พ.ศ. 2411, the start of the reign that made ministries and gazettes
_LATEST_AHEAD = dt.timedelta(days=366)
_MOST_VIEWS = 10**12
LONGEST_NAME = 100
"""Characters of the name of a person or a token."""

_FILENAME_BYTES = 180  # most file systems allow 255 bytes, and a Thai letter takes three
_FORBIDDEN_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')

Check = Callable[[object, str], object]


def checked(fields: Mapping[str, object]) -> dict[str, object]:
    """The given fields of a draft (and ``publish_at``) in the form in which they are kept.

    Raises ``Invalid`` for the first that breaks a rule, and for a name that is not a field.
    """
    kept = {}
    for name, value in fields.items():
        check = _CHECKS.get(name)
        if check is None:
            raise Invalid("ไม่มีช่องข้อมูลชื่อ “%(name)s”", field=name, name=thai.clip(thai.canon(name), 40))
        kept[name] = check(value, name)
    return kept


def required_text(text: str, *, field: str, said: str, length: int) -> str:
    """One line, not empty. ``said``: what people call the field."""
    line = _one_line(text)
    if not line:
        raise Invalid("กรุณากรอก%(what)s", field=field, code="required", what=said)
    return _not_longer(line, field, said, length)


def name(text: str) -> str:
    """What a person who signs in, or a program's token, is called."""
    return required_text(text, field="name", said=words("ชื่อ"), length=LONGEST_NAME)


def page_text(text: str) -> str:
    """What a person read on a page, with its lines."""
    return _not_longer(thai.canon(text), "text", words("ข้อความของหน้า"), 200_000)


def heading(text: str) -> str:
    """A heading in a collection; one line, may be empty."""
    return _not_longer(_one_line(text), "items", words("หัวข้อ"), 300)


def body(text: str) -> str:
    """Text of any length a person writes, with its lines."""
    lines = (line.rstrip() for line in thai.canon(text).split("\n"))
    return _not_longer("\n".join(lines).strip("\n"), "body", words("เนื้อความ"), 500_000)


def label(text: str, filename: str) -> str:
    """As given, or else the file's name without its end."""
    given = _one_line(text) or _one_line(PurePosixPath(filename).stem.replace("_", " "))
    return _not_longer(given or "เอกสารแนบ", "label", words("ชื่อเอกสารแนบ"), 300)


def safe_filename(name: str, media_type: str) -> str:
    """The uploader's name for the file, fit for a download on any system.

    Keeps Thai; takes off folders, control and reserved characters and leading dots; ends as
    ``media_type`` asks, so that nothing is ever downloaded under the name of a program.
    """
    base = PureWindowsPath(thai.canon(name).replace("\n", " ")).name
    base = re.sub(r"\s+", " ", _FORBIDDEN_IN_NAMES.sub("", base)).strip(" .")
    extension = EXTENSIONS[media_type]
    stem, end = PurePosixPath(base).stem, PurePosixPath(base).suffix
    if end.lower() not in _same_extensions(extension):
        stem, end = base, extension
    return f"{_fitting(stem, _FILENAME_BYTES).strip(' .') or 'เอกสาร'}{end}"


def _same_extensions(extension: str) -> set[str]:
    others = {".jpg": {".jpeg", ".jpe"}, ".tif": {".tiff"}, ".heic": {".heif"}, ".heif": {".heic"}}
    return {extension} | others.get(extension, set())


def _fitting(text: str, size: int) -> str:
    """As many whole clusters as fit into ``size`` bytes of UTF-8."""
    borders = thai.clusters(text)
    used = 0
    for start, end in pairwise(borders):
        used += len(text[start:end].encode())
        if used > size:
            return text[:start]
    return text


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", thai.canon(text)).strip()


def _not_longer(text: str, field: str, said: str, length: int) -> str:
    if len(text) > length:
        raise Invalid(
            "%(what)sยาวเกินไป (%(size)s ตัวอักษร) กรุณาย่อให้ไม่เกิน %(most)s ตัวอักษร",
            field=field,
            code="too-long",
            what=said,
            size=f"{len(text):,}",
            most=f"{length:,}",
        )
    return text


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise Invalid("ค่าในช่องนี้ต้องเป็นข้อความ", field=field)
    return value


def _title(value: object, field: str) -> str:
    return required_text(_text(value, field), field=field, said=words("ชื่อเรื่อง"), length=500)


def _body(value: object, field: str) -> str:
    return body(_text(value, field))


def _line_of(said: str, length: int) -> Check:
    def check(value: object, field: str) -> str:
        return _not_longer(_one_line(_text(value, field)), field, said, length)

    return check


def _verbatim(said: str, length: int) -> Check:
    """For what another system knows it by: kept letter by letter or refused; None when empty."""

    def check(value: object, field: str) -> str | None:
        if value is None or value == "":
            return None
        text = _not_longer(_text(value, field), field, said, length)
        if not text.isprintable() or text != text.strip():
            raise Invalid("%(what)sมีช่องว่างหัวท้ายหรืออักขระที่มองไม่เห็น กรุณาตรวจแล้วลองใหม่", field=field, what=said)
        return text

    return check


def _published_on(value: object, field: str) -> dt.date:
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise Invalid("กรุณาระบุวันที่ประกาศ เช่น 9 มิถุนายน 2564", field=field, code="bad-date")
    if not _EARLIEST <= value <= dt.datetime.now(dt.UTC).date() + _LATEST_AHEAD:
        raise Invalid(
            "วันที่ %(date)s ไม่น่าถูกต้อง กรุณาตรวจปีว่าเป็น พ.ศ. หรือ ค.ศ.",
            field=field,
            code="bad-date",
            date=thai.format_date(value),
        )
    return value


def _kind(value: object, field: str) -> Kind:
    try:
        return Kind(_text(value, field))
    except ValueError:
        known = ", ".join(kind.value for kind in Kind)
        raise Invalid("ไม่มีประเภทเอกสารนี้ กรุณาใช้หนึ่งใน %(known)s", field=field, known=known) from None


def _views(value: object, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_VIEWS:
        raise Invalid("จำนวนผู้อ่านต้องเป็นจำนวนเต็มตั้งแต่ 0 ขึ้นไป", field=field)
    return value


def _publish_at(value: object, field: str) -> dt.datetime | None:
    if value is None:
        return None
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise Invalid("กรุณาระบุวันและเวลาที่จะเผยแพร่", field=field, code="bad-date")
    return value


_CHECKS: dict[str, Check] = {
    "title": _title,
    "body": _body,
    "author": _line_of(words("ชื่อผู้ประกาศ"), 200),
    "published_on": _published_on,
    "kind": _kind,
    "category": _line_of(words("หมวดหมู่"), 100),
    "views": _views,
    "ref": _verbatim(words("รหัสอ้างอิง (ref)"), 300),
    "old_url": _verbatim(words("ที่อยู่เดิม (old_url)"), 2000),
    "publish_at": _publish_at,
}
