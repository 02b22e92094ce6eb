"""Permissions of the data directory: only the service's own user may read or write it.

The data directory holds drafts, withdrawn records, password hashes and the key that signs sessions.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from archive.ports import Fault

PRIVATE_UMASK = 0o077  # mask under which new directories get mode 0700 and new files mode 0600

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_directory_private(path: Path) -> None:
    """Create a directory for its owner alone, or close one and the files directly in it to others.

    Such files are the database, the key, the settings. Raises ``OSError`` when it cannot be created.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in _open_to_others([path, *path.iterdir()]):
        _close_to_others(each)


class DataPermissions:
    """An ``Examination`` that finds paths in the data directory with permissions for other users."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def find_faults(self) -> Iterator[Fault]:
        """Yield at most one fault, for the whole directory. Its ``mend`` removes other users' permissions."""
        found = self._found()
        if found:
            yield Fault("open-to-others", str(self._data), f"{len(found)}: {found[0]} …", mend=self._close)

    def _found(self) -> list[Path]:
        return paths_open_to_others(self._data)

    def _close(self) -> bool:
        for path in self._found():
            _close_to_others(path)
        return not self._found()


def paths_open_to_others(data: Path) -> list[Path]:
    """Return the paths in a data directory that this user may close, and on which others have permissions."""
    return list(_open_to_others([data, *data.rglob("*")]))


def _open_to_others(paths: Iterable[Path]) -> Iterator[Path]:
    user = os.geteuid()
    for path in paths:
        with suppress(FileNotFoundError):  # the running service may have deleted the file meanwhile
            found = path.lstat()
            is_closable = user in (0, found.st_uid)
            if not stat.S_ISLNK(found.st_mode) and found.st_mode & _OTHERS and is_closable:
                yield path


def _close_to_others(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
