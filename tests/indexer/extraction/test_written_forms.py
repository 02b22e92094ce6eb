"""Misread signs that the form of a date or an address corrects."""

from __future__ import annotations

import pytest

from indexer.extraction.ocr.date_number_correction import correct_fixed_forms, malformed_numbers


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("วันที่ ธ มิถุนายน ๒๕๔๗", "วันที่ ๙ มิถุนายน ๒๕๔๗"),
        ("ลงวันที่ ๒ร กันยายน พ.ศ. ๒๕๔๙", "ลงวันที่ ๒๙ กันยายน พ.ศ. ๒๕๔๙"),
        ("วันที่ 5 มิถุนายน ๒๕๔๗", "วันที่ ๙ มิถุนายน ๒๕๔๗"),
        ("เล่ม ๑๒๑ ตอนพิเศษ ๖๔-ง", "เล่ม ๑๒๑ ตอนพิเศษ ๖๔ ง"),
        ("รวม 1,937,00 281,237,57 บาท", "รวม 1,937.00 281,237.57 บาท"),
        ("ถนนราชสีมา กหม.10300", "ถนนราชสีมา กทม.10300"),
        ("ถนนราชสีมากคม.10300", "ถนนราชสีมากทม.10300"),  # the space was lost too
        ("เขตดุสิต ก ทม. 10300", "เขตดุสิต กทม. 10300"),
        ("หนังสือสำคัญแแสดง แเละเแนบ", "หนังสือสำคัญแสดง และแนบ"),
    ],
)
def test_broken_forms_are_mended(read: str, written: str) -> None:
    assert correct_fixed_forms(read) == written


@pytest.mark.parametrize(
    "text",
    [
        "วันที่ 5 มิถุนายน 2547",  # all Arabic
        "วันที่ ๕ มิถุนายน ๒๕๔๗",
        "วันธรรมดา ๒๕๔๗",
        "ตอนที่ ๖๔ - กรณีพิเศษ",
        "ก.ท.ม. 2550",
        "หมู่ที่ 2,9 และ 3,5,11 งบประมาณ 1,740,000 บาท",
        "ถนนสามเสน กทม. 10300",
        "กรม 10200/10300",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert correct_fixed_forms(text) == text


@pytest.mark.parametrize(
    ("text", "malformed"),
    [
        ("ลงวันที่ ๓๐ มีนาคม ๒๕๔", ["๒๕๔"]),
        ("พ.ศ. ๒๕๔๕๓ และ พ.ศ. 6547", ["๒๕๔๕๓", "6547"]),
        ("วันที่ 91 ตุลาคม 2550 และ 0 ม.ค. 2551", ["91", "0"]),
        ("รวม 1,40,000 บาท", ["1,40,000"]),
        ("เลขที่ ๑2๐", ["๑2๐"]),
        ("วันที่ ๓๐ มีนาคม ๒๕๔๙ พ.ศ. 2496 รวม 1,740,000.- บาท หมู่ที่ 2,9 และ 3,5,11 ปี 64", []),
    ],
)
def test_numbers_against_the_grammar_of_numbers_are_found(text: str, malformed: list[str]) -> None:
    assert [text[start:end] for start, end in malformed_numbers(text)] == malformed
