"""Port for harvesters: public announcements and withdrawn ones, in the order of their last change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from archive.model import Announcement


class Harvest(Protocol):
    """Records that other archives may copy. Announcements that never were public are not among them."""

    def changes(
        self,
        *,
        since: dt.datetime | None = None,
        before: dt.datetime | None = None,
        after: tuple[dt.datetime, int] | None = None,
        limit: int,
    ) -> Sequence[Announcement]:
        """Return announcements that are or once were public, by time of their last change, then by id.

        ``since``: first moment of a change. ``before``: first moment that is too late. ``after``: time and id
        of the last announcement of the previous page; None for the first page.
        """

    def was_public(self, id: int) -> bool:
        """Return True when the announcement is public or was so before."""
