"""The JSON API as programs outside rely on it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive.model import Role, Status
from tests.factories.memos import memo
from tests.web.conftest import Site, open_site, until, working
from web.app import create_app
from web.bootstrap import build_services
from web.sample.scans import ScanLook, make_scan
from web.settings import load_settings

LIMIT = "PRAKAT_MAX_UPLOAD_MB"
NEW = {"title": "ประกาศสอบราคาจ้างก่อสร้าง", "body": "", "author": "กองช่าง", "published_on": "2021-06-09"}


@pytest.fixture
def token(site: Site) -> dict[str, str]:
    return site.token()


def upload(client: FlaskClient, id: int, data: bytes, headers: dict[str, str], **form: str) -> TestResponse:
    return client.post(
        f"/api/v1/announcements/{id}/attachments",
        data={"file": (io.BytesIO(data), "บันทึก ที่ ๑.pdf"), **form},
        headers=headers,
    )


def test_a_scan_goes_in_and_its_page_is_found(site: Site, client: FlaskClient, token: dict[str, str]) -> None:
    made = client.post("/api/v1/announcements", json=NEW | {"status": "published"}, headers=token)
    assert made.status_code == 201
    id = made.json["id"]
    paper = make_scan(memo("ให้ซ่อมถังประปาบ้านดอนมะกอกให้แล้วเสร็จก่อนฤดูแล้ง"), ScanLook(), seed=1)
    sent = upload(client, id, paper, token, label="บันทึกซ่อมถังประปา", kind="memo")
    assert sent.status_code == 202
    assert sent.json["status"] == "waiting"
    site.work()

    attachment = client.get(f"/api/v1/attachments/{sent.json['id']}").json
    assert attachment == {
        "id": sent.json["id"],
        "announcement_id": id,
        "position": 1,
        "label": "บันทึกซ่อมถังประปา",
        "filename": "บันทึก ที่ ๑.pdf",
        "kind": "memo",
        "size": len(paper),
        "sha256": sent.json["sha256"],
        "page_count": 1,
        "status": "ready",
        "error": None,
        "signed": False,
        "held": None,
        "replacement": None,
    }
    (page,) = client.get(f"/api/v1/attachments/{attachment['id']}/pages").json
    assert page.keys() == {"number", "text", "source", "confidence"}
    assert (page["number"], page["source"]) == (1, "ocr")
    assert 0.5 < page["confidence"] <= 1

    answer = client.get("/api/v1/search", query_string={"q": "ถังประปาบ้านดอนมะกอก"}).json
    assert answer["total"] == 1
    (result,) = answer["results"]
    assert (result["id"], result["url"]) == (id, f"/announcements/{id}")
    (found,) = result["pages"]
    assert (found["attachment_id"], found["page"]) == (attachment["id"], 1)
    assert "".join(each["text"] for each in found["segments"] if each["hit"]).startswith("ถังประปา")
    assert client.get(found["url"]).status_code == 200
    assert client.get(f"/api/v1/attachments/{attachment['id']}/file", buffered=True).data == paper
    address = f"/api/v1/attachments/{attachment['id']}/pages/1.webp"
    plain, marked = client.get(address), client.get(f"{address}?q=ถังประปา")
    assert plain.data[8:12] == marked.data[8:12] == b"WEBP"
    assert plain.data != marked.data
    assert client.get(f"{address}?q=ทุเรียน").data == plain.data  # nothing of it is on the page


def test_what_is_published_is_found_within_seconds(site: Site, client: FlaskClient) -> None:
    with working(site.services):
        site.announcement("ประกาศแรก")
        until(lambda: client.get("/api/v1/search?q=ประกาศแรก").json.get("total") == 1, seconds=60)
        site.announcement("น้ำประปาหยุดไหล")  # the worker has begun by now
        until(lambda: client.get("/api/v1/search?q=หยุดไหล").json["total"] == 1, seconds=30)


def test_the_shape_of_an_answer(site: Site, client: FlaskClient) -> None:
    for number in range(3):
        site.announcement(f"ประกาศรับสมัครงาน ครั้งที่ {number}", views=number)
    site.work()
    answer = client.get("/api/v1/search?q=รับสมัครงาน&per_page=2&sort=most-read").json
    assert answer.keys() >= {"total", "page", "per_page", "took_ms", "did_you_mean", "results", "facets"}
    assert (answer["total"], answer["page"], answer["per_page"]) == (3, 1, 2)
    result = answer["results"][0]
    assert result.keys() >= {
        "id", "title", "url", "author", "published_on", "views", "score", "segments", "pages",
    }  # fmt: skip
    assert (result["views"], result["published_on"]) == (2, "2021-06-09")
    assert answer["facets"]["year"] == [{"value": 2564, "count": 3}]
    assert answer["facets"]["kind"] == [{"value": "announcement", "count": 3}]
    assert answer["facets"]["author"] == [{"value": "จับกังไซเบอร์", "count": 3}]
    everything = client.get("/api/v1/search").json
    assert [each["id"] for each in everything["results"]] == [3, 2, 1]


def test_an_explanation_names_what_matches_a_clause(
    site: Site, client: FlaskClient, token: dict[str, str]
) -> None:
    site.announcement("ซ่อมถนนลูกรัง")
    site.work()
    answer = client.get("/api/v1/search?q=ถนน&explain=true", headers=token).json
    [clause] = answer["explanation"]["clauses"]
    [hit] = answer["explanation"]["hits"]
    assert (hit["tier"], hit["standing"]) == (6, "complete")
    [tried] = answer["explanation"]["interpretations"]
    assert (tried["interpretations"], tried["words"], tried["outcome"]) == ([], "ถนน", "taken")
    assert clause["alternatives"][0] == {"terms": "ถนน", "weight": 1.0}
    assert "explanation" not in client.get("/api/v1/search?q=ถนน", headers=token).json
    for headers in ({}, {"Authorization": "Bearer guessed"}):
        refused = client.get("/api/v1/search?q=ถนน&explain=true", headers=headers)
        assert refused.status_code == 403
        assert "explanation" not in refused.text


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A stranger at an archive with announcements 1 to 3, of three years and two authors."""
    site = open_site(tmp_path_factory.mktemp("searched") / "data")
    for year, author, what in ((2021, "กองช่าง", "ถนน"), (2023, "กองคลัง", "พัสดุ"), (2022, "กองช่าง", "ประปา")):
        site.announcement(f"ซ่อม{what}", published_on=dt.date(year, 6, 9), author=author)
    site.work()
    return site.client()


