"""Deskew: turns a page's picture upright and level, and converts it to grey, ready for OCR.

Everything is measured on a small copy of the page, which takes a tenth of a second. The rows of ink show if
text runs along or across the page and by how much the text leans. Thai has far more marks above its letters
than below them, which shows which side of the page is up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.extraction.image.dark_areas import invert_dark_areas
from indexer.extraction.image.illumination import even_illumination, strengthen_ink
from indexer.extraction.image.isolated_dots import remove_specks, without_dotted_rules
from indexer.extraction.image.overlaid_seal_removal import grey_without_overlaid_seals

Turn = Literal[0, 90, 180, 270]
Ink = NDArray[np.float32]  # 0 paper … 1 ink, by row and column of the small copy

SMALL = 900  # pixels of the small copy's longer side: a line of 16-point text is some 14 rows high
PATCH = 16  # pixels of the small copy: in so wide a patch some paper shows
STRIPS = 48  # strips in which columns are summed; each is shifted as a whole when a lean is tried
MOST_LEAN = 7.0  # degrees; pages lie askew in a feeder, not more than this
LEAST_SHARPNESS = 60_000.0  # sharpness of rows from which an orientation is clear: about four lines of text
CLEAR_ROWS = 2.0  # times as sharp as the rows across; pages of rules and of little text have less
CLEAR_MARKS = 1.4  # times as much ink over the lines as under them, or the reverse; text has 1.4–11
LEAST_LEAN = 0.1  # degrees; less moves no line by the height of a mark


@dataclass(frozen=True, slots=True)
class UprightPage:
    """A grey picture ready for recognition, with the turn and the lean that were taken out of it.

    ``turn`` is in degrees clockwise. ``lean`` is in degrees, clockwise as the lines then ran; the
    turned picture's columns were shifted by it.
    """

    image: Image.Image
    turn: Turn
    lean: float

    def skew_offset(self, x: float) -> float:
        """Returns the pixels by which column ``x`` lay lower on the turned page than it lies on ``image``."""
        return (x - self.image.width / 2) * math.tan(math.radians(self.lean))


@dataclass(frozen=True, slots=True)
class MeasuredPage:
    """A scanned page in grey with its likely turns, whether these are clear, and its lean both ways.

    It has no seals. ``turns``: all turns that may set the page upright, the likeliest first. ``is_clear``:
    the page's rows are plain to see, so the first turn or, failing it, the second is almost certainly right.
    """

    turns: tuple[Turn, ...]
    is_clear: bool
    grey: Image.Image
    lean_along: float  # degrees, of the rows as the page lies
    lean_across: float  # degrees, of the rows of the page turned by a quarter

    def upright(self, turn: Turn) -> UprightPage:
        """Returns the page turned clockwise by ``turn`` degrees, with level rows, without dotted rules."""
        turned = turned_upright(self.grey, turn)
        lean = self.lean_along if turn in (0, 180) else self.lean_across
        level = _sheared(turned, lean) if abs(lean) >= LEAST_LEAN else turned
        return UprightPage(without_dotted_rules(level), turn, lean)


def measure_orientation(image: Image.Image) -> MeasuredPage:
    """Cleans a page's picture (seals, specks, light) and measures its lean and likely turns."""
    grey = invert_dark_areas(grey_without_overlaid_seals(image))
    grey = strengthen_ink(remove_specks(even_illumination(grey)))
    ink = _ink(grey)
    along, across = _rows(ink), _rows(np.rot90(ink))
    best, other = (across, along) if across.sharpness > along.sharpness else (along, across)
    is_clear = best.sharpness >= max(LEAST_SHARPNESS, CLEAR_ROWS * other.sharpness)
    over, under = _ink_over_and_under(ink if best is along else np.rot90(ink), best.lean)
    if not max(over, under) >= CLEAR_MARKS * min(over, under):
        is_clear = False
    if best is along:
        turns: tuple[Turn, ...] = (180, 0, 90, 270) if under > over else (0, 180, 90, 270)
    else:  # np.rot90 turns counter-clockwise: what then reads upright needs 270 degrees clockwise
        turns = (90, 270, 0, 180) if under > over else (270, 90, 0, 180)
    return MeasuredPage(turns, is_clear, grey, along.lean, across.lean)


