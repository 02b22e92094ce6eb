"""Web addresses that others wrote: on an older site's pages, in a request."""

from __future__ import annotations

import os
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit


def split_address(address: str) -> SplitResult:
    """Return the parts of an address; empty parts for a text that is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def readable_path(path: str) -> str:
    """Return the path of an address without percent signs: UTF-8, or else Thai as older servers wrote it."""
    return _decoded(unquote_to_bytes(path))


def readable_file_name(name: str) -> str:
    """Return the name of a file on this disk as text: UTF-8, or else Thai as older systems wrote it."""
    return _decoded(os.fsencode(name))


def _decoded(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp874", "replace")  # the superset of TIS-620 that Thai Windows wrote
