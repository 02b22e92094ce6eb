"""Rereading of a line with the real engine: what is doubtful is read again, what is sure is not."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import fontpkg_sarabun
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from indexer.extraction.ocr import line_rereading
from indexer.extraction.ocr.line_image import LineImage, cut_line
from indexer.extraction.ocr.line_layout import Symbol
from indexer.extraction.ocr.line_rereading import reread_line
from indexer.extraction.ocr.tesseract import read_line

FONT = Path(fontpkg_sarabun.__file__).parent / "files" / "Sarabun-Regular.ttf"
TEXT = "ด้วยเทศบาลมีความประสงค์จะจัดซื้อตามแบบหนังสือค้ำประกันรวมทั้งสิ้น 25 เล่ม"


@pytest.fixture(scope="module")
def page() -> Image.Image:
    image = Image.new("L", (1900, 200), 255)
    ImageDraw.Draw(image).text((60, 60), TEXT, 0, ImageFont.truetype(FONT, 50), language="th")
    return image


@pytest.fixture(scope="module")
def row(page: Image.Image) -> list[Symbol]:
    read = [replace(symbol, alternatives=(), confidence=0.995) for symbol in read_line(page, 600)]
    assert text_of(read) == TEXT.replace(" ", "")
    return read


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """The pictures that are read again from here on."""
    pictures: list[Image.Image] = []

    def read_and_note(picture: Image.Image, seconds: float) -> list[Symbol]:
        pictures.append(picture)
        return read_line(picture, seconds)

    monkeypatch.setattr(line_rereading, "read_line", read_and_note)
    return pictures


def text_of(row: list[Symbol]) -> str:
    return "".join(symbol.text for symbol in row)


def deadline() -> float:
    return time.monotonic() + 600  # far off: other work may slow the engine down


def test_a_row_that_is_sure_is_not_read_again(page: Image.Image, row: list[Symbol]) -> None:
    assert reread_line(row, page, deadline()) is row


def test_only_the_surroundings_of_a_misread_word_are_read_again(page: Image.Image, row: list[Symbol]) -> None:
    lost = next(place for place in range(len(row)) if text_of(row[place : place + 3]) == "ค้ำ") + 1
    misread = [*row[:lost], *row[lost + 1 :]]
    mended = reread_line(misread, page, deadline())
    assert text_of(mended) == text_of(row)
    assert mended[:20] == row[:20]  # the confidence of a symbol that is read again differs


def test_a_digit_in_doubt_is_read_again(page: Image.Image, row: list[Symbol]) -> None:
    place = next(place for place, symbol in enumerate(row) if symbol.text == "2")
    misread = [*row[:place], replace(row[place], text="7", confidence=0.9), *row[place + 1 :]]
    assert text_of(reread_line(misread, page, deadline())) == text_of(row)


def test_the_first_reading_stays_when_time_is_up_while_a_row_is_read_again(
    page: Image.Image, row: list[Symbol], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = next(place for place, symbol in enumerate(row) if symbol.text == "2")
    misread = [*row[:place], replace(row[place], text="7", confidence=0.9), *row[place + 1 :]]
    assert reread_line(misread, page, deadline()) != misread  # loads what it needs, too
    until = time.monotonic() + 1

    def cut_slowly(*what: Any) -> LineImage:
        time.sleep(max(0.0, until - time.monotonic()))
        return cut_line(*what)

    monkeypatch.setattr(line_rereading, "cut_line", cut_slowly)
    assert reread_line(misread, page, until) == misread


@pytest.mark.parametrize(("letter", "instead", "readings"), [("้", None, 1), ("2", "7", 2)])
def test_a_third_reading_is_made_only_where_words_do_not_decide(
    page: Image.Image,
    row: list[Symbol],
    read: list[Image.Image],
    letter: str,
    instead: str | None,
    readings: int,
) -> None:
    place = max(place for place, symbol in enumerate(row) if symbol.text == letter and place > 40)
    other = [replace(row[place], text=instead, confidence=0.9)] if instead else []
    reread_line([*row[:place], *other, *row[place + 1 :]], page, deadline())
    assert len(read) == readings


def test_a_row_of_which_a_stretch_was_taken_for_one_letter_is_read_again(
    page: Image.Image, row: list[Symbol]
) -> None:
    unread = replace(row[12], right=row[30].right, confidence=0.9)
    assert text_of(reread_line([*row[:12], unread, *row[31:]], page, deadline())) == text_of(row)


def test_nothing_is_read_past_the_deadline(page: Image.Image, row: list[Symbol]) -> None:
    misread = [replace(symbol, confidence=0.98) for symbol in row]
    assert reread_line(misread, page, time.monotonic()) == misread


CAPTION = "ที่ดินแปลงนี้มีเนื้อที่ประมาณ"


@pytest.fixture(scope="module")
def form() -> Image.Image:
    """A form: a small caption low at the left, and the same one large and higher at the right."""
    image = Image.new("L", (1900, 260), 255)
    draw = ImageDraw.Draw(image)
    for left, top, size in ((60, 150, 40), (800, 70, 72)):
        draw.text((left, top), CAPTION, 0, ImageFont.truetype(FONT, size), language="th")
    return image


@pytest.fixture(scope="module")
def captions(form: Image.Image) -> list[list[Symbol]]:
    """The small and the large caption as they are read on the form."""
    read = [
        [
            replace(symbol, left=symbol.left + left, right=symbol.right + left)
            for symbol in read_line(part, 600)
        ]
        for left, part in ((0, form.crop((0, 0, 700, 260))), (700, form.crop((700, 0, 1900, 260))))
    ]
    assert [text_of(caption) for caption in read] == [CAPTION, CAPTION]
    return read


def misread(row: list[Symbol], confidence: float) -> list[Symbol]:
    """The row with every third letter read as ฉ: hardly a word is left."""
    return [
        replace(
            symbol,
            text="ฉ" if place % 3 == 0 else symbol.text,
            confidence=confidence,
            has_space_before=not place,
        )
        for place, symbol in enumerate(row)
    ]


def test_the_pieces_of_an_unreadable_row_are_read_again_each_level_by_itself(
    form: Image.Image, captions: list[list[Symbol]]
) -> None:
    small, large = (misread(caption, 0.955) for caption in captions)
    reread = reread_line([*small, *large], form, deadline())
    assert text_of(reread) == CAPTION + CAPTION
    assert [symbol.left for symbol in reread if symbol.has_space_before] == [
        pytest.approx(large[0].left, abs=6)
    ]


def test_a_piece_that_can_be_no_print_is_not_read_again(
    form: Image.Image, captions: list[list[Symbol]]
) -> None:
    row = misread(captions[1], 0.94)
    assert text_of(reread_line(row, form, deadline())) == text_of(row)


def test_a_piece_without_a_likelier_reading_stays(captions: list[list[Symbol]]) -> None:
    row = misread(captions[1], 0.955)
    assert text_of(reread_line(row, Image.new("L", (1900, 260), 255), deadline())) == text_of(row)


def test_an_unreadable_row_stays_when_time_is_up(form: Image.Image, captions: list[list[Symbol]]) -> None:
    row = misread(captions[1], 0.955)
    assert text_of(reread_line(row, form, time.monotonic())) == text_of(row)


@pytest.mark.parametrize("confidence", [0.955, 0.98])
@pytest.mark.parametrize(("height", "is_read"), [(8, False), (30, True)])
def test_letters_as_low_as_the_pattern_of_a_form_are_not_read_again(
    form: Image.Image,
    captions: list[list[Symbol]],
    read: list[Image.Image],
    confidence: float,
    height: int,
    is_read: bool,
) -> None:
    row = [replace(symbol, top=symbol.bottom - height) for symbol in misread(captions[1], confidence)]
    reread_line(row, form, deadline())
    assert bool(read) is is_read


@pytest.mark.parametrize("text", ["1,740,000.00 1,735,000.00", "15/08/2555", "SMART OBEC Workshop"])
def test_figures_and_latin_words_of_a_poor_row_are_read_again(text: str, read: list[Image.Image]) -> None:
    image = Image.new("L", (1200, 200), 255)
    ImageDraw.Draw(image).text((60, 60), text, 0, ImageFont.truetype(FONT, 50))
    first = [replace(symbol, confidence=0.96) for symbol in read_line(image, 600)]
    misread = [replace(first[0], text="7"), *first[1:]]
    assert text_of(reread_line(misread, image, deadline())) == text.replace(" ", "")
    assert read


def test_a_piece_that_stays_poor_is_read_with_another_height_too(
    page: Image.Image, row: list[Symbol], read: list[Image.Image]
) -> None:
    blurred = page.filter(ImageFilter.GaussianBlur(5.5))
    poor = [
        replace(
            symbol, confidence=0.96, text="ฉ" if place % 2 else symbol.text, top=symbol.top - place % 3 * 8
        )
        for place, symbol in enumerate(row)
    ]
    reread_line(poor, blurred, deadline())
    assert len({picture.height for picture in read}) >= 4  # two heights, each in two sizes
