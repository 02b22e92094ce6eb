"""Data that anonymous visitors can make grow is bounded: views, misses, addresses in links, caches."""

from __future__ import annotations

import pytest

from storage.repositories.usage_statistics import LONGEST_MISS, MOST_FROM_ADDRESS, MOST_MISSES
from tests.web.conftest import BROWSER, Site

_OTHERS = "203.0.113.7"


def read_by(site: Site, id: int, *, agent: str, address: str = "127.0.0.1") -> None:
    site.client().get(
        f"/announcements/{id}", headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": address}
    )


def views(site: Site, id: int) -> int:
    return site.services.announcements.get(id).views


def test_sixty_browsers_at_one_address_are_few_visitors(site: Site) -> None:
    id = site.announcement("ประกาศ").id
    for number in range(60):
        read_by(site, id, agent=f"Mozilla/5.0 Firefox/{number}.0")
    assert views(site, id) == MOST_FROM_ADDRESS
    read_by(site, id, agent="Mozilla/5.0", address=_OTHERS)
    assert views(site, id) == MOST_FROM_ADDRESS + 1


def test_a_network_of_version_six_is_one_address(site: Site) -> None:
    id = site.announcement("ประกาศ").id
    for number in range(20):
        read_by(site, id, agent=f"Mozilla/5.0 ({number})", address=f"2001:db8:1:2::{number:x}")
    assert views(site, id) == MOST_FROM_ADDRESS
    read_by(site, id, agent="Mozilla/5.0", address="2001:db8:1:3::1")
    assert views(site, id) == MOST_FROM_ADDRESS + 1


def test_a_miss_is_kept_short(site: Site) -> None:
    site.announcement("ประกาศ")
    site.work()
    site.client().get("/search", query_string={"q": "ฆฆฆฆ" * 5_000}, headers=BROWSER)
    [miss] = site.services.usage_statistics.list_missed_searches()
    assert 0 < len(miss.query) <= LONGEST_MISS
    site.services.usage_statistics.record_missed_search_unless_personal("ก" * 200_000)
    assert (
        max(len(miss.query) for miss in site.services.usage_statistics.list_missed_searches()) <= LONGEST_MISS
    )


def test_misses_are_few_and_the_frequent_stay(site: Site) -> None:
    records = site.services.records
    for _ in range(2):
        records.usage_statistics.record_missed_search_unless_personal("ถามบ่อย")
    with records.batch():
        for number in range(MOST_MISSES + 50):
            records.usage_statistics.record_missed_search_unless_personal(f"คำ {number}")
    kept = records.usage_statistics.list_missed_searches(limit=10_000)
    assert len(kept) == MOST_MISSES
    assert kept[0].query == "ถามบ่อย"
    assert f"คำ {MOST_MISSES + 49}" in {miss.query for miss in kept}


def test_old_misses_go(site: Site) -> None:
    records, database = site.services.records, site.services.database
    records.usage_statistics.record_missed_search_unless_personal("เมื่อก่อน")
    with database.write():  # type: ignore[attr-defined]  # the embedded engine's
        database.run("UPDATE miss SET last_at = :at", at="2020-01-01T00:00:00.000000+00:00")  # type: ignore[attr-defined]
    records.usage_statistics.record_missed_search_unless_personal("วันนี้")
    assert [miss.query for miss in records.usage_statistics.list_missed_searches()] == ["วันนี้"]


@pytest.mark.parametrize("name", ["q", "author", "category", "from", "to", "kind", "year", "sort", "unknown"])
def test_a_long_argument_does_not_come_back_in_every_link(site: Site, name: str) -> None:
    for number in range(30):
        site.announcement(f"ประกาศ {number}", author=f"กอง {number}", category=f"หมวด {number}")
    site.work()
    short = len(site.client().get("/search", headers=BROWSER).data)
    value = "ประกาศ " + "x" * 8_000
    answer = site.client().get("/search", query_string={name: value}, headers=BROWSER)
    assert answer.status_code == 200
    assert len(answer.data) < short + 12 * len(value)


def test_long_addresses_are_not_remembered(site: Site) -> None:
    with site.app.test_request_context("/"):
        before = site.app._remembered.cache_info().currsize  # type: ignore[attr-defined]
        for number in range(5):
            assert site.app.url_for("public.results", q=f"{number}" * 5_000).endswith(f"{number}" * 100)
        assert site.app._remembered.cache_info().currsize == before  # type: ignore[attr-defined]


def test_a_search_and_a_record_read_again_write_nothing(site: Site) -> None:
    """One writer at a time would make the processes that serve residents wait for each other."""
    id = site.announcement("ประกาศเรื่องการจัดเก็บขยะ").id
    site.work()
    paths = [
        "/",
        "/search?q=ขยะ",
        "/api/v1/search?q=ขยะ",
        f"/announcements/{id}",
        f"/api/v1/announcements/{id}",
    ]
    asked = [(path, agent) for path in paths for agent in ("Mozilla/5.0", "Mozilla/5.0 (again)")]
    read_by(site, id, agent="Mozilla/5.0")
    read_by(site, id, agent="Mozilla/5.0 (again)")
    data = site.services.settings.data

    def written() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in data.rglob("*") if path.is_file()}

    before = written()
    for path, agent in asked:
        assert site.client().get(path, headers={"User-Agent": agent}).status_code == 200
    assert {name for name, at in written().items() if before.get(name) != at} <= {
        str(data / "prakat.sqlite-shm")
    }
