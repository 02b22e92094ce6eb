"""Reads the copy of the database that lies in a backup, which no process writes to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from archive.errors import Unavailable


@contextmanager
def open_database_copy(database: Path) -> Iterator[sqlite3.Connection]:
    """Open a database read-only. No process may write to that database meanwhile."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
        opened.row_factory = sqlite3.Row
        yield opened


def require_intact_database(database: Path) -> None:
    """Raise ``Unavailable`` when the database is damaged."""
    try:
        with open_database_copy(database) as opened:
            found = [text for (text,) in opened.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise Unavailable(f"ฐานข้อมูลเสียหาย (the database is damaged): {'; '.join(found)}")


def read_migrations(database: Path) -> list[str]:
    """Return the names of the migrations that a database has had, the newest last."""
    with open_database_copy(database) as opened:
        return [name for (name,) in opened.execute("SELECT name FROM migration ORDER BY applied_at, rowid")]
