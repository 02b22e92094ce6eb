"""Several municipalities on one installation, each at its own address, and the province's search of all."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import deque
from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from archive.errors import Invalid
from archive.model import THE_PROVINCE, Announcement, CollectionLine, Draft, Organisation, Role, Status
from indexer.reindex import rebuild
from tests.factories.memos import memo
from tests.web.conftest import BROWSER, PASSWORD, Site, open_site
from web import organisations
from web.accounts.passwords import hash_password
from web.accounts.tokens import new_token, token_hash
from web.app import create_app
from web.bootstrap import Services, build_services
from web.nightly import run_nightly

DAY = dt.date(2021, 6, 9)


class Province:
    """Two towns, one below a path and one on a host, each with records, staff and a token."""

    def __init__(self, data: Path) -> None:
        self.site: Site = open_site(data)
        kept = self.site.services.organisations
        kept.change("main", to=Organisation(id=1, slug="pladuk", name="เทศบาลตำบลหนองปลาดุก", host=None))
        kept.add("bangkhen", "เทศบาลเมืองบางเขน", "bangkhen.go.th")
        self.site = open_site(data)  # as a process that started afterwards
        self.towns = {each.slug: each for each in kept.all()}
        self.announcements: dict[str, Announcement] = {}
        self.attachments: dict[str, int] = {}
        for slug in self.towns:
            self._fill(slug)
        self.site.work()

    def of(self, slug: str) -> Services:
        """The services of a town, or of the province for ``""``."""
        known = [*self.towns.values()]
        return self.site.services.for_organisation(self.towns.get(slug, THE_PROVINCE), known)

    def _fill(self, slug: str) -> None:
        services = self.of(slug)
        published = Status.PUBLISHED
        for number in range(3):
            made = services.commands.announcements.create(
                Draft(
                    title=f"ซ่อมถนนของ{slug}สายที่ {number}",
                    published_on=DAY,
                    author=slug,
                    old_url="/news/1" if number == 0 else None,
                ),
                actor="test",
                status=published,
            )
            self.announcements.setdefault(slug, made)
        id = self.announcements[slug].id
        self.attachments[slug] = Site(services, self.site.app).attach(id, memo(slug)).id
        services.commands.collections.save(
            None, title=f"ชุดของ{slug}", body="", items=[CollectionLine("", id)], actor="test"
        )
        services.people.accounts.add("somsri", hash_password(PASSWORD), Role.ADMIN)

    def client(self) -> FlaskClient:
        return self.site.client()


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    return Province(Path(tmp_path_factory.mktemp("province")) / "data")


def bangkhen(client: FlaskClient, path: str) -> str:
    return client.get(path, base_url="http://bangkhen.go.th").get_data(as_text=True)


def test_each_town_shows_its_own_and_nothing_else(province: Province) -> None:
    client = province.client()
    for page in ("/", "/search?q=ซ่อมถนน", "/browse", "/collections", "/feed.xml", "/sitemap.xml",
                 "/open-data/announcements.csv", "/open-data/announcements.jsonl", "/api/v1/search",
                 "/api/v1/announcements", "/api/v1/suggest?q=ซ่อม", "/open-data/catalog.jsonld"):  # fmt: skip
        below = client.get("/pladuk" + page).get_data(as_text=True)
        on_host = bangkhen(client, page)
        assert "bangkhen" not in below.replace("bangkhen.go.th", ""), page
        assert "บางเขน" not in below, page
        assert "pladuk" not in on_host, page
        assert "หนองปลาดุก" not in on_host, page
        if page not in ("/browse", "/open-data/catalog.jsonld"):
            assert "pladuk" in below.replace('"/pladuk/', ""), page
            assert "bangkhen" in on_host, page


def test_a_town_counts_its_own(province: Province) -> None:
    answer = province.client().get("/pladuk/api/v1/search?q=ซ่อมถนน").json
    assert answer["total"] == 3
    assert [each["value"] for each in answer["facets"]["author"]] == ["pladuk"]
    assert "organisation" not in answer["facets"]
    assert {each["organisation"] for each in answer["results"]} == {"pladuk"}
    assert all(each["url"].startswith("/pladuk/announcements/") for each in answer["results"])
    for path in ("/announcements", f"/announcements/{answer['results'][0]['id']}"):
        addresses = re.findall('"url": ?"([^"]*)"', province.client().get(f"/pladuk/api/v1{path}").text)
        assert addresses, path
        assert all(each.startswith("/pladuk/") for each in addresses), path


def test_what_people_write_stays_as_they_wrote_it(province: Province) -> None:
    """Text that looks like an address is not rewritten."""
    written = """<a href="/x"> "url": "/x" data-y="/x" """.strip()
    town = province.of("pladuk")
    made = town.commands.announcements.create(
        Draft(title=written, body=written, published_on=DAY), actor="test"
    )
    town.commands.publication.publish(made.id, actor="test")
    client = province.client()
    assert client.get(f"/pladuk/api/v1/announcements/{made.id}").json["body"] == written
    assert str(escape(written)) in client.get(f"/pladuk/announcements/{made.id}").text


def test_a_town_cannot_be_asked_for_another(province: Province) -> None:
    client = province.client()
    assert client.get("/pladuk/api/v1/search?organisation=bangkhen").json["total"] == 3
    theirs = province.announcements["bangkhen"].id
    attachment = province.attachments["bangkhen"]
    for path in (
        f"/announcements/{theirs}",
        f"/announcements/{theirs}/attachments/{attachment}",
        f"/announcements/{theirs}/attachments/{attachment}/file",
        f"/announcements/{theirs}/attachments/{attachment}/pages/1.webp",
        f"/announcements/{theirs}/attachments/{attachment}/searchable.pdf",
        f"/api/v1/announcements/{theirs}",
        f"/api/v1/attachments/{attachment}",
        f"/api/v1/attachments/{attachment}/file",
        f"/api/v1/attachments/{attachment}/pages",
        f"/api/v1/attachments/{attachment}/pages/1.webp",
        "/collections/2",
    ):
        assert client.get("/pladuk" + path).status_code == 404, path
        there = client.get(path, base_url="http://bangkhen.go.th", buffered=True)
        assert there.status_code == (404 if path.endswith("searchable.pdf") else 200), path


def test_the_province_searches_all_and_says_whose_each_is(province: Province) -> None:
    client = province.client()
    answer = client.get("/api/v1/search?q=ซ่อมถนน&per_page=50").json
    assert answer["total"] == 6
    assert {(each["value"], each["count"]) for each in answer["facets"]["organisation"]} == {
        ("pladuk", 3),
        ("bangkhen", 3),
    }
    assert {urlsplit(each["url"]).netloc for each in answer["results"]} == {
        "localhost",
        "bangkhen.go.th",
    }
    page = client.get("/search?q=ซ่อมถนน").get_data(as_text=True)
    assert "เทศบาลตำบลหนองปลาดุก" in page
    assert "เทศบาลเมืองบางเขน" in page
    one = client.get("/api/v1/search?q=ซ่อมถนน&organisation=bangkhen").json
    assert {each["organisation"] for each in one["results"]} == {"bangkhen"}
    assert client.get("/api/v1/search?organisation=nowhere").json["total"] == 0
    chosen = client.get("/search?organisation=bangkhen").get_data(as_text=True)
    assert "ซ่อมถนนของbangkhen" in chosen
    assert "ซ่อมถนนของpladuk" not in chosen


def test_a_town_on_the_host_of_the_installation_is_no_province(tmp_path: Path) -> None:
    """The first town keeps the old host name, and the settings were not changed."""
    first = open_site(tmp_path / "data")
    settings = replace(first.services.settings, base_url="https://pladuk.go.th")
    kept = first.services.organisations
    kept.change("main", to=Organisation(id=1, slug="pladuk", name="เทศบาลตำบลหนองปลาดุก", host="pladuk.go.th"))
    kept.add("bangkhen", "เทศบาลเมืองบางเขน", None)
    services = build_services(settings)
    known = services.organisations.all()
    for town in known:
        commands = services.for_organisation(town, known).commands
        commands.announcements.create(
            Draft(title=f"ซ่อมถนนของ{town.slug}", published_on=DAY), actor="test", status=Status.PUBLISHED
        )
    rebuild(services.records, services.index)
    client = create_app(services).test_client()
    for page in ("/", "/search?q=ซ่อมถนน", "/api/v1/search", "/open-data/announcements.csv"):
        front = client.get(page, base_url="http://somebody-else.example", buffered=True)
        town = client.get(page, base_url="http://pladuk.go.th", buffered=True)
        assert "bangkhen" in front.text, page
        assert "bangkhen" not in town.text, page
        assert front.headers["ETag"] != town.headers["ETag"], page


def test_programs_are_led_to_each_town(province: Province) -> None:
    """The province's feed, sitemap and open data name every announcement's own address."""
    homes = {f"http://localhost/pladuk/announcements/{province.announcements['pladuk'].id}",
             f"http://bangkhen.go.th/announcements/{province.announcements['bangkhen'].id}"}  # fmt: skip
    client = province.client()
    for path in ("/feed.xml?per_page=50", "/sitemap.xml", "/open-data/announcements.csv"):
        text = client.get(path).text
        assert all(home in text for home in homes), path
        assert "localhost/announcements/" not in text, path
    assert "Disallow: /pladuk/staff\n" in client.get("/robots.txt").text
    lines = [
        json.loads(line)
        for line in client.get("/open-data/announcements.jsonl", buffered=True).text.splitlines()
    ]
    assert {line["organisation"] for line in lines} == {"pladuk", "bangkhen"}


def test_an_announcement_is_at_its_own_town_s_address(province: Province) -> None:
    client = province.client()
    for slug, home in (
        ("pladuk", "http://localhost/pladuk"),
        ("bangkhen", "http://bangkhen.go.th"),
    ):
        path = f"/announcements/{province.announcements[slug].id}"
        assert client.get(f"{path}?q=road").headers["Location"] == f"{home}{path}?q=road"
    assert client.get("/announcements/999").status_code == 404
    draft = province.of("pladuk").commands.announcements.create(
        Draft(title="ร่าง", published_on=DAY), actor="test"
    )
    assert client.get(f"/announcements/{draft.id}").status_code == 404


def test_each_town_has_its_own_old_addresses(province: Province) -> None:
    client = province.client()
    below = client.get("/pladuk/news/1")
    assert below.headers["Location"] == f"/pladuk/announcements/{province.announcements['pladuk'].id}"
    on_host = client.get("/news/1", base_url="http://bangkhen.go.th")
    assert on_host.headers["Location"] == f"/announcements/{province.announcements['bangkhen'].id}"


def test_no_link_of_a_town_below_a_path_leads_out_of_it(province: Province) -> None:
    """Checks all pages that can be reached, as a resident and as an admin."""
    client = province.client()
    client.post("/pladuk/sign-in", data={"name": "somsri", "password": PASSWORD}, headers=BROWSER)
    waiting, seen = deque(["/pladuk/", "/pladuk/staff", "/pladuk/staff/review"]), set[str]()
    while waiting:
        path = waiting.popleft()
        if path in seen or len(seen) > 400:
            continue
        seen.add(path)
        answer = client.get(path, buffered=True)
        assert answer.status_code in (200, 302, 404, 410), (path, answer.status_code)
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/pladuk/"), path
            waiting.append(answer.headers["Location"])
            continue
        if answer.mimetype != "text/html":
            continue
        text = answer.get_data(as_text=True)
        several = [
            ("srcset", each) for all in re.findall(r'srcset="([^"]*)', text) for each in all.split(", ")
        ]
        named = re.findall(r'\s(href|src|action|formaction|data-[a-z-]+)="(/[^"]*)"', text)
        for name, target in several + named + re.findall(r'(url)\("([^"]*)"', text):
            assert target.startswith("/pladuk/"), (path, name, target)
            if name == "href" and "/static/" not in target:
                waiting.append(target.replace("&amp;", "&"))
    assert len(seen) > 40
    assert any("/attachments/" in path and "page=1" in path for path in seen)
    assert any("/staff/announcements/" in path for path in seen)


def test_the_api_of_a_town_below_a_path_is_described_there(province: Province) -> None:
    client = province.client()
    described = client.get("/pladuk/openapi.json").json
    [server] = described.pop("servers")
    assert described == client.get("/openapi.json").json  # which names no server
    found = client.get(server["url"] + "/api/v1/search").json["results"]
    assert {each["organisation"] for each in found} == {"pladuk"}


def test_the_way_back_stays_in_the_town(province: Province) -> None:
    client = province.client()
    asked = client.get("/pladuk/staff/review").headers["Location"]
    person = {"name": "somsri", "password": PASSWORD}
    for address, leads_to in (
        (asked, "/pladuk/staff/review"),
        ("/pladuk/sign-in?next=/staff/review", "/pladuk/staff"),
        ("/pladuk/sign-in?next=/pladukother/staff", "/pladuk/staff"),
        ("/pladuk/sign-in?next=/pladuk//evil.example", "/pladuk/staff"),
    ):
        assert client.post(address, data=person, headers=BROWSER).headers["Location"] == leads_to, address
    assert client.get("/pladuk/language/en?next=/bangkhen/").headers["Location"] == "/pladuk/"


def test_signing_in_to_one_town_is_nothing_in_another(province: Province) -> None:
    client = province.client()
    answer = client.post("/pladuk/sign-in", data={"name": "somsri", "password": PASSWORD}, headers=BROWSER)
    assert answer.headers["Location"] == "/pladuk/staff"
    assert client.get("/pladuk/staff").status_code == 200
    cookie = client.get_cookie("session")
    assert cookie is not None
    for path, base in (("/staff", "http://bangkhen.go.th"), ("/staff", "http://localhost")):
        other = province.client()
        other.set_cookie("session", cookie.value, domain=urlsplit(base).hostname or "")
        assert other.get(path, base_url=base).status_code == 302, base


def test_guessing_in_one_town_slows_nobody_down_in_another(province: Province) -> None:
    for slug, name in (("pladuk", "anan"), ("bangkhen", "anan"), ("", "kanda")):
        province.of(slug).people.accounts.add(name, hash_password(PASSWORD), Role.STAFF)
    front, pladuk, bangkhen = "http://localhost", "http://localhost/pladuk", "http://bangkhen.go.th"

    def tried(name: str, site: str, address: str, password: str = "เดารหัส") -> int:
        client = province.client()
        answer = client.post(
            f"{site}/sign-in",
            data={"name": name, "password": password},
            headers=BROWSER,
            environ_overrides={"REMOTE_ADDR": address},
        )
        return answer.status_code

    def guess(name: str, *sites: str) -> None:
        """Try wrong passwords until the pauses outlast the rest of the test."""
        at = 0
        while sum(tried(name, sites[at % len(sites)], f"192.0.2.{at + n}") == 429 for n in range(3)) < 3:
            at += 3

    guess("anan", pladuk)
    assert tried("anan", pladuk, "198.51.100.1", PASSWORD) == 429
    assert tried("anan", bangkhen, "198.51.100.1", PASSWORD) == 302
    guess("kanda", front, pladuk, bangkhen)  # the province's are the same people everywhere
    assert [tried("kanda", site, "198.51.100.2", PASSWORD) for site in (front, pladuk, bangkhen)] == [429] * 3


def test_the_province_s_staff_act_in_each_town(province: Province) -> None:
    province.of("").people.accounts.add("wanchai", hash_password(PASSWORD), Role.ADMIN)
    client = province.client()
    refused = client.post("/sign-in", data={"name": "somsri", "password": PASSWORD}, headers=BROWSER)
    assert refused.status_code == 200
    client.post("/sign-in", data={"name": "wanchai", "password": PASSWORD}, headers=BROWSER)
    assert client.get("/staff").status_code == 200
    assert client.get("/pladuk/staff").status_code == 200
    written = client.post(
        "/staff/announcements/new", data={"title": "ใหม่", "published_on": "2026-06-09"}, follow_redirects=True
    ).get_data(as_text=True)
    assert "หลายหน่วยงาน" in written
    made = client.post(
        "/pladuk/staff/announcements/new", data={"title": "โดยจังหวัด", "published_on": "2026-06-09"}
    )
    id = int(made.headers["Location"].rsplit("/", 1)[-1])
    assert province.of("pladuk").records.announcements.get(id).title == "โดยจังหวัด"


def test_the_province_s_staff_change_their_own_account_beside_a_namesake(province: Province) -> None:
    front, town = province.of("").people.accounts, province.of("pladuk").people.accounts
    front.add("malee", hash_password(PASSWORD), Role.ADMIN)
    mine = front.by_name("malee")
    assert mine is not None
    # as an archive of an earlier version may hold: the town has the name too
    province.site.services.database.run(  # type: ignore[attr-defined]
        """INSERT INTO person (name, password_hash, role, division, created_at, organisation_id)
           SELECT name, 'another', role, division, created_at, 1 FROM person WHERE name = 'malee'"""
    )
    client = province.client()
    client.post("/sign-in", data={"name": "malee", "password": PASSWORD}, headers=BROWSER)
    client.post("/pladuk/staff/people/disable", data={"name": "malee"})
    assert [each.disabled for each in town.everyone() if each.name == "malee"] == [True]
    given = {"current": PASSWORD, "new": "ปลาดุกกินหญ้าริมน้ำ 47", "again": "ปลาดุกกินหญ้าริมน้ำ 47"}
    assert client.post("/pladuk/staff/account", data=given).status_code == 302
    assert front.by_name("malee") != mine


def test_a_token_works_in_its_own_town(province: Province) -> None:
    tokens = {slug: new_token() for slug in ("pladuk", "")}
    for slug, token in tokens.items():
        province.of(slug).people.tokens.add("web", token_hash(token))
    client = province.client()

    def made(token: str, base: str, path: str = "/api/v1/announcements") -> int:
        return client.post(
            path,
            base_url=base,
            json={"title": "ใหม่", "published_on": "2026-06-09"},
            headers={"Authorization": f"Bearer {token}"},
        ).status_code

    here, there = "http://localhost", "http://bangkhen.go.th"
    assert made(tokens["pladuk"], here, "/pladuk/api/v1/announcements") == 201
    assert made(tokens["pladuk"], there) == 401
    assert made(tokens["pladuk"], here) == 401
    assert made(tokens[""], there) == 201
    assert made(tokens[""], here) == 422


def test_a_word_for_all_is_the_province_s_to_add(province: Province) -> None:
    """The index is cut into words for all at once."""
    words = province.site.services.settings.data / "words.txt"

    def added() -> list[str]:
        return [line for line in words.read_text().splitlines() if line[0] != "#"] if words.exists() else []

    before, client = added(), province.client()
    client.post("/pladuk/sign-in", data={"name": "somsri", "password": PASSWORD}, headers=BROWSER)
    form = {"word": "หนองปลาดุก", "query": "หนองปลาดุก"}
    refused = client.post("/pladuk/staff/misses", data=form, follow_redirects=True)
    assert "คำใหม่ใช้ร่วมกันทุกหน่วยงาน" in refused.text
    assert added() == before
    province.of("").people.accounts.add("prasert", hash_password(PASSWORD), Role.STAFF)
    client.post("/sign-in", data={"name": "prasert", "password": PASSWORD}, headers=BROWSER)
    client.post("/staff/misses", data=form)
    assert added() == [*before, "หนองปลาดุก"]


def test_numbers_of_the_installation_are_not_a_town_s_to_show(province: Province) -> None:
    client = province.client()
    assert client.get("/metrics").status_code == 200
    for path in ("/pladuk/metrics", "/pladuk/readyz"):
        assert client.get(path).status_code == 404
    assert client.get("/pladuk/healthz").status_code == 200


def test_what_concerns_the_whole_installation_is_the_province_s_to_see(
    province: Province, tmp_path: Path
) -> None:
    """A loss in another town, and where the backups are."""
    province.site.services.incidents.record("record-deleted", "announcement 7", "last written 2026-01-01")
    run_nightly(province.site.services, tmp_path / "backups")
    province.of("").people.accounts.add("aree", hash_password(PASSWORD), Role.ADMIN)
    client = province.client()
    client.post("/pladuk/sign-in", data={"name": "somsri", "password": PASSWORD}, headers=BROWSER)
    of_town = client.get("/pladuk/staff/health").text
    client.post("/sign-in", data={"name": "aree", "password": PASSWORD}, headers=BROWSER)
    of_all = client.get("/staff/health").text
    for said in ("announcement 7", str(tmp_path), "หลักฐานว่าข้อมูลสูญหายหรือถูกแก้", "ซ้อมกู้คืนล่าสุด"):
        assert said in of_all
        assert said not in of_town
    assert "เอกสารรอแปลงข้อความ" in of_town


@pytest.mark.parametrize(
    ("slug", "name", "host"),
    [
        ("staff", "เทศบาล", None),
        ("api", "เทศบาล", None),
        ("Bang Khen", "เทศบาล", None),
        ("-a", "เทศบาล", None),
        ("saimai", "  ", None),
        ("saimai", "เทศบาล", "saimai.go.th/"),
        ("saimai", "เทศบาล", "Saimai.go.th"),
    ],
)
def test_what_cannot_be_an_address_is_refused(
    province: Province, slug: str, name: str, host: str | None
) -> None:
    with pytest.raises(Invalid):
        organisations.checked_organisation(
            Organisation(id=0, slug=slug, name=name, host=host), province.site.app
        )


def test_a_single_one_leaves_no_trace(site: Site) -> None:
    site.announcement("ซ่อมถนน")
    site.work()
    client = site.client()
    answer = client.get("/api/v1/search?organisation=elsewhere").json
    assert answer["total"] == 1
    assert "organisation" not in answer["facets"]
    assert "organisation" not in answer["results"][0]
    assert "organisation" not in client.get(f"/api/v1/announcements/{answer['results'][0]['id']}").json
    page = client.get("/search").get_data(as_text=True)
    assert "หน่วยงาน" not in page
    assert client.get("/main/").status_code == 404


SHARED = {
    "audit", "backups", "copies", "database", "dictionary", "examinations", "files", "index", "leases",
    "organisations", "pictures", "readability_check", "scanner", "secret_key",
}  # fmt: skip
"""Services that all organisations use alike; every other is an organisation's own."""


def test_a_service_is_shared_only_where_that_is_said(site: Site) -> None:
    town = Organisation(id=1, slug="pladuk", name="เทศบาลตำบลหนองปลาดุก", host=None)
    whole = site.services
    its = whole.for_organisation(town, [town])
    same = {each.name for each in fields(Services) if getattr(its, each.name) is getattr(whole, each.name)}
    assert same == SHARED
