"""The staff's desk for information that must be disclosed: what is filled, what is missing, and the list."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive.changes import HistoryFilters
from archive.commands.disclosure import new_personal_data_in_item
from archive.disclosure import (
    PARTS,
    DisclosureEntry,
    DisclosureItem,
    DisclosureRule,
    DisclosureState,
    Period,
    checked_entry,
    first_day,
    fiscal_year,
    is_equal_except_key,
    last_day,
    suggest_entries,
)
from archive.errors import Invalid, NotFound, PrakatError
from archive.model import Announcement, Draft, Status
from archive.thai import today
from indexer.search.query.parser import MAX_QUERY_LENGTH
from web import template_filters
from web.accounts.sign_in import admin_only
from web.bootstrap import services
from web.disclosure_overview import (
    EntryShown,
    ItemShown,
    group_by_section,
    items_to_add_to,
    require_fiscal_year,
    show_entry,
    year_choices,
    year_items,
    year_of_item_list,
    year_overview,
)
from web.errors import error_message
from web.staff import attachments_for_staff, personal_data
from web.staff.blueprints import staff_blueprint
from web.staff.form_fingerprints import fingerprint, refuse_if_changed
from web.staff.relation_forms import (
    MOST_CHOICES,
    AnnouncementUnclear,
    chosen_or_named,
    find_typed_announcement,
    is_address_of_no_announcement,
)

pages = staff_blueprint("disclosure_desk", __name__, url_prefix="/staff/disclosure")

_LATE = dt.timedelta(days=92)  # after the year's end: summaries of its last month and last quarter come then
_BLANKS = 3  # empty lines at the end of the list's form
_RECENT = 50  # announcements offered while a number is typed


@pages.get("")
@pages.get("/<int:year>")
def show_fiscal_year(year: int | None = None) -> ResponseReturnValue:
    """Show every item of a fiscal year, by default the present one: filled, stale or missing."""
    if "year" in request.args:
        return redirect(_address_in(require_fiscal_year(request.args.get("year", 0, type=int))))
    year = require_fiscal_year(year or fiscal_year(today()))
    shown = year_overview(services(), year)
    asked = request.args.get("state", "")
    narrowed = (
        [each for each in shown if each.status.state == asked] if asked in set(DisclosureState) else shown
    )
    return render_template(
        "staff/disclosure.html",
        year=year,
        sections=group_by_section(narrowed),
        counts={state: sum(each.status.state is state for each in shown) for state in DisclosureState},
        asked=asked,
        carried=len(_carried_over(shown)),
        list_year=year_of_item_list(services(), year),
        years=year_choices(),
        done=_done(),
    )


def _address_in(year: int) -> str:
    """Returns the address of the item that is looked at in another fiscal year, or of that year's list."""
    key = request.args.get("item", "")
    if any(each.key == key and not each.is_hidden for each in year_items(services(), year)):
        return url_for("disclosure_desk.item", year=year, item_key=key)
    return url_for("disclosure_desk.show_fiscal_year", year=year)


@pages.route("/<int:year>/<item_key>", methods=["GET", "POST"])
def item(year: int, item_key: str) -> ResponseReturnValue:
    """Show one item; put announcements in it, take them out, or make a draft of a foreign web address."""
    overview = year_overview(services(), require_fiscal_year(year))
    found = next((each for each in overview if each.item.key == item_key), None)
    if found is None:
        raise NotFound("ปีนี้ไม่มีรายการนี้ กรุณาเลือกจากรายการ")
    fault, choices = "", list[EntryShown]()
    given = request.form if request.method == "POST" else request.args
    typed = given.get("other", "")[:MAX_QUERY_LENGTH]
    try:
        if request.method == "POST":
            done, top = _fill(found.item, year), "content" if "other" in request.form else None
            return redirect(
                url_for("disclosure_desk.item", year=year, item_key=item_key, done=done, _anchor=top)
            )
        choices = _choices(found.item, year, typed) if typed else []
    except AnnouncementUnclear:
        return redirect(_address_of_choices(year, item_key, typed))
    except PrakatError as error:
        if typed:
            fault = error_message(error)  # said beside the field
        else:
            flash(error_message(error), "bad")
    recent, _total = services().announcements.list_page(
        statuses=[Status.PUBLISHED, Status.DRAFT], page=1, per_page=_RECENT
    )
    return render_template(
        "staff/disclosure-item.html",
        year=year,
        shown=found,
        lacking=items_to_add_to(overview, item_key),
        parts=PARTS[found.item.period] if len(PARTS[found.item.period]) > 1 else (),
        candidates=_candidates(found, year),
        recent=recent,
        asked_part=request.args.get("part", type=int),
        typed=typed,
        choices=choices[:MOST_CHOICES],
        choices_total=len(choices),
        fault=fault,
        years=year_choices(),
        done=_done(),
        done_said=_done_said(year),
    )


