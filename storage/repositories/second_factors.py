"""Queries about second factors and recovery codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from archive.errors import Conflict, NotFound
from archive.model import SecondFactor
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import write_with_entries_of_changed_people

MOST_STEPS_BACK = 2
"""Most steps by which a code may be older than the last one that was accepted, while the clock goes forward.

The accepted codes are those of the present step and of its two neighbours. A last step further ahead was used
while the clock was ahead, and counts no more.
"""


class EngineSecondFactors(EngineRepository):
    """Adapter of ``SecondFactors`` for any ``Engine``."""

    def get(self, person_id: int) -> SecondFactor | None:
        row = self._engine.row(
            """SELECT * FROM second_factor
               WHERE organisation_id IN :account_organisations AND person_id = :id""",
            id=person_id,
        )
        if row is None:
            return None
        left = self._engine.rows(
            """SELECT count(*) AS n FROM recovery_code
               WHERE organisation_id IN :account_organisations AND person_id = :id AND used_at IS NULL""",
            id=person_id,
        )
        return SecondFactor(
            sealed_secret=row["sealed_secret"],
            is_confirmed=row["confirmed_at"] is not None,
            recovery_codes_left=left[0]["n"],
        )

    def store_unconfirmed(self, person_id: int, sealed_secret: str) -> None:
        with write_with_entries_of_changed_people(self._engine):
            self._engine.run(
                """DELETE FROM second_factor
                   WHERE organisation_id IN :account_organisations AND person_id = :id
                   AND confirmed_at IS NULL""",
                id=person_id,
            )
            if self.get(person_id) is not None:
                raise Conflict("เปิดการยืนยันตัวตนสองขั้นไว้แล้ว กรุณาปิดก่อนแล้วจึงตั้งใหม่", code="second-factor-on")
            made = self._engine.run(
                """INSERT INTO second_factor (person_id, sealed_secret, last_step, organisation_id)
                   SELECT id, :sealed_secret, 0, organisation_id FROM person
                   WHERE organisation_id IN :account_organisations AND id = :id""",
                id=person_id,
                sealed_secret=sealed_secret,
            )
            if not made:
                raise NotFound("ไม่พบผู้ใช้นี้")

    def confirm(self, person_id: int, *, step: int, recovery_hashes: Sequence[str], now: dt.datetime) -> None:
        with write_with_entries_of_changed_people(self._engine):
            if not self._engine.run(
                """UPDATE second_factor SET confirmed_at = :now, last_step = :step
                   WHERE organisation_id IN :account_organisations AND person_id = :id
                   AND confirmed_at IS NULL""",
                id=person_id,
                step=step,
                now=mappers.time_text(now),
            ):
                raise Conflict("ไม่มีการยืนยันตัวตนสองขั้นที่รอตั้งค่า กรุณาเริ่มใหม่", code="second-factor-missing")
            self.replace_recovery_codes(person_id, recovery_hashes)

    def use_code(self, person_id: int, *, step: int) -> bool:
        with self._engine.write():
            used = self._engine.run(
                """UPDATE second_factor SET last_step = :step
                   WHERE organisation_id IN :account_organisations AND person_id = :id
                   AND (last_step < :step OR last_step > :latest) AND confirmed_at IS NOT NULL""",
                id=person_id,
                step=step,
                latest=step + MOST_STEPS_BACK,
            )
        return used == 1

    def use_recovery_code(self, person_id: int, code_hash: str, *, now: dt.datetime) -> bool:
        with write_with_entries_of_changed_people(self._engine):
            used = self._engine.run(
                """UPDATE recovery_code SET used_at = :now
                   WHERE organisation_id IN :account_organisations AND person_id = :id AND hash = :hash
                   AND used_at IS NULL""",
                id=person_id,
                hash=code_hash,
                now=mappers.time_text(now),
            )
        return used == 1

    def replace_recovery_codes(self, person_id: int, hashes: Sequence[str]) -> None:
        with write_with_entries_of_changed_people(self._engine):
            self._delete_recovery_codes(person_id)
            for code_hash in hashes:
                self._engine.run(
                    """INSERT INTO recovery_code (person_id, hash, organisation_id)
                       SELECT person_id, :hash, organisation_id FROM second_factor
                       WHERE organisation_id IN :account_organisations AND person_id = :id""",
                    id=person_id,
                    hash=code_hash,
                )

    def remove(self, person_id: int) -> bool:
        with write_with_entries_of_changed_people(self._engine):
            self._delete_recovery_codes(person_id)
            removed = self._engine.run(
                """DELETE FROM second_factor
                   WHERE organisation_id IN :account_organisations AND person_id = :id""",
                id=person_id,
            )
        return removed == 1

    def _delete_recovery_codes(self, person_id: int) -> None:
        self._engine.run(
            """DELETE FROM recovery_code
               WHERE organisation_id IN :account_organisations AND person_id = :id""",
            id=person_id,
        )
