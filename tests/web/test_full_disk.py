"""A disk that fills up while staff upload: refused clearly, nothing half stored, residents notice nothing."""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.model import Role
from indexer.reindex import rebuild
from indexer.search.query.parser import parse_query
from tests.disks import small_disk
from tests.factories.memos import memo
from tests.operation.archives import checked, run
from tests.web.conftest import BROWSER, Site, open_site, until, working
from web.importing import import_manifest


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Site]:
    """A site with two announcements and a document on a disk with a quarter of a megabyte left."""
    with small_disk(tmp_path, "24m"):
        site = open_site(tmp_path / "data")
        made = site.announcement("ประกาศเรื่องถนน", body="ถนนสายบ้านหนองปลาดุก")
        site.announcement("ประกาศเรื่องขยะ", body="เก็บขยะทุกวันจันทร์")
        site.attach(made.id, memo("ขออนุมัติซ่อมถนน"))
        site.work()
        rebuild(site.services.records, site.services.index)
        room = os.statvfs(tmp_path)
        with (tmp_path / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, room.f_bavail * room.f_frsize - (1 << 18))
        yield site
        site.services.database.close()  # type: ignore[attr-defined]  # the embedded engine's


def upload() -> dict[str, object]:
    return {"file": (io.BytesIO(b"%PDF-1.7 " + os.urandom(400_000)), "ใหญ่.pdf")}


def kept(site: Site) -> tuple[object, ...]:
    services = site.services
    ids = [id for id, _ in services.history.changed_since(0, limit=100)]
    return (
        services.attachments.by_announcement(ids),
        list(services.files.all()),
        services.jobs.count_by_status(),
    )


def fill_to_the_brim(site: Site) -> None:
    with (site.services.settings.data.parent / "last").open("wb", buffering=0) as last, suppress(OSError):
        while True:
            last.write(b"x" * 4096)


def test_an_upload_over_the_api_is_refused_and_can_be_sent_again(full: Site) -> None:
    token, before = full.token(), kept(full)
    answer = full.client().post("/api/v1/announcements/1/attachments", data=upload(), headers=token)
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert "เต็ม" in answer.json["detail"]  # type: ignore[index]
    assert kept(full) == before
    assert not list((full.services.settings.data / "files" / "incoming").iterdir())
    (full.services.settings.data.parent / "ballast").unlink()
    again = full.client().post("/api/v1/announcements/1/attachments", data=upload(), headers=token)
    assert again.status_code == 202


def test_an_upload_on_the_staff_pages_is_refused(full: Site) -> None:
    browser, before = full.signed_in(Role.STAFF), kept(full)
    answer = browser.post(
        "/staff/announcements/1/attachments", data=upload(), headers=BROWSER, follow_redirects=True
    )
    assert "เต็ม" in answer.get_data(as_text=True)
    assert kept(full) == before


def test_residents_notice_nothing(full: Site) -> None:
    fill_to_the_brim(full)
    client = full.client()
    for address in (
        "/",
        "/search?q=ถนน",
        "/search?q=ไม่มีคำนี้แน่นอน",
        "/announcements/1",
        "/announcements/1/attachments/1",
        "/api/v1/search?q=ขยะ",
        "/api/v1/attachments/1/file",
        "/api/v1/attachments/1/pages/1.webp",
        "/feed.xml",
    ):
        with client.get(address, headers=BROWSER, follow_redirects=True) as answer:
            assert answer.status_code == 200, (address, answer.get_data(as_text=True)[:300])
    assert "ถนน" in client.get("/search?q=ถนน", headers=BROWSER).get_data(as_text=True)


def test_edits_are_refused_whole(full: Site) -> None:
    token = full.token()
    before = full.services.announcements.get(1)
    fill_to_the_brim(full)
    answer = full.client().patch("/api/v1/announcements/1", json={"body": "ก" * 300_000}, headers=token)
    assert answer.status_code == 503
    assert full.services.announcements.get(1) == before


