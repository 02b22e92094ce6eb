"""The address of the visitor behind trusted proxies.

A proxy says in ``X-Forwarded-For`` for whom it asks and in ``X-Forwarded-Proto`` how it was asked. Only the
proxies that the settings name are believed; from anyone else the headers are taken away unread.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def parsed_address(text: str) -> IPv4Address | IPv6Address | None:
    """Returns the IP address that a text is; None for any other text."""
    try:
        return ip_address(text)
    except ValueError:
        return None


class Networks:
    """A set of addresses and networks such as ``10.1.0.0/24``; a wrong one raises ``ValueError``."""

    def __init__(self, named: Iterable[str]) -> None:
        self._networks = [ip_network(each, strict=False) for each in named]

    def __contains__(self, address: str) -> bool:
        """Returns True when the address is in one of the networks; False also for text that is no address."""
        parsed = parsed_address(address)
        mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
        return parsed is not None and any((mapped or parsed) in network for network in self._networks)


class TrustedProxies:
    """WSGI middleware that puts the visitor's address and scheme in the place of a trusted proxy's."""

    def __init__(self, app: WSGIApplication, trusted: Networks) -> None:
        self._app, self._trusted = app, trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        forwarded_for = environ.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "").strip().lower()
        proxy = environ.get("REMOTE_ADDR", "")
        if proxy in self._trusted:
            environ["REMOTE_ADDR"] = self._visitor(proxy, forwarded_for)
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self._app(environ, start_response)

    def _visitor(self, proxy: str, forwarded_for: str) -> str:
        """Returns the nearest forwarded address that is not a trusted proxy's.

        Addresses beyond that one may have been written by anybody.
        """
        visitor = proxy
        for named in reversed([each.strip() for each in forwarded_for.split(",")]):
            if parsed_address(named) is None:
                break
            visitor = named
            if named not in self._trusted:
                break
        return visitor
