"""Staff's pages of collections: how they put them together."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive import thai
from archive.commands.collections import headings_as_text
from archive.errors import Conflict, Invalid, PrakatError
from archive.model import Collection, CollectionLine, Status
from archive.undo import find_reversals
from archive.validation import checked_collection_heading
from web.addresses import LARGEST_ID, announcement_id_of_address
from web.bootstrap import services
from web.errors import error_message
from web.staff import activity, personal_data
from web.staff.blueprints import staff_blueprint
from web.staff.form_fingerprints import fingerprint, refuse_if_changed
from web.staff.text_difference import DifferenceLine, compare_lines

pages = staff_blueprint("collection_desk", __name__, url_prefix="/staff/collections")

_BLANKS = 3  # empty lines at the end of the form
_MOST_LINES = 500  # of a collection in one form
_NUMBER = re.compile(r"\d{1,15}")
_RECENT = 50  # announcements offered while a number is typed


@pages.get("")
def list_all() -> str:
    """Show staff's list of collections, each with a way to edit it."""
    return render_template("staff/collections.html", collections=services().collections.all())


@pages.route("/new", methods=["GET", "POST"])
@pages.route("/<int:collection_id>", methods=["GET", "POST"])
def edit(collection_id: int | None = None) -> ResponseReturnValue:
    """Edit a collection or begin one; a save is refused where it changed since the form was opened."""
    refusal: PrakatError | None = None
    if request.method == "POST":
        try:
            kept = _save(collection_id)
            flash(_("บันทึกแล้ว"), "good")
            return redirect(url_for("collection_desk.edit", collection_id=kept.id))
        except PrakatError as error:
            refusal = error
    shown = services().collections.get(collection_id) if collection_id is not None else None
    is_opened_on_another = request.form.get("fingerprint") != fingerprint(shown)
    is_saved_meanwhile = shown is not None and isinstance(refusal, Conflict) and is_opened_on_another
    if refusal and not is_saved_meanwhile:
        flash(error_message(refusal), "bad")
    return render_template(
        "staff/collection.html",
        collection=shown,
        fingerprint=fingerprint(shown),
        saved=_saved_meanwhile(shown) if shown and is_saved_meanwhile else None,
        **_lines(shown),
        **_found(refusal),
    )


@pages.get("/<int:collection_id>/history")
def history(collection_id: int) -> str:
    """Show every change of a collection: who, when, the value before and the value after."""
    shown = services().collections.get(collection_id)
    changes = services().collections.history(collection_id)
    return render_template(
        "staff/history.html",
        title=shown.title,
        back=url_for("collection_desk.edit", collection_id=collection_id),
        changes=[(each, activity.undo_commands().is_undoable_kind(each)) for each in reversed(changes)],
        reversals=find_reversals(changes),
    )


def _save(collection_id: int | None) -> Collection:
    with personal_data.transaction_with_reason() as reason:
        before = None if collection_id is None else services().collections.get(collection_id)
        saved = services().commands.collections.save(
            collection_id,
            title=request.form.get("title", ""),
            body=request.form.get("body", ""),
            items=_items(),
            actor=g.actor,
            reason=reason,
        )
        if before is not None and saved != before:
            refuse_if_changed(fingerprint(before))
    return saved


def _saved_meanwhile(stored: Collection) -> tuple[str, list[DifferenceLine]]:
    """Returns who saved the collection last, and how what was typed differs from it."""
    typed = replace(
        stored,
        title=request.form.get("title", ""),
        body=request.form.get("body", "").replace("\r\n", "\n"),
        items=tuple(CollectionLine(label, _typed_id(number)) for label, number in _typed()),
    )
    last = services().collections.history(stored.id)[-1]
    return last.actor, compare_lines(_as_text(stored), _as_text(typed))


def _as_text(collection: Collection) -> str:
    """Returns title and body, then a line for each item: its heading, and the title of its announcement."""
    titles = services().announcements.get_many(each.announcement_id or 0 for each in collection.items)
    lines = (
        f"{each.label} {titles[each.announcement_id].title if each.announcement_id in titles else ''}".strip()
        for each in collection.items
    )
    return "\n".join((collection.title, collection.body, *lines))


def _found(refusal: PrakatError | None) -> dict[str, object]:
    """Returns the personal data for which the form was refused, and what is wrong with the reason given."""
    finds = getattr(refusal, "finds", ())
    if not finds:
        return {}
    headings = [checked_collection_heading(item.label) for item in _items()]
    typed = {**request.form, "items": headings_as_text(headings)}
    return {
        "found": personal_data.describe_finds_in_form(finds, typed),
        "reason_fault": personal_data.reason_fault(refusal),
    }


def _lines(collection: Collection | None) -> dict[str, object]:
    """Returns the typed or else the stored lines of the form, with titles and recent announcements."""
    if request.method == "POST":
        lines = _typed()
    else:
        lines = (
            [(item.label, str(item.announcement_id or "")) for item in collection.items] if collection else []
        )
    recent, _total = services().announcements.list_page(
        statuses=[Status.PUBLISHED, Status.DRAFT], page=1, per_page=_RECENT
    )
    ids = [id for _label, typed in lines if (id := _typed_id(typed)) is not None]
    return {
        "lines": lines + [("", "")] * _BLANKS,
        "titles": {str(each.id): each.title for each in services().announcements.get_many(ids).values()},
        "recent": recent,
    }


def _items() -> list[CollectionLine]:
    """Returns the collection's items in the order of the numbers typed before them."""
    return [CollectionLine(label, _number(typed)) for label, typed in _typed() if label or typed]


def _typed() -> list[tuple[str, str]]:
    """Returns heading and announcement of each typed line, sorted by place; one without a place is last."""
    lines = zip(
        request.form.getlist("place"),
        request.form.getlist("label"),
        request.form.getlist("announcement"),
        strict=False,
    )
    placed = [(_place(place), label.strip(), number.strip()) for place, label, number in lines]
    placed.sort(key=lambda line: line[0])
    return [(label, number) for _at, label, number in placed[:_MOST_LINES] if label or number]


def _place(typed: str) -> float:
    try:
        return float(thai.arabic_digits(typed))
    except ValueError:
        return float("inf")


def _typed_id(typed: str) -> int | None:
    """Returns the id of a record that was typed as a number; None for any other text."""
    plain = thai.arabic_digits(typed)
    return int(plain) if _NUMBER.fullmatch(plain) and int(plain) <= LARGEST_ID else None


def _number(typed: str) -> int | None:
    """Returns the number of an announcement, typed alone or as the address of the announcement.

    None for "". Raises ``Invalid`` for any other text.
    """
    number = _typed_id(typed) or announcement_id_of_address(thai.arabic_digits(typed))
    if typed and number is None:
        raise Invalid(
            "“%(typed)s” ไม่ใช่เลขหรือลิงก์ของประกาศในเว็บนี้", field="items", typed=thai.shorten(typed, 60)
        )
    return number
