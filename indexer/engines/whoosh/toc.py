"""Whoosh's table of contents of a commit, with a checksum at its end.

The table of contents names the segments and their deleted documents: a flipped bit in it could bring a
withdrawn announcement back. Whoosh reads the table by its own rules and ignores the checksum after it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.engines.whoosh.checksums import with_checksum, without_checksum
from indexer.engines.whoosh.whoosh_imports import TOC, FileIndex, FileStorage, RamStorage


class CheckedIndex(FileIndex):  # type: ignore[misc]
    """Whoosh's index in a directory. Never starts a write from a damaged table of contents.

    Whoosh's own constructor reads the table without its checksum, and leaves the file open where that fails.
    """

    def __init__(self, storage: FileStorage, indexname: str) -> None:
        self.storage, self.indexname, self._schema = storage, indexname, None
        self._read_toc()

    def _read_toc(self) -> TOC:
        return read_toc(Path(self.storage.folder), self.indexname, self.latest_generation())


def write_toc(directory: Path, index_name: str, toc: TOC) -> None:
    """Writes the table of contents by a rename, which makes the commit visible; nothing is synced to disk."""
    memory = RamStorage()
    toc.write(memory, index_name)
    name = _name(index_name, toc.generation)
    part = directory / f"{name}.new"
    part.write_bytes(with_checksum(memory.files[name]))
    part.replace(directory / name)


def read_toc(directory: Path, index_name: str, generation: int) -> TOC:
    """Returns a commit's table of contents; ``FileNotFoundError`` once a later commit removed it.

    Raises ``IndexDamaged`` when the file does not match its checksum.
    """
    name = _name(index_name, generation)
    memory = RamStorage()
    memory.files[name] = without_checksum((directory / name).read_bytes(), name)
    return TOC.read(memory, index_name, gen=generation)


def _name(index_name: str, generation: int) -> str:
    name: Any = TOC._filename(index_name, generation)
    return str(name)
