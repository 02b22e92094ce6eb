"""Commands that create and edit announcements and their relations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, fields

from archive import privacy
from archive.commands.status_rules import (
    EDITABLE,
    editable_announcement,
    refuse_trashed,
    require_draft_and_future_time,
    require_draft_to_schedule,
)
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.errors import Conflict, Invalid
from archive.fields import checked_fields
from archive.model import Announcement, Draft, Relation, RelationKind, Status
from archive.suggested_fields import refuse_file_name_as_title


class AnnouncementCommands(CommandsOnRecords):
    """Creates and edits announcements; whether the actor may do so, the caller has checked."""

    def create(
        self,
        draft: Draft,
        *,
        actor: str,
        status: Status = Status.DRAFT,
        reason: str = "",
        may_lack_title: bool = False,
    ) -> Announcement:
        """Create a draft or a published record; personal data in a published one needs a ``reason``.

        ``may_lack_title``: a draft's title may be "", as its attachments are still to be read and to state
        it. Raises ``Invalid`` with the offending field, also for a ``status`` that is neither of the two;
        ``Conflict`` when the draft's ``ref`` is taken; ``PersonalDataFound`` when the status is published,
        the fields contain personal data, and no reason is given.
        """
        if status not in EDITABLE:
            raise Invalid("ประกาศใหม่เป็นได้เฉพาะฉบับร่าง (draft) หรือเผยแพร่ (published)", field="status")
        values = {field.name: getattr(draft, field.name) for field in fields(Draft)}
        stored = checked_fields(values, may_lack_title=may_lack_title and status is Status.DRAFT)
        checked_draft = Draft(**stored)  # type: ignore[arg-type]  # checked by name
        if status is Status.PUBLISHED and (finds := privacy.find_in_announcement(asdict(checked_draft))):
            privacy.refuse_blank_reason(finds, reason)
        return self._records.announcements.create(
            checked_draft, actor=actor, status=status, reason=reason.strip()
        )

    @in_one_transaction
    def revise(self, id: int, changes: dict[str, object], *, actor: str, reason: str = "") -> Announcement:
        """Set fields of a draft or published announcement; new personal data in public needs a reason.

        The fields are those of ``Draft`` and ``publish_at`` (drafts only; the time now to publish once read,
        any other through ``schedule``). Raises ``Invalid``, also when a
        published one would get a title that ends like a file, ``Conflict`` also for a withdrawn or trashed
        announcement, and ``PersonalDataFound`` when a published one would get new personal data without a
        reason.
        """
        announcement = editable_announcement(self._records, id)
        checked_changes = checked_fields(changes)
        if checked_changes.get("publish_at") is not None:
            require_draft_to_schedule(announcement.status)
        is_published = announcement.status is Status.PUBLISHED
        title = str(checked_changes.get("title", announcement.title))
        if is_published and title != announcement.title:
            refuse_file_name_as_title(title)
        if is_published and (finds := privacy.find_new_in_announcement(announcement, checked_changes)):
            privacy.refuse_blank_reason(finds, reason)
        return self._records.announcements.revise(id, checked_changes, actor=actor, reason=reason.strip())

    @in_one_transaction
    def schedule(self, id: int, at: dt.datetime, *, actor: str) -> Announcement:
        """Set the time at which the worker publishes a draft.

        Raises ``Conflict`` for a record that is no draft, ``Invalid`` (code ``past-time``) for a past time.
        """
        require_draft_and_future_time(editable_announcement(self._records, id).status, at)
        return self.revise(id, {"publish_at": at}, actor=actor)

    @in_one_transaction
    def clear_draft_title(self, id: int, *, actor: str) -> Announcement:
        """Set a draft's title to "", as it was before its first one. ``Conflict`` unless it is a draft."""
        if self._records.announcements.get(id).status is not Status.DRAFT:
            raise Conflict("ประกาศต้องมีชื่อเรื่อง จึงเลิกทำขั้นนี้ไม่ได้")
        return self._records.announcements.revise(id, {"title": ""}, actor=actor)

    @in_one_transaction
    def decide_relation(
        self,
        newer_id: int,
        older_id: int,
        kind: RelationKind | None,
        *,
        actor: str,
        may_be_trashed: bool = False,
    ) -> None:
        """Confirm or dismiss (None) that a record changes an older one; raises as ``check_relation`` does.

        ``may_be_trashed``: the decision was made elsewhere before, and counts also for a record in the trash.
        """
        relation = Relation(newer_id=newer_id, older_id=older_id, kind=kind)
        decided = self._records.relations.list_decisions(newer_id)
        self.check_relation(relation, decided, may_be_trashed=may_be_trashed)
        self._records.relations.decide(newer_id, older_id, kind, actor=actor)

    def check_relation(
        self, relation: Relation, decided: Iterable[Relation], *, may_be_trashed: bool = False
    ) -> None:
        """Raise ``Invalid`` for a decision on two records of which the older one changes the newer one.

        ``decided``: what ``list_decisions`` returns of one of the two records.

        Whether the older one is confirmed to cancel, amend or replace the newer one counts; their dates are
        not looked at, and a dismissal is not refused for it. Raises ``Invalid`` also when an announcement
        would be related to itself, ``NotFound`` for an unknown announcement, ``Conflict`` for one in the
        trash, unless ``may_be_trashed``.
        """
        newer_id, older_id = relation.newer_id, relation.older_id
        if newer_id == older_id:
            raise Invalid("ประกาศยกเลิกหรือแก้ไขตัวเองไม่ได้ กรุณาเลือกประกาศอื่น", field="older")
        for id in (newer_id, older_id):
            announcement = self._records.announcements.get(id)
            if not may_be_trashed:
                refuse_trashed(announcement)
        is_reversed = any(
            each.newer_id == older_id and each.older_id == newer_id and each.kind for each in decided
        )
        if relation.kind is not None and is_reversed:
            raise Invalid(
                "อีกฉบับยกเลิกหรือแก้ไขเพิ่มเติมฉบับนี้ไว้แล้ว กรุณากด “นำออก” ที่ประกาศนั้นในหัวข้อ “ประกาศที่เกี่ยวข้อง” ก่อน",
                field="older",
            )
