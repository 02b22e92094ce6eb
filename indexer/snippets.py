"""A text and a query → segments for people: never markup, never cut inside a Thai cluster."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.query import Query


@dataclass(frozen=True, slots=True)
class Segment:
    text: str
    hit: bool


def hits(text: str, query: Query) -> list[tuple[int, int]]:
    """Where the query's words stand in a display text: ``[start, end)`` offsets, in order, apart."""
    raise NotImplementedError


def highlight(text: str, query: Query) -> tuple[Segment, ...]:
    """The whole text, cut at its hits."""
    raise NotImplementedError


def snippet(text: str, query: Query, *, length: int = 180) -> tuple[Segment, ...]:
    """The best passage of about ``length`` characters; the start of the text when nothing hits."""
    raise NotImplementedError
