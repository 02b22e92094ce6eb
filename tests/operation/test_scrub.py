"""The slow scrub finds what a disk has done to index and originals, says so, and the index mends itself."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.ports import StoredFile
from indexer.scrub import (
    BYTES_PER_SECOND,
    LISTING_EVERY,
    RECORD,
    REPORTED,
    Scrubber,
    ScrubStopped,
    faulty_originals,
    read_scrub_record,
    report_original,
)
from storage.files.local import LocalFiles
from tests.operation.archives import answers, flip, generation, overwrite, run, stored
from tests.web.conftest import BROWSER, open_site, until, working
from web.bootstrap import Services
from web.serving.health import heartbeat_path


class Clock:
    """A clock that does not wait: it records the waits, and stops after a number of them."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.seconds, self._left = 0.0, stop_after

    def wait(self, seconds: float) -> bool:
        self.seconds += seconds
        self._left -= 1
        return self._left < 0


def scrub_of(services: Services) -> Scrubber:
    return Scrubber(services.records, services.files, services.index, services.settings.data)


def scrub_all(services: Services) -> Clock:
    """Scrub all that is due, as a worker does."""
    scrub, clock = scrub_of(services), Clock()
    scrub.scrub_index_if_due(clock.wait)
    while scrub.scrub_next_file_if_due(clock.wait):
        pass
    return clock


def readiness(data: Path) -> tuple[int, dict[str, str]]:
    """Status of the readiness check, and what it says beside "ok"."""
    site = open_site(data)
    heartbeat_path(site.services.settings).touch()
    answer = site.client().get("/readyz")
    assert answer.json is not None
    return answer.status_code, {name: said for name, said in answer.json["checks"].items() if said != "ok"}


def test_a_sound_archive_is_read_once_and_slowly(data: Path, services: Services) -> None:
    clock = scrub_all(services)
    state = read_scrub_record(services.settings.data)
    assert state.damaged_files == {}
    assert state.files_checked == len(stored(data)) == 12
    read = sum(path.stat().st_size for path in stored(data))
    assert state.bytes_checked > read
    assert clock.seconds == pytest.approx(state.bytes_checked / BYTES_PER_SECOND)
    again = Clock()
    assert not scrub_of(services).scrub_index_if_due(again.wait)
    assert not scrub_of(services).scrub_next_file_if_due(again.wait)
    assert again.seconds == 0
    assert readiness(data) == (200, {})


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_original_is_known_before_anybody_asks_for_it(
    data: Path, services: Services, how: str
) -> None:
    victim = stored(data)[3]
    content = victim.read_bytes()
    if how == "flipped":
        flip(victim, 1000)
    elif how == "cut":
        overwrite(victim, content[:100])
    else:
        victim.unlink()
    assert readiness(data) == (200, {})
    scrub_all(services)
    status, said = readiness(data)
    assert (status, set(said)) == (503, {"originals"})
    metrics = open_site(data).client().get("/metrics").get_data(as_text=True)
    assert "prakat_damaged_files 1.0" in metrics
    fault = json.loads(run(data, "stats", "--json").stdout)["scrub"]["damaged_files"]
    assert fault == {victim.name: "missing" if how == "gone" else "damaged"}

    services.files.add(io.BytesIO(content), limit=len(content))  # attached again
    scrub_of(services).scrub_next_file_if_due(Clock().wait)
    assert readiness(data) == (200, {})


def test_a_stopped_scrub_goes_on_where_it_was(services: Services) -> None:
    path = services.settings.data
    scrub = scrub_of(services)
    for _ in range(5):
        scrub.scrub_next_file_if_due(Clock().wait)
    scrub._save()
    with pytest.raises(ScrubStopped):
        scrub_of(services).scrub_next_file_if_due(Clock(stop_after=0).wait)
    after = read_scrub_record(path).files_after
    assert read_scrub_record(path).files_checked == 5
    fresh = scrub_of(services)
    fresh.scrub_next_file_if_due(Clock().wait)
    fresh._save()
    assert read_scrub_record(path).files_after > after
    assert read_scrub_record(path).files_checked == 6


class OnceUnlistableFiles(LocalFiles):
    """A store whose listing breaks off once, as that of a server does."""

    is_sound = False

    def all(self) -> Iterator[StoredFile]:
        for number, stored_file in enumerate(super().all()):
            if number == 3 and not self.is_sound:
                self.is_sound = True
                raise Unavailable("ติดต่อที่เก็บไฟล์ไม่ได้")
            yield stored_file


