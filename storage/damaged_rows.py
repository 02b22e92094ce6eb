"""Finds rows that cannot be read: ``prakat check`` reads all rows, a readiness check a share of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from archive.errors import RecordDamaged
from archive.ports import Fault
from storage import mappers
from storage.engine import Queries, Row
from storage.mappers import Mapper
from storage.tenancy import OWN, SHARED

_MAPPERS: Sequence[Mapper[Any]] = (
    mappers.announcement,
    mappers.attachment,
    mappers.change,
    mappers.collection,
    mappers.collection_change,
    mappers.disclosure_item,
    mappers.disclosure_change,
    mappers.disclosure_entry,
    mappers.relation,
    mappers.organisation,
    mappers.person,
    mappers.token,
    mappers.session,
    mappers.incident,
    mappers.erasure,
    mappers.report,
    mappers.site_profile,
    mappers.subscription,
)
_OF_ATTACHMENTS: Sequence[tuple[Mapper[Any], str]] = (
    (mappers.page, "attachment {attachment_id} page {number}"),
    (mappers.file_version, "file_version {attachment_id} number {number}"),
)
"""Mappers of rows that may be large, so are read one attachment at a time, each with the name of a row."""

_LISTED = (mappers.announcement, mappers.attachment)  # residents' pages are made from these
_BATCH = 500  # rows read at a time; also the rows of each table that one readiness check reads


class DamagedRows:
    """An ``Examination`` that reads every row as the archive does."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine
        self._known: dict[str, set[int]] = {mapper.table: set() for mapper in _LISTED}
        # By table, the next share has ids below this one; None: it begins with the newest.
        self._next: dict[str, int | None] = dict.fromkeys(self._known)

    def find_faults(self) -> Iterator[Fault]:
        """Yield every row that cannot be read."""
        for mapper in _MAPPERS:
            above = 0
            while found := self._engine.rows(
                f"SELECT * FROM {mapper.table} WHERE id > :above ORDER BY id LIMIT :limit",  # noqa: S608  # our own names
                above=above,
                limit=_BATCH,
            ):
                yield from _faults(found, mapper, f"{mapper.table} {{id}}")
                above = found[-1]["id"]
        attachments = self._engine.rows("SELECT id FROM attachment ORDER BY id")
        for mapper, name in _OF_ATTACHMENTS:
            for attachment in attachments:
                found = self._engine.rows(
                    f"SELECT * FROM {mapper.table} WHERE attachment_id = :id ORDER BY number",  # noqa: S608
                    id=attachment["id"],
                )
                yield from _faults(found, mapper, name)

    def check_first_rows(self) -> None:
        for table in sorted(OWN | SHARED):
            self._engine.row(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608  # our own names

    def check_next_rows(self) -> None:
        for mapper in _LISTED:
            table = mapper.table
            below = self._next[table]
            found = self._engine.rows(
                f"SELECT * FROM {table} WHERE id < :below ORDER BY id DESC LIMIT :limit",  # noqa: S608
                below=_HIGHEST if below is None else below,
                limit=_BATCH,
            )
            self._next[table] = found[-1]["id"] if len(found) == _BATCH else None
            found += self._engine.rows(
                f"SELECT * FROM {table} WHERE id IN :ids",  # noqa: S608  # our own names
                ids=sorted(self._known[table]),
            )
            self._known[table] = {row["id"] for row in found if _damage(row, mapper)}

    def known_damaged_rows(self) -> list[str]:
        return [f"{table} {id}" for table in self._known for id in sorted(self._known[table])]


_HIGHEST = 2**62  # above every id


def _faults(found: Sequence[Row], mapper: Mapper[Any], name: str) -> Iterator[Fault]:
    """Yield a fault for each row that cannot be read. ``name``: its name, with columns in braces."""
    for row in found:
        if reason := _damage(row, mapper):
            yield Fault("record-damaged", name.format(**row), reason)


def _damage(row: Row, mapper: Mapper[Any]) -> str:
    """Return the reason why a row cannot be read; empty for a readable row."""
    try:
        mapper(row)
    except RecordDamaged as error:
        return f"{type(error.__cause__).__name__}: {error.__cause__}"[:200]
    return ""
