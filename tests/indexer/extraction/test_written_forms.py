"""Misread signs that the form of a date or an address corrects."""

from __future__ import annotations

import pytest

from indexer.extraction.ocr.date_number_correction import mend_dates_and_numbers


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("วันที่ ธ มิถุนายน ๒๕๔๗", "วันที่ ๙ มิถุนายน ๒๕๔๗"),
        ("ลงวันที่ ๒ร กันยายน พ.ศ. ๒๕๔๙", "ลงวันที่ ๒๙ กันยายน พ.ศ. ๒๕๔๙"),
        ("วันที่ 5 มิถุนายน ๒๕๔๗", "วันที่ ๙ มิถุนายน ๒๕๔๗"),
        ("เล่ม ๑๒๑ ตอนพิเศษ ๖๔-ง", "เล่ม ๑๒๑ ตอนพิเศษ ๖๔ ง"),
        ("ถนนราชสีมา กหม.10300", "ถนนราชสีมา กทม.10300"),
        ("ถนนราชสีมากคม.10300", "ถนนราชสีมากทม.10300"),  # the space was lost too
        ("เขตดุสิต ก ทม. 10300", "เขตดุสิต กทม. 10300"),
    ],
)
def test_broken_forms_are_mended(read: str, written: str) -> None:
    assert mend_dates_and_numbers(read) == written


@pytest.mark.parametrize(
    "text",
    [
        "วันที่ 5 มิถุนายน 2547",  # all Arabic
        "วันที่ ๕ มิถุนายน ๒๕๔๗",
        "วันธรรมดา ๒๕๔๗",
        "ตอนที่ ๖๔ - กรณีพิเศษ",
        "ก.ท.ม. 2550",
        "ถนนสามเสน กทม. 10300",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert mend_dates_and_numbers(text) == text
