"""Public answers are validated and kept while nothing changes; what staff see is kept nowhere."""

from __future__ import annotations

import datetime as dt
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive import thai
from archive.errors import Unavailable
from archive.model import CollectionLine, Role, Status
from indexer.engines.whoosh import WhooshIndex
from tests.web.conftest import BROWSER, Site
from web.app import create_app
from web.public import pages
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
    "/openapi.json",
    "/search?q=ไดโนเสาร์",
    "/oai?verb=Identify",
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


def never(*_: object, **__: object) -> str:
    raise AssertionError("it was made again")


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


@pytest.mark.parametrize("path", ["/search?q=หลอดไฟ", "/search?q=ไดโนเสาร์"])
def test_an_unchanged_search_is_not_sent_again_by_another_process(filled: Site, path: str) -> None:
    first = get(filled.client(), path)
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        other = Site(filled.services, create_app(filled.services))
        again = get(other.client(), path, If_None_Match=first.headers["ETag"], **headers)
        assert (again.status_code, again.get_data()) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert not {"Content-Type", "Content-Length", "Content-Encoding"} & {*again.headers.keys()}
        assert get(other.client(), path).get_data() == first.get_data()
        assert get(other.client(), path, If_None_Match='W/"another"').status_code == 200
    other = Site(filled.services, create_app(filled.services))
    named = {"If-None-Match": first.headers["ETag"]}
    assert other.client().head(path, headers=BROWSER | named).status_code == 304
    missed = [each.count for each in filled.services.usage_statistics.list_missed_searches()]
    assert missed == ([8] if "ไดโนเสาร์" in path else [])


