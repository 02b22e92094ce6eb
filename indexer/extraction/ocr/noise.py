"""Removes noise from recognised lines: emblems, stamps, specks, handwriting, dotted rules.

The network is sure of real print and less sure of anything else. On 24 scanned pages of Thai offices the mean
confidence of a line of print was 0.97–0.995, of emblems, seals and pages read upside down 0.73–0.95.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from indexer.extraction.ocr.line_layout import Symbol, row_text
from indexer.extraction.pdf.text_repair import repair_text
from indexer.extraction.text_quality import longest_word, thai_letters

FLAWLESS = 0.993  # the network's mean confidence in pages that it reads without an error …
ERRORS = 12.0  # … and the share of letters that it misreads for every unit that it falls below: measured
LEAST_CONFIDENCE = 0.95  # mean of a line's symbols; print below it holds a word that tells it from noise
LEAST_OF_SHORT = 0.966  # mean of a short line with a digit, without a word; a page number has 0.98 and more
LEAST_OF_LETTERS = 0.98  # mean of a short line without a digit or a word: a scribble had 0.974
FEW = 4  # symbols of a short line, at most
LEAST_WORD = 4  # code points of a dictionary word that does not come about by chance
UNITS = frozenset(
    "กก ก กม ม ซม มม ตร.ม ลบ.ม ล น บ ด.ช ด.ญ".split()
)  # abbreviations in tables' cells, without a stop
LONG_RULE = 10  # pairs of neighbours from which on a line is checked for monotony
VARIETY = 0.5  # share of different pairs among the pairs of neighbours: half of what the dullest text has
LEAST_DOTS = 5  # symbols in a row that stand for a dotted rule
MONOTONE = 8  # equal symbols in a row that no text has, however sure the network is of them
DOTS = frozenset("๐๑๖๘๙68@.,·•…-_")  # what the network makes of the dots of a form
SURE_OF_DOTS = 0.965  # mean confidence from which on such a run is a number; those on pale paper have less
_WHOLE_NUMBER = re.compile("[0-9]+|[๐-๙]+")
_DIGIT = "[0-9๐-๙]"
_AMOUNT = rf"[1-9๑-๙]{_DIGIT}{{0,2}}(?:,{_DIGIT}{{3}})+(?:\.{_DIGIT}{{2}}|\.-|/-)?"
_TELEPHONE = (
    rf"[0๐](?:[ -]?[2-7๒-๗]|[2689๒๖๘๙]{_DIGIT})[ -]?{_DIGIT}{{3}}[ -]?{_DIGIT}{{4}}"
    rf"|[0๐][ -]{_DIGIT}{{4}}[ -]{_DIGIT}{{4}}"
)
_NUMBER = re.compile(rf"(?<!{_DIGIT})(?:(?P<amount>{_AMOUNT})|{_TELEPHONE})(?!{_DIGIT})")
LEAST_OF_AMOUNT, LEAST_OF_TELEPHONE = 2, 3  # different digits; dots are read as one or two of them


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
    text = "".join((" " if symbol.has_space_before else "") + symbol.text for symbol in line)
    sure = mean_confidence(line)
    has_digit = any(letter.isdigit() for letter in text)
    least_of_short = LEAST_OF_SHORT if has_digit else LEAST_OF_LETTERS
    if sure < (least_of_short if len(line) <= FEW else LEAST_CONFIDENCE):
        return longest_word(repair_text(text)) >= LEAST_WORD
    letters = text.replace(" ", "")
    pairs = list(pairwise(letters))
    is_monotonous = len(pairs) >= LONG_RULE and len(set(pairs)) < VARIETY * len(pairs)
    return not (is_monotonous and any(letter.isalpha() for letter in letters))


def is_cell(line: Sequence[Symbol]) -> bool:
    """Returns True if a short line is text where it stands in a row of text: a number, a word or a unit.

    Between the rows of a page, specks and strokes of pens are read as these too.
    """
    text = row_text(line)
    if not line or len(line) > FEW or mean_confidence(line) < LEAST_CONFIDENCE:
        return False
    letters = thai_letters(text)
    is_word = len(letters) > 1 and longest_word(repair_text(text)) == len(letters)
    return bool(_WHOLE_NUMBER.fullmatch(text.replace(" ", ""))) or is_word or text.rstrip(".") in UNITS


def without_dots(line: Sequence[Symbol]) -> list[Symbol]:
    """Returns the line without what dotted rules were read as; the symbol after a rule follows a space."""
    kept: list[Symbol] = []
    is_after_rule = False
    for run in _runs(line):
        if _is_dotted_rule(run):
            is_after_rule = True
            continue
        kept.append(replace(run[0], has_space_before=bool(kept)) if is_after_rule else run[0])
        kept += run[1:]
        is_after_rule = False
    return kept


def _runs(line: Sequence[Symbol]) -> Iterator[Sequence[Symbol]]:
    """Yields the line in pieces: runs of what dots are read as, outside of numbers, and single symbols."""
    in_numbers = _places_of_numbers(line)
    place = 0
    while place < len(line):
        end = place
        while end < len(line) and line[end].text in DOTS and end not in in_numbers:
            end += 1
        end = max(end, place + 1)
        yield line[place:end]
        place = end


def _places_of_numbers(line: Sequence[Symbol]) -> set[int]:
    """Returns the places of the symbols of amounts and telephone numbers.

    A dotted rule may have their shape; most have it of one digit again and again.
    """
    owners = [place for place, symbol in enumerate(line) for _ in " " * symbol.has_space_before + symbol.text]
    numbers = _NUMBER.finditer(row_text(line))
    return {owners[at] for number in numbers if _has_many_digits(number) for at in range(*number.span())}


def _has_many_digits(number: re.Match[str]) -> bool:
    different = set(filter(str.isdigit, number[0]))
    return len(different) >= (LEAST_OF_AMOUNT if number["amount"] else LEAST_OF_TELEPHONE)


def _is_dotted_rule(run: Sequence[Symbol]) -> bool:
    if len(run) >= MONOTONE and len({symbol.text for symbol in run}) == 1:
        return True
    return len(run) >= LEAST_DOTS and mean_confidence(run) < SURE_OF_DOTS
