"""An announcement that closes on a day: typed, told, exported, imported, and found while it is open."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re

import pytest
from click.testing import CliRunner

from archive import thai
from archive.errors import Invalid
from archive.model import Role
from tests.web.conftest import Site, open_site
from web.cli import main

TODAY = thai.today()
CLOSES = TODAY + dt.timedelta(days=10)
CLOSED = TODAY - dt.timedelta(days=1)
"""A run over midnight makes these a day older, which changes nothing."""
NEW = {"title": "ประกาศสอบราคา", "author": "กองช่าง", "published_on": TODAY.isoformat()}


def test_the_api_takes_and_tells_it(site: Site) -> None:
    client, token = site.client(), site.token()
    made = client.post("/api/v1/announcements", json=NEW | {"expires_on": CLOSES.isoformat()}, headers=token)
    assert (made.status_code, made.json["expires_on"]) == (201, CLOSES.isoformat())
    address = f"/api/v1/announcements/{made.json['id']}"
    thai_date = thai.format_date(CLOSED)
    assert client.patch(address, json={"expires_on": thai_date}, headers=token).json["expires_on"] == (
        CLOSED.isoformat()
    )
    assert client.patch(address, json={"expires_on": None}, headers=token).json["expires_on"] is None
    plain = client.post("/api/v1/announcements", json=NEW, headers=token)
    assert plain.json["expires_on"] is None
    assert client.patch(address, json={"expires_on": "พรุ่งนี้"}, headers=token).status_code == 422
    described = client.get("/openapi.json").json["components"]["schemas"]["AnnouncementOut"]["properties"]
    assert described["expires_on"]["format"] == "date"


@pytest.mark.parametrize("day", [dt.date(1800, 1, 1), TODAY.replace(year=TODAY.year + 100, day=1)])
def test_an_unlikely_day_is_refused(site: Site, day: dt.date) -> None:
    made = site.announcement("ประกาศ")
    with pytest.raises(Invalid, match="ไม่น่าถูกต้อง"):
        site.services.commands.announcements.revise(made.id, {"expires_on": day}, actor="test")


def test_staff_type_it_as_they_write_dates(site: Site) -> None:
    made = site.announcement("ประกาศสอบราคา")
    staff = site.signed_in(Role.STAFF)
    edit = f"/staff/announcements/{made.id}"
    page = staff.get(edit).text
    assert 'for="expires_on"' in page
    last_change = page.partition('name="last_change" value="')[2].partition('"')[0]
    form = {"last_change": last_change, "title": made.title, "published_on": "9 มิถุนายน 2564", "kind": "news"}
    staff.post(edit, data=form | {"expires_on": thai.format_date(CLOSES)})
    assert site.services.announcements.get(made.id).expires_on == CLOSES
    assert f'value="{thai.format_date(CLOSES)}"' in staff.get(edit).text
    history = staff.get(f"{edit}/history").text
    assert "หมดเขต" in history
    assert thai.format_date(CLOSES) in history


def test_residents_see_when_it_closes(site: Site) -> None:
    site.announcement("ประกาศสอบราคา", expires_on=CLOSES)
    site.announcement("ประกาศเก่า", expires_on=CLOSED)
    site.work()
    client = site.client()
    for path in ("/announcements/1", "/search?q=สอบราคา", "/"):
        assert f"หมดเขต {thai.format_date(CLOSES)}" in _text(client.get(path).text), path
    assert "หมดเขตแล้ว" in client.get("/announcements/2").text


def test_it_is_exported_and_imported(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    site.announcement("ประกาศสอบราคา", expires_on=CLOSES)
    site.announcement("ไม่มีกำหนด")
    table = site.client().get("/open-data/announcements.csv").text.removeprefix("\ufeff")
    days = {row["title"]: row["expires_on"] for row in csv.DictReader(io.StringIO(table))}
    assert days == {"ประกาศสอบราคา": CLOSES.isoformat(), "ไม่มีกำหนด": ""}
    lines = site.client().get("/open-data/announcements.jsonl").text.splitlines()
    assert {json.loads(line)["expires_on"] for line in lines} == {CLOSES.isoformat(), None}

    folder = tmp_path_factory.mktemp("manifest")
    given = NEW | {"ref": "1", "expires_on": thai.format_date(CLOSES)}
    (folder / "list.jsonl").write_text(json.dumps(given), encoding="utf-8")
    data = folder / "data"
    done = CliRunner().invoke(main, ["import", str(folder / "list.jsonl")], env={"PRAKAT_DATA": str(data)})
    assert done.exit_code == 0, done.output
    assert open_site(data).services.announcements.get(1).expires_on == CLOSES


def test_what_is_still_open_is_found(site: Site) -> None:
    site.announcement("สอบราคาถนน", expires_on=CLOSES)
    site.announcement("สอบราคาสะพาน", expires_on=CLOSED)
    today = thai.today()
    site.announcement("สอบราคาอาคาร", expires_on=today)
    site.announcement("ผลสอบราคา")
    site.work()
    client = site.client()

    def found(arguments: str) -> list[int]:
        answer = client.get(f"/api/v1/search?{arguments}").json
        assert answer["total"] == len(answer["results"])
        return [result["id"] for result in answer["results"]]

    assert sorted(found("q=สอบราคา")) == [1, 2, 3, 4]
    assert sorted(found("q=สอบราคา&open=true")) == [1, 3]
    assert found("sort=closing") == [3, 1]
    facets = client.get("/api/v1/search?open=true").json["facets"]
    assert facets["year"] == [{"value": 2564, "count": 2}]
    results = {
        each["id"]: each["expires_on"] for each in client.get("/api/v1/search?q=สอบราคา").json["results"]
    }
    assert results == {1: CLOSES.isoformat(), 2: CLOSED.isoformat(), 3: today.isoformat(), 4: None}

    page = client.get("/search?q=สอบราคา").text
    assert "ยังไม่หมดเขต" in page
    assert "ใกล้หมดเขต" in page
    narrowed = _text(client.get("/search?q=สอบราคา&open=true").text)
    assert "ยังไม่หมดเขต ✕" in narrowed
    assert "สะพาน" not in narrowed


def test_the_index_follows_a_changed_day(site: Site) -> None:
    made = site.announcement("สอบราคาถนน", expires_on=CLOSED)
    site.work()
    address = "/api/v1/search?q=สอบราคา&open=true"
    assert site.client().get(address).json["total"] == 0
    site.services.commands.announcements.revise(made.id, {"expires_on": CLOSES}, actor="test")
    site.work()
    assert site.client().get(address).json["total"] == 1


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
