"""Redaction by staff: finds are marked, boxes are drawn, and a covered copy replaces the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive import thai
from archive.errors import PrakatError
from archive.model import Attachment, Page, Reading, Rectangle
from archive.privacy import undecided_in
from indexer.extraction.page_text import UNITS
from indexer.extraction.redaction import MOST_PAGES, Boxes, boxes_of_finds
from web.bootstrap import services
from web.errors import in_words
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("redaction", __name__, url_prefix="/staff/attachments/<int:id>")

_DRAWN, _TYPED = "drawn", "typed"
"""Origins of a box that is not of a find: drawn by hand, or made for words that a person typed."""

_MOST_BOXES = 5_000  # boxes of one form; a list of names has some hundred


@dataclass(frozen=True, slots=True)
class Box:
    """A box on a page. ``origin``: a type of personal data, or ``drawn`` or ``typed``."""

    page: int
    area: Rectangle
    origin: str
    is_covered: bool = True

    @property
    def value(self) -> str:
        """Returns the box as its form control sends it."""
        area = self.area
        return f"{self.page},{area.left},{area.top},{area.right},{area.bottom},{self.origin}"


@pages.route("/redact", methods=["GET", "POST"])
def redact(id: int) -> ResponseReturnValue:
    """Show the pages with the boxes; mark the places of typed words; make the copy and publish it."""
    attachment = services().attachments.get(id)
    read = services().pages.by_attachment(id) if attachment.status is Reading.READY else []
    boxes = _sent_boxes() if request.method == "POST" else _found_boxes(attachment, read)
    typed = request.form.get("words", "").strip()
    if request.method == "POST" and "mark" in request.form:
        boxes = _with_words(boxes, read, typed)
    elif request.method == "POST":
        try:
            _replace_by_copy(attachment, read, boxes)
            return redirect(url_for("staff.attachment", id=id))
        except PrakatError as error:
            flash(in_words(error), "bad")
    return render_template(
        "staff/redact.html",
        attachment=attachment,
        pages=read,
        boxes=boxes,
        unplaced=_unplaced_finds(attachment, read),
        typed=typed,
        most_pages=MOST_PAGES,
    )


def _replace_by_copy(attachment: Attachment, read: Sequence[Page], boxes: Sequence[Box]) -> None:
    copy = services().redactor.make(attachment, read, _by_page(boxes))
    services().intake.replace_by_redacted_copy(attachment.id, copy.content, copy.pages, actor=g.actor)
    flash(_("เปลี่ยนเป็นสำเนาที่ปิดข้อมูลแล้ว ต้นฉบับเก็บไว้ให้เจ้าหน้าที่เท่านั้น ประชาชนจะเห็นสำเนาเมื่อแปลงข้อความเสร็จ"), "good")


def _by_page(boxes: Iterable[Box]) -> Boxes:
    found: dict[int, list[Rectangle]] = defaultdict(list)
    for box in boxes:
        if box.is_covered:
            found[box.page].append(box.area)
    return found


def _found_boxes(attachment: Attachment, read: Sequence[Page]) -> list[Box]:
    """Returns a box for each find whose place on its page is known.

    Finds that somebody decided to show are not covered unless a person ticks them.
    """
    by_number = {page.number: page for page in read}
    undecided = undecided_in(attachment)
    return [
        Box(find.page, area, find.type, is_covered=find in undecided)
        for find in attachment.details.personal_data
        if find.page in by_number
        for area in boxes_of_finds(by_number[find.page], [(find.start, find.end)])
    ]


def _unplaced_finds(attachment: Attachment, read: Sequence[Page]) -> list[tuple[int, str]]:
    """Returns page and type of the undecided finds for which a person must draw the box."""
    by_number = {page.number: page for page in read}
    return [
        (find.page, find.type)
        for find in undecided_in(attachment)
        if find.page in by_number and not boxes_of_finds(by_number[find.page], [(find.start, find.end)])
    ]


def _with_words(boxes: Sequence[Box], read: Sequence[Page], typed: str) -> list[Box]:
    """Returns the boxes and one more for each place of the typed words; tells the person how many."""
    known = {(box.page, box.area) for box in boxes}
    places = [
        Box(page.number, area, _TYPED)
        for page in read
        for area in boxes_of_finds(page, [*_spans(page.text, typed)])
    ]
    if places:
        flash(_("ทำเครื่องหมาย “%(words)s” แล้ว %(count)s แห่ง", words=typed, count=len(places)), "good")
    else:
        flash(_("ไม่พบ “%(words)s” ในข้อความ กรุณาวาดกรอบบนภาพแทน", words=typed), "warn")
    return [*boxes, *(box for box in places if (box.page, box.area) not in known)]


def _spans(text: str, typed: str) -> Iterator[tuple[int, int]]:
    """Yields where the typed words stand in the text; white space and the script of digits do not count."""
    places = [place for place, letter in enumerate(text) if not letter.isspace()]
    letters = thai.arabic_digits("".join(text[place] for place in places)).lower()
    wanted = thai.arabic_digits("".join(thai.canon(typed).split())).lower()
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        yield places[at], places[at + len(wanted) - 1] + 1
        at = letters.find(wanted, at + len(wanted))


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
    if not (0 <= left < right <= UNITS and 0 <= top < bottom <= UNITS and len(origin) < 20):
        abort(400)
    return Box(page, Rectangle(left, top, right, bottom), origin, is_covered)
