"""Thai dates: the one parser for forms, imports, queries and documents, and how dates are written."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz import fuzz, process

from archive.errors import Invalid
from archive.thai.characters import CONSONANTS, LETTERS_AND_SIGNS, arabic_digits, canonical_text, shorten

ERA = 543  # Buddhist year minus Common Era year, for every date since the calendar of 1941

BANGKOK = dt.timezone(dt.timedelta(hours=7))  # time zone of all Thailand, which has no summer time

MONTHS = tuple(
    "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม".split()
)
SHORT_MONTHS = tuple("ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.".split())


def today() -> dt.date:
    """Return the present day in Thailand."""
    return dt.datetime.now(BANGKOK).date()


def day_in_thailand(moment: dt.datetime) -> dt.date:
    """Return the day of a moment in Thailand; a moment without a zone is taken as told there.

    In the first and the last hours that there are, where Thailand's day cannot be told: the day as written.
    """
    try:
        return (moment.astimezone(BANGKOK) if moment.tzinfo else moment).date()
    except OverflowError:
        return moment.date()


def buddhist_year(date: dt.date) -> int:
    """Return the year of a date in the Buddhist era: 2021 → 2564."""
    return date.year + ERA


def format_date(date: dt.date) -> str:
    """Return a date as ``9 มิถุนายน 2564``."""
    return f"{date.day} {MONTHS[date.month - 1]} {buddhist_year(date)}"


def format_short_date(date: dt.date) -> str:
    """Return a date as ``9 มิ.ย. 64``."""
    return f"{date.day} {SHORT_MONTHS[date.month - 1]} {buddhist_year(date) % 100:02d}"


def _letters(month: str) -> str:
    return re.sub(r"[.\s]", "", month)


def _spoken(month: str) -> str:
    """Return the spoken form of a month's name: มิถุนา for มิถุนายน."""
    return re.sub("(คม|ยน|พันธ์)$", "", month)


SPOKEN_MONTHS = tuple(map(_spoken, MONTHS))
_MISSPELT_MONTHS = {"กรกฏาคม": 7, "กุมภาพันธุ์": 2}  # the commonest misspellings in old records
_MONTH_NUMBERS = {
    _letters(name): number
    for names in (MONTHS, SHORT_MONTHS, SPOKEN_MONTHS)
    for number, name in enumerate(names, start=1)
} | _MISSPELT_MONTHS


def month_number(name: str) -> int | None:
    """Return 1…12 for a full, spoken or short Thai month name, with or without dots and spaces; else None."""
    return _MONTH_NUMBERS.get(_letters(name))


ENGLISH_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if number
}
"""English month name or abbreviation, in lower case → 1…12."""

SHORT_MONTH_NAME = "|".join(re.escape(name).replace(r"\.", r"\.?\s?") for name in SHORT_MONTHS)
"""Pattern of an abbreviated Thai month, with or without dots and spaces."""

_LONG_MONTH_NAMES = sorted(
    {*MONTHS, *SPOKEN_MONTHS, *ENGLISH_MONTHS, *_MISSPELT_MONTHS}, key=lambda name: (-len(name), name)
)
MONTH_NAME = rf"(?:{'|'.join(_LONG_MONTH_NAMES)}|(?:{SHORT_MONTH_NAME}))(?![{CONSONANTS}a-z])\.?"
"""Pattern of a Thai or English month in a text of small letters."""

ERA_NAME = r"(?:พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|ปี)?"  # pattern of what may stand before a year

_YEAR = r"(พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|พุทธศักราช|คริสต์?ศักราช)?\s*(\d{4}|\d{2})"
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMERIC_DATE = re.compile(r"(\d{1,2})\s*([/.-])\s*(\d{1,2})\s*\2\s*" + _YEAR)
_THAI_DATE = re.compile(
    rf"(?:ณ\s*)?(?:วัน\S*?ที่|ที่)?\s*(\d{{1,2}})\s*(?:เดือน)?\s*([{LETTERS_AND_SIGNS}.\s]+?)\s*{_YEAR}"
)
_MOST_DATE = 100  # characters; longer than any written date, with room for spaces
_YEARS = range(1700, 2300)  # C.E.; a year outside this range is a typing error


def parse_date(text: str) -> dt.date:
    """Return the date that a Thai or ISO text states, years of two digits Buddhist; ``Invalid`` for others.

    In Thai or Arabic digits: ``9 มิถุนายน 2564``, ``9 มิ.ย. 64``, ``๙ เดือน มิถุนายน พ.ศ. ๒๕๖๔``, ``วันพุธที่
    9 มิถุนายน 2564``, ``09/06/2564``, ``9-6-64``, ``2021-06-09``. Years of two digits are Buddhist (64 is
    2564) unless ค.ศ. is written; years of four digits are Buddhist from 2400 on, unless พ.ศ. or ค.ศ. is
    written.
    """
    if len(text) > _MOST_DATE:
        raise _no_date(text)
    wanted = re.sub(r"\s+", " ", arabic_digits(canonical_text(text))).strip()
    if match := _ISO_DATE.fullmatch(wanted):
        year, month, day = _common_era(match[1], None), int(match[2]), int(match[3])
    elif match := _NUMERIC_DATE.fullmatch(wanted):
        year, month, day = _common_era(match[5], match[4]), int(match[3]), int(match[1])
    elif (match := _THAI_DATE.fullmatch(wanted)) and (named := month_number(match[2])):
        year, month, day = _common_era(match[4], match[3]), named, int(match[1])
    else:
        raise _no_date(text)
    if year not in _YEARS:
        raise _no_date(text)
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise _no_date(text) from None


