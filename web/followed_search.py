"""The search that a follower follows: its arguments as one text, and the query that they make."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode

from archive.model import Kind
from archive.thai import canon
from indexer.search.query.parser import MAX_QUERY_LENGTH, Filters, Query, Sort, parse

_TEXTS = ("q", "author", "category")
_LONGEST = 200  # characters of an author or category; more than either may have


def followed_arguments(given: Mapping[str, str]) -> str:
    """Returns those arguments of a search page that can be followed, as in an address, in a fixed order."""
    kept = {}
    for name in _TEXTS:
        if text := canon(given.get(name, "")).strip()[: MAX_QUERY_LENGTH if name == "q" else _LONGEST]:
            kept[name] = text
    if given.get("kind") in set(Kind):
        kept["kind"] = given["kind"]
    if (year := given.get("year", "")).isascii() and year.isdigit() and len(year) <= 4:
        kept["year"] = year
    return urlencode(kept)


def followed_query(arguments: str, announcement_ids: frozenset[int]) -> Query:
    """Returns the query for those of the announcements that a follower follows, newest first."""
    given = dict(parse_qsl(arguments))
    kind, year = None, None
    with suppress(ValueError):
        kind = Kind(given["kind"]) if "kind" in given else None
        year = int(given["year"]) if "year" in given else None
    filters = Filters(
        kind=kind,
        year=year,
        author=given.get("author"),
        category=given.get("category"),
        among=announcement_ids,
    )
    return parse(given.get("q", ""), filters=filters, sort=Sort.NEWEST, per_page=50)


def described(arguments: str, *, everything: str) -> str:
    """Returns the search in a few words, such as ``น้ำ · คำสั่ง``; ``everything`` where it has no limits."""
    given = dict(parse_qsl(arguments))
    if "kind" in given:
        with suppress(ValueError):
            given["kind"] = Kind(given["kind"]).thai
    return " · ".join(given.values()) or everything
