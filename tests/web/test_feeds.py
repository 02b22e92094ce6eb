"""Formats for other programs, read with other programs' libraries."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from urllib.parse import quote

import feedparser
import pytest
import rdflib
from lxml import etree, html
from sqlite_utils import Database
from sqlite_utils.utils import Format, rows_from_file

from archive.model import CollectionLine, Role, Status
from tests.factories.memos import memo
from tests.web.conftest import Site
from web.public.feeds import MOST_IN_SITEMAP

TITLE = "น้ำท่วม: “ถนน” สาย ก & ข <ปิด>\u200b"


@pytest.fixture
def filled(site: Site) -> Site:
    site.announcement(TITLE, body="บรรทัดแรก\nบรรทัดที่สอง, มีจุลภาค", category="การจราจร")
    site.announcement("ข่าวเก่า", published_on=dt.date(2018, 1, 2), kind="news")
    site.announcement("ฉบับร่างลับ", status=Status.DRAFT)
    site.announcement("ถอนไปแล้ว", status=Status.WITHDRAWN)
    site.work()
    return site


def test_atom_is_what_feed_readers_expect(filled: Site) -> None:
    read = feedparser.parse(filled.client().get("/feed.xml").data)
    assert not read.bozo
    assert [entry.title for entry in read.entries] == [TITLE.removesuffix("\u200b"), "ข่าวเก่า"]
    assert read.entries[0].published_parsed[:3] == (2021, 6, 8)  # midnight in Bangkok, told in UTC
    assert read.entries[0].link.endswith("/announcements/1")
    entry = read.entries[0]
    assert entry.id == entry.link
    assert (entry.author, entry.summary) == ("จับกังไซเบอร์", "บรรทัดแรก\nบรรทัดที่สอง, มีจุลภาค")
    assert [(tag.term, tag.label) for tag in entry.tags] == [("announcement", "ประกาศ")]
    assert entry.updated_parsed >= entry.published_parsed
    assert read.feed.updated_parsed >= entry.updated_parsed
    assert read.feed.id == "http://localhost/feed.xml"
    assert read.feed.title
    assert {(link.rel, link.href) for link in read.feed.links} == {
        ("self", "http://localhost/feed.xml"),
        ("alternate", "http://localhost/"),
    }
    assert entry.title_detail.language == "th"
    narrowed = feedparser.parse(filled.client().get(f"/feed.xml?q={quote('ข่าวเก่า')}&kind=news").data)
    assert [entry.title for entry in narrowed.entries] == ["ข่าวเก่า"]
    assert narrowed.feed.link == f"http://localhost/search?q={quote('ข่าวเก่า')}&kind=news"


def test_the_sitemap_lists_what_is_public(filled: Site) -> None:
    made = filled.services.commands.collections.save(
        None, title="ชุด", body="", items=[CollectionLine("", 1)], actor="test"
    )
    tree = etree.fromstring(filled.client().get("/sitemap.xml").data)
    places = [str(place) for place in tree.xpath("//*[local-name()='loc']/text()")]
    paths = ["/announcements/1", "/announcements/2", f"/collections/{made.id}"]
    assert places == [f"http://localhost{path}" for path in paths]
    for changed in tree.xpath("//*[local-name()='lastmod']/text()"):
        assert dt.datetime.fromisoformat(str(changed)).tzinfo


SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
W3C_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?")


def faults_of_sitemap(content: bytes, host: str) -> list[str]:
    """Returns what in a sitemap, or an index of sitemaps, breaks a rule of sitemaps.org's protocol 0.9."""
    if len(content) > 50 << 20:
        return ["larger than 50 MB"]
    root = etree.fromstring(content)
    entry, optional = {
        f"{SITEMAP}urlset": ("url", {"lastmod", "changefreq", "priority"}),
        f"{SITEMAP}sitemapindex": ("sitemap", {"lastmod"}),
    }.get(str(root.tag), ("", set()))
    faults = [] if entry else [f"root {root.tag}"]
    if not 0 < len(root) <= 50_000:
        faults.append(f"{len(root)} entries")
    for each in root:
        names = [str(child.tag).removeprefix(SITEMAP) for child in each]
        place = each.findtext(f"{SITEMAP}loc") or ""
        if each.tag != SITEMAP + entry or names.count("loc") != 1 or not set(names) <= {"loc", *optional}:
            faults.append(f"{place}: {names}")
        if not place.startswith(f"{host}/") or len(place) >= 2048 or not place.isascii() or " " in place:
            faults.append(f"address {place}")
        changed = each.findtext(f"{SITEMAP}lastmod")
        if len(names) != len(set(names)) or (changed is not None and not W3C_DATE.fullmatch(changed)):
            faults.append(f"{place}: lastmod {changed}")
    return faults


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("sitemaps.org/schemas", "sitemaps.example/schemas"),
        ("<loc>http://localhost", "<loc>"),
        ("<loc>http://localhost", "<loc>http://elsewhere"),
        ("</loc>", "</loc><loc>http://localhost/</loc>"),
        ("</loc>", "</loc><title>x</title>"),
        ("<lastmod>2", "<lastmod>yesterday 2"),
        ("</lastmod>", "</lastmod><lastmod>2026-12-01</lastmod>"),
    ],
)
def test_the_sitemap_keeps_the_protocol(filled: Site, sound: str, broken: str) -> None:
    content = filled.client().get("/sitemap.xml").data
    assert faults_of_sitemap(content, "http://localhost") == []
    assert sound in content.decode()
    assert faults_of_sitemap(content.replace(sound.encode(), broken.encode()), "http://localhost")


