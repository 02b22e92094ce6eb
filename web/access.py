"""Who may see what: the one place that decides, for API, pages, feeds and files alike."""

from __future__ import annotations

import hashlib
import secrets

from flask import request

from archive.errors import Gone, NotFound
from archive.model import Announcement, Attachment, Status
from web.bootstrap import services

_TOKEN_BYTES = 32


def new_token() -> str:
    """A new API token, to be shown once."""
    return f"prakat_{secrets.token_urlsafe(_TOKEN_BYTES)}"


def token_hash(token: str) -> str:
    """What is kept of a token. Plain SHA-256 serves: tokens are random, not chosen by people."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_name() -> str | None:
    """The name of the request's live token; None without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return services().people.token_name(token_hash(token.strip()))


def visible(announcement: Announcement, *, staff: bool) -> Announcement:
    """The announcement, if it may be shown. ``Gone`` with the reason when withdrawn, else ``NotFound``."""
    if staff or announcement.status is Status.PUBLISHED:
        return announcement
    if announcement.status is Status.WITHDRAWN:
        raise Gone("ประกาศนี้ถูกถอนแล้ว เหตุผล: %(reason)s", reason=announcement.reason)
    raise NotFound("ไม่พบประกาศนี้")


def visible_attachment(attachment_id: int, *, staff: bool) -> Attachment:
    """The attachment, if its announcement may be shown."""
    attachment = services().records.attachment(attachment_id)
    visible(services().records.announcement(attachment.announcement_id), staff=staff)
    return attachment
