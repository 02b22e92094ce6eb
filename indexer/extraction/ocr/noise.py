"""Removes noise from recognised lines: emblems, stamps, specks, handwriting, dotted rules.

The network is sure of real print and less sure of anything else. On 24 scanned pages of Thai offices the mean
confidence of a line of print was 0.97–0.995, of emblems, seals and pages read upside down 0.73–0.95.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from indexer.extraction.ocr.line_layout import Symbol
from indexer.extraction.pdf.text_repair import repair_text
from indexer.extraction.text_quality import longest_word

FLAWLESS = 0.993  # the network's mean confidence in pages that it reads without an error …
ERRORS = 12.0  # … and the share of letters that it misreads for every unit that it falls below: measured
LEAST_CONFIDENCE = 0.95  # mean of a line's symbols; print below it holds a word that tells it from noise
LEAST_OF_SHORT = 0.966  # mean of a short line with a digit, without a word; a page number has 0.98 and more
LEAST_OF_LETTERS = 0.98  # mean of a short line without a digit or a word: a scribble had 0.974
FEW = 4  # symbols of a short line, at most
LEAST_WORD = 4  # code points of a dictionary word that does not come about by chance
LONG_RULE = 10  # pairs of neighbours from which on a line is checked for monotony
VARIETY = 0.5  # share of different pairs among the pairs of neighbours: half of what the dullest text has
LEAST_DOTS = 5  # symbols in a row that stand for a dotted rule
MONOTONE = 8  # equal symbols in a row that no text has, however sure the network is of them
DOTS = frozenset("๐๑๖๘๙68@.,·•…-_")  # what the network makes of the dots of a form
SURE_OF_DOTS = 0.965  # mean confidence: real numbers have more


def mean_confidence(symbols: Sequence[Symbol]) -> float:
    """Returns the mean confidence (0–1) of the symbols; 0 when there are no symbols."""
    return sum(symbol.confidence for symbol in symbols) / len(symbols) if symbols else 0.0


def probable_accuracy(symbols: Sequence[Symbol]) -> float:
    """Returns the share of the symbols that is probably right (0–1), judged by their mean confidence."""
    return min(1.0, max(0.0, 1 - ERRORS * (FLAWLESS - mean_confidence(symbols))))


def without_noise(line: Sequence[Symbol]) -> list[Symbol]:
    """Returns the line without dotted rules; an empty list if the whole line is no text."""
    kept = _without_dotted_rules(line)
    return kept if kept and _is_text(kept) else []


def _is_text(line: Sequence[Symbol]) -> bool:
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


def _without_dotted_rules(line: Sequence[Symbol]) -> list[Symbol]:
    """Removes runs of symbols that a dotted rule was read as; the symbol after a run follows a space."""
    kept: list[Symbol] = []
    place, after_rule = 0, False
    while place < len(line):
        end = place
        while end < len(line) and line[end].text in DOTS:
            end += 1
        if _is_dotted_rule(line[place:end]):
            place, after_rule = end, True
            continue
        end = max(end, place + 1)
        for symbol in line[place:end]:
            kept.append(replace(symbol, has_space_before=bool(kept)) if after_rule else symbol)
            after_rule = False
        place = end
    return kept


def _is_dotted_rule(run: Sequence[Symbol]) -> bool:
    if len(run) >= MONOTONE and len({symbol.text for symbol in run}) == 1:
        return True
    return len(run) >= LEAST_DOTS and mean_confidence(run) < SURE_OF_DOTS
