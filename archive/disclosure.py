"""Information that a body must disclose each fiscal year: the items, and the announcements that fill them.

The items are those of the open data integrity assessment (OIT) of the National Anti-Corruption Commission and
the headings of sections 7 and 9 of the Official Information Act B.E. 2540. Their numbers change every year,
so each item has a key that never changes. Data files in ``archive/data`` list the items; staff change them.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from archive import thai
from archive.errors import Invalid, gettext_noop
from archive.thai.dates import MONTH_NAME
from archive.validation import checked_length, checked_required_text, one_line

FIRST_YEAR = 2541
"""Fiscal year in which the Official Information Act took effect; no earlier year has anything to disclose."""

LAST_YEAR = 2999  # last fiscal year that an address or an entry may have

_LONGEST_TITLE = 300  # characters; the longest heading of the Act has 170
_LONGEST_NUMBER = 20  # characters, such as O14 or (8)
_MOST_KEYWORDS = 30  # of one item; further ones are left out
_FIRST_MONTH = 10  # a fiscal year begins in October of the year before
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_FILES = re.compile(r"disclosure-(\d{4})\.toml")
_MONTH_AND_YEAR = re.compile(rf"({MONTH_NAME})\s*(?:พ\.?\s?ศ\.?\s*)?(\d{{4}})")
_FISCAL_YEAR = re.compile(r"(?:ปีงบประมาณ|ประจำปี)\s*(?:พ\.?\s?ศ\.?\s*)?(25\d\d)")
_YEARS = re.compile(r"(25\d\d)(?:\s*[-–—]\s*(25\d\d))?")  # a year, or the first and the last of several
_QUARTER = re.compile(r"ไตรมาส(?:ที่)?\s*(\d)")
_DIGITS = re.compile(r"(\d+)")


class BodyKind(StrEnum):
    """Kind of body, which decides some words of the items: its council's name, and that of its by-laws."""

    MUNICIPALITY = "municipality"
    SUBDISTRICT = "subdistrict"  # subdistrict administrative organisation
    PROVINCE = "province"  # provincial administrative organisation
    OTHER = "other"  # such as เมืองพัทยา; in words that fit all


_WORDS_OF_BODIES = {
    BodyKind.MUNICIPALITY: ("เทศบาล", "ทน.", "ทม.", "ทต."),
    BodyKind.SUBDISTRICT: ("องค์การบริหารส่วนตำบล", "อบต."),
    BodyKind.PROVINCE: ("องค์การบริหารส่วนจังหวัด", "อบจ."),
}  # words in the names of each kind


class DisclosureRule(StrEnum):
    """The rule that asks for an item: the OIT assessment, section 7 or section 9 of the law."""

    OIT = "oit"
    SECTION_7 = "section-7"
    SECTION_9 = "section-9"


class Period(StrEnum):
    """The period after which an item needs another announcement; ``UNTIL_CHANGED`` is confirmed yearly."""

    UNTIL_CHANGED = "once"  # valid until it changes; confirmed each fiscal year
    YEARLY = "yearly"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"


class DisclosureState(StrEnum):
    """State of an item in a fiscal year: filled, drafted, stale, missing or not due yet."""

    FILLED = "filled"  # every part that is due has a published announcement
    DRAFTED = "drafted"  # what a part that is due still lacks is there as a draft
    STALE = "stale"  # a part that is due is missing, but something was published this year or last
    MISSING = "missing"  # a part that is due is missing, and nothing was published this year or last
    NOT_DUE = "not-due"  # no part is due yet


