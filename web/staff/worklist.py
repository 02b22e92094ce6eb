"""The staff's first page: what needs attention today, and one table over all records with bulk actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup

from archive import thai
from archive.bulk_commands import BulkOutcome, apply_as_one_bulk
from archive.errors import Conflict, Invalid, PrakatError
from archive.model import Announcement, Attachment, CollectionLine, DocumentKind, Status
from archive.worklist import Problem, WorklistFilters
from indexer.search.query.parser import MAX_QUERY_LENGTH, Filters
from web import labels
from web.accounts.access import facts_shown_when_withdrawn
from web.addresses import page_number
from web.bootstrap import services
from web.disclosure_overview import count_items_lacking_announcement, year_choices
from web.errors import error_message
from web.staff import attachments_for_staff, checklist, disclosure_forms, edit_conflicts, publication
from web.staff.all_records_search import MOST_HITS, MOST_UNPUBLISHED, RecordsFound, search_all_records
from web.staff.blueprints import staff_blueprint
from web.staff.bulk_summary import describe_bulk
from web.staff.categories import CategoryUnknown, require_confirmed_category

pages = staff_blueprint("worklist", __name__, url_prefix="/staff")
pages.add_app_template_filter(attachments_for_staff.displayed_title, "staff_title")
pages.add_app_template_filter(attachments_for_staff.proposed_values)
pages.add_app_template_filter(attachments_for_staff.attachment_label)
pages.add_app_template_filter(attachments_for_staff.moves_of_attachments)
pages.add_app_template_filter(attachments_for_staff.scan_advice_sentences)
pages.add_app_template_filter(facts_shown_when_withdrawn)
pages.add_app_template_filter(publication.schedule_message, "schedule")

PER_PAGE = 50  # announcements
_MOST_RECORDS = 1_000  # records: more than an office changes in one step but by mistake
_MOST_NAMED = 10  # refused records that a message names

PROBLEM_NAMES = {
    Problem.PERSONAL_DATA: lazy_gettext("ข้อมูลส่วนบุคคลที่รอพิจารณา"),
    Problem.PUBLIC_PERSONAL_DATA: lazy_gettext("เผยแพร่อยู่ แต่พบข้อมูลส่วนบุคคล"),
    Problem.UNCONFIRMED: lazy_gettext("ไฟล์ใหม่รอเผยแพร่"),
    Problem.STATED_ANEW: lazy_gettext("เผยแพร่แล้ว แต่เอกสารระบุไม่ตรงกัน"),
    Problem.FAILED: lazy_gettext("แปลงข้อความไม่ได้"),
    Problem.DOUBTFUL: lazy_gettext("ระบบอ่านไม่แน่ใจ"),
    Problem.RELATION: lazy_gettext("รอยืนยันว่ายกเลิกหรือแก้ไขฉบับอื่น"),
    Problem.UNTITLED: lazy_gettext("รอตั้งหรือยืนยันชื่อเรื่อง"),
    Problem.SCHEDULED: lazy_gettext("ตั้งเวลาเผยแพร่ไว้"),
    Problem.EXPIRING: lazy_gettext("หมดเขตภายใน 7 วัน"),
}
pages.add_app_template_filter(PROBLEM_NAMES.__getitem__, "problem")
_CHANGED = {
    "1": lazy_gettext("ใน 24 ชั่วโมง"),
    "7": lazy_gettext("ใน 7 วัน"),
    "30": lazy_gettext("ใน 30 วัน"),
    "365": lazy_gettext("ใน 1 ปี"),
}
"""Number of days → name of the filter for records that changed since."""

_EVERYTHING_BUT_TRASH = (Status.DRAFT, Status.PUBLISHED, Status.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class WorklistArguments:
    """The filters in the address, with values that make no sense left out; "" is no filter.

    ``status``: "" is all but trash. ``mine``: assigned to the person, or made by the person and assigned to
    nobody. ``changed``: number of days within which a record was changed.
    """

    q: str
    status: str
    mine: str
    kind: str
    category: str
    author: str
    problem: str
    changed: str

    def arguments(self, **changes: str) -> dict[str, str]:
        """Returns the arguments of the address, without those that are empty."""
        values = {name: getattr(self, name) for name in self.__slots__} | changes
        return {name: value for name, value in values.items() if value}

    def path(self, **changes: str) -> str:
        """Returns the address of the worklist with some filters changed."""
        arguments = self.arguments(**changes)
        return url_for("worklist.show_worklist") + (f"?{urlencode(arguments)}" if arguments else "")


def _asked(values: Mapping[str, str], prefix: str = "") -> WorklistArguments:
    """Returns the filters among the arguments of an address, or among the fields of a form."""
    known: dict[str, set[str]] = {
        "status": set(Status),
        "kind": set(DocumentKind),
        "problem": set(Problem),
        "changed": set(_CHANGED),
    }
    given = {name: values.get(f"{prefix}{name}", "")[:200] for name in WorklistArguments.__slots__}
    for name, allowed in known.items():
        if given[name] not in allowed:
            given[name] = ""
    return WorklistArguments(**given | {"q": values.get(f"{prefix}q", "").strip()[:MAX_QUERY_LENGTH]})


def _found(asked: WorklistArguments) -> RecordsFound | None:
    """Returns what is searched for, among all records; None without words."""
    kind = DocumentKind(asked.kind) if asked.kind else None
    chosen = Filters(kind=kind, category=asked.category or None, author=asked.author or None)
    return search_all_records(services(), asked.q, chosen) if asked.q else None


def _is_cut(asked: WorklistArguments, found: RecordsFound | None) -> bool:
    """Returns True where the list may lack published records: more match than the search returns."""
    return found is not None and found.is_cut and asked.status in ("", Status.PUBLISHED)


def _lacks_drafts(asked: WorklistArguments, found: RecordsFound | None) -> bool:
    """Returns True where the list may lack records that are not published: not all of them were searched."""
    is_searched = found is None or found.is_every_draft_searched
    return not is_searched and asked.status != Status.PUBLISHED


def _filters(asked: WorklistArguments, found: RecordsFound | None) -> WorklistFilters:
    """Returns the filters for the archive, with what was searched for."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=int(asked.changed)) if asked.changed else None
    return WorklistFilters(
        statuses=(Status(asked.status),) if asked.status else _EVERYTHING_BUT_TRASH,
        person=g.actor if asked.mine else "",
        author=asked.author,
        category=asked.category,
        kind=DocumentKind(asked.kind) if asked.kind else None,
        problem=Problem(asked.problem) if asked.problem else None,
        changed_since=since,
        ids=found.ids if found else None,
    )


