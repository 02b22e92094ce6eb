"""A query → what to look for in the index: units of alternative terms, and runs of letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from archive.thai import ERA, MONTHS, SHORT_MONTHS
from indexer.analysis.dictionary import MEANING, SPELLING, Lexicon, Other
from indexer.analysis.loanwords import spelt_out
from indexer.analysis.tokenizer import Token, fold, run
from indexer.search.query.parser import Chunk, Query
from indexer.search.query.question_words import asked_about

_MOST_PARTS = 64
_MOST_UNITS = 64
_MOST_ALTERNATIVES = 8
SENTENCE = 8
"""Words, from which on nobody expects all of them."""
_PARTS = 0.8  # a code found by its parts

_MONTHS = frozenset(token for name in (*MONTHS, *SHORT_MONTHS) for token in (name, name.rstrip(".")))
_BEFORE_A_YEAR = frozenset({"ปี", "พ.ศ.", "ค.ศ.", "พศ", "คศ", "งบประมาณ"})
_BEFORE_A_TIME = frozenset("เมื่อ วัน ที่ วันที่ เดือน ปี พ.ศ. ค.ศ.".split())
_NUMBERED = re.compile(r"(?<![a-z0-9.-])([a-z]{1,3})[ .-]?(\d{1,4}(?:\.\d{1,2})?)(?![a-z0-9/-]|[.,:]\d)")
_ERAS = range(1700, 2200), range(1700 + ERA, 2200 + ERA)  # years that are meant as such


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
        """Each once, in the order typed."""
        return tuple(dict.fromkeys(unit for part in self.parts for unit in part.units))[:_MOST_UNITS]

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        return tuple(part.phrase for part in self.parts if part.phrase.data)


def plan(query: Query, lexicon: Lexicon) -> Plan:
    chunks = _with_numbers(query.chunks[:_MOST_PARTS])
    told = [piece for chunk in chunks for piece in _told(chunk, lexicon)] or chunks
    parts: list[Part] = []
    for chunk in told[:_MOST_PARTS]:
        before = parts[-1].units[-1:] if parts else ()
        made = _either(chunk, lexicon) if chunk.others else _part(chunk, lexicon, before)
        parts.append(made)
    whole = run(fold(" ".join(chunk.text for chunk in query.chunks))).data
    without = tuple(part(text, lexicon, exact=True) for text in query.without[:_MOST_PARTS])
    return Plan(tuple(parts), whole, without)


def _with_numbers(chunks: Sequence[Chunk]) -> list[Chunk]:
    """A few Latin letters and the number after them in one chunk: ``PM 2.5``."""
    joined: list[Chunk] = []
    for chunk in chunks:
        last = joined.pop() if joined else None
        text = f"{last.text} {chunk.text}" if last else ""
        plain = last and not (last.exact or last.others or chunk.exact or chunk.others)
        numbered = _NUMBERED.match(text) if plain else None
        if last and numbered and numbered[1] == last.text:
            joined.append(Chunk(text, raw=f"{last.raw} {chunk.raw}"))
        else:
            joined += [last, chunk] if last else [chunk]
    return joined


def _part(chunk: Chunk, lexicon: Lexicon, before: tuple[Unit, ...]) -> Part:
    return replace(part(chunk.text, lexicon, exact=chunk.exact, before=before), raw=chunk.raw)


def _either(chunk: Chunk, lexicon: Lexicon) -> Part:
    """Chunks of which any will do as one unit."""
    units = [part(one.text, lexicon, exact=True).units for one in (chunk, *chunk.others)]
    alternatives = (tuple(term for unit in each for term in unit.alternatives[0].terms) for each in units)
    either = Unit(chunk.text, tuple(Alternative(terms) for terms in alternatives if terms))
    return Part("", (either,), Phrase(b"", 0, exact=False))


def _told(chunk: Chunk, lexicon: Lexicon) -> list[Chunk]:
    """The chunk without words that only ask."""
    if chunk.exact or chunk.others:
        return [chunk]
    return [
        Chunk(chunk.text[start:end], raw=chunk.raw[start:end])
        for start, end in asked_about(chunk.text, lexicon.segmenter)
    ]


def part(text: str, lexicon: Lexicon, *, exact: bool = False, before: tuple[Unit, ...] = ()) -> Part:
    """A piece of a query as it is looked for. ``before``: the unit that stands before it."""
    folded = fold(text)
    units = _words(folded, lexicon, exact=exact)
    if not exact:
        units = _numbered(said_otherwise(_spelt_out(units, folded), lexicon), folded)
        units = _dated(units, before)
    words = sum(len(unit.alternatives[0].terms) for unit in units)
    return Part(folded, tuple(units), Phrase(run(folded).data, words, exact))


def said_otherwise(units: list[Unit], lexicon: Lexicon) -> list[Unit]:
    """Words that can be said otherwise as one unit."""
    found = []
    at = 0
    while at < len(units):
        length, others = _longest(units, at, lexicon)
        if length:
            terms = tuple(unit.alternatives[0].terms[0] for unit in units[at : at + length])
            first = units[at].alternatives if length == 1 else (Alternative(terms),)
            alternatives = (*first, *(Alternative(*other) for other in others))
            typed = "".join(unit.typed for unit in units[at : at + length])
            found.append(Unit(typed, alternatives[:_MOST_ALTERNATIVES]))
            at += length
        else:
            found.append(units[at])
            at += 1
    return found


def _longest(units: list[Unit], at: int, lexicon: Lexicon) -> tuple[int, tuple[Other, ...]]:
    """The longest run of words from ``at`` that can be said otherwise, and how; 0 for none."""
    best: tuple[int, tuple[Other, ...]] = (0, ())
    terms: tuple[str, ...] = ()
    for length in range(1, min(lexicon.longest, len(units) - at) + 1):
        if len(units[at + length - 1].alternatives[0].terms) > 1:
            break
        terms += units[at + length - 1].alternatives[0].terms
        if terms in lexicon.others:
            best = (length, lexicon.others[terms])
    return best


def _spelt_out(units: list[Unit], text: str) -> list[Unit]:
    """Latin letters that stand there by name as one unit, by these letters too."""
    for start, end, latin in spelt_out(text):
        borders = _borders(units, text)
        if start in borders and end in borders:
            first, after = borders[start], borders[end]
            terms = tuple(term for unit in units[first:after] for term in unit.alternatives[0].terms)
            spelt = Unit(text[start:end], (Alternative(terms), Alternative((latin,), SPELLING)))
            units = [*units[:first], spelt, *units[after:]]
    return units


def _borders(units: list[Unit], text: str) -> dict[int, int]:
    """By a place in the text, the number of the unit that begins there or, at its end, of the next."""
    borders: dict[int, int] = {}
    at = 0
    for number, unit in enumerate(units):
        start = text.index(unit.typed, at)
        at = start + len(unit.typed)
        borders |= {start: number, at: number + 1}
    return borders


def _numbered(units: list[Unit], text: str) -> list[Unit]:
    """Latin letters and their number as one unit, whether they stand together: ``PM 2.5`` is ``PM2.5``."""
    for found in _NUMBERED.finditer(text):
        borders = _borders(units, text)
        first, after = borders.get(found.start()), borders.get(found.end())
        if (
            first is None
            or after is None
            or any(len(unit.alternatives) > 1 for unit in units[first:after][:-1])
        ):
            continue
        letters, number = found.groups()
        if after - first == 1:
            parts = Alternative((letters, number), SPELLING)
            others = (way for way in units[first].alternatives if way.terms != parts.terms)
            ways: tuple[Alternative, ...] = (*others, parts)
        else:
            ways = Alternative((letters, number)), Alternative((letters + number.replace(".", ""),), SPELLING)
        units = [*units[:first], Unit(found.group(), ways), *units[after:]]
    return units


def _dated(units: list[Unit], before: tuple[Unit, ...]) -> list[Unit]:
    """Years also in the other era and, after a month, with two digits or all four."""
    dated = list(before)
    for unit in units:
        year = unit.typed
        after = dated[-1].typed if dated else ""
        month = after in _MONTHS
        if (month or after in _BEFORE_A_YEAR) and len(unit.alternatives) == 1 and year.isdigit():
            others = [Alternative((other,), MEANING) for other in _years(int(year), month)]
            unit = Unit(year, (*unit.alternatives, *others))
        dated.append(unit)
    return dated[len(before) :]


def naming(time: str, lexicon: Lexicon) -> tuple[Unit, ...]:
    """The units by which a text names a time: ``วันที่`` and ``เดือน`` may be left out."""
    units = part(time, lexicon).units
    return tuple(unit for unit in units if unit.typed not in _BEFORE_A_TIME) or units


def _years(year: int, month: bool) -> list[str]:
    """Other ways to write a year, ``month`` when one stands before it."""
    if month and year < 100:
        return [str(2500 + year), str(2500 + year - ERA)]
    short = [f"{year % 100:02d}"] if month and year in _ERAS[1] else []
    if year in _ERAS[0]:
        return [str(year + ERA)]
    return [str(year - ERA), *short] if year in _ERAS[1] else []


def _words(folded: str, lexicon: Lexicon, *, exact: bool) -> list[Unit]:
    """One unit a word; a code with its parts is one."""
    tokens = lexicon.segmenter.tokens(folded)
    words = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        parts = _parts(tokens, at)
        alternatives = [Alternative((token.term,))]
        if parts:
            alternatives.append(Alternative(parts, _PARTS))
        elif not exact and (len(token.term) > 1 or folded[token.end - 1] == "."):
            alternatives += [Alternative(full, MEANING) for full in lexicon.spelled(token.term)]
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


def meanings(plan: Plan) -> tuple[tuple[str, str], ...]:
    """What abbreviations and everyday words were read as: what was typed, and what it stands for."""
    return tuple(
        (unit.typed, "".join(other.terms))
        for unit in plan.units
        for other in unit.alternatives[1:]
        if other.weight == MEANING
        and len("".join(other.terms)) > len(unit.typed)
        and not unit.typed.isdigit()
    )


def marks(plan: Plan) -> tuple[str, ...]:
    """What says the same as something typed."""
    return tuple(
        "".join(other.terms)
        for unit in plan.units
        for other in unit.alternatives[1:]
        if other.weight in (MEANING, SPELLING)
    )


def neighbours(units: tuple[Unit, ...]) -> list[bytes]:
    """Each two units in a row as one run."""
    return [run(fold(left.typed + right.typed)).data for left, right in pairwise(units)]
