"""Residents' reports: what they tell staff of a paper, or of a search; value objects and port."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ReportKind(StrEnum):
    """Subject of a resident's report: personal data, unreadable, wrong, not found by a search, or other."""

    PERSONAL_DATA = "personal-data"
    UNREADABLE = "unreadable"
    WRONG = "wrong"
    NOT_FOUND = "not-found"  # a search did not show what the resident looked for
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDraft:
    """A report as a resident sends it. Nothing of the resident is kept but the text itself."""

    kind: ReportKind
    text: str = ""
    announcement_id: int | None = None
    attachment_id: int | None = None
    page: int | None = None  # page number from 1; None for a report on a whole document
    query: str = ""  # for ``ReportKind.NOT_FOUND``


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(ReportDraft):
    """A resident's report as staff see it: what was sent, how often, and when it was done."""

    id: int
    count: int  # times that the same was reported
    made_at: dt.datetime
    done_at: dt.datetime | None  # None while it is open
    done_by: str


class Reports(Protocol):
    """Residents' reports of problems."""

    def add_or_count(self, draft: ReportDraft) -> None:
        """Store a report, or count the same again; ``TooMany`` while too many are open; deletes old ones.

        An open report with the same content is counted once more. Deleted are finished reports that are old.
        """

    def list_open(self) -> list[Report]:
        """Return the reports that nobody has finished: personal data first, then the oldest first."""

    def list_finished(self, *, limit: int) -> list[Report]:
        """Return finished reports, the last finished first."""

    def finish(self, id: int, *, actor: str) -> None:
        """Set a report to done. Raises ``NotFound`` for an unknown one."""

    def reopen(self, id: int) -> None:
        """Set a finished report back to open. Raises ``NotFound`` for an unknown one."""
