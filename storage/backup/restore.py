"""Restores a backup into a data directory: completely, or not at all."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from archive.durable_files import sync_directory
from archive.errors import Conflict, Invalid, NotFound, SettingsError
from archive.hashing import HashingReader, sha256_of_stream
from archive.ports import Progress
from storage.backup.database_copy import read_migrations, require_intact_database
from storage.backup.disk import CHUNK, convert_backup_disk_errors, emptied_and_locked_directory
from storage.backup.keys import BackupKeys
from storage.backup.manifest import AGE, MANIFEST, NAME, BackupManifest, damaged_members
from storage.backup.retention import BackupDirectory
from storage.data_directory import DATABASE, FILES, RESTORING, delete_names_of_finished_restore
from storage.migrator import is_known_migration, refuse_newer_migrations

_OF_A_DISK = "lost+found"  # directory that every new disk of ext4 has


def restore_backup(
    source: Path,
    data: Path,
    progress: Progress,
    *,
    generation_prefix: str | None = None,
    keys: BackupKeys | None = None,
    prepare: Callable[[Path], object] = lambda _unpacked: None,
) -> BackupManifest:
    """Restore a backup into an empty ``data``, or nothing; ``SettingsError`` for a newer version's.

    ``data`` may be absent; what a killed restore had moved into a mount point is deleted once this backup has
    proved whole. ``generation_prefix``: the beginning of a generation's name, such as a day; None for the
    newest. ``prepare`` is called with the directory of the proved archive before it takes its place. Returns
    the manifest of the restored generation.

    Raises ``Conflict`` when ``data`` is not empty, ``NotFound`` for an unknown generation, ``Invalid`` (code
    ``backup-damaged``) with the names of the damaged members, or (code ``backup-signature``,
    ``backup-encrypted``) when the keys do not fit, ``Unavailable`` on a bad disk.
    """
    aside = _beside(data)
    _require_empty(data, aside)
    keys = keys or BackupKeys()
    backup = backup_source_at(source)
    with (
        convert_backup_disk_errors("กู้คืนไม่สำเร็จ ยังไม่มีอะไรเปลี่ยน (restore failed)"),
        emptied_and_locked_directory(aside),
    ):
        unpacked = aside / "data"
        unpacked.mkdir()

        def report(done: int) -> None:
            progress("restore", done, max(done, backup.total))

        manifest = backup.check_members(report, generation_prefix=generation_prefix, into=unpacked, keys=keys)
        keys.verify(manifest)
        require_intact_database(unpacked / DATABASE)
        _refuse_newer_version(read_migrations(unpacked / DATABASE), backup)
        prepare(unpacked)
        os.sync()
        for path in _require_empty(data, aside):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        _move(unpacked, data)
    return manifest


def _refuse_newer_version(applied: Collection[str], backup: BackupSource) -> None:
    """Raise ``SettingsError`` for migrations of a later version; it names what this version can restore."""
    try:
        refuse_newer_migrations(set(applied))
    except SettingsError as error:
        if not (own := backup.restorable_generation()):
            raise
        raise SettingsError(f"{error.message}: --generation {own}") from error


def backup_source_at(path: Path) -> BackupSource:
    """Return the backup at a path, unread: one that is not there raises only when it is read."""
    return DirectorySource(path) if path.is_dir() else TarSource(path)


def _beside(data: Path) -> Path:
    """Return a path for temporary files on the file system of the data directory.

    The path is next to the data directory, or inside where the parent is not writable or another file system.
    """
    if data.is_mount() or (data.exists() and not os.access(data.parent, os.W_OK)):
        return data / ".restoring"
    return data.with_name(f".{data.name}.restoring")


def _require_empty(data: Path, aside: Path) -> list[Path]:
    """Return what a killed restore had moved into ``data``; ``Conflict`` where that has anything else.

    ``aside`` may lie in it, and beside it what every new disk has. The file of names is the last returned.
    """
    delete_names_of_finished_restore(data)
    names = data / RESTORING
    left: list[Path] = []
    if names.exists():
        left = [*(data / name for name in names.read_text(encoding="utf-8").splitlines()), names]
    expected = {aside, *left} | ({data / _OF_A_DISK} if aside.parent == data else set())
    if data.exists() and not expected.issuperset(data.iterdir()):
        raise Conflict(f"{data} มีข้อมูลอยู่แล้ว กู้คืนได้เฉพาะลงที่ว่าง (not empty: restore into an empty directory)")
    return left


def _move(unpacked: Path, data: Path) -> None:
    if not unpacked.is_relative_to(data):
        unpacked.replace(data)  # replaces the empty directory, if one exists
    else:
        moved = sorted(unpacked.iterdir(), key=lambda path: path.name == DATABASE)  # database last
        (data / RESTORING).write_text("".join(f"{path.name}\n" for path in moved), encoding="utf-8")
        sync_directory(data)
        for path in moved:
            path.replace(data / path.name)
        sync_directory(data)
        delete_names_of_finished_restore(data)
        sync_directory(data)
    sync_directory(data.parent)


class BackupSource:
    """A backup that is being read. ``total``: number of members, 0 while that is not known."""

    total = 0

    def __init__(self, path: Path) -> None:
        self._path = path

    def generations(self) -> list[str]:
        """Return the names of the generations, oldest first."""
        raise NotImplementedError

    def read_manifest(self, generation_prefix: str | None) -> BackupManifest:
        """Return a generation's manifest, the newest for None; ``Invalid``, or ``NotFound`` if unknown."""
        raise NotImplementedError

    def examine_generations(self) -> Iterator[tuple[str, str]]:
        """Yield each generation, oldest first, and why its manifest keeps it from being restored, else ""."""
        for name in self.generations():
            try:
                newest = self.read_manifest(name).last_migration
            except Invalid as error:
                yield name, error.message
            else:
                is_known = not newest or is_known_migration(newest)
                yield name, "" if is_known else "ทำด้วยรุ่นที่ใหม่กว่า (of a newer version)"

    def restorable_generation(self) -> str | None:
        """Return the newest generation that this version can restore; None where there is none."""
        names = [name for name, problem in self.examine_generations() if not problem]
        return names[-1] if names else None

    def check_members(
        self,
        progress: Callable[[int], None],
        *,
        generation_prefix: str | None = None,
        into: Path | None = None,
        keys: BackupKeys | None = None,
    ) -> BackupManifest:
        """Read every byte of one generation and compare it; the manifest's signature is not checked.

        ``BackupKeys.verify`` checks that one; ``keys`` only decrypt here. With ``into``, write the decrypted
        members into that directory.

        Returns the generation's manifest. Raises ``Invalid`` with the names of damaged members, ``NotFound``
        for an unknown generation.
        """
        found: dict[str, str] = {}
        decrypted: dict[str, str] = {}
        manifest: BackupManifest | None = None
        name = self._path.name
        try:
            for name, stream in self._members(generation_prefix):
                if name == MANIFEST:
                    manifest = BackupManifest.from_bytes(stream.read())
                    continue
                plain = name.removesuffix(AGE)
                if not NAME.fullmatch(plain):
                    raise damaged_members([name])
                hashing = HashingReader(stream)
                if into:
                    decrypted[plain] = _write_restored(into / plain, hashing, keys if name != plain else None)
                found[name] = hashing.finish()
                progress(len(found))
        except (tarfile.TarError, EOFError) as error:
            raise damaged_members([name]) from error
        if manifest is None:
            raise damaged_members([f"{MANIFEST} (ไม่มีอะไรต่อจาก · nothing follows {name})"])
        _compare(manifest, found, decrypted)
        return manifest

    def find_damage_except_originals(self, manifest: BackupManifest) -> list[str]:
        """Return members that are missing, and members other than originals whose bytes have changed.

        Does not read the originals: ``Backups.make`` reads a share of them each time.
        """
        raise NotImplementedError

    def _members(self, generation_prefix: str | None) -> Iterator[tuple[str, BinaryIO]]:
        """Yield name and content of each member and of the manifest. Encrypted names end in ``.age``."""
        raise NotImplementedError


