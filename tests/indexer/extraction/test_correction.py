"""Slips of a recogniser, and words that must stay as they are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythainlp.corpus import thai_orst_words

from indexer.extraction.ocr.correction import correct_ocr_errors, doubtful_words, word_evidence


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("ให้เติมสารสัมกับคลอรีน", "ให้เติมสารส้มกับคลอรีน"),  # a mark for another
        ("ผู้เสนอราคาต่าสุด", "ผู้เสนอราคาต่ำสุด"),
        ("ซ่อมเครื่องสูบน้าขนาดท่อ ๑๐ นิ้ว", "ซ่อมเครื่องสูบน้ำขนาดท่อ ๑๐ นิ้ว"),  # น้า by itself is a word
        ("เป็นเงินหั้งสิ้น", "เป็นเงินทั้งสิ้น"),  # look-alikes
        ("สภาองค์กรชุมชนดำบล", "สภาองค์กรชุมชนตำบล"),  # of short words the frequent ones
        ("พนักงานฝ่ายปกกรองมีข้อบังกับ", "พนักงานฝ่ายปกครองมีข้อบังคับ"),
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
    ("read", "written"),
    [
        ("พระมหากษัตริย์ สำนักงานเทศบลตำบลนาดี", "พระมหากษัตริย์ สำนักงานเทศบาลตำบลนาดี"),
        ("พระมหากรุณาธิคุณ สำนักงานเทศบลตำบลนาดี", "พระมหากรุณาธิคุณ สำนักงานเทศบาลตำบลนาดี"),
        ("เด็กหญิงและเด็กชาย ในเขตเทศบลตำบล", "เด็กหญิงและเด็กชาย ในเขตเทศบาลตำบล"),
        ("เด็กชายที่มีอายุ ในเขตเทศบลตำบล", "เด็กชายที่มีอายุ ในเขตเทศบาลตำบล"),
        ("(สำเนาถูกต้อง ประกศเทศบาล)", "(สำเนาถูกต้อง ประกาศเทศบาล)"),
        ("(เอกสารแนบท้าย ประกศเทศบาล)", "(เอกสารแนบท้าย ประกาศเทศบาล)"),
    ],
)
def test_words_that_only_begin_like_a_name_keep_no_slips(read: str, written: str) -> None:
    assert correct_ocr_errors(read) == written


@pytest.mark.parametrize(
    "text",
    [
        "เทศบาลตำบลหนองบัวงาม อำเภอโนนสูง จังหวัดนครราชสีมา",
        "นางสาวศรินทิพย์ กุมภาพันธ กรรมการ",  # a person is called as the person is called
        "ร้อยตำรวจเอก ศรินทิพย์ กุมภาพันธ",
        "ว่าที่ร้อยตรี สมพงศ กุมภาพันธ",
        "พันจ่าเอก สมพงศ กุมภาพันธ",
        "พ.ต.อ.สมพงศ กุมภาพันธ",
        "จ.ส.อ. สมพงศ กุมภาพันธ",
        "ดร.สมพงศ กุมภาพันธ",
        "พระครูสมพงศ กุมภาพันธ",
        "(ศรินทิพย์ กุมภาพันธ)",
        "พระมหาสมพงศ กุมภาพันธ",
        "เด็กชายสมพงศ กุมภาพันธ",
        "ลุงกับน้าและต่าย",
        "วัคซีนแอสตร้าเซนเนก้า โรงพยาบาลเลิดสิน",  # ก is read for ค, not for ด or ต
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
    ("text", "doubtful"),
    [
        ("การเลือนระดับ", ["เลือน"]),  # looks like a more usual word
        ("เมือวันที่ 29", ["เมือ"]),
        ("หนังสือคำประกัน", ["คำประกัน"]),
        ("ออกโดยกรมชฬ", ["ช", "ฬ"]),  # no word
        ("จึงเรียนมาเพื่อโปรดพิจารณาดำเนินการต่อไป", []),
        ("เมืองพัทยา โทร. 0-2241-9000", []),
        ("ถนนราชสีมา เขตดุสิต กทม. 10300", []),
        ("", []),
    ],
)
def test_what_is_no_word_or_looks_like_a_more_usual_one_is_doubtful(text: str, doubtful: list[str]) -> None:
    assert [text[start:end] for start, end in doubtful_words(text)] == doubtful


@pytest.mark.parametrize(
    "word",
    "พาณิชยกิจ พาณิชยนาวี พาณิชยการ สัตวแพทยสภา แพทยสภา ครุศาสตรอุตสาหกรรม วิทยาศาสตรบัณฑิต มนุษยสัมพันธ์"
    " สัมพันธภาพ ทรัพยสิทธิ จันทรเกษม ไปรษณียภัณฑ์ พันธกิจ องคมนตรี ขันธพันธุ์".split(),
)
def test_words_that_lose_their_silent_letter_in_compounds_stay(word: str) -> None:
    text = f"ตามประกาศ{word}ของสำนักงาน"
    assert correct_ocr_errors(text) == text


def test_a_silent_letter_is_put_back_where_the_word_forms_no_such_compounds() -> None:
    read = "ศูนยพัฒนาเด็กเล็ก อุปกรณการเรียน สหกรณการเกษตร"
    assert correct_ocr_errors(read) == "ศูนย์พัฒนาเด็กเล็ก อุปกรณ์การเรียน สหกรณ์การเกษตร"


def test_a_silent_letter_is_put_back_in_front_of_a_word_with_which_no_compound_goes_on() -> None:
    read = "กระทรวงพาณิชยได้ประกาศ กระทรวงพาณิชยและกระทรวงการคลัง สำนักงานพาณิชยที่ตั้งอยู่"
    written = "กระทรวงพาณิชย์ได้ประกาศ กระทรวงพาณิชย์และกระทรวงการคลัง สำนักงานพาณิชย์ที่ตั้งอยู่"
    assert correct_ocr_errors(read) == written


def test_words_of_the_dictionary_of_the_royal_society_stay() -> None:
    words = [word for word in sorted(thai_orst_words()) if re.fullmatch("[ก-ฺเ-๎]{3,}", word)][::9]
    changed = [word for word in words if correct_ocr_errors(f"เรื่อง{word}ของทาง") != f"เรื่อง{word}ของทาง"]
    assert len(changed) <= 0.003 * len(words), changed


@given(st.text(st.sampled_from("กขชซนมรสอเแาำิี่้ั์ ๑1a"), max_size=60))
def test_only_thai_letters_change(text: str) -> None:
    kept = [letter for letter in text if letter in "๑1a"]
    assert [letter for letter in correct_ocr_errors(text) if letter in "๑1a"] == kept


def test_known_and_long_words_are_evidence() -> None:
    long, short, unknown = map(word_evidence, ("ตำแหน่งที่ดิน", "ตำแซล่งที่สิน", "ฉฉฉฉฉฉ"))
    assert long > short > unknown == 0
    assert word_evidence("2550 - ABC") == 0
