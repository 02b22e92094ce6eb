"""Logs as one JSON object to a line, on stderr, with the request they belong to."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, has_request_context, request
from jinja2 import Template
from structlog.typing import EventDict, Processor, WrappedLogger

from archive.ports import Database, Scanner

log = logging.getLogger("prakat.request")
security = logging.getLogger("prakat.security")

RECEIVE_SECONDS = "prakat.receive_seconds"
"""Key of the WSGI environment: seconds from a request's first byte to its last."""

WAIT_SECONDS = "prakat.wait_seconds"
"""Key of the WSGI environment: seconds from a request's last byte until a thread began to answer it."""


def configure_logging() -> None:
    """Set up JSON logs for the running service; commands that people type print their own messages."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request,
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _add_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if has_request_context():
        event["request_id"] = g.get("request_id", "")
    return event


def register_request_log(app: Flask, database: Database, scanner: Scanner | None) -> None:
    """Log a line for each request that ``app`` answers, with the time of its parts.

    ``receive_ms`` is the time from the request's first byte to its last, ``wait_ms`` the time from then until
    a thread was free, ``ms`` the rest up to the answer. Within ``ms``, ``database_ms`` is the time in the
    database, also from within the other parts; ``template_ms`` the time to render the page. A line never has
    the words searched for or the person who searched: those are nobody's business, and logs outlive their
    purpose.
    """
    clocks = {"database": database.seconds_spent_by_thread}
    if scanner is not None:
        clocks["scan"] = scanner.seconds_spent_by_thread

    def begin() -> None:
        g.began, g.clocks_began = time.perf_counter(), {part: read() for part, read in clocks.items()}

    def note(answer: Response) -> Response:
        if "began" in g:
            spent = {part: read() - g.clocks_began[part] for part, read in clocks.items()}
            spent |= {
                part: request.environ[key] for part, key in _SERVER_TIMES.items() if key in request.environ
            }
            g.setdefault("parts", {}).update(spent)
        return _note(answer)

    app.before_request(begin)
    app.after_request(note)
    app.jinja_env.template_class = _TimedTemplate


_SERVER_TIMES = {"receive": RECEIVE_SECONDS, "wait": WAIT_SECONDS}


def note_security(event: str, *, is_good: bool = True, **facts: object) -> None:
    """Log an event of sign-ins and rights, with the address that the request came from.

    Typed text is never logged: people mistake one field for the other.
    """
    level = logging.INFO if is_good else logging.WARNING
    security.log(level, event, extra=facts | {"address": request.remote_addr})


@contextmanager
def timed_part(part: str) -> Iterator[None]:
    """Add the time of the block to the request's line, as ``search_ms`` for the part ``search``."""
    began = time.perf_counter()
    try:
        yield
    finally:
        if has_request_context():
            parts = g.setdefault("parts", {})
            parts[part] = parts.get(part, 0.0) + time.perf_counter() - began


class _TimedTemplate(Template):
    def render(self, *given: object, **named: object) -> str:
        with timed_part("template"):
            return super().render(*given, **named)


def _note(answer: Response) -> Response:
    if request.endpoint not in _TOO_MANY:
        path = request.script_root + _path_without_key()
        asked = {"method": request.method, "path": path, "endpoint": request.endpoint}
        took = round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None
        level = logging.ERROR if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
        parts = {f"{part}_ms": round(seconds * 1000, 1) for part, seconds in g.get("parts", {}).items()}
        log.log(level, "request", extra=asked | {"status": answer.status_code, "ms": took} | parts)
    return answer


_KEY = re.compile(r"(?<=/follow/)(/*(?:confirm|stop)/+).+", re.DOTALL)
"""Follower's key in a path, with what a mail program may have added: also where no page has the address."""


def _path_without_key() -> str:
    """Returns the path, without the key in an address by which its reader follows or stops."""
    return _KEY.sub(r"\1<key>", request.path)


_TOO_MANY = {"static", "health.alive", "health.ready", "health.metrics"}
"""Endpoints that are not logged: browsers and monitors request them again and again."""
