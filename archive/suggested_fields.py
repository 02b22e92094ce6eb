"""Fields of an announcement as its attachments state them: title, kind, date and author."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from archive import thai, validation
from archive.changes import WORKER
from archive.errors import Invalid
from archive.fields import checked_fields
from archive.filetype import EXTENSIONS
from archive.model import (
    Announcement,
    Attachment,
    Change,
    DocumentKind,
    ExtractedField,
)
from archive.thai.characters import LETTERS_AND_SIGNS

NAMES_IN_DOCUMENTS = {"kind": "kind", "published_on": "date", "author": "from"}
"""Name of an announcement's field → name of the field that is read from a document."""

FILLED_FROM_DOCUMENTS = {"title", *NAMES_IN_DOCUMENTS}
"""Names of an announcement's fields that are filled from its documents."""


@dataclass(frozen=True, slots=True)
class SuggestedFields:
    """Checked values by field, the attachment that states them, and whether one is still awaited.

    ``fields``: the values by name. ``is_awaited``: True while an attachment that may state them is unread.
    ``source``: the attachment that states them.
    """

    fields: dict[str, object] = field(default_factory=dict)
    is_awaited: bool = False
    source: Attachment | None = None


def suggest_fields(attachments: Sequence[Attachment]) -> SuggestedFields:
    """Return what the first paper with a subject, else title, states; nothing while one before is unread."""
    titled = [each for each in attachments if stated_subject_or_title(each)]
    for attachment in attachments:
        if attachment.is_reading_pending:
            return SuggestedFields(is_awaited=True)
        if "subject" in attachment.details.fields:
            return SuggestedFields(_stated_by(attachment), source=attachment)
    return SuggestedFields(_stated_by(titled[0]), source=titled[0]) if titled else SuggestedFields()


def stated_subject_or_title(attachment: Attachment) -> ExtractedField | None:
    """Return the subject that was read from an attachment, or the title of a paper without a subject."""
    read = attachment.details.fields
    return read.get("subject") or read.get("title")


def fields_as_in_new_draft(announcement: Announcement, attachments: Sequence[Attachment] = ()) -> set[str]:
    """Return which of title, kind, published_on and author nobody gave: they are as in a new draft.

    A date counts as not given when it is the day on which the draft was made. A title that is the name of a
    file counts as not given; a kind counts as not given while the title does.
    """
    made_on = announcement.created_at.astimezone(thai.BANGKOK).date()
    is_titled = bool(announcement.title) and not is_meaningless_title(announcement.title, attachments)
    as_new: dict[str, object] = {
        "title": announcement.title if not is_titled else None,
        "kind": DocumentKind.ANNOUNCEMENT if not is_titled else None,
        "published_on": made_on,
        "author": "",
    }
    return {name for name, value in as_new.items() if getattr(announcement, name) == value}


def names_of_unconfirmed_values(changes: Sequence[Change]) -> set[str]:
    """Return the names, such as ``title`` or ``label-7``, of the worker's values that nobody confirmed.

    Nobody has set them since either. ``changes``: the history of an announcement, the latest last.
    ``label-7`` is the label of attachment 7.
    """
    names: set[str] = set()
    for change in changes:
        if change.action not in ("revise", "label", "confirm"):
            continue
        attachment_id = change.after.get("attachment_id")
        if change.action == "label" and attachment_id is None:
            continue  # an imported change of an attachment that did not come along
        given = (
            {f"label-{attachment_id}"}
            if attachment_id and "label" in change.after
            else FILLED_FROM_DOCUMENTS & change.after.keys()
        )
        names = names | given if change.actor == WORKER else names - given
    return names


