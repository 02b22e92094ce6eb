"""Erasure by order, for administrators: the form that carries an order out, and the register of orders."""

from __future__ import annotations

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive.commands.status_rules import refuse_other_file
from archive.erasure import Erasure, ErasureScope
from archive.errors import Invalid, NotFound
from archive.model import Attachment
from web.bootstrap import services
from web.errors import errors_flashed
from web.public.open_data_files import delete_dumps
from web.serving.log import note_security
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("erasures", __name__, url_prefix="/staff", is_for_admins=True)


@pages.get("/erasures")
def register() -> str:
    """List every erasure: what, who ordered it, why, who carried it out, and which bytes had to stay."""
    found = services().records.erasures.all()
    known = services().announcements.get_many({each.announcement_id for each in found})
    kept = {each.id: len(services().eraser.files_used_by_other_records(each)) for each in found}
    return render_template("staff/erasures.html", erasures=found, announcements=known, kept=kept)


@pages.route("/attachments/<int:attachment_id>/erase", methods=["GET", "POST"])
def erase(attachment_id: int) -> ResponseReturnValue:
    """Say what an erasure takes away, and carry the order out."""
    attachment = _attachment(attachment_id)
    if request.method == "POST":
        with errors_flashed():
            _carry_out(attachment)
            return redirect(url_for("erasures.register"))
    return render_template(
        "staff/erase.html",
        attachment=attachment,
        announcement=services().announcements.get(attachment.announcement_id),
        versions=services().file_versions.by_attachment(attachment_id),
        elsewhere=[
            each for each in services().attachments.with_file(attachment.sha256) if each.id != attachment_id
        ],
        new_files=_new_files(attachment),
    )


@pages.route("/announcements/<int:announcement_id>/erase", methods=["GET", "POST"])
def erase_text(announcement_id: int) -> ResponseReturnValue:
    """Say what an erasure of an announcement's own text takes away, and carry the order out."""
    announcement = services().announcements.get(announcement_id)
    if request.method == "POST":
        with errors_flashed():
            _require_certainty()
            delete_dumps()  # a kill after the erasure leaves none
            _conclude(services().eraser.erase_announcement_fields(announcement_id, actor=g.actor, **_order()))
            return redirect(url_for("erasures.register"))
    return render_template("staff/erase.html", attachment=None, announcement=announcement)


def _attachment(attachment_id: int) -> Attachment:
    """Returns an attachment, also one that was taken off."""
    try:
        return services().attachments.get(attachment_id)
    except NotFound:
        return services().attachments.get_detached(attachment_id)


def _new_files(attachment: Attachment) -> list[Attachment]:
    """Returns the files that were to replace an attachment's file: the one that waits, and cancelled ones."""
    waiting = services().attachments.replacements([attachment.id]).values()
    detached = services().attachments.detached(attachment.announcement_id)
    return [*waiting, *(each for each in detached if each.replaces == attachment.id)]


def _carry_out(attachment: Attachment) -> None:
    scope = request.form.get("scope", ErasureScope.ATTACHMENT)
    if scope not in set(ErasureScope):
        abort(400)
    shown_sha256 = request.form.get("sha256", attachment.sha256)
    refuse_other_file(attachment, shown_sha256)
    _require_certainty()
    delete_dumps()  # a kill after the erasure leaves none
    erasure = services().eraser.erase_attachment_or_versions(
        attachment.id, ErasureScope(scope), actor=g.actor, expected_sha256=shown_sha256, **_order()
    )
    _conclude(erasure)
    if services().eraser.files_used_by_other_records(erasure):
        flash(_("ไฟล์บางไฟล์ยังอยู่ในคลัง เพราะมีเอกสารอื่นใช้ไฟล์เดียวกัน"), "warn")


def _require_certainty() -> None:
    if "sure" not in request.form:
        raise Invalid("กรุณาติ๊ก “ทราบแล้วว่ากู้คืนไม่ได้” แล้วกดลบอีกครั้ง", field="sure")


def _order() -> dict[str, str]:
    """Returns who ordered the erasure in the form, and why."""
    return {name: request.form.get(name, "") for name in ("ordered_by", "reason")}


def _conclude(erasure: Erasure) -> None:
    """Delete the open data written until the erasure, log the erasure, and tell the person."""
    delete_dumps()
    note_security("erased by order", person=g.actor, erasure=erasure.id, announcement=erasure.announcement_id)
    if services().eraser.files_still_to_erase(erasure):
        flash(
            _("บันทึกคำสั่งลบเป็นลำดับที่ %(id)s แล้ว แต่ยังลบไฟล์ออกจากที่เก็บไม่ได้ ระบบจะลองลบให้อีกจนสำเร็จ", id=erasure.id),
            "warn",
        )
    else:
        flash(_("ลบถาวรตามคำสั่งแล้ว บันทึกไว้เป็นลำดับที่ %(id)s", id=erasure.id), "good")
