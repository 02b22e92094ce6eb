"""Permissions of the data directory: for the service's own user and nobody else.

In it lie drafts, withdrawn records, password hashes and the key that signs sessions.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from archive.ports import Fault

PRIVATE_UMASK = 0o077
"""With it new directories have mode 0700 and new files 0600."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_directory(path: Path) -> None:
    """Make the directory, or take away what others may do with one that is there and with what lies directly
    in it: the database, the key, the settings. Raises ``OSError`` when it cannot be made."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in _open_to_others([path, *path.iterdir()]):
        _close_to_others(each)


class DataPermissions:
    """An ``Examination``: finds what others than the owner may read or change in the data directory."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def faults(self) -> Iterator[Fault]:
        """Yield one fault for the whole directory; mending it leaves everything to its owner."""
        found = self._found()
        if found:
            yield Fault("open-to-others", str(self._data), f"{len(found)}: {found[0]} …", mend=self._close)

    def _found(self) -> list[Path]:
        return list(_open_to_others([self._data, *self._data.rglob("*")]))

    def _close(self) -> bool:
        for path in self._found():
            _close_to_others(path)
        return not self._found()


def _open_to_others(paths: Iterable[Path]) -> Iterator[Path]:
    """Those of this process's own paths on which others have any permission."""
    for path in paths:
        with suppress(FileNotFoundError):  # gone meanwhile: the service is at work
            found = path.lstat()
            if not stat.S_ISLNK(found.st_mode) and found.st_mode & _OTHERS and found.st_uid == os.geteuid():
                yield path


def _close_to_others(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
