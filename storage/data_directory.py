"""Names of what an archive keeps in its data directory. A backup uses these names too."""

from __future__ import annotations

from pathlib import Path

DATABASE = "prakat.sqlite"
FILES = "files"  # directory of the originals
WORDS = "words.txt"  # the office's own dictionary words
SECRET = "secret-key"  # noqa: S105  # a file's name
SETTINGS = "prakat.toml"
RESTORING = ".restoring-names"  # in a mount point: names of all that a restore moves into it, database last


def original_path(sha256: str) -> str:
    """Return the name of an original in a backup and in a data directory: ``files/ab/ab34…``."""
    return f"{FILES}/{sha256[:2]}/{sha256}"


def delete_names_of_finished_restore(data: Path) -> None:
    """Delete ``RESTORING`` where the database is there: a restore that was killed after that is finished.

    A later restore deletes what ``RESTORING`` names; by then that would be what the archive stored since.
    """
    if (data / DATABASE).exists():
        (data / RESTORING).unlink(missing_ok=True)
