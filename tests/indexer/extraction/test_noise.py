"""Noise in recognised lines: dotted rules and specks are, numbers and cells of tables are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.extraction.ocr.line_layout import Symbol, row_text
from indexer.extraction.ocr.noise import is_cell, is_text, without_noise

HEIGHT, DOT = 28, 6  # pixels: digits of 12 points, dots of a rule


def line(text: str, confidence: float, *, height: int = HEIGHT) -> list[Symbol]:
    symbols: list[Symbol] = []
    for place, letter in enumerate(text):
        if letter != " ":
            has_space = place > 0 and text[place - 1] == " "
            symbols.append(
                Symbol(
                    letter,
                    20 * place,
                    HEIGHT - height,
                    20 * place + 18,
                    HEIGHT,
                    confidence,
                    has_space and bool(symbols),
                )
            )
    return symbols


def form(before: str, rule: str, after: str = "") -> list[Symbol]:
    """Text with a dotted rule in it, on pale paper."""
    gap = 20 * (len(before) + len(rule) + 2)
    dots = [
        replace(symbol, left=symbol.left + 20 * (len(before) + 1), right=symbol.right + 20 * len(before))
        for symbol in line(rule, 0.962, height=DOT)
    ]
    behind = [
        replace(symbol, left=symbol.left + gap, right=symbol.right + gap) for symbol in line(after, 0.962)
    ]
    return [*line(before, 0.962), replace(dots[0], has_space_before=True), *dots[1:], *behind]


@pytest.mark.parametrize(
    "text",
    [
        "วงเงินงบประมาณ ๑๐๐,๐๐๐ บาท",
        "เป็นเงิน ๖๘๙,๐๐๐.๐๐ บาท",
        "โทรศัพท์ ๐๘๑ ๘๖๖ ๙๐๑๖",
        "โทรศัพท์ ๐-๖๘๖๐-๑๘๙๖",
        "รวม 86,866.00 บาท",
        "เวลา ๐๙.๐๐ น. ณ ห้องประชุม",
        "เวลา ๐๘.๐๐ - ๑๖.๐๐ น.",
        "ที่ มท ๐๘๑๖.๑/ว ๑๘๙",
        "ที่ มท ๐๘๑๐.๘/ว ๖๙๑",
        "เขตดุสิต กทม. ๑๐๑๐๐",
        "สงขลา ๙๐๑๑๐",
        "เลขที่บัญชี 986-0-16089-6",
        "เนื้อที่ ๑๖.๘๐ ไร่",
        "ร้อยละ ๙๘.๖๑",
    ],
)
def test_numbers_of_any_form_on_pale_paper_stay(text: str) -> None:
    assert row_text(without_noise(line(text, 0.962))) == text


@pytest.mark.parametrize(
    "rule",
    [
        "๐๑๐๘๖๑๐",
        "......๖..",
        "๑๐๐๐๐,๐๐๐๐๐,๐",
        "................",
        ".๐๐๐๐๐๐๐๐๐..",
        "๐๖๐๖๖๐๐๖",
        "๖๖๖,๖๖๖",
        "๐๘๘,๘๘๘.๐๐",
        "๐๘๑๘๖๖๙๐๑๖",
    ],
)
def test_dotted_rules_go_whatever_they_are_read_as(rule: str) -> None:
    assert row_text(without_noise(form("ชื่อผู้ยื่นคำขอ", rule))) == "ชื่อผู้ยื่นคำขอ"
    assert row_text(without_noise(form("ชื่อผู้ยื่นคำขอ", rule, "นามสกุล"))) == "ชื่อผู้ยื่นคำขอ นามสกุล"


def test_one_digit_again_and_again_is_a_rule_of_large_dots() -> None:
    assert row_text(without_noise(line("ชื่อ ๐๐๐๐๐๐๐๐๐ นามสกุล", 0.99))) == "ชื่อ นามสกุล"


def test_an_amount_among_dots_is_kept_alone() -> None:
    assert row_text(without_noise(line("เป็นเงิน......๑๐๐,๐๐๐......บาท", 0.962))) == "เป็นเงิน ๑๐๐,๐๐๐ บาท"


@pytest.mark.parametrize(
    "text",
    ["ไม่มี ไม่มี ไม่มี ไม่มี", "ผ่าน ผ่าน ผ่าน ผ่าน ผ่าน", "มีนาคม มีนาคม มีนาคม มีนาคม", "ข้อ ๑ ข้อ ๒ ข้อ ๓ ข้อ ๔ ข้อ ๕ ข้อ ๖"],
)
def test_a_row_of_a_table_may_say_the_same_in_every_cell(text: str) -> None:
    assert is_text(line(text, 0.99))


def test_the_pattern_of_words_under_a_deed_is_no_text() -> None:
    assert not is_text(line("กรมที่ดิน กรมที่ดิน กรมที่ดิน กรมที่ดิน", 0.985, height=14))


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("1,740,000.00 1,735,000.00", 0.945),
        ("2,450 3,120 1,980", 0.93),
        ("15/08/2555 17/8/55", 0.92),
        ("SMART OBEC Workshop 2015", 0.948),
        ("ลับ", 0.975),
        ("ลับ", 0.967),
    ],
)
def test_figures_latin_words_and_short_words_on_poor_paper_are_text(text: str, confidence: float) -> None:
    assert is_text(line(text, confidence))


@pytest.mark.parametrize(
    ("text", "confidence"), [("3700000.89", 0.931), ("(99,)", 0.932), ("Iw-- 2", 0.909), ("กกช", 0.974)]
)
def test_specks_and_scribbles_are_no_text(text: str, confidence: float) -> None:
    assert not is_text(line(text, confidence))


@pytest.mark.parametrize("text", ["๑", "4 8", "๑๑๑๐๐๐", "๑๑๑2๑"])
def test_marks_lower_than_print_are_no_text(text: str) -> None:
    assert not is_text(line(text, 0.99, height=DOT))
    assert not is_cell(line(text, 0.99, height=DOT))


@pytest.mark.parametrize("text", ["๑๒", "5", "รวม", "ชุด", "กก.", "น."])
def test_short_cells_of_a_table_may_stand_in_its_rows(text: str) -> None:
    cell = line(text, 0.962)
    assert not is_text(cell)
    assert is_cell(cell)


@pytest.mark.parametrize(
    ("text", "confidence"), [("๑๒", 0.93), ("๑2", 0.965), ("ฯ้", 0.962), ("-", 0.962), ("กฬ", 0.962)]
)
def test_specks_are_no_cells(text: str, confidence: float) -> None:
    assert not is_cell(line(text, confidence))


def test_a_double_rule_that_was_read_as_letters_is_noise() -> None:
    rule = "มงง" * 30 + "ราชการ"
    assert not is_text(line(rule, 0.914))
    assert is_text(line("มงงราชการ", 0.914))
    assert is_text(line("ด้วยเทศบาลมีความประสงค์จะรับสมัครบุคคลเพื่อเลือกสรรและจัดจ้างเป็นพนักงานจ้าง", 0.914))
