"""Pages for residents: home, results, announcements, documents, ways to browse."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from itertools import groupby
from typing import Any, cast

from flask import Blueprint, Flask, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as AnyResponse

from archive import thai
from archive.errors import Unavailable
from archive.facets import FACETS_BY_NAME
from archive.filetype import is_office
from archive.model import Announcement, Attachment, HoldReason, ReadingStatus, Status, TextSource
from archive.relations import published_relations
from archive.suggested_fields import with_values_of_documents
from indexer.extraction.cross_process_semaphore import NoFreeSlot
from indexer.extraction.page_images import hit_rectangles
from indexer.search.highlighting import find_hits, query_marking_whole_words
from indexer.search.query import parser as queries
from indexer.search.query.parser import Filters, Query
from web import file_responses
from web.accounts.access import (
    has_withheld_document_with_new_file,
    require_visible,
    require_visible_attachment,
    visible_attachments,
)
from web.accounts.sign_in import person_may_see_unpublished
from web.addresses import absolute_url, page_number, page_path, path_on_this_site, search_text_of_request
from web.anonymous_visitors import hashed_trait, hashed_visitor_address
from web.api import schemas
from web.bootstrap import services
from web.public.office_contact import asks_for_the_office
from web.reflow import reflow
from web.search_service import SearchResults, most_read, query_to_mark, search, similar_announcement_ids
from web.serving import http_caching
from web.template_filters import asset, path_with

pages = Blueprint("public", __name__)

_LATEST = 8  # announcements on the front page
_MOST_READ = 5  # announcements on the front page
_TEXT_PAGES = 20  # pages of text on one web page: some 60 KB
_BOTS = ("bot", "crawl", "spider", "slurp", "preview", "curl", "wget", "python", "headless", "monitor")


@pages.get("/")
def home() -> str:
    """Show the search field, the newest announcements and the most read ones."""
    latest, _total = services().announcements.list_page(statuses=[Status.PUBLISHED], page=1, per_page=_LATEST)
    return render_template(
        "public/home.html",
        latest=latest,
        most_read=most_read(services(), limit=_MOST_READ),
        collections=services().collections.all(),
        unread=services().jobs.count_unread_of_published(),
    )


@pages.get("/search")
def results() -> AnyResponse | str:
    """Show the answer to the query in the address; a page past the end leads to the last one."""
    query = replace(cast(Query, _sensible(schemas.SearchArgs())), may_split_into_subqueries=True)
    answer = search(services(), query)
    last_page = math.ceil(answer.total / query.per_page)
    if query.page > last_page > 0:
        return redirect(path_with(page=last_page))
    office = services().site_profiles.current()
    is_office_shown = (
        office.has_contact
        and query.page == 1
        and asks_for_the_office(query.typed, services().settings.site_name)
    )
    if not answer.total and query.typed and query.page == 1 and not is_office_shown:
        http_caching.note_missed_search(query.typed)
    return render_template(
        "public/results.html",
        answer=answer,
        query=answer.query,
        chips=_chips(query.filters),
        is_office_shown=is_office_shown,
        unread_dates=_unread_dates(),
        unread=services().jobs.count_unread_of_published(),
    )


@pages.get("/browse")
def browse() -> str:
    """Show ways to browse, for those who do not know what to type."""
    answer = search(services(), queries.parse_query("", per_page=1))
    years = [
        (year + thai.ERA, [(dt.date(year, month, 1), count) for _year, month, count in months])
        for year, months in groupby(services().announcements.count_by_month(), key=lambda each: each[0])
    ]
    return render_template(
        "public/browse.html", answer=answer, years=years, collections=services().collections.all()
    )


@pages.get("/announcements")
def all_announcements() -> AnyResponse:
    """Redirect to the search for everything, which is the list of all announcements."""
    return redirect(url_for("public.results"))


@pages.get("/announcements/<int:announcement_id>")
def announcement(announcement_id: int) -> str:
    """Show one announcement in full."""
    is_staff = person_may_see_unpublished()
    shown = require_visible(services().announcements.get(announcement_id), is_staff=is_staff)
    typed = search_text_of_request()
    inside = _inside(announcement_id, typed) if typed else None
    sought = inside.query if inside else query_to_mark(services(), typed)
    attachments = visible_attachments(announcement_id, is_staff=is_staff)
    shown, attachments = _as_published(shown, attachments)
    earlier, later = services().announcements.neighbours(announcement_id)
    return render_template(
        "public/announcement.html",
        announcement=shown,
        attachments=attachments,
        has_withheld_document_with_new_file=has_withheld_document_with_new_file(announcement_id),
        unread=0 if is_staff else _count_unread(announcement_id),
        recognised=_recognised(attachments),
        published_relations=published_relations(services().records, shown),
        inside=inside,
        query=query_marking_whole_words([shown.body], sought, services().tokenizer) if typed else None,
        collections=services().collections.with_announcement(announcement_id),
        related=_published(similar_announcement_ids(services(), announcement_id, limit=4)),
        neighbours={"earlier": earlier, "later": later},
    )


@pages.get("/announcements/<int:announcement_id>/certificate")
def certificate(announcement_id: int) -> str:
    """Show who published the announcement and when, and each document's checksum, to verify a copy."""
    is_staff = person_may_see_unpublished()
    stored = require_visible(services().announcements.get(announcement_id), is_staff=is_staff)
    shown, attachments = _as_published(stored, visible_attachments(announcement_id, is_staff=is_staff))
    published = [each.at for each in services().history.entries(announcement_id) if each.action == "publish"]
    return render_template(
        "public/certificate.html",
        announcement=shown,
        attachments=attachments,
        published_relations=published_relations(services().records, shown),
        published_at=max(published, default=None),
        address=absolute_url(url_for("public.announcement", announcement_id=announcement_id)),
    )


