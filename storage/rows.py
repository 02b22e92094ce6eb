"""Statements that are alike for all tables: read, insert, update and delete rows.

Each of them says its organisation (``storage.tenancy``): ``organisation_id IN :organisations``, or among the
columns of a new row. Rows of tables that all organisations share have none: they are only inserted here.
Names of tables and columns go into the SQL as they are: they must come from this code, never from a person.
Call those that write inside a transaction.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from storage.engine import Queries, Row
from storage.mappers import Mapper, map_readable_rows

_T = TypeVar("_T")


def select_row(engine: Queries, table: str, rest: str, **values: object) -> Row | None:
    """Return the first row that ``select_rows`` returns; None where it returns none."""
    return engine.row(_selection(table, f"AND {rest}"), **values)


def select_rows(engine: Queries, table: str, rest: str, **values: object) -> list[Row]:
    """Return the rows of a table that fulfil ``rest``: conditions, then order and lock, in SQL."""
    return engine.rows(_selection(table, f"AND {rest}"), **values)


def _selection(table: str, rest: str) -> str:
    return f"SELECT * FROM {table} WHERE organisation_id IN :organisations {rest}"  # noqa: S608


def read_rows(
    engine: Queries, mapper: Mapper[_T], condition: str = "", *, order: str = "id", **values: object
) -> list[_T]:
    """Return the readable records of a table.

    ``condition``: in SQL, with the parameters ``values``; "" for every row. ``order``: by which the rows are
    sorted, in SQL, with a limit where there is one.
    """
    further = f"AND {condition}" if condition else ""
    rows = engine.rows(_selection(mapper.table, f"{further} ORDER BY {order}"), **values)
    return [*map_readable_rows(mapper, rows)]


def count_rows(
    engine: Queries, table: str, column: str, kinds: type[StrEnum], rest: str = ""
) -> dict[str, int]:
    """Return the number of rows by value of a column, 0 where a kind has none; other values are left out.

    ``rest``: further conditions in SQL, each after ``AND``.
    """
    found = engine.rows(
        f"""SELECT {column} AS kind, count(*) AS n FROM {table}
            WHERE organisation_id IN :organisations AND {column} IN :kinds {rest} GROUP BY {column}""",  # noqa: S608
        kinds=[kind.value for kind in kinds],
    )
    return {kind.value: 0 for kind in kinds} | {row["kind"]: row["n"] for row in found}


def insert_row(engine: Queries, table: str, **columns: object) -> Row:
    """Insert a row with these values and return it; tables of organisations need ``organisation_id``."""
    return engine.rows(_insertion(table, columns, "RETURNING *"), **columns)[0]


def insert_row_unless_present(engine: Queries, table: str, key: str, **columns: object) -> Row | None:
    """Insert a row and return it; None, without a change, where a row has the same values in ``key``.

    ``key``: columns that are unique together, with commas between them.
    """
    return engine.row(_insertion(table, columns, f"ON CONFLICT ({key}) DO NOTHING RETURNING *"), **columns)


def _insertion(table: str, columns: dict[str, object], rest: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES (:{', :'.join(columns)}) {rest}"  # noqa: S608


def update_row(engine: Queries, table: str, id: int, **columns: object) -> int:
    """Set columns of the row with this id. Returns the number of changed rows: 0 where there is none."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    return engine.run(
        f"UPDATE {table} SET {assignments} WHERE organisation_id IN :organisations AND id = :id",  # noqa: S608
        id=id,
        **columns,
    )


def delete_rows(engine: Queries, table: str, **equal: object) -> int:
    """Delete the rows that have these values. Returns their number."""
    conditions = " AND ".join(f"{name} = :{name}" for name in equal)
    return engine.run(
        f"DELETE FROM {table} WHERE organisation_id IN :organisations AND {conditions}",  # noqa: S608
        **equal,
    )
