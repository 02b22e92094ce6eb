"""Applies the migrations of ``storage.migrations`` that a database lacks."""

from __future__ import annotations

from collections.abc import Callable, Set

from archive.errors import SettingsError
from storage import migrations
from storage.engine import Engine
from storage.mappers import now_text
from storage.migration_types import ColumnTypes, Migration


def migrate(engine: Engine, dialect: ColumnTypes, before_filling_empty: Callable[[], None]) -> None:
    """Apply missing migrations in one transaction; ``SettingsError`` for a later version's database.

    They are applied in order. Processes that start together wait in turn. A database with all migrations is
    not written to, nor is one of a later version: this version does not know what that one stores.
    ``before_filling_empty`` is called before an empty database is filled, and may raise to refuse.
    """
    if not engine.has_table("migration"):
        before_filling_empty()
    else:
        refuse_newer_migrations(_applied(engine))
        if not _missing(engine):
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
            for table in migration.tables_copied_with_ids:
                last = engine.rows(f"SELECT coalesce(max(id), 0) AS id FROM {table}")[0]["id"]  # noqa: S608
                engine.set_last_assigned_id(table, last)
            engine.run(
                "INSERT INTO migration (name, applied_at) VALUES (:name, :at)",
                name=migration.name,
                at=now_text(),
            )


def refuse_newer_migrations(applied: Set[str]) -> None:
    """Raise ``SettingsError`` when one of the applied migrations is of a later version of the program."""
    unknown = [name for name in sorted(applied) if not is_known_migration(name)]
    if unknown:
        raise SettingsError(
            "คลังนี้ปรับด้วยประกาศรุ่นที่ใหม่กว่าแล้ว รุ่นนี้จึงไม่เปิด กรุณาติดตั้งรุ่นที่ใหม่กว่า หรือกู้คืนข้อมูลสำรองที่ทำก่อนปรับรุ่น"
            f" (a newer version has upgraded this archive [{', '.join(unknown)}]:"
            " install that version, or restore the backup from before the upgrade)"
        )


def is_known_migration(name: str) -> bool:
    """Return True for a migration of this version of the program."""
    return any(migration.name == name for migration in migrations.MIGRATIONS)


def _applied(engine: Engine) -> set[str]:
    return {row["name"] for row in engine.rows("SELECT name FROM migration")}


def _missing(engine: Engine) -> list[Migration]:
    applied = _applied(engine)
    return [migration for migration in migrations.MIGRATIONS if migration.name not in applied]
