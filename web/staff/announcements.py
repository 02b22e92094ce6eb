"""Staff's pages for announcements: write, attach, follow the reading, publish, withdraw."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import BinaryIO, cast

from flask import Response, abort, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from archive import thai
from archive.errors import Conflict, Invalid, NotFound, PrakatError, gettext_noop
from archive.fields import FIELDS_BY_NAME, AnnouncementField, FieldType, checked_fields
from archive.model import (
    Announcement,
    Attachment,
    Change,
    DocumentKind,
    Draft,
    HoldReason,
    LocatedPersonalData,
    Status,
)
from archive.privacy import undecided_finds
from archive.suggested_fields import (
    document_named_after_title,
    label_after_title_correction,
    refuse_file_name_as_title,
)
from archive.undo import find_reversals
from archive.worklist import WorklistFilters
from web.bootstrap import services
from web.errors import error_message, errors_flashed
from web.serving.log import timed_part
from web.staff import (
    activity,
    attachments_for_staff,
    checklist,
    disclosure_forms,
    edit_conflicts,
    personal_data,
    publication,
    relation_forms,
)
from web.staff.announcement_form import FORM_FIELDS, build_form_and_note_presence
from web.staff.blueprints import staff_blueprint
from web.staff.categories import require_confirmed_category
from web.staff.form_fingerprints import decision_fingerprint, file_fingerprint, refuse_if_changed

pages = staff_blueprint("staff", __name__, url_prefix="/staff")

_OTHER_FILE = gettext_noop(
    "ไฟล์ของเอกสารนี้ หรือสิ่งที่พบในไฟล์ เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่ จึงยังไม่ได้ทำตามที่กด กรุณาดูไฟล์ปัจจุบันแล้วกดอีกครั้ง"
)
_DECIDED = gettext_noop("พิจารณาแล้ว ประชาชนเห็นเอกสารนี้ตราบที่ประกาศยังเผยแพร่อยู่")
_SHOWN = gettext_noop("ประชาชนเห็นเอกสารนี้แล้ว")
_DONE = {
    "publish": gettext_noop("เผยแพร่แล้ว ประชาชนเปิดอ่านได้ทันที"),
    "withdraw": gettext_noop(
        "ถอนประกาศแล้ว ประชาชนเห็นเพียงชื่อเรื่อง (ถ้าไม่มีข้อมูลส่วนบุคคล) วันที่ เหตุผลที่ถอน และฉบับที่ใช้แทน (ถ้ามี)"
    ),
    "trash": gettext_noop("ทิ้งลงถังขยะแล้ว กู้คืนได้เสมอ"),
    "revise": gettext_noop("บันทึกแล้ว"),
    "order": gettext_noop("เรียงเอกสารใหม่แล้ว"),
    "label": gettext_noop("บันทึกชื่อเอกสารแล้ว"),
    "detach": gettext_noop("นำ “%(label)s” ออกแล้ว นำกลับมาได้จากรายการเอกสารที่นำออก"),
}
"""Action of the history → message once it was done, beside which stands the way back."""
_MOST_DRAFTS = 50  # of one's own, among which one without a set time is looked for
_LONGEST_LABEL = 300  # letters, as of the field
_LONGEST_POSITION = 4  # digits; no announcement has ten thousand attachments


@pages.route("/announcements/new", methods=["GET", "POST"])
def blank_form() -> ResponseReturnValue:
    """Show the form of a new announcement, or create the draft that was sent with it.

    Files may come with the form; the title may then be left to be read from the files. The argument or field
    ``disclose`` names the item to disclose, under which the announcement is put. A form that names an item
    that is hidden by now is shown again without it.
    """
    named = request.values.get("disclose", "")
    if request.method == "GET":
        if named:
            disclosure_forms.entry_from_button(0, named)
        given = {name: value for name, value in request.args.items() if name != "disclose"}
        return _form(None, given, item_to_disclose=named)
    try:
        if named:
            disclosure_forms.entry_from_button(0, named)
    except Invalid as error:
        flash(error_message(error), "bad")
        return _form(None, request.form, error=error)
    try:
        with services().records.batch():
            made = _create_once()
            if named:
                entry = disclosure_forms.entry_from_button(made.id, named)
                services().commands.disclosure.assign(entry, actor=g.actor)
    except PrakatError as error:
        flash(error_message(error), "bad")
        return _form(None, request.form, error=error, item_to_disclose=named)
    _attach_all(made.id)
    if (
        not made.title
        and not services().attachments.by_announcement([made.id])[made.id]
        and _has_sent_files()
    ):
        services().commands.publication.trash(
            made.id, actor=g.actor
        )  # every file was refused: nothing is left
        return _form(None, request.form, item_to_disclose=named, is_given_up=True)
    return redirect(_after_saving(made.id))


def _create_once() -> Announcement:
    """Create the draft of the form; the same form sent again gives the draft that it made before."""
    changes = _changes()
    require_confirmed_category(changes.get("category"), confirmed=request.form.get("new_category", ""))
    sent = repr((request.form.get("form_key"), g.actor, sorted(changes.items(), key=str)))
    ref = f"form:{hashlib.sha256(sent.encode()).hexdigest()[:32]}" if "form_key" in request.form else None
    try:
        return services().commands.announcements.create(
            Draft(**changes, ref=ref),  # type: ignore[arg-type]  # commands checks each
            actor=g.actor,
            may_lack_title=_has_files(),
        )
    except Conflict as error:
        known = services().announcements.by_external_ref(ref) if ref and error.code == "ref-taken" else None
        if known is None:
            raise
        return known


@pages.get("/announcements/<int:announcement_id>")
def edit(announcement_id: int) -> ResponseReturnValue:
    """Show the announcement, its files and actions, and note that the person has its form open."""
    return _form(announcement_id, {})


@pages.get("/announcements/<int:announcement_id>/other-editor")
def note_presence(announcement_id: int) -> Response:
    """Note, by a GET, that the person works in the form; tells in plain text who else does.

    With the argument ``look`` nothing is noted: the form is open, and the person does nothing in it.
    """
    opened_on = request.args.get("opened_on", 0, type=int)
    announcement = services().announcements.get(announcement_id)
    find = edit_conflicts.find_other_form_holder if "look" in request.args else edit_conflicts.claim_form
    form_holder = find(announcement_id)
    said = edit_conflicts.describe_other_editor(announcement, opened_on, form_holder=form_holder)
    return Response(said, mimetype="text/plain")


@pages.post("/announcements/<int:announcement_id>")
def save_and_redirect(announcement_id: int) -> ResponseReturnValue:
    """Store the form, which confirms values filled in; then lead to the form or the page of publication.

    With the button that sorts the attachments, or undoes that, nothing is stored but their order. A form
    without ``last_change``, as of a page that came only in part, is a bad request.
    """
    if "last_change" not in request.form:
        abort(400)
    if "sort" in request.form:
        return _sort_attachments(announcement_id)
    if "undo_order" in request.form:
        return _undo_order(announcement_id)
    before = edit_conflicts.last_change_id(announcement_id)
    try:
        _save_form(announcement_id)
    except PrakatError as error:
        flash(error_message(error), "bad")
        return _form(announcement_id, request.form, error=error)
    if "publish" not in request.form:
        made = [each for each in services().history.entries(announcement_id) if each.id > before]
        undoable = [each for each in made if each.action != "confirm"]
        if undoable and (len(undoable) == 1 or undoable[0].bulk) and undoable[-1].action in _DONE:
            return redirect(_page_with_undo(undoable[-1]))
        flash(_saved_message(announcement_id), "good")
    return redirect(_after_saving(announcement_id))


def _saved_message(announcement_id: int, *, has_undo: bool = False) -> str:
    """Returns that the form was saved; of a published record also who sees it, and where it is undone.

    ``has_undo``: the way back stands beside the message.
    """
    saved = _("บันทึกแล้ว")
    if services().announcements.get(announcement_id).status is not Status.PUBLISHED:
        return str(saved)
    if has_undo:
        return " ".join([saved, _("ประชาชนเห็นแล้ว")])
    link = Markup('<a href="{}">{}</a>').format(
        url_for("staff.history", announcement_id=announcement_id), _("ดูหรือเลิกทำในประวัติการแก้ไข")
    )
    return Markup("{} {} {}").format(saved, _("ประชาชนเห็นแล้ว"), link)


@pages.post("/announcements/<int:announcement_id>/attachments")
def attach_file(announcement_id: int) -> ResponseReturnValue:
    """Attach one file for a script: JSON with 202, or 200 for a known file; an error is a page."""
    file = request.files.get("file")
    if file is None:
        abort(400)
    attachment, made = _attach(announcement_id, file)
    return jsonify(id=attachment.id, new=made, filename=attachment.filename), 202 if made else 200


@pages.route("/attachments/<int:attachment_id>", methods=["GET", "POST"])
def review_attachment(attachment_id: int) -> ResponseReturnValue:
    """Show an attachment, its finds and earlier files; release it, replace its file or cancel the new one."""
    try:
        reviewed = services().attachments.get(attachment_id)
    except NotFound as error:
        return _say_released_before(error, _DECIDED)
    reason_fault: dict[str, str] = {}
    if request.method == "POST":
        try:
            flash(_decide(reviewed), "good")
            return redirect(
                url_for("staff.edit", announcement_id=reviewed.announcement_id)
            )  # the message is at the top
        except PrakatError as error:
            reason_fault = personal_data.reason_fault(error)
            flash(error_message(error), "bad")
    announcement = services().announcements.get(reviewed.announcement_id)
    return render_template(
        "staff/attachment.html",
        attachment=reviewed,
        announcement=announcement,
        found=personal_data.describe_finds(
            announcement,
            [LocatedPersonalData(attachment_id, data) for data in undecided_finds(reviewed)],
        ),
        reason_fault=reason_fault,
        fingerprint=decision_fingerprint(reviewed),
        versions=services().file_versions.by_attachment(attachment_id),
        replacement=services().attachments.replacements([attachment_id]).get(attachment_id),
        upload_mb=services().settings.max_upload_mb,
    )


def _decide(attachment: Attachment) -> str:
    """Carry out the button that was pressed for the attachment. Returns the message."""
    if "replace" in request.form:
        return _replace(attachment)
    if "hide" in request.form:
        services().commands.attachments.hide_undecided(attachment.id, actor=g.actor)
        return str(_("ประชาชนไม่เห็นเอกสารนี้แล้ว"))
    with services().records.batch():
        now = services().attachments.get(attachment.id)
        if "cancel" in request.form:
            refuse_if_changed(decision_fingerprint(now), _OTHER_FILE)
            services().commands.attachments.detach(attachment.id, actor=g.actor)
            return str(_("ยกเลิกไฟล์ใหม่แล้ว ยังใช้ไฟล์เดิม"))
        if not _is_decided_for_file_shown(now):
            refuse_if_changed(decision_fingerprint(now), _OTHER_FILE)
            services().commands.attachments.release_with_reason(
                attachment.id, actor=g.actor, reason=personal_data.reason_from_form_or_empty()
            )
        return str(_(_DECIDED))


def _say_released_before(error: NotFound, said: str) -> ResponseReturnValue:
    """Say of a waiting file that a form released before that it is done. Raises ``error`` for any other.

    Once released, the file is that of the attachment in the form's ``row``, and residents see it.
    """
    try:
        public = services().attachments.get(request.values.get("row", 0, type=int))
    except NotFound:
        raise error from None
    if public.hold is not None or public.sha256 != request.values.get("sha256"):
        raise error
    flash(_(said), "good")
    anchor = f"attachment-{public.id}"
    return redirect(url_for("staff.edit", announcement_id=public.announcement_id, _anchor=anchor))


def _is_decided_for_file_shown(attachment: Attachment) -> bool:
    """Returns True where nothing is left to decide in the file that the form showed: it was sent twice."""
    is_same_file = request.form.get("sha256") == attachment.sha256
    return is_same_file and attachment.hold is None and not undecided_finds(attachment)


def _replace(attachment: Attachment) -> str:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("กรุณาเลือกไฟล์ใหม่ก่อน", field="file")
    announcement = services().announcements.get(attachment.announcement_id)
    with timed_part("upload"):
        given = services().commands.file_versions.replace(
            attachment.id,
            cast(BinaryIO, file.stream),
            filename=file.filename,
            actor=g.actor,
            is_from_person=True,
        )
    if given.replaces:
        said = [
            _("ได้รับไฟล์ใหม่แล้ว ประชาชนเห็นไฟล์เดิมจนกว่าคุณจะตรวจไฟล์ใหม่แล้วกด “ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น”"),
            Markup('<a href="#attachment-{}">{}</a>').format(given.id, _("ไปที่ไฟล์ใหม่")),
        ]
    else:
        kept = _("เปลี่ยนไฟล์แล้ว ไฟล์เดิมเก็บไว้ให้เจ้าหน้าที่เท่านั้น")
        said = [kept, attachments_for_staff.when_residents_see_file(given)]
    papers = attachments_for_staff.attachments_for_staff(announcement)
    if any(paper.earlier_label for paper in papers if paper.attachment.id == attachment.id):
        said.append(
            _(
                "ชื่อเอกสารยังเป็นของไฟล์เดิม แปลงข้อความเสร็จแล้วระบบจะเสนอชื่อใหม่ "
                "กรุณากด “ใช้ชื่อใหม่นี้และบันทึก” ประชาชนจึงจะเห็นชื่อใหม่"
            )
        )
    return Markup(" ").join(said)


@pages.post("/attachments/<int:attachment_id>/<any(move, rename, show, detach, reattach, reread):step>")
def change_attachment(attachment_id: int, step: str) -> ResponseReturnValue:
    """Carry out an attachment's button; all but a move store the form first, without confirming values.

    The buttons move, relabel, show, take off, put back and read again. A move stores the order alone, and
    what is typed in the form around the button stays typed there; a script that shows the move itself asks
    for no page. Before the other steps the form's content is stored. A label that was stored, and an
    attachment that was taken off, can be taken back beside the message.
    """
    attachments = services().attachments
    try:
        one = (attachments.get_detached if step == "reattach" else attachments.get)(attachment_id)
    except NotFound as error:
        return _say_released_before(error, _SHOWN)
    announcement_id = one.announcement_id
    before = edit_conflicts.last_change_id(announcement_id)
    try:
        if step != "move":
            _save_form(announcement_id, confirm=False)
        _PAPER_STEPS[step](attachment_id)
    except PrakatError as error:
        flash(error_message(error), "bad")
        return _form(announcement_id, request.form, error=error)
    if step == "move" and "no_page" in request.form:
        return Response(status=204)
    if step == "move" and "last_change" in request.form:
        return _form_as_typed_after_ordering(announcement_id)
    anchor = _row_to_go_on_from(one)
    changes = services().history.entries(announcement_id)
    if step in ("rename", "detach") and any(each.id > before and each.actor == g.actor for each in changes):
        return redirect(_page_with_undo(changes[-1], anchor))
    if step == "rename":  # the name was this one before
        flash(_("บันทึกชื่อเอกสารแล้ว"), "good")
    return redirect(url_for("staff.edit", announcement_id=announcement_id, _anchor=anchor))


def _sort_attachments(announcement_id: int) -> ResponseReturnValue:
    """Puts the attachments in the order of their labels as the form has them; stores nothing else."""
    listed = services().attachments.by_announcement([announcement_id])[announcement_id]
    labels = {
        each.id: (request.form.get(f"label-{each.id}") or attachments_for_staff.attachment_label(each))[
            :_LONGEST_LABEL
        ]
        for each in listed
    }
    in_order = sorted(labels, key=lambda each: thai.natural_sort_key(labels[each]))
    try:
        services().commands.attachments.reorder(announcement_id, in_order, actor=g.actor)
    except PrakatError as error:
        flash(error_message(error), "bad")
        return _form(announcement_id, request.form, error=error)
    if in_order == [each.id for each in listed]:
        flash(_("เอกสารเรียงตามชื่ออยู่แล้ว"), "good")
        return _form_as_typed_after_ordering(announcement_id)
    return _form_as_typed_after_ordering(announcement_id, done=edit_conflicts.last_change_id(announcement_id))


def _form_as_typed_after_ordering(announcement_id: int, done: int | None = None) -> str:
    """Returns the page with the new order and all else as it was typed. ``done``: as for ``_form``."""
    typed = {name: value for name, value in request.form.items() if not name.startswith("position-")}
    opened_on = request.form.get("last_change", type=int)
    return _form(announcement_id, typed, opened_on_change_id=opened_on, done=done)


def _undo_order(announcement_id: int) -> str:
    """Puts the attachments back as they were before the change that the button names, unless more followed.

    What is typed in the form around the button stays typed there.
    """
    change = _change_just_made(announcement_id, request.form.get("undo_order", type=int))
    if change is None or change.action != "order" or change.bulk:
        flash(_("มีการแก้ไขหลังจากนั้นแล้ว จึงยังไม่ได้เลิกทำ กรุณาดูประวัติการแก้ไขก่อน"), "bad")
    else:
        with errors_flashed():
            activity.undo_commands().undo(change, actor=g.actor)
            flash(_("เลิกทำแล้ว กลับเป็นอย่างเดิม"), "good")
    return _form_as_typed_after_ordering(announcement_id)


def _row_to_go_on_from(attachment: Attachment) -> str:
    """Returns the anchor of the attachment's row; of the row in its place once it is taken off."""
    listed = services().attachments.by_announcement([attachment.announcement_id])[attachment.announcement_id]
    ids = [each.id for each in listed]
    own = attachment.replaces or attachment.id
    if own in ids or not ids:
        return f"attachment-{own}" if ids else "detached"
    return f"attachment-{ids[min(attachment.position, len(ids)) - 1]}"


