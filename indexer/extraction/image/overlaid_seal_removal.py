"""Stamp removal: converts a colour scan to grey without seals and signatures that lie over black text.

Offices put a red or blue seal over the signer's name. In plain grey it makes the name unreadable. Ink of
colour that stands by itself (a stamped date, a registry's stamp, a red headline) is text and stays. So does
the rest of a stamp that touches black text somewhere: on 12 made pages with a seal, a receiver's stamp and a
signature, as many lines of text were read as without all of them (261 of 418), and more of the stamps.
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
LARGE = 0.4  # share of a page's shorter side from which on a patch may be a form that rules join to one …
LEAST_FORM = 30  # … and cells, 8 cm at 300 dpi; seals with signatures are seldom as high and as wide
STRAIGHT = 0.6  # share of the patch's width and height that its longest rules have at least
MOST_GAIN = 3.0  # factor by which a channel is raised until paper is grey, at most
MEETS = 4  # cells in which the ink of a seal lies on black ink, at least


def grey_without_overlaid_seals(image: Image.Image) -> Image.Image:
    """Returns the page in grey without seals where they lie over black text; other coloured ink stays."""
    if image.mode not in ("RGB", "RGBA", "P", "CMYK"):
        return image.convert("L")
    colours = image.convert("RGB")
    small = colours.reduce(REDUCE)
    gains = _gains(small)
    cells = _sealed(_balanced(small, gains))
    grey = colours.convert("L")
    if not cells.any():
        return grey
    mask = Image.fromarray(cells).resize((cells.shape[1] * CELL * REDUCE, cells.shape[0] * CELL * REDUCE))
    box = mask.getbbox() or (0, 0, 0, 0)
    grey.paste(_without_colour(_balanced(colours.crop(box), gains)), box[:2], mask.crop(box))
    return grey


def _gains(colours: Image.Image) -> list[float]:
    """Returns for every channel the factor that makes the paper grey: sheets and light may be coloured."""
    paper = np.median(np.asarray(colours)[::4, ::4], axis=(0, 1))
    return [min(MOST_GAIN, max(paper) / max(1.0, channel)) for channel in paper]


def _balanced(colours: Image.Image, gains: list[float]) -> Image.Image:
    """Returns the picture with every channel multiplied by its gain."""
    if max(gains) == 1.0:
        return colours
    channels = zip(colours.split(), gains, strict=True)
    return Image.merge(
        "RGB", [channel.point(lambda tone, gain=gain: min(255, tone * gain)) for channel, gain in channels]
    )


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
    """Returns the cells, by row and column, in which a seal or signature lies over text, and their rims."""
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
            patch = connected_cells(left, (int(start[0]), int(start[1])))
            places = np.array(patch).T
            is_seal = np.ptp(places[0]) >= TALL and not _is_form(places, coloured.shape)
            if is_seal and sum(meets[cell] for cell in patch) >= MEETS:
                sealed[tuple(places)] = True
    return _grown(sealed & _grown(meets))


def _is_form(places: NDArray[np.int64], page: tuple[int, ...]) -> bool:
    """Returns True if connected cells on a page of so many cells are large and have rules down and across."""
    inside = places - places.min(1, keepdims=True)
    cells = np.zeros(inside.max(1) + 1, np.bool_)
    cells[tuple(inside)] = True
    if min(cells.shape) <= max(LEAST_FORM, LARGE * min(page)):
        return False
    across = (cells[1:] | cells[:-1]).mean(1).max()  # a rule that leans lies in two rows of cells
    down = (cells[:, 1:] | cells[:, :-1]).mean(0).max()
    return bool(min(across, down) >= STRAIGHT)


def _cells(ink: Cells) -> Cells:
    height, width = (side // CELL for side in ink.shape)
    blocks = ink[: height * CELL, : width * CELL].reshape(height, CELL, width, CELL)
    return np.asarray(blocks.mean((1, 3)) >= LEAST_SHARE)


def connected_cells(left: Cells, start: tuple[int, int]) -> list[tuple[int, int]]:
    """Returns all cells that are connected with ``start``, and removes them from ``left``."""
    stride = left.shape[1] + 2
    is_left = bytearray(np.pad(left, 1).tobytes())
    steps = [row * stride + column for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]
    patch = [(start[0] + 1) * stride + start[1] + 1]
    is_left[patch[0]] = False
    for place in patch:  # grows while it is walked
        for step in steps:
            if is_left[place + step]:
                is_left[place + step] = False
                patch.append(place + step)
    cells = [(place // stride - 1, place % stride - 1) for place in patch]
    left[tuple(np.array(cells).T)] = False
    return cells


def _grown(cells: Cells) -> Cells:
    """Returns the cells grown by one cell on every side, for the faint rim of the ink."""
    padded = np.pad(cells, 1)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).any((2, 3)))
