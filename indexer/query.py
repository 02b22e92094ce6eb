"""What was typed → what is meant."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from archive.model import Kind
from indexer.tokens import fold


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    MOST_READ = "most-read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What narrows the answer; None is no limit."""

    kind: Kind | None = None
    author: str | None = None
    category: str | None = None
    year: int | None = None  # Buddhist era
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    announcement_id: int | None = None  # search inside one announcement


@dataclass(frozen=True, slots=True)
class Chunk:
    """Something typed in one piece, folded. ``exact``: it stood in quotes."""

    text: str
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is meant. A search gives it back as it was run.

    ``understood`` and ``loosened`` are Thai phrases for people: how filters, abbreviations and
    slips were read, and which wishes were given up so as to find anything. ``marks`` are further
    words to mark in texts: corrected spellings and what abbreviations stand for.
    """

    typed: str
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    per_page: int = 10
    chunks: tuple[Chunk, ...] = ()
    without: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


MOST_TYPED = 500
"""Characters that are read; what comes after them is passed over."""

KIND_NAMES = {
    Kind.LETTER: ("หนังสือภายนอก",),
    Kind.MEMO: ("บันทึกข้อความ", "หนังสือภายใน"),
    Kind.STAMPED: ("หนังสือประทับตรา",),
    Kind.ORDER: ("คำสั่ง",),
    Kind.RULE: ("ระเบียบ",),
    Kind.BYLAW: ("ข้อบังคับ", "เทศบัญญัติ", "ข้อบัญญัติ"),
    Kind.ANNOUNCEMENT: ("ประกาศ",),
    Kind.STATEMENT: ("แถลงการณ์",),
    Kind.NEWS: ("ข่าว", "ข่าวประชาสัมพันธ์"),
    Kind.CERTIFICATE: ("หนังสือรับรอง",),
    Kind.MINUTES: ("รายงานการประชุม",),
    Kind.NOTE: ("บันทึก",),
    Kind.OTHER: ("อื่นๆ", "อื่น"),
}
"""How people name the kinds after ``kind:``; the first is the one shown."""

_FIELDS = {
    "author": "author", "by": "author", "ผู้เขียน": "author", "ผู้ประกาศ": "author", "โดย": "author",
    "kind": "kind", "type": "kind", "ประเภท": "kind", "ชนิด": "kind",
    "category": "category", "หมวด": "category", "หมวดหมู่": "category",
    "year": "year", "ปี": "year", "พ.ศ.": "year",
    "number": "number", "เลขที่": "number", "ที่": "number",
}  # fmt: skip

_PART = re.compile(
    r"""
      (?P<no>(?<!\S)-(?=[^\s\d-]))? (?:
        (?: (?P<field>[^\s:"]{1,12}) : )? "(?P<quoted>[^"]*)"
      | (?P<name>[^\s:"]{1,12}) : (?P<value>[^\s"/][^\s"]*)
      | (?P<plain>[^\s"]+)
      | " )
    """,
    re.VERBOSE,
)


def parse(
    typed: str,
    *,
    filters: Filters | None = None,
    sort: Sort = Sort.RELEVANCE,
    page: int = 1,
    per_page: int = 10,
) -> Query:
    """Anything typed is legal; filters written in the text (``year:2564``) join ``filters``.

    Straight quotes ask for the very words; ``-word`` leaves out; ``author:`` ``kind:`` ``year:``
    ``category:`` ``number:`` (and their Thai names) narrow. What looks like one of these but
    makes no sense is searched as words.
    """
    reading = _Reading(filters or Filters())
    for found in _PART.finditer(fold(typed[:MOST_TYPED])):
        reading.take(found)
    return Query(
        typed=typed,
        filters=reading.filters,
        sort=sort,
        page=max(page, 1),
        per_page=max(per_page, 1),
        chunks=tuple(reading.chunks),
        without=tuple(reading.without),
        understood=tuple(reading.understood),
    )


class _Reading:
    """What has been understood so far, part by part."""

    def __init__(self, filters: Filters) -> None:
        self.filters = filters
        self.chunks: list[Chunk] = []
        self.without: list[str] = []
        self.understood: list[str] = []

    def take(self, found: re.Match[str]) -> None:
        name, quoted = found["field"] or found["name"], found["quoted"]
        value = found["value"] if quoted is None else quoted
        if name and value and self._narrow(_FIELDS.get(name, ""), value.strip()):
            return
        text = found["plain"] or (f"{name}:{value}" if name else quoted or "")
        if not any(map(str.isalnum, text)):
            return
        if found["no"]:
            self.without.append(text)
            self.understood.append(f"ไม่เอา: {text}")
        else:
            self.chunks.append(Chunk(text, exact=quoted is not None))

    def _narrow(self, name: str, value: str) -> bool:
        """Set a filter; False when the value makes no sense for it."""
        match name:
            case "author" | "category":
                label = "ผู้ประกาศ" if name == "author" else "หมวดหมู่"
                return self._set(name, value, f"{label}: {value}")
            case "kind":
                kind = _kind(value)
                return kind is not None and self._set("kind", kind, f"ประเภท: {KIND_NAMES[kind][0]}")
            case "year" if value.isdigit() and len(value) in (2, 4):
                year = buddhist_year(int(value))
                return self._set("year", year, f"ปี พ.ศ. {year}")
            case "number":
                self.chunks.append(Chunk(value, exact=True))
                self.understood.append(f"เลขที่: {value}")
                return True
            case _:
                return False

    def _set(self, name: str, value: object, understood: str) -> bool:
        self.filters = replace(self.filters, **{name: value})  # type: ignore[arg-type]
        self.understood.append(understood)
        return True


def buddhist_year(year: int) -> int:
    """64 and 2021 → 2564; a year from 2300 on is Buddhist-era already."""
    if year < 100:
        return 2500 + year
    return year if year >= 2300 else year + 543


def _kind(value: str) -> Kind | None:
    for kind, names in KIND_NAMES.items():
        if value == kind.value or value in names:
            return kind
    return None