def _compare(manifest: BackupManifest, found: dict[str, str], decrypted: dict[str, str]) -> None:
    """Raise ``Invalid`` unless exactly the members of the manifest were found, with the same bytes.

    ``found``: SHA-256 of each member as stored; ``decrypted``: SHA-256 of each unpacked content.
    """
    wanted = _as_kept(manifest)
    differing = [name for name in sorted(wanted | found) if wanted.get(name) != found.get(name)]
    differing += [name for name, sha256 in decrypted.items() if manifest.members.get(name) != sha256]
    if differing or DATABASE not in manifest.members:
        raise damaged_members(differing or [DATABASE])


def _as_kept(manifest: BackupManifest) -> dict[str, str]:
    """Return stored name → SHA-256 of the stored bytes, for each member."""
    encrypted = manifest.sha256_of_encrypted
    return {
        name + AGE if name in encrypted else name: encrypted.get(name, sha256)
        for name, sha256 in manifest.members.items()
    }


class TarSource(BackupSource):
    """A backup in one file, which is its only generation."""

    def generations(self) -> list[str]:
        return [self.read_manifest(None).generation]

    def read_manifest(self, generation_prefix: str | None) -> BackupManifest:
        try:
            with tarfile.open(self._path) as tar:
                text = tar.extractfile(MANIFEST)
                manifest = BackupManifest.from_bytes(text.read() if text else b"")
        except (tarfile.TarError, EOFError, KeyError) as error:
            raise damaged_members([MANIFEST]) from error
        if generation_prefix is not None and not manifest.generation.startswith(generation_prefix):
            raise NotFound(f"ไฟล์สำรองนี้มีชุดเดียว (there is only the generation) {manifest.generation}")
        return manifest

    def find_damage_except_originals(self, manifest: BackupManifest) -> list[str]:
        wanted = _as_kept(manifest)
        try:
            with tarfile.open(self._path) as tar:
                there = {
                    info.name: None if info.name.startswith(FILES) else sha256_of_stream(content)
                    for info in tar
                    if (content := tar.extractfile(info))  # None for what is no file
                }
        except (tarfile.TarError, EOFError):
            return [self._path.name]
        return [name for name in wanted if there.get(name, "") not in (None, wanted[name])]

    def _members(self, generation_prefix: str | None) -> Iterator[tuple[str, BinaryIO]]:
        if generation_prefix is not None:
            self.read_manifest(generation_prefix)
        with (
            self._path.open("rb") as file,
            tarfile.open(fileobj=file, mode="r|", bufsize=CHUNK) as opened,
        ):
            tar: Any = opened
            while (info := tar.next()) is not None:
                tar.members.clear()  # else tarfile would keep every member in memory
                if not info.isreg():
                    raise damaged_members([info.name])
                yield info.name, tar.extractfile(info)


