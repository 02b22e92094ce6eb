"""Date ranges as Thai people write them → first and last day, or a month of any year.

``มิ.ย. 64``, ``9 มิถุนายน 2564``, ``1-15 มิ.ย. 64``, ``มิ.ย.-ส.ค. 2564``, ``ตั้งแต่ ม.ค. 64 ถึง มี.ค. 65``,
``ปีงบประมาณ 2565`` and ``ปีงบ 65`` (October to September), ``ปี 2564``, ``ปี 64``, ``ปี 2021``, ``น้ำท่วม 2564``
(a year after words, at the end), ``มิถุนายน`` and ``เดือนมิถุนา`` (of any year), ``เดือนนี้`` (at the end),
``ก่อน 1 ม.ค. 64``, ``9/6/64``, ``2021-06-09``, ``June 9, 2021``: years of two digits are Buddhist-era, of four
either.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from archive import thai
from archive.errors import Invalid
from archive.thai.characters import CONSONANTS, WORD_LETTERS
from archive.thai.dates import (
    ENGLISH_MONTHS,
    ERA_NAME,
    MONTH_NAME,
    SHORT_MONTH_NAME,
    SPOKEN_MONTHS,
    parse_day_or_month,
    written_year_as_buddhist,
)

_SPOKEN_MONTH = rf"(?<=เดือน)(?:{'|'.join(SPOKEN_MONTHS)})(?![{WORD_LETTERS}])"  # เดือนกุมภา
_DOTTED_MONTH = rf"(?<![{CONSONANTS}.])(?:{SHORT_MONTH_NAME})\."
_THAI_MONTH = rf"(?:{'|'.join(thai.MONTHS)}|{_SPOKEN_MONTH}|{_DOTTED_MONTH})(?![{CONSONANTS}\d])"
_YEAR = rf"{ERA_NAME}\s*(?:\d{{4}}|\d{{2}})(?![\d/.,:-]*\d)"
_DAY = r"(?<![\d/.,])\d{1,2}"
_TO = r"\s*(?:-|–|ถึง|จนถึง|to)\s*"
_NUMERIC = (
    rf"(?:{_DAY}/\d{{1,2}}/(?:\d{{4}}|\d{{2}})(?![\d/])|(?<!\d)\d{{4}}-\d{{2}}-\d{{2}}(?!\d)"
    rf"|(?<![-\d/.,]){_DAY}(?:-\d{{1,2}}-|\.\d{{1,2}}\.)\d{{4}}(?![-\d/.]*\d))"
)
_AMERICAN = rf"(?:{'|'.join(ENGLISH_MONTHS)})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}(?!\d)"
_ONE = rf"(?:{_NUMERIC}|{_AMERICAN}|(?:{_DAY}\s*)?{MONTH_NAME}\s*{_YEAR})"
_LABEL = r"(?:(?P<label>(?:date|วันที่|เดือน|ช่วงเวลา|ช่วง)\s*:\s*))?"
_STRETCH = re.compile(
    rf"""{_LABEL} (?:(?:เมื่อ)?(?:วันที่|เดือน)\s*)? (?:
        (?:ประจำ)?(?:ปี\s*งบประมาณ|ปี\s*งบ|งบ(?:ประมาณ)?\s*ปี)\s*{ERA_NAME}\s*(?P<fiscal>\d{{4}}|\d{{2}})(?![\d/.,]*\d)
      | (?:(?:ตั้งแต่|จาก)\s*)?(?P<first>{_ONE}){_TO}(?P<last>{_ONE})
      | (?P<days>{_DAY}){_TO}(?P<lastday>\d{{1,2}}\s*{MONTH_NAME}\s*{_YEAR})
      | (?P<months>(?:{_DAY}\s*)?{MONTH_NAME}){_TO}(?P<lastmonth>(?:\d{{1,2}}\s*)?{MONTH_NAME}\s*{_YEAR})
      | ปี\s*(?P<years>\d{{4}}){_TO}(?:ปี\s*)?(?P<lastyear>\d{{4}})(?!\d)
      | (?P<since>ตั้งแต่)\s*(?P<start>{_ONE})
      | (?P<side>หลังจาก|หลัง|ก่อน)\s*(?P<limit>{_ONE})
      | (?P<one>{_ONE})
      | (?:(?:ประจำ)?ปี|พ\.\s?ศ\.)\s*(?:พ\.?\s?ศ\.?\s*)?
        (?P<year>2[45]\d{{2}}|20[0-4]\d|[3-7]\d)(?![\d/.,:-]*\d)
      | (?<=[{WORD_LETTERS}])(?<!ที่)[ ]*(?P<bare>25[3-7]\d)(?=\s*$)
      | (?P<month>{_THAI_MONTH})
      | (?P<spoken>เมื่อวาน(?:นี้)?|(?<!วัน)(?:สัปดาห์|อาทิตย์)นี้|(?:เดือน|(?<!ประจำ)ปี)(?:นี้|ที่แล้ว))
        (?=\s*(?:มี)?(?:อะไร)?(?:บ้าง|ไหม|มั้ย)?(?:ครับ|คับ|ค่ะ|คะ)?\s*$)
    )""",
    re.VERBOSE,
)
_YEAR_AT_END = re.compile(rf"({ERA_NAME})\s*(\d+)$")
_DAY_LONG = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DateRange:
    """A date range in a folded text: first and last day, None for an open end, or a month of any year.

    ``month`` (1–12) means that month of any year; ``first`` and ``last`` are None then. The range stands at
    ``[start, end)`` of the text.
    """

    text: str
    first: dt.date | None
    last: dt.date | None
    month: int | None
    start: int = field(compare=False)
    end: int = field(compare=False)
    is_labelled: bool = field(compare=False)  # written as a filter, such as ``date:``

    @property
    def year(self) -> int | None:
        """Returns the Buddhist year, calendar or fiscal, that the range is; None for any other range."""
        is_year = self.is_calendar_year or self.is_fiscal_year
        return self.last.year + thai.ERA if self.last and is_year else None

    @property
    def is_calendar_year(self) -> bool:
        """True for a year from January to December."""
        return self._is_year_from_first_of(1)

    @property
    def is_fiscal_year(self) -> bool:
        """True for a year from October to September."""
        return self._is_year_from_first_of(10)

    @property
    def is_one_day(self) -> bool:
        """True when both ends are the same day."""
        return self.first is not None and self.first == self.last

    def _is_year_from_first_of(self, month: int) -> bool:
        return bool(
            self.first
            and self.last
            and (self.first.month, self.first.day) == (month, 1)
            and self.last == self.first.replace(year=self.first.year + 1) - _DAY_LONG
        )


def find_date_ranges(folded: str) -> list[DateRange]:
    """Returns every date range of a folded text. Text that looks like a date but is none is skipped."""
    found = []
    for match in _STRETCH.finditer(folded):
        try:
            first, last = _days(match)
        except (Invalid, ValueError):
            continue
        if first is None or last is None or first <= last:
            month = thai.month_number(match["month"]) if match["month"] else None
            is_labelled = match["label"] is not None
            found.append(DateRange(match.group(), first, last, month, *match.span(), is_labelled))
    return found


def _days(match: re.Match[str]) -> tuple[dt.date | None, dt.date | None]:
    """Returns the first and the last day of a match, None for open."""
    if match["month"]:
        return None, None
    if match["year"] or match["bare"]:
        year = written_year_as_buddhist(int(match["year"] or match["bare"])) - thai.ERA
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    if match["spoken"]:
        return _days_spoken_of(match["spoken"], thai.today())
    if match["fiscal"]:
        year = written_year_as_buddhist(int(match["fiscal"])) - thai.ERA
        return dt.date(year - 1, 10, 1), dt.date(year, 9, 30)
    if match["first"]:
        return parse_day_or_month(match["first"])[0], parse_day_or_month(match["last"])[1]
    if match["days"]:
        last_day = parse_day_or_month(match["lastday"])[1]
        return last_day.replace(day=int(match["days"])), last_day
    if match["months"]:
        year_at_end = _YEAR_AT_END.search(match["lastmonth"])
        written = year_at_end.group() if year_at_end else ""
        return parse_day_or_month(f"{match['months']} {written}")[0], parse_day_or_month(match["lastmonth"])[
            1
        ]
    if match["years"]:
        first, last = (
            written_year_as_buddhist(int(match[name])) - thai.ERA for name in ("years", "lastyear")
        )
        return dt.date(first, 1, 1), dt.date(last, 12, 31)
    if match["side"]:
        begins, ends = parse_day_or_month(match["limit"])
        return (None, begins - _DAY_LONG) if match["side"] == "ก่อน" else (ends + _DAY_LONG, None)
    first_day, last_day = parse_day_or_month(match["start"] or match["one"])
    return first_day, None if match["since"] else last_day


def _days_spoken_of(text: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Returns the first and last day of a time that is named by its distance from ``today``."""
    if text.startswith("เมื่อวาน"):
        return today - _DAY_LONG, today - _DAY_LONG
    if text.startswith(("สัปดาห์", "อาทิตย์")):
        monday = today - today.weekday() * _DAY_LONG
        return monday, monday + 6 * _DAY_LONG
    if text.startswith("เดือน"):
        first = today.replace(day=1)
        if text.endswith("ที่แล้ว"):
            last = first - _DAY_LONG
            return last.replace(day=1), last
        return first, (first + 31 * _DAY_LONG).replace(day=1) - _DAY_LONG
    year = today.year - text.endswith("ที่แล้ว")
    return dt.date(year, 1, 1), dt.date(year, 12, 31)
