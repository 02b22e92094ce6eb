"""The system's clock jumps back an hour under a running service, and forth again (libfaketime)."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.model import Announcement, Draft, ReadingStatus, Status
from indexer import leader_leases as duties
from indexer import worker
from tests.factories.memos import memo
from tests.operation.archives import opened
from tests.torture.service import Service
from web.bootstrap import Services

ACTOR = "สมศรี ใจดี"
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
_SOON = 20.0  # seconds: of a worker's turns, while other work shares the machine

pytestmark = pytest.mark.skipif(
    not _LIBRARIES, reason="libfaketime is not installed (apt-get install faketime)"
)


class ClockedService(Service):
    """A service whose clock can be set while it runs; what it measures durations by goes on."""

    def __init__(self, folder: Path) -> None:
        self._offset = folder / "offset"
        self.data = folder / "data"
        self.set_clock(dt.timedelta())
        super().__init__(self.data, folder / "log")

    def set_clock(self, offset: dt.timedelta) -> None:
        """Set the service's clock this far from the true time, from now on."""
        new = self._offset.with_suffix(".new")
        new.write_text(f"{offset.total_seconds():+.0f}\n")
        new.replace(self._offset)

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {
            "LD_PRELOAD": str(_LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ClockedService]:
    service = ClockedService(tmp_path)
    service.start()
    yield service
    service.kill("all")
    until(lambda: service.left_behind() == [])


@pytest.fixture
def services(service: ClockedService) -> Services:
    """The services of the same archive, in a process with the true time."""
    return opened(service.data)


def scheduled(services: Services, ahead: dt.timedelta) -> Announcement:
    made = services.commands.announcements.create(
        Draft(title="ประกาศสอบราคา", body="", published_on=dt.date(2026, 6, 9)), actor=ACTOR
    )
    return services.commands.announcements.revise(
        made.id, {"publish_at": dt.datetime.now(dt.UTC) + ahead}, actor=ACTOR
    )


def published(services: Services, title: str) -> Announcement:
    draft = Draft(title=title, body="", published_on=dt.date(2026, 6, 9))
    return services.commands.publication.publish(
        services.commands.announcements.create(draft, actor=ACTOR).id, actor=ACTOR
    )


def until(true: Callable[[], bool], seconds: float = _SOON) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.2)


def test_what_is_scheduled_is_published_once_and_never_early(
    service: ClockedService, services: Services
) -> None:
    id = scheduled(services, 20 * MINUTE).id

    def is_public() -> bool:
        return services.announcements.get(id).status is Status.PUBLISHED

    for offset in (dt.timedelta(), -HOUR, dt.timedelta()):
        service.set_clock(offset)
        time.sleep(4)  # turns of a second each
        assert not is_public()
    service.set_clock(30 * MINUTE)
    until(is_public)
    for offset in (-HOUR, 30 * MINUTE):
        service.set_clock(offset)
        time.sleep(4)
    told = [change.action for change in services.history.entries(id)]
    assert told == ["create", "revise", "publish"]


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_nobody_waits_longer_than_a_lease(
    service: ClockedService, services: Services, jump: dt.timedelta
) -> None:
    """A dead worker's lease ends in time, for its document and for the duty of following the index."""
    made = published(services, "ประกาศสอบราคา")
    service.hold_worker(held=True)
    paper = services.commands.attachments.attach(
        made.id, io.BytesIO(memo("หลอดไฟ")), filename="a.pdf", actor=ACTOR
    )[0]
    claimed = services.jobs.claim("one that died", lease=worker.LEASE, now=dt.datetime.now(dt.UTC))
    assert claimed is not None
    service.set_clock(jump)
    service.kill("worker")  # another takes its place, and its duties
    until(service.api.ready, 3 * duties.LEASE.total_seconds() + _SOON)
    until(
        lambda: services.attachments.get(paper.id).status is ReadingStatus.READY,
        worker.LEASE.total_seconds() + _SOON,
    )
    published(services, "ชลประทาน")
    until(lambda: service.api.get("/search", q="ชลประทาน")["total"] == 1)
    assert service.run("check").returncode == 0


def test_history_and_search_stay_in_order(service: ClockedService, services: Services) -> None:
    """Changes made while the clock was an hour behind come after the changes made before."""
    made = service.api.post(
        "/announcements",
        {"title": "ก", "body": "", "author": "ธุรการ", "published_on": "2026-06-09", "status": "published"},
    )
    for number, offset in enumerate((-HOUR, HOUR, dt.timedelta())):
        service.set_clock(offset)
        title = f"ชลประทาน {number}"
        service.api.patch(f"/announcements/{made['id']}", {"title": title})
        until(lambda title=title: _titles(service) == [title])  # type: ignore[misc]
        until(service.api.ready)  # once the worker is heard of again
    edits = [
        change.after["title"] for change in services.history.entries(made["id"]) if "title" in change.after
    ]
    assert edits[-3:] == ["ชลประทาน 0", "ชลประทาน 1", "ชลประทาน 2"]
    assert service.run("check").returncode == 0


def _titles(service: ClockedService) -> list[str]:
    return [found["title"] for found in service.api.get("/search", q="ชลประทาน")["results"]]
