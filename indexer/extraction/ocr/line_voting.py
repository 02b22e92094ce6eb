"""Line voting: combines several readings of one line into the most likely text, letter by letter.

Readings are aligned on the first (recogniser output voting, ROVER). Every place then holds what any
reading has there, and what the recogniser thought of instead, each with a cost. Thai words decide between
letters that the readings leave open: the cheapest path through the line is sought, where a letter in no word
is dear and rare words are dearer than frequent ones. Digits and Latin letters are decided by votes alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from rapidfuzz.distance import Levenshtein

from indexer.extraction.ocr.correction import word_beginnings, word_rarities
from indexer.extraction.ocr.line_layout import Symbol

# Costs are in the recogniser's units of certainty.
WORD_WEIGHT = 1.5  # units for a nat of a word's rarity
UNKNOWN_LETTER = 8.0  # nats of a letter that belongs to no word, as in ``correct_ocr_errors``
UNKNOWN_MARK = 3.0  # nats of a mark that belongs to no word
MOST_COST = 12.0  # units above the cheapest choice of a place; dearer ones are dropped
MISSING = 8.0  # units: highest cost of a text that a reading does not have at a place
DISPUTED = 0.94  # highest confidence in a letter that differs from the cheapest choice of the readings …
# … and in a digit that readings differ on: no word tells which of them is right


@dataclass(frozen=True, slots=True)
class PlaceCandidates:
    """The possible texts at one place of a line, each with its cost; "" stands for no symbol.

    ``symbols`` holds for every text a symbol with that text and its position. The symbol's confidence is the
    mean of all readings with that text; for a text that is not Thai, such as a digit, the lowest of them.
    """

    costs: dict[str, float]
    symbols: dict[str, Symbol]
    has_space_before: bool
    is_inserted: bool = False  # only readings after the first have a symbol there

    @property
    def cheapest(self) -> str:
        """Text with the lowest cost, of all readings."""
        return min(self.costs, key=self.costs.__getitem__)


def vote_on_readings(readings: Sequence[Sequence[Symbol]]) -> list[Symbol]:
    """Returns the most likely line of several readings, with the spaces of most of them."""
    places = _merged(readings)
    line: list[Symbol] = []
    is_space_due = False
    for place, text in zip(places, _decided(places), strict=True):
        if text or not place.is_inserted:
            is_space_due = is_space_due or place.has_space_before
        if not text:
            continue
        symbol = place.symbols.get(text) or replace(next(iter(place.symbols.values())), text=text)
        if len(place.costs) > 1:
            is_disputed = text != place.cheapest or (text[0].isdigit() and len(place.symbols) > 1)
            symbol = replace(
                symbol,
                confidence=min(symbol.confidence, DISPUTED) if is_disputed else symbol.confidence,
                alternatives=tuple(
                    (other, cost) for other, cost in place.costs.items() if other and other != text
                ),
            )
        line.append(replace(symbol, has_space_before=is_space_due and bool(line)))
        is_space_due = False
    return line


def _merged(readings: Sequence[Sequence[Symbol]]) -> list[PlaceCandidates]:
    """Returns the places of the aligned readings.

    These are the places of the first reading, with the symbols of the others there, and further places for
    symbols that only other readings have.
    """
    first, *others = readings
    columns: list[list[Symbol | None]] = [[symbol, *[None] * len(others)] for symbol in first]
    gaps: dict[int, dict[int, Sequence[Symbol]]] = {}
    for number, other in enumerate(others, start=1):
        steps = Levenshtein.opcodes([symbol.text for symbol in first], [symbol.text for symbol in other])
        for step in steps:
            if step.tag == "insert":
                gaps.setdefault(step.src_start, {})[number] = other[step.dest_start : step.dest_end]
            elif step.tag != "delete":
                for place, symbol in zip(
                    range(step.src_start, step.src_end), other[step.dest_start : step.dest_end], strict=True
                ):
                    columns[place][number] = symbol
    places = []
    for at in range(len(first) + 1):
        extra = gaps.get(at, {})
        for step_at in range(max(map(len, extra.values()), default=0)):
            column: list[Symbol | None] = [None] * len(readings)
            for number, symbols in extra.items():
                column[number] = symbols[step_at] if step_at < len(symbols) else None
            inserted = _place(column, has_space_before=_is_spaced(column))
            places.append(replace(inserted, is_inserted=True))
        if at < len(first):
            places.append(_place(columns[at], has_space_before=_is_spaced(columns[at])))
    return places


def _is_spaced(column: Sequence[Symbol | None]) -> bool:
    """Returns True if most readings have a space there; the first reading decides between as many."""
    said = [symbol.has_space_before for symbol in column if symbol]
    return 2 * sum(said) + said[0] > len(said)


def _place(column: Sequence[Symbol | None], *, has_space_before: bool) -> PlaceCandidates:
    """Returns a place with the mean cost of every text over the readings.

    A text costs 0 in a reading that has it as its choice, and ``MISSING`` in a reading without it.
    """
    first = column[0]
    if first and all(symbol is first for symbol in column):  # it was not read again
        return PlaceCandidates(dict(_choices(first)), {first.text: first}, has_space_before)
    said = [dict(_choices(symbol)) if symbol else {"": 0.0} for symbol in column]
    texts = dict.fromkeys(text for choices in said for text in choices)
    means = {
        text: sum(
            min(MISSING if len(said) > 1 else MOST_COST, choices.get(text, MISSING)) for choices in said
        )
        / len(said)
        for text in texts
    }
    least = min(means.values())
    costs = {text: mean - least for text, mean in means.items() if mean - least <= MOST_COST}
    by_text: dict[str, list[Symbol]] = {}
    for symbol in column:
        if symbol:
            by_text.setdefault(symbol.text, []).append(symbol)
    symbols = {}
    for text, same in by_text.items():
        sure = [symbol.confidence for symbol in same]
        # a digit that any reading doubts may be handwriting, and no word tells
        symbols[text] = replace(same[0], confidence=fmean(sure) if begins_with_thai(text) else min(sure))
    return PlaceCandidates(costs, symbols, has_space_before)


def _choices(symbol: Symbol) -> Iterator[tuple[str, float]]:
    """Yields the possible texts of a symbol: its alternatives of the same kind, and its own text."""
    for text, cost in symbol.alternatives:
        if begins_with_thai(text) == begins_with_thai(symbol.text):
            yield text, cost
    yield symbol.text, 0.0


def begins_with_thai(text: str) -> bool:
    """Returns True if a text begins with a Thai letter or mark; digits and ๆ ฯ ฿ are neither."""
    first = text[:1]
    return "ก" <= first <= "ฮ" or "ะ" <= first <= "ฺ" or "เ" <= first <= "ไ" or "็" <= first <= "๎"


def _decided(places: Sequence[PlaceCandidates]) -> list[str]:
    """Returns the text of every place: by words within a stretch of Thai letters, otherwise the cheapest."""
    decided: list[str] = []
    start = 0
    while start < len(places):
        end = start + 1
        if _may_be_thai(places[start]):
            while end < len(places) and _may_be_thai(places[end]) and not places[end].has_space_before:
                end += 1
        stretch = places[start:end]
        is_open = end - start > 1 and any(len(place.costs) > 1 for place in stretch)
        decided += _by_words(stretch) if is_open else [place.cheapest for place in stretch]
        start = end
    return decided


def _may_be_thai(place: PlaceCandidates) -> bool:
    return any(map(begins_with_thai, place.costs))


@dataclass(frozen=True, slots=True)
class _Step:
    """The cheapest way to a state: its cost, the state before it and the text that was chosen."""

    cost: float
    before: str
    text: str


def _by_words(places: Sequence[PlaceCandidates]) -> list[str]:
    """Returns the texts of the cheapest path through a stretch.

    A state of the path is the beginning of a word; "" is the end of a word."""
    words, beginnings = word_rarities(), word_beginnings()
    layers: list[dict[str, _Step]] = [{"": _Step(0.0, "", "")}]
    for place in places:
        reached: dict[str, _Step] = {}
        for state, step in layers[-1].items():
            if not state:
                text = place.cheapest
                _reach(reached, "", _Step(step.cost + WORD_WEIGHT * _unknown(text), state, text))
            for text, cost in place.costs.items():
                word = state + text
                total = step.cost + cost
                if not text or word in beginnings:
                    _reach(reached, word, _Step(total, state, text))
                if len(word) > 1 and word in words and text:
                    _reach(reached, "", _Step(total + WORD_WEIGHT * words[word], state, text))
        layers.append(reached)
    texts: list[str] = []
    state = ""
    for layer in reversed(layers[1:]):
        texts.append(layer[state].text)
        state = layer[state].before
    return texts[::-1]


def _reach(reached: dict[str, _Step], state: str, step: _Step) -> None:
    """Adds a way to a state to ``reached`` if no equally cheap way is known."""
    if state not in reached or step.cost < reached[state].cost:
        reached[state] = step


def _unknown(text: str) -> float:
    if not text:
        return 0.0
    return UNKNOWN_MARK if unicodedata.category(text[0]) == "Mn" else UNKNOWN_LETTER
