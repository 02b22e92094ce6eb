"""Slips of a recogniser, and words that must stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.extraction.ocr.correction import correct_ocr_errors, has_lookalike, has_unknown_letter


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("ให้เติมสารสัมกับคลอรีน", "ให้เติมสารส้มกับคลอรีน"),  # a mark for another
        ("ผู้เสนอราคาต่าสุด", "ผู้เสนอราคาต่ำสุด"),
        ("ซ่อมเครื่องสูบน้าขนาดท่อ ๑๐ นิ้ว", "ซ่อมเครื่องสูบน้ำขนาดท่อ ๑๐ นิ้ว"),  # น้า by itself is a word
        ("เป็นเงินหั้งสิ้น", "เป็นเงินทั้งสิ้น"),  # look-alikes
        ("ตั้งแต่วันที ๙ กุมภาพันธ ๒๕๖๖", "ตั้งแต่วันที่ ๙ กุมภาพันธ์ ๒๕๖๖"),  # marks lost
        ("ต้องเสียเนี้ยปรับ", "ต้องเสียเบี้ยปรับ"),
        ("การเลื่อนขั้น ลงวันที่ 22 พฤศจกายน", "การเลื่อนขั้น ลงวันที่ 22 พฤศจิกายน"),  # a letter lost
        ("องค์การบริหรรส่วนตำบล", "องค์การบริหารส่วนตำบล"),  # taken for one of another shape
        ("สอบราคาโดยไม่พิพจารณา", "สอบราคาโดยไม่พิจารณา"),  # added
        ("และพัฒนาระบบงบ ระมาณ", "และพัฒนาระบบงบประมาณ"),  # lost, and a space in its place
        ("งานก่ อสร้างสิ่งป ลูกสร้าง", "งานก่อสร้างสิ่งปลูกสร้าง"),  # spaces inside words
    ],
)
def test_slips_are_undone(read: str, written: str) -> None:
    assert correct_ocr_errors(read) == written


@pytest.mark.parametrize(
    "text",
    [
        "เทศบาลตำบลหนองบัวงาม อำเภอโนนสูง จังหวัดนครราชสีมา",
        "นางสาวศรินทิพย์ กุมภาพันธ กรรมการ",  # a person is called as the person is called
        "ลุงกับน้าและต่าย",
        "ทั้งนี้ ได้มอบหมายให้กองช่าง กองคลัง และสำนักปลัด ดำเนินการ ภายในวันที่ ๑ มกราคม ๒๕๖๗",
        "ทุกชุมชน ออกแบบ ตัวอาคาร ระบบจัดการ กระทรวงการคลัง และพัฒนาระบบงบ รายจ่าย",
        "บ้านโคกสีสุก บ้านหนองกระทุ่มหมี",
        "ที่ นม ๕๒๓๐๑/ว ๔๒๘ e-mail: saraban@nongbuangam.go.th",
        "กขคงจฉชซฌญฎฏฐฑฒณ",
        "",
    ],
)
def test_what_is_right_or_unknown_stays(text: str) -> None:
    assert correct_ocr_errors(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("การเลือนระดับ", True),
        ("เมือวันที่ 29", True),
        ("หนังสือคำประกัน", True),
        ("จึงเรียนมาเพื่อโปรดพิจารณาดำเนินการต่อไป", False),
        ("เมืองพัทยา โทร. 0-2241-9000", False),
    ],
)
def test_words_that_look_like_more_usual_ones_are_told(text: str, expected: bool) -> None:
    assert has_lookalike(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("และพัฒนาระบบงบระมาณ", True),
        ("สาธารณปโภคและการพาณิชย์", True),
        ("ถนนราชสีมา เขตดุสิต กทม. 10300", False),
        ("จึงเรียนมาเพื่อโปรดพิจารณาดำเนินการต่อไป", False),
        ("", False),
    ],
)
def test_letters_of_no_word_are_told(text: str, expected: bool) -> None:
    assert has_unknown_letter(text) is expected


@given(st.text(st.sampled_from("กขชซนมรสอเแาำิี่้ั์ ๑1a"), max_size=60))
def test_only_thai_letters_change(text: str) -> None:
    kept = [letter for letter in text if letter in "๑1a"]
    assert [letter for letter in correct_ocr_errors(text) if letter in "๑1a"] == kept
