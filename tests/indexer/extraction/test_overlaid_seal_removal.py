"""Seals and signatures over black text go, on pages of any size; coloured print of a form stays."""

from __future__ import annotations

from pathlib import Path

import fontpkg_sarabun
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.extraction.image.overlaid_seal_removal import grey_without_overlaid_seals

FONT = ImageFont.truetype(Path(fontpkg_sarabun.__file__).parent / "files" / "Sarabun-Regular.ttf", 52)
A4 = (2480, 3508)  # pixels at 300 dpi
TEXT = "ผู้สนใจยื่นใบสมัครได้ที่งานการเจ้าหน้าที่ สำนักปลัด"
END = round(100 + FONT.getlength(TEXT))
BLUE, RED = (30, 60, 160), (200, 30, 40)


def page_with_text(size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(page)
    for top in range(60, size[1] - 100, 110):
        draw.text((100, top), TEXT, "black", FONT)
    return page, draw


def coloured_ink_left(page: Image.Image) -> float:
    """The share of the pixels of coloured ink among the text that are dark in grey without seals."""
    colours = np.asarray(page)[:, :END].astype(int)
    is_ink = (np.ptp(colours, axis=2) >= 60) & (colours.min(2) < 100)
    return float((np.asarray(grey_without_overlaid_seals(page))[:, :END][is_ink] < 160).mean())


@pytest.mark.parametrize("size", [(1200, 700), A4])
def test_a_seal_goes_from_a_small_picture_as_from_a_whole_page(size: tuple[int, int]) -> None:
    page, draw = page_with_text(size)
    draw.ellipse((420, 180, 820, 580), outline=RED, width=9)
    draw.ellipse((500, 260, 740, 500), outline=RED, width=9)
    assert coloured_ink_left(page) < 0.05


def test_a_seal_a_signature_and_a_stamp_that_touch_go() -> None:
    page, draw = page_with_text(A4)
    draw.ellipse((420, 1180, 820, 1580), outline=BLUE, width=9)
    draw.line([(780, 1400), (900, 1180), (1000, 1700), (1200, 1300), (1470, 1500)], BLUE, 9)
    draw.text((1000, 1480), "นายกเทศมนตรีตำบล", BLUE, FONT)
    assert coloured_ink_left(page) < 0.05


def test_a_large_coloured_stroke_over_text_goes() -> None:
    page, draw = page_with_text(A4)
    draw.line((200, 300, 1400, 3100), RED, 12)
    draw.ellipse((150, 600, 1500, 2200), outline=RED, width=12)
    assert coloured_ink_left(page) < 0.05


@pytest.mark.parametrize("lean", [0, 8])
def test_a_ruled_form_of_one_colour_stays_where_black_letters_are_filled_in(lean: int) -> None:
    page, draw = page_with_text(A4)
    for top in range(300, 3000, 160):
        draw.line((150, top, 2300, top + lean), BLUE, 4)
    for left in (150, 700, 1500, 2300):
        draw.line((left, 300, left - lean, 2940), BLUE, 4)
    assert coloured_ink_left(page) > 0.9


def test_a_stamp_is_lightened_only_where_it_lies_over_text() -> None:
    text = "ด้วยเทศบาลมีความประสงค์จะรับสมัครบุคคลเพื่อเลือกสรร"
    page = Image.new("RGB", (2480, 1400), "white")
    draw = ImageDraw.Draw(page)
    for top in range(100, 1200, 110):
        draw.text((200, top), text, "black", FONT)
    end = round(draw.textbbox((200, 100), text, FONT)[2])
    draw.rectangle((end - 80, 250, end + 700, 640), outline=BLUE, width=9)
    for top in (262, 382, 502):
        draw.text((end + 150, top), "รับที่ ๑๒๓๔", BLUE, FONT)
    plain, grey = np.asarray(page.convert("L")), np.asarray(grey_without_overlaid_seals(page))
    assert np.array_equal(grey[:, end + 140 :], plain[:, end + 140 :])
    rule_over_text = slice(250, 640), slice(end - 85, end - 70)
    assert (grey[rule_over_text] < 160).mean() < (plain[rule_over_text] < 160).mean() / 2
