"""The permanent addresses of announcements and pages, as the contract with other programs has them."""

from __future__ import annotations

from urllib.parse import urlencode

from archive.model import Attachment


def announcement_path(announcement_id: int) -> str:
    """``/announcements/17``."""
    return f"/announcements/{announcement_id}"


def page_path(attachment: Attachment, number: int, typed: str = "") -> str:
    """``/announcements/17/attachments/3?page=2&q=…``."""
    arguments = {"page": number} | ({"q": typed} if typed else {})
    return (
        f"{announcement_path(attachment.announcement_id)}/attachments/{attachment.id}?{urlencode(arguments)}"
    )
