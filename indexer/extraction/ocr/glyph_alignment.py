"""Glyph alignment: moves the borders of recognised letters into the gaps between the glyphs on the picture.

The recogniser gives a mark over a letter a stretch of its own beside the letter, and places letters by the
steps in which its network reads: borders are off by up to half a letter. A border belongs in a column with
little ink, near where the recogniser put it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.extraction.ocr.line_layout import Symbol, body_extent

REACH = 0.8  # of the letters' height: how far a border moves; 4 % of 9,623 borders of words stay off by over
# a third of a letter (23 % before; at 0.35 10 %, at 0.5 7 %, at 1.3 4 %)
FARNESS = 0.1  # cost of the whole reach, in the ink of a full column; at 0.4 7 % are off, at 0.05 4 %
FARTHEST = 4  # times the reach: no border of 17,954 letters moved farther
NARROWEST = 0.15  # of the letters' height: least width of a letter
PAPER_GRAIN = 20  # levels of grey below the paper's that are not ink

Columns = NDArray[np.float32]


def align_to_ink(row: Sequence[Symbol], image: Image.Image) -> list[Symbol]:
    """Returns the row with its letters' sides between the glyphs of ``image``, the page that it stands on.

    A mark without width of its own stands at the right side of its letter.
    """
    clusters = list(_clusters(row))
    top, bottom = body_extent(row)
    height = max(1.0, bottom - top)
    reach = max(1, round(REACH * height))
    start = max(0, min(symbol.left for symbol in row) - reach)
    end = min(image.width, max(symbol.right for symbol in row) + reach + 1)
    ink = _ink(image.crop((start, round(top), end, round(bottom))))
    borders = _borders(clusters, NARROWEST * height)
    sides = iter(_least_ink(ink, [(round(place) - start, gap) for place, gap in borders], reach))
    aligned: list[Symbol] = []
    left = next(sides)
    for number, (letter, *marks) in enumerate(clusters):
        if number and letter.spaced:
            left = next(sides)
        right = next(sides)
        aligned.append(replace(letter, left=start + left, right=start + right))
        aligned += [replace(mark, left=start + right, right=start + right) for mark in marks]
        left = right
    return aligned


def _clusters(row: Sequence[Symbol]) -> Iterator[list[Symbol]]:
    """Yields each letter with the marks over and under it."""
    cluster: list[Symbol] = []
    for symbol in row:
        is_mark = all(unicodedata.category(char) == "Mn" for char in symbol.text)
        if cluster and not (is_mark and not symbol.spaced):
            yield cluster
            cluster = []
        cluster.append(symbol)
    if cluster:
        yield cluster


def _borders(clusters: Sequence[Sequence[Symbol]], narrowest: float) -> Iterator[tuple[float, int]]:
    """Yields where the recogniser has each border, and the pixels by which it lies right of the one before.

    Letters of a word share a border; on either side of a space there is one.
    """
    yield clusters[0][0].left, 0
    least = max(1, round(narrowest))
    for number, cluster in enumerate(clusters):
        right = max(cluster[0].right, *(mark.left for mark in cluster))
        following = clusters[number + 1][0] if number + 1 < len(clusters) else None
        if following is None:
            yield right, least
        elif following.spaced:
            yield right, least
            yield following.left, 1
        else:
            yield (right + following.left) / 2, least


def _ink(strip: Image.Image) -> Columns:
    """Returns the ink of each column, as a share of that of a full one."""
    tones = np.cumsum(strip.histogram())
    paper = int(np.searchsorted(tones, 0.9 * tones[-1])) - PAPER_GRAIN
    darkness = np.asarray(strip.point(lambda tone: max(0, paper - tone)))
    ink: Columns = darkness.sum(axis=0, dtype=np.float32)
    return ink / max(float(np.percentile(ink, 95)), 1.0)


def _least_ink(ink: Columns, borders: Sequence[tuple[int, int]], reach: int) -> list[int]:
    """Returns a column for each border such that together they cross least ink and move little.

    ``borders``: the column near which each lies, and its least distance from the one before.
    """
    total = np.zeros(1, dtype=np.float32)  # least cost, the border before in a column or left of it, …
    low = 0  # … from this column on
    chosen: list[tuple[int, NDArray[np.intp]]] = []  # by border: first column, and by column the best so far
    for place, gap in borders:
        first = min(max(low + gap, place - FARTHEST * reach), len(ink) - 1)
        columns = np.arange(first, max(first + 1, min(len(ink), place + FARTHEST * reach + 1)))
        before = total[np.clip(columns - (gap + low), 0, len(total) - 1)]
        away = np.abs(columns - place) / reach
        crowded = np.where(away > 1, away, 0)  # farther than the reach only where letters crowd
        cost = before + ink[columns] + FARNESS * away**2 + crowded
        total, low = np.minimum.accumulate(cost), first
        chosen.append((first, np.maximum.accumulate(np.where(cost <= total, columns, first))))
    found: list[int] = []
    column = len(ink) - 1
    for (first, best), (_, gap) in zip(reversed(chosen), reversed(borders), strict=True):
        found.append(int(best[min(max(0, column - first), len(best) - 1)]))
        column = found[-1] - gap
    return found[::-1]
