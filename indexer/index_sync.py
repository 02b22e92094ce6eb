"""How an index follows the records: one loop for the live index, a new generation, a restored one.

Every change that search must know raises the archive's change counter; an index remembers the
counter that it has followed to. So nothing is ever forgotten, and doing it twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from archive.model import Status
from archive.ports import Records
from indexer.analysis.index_document import SourceAnnouncement

BATCH_SIZE = 250
"""Announcements in one commit: smaller ones cost more each, larger ones keep readers waiting."""


class SyncTarget(Protocol):
    """The part of ``SearchIndex`` and ``Generation`` that follows."""

    def position(self) -> int: ...
    def update(self, add: Iterable[SourceAnnouncement], remove: Iterable[int], *, position: int) -> None: ...


def sync_batch(records: Records, index: SyncTarget) -> int:
    """Bring the index one batch closer to the records; how many announcements were taken (0: level)."""
    changes = records.changed_since(index.position(), limit=BATCH_SIZE)
    if not changes:
        return 0
    ids = [id for id, _ in changes]
    entries = load_published(records, ids)
    public = {entry.announcement.id for entry in entries}
    index.update(entries, [id for id in ids if id not in public], position=changes[-1][1])
    return len(ids)


def load_published(records: Records, ids: Iterable[int]) -> list[SourceAnnouncement]:
    """The published ones among ``ids``, with the text of those of their attachments
    that are not held."""
    public = {
        id: announcement
        for id, announcement in records.announcements(ids).items()
        if announcement.status is Status.PUBLISHED
    }
    attachments = records.attachments(public)
    texts = records.page_texts(attachment.id for group in attachments.values() for attachment in group)
    return [
        SourceAnnouncement(
            announcement,
            tuple(
                (each, tuple(texts.get(each.id, ()))) for each in attachments.get(id, ()) if each.hold is None
            ),
        )
        for id, announcement in public.items()
    ]
