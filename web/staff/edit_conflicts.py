"""Two people who edit one record at the same time: what each changed, merged where it does not collide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from flask import g, request
from flask_babel import gettext as _

from archive import thai, validation
from archive.changes import WORKER
from archive.errors import Conflict, Invalid, Unavailable, gettext_noop
from archive.fields import FIELDS_BY_NAME, checked_fields
from archive.model import Announcement, Change
from web import labels, template_filters
from web.bootstrap import services

_SAID = gettext_noop("มีผู้อื่นแก้ช่องเดียวกันไปก่อนแล้ว กรุณาเลือกทีละช่องว่าจะใช้ของใคร แล้วบันทึกอีกครั้ง")
_STATUS_ACTIONS = {
    "publish": gettext_noop("%(name)s เผยแพร่ประกาศนี้ไปแล้ว สิ่งที่พิมพ์ยังไม่ได้บันทึก กรุณาตรวจดูแล้วบันทึกอีกครั้ง"),
    "withdraw": gettext_noop(
        "%(name)s ถอนประกาศนี้แล้ว สิ่งที่พิมพ์ยังไม่ได้บันทึก กรุณาคัดลอกไว้ หรือกด “กู้คืนเป็นฉบับร่างและบันทึก”"
    ),
    "trash": gettext_noop(
        "%(name)s ทิ้งประกาศนี้ลงถังขยะแล้ว สิ่งที่พิมพ์ยังไม่ได้บันทึก กรุณาคัดลอกไว้ หรือกด “กู้คืนเป็นฉบับร่างและบันทึก”"
    ),
    "restore": gettext_noop("%(name)s กู้คืนประกาศนี้เป็นฉบับร่างแล้ว สิ่งที่พิมพ์ยังไม่ได้บันทึก กรุณาตรวจดูแล้วบันทึกอีกครั้ง"),
}
"""Action of the history that changes the status → message to a person whose form was opened before it."""
_CHANGED = gettext_noop("เรื่องนี้หรือเอกสารของเรื่องนี้เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่ ยังไม่ได้เผยแพร่ กรุณาตรวจดูอีกครั้ง")
_RECENT = dt.timedelta(minutes=10)  # since the last key or click in a form, or since it was saved
_NOT_EDITABLE = gettext_noop("ประกาศที่ถอนหรือทิ้งแล้วแก้ไขไม่ได้ สิ่งที่พิมพ์ยังไม่ได้บันทึก กรุณากู้คืนเป็นฉบับร่างก่อน")


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that two people changed. ``name``: of the form's field; the texts are as people read them."""

    name: str
    label: str
    mine: str
    theirs: str
    actor: str
    at: dt.datetime


class EditConflict(Conflict):
    """Fields that somebody else changed since the form was opened.

    ``conflicts``: those of them that were changed in the form too, on which the person must choose.
    ``name``: of the person who changed the record's status, for the message.
    ``settled``: names of the form's fields whose stored value stays.
    """

    code = "edited-meanwhile"

    def __init__(
        self,
        said: str,
        conflicts: Sequence[FieldConflict] = (),
        settled: Sequence[str] = (),
        *,
        name: str = "",
    ) -> None:
        super().__init__(said, name=name)
        self.conflicts = tuple(conflicts)
        self.settled = tuple(settled)


def last_change_id(announcement_id: int) -> int:
    """Returns the id of the record's last change; ask before reading what the form will show.

    By it a form knows what it was opened on: what is changed in between counts as changed after it was
    opened.
    """
    return services().history.last_entry_id(announcement_id)


def is_changed_since(announcement_id: int, last_change: int | None) -> bool:
    """Returns True where the record was changed after the change ``last_change``; False when that is None.

    Asked inside the transaction that writes, what a person looked at is still what is stored.
    """
    return last_change is not None and last_change != last_change_id(announcement_id)


def last_change_id_of_others(announcement_id: int) -> int:
    """Returns the id of the record's last change that the signed-in person did not make; 0 without one."""
    changes = services().history.entries(announcement_id)
    return max((each.id for each in changes if each.actor != g.actor), default=0)


def changed_before_publication_error() -> Conflict:
    """Returns the refusal to publish a record that is no longer as its checklist showed it."""
    return Conflict(_CHANGED, code="edited-meanwhile")


