"""Tables of what residents send to the archive; their migrations are listed in ``storage.migrations``."""

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

SUBSCRIPTIONS = (
    """CREATE TABLE subscription (
        id {id},
        organisation_id BIGINT NOT NULL,
        address {text} NOT NULL,
        key {text} NOT NULL UNIQUE,
        search {text} NOT NULL,
        frequency {text} NOT NULL,
        language {text} NOT NULL,
        made_at {text} NOT NULL,
        asked_at {text},
        confirmed_at {text},
        position BIGINT NOT NULL,
        looked_at {text}
    )""",
    """CREATE INDEX subscription_by_address ON subscription (address)""",
    """CREATE INDEX subscription_by_position ON subscription (position, id)""",
)
"""Followers by e-mail."""
