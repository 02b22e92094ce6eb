"""A second municipality joins while people use the first: each at its own address from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from archive.model import Organisation, Role
from tests.browser.site import NAME, PASSWORD, RunningSite, order, running, wait_until
from web.accounts.passwords import hash_password


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running(tmp_path_factory.mktemp("towns")) as site:
        services = site.services
        first = Organisation(id=1, slug="pladuk", name="เทศบาลตำบลหนองปลาดุก", host=None)
        services.organisations.change("main", to=first)
        second = services.organisations.add("bangkhen", "เทศบาลเมืองบางเขน", None)
        its = services.for_organisation(second, services.organisations.all())
        its.people.accounts.add(NAME, hash_password(PASSWORD), Role.ADMIN)
        wait_until(lambda: _answers(f"{site.url}/bangkhen/"), "the running service has heard of it")
        yield site


def _answers(address: str) -> bool:
    try:
        with urlopen(address) as answer:
            return answer.status == 200
    except HTTPError:
        return False


@pytest.fixture
def page(browser: Browser, towns: RunningSite) -> Iterator[Page]:
    """A window that notes every address that it asked for."""
    context = browser.new_context(base_url=towns.url, locale="th-TH")
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def test_a_resident_stays_in_the_town(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto("/pladuk/")
    expect(page.locator("header")).to_contain_text("เทศบาลตำบลหนองปลาดุก")
    page.locator("#q").press_sequentially("ค่าธรรม")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pladuk/search?q=*")
    page.goto("/pladuk/search?q=หลังเก่าข้างหอ")
    picture = page.locator(".find img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True, timeout=20_000)
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    page.locator(".find").first.click()
    page.wait_for_url("**/pladuk/announcements/*/attachments/*")
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/pladuk/announcements/*/attachments/*")
    outside = {path for path in asked if not path.startswith("/pladuk/")}
    assert any("/fonts/" in path for path in asked)
    assert not outside


def test_a_clerk_publishes_in_the_other_town(page: Page) -> None:
    page.goto("/bangkhen/staff")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("main .button.first")
    page.wait_for_url("**/bangkhen/staff")
    page.get_by_role("link", name="ประกาศใหม่").click()
    with page.expect_file_chooser() as choosing:
        page.get_by_text("เลือกไฟล์", exact=True).click()
    paper = order("1/2567", "แต่งตั้งคณะกรรมการคลองบางเขน", "ให้ขุดลอกคลอง")
    choosing.value.set_files([{"name": "scan.pdf", "mimeType": "application/pdf", "buffer": paper}])
    page.wait_for_url(re.compile(r"/bangkhen/staff/announcements/\d+$"))
    expect(page.locator("[data-attachment][data-status=ready]")).to_have_count(1, timeout=60_000)
    page.get_by_role("button", name="บันทึกและตรวจก่อนเผยแพร่").click()
    page.wait_for_url("**/bangkhen/**/publish")
    page.get_by_role("button", name="เผยแพร่").click()
    expect(page.locator(".notice.good")).to_contain_text("เผยแพร่แล้ว")
    for path, there in (
        ("/bangkhen/search?q=ขุดลอกคลอง", 1),
        ("/pladuk/search?q=ขุดลอกคลอง", 0),
        ("/search?q=ขุดลอกคลอง", 1),
    ):
        _until_there(page, path, there)
    expect(page.locator(".entries")).to_contain_text("เทศบาลเมืองบางเขน")  # the province says whose it is
    page.locator(".entries h2 a").first.click()
    page.wait_for_url("**/bangkhen/announcements/*")
    page.goto("/pladuk/staff")
    page.wait_for_url("**/pladuk/sign-in**")  # what was opened there opens nothing here


def _until_there(page: Page, path: str, count: int) -> None:
    """Load the page until the search lists ``count`` records: search follows within seconds."""
    for _try in range(40):
        page.goto(path)
        if page.locator(".entries > li").count() == count:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{path}: not {count}")
