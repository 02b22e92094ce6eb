"""Recognition with the real engine and the shipped model, on pages made here."""

from __future__ import annotations

import math
import random
import re
import time
from itertools import accumulate, chain, repeat
from pathlib import Path
from types import SimpleNamespace

import fontpkg_sarabun
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from archive.thai import arabic_digits
from archive.thai.words import cut_words
from indexer.extraction.image.deskew import MeasuredPage, measure_orientation
from indexer.extraction.image.illumination import strengthen_ink
from indexer.extraction.image.isolated_dot_removal import without_dotted_rules
from indexer.extraction.ocr import recognition, tesseract
from indexer.extraction.ocr.recognition import OcrPage, recognise_page_picture
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.text_quality import thai_letters

FONT = Path(fontpkg_sarabun.__file__).parent / "files" / "Sarabun-Regular.ttf"
TEXT = (
    "ประกาศเทศบาลตำบลหนองบัวงาม",
    "เรื่อง การรับสมัครบุคคลเพื่อสรรหาเป็นพนักงานจ้าง",
    "ด้วยเทศบาลมีความประสงค์จะรับสมัครบุคคลเพื่อเลือกสรร",
    "ผู้สนใจยื่นใบสมัครได้ที่งานการเจ้าหน้าที่ สำนักปลัดเทศบาล",
    "ตามวันและเวลาราชการ พร้อมหลักฐานที่ถูกต้องครบถ้วน",
    "จึงประกาศมาให้ทราบโดยทั่วกัน",
)


def page(lines: tuple[str, ...] = TEXT, *, size: int = 52) -> Image.Image:
    """A page of A4's shape at half its area, so that the engine has little to do."""
    image = Image.new("RGB", (1754, 2480), "white")
    font = ImageFont.truetype(FONT, size)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((200, 250 + 110 * number), line, "black", font, language="th")
    return image


def words_found(page: OcrPage, words: str) -> float:
    wanted = words.split()
    return sum(word in page.text for word in wanted) / len(wanted)


@pytest.fixture(scope="module")
def upright() -> OcrPage:
    return recognise_page_picture(page())


def test_reads_lines_in_order(upright: OcrPage) -> None:
    assert upright.text.splitlines() == list(TEXT)
    assert upright.turn == 0
    assert upright.confidence > 0.9


def test_the_sides_of_words_stand_between_letters(upright: OcrPage) -> None:
    """At most one in forty is off by more than a fifth of a letter; as the engine places them half are."""
    font = ImageFont.truetype(FONT, 52)
    off = {
        drawn[: cut + len(word)]: line.edges[cut] * 1754 / 10_000
        - 200
        - font.getlength(drawn[:cut], language="th")
        for line, drawn in zip(upright.lines, TEXT, strict=True)
        for cut, word in word_starts(drawn)
    }
    assert len(off) > 35
    assert sum(abs(by) > 8 for by in off.values()) <= len(off) / 40, off


def word_starts(line: str) -> list[tuple[int, str]]:
    words = [word for run in re.split("( )", line) for word in cut_words(run)]
    return list(zip(accumulate(map(len, words), initial=0), words, strict=False))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_sets_a_turned_page_upright(turn: int) -> None:
    read = recognise_page_picture(page().rotate(turn, expand=True))  # Pillow turns counter-clockwise
    assert read.turn == turn
    assert words_found(read, " ".join(TEXT)) > 0.9


def test_edges_match_the_text_and_lie_on_the_ink(upright: OcrPage) -> None:
    for line in upright.lines:
        words = upright.text[line.start : line.start + len(line.edges) - 1]
        assert "\n" not in words
        assert list(line.edges) == sorted(line.edges)
    first = upright.lines[0]
    assert first.edges[0] == pytest.approx(200 / 1754 * 10_000, abs=60)
    assert first.top == pytest.approx(260 / 2480 * 10_000, abs=80)
    assert 60 < first.bottom - first.top < 400


