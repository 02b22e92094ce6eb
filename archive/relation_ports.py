"""Port for relations between announcements: which one cancels, amends or replaces which."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from archive.model import Relation, RelationKind


class RelationRecords(Protocol):
    """Part of ``archive.ports.Records`` about relations between announcements."""

    def decide_relation(self, newer_id: int, older_id: int, kind: RelationKind | None, *, actor: str) -> None:
        """Store a person's decision on a relation, in place of an earlier one.
        ``kind`` None dismisses the relation. Raises ``NotFound`` unless both announcements exist."""

    def relations(self, announcement_id: int) -> list[Relation]:
        """Return the decisions on relations to and from an announcement, the oldest decision first."""

    def public_relations(self) -> list[Relation]:
        """Return the confirmed relations between published announcements."""

    def no_longer_in_force(self) -> frozenset[int]:
        """Return the ids of the announcements that a published announcement cancels or replaces."""

    def with_number(self, number: str) -> list[int]:
        """Return the ids of announcements of which the title, or an attachment, names a document number.
        ``number`` has Arabic digits, such as ``5/2560``. Trashed announcements are left out."""

    def with_title(self, words: str) -> list[int]:
        """Return the ids of announcements of which the title contains these words.
        Trashed announcements are left out."""

    def dated(self, date: dt.date) -> list[int]:
        """Return the ids of announcements that are dated on this day, or have an attachment that is.
        Trashed announcements are left out."""
