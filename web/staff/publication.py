"""Publication by staff: at once, once the documents are read, or at a set time; of one record or of many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Iterable, Mapping
from typing import NoReturn

from flask import g, request
from flask_babel import gettext as _

from archive import thai
from archive.bulk_commands import BulkOutcome, apply_as_one_bulk
from archive.commands.status_rules import announcement_ready_for, refuse_past_publication_time
from archive.errors import Conflict, Invalid
from archive.model import Announcement, Status
from archive.suggested_fields import refuse_file_name_as_title
from web import template_filters
from web.bootstrap import services
from web.errors import error_message
from web.staff import edit_conflicts, personal_data
from web.staff.date_picker import DatePicker, date_picker, parse_time_of_day, picked_date

_WORKDAY_BEGINS = "08:30"
_YEARS_AHEAD = 5  # years that the list offers, this one among them


def publish_as_chosen(announcement_id: int) -> str:
    """Publishes or schedules one record as the form chose; ``Conflict`` where it changed since the page.

    Returns a message. The choices are now, later, once it is read, or not. Later and once it is read set a
    time, before which the record may change as before. Raises ``Conflict`` when a record to be published now
    has changed since the page was opened, or the page did not show all personal data, ``Invalid`` for a form
    without a choice.
    """
    with services().records.batch():
        chosen = _chosen(_CHOICES)
        last_change = request.form.get("last_change", type=int)
        if chosen == "now" and edit_conflicts.is_changed_since(announcement_id, last_change):
            _refuse_changed_record(announcement_id)
        return _CHOICES[chosen](announcement_id)


def ids_changed_since_shown(ids: Iterable[int]) -> set[int]:
    """Returns ids of records with another last change than the form names; without one named, none has."""
    form = request.form
    return {id for id in ids if edit_conflicts.is_changed_since(id, form.get(f"last_change-{id}", type=int))}


def publish_each_as_chosen(ids: Iterable[int], *, changed_ids: Container[int]) -> BulkOutcome[int]:
    """Publishes each record now or at the set time, those still being read once they are; refused ones stay.

    Records are still being read while one of their documents is. ``changed_ids``: records that are not to be
    published now, as they changed since the form was opened. Raises ``Invalid`` for a form without a choice.
    """
    at = _chosen_time(request.form) if _chosen(("now", "later")) == "later" else None

    def publish(id: int) -> None:
        if at is not None:
            _schedule(id, at)
        elif is_being_read(id):
            _publish_when_read(id)
        elif id in changed_ids:
            _refuse_changed_record(id)
        else:
            _fill_and_publish(id)

    return apply_as_one_bulk(services().records, ids, publish)


def _refuse_changed_record(announcement_id: int) -> NoReturn:
    """Raises ``Conflict``: the record changed since the form was opened, or its status forbids publication.

    The status is said first: when a form is sent twice, the record is published by the second time.
    """
    announcement_ready_for(services().records, announcement_id, Status.PUBLISHED)
    raise edit_conflicts.changed_before_publication_error()


def _chosen(choices: Container[str]) -> str:
    """Returns the choice in the form. Raises ``Invalid`` for none, or another: nothing is published then."""
    chosen = request.form.get("when", "")
    if chosen not in choices:
        raise Invalid("ยังไม่ได้เลือกว่าจะเผยแพร่เมื่อไร กรุณาเลือกแล้วกดอีกครั้ง", field="when")
    return chosen


def is_being_read(announcement_id: int) -> bool:
    """Returns True while a document of the record is not read yet."""
    attachments = services().attachments.by_announcement([announcement_id])[announcement_id]
    return any(each.is_reading_pending for each in attachments)


def schedule_message(at: dt.datetime) -> str:
    """Returns the message about a draft's time of publication, which is past while its documents are read."""
    if at <= dt.datetime.now(dt.UTC):
        return str(_("จะเผยแพร่เมื่อแปลงข้อความเสร็จ หากไม่พบข้อมูลส่วนบุคคล"))
    return str(_("จะเผยแพร่ %(when)s", when=template_filters.day(at)))


def publication_time_fields(
    at: dt.datetime | None, fault: Invalid | None = None
) -> dict[str, DatePicker | str]:
    """Returns what the template needs for a publication time: first values, the wrong field and its message.

    ``at``: the time set before. ``fault``: names the wrong field, and has its message.
    """
    local = at.astimezone(thai.BANGKOK) if at else None
    today = thai.today()
    picker = date_picker(
        "publish_on",
        request.form,
        local.date() if local else today + dt.timedelta(days=1),
        years=range(today.year, today.year + _YEARS_AHEAD),
    )
    clock = f"{local:%H:%M}" if local else _WORKDAY_BEGINS
    return {
        "publish_on": picker,
        "publish_time": request.form.get("publish_time", clock),
        "wrong_field": (fault and fault.field) or "",
        "fault_message": error_message(fault) if fault else "",
    }


