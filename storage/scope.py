"""One organisation's part of an archive: queries for which nobody else's rows exist.

The queries of this room do not speak of organisations. On ``Scoped`` a table stands for the
organisation's own rows of it wherever a query reads, changes or deletes; so no query, present or
future, reaches those of another. A table that is not named in ``OWN`` or ``SHARED`` cannot be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache

from archive.errors import Invalid
from storage.engine import Queries, Row

_OF_ANNOUNCEMENT = """EXISTS (SELECT 1 FROM announcement AS held
    WHERE held.id = {table}.announcement_id AND held.organisation_id = :organisation)"""
_PERSON = "{table}.organisation_id IN (0, :organisation)"  # the province's work in each

OWN: Mapping[str, str] = {
    "announcement": "{table}.organisation_id = :organisation",
    "attachment": _OF_ANNOUNCEMENT,
    "page": """EXISTS (SELECT 1 FROM attachment AS part
        JOIN announcement AS held ON held.id = part.announcement_id
        WHERE part.id = {table}.attachment_id AND held.organisation_id = :organisation)""",
    "history": _OF_ANNOUNCEMENT,
    "visit": _OF_ANNOUNCEMENT,
    "waiting_visit": _OF_ANNOUNCEMENT,
    "day_visits": _OF_ANNOUNCEMENT,
    "collection": "{table}.organisation_id = :organisation",
    "collection_item": """EXISTS (SELECT 1 FROM collection AS held
        WHERE held.id = {table}.collection_id AND held.organisation_id = :organisation)""",
    "collection_history": """EXISTS (SELECT 1 FROM collection AS held
        WHERE held.id = {table}.collection_id AND held.organisation_id = :organisation)""",
    "miss": "{table}.organisation_id = :organisation",
    "person": _PERSON,
    "token": _PERSON,
    "session": """EXISTS (SELECT 1 FROM person AS held
        WHERE held.id = {table}.person_id AND held.organisation_id IN (0, :organisation))""",
}
"""Which rows of a table are an organisation's."""

SHARED = {"counter", "failure", "organisation"}
"""The change counter and totals; failed sign-ins, which are counted by address too."""

_READ = re.compile(r"(?<!DELETE )\b(FROM|JOIN)\s+([a-z]\w*)")
_WRITTEN = re.compile(r"\s*(?:UPDATE|DELETE\s+FROM)\s+(\w+)\b.*?\bWHERE\b", re.DOTALL)


class Scoped:
    """``Queries`` of one organisation; what is new belongs to it (``home``)."""

    def __init__(self, engine: Queries, organisation: int) -> None:
        self._engine = engine
        self.organisation = organisation

    def rows(self, sql: str, **values: object) -> list[Row]:
        return self._engine.rows(_scoped(sql), organisation=self.organisation, **values)

    def row(self, sql: str, **values: object) -> Row | None:
        return self._engine.row(_scoped(sql), organisation=self.organisation, **values)

    def run(self, sql: str, **values: object) -> int:
        return self._engine.run(_scoped(sql), organisation=self.organisation, **values)

    def run_many(self, sql: str, many: Sequence[Mapping[str, object]]) -> None:
        self._engine.run_many(
            _scoped(sql), [{"organisation": self.organisation, **values} for values in many]
        )

    def write(self, *, durable: bool = True) -> AbstractContextManager[None]:
        return self._engine.write(durable=durable)


def home(engine: Queries, *, several: int | None = None) -> int:
    """The organisation that what is new belongs to. Where there are several and none was chosen: ``several``,
    or ``Invalid``."""
    if isinstance(engine, Scoped):
        return engine.organisation
    known = engine.rows("SELECT id FROM organisation ORDER BY id LIMIT 2")
    if len(known) == 1:
        return int(known[0]["id"])
    if several is None:
        raise Invalid(
            "ระบบนี้มีหลายหน่วยงาน กรุณาทำรายการที่เว็บของหน่วยงานนั้น หรือระบุ --organisation"
            " (several organisations: choose one)",
            field="organisation",
            code="which-organisation",
        )
    return several


@lru_cache(maxsize=512)
def _scoped(sql: str) -> str:
    """The same for one organisation's rows. Our own words are trusted to be simple: what is read comes after
    ``FROM`` or ``JOIN``, and the first ``WHERE`` of a change is its own and holds no bare ``OR``."""
    read = _READ.sub(_own_rows, sql)
    if sql.lstrip().startswith("INSERT"):
        return read
    written = _WRITTEN.match(read)
    if written is None:
        if sql.lstrip().startswith(("UPDATE", "DELETE")):
            raise ValueError(f"changes every row: {sql}")
        return read
    condition = _condition(written[1])
    return f"{written[0]} {condition} AND {read[written.end() :]}" if condition else read


def _own_rows(found: re.Match[str]) -> str:
    table = found[2]
    condition = _condition(table)
    if not condition:
        return found[0]
    return f"{found[1]} (SELECT * FROM {table} WHERE {condition}) AS {table}"  # noqa: S608  # our own names


def _condition(table: str) -> str:
    if table in SHARED:
        return ""
    return OWN[table].format(table=table)
