"""History of all records together: who did what, and the changes that were made at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, Protocol

from archive.model import Change

WORKER = "prakat worker"  # actor of the changes that the worker makes by itself, while nobody looks

IMPORTER = "prakat import"  # actor of what an import brings in

SAMPLE = "prakat sample"  # actor of what the sample archive begins with


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilters:
    """Limits of a look into the whole history by actor, action, time and bulk; None and "" are no limit.

    ``since`` is the first moment, ``before`` the first that is too late.
    """

    actor: str = ""
    action: str = ""
    since: dt.datetime | None = None
    before: dt.datetime | None = None
    bulk: str = ""


class Changes(Protocol):
    """Changes of announcements, collections and items to disclose together."""

    def find(self, filters: HistoryFilters, *, limit: int, offset: int = 0) -> list[Change]:
        """Return changes of all announcements, collections and items to disclose, the latest first."""

    def list_bulk(self, bulk: str) -> list[Change]:
        """Return all changes that were made at once under this name, the latest first; none for ""."""

    def get(self, id: int, *, of: Literal["announcement", "collection", "disclosure_item"]) -> Change:
        """Return a change of a record of this kind: each kind counts its changes. Raises ``NotFound``."""

    def actors(self) -> list[str]:
        """Return the names of those who changed anything that the history has, in order."""
