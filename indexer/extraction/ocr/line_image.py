"""Cuts the picture of a line out of a page, level, with room for the marks above and below its letters.

The rows of a photograph or of a page askew run at slopes of their own, and strokes of a signature stretch
the boxes of letters that they touch. So a row's slope and the height of its letters are measured over all
its letters, in ways that a few wrong boxes do not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from indexer.extraction.ocr.line_layout import Symbol

ABOVE, BELOW = 0.95, 0.6  # room for marks above and below a row, as shares of the height of its letters
SIDE = 20  # pixels of room at the left and right
HEIGHT_PERCENTILE = 20  # of the letters’ boxes (25 is as good): strokes that touch letters make these higher
SAME_HEIGHT = 0.4  # share of the height by which boxes of undisturbed letters differ from it, at most
FEW = 6  # letters from which on a slope is measured
LEAST_SPAN = 6  # heights of a letter that a row must be long for its slope to be measured


@dataclass(frozen=True, slots=True)
class Baseline:
    """The line on which a row's letters stand, y = ``at_zero`` + ``slope`` · x in pixels, and their height.

    ``height``: pixels from the line to the top of letters without marks.
    """

    at_zero: float
    slope: float
    height: float


@dataclass(frozen=True, slots=True)
class LineImage:
    """The level picture of a line, with its place on the page and the slope that was taken out of it."""

    image: Image.Image
    left: int
    top: float
    slope: float

    def on_page(self, symbols: Sequence[Symbol], scale: float) -> list[Symbol]:
        """Returns symbols with positions on the page, which were read on this picture in size ``scale``."""
        placed = []
        for symbol in symbols:
            left, right = symbol.left / scale, symbol.right / scale
            drop = self.top + self.slope * (left + right) / 2
            placed.append(
                replace(
                    symbol,
                    left=self.left + round(left),
                    right=self.left + round(right),
                    top=round(symbol.top / scale + drop),
                    bottom=round(symbol.bottom / scale + drop),
                )
            )
        return placed


def measure_baseline(row: Sequence[Symbol], percentile: int = HEIGHT_PERCENTILE) -> Baseline:
    """Returns the line on which the row's letters stand, sloping as most pairs of them do (Theil–Sen).

    ``percentile``: of the heights of the letters' boxes, taken for the height of letters.
    """
    letters = [symbol for symbol in row if symbol.text[0].isalnum()] or row
    middles = np.array([(symbol.left + symbol.right) / 2 for symbol in letters])
    bottoms = np.array([symbol.bottom for symbol in letters], float)
    heights = bottoms - [symbol.top for symbol in letters]
    height = max(1.0, float(np.percentile(heights, percentile)))
    usual = np.abs(heights - height) <= SAME_HEIGHT * height
    if not usual.any():
        usual[:] = True
    middles, bottoms = middles[usual], bottoms[usual]
    slope = 0.0
    if len(middles) >= FEW and np.ptp(middles) > LEAST_SPAN * height:
        one, other = np.triu_indices(len(middles), k=len(middles) // 4)
        apart = middles[other] - middles[one]
        far = apart > 2 * height
        if far.any():
            slope = float(np.median((bottoms[other] - bottoms[one])[far] / apart[far]))
    return Baseline(float(np.median(bottoms - slope * middles)), slope, height)


def cut_line(
    image: Image.Image, row: Sequence[Symbol], baseline: Baseline, symbols_wanted: range | None = None
) -> LineImage:
    """Returns the picture of a row that stands on ``baseline``, or of the ``symbols_wanted`` alone.

    Where a stretch ends inside the row, paper takes the place of its neighbours.
    """
    stretch = range(len(row)) if symbols_wanted is None else symbols_wanted
    symbols = row[stretch.start : stretch.stop]
    left = max(0, min(symbol.left for symbol in symbols) - SIDE)
    right = min(image.width, max(symbol.right for symbol in symbols) + SIDE)
    width, height = max(1, right - left), max(1, round((1 + ABOVE + BELOW) * baseline.height))
    top = baseline.at_zero + baseline.slope * left - (1 + ABOVE) * baseline.height
    cut = image.transform(
        (width, height),
        Image.Transform.AFFINE,
        (1, 0, left, baseline.slope, 1, top),
        Image.Resampling.NEAREST,
        fillcolor=255,
    )
    if stretch.start > 0:
        edge = (row[stretch.start - 1].right + row[stretch.start].left) // 2 - left
        cut.paste(255, (0, 0, max(0, edge), height))
    if stretch.stop < len(row):
        edge = (row[stretch.stop - 1].right + row[stretch.stop].left) // 2 - left
        cut.paste(255, (max(0, edge), 0, width, height))
    return LineImage(cut, left, top, baseline.slope)
