"""Queries about the history of announcements and collections together."""

from __future__ import annotations

from archive.changes import HistoryFilters
from archive.errors import NotFound
from archive.model import Change
from storage import mappers
from storage.engine import Queries, Row

_COLUMNS = "at, actor, action, before, after, reason, bulk"
_NOTHING = "CAST(NULL AS BIGINT)"  # PostgreSQL takes a bare NULL for text, which a union refuses beside an id


class EngineChanges:
    """Adapter of ``archive.changes.Changes`` for any ``Engine``."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def find(self, filters: HistoryFilters, *, limit: int, offset: int = 0) -> list[Change]:
        condition, values = _condition(filters)
        latest = f"WHERE {condition} ORDER BY at DESC, id DESC LIMIT :upto"
        found = self._engine.rows(
            # Each part is limited by its index before the two are merged.
            f"""SELECT * FROM (
                    SELECT * FROM (SELECT id, announcement_id, {_NOTHING} AS collection_id, {_COLUMNS}
                                   FROM history {latest}) AS of_announcements
                    UNION ALL
                    SELECT * FROM (SELECT id, {_NOTHING} AS announcement_id, collection_id, {_COLUMNS}
                                   FROM collection_history {latest}) AS of_collections) AS merged
                ORDER BY at DESC, id DESC LIMIT :limit OFFSET :offset""",  # noqa: S608  # our own text
            upto=limit + offset,
            limit=limit,
            offset=offset,
            **values,
        )
        return [*mappers.readable(mappers.change, found)]

    def get(self, id: int) -> Change:
        return _one(
            self._engine.row(
                "SELECT * FROM history WHERE organisation_id IN :organisations AND id = :id", id=id
            )
        )

    def get_of_collection(self, id: int) -> Change:
        return _one(
            self._engine.row(
                "SELECT * FROM collection_history WHERE organisation_id IN :organisations AND id = :id", id=id
            )
        )

    def actors(self) -> list[str]:
        found = self._engine.rows(
            """SELECT actor FROM history WHERE organisation_id IN :organisations
               UNION SELECT actor FROM collection_history WHERE organisation_id IN :organisations
               ORDER BY actor"""
        )
        return [row["actor"] for row in found]


def _one(row: Row | None) -> Change:
    if row is None:
        raise NotFound("ไม่พบการแก้ไขนี้ในประวัติ")
    return mappers.change(row)


def _condition(filters: HistoryFilters) -> tuple[str, dict[str, object]]:
    """Return the filters as a condition in SQL, and its values."""
    conditions, values = ["organisation_id IN :organisations"], dict[str, object]()
    for name in ("actor", "action", "bulk"):
        if wanted := getattr(filters, name):
            conditions.append(f"{name} = :{name}")
            values[name] = wanted
    if filters.since is not None:
        conditions.append("at >= :since")
        values["since"] = mappers.time_text(filters.since)
    if filters.before is not None:
        conditions.append("at < :before")
        values["before"] = mappers.time_text(filters.before)
    return " AND ".join(conditions), values
