"""Adapter of ``archive.ports.People`` for any ``Engine``."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from archive.errors import Conflict, NotFound, Unavailable
from archive.model import ALL_SCOPES, PROVINCE, Person, Role, Scope, Token
from storage import mappers
from storage.engine import Queries
from storage.hash_chain import recorded_people
from storage.repositories.second_factors import SecondFactors
from storage.repositories.sign_ins import SignIns
from storage.tenancy import current_organisation

_LAST_USE_STEP = dt.timedelta(minutes=1)  # a program that calls often causes one write a minute at most


class EnginePeople(SignIns, SecondFactors):
    """Adapter of ``People`` for any ``Engine``."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def add(self, name: str, password_hash: str, role: Role) -> Person:
        with recorded_people(self._engine):
            row = self._engine.row(
                """INSERT INTO person (name, password_hash, role, created_at, organisation_id)
                   VALUES (:name, :password_hash, :role, :now, :organisation)
                   ON CONFLICT (organisation_id, name) DO NOTHING RETURNING *""",
                organisation=current_organisation(self._engine),
                name=name,
                password_hash=password_hash,
                role=role.value,
                now=mappers.now_text(),
            )
            if row is None:
                raise Conflict("มีผู้ใช้ชื่อ “%(name)s” อยู่แล้ว กรุณาใช้ชื่ออื่น", code="name-taken", name=name)
        return mappers.person(row)

    def person(self, id: int) -> Person:
        row = self._engine.row(
            """SELECT * FROM person
               WHERE organisation_id IN :account_organisations AND id = :id""",
            id=id,
        )
        if row is None:
            raise _nobody()
        return mappers.person(row)

    def by_name(self, name: str) -> tuple[Person, str] | None:
        """Return the person and the password hash. An organisation's own person precedes the province's."""
        row = self._engine.row(
            """SELECT * FROM person WHERE organisation_id IN :account_organisations AND name = :name
               ORDER BY organisation_id DESC LIMIT 1""",
            name=name,
            account_organisations=[current_organisation(self._engine), PROVINCE],
        )
        return None if row is None else (mappers.person(row), row["password_hash"])

    def everyone(self) -> list[Person]:
        found = self._engine.rows(
            "SELECT * FROM person WHERE organisation_id IN :organisations ORDER BY name"
        )
        return [*mappers.readable(mappers.person, found)]

    def disable(self, name: str) -> None:
        self._set_disabled(name, True)

    def enable(self, name: str) -> None:
        self._set_disabled(name, False)

    def _set_disabled(self, name: str, disabled: bool) -> None:
        with recorded_people(self._engine):
            if not self._engine.run(
                """UPDATE person SET disabled = :disabled
                   WHERE organisation_id = :organisation AND name = :name""",
                disabled=int(disabled),
                name=name,
                organisation=current_organisation(self._engine),
            ):
                raise _nobody()
            if disabled:  # else the sessions would work again once the account is enabled
                self._engine.run(
                    """DELETE FROM session WHERE organisation_id = :organisation AND person_id IN (
                           SELECT id FROM person WHERE organisation_id = :organisation AND name = :name)""",
                    name=name,
                    organisation=current_organisation(self._engine),
                )

    def set_password(self, id: int, password_hash: str) -> None:
        with recorded_people(self._engine):
            if not self._engine.run(
                """UPDATE person SET password_hash = :password_hash
                   WHERE organisation_id IN :account_organisations AND id = :id""",
                id=id,
                password_hash=password_hash,
            ):
                raise _nobody()

    def add_token(
        self,
        name: str,
        token_hash: str,
        *,
        scopes: frozenset[Scope] = ALL_SCOPES,
        expires_at: dt.datetime | None = None,
    ) -> None:
        with recorded_people(self._engine):
            if any(name == known.name and not known.revoked_at for known in self.tokens()):
                raise Conflict(f"มีโทเคนชื่อ “{name}” อยู่แล้ว กรุณาใช้ชื่ออื่น หรือเพิกถอนของเดิมก่อน", code="name-taken")
            self._engine.run(
                """INSERT INTO token (name, hash, scopes, expires_at, created_at, organisation_id)
                   VALUES (:name, :hash, :scopes, :expires_at, :now, :organisation)""",
                organisation=current_organisation(self._engine),
                name=name,
                hash=token_hash,
                scopes=",".join(sorted(scopes)),
                expires_at=mappers.time_text(expires_at) if expires_at else None,
                now=mappers.now_text(),
            )

    def token(self, token_hash: str, *, now: dt.datetime) -> Token | None:
        row = self._engine.row(
            """SELECT * FROM token
               WHERE organisation_id IN :account_organisations AND hash = :hash AND revoked_at IS NULL
               AND (expires_at IS NULL OR expires_at > :now)""",
            hash=token_hash,
            now=mappers.time_text(now),
        )
        if row is None:
            return None
        found = mappers.token(row)
        if found.last_used_at is None or abs(now - found.last_used_at) >= _LAST_USE_STEP:
            # Where the disk is full, the write is skipped, so that programs still get in.
            with suppress(Unavailable), self._engine.write(durable=False):
                self._engine.run(
                    """UPDATE token SET last_used_at = :now
                       WHERE organisation_id IN :account_organisations AND id = :id""",
                    id=row["id"],
                    now=mappers.time_text(now),
                )
        return found

    def tokens(self) -> list[Token]:
        found = self._engine.rows("SELECT * FROM token WHERE organisation_id IN :organisations ORDER BY id")
        return [*mappers.readable(mappers.token, found)]

    def revoke_token(self, name: str) -> None:
        with recorded_people(self._engine):
            if not self._engine.run(
                """UPDATE token SET revoked_at = :now
                   WHERE organisation_id = :organisation AND name = :name AND revoked_at IS NULL""",
                organisation=current_organisation(self._engine),
                name=name,
                now=mappers.now_text(),
            ):
                raise NotFound(f"ไม่พบโทเคนชื่อ “{name}” ที่ยังใช้ได้")


def _nobody() -> NotFound:
    return NotFound("ไม่พบผู้ใช้นี้")
