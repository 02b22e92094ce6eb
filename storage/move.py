"""Moves an archive into another database or another store of files, and compares both afterwards.

Each step may be killed and run again: rows and files that are equal at the target already are left as they
are. The target is marked as unfinished until everything is there, so that nobody serves half an archive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from archive.errors import Conflict, NotFound, Unavailable
from archive.hashing import sha256_of_stream
from archive.ports import Files, Progress, StoredFile
from storage.engine import Engine

TABLES: Mapping[str, tuple[str, ...]] = {
    "organisation": ("id",),
    "announcement": ("id",),
    "attachment": ("id",),
    "page": ("attachment_id", "number"),
    "file_version": ("attachment_id", "number"),
    "erasure": ("id",),
    "history": ("id",),
    "audit": ("number",),
    "incident": ("id",),
    "collection": ("id",),
    "collection_item": ("collection_id", "position"),
    "collection_history": ("id",),
    "disclosure_item": ("id",),
    "disclosure_history": ("id",),
    "disclosure_entry": ("id",),
    "relation": ("id",),
    "stated_relation": ("id",),
    "report": ("id",),
    "site_profile": ("id",),
    "subscription": ("id",),
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
"""Table → columns of its primary key. A table comes after the tables that it refers to.

The change counter is missing here: ``_finish`` sets it at the very end.
"""

_ROWS = 500  # rows of a batch
_FILES = 64  # files of a batch
_THREADS = 8  # files copied at once: a network store answers slowly, but serves many requests together

_Key = tuple[Any, ...]
_Values = dict[str, Any]


@dataclass(slots=True)
class MoveResult:
    """Numbers of files and records now equal and newly copied, and originals damaged at the source.

    ``newly_copied`` counts the files and records that the target lacked before. ``damaged_sha256`` lists the
    originals that are damaged at the source itself.
    """

    equal_files: int = 0
    equal_records: int = 0
    newly_copied: int = 0
    damaged_sha256: list[str] = field(default_factory=list)


def is_move_unfinished(engine: Engine) -> bool:
    """Return True while an archive is being moved into this database."""
    return engine.row("SELECT 1 AS found FROM counter WHERE name = 'moving'") is not None


def make_records_equal(source: Engine, target: Engine, moved: MoveResult, progress: Progress) -> None:
    """Make the target's rows those of the source; ``Conflict`` where it holds an archive already.

    An unfinished move into the target does not count: a repeated call copies only rows that differ, and
    deletes all other rows there. The change counter becomes that of the source too, which is read as it is at
    one moment. Raises ``Conflict`` also when the source is unfinished itself.
    """
    _finish(target, _copy_rows(source, target, moved, progress))


def move_records(source: Engine, target: Engine, moved: MoveResult, progress: Progress) -> None:
    """Do the same as ``make_records_equal``; also raise ``Conflict`` when the source was changed meanwhile.

    The target then stays unfinished, and a repeated call brings the changes after.
    """
    change = _copy_rows(source, target, moved, progress)
    if _change(source) != change or not all(_Table(name, source, target).is_level() for name in TABLES):
        raise Conflict(
            "มีการแก้ไขต้นทางระหว่างย้าย กรุณาหยุดบริการแล้วใช้คำสั่งเดิมอีกครั้ง"
            " (the source was changed meanwhile: stop the service, then run this again)",
            code="changed-meanwhile",
        )
    _finish(target, change)


def _copy_rows(source: Engine, target: Engine, moved: MoveResult, progress: Progress) -> int:
    """Copy the rows that the source has at one moment. Returns its change counter at that moment."""
    if is_move_unfinished(source):
        raise Conflict("ต้นทางเองยังย้ายมาไม่เสร็จ (the source itself is unfinished)", code="unfinished")
    _begin(target)
    with source.one_moment():
        change = _change(source)
        total = sum(source.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in TABLES)  # noqa: S608
        for name in TABLES:
            for batch, copied in _Table(name, source, target).level():
                moved.equal_records += batch
                moved.newly_copied += copied
                progress("records", min(moved.equal_records, total), total)
            if "id" in TABLES[name]:
                target.set_last_assigned_id(name, source.highest_id_ever_assigned(name))
    return change


def refuse_target_with_archive(target: Engine) -> None:
    """Raise ``Conflict`` when the target holds an archive, unless a move into the target is unfinished."""
    if is_move_unfinished(target):
        return
    if any(target.row(f"SELECT 1 AS found FROM {name} LIMIT 1") for name in ("announcement", "person")):  # noqa: S608
        raise Conflict("ฐานข้อมูลปลายทางมีข้อมูลอยู่แล้ว (the target is not empty)", code="not-empty")


def _begin(target: Engine) -> None:
    if is_move_unfinished(target):
        return
    with target.write():
        refuse_target_with_archive(target)
        target.run("INSERT INTO counter (name, value) VALUES ('moving', 1)")


def _change(engine: Engine) -> int:
    return int(engine.rows("SELECT value FROM counter WHERE name = 'change'")[0]["value"])


def _finish(target: Engine, change: int) -> None:
    with target.write():
        target.run("UPDATE counter SET value = :change WHERE name = 'change'", change=change)
        target.run("DELETE FROM counter WHERE name = 'moving'")


class _Table:
    """One table in the source and in the target, read in the order of its primary key."""

    def __init__(self, name: str, source: Engine, target: Engine) -> None:
        self._name, self._key = name, TABLES[name]
        self._source, self._target = source, target
        self._columns = ", ".join(self._key)

    def level(self) -> Iterator[tuple[int, int]]:
        """Make the target's rows equal to the source's, batch by batch.

        Yields for each batch the number of equal rows, and the number of those that were not equal before.
        Raises ``Unavailable`` when a batch still differs after it was written.
        """
        for after, upto, wanted, there in self._batches():
            if wanted != there:
                self._mend(wanted, there)
                if self._rows(self._target, after, upto) != wanted:
                    raise Unavailable(f"ข้อมูลที่ปลายทางไม่ตรงกับต้นทาง (rows of {self._name} differ after {after})")
            yield len(wanted), sum(there.get(key) != row for key, row in wanted.items())

    def is_level(self) -> bool:
        """Return True when the target's rows are equal to the source's as they are now."""
        return all(wanted == there for _, _, wanted, there in self._batches())

    def _batches(self) -> Iterator[tuple[_Key | None, _Key | None, dict[_Key, _Values], dict[_Key, _Values]]]:
        """Yield batches of rows of the source and of the target, each between two keys (None: no bound)."""
        after: _Key | None = None
        whole = False
        while not whole:
            wanted = self._rows(self._source, after, None)
            whole = len(wanted) < _ROWS
            upto = None if whole else [*wanted][-1]
            yield after, upto, wanted, self._rows(self._target, after, upto)
            after = upto

    def _rows(self, engine: Engine, after: _Key | None, upto: _Key | None) -> dict[_Key, _Values]:
        """Return rows by key: keys above ``after`` and up to ``upto``. None means no bound on that side.

        Without ``upto``, the source returns at most ``_ROWS`` rows.
        """
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
        """Delete the target's rows that the source lacks, then insert or replace those that differ."""
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


