"""Files that a disk has harmed: never shown, read or drawn as if they were whole."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from archive.model import Status
from tests.factories.memos import memo
from tests.operation.archives import flip, overwrite, stored
from tests.web.conftest import Site, open_site


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
    (cached,) = (read.services.settings.data / "pictures").glob("*/*.webp")
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