_FORM_PARTS = {
    "relations": relation_forms.carry_out_relation_form,
    "disclosure": disclosure_forms.carry_out_disclosure_form,
}


@pages.post("/announcements/<int:announcement_id>/<any(relations, disclosure):part>")
def change_form_part(announcement_id: int, part: str) -> ResponseReturnValue:
    """Store the form's content, then carry out a button of its relations, or of the items it discloses."""
    try:
        _save_form(announcement_id, confirm=False)
        flash(_FORM_PARTS[part](announcement_id, request.form, g.actor), "good")
    except PrakatError as error:
        flash(error_message(error), "bad")
        return _form(announcement_id, request.form, error=error)
    return redirect(url_for("staff.edit", announcement_id=announcement_id, _anchor=part))


@pages.route("/announcements/<int:announcement_id>/publish", methods=["GET", "POST"])
def publish(announcement_id: int) -> ResponseReturnValue:
    """Publish at once or at a set time; personal data is shown first and needs a reason."""
    fault: PrakatError | None = None
    if request.method == "POST":
        try:
            said = publication.publish_as_chosen(announcement_id)
            announcement = services().announcements.get(announcement_id)
            if announcement.status is Status.PUBLISHED:
                return redirect(_page_with_undo(services().history.entries(announcement_id)[-1]))
            flash(said, "good")
            return redirect(url_for("staff.edit", announcement_id=announcement_id))
        except PrakatError as error:
            fault = error
            flash(error_message(error), "bad")
    last_change = edit_conflicts.last_change_id(announcement_id)
    announcement = services().announcements.get(announcement_id)
    papers = attachments_for_staff.attachments_for_staff(announcement)
    unread = [each.attachment for each in papers if each.attachment.hold is HoldReason.UNREAD]
    finds = services().commands.publication.undecided_personal_data(announcement_id)
    return render_template(
        "staff/publish.html",
        announcement=announcement,
        last_change=last_change,
        checks=checklist.publication_checks(announcement, papers, finds),
        found=personal_data.describe_finds(announcement, finds),
        found_seen=personal_data.finds_fingerprint(finds),
        unread=[each for each in unread if each.is_reading_pending],
        when=publication.preselected_choice(announcement, is_unread=bool(unread)),
        reason_fault=personal_data.reason_fault(fault),
        **publication.publication_time_fields(
            announcement.publish_at, fault if isinstance(fault, Invalid) else None
        ),
    )


