"""Monitoring reports red when residents or staff are not served in full, and only then."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from indexer.reindex import rebuild
from tests.disks import small_disk
from tests.factories.memos import memo
from tests.torture.service import Service
from tests.web.conftest import Site, open_site
from web.serving.health import STUCK, heartbeat_path
from web.serving.metrics import SharedHistogram

LONG_AGO = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)


def well(site: Site) -> Site:
    """Bring the site into the state of a running service."""
    rebuild(site.services.records, site.services.index)
    heartbeat_path(site.services.settings).touch()
    return site


def readiness(site: Site) -> tuple[int, dict[str, str]]:
    answer = site.client().get("/readyz")
    return answer.status_code, {
        name: said
        for name, said in answer.json["checks"].items()
        if said != "ok"  # type: ignore[index]
    }


def numbers(site: Site) -> dict[str, float]:
    """Returns the samples of ``/metrics`` by name and labels, as Prometheus reads them."""
    text = site.client().get("/metrics").get_data(as_text=True)
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_no_check_tells_a_path(site: Site) -> None:
    """Anybody may ask."""
    well(site)
    heartbeat = heartbeat_path(site.services.settings)
    heartbeat.unlink()
    heartbeat.symlink_to(heartbeat)
    assert readiness(site) == (503, {"worker": "Too many levels of symbolic links"})


def test_a_running_service_is_ready(site: Site) -> None:
    site.announcement("ประกาศ")
    well(site)
    assert readiness(site) == (200, {})
    assert site.client().get("/healthz").json == {"status": "ok"}


def later(site: Site, statement: str) -> None:
    """Run ``statement`` with a time long ago, as if time had passed since something was written."""
    with site.services.database.write():  # type: ignore[attr-defined]  # the embedded engine's
        site.services.database.run(statement, at=LONG_AGO.isoformat(timespec="microseconds"))  # type: ignore[attr-defined]


def no_worker(site: Site) -> None:
    heartbeat_path(site.services.settings).unlink()


def dead_worker(site: Site) -> None:
    an_hour_ago = time.time() - 3600
    os.utime(heartbeat_path(site.services.settings), (an_hour_ago, an_hour_ago))


def clock_set_back(site: Site) -> None:
    in_an_hour = time.time() + 3600
    os.utime(heartbeat_path(site.services.settings), (in_an_hour, in_an_hour))


def stuck_queue(site: Site) -> None:
    site.attach(site.announcement("มีเอกสาร").id, b"%PDF-1.7 waits")
    rebuild(site.services.records, site.services.index)
    later(site, "UPDATE attachment SET queued_at = :at")


def index_left_behind(site: Site) -> None:
    site.announcement("ไม่มีใครทำดัชนี")
    later(site, "UPDATE announcement SET updated_at = :at")


def damaged_database(site: Site) -> None:
    """Overwrite the first page of the history's table, which no other check reads."""
    site.announcement("มีประวัติ")
    rebuild(site.services.records, site.services.index)
    site.services.database.checkpoint_if_possible()
    path = site.services.settings.data / "prakat.sqlite"
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'history'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 200)


def no_index(site: Site) -> None:
    shutil.rmtree(site.services.settings.data / "index")


def torn_index(site: Site) -> None:
    site.announcement("ดัชนีจะเสีย")
    rebuild(site.services.records, site.services.index)
    for path in (site.services.settings.data / "index").glob("*/MAIN_*"):
        path.unlink()


@pytest.mark.parametrize(
    ("trouble", "named"),
    [
        (no_worker, "worker"),
        (dead_worker, "worker"),
        (clock_set_back, "worker"),
        (stuck_queue, "queue"),
        (damaged_database, "database"),
        (index_left_behind, "index"),
        (no_index, "index"),
        (torn_index, "index"),
    ],
)
def test_trouble_is_named(site: Site, trouble: Callable[[Site], None], named: str) -> None:
    well(site)
    trouble(site)
    again = open_site(site.services.settings.data)  # as after a restart
    status, said = readiness(again)
    assert (status, set(said)) == (503, {named})


