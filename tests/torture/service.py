"""The real service in processes of its own, and what the shell can do beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.torture.api import Api
from web.commands.serving import READER

READY_WITHIN = 120.0
"""Seconds until the service is ready; generous, because other work may share the machine."""


class Service:
    """``prakat serve`` on a data directory, in a process group that can be killed as one."""

    def __init__(self, data: Path, log: Path, *, ocr_jobs: int = 1) -> None:
        """``ocr_jobs``: pages that are recognised at once; 0: as many as the service chooses by itself."""
        self._data, self._log = data, log
        self._settings = {"PRAKAT_OCR_JOBS": str(ocr_jobs)} if ocr_jobs else {}
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._beside: list[subprocess.Popen[bytes]] = []
        self.token = self.run("token", "add", "torture").stdout.strip()
        self.api = Api(self._port, self.token)

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int:
        """Returns the id of the process that is the parent of all the others."""
        assert self._server is not None
        return self._server.pid

    def stop(self) -> int:
        """Let the service end by itself. Returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that is the parent of all the others."""
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Returns the exit status, when the service has ended by itself."""
        assert self._server is not None
        return self._server.wait(60)

    def start(self, *options: str) -> float:
        """Start and wait until it says that it is ready; seconds that took."""
        began = time.monotonic()
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "web.cli", "serve", "--port", str(self._port), *options],
                env=self._environment(),
                stdout=log,
                stderr=log,
                process_group=0,
            )
        while time.monotonic() - began < READY_WITHIN:
            if self._server.poll() is not None:
                raise AssertionError(f"serve ended by itself with {self._server.returncode}: see {self._log}")
            if self.api.ready():
                return time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError(f"not ready within {READY_WITHIN:.0f} s: {self.api.readiness()}")

    def beside(self, *arguments: str) -> None:
        """Start a command that works at the same time and is killed with the service."""
        group = self._server.pid if self._server else 0
        with self._log.open("ab") as log:
            self._beside.append(
                subprocess.Popen(
                    [sys.executable, "-m", "web.cli", *arguments],
                    env=self._environment(),
                    stdout=log,
                    stderr=log,
                    process_group=group,
                )
            )

    def failed_beside(self) -> list[str]:
        """Returns the commands that ended with an error by themselves."""
        return [
            f"{' '.join(map(str, command.args[3:]))} ended with {command.returncode}"  # type: ignore[index]
            for command in self._beside
            if command.poll() not in (None, 0)
        ]

    def kill(self, what: str) -> None:
        """Send SIGKILL to every process, or to the web or the worker process alone."""
        assert self._server is not None
        if what == "worker":
            for reader in children(self._server.pid, READER):
                with suppress(ProcessLookupError):
                    os.kill(reader, signal.SIGKILL)
            return
        if what == "web":
            self._server.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()
        for command in self._beside:
            command.wait()
        self._beside.clear()
        # the worker of a web process that died notices, gives back what it holds, and ends
        _until_gone(self._server.pid)

    def hold_worker(self, *, held: bool) -> None:
        """Stop the worker where it is, as on a disk that does not answer; or let it go on."""
        assert self._server is not None
        for reader in children(self._server.pid, READER):
            os.kill(reader, signal.SIGSTOP if held else signal.SIGCONT)

    def run(self, *arguments: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; on another data directory, if one is given."""
        return subprocess.run(
            [sys.executable, "-m", "web.cli", *arguments],
            env=self._environment() | ({"PRAKAT_DATA": str(data)} if data else {}),
            capture_output=True,
            text=True,
            check=False,
        )

    def left_behind(self) -> list[int]:
        """Returns the processes that still work on the data directory."""
        mark = f"PRAKAT_DATA={self._data}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return found

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PRAKAT_DATA": str(self._data), **self._settings}


def children(pid: int, name: str) -> list[int]:
    """Process ids of the children that have this name."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # pid (name) state parent: a name may hold spaces and brackets
            before, _, after = status.read_text().rpartition(")")
            if before.partition("(")[2] == name and int(after.split()[1]) == pid:
                found.append(int(status.parent.name))
    return found


def _until_gone(group: int) -> None:
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    raise AssertionError("the worker outlived the service by 30 s")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
