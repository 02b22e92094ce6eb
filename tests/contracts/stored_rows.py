"""Reads what a database holds, past the repositories."""

from __future__ import annotations

from storage.engine import Queries
from storage.tenancy import ACCOUNTS, OWN


def rows_of(engine: Queries, organisation: int) -> dict[str, list[str]]:
    """Returns every row of one organisation, as stored in the database."""
    return {
        table: sorted(
            repr(dict(row))
            for row in engine.rows(
                f"SELECT * FROM {table} WHERE organisation_id IN :whose",
                whose=[organisation, 0] if table in ACCOUNTS else [organisation],
            )
        )
        for table in OWN
    }
