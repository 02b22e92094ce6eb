"""The index's directories: one generation each, a manifest written last, a pointer swapped atomically.

``index/current`` holds the name of the live generation. A directory without a manifest was never
finished and is removed by the next rebuild. The older generation is removed with the exchange, as it may
hold what was erased; a reader that has its files open reads on, one that was about to open them looks again.
A process that finds damage in the live generation writes it to the generation's ``damaged`` file: every
process sees that file, and the worker acts upon it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.durable_files import replace_durably
from archive.errors import Unavailable
from indexer.engines.whoosh.checksums import IndexDamaged, line_with_checksum, line_without_checksum
from indexer.search.ports import IndexManifest

_POINTER = "current"
_MANIFEST = "manifest.json"
_LOCK = "building"
_DAMAGED = "damaged"

TOO_BUSY = "search-unavailable"
"""Code of the error where the index cannot be read for now, although nothing is wrong with it."""

_OWN_LIMITS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""Error numbers that mean a limit of the process or machine was reached, although the file is undamaged."""


class GenerationDirectory:
    """All generations of one index under ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pointer_path = directory / _POINTER

    def current(self) -> Path | None:
        """Returns the live generation's directory; None when there is none or its name is unreadable."""
        while (manifest_path := _parse_pointer(self._pointer_path)) is not None:
            if manifest_path.is_file():
                return manifest_path.parent
            if _parse_pointer(self._pointer_path) == manifest_path:  # else it was just replaced
                break
        return None

    @contextmanager
    def build_lock(self) -> Iterator[None]:
        """Waits for the build lock and holds it, so that only one process builds.

        The kernel frees a dead process's lock.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def clean_up_and_begin(self) -> Path:
        """Removes unfinished generations, makes an empty one; call it while holding ``build_lock``."""
        for path in self._all():
            if not (path / _MANIFEST).is_file():
                shutil.rmtree(path, ignore_errors=True)
        path = self._directory / f"{max(map(_number, self._all()), default=0) + 1:06d}"
        path.mkdir()
        return path

    def publish_with_manifest(self, path: Path, manifest: IndexManifest) -> None:
        """Writes the manifest, swaps the pointer, and removes the older generations."""
        replace_durably(path / _MANIFEST, json.dumps(manifest.as_json(), indent=1))
        replace_durably(self._pointer_path, line_with_checksum(path.name))
        self.remove_older(path)

    def remove_older(self, path: Path) -> None:
        """Removes the generations before the one at ``path``, also what a killed rebuild left of them."""
        for old in self._all():
            if _number(old) < _number(path):
                shutil.rmtree(old, ignore_errors=True)

    def manifest(self, path: Path) -> IndexManifest | None:
        """Returns the manifest of the generation at ``path``; None when the manifest cannot be read."""
        try:
            return IndexManifest.from_json(json.loads((path / _MANIFEST).read_text()))
        except OSError as error:
            raise_if_limit_reached(error)
            return None
        except (ValueError, TypeError, KeyError):
            return None

    def note_damage(self, path: Path, parts: Iterable[str]) -> None:
        """Records damaged parts inside the generation; records nothing on a disk that cannot be written to.

        The next scrub finds the damage again.
        """
        with suppress(OSError), (path / _DAMAGED).open("a") as file:
            file.writelines(f"{part}\n" for part in parts)

    def noted_damage(self, path: Path) -> list[str]:
        """Returns the names of the generation's parts that were recorded as damaged."""
        try:
            return sorted(set((path / _DAMAGED).read_text(errors="replace").splitlines()))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise_if_limit_reached(error)
            return [f"{_DAMAGED}: {error.strerror}"]

    def _all(self) -> list[Path]:
        return sorted(path for path in self._directory.glob("[0-9]*") if path.is_dir())


def _parse_pointer(path: Path) -> Path | None:
    """Returns where the manifest of the generation is that the pointer at ``path`` names."""
    try:
        name = line_without_checksum(path.read_text(errors="replace"), _POINTER)
    except OSError as error:
        raise_if_limit_reached(error)
        return None
    except IndexDamaged:
        return None
    return path.parent / name / _MANIFEST if name else None


def raise_if_limit_reached(error: OSError) -> None:
    """Raises ``Unavailable`` if the error says that this process or machine is at a limit, else nothing.

    The file is undamaged then, and neither missing.
    """
    if error.errno in _OWN_LIMITS:
        raise Unavailable("ระบบกำลังมีงานมาก กรุณาลองใหม่อีกครั้ง", code=TOO_BUSY) from error


def _number(path: Path) -> int:
    return int(path.name) if path.name.isdigit() else 0