def _as_published(
    announcement: Announcement, attachments: list[Attachment]
) -> tuple[Announcement, list[Attachment]]:
    """Returns a draft and its attachments as residents will see them; any other announcement as it is.

    Staff look at it before they publish. A draft whose title is still to be read is headed by that remark.
    """
    if announcement.status is not Status.DRAFT:
        return announcement, attachments
    filled, labelled = with_values_of_documents(announcement, attachments)
    if not filled.title:
        is_unread = any(each.is_reading_pending for each in attachments)
        remark = _("กำลังแปลงข้อความ") if is_unread else _("ยังไม่มีชื่อเรื่อง")
        filled = replace(filled, title=f"({remark})")
    return filled, labelled


def _document_as_published(
    announcement: Announcement, attachment: Attachment
) -> tuple[Announcement, Attachment]:
    """Returns a draft and one of its attachments as residents will see them, see ``_as_published``."""
    listed = visible_attachments(announcement.id, is_staff=person_may_see_unpublished())
    shown, labelled = _as_published(announcement, listed)
    return shown, next((each for each in labelled if each.id == attachment.id), attachment)


def _visible_document(announcement_id: int, attachment_id: int) -> tuple[Announcement, Attachment]:
    """Returns an announcement and its attachment. Raises ``Gone`` or ``NotFound`` unless both may be seen."""
    staff = person_may_see_unpublished()
    announcement = require_visible(services().announcements.get(announcement_id), is_staff=staff)
    return announcement, require_visible_attachment(
        attachment_id, is_staff=staff, announcement_id=announcement_id
    )


@pages.get("/announcements/<int:announcement_id>/attachments/<int:attachment_id>")
def document(announcement_id: int, attachment_id: int) -> AnyResponse | str:
    """Show one page of a document, ``?page=``; a number past the end leads to the last page.

    So a long document opens as fast as a short one.
    """
    shown, attachment = _document_as_published(*_visible_document(announcement_id, attachment_id))
    typed = search_text_of_request()
    number = page_number()
    if attachment.page_count and number > attachment.page_count:
        return redirect(page_path(attachment, attachment.page_count, typed))
    page = services().pages.get(attachment_id, number) if attachment.page_count else None
    texts = services().pages.texts_by_attachment([attachment_id])[attachment_id] if page and typed else []
    query = query_marking_whole_words(
        (text for _, text in texts), query_to_mark(services(), typed), services().tokenizer
    )
    return render_template(
        "public/document.html",
        announcement=shown,
        published_relations=published_relations(services().records, shown),
        attachment=attachment,
        page=page,
        number=number,
        query=query if typed else None,
        blocks=reflow(page) if page else [],
        boxes=hit_rectangles(page, tuple(find_hits(page.text, query, services().tokenizer)))
        if page and typed
        else [],
        steps=_steps(attachment, number, query, texts) if page else {},
    )


