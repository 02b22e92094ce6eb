"""One organisation's part of an archive: queries for which nobody else's rows exist.

The queries of this room do not speak of organisations. On ``Scoped`` a table stands for the
organisation's own rows of it wherever a query reads, changes or deletes; so no query, present or
future, reaches those of another. A table that is not named in ``OWN`` or ``SHARED`` cannot be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache

from archive.errors import Invalid
from storage.engine import Queries, Row

_PERSON = "{table}.organisation_id IN (0, :organisation)"  # the province's work in each

_WHOSE: Mapping[str, str] = {
    "announcement": "{table}.organisation_id = :organisation",
    "collection": "{table}.organisation_id = :organisation",
    "miss": "{table}.organisation_id = :organisation",
    "person": _PERSON,
    "token": _PERSON,
}
"""Tables whose rows say whose they are."""

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
"""Tables whose rows are whose that is which a column of theirs names."""

OWN = _WHOSE.keys() | _PART_OF.keys()
"""Tables of which an organisation has its own rows."""

SHARED = {"audit", "counter", "incident", "organisation", "sign_in_attempt"}
"""The chain of audit entries and the incidents; the change counter and totals; attempts to sign in, which
are counted by address at all sites together."""

_READ = re.compile(r"(?<!DELETE )\b(FROM|JOIN)\s+(\w+)(\s*,)?", re.IGNORECASE)
_WRITTEN = re.compile(r"\s*(?:UPDATE|DELETE\s+FROM)\s+(\w+)\b.*?\bWHERE\b", re.DOTALL | re.IGNORECASE)
_VERB = re.compile(r"\s*(\w+)")
_INNERMOST = re.compile(r"\([^()]*\)")
_OR = re.compile(r"\bOR\b", re.IGNORECASE)


class Scoped:
    """``Queries`` of one organisation; what is new belongs to it (``home``)."""

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
    """The organisation that what is new belongs to. Where there are several and none was chosen: ``several``,
    or ``Invalid``."""
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
    """The same for one organisation's rows. Our own words are trusted to be simple: what is read comes after
    ``FROM`` or ``JOIN``, and the first ``WHERE`` of a change is its own."""
    own_rows = _tested if "FOR NO KEY UPDATE" in sql else _joined  # a lock would hold what is joined too
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
    """Whether it has an ``OR`` outside all parentheses."""
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
    """Its own rows, for an engine to begin with: at the organisation, or at the rows that the query names,
    whichever are fewer."""
    holders, whose = _holders(table)
    joins = "".join(f" JOIN {name} AS {alias} ON {condition}" for name, alias, condition in holders)
    return f"SELECT {table}.* FROM {table}{joins} WHERE {whose}"  # noqa: S608  # our own names


def _tested(table: str) -> str:
    """The same, with nothing of other tables in it that a lock could hold."""
    return f"SELECT * FROM {table} WHERE {_test(table)}"  # noqa: S608  # our own names


def _test(table: str) -> str:
    """Whether a row of ``table`` is an organisation's own."""
    holders, whose = _holders(table)
    if not holders:
        return whose
    named = ", ".join(f"{name} AS {alias}" for name, alias, _condition in holders)
    conditions = " AND ".join(condition for _name, _alias, condition in holders)
    return f"EXISTS (SELECT 1 FROM {named} WHERE {conditions} AND {whose})"  # noqa: S608  # our own names


def _holders(table: str) -> tuple[list[tuple[str, str, str]], str]:
    """The tables, by name, alias and condition, through which a row of ``table`` is somebody's; and the
    condition that it is the organisation's."""
    holders, part = [], table
    while table in _PART_OF:
        column, table = _PART_OF[table]
        holders.append((table, f"{table}_held", f"{table}_held.id = {part}.{column}"))
        part = f"{table}_held"
    return holders, _WHOSE[table].format(table=part)
