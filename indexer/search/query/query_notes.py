"""Notes about a query for the user: how the query was understood, and which conditions were given up."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from archive.facets import Facet
from archive.model import Kind
from archive.thai import ERA, MONTHS, format_date, format_short_date


class QueryNote(NamedTuple):
    """A note for the user, in Thai and English."""

    thai: str
    english: str


NOT_QUOTED = QueryNote(
    "ไม่พบข้อความในเครื่องหมายคำพูดตรงตามที่พิมพ์", "Nothing has the quoted words exactly as they were typed"
)
NOT_ALL = QueryNote(
    "ไม่มีประกาศที่มีครบทุกคำ แสดงประกาศที่มีเพียงบางคำด้วย",
    "Nothing has all of the words; announcements with some of them are shown",
)
ALSO_SOME = QueryNote("แสดงประกาศที่มีเพียงบางคำด้วย", "Announcements with only some of the words are shown too")
NOT_THEN = QueryNote(
    "ไม่พบในช่วงเวลาที่พิมพ์ แสดงของช่วงเวลาอื่นด้วย", "Nothing of that time was found; other times are shown too"
)


def facet(facet: Facet, value: Kind | int | str) -> QueryNote:
    """Returns the note of a facet's filter; a year is given in the Buddhist era."""
    if isinstance(value, Kind):
        return QueryNote(f"{facet.label}: {value.thai}", f"{facet.english}: {value.english}")
    if isinstance(value, int):
        return QueryNote(f"{facet.label} พ.ศ. {value}", f"{facet.english}: {value - ERA}")
    return QueryNote(f"{facet.label}: {value}", f"{facet.english}: {value}")


def number(value: str) -> QueryNote:
    return QueryNote(f"เลขที่: {value}", f"Number: {value}")


def without(text: str) -> QueryNote:
    return QueryNote(f"ไม่เอา: {text}", f"Without: {text}")


def either(texts: Sequence[str]) -> QueryNote:
    return QueryNote(" หรือ ".join(texts), " or ".join(texts))


def years(first: int, last: int) -> QueryNote:
    """Returns the note of a range of years, given in the Buddhist era."""
    return QueryNote(f"ปี พ.ศ. {first}–{last}", f"Years: {first - ERA}–{last - ERA}")


def since(day: dt.date) -> QueryNote:
    return QueryNote(f"ตั้งแต่: {format_date(day)}", f"From: {_english(day)}")


def until(day: dt.date) -> QueryNote:
    return QueryNote(f"ถึง: {format_date(day)}", f"To: {_english(day)}")


def days(first: dt.date | None, last: dt.date | None) -> QueryNote:
    """Returns the note of a date filter. None means an open end."""
    named = stretch(first, last)
    return QueryNote(f"วันที่: {named.thai}", f"Dates: {named.english}")


def time(first: dt.date | None, last: dt.date | None) -> QueryNote:
    """Returns the note of a date range among words: results are of these days or name them."""
    named = stretch(first, last)
    return QueryNote(f"ช่วงเวลา: {named.thai}", f"Time: {named.english}")


def month(number: int) -> QueryNote:
    """Returns the note of a month (1–12) of any year."""
    return QueryNote(f"เดือน: {MONTHS[number - 1]}", f"Month: {calendar.month_name[number]}")


def stretch(first: dt.date | None, last: dt.date | None) -> QueryNote:
    """Returns the first and last day in words. None means an open end."""
    if first and first == last:
        return QueryNote(format_date(first), _english(first))
    thai = (format_short_date(day) if day else "" for day in (first, last))
    english = (_english(day) if day else "" for day in (first, last))
    return QueryNote(" – ".join(thai).strip(), " – ".join(english).strip())


def stands_for(typed: str, full: str) -> QueryNote:
    return QueryNote(f"{typed} = {full}", f"{typed} = {full}")


def read_as(typed: str, meant: str) -> QueryNote:
    return QueryNote(
        f"แสดงผลของ “{meant}” แทน “{typed}”", f"Showing results for “{meant}” instead of “{typed}”"
    )


def _english(day: dt.date) -> str:
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"
