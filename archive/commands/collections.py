"""Command that saves collections of announcements."""

from __future__ import annotations

from collections.abc import Sequence

from archive import validation
from archive.errors import Invalid, gettext_noop
from archive.model import Collection, CollectionLine
from archive.repositories import Records


class CollectionCommands:
    """Creates and edits collections."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def save(
        self, id: int | None, *, title: str, body: str, items: Sequence[CollectionLine], actor: str
    ) -> Collection:
        """Create a collection when ``id`` is None; else replace the collection's title, body and items.

        Raises ``Invalid`` with the offending field, ``NotFound`` for an unknown collection.
        """
        known = self._records.announcements.get_many(
            item.announcement_id for item in items if item.announcement_id is not None
        )
        for item in items:
            if item.announcement_id is not None and item.announcement_id not in known:
                raise Invalid(
                    "ไม่มีประกาศเลขที่ %(number)s กรุณาตรวจเลขท้ายที่อยู่ของประกาศ",
                    field="items",
                    number=item.announcement_id,
                )
        checked_items = [
            CollectionLine(validation.checked_collection_heading(item.label), item.announcement_id)
            for item in items
        ]
        return self._records.collections.save(
            id,
            title=validation.checked_required_text(
                title, field="title", field_label=gettext_noop("ชื่อชุดประกาศ"), length=500
            ),
            body=validation.checked_body(body),
            items=[item for item in checked_items if item.label or item.announcement_id],
            actor=actor,
        )
