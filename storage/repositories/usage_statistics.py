"""Counts visits and queries without results. Both are many small writes, which must be cheap."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from archive import privacy
from archive.model import PROVINCE, Status
from archive.repositories import MissedSearch
from archive.thai import BANGKOK, shorten, today
from storage import mappers
from storage.engine import EngineRepository
from storage.repositories.history import announcement_row
from storage.rows import delete_rows, insert_row
from storage.tenancy import current_organisation

VISIT_WINDOW = dt.timedelta(minutes=30)
"""Time after a counted visit in which the same visitor is not counted again.

The span is the usual one in web statistics, so that counts stay comparable with those of an older site.
"""

MOST_FROM_ADDRESS = 5
"""Most visitors from one address that count in a visit window.

A household or a small office behind one router has as many.
"""

MOST_MISSES = 2_000
"""Most queries without results that an organisation stores: more than anybody reads.

The rarest and oldest are deleted first.
"""
LONGEST_MISS = 200
"""Most characters of such a query that are stored: a longer text does not show which word is missing."""
MISSES_FOR = dt.timedelta(days=180)  # time after which a query that was not repeated is deleted


class EngineUsageStatistics(EngineRepository):
    """Adapter of ``UsageStatistics`` for any ``Engine``."""

    def count_visit(
        self, announcement_id: int, visitor_hash: str, *, address_hash: str = "", now: dt.datetime
    ) -> bool:
        """Count a visit once per visitor and window, of few visitors per address; True if it was counted.

        See ``archive.repositories.UsageStatistics``. A known visitor costs one look-up. A new visitor costs a
        transaction, which waits neither for the disk nor for a lock on the announcement.
        """
        since = mappers.time_text(now - VISIT_WINDOW)
        visitor = f"{address_hash}:{visitor_hash}" if address_hash else visitor_hash
        if self._seen(announcement_id, visitor, since):
            return False
        with self._engine.write(is_durable=False):
            announcement = announcement_row(self._engine, announcement_id)
            if announcement["status"] != Status.PUBLISHED:
                return False
            self._forget(since)
            if (
                address_hash
                and self._visitors_from(announcement_id, address_hash, since) >= MOST_FROM_ADDRESS
            ):
                return False
            counted = self._engine.run(
                """INSERT INTO visit (announcement_id, visitor, at, organisation_id)
                   VALUES (:id, :visitor, :now, :organisation)
                   ON CONFLICT (announcement_id, visitor) DO UPDATE SET at = excluded.at
                   WHERE visit.at <= :since""",
                id=announcement_id,
                organisation=announcement["organisation_id"],
                visitor=visitor,
                now=mappers.time_text(now),
                since=since,
            )
            if counted:
                insert_row(
                    self._engine,
                    "waiting_visit",
                    organisation_id=announcement["organisation_id"],
                    announcement_id=announcement_id,
                    day=now.astimezone(BANGKOK).date().isoformat(),
                )
                self._tally()
        return counted == 1

    def _visitors_from(self, announcement_id: int, address: str, since: str) -> int:
        found = self._engine.rows(
            """SELECT count(*) AS n FROM visit
               WHERE organisation_id IN :organisations AND announcement_id = :id
               AND visitor > :first AND visitor < :after AND at > :since""",
            id=announcement_id,
            first=f"{address}:",
            after=f"{address};",  # ";" is the character after ":"
            since=since,
        )
        return int(found[0]["n"])

    def _forget(self, since: str) -> None:
        """Delete at most 100 visits whose visit window is over. Call this inside a transaction."""
        self._engine.run(
            """DELETE FROM visit WHERE organisation_id IN :organisations AND (announcement_id, visitor) IN
                   (SELECT announcement_id, visitor FROM visit
                    WHERE organisation_id IN :organisations AND at <= :since ORDER BY at LIMIT 100
                    FOR NO KEY UPDATE SKIP LOCKED)""",
            since=since,
        )

    def _tally(self) -> None:
        """Add waiting visits to announcements that are not locked. Call this inside a transaction.

        Visits to locked announcements stay until the next visit to any announcement, so that no visit waits
        for a row lock.
        """
        free = self._engine.rows(
            """SELECT id, organisation_id FROM announcement
               WHERE organisation_id IN :organisations
               AND id IN (SELECT announcement_id FROM waiting_visit WHERE organisation_id IN :organisations)
               ORDER BY id LIMIT 20 FOR NO KEY UPDATE SKIP LOCKED"""
        )
        for row in free:
            waiting = self._engine.rows(
                """DELETE FROM waiting_visit
                   WHERE organisation_id IN :organisations AND announcement_id = :id RETURNING day""",
                id=row["id"],
            )
            self._engine.run(
                """UPDATE announcement SET visits = visits + :more
                   WHERE organisation_id IN :organisations AND id = :id""",
                id=row["id"],
                more=len(waiting),
            )
            for day, more in Counter(visit["day"] for visit in waiting).items():
                self._engine.run(
                    """INSERT INTO day_visits (day, announcement_id, count, organisation_id)
                       VALUES (:day, :id, :more, :organisation)
                       ON CONFLICT (day, announcement_id)
                       DO UPDATE SET count = day_visits.count + excluded.count""",
                    id=row["id"],
                    organisation=row["organisation_id"],
                    day=day,
                    more=more,
                )

    def _seen(self, announcement_id: int, visitor: str, since: str) -> bool:
        return (
            self._engine.row(
                """SELECT 1 AS seen FROM visit
                   WHERE organisation_id IN :organisations AND announcement_id = :id AND visitor = :visitor
                   AND at > :since""",
                id=announcement_id,
                visitor=visitor,
                since=since,
            )
            is not None
        )

    def visits_by_day(self, *, days: int) -> list[tuple[dt.date, int]]:
        last = today()
        shown = [last - dt.timedelta(days=back) for back in reversed(range(days))]
        found = self._engine.rows(
            """SELECT day, sum(count) AS count FROM day_visits
               WHERE organisation_id IN :organisations AND day >= :first GROUP BY day""",
            first=shown[0].isoformat(),
        )
        counts = {row["day"]: int(row["count"]) for row in found}
        return [(day, counts.get(day.isoformat(), 0)) for day in shown]

    def record_missed_search_unless_personal(self, query: str) -> None:
        if privacy.may_name_person(query):
            return
        with self._engine.write(is_durable=False):
            self._engine.run(
                """INSERT INTO miss (organisation_id, query, count, last_at)
                   VALUES (:organisation, :query, 1, :now)
                   ON CONFLICT (organisation_id, query)
                   DO UPDATE SET count = miss.count + 1, last_at = excluded.last_at""",
                organisation=current_organisation(self._engine, default_when_several=PROVINCE),
                query=shorten(" ".join(query[: 4 * LONGEST_MISS].split()), LONGEST_MISS),
                now=mappers.now_text(),
            )
            self._forget_misses()

    def _forget_misses(self) -> None:
        """Delete misses that are old, too long or above the limit. Call this inside a transaction."""
        organisation = current_organisation(self._engine, default_when_several=PROVINCE)
        self._engine.run(
            """DELETE FROM miss WHERE organisation_id = :organisation
               AND (last_at < :since OR length(query) > :longest)""",
            organisation=organisation,
            since=mappers.time_text(dt.datetime.now(dt.UTC) - MISSES_FOR),
            longest=LONGEST_MISS,
        )
        self._engine.run(
            """DELETE FROM miss WHERE organisation_id = :organisation AND query IN
                   (SELECT query FROM miss WHERE organisation_id = :organisation
                    ORDER BY count DESC, last_at DESC LIMIT 1000 OFFSET :most)""",
            organisation=organisation,
            most=MOST_MISSES,
        )

    def list_missed_searches(self, *, limit: int = 100) -> list[MissedSearch]:
        found = self._engine.rows(
            """SELECT query, sum(count) AS count, max(last_at) AS last_at FROM miss
               WHERE organisation_id IN :organisations GROUP BY query ORDER BY 2 DESC, 3 DESC LIMIT :limit""",
            limit=limit,
        )
        return [
            MissedSearch(row["query"], int(row["count"]), dt.datetime.fromisoformat(row["last_at"]))
            for row in found
            if not privacy.may_name_person(row["query"])  # kept by an earlier version
        ]

    def delete_missed_search(self, query: str) -> None:
        with self._engine.write():
            delete_rows(self._engine, "miss", query=query)

    def add_to_total(self, name: str, amount: int) -> None:
        with self._engine.write(is_durable=False):
            self._engine.run(
                """INSERT INTO counter (name, value) VALUES (:name, :amount)
                   ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value""",
                name=_TALLY + name,
                amount=amount,
            )

    def running_totals(self) -> dict[str, int]:
        found = self._engine.rows("SELECT name, value FROM counter")
        return {
            row["name"].removeprefix(_TALLY): row["value"] for row in found if row["name"].startswith(_TALLY)
        }


_TALLY = "tally "  # prefix of a running total's name: the change counter is in the same table
