"""HTTP caching by ETag, answers kept by this process, and compression with gzip.

Public answers are validated and kept while nothing changes, and compressed where they hold no secret; static
files are kept by browsers for ever.

Public pages and answers of the API carry an ETag that is made from all that they depend on: the change
counter, the audit chain (collections, organisations), the index, the dictionary, the address and the reader's
language. So a lookup is enough to know that a page is unchanged, and each process keeps the pages that it
made until one of these values changes. Answers to staff or to programs with a token are kept nowhere.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from threading import Lock
from typing import cast

from cachetools import LRUCache
from flask import Flask, Response, current_app, g, request, session
from werkzeug.http import quote_etag

from archive.errors import Unavailable
from web.bootstrap import services

SHARED_SECONDS = 2  # seconds for which a shared cache answers by itself; browsers ask each time

STALE_SECONDS = 3
"""Seconds after ``SHARED_SECONDS`` in which a shared cache may still send its copy while it asks for a new
copy. A withdrawn page is gone from every cache after the sum of both."""

FRESH_SECONDS = 60
"""Seconds after which a page is made anew even if the archive has not changed: the number of views and the
reading progress of files move without a change of the archive."""

KEPT_BYTES = 32 << 20  # bytes of rendered pages that a process keeps; a page has some 10 KB, compressed

PUBLIC = f"public, max-age=0, s-maxage={SHARED_SECONDS}, stale-while-revalidate={STALE_SECONDS}"
_PRIVATE = "private, no-store"
_PARTS = {"public", "feeds", "collections", "disclosure", "manual", "statements", "api", "api-docs", None}
"""Blueprints with public answers; None stands for the description of the API."""

_TYPES = {
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "application/atom+xml",
    "application/xml",
    "image/svg+xml",
}
_LEAST = 500  # bytes; smaller answers are not worth compressing
_FOR_EVER = "public, max-age=31536000, immutable"
_VERSION = version("prakat")


@dataclass(frozen=True, slots=True)
class _KeptAnswer:
    """An answer as it was sent, without the headers that differ with each request."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


class ResponseCache:
    """This process's answers by their ETag, up to ``limit`` bytes; the least recently used are dropped.

    Safe for use by all threads.
    """

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._answers: LRUCache[str, _KeptAnswer] = LRUCache(limit, lambda answer: len(answer.body) + 1_000)
        self._limit = limit
        self._lock = Lock()

    def get(self, tag: str) -> _KeptAnswer | None:
        """Returns the answer with this tag; None if it is not kept."""
        with self._lock:
            return self._answers.get(tag)

    def put(self, tag: str, body: bytes, headers: Iterable[tuple[str, str]]) -> None:
        """Keep an answer, unless it is larger than a twentieth of ``limit``."""
        if len(body) < self._limit // 20:
            with self._lock:
                self._answers[tag] = _KeptAnswer(body, tuple(headers))


def register_caching_and_compression(app: Flask) -> None:
    """Have ``app`` send kept answers, ETags and gzip; call it before any other handler is registered.

    Flask runs the first ``before_request`` first and the first ``after_request`` last.
    """
    app.extensions["kept-answers"] = ResponseCache()
    app.before_request(_answer_unchanged)
    app.after_request(_cache_answer)
    app.after_request(_compress)
    app.after_request(_cache_static)


def drop_entity_tag() -> None:
    """Keep this answer out of the kept ones: for views that record something of each request.

    Without its entity tag, the next request is not answered from a kept copy either.
    """
    g.entity_tag = None


def _answer_unchanged() -> Response | None:
    """Returns 304 for an unchanged answer, or the kept answer; None when it must be made."""
    g.entity_tag = _entity_tag() if _is_for_everybody() else None
    if g.entity_tag is None:
        return None
    if not request.if_none_match.star_tag and request.if_none_match.contains_weak(g.entity_tag):
        return Response(status=304)
    kept = _kept_answers().get(_variant(g.entity_tag))
    return None if kept is None else Response(kept.body, headers=list(kept.headers))


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
    minute = int(time.time() / FRESH_SECONDS)
    words = here.dictionary.current().version
    all_of_it = repr((_VERSION, state, words, reader, place, minute))
    return hashlib.sha256(all_of_it.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _variant(tag: str) -> str:
    return f"{tag} gzip" if request.accept_encodings["gzip"] else tag


def _kept_answers() -> ResponseCache:
    return cast(ResponseCache, current_app.extensions["kept-answers"])


def _cache_answer(answer: Response) -> Response:
    """Set how the answer may be cached, and keep it in this process."""
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
        _kept_answers().put(_variant(tag), answer.get_data(), headers)
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
