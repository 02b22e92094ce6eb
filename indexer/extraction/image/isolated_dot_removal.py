"""Removes isolated dots from a page's picture: dotted rules of forms, and specks of copiers and faxes.

Recognition takes the dots of a rule for digits and, where they run through the feet of letters, misreads the
letters. Layout analysis finds no lines among the specks of a page that is strewn with them, and rows of ink
that show which side is up drown in them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.extraction.image.median_filter import median_of_nine

Cells = NDArray[np.bool_]

REDUCE = 2  # full-size pixels to one of the copy on which dots are sought
INK = 90  # grey levels darker than paper from which on a pixel of that copy is ink
DOT = 3  # pixels of that copy: side of the square that a dot fits into, half a millimetre at 300 dpi
STRIP = 310  # pixels of that copy: rules are sought in strips so wide, for they need not be quite level
ROWS = 3  # rows of that copy, in which the dots of one rule lie
LEAST = 14  # dots in so many rows of one strip; abbreviations such as ก.จ.จ. ก.ท.จ. have up to ten there
SPECKLED = 0.004  # share of a reduced page's pixels at which an isolated dot begins; 24 real scans had up to
# 0.0025, forms with dotted rules 0.0021, pages on which no lines were found 0.006 and more
AROUND = 21  # rows of that copy, of which a rule's hold half the dots; specks and broken letters lie in all


def without_dotted_rules(grey: Image.Image) -> Image.Image:
    """Returns the level page without rows of isolated dots; the page itself if it has none."""
    dots, paper = _dots(grey)
    in_rules = dots & _crowded(dots)
    if not in_rules.any():
        return grey
    pixels = np.array(grey)
    for top, left in np.argwhere(in_rules) * REDUCE:
        pixels[top : top + (DOT + 1) * REDUCE, left : left + (DOT + 1) * REDUCE] = paper
    return Image.fromarray(pixels)


def remove_specks(grey: Image.Image) -> Image.Image:
    """Returns the page without specks if it is strewn with them; otherwise the page itself.

    Medians of squares of five pixels lose small type: 65 % of a page's letters, where nine pixels lose 6 %.
    """
    dots, _ = _dots(grey)
    return median_of_nine(grey) if dots.mean() > SPECKLED else grey


def _dots(grey: Image.Image) -> tuple[Cells, int]:
    """Returns the corners of isolated dots on the reduced page, none on a tiny one, and its paper in grey."""
    small = np.asarray(grey.reduce(REDUCE))
    paper = int(np.median(small[::4, ::4]))
    is_tiny = min(small.shape) <= 2 * DOT
    return (np.zeros((1, 1), np.bool_) if is_tiny else _isolated_dot_corners(small < paper - INK)), paper


def _isolated_dot_corners(ink: Cells) -> Cells:
    """Returns the top left corners of squares with ink in the middle and no ink along their rim."""
    side = DOT + 2
    whole = _sums(ink, side)
    middle = _sums(ink[1:-1, 1:-1], DOT)[: whole.shape[0], : whole.shape[1]]
    found = (middle > 0) & (whole == middle)
    # of squares around the same dot only the first counts
    found[1:] &= ~found[:-1]
    found[:, 1:] &= ~found[:, :-1]
    return np.asarray(found, np.bool_)


def _sums(cells: Cells, side: int) -> NDArray[np.uint8]:
    """Returns the number of set cells in the square of ``side`` cells that begins at each cell."""
    height, width = cells.shape[0] - side + 1, cells.shape[1] - side + 1
    down = np.zeros((height, cells.shape[1]), np.uint8)
    for at in range(side):
        down += cells[at : height + at]
    sums = np.zeros((height, width), np.uint8)
    for at in range(side):
        sums += down[:, at : width + at]
    return sums


def _crowded(dots: Cells) -> Cells:
    """Returns the cells in rows of a strip that hold, with the rows around, enough dots for a rule."""
    edges = np.arange(0, dots.shape[1], STRIP)
    counts = np.add.reduceat(dots, edges, axis=1, dtype=np.int32)
    near = _moving_sums(counts, ROWS)
    rules = (near >= LEAST) & (2 * near >= _moving_sums(counts, AROUND))
    return np.asarray(np.repeat(rules, np.diff([*edges, dots.shape[1]]), axis=1), np.bool_)


def _moving_sums(counts: NDArray[np.int32], rows: int) -> NDArray[np.int32]:
    """Returns the sum of each row and its neighbours, ``rows`` (odd) in all."""
    padded = np.pad(counts, ((rows // 2, rows // 2), (0, 0)))
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, rows, axis=0).sum(-1), np.int32)
