"""Open data as files: rewritten in the background after a change, and sent like other files."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from flask import Response, copy_current_request_context, request

from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore, NoFreeSlot
from web.bootstrap import services
from web.file_responses import send_range_as_file
from web.serving.http_caching import PUBLIC, drop_entity_tag

log = logging.getLogger("prakat.dumps")

WAIT_SECONDS = 3.0
"""Seconds for which a request waits for a file being written, and a writer for its turn.

10,000 announcements take about as long to write."""

MOST_PLACES_OF_ORGANISATION = 4
"""Addresses of a site for which files are kept: where none is set, visitors choose it by their ``Host``."""

_PART = ".part"  # at the end of the name of a file that is being written
_PARTS_OF_EARLIER_VERSIONS = "tmp*"  # which had random names
_LOOK_SECONDS = 0.05  # between checks for the finished file
_FORGOTTEN_AFTER = 7 * 24 * 3600.0  # seconds since writing; then files of unused addresses are deleted


def send_newest_dump(name: str, media_type: str, lines: Callable[[], Iterator[str]]) -> Response:
    """Send the newest written file ``name`` while a newer is made; ``NoFreeSlot`` where there is none yet.

    The answer has ranges and an ETag. The file is that of the last change if it is written within
    ``WAIT_SECONDS``, else the previous one. Neither is sent once it has a record, file or text that was
    withdrawn, hidden or replaced since.
    """
    drop_entity_tag()
    current = _current(name)
    if not current.exists():
        _wait_for(_write_in_background(current, lines), current)
    found = _newest(current)
    if found is None:
        raise NoFreeSlot("กำลังเตรียมไฟล์ข้อมูลเปิด กรุณาลองใหม่อีกครั้งในอีกสักครู่")
    file = found.open("rb")
    size = os.fstat(file.fileno()).st_size
    answer = send_range_as_file(file, size, mimetype=media_type, download_name=name, etag=found.name)
    answer.headers["Cache-Control"] = PUBLIC
    return answer


def dump_size_or_start(name: str, lines: Callable[[], Iterator[str]]) -> int | None:
    """Returns the bytes of the file ``name``; None while it is written for the first time, which this starts.

    While the file is being rewritten after a change, the size is that of the previous file.
    """
    current = _current(name)
    if not current.exists():
        _write_in_background(current, lines)
    found = _newest(current)
    return None if found is None else found.stat().st_size


def delete_dumps() -> None:
    """Delete every written file, since something was erased. A file is written again when it is asked for.

    One that is being written meanwhile is deleted by its writer.
    """
    for pattern in ("*.*.*", _PARTS_OF_EARLIER_VERSIONS):
        for file in _folder().glob(pattern):
            file.unlink(missing_ok=True)


def _folder() -> Path:
    return services().settings.data / "open-data"


def _current(name: str) -> Path:
    """Returns the path of the file ``name`` as of the last change of the archive, written or not."""
    here = services()
    whose = here.organisation.id if here.organisation else None
    towns = [(id, town.slug) for id, town in here.towns.items()]
    site = (version("prakat"), whose, here.settings.base_url, request.script_root, towns)
    place = hashlib.sha256(repr(site).encode()).hexdigest()[:12]
    return _folder() / f"{place}.{here.history.last_change()}.{name}"


def _write_in_background(target: Path, lines: Callable[[], Iterator[str]]) -> threading.Thread:
    """Start writing ``target`` as soon as no other file is being written."""
    thread = threading.Thread(target=copy_current_request_context(_write), args=(target, lines), daemon=True)
    thread.start()
    return thread


def _wait_for(thread: threading.Thread, target: Path) -> None:
    """Wait at most ``WAIT_SECONDS`` until ``target`` is written, by ``thread`` or another process."""
    until = time.monotonic() + WAIT_SECONDS
    while not target.exists() and time.monotonic() < until:
        thread.join(_LOOK_SECONDS)
        if not thread.is_alive():
            time.sleep(_LOOK_SECONDS)


def _write(target: Path, lines: Callable[[], Iterator[str]]) -> None:
    with suppress(NoFreeSlot), CrossProcessSemaphore(target.parent, 1).hold_slot("", seconds=WAIT_SECONDS):
        if target.exists():
            return
        part = target.with_name(target.name + _PART)
        erasures = services().records.erasures.all()
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines())
            part.replace(target)
            if services().records.erasures.all() != erasures:  # it may have what was erased meanwhile
                target.unlink(missing_ok=True)
        except Exception:
            log.exception("open data not written", extra={"file": target.name})
        _delete_parts_and_older(target)
        _delete_places_of_long_ago(target.parent)


def _delete_parts_and_older(target: Path) -> None:
    """Delete the files that ``target`` comes after, and those that a failed or killed writer left.

    Call this as the one who writes: no other writer's file is there.
    """
    place, _change, name = target.name.split(".", 2)
    for left in target.parent.glob(_PARTS_OF_EARLIER_VERSIONS):
        left.unlink(missing_ok=True)
    for other in target.parent.glob("*.*.*"):
        with suppress(FileNotFoundError):
            is_forgotten = time.time() - other.stat().st_mtime > _FORGOTTEN_AFTER
            is_part = other.name.endswith(_PART)
            is_older = other.name.startswith(f"{place}.") and other.name.endswith(f".{name}")
            if other != target and (is_part or is_older or is_forgotten):
                other.unlink()


def _delete_places_of_long_ago(folder: Path) -> None:
    """Keep the files of the addresses that were written for last, a few for each organisation.

    Call this as the one who writes.
    """
    by_place: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.*.*"), key=lambda file: file.stat().st_mtime, reverse=True):
        by_place.setdefault(file.name.partition(".")[0], []).append(file)
    most = MOST_PLACES_OF_ORGANISATION * (1 + len(services().towns))
    for file in chain.from_iterable([*by_place.values()][most:]):
        file.unlink(missing_ok=True)


def _newest(current: Path) -> Path | None:
    """Returns ``current``, or the newest previous file while it is not written.

    None if there is no file, or it has something that was withdrawn, hidden or replaced since.
    """
    place, _change, name = current.name.split(".", 2)
    written = [current] if current.exists() else current.parent.glob(f"{place}.*.{name}")
    by_change = {int(path.name.split(".")[1]): path for path in written}
    change = max(by_change, default=None)
    if change is None or services().history.ids_to_hide_since(change):
        return None
    return by_change[change]
