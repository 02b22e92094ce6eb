"""Items that an announcement fills, on its form and in the worklist: chosen by hand or from its title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _

from archive.disclosure import (
    DisclosureEntry,
    DisclosureItem,
    checked_entry,
    entry_by_title_or_date,
    fiscal_year,
)
from archive.errors import Invalid
from archive.model import Announcement
from archive.thai import today
from web import template_filters
from web.bootstrap import services
from web.disclosure_overview import suggested_entries, year_choices, year_items

_MOST_SUGGESTED = 3  # items for one announcement


@dataclass(frozen=True, slots=True)
class DisclosureForm:
    """The items that an announcement fills, those that its title suggests, and all of its ``year``."""

    entries: Sequence[tuple[DisclosureEntry, DisclosureItem]] = ()
    suggested: Sequence[tuple[DisclosureEntry, DisclosureItem]] = ()
    items: Sequence[DisclosureItem] = ()
    year: int = 0
    years: Sequence[int] = ()


def disclosure_form(announcement: Announcement) -> DisclosureForm:
    """Returns the form's content for an announcement, with the items of its date's fiscal year."""
    year = fiscal_year(announcement.published_on)
    return DisclosureForm(
        _with_items(services().disclosure.by_announcement(announcement.id)),
        _with_items(suggested_entries(services(), announcement)[:_MOST_SUGGESTED]),
        list_shown_items(year),
        year,
        year_choices(),
    )


def list_shown_items(year: int | None = None) -> list[DisclosureItem]:
    """Returns the items of a fiscal year, without those hidden; of the present year for None."""
    return [each for each in year_items(services(), year or fiscal_year(today())) if not each.is_hidden]


def _with_items(entries: Sequence[DisclosureEntry]) -> list[tuple[DisclosureEntry, DisclosureItem]]:
    """Returns the entries whose items exist in their years, each with its item."""
    items = {
        (year, each.key): each
        for year in {entry.year for entry in entries}
        for each in year_items(services(), year)
    }
    return [(each, items[each.year, each.item]) for each in entries if (each.year, each.item) in items]


def carry_out_disclosure_form(announcement_id: int, form: Mapping[str, str], actor: str) -> str:
    """Carry out the pressed button of the form. Returns a message for the person."""
    commands = services().commands.disclosure
    if "disclose" in form:
        if form["disclose"] == "chosen":
            announcement = services().announcements.get(announcement_id)
            year = form.get("disclosure-year", "")
            entry = assign_to_item_or_suggested(form.get("disclosure-item", ""), announcement, actor, year)
        else:
            entry = _entry(announcement_id, form["disclose"])
            commands.assign(entry, actor=actor)
        return str(_("ใส่ในรายการปี %(item)s แล้ว", item=_describe(entry)))
    commands.unassign(_entry(announcement_id, form.get("undisclose", "")), actor=actor)
    return str(_("นำออกจากรายการที่ต้องเปิดเผยแล้ว"))


def _entry(announcement_id: int, told: str) -> DisclosureEntry:
    """Returns the entry that a button names: year, key of the item, part."""
    year, key, part = told.split() if told.count(" ") == 2 else ("", "", "")
    if not (year.isdecimal() and len(year) == 4 and part.isdecimal() and len(part) <= 2):
        raise Invalid("กรุณาเลือกรายการที่ต้องเปิดเผย", field="disclosure-item")
    return DisclosureEntry(year=int(year), item=key, part=int(part), announcement_id=announcement_id)


def entry_from_button(announcement_id: int, button_value: str) -> DisclosureEntry:
    """Returns the entry of a button's ``YEAR KEY PART``; ``Invalid`` for one that no year has."""
    entry = _entry(announcement_id, button_value)
    return checked_entry(entry, list_shown_items(entry.year))


def _describe(entry: DisclosureEntry) -> str:
    """Returns fiscal year, number and title of the item that an entry fills, as people read them."""
    stored = {"disclosure": f"{entry.year} {entry.item} {entry.part}"}
    return template_filters.field_values(stored)[0][1]


def assign_to_item_or_suggested(
    key: str, announcement: Announcement, actor: str, year: str = ""
) -> DisclosureEntry:
    """Assign an announcement to the item with this key; "" stands for the item that its title suggests.

    Returns what was assigned. The part, and for ``year`` "" also the fiscal year, are those that the title or
    the date tells. Raises ``Invalid`` when no item fits.
    """
    if key:
        given = next((each for each in year_choices() if str(each) == year), None)
        items = list_shown_items(given or fiscal_year(announcement.published_on))
        chosen = next((each for each in items if each.key == key), None)
        if chosen is None:
            raise Invalid("ปีนี้ไม่มีรายการนี้ กรุณาเลือกจากรายการ", field="item")
        entry = entry_by_title_or_date(chosen, announcement.title, announcement.published_on)
        entry = replace(entry, year=given or entry.year)
    else:
        suggested = suggested_entries(services(), announcement)
        if not suggested:
            raise Invalid("ชื่อเรื่องไม่ตรงกับคำของรายการใด กรุณาเลือกรายการเอง", field="item")
        entry = suggested[0]
    entry = replace(entry, announcement_id=announcement.id)
    services().commands.disclosure.assign(entry, actor=actor)
    return entry
