"""Stores uploaded files: their type is detected and they are scanned for viruses first."""

from __future__ import annotations

import logging
from typing import BinaryIO

from archive import filetype, validation
from archive.errors import Invalid
from archive.hashing import sha256_of_stream
from archive.ports import Files, Scanner, StoredFile

log = logging.getLogger("prakat.security")

_LARGEST_COPY = 500 << 20  # bytes; pictures of 100 pages may be larger than the uploaded file was


def safe_name_and_type(stream: BinaryIO, filename: str) -> tuple[str, str]:
    """Return name and media type to store a stream under, which is not moved; ``Invalid`` for other types.

    The stream is seekable. Raises ``Invalid`` as ``filetype.detect_file_type`` does: for a file that is
    neither a document nor a picture of a known type, an empty one, and Office passwords and macros.
    """
    media_type = filetype.detect_file_type(stream).media_type
    return validation.safe_filename(filename, media_type), media_type


def sha256_and_rewind(stream: BinaryIO) -> str:
    """Return the SHA-256 of a seekable stream, which is at its beginning afterwards."""
    stream.seek(0)
    sha256 = sha256_of_stream(stream)
    stream.seek(0)
    return sha256


class Uploads:
    """Stores files in the archive's store. Where a scanner is configured, only scanned, clean uploads."""

    def __init__(self, files: Files, scanner: Scanner | None, max_bytes: int) -> None:
        self._files = files
        self._scanner = scanner
        self._max_bytes = max_bytes

    def store(self, stream: BinaryIO, *, filename: str, actor: str) -> StoredFile:
        """Store a seekable stream for a record still to be made; ``Invalid`` or ``TooLarge`` if refused.

        Raises ``Invalid`` for a file of no known type, or in which a virus was found; ``TooLarge``; and
        ``Unavailable``, also when the configured scanner does not answer.
        """
        name, _ = safe_name_and_type(stream, filename)
        return self.store_named(stream, name, actor)

    def store_named(self, stream: BinaryIO, safe_name: str, actor: str) -> StoredFile:
        """Store the bytes of a stream whose type is known. Raises as ``store`` does."""
        if self._scanner is None:
            return self._files.add(stream, limit=self._max_bytes)
        try:
            with self._scanner.scan_while_reading(stream) as scanned:
                return self._files.add(scanned, limit=self._max_bytes)
        except Invalid as refusal:
            log.warning("refused a file", extra={"file": safe_name, "actor": actor, "why": refusal.message})
            raise

    def store_again_if_erased(self, stream: BinaryIO, file: StoredFile) -> None:
        """Call this after the record is written: stores the file again if an erasure took it meanwhile.

        Else the file of a new record may be gone: an erasure of the same bytes saw no record that has them.
        """
        if not self._files.exists(file.sha256):
            stream.seek(0)
            self._files.add(stream, limit=file.size)

    def store_redacted_copy(self, copy: BinaryIO) -> StoredFile:
        """Store a copy made here without a virus scan; ``TooLarge`` past 500 MiB or a higher upload limit."""
        return self._files.add(copy, limit=max(self._max_bytes, _LARGEST_COPY))