def test_a_long_queue_is_no_trouble_while_it_is_worked_on(site: Site) -> None:
    well(site)
    stuck_queue(site)
    site.attach(1, b"%PDF-1.7 is being read")
    rebuild(site.services.records, site.services.index)
    site.services.jobs.claim("w", lease=STUCK, now=dt.datetime.now(dt.UTC))
    assert readiness(site) == (200, {})


def test_a_real_worker_that_stands_still_or_dies(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", tmp_path / "log")
    service.start()
    try:
        service.hold_worker(held=True)
        until(lambda: service.api.readiness()[0] == 503)
        until(service.api.ready)  # though nobody lets it go on: another has taken its place
        service.kill("worker")
        until(service.api.ready)
    finally:
        service.kill("all")
    until(lambda: service.left_behind() == [])  # the fork server ends once it has loaded its libraries


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, a little larger than what must stay free."""
    with small_disk(tmp_path, "280m"):
        yield tmp_path


def test_a_full_disk_is_trouble(disk: Path) -> None:
    site = well(open_site(disk / "data"))
    assert readiness(site) == (200, {})
    with (disk / "ballast").open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, 40 << 20)
    assert readiness(site) == (503, {"files": "พื้นที่ดิสก์เหลือน้อย (disk almost full)"})


def test_a_read_only_disk_is_trouble(disk: Path) -> None:
    site = well(open_site(disk / "data"))
    site.services.database.close()  # type: ignore[attr-defined]  # or it could not be made read-only
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    status, said = readiness(site)
    assert status == 503
    assert said["files"] == "ที่เก็บข้อมูลเขียนไม่ได้ (data directory is read-only)"
    assert "database" in said


def test_work_is_counted(site: Site) -> None:
    made = site.announcement("ประกาศ")
    site.attach(made.id, memo("ขออนุมัติจัดซื้อหลอดไฟฟ้าสำหรับถนนสายบ้านหนองปลาดุก จำนวน 20 ดวง"))
    before = numbers(site)
    assert before["prakat_attachments waiting"] == 1
    site.work()
    for typed in ("ประกาศ", "หลอดไฟ"):
        site.client().get("/search", query_string={"q": typed})
    after = numbers(site)
    assert after["prakat_pages_read_total"] == before["prakat_pages_read_total"] + 1
    assert after["prakat_ocr_seconds_total"] >= before["prakat_ocr_seconds_total"]
    assert after["prakat_search_seconds_count"] == before["prakat_search_seconds_count"] + 2
    assert after["prakat_attachments ready"] == 1
    assert after["prakat_queue_age_seconds"] == 0
    assert after["prakat_index_lag_changes"] == 0
    assert after["prakat_index_age_seconds"] >= 0
    assert after["prakat_disk_free_bytes"] > 0
    assert after["process_resident_memory_bytes"] > 0


def test_recognition_is_counted(site: Site) -> None:
    site.services.usage_statistics.add_to_total("OCR milliseconds", 1500)
    site.services.usage_statistics.add_to_total("OCR milliseconds", 250)
    assert numbers(site)["prakat_ocr_seconds_total"] == 1.75


def test_counting_never_moves_the_archive(site: Site) -> None:
    site.announcement("ประกาศ")
    change = site.services.history.last_change()
    site.services.usage_statistics.add_to_total("change", 7)
    assert site.services.usage_statistics.running_totals()["change"] == 7
    assert site.services.history.last_change() == change


def test_searches_of_all_processes_are_counted_together() -> None:
    histogram = SharedHistogram("prakat_test_seconds", "Test")
    histogram.observe(0.004)
    pid = os.fork()
    if pid == 0:
        histogram.observe(0.3)
        os._exit(0)
    os.waitpid(pid, 0)
    [family] = histogram.collect()
    values = {(each.name, each.labels.get("le")): each.value for each in family.samples}
    assert values["prakat_test_seconds_count", None] == 2
    assert values["prakat_test_seconds_bucket", "0.005"] == 1
    assert values["prakat_test_seconds_sum", None] == pytest.approx(0.304)
