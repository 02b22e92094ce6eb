"""Queries about attachments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby

from archive.errors import Conflict, no_such_attachment
from archive.model import Attachment, Kind
from archive.ports import StoredFile
from storage import history, rows
from storage.audit import READING, seal
from storage.engine import Queries, Row


def attachment_row(engine: Queries, id: int, *, lock: bool = False) -> Row:
    """With ``lock``, inside a transaction, other writers of its pages wait."""
    lock_rows = "FOR NO KEY UPDATE" if lock else ""
    row = engine.row(f"SELECT * FROM attachment WHERE id = :id {lock_rows}", id=id)  # noqa: S608
    if row is None:
        raise no_such_attachment()
    return row


class Attachments:
    """The part of ``archive.ports.Records`` that is about attachments."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def attach(
        self,
        announcement_id: int,
        file: StoredFile,
        *,
        filename: str,
        media_type: str,
        label: str,
        kind: Kind,
        actor: str,
        stored_at: dt.datetime | None = None,
    ) -> tuple[Attachment, bool]:
        with self._engine.write():
            history.announcement_row(self._engine, announcement_id)
            now = rows.now_text()
            row = self._engine.row(
                """INSERT INTO attachment (announcement_id, position, label, filename, kind, media_type,
                       size, sha256, status, created_at, queued_at)
                   VALUES (:announcement_id,
                       (SELECT coalesce(max(position), 0) + 1 FROM attachment
                        WHERE announcement_id = :announcement_id),
                       :label, :filename, :kind, :media_type, :size, :sha256, 'waiting', :made, :at)
                   ON CONFLICT (announcement_id, sha256) DO NOTHING
                   RETURNING *""",
                announcement_id=announcement_id,
                label=label,
                filename=filename,
                kind=kind.value,
                media_type=media_type,
                size=file.size,
                sha256=file.sha256,
                at=now,
                made=now if stored_at is None else rows.time_text(stored_at),
            )
            if row is None:
                return self._with_bytes(announcement_id, file.sha256), False
            self._note(row, "attach", actor=actor, after=_described(row))
        return rows.attachment(row), True

    def _with_bytes(self, announcement_id: int, sha256: str) -> Attachment:
        row = self._engine.rows(
            "SELECT * FROM attachment WHERE announcement_id = :id AND sha256 = :sha256",
            id=announcement_id,
            sha256=sha256,
        )[0]
        return rows.attachment(row)

    def relabel(self, attachment_id: int, *, label: str, kind: Kind, actor: str) -> Attachment:
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id)
            wanted = {"label": label, "kind": kind.value}
            after = {name: value for name, value in wanted.items() if value != row[name]}
            if after:
                self._engine.run(
                    "UPDATE attachment SET label = :label, kind = :kind WHERE id = :id",
                    id=attachment_id,
                    **wanted,
                )
                before = {"attachment_id": attachment_id, **{name: row[name] for name in after}}
                self._note(
                    row, "label", actor=actor, before=before, after={"attachment_id": attachment_id, **after}
                )
            return self.attachment(attachment_id)

    def reorder(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None:
        with self._engine.write():
            history.announcement_row(self._engine, announcement_id)
            before = [attachment.id for attachment in self._of(announcement_id)]
            after = list(attachment_ids)
            if sorted(before) != sorted(after):
                raise Conflict("รายการเอกสารแนบเปลี่ยนไปแล้ว กรุณาเปิดใหม่แล้วจัดลำดับอีกครั้ง", code="edited-meanwhile")
            if before == after:
                return
            for position, attachment_id in enumerate(after, start=1):
                self._engine.run(
                    "UPDATE attachment SET position = :position WHERE id = :id",
                    position=position,
                    id=attachment_id,
                )
            history.note(
                self._engine,
                announcement_id,
                "order",
                actor=actor,
                before={"order": before},
                after={"order": after},
            )
            history.touch(self._engine, announcement_id)

    def detach(self, attachment_id: int, *, actor: str) -> None:
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id)
            self._engine.run("DELETE FROM attachment WHERE id = :id", id=attachment_id)
            self._engine.run(
                """UPDATE attachment SET position = position - 1
                   WHERE announcement_id = :announcement_id AND position > :position""",
                announcement_id=row["announcement_id"],
                position=row["position"],
            )
            self._note(row, "detach", actor=actor, before=_described(row))

    def attachment(self, id: int) -> Attachment:
        return rows.attachment(attachment_row(self._engine, id))

    def attachments(self, announcement_ids: Iterable[int]) -> dict[int, list[Attachment]]:
        ids = list(announcement_ids)
        found = self._engine.rows(
            "SELECT * FROM attachment WHERE announcement_id IN :ids ORDER BY announcement_id, position",
            ids=ids,
        )
        by_announcement: dict[int, list[Attachment]] = {one: [] for one in ids}
        for one, group in groupby(found, key=lambda row: int(row["announcement_id"])):
            by_announcement[one] = [*rows.readable(rows.attachment, group)]
        return by_announcement

    def _of(self, announcement_id: int) -> list[Attachment]:
        return self.attachments([announcement_id])[announcement_id]

    def failed_attachments(self) -> list[Attachment]:
        found = self._engine.rows("SELECT * FROM attachment WHERE status = 'failed' ORDER BY id DESC")
        return [*rows.readable(rows.attachment, found)]

    def attachments_with_file(self, sha256: str) -> list[Attachment]:
        found = self._engine.rows(
            "SELECT * FROM attachment WHERE sha256 = :sha256 ORDER BY id", sha256=sha256
        )
        return [*rows.readable(rows.attachment, found)]

    def _note(
        self,
        row: Row,
        action: str,
        *,
        actor: str,
        before: dict[str, object] | None = None,
        after: dict[str, object] | None = None,
    ) -> None:
        history.note(self._engine, row["announcement_id"], action, actor=actor, before=before, after=after)
        history.touch(self._engine, row["announcement_id"])
        seal(self._engine, ("attachment", row["id"]), (READING, row["id"]))


def _described(row: Row) -> dict[str, object]:
    """Enough to attach the same bytes again under the same name."""
    names = ("position", "label", "filename", "kind", "media_type", "size", "sha256")
    return {"attachment_id": row["id"], **{name: row[name] for name in names}}
