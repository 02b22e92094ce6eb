"""Every page, for everyone: axe finds nothing in any language, width and theme, open or closed."""

from __future__ import annotations

import datetime as dt
import io
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from archive.model import Draft
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.site import ACTOR, Site, order, wait_until

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
languages = pytest.mark.parametrize("language", ["th", "en"])


@languages
def test_residents_pages(visit: Visit, site: Site, language: str) -> None:
    first = site.attachments[0]
    page = visit(language=language)
    _check(
        page,
        "/",
        "/search?q=ศูนย์",
        "/search?sort=newest&kind=news",
        "/search?q=ฟฬฉฑฌฮฯฎฏ",
        "/search?q=ฟฬฉฑฌฮฯฎฏ&kind=news",
        "/search?q=อบต. ขยะ author:จับกังไซเบอร์",
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


@languages
def test_what_opens_on_residents_pages(visit: Visit, language: str) -> None:
    page = visit(language=language)
    page.goto("/")
    page.locator("#q").press_sequentially("ค่าธรรม")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    found = _looked_at(page, "/ with suggestions")
    page.goto("/sign-in")
    page.fill("#name", "ใครก็ไม่รู้")
    page.fill("#password", "ผิดแน่นอน")
    page.locator("main button").click()
    assert found | _looked_at(page, "/sign-in refused") == {}


@languages
def test_staff_pages(staff: Visit, site: Site, language: str) -> None:
    first = site.attachments[0]
    site.services.records.note_miss("ป้าอ้อย")
    page = staff(language=language)
    _check(
        page,
        "/staff",
        "/staff/announcements?status=published",
        "/staff/announcements?status=trashed",
        "/staff/announcements/new",
        f"/staff/announcements/{site.centre.id}",
        f"/staff/announcements/{site.centre.id}/publish",
        f"/staff/announcements/{site.centre.id}/history",
        f"/staff/announcements/{site.withdrawn.id}",
        f"/staff/announcements/{_with_personal_data(site)}/publish",
        "/staff/collections",
        f"/staff/collections/{site.collection.id}",
        "/staff/collections/new",
        "/staff/review",
        f"/staff/attachments/{first.id}/pages/1",
        "/staff/people",
        "/staff/account",
        "/staff/no-such-page",
    )
    page.goto("/staff/people")
    page.fill("#name", "ก")
    page.fill("#password", "สั้นๆ แต่พอ")
    page.locator("main section button").click()
    assert _looked_at(page, "/staff/people refused") == {}


def _with_personal_data(site: Site) -> int:
    """A draft whose paper names a person's number; the same each time."""
    records, intake = site.services.records, site.services.intake
    known = records.by_ref("axe")
    if known is None:
        draft = Draft(title="ผู้รับเบี้ยยังชีพ", published_on=dt.date(2021, 6, 9), ref="axe")
        known = intake.create(draft, actor=ACTOR)
        paper = order("91/2566", "ผู้รับเบี้ยยังชีพ", "นางสมศรี โทร. 08 1234 5678")
        intake.attach(known.id, io.BytesIO(paper), filename="list.pdf", actor=ACTOR)
    wait_until(lambda: bool(intake.personal_data(known.id)), "the number was found")
    return known.id


def _check(page: Page, *paths: str) -> None:
    found: dict[str, list[str]] = {}
    for path in paths:
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        found |= _looked_at(page, path)
    assert found == {}


def _looked_at(page: Page, name: str) -> dict[str, list[str]]:
    """What breaks a rule, all of them, in either theme and width."""
    found = {}
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 844})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            found[f"{name}, {theme}, {width}"] = _violations(page, {"runOnly": RULES})
    return {way: said for way, said in found.items() if said}


def _violations(page: Page, options: dict[str, object]) -> list[str]:
    """One line for each element that breaks a rule."""
    answer = Axe().run(page, options={"resultTypes": ["violations"]} | options).response
    return [f"{rule['id']}: {node['html'][:120]}" for rule in answer["violations"] for node in rule["nodes"]]
