"""Queries about the accounts of people who may sign in."""

from __future__ import annotations

from archive.errors import Conflict, NotFound
from archive.model import PROVINCE, Person, Role
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import write_with_entries_of_changed_people
from storage.rows import insert_row_unless_present, read_rows, update_row
from storage.tenancy import current_organisation


class EngineAccounts(EngineRepository):
    """Adapter of ``Accounts`` for any ``Engine``."""

    def add(self, name: str, password_hash: str, role: Role, *, division: str = "") -> Person:
        with write_with_entries_of_changed_people(self._engine):
            self._refuse_namesake(name)
            row = insert_row_unless_present(
                self._engine,
                "person",
                "organisation_id, name",
                organisation_id=current_organisation(self._engine),
                name=name,
                password_hash=password_hash,
                role=role.value,
                division=division,
                created_at=mappers.now_text(),
            )
            if row is None:
                raise _name_taken(name)
        return mappers.person(row)

    def _refuse_namesake(self, name: str) -> None:
        """Raise ``Conflict`` where the province has a person of this name, or for the province a town.

        The history names who did something by the name alone.
        """
        here = current_organisation(self._engine)
        towns = [row["id"] for row in self._engine.rows("SELECT id FROM organisation")]
        if self._engine.row(
            "SELECT id FROM person WHERE organisation_id IN :account_organisations AND name = :name LIMIT 1",
            organisations=None,  # else PostgreSQL shows no town's people to the province
            name=name,
            account_organisations=[PROVINCE, *(towns if here == PROVINCE else [here])],
        ):
            raise _name_taken(name)

    def person(self, id: int) -> Person:
        row = self._engine.row(
            """SELECT * FROM person
               WHERE organisation_id IN :account_organisations AND id = :id""",
            id=id,
        )
        if row is None:
            raise _nobody()
        return mappers.person(row)

    def password_hash(self, id: int) -> str:
        row = self._engine.row(
            "SELECT password_hash FROM person WHERE organisation_id IN :account_organisations AND id = :id",
            id=id,
        )
        if row is None:
            raise _nobody()
        return str(row["password_hash"])

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
        return read_rows(self._engine, mappers.person, order="name")

    def disable_and_sign_out(self, name: str) -> None:
        self._set_disabled(name, True)

    def enable(self, name: str) -> None:
        self._set_disabled(name, False)

    def _set_disabled(self, name: str, disabled: bool) -> None:
        with write_with_entries_of_changed_people(self._engine):
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

    def set_password_and_sign_out(self, id: int, password_hash: str) -> None:
        with write_with_entries_of_changed_people(self._engine):
            if not self._engine.run(
                """UPDATE person SET password_hash = :password_hash
                   WHERE organisation_id IN :account_organisations AND id = :id""",
                id=id,
                password_hash=password_hash,
            ):
                raise _nobody()
            self._engine.run(
                """DELETE FROM session
                   WHERE organisation_id IN :account_organisations AND person_id = :id""",
                id=id,
            )

    def set_role_and_division(self, id: int, *, role: Role, division: str) -> None:
        with write_with_entries_of_changed_people(self._engine):
            if not update_row(self._engine, "person", id, role=role.value, division=division):
                raise _nobody()


def _name_taken(name: str) -> Conflict:
    return Conflict("มีผู้ใช้ชื่อ “%(name)s” อยู่แล้ว กรุณาใช้ชื่ออื่น", code="name-taken", name=name)


def _nobody() -> NotFound:
    return NotFound("ไม่พบผู้ใช้นี้")
