"""Glyph alignment: moves the borders of recognised letters into the gaps between the glyphs on the picture.

The recogniser gives a mark over a letter a stretch of its own beside the letter, and places letters by the
steps in which its network reads: borders are off by up to two letters. A border belongs in a column with
little ink, near where the recogniser put it, and so far from the one before as the letter between is wide:
some letters have a gap of their own, and others touch.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.extraction.ocr.line_layout import Symbol, body_extent

# Evidence: borders of words that are off by over a third of a letter, on pages of 10 documents: 1.6 % (10.0 %
# by ink and nearness alone); on 10 others 1.7 % (8.2 %). ``benchmarks/injured.py`` measures them.
REACH = 3.2  # heights of a letter: how far a border moves; 2.0 % are off at 2.4, 3.0 % at 1.6
FARNESS = 0.3  # cost of moving by a letter's height, in columns full of ink; 1.9 % are off at 0.15
STRAIN = 3.0  # cost of a letter that is wider by ก than usual; 1.8 % are off at 2, 2.1 % at 6
CROSSED = 9.0  # cost of a border left of the one before
COLUMNS = 16  # columns to a letter's height in which borders are sought; 1.8 % are off at 12, 1.5 % at 24
PAPER_GRAIN = 20  # levels of grey below the paper's that are not ink
_LETTERS_BY_WIDTH = {  # widths of ก: medians of 70 documents; their largest source moves none by over 0.1
    0: "-",  # the model reads dashes as hyphens; only the ink tells which it is
    0.42: "Iij,.:;!'|",
    0.53: "เ()[]lfrt",
    0.63: "โใไ/",
    0.78: 'ง"sz',
    0.83: "าำรagcx",
    0.9: "วธฐะSLe_",
    0.96: "จยแPETRFBkvyuno",
    1.1: "นภบปทหษฎฏฆNDCGO",
    1.17: "พฟฬฑUA๑๒๓๔๕๖๘๙",
    1.35: "ฒญณ๗Mmฌw%",
    1.6: "W",
}
_WIDTHS = {letter: width for width, letters in _LETTERS_BY_WIDTH.items() for letter in letters}
"""Usual widths of letters; all others are as wide as ก."""

Columns = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Border:
    """A side of letters: ``place`` is where the recogniser has it, in pixels.

    ``width``: usual width of the letter at its left, 0 for a space or where it is not known.
    """

    place: float
    width: float


def align_to_ink(row: Sequence[Symbol], image: Image.Image) -> list[Symbol]:
    """Returns the row with its letters' sides between the glyphs of ``image``, the page that it stands on.

    A mark without width of its own stands at the right side of its letter.
    """
    clusters = list(_clusters(row))
    borders = list(_borders(clusters))
    top, bottom = body_extent(row)
    height = max(1.0, bottom - top)
    start = max(0, round(min(border.place for border in borders) - height))
    end = min(image.width, round(max(border.place for border in borders) + height) + 1)
    step = max(1, round(height / COLUMNS))
    ink = _ink(image.crop((start, round(top), max(start, end) + step, round(bottom))), step)
    in_steps = [_Border((border.place - start) / step, border.width) for border in borders]
    columns = _best_columns(ink, in_steps, height / step)
    sides = iter([start + column * step + step // 2 for column in columns])
    aligned: list[Symbol] = []
    left = next(sides)
    for number, (letter, *marks) in enumerate(clusters):
        if number and letter.has_space_before:
            left = next(sides)
        right = next(sides)
        aligned.append(replace(letter, left=left, right=right))
        aligned += [replace(mark, left=right, right=right) for mark in marks]
        left = right
    return aligned


def _clusters(row: Sequence[Symbol]) -> Iterator[list[Symbol]]:
    """Yields each letter with the marks over and under it."""
    cluster: list[Symbol] = []
    for symbol in row:
        is_mark = all(unicodedata.category(char) == "Mn" for char in symbol.text)
        if cluster and not (is_mark and not symbol.has_space_before):
            yield cluster
            cluster = []
        cluster.append(symbol)
    if cluster:
        yield cluster


def _borders(clusters: Sequence[Sequence[Symbol]]) -> Iterator[_Border]:
    """Yields the sides of letters: letters of a word share one; on either side of a space there is one."""
    yield _Border(clusters[0][0].left, 0)
    for number, cluster in enumerate(clusters):
        width = sum(_WIDTHS.get(char, 1.0) for char in cluster[0].text)
        right = max(cluster[0].right, *(mark.left for mark in cluster))
        following = clusters[number + 1][0] if number + 1 < len(clusters) else None
        if following is None or following.has_space_before:
            yield _Border(right, width)
            if following:
                yield _Border(following.left, 0)
        else:
            yield _Border((right + following.left) / 2, width)


def _ink(strip: Image.Image, step: int) -> Columns:
    """Returns the ink of columns ``step`` pixels wide, as a share of that of a full one."""
    tones = np.cumsum(strip.histogram())
    paper = int(np.searchsorted(tones, 0.9 * tones[-1])) - PAPER_GRAIN
    darkness = np.maximum(paper - np.asarray(strip, np.int16), 0)
    count = max(1, darkness.shape[1] // step)
    pixels = darkness.sum(axis=0, dtype=np.float32)[: count * step]
    ink: Columns = pixels.reshape(count, -1).mean(axis=1)
    return ink / max(float(np.percentile(ink, 95)), 1.0)


def _best_columns(ink: Columns, borders: Sequence[_Border], height: float) -> list[int]:
    """Returns a column for each border: together they cross least ink, move little and keep letters' widths.

    The places of ``borders`` and the letters' ``height`` are in columns of ``ink``.
    """
    unit = _width_unit(borders)
    reach = max(1, round(REACH * height))
    moved = FARNESS * (np.arange(-reach, reach + 1, dtype=np.float32) / np.float32(height)) ** 2
    cost, first = np.zeros(1, np.float32), 0  # least cost of the borders so far, by column from ``first`` on
    ways: list[tuple[int, NDArray[np.intp]]] = []  # by border: its first column, the best column before each
    for border in borders:
        place = min(max(round(border.place), 0), len(ink) - 1)
        start, stop = max(0, place - reach), min(len(ink), place + reach + 1)
        size = len(cost)
        # Row i of the matrix ends with the costs of reaching column i from the first of the columns before.
        strains = _strains(
            np.arange(start - (first + size - 1), stop - first, dtype=np.float32), border, unit
        )
        by_way = np.ndarray((stop - start, size), np.float32, strains, strides=2 * (strains.itemsize,))
        whole = by_way + cost[::-1].copy()
        best = whole.argmin(axis=1)
        ways.append((start, first + size - 1 - best))
        away = moved[start - place + reach : stop - place + reach]
        cost, first = whole[np.arange(stop - start), best] + ink[start:stop] + away, start
    column = first + int(cost.argmin())
    found = [column]
    for start, best in reversed(ways[1:]):
        column = int(best[column - start])
        found.append(column)
    return [int(each) for each in np.maximum.accumulate(found[::-1])]


def _strains(apart: Columns, border: _Border, unit: float) -> Columns:
    """Returns the cost of each distance of the border from the one before, in columns.

    ``unit``: columns of a letter as wide as ก.
    """
    crossed = np.float32(CROSSED) * (apart < (1 if border.width else 0))
    if not border.width:
        return crossed
    wider = apart / np.float32(unit) - np.float32(border.width)
    return np.float32(STRAIN) * wider**2 + crossed


def _width_unit(borders: Sequence[_Border]) -> float:
    """Returns the width of ก in the row: what its words take by what their letters usually take."""
    taken = sum(max(0.0, right.place - left.place) for left, right in pairwise(borders) if right.width)
    return max(1.0, taken / (sum(border.width for border in borders) or 1.0))