def test_lines_of_a_leaning_page_follow_the_lean() -> None:
    read = recognise_page_picture(page().rotate(-3, fillcolor="white"))  # clockwise: lines sink to the right
    pieces = [line for line in read.lines if "รับสมัครบุคคล" in read.text and line.top > 1500]
    assert words_found(read, " ".join(TEXT)) > 0.9
    long = [line for line in pieces if line.start >= read.text.index("ด้วยเทศบาล")]
    assert long[1].top > long[0].top


def test_rows_that_lean_otherwise_down_a_photograph_are_read_where_they_lie() -> None:
    sheet = page(TEXT * 3)
    width, height = sheet.size
    drop = width / 2 * math.tan(math.radians(6))  # rows sink by 6 degrees at the top and rise at the foot
    corners = (0, drop, 0, height - drop, width, height + drop, width, -drop)
    aslant = sheet.transform(
        sheet.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor="white"
    )
    read = recognise_page_picture(aslant)
    assert read.text.splitlines() == list(TEXT * 3)
    ends = [
        [line.top for line in read.lines if start <= line.start < start + len(TEXT[at])]
        for start, at in ((0, 0), (read.text.rindex(TEXT[-2]), -2))
    ]
    assert ends[0][-1] - ends[0][0] > 80
    assert ends[1][0] - ends[1][-1] > 80