@pages.get("/announcements/<int:announcement_id>/attachments/<int:attachment_id>/text")
def document_text(announcement_id: int, attachment_id: int) -> str:
    """Show a document's text for screen readers, small screens and large letters, some pages at a time."""
    shown, attachment = _document_as_published(*_visible_document(announcement_id, attachment_id))
    first = page_number()
    pages_read = services().pages.by_attachment(attachment_id) if attachment.page_count else []
    wanted = [page for page in pages_read if first <= page.number < first + _TEXT_PAGES]
    if not wanted:
        raise NoSuchPage
    return render_template(
        "public/document-text.html",
        announcement=shown,
        published_relations=published_relations(services().records, shown),
        attachment=attachment,
        pages=[(page, reflow(page)) for page in wanted],
        previous=max(1, first - _TEXT_PAGES) if first > 1 else None,
        following=first + _TEXT_PAGES if first + _TEXT_PAGES <= (attachment.page_count or 0) else None,
    )


@pages.get("/announcements/<int:announcement_id>/attachments/<int:attachment_id>/file")
def document_file(announcement_id: int, attachment_id: int) -> Response:
    """Send the original file, byte for byte."""
    _, attachment = _visible_document(announcement_id, attachment_id)
    return file_responses.send_original(attachment, is_public=not person_may_see_unpublished())


@pages.get("/announcements/<int:announcement_id>/attachments/<int:attachment_id>/searchable.pdf")
def document_searchable(announcement_id: int, attachment_id: int) -> Response:
    """Send a scan's searchable copy; nobody, staff included, gets one of what residents do not see."""
    require_visible(services().announcements.get(announcement_id), is_staff=False)
    return file_responses.send_public_searchable_copy(
        require_visible_attachment(attachment_id, is_staff=False, announcement_id=announcement_id)
    )


@pages.get("/announcements/<int:announcement_id>/attachments/<int:attachment_id>/pages/<int:number>.webp")
def document_picture(announcement_id: int, attachment_id: int, number: int) -> Response:
    """Send a page's picture, hits drawn in; 202 without one while others are made, which pages ask for again.

    To a browser that is no error, as it would be with the API's 503.
    """
    _, attachment = _visible_document(announcement_id, attachment_id)
    args = _sensible(schemas.PagePictureArgs())
    try:
        return file_responses.send_picture(
            attachment,
            number,
            width=args["width"],
            typed=args["q"],
            is_cropped=args["crop"] == "hit",
            is_public=not person_may_see_unpublished(),
        )
    except NoFreeSlot as busy:
        later = Response(status=HTTPStatus.ACCEPTED)
        later.headers["Retry-After"] = str(busy.retry_after)
        later.headers["Cache-Control"] = "no-store"
        return later


@pages.get("/language/<code>")
def language(code: str) -> AnyResponse:
    """Remember the language and go back to where the reader was, on this site."""
    answer = redirect(path_on_this_site(request.args.get("next", ""), url_for("public.home")))
    answer.set_cookie("language", code if code in ("th", "en") else "th", max_age=31536000, samesite="Lax")
    return answer


@pages.get("/favicon.ico")
def icon() -> AnyResponse:
    """Redirect to the icon. Browsers ask for it here where no page names it, such as beside a PDF."""
    return redirect(asset("icon.svg"))


@pages.get("/<path:old>")
def old_address(old: str) -> AnyResponse:
    """Redirect an address of the older site to its announcement (301)."""
    asked = request.full_path.rstrip("?")
    found = services().announcements.by_old_url(asked) or services().announcements.by_old_url(f"/{old}")
    if found is None or found.status not in (Status.PUBLISHED, Status.WITHDRAWN):
        raise NoSuchPage
    require_visible(found, is_staff=False)
    return redirect(url_for("public.announcement", announcement_id=found.id), code=301)


def _unread_dates() -> list[str]:
    """Returns the dates of the address that were not understood and therefore filter nothing."""
    wrong = schemas.SearchArgs(only=("from_date", "to_date")).validate(request.args)
    return [request.args[name] for name in wrong if name in ("from", "to")]


def _sensible(schema: Schema) -> Any:
    """Returns the address's arguments as ``schema`` reads them, without those that ``schema`` refuses."""
    wrong = schema.validate(request.args)
    return schema.load({name: value for name, value in request.args.items() if name not in wrong})


