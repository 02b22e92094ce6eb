"""Open data is written after a change and sent as a file."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore
from tests.web.conftest import Site, until
from web.public import feeds, open_data_files
from web.template_filters import size

PATHS = ("/open-data/announcements.csv", "/open-data/announcements.jsonl")


@pytest.fixture
def filled(site: Site) -> Site:
    site.announcement("ประกาศจัดซื้อหลอดไฟ")
    return site


def written(site: Site) -> list[Path]:
    return sorted((site.services.settings.data / "open-data").glob("*.*.*"))


@pytest.mark.parametrize("path", PATHS)
def test_a_dump_is_written_once_and_again_after_a_change(
    filled: Site, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = filled.client().get(path, buffered=True)
    assert "หลอดไฟ" in first.text
    assert len(written(filled)) == 1
    with monkeypatch.context() as patched:
        patched.setattr(feeds, "_published", None)
        again = filled.client().get(path, buffered=True)
        assert again.get_data() == first.get_data()
        part = filled.client().get(path, headers={"Range": "bytes=3-20"}, buffered=True)
        assert (part.status_code, part.get_data()) == (206, first.get_data()[3:21])
        same = filled.client().get(path, headers={"If-None-Match": first.headers["ETag"]}, buffered=True)
        assert (same.status_code, same.get_data()) == (304, b"")
        assert "public" in first.headers["Cache-Control"]
    filled.announcement("ประกาศใหม่")
    after = filled.client().get(path, headers={"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert "ประกาศใหม่" in after.text
    until(lambda: len(written(filled)) == 1, seconds=10)  # the writer deletes the older one after it is sent
    assert f"({size(len(after.get_data()))})" in filled.client().get("/open-data").text


def test_made_up_hosts_do_not_fill_the_disk(filled: Site) -> None:
    for number in range(8):
        answer = filled.client().get(PATHS[0], base_url=f"http://10.0.0.{number}", buffered=True)
        assert f"http://10.0.0.{number}/" in answer.text
    most = open_data_files.MOST_PLACES_OF_ORGANISATION
    until(lambda: len(written(filled)) <= most, seconds=10)
    again = filled.client().get(PATHS[0], base_url="http://10.0.0.7", buffered=True)
    assert again.headers["ETag"].strip('"') in {file.name for file in written(filled)}


def withdraw(site: Site) -> None:
    site.services.commands.publication.withdraw(1, actor="สมศรี", reason="ลงผิดเรื่อง")


def revise(site: Site) -> None:
    site.services.commands.announcements.revise(1, {"title": "ประกาศจัดซื้อเทียนไข"}, actor="สมศรี")


def withdraw_mend_and_publish_again(site: Site) -> None:
    withdraw(site)
    site.services.commands.publication.restore_as_draft(1, actor="สมศรี")
    revise(site)
    site.services.commands.publication.publish(1, actor="สมศรี")


@pytest.mark.parametrize("taken_away", [None, withdraw, revise, withdraw_mend_and_publish_again])
def test_while_one_is_written_the_one_before_is_sent_unless_it_tells_too_much(
    filled: Site, taken_away: Callable[[Site], None] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled.client().get(PATHS[0], buffered=True).get_data()
    monkeypatch.setattr(open_data_files, "WAIT_SECONDS", 0.2)
    filled.announcement("ประกาศใหม่")
    if taken_away:
        taken_away(filled)
    with CrossProcessSemaphore(filled.services.settings.data / "open-data", 1).hold_slot(
        "", seconds=1.0
    ):  # another process
        answer = filled.client().get(PATHS[0], buffered=True)
    if taken_away:
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) < 10
        now = filled.client().get(PATHS[0], buffered=True)
        assert "หลอดไฟ" not in now.text
    else:
        assert answer.get_data() == before


def test_a_dump_that_fails_leaves_nothing_and_the_next_is_tried(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn() -> Iterator[object]:
        yield from filled.services.announcements.list_page(statuses=[], page=1, per_page=1)[0]
        raise OSError("disk")

    monkeypatch.setattr(open_data_files, "WAIT_SECONDS", 0.3)
    with monkeypatch.context() as patched:
        patched.setattr(feeds, "_published", torn)
        assert filled.client().get(PATHS[0], buffered=True).status_code == 503
    assert written(filled) == []
    monkeypatch.setattr(open_data_files, "WAIT_SECONDS", 20.0)
    assert filled.client().get(PATHS[0], buffered=True).status_code == 200


@pytest.mark.parametrize("cleaner", ["an erasure", "the next writer"])
def test_what_a_killed_writer_left_is_deleted(
    filled: Site, cleaner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed() -> Iterator[object]:
        yield long
        os.kill(os.getpid(), signal.SIGKILL)

    long = filled.announcement("ประกาศยาว", body="ยาว " * 10_000)  # more than is kept in memory
    child = os.fork()
    if not child:
        monkeypatch.setattr(feeds, "_published", killed)
        filled.client().get(PATHS[0])
        os._exit(1)  # was not killed
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    folder = filled.services.settings.data / "open-data"
    [part] = [each for each in folder.iterdir() if each.stat().st_size]  # that of the lock has none
    part_of_earlier_version = folder / "tmpab12cd"
    part_of_earlier_version.write_text("ยาว")
    if cleaner == "an erasure":
        with filled.app.app_context():
            open_data_files.delete_dumps()
    else:
        filled.client().get(PATHS[1], buffered=True)
    until(lambda: not (part.exists() or part_of_earlier_version.exists()), seconds=10)


def test_a_record_is_in_a_dump_once_whatever_changes_while_it_is_written(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [filled.announcement(f"ประกาศที่ {number}").id for number in range(4)]
    monkeypatch.setattr(feeds, "_AT_ONCE", 2)
    with filled.app.app_context():
        written = feeds._published()
        found = [next(written).id, next(written).id]
        filled.announcement("ประกาศใหม่")
        filled.services.commands.publication.withdraw(made[0], actor="สมศรี", reason="ลงผิดเรื่อง")
        found += [each.id for each in written]
    assert found == [made[3], made[2], made[1], 1]


def test_many_who_ask_at_once_have_it_written_once(filled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    published = feeds._published

    def counted() -> Iterator[object]:
        asked.append(1)
        return published()

    monkeypatch.setattr(feeds, "_published", counted)
    monkeypatch.setattr(open_data_files, "WAIT_SECONDS", 20.0)
    found: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(filled.client().get(PATHS[1], buffered=True).status_code)
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 8
    assert len(asked) == 1


def test_a_file_waits_for_its_turn_while_another_is_written(filled: Site) -> None:
    taken, given_back = threading.Event(), threading.Event()

    def write_another() -> None:
        with CrossProcessSemaphore(filled.services.settings.data / "open-data", 1).hold_slot("", seconds=1):
            taken.set()
            time.sleep(0.5)  # longer than a request takes to begin
            given_back.set()

    other = threading.Thread(target=write_another)
    other.start()
    taken.wait()
    answer = filled.client().get(PATHS[1], buffered=True)
    assert (answer.status_code, given_back.is_set()) == (200, True)
    other.join()
