"""Staff's list of residents' reports: read, look at the paper, mark as done."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive.model import Announcement, Attachment
from archive.reports import Report
from web.bootstrap import services
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("report_list", __name__, url_prefix="/staff")

_FINISHED_SHOWN = 30  # finished reports on the page, from which one may be opened again


@pages.get("/reports")
def reports() -> str:
    """Show the open reports, then the ones finished last."""
    opened = services().reports.list_open()
    finished = services().reports.list_finished(limit=_FINISHED_SHOWN)
    announcements, attachments = _subjects([*opened, *finished])
    return render_template(
        "staff/reports.html",
        opened=opened,
        finished=finished,
        announcements=announcements,
        attachments=attachments,
    )


@pages.post("/reports/<int:report_id>/finish")
def finish(report_id: int) -> ResponseReturnValue:
    """Set a report to done."""
    services().commands.reports.finish(report_id, actor=g.actor)
    flash(_("ปิดเรื่องแล้ว"), "good")
    return redirect(url_for("report_list.reports"))


@pages.post("/reports/<int:report_id>/reopen")
def reopen(report_id: int) -> ResponseReturnValue:
    """Set a finished report back to open."""
    services().commands.reports.reopen(report_id)
    flash(_("เปิดเรื่องอีกครั้งแล้ว"), "good")
    return redirect(url_for("report_list.reports"))


def _subjects(found: list[Report]) -> tuple[dict[int, Announcement], dict[int, Attachment]]:
    """Returns the announcements and attachments that the reports are about, by id."""
    announcements = services().announcements.get_many(
        each.announcement_id for each in found if each.announcement_id
    )
    attachments = {
        each.id: each
        for group in services().attachments.by_announcement(announcements).values()
        for each in group
    }
    return announcements, attachments
