"""Full addresses are those under which the site is asked, where none is set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.web.conftest import Site, open_site
from web.app import create_app

PAGES = (
    "/announcements/1",
    "/feed.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/opensearch.xml",
    "/open-data/announcements.csv",
    "/open-data/catalog.jsonld",
)


@pytest.fixture
def filled(tmp_path: Path) -> Site:
    site = open_site(tmp_path / "data")
    site.announcement("ประกาศ")
    return site


def texts(site: Site, base_url: str) -> dict[str, str]:
    client = site.client()
    return {path: client.get(path, base_url=base_url).get_data(as_text=True) for path in PAGES}


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8100", "http://192.168.1.20", "http://localhost:9000", "http://[::1]:8100"],
)
def test_every_full_address_is_the_one_that_was_asked(filled: Site, address: str) -> None:
    for path, text in texts(filled, address).items():
        assert f"{address}/" in text, path
        assert "127.0.0.1:8000" not in text, path


@pytest.mark.parametrize("host", ["evil.example", "8.8.8.8", "evil.localhost"])
def test_a_host_that_is_not_allowed_comes_into_no_page(filled: Site, host: str) -> None:
    for path, text in texts(filled, f"http://{host}").items():
        assert host not in text, path


def test_a_host_that_the_settings_allow(filled: Site) -> None:
    settings = replace(filled.services.settings, allowed_hosts=("archive.example.go.th",))
    services = replace(filled.services, settings=settings)
    allowed = Site(services, create_app(services))
    for path, text in texts(allowed, "http://archive.example.go.th:8080").items():
        assert "http://archive.example.go.th:8080/" in text, path


def test_the_address_that_is_set_is_always_used(filled: Site) -> None:
    settings = replace(filled.services.settings, base_url="http://archive.example.go.th")
    services = replace(filled.services, settings=settings)
    told = Site(services, create_app(services))
    for path, text in texts(told, "http://127.0.0.1:8100").items():
        assert "http://archive.example.go.th/" in text, path
        assert "8100" not in text, path
