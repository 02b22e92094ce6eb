"""Tokenizer: text → terms with offsets, the same for indexing, querying and highlighting.

Text is folded first (Thai digits to Arabic digits, lower case); folding keeps the number of code
points, so offsets of the folded text hold in the display text. Thai runs are then split by newmm
(maximal matching, PyThaiNLP's algorithm in Rust) with a dictionary of short words, so that เทศบาล
matches เทศบาลตำบล and query and document are split alike. Numbers, reference numbers, codes and
e-mail addresses are terms of their own. Vowels and tone marks are never folded away.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import nlpo3
import numpy as np
import numpy.typing as npt

from archive.thai.characters import (
    CONSONANTS,
    LEADING_VOWELS,
    LETTERS_AND_SIGNS,
    NEVER_INITIAL,
    WORD_LETTERS,
    arabic_digits,
    characters_of_class,
)
from archive.thai.word_list import icu_thai_words, thai_words

TOKENIZER_VERSION = "fine-9"
"""Raised whenever the same text would give other terms: an index made with another version is rebuilt."""

_NEVER_INITIAL = characters_of_class(NEVER_INITIAL)
_CONSONANTS = "".join(characters_of_class(CONSONANTS))
_ONE_LETTER_WORDS = frozenset("ณธ")  # the only Thai words of one letter
_LEADING_VOWELS = characters_of_class(LEADING_VOWELS)  # no Thai word ends with one of these
_MAX_WORD_LENGTH = 60  # characters; longer unknown stretches are noise that nobody searches for


class Token(NamedTuple):
    """A term and its place ``[start, end)`` in the display text; the parts of a code overlap the whole."""

    term: str
    start: int
    end: int


_SIGMA = "Σ", "σ"  # ``lower`` makes another letter of it at the end of a word
_DOTTED_I = "İ"  # stays: ``lower`` makes two code points of it


def fold_text(text: str) -> str:
    """Returns the text in lower case with Arabic digits. The number of code points never changes."""
    text = arabic_digits(text).replace(*_SIGMA)
    return _DOTTED_I.join(part.lower() for part in text.split(_DOTTED_I))


def is_number(folded: str) -> bool:
    """Returns True for a folded text of the digits 0 to 9 alone.

    ``str.isdigit`` is True for ² and ① too, which ``int`` refuses; ``str.isdecimal`` for those of any script.
    """
    return folded.isascii() and folded.isdigit()


_TOKEN_PATTERN = re.compile(
    rf"""
      (?P<address>[a-z0-9][\w.+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+)
    | (?P<code>(?<![{WORD_LETTERS}])[{CONSONANTS}]{{1,3}}[ ]?\d+(?:[./-]\d+)*)
    | (?P<short>(?:[เแ]?[{CONSONANTS}][ิี]?\.){{2,}}|(?:[{CONSONANTS}]{{1,6}}\.)+)
    | (?P<thai>[{WORD_LETTERS}]+)
    | (?P<number>\d+(?:[.,/:-]\d+)*)
    | (?P<word>[^\W\d_ฯ{WORD_LETTERS}]+(?:[.'’-]?[^\W_ฯ{WORD_LETTERS}]+)*)
    """,
    re.VERBOSE,
)
_THOUSANDS_COMMA = re.compile(r",(?=\d{3}(?!\d))")
_NUMBER_PART = re.compile(r"\d+(?:\.\d+)?")
_WORD_PART = re.compile(r"[^\W_]+")


class Tokenizer:
    """Splits text with one fixed set of words. Two tokenizers with equal words give equal tokens."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._local = frozenset(words)
        self._cut = _word_splitter(self._local)

    def is_known_word(self, word: str) -> bool:
        """Returns True for a word of the dictionary, False for a leftover piece of an unknown stretch."""
        return word in builtin_words_without_compounds() or word in self._local or word in _ONE_LETTER_WORDS

    def unknown_words(self, words: Iterable[str]) -> set[str]:
        """Returns those of the words that ``is_known_word`` does not know."""
        return set(words) - builtin_words_without_compounds() - self._local - _ONE_LETTER_WORDS

    def segment(self, run: str) -> tuple[str, ...]:
        """Splits a folded Thai run into words. The words joined are the run again."""
        return self._cut(run)

    def tokens(self, text: str) -> list[Token]:
        """Returns every token of a display text, in order of place."""
        return [*map(Token, *self.terms_and_places(fold_text(text)))]

    def terms_and_places(self, folded: str) -> tuple[list[str], list[int], list[int]]:
        """Returns the terms of a folded text, in order of place, with their starts and their ends.

        Three lists of plain values take half the time of as many tokens, which counts when an index is built.
        """
        terms: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for found in _TOKEN_PATTERN.finditer(folded):
            if found.lastgroup == "thai":
                words = self._cut(found.group())
                terms += words
                borders = [*accumulate(map(len, words), initial=found.start())]
                starts += borders[:-1]
                ends += borders[1:]
            else:
                for term, start, end in self._tokens_of(found):
                    terms.append(term)
                    starts.append(start)
                    ends.append(end)
        return terms, starts, ends

    def _tokens_of(self, found: re.Match[str]) -> Iterator[Token]:
        """Yields the tokens of a match of ``_TOKEN_PATTERN`` that is no Thai run."""
        chunk, start = found.group(), found.start()
        match found.lastgroup:
            case "short":
                yield Token(chunk.replace(".", ""), start, found.end())
            case "number":
                yield from _number_tokens(chunk, start)
            case "code":
                yield from self._code(chunk, start)
            case _:
                yield from _word_tokens(chunk, start)

    def _code(self, chunk: str, start: int) -> Iterator[Token]:
        yield Token(chunk.replace(" ", ""), start, start + len(chunk))
        digits = chunk.lstrip(_CONSONANTS).lstrip()
        end = start + len(chunk)
        for word in self._cut(chunk[: -len(digits)].rstrip()):
            yield Token(word, start, start + len(word))
            start += len(word)
        yield from _number_tokens(digits, end - len(digits))


@lru_cache(maxsize=4)  # of the index, of what is shown, and of their successors
def _word_splitter(local: frozenset[str]) -> Callable[[str], tuple[str, ...]]:
    """Returns a function that splits a folded Thai run; recent runs are cached for all equal tokenizers."""
    name = _load_word_list(local)

    @lru_cache(maxsize=50_000)
    def cut(run: str) -> tuple[str, ...]:
        words: list[str] = []
        for piece in nlpo3.segment(run, name):
            joins = words and (piece[0] in _NEVER_INITIAL or words[-1][-1] in _LEADING_VOWELS)
            if joins and len(words[-1]) + len(piece) <= _MAX_WORD_LENGTH:
                words[-1] += piece
            else:
                words.append(piece)
        return tuple(words)

    return cut


def _number_tokens(chunk: str, start: int) -> Iterator[Token]:
    """Yields tokens of a number: the whole, without thousands commas, then its parts, if it has several.

    ``2,267,343`` → 2267343; ``123/2564`` → itself, 123 and 2564; ``1.5`` → itself.
    """
    end = start + len(chunk)
    whole = _THOUSANDS_COMMA.sub("", chunk)
    yield Token(whole, start, end)
    parts = list(_NUMBER_PART.finditer(chunk)) if re.search(r"[,/:-]", whole) else []
    for part in parts:
        yield Token(part.group(), start + part.start(), start + part.end())


def _word_tokens(chunk: str, start: int) -> Iterator[Token]:
    """Yields tokens of a Latin word: ``covid-19`` → covid19, covid and 19; an address whole and in parts."""
    parts = list(_WORD_PART.finditer(chunk))
    whole = chunk if "@" in chunk else "".join(part.group() for part in parts)
    yield Token(whole[:_MAX_WORD_LENGTH], start, start + len(chunk))
    if len(parts) > 1:
        for part in parts:
            yield Token(part.group()[:_MAX_WORD_LENGTH], start + part.start(), start + part.end())


_MIN_COMPOUND_LENGTH, _MIN_COMPOUND_PART = 10, 4
_NOMINALIZERS = ("การ", "ความ")  # prefixes that make nouns of verbs
_MISLEADING_WORDS = frozenset("ปีงบประมาณ ปีปฏิทิน กรมชลประทาน พัฒนาการ กิจการ".split())
"""Words left out of the dictionary because they hide words that people search for, or because newmm splits
wrongly before them: เศรษฐกิจการค้า, พัฒนาการเกษตร.
"""

_MISSING_WORDS = frozenset({"ประจำปี"})
"""Words that the list lacks: without them a shorter word is found inside, such as จำปี, a flower."""


@cache
def builtin_words_without_compounds() -> frozenset[str]:
    """Returns PyThaiNLP's list of short words without the long ones that are compounds of others.

    คอนกรีตเสริมเหล็ก is in that list beside คอนกรีต, เสริม and เหล็ก: left in, it would hide them.
    """
    words = frozenset(word for word in icu_thai_words() if len(word) > 1)
    return (
        frozenset(
            word for word in words if not _is_nominalized(word, words) and not _is_compound(word, words)
        )
        - _MISLEADING_WORDS
        | _MISSING_WORDS
    )


def _is_nominalized(word: str, words: frozenset[str]) -> bool:
    """Returns True for การ or ความ followed by a word: การบ้าน would be split out of โครงการบ้านมั่นคง."""
    return any(word.startswith(lead) and word[len(lead) :] in words for lead in _NOMINALIZERS)


def _is_compound(word: str, words: frozenset[str]) -> bool:
    """Returns True for a long word that is two or more other words in a row.

    การ or ความ may stand before them.
    """
    if len(word) < _MIN_COMPOUND_LENGTH:
        return False
    reached = {0, *(len(lead) for lead in _NOMINALIZERS if word.startswith(lead))}
    for end in range(_MIN_COMPOUND_PART, len(word) + 1):
        starts = range(0 if end < len(word) else 1, end - _MIN_COMPOUND_PART + 1)
        if any(start in reached and word[start:end] in words for start in starts):
            reached.add(end)
    return len(word) in reached


@cache
def _load_word_list(local: frozenset[str]) -> str:
    """Loads the dictionary and ``local`` words into nlpo3 and returns the name they have there."""
    name = hashlib.sha256("\n".join(sorted(local)).encode()).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        path.write_text("\n".join(sorted(builtin_words_without_compounds() | local)), encoding="utf-8")
        message, loaded = nlpo3.load_dict(str(path), name)
    if not loaded:
        raise RuntimeError(message)
    return name


_MOST_JOINED = 6  # words of the tokenizer that may make one longer word
_DIVISIONS = frozenset(("กองช่าง", "กองคลัง"))  # of each municipality; in กองช่างซ่อมถนน is no ช่างซ่อม
_PREFIXES = frozenset("การ ความ ที่ ตาม ใน ของ และ โดย เพื่อ ให้ จาก กับ แก่ มี เป็น ไม่".split())
"""Words that the full dictionary has before others, as in การประชุม: what follows is a whole word without
them.
"""


def group_into_longest_words(words: Sequence[str]) -> list[Sequence[str]]:
    """Returns the tokenizer's short words in groups, each of which is the longest word that is read there.

    คณะ and กรรมการ are one group: PyThaiNLP's full dictionary has คณะกรรมการ.
    """
    groups: list[Sequence[str]] = []
    at = 0
    while at < len(words):
        most = 1 if words[at] in _PREFIXES else min(_MOST_JOINED, len(words) - at)
        lengths = range(most, 1, -1)
        joined = ((each, "".join(words[at : at + each])) for each in lengths)
        length = next((each for each, word in joined if word in thai_words() or word in _DIVISIONS), 1)
        groups.append(words[at : at + length])
        at += length
    return groups


# Runs: a text as one row of bytes without white space and punctuation, for finding phrases.

_DIGIT_SEPARATORS = frozenset(b"./-:")


def _byte_table() -> npt.NDArray[np.uint8]:
    table = np.tile(np.arange(0x80, 0xA0, dtype=np.uint8), 0x110000 // 0x20)
    table[:0x80] = np.arange(0x80)
    table[:0x10000] *= [*map(str.isalnum, map(chr, range(0x10000)))]
    for char in characters_of_class(LETTERS_AND_SIGNS) - {"ฯ", "฿"}:
        table[ord(char)] = ord(char) - 0xE00 + 0xA0
    return table


_BYTE_OF_CODE_POINT = _byte_table()
_SEPARATED_DIGITS = re.compile(rb"[0-9]\0+(?=[0-9])")


class SearchableBytes:
    """A text as one byte per letter, without white space and punctuation. ``data`` holds the bytes."""

    def __init__(self, row: npt.NDArray[np.uint8]) -> None:
        self._row = row
        self.data: bytes = row.tobytes().replace(b"\0", b"")

    @cached_property
    def text_offsets(self) -> npt.NDArray[np.intp]:
        """Returns for each byte of ``data`` the offset of its code point in the text."""
        return (self._row > 0).nonzero()[0]

    def byte_offsets(self) -> npt.NDArray[np.int32]:
        """Returns for each code point of the text, and for its end, the offset in ``data``."""
        places = np.zeros(len(self._row) + 1, dtype=np.int32)
        np.cumsum(self._row > 0, out=places[1:])
        return places


def searchable_bytes(folded: str) -> SearchableBytes:
    """Returns a folded text as bytes; between two digits a separator stays, unless it parts thousands.

    The bytes are for phrase search: 2 50 is not 250, but 2,500 is 2500.
    """
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    row = _BYTE_OF_CODE_POINT.take(codes)
    for apart in _SEPARATED_DIGITS.finditer(row.tobytes()):
        between = apart.end() - 1
        if codes[between] == ord(",") and _THOUSANDS_COMMA.match(folded, between):
            continue
        signs = codes[apart.start() + 1 : apart.end()].tolist()
        row[between] = next((sign for sign in signs if sign in _DIGIT_SEPARATORS), 0x20)
    return SearchableBytes(row)


def letters_of(text: str) -> bytes:
    """Returns the letters of a text, folded, as the bytes that ``searchable_bytes`` gives."""
    return searchable_bytes(fold_text(text)).data


GRAM_LENGTH = 3
"""Letters of a gram (letter n-gram). Misread words are found by the grams that are still right."""
_GRAM_PREFIX = "\x01"  # a control character, with which no word begins
_GRAM_BUCKETS = 8192  # grams are hashed to so many terms: fewer, longer posting lists


def gram_terms(data: bytes, is_chosen: npt.NDArray[np.bool_] | None = None) -> list[str]:
    """Returns the hashed terms of the grams of ``data``, each once.

    ``is_chosen`` selects grams by their first byte; without it all grams are taken.
    """
    row = np.frombuffer(data, np.uint8).astype(np.uint32)
    codes = (
        row[:-2] * np.uint32(0x9E3779B1) + row[1:-1] * np.uint32(0x85EBCA6B) + row[2:] * np.uint32(0xC2B2AE35)
    )
    codes = (codes ^ codes >> np.uint32(15)) % np.uint32(_GRAM_BUCKETS)
    chosen = codes if is_chosen is None else codes[is_chosen[: len(codes)]]
    return [f"{_GRAM_PREFIX}{code:x}" for code in np.unique(chosen).tolist()]


_THAI_LETTERS = {ord(letter) - 0xE00 + 0xA0: letter for letter in characters_of_class(LETTERS_AND_SIGNS)}
_TEXT_OF_BYTE = {byte: _THAI_LETTERS.get(byte, chr(byte)) for byte in range(256)}


def text_of_bytes(data: bytes) -> str:
    """Returns searchable bytes as text again. Letters that are neither Thai nor ASCII are lost."""
    return data.decode("latin-1").translate(_TEXT_OF_BYTE)
