"""Deskew: turns a page's picture upright and level, and converts it to grey, ready for OCR.

Everything is measured on a small copy of the page, which takes a tenth of a second. The rows of ink show if
text runs along or across the page and by how much the text leans. Thai has far more marks above its letters
than below them, which shows which side of the page is up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.extraction.image.dark_areas import invert_dark_areas
from indexer.extraction.image.illumination import even_illumination, strengthen_ink
from indexer.extraction.image.isolated_dot_removal import remove_specks, without_dotted_rules
from indexer.extraction.image.overlaid_seal_removal import grey_without_overlaid_seals

Turn = Literal[0, 90, 180, 270]
Leans = tuple[float, ...]
"""Degrees by which rows sink to the right: of all, or in the middles of equal bands from the top."""
Ink = NDArray[np.float32]  # 0 paper … 1 ink, by row and column of the small copy

SMALL = 900  # pixels of the small copy's longer side: a line of 16-point text is some 14 rows high
PATCH = 16  # pixels of the small copy: in so wide a patch some paper shows
STRIPS = 48  # strips in which columns are summed; each is shifted as a whole when a lean is tried
MOST_LEAN = 7.0  # degrees; pages lie askew in a feeder, not more than this …
STEEPEST = 16.0  # … and before a phone more, …
STEEPER = 1.5  # … where rows are so many times as sharp as at any lesser lean
LEAST_SHARPNESS = 60_000.0  # sharpness of rows from which an orientation is clear: about four lines of text
CLEAR_ROWS = 2.0  # times as sharp as the rows across; pages of rules and of little text have less
CLEAR_MARKS = 1.4  # times as much ink over the lines as under them, or the reverse; text has 1.4–11
LEAST_LEAN = 0.1  # degrees; less moves no line by the height of a mark
BANDS = 4  # equal bands of a page, from the top, in which rows may lean otherwise, as on photographs
MOST_BENT = 5.0  # degrees between the lean of a band's rows and that of all rows
BENT = 1.2  # times as sharp are the rows of a page, or of a band, where bands have leans of their own
PERHAPS_BENT = 1.04  # the same in whole degrees, from which on leans are sought more closely
LEAST_OF_BAND = 0.1  # of the bands' mean sharpness: one with less has too few rows to have a lean of its own


@dataclass(frozen=True, slots=True)
class UprightPage:
    """A grey picture ready for recognition, with the turn and the leans that were taken out of it.

    ``turn`` is in degrees clockwise. ``leans`` are those of the turned page's rows; the picture's columns
    were shifted by them.
    """

    image: Image.Image
    turn: Turn
    leans: Leans

    def skew_offset(self, x: float, y: float) -> float:
        """Returns the pixels by which a point of ``image`` lay lower on the turned page."""
        return (x - self.image.width / 2) * _slope(self.leans, y / self.image.height)


@dataclass(frozen=True, slots=True)
class MeasuredPage:
    """A scanned page in grey with its likely turns, whether these are clear, and its leans both ways.

    It has no seals. ``turns``: all turns that may set the page upright, the likeliest first. ``is_clear``:
    the page's rows are plain to see, so the first turn or, failing it, the second is almost certainly right.
    """

    turns: tuple[Turn, ...]
    is_clear: bool
    grey: Image.Image
    leans_along: Leans  # of the rows as the page lies
    leans_across: Leans  # of the rows of the page turned counter-clockwise by a quarter

    def upright(self, turn: Turn) -> UprightPage:
        """Returns the page turned clockwise by ``turn`` degrees, with level rows, without dotted rules."""
        turned = turned_upright(self.grey, turn)
        leans = self.leans_along if turn in (0, 180) else self.leans_across
        leans = leans if turn in (0, 270) else leans[::-1]
        return UprightPage(without_dotted_rules(_levelled(turned, leans)), turn, leans)


def measure_orientation(image: Image.Image) -> MeasuredPage:
    """Cleans a page's picture (seals, specks, light) and measures its leans and likely turns."""
    grey = invert_dark_areas(grey_without_overlaid_seals(image))
    grey = strengthen_ink(remove_specks(even_illumination(grey)))
    if min(grey.size) // _reduction(grey) < PATCH:  # a strip or a speck, on which no row can be measured
        return MeasuredPage((0, 90, 180, 270), False, grey, (0.0,), (0.0,))
    ink = _ink(grey)
    along, across = _rows(ink), _rows(np.rot90(ink))
    is_across = across.sharpness > along.sharpness
    best, other = (across, along) if is_across else (along, across)
    over, under = _ink_over_and_under(best)
    is_clear = best.sharpness >= max(LEAST_SHARPNESS, CLEAR_ROWS * other.sharpness)
    is_clear = is_clear and max(over, under) >= CLEAR_MARKS * min(over, under)
    if is_across:  # np.rot90 turns counter-clockwise: what then reads upright needs 270 degrees clockwise
        turns: tuple[Turn, ...] = (90, 270, 0, 180) if under > over else (270, 90, 0, 180)
    else:
        turns = (180, 0, 90, 270) if under > over else (0, 180, 90, 270)
    if not is_clear:  # most pages come upright
        turns = (0, *(turn for turn in turns if turn))
    return MeasuredPage(turns, is_clear, grey, along.leans, across.leans)


