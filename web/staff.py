"""Staff's work on announcements: write, attach, see them read, publish, withdraw."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, abort, flash, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive import thai
from archive.errors import PrakatError
from archive.model import Attachment, Draft, Kind, PersonalData, Reading, Status
from web.auth import current_person, staff_only
from web.bootstrap import services
from web.layout import kind_name, state_name

pages = Blueprint("staff", __name__, url_prefix="/staff")

PER_PAGE = 30
_WRITTEN = ("title", "body", "author", "category")
_CLOCK = "%Y-%m-%dT%H:%M"  # what <input type="datetime-local"> sends


@pages.before_request
@staff_only
def _staff_only() -> None:
    """Everything under /staff is for those who are signed in."""
    person = current_person()
    g.actor = person.name if person else ""


@pages.get("/announcements")
def announcements() -> str:
    """All of them, by status."""
    status = Status(request.args.get("status", Status.DRAFT)) if _known_status() else Status.DRAFT
    number = max(request.args.get("page", 1, type=int), 1)
    found, total = services().records.list_announcements(statuses=[status], page=number, per_page=PER_PAGE)
    return render_template(
        "staff/announcements.html",
        found=found,
        total=total,
        status=status,
        counts=services().records.counts(),
        number=number,
        last=-(-total // PER_PAGE),
    )


@pages.route("/announcements/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """A blank form; files may come with it."""
    if request.method == "GET":
        return _form(None, request.args)
    try:
        made = services().intake.create(_draft(), actor=g.actor)
    except PrakatError as error:
        flash(error.message, "bad")
        return _form(None, request.form)
    _attach_all(made.id)
    return redirect(f"/staff/announcements/{made.id}")


@pages.get("/announcements/<int:id>")
def edit(id: int) -> ResponseReturnValue:
    """The announcement, its files as they are read, and what may be done with it."""
    return _form(id, {})


@pages.post("/announcements/<int:id>")
def save(id: int) -> ResponseReturnValue:
    """Keep what is in the form, then do what the pressed button says."""
    try:
        if services().records.announcement(id).status in (Status.DRAFT, Status.PUBLISHED):
            services().intake.revise(id, _changes(), actor=g.actor, if_change=_seen())
            _relabel_all(id)
            _attach_all(id)
        if "publish" in request.form:
            return redirect(f"/staff/announcements/{id}/publish")
        flash(_("บันทึกแล้ว"), "good")
    except PrakatError as error:
        flash(error.message, "bad")
        return _form(id, request.form)
    return redirect(f"/staff/announcements/{id}")


@pages.post("/announcements/<int:id>/attachments")
def attach(id: int) -> ResponseReturnValue:
    """One file, from a script that shows its progress: JSON."""
    file = request.files.get("file")
    if file is None:
        abort(400)
    attachment, made = services().intake.attach(
        id, cast(BinaryIO, file.stream), filename=file.filename or "", actor=g.actor
    )
    return jsonify(id=attachment.id, new=made, filename=attachment.filename), 202 if made else 200


@pages.get("/announcements/<int:id>/attachments")
def states(id: int) -> Response:
    """How far each file is read and what it says of itself: asked for while a page is open."""
    attachments = services().records.attachments([id]).get(id, [])
    return jsonify([_state(attachment) for attachment in attachments])


@pages.post("/attachments/<int:id>/detach")
def detach(id: int) -> ResponseReturnValue:
    attachment = services().records.attachment(id)
    services().records.detach(id, actor=g.actor)
    flash(_("นำเอกสารออกแล้ว ไฟล์ต้นฉบับยังเก็บไว้ในคลัง"), "good")
    return redirect(f"/staff/announcements/{attachment.announcement_id}")


@pages.post("/attachments/<int:id>/move")
def move(id: int) -> ResponseReturnValue:
    """One place up or down."""
    attachment = services().records.attachment(id)
    beside = services().records.attachments([attachment.announcement_id])[attachment.announcement_id]
    ids = [each.id for each in beside]
    at = ids.index(id)
    to = min(max(at + (1 if request.form.get("to") == "down" else -1), 0), len(ids) - 1)
    ids.insert(to, ids.pop(at))
    services().records.reorder(attachment.announcement_id, ids, actor=g.actor)
    return redirect(f"/staff/announcements/{attachment.announcement_id}#papers")


@pages.post("/attachments/<int:id>/reread")
def reread(id: int) -> ResponseReturnValue:
    attachment = services().records.attachment(id)
    services().jobs.again([id])
    flash(_("ส่งเอกสารไปอ่านใหม่แล้ว"), "good")
    return redirect(f"/staff/announcements/{attachment.announcement_id}#papers")


@pages.route("/announcements/<int:id>/publish", methods=["GET", "POST"])
def publish(id: int) -> ResponseReturnValue:
    """At once, or at a time; personal data is shown first and takes a reason."""
    if request.method == "POST":
        try:
            if at := _moment():
                services().intake.revise(id, {"publish_at": at}, actor=g.actor)
                flash(_("ตั้งเวลาเผยแพร่แล้ว"), "good")
            else:
                services().intake.publish(id, actor=g.actor, reason=request.form.get("reason", ""))
                flash(_("เผยแพร่แล้ว ประชาชนค้นพบได้ทันที"), "good")
            return redirect(f"/staff/announcements/{id}")
        except PrakatError as error:
            flash(error.message, "bad")
    announcement = services().records.announcement(id)
    attachments = services().records.attachments([id]).get(id, [])
    found = [(each, data) for each in attachments for data in each.details.personal_data]
    return render_template(
        "staff/publish.html",
        announcement=announcement,
        attachments=attachments,
        found=[(each, data, _around(each, data)) for each, data in found],
        unread=[each for each in attachments if each.status in (Reading.WAITING, Reading.READING)],
    )


@pages.post("/announcements/<int:id>/<any(withdraw, trash, restore):step>")
def take_step(id: int, step: str) -> ResponseReturnValue:
    intake = services().intake
    try:
        if step == "withdraw":
            intake.withdraw(id, actor=g.actor, reason=request.form.get("reason", ""))
        elif step == "trash":
            intake.trash(id, actor=g.actor)
        else:
            intake.restore(id, actor=g.actor)
        flash(_("ทำรายการแล้ว"), "good")
    except PrakatError as error:
        flash(error.message, "bad")
    return redirect(f"/staff/announcements/{id}")


@pages.get("/announcements/<int:id>/history")
def history(id: int) -> str:
    """Every change: who, when, what it was and what it became."""
    return render_template(
        "staff/history.html",
        announcement=services().records.announcement(id),
        changes=list(reversed(services().records.history(id))),
    )


def _form(id: int | None, typed: Any) -> str:
    announcement = services().records.announcement(id) if id is not None else None
    attachments = services().records.attachments([id]).get(id, []) if id is not None else []
    return render_template(
        "staff/announcement.html",
        announcement=announcement,
        attachments=attachments,
        states=[_state(each) for each in attachments],
        typed=typed,
        kinds=list(Kind),
        today=dt.datetime.now(thai.BANGKOK).date(),
        upload_mb=services().settings.max_upload_mb,
    )


def _draft() -> Draft:
    return Draft(
        title=request.form.get("title", ""),
        body=request.form.get("body", ""),
        author=request.form.get("author", ""),
        category=request.form.get("category", ""),
        published_on=thai.parse_date(request.form.get("published_on", "")),
        kind=Kind(request.form.get("kind", Kind.ANNOUNCEMENT)),
    )


def _changes() -> dict[str, object]:
    changes: dict[str, object] = {name: request.form[name] for name in _WRITTEN if name in request.form}
    changes["published_on"] = thai.parse_date(request.form.get("published_on", ""))
    changes["kind"] = Kind(request.form.get("kind", Kind.ANNOUNCEMENT))
    return changes


def _seen() -> int | None:
    """The state that the person saw when the form was opened."""
    return request.form.get("change", type=int)


def _moment() -> dt.datetime | None:
    given = request.form.get("publish_at", "") if request.form.get("when") == "later" else ""
    return dt.datetime.strptime(given, _CLOCK).replace(tzinfo=thai.BANGKOK) if given else None


def _attach_all(id: int) -> None:
    """Files that came with the form itself, where no script sent them before."""
    for file in request.files.getlist("files"):
        if not file.filename:
            continue
        try:
            attachment, made = services().intake.attach(
                id, cast(BinaryIO, file.stream), filename=file.filename, actor=g.actor
            )
        except PrakatError as error:
            flash(f"{file.filename}: {error.message}", "bad")
            continue
        if not made:
            flash(_("ไฟล์ %(name)s มีอยู่แล้ว", name=attachment.filename), "warn")


def _relabel_all(id: int) -> None:
    for attachment in services().records.attachments([id]).get(id, []):
        label = request.form.get(f"label-{attachment.id}", attachment.label)
        kind = Kind(request.form.get(f"kind-{attachment.id}", attachment.kind))
        if (label, kind) != (attachment.label, attachment.kind):
            services().intake.relabel(attachment.id, label=label, kind=kind, actor=g.actor)


def _state(attachment: Attachment) -> dict[str, Any]:
    fields = attachment.details.fields
    return {
        "id": attachment.id,
        "status": attachment.status,
        "state": state_name(attachment.status),
        "page_count": attachment.page_count,
        "error": attachment.error.message if attachment.error else None,
        "guess": {name: field.value for name, field in fields.items()},
        "label": _guessed_label(attachment),
    }


def _guessed_label(attachment: Attachment) -> str:
    """A label as a clerk would write it: the kind, and what it is about."""
    fields = attachment.details.fields
    if "subject" not in fields:
        return ""
    kind = kind_name(fields["kind"].value) if "kind" in fields else ""
    return f"{kind}{_(' เรื่อง ')}{fields['subject'].value}".strip()


def _around(attachment: Attachment, found: PersonalData) -> str:
    """The found piece with a little text around it."""
    text = services().records.page(attachment.id, found.page).text
    return " ".join(text[max(found.start - 30, 0) : found.end + 20].split())


def _known_status() -> bool:
    return request.args.get("status", "") in set(Status)
