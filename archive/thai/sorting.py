"""The order of Thai texts in a list."""

from __future__ import annotations

import re

from archive.thai.characters import CONSONANTS, LEADING_VOWELS, SIGNS_ABOVE, arabic_digits, canonical_text

_LEADING_VOWEL = re.compile(f"([{LEADING_VOWELS}])([{CONSONANTS}])")
_COMPARED_LAST = re.compile(rf"[{SIGNS_ABOVE}\s]+")
_NUMBERS = re.compile(r"(\d+)")


def natural_sort_key(text: str) -> tuple[list[str | int], str]:
    """Return a key that sorts texts as Thai dictionaries do, and the numbers in them by their value.

    ``ลำดับที่ ๒`` stands before ``ลำดับที่ 10``. A leading vowel is compared after its consonant. Tone marks,
    blanks and letter case count only between texts that are equal without them.
    """
    letters = _COMPARED_LAST.sub("", arabic_digits(canonical_text(text)).casefold())
    parts = _NUMBERS.split(_LEADING_VOWEL.sub(r"\2\1", letters))  # at each odd place a number
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], text
