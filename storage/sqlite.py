"""SQLite engine, through sqlite-utils: one file, many processes, acknowledged writes on the disk."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import sqlite_utils

from archive.errors import DatabaseDamaged, Unavailable
from storage.engine import Row, expand_in_conditions
from storage.migration_types import ColumnTypes
from storage.migrator import migrate
from storage.repositories.organisations import find_stray_rows
from storage.thread_clock import ThreadClock

_PATIENCE_MS = 30_000
"""Milliseconds that a writer waits for the write lock before it fails with ``Unavailable``."""

_CHECKPOINT_MS = 2_000
"""Milliseconds that a checkpoint waits for readers in other processes.

After that the write-ahead log stays as it is, for the other processes.
"""

_DIALECT = ColumnTypes(id="INTEGER PRIMARY KEY AUTOINCREMENT", text="TEXT", bytes="BLOB")
_clock = ThreadClock()
_LOCK = re.compile(r"\bFOR NO KEY UPDATE( SKIP LOCKED)?")


class Sqlite:
    """An ``Engine``. Each thread of each process has a connection of its own."""

    def __init__(self, path: Path, before_filling_empty: Callable[[], None] = lambda: None) -> None:
        """Open and migrate. ``before_filling_empty`` may raise to keep an empty database from being made."""
        self._path = path
        self._threads = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        if not path.exists():
            before_filling_empty()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        migrate(self, _DIALECT, before_filling_empty)

    def rows(self, sql: str, **values: object) -> list[Row]:
        with _timed_with_converted_errors():
            connection = self._connection()
            try:
                return connection.db.execute(*_spell(sql, values)).fetchall()
            except sqlite3.OperationalError as error:
                if not _is_undecodable(error) or not sql.lstrip().upper().startswith("SELECT"):
                    raise
                return connection.undecoded(*_spell(sql, values))

    def row(self, sql: str, **values: object) -> Row | None:
        found = self.rows(sql, **values)
        return found[0] if found else None

    def run(self, sql: str, **values: object) -> int:
        """See ``Queries.run``. Returns the number of changed rows."""
        with _timed_with_converted_errors():
            return self._connection().db.execute(*_spell(sql, values)).rowcount

    def run_many(self, sql: str, many: Sequence[Mapping[str, object]]) -> None:
        with self.write(), _timed_with_converted_errors():
            each = [_spell(sql, values) for values in many]
            if each:
                self._connection().db.conn.executemany(each[0][0], [values for _, values in each])

    @contextmanager
    def write(self, *, is_durable: bool = True) -> Iterator[None]:
        """See ``Engine.write``; inside another ``write`` the outer one decides about durability."""
        connection = self._connection()
        if connection.writing:
            connection.check_transaction()
            with connection.db.atomic():
                yield
            return
        with connection.transaction(is_durable=is_durable):
            yield

    def has_table(self, name: str) -> bool:
        with _timed_with_converted_errors():
            return name in self._connection().db.table_names()

    def highest_id_ever_assigned(self, table: str) -> int:
        row = self.row("SELECT seq FROM sqlite_sequence WHERE name = :table", table=table)
        return row["seq"] if row else 0

    def set_last_assigned_id(self, table: str, id: int) -> None:
        with self.write():
            self.run("DELETE FROM sqlite_sequence WHERE name = :table", table=table)
            self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :id)", table=table, id=id)

    def seconds_spent_by_thread(self) -> float:
        """See ``archive.ports.Database``."""
        return _clock.seconds

    def clock_difference(self) -> float:
        """See ``archive.ports.Database``."""
        return 0.0

    def find_faults(self) -> list[str]:
        """See ``archive.ports.Database``. Lists faults of the file, and rows of unknown organisations."""
        found = [row["integrity_check"] for row in self.rows("PRAGMA integrity_check")]
        found = [] if found == ["ok"] else found
        return found + find_stray_rows(self)

    def find_dangling_rows_by_missing_row(self) -> dict[str, list[str]]:
        """See ``archive.ports.Database``."""
        found: dict[str, list[str]] = defaultdict(list)
        for fault in self.rows("PRAGMA foreign_key_check"):
            table, rowid = fault["table"], fault["rowid"]
            keys = self.rows(f"PRAGMA foreign_key_list({table})")
            column = next(key["from"] for key in keys if key["id"] == fault["fkid"])
            row = self.rows(f"SELECT {column} AS missing FROM {table} WHERE rowid = :rowid", rowid=rowid)  # noqa: S608  # the database's own names
            found[f"{fault['parent']} {row[0]['missing']}"].append(f"{table} {rowid}")
        return found

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """See ``Engine.one_moment``."""
        connection = self._connection().db.conn
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.rollback()

    def copy_to_sqlite(self, path: Path) -> None:
        """See ``Engine.copy_to_sqlite``."""
        with _timed_with_converted_errors(), closing(sqlite3.connect(path)) as copy:
            # All pages in one step: with several steps, each concurrent write would restart the backup.
            self._connection().db.conn.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # makes the copy one file, without a log beside it

    def checkpoint_if_possible(self) -> None:
        """Write the log into the database; while another process reads, or on an error, it stays as it is.

        See ``archive.ports.Database``. A log that stays is read at the next start.
        """
        with suppress(
            Unavailable, sqlite3.Error
        ):  # on a full disk the log stays, and is read at the next start
            connection = self._connection()
            connection.db.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_MS}")
            connection.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.db.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")

    def close(self) -> None:
        """Close every thread's connection. Call this only when no thread uses a connection any more."""
        self.checkpoint_if_possible()
        for connection in list(self._open):
            connection.close()
        self._threads = threading.local()

    def _connection(self) -> _Connection:
        found: _Connection | None = getattr(self._threads, "connection", None)
        if found is not None and found.process == os.getpid():
            return found
        self._threads.inherited = found  # kept open: SQLite forbids a child to close its parent's connection
        with _timed_with_converted_errors():
            found = _Connection(self._path)
        self._threads.connection = found
        self._open.add(found)
        return found


