"""Repairs broken Thai text from PDFs, so that it reads as a person sees it on the page.

Each rule undoes one way in which fonts and printer drivers lose or move Thai marks; their order
matters. Clean text passes unchanged. No Unicode normal form is used: NFKC splits ำ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archive.thai.characters import CONSONANTS, LEADING_VOWELS, LETTERS_AND_SIGNS, MARKS, TONES
from indexer.extraction.text_quality import dictionary_coverage, longest_word_over, thai_letters

# Glyphs that Thai fonts keep in the private use area (positional variants of the marks, consonants
# without their foot), after the glyph names of the TLWG fonts and HarfBuzz's Thai shaper.
_PRIVATE = {
    0xF700: "ฐ", 0xF70F: "ญ", 0xF710: "ั", 0xF711: "ํ", 0xF712: "็", 0xF718: "ุ", 0xF719: "ู",
    0xF71A: "ฺ", 0xF71B: "ฎ", 0xF71C: "ฏ", 0xF71D: "ฬ", 0xF71E: "ํ", 0xF71F: "็", 0xF720: "๎",
    **dict(zip(range(0xF701, 0xF705), "ิีึื", strict=True)),
    **dict(zip(range(0xF705, 0xF70A), "่้๊๋์", strict=True)),
    **dict(zip(range(0xF70A, 0xF70F), "่้๊๋์", strict=True)),
    **dict(zip(range(0xF713, 0xF718), "่้๊๋์", strict=True)),
}  # fmt: skip
_SPACES = dict.fromkeys([0x00A0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_ONE_FOR_ONE = {**_PRIVATE, **_SPACES}

_STRAY_MARKS = dict(zip(("201", "202", "203", "204", "205"), "่้๊๋์", strict=True))
_STRAY_LATIN = dict(zip("ÉÊËÌÍ", "่้๊๋์", strict=True))


@dataclass(frozen=True, slots=True)
class RepairedText:
    """A repaired text. ``origin[i]`` is the offset in the given text from which ``text[i]`` comes."""

    text: str
    origin: Sequence[int]


def repair_text(text: str) -> str:
    """Returns the text as a person reads it on the page. Idempotent; clean text is returned unchanged."""
    return repair_with_origins(text).text


def count_undecodable(text: str) -> int:
    """Returns the number of ``(cid:…)``, U+FFFD and control codes in the raw text."""
    return len(_UNKNOWN.findall(text))


_UNKNOWN = re.compile(
    rf"(?<![{LETTERS_AND_SIGNS}])\(cid:\d+\)|\(cid:(?!20[1-5]\))\d+\)|[\ufffd\x00-\x08\x0e-\x1f]"
)


def repair_with_origins(text: str) -> RepairedText:
    """Returns the repaired text, with the origin of each of its code points in the given text."""
    repaired = _Tracer(text)
    for _ in range(_ROUNDS):
        before = repaired.text
        for rule in _RULES:
            rule(repaired)
        if repaired.text == before:
            break
    return RepairedText(repaired.text, repaired.origin)


_ROUNDS = 4  # rounds of all rules at most; a rule may create a match of an earlier rule


class _Tracer:
    """A text under repair that remembers where its code points come from."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.origin: Sequence[int] = range(len(text))

    def replace_each(self, table: dict[int, str]) -> None:
        """Replaces code points one for one."""
        self.text = self.text.translate(table)

    def replace(self, pattern: re.Pattern[str], replacement: str | Callable[[re.Match[str]], str]) -> None:
        """Replaces matches as ``re.sub`` does, and keeps track of origins.

        A replacement of another length than its match gets the origin of the match's first code point.
        """
        matches = list(pattern.finditer(self.text))
        if not matches:
            return
        pieces: list[str] = []
        origin: list[int] = []
        last = 0
        for match in matches:
            new = replacement(match) if callable(replacement) else match.expand(replacement)
            start, end = match.span()
            pieces += (self.text[last:start], new)
            origin += self.origin[last:start]
            same = len(new) == end - start
            origin += self.origin[start:end] if same else [self.origin[start]] * len(new)
            last = end
        pieces.append(self.text[last:])
        origin += self.origin[last:]
        self.text, self.origin = "".join(pieces), origin


