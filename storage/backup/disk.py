"""The disk under a backup or a restore: one process at a time, durable writes, errors in one line."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import BinaryIO

from archive.errors import Conflict, Unavailable

CHUNK = 1 << 20  # bytes that are read at a time


@contextmanager
def emptied_and_locked_directory(directory: Path) -> Iterator[None]:
    """Lock, empty and at last delete a directory; raises ``Conflict`` at once while another has the lock.

    Files that a dead process left are deleted. The lock and the directory last for the length of the context.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        for left in directory.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield
        shutil.rmtree(directory)
    except BlockingIOError:
        raise Conflict("มีการสำรองหรือกู้คืนที่นี่อยู่แล้ว กรุณารอให้เสร็จก่อน (already running here)") from None
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    finally:
        os.close(descriptor)


@contextmanager
def convert_backup_disk_errors(what: str) -> Iterator[None]:
    """Convert ``OSError`` and SQLite's operational errors into ``Unavailable``, in a line with ``what``."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise Unavailable(f"{what}: {error}") from error


def write_through_to_disk(file: BinaryIO) -> None:
    """Write the file to the disk and drop its cached pages, so that the next reader reads the disk."""
    file.flush()
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
