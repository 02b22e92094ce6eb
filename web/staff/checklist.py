"""Checklist shown before an announcement becomes public: one line for each item, good or not yet."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from flask import url_for
from flask_babel import gettext as _

from archive import thai
from archive.model import (
    Announcement,
    Attachment,
    DocumentKind,
    HoldReason,
    LocatedPersonalData,
    ReadingStatus,
    Status,
)
from archive.privacy import COVER
from archive.suggested_fields import (
    NAMES_IN_DOCUMENTS,
    fields_as_in_new_draft,
    is_day_of_draft_unconfirmed,
    is_made_by_device,
    is_meaningless_label,
    is_meaningless_title,
    is_name_of_file,
    names_of_unconfirmed_values,
    stated_subject_or_title,
    with_values_of_documents,
)
from web import labels, template_filters
from web.bootstrap import services
from web.staff import relation_forms
from web.staff.attachments_for_staff import (
    AttachmentForStaff,
    SuggestedFormValues,
    displayed_title,
    has_doubtful_document_field,
    suggested_form_values,
    upcoming_closing_day,
)
from web.staff.near_duplicates import NearDuplicateAnnouncement, find_near_duplicate


class BulkPublishEffect(StrEnum):
    """The effect of a line in a bulk: GOOD and DOUBTFUL publish, TO_CONFIRM if ticked, BLOCKING never."""

    GOOD = "good"
    DOUBTFUL = "doubtful"  # published as it is
    TO_CONFIRM = "to-confirm"  # published only where a person ticks it knowingly
    BLOCKING = "blocking"  # stays a draft: it must be put right, or decided for this record alone


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist: name, value, effect and remark, and the address that puts it right.

    ``note``: sentence that holds whatever the effect.
    """

    name: str
    value: str
    effect: BulkPublishEffect
    remark: str
    place: str
    field: str = ""  # name of the field, where the line is about title, date, kind or author
    note: str = ""

    @property
    def is_good(self) -> bool:
        """True where nothing has to be looked at."""
        return self.effect is BulkPublishEffect.GOOD


def publication_checks(
    announcement: Announcement,
    papers: Sequence[AttachmentForStaff],
    finds: Sequence[LocatedPersonalData],
) -> list[Check]:
    """Returns the lines for an announcement, its attachments and finds of personal data, in order.

    Fields that nobody gave, and that the documents state, are shown as publication fills them.
    """
    suggested = suggested_form_values(announcement, papers)
    stated, given = suggested.fields, announcement
    stated_anew = services().commands.publication.fields_stated_anew(announcement.id)
    attachments = [paper.attachment for paper in papers]
    if given.status is Status.DRAFT:
        announcement, attachments = with_values_of_documents(given, attachments)

    place = partial(_place, announcement.id)
    return [
        *_status(announcement),
        _privacy(announcement, papers, finds),
        _title(given, papers, suggested, place("title"), stated_anew),
        _author(announcement, stated.get("author"), place("author")),
        _dated(announcement, papers, stated.get("published_on"), place("published_on")),
        _kind(announcement, stated.get("kind"), place("kind")),
        *_closing_day(announcement, place("expires_on")),
        _check(_("หมวด"), announcement.category, place("category"), None, _("ยังไม่ได้เลือกหมวด")),
        _relations(announcement),
        *_near_duplicate(announcement, papers),
        _attachments(announcement, papers),
        *_labels(papers, attachments),
        *_elsewhere(papers),
    ]


def doubts_after_publication(announcement: Announcement, papers: Sequence[AttachmentForStaff]) -> list[Check]:
    """Returns the lines for what is in doubt on a published announcement; none for any other one.

    These are the values that the worker filled in when it published, or that a new file or a corrected
    page states otherwise, and that nobody has saved since, the day of the draft where it found no date, a
    title that is the name of a file or was covered, and labels as in the checklist before publication.
    """
    if announcement.status is not Status.PUBLISHED:
        return []
    changes = services().history.entries(announcement.id)
    unconfirmed = names_of_unconfirmed_values(changes)
    attachments = [paper.attachment for paper in papers]
    stated_anew = services().commands.publication.fields_stated_anew(announcement.id)
    values = {
        "title": announcement.title,
        "published_on": template_filters.day(announcement.published_on),
        "kind": labels.kind_name(announcement.kind),
        "author": announcement.author,
    }
    named = dict(labels.field_names(values))

    place = partial(_place, announcement.id)
    title = _title(announcement, papers, SuggestedFormValues(), place("title"), stated_anew)
    remarks = {name: _filled_remark(papers, name) for name in values if name in unconfirmed}
    remarks |= {name: _said_anew(name, value) for name, value in stated_anew.items()}
    is_day_of_draft = "published_on" in fields_as_in_new_draft(announcement)
    if is_day_of_draft and (remarks or is_day_of_draft_unconfirmed(announcement, attachments, changes)):
        remarks.setdefault("published_on", _no_date_found())
    filled = [
        Check(named[name], value, BulkPublishEffect.DOUBTFUL, remarks[name], place(name))
        for name, value in values.items()
        if name in remarks and (name != "title" or title.is_good)
    ]
    doubtful_labels = [each for each in _labels(papers, attachments) if not each.is_good]
    return [*([] if title.is_good else [title]), *filled, *doubtful_labels]