def _common_era(year: str, era: str | None) -> int:
    """Return the Common Era year. ``era``: the era as written, or None."""
    christian = era is not None and era.startswith("ค")
    if len(year) == 2:
        return int(year) + (2000 if christian else 2500 - ERA)
    if christian or (era is None and int(year) < 2400):
        return int(year)
    return int(year) - ERA


def _no_date(text: str) -> Invalid:
    return Invalid(
        "อ่านวันที่ “%(typed)s” ไม่ออก กรุณาพิมพ์ใหม่ เช่น 9 มิถุนายน 2564 หรือ 9/6/2564",
        code="bad-date",
        typed=shorten(canonical_text(text[:_MOST_DATE]), 40),
    )


_WRITTEN_DATE = re.compile(  # OCR reads the ๒ of a year as ๖
    rf"(?<![\d/])(?<!\d\s)(?P<day>\d{{1,2}})[\s.]*(?:เดือน[\s.]*)?(?P<month>[{LETTERS_AND_SIGNS}.\s]{{3,16}}?)"
    r"[\s.]*(?:พ[\s.]*ศ[\s.]*|พุทธ\s?ศักราช\s*)?(?P<year>[26][3-6]\d\d)(?!\d)"
)
_SAME_MONTH = 80  # of 100: lowest similarity of a misread month to its name


class WrittenDate(NamedTuple):
    """A date in a text, the match with groups ``day``, ``month``, ``year``, and whether it was misread."""

    date: dt.date
    match: re.Match[str]
    is_misread: bool  # the month or the year


def find_dates_with_month_names(text: str) -> Iterator[WrittenDate]:
    """Yield dates with month names, misread ones too (``is_misread``), from text with Arabic digits.

    Of day, month by name and Buddhist year, in order; ``9 มิถุนายม 6564`` is misread. What is no date of the
    calendar (31 เมษายน) is skipped.
    """
    for match in _WRITTEN_DATE.finditer(text):
        name = match["month"].strip()
        month = month_number(name)
        near = None if month else _nearest_month(name)
        if not (month or near):
            continue
        try:
            date = dt.date(int(f"2{match['year'][1:]}") - ERA, month or near or 0, int(match["day"]))
        except ValueError:
            continue
        yield WrittenDate(date, match, is_misread=month is None or match["year"].startswith("6"))


def _nearest_month(name: str) -> int | None:
    """Return 1…12 for the month that a misread name looks like; None if it looks like none."""
    near = process.extractOne(name, MONTHS + SHORT_MONTHS, scorer=fuzz.ratio, score_cutoff=_SAME_MONTH)
    return near[2] % 12 + 1 if near and len(name) <= len(near[0]) + 1 else None


_AMERICAN_DATE = re.compile(r"([a-z]+)\.?\s+(\d{1,2})\D*\s(\d{4})")
_NAMED_MONTH = re.compile(rf"(\d{{1,2}})?\s*({MONTH_NAME})\s*({ERA_NAME})\s*(\d+)")


def parse_day_or_month(text: str) -> tuple[dt.date, dt.date]:
    """Return first and last day of a date or month in small letters; ``Invalid`` or ``ValueError`` else.

    Capital letters (``June 9, 2021``) are refused. As ``parse_date``, and also ``june 9, 2021``, ``มิ.ย. 64``
    and ``jun 2021``; a year of four digits is Buddhist from 2300 on.
    """
    if american := _AMERICAN_DATE.fullmatch(text):
        year, month, day = int(american[3]), ENGLISH_MONTHS.get(american[1], 0), american[2]
    elif named := _NAMED_MONTH.fullmatch(text):
        month = ENGLISH_MONTHS.get(named[2].rstrip(".")) or month_number(named[2]) or 0
        written, day = int(named[4]), named[1]
        if named[3].startswith("ค"):
            year = 2000 + written if written < 100 else written
        else:
            year = written_year_as_buddhist(written) - ERA
    else:
        date = parse_date(text)
        return date, date
    if year not in _YEARS or not month:
        raise _no_date(text)
    first, last = (int(day), int(day)) if day else (1, calendar.monthrange(year, month)[1])
    return dt.date(year, month, first), dt.date(year, month, last)


def written_year_as_buddhist(year: int) -> int:
    """Return the year in the Buddhist era: 64 and 2021 → 2564; from 2300 on a year is in it already."""
    if year < 100:
        return 2500 + year
    return year if year >= 2300 else year + ERA
