"""Small text files that a power cut leaves either as they were or as they are to be."""

from __future__ import annotations

import os
from pathlib import Path


def replace_durably(path: Path, text: str) -> None:
    """Write a text file in one atomic step that is on the disk when this returns.

    Some file systems keep a rename and lose the bytes of a file that was not synced before it: an empty file.
    """
    part = path.with_name(f".{path.name}.new")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Sync a directory, so that new and renamed files in this directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
