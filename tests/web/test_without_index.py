"""A missing or torn index: the records are served, searches say why not, and the worker builds it anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from archive.model import Role
from tests.web.conftest import BROWSER, Site, open_site, until, working


def remove(index: Path) -> None:
    shutil.rmtree(index)


def tear(index: Path) -> None:
    for path in index.glob("*/MAIN_*"):
        path.unlink()


@pytest.fixture(params=[remove, tear])
def harmed(request: pytest.FixtureRequest, site: Site) -> Site:
    harm: Callable[[Path], None] = request.param
    site.announcement("ประกาศเรื่องถนน", body="ถนนสายบ้านหนองปลาดุก")
    site.announcement("ประกาศเรื่องขยะ")
    site.work()
    harm(site.services.settings.data / "index")
    return open_site(site.services.settings.data)  # as after a restart


@pytest.fixture
def client(harmed: Site) -> FlaskClient:
    return harmed.client()


@pytest.mark.parametrize(
    "address", ["/", "/search", "/browse", "/announcements/1", "/announcements/1?q=ถนน", "/feed.xml"]
)
def test_records_are_served(client: FlaskClient, address: str) -> None:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 200
    assert address == "/browse" or "ประกาศเรื่อง" in answer.get_data(as_text=True)


def test_the_staff_go_on(harmed: Site) -> None:
    browser = harmed.signed_in(Role.STAFF)
    for address in ("/staff", "/staff/announcements/1"):
        assert browser.get(address, headers=BROWSER).status_code == 200


def test_a_search_says_that_it_cannot(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search?q=ถนน")
    assert answer.status_code == 503
    assert "ดัชนี" in answer.json["detail"]  # type: ignore[index]
    assert client.get("/api/v1/search").json["total"] == 2  # type: ignore[index]
    assert "ดัชนี" in client.get("/search?q=ถนน", headers=BROWSER).get_data(as_text=True)


def test_monitoring_goes_on_and_says_so(client: FlaskClient) -> None:
    assert "prakat_disk_free_bytes" in client.get("/metrics").get_data(as_text=True)
    assert "ดัชนี" in client.get("/readyz").json["checks"]["index"]  # type: ignore[index]


def test_the_worker_builds_it_anew(harmed: Site) -> None:
    with working(harmed.services):
        until(harmed.services.index.is_current, seconds=90)
    assert harmed.client().get("/api/v1/search?q=ถนน").json["total"] == 1  # type: ignore[index]
