"""Marks, for the worklist, published records of which a document states something else than they say."""

from __future__ import annotations

from collections.abc import Iterable

from archive.model import Announcement, Status
from archive.repositories import Records
from archive.suggested_fields import fields_stated_anew, is_label_naming_earlier_file, suggested_label


def store_stated_anew_of_changed(records: Records, *, limit: int) -> int:
    """Mark those of ``limit`` changed records for which ``is_stated_anew``. Returns how many were read.

    They are read in order of the change counter. Doing it twice does no harm.
    """
    changes = records.history.changed_since(records.worklist.stated_anew_position(), limit=limit)
    if changes:
        store_stated_anew(records, (id for id, _change in changes), position=changes[-1][1])
    return len(changes)


def store_stated_anew(records: Records, ids: Iterable[int], *, position: int | None = None) -> None:
    """Mark those of these records for which ``is_stated_anew``, and no other of them.

    ``position``: the change up to which all records were looked through; None leaves it as it is.
    """
    with records.batch():
        known = records.announcements.get_many(ids)
        marked = {id: is_stated_anew(records, each) for id, each in known.items()}
        records.worklist.store_stated_anew(marked, position=position)


def is_stated_anew(records: Records, announcement: Announcement) -> bool:
    """Return True where a document of a published record states what the record says otherwise.

    It is a new file or a corrected page, and nobody has set or confirmed the field or the label since. Return
    False while a new file waits to be checked: residents do not see it yet.
    """
    if announcement.status is not Status.PUBLISHED:
        return False
    attachments = records.attachments.by_announcement([announcement.id])[announcement.id]
    if not attachments or records.attachments.replacements(each.id for each in attachments):
        return False
    changes = records.history.entries(announcement.id)
    return bool(fields_stated_anew(announcement, attachments, {}, changes)) or any(
        is_label_naming_earlier_file(each, changes) and suggested_label(each) != each.label
        for each in attachments
        if not each.is_reading_pending
    )