@pages.post("/announcements/<int:announcement_id>/<any(withdraw, trash, restore):step>")
def change_status(announcement_id: int, step: str) -> ResponseReturnValue:
    """Withdraw with a reason and a successor, if typed, trash, or restore as a draft; nothing is asked."""
    commands = services().commands
    try:
        if step == "withdraw":
            _withdraw(announcement_id)
            return redirect(_page_with_undo(services().history.entries(announcement_id)[-1]))
        if step == "trash":
            commands.publication.trash(announcement_id, actor=g.actor)
            return redirect(_page_with_undo(services().history.entries(announcement_id)[-1]))
        commands.publication.restore_as_draft(announcement_id, actor=g.actor)
        flash(_("กู้คืนเป็นฉบับร่างแล้ว"), "good")
    except PrakatError as error:
        flash(error_message(error), "bad")
        if step == "withdraw":
            return _form(announcement_id, request.form, error=error)
    return redirect(url_for("staff.edit", announcement_id=announcement_id))


def _withdraw(announcement_id: int) -> None:
    """Withdraw the announcement and name the one that replaces it, if typed; both are undone as one."""
    is_replaced = "chosen" in request.form or bool(request.form.get("successor", "").strip())
    with services().records.batch(secrets.token_hex(8) if is_replaced else ""):
        if is_replaced:
            relation_forms.record_replaced_by(announcement_id, request.form, g.actor)
        services().commands.publication.withdraw(
            announcement_id, actor=g.actor, reason=request.form.get("reason", "")
        )


