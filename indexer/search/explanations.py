"""Explanations of a search as plain values, for the API, the command and the staff page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClauseExplanation:
    """A clause of the plan: what was typed, its alternatives with weights, and its statistics."""

    typed: str
    alternatives: tuple[tuple[str, float], ...]
    document_frequency: int  # documents that match the clause
    idf: float  # BM25


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One addend of a hit's score."""

    name: str
    value: float  # in the units of the hit's score


@dataclass(frozen=True, slots=True)
class HitExplanation:
    """The parts of a hit's score, which add up to ``score``, and the share of the IDF mass it matches."""

    announcement_id: int
    score: float
    coverage: float  # 0 to 1
    parts: tuple[ScorePart, ...]


@dataclass(frozen=True, slots=True)
class SearchExplanation:
    """The clauses, thresholds and scores from which a page of results was made."""

    clauses: tuple[ClauseExplanation, ...]
    phrases: tuple[str, ...]
    coverage: float  # share (0–1) of the query that the best hit answers
    min_coverage: float  # share (0–1) below which nothing counts as found
    hits: tuple[HitExplanation, ...]
