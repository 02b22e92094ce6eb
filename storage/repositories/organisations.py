"""Adapter of ``archive.ports.Organisations`` for any ``Engine``."""

from __future__ import annotations

from archive.errors import Conflict, NotFound
from archive.model import Organisation
from storage import mappers
from storage.engine import Engine, EngineRepository
from storage.hash_chain import append_entries
from storage.move import TABLES
from storage.rows import insert_row
from storage.tenancy import OWN, PARENTS


def find_stray_rows(engine: Engine) -> list[str]:
    """Return a line for each row of a missing organisation or not of its owner's, at most 20 a table.

    No site shows such a row, or the wrong one does.
    """
    homeless = [
        f"{table} {row['key']}: no organisation {row['organisation_id']}"
        for table in sorted(OWN - PARENTS.keys())
        for row in engine.rows(
            f"""SELECT {TABLES[table][-1]} AS key, organisation_id FROM {table}
                WHERE organisation_id <> 0 AND organisation_id NOT IN (SELECT id FROM organisation)
                ORDER BY key LIMIT 20"""  # noqa: S608  # our own names
        )
    ]
    torn = [
        f"{table} of {parent} {row['id']}: organisation {row['child']} instead of {row['owner']}"
        for table, (column, parent) in PARENTS.items()
        for row in engine.rows(
            f"""SELECT {parent}.id, {parent}.organisation_id AS owner, {table}.organisation_id AS child
                FROM {table} JOIN {parent} ON {parent}.id = {table}.{column}
                WHERE {table}.organisation_id <> {parent}.organisation_id
                ORDER BY {parent}.id LIMIT 20"""  # noqa: S608  # our own names
        )
    ]
    return homeless + torn


class EngineOrganisations(EngineRepository):
    """Adapter of ``Organisations`` for any ``Engine``."""

    def all(self) -> list[Organisation]:
        return [
            mappers.organisation(row) for row in self._engine.rows("SELECT * FROM organisation ORDER BY id")
        ]

    def add(self, slug: str, name: str, host: str | None) -> Organisation:
        with self._engine.write():
            self._refuse_taken(slug, host)
            row = insert_row(self._engine, "organisation", slug=slug, name=name, host=host)
            append_entries(self._engine, ("organisation", row["id"]))
        return mappers.organisation(row)

    def change(self, slug: str, *, to: Organisation) -> None:
        with self._engine.write():
            self._refuse_taken(to.slug, to.host, but=slug)
            changed = self._engine.rows(
                """UPDATE organisation SET slug = :slug, name = :name, host = :host WHERE slug = :known
                   RETURNING id""",
                slug=to.slug,
                name=to.name,
                host=to.host,
                known=slug,
            )
            if not changed:
                raise NotFound(f"ไม่พบหน่วยงาน {slug} (no such organisation)")
            append_entries(self._engine, ("organisation", changed[0]["id"]))

    def _refuse_taken(self, slug: str, host: str | None, but: str = "") -> None:
        for other in self.all():
            if other.slug != but and (other.slug == slug or (host and other.host == host)):
                raise Conflict(
                    f"หน่วยงาน {other.slug} ใช้ชื่อหรือที่อยู่นี้แล้ว (another organisation has this slug or host)",
                    code="organisation-taken",
                )
