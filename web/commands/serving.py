"""Commands that run the service: web and background reading."""

from __future__ import annotations

import errno
import gc
import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import click
from flask import Flask, url_for

from archive.errors import PrakatError, Unavailable
from indexer.lazy_import import lazy_import
from indexer.leader_leases import lease_holder_name
from indexer.processors import count_processors
from indexer.reindex import note_lost_changes
from web.app import create_app, may_send_large_body
from web.bootstrap import Services
from web.commands.terminal import open_or_begin_services, open_or_begin_services_of_settings
from web.serving.health import heartbeat_path
from web.serving.http_server import Server, listen
from web.serving.log import configure_logging
from web.serving.prefork import Master, ProcessRole, StopRequest, is_trial_start, sockets_of_replaced_master
from web.serving.proxies import Networks

if TYPE_CHECKING:
    from web import background_worker
else:  # processes that serve pages need none of it
    background_worker = lazy_import("web.background_worker")

log = logging.getLogger("prakat")

WEB, READER = "prakat-web", "prakat-reader"
"""Names of the processes, as ``ps`` shows them."""

_WARM_UP: tuple[tuple[str, dict[str, str]], ...] = (
    ("public.home", {}),
    ("public.results", {"q": "ประกาศ"}),
    ("public.results", {"q": "บ้านดอนม.4"}),
    ("public.results", {}),
    ("api.suggest", {"q": "ประกาศ"}),
)
"""Endpoints, with their arguments, that load what all pages need: templates, dictionaries, the index.

A village typed behind its place has words cut that are of no place.
"""

_AUDIT_HEAD_EVERY = 3600.0  # seconds between entries of the audit chain's head in the log


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="ที่อยู่ที่รับฟัง · address to listen on")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="พอร์ต · port to listen on"
)
@click.option(
    "--processes",
    default=count_processors,
    type=click.IntRange(1, 64),
    help="จำนวนโปรเซสของเว็บ (ปกติเท่าจำนวนหน่วยประมวลผล) · web processes; by default one for each processor",
)
@click.option("--no-worker", is_flag=True, help="ไม่อ่านเอกสารในตัว · without background reading")
def serve(host: str, port: int, processes: int, no_worker: bool) -> None:
    """เปิดเว็บและอ่านเอกสารเบื้องหลัง · Web and background reading in one.

    Dictionaries and pages are loaded once and shared by all processes. SIGTERM finishes the requests in
    hand and stops; SIGHUP loads program and settings anew without a gap.

    การตั้งค่าทั้งหมดอยู่ที่ /help/reference อีเมลถึงผู้ติดตามใช้ PRAKAT_SMTP_URL PRAKAT_SMTP_SENDER และ PRAKAT_BASE_URL
    · All settings are at /help/reference; messages to followers need these three.

    \b
    ตัวอย่าง · example:
      prakat serve --port 8000
    """
    configure_logging()
    services = open_or_begin_services_of_settings()
    app = create_app(services)
    if is_trial_start():
        background_worker.build_worker(services)
        services.database.close()
        return
    note_lost_changes(services.records, services.index)
    _log_audit_head(services)
    try:
        sockets = sockets_of_replaced_master() or listen(host, port)
    except OSError as error:
        raise Unavailable(_cannot_listen(host, port, error)) from error
    _warm_up(app)
    services.database.close()

    def serve_pages(stop: StopRequest, _replaced_pid: int | None) -> None:
        _server(app, services).serve_until_stopped(stop, sockets)
        services.database.close()

    def read_documents(stop: StopRequest, replaced_pid: int | None) -> None:
        for each in sockets:
            each.close()
        if replaced_pid is not None:
            with suppress(Unavailable):  # then they lapse
                background_worker.leader_leases(services, lease_holder_name(replaced_pid)).release_all()
        _read(services, stop.event, stop.report_alive)

    roles = [ProcessRole(WEB, processes, serve_pages)]
    roles += [] if no_worker else [ProcessRole(READER, 1, read_documents)]
    click.echo(f"ประกาศ: http://{host}:{port}", err=True)
    Master(roles, sockets).run_processes()
    _log_audit_head(services)
    services.database.close()


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    remedy = ""
    if error.errno == errno.EADDRINUSE:
        remedy = f" โปรแกรมอื่นใช้พอร์ตนี้อยู่ ใช้พอร์ตอื่นด้วย --port {port % 65535 + 1} (in use: choose another port)"
    return f"เปิดบริการที่ {host}:{port} ไม่ได้ (cannot listen): {error.strerror}{remedy}"


@click.command()
def worker() -> None:
    """อ่านเอกสารเบื้องหลังอย่างเดียว · Background reading alone.

    \b
    ตัวอย่าง · example:
      prakat worker
    """
    configure_logging()
    services = open_or_begin_services()
    _log_audit_head(services)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _read(services, stop, lambda: None)


def _server(app: Flask, services: Services) -> Server:
    return Server(
        app,
        max_body=(services.settings.max_upload_mb + 1) << 20,
        may_send_large_body=lambda environ: may_send_large_body(app, environ),
        is_trusted_proxy=Networks(services.settings.trusted_proxies).__contains__,
    )


def _warm_up(app: Flask) -> None:
    """Load everything that requests need, then exclude it from garbage collection.

    Looking through these objects again and again took a process four times as long, and would copy the memory
    that processes share.
    """
    logging.disable(logging.CRITICAL)  # no person requested these pages, so they are not logged
    with app.test_request_context():
        paths = [url_for(endpoint, **arguments) for endpoint, arguments in _WARM_UP]  # type: ignore[arg-type]
    for path in paths:
        with suppress(Exception):  # an error will show when people request pages
            app.test_client().get(path, headers={"Accept-Encoding": "gzip", "Sec-Purpose": "prefetch"})
    logging.disable(logging.NOTSET)
    gc.collect()
    gc.freeze()


def _read(services: Services, stop: threading.Event, sign_of_life: Callable[[], None]) -> None:
    """Read documents and keep search level with the records until ``stop``."""

    next_head = time.monotonic() + _AUDIT_HEAD_EVERY

    def beat() -> None:
        nonlocal next_head
        if time.monotonic() >= next_head:
            next_head += _AUDIT_HEAD_EVERY
            _log_audit_head(services)
        with suppress(OSError):  # a disk that cannot be written to: /readyz tells by the silence
            heartbeat_path(services.settings).touch()
        sign_of_life()

    background_worker.build_worker(services).run_until_stopped(stop, beat)
    services.database.close()


def _log_audit_head(services: Services) -> None:
    """Log the head of the audit chain, where somebody who rewrites the chain cannot reach it."""
    with suppress(PrakatError):
        number, digest = services.audit.last_entry()
        log.info("audit head", extra={"number": number, "digest": digest})


COMMANDS = (serve, worker)