def _address_of_choices(year: int, item_key: str, typed: str) -> str:
    """Returns where an item's page shows what typed words may mean; Back leads there once one is chosen."""
    part = request.form.get("other-part")
    return url_for(
        "disclosure_desk.item", year=year, item_key=item_key, other=typed, part=part, _anchor="another"
    )


def _fill(item: DisclosureItem, year: int) -> str:
    """Carry out the pressed button of an item's page. Returns the name of the changes."""
    if "remove" in request.form:
        id, part = _numbers(request.form["remove"])
        entry = DisclosureEntry(year=year, item=item.key, part=part, announcement_id=id)
        return _change_all([entry], services().commands.disclosure.unassign)
    if "other" in request.form:
        if "chosen" not in request.form and is_address_of_no_announcement(request.form["other"]):
            return _add_link(item, year, request.form["other"].strip(), request.form.get("other-part", "0"))
        chosen = [(chosen_or_named(request.form, "other"), request.form.get("other-part", "0"))]
        named = services().announcements.get(chosen[0][0])
        if "chosen" not in request.form and _as_choice(item, year, named).is_outdated:
            raise AnnouncementUnclear([named])  # it would not fill the item: a person is asked first
    else:
        ticked = [int(id) for id in request.form.getlist("id") if id.isdecimal()]
        chosen = [(id, request.form.get(f"part-{id}", "0")) for id in ticked]
    if not chosen:
        raise Invalid("กรุณาติ๊กประกาศที่จะใส่ก่อน")
    entries = [
        DisclosureEntry(year=year, item=item.key, part=_numbers(f"0 {part}")[1], announcement_id=id)
        for id, part in chosen
    ]
    return _change_all(entries, services().commands.disclosure.assign)


def _choices(item: DisclosureItem, year: int, typed: str) -> list[EntryShown]:
    """Returns what typed words may mean, first what fills the item this year. Raises ``Invalid`` for none."""
    try:
        found: Sequence[Announcement] = [services().announcements.get(find_typed_announcement(typed))]
    except AnnouncementUnclear as error:
        if not error.found:
            raise Invalid(error.said) from error
        found = error.found
    choices = [_as_choice(item, year, each) for each in found]
    return sorted(choices, key=lambda each: (each.is_outdated, each.is_before_last_year))


def _as_choice(item: DisclosureItem, year: int, announcement: Announcement) -> EntryShown:
    """Returns an announcement as it would stand in the item."""
    entry = DisclosureEntry(year=year, item=item.key, part=0, announcement_id=announcement.id)
    return show_entry(entry, announcement, item, year)


def _add_link(item: DisclosureItem, year: int, address: str, part: str) -> str:
    """Make a draft whose text is the web address, in the item. Returns the name of the changes."""
    entry = DisclosureEntry(year=year, item=item.key, part=_numbers(f"0 {part}")[1], announcement_id=0)
    checked_entry(entry, [item])
    title = f"{item.title} {template_filters.part_name(item, entry.part, year)}".strip()
    bulk = secrets.token_hex(8)
    with services().records.batch(bulk):
        made = services().commands.announcements.create(
            Draft(title=title, body=address, published_on=today()), actor=g.actor
        )
        services().commands.disclosure.assign(replace(entry, announcement_id=made.id), actor=g.actor)
    return bulk


def _change_all(entries: Sequence[DisclosureEntry], command: Callable[..., None]) -> str:
    """Call ``command`` with each entry, as one change. Returns the name of the changes."""
    bulk = secrets.token_hex(8)
    with services().records.batch(bulk):
        for entry in entries:
            command(entry, actor=g.actor)
    return bulk


