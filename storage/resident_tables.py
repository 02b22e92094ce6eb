"""Tables of what residents send to the archive; their migrations are listed in ``storage.schema``."""

from __future__ import annotations

REPORTS = (
    """CREATE TABLE report (
        id {id},
        organisation_id BIGINT NOT NULL,
        kind {text} NOT NULL,
        text {text} NOT NULL,
        announcement_id BIGINT REFERENCES announcement (id),
        attachment_id BIGINT REFERENCES attachment (id),
        page BIGINT,
        query {text} NOT NULL,
        count BIGINT NOT NULL,
        made_at {text} NOT NULL,
        done_at {text},
        done_by {text} NOT NULL
    )""",
    """CREATE INDEX report_by_time ON report (done_at, made_at)""",
)
"""Residents' reports of problems."""
