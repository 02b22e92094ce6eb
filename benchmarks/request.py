"""Benchmark of the processor time that one request of a resident costs, whatever else the machine does.

    python -m benchmarks.request DOCS.jsonl QUERIES.jsonl [--data DIRECTORY] [--profile record]

Each query is asked as ``benchmarks.load`` asks it: of the API, of the results page, and the record
that it finds first is opened. The application is called as a server calls it, without network and logs.
Beside each kind stands what of it the index itself took: its search, or its search for what is similar.
``--data`` keeps the archive for further runs, so that two states of the code can be compared in turn on it.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.corpus import argument_parser, records
from benchmarks.import_corpus import filled
from indexer.reindex import rebuild
from indexer.search.ports import SearchIndex
from web.app import create_app
from web.bootstrap import Services, build_services
from web.settings import Settings

KINDS = ("api", "results", "record")
_HEADERS = {"User-Agent": "Mozilla/5.0 benchmark"}


@dataclass
class TimedIndex:
    """An index that adds up the processor seconds spent in it."""

    index: SearchIndex
    spent: float = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.index, name)
        return self._counted(found) if name in ("search", "similar") else found

    def _counted(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return ask(*args, **named)
            finally:
                self.spent += time.process_time() - began

        return counted


@dataclass
class Costs:
    """Processor milliseconds by kind of request: in all, and in the index."""

    whole: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    inside: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})


class MeasuredResident:
    """Asks an application on ``services`` and notes what each answer cost."""

    def __init__(self, services: Services) -> None:
        self._timed = TimedIndex(services.index)
        self._app = create_app(replace(services, index=self._timed))  # type: ignore[arg-type]
        self.costs = Costs()

    def asks(self, query: str, profiles: dict[str, cProfile.Profile]) -> None:
        answer = self._get("api", f"/api/v1/search?q={quote(query)}", profiles)
        self._get("results", f"/search?q={quote(query)}", profiles)
        for result in json.loads(answer)["results"][:1]:
            self._get("record", result["url"], profiles)

    def _get(self, kind: str, path: str, profiles: dict[str, cProfile.Profile]) -> bytes:
        environ = EnvironBuilder(path=path, headers=_HEADERS).get_environ()
        self._timed.spent = 0.0
        began = time.process_time()
        with profiles.get(kind) or nullcontext():
            parts, status, _headers = run_wsgi_app(self._app, environ, buffered=True)
        self.costs.whole[kind].append((time.process_time() - began) * 1000)
        self.costs.inside[kind].append(self._timed.spent * 1000)
        assert status == "200 OK", (path, status)
        return b"".join(parts)


def show(costs: Costs) -> None:
    print(f"{'processor ms':14}{'mean':>7}{'p50':>7}{'p95':>7}{'p99':>7}{'index':>8}{'the rest':>10}")
    for kind in KINDS:
        whole, inside = np.array(costs.whole[kind]), np.array(costs.inside[kind])
        points = "".join(f"{point:7.2f}" for point in np.percentile(whole, [50, 95, 99]))
        rest = (whole - inside).mean()
        print(f"{kind:14}{whole.mean():7.2f}{points}{inside.mean():8.2f}{rest:10.2f}")


@contextmanager
def archive(kept: Path | None, docs: Path) -> Iterator[Services]:
    """The corpus imported and indexed, in a directory that may be there from an earlier run."""
    with tempfile.TemporaryDirectory() as folder:
        data = kept or Path(folder) / "data"
        known = data.exists()
        services = build_services(Settings(data=data)) if known else filled(data, docs)
        if not services.index.is_current():
            rebuild(services.records, services.index, jobs=os.cpu_count() or 1)
        yield services


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("docs", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--data", type=Path, help="where the archive is kept between runs")
    parser.add_argument("--asked", type=int, default=300, help="queries that are measured")
    parser.add_argument("--profile", choices=KINDS, help="also where the time of this kind goes")
    given = parser.parse_args()
    typed = [record["query"] for record in records(given.queries)]
    random.Random(1).shuffle(typed)
    profiles = {given.profile: cProfile.Profile(time.process_time)} if given.profile else {}
    with archive(given.data, given.docs) as services:
        resident = MeasuredResident(services)
        for query in typed[given.asked : given.asked + 100]:
            resident.asks(query, {})  # warm
        resident.costs = Costs()
        for query in typed[: given.asked]:
            resident.asks(query, profiles)
    show(resident.costs)
    for profile in profiles.values():
        pstats.Stats(profile).sort_stats("cumulative").print_stats(70)


if __name__ == "__main__":
    main()
