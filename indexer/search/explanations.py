"""Explanations of a search as plain values, for the API, the command and the staff page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from indexer.search.coverage import minimum_coverage
from indexer.search.query.query_plan import Clause, QueryPlan

_NOTHING = 5e-5  # of a score; smaller parts of it are left out


class AlternativeMatch(NamedTuple):
    """One way to match a clause: its terms, and the weight from 0 to 1 that their score is multiplied by."""

    terms: str
    weight: float


@dataclass(frozen=True, slots=True)
class ClauseExplanation:
    """A clause of the plan: what was typed, its alternatives with weights, and its statistics."""

    typed: str
    alternatives: tuple[AlternativeMatch, ...]
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


def build_explanation(
    plan: QueryPlan,
    frequencies: Mapping[Clause, int],
    idfs: Mapping[Clause, float],
    coverage: float,
    hits: Iterable[HitExplanation],
) -> SearchExplanation:
    """Returns the explanation of a page of results; ``frequencies`` and ``idfs`` have each clause."""
    return SearchExplanation(
        tuple(
            ClauseExplanation(
                clause.typed,
                tuple(AlternativeMatch(" ".join(each.terms), each.weight) for each in clause.alternatives),
                frequencies[clause],
                round(idf, 4),
            )
            for clause, idf in idfs.items()
        ),
        tuple(part.text for part in plan.parts if part.phrase.words > 1),
        round(coverage, 4),
        minimum_coverage(plan),
        tuple(hits),
    )


def build_hit_explanation(
    announcement_id: int, score: float, coverage: float, parts: Iterable[ScorePart]
) -> HitExplanation:
    """Returns the explanation of a hit, rounded, with the parts that are not next to nothing."""
    kept = tuple(ScorePart(part.name, round(part.value, 4)) for part in parts if abs(part.value) > _NOTHING)
    return HitExplanation(announcement_id, round(score, 4), round(coverage, 4), kept)