def test_a_sheet_that_lies_at_thirteen_degrees_is_read() -> None:
    sheet = page(TEXT * 3).rotate(13, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    read = recognise_page_picture(sheet)
    assert words_found(read, " ".join(TEXT)) > 0.85
    assert len(read.text.splitlines()) == 18
    first = [line.top for line in read.lines if line.start < len(TEXT[0])]
    assert first[0] - first[-1] > 300  # the sheet is turned counter-clockwise: its rows rise


def test_a_name_under_a_seal_is_read() -> None:
    seal = Image.new("RGB", (1754, 2480), "white")
    ImageDraw.Draw(seal).ellipse((250, 460, 560, 770), outline=(200, 30, 40), width=9)
    image = ImageChops.multiply(page(), seal)
    assert words_found(recognise_page_picture(image), " ".join(TEXT)) > 0.9


def test_coloured_text_by_itself_stays() -> None:
    image = page()
    draw = ImageDraw.Draw(image)
    draw.text((900, 1500), "รับวันที่ พฤษภาคม", (40, 60, 180), ImageFont.truetype(FONT, 52), language="th")
    assert "พฤษภาคม" in recognise_page_picture(image).text


def test_an_empty_page_has_no_text_and_no_confidence() -> None:
    read = recognise_page_picture(Image.new("L", (1754, 2480), 250))
    assert (read.text, read.lines, read.confidence, read.doubts) == ("", (), 0.0, ())


@pytest.mark.parametrize("size", [(3000, 10), (10, 3000), (60, 2000), (1, 1)])
def test_a_strip_is_measured_and_turned(size: tuple[int, int]) -> None:
    page = measure_orientation(Image.new("L", size, 200))
    assert [page.upright(turn).image.size for turn in (0, 90)] == [size, size[::-1]]


def test_scribbles_alone_are_no_text() -> None:
    image = Image.new("L", (1754, 2480), 250)
    draw = ImageDraw.Draw(image)
    chance = random.Random(5)
    for _ in range(300):
        x, y = chance.randrange(50, 1600), chance.randrange(50, 2300)
        draw.line([(x + chance.randrange(90), y + chance.randrange(70)) for _ in range(6)], 0, 3)
    assert len(thai_letters(recognise_page_picture(image).text)) < 5


def test_gives_up_in_time() -> None:
    with pytest.raises(UnreadableFile, match="timeout"):
        recognise_page_picture(page(), seconds=0.0)


def test_a_page_that_was_read_stays_read_when_there_is_no_time_to_read_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coarse = page().resize((175, 248), Image.Resampling.BILINEAR).resize((1754, 2480))
    past = time.monotonic() - 100
    clock = chain((past, past), repeat(past + 60.0))  # the first reading takes all of the time
    monkeypatch.setattr(recognition, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert len(thai_letters(recognise_page_picture(coarse, seconds=60.0).text)) > 50


def test_says_what_to_install_when_there_is_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tesseract, "OWN_MODEL", tmp_path / "none.traineddata")
    monkeypatch.setattr(tesseract, "SYSTEM_MODELS", ())
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    tesseract.load_engine.cache_clear()
    try:
        with pytest.raises(UnreadableFile, match="no-ocr-model"):
            recognise_page_picture(page())
    finally:
        tesseract.load_engine.cache_clear()


def form(turn: int) -> Image.Image:
    """A ruled form with a few words in its cells: its rules outweigh its text."""
    image = Image.new("RGB", (1754, 2480), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, 44)
    for x in range(120, 1700, 380):
        draw.line((x, 400, x, 2300), "black", 5)
    for y in range(400, 2301, 95):
        draw.line((120, y, 1640, y), "black", 5)
    for column, word in enumerate(("ลำดับที่", "รายการ", "จำนวนเงิน", "หมายเหตุ")):
        draw.text((150 + 380 * column, 412), word, "black", font, language="th")
    for row, word in enumerate(("ค่าตอบแทน", "ค่าใช้สอย", "ค่าวัสดุ", "เงินอุดหนุน")):
        draw.text((530, 507 + 95 * row), word, "black", font, language="th")
    return image.rotate(turn, expand=True)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_ruled_form_is_set_upright(turn: int) -> None:
    read = recognise_page_picture(form(turn))
    assert read.turn == turn
    assert words_found(read, "ลำดับที่ รายการ จำนวนเงิน หมายเหตุ ค่าตอบแทน ค่าวัสดุ") > 0.7


def test_specks_and_scribbles_are_not_text() -> None:
    image = page()
    draw = ImageDraw.Draw(image)
    chance = random.Random(3)
    for _ in range(40):
        x, y = chance.randrange(100, 1600), chance.randrange(1100, 2300)
        points = [(x + chance.randrange(60), y + chance.randrange(60)) for _ in range(5)]
        draw.line(points, "black", 4, joint="curve")
    lines = recognise_page_picture(image).text.splitlines()
    assert lines[: len(TEXT)] == list(TEXT)
    assert not thai_letters("".join(lines[len(TEXT) :]))


def test_a_page_strewn_with_specks_is_set_upright_and_read() -> None:
    pixels = np.array(page(size=44).convert("L"))
    places = np.random.default_rng(2).integers(0, np.array(pixels.shape) - 2, (pixels.size // 500, 2))
    for down, along in np.ndindex(2, 2):
        pixels[places[:, 0] + down, places[:, 1] + along] = 0
    read = recognise_page_picture(Image.fromarray(pixels).rotate(90, expand=True))
    assert read.turn == 90
    assert words_found(read, " ".join(TEXT)) > 0.8


def test_a_photograph_in_falling_light_is_read() -> None:
    light = Image.radial_gradient("L").resize((2 * 1754, 2 * 2480)).crop((0, 0, 1754, 2480))
    dim = light.point(lambda value: 255 - value * 3 // 4)  # a quarter of the light is left in a corner
    image = ImageChops.multiply(page().convert("L"), dim)
    assert words_found(recognise_page_picture(image), " ".join(TEXT)) == 1.0


def test_rows_that_run_at_slopes_of_their_own_are_read() -> None:
    image = Image.new("L", (1754, 2480), 255)
    for number, line in enumerate(TEXT):
        strip = Image.new("L", (1754, 260), 255)
        font = ImageFont.truetype(FONT, 40)
        ImageDraw.Draw(strip).text((200, 100), line, 0, font, language="th")
        strip = strip.rotate((-2.6, 2.6)[number % 2], Image.Resampling.BICUBIC, fillcolor=255)
        image.paste(strip, (0, 200 + 270 * number))
    assert recognise_page_picture(image).text.splitlines() == list(TEXT)


def test_a_carbon_copy_is_read() -> None:
    soft = np.asarray(page().convert("L").filter(ImageFilter.GaussianBlur(2)), np.float32)
    grain = np.random.default_rng(1).normal(0, 9, soft.shape)
    pale = Image.fromarray(np.clip(205 - (255 - soft) * 0.22 + grain, 0, 255).astype(np.uint8))
    assert words_found(recognise_page_picture(pale), " ".join(TEXT)) > 0.9


def test_a_pale_page_with_a_line_on_white_paper_is_strengthened_and_a_dark_one_is_not() -> None:
    line = page(TEXT[1:2]).convert("L")
    pale = line.point(lambda tone: 255 - (255 - tone) * 60 // 255)
    assert strengthen_ink(line) is line
    assert int(np.asarray(strengthen_ink(pale)).min()) < 60


def test_dotted_rules_of_a_form_leave_no_trace() -> None:
    form = page(tuple(f"{line} ข้อ {number}.{number}" for number, line in enumerate(TEXT, 1)))
    draw = ImageDraw.Draw(form)
    for row in range(6):
        for x in range(180, 1600, 11):
            y = 250 + 110 * row + 52
            draw.ellipse((x, y, x + 4, y + 4), "black")  # under the text, and a row to write on below it
            draw.ellipse((x, y + 44, x + 4, y + 48), "black")
    read = recognise_page_picture(form)
    assert words_found(read, " ".join(TEXT)) > 0.85
    assert "5.5" in arabic_digits(read.text)
    assert not re.search(r"[.๐๑]{3}", read.text)


def test_the_stops_of_abbreviations_are_no_dotted_rule() -> None:
    letter = page(("เรียน ประธาน ก.จ.จ. ก.ท.จ. ก.อบต. และ ก.พ.ร. ทุกจังหวัด",)).convert("L")
    assert without_dotted_rules(letter) is letter


def test_long_notes_along_the_side_do_not_turn_the_page() -> None:
    sheet = Image.new("L", (2480, 1754), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(FONT, 40)
    for number, line in enumerate(TEXT[1:5]):
        draw.text((300, 1350 + 90 * number), line, 0, font, language="th")
    sheet = sheet.rotate(90, expand=True)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(FONT, 30)
    for number in range(24):
        draw.text((150, 300 + 75 * number), TEXT[1 + number % 4], 0, font, language="th")
    misled = MeasuredPage((90, 270, 0, 180), False, sheet, (0.0,), (0.0,))
    assert recognition._upright(misled, time.monotonic() + 60).upright.turn == 0


def test_a_negative_is_read() -> None:
    assert recognise_page_picture(ImageChops.invert(page())).text.splitlines() == list(TEXT)


HEADINGS = ("ลำดับที่", "รายการ", "จำนวนเงิน", "หมายเหตุ")


@pytest.mark.parametrize("ground", [(30, 60, 160), (96, 96, 96)])
def test_light_letters_on_a_dark_head_row_are_read(ground: tuple[int, int, int]) -> None:
    image = page()
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 48)
    draw.rectangle((150, 1100, 1600, 1190), ground)
    for column, word in enumerate(HEADINGS):
        draw.text((180 + 360 * column, 1102), word, "white", font, language="th")
    assert words_found(recognise_page_picture(image), " ".join((*TEXT, *HEADINGS))) == 1.0


@pytest.mark.parametrize("paper", ["white", (250, 235, 130)])
def test_coloured_print_of_a_form_stays_where_black_letters_are_filled_in(paper: str) -> None:
    image, blue = Image.new("RGB", (1754, 2480), paper), (30, 60, 160)
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 48)
    for y in range(300, 1400, 100):
        draw.line((150, y, 1600, y), blue, 4)
    for x in (150, 600, 1600):
        draw.line((x, 300, x, 1300), blue, 4)
    for row, (label, value) in enumerate(zip(HEADINGS, TEXT[1:], strict=False)):
        draw.text((170, 310 + 200 * row), label, blue, font, language="th")
        draw.text((590, 310 + 200 * row), value[:24], "black", font, language="th")  # over a rule
    assert words_found(recognise_page_picture(image), " ".join(HEADINGS)) == 1.0


def test_the_blank_back_of_a_sheet_has_no_text_where_its_front_shows_through() -> None:
    front = ImageOps.mirror(page(TEXT * 3, size=48).convert("L")).filter(ImageFilter.GaussianBlur(3))
    grain = np.random.default_rng(2).normal(0, 2, (2480, 1754))
    back = 243 - (255 - np.asarray(front, np.float32)) * 20 / 255 + grain
    read = recognise_page_picture(Image.fromarray(np.clip(back, 0, 255).astype(np.uint8)))
    assert len(thai_letters(read.text)) < 5


def test_the_cells_of_a_coarse_table_are_read_with_their_rows() -> None:
    image = Image.new("RGB", (2480, 3508), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 50)
    rows = (("กระดาษถ่ายเอกสาร", "๕"), ("หมึกพิมพ์เครื่องคอมพิวเตอร์", "๑๒"), ("แฟ้มเอกสารสันกว้าง", "๓๐"))
    for row, (item, count) in enumerate(rows):
        draw.text((450, 400 + 110 * row), item, "black", font, language="th")
        draw.text((1500, 400 + 110 * row), count, "black", font, language="th")
        draw.text((1900, 400 + 110 * row), "ชุด", "black", font, language="th")
    coarse = image.resize((826, 1169), Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)
    assert [line.split() for line in recognise_page_picture(coarse).text.splitlines()] == [
        [*row, "ชุด"] for row in rows
    ]


def justified(line: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    drawn = Image.new("L", (int(font.getlength(line, language="th")), 90), "white")
    ImageDraw.Draw(drawn).text((0, 0), line, "black", font, language="th")
    return drawn.resize((1150, 90), Image.Resampling.BICUBIC)


def test_pages_side_by_side_with_justified_lines_are_read_one_after_the_other() -> None:
    image, font = Image.new("RGB", (3508, 2480), "white"), ImageFont.truetype(FONT, 50)
    for number in range(15):
        image.paste(justified(TEXT[number % 4 + 1], font), (200, 250 + 110 * number))
        image.paste(justified(TEXT[(number + 2) % 4 + 1], font), (1900, 250 + 110 * number))
    lines = recognise_page_picture(image).text.splitlines()
    assert lines == [TEXT[(number + shift) % 4 + 1] for shift in (0, 2) for number in range(15)]


def test_a_list_of_members_and_their_positions_is_read_across() -> None:
    image, font = Image.new("RGB", (2480, 2480), "white"), ImageFont.truetype(FONT, 50)
    names = "สมชาย ใจดี,วิชัย รักษาดี,ประเสริฐ แก้วมณี,สุนทร พงษ์ไพบูลย์,มานะ ศรีสุข,อำนวย ทองคำ,สมศักดิ์ บุญมาก".split(",")
    draw = ImageDraw.Draw(image)
    for number in range(14):
        draw.text(
            (250, 250 + 110 * number), f"นาย{names[number % 7]} เขตเลือกตั้ง", "black", font, language="th"
        )
        draw.text((1300, 250 + 110 * number), "สมาชิกสภาเทศบาลตำบล", "black", font, language="th")
    lines = recognise_page_picture(image).text.splitlines()
    assert len(lines) == 14
    assert all(line.startswith("นาย") and line.endswith("สมาชิกสภาเทศบาลตำบล") for line in lines)


def test_a_turn_that_reads_as_garbage_is_mended_also_where_rows_seem_plain() -> None:
    sheet = page().convert("L").rotate(90, expand=True)
    misled = MeasuredPage((0, 180, 90, 270), True, sheet, (0.0,), (0.0,))
    assert recognition._upright(misled, time.monotonic() + 60).upright.turn == 90