@pages.get("/announcements/<int:announcement_id>/history")
def history(announcement_id: int) -> str:
    """Show every change: who, when, the value before and the value after."""
    announcement, undo = services().announcements.get(announcement_id), activity.undo_commands()
    changes = services().history.entries(announcement_id)
    return render_template(
        "staff/history.html",
        title=announcement.title,
        back=url_for("staff.edit", announcement_id=announcement_id),
        changes=[
            (each, undo.is_undoable_kind(each) and not undo.is_refused(each, announcement.status))
            for each in reversed(changes)
        ],
        reversals=find_reversals(changes),
    )


def _form(
    announcement_id: int | None,
    typed: Mapping[str, str],
    *,
    error: PrakatError | None = None,
    opened_on_change_id: int | None = None,
    item_to_disclose: str = "",
    is_given_up: bool = False,
    done: int | None = None,
) -> str:
    """Returns the page with the form. The arguments are those of ``build_form_and_note_presence``.

    ``done``: id of a change that was just made, which can be taken back beside the message about it.
    ``item_to_disclose``: the item under which a new announcement is put, as its button names it; "" for none.
    ``is_given_up``: the draft that the form made is in the trash, so the form's next one is another.
    """
    announcement = services().announcements.get(announcement_id) if announcement_id is not None else None
    form = build_form_and_note_presence(announcement, typed, error, opened_on_change_id)
    just_made = _change_just_made(announcement_id, done)
    return render_template(
        "staff/announcement.html",
        announcement=announcement,
        form=form,
        item_to_disclose=item_to_disclose,
        is_given_up=is_given_up,
        done=just_made,
        undo_refusal=_undo_refusal(just_made),
        next_draft=_next_own_draft() if just_made and just_made.action == "publish" else None,
    )


