"""Several municipalities on one installation: finds the organisation that a request is for.

Each organisation has its address by host or by the first part of the path. The whole application then works
on the services of that organisation alone (``web.bootstrap.Services.for_organisation``), at a root of its
own: the part of the path that names the organisation has become WSGI's ``SCRIPT_NAME``, with which
``url_for`` begins every path. A request at no organisation's address is for the province's front: a search of
all. With a single organisation this module does nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from archive.errors import Invalid, Unavailable
from archive.model import THE_PROVINCE, Organisation
from archive.ports import Organisations
from web.accounts.access import require_visible
from web.accounts.sign_in import person_may_see_unpublished
from web.bootstrap import KNOWN, ORGANISATION, services
from web.settings import Settings

_FRESH = 3.0  # seconds for which the list of organisations is kept before it is read again
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def register_organisations(app: Flask) -> None:
    """Have ``app`` serve each organisation at its own address."""
    with app.app_context():
        app.wsgi_app = OrganisationMiddleware(app.wsgi_app, services().organisations)  # type: ignore[method-assign]
    app.before_request(_keep_from_towns)
    app.before_request(_lead_home)
    app.context_processor(lambda: {"towns": _shown(), "site": services().site_url_of})


class OrganisationMiddleware:
    """WSGI middleware that finds each request's organisation and takes its part off the path."""

    def __init__(self, app: WSGIApplication, organisations: Organisations) -> None:
        self._app, self._organisations = app, organisations
        self._known = organisations.all()
        self._until = time.monotonic() + _FRESH

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.route_to_organisation(environ)
        return self._app(environ, start_response)

    def route_to_organisation(self, environ: WSGIEnvironment) -> None:
        """Write the request's organisation into ``environ``, and move the root to that organisation."""
        known = self._remembered()
        environ[KNOWN] = known
        environ[ORGANISATION] = _asked_for(known, environ) if len(known) > 1 else None

    def _remembered(self) -> Sequence[Organisation]:
        if time.monotonic() > self._until:
            with suppress(Unavailable):  # then the list stays as it was
                self._known = self._organisations.all()
            self._until = time.monotonic() + _FRESH
        return self._known


def _asked_for(known: Sequence[Organisation], environ: WSGIEnvironment) -> Organisation:
    """Returns the organisation whose address the request has; the province where there is none.

    For an organisation below a path, the root of the application is moved in ``environ``.
    """
    host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    first, _, rest = environ.get("PATH_INFO", "").removeprefix("/").partition("/")
    if (at_host := next((each for each in known if each.host == host), None)) is not None:
        return at_host
    if (below_path := next((each for each in known if each.slug == first), None)) is None:
        return THE_PROVINCE
    environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/{first}"
    environ["PATH_INFO"] = f"/{rest}"
    return below_path


def _keep_from_towns() -> None:
    """Raises ``NotFound`` for an organisation's request for the whole installation's numbers."""
    among_several = not services().is_whole_installation
    if among_several and request.endpoint in ("health.metrics", "health.ready"):
        raise NotFound


def _lead_home() -> AnyResponse | None:
    """Redirect an announcement at the province's front to the site of its organisation."""
    named = request.view_args or {}
    if not services().is_province or request.blueprint != "public" or "announcement_id" not in named:
        return None
    shown = require_visible(
        services().announcements.get(named["announcement_id"]), is_staff=person_may_see_unpublished()
    )
    return redirect(services().site_url_of_organisation(shown.organisation) + request.full_path.rstrip("?"))


def _shown() -> dict[int | str, str]:
    """Returns organisations' names by id and by slug at the province's front; elsewhere nothing."""
    if not services().is_province:
        return {}
    towns = services().towns.values()
    return {each.id: each.name for each in towns} | {each.slug: each.name for each in towns}


def is_front_host(host: str | None, settings: Settings) -> bool:
    """Returns True for the host name of ``PRAKAT_BASE_URL``, at which the province's front is."""
    return host is not None and host == urlsplit(settings.base_url).hostname


def checked_organisation(organisation: Organisation, app: Flask) -> Organisation:
    """Returns the organisation, if its slug, host and name can be stored.

    Raises ``Invalid`` otherwise, also for a slug that ``app`` needs for a page of its own, and for the host
    name of the province's front.
    """
    taken = {"all", *(rule.rule.split("/")[1] for rule in app.url_map.iter_rules())}
    if not _SLUG.fullmatch(organisation.slug) or organisation.slug in taken:
        raise Invalid(
            "ชื่อในลิงก์ %(slug)s ใช้ไม่ได้ ใช้ a–z 0–9 และ - และไม่ซ้ำกับหน้าของระบบ"
            " (a slug has a–z, 0–9 and hyphens, and is no page of the system)",
            field="slug",
            slug=organisation.slug,
        )
    if organisation.host is not None and not _HOST.fullmatch(organisation.host):
        raise Invalid(f"ชื่อโฮสต์ {organisation.host} ใช้ไม่ได้ (not a host name in lower case)", field="host")
    with app.app_context():
        if is_front_host(organisation.host, services().settings):
            raise Invalid(
                f"ชื่อโฮสต์ {organisation.host} เป็นของ PRAKAT_BASE_URL ซึ่งเป็นหน้ารวม ตั้ง base_url เป็นชื่ออื่นก่อน"
                " (this host is PRAKAT_BASE_URL's, the front of all: give base_url another first)",
                field="host",
            )
    if not organisation.name.strip():
        raise Invalid("กรุณาระบุชื่อหน่วยงาน (a name is needed)", field="name")
    return organisation
