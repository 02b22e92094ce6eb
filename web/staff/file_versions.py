"""Earlier files of an attachment, for staff only: what differs, the file itself, and the way back."""

from __future__ import annotations

from flask import Response, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from web import file_responses
from web.bootstrap import services
from web.errors import errors_flashed
from web.serving.log import note_security
from web.staff.attachments_for_staff import when_residents_see_file
from web.staff.blueprints import staff_blueprint
from web.staff.text_difference import compare_lines

pages = staff_blueprint(
    "file_versions", __name__, url_prefix="/staff/attachments/<int:attachment_id>/versions/<int:number>"
)


@pages.get("")
def compare_with_present_file(attachment_id: int, number: int) -> str:
    """Show the difference between the text of an earlier file and the present text."""
    records = services().records
    attachment = records.attachments.get(attachment_id)
    version = services().commands.file_versions.get(attachment_id, number)
    texts = [page.text for page in records.pages.by_attachment(attachment_id)]
    return render_template(
        "staff/file-version.html",
        attachment=attachment,
        announcement=records.announcements.get(attachment.announcement_id),
        version=version,
        lines=compare_lines(
            "\n".join(records.file_versions.page_texts(attachment_id, number)), "\n".join(texts)
        ),
    )


@pages.get("/file")
def file(attachment_id: int, number: int) -> Response:
    """Send an earlier file, byte for byte. Each reading is logged: the file may hold personal data."""
    services().attachments.get(attachment_id)
    version = services().commands.file_versions.get(attachment_id, number)
    note_security("earlier file read", person=g.actor, attachment=attachment_id, version=number)
    return file_responses.send_original(version, is_public=False)


@pages.post("/restore")
def choose_earlier_file(attachment_id: int, number: int) -> ResponseReturnValue:
    """Choose an earlier file again; in place of a public file once a person has checked it."""
    with errors_flashed():
        restored = services().commands.file_versions.restore(attachment_id, number, actor=g.actor)
        if restored.replaces:
            flash(
                _("เลือกไฟล์นี้แล้ว ประชาชนเห็นไฟล์ปัจจุบันจนกว่าคุณจะตรวจไฟล์ที่เลือกแล้วกด “ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น”"),
                "good",
            )
        else:
            done = _("กลับไปใช้ไฟล์เดิมแล้ว")
            flash(f"{done} {when_residents_see_file(restored)}", "good")
    return redirect(url_for("staff.review_attachment", attachment_id=attachment_id))