def _page_with_undo(change: Change, anchor: str | None = None) -> str:
    """Returns the address of the form that says that this was just done, with the way back beside it."""
    return url_for("staff.edit", announcement_id=change.announcement_id, done=change.id, _anchor=anchor)


@pages.app_template_filter("done_sentence")
def _done_sentence(change: Change) -> str:
    """Returns the message about a change that was just made, alone or saved as one with others."""
    said = _DONE[change.action]
    if change.action == "revise" or (change.bulk and change.action in ("label", "order")):
        return _saved_message(change.announcement_id or 0, has_undo=True)
    if change.action != "detach":
        return str(_(said))
    detached = services().attachments.get_detached(int(str(change.before["attachment_id"])))
    return str(_(said, label=attachments_for_staff.attachment_label(detached)))


def _change_just_made(announcement_id: int | None, done: int | None) -> Change | None:
    """Returns the change ``done``, or that the address names, while it is the last one; None without one.

    A confirmation of values may follow it, which changes nothing. None also for a change beside which no way
    back is offered.
    """
    named = done or request.args.get("done", type=int)
    if announcement_id is None or not named:
        return None
    changes = [each for each in services().history.entries(announcement_id) if each.action != "confirm"]
    last = changes[-1] if changes else None
    return last if last and last.id == named and last.action in _DONE else None


