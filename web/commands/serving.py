"""The running service: web and background reading."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from urllib.parse import quote_from_bytes

import click
import waitress
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, MultiSocketServer

from archive.errors import PrakatError, Unavailable
from indexer.leader_leases import lease_holder_name
from indexer.reindex import note_loss
from web import settings
from web.app import create_app
from web.bootstrap import Services, build_worker, duties
from web.commands.terminal import open_services
from web.health import heartbeat
from web.log import configure

log = logging.getLogger("prakat")

THREADS = 8  # requests at the same time; searching releases the interpreter's lock little
_RESTART_AFTER = 2.0  # seconds
_GIVEN_TO_STOP = 20.0  # seconds
_GIVEN_TO_START = 120.0  # seconds until a worker's first sign of life, on a busy machine
_HUNG_AFTER = 30.0  # seconds; a worker gives a sign of life every second
_LOOK_EVERY = 0.2  # seconds
_BEATS_AT_ONCE = 4096  # bytes, one for each sign of life
_AUDIT_HEAD_EVERY = 3600.0  # seconds between entries of the audit chain's head in the log
_TO_PARENT = 0  # a worker's standard input is its connection with ``serve``


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="ที่อยู่ที่รับฟัง · address to listen on")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="พอร์ต · port to listen on"
)
@click.option("--no-worker", is_flag=True, help="ไม่อ่านเอกสารในตัว · without background reading")
def serve(host: str, port: int, no_worker: bool) -> None:
    """เปิดเว็บและอ่านเอกสารเบื้องหลัง · Web and background reading in one.

    \b
    ตัวอย่าง · example:
      prakat serve --port 8000
    """
    configure()
    services = open_services()
    note_loss(services.records, services.index)
    _log_audit_head(services)
    server = _listen(services, host, port)
    stop = threading.Event()
    _on_signal(stop)
    keeper = threading.Thread(target=_keep_worker, args=(services, stop))
    _settle()
    if not no_worker:
        keeper.start()
    threading.Thread(target=server.run, daemon=True).start()
    click.echo(f"ประกาศ: http://{host}:{port}", err=True)
    stop.wait()
    server.close()
    if not no_worker:
        keeper.join()
    _log_audit_head(services)
    services.database.checkpoint()


@click.command()
def worker() -> None:
    """อ่านเอกสารเบื้องหลังอย่างเดียว · Background reading alone.

    \b
    ตัวอย่าง · example:
      prakat worker
    """
    configure()
    services = open_services()
    working = build_worker(services)
    stop = threading.Event()
    _on_signal(stop)
    _end_with_parent(stop)
    next_head = time.monotonic()

    def beat() -> None:
        nonlocal next_head
        if time.monotonic() >= next_head:
            next_head += _AUDIT_HEAD_EVERY
            _log_audit_head(services)
        with suppress(OSError):  # a disk that cannot be written to: /readyz tells by the silence
            heartbeat(services.settings).touch()
        with suppress(OSError):  # the parent is gone: ``stop`` is about to be set
            _beat_for_parent()

    working.run(stop, beat)
    services.database.checkpoint()


def _log_audit_head(services: Services) -> None:
    """Leave the head of the audit chain in the log, where who rewrites the chain cannot reach it."""
    with suppress(PrakatError):
        number, digest = services.audit.head()
        log.info("audit head %d %s", number, digest)


def _listen(services: Services, host: str, port: int) -> MultiSocketServer | BaseWSGIServer:
    HTTPChannel.parser_class = _Parser
    try:
        return waitress.create_server(
            create_app(services),
            host=host,
            port=port,
            threads=THREADS,
            ident="prakat",
            # Only a proxy on this machine may say whom it speaks for.
            trusted_proxy="127.0.0.1",
            trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"},
            clear_untrusted_proxy_headers=True,
            max_request_body_size=(services.settings.max_upload_mb + 1) << 20,
        )
    except OSError as error:
        raise Unavailable(f"เปิดบริการที่ {host}:{port} ไม่ได้ (cannot listen): {error.strerror}") from error


def _settle() -> None:
    """Modules and the application stay as long as the process: no search for garbage need look through them
    again. With them it took four times as long, and a request waited for it."""
    gc.collect()
    gc.freeze()


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Takes Thai in an address unescaped too: browsers escape it, people at a shell do not."""

    def parse_header(self, header_plus: bytes) -> None:
        line, end, rest = header_plus.partition(b"\r\n")
        super().parse_header(quote_from_bytes(line, safe=_ASCII).encode() + end + rest)


_ASCII = "".join(map(chr, range(0x80)))


def _keep_worker(services: Services, stop: threading.Event) -> None:
    """Run a worker in a process of its own, so that a file that brings it down does not bring down the
    pages; start it again when it has ended or no longer gives a sign of life."""
    while not stop.is_set():
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                child = subprocess.Popen(
                    [sys.executable, "-m", "web.cli", "worker"],
                    stdin=theirs.fileno(),
                    env={**os.environ, _PARENT: "1", "PRAKAT_DATA": str(settings.load().data.resolve())},
                )
            _watch_worker(child, ours, stop)
            if stop.is_set():
                _stop_worker(child)
                return
            log.error("worker ended with %s; starting it again", child.wait())
            with suppress(Unavailable):  # then its duties lapse
                duties(services, lease_holder_name(child.pid)).give_back()
            stop.wait(_RESTART_AFTER)


def _watch_worker(child: subprocess.Popen[bytes], beats: socket.socket, stop: threading.Event) -> None:
    """Return when the worker has ended or ``stop`` is set; end a worker that is silent for too long."""
    beats.setblocking(False)
    silent, patience = 0.0, _GIVEN_TO_START
    while child.poll() is None and not stop.wait(_LOOK_EVERY):
        silent += _LOOK_EVERY  # counted, not measured: whoever stops the whole service stops this too
        with suppress(BlockingIOError, ConnectionResetError):
            if beats.recv(_BEATS_AT_ONCE):
                silent, patience = 0.0, _HUNG_AFTER
        if silent > patience:
            log.error("worker has given no sign of life for %.0f s; ending it", silent)
            child.kill()
            child.wait()


def _stop_worker(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_GIVEN_TO_STOP)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


_PARENT = "_PRAKAT_PARENT"


def _beat_for_parent() -> None:
    """Tell ``serve`` that this worker is alive."""
    if _PARENT in os.environ:
        os.write(_TO_PARENT, b".")


def _end_with_parent(stop: threading.Event) -> None:
    """When ``serve`` dies, its end of the connection closes; then this worker has nobody to work for."""
    if _PARENT not in os.environ:
        return

    def watch() -> None:
        with suppress(OSError):
            os.read(_TO_PARENT, 1)  # nothing is ever written: it returns when the other end is gone
        stop.set()

    threading.Thread(target=watch, daemon=True).start()


def _on_signal(stop: threading.Event) -> None:
    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)


COMMANDS = (serve, worker)
