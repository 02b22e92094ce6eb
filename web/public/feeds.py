"""Formats for other programs: Atom, sitemap, robots, OpenSearch description, open data."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any, cast

from flask import Blueprint, Response, abort, render_template, request, url_for

from archive import thai
from archive.fields import ANNOUNCEMENT_FIELDS
from archive.model import Announcement, RelationKind, Status
from indexer.search.query.parser import Query, Sort
from web.addresses import absolute_url, announcement_url, path_of_request
from web.api import schemas
from web.bootstrap import services
from web.disclosure_overview import filled_years
from web.public.open_data_files import dump_size_or_start, send_newest_dump
from web.search_service import search
from web.spreadsheet import csv_lines

pages = Blueprint("feeds", __name__)

MOST_IN_SITEMAP = 50_000  # addresses: https://www.sitemaps.org/protocol.html
_AT_ONCE = 500  # announcements read from the records at a time
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that can be typed but are not allowed in XML. Stored texts have none of these characters."""

_CSV, _JSON_LINES = "announcements.csv", "announcements.jsonl"
_EXPORTED = [field.name for field in ANNOUNCEMENT_FIELDS if field.is_exported]
_COLUMNS = ("id", *_EXPORTED[: _EXPORTED.index("body")], "url", *_EXPORTED[_EXPORTED.index("body") :])


@pages.get("/feed.xml")
def search_feed() -> Response:
    """Send an Atom feed of any search; without a sort, newest first."""
    schema = schemas.SearchArgs()
    given = {name: value for name, value in request.args.items() if name not in schema.validate(request.args)}
    query: Query = schema.load({"sort": Sort.NEWEST.value} | given)
    found = [result.announcement for result in search(services(), query).results]
    name = services().settings.site_name
    made = render_template(
        "feed.xml",
        address=absolute_url(path_of_request().rstrip("?")),
        title=_NOT_XML.sub("", f"{name} · {query.typed}" if query.typed else name),
        updated=max((each.updated_at for each in found), default=dt.datetime.now(dt.UTC)),
        announcements=found,
        midnight=lambda day: dt.datetime.combine(day, dt.time(), thai.BANGKOK),
        shorten=thai.shorten,
    )
    return Response(made, content_type="application/atom+xml; charset=utf-8")


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    """Send a sitemap: announcements that search engines may list, collections and years of disclosure.

    Where these are more than one sitemap may have, an index of the parts, each at ``?part=``, from 1.
    """
    addresses = [*_addresses_for_search_engines()]
    starts = range(0, max(len(addresses), 1), MOST_IN_SITEMAP)
    parts = range(1, len(starts) + 1)
    if "part" not in request.args and len(parts) > 1:
        return Response(render_template("sitemap-index.xml", parts=parts), content_type="application/xml")
    part = request.args.get("part", 1, type=int)
    if part not in parts:
        abort(404)
    shown = addresses[starts[part - 1] :][:MOST_IN_SITEMAP]
    return Response(render_template("sitemap.xml", addresses=shown), content_type="application/xml")


def _addresses_for_search_engines() -> Iterator[tuple[str, dt.datetime | None]]:
    """Yields full addresses of pages, each with the time of its last change where that is known."""
    for each in _published():
        if not each.noindex:
            yield announcement_url(each), each.updated_at
    for collection in services().collections.all():
        path = url_for("collections.collection", collection_id=collection.id)
        yield absolute_url(path), collection.updated_at
    for year in [] if services().is_province else sorted(filled_years(services())):
        yield absolute_url(url_for("disclosure.year", year=year)), None


@pages.get("/robots.txt")
def robots() -> Response:
    """Serve ``robots.txt``, which keeps search engines from the results and from staff's pages."""
    hidden = [url_for(page) for page in ("worklist.show_worklist", "auth.sign_in", "public.results")]
    below = [f"/{town.slug}" for town in services().towns.values() if services().is_province]
    lines = ["User-agent: *", *(f"Disallow: {root}{path}" for root in ("", *below) for path in hidden)]
    lines += [f"Sitemap: {absolute_url(url_for('feeds.sitemap'))}", ""]
    return Response("\n".join(lines), content_type="text/plain; charset=utf-8")


@pages.get("/opensearch.xml")
def description() -> Response:
    """Send the OpenSearch description, with which browsers offer the archive as a search engine."""
    return Response(render_template("opensearch.xml"), content_type="application/opensearchdescription+xml")


@pages.get("/open-data")
def open_data() -> str:
    """Show the files of open data, with their sizes."""
    return render_template(
        "public/open-data.html",
        csv_size=dump_size_or_start(_CSV, _csv_lines),
        json_lines_size=dump_size_or_start(_JSON_LINES, _json_lines),
    )


@pages.get("/open-data/announcements.csv")
def as_csv() -> Response:
    """Send the newest written CSV of all published announcements; 503 while the first is being written."""
    return send_newest_dump(_CSV, "text/csv; charset=utf-8", _csv_lines)


@pages.get("/open-data/announcements.jsonl")
def as_json_lines() -> Response:
    """Send the newest written JSON lines of all published announcements; 503 while the first are written."""
    return send_newest_dump(_JSON_LINES, "application/x-ndjson; charset=utf-8", _json_lines)


