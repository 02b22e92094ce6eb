"""Files that a disk has harmed: never shown, read or drawn as if they were whole."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from lxml import html

from archive.model import Role, Status
from archive.site_profile import SiteProfile
from tests.factories.memos import memo
from tests.operation.archives import flip, overwrite, stored
from tests.web.conftest import Site, open_site
from web.serving.health import heartbeat_path


@pytest.fixture
def read(site: Site) -> Site:
    """One announcement with a memo that has been read, and whose page has been drawn once."""
    made = site.announcement("ประกาศ")
    site.attach(made.id, memo("ขออนุมัติซ่อมถนนสายบ้านหนองปลาดุก"))
    site.work()
    assert site.client().get("/api/v1/attachments/1/pages/1.webp?width=480").status_code == 200
    return site


def harm(path: Path, how: str) -> None:
    if how == "flip":
        flip(path, path.stat().st_size // 2)
    elif how == "cut":
        overwrite(path, path.read_bytes()[: path.stat().st_size // 2])
    else:
        overwrite(path, b"")


@pytest.mark.parametrize("how", ["flip", "cut", "empty"])
def test_a_damaged_original_is_refused_and_named(read: Site, how: str) -> None:
    (path,) = stored(read.services.settings.data)
    harm(path, how)
    again = open_site(read.services.settings.data)  # as after a restart
    for address in ("/api/v1/attachments/1/file", "/api/v1/attachments/1/pages/1.webp?width=1600"):
        answer = again.client().get(address)
        assert answer.status_code == 503, address
        assert answer.json["code"] == "file-damaged"  # type: ignore[index]
    assert again.client().get("/announcements/1/attachments/1/file").status_code == 503
    assert again.client().get("/announcements/1/attachments/1").status_code == 200  # its text is whole


@pytest.mark.parametrize("how", ["flip", "cut"])
def test_a_damaged_original_is_not_read(site: Site, how: str) -> None:
    made = site.announcement("ประกาศ", status=Status.DRAFT)
    site.attach(made.id, memo("ขออนุมัติซ่อมถนน"))
    (path,) = stored(site.services.settings.data)
    sound = path.read_bytes()
    harm(path, how)
    site.work()
    attachment = site.services.attachments.get(1)
    assert (attachment.status, attachment.error and attachment.error.code) == ("failed", "damaged")
    site.attach(made.id, sound)  # the same file again mends it
    site.services.jobs.queue_again([1])
    site.work()
    assert site.services.attachments.get(1).status == "ready"


@pytest.mark.parametrize("how", ["flip", "cut", "empty"])
def test_a_damaged_picture_is_drawn_again(read: Site, how: str) -> None:
    address = "/api/v1/attachments/1/pages/1.webp?width=480"
    before = read.client().get(address).data
    kept = (read.services.settings.data / "pictures").glob("*/*.webp")  # a worker may have made others
    (cached,) = [path for path in kept if path.read_bytes() == before]
    harm(cached, how)
    assert read.client().get(address).data == before
    assert cached.read_bytes() == before


@pytest.mark.parametrize("left", [b"", b"\0" * 64, b"0a1b"])
def test_a_key_that_a_power_cut_tore_is_made_anew(tmp_path: Path, left: bytes) -> None:
    first = open_site(tmp_path / "data").services.secret_key
    key = tmp_path / "data" / "secret-key"
    assert open_site(tmp_path / "data").services.secret_key == first == key.read_text()
    key.write_bytes(left)
    made = open_site(tmp_path / "data").services.secret_key
    assert len(made) == 64
    assert made == key.read_text() != first
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def checks_that_fail(site: Site) -> dict[str, str]:
    heartbeat_path(site.services.settings).touch()
    answer = site.client().get("/readyz").json
    assert answer is not None
    return {name: said for name, said in answer["checks"].items() if said != "ok"}


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_missing_original_is_told_to_reader_and_officer_at_once(
    read: Site, is_restarted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    data = read.services.settings.data
    read.services.site_profiles.save(SiteProfile(phone="02 123 4567"), actor="test")
    site = open_site(data) if is_restarted else read  # who restarted has no file in mind that was sound
    assert checks_that_fail(site) == {}
    (path,) = stored(data)
    content = path.read_bytes()
    path.unlink()
    for address in ("/api/v1/attachments/1/file", "/api/v1/attachments/1/pages/1.webp?width=1600"):
        answer = site.client().get(address)
        assert (answer.status_code, answer.json["code"]) == (503, "file-missing")  # type: ignore[index]
    page = site.client().get("/announcements/1/attachments/1/file")
    assert page.status_code == 503
    assert "ไฟล์ต้นฉบับนี้หายไปจากที่เก็บไฟล์" in page.text
    assert 'href="/announcements/1/attachments/1"' in page.text  # where its text is
    assert 'href="#contact"' in page.text
    told = [each for each in caplog.records if each.getMessage() == "original cannot be sent"]
    assert {(each.fault, each.announcement, each.attachment) for each in told} == {("missing", 1, 1)}  # type: ignore[attr-defined]

    assert set(checks_that_fail(site)) == {"originals"}
    assert site.client().get("/readyz").json["status"] == "degraded"  # type: ignore[index]
    metrics = site.client().get("/metrics").text
    assert "prakat_unsent_originals_total 3.0" in metrics
    assert "prakat_damaged_files 1.0" in metrics
    assert "หายไป 1 ไฟล์" in site.signed_in(Role.ADMIN).get("/staff/health").text
    fresh = open_site(data).client()
    for address in ("/announcements/1", "/announcements/1/attachments/1"):
        assert "ยังเปิดไม่ได้" in fresh.get(address).text
        assert "/attachments/1/file" not in html.fromstring(fresh.get(address).text).xpath("//a/@href")

    site.services.files.add(io.BytesIO(content), limit=len(content))
    assert open_site(data).client().get("/announcements/1/attachments/1/file", buffered=True).data == content
    assert checks_that_fail(site) == {}