def _undo_refusal(done: Change | None) -> str:
    """Returns why a publication or a withdrawal cannot be taken back now; "" where it can."""
    try:
        if done is not None:
            activity.undo_commands().check_status(done)
    except (Conflict, Invalid) as error:
        return error_message(error)
    return ""


def _next_own_draft() -> Announcement | None:
    """Returns the first of the person's own drafts in the worklist that has no time set; None without one."""
    filters = WorklistFilters(statuses=(Status.DRAFT,), person=g.actor)
    rows, _total = services().worklist.list_rows(filters, today=thai.today(), page=1, per_page=_MOST_DRAFTS)
    return next((row.announcement for row in rows if row.announcement.publish_at is None), None)


def _has_files() -> bool:
    """Returns True when files come with the form, or a script is about to send them one by one."""
    return "files_follow" in request.form or _has_sent_files()


def _has_sent_files() -> bool:
    """Returns True when files came with the form."""
    return any(file.filename for file in request.files.getlist("files"))


def _changes() -> dict[str, object]:
    return {
        field.name: _typed(field) for field in FORM_FIELDS if field.is_required or field.name in request.form
    }


def _typed(field: AnnouncementField) -> object:
    """Returns the value typed for a field; a date may be typed as people write dates."""
    if field.type is FieldType.FLAG:
        return request.form.get(field.name) == "1"
    typed = request.form.get(field.name, "")
    if field.is_nullable and not typed.strip():
        return None
    if field.type is not FieldType.DATE:
        return typed
    try:
        return thai.parse_date(typed)
    except Invalid as error:
        error.field = field.name  # a date alone does not know where it was typed
        raise


def _save_form(announcement_id: int, *, confirm: bool = True) -> None:
    """Store the form's content: the announcement, its attachments' names, and new files.

    Values that the system filled in are stored only if ``confirm``, for saving the form confirms them. The
    label of an only document follows what was corrected in the title, and a message says so.

    Fields, names and order are stored together or not at all, and undone as one; files follow on their own.
    Nobody else can change the record between the look at what others changed and the storing. What was typed
    for a record that was withdrawn or trashed is stored only by the button that makes a draft of the record
    first.
    """
    if "last_change" not in request.form:
        return
    with services().records.batch():
        announcement = services().announcements.get(announcement_id)
        settled = edit_conflicts.merge_edits_of_request(announcement, _changes() | _labels(announcement_id))
        if not confirm:
            settled = _without_unconfirmed(announcement, settled)
        if announcement.status not in (Status.DRAFT, Status.PUBLISHED):
            if "restore" not in request.form:
                raise edit_conflicts.not_editable_conflict()
            announcement = services().commands.publication.restore_as_draft(announcement_id, actor=g.actor)
        corrected = _label_after_title_correction(announcement, settled)
        settled |= corrected
        changes = {name: value for name, value in settled.items() if name in FIELDS_BY_NAME}
        if changes.get("category", announcement.category) != announcement.category:
            require_confirmed_category(changes["category"], confirmed=request.form.get("new_category", ""))
        if announcement.status is Status.DRAFT and not announcement.title and not changes.get("title"):
            changes.pop("title", None)  # the title is still to be read from the attachments
        _refuse_new_file_name(announcement, str(changes.get("title", announcement.title)))
        _store_as_one(announcement_id, changes, settled)
        if confirm:
            services().commands.publication.confirm_filled_values(announcement_id, actor=g.actor)
    _attach_all(announcement_id)
    for label in corrected.values():
        flash(_("แก้ชื่อเอกสารตามไปด้วย: %(label)s", label=label), "good")


