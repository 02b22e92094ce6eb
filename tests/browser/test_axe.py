"""Every page, for everyone: axe finds nothing in any language, width and theme, open or closed."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.pages import open_page, public_pages, staff_pages
from tests.browser.site import RunningSite

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
LAID_OUT = """() => document.documentElement.outerHTML + JSON.stringify(
  [...document.querySelectorAll("*")].map((each) => {
    const style = getComputedStyle(each);
    const boxes = [...each.getClientRects()].map((box) => [box.x, box.y, box.width, box.height]);
    return [style.display, style.visibility, style.opacity, style.overflow, boxes];
  })
)"""
"""All of a page that the other rules look at: its elements, which of them are seen, and where."""
Look = tuple[int, Literal["light", "dark"]]
# Every width in every theme for the Thai that is read here.
LOOKS: dict[str, list[Look]] = {
    "th": [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")],
    "en": [(PHONE, "dark"), (DESK, "light")],
}
COLOURED = ("th", PHONE)
"""Language and width at which colours are looked at.

English words change none, and ``test_contrast.py`` looks at those of the desk.
"""
languages = pytest.mark.parametrize("language", LOOKS)


@languages
def test_residents_pages(visit: Visit, site: RunningSite, language: str) -> None:
    page = visit(language=language)
    _check(page, language, public_pages(site))


@languages
def test_what_opens_on_residents_pages(visit: Visit, language: str) -> None:
    page = visit(language=language)
    page.goto("/")
    page.locator("#q").press_sequentially("ค่าธรรม")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    found = _looked_at(page, language, "/ with suggestions")
    page.goto("/sign-in")
    page.fill("#name", "ใครก็ไม่รู้")
    page.fill("#password", "ผิดแน่นอน")
    page.locator("main .button.first").click()
    found |= _looked_at(page, language, "/sign-in refused")
    page.goto("/follow?q=ศูนย์")
    page.fill("#address", f"{language}@example.com")
    page.locator("main .button.first").click()
    expect(page.locator("main .address")).to_have_text(f"{language}@example.com")
    assert found | _looked_at(page, language, "/follow sent") == {}


@languages
def test_staff_pages(staff: Visit, site: RunningSite, language: str) -> None:
    site.services.usage_statistics.record_missed_search_unless_personal("ป้าอ้อย")
    page = staff(language=language)
    _check(page, language, staff_pages(site))
    page.goto("/staff/people")
    page.fill("#name", "ก")
    page.fill("#password", "สั้นๆ แต่พอ")
    page.locator("main section .button.first").click()
    assert _looked_at(page, language, "/staff/people refused") == {}


def _check(page: Page, language: str, pages: dict[str, int]) -> None:
    found: dict[str, list[str]] = {}
    for path, status in pages.items():
        open_page(page, path, status)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        found |= _looked_at(page, language, path)
    assert found == {}


def _looked_at(page: Page, language: str, name: str) -> dict[str, list[str]]:
    """Returns all rule violations of the page, by the widths and themes in which it has any.

    A theme in which the page is laid out as in the one before is looked at for its colours only: the other
    rules would see the same again.
    """
    found, looked_at = {}, ""
    for width, theme in LOOKS[language]:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=theme)
        laid_out = page.evaluate(LAID_OUT)
        is_new, has_colours = laid_out != looked_at, (language, width) == COLOURED
        if is_new or has_colours:
            found[f"{name}, {theme}, {width}"] = _violations(page, _rules(is_new, has_colours))
        looked_at = laid_out
    return {way: said for way, said in found.items() if said}


def _rules(is_new: bool, has_colours: bool) -> dict[str, object]:
    """Returns axe's options: for a new layout all rules, those of colours only if asked, else those alone."""
    if is_new:
        return {"runOnly": RULES, "rules": {rule: {"enabled": has_colours} for rule in COLOUR_RULES}}
    return {"runOnly": {"type": "rule", "values": COLOUR_RULES}}


def _violations(page: Page, options: dict[str, object]) -> list[str]:
    """Returns one line for each element that breaks a rule."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    said = {"resultTypes": ["violations"], "selectors": False}  # half of axe's time is making selectors
    answer = page.evaluate("options => axe.run(options)", said | options)
    return [f"{rule['id']}: {node['html'][:120]}" for rule in answer["violations"] for node in rule["nodes"]]
