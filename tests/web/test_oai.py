"""OAI-PMH, as another archive harvests it: the whole, what changed since, what was withdrawn, and no more."""

from __future__ import annotations

import base64
import datetime as dt
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from oaipmh_scythe import Scythe
from oaipmh_scythe.exceptions import BadResumptionToken, IdDoesNotExist, NoRecordsMatch, NoSetHierarchy
from werkzeug.serving import make_server

from archive.model import Announcement, DocumentKind, Draft, Organisation, RelationKind, Status
from archive.site_profile import SiteProfile
from tests.factories.archives import read
from tests.factories.memos import memo
from tests.web.conftest import Site, open_site
from web.public import oai

OAI = "{http://www.openarchives.org/OAI/2.0/}"
SECRET = "มะม่วงน้ำปลาหวาน"
PLACE = {"since": None, "before": None, "sent": 0}
TOKEN = base64.urlsafe_b64encode(
    json.dumps(PLACE | {"at": "2020-01-01T00:00:00+00:00", "id": 0}).encode()
).decode()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/oai"
    server.shutdown()
    thread.join()
    server.server_close()


def asked(site: Site, **arguments: str) -> etree._Element:
    answer = site.client().get("/oai", query_string=arguments, headers={"Host": "127.0.0.1"})
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    return etree.fromstring(answer.data)


def error(root: etree._Element) -> str | None:
    found = root.find(f"{OAI}error")
    return None if found is None else found.get("code")


def identifier(announcement: Announcement) -> str:
    return f"oai:127.0.0.1:announcements/{announcement.id}"


def test_a_harvester_gets_every_public_record_and_no_other(
    site: Site, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oai, "RECORDS_PER_ANSWER", 3)
    public = [
        site.announcement(
            f"ประกาศที่ {n}", category="จัดซื้อจัดจ้าง", kind=DocumentKind.ORDER, body="ถนน & คลอง <ซ่อม>"
        )
        for n in range(7)
    ]
    withdrawn = site.announcement(SECRET, status=Status.WITHDRAWN, body=SECRET, category=SECRET)
    again_draft = site.announcement(SECRET, status=Status.WITHDRAWN, body=SECRET)
    site.services.commands.publication.restore_as_draft(again_draft.id, actor="test")
    site.announcement(SECRET, status=Status.DRAFT, category=SECRET)
    site.announcement(SECRET, status=Status.TRASHED)
    site.services.commands.announcements.revise(
        public[0].id, {"expires_on": dt.date(2021, 7, 1)}, actor="ทดสอบ"
    )
    for older in (public[1], withdrawn):
        site.services.relations.decide(public[0].id, older.id, RelationKind.CANCELS, actor="ทดสอบ")
    site.services.site_profiles.save(SiteProfile(email="saraban@example.go.th"), actor="ทดสอบ")
    with Scythe(address) as scythe:
        assert scythe.identify().repositoryName == "เทศบาลตำบลหนองปลาดุก"
        assert scythe.identify().adminEmail == "saraban@example.go.th"
        records = list(scythe.list_records())
        with pytest.raises(NoSetHierarchy):
            list(scythe.list_sets())
    found = {record.header.identifier: record for record in records}
    gone = {identifier(withdrawn), identifier(again_draft)}
    assert set(found) == {identifier(each) for each in public} | gone
    assert len(records) == len(found)
    assert {name for name, record in found.items() if record.deleted} == gone
    assert not any(SECRET in record.raw for record in records)
    told = found[identifier(public[0])].metadata
    assert told["title"] == ["ประกาศที่ 0"]
    assert told["description"] == ["ถนน & คลอง <ซ่อม>"]
    assert told["type"] == ["คำสั่ง", "Order"]
    assert told["date"] == ["2021-06-09"]
    assert told["identifier"][0].endswith(f"/announcements/{public[0].id}")  # type: ignore[union-attr]
    home = address.removesuffix("/oai")
    assert told["coverage"] == ["start=2021-06-09; end=2021-07-01; scheme=W3C-DTF"]
    assert told["relation"] == [f"cancels: {home}/announcements/{public[1].id}"]
    assert found[identifier(public[1])].metadata["relation"] == [
        f"cancelled-by: {home}/announcements/{public[0].id}"
    ]


