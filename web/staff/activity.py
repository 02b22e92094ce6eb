"""The changes of all records and who made them, and the way back from each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import Forbidden

from archive import thai
from archive.changes import HistoryFilters
from archive.errors import Invalid, PrakatError
from archive.model import Announcement, Change, Role
from archive.undo import Undo, ids_of_record
from web import labels
from web.accounts.sign_in import admin_only, current_person
from web.addresses import page_number, path_on_this_site
from web.bootstrap import services
from web.errors import error_message, errors_flashed
from web.staff import attachments_for_staff, edit_conflicts
from web.staff.blueprints import staff_blueprint
from web.staff.date_picker import date_picker, picked_date
from web.staff.undo_consequences import undo_consequences

pages = staff_blueprint("activity", __name__, url_prefix="/staff/history")

PER_PAGE = 50  # changes
_FIRST_YEARS = 10  # years back that the date lists offer


@pages.get("")
def changes() -> str:
    """Show the changes of all records that pass the filters, the latest first."""
    try:
        filters = _filters()
    except PrakatError as error:
        flash(error_message(error), "bad")
        filters = HistoryFilters()
    number = page_number()
    found = services().records.changes.find(filters, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
    shown = found[:PER_PAGE]
    known = services().announcements.get_many(
        {each.announcement_id for each in shown if each.announcement_id}
    )
    today = thai.today()
    years = range(today.year - _FIRST_YEARS, today.year + 1)
    return render_template(
        "staff/activity.html",
        changes=[(change, _can_undo(change, known)) for change in shown],
        titles=_titles(shown),
        filters=filters,
        can_undo_bulk=bool(filters.bulk) and _may_undo(found) and undo_commands().is_any_in_force(found),
        actors=services().records.changes.actors(),
        actions=labels.action_names(),
        since=date_picker("since", request.args, None, years=years),
        until=date_picker("until", request.args, None, years=years),
        number=number,
        has_more=len(found) > PER_PAGE,
        arguments=urlencode([(name, value) for name, value in _arguments().items()]),
    )


@pages.post("/<int:change_id>/undo")
def undo_change(change_id: int) -> ResponseReturnValue:
    """Undo one change of an announcement; asks first where residents would notice it.

    ``only_last``: refuses a change after which somebody changed the record, which the page did not show.
    """
    change = services().records.changes.get(change_id, of="announcement")
    record = change.announcement_id or 0
    if "only_last" in request.form and edit_conflicts.last_change_id(record) != change.id:
        flash(_("มีการแก้ไขหลังจากนั้นแล้ว จึงยังไม่ได้เลิกทำ กรุณาดูประวัติการแก้ไขก่อน"), "bad")
        return redirect(url_for("staff.history", announcement_id=record))
    return _undo_one(change)


@pages.post("/collections/<int:change_id>/undo")
def undo_collection_change(change_id: int) -> ResponseReturnValue:
    """Undo one change of a collection; asks first where it has consequences, until ``confirmed`` is sent."""
    return _undo_one(services().records.changes.get(change_id, of="collection"))


@pages.post("/items/<int:change_id>/undo")
@admin_only
def undo_item_change(change_id: int) -> ResponseReturnValue:
    """Undo one change of an item to disclose, for administrators alone; ask first."""
    return _undo_one(services().records.changes.get(change_id, of="disclosure_item"))


def _undo_one(change: Change) -> ResponseReturnValue:
    consequences = undo_consequences([*filter(undo_commands().is_undoable_kind, [change])])
    return _question([change], consequences) or _undone(
        lambda: undo_commands().undo(change, actor=g.actor), consequences
    )


@pages.post("/bulk/<bulk>/undo")
def undo_bulk(bulk: str) -> ResponseReturnValue:
    """Undo changes made at once, but those that are refused; first ask where residents would notice it."""
    changes = services().records.changes.list_bulk(bulk)
    if not _may_undo(changes):
        raise Forbidden
    consequences = undo_consequences([*filter(undo_commands().is_undoable_kind, changes)])
    if question := _question(changes, consequences):
        return question

    def undo_all() -> None:
        outcome = undo_commands().undo_bulk(bulk, actor=g.actor)
        names = _names(changes)
        for record, error in outcome.refused[:10]:
            flash(f"{names.get(record, max(record))}: {error_message(error)}", "bad")
        if not outcome.done:
            raise Invalid("เลิกทำไม่ได้เลย ทุกเรื่องคงไว้ตามเดิม")
        if outcome.refused:
            consequences.clear()  # they are not true of every record

    return _undone(undo_all, consequences)


def _question(changes: Sequence[Change], consequences: Sequence[tuple[str, list[str]]]) -> str:
    """Returns the page that asks before an undo; "" without consequences, or when they are confirmed."""
    if not consequences or "confirmed" in request.form:
        return ""
    count = len({(each.announcement_id, each.collection_id, each.disclosure_item_id) for each in changes})
    return render_template(
        "staff/confirm.html",
        question=_("เลิกทำ %(count)s เรื่องนี้หรือไม่", count=count)
        if len(changes) > 1
        else _("ต้องการเลิกทำการแก้ไขครั้งนี้หรือไม่"),
        lead=_("เมื่อเลิกทำแล้ว"),
        consequences=consequences,
        fields=[("next", request.form.get("next", ""))],
        button=_("เลิกทำ"),
        confirmed="yes",
        back=_next(),
    )


def undo_commands() -> Undo:
    """Returns the commands that undo changes of this request's records; undoes nothing itself."""
    return Undo(services().records, services().commands)


