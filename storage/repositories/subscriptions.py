"""Queries about followers by email, and about the order in which announcements were published."""

from __future__ import annotations

import datetime as dt

from archive.model import PROVINCE
from archive.subscriptions import (
    MOST_CONFIRMATIONS_A_DAY,
    MOST_OF_ADDRESS,
    UNCONFIRMED_FOR,
    Frequency,
    Subscription,
)
from storage import mappers
from storage.engine import EngineRepository
from storage.rows import delete_rows, insert_row, read_rows, select_row, update_row
from storage.tenancy import current_organisation

_DAY = dt.timedelta(days=1)
_PUBLICATION = "(action = 'publish' OR (action = 'create' AND after LIKE :made_public))"
"""Entries of the history by which an announcement became public."""

_MADE_PUBLIC = '%"status": "published"%'


class EngineSubscriptions(EngineRepository):
    """Adapter of ``archive.subscriptions.Subscriptions``."""

    def subscribe_within_limits(
        self, address: str, search: str, frequency: Frequency, *, language: str, key: str
    ) -> None:
        organisation = current_organisation(self._engine, default_when_several=PROVINCE)
        now = dt.datetime.now(dt.UTC)
        with self._engine.write():
            # The limits hold for all organisations of an installation together: it is one mailbox.
            found = self._engine.rows(
                """SELECT organisation_id, search, confirmed_at, made_at FROM subscription
                   WHERE organisation_id IN :organisations AND address = :address""",
                organisations=None,
                address=address,
            )
            recent = [
                row
                for row in found
                if row["confirmed_at"] is None and row["made_at"] > mappers.time_text(now - _DAY)
            ]
            others = {(row["organisation_id"], row["search"]) for row in found} - {(organisation, search)}
            if len(recent) >= MOST_CONFIRMATIONS_A_DAY or len(others) >= MOST_OF_ADDRESS:
                return
            insert_row(
                self._engine,
                "subscription",
                organisation_id=organisation,
                address=address,
                key=key,
                search=search,
                frequency=frequency.value,
                language=language,
                made_at=mappers.time_text(now),
                position=0,
            )

    def by_key(self, key: str) -> Subscription | None:
        row = select_row(self._engine, "subscription", "key = :key", key=key)
        return None if row is None else mappers.subscription(row)

    def confirm(self, key: str) -> Subscription | None:
        with self._engine.write():
            asked = self.by_key(key)
            if asked is None or asked.confirmed_at is not None:
                return asked
            earlier = select_row(
                self._engine,
                "subscription",
                "address = :address AND search = :search AND confirmed_at IS NOT NULL",
                address=asked.address,
                search=asked.search,
            )
            if earlier is None:
                update_row(
                    self._engine,
                    "subscription",
                    asked.id,
                    confirmed_at=mappers.now_text(),
                    position=self.last_publication(),
                )
                return self.by_key(key)
            delete_rows(self._engine, "subscription", key=key)
            chosen = {"frequency": asked.frequency.value, "language": asked.language}
            update_row(self._engine, "subscription", earlier["id"], **chosen)
            return self.by_key(earlier["key"])

    def unsubscribe(self, key: str) -> bool:
        with self._engine.write():
            return delete_rows(self._engine, "subscription", key=key) == 1

    def count_confirmed(self) -> int:
        row = self._engine.row(
            """SELECT count(*) AS confirmed FROM subscription
               WHERE organisation_id IN :organisations AND confirmed_at IS NOT NULL"""
        )
        return int(row["confirmed"]) if row else 0

    def delete_unconfirmed(self, now: dt.datetime) -> int:
        before = mappers.time_text(now - UNCONFIRMED_FOR)
        if not self._engine.row(
            """SELECT 1 AS found FROM subscription WHERE organisation_id IN :organisations
               AND confirmed_at IS NULL AND made_at < :before LIMIT 1""",
            before=before,
        ):
            return 0
        with self._engine.write():
            return self._engine.run(
                """DELETE FROM subscription WHERE organisation_id IN :organisations
                   AND confirmed_at IS NULL AND made_at < :before""",
                before=before,
            )

    def list_without_confirmation_request(self, *, after_id: int, limit: int) -> list[Subscription]:
        return read_rows(
            self._engine,
            mappers.subscription,
            "asked_at IS NULL AND confirmed_at IS NULL AND id > :after_id",
            order="id LIMIT :limit",
            after_id=after_id,
            limit=limit,
        )

    def record_confirmation_request(self, id: int, now: dt.datetime) -> None:
        with self._engine.write():
            update_row(self._engine, "subscription", id, asked_at=mappers.time_text(now))

    def list_due(
        self,
        newest_publication: int,
        *,
        dailies_looked_at_before: dt.datetime,
        now: dt.datetime,
        after_id: int,
        limit: int,
    ) -> list[Subscription]:
        return read_rows(
            self._engine,
            mappers.subscription,
            """confirmed_at IS NOT NULL AND id > :after_id
               AND ((frequency = 'at-once' AND position < :newest_publication)
                   OR (frequency = 'daily' AND (coalesce(looked_at, confirmed_at) < :dailies_looked_at_before
                       OR coalesce(looked_at, confirmed_at) > :now)))""",
            order="id LIMIT :limit",
            newest_publication=newest_publication,
            dailies_looked_at_before=mappers.time_text(dailies_looked_at_before),
            now=mappers.time_text(now),
            after_id=after_id,
            limit=limit,
        )

    def record_position(self, id: int, position: int, *, looked_at: dt.datetime | None) -> None:
        with self._engine.write():
            self._engine.run(
                """UPDATE subscription SET position = :position, looked_at = coalesce(:looked_at, looked_at)
                   WHERE organisation_id IN :organisations AND id = :id""",
                id=id,
                position=position,
                looked_at=None if looked_at is None else mappers.time_text(looked_at),
            )

    def last_publication(self) -> int:
        row = self._engine.row(
            f"""SELECT id FROM history WHERE organisation_id IN :organisations AND {_PUBLICATION}
                ORDER BY id DESC LIMIT 1""",  # noqa: S608  # our own condition
            made_public=_MADE_PUBLIC,
        )
        return 0 if row is None else int(row["id"])

    def publications_between(self, after: int, upto: int) -> dict[int, int]:
        found = self._engine.rows(
            f"""SELECT announcement_id, max(id) AS position FROM history
                WHERE organisation_id IN :organisations AND id > :after AND id <= :upto AND {_PUBLICATION}
                GROUP BY announcement_id ORDER BY position""",  # noqa: S608  # our own condition
            after=after,
            upto=upto,
            made_public=_MADE_PUBLIC,
        )
        return {row["announcement_id"]: row["position"] for row in found}
