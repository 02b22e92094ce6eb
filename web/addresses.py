"""The permanent addresses of announcements and pages, as the contract with other programs has them."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import request

from archive.model import Attachment
from web.bootstrap import services

_LAST_PAGE = 1_000_000
_PATH_HERE = re.compile(r"/(?![/\\])[^\t\r\n]*")


def absolute(path: str) -> str:
    """``https://…/announcements/17``: the same on the site that is asked, for programs."""
    return services().settings.base_url + path


def announcement_path(announcement_id: int) -> str:
    """``/announcements/17``."""
    return f"/announcements/{announcement_id}"


def page_path(attachment: Attachment, number: int, typed: str = "") -> str:
    """``/announcements/17/attachments/3?page=2&q=…``."""
    arguments = {"page": number} | ({"q": typed} if typed else {})
    return (
        f"{announcement_path(attachment.announcement_id)}/attachments/{attachment.id}?{urlencode(arguments)}"
    )


def path_here(target: str, otherwise: str) -> str:
    """A way back that somebody names, if it is a path on this site. Browsers take ``/\\`` for ``//`` and
    read over tabs and line breaks."""
    return target if _PATH_HERE.fullmatch(target) else otherwise


def page_number() -> int:
    """``?page=`` of the request; the first where it makes no sense."""
    given = request.args.get("page", 1, type=int)
    return given if 1 <= given <= _LAST_PAGE else 1
