"""A query → what to look for in the index: units of alternative terms, and runs of letters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from indexer.dictionary import Lexicon
from indexer.query import Query
from indexer.tokens import Token, fold, run

_MOST_PARTS = 64
_MOST_UNITS = 64
_MOST_ALTERNATIVES = 8
SENTENCE = 8
"""Words, from which on nobody expects all of them."""
_ASKING = frozenset(
    "ใคร อะไร ไหน ที่ไหน เมื่อไร เมื่อไหร่ เท่าไร เท่าไหร่ ทำไม อย่างไร ยังไง กี่ ไหม มั้ย หรือไม่ หรือเปล่า บ้าง "
    "ครับ คับ ค่ะ คะ จ้า นะ หน่อย".split()
)
"""Words of a question that no answer needs."""
_PARTS = 0.8  # a code found by its parts
_MEANING = 0.7  # an abbreviation by what it stands for, and the other way round


class Alternative(NamedTuple):
    """Terms that all must be there, and how much they count beside the unit's other alternatives."""

    terms: tuple[str, ...]
    weight: float = 1.0


class Unit(NamedTuple):
    """One thing that was asked for; any of its alternatives answers it."""

    typed: str
    alternatives: tuple[Alternative, ...]


class Phrase(NamedTuple):
    """A run of letters that the query has in one piece: words typed without a space, or quoted."""

    data: bytes
    words: int
    exact: bool  # quoted: the answer must have it


@dataclass(frozen=True, slots=True)
class Part:
    """What was typed in one piece."""

    text: str  # folded
    units: tuple[Unit, ...]
    phrase: Phrase
    raw: str = ""  # as typed, letter for letter


@dataclass(frozen=True, slots=True)
class Plan:
    """``whole``: the entire query as one run."""

    parts: tuple[Part, ...]
    whole: bytes
    without: tuple[Part, ...]

    @property
    def units(self) -> tuple[Unit, ...]:
        """Each once, in the order typed; words that only ask are left out beside others."""
        distinct = dict.fromkeys(unit for part in self.parts for unit in part.units)
        telling = [unit for unit in distinct if unit.typed not in _ASKING]
        return tuple(telling or distinct)[:_MOST_UNITS]

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        return tuple(part.phrase for part in self.parts if part.phrase.data)


def plan(query: Query, lexicon: Lexicon) -> Plan:
    parts = tuple(
        replace(part(chunk.text, lexicon, exact=chunk.exact), raw=chunk.raw)
        for chunk in query.chunks[:_MOST_PARTS]
    )
    whole = run(fold(" ".join(chunk.text for chunk in query.chunks))).data
    without = tuple(part(text, lexicon, exact=True) for text in query.without[:_MOST_PARTS])
    return Plan(parts, whole, without)


def part(text: str, lexicon: Lexicon, *, exact: bool = False) -> Part:
    """A piece of a query as it is looked for."""
    folded = fold(text)
    units = tuple(_units(folded, lexicon))
    words = sum(len(unit.alternatives[0].terms) for unit in units)
    return Part(folded, units, Phrase(run(folded).data, words, exact))


def _units(text: str, lexicon: Lexicon) -> list[Unit]:
    """One unit a word; a code with its parts, and words that have an abbreviation, are one."""
    words = _words(text, lexicon)
    units = []
    at = 0
    while at < len(words):
        taken = _spelled_out(words, at, lexicon)
        if taken:
            length, shorts = taken
            terms = tuple(word.alternatives[0].terms[0] for word in words[at : at + length])
            alternatives = [Alternative(terms), *(Alternative((short,), _MEANING) for short in shorts)]
            typed = "".join(word.typed for word in words[at : at + length])
            units.append(Unit(typed, tuple(alternatives[:_MOST_ALTERNATIVES])))
            at += length
        else:
            units.append(words[at])
            at += 1
    return units


def _words(text: str, lexicon: Lexicon) -> list[Unit]:
    folded = fold(text)
    tokens = lexicon.segmenter.tokens(text)
    words = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        parts = _parts(tokens, at)
        alternatives = [Alternative((token.term,))]
        if parts:
            alternatives.append(Alternative(parts, _PARTS))
        elif len(token.term) > 1 or folded[token.end - 1] == ".":
            alternatives += [Alternative(full, _MEANING) for full in lexicon.spelled(token.term)]
        words.append(Unit(folded[token.start : token.end], tuple(alternatives[:_MOST_ALTERNATIVES])))
        at += 1 + len(parts)
    return words


def _parts(tokens: list[Token], at: int) -> tuple[str, ...]:
    """The terms that lie within the token at ``at``."""
    parts = []
    for token in tokens[at + 1 :]:
        if token.start >= tokens[at].end:
            break
        parts.append(token.term)
    return tuple(parts)


def _spelled_out(words: list[Unit], at: int, lexicon: Lexicon) -> tuple[int, tuple[str, ...]] | None:
    """The longest run of words from ``at`` that an abbreviation stands for."""
    best = None
    terms: tuple[str, ...] = ()
    for length in range(1, min(lexicon.longest, len(words) - at) + 1):
        terms += (words[at + length - 1].alternatives[0].terms[0],)
        if terms in lexicon.shorts:
            best = (length, lexicon.shorts[terms])
    return best


def meanings(plan: Plan) -> tuple[tuple[str, str], ...]:
    """What abbreviations were read as: pairs of what was typed and what it stands for."""
    return tuple(
        (unit.typed, "".join(other.terms))
        for unit in plan.units
        for other in unit.alternatives
        if other.weight == _MEANING and len(unit.alternatives[0].terms) == 1 < len(other.terms)
    )


def neighbours(units: tuple[Unit, ...]) -> list[bytes]:
    """Each two units in a row as one run."""
    return [run(fold(left.typed + right.typed)).data for left, right in pairwise(units)]
