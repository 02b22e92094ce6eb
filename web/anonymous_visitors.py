"""Visitors without an account: traits as opaque hashes, limits on open forms, and the site of a form."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address, ip_network

from flask import request
from werkzeug.exceptions import BadRequest

from archive.addresses import split_address
from archive.errors import TooMany, gettext_noop
from archive.model import AttemptLimit
from web.bootstrap import services


def hashed_trait(text: str) -> str:
    """Returns a lasting opaque name for a trait of a visitor, which only this site can make."""
    return hashlib.sha256(f"{services().secret_key}|{text}".encode()).hexdigest()[:24]


def hashed_visitor_address() -> str:
    """Returns the hash of the visitor's address; of IPv6, of the /64 network that a household has."""
    address = request.remote_addr or ""
    with suppress(ValueError):
        if ip_address(address).version == 6:
            address = str(ip_network(f"{address}/64", strict=False))
    return hashed_trait(address)


def limit_rate(purpose: str, *, free: int, longest_pause: dt.timedelta) -> None:
    """Count one use of an open form from the visitor's address. Raises ``TooMany`` after too many.

    After ``free`` uses each further one is followed by a pause, which doubles up to ``longest_pause``, and
    during which ``TooMany`` is raised. An hour without any use ends that.
    """
    limit = AttemptLimit(key=f"{purpose}:{hashed_visitor_address()}", free=free, longest_pause=longest_pause)
    count_or_refuse([limit], gettext_noop("ส่งถี่เกินไป กรุณารอ %(seconds)s วินาทีแล้วลองใหม่"))


def count_or_refuse(limits: Sequence[AttemptLimit], message: str) -> None:
    """Count one attempt; raises ``TooMany`` with the message and the seconds to wait during a pause."""
    wait = services().people.sign_ins.count_failure_unless_paused(limits, now=dt.datetime.now(dt.UTC))
    if wait > dt.timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        error = TooMany(message, seconds=seconds)
        error.retry_after = seconds
        raise error


def require_form_of_this_site() -> None:
    """Raises ``BadRequest`` unless ``Origin``, or else ``Referer``, is this site; also without both.

    Visitors have no session that a form's token could be compared with. Browsers state the site of the form
    instead: in ``Origin``, older ones in ``Referer``.
    """
    stated = request.headers.get("Origin") or request.headers.get("Referer") or ""
    own = (request.host, split_address(services().settings.base_url).netloc)
    if split_address(stated).netloc not in own:
        raise BadRequest
