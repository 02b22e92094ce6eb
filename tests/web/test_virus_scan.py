"""No file is stored unless the virus scanner has looked through it, whichever way it comes."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.importers.site_rules import load_site
from archive.model import Role
from tests.factories.memos import memo
from tests.scanners import FINDING, VIRUS, clamd, free_port
from tests.web.conftest import BROWSER, Site, open_site
from tests.web.test_import_site import FIRST, PAGE, SECOND
from web.app import create_app
from web.bootstrap import build_services
from web.importing import import_manifest, import_site

INFECTED = b"%PDF-1.7 " + VIRUS
NOBODY = "/nowhere/clamd.socket"


@pytest.fixture(scope="module")
def scanner() -> Iterator[str]:
    with clamd() as address:
        yield address


@pytest.fixture
def guarded(tmp_path: Path, scanner: str) -> Site:
    return with_scanner(tmp_path, scanner)


def with_scanner(folder: Path, address: str) -> Site:
    services = build_services(replace(open_site(folder / "data").services.settings, clamd=address))
    app = create_app(services)
    app.config["WTF_CSRF_ENABLED"] = False
    return Site(services, app)


def kept(site: Site) -> tuple[object, ...]:
    """Returns everything that an upload might leave behind."""
    services = site.services
    ids = [id for id, _ in services.history.changed_since(0, limit=100)]
    half = list((services.settings.data / "files" / "incoming").iterdir())
    return (
        services.attachments.by_announcement(ids),
        list(services.files.all()),
        services.jobs.count_by_status(),
        half,
    )


def by_api(site: Site, data: bytes) -> tuple[int, str]:
    token = site.token(f"token {len(site.services.people.tokens.all())}")
    file = {"file": (io.BytesIO(data), "ประกาศ.pdf")}
    answer = site.client().post("/api/v1/announcements/1/attachments", data=file, headers=token)
    return answer.status_code, answer.get_data(as_text=True)


def by_script(site: Site, data: bytes) -> tuple[int, str]:
    file = {"file": (io.BytesIO(data), "ประกาศ.pdf")}
    browser = site.signed_in(Role.STAFF)
    answer = browser.post("/staff/announcements/1/attachments", data=file, headers=BROWSER)
    return answer.status_code, answer.get_data(as_text=True)


def by_form(site: Site, data: bytes) -> tuple[int, str]:
    browser = site.signed_in(Role.STAFF)
    written = {"title": "มีไฟล์มาด้วย", "published_on": "9 มิถุนายน 2564"}
    form = written | {"files": (io.BytesIO(data), "ประกาศ.pdf")}
    answer = browser.post("/staff/announcements/new", data=form, headers=BROWSER, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


WAYS = pytest.mark.parametrize("send", [by_api, by_script, by_form])
Send = Callable[[Site, bytes], tuple[int, str]]


@WAYS
def test_a_virus_is_refused_by_its_name_and_nothing_of_it_stays(
    guarded: Site, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.announcement("ประกาศ")
    _, files, jobs, _ = kept(guarded)
    with caplog.at_level(logging.WARNING, "prakat.security"):
        status, text = send(guarded, INFECTED)
    assert status == (200 if send is by_form else 422)
    assert f"พบ {FINDING}" in text
    assert kept(guarded)[1:] == (files, jobs, [])
    (line,) = [each for each in caplog.records if each.message == "refused a file"]
    assert FINDING in line.__dict__["why"]
    assert line.__dict__["file"] == "ประกาศ.pdf"


@WAYS
def test_what_is_clean_is_kept_to_the_byte(guarded: Site, send: Send) -> None:
    guarded.announcement("ประกาศ")
    data = memo("ขออนุมัติซ่อมถนน") + b"\n" * 300_000
    send(guarded, data)
    (file,) = guarded.services.files.all()
    with guarded.services.files.open(file.sha256) as stream:
        assert stream.read() == data


@WAYS
def test_the_line_of_an_upload_has_the_time_of_storing_and_of_the_scan_in_it(
    guarded: Site, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.announcement("ประกาศ")
    with caplog.at_level(logging.INFO, "prakat.request"):
        send(guarded, memo("ขออนุมัติซ่อมถนน") + b"\n" * 300_000)
    (line,) = (each.__dict__ for each in caplog.records if "upload_ms" in each.__dict__)
    assert 0 < line["scan_ms"] <= line["upload_ms"] <= line["ms"]


@WAYS
def test_without_an_answer_nothing_is_taken(tmp_path: Path, send: Send) -> None:
    site = with_scanner(tmp_path, NOBODY)
    site.announcement("ประกาศ")
    _, files, jobs, _ = kept(site)
    status, text = send(site, memo("สะอาด"))
    assert status == (200 if send is by_form else 503)
    assert "โปรแกรมตรวจไวรัสไม่ตอบ จึงยังไม่รับไฟล์" in text
    assert kept(site)[1:] == (files, jobs, [])


def test_programs_are_told_when_to_try_again(tmp_path: Path) -> None:
    site = with_scanner(tmp_path, NOBODY)
    made = site.announcement("ประกาศ")
    answer = site.client().post(
        f"/api/v1/announcements/{made.id}/attachments",
        data={"file": (io.BytesIO(memo("สะอาด")), "a.pdf")},
        headers=site.token(),
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json["code"] == "scanner-unavailable"  # type: ignore[index]


def test_a_silent_scanner_is_named_by_readyz(tmp_path: Path, scanner: str) -> None:
    silent = with_scanner(tmp_path, NOBODY).client().get("/readyz").json["checks"]  # type: ignore[index]
    assert "ไม่ตอบ" in silent["scanner"]
    answering = with_scanner(tmp_path, scanner).client().get("/readyz").json["checks"]  # type: ignore[index]
    assert answering["scanner"] == "ok"


def test_over_the_network_too(tmp_path: Path) -> None:
    with clamd(port=free_port()) as address:
        site = with_scanner(tmp_path, address)
        site.announcement("ประกาศ")
        assert by_api(site, INFECTED)[0] == 422
        assert by_api(site, memo("สะอาด"))[0] == 202


@pytest.mark.parametrize(
    "options",
    ["StreamMaxLength 128K", "AlertExceedsMax yes\nMaxFileSize 256K"],
)
def test_what_was_not_looked_through_whole_is_not_taken(tmp_path: Path, options: str) -> None:
    with clamd(options=options) as address:
        site = with_scanner(tmp_path, address)
        site.announcement("ประกาศ")
        status, text = by_api(site, memo("ใหญ่") + b" " * 400_000)
        assert (status, json.loads(text)["code"]) == (413, "not-scanned")
        assert list(site.services.files.all()) == []
        assert by_api(site, memo("เล็ก"))[0] == 202


def test_a_scanner_that_dies_meanwhile_is_no_verdict(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        place = tmp_path / "s"
        listening.bind(str(place))
        listening.listen()

        def die() -> None:
            connection, _ = listening.accept()
            connection.recv(1024)
            connection.close()

        dying = threading.Thread(target=die)
        dying.start()
        site = with_scanner(tmp_path, str(place))
        site.announcement("ประกาศ")
        with pytest.raises(Unavailable):
            site.attach(1, memo("สะอาด") + b" " * (4 << 20))
        dying.join()
    assert list(site.services.files.all()) == []


def manifest(folder: Path) -> Path:
    (folder / "bad.pdf").write_bytes(INFECTED)
    (folder / "good.pdf").write_bytes(memo("สะอาด"))
    line = {
        "ref": "a",
        "title": "ประกาศ",
        "published_on": "2021-06-09",
        "attachments": [{"path": "bad.pdf"}, {"path": "good.pdf"}],
    }
    (folder / "m.jsonl").write_text(json.dumps(line), encoding="utf-8")
    return folder / "m.jsonl"


def test_import_names_the_file_and_takes_the_other_announcements(guarded: Site, tmp_path: Path) -> None:
    path = manifest(tmp_path)
    clean = json.loads(path.read_text(encoding="utf-8")) | {"ref": "b", "attachments": [{"path": "good.pdf"}]}
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{json.dumps(clean)}", encoding="utf-8")
    report = import_manifest(guarded.services, path, lambda _done, _total: None)
    ((where, why),) = report.problems
    assert where == "บรรทัด 1"
    assert why.startswith("bad.pdf: ")
    assert FINDING in why
    assert (report.added, report.files) == (1, 1)
    assert guarded.services.announcements.by_external_ref("a") is None
    made = guarded.services.announcements.by_external_ref("b")
    assert made is not None
    attached = guarded.services.attachments.by_announcement([made.id])[made.id]
    assert [each.filename for each in attached] == ["good.pdf"]


def test_import_ends_without_a_scanner_and_is_completed_later(tmp_path: Path, scanner: str) -> None:
    path = manifest(tmp_path)
    with pytest.raises(Unavailable):
        import_manifest(with_scanner(tmp_path, NOBODY).services, path, lambda _done, _total: None)
    site = with_scanner(tmp_path, scanner)
    report = import_manifest(site.services, path, lambda _done, _total: None)
    assert len(report.problems) == 1
    (tmp_path / "bad.pdf").write_bytes(memo("แก้แล้ว"))
    completed = import_manifest(site.services, path, lambda _done, _total: None)
    assert (completed.added, completed.files, completed.problems) == (1, 2, [])


def test_import_site_keeps_the_page_and_the_place_of_a_refused_file(guarded: Site, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "news17.html").write_bytes(PAGE.format(charset="windows-874").encode("cp874"))
    (saved / FIRST).write_bytes(INFECTED)
    (saved / SECOND).write_bytes(memo("สอง"))

    def take() -> list[tuple[str, str]]:
        return import_site(guarded.services, saved, load_site(), lambda _done, _total: None).problems

    ((where, why),) = take()
    assert where == "news17.html"
    assert FINDING in why
    mention = f"เอกสารแนบ 1. ประกาศรับสมัคร [{FIRST}]"
    assert guarded.services.announcements.get(1).body.endswith(mention)
    assert len(take()) == 1
    assert guarded.services.announcements.get(1).body.count(mention) == 1
    (saved / FIRST).write_bytes(memo("หนึ่ง"))
    assert take() == []
    assert mention not in guarded.services.announcements.get(1).body
    assert [each.filename for each in guarded.services.attachments.by_announcement([1])[1]] == [
        FIRST,
        SECOND,
    ]
