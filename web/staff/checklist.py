"""Checklist shown before an announcement becomes public: one line for each item, good or not yet."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from archive import thai
from archive.model import Announcement, DocumentKind, Find, Hold, Reading, Status
from archive.suggested_fields import fields_not_given, is_title_file_name
from web import labels, template_filters
from web.bootstrap import services
from web.staff import relation_forms
from web.staff.attachments_for_staff import Paper, is_named_after_file, suggested_values
from web.staff.near_duplicates import NearDuplicate, find_near_duplicate


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. ``place``: address of the form where the item is put right."""

    name: str
    value: str
    is_good: bool
    remark: str
    place: str


def checks(announcement: Announcement, papers: Sequence[Paper], finds: Sequence[Find]) -> list[Check]:
    """Returns the lines for an announcement, its attachments and finds of personal data, in order."""
    suggested = suggested_values(announcement, papers)
    stated, given = suggested.fields, announcement
    if not announcement.title:  # nobody saved the form: at publication, what the documents state is filled in
        values = {name: stated[name] for name in suggested.fills}
        announcement = dataclasses.replace(announcement, **values)  # type: ignore[arg-type]  # checked by name

    def place(field: str) -> str:
        return url_for("staff.edit", id=announcement.id, _anchor=field)

    return [
        _title(given, papers, stated.get("title"), place("title")),
        _author(announcement, stated.get("author"), place("author")),
        _dated(announcement, papers, stated.get("published_on"), place("published_on")),
        _kind(announcement, stated.get("kind"), place("kind")),
        _check(
            _("หมวด"),
            announcement.category,
            place("category"),
            None,
            _("ยังไม่ได้เลือกหมวด ประชาชนจะหาจากหมวดไม่พบ"),
        ),
        _relations(announcement),
        *_near_duplicate(announcement),
        _attachments(announcement, papers),
        _privacy(papers, finds),
    ]


def obstacle(announcement: Announcement, papers: Sequence[Paper], finds: Sequence[Find]) -> str:
    """Returns the reason why a record cannot be published as it is; "" when it can.

    Fields that nobody gave, and that the documents state, are filled from them at publication.
    """
    if announcement.status is not Status.DRAFT:
        return str(_("ไม่ใช่ฉบับร่าง"))
    attachments = [paper.attachment for paper in papers]
    suggested = suggested_values(announcement, papers)
    if "title" not in suggested.fills and not suggested.awaited:
        if not announcement.title:
            return str(_("ยังไม่มีชื่อเรื่อง"))
        if is_title_file_name(announcement.title, attachments):
            return str(_("ชื่อเรื่องเป็นชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ"))
    if finds or any(each.hold is Hold.PERSONAL_DATA for each in attachments):
        return str(_("พบข้อมูลส่วนบุคคล ต้องตัดสินทีละเรื่อง"))
    return ""


def _check(name: str, value: str, place: str, stated: object, remark: str) -> Check:
    said = f"{remark} · {_said_by_paper(stated)}" if stated and not value else remark
    return Check(name, value or "–", bool(value), "" if value else said, place)


def _said_by_paper(stated: object) -> str:
    return str(_("เอกสารระบุว่า %(stated)s", stated=stated))


def _title(announcement: Announcement, papers: Sequence[Paper], stated: object, place: str) -> Check:
    remark = ""
    if not announcement.title and stated:
        return Check(_("เรื่อง"), str(stated), False, _("ระบบอ่านจากเอกสาร โปรดตรวจ"), place)
    if not announcement.title:
        remark = _("ยังไม่มีชื่อเรื่อง พิมพ์เอง หรือเลือกเผยแพร่อัตโนมัติเมื่ออ่านเสร็จ")
    elif is_named_after_file(announcement, papers):
        remark = _("ชื่อเรื่องเป็นชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ")
    return Check(_("เรื่อง"), announcement.title or "–", not remark, remark, place)


def _author(announcement: Announcement, stated: object, place: str) -> Check:
    """Returns the line for the division that announces; a person's sign-in name is none."""
    remark = _("ยังไม่ได้ระบุหน่วยงานที่ประกาศ")
    signs_in = announcement.author in {each.name for each in services().people.accounts.everyone()}
    if announcement.author and signs_in:
        remark = _("ผู้ประกาศเป็นชื่อผู้ใช้ ควรเป็นกองหรือหน่วยงาน")
        remark += f" · {_said_by_paper(stated)}" if stated else ""
        return Check(_("ผู้ประกาศ"), announcement.author, False, remark, place)
    return _check(_("ผู้ประกาศ"), announcement.author, place, stated, remark)


def _dated(announcement: Announcement, papers: Sequence[Paper], stated: object, place: str) -> Check:
    """Returns the line for the date, which is in doubt while it is only the day of the draft."""
    remark = ""
    if isinstance(stated, dt.date) and stated != announcement.published_on:
        remark = _("วันที่ในเอกสาร: %(day)s", day=template_filters.day(stated))
    elif stated is None and _are_read(papers) and "published_on" in fields_not_given(announcement):
        remark = _("ไม่พบวันที่ในเอกสาร จึงใช้วันที่สร้างร่าง โปรดตรวจกับเอกสาร")
    return Check(_("วันที่ประกาศ"), template_filters.day(announcement.published_on), not remark, remark, place)


