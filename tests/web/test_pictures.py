"""Page pictures while many are asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import indexer.worker
from archive.eraser import Eraser
from archive.erasure import ErasureScope
from indexer.extraction import cross_process_semaphore, page_images
from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore
from indexer.extraction.page_images import PagePictures
from storage.files.local import LocalFiles
from tests.factories.memos import memo
from tests.web.conftest import Site, until, working
from web.serving import http_caching
from web.serving.http_server import HURRY

AT_ONCE = {HURRY: "1"}


@pytest.fixture
def shown(site: Site) -> tuple[Site, FlaskClient, str]:
    made = site.announcement("ประกาศ")
    attached = site.attach(made.id, memo("ขออนุมัติจัดซื้อหลอดไฟฟ้าสำหรับถนนสายบ้านหนองปลาดุก จำนวน 20 ดวง"))
    site.work()
    return site, site.client(), f"/announcements/{made.id}/attachments/{attached.id}/pages/1.webp?width=240"


def test_while_others_are_made_the_page_without_marks_stands_in(shown: tuple[Site, FlaskClient, str]) -> None:
    site, client, path = shown
    with ExitStack() as taken:
        slots = CrossProcessSemaphore(site.services.settings.data / "pictures", page_images.AT_ONCE)
        for number in range(page_images.AT_ONCE):
            taken.enter_context(slots.hold_slot(f"10.0.0.{number}", seconds=1.0))
        refused = client.get(f"{path}&q=หลอดไฟ", headers=AT_ONCE)
        assert (refused.status_code, refused.data) == (202, b"")
        assert refused.headers["Cache-Control"] == "no-store"
        assert 0 < int(refused.headers["Retry-After"]) < 10
        assert client.get("/healthz").status_code == 200
    plain = client.get(path)
    assert plain.status_code == 200
    with ExitStack() as taken:
        for number in range(page_images.AT_ONCE):
            taken.enter_context(slots.hold_slot(f"10.0.0.{number}", seconds=1.0))
        stand_in = client.get(f"{path}&q=หลอดไฟ", headers=AT_ONCE)
        assert stand_in.get_data() == plain.get_data()
        assert stand_in.headers["Cache-Control"] == "no-store"
    marked = client.get(f"{path}&q=หลอดไฟ")
    assert marked.status_code == 200
    assert marked.get_data() != plain.get_data()


def test_who_must_hurry_waits_for_no_picture_that_another_asked_for(
    shown: tuple[Site, FlaskClient, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, client, path = shown
    is_waiting = threading.Event()

    class NotedSleep:
        monotonic = staticmethod(time.monotonic)

        def sleep(self, seconds: float) -> None:
            is_waiting.set()
            time.sleep(seconds)

    monkeypatch.setattr(cross_process_semaphore, "time", NotedSleep())
    monkeypatch.setattr(http_caching, "MOST_SECONDS_IN_MAKING", 60.0)  # longer than a picture waits
    slots = CrossProcessSemaphore(site.services.settings.data / "pictures", page_images.AT_ONCE)
    with ThreadPoolExecutor(1) as pool, slots.hold_slot("127.0.0.1", seconds=1.0):
        first = pool.submit(lambda: client.get(path).status_code)
        assert is_waiting.wait(30.0)
        hurried = site.client().get(path, headers=AT_ONCE)
        assert not first.done()
        assert hurried.status_code == 202


def test_the_last_of_six_pictures_of_one_page_waits_for_its_turn(
    shown: tuple[Site, FlaskClient, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser asks for six at once; one address gets one at a time, each in about a second."""
    site, client, path = shown
    taken = ExitStack()

    class FiveSecondsLater:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds
            if self.now > 5.0:
                taken.close()

    with taken:
        slots = CrossProcessSemaphore(site.services.settings.data / "pictures", page_images.AT_ONCE)
        taken.enter_context(slots.hold_slot("127.0.0.1", seconds=1.0))
        monkeypatch.setattr(cross_process_semaphore, "time", FiveSecondsLater())
        assert client.get(f"{path}&q=หลอดไฟ&crop=hit").status_code == 200


def test_a_piece_of_the_page_around_the_hit(shown: tuple[Site, FlaskClient, str]) -> None:
    _, client, path = shown
    piece = client.get(f"{path}&q=หลอดไฟ&crop=hit")
    assert piece.mimetype == "image/webp"
    assert piece.get_data() != client.get(f"{path}&q=หลอดไฟ").get_data()
    assert client.get(f"{path}&crop=other").get_data() == client.get(path).get_data()
    assert client.get(path.replace("width=240", "width=7")).status_code == 200


def test_a_worker_with_nothing_to_read_draws_what_results_show_first(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.worker, "CALM", 0.0)
    made = site.announcement("ประกาศ")
    attached = site.attach(made.id, memo("ขออนุมัติจัดซื้อหลอดไฟฟ้า จำนวน 20 ดวง"))
    with working(site.services):
        cache = site.services.settings.data / "pictures"
        until(lambda: any(cache.glob(f"**/{attached.sha256}-1-1000-*")), seconds=60)
    page = site.services.pages.get(attached.id, 1)
    drawn = site.services.pictures.cached_picture(
        site.services.attachments.get(attached.id), page, width=1000
    )
    asked = site.client().get(f"/announcements/{made.id}/attachments/{attached.id}/pages/1.webp?width=1000")
    assert asked.get_data() == drawn


class ErasingFiles(LocalFiles):
    """Erases the attachment when its picture is made, but not yet in the cache."""

    eraser: Eraser
    attachment_id: int
    is_erased = False

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        with super().local_path(sha256) as path:
            yield path
        self.eraser.erase_attachment_or_versions(
            self.attachment_id, ErasureScope.ATTACHMENT, ordered_by="นายก", reason="ตามคำขอ", actor="demo"
        )
        self.is_erased = True


def test_no_picture_stays_of_what_is_erased_while_it_is_drawn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.worker, "CALM", 0.0)
    data = site.services.settings.data
    files = ErasingFiles(data / "files")
    pictures = PagePictures(files, data / "pictures")
    attached = site.attach(site.announcement("ประกาศ").id, memo("ขออนุมัติจัดซื้อหลอดไฟฟ้า จำนวน 20 ดวง"))
    files.eraser, files.attachment_id = site.services.eraser, attached.id
    with working(replace(site.services, pictures=pictures)):
        until(lambda: files.is_erased, seconds=60)
    assert not list((data / "pictures").glob("**/*.webp"))
