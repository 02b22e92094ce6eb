"""Sides of recognised letters: moved into the gaps between the glyphs, never into a gap inside a glyph."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from indexer.extraction.ocr.glyph_alignment import align_to_ink
from indexer.extraction.ocr.line_layout import Symbol

GLYPHS = {  # letter → its left and right side, and the strokes in it, in pixels
    "เ": (100, 116, ((103, 113),)),
    "ก": (116, 146, ((119, 143),)),
    "ร": (146, 171, ((149, 156), (161, 168))),
    "ณ": (171, 212, ((174, 188), (193, 209))),
    "า": (212, 237, ((215, 234),)),
    "ท": (237, 270, ((240, 250), (255, 267))),
}


@pytest.mark.parametrize("shift", [0, 12, -12, 20])
def test_letters_with_gaps_inside_keep_their_widths(shift: int) -> None:
    """``shift``: pixels by which the recogniser has the borders inside the word off."""
    image = Image.new("L", (400, 100), "white")
    draw = ImageDraw.Draw(image)
    for _, _, strokes in GLYPHS.values():
        for left, right in strokes:
            draw.rectangle((left, 30, right, 60), fill="black")
    places = [left + (shift if number else 0) for number, (left, _, _) in enumerate(GLYPHS.values())] + [270]
    row = [
        Symbol(letter, places[number], 30, places[number + 1], 60, 0.99)
        for number, letter in enumerate(GLYPHS)
    ]
    aligned = align_to_ink(row, image)
    assert [symbol.text for symbol in aligned] == list(GLYPHS)
    for symbol in aligned:
        left, right, _ = GLYPHS[symbol.text]
        assert (symbol.left, symbol.right) == pytest.approx((left, right), abs=3)


@pytest.mark.parametrize("row", ["ก - ก", "-"])
def test_a_dash_read_as_a_hyphen_keeps_its_width(row: str) -> None:
    image = Image.new("L", (400, 100), "white")
    draw = ImageDraw.Draw(image)
    for left, right in ((100, 130), (180, 206), (250, 280)):
        is_dash = left == 180
        draw.rectangle((left, 44 if is_dash else 30, right, 47 if is_dash else 60), fill="black")
    ka, dash = Symbol("ก", 100, 30, 130, 60, 0.99), Symbol("-", 180, 30, 206, 60, 0.99, has_space_before=True)
    last = Symbol("ก", 250, 30, 280, 60, 0.99, has_space_before=True)
    aligned = align_to_ink([ka, dash, last] if len(row) > 1 else [dash], image)
    found = next(symbol for symbol in aligned if symbol.text == "-")
    assert found.right - found.left >= 24