def _chips(filters: Filters) -> list[tuple[str, object]]:
    """Returns argument and value of each active filter that one click removes."""
    names = {name: name for name in FACETS_BY_NAME} | {
        "from": "from_date",
        "to": "to_date",
        "open": "open_on",
    }
    found = [(name, getattr(filters, field)) for name, field in names.items()]
    found += [("in_force", True)] if filters.in_force else []
    found += [(name, True) for name in ("any_time", "as_typed") if request.args.get(name)]
    return [(name, value) for name, value in found if value is not None]


def _inside(announcement_id: int, typed: str) -> SearchResults | None:
    """Returns where this announcement matches what was typed; None while the index cannot be searched."""
    with suppress(Unavailable):
        return search(
            services(), queries.parse_query(typed, filters=Filters(announcement_id=announcement_id))
        )
    return None


def _count_unread(announcement_id: int) -> int:
    """Returns the number of the announcement's attachments that residents may see once they are read."""
    attachments = services().attachments.by_announcement([announcement_id])[announcement_id]
    return sum(each.hold is HoldReason.UNREAD and each.is_reading_pending for each in attachments)


def _recognised(attachments: Iterable[Attachment]) -> set[int]:
    """Returns the ids of the attachments of which a searchable copy can be made.

    These are attachments whose first page (at least) was read by OCR. Redacted copies have a text layer.
    """
    scanned = [
        each
        for each in attachments
        if each.status is ReadingStatus.READY
        and each.page_count
        and not each.is_redacted
        and not is_office(each.media_type)
    ]
    return {each.id for each in scanned if services().pages.get(each.id, 1).source is TextSource.OCR}


def _published(ids: Iterable[int]) -> list[Announcement]:
    ids = list(ids)
    found = services().get_published(ids)
    return [found[id] for id in ids if id in found]


def _steps(
    attachment: Attachment, number: int, query: Query, texts: Iterable[tuple[int, str]]
) -> dict[str, Any]:
    """Returns addresses of the pages around, and of the next and previous page that has a hit.

    ``texts`` of the pages with their numbers are looked at only if anything was typed.
    """
    count = attachment.page_count or 0
    steps: dict[str, Any] = {"count": count}
    if number > 1:
        steps["previous"] = page_path(attachment, number - 1, query.typed)
    if number < count:
        steps["next"] = page_path(attachment, number + 1, query.typed)
    if query.typed:
        tokenizer = services().tokenizer
        found = [n for n, text in texts if find_hits(text, query, tokenizer)]
        steps["hits"] = len(found)
        before = [n for n in found if n < number]
        after = [n for n in found if n > number]
        if before:
            steps["previous_hit"] = page_path(attachment, before[-1], query.typed)
        if after:
            steps["next_hit"] = page_path(attachment, after[0], query.typed)
    return steps


def register_usage_counting(app: Flask) -> None:
    """Have ``app`` count residents' visits and searches without results; call before what may refuse a page.

    Staff and programs are not counted as visitors, and each visitor is counted once in a while. Both count
    also when the page was not made for this request. Call this before the handler that may still refuse the
    page is registered: Flask runs the first ``after_request`` last.
    """
    app.after_request(_count_visit)
    app.after_request(_count_missed_search)


def _count_missed_search(answer: Response) -> Response:
    typed = http_caching.missed_search()
    is_loaded_in_advance = "prefetch" in request.headers.get("Sec-Purpose", "")
    if typed is not None and answer.status_code in (200, 304) and not is_loaded_in_advance:
        with suppress(Unavailable):  # a search that cannot be noted (full disk) is still answered
            services().usage_statistics.record_missed_search_unless_personal(typed)
    return answer


def _count_visit(answer: Response) -> Response:
    if (
        request.endpoint == "public.announcement"
        and answer.status_code in (200, 304)
        and not person_may_see_unpublished()
    ):
        _count(cast("dict[str, Any]", request.view_args)["announcement_id"])
    return answer


def _count(announcement_id: int) -> None:
    agent = (request.user_agent.string or "").lower()
    if not agent or any(bot in agent for bot in _BOTS):
        return
    now = dt.datetime.now(dt.UTC)
    with suppress(Unavailable):  # a visit that cannot be counted (full disk) is still served
        services().usage_statistics.count_visit(
            announcement_id, hashed_trait(agent), address_hash=hashed_visitor_address(), now=now
        )