def _place(announcement_id: int, anchor: str) -> str:
    """Returns the address of a part of an announcement's form."""
    return url_for("staff.edit", announcement_id=announcement_id, _anchor=anchor)


def _filled_remark(papers: Sequence[AttachmentForStaff], field: str) -> str:
    remark = str(_("ระบบเติมให้ กรุณาตรวจ"))
    source = next((paper.attachment for paper in papers if stated_subject_or_title(paper.attachment)), None)
    if source and has_doubtful_document_field(source, NAMES_IN_DOCUMENTS.get(field, field)):
        remark += " · " + _("อ่านได้ไม่ชัด กรุณาตรวจ")
    return remark


def _effect(remark: str) -> BulkPublishEffect:
    return BulkPublishEffect.DOUBTFUL if remark else BulkPublishEffect.GOOD


def _status(announcement: Announcement) -> list[Check]:
    """Returns the line for a record that is no draft; none for a draft."""
    if announcement.status is Status.DRAFT:
        return []
    place = url_for("staff.edit", announcement_id=announcement.id)
    name = labels.status_name(announcement.status)
    return [Check(_("สถานะ"), name, BulkPublishEffect.BLOCKING, _("ไม่ใช่ฉบับร่าง"), place)]


def _check(name: str, value: str, place: str, stated: object, remark: str) -> Check:
    said = f"{remark} · {_said_by_paper(stated)}" if stated and not value else remark
    return Check(name, value or "–", _effect("" if value else said), "" if value else said, place)


def _said_by_paper(stated: object) -> str:
    return str(_("เอกสารระบุว่า %(stated)s", stated=stated))


def _said_anew(field: str, stated: object) -> str:
    if stated is None:
        return str(_("ไฟล์ใหม่ไม่ได้ระบุ ค่านี้มีอยู่ก่อนเปลี่ยนไฟล์ กรุณาตรวจ"))
    [(_name, value)] = template_filters.field_values({field: stated})
    return _said_by_paper(value)


def _title(
    announcement: Announcement,
    papers: Sequence[AttachmentForStaff],
    suggested: SuggestedFormValues,
    place: str,
    stated_anew: Mapping[str, object],
) -> Check:
    """Returns the line for the title. ``stated_anew``: see ``archive.suggested_fields``."""
    name, title = _("เรื่อง"), announcement.title
    attachments = [paper.attachment for paper in papers]
    is_meaningless = is_meaningless_title(title, attachments)
    if COVER in title:
        remark = _("ชื่อเรื่องมีแถบปิดข้อมูลอยู่ กรุณาพิมพ์ชื่อเรื่องให้ครบโดยไม่มีข้อมูลที่ปิด")
        return Check(name, title, BulkPublishEffect.TO_CONFIRM, remark, place, field="title")
    if "title" in suggested.prefilled_fields and (not title or is_meaningless):
        read = str(suggested.fields["title"])
        remark = _("ชื่อเรื่องเป็นชื่อไฟล์ จะใช้ชื่อที่อ่านจากเอกสารแทน กรุณาตรวจ") if title else _("ระบบเติมให้ กรุณาตรวจ")
        return Check(name, read, BulkPublishEffect.TO_CONFIRM, remark, place, field="title")
    if title and not is_name_of_file(title, attachments) and not is_meaningless:
        remarks = [_said_anew("title", stated_anew["title"])] if "title" in stated_anew else []
        if announcement.status is Status.DRAFT and is_made_by_device(title):  # whoever published it saw this
            remarks.insert(0, str(_("ดูเหมือนชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ")))
        remark = " · ".join(remarks)
        effect = BulkPublishEffect.TO_CONFIRM if remark else BulkPublishEffect.GOOD
        return Check(name, title, effect, remark, place, field="title")
    remark = _("ชื่อเรื่องเป็นชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ") if title else _("ยังไม่มีชื่อเรื่อง")
    is_title_enough = title and not is_meaningless
    effect = (
        BulkPublishEffect.TO_CONFIRM
        if is_title_enough or suggested.is_title_awaited
        else BulkPublishEffect.BLOCKING
    )
    return Check(name, title or "–", effect, remark, place, field="title")