def stored_fields(database: sqlite3.Connection, row: sqlite3.Row, home: str) -> dict[str, list[str]]:
    """Returns the Dublin Core that a published row of the database stands for, without empty fields."""
    of_kind, page = DocumentKind(row["kind"]), f"{home}/announcements/{row['id']}"
    files = database.execute(
        """SELECT id, media_type FROM attachment
           WHERE announcement_id = ? AND hold = '' AND status <> 'detached' ORDER BY position""",
        [row["id"]],
    ).fetchall()
    changes, changed_by = (
        database.execute(
            "SELECT relation.kind, announcement.id FROM relation"
            f" JOIN announcement ON announcement.id = {other}"
            f" WHERE {own} = ? AND announcement.status = 'published'",
            [row["id"]],
        ).fetchall()
        for own, other in (("newer_id", "older_id"), ("older_id", "newer_id"))
    )
    ends = row["expires_on"]
    fields = {
        "title": [row["title"]],
        "creator": [row["author"]],
        "publisher": ["เทศบาลตำบลหนองปลาดุก"],
        "subject": [row["category"]],
        "description": [row["body"]],
        "date": [row["published_on"]],
        "coverage": [f"start={row['published_on']}; end={ends}; scheme=W3C-DTF" if ends else ""],
        "type": [of_kind.thai, of_kind.english],
        "identifier": [page],
        "language": ["th"],
        "format": sorted({file["media_type"] for file in files}),
        "relation": [
            *(f"{page}/attachments/{file['id']}/file" for file in files),
            *(f"{kind}: {home}/announcements/{id}" for kind, id in changes),
            *(f"{RelationKind(kind).passive_code}: {home}/announcements/{id}" for kind, id in changed_by),
        ],
    }
    return {name: told for name, values in fields.items() if (told := [value for value in values if value])}


def test_harvested_fields_are_those_of_every_published_row(
    site: Site, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oai, "RECORDS_PER_ANSWER", 5)
    texts = ("", "ถนน & คลอง <ซ่อม>", "บรรทัดหนึ่ง\nบรรทัดสอง", "\u201cคำพูด\u201d ' \" ]]> é 😀")
    for n, kind in enumerate(DocumentKind):
        made = site.announcement(
            f"เรื่องที่ {n} {texts[n % 4]}".strip(),
            kind=kind,
            body=texts[(n + 1) % 4],
            author=("", "สำนักปลัด")[n % 2],
            category=("", "ภาษี & ค่าธรรมเนียม", "งบประมาณ")[n % 3],
            published_on=dt.date(2015 + n, 2, 28),
            expires_on=dt.date(2016 + n, 2, 28) if n % 4 == 1 else None,
        )
        for number in range(n % 3):
            site.attach(made.id, memo(f"เนื้อหา {n} {number}"), f"เอกสาร {number}.pdf")
        if n % 3 == 2:
            site.services.relations.decide(made.id, made.id - 2, RelationKind.AMENDS, actor="ทดสอบ")
    read(site.services, "เนื้อหา", pages=1)
    first = site.services.announcements.get(1)
    held = site.attach(first.id, memo("ยังไม่อ่าน"), "ยังไม่อ่าน.pdf")
    site.announcement(SECRET, status=Status.WITHDRAWN, body=SECRET)
    with Scythe(address) as scythe:
        found = {record.header.identifier: record for record in scythe.list_records() if not record.deleted}
    assert not any(f"/attachments/{held.id}/" in record.raw for record in found.values())
    with sqlite3.connect(site.services.settings.data / "prakat.sqlite") as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM announcement WHERE status = 'published'").fetchall()
        home = address.removesuffix("/oai")
        stored = {
            f"oai:127.0.0.1:announcements/{row['id']}": stored_fields(database, row, home) for row in rows
        }
    database.close()
    assert len(rows) == len(DocumentKind)
    told = {name: record.metadata for name, record in found.items()}
    assert told == stored
    stamps = {row["id"]: f"{row['updated_at'][:19]}Z" for row in rows}
    assert {name.rpartition("/")[2]: record.header.datestamp for name, record in found.items()} == {
        str(id): stamp for id, stamp in stamps.items()
    }


