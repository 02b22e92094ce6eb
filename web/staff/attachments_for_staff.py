"""An announcement's attachments as staff see them: how far each is read, and its suggested fields.

Fields that nobody has given are read from the documents: the form of a draft begins with the suggestions, and
saving the form confirms them. A name that residents already see is suggested anew only for a replaced file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from flask_babel import gettext

from archive import thai
from archive.closing_days import find_latest_closing_day
from archive.model import (
    Announcement,
    Attachment,
    Change,
    DocumentKind,
    HoldReason,
    ReadingStatus,
    ScanAdvice,
    Status,
)
from archive.privacy import undecided_finds
from archive.suggested_fields import (
    fields_as_in_new_draft,
    is_label_naming_earlier_file,
    is_meaningless_label,
    is_name_of_file,
    names_of_unconfirmed_values,
    stated_subject_or_title,
    suggest_fields,
    suggested_label,
    suggested_title_unless_given,
)
from indexer.extraction.scan_advice import MESSAGES, page_advice
from web import template_filters
from web.bootstrap import services
from web.staff.form_fingerprints import file_fingerprint

MOST_PAGES_NAMED = 5  # in one advice; “…” stands for the others
UNSURE = 0.8  # confidence (0 to 1) below which a person is asked to look at a value before confirming it


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentForStaff:
    """One attachment in the form. ``label`` and ``kind`` are the first values of its fields."""

    attachment: Attachment
    label: str
    kind: DocumentKind
    is_label_guessed: bool  # the label was read from the document, not yet confirmed
    is_label_doubtful: bool  # as read from the document, hard to read, and confirmed by nobody
    is_meaningless_label: bool  # the label is a file's name, and no other is filled in
    earlier_label: str  # label that names a file before the present one; "" when the label fits the file
    stated_label: str  # label stated by the document, where a person gave another; "" when none
    pages_read: int  # while the attachment is being read; else 0
    announcements_with_same_file: tuple[Announcement, ...]  # without the attachment's own
    fingerprint: str  # of the file that a person checks: the replacement, or else the attachment's own
    replacement: Attachment | None = None  # a new file that waits to replace this one, which residents see
    has_public_finds: bool = False  # residents see it, although personal data in it is undecided
    is_number_unread: bool = False  # a paper of a kind that bears a number, of which none was read or typed


_NUMBERED = (DocumentKind.LETTER, DocumentKind.MEMO, DocumentKind.STAMPED, DocumentKind.ORDER)
_NUMBER = re.compile(r"\d\s?/")  # in a label that a person gave


@dataclass(frozen=True, slots=True)
class SuggestedFormValues:
    """The fields that documents state of their announcement, and which of these fill a draft's form.

    ``prefilled_fields``: names of those that nobody has given, and with which the form of a draft begins.
    """

    fields: dict[str, object] = field(default_factory=dict)
    prefilled_fields: frozenset[str] = frozenset()
    is_title_awaited: bool = False  # nobody has given a title, and the documents are not read yet


def attachments_for_staff(announcement: Announcement) -> list[AttachmentForStaff]:
    """Returns the announcement's attachments in order of position."""
    attachments = services().attachments.by_announcement([announcement.id]).get(announcement.id, [])
    draft = announcement.status is Status.DRAFT
    changes = services().history.entries(announcement.id) if attachments else []
    unconfirmed = names_of_unconfirmed_values(changes)
    replacements = services().attachments.replacements(each.id for each in attachments)
    return [
        _paper(
            each,
            replacements.get(each.id),
            is_unseen=draft or each.hold is HoldReason.UNCONFIRMED,
            is_public=announcement.status is Status.PUBLISHED and each.hold is None,
            is_label_earlier=is_label_naming_earlier_file(each, changes),
            is_label_unconfirmed=f"label-{each.id}" in unconfirmed,
        )
        for each in attachments
    ]


def first_drawable_attachment(papers: Sequence[AttachmentForStaff]) -> Attachment | None:
    """Returns the first attachment whose pages can be drawn; None while there is none."""
    attachments = (paper.attachment for paper in papers)
    return next(
        (each for each in attachments if each.page_count and template_filters.is_drawable(each)), None
    )


def suggested_form_values(
    announcement: Announcement, papers: Sequence[AttachmentForStaff]
) -> SuggestedFormValues:
    """Returns the fields that the documents suggest for a draft; nothing for any other announcement.

    They come from the first document that states its subject, once all documents before it are read.
    """
    if announcement.status is not Status.DRAFT:
        return SuggestedFormValues()
    attachments = [paper.attachment for paper in papers]
    missing = fields_as_in_new_draft(announcement)
    if is_name_of_file(announcement.title, attachments):
        missing |= {"title", "kind"}
    stated = suggest_fields(attachments)
    return SuggestedFormValues(
        stated.fields, frozenset(missing & stated.fields.keys()), stated.is_awaited and "title" in missing
    )


