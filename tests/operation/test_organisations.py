"""Several municipalities through the commands: imported, searched, counted, backed up, restored and moved."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from archive.model import Role
from storage.sqlite import Sqlite
from tests.web.test_cli import PASSWORD, Shell

LINES = [
    {"ref": f"{number}", "title": f"ประกาศซ่อมถนนสายที่ {number}", "published_on": "2021-06-09"}
    for number in (1, 2)
]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Two organisations that imported the same manifest."""
    shell = Shell(tmp_path / "data")
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(json.dumps(line) for line in LINES))
    shell.done("user", "add", "somsri", "--role", "staff", "--password-stdin", stdin=PASSWORD)
    shell.done("import", str(manifest))
    shell.done("organisation", "add", "bangkhen", "เทศบาลเมืองบางเขน", "--host", "bangkhen.go.th")
    shell.done("organisation", "change", "main", "--slug", "pladuk", "--name", "เทศบาลตำบลหนองปลาดุก")
    added = shell.done("import", str(manifest), "--organisation", "bangkhen")
    assert added.startswith("เพิ่ม 2 เรื่อง")
    again = shell.done("import", str(manifest), "--organisation", "bangkhen")
    assert again.startswith("เพิ่ม 0 เรื่อง มีอยู่แล้ว 2 เรื่อง")
    shell.done("reindex")
    return shell


def total(shell: Shell, *arguments: str) -> int:
    return int(json.loads(shell.done("search", "ซ่อมถนน", "--json", *arguments))["total"])


def test_what_must_be_one_s_asks_whose(shell: Shell, tmp_path: Path) -> None:
    for arguments in (
        ("user", "list"),
        ("token", "add", "web"),
        ("user", "disable", "somsri"),
        ("import", str(tmp_path / "manifest.jsonl")),
    ):
        ran = shell.run(*arguments)
        assert ran.exit_code == 2, arguments
        assert "pladuk, bangkhen, all" in ran.stderr
    assert shell.run("user", "list", "--organisation", "nowhere").exit_code == 1
    shell.done(
        *("user", "add", "somsri", "--role", "admin", "--password-stdin", "--organisation", "bangkhen"),
        stdin=PASSWORD,
    )
    shell.done(
        *("user", "add", "wanchai", "--role", "admin", "--password-stdin", "--organisation", "all"),
        stdin=PASSWORD,
    )
    assert shell.done("user", "list", "--organisation", "pladuk") == f"somsri\t{Role.STAFF}\tactive\n"
    assert shell.done("user", "list", "--organisation", "bangkhen") == f"somsri\t{Role.ADMIN}\tactive\n"
    assert shell.done("user", "list", "--organisation", "all") == f"wanchai\t{Role.ADMIN}\tactive\n"


def test_searched_and_counted_one_by_one_and_together(shell: Shell) -> None:
    assert total(shell) == 4
    assert total(shell, "--organisation", "pladuk") == 2
    answer = json.loads(shell.done("search", "ซ่อมถนน", "--json"))
    assert {each["organisation"] for each in answer["results"]} == {"pladuk", "bangkhen"}
    assert {each["url"].rsplit("/", 1)[0] for each in answer["results"]} == {
        "http://127.0.0.1:8000/pladuk/announcements",
        "http://bangkhen.go.th:8000/announcements",
    }
    for slug, root in (("pladuk", "/pladuk"), ("bangkhen", "")):
        found = json.loads(shell.done("search", "ซ่อมถนน", "--json", "--organisation", slug))["results"]
        assert {each["url"].rsplit("/", 1)[0] for each in found} == {f"{root}/announcements"}
    whole = json.loads(shell.done("stats", "--json"))
    assert (whole["announcements"]["published"], whole["index"]["announcements"]) == (4, 4)
    one = json.loads(shell.done("stats", "--json", "--organisation", "bangkhen"))
    assert one == {
        "followers": {"confirmed": 0},
        "announcements": {"draft": 0, "published": 2, "withdrawn": 0, "trashed": 0},
        "attachments": dict.fromkeys(("waiting", "reading", "ready", "failed"), 0),
        "pages": dict.fromkeys(("embedded", "ocr", "none"), 0),
    }


