"""Lets servers fail while people work: what is lost, what people see, and how long it takes.

    scripts/scale.sh .venv/bin/python -m tests.outage [--webs 4] [--workers 4] [--silence 60]

Clerks write, attach and publish, residents search, over the API of several web processes. Meanwhile an
OpenSearch node is killed, PostgreSQL restarted, and the S3 server stopped for ``--silence`` seconds. Then
every promise is verified as ``tests.torture`` does: records, bytes, reading, search, ``prakat check``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.contracts.engines import alias, prefix, schema
from tests.outage.fleet import Fleet, Servers
from tests.torture import verify
from tests.torture.api import Api, Interrupted, Refused
from tests.torture.clerk import Clerk, Ledger

_PAUSE = 0.2  # seconds between a resident's searches
_WORDS = ("ประกาศ", "เนื้อความ", "แก้ไข", "ประกาศที่", "เนื้อความของ", "Document", "word")


class Trial(NamedTuple):
    """One request: the time of its answer, its kind, its status, and its duration.

    The status is 0 for a broken connection.
    """

    at: float
    what: str
    status: int
    seconds: float


class Tally:
    def __init__(self) -> None:
        self.trials: list[Trial] = []

    def ask(self, what: str, request: Callable[[], object]) -> bool:
        """Send a request and record the trial. Returns True when the request was answered well."""
        began, status = time.monotonic(), 200
        try:
            request()
        except Refused as error:
            status = error.status
        except Interrupted:
            status = 0
        now = time.monotonic()
        self.trials.append(Trial(now, what, status, now - began))
        return status == 200


class PatientClerk(Clerk):
    """A clerk who goes on with something else when told to try again later."""

    tally: Tally

    def run(self) -> None:
        while not self._done.is_set():
            good = self.tally.ask("write", self._do_something)
            self._done.wait(self._chance.uniform(0.05, 0.3) if good else 1.0)


class Resident(threading.Thread):
    def __init__(self, api: Api, tally: Tally, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._api, self._tally, self._done = api, tally, stop

    def run(self) -> None:
        while not self._done.wait(_PAUSE):
            self._tally.ask("search", lambda: self._api.get("/search", q=random.choice(_WORDS)))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.outage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--webs", type=int, default=4)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--clerks", type=int, default=4)
    parser.add_argument("--residents", type=int, default=4)
    parser.add_argument("--calm", type=float, default=30.0, help="seconds before and after each failure")
    parser.add_argument("--silence", type=float, default=60.0, help="seconds for which S3 is stopped")
    given = parser.parse_args()
    servers = Servers()
    if missing := servers.missing():
        print(f"not tried: {', '.join(missing)}")
        return 0
    with tempfile.TemporaryDirectory(prefix="prakat-outage-") as name:
        folder = Path(name)
        with schema(folder) as database, prefix(folder) as files, alias(folder) as search:
            settings = {"PRAKAT_DATABASE": database, "PRAKAT_FILES": files, "PRAKAT_SEARCH": search}
            fleet = Fleet(folder, settings, webs=given.webs, workers=given.workers)
            try:
                print(f"ready after {fleet.start():.0f} s", flush=True)
                troubles = _fail(given, fleet, servers)
            finally:
                fleet.stop()
            for trouble in troubles:
                print(f"TROUBLE {trouble[:2000]}")
            if troubles:
                print(Path(folder / "log").read_text()[-4000:])
    return 1 if troubles else 0


def _fail(given: argparse.Namespace, fleet: Fleet, servers: Servers) -> list[str]:
    ledger, tally, stop = Ledger(), Tally(), threading.Event()
    people: list[threading.Thread] = []
    for number in range(given.clerks):
        clerk = PatientClerk(f"clerk{number}", fleet.apis[number % given.webs], ledger, number, stop)
        clerk.tally = tally
        people.append(clerk)
    people += [Resident(fleet.apis[number % given.webs], tally, stop) for number in range(given.residents)]
    for person in people:
        person.start()
    _report("before", tally, time.monotonic() - 0.001, given.calm)
    for name, fail in (
        ("an OpenSearch node killed", servers.kill_node),
        ("PostgreSQL restarted", servers.restart_database),
        (f"S3 silent for {given.silence:.0f} s", lambda: servers.stop_store(given.silence)),
    ):
        began = time.monotonic()
        fail()
        _report(name, tally, began, given.calm)
    stop.set()
    for person in people:
        person.join()
    ledger.troubles += fleet.dead()
    began = time.monotonic()
    read = verify.settle(fleet, ledger)
    print(f"level again {time.monotonic() - began:.0f} s after the last request; attachments: {read}")
    verify.records(fleet.api, ledger)
    verify.files(fleet.api, ledger, random.Random(1), 1000)
    verify.search(fleet.api, ledger, random.Random(2), 200)
    if (ended := fleet.run("reindex")).returncode:
        ledger.trouble(f"reindex ended with {ended.returncode}: {ended.stderr[-1000:]}")
    verify.check(fleet, ledger)
    if read["failed"]:
        ledger.trouble(f"{read['failed']} attachments were given up")
    strange = Counter(trial.status for trial in tally.trials) - Counter({200: len(tally.trials)})
    for status in strange.keys() - {503, 0}:
        ledger.trouble(f"{strange[status]} answers {status}: neither good nor a wish to try again")
    print(
        f"{len(tally.trials)} requests, {ledger.acknowledged} changes acknowledged, "
        f"{len(ledger.content)} files sent; errors: {dict(strange) or 'none'}"
    )
    return ledger.troubles


def _report(name: str, tally: Tally, began: float, calm: float) -> None:
    """Wait, and report what went wrong since a failure began, and when it was over."""
    time.sleep(calm)
    ended = time.monotonic() - calm
    for what in ("search", "write"):
        since = [trial for trial in list(tally.trials) if trial.what == what and trial.at >= began]
        bad = [trial for trial in since if trial.status != 200]
        over = max((trial.at - ended for trial in bad), default=0.0)
        slowest = max((trial.seconds for trial in since), default=0.0)
        errors = dict(Counter(trial.status for trial in bad)) or "none"
        print(
            f"{name:28} {what:6} {len(since):5} requests, errors {errors}, the last {max(over, 0.0):.1f} s"
            f" after it was over, slowest {slowest:.1f} s",
            flush=True,
        )


sys.exit(main())
