"""Command that saves collections of announcements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archive import privacy, validation
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.errors import Invalid, gettext_noop
from archive.model import Collection, CollectionLine


class CollectionCommands(CommandsOnRecords):
    """Creates and edits collections."""

    @in_one_transaction
    def save(
        self,
        id: int | None,
        *,
        title: str,
        body: str,
        items: Sequence[CollectionLine],
        actor: str,
        reason: str = "",
    ) -> Collection:
        """Create a collection (``id`` None) or replace it whole; new personal data in it needs a reason.

        ``reason``: the reason to show personal data in its texts, which residents read at once; kept in the
        history. Raises ``Invalid`` with the offending field, ``NotFound`` for an unknown collection, and
        ``PersonalDataFound`` when it would get new personal data and no reason is given.
        """
        known = self._records.announcements.get_many(
            item.announcement_id for item in items if item.announcement_id is not None
        )
        for item in items:
            if item.announcement_id is not None and item.announcement_id not in known:
                raise Invalid(
                    "ไม่มีประกาศเลขที่ %(number)s กรุณาตรวจเลขท้ายลิงก์ของประกาศ",
                    field="items",
                    number=item.announcement_id,
                )
        texts = {
            "title": validation.checked_required_text(
                title, field="title", field_label=gettext_noop("ชื่อชุดประกาศ"), length=500
            ),
            "body": validation.checked_body(body),
        }
        headings = [validation.checked_collection_heading(item.label) for item in items]
        lines = [
            CollectionLine(label, item.announcement_id) for label, item in zip(headings, items, strict=True)
        ]
        before = {} if id is None else _texts(self._records.collections.get(id))
        if finds := privacy.find_new_in_fields(before, texts | {"items": headings_as_text(headings)}):
            privacy.refuse_blank_reason(finds, reason)
        return self._records.collections.save(
            id,
            **texts,
            items=[line for line in lines if line.label or line.announcement_id],
            actor=actor,
            reason=reason.strip(),
        )


def headings_as_text(headings: Iterable[str]) -> str:
    """Return a collection's headings, one a paragraph, as the text that is searched for personal data.

    A number may go on in the next line, so each heading is a paragraph of its own.
    """
    return "\n\n".join(headings)


def _texts(collection: Collection) -> dict[str, str]:
    """Return the texts of a collection that residents read, by the name of their field."""
    headings = headings_as_text(item.label for item in collection.items)
    return {"title": collection.title, "body": collection.body, "items": headings}
