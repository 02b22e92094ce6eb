"""Thai characters: their classes, digits, the canonical form of a text, and clusters that are drawn as one.

No function uses NFKC or NFKD: both decompose ำ (U+0E33) into ํ and า, which is another spelling.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

ELLIPSIS = "…"

THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"

_ARABIC_OF_THAI = tuple((thai, str(value)) for value, thai in enumerate(THAI_DIGITS))
_TO_THAI = str.maketrans("0123456789", THAI_DIGITS)

# Classes of characters, to be put between the brackets of a regular expression.
# See also ``characters_of_class``.
CONSONANTS = "ก-ฮ"
LEADING_VOWELS = "เ-ไ"
FOLLOWING_VOWELS = "ะาำๅ"
MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
"""Vowels, tone marks and other signs that are drawn above or below a consonant."""
NEVER_INITIAL = MARKS + FOLLOWING_VOWELS  # characters with which no Thai word begins
TONES = "\u0e48-\u0e4b"
SIGNS_ABOVE = "\u0e47-\u0e4e"  # tone marks and the other signs that dictionaries compare last
WORD_LETTERS = "ก-ฮะ-ฺเ-ๅ็-๎"  # letters of which words consist: neither digits nor ฯ, ๆ and ฿
LETTERS_AND_SIGNS = "ก-๎"  # everything in the Thai block before its digits

# Order in which marks are written on one consonant. It agrees with the canonical combining classes
# (phinthu 9, sara u 103, tones 107), so that sorted text is still NFC.
_MARKS_BY_RANK = ("\u0e3a", "ุู", "ัิีึื็", "\u0e4d", "่้๊๋", "์\u0e4e")
_MARK_RANK = {mark: rank for rank, marks in enumerate(_MARKS_BY_RANK) for mark in marks}

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_NO_BREAK_SPACES = re.compile("[\u00a0\u202f\u2007]")
# Controls other than tab and newline; soft hyphen; zero-width characters; direction marks; byte
# order mark; lone surrogates (JSON can smuggle them in, UTF-8 cannot hold them); noncharacters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_MARK_RUN = re.compile(f"[{MARKS}]{{2,}}")
# Two marks that have the same rank, or that are not in the order of their ranks.
_MISSPELT_MARKS = re.compile(
    "|".join(f"[{marks}][{''.join(_MARKS_BY_RANK[: rank + 1])}]" for rank, marks in enumerate(_MARKS_BY_RANK))
)
_SPLIT_AM = re.compile(f"\u0e4d[{TONES}]?า|ำ[{TONES}]")
_SPLIT_AM_MARKS = re.compile(f"\u0e4d[{TONES}]?$")  # before า
_AM_STRETCH = re.compile(f"[{MARKS}าำ]{{2,}}")
_AM_PART = re.compile(f"([{MARKS}]*)([าำ]?)")

_MOST_MARKS = 30
"""Most marks on one letter; further marks are dropped.

The limit is that of Unicode's stream-safe text (UAX #15). A letter with more marks is no real text, and
normalising it would take time with the square of its length.
"""
_COMBINING = "".join(map(chr, filter(lambda code: unicodedata.combining(chr(code)), range(0x1F000))))
_TOO_MANY_MARKS = re.compile(f"([{_COMBINING}]{{{_MOST_MARKS}}})[{_COMBINING}]+")


def characters_of_class(character_class: str) -> frozenset[str]:
    """Return the Thai characters of a class that is written as in a regular expression, such as ก-ฮ."""
    return frozenset(re.findall(f"[{character_class}]", _THAI_BLOCK))


_THAI_BLOCK = "".join(map(chr, range(0xE00, 0xE80)))
_TONES = characters_of_class(TONES)


def canonical_text(text: str) -> str:
    """Return the text in NFC with Thai marks in order, without invisible characters; idempotent.

    The text is safe to store and to show. Its line breaks are ``\\n``. Invisible characters (zero-width,
    control, direction marks) are removed. Marks are sorted in spelling order, each once. ``ํา`` becomes ``ำ``
    with the tone mark before that letter; ``เเ`` becomes ``แ``. Digits, letter case and spaces stay as
    written.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAKS.sub("\n", text)
    text = _UNSEEN.sub("", text)
    text = _NO_BREAK_SPACES.sub(" ", text)
    text = unicodedata.normalize("NFC", _TOO_MANY_MARKS.sub(r"\1", text))
    return _compose_am(_spell_marks(text)).replace("เเ", "แ")


def _spell_marks(text: str) -> str:
    if not _MISSPELT_MARKS.search(text):  # as nearly always
        return text
    return _MARK_RUN.sub(lambda run: "".join(_in_order(run[0])), text)


def _in_order(marks: str) -> list[str]:
    """Return the marks in spelling order, each once."""
    return sorted(dict.fromkeys(marks), key=_MARK_RANK.__getitem__)


