"""Relations on an announcement's form: suggested by its text, confirmed, dismissed, or chosen by hand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from archive.errors import Invalid, NotFound, gettext_noop
from archive.model import Announcement, RelationKind, Status
from archive.relations import SuggestedRelation, suggest_relations
from archive.thai import arabic_digits, natural_sort_key
from web.addresses import announcement_id_of_address
from web.bootstrap import services
from web.staff.all_records_search import search_all_records

MOST_CHOICES = 6  # announcements offered for typed words
_CHOOSE = gettext_noop("กรุณาเลือกประกาศที่ตรงกับคำที่พิมพ์")
_NONE_FOUND = gettext_noop("ไม่พบประกาศที่มีคำนี้ กรุณาพิมพ์คำในชื่อเรื่อง เลขที่ เช่น 5/2560 หรือวางลิงก์ของประกาศในเว็บนี้")
_WEB_ADDRESS = re.compile(r"https?://[^\s/.]+\.[^\s]{1,2000}")
_ID = re.compile(r"\d{1,9}")
_SMALL_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")  # such as that of a road; a year has four digits
_NUMBER = re.compile(r"(?:ที่)?\s*0*(\d{1,5})\s*/\s*(2[3-6]\d\d)")


@dataclass(frozen=True, slots=True)
class RelationForm:
    """Relations as the form shows them: suggested ones, and confirmed ones from either side."""

    suggested: tuple[SuggestedRelation, ...] = ()
    changes: tuple[tuple[RelationKind, Announcement], ...] = ()
    changed_by: tuple[tuple[RelationKind, Announcement], ...] = ()

    @property
    def is_anything_shown(self) -> bool:
        """True where there is a relation to show."""
        return bool(self.suggested or self.changes or self.changed_by)


class AnnouncementUnclear(Invalid):
    """Refusal of words that name no announcement. ``found``: all with these words, the best first."""

    code = "announcement-unclear"

    def __init__(self, found: Sequence[Announcement]) -> None:
        said = _NONE_FOUND if not found else _CHOOSE
        super().__init__(said, field="related_to")
        self.found = tuple(found)

    @property
    def choices(self) -> tuple[Announcement, ...]:
        """The announcements that are offered: the first of those found."""
        return self.found[:MOST_CHOICES]


def _announcements_with(words: str) -> list[Announcement]:
    """Returns the published announcements and drafts that have the words in their titles or text.

    A number is more often that of a document than that of an announcement in the archive, which comes last.
    """
    if not words:
        return []
    ids = search_all_records(services(), words).ids
    if _ID.fullmatch(words):
        ids = [*ids[: MOST_CHOICES - 1], int(words)]  # among those offered
    else:
        ids = [*services().disclosure.find_ids_by_title([words], dt.date.min, dt.date.max), *ids]
    known = services().announcements.get_many(ids)
    found = [known[id] for id in dict.fromkeys(ids) if id in known]
    return _in_order_of_numbers(
        words, [each for each in found if each.status in (Status.PUBLISHED, Status.DRAFT)]
    )


def _in_order_of_numbers(words: str, found: Sequence[Announcement]) -> list[Announcement]:
    """Returns the announcements with ``สายที่ 1`` before ``สายที่ 10``; else they keep their order.

    Those come first that have the words with no digit after them. Titles that differ in small numbers alone
    stand one after the other, in the order of these.
    """
    typed = re.compile(re.escape(arabic_digits(words)) + r"(?!\d)")
    titles = {each.id: arabic_digits(each.title) for each in found}
    series = {id: _SMALL_NUMBER.sub("0", title) for id, title in titles.items()}
    places = {each: place for place, each in enumerate(dict.fromkeys(series.values()))}
    return sorted(
        found,
        key=lambda each: (
            typed.search(titles[each.id]) is None,
            places[series[each.id]],
            natural_sort_key(titles[each.id]),
        ),
    )


def relation_form(announcement: Announcement) -> RelationForm:
    """Returns the announcement's relations to all announcements, published or not."""
    confirmed = [each for each in services().relations.list_decisions(announcement.id) if each.kind]
    known = services().announcements.get_many(
        {id for each in confirmed for id in (each.newer_id, each.older_id)}
    )
    return RelationForm(
        tuple(suggest_relations(services().records, announcement)),
        tuple(
            (each.kind, known[each.older_id])
            for each in confirmed
            if each.kind and each.newer_id == announcement.id and each.older_id in known
        ),
        tuple(
            (each.kind, known[each.newer_id])
            for each in confirmed
            if each.kind and each.older_id == announcement.id and each.newer_id in known
        ),
    )


