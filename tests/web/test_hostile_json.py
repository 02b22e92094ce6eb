"""JSON nested without end, or with numbers without end, is refused as a wrong request: never a 500."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.web.conftest import Site
from web.importing import import_manifest

DEEP = "[" * 200_000 + "]" * 200_000
LONG = "9" * 5_000
BODIES = {
    "nested lists": DEEP,
    "nested objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nested in a field": '{"title": ' + DEEP + ', "published_on": "2021-06-09"}',
    "long number": '{"title": "ก", "published_on": "2021-06-09", "views": ' + LONG + "}",
    "long number as text": '{"title": "ก", "published_on": "2021-06-09", "views": "' + LONG + '"}',
    "long negative number": '{"title": "ก", "published_on": "2021-06-09", "views": -' + LONG + "}",
    "infinite": '{"title": "ก", "published_on": "2021-06-09", "views": 1e999}',
    "not a number": '{"title": "ก", "published_on": "2021-06-09", "views": NaN}',
    "number for text": '{"title": ' + LONG + ', "published_on": "2021-06-09"}',
    "number for a date": '{"title": "ก", "published_on": ' + LONG + "}",
    "beyond the database": '{"title": "ก", "published_on": "2021-06-09", "views": 9223372036854775808}',
    "bytes that are no text": b'{"title": "\xff\xfe"}',
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["announcements", "announcements/1/publish", "announcements/1"])
def test_it_is_a_wrong_request(site: Site, name: str, path: str) -> None:
    site.announcement("มีอยู่ก่อน")
    send = site.client().patch if path.endswith("/1") else site.client().post
    answer = send(f"/api/v1/{path}", data=BODIES[name], headers=site.token(), content_type="application/json")
    assert answer.status_code in (400, 409, 413, 422) or path.endswith("publish"), answer.get_data(
        as_text=True
    )
    assert answer.status_code < 500, answer.get_data(as_text=True)
    assert answer.mimetype in ("application/problem+json", "application/json")


@pytest.mark.parametrize("name", [name for name, body in BODIES.items() if isinstance(body, str)])
def test_it_is_one_line_of_a_manifest(site: Site, tmp_path: Path, name: str) -> None:
    good = {"ref": "2", "title": "ดี", "published_on": "2021-06-09"}
    path = tmp_path / "manifest.jsonl"
    bad = str(BODIES[name]).replace('{"title"', '{"ref": "1", "title"', 1)
    path.write_text(f"{bad}\n{json.dumps(good)}\n", encoding="utf-8")
    report = import_manifest(site.services, path, lambda _done, _total: None)
    assert report.added == 1
    ((where, _why),) = report.problems
    assert where == "บรรทัด 1"