def is_day_of_draft_unconfirmed(
    announcement: Announcement, attachments: Sequence[Attachment], changes: Sequence[Change]
) -> bool:
    """Return True where the worker published with the day of the draft, and nobody confirmed that date since.

    No document states another, and some were still to be read when a person decided on the publication.
    ``changes``: the history of the announcement, the latest last.
    """
    if not attachments or "published_on" not in fields_as_in_new_draft(announcement):
        return False
    is_awaited = is_unconfirmed = False
    for change in changes:
        if change.action == "publish":
            is_unconfirmed = change.actor == WORKER and is_awaited
        elif change.actor != WORKER and change.action in ("revise", "confirm"):
            if "publish_at" in change.after:
                at = change.after["publish_at"]
                is_awaited = at is not None and dt.datetime.fromisoformat(str(at)) <= change.at
            is_unconfirmed = is_unconfirmed and "published_on" not in change.after
    return is_unconfirmed


def fields_stated_anew(
    announcement: Announcement,
    attachments: Sequence[Attachment],
    replacements: Mapping[int, Attachment],
    changes: Sequence[Change],
) -> dict[str, object]:
    """Return, by name, what a new file or a corrected page states otherwise in fields nobody has set since.

    A field that a person has confirmed since is left out too. Of a page that was corrected or read again
    counts what the announcement took from its text before. None stands for what a new file does not state:
    the value may be that of the file before. ``replacements``: the file that waits to replace an
    attachment's, by the attachment's id. ``changes``: the history of the announcement, the latest last.
    """
    papers = [replacements.get(each.id, each) for each in attachments]
    stated = suggest_fields(papers)
    if stated.is_awaited or not papers:
        return {}
    source = stated.source or papers[0]
    ids = (source.id, source.replaces)
    names, left = set[str](), set[str]()
    for change in changes:
        if change.action == "replace" and change.before.get("attachment_id") in ids:
            names = set(stated.fields)
            left = (
                FILLED_FROM_DOCUMENTS - names - {"kind"} - fields_as_in_new_draft(announcement, attachments)
            )
        elif change.action in ("correct", "reread") and change.before.get("attachment_id") in ids:
            names |= _names_taken_from_text_before(announcement, change)
        elif change.action in ("revise", "confirm") and change.actor != WORKER:
            names, left = names - change.after.keys(), left - change.after.keys()
    return dict.fromkeys(left) | {
        name: value
        for name, value in stated.fields.items()
        if name in names and getattr(announcement, name) != value
    }


def _names_taken_from_text_before(announcement: Announcement, change: Change) -> set[str]:
    """Return the fields that have what a document stated before its text was changed, or nothing yet."""
    before, after = (side.get("fields", {}) for side in (change.before, change.after))
    if not isinstance(before, dict) or not isinstance(after, dict):
        return set()
    open_names = fields_as_in_new_draft(announcement)
    read_as = {**NAMES_IN_DOCUMENTS, "title": "subject" if "subject" in before else "title"}
    return {
        name
        for name, read in read_as.items()
        if str(getattr(announcement, name)) == before.get(read)
        or (read in after and read not in before and name in open_names)
    }


def with_values_of_documents(
    announcement: Announcement, attachments: Sequence[Attachment]
) -> tuple[Announcement, list[Attachment]]:
    """Return both as published: fields nobody gave filled, and file-name labels while nobody gave a title.

    While nobody has given a title, the form was not saved: nobody has looked at the labels either. Nor has
    anybody given the label of a redacted copy that is the name of its file, nor one that means nothing, such
    as ``DSC061`` of a photograph that was not read yet when the form was saved.
    """
    missing = fields_as_in_new_draft(announcement, attachments)
    stated = suggest_fields(attachments).fields
    given = {name: value for name, value in stated.items() if name in missing}
    labelled = [
        _with_stated_label(each) if "title" in missing or is_meaningless_label(each) else each
        for each in attachments
    ]
    return replace(announcement, **given), labelled  # type: ignore[arg-type]  # checked when they were read


def _with_stated_label(attachment: Attachment) -> Attachment:
    label, kind = suggested_label(attachment), attachment.kind
    if not label or not is_name_of_file(attachment.label, [attachment]):
        return attachment
    if kind is DocumentKind.OTHER and "kind" in attachment.details.fields:
        kind = DocumentKind(attachment.details.fields["kind"].value)
    return replace(attachment, label=label, kind=kind)


