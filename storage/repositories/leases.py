"""Adapter of ``archive.ports.Leases`` for any ``Engine``: one row for each duty or form."""

from __future__ import annotations

import datetime as dt

from storage import mappers
from storage.engine import EngineRepository


class EngineLeases(EngineRepository):
    """Adapter of ``Leases`` for any ``Engine``."""

    def claim(self, name: str, holder: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """Take or renew a lease; see ``archive.ports.Leases``.

        A lease that ends more than twice the lease ahead is taken over. A live holder's lease may end a
        little further ahead than one lease when the clock is set.
        """
        times = {"now": mappers.time_text(now), "latest": mappers.time_text(now + 2 * lease)}
        if self._engine.row(
            """SELECT 1 AS held FROM lease
               WHERE name = :name AND holder <> :holder AND until > :now AND until <= :latest""",
            name=name,
            holder=holder,
            **times,
        ):
            return False  # a waiting process takes no write lock
        with self._engine.write(is_durable=False):
            taken = self._engine.run(
                """INSERT INTO lease (name, holder, until) VALUES (:name, :holder, :until)
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
                   WHERE lease.holder = excluded.holder OR lease.until <= :now OR lease.until > :latest""",
                name=name,
                holder=holder,
                until=mappers.time_text(now + lease),
                **times,
            )
        return taken == 1

    def find_holder(self, name: str, *, now: dt.datetime) -> str:
        found = self._engine.row(
            "SELECT holder FROM lease WHERE name = :name AND until > :now",
            name=name,
            now=mappers.time_text(now),
        )
        return str(found["holder"]) if found else ""

    def release(self, name: str, holder: str) -> None:
        with self._engine.write(is_durable=False):
            self._engine.run(
                "DELETE FROM lease WHERE name = :name AND holder = :holder", name=name, holder=holder
            )