def _author(announcement: Announcement, stated: object, place: str) -> Check:
    """Returns the line for the division that announces; a person's sign-in name is none."""
    remark = _("ยังไม่ได้ระบุผู้ประกาศ")
    signs_in = announcement.author in {each.name for each in services().people.accounts.everyone()}
    if announcement.author and signs_in:
        remark = _("ผู้ประกาศเป็นชื่อผู้ใช้ ควรเป็นสำนักหรือกอง")
        remark += f" · {_said_by_paper(stated)}" if stated else ""
        return Check(
            _("ผู้ประกาศ"), announcement.author, BulkPublishEffect.DOUBTFUL, remark, place, field="author"
        )
    check = _check(_("ผู้ประกาศ"), announcement.author, place, stated, remark)
    return dataclasses.replace(check, field="author")


def _dated(
    announcement: Announcement, papers: Sequence[AttachmentForStaff], stated: object, place: str
) -> Check:
    """Returns the line for the date, which is in doubt while it is only the day of the draft."""
    effect, remark = BulkPublishEffect.GOOD, ""
    if isinstance(stated, dt.date) and stated != announcement.published_on:
        effect = BulkPublishEffect.DOUBTFUL
        remark = _("วันที่ในเอกสาร: %(day)s", day=template_filters.day(stated))
    elif stated is None and papers and "published_on" in fields_as_in_new_draft(announcement):
        if _any_unread(papers):
            effect = BulkPublishEffect.DOUBTFUL
            remark = _("เอกสารยังแปลงข้อความไม่เสร็จ ถ้าในนั้นไม่มีวันที่ จะใช้วันที่สร้างฉบับร่างนี้")
        else:
            effect, remark = BulkPublishEffect.TO_CONFIRM, _no_date_found()
    day = template_filters.day(announcement.published_on)
    return Check(_("วันที่ประกาศ"), day, effect, remark, place, field="published_on")


def _closing_day(announcement: Announcement, place: str) -> list[Check]:
    """Returns the line for the closing day; none where no day is given, and the text states none to come."""
    name, given = _("หมดเขต"), announcement.expires_on
    if given is not None:
        return [Check(name, template_filters.day(given), BulkPublishEffect.GOOD, "", place)]
    stated = upcoming_closing_day(announcement)
    if stated is None:
        return []
    remark = _("ข้อความระบุว่า %(day)s", day=template_filters.day(stated))
    return [Check(name, "–", BulkPublishEffect.DOUBTFUL, remark, place)]


def _no_date_found() -> str:
    return str(_("ระบบอ่านวันที่ในเอกสารไม่ได้ จึงใช้วันที่สร้างฉบับร่าง กรุณาตรวจกับเอกสาร"))


def _any_unread(papers: Sequence[AttachmentForStaff]) -> bool:
    return any(paper.attachment.is_reading_pending for paper in papers)


def _kind(announcement: Announcement, stated: object, place: str) -> Check:
    remark = ""
    if isinstance(stated, DocumentKind) and stated is not announcement.kind:
        remark = _said_by_paper(labels.kind_name(stated))
    kind = labels.kind_name(announcement.kind)
    return Check(_("ประเภท"), kind, _effect(remark), remark, place, field="kind")


def _relations(announcement: Announcement) -> Check:
    found = relation_forms.relation_form(announcement)
    value = ", ".join(f"{labels.relation_name(kind)} {other.title}" for kind, other in found.changes)
    remark = ""
    if found.suggested:
        remark = _("ข้อความกล่าวถึงประกาศอื่น %(count)s ฉบับที่ยังไม่ได้ยืนยัน", count=len(found.suggested))
    place = _place(announcement.id, "relations")
    return Check(_("ประกาศที่เกี่ยวข้อง"), value or "–", _effect(remark), remark, place)