def _are_read(papers: Sequence[Paper]) -> bool:
    """Returns True if there are attachments, and none is still to be read."""
    return bool(papers) and not _any_unread(papers)


def _any_unread(papers: Sequence[Paper]) -> bool:
    return any(paper.attachment.status in (Reading.WAITING, Reading.READING) for paper in papers)


def _kind(announcement: Announcement, stated: object, place: str) -> Check:
    differs = isinstance(stated, DocumentKind) and stated is not announcement.kind
    remark = ""
    if isinstance(stated, DocumentKind) and differs:
        remark = _said_by_paper(labels.kind_name(stated))
    return Check(_("ประเภท"), labels.kind_name(announcement.kind), not differs, remark, place)


def _relations(announcement: Announcement) -> Check:
    found = relation_forms.relation_form(announcement)
    value = ", ".join(f"{labels.relation_name(kind)} {other.title}" for kind, other in found.changes)
    remark = ""
    if found.suggested:
        remark = _("ข้อความกล่าวถึงประกาศอื่น %(count)s ฉบับที่ยังไม่ได้ยืนยัน", count=len(found.suggested))
    place = url_for("staff.edit", id=announcement.id, _anchor="relations")
    return Check(_("ความเกี่ยวข้อง"), value or "–", not remark, remark, place)


def _near_duplicate(announcement: Announcement) -> list[Check]:
    """Returns the line for an announcement with nearly the same text; none where there is none."""
    found = find_near_duplicate(announcement)
    if found is None:
        return []
    place = url_for("near_duplicates.compare", id=announcement.id, other_id=found.other.id)
    return [Check(_("ประกาศที่คล้ายกัน"), found.other.title, False, near_duplicate_said(found), place)]


def near_duplicate_said(near_duplicate: NearDuplicate) -> str:
    """Returns the message about an announcement or draft with nearly the same text."""
    if near_duplicate.other.status is Status.DRAFT:
        if not near_duplicate.differing:
            return str(_("ข้อความเหมือนกันทุกบรรทัดกับฉบับร่างอีกเรื่อง อาจทำซ้ำ"))
        return str(_("เหมือนฉบับร่างอีกเรื่อง ต่างกัน %(count)s บรรทัด", count=near_duplicate.differing))
    year = thai.buddhist_year(near_duplicate.other.published_on)
    if not near_duplicate.differing:
        return str(_("ข้อความเหมือนกันทุกบรรทัดกับประกาศปี %(year)s", year=year))
    return str(_("เหมือนประกาศปี %(year)s ต่างกัน %(count)s บรรทัด", year=year, count=near_duplicate.differing))


def _attachments(announcement: Announcement, papers: Sequence[Paper]) -> Check:
    states = [paper.attachment.status for paper in papers]
    unread = sum(state in (Reading.WAITING, Reading.READING) for state in states)
    failed = states.count(Reading.FAILED)
    remarks = []
    if not papers and not announcement.body.strip():
        remarks.append(_("ไม่มีทั้งไฟล์และข้อความ ประชาชนจะเห็นเพียงชื่อเรื่อง"))
    if unread:
        remarks.append(_("ยังแปลงข้อความไม่เสร็จ %(count)s ไฟล์", count=unread))
    if failed:
        remarks.append(_("แปลงข้อความไม่ได้ %(count)s ไฟล์ ประชาชนเห็นเมื่อมีผู้ตัดสิน", count=failed))
    place = url_for("staff.edit", id=announcement.id, _anchor="papers")
    return Check(
        _("เอกสารแนบ"), _("%(count)s ไฟล์", count=len(papers)), not remarks, " · ".join(remarks), place
    )


def _privacy(papers: Sequence[Paper], found: Sequence[Find]) -> Check:
    """Returns the line for personal data. A file stays held after its text alone was corrected."""
    held = [paper.attachment for paper in papers if paper.attachment.hold is Hold.PERSONAL_DATA]
    remark, place = "", ""
    if found:
        remark, place = _("ต้องแก้ออก หรือระบุเหตุผลด้านล่าง"), "#finds"
    elif held:
        remark = _("พบในเอกสารแนบ ต้องปิดข้อมูลหรือตัดสินก่อน")
        place = url_for("staff.review_attachment", id=held[0].id)
    elif _any_unread(papers):
        remark = _("ไฟล์ที่ยังแปลงไม่เสร็จยังไม่ได้ตรวจ ประชาชนจะยังไม่เห็นไฟล์นั้น")
    count = len(found) or len(held)
    value = _("พบ %(count)s แห่ง", count=count) if count else _("ไม่พบ")
    return Check(_("ข้อมูลส่วนบุคคล"), value, not remark, remark, place)
