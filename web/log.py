"""Logs as one JSON object to a line, on stderr, with the request they belong to."""

from __future__ import annotations

import logging

import structlog
from flask import g, has_request_context
from structlog.typing import EventDict, Processor, WrappedLogger


def configure() -> None:
    """For the running service; commands that people type speak for themselves."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
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
