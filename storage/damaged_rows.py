"""Finds rows that cannot be read: ``prakat check`` reads all rows, a readiness check a share of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from archive.errors import RecordDamaged
from archive.ports import Fault
from storage import mappers
from storage.engine import Queries, Row
from storage.repositories.replaced_public_files import replaced_public_file

_MAPPERS: Mapping[str, Callable[[Row], object]] = {
    "announcement": mappers.announcement,
    "attachment": mappers.attachment,
    "history": mappers.change,
    "collection": lambda row: mappers.collection(row, ()),
    "collection_history": mappers.change,
    "disclosure_item": mappers.disclosure_item,
    "disclosure_history": mappers.change,
    "disclosure_entry": mappers.disclosure_entry,
    "relation": mappers.relation,
    "organisation": mappers.organisation,
    "person": mappers.person,
    "token": mappers.token,
    "session": mappers.session,
    "incident": mappers.incident,
    "erasure": mappers.erasure,
}
_LISTED = ("announcement", "attachment")  # tables that residents' pages are made from
_BATCH = 500  # rows read at a time; also the rows of each table that one readiness check reads


class DamagedRows:
    """An ``Examination`` that reads every row as the archive does."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine
        self._known: dict[str, set[int]] = {table: set() for table in _LISTED}
        # By table, the next share has ids below this one; None: it begins with the newest.
        self._next: dict[str, int | None] = dict.fromkeys(_LISTED)

    def find_faults(self) -> Iterator[Fault]:
        """Yield every row that cannot be read."""
        for table in _MAPPERS:
            above = 0
            while found := self._engine.rows(
                f"SELECT * FROM {table} WHERE id > :above ORDER BY id LIMIT :limit",  # noqa: S608  # our own names
                above=above,
                limit=_BATCH,
            ):
                yield from _faults(found, table)
                above = found[-1]["id"]
        for (attachment,) in (
            (row["id"],) for row in self._engine.rows("SELECT id FROM attachment ORDER BY id")
        ):
            yield from self._pages(attachment)
        for key in self._engine.rows(
            "SELECT attachment_id, number FROM replaced_public_file ORDER BY attachment_id, number"
        ):
            yield from self._public_file_before(key)

    def _public_file_before(self, key: Row) -> Iterator[Fault]:
        found = self._engine.rows(
            "SELECT * FROM replaced_public_file WHERE attachment_id = :id AND number = :number",
            id=key["attachment_id"],
            number=key["number"],
        )
        for row in found:
            if reason := _damage(row, replaced_public_file):
                subject = f"replaced_public_file {row['attachment_id']} number {row['number']}"
                yield Fault("record-damaged", subject, reason)

    def _pages(self, attachment: int) -> Iterator[Fault]:
        found = self._engine.rows(
            "SELECT * FROM page WHERE attachment_id = :id ORDER BY number", id=attachment
        )
        for row in found:
            if reason := _damage(row, mappers.page):
                yield Fault("record-damaged", f"attachment {attachment} page {row['number']}", reason)

    def check_next_rows(self) -> None:
        for table in _LISTED:
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
            self._known[table] = {row["id"] for row in found if _damage(row, _MAPPERS[table])}

    def known_damaged_rows(self) -> list[str]:
        return [f"{table} {id}" for table in _LISTED for id in sorted(self._known[table])]


_HIGHEST = 2**62


def _faults(found: Sequence[Row], table: str) -> Iterator[Fault]:
    for row in found:
        if reason := _damage(row, _MAPPERS[table]):
            yield Fault("record-damaged", f"{table} {row['id']}", reason)


def _damage(row: Row, mapper: Callable[[Row], object]) -> str:
    """Return the reason why a row cannot be read; empty for a readable row."""
    try:
        mapper(row)
    except RecordDamaged as error:
        return f"{type(error.__cause__).__name__}: {error.__cause__}"[:200]
    return ""