def _substitute(pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> Callable[[_Tracer], None]:
    compiled = re.compile(pattern)
    return lambda text: text.replace(compiled, replacement)


def read_latin_as_thai(text: str) -> str:
    """Returns text of old Thai fonts that passes as Latin-1 (``¡ÒÃ``) as Thai (การ), letter for letter.

    Each code is then a TIS-620 byte. Any other text is returned as it is.
    """
    high = [letter for letter in text if "\xa1" <= letter <= "\xfb"]
    if len(high) < _LATIN_ENOUGH or len(high) < len(thai_letters(text)):
        return text
    table = {code: bytes([code]).decode("cp874", "ignore") or chr(code) for code in range(0xA1, 0xFC)}
    thai = text.translate(table)
    return thai if dictionary_coverage(thai) >= _LATIN_COVERAGE else text


def _read_latin_as_thai(text: _Tracer) -> None:
    text.text = read_latin_as_thai(text.text)


_LATIN_ENOUGH = 20  # letters above ASCII, below which nothing is taken for Thai
_LATIN_COVERAGE = 0.7  # share of the repaired text that words cover


def _choose_am(match: re.Match[str]) -> str:
    """Returns ำ or า for a space before า, which may be a lost nikhahit: the dictionary decides."""
    tone = match["tone"]
    text, start, end = match.string, match.start(), match.end()
    scores = {}
    for vowel in "ำา":
        joined = text[max(0, start - _REACH) : start] + tone + vowel + text[end : end + _REACH]
        scores[vowel] = longest_word_over(joined, min(start, _REACH) + len(tone))
    return tone + max(scores, key=lambda vowel: scores[vowel])  # ำ when equal: it is met far more often


_REACH = 16  # characters on each side in which a word is looked for
_MARK_ORDER = (
    "\u0e38\u0e39\u0e3a\u0e31\u0e34\u0e35\u0e36\u0e37\u0e47\u0e4d\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4e"
)

_RULES: tuple[Callable[[_Tracer], None], ...] = (
    _read_latin_as_thai,
    lambda text: text.replace_each(_ONE_FOR_ONE),
    _substitute("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+", ""),
    _substitute(f"\ufffd([{TONES}]?)[าำ]", r"\1ำ"),
    _substitute("[\ue000-\uf8ff]+", " "),
    _substitute(rf"(?<=[{LETTERS_AND_SIGNS}])\(cid:(20[1-5])\)", lambda match: _STRAY_MARKS[match[1]]),
    _substitute(rf"(?<=[{LETTERS_AND_SIGNS}])[É-Í]", lambda match: _STRAY_LATIN[match[0]]),
    _substitute(r"\(cid:\d+\)|\ufffd", ""),
    _substitute("เเ", "แ"),
    _substitute("(?<![ฤฦ])ๅ", "า"),
    _substitute(rf"(?<=[{CONSONANTS}]) +(?P<tone>[{TONES}]?)[าำ](?!\s)", _choose_am),
    _substitute(rf"(?<=[{LETTERS_AND_SIGNS}])\s+(?=[{MARKS}])", ""),
    _substitute(f"\u0e4d([{TONES}]?)า", r"\1ำ"),
    _substitute(f"([{TONES}])\u0e4dา", r"\1ำ"),
    _substitute(f"([าำ])([{TONES}]+)", r"\2\1"),
    _substitute(rf"([{LEADING_VOWELS}])([{MARKS}]+)([{CONSONANTS}])", r"\1\3\2"),
    _substitute(rf"[{MARKS}]{{2,}}", lambda match: "".join(sorted(set(match[0]), key=_MARK_ORDER.index))),
    _substitute(r"[.…·]{4,}|(?:[.…·] ){3,}[.…·]?", " "),
    _substitute(" {2,}", " "),
)