def suggested_title_unless_given(announcement: Announcement, attachments: Sequence[Attachment]) -> str:
    """Return the title that the attachments state while nobody has given one; "" otherwise."""
    if "title" not in fields_as_in_new_draft(announcement, attachments):
        return ""
    return str(suggest_fields(attachments).fields.get("title", ""))


def suggested_label(attachment: Attachment) -> str:
    """Return a label as a clerk would write it: kind, number and subject, or the title; else "".

    Return "" while neither is read. The label is in the document's language, whatever that of the page.
    """
    read = attachment.details.fields
    if "subject" not in read:
        return (
            validation.label_or_file_name(read["title"].value, attachment.filename) if "title" in read else ""
        )
    words = [DocumentKind(read["kind"].value).thai] if "kind" in read else []
    words += [f"ที่ {read['number'].value}"] if "number" in read else []
    words += [f"เรื่อง {read['subject'].value}"] if words else [read["subject"].value]
    return validation.label_or_file_name(" ".join(words), attachment.filename)


def document_number(attachment: Attachment) -> str:
    """Return a document's number as its label gives it, where a person may have corrected it, else as read.

    Return "" where neither has one. Only a label of the form that ``suggested_label`` gives tells the number,
    also with the issuer behind the kind: any other label may name the number of another document.
    """
    labelled = _SUGGESTED_LABEL.fullmatch(attachment.label)
    if labelled and labelled["number"]:
        return thai.arabic_digits(labelled["number"])
    read = attachment.details.fields.get("number")
    return read.value if read else ""


def document_named_after_title(attachments: Sequence[Attachment]) -> Attachment | None:
    """Return the document whose label follows a corrected title: the only one, where it states the title.

    Return None for several documents: each has a name of its own, whatever their announcement is called.
    """
    return suggest_fields(attachments).source if len(attachments) == 1 else None


def label_after_title_correction(label: str, title_before: str, title_after: str) -> str:
    """Return the label of ``document_named_after_title``, once the announcement's title was corrected.

    The title is corrected where it is the whole label, or the subject of a label that ``suggested_label``
    gives, also with the issuer behind the kind. Any other label is returned as it is, and so is one that
    would become too long. Numbers stay.
    """
    if not title_before:
        return label
    suggested = _SUGGESTED_LABEL.fullmatch(label)
    start = suggested.start("subject") if suggested and label != title_before else 0
    if label[start:] != title_before:
        return label
    corrected = label[:start] + title_after
    return corrected if len(corrected) <= validation.LONGEST_LABEL else label


def is_name_of_file(text: str, attachments: Sequence[Attachment]) -> bool:
    """Return True when a text is the title that a file's name gives: no extension, spaces for ``_``."""
    return text in {validation.label_or_file_name("", each.filename) for each in attachments}


def is_label_naming_earlier_file(attachment: Attachment, changes: Sequence[Change]) -> bool:
    """Return True while a label, given before a new file came, names the file before or its subject.

    ``changes``: the history of the announcement, the latest last. A label such as ``แบบคำร้อง``, which fits
    every file, is no such label, nor is one that somebody gave or confirmed after the file was replaced.
    """
    earlier: Mapping[str, object] | None = None
    for each in changes:
        if each.after.get("attachment_id") == attachment.id and each.action in ("replace", "confirm"):
            earlier = each.before if each.action == "replace" else None
    if earlier is None or earlier.get("label") != attachment.label:  # an erasure takes the label away
        return False
    is_file_name = attachment.label == validation.label_or_file_name("", str(earlier["filename"]))
    return is_file_name or bool(_OF_ONE_DOCUMENT.search(attachment.label))


