"""Tenancy: restricts every query to the rows of one organisation.

The queries in ``storage`` do not mention organisations. ``Scoped`` rewrites their SQL: wherever a query
reads, changes or deletes, a table's name stands for the organisation's own rows of that table. So no query,
present or future, reaches the rows of another organisation. A query of a table that is in neither ``OWN``
nor ``SHARED`` fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache

from archive.errors import Invalid
from storage.engine import Queries, Row

_PERSON = "{table}.organisation_id IN (0, :organisation)"  # 0: the province

_WHOSE: Mapping[str, str] = {
    "announcement": "{table}.organisation_id = :organisation",
    "collection": "{table}.organisation_id = :organisation",
    "miss": "{table}.organisation_id = :organisation",
    "person": _PERSON,
    "token": _PERSON,
}
"""Tables with a column ``organisation_id``: table → condition that a row belongs to the organisation."""

_PART_OF: Mapping[str, tuple[str, str]] = {
    "attachment": ("announcement_id", "announcement"),
    "page": ("attachment_id", "attachment"),
    "history": ("announcement_id", "announcement"),
    "visit": ("announcement_id", "announcement"),
    "waiting_visit": ("announcement_id", "announcement"),
    "day_visits": ("announcement_id", "announcement"),
    "collection_item": ("collection_id", "collection"),
    "collection_history": ("collection_id", "collection"),
    "session": ("person_id", "person"),
    "second_factor": ("person_id", "person"),
    "recovery_code": ("person_id", "person"),
}
"""Tables that belong to an organisation through a foreign key: table → (column, parent table)."""

OWN = _WHOSE.keys() | _PART_OF.keys()
"""Tables whose rows belong to organisations."""

SHARED = {"audit", "counter", "incident", "organisation", "sign_in_attempt"}
"""Tables that all organisations share.

They hold the chain of audit entries and the incidents, the change counter and running totals, the
organisations themselves, and attempts to sign in, which are counted by address at all sites together.
"""

_READ = re.compile(r"(?<!DELETE )\b(FROM|JOIN)\s+(\w+)(\s*,)?", re.IGNORECASE)
_WRITTEN = re.compile(r"\s*(?:UPDATE|DELETE\s+FROM)\s+(\w+)\b.*?\bWHERE\b", re.DOTALL | re.IGNORECASE)
_VERB = re.compile(r"\s*(\w+)")
_INNERMOST = re.compile(r"\([^()]*\)")
_OR = re.compile(r"\bOR\b", re.IGNORECASE)


class Scoped:
    """``Queries`` restricted to one organisation. New rows belong to that organisation (see ``home``)."""

    def __init__(self, engine: Queries, organisation: int) -> None:
        self._engine = engine
        self.organisation = organisation

    def rows(self, sql: str, **values: object) -> list[Row]:
        return self._engine.rows(_scoped(sql), organisation=self.organisation, **values)

    def row(self, sql: str, **values: object) -> Row | None:
        return self._engine.row(_scoped(sql), organisation=self.organisation, **values)

    def run(self, sql: str, **values: object) -> int:
        return self._engine.run(_scoped(sql), organisation=self.organisation, **values)

    def run_many(self, sql: str, many: Sequence[Mapping[str, object]]) -> None:
        self._engine.run_many(
            _scoped(sql), [{"organisation": self.organisation, **values} for values in many]
        )

    def write(self, *, durable: bool = True) -> AbstractContextManager[None]:
        return self._engine.write(durable=durable)


def home(engine: Queries, *, several: int | None = None) -> int:
    """Return the id of the organisation that new rows belong to.

    Where there are several organisations and none was chosen, returns ``several``; raises ``Invalid`` (code
    ``which-organisation``) when ``several`` is None.
    """
    if isinstance(engine, Scoped):
        return engine.organisation
    known = engine.rows("SELECT id FROM organisation ORDER BY id LIMIT 2")
    if len(known) == 1:
        return int(known[0]["id"])
    if several is None:
        raise Invalid(
            "ระบบนี้มีหลายหน่วยงาน กรุณาทำรายการที่เว็บของหน่วยงานนั้น หรือระบุ --organisation"
            " (several organisations: choose one)",
            field="organisation",
            code="which-organisation",
        )
    return several


@lru_cache(maxsize=512)
def _scoped(sql: str) -> str:
    """Return the SQL restricted to the rows of the organisation ``:organisation``.

    The SQL must be simple, as this project's is: tables that are read follow ``FROM`` or ``JOIN``, and the
    first ``WHERE`` of an ``UPDATE`` or ``DELETE`` belongs to that statement itself. Raises ``ValueError`` for
    a list of tables, for a change without ``WHERE``, and for an ``OR`` outside parentheses.
    """
    own_rows = _tested if "FOR NO KEY UPDATE" in sql else _joined  # a row lock would lock the joined rows too
    read = _READ.sub(lambda found: _read(found, own_rows), sql)
    verb = _VERB.match(sql)
    if verb is None or verb[1].upper() not in ("UPDATE", "DELETE"):
        return read
    written = _WRITTEN.match(read)
    if written is None:
        raise ValueError(f"changes every row: {sql}")
    if written[1] in SHARED:
        return read
    if _chooses(read[written.end() :]):
        raise ValueError(f"OR without parentheses would reach beyond the organisation: {sql}")
    return f"{written[0]} {_test(written[1])} AND {read[written.end() :]}"


def _chooses(condition: str) -> bool:
    """Return True when the condition has an ``OR`` outside all parentheses."""
    inside = 1
    while inside:
        condition, inside = _INNERMOST.subn("", condition)
    return _OR.search(condition) is not None


def _read(found: re.Match[str], own_rows: Callable[[str], str]) -> str:
    table = found[2]
    if found[3]:
        raise ValueError(f"reads a list of tables, join them: {found[0]}")
    return found[0] if table in SHARED else f"{found[1]} ({own_rows(table)}) AS {table}"


def _joined(table: str) -> str:
    """Return a SELECT of the organisation's own rows of ``table``, written with joins.

    Joins let the database engine start from the organisation or from the rows that the query names,
    whichever are fewer.
    """
    holders, whose = _holders(table)
    joins = "".join(f" JOIN {name} AS {alias} ON {condition}" for name, alias, condition in holders)
    return f"SELECT {table}.* FROM {table}{joins} WHERE {whose}"  # noqa: S608  # our own names


def _tested(table: str) -> str:
    """Return the same SELECT as ``_joined`` without joins, so that a row lock locks no other table's rows."""
    return f"SELECT * FROM {table} WHERE {_test(table)}"  # noqa: S608  # our own names


def _test(table: str) -> str:
    """Return the SQL condition that a row of ``table`` belongs to the organisation."""
    holders, whose = _holders(table)
    if not holders:
        return whose
    named = ", ".join(f"{name} AS {alias}" for name, alias, _condition in holders)
    conditions = " AND ".join(condition for _name, _alias, condition in holders)
    return f"EXISTS (SELECT 1 FROM {named} WHERE {conditions} AND {whose})"  # noqa: S608  # our own names


def _holders(table: str) -> tuple[list[tuple[str, str, str]], str]:
    """Return the parent tables of ``table`` and the condition that a row belongs to the organisation.

    Each parent table is ``(name, alias, join condition)``; the last one has the column ``organisation_id``.
    """
    holders, part = [], table
    while table in _PART_OF:
        column, table = _PART_OF[table]
        holders.append((table, f"{table}_held", f"{table}_held.id = {part}.{column}"))
        part = f"{table}_held"
    return holders, _WHOSE[table].format(table=part)
