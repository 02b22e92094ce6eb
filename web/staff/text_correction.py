"""The correction desk: a page's picture beside its text, with doubts, earlier versions and new readings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, cast

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive import validation
from archive.errors import Conflict, PrakatError, gettext_noop
from archive.model import Attachment, Change, LowConfidenceSpan, Page, Status
from archive.worklist import should_person_check
from indexer.extraction.image.deskew import Turn
from indexer.extraction.page_images import hit_rectangles
from indexer.extraction.rereading import TURNS, ReadingSettings
from web.bootstrap import services
from web.errors import error_message, errors_flashed
from web.staff import activity, edit_conflicts
from web.staff.blueprints import staff_blueprint
from web.staff.form_fingerprints import page_fingerprint, refuse_if_changed
from web.staff.text_difference import DifferenceLine, compare_lines

pages = staff_blueprint(
    "correction", __name__, url_prefix="/staff/attachments/<int:attachment_id>/pages/<int:number>"
)

MOST_ALTERNATIVES = 9  # readings offered for a doubtful place: each has a digit key
MOST_VERSIONS = 20  # earlier texts shown on the page
_CHANGED = gettext_noop("ข้อความหรือไฟล์ของหน้านี้เปลี่ยนไปแล้วขณะที่คุณเปิดหน้านี้อยู่ ยังไม่ได้บันทึก กรุณาเปิดหน้านี้ใหม่แล้วตรวจดูอีกครั้ง")
_PLACE = re.compile(r"(\d{1,6}):(\d{1,6}):(\d{1,6})")


@dataclass(frozen=True, slots=True)
class PageVersion:
    """An earlier text of a page. ``number``: place of its change in the announcement's history."""

    number: int
    change: Change
    text: str
    lines: list[DifferenceLine]  # what differs in the present text


@dataclass(frozen=True, slots=True)
class TextConflict:
    """The last change of a page's text since a form was opened, and how the typed text differs from it."""

    change: Change
    lines: list[DifferenceLine]  # removed: of the stored text alone; added: of the typed one


@pages.route("", methods=["GET", "POST"])
def page(attachment_id: int, number: int) -> ResponseReturnValue:
    """Show a page with its text line by line; a POST stores the corrected text unless it changed since."""
    attachment = services().attachments.get(attachment_id)
    shown, conflict = services().pages.get(attachment_id, number), None
    if request.method == "POST":
        try:
            before = edit_conflicts.last_change_id(attachment.announcement_id)
            left = _correct(attachment_id, number)
            _say_if_hidden(attachment)
            following = _after_saving(attachment, shown)
            made = services().history.entries(attachment.announcement_id)[-1]
            is_changed = made.id != before and made.before.get("text") != made.after.get("text")
            if following is not None and is_changed:
                return redirect(_address(following, done=made.id))
            flash(_saved(left), "good")
            return redirect(_address(following))
        except PrakatError as error:
            shown = services().pages.get(attachment_id, number)
            conflict = _text_conflict(attachment, shown) if isinstance(error, Conflict) else None
            if conflict is None:
                flash(error_message(error), "bad")
    versions = _versions(attachment, shown)
    return render_template(
        "staff/page.html",
        attachment=attachment,
        page=shown,
        number=number,
        fingerprint=page_fingerprint(attachment, shown),
        is_public=_is_public(attachment),
        should_go_on=_should_go_on(attachment, shown),
        is_more_to_check=_next_doubtful_page(attachment, number) is not None,
        marks=_marks(shown),
        is_in_doubt=should_person_check(shown),
        conflict=conflict,
        versions=versions[:MOST_VERSIONS],
        are_versions_left_out=len(versions) > MOST_VERSIONS,
        done=_correction_just_made(attachment),
    )


@dataclass(frozen=True, slots=True)
class CorrectionMade:
    """A correction that was just saved, the message about it, and the address of its page."""

    change: Change
    message: str
    address: str


def _correction_just_made(opened: Attachment) -> CorrectionMade | None:
    """Returns the correction that the address names, while it is the last change; None otherwise."""
    last = services().history.entries(opened.announcement_id)[-1:]
    if not last or last[0].id != request.args.get("done", type=int) or last[0].action != "correct":
        return None
    attachment_id, number = (int(str(last[0].after[name])) for name in ("attachment_id", "page"))
    corrected = services().pages.get(attachment_id, number)
    return CorrectionMade(last[0], _saved(len(corrected.doubts)), _address(corrected))


