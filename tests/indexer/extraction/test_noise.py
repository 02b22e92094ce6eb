"""Noise in recognised lines: dotted rules and specks are, numbers and cells of tables are not."""

from __future__ import annotations

import pytest

from indexer.extraction.ocr.line_layout import Symbol, row_text
from indexer.extraction.ocr.noise import is_cell, is_text, without_noise


def line(text: str, confidence: float) -> list[Symbol]:
    symbols: list[Symbol] = []
    for place, letter in enumerate(text):
        if letter != " ":
            has_space = place > 0 and text[place - 1] == " "
            symbols.append(
                Symbol(letter, 20 * place, 0, 20 * place + 18, 30, confidence, has_space and bool(symbols))
            )
    return symbols


@pytest.mark.parametrize(
    "text",
    [
        "วงเงินงบประมาณ ๑๐๐,๐๐๐ บาท",
        "เป็นเงิน ๖๘๙,๐๐๐.๐๐ บาท",
        "วงเงินตามสัญญา ๑,๒๐๐,๐๐๐ บาท",
        "โทรศัพท์ ๐๘๑ ๘๖๖ ๙๐๑๖",
        "โทรศัพท์ ๐-๖๘๖๐-๑๘๙๖",
        "รวม 86,866.00 บาท",
        "โทรศัพท์ ๐๘๑๘๖๖๙๐๑๖",
    ],
)
def test_amounts_and_telephone_numbers_on_pale_paper_stay(text: str) -> None:
    assert row_text(without_noise(line(text, 0.962))) == text


@pytest.mark.parametrize("rule", ["๐๑๐๘๖๑๐", "......๖..", "๑๐๐๐๐,๐๐๐๐๐,๐", "................"])
def test_dotted_rules_go(rule: str) -> None:
    assert row_text(without_noise(line(f"ชื่อผู้ยื่นคำขอ {rule}", 0.962))) == "ชื่อผู้ยื่นคำขอ"


@pytest.mark.parametrize(
    "rule",
    [
        "๐๐๐๐๐๐๐๐๐",
        "๐๐๐๐๐๐๐๐๐๐",
        ".๐๐๐๐๐๐๐๐๐..",
        "๐๘๘๘๘๘๘๘๘๘",
        "๐๖๐๖๖๐๐๖๖",
        "๐๑๐๘๖๑๐๐๖",
        "๐๐๐,๐๐๐",
        "๖๖๖,๖๖๖",
        "๐๘๘,๘๘๘.๐๐",
    ],
)
def test_dotted_rules_that_have_the_shape_of_a_number_go(rule: str) -> None:
    assert row_text(without_noise(line(f"ชื่อ {rule} นามสกุล", 0.962))) == "ชื่อ นามสกุล"


def test_an_amount_among_dots_is_kept_alone() -> None:
    assert row_text(without_noise(line("เป็นเงิน......๑๐๐,๐๐๐......บาท", 0.962))) == "เป็นเงิน ๑๐๐,๐๐๐ บาท"


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