def test_each_part_of_a_long_sitemap_keeps_the_protocol(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_IN_SITEMAP <= 50_000
    monkeypatch.setattr("web.public.feeds.MOST_IN_SITEMAP", 1)
    for path in ("/sitemap.xml", "/sitemap.xml?part=1", "/sitemap.xml?part=2"):
        assert faults_of_sitemap(filled.client().get(path).data, "http://localhost") == []


def test_a_long_sitemap_comes_in_parts(filled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = filled.client()
    whole = client.get("/sitemap.xml").text
    monkeypatch.setattr("web.public.feeds.MOST_IN_SITEMAP", 2)
    assert client.get("/sitemap.xml").text == whole == client.get("/sitemap.xml?part=1").text
    filled.announcement("เรื่องที่สาม")

    def places(path: str, element: str) -> list[str]:
        tree = etree.fromstring(client.get(path).data)
        return [
            str(place) for place in tree.xpath(f"/*/*[local-name()='{element}']/*[local-name()='loc']/text()")
        ]

    parts = places("/sitemap.xml", "sitemap")
    assert parts == [f"http://localhost/sitemap.xml?part={part}" for part in (1, 2)]
    listed = [place for part in parts for place in places(part.removeprefix("http://localhost"), "url")]
    assert sorted(listed) == [f"http://localhost/announcements/{id}" for id in (1, 2, 5)]
    for wrong in ("0", "3", "-1"):
        assert client.get(f"/sitemap.xml?part={wrong}").status_code == 404


def test_robots_find_the_sitemap_and_stay_out_of_the_office(filled: Site) -> None:
    lines = filled.client().get("/robots.txt").text.splitlines()
    assert "Disallow: /staff" in lines
    assert any(line.startswith("Sitemap: http") for line in lines)


def test_browsers_can_add_the_search(filled: Site) -> None:
    tree = etree.fromstring(filled.client().get("/opensearch.xml").data)
    space = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    assert 0 < len(tree.findtext("o:ShortName", namespaces=space) or "") <= 16
    template = tree.find("o:Url[@type='text/html']", space).get("template")  # type: ignore[union-attr]
    assert template.endswith("/search?q={searchTerms}")


def test_the_table_opens_with_its_thai(filled: Site) -> None:
    rows, _format = rows_from_file(
        io.BytesIO(filled.client().get("/open-data/announcements.csv", buffered=True).data),
        format=Format.CSV,
        encoding="utf-8-sig",
    )
    table = Database(memory=True)["announcements"]
    table.insert_all(rows)
    first = next(table.rows_where("id = '1'"))
    assert first["title"] == TITLE.removesuffix("\u200b")
    assert first["body"] == "บรรทัดแรก\nบรรทัดที่สอง, มีจุลภาค"
    assert table.count == 2


def test_json_lines_are_one_record_each(filled: Site) -> None:
    text = filled.client().get("/open-data/announcements.jsonl", buffered=True).text
    read = [json.loads(line) for line in text.splitlines()]
    assert [(one["id"], one["published_on"]) for one in read] == [(1, "2021-06-09"), (2, "2018-01-02")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
def test_the_catalogue_is_dcat(filled: Site) -> None:
    graph = rdflib.Dataset(default_union=True)
    graph.parse(data=filled.client().get("/open-data/catalog.jsonld").text, format="json-ld")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    [dataset] = graph.subjects(rdflib.RDF.type, dcat.Dataset)
    offered = list(graph.objects(dataset, dcat.distribution))
    addresses = {str(graph.value(each, dcat.downloadURL)) for each in offered}
    assert {address.rsplit(".", 1)[1] for address in addresses} == {"csv", "jsonl"}
    assert all(isinstance(graph.value(each, dcat.downloadURL), rdflib.URIRef) for each in offered)


MANDATORY = """
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
SELECT ?node ?class ?property WHERE {
  VALUES (?class ?property) {
    (dcat:Catalog dct:title) (dcat:Catalog dct:description)
    (dcat:Catalog dct:publisher) (dcat:Catalog dcat:dataset)
    (dcat:Dataset dct:title) (dcat:Dataset dct:description)
    (dcat:Distribution dcat:accessURL) (foaf:Organization foaf:name)
  }
  ?node a ?class
  FILTER NOT EXISTS { ?node ?property ?value }
}"""
"""Asks for nodes that lack what DCAT-AP 3.0 makes mandatory for their class."""

MISPLACED = """
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
SELECT ?node ?property ?value WHERE {
  { VALUES ?property { dct:title dct:description foaf:name }
    ?node ?property ?value FILTER(!isLiteral(?value)) }
  UNION { VALUES ?property { dcat:accessURL dcat:downloadURL dcat:landingPage dcat:mediaType dct:language }
          ?node ?property ?value FILTER(!isIRI(?value)) }
  UNION { VALUES (?property ?class) { (dcat:dataset dcat:Dataset) (dcat:distribution dcat:Distribution)
                                      (dct:publisher foaf:Organization) }
          ?node ?property ?value FILTER NOT EXISTS { ?value a ?class } }
}"""
"""Asks for values that are not of the kind or class that DCAT-AP 3.0 has for the property."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize("question", [MANDATORY, MISPLACED])
def test_the_catalogue_has_what_dcat_ap_makes_mandatory(filled: Site, question: str) -> None:
    graph = rdflib.Dataset(default_union=True)
    graph.parse(data=filled.client().get("/open-data/catalog.jsonld").text, format="json-ld")
    classes = {"Catalog", "Dataset", "Distribution", "Organization"}
    known = {str(each).split("#")[-1].split("/")[-1] for each in graph.objects(None, rdflib.RDF.type)}
    assert classes <= known
    assert list(graph.query(question)) == []
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")  # the question finds what is asked for
    for property in (rdflib.DCTERMS.title, dcat.accessURL):
        graph.remove((None, property, None))
    graph.add((rdflib.URIRef("http://localhost/x"), dcat.landingPage, rdflib.Literal("no address")))
    assert len(list(graph.query(question))) >= 1


def test_pages_describe_themselves(filled: Site) -> None:
    filled.services.commands.collections.save(
        None, title="ชุด", body="", items=[CollectionLine("O1", 2)], actor="test"
    )
    home = _described(filled, "/")
    assert {each["@type"] for each in home["@graph"]} == {"WebSite", "GovernmentService"}
    announcement = _described(filled, "/announcements/1")
    assert announcement["name"] == TITLE.removesuffix("\u200b")
    assert announcement["@type"] == "DigitalDocument"
    listed = _described(filled, "/collections/1")["mainEntity"]["itemListElement"]
    assert [each["item"]["name"] for each in listed] == ["ข่าวเก่า"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
def test_descriptions_use_words_that_schema_org_has(filled: Site) -> None:
    words = rdflib.namespace.SDO  # schema.org's vocabulary, as the library has it
    attachment = filled.attach(1, memo("ข้อความ"))
    filled.work()  # a file on a published record is held until it is read
    filled.services.commands.collections.save(
        None, title="ชุด", body="", items=[CollectionLine("O1", 2)], actor="test"
    )
    types = set()
    for path in ("/", "/announcements/1", "/collections/1"):
        described = _described(filled, path)
        assert described.pop("@context") == "https://schema.org"
        graph = rdflib.Dataset(default_union=True)
        graph.parse(data=json.dumps(described | {"@context": {"@vocab": str(words)}}), format="json-ld")
        properties = {str(each) for each in graph.predicates()} - {str(rdflib.RDF.type)}
        found = {str(each) for each in graph.objects(None, rdflib.RDF.type)}
        for used in found | properties:
            # query-input says what a search must be given: schema.org/docs/actions.html
            term = used.removeprefix(str(words)).removesuffix("-input")
            assert used.startswith(str(words)), used
            assert term in words, term
        types |= {each.removeprefix(str(words)) for each in found}
    assert {"GovernmentService", "DigitalDocument", "MediaObject", "CollectionPage"} <= types
    [part] = _described(filled, "/announcements/1")["hasPart"]
    assert part["encoding"]["sha256"] == attachment.sha256


def _described(site: Site, path: str) -> dict:
    [script] = html.fromstring(site.client().get(path).text).xpath("//script[@type='application/ld+json']")
    return json.loads(script.text)


def test_what_search_engines_should_not_list_says_so_everywhere(site: Site) -> None:
    shown = site.announcement("ประกาศที่ทุกเว็บแสดงได้")
    asked = site.announcement("ประกาศรายชื่อผู้เข้าสอบ", noindex=True)
    attachment = site.attach(asked.id, memo("เนื้อหา"))
    site.work()
    client = site.client()
    page = f"/announcements/{asked.id}"
    for address in (
        page,
        f"{page}/attachments/{attachment.id}",
        f"{page}/attachments/{attachment.id}/file",
        f"{page}/attachments/{attachment.id}/pages/1.webp",
        f"/api/v1/attachments/{attachment.id}/file",
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.headers.get("X-Robots-Tag")) == (200, "noindex"), address
    assert client.get(page).text.count('<meta name="robots" content="noindex">') == 1
    assert "X-Robots-Tag" not in client.get(f"/announcements/{shown.id}").headers
    listed = client.get("/sitemap.xml").text
    assert f"/announcements/{shown.id}<" in listed
    assert f"{page}<" not in listed
    assert client.get("/api/v1/search?q=ผู้เข้าสอบ").json["total"] == 1  # residents find it here as before


def test_staff_switch_search_engines_off_and_on_again(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อผู้เข้าสอบ")
    staff = site.signed_in(Role.STAFF)
    page = f"/staff/announcements/{made.id}"
    for sent, is_off in ((["1", "0"], True), (["0"], False)):
        form = staff.get(page).text
        last_change = re.search(r'name="last_change" value="(\w+)"', form)[1]
        staff.post(
            page,
            data={
                "last_change": last_change,
                "title": made.title,
                "published_on": "9/6/2564",
                "noindex": sent,
            },
        )
        assert site.services.announcements.get(made.id).noindex is is_off
        box = re.search(r'<input[^>]*type="checkbox"[^>]*name="noindex"[^>]*>', staff.get(page).text)[0]
        assert ("checked" in box) is is_off
