"""Names of what an archive keeps in its data directory. A backup holds all of it under the same names."""

from __future__ import annotations

DATABASE = "prakat.sqlite"
FILES = "files"  # directory of the originals
WORDS = "words.txt"  # the office's own dictionary words
SECRET = "secret-key"  # noqa: S105  # a file's name
SETTINGS = "prakat.toml"


def original_path(sha256: str) -> str:
    """Return the name of an original in a backup and in a data directory: ``files/ab/ab34…``."""
    return f"{FILES}/{sha256[:2]}/{sha256}"
