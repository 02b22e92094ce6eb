"""Dark areas: light letters on them are inverted, dark letters on them stay as they are."""

from __future__ import annotations

from pathlib import Path

import fontpkg_sarabun
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from indexer.extraction.image.dark_areas import invert_dark_areas

FONT = ImageFont.truetype(Path(fontpkg_sarabun.__file__).parent / "files" / "Sarabun-Regular.ttf", 44)
BAND = 70  # pixels: height of a head row at 300 dpi
TONES = (76, 112, 131)  # of the dark grounds that a spreadsheet offers
PLACES = range(480, 512, 3)  # where the band begins on the grid of cells


def page_with_band(tone: int, top: int, letters: int) -> Image.Image:
    page = Image.new("L", (1240, 900), 255)
    draw = ImageDraw.Draw(page)
    draw.rectangle((100, top, 1100, top + BAND - 1), tone)
    draw.text((140, top + 2), "รายการ     งบประมาณ     หน่วยงานรับผิดชอบ", letters, FONT)
    return page


@pytest.mark.parametrize("tone", TONES)
def test_black_letters_on_a_dark_ground_stay(tone: int) -> None:
    pages = [page_with_band(tone, top, 10) for top in PLACES]
    assert all(invert_dark_areas(page) is page for page in pages)


@pytest.mark.parametrize("tone", TONES)
def test_white_letters_on_a_dark_ground_turn_black_wherever_the_band_begins(tone: int) -> None:
    for top in PLACES:
        band = np.asarray(invert_dark_areas(page_with_band(tone, top, 255)))[
            top + 16 : top + BAND - 16, 120:1080
        ]
        assert np.median(band) == 255
        assert 0.03 < (band < 60).mean() < 0.3


@pytest.mark.parametrize("paper", [160, 185, 212])
def test_letters_as_light_as_the_paper_of_a_grey_copy_turn_black(paper: int) -> None:
    copy = page_with_band(112, 490, 255).point(lambda tone: tone * paper / 255)
    band = np.asarray(invert_dark_areas(copy))[510:540, 120:1080]
    assert np.median(band) == 255
    assert 0.03 < (band < 60).mean() < 0.3


def test_few_white_letters_on_a_whole_dark_cover_turn_black() -> None:
    cover = Image.new("L", (2480, 3508), 20)
    ImageDraw.Draw(cover).text((700, 1400), "รายงานประจำปี ๒๕๖๕", 255, FONT.font_variant(size=96))
    pixels = np.asarray(invert_dark_areas(cover))
    assert np.median(pixels) == 255
    assert (pixels[1400:1540, 700:1300] < 60).mean() > 0.03


@pytest.mark.parametrize("width", [2, 3, 5])
def test_black_rules_around_the_cells_of_a_head_row_do_not_keep_it_dark(width: int) -> None:
    page = page_with_band(110, 490, 255)
    for left in range(100, 1101, 200):
        ImageDraw.Draw(page).line((left, 490, left, 490 + BAND - 1), 0, width)
    assert np.median(np.asarray(invert_dark_areas(page))[510:540, 120:1080]) == 255


def test_black_text_in_the_sharp_shadow_of_a_fold_stays() -> None:
    page = Image.new("L", (1240, 900), 250)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 692, 1239, 899), 130)
    for top in (700, 770, 840):
        draw.text((140, top), "จึงประกาศมาให้ทราบโดยทั่วกัน", 30, FONT)
    assert invert_dark_areas(page) is page


def test_black_letters_beside_white_ones_stay() -> None:
    page = page_with_band(112, 490, 255)
    ImageDraw.Draw(page).text((900, 492), "หมายเหตุ", 10, FONT)
    assert invert_dark_areas(page) is page


@pytest.mark.parametrize("tone", [60, 76, 100, 112, 131])
@pytest.mark.parametrize("beside", ["a large white headline", "white rules between cells"])
def test_sparse_black_print_stays_beside_much_white(tone: int, beside: str) -> None:
    page = Image.new("L", (2200, 900), 255)
    draw = ImageDraw.Draw(page)
    draw.rectangle((100, 400, 2099, 639), tone)
    if beside == "a large white headline":
        for left in range(140, 1900, 28):
            draw.rectangle((left, 420, left + 8, 510), 255)
    else:
        for left in range(300, 2000, 200):
            draw.rectangle((left, 400, left + 9, 639), 255)
    for left in range(150, 700, 40):
        draw.rectangle((left, 560, left + 3, 590), 0)
    assert invert_dark_areas(page) is page


def page_with_bar_in_dots(tone: int, lines: int) -> Image.Image:
    """Returns a page at 300 dpi, white strokes on a bar of ``lines`` rows of dots an inch, at 45 degrees."""
    down, across = np.mgrid[0:240, 0:1200] * (2 * np.pi * lines / 300 * 0.5**0.5)
    height = (np.cos(across + down) + np.cos(down - across) + 2) / 4
    bar = np.where(height < np.quantile(height, 1 - tone / 255), 15.0, 240.0)
    bar += np.random.default_rng(1).normal(0, 3, bar.shape)
    page = Image.new("L", (1400, 700), 255)
    page.paste(Image.fromarray(np.clip(bar, 0, 255).astype(np.uint8)), (100, 200))
    draw = ImageDraw.Draw(page)
    for left in range(160, 1200, 28):
        draw.rectangle((left, 230, left + 8, 320), 250)
    return page


@pytest.mark.parametrize(("tone", "lines"), [(80, 100), (90, 141), (60, 85), (80, 150)])
def test_white_letters_on_a_bar_printed_in_dots_turn_black(tone: int, lines: int) -> None:
    scan = page_with_bar_in_dots(tone, lines).filter(ImageFilter.GaussianBlur(1))
    assert invert_dark_areas(scan) is not scan


@pytest.mark.parametrize("tone", [60, 75, 90])
def test_black_letters_on_a_bar_in_coarse_dots_stay(tone: int) -> None:
    page = page_with_bar_in_dots(tone, 50)
    for left in range(160, 1200, 28):
        ImageDraw.Draw(page).rectangle((left, 360, left + 8, 410), 0)
    scan = page.point(lambda level: 255 * (level > 127))
    assert invert_dark_areas(scan) is scan


@pytest.mark.parametrize("size", [(3000, 10), (10, 3000), (1, 1)])
def test_a_picture_thinner_than_a_cell_has_no_dark_areas(size: tuple[int, int]) -> None:
    strip = Image.new("L", size, 20)
    assert invert_dark_areas(strip) is strip
