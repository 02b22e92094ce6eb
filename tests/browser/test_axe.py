"""Every page, for everyone: axe finds nothing in either language, width or theme."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.site import Site

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ways = pytest.mark.parametrize(("language", "width"), [("th", PHONE), ("en", DESK)])


@ways
def test_residents_pages(visit: Visit, site: Site, language: str, width: int) -> None:
    first = site.attachments[0]
    page = visit(width=width, language=language)
    _check(
        page,
        "/",
        "/search?q=ศูนย์",
        "/search?sort=newest&kind=news",
        "/search?q=ฟฬฉฑฌฮฯฎฏ",
        "/browse",
        "/collections",
        f"/collections/{site.collection.id}",
        f"/announcements/{site.centre.id}",
        f"/announcements/{site.centre.id}?q=ศูนย์",
        f"/announcements/{site.centre.id}/attachments/{first.id}?q=ศูนย์",
        f"/announcements/{site.withdrawn.id}",
        "/open-data",
        "/sign-in",
        "/no-such-page",
    )


@ways
def test_staff_pages(staff: Visit, site: Site, language: str, width: int) -> None:
    first = site.attachments[0]
    site.services.records.note_miss("ป้าอ้อย")
    page = staff(width=width, language=language)
    _check(
        page,
        "/staff",
        "/staff/announcements?status=published",
        "/staff/announcements/new",
        f"/staff/announcements/{site.centre.id}",
        f"/staff/announcements/{site.centre.id}/publish",
        f"/staff/announcements/{site.centre.id}/history",
        f"/staff/announcements/{site.withdrawn.id}",
        "/staff/collections",
        f"/staff/collections/{site.collection.id}",
        "/staff/review",
        f"/staff/attachments/{first.id}/pages/1",
        "/staff/people",
        "/staff/account",
    )


def _check(page: Page, *paths: str) -> None:
    """All rules in the light, and contrast again in the dark."""
    found = {}
    for path in paths:
        page.goto(path)
        page.emulate_media(color_scheme="light")
        found[path] = _violations(page, {"runOnly": RULES})
        page.emulate_media(color_scheme="dark")
        found[f"{path} (dark)"] = _violations(
            page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
        )
    assert {path: said for path, said in found.items() if said} == {}


def _violations(page: Page, options: dict[str, object]) -> list[str]:
    """One line for each element that breaks a rule."""
    answer = Axe().run(page, options={"resultTypes": ["violations"]} | options).response
    return [f"{rule['id']}: {node['html'][:120]}" for rule in answer["violations"] for node in rule["nodes"]]
