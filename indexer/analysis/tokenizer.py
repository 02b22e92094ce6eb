"""Text → terms with offsets: one analysis for index, query and highlight.

Every text is folded first (Thai digits to Arabic, lower case; one code point stays one code
point, so offsets hold in the display text), then cut into *fine* words: Thai runs by newmm with
a dictionary of short, indivisible words, so that เทศบาล finds เทศบาลตำบล and query and document
are cut alike. Numbers, references, codes and addresses are terms of their own. Marks and tone
marks are never folded away.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import nlpo3
import numpy as np
import numpy.typing as npt
from pythainlp.corpus import thai_icu_words

VERSION = "fine-4"
"""Changes whenever the same text would give other terms; an index made with another is rebuilt."""

THAI = "ก-ฮะ-ฺเ-ๅ็-๎"
"""What Thai words are made of (a character class): no digits, ฿, ๆ, ฯ nor signs."""

_MARKS = "ัิ-ฺ็-๎ะาำๅ"  # never begin a word
_CONSONANTS = "".join(map(chr, range(ord("ก"), ord("ฮ") + 1)))
_ONE_LETTER = frozenset("ณธ")  # words of one letter
_LEADING = "เแโใไ"  # never end one
_LONGEST_WORD = 60  # characters; longer unknown stretches are no words anyone looks for


class Token(NamedTuple):
    """A term and its place ``[start, end)`` in the display text. Parts of a code overlap the whole."""

    term: str
    start: int
    end: int


def _lowered() -> dict[int, str]:
    table = {ord("๐") + n: str(n) for n in range(10)}
    for code in range(0x10000):
        lower = chr(code).lower()
        if lower != chr(code) and len(lower) == 1:
            table[code] = lower
    return table


_FOLD = _lowered()
_FOLDED = re.compile(f"[{''.join(map(chr, _FOLD))}]+")  # few letters of a Thai text are in the table


def fold(text: str) -> str:
    """Thai digits to Arabic and lower case, code point by code point: the length never changes."""
    return _FOLDED.sub(lambda found: found.group().translate(_FOLD), text)


_CHUNK = re.compile(
    rf"""
      (?P<address>[a-z0-9][\w.+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+)
    | (?P<code>(?<![{THAI}])[ก-ฮ]{{1,3}}[ ]?\d+(?:[./-]\d+)*)
    | (?P<short>(?:[เแ]?[ก-ฮ][ิี]?\.){{2,}}|(?:[ก-ฮ]{{1,6}}\.)+)
    | (?P<thai>[{THAI}]+)
    | (?P<number>\d+(?:[.,/:-]\d+)*)
    | (?P<word>[^\W\d_ฯ{THAI}]+(?:[.'’-]?[^\W_ฯ{THAI}]+)*)
    """,
    re.VERBOSE,
)
_GROUPED = re.compile(r",(?=\d{3}(?!\d))")
_NUMBER_PART = re.compile(r"\d+(?:\.\d+)?")
_PART = re.compile(r"[^\W_]+")


class Segmenter:
    """Cuts text with one fixed set of words; two with the same words cut alike."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._local = frozenset(words)
        self._cut = _cutter(self._local)

    def knows(self, word: str) -> bool:
        """Whether it is a word of the dictionary, not a piece that was left over."""
        return word in fine_words() or word in self._local or word in _ONE_LETTER

    def words(self, run: str) -> tuple[str, ...]:
        """A folded Thai run → its words, which joined give the run again."""
        return self._cut(run)

    def tokens(self, text: str) -> list[Token]:
        """Every term of a display text, in order of place."""
        return list(self._tokens(fold(text)))

    def _tokens(self, folded: str) -> Iterator[Token]:
        for found in _CHUNK.finditer(folded):
            chunk, start, end = found.group(), found.start(), found.end()
            match found.lastgroup:
                case "thai":
                    for word in self._cut(chunk):
                        yield Token(word, start, start + len(word))
                        start += len(word)
                case "short":
                    yield Token(chunk.replace(".", ""), start, end)
                case "number":
                    yield from _number(chunk, start)
                case "code":
                    yield from self._code(chunk, start)
                case _:
                    yield from _word(chunk, start)

    def _code(self, chunk: str, start: int) -> Iterator[Token]:
        yield Token(chunk.replace(" ", ""), start, start + len(chunk))
        digits = chunk.lstrip(_CONSONANTS).lstrip()
        end = start + len(chunk)
        for word in self._cut(chunk[: -len(digits)].rstrip()):
            yield Token(word, start, start + len(word))
            start += len(word)
        yield from _number(digits, end - len(digits))


@lru_cache(maxsize=4)  # of the index, of what is shown, and of their successors
def _cutter(local: frozenset[str]) -> Callable[[str], tuple[str, ...]]:
    """Cuts a folded Thai run; what was cut is remembered for all that cut alike."""
    name = _loaded(local)

    @lru_cache(maxsize=50_000)
    def cut(run: str) -> tuple[str, ...]:
        words: list[str] = []
        for piece in nlpo3.segment(run, name, safe=True):
            joins = words and (piece[0] in _MARKS or words[-1][-1] in _LEADING)
            if joins and len(words[-1]) + len(piece) <= _LONGEST_WORD:
                words[-1] += piece
            else:
                words.append(piece)
        return tuple(words)

    return cut


def _number(chunk: str, start: int) -> Iterator[Token]:
    """``2,267,343`` → 2267343; ``123/2564`` → itself, 123 and 2564; ``1.5`` → itself."""
    end = start + len(chunk)
    whole = _GROUPED.sub("", chunk)
    yield Token(whole, start, end)
    parts = list(_NUMBER_PART.finditer(chunk)) if re.search(r"[,/:-]", whole) else []
    for part in parts:
        yield Token(part.group(), start + part.start(), start + part.end())


def _word(chunk: str, start: int) -> Iterator[Token]:
    """``covid-19`` → covid19, covid and 19; an address whole and in parts; a plain word itself."""
    parts = list(_PART.finditer(chunk))
    whole = chunk if "@" in chunk else "".join(part.group() for part in parts)
    yield Token(whole[:_LONGEST_WORD], start, start + len(chunk))
    if len(parts) > 1:
        for part in parts:
            yield Token(part.group()[:_LONGEST_WORD], start + part.start(), start + part.end())


_LONG, _PART_OF_LONG = 10, 4
_LEADS = ("การ", "ความ")  # make nouns of verbs
_HIDING = frozenset("ปีงบประมาณ ปีปฏิทิน กรมชลประทาน พัฒนาการ กิจการ".split())
"""Words that people look for are in these, or are cut wrongly before them: เศรษฐกิจการค้า, พัฒนาการเกษตร."""


@cache
def fine_words() -> frozenset[str]:
    """PyThaiNLP's list of short words, without the long ones that are made of others.

    คอนกรีตเสริมเหล็ก is in that list beside คอนกรีต, เสริม and เหล็ก: left in, it would hide them.
    """
    words = frozenset(word for word in thai_icu_words() if len(word) > 1)
    return frozenset(word for word in words if not _led(word, words) and not _made_of(word, words)) - _HIDING


def _led(word: str, words: frozenset[str]) -> bool:
    """Whether it is การ or ความ and a word: การบ้าน would be cut out of โครงการบ้านมั่นคง."""
    return any(word.startswith(lead) and word[len(lead) :] in words for lead in _LEADS)


def _made_of(word: str, words: frozenset[str]) -> bool:
    """Whether a long word is two or more other words in a row; การ and ความ may lead."""
    if len(word) < _LONG:
        return False
    reached = {0, *(len(lead) for lead in _LEADS if word.startswith(lead))}
    for end in range(_PART_OF_LONG, len(word) + 1):
        starts = range(0 if end < len(word) else 1, end - _PART_OF_LONG + 1)
        if any(start in reached and word[start:end] in words for start in starts):
            reached.add(end)
    return len(word) in reached


@cache
def _loaded(local: frozenset[str]) -> str:
    """The name under which nlpo3 holds the fine words and ``local``."""
    name = hashlib.sha256("\n".join(sorted(local)).encode()).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        path.write_text("\n".join(sorted(fine_words() | local)), encoding="utf-8")
        message, loaded = nlpo3.load_dict(str(path), name)
    if not loaded:
        raise RuntimeError(message)
    return name


# Runs: a text as one row of bytes without white space and punctuation, for finding phrases.

_KEPT_BETWEEN_DIGITS = frozenset(b"./-:")


def _byte_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(0x110000, dtype=np.uint8)
    for code in range(0x10000):
        char = chr(code)
        if "ก" <= char <= "๎" and char != "ฯ" and char != "฿":
            table[code] = code - 0xE00 + 0xA0
        elif code < 0x80:
            table[code] = code if char.isalnum() else 0
        elif char.isalnum():
            table[code] = 0x80 + code % 0x20
    table[0x10000:] = 0x80 + np.arange(0x100000) % 0x20
    return table


_BYTE = _byte_table()
_DIGITS_APART = re.compile(rb"[0-9]\0+(?=[0-9])")


class Run:
    """``data``: one byte a letter."""

    def __init__(self, row: npt.NDArray[np.uint8]) -> None:
        self._row = row
        self.data: bytes = row.tobytes().replace(b"\0", b"")

    def kept(self) -> npt.NDArray[np.intp]:
        """For each byte of ``data`` the code point of the text that it stands for."""
        return (self._row > 0).nonzero()[0]

    def places(self) -> npt.NDArray[np.int32]:
        """For each code point of the text, and its end, where it stands in ``data``."""
        places = np.zeros(len(self._row) + 1, dtype=np.int32)
        np.cumsum(self._row > 0, out=places[1:])
        return places


def run(folded: str) -> Run:
    """A folded text as a run of bytes; what separates two digits is kept, so 2 50 is not 250."""
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    row = _BYTE.take(codes)
    for apart in _DIGITS_APART.finditer(row.tobytes()):
        between = apart.end() - 1
        if codes[between] == ord(",") and _GROUPED.match(folded, between):
            continue
        signs = codes[apart.start() + 1 : apart.end()].tolist()
        row[between] = next((sign for sign in signs if sign in _KEPT_BETWEEN_DIGITS), 0x20)
    return Run(row)


GRAM = 3
"""Letters of a gram: pieces by which damaged words are found."""
_GRAM_MARK = "\x01"  # no word begins with it
_GRAM_TERMS = 8192  # several grams share a term: fewer, longer posting lists


def grams(data: bytes, wanted: npt.NDArray[np.bool_] | None = None) -> list[str]:
    """The terms of a run's grams; ``wanted`` tells by its first letter whether a gram counts."""
    row = np.frombuffer(data, np.uint8).astype(np.uint32)
    codes = (
        row[:-2] * np.uint32(0x9E3779B1) + row[1:-1] * np.uint32(0x85EBCA6B) + row[2:] * np.uint32(0xC2B2AE35)
    )
    codes = (codes ^ codes >> np.uint32(15)) % np.uint32(_GRAM_TERMS)
    chosen = codes if wanted is None else codes[wanted[: len(codes)]]
    return [f"{_GRAM_MARK}{code:x}" for code in np.unique(chosen).tolist()]


_LETTER = {code - 0xE00 + 0xA0: chr(code) for code in range(0xE01, 0xE4F)}
_LETTERS = {byte: _LETTER.get(byte, chr(byte)) for byte in range(256)}


def letters_of(data: bytes) -> str:
    """A piece of a run as text again; letters that are neither Thai nor ASCII are lost."""
    return data.decode("latin-1").translate(_LETTERS)
