"""Text as a page's content streams show it: glyphs in runs along a baseline, and the geometry of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]


class Glyph(NamedTuple):
    """A shown character code: its text and its extent along the baseline, in points."""

    text: str
    start: float
    end: float


@dataclass(slots=True)
class Run:
    """Glyphs shown by one operator, with the angle, level and font size of their baseline.

    The operator may be one /ActualText that replaces them. ``angle``: the baseline's direction in degrees,
    counter-clockwise. ``level``: the distance of the baseline from the origin, across the direction.
    ``size``: the em, in points.
    """

    glyphs: list[Glyph]
    angle: float
    level: float
    size: float
    font: int  # number that the interpreter gave the font


def transform_box(matrix: Matrix, box: Box) -> Box:
    """Returns the upright box around a transformed box."""
    a, b, c, d, e, f = matrix
    xs = [a * x + c * y + e for x in (box[0], box[2]) for y in (box[1], box[3])]
    ys = [b * x + d * y + f for x in (box[0], box[2]) for y in (box[1], box[3])]
    return min(xs), min(ys), max(xs), max(ys)