def _address(shown: Page | None, *, done: int | None = None) -> str:
    """Returns the address of a page's correction desk; without a page that of all that is to be checked.

    ``done``: id of the correction that was just saved, which is undone beside the message about it.
    """
    if shown is None:
        return url_for("reading_review.show_records_needing_attention")
    return url_for("correction.page", attachment_id=shown.attachment_id, number=shown.number, done=done)


def _correct(attachment_id: int, number: int) -> int:
    """Stores the text of the form; returns the number of doubts that are still to be checked."""
    text = request.form.get("text", "")
    with services().records.batch():
        if validation.checked_page_text(text) != services().pages.get(attachment_id, number).text:
            _refuse_changed_page(attachment_id, number)
        left = _unchecked_doubts(services().pages.get(attachment_id, number))
        services().commands.pages.correct(attachment_id, number, text, actor=g.actor, doubts=left)
    return len(left)


def _refuse_changed_page(attachment_id: int, number: int) -> None:
    """Raises ``Conflict`` where the page's text or file is not the one on which the form was opened."""
    now = page_fingerprint(
        services().attachments.get(attachment_id), services().pages.get(attachment_id, number)
    )
    refuse_if_changed(now, _CHANGED)


def _text_conflict(attachment: Attachment, shown: Page) -> TextConflict | None:
    """Returns how the sent text differs from the stored one; None for a form opened on another file.

    What was typed on another file may be what a redacted copy covers.
    """
    versions = _versions(attachment, shown)
    earlier = {page_fingerprint(attachment, replace(shown, text=each.text)) for each in versions}
    if request.form.get("fingerprint") not in earlier:
        return None
    typed = validation.checked_page_text(request.form.get("text", ""))
    return TextConflict(versions[0].change, compare_lines(shown.text, typed))


@pages.post("/reread")
def reread(attachment_id: int, number: int) -> ResponseReturnValue:
    """Read the page again with the chosen settings; errors are messages. The text before can come back.

    A page corrected by hand is replaced only where the form confirms it.
    """
    attachment = services().attachments.get(attachment_id)
    with errors_flashed():
        read = services().rereader.reread_page(
            attachment, number, _settings(services().pages.get(attachment_id, number))
        )
        with services().records.batch():
            _refuse_changed_page(attachment_id, number)
            if services().pages.get(attachment_id, number).corrected and "confirmed" not in request.form:
                raise Conflict(
                    "ข้อความหน้านี้แก้ไขด้วยมือแล้ว ถ้าจะแปลงใหม่แทน กรุณายืนยันในหน้านี้", code="confirmation-needed"
                )
            services().commands.pages.replace_by_rereading(read, read_from=attachment.sha256, actor=g.actor)
        flash(_("แปลงหน้านี้ใหม่แล้ว ข้อความก่อนหน้ายังอยู่ด้านล่าง"), "good")
        _say_if_hidden(attachment)
    return redirect(url_for("correction.page", attachment_id=attachment_id, number=number))


@pages.post("/restore")
def restore(attachment_id: int, number: int) -> ResponseReturnValue:
    """Set the page's text back to an earlier version."""
    attachment = services().attachments.get(attachment_id)
    wanted = request.form.get("version", "")
    known = {
        str(each.number): each for each in _versions(attachment, services().pages.get(attachment_id, number))
    }
    if wanted not in known:
        abort(404)
    with errors_flashed():
        with services().records.batch():
            _refuse_changed_page(attachment_id, number)
            activity.undo_commands().restore_page_text(known[wanted].change, actor=g.actor)
        flash(_("กลับไปใช้ข้อความนั้นแล้ว"), "good")
        _say_if_hidden(attachment)
    return redirect(url_for("correction.page", attachment_id=attachment_id, number=number))


def _is_public(attachment: Attachment) -> bool:
    status = services().announcements.get(attachment.announcement_id).status
    return status is Status.PUBLISHED and attachment.hold is None


def _say_if_hidden(before: Attachment) -> None:
    """Tells the person that residents no longer see an attachment which they saw before the change."""
    if _is_public(before) and services().attachments.get(before.id).hold is not None:
        flash(
            _("ข้อความใหม่มีข้อมูลที่อาจเป็นข้อมูลส่วนบุคคล ประชาชนไม่เห็นเอกสารนี้จนกว่าจะพิจารณา ดูได้ในรายการที่ต้องตรวจ"), "bad"
        )


