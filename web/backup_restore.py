"""Restores a backup into the database and the file store that the settings name, and rehearses that."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from archive.errors import Invalid
from archive.ports import Progress
from indexer.worker import LEASE
from storage.backup import rehearsal
from storage.backup.last_backup import read_backup_note, write_backup_note
from storage.backup.manifest import BackupManifest
from storage.backup.restore import DirectorySource, backup_source_at, restore_backup
from storage.data_directory import original_path
from storage.move import refuse_target_with_archive
from storage.repositories.records import open_people
from web.adapters import backup_keys
from web.archive_move import move_archive
from web.bootstrap import Services, build_services
from web.database_connection import open_database_engine
from web.settings import Settings

_EMBEDDED = ("sqlite", "local")
_UNPACKED = "unpacked"  # directory in the data directory, from which a backup is moved to the servers
_DAMAGED = "damaged-originals"  # directory in the data directory


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The services of an archive that was restored, without an index.

    ``has_unverified_signature``: the backup is signed, and no key was given that could verify it.
    ``damaged_originals``: originals that the backup holds damaged, kept in a directory, as servers take none.
    """

    services: Services
    has_unverified_signature: bool
    damaged_originals: Sequence[Path]


def restore(
    settings: Settings,
    source: Path,
    progress: Progress,
    *,
    generation_prefix: str | None = None,
    identity: Path | None = None,
) -> RestoreResult:
    """Unpack a backup and end all sessions: one that was ended after the backup would be open again.

    The backup is noted as the archive's last one. See ``storage.backup.restore``.
    """
    keys = backup_keys(settings, identity)
    unpack = partial(
        restore_backup,
        source,
        progress=progress,
        generation_prefix=generation_prefix,
        keys=keys,
        prepare=_end_all_sessions,
    )
    damaged: list[Path] = []
    if (settings.database, settings.files) == _EMBEDDED:
        manifest = unpack(settings.data)
    else:
        manifest, damaged = _restore_to_servers(settings, unpack, progress)
    if manifest.archive:
        write_backup_note(settings.data, source, manifest, is_restored=True)
    services = build_services(settings)
    # A worker that was reading a document when the backup was made does not know this copy.
    services.jobs.settle_lapsed(lease=LEASE, now=dt.datetime.now(dt.UTC) + LEASE)
    return RestoreResult(services, keys.is_left_unverified(manifest), damaged)


def _end_all_sessions(data: Path) -> None:
    """End the sessions of an archive that nobody serves yet: a kill later on leaves none open."""
    with closing(open_database_engine("sqlite", data)) as engine:
        people = open_people(engine)
        for person in people.accounts.everyone():
            people.sign_ins.close_sessions(person.id)


def rehearse_restore(settings: Settings, source: Path, identity: Path | None = None) -> BackupManifest:
    """Restore the newest backup beside the archive, compare and delete it; raises where they differ."""
    room = settings.data / "restore-rehearsal"
    return rehearsal.rehearse_restore(source, room, backup_keys(settings, identity))


def is_newest_backup_encrypted(source: Path) -> bool:
    """Return True where the newest backup is encrypted: it is restored with its age identity alone."""
    return rehearsal.is_newest_backup_encrypted(source)


def compare_stored_backup(settings: Settings, source: Path) -> BackupManifest:
    """Compare each stored byte of the newest backup with its manifest; raises where they differ."""
    return rehearsal.compare_stored_bytes(source, backup_keys(settings, None))


def backup_generations(source: Path) -> list[tuple[str, str]]:
    """Return the name of each generation, oldest first, and why it cannot be restored, else ""."""
    return list(backup_source_at(source).examine_generations())


def plain_generations(source: Path) -> list[str]:
    """Return the names of the generations that can be read without an age identity, oldest first."""
    backup = backup_source_at(source)
    return [name for name in backup.generations() if not backup.read_manifest(name).sha256_of_encrypted]


def last_backup_place(settings: Settings) -> Path | None:
    """Return where the last backup of a data directory went, also where its archive does not open."""
    note = read_backup_note(settings.data)
    return note.destination if note else None


def is_last_backup_gone(settings: Settings, destination: Path) -> bool:
    """Return True where the last backup went into this directory and is not there now.

    So it is where the backup disk is not mounted, or another one is. A restored backup is the last one.
    """
    note = read_backup_note(settings.data)
    if note is None or note.destination != destination.resolve():
        return False
    try:
        return note.generation not in DirectorySource(destination).generations()
    except Invalid as error:
        return error.code == "no-backup"


def _restore_to_servers(
    settings: Settings, unpack: Callable[[Path], BackupManifest], progress: Progress
) -> tuple[BackupManifest, list[Path]]:
    """Restore into the data directory first, then move from there to the servers.

    After a kill the same command continues. Also returns the damaged originals, which stay in ``_DAMAGED``.
    """
    with closing(open_database_engine(settings.database, settings.data)) as engine:
        refuse_target_with_archive(engine)
    unpacked = settings.data / _UNPACKED
    shutil.rmtree(unpacked, ignore_errors=True)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    manifest = unpack(unpacked)
    source = replace(settings, data=unpacked, database="sqlite", files="local")
    damaged = {
        unpacked / original_path(sha256): settings.data / _DAMAGED / sha256
        for sha256 in move_archive(source, settings, progress).damaged_sha256
    }
    for path, kept in damaged.items():
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        path.replace(kept)
    shutil.rmtree(unpacked)
    return manifest, [*damaged.values()]
