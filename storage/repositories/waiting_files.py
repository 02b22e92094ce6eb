"""Puts files in the queue of those that wait to be read."""

from __future__ import annotations

from collections.abc import Sequence

from storage import mappers
from storage.engine import Queries


def queue_again(engine: Queries, attachment_ids: Sequence[int], *, should_reread_good_pages: bool) -> int:
    """Queue read and failed files as ``Jobs.queue_again`` says; call this inside a transaction."""
    if should_reread_good_pages:
        engine.run(
            """UPDATE page SET rules = 0
               WHERE organisation_id IN :organisations AND corrected = 0 AND attachment_id IN (
                   SELECT id FROM attachment
                   WHERE organisation_id IN :organisations AND id IN :ids AND status <> 'reading')""",
            ids=list(attachment_ids),
        )
    return engine.run(
        """UPDATE attachment SET status = 'waiting', attempts = 0, queued_at = :now,
               error_code = NULL, error_message = NULL
           WHERE organisation_id IN :organisations AND id IN :ids
           AND status IN ('ready', 'failed')""",
        ids=list(attachment_ids),
        now=mappers.now_text(),
    )
