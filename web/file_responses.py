"""Sends originals, searchable copies and page pictures over HTTP, for the API and the pages alike."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import PurePath
from typing import BinaryIO

from cachetools import TTLCache
from flask import Response, current_app, make_response, request, send_file
from werkzeug.wsgi import wrap_file

from archive.errors import NotFound, PrakatError, Unavailable
from archive.filetype import is_shown_by_browsers
from archive.hashing import sha256_of_stream
from archive.model import Attachment, FileVersion
from indexer.extraction.cross_process_semaphore import NoFreeSlot
from indexer.extraction.page_images import WAIT_SECONDS
from indexer.scrub import UNSENT_ORIGINALS, report_original, withdraw_report
from indexer.search.highlighting import find_hits, first_hit_of_passage
from web.bootstrap import services
from web.search_service import query_to_mark
from web.serving.http_server import HURRY
from web.serving.log import timed_part

# An uploaded file may neither run scripts nor load anything, whatever type a browser takes the file for.
_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; object-src 'self'; sandbox"


log = logging.getLogger("prakat.files")

_PLAIN_NAME = re.compile(r'filename=(?:"[^"]*"|[^;\s]+)')  # not the name after ``filename*=``
_DAY = 24 * 3600.0  # seconds
_lock = threading.Lock()


def send_original(file: Attachment | FileVersion, *, is_public: bool) -> Response:
    """Returns the stored bytes under their file name, with HTTP ranges and revalidation.

    Raises ``Unavailable`` where they are damaged or missing, see ``_missing_told`` and ``_check_sound``.
    """
    with _missing_told(file):
        _check_sound(file)
        stream = services().files.open(file.sha256)
    answer = send_range_as_file(
        stream,
        file.size,
        mimetype=file.media_type,
        as_attachment=not is_shown_by_browsers(file.media_type),
        download_name=file.filename,
        etag=file.sha256,
    )
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    _cache(answer, is_public=is_public)
    return answer


def send_range_as_file(
    file: BinaryIO, size: int, *, mimetype: str, download_name: str, etag: str, as_attachment: bool = True
) -> Response:
    """Returns the file of ``size`` bytes, or the requested range of it; 304 when the client has it already.

    A range is handed to the server as a file too, so that a range costs neither memory nor a thread while a
    slow client reads it.
    """
    answer = send_file(
        file,
        mimetype=mimetype,
        as_attachment=as_attachment,
        download_name=download_name,
        etag=etag,
        conditional=False,
    )
    _name_for_old_programs(answer, download_name)
    answer.content_length = size
    answer.make_conditional(request, accept_ranges=True, complete_length=size)
    start = answer.content_range.start
    does_server_send_files = "wsgi.file_wrapper" in request.environ  # from their current position
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT and start is not None and does_server_send_files:
        file.seek(start)
        answer.response = wrap_file(request.environ, file)
    return answer


def _name_for_old_programs(answer: Response, name: str) -> None:
    """Give the download an ASCII name beside its Thai one: without it, old programs see ``.pdf`` alone."""
    disposition = answer.headers.get("Content-Disposition", "")
    if "filename*=" in disposition:
        plain = f"document{PurePath(name).suffix}"
        answer.headers["Content-Disposition"] = _PLAIN_NAME.sub(f'filename="{plain}"', disposition)


def send_public_searchable_copy(attachment: Attachment) -> Response:
    """Returns a public scan as a searchable PDF, which caches may keep; never call it for a held attachment.

    The text is laid over the pictures, to search, mark and copy.
    """
    pages = services().pages.by_attachment(attachment.id)
    with _missing_told(attachment):
        copy = services().copies.open_or_make(attachment, pages)
    answer = send_file(
        copy,
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{PurePath(attachment.filename).stem} (ค้นหาข้อความได้).pdf",
    )
    _name_for_old_programs(answer, "searchable.pdf")
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    _cache(answer, is_public=True)
    return answer


def send_picture(
    attachment: Attachment, number: int, *, width: int, typed: str, is_public: bool, is_cropped: bool = False
) -> Response:
    """Returns a page's picture as WebP with the hits of ``typed``; when busy without, or ``NoFreeSlot``.

    ``is_cropped``: only the area of the best passage. While pictures for other requests are being made, the
    kept picture of the whole page without marks is returned, if there is one and not ``is_cropped``.
    """
    with _missing_told(attachment):
        _check_sound(attachment)
    page = services().pages.get(attachment.id, number)
    query = query_to_mark(services(), typed)
    found = tuple(find_hits(page.text, query, services().tokenizer)) if typed else ()
    best = None
    if is_cropped:
        title = services().announcements.get(attachment.announcement_id).title
        best = first_hit_of_passage(page.text, query, services().tokenizer, title=title) if found else (0, 0)
    pictures = services().pictures
    seconds = 0.0 if HURRY in request.headers else WAIT_SECONDS
    address = request.remote_addr or ""
    try:
        with timed_part("picture"), _missing_told(attachment):
            data = pictures.page_picture(
                attachment,
                page,
                width=width,
                hits=found,
                crop_at=best,
                address=address,
                seconds=seconds,
            )
    except NoFreeSlot:
        unmarked = None if is_cropped else pictures.cached_picture(attachment, page, width=width)
        if unmarked is None:
            raise
        answer = make_response(unmarked)
        answer.mimetype = "image/webp"
        answer.headers["Cache-Control"] = "no-store"
        return answer
    answer = make_response(data)
    answer.mimetype = "image/webp"
    answer.add_etag()
    _cache(answer, is_public=is_public)
    answer.make_conditional(request)
    return answer


def _check_sound(file: Attachment | FileVersion) -> None:
    """Raises ``Unavailable`` (code ``file-damaged``) when the stored file no longer has its checksum.

    A file found sound is not read again for a day.
    """
    with _lock:
        sound: TTLCache[str, bool] = current_app.extensions.setdefault("sound", TTLCache(20_000, _DAY))
        if file.sha256 in sound:  # its checksum was compared within the last day
            return
    with services().files.open(file.sha256) as stream:
        found = sha256_of_stream(stream)
    if found != file.sha256:
        _report(file, "damaged")
        raise Unavailable(
            "ไฟล์ต้นฉบับนี้เสียหาย จึงไม่แสดง ระบบแจ้งผู้ดูแลเครื่องแล้ว หากต้องใช้ด่วนกรุณาติดต่อหน่วยงานเจ้าของประกาศ",
            code="file-damaged",
        )
    withdraw_report(services().settings.data, file.sha256)
    with _lock:
        sound[file.sha256] = True


@contextmanager
def _missing_told(file: Attachment | FileVersion) -> Iterator[None]:
    """Reports an original that the block does not find; raises ``Unavailable`` (code ``file-missing``).

    The record is there, and the file comes back from a backup: search engines shall not forget its address.
    """
    try:
        yield
    except NotFound as error:
        if error.code != "file-missing":
            raise
        _report(file, "missing")
        raise Unavailable(
            "ไฟล์ต้นฉบับนี้หายไปจากที่เก็บไฟล์ จึงยังเปิดไม่ได้ ระบบแจ้งผู้ดูแลเครื่องแล้ว หากต้องใช้ด่วนกรุณาติดต่อหน่วยงานเจ้าของประกาศ",
            code="file-missing",
        ) from error


def _report(file: Attachment | FileVersion, fault: str) -> None:
    """Tells the officer of an original that cannot be sent, in log, metrics and readiness check."""
    if isinstance(file, Attachment):
        record = {"attachment": file.id, "announcement": file.announcement_id}
    else:
        record = {"attachment": file.attachment_id, "version": file.number}
    facts = {"fault": fault, "sha256": file.sha256, "file": file.filename}
    log.error("original cannot be sent", extra={**record, **facts})
    report_original(services().settings.data, file.sha256)
    with suppress(PrakatError):  # a database that takes nothing at present is told elsewhere
        services().usage_statistics.add_to_total(UNSENT_ORIGINALS, 1)


def _cache(answer: Response, *, is_public: bool) -> None:
    """Set how the answer may be cached.

    Clients revalidate each time, so that a withdrawn file is gone at once; unchanged bytes are not sent
    again.
    """
    answer.headers["Cache-Control"] = "public, no-cache" if is_public else "private, no-store"
