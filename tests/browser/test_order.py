"""Papers are put in order by typing a number and by dragging; the page stays where the paper is."""

from __future__ import annotations

import datetime as dt
import io

from playwright.sync_api import Page, expect

from archive.model import Draft
from tests.browser.conftest import Visit, shoot
from tests.browser.site import ACTOR, Site, order, wait_until


def test_the_last_paper_becomes_the_first_in_two_actions(staff: Visit, site: Site) -> None:
    made = site.services.intake.create(Draft(title="เรียงลำดับ", published_on=dt.date(2026, 1, 5)), actor=ACTOR)
    ids = []
    for number in range(6):
        paper = io.BytesIO(order(f"{number}/2569", f"เอกสารที่ {number}", "ข้อความ"))
        attachment, _ = site.services.intake.attach(
            made.id, paper, filename=f"{number}.pdf", actor=ACTOR, label=f"เอกสารที่ {number}"
        )
        ids.append(attachment.id)

    def stored() -> list[int]:
        return [ids.index(each.id) for each in site.services.attachments.by_announcement([made.id])[made.id]]

    page = staff()
    page.set_viewport_size({"width": 1280, "height": 2400})  # all rows are in sight
    page.goto(f"/staff/announcements/{made.id}")
    page.fill(f"#position-{ids[5]}", "1")
    page.locator(f"#position-{ids[5]}").press("Enter")
    page.wait_for_url(f"**#attachment-{ids[5]}")
    assert stored() == [5, 0, 1, 2, 3, 4]
    _drag(page, ids[2], ids[0])
    wait_until(lambda: stored() == [5, 2, 0, 1, 3, 4], "the dragged paper was moved")
    expect(page.locator(f"#position-{ids[2]}")).to_have_value("2")
    expect(page.locator(f"#position-{ids[1]}")).to_have_value("4")
    shoot(page, "order")


def _drag(page: Page, dragged: int, target: int) -> None:
    handle = page.locator(f"#attachment-{dragged} [data-handle]")
    place = handle.bounding_box()
    over = page.locator(f"#attachment-{target}").bounding_box()
    assert place is not None
    assert over is not None
    page.mouse.move(place["x"] + 5, place["y"] + 5)
    page.mouse.down()
    page.mouse.move(over["x"] + 40, over["y"] + over["height"] / 3, steps=8)
    page.mouse.move(over["x"] + 40, over["y"] + 8, steps=4)
    page.mouse.up()