PARTS: Mapping[Period, tuple[int, ...]] = {
    Period.UNTIL_CHANGED: (0,),
    Period.YEARLY: (0,),
    Period.QUARTERLY: (1, 2, 3, 4),
    Period.MONTHLY: (10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9),
}
"""Period → its parts in a fiscal year, in order: quarters, calendar months, or 0 for the whole year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureItem:
    """An item that the body must disclose. ``number`` is that of the year, such as ``O14``; it may be ""."""

    key: str
    section: DisclosureRule
    number: str
    title: str
    period: Period
    keywords: tuple[str, ...] = ()  # a title that contains one of them suggests the item
    is_hidden: bool = False  # True: the item does not exist in this year


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureEntry:
    """An announcement that fills a part of an item in a fiscal year (Buddhist era)."""

    year: int
    item: str  # key of the item
    part: int
    announcement_id: int


@dataclass(frozen=True, slots=True)
class PartStatus:
    """A part of an item (a month, a quarter, 0 for the whole year): whether it is filled, and is due."""

    part: int
    is_filled: bool
    is_due: bool


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """State of an item in a year as a whole, and whether each of its parts is filled and is due."""

    state: DisclosureState
    parts: tuple[PartStatus, ...]


class Disclosure(Protocol):
    """Items that staff changed, and the announcements that fill the items.

    A list of items is confirmed when somebody looked at a fiscal year without changed items of its own, and
    found that the list of the year before holds for it too. This is stored as an item of that year without a
    change. Every method that writes is one transaction, and is in the history.
    """

    def items_changed_by_staff(self, first: int, last: int) -> list[tuple[int, DisclosureItem]]:
        """Return the items that staff changed for these fiscal years, each with its year, oldest first."""

    def save_item(
        self,
        year: int,
        item: DisclosureItem,
        *,
        replaced: DisclosureItem | None,
        actor: str,
        reason: str = "",
    ) -> None:
        """Set an item from this fiscal year on, even over others' changes; nothing if it equals ``replaced``.

        ``replaced``: the item as it was; None for a new item. It tells what changed, for the history, and is
        not compared with what is stored: there is no ``Conflict``. ``reason``: that for showing personal
        data.
        """

    def confirm_earlier_item_list(self, year: int, recorded_under: DisclosureItem, *, actor: str) -> None:
        """Record that the list of the last year before holds as it is; nothing where the year has its own.

        ``recorded_under``: any item of that list; it stands for the whole list in store and history.
        """

    def withdraw_item_list_confirmation(self, year: int, item_key: str, *, actor: str) -> None:
        """Undo ``confirm_earlier_item_list``; ``Conflict`` unless the year has that item alone.

        Nobody has confirmed the list of this fiscal year then. ``item_key``: the key of the item under
        which it is recorded. The code is ``edited-meanwhile``.
        """

    def entries(self, years: Collection[int] | None = None) -> list[DisclosureEntry]:
        """Return the entries of these fiscal years, or of all years, the oldest first."""

    def by_announcement(self, announcement_id: int) -> list[DisclosureEntry]:
        """Return the entries of an announcement, the oldest first."""

    def assign(self, entry: DisclosureEntry, *, actor: str) -> None:
        """Add an entry, unless it is there. Raises ``NotFound`` for an unknown announcement."""

    def unassign(self, entry: DisclosureEntry, *, actor: str) -> None:
        """Remove an entry, if it is there. Raises ``NotFound`` for an unknown announcement."""

    def find_ids_by_title(self, phrases: Sequence[str], first: dt.date, last: dt.date) -> list[int]:
        """Return ids of drafts and published records of these days by title, newest first; a limited number.

        The title has one of ``phrases``; ``published_on`` is from ``first`` to ``last``, both included.
        Trashed and withdrawn announcements are left out.
        """


def fiscal_year(day: dt.date) -> int:
    """Return the fiscal year (Buddhist era) of a day: October 2568 belongs to 2569."""
    return thai.buddhist_year(day) + (day.month >= _FIRST_MONTH)


def first_day(year: int) -> dt.date:
    """Return the first day of a fiscal year."""
    return dt.date(year - thai.ERA - 1, _FIRST_MONTH, 1)


def last_day(year: int) -> dt.date:
    """Return the last day of a fiscal year."""
    return first_day(year + 1) - dt.timedelta(days=1)


def calendar_year_of_month(year: int, month: int) -> int:
    """Return the Buddhist year of a calendar month 1–12 of a fiscal year: 10 to 12 are of the year before."""
    return year - (month >= _FIRST_MONTH)


def kind_of_body(name: str) -> BodyKind:
    """Return the kind of body that a name is of; ``OTHER`` for a name that says none of the others."""
    return next(
        (kind for kind, words in _WORDS_OF_BODIES.items() if any(word in name for word in words)),
        BodyKind.OTHER,
    )


def first_year_of_changes(year: int) -> int:
    """Return the fiscal year from which on staff's changes to the list of items still apply in ``year``.

    It is the year of the data file for ``year``, which replaces what was changed before; ``FIRST_YEAR`` for a
    year before all data files.
    """
    return max((each for each in _years_of_files() if each <= year), default=FIRST_YEAR)


def latest_item_list_year(year: int, changed_years: Iterable[int]) -> int:
    """Return the last of ``changed_years`` up to ``year``; without one, the year of its data file.

    The items of that fiscal year's list hold in ``year``. ``changed_years``: the years for which staff
    changed or confirmed the list; those later than ``year``, or earlier than its data file, are left out.
    """
    first = first_year_of_changes(year)
    return max((each for each in changed_years if first <= each <= year), default=_file_year(year))


def items_of_year(
    year: int, body: BodyKind, changed: Iterable[tuple[int, DisclosureItem]]
) -> list[DisclosureItem]:
    """Return a year's items, hidden ones too, by section and number, with what was ``changed`` by then.

    ``changed``: what staff changed, each with its year, the oldest first; years later than ``year``, or
    earlier than its data file, are left out.
    """
    first = first_year_of_changes(year)
    items = {item.key: item for item in _template(_file_year(year), body)}
    items |= {item.key: item for changed_year, item in changed if first <= changed_year <= year}
    return sorted(items.values(), key=_place)


def list_items(disclosure: Disclosure, year: int, body: BodyKind) -> list[DisclosureItem]:
    """Return the items of a fiscal year as staff changed them, hidden ones too, by section and number."""
    return items_of_year(year, body, disclosure.items_changed_by_staff(first_year_of_changes(year), year))


def checked_item(item: DisclosureItem) -> DisclosureItem:
    """Return the item with tidy texts; ``Invalid`` for a bad key, a missing title or a text too long.

    Only the first keywords are kept; ``section`` and ``period`` are not looked at.
    """
    if not _KEY.fullmatch(item.key):
        raise Invalid("ชื่อถาวรใช้ได้เฉพาะ a–z 0–9 และ -", field="key")
    tidy = _tidy_item(item)
    checked_required_text(
        tidy.title, field="title", field_label=gettext_noop("ชื่อรายการ"), length=_LONGEST_TITLE
    )
    checked_length(tidy.number, "number", gettext_noop("เลขข้อ"), _LONGEST_NUMBER)
    return tidy


def _tidy_item(item: DisclosureItem) -> DisclosureItem:
    keywords = tuple(dict.fromkeys(filter(None, map(one_line, item.keywords))))[:_MOST_KEYWORDS]
    return replace(item, title=one_line(item.title), number=one_line(item.number), keywords=keywords)


def is_equal_except_key(one: DisclosureItem, other: DisclosureItem) -> bool:
    """Return True where two items are stored with the same values, apart from their keys."""
    return replace(_tidy_item(one), key=other.key) == _tidy_item(other)


def item_with_recorded_fields(item: DisclosureItem, fields: Mapping[str, object]) -> DisclosureItem:
    """Return the item with other values of some fields, given as the history has them."""
    return DisclosureItem(
        key=item.key,
        section=DisclosureRule(str(fields.get("section", item.section))),
        number=str(fields.get("number", item.number)),
        title=str(fields.get("title", item.title)),
        period=Period(str(fields.get("period", item.period))),
        keywords=tuple(str(fields["keywords"]).splitlines()) if "keywords" in fields else item.keywords,
        is_hidden=bool(fields.get("is_hidden", item.is_hidden)),
    )


def checked_entry(entry: DisclosureEntry, items: Iterable[DisclosureItem]) -> DisclosureEntry:
    """Return the entry. Raises ``Invalid`` unless its year has the item and the item has the part."""
    item = next((each for each in items if each.key == entry.item and not each.is_hidden), None)
    if item is None:
        raise Invalid("ปีนี้ไม่มีรายการนี้ กรุณาเลือกจากรายการ", field="item")
    if entry.part not in PARTS[item.period]:
        raise Invalid("กรุณาเลือกเดือนหรือไตรมาสของรายการนี้", field="part")
    return entry


def item_status(
    item: DisclosureItem,
    year: int,
    *,
    filled: Collection[int],
    drafted: Collection[int] = (),
    has_recent_announcement: bool,
    today: dt.date,
) -> ItemStatus:
    """Return an item's state; a missing part makes it stale with a recent announcement, else missing.

    Months and quarters are due when over, others from the year's first day. ``filled``: parts with a
    published announcement that is not outdated; ``drafted``: parts with a draft that is not.
    ``has_recent_announcement``: True when the item has any published announcement in this fiscal year or in
    the one before.
    """
    parts = tuple(
        PartStatus(part, part in filled, _is_due(item.period, year, part, today))
        for part in PARTS[item.period]
    )
    if all(part.is_filled for part in parts if part.is_due):
        is_begun = any(part.is_filled or part.is_due for part in parts)
        return ItemStatus(DisclosureState.FILLED if is_begun else DisclosureState.NOT_DUE, parts)
    if all(part.is_filled or part.part in drafted for part in parts if part.is_due):
        return ItemStatus(DisclosureState.DRAFTED, parts)
    return ItemStatus(
        DisclosureState.STALE if filled or has_recent_announcement else DisclosureState.MISSING, parts
    )


def is_outdated(item: DisclosureItem, year: int, title: str, published_on: dt.date) -> bool:
    """Return True when a paper's date is too old for an item and its title does not name the fiscal year.

    An item that is valid until it changes takes papers of any age, such as an order that is still in force. A
    summary of a month or a quarter is of the fiscal year itself. A yearly paper may be of the year before, in
    which plans and budgets are made. A title that names the fiscal year counts whatever its date is.
    """
    if item.period is Period.UNTIL_CHANGED:
        return False
    spans = _YEARS.findall(thai.arabic_digits(title))
    if any(int(first) <= year <= int(last or first) for first, last in spans):
        return False
    return published_on < first_day(year - 1 if item.period is Period.YEARLY else year)


def _is_due(period: Period, year: int, part: int, today: dt.date) -> bool:
    if period in (Period.UNTIL_CHANGED, Period.YEARLY):
        return today >= first_day(year)
    parts = PARTS[period]
    months_after = (parts.index(part) + 1) * (12 // len(parts))
    months = first_day(year).month - 1 + months_after
    return today >= dt.date(first_day(year).year + months // 12, months % 12 + 1, 1)


def suggest_entries(
    title: str, published_on: dt.date, items_in: Mapping[int, Sequence[DisclosureItem]]
) -> list[DisclosureEntry]:
    """Return the entries that a title suggests, the best first; their ``announcement_id`` is 0.

    ``items_in``: fiscal year → its items. Longer keywords count more. The fiscal year and the part are those
    that the title names, else those of the date; a monthly summary is of the month before its date.
    """
    words = _folded(title)
    found: list[tuple[int, DisclosureEntry]] = []
    for year, items in items_in.items():
        for item in items:
            longest = max((len(word) for word in item.keywords if _folded(word) in words), default=0)
            entry = entry_by_title_or_date(item, title, published_on)
            if longest and not item.is_hidden and entry.year == year:
                found.append((longest, entry))
    return [entry for _longest, entry in sorted(found, key=lambda each: -each[0])]


def entry_by_title_or_date(item: DisclosureItem, title: str, published_on: dt.date) -> DisclosureEntry:
    """Return an item's entry, of id 0, by the title, else by its date (the month before, if monthly).

    The title may name the fiscal year, the month or the quarter. The ``announcement_id`` is 0.
    """
    year, part = _stated_part(item.period, title, published_on)
    return DisclosureEntry(year=year, item=item.key, part=part, announcement_id=0)


def _stated_part(period: Period, title: str, published_on: dt.date) -> tuple[int, int]:
    text = thai.arabic_digits(title)
    named = _FISCAL_YEAR.search(text)
    year = int(named[1]) if named else fiscal_year(published_on)
    if period is Period.MONTHLY:
        if month := _MONTH_AND_YEAR.search(text):
            number = thai.month_number(month[1]) or published_on.month
            return int(month[2]) + (number >= _FIRST_MONTH), number
        before = published_on.replace(day=1) - dt.timedelta(days=1)
        return fiscal_year(before), before.month
    if period is Period.QUARTERLY:
        quarter = _QUARTER.search(text)
        of_date = (published_on.month - _FIRST_MONTH) % 12 // 3 + 1
        return year, int(quarter[1]) if quarter and quarter[1] in "1234" else of_date
    return year, 0


def _folded(text: str) -> str:
    """Return a text in a form in which spaces, letter case and Thai digits do not matter."""
    return re.sub(r"\s+", "", thai.arabic_digits(thai.canonical_text(text))).lower()


def _place(item: DisclosureItem) -> tuple[int, bool, list[tuple[int, str]], str]:
    """Return a key that sorts items by section and number; O2 before O10, and those without number last."""
    number = [(int(each), "") if each.isdecimal() else (-1, each) for each in _DIGITS.split(item.number)]
    return list(DisclosureRule).index(item.section), not item.number, number, item.title


@cache
def _years_of_files() -> tuple[int, ...]:
    names = (each.name for each in files("archive").joinpath("data").iterdir())
    return tuple(sorted(int(found[1]) for name in names if (found := _FILES.fullmatch(name))))


def _file_year(year: int) -> int:
    """Return the year of the data file for a fiscal year: the last one before it, else the first of all."""
    return max(first_year_of_changes(year), min(_years_of_files()))


@cache
def _template(year: int, body: BodyKind) -> tuple[DisclosureItem, ...]:
    source = files("archive").joinpath("data", f"disclosure-{year}.toml")
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    words: dict[str, str] = table["bodies"][body.value]
    return tuple(_item(each, words) for each in table["items"])


def _item(given: Mapping[str, Any], words: Mapping[str, str]) -> DisclosureItem:
    return DisclosureItem(
        key=given["key"],
        section=DisclosureRule(given["section"]),
        number=given["number"],
        title=given["title"].format_map(words),
        period=Period(given["period"]),
        keywords=tuple(word.format_map(words) for word in given.get("keywords", ())),
    )