@pytest.mark.parametrize("address", ["/api/v1/search", "/feed.xml"])
@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("from=2022-06-09", [2, 3]),
        ("to=2022-06-09", [3, 1]),
        ("from=2022-01-01&to=2022-12-31", [3]),
        ("year=2566", [2]),
        ("author=กองช่าง", [3, 1]),
        ("sort=newest", [2, 3, 1]),
        ("sort=oldest", [1, 3, 2]),
        ("sort=newest&page=2&per_page=2", [1]),
        ("sort=oldest&page=2&per_page=1", [3]),
    ],
)
def test_a_search_takes_each_argument(
    searched: FlaskClient, address: str, arguments: str, wanted: list[int]
) -> None:
    newest_first = "" if "sort" in arguments else "&sort=newest"
    answer = searched.get(f"{address}?q=ซ่อม&{arguments}{newest_first}")
    if address == "/feed.xml":
        assert [
            int(entry.link.rpartition("/")[2]) for entry in feedparser.parse(answer.text).entries
        ] == wanted
    else:
        assert [each["id"] for each in answer.json["results"]] == wanted


def test_what_covers_too_little_is_related_and_no_result(searched: FlaskClient) -> None:
    answer = searched.get("/api/v1/search?q=พัสดุ ปลาวาฬ").json
    assert (answer["total"], answer["results"]) == (0, [])
    assert [each["id"] for each in answer["related"]] == [2]
    found = searched.get("/api/v1/search?q=พัสดุ").json
    assert found["related"] == []
    assert {frozenset(each) for each in answer["related"]} == {frozenset(each) for each in found["results"]}


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/api/v1/search?kind=poem", "kind"),
        ("/api/v1/search?page=0", "page"),
        ("/api/v1/search?per_page=51", "per_page"),
        ("/api/v1/search?from=yesterday", "from"),
    ],
)
def test_wrong_arguments_are_named(client: FlaskClient, address: str, field: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 422
    assert field in answer.json["errors"]["query"]


def problems(site: Site, client: FlaskClient, token: dict[str, str]) -> Iterator[tuple[int, TestResponse]]:
    draft = site.announcement("ร่าง", status=Status.DRAFT).id
    gone = site.announcement("ถอน", status=Status.WITHDRAWN).id
    yield 404, client.get("/api/v1/announcements/999")
    yield 404, client.get(f"/api/v1/announcements/{draft}")
    yield 410, client.get(f"/api/v1/announcements/{gone}")
    yield 401, client.post("/api/v1/announcements", json=NEW)
    yield 401, client.post("/api/v1/announcements", json=NEW, headers={"Authorization": "Bearer nobody"})
    yield 422, client.post("/api/v1/announcements", json={"title": ""}, headers=token)
    yield 422, client.post("/api/v1/announcements", json=NEW | {"published_on": "31/31/2564"}, headers=token)
    for title in ("scan0012.pdf", "scan0012.pdf "):
        published = NEW | {"title": title, "status": "published"}
        yield 422, client.post("/api/v1/announcements", json=published, headers=token)
    unnamed = site.announcement("scan0012.pdf", status=Status.DRAFT).id
    yield 422, client.post(f"/api/v1/announcements/{unnamed}/publish", headers=token)
    yield 422, client.post(f"/api/v1/announcements/{draft}/attachments", data={}, headers=token)
    yield 422, upload(client, draft, b"", token)
    yield 422, upload(client, draft, b"MZ\x90\x00" + bytes(100), token)
    yield 409, client.post(f"/api/v1/announcements/{draft}/withdraw", headers=token)
    yield 405, client.delete("/api/v1/search")
    yield 404, client.get("/api/v1/nothing")


def test_errors_are_problem_details_in_thai(site: Site, client: FlaskClient, token: dict[str, str]) -> None:
    for status, answer in problems(site, client, token):
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/problem+json"
        body: dict[str, Any] = answer.get_json(force=True)
        assert body["status"] == status
        assert {"type", "title", "code", "detail"} <= body.keys()
        assert any("ก" <= letter <= "๛" for letter in body["detail"]), body


def test_the_same_bytes_on_the_same_announcement_are_attached_once(
    site: Site, client: FlaskClient, token: dict[str, str]
) -> None:
    first, second = site.announcement("หนึ่ง").id, site.announcement("สอง").id
    paper = memo("ข้อความ")
    sent, again = upload(client, first, paper, token), upload(client, first, paper, token)
    elsewhere = upload(client, second, paper, token)
    assert (sent.status_code, again.status_code, elsewhere.status_code) == (202, 200, 202)
    assert sent.json["id"] == again.json["id"] != elsewhere.json["id"]
    assert sent.json["sha256"] == elsewhere.json["sha256"]


def test_a_record_through_its_life(site: Site, client: FlaskClient, token: dict[str, str]) -> None:
    made = client.post(
        "/api/v1/announcements", json=NEW | {"published_on": "9 มิถุนายน พ.ศ. 2564"}, headers=token
    )
    assert (made.json["status"], made.json["published_on"]) == ("draft", "2021-06-09")
    address = f"/api/v1/announcements/{made.json['id']}"
    assert client.get(address).status_code == 404
    assert client.get(address, headers=token).json["title"] == NEW["title"]
    changed = client.patch(address, json={"title": "แก้ชื่อแล้ว", "views": 492}, headers=token)
    assert (changed.json["title"], changed.json["views"]) == ("แก้ชื่อแล้ว", 492)
    assert client.post(f"{address}/publish", headers=token).json["status"] == "published"
    assert client.get(address).json["title"] == "แก้ชื่อแล้ว"
    assert [each["id"] for each in client.get("/api/v1/announcements").json["results"]] == [made.json["id"]]
    withdrawn = client.post(f"{address}/withdraw", json={"reason": "ลงผิดเรื่อง"}, headers=token)
    assert withdrawn.json["status"] == "withdrawn"
    assert "ลงผิดเรื่อง" in client.get(address).get_json(force=True)["detail"]
    assert client.get("/api/v1/announcements").json["total"] == 0
    assert client.post(f"{address}/restore", headers=token).json["status"] == "draft"


@pytest.mark.parametrize("way", ["api", "form"])
def test_a_file_over_the_limit_is_refused_and_not_kept(site: Site, way: str) -> None:
    data = str(site.services.settings.data)
    assert load_settings({"PRAKAT_DATA": data}).max_upload_mb == 100
    services = build_services(load_settings({"PRAKAT_DATA": data, LIMIT: "1"}))
    app = create_app(services)
    app.config["WTF_CSRF_ENABLED"] = False
    limited, id = Site(services, app), site.announcement("หนึ่ง").id
    token, clerk = limited.token(), limited.signed_in(Role.STAFF)

    def send(size: int) -> int:
        data = b"%PDF-1.7".ljust(size, b"\0")
        if way == "api":
            answer = upload(limited.client(), id, data, token)
        else:
            form = {"title": "สอง", "published_on": "2021-06-09", "kind": "announcement"}
            form["files"] = (io.BytesIO(data), "ก.pdf")  # type: ignore[assignment]
            answer = clerk.post("/staff/announcements/new", data=form)
        answer.request.environ["wsgi.input"].close()  # the test client's file of a large body
        return answer.status_code

    for size in ((1 << 20) + 1, 3 << 20):  # past the limit of a file, and of a whole request
        is_noted_on_the_draft = way == "form" and size < 2 << 20
        assert send(size) == (302 if is_noted_on_the_draft else 413)
        assert [*services.files.all()] == []
    assert send(1 << 20) == (202 if way == "api" else 302)
    assert [each.size for each in services.files.all()] == [1 << 20]


def test_suggestions_come_from_what_is_public(site: Site, client: FlaskClient) -> None:
    site.announcement("ประกาศเก็บภาษีที่ดิน")
    site.announcement("ภาพลับของกองคลัง", status=Status.DRAFT)
    site.work()
    suggested = client.get("/api/v1/suggest?q=ภา").json["suggestions"]
    assert any("ภาษี" in each for each in suggested)
    assert not any("ภาพลับ" in each for each in suggested)
    assert client.get("/api/v1/suggest").json == {"suggestions": []}
