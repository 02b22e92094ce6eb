"""``archive.ports.People`` on any ``Engine``."""

from __future__ import annotations

import datetime as dt

from archive.errors import Conflict, NotFound
from archive.model import PROVINCE, Person, Role
from storage import rows
from storage.engine import Queries, Row
from storage.scope import Scoped, home
from storage.signins import SignIns


class EnginePeople(SignIns):
    """``People`` on any ``Engine``."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def add(self, name: str, password_hash: str, role: Role) -> Person:
        with self._engine.write():
            row = self._engine.row(
                """INSERT INTO person (name, password_hash, role, created_at, organisation_id)
                   VALUES (:name, :password_hash, :role, :now, :home)
                   ON CONFLICT (organisation_id, name) DO NOTHING RETURNING *""",
                home=home(self._engine),
                name=name,
                password_hash=password_hash,
                role=role.value,
                now=rows.now_text(),
            )
            if row is None:
                raise Conflict("มีผู้ใช้ชื่อ “%(name)s” อยู่แล้ว กรุณาใช้ชื่ออื่น", code="name-taken", name=name)
        return rows.person(row)

    def person(self, id: int) -> Person:
        row = self._engine.row("SELECT * FROM person WHERE id = :id", id=id)
        if row is None:
            raise _nobody()
        return rows.person(row)

    def by_name(self, name: str) -> tuple[Person, str] | None:
        """The organisation's own before the province's of the same name."""
        row = self._engine.row(
            """SELECT * FROM person WHERE name = :name AND organisation_id IN :homes
               ORDER BY organisation_id DESC LIMIT 1""",
            name=name,
            homes=[home(self._engine), PROVINCE],
        )
        return None if row is None else (rows.person(row), row["password_hash"])

    def everyone(self) -> list[Person]:
        return [rows.person(row) for row in self._own("SELECT * FROM person ORDER BY name")]

    def _own(self, sql: str) -> list[Row]:
        """Without those of the province, who work here too but belong elsewhere."""
        found = self._engine.rows(sql)
        if not isinstance(self._engine, Scoped):
            return found
        return [row for row in found if row["organisation_id"] == self._engine.organisation]

    def disable(self, name: str) -> None:
        with self._engine.write():
            if not self._engine.run(
                "UPDATE person SET disabled = 1 WHERE name = :name AND organisation_id = :home",
                name=name,
                home=home(self._engine),
            ):
                raise _nobody()

    def set_password(self, id: int, password_hash: str) -> None:
        with self._engine.write():
            if not self._engine.run(
                "UPDATE person SET password_hash = :password_hash WHERE id = :id",
                id=id,
                password_hash=password_hash,
            ):
                raise _nobody()

    def add_token(self, name: str, token_hash: str) -> None:
        with self._engine.write():
            if any(name == known and not revoked for known, _made, revoked in self.tokens()):
                raise Conflict(f"มีโทเคนชื่อ “{name}” อยู่แล้ว กรุณาใช้ชื่ออื่น หรือเพิกถอนของเดิมก่อน", code="name-taken")
            self._engine.run(
                """INSERT INTO token (name, hash, created_at, organisation_id)
                   VALUES (:name, :hash, :now, :home)""",
                home=home(self._engine),
                name=name,
                hash=token_hash,
                now=rows.now_text(),
            )

    def token_name(self, token_hash: str) -> str | None:
        row = self._engine.row(
            "SELECT name FROM token WHERE hash = :hash AND revoked_at IS NULL", hash=token_hash
        )
        return None if row is None else str(row["name"])

    def tokens(self) -> list[tuple[str, dt.datetime, dt.datetime | None]]:
        found = self._own("SELECT * FROM token ORDER BY id")
        return [
            (
                row["name"],
                dt.datetime.fromisoformat(row["created_at"]),
                dt.datetime.fromisoformat(row["revoked_at"]) if row["revoked_at"] else None,
            )
            for row in found
        ]

    def revoke_token(self, name: str) -> None:
        with self._engine.write():
            if not self._engine.run(
                """UPDATE token SET revoked_at = :now
                   WHERE name = :name AND organisation_id = :home AND revoked_at IS NULL""",
                home=home(self._engine),
                name=name,
                now=rows.now_text(),
            ):
                raise NotFound(f"ไม่พบโทเคนชื่อ “{name}” ที่ยังใช้ได้")


def _nobody() -> NotFound:
    return NotFound("ไม่พบผู้ใช้นี้")
