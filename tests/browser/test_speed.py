"""The first text stands within a second on a slow phone: the page is small and waits for nothing else.

The second itself is measured by ``benchmarks.first_text``: a busy machine is no fault of a page.
"""

from __future__ import annotations

from benchmarks.first_text import LATENCY, RATE, residents_pages
from tests.browser.conftest import Visit
from tests.browser.site import RunningSite

MOST_BYTES = RATE * (1000 - LATENCY) / 1000  # what arrives in the second's rest, after one request's latency

# The page's own bytes over the network, and what the browser fetches before it paints any text.
COSTS = """() => {
    const [own] = performance.getEntriesByType('navigation');
    const fetched = performance.getEntriesByType('resource');
    const blocking = fetched.filter(one => one.renderBlockingStatus === 'blocking');
    return [own.transferSize, blocking.map(one => one.name)];
}"""


def test_the_first_text_waits_for_nothing_but_a_small_page(visit: Visit, site: RunningSite) -> None:
    addresses = residents_pages(visit(), site.url)
    page = visit()  # with nothing in its cache
    sizes: dict[str, int] = {}
    waited_for: list[str] = []
    for name, address in addresses.items():
        page.goto(address, wait_until="load")
        sizes[name], blocking = page.evaluate(COSTS)
        waited_for += blocking
    assert waited_for == []
    assert {name: size for name, size in sizes.items() if not 1000 < size <= MOST_BYTES} == {}, sizes
