"""Note on the last backup, in the data directory. Later checks compare the archive with this note."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from archive.durable_files import replace_durably
from archive.errors import PrakatError
from archive.ports import Fault
from storage.archive_figures import ArchiveCounts, describe_losses
from storage.backup.manifest import GENERATION_FORMAT, BackupManifest
from storage.backup.restore import backup_source_at
from storage.engine import Engine

NOTE = "last-backup.json"


@dataclass(frozen=True, slots=True)
class BackupPlaceAndTime:
    """Place, generation and time of the last backup; the figures in the note are not read here."""

    destination: Path
    generation: str
    made_at: dt.datetime


def read_backup_note(data: Path) -> BackupPlaceAndTime | None:
    """Return the note on the last backup; None when there is none that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = json.loads((data / NOTE).read_text(encoding="utf-8"))
        generation = content["generation"]
        made_at = dt.datetime.strptime(generation, GENERATION_FORMAT).replace(tzinfo=dt.UTC)
        return BackupPlaceAndTime(Path(content["destination"]), generation, made_at)
    return None


def write_backup_note(
    data: Path, destination: Path, manifest: BackupManifest, *, is_restored: bool = False
) -> None:
    """Write the note on a published backup, and sync it to the disk.

    ``is_restored``: the backup is the one that the archive was restored from. It may be another archive's, so
    that nobody looks for alterations of it.
    """
    content = {
        "restored": is_restored,
        "destination": str(destination.resolve()),
        "generation": manifest.generation,
        "digest": manifest.digest,
        "archive": asdict(manifest.archive) if manifest.archive else None,
    }
    replace_durably(data / NOTE, json.dumps(content, indent=1))


class LastBackupComparison:
    """An ``Examination`` that compares the archive with its last backup.

    The note holds the backup's destination, its digest, and the archive's figures at that time.
    """

    def __init__(self, data: Path, engine: Engine) -> None:
        self._path = data / NOTE
        self._engine = engine

    def find_faults(self) -> Iterator[Fault]:
        """Yield losses since the last backup, and alterations of that backup where its disk can be reached.

        Without a note of a backup there are none. The disk of a backup may be stored elsewhere.
        """
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            destination = Path(content["destination"])
            generation, digest = str(content["generation"]), str(content["digest"])
            before = ArchiveCounts(**content["archive"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            yield Fault("unreadable", NOTE, str(error))
            return
        for loss in describe_losses(before, ArchiveCounts.read(self._engine.rows)):
            yield Fault("archive-went-back", f"backup {generation}", loss)
        if not before.is_in_chain(self._engine.rows):
            yield Fault(
                "audit-broken", f"audit {before.audit_number}", f"not the entry of backup {generation}"
            )
        if (
            not content.get("restored")
            and _is_reached(destination)
            and (found := _find_alteration(destination, generation, digest))
        ):
            yield Fault("backup-altered", f"backup {generation}", f"{destination}: {found}")


def _is_reached(destination: Path) -> bool:
    """Return False also for a place that this user may not enter."""
    with suppress(OSError):
        return destination.exists()
    return False


def _find_alteration(destination: Path, generation: str, digest: str) -> str:
    """Return how a generation differs from the one that was written; empty when it does not differ."""
    backup = backup_source_at(destination)
    try:
        for manifest in (backup.read_manifest(generation), backup.read_manifest(None)):
            if manifest.generation == generation and manifest.digest != digest:
                return "another manifest"
        return ", ".join(backup.find_damage_except_originals(backup.read_manifest(generation))[:10])
    except (OSError, PrakatError) as error:
        return str(error)