def test_staff_stay_signed_in(full: Site) -> None:
    browser = full.signed_in(Role.STAFF)
    with full.services.database.write():  # type: ignore[attr-defined]  # the embedded engine's
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=10)
        full.services.database.run(  # type: ignore[attr-defined]
            "UPDATE session SET seen_at = :at", at=long_ago.isoformat(timespec="microseconds")
        )
    fill_to_the_brim(full)
    assert browser.get("/staff", headers=BROWSER).status_code == 200


def make_room(site: Site) -> None:
    for name in ("ballast", "last"):
        (site.services.settings.data.parent / name).unlink(missing_ok=True)


def test_an_import_ends_and_is_completed_later(full: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("import")
    lines = []
    for number in range(6):
        (folder / f"{number}.pdf").write_bytes(b"%PDF-1.7 " + os.urandom(100_000))
        line = {"ref": f"r{number}", "title": f"ประกาศ {number}", "published_on": "2021-06-09"}
        lines.append(json.dumps(line | {"attachments": [{"path": f"{number}.pdf"}]}))
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(Unavailable):
        import_manifest(full.services, path, lambda _done, _total: None)
    incoming = full.services.settings.data / "files" / "incoming"
    assert not list(incoming.iterdir())
    make_room(full)
    report = import_manifest(full.services, path, lambda _done, _total: None)
    assert report.problems == []
    again = import_manifest(full.services, path, lambda _done, _total: None)
    assert (again.added, again.already_present, again.files) == (0, 6, 0)
    found = [full.services.announcements.by_external_ref(f"r{number}") for number in range(6)]
    held = full.services.attachments.by_announcement(each.id for each in found if each)
    assert [len(attachments) for attachments in held.values()] == [1] * 6


# Whoosh's writer leaves files open that the full disk did not take; the command's own process ends with them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_reindex_leaves_the_index_as_it_was(full: Site) -> None:
    data = full.services.settings.data
    before = sorted(path for path in (data / "index").iterdir() if path.is_dir())
    fill_to_the_brim(full)
    refused = run(data, "reindex")
    gc.collect()  # here, not in a test that comes after
    assert refused.exit_code == 1
    assert "Traceback" not in refused.stderr
    assert isinstance(refused.exception, SystemExit), refused.exception
    assert full.services.index.search(parse_query("ถนน")).total
    make_room(full)
    done = run(data, "reindex")
    assert done.exit_code == 0, done.stderr
    assert full.services.index.search(parse_query("ถนน")).total
    assert len([path for path in (data / "index").iterdir() if path.is_dir()]) <= len(before) + 1
    assert checked(data) == (0, set())


def until_a_reading_failed(caplog: pytest.LogCaptureFixture) -> None:
    until(lambda: any("lane" in getattr(each, "step", "") for each in caplog.records), seconds=90)


def test_what_waits_to_be_read_waits_for_room(full: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The document is neither lost nor called unreadable; it is read once there is room."""
    waiting = full.attach(2, memo("ขออนุมัติจัดเก็บขยะ"))
    fill_to_the_brim(full)
    with working(full.services):
        until_a_reading_failed(caplog)
        assert full.services.attachments.get(waiting.id).status in ("waiting", "reading")
        make_room(full)
        until(lambda: full.services.attachments.get(waiting.id).status == "ready", seconds=120)


def test_a_full_disk_for_temporary_files_is_no_fault_of_a_paper(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = site.announcement("ประกาศ")
    site.attach(made.id, memo("ขออนุมัติซ่อมถนน"))
    small = tmp_path / "small"
    small.mkdir()
    with small_disk(small, "16m"):
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        said = site.client().get("/readyz").json["checks"]["files"]  # type: ignore[index]
        assert "no room for temporary files" in said
        assert str(small) not in said  # anybody may ask
        with working(site.services):
            until_a_reading_failed(caplog)
        assert site.services.attachments.get(1).status == "waiting"
        monkeypatch.undo()
    site.work()
    assert site.services.attachments.get(1).status == "ready"