@pages.get("/open-data/catalog.jsonld")
def catalog() -> Response:
    """Send the catalogue of the data set: DCAT (W3C, version 3) with what DCAT-AP makes mandatory."""
    site, page = services().settings.site_name, absolute_url(url_for("feeds.open_data"))
    office = {"@id": absolute_url(url_for("public.home")), "@type": "foaf:Organization", "foaf:name": site}
    described = {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
        },
        "@type": "dcat:Catalog",
        "@id": absolute_url(url_for("feeds.catalog")),
        "dct:title": _in_thai_and_english(f"ข้อมูลเปิดของ{site}", f"Open data of {site}"),
        "dct:description": _in_thai_and_english(
            "ประกาศที่เผยแพร่แล้วทั้งหมด เป็นไฟล์ที่โปรแกรมอ่านได้", "All published announcements as files for programs"
        ),
        "dct:publisher": office,
        "dct:language": _THAI_LANGUAGE,
        "foaf:homepage": {"@id": page},
        "dcat:dataset": {
            "@type": "dcat:Dataset",
            "@id": f"{page}#announcements",
            "dct:title": _in_thai_and_english(f"ประกาศของ{site}", f"Announcements of {site}"),
            "dct:description": _in_thai_and_english(
                "ชื่อเรื่อง วันที่ ชนิด ผู้ออก เนื้อหา และที่อยู่เว็บของประกาศที่เผยแพร่แล้วทุกเรื่อง",
                "Title, date, kind, issuing office, text and address of every published announcement",
            ),
            "dct:publisher": {"@id": office["@id"]},
            "dcat:landingPage": {"@id": page},
            "dct:language": _THAI_LANGUAGE,
            "dcat:distribution": [
                _distribution("feeds.as_csv", "CSV", "text/csv"),
                _distribution("feeds.as_json_lines", "JSON Lines", "application/x-ndjson"),
            ],
        },
    }
    return Response(json.dumps(described, ensure_ascii=False), content_type="application/ld+json")


_THAI_LANGUAGE = {
    "@id": "http://publications.europa.eu/resource/authority/language/THA",
    "@type": "dct:LinguisticSystem",
}


def _in_thai_and_english(thai_text: str, english: str) -> list[dict[str, str]]:
    return [{"@language": "th", "@value": thai_text}, {"@language": "en", "@value": english}]


def _distribution(endpoint: str, title: str, media_type: str) -> dict[str, Any]:
    """Returns a file of the data set; it is asked for and downloaded at one address."""
    address = {"@id": absolute_url(url_for(endpoint))}
    return {
        "@type": "dcat:Distribution",
        "dct:title": title,
        "dcat:accessURL": address,
        "dcat:downloadURL": address,
        "dcat:mediaType": {
            "@id": f"https://www.iana.org/assignments/media-types/{media_type}",
            "@type": "dct:MediaType",
        },
    }


def _csv_lines() -> Iterator[str]:
    columns = _columns()
    return csv_lines(columns, ([row[name] for name in columns] for row in _csv_rows()))


def _csv_rows() -> Iterator[dict[str, Any]]:
    relations = _Relations()
    for announcement in _published():
        row = _row(announcement) | relations.columns(announcement)
        row["in_force"] = "true" if row["in_force"] else "false"
        row["relations"] = " ".join(f"{each['relation']}:{each['id']}" for each in row["relations"])
        yield row


def _json_lines() -> Iterator[str]:
    relations = _Relations()
    for announcement in _published():
        yield json.dumps(_row(announcement) | relations.columns(announcement), ensure_ascii=False) + "\n"


class _Relations:
    """The public relations of all announcements, read once for a whole file."""

    def __init__(self) -> None:
        self._of: dict[int, list[dict[str, Any]]] = {}
        self._ended: set[int] = set()
        for each in services().relations.list_public():
            kind = cast(RelationKind, each.kind)
            self._of.setdefault(each.newer_id, []).append({"relation": kind.value, "id": each.older_id})
            self._of.setdefault(each.older_id, []).append(
                {"relation": kind.passive_code, "id": each.newer_id}
            )
            if kind.ends:
                self._ended.add(each.older_id)

    def columns(self, announcement: Announcement) -> dict[str, Any]:
        """Returns whether the announcement is in force, and its relations."""
        return {
            "in_force": announcement.id not in self._ended,
            "relations": self._of.get(announcement.id, []),
        }


def _published() -> Iterator[Announcement]:
    """Yields the published announcements, newest first; each once, whatever is published meanwhile."""
    ids = services().announcements.published_ids()
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        found = services().announcements.get_many(wanted)
        yield from (found[id] for id in wanted if id in found and found[id].status is Status.PUBLISHED)


def _columns() -> tuple[str, ...]:
    columns = (*_COLUMNS, "in_force", "relations")
    return (*columns, "organisation") if services().towns else columns


def _row(announcement: Announcement) -> dict[str, Any]:
    row = {name: _plain(getattr(announcement, name)) for name in ("id", *_EXPORTED)}
    if (town := services().towns.get(announcement.organisation)) is not None:
        row["organisation"] = town.slug
    return row | {"url": announcement_url(announcement)}


def _plain(value: Any) -> Any:
    """Returns the value of a field as JSON and CSV have it."""
    return value.isoformat() if isinstance(value, dt.date) else value