def carry_out_relation_form(announcement_id: int, form: Mapping[str, str], actor: str) -> str:
    """Carry out the pressed button of the form. Returns a message for the person.

    Raises ``Invalid`` for text that names no announcement, or more than one.
    """
    commands = services().commands
    if "dismiss" in form:
        commands.announcements.decide_relation(announcement_id, _known(form["dismiss"]), None, actor=actor)
        return str(_("นำประกาศที่เกี่ยวข้องออกแล้ว"))
    chosen = form.get("relate", "")
    typed = chosen == "typed"
    older = find_typed_announcement(form.get("related_to", "")) if typed else _known(chosen)
    kind = form.get(f"relation-{older}") or form.get("related_kind", "")
    if kind not in set(RelationKind):
        raise Invalid("กรุณาเลือกว่าประกาศนี้ยกเลิก แก้ไขเพิ่มเติม หรือใช้แทนอีกฉบับ", field="related_kind")
    commands.announcements.decide_relation(announcement_id, older, RelationKind(kind), actor=actor)
    return str(_("บันทึกประกาศที่เกี่ยวข้องแล้ว"))


def record_replaced_by(announcement_id: int, form: Mapping[str, str], actor: str) -> None:
    """Record that the typed or chosen announcement replaces this one. Raises ``Invalid``."""
    try:
        newer = chosen_or_named(form, "successor")
        services().commands.announcements.decide_relation(
            newer, announcement_id, RelationKind.REPLACES, actor=actor
        )
    except AnnouncementUnclear as error:
        error.field = "successor"
        raise
    except (Invalid, NotFound) as error:
        raise Invalid(error.said, field="successor", code=error.code, **error.values) from error


def _known(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise Invalid("กรุณาเลือกประกาศที่เกี่ยวข้อง", field="related_to")
    return services().announcements.get(int(value)).id


def chosen_or_named(form: Mapping[str, str], field: str) -> int:
    """Returns the id of the offered announcement whose button was pressed, else of the one that was typed."""
    return _known(form["chosen"]) if "chosen" in form else find_typed_announcement(form.get(field, ""))


def is_address_of_no_announcement(typed: str) -> bool:
    """Returns True for a web address that is no announcement's here; other pages here count too."""
    return bool(_WEB_ADDRESS.fullmatch(typed.strip())) and announcement_id_of_address(typed.strip()) is None


def find_typed_announcement(typed: str) -> int:
    """Returns the id of the announcement that was typed: its address, whole title, or document number.

    Raises ``AnnouncementUnclear`` for other words and for a bare number, with the announcements that they may
    mean.
    """
    plain = arabic_digits(typed).strip()
    if match := _NUMBER.fullmatch(plain):
        found = services().relations.find_ids_naming_document_number(f"{match[1]}/{match[2]}")
        if len(found) > 1:
            raise AnnouncementUnclear([*services().announcements.get_many(found).values()])
        if not found:
            raise Invalid(
                "ไม่พบประกาศเลขที่ %(number)s กรุณาพิมพ์คำในชื่อเรื่อง หรือวางลิงก์ของประกาศในเว็บนี้",
                field="related_to",
                number=f"{match[1]}/{match[2]}",
            )
        return found[0]
    if (id := announcement_id_of_address(plain)) is not None:
        return services().announcements.get(id).id
    choices = _announcements_with(typed.strip())
    titled = [each.id for each in choices if each.title == typed.strip()]
    if len(titled) != 1:
        raise AnnouncementUnclear(choices)
    return titled[0]