@pytest.mark.parametrize("path", ["/", "/search?q=หลอดไฟ", "/announcements/1", "/api/v1/search?q=หลอดไฟ"])
def test_a_page_is_made_once_while_nothing_changes(
    filled: Site, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get(filled.client(), path)

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


def test_a_search_that_found_nothing_is_noted_though_its_page_is_kept(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get(filled.client(), "/search?q=ไดโนเสาร์")
    monkeypatch.setattr("web.public.pages.render_template", never)
    assert get(filled.client(), "/search?q=ไดโนเสาร์").get_data() == first.get_data()
    unchanged = get(filled.client(), "/search?q=ไดโนเสาร์", If_None_Match=first.headers["ETag"])
    assert unchanged.status_code == 304
    get(filled.client(), "/search?q=หลอดไฟ&page=1")
    assert [each.count for each in filled.services.usage_statistics.list_missed_searches()] == [3]


@pytest.mark.parametrize(
    ("path", "shared"),
    [
        ("/announcements/1", "/announcements/1?fbclid=IwAR0"),
        ("/search?q=หลอดไฟ&kind=news", "/search?utm_source=line&q=หลอดไฟ&utm_medium=social&kind=news&x=1"),
        ("/", "/?utm%5Fsource=line&"),
        ("/api/v1/search?q=หลอดไฟ", "/api/v1/search?q=หลอดไฟ&gclid=Cj0&invented"),
    ],
)
def test_every_click_on_a_shared_link_gets_the_same_kept_page(
    filled: Site, path: str, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get(filled.client(), shared)
    assert first.status_code == 200
    assert not [mark for mark in ("IwAR0", "utm", "gclid") if mark in first.get_data(as_text=True)]
    for place in ("web.public.pages.render_template", "web.api.schemas.as_answer"):
        monkeypatch.setattr(place, never)
    again = get(filled.client(), path)
    assert again.get_data() == first.get_data()
    assert again.headers["ETag"] == first.headers["ETag"]


def test_arguments_that_a_page_reads_are_not_removed(filled: Site) -> None:
    for number in range(30):
        filled.announcement(f"ประกาศที่ {number}")
    filled.work()
    paths = (
        "/search?q=ประกาศ",
        "/search?q=ประกาศ&page=2",
        "/search?%71=หลอดไฟ",
        "/search?q=หลอดไฟ&fbclid=1&q=x",
    )
    assert len({get(filled.client(), path).headers["ETag"] for path in paths}) == len(paths)
    assert "/announcements/1" in get(filled.client(), "/search?%71=หลอดไฟ").get_data(as_text=True)


def test_every_argument_that_code_of_public_pages_names_is_kept() -> None:
    """Else a page would lack it for residents alone, who have no session."""
    asked = re.compile(r"""request\.(?:args|values)(?:\.get\(|\[)["'](\w+)["']""")
    web = Path(http_caching.__file__).parents[1]
    named = {
        name
        for folder in ("public", "templates/public")
        for path in (web / folder).rglob("*.*")
        if path.suffix in (".py", ".html")
        for name in asked.findall(path.read_text(encoding="utf-8"))
    }
    assert {"from", "part"} <= named
    assert named <= http_caching.READ_ARGUMENTS


def test_what_staff_and_programs_send_is_left_whole(filled: Site) -> None:
    page = get(filled.signed_in(Role.STAFF), "/search?q=หลอดไฟ&fbclid=IwAR0")
    assert "no-store" in page.headers["Cache-Control"]
    shared = get(filled.client(), "/search?q=หลอดไฟ&fbclid=IwAR0")
    assert shared.get_data() != page.get_data()
    error = get(filled.client(), "/oai?verb=Identify&invented=1")
    assert "badArgument" in error.get_data(as_text=True)


def test_an_unchanged_page_is_made_by_one_of_those_who_ask_at_once(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    render = pages.render_template

    def slowly(name: str, **values: object) -> str:
        made.append(name)
        time.sleep(0.3)
        return render(name, **values)

    monkeypatch.setattr(pages, "render_template", slowly)
    with ThreadPoolExecutor(8) as pool:
        bodies = {*pool.map(lambda _: get(filled.client(), "/browse").get_data(), range(8))}
    assert len(bodies) == 1
    assert made == ["public/browse.html"]


def test_those_who_wait_go_on_when_the_page_cannot_be_made(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        time.sleep(0.2)
        raise Unavailable("full")

    monkeypatch.setattr(pages, "render_template", fail)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        codes = [*pool.map(lambda _: get(filled.client(), "/browse").status_code, range(4))]
    assert codes == [503] * 4
    assert time.monotonic() - began < http_caching.MOST_SECONDS_IN_MAKING


def test_pages_are_not_all_made_anew_in_the_same_second(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    number = site.announcement("ประกาศ").id
    site.work()
    paths = ["/", "/browse", "/collections", f"/announcements/{number}", "/open-data", "/feed.xml"]
    expired: dict[str, int] = {}
    tags: dict[str, str] = {}
    for second in range(61):
        monkeypatch.setattr(http_caching.time, "time", lambda now=second: 1_800_000_000.0 + now)
        for path in paths:
            tag = get(site.client(), path).headers["ETag"]
            if tags.setdefault(path, tag) != tag:
                expired.setdefault(path, second)
    assert expired.keys() == {*paths}
    assert len({*expired.values()}) > 3


def test_no_kept_page_calls_a_notice_open_after_its_last_day(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_day = thai.today()
    number = filled.announcement("รับสมัครพนักงาน", expires_on=last_day).id
    filled.work()
    paths = (f"/announcements/{number}", "/search?q=รับสมัครพนักงาน")
    for path in paths:
        assert "หมดเขตแล้ว" not in get(filled.client(), path).get_data(as_text=True)
    monkeypatch.setattr(thai, "today", lambda: last_day + dt.timedelta(days=1))
    for path in paths:
        assert "หมดเขตแล้ว" in get(filled.client(), path).get_data(as_text=True)


def test_what_is_kept_is_bounded() -> None:
    kept = http_caching.ResponseCache(limit=100_000)
    for number in range(1_000):
        kept.put(str(number), http_caching.KeptResponse(bytes(1_000), ()))
    assert kept.get("0") is None
    assert kept.get("999") is not None
    kept.put("large", http_caching.KeptResponse(bytes(50_000), ()))
    assert kept.get("large") is None
