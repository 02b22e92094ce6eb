"""What the queries need from a database engine, so that they are written once.

The SQL in this room is the part that SQLite and PostgreSQL share, with named parameters
(``:name``). A ``list`` goes in as ``IN :name``, and a row that another transaction may be changing is
read ``FOR NO KEY UPDATE``, with ``SKIP LOCKED`` when somebody else's is not worth waiting for; each
engine writes these in its own way, or leaves the latter out where it has one writer at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

Row = Mapping[str, Any]


class Queries(Protocol):
    """Runs SQL for the calling thread. Raises ``Unavailable`` when the database cannot serve."""

    def rows(self, sql: str, **values: object) -> list[Row]: ...
    def row(self, sql: str, **values: object) -> Row | None:
        """The first row, or None."""

    def run(self, sql: str, **values: object) -> int:
        """How many rows were changed."""

    def run_many(self, sql: str, many: Sequence[Mapping[str, object]]) -> None:
        """The same statement with each of these values."""

    def write(self, *, durable: bool = True) -> AbstractContextManager[None]:
        """One transaction; a nested one can fail by itself. Durable ones exclude each other.

        When it returns the data survives a power cut; with ``durable=False`` only the death of
        the process, which is far cheaper, and it may run beside others. Whatever raises the change
        counter must be durable: an index may have followed it already, and must never meet the same
        number for something else.
        """


class Engine(Queries, Protocol):
    """A whole database."""

    def has_table(self, name: str) -> bool: ...
    def last_id(self, table: str) -> int:
        """The highest id that a table ever gave; 0 when it gave none."""

    def go_on_after(self, table: str, id: int) -> None:
        """Give higher ids only, from now on."""

    def copy_to(self, path: Path) -> None:
        """One moment of everything as an SQLite database, whole by itself; others go on writing."""

    def checkpoint(self) -> None:
        """See ``archive.ports.Database``."""

    def close(self) -> None: ...
