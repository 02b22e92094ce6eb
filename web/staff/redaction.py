"""Redaction by staff: finds are marked, boxes are drawn, and a covered copy replaces the file."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from flask import Response, abort, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer

from archive import privacy, thai
from archive.commands.status_rules import refuse_other_file
from archive.errors import Conflict, PrakatError
from archive.model import PAGE_UNITS, Attachment, HoldReason, Page, PersonalDataSpan, ReadingStatus, Rectangle
from archive.privacy import undecided_finds
from indexer.extraction.redaction import (
    MOST_PAGES,
    MOST_PAGES_READ_AGAIN,
    PAGES_AT_ONCE,
    Boxes,
    CheckedPictures,
    ReadableData,
    RedactionIncomplete,
    box_without_margins,
    boxes_of_finds,
    digits_of,
    spans_inside,
    spans_of_numbers,
)
from web.bootstrap import services
from web.errors import error_message
from web.serving.log import timed_part
from web.staff.attachments_for_staff import when_residents_see_file
from web.staff.blueprints import staff_blueprint
from web.staff.near_spellings import find_near_spellings, find_places

pages = staff_blueprint("redaction", __name__, url_prefix="/staff/attachments/<int:attachment_id>")

_DRAWN, _TYPED, _READABLE = "drawn", "typed", "readable"
"""Origins of a box that is not of a find: drawn by hand, made for words that a person typed, or made for data
that could still be read in a copy."""

_MOST_BOXES = 5_000  # boxes of one form; a list of names has some hundred
_PROOF_SECONDS = 7_200  # 300 pages take some twenty minutes on two busy processors
_MOST_WITHOUT_PROGRESS = 8  # pages of which a copy is made without telling how far it is: half a minute
_MOST_UNFOLDED = 20  # boxes of which the list is open on all pages
_MOST_SPELLINGS = 30  # near spellings that are offered; a list that a person reads through


@dataclass(frozen=True, slots=True)
class Box:
    """A box on a page. ``origin``: a type of personal data, ``drawn``, ``typed`` or ``readable``."""

    page: int
    area: Rectangle
    origin: str
    is_covered: bool = True

    @property
    def value(self) -> str:
        """Returns the box as its form control sends it."""
        area = self.area
        return f"{self.page},{area.left},{area.top},{area.right},{area.bottom},{self.origin}"


@dataclass(frozen=True, slots=True)
class NearSpelling:
    """A spelling like the typed words, and the page of each of its places."""

    text: str
    pages: tuple[int, ...]


@pages.route("/redact", methods=["GET", "POST"])
def redact(attachment_id: int) -> ResponseReturnValue:
    """Show the pages with boxes; mark typed words; put the covered copy in the file's place.

    Residents see the copy as soon as they may see the attachment's file: its announcement is published, and
    nothing holds the file.
    """
    attachment = services().attachments.get(attachment_id)
    try:
        refuse_other_file(attachment, request.form.get("sha256", attachment.sha256))
    except Conflict as error:
        return _page_of_present_file(attachment, error)
    read = services().pages.by_attachment(attachment_id) if attachment.status is ReadingStatus.READY else []
    boxes = _sent_boxes() if request.method == "POST" else _found_boxes(attachment, read)
    typed = request.form.get("words", "").strip()
    readable: Sequence[ReadableData] = ()
    if request.method == "POST" and "mark" in request.form:
        boxes = _with_words(boxes, read, [typed, *request.form.getlist("near")])
    elif request.method == "POST" and "all" in request.form:
        boxes = [replace(box, is_covered=True) for box in boxes]
    elif request.method == "POST":
        try:
            _replace_by_copy(attachment, read, boxes)
            return redirect(_page_after_copy(attachment))
        except RedactionIncomplete as error:
            readable = error.readable
            boxes = _with_readable(boxes, readable)
        except PrakatError as error:
            if error.code == "edited-meanwhile":
                return _page_of_present_file(attachment, error)
            flash(error_message(error), "bad")
    return render_template(
        "staff/redact.html",
        attachment=attachment,
        pages=read,
        boxes=boxes,
        texts=_texts_of_boxes(boxes, read),
        unplaced=_unplaced_finds(attachment, read),
        readable=readable,
        typed=typed,
        near=_near_spellings(boxes, read, typed),
        most_pages=MOST_PAGES,
        pages_at_once=PAGES_AT_ONCE,
        most_without_progress=_MOST_WITHOUT_PROGRESS,
        most_unfolded=_MOST_UNFOLDED,
    )


@pages.post("/redact/pages")
def read_some_pages_again(attachment_id: int) -> Response:
    """Make some pages of the copy and read them again, for a script that shows how far it is.

    The form is that of the copy, with ``page`` for each of the pages. The JSON has ``proof`` for the form
    that then makes the copy, and ``unfinished``: pages on which covered data can still be read.
    """
    attachment = services().attachments.get(attachment_id)
    refuse_other_file(attachment, request.form.get("sha256", ""))
    read, boxes = services().pages.by_attachment(attachment_id), _sent_boxes()
    found = _read_pictures_again(attachment, read, boxes, _sent_pages("page", PAGES_AT_ONCE))
    unfinished = sorted({each.page for each in found.readable})
    proof = _proofs().dumps([attachment.sha256, found.numbers, list(found.pictures.items())])
    return jsonify(proof=proof, unfinished=unfinished)


def _read_pictures_again(
    attachment: Attachment, read: Sequence[Page], boxes: Sequence[Box], chosen: Collection[int]
) -> CheckedPictures:
    return services().redactor.read_pictures_again(
        attachment, read, _by_page(boxes), _by_page(_of_text(boxes, read)), chosen
    )


def _sent_pages(name: str, most: int) -> list[int]:
    return [int(page) for page in request.form.getlist(name)[:most] if page.isdecimal() and len(page) < 5]


def _proofs() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services().secret_key, salt="pages of a redaction that were read again")


def _sent_proofs(attachment: Attachment) -> list[CheckedPictures]:
    """Returns what ``read_some_pages_again`` found in this file; what it did not sign counts for nothing."""
    found = []
    for proof in request.form.getlist("proof")[:MOST_PAGES]:
        with suppress(BadData):
            sha256, numbers, pictures = _proofs().loads(proof, max_age=_PROOF_SECONDS)
            if sha256 == attachment.sha256:
                found.append(CheckedPictures(numbers, dict(pictures)))
    return found


def _page_of_present_file(attachment: Attachment, error: PrakatError) -> ResponseReturnValue:
    """Says that the boxes were of another file, and begins anew with those of the present one."""
    flash(error_message(error), "bad")
    return redirect(url_for("redaction.redact", attachment_id=attachment.id))


def _page_after_copy(attachment: Attachment) -> str:
    """Returns the address of the attachment, or of its announcement where it becomes the file of another."""
    if attachment.replaces:
        return url_for("staff.edit", announcement_id=attachment.announcement_id, _anchor="papers")
    return url_for("staff.review_attachment", attachment_id=attachment.id)


def _replace_by_copy(attachment: Attachment, read: Sequence[Page], boxes: Sequence[Box]) -> None:
    if unfinished := _sent_pages("unfinished", MOST_PAGES_READ_AGAIN):
        found = _read_pictures_again(attachment, read, boxes, unfinished)
        if found.readable:
            raise RedactionIncomplete(found.readable)
    copy = services().redactor.make_redacted_copy(
        attachment,
        read,
        _by_page(boxes),
        _by_page(_of_text(boxes, read)),
        read_again=_sent_proofs(attachment),
        timed_step=timed_part,
    )
    with timed_part("save"):
        redacted = services().commands.file_versions.replace_by_redacted_copy(
            attachment.id,
            copy.content,
            copy.pages_with_known_text,
            made_from=attachment.sha256,
            actor=g.actor,
        )
    kept = _("เปลี่ยนเป็นสำเนาที่ปิดข้อมูลแล้ว ต้นฉบับเก็บไว้ให้เจ้าหน้าที่เท่านั้น")
    flash(f"{kept} {when_residents_see_file(redacted)}", "good")


def _by_page(boxes: Iterable[Box]) -> Boxes:
    found: dict[int, list[Rectangle]] = defaultdict(list)
    for box in boxes:
        if box.is_covered:
            found[box.page].append(box.area)
    return found


def _of_text(boxes: Sequence[Box], read: Sequence[Page]) -> list[Box]:
    """Returns the boxes as areas of the text. Boxes made for text have margins, in which other letters stand.

    A box that a person drew, or that was added for what could still be read, has none.
    """
    by_number = {page.number: page for page in read}
    return [
        box
        if box.origin in (_DRAWN, _READABLE) or box.page not in by_number
        else replace(box, area=box_without_margins(by_number[box.page], box.area))
        for box in boxes
    ]


def _texts_of_boxes(boxes: Sequence[Box], read: Sequence[Page]) -> dict[Box, str]:
    """Returns the text under each box, by which a person tells the boxes of a list apart."""
    by_number = {page.number: (page, thai.cluster_borders(page.text)) for page in read}
    texts = {}
    for box, of_text in zip(boxes, _of_text(boxes, read), strict=True):
        if box.page in by_number:
            page, borders = by_number[box.page]
            spans = spans_inside(page.text, page.lines, [of_text.area])  # a last vowel sign may be outside
            texts[box] = " ".join(
                page.text[start : borders[bisect_left(borders, end)]] for start, end in spans
            )
    return texts


def _found_boxes(attachment: Attachment, read: Sequence[Page]) -> list[Box]:
    """Returns a box for each find whose place on its page is known, also in texts before a correction.

    Finds that somebody decided to show are not covered unless a person ticks them.
    """
    by_number = {page.number: page for page in read}
    undecided = undecided_finds(attachment)
    boxes = [
        Box(find.page, area, find.type, is_covered=find in undecided)
        for find in attachment.details.personal_data
        if find.page in by_number
        for area in boxes_of_finds(by_number[find.page], [(find.start, find.end)])
    ]
    boxes += _boxes_of_same_numbers(attachment, read)
    is_held = attachment.hold is HoldReason.PERSONAL_DATA
    known = {(box.page, box.area) for box in boxes}
    earlier = [
        Box(number, area, type, is_covered=is_held)
        for number, type, areas in _earlier_finds(attachment, read)
        for area in areas
        if (number, area) not in known
    ]
    return list(dict.fromkeys([*boxes, *earlier]))


def _boxes_of_same_numbers(attachment: Attachment, read: Sequence[Page]) -> Iterator[Box]:
    """Yields a box for each further place of an undecided number, where nothing around tells what it is."""
    by_number = {page.number: page for page in read}
    finds = [each for each in undecided_finds(attachment) if each.type in privacy.NUMBERS]
    numbers = {
        digits_of(by_number[find.page].text[find.start : find.end]): find.type
        for find in finds
        if find.page in by_number
    }
    for page in read:
        known = [
            range(find.start, find.end)
            for find in attachment.details.personal_data
            if find.page == page.number
        ]
        for number, type in numbers.items():
            for start, end in spans_of_numbers(page.text, [number]):
                if not any(start in span for span in known):
                    yield from (Box(page.number, area, type) for area in boxes_of_finds(page, [(start, end)]))


def _earlier_finds(
    attachment: Attachment, read: Sequence[Page]
) -> Iterator[tuple[int, str, list[Rectangle]]]:
    """Yields page, type and areas of the finds in texts that a person has corrected since.

    The picture still shows what the corrected text lacks. Where nothing of a find is left in the text, the
    area is that of its line.
    """
    by_number = {page.number: page for page in read}
    for number, before in _earlier_texts(attachment):
        page = by_number.get(number)
        finds = privacy.find_personal_data(before, number)
        if page is None or not finds:
            continue
        changes = SequenceMatcher(None, before, page.text, autojunk=False).get_opcodes()
        for find in finds:
            yield number, find.type, boxes_of_finds(page, [_span_now(changes, find, page.text)])


def _earlier_texts(attachment: Attachment) -> list[tuple[int, str]]:
    """Returns page and text for each text of the present file that a person has corrected since."""
    texts: list[tuple[int, str]] = []
    for change in services().history.entries(attachment.announcement_id):
        if change.after.get("attachment_id") != attachment.id:
            continue
        if change.action in ("replace", "redact"):  # the texts before were of another file
            texts = []
        elif change.action == "correct":
            texts.append((int(str(change.before["page"])), str(change.before.get("text", ""))))
    return texts


def _span_now(
    changes: Sequence[tuple[str, int, int, int, int]], find: PersonalDataSpan, text: str
) -> tuple[int, int]:
    """Returns the span of ``text`` where a find stood before the changes; else the span of its line."""
    spans = []
    for change, old_start, old_end, new_start, new_end in changes:
        if old_start < find.end and find.start < old_end:
            is_equal = change == "equal"
            skipped = max(0, find.start - old_start) if is_equal else 0
            dropped = max(0, old_end - find.end) if is_equal else 0
            spans.append((new_start + skipped, new_end - dropped))
    start, end = spans[0][0], spans[-1][1]
    if text[start:end].strip():
        return start, end
    line_end = text.find("\n", start)
    return text.rfind("\n", 0, start) + 1, len(text) if line_end < 0 else line_end


def _unplaced_finds(attachment: Attachment, read: Sequence[Page]) -> list[tuple[int, str]]:
    """Returns page and type of the undecided finds for which a person must draw the box."""
    by_number = {page.number: page for page in read}
    unplaced = [
        (find.page, find.type)
        for find in undecided_finds(attachment)
        if find.page in by_number and not boxes_of_finds(by_number[find.page], [(find.start, find.end)])
    ]
    if attachment.hold is HoldReason.PERSONAL_DATA:
        unplaced += [(number, type) for number, type, areas in _earlier_finds(attachment, read) if not areas]
    return list(dict.fromkeys(unplaced))


def _with_words(boxes: Sequence[Box], read: Sequence[Page], typed: Iterable[str]) -> list[Box]:
    """Returns the boxes and one more for each place of the typed words; tells the person how many."""
    known = {(box.page, box.area) for box in boxes}
    marked: list[Box] = []
    for words in filter(None, typed):
        places = [
            Box(page.number, area, _TYPED)
            for page in read
            for area in boxes_of_finds(page, [*find_places(page.text, words)])
        ]
        if places:
            flash(_("ทำเครื่องหมาย “%(words)s” แล้ว %(count)s แห่ง", words=words, count=len(places)), "good")
        else:
            flash(_("ไม่พบ “%(words)s” ในข้อความ กรุณาวาดกรอบบนภาพแทน", words=words), "warn")
        marked += (box for box in places if (box.page, box.area) not in known)
    flash(_("ระบบไม่ได้ทำเครื่องหมายคำที่อ่านผิด กรุณาดูภาพทุกหน้าก่อนบันทึก"), "warn")
    return list(dict.fromkeys([*boxes, *marked]))


def _near_spellings(boxes: Sequence[Box], read: Sequence[Page], typed: str) -> list[NearSpelling]:
    """Returns the spellings like the typed words that have a place without a box, the most frequent first."""
    known = {(box.page, box.area) for box in boxes}
    numbers: dict[str, list[int]] = defaultdict(list)
    for page in read:
        for spelling, places in find_near_spellings(page.text, typed).items():
            open_ones = [
                place
                for place in places
                if any((page.number, area) not in known for area in boxes_of_finds(page, [place]))
            ]
            numbers[spelling] += [page.number] * len(open_ones)
    found = [NearSpelling(spelling, tuple(pages)) for spelling, pages in numbers.items() if pages]
    return sorted(found, key=lambda each: -len(each.pages))[:_MOST_SPELLINGS]


def _with_readable(boxes: Sequence[Box], readable: Sequence[ReadableData]) -> list[Box]:
    """Returns the boxes and one more for each place where covered data could still be read."""
    more = [Box(each.page, each.area, _READABLE) for each in readable if each.area]
    return list(dict.fromkeys([*boxes, *more]))


def _sent_boxes() -> list[Box]:
    """Returns the boxes of the form; those whose box is not ticked stay visible, and are not covered."""
    ticked = set(request.form.getlist("box"))
    sent = request.form.getlist("known")
    values = dict.fromkeys([*sent, *(value for value in request.form.getlist("box") if value not in sent)])
    if len(values) > _MOST_BOXES:
        abort(400)
    return [_read_box(value, is_covered=value in ticked) for value in values]


def _read_box(value: str, *, is_covered: bool) -> Box:
    *numbers, origin = value.split(",")
    try:
        page, left, top, right, bottom = map(int, numbers)
    except ValueError:
        abort(400)
    if not (0 <= left < right <= PAGE_UNITS and 0 <= top < bottom <= PAGE_UNITS and len(origin) < 20):
        abort(400)
    return Box(page, Rectangle(left, top, right, bottom), origin, is_covered)
