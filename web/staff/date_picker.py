"""Date picker of three lists (day, Thai month, year of the Buddhist era) that needs no script.

A browser's own date field shows its own language and era, whatever the page's are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import get_locale

from archive import thai
from archive.errors import Invalid

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:\s*น\.?)?")  # 9:00, 09.00 น.


@dataclass(frozen=True, slots=True)
class DatePicker:
    """The lists of a picker: the chosen date, and the years C.E. that are offered."""

    name: str
    chosen: tuple[str, str, str]  # day, month, year C.E., each "" for nothing chosen
    years: tuple[tuple[int, str], ...]  # year C.E. and its name in the reader's era


def date_picker(name: str, form: Mapping[str, str], at: dt.date | None, *, years: range) -> DatePicker:
    """Returns a picker of these years alone, at what ``form`` has for it, else at the date ``at``."""
    if f"{name}-day" in form:
        chosen = (form[f"{name}-day"], form.get(f"{name}-month", ""), form.get(f"{name}-year", ""))
    else:
        chosen = (str(at.day), str(at.month), str(at.year)) if at else ("", "", "")
    is_english = str(get_locale()) == "en"
    return DatePicker(
        name, chosen, tuple((year, str(year if is_english else year + thai.ERA)) for year in years)
    )


def picked_date(name: str, form: Mapping[str, str]) -> dt.date | None:
    """Returns the date that was picked; None when nothing was. Raises ``Invalid`` for a day that is none."""
    parts = [form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
    if not any(parts):
        return None
    try:
        return dt.date(*map(int, parts))
    except (ValueError, OverflowError):
        raise Invalid("ไม่มีวันที่นี้ กรุณาเลือกวัน เดือน และปีให้ครบ", field=name) from None


def parse_time_of_day(typed: str) -> dt.time | None:
    """Returns a time of day as people write it, such as ``9:00`` or ``๐๙.๐๐ น.``; None for anything else."""
    hours = _CLOCK.fullmatch(thai.arabic_digits(typed).strip())
    return dt.time(int(hours[1]), int(hours[2])) if hours else None