def test_a_listing_that_breaks_off_ends_no_pass(services: Services) -> None:
    data = services.settings.data
    scrub_of(services).scrub_next_file_if_due(
        Clock().wait
    )  # looks whether all are there, which is due again later
    scrub = Scrubber(services.records, OnceUnlistableFiles(data / "files"), services.index, data)
    for _ in range(3):
        scrub.scrub_next_file_if_due(Clock().wait)
    with pytest.raises(Unavailable):
        scrub.scrub_next_file_if_due(Clock().wait)
    while scrub.scrub_next_file_if_due(Clock().wait):
        pass
    state = read_scrub_record(data)
    assert (state.files_checked, state.files_finished_at > "") == (12, True)


@pytest.mark.parametrize(
    "state",
    [
        '{"files_after": "ff',
        '{"index_checked_at": "yesterday"}',
        '{"index_checked_at": "2026-11-30T08:00:00"}',  # of no time zone
        '{"files_finished_at": 5}',
        '{"damaged_files": ["ff"]}',
    ],
)
def test_a_state_that_cannot_be_read_begins_anew(services: Services, state: str) -> None:
    path = services.settings.data
    (path / RECORD).write_text(state)
    scrub_all(services)
    assert read_scrub_record(path).files_checked == 12


def test_a_worker_finds_and_mends_a_rotten_index(data: Path, services: Services) -> None:
    """No search is made: the scrub alone finds the damage."""
    before, place = answers(services), generation(data)
    for path in place.glob("*.lists"):
        flip(path, random.Random(1).randrange(path.stat().st_size))
    with working(services):
        until(lambda: generation(data) != place, seconds=90)
    assert answers(services) == before
    assert services.index.noted_damage() == []
    assert readiness(data) == (200, {})


def test_a_rotten_index_is_named_until_it_is_mended(data: Path, services: Services) -> None:
    for path in generation(data).glob("*.lists"):
        flip(path, path.stat().st_size // 2)
    scrub_all(services)
    status, said = readiness(data)
    assert (status, set(said)) == (503, {"index"})
    metrics = open_site(data).client().get("/metrics", headers=BROWSER).get_data(as_text=True)
    assert "prakat_index_damaged_parts 1.0" in metrics
    assert json.loads(run(data, "stats", "--json").stdout)["index"]["damaged"] == 1


@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_missing_or_cut_original_is_known_within_an_hour(data: Path, services: Services, how: str) -> None:
    scrub_all(services)
    victim = stored(data)[3]
    if how == "cut":
        overwrite(victim, victim.read_bytes()[:100])
    else:
        victim.unlink()
    state = json.loads((data / RECORD).read_text())
    an_hour_ago = dt.datetime.now(dt.UTC) - LISTING_EVERY
    (data / RECORD).write_text(json.dumps(state | {"files_listed_at": an_hour_ago.isoformat()}))
    clock = scrub_all(services)
    assert read_scrub_record(data).damaged_files == {victim.name: "damaged" if how == "cut" else "missing"}
    assert clock.seconds * BYTES_PER_SECOND < sum(path.stat().st_size for path in stored(data)) / 2


@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_reported_original_is_read_next(
    data: Path, services: Services, is_damaged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    scrub_all(services)
    victim = stored(data)[3]
    if is_damaged:
        flip(victim, 100)
    report_original(data, victim.name)
    assert faulty_originals(data) == {victim.name}
    scrub_all(services)
    assert read_scrub_record(data).damaged_files == ({victim.name: "damaged"} if is_damaged else {})
    assert list((data / REPORTED).iterdir()) == []
    [owner] = services.attachments.with_file(victim.name)
    told = [each.announcements for each in caplog.records if each.getMessage() == "original is damaged"]  # type: ignore[attr-defined]
    assert told == ([[owner.announcement_id]] if is_damaged else [])


def test_an_old_report_that_no_worker_looked_into_is_forgotten(data: Path) -> None:
    report_original(data, "ab" * 32)
    assert faulty_originals(data)
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(data / REPORTED / ("ab" * 32), (two_days_ago, two_days_ago))
    assert faulty_originals(data) == set()


def test_damaged_files_are_read_again_one_at_a_time(data: Path, services: Services) -> None:
    victims = stored(data)[2:5]
    for victim in victims:
        flip(victim, 100)
    scrub_all(services)
    assert len(read_scrub_record(services.settings.data).damaged_files) == 3
    largest = max(victim.stat().st_size for victim in victims)
    scrub, calls = scrub_of(services), []
    while not calls or scrub.scrub_next_file_if_due(calls[-1].wait):
        calls.append(Clock())
        assert len(calls) < 100
    read = [clock.seconds * BYTES_PER_SECOND for clock in calls if clock.seconds]
    assert len(read) == 3
    assert max(read) <= largest * 1.01
