"""Median and maximum around each pixel, beside Pillow's own filters."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from indexer.extraction.image.median_filter import maximum_around, median_of_nine


@pytest.mark.parametrize("size", [(1, 1), (5, 1), (3, 4), (230, 140), (31, 600)])
def test_filters_are_those_of_pillow(size: tuple[int, int]) -> None:
    width, height = size
    grey = Image.fromarray(np.random.default_rng(7).integers(0, 256, (height, width), dtype=np.uint8))
    assert median_of_nine(grey).tobytes() == grey.filter(ImageFilter.MedianFilter(3)).tobytes()
    assert maximum_around(grey, 3).tobytes() == grey.filter(ImageFilter.MaxFilter(3)).tobytes()
    widened = grey
    for _ in range(4):  # the same as ``MaxFilter(9)``, which refuses small pictures
        widened = widened.filter(ImageFilter.MaxFilter(3))
    assert maximum_around(grey, 9).tobytes() == widened.tobytes()