def _may_undo(changes: Sequence[Change]) -> bool:
    """Returns True when this person may undo the changes: those of an item to disclose are an admin's."""
    person = current_person()
    is_admin = person is not None and person.role is Role.ADMIN
    return is_admin or not any(each.disclosure_item_id for each in changes)


def _names(changes: Sequence[Change]) -> dict[tuple[int, int, int], str]:
    """Returns the titles of the records of these changes, by ``ids_of_record``."""
    titles = _titles(changes)
    names = {}
    for each in changes:
        record = ids_of_record(each)
        of_item = each.after.get("title") or each.before.get("title") or each.after.get("item") or max(record)
        names[record] = titles.get((each.announcement_id, each.collection_id)) or str(of_item)
    return names


def _can_undo(change: Change, known: Mapping[int, Announcement]) -> bool:
    if not undo_commands().is_undoable_kind(change):
        return False
    announcement = known.get(change.announcement_id or 0)
    return announcement is None or not undo_commands().is_refused(change, announcement.status)


def _undone(
    command: Callable[[], None], consequences: Sequence[tuple[str, list[str]]]
) -> ResponseReturnValue:
    """Carries out an undo, tells the person what residents see otherwise now, and goes back to the page."""
    with errors_flashed():
        command()
        flash(
            " · ".join([_("เลิกทำแล้ว กลับเป็นอย่างเดิม"), *(sentence for sentence, _titles in consequences)]),
            "good",
        )
    return redirect(_next())


def _next() -> str:
    return path_on_this_site(request.form.get("next", ""), url_for("activity.changes"))


def _arguments() -> dict[str, str]:
    """Returns the arguments of the address that are filters."""
    return {name: value[:100] for name, value in request.args.items() if value and name != "page"}


def _filters() -> HistoryFilters:
    """Returns the filters in the address. Raises ``Invalid`` for a date that is none."""
    since, until = (picked_date(name, request.args) for name in ("since", "until"))
    action = request.args.get("action", "")
    return HistoryFilters(
        actor=request.args.get("actor", "")[:200],
        action=action if action in dict(labels.action_names()) else "",
        since=_begins(since) if since else None,
        before=_begins(until + dt.timedelta(days=1)) if until else None,
        bulk=request.args.get("bulk", "")[:40],
    )


def _begins(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), thai.BANGKOK)


def _titles(shown: Sequence[Change]) -> dict[tuple[int | None, int | None], str]:
    """Returns the titles of the records of these changes, by the announcement's and the collection's id."""
    records = services().records
    known = records.announcements.get_many({each.announcement_id for each in shown if each.announcement_id})
    titles: dict[tuple[int | None, int | None], str] = {
        (id, None): attachments_for_staff.displayed_title(each) for id, each in known.items()
    }
    if any(each.collection_id for each in shown):
        titles |= {(None, each.id): each.title for each in records.collections.all()}
    return titles
