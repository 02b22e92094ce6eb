"""Generations of a backup directory, and the retention rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive.durable_files import sync_directory
from archive.errors import Invalid, NotFound
from storage.backup.disk import write_through_to_disk
from storage.backup.manifest import GENERATIONS, MANIFEST, STATE, BackupManifest, damaged_members
from storage.data_directory import FILES

_PART = "new.part"  # name of a generation's manifest while it is written
_DAY = len("2026-11-28")
_MONTH = len("2026-11")


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Retention rule: keep the latest generation of each of the last days and months that have any.

    The ``newest`` generations are kept whatever their day, so that a bad generation does not at once replace
    a good one of the same day.
    """

    days_with_backup: int
    months_with_backup: int
    newest: int = 3

    def kept_generations(self, generations: Iterable[str]) -> set[str]:
        """Return the names that the rule keeps: of days, of months, and the ``newest`` ones always."""
        names = sorted(generations)
        kept = set(names[-self.newest :])
        for length, count in ((_DAY, self.days_with_backup), (_MONTH, self.months_with_backup)):
            latest = {name[:length]: name for name in names}  # the last of a period wins
            kept.update(latest[period] for period in sorted(latest, reverse=True)[:count])
        return kept


class BackupDirectory:
    """A backup directory. Its ``manifest.json`` is always the manifest of the newest backup.

    Versions before generations left only ``manifest.json`` in the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def generations(self) -> list[str]:
        """Return the names of the generations, oldest first. The manifests are not read."""
        return sorted(path.stem for path in (self.path / GENERATIONS).glob("*.json"))

    def read_generation(self, generation: str) -> BackupManifest:
        """Return the manifest of an existing generation by its whole name; ``Invalid`` when it is damaged."""
        return BackupManifest.from_bytes(self._manifest_path(generation).read_bytes())

    def manifest_bytes(self, name_prefix: str | None) -> bytes:
        """Return the newest manifest, or ``Invalid``; the newest named ``name_prefix…``, or ``NotFound``."""
        if name_prefix is None:
            try:
                return (self.path / MANIFEST).read_bytes()
            except FileNotFoundError:
                if self.generations() or any((self.path / FILES).glob("*/*")):
                    raise damaged_members([MANIFEST]) from None
                raise Invalid(
                    f"ไม่มีข้อมูลสำรองใน {self.path} ตรวจว่าต่อดิสก์และระบุโฟลเดอร์ถูก"
                    " (there is no backup: is its disk mounted?)",
                    code="no-backup",
                ) from None
        found = [name for name in self.generations() if name.startswith(name_prefix)]
        if found:
            return self._manifest_path(found[-1]).read_bytes()
        known = ", ".join(self.generations()) or "-"
        raise NotFound(f"ไม่พบชุดสำรอง {name_prefix} มีชุด (no such generation; there are): {known}")

    def newest_readable(self) -> BackupManifest | None:
        """Return the newest manifest that can be read: ``manifest.json``, or a generation's; None without."""
        try:
            return BackupManifest.from_bytes(self.manifest_bytes(None))
        except Invalid:
            for name in reversed(self.generations()):
                try:
                    return self.read_generation(name)
                except Invalid:
                    continue
        return None

    def publish(self, synced_manifest: Path, name: str) -> None:
        """Make a manifest, synced to disk already, the newest one, with a copy as generation ``name``.

        All else is synced here.
        """
        self._add_generation(name, synced_manifest.read_bytes())
        synced_manifest.replace(self.path / MANIFEST)
        sync_directory(self.path)

    def adopt_old_manifest(self) -> None:
        """Copy ``manifest.json`` into the generations, where a version without generations made it.

        Does nothing where its generation exists, and where it is missing or damaged.
        """
        try:
            text = self.manifest_bytes(None)
            manifest = BackupManifest.from_bytes(text)
        except Invalid:
            return
        if not self._manifest_path(manifest.generation).exists():
            self._add_generation(manifest.generation, text)

    def _add_generation(self, name: str, manifest: bytes) -> None:
        """Write a manifest as generation ``name``, whole or not at all, and through to the disk."""
        kept = self._manifest_path(name)
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        part = kept.with_name(_PART)
        with part.open("wb") as file:
            file.write(manifest)
            write_through_to_disk(file)
        part.replace(kept)
        sync_directory(kept.parent)

    def prune(self, retention: RetentionRule) -> int:
        """Remove generations not kept, with files none names; return how many, 0 if a kept one is damaged.

        Where a kept manifest is damaged, nothing is removed: what it names is not known. The newest backup
        always stays, also where the clock was set back, so that its name sorts before the others.
        """
        kept = retention.kept_generations(self.generations())
        try:
            kept.add(BackupManifest.from_bytes(self.manifest_bytes(None)).generation)
            named = {path for name in kept for path in self.read_generation(name).paths()}
        except Invalid:
            return 0
        removed = [name for name in self.generations() if name not in kept]
        for name in removed:
            self._manifest_path(name).unlink()
        for path in [*(self.path / STATE).glob("*"), *(self.path / FILES).glob("??/*")]:
            if str(path.relative_to(self.path)) not in named:
                path.unlink()
        return len(removed)

    def _manifest_path(self, generation: str) -> Path:
        return self.path / GENERATIONS / f"{generation}.json"