def _compose_am(text: str) -> str:
    """Write ``ํา``, ``ํ้า`` and ``ำ้`` as ``ำ`` with the tone mark in front, however they are nested.

    ``text`` must have its marks in spelling order. One pass from left to right: a tone mark after ``ำ`` is
    moved in front of that ``ำ``, and further to the front past every group that lets tone marks pass.
    """
    if not _SPLIT_AM.search(text):  # as nearly always
        return text
    return _AM_STRETCH.sub(lambda stretch: _Composer().compose(stretch[0]), text)


class _Group(NamedTuple):
    """Marks, the vowels ``า`` and ``ำ`` after them, and the base before the group."""

    marks: list[str]
    vowels: list[str]
    base_before: int


class _Composer:
    """Puts one stretch of marks, ``า`` and ``ำ`` in order.

    ``_base`` is the index of the group that receives a tone mark which follows the last ``ำ``.
    """

    def __init__(self) -> None:
        self._groups = [_Group([], [], 0)]
        self._base = 0

    def compose(self, stretch: str) -> str:
        for marks, vowel in _AM_PART.findall(stretch):
            self._add_marks(_in_order(marks))
            if vowel:
                self._add_vowel(vowel)
        return "".join("".join(group.marks) + "".join(group.vowels) for group in self._groups)

    def _add_marks(self, marks: list[str]) -> None:
        after_am = self._groups[-1].vowels[-1:] == ["ำ"]
        tones = [mark for mark in marks if mark in _TONES]
        if after_am and marks[: len(tones)] == tones:
            self._move_to_base(tones)
            marks = marks[len(tones) :]
        if marks:
            self._push(marks, is_base=not (after_am and _lets_tones_pass(marks)))

    def _move_to_base(self, tones: list[str]) -> None:
        marks = self._groups[self._base].marks
        marks[:] = _in_order("".join([*marks, *tones]))

    def _push(self, marks: list[str], *, is_base: bool) -> None:
        self._groups.append(_Group(marks, [], self._base))
        if is_base:
            self._base = len(self._groups) - 1

    def _add_vowel(self, vowel: str) -> None:
        group = self._groups[-1]
        if vowel == "า" and not group.vowels and _SPLIT_AM_MARKS.search("".join(group.marks)):
            self._groups.pop()
            self._base = group.base_before
            self._add_marks([mark for mark in group.marks if mark != "\u0e4d"])
            vowel = "ำ"
        self._groups[-1].vowels.append(vowel)
        if vowel == "า":  # no tone mark moves past this vowel
            self._push([], is_base=True)


def _lets_tones_pass(marks: list[str]) -> bool:
    """Return True when a tone mark would sort before all these marks, and so moves on past the group."""
    return all(_MARK_RANK[mark] > _MARK_RANK["่"] for mark in marks)


_CLUSTER = re.compile(
    f"[{LEADING_VOWELS}]?[{CONSONANTS}][{MARKS}]*[าำๅ]?ะ?"  # leading vowel, consonant, marks, following vowel
    "|\r\n"
    "|[\U0001f1e6-\U0001f1ff]{2}"  # flags
    "|.",
    re.DOTALL,
)


def cluster_borders(text: str) -> list[int]:
    """Return the offsets at which ``text`` may be cut: 0, every border of a cluster, ``len(text)``.

    A cluster is a group of characters that is drawn and read as one: a Thai consonant with its
    vowels and marks, any other character with its combining marks, a flag or a joined emoji.
    """
    borders = [0]
    joined = False
    for match in _CLUSTER.finditer(text):
        start = match.start()
        if start and not joined and not _continues(text[start]):
            borders.append(start)
        joined = text[match.end() - 1] == "\u200d"
    if text:
        borders.append(len(text))
    return borders


def _continues(character: str) -> bool:
    """Return True for a character that belongs to the cluster of the character before it."""
    return not character.isascii() and (
        character in _JOINED or unicodedata.category(character) in {"Mn", "Mc", "Me", "Sk"}
    )


_JOINED = characters_of_class(FOLLOWING_VOWELS) | {"\u200d"}


def shorten(text: str, length: int) -> str:
    """Shorten a text to ``length`` code points with ``…``, between character clusters, not words.

    Never cuts a cluster; a first cluster that does not fit is left out whole.
    """
    if len(text) <= length:
        return text
    if length < 1:
        return ""
    fitting = [border for border in cluster_borders(text[: length + 1]) if border < length]
    return text[: fitting[-1]].rstrip() + ELLIPSIS


def arabic_digits(text: str) -> str:
    """Convert Thai digits to Arabic digits: ๑๒๓ → 123. The length stays the same."""
    for thai, arabic in _ARABIC_OF_THAI:  # ``translate`` takes some hundred times as long
        text = text.replace(thai, arabic)
    return text


def thai_digits(text: str) -> str:
    """Convert Arabic digits to Thai digits: 123 → ๑๒๓. The length stays the same."""
    return text.translate(_TO_THAI)
