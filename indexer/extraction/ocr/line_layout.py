"""Joins recognised symbols to rows in reading order, and rows to a page's text with positions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import fmean, median

from rapidfuzz.distance import Indel

from archive.model import PAGE_UNITS, Line, LowConfidenceSpan
from indexer.extraction.image.deskew import UprightPage
from indexer.extraction.ocr.columns import reading_order
from indexer.extraction.ocr.correction import correct_ocr_errors
from indexer.extraction.ocr.date_number_correction import correct_fixed_forms, malformed_numbers
from indexer.extraction.pdf.text_repair import repair_text

MALFORMED = 0.94  # highest confidence in digits of a number that breaks the grammar of numbers
RESPELT = 0.5  # highest confidence in letters that were changed to make a word
DOUBTFUL = 0.97  # confidence of a character below which a person should look; print has 0.985–0.996
MOST_ALTERNATIVES = 3  # other readings of a doubtful stretch that are kept
END = 6  # symbols at the end of a fragment that tell where its row goes on
OVERLAP = 40  # pixels by which fragments of one row may cover each other: a letter and its mark
SAME_ROW = 0.5  # share of the lower fragment's height that must lie beside the other
AS_HIGH = 0.6  # of the higher of two fragments: least height of the other, if both are of one size of print
ECHO = 0.4  # share of the narrower box that an echo has in common with its letter; echoes had 0.45–1.0
MOST_ECHOED = 3  # symbols of one letter that may be read twice: a consonant with two marks
TIGHT = 0.4  # gap in heights of a letter up to which no space stands between fragments; words had 0.03–0.35
DASH = 0.73  # width of a dash in heights of a letter; between spaces dashes had 0.75–0.79, hyphens 0.37–0.71
MARKS_OVER, MARKS_UNDER = 0.7, 0.4  # heights of a letter that marks stand over and under it, at most
LEANING = 0.35  # share of a row's height that it may climb before it is given in pieces


@dataclass(frozen=True, slots=True)
class Symbol:
    """A recognised character: its box in the straightened picture, confidence, and any space before it.

    The box is in pixels, the confidence from 0 to 1. ``alternatives``: other readings of it, with how much
    less certain the recogniser was of each (0 for as certain; a unit divides the likelihood by about e).
    """

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float
    has_space_before: bool = False  # white space stands before it
    alternatives: tuple[tuple[str, float], ...] = ()


def row_text(row: Iterable[Symbol]) -> str:
    """Returns the text of a row as it was recognised, with its spaces."""
    return "".join(" " * symbol.has_space_before + symbol.text for symbol in row)


def join_rows(fragments: Iterable[Sequence[Symbol]]) -> list[list[Symbol]]:
    """Returns whole rows from the top, each from left to right, from fragments of lines in any order.

    Sparse layout analysis cuts a row at wide gaps (the number at the left and the office at the right
    of a letter's head); a reader takes them as one row. Columns of running text are read one after another.
    """
    pieces = [_Row(list(fragment)) for fragment in fragments if fragment]
    boxes = [(piece.symbols[0].left, piece.top, piece.symbols[-1].right, piece.bottom) for piece in pieces]
    return [row for places in reading_order(boxes) for row in _joined([pieces[place] for place in places])]


def _joined(fragments: Iterable[_Row]) -> list[list[Symbol]]:
    rows: list[_Row] = []
    for fragment in sorted(fragments, key=lambda row: row.middle):
        beside = [row for row in rows[-4:] if row.beside(fragment)]
        if beside:
            min(beside, key=lambda row: abs(row.middle - fragment.middle)).join(fragment)
        else:
            rows.append(fragment)
    return [row.symbols for row in sorted(rows, key=lambda row: row.middle)]


def add_cells(rows: Iterable[Sequence[Symbol]], cells: Iterable[Sequence[Symbol]]) -> list[list[Symbol]]:
    """Returns the rows, each with the short fragments beside it that are about as high and nearest to it."""
    joined = [_Row(list(row)) for row in rows]
    for cell in map(_Row, map(list, cells)):
        beside = [row for row in joined if row.is_as_high(cell) and row.beside(cell)]
        if beside:
            min(beside, key=lambda row: (row.gap_to(cell), abs(row.middle - cell.middle))).join(cell)
    return [row.symbols for row in joined]


@dataclass(slots=True)
class _Row:
    """Symbols of one row and the height of its letters' bodies."""

    symbols: list[Symbol]
    top: float = 0
    bottom: float = 0

    def __post_init__(self) -> None:
        self._measure()

    def _measure(self) -> None:
        self.top, self.bottom = body_extent(self.symbols)

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def gap_to(self, other: _Row) -> int:
        """Returns the pixels between the nearer ends of two rows; 0 where one reaches beside the other."""
        left, right = self.symbols[0].left, self.symbols[-1].right
        return max(0, other.symbols[0].left - right, left - other.symbols[-1].right)

    def is_as_high(self, other: _Row) -> bool:
        heights = self.bottom - self.top, other.bottom - other.top
        return min(heights) >= AS_HIGH * max(heights)

    def beside(self, other: _Row) -> bool:
        """Returns True if both pieces stand on one row without covering each other.

        On a photograph rows bend, so the ends of the pieces that face each other are compared.
        """
        right_of = other.symbols[0].left >= self.symbols[-1].right - OVERLAP
        left_of = other.symbols[-1].right <= self.symbols[0].left + OVERLAP
        one = body_extent(
            self.symbols[-END:] if right_of else self.symbols[:END] if left_of else self.symbols
        )
        two = body_extent(
            other.symbols[:END] if right_of else other.symbols[-END:] if left_of else other.symbols
        )
        shared = min(one[1], two[1]) - max(one[0], two[0])
        if shared < SAME_ROW * min(one[1] - one[0], two[1] - two[0]):
            return False
        left, right = other.symbols[0].left, other.symbols[-1].right
        covered = sum(1 for symbol in self.symbols if symbol.right > left + 2 and symbol.left < right - 2)
        return covered <= 2

    def join(self, other: _Row) -> None:
        first, second = sorted((self.symbols, other.symbols), key=lambda symbols: symbols[0].left)
        place = next((i for i, symbol in enumerate(first) if symbol.left > second[0].left), len(first))
        rest = first[place:]  # the second lies in a gap of the first, unless this is empty
        rest = [_after_space(rest[0]), *rest[1:]] if rest else []
        before, head = first[:place], second[0]
        if echoed := echo_length(second[:MOST_ECHOED], before):
            del before[-echoed:]
        elif not (before and self._is_tight(before[-1], head)):
            head = _after_space(head)
        self.symbols = [*before, head, *second[1:], *rest]
        self._measure()

    def _is_tight(self, left: Symbol, right: Symbol) -> bool:
        """Returns True for letters of one word that layout analysis took apart."""
        are_letters = left.text[-1].isalpha() and right.text[0].isalpha()
        return are_letters and right.left - left.right <= TIGHT * (self.bottom - self.top)


def echo_length(symbols: Sequence[Symbol], before: Sequence[Symbol]) -> int:
    """Returns how many of the first symbols are the last ones before them, read a second time; 0 for none."""
    for length in range(1, min(len(symbols), len(before)) + 1):
        first, second = before[-length:], symbols[:length]
        if [symbol.text for symbol in first] == [symbol.text for symbol in second]:
            (left, right), (other_left, other_right) = _extent(first), _extent(second)
            shared = min(right, other_right) - max(left, other_left)
            if shared > ECHO * min(right - left, other_right - other_left):
                return length
    return 0


def _extent(symbols: Sequence[Symbol]) -> tuple[int, int]:
    return min(symbol.left for symbol in symbols), max(symbol.right for symbol in symbols)


def body_extent(symbols: Sequence[Symbol]) -> tuple[float, float]:
    """Returns the top and bottom of the letters' bodies."""
    letters = [symbol for symbol in symbols if symbol.text[0].isalnum()] or symbols
    return median(symbol.top for symbol in letters), median(symbol.bottom for symbol in letters)


def _height_with_marks(row: Sequence[Symbol]) -> tuple[float, float]:
    """Returns the top and bottom of a row with its marks; a stray speck does not count."""
    top, bottom = body_extent(row)
    over, under = MARKS_OVER * (bottom - top), MARKS_UNDER * (bottom - top)
    return (
        max(top - over, min(symbol.top for symbol in row)),
        min(bottom + under, max(symbol.bottom for symbol in row)),
    )


def _after_space(symbol: Symbol) -> Symbol:
    return replace(symbol, has_space_before=True)


@dataclass(slots=True)
class Transcript:
    """A page's text as it is written row by row, repaired, with places on the turned page."""

    upright: UprightPage
    text: str = ""
    raw: str = ""
    lines: list[Line] = field(default_factory=list)
    doubts: list[LowConfidenceSpan] = field(default_factory=list)

    def append_line(self, row: Sequence[Symbol]) -> None:
        """Appends a line of recognised symbols."""
        row = _with_dashes(row)
        read, places, sure = _spread(row)
        self.raw += ("\n" if self.raw else "") + read
        text, places, sure = _repaired(read, places, sure)
        if not text:
            return
        start = len(self.text) + 1 if self.text else 0
        self.text += ("\n" if self.text else "") + text
        top, bottom = _height_with_marks(row)
        self._place(start, places, top, bottom)
        self.doubts.extend(_doubts(text, sure, start, _LineAlternatives(row, read, text)))

    def _place(self, start: int, places: Sequence[float], top: float, bottom: float) -> None:
        """Adds the row as one line, or as several if the page leans so far that one would not fit."""
        width, height = self.upright.image.size
        middle = (top + bottom) / 2
        climb = abs(
            self.upright.skew_offset(places[-1], middle) - self.upright.skew_offset(places[0], middle)
        )
        pieces = max(1, min(len(places) - 1, round(climb / (LEANING * max(1.0, bottom - top)))))
        cuts = [round(piece * (len(places) - 1) / pieces) for piece in range(pieces + 1)]
        for first, last in pairwise(cuts):
            drop = self.upright.skew_offset((places[first] + places[last]) / 2, middle)
            edges = tuple(_unit(x, width) for x in places[first : last + 1])
            self.lines.append(
                Line(start + first, _unit(top + drop, height), _unit(bottom + drop, height), edges)
            )


def _with_dashes(row: Sequence[Symbol]) -> list[Symbol]:
    """Returns the row with a dash for every hyphen as wide as a dash, as the model knows only hyphens."""
    letters = [symbol.bottom - symbol.top for symbol in row if symbol.text[0].isalnum()]
    if not letters:
        return list(row)
    least = DASH * median(letters)
    ends = {place for place, symbol in enumerate(row) if symbol.has_space_before}
    return [
        replace(symbol, text="–")
        if symbol.text == "-" and {place, place + 1} <= ends and symbol.right - symbol.left >= least
        else symbol
        for place, symbol in enumerate(row)
    ]


def _unit(position: float, size: int) -> int:
    return max(0, min(PAGE_UNITS, round(position * PAGE_UNITS / size)))


def _spread(row: Sequence[Symbol]) -> tuple[str, list[float], list[float]]:
    """Returns a row's text, the x position of every edge between its code points, and their confidences."""
    text, edges, sure = "", [float(row[0].left)], []
    for symbol in row:
        if symbol.has_space_before:
            text += " "
            edges.append(max(edges[-1], float(symbol.left)))
            sure.append(1.0)
        steps = [0.0 if unicodedata.category(char) == "Mn" else 1.0 for char in symbol.text]
        total = sum(steps)
        left, right = max(edges[-1], float(symbol.left)), max(edges[-1], float(symbol.right))
        done = 0.0
        for step in steps:
            done += step
            edges.append(left + (right - left) * done / total if total else edges[-1])
        text += symbol.text
        sure.extend([symbol.confidence] * len(symbol.text))
    return text, edges, sure


def _repaired(text: str, edges: list[float], sure: list[float]) -> tuple[str, list[float], list[float]]:
    """Repairs the text of a row and corrects misread letters; corrected letters get a low confidence."""
    repaired = " ".join(repair_text(text).split())
    edges, sure = _moved(text, repaired, edges, sure, most=1.0)
    respelt = correct_fixed_forms(correct_ocr_errors(repaired))
    edges, sure = _moved(repaired, respelt, edges, sure, most=RESPELT)
    for start, end in malformed_numbers(respelt):
        sure[start:end] = [min(MALFORMED, value) for value in sure[start:end]]
    return respelt, edges, sure


def _moved(
    old_text: str, new_text: str, edges: list[float], sure: list[float], *, most: float
) -> tuple[list[float], list[float]]:
    """Returns edges and confidences for the changed text.

    A changed stretch shares the extent and the mean confidence of the stretch that it replaces; its
    confidence is ``most`` at most.
    """
    if new_text == old_text:
        return edges, sure
    new_edges, new_sure = [edges[0]], list[float]()
    for old, new in _stretches(old_text, new_text):
        sure_of = sure[old.start : old.stop]
        if len(old) == len(new):
            new_edges.extend(edges[old.start + 1 : old.stop + 1])
        else:
            left, right = edges[old.start], edges[old.stop]
            new_edges.extend(left + (right - left) * (step + 1) / len(new) for step in range(len(new)))
            sure_of = [fmean(sure_of or [1.0])] * len(new)
        same = old_text[old.start : old.stop] == new_text[new.start : new.stop]
        new_sure.extend(sure_of if same else (min(most, value) for value in sure_of))
    return new_edges, new_sure


def _stretches(old: str, new: str) -> Iterator[tuple[range, range]]:
    """Yields corresponding stretches of two texts: equal stretches, and the smallest changed ones."""
    changed_old = changed_new = 0
    for step in Indel.opcodes(old, new):
        if step.tag == "equal":
            if changed_old < step.src_start or changed_new < step.dest_start:
                yield range(changed_old, step.src_start), range(changed_new, step.dest_start)
            yield range(step.src_start, step.src_end), range(step.dest_start, step.dest_end)
            changed_old, changed_new = step.src_end, step.dest_end
    if changed_old < len(old) or changed_new < len(new):
        yield range(changed_old, len(old)), range(changed_new, len(new))


class _LineAlternatives:
    """Other readings of stretches of a line: what the recogniser considered, and what it read at first.

    ``read`` is the line as it was read, before it was repaired and corrected to ``text``.
    """

    def __init__(self, row: Sequence[Symbol], read: str, text: str) -> None:
        self._read, self._text = read, text
        symbols: list[Symbol | None] = []
        for one in row:
            symbols += [None] * one.has_space_before + [one] * len(one.text)
        self._symbols: dict[int, Symbol] = {}  # by place in ``text``, where that was not changed
        self._places: list[int] = []  # places in ``read``, by place in ``text``
        for old, new in _stretches(read, text):
            self._places += [min(old.start + step, old.stop) for step in range(len(new))]
            if read[old.start : old.stop] == text[new.start : new.stop]:
                for place, before in zip(new, old, strict=True):
                    symbol = symbols[before]
                    if symbol and len(symbol.text) == 1:
                        self._symbols[place] = symbol
        self._places.append(len(read))

    def of(self, start: int, end: int) -> tuple[str, ...]:
        """Returns the likeliest other readings of the stretch, the best first."""
        costs: dict[str, float] = {}
        costs[self._read[self._places[start] : self._places[end]].strip()] = 0.0
        for place in range(start, end):
            symbol = self._symbols.get(place)
            for other, cost in symbol.alternatives if symbol else ():
                if unicodedata.category(other[0])[0] == unicodedata.category(self._text[place])[0]:
                    costs.setdefault(self._text[start:place] + other + self._text[place + 1 : end], cost)
        likeliest = dict.fromkeys(repair_text(other) for other in sorted(costs, key=costs.__getitem__))
        return tuple(other for other in likeliest if other not in ("", self._text[start:end]))[
            :MOST_ALTERNATIVES
        ]


def _doubts(
    text: str, sure: Sequence[float], start: int, alternatives: _LineAlternatives
) -> Iterator[LowConfidenceSpan]:
    """Yields runs of doubtful characters, each with the marks that belong to its letters."""
    place = 0
    while place < len(text):
        end = place + 1
        while end < len(text) and unicodedata.category(text[end]) == "Mn":
            end += 1
        if text[place] == " " or min(sure[place:end]) >= DOUBTFUL:
            place = end
            continue
        while end < len(text) and text[end] != " " and sure[end] < DOUBTFUL:
            end += 1
        while end < len(text) and unicodedata.category(text[end]) == "Mn":
            end += 1
        yield LowConfidenceSpan(
            start + place, start + end, round(fmean(sure[place:end]), 2), alternatives.of(place, end)
        )
        place = end
