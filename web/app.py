"""Builds the Flask application on given services: pages, API, feeds and their guards."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Request, Response, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.routing import IntegerConverter, Map

from archive.errors import Unavailable
from archive.model import Scope
from web import errors, fonts, organisations, template_filters
from web.accounts import access, sign_in
from web.addresses import LARGEST_ID
from web.api import resources
from web.bootstrap import Services
from web.public import collections, disclosure, feeds, following, manual, oai, pages, reports, statements
from web.serving import health, http_caching, log
from web.serving.http_server import SMALL_BODY
from web.serving.proxies import Networks, TrustedProxies
from web.serving.request_address import is_possible_host
from web.staff import (
    account,
    activity,
    announcements,
    collection_desk,
    disclosure_desk,
    erasures,
    file_versions,
    near_duplicates,
    people,
    reading_review,
    redaction,
    report_list,
    separator_sheet,
    site_profile,
    statistics,
    synonyms,
    system_health,
    text_correction,
    worklist,
)

_PARTS = (
    account,
    health,
    fonts,
    feeds,
    oai,
    manual,
    worklist,
    activity,
    statistics,
    announcements,
    collection_desk,
    disclosure_desk,
    erasures,
    file_versions,
    near_duplicates,
    people,
    redaction,
    text_correction,
    reading_review,
    report_list,
    separator_sheet,
    site_profile,
    synonyms,
    system_health,
    collections,
    statements,
    disclosure,
    reports,
    following,
    pages,
)

_MEGABYTE = 1 << 20
_FORM_OVERHEAD = _MEGABYTE  # bytes for fields and boundaries around the file itself

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' {styles}",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_PATHS = 20_000  # paths that are cached: some megabytes
_LONGEST_REMEMBERED = 100  # characters of a value in a cached path: texts that visitors type are not cached
_SECURE_NAME = "__Host-session"
"""A browser takes a cookie of this name over TLS only, for this host and no other."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def create_app(services: Services) -> Flask:
    """Returns an application on ``services``; make one per process."""
    app = _Application("web")
    secure = services.settings.base_url.startswith("https://")
    app.session_interface = _Sessions()
    app.extensions["prakat"] = services
    trusted = Networks(services.settings.trusted_proxies)
    app.wsgi_app = TrustedProxies(app.wsgi_app, trusted)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=services.secret_key,
        MAX_CONTENT_LENGTH=services.settings.max_upload_mb * _MEGABYTE + _FORM_OVERHEAD,
        MAX_FORM_MEMORY_SIZE=4 * _MEGABYTE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_NAME=_SECURE_NAME if secure else "session",
        JSON_AS_ASCII=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.converters["int"] = _Number
    app.before_request(_name_request)
    log.register_request_log(app, services.database, services.scanner)  # before all that may answer a request
    app.before_request(_limit_body)
    http_caching.register_caching_and_compression(app)
    app.after_request(_guard)
    pages.register_usage_counting(app)
    access.register_second_check(app)
    template_filters.register_template_filters(app)
    sign_in.register_sign_in(app)
    resources.register_api(app)
    for part in _PARTS:
        app.register_blueprint(part.pages)
    errors.register_error_handlers(app)
    organisations.register_organisations(app)
    return app


class _Application(Flask):
    """A Flask application that caches the paths of ``url_for``.

    A page has some forty paths, most of them in every page, and building each of them anew took a tenth of a
    page's processor time.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; with 400 alone where its ``Host`` header cannot name any site."""
        if not is_possible_host(environ.get("HTTP_HOST", "")):
            return BadRequest()(environ, start_response)
        return super().__call__(environ, start_response)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._remembered = lru_cache(maxsize=_PATHS, typed=True)(self._built)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        if values.get("_external") or endpoint.startswith("."):  # these depend on more than the root
            return super().url_for(endpoint, **values)
        if any(isinstance(value, str) and len(value) > _LONGEST_REMEMBERED for value in values.values()):
            return super().url_for(endpoint, **values)
        try:
            return self._remembered(request.script_root, endpoint, **values)
        except TypeError:  # a value that cannot be remembered, such as a list
            return super().url_for(endpoint, **values)

    def _built(self, _root: str, /, endpoint: str, **values: Any) -> str:
        return super().url_for(endpoint, **values)


class _Sessions(SecureCookieSessionInterface):
    """Flask's sessions in signed cookies; a request without the cookie prepares no signature."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        return self.session_class()


class _Number(IntegerConverter):
    """A number in an address that fits a database integer; a larger number is no address (404)."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_ID)


def _name_request() -> None:
    g.request_id = secrets.token_hex(8)


def may_send_large_body(app: Flask, environ: WSGIEnvironment) -> bool:
    """Returns True when the client may send a large body; changes ``environ``, so give a copy.

    ``environ`` is made from a request's header: the body comes after it.
    """
    if not is_possible_host(environ.get("HTTP_HOST", "")):
        return False
    cast(organisations.OrganisationMiddleware, app.wsgi_app).route_to_organisation(environ)
    with app.request_context(environ), suppress(Unavailable):
        return _may_bring_files()
    return False


def _limit_body() -> None:
    """Refuse a body that is too large for its sender, before any of the body is read."""
    if (request.content_length or 0) > SMALL_BODY and not _may_bring_files():
        raise RequestEntityTooLarge


def _may_bring_files() -> bool:
    """Returns True when the request may carry files.

    Files come in multipart forms, from clerks who are signed in and from programs with a token.
    """
    if request.mimetype != "multipart/form-data":
        return False
    if request.blueprint == "api":
        return access.has_scope(Scope.WRITE)
    return request.blueprint == "staff" and sign_in.person_may_see_unpublished()


def _guard(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = g.get("request_id", "")
    policy = _POLICY.format(styles=template_filters.styles_csp_source(request.script_root))
    answer.headers.setdefault("Content-Security-Policy", policy)
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.endpoint != "static" and session:  # pages of a signed-in person stay in no cache
        answer.headers.setdefault("Cache-Control", "no-store")
    if g.get("noindex"):
        answer.headers["X-Robots-Tag"] = "noindex"
    if request.is_secure:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return answer