class _Connection:
    """A connection that closes itself when its thread ends. A forked child must not use the connection."""

    def __init__(self, path: Path) -> None:
        self.process = os.getpid()
        self.writing = False
        self._path = path
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",  # rw: never creates an empty file for a lost one
            uri=True,
            timeout=_PATIENCE_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        self._file = path.stat().st_ino
        connection.row_factory = sqlite3.Row
        self.db = sqlite_utils.Database(connection)
        self.db.enable_wal()
        self.db.execute("PRAGMA foreign_keys = ON")
        self.db.execute("PRAGMA cache_size = -16000")  # 16 MB for each connection
        self.db.execute("PRAGMA secure_delete = ON")  # what is erased leaves no trace in free space

    @contextmanager
    def transaction(self, *, is_durable: bool) -> Iterator[None]:
        self._check_file()
        with _timed_with_converted_errors():
            self.db.conn.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
            self.db.conn.execute("BEGIN IMMEDIATE")
        self.writing = True
        try:
            yield
            self.check_transaction()
            with _timed_with_converted_errors():
                self.db.conn.execute("COMMIT")
        except BaseException:
            self.db.rollback()
            raise
        finally:
            self.writing = False

    def _check_file(self) -> None:
        """Raise ``Unavailable`` when the file was removed or replaced: writes would go to a lost file."""
        try:
            is_there = self._path.stat().st_ino == self._file
        except OSError:
            is_there = False
        if not is_there:
            raise Unavailable(
                "ไฟล์ฐานข้อมูลถูกลบหรือถูกแทนที่ขณะเปิดบริการ ระบบยังไม่ได้บันทึก กรุณาแจ้งผู้ดูแลเครื่องให้หยุดบริการและกู้คืน",
                code="database-gone",
            )

    def undecoded(self, sql: str, values: dict[str, object]) -> list[Row]:
        """Run a query again after it met text that is not UTF-8. Such text is returned as bytes."""
        self.db.conn.text_factory = _text_or_bytes
        try:
            found: list[Row] = self.db.conn.execute(sql, values).fetchall()
            return found
        finally:
            self.db.conn.text_factory = str

    def check_transaction(self) -> None:
        """Raise ``Unavailable`` when SQLite has rolled the transaction back by itself.

        SQLite does so on a full disk, even when the error was caught.
        """
        if not self.db.conn.in_transaction:
            raise Unavailable("บันทึกไม่สำเร็จทั้งชุด ระบบยังไม่ได้บันทึกใด ๆ กรุณาแจ้งผู้ดูแลเครื่องให้ตรวจพื้นที่ดิสก์")

    def close(self) -> None:
        if self.process == os.getpid():
            self.db.close()

    def __del__(self) -> None:
        if hasattr(self, "db"):
            self.close()


def _is_undecodable(error: sqlite3.OperationalError) -> bool:
    return "Could not decode to UTF-8" in str(error)  # the driver has no code for this error


def _text_or_bytes(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _spell(sql: str, values: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """Return the SQL in SQLite's form, and its values: lists are read from JSON, row locks are left out.

    JSON allows lists of any length. SQLite has one writer at a time, which needs no row locks.
    """
    spelled, bound = expand_in_conditions(sql, values, "IN (SELECT value FROM json_each(:{name}))")
    return _LOCK.sub("", spelled), {
        name: json.dumps(value) if isinstance(value, list) else value for name, value in bound.items()
    }


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TROUBLE = {
    sqlite3.SQLITE_BUSY: "มีผู้บันทึกข้อมูลพร้อมกันมาก กรุณาลองใหม่อีกครั้ง",
    sqlite3.SQLITE_FULL: "พื้นที่เก็บข้อมูลเต็ม ระบบยังไม่ได้บันทึก กรุณาแจ้งผู้ดูแลเครื่อง",
    sqlite3.SQLITE_READONLY: "ฐานข้อมูลเขียนไม่ได้ (อ่านได้อย่างเดียว) กรุณาแจ้งผู้ดูแลเครื่อง",
    sqlite3.SQLITE_CANTOPEN: "เปิดฐานข้อมูลไม่ได้ กรุณาแจ้งผู้ดูแลเครื่อง",
    sqlite3.SQLITE_IOERR: "อ่านหรือเขียนดิสก์ไม่สำเร็จ กรุณาแจ้งผู้ดูแลเครื่อง",
    sqlite3.SQLITE_CORRUPT: "ฐานข้อมูลเสียหาย กรุณาแจ้งผู้ดูแลเครื่องให้กู้คืนจากข้อมูลสำรอง",
    sqlite3.SQLITE_NOTADB: "ฐานข้อมูลเสียหาย กรุณาแจ้งผู้ดูแลเครื่องให้กู้คืนจากข้อมูลสำรอง",
}


@contextmanager
def _timed_with_converted_errors() -> Iterator[None]:
    """Time the block, and convert errors of the disk and of lock waits into ``Unavailable``."""
    try:
        with _clock.running():
            yield
    except sqlite3.DatabaseError as error:
        message = _TROUBLE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if message is None:
            raise
        is_damaged = error.sqlite_errorcode & 0xFF in _DAMAGED
        raise (DatabaseDamaged if is_damaged else Unavailable)(message) from error
