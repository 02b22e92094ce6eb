"""Checklist shown before an announcement becomes public: one line for each item, good or not yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from archive.model import Announcement, Find, Kind, Reading
from web import labels, template_filters
from web.staff import relation_forms
from web.staff.attachment_forms import Paper, is_named_after_file, offer


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. ``place``: address of the form where the item is put right."""

    name: str
    value: str
    is_good: bool
    remark: str
    place: str


def checks(announcement: Announcement, papers: Sequence[Paper], found: Sequence[Find]) -> list[Check]:
    """Returns the lines for an announcement, its attachments and finds of personal data, in order."""
    stated = offer(announcement, papers).fields
    place = url_for("staff.edit", id=announcement.id, _anchor="said")
    return [
        _title(announcement, papers, stated.get("title"), place),
        _check(_("ผู้ประกาศ"), announcement.author, place, stated.get("author"), _("ยังไม่ได้ระบุหน่วยงานที่ประกาศ")),
        _dated(announcement, stated.get("published_on"), place),
        _kind(announcement, stated.get("kind"), place),
        _check(_("หมวด"), announcement.category, place, None, _("ยังไม่ได้เลือกหมวด ประชาชนจะหาจากหมวดไม่พบ")),
        _relations(announcement),
        _attachments(announcement, papers),
        _privacy(papers, found),
    ]


def _check(name: str, value: str, place: str, stated: object, remark: str) -> Check:
    said = f"{remark} · {_('เอกสารระบุว่า')}: {stated}" if stated and not value else remark
    return Check(name, value or "–", bool(value), "" if value else said, place)


def _title(announcement: Announcement, papers: Sequence[Paper], stated: object, place: str) -> Check:
    remark = ""
    if not announcement.title and stated:
        remark = f"{_('ยังไม่มีชื่อเรื่อง จะใช้ชื่อในเอกสาร')}: {stated}"
    elif not announcement.title:
        remark = _("ยังไม่มีชื่อเรื่อง พิมพ์เอง หรือเลือกเผยแพร่อัตโนมัติเมื่ออ่านเสร็จ")
    elif is_named_after_file(announcement, papers):
        remark = _("ชื่อเรื่องเป็นชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ")
    return Check(_("เรื่อง"), announcement.title or "–", not remark, remark, place)


def _dated(announcement: Announcement, stated: object, place: str) -> Check:
    differs = stated is not None and stated != announcement.published_on
    remark = f"{_('วันที่ในเอกสาร')}: {template_filters.day(stated)}" if differs else ""  # type: ignore[arg-type]
    return Check(_("วันที่ประกาศ"), template_filters.day(announcement.published_on), not differs, remark, place)


def _kind(announcement: Announcement, stated: object, place: str) -> Check:
    differs = isinstance(stated, Kind) and stated is not announcement.kind
    remark = f"{_('เอกสารระบุว่า')}: {labels.kind_name(stated)}" if isinstance(stated, Kind) and differs else ""
    return Check(_("ประเภท"), labels.kind_name(announcement.kind), not differs, remark, place)


def _relations(announcement: Announcement) -> Check:
    found = relation_forms.of(announcement)
    value = ", ".join(f"{labels.relation_name(kind)} {other.title}" for kind, other in found.changes)
    remark = ""
    if found.suggested:
        remark = _("ข้อความกล่าวถึงประกาศอื่น %(count)s ฉบับที่ยังไม่ได้ยืนยัน", count=len(found.suggested))
    place = url_for("staff.edit", id=announcement.id, _anchor="relations")
    return Check(_("ความเกี่ยวข้อง"), value or "–", not remark, remark, place)


def _attachments(announcement: Announcement, papers: Sequence[Paper]) -> Check:
    states = [paper.attachment.status for paper in papers]
    unread = sum(state in (Reading.WAITING, Reading.READING) for state in states)
    failed = states.count(Reading.FAILED)
    remarks = []
    if unread:
        remarks.append(_("ยังแปลงข้อความไม่เสร็จ %(count)s ไฟล์", count=unread))
    if failed:
        remarks.append(_("แปลงข้อความไม่ได้ %(count)s ไฟล์ ประชาชนเห็นเมื่อมีผู้ตัดสิน", count=failed))
    place = url_for("staff.edit", id=announcement.id, _anchor="papers")
    return Check(
        _("เอกสารแนบ"), _("%(count)s ไฟล์", count=len(papers)), not remarks, " · ".join(remarks), place
    )


def _privacy(papers: Sequence[Paper], found: Sequence[Find]) -> Check:
    unread = any(paper.attachment.status in (Reading.WAITING, Reading.READING) for paper in papers)
    remark = ""
    if found:
        remark = _("ต้องแก้ออก หรือระบุเหตุผลด้านล่าง")
    elif unread:
        remark = _("ไฟล์ที่ยังแปลงไม่เสร็จยังไม่ได้ตรวจ ประชาชนจะยังไม่เห็นไฟล์นั้น")
    value = _("พบ %(count)s แห่ง", count=len(found)) if found else _("ไม่พบ")
    return Check(_("ข้อมูลส่วนบุคคล"), value, not remark, remark, "#finds" if found else "")