@pages.get("")
def show_worklist() -> str:
    """Show what needs attention today, and the records that pass the filters."""
    records = services().records
    asked = _asked(request.args)
    number, today = page_number(), thai.today()
    found = _found(asked)
    filters, made = _filters(asked, found), _drafts_just_made()
    listed = replace(filters, ids=[each.id for each in made]) if _is_list_of(made, found) else filters
    rows, total = records.worklist.list_rows(listed, today=today, page=number, per_page=PER_PAGE)
    every_status = replace(filters, statuses=tuple(Status))
    counts = records.worklist.count_by_status(every_status, today=today)
    drafts = [each.announcement.id for each in rows if each.announcement.status is Status.DRAFT]
    return render_template(
        "staff/worklist.html",
        asked=asked,
        found=found,
        is_cut=_is_cut(asked, found),
        lacks_drafts=_lacks_drafts(asked, found),
        most_hits=MOST_HITS,
        most_unpublished=MOST_UNPUBLISHED,
        rows=rows,
        papers_of_drafts=records.attachments.by_announcement(drafts),
        total=total,
        number=number,
        last=max(1, -(-total // PER_PAGE)),
        to_do=_to_do(today),
        problem_names=PROBLEM_NAMES,
        counts=counts,
        kept=sum(counts[status] for status in _EVERYTHING_BUT_TRASH),
        changed_names=_CHANGED,
        kind_choices=[(kind, labels.kind_name(kind)) for kind in DocumentKind],
        author_choices=[(each, each) for each in records.worklist.most_used_values("author")],
        category_choices=[(each, each) for each in records.worklist.most_used_values("category")],
        people=[each.name for each in services().people.accounts.everyone() if not each.disabled],
        collections=records.collections.all(),
        disclosure_items=disclosure_forms.list_shown_items(),
        disclosure_years=year_choices(),
        ticked=_ids(request.args.get("ticked", "").split("-")),
        done=_done(),
        made=made[:PER_PAGE],
        made_count=len(made),
        are_only_made_listed=_is_list_of(made, found),
    )


def _is_list_of(made: list[Announcement], found: RecordsFound | None) -> bool:
    """Returns True where the list is that of the drafts just made alone: one press ticks no earlier draft."""
    return found is None and 0 < len(made) <= PER_PAGE


def _drafts_just_made() -> list[Announcement]:
    """Returns the drafts that the address names as just made, each of a file of its own, in that order."""
    ids = _ids(request.args.get("made", "").split("-"))
    known = services().announcements.get_many(ids)
    return [known[id] for id in ids if id in known and known[id].status is Status.DRAFT]


def _to_do(today: dt.date) -> list[tuple[int, str, str]]:
    """Returns what needs attention today: how many, of what, and the address of the list."""
    counts = services().worklist.count_by_problem(today=today)
    found = [
        (counts[problem], str(name), url_for("worklist.show_worklist", problem=problem))
        for problem, name in PROBLEM_NAMES.items()
    ]
    reports = len(services().reports.list_open())
    found.append((reports, _("เรื่องที่ประชาชนแจ้ง"), url_for("report_list.reports")))
    lacking = (_("ข้อมูลข่าวสารที่ต้องเปิดเผยซึ่งยังขาด"), url_for("disclosure_desk.show_fiscal_year"))
    found.append((count_items_lacking_announcement(services()), *lacking))
    return [line for line in found if line[0]]


def _done() -> tuple[str, str] | None:
    """Returns the name of the changes that were just made at once, and the sentence that says so."""
    bulk = request.args.get("done", "")[:40]
    changes = services().records.changes.list_bulk(bulk)
    if not changes:
        return None
    said, unchanged = describe_bulk(changes), request.args.get("unchanged", 0, type=int)
    if unchanged > 0:
        said += " · " + _("ไม่ต้องเปลี่ยน %(count)s เรื่อง เพราะเป็นตามที่เลือกอยู่แล้ว", count=unchanged)
    return bulk, said


@pages.post("/bulk")
def apply_bulk_action() -> ResponseReturnValue:
    """Carry out the button on all ticked records; ``publish`` leads to the checklist of the first 50."""
    action, ids = request.form.get("action", ""), list[int]()
    try:
        ids = _everything() if "everything" in request.form else _ids(request.form.getlist("id"))
        if not ids:
            raise Invalid("กรุณาเลือกเรื่องที่จะทำก่อน โดยติ๊กช่องหน้าเรื่อง")
        if action == "publish":
            chosen = [("id", id) for id in ids[:PER_PAGE]]
            return redirect(url_for("worklist.publish_many") + "?" + urlencode([*chosen, ("of", len(ids))]))
        if action not in _ACTIONS:
            raise Invalid("กรุณาเลือกว่าจะทำอะไรกับเรื่องที่เลือกไว้")
        return redirect(_back(_report(_ACTIONS[action](ids))))
    except CategoryUnknown as error:
        return _ask_about(error, ids)
    except PrakatError as error:
        flash(error_message(error), "bad")
    return redirect(_back())


def _everything() -> list[int]:
    """Returns the ids of all records of the list from which the form was sent, on all its pages.

    Raises ``Conflict`` when the list has become longer or shorter since: a person chose what was there.
    """
    asked = _asked(request.form, "at-")
    found = _found(asked)
    rows, total = services().worklist.list_rows(
        _filters(asked, found), today=thai.today(), page=1, per_page=_MOST_RECORDS
    )
    if total > _MOST_RECORDS or _is_cut(asked, found):
        raise Invalid("ทำพร้อมกันได้ไม่เกิน %(most)s เรื่อง กรุณากรองรายการให้แคบลง", most=f"{_MOST_RECORDS:,}")
    if str(total) != request.form.get("at-total"):
        raise Conflict("รายการเปลี่ยนไประหว่างที่เปิดหน้านี้อยู่ กรุณาตรวจดูแล้วเลือกอีกครั้ง")
    return [row.announcement.id for row in rows]


def _ask_about(error: CategoryUnknown, ids: Sequence[int]) -> str:
    """Returns the page that asks before the chosen records get a category that no record has.

    The way back leads to the list with the same records ticked.
    """
    fields = [item for item in request.form.items(multi=True) if item[0] not in ("csrf_token", "confirmed")]
    return render_template(
        "staff/confirm.html",
        question=_(
            "สร้างหมวดใหม่ “%(category)s” ให้ %(count)s เรื่องที่เลือกหรือไม่", category=error.category, count=len(ids)
        ),
        consequences=[(_("ยังไม่มีเรื่องใดใช้หมวดนี้ ประชาชนจะเห็นเป็นหมวดใหม่"), ())],
        others=[
            (
                _("ใช้หมวด “%(category)s” ที่มีอยู่แล้ว", category=similar),
                [(name, similar if name == "category" else value) for name, value in fields],
            )
            for similar in error.similar
        ],
        fields=fields,
        button=_("สร้างหมวดใหม่"),
        confirmed=error.category,
        is_harmless=True,
        back=_back({} if "everything" in request.form else {"ticked": "-".join(map(str, ids))}),
    )


@pages.route("/publish", methods=["GET", "POST"])
def publish_many() -> ResponseReturnValue:
    """Show one checklist for all chosen drafts; publish those that are ticked and pass it."""
    fault: Invalid | None = None
    if request.method == "POST":
        try:
            ticked = _ids(request.form.getlist("id"))
            if not ticked:
                raise Invalid("กรุณาติ๊กเรื่องที่จะเผยแพร่ก่อน")
            with services().records.batch():
                changed = publication.ids_changed_since_shown(ticked)
                _store_typed_values([id for id in ticked if id not in changed])
                outcome = publication.publish_each_as_chosen(ticked, changed_ids=changed)
            done = _report(outcome)
            if outcome.done:
                _report_unticked([id for id in _ids(request.form.getlist("listed")) if id not in ticked])
                return redirect(f"{url_for('worklist.show_worklist')}?{urlencode(done)}")
        except PrakatError as error:
            fault = error if isinstance(error, Invalid) else None
            flash(error_message(error), "bad")
    known = services().announcements.get_many(_ids(request.args.getlist("id"))[:PER_PAGE])
    return render_template(
        "staff/publish-many.html",
        candidates=[_candidate(each) for each in known.values()],
        limits_of_personal_data_detection=checklist.limits_of_personal_data_detection(),
        chosen=request.args.get("of", 0, type=int),
        ticked=set(request.form.getlist("id")) if request.method == "POST" else None,
        when=request.form.get("when", "now"),
        **publication.publication_time_fields(None, fault),
    )


@dataclass(frozen=True, slots=True)
class PublicationCandidate:
    """A record in the checklist for many."""

    announcement: Announcement
    papers: Sequence[attachments_for_staff.AttachmentForStaff]
    checks: Sequence[checklist.Check]
    is_being_read: bool
    last_change: int  # id of the record's last change, on which the checklist was opened
    last_change_of_others: int  # id of the last one that the signed-in person did not make; 0 without one

    @property
    def first_drawable_attachment(self) -> Attachment | None:
        """The first attachment whose pages can be drawn; None while there is none."""
        return attachments_for_staff.first_drawable_attachment(self.papers)

    @property
    def effect(self) -> checklist.BulkPublishEffect:
        """The gravest effect among the lines of its checklist."""
        return self.remarks[0].effect if self.remarks else checklist.BulkPublishEffect.GOOD

    @property
    def is_publishable_once_titled(self) -> bool:
        """True where nothing blocks it, or its title alone, which staff can type in the list."""
        blocking = checklist.BulkPublishEffect.BLOCKING
        return all(check.field == "title" for check in self.checks if check.effect is blocking)

    @property
    def remarks(self) -> list[checklist.Check]:
        """The lines that are not good, the gravest first; of equal ones the title's last."""
        gravity = list(checklist.BulkPublishEffect)
        found = [check for check in self.checks if not check.is_good]
        return sorted(found, key=lambda check: (-gravity.index(check.effect), check.field == "title"))


def _candidate(announcement: Announcement) -> PublicationCandidate:
    last_change = edit_conflicts.last_change_id(announcement.id)
    announcement = services().announcements.get(announcement.id)
    papers = attachments_for_staff.attachments_for_staff(announcement)
    found = services().commands.publication.undecided_personal_data(announcement.id)
    return PublicationCandidate(
        announcement,
        papers,
        checklist.publication_checks(announcement, papers, found),
        publication.is_being_read(announcement.id),
        last_change,
        edit_conflicts.last_change_id_of_others(announcement.id),
    )


def _store_typed_values(ids: Sequence[int]) -> None:
    """Store the dates and titles that were typed beside these records. Raises ``Invalid``.

    What their documents state is filled in first: a record with a title is filled no more.
    """
    for id in ids:
        typed = {name: request.form.get(f"{name}-{id}", "").strip() for name in ("published_on", "title")}
        if typed["title"]:
            services().commands.publication.fill_missing_fields_and_labels(id, actor=g.actor)
        for name, value in typed.items():
            try:
                if value:
                    stored = thai.parse_date(value) if name == "published_on" else value
                    services().commands.announcements.revise(id, {name: stored}, actor=g.actor)
            except Invalid as error:
                error.field = f"{name}-{id}"  # a value alone does not know beside which record it was typed
                raise


def _report_unticked(ids: Sequence[int]) -> None:
    """Show which drafts of the checklist for many stay drafts, each with what has to be looked at."""
    left = [each for each in services().announcements.get_many(ids).values() if each.status is Status.DRAFT]
    for each in left[:_MOST_NAMED]:
        title, remarks = attachments_for_staff.displayed_title(each), _candidate(each).remarks
        why = remarks[0].remark if remarks else _("ไม่ได้ติ๊ก")
        place = url_for("staff.edit", announcement_id=each.id)
        link = Markup('<a href="{}">{}</a>').format(place, title)
        flash(Markup(_("ยังเป็นฉบับร่าง: %(title)s (%(why)s)")) % {"title": link, "why": why}, "warn")  # noqa: S704
    if len(left) > _MOST_NAMED:
        flash(_("ยังเป็นฉบับร่างอีก %(count)s เรื่อง", count=len(left) - _MOST_NAMED), "warn")


def _ids(given: Sequence[str]) -> list[int]:
    return [int(id) for id in dict.fromkeys(given) if id.isdecimal() and len(id) < 10]


def _withdraw(ids: Sequence[int]) -> BulkOutcome[int]:
    reason = request.form.get("reason", "")
    if not reason.strip():
        raise Invalid("กรุณากรอกเหตุผลที่ถอน เพราะประชาชนจะเห็นเหตุผลนี้", field="reason")
    return _each(
        ids, lambda each: services().commands.publication.withdraw(each, actor=g.actor, reason=reason)
    )


def _trash(ids: Sequence[int]) -> BulkOutcome[int]:
    return _each(ids, lambda each: services().commands.publication.trash(each, actor=g.actor))


def _restore(ids: Sequence[int]) -> BulkOutcome[int]:
    return _each(ids, lambda each: services().commands.publication.restore_as_draft(each, actor=g.actor))


def _retag(ids: Sequence[int]) -> BulkOutcome[int]:
    changes: dict[str, object] = {"category": request.form.get("category", "")}
    require_confirmed_category(changes["category"], confirmed=request.form.get("confirmed", ""))
    return _each(ids, lambda each: services().commands.announcements.revise(each, changes, actor=g.actor))


def _assign(ids: Sequence[int]) -> BulkOutcome[int]:
    name = request.form.get("person", "")
    if name and name not in {each.name for each in services().people.accounts.everyone()}:
        raise Invalid("ไม่พบผู้ใช้ชื่อนี้ กรุณาเลือกจากรายการ", field="person")
    return _each(
        ids, lambda each: services().commands.announcements.revise(each, {"assigned_to": name}, actor=g.actor)
    )


def _collect(ids: Sequence[int]) -> BulkOutcome[int]:
    """Adds the records to the end of a collection; those that it has already stay where they are."""
    chosen = request.form.get("collection", "")
    if not chosen.isdecimal():
        raise Invalid("กรุณาเลือกชุดประกาศก่อน", field="collection")
    shown = services().collections.get(int(chosen))

    def add(id: int) -> None:
        kept = services().collections.get(shown.id)
        if id not in {item.announcement_id for item in kept.items}:
            services().commands.collections.save(
                kept.id,
                title=kept.title,
                body=kept.body,
                items=[*kept.items, CollectionLine("", id)],
                actor=g.actor,
            )

    return _each(ids, add)


def _disclose(ids: Sequence[int]) -> BulkOutcome[int]:
    """Puts each record under the chosen item to disclose, or the one that its title suggests."""
    key, year = request.form.get("item", ""), request.form.get("disclosure_year", "")
    known = services().announcements
    return _each(
        ids, lambda each: disclosure_forms.assign_to_item_or_suggested(key, known.get(each), g.actor, year)
    )


def _each(ids: Sequence[int], command: Callable[[int], object]) -> BulkOutcome[int]:
    return apply_as_one_bulk(services().records, ids, command)


_ACTIONS: dict[str, Callable[[Sequence[int]], BulkOutcome[int]]] = {
    "withdraw": _withdraw,
    "trash": _trash,
    "restore": _restore,
    "retag": _retag,
    "collect": _collect,
    "disclose": _disclose,
    "assign": _assign,
}
"""Value of a button → function that carries it out on the records with these ids."""


def _report(outcome: BulkOutcome[int]) -> dict[str, str | int]:
    """Show which records a command refused, each with the reason.

    Returns the arguments with which the worklist says what was done: the name of the changes, and how many
    records were so already.
    """
    titles = services().announcements.get_many(id for id, _error in outcome.refused)
    for id, error in outcome.refused[:_MOST_NAMED]:
        title = attachments_for_staff.displayed_title(titles[id]) if id in titles else str(id)
        flash(f"{title}: {error_message(error)}", "bad")
    if len(outcome.refused) > _MOST_NAMED:
        flash(_("และอีก %(count)s เรื่องที่ทำไม่ได้", count=len(outcome.refused) - _MOST_NAMED), "bad")
    changes = services().records.changes.list_bulk(outcome.bulk)
    changed = {(each.announcement_id, each.collection_id and each.id) for each in changes}
    unchanged = len(outcome.done) - len(changed)
    if not changed:
        if unchanged:
            flash(_("ไม่มีอะไรเปลี่ยน %(count)s เรื่องเป็นตามที่เลือกอยู่แล้ว", count=unchanged), "good")
        return {}
    return {"done": outcome.bulk} | ({"unchanged": unchanged} if unchanged else {})


def _back(done: Mapping[str, str | int] | None = None) -> str:
    """Returns the address of the list from which the form was sent, with its filters.

    ``done``: arguments for the changes that were made, which the list then offers to undo.
    """
    names = [*WorklistArguments.__slots__, "page"]
    asked = {name: request.form[f"at-{name}"][:500] for name in names if request.form.get(f"at-{name}")}
    arguments = asked | dict(done or {})
    return url_for("worklist.show_worklist") + (f"?{urlencode(arguments)}" if arguments else "")
