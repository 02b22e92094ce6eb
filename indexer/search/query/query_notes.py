"""Notes about a query for the user: how the query was understood, and which conditions were given up."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from archive.facets import Facet, FacetType
from archive.model import DocumentKind
from archive.thai import ERA, MONTHS, format_date, format_short_date
from indexer.search.query.date_ranges import DateRange


class BilingualNote(NamedTuple):
    """A note for the user, in Thai and English."""

    thai: str
    english: str

    def with_values(self, *values: object) -> BilingualNote:
        """Returns the note with values in place of its ``{}``."""
        return BilingualNote(self.thai.format(*values), self.english.format(*values))


NO_WORDS = BilingualNote(
    "ไม่มีคำให้ค้นในข้อความที่พิมพ์ จึงแสดงประกาศทั้งหมด",
    "There is no word in what was typed; all announcements are shown",
)
NEWEST_FIRST = BilingualNote("เรียงจากใหม่ที่สุด", "Newest first")
NOT_QUOTED = BilingualNote(
    "ไม่พบข้อความในเครื่องหมายคำพูดตรงตามที่พิมพ์", "Nothing has the quoted words exactly as they were typed"
)
NOT_ALL = BilingualNote(
    "ไม่มีประกาศที่มีครบทุกคำ จึงแสดงประกาศที่มีเพียงบางคำด้วย",
    "Nothing has all of the words; announcements with some of them are shown",
)
TWO_SUBQUERIES = BilingualNote(
    "ไม่มีประกาศฉบับใดตอบทั้งสองเรื่อง จึงแสดงทีละเรื่อง", "No announcement answers both; each is answered by itself"
)
NOT_THEN = BilingualNote(
    "ไม่พบประกาศของช่วงเวลานั้น จึงแสดงประกาศของช่วงเวลาอื่นด้วย",
    "Nothing of that time was found; other times are shown too",
)
ONLY_NAMED = BilingualNote(
    "ไม่พบประกาศของช่วงเวลานั้น จึงแสดงประกาศของช่วงเวลาอื่นที่กล่าวถึง",
    "Nothing of that time was found; announcements of other times that mention it are shown",
)
DOCUMENT_NUMBER = BilingualNote("เลขที่: {}", "Number: {}")
EXCLUDED = BilingualNote("ตัดออก: {}", "Without: {}")
MOST_EXCLUDED = BilingualNote(
    "ตัดออกได้ไม่เกิน {} รายการ ส่วนที่เกินระบบไม่ใช้", "At most {} can be left out; the rest is not used"
)
NOT_UNDERSTOOD = BilingualNote(
    "ระบบอ่าน “{}” ไม่ออก จึงค้นโดยไม่ใช้ส่วนนี้", "“{}” could not be read; the search leaves it out"
)
READ_AS = BilingualNote("แสดงผลของ “{1}” แทน “{0}”", "Showing results for “{1}” instead of “{0}”")


def facet_note(facet: Facet, value: DocumentKind | int | str) -> BilingualNote:
    """Returns the note of a facet's filter; a year is given in the Buddhist era."""
    if facet.type is FacetType.VILLAGE:
        return BilingualNote(f"{facet.label}: หมู่ {value}", f"{facet.english}: {value}")
    if isinstance(value, DocumentKind):
        return BilingualNote(f"{facet.label}: {value.thai}", f"{facet.english}: {value.english}")
    if isinstance(value, int):
        return BilingualNote(f"พ.ศ. {value}", f"{facet.english}: {value - ERA}")
    return BilingualNote(f"{facet.label}: {value}", f"{facet.english}: {value}")


def facet_exclusion_note(facet: Facet, value: DocumentKind | int | str) -> BilingualNote:
    """Returns the note that results with a facet's value are left out."""
    named = facet_note(facet, value)
    return BilingualNote(f"ตัดออก {named.thai}", f"Without {named.english}")


def alternatives_note(texts: Sequence[str]) -> BilingualNote:
    """Returns the note that one of several texts is enough."""
    return BilingualNote(" หรือ ".join(texts), " or ".join(texts))


