"""Inverts dark areas with light letters: negatives, head rows of tables, signs.

Recognition reads dark letters on light paper alone. Bars and a scanner's black edges have no light letters in
them, and dark letters on a dark ground, as on a copy of coloured cells or in a shadow, are read as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.extraction.image.overlaid_seal_removal import Cells, connected_cells

Area = tuple[NDArray[np.int64], ...]
"""Rows and columns of cells."""

REDUCE = 4  # full-size pixels to one of the copy that is judged
CELL = 4  # pixels of that copy to a cell: a third of a letter's height at 300 dpi
DARK = 160  # grey levels (of 255), below which a pixel may be the ground of light letters
LIGHT = 180  # grey levels from which on it may be of these letters
LEAST_DARK = 0.5  # share of such pixels in a cell of the ground
LEAST_HEIGHT, LEAST_WIDTH = 3, 8  # cells of an area: half of a head row, and a short word
LEAST_FILL = 0.8  # share of an area's rectangle that is dark; emblems on 24 scans had up to 0.72
LEAST_LETTERS, MOST_LETTERS = 0.01, 0.45  # share of light pixels inside an area with light letters …
ENOUGH_LETTERS = 300  # … or number of them: on a whole dark cover a title and an address are 0.5 %
PAPER = 95  # percentile of a page's tones that stands for paper, on photographs and grey copies 150–240 …
LEAST_PAPER = 150  # … and less on a page that is dark as a whole
WHITE = 240  # grey levels of paper that scanners leave as it is
LEAST_LINE = 0.02  # share of dark pixels in a row of cells in which dark letters stand
RULE = 0.6  # share of a row or column of an area that is all darker or all lighter: a rule, not letters
DARKER = 30  # grey levels from an even ground down to dark letters on it
DARKER_BY_SPREAD = (
    3  # times the median distance of the ground's tones from their median, as in a print of dots
)


def invert_dark_areas(grey: Image.Image) -> Image.Image:
    """Returns the page with dark areas inverted that hold light letters alone; itself if there is none."""
    small = np.asarray(grey.reduce(REDUCE))
    height, width = small.shape[0] // CELL, small.shape[1] // CELL
    if not height or not width:
        return grey
    whiter = _paper_to_white(small)
    small = np.minimum(small * np.float32(whiter), 255).astype(np.uint8) if whiter > 1 else small
    blocks = small[: height * CELL, : width * CELL].reshape(height, CELL, width, CELL).swapaxes(1, 2)
    left = _smoothed((blocks < DARK).mean((2, 3)) >= LEAST_DARK)
    inverted = grey
    for start in zip(*np.nonzero(_inside(left)), strict=True):
        if left[start]:
            area = tuple(np.array(connected_cells(left, (int(start[0]), int(start[1])))).T)
            if not _is_ground(area):
                continue
            inside = _inside_area(area, left.shape)
            if _has_light_letters_alone(*_cut_out(blocks, inside)):
                copy = grey.copy() if inverted is grey else inverted
                ground = float(np.median(blocks[inside])) / whiter
                inverted = _with_inverted(copy, area, ground, 255 / whiter)
    return inverted


def _paper_to_white(tones: NDArray[np.uint8]) -> float:
    """Returns the factor by which tones are to be raised until paper is white; 1 without light paper."""
    paper = float(np.percentile(tones[::2, ::2], PAPER))
    return WHITE / paper if LEAST_PAPER <= paper < WHITE else 1.0


def _inside_area(area: Area, shape: tuple[int, ...]) -> Cells:
    """Returns the cells around which the area goes on; those at its edge hold paper that lies beside it."""
    cells = np.zeros(shape, np.bool_)
    cells[area] = True
    return _inside(cells)


def _cut_out(blocks: NDArray[np.uint8], cells: Cells) -> tuple[NDArray[np.uint8], Cells]:
    """Returns the tones of the rectangle around the cells, and which of these are in the cells."""
    rows, columns = (slice(places.min(), places.max() + 1) for places in np.nonzero(cells))
    part, within = blocks[rows, columns], cells[rows, columns]
    tones = part.swapaxes(1, 2).reshape(part.shape[0] * CELL, part.shape[1] * CELL)
    return tones, within.repeat(CELL, 0).repeat(CELL, 1)


def _has_light_letters_alone(tones: NDArray[np.uint8], within: Cells) -> bool:
    """Returns True if some pixels are as light as letters on a dark ground and none are darker letters.

    The rules of a table, which are as dark or as light, do not count.
    """
    light = (tones >= LIGHT) & within
    ground = np.median(tones[within])
    spread = DARKER_BY_SPREAD * np.median(np.abs(tones[within] - ground))
    has_room = ground - spread >= DARKER  # or else black letters would be taken for dots of the ground
    dark = (tones <= ground - (max(DARKER, spread) if has_room else DARKER)) & within
    counted = within.copy()
    for ink in (light, dark):
        for axis in (0, 1):
            rules = ink.sum(axis, keepdims=True) >= RULE * within.sum(axis, keepdims=True)
            counted &= ~rules
    lightness = (light & counted).sum() / max(1, counted.sum())
    darkness = _by_strip(dark & counted) / np.maximum(1, _by_strip(counted))
    has_letters = lightness >= LEAST_LETTERS or (light & counted).sum() >= ENOUGH_LETTERS
    return bool(has_letters and lightness <= MOST_LETTERS and darkness.max() < LEAST_LINE)


def _by_strip(pixels: Cells) -> NDArray[np.int64]:
    """Returns the number of the pixels in every row of cells: a short line of letters fills a few of them."""
    return np.asarray(pixels.reshape(-1, CELL * pixels.shape[1]).sum(1))


def _with_inverted(grey: Image.Image, area: Area, ground: float, paper: float) -> Image.Image:
    """Returns the page, changed in place: the ground of an area is white, letters as light as paper black."""
    rows, columns = area
    cells = np.zeros((np.ptp(rows) + 1, np.ptp(columns) + 1), np.bool_)
    cells[rows - rows.min(), columns - columns.min()] = True
    scale = CELL * REDUCE
    mask = Image.fromarray(cells).convert("L").resize((cells.shape[1] * scale, cells.shape[0] * scale))
    place = int(columns.min()) * scale, int(rows.min()) * scale
    part = grey.crop((*place, place[0] + mask.width, place[1] + mask.height))
    grey.paste(
        part.point(lambda tone: 255 - 255 * min(1.0, max(0.0, (tone - ground) / (paper - ground)))),
        place,
        mask,
    )
    return grey


def _smoothed(cells: Cells) -> Cells:
    """Returns the cells of which most neighbours are set: letters leave no holes, strokes go."""
    near = np.lib.stride_tricks.sliding_window_view(np.pad(cells, 1), (3, 3)).sum((2, 3))
    return np.asarray(near >= 5)


def _inside(cells: Cells) -> Cells:
    """Returns the cells with all neighbours set, of which every area that is large enough has some."""
    near = np.lib.stride_tricks.sliding_window_view(np.pad(cells, 1), (3, 3)).all((2, 3))
    return np.asarray(near)


def _is_ground(area: Area) -> bool:
    """Returns True if an area has the size and the shape of the ground of a row of letters."""
    height, width = np.ptp(area[0]) + 1, np.ptp(area[1]) + 1
    is_filled = len(area[0]) >= LEAST_FILL * height * width
    return bool(height >= LEAST_HEIGHT and width >= LEAST_WIDTH and is_filled)