def test_the_next_harvest_brings_what_changed_and_drops_what_was_withdrawn(site: Site, address: str) -> None:
    old = site.announcement("เรื่องเดิม")
    kept = site.announcement("เรื่องที่ถอนภายหลัง")
    with site.services.database.write():  # type: ignore[attr-defined]  # the embedded engine's
        site.services.database.run(  # type: ignore[attr-defined]
            "UPDATE announcement SET updated_at = :at",
            at=dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC).isoformat(timespec="microseconds"),
        )
    site.services.commands.publication.withdraw(kept.id, actor="test", reason="ผิดเรื่อง")
    with Scythe(address) as scythe:
        (changed,) = scythe.list_records(from_="2026-01-02")
        assert (changed.header.identifier, changed.deleted) == (identifier(kept), True)
        (before,) = scythe.list_records(until="2026-01-01")
        assert before.header.identifier == identifier(old)
        exact = "2026-01-01T12:00:00Z"
        assert len(list(scythe.list_records(from_=exact, until=exact))) == 1
        with pytest.raises(NoRecordsMatch):
            list(scythe.list_records(until="2025-12-31"))


def test_a_change_that_is_being_stored_during_a_harvest_is_in_the_next(site: Site, address: str) -> None:
    withdrawn = site.announcement("ถอนพร้อมเรื่องอื่นอีกมาก")
    is_begun, is_harvested = threading.Event(), threading.Event()

    def withdraw() -> None:
        with site.services.records.batch():
            site.services.commands.publication.withdraw(withdrawn.id, actor="test", reason="ผิดเรื่อง")
            is_begun.set()
            is_harvested.wait(30)

    thread = threading.Thread(target=withdraw)
    thread.start()
    is_begun.wait(30)
    time.sleep(1.1)  # until the second after
    answer = asked(site, verb="ListRecords", metadataPrefix="oai_dc")
    assert "deleted" not in etree.tostring(answer, encoding="unicode")
    is_harvested.set()
    thread.join()
    with Scythe(address) as scythe:
        (changed,) = scythe.list_records(from_=answer.findtext(f"{OAI}responseDate"))
    assert (changed.header.identifier, changed.deleted) == (identifier(withdrawn), True)


def test_a_change_after_the_clock_went_back_is_newer_than_all_before(site: Site) -> None:
    first, second = (site.announcement(title) for title in ("หนึ่ง", "สอง"))
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    with site.services.database.write():  # type: ignore[attr-defined]  # the embedded engine's
        site.services.database.run(  # type: ignore[attr-defined]
            "UPDATE announcement SET updated_at = :at WHERE id = :id",
            at=ahead.isoformat(timespec="microseconds"),
            id=first.id,
        )
    site.services.commands.publication.withdraw(second.id, actor="test", reason="ผิดเรื่อง")
    assert site.services.announcements.get(second.id).updated_at > ahead


def test_files_that_are_held_are_not_told(site: Site) -> None:
    made = site.announcement("มีเอกสาร")
    attachment = site.attach(made.id, memo("เนื้อหา"), "เอกสารแนบ.pdf")
    root = asked(site, verb="GetRecord", metadataPrefix="oai_dc", identifier=identifier(made))
    assert b"attachments" not in etree.tostring(root)
    read(site.services, "เนื้อหา", pages=1)
    root = asked(site, verb="GetRecord", metadataPrefix="oai_dc", identifier=identifier(made))
    assert f"/attachments/{attachment.id}/file".encode() in etree.tostring(root)


def test_records_that_never_were_public_do_not_exist(site: Site, address: str) -> None:
    draft = site.announcement("ฉบับร่าง", status=Status.DRAFT)
    with Scythe(address) as scythe:
        for name in (identifier(draft), "oai:127.0.0.1:announcements/999", "oai:elsewhere:announcements/1"):
            with pytest.raises(IdDoesNotExist):
                scythe.get_record(name)
        with pytest.raises(BadResumptionToken):
            list(scythe.list_records(resumption_token="e30="))


