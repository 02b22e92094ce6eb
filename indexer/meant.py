"""What was meant where the archive has nothing as it was typed: misspelt pieces read anew."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from indexer.dictionary import Lexicon
from indexer.phrases import holders
from indexer.plan import Alternative, Part, Phrase, Plan, Unit, part
from indexer.snapshot import OFTEN, Snapshot
from indexer.spelling import Reading, readings
from indexer.tokens import fold, run

_MOST_READ = 6  # pieces of one query
_MOST_READINGS = 4
_TYPED = 0.9  # what the word as typed counts beside the one meant
_SHORTEST = 3  # letters


class Meant(NamedTuple):
    """The plan with misspelt pieces replaced: ``words`` are pairs of a piece and what it was read as."""

    plan: Plan
    words: tuple[tuple[str, str], ...]


def meant(snapshot: Snapshot, lexicon: Lexicon, plan: Plan) -> Meant:
    parts = list(plan.parts)
    words = []
    for place, typed in enumerate(plan.parts[:_MOST_READ]):
        reading = None if typed.phrase.exact else _reading(snapshot, lexicon, typed)
        if reading is not None:
            parts[place] = _replaced(lexicon, typed, reading)
            words.append((typed.text, reading.text))
    return Meant(replace(plan, parts=tuple(parts)), tuple(words))


def _reading(snapshot: Snapshot, lexicon: Lexicon, typed: Part) -> Reading | None:
    """The likeliest reading that the archive has; None when what was typed is there itself."""
    if len(typed.text) < _SHORTEST or not all(letter in _THAI for letter in typed.text):
        return None
    strange = not all(map(lexicon.segmenter.knows, lexicon.segmenter.words(typed.text)))
    if len(typed.units) == 1 and not strange and snapshot.frequency(typed.units[0].alternatives[0].terms[0]):
        return None
    if len(holders(snapshot, lexicon, typed)):
        return None

    def rarity(word: str) -> float:
        frequency = snapshot.frequency(word)
        real = frequency >= OFTEN or (frequency and lexicon.segmenter.knows(word))
        return snapshot.idf(frequency) if real else math.inf

    def near(pieces: list[str]) -> set[tuple[int, str]]:
        return snapshot.near(pieces, lexicon.segmenter.knows)

    found = readings(typed.text, near, rarity, _MOST_READINGS)
    for reading in found:
        if len(holders(snapshot, lexicon, part(reading.text, lexicon))):
            return reading
    return found[0] if found and strange and reading_is_whole(found[0]) else None


def reading_is_whole(reading: Reading) -> bool:
    """Whether no letter was left over between the words."""
    return all(len(word) > 1 for _, word in reading.words)


def _replaced(lexicon: Lexicon, typed: Part, reading: Reading) -> Part:
    """The piece as it was read; a word that was known as typed counts too."""
    units: list[Unit] = []
    for piece, word in reading.words:
        terms = tuple(lexicon.segmenter.words(word))
        alternatives = [Alternative(terms)]
        pieces = tuple(lexicon.segmenter.words(piece))
        if pieces != terms and all(map(lexicon.segmenter.knows, pieces)):
            alternatives.append(Alternative(pieces, _TYPED))
        units.append(Unit(word, tuple(alternatives)))
    return Part(typed.text, tuple(units), Phrase(run(fold(reading.text)).data, len(units), exact=False))


_THAI = frozenset(map(chr, range(0xE01, 0xE4F)))
