"""Originals, searchable copies and page pictures over HTTP: the same for the API and the pages."""

from __future__ import annotations

from pathlib import PurePath

from flask import Response, make_response, request, send_file

from archive.model import Attachment
from indexer import query as queries
from indexer.snippets import hits
from web.bootstrap import services

_SHOWN_BY_BROWSERS = {"application/pdf", "image/jpeg", "image/png"}
# A file from outside may neither run anything nor reach anything, whatever a browser takes it for.
_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; object-src 'self'; sandbox"


def original(attachment: Attachment, *, public: bool) -> Response:
    """The uploaded bytes, with the file name they came with; ranges and revalidation as HTTP has them."""
    answer = send_file(
        services().files.open(attachment.sha256),
        mimetype=attachment.media_type,
        as_attachment=attachment.media_type not in _SHOWN_BY_BROWSERS,
        download_name=attachment.filename,
        etag=attachment.sha256,
        conditional=True,
    )
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    _cache(answer, public=public)
    return answer


def searchable(attachment: Attachment) -> Response:
    """A scan with its text laid over it, to search, mark and copy in; for what is public only."""
    pages = services().records.pages(attachment.id)
    answer = send_file(
        services().copies.copy(attachment, pages),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{PurePath(attachment.filename).stem} (ค้นข้อความได้).pdf",
    )
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    _cache(answer, public=True)
    return answer


def picture(attachment: Attachment, number: int, *, width: int, typed: str, public: bool) -> Response:
    """The page's picture as WebP, hits for ``typed`` drawn in."""
    page = services().records.page(attachment.id, number)
    found = tuple(hits(page.text, queries.parse(typed))) if typed else ()
    data = services().pictures.page(attachment, page, width=width, hits=found)
    answer = make_response(data)
    answer.mimetype = "image/webp"
    answer.add_etag()
    _cache(answer, public=public)
    answer.make_conditional(request)
    return answer


def _cache(answer: Response, *, public: bool) -> None:
    """Asked again each time, so that what is withdrawn is gone at once; unchanged bytes stay unsent."""
    answer.headers["Cache-Control"] = "public, no-cache" if public else "private, no-store"
