"""Removes the specks of copiers and faxes, where a page is strewn with them.

Layout analysis finds no lines among so many specks, and rows of ink that show which side is up drown in them.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from indexer.extraction.image.dotted_rules import DOT, INK, REDUCE, isolated_dot_corners

SPECKLED = 0.004  # share of a reduced page's pixels at which an isolated dot begins; 24 real scans had up to
# 0.0025, forms with dotted rules 0.0021, pages on which no lines were found 0.006 and more
FILTER = 3  # pixels: side of the median filter; with 5, small type is lost: 65 % of a page's letters for 6 %


def remove_specks(grey: Image.Image) -> Image.Image:
    """Returns the page without specks if it is strewn with them; otherwise the page itself."""
    return grey.filter(ImageFilter.MedianFilter(FILTER)) if _is_speckled(grey) else grey


def _is_speckled(grey: Image.Image) -> bool:
    small = np.asarray(grey.reduce(REDUCE), np.int16)
    if min(small.shape) <= 2 * DOT:
        return False
    paper = int(np.median(small[::4, ::4]))
    return bool(isolated_dot_corners(small < paper - INK).mean() > SPECKLED)
