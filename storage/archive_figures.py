"""A few figures of an archive that only ever grow, by which a loss is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

SMALL_LOSS = 10  # rows; as many attachments or people may go in the course of ordinary work
LARGE_LOSS = 0.1  # share of the rows; beyond it and beyond ``SMALL_LOSS`` it is no ordinary work


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFigures:
    """The change counter and the numbers of rows at one moment."""

    change: int
    announcement: int
    history: int
    attachment: int
    person: int

    @classmethod
    def read(cls, number: Callable[[str], int]) -> ArchiveFigures:
        """Read the figures with ``number``, which runs a query for one number."""
        counts = {
            table.name: number(f"SELECT count(*) AS n FROM {table.name}")  # noqa: S608  # our own names
            for table in fields(cls)
            if table.name != "change"
        }
        return cls(change=number("SELECT value AS n FROM counter WHERE name = 'change'"), **counts)


def describe_losses(before: ArchiveFigures, now: ArchiveFigures) -> list[str]:
    """Return what an archive has lost since ``before``, one line each; nothing where it only went on.

    Announcements and history are never deleted, so any that is missing is a loss. Attachments and people
    are a loss when more of them are gone than somebody deletes on purpose.
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