def preselected_choice(announcement: Announcement, *, is_unread: bool) -> str:
    """Returns ``now``, ``read`` or ``later``, with which the form begins; after an error the choice made."""
    if chosen := request.form.get("when"):
        return chosen
    if announcement.publish_at and announcement.publish_at > dt.datetime.now(dt.UTC):
        return "later"
    return "read" if is_unread else "now"


def _publish_now(announcement_id: int) -> str:
    found = services().commands.publication.undecided_personal_data(announcement_id)
    if found and request.form.get("found_seen") != personal_data.finds_fingerprint(found):
        raise Conflict("พบข้อมูลส่วนบุคคลเพิ่มขณะที่เปิดหน้านี้อยู่ กรุณาตรวจดูอีกครั้ง", code="personal-data")
    _fill_and_publish(announcement_id, reason=personal_data.reason_from_form_or_empty())
    return str(_("เผยแพร่แล้ว ประชาชนเปิดอ่านได้ทันที"))


def _fill_and_publish(announcement_id: int, reason: str = "") -> None:
    """Fills what nobody gave from the documents, and publishes the record; ``Invalid`` for a file's name."""
    _fill_missing_fields(announcement_id)
    services().commands.publication.publish(announcement_id, actor=g.actor, reason=reason)


def _fill_missing_fields(announcement_id: int) -> None:
    """Fills what nobody gave from the documents. Raises ``Invalid`` when the title stays a file's name."""
    filled = services().commands.publication.fill_missing_fields_and_labels(announcement_id, actor=g.actor)
    attachments = services().attachments.by_announcement([announcement_id])[announcement_id]
    refuse_file_name_as_title(filled.title, attachments)


def _publish_when_read(announcement_id: int) -> str:
    _refuse_finds_and_fill(announcement_id)
    now = dt.datetime.now(dt.UTC)
    services().commands.announcements.revise(announcement_id, {"publish_at": now}, actor=g.actor)
    return str(_("ตรวจแล้ว กำลังรอแปลงข้อความ"))


def _publish_later(announcement_id: int) -> str:
    at = _chosen_time(request.form)
    message = f"{_schedule(announcement_id, at)} · {schedule_message(at)}"
    closing = services().announcements.get(announcement_id).expires_on
    if closing and closing < at.astimezone(thai.BANGKOK).date():
        late = _("หมดเขต %(day)s ก่อนวันที่เผยแพร่ กรุณาตรวจ", day=template_filters.day(closing))
        message += f" · ⚠ {late}"
    return message


def _chosen_time(form: Mapping[str, str]) -> dt.datetime:
    day, clock = picked_date("publish_on", form), parse_time_of_day(form.get("publish_time", ""))
    if day is None:
        raise Invalid("กรุณาระบุวันที่จะเผยแพร่", field="publish_on")
    if clock is None:
        raise Invalid("กรุณาพิมพ์เวลาที่จะเผยแพร่ เช่น 8.30 หรือ 14.15", field="publish_time")
    at = dt.datetime.combine(day, clock, thai.BANGKOK)
    refuse_past_publication_time(at, field="publish_on")
    return at


def _schedule(announcement_id: int, at: dt.datetime) -> str:
    _refuse_finds_and_fill(announcement_id)
    services().commands.announcements.schedule(announcement_id, at, actor=g.actor)
    return str(_("ตั้งเวลาเผยแพร่แล้ว"))


def _refuse_finds_and_fill(announcement_id: int) -> None:
    """Fills what nobody gave once all is read. Raises ``Conflict`` where personal data is undecided."""
    if services().commands.publication.undecided_personal_data(
        announcement_id
    ):  # at the set time nobody would be there to state the reason
        raise Conflict("พบข้อมูลส่วนบุคคล กรุณาปิดข้อมูลก่อน หรือเผยแพร่ทันทีโดยระบุเหตุผล", code="personal-data")
    if not is_being_read(announcement_id):
        _fill_missing_fields(announcement_id)


def _publish_not(announcement_id: int) -> str:
    services().commands.announcements.revise(announcement_id, {"publish_at": None}, actor=g.actor)
    return str(_("ยกเลิกเวลาเผยแพร่แล้ว ยังเป็นฉบับร่าง"))


_CHOICES: dict[str, Callable[[int], str]] = {
    "now": _publish_now,
    "read": _publish_when_read,
    "later": _publish_later,
    "not": _publish_not,
}
"""Chosen time → function that carries out the publication and returns a message for the person."""
