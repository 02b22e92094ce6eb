"""Every error as its reader can use it: a Thai page for people, problem details for programs."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, g, json, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from archive.errors import Gone, Invalid, MissingScope, NotFound, PersonalDataFound, PrakatError, Unavailable
from archive.model import LocatedPersonalData
from web.bootstrap import services
from web.serving.log import note_security

log = logging.getLogger("prakat.web")

API = "/api/"

MESSAGES = {
    400: lazy_gettext("คำขอไม่ถูกต้อง กรุณากลับไปหน้าก่อนแล้วลองใหม่"),
    401: lazy_gettext("กรุณาลงชื่อเข้าใช้ก่อน"),
    403: lazy_gettext("คุณไม่มีสิทธิ์ทำรายการนี้ กรุณาติดต่อผู้ดูแลระบบของหน่วยงาน"),
    404: lazy_gettext("ไม่พบหน้านี้"),
    405: lazy_gettext("ทำรายการนี้ที่หน้านี้ไม่ได้ กรุณากลับไปหน้าก่อนแล้วลองใหม่"),
    413: lazy_gettext("ไฟล์ใหญ่เกินกว่าที่รับได้ กรุณาย่อหรือแบ่งไฟล์"),
    415: lazy_gettext("ระบบไม่รองรับข้อมูลชนิดนี้ กรุณาส่งใหม่เป็นชนิดที่ระบบรับ"),
    422: lazy_gettext("ข้อมูลที่ส่งมาไม่ครบหรือไม่ถูกต้อง กรุณาตรวจแล้วส่งอีกครั้ง"),
    429: lazy_gettext("ส่งถี่เกินไป กรุณารอสักครู่แล้วลองใหม่"),
    500: lazy_gettext("ระบบขัดข้อง กรุณาลองใหม่อีกครั้ง หากยังพบปัญหา กรุณาแจ้งผู้ดูแลระบบ"),
    503: lazy_gettext("ระบบยังไม่พร้อมให้บริการ กรุณาลองใหม่อีกครั้งในอีกสักครู่"),
}


def register_error_handlers(app: Flask) -> None:
    """Answer every error of ``app`` here."""
    app.register_error_handler(PrakatError, _prakat)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, _unexpected)


def problem_details(status: int, code: str, detail: str, **more: Any) -> Response:
    """Returns the error as RFC 9457 problem details."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if status >= _OURS:
        body["instance"] = f"urn:prakat:request:{g.get('request_id', '')}"
    return Response(
        json.dumps(body | {"code": code, "detail": detail} | more),
        status=status,
        content_type="application/problem+json",
    )


@contextmanager
def errors_flashed() -> Iterator[None]:
    """Tells the person of an error of the block by a message on the next page; what follows goes on."""
    try:
        yield
    except PrakatError as error:
        flash(error_message(error), "bad")


def error_message(error: PrakatError) -> str:
    """Returns a sentence in the reader's language: what went wrong and what to do."""
    values = {name: translated(value) for name, value in error.values.items()}
    said: str = translated(error.said)
    return said % values if values else said


def translated(text: Any) -> Any:
    """Returns a Thai message of the program in the reader's language; anything else unchanged."""
    return gettext(text) if isinstance(text, str) and text else text


def _prakat(error: PrakatError) -> ResponseReturnValue:
    if _wants_problem():
        more: dict[str, Any] = {"field": error.field} if isinstance(error, Invalid) and error.field else {}
        if isinstance(error, PersonalDataFound):
            more["finds"] = [_as_find(find) for find in error.finds]
        answer = problem_details(error.http_status, error.code, error.message, **more)
    else:
        withdrawn = error.values if isinstance(error, Gone) else None  # its title, date, reason, successors
        document = _document_of_faulty_file(error)
        announcement = _announcement_of_missing_document() if isinstance(error, NotFound) else ""
        answer = make_response(
            _page(
                error.http_status,
                error_message(error),
                withdrawn=withdrawn,
                document=document,
                announcement=announcement,
            )
        )
    if isinstance(error, MissingScope):  # RFC 6750, 3.1
        answer.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{error.scope}"'
    if error.retry:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _document_of_faulty_file(error: PrakatError) -> str:
    """Returns the address of the page with the text of a public file that cannot be sent; "" for others."""
    if error.code not in _FAULTY_FILE or request.endpoint not in _FILES:
        return ""
    return url_for("public.document", **(request.view_args or {}))


def _announcement_of_missing_document() -> str:
    """Returns the address of the public announcement that the address of a missing document names; "" else.

    Printed pages bear the address of their document, which may have been taken off or replaced since.
    """
    if not (request.endpoint or "").startswith("public.document"):
        return ""
    id = (request.view_args or {})["announcement_id"]
    if id not in services().get_published([id]):
        return ""
    return url_for("public.announcement", announcement_id=id)


def _as_find(find: LocatedPersonalData) -> dict[str, Any]:
    data = find.data
    return {
        "type": data.type,
        "attachment_id": find.attachment_id,
        "page": data.page or None,
        "field": data.field or None,
        "start": data.start,
        "end": data.end,
    }


def answer_http_error(error: HTTPException) -> ResponseReturnValue:
    """Returns the answer to an error of HTTP: problem details below ``/api/``, else a page."""
    status = error.code or 500
    if status in _REFUSALS or isinstance(error, CSRFError):
        note_security("refused", is_good=False, status=status, path=request.path, method=request.method)
    if error.response is not None:  # a redirect, or an answer that is already complete
        return error.get_response()
    message = str(MESSAGES.get(status, error.name))
    if not _wants_problem():
        return _page(status, message)
    messages = getattr(error, "data", {}).get("messages")
    answer = problem_details(
        status, error.name.lower().replace(" ", "-"), message, **({"errors": messages} if messages else {})
    )
    answer.headers.extend(
        (name, value) for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")
    )
    return answer


def _unexpected(error: Exception) -> ResponseReturnValue:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _prakat(Unavailable("พื้นที่ดิสก์เต็ม ระบบยังไม่ได้บันทึก กรุณาแจ้งผู้ดูแลเครื่องแล้วลองใหม่"))
    log.exception("unexpected", exc_info=error)
    if not _wants_problem():
        return _page(500, str(MESSAGES[500]))
    return problem_details(500, "internal-error", str(MESSAGES[500]))


def _wants_problem() -> bool:
    return request.path.startswith(API)


_FAULTY_FILE = {"file-missing", "file-damaged"}
_FILES = {"public.document_file", "public.document_searchable"}
_REFUSALS = {401, 403, 429}
_OURS = HTTPStatus.INTERNAL_SERVER_ERROR


def _page(
    status: int,
    message: str,
    *,
    withdrawn: Mapping[str, object] | None = None,
    document: str = "",
    announcement: str = "",
) -> tuple[str, int]:
    reference = g.get("request_id", "") if status >= _OURS else ""
    return render_template(
        "error.html",
        status=status,
        message=message,
        withdrawn=withdrawn,
        document=document,
        announcement=announcement,
        reference=reference,
    ), status