def _near_duplicate(announcement: Announcement, papers: Sequence[AttachmentForStaff]) -> list[Check]:
    """Returns the line for an announcement with nearly the same text.

    There is none for an announcement that has one of the files, which has a line of its own.
    """
    found = find_near_duplicate(announcement)
    if found is None or found.other.id in {
        other.id for paper in papers for other in paper.announcements_with_same_file
    }:
        return []
    place = url_for(
        "near_duplicates.compare_near_duplicates", announcement_id=announcement.id, other_id=found.other.id
    )
    return [
        Check(
            _("ประกาศที่คล้ายกัน"),
            displayed_title(found.other),
            BulkPublishEffect.TO_CONFIRM,
            describe_near_duplicate(found),
            place,
        )
    ]


def describe_near_duplicate(near_duplicate: NearDuplicateAnnouncement) -> str:
    """Returns a sentence on a near duplicate: its year, or that it is a draft, and how many lines differ."""
    if near_duplicate.other.status is Status.DRAFT:
        if not near_duplicate.lines_changed:
            return str(_("ข้อความเหมือนกันทุกบรรทัดกับฉบับร่างอีกเรื่อง อาจทำซ้ำ"))
        return str(_("เหมือนฉบับร่างอีกเรื่อง ต่างกัน %(count)s บรรทัด", count=near_duplicate.lines_changed))
    year = thai.buddhist_year(near_duplicate.other.published_on)
    if not near_duplicate.lines_changed:
        return str(_("ข้อความเหมือนกันทุกบรรทัดกับประกาศปี %(year)s", year=year))
    return str(
        _("เหมือนประกาศปี %(year)s ต่างกัน %(count)s บรรทัด", year=year, count=near_duplicate.lines_changed)
    )


def _attachments(announcement: Announcement, papers: Sequence[AttachmentForStaff]) -> Check:
    unread = [each.attachment for each in papers if each.attachment.is_reading_pending]
    failed = [each.attachment for each in papers if each.attachment.status is ReadingStatus.FAILED]
    remarks = []
    if not papers and not announcement.body.strip():
        remarks.append(_("ไม่มีทั้งไฟล์และข้อความ ประชาชนจะเห็นเพียงชื่อเรื่อง"))
    if unread:
        remarks.append(_("ยังแปลงข้อความไม่เสร็จ %(count)s ไฟล์", count=len(unread)))
    if failed:
        remarks.append(_("แปลงข้อความไม่ได้ %(count)s ไฟล์ ประชาชนเห็นเมื่อมีผู้พิจารณา", count=len(failed)))
    anchor = next((f"attachment-{each.id}" for each in (*failed, *unread)), "papers")
    place = _place(announcement.id, anchor)
    count, remark = _("%(count)s ไฟล์", count=len(papers)), " · ".join(remarks)
    return Check(_("เอกสารแนบ"), count, _effect(remark), remark, place)


def _labels(papers: Sequence[AttachmentForStaff], attachments: Sequence[Attachment]) -> list[Check]:
    """Returns a line for each label that is in doubt, or else one line for all labels; none without papers.

    ``attachments``: those of the papers, with the labels that publication gives them.
    """
    published = {each.id: each.label for each in attachments}
    times = Counter(published.values())
    doubtful = []
    for number, paper in enumerate(papers, start=1):
        label = published[paper.attachment.id]
        remark = " · ".join(_label_remarks(paper, label, is_repeated=times[label] > 1))
        if remark:
            announcement_id, anchor = paper.attachment.announcement_id, f"label-{paper.attachment.id}"
            place = _place(announcement_id, anchor)
            name = _("ชื่อเอกสารที่ %(number)s", number=number)
            doubtful.append(Check(name, label, BulkPublishEffect.DOUBTFUL, remark, place))
    if doubtful or not papers:
        return doubtful
    place = _place(papers[0].attachment.announcement_id, "papers")
    said = papers[0].label if len(papers) == 1 else str(_("%(count)s ชื่อ", count=len(papers)))
    return [Check(_("ชื่อเอกสาร"), said, BulkPublishEffect.GOOD, "", place)]


