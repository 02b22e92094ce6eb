"""HTTP caching by ETag, answers kept by this process, and compression with gzip.

Public answers are validated and kept while nothing changes, and compressed where they hold no secret; static
files are kept by browsers for ever.

Public pages and answers of the API carry an ETag that is made from all that they depend on: the change
counter, the audit chain (collections, organisations), the index, the dictionary, the day, the address and
the reader's language. So a lookup is enough to know that a page is unchanged, and each process keeps the
pages that it made until one of these values changes. Answers to staff or to programs with a token are kept
nowhere.

Arguments of an address that no public page reads, such as those with which other sites mark each click
(``fbclid``, ``utm_source``), are removed from the request before it is answered. So all who follow a shared
link get one page, and none of it can depend on them.
"""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event, Lock
from typing import cast
from urllib.parse import unquote_plus

from cachetools import LRUCache
from flask import Flask, Response, current_app, g, request, session
from werkzeug.http import quote_etag

from archive import thai
from archive.errors import Unavailable
from web.api import schemas
from web.bootstrap import services
from web.serving.http_server import HURRY

SHARED_SECONDS = 2  # seconds for which a shared cache answers by itself; browsers ask each time

STALE_SECONDS = 3
"""Seconds after ``SHARED_SECONDS`` in which a shared cache may still send its copy while it asks for a new
copy. A withdrawn page is gone from every cache after the sum of both."""

FRESH_SECONDS = 60
"""Seconds after which a page is made anew even if the archive has not changed: the number of views and the
reading progress of files move without a change of the archive."""

MOST_SECONDS_IN_MAKING = 5.0  # for which a request waits until another request has made the same answer

KEPT_BYTES = 32 << 20  # bytes of rendered pages that a process keeps; a page has some 10 KB, compressed

PUBLIC = f"public, max-age=0, s-maxage={SHARED_SECONDS}, stale-while-revalidate={STALE_SECONDS}"
_PRIVATE = "private, no-store"
_PARTS = {
    "public",
    "feeds",
    "collections",
    "disclosure",
    "manual",
    "statements",
    "api",
    "api-docs",
    "oai",
    None,
}
"""Blueprints with public answers; None stands for the description of the API."""

READ_ARGUMENTS = frozenset(
    field.data_key or name
    for schema in (
        schemas.SearchArgs,
        schemas.AnnouncementListArgs,
        schemas.SuggestArgs,
        schemas.PagePictureArgs,
    )
    for name, field in schema().fields.items()
) | {"part", "next"}
"""Arguments of addresses that public pages read; every other argument is removed from the request."""

_READING_ALL_ARGUMENTS = {"oai.answer_harvester", "public.old_address"}
"""Endpoints for which the whole address counts: by OAI-PMH an unknown argument is an error, and addresses of
the older site have arguments of their own."""