def _store_as_one(announcement_id: int, changes: dict[str, object], settled: Mapping[str, object]) -> None:
    """Store fields, labels and order; where more than fields change, under a name that undoes all as one."""
    is_more_than_fields = bool(_given_labels(announcement_id, settled) or _typed_positions(announcement_id))
    with services().records.batch(secrets.token_hex(8) if is_more_than_fields else ""):
        with personal_data.transaction_with_reason() as reason:
            services().commands.announcements.revise(announcement_id, changes, actor=g.actor, reason=reason)
            _relabel_all(announcement_id, settled, reason)
        _reorder(announcement_id)


def _refuse_new_file_name(announcement: Announcement, title: str) -> None:
    """Raises ``Invalid`` where a published record would get the name of one of its files as its title."""
    if announcement.status is Status.PUBLISHED and title != announcement.title:
        attachments = services().attachments.by_announcement([announcement.id])[announcement.id]
        refuse_file_name_as_title(title, attachments)


def _label_after_title_correction(
    announcement: Announcement, settled: Mapping[str, object]
) -> dict[str, str]:
    """Returns, as ``label-7``, the label that has to follow the title that is about to be stored, if any.

    It follows where it stands alone in the form as it was opened, see ``document_named_after_title`` and
    ``label_after_title_correction``.
    """
    attachments = services().attachments.by_announcement([announcement.id])[announcement.id]
    source = document_named_after_title(attachments)
    labels_sent = {name for name in request.form if name.startswith("label-")}
    if source is None or labels_sent - {f"label-{source.id}"}:
        return {}
    filled = attachments_for_staff.unsaved_prefilled_values(announcement)
    before = str(filled.get("title", announcement.title))
    after = checked_fields({"title": settled.get("title") or before}, may_lack_title=True)["title"]
    name = f"label-{source.id}"
    label = str(filled.get(name, source.label))
    corrected = label_after_title_correction(label, before, str(after))
    return {name: corrected} if corrected != label and request.form.get(name, label) == label else {}


def _without_unconfirmed(announcement: Announcement, typed: Mapping[str, object]) -> dict[str, object]:
    """Returns the typed values without those that are still as the system filled them in.

    The kind stays beside a typed title, for only a draft without a title is offered one.
    """
    filled = attachments_for_staff.unsaved_prefilled_values(announcement)
    kept = {name: value for name, value in typed.items() if name not in filled or filled[name] != value}
    return kept | {"kind": typed["kind"]} if "title" in filled and "title" in kept else kept


def _after_saving(announcement_id: int) -> str:
    return url_for(
        "staff.publish" if "publish" in request.form else "staff.edit", announcement_id=announcement_id
    )


def _move(attachment_id: int) -> None:
    """Move the attachment one place up or down, or to the number typed beside it."""
    attachment = services().attachments.get(attachment_id)
    if request.form.get("to") == "number":
        _reorder(attachment.announcement_id)
        return
    position = attachment.position + (1 if request.form.get("to") == "down" else -1)
    services().commands.attachments.move(attachment.announcement_id, {attachment_id: position}, actor=g.actor)


def _reorder(announcement_id: int) -> None:
    """Move each attachment beside which another number was typed to that place."""
    if positions := _typed_positions(announcement_id):
        services().commands.attachments.move(announcement_id, positions, actor=g.actor)


def _typed_positions(announcement_id: int) -> dict[int, int]:
    """Returns the numbers that were typed beside attachments, by their ids; ``Invalid`` for what is none."""
    positions = {}
    for attachment in services().attachments.by_announcement([announcement_id])[announcement_id]:
        typed = thai.arabic_digits(request.form.get(f"position-{attachment.id}", "")).strip()
        if typed == request.form.get(f"was-{attachment.id}", ""):
            continue
        if not typed.isdecimal() or len(typed) > _LONGEST_POSITION:
            raise Invalid("ลำดับของเอกสารต้องเป็นตัวเลข เช่น 1", field=f"position-{attachment.id}")
        positions[attachment.id] = int(typed)
    return positions


