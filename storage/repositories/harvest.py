"""Queries of harvesters: public announcements and withdrawn ones, in the order of their last change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from archive.model import Announcement
from storage import mappers
from storage.engine import EngineRepository, Row

# An announcement leaves the public by being withdrawn only, whatever becomes of it afterwards.
_WAS_PUBLIC = """(status = 'published' OR EXISTS (
    SELECT 1 FROM history
    WHERE organisation_id IN :organisations AND announcement_id = announcement.id AND action = 'withdraw'))"""

_BEGINNING = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_END = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


class EngineHarvest(EngineRepository):
    """Adapter of ``archive.harvest_ports.Harvest`` for any ``Engine``."""

    def changes(
        self,
        *,
        since: dt.datetime | None = None,
        before: dt.datetime | None = None,
        after: tuple[dt.datetime, int] | None = None,
        limit: int,
    ) -> Sequence[Announcement]:
        limits = (since or _BEGINNING, before or _END)
        last_at, last_id = after or (_BEGINNING, 0)
        last = (mappers.time_text(last_at), last_id)
        readable: list[Announcement] = []
        while len(readable) < limit:
            found = self._rows_after(last, limits, limit=limit)
            readable += mappers.map_readable_rows(mappers.announcement, found)
            if len(found) < limit:
                break
            last = (found[-1]["updated_at"], found[-1]["id"])
        return readable[:limit]

    def _rows_after(
        self, last: tuple[str, int], limits: tuple[dt.datetime, dt.datetime], *, limit: int
    ) -> list[Row]:
        return self._engine.rows(
            f"""SELECT * FROM announcement
                WHERE organisation_id IN :organisations AND (updated_at, id) > (:last_at, :last_id)
                AND updated_at >= :since AND updated_at < :before AND {_WAS_PUBLIC}
                ORDER BY updated_at, id LIMIT :limit""",  # noqa: S608  # our own conditions
            last_at=last[0],
            last_id=last[1],
            since=mappers.time_text(limits[0]),
            before=mappers.time_text(limits[1]),
            limit=limit,
        )

    def was_public(self, id: int) -> bool:
        found = self._engine.row(
            f"""SELECT id FROM announcement
                WHERE organisation_id IN :organisations AND id = :id AND {_WAS_PUBLIC}""",  # noqa: S608
            id=id,
        )
        return found is not None
