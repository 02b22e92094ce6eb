"""Positions of an announcement's attachments: from 1, without a gap."""

from __future__ import annotations

from storage.engine import Queries, Row

NEXT_POSITION = """(SELECT coalesce(max(beside.position), 0) + 1 FROM attachment AS beside
    WHERE beside.organisation_id IN :organisations
    AND beside.announcement_id = :announcement_id AND beside.status <> 'detached')"""
"""SQL for the position after the last attachment of ``:announcement_id``."""


def close_gap(engine: Queries, taken_off: Row) -> None:
    """Move the attachments after one that was taken off up by one place. ``taken_off``: its row before."""
    engine.run(
        """UPDATE attachment SET position = position - 1
           WHERE organisation_id IN :organisations AND announcement_id = :announcement_id
           AND position > :position AND status <> 'detached'""",
        announcement_id=taken_off["announcement_id"],
        position=taken_off["position"],
    )
