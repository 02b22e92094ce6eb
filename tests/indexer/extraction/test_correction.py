"""Slips of a recogniser, and words that must stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.extraction.ocr.correction import respell


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("ให้เติมสารสัมกับคลอรีน", "ให้เติมสารส้มกับคลอรีน"),  # a mark for another
        ("ผู้เสนอราคาต่าสุด", "ผู้เสนอราคาต่ำสุด"),
        ("ซ่อมเครื่องสูบน้าขนาดท่อ ๑๐ นิ้ว", "ซ่อมเครื่องสูบน้ำขนาดท่อ ๑๐ นิ้ว"),  # น้า by itself is a word
        ("เป็นเงินหั้งสิ้น", "เป็นเงินทั้งสิ้น"),  # look-alikes
        ("ตั้งแต่วันที ๙ กุมภาพันธ ๒๕๖๖", "ตั้งแต่วันที่ ๙ กุมภาพันธ์ ๒๕๖๖"),  # marks lost
        ("ต้องเสียเนี้ยปรับ", "ต้องเสียเบี้ยปรับ"),
        ("งานก่ อสร้างสิ่งป ลูกสร้าง", "งานก่อสร้างสิ่งปลูกสร้าง"),  # spaces inside words
    ],
)
def test_slips_are_undone(read: str, written: str) -> None:
    assert respell(read) == written


@pytest.mark.parametrize(
    "text",
    [
        "เทศบาลตำบลหนองบัวงาม อำเภอโนนสูง จังหวัดนครราชสีมา",
        "นางสาวศรินทิพย์ กุมภาพันธ กรรมการ",  # a person is called as the person is called
        "ลุงกับน้าและต่าย",
        "ทั้งนี้ ได้มอบหมายให้กองช่าง กองคลัง และสำนักปลัด ดำเนินการ ภายในวันที่ ๑ มกราคม ๒๕๖๗",
        "บ้านโคกสีสุก บ้านหนองกระทุ่มหมี",
        "ที่ นม ๕๒๓๐๑/ว ๔๒๘ e-mail: saraban@nongbuangam.go.th",
        "กขคงจฉชซฌญฎฏฐฑฒณ",
        "",
    ],
)
def test_what_is_right_or_unknown_stays(text: str) -> None:
    assert respell(text) == text


@given(st.text(st.sampled_from("กขชซนมรสอเแาำิี่้ั์ ๑1a"), max_size=60))
def test_only_thai_letters_change(text: str) -> None:
    kept = [letter for letter in text if letter in "๑1a"]
    assert [letter for letter in respell(text) if letter in "๑1a"] == kept