def _after_saving(attachment: Attachment, opened: Page) -> Page | None:
    """Returns the page that is opened next, None after the last one. ``opened``: as before it was saved."""
    if "next" not in request.form:
        return opened
    if _should_go_on(attachment, opened):
        return services().pages.get(attachment.id, opened.number + 1)
    return _next_doubtful_page(attachment, opened.number)


def _should_go_on(attachment: Attachment, opened: Page) -> bool:
    """Returns True where the very next page follows: whoever checks a page without doubts checks all."""
    return opened.number < (attachment.page_count or 0) and not should_person_check(opened)


def _next_doubtful_page(attachment: Attachment, number: int) -> Page | None:
    """Returns the next page of the announcement's attachments that a person has to check.

    The pages behind this one come first. After the last attachment follows the first. None: this page is the
    only one, or there is none.
    """
    others = services().attachments.by_announcement([attachment.announcement_id])[attachment.announcement_id]
    ids = [each.id for each in others]
    here = ids.index(attachment.id) if attachment.id in ids else 0
    read = services().pages.by_attachment
    own = read(attachment.id)
    elsewhere = chain.from_iterable(map(read, [*ids[here + 1 :], *ids[:here]]))
    later, before = ([each for each in own if sign * each.number > sign * number] for sign in (1, -1))
    return next(filter(should_person_check, chain(later, elsewhere, before)), None)


def _saved(left: int) -> str:
    if not left:
        return str(_("บันทึกหน้านี้แล้ว การค้นหาใช้ข้อความใหม่ทันที"))
    return str(_("บันทึกหน้านี้แล้ว ยังเหลือ %(count)s จุดที่ยังไม่ตรวจ หน้านี้จึงยังอยู่ในรายการที่ต้องตรวจ", count=left))


def _unchecked_doubts(shown: Page) -> list[LowConfidenceSpan]:
    """Returns the doubts of the page that its person has not checked, at their places in the text typed.

    The form names each as ``start:start now:end now``. It names none without a script, and none counts where
    the person says that the whole page is right.
    """
    if "right" in request.form:
        return []
    typed = request.form.get("text", "").replace("\r\n", "\n")
    checked = validation.checked_page_text(typed)
    by_start = {doubt.start: doubt for doubt in shown.doubts}
    places = [_PLACE.fullmatch(each) for each in request.form.get("unchecked", "").split(",")]
    numbers = [tuple(map(int, place.groups())) for place in places if place]
    return [
        replace(by_start[was], start=start, end=end)
        for was, start, end in numbers
        if was in by_start and start < end and checked[start:end] == typed[start:end] != ""
    ]


def _settings(shown: Page) -> ReadingSettings:
    """Returns the settings of the form. A turn to the left or right starts from how the page lies now."""
    chosen = request.form.get("turn", "")
    steps = {"left": 270, "right": 90}
    if chosen in steps:
        return ReadingSettings(turn=cast(Turn, (shown.turn + steps[chosen]) % 360))
    turns = {str(turn): turn for turn in TURNS}
    return ReadingSettings(
        should_use_picture=request.form.get("method") != "embedded", turn=turns.get(chosen)
    )


def _marks(shown: Page) -> list[dict[str, Any]]:
    """Returns the page's doubtful words: offsets into the text, other readings, boxes on the picture."""
    return [
        {
            "start": doubt.start,
            "end": doubt.end,
            "alternatives": doubt.alternatives[:MOST_ALTERNATIVES],
            "boxes": [
                (box.left, box.top, box.right, box.bottom)
                for box in hit_rectangles(shown, ((doubt.start, doubt.end),))
            ],
        }
        for doubt in shown.doubts
    ]


def _versions(attachment: Attachment, shown: Page) -> list[PageVersion]:
    """Returns the texts that the page had before, the latest first."""
    changes, undo = services().history.entries(attachment.announcement_id), activity.undo_commands()
    return [
        PageVersion(place, change, text, compare_lines(text, shown.text))
        for place, change in reversed([*enumerate(changes)])
        if change.before.get("attachment_id") == attachment.id
        and change.before.get("page") == shown.number
        and isinstance(text := change.before.get("text"), str)
        and text != shown.text
        and not undo.is_text_of_earlier_file(change)
    ]
