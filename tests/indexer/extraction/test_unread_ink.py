"""Ink that layout analysis leaves out, with the real engine: lone digits, a cell on a rule, a pen's marks."""

from __future__ import annotations

import time
from pathlib import Path

import fontpkg_sarabun
import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.extraction.ocr.line_layout import Symbol, row_text
from indexer.extraction.ocr.recognition import recognise_page_picture
from indexer.extraction.ocr.tesseract import read_page
from indexer.extraction.ocr.unread_ink import read_unread_ink

FONT = ImageFont.truetype(Path(fontpkg_sarabun.__file__).parent / "files" / "Sarabun-Regular.ttf", 48)
ITEMS = ("โต๊ะทำงานพร้อมเก้าอี้", "เครื่องพิมพ์เอกสาร", "ตู้เก็บเอกสารสำนักงาน", "เครื่องปรับอากาศ", "พัดลมติดผนัง")
HEADING = "บัญชีรายการครุภัณฑ์ขององค์การบริหารส่วนตำบล"
SECONDS = 20.0


def page_with(*texts: tuple[int, int, str]) -> Image.Image:
    page = Image.new("L", (2480, 1800), 255)
    for left, top, text in ((700, 150, HEADING), *texts):
        ImageDraw.Draw(page).text((left, top), text, 0, FONT, language="th")
    return page


def heading(page: Image.Image) -> list[list[Symbol]]:
    """The heading's line alone, as layout analysis finds it."""
    return read_page(page.crop((0, 0, page.width, 260)), SECONDS)


def unread(page: Image.Image, seconds: float = SECONDS) -> list[str]:
    return [row_text(word) for word in read_unread_ink(heading(page), page, time.monotonic() + seconds)]


@pytest.mark.parametrize("rule", [2, 4])
def test_digits_alone_in_the_cells_of_a_table_are_read_in_their_rows(rule: int) -> None:
    page = page_with()
    draw = ImageDraw.Draw(page)
    for number, item in enumerate(ITEMS):
        top = 300 + 90 * number
        for left, text in ((230, str(number + 1)), (340, item), (1580, str(9 - number))):
            draw.text((left, top + 4), text, 0, FONT, language="th")
        draw.line((200, top, 1700, top), 0, rule)
        for left in (200, 320, 1500, 1700):
            draw.line((left, top, left, top + 90), 0, rule)
    rows = [f"{number + 1} {item} {9 - number}" for number, item in enumerate(ITEMS)]
    assert recognise_page_picture(page).text.splitlines() == [HEADING, *rows]


def test_an_amount_that_stands_on_a_thick_rule_is_read() -> None:
    page = page_with((1500, 600, "114.50"))
    ImageDraw.Draw(page).rectangle((1400, 651, 1900, 664), 0)
    assert unread(page) == ["114.50"]


def test_what_a_line_covers_is_not_read_twice() -> None:
    assert unread(page_with()) == []


def test_strokes_specks_and_pictures_are_no_words() -> None:
    page = page_with()
    draw = ImageDraw.Draw(page)
    draw.line([(300, 600), (340, 560), (330, 640), (420, 580), (390, 660), (470, 600)], 0, 5, "curve")
    draw.ellipse((1500, 500, 1800, 800), outline=0, width=12)
    draw.rectangle((600, 600, 603, 660), 0)
    draw.rectangle((900, 600, 906, 606), 0)
    assert unread(page) == []


def test_nothing_is_read_when_time_is_up() -> None:
    page = page_with((1500, 600, "114.50"))
    assert unread(page, -1.0) == []


def test_a_page_without_lines_has_nothing_to_measure_words_by() -> None:
    assert read_unread_ink([], page_with(), time.monotonic() + SECONDS) == []
