"""Takes over records of another archive: announcement, history, attachments and pages, as they were there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import cast

from archive.errors import Conflict
from archive.fields import ANNOUNCEMENT_FIELDS
from archive.model import Announcement, Change, ReadingStatus
from archive.transfer_ports import OTHER_ARCHIVE, CarriedAttachment, CarriedRecord, CarriedVersion
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.repositories.pages import write_page_unless_corrected
from storage.rows import insert_row, insert_row_unless_present
from storage.tenancy import current_organisation

_FIELDS = tuple(field.name for field in ANNOUNCEMENT_FIELDS)

_COLUMNS_AS_THERE = (
    "position label filename kind media_type size sha256 page_count rules is_redacted created_at"
).split()
"""Columns of an attachment that have the same value as in the other archive."""


class EngineTransfer(EngineRepository):
    """Adapter of ``archive.transfer_ports.Transfer`` for any ``Engine``."""

    def take_over_record(self, record: CarriedRecord, *, actor: str, reason: str) -> Announcement:
        given = record.announcement
        with self._engine.write():
            organisation = current_organisation(self._engine)
            row = insert_row_unless_present(
                self._engine,
                "announcement",
                "organisation_id, ref",
                **{name: mappers.stored_value(getattr(given, name)) for name in _FIELDS},
                status=given.status.value,
                reason=given.reason,
                change=history.next_change_number(self._engine),
                created_at=mappers.time_text(given.created_at),
                updated_at=history.next_update_time(self._engine),
                organisation_id=organisation,
            )
            if row is None:
                raise Conflict("มีประกาศที่ใช้รหัสอ้างอิง (ref) นี้อยู่แล้ว", code="ref-taken")
            ids = {
                carried.attachment.id: self._insert_attachment(row["id"], carried, organisation)
                for carried in record.attachments
            }
            for change in record.history:
                self._insert_change(row["id"], change, ids, organisation)
            history.append_change(self._engine, row["id"], "import", actor=actor, reason=reason)
            append_entries(self._engine, ("announcement", row["id"]))
        return mappers.announcement(row)

    def _insert_change(
        self, announcement_id: int, change: Change, ids: Mapping[int, int], organisation: int
    ) -> None:
        """Insert a change. ``ids``: ids of the attachments here by those in the other archive."""
        made = insert_row(
            self._engine,
            "history",
            organisation_id=organisation,
            announcement_id=announcement_id,
            at=mappers.time_text(change.at),
            actor=change.actor,
            action=change.action,
            before=mappers.history_json(_attachments_here(change.before, ids)),
            after=mappers.history_json(_attachments_here(change.after, ids)),
            reason=change.reason,
            bulk=change.bulk,
        )
        append_entries(self._engine, ("history", made["id"]))

    def _insert_attachment(self, announcement_id: int, carried: CarriedAttachment, organisation: int) -> int:
        given = carried.attachment
        status = ReadingStatus.WAITING if given.status is ReadingStatus.READING else given.status
        made = insert_row(
            self._engine,
            "attachment",
            organisation_id=organisation,
            announcement_id=announcement_id,
            **{name: mappers.stored_value(getattr(given, name)) for name in _COLUMNS_AS_THERE},
            status=status.value,
            error_code=given.error.code if given.error else None,
            error_message=given.error.message if given.error else None,
            details=mappers.details_json(given.details),
            hold=given.hold.value if given.hold else "",
            decided=json.dumps(list(given.decided)) if given.decided else "",
            queued_at=mappers.now_text(),
        )
        id = int(made["id"])
        for page in carried.pages:
            write_page_unless_corrected(self._engine, replace(page, attachment_id=id), organisation)
        for each in carried.versions:
            self._insert_version(id, each, organisation)
        append_entries(self._engine, ("attachment", id), (READING, id))
        return id

    def _insert_version(self, attachment_id: int, carried: CarriedVersion, organisation: int) -> None:
        given = carried.version
        columns = {field.name: mappers.stored_value(getattr(given, field.name)) for field in fields(given)}
        insert_row(
            self._engine,
            "file_version",
            **columns | {"attachment_id": attachment_id},
            organisation_id=organisation,
            texts=mappers.pack_texts(carried.texts),
        )


def _attachments_here(side: Mapping[str, object], ids: Mapping[int, int]) -> dict[str, object]:
    """Return one side of a change with the ids of attachments here, without those that did not come along.

    A related announcement's number is marked as one of the other archive, once however often it is carried.
    """
    here = {name: value for name, value in side.items() if name not in ("attachment_id", "erasure")}
    if side.get("attachment_id") in ids:
        here["attachment_id"] = ids[cast(int, side["attachment_id"])]
    if "order" in side:
        here["order"] = [ids[each] for each in cast(list[int], side["order"]) if each in ids]
    if OTHER_ARCHIVE not in str(side.get("relation", OTHER_ARCHIVE)):
        here["relation"] = str(side["relation"]).replace(" ", f" {OTHER_ARCHIVE}")
    return here
