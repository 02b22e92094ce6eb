"""The staff's worklist: filters, rows and reasons why a record needs somebody's attention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from archive.model import Announcement, DocumentKind, Page, Status


class Problem(StrEnum):
    """Why a record needs attention: personal data, file to check, failed or doubtful reading, its time."""

    PERSONAL_DATA = "personal-data"  # an attachment is held until somebody decides about personal data
    PUBLIC_PERSONAL_DATA = "public-personal-data"  # newer rules found it in what residents see
    # A file was added or replaced in a published record; residents do not see it yet.
    UNCONFIRMED = "unconfirmed"
    # A document of a published record states otherwise what nobody has set since: see archive/stated_anew.py.
    STATED_ANEW = "stated-anew"
    FAILED = "failed"  # an attachment could not be read
    DOUBTFUL = "doubtful"  # a page was read with low confidence
    RELATION = "relation"  # its text cancels, amends or replaces another; nobody has decided on that
    UNTITLED = "untitled"  # nobody has given a draft its title
    SCHEDULED = "scheduled"  # a draft waits for its time of publication
    EXPIRING = "expiring"  # a published record closes within ``EXPIRES_SOON``


EXPIRES_SOON = dt.timedelta(days=7)  # a week: long enough to prolong or to prepare what follows

LEAST_CONFIDENCE = 0.93
"""Confidence (0 to 1) of a page's reading below which a person should look at the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistFilters:
    """Filters of the worklist by status, person, kind, problem, ids and others; None means no limit.

    "" means no limit too.
    """

    statuses: tuple[Status, ...] = tuple(Status)
    person: str = ""  # records assigned to this person, or made by the person and assigned to nobody
    author: str = ""
    category: str = ""
    kind: DocumentKind | None = None
    problem: Problem | None = None
    changed_since: dt.datetime | None = None
    ids: Sequence[int] | None = None  # only records among these


@dataclass(frozen=True, slots=True)
class FoundProblem:
    """A problem of a record, with its attachment (or None) and the page (or 0)."""

    announcement_id: int
    problem: Problem
    attachment_id: int | None = None
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRow:
    """One record of the worklist with its problems; ``changed_by`` is the actor of its last change."""

    announcement: Announcement
    changed_by: str
    problems: tuple[FoundProblem, ...] = ()


class Worklist(Protocol):
    """Records that staff must look at, with their problems. ``today`` is the date in Thailand."""

    def list_rows(
        self, filters: WorklistFilters, *, today: dt.date, page: int, per_page: int
    ) -> tuple[list[WorklistRow], int]:
        """Return a page of records and the number on all pages; last changed first, or as ``filters.ids``."""

    def count_by_problem(self, *, today: dt.date) -> dict[Problem, int]:
        """Return the number of records with each problem; 0 where no record has it."""

    def count_by_status(self, filters: WorklistFilters, *, today: dt.date) -> dict[Status, int]:
        """Return the number of records that pass all filters by status; 0 for those not filtered for."""

    def most_used_values(self, field: Literal["author", "category"]) -> list[str]:
        """Return the most frequent values of ``author`` or ``category``, at most a limited number."""

    def stated_anew_position(self) -> int:
        """Return the change up to which ``store_stated_anew`` has followed the records; 0 at first."""

    def store_stated_anew(self, marked: Mapping[int, bool], *, position: int | None = None) -> None:
        """Mark records as ``archive.stated_anew`` found them; no change of the records themselves.

        ``marked``: id → True where the worklist has the record for ``Problem.STATED_ANEW``. ``position``:
        see ``stated_anew_position``; None leaves it.
        """

    def last_changed_unpublished_texts(self, *, limit: int) -> Iterator[tuple[int, str]]:
        """Yield id and text of the ``limit`` records changed last that are not published, for staff's search.

        These are drafts, withdrawn and trashed records. The text has the fields, and the attachments' names
        and pages.
        """


def should_person_check(page: Page) -> bool:
    """Return True for a page with a problem or little confidence, or that a person has checked in part."""
    if page.corrected:
        return bool(page.doubts)
    return bool(page.problem) or (page.confidence is not None and page.confidence < LEAST_CONFIDENCE)
