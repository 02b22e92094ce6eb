"""Who read what, and what nobody could find: many small writes that must cost little."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from archive.model import PROVINCE
from archive.ports import Miss
from archive.thai import BANGKOK
from storage import rows
from storage.engine import Queries
from storage.history import announcement_row
from storage.scope import home

VISIT_WINDOW = dt.timedelta(minutes=30)
"""Coming back within this time is still the same visit: the usual span in web statistics, so that
counts stay comparable with those brought from an older site."""


class Visits:
    """The part of ``archive.ports.Records`` that counts: visits, work done, and misses."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def count_visit(self, announcement_id: int, visitor: str, *, now: dt.datetime) -> bool:
        """A known visitor costs one look-up; a new one a transaction without a wait for the disk, nor
        for anyone who holds the announcement."""
        since = rows.time_text(now - VISIT_WINDOW)
        if self._seen(announcement_id, visitor, since):
            return False
        with self._engine.write(durable=False):
            announcement_row(self._engine, announcement_id)
            self._forget(since)
            counted = self._engine.run(
                """INSERT INTO visit (announcement_id, visitor, at) VALUES (:id, :visitor, :now)
                   ON CONFLICT (announcement_id, visitor) DO UPDATE SET at = excluded.at
                   WHERE visit.at <= :since""",
                id=announcement_id,
                visitor=visitor,
                now=rows.time_text(now),
                since=since,
            )
            if counted:
                self._engine.run(
                    "INSERT INTO waiting_visit (announcement_id, day) VALUES (:id, :day)",
                    id=announcement_id,
                    day=now.astimezone(BANGKOK).date().isoformat(),
                )
                self._tally()
        return counted == 1

    def _forget(self, since: str) -> None:
        """Inside a transaction: drop what is over."""
        self._engine.run(
            """DELETE FROM visit WHERE (announcement_id, visitor) IN
                   (SELECT announcement_id, visitor FROM visit WHERE at <= :since ORDER BY at LIMIT 100
                    FOR NO KEY UPDATE SKIP LOCKED)""",
            since=since,
        )

    def _tally(self) -> None:
        """Inside a transaction: add the waiting visits to the announcements that nobody holds. Those of
        the others wait for the next visit to anything, so no visit waits for a row."""
        free = self._engine.rows(
            """SELECT id FROM announcement WHERE id IN (SELECT announcement_id FROM waiting_visit)
               ORDER BY id LIMIT 20 FOR NO KEY UPDATE SKIP LOCKED"""
        )
        for row in free:
            waiting = self._engine.rows(
                "DELETE FROM waiting_visit WHERE announcement_id = :id RETURNING day", id=row["id"]
            )
            self._engine.run(
                "UPDATE announcement SET visits = visits + :more WHERE id = :id",
                id=row["id"],
                more=len(waiting),
            )
            for day, more in Counter(visit["day"] for visit in waiting).items():
                self._engine.run(
                    """INSERT INTO day_visits (day, announcement_id, count) VALUES (:day, :id, :more)
                       ON CONFLICT (day, announcement_id)
                       DO UPDATE SET count = day_visits.count + excluded.count""",
                    id=row["id"],
                    day=day,
                    more=more,
                )

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
            "SELECT day, sum(count) AS count FROM day_visits WHERE day >= :first GROUP BY day",
            first=shown[0].isoformat(),
        )
        counts = {row["day"]: int(row["count"]) for row in found}
        return [(day, counts.get(day.isoformat(), 0)) for day in shown]

    def note_miss(self, query: str) -> None:
        with self._engine.write(durable=False):
            self._engine.run(
                """INSERT INTO miss (organisation_id, query, count, last_at) VALUES (:home, :query, 1, :now)
                   ON CONFLICT (organisation_id, query)
                   DO UPDATE SET count = miss.count + 1, last_at = excluded.last_at""",
                home=home(self._engine, several=PROVINCE),
                query=query,
                now=rows.now_text(),
            )

    def misses(self, *, limit: int = 100) -> list[Miss]:
        found = self._engine.rows(
            """SELECT query, sum(count) AS count, max(last_at) AS last_at FROM miss
               GROUP BY query ORDER BY 2 DESC, 3 DESC LIMIT :limit""",
            limit=limit,
        )
        return [
            Miss(row["query"], int(row["count"]), dt.datetime.fromisoformat(row["last_at"])) for row in found
        ]

    def forget_miss(self, query: str) -> None:
        with self._engine.write():
            self._engine.run("DELETE FROM miss WHERE query = :query", query=query)

    def tally(self, name: str, amount: int) -> None:
        with self._engine.write(durable=False):
            self._engine.run(
                """INSERT INTO counter (name, value) VALUES (:name, :amount)
                   ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value""",
                name=_TALLY + name,
                amount=amount,
            )

    def tallies(self) -> dict[str, int]:
        found = self._engine.rows("SELECT name, value FROM counter")
        return {
            row["name"].removeprefix(_TALLY): row["value"] for row in found if row["name"].startswith(_TALLY)
        }


_TALLY = "tally "
"""Keeps running totals apart from the change counter in the same table."""