def _label_remarks(paper: AttachmentForStaff, label: str, *, is_repeated: bool) -> list[str]:
    """Returns what is in doubt about the label with which an attachment would be published."""
    remarks = []
    if paper.earlier_label:
        remarks.append(_("ชื่อนี้มาจากไฟล์ก่อนหน้า"))
    elif label != paper.attachment.label:
        remarks.append(_("ระบบเติมให้ กรุณาตรวจ"))
    elif is_meaningless_label(paper.attachment):  # also while another is suggested that nobody saved
        remarks.append(_("ดูเหมือนชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ"))
    if paper.is_label_doubtful and label == paper.label:
        remarks.append(_("อ่านได้ไม่ชัด กรุณาตรวจ"))
    if COVER in label:
        remarks.append(_("มีแถบปิดข้อมูลอยู่ในชื่อ"))
    if is_repeated:
        remarks.append(_("ชื่อซ้ำกับเอกสารอื่นในประกาศนี้"))
    if remarks and paper.is_label_guessed and label != paper.label:
        remarks.append(_said_by_paper(paper.label))
    return remarks


def _elsewhere(papers: Sequence[AttachmentForStaff]) -> list[Check]:
    """Returns a line for each other announcement that has one of the files."""
    remark = _("ไฟล์เดียวกันนี้อยู่ในประกาศอื่นแล้ว")
    return [
        Check(
            paper.attachment.filename,
            displayed_title(other),
            BulkPublishEffect.TO_CONFIRM,
            remark,
            url_for("staff.edit", announcement_id=other.id),
        )
        for paper in papers
        for other in paper.announcements_with_same_file
    ]


def _privacy(
    announcement: Announcement,
    papers: Sequence[AttachmentForStaff],
    found: Sequence[LocatedPersonalData],
) -> Check:
    """Returns the line for personal data. A file stays held after its text alone was corrected."""
    held = [paper.attachment for paper in papers if paper.attachment.hold is HoldReason.PERSONAL_DATA]
    effect, remark, place = BulkPublishEffect.GOOD, "", ""
    if found:
        effect, remark = BulkPublishEffect.BLOCKING, _("ต้องปิดข้อมูลหรือแก้ออก หรือระบุเหตุผลที่เผยแพร่")
        place = url_for("staff.publish", announcement_id=announcement.id, _anchor="finds")
    elif held:
        effect, remark = BulkPublishEffect.BLOCKING, _("พบในเอกสารแนบ ต้องปิดข้อมูลหรือพิจารณาก่อน")
        place = url_for("staff.review_attachment", attachment_id=held[0].id)
    elif _any_unread(papers):
        effect, remark = (
            BulkPublishEffect.DOUBTFUL,
            _("ไฟล์ที่ยังแปลงไม่เสร็จยังไม่ได้ตรวจ ประชาชนจะยังไม่เห็นไฟล์นั้น"),
        )
    count, covers = len(found) or len(held), _count_covers(papers)
    if count:
        value = _("พบ %(count)s แห่ง", count=count)
    elif covers:
        value = _("ปิดข้อมูลในข้อความแล้ว %(count)s แห่ง", count=covers)
    elif any(paper.attachment.details.personal_data for paper in papers):
        value = _("พบในเอกสารแนบ พิจารณาแล้วให้เผยแพร่")
    else:
        value = _("ระบบไม่พบ")
    if covers and effect is BulkPublishEffect.GOOD:  # somebody saw that the paper has personal data
        effect, remark = BulkPublishEffect.DOUBTFUL, _("เปิดดูภาพทุกหน้าของสำเนาที่ปิดข้อมูลแล้ว อาจยังมีข้อมูลเหลืออยู่")
        copy = next(paper.attachment.id for paper in papers if paper.attachment.is_redacted)
        place = url_for("staff.review_attachment", attachment_id=copy, _anchor="copy")
    return Check(_("ข้อมูลส่วนบุคคล"), value, effect, remark, place, note=limits_of_personal_data_detection())


def limits_of_personal_data_detection() -> str:
    """Returns the sentence on the personal data that only a person can find."""
    return str(
        _(
            "ระบบหาพบเฉพาะเลขประจำตัวประชาชน หมายเลขโทรศัพท์ เลขบัญชีธนาคาร "
            "และบางรูปแบบของอีเมล ที่อยู่ วันเกิด และโรค "
            "นอกนั้นกรุณาตรวจดูเอง โดยเฉพาะชื่อบุคคลและข้อมูลสุขภาพ"
        )
    )


def _count_covers(papers: Sequence[AttachmentForStaff]) -> int:
    """Returns the number of places that were covered in the texts of redacted copies."""
    redacted = [paper.attachment.id for paper in papers if paper.attachment.is_redacted]
    return sum(page.text.count(COVER) for id in redacted for page in services().pages.by_attachment(id))
