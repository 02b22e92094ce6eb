"""Second layout with the real engine: rows that were misread are replaced, rows that are sure stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fontpkg_sarabun
import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.extraction.ocr.line_layout import Symbol, join_rows, row_text
from indexer.extraction.ocr.second_layout import choose_rows, is_second_layout_worthwhile
from indexer.extraction.ocr.tesseract import read_page

FONT = Path(fontpkg_sarabun.__file__).parent / "files" / "Sarabun-Regular.ttf"
LINES = ("เป็นหนังสือสำคัญแสดงกรรมสิทธิ์", "ออกโดยอาศัยอำนาจตามประมวลกฎหมายที่ดิน", "มาตราส่วนในระวาง")


@pytest.fixture(scope="module")
def page() -> Image.Image:
    image = Image.new("L", (1900, 700), 255)
    font = ImageFont.truetype(FONT, 56)
    for number, line in enumerate(LINES):
        ImageDraw.Draw(image).text((120, 80 + 170 * number), line, 0, font, language="th")
    return image


@pytest.fixture(scope="module")
def rows(page: Image.Image) -> list[list[Symbol]]:
    return join_rows(read_page(page, 20))


def texts(rows: list[list[Symbol]]) -> list[str]:
    return [row_text(row).replace(" ", "") for row in rows]


def misread(row: list[Symbol], confidence: float) -> list[Symbol]:
    """The row with every second letter read as ฉ: no words are left."""
    return [
        replace(symbol, text="ฉ" if place % 2 else symbol.text, confidence=confidence)
        for place, symbol in enumerate(row)
    ]


def test_a_misread_row_is_replaced_in_its_place(page: Image.Image, rows: list[list[Symbol]]) -> None:
    assert texts(rows) == list(LINES)
    damaged = [rows[0], misread(rows[1], 0.95), rows[2]]
    assert texts(choose_rows(damaged, page, 20)) == list(LINES)


def test_rows_that_are_sure_stay(page: Image.Image, rows: list[list[Symbol]]) -> None:
    assert choose_rows(rows, page, 20) == rows
    sure = [rows[0], misread(rows[1], 0.99), rows[2]]
    assert choose_rows(sure, page, 20) == sure


def test_the_first_reading_stays_when_time_is_up(page: Image.Image, rows: list[list[Symbol]]) -> None:
    damaged = [rows[0], misread(rows[1], 0.95), rows[2]]
    assert choose_rows(damaged, page, 0.0) == damaged


def test_the_second_layout_is_for_pages_with_much_that_is_doubtful(rows: list[list[Symbol]]) -> None:
    assert not is_second_layout_worthwhile(rows)
    assert not is_second_layout_worthwhile([misread(rows[2], 0.9)])
    assert is_second_layout_worthwhile([misread(row, 0.9) for row in rows])
