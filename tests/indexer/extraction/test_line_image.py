"""Pictures of lines: level, with room for marks, whatever strokes touch their letters."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from indexer.extraction.ocr.line_image import cut_line, measure_baseline
from indexer.extraction.ocr.line_layout import Symbol

HEIGHT, ADVANCE = 30, 40
LETTERS = "กขคงจชซญดตถทธนบปผพ"


def row(slope: float = 0.0, stretched: int = 0) -> list[Symbol]:
    """A row that falls by ``slope``; strokes of a signature touch its first ``stretched`` letters."""
    symbols = []
    for number, letter in enumerate(LETTERS):
        left = 100 + ADVANCE * number
        bottom = 200 + round(slope * left)
        stroke = 45 if number < stretched else 0
        symbols.append(Symbol(letter, left, bottom - HEIGHT - stroke, left + 30, bottom + stroke, 0.99))
    return symbols


@pytest.mark.parametrize("slope", [0.0, 0.04, -0.06])
def test_the_slope_and_the_height_of_a_row_are_measured(slope: float) -> None:
    baseline = measure_baseline(row(slope))
    assert baseline.slope == pytest.approx(slope, abs=0.003)
    assert baseline.height == pytest.approx(HEIGHT, abs=1)
    assert baseline.at_zero == pytest.approx(200, abs=2)


def test_strokes_of_a_signature_do_not_move_the_baseline() -> None:
    disturbed = measure_baseline(row(0.02, stretched=11))
    assert disturbed.height == pytest.approx(HEIGHT, abs=1)
    assert disturbed.slope == pytest.approx(0.02, abs=0.004)


def test_specks_among_the_letters_are_passed_over_with_a_higher_percentile() -> None:
    specks = [Symbol("2", 800 + 20 * number, 190, 810 + 20 * number, 200, 0.95) for number in range(6)]
    assert measure_baseline([*row(), *specks]).height == pytest.approx(10, abs=1)
    assert measure_baseline([*row(), *specks], 40).height == pytest.approx(HEIGHT, abs=1)


def test_letters_of_all_heights_have_a_baseline() -> None:
    uneven = [Symbol("ก", 0, 0, 10, 100, 0.9), Symbol("ข", 20, 0, 30, 300, 0.9)]
    assert measure_baseline(uneven).height >= 1


def test_a_sloping_row_is_cut_level_and_found_again_on_the_page() -> None:
    symbols = row(0.05)
    page = Image.new("L", (1000, 400), 255)
    draw = ImageDraw.Draw(page)
    for symbol in symbols:
        draw.rectangle((symbol.left, symbol.top, symbol.right, symbol.bottom - 1), fill=0)
    line = cut_line(page, symbols, measure_baseline(symbols))
    first, last = (
        line.image.crop((0, 0, 60, line.image.height)),
        line.image.crop((690, 0, 750, line.image.height)),
    )
    tops = [Image.eval(part, lambda value: 255 - value).getbbox() for part in (first, last)]
    assert tops[0]
    assert tops[1]
    assert abs(tops[0][1] - tops[1][1]) <= 2
    ink = Image.eval(line.image, lambda value: 255 - value).getbbox()
    assert ink is not None
    read = [Symbol("พ", ink[2] - 30, ink[1], ink[2], ink[3], 0.9)]
    placed = line.on_page(read, scale=1.0)[0]
    assert (placed.left, placed.top, placed.bottom) == pytest.approx(
        (symbols[-1].left, symbols[-1].top, symbols[-1].bottom), abs=3
    )
    half = [Symbol("พ", read[0].left // 2, read[0].top // 2, read[0].right // 2, read[0].bottom // 2, 0.9)]
    assert line.on_page(half, scale=0.5)[0].left == pytest.approx(placed.left, abs=2)


def test_of_a_stretch_of_a_row_nothing_of_its_neighbours_is_seen() -> None:
    symbols = row()
    page = Image.new("L", (1000, 400), 255)
    draw = ImageDraw.Draw(page)
    for symbol in symbols:
        draw.rectangle((symbol.left, symbol.top, symbol.right, symbol.bottom - 1), fill=0)
    line = cut_line(page, symbols, measure_baseline(symbols), range(3, 6))
    ink = Image.eval(line.image, lambda value: 255 - value).getbbox()
    assert ink
    assert (line.left + ink[0], line.left + ink[2] - 1) == (symbols[3].left, symbols[5].right)
