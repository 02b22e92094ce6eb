"""Real virus scanners: ClamAV's daemon with a signature of our own, so that nothing is downloaded."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.errors import Unavailable
from storage.files.virus_scanner import Clamd

VIRUS = b"PRAKAT-TEST-SIGNATURE-THIS-IS-NO-VIRUS"
FINDING = "Prakat.Test.Signature.UNOFFICIAL"

_START_SECONDS = 30


@contextmanager
def clamd(*, port: int = 0, options: str = "") -> Iterator[str]:
    """The address of a daemon that finds ``VIRUS``: a socket's path, or ``127.0.0.1:port``.

    The test is skipped where Debian's package ``clamav-daemon`` is not installed.
    """
    program = shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        pytest.skip("clamd is not installed (apt-get install clamav-daemon)")
    folder = Path(tempfile.mkdtemp(prefix="prakat-clamd-"))  # a socket's path must be short
    (folder / "signatures").mkdir()
    (folder / "signatures" / "own.ndb").write_text(f"Prakat.Test.Signature:0:*:{VIRUS.hex()}\n")
    listens = f"TCPSocket {port}\nTCPAddr 127.0.0.1" if port else f"LocalSocket {folder / 'socket'}"
    settings = folder / "clamd.conf"
    settings.write_text(f"DatabaseDirectory {folder / 'signatures'}\nForeground yes\n{listens}\n{options}\n")
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen([program, "-c", settings], stdout=log, stderr=log)
    try:
        address = f"127.0.0.1:{port}" if port else str(folder / "socket")
        _wait_for(address, daemon, folder / "log")
        yield address
    finally:
        daemon.kill()
        daemon.wait()
        shutil.rmtree(folder)


def _wait_for(address: str, daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            Clamd(address).ping()
        except Unavailable:
            assert daemon.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
