"""Queries about the history of announcements, collections and items to disclose together."""

from __future__ import annotations

from typing import Literal

from archive.changes import HistoryFilters
from archive.errors import NotFound
from archive.model import Change
from storage import mappers
from storage.engine import EngineRepository, Row
from storage.rows import select_row
from storage.tenancy import PARENTS

_MAPPERS = (mappers.change, mappers.collection_change, mappers.disclosure_change)
_COLUMNS = "at, actor, action, before, after, reason, bulk"
_TABLES = {mapper.table: PARENTS[mapper.table][0] for mapper in _MAPPERS}
"""Table of changes → its column that names the changed record."""

_NO_LIMIT = 2**31 - 1  # changes; more than any history has

_NOTHING = "CAST(NULL AS BIGINT)"  # PostgreSQL takes a bare NULL for text, which a union refuses beside an id


class EngineChanges(EngineRepository):
    """Adapter of ``archive.changes.Changes`` for any ``Engine``."""

    def find(self, filters: HistoryFilters, *, limit: int, offset: int = 0) -> list[Change]:
        condition, values = _condition(filters)
        latest = f"WHERE {condition} ORDER BY at DESC, id DESC LIMIT :upto"
        parts = " UNION ALL ".join(
            # Each part is limited by its index before they are merged.
            f"SELECT * FROM (SELECT id, {_owner(table)}, {_COLUMNS} FROM {table} {latest}) AS of_{table}"  # noqa: S608  # our own text
            for table in _TABLES
        )
        found = self._engine.rows(
            f"SELECT * FROM ({parts}) AS merged ORDER BY at DESC, id DESC LIMIT :limit OFFSET :offset",  # noqa: S608
            upto=limit + offset,
            limit=limit,
            offset=offset,
            **values,
        )
        return [change for row in found for change in mappers.map_readable_rows(_mapper_of(row), [row])]

    def list_bulk(self, bulk: str) -> list[Change]:
        return self.find(HistoryFilters(bulk=bulk), limit=_NO_LIMIT) if bulk else []

    def get(self, id: int, *, of: Literal["announcement", "collection", "disclosure_item"]) -> Change:
        mapper = next(each for each in _MAPPERS if PARENTS[each.table][1] == of)
        row = select_row(self._engine, mapper.table, "id = :id", id=id)
        if row is None:
            raise NotFound("ไม่พบการแก้ไขนี้ในประวัติ")
        return mapper(row)

    def actors(self) -> list[str]:
        named = (
            f"SELECT actor FROM {table} WHERE organisation_id IN :organisations"  # noqa: S608  # our own names
            for table in _TABLES
        )
        return [row["actor"] for row in self._engine.rows(f"{' UNION '.join(named)} ORDER BY actor")]


def _mapper_of(row: Row) -> mappers.Mapper[Change]:
    """Return the mapper of the table that a row of all changes comes from: other tables' owners are NULL."""
    return next(mapper for mapper in _MAPPERS if row[_TABLES[mapper.table]] is not None)


def _owner(table: str) -> str:
    """Return the columns that name the record a change is of; those of other kinds of record are NULL."""
    return ", ".join(
        column if name == table else f"{_NOTHING} AS {column}" for name, column in _TABLES.items()
    )


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