def unsaved_prefilled_values(announcement: Announcement) -> dict[str, object]:
    """Returns what the system fills into the form, ``label-7`` and ``kind-7`` too; nobody saved it yet."""
    papers = attachments_for_staff(announcement)
    suggested = suggested_form_values(announcement, papers)
    values = {name: suggested.fields[name] for name in suggested.prefilled_fields}
    for paper in papers:
        if paper.is_label_guessed:
            values[f"label-{paper.attachment.id}"] = paper.label
        if paper.kind is not paper.attachment.kind:
            values[f"kind-{paper.attachment.id}"] = paper.kind
    return values


def displayed_title(announcement: Announcement, attachments: Sequence[Attachment] | None = None) -> str:
    """Returns the title for staff's pages; a draft's suggested title is marked as such, else a file is named.

    A draft without title, or titled by a file's name, has the title that its documents suggest, which is
    marked as such; without a suggestion it is named by its first file, and whether that is still read.
    ``attachments``: those of the announcement; read here where needed, unless given.
    """
    if announcement.status is not Status.DRAFT and announcement.title:
        return announcement.title
    if attachments is None:
        attachments = services().attachments.by_announcement([announcement.id]).get(announcement.id, [])
    if suggested := suggested_title_unless_given(announcement, attachments):
        return str(gettext("%(title)s (ชื่อที่ระบบเสนอ)", title=suggested))
    if announcement.title or not attachments:
        return announcement.title or str(gettext("(ยังไม่มีชื่อเรื่อง)"))
    is_unread = any(each.is_reading_pending for each in attachments)
    said = gettext("กำลังแปลงข้อความ") if is_unread else gettext("ยังไม่มีชื่อเรื่อง")
    return f"({said}) {attachments[0].filename}"


def proposed_values(announcement: Announcement, attachments: Sequence[Attachment]) -> dict[str, object]:
    """Returns, by name, what publication fills from the attachments into a draft where nobody gave it."""
    if announcement.status is not Status.DRAFT:
        return {}
    missing = fields_as_in_new_draft(announcement, attachments)
    return {name: value for name, value in suggest_fields(attachments).fields.items() if name in missing}


def moves_of_attachments(change: Change) -> list[tuple[str, int, int]]:
    """Returns the attachments that a change of the order moved: label, places before and after, from 1."""
    before, after = (
        [int(str(each)) for each in _ids_in_order(side)] for side in (change.before, change.after)
    )
    kept = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stayed = {before[at] for block in kept for at in range(block.a, block.a + block.size)}
    id = change.announcement_id or 0
    known = [*services().attachments.by_announcement([id])[id], *services().attachments.detached(id)]
    names = {each.id: attachment_label(each) for each in known}
    return [
        (names.get(each, f"#{each}"), before.index(each) + 1, after.index(each) + 1)
        for each in after
        if each in before and each not in stayed
    ]


def _ids_in_order(side: Mapping[str, object]) -> list[object]:
    order = side.get("order", [])
    return order if isinstance(order, list) else []


def attachment_label(attachment: Attachment) -> str:
    """Returns the label; for a meaningless one what the document states, else the announcement's title."""
    if not is_meaningless_label(attachment):
        return attachment.label
    return suggested_label(attachment) or displayed_title(
        services().announcements.get(attachment.announcement_id)
    )


def when_residents_see_file(attachment: Attachment) -> str:
    """Returns a sentence on when residents will see the file that was just given to an attachment."""
    announcement = services().announcements.get(attachment.announcement_id)
    if announcement.status is Status.PUBLISHED and attachment.hold is HoldReason.UNCONFIRMED:
        return str(gettext("ประชาชนจะเห็นไฟล์นี้เมื่อคุณตรวจแล้วกด “เผยแพร่เอกสารนี้”"))
    if announcement.status is Status.PUBLISHED:
        return str(gettext("ประชาชนจะเห็นไฟล์นี้เมื่อแปลงข้อความเสร็จ หากไม่พบข้อมูลส่วนบุคคล"))
    return str(gettext("ประชาชนจะเห็นไฟล์นี้เมื่อเผยแพร่ประกาศ"))


def body_and_page_lines(announcement: Announcement) -> str:
    """Returns the text of an announcement and its pages, a line for each line that is not blank."""
    attachments = services().attachments.by_announcement([announcement.id]).get(announcement.id, [])
    texts = services().pages.texts_by_attachment(each.id for each in attachments)
    parts = [announcement.body, *(text for each in attachments for _number, text in texts[each.id])]
    lines = (line.strip() for part in parts for line in part.split("\n"))
    return "\n".join(filter(None, lines))


