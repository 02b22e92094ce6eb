"""Erasure by a recorded order: the only way in which anything of the archive is deleted for good."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from archive import validation
from archive.erasure import Erasure, ErasureScope
from archive.errors import NotFound, Unavailable, gettext_noop
from archive.ports import Files
from archive.repositories import Records

log = logging.getLogger("prakat.erasures")


class PageCache(Protocol):
    """A cache of pictures or copies that were made from stored files."""

    def has(self, sha256: str) -> bool:
        """Return True while the cache has something that was made from the file."""

    def forget(self, sha256: str) -> None:
        """Delete everything that was made from the file."""


class Eraser:
    """Carries out orders of erasure: in the records, in the caches and in the store of files.

    A kill in between leaves at most the file, its pictures and its copies, which a worker removes. Open data
    that was written before is deleted by the pages, before an erasure and after it.
    """

    def __init__(
        self, records: Records, all_records: Records, files: Files, caches: Sequence[PageCache]
    ) -> None:
        """``all_records``: records of all organisations, which share the store of files."""
        self._records = records
        self._all_records = all_records
        self._files = files
        self._caches = caches

    def erase_attachment_or_versions(
        self,
        attachment_id: int,
        scope: ErasureScope,
        *,
        ordered_by: str,
        reason: str,
        actor: str,
        expected_sha256: str | None = None,
    ) -> Erasure:
        """Erase an attachment or its earlier files by an order, which needs who ordered it and why.

        Returns the record of it. ``expected_sha256``: see ``Erasures.erase_attachment_or_versions``, which
        raises ``Conflict`` for another file. Raises ``Invalid`` without ``ordered_by`` or ``reason``,
        ``NotFound`` for an unknown attachment.
        """
        ordered_by, reason = _checked_order(ordered_by, reason)
        erasure = self._records.erasures.erase_attachment_or_versions(
            attachment_id,
            scope,
            ordered_by=ordered_by,
            reason=reason,
            actor=actor,
            expected_sha256=expected_sha256,
        )
        self._finish_or_log(erasure)
        return erasure

    def finish_all(self) -> None:
        """Finish every erasure of which something is left; the log says what cannot be deleted yet."""
        for erasure in self._records.erasures.all():
            if self.files_still_to_erase(erasure):
                self._finish_or_log(erasure)

    def _finish_or_log(self, erasure: Erasure) -> None:
        try:
            self.finish(erasure)
        except (OSError, Unavailable) as error:
            log.warning("erased file is still stored", extra={"erasure": erasure.id, "why": str(error)})

    def finish(self, erasure: Erasure) -> None:
        """Delete what was cached of the files of an erasure, and the files that no record uses any more.

        To be called again after a process was killed during an erasure, or after a file came back.
        """
        self._clear_caches(erasure)
        for sha256 in erasure.files:
            if self._files.exists(sha256) and not self._all_records.erasures.is_used_by_record(sha256):
                _remove_unless_used(self._all_records, self._files, sha256)
        self._clear_caches(erasure)  # a copy may have been made until the file was gone

    def files_still_to_erase(self, erasure: Erasure) -> list[str]:
        """Return the SHA-256 of an erasure's files whose bytes or pictures are there and no record uses.

        While the store of files cannot be reached, all files that no record uses are returned.
        """
        return [
            sha256
            for sha256 in erasure.files
            if (any(cache.has(sha256) for cache in self._caches) or self._may_be_stored(sha256))
            and not self._all_records.erasures.is_used_by_record(sha256)
        ]

    def _may_be_stored(self, sha256: str) -> bool:
        """Return False only where the store of files says that it does not have the file."""
        try:
            return self._files.exists(sha256)
        except Unavailable:
            return True

    def erase_announcement_fields(
        self, announcement_id: int, *, ordered_by: str, reason: str, actor: str
    ) -> Erasure:
        """Erase a record's own texts, also in its history; ``Conflict`` while it is published.

        They are title, body, author, category and the address on an older site. Returns the record of the
        erasure. Raises ``Invalid`` without ``ordered_by`` or ``reason``.
        """
        ordered_by, reason = _checked_order(ordered_by, reason)
        return self._records.erasures.erase_announcement_fields(
            announcement_id, ordered_by=ordered_by, reason=reason, actor=actor
        )

    def _clear_caches(self, erasure: Erasure) -> None:
        for sha256 in erasure.files:
            for cache in self._caches:
                cache.forget(sha256)

    def files_used_by_other_records(self, erasure: Erasure) -> list[str]:
        """Return the SHA-256 of an erasure's files that stay stored, as another record has the same bytes."""
        return [sha256 for sha256 in erasure.files if self._all_records.erasures.is_used_by_record(sha256)]


def _checked_order(ordered_by: str, reason: str) -> tuple[str, str]:
    """Return who ordered an erasure, and why. Raises ``Invalid`` when one of them is missing."""
    return (
        validation.checked_required_text(
            ordered_by, field="ordered_by", field_label=gettext_noop("ผู้สั่งและเลขที่คำสั่ง"), length=300
        ),
        validation.checked_required_text(
            reason, field="reason", field_label=gettext_noop("เหตุผลที่ลบ"), length=1000
        ),
    )


def _remove_unless_used(all_records: Records, files: Files, sha256: str) -> None:
    """Delete a file, and put it back when a record has begun to use it meanwhile.

    An upload of the same bytes checks the store after its record is written, and this function checks the
    records after the file is gone: whichever comes second sees the other, and no upload lacks its file. An
    open file can be read after it was deleted, so a store on this machine needs no copy for that.
    """
    with (
        suppress(NotFound, FileNotFoundError),  # another process was faster
        files.local_path(sha256) as path,
        path.open("rb") as kept,
    ):
        files.remove(sha256)
        if all_records.erasures.is_used_by_record(sha256):
            files.add(kept, limit=os.fstat(kept.fileno()).st_size)
