"""Virus scanner: sends uploaded files to clamd, ClamAV's daemon, before they are stored.

This module talks to clamd itself, since only one command is needed (``INSTREAM``). Of the published client
libraries one is under the GPL, and the others have not been maintained for ten years.
"""

from __future__ import annotations

import io
import logging
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from archive.errors import Invalid, TooLarge, Unavailable
from storage.thread_clock import ThreadClock

log = logging.getLogger("prakat.security")

_CONNECT_SECONDS = 5.0  # clamd runs on this machine or beside it
_ANSWER_SECONDS = 180.0  # longer than clamd's own MaxScanTime, two minutes unless set
_LONGEST_ANSWER = 4096  # bytes: the name of a virus and little more
_FOUND = re.compile(r"stream: (.+) FOUND")
_NOT_WHOLE = "Heuristics.Limits.Exceeded"  # clamd's answer with AlertExceedsMax, instead of "OK"

_clock = ThreadClock()  # of waits for clamd


class Clamd:
    """Adapter of ``archive.ports.Scanner`` for clamd at ``host:port``, or at the path of its socket."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ping(self) -> None:
        """Check clamd. Raises ``Unavailable`` when clamd does not answer."""
        with self._connected() as connection:
            connection.settimeout(_CONNECT_SECONDS)
            connection.sendall(b"zPING\0")
            if _answer(connection) != "PONG":
                raise _silent()

    def seconds_spent_by_thread(self) -> float:
        """See ``archive.ports.Scanner``."""
        return _clock.seconds

    @contextmanager
    def scan_while_reading(self, stream: BinaryIO) -> Iterator[BinaryIO]:
        """Provide the bytes to read; the read at the end raises for a virus, or a file too large to scan.

        The errors are ``Invalid`` and ``TooLarge``. Bytes are sent to clamd while they are read. A stream
        that is not read to its end is not judged.
        """
        with self._connected() as connection:
            yield cast(BinaryIO, io.BufferedReader(_Scanned(stream, connection), _CHUNK))

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        try:
            with _clock.running():
                connection = _connect(self._address)
        except OSError as error:
            log.error("no virus scanner", extra={"address": self._address, "why": str(error)})
            raise _silent() from error
        with connection:
            yield connection


_CHUNK = 1 << 16  # bytes sent at a time


class _Scanned(io.RawIOBase):
    """Stream that sends the bytes it reads to clamd. The read at the end raises if clamd found a virus."""

    def __init__(self, stream: BinaryIO, connection: socket.socket) -> None:
        self._stream, self._connection = stream, connection
        self._begun = self._clean = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer
        chunk = self._stream.read(len(buffer))
        if chunk:
            self._send(chunk)
        elif not self._clean:
            self._send(b"")
            _judge(_answer(self._connection))
            self._clean = True
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _send(self, chunk: bytes) -> None:
        start = b"" if self._begun else b"zINSTREAM\0"
        self._begun = True
        try:
            with _clock.running():
                self._connection.sendall(start + struct.pack("!L", len(chunk)) + chunk)
        except OSError:  # clamd sends the reason before it closes the connection
            _judge(_answer(self._connection))
            raise _silent() from None


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_CONNECT_SECONDS)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
    else:
        host, _, port = address.rpartition(":")
        connection = socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS)
    connection.settimeout(_ANSWER_SECONDS)
    return connection


def _answer(connection: socket.socket) -> str:
    """Return clamd's answer, which ends with a zero byte; what was received where the connection breaks."""
    got = b""
    with suppress(OSError), _clock.running():
        while not got.endswith(b"\0") and len(got) < _LONGEST_ANSWER and (more := connection.recv(1024)):
            got += more
    return got.rstrip(b"\0\n").decode("utf-8", "replace")


def _judge(answer: str) -> None:
    """Return for the answer that the file is clean; raise for any other answer.

    Raises ``Invalid`` for a virus, ``TooLarge`` for a file over clamd's limits, and ``Unavailable`` for an
    empty or unknown answer.
    """
    if answer == "stream: OK":
        return
    if found := _FOUND.fullmatch(answer):
        if found[1].startswith(_NOT_WHOLE):
            raise _too_large(found[1])
        raise Invalid(
            f"โปรแกรมตรวจไวรัสพบ {found[1]} ในไฟล์นี้ จึงไม่รับไว้ กรุณาใช้ไฟล์ที่สแกนหรือบันทึกใหม่ และแจ้งผู้ดูแลเครื่อง",
            field="file",
            code="malware",
        )
    if "size limit exceeded" in answer:
        raise _too_large("StreamMaxLength")
    log.error("the virus scanner gave no verdict", extra={"answer": answer})
    raise _silent()


def _too_large(limit: str) -> TooLarge:
    return TooLarge(
        f"ไฟล์ใหญ่หรือซับซ้อนเกินกว่าที่โปรแกรมตรวจไวรัสตั้งไว้ ({limit}) จึงยังไม่รับ กรุณาแบ่งไฟล์ หรือแจ้งผู้ดูแลเครื่อง",
        code="not-scanned",
    )


def _silent() -> Unavailable:
    return Unavailable(
        "โปรแกรมตรวจไวรัสไม่ตอบ จึงยังไม่รับไฟล์ (virus scanner does not answer) กรุณาลองใหม่ในอีกสักครู่ หรือแจ้งผู้ดูแลเครื่อง",
        code="scanner-unavailable",
    )