@pytest.mark.parametrize(
    "forged",
    [
        {"id": 2**63},
        {"id": -(2**70)},
        {"since": "0001-01-01T00:00:00+23:59"},
        {"before": "9999-12-31T23:59:59-23:59"},
        {"at": "0001-01-01T00:00:00+23:59"},
        {"sent": 10**400},
    ],
)
def test_a_forged_token_is_refused_or_answered(site: Site, forged: dict[str, object]) -> None:
    site.announcement("ประกาศ")
    given = {"since": None, "before": None, "at": "2021-06-09T00:00:00+00:00"}
    content = json.dumps(given | {"id": 0, "sent": 0} | forged)
    token = base64.urlsafe_b64encode(content.encode()).decode()
    answer = site.client().get("/oai", query_string={"verb": "ListRecords", "resumptionToken": token})
    assert answer.status_code == 200
    assert error(etree.fromstring(answer.data)) == "badResumptionToken"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "badVerb"),
        ({"verb": "Destroy"}, "badVerb"),
        ({"verb": "ListRecords"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "marc"}, "cannotDisseminateFormat"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "เมื่อวาน"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2026-13-01"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "until": "9999-12-31"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "nothing"}, "noSetHierarchy"),
        ({"verb": "ListRecords", "resumptionToken": "ไม่ใช่"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "W10="}, "badResumptionToken"),
        ({"verb": "ListSets"}, "noSetHierarchy"),
        ({"verb": "ListRecords", "resumptionToken": f"{TOKEN}\0"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": f"\x01{TOKEN}"}, "badResumptionToken"),
        ({"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "x"}, "idDoesNotExist"),
        ({"verb": "Identify", "identifier": "x"}, "badArgument"),
    ],
)
def test_wrong_requests_are_answered_with_the_protocols_codes(
    site: Site, arguments: dict[str, str], code: str
) -> None:
    site.announcement("ประกาศ")
    assert error(asked(site, **arguments)) == code


def test_a_post_is_answered_as_a_get_is(site: Site) -> None:
    site.announcement("ประกาศ")
    site.app.config["WTF_CSRF_ENABLED"] = True
    answer = site.client().post("/oai", data={"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"})
    assert answer.status_code == 200
    assert error(etree.fromstring(answer.data)) is None


def test_each_town_is_harvested_apart_and_the_province_together(tmp_path: Path) -> None:
    organisations = open_site(tmp_path / "data").services.organisations
    organisations.change("main", to=Organisation(id=1, slug="pladuk", name="หนองปลาดุก", host=None))
    organisations.add("bangkhen", "บางเขน", "bangkhen.go.th")
    site = open_site(tmp_path / "data")
    for town in organisations.all():
        commands = site.services.for_organisation(town, organisations.all()).commands
        draft = Draft(title=town.name, published_on=dt.date(2021, 6, 9), category=town.slug)
        commands.announcements.create(draft, actor="test", status=Status.PUBLISHED)

    def told(path: str, host: str, verb: str, tag: str) -> list[str]:
        arguments = {"verb": verb, "metadataPrefix": "oai_dc"}
        answer = site.client().get(path, query_string=arguments, headers={"Host": host})
        return [str(each.text) for each in etree.fromstring(answer.data).iter(f"{OAI}{tag}")]

    (here,) = told("/pladuk/oai", "127.0.0.1", "ListIdentifiers", "identifier")
    (there,) = told("/oai", "bangkhen.go.th", "ListIdentifiers", "identifier")
    assert sorted(told("/oai", "127.0.0.1", "ListIdentifiers", "identifier")) == sorted([here, there])


def test_a_harvest_goes_on_behind_a_damaged_record(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oai, "RECORDS_PER_ANSWER", 2)
    made = [site.announcement(f"ประกาศ {number}").id for number in range(5)]
    with sqlite3.connect(site.services.settings.data / "prakat.sqlite") as database:
        database.execute("UPDATE announcement SET kind = 'x' WHERE id = ?", [made[1]])
    database.close()
    arguments, harvested = {"metadataPrefix": "oai_dc"}, []
    while arguments:
        root = asked(site, verb="ListIdentifiers", **arguments)
        harvested += [int(str(each.text).rpartition("/")[2]) for each in root.iter(f"{OAI}identifier")]
        token = root.find(f".//{OAI}resumptionToken")
        arguments = {"resumptionToken": token.text} if token is not None and token.text else {}
    assert harvested == [made[0], *made[2:]]


def test_a_harvest_survives_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oai, "RECORDS_PER_ANSWER", 2)
    site = open_site(tmp_path / "data")
    for number in range(3):
        site.announcement(f"ประกาศ {number}")
    root = asked(site, verb="ListIdentifiers", metadataPrefix="oai_dc")
    token = root.find(f".//{OAI}resumptionToken")
    assert token is not None
    again = asked(open_site(tmp_path / "data"), verb="ListIdentifiers", resumptionToken=str(token.text))
    assert len([*again.iter(f"{OAI}identifier")]) == 1
    last = again.find(f".//{OAI}resumptionToken")
    assert last is not None
    assert (last.text, last.get("cursor")) == (None, "2")
