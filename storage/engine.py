"""Protocols of a database engine. Queries use these protocols and so are written once for all engines.

The SQL in ``storage`` is the part that SQLite and PostgreSQL share, with named parameters (``:name``). A
``list`` is passed as ``IN :name``; None in its place stands for any value. ``:organisations`` and
``:account_organisations`` are None unless the caller passes them (see ``storage.tenancy``). A plus sign, as
in ``+organisation_id``, keeps SQLite from an index that begins with the column, where another finds fewer
rows. A row that another transaction may be changing is read ``FOR NO KEY UPDATE``, with ``SKIP LOCKED`` when
a locked row is not worth waiting for. Each engine translates these; an engine with one writer at a time
leaves the locks out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from archive.ports import Database

Row = Mapping[str, Any]

_LIST = re.compile(r"\bIN :(\w+)")


def expand_in_conditions(
    sql: str, values: Mapping[str, object], list_form: str
) -> tuple[str, dict[str, object]]:
    """Return the SQL with each ``IN :name`` in the engine's form, ``IS NOT NULL`` for None; and the values.

    ``list_form`` is the engine's form for a list of any length, with the replacement ``{name}``. A list of
    one is compared with ``=``, so that an index on further columns can be used. ``organisations`` and
    ``account_organisations`` are None where they are not given.
    """
    given: dict[str, Any] = {"organisations": None, "account_organisations": None, **values}
    bound = {**given}

    def form(found: re.Match[str]) -> str:
        name = found[1]
        listed = given[name]
        if listed is None:
            return "IS NOT NULL"
        if len(listed) == 1:
            bound[name] = listed[0]
            return f"= :{name}"
        return list_form.format(name=name)

    return _LIST.sub(form, sql), bound


class Queries(Protocol):
    """Runs SQL for the calling thread. Raises ``Unavailable`` when the database cannot serve."""

    def rows(self, sql: str, **values: object) -> list[Row]:
        """Return all rows of the result."""

    def row(self, sql: str, **values: object) -> Row | None:
        """Return the first row of the result; None when the result is empty."""

    def run(self, sql: str, **values: object) -> int:
        """Run a statement. Returns the number of changed rows."""

    def run_many(self, sql: str, many: Sequence[Mapping[str, object]]) -> None:
        """Run the same statement once for each set of values. Lists among the values have the same length."""

    def write(self, *, is_durable: bool = True) -> AbstractContextManager[None]:
        """Open a transaction, nested or not, which must be durable where it raises the change counter.

        A nested transaction can fail by itself. Durable transactions exclude each other, and their data
        survives a power cut once the context ends. With ``is_durable=False`` the data survives only the death
        of the process. Such a transaction is far cheaper and may run beside others. Why the change counter
        needs a durable one: an index may have followed the counter already, and must never meet the same
        number for another change.
        """


class EngineRepository:
    """Base of the adapters of repositories for any engine: keeps the engine."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine


class Engine(Queries, Database, Protocol):
    """A whole database: queries, and operations on all tables together."""

    def has_table(self, name: str) -> bool:
        """Return True when the database has the table."""

    def highest_id_ever_assigned(self, table: str) -> int:
        """Return the highest id that a table ever assigned; 0 when the table assigned none."""

    def set_last_assigned_id(self, table: str, id: int) -> None:
        """Set the id after which the table assigns ids from now on, also to a lower one than before."""

    def one_moment(self) -> AbstractContextManager[None]:
        """Let this thread read the database as it is at one moment; it must not write to it meanwhile."""

    def copy_to_sqlite(self, path: Path) -> None:
        """Write a consistent copy of the database to ``path``, a new SQLite file; writers are not blocked."""
