"""Web addresses that others wrote: on an older site's pages, in a request."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split_address(address: str) -> SplitResult:
    """Return the parts of an address; empty parts for a text that is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")
