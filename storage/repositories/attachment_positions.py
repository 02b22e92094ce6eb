"""Positions of an announcement's attachments: from 1, without a gap."""

from __future__ import annotations

from storage.engine import Queries, Row


def next_position(engine: Queries, announcement_id: int) -> int:
    """Return the position after the last attachment of an announcement. Call this inside a transaction."""
    last = engine.rows(
        """SELECT coalesce(max(position), 0) AS position FROM attachment
           WHERE organisation_id IN :organisations AND announcement_id = :id AND status <> 'detached'""",
        id=announcement_id,
    )[0]
    return int(last["position"]) + 1


def close_gap(engine: Queries, taken_off: Row) -> None:
    """Move the attachments after one that was taken off up by one place. ``taken_off``: its row before."""
    engine.run(
        """UPDATE attachment SET position = position - 1
           WHERE organisation_id IN :organisations AND announcement_id = :announcement_id
           AND position > :position AND status <> 'detached'""",
        announcement_id=taken_off["announcement_id"],
        position=taken_off["position"],
    )
