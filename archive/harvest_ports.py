"""Port for harvesters: public announcements and withdrawn ones, in the order of their last change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from archive.model import Announcement, DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestSelection:
    """Limits of a harvest: since, before (excluded), kind, category; what was withdrawn goes by time alone.

    None stands for no limit. Announcements that are no longer public are selected by time alone: a harvester
    of any set must drop them.
    """

    since: dt.datetime | None = None  # first moment of change
    before: dt.datetime | None = None  # first moment that is too late
    kind: DocumentKind | None = None
    category: str | None = None


class Harvest(Protocol):
    """Records that other archives may copy. Announcements that never were public are not among them."""

    def changes(
        self, selection: HarvestSelection, *, after: tuple[dt.datetime, int] | None, limit: int
    ) -> Sequence[Announcement]:
        """Return announcements that are or once were public, by time of their last change, then by id.

        ``after``: time and id of the last announcement of the previous page; None for the first page.
        """

    def was_public(self, id: int) -> bool:
        """Return True when the announcement is public or was so before."""

    def categories(self) -> Sequence[str]:
        """Return the categories of public announcements, sorted."""
