"""Loanwords: foreign words in Thai letters, their other spellings and their Latin form."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from rapidfuzz.distance import OSA

from archive.thai.characters import WORD_LETTERS
from indexer.analysis.spelling_index import phonetic_key

_MIN_THAI_LENGTH, _MIN_LATIN_LENGTH = 4, 3  # letters: shorter ones are Thai words as well (บุก, ฟุต)
# normalised edit distance of phonetic keys; from it on two words are no spellings of one word
_MAX_SOUND_DISTANCE = 0.5
_THAI_SPELLING = re.compile(f"[{WORD_LETTERS}]{{{_MIN_THAI_LENGTH},}}")

_LETTER_NAMES = {
    "a": "เอ", "b": "บี", "c": "ซี", "d": "ดี", "e": "อี", "f": "เอฟ", "g": "จี", "h": "เอ็?[ชท]", "i": "ไอ",
    "j": "เจ", "k": "เค", "l": "แอล", "m": "เอ็ม", "n": "เอ็น", "o": "โอ", "p": "พี", "q": "คิว", "r": "อาร์",
    "s": "เอส", "t": "ที", "u": "ยู", "v": "วี", "w": "ดับเบิ้?ลยู|ดับบลิว", "x": "เอ็?กซ์", "y": "วาย",
    "z": "แซ[ดต]",
}  # fmt: skip
"""Thai names of the Latin letters, as regular expressions."""
_LETTER_NAME = "|".join(
    f"(?:{name})" for _, name in sorted(_LETTER_NAMES.items(), key=lambda item: -len(item[1]))
)
_SPELLED_LETTERS = re.compile(
    f"(?<![{WORD_LETTERS}])(?:{_LETTER_NAME}){{2,8}}(?![{WORD_LETTERS}])|(?:{_LETTER_NAME}){{3,8}}"
)


@cache
def loanword_spellings() -> tuple[tuple[str, ...], ...]:
    """Returns groups of spellings of one loanword; the last of each group is in Latin letters."""
    from pythainlp.corpus.th_en_translit import get_transliteration_dict  # takes longer than most commands

    by_word: dict[str, list[str]] = defaultdict(list)
    for spelt, entry in get_transliteration_dict().items():
        for word in entry["en"]:
            latin = re.sub("[^a-z]", "", str(word).lower())
            if len(latin) >= _MIN_LATIN_LENGTH and _THAI_SPELLING.fullmatch(spelt):
                by_word[latin].append(spelt)
    return tuple(
        (*_consistent_spellings(found), latin)
        for latin, found in by_word.items()
        if _consistent_spellings(found)
    )


def _consistent_spellings(found: list[str]) -> list[str]:
    """Returns the spellings that sound like another one: translations (เงิน for silver) are dropped."""
    if len(found) == 1:
        return found
    return [
        one for one in found if any(other != one and is_possible_respelling(one, other) for other in found)
    ]


def is_possible_respelling(one: str, other: str) -> bool:
    """Returns True if two words sound nearly alike, so may be one; always if one is in Latin letters."""
    if one.isascii() or other.isascii():
        return True
    return OSA.normalized_distance(phonetic_key(one), phonetic_key(other)) < _MAX_SOUND_DISTANCE


def find_spelled_letters(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields ``(start, end, latin)`` where a folded text spells Latin letters: ``เอ็มโอยู`` is ``mou``."""
    for found in _SPELLED_LETTERS.finditer(text):
        letters = re.findall(_LETTER_NAME, found.group())
        yield *found.span(), "".join(map(_latin_letter, letters))


@cache
def _latin_letter(name: str) -> str:
    return next(letter for letter, called in _LETTER_NAMES.items() if re.fullmatch(called, name))
