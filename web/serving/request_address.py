"""Finds the site's address where none is set: the request's, if its host may be believed.

Whoever sends a request writes its ``Host`` header. An address made from any host at all would let a stranger
put links to another site into pages that caches keep; so only this machine's names and IP addresses, those
of private networks, and the hosts that the settings allow are taken.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Container
from contextlib import suppress
from functools import cache
from ipaddress import IPv4Address, IPv6Address

from flask import request
from werkzeug.exceptions import SecurityError

from web.serving.proxies import parsed_address
from web.settings import LOCAL_ADDRESS, Settings

log = logging.getLogger("prakat")

_MOST_WARNINGS = 100  # hosts that the log names once each; strangers may make up any number
_warned: set[str] = set()
_PORT = re.compile(r":\d*$")


def public_base_url(settings: Settings, organisation_hosts: Container[str] = ()) -> str:
    """Returns the set public address, else the request's if its host is trusted, else the default one.

    Trusted are this machine, the allowed hosts of the settings, and ``organisation_hosts``: hosts of
    organisations that have one of their own. An address is like ``http://127.0.0.1:8100``.
    """
    if settings.base_url != LOCAL_ADDRESS:
        return settings.base_url
    try:
        host, address = request.host, request.host_url.rstrip("/")
    except SecurityError:  # the header is no host name
        return settings.base_url
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]").lower()
    if name in settings.allowed_hosts or name in organisation_hosts or _is_of_this_machine(name):
        return address
    if name not in _warned and len(_warned) < _MOST_WARNINGS:
        _warned.add(name)
        log.warning("host is not allowed as the site's address: set PRAKAT_BASE_URL", extra={"host": name})
    return settings.base_url


def is_possible_host(header: str) -> bool:
    """Returns False for a ``Host`` header that cannot name any site, such as ``a..b``."""
    try:
        _PORT.sub("", header).encode("idna").decode("idna")
    except UnicodeError:
        return False
    return True


def _is_of_this_machine(name: str) -> bool:
    if name == "localhost" or name in _machine_names():
        return True
    address = parsed_address(name)
    return address is not None and (address.is_private or _is_bound_here(address))


def _is_bound_here(address: IPv4Address | IPv6Address) -> bool:
    """Returns True when this machine has the address: another machine's cannot be listened at."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.bind((str(address), 0))
        return True
    return False


@cache
def _machine_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset((name, name.partition(".")[0], f"{name.partition('.')[0]}.local"))