class DirectorySource(BackupSource):
    """A backup that is a directory of generations."""

    def generations(self) -> list[str]:
        return BackupDirectory(self._path).generations() or [self.read_manifest(None).generation]

    def read_manifest(self, generation_prefix: str | None) -> BackupManifest:
        return BackupManifest.from_bytes(BackupDirectory(self._path).manifest_bytes(generation_prefix))

    def find_damage_except_originals(self, manifest: BackupManifest) -> list[str]:
        damage = []
        for name, sha256 in manifest.members.items():
            path = self._path / manifest.path_of_member(name)
            if not path.is_file():
                damage.append(name)
            elif not name.startswith(FILES):
                with path.open("rb") as stream:
                    if sha256_of_stream(stream) != manifest.sha256_of_encrypted.get(name, sha256):
                        damage.append(name)
        return damage

    def _members(self, generation_prefix: str | None) -> Iterator[tuple[str, BinaryIO]]:
        text = BackupDirectory(self._path).manifest_bytes(generation_prefix)
        manifest = BackupManifest.from_bytes(text)
        self.total = len(manifest.members)
        yield MANIFEST, io.BytesIO(text)
        for name in manifest.members:
            try:
                with (self._path / manifest.path_of_member(name)).open("rb") as stream:
                    yield name + AGE if name in manifest.sha256_of_encrypted else name, stream
            except FileNotFoundError:
                continue  # ``_compare`` reports the missing member


def _write_restored(path: Path, stream: HashingReader, keys: BackupKeys | None) -> str:
    """Write a file that only its owner may read. With ``keys``, ``stream`` is an age file to decrypt.

    Returns the SHA-256 of the written content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w+b") as file:
        os.fchmod(file.fileno(), 0o400 if path.parent.parent.name == FILES else 0o600)
        if keys is None:
            shutil.copyfileobj(stream, file, CHUNK)
            return stream.sha256()
        keys.decrypt(stream, file)
        file.seek(0)
        return sha256_of_stream(file)