_CLOCKWISE = {
    90: Image.Transpose.ROTATE_270,  # Pillow counts counter-clockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def turned_upright(picture: Image.Image, turn: int) -> Image.Image:
    """Returns the picture turned clockwise by ``turn`` degrees (0, 90, 180, 270)."""
    return picture.transpose(_CLOCKWISE[turn]) if turn else picture


def _sheared(grey: Image.Image, lean: float) -> Image.Image:
    """Shifts columns by whole pixels until lines run level.

    Ten times faster than rotating, exact to undo, and as good to read: letters keep a slant of a few
    degrees.
    """
    pixels = np.asarray(grey)
    height, width = pixels.shape
    paper = int(np.percentile(pixels[::16, ::16], 75))
    level = np.full_like(pixels, paper)
    shifts = np.rint((np.arange(width) - width / 2) * math.tan(math.radians(lean))).astype(int)
    starts = np.flatnonzero(np.diff(shifts, prepend=shifts[0] - 1))
    for start, end in zip(starts, [*starts[1:], width], strict=True):
        shift = int(shifts[start])
        kept = pixels[max(0, shift) : height + min(0, shift), start:end]
        level[max(0, -shift) : height - max(0, shift), start:end] = kept
    return Image.fromarray(level)


def _ink(grey: Image.Image) -> Ink:
    """Returns the ink of a small copy: how much darker each pixel is than the paper around the pixel.

    The comparison with the paper nearby makes shading count for nothing.
    """
    small = np.asarray(grey.reduce(max(1, round(max(grey.size) / SMALL))), np.float32)
    height, width = (side - side % PATCH for side in small.shape)
    small = small[:height, :width]
    patches = small.reshape(height // PATCH, PATCH, width // PATCH, PATCH)
    paper = Image.fromarray(patches.max((1, 3))).resize((width, height), Image.Resampling.BILINEAR)
    ink = np.clip((np.asarray(paper) - small - 24) / 72, 0, 1)
    margin = max(2, min(ink.shape) // 50)  # the scanner's black edge
    ink[:margin] = ink[-margin:] = 0
    ink[:, :margin] = ink[:, -margin:] = 0
    return np.asarray(ink, np.float32)


@dataclass(frozen=True, slots=True)
class _Strips:
    """The small copy as sums over strips of columns, which can be shifted against each other."""

    sums: Ink  # by strip and row
    centres: NDArray[np.float64]  # of the strips, from the middle of the page

    def at(self, lean: float) -> NDArray[np.float32]:
        """Returns the ink by row, along lines that lean by the given degrees (clockwise positive)."""
        count, height = self.sums.shape
        shifts = np.rint(self.centres * math.tan(math.radians(lean))).astype(int)
        rows = np.clip(np.arange(height)[None, :] + shifts[:, None], 0, height - 1)
        return np.asarray(self.sums[np.arange(count)[:, None], rows].sum(0), np.float32)

    def sharpness(self, lean: float) -> float:
        return float(np.square(np.diff(self.at(lean))).sum())


def _strips(ink: Ink) -> _Strips:
    width = ink.shape[1]
    edges = np.linspace(0, width, STRIPS + 1).astype(int)
    return _Strips(np.add.reduceat(ink, edges[:-1], axis=1).T, (edges[:-1] + edges[1:]) / 2 - width / 2)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The sharpest fall of ink into rows, and the lean in degrees at which it is found."""

    sharpness: float
    lean: float


def _rows(ink: Ink) -> _Rows:
    strips = _strips(ink)
    lean = max(np.arange(-MOST_LEAN, MOST_LEAN + 0.01, 0.5), key=strips.sharpness)
    lean = max(np.arange(lean - 0.4, lean + 0.41, 0.1), key=strips.sharpness)
    return _Rows(strips.sharpness(lean), float(lean))


def _ink_over_and_under(ink: Ink, lean: float) -> tuple[float, float]:
    """Returns the ink over and under the bodies of the lines; on a page upside down more is under them.

    The body of a line is the run of rows with over half of the ink of its fullest row. Vowels and tone
    marks stand above it; only two vowels and a few tails stand below.
    """
    rows = _strips(ink).at(lean)
    full = np.asarray(np.convolve(rows, np.ones(3) / 3, "same"), np.float32)
    body = full > 0.45 * _peaks(full)
    starts = np.flatnonzero(body[1:] & ~body[:-1]) + 1
    ends = np.flatnonzero(~body[1:] & body[:-1]) + 1
    over = under = 0.0
    for start in starts:
        later = ends[ends > start]
        if not len(later):
            break
        end = int(later[0])
        height = end - start
        if 3 <= height <= 25:
            reach = max(2, round(height * 0.7))
            over += float(rows[max(0, start - reach) : start].sum())
            under += float(rows[end : end + reach].sum())
    return over, under


def _peaks(rows: NDArray[np.float32], reach: int = 14) -> NDArray[np.float32]:
    """Returns for every row the ink of the fullest row near it, with a minimum so that noise is no line."""
    padded = np.pad(rows, reach)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)
    return np.asarray(np.maximum(near, 0.02 * len(rows)), np.float32)