def _numbers(text: str) -> tuple[int, int]:
    id, _space, part = text.partition(" ")
    if not (id.isdecimal() and part.isdecimal() and len(text) < 20):
        raise Invalid("กรุณาเลือกประกาศจากรายการ")
    return int(id), int(part)


def _candidates(shown: ItemShown, year: int) -> list[EntryShown]:
    """Returns announcements whose titles the item's keywords find, with the part that each seems to be of."""
    ids = services().disclosure.find_ids_by_title(
        shown.item.keywords, first_day(year), last_day(year) + _LATE
    )
    taken = {each.announcement.id for each in shown.entries}
    known = services().announcements.get_many([id for id in ids if id not in taken])
    found = []
    for id in ids:
        if (announcement := known.get(id)) is None:
            continue
        suggested = suggest_entries(announcement.title, announcement.published_on, {year: [shown.item]})
        found += [
            show_entry(replace(each, announcement_id=id), announcement, shown.item, year)
            for each in suggested
        ]
    return found


@pages.route("/<int:year>/carry-over", methods=["GET", "POST"])
def carry_over_announcements(year: int) -> ResponseReturnValue:
    """Propose last year's announcements for items that lack one; the ticked ones are taken over."""
    proposed = _carried_over(year_overview(services(), require_fiscal_year(year)))
    if request.method == "POST":
        ticked = set(request.form.getlist("entry"))
        chosen = [
            replace(each.entry, year=year, part=0)  # carried over are items without parts
            for _shown, entries in proposed
            for each in entries
            if f"{each.entry.item} {each.announcement.id}" in ticked
        ]
        if chosen:
            done = _change_all(chosen, services().commands.disclosure.assign)
            return redirect(url_for("disclosure_desk.show_fiscal_year", year=year, done=done))
        flash(_("กรุณาติ๊กประกาศที่จะนำมาใช้ก่อน"), "bad")
    return render_template("staff/disclosure-carry-over.html", year=year, proposed=proposed)


def _carried_over(shown: Sequence[ItemShown]) -> list[tuple[ItemShown, list[EntryShown]]]:
    """Returns last year's announcements that may fill the items that have none this year."""
    return [
        (each, usable)
        for each in shown
        if each.item.period in (Period.UNTIL_CHANGED, Period.YEARLY)
        and not each.entries
        and (usable := [one for one in each.before if one.is_public and not one.is_outdated])
    ]


@pages.route("/<int:year>/items", methods=["GET", "POST"])
@admin_only
def items(year: int) -> ResponseReturnValue:
    """Edit, as an administrator, the list from a fiscal year on: numbers, titles, periods, keywords, hiding.

    Items can be added too. The argument ``copy`` names another fiscal year whose list the form shows, for
    this year to take over.
    """
    known, refusal = year_items(services(), require_fiscal_year(year)), None
    copied = request.args.get("copy", type=int)
    listed = _copied_list(known, require_fiscal_year(copied)) if copied else known
    if request.method == "POST":
        try:
            _save_items(year, copied)
            flash(_("บันทึกแล้ว ใช้ตั้งแต่ปีงบประมาณ %(year)s เป็นต้นไป", year=year), "good")
            return redirect(url_for("disclosure_desk.items", year=year))
        except PrakatError as error:
            refusal = error
            flash(error_message(error), "bad")
    return render_template(
        "staff/disclosure-items.html",
        **_found(refusal, known, listed),
        year=year,
        list_year=year_of_item_list(services(), year),
        items=[_typed_item(each, each.key) or each for each in listed],
        blanks=[_typed_item(None, f"new-{number}") for number in range(_BLANKS)],
        fingerprint=fingerprint(known),
        copied=copied,
        years=year_choices(),
        sections=list(DisclosureRule),
        periods=list(Period),
    )


def _copied_list(known: Sequence[DisclosureItem], year: int) -> list[DisclosureItem]:
    """Returns the list of another fiscal year, with those of ``known`` that it lacks as hidden ones."""
    taken = year_items(services(), year)
    keys = {each.key for each in taken}
    return [*taken, *(replace(each, is_hidden=True) for each in known if each.key not in keys)]


