"""Information to disclose in a fiscal year: its items with their states and announcements, for all pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archive.disclosure import (
    FIRST_YEAR,
    DisclosureEntry,
    DisclosureItem,
    DisclosureRule,
    DisclosureState,
    ItemStatus,
    first_day,
    first_year_of_changes,
    fiscal_year,
    is_outdated,
    item_status,
    kind_of_body,
    latest_item_list_year,
    list_items,
    suggest_entries,
)
from archive.errors import NotFound
from archive.model import Announcement, Status
from archive.thai import today
from web.bootstrap import Services

_TO_ADD = (DisclosureState.STALE, DisclosureState.MISSING)
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class EntryShown:
    """An announcement in an item, with the part of the item that it fills.

    ``is_before_last_year``: dated before last fiscal year. ``is_outdated``: too old to fill the item in the
    year shown.
    """

    entry: DisclosureEntry
    announcement: Announcement
    is_before_last_year: bool = False
    is_outdated: bool = False

    @property
    def is_public(self) -> bool:
        """True when residents see the announcement."""
        return self.announcement.status is Status.PUBLISHED

    @property
    def link(self) -> str:
        """Web address that is the whole text of the announcement; "" for any other text."""
        body = self.announcement.body.strip()
        return body if _LINK.fullmatch(body) else ""


@dataclass(frozen=True, slots=True)
class ItemShown:
    """An item of a year. ``entries`` and ``before``: this year's and last year's, in any status."""

    item: DisclosureItem
    status: ItemStatus
    entries: tuple[EntryShown, ...]
    before: tuple[EntryShown, ...]

    @property
    def public(self) -> list[EntryShown]:
        """This year's announcements that residents see."""
        return [each for each in self.entries if each.is_public]


def require_fiscal_year(year: int) -> int:
    """Returns the year. Raises ``NotFound`` for a year before the law and after next fiscal year."""
    if year not in year_choices():
        raise NotFound("ไม่มีรายการของปีงบประมาณนี้")
    return year


def year_choices() -> range:
    """Returns the fiscal years that have a list, from next year back to the first year of the law."""
    return range(fiscal_year(today()) + 1, FIRST_YEAR - 1, -1)


def year_items(services: Services, year: int) -> list[DisclosureItem]:
    """Returns the items of a fiscal year, those hidden included."""
    return list_items(services.disclosure, year, kind_of_body(services.settings.site_name))


def filled_years(services: Services) -> set[int]:
    """Returns the fiscal years in which a published announcement fills an item."""
    entries = services.disclosure.entries()
    shown = services.get_published({each.announcement_id for each in entries})
    return {each.year for each in entries if each.announcement_id in shown}


def year_of_item_list(services: Services, year: int) -> int:
    """Returns the fiscal year whose list ``year`` uses: the last one that staff or a data file changed."""
    changed = services.disclosure.items_changed_by_staff(first_year_of_changes(year), year)
    return latest_item_list_year(year, (changed_year for changed_year, _item in changed))


def year_overview(services: Services, year: int) -> list[ItemShown]:
    """Returns the visible items of a fiscal year with their states and announcements."""
    entries = services.disclosure.entries([year, year - 1])
    known = services.announcements.get_many({each.announcement_id for each in entries})
    found: dict[tuple[int, str], list[tuple[DisclosureEntry, Announcement]]] = {}
    for entry in entries:
        if (announcement := known.get(entry.announcement_id)) is not None:
            found.setdefault((entry.year, entry.item), []).append((entry, announcement))
    return [
        _shown(item, year, found.get((year, item.key), ()), found.get((year - 1, item.key), ()))
        for item in year_items(services, year)
        if not item.is_hidden
    ]


def _shown(
    item: DisclosureItem,
    year: int,
    this_year: Sequence[tuple[DisclosureEntry, Announcement]],
    last_year: Sequence[tuple[DisclosureEntry, Announcement]],
) -> ItemShown:
    entries = [show_entry(entry, announcement, item, year) for entry, announcement in this_year]
    before = [show_entry(entry, announcement, item, year) for entry, announcement in last_year]
    status = item_status(
        item,
        year,
        filled={each.entry.part for each in entries if each.is_public and not each.is_outdated},
        drafted={
            each.entry.part
            for each in entries
            if each.announcement.status is Status.DRAFT and not each.is_outdated
        },
        has_recent_announcement=any(each.is_public for each in (*entries, *before)),
        today=today(),
    )
    return ItemShown(item, status, tuple(entries), tuple(before))


def show_entry(
    entry: DisclosureEntry, announcement: Announcement, item: DisclosureItem, year: int
) -> EntryShown:
    """Returns an announcement in an item with how old it is for ``year``; reads no records."""
    published_on = announcement.published_on
    return EntryShown(
        entry,
        announcement,
        is_before_last_year=published_on < first_day(year - 1),
        is_outdated=is_outdated(item, year, announcement.title, published_on),
    )


def count_items_lacking_announcement(services: Services) -> int:
    """Returns the number of this fiscal year's items that lack a published announcement that is due."""
    shown = year_overview(services, fiscal_year(today()))
    return sum(each.status.state in (*_TO_ADD, DisclosureState.DRAFTED) for each in shown)


def items_to_add_to(items: Sequence[ItemShown], key: str) -> list[ItemShown]:
    """Returns the other items that lack an announcement that is due, drafts counted as there.

    The items begin with those after the item ``key``; those before it follow.
    """
    at = next((place for place, each in enumerate(items) if each.item.key == key), len(items))
    return [each for each in (*items[at + 1 :], *items[:at]) if each.status.state in _TO_ADD]


def suggested_entries(services: Services, announcement: Announcement) -> list[DisclosureEntry]:
    """Returns the entries that an announcement's title suggests, without those that it has already."""
    year = fiscal_year(announcement.published_on)
    items = {each: year_items(services, each) for each in (year - 1, year, year + 1)}
    known = {
        (each.year, each.item, each.part) for each in services.disclosure.by_announcement(announcement.id)
    }
    return [
        DisclosureEntry(year=each.year, item=each.item, part=each.part, announcement_id=announcement.id)
        for each in suggest_entries(announcement.title, announcement.published_on, items)
        if (each.year, each.item, each.part) not in known
    ]


def group_by_section(items: Sequence[ItemShown]) -> list[tuple[DisclosureRule, list[ItemShown]]]:
    """Returns the items in groups, section by section."""
    return [
        (section, found)
        for section in DisclosureRule
        if (found := [each for each in items if each.item.section is section])
    ]
