"""Symbols → rows → text with places."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from indexer.extraction.image.deskew import UprightPage
from indexer.extraction.ocr.columns import reading_order
from indexer.extraction.ocr.line_layout import Symbol, Transcript, add_cells, join_rows, row_text
from indexer.extraction.ocr.tesseract import without_echoes

STRAIGHT = UprightPage(Image.new("L", (1000, 1000)), 0, (0.0,))


def fragment(text: str, left: int, top: int, confidence: float = 0.99) -> list[Symbol]:
    return [
        Symbol(char, left + 20 * place, top, left + 20 * place + 18, top + 30, confidence)
        for place, char in enumerate(text)
    ]


def text_of(rows: list[list[Symbol]]) -> str:
    transcript = Transcript(STRAIGHT)
    for row in rows:
        transcript.append_line(row)
    return transcript.text


def test_fragments_of_a_row_are_read_from_left_to_right() -> None:
    head = [fragment("สำนักงาน", 600, 102), fragment("เรื่อง", 50, 200), fragment("ที่", 50, 100)]
    assert text_of(join_rows(head)) == "ที่ สำนักงาน\nเรื่อง"


def test_a_fragment_in_the_gap_of_a_row_is_read_there() -> None:
    outer = [*fragment("กข", 50, 100), *fragment("คง", 800, 100)]
    assert text_of(join_rows([outer, fragment("จฉ", 400, 103)])) == "กข จฉ คง"


def test_what_lies_over_a_row_is_a_row_of_its_own() -> None:
    assert len(join_rows([fragment("เทศบาลตำบล", 50, 100), fragment("ตราประทับ", 60, 112)])) == 2


def test_columns_of_running_text_are_read_one_after_another() -> None:
    title = fragment("ข่าวประชาสัมพันธ์ของเทศบาลประจำเดือนมกราคม", 400, 20)
    left = [
        fragment(f"ซ้าย{number:02}ข้อความเต็มบรรทัดจนสุดขอบขวาของคอลัมน์", 50, 100 + 60 * number)
        for number in range(14)
    ]
    right = [
        fragment(f"ขวา{number:02}ข้อความเต็มบรรทัดจนสุดขอบขวาของคอลัมน์", 1050, 103 + 60 * number)
        for number in range(14)
    ]
    foot = fragment("ที่มาสำนักปลัดเทศบาลและกองคลังเทศบาลตำบล", 400, 1000)
    read = text_of(join_rows([*left, *right, title, foot])).splitlines()
    assert [line[:4] for line in read] == ["ข่าว", *["ซ้าย"] * 14, *["ขวา0"] * 10, *["ขวา1"] * 4, "ที่ม"]


MEMBERS = """สมชาย ใจดี|วิชัย รักษาดี|ประเสริฐ แก้วมณี|สุนทร พงษ์ไพบูลย์|มานะ ศรีสุข|อำนวย ทองคำ
สมศักดิ์ บุญมาก|ธีรพงษ์ วงศ์สวัสดิ์|กิตติ เจริญผล|บุญเลิศ สายทอง|ณรงค์ จันทร์เพ็ญ|ไพโรจน์ สุวรรณศรี|สมพร มีสุข
วีระ แสงทอง""".replace("\n", "|").split("|")
POSITIONS = ["ประธานสภาเทศบาลตำบลหนองบัวงาม", "รองประธานสภาเทศบาลตำบลหนองบัวงาม"]


@pytest.mark.parametrize("title", ["นาย", "เรียน ท่าน นาย", "สมาชิกสภาเทศบาล นาย"])
def test_a_list_of_members_is_read_across(title: str) -> None:
    names = [f"{number}. {title}{name}" for number, name in enumerate(MEMBERS, 1)]
    positions = POSITIONS + ["สมาชิกสภาเทศบาลตำบลหนองบัวงาม"] * (len(names) - 2)
    rows = list(zip(names, positions, strict=True))
    cells = [
        fragment(cell, left, 100 + 60 * number)
        for number, row in enumerate(rows)
        for left, cell in zip((50, 1000), row, strict=True)
    ]
    assert text_of(join_rows(cells)).splitlines() == [" ".join(row) for row in rows]


def test_looking_for_columns_in_a_large_table_takes_no_time() -> None:
    boxes = [
        (100.0 * column, 40.0 * row, 100.0 * column + 50, 40.0 * row + 30)
        for row in range(150)
        for column in range(25)
    ]
    began = time.process_time()
    assert len(reading_order(boxes)) == 1
    assert time.process_time() - began < 1


def test_rows_of_a_table_are_read_across() -> None:
    rows = [
        [
            fragment(f"รายการ{number:02}" + "ก" * (number * 5 % 17), 50, 100 + 60 * number),
            fragment(f"{number * 1250}", 650, 103 + 60 * number),
            fragment("ตามแบบแปลน"[: 3 + number % 7], 900, 101 + 60 * number),
        ]
        for number in range(1, 20)
    ]
    assert len(join_rows([cell for row in rows for cell in row])) == 19


def test_a_short_cell_stands_in_its_row_and_not_by_itself() -> None:
    row, cell = fragment("กระดาษถ่ายเอกสาร", 50, 100), fragment("๕", 600, 102)
    assert text_of(add_cells([row], [cell])) == "กระดาษถ่ายเอกสาร ๕"
    speck = [Symbol("1", 600, 120, 604, 128, 0.97)]
    assert text_of(add_cells([row], [fragment("๕", 600, 300), speck])) == "กระดาษถ่ายเอกสาร"


def test_a_short_cell_goes_to_the_row_of_its_own_column() -> None:
    left, right = fragment("กกกกกกกก", 200, 1000), fragment("ขขขขขขขข", 1200, 997)
    assert text_of(add_cells([left, right], [fragment("12", 100, 996)])) == "12 กกกกกกกก\nขขขขขขขข"


def test_a_digit_that_breaks_the_form_of_a_date_is_doubtful() -> None:
    transcript = Transcript(STRAIGHT)
    transcript.append_line(fragment("ลงวันที่ 5 มีนาคม ๒๕๖๕", 50, 100))
    doubts = [transcript.text[doubt.start : doubt.end] for doubt in transcript.doubts]
    assert doubts == ["5"]


def test_doubts_take_whole_clusters() -> None:
    row = [*fragment("ที่", 10, 10), *fragment("นี่", 110, 10, 0.4)]
    transcript = Transcript(STRAIGHT)
    transcript.append_line(row)
    assert [(transcript.text[d.start : d.end], d.confidence) for d in transcript.doubts] == [("นี่", 0.4)]


def test_other_readings_of_doubtful_letters_are_kept() -> None:
    doubted = replace(fragment("ต", 10, 10, 0.9)[0], alternatives=(("ด", 1.5), ("7", 1.0), ("ค", 3.0)))
    transcript = Transcript(STRAIGHT)
    transcript.append_line([doubted, *fragment("าม", 30, 10), *fragment("1", 100, 10)])
    assert [doubt.alternatives for doubt in transcript.doubts] == [("ด", "ค")]


def test_a_corrected_stretch_keeps_what_was_read() -> None:
    transcript = Transcript(STRAIGHT)
    transcript.append_line(fragment("พฤศจกายน", 10, 10))
    (doubt,) = transcript.doubts
    read = transcript.text[: doubt.start] + doubt.alternatives[0] + transcript.text[doubt.end :]
    assert (transcript.text, read) == ("พฤศจิกายน", "พฤศจกายน")


def test_a_letter_that_was_read_twice_is_written_once() -> None:
    word = fragment("ประ", 10, 10)
    echo = replace(word[-1], left=word[-1].left + 1, has_space_before=True)
    assert without_echoes([*word, echo, *fragment("ปา", 70, 10)]) == [*word, *fragment("ปา", 70, 10)]
    again = fragment("ออก", 10, 10)
    assert without_echoes(again) == again
    first, mark = fragment("ติ", 30, 10)
    twice = [replace(first, left=33, has_space_before=True), replace(mark, left=52, right=72)]
    read = [*fragment("ก", 10, 10), first, mark, *twice, *fragment("ร", 75, 10)]
    assert row_text(without_echoes(read)) == "กติร"
    beside = [replace(symbol, left=symbol.left + 45, right=symbol.right + 45) for symbol in twice]
    assert without_echoes([first, mark, *beside]) == [first, mark, *beside]


def test_a_word_that_layout_analysis_took_apart_is_one_word() -> None:
    assert text_of(join_rows([fragment("พนักง", 50, 100), fragment("านเทศบาล", 152, 100)])) == "พนักงานเทศบาล"
    assert text_of(join_rows([fragment("ตุลาคม", 50, 100), fragment("มนี้", 151, 100)])) == "ตุลาคมนี้"


@given(st.lists(st.text("กขเแำํา้่ิุ ๑๒ab.", min_size=1, max_size=20), min_size=1, max_size=5))
def test_every_code_point_has_its_place(texts: list[str]) -> None:
    transcript = Transcript(STRAIGHT)
    for number, text in enumerate(texts):
        symbols = [symbol for symbol in fragment(text, 10, 40 * number) if symbol.text.strip()]
        if symbols:
            transcript.append_line(symbols)
    covered = ""
    for line in transcript.lines:
        covered += transcript.text[line.start : line.start + len(line.edges) - 1]
        assert list(line.edges) == sorted(line.edges)
        assert 0 <= line.top <= line.bottom <= 10_000
    assert covered == transcript.text.replace("\n", "")
    for doubt in transcript.doubts:
        assert unicodedata.category(transcript.text[doubt.start]) != "Mn" or doubt.start == 0


def test_a_wide_hyphen_between_spaces_is_a_dash() -> None:
    def written(width: int) -> str:
        digits = [Symbol(text, 20 * at, 0, 20 * at + 18, 40, 0.99) for at, text in enumerate("10")]
        rule = Symbol("-", 50, 18, 50 + width, 22, 0.99, has_space_before=True)
        after = Symbol("1", 100, 0, 118, 40, 0.99, has_space_before=True)
        transcript = Transcript(UprightPage(Image.new("L", (200, 50)), 0, (0.0,)))
        transcript.append_line([*digits, rule, after])
        return transcript.text

    assert written(31) == "10 – 1"
    assert written(15) == "10 - 1"


def bent(text: str, left: int) -> list[Symbol]:
    """A fragment of a row that sinks by a pixel in twelve."""
    return [
        Symbol(char, x, x // 12, x + 18, x // 12 + 30, 0.99)
        for x, char in ((left + 20 * place, char) for place, char in enumerate(text))
    ]


def test_fragments_of_a_row_that_bends_are_one_row() -> None:
    rows = join_rows([bent("ตั้งแต่วันที่๑ตุลาคม", 50), bent("ถึง๓๐กันยายน๒๕๕๗นี้", 500)])
    assert [text_of([row]) for row in rows] == ["ตั้งแต่วันที่๑ตุลาคม ถึง๓๐กันยายน๒๕๕๗นี้"]


def test_fragments_that_share_a_letter_and_its_mark_are_one_row() -> None:
    left = bent("ขอสงวนสิทธิ์ไม่พิ", 50)
    rows = join_rows([left, bent("พจารณาราคาของผู้เสนอราคา", left[-1].right - 36)])
    assert len(rows) == 1
