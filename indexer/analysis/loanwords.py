"""Foreign words in Thai letters: other ways to spell them, and the same in Latin letters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from pythainlp.corpus.th_en_translit import get_transliteration_dict
from rapidfuzz.distance import OSA

from indexer.analysis.spelling_index import key
from indexer.analysis.tokenizer import THAI

_SHORTEST, _SHORTEST_LATIN = 4, 3  # letters: shorter ones are Thai words as well (บุก, ฟุต)
_UNLIKE = 0.5  # share of the letters, as they sound, from which on one is no spelling of the other
_SPELT = re.compile(f"[{THAI}]{{{_SHORTEST},}}")

_CALLED = {
    "a": "เอ", "b": "บี", "c": "ซี", "d": "ดี", "e": "อี", "f": "เอฟ", "g": "จี", "h": "เอ็?[ชท]", "i": "ไอ",
    "j": "เจ", "k": "เค", "l": "แอล", "m": "เอ็ม", "n": "เอ็น", "o": "โอ", "p": "พี", "q": "คิว", "r": "อาร์",
    "s": "เอส", "t": "ที", "u": "ยู", "v": "วี", "w": "ดับเบิ้?ลยู|ดับบลิว", "x": "เอ็?กซ์", "y": "วาย",
    "z": "แซ[ดต]",
}  # fmt: skip
"""Latin letters by name."""
_LETTER = "|".join(f"(?:{name})" for _, name in sorted(_CALLED.items(), key=lambda item: -len(item[1])))
_LETTERS = re.compile(f"(?<![{THAI}])(?:{_LETTER}){{2,8}}(?![{THAI}])|(?:{_LETTER}){{3,8}}")


@cache
def spellings() -> tuple[tuple[str, ...], ...]:
    """Groups of ways to write one foreign word, the last in Latin letters."""
    by_word: dict[str, list[str]] = defaultdict(list)
    for spelt, entry in get_transliteration_dict().items():
        for word in entry["en"]:
            latin = re.sub("[^a-z]", "", str(word).lower())
            if len(latin) >= _SHORTEST_LATIN and _SPELT.fullmatch(spelt):
                by_word[latin].append(spelt)
    return tuple((*_alike(found), latin) for latin, found in by_word.items() if _alike(found))


def _alike(found: list[str]) -> list[str]:
    """Without translations that are no spellings: เงิน is not how silver sounds."""
    if len(found) == 1:
        return found
    return [one for one in found if any(other != one and sound_alike(one, other) for other in found)]


def sound_alike(one: str, other: str) -> bool:
    """Whether they may be spellings of one word; of one in Latin letters nobody can tell."""
    if one.isascii() or other.isascii():
        return True
    return OSA.normalized_distance(key(one), key(other)) < _UNLIKE


def spelt_out(text: str) -> Iterator[tuple[int, int, str]]:
    """Where Latin letters stand by name in a folded text, and which: ``เอ็มโอยู`` is ``mou``."""
    for found in _LETTERS.finditer(text):
        letters = re.findall(_LETTER, found.group())
        yield *found.span(), "".join(map(_latin, letters))


@cache
def _latin(name: str) -> str:
    return next(letter for letter, called in _CALLED.items() if re.fullmatch(called, name))
