"""Takes the pictures of the manual, so that they show the pages as they are:

SCREENSHOTS=docs/manual/pictures python -m pytest tests/browser/test_manual_pictures.py
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import Visit, wait_until
from tests.browser.site import Site

_SEEN_PICTURES_ARE_THERE = """
[...document.images].every(image => image.complete || image.getBoundingClientRect().top > innerHeight)
"""


def test_the_pages_that_the_manual_shows_are_there(site: Site, visit: Visit, staff: Visit) -> None:
    paper = site.attachments[0]
    resident = visit(width=1000)
    for name, address in (
        ("search", "/search?q=ศูนย์"),
        ("document", f"/announcements/{site.centre.id}/attachments/{paper.id}?q=ศูนย์"),
        ("sign-in", "/sign-in"),
    ):
        resident.goto(address)
        assert resident.locator("main").inner_text()
        keep_picture(resident, name)
    clerk = staff(width=1000)
    for name, address in (
        ("worklist", "/staff"),
        ("draft", f"/staff/announcements/{site.centre.id}"),
        ("health", "/staff/health"),
    ):
        answer = clerk.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        keep_picture(clerk, name)


def keep_picture(page: Page, name: str) -> None:
    """Keep the part of the page that is seen first, in the folder that ``SCREENSHOTS`` names, if it does."""
    if folder := os.environ.get("SCREENSHOTS"):
        wait_until(page, _SEEN_PICTURES_ARE_THERE)
        page.screenshot(path=Path(folder) / f"{name}.png")
