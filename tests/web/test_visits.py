"""อ่าน: a person once in a while, no program, no staff."""

from __future__ import annotations

import pytest

from archive.model import Role
from storage.repositories.announcements import EngineAnnouncements
from tests.web.conftest import BROWSER, InterruptedCall, Site


def views(site: Site, id: int) -> int:
    return site.services.announcements.get(id).views


def test_a_person_counts_once_and_on_top_of_the_baseline(site: Site) -> None:
    id = site.announcement("ประกาศ", views=492).id
    for _ in range(3):
        site.client().get(f"/announcements/{id}", headers=BROWSER)
    assert views(site, id) == 493
    site.client().get(f"/announcements/{id}", headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"})
    assert views(site, id) == 494


def test_programs_and_staff_do_not_count(site: Site) -> None:
    id = site.announcement("ประกาศ").id
    for agent in ("Googlebot/2.1", "curl/8.0", "python-requests/2", "Uptime-Monitor", ""):
        site.client().get(f"/announcements/{id}", headers={"User-Agent": agent})
    staff = site.signed_in(Role.STAFF)
    staff.get(f"/announcements/{id}", headers=BROWSER)
    assert views(site, id) == 0


def test_a_page_that_is_refused_after_all_counts_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    id = site.announcement("ประกาศ").id

    def withdraw() -> None:
        site.services.commands.publication.withdraw(id, actor="x", reason="ลงผิดเรื่อง")

    InterruptedCall(monkeypatch, EngineAnnouncements, "get", 2, withdraw)
    assert site.client().get(f"/announcements/{id}", headers=BROWSER).status_code == 410
    assert views(site, id) == 0


def test_the_explanation_of_a_search_names_its_records_and_leads_back(site: Site) -> None:
    site.announcement("ค่าธรรมเนียมขยะ")
    site.work()
    page = site.signed_in(Role.STAFF).get("/staff/explain?q=ขยะ").text
    explained = page[page.index("<main") :]
    assert "ค่าธรรมเนียมขยะ" in explained
    assert "มีครบตามที่ค้น" in explained
    assert "ใช้ผลนี้" in explained
    assert 'href="/staff/statistics"' in explained
