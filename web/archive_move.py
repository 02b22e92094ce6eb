"""Moves an archive between databases and file stores."""

from __future__ import annotations

import shutil
from contextlib import closing

from archive.ports import Progress
from storage import data_directory
from storage.move import MoveResult, move_files, move_records
from web.adapters import engine_address_or_directory, open_files
from web.database_connection import open_database_engine
from web.settings import Settings


def move_archive(source: Settings, target: Settings, progress: Progress) -> MoveResult:
    """Carry files, records, people, dictionary words, secret key and settings to where ``target`` keeps them.

    Words, secret key and settings that the target has already stay; see ``storage.move`` for the rest.
    """
    moved = MoveResult()
    target.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if engine_address_or_directory(source.files, source.data) != engine_address_or_directory(
        target.files, target.data
    ):
        move_files(open_files(source), open_files(target), moved, progress)
    if engine_address_or_directory(source.database, source.data) != engine_address_or_directory(
        target.database, target.data
    ):
        with (
            closing(open_database_engine(source.database, source.data)) as engine,
            closing(open_database_engine(target.database, target.data)) as other,
        ):
            move_records(engine, other, moved, progress)
    for name in (data_directory.WORDS, data_directory.SECRET, data_directory.SETTINGS):
        if (source.data / name).exists() and not (target.data / name).exists():
            shutil.copy2(source.data / name, target.data / name)
    return moved
