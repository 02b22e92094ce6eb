"""Inverts dark areas with light letters: negatives, head rows of tables, signs.

Recognition reads dark letters on light paper alone. Solid pictures, bars and a scanner's black edges have no
light letters in them and stay as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from indexer.extraction.image.overlaid_seal_removal import Cells, connected_cells

REDUCE = 4  # full-size pixels to one of the copy that is judged
CELL = 4  # pixels of that copy to a cell: a third of a letter's height at 300 dpi
DARK = 140  # grey levels (of 255), below which a pixel may be the ground of light letters
LIGHT = 180  # grey levels from which on it may be of these letters
LEAST_DARK = 0.5  # share of such pixels in a cell of the ground
LEAST_HEIGHT, LEAST_WIDTH = 3, 8  # cells of an area: half of a head row, and a short word
LEAST_FILL = (
    0.8  # share of an area's rectangle that is dark; emblems and ornaments on 24 scans had up to 0.72
)
LEAST_LETTERS, MOST_LETTERS = 0.01, 0.45  # share of light pixels in an area with light letters


def invert_dark_areas(grey: Image.Image) -> Image.Image:
    """Returns the page with dark areas inverted that hold light letters; the page itself if it has none."""
    small = np.asarray(grey.reduce(REDUCE))
    height, width = small.shape[0] // CELL, small.shape[1] // CELL
    blocks = small[: height * CELL, : width * CELL].reshape(height, CELL, width, CELL)
    dark = (blocks < DARK).mean((1, 3)) >= LEAST_DARK
    light = (blocks >= LIGHT).mean((1, 3))
    inverted = np.zeros_like(dark)
    left = _smoothed(dark)
    for start in zip(*np.nonzero(_inside(left)), strict=True):
        if left[start]:
            area = tuple(np.array(connected_cells(left, (int(start[0]), int(start[1])))).T)
            inverted[area] = _is_ground(area) and LEAST_LETTERS <= light[area].mean() <= MOST_LETTERS
    if not inverted.any():
        return grey
    scale = CELL * REDUCE
    mask = Image.new("L", grey.size)
    mask.paste(Image.fromarray(inverted).convert("L").resize((width * scale, height * scale)))
    return Image.composite(ImageChops.invert(grey), grey, mask)


def _smoothed(cells: Cells) -> Cells:
    """Returns the cells of which most neighbours are set: letters leave no holes, strokes go."""
    near = np.lib.stride_tricks.sliding_window_view(np.pad(cells, 1), (3, 3)).sum((2, 3))
    return np.asarray(near >= 5)


def _inside(cells: Cells) -> Cells:
    """Returns the cells with all neighbours set, of which every area that is large enough has some."""
    near = np.lib.stride_tricks.sliding_window_view(np.pad(cells, 1), (3, 3)).all((2, 3))
    return np.asarray(near)


def _is_ground(area: tuple[NDArray[np.int64], ...]) -> bool:
    """Returns True if an area has the size and the shape of the ground of a row of letters."""
    height, width = np.ptp(area[0]) + 1, np.ptp(area[1]) + 1
    is_filled = len(area[0]) >= LEAST_FILL * height * width
    return bool(height >= LEAST_HEIGHT and width >= LEAST_WIDTH and is_filled)
