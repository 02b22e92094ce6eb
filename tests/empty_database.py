"""An empty database: made once in a process, and copied for each test that begins with one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.sqlite import Sqlite


def place_empty_database(path: Path) -> None:
    """Put a database with all tables and no rows at ``path``, as opening it there would.

    The migrations take five times as long as the rest of opening it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_empty_database())


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        Sqlite(path).close()  # leaves one file, without a log beside it
        return path.read_bytes()
