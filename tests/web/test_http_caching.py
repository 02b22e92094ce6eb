"""Public answers are validated and kept while nothing changes; what staff see is kept nowhere."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive.model import CollectionLine, Role, Status
from indexer.engines.whoosh import WhooshIndex
from tests.web.conftest import BROWSER, Site
from web.serving import http_caching

PAGES = (
    "/",
    "/search?q=หลอดไฟ",
    "/browse",
    "/announcements/1",
    "/collections",
    "/feed.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/open-data",
    "/api/v1/search?q=หลอดไฟ",
    "/api/v1/suggest?q=ประ",
    "/api/v1/announcements",
    "/api/v1/announcements/1",
    "/api/v1/collections",
    "/openapi.json",
)


@pytest.fixture
def filled(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(http_caching, "FRESH_SECONDS", 1e9)  # no minute ends during a test
    site.announcement("ประกาศจัดซื้อหลอดไฟ")
    site.work()
    return site


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.get(
        path, headers=BROWSER | {name.replace("_", "-"): text for name, text in headers.items()}
    )


@pytest.mark.parametrize("path", PAGES)
def test_an_unchanged_answer_is_not_sent_again(filled: Site, path: str) -> None:
    first = get(filled.client(), path)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == http_caching.PUBLIC
    assert "Cookie" in first.headers["Vary"]
    again = get(filled.client(), path, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == http_caching.PUBLIC


@pytest.mark.parametrize("path", ["/", "/search?q=หลอดไฟ", "/announcements/1", "/api/v1/search?q=หลอดไฟ"])
def test_a_page_is_made_once_while_nothing_changes(
    filled: Site, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get(filled.client(), path)

    def never(*_: object, **__: object) -> str:
        raise AssertionError("it was made again")

    for place in ("web.public.pages.render_template", "web.api.schemas.as_answer"):
        monkeypatch.setattr(place, never)
    again = get(filled.client(), path)
    assert again.get_data() == first.get_data()
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert {name: again.headers[name] for name in ("Content-Type", "Content-Security-Policy", "ETag")} == {
        name: first.headers[name] for name in ("Content-Type", "Content-Security-Policy", "ETag")
    }


@pytest.mark.parametrize(
    "headers",
    [{"Cookie": "language=en"}, {"Cookie": "theme=dark"}, {"Accept-Encoding": "gzip"}],
    ids=["language", "theme", "compressed"],
)
def test_each_reader_gets_a_page_of_their_own_kind(filled: Site, headers: dict[str, str]) -> None:
    plain = get(filled.client(), "/")
    other = filled.app.test_client(use_cookies=False).get("/", headers=BROWSER | headers)
    again = filled.app.test_client(use_cookies=False).get("/", headers=BROWSER | headers)
    assert other.get_data() == again.get_data() != plain.get_data()
    assert other.headers.get("Content-Encoding") == headers.get("Accept-Encoding")


def test_a_change_is_seen_at_once(filled: Site) -> None:
    made = filled.announcement("ประกาศที่จะถอน")
    before = {path: get(filled.client(), path) for path in ("/", "/announcements/2", "/api/v1/announcements")}
    filled.services.commands.publication.withdraw(made.id, actor="สมศรี", reason="ลงผิดเรื่อง")
    for path, page in before.items():
        now = get(filled.client(), path, If_None_Match=page.headers["ETag"])
        assert now.status_code == (410 if path == "/announcements/2" else 200)
        assert "ประกาศที่จะถอน" not in now.get_data(as_text=True) or now.status_code == 410
    gone = get(filled.client(), "/announcements/2")
    assert "public" not in gone.headers.get("Cache-Control", "")
    assert "ETag" not in gone.headers


def test_a_collection_that_changes_is_seen_at_once(filled: Site) -> None:
    before = get(filled.client(), "/collections")
    filled.services.commands.collections.save(
        None, title="ชุดใหม่", body="", items=[CollectionLine("ก", 1)], actor="สมศรี"
    )
    now = get(filled.client(), "/collections", If_None_Match=before.headers["ETag"])
    assert "ชุดใหม่" in now.get_data(as_text=True)


def test_an_index_that_another_process_rebuilds_is_seen_at_once(filled: Site) -> None:
    before = get(filled.client(), "/search?q=หลอดไฟ")
    other = WhooshIndex(filled.services.settings.data / "index", filled.services.dictionary)
    with other.rebuild():
        pass  # an empty one, which is as far as the archive
    now = get(filled.client(), "/search?q=หลอดไฟ", If_None_Match=before.headers["ETag"])
    assert "/announcements/1" in before.get_data(as_text=True)
    assert "/announcements/1" not in now.get_data(as_text=True)
    assert now.status_code == 200


def test_what_staff_see_is_kept_nowhere(filled: Site) -> None:
    draft = filled.announcement("ร่างลับ", status=Status.DRAFT)
    staff = filled.signed_in(Role.STAFF)
    for path in ("/", f"/announcements/{draft.id}", "/staff"):
        page = get(staff, path)
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        assert "ETag" not in page.headers
    assert get(filled.client(), f"/announcements/{draft.id}").status_code == 404
    token = filled.token()
    shown = filled.client().get(f"/api/v1/announcements/{draft.id}", headers=token)
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert filled.client().get(f"/api/v1/announcements/{draft.id}").status_code == 404


def test_a_visit_counts_though_the_page_is_kept(filled: Site) -> None:
    first = get(filled.client(), "/announcements/1")
    for agent in ("Mozilla/5.0 (iPhone) Safari/605", "Mozilla/5.0 (Windows NT 10.0) Firefox/140"):
        tag = {"If-None-Match": first.headers["ETag"]} if "iPhone" in agent else {}
        filled.client().get("/announcements/1", headers={"User-Agent": agent} | tag)
    assert filled.services.announcements.get(1).views == 3


def test_every_search_for_what_is_not_there_is_noted(filled: Site) -> None:
    for _ in range(2):
        get(filled.client(), "/search?q=ไดโนเสาร์")
    filled.client().get("/search?q=ไดโนเสาร์", headers={"Sec-Purpose": "prefetch"})
    assert filled.services.usage_statistics.list_missed_searches()[0].count == 2
    filled.client().get("/search?q=ไดโนเสาร์")
    assert filled.services.usage_statistics.list_missed_searches()[0].count == 3


def test_what_is_kept_is_bounded() -> None:
    kept = http_caching.ResponseCache(limit=100_000)
    for number in range(1_000):
        kept.put(str(number), bytes(1_000), ())
    assert kept.get("0") is None
    assert kept.get("999") is not None
    kept.put("large", bytes(50_000), ())
    assert kept.get("large") is None