def _save_items(year: int, copied: int | None) -> None:
    """Store the lines that differ from the list, and new ones; refuse them where it changed since.

    Where none differs, the list of an earlier year becomes that of ``year`` as it is, for it was checked.
    ``copied``: the year whose list the form showed instead. Raises ``Conflict`` when the list is no longer
    the one on which the form was opened.
    """
    with (
        services().records.batch(secrets.token_hex(8)),
        personal_data.transaction_with_reason() as reason,
    ):
        known = year_items(services(), year)
        listed = _copied_list(known, require_fiscal_year(copied)) if copied else known
        changes = [*_typed_changes(known, listed)]
        if changes or year_of_item_list(services(), year) != year:
            refuse_if_changed(fingerprint(known))
        for item, replaced in changes:
            services().commands.disclosure.save_item(
                year, item, replaced=replaced, actor=g.actor, reason=reason
            )
        if known and year_of_item_list(services(), year) != year:
            services().commands.disclosure.confirm_earlier_item_list(year, known[0], actor=g.actor)


def _typed_changes(
    known: Sequence[DisclosureItem], listed: Sequence[DisclosureItem]
) -> Iterator[tuple[DisclosureItem, DisclosureItem | None]]:
    """Yields the typed items that differ from ``known`` ones, each with the one it replaces, and new ones.

    A new item that the list already has is not yielded: the form that added it was sent again.
    """
    items = {each.key: each for each in known}
    for item in listed:
        replaced = items.get(item.key)
        if (given := _typed_item(item, item.key)) is not None and given != replaced:
            items[item.key] = given
            yield given, replaced
    for number in range(_BLANKS):
        given = _typed_item(None, f"new-{number}", f"own-{secrets.token_hex(4)}")
        if given is None or not given.title.strip():
            continue
        if not any(is_equal_except_key(given, each) for each in items.values()):
            yield given, None


def _found(
    refusal: PrakatError | None, known: Sequence[DisclosureItem], listed: Sequence[DisclosureItem]
) -> dict[str, object]:
    """Returns the personal data for which the form was refused, and what is wrong with the reason given."""
    if not getattr(refusal, "finds", ()):
        return {}
    found = [
        each
        for item, replaced in _typed_changes(known, listed)
        for each in personal_data.describe_finds_in_form(
            new_personal_data_in_item(item, replaced), {"title": item.title, "number": item.number}
        )
    ]
    return {"found": found, "reason_fault": personal_data.reason_fault(refusal)}


def _typed_item(before: DisclosureItem | None, field: str, key: str = "") -> DisclosureItem | None:
    """Returns an item as it was typed; None when the form has no such line."""
    form = request.form
    if f"title-{field}" not in form:
        return None
    section, period = form.get(f"section-{field}", ""), form.get(f"period-{field}", "")
    if section not in set(DisclosureRule) or period not in set(Period):
        raise Invalid("กรุณาเลือกหมวดและรอบของรายการ")
    return DisclosureItem(
        key=before.key if before else key,
        section=DisclosureRule(section),
        number=form.get(f"number-{field}", ""),
        title=form[f"title-{field}"],
        period=Period(period),
        keywords=tuple(filter(None, map(str.strip, form.get(f"keywords-{field}", "").split(",")))),
        is_hidden=f"shown-{field}" not in form,
    )


def _done() -> str:
    """Returns the name of the changes that were just made, which the page offers to undo."""
    return request.args.get("done", "")[:40]


def _done_said(year: int) -> str:
    """Returns what was just put under an item, with its date; "" when it was something else or several."""
    changes = services().records.changes.find(HistoryFilters(bulk=_done()), limit=2) if _done() else []
    ids = [each.announcement_id for each in changes if "disclosure" in each.after and each.announcement_id]
    if len(ids) != 1:
        return ""
    put = services().announcements.get(ids[0])
    title, day = attachments_for_staff.displayed_title(put), template_filters.day(put.published_on)
    return str(_("ใส่ “%(title)s” ลงวันที่ %(day)s ในปี %(year)s แล้ว", title=title, day=day, year=year))
