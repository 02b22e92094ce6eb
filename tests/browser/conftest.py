"""A real browser on a real archive."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Cookie, Locator, Page, sync_playwright

from archive.model import Announcement
from tests.browser.site import ACTOR, NAME, PASSWORD, RunningSite, running

CHROMIUM = Path("/usr/bin/chromium")
PHONE, DESK = 390, 1280  # CSS pixels
OTHER_DESKS = (1366, 1920)
UNCOVERED = """() => {
  const focused = document.activeElement, box = focused.getClientRects()[0];
  const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const parts = [focused, ...(focused.labels ?? [])]; // the label of a file's field is its button
  return parts.some((part) => part.contains(seen)) || seen?.contains(focused);
}"""
Visit = Callable[..., Page]
Act = Callable[[Locator], None]  # ``click`` or ``press``


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running(tmp_path_factory.mktemp("archive")) as site:
        yield site


@pytest.fixture
def centre(site: RunningSite) -> Iterator[Announcement]:
    """The announcement that all tests share, for one that changes it: afterwards it is as it was."""
    yield site.centre
    before = {name: getattr(site.centre, name) for name in ("title", "body", "author", "category", "noindex")}
    site.services.commands.announcements.revise(site.centre.id, before, actor=ACTOR)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: {CHROMIUM} is missing (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, site: RunningSite) -> Iterator[Visit]:
    """Returns a function that opens a visitor's window of a given width, with or without JavaScript."""
    opened: list[BrowserContext] = []

    def visit(*, width: int = DESK, javascript: bool = True, language: str = "th") -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 844 if width == PHONE else 900},
            java_script_enabled=javascript,
            locale="th-TH",
            reduced_motion="reduce",
        )
        context.add_cookies([{"name": "language", "value": language, "url": site.url}])
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    yield visit
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def clerk_cookies(browser: Browser, site: RunningSite) -> list[Cookie]:
    """The session of a clerk who signed in once; a test that signs out signs in by itself."""
    context = browser.new_context(base_url=site.url, locale="th-TH")
    sign_in(context.new_page())
    cookies = [each for each in context.cookies() if each["name"] != "language"]
    context.close()
    return cookies


@pytest.fixture
def staff(visit: Visit, clerk_cookies: list[Cookie]) -> Visit:
    """Returns a function that opens a window like ``visit``, signed in."""

    def signed_in(**how: object) -> Page:
        page = visit(**how)
        page.context.add_cookies(clerk_cookies)  # type: ignore[arg-type]
        return page

    return signed_in


def sign_in(page: Page, name: str = NAME) -> None:
    page.goto("/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main .button.first")
    page.wait_for_url("**/staff")


def click(control: Locator) -> None:
    """Click with the mouse. In a desk's window nothing may lie over the control at any usual width."""
    size = control.page.viewport_size
    if size and size["width"] == DESK:
        expect_uncovered_at_desks(control)
    control.click()


def expect_uncovered_at_desks(control: Locator) -> None:
    """Nothing lies over the control in windows of the usual widths, so that a mouse reaches it."""
    size = control.page.viewport_size
    for width in (DESK, *OTHER_DESKS):
        control.page.set_viewport_size({"width": width, "height": size["height"] if size else 900})
        control.hover(trial=True)
    if size:
        control.page.set_viewport_size(size)


def press(control: Locator) -> None:
    """Press with the keyboard a control that the Tab key reaches and that nothing lies over."""
    assert control.evaluate("part => part.tabIndex") >= 0
    control.focus()
    assert control.page.evaluate(UNCOVERED), f"something lies over {control}"
    is_ticked = control.evaluate("part => ['checkbox', 'radio'].includes(part.type)")
    control.page.keyboard.press("Space" if is_ticked else "Enter")


def tab_to(page: Page, selector: str) -> None:
    """Tab until the element has the focus; the focus shows there, and nothing lies over it."""
    for _step in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2
            assert page.evaluate(UNCOVERED), f"something lies over {selector}"
            return
    raise AssertionError(f"{selector} is not reached with the Tab key")


def wait_until(page: Page, condition: str, seconds: float = 20) -> None:
    """Wait until the JavaScript expression is true on the page.

    Asks from outside: Playwright's ``wait_for_function`` evaluates its text again inside the page, which
    the content security policy forbids.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"after {seconds} s still not: {condition}"
        page.wait_for_timeout(50)  # ms


def touch_screen(page: Page) -> CDPSession:
    """Return the window's finger, for ``swipe``. The page is laid out for a touch screen from now on."""
    finger = page.context.new_cdp_session(page)
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    return finger


def swipe(finger: CDPSession, *points: tuple[float, float]) -> None:
    """Put the finger on the first point of the window, move it over the others, and lift it."""
    for number, (x, y) in enumerate(points):
        type = "touchMove" if number else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": type, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page in the folder that ``SCREENSHOTS`` names, if it does."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        window = page.viewport_size or {"width": DESK, "height": 900}
        whole = int(page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": window["width"], "height": whole})  # what sticks is at its end
        wait_until(page, "[...document.images].every(image => image.complete)")
        page.screenshot(path=Path(folder) / f"{name}.png")
        page.set_viewport_size(window)
