"""Queries about the tokens of programs that call the API."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from archive.errors import Conflict, NotFound, Unavailable
from archive.model import ALL_SCOPES, ApiToken, Scope
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import write_with_entries_of_changed_people
from storage.rows import insert_row, read_rows
from storage.tenancy import current_organisation

_LAST_USE_STEP = dt.timedelta(minutes=1)  # a program that calls often causes one write a minute at most


class EngineApiTokens(EngineRepository):
    """Adapter of ``ApiTokens`` for any ``Engine``."""

    def add(
        self,
        name: str,
        token_hash: str,
        *,
        scopes: frozenset[Scope] = ALL_SCOPES,
        expires_at: dt.datetime | None = None,
    ) -> None:
        with write_with_entries_of_changed_people(self._engine):
            if any(name == known.name and not known.revoked_at for known in self.all()):
                raise Conflict(f"มีโทเคนชื่อ “{name}” อยู่แล้ว กรุณาใช้ชื่ออื่น หรือเพิกถอนของเดิมก่อน", code="name-taken")
            insert_row(
                self._engine,
                "token",
                organisation_id=current_organisation(self._engine),
                name=name,
                hash=token_hash,
                scopes=",".join(sorted(scopes)),
                expires_at=mappers.stored_value(expires_at),
                created_at=mappers.now_text(),
            )

    def use_live_token(self, token_hash: str, *, now: dt.datetime) -> ApiToken | None:
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
            with suppress(Unavailable), self._engine.write(is_durable=False):
                self._engine.run(
                    """UPDATE token SET last_used_at = :now
                       WHERE organisation_id IN :account_organisations AND id = :id""",
                    id=row["id"],
                    now=mappers.time_text(now),
                )
        return found

    def all(self) -> list[ApiToken]:
        return read_rows(self._engine, mappers.token)

    def revoke(self, name: str) -> None:
        with write_with_entries_of_changed_people(self._engine):
            if not self._engine.run(
                """UPDATE token SET revoked_at = :now
                   WHERE organisation_id = :organisation AND name = :name AND revoked_at IS NULL""",
                organisation=current_organisation(self._engine),
                name=name,
                now=mappers.now_text(),
            ):
                raise NotFound(f"ไม่พบโทเคนชื่อ “{name}” ที่ยังใช้ได้")
