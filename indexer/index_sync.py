"""Index sync: brings an index level with the records, batch by batch.

One loop serves the live index, a new generation and a restored index. Every change that search must know
raises the archive's change counter, and an index stores the counter up to which it has followed. Therefore
no change is missed, and syncing twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable

from archive.model import Status
from archive.repositories import Records
from indexer.analysis.index_document import SourceAnnouncement
from indexer.analysis.other_readings import other_readings
from indexer.search.ports import SyncTarget

BATCH_SIZE = 250
"""Announcements in one commit: smaller commits cost more in total, larger ones keep readers waiting."""


def sync_batch(records: Records, index: SyncTarget) -> int:
    """Brings the index one batch closer to the records; returns the batch's size, 0 when it was level."""
    after = index.position()
    changes = records.history.changed_since(after, limit=BATCH_SIZE)
    if not changes:
        return 0
    ids = [id for id, _ in changes]
    entries = load_public(records, ids)
    public = {entry.announcement.id for entry in entries}
    removed = [id for id in ids if id not in public]
    index.update(entries, removed, position=changes[-1][1], after=after)
    return len(ids)


def load_public(records: Records, ids: Iterable[int]) -> list[SourceAnnouncement]:
    """Returns the published announcements among ``ids`` with texts of files not on hold, unread ones too."""
    public = {
        id: announcement
        for id, announcement in records.announcements.get_many(ids).items()
        if announcement.status is Status.PUBLISHED
    }
    attachments = records.attachments.by_announcement(public)
    shown = {id: [each for each in attachments.get(id, ()) if each.hold is None] for id in public}
    ids = [each.id for group in shown.values() for each in group]
    texts = records.pages.texts_by_attachment(ids)
    doubts = records.pages.doubtful_texts_by_attachment(ids)
    return [
        SourceAnnouncement(
            announcement,
            tuple((each, tuple(texts.get(each.id, ()))) for each in shown[id]),
            tuple(
                reading
                for each in shown[id]
                for text, spans in doubts.get(each.id, ())
                for reading in other_readings(text, spans)
            ),
        )
        for id, announcement in public.items()
    ]
