"""When the first text of residents' pages stands, on a slow phone: how many bytes and requests that took.

    python -m benchmarks.first_text http://127.0.0.1:8000 --rounds 5

Chromium as DevTools slows it down, each round with nothing in its cache. Other work on the machine only
adds to a time, so the least of the rounds is printed beside the middle one.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from benchmarks.corpus import argument_parser

LATENCY = 400  # milliseconds for each request
RATE = 400_000 / 8  # bytes a second, both ways
PHONE: ViewportSize = {"width": 390, "height": 844}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a page.

    ``first_text``: milliseconds until text stood; ``size``: bytes sent over the network.
    """

    first_text: float
    size: int
    requests: int


@contextmanager
def slow_phone(browser: Browser) -> Iterator[tuple[Page, CDPSession]]:
    """A window with an empty cache behind a slow network, and its developer tools."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": LATENCY, "downloadThroughput": RATE, "uploadThroughput": RATE},
    )
    yield page, tools
    context.close()


def load(browser: Browser, address: str) -> Load:
    """Open the page once, as someone who was never here."""
    with slow_phone(browser) as (page, tools):
        sizes: list[int] = []
        tools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
        page.goto(address, wait_until="load")
        page.wait_for_function(PAINTED)
        page.wait_for_load_state("networkidle")
        return Load(float(page.evaluate(PAINTED)), sum(sizes), len(sizes))


def residents_pages(page: Page, base: str) -> dict[str, str]:
    """Name and address of one page of each sort, found by following links."""

    def first(address: str, selector: str) -> str:
        page.goto(base + address)
        return base + (page.locator(selector).first.get_attribute("href") or "")

    document = first("/search?q=%E0%B8%A8%E0%B8%B9%E0%B8%99%E0%B8%A2%E0%B9%8C", ".find")
    return {
        "home": f"{base}/",
        "results": f"{base}/search?q=%E0%B8%A8%E0%B8%B9%E0%B8%99%E0%B8%A2%E0%B9%8C",
        "no results": f"{base}/search?q=%E0%B8%9F%E0%B8%AC%E0%B8%89%E0%B8%91%E0%B8%89%E0%B8%AC%E0%B8%AE",
        "announcement": document.split("/attachments/")[0],
        "document": document,
        "browse": f"{base}/browse",
        "collection": first("/collections", "main .entries a"),
    }


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("base", help="address of a running service with the sample archive")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        pages = residents_pages(browser.new_page(), given.base)
        print("page           first text ms: least   middle   bytes  requests")
        for name, address in pages.items():
            loads = [load(browser, address) for _ in range(given.rounds)]
            times = [each.first_text for each in loads]
            print(f"{name:<14}{min(times):>22.0f}{statistics.median(times):>9.0f}", end="")
            print(f"{loads[-1].size:>8,}{loads[-1].requests:>10}")
        browser.close()


if __name__ == "__main__":
    main()
