"""Contrast of pages in use: typed text, caret, placeholder, selection, focus ring, hover, disabled controls.

axe judges a page at rest; nobody uses a page that way. Here every control is focused with the Tab key,
hovered with the mouse, typed into and disabled, and the colours that the browser computes are compared, in
both themes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit, shoot
from tests.browser.pages import open_page, public_pages, staff_pages
from tests.browser.site import RunningSite

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
themes = pytest.mark.parametrize("theme", THEMES)
PARTS = 2  # of the pages, each a test of its own: two workers share them
parts = pytest.mark.parametrize("part", range(PARTS))

MIN_TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3: text of ordinary size
MIN_SHAPE_CONTRAST = 3.0  # WCAG 2.2, 1.4.11: what shows the focus
LEAST = {
    "text": MIN_TEXT_CONTRAST,
    "placeholder": MIN_TEXT_CONTRAST,
    "selected": MIN_TEXT_CONTRAST,
    "caret": MIN_SHAPE_CONTRAST,
    "ring": MIN_SHAPE_CONTRAST,
}
MOST_TABS = 400  # more controls than any page has: the list of items to disclose has some 290
_TABS_AT_ONCE = 10  # pressed before the page is asked what was focused

COLOURS = Path(__file__).with_name("contrast.js")  # puts ``contrasts`` into each page


@pytest.fixture(scope="module")
def hovered() -> list[str]:
    """The looks of the controls, on any page, over which the mouse was."""
    return []


@parts
def test_public_pages_in_use(visit: Visit, site: RunningSite, hovered: list[str], part: int) -> None:
    assert _low_contrasts(visit(), public_pages(site), part, hovered) == []


@parts
def test_staff_pages_in_use(staff: Visit, site: RunningSite, hovered: list[str], part: int) -> None:
    assert _low_contrasts(staff(), staff_pages(site), part, hovered) == []


@themes
def test_what_is_typed_on_the_home_page_leaves_pixels(visit: Visit, theme: Theme) -> None:
    page = visit()
    page.emulate_media(color_scheme=theme)
    page.goto("/")
    field = page.locator("#q")
    field.evaluate("element => { element.placeholder = '' }")
    field.focus()
    box = field.bounding_box()
    assert box is not None
    begin = {"x": box["x"] + 6, "y": box["y"] + 6, "width": 150, "height": box["height"] - 12}
    empty = page.screenshot(clip=begin, caret="hide")  # type: ignore[arg-type]  # a plain dict serves
    field.fill("ค่าธรรมเนียมเก็บขนขยะ")
    assert page.screenshot(clip=begin, caret="hide") != empty  # type: ignore[arg-type]
    shoot(page, f"home-typed-{theme}")


def _low_contrasts(page: Page, pages: dict[str, int], part: int, hovered: list[str]) -> list[str]:
    """Returns one line for each state of a control whose contrast is too low, on the pages of a part."""
    page.add_init_script(path=COLOURS)
    low: list[str] = []
    for path, status in [*pages.items()][part::PARTS]:
        open_page(page, path, status)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        states = {
            "at rest": page.evaluate("() => contrasts.atRest()"),
            "typed into": page.evaluate("() => contrasts.fields()"),
            "focused": _tab_through(page),
            "hovered": _hover_over_new(page, hovered),
            "disabled": page.evaluate("() => contrasts.disableAll()"),
        }
        low += [f"{path} {state}: {said}" for state in states for said in _too_low(states[state])]
    return low


def _too_low(judged: list[dict[str, Any]]) -> list[str]:
    """``judged``: for each element theme, name, an example of its text, and contrasts by what they are of."""
    return [
        f"{part} {each[part]:.2f} {each['theme']} “{each['example']}” {each['name']}"
        for each in judged
        for part, least in LEAST.items()
        if each.get(part, least) < least
    ]


def _tab_through(page: Page) -> list[dict[str, Any]]:
    """Every control as it looks once the Tab key has come to it."""
    page.evaluate("() => contrasts.watchFocus()")
    for _step in range(MOST_TABS // _TABS_AT_ONCE):
        for _tab in range(_TABS_AT_ONCE):
            page.keyboard.press("Tab")
        if focused := page.evaluate("() => contrasts.focused()"):
            return focused  # type: ignore[no-any-return]
    raise AssertionError(f"the Tab key never came round on {page.url}")


def _hover_over_new(page: Page, hovered: list[str]) -> list[dict[str, Any]]:
    """One control of each look that ``hovered`` lacks, with the mouse over it; then ``hovered`` has it."""
    judged: list[dict[str, Any]] = []
    looks = page.evaluate("known => contrasts.markLooks(known)", hovered)
    for number in range(len(looks)):
        control = page.locator(f"[data-look='{number}']")
        control.hover(force=True)
        judged += control.evaluate("element => contrasts.hovered(element)")
    hovered += looks
    return judged
