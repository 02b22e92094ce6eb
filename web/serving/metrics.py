"""Metrics for Prometheus: the state of the archive, the work done, and how long searches take."""

from __future__ import annotations

import datetime as dt
import itertools
import mmap
import os
import shutil
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from threading import Lock

import numpy as np
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from archive.errors import Unavailable
from indexer.extraction.attachment_reader import OCR_MILLISECONDS, PAGES_READ
from indexer.scrub import UNSENT_ORIGINALS, faulty_originals, read_scrub_record
from web.bootstrap import Services
from web.nightly import read_nightly

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds
_ROWS = 64  # processes with a row of their own; two that share a row may lose a count now and then


class SharedHistogram(Collector):
    """A histogram in memory shared by forked processes: each process reports the counts of all."""

    def __init__(self, name: str, help: str) -> None:
        self._name, self._help = name, help
        width = len(_BUCKETS) + 2  # and a column for values above all buckets, and one for the sum
        self._rows = np.frombuffer(mmap.mmap(-1, _ROWS * width * 8), np.float64).reshape(_ROWS, width)
        self._lock = Lock()

    def observe(self, seconds: float) -> None:
        """Add one observation; rarely one is lost where two processes share a row."""
        row = self._rows[os.getpid() % _ROWS]
        with self._lock:
            row[bisect_left(_BUCKETS, seconds)] += 1
            row[-1] += seconds

    def count_all(self) -> int:
        """Returns the number of observations of all processes."""
        return int(self._rows[:, :-1].sum())

    def count_above_bucket(self, seconds: float) -> int:
        """Returns the number of observations above ``seconds``, the upper bound of a bucket."""
        return int(self._rows[:, _BUCKETS.index(seconds) + 1 : -1].sum())

    def collect(self) -> Iterator[Metric]:
        """Yields the histogram of all processes."""
        *counts, total = self._rows.sum(axis=0).tolist()
        names = [*map(str, _BUCKETS), "+Inf"]
        buckets = list(zip(names, itertools.accumulate(counts), strict=True))
        yield HistogramMetricFamily(self._name, self._help, buckets=buckets, sum_value=total)


SEARCH_SECONDS = SharedHistogram("prakat_search_seconds", "Time that searches took")


def exposition(services: Services) -> bytes:
    """Returns all metrics in Prometheus' text format, read when the function is called."""
    registry = CollectorRegistry()
    registry.register(_Archive(services))
    registry.register(SEARCH_SECONDS)
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Archive(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Yields the gauges of the present state of the archive."""
        yield self._by_status(
            "announcements", "Announcements by status", self._services.announcements.count_by_status()
        )
        yield self._by_status(
            "attachments", "Attachments by state of reading", self._services.jobs.count_by_status()
        )
        oldest, now = self._services.jobs.oldest_waiting(), dt.datetime.now(dt.UTC)
        waits = (now - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily("prakat_queue_age_seconds", "Age of the oldest waiting attachment", waits)
        with suppress(Unavailable):  # a damaged index has no numbers; their absence shows the damage
            yield from self._index(now)
        yield from self._work()
        yield from self._scrub()
        yield from self._nightly()
        incidents = len(self._services.incidents.list_open())
        yield GaugeMetricFamily("prakat_incidents", "Losses that nobody has acknowledged", incidents)
        free = shutil.disk_usage(self._services.settings.data).free
        yield GaugeMetricFamily("prakat_disk_free_bytes", "Free bytes where the data are", free)

    def _index(self, now: dt.datetime) -> Iterator[Metric]:
        manifest = self._services.index.manifest()
        age = (now - manifest.built_at).total_seconds() if manifest else float("nan")
        yield GaugeMetricFamily("prakat_index_age_seconds", "Age of the live index generation", age)
        yield GaugeMetricFamily(
            "prakat_index_announcements", "Announcements in it", self._services.index.count()
        )
        damaged = len(self._services.index.noted_damage())
        yield GaugeMetricFamily("prakat_index_damaged_parts", "Parts of it that are damaged", damaged)
        lag = self._services.history.last_change() - self._services.index.position()
        yield GaugeMetricFamily("prakat_index_lag_changes", "Changes not yet in the index", lag)

    def _scrub(self) -> Iterator[Metric]:
        """Yields metrics of what the slow scrub of index and originals has read and found."""
        state = read_scrub_record(self._services.settings.data)
        damaged = len(faulty_originals(self._services.settings.data))
        yield GaugeMetricFamily("prakat_damaged_files", "Originals damaged or missing", damaged)
        yield CounterMetricFamily(
            "prakat_scrub_bytes", "Bytes compared with their checksums", state.bytes_checked
        )
        for part, at in (("index", state.index_checked_at), ("files", state.files_finished_at)):
            seconds = dt.datetime.fromisoformat(at).timestamp() if at else 0
            yield GaugeMetricFamily(
                f"prakat_scrub_{part}_timestamp_seconds", f"When all of the {part} was last read", seconds
            )

    def _nightly(self) -> Iterator[Metric]:
        """Yields time and outcome of the last nightly run; nothing before the first."""
        last = read_nightly(self._services.settings)
        if last is None:
            return
        yield GaugeMetricFamily(
            "prakat_nightly_timestamp_seconds",
            "When the last nightly run ended",
            last.finished_at.timestamp(),
        )
        steps = GaugeMetricFamily("prakat_nightly_ok", "1 for a step that succeeded, else 0", labels=["step"])
        for step in last.steps:
            if not step.is_skipped:
                steps.add_metric([step.name], int(step.is_ok))
        yield steps

    def _work(self) -> Iterator[Metric]:
        done = self._services.usage_statistics.running_totals()
        pages, milliseconds = done.get(PAGES_READ, 0), done.get(OCR_MILLISECONDS, 0)
        yield CounterMetricFamily("prakat_pages_read", "Pages read since the beginning", pages)
        yield CounterMetricFamily("prakat_ocr_seconds", "Time spent on recognition", milliseconds / 1000)
        unsent = done.get(UNSENT_ORIGINALS, 0)
        yield CounterMetricFamily(
            "prakat_unsent_originals", "Requests for an original that was damaged or missing", unsent
        )

    @staticmethod
    def _by_status(name: str, help: str, counts: dict[str, int]) -> Metric:
        family = GaugeMetricFamily(f"prakat_{name}", help, labels=["status"])
        for status, count in sorted(counts.items()):
            family.add_metric([status], count)
        return family
