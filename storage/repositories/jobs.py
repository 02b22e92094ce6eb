"""Adapter of ``archive.ports.Jobs`` for any ``Engine``. An attachment's status is its job."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from archive import holding, privacy
from archive.errors import Conflict
from archive.model import Attachment, Failure, PersonalDataSpan, ReadingResults, ReadingStatus
from storage import mappers
from storage.engine import EngineRepository, Row
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.repositories.attachments import set_hidden_change
from storage.repositories.waiting_files import queue_again
from storage.repositories.waiting_replacements import move_file_to_replaced_attachment
from storage.rows import count_rows, select_row, update_row

MAX_ATTEMPTS = 3
"""Readings of an attachment after which it fails, when the worker died each time.

One worker may die by accident; after three deaths the file is taken for the cause.
"""

_CRASHED = Failure(
    "reader-crashed",
    "อ่านเอกสารนี้ไม่สำเร็จหลังลองแล้ว 3 ครั้ง ไฟล์อาจเสียหายหรือซับซ้อนเกินไป กรุณาบันทึกเป็น PDF ใหม่แล้วแนบอีกครั้ง",
)


class EngineJobs(EngineRepository):
    """Adapter of ``Jobs`` for any ``Engine``."""

    def claim(self, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> Attachment | None:
        self.settle_lapsed(lease=lease, now=now)
        if not self._engine.row(
            """SELECT 1 AS found FROM attachment
               WHERE organisation_id IN :organisations AND status = 'waiting' LIMIT 1"""
        ):
            return None  # idle workers take no write lock
        with self._engine.write(is_durable=False):
            row = self._engine.row(
                """UPDATE attachment SET status = 'reading', worker = :worker, leased_until = :until,
                       attempts = attempts + 1
                   WHERE organisation_id IN :organisations AND id = (
                       SELECT id FROM attachment
                       WHERE organisation_id IN :organisations AND status = 'waiting'
                       ORDER BY attempts, rules, (replaces IS NULL AND is_redacted = 0), queued_at, id LIMIT 1
                       FOR NO KEY UPDATE SKIP LOCKED)
                   RETURNING *""",
                worker=worker,
                until=mappers.time_text(now + lease),
            )
        return None if row is None else mappers.attachment(row)

    def list_lapsed(self, *, lease: dt.timedelta, now: dt.datetime) -> list[int]:
        return [row["id"] for row in self._lapsed(lease, now)]

    def settle_lapsed(self, *, lease: dt.timedelta, now: dt.datetime) -> int:
        if not self._lapsed(lease, now):
            return 0
        with self._engine.write():
            lapsed = self._lapsed(lease, now, "FOR NO KEY UPDATE")  # none is renewed while locked
            for row in lapsed:
                if row["attempts"] >= MAX_ATTEMPTS:
                    self._settle_failed(row, _CRASHED)
                else:
                    update_row(
                        self._engine,
                        "attachment",
                        row["id"],
                        status="waiting",
                        worker=None,
                        leased_until=None,
                    )
        return len(lapsed)

    def _lapsed(self, lease: dt.timedelta, now: dt.datetime, lock: str = "") -> list[Row]:
        """Return the rows whose lease has run out, or ends more than twice the lease ahead.

        A live worker's lease may end a little further ahead than one lease when the clock is set.
        """
        return self._engine.rows(
            f"""SELECT * FROM attachment
                WHERE organisation_id IN :organisations AND status = 'reading'
                AND (leased_until <= :now OR leased_until > :latest)
                ORDER BY id {lock}""",  # noqa: S608
            now=mappers.time_text(now),
            latest=mappers.time_text(now + 2 * lease),
        )

    def renew(self, attachment_id: int, worker: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        with self._engine.write(is_durable=False):
            held = self._engine.run(
                """UPDATE attachment SET leased_until = :until
                   WHERE organisation_id IN :organisations AND id = :id AND worker = :worker
                   AND status = 'reading'""",
                id=attachment_id,
                worker=worker,
                until=mappers.time_text(now + lease),
            )
        return held == 1

    def finish(
        self, attachment_id: int, worker: str, *, page_count: int, details: ReadingResults, rules: int
    ) -> None:
        with self._engine.write():
            row = self._held(attachment_id, worker)
            attachment = mappers.attachment(row)
            self._engine.run(
                """DELETE FROM page
                   WHERE organisation_id IN :organisations AND attachment_id = :id
                   AND number > :page_count""",
                id=attachment_id,
                page_count=page_count,
            )
            details = self._with_finds_in_edited_pages(row, details)
            state = holding.state_after_reading(attachment, details)
            update_row(
                self._engine,
                "attachment",
                attachment_id,
                hold=state.hold.value if state.hold else "",
                page_count=page_count,
                details=mappers.details_json(details),
                rules=rules,
                personal_data_rules=privacy.RULES,
                has_undecided_finds=int(state.has_undecided_finds),
            )
            self._settle(row, ReadingStatus.READY, None)
            if state.hold != attachment.hold:
                append_entries(self._engine, ("attachment", attachment_id))
            if state.hold and attachment.hold is None:
                set_hidden_change(self._engine, attachment_id)
            if state.hold is None:
                move_file_to_replaced_attachment(self._engine, row)

    def _with_finds_in_edited_pages(self, row: Row, details: ReadingResults) -> ReadingResults:
        """Return the results with what is in pages that people edited, perhaps since the reader read them."""
        changes = history.changes_of_texts(self._engine, row["announcement_id"])
        places = [history.readable_side(change["after"]) or {} for change in changes]
        edited = [
            page
            for place in places
            if place.get("attachment_id") == row["id"] and isinstance(page := place.get("page"), int)
        ]
        if not edited:
            return details
        finds = [data for data in details.personal_data if data.page not in edited]
        finds += self._find_personal_data_in_pages(row["id"], edited)
        return dataclasses.replace(details, personal_data=tuple(sorted(finds, key=lambda data: data.page)))

    def _find_personal_data_in_pages(
        self, attachment_id: int, numbers: list[int] | None
    ) -> list[PersonalDataSpan]:
        """Return the personal data in an attachment's pages with these numbers; None stands for all pages."""
        pages = self._engine.rows(
            """SELECT number, text FROM page
               WHERE organisation_id IN :organisations AND attachment_id = :id AND number IN :numbers
               ORDER BY number""",
            id=attachment_id,
            numbers=numbers,
        )
        return [
            data
            for page in pages
            for data in privacy.find_personal_data(mappers.readable_text(page["text"]), page["number"])
        ]

    def fail(self, attachment_id: int, worker: str, failure: Failure) -> None:
        with self._engine.write():
            self._settle_failed(self._held(attachment_id, worker), failure)

    def _held(self, attachment_id: int, worker: str) -> Row:
        row = select_row(
            self._engine,
            "attachment",
            "id = :id AND worker = :worker AND status = 'reading' FOR NO KEY UPDATE",
            id=attachment_id,
            worker=worker,
        )
        if row is None:
            raise Conflict("งานอ่านเอกสารนี้ถูกส่งต่อให้ตัวอ่านอื่นแล้ว หรือเอกสารถูกนำออกแล้ว", code="lease-lost")
        return row

    def _settle_failed(self, row: Row, failure: Failure) -> None:
        """End a failed reading; a file that nobody may see before it is read gets the finds of its pages."""
        for attachment in mappers.map_readable_rows(mappers.attachment, [row]):
            if holding.is_hidden_until_read(attachment):
                finds = tuple(self._find_personal_data_in_pages(attachment.id, None))
                details = dataclasses.replace(attachment.details, personal_data=finds)
                update_row(self._engine, "attachment", attachment.id, details=mappers.details_json(details))
                append_entries(self._engine, ("attachment", attachment.id))
        self._settle(row, ReadingStatus.FAILED, failure)

    def _settle(self, row: Row, status: ReadingStatus, failure: Failure | None) -> None:
        """End a reading, and make search index the announcement again. Call this inside a transaction."""
        update_row(
            self._engine,
            "attachment",
            row["id"],
            status=status.value,
            error_code=failure and failure.code,
            error_message=failure and failure.message,
            worker=None,
            leased_until=None,
        )
        history.mark_updated(self._engine, row["announcement_id"])
        append_entries(self._engine, (READING, row["id"]))

    def release(self, attachment_id: int, worker: str) -> None:
        with self._engine.write(is_durable=False):
            self._engine.run(
                """UPDATE attachment SET status = 'waiting', worker = NULL, leased_until = NULL,
                       attempts = attempts - 1
                   WHERE organisation_id IN :organisations AND id = :id AND worker = :worker
                   AND status = 'reading'""",
                id=attachment_id,
                worker=worker,
            )

    def queue_again(self, attachment_ids: Sequence[int], *, should_reread_good_pages: bool = False) -> int:
        with self._engine.write():
            return queue_again(
                self._engine, attachment_ids, should_reread_good_pages=should_reread_good_pages
            )

    def list_outdated(self, rules: int) -> list[int]:
        found = self._engine.rows(
            """SELECT id FROM attachment WHERE organisation_id IN :organisations
               AND status = 'ready' AND rules < :rules ORDER BY id""",
            rules=rules,
        )
        return [row["id"] for row in found]

    def list_failed(self) -> list[int]:
        found = self._engine.rows(
            """SELECT id FROM attachment WHERE organisation_id IN :organisations
               AND status = 'failed' ORDER BY id"""
        )
        return [row["id"] for row in found]

    def count_by_status(self) -> dict[str, int]:
        return count_rows(self._engine, "attachment", "status", ReadingStatus)

    def count_unread_of_published(self) -> int:
        row = self._engine.row(
            """SELECT count(*) AS n FROM attachment
               JOIN announcement ON announcement.id = attachment.announcement_id
               WHERE attachment.organisation_id IN :organisations
               AND +announcement.organisation_id IN :organisations
               AND attachment.status IN ('waiting', 'reading') AND attachment.hold = 'unread'
               AND announcement.status = 'published'"""
        )
        return int(row["n"]) if row else 0

    def oldest_waiting(self) -> dt.datetime | None:
        row = self._engine.row(
            """SELECT min(queued_at) AS at FROM attachment
               WHERE organisation_id IN :organisations AND status = 'waiting'"""
        )
        return dt.datetime.fromisoformat(row["at"]) if row and row["at"] else None
