"""Rounds of work, each ended by a kill at a random moment and followed by a verification."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.torture import verify
from tests.torture.clerk import Clerk, Ledger
from tests.torture.service import Service

CLERKS = 3
_SETTLE_EVERY = 10  # kills
_LONGEST = 6.0  # seconds of work before a kill
_SLOWEST = 60.0  # seconds that a busy machine may take for a first answer


class Torture:
    """One archive under torture, in a directory of its own."""

    def __init__(self, directory: Path, seed: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory, self._seed = directory, seed
        self._chance = random.Random(seed)
        self._service = Service(directory / "data", directory / "log")
        self._ledger = Ledger()
        self._figures: Counter[str] = Counter()
        self._starts: list[float] = []

    def run(
        self, *, kills: int, seconds: float = float("inf"), tell: Callable[[str], None] = print
    ) -> dict[str, object]:
        """Kill so often, or for so long. Returns the figures.

        ``troubles`` is empty when every promise was kept.
        """
        end = time.monotonic() + seconds
        done = 0
        self._start()
        try:
            while done < kills and time.monotonic() < end and not self._ledger.troubles:
                done += 1
                what = self._work_and_kill()
                if what != "worker":
                    self._start()
                self._verify(thorough=done % _SETTLE_EVERY == 0)
                tell(f"{done} ({what}): {self._ledger.acknowledged} acknowledged")
            self._verify(thorough=True)
            self._restore_last_backup()
        finally:
            self._service.kill("all")
        self._nothing_left_behind()
        return self._told(done)

    def _start(self) -> None:
        self._starts.append(self._service.start())

    def _work_and_kill(self) -> str:
        stop = threading.Event()
        clerks = [
            Clerk(f"clerk{number}", self._service.api, self._ledger, self._chance.randrange(2**32), stop)
            for number in range(CLERKS)
        ]
        for clerk in clerks:
            clerk.start()
        until = time.monotonic() + self._chance.uniform(0.2, _LONGEST)
        if self._chance.random() < 0.4:
            self._begin_beside()
        before = self._ledger.acknowledged
        time.sleep(max(0.0, until - time.monotonic()))
        while self._ledger.acknowledged == before and time.monotonic() < until + _SLOWEST:
            time.sleep(0.05)  # a kill of an idle service shows nothing
        what = self._chance.choice(("all", "all", "all", "worker", "web"))
        for trouble in self._service.failed_beside():
            self._ledger.trouble(trouble)
        self._service.kill(what)
        stop.set()
        for clerk in clerks:
            clerk.join()
        self._figures[f"kills of {what}"] += 1
        return what

    def _begin_beside(self) -> None:
        command = self._chance.choice(("reindex", "backup", "backup-directory", "check"))
        self._figures[command] += 1
        if command == "backup":
            self._service.beside("backup", str(self._directory / "backup.tar"))
        elif command == "backup-directory":
            self._service.beside("backup", f"{self._directory / 'backup'}/")
        else:
            self._service.beside(command)

    def _verify(self, *, thorough: bool) -> None:
        api, ledger = self._service.api, self._ledger
        verify.records(api, ledger)
        verify.files(api, ledger, self._chance, 5)
        if thorough:
            read = verify.settle(self._service, ledger)
            self._read_again(read["failed"])
            verify.search(api, ledger, self._chance, 40)
            verify.check(self._service, ledger)

    def _read_again(self, failed: int) -> None:
        """Have files read again that failed, as they should, after three workers were killed reading them."""
        if not failed:
            return
        self._figures["readings given up after three kills"] += failed
        self._service.run("reread", "--failed")
        still = verify.settle(self._service, self._ledger)["failed"]
        if still:
            self._ledger.trouble(f"{still} attachments cannot be read")

    def _restore_last_backup(self) -> None:
        """Verify that an existing backup is whole, whatever the kills did."""
        for name in ("backup.tar", "backup"):
            source = self._directory / name
            if name == "backup" and not (source / "manifest.json").exists():
                continue
            if not source.exists():
                continue
            self._figures["backups restored"] += 1
            ended = self._service.run("restore", str(source), data=self._directory / "restored")
            if ended.returncode == 0:
                ended = self._service.run("check", "--json", data=self._directory / "restored")
            if ended.returncode:
                self._ledger.trouble(
                    f"{name} does not come back: {ended.stdout[:2000]} {ended.stderr[-500:]}"
                )
            shutil.rmtree(self._directory / "restored", ignore_errors=True)

    def _nothing_left_behind(self) -> None:
        deadline = time.monotonic() + 10
        while self._service.left_behind() and time.monotonic() < deadline:
            time.sleep(0.2)
        for pid in self._service.left_behind():
            self._ledger.trouble(f"process {pid} was left behind")

    def _told(self, kills: int) -> dict[str, object]:
        promises = [promise for promise in self._ledger.promises.values() if promise.kept]
        return {
            "seed": self._seed,
            "kills": kills,
            **dict(sorted(self._figures.items())),
            "acknowledged requests": self._ledger.acknowledged,
            "announcements": len(promises),
            "attachments": sum(len(promise.kept.files) for promise in promises if promise.kept),
            "seconds from start to ready, median and longest": (
                f"{sorted(self._starts)[len(self._starts) // 2]:.1f}, {max(self._starts):.1f}"
            ),
            "troubles": self._ledger.troubles,
        }
