"""Removes noise from recognised lines: emblems, stamps, specks, handwriting, dotted rules.

The network is sure of real print and less sure of anything else. On 24 scanned pages of Thai offices the mean
confidence of a line of print was 0.97–0.995, of emblems, seals and pages read upside down 0.73–0.95.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from indexer.extraction.ocr.line_layout import Symbol, row_text
from indexer.extraction.pdf.text_repair import repair_text
from indexer.extraction.text_quality import longest_word, thai_letters

FLAWLESS = 0.993  # the network's mean confidence in pages that it reads without an error …
ERRORS = 12.0  # … and the share of letters that it misreads for every unit that it falls below: measured
LEAST_CONFIDENCE = 0.95  # mean of a line's symbols; print below it holds a word that tells it from noise
LEAST_OF_FIGURES = 0.9  # mean of a line without such a word, with an amount or a date; noise had none at all
LEAST_OF_LATIN = 0.94  # mean of a line without such a word, with two Latin words; noise with two had 0.929
LEAST_OF_SHORT = 0.966  # mean of a short line with a digit or of one short word; a page number has 0.98 …
LEAST_OF_LETTERS = 0.98  # … and of another short line without a word: a scribble had 0.974
FEW = 4  # symbols of a short line, at most
LEAST_WORD = 4  # code points of a dictionary word that does not come about by chance
LONG = 60  # pairs of neighbours in a line that may be a rule, and hold a word by chance …
MONOTONY = 0.3  # … and share of different ones among them: rules had 0.06 and 0.15, text has 0.6 and more
SHORT_WORD = 3  # code points of a dictionary word that may be a whole line: ลับ
LEAST_HEIGHT = 11  # pixels: print on 138 pages had 11 and more (0.1 % of the lines less), dotted rules 2–10
UNITS = frozenset(
    "กก ก กม ม ซม มม ตร.ม ลบ.ม ล น บ ด.ช ด.ญ".split()
)  # abbreviations in tables' cells, without a stop
LONG_RULE = 10  # pairs of neighbours from which on a line is checked for monotony
VARIETY = 0.5  # share of different pairs among the pairs of neighbours: lists and refrains have less
FINE_PRINT = 17  # pixels: the pattern of words under a deed had 11–16, letters of 12 points have 22 and more
LEAST_DOTS = 5  # symbols in a row that stand for a dotted rule
MONOTONE = 8  # equal symbols in a row that no text has, however sure the network is of them
DOTS = frozenset("๐๑๖๘๙68@.,·•…-_")  # what the network makes of the dots of a form
_WHOLE_NUMBER = re.compile("[0-9]+|[๐-๙]+")
_DIGIT = "[0-9๐-๙]"
_FIGURE = re.compile(
    rf"(?<![0-9๐-๙,.]){_DIGIT}{{1,3}}(?:,{_DIGIT}{{3}})+(?![0-9๐-๙])"  # an amount
    rf"|(?<![0-9๐-๙/]){_DIGIT}{{1,2}}/{_DIGIT}{{1,2}}/(?:{_DIGIT}{{2}}){{1,2}}(?![0-9๐-๙/])"  # a date
)
_LATIN_WORD = re.compile("(?<![A-Za-z])(?:[A-Z]?[a-z]{3,}|[A-Z]{4,})(?![A-Za-z])")


def mean_confidence(symbols: Sequence[Symbol]) -> float:
    """Returns the mean confidence (0–1) of the symbols; 0 when there are no symbols."""
    return sum(symbol.confidence for symbol in symbols) / len(symbols) if symbols else 0.0


def probable_accuracy(symbols: Sequence[Symbol]) -> float:
    """Returns the share of the symbols that is probably right (0–1), judged by their mean confidence."""
    return min(1.0, max(0.0, 1 - ERRORS * (FLAWLESS - mean_confidence(symbols))))


def without_noise(line: Sequence[Symbol]) -> list[Symbol]:
    """Returns the line without dotted rules; an empty list if the whole line is no text."""
    kept = without_dots(line)
    return kept if is_text(kept) else []


def is_text(line: Sequence[Symbol]) -> bool:
    """Returns True if a line without its dotted rules is print, judged by its confidence and its words."""
    if not line:
        return False
    text = row_text(line)
    sure = mean_confidence(line)
    if _height(line) < LEAST_HEIGHT:
        return sure >= LEAST_CONFIDENCE and _has_word(text) and not _is_fine_print(line, text)
    if sure < _least_confidence(line, text):
        is_figure = sure >= LEAST_OF_FIGURES and bool(_FIGURE.search(text))
        is_latin = sure >= LEAST_OF_LATIN and len(_LATIN_WORD.findall(text)) > 1
        return is_figure or is_latin or _has_word(text)
    return not _is_fine_print(line, text)


def _has_word(text: str) -> bool:
    """Returns True for a text with a word that does not come about by chance, as one does in a long rule."""
    return longest_word(repair_text(text)) >= LEAST_WORD and not _is_long_rule(text)


def _is_long_rule(text: str) -> bool:
    """Returns True for a long text of few different pairs of letters: a double rule was read as มงงมมงงมง."""
    pairs = list(pairwise(text.replace(" ", "")))
    return len(pairs) >= LONG and len(set(pairs)) < MONOTONY * len(pairs)


def _least_confidence(line: Sequence[Symbol], text: str) -> float:
    """Returns the least mean confidence of a line that is text although no word tells."""
    if len(line) > FEW:
        return LEAST_CONFIDENCE
    is_word = len(text) >= SHORT_WORD and longest_word(repair_text(text)) == len(text)
    return LEAST_OF_SHORT if is_word or any(map(str.isdigit, text)) else LEAST_OF_LETTERS


def _height(line: Sequence[Symbol], share: float = 0.5) -> float:
    """Returns the height of the letters and digits of which ``share`` are lower; infinity without any."""
    heights = sorted(symbol.bottom - symbol.top for symbol in line if symbol.text[0].isalnum())
    return heights[int(share * len(heights))] if heights else math.inf


def _is_fine_print(line: Sequence[Symbol], text: str) -> bool:
    """Returns True if a line in small letters repeats its words, as the pattern under a deed does."""
    letters = text.replace(" ", "")
    pairs = list(pairwise(letters))
    is_monotonous = len(pairs) >= LONG_RULE and len(set(pairs)) < VARIETY * len(pairs)
    return is_monotonous and any(map(str.isalpha, letters)) and _height(line, 0.2) < FINE_PRINT


def is_cell(line: Sequence[Symbol]) -> bool:
    """Returns True if a short line is text where it stands in a row of text: a number, a word or a unit.

    Between the rows of a page, specks and strokes of pens are read as these too.
    """
    text = row_text(line)
    if (
        not line
        or len(line) > FEW
        or mean_confidence(line) < LEAST_CONFIDENCE
        or _height(line) < LEAST_HEIGHT
    ):
        return False
    letters = thai_letters(text)
    is_word = len(letters) > 1 and longest_word(repair_text(text)) == len(letters)
    return bool(_WHOLE_NUMBER.fullmatch(text.replace(" ", ""))) or is_word or text.rstrip(".") in UNITS


def without_dots(line: Sequence[Symbol]) -> list[Symbol]:
    """Returns the line without what dotted rules were read as; the symbol after a rule follows a space."""
    kept: list[Symbol] = []
    is_after_rule = False
    for run in _runs(line):
        if len(run) >= LEAST_DOTS:
            is_after_rule = True
            continue
        kept.append(replace(run[0], has_space_before=bool(kept)) if is_after_rule else run[0])
        kept += run[1:]
        is_after_rule = False
    return kept


def _runs(line: Sequence[Symbol]) -> Iterator[Sequence[Symbol]]:
    """Yields the line in pieces: runs of what dots are read as, and single symbols."""
    dots = {place for place, symbol in enumerate(line) if _is_dot(symbol)}
    dots.update(_monotonous_places(line))
    place = 0
    while place < len(line):
        end = place
        while end in dots:
            end += 1
        end = max(end, place + 1)
        yield line[place:end]
        place = end


def _is_dot(symbol: Symbol) -> bool:
    """Returns True for a sign that dots are read as; digits of a number are higher than dots."""
    is_low = symbol.bottom - symbol.top < LEAST_HEIGHT or not symbol.text.isdigit()
    return symbol.text in DOTS and is_low


def _monotonous_places(line: Sequence[Symbol]) -> Iterator[int]:
    start = 0
    for text, group in groupby(line, lambda symbol: symbol.text):
        end = start + len(list(group))
        if text in DOTS and end - start >= MONOTONE:
            yield from range(start, end)
        start = end
