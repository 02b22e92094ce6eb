"""Any manifest line or old page is taken or refused with a reason; nothing else happens."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from archive.errors import Invalid
from archive.importers import legacy_site
from archive.importers.site_rules import load_site
from archive.model import Role, Status
from tests.factories.memos import memo
from tests.web.conftest import Site, open_site
from web.app import may_send_large_body
from web.importing import import_manifest

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
WHOLE = {"ref": "a", "title": "ประกาศ", "published_on": "2021-06-09"}
FIELDS = (*WHOLE, "body", "author", "views", "kind", "category", "status", "old_url", "attachments")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return open_site(Path(tmp_path_factory.mktemp("hostile")) / "data")


def records(site: Site) -> list[int]:
    """Returns the ids of all records, of every status."""
    return [id for id, _change in site.services.history.changed_since(0, limit=1_000_000)]


def take(site: Site, *lines: str) -> list[str]:
    """Returns the reasons for refused lines; every line is either imported or refused, with nothing left."""
    before = len(records(site))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.jsonl"
        path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        report = import_manifest(site.services, path, lambda _done, _total: None)
    assert report.total == report.added + report.already_present + len(report.problems)
    assert len(records(site)) == before + report.added
    return [why for _, why in report.problems]


@given(name=st.sampled_from(FIELDS), value=ANYTHING)
@example(name="views", value=10**30)
@example(name="views", value=-1)
@example(name="title", value="\ud800")
@example(name="title", value="\0")
@example(name="body", value="ก" * 3_000_000)
@example(name="ref", value="\ud800")
@example(name="author", value="\udfff\ud800")
@example(name="category", value="\u202e")
@example(name="published_on", value="9999-99-99")
@example(name="published_on", value="๙ มิถุนายน ๙๙๙๙๙")
@example(name="attachments", value=[{"path": "\0"}])
@example(name="attachments", value=[{"path": "a" * 5000}])
@example(name="attachments", value=[{"path": "\ud800"}])
@example(name="attachments", value=[{"path": "manifest.jsonl"}])
@example(name="attachments", value=[{"path": "."}])
@settings(max_examples=150)
def test_any_value_in_any_field(site: Site, name: str, value: Any) -> None:
    reasons = take(site, json.dumps(WHOLE | {name: value}))
    assert all(any("ก" <= letter <= "๛" for letter in reason) for reason in reasons), reasons


@pytest.mark.parametrize("bad", [b"no document \x00\xff\x00", b""])
def test_a_line_whose_file_is_refused_leaves_no_record(site: Site, tmp_path: Path, bad: bytes) -> None:
    (tmp_path / "good.pdf").write_bytes(memo("ดี"))
    (tmp_path / "bad.pdf").write_bytes(bad)
    files = [{"path": "good.pdf"}, {"path": "bad.pdf"}]
    line = WHOLE | {"ref": f"{tmp_path}", "attachments": files}
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(
        json.dumps(line) + "\n" + json.dumps(line | {"ref": f"{tmp_path}-2", "attachments": []})
    )
    refused = import_manifest(site.services, manifest, lambda _done, _total: None)
    assert (refused.added, refused.files, refused.total) == (1, 0, 2)
    assert [where for where, _why in refused.problems] == ["บรรทัด 1"]
    assert site.services.announcements.by_external_ref(f"{tmp_path}") is None
    (tmp_path / "bad.pdf").write_bytes(memo("แก้แล้ว"))
    mended = import_manifest(site.services, manifest, lambda _done, _total: None)
    assert (mended.added, mended.already_present, mended.files, mended.problems) == (1, 1, 2, [])
    made = site.services.announcements.by_external_ref(f"{tmp_path}")
    assert made is not None
    attached = site.services.attachments.by_announcement([made.id])[made.id]
    assert [each.filename for each in attached] == ["good.pdf", "bad.pdf"]


def test_a_line_whose_file_has_too_long_a_label_leaves_no_record(site: Site, tmp_path: Path) -> None:
    (tmp_path / "good.pdf").write_bytes(memo("ดี"))
    manifest = tmp_path / "m.jsonl"
    files = [{"path": "good.pdf"}, {"path": "good.pdf", "label": "ก" * 400}]
    manifest.write_text(json.dumps(WHOLE | {"ref": f"{tmp_path}", "attachments": files}))
    report = import_manifest(site.services, manifest, lambda _done, _total: None)
    assert (report.added, report.files, len(report.problems)) == (0, 0, 1)
    assert site.services.announcements.by_external_ref(f"{tmp_path}") is None


@pytest.mark.parametrize(
    "line", ["[" * 100_000, "{" * 9000, '{"a":' * 50_000, "1" * 10_000, "nul", "\ud800", "NaN", '"x"']
)
def test_a_line_that_is_none_is_named(site: Site, line: str) -> None:
    assert len(take(site, line, json.dumps(WHOLE))) == 1


@given(text=st.text(st.characters(exclude_categories=())) | st.binary().map(legacy_site.decode_page))
@example(text="<html>" * 20_000)
@example(text="<!doctype html><p>" + "<b>" * 50_000)
@example(text="x\nBy : ก เมื่อ : 9 มิถุนายน 2564 อ่าน : 9999999999999999999999")
@example(text="x\nBy : ก เมื่อ : 31 กุมภาพันธ์ 2564 อ่าน : 1")
@example(text="<html><body>\ud800</body></html>")
@example(text="<html>\0</html>")
def test_any_page_of_an_older_site(text: str) -> None:
    rules = load_site()
    with suppress(Invalid):
        assert legacy_site.parse_page(text, name="page", rules=rules).draft.title


HUGE = "9" * 20


@pytest.mark.parametrize(
    ("method", "path", "form", "headers", "expected"),
    [
        ("get", "/announcements/999", {}, {"If-None-Match": "*"}, 404),
        ("get", f"/report?announcement={HUGE}", {}, {}, 200),
        ("get", f"/report?attachment={HUGE}", {}, {}, 200),
        ("post", "/report", {"kind": "other", "attachment": HUGE, "text": "ก"}, {}, 303),
        ("post", "/report", {"kind": "other"}, {"Origin": "http://[::1"}, 400),
        ("post", "/follow", {"address": "a@example.go.th"}, {"Origin": "http://[::1"}, 400),
        ("post", "/staff/announcements/new", {"title": "ก"}, {"Referer": "http://[x"}, 302),
    ],
)
def test_an_odd_request_of_a_visitor_is_refused(
    site: Site, method: str, path: str, form: dict[str, str], headers: dict[str, str], expected: int
) -> None:
    sent_from = {"Origin": "http://localhost", "User-Agent": "Firefox"} | headers
    answer = site.client().open(path, method=method.upper(), data=form or None, headers=sent_from)
    assert answer.status_code == expected, answer.text


@pytest.mark.parametrize("host", ["a..b", "..", "xn--a", "a" * 64, "a..b:8000"])
def test_a_host_that_no_site_can_have_is_refused(site: Site, host: str) -> None:
    environ = EnvironBuilder("/").get_environ() | {"HTTP_HOST": host}
    _body, status, _headers = run_wsgi_app(site.app, environ)
    assert status == "400 BAD REQUEST"
    assert may_send_large_body(site.app, environ) is False


@pytest.mark.parametrize("number", [HUGE, "9" * 15, "๙" * 30, "9" * 5000])
def test_a_number_that_no_announcement_can_have_is_refused_in_a_collection(site: Site, number: str) -> None:
    form = {"title": "ชุด", "place": "1", "label": "ก", "announcement": number}
    answer = site.signed_in(Role.ADMIN).post("/staff/collections/new", data=form)
    assert answer.status_code == 200
    assert "ไม่ใช่เลขหรือลิงก์ของประกาศ" in answer.text


def test_an_item_to_disclose_of_no_year_is_refused(site: Site) -> None:
    staff = site.signed_in(Role.STAFF)
    for told in (f"{HUGE} o1 0", f"2569 o1 {HUGE}", "2569 o1", "๒๕๖๙ ไม่มี 0"):
        assert staff.get("/staff/announcements/new", query_string={"disclose": told}).status_code == 422, told
        answer = staff.post("/staff/announcements/new", data={"title": "ก", "disclose": told})
        assert 'class="notice bad"' in answer.text, told
    assert site.services.announcements.count_by_status()["draft"] == 0


def test_a_draft_has_no_visits_and_no_answer_of_its_own(site: Site) -> None:
    draft = site.announcement("ร่างลับ", status=Status.DRAFT)
    client = site.client()
    for headers in ({"If-None-Match": "*"}, {}):
        told = {"User-Agent": "Firefox"} | headers
        answers = [client.get(f"/announcements/{id}", headers=told) for id in (draft.id, 999)]
        assert [each.status_code for each in answers] == [404, 404]
        again = [each.headers.get("ETag", "") for each in answers]
        tags = [
            client.get(f"/announcements/{draft.id}", headers=told | {"If-None-Match": tag}) for tag in again
        ]
        assert [each.status_code for each in tags] == [404, 404]
    assert site.services.announcements.get(draft.id).views == 0
