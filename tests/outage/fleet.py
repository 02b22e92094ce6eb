"""Prakat as a hosting provider runs it: several web and worker processes on shared servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.torture.api import Api
from tests.torture.service import Service, free_port

READY_WITHIN = 300.0
"""Seconds until the fleet is ready; many processes start at once on few processors."""


class Fleet(Service):
    """Web and worker processes with the same settings; ``apis``: one for each web process."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *, webs: int, workers: int) -> None:
        self._settings, self._workers = settings, workers
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder / "data", folder / "log")
        self._ports = [free_port() for _ in range(webs)]
        self.apis = [Api(port, self.token) for port in self._ports]
        self.api = self.apis[0]
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> float:
        began = time.monotonic()
        commands = [["serve", "--no-worker", "--port", str(port)] for port in self._ports]
        commands += [["worker"]] * self._workers
        with self._log.open("ab") as log:
            for arguments in commands:
                command = [sys.executable, "-m", "web.cli", *arguments]
                process = subprocess.Popen(command, env=self._environment(), stdout=log, stderr=log)
                self._processes.append(process)
        while not all(api.ready() for api in self.apis):
            if time.monotonic() - began > READY_WITHIN:
                raise AssertionError(f"not ready: {[api.readiness() for api in self.apis]}, see {self._log}")
            time.sleep(0.5)
        return time.monotonic() - began

    def dead(self) -> list[str]:
        """Returns the processes that ended by themselves: none should."""
        return [
            f"{process.args} ended with {process.returncode}"
            for process in self._processes
            if process.poll() is not None
        ]

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()

    def _environment(self) -> dict[str, str]:
        return super()._environment() | self._settings


class Servers:
    """The servers that ``scripts/scale.sh`` started, for the outage tests to break."""

    def __init__(self) -> None:
        self._folder = Path(os.environ["SCALE_FOLDER"])

    def missing(self) -> list[str]:
        """Returns the reasons why servers could not be had."""
        given = (
            os.environ[name].partition(" ") for name in ("SCALE_DATABASE", "SCALE_FILES", "SCALE_SEARCH")
        )
        return [reason for kind, _, reason in given if kind != "at"]

    def kill_node(self) -> None:
        """Kill one OpenSearch node for good."""
        os.kill(int((self._folder / "opensearch" / "0.pid").read_text()), signal.SIGKILL)

    def restart_database(self) -> None:
        data = self._folder / "postgresql" / "data"
        program = max(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        subprocess.run(
            [program, "restart", "-D", data, "-m", "fast", "-w", "-s", "-l", data.parent / "server.log"],
            check=True,
            cwd=data.parent,
            user=data.stat().st_uid if os.getuid() == 0 else None,
        )

    def stop_store(self, seconds: float) -> None:
        """Stop the S3 server for a while, so that it answers nobody, then let it go on."""
        store = int((self._folder / "s3.pid").read_text())
        os.kill(store, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(store, signal.SIGCONT)
