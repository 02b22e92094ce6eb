"""Preconditions: a program may ask to write only while a record is as it read it (RFC 9110, 13.1.1).

The answers that show a record to a program carry ``ETag``. Sent back in ``If-Match`` with a write, the
write is refused with 412 once anybody has changed the record since. Without the header it is not asked.
"""

from __future__ import annotations

from typing import Any

from flask import Response, after_this_request, request
from werkzeug.http import quote_etag

from archive.errors import PrakatError
from archive.model import Announcement
from web.bootstrap import services

IF_MATCH_PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "ค่า ETag ที่ได้เมื่ออ่าน · the ETag of the record as it was read; changed since: 412",
}
"""Description of the header of a write, for OpenAPI."""

ETAG_HEADER: dict[str, Any] = {
    "ETag": {
        "schema": {"type": "string"},
        "description": "ส่งกลับใน If-Match เมื่อเขียน · to send back in If-Match; for tokens that may read",
    }
}
"""Description of the header of an answer about a record, for OpenAPI."""


class ChangedMeanwhile(PrakatError):
    """A write whose ``If-Match`` names another state of the record than the present one."""

    code = "changed-meanwhile"
    http_status = 412

    def __init__(self) -> None:
        super().__init__(
            "ประกาศหรือเอกสารแนบถูกแก้ไขหลังจากที่โปรแกรมอ่านไป จึงยังไม่ได้บันทึก กรุณาอ่านใหม่แล้วส่งพร้อม ETag ใหม่"
            " (the record was changed since it was read; nothing was saved: read it again, send its new ETag)"
        )


def record_tag(announcement_id: int) -> str:
    """Returns the ETag of a record, without quotes: it names the last change of it or of its attachments.

    Reading a file in the background and counting views are no changes.
    """
    return str(services().history.last_entry_id(announcement_id))


def send_tag(tag: str) -> None:
    """Has this request's answer carry ``tag`` as its ``ETag``."""

    def add(answer: Response) -> Response:
        answer.headers["ETag"] = quote_etag(tag)
        return answer

    after_this_request(add)


def refuse_if_changed(announcement: Announcement) -> None:
    """Raises ``ChangedMeanwhile`` when the request's ``If-Match`` does not name the record's present state.

    Call it inside the transaction that writes. ``*`` names any state. A tag that was made weak on the way
    counts as well: a server that compresses an answer must do so, and the tag names a change, not bytes.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return
    if not request.if_match.contains_weak(record_tag(announcement.id)):
        raise ChangedMeanwhile
