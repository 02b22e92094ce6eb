"""Corrects uneven illumination on photographs of pages, where light is weaker at edges and in folds."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

REDUCE = 8  # full-size pixels to one of the copy that the paper is measured on
NEAR = 9  # pixels of that copy (odd): so wide a patch of a page shows some paper
UNEVEN = 30  # grey levels (of 255) from darkest to lightest paper; scans had up to 5, photographs 40–80
DARK = 200  # grey level (of 255) of paper; scans had 233 and more, photographs 155–207
PAPER = 250  # grey level that paper gets


def evened(grey: Image.Image) -> Image.Image:
    """Returns a photograph of a page with paper of even brightness; returns a scan unchanged."""
    small = grey.reduce(REDUCE)
    if min(small.size) <= NEAR:
        return grey
    paper = small.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.MaxFilter(NEAR))
    darkest, middle, lightest = np.percentile(np.asarray(paper), (5, 50, 95))
    if lightest - darkest < UNEVEN and middle >= DARK:
        return grey
    level = paper.filter(ImageFilter.GaussianBlur(NEAR // 2)).resize(grey.size, Image.Resampling.BILINEAR)
    light = np.maximum(np.asarray(level, np.float32), 1.0)
    return Image.fromarray(np.clip(np.asarray(grey, np.float32) / light * PAPER, 0, 255).astype(np.uint8))
