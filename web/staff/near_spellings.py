"""Places of words that a person typed in the text of pages, and spellings that reading made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from archive import thai
from archive.thai.characters import LEADING_VOWELS, NEVER_INITIAL, characters_of_class
from indexer.analysis.tokenizer import fold_text

_LEAST_LETTERS = 4  # of shorter words every other one is a near spelling
_TWO_WRONG_FROM = 8  # letters from which two may differ; below, one

_LEADING = characters_of_class(LEADING_VOWELS)
_DEPENDENT = characters_of_class(NEVER_INITIAL)

Span = tuple[int, int]


def find_places(text: str, typed: str) -> Iterator[Span]:
    """Yields where the typed words stand in the text; white space and the script of digits do not count."""
    letters, offsets = _letters(text)
    wanted = _wanted(typed)
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        yield offsets[at], offsets[at + len(wanted) - 1] + 1
        at = letters.find(wanted, at + len(wanted))


def find_near_spellings(text: str, typed: str) -> Mapping[str, list[Span]]:
    """Returns spellings one or two letters off, with their places; none for fewer than four letters.

    Places that overlap an exact one are left out, and of places that overlap each other the nearest stays.
    """
    letters, offsets = _letters(text)
    wanted = _wanted(typed)
    if len(wanted) < _LEAST_LETTERS:
        return {}
    taken = bytearray(len(letters))
    found: dict[str, list[Span]] = defaultdict(list)
    for distance, start, end in _near(letters, wanted):
        if any(taken[start:end]):
            continue
        taken[start:end] = b"\1" * (end - start)
        if distance:
            found[letters[start:end]].append((offsets[start], offsets[end - 1] + 1))
    return found


def _letters(text: str) -> tuple[str, list[int]]:
    """Returns the text without white space, digits and case levelled, and the offset of each letter."""
    offsets = [offset for offset, letter in enumerate(text) if not letter.isspace()]
    return fold_text("".join(text[offset] for offset in offsets)), offsets


def _wanted(typed: str) -> str:
    return fold_text("".join(thai.canonical_text(typed).split()))


def _near(letters: str, wanted: str) -> list[tuple[int, int, int]]:
    """Returns edit distance, start and end of each stretch like the wanted one, the nearest first.

    Of equally near ones those as long as the wanted one come first. No stretch cuts a Thai cluster.
    """
    most = 1 if len(wanted) < _TWO_WRONG_FROM else 2
    starts = [at for at, letter in enumerate(letters) if letter not in _DEPENDENT]
    ends = {*starts, len(letters)} - {at + 1 for at, letter in enumerate(letters) if letter in _LEADING}
    stretches: dict[str, list[Span]] = defaultdict(list)
    for length in range(len(wanted) - most, len(wanted) + most + 1):
        for start in starts:
            if start + length in ends:
                stretches[letters[start : start + length]].append((start, start + length))
    matches = process.extract(
        wanted, stretches.keys(), scorer=Levenshtein.distance, score_cutoff=most, limit=None
    )
    found = [
        (distance, start, end) for stretch, distance, _index in matches for start, end in stretches[stretch]
    ]
    return sorted(found, key=lambda each: (each[0], abs(each[2] - each[1] - len(wanted)), each[1]))
