"""Addresses: of pages with their arguments, in full for programs, and the way back to where somebody was.

Every path begins with the root of the site that is asked (``request.script_root``: ``""``, or ``/slug`` for
an organisation below a path). ``url_for`` puts it there, so that nothing else needs to know of it.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import request, url_for

from archive.model import Attachment
from indexer.search.query.parser import MAX_QUERY_LENGTH
from web.bootstrap import services

_LAST_PAGE = 1_000_000
_PATH_HERE = re.compile(r"/(?![/\\])[^\t\r\n]*")


def absolute(path: str, site: str | None = None) -> str:
    """``https://…/announcements/17``, for programs: a path of the site that is asked, there or on another
    ``site`` (its full address)."""
    return (site or services().settings.base_url) + path.removeprefix(request.script_root)


def page_path(attachment: Attachment, number: int, typed: str = "") -> str:
    """``/announcements/17/attachments/3?page=2&q=…``."""
    path = url_for("public.document", id=attachment.announcement_id, attachment_id=attachment.id)
    return f"{path}?{urlencode({'page': number} | ({'q': typed} if typed else {}))}"


def line_share(address: str) -> str:
    """The page of LINE that offers to send ``address`` to somebody."""
    return f"https://social-plugins.line.me/lineit/share?{urlencode({'url': address})}"


def query_asked() -> str:
    """``?q=`` of the request, as much of it as a search reads: pages repeat it in many links."""
    return request.args.get("q", "").strip()[:MAX_QUERY_LENGTH]


def path_asked() -> str:
    """Of this very request, with its arguments."""
    return request.script_root + request.full_path


def path_here(target: str, otherwise: str) -> str:
    """A way back that somebody names, if it is a path on this site. Browsers take ``/\\`` for ``//`` and
    read over tabs and line breaks."""
    root = request.script_root
    return target if target.startswith(root) and _PATH_HERE.fullmatch(target, len(root)) else otherwise


def page_number() -> int:
    """``?page=`` of the request; the first where it makes no sense."""
    given = request.args.get("page", 1, type=int)
    return given if 1 <= given <= _LAST_PAGE else 1
