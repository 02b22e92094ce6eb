"""Rehearses a restore: unpacks the newest backup aside, compares it with the manifest, deletes it again."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from archive.errors import Invalid, Unavailable
from storage.archive_figures import ArchiveCounts
from storage.backup.keys import BackupKeys
from storage.backup.manifest import BackupManifest
from storage.backup.restore import backup_source_at, restore_backup
from storage.data_directory import DATABASE
from storage.sqlite import Sqlite

FREE_AFTERWARDS = 1 << 30
"""Bytes that must stay free while the restored copy exists: uploads go on meanwhile."""


def rehearse_restore(source: Path, room: Path, keys: BackupKeys) -> BackupManifest:
    """Restore the newest into ``room``, delete it; ``Invalid`` if it differs, ``Unavailable`` if no room.

    Every byte is compared with its SHA-256, and the records with the figures that the manifest holds. Returns
    the manifest.

    The codes of ``Invalid`` are ``backup-damaged``, ``backup-signature``, ``backup-encrypted``, and
    ``backup-differs`` for other records than were backed up, that of ``Unavailable`` is ``no-room``: the size
    of the backup and ``FREE_AFTERWARDS`` must be free.
    """
    shutil.rmtree(room, ignore_errors=True)  # what a killed rehearsal left
    needed = _size(source) + FREE_AFTERWARDS
    free = shutil.disk_usage(room.parent).free
    if free < needed:
        raise Unavailable(
            f"พื้นที่ไม่พอสำหรับซ้อมกู้คืน ต้องการ {needed >> 20:,} MB ว่าง {free >> 20:,} MB (no room for a rehearsal)",
            code="no-room",
        )
    try:
        manifest = restore_backup(source, room, lambda _step, _done, _total: None, keys=keys)
        with closing(Sqlite(room / DATABASE)) as engine:
            found = ArchiveCounts.read(engine.rows)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    if manifest.archive is not None and found != manifest.archive:
        raise Invalid(
            f"กู้คืนได้ไม่ตรงกับที่สำรอง (restored records differ): {found} ≠ {manifest.archive}",
            code="backup-differs",
        )
    return manifest


def is_newest_backup_encrypted(source: Path) -> bool:
    """Return True where the newest backup is encrypted: it is restored with its age identity alone."""
    return bool(backup_source_at(source).read_manifest(None).sha256_of_encrypted)


def compare_stored_bytes(source: Path, keys: BackupKeys) -> BackupManifest:
    """Raise ``Invalid`` unless the newest backup's bytes and signature fit its manifest; restore nothing.

    Needs no age identity, and reads every stored byte. Returns the manifest. The code of the error is
    ``backup-damaged`` or ``backup-signature``.
    """
    manifest = backup_source_at(source).check_members(lambda _done: None)
    keys.verify(manifest)
    return manifest


def _size(source: Path) -> int:
    """Return the bytes of the newest generation of a backup, as stored."""
    if source.is_file():
        return source.stat().st_size
    manifest = backup_source_at(source).read_manifest(None)
    paths = [source / manifest.path_of_member(name) for name in manifest.members]
    return sum(path.stat().st_size for path in paths if path.exists())
