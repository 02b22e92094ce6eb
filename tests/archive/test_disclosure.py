"""Information to disclose: items of a year, their states, and what a title suggests."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from archive.disclosure import (
    BodyKind,
    DisclosureEntry,
    DisclosureItem,
    DisclosureRule,
    DisclosureState,
    Period,
    checked_entry,
    checked_item,
    fiscal_year,
    is_outdated,
    item_status,
    items_of_year,
    kind_of_body,
    latest_item_list_year,
    suggest_entries,
)
from archive.errors import Invalid

ITEM = DisclosureItem(
    key="own", section=DisclosureRule.OIT, number="O9", title="รายการ", period=Period.YEARLY
)
MONTHLY = replace(ITEM, period=Period.MONTHLY)
QUARTERLY = replace(ITEM, period=Period.QUARTERLY)
YEAR = 2569
ITEMS = items_of_year(YEAR, BodyKind.MUNICIPALITY, [])


def test_a_fiscal_year_begins_in_october() -> None:
    assert [fiscal_year(dt.date(2025, 9, 30)), fiscal_year(dt.date(2025, 10, 1))] == [2568, 2569]


def test_items_have_the_words_of_the_body_and_the_order_of_their_numbers() -> None:
    subdistrict = items_of_year(YEAR, kind_of_body("อบต.บึงธารา"), [])
    assert kind_of_body("เทศบาลเมืองบึงธารา") is BodyKind.MUNICIPALITY
    assert (ITEMS[0].title, subdistrict[0].title) == ("โครงสร้างเทศบาล", "โครงสร้างองค์การบริหารส่วนตำบล")
    assert [each.number for each in ITEMS[:11]] == [f"O{number}" for number in range(1, 12)]
    assert [*dict.fromkeys(each.section for each in ITEMS)] == [*DisclosureRule]
    assert len({each.key for each in ITEMS}) == len(ITEMS)
    changed = items_of_year(YEAR, BodyKind.MUNICIPALITY, [(2568, ITEM), (2569, replace(ITEM, number="O2.5"))])
    assert [each.number for each in changed[1:4]] == ["O2", "O2.5", "O3"]
    assert items_of_year(2550, BodyKind.MUNICIPALITY, []) == ITEMS


@pytest.mark.parametrize(
    ("name", "council"),
    [
        ("เทศบาลเมืองบึงธารา", "สภาเทศบาล"),
        ("องค์การบริหารส่วนตำบลบึงธารา", "สภาองค์การบริหารส่วนตำบล"),
        ("องค์การบริหารส่วนจังหวัดธาราบุรี", "สภาองค์การบริหารส่วนจังหวัด"),
        ("อบจ.ธาราบุรี", "สภาองค์การบริหารส่วนจังหวัด"),
        ("เมืองพัทยา", "สภาท้องถิ่น"),
    ],
)
def test_each_kind_of_body_has_the_name_of_its_council(name: str, council: str) -> None:
    titles = [each.title for each in items_of_year(YEAR, kind_of_body(name), [])]
    assert [title for title in titles if title.endswith(f"มติ{council}")]
    assert not [title for title in titles if "{" in title]


def test_changes_of_later_years_do_not_reach_back() -> None:
    assert items_of_year(2569, BodyKind.MUNICIPALITY, [(2570, ITEM)]) == ITEMS
    assert latest_item_list_year(2570, [2569, 2571]) == 2569


def test_changes_before_the_data_file_of_a_year_do_not_reach_it() -> None:
    assert latest_item_list_year(2570, [2566]) == 2567
    assert latest_item_list_year(2566, [2566]) == 2566
    assert items_of_year(2570, BodyKind.MUNICIPALITY, [(2566, ITEM)]) == ITEMS


@pytest.mark.parametrize(
    ("item", "filled", "has_recent_announcement", "today", "state"),
    [
        (ITEM, {0}, False, "2026-02-01", DisclosureState.FILLED),
        (ITEM, set(), True, "2026-02-01", DisclosureState.STALE),
        (ITEM, set(), False, "2026-02-01", DisclosureState.MISSING),
        (ITEM, set(), True, "2025-09-30", DisclosureState.NOT_DUE),
        (MONTHLY, set(), True, "2025-10-31", DisclosureState.NOT_DUE),
        (MONTHLY, set(), False, "2025-11-01", DisclosureState.MISSING),
        (MONTHLY, {10, 11}, False, "2025-12-31", DisclosureState.FILLED),
        (MONTHLY, {10, 11}, False, "2026-01-01", DisclosureState.STALE),
        (MONTHLY, {10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8}, False, "2026-09-30", DisclosureState.FILLED),
        (MONTHLY, {10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8}, False, "2026-10-01", DisclosureState.STALE),
        (QUARTERLY, {1}, False, "2026-03-31", DisclosureState.FILLED),
        (QUARTERLY, {1}, False, "2026-04-01", DisclosureState.STALE),
    ],
)
def test_an_item_is_filled_stale_or_missing(
    item: DisclosureItem, filled: set[int], has_recent_announcement: bool, today: str, state: DisclosureState
) -> None:
    day = dt.date.fromisoformat(today)
    assert (
        item_status(
            item, YEAR, filled=filled, has_recent_announcement=has_recent_announcement, today=day
        ).state
        is state
    )


@pytest.mark.parametrize(
    ("item", "filled", "drafted", "state"),
    [
        (ITEM, set(), {0}, DisclosureState.DRAFTED),
        (ITEM, {0}, {0}, DisclosureState.FILLED),
        (MONTHLY, {10}, {11}, DisclosureState.DRAFTED),
        (MONTHLY, {10}, {12}, DisclosureState.STALE),  # December is not due, November is
        (MONTHLY, set(), {11}, DisclosureState.MISSING),
    ],
)
def test_an_item_that_lacks_only_what_is_there_as_a_draft_is_drafted(
    item: DisclosureItem, filled: set[int], drafted: set[int], state: DisclosureState
) -> None:
    day = dt.date(2025, 12, 1)
    status = item_status(item, YEAR, filled=filled, drafted=drafted, has_recent_announcement=False, today=day)
    assert status.state is state


@pytest.mark.parametrize(
    ("period", "title", "day", "expected"),
    [
        (Period.YEARLY, "คำสั่งที่ 40/2547", "2004-06-09", True),
        (Period.YEARLY, "แผนพัฒนาท้องถิ่น (พ.ศ. ๒๕๖๖ - ๒๕๗๐)", "2021-10-15", False),
        (Period.YEARLY, "แผนพัฒนาท้องถิ่น (พ.ศ. 2561–2565)", "2018-10-15", True),
        (Period.YEARLY, "งบประมาณรายจ่าย ปีงบประมาณ 2569", "2024-09-01", False),
        (Period.YEARLY, "งบประมาณรายจ่าย", "2025-09-01", False),  # made before its year begins
        (Period.YEARLY, "งบประมาณรายจ่าย", "2024-09-30", True),
        (Period.MONTHLY, "แบบ สขร.1", "2025-09-30", True),
        (Period.QUARTERLY, "สถิติการให้บริการ", "2025-10-01", False),
        (Period.UNTIL_CHANGED, "คำสั่งที่ 40/2547", "2004-06-09", False),  # an order may still be in force
    ],
)
def test_a_paper_is_outdated_for_a_year_unless_its_item_is_valid_until_it_changes(
    period: Period, title: str, day: str, expected: bool
) -> None:
    item = replace(ITEM, period=period)
    assert is_outdated(item, YEAR, title, dt.date.fromisoformat(day)) is expected


def test_the_list_of_a_year_without_one_comes_from_the_nearest_data_file() -> None:
    assert (
        latest_item_list_year(2560, []),
        latest_item_list_year(2570, []),
        latest_item_list_year(2570, [2568, 2569]),
    ) == (
        2567,
        2567,
        2569,
    )


@pytest.mark.parametrize(
    ("title", "day", "entry"),
    [
        ("สรุปผลการดำเนินการจัดซื้อจัดจ้าง (แบบ สขร.๑) ประจำเดือน ตุลาคม ๒๕๖๘", "2025-11-05", (2569, 10)),
        ("แบบ สขร. 1 เดือนกันยายน พ.ศ. 2569", "2026-10-05", (2569, 9)),
        ("แบบ สขร.1", "2026-03-04", (2569, 2)),
        ("แบบ สขร.1", "2025-10-04", (2568, 9)),
    ],
)
def test_a_title_suggests_item_year_and_month(title: str, day: str, entry: tuple[int, int]) -> None:
    items = dict.fromkeys((2568, 2569, 2570), ITEMS)
    best, *_ = suggest_entries(title, dt.date.fromisoformat(day), items)
    assert best == DisclosureEntry(
        year=entry[0], item="procurement-monthly", part=entry[1], announcement_id=0
    )


def test_the_longer_keyword_is_suggested_first() -> None:
    day = dt.date(2026, 1, 5)
    titles = {
        "รายงานผลตามนโยบาย No Gift Policy ประจำปี 2569": "no-gift-report",
        "ประกาศนโยบาย no gift policy": "no-gift-policy",
        "สถิติการให้บริการ ไตรมาสที่ 2 ปีงบประมาณ 2569": "service-statistics",
    }
    found = {title: suggest_entries(title, day, {YEAR: ITEMS})[0] for title in titles}
    assert {title: entry.item for title, entry in found.items()} == titles
    assert [entry.part for entry in found.values()] == [0, 0, 2]
    assert suggest_entries("ประกาศรับสมัครพนักงานจ้าง", day, {YEAR: ITEMS}) == []


def test_what_cannot_be_kept_is_refused() -> None:
    assert checked_item(replace(ITEM, title=" ก  ข ", keywords=("ค", "", "ค"))).keywords == ("ค",)
    for wrong in ({"key": "ไทย"}, {"title": " "}, {"title": "ก" * 301}, {"number": "1" * 21}):
        with pytest.raises(Invalid):
            checked_item(replace(ITEM, **wrong))
    entry = DisclosureEntry(year=YEAR, item="own", part=0, announcement_id=1)
    assert checked_entry(entry, [ITEM]) == entry
    for items in ([], [MONTHLY], [replace(ITEM, is_hidden=True)]):
        with pytest.raises(Invalid):
            checked_entry(entry, items)