def _rename(attachment_id: int) -> None:
    """Store the label and the kind in the form for one attachment: a press confirms what was suggested."""
    with personal_data.transaction_with_reason() as reason:
        _relabel_from_form(attachment_id, reason)


def _relabel_from_form(attachment_id: int, reason: str) -> None:
    attachment = services().attachments.get(attachment_id)
    row = attachment.replaces or attachment_id
    typed = {name: request.form[name] for name in (f"label-{row}", f"kind-{row}") if name in request.form}
    _relabel_all(attachment.announcement_id, typed, reason)


def _detach(attachment_id: int) -> None:
    services().commands.attachments.detach(attachment_id, actor=g.actor)


def _reattach(attachment_id: int) -> None:
    attachment = services().commands.attachments.reattach(attachment_id, actor=g.actor)
    said = [_("นำเอกสารกลับมาแล้ว")]
    if attachment.hold is HoldReason.UNCONFIRMED:
        said.append(attachments_for_staff.when_residents_see_file(attachment))
    flash(" · ".join(said), "good")


def _reread(attachment_id: int) -> None:
    services().commands.attachments.read_again(attachment_id, actor=g.actor)
    flash(_("ส่งเอกสารไปแปลงข้อความใหม่แล้ว"), "good")


def _show(attachment_id: int) -> None:
    """Store the label in the form, and show the attachment: a press confirms both."""
    with personal_data.transaction_with_reason() as reason:
        checked = services().attachments.get(attachment_id)
        row = checked.replaces or attachment_id
        refuse_if_changed(file_fingerprint(checked), _OTHER_FILE, field=f"fingerprint-{row}")
        _relabel_from_form(attachment_id, reason)
        services().commands.attachments.show_unconfirmed_file(attachment_id, actor=g.actor, reason=reason)
    flash(_(_SHOWN), "good")


_PAPER_STEPS: dict[str, Callable[[int], None]] = {
    "move": _move,
    "rename": _rename,
    "show": _show,
    "detach": _detach,
    "reattach": _reattach,
    "reread": _reread,
}


def _attach(announcement_id: int, file: FileStorage) -> tuple[Attachment, bool]:
    """Attach a file. Residents see one that is added to a published announcement once it is checked."""
    with timed_part("upload"):
        return services().commands.attachments.attach(
            announcement_id,
            cast(BinaryIO, file.stream),
            filename=file.filename or "",
            actor=g.actor,
            is_from_person=True,
        )


def _attach_all(announcement_id: int) -> None:
    """Attach the files sent with the form itself, for browsers where no script sent them before."""
    for file in request.files.getlist("files"):
        if not file.filename:
            continue
        try:
            attachment, made = _attach(announcement_id, file)
        except PrakatError as error:
            flash(f"{file.filename}: {error_message(error)}", "bad")
            continue
        if not made:
            flash(_("ไฟล์ %(name)s มีอยู่แล้ว", name=attachment.filename), "warn")


def _labels(announcement_id: int) -> dict[str, object]:
    """Returns the labels and kinds of attachments in the form, as ``label-7`` and ``kind-7``."""
    names = [
        f"{name}-{attachment.id}"
        for attachment in services().attachments.by_announcement([announcement_id]).get(announcement_id, [])
        for name in ("label", "kind")
    ]
    return {name: request.form[name] for name in names if name in request.form}


def _relabel_all(announcement_id: int, settled: Mapping[str, object], reason: str) -> None:
    for id, (label, kind) in _given_labels(announcement_id, settled).items():
        try:
            services().commands.attachments.relabel(id, label=label, kind=kind, actor=g.actor, reason=reason)
        except Invalid as error:
            if error.field == "label":  # a label alone does not know beside which paper it was typed
                error.field = f"label-{id}"
            raise


def _given_labels(announcement_id: int, settled: Mapping[str, object]) -> dict[int, tuple[str, DocumentKind]]:
    """Returns, by attachment, the label and the kind to be stored where either differs from what is there."""
    given = {}
    for attachment in services().attachments.by_announcement([announcement_id]).get(announcement_id, []):
        label = str(settled.get(f"label-{attachment.id}", attachment.label))
        kind = _known_kind(str(settled.get(f"kind-{attachment.id}", attachment.kind)))
        if (label, kind) != (attachment.label, attachment.kind):
            given[attachment.id] = label, kind
    return given


def _known_kind(code: str) -> DocumentKind:
    return DocumentKind(code) if code in set(DocumentKind) else abort(400)