def describe_other_editor(announcement: Announcement, opened_on_change_id: int, *, form_holder: str) -> str:
    """Returns the note about somebody else at work on the announcement; "" without one.

    That is who saved it after the change ``opened_on_change_id``, who has its form open (``form_holder``, as
    ``claim_form`` returns it), or who saved it shortly before. What the worker does, the form shows itself.
    """
    now = dt.datetime.now(dt.UTC)
    entries = services().history.entries(announcement.id)
    changes = [each for each in entries if each.actor not in (g.actor, WORKER)]
    last = changes[-1] if changes else None
    clock = last.at.astimezone(thai.BANGKOK).strftime("%H:%M") if last else ""
    if last and last.id > opened_on_change_id:
        return str(
            _(
                "%(name)s บันทึกเรื่องนี้ไปแล้วเมื่อ %(clock)s น. ช่องที่แก้ตรงกันระบบจะถามก่อนบันทึก",
                name=labels.actor_name(last.actor),
                clock=clock,
            )
        )
    if form_holder:
        return str(_("%(name)s เปิดเรื่องนี้ไว้ อาจกำลังแก้อยู่", name=form_holder))
    if (
        last and last is entries[-1] and now - last.at < _RECENT
    ):  # who saved since has seen what is said of it
        return str(_("%(name)s บันทึกเรื่องนี้เมื่อ %(clock)s น.", name=labels.actor_name(last.actor), clock=clock))
    return ""


def claim_form(announcement_id: int) -> str:
    """Notes that this person has the announcement's form open, and returns who else has; "" when nobody.

    Two people are noted, so that each is told of the other; a third is told of one of them.
    """
    now = dt.datetime.now(dt.UTC)
    with suppress(Unavailable):  # on a full disk the form opens nevertheless
        any(
            services().leases.claim(name, g.actor, lease=_RECENT, now=now)
            for name in _form_leases(announcement_id)
        )
    return find_other_form_holder(announcement_id)


def find_other_form_holder(announcement_id: int) -> str:
    """Returns who else has the announcement's form open; "" when nobody. Notes nothing."""
    now = dt.datetime.now(dt.UTC)
    holders = (services().leases.find_holder(name, now=now) for name in _form_leases(announcement_id))
    return next((holder for holder in holders if holder not in ("", g.actor)), "")


def _form_leases(announcement_id: int) -> tuple[str, str]:
    """Returns the names of the leases of the first and of the second person who have the form open."""
    return f"form {announcement_id}", f"form {announcement_id} second"


def merge_edits_of_request(announcement: Announcement, typed: Mapping[str, object]) -> dict[str, object]:
    """Returns the typed values to store; what others changed since the request's ``last_change`` stays.

    The request's ``choose-NAME`` is the person's choice, ``mine`` or ``theirs``, on the field NAME.
    ``typed``: values by name, ``label-7`` and ``kind-7`` being those of attachment 7. Raises ``EditConflict``
    when both changed the same field differently and the person has not chosen yet.
    """
    theirs = _changed_since(announcement, request.form.get("last_change", type=int))
    kept: dict[str, object] = {}
    conflicts: list[FieldConflict] = []
    settled: list[str] = []
    for name, value in typed.items():
        choice = request.form.get(f"choose-{name}")
        if choice == "theirs":
            settled.append(name)
        elif choice == "mine" or name not in theirs:
            kept[name] = value
        else:
            before, now, change = theirs[name]
            mine = _plain(name, value)
            if mine in (before, now):
                settled.append(name)
            else:
                conflicts.append(_conflict(name, mine, now, change))
    if conflicts:
        raise EditConflict(_SAID, conflicts, settled)
    return kept


def not_editable_conflict() -> EditConflict:
    """Returns the refusal of what was typed for an announcement that is withdrawn or trashed."""
    return EditConflict(_NOT_EDITABLE)


def _changed_since(announcement: Announcement, last_change: int | None) -> dict[str, tuple[str, str, Change]]:
    """Returns each field changed after ``last_change``: its value then, its value now, the last change."""
    if last_change is None:
        return {}
    found: dict[str, tuple[str, str, Change]] = {}
    for change in services().history.entries(announcement.id):
        if change.id <= last_change:
            continue
        if change.action in _STATUS_ACTIONS:
            raise EditConflict(_STATUS_ACTIONS[change.action], name=labels.actor_name(change.actor))
        if change.action not in ("revise", "label"):
            continue
        suffix = f"-{change.before.get('attachment_id')}" if change.action == "label" else ""
        for name, value in change.after.items():
            if name != "attachment_id":
                field = name + suffix
                first = found[field][0] if field in found else str(change.before.get(name) or "")
                found[field] = (first, str(value or ""), change)
    return found


def _plain(name: str, value: object) -> str:
    """Returns a typed value in the form in which the history has values."""
    if name not in FIELDS_BY_NAME:
        return validation.one_line(str(value))
    try:
        kept = checked_fields({name: value})[name]
    except Invalid:  # the command that stores the values says so
        kept = value
    if isinstance(kept, bool):
        kept = int(kept)
    return kept.isoformat() if isinstance(kept, dt.date) else str(kept or "")


def _conflict(name: str, mine: str, theirs: str, change: Change) -> FieldConflict:
    code = name.partition("-")[0]
    [(label, shown)] = template_filters.field_values({code: mine})
    [(_same, other)] = template_filters.field_values({code: theirs})
    return FieldConflict(name, label, shown, other, change.actor, change.at)
