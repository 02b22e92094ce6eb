"""Queries about residents' reports."""

from __future__ import annotations

import datetime as dt

from archive.errors import NotFound, TooMany
from archive.model import PROVINCE
from archive.reports import Report, ReportDraft, ReportKind
from storage import mappers
from storage.engine import EngineRepository
from storage.rows import insert_row, read_rows, update_row
from storage.tenancy import current_organisation

MOST_OPEN_REPORTS = 1_000
"""Most open reports of an organisation: more than anybody reads, so a flood fills neither list nor disk."""

FINISHED_FOR = dt.timedelta(days=180)
"""Time after which a finished report is deleted. Its text may name its sender."""


class EngineReports(EngineRepository):
    """Adapter of ``Reports`` for any ``Engine``."""

    def add_or_count(self, draft: ReportDraft) -> None:
        organisation = current_organisation(self._engine, default_when_several=PROVINCE)
        values: dict[str, object] = {
            "kind": draft.kind.value,
            "text": draft.text,
            "announcement_id": draft.announcement_id,
            "attachment_id": draft.attachment_id,
            "page": draft.page,
            "query": draft.query,
        }
        with self._engine.write():
            self._delete_old()
            counted = self._engine.run(
                """UPDATE report SET count = count + 1
                   WHERE organisation_id = :organisation AND done_at IS NULL
                   AND kind = :kind AND text = :text AND query = :query
                   AND coalesce(announcement_id, 0) = :announcement
                   AND coalesce(attachment_id, 0) = :attachment AND coalesce(page, 0) = :sheet""",
                organisation=organisation,
                announcement=draft.announcement_id or 0,
                attachment=draft.attachment_id or 0,
                sheet=draft.page or 0,
                **{name: values[name] for name in ("kind", "text", "query")},
            )
            if counted:
                return
            self._refuse_flood(organisation)
            insert_row(
                self._engine,
                "report",
                organisation_id=organisation,
                count=1,
                made_at=mappers.now_text(),
                done_by="",
                **values,
            )

    def _refuse_flood(self, organisation: int) -> None:
        found = self._engine.rows(
            "SELECT count(*) AS n FROM report WHERE organisation_id = :organisation AND done_at IS NULL",
            organisation=organisation,
        )
        if found[0]["n"] >= MOST_OPEN_REPORTS:
            raise TooMany("มีเรื่องที่แจ้งไว้รอเจ้าหน้าที่จำนวนมาก กรุณาแจ้งใหม่ในวันทำการถัดไป")

    def _delete_old(self) -> None:
        """Delete finished reports that are old. Call this inside a transaction."""
        self._engine.run(
            "DELETE FROM report WHERE organisation_id IN :organisations AND done_at < :since",
            since=mappers.time_text(dt.datetime.now(dt.UTC) - FINISHED_FOR),
        )

    def list_open(self) -> list[Report]:
        return read_rows(
            self._engine,
            mappers.report,
            "done_at IS NULL",
            order="CASE WHEN kind = :urgent THEN 0 ELSE 1 END, made_at, id",
            urgent=ReportKind.PERSONAL_DATA.value,
        )

    def list_finished(self, *, limit: int) -> list[Report]:
        return read_rows(
            self._engine,
            mappers.report,
            "done_at IS NOT NULL",
            order="done_at DESC, id DESC LIMIT :limit",
            limit=limit,
        )

    def finish(self, id: int, *, actor: str) -> None:
        self._set_done(id, mappers.now_text(), actor)

    def reopen(self, id: int) -> None:
        self._set_done(id, None, "")

    def _set_done(self, id: int, at: str | None, actor: str) -> None:
        with self._engine.write():
            changed = update_row(self._engine, "report", id, done_at=at, done_by=actor)
        if not changed:
            raise NotFound("ไม่พบเรื่องที่แจ้งนี้ อาจถูกลบไปแล้ว")