def move_files(source: Files, target: Files, moved: MoveResult, progress: Progress) -> None:
    """Copy every intact original and list damaged ones in ``moved``; ``Unavailable`` if a copy differs.

    Each copy is read again at the target and compared by its SHA-256.
    """
    total = sum(1 for _ in source.all())
    remaining = source.all()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="move") as pool:
        while batch := [*islice(remaining, _FILES)]:
            for file, copied in zip(
                batch, pool.map(lambda one: _level(source, target, one), batch), strict=True
            ):
                if copied is None:
                    moved.damaged_sha256.append(file.sha256)
                else:
                    moved.equal_files += 1
                    moved.newly_copied += copied
            progress("files", moved.equal_files + len(moved.damaged_sha256), total)


def _level(source: Files, target: Files, file: StoredFile) -> bool | None:
    """Copy a file that the target lacks. Returns True when it was copied, False when it was there already.

    Returns None when the source's own copy is damaged. Raises ``Unavailable`` when the copied bytes differ.
    """
    if _is_there(target, file):
        return False
    with source.local_path(file.sha256) as path:
        with path.open("rb") as stream:
            if sha256_of_stream(stream) != file.sha256:
                return None
        with path.open("rb") as stream:
            target.add(stream, limit=file.size)
    if not _is_there(target, file):
        raise Unavailable(f"ไฟล์ที่ปลายทางไม่ตรงกับต้นทาง (bytes differ at the target): {file.sha256}")
    return True


def _is_there(files: Files, file: StoredFile) -> bool:
    try:
        with files.open(file.sha256) as stream:
            return sha256_of_stream(stream) == file.sha256
    except NotFound:
        return False