_TYPES = {
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "application/atom+xml",
    "application/xml",
    "text/xml",
    "image/svg+xml",
}
_LEAST = 500  # bytes; smaller answers are not worth compressing
_FOR_EVER = "public, max-age=31536000, immutable"
_VERSION = version("prakat")


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """An answer as it was sent, without the headers that differ with each request."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    missed_search: str | None = None  # the query, if this page of results found nothing


class ResponseCache:
    """This process's answers by their ETag, up to ``limit`` bytes; the least recently used are dropped.

    Safe for use by all threads.
    """

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._answers: LRUCache[str, KeptResponse] = LRUCache(limit, lambda answer: len(answer.body) + 1_000)
        self._limit = limit
        self._in_making: dict[str, Event] = {}
        self._lock = Lock()

    def get(self, tag: str) -> KeptResponse | None:
        """Returns the answer with this tag; None if it is not kept."""
        with self._lock:
            return self._answers.get(tag)

    def get_or_begin(self, tag: str) -> tuple[KeptResponse | None, bool]:
        """Returns the answer with this tag, if it is kept, and True if the caller is the one to make it now.

        That caller calls ``end`` afterwards. While another caller makes the answer, this waits for it, up to
        ``MOST_SECONDS_IN_MAKING``; ``(None, False)``: the other made nothing that may be kept.
        """
        with self._lock:
            if (kept := self._answers.get(tag)) is not None:
                return kept, False
            made = self._in_making.get(tag)
            if made is None:
                self._in_making[tag] = Event()
                return None, True
        made.wait(MOST_SECONDS_IN_MAKING)
        return self.get(tag), False

    def end(self, tag: str) -> None:
        """Let those go on that wait for the answer with this tag, whether it is kept now or not."""
        with self._lock:
            made = self._in_making.pop(tag, None)
        if made is not None:
            made.set()

    def put(self, tag: str, answer: KeptResponse) -> None:
        """Keep an answer, unless it is larger than a twentieth of ``limit``."""
        if len(answer.body) < self._limit // 20:
            with self._lock:
                self._answers[tag] = answer


def register_caching_and_compression(app: Flask) -> None:
    """Have ``app`` send kept answers, ETags and gzip; call it before any other handler is registered.

    Flask runs the first ``before_request`` first and the first ``after_request`` last.
    """
    app.extensions["kept-answers"] = ResponseCache()
    app.before_request(_answer_unchanged)
    app.teardown_request(_end_making)
    app.after_request(_cache_answer)
    app.after_request(_compress)
    app.after_request(_cache_static)


def drop_entity_tag() -> None:
    """Keep this answer out of the kept ones: for files that have an entity tag of their own.

    Without its entity tag, the next request is not answered from a kept copy either.
    """
    g.entity_tag = None


def note_missed_search(typed: str) -> None:
    """Note that this page of results found nothing for ``typed``, which is kept with the page."""
    g.missed_search = typed


def missed_search() -> str | None:
    """Returns the query of this request if it found nothing, whether the page was made or kept; else None."""
    found: str | None = g.get("missed_search")
    return found


def _answer_unchanged() -> Response | None:
    """Returns 304 for an unchanged answer, or the kept answer; None when it must be made."""
    g.entity_tag = None
    if not _is_for_everybody():
        return None
    _remove_unread_arguments()
    g.entity_tag = _entity_tag()
    if g.entity_tag is None:
        return None
    is_unchanged = _is_known_to_client(g.entity_tag)
    if is_unchanged and request.endpoint != "public.results":  # only the page knows if anything was found
        return Response(status=304)
    kept = _kept_or_to_make(_variant(g.entity_tag))
    if kept is None:
        return None
    g.missed_search = kept.missed_search
    return Response(status=304) if is_unchanged else Response(kept.body, headers=list(kept.headers))


def _is_known_to_client(tag: str) -> bool:
    """Returns True when the request says that its client has the answer with this entity tag."""
    return not request.if_none_match.star_tag and request.if_none_match.contains_weak(tag)


def _kept_or_to_make(variant: str) -> KeptResponse | None:
    """Returns the kept answer; None if this request is to make it."""
    # A request other than GET makes nothing that is kept, and one that must hurry waits for no other.
    if request.method != "GET" or HURRY in request.headers:
        return _kept_answers().get(variant)
    kept, is_to_make = _kept_answers().get_or_begin(variant)
    if is_to_make:
        g.in_making = variant
    return kept


def _end_making(_error: BaseException | None) -> None:
    if "in_making" in g:
        _kept_answers().end(g.pop("in_making"))


def _remove_unread_arguments() -> None:
    """Change the request so that it has only arguments that public pages read, as they were written."""
    if request.endpoint in _READING_ALL_ARGUMENTS or not request.query_string:
        return
    parts = request.query_string.decode("latin-1").split("&")
    read = [part for part in parts if unquote_plus(part.partition("=")[0]) in READ_ARGUMENTS]
    if len(read) < len(parts):
        request.query_string = "&".join(read).encode("latin-1")
        for cached in ("args", "full_path", "url", "values"):  # which werkzeug may have computed already
            vars(request).pop(cached, None)


def _is_for_everybody() -> bool:
    """Returns True when the answer does not depend on who sends the request."""
    return (
        request.method in ("GET", "HEAD")
        and request.blueprint in _PARTS
        and request.endpoint not in (None, "static")
        and current_app.config["SESSION_COOKIE_NAME"] not in request.cookies
        and "Authorization" not in request.headers
    )


def _entity_tag() -> str | None:
    """Returns a hash of all that a public answer depends on; None while part of that is unavailable."""
    here = services()
    try:
        manifest = here.index.manifest()
        state = (
            here.history.last_change(),
            here.audit.last_entry()[0],
            here.index.position(),
            manifest.built_at if manifest else None,
        )
    except Unavailable:
        return None
    reader = (request.cookies.get("language"), request.cookies.get("theme"))
    whose = here.organisation.id if here.organisation else None
    place = (whose, here.settings.base_url, request.script_root, request.full_path)
    day = thai.today()  # pages say whether the last day of a notice is over
    # not all pages in the same second
    offset = zlib.crc32(request.path.encode("utf-8", "surrogatepass")) % FRESH_SECONDS
    minute = int((time.time() + offset) / FRESH_SECONDS)
    words = here.dictionary.current().version
    all_of_it = repr((_VERSION, state, words, reader, place, day, minute))
    return hashlib.sha256(all_of_it.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _variant(tag: str) -> str:
    return f"{tag} gzip" if request.accept_encodings["gzip"] else tag


def _kept_answers() -> ResponseCache:
    return cast(ResponseCache, current_app.extensions["kept-answers"])


def _cache_answer(answer: Response) -> Response:
    """Set how the answer may be cached, and keep it in this process.

    An answer that had to be made although the client has it is kept too, and sent as 304.
    """
    if "Authorization" in request.headers:
        answer.headers.setdefault("Cache-Control", _PRIVATE)
    tag: str | None = g.get("entity_tag")
    has_own_rule = "Cache-Control" in answer.headers and answer.headers["Cache-Control"] != PUBLIC
    if tag is None or answer.status_code not in (200, 304) or has_own_rule or "Set-Cookie" in answer.headers:
        return answer
    answer.headers["ETag"] = quote_etag(tag, weak=True)
    answer.headers["Cache-Control"] = PUBLIC
    answer.vary.update(("Cookie", "Accept-Encoding", "Authorization"))
    if answer.status_code == 200 and request.method == "GET" and not answer.is_streamed:
        headers = [(name, value) for name, value in answer.headers if name != "X-Request-Id"]
        _kept_answers().put(_variant(tag), KeptResponse(answer.get_data(), tuple(headers), missed_search()))
    if answer.status_code == 200 and _is_known_to_client(tag):
        answer.set_data(b"")
        answer.status_code = 304
    return answer


def _cache_static(answer: Response) -> Response:
    """Let browsers keep a static file for ever when its address names its content (``?v=``)."""
    if request.endpoint == "static" and "v" in request.args and answer.status_code == 200:
        answer.headers["Cache-Control"] = _FOR_EVER
    return answer


def _compress(answer: Response) -> Response:
    """Compress the answer, unless it may hold a secret.

    Pages of people who are signed in, or with a form's token in them, are sent as they are: compressed, their
    length would tell about the secrets in them (BREACH).
    """
    if answer.mimetype not in _TYPES or answer.status_code != 200 or answer.content_encoding:
        return answer
    answer.vary.add("Accept-Encoding")
    if (request.endpoint != "static" and session) or not request.accept_encodings["gzip"]:
        return answer
    answer.direct_passthrough = False
    data = answer.get_data()
    if len(data) >= _LEAST:
        answer.set_data(gzip.compress(data, 6))
        answer.headers["Content-Encoding"] = "gzip"
        if (etag := answer.get_etag()[0]) is not None:
            answer.set_etag(etag, weak=True)
    return answer
