"""``archive.ports.Leases`` on any ``Engine``: a row for each duty, taken in one statement."""

from __future__ import annotations

import datetime as dt

from storage import mappers
from storage.engine import Engine


class EngineLeases:
    """``Leases`` on any ``Engine``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, name: str, holder: str, *, lease: dt.timedelta, now: dt.datetime) -> bool:
        """Twice the lease ahead: a live holder's may be ahead by a little when the clock is set."""
        times = {"now": mappers.time_text(now), "latest": mappers.time_text(now + 2 * lease)}
        if self._engine.row(
            """SELECT 1 AS held FROM lease
               WHERE name = :name AND holder <> :holder AND until > :now AND until <= :latest""",
            name=name,
            holder=holder,
            **times,
        ):
            return False  # those who wait leave the writers alone
        with self._engine.write(durable=False):
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

    def release(self, name: str, holder: str) -> None:
        with self._engine.write(durable=False):
            self._engine.run(
                "DELETE FROM lease WHERE name = :name AND holder = :holder", name=name, holder=holder
            )
