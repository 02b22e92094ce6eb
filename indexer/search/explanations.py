"""What ``explain`` tells about a search: plain values, for the API, the command and the staff page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClauseExplanation:
    """A clause of the plan: what was typed, its alternatives with weights, and its statistics."""

    typed: str
    alternatives: tuple[tuple[str, float], ...]
    document_frequency: int
    idf: float


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One addend of a hit's score."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class HitExplanation:
    """The parts of a hit's score (their sum is ``score``), and the share of the IDF mass that it matches."""

    announcement_id: int
    score: float
    coverage: float
    parts: tuple[ScorePart, ...]


@dataclass(frozen=True, slots=True)
class SearchExplanation:
    """How a page of results came about."""

    clauses: tuple[ClauseExplanation, ...]
    phrases: tuple[str, ...]
    coverage: float
    min_coverage: float
    hits: tuple[HitExplanation, ...]