_CLOCKWISE = {
    90: Image.Transpose.ROTATE_270,  # Pillow counts counter-clockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def turned_upright(picture: Image.Image, turn: int) -> Image.Image:
    """Returns the picture turned clockwise by ``turn`` degrees (0, 90, 180, 270)."""
    return picture.transpose(_CLOCKWISE[turn]) if turn else picture


def _levelled(grey: Image.Image, leans: Leans) -> Image.Image:
    """Returns the picture with its columns shifted until lines run level.

    Letters keep a slant of a few degrees, and are as good to read. Shifts by whole pixels, where all lines
    lean alike, take a tenth of the time of rotating, and are exact to undo.
    """
    if len(leans) == 1:
        return _sheared(grey, leans[0]) if abs(leans[0]) >= LEAST_LEAN else grey
    width, height = grey.size
    cuts = [0, *(round((band + 0.5) * height / len(leans)) for band in range(len(leans))), height]
    drops = [width / 2 * _slope(leans, cut / height) for cut in cuts]
    quadrilaterals = [
        ((0, top, width, bottom), (0, top - up, 0, bottom - down, width, bottom + down, width, top + up))
        for (top, bottom), (up, down) in zip(pairwise(cuts), pairwise(drops), strict=True)
    ]
    return grey.transform(
        grey.size, Image.Transform.MESH, quadrilaterals, Image.Resampling.BILINEAR, fillcolor=_paper(grey)
    )


def _slope(leans: Leans, share: float) -> float:
    """Returns by how much rows sink for every pixel to the right, at a share of the page's height."""
    if len(leans) == 1:
        return math.tan(math.radians(leans[0]))
    middles = (np.arange(len(leans)) + 0.5) / len(leans)
    return math.tan(math.radians(float(np.interp(share, middles, leans))))


def _paper(grey: Image.Image) -> int:
    return int(np.percentile(np.asarray(grey)[::16, ::16], 75))


def _sheared(grey: Image.Image, lean: float) -> Image.Image:
    pixels = np.asarray(grey)
    height, width = pixels.shape
    level = np.full_like(pixels, _paper(grey))
    shifts = np.rint((np.arange(width) - width / 2) * math.tan(math.radians(lean))).astype(int)
    starts = np.flatnonzero(np.diff(shifts, prepend=shifts[0] - 1))
    for start, end in zip(starts, [*starts[1:], width], strict=True):
        shift = max(-height, min(height, int(shifts[start])))
        kept = pixels[max(0, shift) : height + min(0, shift), start:end]
        level[max(0, -shift) : height - max(0, shift), start:end] = kept
    return Image.fromarray(level)


def _reduction(grey: Image.Image) -> int:
    return max(1, round(max(grey.size) / SMALL))


def _ink(grey: Image.Image) -> Ink:
    """Returns the ink of a small copy: how much darker each pixel is than the paper around the pixel.

    The comparison with the paper nearby makes shading count for nothing.
    """
    small = np.asarray(grey.reduce(_reduction(grey)), np.float32)
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
        height = self.sums.shape[1]
        shifts = np.rint(self.centres * math.tan(math.radians(lean))).astype(int).tolist()
        reach = max(map(abs, shifts))
        padded = np.pad(self.sums, ((0, 0), (reach, reach)), "edge")
        shifted = np.lib.stride_tricks.sliding_window_view(padded, height, axis=1)
        rows: NDArray[np.float32] = shifted[np.arange(len(shifts)), reach + np.array(shifts)].sum(axis=0)
        return rows

    def sharpness(self, lean: float) -> float:
        return float(np.square(np.diff(self.at(lean))).sum())


def _strips(ink: Ink) -> _Strips:
    width = ink.shape[1]
    edges = np.linspace(0, width, STRIPS + 1).astype(int)
    return _Strips(np.add.reduceat(ink, edges[:-1], axis=1).T, (edges[:-1] + edges[1:]) / 2 - width / 2)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The ink of a page, with the leans at which it falls into the sharpest rows, and how sharp these are."""

    ink: Ink
    leans: Leans
    sharpness: float

    def fall(self) -> NDArray[np.float32]:
        """Returns the ink of every row of the level page."""
        if len(self.leans) == 1:
            return _strips(self.ink).at(self.leans[0])
        return _strips(np.asarray(_levelled(Image.fromarray(self.ink), self.leans))).at(0)


def _rows(ink: Ink) -> _Rows:
    strips = _strips(ink)
    lean = _sharpest(strips, float(max(np.arange(-MOST_LEAN, MOST_LEAN + 0.01, 0.5), key=strips.sharpness)))
    sharpness = strips.sharpness(lean)
    steep = np.arange(MOST_LEAN + 1, STEEPEST + 0.01)
    steepest = float(max((*steep, *-steep), key=strips.sharpness))
    steepest = _sharpest(strips, _sharpest(strips, steepest))
    if strips.sharpness(steepest) > STEEPER * sharpness:
        lean, sharpness = steepest, strips.sharpness(steepest)
    return _bent(_Rows(ink, (lean,), sharpness))


def _sharpest(strips: _Strips, lean: float) -> float:
    """Returns the lean near to the given one at which rows are sharpest."""
    return float(max(np.arange(lean - 0.4, lean + 0.41, 0.1), key=strips.sharpness))


def _bent(rows: _Rows) -> _Rows:
    """Returns the rows with a lean for each band; as they are if they are hardly sharper so.

    The rows of a page that curls, or that was photographed aslant, lean otherwise from band to band.
    """
    lean = rows.leans[0]
    bands = [_strips(part) for part in np.array_split(rows.ink, BANDS)]
    tried = np.arange(lean - MOST_BENT, lean + MOST_BENT + 0.01)
    by_lean = np.array([[strips.sharpness(each) for each in tried] for strips in bands])
    alike = by_lean[:, len(tried) // 2]
    if by_lean.max(1).sum() <= PERHAPS_BENT * alike.sum():
        return rows
    own = [
        _sharpest(strips, _sharpest(strips, tried[found.argmax()]))
        for strips, found in zip(bands, by_lean, strict=True)
    ]
    sharpness = np.array([strips.sharpness(each) for strips, each in zip(bands, own, strict=True)])
    if sharpness.sum() < BENT * alike.sum():
        return rows
    leans = np.where(sharpness >= BENT * alike, own, lean)
    has_rows = sharpness >= LEAST_OF_BAND * sharpness.mean()
    leans = np.interp(range(BANDS), np.flatnonzero(has_rows), leans[has_rows])
    return _Rows(rows.ink, tuple(map(float, leans)), float(sharpness.sum()))


def _ink_over_and_under(page: _Rows) -> tuple[float, float]:
    """Returns the ink over and under the bodies of the lines; on a page upside down more is under them.

    The body of a line is the run of rows with over half of the ink of its fullest row. Vowels and tone
    marks stand above it; only two vowels and a few tails stand below.
    """
    rows = page.fall()
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
