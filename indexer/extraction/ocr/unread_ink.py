"""Reads ink that layout analysis left out: cells of a digit or two, numbers of lists, words beside rules.

Sparse layout analysis drops ink that stands alone and is little, and what touches a thick rule. So ink that
no line covers is sought, rules are taken off it, and what is as high as a line of the page is read as a line
by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from indexer.extraction.ocr.line_image import LineImage
from indexer.extraction.ocr.line_layout import Symbol, body_extent
from indexer.extraction.ocr.noise import mean_confidence
from indexer.extraction.ocr.tesseract import read_line
from indexer.extraction.reading_errors import UnreadableFile

Mask = NDArray[np.bool_]
Cell = tuple[int, int]
"""Row and column."""

REDUCE = 4  # full-size pixels to one of the copy on which ink is sought
CELL = 4  # pixels of that copy to a cell: half the height of a letter at 300 dpi
INK = 70  # grey levels darker than paper from which on a pixel of that copy is ink
LEAST_INK = 3  # such pixels of a cell with ink
RULES = 32, 20  # pixels of that copy: runs across and down that are rules; letters with marks are lower
GAP = 1.0  # heights of a letter between symbols of a line, from which on ink between them is not covered
ABOVE, BELOW, BESIDE = 0.8, 0.5, 0.3  # heights of a letter that a line covers around its letters
MARGIN = 2  # cells at the sides of a page: the scanner's black edge
REACH = 2  # cells along a line, between ink of one word; down, cells touch
LEAST_HEIGHT, MOST_HEIGHT = 0.6, 2.2  # heights of a letter of the page: of ink that may be a word …
LEAST_WIDTH = 0.25  # … and its width; less is a stroke
MOST_WORDS = 60  # read on one page: on a photograph or a drawing there is no end of them
ROOM = 12  # pixels around a word
SURE = 0.975  # mean confidence of a word; scribbles and specks seldom have it


def read_unread_ink(
    lines: Sequence[Sequence[Symbol]], image: Image.Image, deadline: float
) -> list[list[Symbol]]:
    """Returns words on the page's picture that none of the lines covers; none after ``deadline``."""
    if not lines:
        return []
    ink, rules = _ink_and_rules(image)
    height = median(bottom - top for top, bottom in map(body_extent, lines))
    words: list[list[Symbol]] = []
    boxes = [box for box in _boxes(ink, _uncovered(ink, lines)) if _may_be_word(box, height)]
    for box in sorted(boxes, key=lambda box: box[0] - box[2])[:MOST_WORDS]:
        try:
            word = _read(box, image, rules, deadline - time.monotonic())
        except UnreadableFile:  # time is up: the page was read before
            break
        if mean_confidence(word) >= SURE and any(symbol.text[0].isalnum() for symbol in word):
            words.append(word)
    return words


def _ink_and_rules(image: Image.Image) -> tuple[Mask, Mask]:
    """Returns the ink of a reduced page without rules, and the rules with their rims."""
    small = np.asarray(image.reduce(REDUCE))
    ink = small < int(np.percentile(small[::4, ::4], 75)) - INK
    across, down = RULES
    rules = _long_runs(ink, across) | _long_runs(ink.T, down).T
    rules[1:] |= rules[:-1]
    rules[:-1] |= rules[1:]
    rules[:, 1:] |= rules[:, :-1]
    rules[:, :-1] |= rules[:, 1:]
    return ink & ~rules, rules


def _long_runs(ink: Mask, length: int) -> Mask:
    """Returns the pixels in runs of ink along a row that are so long."""
    steps: list[int] = []
    left = length - 1
    while left:
        steps.append(min(left, 1 << len(steps)))
        left -= steps[-1]
    runs = ink.copy()
    for step in steps:  # the places where runs begin
        runs[:, :-step] &= runs[:, step:]
        runs[:, -step:] = False
    for step in steps:
        runs[:, step:] |= runs[:, :-step].copy()
    return runs


def _uncovered(ink: Mask, lines: Sequence[Sequence[Symbol]]) -> Mask:
    """Returns the cells with ink that no line covers."""
    share = Image.fromarray(ink).convert("L").reduce(CELL)
    cells = np.asarray(share) >= 255 * LEAST_INK // CELL**2
    cells[:MARGIN] = cells[-MARGIN:] = False
    cells[:, :MARGIN] = cells[:, -MARGIN:] = False
    size = REDUCE * CELL
    for line in lines:
        top, bottom = body_extent(line)
        height = bottom - top
        rows = slice(max(0, int(top - ABOVE * height) // size), int(bottom + BELOW * height) // size + 1)
        for left, right in _stretches(line, GAP * height):
            columns = slice(
                max(0, int(left - BESIDE * height) // size), int(right + BESIDE * height) // size + 1
            )
            cells[rows, columns] = False
    return cells


def _stretches(line: Sequence[Symbol], gap: float) -> Iterator[tuple[int, int]]:
    """Yields left and right of the stretches of a line between gaps that wide."""
    left, right = line[0].left, line[0].right
    for symbol in line[1:]:
        if symbol.left - right > gap:
            yield left, right
            left = symbol.left
        right = max(right, symbol.right)
    yield left, right


def _boxes(ink: Mask, cells: Mask) -> Iterator[tuple[int, int, int, int]]:
    """Yields left, top, right and bottom, in full-size pixels, of ink in cells that hang together."""
    left = {(int(row), int(column)) for row, column in np.argwhere(cells)}
    while left:
        start = left.pop()
        patch = [start]
        for row, column in patch:  # grows while it is walked
            for near in _near(row, column):
                if near in left:
                    left.remove(near)
                    patch.append(near)
        rows, columns = zip(*patch, strict=True)
        top, start_column = CELL * min(rows), CELL * min(columns)
        part = ink[top : CELL * (max(rows) + 1), start_column : CELL * (max(columns) + 1)]
        down, along = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
        yield (
            REDUCE * (start_column + int(along[0])),
            REDUCE * (top + int(down[0])),
            REDUCE * (start_column + int(along[-1]) + 1),
            REDUCE * (top + int(down[-1]) + 1),
        )


def _near(row: int, column: int) -> Iterator[Cell]:
    for down in (-1, 0, 1):
        for along in range(-REACH, REACH + 1):
            yield row + down, column + along


def _may_be_word(box: tuple[int, int, int, int], height: float) -> bool:
    is_as_high = LEAST_HEIGHT * height <= box[3] - box[1] <= MOST_HEIGHT * height
    return is_as_high and box[2] - box[0] >= LEAST_WIDTH * height


def _read(box: tuple[int, int, int, int], image: Image.Image, rules: Mask, seconds: float) -> list[Symbol]:
    """Returns the ink in a box as it is read as a line, without rules. Raises what ``read_line`` does."""
    left, top = max(0, box[0] - ROOM) // REDUCE, max(0, box[1] - ROOM) // REDUCE
    right, bottom = -(-(box[2] + ROOM) // REDUCE), -(-(box[3] + ROOM) // REDUCE)
    mask = Image.fromarray(rules[top:bottom, left:right]).convert("L")
    place = left * REDUCE, top * REDUCE
    picture = image.crop((*place, min(image.width, right * REDUCE), min(image.height, bottom * REDUCE)))
    whole = mask.resize((mask.width * REDUCE, mask.height * REDUCE)).crop((0, 0, *picture.size))
    picture = ImageChops.lighter(picture, whole)
    found = read_line(picture, seconds, with_alternatives=False)
    return LineImage(picture, place[0], float(place[1]), 0.0).on_page(found, 1.0)
