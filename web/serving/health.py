"""Health endpoints: alive (``/healthz``), ready (``/readyz``), numbers (``/metrics``)."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Response, jsonify

from archive.errors import PrakatError
from indexer.extraction.attachment_reader import is_temporary_space_low
from indexer.scrub import faulty_originals
from web.bootstrap import Services, services
from web.nightly import OVERDUE, STEP_NAMES, read_nightly
from web.serving.metrics import exposition
from web.settings import Settings

pages = Blueprint("health", __name__)

BEAT_SECONDS = 15  # seconds without a heartbeat after which a worker is taken for dead

BEHIND = dt.timedelta(minutes=10)
"""Age above which a change missing in the index is an error; a large import may take minutes."""

STUCK = dt.timedelta(minutes=2)
"""Time after which a waiting document is stuck, if no document is being read."""

LEAST_FREE = 256 << 20  # bytes of disk below which an upload may fail


def heartbeat_path(settings: Settings) -> Path:
    """Returns the file that a working worker touches about once a second."""
    return settings.data / "worker-alive"


@pages.get("/healthz")
def alive() -> Response:
    """Answer 200 while the process can answer."""
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> tuple[Response, int]:
    """Report the readiness checks: 200 and ``ready``, or 503 and what is wrong."""
    trouble = {name: _trouble(check) for name, check in CHECKS.items()}
    well = not any(trouble.values())
    checks = {name: said or "ok" for name, said in trouble.items()}
    wrong = {name for name, said in trouble.items() if said}
    status = "ready" if well else "degraded" if wrong <= DEGRADING else "not ready"
    return jsonify(status=status, checks=checks), 200 if well else 503


@pages.get("/metrics")
def metrics() -> Response:
    """Send the present metrics to any caller: a proxy in front must keep this address to itself."""
    return Response(exposition(services()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _trouble(check: Callable[[Services], str]) -> str:
    try:
        return check(services())
    except PrakatError as error:
        return f"{error} ({error.code})"
    except OSError as error:
        return error.strerror or type(error).__name__  # its text names a path, and anybody reads the answer


def _database(services: Services) -> str:
    """Returns "" where a write and a read of each table succeed; ``prakat check`` reads the whole file."""
    # A write: a database that can only be read takes no upload.
    services.usage_statistics.add_to_total("readiness checks", 1)
    services.readability_check.check_first_rows()
    return ""


def _files(services: Services) -> str:
    data = services.settings.data
    folders = (data, *(path for path in data.iterdir() if path.is_dir()))
    if not all(os.access(folder, os.W_OK) for folder in folders):
        return "ที่เก็บข้อมูลเขียนไม่ได้ (data directory is read-only)"
    if shutil.disk_usage(data).free < LEAST_FREE:
        return "พื้นที่ดิสก์เหลือน้อย (disk almost full)"
    if is_temporary_space_low():
        return "พื้นที่ชั่วคราวเหลือน้อย (no room for temporary files)"
    return ""


def _originals(services: Services) -> str:
    damaged = faulty_originals(services.settings.data)
    if not damaged:
        return ""
    return (
        f"ไฟล์ต้นฉบับเสียหายหรือหายไป {len(damaged)} ไฟล์ ใช้คำสั่ง prakat check เพื่อดูชื่อ"
        " (originals are damaged or missing: run prakat check)"
    )


def _scanner(services: Services) -> str:
    if services.scanner is not None:
        services.scanner.ping()
    return ""


def _index(services: Services) -> str:
    if services.index.manifest() is None:
        return "กำลังสร้างดัชนี (index is being built)"
    if services.index.noted_damage():
        return "ดัชนีเสียหาย กำลังสร้างใหม่ (index is damaged and being built anew)"
    behind = services.history.changed_since(services.index.position(), limit=1)
    for announcement in services.announcements.get_many(id for id, _ in behind).values():
        if _now() - announcement.updated_at > BEHIND:
            return "ดัชนีตามทะเบียนไม่ทัน (index does not follow the records)"
    return ""


def _worker(services: Services) -> str:
    try:
        silent = time.time() - heartbeat_path(services.settings).stat().st_mtime
    except FileNotFoundError:
        return "ยังไม่มีตัวอ่านเอกสารทำงาน (no worker)"
    # A heartbeat in the future: the clock was set back, and no heartbeat came since.
    return "" if abs(silent) < BEAT_SECONDS else "ตัวอ่านเอกสารไม่ทำงาน (worker is dead)"


def _queue(services: Services) -> str:
    """Returns an error when documents wait and none is being read; a long queue alone is none."""
    oldest = services.jobs.oldest_waiting()
    if oldest is None or _now() - oldest < STUCK or services.jobs.count_by_status()["reading"]:
        return ""
    return "มีเอกสารรอแปลงข้อความ แต่ระบบไม่ได้แปลง (queue is stuck)"


def _records(services: Services) -> str:
    services.readability_check.check_next_rows()
    damaged = len(services.readability_check.known_damaged_rows())
    if not damaged:
        return ""
    return (
        f"รายการในฐานข้อมูลอ่านไม่ได้ {damaged} รายการ ใช้คำสั่ง prakat check เพื่อดูชื่อ"
        " (rows of the database are damaged: run prakat check)"
    )


def _incidents(services: Services) -> str:
    found = services.incidents.list_open()
    if not found:
        return ""
    return f"มีหลักฐานว่าข้อมูลสูญหาย {len(found)} เรื่องที่ยังไม่มีผู้รับทราบ (losses to be acknowledged: see prakat check)"


def _nightly(services: Services) -> str:
    """Returns an error when the last nightly run failed or one was missed; no details: anybody reads it."""
    last = read_nightly(services.settings)
    if last is None:
        return _unguarded(services)
    failed = [STEP_NAMES[step.name] for step in last.steps if not step.is_ok]
    if failed:
        return f"งานกลางคืนมีขั้นที่ไม่สำเร็จ (nightly run failed; see prakat doctor): {', '.join(failed)}"
    return "ไม่มีงานกลางคืนเกินสองวันแล้ว (nightly run is overdue)" if last.is_overdue else ""


def _unguarded(services: Services) -> str:
    """Returns an error when no nightly run is known and a record of days ago is in no recent backup.

    Machines that share a database server are not asked: one of them has the nightly run of all.
    """
    backup = services.backups.last()
    oldest = services.history.changed_since(0, limit=1)
    if services.settings.database != "sqlite" or not oldest or (backup and _now() - backup.made_at < OVERDUE):
        return ""
    if _now() - services.announcements.get(oldest[0][0]).updated_at < OVERDUE:
        return ""
    return "ยังไม่เคยมีงานกลางคืน และไม่มีข้อมูลสำรองของสองวันนี้ (no nightly run yet, and no recent backup)"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


CHECKS = {
    "database": _database,
    "files": _files,
    "originals": _originals,
    "scanner": _scanner,
    "index": _index,
    "worker": _worker,
    "queue": _queue,
    "records": _records,
    "incidents": _incidents,
    "nightly": _nightly,
}

DEGRADING = {"originals", "records", "incidents", "nightly"}
"""Checks whose failure a person must look at, although everybody is still served."""
