"""Figures of an archive. A figure that drops by more than people cause on purpose shows a loss of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ReadRows = Callable[[str], list[Mapping[str, Any]]]
"""Function that runs a query and returns its rows."""

SMALL_LOSS = 10  # rows; ordinary work may delete as many attachments or people
LARGE_LOSS = 0.1  # share of the rows; a loss above both this share and ``SMALL_LOSS`` is not ordinary work


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCounts:
    """Change counter, numbers of rows and end of the audit chain at one time."""

    change: int  # number of the last change
    announcement: int
    history: int
    attachment: int
    person: int
    audit_number: int = 0  # number of the last entry of the audit chain; 0 without a chain
    audit_hash: str = ""  # hash of the last entry, in hexadecimal

    @classmethod
    def read(cls, rows: ReadRows, *, has_audit: bool = True) -> ArchiveCounts:
        """Read the figures with ``rows``, which runs a query. ``has_audit``: False without an audit chain."""
        counts = {name: int(rows(f"SELECT count(*) AS n FROM {name}")[0]["n"]) for name in _NAMES}  # noqa: S608
        newest = rows("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1") if has_audit else []
        return cls(
            change=int(rows("SELECT value FROM counter WHERE name = 'change'")[0]["value"]),
            **counts,
            audit_number=int(newest[0]["number"]) if newest else 0,
            audit_hash=bytes(newest[0]["hash"]).hex() if newest else "",
        )

    def is_in_chain(self, rows: ReadRows) -> bool:
        """Return True when the audit chain has the last entry of these figures, or when they have none."""
        if not self.audit_number:
            return True
        found = rows(f"SELECT hash FROM audit WHERE number = {self.audit_number:d}")  # noqa: S608
        return bool(found) and bytes(found[0]["hash"]).hex() == self.audit_hash


def describe_losses(before: ArchiveCounts, now: ArchiveCounts) -> list[str]:
    """Return a line for each figure that dropped; attachments and people may drop a little.

    Announcements and history are never deleted, so any missing row is a loss. Missing attachments and people
    are a loss when more are missing than somebody deletes on purpose.
    """
    lost = []
    if now.change < before.change:
        lost.append(
            f"การเปลี่ยนแปลงล่าสุดคือลำดับที่ {before.change:,} เหลือ {now.change:,} (change counter went back)"
        )
    for name, thai in _NAMES.items():
        had, has = getattr(before, name), getattr(now, name)
        allowed = 0 if name in _NEVER_DELETED else max(SMALL_LOSS, LARGE_LOSS * had)
        if had - has > allowed:
            lost.append(f"{thai} {had:,} เหลือ {has:,} ({name}: {had:,} before, {has:,} now)")
    return lost


_NAMES = {"announcement": "ประกาศ", "history": "ประวัติ", "attachment": "เอกสารแนบ", "person": "ผู้ใช้"}
_NEVER_DELETED = {"announcement", "history"}
