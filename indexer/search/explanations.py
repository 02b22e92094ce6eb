"""Explanations of a search as plain values, for the API, the command and the staff page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import NamedTuple

from indexer.search.coverage import minimum_coverage
from indexer.search.query.parser import Interpretation
from indexer.search.query.query_notes import BilingualNote
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


class Standing(IntEnum):
    """Why a hit stands in its tier. Hits of a tier stand before those of a lower one, whatever their scores.

    Only the best hits are read: those that are not read stand where their words and phrases put them.
    """

    BEARS_NUMBER = auto()
    COMPLETE = auto()
    MISREAD = auto()
    UNGROUPED = auto()
    UNREAD_COMPLETE_WITH_PHRASE = auto()
    UNREAD_COMPLETE = auto()
    PARTIAL = auto()
    IN_PIECES = auto()
    OTHER_VILLAGE = auto()
    OTHER_NUMBER = auto()
    LETTERHEAD = auto()
    UNREAD_WITH_PHRASE = auto()
    UNREAD = auto()

    @property
    def tier(self) -> int:
        """Returns the number of the tier, 0 for the last."""
        return _STANDINGS[self][0]

    @property
    def note(self) -> BilingualNote:
        """Returns what people are told."""
        return _STANDINGS[self][1]

    @property
    def code(self) -> str:
        """Returns the name that programs are told."""
        return self.name.lower().replace("_", "-")


_STANDINGS = {
    Standing.BEARS_NUMBER: (
        7,
        BilingualNote("เลขที่ของเอกสารเองตรงกับที่ค้น", "its own number is the one asked for"),
    ),
    Standing.COMPLETE: (6, BilingualNote("มีครบตามที่ค้น", "has all that was asked for")),
    Standing.MISREAD: (
        6,
        BilingualNote("มีครบตามที่ค้น แต่อ่านผิดบางตัวอักษร", "has all that was asked for, with misread letters"),
    ),
    Standing.UNGROUPED: (
        6,
        BilingualNote("ไม่แยกชั้นตามจำนวนคำที่มี", "not set apart by how many of the words it has"),
    ),
    Standing.UNREAD_COMPLETE_WITH_PHRASE: (
        5,
        BilingualNote(
            "มีครบ มีวลีตามที่พิมพ์ แต่ไม่ได้อ่านข้อความ", "has all, and a phrase as typed; its text was not read"
        ),
    ),
    Standing.UNREAD_COMPLETE: (4, BilingualNote("มีครบ แต่ไม่ได้อ่านข้อความ", "has all; its text was not read")),
    Standing.PARTIAL: (3, BilingualNote("มีเพียงบางคำ", "has some of the words")),
    Standing.IN_PIECES: (3, BilingualNote("มีคำยาวเพียงบางส่วน", "has a longer word only in pieces")),
    Standing.OTHER_VILLAGE: (3, BilingualNote("ไม่กล่าวถึงหมู่ที่ค้น", "does not name the village")),
    Standing.OTHER_NUMBER: (
        3,
        BilingualNote("เลขหมู่ที่ค้นเป็นเลขของข้อกฎหมาย", "has the village's number as that of a section of a law"),
    ),
    Standing.LETTERHEAD: (
        2,
        BilingualNote("กล่าวถึงหมู่ที่ค้นในที่อยู่เท่านั้น", "names the village in addresses alone"),
    ),
    Standing.UNREAD_WITH_PHRASE: (
        1,
        BilingualNote("มีวลีตามที่พิมพ์ แต่ไม่ได้อ่านข้อความ", "has a phrase as typed; its text was not read"),
    ),
    Standing.UNREAD: (
        0,
        BilingualNote("มีเพียงบางคำ ไม่ได้อ่านข้อความ", "has some of the words; its text was not read"),
    ),
}
"""Tier of each standing, and what people are told of it."""


@dataclass(frozen=True, slots=True)
class HitExplanation:
    """The parts of a hit's score, which add up to ``score``, and where it stands among the hits.

    ``coverage`` is the share of the IDF mass that it matches.
    """

    announcement_id: int
    score: float
    coverage: float  # 0 to 1
    parts: tuple[ScorePart, ...]
    standing: Standing


INTERPRETATION_NOTES: Mapping[Interpretation, BilingualNote] = {
    Interpretation.WITH_YEAR: BilingualNote("อ่านตัวเลขท้ายคำค้นเป็นปี", "the number at the end as a year"),
    Interpretation.DATES_AS_WORDS: BilingualNote("ค้นวันที่เป็นคำ", "the date as words"),
    Interpretation.WITHOUT_DATES: BilingualNote("ไม่ใช้วันที่ที่พิมพ์", "without the typed dates"),
}


class InterpretationOutcome(Enum):
    """Why the results of an interpretation of a typed text were taken, or left for those of another."""

    TAKEN = BilingualNote("ใช้ผลนี้", "taken")
    NOTHING_FOUND = BilingualNote("ไม่พบประกาศ จึงลองแบบถัดไป", "left: nothing found")
    LACKS_WORDS = BilingualNote("ไม่มีประกาศที่มีครบทุกคำ จึงลองแบบถัดไป", "left: nothing has all words")
    NO_BETTER = BilingualNote("มีเพียงบางคำเช่นกัน จึงไม่ใช้ผลนี้", "not taken: its announcements lack words, too")
    OTHER_TIMES = BilingualNote("ไม่มีประกาศของช่วงเวลานั้น จึงลองแบบถัดไป", "left: nothing is of that time")
    IN_TWO = BilingualNote("แยกตอบทีละเรื่อง", "left: each of two things is answered by itself")
    BESIDE = BilingualNote("แสดงต่อท้ายเป็นผลของช่วงเวลาอื่น", "shown beside, as of other times")

    @property
    def code(self) -> str:
        """Returns the name that programs are told."""
        return self.name.lower().replace("_", "-")


class SearchStep(Enum):
    """A step that was taken for an interpretation beside matching and ranking."""

    CORRECTED = BilingualNote("แก้คำที่สะกดผิด", "misspelt words were corrected")
    CORRECTION_UNDONE = BilingualNote(
        "แก้คำที่สะกดผิดแล้วก็ไม่พบ จึงค้นตามที่พิมพ์", "corrected, too little was found as well: searched as typed"
    )
    VILLAGE_UNKNOWN = BilingualNote(
        "ไม่มีประกาศใดกล่าวถึงหมู่ที่ค้น จึงถือว่าครอบคลุม 0%", "no announcement names the village: coverage counts as 0"
    )

    @property
    def code(self) -> str:
        """Returns the name that programs are told."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class InterpretationExplanation:
    """An interpretation of the typed text that was searched, what it found, and what became of that.

    Without ``interpretations`` the text was read as it stands.
    """

    interpretations: tuple[Interpretation, ...]
    words: str  # that were searched, as corrected, without what became filters
    total: int  # documents found
    coverage: float  # share (0–1) of the query that the best hit answers, as the engine found it
    steps: tuple[SearchStep, ...]
    outcome: InterpretationOutcome


@dataclass(frozen=True, slots=True)
class SearchExplanation:
    """The clauses, thresholds and scores from which a page of results was made.

    ``interpretations`` are those that were tried, in this order; clauses, phrases and hits are those of the
    one that was taken.
    """

    clauses: tuple[ClauseExplanation, ...]
    phrases: tuple[str, ...]
    coverage: float  # share (0–1) of the query that the best hit answers
    min_coverage: float  # share (0–1) below which nothing counts as found
    hits: tuple[HitExplanation, ...]
    interpretations: tuple[InterpretationExplanation, ...] = ()


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
    announcement_id: int, score: float, coverage: float, parts: Iterable[ScorePart], standing: Standing
) -> HitExplanation:
    """Returns the explanation of a hit, rounded, with the parts that are not next to nothing."""
    kept = tuple(ScorePart(part.name, round(part.value, 4)) for part in parts if abs(part.value) > _NOTHING)
    return HitExplanation(announcement_id, round(score, 4), round(coverage, 4), kept, standing)
