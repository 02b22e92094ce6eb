"""Benchmark of backups: backup under upload load, restore, comparison, check.

    python -m benchmarks.backup --data DIRECTORY [--count 10000] [--kilobytes 40]

Every record and every byte of what was restored is compared with the archive that went on meanwhile.
"""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from archive.model import Announcement, Status
from benchmarks.corpus import argument_parser
from indexer.reindex import rebuild
from tests.factories.archives import ACTOR, draft, read
from tests.operation.archives import close, level, opened, room
from web.bootstrap import Services

_BATCH = 200


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()), help="where to write")
    parser.add_argument("--count", type=int, default=10_000, help="announcements, each with a file")
    parser.add_argument("--kilobytes", type=int, default=40, help="size of each file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        _measure(Path(folder), options.count, options.kilobytes << 10)


def _measure(folder: Path, count: int, size: int) -> None:
    services = opened(folder / "data")
    _step("fill", lambda: _fill(services, count, size))
    rebuild(services.records, services.index)
    megabytes = room(folder / "data") >> 20
    print(f"{count:,} announcements, {megabytes:,} MB")
    with _Uploads(services, size) as uploads:
        _step("backup into one file", lambda: _command(folder / "data", "backup", folder / "b.tar"))
        print(f"  uploads meanwhile: {uploads.count:,}, slowest {uploads.slowest * 1000:,.0f} ms")
        _step("backup into a directory", lambda: _command(folder / "data", "backup", f"{folder / 'b'}/"))
        _step("the same again", lambda: _command(folder / "data", "backup", f"{folder / 'b'}/"))
    level(services)
    _step("check", lambda: _command(folder / "data", "check"))
    for source in ("b.tar", "b"):
        data = folder / f"restored-{source}"
        _step(f"restore {source}", lambda: _command(data, "restore", folder / source))  # noqa: B023
        other = opened(data)
        print(f"  compared: {_compare(services, other):,} announcements, all equal")
        _command(data, "check")
        close(other)
    close(services)


def _fill(services: Services, count: int, size: int) -> None:
    for start in range(0, count, _BATCH):
        with services.records.batch():
            for number in range(start, min(start + _BATCH, count)):
                _add(services, number, size)
            read(services, "บันทึกข้อความ ขออนุมัติจัดซื้อจัดจ้างตามระเบียบ " * 30, pages=2)


def _add(services: Services, number: int, size: int) -> None:
    made = services.commands.announcements.create(draft(number), actor=ACTOR, status=Status.PUBLISHED)
    content = io.BytesIO(b"%PDF-1.7 " + os.urandom(size))
    services.commands.attachments.attach(made.id, content, filename="ก.pdf", actor=ACTOR)


class _Uploads:
    """A clerk who uploads without pause: new announcements with files, one after another."""

    def __init__(self, services: Services, size: int) -> None:
        self._services, self._size = services, size
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.count, self.slowest = 0, 0.0

    def __enter__(self) -> _Uploads:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.perf_counter()
            _add(self._services, 10**6 + self.count, self._size)
            self.slowest = max(self.slowest, time.perf_counter() - began)
            self.count += 1


def _compare(services: Services, other: Services) -> int:
    """Assert that everything in the copy equals the archive. Returns the number of announcements compared."""
    count = 0
    for announcement in _all(other):
        id = announcement.id
        mine, theirs = (
            services.attachments.by_announcement([id])[id],
            other.records.attachments.by_announcement([id])[id],
        )
        assert services.announcements.get(id).title == announcement.title
        assert services.history.entries(id)[:1] == other.records.history.entries(id)[:1]
        assert [one.sha256 for one in theirs] == [one.sha256 for one in mine][: len(theirs)]
        for one, copy in zip(mine, theirs, strict=False):
            assert services.pages.by_attachment(one.id) == other.records.pages.by_attachment(copy.id)
            with services.files.open(one.sha256) as ours, other.files.open(copy.sha256) as kept:
                assert ours.read() == kept.read()
        count += 1
    return count


def _all(services: Services) -> Iterator[Announcement]:
    ids = [id for id, _ in services.history.changed_since(0, limit=2**31)]
    for start in range(0, len(ids), _BATCH):
        yield from services.announcements.get_many(ids[start : start + _BATCH]).values()


def _command(data: Path, *arguments: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "web.cli", *map(str, arguments)],
        env={**os.environ, "PRAKAT_DATA": str(data)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _step(name: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(f"{name}: {time.perf_counter() - began:,.1f} s (largest process so far {peak:,} MB)", flush=True)


if __name__ == "__main__":
    main()
