"""Personal data: found however it is written, and nothing else taken for it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.th import pin

from archive import privacy
from archive.model import Attachment, DocumentKind, PersonalDataSpan, ReadingResults, ReadingStatus
from archive.privacy import EVERYTHING, expand_decision_on_everything, find_personal_data, undecided_finds
from archive.thai import thai_digits


def national_id(first_twelve: str) -> str:
    return first_twelve + pin.calc_check_digit(first_twelve)


def marked(text: str) -> list[tuple[str, str]]:
    return [(data.type, text[data.start : data.end]) for data in find_personal_data(text, 1)]


ID = national_id("110170020330")
IDS = st.from_regex(r"\A[1-8][0-9]{11}\Z").map(national_id).filter(pin.is_valid)


@pytest.mark.parametrize(
    "written",
    [
        ID,
        f"{ID[0]}-{ID[1:5]}-{ID[5:10]}-{ID[10:12]}-{ID[12]}",
        f"{ID[0]} {ID[1:5]} {ID[5:10]} {ID[10:12]} {ID[12]}",
        f"{ID[0]} – {ID[1:5]} – {ID[5:10]} – {ID[10:12]} – {ID[12]}",
        " ".join(ID),
        f"{ID[:6]}\n{ID[6:]}",
        ID.replace("0", "O", 1),
    ],
)
def test_national_ids_broken_in_every_way(written: str) -> None:
    for number in (written, thai_digits(written)):
        assert marked(f"เลขประจำตัวประชาชน {number} ชื่อ") == [("national-id", number)]


@given(IDS, st.sampled_from(["", " ", "-", "\n"]), st.booleans(), st.text("กขค ่\n", max_size=20))
def test_offsets_hold_in_any_text(number: str, gap: str, thai: bool, before: str) -> None:
    written = gap.join((number[0], number[1:5], number[5:10], number[10:12], number[12]))
    written = thai_digits(written) if thai else written
    assert marked(f"{before}{written} ราย") == [("national-id", written)]


@given(IDS, st.integers(1, 9))
def test_a_wrong_checksum_is_no_national_id(number: str, change: int) -> None:
    wrong = number[:-1] + str((int(number[-1]) + change) % 10)
    assert not [type for type, _ in marked(f"รหัส {wrong}") if type == "national-id"]


WRONG = "3-1009-05039-03-6"


@pytest.mark.parametrize(
    "words",
    [
        "เลขประจำตัวประชาชน",
        "เลขที่บัตรประชาชน:",
        "บัตรประจำตัวประชาชนเลขที่",
        "หมายเลขบัตรประจําตัวประชาชน (๑๓ หลัก)",
        "เลขประจำตัว 13 หลัก",
        "เลขประจำตัวประชา ชน\n",  # as a recogniser read it
        "ผู้ร้อง citizen ID",
        "ID card no.",
    ],
)
@pytest.mark.parametrize(
    "written",
    [
        WRONG,
        WRONG.replace("-", " "),
        WRONG.replace("-", ""),
        "3-1OO9-05039-03-6",
        "9-1009-05039-03-6",  # no ID begins with 9: a recogniser misread the first digit
        "3 – 1009 – 05039 – 03 – 6",
    ],
)
def test_a_number_that_words_call_a_national_id_is_one_with_a_wrong_checksum(
    words: str, written: str
) -> None:
    for number in (written, thai_digits(written)):
        assert marked(f"{words} {number} ชื่อ") == [("national-id", number)]


def test_every_number_below_the_heading_of_a_column_of_national_ids_is_one() -> None:
    rows = "\n".join(f"{row} นายแดง ใจดี อยู่บ้านหนองปลาดุก ตำบลหนองปลาดุก {WRONG} รายใหม่" for row in range(1, 9))
    assert marked(f"ที่ ชื่อ-สกุล เลขประจำตัวประชาชน หมายเหตุ\n{rows}") == [("national-id", WRONG)] * 8
    assert marked(f"ให้นำสำเนาบัตรประชาชนมาด้วย\n{'ก' * 200} รหัส 3100905039036") == []


@pytest.mark.parametrize(
    "text", ["รหัสโครงการ 3100905039036", "ประชาชนทั่วไปดูที่ 3100905039036", "เลขประจำตัวผู้เสียภาษี 3100905039036"]
)
def test_thirteen_digits_that_no_words_call_a_national_id_are_none(text: str) -> None:
    assert marked(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "ผู้เสนอราคาต้องแนบสำเนาบัตรประจำตัวประชาชน\n1. บริษัท ปตท. จำกัด (มหาชน) (0107544000108)",
        "สำเนาบัตรประชาชน สำเนาหนังสือรับรอง เลขผู้เสียภาษี 0994000165501 ของเทศบาล",
        "เลขผู้เสียภาษี 13 หลัก 0994000165501",
        "หมายเลขงานประชาสัมพันธ์ 034 281 234 เลขทะเบียน 0733560001234",
        "เลขที่คำขอของประชาคม 0733560001234",
    ],
)
def test_the_number_of_a_company_or_an_office_is_no_national_id(text: str) -> None:
    assert marked(text) == []


def test_a_national_id_whose_first_digit_was_read_as_zero_is_one() -> None:
    misread = f"0{WRONG[1:]}"
    assert marked(f"เลขประจำตัวประชาชน {misread}") == [("national-id", misread)]


@pytest.mark.parametrize(
    "written",
    [
        "0812345678",
        "081-234-5678",
        "08 1234 5678",
        "๐๘๑-๒๓๔-๕๖๗๘",
        "+66 81 234 5678",
        "06-1234-5678",
        "089.123.4567",
    ],
)
def test_mobile_numbers(written: str) -> None:
    assert marked(f"ติดต่อ {written} ได้ทุกวัน") == [("phone", written)]


@pytest.mark.parametrize(
    "written", ["0 4429 7861", "๐ ๔๔๒๙ ๗๘๖๑", "044-297861", "02-123-4567", "0 2123 4567"]
)
def test_landlines_after_their_word(written: str) -> None:
    assert marked(f"ติดต่อนางสมศรี โทร. {written}") == [("phone", written)]
    assert marked(f"ผู้ร้อง นายเอก บ้านเลขที่ ๙ โทร. {written}") == [("phone", written)]
    assert marked(f"จำนวน {written}") == []


@pytest.mark.parametrize(
    "line",
    [
        "ส่วนราชการ สำนักปลัดเทศบาล เทศบาลตำบลหนองปลาดุก โทร. ๐ ๕๓๙๕ ๐๐๐๑",
        "สวันราชการสำนักปลัดเทศบาล เทศบาลตำบลหนองปลาดุก โทร. ๐ ๕๓๙๕ ๐๐๐๑",  # as a recogniser read it
        "กองคลัง โทร. 0 5395 0001",
        "ขอแสดงความนับถือ\nสำนักปลัด\nโทร. ๐ ๕๓๙๕ ๐๐๐๑",
        "โทรศัพท์/โทรสาร 0-5395-0001",
    ],
)
def test_an_office_number_is_no_personal_data(line: str) -> None:
    assert marked(line) == []


@pytest.mark.parametrize("written", ["123-4-56789-0", "๑๒๓-๔-๕๖๗๘๙-๐", "1234567890", "020 1 23456 789 0"])
def test_bank_accounts_after_their_words(written: str) -> None:
    assert marked(f"ธนาคารกรุงไทย เลขที่บัญชี {written}") == [("bank-account", written)]
    assert marked(f"เลขที่สัญญา {written}") == []
    assert marked(f"โอนเข้าบัญชี\n{written} ธนาคารกรุงไทย") == [("bank-account", written)]
    assert marked(f"บัญชี\n{written}") == [("bank-account", written)]
    assert marked(f"บัญชีรายชื่อผู้มีสิทธิ รหัส {written.replace('-', '')}") == []


@pytest.mark.parametrize("between", ["บัญชีนายแดง ใจดี ", "บัญชีของผู้รับเงิน\nคือ "])
def test_an_account_grouped_as_banks_do_is_one_after_the_word_account(between: str) -> None:
    assert marked(f"{between}123-4-56789-0") == [("bank-account", "123-4-56789-0")]


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("โอนเข้าบัญชี\n5. 987-6-54321-0", "987-6-54321-0"),
        ("โอนเข้าบัญชี\n3 987-6-54321-0", "987-6-54321-0"),  # a recogniser lost the dot
        ("โอนเข้าบัญชี 3\n987-6-54321-0", "987-6-54321-0"),
        ("เลขที่บัญชี\n3.\n987-6-54321-0", "987-6-54321-0"),
        ("เลขที่บัญชี 987-6-54321-0\n4 123-4-56789-0", "987-6-54321-0"),
        ("เลขที่บัญชี 986-0-12345-6\n๒. นายสมชาย", "986-0-12345-6"),
        ("เลขที่บัญชี\n1. 123-4-56789-0\n2. 123-4-56789-1", "123-4-56789-0"),
        ("เลขที่บัญชี 986-0-1234\n56. ธนาคาร", "986-0-1234\n56"),  # too short for an account without them
    ],
)
def test_the_number_of_a_list_is_no_part_of_an_account(text: str, account: str) -> None:
    assert marked(text)[0] == ("bank-account", account)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ครุภัณฑ์ตามบัญชี\n1 2560 41600 0001 25000", []),
        ("รายละเอียดตามบัญชี\n1. 7105-001-0001-0002", []),
        ("งบประมาณตามบัญชี 2564 1234567890", []),
        ("รายชื่อท้ายบัญชี\n1234567890", []),
        ("บัญชี\n1 2560 41600 0001 25000", []),
        ("บัญชี\n1. 081-234-5678", [("phone", "081-234-5678")]),
    ],
)
def test_the_number_after_the_word_for_a_list_is_no_account(text: str, found: list[tuple[str, str]]) -> None:
    assert marked(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "ที่ นม ๕๒๓๐๑/ว ๔๒๘ ลงวันที่ ๖ พฤศจิกายน ๒๕๖๔",
        "ที่ มท 0808.2/ว 1234567890123",
        "งบประมาณ 1,234,567,890.00 บาท",
        "วงเงิน ๑๒,๓๔๕,๖๗๘.๙๐ บาท",
        "เลขที่โครงการ 65037123456",
        "พ.ศ. 2564 2565 2566 2567 2568",
        "ครั้งที่ 12/2564 วันที่ 09/06/2564 เวลา 08.30 - 16.30 น.",
        "พิกัด 14.979900, 102.097771",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
    ],
)
def test_numbers_of_office_are_no_personal_data(text: str) -> None:
    assert marked(text) == []


@given(st.text())
def test_finds_are_in_order_and_apart(text: str) -> None:
    spans = [(data.start, data.end) for data in find_personal_data(text, 3)]
    assert spans == sorted(spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("นางสมศรี ใจดี อีเมล somsri.zebra@example.com", ("email", "somsri.zebra@example.com")),
        ("น.ส.ดี ใจงาม\nE-mail: dee_99@gmail.com", ("email", "dee_99@gmail.com")),
        (
            "นายเอก ใจดี อยู่บ้านเลขที่ ๑๒/๓ หมู่ที่ ๔ ตำบลหนองปลาดุก",
            ("address", "บ้านเลขที่ ๑๒/๓ หมู่ที่ ๔ ตำบลหนองปลาดุก"),
        ),
        ("เด็กชายกล้า ใจดี เกิดวันที่ 12 มีนาคม 2555", ("birth-date", "12 มีนาคม 2555")),
        ("ด.ญ.แก้ว ใจดี เกิดเมื่อวันที่ ๑๒ มี.ค. ๒๕๕๕", ("birth-date", "๑๒ มี.ค. ๒๕๕๕")),
        ("วันเดือนปีเกิด 12/03/2555", ("birth-date", "12/03/2555")),
        ("นางแดง ใจดี ป่วยเป็นโรคลมชัก", ("health", "ป่วยเป็นโรคลมชัก")),
        ("นายกล้า ใจดี ติดเชื้อเอชไอวี", ("health", "ติดเชื้อเอชไอวี")),
    ],
)
def test_what_stands_after_the_name_of_a_person(text: str, found: tuple[str, str]) -> None:
    assert marked(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "(นายสมชาย ใจดี)\nนายกเทศมนตรีตำบลหนองปลาดุก\nE-mail: nongpladuk@hotmail.com",
        "นายสมชาย ใจดี saraban@nongpladuk.go.th",
        "ติดต่อได้ที่ E-mail nongpladuk@gmail.com",
        "นายกเทศมนตรีตำบลหนองปลาดุก nongpladuk@gmail.com",
        "ก่อสร้างถนนจากบ้านนายแดง ถึงบ้านเลขที่ 12 หมู่ 3 ตำบลหนองปลาดุก",
        "ประปาหมู่บ้าน บ้านเลขที่ 12 หมู่ 3 ตำบลหนองปลาดุก",
        "เพลิงไหม้บ้านของนายแดง ใจดี เหตุเกิดวันที่ 5 มีนาคม 2555",
        "ผู้ป่วยโรคเบาหวาน 12 ราย",
        "ลดการป่วยด้วยโรคไม่ติดต่อเรื้อรัง",
        "นายแดง ใจดี รองประธานชมรมผู้ป่วยเป็นโรคเบาหวาน",
        "ประกาศ ณ วันที่ 5 มีนาคม 2555 นายแดง ใจดี",
    ],
)
def test_what_stands_without_a_person_is_no_personal_data(text: str) -> None:
    assert marked(text) == []


def test_a_long_run_of_digits_is_nobody_s_number() -> None:
    assert marked("9" * 1_000) == []


def test_a_long_run_of_blanks_is_looked_through_in_one_pass() -> None:
    started = time.thread_time()
    for text in (f"12{' ' * 100_000}ก", f"12 มกราคม{' ' * 100_000}ก"):
        assert marked(text) == []
    assert time.thread_time() - started < 5


def test_a_decision_on_everything_covers_what_was_known_then() -> None:
    phone, email = (
        PersonalDataSpan(type=type, page=1, start=start, end=start + 9)
        for type, start in (("phone", 0), ("email", 20))
    )
    published = Attachment(
        id=1,
        announcement_id=1,
        position=1,
        label=f"คำร้องของ นายแดง {ID} dang@example.com",
        filename="ก.pdf",
        kind=DocumentKind.OTHER,
        media_type="application/pdf",
        size=1,
        sha256="",
        page_count=1,
        status=ReadingStatus.READY,
        error=None,
        signed=False,
        details=ReadingResults(personal_data=(phone,)),
        rules=1,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        decided=(EVERYTHING,),
    )
    assert undecided_finds(published) == ()
    decided = expand_decision_on_everything(published)
    assert sorted(decided) == ["national-id:label", "phone:1"]
    later = replace(published, details=ReadingResults(personal_data=(phone, email)), decided=decided)
    assert [(find.type, find.field) for find in undecided_finds(later)] == [("email", "label"), ("email", "")]
    assert expand_decision_on_everything(later) == decided


_LIMITS = ("_CARD_BREAKS", "_CONTEXT", "_FEWEST_ACCOUNT_DIGITS", "_SLIPS")


def fingerprint_of_rules() -> str:
    """Returns a hash of the patterns and limits by which personal data is found."""
    declared = {
        name: (value.pattern, value.flags)
        for name, value in vars(privacy).items()
        if isinstance(value, re.Pattern)
    }
    limits = {name: getattr(privacy, name) for name in _LIMITS}
    plain = {name: sorted(value) if isinstance(value, set) else value for name, value in limits.items()}
    told = repr((sorted(declared.items()), sorted(plain.items())))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def test_the_number_of_the_rules_belongs_to_their_patterns() -> None:
    assert (privacy.RULES, fingerprint_of_rules()) == (2, "87fae3cefd40816f"), (
        "The patterns that find personal data have changed. If they may find more in a page than before,"
        " raise privacy.RULES by one: the worker then looks through all stored texts again. In any case"
        " write the number and the new fingerprint here."
    )


@pytest.mark.parametrize("name", ["_MOBILE", "_CARD_BREAKS", "_CONTEXT"])
def test_a_changed_pattern_changes_the_fingerprint(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, changed = (
        fingerprint_of_rules(),
        {"_MOBILE": re.compile("0"), "_CARD_BREAKS": {1}, "_CONTEXT": 101},
    )
    monkeypatch.setattr(privacy, name, changed[name])
    assert fingerprint_of_rules() != before


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        ("โทร 081-234-5678", "โทร. ๐๘๑ ๒๓๔ ๕๖๗๘", 0),  # the same number, written otherwise
        ("โทร 081-234-5678", "โทร 081-234-5679", 1),  # with another digit it is somebody else's
        ("โทร 081-234-5678 และ 081-234-5671", "โทร 081-234-5672 และ 081-234-5679", 2),
        ("โทร 081-234-5677 และ 081-234-5611", "โทร 081-234-5617 และ 081-234-5677", 1),
    ],
)
def test_an_edit_takes_out_what_is_no_correction(before: str, after: str, gone: int) -> None:
    assert len(privacy.data_taken_out("title", before, after)) == gone


@pytest.mark.parametrize(
    "text",
    [
        "น้ำ ไม่ไหล",
        "กล้วย แปรรูป",
        "แก้ว พลาสติก",
        "กำแพง กันดินพัง",
        "สมหมาย",
        "พิกุล ต้นไม้",
        "ทุน การศึกษา บุตร",
        "น้ำ ใจดี",
    ],
)
def test_two_ordinary_words_are_no_name(text: str) -> None:
    assert not privacy.names_person(text)


@pytest.mark.parametrize("text", ["สมชาย ใจดี", "สมหมาย รักไทย", "วิชัย มั่นคง"])
def test_a_name_whose_family_name_is_a_word_is_a_name(text: str) -> None:
    assert privacy.names_person(text)
