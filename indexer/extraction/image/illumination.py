"""Corrects the tones of a page: uneven light on photographs, and ink that hardly differs from its paper."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from indexer.extraction.image.median_filter import maximum_around, median_of_nine

REDUCE = 8  # full-size pixels to one of the copy that the paper is measured on
NEAR = 9  # pixels of that copy (odd): so wide a patch of a page shows some paper
UNEVEN = 30  # grey levels (of 255) from darkest to lightest paper; scans had up to 5, photographs 40–80
DARK = 200  # grey level (of 255) of paper; scans had 233 and more, photographs 155–207
PAPER = 250  # grey level that paper gets
BAND = 64  # rows that are evened at a time: memory for fractions of a whole page costs more time than evening
PATCH = (3, 12)  # full-size pixels to one of a copy, and its pixels to a patch: the height of a small letter
GRAIN = 20  # percentile of the patches' contrast that stands for paper
LEAST_GRAIN = 4.0  # grey levels: scanners that whiten paper leave none
OVER_GRAIN = 2.5  # times the contrast of paper that patches with ink have, at least
LEAST_PATCHES = 40  # patches with ink to judge it by: about one line of text
INKED = 90  # percentile of these patches' contrast that stands for ink
PALE = 110  # grey levels from ink to paper, below which a page is pale; 24 real scans had 140–255
FAINT = 30  # grey levels, below which it is the other side of the sheet that shows through
SOFT = 1.0  # pixels: radius that takes off the grain, which would grow with the contrast


def even_illumination(grey: Image.Image) -> Image.Image:
    """Returns a photograph of a page with paper of even brightness; returns a scan unchanged."""
    small = grey.reduce(REDUCE)
    if min(small.size) <= NEAR:
        return grey
    paper = maximum_around(median_of_nine(small), NEAR)
    darkest, middle, lightest = np.percentile(np.asarray(paper), (5, 50, 95))
    if lightest - darkest < UNEVEN and middle >= DARK:
        return grey
    level = paper.filter(ImageFilter.GaussianBlur(NEAR // 2)).resize(grey.size, Image.Resampling.BILINEAR)
    light, evened = np.asarray(level), np.array(grey)
    for top in range(0, grey.height, BAND):
        band = slice(top, top + BAND)
        brightness = np.maximum(light[band].astype(np.float32), 1.0)
        evened[band] = np.minimum(evened[band] / brightness * PAPER, 255)
    return Image.fromarray(evened)


def strengthen_ink(grey: Image.Image) -> Image.Image:
    """Returns a pale page, such as a carbon copy, with dark ink and without grain; others unchanged."""
    reduce, side = PATCH
    small = np.asarray(grey.reduce(reduce))
    margins = (small.shape[0] // 20, small.shape[1] // 20)  # the scanner's black edge
    inner = small[margins[0] : small.shape[0] - margins[0], margins[1] : small.shape[1] - margins[1]]
    height, width = inner.shape[0] // side, inner.shape[1] // side
    if not height or not width:
        return grey
    patches = inner[: height * side, : width * side].reshape(height, side, width, side)
    contrasts = patches.max((1, 3)) - patches.min((1, 3))
    grain = max(LEAST_GRAIN, float(np.percentile(contrasts, GRAIN)))
    with_ink = contrasts[contrasts >= OVER_GRAIN * grain]
    contrast = float(np.percentile(with_ink, INKED)) if len(with_ink) >= LEAST_PATCHES else 0.0
    if not FAINT <= contrast < PALE:
        return grey
    paper = float(np.median(inner))
    factor = PAPER / contrast
    return grey.filter(ImageFilter.GaussianBlur(SOFT)).point(lambda tone: PAPER - (paper - tone) * factor)