def is_meaningless_title(title: str, attachments: Sequence[Attachment]) -> bool:
    """Return True for a title that ends like a file, or is a name of ``attachments`` without a Thai word.

    Such are ``12 doc.pdf``, and ``scan 0012`` for the attachment ``scan_0012.pdf``. The name of an attachment
    with a Thai word in it, such as ``ประกาศราคากลาง``, may be a title.
    """
    if PurePosixPath(title).suffix.lower() in EXTENSIONS:
        return True
    return is_name_of_file(title, attachments) and not _THAI_WORD.search(_SCANNERS_WORD.sub("", title))


def refuse_file_name_as_title(title: str, attachments: Sequence[Attachment] = ()) -> None:
    """Raise ``Invalid`` (code ``file-name``) for a title that ends like a file, or is as meaningless.

    ``attachments``: those whose names are refused too, as ``is_meaningless_title`` does; none where a program
    may have given the title, for it may name a file by its document's number.
    """
    if is_meaningless_title(validation.one_line(title), attachments):
        raise Invalid("ชื่อเรื่องเป็นชื่อไฟล์ กรุณาตั้งชื่อให้ประชาชนเข้าใจ", field="title", code="file-name")


def is_meaningless_label(attachment: Attachment) -> bool:
    """Return True when a label is meaningless as a title, or has only the signs that a device writes.

    So is the label of a redacted copy that is the name of its file, which only tells the kind.
    """
    label = attachment.label
    if attachment.is_redacted and is_name_of_file(label, [attachment]):
        return True
    if is_meaningless_title(label, [attachment]) or _HASH.search(label):
        return True
    return is_made_by_device(label)


def is_made_by_device(name: str) -> bool:
    """Return True for a name with the signs that a device writes and no Thai word: ``IMG_20230501_1022``."""
    is_thai = _THAI_WORD.search(_SCANNERS_WORD.sub("", name))
    return not is_thai and bool(_MADE_BY_DEVICE.search(name))


_KINDS = "|".join((*(re.escape(kind.thai) for kind in DocumentKind), "หนังสือ", "เทศบัญญัติ", "ข้อบัญญัติ", "ข้อบังคับ"))
_ISSUER = (  # a kind in it is another document's: …ยกเลิกคำสั่ง
    r"\s?(?:เทศบาล|องค์การ|สภา|คณะ|โรงเรียน|ศูนย์|กอง|สำนัก|อบต\.|อบจ\.)"
    rf"(?:(?!{_KINDS})\S)*(?:\s\d{{1,2}})?(?=\s)"
)
_SUGGESTED_LABEL = re.compile(
    rf"(?:(?:{_KINDS})(?:{_ISSUER})?)?"
    r"(?:(?:^|\s?)ที่\s(?P<number>(?:\S{1,10}\s)?\S{0,20}\d\S{0,20}(?:\s\d{1,6})?))?"
    r"(?:^|\s)เรื่อง\s(?P<subject>.+)"
)
_HASH = re.compile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE)  # such as 219521f3
_MADE_BY_DEVICE = re.compile(r"_|\d{8}|\b(?:scan|img|image|dsc|doc|camscanner)\w*[\s-]*\d", re.IGNORECASE)
_OF_ONE_DOCUMENT = re.compile(r"เรื่อง|\d")  # a subject, number, month or year
_SCANNERS_WORD = re.compile("สแกน|สำเนา")  # what scanners and file managers write before a number
_THAI_WORD = re.compile(f"[{LETTERS_AND_SIGNS}]{{3}}")


def _stated_by(attachment: Attachment) -> dict[str, object]:
    """Return the fields that were read and pass validation. A misread year, for example, is left out."""
    stated: dict[str, object] = {}
    read = {name: attachment.details.fields.get(read_as) for name, read_as in NAMES_IN_DOCUMENTS.items()}
    for name, found in {"title": stated_subject_or_title(attachment), **read}.items():
        if found:
            value: object = dt.date.fromisoformat(found.value) if name == "published_on" else found.value
            try:
                stated |= checked_fields({name: value})
            except Invalid:
                continue
    return stated