def upcoming_closing_day(announcement: Announcement) -> dt.date | None:
    """Returns the closing day to come that the announcement's text states; None without one."""
    today = thai.today()
    return find_latest_closing_day(body_and_page_lines(announcement), after=today)


def _paper(
    attachment: Attachment,
    replacement: Attachment | None,
    *,
    is_unseen: bool,
    is_public: bool,
    is_label_earlier: bool,
    is_label_unconfirmed: bool,
) -> AttachmentForStaff:
    read = attachment.details.fields
    label = suggested_label(replacement or attachment)
    is_label_earlier = is_label_earlier and label != attachment.label
    is_guessed = bool(label) and (
        is_label_earlier or (is_name_of_file(attachment.label, [attachment]) and is_unseen)
    )
    is_kind_open = is_label_earlier or (is_unseen and attachment.kind is DocumentKind.OTHER)
    fills_kind = is_kind_open and "kind" in read
    kind = DocumentKind(read["kind"].value) if fills_kind else attachment.kind
    shown = label if is_guessed else attachment.label
    return AttachmentForStaff(
        attachment=attachment,
        label=shown,
        kind=kind,
        is_label_guessed=is_guessed,
        is_meaningless_label=not is_guessed
        and not attachment.is_reading_pending
        and is_meaningless_label(attachment),
        earlier_label=attachment.label if is_label_earlier else "",
        is_label_doubtful=shown == label
        and (is_guessed or is_label_unconfirmed)
        and has_doubtful_document_field(attachment, "title", "number"),
        stated_label=label if not is_guessed and label != attachment.label else "",
        pages_read=_pages_read(attachment),
        fingerprint=file_fingerprint(replacement or attachment),
        announcements_with_same_file=_announcements_with_same_file(attachment),
        replacement=replacement,
        has_public_finds=is_public and bool(undecided_finds(attachment)),
        is_number_unread=is_unseen
        and "kind" in read
        and read["kind"].value in _NUMBERED
        and not ("number" in read or _NUMBER.search(shown)),
    )


def has_doubtful_document_field(attachment: Attachment, *names_in_document: str) -> bool:
    """Returns True where a field that the document states, such as ``date``, was hard to read.

    ``names_in_document``: the fields to look at, by their names in documents; one that the document does not
    state is not doubtful. ``title``: its subject, or its title where it has no subject.
    """
    read = dict(attachment.details.fields)
    if title := stated_subject_or_title(attachment):
        read["title"] = title
    return any(read[name].confidence < UNSURE for name in names_in_document if name in read)


def scan_advice_sentences(attachment: Attachment) -> list[str]:
    """Returns sentences on how a file was read; while it is read, on the pages read so far.

    Pages that a person has corrected or found right are left out.
    """
    advice: Iterable[ScanAdvice] = attachment.details.advice
    if attachment.status is ReadingStatus.READING:
        advice = page_advice(services().pages.by_attachment(attachment.id))
    elif any(each.pages for each in attachment.details.advice):
        pages = services().pages.by_attachment(attachment.id)
        advice = _advice_on_others(
            attachment.details.advice, {page.number for page in pages if page.corrected}
        )
    return [_advice_text(each) for each in advice]


def _advice_on_others(advice: Iterable[ScanAdvice], checked: Container[int]) -> Iterator[ScanAdvice]:
    """Yields the advice without the pages that are ``checked``, and none that is on these alone."""
    for each in advice:
        left = tuple(number for number in each.pages if number not in checked)
        if left or not each.pages:
            yield replace(each, pages=left)


def _advice_text(advice: ScanAdvice) -> str:
    """Returns the advice as a sentence in the reader's language; of many pages the first are named."""
    pages = ", ".join(map(str, advice.pages[:MOST_PAGES_NAMED]))
    if len(advice.pages) > MOST_PAGES_NAMED:
        pages += " …"
    return str(gettext(MESSAGES[advice.code], pages=pages))


def _pages_read(attachment: Attachment) -> int:
    if attachment.status is not ReadingStatus.READING:
        return 0
    return len(services().pages.texts_by_attachment([attachment.id]).get(attachment.id, []))


def _announcements_with_same_file(attachment: Attachment) -> tuple[Announcement, ...]:
    others = services().attachments.with_file(attachment.sha256)
    ids = {each.announcement_id for each in others} - {attachment.announcement_id}
    return tuple(services().announcements.get_many(ids).values())
