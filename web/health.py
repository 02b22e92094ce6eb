"""Alive, ready, and in numbers: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Blueprint, Response, jsonify
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from archive.errors import PrakatError
from web.bootstrap import Services, services
from web.settings import Settings

pages = Blueprint("health", __name__)

BEAT_SECONDS = 15
"""A worker that has not been heard of for so long is taken for dead."""

STUCK = dt.timedelta(minutes=30)
"""A queue whose oldest attachment waits longer is stuck."""

LEAST_FREE = 256 << 20
"""Bytes of disk below which an upload may fail."""


def heartbeat(settings: Settings) -> Path:
    """The file that a working worker touches about once a second."""
    return settings.data / "worker-alive"


@pages.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> tuple[Response, int]:
    """Whether residents and staff are served in full; what is wrong, if not."""
    trouble = {name: _trouble(check) for name, check in _CHECKS.items()}
    well = not any(trouble.values())
    checks = {name: said or "ok" for name, said in trouble.items()}
    return jsonify(status="ready" if well else "not ready", checks=checks), 200 if well else 503


@pages.get("/metrics")
def metrics() -> Response:
    """For Prometheus, read at the moment of asking."""
    registry = CollectorRegistry()
    registry.register(_Archive(services()))
    return Response(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")


def _trouble(check: Callable[[Services], str]) -> str:
    try:
        return check(services())
    except (PrakatError, OSError) as error:
        return str(error)


def _database(services: Services) -> str:
    services.records.last_change()
    return ""


def _files(services: Services) -> str:
    data = services.settings.data
    if not os.access(data, os.W_OK):
        return "ที่เก็บข้อมูลเขียนไม่ได้ (data directory is read-only)"
    if shutil.disk_usage(data).free < LEAST_FREE:
        return "พื้นที่ดิสก์เหลือน้อย (disk almost full)"
    return ""


def _index(services: Services) -> str:
    if services.index.manifest() is None:
        return "กำลังสร้างดัชนี (index is being built)"
    return ""


def _worker(services: Services) -> str:
    try:
        silent = time.time() - heartbeat(services.settings).stat().st_mtime
    except FileNotFoundError:
        return "ยังไม่มีตัวอ่านเอกสารทำงาน (no worker)"
    return "" if silent < BEAT_SECONDS else "ตัวอ่านเอกสารไม่ทำงาน (worker is dead)"


def _queue(services: Services) -> str:
    oldest = services.jobs.oldest_waiting()
    if oldest is None or dt.datetime.now(dt.UTC) - oldest < STUCK:
        return ""
    return "มีเอกสารรออ่านนานเกินไป (queue is stuck)"


_CHECKS = {"database": _database, "files": _files, "index": _index, "worker": _worker, "queue": _queue}


class _Archive(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Gauges of the archive as it stands."""
        yield self._by_status("announcements", "Announcements by status", self._services.records.counts())
        yield self._by_status("attachments", "Attachments by state of reading", self._services.jobs.counts())
        oldest, now = self._services.jobs.oldest_waiting(), dt.datetime.now(dt.UTC)
        waits = (now - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily("prakat_queue_age_seconds", "Age of the oldest waiting attachment", waits)
        manifest = self._services.index.manifest()
        age = (now - manifest.built_at).total_seconds() if manifest else float("nan")
        yield GaugeMetricFamily("prakat_index_age_seconds", "Age of the live index generation", age)
        yield GaugeMetricFamily(
            "prakat_index_announcements", "Announcements in it", self._services.index.count()
        )
        lag = self._services.records.last_change() - self._services.index.position()
        yield GaugeMetricFamily("prakat_index_lag_changes", "Changes not yet in the index", lag)
        free = shutil.disk_usage(self._services.settings.data).free
        yield GaugeMetricFamily("prakat_disk_free_bytes", "Free bytes where the data are", free)

    @staticmethod
    def _by_status(name: str, help: str, counts: dict[str, int]) -> Metric:
        family = GaugeMetricFamily(f"prakat_{name}", help, labels=["status"])
        for status, count in sorted(counts.items()):
            family.add_metric([status], count)
        return family
