"""Builds addresses: of pages with arguments, full ones for programs, and the way back to the previous page.

Every path begins with the root of the requested site (``request.script_root``: ``""``, or ``/slug`` for an
organisation below a path). ``url_for`` puts the root there, so that other code need not know of it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from flask import request, url_for

from archive.addresses import split_address
from archive.model import Announcement, Attachment
from indexer.search.query.parser import MAX_QUERY_LENGTH
from web.bootstrap import services

LARGEST_ID = 2**31 - 1  # of a record: the largest integer that every database stores as one
_LAST_PAGE = 1_000_000  # of a list; a larger number is the first page
_ESCAPED_LETTERS = re.compile("(?:%[89A-F][0-9A-F])+")  # escaped bytes of letters beyond ASCII
_ANNOUNCEMENT_PATH = re.compile(r"(?:/staff)?/announcements/(\d{1,9})(?:/.*)?")
_PATH_HERE = re.compile(r"/(?![/\\])[^\t\r\n]*")


def absolute_url(path: str, site: str | None = None) -> str:
    """Returns the full address of a path, for programs, by ``base_url`` of the settings or by ``site``.

    ``path`` is a path of the requested site. ``site``: full address of another site on which the path is
    meant.
    """
    return (site or services().settings.base_url) + path.removeprefix(request.script_root)


def announcement_url(announcement: Announcement) -> str:
    """Returns the full address of an announcement's page on its own site, for programs."""
    path = url_for("public.announcement", announcement_id=announcement.id)
    return absolute_url(path, services().site_url_of(announcement))


def readable_address(address: str) -> str:
    """Returns an address with Thai letters for their escaped bytes; it still leads to the same page."""
    return _ESCAPED_LETTERS.sub(lambda escaped: unquote(escaped[0]), address)


def page_path(attachment: Attachment, number: int, typed: str = "") -> str:
    """Returns ``/announcements/17/attachments/3?page=2&q=…`` for a page of an attachment."""
    path = url_for("public.document", announcement_id=attachment.announcement_id, attachment_id=attachment.id)
    return f"{path}?{urlencode({'page': number} | ({'q': typed} if typed else {}))}"


def picture_path(attachment: Attachment, number: int, *, width: int, **arguments: Any) -> str:
    """Returns the address of a page's picture, which stays the same when the file is replaced.

    ``width`` is in pixels.
    """
    return url_for(
        "public.document_picture",
        announcement_id=attachment.announcement_id,
        attachment_id=attachment.id,
        number=number,
        width=width,
        **arguments,
    )


def line_share_url(address: str) -> str:
    """Returns the address of LINE's page for sending ``address`` to somebody."""
    return f"https://social-plugins.line.me/lineit/share?{urlencode({'url': address})}"


def search_text_of_request() -> str:
    """Returns ``?q=`` of the request as typed, stripped and cut to the length that a search reads.

    The length matters because pages repeat the query in many links.
    """
    return request.args.get("q", "").strip()[:MAX_QUERY_LENGTH]


def announcement_id_of_address(typed: str) -> int | None:
    """Returns the id of the announcement whose address on this site was typed, whole or without the host.

    Returns None for any other text, also for an address of another site. The port of the address does not
    matter: a site behind a proxy may have two.
    """
    address = split_address(typed if "://" in typed or typed.startswith("/") else f"//{typed}")
    site = urlsplit(services().settings.base_url)
    if address.hostname not in (None, site.hostname, urlsplit(f"//{request.host}").hostname):
        return None
    for root in (request.script_root, site.path):
        found = _ANNOUNCEMENT_PATH.fullmatch(address.path.removeprefix(root))
        if found and address.path.startswith(root):
            return int(found[1])
    return None


def path_of_request() -> str:
    """Returns the path of the present request, with its arguments; it ends with ``?`` without any."""
    return request.script_root + request.full_path


def path_on_this_site(target: str, otherwise: str) -> str:
    """Returns ``target`` if it is a path on this site, else ``otherwise``.

    Browsers take ``/\\`` for ``//`` and ignore tabs and line breaks, so such targets are refused.
    """
    root = request.script_root
    return target if target.startswith(root) and _PATH_HERE.fullmatch(target, len(root)) else otherwise


def record_number(name: str) -> int | None:
    """Returns the argument or field of the request as the id of a record; None for anything else."""
    given = request.values.get(name, type=int)
    return given if given is not None and 0 < given <= LARGEST_ID else None


def page_number() -> int:
    """Returns ``?page=`` of the request; 1 for a value that is no page number."""
    given = request.args.get("page", 1, type=int)
    return given if 1 <= given <= _LAST_PAGE else 1
