"""Sentences for staff on what residents see once changes of the history are undone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from flask_babel import gettext as _

from archive import thai
from archive.errors import gettext_noop
from archive.fields import FIELDS_BY_NAME
from archive.model import Announcement, Attachment, Change, Status
from archive.undo import Undo, restored_publication_time
from web import labels, template_filters
from web.bootstrap import services
from web.staff.attachments_for_staff import displayed_title

_OF_STATUS = {
    ("publish", Status.PUBLISHED): gettext_noop("กลับเป็นฉบับร่าง ประชาชนจะเปิดเรื่องเหล่านี้ไม่ได้อีก (ขึ้นว่าไม่พบหน้านี้)"),
    ("create", Status.DRAFT): gettext_noop("ย้ายลงถังขยะ และจะไม่อยู่ในรายการงาน กู้คืนได้จากถังขยะ"),
    ("withdraw", Status.WITHDRAWN): gettext_noop("เผยแพร่อีกครั้ง ประชาชนจะเห็นเรื่องเหล่านี้"),
}
"""Action of a change and status of its record now → sentence on the record once the change is undone."""

_DISCLOSURE = gettext_noop("หน้าข้อมูลข่าวสารที่ต้องเปิดเผยซึ่งประชาชนเห็นกลับเป็นอย่างเดิม")
_LONGEST_VALUE = 100  # letters of a field's value in a sentence


def undo_consequences(changes: Sequence[Change]) -> list[tuple[str, list[str]]]:
    """Returns sentences on what an undo changes for residents, or trashes, each with its records' titles.

    One change is told in detail, several by their kind. Of a record whose status goes back nothing else is
    told: residents see none of it, or all of it.
    """
    known = services().announcements.get_many(
        {each.announcement_id for each in changes if each.announcement_id}
    )
    with_status = {
        change.announcement_id
        for change in changes
        if (record := known.get(change.announcement_id or 0)) and _of_status(change, record.status)
    }
    concerned: dict[str, dict[str, None]] = defaultdict(dict)
    for change in changes:
        if change.collection_id:
            title = services().collections.get(change.collection_id).title
            concerned[str(_("หน้าชุดประกาศที่ประชาชนเห็นกลับเป็นอย่างเดิม"))][title] = None
        if change.disclosure_item_id:
            title = str(change.after.get("title") or change.before.get("title") or change.after["item"])
            concerned[str(_(_DISCLOSURE))][title] = None
        announcement = known.get(change.announcement_id or 0)
        if announcement is None:
            continue
        sentences = _sentences(
            change, announcement, is_one=len(changes) == 1, is_of_status=announcement.id in with_status
        )
        for sentence in sentences:
            concerned[sentence][displayed_title(known[change.announcement_id or 0])] = None
    return [(sentence, list(titles)) for sentence, titles in concerned.items()]


def _sentences(change: Change, announcement: Announcement, *, is_one: bool, is_of_status: bool) -> list[str]:
    of_status = _of_status(change, announcement.status)
    if is_of_status:
        return [str(_(of_status))] if of_status else []
    if announcement.status is Status.DRAFT:
        return list(_of_schedule(change))
    if announcement.status is not Status.PUBLISHED or change.action not in _OF_PUBLISHED:
        return []
    found = list(_OF_PUBLISHED[change.action](change, announcement))
    if is_one or not found:
        return found
    if change.action in _CHANGED_FIELDS:
        names = [name for name, _now, _then in _CHANGED_FIELDS[change.action](change, announcement)]
        return [str(_("%(field)sที่ประชาชนเห็นกลับเป็นอย่างเดิม", field=name)) for name in names]
    action = labels.action_name(change.action)
    return [str(_("สิ่งที่ประชาชนเห็นกลับเป็นอย่างก่อน “%(action)s”", action=action))]


def _of_status(change: Change, status: Status) -> str | None:
    """Returns the sentence on a record whose status goes back; None where no resident would notice."""
    is_of_draft = change.action == "withdraw" and change.before["status"] != Status.PUBLISHED
    return None if is_of_draft else _OF_STATUS.get((change.action, status))


def _of_schedule(change: Change) -> Iterator[str]:
    """Yields when residents see a draft once the undo has set its publication time again."""
    at = restored_publication_time(change)
    undo = Undo(services().records, services().commands)
    if at is not None and not undo.is_refused(change, Status.DRAFT):
        yield str(_("เผยแพร่เองเมื่อถึง %(when)s แล้วประชาชนจะเห็นเรื่องเหล่านี้", when=template_filters.day(at)))


def _changed_fields(change: Change, announcement: Announcement) -> list[tuple[str, str, str]]:
    """Returns the name of each public field that an undo changes, its value now and the one afterwards."""
    public = {
        name: value
        for name, value in change.before.items()
        if FIELDS_BY_NAME[name].is_public and (name, value) != ("title", "")  # a title stays
    }
    return _differences({name: getattr(announcement, name) for name in public}, public)


def _changed_label_fields(change: Change, announcement: Announcement) -> list[tuple[str, str, str]]:
    """Returns the same as ``_changed_fields`` of an attachment that residents see."""
    attachment = _shown(change.before, announcement)
    before = {name: value for name, value in change.before.items() if name != "attachment_id"}
    return _differences({name: getattr(attachment, name) for name in before}, before) if attachment else []


_CHANGED_FIELDS = {"revise": _changed_fields, "label": _changed_label_fields}


def _of_fields(change: Change, announcement: Announcement) -> Iterator[str]:
    for field, now, then in _CHANGED_FIELDS[change.action](change, announcement):
        shown = {"then": thai.shorten(then, _LONGEST_VALUE), "now": thai.shorten(now, _LONGEST_VALUE)}
        yield str(_("%(field)s: ประชาชนเห็น “%(then)s” แทน “%(now)s”", field=field, **shown))


def _of_attaching(change: Change, announcement: Announcement) -> Iterator[str]:
    if attachment := _shown(change.after, announcement):
        yield str(_("ประชาชนไม่เห็นเอกสาร “%(label)s” อีก", label=attachment.label))


def _of_detaching(change: Change, announcement: Announcement) -> Iterator[str]:
    detached = services().attachments.detached(announcement.id)
    for each in detached:
        if each.id != change.before["attachment_id"] or each.hold is not None:
            continue
        if services().commands.attachments.must_be_checked_when_put_back(each):
            yield str(_("ประชาชนจะเห็นไฟล์นี้เมื่อคุณตรวจแล้วกด “เผยแพร่เอกสารนี้”"))
        else:
            yield str(_("ประชาชนเห็นเอกสาร “%(label)s” อีกครั้ง", label=each.label))


def _of_file(change: Change, announcement: Announcement) -> Iterator[str]:
    if change.before["attachment_id"] != change.after["attachment_id"]:
        return  # the new file still waits to replace the other, and residents never saw it
    name, attachment = str(change.before["filename"]), _shown(change.after, announcement)
    if attachment is None:
        return
    versions = services().file_versions.by_attachment(attachment.id)
    if any(each.is_redacted and each.sha256 == change.before["sha256"] for each in versions):
        yield str(_("ประชาชนจะไม่เห็นเอกสารนี้จนกว่าคุณจะตรวจไฟล์ “%(name)s” แล้วกดเผยแพร่", name=name))
    else:
        yield str(
            _("ไฟล์ “%(name)s” รอให้คุณตรวจแล้วกด “ใช้ไฟล์นี้แทนไฟล์ที่ประชาชนเห็น” ระหว่างนี้ประชาชนเห็นไฟล์ปัจจุบัน", name=name)
        )


def _of_release(change: Change, announcement: Announcement) -> Iterator[str]:
    attachment = _shown(change.after, announcement)
    if attachment is None:
        return
    yield str(_("ประชาชนไม่เห็นเอกสาร “%(label)s” จนกว่าจะพิจารณาใหม่", label=attachment.label))
    versions = services().file_versions.by_attachment(attachment.id)
    if before := next((each for each in versions if each.sha256 == change.before.get("sha256")), None):
        yield str(
            _(
                "ถ้าจะให้ประชาชนเห็นไฟล์เดิม “%(name)s” เปิดไฟล์ก่อนหน้าของเอกสารนี้แล้วกด “กลับไปใช้ไฟล์นี้”",
                name=before.filename,
            )
        )


def _of_text(change: Change, announcement: Announcement) -> Iterator[str]:
    if attachment := _shown(change.before, announcement):
        number, label = change.before["page"], attachment.label
        yield str(_("ข้อความหน้า %(number)s ของเอกสาร “%(label)s” กลับเป็นอย่างเดิม", number=number, label=label))


def _always(said: str) -> Callable[[Change, Announcement], Iterator[str]]:
    """Returns the function that yields this message, whatever the change and the announcement."""
    return lambda _change, _announcement: iter([str(_(said))])


_OF_PUBLISHED: Mapping[str, Callable[[Change, Announcement], Iterator[str]]] = {
    "revise": _of_fields,
    "label": _of_fields,
    "attach": _of_attaching,
    "reattach": _of_attaching,
    "detach": _of_detaching,
    "order": _always(gettext_noop("ลำดับเอกสารที่ประชาชนเห็นกลับเป็นอย่างเดิม")),
    "replace": _of_file,
    "redact": _of_file,
    "release": _of_release,
    "correct": _of_text,
    "reread": _of_text,
    "relate": _always(gettext_noop("ประกาศที่เกี่ยวข้องซึ่งประชาชนเห็นกลับเป็นอย่างเดิม")),
    "disclose": _always(_DISCLOSURE),
}
"""Action of a change → function that yields what residents notice when it is undone on a published record."""


def _shown(place: Mapping[str, object], announcement: Announcement) -> Attachment | None:
    """Returns the attachment that a change is about while residents see it."""
    attachments = services().attachments.by_announcement([announcement.id])[announcement.id]
    return next(
        (each for each in attachments if each.id == place["attachment_id"] and each.hold is None), None
    )


def _differences(now: Mapping[str, object], then: Mapping[str, object]) -> list[tuple[str, str, str]]:
    shown_then = dict(template_filters.field_values(dict(then)))
    return [
        (field, value, shown_then[field])
        for field, value in template_filters.field_values(dict(now))
        if value != shown_then[field]
    ]