def years_note(first_buddhist_year: int, last_buddhist_year: int) -> BilingualNote:
    """Returns the note of a range of years, which are given in the Buddhist era."""
    return BilingualNote(
        f"พ.ศ. {first_buddhist_year}–{last_buddhist_year}",
        f"Years: {first_buddhist_year - ERA}–{last_buddhist_year - ERA}",
    )


def since_note(day: dt.date) -> BilingualNote:
    """Returns the note that results are dated from a day on."""
    return BilingualNote(f"ตั้งแต่: {format_date(day)}", f"From: {_english(day)}")


def until_note(day: dt.date) -> BilingualNote:
    """Returns the note that results are dated up to a day."""
    return BilingualNote(f"ถึง: {format_date(day)}", f"To: {_english(day)}")


def days_note(time: DateRange) -> BilingualNote:
    """Returns the note of a date filter."""
    named = named_time(time)
    return BilingualNote(f"วันที่: {named.thai}", f"Dates: {named.english}")


def only_of_time_note(time: DateRange) -> BilingualNote:
    """Returns the note that results are of a time alone."""
    named = named_time(time)
    every = ("", "") if time.month is None else (" ของทุกปี", ", of any year")
    return BilingualNote(f"แสดงเฉพาะ {named.thai}{every[0]}", f"Only of {named.english}{every[1]}")


def only_mentions_in_time_note(time: DateRange) -> BilingualNote:
    """Returns the note that documents of a time only mention the words; those of other times come below."""
    named = named_time(time)
    return BilingualNote(
        f"ไม่พบประกาศเรื่องนี้โดยตรงของ {named.thai} พบเพียงประกาศที่กล่าวถึง ประกาศของช่วงเวลาอื่นอยู่ท้ายหน้า",
        f"Of {named.english} only announcements that mention the words were found;"
        " below are those of other times that are about them",
    )


def of_or_naming_time_note(time: DateRange) -> BilingualNote:
    """Returns the note that results are of a time or name it."""
    named = named_time(time)
    return BilingualNote(f"ช่วงเวลา: {named.thai}", f"Time: {named.english}")


def named_time(time: DateRange) -> BilingualNote:
    """Returns a time in words: a month, a day, a year, or the first and the last day."""
    if time.month is not None:
        return BilingualNote(f"เดือน{MONTHS[time.month - 1]}", calendar.month_name[time.month])
    if time.first and time.is_one_day:
        return BilingualNote(format_date(time.first), _english(time.first))
    if time.year is not None:
        thai, english = ("ปีงบประมาณ", "fiscal year") if time.is_fiscal_year else ("พ.ศ.", "year")
        return BilingualNote(f"{thai} {time.year}", f"{english} {time.year - ERA}")
    ends = (time.first, time.last)
    return BilingualNote(
        " – ".join(format_short_date(day) if day else "" for day in ends).strip(),
        " – ".join(_english(day) if day else "" for day in ends).strip(),
    )


def also_searched_note(texts: Sequence[str]) -> BilingualNote:
    """Returns the note that full forms of abbreviations and official for everyday words are found too."""
    quoted = ", ".join(f"“{text}”" for text in texts)
    return BilingualNote(f"ค้นคำว่า {quoted} ด้วย", f"Also searching for {quoted}")


def number_letters_note(letters: str) -> BilingualNote:
    """Returns the note that letters stand before many documents' numbers, which are to be typed too."""
    return BilingualNote(
        f"“{letters}” เป็นตัวอักษรหน้าเลขที่หนังสือ ซึ่งมีในหนังสือหลายฉบับ พิมพ์เลขที่ต่อท้ายเพื่อหาฉบับที่ต้องการ",
        f"“{letters}” stands before the number of many documents; type the number too to find one",
    )


def missing_words_note(words: Sequence[str]) -> BilingualNote:
    """Returns the note that no announcement has the words; those with the other words are shown."""
    quoted = ", ".join(f"“{word}”" for word in words)
    return BilingualNote(
        f"ไม่มีประกาศใดมีคำว่า {quoted} จึงแสดงประกาศที่มีเพียงบางคำที่ค้น",
        f"Nothing has {quoted}; announcements with the other words are shown",
    )


def _english(day: dt.date) -> str:
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"
