"""Stamp removal: converts a colour scan to grey without seals and signatures that lie over black text.

Offices put a red or blue seal over the signer's name. In plain grey it makes the name unreadable. Ink of
colour that stands by itself (a stamped date, a registry's stamp, a red headline) is text and stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

Cells = NDArray[np.bool_]

REDUCE = 4  # full-size pixels to one pixel of the copy that is judged
CELL = 8  # pixels of that copy to a cell: a third of a line's height at 300 dpi
COLOURED = 60  # lowest difference between the channels (0–255) of a pixel of coloured ink
BLACK = 110  # highest value (0–255) of any channel of a pixel of black ink
LEAST_SHARE = 0.04  # share of a cell's pixels with such ink, from which on the cell counts
TALL = 6  # cells: coloured ink of less height is a line of text, not a seal
MEETS = 4  # cells in which the ink of a seal lies on black ink, at least


def grey_without_overlaid_seals(image: Image.Image) -> Image.Image:
    """Returns the page in grey without the seals over black text; other coloured ink and text stay."""
    if image.mode not in ("RGB", "RGBA", "P", "CMYK"):
        return image.convert("L")
    colours = image.convert("RGB")
    cells = _sealed(colours.reduce(REDUCE))
    grey = colours.convert("L")
    if not cells.any():
        return grey
    mask = Image.fromarray(cells).resize((cells.shape[1] * CELL * REDUCE, cells.shape[0] * CELL * REDUCE))
    box = mask.getbbox() or (0, 0, 0, 0)
    grey.paste(_without_colour(colours.crop(box)), box[:2], mask.crop(box))
    return grey


def _without_colour(colours: Image.Image) -> Image.Image:
    """Lightens every pixel by its colour: coloured ink turns to paper, black stays black."""
    lightest, darkest = _extremes(colours)
    lifted = ImageChops.add(lightest, ImageChops.subtract(lightest, darkest))
    paper = int(np.percentile(np.asarray(lightest)[::4, ::4], 60))
    return lifted.point(lambda value: min(value, paper))


def _extremes(colours: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Returns the highest and the lowest value of the channels of every pixel."""
    red, green, blue = colours.split()
    lightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return lightest, ImageChops.darker(ImageChops.darker(red, green), blue)


def _sealed(colours: Image.Image) -> Cells:
    """Returns the cells, by row and column, of every seal or signature over text."""
    lightest, darkest = _extremes(colours)
    colour = np.asarray(ImageChops.subtract(lightest, darkest))
    coloured = _cells(colour >= COLOURED)
    if not coloured.any():
        return coloured
    meets = coloured & _cells((np.asarray(lightest) <= BLACK) & (colour < COLOURED // 2))
    sealed = np.zeros_like(coloured)
    left = coloured.copy()
    for start in zip(*np.nonzero(meets), strict=True):
        if left[start]:
            patch = _connected(left, (int(start[0]), int(start[1])))
            rows = {row for row, _ in patch}
            if max(rows) - min(rows) >= TALL and sum(meets[cell] for cell in patch) >= MEETS:
                sealed[tuple(np.array(patch).T)] = True
    return _grown(sealed)


def _cells(ink: Cells) -> Cells:
    height, width = (side // CELL for side in ink.shape)
    blocks = ink[: height * CELL, : width * CELL].reshape(height, CELL, width, CELL)
    return np.asarray(blocks.mean((1, 3)) >= LEAST_SHARE)


def _connected(left: Cells, start: tuple[int, int]) -> list[tuple[int, int]]:
    """Returns all cells that are connected with ``start``, and removes them from ``left``."""
    left[start] = False
    patch = [start]
    for row, column in patch:  # grows while it is walked
        for near in np.argwhere(left[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]):
            cell = (max(0, row - 1) + int(near[0]), max(0, column - 1) + int(near[1]))
            left[cell] = False
            patch.append(cell)
    return patch


def _grown(cells: Cells) -> Cells:
    """Returns the cells grown by one cell on every side, for the faint rim of the ink."""
    padded = np.pad(cells, 1)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).any((2, 3)))
