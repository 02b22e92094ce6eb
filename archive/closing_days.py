"""Closing days in texts: the last day on which bids, applications, payments and the like are accepted."""

from __future__ import annotations

import datetime as dt
import re

from archive import thai
from archive.thai.dates import find_dates_with_month_names

_NEAR = 40  # characters before a date in which a word that ends a period makes the date a closing day
_AROUND = 200  # characters before a date in which what is accepted until that day is named
_DAY = r"\s*(?:วัน\S{0,12}?ที่)?\s*$"  # "วันศุกร์ที่" before a date
_DEADLINE = re.compile(rf"(?:หมดเขต|ปิดรับ|วันสุดท้าย)[^\d]*$|(?:ภายใน|ไม่เกิน|อย่างช้า){_DAY}")
_PERIOD_END = re.compile(rf"(?:ถึง|[-–]|ใน|(?:ถึง|ระหว่าง){_DAY[:-1]}\d{{1,2}}\s*[-–]){_DAY}")
_ACCEPTED = re.compile(r"(?:รับ|การ)สมัคร|ยื่น|เสนอราคา|ลงทะเบียน|ขอรับ|(?:ขาย|ซื้อ|จำหน่าย)(?:เอกสาร|แบบ)")


def find_latest_closing_day(text: str, *, after: dt.date) -> dt.date | None:
    """Return the last closing day after ``after`` that a text writes with its month's name; None without one.

    A date is one where a word such as ภายใน or หมดเขต stands shortly before it, or where it ends a period in
    which applications or bids are accepted. The day of an event is none, nor is a date in figures
    (12/05/2568).
    """
    plain = thai.arabic_digits(text)
    found = []
    for written in find_dates_with_month_names(plain):
        start = written.match.start()
        before = plain[max(start - _AROUND, 0) : start]
        is_deadline = _DEADLINE.search(before[-_NEAR:])
        is_end = _PERIOD_END.search(before[-_NEAR:]) and _ACCEPTED.search(before)
        if not written.is_misread and written.date > after and (is_deadline or is_end):
            found.append(written.date)
    return max(found, default=None)
