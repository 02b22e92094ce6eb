"""Text quality: the share of a text that is made of Thai words, which distinguishes text from garbage."""

from __future__ import annotations

import re
from functools import cache

from archive.thai.characters import (
    CONSONANTS,
    LEADING_VOWELS,
    LETTERS_AND_SIGNS,
    MARKS,
    WORD_LETTERS,
    characters_of_class,
)
from archive.thai.word_list import thai_words

_LETTERS = re.compile(f"[{WORD_LETTERS}ๆ]+")  # some words of the dictionary have ๆ
_ABOVE_OR_BELOW = characters_of_class(MARKS)
_MARKS = _ABOVE_OR_BELOW | {"ำ"}
_MISPLACED = re.compile(
    f"(?:^|(?<=[^{LETTERS_AND_SIGNS}]))[{MARKS}]"  # a mark on nothing
    "|[ัิีึื็]{2,}|[่้๊๋์]{2,}"  # two vowels or two tones on one letter
    f"|[{LEADING_VOWELS}](?![{CONSONANTS}])"  # a leading vowel that leads nothing
)


def thai_letters(text: str) -> str:
    """Returns the Thai letters, vowels, marks and ๆ of a text, joined; digits and other signs go."""
    return "".join(_LETTERS.findall(text))


def without_marks(text: str) -> str:
    """Returns the text without vowels and tone marks that stand above or below their letters."""
    return "".join(letter for letter in text if letter not in _ABOVE_OR_BELOW)


def dictionary_coverage(text: str) -> float:
    """Returns the share (0–1) of Thai letters in dictionary words; 1 for a text without Thai letters.

    Words have two letters or more. Readable Thai has 0.84 and more, garbage 0.38 and less. White space inside
    a word does not lower the share.
    """
    letters = thai_letters(text)
    if not letters:
        return 1.0
    words, longest = _dictionary()
    covered = at = 0
    end = len(letters)
    while at < end:
        size = min(longest.get(letters[at : at + 2], 0), end - at)
        while size >= 2 and not (
            letters[at : at + size] in words and letters[at + size : at + size + 1] not in _MARKS
        ):
            size -= 1
        if size >= 2:
            covered += size
            at += size
        else:
            at += 1
    return covered / end


def misplaced_letter_share(text: str) -> float:
    """Returns the share (0–1) of the Thai letters that stand where Thai spelling does not allow them."""
    letters = len(thai_letters(text))
    return sum(len(match[0]) for match in _MISPLACED.finditer(text)) / letters if letters else 0.0


def longest_word(text: str) -> int:
    """Returns the length of the longest dictionary word in a text, in code points; 0 for none."""
    words, longest = _dictionary()
    best = 0
    for run in _LETTERS.findall(text):
        for start in range(len(run) - 1):
            reach = min(longest.get(run[start : start + 2], 0), len(run) - start)
            for size in range(reach, best, -1):
                if run[start : start + size] in words and run[start + size : start + size + 1] not in _MARKS:
                    best = size
                    break
    return best


def longest_word_over(text: str, at: int) -> int:
    """Returns the length of the longest dictionary word that contains the code point ``at``; 0 for none."""
    words, longest = _dictionary()
    best = 0
    for start in range(at + 1):
        reach = min(longest.get(text[start : start + 2], 0), len(text) - start)
        for size in range(reach, max(best, at - start), -1):
            if text[start : start + size] in words:
                best = size
                break
    return best


@cache
def _dictionary() -> tuple[frozenset[str], dict[str, int]]:
    """Returns PyThaiNLP's words, and the length of the longest word by its first two letters."""
    words = frozenset(word for word in thai_words() if len(word) >= 2)
    longest: dict[str, int] = {}
    for word in words:
        longest[word[:2]] = max(longest.get(word[:2], 0), len(word))
    return words, longest
