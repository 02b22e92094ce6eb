"""Papers are put in order by typing a number and by dragging; the page stays where the paper is."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Page, Route, expect

from archive.model import Draft
from tests.browser.conftest import Act, Visit, click, press, shoot, swipe, touch_screen
from tests.browser.site import ACTOR, RunningSite, order, wait_until

FIFTY = 50  # papers, as the accounts of a year have them


def _draft_with_papers(site: RunningSite, count: int = 6) -> tuple[int, list[int]]:
    """Returns the id of a draft with papers, and theirs."""
    made = site.services.commands.announcements.create(
        Draft(title="เรียงลำดับ", published_on=dt.date(2026, 1, 5)), actor=ACTOR
    )
    ids = []
    for number in range(count):
        paper = io.BytesIO(order(f"{number}/2569", f"เอกสารที่ {number}", "ข้อความ"))
        attachment, _ = site.services.commands.attachments.attach(
            made.id, paper, filename=f"{number}.pdf", actor=ACTOR, label=f"เอกสารที่ {number}"
        )
        ids.append(attachment.id)
    return made.id, ids


def test_papers_change_places_and_one_is_replaced(staff: Visit, site: RunningSite) -> None:
    draft_id, ids = _draft_with_papers(site)

    def stored() -> list[int]:
        return [
            ids.index(each.id) for each in site.services.attachments.by_announcement([draft_id])[draft_id]
        ]

    page = staff()
    page.set_viewport_size({"width": 1280, "height": 2400})  # all rows are in sight
    page.goto(f"/staff/announcements/{draft_id}")
    page.fill("#body", "ยังไม่บันทึก")
    page.fill(f"#position-{ids[5]}", "๑")
    page.locator(f"#position-{ids[5]}").press("Enter")
    wait_until(lambda: stored() == [5, 0, 1, 2, 3, 4], "the numbered paper was moved")
    for name, key in (("เลื่อนลง", "Enter"), ("เลื่อนขึ้น", "Space")):
        arrow = page.locator(f"#attachment-{ids[0]}").get_by_role("button", name=name)
        arrow.press(key)
        expect(arrow).to_be_focused()
    click(page.locator(f"#attachment-{ids[0]}").get_by_role("button", name="เลื่อนลง"))
    wait_until(lambda: stored() == [5, 1, 0, 2, 3, 4], "the arrows moved the paper")
    click(page.locator(f"#attachment-{ids[0]}").get_by_role("button", name="เลื่อนขึ้น"))
    wait_until(lambda: stored() == [5, 0, 1, 2, 3, 4], "the arrow moved the paper back")
    _move_in_the_short_list(page, ids[0], stored, [5, 1, 0, 2, 3, 4])
    expect(page.locator("#body")).to_have_value("ยังไม่บันทึก")
    expect(page.locator("[data-status=ready]")).to_have_count(6, timeout=60_000)  # no row grows any more
    _drag(page, ids[2], ids[0])
    wait_until(lambda: stored() == [5, 2, 0, 1, 3, 4], "the dragged paper was moved")
    expect(page.locator(f"#position-{ids[2]}")).to_have_value("2")
    expect(page.locator(f"#position-{ids[1]}")).to_have_value("4")
    page.fill(f"#position-{ids[4]}", "6")
    click(page.locator(f"#attachment-{ids[4]}").get_by_role("button", name="ย้าย"))
    wait_until(lambda: stored() == [5, 2, 0, 1, 3, 4], "the numbered paper was moved")
    page.fill("#body", "")
    for id, act in ((ids[0], click), (ids[1], press)):
        _replace(page, id, act)
        page.goto(f"/staff/announcements/{draft_id}")
    page.goto(f"/staff/announcements/{draft_id}")
    expect(page.locator("[data-status=ready]")).to_have_count(6, timeout=60_000)
    finger = touch_screen(page)
    page.set_viewport_size({"width": 1280, "height": 3000})  # both rows are in sight
    place, over = _handle(page, ids[4]), _row(page, ids[5])
    x = place["x"] + 5
    swipe(finger, (x, place["y"] + 5), (x, place["y"] - 90), (x, over["y"] + 8))
    wait_until(lambda: stored() == [4, 5, 2, 0, 1, 3], "the finger moved the paper")
    shoot(page, "order")


@pytest.fixture(scope="module")
def fifty(site: RunningSite) -> tuple[int, list[int]]:
    """The id of a draft with fifty papers, and theirs."""
    return _draft_with_papers(site, FIFTY)


@pytest.mark.parametrize("act", [click, press])
def test_fifty_papers_are_sorted_by_name_and_some_placed_by_number(
    staff: Visit, site: RunningSite, fifty: tuple[int, list[int]], act: Act
) -> None:
    draft_id, ids = fifty

    def stored() -> list[int]:
        return [
            ids.index(each.id) for each in site.services.attachments.by_announcement([draft_id])[draft_id]
        ]

    mixed_up = [*range(1, FIFTY, 2), *range(0, FIFTY, 2)]
    site.services.commands.attachments.reorder(draft_id, [ids[at] for at in mixed_up], actor=ACTOR)
    page = staff()
    page.goto(f"/staff/announcements/{draft_id}")
    act(page.get_by_role("button", name="เรียงตามชื่อ"))
    said = page.locator(".notice.good", has_text="เรียงเอกสารใหม่แล้ว")
    expect(said).to_be_in_viewport(ratio=1)
    assert stored() == [*range(FIFTY)]
    act(said.get_by_role("button", name="เลิกทำ"))
    expect(page.locator(".notice.good")).to_contain_text("เลิกทำแล้ว")
    assert stored() == mixed_up
    act(page.get_by_role("button", name="เรียงตามชื่อ"))
    expect(said).to_be_visible()
    act(page.get_by_label("แสดงเฉพาะลำดับและชื่อ"))
    for id, place in ((ids[49], "1"), (ids[0], "๕๐")):
        page.locator(f"#position-{id}").focus()
        page.locator(f"#position-{id}").select_text()
        page.keyboard.insert_text(place)
    act(page.get_by_role("button", name="บันทึกฉบับร่าง"))
    wait_until(lambda: stored() == [49, *range(1, 49), 0], "both papers changed places by one save")


def test_all_numbers_are_right_before_a_move_is_stored(staff: Visit, site: RunningSite) -> None:
    page, waiting = staff(), list[Route]()

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/move", hold)
    page.goto(f"/staff/announcements/{site.centre.id}")
    numbers = page.locator("[data-rows] [name^=position-]")
    first = numbers.first.get_attribute("name")
    page.locator("[data-attachment]").last.get_by_role("button", name="เลื่อนขึ้น").click()
    expect(numbers.last).to_have_attribute("name", first or "")
    assert [box.input_value() for box in numbers.all()] == ["1", "2"]
    before = site.services.attachments.by_announcement([site.centre.id])[site.centre.id]
    with page.expect_response("**/move") as answer:
        waiting[0].continue_()
    assert answer.value.status == 204
    site.services.commands.attachments.reorder(site.centre.id, [each.id for each in before], actor=ACTOR)


def _move_in_the_short_list(page: Page, id: int, stored: Callable[[], list[int]], order: list[int]) -> None:
    """Move a paper down and up again where only places and names are shown."""
    short = page.get_by_label("แสดงเฉพาะลำดับและชื่อ")
    press(short)
    expect(page.locator(f"#kind-{id}")).to_be_hidden()
    expect(page.locator(f"#label-{id}")).to_be_visible()
    click(page.locator(f"#attachment-{id}").get_by_role("button", name="เลื่อนลง"))
    wait_until(lambda: stored() == order, "the arrow moved the paper")
    click(page.locator(f"#attachment-{id}").get_by_role("button", name="เลื่อนขึ้น"))
    wait_until(lambda: stored() != order, "the arrow moved the paper back")
    click(short)
    expect(page.locator(f"#kind-{id}")).to_be_visible()


def test_the_short_list_is_there_once_many_papers_arrived_and_stays_chosen(staff: Visit) -> None:
    page = staff()
    page.goto("/staff/announcements/new")
    papers = [order(f"{number}/2570", f"ฉบับที่ {number}", "ข้อความ") for number in range(6)]
    files = [
        {"name": f"{n}.pdf", "mimeType": "application/pdf", "buffer": each} for n, each in enumerate(papers)
    ]
    page.set_input_files("#files", files)  # type: ignore[arg-type]
    page.get_by_role("button", name="รวมเป็น").click()
    short = page.get_by_label("แสดงเฉพาะลำดับและชื่อ")
    expect(short).to_be_visible(timeout=60_000)
    short.check()
    page.reload()
    expect(short).to_be_checked()
    expect(page.locator("[id^=kind-]").first).to_be_hidden()


def test_a_small_picture_that_could_not_be_made_yet_is_asked_for_again(
    staff: Visit, site: RunningSite
) -> None:
    page, paper = staff(), site.attachments[0]
    asked: list[str] = []

    def refuse_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route(lambda url: f"/attachments/{paper.id}/pages/1" in url and "240" in url, refuse_first)
    page.goto(f"/staff/announcements/{site.centre.id}")
    picture = page.locator(f"#attachment-{paper.id} img")
    expect(picture).to_be_visible(timeout=20_000)
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert len(asked) > 1


def _replace(page: Page, id: int, act: Act) -> None:
    """Put another file in the place of a paper, and look at what differs."""
    act(page.locator(f"#attachment-{id}").get_by_role("link", name="เปลี่ยนไฟล์"))
    new = order("9/2569", f"เอกสารใหม่ {id}", "ข้อความใหม่")
    page.set_input_files("#file", [{"name": "new.pdf", "mimeType": "application/pdf", "buffer": new}])
    act(page.get_by_role("button", name="เปลี่ยนไฟล์"))
    expect(page.locator(".notice.good")).to_be_visible()
    act(page.locator(f"#attachment-{id}").get_by_role("link", name="เปลี่ยนไฟล์"))
    act(page.get_by_role("link", name="ดูสิ่งที่ต่าง"))
    expect(page.locator("main")).to_contain_text("ข้อความใหม่")


def _handle(page: Page, id: int) -> FloatRect:
    return page.locator(f"#attachment-{id} [data-handle]").bounding_box() or pytest.fail("no handle")


def _row(page: Page, id: int) -> FloatRect:
    return page.locator(f"#attachment-{id}").bounding_box() or pytest.fail("no row")


def _drag(page: Page, dragged: int, target: int) -> None:
    place, over = _handle(page, dragged), _row(page, target)
    page.mouse.move(place["x"] + 5, place["y"] + 5)
    page.mouse.down()
    page.mouse.move(over["x"] + 40, over["y"] + over["height"] / 3, steps=8)
    page.mouse.move(over["x"] + 40, over["y"] + 8, steps=4)
    page.mouse.up()
