"""SHA-256 of files and streams, in chunks, so that memory use does not grow with their size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

_CHUNK = 256 << 10  # bytes that are read at a time; larger chunks are not hashed faster


class HashingReader:
    """Wraps a stream and computes the SHA-256 of its bytes while they are read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, all that are left for -1, and count them into the hash."""
        chunk = self._stream.read(size)
        self._digest.update(chunk)
        return chunk

    def sha256(self) -> str:
        """Return the SHA-256 of everything that was read so far."""
        return self._digest.hexdigest()

    def finish(self, after_chunk: Callable[[int], object] = lambda _: None) -> str:
        """Read what is left and return the SHA-256 of the whole stream; tells each chunk's size.

        ``after_chunk`` is called with the number of bytes of each chunk that was read.
        """
        while chunk := self.read(_CHUNK):
            after_chunk(len(chunk))
        return self.sha256()


def sha256_of_stream(stream: IO[bytes]) -> str:
    """Return the SHA-256 of the bytes from a stream's position to its end."""
    return HashingReader(stream).finish()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return sha256_of_stream(file)
