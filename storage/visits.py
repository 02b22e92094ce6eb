"""Who read what, and what nobody could find: many small writes that must cost little."""

from __future__ import annotations

import datetime as dt

from archive.ports import Miss
from archive.thai import BANGKOK
from storage import rows
from storage.engine import Engine
from storage.history import announcement_row

VISIT_WINDOW = dt.timedelta(minutes=30)
"""Coming back within this time is still the same visit: the usual span in web statistics, so that
counts stay comparable with those brought from an older site."""


class Visits:
    """The part of ``archive.ports.Records`` that counts visits and misses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count_visit(self, announcement_id: int, visitor: str, *, now: dt.datetime) -> bool:
        """A known visitor costs one look-up; a new one a transaction without a wait for the disk."""
        since = rows.time_text(now - VISIT_WINDOW)
        if self._seen(announcement_id, visitor, since):
            return False
        with self._engine.write(durable=False):
            if self._seen(announcement_id, visitor, since):
                return False
            announcement_row(self._engine, announcement_id)
            self._engine.run("DELETE FROM visit WHERE at <= :since", since=since)
            self._engine.run(
                "INSERT INTO visit (announcement_id, visitor, at) VALUES (:id, :visitor, :now)",
                id=announcement_id,
                visitor=visitor,
                now=rows.time_text(now),
            )
            self._engine.run("UPDATE announcement SET visits = visits + 1 WHERE id = :id", id=announcement_id)
            self._engine.run(
                """INSERT INTO visits_of_day (day, count) VALUES (:day, 1)
                   ON CONFLICT (day) DO UPDATE SET count = visits_of_day.count + 1""",
                day=now.astimezone(BANGKOK).date().isoformat(),
            )
        return True

    def _seen(self, announcement_id: int, visitor: str, since: str) -> bool:
        return (
            self._engine.row(
                """SELECT 1 AS seen FROM visit
                   WHERE announcement_id = :id AND visitor = :visitor AND at > :since""",
                id=announcement_id,
                visitor=visitor,
                since=since,
            )
            is not None
        )

    def visits_by_day(self, *, days: int) -> list[tuple[dt.date, int]]:
        today = dt.datetime.now(BANGKOK).date()
        shown = [today - dt.timedelta(days=back) for back in reversed(range(days))]
        found = self._engine.rows(
            "SELECT day, count FROM visits_of_day WHERE day >= :first", first=shown[0].isoformat()
        )
        counts = {row["day"]: row["count"] for row in found}
        return [(day, counts.get(day.isoformat(), 0)) for day in shown]

    def note_miss(self, query: str) -> None:
        with self._engine.write(durable=False):
            self._engine.run(
                """INSERT INTO miss (query, count, last_at) VALUES (:query, 1, :now)
                   ON CONFLICT (query) DO UPDATE SET count = miss.count + 1, last_at = excluded.last_at""",
                query=query,
                now=rows.now_text(),
            )

    def misses(self, *, limit: int = 100) -> list[Miss]:
        found = self._engine.rows(
            "SELECT * FROM miss ORDER BY count DESC, last_at DESC LIMIT :limit", limit=limit
        )
        return [Miss(row["query"], row["count"], dt.datetime.fromisoformat(row["last_at"])) for row in found]

    def forget_miss(self, query: str) -> None:
        with self._engine.write():
            self._engine.run("DELETE FROM miss WHERE query = :query", query=query)
