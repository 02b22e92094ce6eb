"""Brings the schema of a database up to date: applies the migrations of ``storage.schema`` that it lacks."""

from __future__ import annotations

from collections.abc import Callable

from storage import schema
from storage.engine import Engine
from storage.mappers import now_text
from storage.migration import Dialect, Migration


def migrate(engine: Engine, dialect: Dialect, begin: Callable[[], None]) -> None:
    """Apply missing migrations, in order, in one transaction. Processes that start together wait in turn.

    A database with all migrations is not written to. ``begin`` is called before an empty database is filled,
    and may raise to refuse.
    """
    if not engine.has_table("migration"):
        begin()
    elif not _missing(engine):
        return
    with engine.write():
        text = dialect.text
        engine.run(
            f"CREATE TABLE IF NOT EXISTS migration (name {text} PRIMARY KEY, applied_at {text} NOT NULL)"
        )
        for migration in _missing(engine):
            for statement in migration.statements:
                engine.run(statement.format(id=dialect.id, text=dialect.text, bytes=dialect.bytes))
            if migration.then:
                migration.then(engine)
            for table in migration.carried:
                last = engine.rows(f"SELECT coalesce(max(id), 0) AS id FROM {table}")[0]["id"]  # noqa: S608
                engine.go_on_after(table, last)
            engine.run(
                "INSERT INTO migration (name, applied_at) VALUES (:name, :at)",
                name=migration.name,
                at=now_text(),
            )


def _missing(engine: Engine) -> list[Migration]:
    applied = {row["name"] for row in engine.rows("SELECT name FROM migration")}
    return [migration for migration in schema.MIGRATIONS if migration.name not in applied]
