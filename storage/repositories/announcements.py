"""Queries about announcements."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence

from archive.errors import Conflict
from archive.fields import ANNOUNCEMENT_FIELDS
from archive.model import Announcement, Draft, Status
from archive.privacy import FIELDS_THAT_RESIDENTS_READ
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import append_entries
from storage.repositories import history
from storage.repositories.attachments import cancel_decisions_and_hold_again
from storage.rows import count_rows, insert_row_unless_present, read_rows, select_row, update_row
from storage.tenancy import current_organisation

_ACTIONS = {
    Status.DRAFT: "restore",
    Status.PUBLISHED: "publish",
    Status.WITHDRAWN: "withdraw",
    Status.TRASHED: "trash",
}

_FIELDS = tuple(field.name for field in ANNOUNCEMENT_FIELDS)
"""Names of the fields that ``revise`` may set. The columns have the same names."""

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class EngineAnnouncements(EngineRepository):
    """Adapter of ``Announcements`` for any ``Engine``."""

    def create(
        self, draft: Draft, *, actor: str, status: Status = Status.DRAFT, reason: str = ""
    ) -> Announcement:
        fields = {
            field.name: mappers.stored_value(getattr(draft, field.name, field.default))
            for field in ANNOUNCEMENT_FIELDS
        }
        with self._engine.write():
            change, at = history.next_change_number(self._engine), history.next_update_time(self._engine)
            row = insert_row_unless_present(
                self._engine,
                "announcement",
                "organisation_id, ref",
                **fields,
                organisation_id=current_organisation(self._engine),
                status=status.value,
                change=change,
                created_at=at,
                updated_at=at,
            )
            if row is None:
                raise _ref_taken()
            # The other fields are on the record, or in the ``before`` values of a later revision.
            after = {"title": row["title"], "status": row["status"]}
            history.append_change(self._engine, row["id"], "create", actor=actor, after=after, reason=reason)
            append_entries(self._engine, ("announcement", row["id"]))
        return mappers.announcement(row)

    def revise(
        self,
        id: int,
        changes: dict[str, object],
        *,
        actor: str,
        reason: str = "",
    ) -> Announcement:
        if unknown := changes.keys() - set(_FIELDS):
            raise KeyError(f"not fields of an announcement: {sorted(unknown)}")
        with self._engine.write():
            row = history.announcement_row(self._engine, id)
            before, after = history.changed_fields(
                {name: row[name] for name in changes},
                {name: mappers.stored_value(value) for name, value in changes.items()},
            )
            if after:
                self._set(id, after)
                if any(
                    str(row[name]) not in str(after[name])
                    for name in after
                    if name in FIELDS_THAT_RESIDENTS_READ
                ):
                    history.set_replaced_text_change(self._engine, id)
                history.append_change(
                    self._engine, id, "revise", actor=actor, before=before, after=after, reason=reason
                )
            return self.get(id)

    def record_confirmation(self, id: int, values: Mapping[str, object], *, actor: str) -> None:
        with self._engine.write():
            history.announcement_row(self._engine, id)
            after = {name: mappers.stored_value(value) for name, value in values.items()}
            history.append_change(self._engine, id, "confirm", actor=actor, after=after)

    def set_status(
        self, id: int, status: Status, *, actor: str, reason: str = "", expected_status: Status | None = None
    ) -> Announcement:
        with self._engine.write():
            row = history.announcement_row(self._engine, id)
            if expected_status is not None and row["status"] != expected_status:
                raise Conflict("สถานะของประกาศเปลี่ยนไปแล้ว กรุณาเปิดใหม่แล้วลองอีกครั้ง", code="edited-meanwhile")
            kept = {
                Status.WITHDRAWN: reason,
                Status.TRASHED: row["reason"],
            }.get(status, "")
            self._set(id, {"status": status.value, "publish_at": None, "reason": kept})
            if status is Status.WITHDRAWN:
                cancel_decisions_and_hold_again(self._engine, id)
            if Status.PUBLISHED in (row["status"], status):
                self._mark_related_updated(id)
            history.append_change(
                self._engine,
                id,
                _ACTIONS[status],
                actor=actor,
                before={"status": row["status"]},
                after={"status": status.value},
                reason=reason,
            )
            return self.get(id)

    def _mark_related_updated(self, id: int) -> None:
        """Mark the published announcements that this one ends or amends, and those that end or amend it.

        What they say of each other changes with its status. Call this inside a transaction.
        """
        related = self._engine.rows(
            """SELECT id FROM announcement
               WHERE organisation_id IN :organisations AND status = 'published' AND id IN (
                   SELECT older_id FROM relation
                   WHERE organisation_id IN :organisations AND newer_id = :id AND kind <> ''
                   UNION
                   SELECT newer_id FROM relation
                   WHERE organisation_id IN :organisations AND older_id = :id AND kind <> '')
               ORDER BY id""",
            id=id,
        )
        for row in related:
            history.mark_updated(self._engine, row["id"])

    def _set(self, id: int, columns: dict[str, object]) -> None:
        """Set an announcement's columns in a transaction; ``Conflict`` where another has the new ``ref``."""
        if columns.get("ref") is not None and self._engine.row(
            """SELECT id FROM announcement WHERE organisation_id IN :organisations AND ref = :ref
               AND id <> :id AND organisation_id =
                   (SELECT organisation_id FROM announcement
                    WHERE +organisation_id IN :organisations AND id = :id)""",
            ref=columns["ref"],
            id=id,
        ):
            raise _ref_taken()
        update_row(self._engine, "announcement", id, **columns)
        history.mark_updated(self._engine, id)
        append_entries(self._engine, ("announcement", id))

    def get(self, id: int) -> Announcement:
        return mappers.announcement(history.announcement_row(self._engine, id))

    def get_many(self, ids: Iterable[int]) -> dict[int, Announcement]:
        found = read_rows(self._engine, mappers.announcement, "id IN :ids", ids=list(ids))
        return {each.id: each for each in found}

    def by_external_ref(self, ref: str) -> Announcement | None:
        row = self._engine.row(
            "SELECT * FROM announcement WHERE organisation_id = :organisation AND ref = :ref",
            ref=ref,
            organisation=current_organisation(self._engine),
        )
        return None if row is None else mappers.announcement(row)

    def by_old_url(self, old_url: str) -> Announcement | None:
        row = select_row(
            self._engine, "announcement", "old_url = :old_url ORDER BY id LIMIT 1", old_url=old_url
        )
        return None if row is None else mappers.announcement(row)

    def list_page(
        self, *, statuses: Sequence[Status], page: int, per_page: int
    ) -> tuple[list[Announcement], int]:
        wanted = [status.value for status in statuses]
        total = self._engine.rows(
            """SELECT count(*) AS n FROM announcement
               WHERE organisation_id IN :organisations AND status IN :wanted""",
            wanted=wanted,
        )
        found = self._engine.rows(
            # The inner query sorts by the index alone, not the records with their bodies.
            """SELECT * FROM announcement WHERE +organisation_id IN :organisations AND id IN (
                   SELECT id FROM announcement WHERE organisation_id IN :organisations AND status IN :wanted
                   ORDER BY published_on DESC, id DESC LIMIT :limit OFFSET :offset)
               ORDER BY published_on DESC, id DESC""",
            wanted=wanted,
            limit=per_page,
            offset=(page - 1) * per_page,
        )
        return [*mappers.map_readable_rows(mappers.announcement, found)], total[0]["n"]

    def published_ids(self) -> list[int]:
        found = self._engine.rows(
            """SELECT id FROM announcement WHERE organisation_id IN :organisations AND status = 'published'
               ORDER BY published_on DESC, id DESC"""
        )
        return [row["id"] for row in found]

    def published_titles(self, organisation: int, *, limit: int) -> list[str]:
        found = self._engine.rows(
            """SELECT title FROM announcement
               WHERE organisation_id IN :organisations AND organisation_id = :organisation
               AND status = 'published' ORDER BY published_on DESC, id DESC LIMIT :limit""",
            organisation=organisation,
            limit=limit,
        )
        return [row["title"] for row in found]

    def neighbours(self, id: int) -> tuple[Announcement | None, Announcement | None]:
        place = history.announcement_row(self._engine, id)
        earlier, later = (
            read_rows(
                self._engine,
                mappers.announcement,
                f"status = 'published' AND (published_on, id) {beyond} (:day, :id)",
                order=f"published_on {order}, id {order} LIMIT 3",
                day=place["published_on"],
                id=id,
            )
            for beyond, order in (("<", "DESC"), (">", "ASC"))
        )
        return next(iter(earlier), None), next(iter(later), None)

    def count_by_month(self) -> list[tuple[int, int, int]]:
        found = self._engine.rows(
            """SELECT substr(published_on, 1, 7) AS month, COUNT(*) AS number FROM announcement
               WHERE organisation_id IN :organisations AND status = 'published'
               GROUP BY substr(published_on, 1, 7) ORDER BY 1 DESC"""
        )
        return [
            (int(row["month"][:4]), int(row["month"][5:]), row["number"])
            for row in found
            if _MONTH.fullmatch(str(row["month"]))  # a damaged date is in no month
        ]

    def count_by_status(self) -> dict[str, int]:
        return count_rows(self._engine, "announcement", "status", Status)

    def ids_due_for_publication(self, now: dt.datetime) -> list[int]:
        found = self._engine.rows(
            """SELECT id FROM announcement
               WHERE organisation_id IN :organisations AND publish_at <= :now AND status = 'draft'
               ORDER BY publish_at, id""",
            now=mappers.time_text(now),
        )
        return [row["id"] for row in found]


def _ref_taken() -> Conflict:
    return Conflict("มีประกาศที่ใช้รหัสอ้างอิง (ref) นี้อยู่แล้ว กรุณาใช้รหัสอื่น หรือแก้ไขประกาศเดิม", code="ref-taken")