def test_listed_with_their_addresses(shell: Shell) -> None:
    assert shell.done("organisation", "list").splitlines() == [
        "pladuk\tเทศบาลตำบลหนองปลาดุก\thttp://127.0.0.1:8000/pladuk/",
        "bangkhen\tเทศบาลเมืองบางเขน\thttp://bangkhen.go.th:8000/",
    ]


def test_an_address_is_nobody_else_s(shell: Shell) -> None:
    for arguments in (
        ("add", "bangkhen", "อีกแห่ง"),
        ("add", "saimai", "อีกแห่ง", "--host", "bangkhen.go.th"),
        ("add", "staff", "อีกแห่ง"),
        ("add", "all", "อีกแห่ง"),
        ("change", "nowhere", "--name", "อีกแห่ง"),
        ("change", "pladuk", "--slug", "bangkhen"),
    ):
        assert shell.run("organisation", *arguments).exit_code == 1, arguments


def test_the_front_keeps_its_host(shell: Shell) -> None:
    """The host name of the settings leads to the search of all, which an organisation of that name hides."""
    front = {"PRAKAT_BASE_URL": "https://archive.nongpladuk.go.th"}
    for arguments in (("add", "saimai", "สายไหม"), ("change", "pladuk")):
        ran = shell.run("organisation", *arguments, "--host", "archive.nongpladuk.go.th", **front)
        assert ran.exit_code == 1
        assert "PRAKAT_BASE_URL" in ran.stderr
    shell.done("organisation", "change", "pladuk", "--host", "archive.nongpladuk.go.th")
    told = {each["code"]: each for each in json.loads(shell.run("doctor", "--json", **front).stdout)}
    assert "archive.nongpladuk.go.th" in told["front-address"]["message"]
    assert "front-address" not in shell.run("doctor", "--json").stdout


def test_each_has_a_watched_folder_that_is_asked_for(shell: Shell, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    inbox = {"PRAKAT_INBOX": str(scans)}
    told = shell.run("organisation", "add", "saimai", "สายไหม", **inbox).stderr
    for slug in ("saimai", "pladuk"):  # scans of the first one go to a folder of its own from now on
        assert f"install -d -o prakat -g scanner -m 2770 {scans}/{slug}" in told

    def troubles() -> list[str]:
        found = json.loads(shell.run("doctor", "--json", **inbox).stdout)
        return [each["message"] for each in found if each["code"] == "inbox"]

    assert len(troubles()) == 3
    for slug in ("pladuk", "bangkhen", "saimai"):
        (scans / slug).mkdir()
    assert troubles() == []
    (scans / "Thumbs.db").touch()
    assert troubles() == []
    (scans / "scan.pdf").write_bytes(b"%PDF-1.7")
    (lost,) = troubles()
    assert "1 ไฟล์" in lost


def test_what_belongs_to_none_is_found(shell: Shell) -> None:
    with closing(Sqlite(shell.data / "prakat.sqlite")) as database, database.write():
        database.run("UPDATE announcement SET organisation_id = 99 WHERE id = 1")
    ran = shell.run("check", "--json")
    assert ran.exit_code == 1
    assert "announcement 1: no organisation 99" in ran.stdout


@pytest.mark.parametrize("way", ["backup", "move"])
def test_carried_whole(shell: Shell, tmp_path: Path, way: str) -> None:
    if way == "backup":
        kept = tmp_path / "backup.tar"
        shell.done("backup", str(kept))
        other = Shell(tmp_path / "other")
        other.done("restore", str(kept))
    else:
        shell.done("move", "--to", str(tmp_path / "other"))
        other = Shell(tmp_path / "other")
        other.done("reindex")
    other.done("check")
    assert other.done("organisation", "list") == shell.done("organisation", "list")
    for organisation in ("pladuk", "bangkhen"):
        assert total(other, "--organisation", organisation) == 2
        assert other.done("user", "list", "--organisation", organisation) == shell.done(
            "user", "list", "--organisation", organisation
        )
    assert other.done("organisation", "add", "saimai", "เทศบาลสายไหม") == ""
