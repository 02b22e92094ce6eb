"""An archive from one database or store of files into another, compared once it is there.

Each step may be killed and run again: what is there already and equal is left as it is. Until
everything is there the target is marked as unfinished, so that nobody serves half an archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from archive.errors import Conflict, NotFound, Unavailable
from archive.ports import Files, StoredFile
from storage.engine import Engine

Progress = Callable[[str, int, int], None]
"""Called with the step (``files``, ``records``), how many are there, and of how many."""

TABLES: Mapping[str, tuple[str, ...]] = {
    "organisation": ("id",),
    "announcement": ("id",),
    "attachment": ("id",),
    "page": ("attachment_id", "number"),
    "history": ("id",),
    "audit": ("number",),
    "incident": ("id",),
    "collection": ("id",),
    "collection_item": ("collection_id", "position"),
    "collection_history": ("id",),
    "visit": ("announcement_id", "visitor"),
    "waiting_visit": ("id",),
    "day_visits": ("day", "announcement_id"),
    "miss": ("organisation_id", "query"),
    "person": ("id",),
    "token": ("id",),
    "session": ("id",),
    "second_factor": ("person_id",),
    "recovery_code": ("person_id", "hash"),
    "sign_in_attempt": ("key",),
    "lease": ("name",),
}
"""Every table with its key, what others refer to first; the change counter is set at the very end."""

_ROWS = 500
_FILES = 64
_THREADS = 8  # a store on the network answers late, but many at once
_CHUNK = 1 << 20

_Key = tuple[Any, ...]
_Values = dict[str, Any]


@dataclass(slots=True)
class Moved:
    """``files`` and ``records`` that are there and equal; of them ``copied`` were not there before.
    ``damaged``: originals (SHA-256) that the source itself no longer has as they were."""

    files: int = 0
    records: int = 0
    copied: int = 0
    damaged: list[str] = field(default_factory=list)


def unfinished(engine: Engine) -> bool:
    """Whether an archive is being moved into this database."""
    return engine.row("SELECT 1 AS found FROM counter WHERE name = 'moving'") is not None


def move_records(source: Engine, target: Engine, moved: Moved, progress: Progress) -> None:
    """Every row and counter. Raises ``Conflict`` when the target holds something else already, or when
    the source was changed meanwhile: then it goes on where it was when it is called again."""
    if unfinished(source):
        raise Conflict("ต้นทางเองยังย้ายมาไม่เสร็จ (the source itself is unfinished)", code="unfinished")
    _begin(target)
    change = _change(source)
    total = sum(source.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in TABLES)  # noqa: S608
    for name in TABLES:
        for batch, copied in _Table(name, source, target).level():
            moved.records += batch
            moved.copied += copied
            progress("records", min(moved.records, total), total)
        if "id" in TABLES[name]:
            target.go_on_after(name, source.last_id(name))
    if _change(source) != change:
        raise Conflict(
            "มีการแก้ไขต้นทางระหว่างย้าย กรุณาหยุดบริการแล้วเรียกคำสั่งเดิมอีกครั้ง"
            " (the source was changed meanwhile: stop the service, then run this again)",
            code="changed-meanwhile",
        )
    _finish(target, change)


def refuse_occupied(target: Engine) -> None:
    """Raises ``Conflict`` when there is an archive in it, unless it is one that is being moved there."""
    if unfinished(target):
        return
    if any(target.row(f"SELECT 1 AS found FROM {name} LIMIT 1") for name in ("announcement", "person")):  # noqa: S608
        raise Conflict("ฐานข้อมูลปลายทางมีข้อมูลอยู่แล้ว (the target is not empty)", code="not-empty")


def _begin(target: Engine) -> None:
    if unfinished(target):
        return
    with target.write():
        refuse_occupied(target)
        target.run("INSERT INTO counter (name, value) VALUES ('moving', 1)")


def _change(engine: Engine) -> int:
    return int(engine.rows("SELECT value FROM counter WHERE name = 'change'")[0]["value"])


def _finish(target: Engine, change: int) -> None:
    with target.write():
        target.run("UPDATE counter SET value = :change WHERE name = 'change'", change=change)
        target.run("DELETE FROM counter WHERE name = 'moving'")


class _Table:
    """One table on both sides, walked in the order of its key."""

    def __init__(self, name: str, source: Engine, target: Engine) -> None:
        self._name, self._key = name, TABLES[name]
        self._source, self._target = source, target
        self._columns = ", ".join(self._key)

    def level(self) -> Iterator[tuple[int, int]]:
        """Batch by batch: how many rows there are and equal, how many of them were not before."""
        after: _Key | None = None
        whole = False
        while not whole:
            wanted = self._rows(self._source, after, None)
            whole = len(wanted) < _ROWS
            upto = None if whole else [*wanted][-1]
            there = self._rows(self._target, after, upto)
            if wanted != there:
                self._mend(wanted, there)
                if self._rows(self._target, after, upto) != wanted:
                    raise Unavailable(f"ข้อมูลที่ปลายทางไม่ตรงกับต้นทาง (rows of {self._name} differ after {after})")
            yield len(wanted), sum(there.get(key) != row for key, row in wanted.items())
            after = upto

    def _rows(self, engine: Engine, after: _Key | None, upto: _Key | None) -> dict[_Key, _Values]:
        """By key, those ``after`` and ``upto`` (all before and beyond, for None)."""
        values: dict[str, object] = {}
        conditions = ["1 = 1"]
        for sign, mark, end in ((">", "after", after), ("<=", "upto", upto)):
            if end is not None:
                names = [f"{mark}_{column}" for column in self._key]
                conditions.append(f"({self._columns}) {sign} (:{', :'.join(names)})")
                values |= dict(zip(names, end, strict=True))
        limit = "" if upto else f"LIMIT {_ROWS}" if engine is self._source else ""
        found = engine.rows(
            f"""SELECT * FROM {self._name} WHERE {" AND ".join(conditions)}
                ORDER BY {self._columns} {limit}""",  # noqa: S608  # our own names
            **values,
        )
        return {tuple(row[column] for column in self._key): {**row} for row in found}

    def _mend(self, wanted: dict[_Key, _Values], there: dict[_Key, _Values]) -> None:
        """Take away what is no longer wanted, then insert or replace what differs."""
        gone = [there[key] for key in there.keys() - wanted.keys()]
        new = [row for key, row in wanted.items() if there.get(key) != row]
        with self._target.write():
            if gone:
                same = " AND ".join(f"{column} = :{column}" for column in self._key)
                keys = [{column: row[column] for column in self._key} for row in gone]
                self._target.run_many(f"DELETE FROM {self._name} WHERE {same}", keys)  # noqa: S608
            if new:
                columns = [*new[0]]
                self._target.run_many(
                    f"""INSERT INTO {self._name} ({", ".join(columns)}) VALUES (:{", :".join(columns)})
                        ON CONFLICT ({self._columns}) DO UPDATE
                        SET {", ".join(f"{column} = excluded.{column}" for column in columns)}""",  # noqa: S608
                    new,
                )


def move_files(source: Files, target: Files, moved: Moved, progress: Progress) -> None:
    """Every original; each is read at the target and compared byte by byte, through its SHA-256."""
    total = sum(1 for _ in source.all())
    remaining = source.all()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="move") as pool:
        while batch := [*islice(remaining, _FILES)]:
            for file, copied in zip(
                batch, pool.map(lambda one: _level(source, target, one), batch), strict=True
            ):
                if copied is None:
                    moved.damaged.append(file.sha256)
                else:
                    moved.files += 1
                    moved.copied += copied
            progress("files", moved.files + len(moved.damaged), total)


def _level(source: Files, target: Files, file: StoredFile) -> bool | None:
    """Whether it had to be copied; None when the source's own copy is damaged."""
    if _is_there(target, file):
        return False
    with source.local_path(file.sha256) as path:
        with path.open("rb") as stream:
            if _hash(stream) != file.sha256:
                return None
        with path.open("rb") as stream:
            target.add(stream, limit=file.size)
    if not _is_there(target, file):
        raise Unavailable(f"ไฟล์ที่ปลายทางไม่ตรงกับต้นทาง (bytes differ at the target): {file.sha256}")
    return True


def _is_there(files: Files, file: StoredFile) -> bool:
    try:
        with files.open(file.sha256) as stream:
            return _hash(stream) == file.sha256
    except NotFound:
        return False


def _hash(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
