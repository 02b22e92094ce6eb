"""Residents tell staff of a problem with a paper, or that a search did not show what they looked for."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from archive import validation
from archive.errors import Invalid, Unavailable
from archive.model import Announcement, Attachment
from archive.privacy import may_name_person
from archive.reports import ReportDraft, ReportKind
from archive.thai import canonical_text
from indexer.search.query.parser import MAX_QUERY_LENGTH
from web.accounts.access import require_visible, require_visible_attachment
from web.accounts.sign_in import csrf
from web.addresses import page_path, path_on_this_site, record_number
from web.anonymous_visitors import limit_rate, require_form_of_this_site
from web.bootstrap import services
from web.errors import error_message

pages = Blueprint("reports", __name__)
csrf.exempt(pages)  # ``require_form_of_this_site`` guards them: visitors have no session

FREE_REPORTS = 5  # reports from one address before pauses begin: a long document may have several problems

LONGEST_PAUSE = dt.timedelta(hours=1)

_ABOUT_PAPERS = [kind for kind in ReportKind if kind is not ReportKind.NOT_FOUND]


@pages.get("/report")
def write() -> str:
    """Show the form for a problem with an announcement, or with a page of one of its attachments."""
    return _form()


@pages.post("/report")
def send() -> ResponseReturnValue:
    """Store a report, which staff alone see; count the search that found nothing, where it is about one."""
    require_form_of_this_site()
    if request.form.get("kind") not in set(ReportKind):
        raise BadRequest
    kind = ReportKind(request.form["kind"])
    try:
        given = _not_found_report() if kind is ReportKind.NOT_FOUND else _paper_report(kind)
    except Invalid as error:
        return _form(error_message(error)), error.http_status
    limit_rate("report", free=FREE_REPORTS, longest_pause=LONGEST_PAUSE)
    services().reports.add_or_count(given)
    if given.query:
        with suppress(Unavailable):
            services().usage_statistics.record_missed_search_unless_personal(given.query)
    return redirect(url_for("reports.thanks", next=_way_back()), code=303)


@pages.get("/report/thanks")
def thanks() -> str:
    """Say that the report has arrived."""
    back = path_on_this_site(request.args.get("next", ""), url_for("public.home"))
    return render_template("public/report-thanks.html", back=back)


def _form(problem: str = "") -> str:
    announcement, attachment, number = _subject()
    return render_template(
        "public/report.html",
        announcement=announcement,
        attachment=attachment,
        number=number,
        kinds=_ABOUT_PAPERS,
        problem=problem,
    )


def _subject() -> tuple[Announcement | None, Attachment | None, int | None]:
    """Returns announcement, attachment and page number of the request, as far as residents may see them."""
    announcement_id = record_number("announcement")
    attachment_id = record_number("attachment")
    attachment = (
        require_visible_attachment(attachment_id, is_staff=False) if attachment_id is not None else None
    )
    if attachment is not None:
        announcement_id = attachment.announcement_id
    if announcement_id is None:
        return None, None, None
    announcement = require_visible(services().announcements.get(announcement_id), is_staff=False)
    number = request.values.get("page", type=int)
    if attachment is None or number is None or not 1 <= number <= (attachment.page_count or 0):
        number = None
    return announcement, attachment, number


def _paper_report(kind: ReportKind) -> ReportDraft:
    """Returns the report on a paper. Raises ``Invalid`` when its text has to say more."""
    announcement, attachment, number = _subject()
    text = validation.checked_report_text(request.form.get("text", ""))
    if not text and (announcement is None or kind in (ReportKind.OTHER, ReportKind.WRONG)):
        raise Invalid("กรุณาเขียนสั้น ๆ ว่าพบปัญหาอะไร", field="text", code="required")
    return ReportDraft(
        kind=kind,
        text=text,
        announcement_id=announcement.id if announcement else None,
        attachment_id=attachment.id if attachment else None,
        page=number,
    )


def _not_found_report() -> ReportDraft:
    """Returns the report on a search, without the query where it may name a person: such are not kept.

    Raises ``Invalid`` where the text has to say what was sought, since nothing else of the report is kept.
    """
    query = canonical_text(request.form.get("q", "")[:MAX_QUERY_LENGTH]).strip()
    if not query:
        raise BadRequest
    text = validation.checked_report_text(request.form.get("text", ""))
    is_query_kept = not may_name_person(query)
    if not (text or is_query_kept):
        raise Invalid(
            "คำค้นนี้อาจเป็นชื่อคน ระบบจึงไม่เก็บ กรุณาเขียนสั้น ๆ ว่าหาเอกสารเรื่องอะไร", field="text", code="required"
        )
    return ReportDraft(kind=ReportKind.NOT_FOUND, text=text, query=query if is_query_kept else "")


def _way_back() -> str:
    """Returns the path of the page that the report is about."""
    if "next" in request.form:
        return path_on_this_site(request.form["next"], url_for("public.home"))
    announcement, attachment, number = _subject()
    if attachment is not None and number is not None:
        return page_path(attachment, number)
    return (
        url_for("public.announcement", announcement_id=announcement.id)
        if announcement
        else url_for("public.home")
    )
