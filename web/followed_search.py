"""The search that a follower follows: its arguments as one text, and the query that they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from archive.facets import FACETS, FacetType, read_filter
from archive.model import DocumentKind
from archive.thai import canonical_text
from indexer.search.query.parser import MAX_QUERY_LENGTH, Filters, Query, Sort, parse_query

_LONGEST = 200  # characters of an author or category; more than either may have


def followed_arguments(arguments: Mapping[str, str]) -> str:
    """Returns those arguments of a search page that can be followed, as in an address, in a fixed order."""
    kept = {}
    if typed := canonical_text(arguments.get("q", "")).strip()[:MAX_QUERY_LENGTH]:
        kept["q"] = typed
    for facet in FACETS:
        value = read_filter(facet, canonical_text(arguments.get(facet.name, "")).strip()[:_LONGEST])
        if value is not None:
            kept[facet.name] = str(value)
    return urlencode(kept)


def followed_query(arguments: str, announcement_ids: frozenset[int]) -> Query:
    """Returns the query for all those of the announcements that a follower follows, newest first.

    A time in the words does not narrow it: what is new is seldom of a time that was typed before.
    """
    given = dict(parse_qsl(arguments))
    chosen: dict[str, Any] = {facet.name: read_filter(facet, given.get(facet.name, "")) for facet in FACETS}
    filters = Filters(**chosen, among=announcement_ids)
    return parse_query(
        given.get("q", ""),
        filters=filters,
        sort=Sort.NEWEST,
        per_page=len(announcement_ids),
        should_drop_dates_beside_words=True,
    )


def is_narrowed_in_time(arguments: Mapping[str, str]) -> bool:
    """Returns True for a search of a time, or of what is open or in force, by which no news are chosen."""
    is_filtered = any(arguments.get(name) for name in ("from", "to", "open", "in_force"))
    return is_filtered or bool(parse_query(arguments.get("q", "")).times)


def describe_followed_search(arguments: str, *, everything: str) -> str:
    """Returns the search on one line, such as ``น้ำ · คำสั่ง``; ``everything`` where it has no limits."""
    given = dict(parse_qsl(arguments))
    for facet in FACETS:
        value = read_filter(facet, given.get(facet.name, ""))
        if isinstance(value, DocumentKind):
            given[facet.name] = value.thai
        elif facet.type is FacetType.VILLAGE and value is not None:
            given[facet.name] = f"หมู่ {value}"
    return " ".join(" · ".join(given.values()).split()) or everything
