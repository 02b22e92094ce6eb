"""Metadata that documents state about themselves, in the forms that offices write."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Line, LowConfidenceSpan, Page, TextSource
from archive.thai import thai_digits
from indexer.extraction.metadata import extract_fields


def pages(*texts: str, confidence: float | None = None) -> list[Page]:
    source = TextSource.EMBEDDED if confidence is None else TextSource.OCR
    return [
        Page(attachment_id=1, number=number, text=text, raw=text, source=source, confidence=confidence)
        for number, text in enumerate(texts, start=1)
    ]


def values(*texts: str) -> dict[str, str]:
    return {name: field.value for name, field in extract_fields(pages(*texts)).items()}


MEMO = """บันทึกข้อความ
ส่วนราชการ กองช่าง เทศบาลตำบลหนองบัวงาม โทร. ๐ ๔๔๒๙ ๗๘๖๑
ที่ นม ๕๒๓๐๑/ว ๔๒๘ วันที่ ๖ พฤศจิกายน ๒๕๖๔
เรื่อง ขออนุมัติซ่อมแซมถนน
เรียน นายกเทศมนตรี
ตามหนังสือที่ มท ๐๘๐๘.๒/ว ๙๙ ลงวันที่ ๑ มกราคม ๒๕๖๐ แจ้งว่า"""

LETTER = """ด่วนที่สุด
ที่ มท ๐๘๐๘.๒/ว ๑๒๓ กรมส่งเสริมการปกครองท้องถิ่น
ถนนนครราชสีมา กทม. ๑๐๓๐๐
๒๐ พฤษภาคม ๒๕๖๖
เรื่อง แนวทางปฏิบัติเกี่ยวกับการรับเงินอุดหนุนเฉพาะกิจ
ขององค์กรปกครองส่วนท้องถิ่น
เรียน ผู้ว่าราชการจังหวัด ทุกจังหวัด
อ้างถึง หนังสือกรม ด่วนมาก ที่ มท ๐๘๐๘.๒/ว ๑๐๐ ลงวันที่ ๙ มกราคม ๒๕๖๔"""

ORDER = """คำสั่งเทศบาลเมืองท่าตะเคียน
ที่ ๖๔/๒๕๖๖
เรื่อง แต่งตั้งคณะกรรมการ
---------------------------
ด้วยเทศบาลมีคำสั่งที่ ๑๒/๒๕๖๐ ลงวันที่ ๑ มกราคม ๒๕๖๐
๑. นายสมชาย ใจดี กรรมการ"""


def test_a_field_that_redaction_covers_in_part_is_left_out() -> None:
    found = values(MEMO.replace("ซ่อมแซม", "█").replace("กองช่าง", "█"))
    assert found.keys() == {"kind", "number", "date", "to"}


def test_a_speck_read_as_a_dash_before_a_bracket_is_no_part_of_a_scan_s_subject() -> None:
    speck = ORDER.replace("คณะกรรมการ", "คณะกรรมการ หมู่ที่ ๔ - (แก้ไข)")
    assert extract_fields(pages(speck, confidence=0.95))["subject"].value == "แต่งตั้งคณะกรรมการ หมู่ที่ ๔ (แก้ไข)"
    assert values(speck)["subject"] == "แต่งตั้งคณะกรรมการ หมู่ที่ ๔ - (แก้ไข)"  # typed so, and no scan
    dash = ORDER.replace("คณะกรรมการ", "คณะกรรมการ สายบ้านดอน - บ้านนา (แก้ไข)")
    assert "บ้านดอน - บ้านนา (แก้ไข)" in extract_fields(pages(dash, confidence=0.95))["subject"].value


def test_memo() -> None:
    assert values(MEMO) == {
        "kind": "memo",
        "number": "นม 52301/ว 428",
        "date": "2021-11-06",
        "subject": "ขออนุมัติซ่อมแซมถนน",
        "from": "กองช่าง เทศบาลตำบลหนองบัวงาม",
        "to": "นายกเทศมนตรี",
    }


def test_letter() -> None:
    assert values(LETTER) == {
        "kind": "letter",
        "number": "มท 0808.2/ว 123",
        "date": "2023-05-20",
        "subject": "แนวทางปฏิบัติเกี่ยวกับการรับเงินอุดหนุนเฉพาะกิจขององค์กรปกครองส่วนท้องถิ่น",
        "from": "กรมส่งเสริมการปกครองท้องถิ่น",
        "to": "ผู้ว่าราชการจังหวัด ทุกจังหวัด",
        "urgency": "ด่วนที่สุด",
    }


def test_order_is_dated_at_its_end() -> None:
    assert values(ORDER, "- ๒ -\nทั้งนี้ ตั้งแต่บัดนี้เป็นต้นไป\nสั่ง ณ วันที่ ๒๖ ตุลาคม พ.ศ. ๒๕๖๖\n(นายสมชาย ใจดี)") == {
        "kind": "order",
        "number": "64/2566",
        "date": "2023-10-26",
        "subject": "แต่งตั้งคณะกรรมการ",
        "from": "เทศบาลเมืองท่าตะเคียน",
    }


@pytest.mark.parametrize(
    "written",
    ["ที่ มท ๐๘๐๘.๒/ว ๑๒๓", "ที่ มท๐๘๐๘.๒/ว๑๒๓", "ที่  มท 0808.2 / ว 123", "ที่มท 0808.2/ว123", "ที มท 0808.2/ว. 123"],
)
def test_a_number_reads_alike_however_it_is_written(written: str) -> None:
    assert values(f"{written}\nเรื่อง ทดสอบ\nเรียน นายอำเภอ")["number"] == "มท 0808.2/ว 123"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("ประกาศเทศบาลตำบลหนองบัวงาม", "announcement"),
        ("เทศบัญญัติเทศบาลตำบลหนองบัวงาม", "bylaw"),
        ("ข้อบัญญัติองค์การบริหารส่วนตำบลบ้านใหม่", "bylaw"),
        ("ระเบียบเทศบาลว่าด้วยการใช้สนามกีฬา", "rule"),
        ("รายงานการประชุมสภาเทศบาล", "minutes"),
        ("ข่าวประชาสัมพันธ์", "news"),
        ("หนังสือรับรอง", "certificate"),
    ],
)
def test_kinds_by_title(title: str, kind: str) -> None:
    assert values(f"{title}\nเรื่อง การทดสอบ\n---------\nด้วยเทศบาล")["kind"] == kind


def test_stamped_letter() -> None:
    read = values("ที่ มท ๐๘๐๘/๕๕๕\nถึง สำนักงานเทศบาลตำบลหนองบัวงาม\nตามหนังสือ ขอส่งเอกสาร\nกรมการปกครอง")
    assert (read["kind"], read["to"]) == ("stamped", "สำนักงานเทศบาลตำบลหนองบัวงาม")


def test_stamped_letter_is_signed_by_its_office_at_the_end() -> None:
    read = values(
        "ด่วนมาก\nที่ มท ๐๘๐๘/๕๕๕\nถึง เทศบาลตำบลบ้านใหม่\nตามที่ได้รับแจ้งจึงส่งมาพร้อมนี้"
        "\nกรมการปกครอง\n๒ มกราคม ๒๕๖๔\nโทร. ๐ ๒๒๔๑ ๙๐๐๐"
    )
    assert (read["from"], read["date"], read["urgency"]) == ("กรมการปกครอง", "2021-01-02", "ด่วนมาก")


def test_urgency_beside_the_title_of_a_memo() -> None:
    read = values(MEMO.replace("บันทึกข้อความ", "ด่วนที่สุด\tบันทึกข้อความ"))
    assert (read["kind"], read["urgency"]) == ("memo", "ด่วนที่สุด")


def test_issuer_and_subject_go_on_over_lines() -> None:
    read = values(
        "ประกาศสำนักงานส่งเสริมการปกครองท้องถิ่น\nจังหวัดสมมติ\nเรื่อง หลักเกณฑ์การใช้รถยนต์ส่วนกลางประจำปี พ.ศ.\n๒๕๖๗"
        "\n----------\nด้วยสำนักงาน\nประกาศ ณ วันที่ ๑ กันยายน ๒๕๖๖"
    )
    assert read["from"] == "สำนักงานส่งเสริมการปกครองท้องถิ่นจังหวัดสมมติ"
    assert read["subject"] == "หลักเกณฑ์การใช้รถยนต์ส่วนกลางประจำปี พ.ศ. ๒๕๖๗"


def test_a_date_under_a_seal_is_not_taken_from_elsewhere() -> None:
    text = "ประกาศเทศบาลตำบลบ้านใหม่\nเรื่อง ทดสอบ\n------\nทั้งนี้ ตั้งแต่วันที่ ๑ มกราคม ๒๕๖๐ เป็นต้นไป\nประกาศ ณ วันที่ ๕ กุม"
    assert "date" not in values(text)


def test_an_emblem_read_as_signs_does_not_hide_the_title() -> None:
    assert values(f"๐)\n{ORDER}")["kind"] == "order"
    assert values(f"๐) {MEMO}")["kind"] == "memo"


def test_slips_of_a_recogniser_are_forgiven() -> None:
    worn = MEMO.replace("บันทึกข้อความ", "บนทึกขอความ").replace("เรื่อง", "เรีอง").replace("พฤศจิกายน", "พฤศจกายน")
    read = extract_fields(pages(worn, confidence=0.9))
    assert read["kind"].value == "memo"
    assert read["subject"].value == "ขออนุมัติซ่อมแซมถนน"
    assert read["date"].value == "2021-11-06"
    assert read["kind"].confidence < extract_fields(pages(MEMO, confidence=0.9))["kind"].confidence


def test_prose_says_nothing_about_itself() -> None:
    assert values("ประชาชนในพื้นที่ร่วมกันทำความสะอาดวัดและโรงเรียน\nเมื่อวานนี้มีผู้ร่วมงานหลายร้อยคน") == {}


@given(st.integers(1, 9999), st.integers(2500, 2575), st.booleans())
def test_order_numbers(number: int, year: int, thai: bool) -> None:
    written = f"{number}/{year}"
    text = f"คำสั่งเทศบาลตำบลหนองบัวงาม\nที่ {thai_digits(written) if thai else written}\nเรื่อง ทดสอบ"
    assert values(text)["number"] == written


@given(st.text())
def test_any_text_is_described_without_error(text: str) -> None:
    extract_fields(pages(text))


def doubted(text: str, *stretches: str) -> dict[str, str]:
    """Returns the fields of a scan whose ``stretches`` the recogniser doubted, as it doubts handwriting."""
    doubts = tuple(
        LowConfidenceSpan(text.index(each), text.index(each) + len(each), 0.92) for each in stretches
    )
    (page,) = pages(text, confidence=0.98)
    return {name: field.value for name, field in extract_fields([replace(page, doubts=doubts)]).items()}


def test_days_and_numbers_written_by_hand_are_left_open() -> None:
    assert doubted(LETTER)["date"] == "2023-05-20"
    by_hand = doubted(LETTER, "๒๐ พฤษ", "๑๒๓")
    assert "date" not in by_hand
    assert "number" not in by_hand
    assert by_hand["from"] == "กรมส่งเสริมการปกครองท้องถิ่น"


@pytest.mark.parametrize("day", ["๑ ๗", "๒ตู", "๑/๗"])
def test_a_day_that_was_not_read_whole_is_no_day(day: str) -> None:
    assert "date" not in values(LETTER.replace("๒๐ พฤษภาคม", f"{day} พฤษภาคม"))


def test_an_office_stands_after_a_number_that_could_not_be_read() -> None:
    assert values(LETTER.replace("ว ๑๒๓", "วน๑"))["from"] == "กรมส่งเสริมการปกครองท้องถิ่น"


def test_a_text_that_is_no_letter_has_no_sender_and_no_date() -> None:
    said = values("งบทดลอง\nณ วันที่ ๓๐ กันยายน ๒๕๕๗\nองค์การบริหารส่วนตำบลไทรย้อย\nรายการ เดบิต เครดิต")
    assert not {"from", "date"} & set(said)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("งบทดลอง\nณ วันที่ ๓๐ กันยายน ๒๕๕๗\n-----\nรายการ\tเดบิต\tเครดิต", "งบทดลอง ณ วันที่ ๓๐ กันยายน ๒๕๕๗"),
        (
            "ระเบียบกระทรวงมหาดไทย\nว่าด้วยการพัสดุ\nพ.ศ. ๒๕๓๕\nโดยที่เป็นการสมควร",
            "ระเบียบกระทรวงมหาดไทยว่าด้วยการพัสดุ พ.ศ. ๒๕๓๕",
        ),
        (
            "รายงานการประชุมสภาเทศบาล\nสมัยสามัญ ครั้งที่ ๑\nวันที่ ๕ มีนาคม ๒๕๖๖\nณ ห้องประชุมสภา\nผู้มาประชุม",
            "รายงานการประชุมสภาเทศบาล สมัยสามัญ ครั้งที่ ๑",
        ),
        ("พระราชบัญญัติ\nระเบียบบริหารเมือง\nพ.ศ. ๒๕๔๒\nภูมิพลอดุลยเดช ป.ร.", "พระราชบัญญัติระเบียบบริหารเมือง พ.ศ. ๒๕๔๒"),
        (
            "เอกสารสอบราคาจ้าง เลขที่ ๔/๒๕๕๘\nโครงการวางท่อ ตามประกาศเทศบาล\nลงวันที่ ๑๔ มกราคม ๒๕๕๘\n---\nเทศบาล",
            "เอกสารสอบราคาจ้าง เลขที่ ๔/๒๕๕๘ โครงการวางท่อ",
        ),
        (
            "แก้คำผิด\nระเบียบกระทรวงมหาดไทย\nว่าด้วยการพัสดุ พ.ศ. ๒๕๓๕ ซึ่งประกาศในราชกิจจา\nนุเบกษา",
            "แก้คำผิดระเบียบกระทรวงมหาดไทยว่าด้วยการพัสดุ พ.ศ. ๒๕๓๕",
        ),
        ("ราคากลาง งานเจาะบ่อ\tแบบ ปร.5\nประเภทงาน\tเจาะบ่อ", "ราคากลาง งานเจาะบ่อ"),
        ("ประชาชนในพื้นที่ร่วมกันทำความสะอาดวัด\nรายงานว่าเมื่อวานนี้มีผู้ร่วมงาน", None),
        (LETTER, None),
    ],
)
def test_titles_of_papers_without_a_subject(text: str, title: str | None) -> None:
    assert values(text).get("title") == title


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("บันทึกการประชุมคณะกรรมการกองทุน", "minutes"),
        ("ระเบียบวาระการประชุมสภาเทศบาล", None),
        ("ระเบียบการรับสมัครนักเรียน", None),
        ("ระเบียบการไฟฟ้านครหลวง", "rule"),
        ("ประกาศนียบัตร", None),
    ],
)
def test_words_that_only_begin_like_a_title(title: str, kind: str | None) -> None:
    assert values(f"{title}\nครั้งที่ ๓/๒๕๖๖").get("kind") == kind


def test_a_subject_ends_where_the_text_opens_but_not_at_a_method() -> None:
    head = "ประกาศเทศบาลตำบลบ้านใหม่\nเรื่อง ประกวดราคาจ้างก่อสร้างถนน\nด้วยวิธีประกวดราคาอิเล็กทรอนิกส์"
    wanted = "ประกวดราคาจ้างก่อสร้างถนนด้วยวิธีประกวดราคาอิเล็กทรอนิกส์"
    assert values(f"{head}\n-----\nด้วยเทศบาลมีความประสงค์")["subject"] == wanted
    text = "ประกาศเทศบาลตำบลบ้านใหม่\nเรื่อง ใช้แผนพัฒนา\nตามที่เทศบาลตำบลบ้านใหม่ได้จัดทำแผน\nซึ่งผ่านความเห็นชอบแล้ว"
    assert laid_out(text, (3000, 7000), (3400, 6600), (1400, 8900), (1000, 9000))["subject"] == "ใช้แผนพัฒนา"


def laid_out(text: str, *ends: tuple[int, int]) -> dict[str, str]:
    """Returns the fields of a page whose lines lie between the given ends (1/10,000 of its width)."""
    (page,) = pages(text)
    lines = text.split("\n")
    starts = [sum(len(each) + 1 for each in lines[:at]) for at in range(len(lines))]
    listed = tuple(
        Line(start, 0, 1, (left, *[right] * len(line)))
        for start, line, (left, right) in zip(starts, lines, ends, strict=True)
    )
    return {name: field.value for name, field in extract_fields([replace(page, lines=listed)]).items()}


def test_a_blank_form_is_no_letter() -> None:
    form = "คำร้องขอสอบชดเชย\nวันที่ / /\nเรื่อง\nSubject\nเรียน (อาจารย์ที่ปรึกษา)\nTo\nชื่อ-สกุล"
    assert values(form) == {"title": "คำร้องขอสอบชดเชย"}


def test_the_number_of_a_meeting_is_not_that_of_the_paper() -> None:
    text = "ข้อบังคับมหาวิทยาลัย\nว่าด้วยการศึกษา\nโดยมติสภา ในการประชุมครั้งที่ ๕/๒๕๖๖ จึงให้ออกข้อบังคับ"
    assert "number" not in values(text)


def test_an_announcement_is_dated_before_its_annexes() -> None:
    notice = "ประกาศเทศบาลตำบลบ้านใหม่\nเรื่อง ทดสอบ\n-----\nด้วยเทศบาล\nประกาศ ณ วันที่ ๑๗ เดือน พฤศจิกายน พ.ศ. ๒๕๕๗"
    annex = "\n".join(["เอกสารแนบท้าย"] * 40) + "\nประกาศ ณ วันที่ ๒ มกราคม ๒๕๕๘"
    assert values(notice, annex)["date"] == "2014-11-17"


def test_issuers_are_offices() -> None:
    assert values("ระเบียบกระทรวงมหาดไทยว่าด้วยการประชุม พ.ศ. ๒๕๔๗\n---")["from"] == "กระทรวงมหาดไทย"
    assert "from" not in values("ประกาศผู้ชนะการเสนอราคา\n---")
    assert values("คำสั่งมณฑลทหารบกที่ ๒๓\nที่ ๑๒/๒๕๖๔\nเรื่อง ทดสอบ\n---")["from"] == "มณฑลทหารบกที่ ๒๓"
    assert values("คำสั่งเทศบาลตำบลป่าซางที่ ๑๒/๒๕๖๔\nเรื่อง ทดสอบ\n---")["from"] == "เทศบาลตำบลป่าซาง"


@pytest.mark.parametrize(
    "written",
    [
        "29 พฤษภาคม ๒๕๖๖",  # a day in Arabic digits before a year in Thai ones was written by hand
        "๒๐ พฤษภาคม ๒๕๔๖",  # the letter that it answers is of 2564
        "๒๐ พฤษภาคม ๒๓๖๖",
    ],
)
def test_a_date_against_the_grammar_of_dates_is_left_open(written: str) -> None:
    text = LETTER.replace("๒๐ พฤษภาคม ๒๕๖๖", written)
    assert "date" not in {**extract_fields(pages(text, confidence=0.98))}
    assert "date" in values(text)  # nothing was misread in a text layer


def test_a_number_partly_in_other_digits_was_written_by_hand() -> None:
    text = LETTER.replace("ว ๑๒๓", "ว 123")
    assert "number" not in extract_fields(pages(text, confidence=0.98))


@pytest.mark.parametrize(
    "text",
    [
        "ข้อบังคับมหาวิทยาลัย ว่าด้วยการศึกษา พ.ศ. ๒๕๔๘\nข้อ ๒๕ การลาออก\nการลาออกต้องได้รับความยินยอม",  # an excerpt
        "๑.๓ ขั้นตอนในการจัดทำแผน\nระเบียบกระทรวงมหาดไทยว่าด้วยการจัดทำแผน\n๒๕๔๘ ได้กำหนดขั้นตอนไว้",
        "หนังสือยินยอมของผู้ปกครอง\nเขียนที่\nเรื่อง\nเรียน คณบดีคณะ\nข้าพเจ้า อายุ ปี",  # a blank form
        "แนวทางของเรา\nสารบัญ\nเรื่อง\tหน้า\n๑. หลักการและเหตุผล\t๑",
        "๑๒\nคู่มือนี้ถูกออกแบบให้เน้นแนวปฏิบัติ\nที่นำไปใช้ได้",
    ],
)
def test_inner_pages_and_forms_say_nothing_about_themselves(text: str) -> None:
    assert not {"kind", "subject", "from", "to"} & set(values(text))
    assert "คู่มือ" not in values(text).get("title", "")


@pytest.mark.parametrize(
    "first", ["เรือโท สมมติ ใจดี เปิดเผยว่า", "โครงการวางท่อเปิดให้ประชาชนใช้แล้ว และ" + "มีผู้ใช้มาก" * 8]
)
def test_news_state_no_subject_and_no_title(first: str) -> None:
    assert values(f"{first}\nต่อจากนั้นมีผู้ร่วมงานหลายร้อยคน") == {}


def test_a_subject_of_several_rows_hangs_below_its_label() -> None:
    text = (
        "ประกาศเทศบาลตำบลบ้านใหม่\nเรื่อง หลักเกณฑ์การเลื่อนและแต่งตั้ง\nในสายงานวิทยาศาสตร์และสายงาน\nนิติการ\nโดยที่เห็นสมควร"
    )
    rows = ((2900, 8400), (1870, 9400), (2330, 9280), (2320, 3600), (3000, 9200))
    assert laid_out(text, *rows)["subject"] == "หลักเกณฑ์การเลื่อนและแต่งตั้งในสายงานวิทยาศาสตร์และสายงานนิติการ"


def test_a_number_of_which_a_part_was_read_is_left_open() -> None:
    """A ว that was read as a digit stands apart from the number behind it."""
    assert "number" not in values(LETTER.replace("/ว ๑๒๓", "/ 2 ๑๒๓"))


def test_an_office_whose_name_in_the_title_is_unreadable_is_named_in_the_text() -> None:
    text = "ประกาศออักจิวินกินรรส\nเรื่อง สอบราคาจ้าง\n---\nด้วยเทศบาลตำบลบ้านใหม่ อำเภอสมมติ มีความประสงค์จะสอบราคาจ้าง"
    assert values(text)["from"] == "เทศบาลตำบลบ้านใหม่"


def test_a_day_written_by_hand_on_a_dotted_line_is_left_open() -> None:
    dotted = LETTER.replace("๒๐ พฤษภาคม ๒", "......๒๐......พฤษภาคม ๒")
    assert doubted(dotted)["date"] == "2023-05-20"
    assert "date" not in doubted(dotted, "๒๐...")


RECEIVED = "เทศบาลตำบลบ้านเดื่อ\nเลขรับ ๑๒๓๔\nวันที่ ๒๕ พฤษภาคม ๒๕๖๖\nเวลา ๑๐.๓๐ น.\n"


def test_the_stamp_of_a_receiver_above_a_letter_is_none_of_its_head() -> None:
    found = values(RECEIVED + LETTER.removeprefix("ด่วนที่สุด\n"))
    assert (found["date"], found["from"]) == ("2023-05-20", "กรมส่งเสริมการปกครองท้องถิ่น")
    memo = values("รับที่ ๕๕๕ วันที่ ๗ พฤศจิกายน ๒๕๖๔\n" + MEMO)
    assert memo["date"] == "2021-11-06"


def test_the_stamp_of_a_receiver_does_not_replace_a_day_written_by_hand() -> None:
    stamped = LETTER.replace("เรื่อง", "รับที่ ๕๕ วันที่ ๒๕ พฤษภาคม ๒๕๖๖\nเรื่อง")
    assert doubted(stamped)["date"] == "2023-05-20"
    assert "date" not in doubted(stamped, "๒๐ พฤษ")
    assert "date" not in values(stamped.replace("๒๐ พฤษภาคม", "พฤษภาคม"))


def test_the_stamp_of_a_receiver_at_the_right_is_left_out_of_the_rows_beside_it() -> None:
    rows = [
        ("ที่ ขก ๐๐๒๓.๓/ว ๗๘๙ ศาลากลางจังหวัดขอนแก่น", "เลขรับ ๑๒๓๔"),
        ("๑๔ พฤษภาคม ๒๕๖๔", "วันที่ ๑๙ พฤษภาคม ๒๕๖๔"),
        ("เรื่อง การเฝ้าระวังโรคลัมปีสกิน", "เวลา ๑๐.๓๐ น."),
        ("เรียน นายอำเภอทุกอำเภอ", "สำนักปลัด"),
        ("ด้วยจังหวัดได้รับแจ้งว่ามีโรคระบาดในสัตว์", ""),
    ]
    text, lines = "", []
    for left, right in rows:
        ends = [1000 + 4000 * at // len(left) for at in range(len(left) + 1)]
        ends += [7000 + 1500 * at // len(right) for at in range(len(right) + 1)] if right else []
        lines.append(Line(len(text), 0, 100, tuple(ends)))
        text += f"{left} {right}".strip() + "\n"
    (page,) = pages(text.rstrip("\n"), confidence=0.98)
    found = {name: field.value for name, field in extract_fields([replace(page, lines=tuple(lines))]).items()}
    assert found == {
        "kind": "letter",
        "number": "ขก 0023.3/ว 789",
        "date": "2021-05-14",
        "subject": "การเฝ้าระวังโรคลัมปีสกิน",
        "from": "ศาลากลางจังหวัดขอนแก่น",
        "to": "นายอำเภอทุกอำเภอ",
    }


@pytest.mark.parametrize(
    "mentioned",
    [
        "ประกาศ ลงวันที่ ๕ มกราคม ๒๕๖๔ นั้น บัดนี้ขอยกเลิก",
        "ประกาศ ณ วันที่ ๕ มกราคม ๒๕๖๔ นั้น บัดนี้ขอยกเลิก",
        "สั่ง ลงวันที่ ๕ มกราคม ๒๕๖๔ แล้ว",
    ],
)
def test_a_paper_is_not_dated_by_another_that_it_names(mentioned: str) -> None:
    text = f"ประกาศเทศบาลตำบลป่าซาง\nเรื่อง ยกเลิกประกาศ\n-----\nตามที่เทศบาลได้มี\n{mentioned}\n"
    assert values(text + "ประกาศ ณ วันที่ ๒๐ กุมภาพันธ์ พ.ศ. ๒๕๖๔")["date"] == "2021-02-20"
    assert values(text + "ประกาศ ณ วันที่\n๒๐ กุมภาพันธ์ พุทธศักราช ๒๕๖๔")["date"] == "2021-02-20"
    assert "date" not in values(text)


def test_minutes_are_not_dated_by_the_meeting_before() -> None:
    head = "รายงานการประชุมหัวหน้าส่วนราชการ\nครั้งที่ ๗/๒๕๖๔\n"
    before = "ผู้มาประชุม\n๑. นายแดง ขาว\nระเบียบวาระที่ ๒ รับรองรายงาน เมื่อวันที่ ๒๘ มิถุนายน ๒๕๖๔"
    assert "date" not in values(head + before)
    assert values(f"{head}เมื่อวันที่ ๒๘ กรกฎาคม ๒๕๖๔\n{before}")["date"] == "2021-07-28"


@pytest.mark.parametrize(
    ("sender", "wanted"),
    [
        ("การไฟฟ้าส่วนภูมิภาคสาขาบ้านไผ่\nอำเภอบ้านไผ่ จังหวัดขอนแก่น", "การไฟฟ้าส่วนภูมิภาคสาขาบ้านไผ่"),
        ("บริษัท ดีการช่าง จำกัด\nสำนักงานใหญ่ ๙๙ หมู่ ๒ ตำบลบ้านใหม่", "บริษัท ดีการช่าง จำกัด"),
        ("บริษัท ดีการช่าง จำกัด เลขที่ผู้เสียภาษี 0405536000531", "บริษัท ดีการช่าง จำกัด"),
        ("สำนักบริหารการเสียภาษีทางอิเล็กทรอนิกส์", "สำนักบริหารการเสียภาษีทางอิเล็กทรอนิกส์"),
        ("บริษัท ดีการช่าง จำกัด (เลขประจำตัวผู้เสียภาษี ๐๔๐๕๕๓๖๐๐๐๕๓๑)", "บริษัท ดีการช่าง จำกัด"),
        ("\nบ้านเลขที่ ๑๒ หมู่ที่ ๓\nอำเภอปากเกร็ด จังหวัดนนทบุรี", None),
    ],
)
def test_an_address_is_no_sender(sender: str, wanted: str | None) -> None:
    text = f"ที่ มท ๕๓๐๔.๒๑/๑๒๓ {sender}\n๔ มีนาคม ๒๕๖๕\nเรื่อง แจ้งดับกระแสไฟฟ้า\nเรียน นายกเทศมนตรี\nด้วยมีความจำเป็น"
    assert values(text).get("from") == wanted


def test_a_seal_read_as_letters_is_no_sender() -> None:
    text = "ที่ ชร ๐๐๒๓.๑/ว ๔๕๖\nถึง สำนักงานท้องถิ่นอำเภอ\nพร้อมนี้ขอส่งสำเนา\n{}๑๒ มีนาคม ๒๕๖๔"
    assert values(text.format("สำนักงานจังหวัดเชียงราย\nง์ ส่ ๆน\n"))["from"] == "สำนักงานจังหวัดเชียงราย"
    assert "from" not in values(text.format("ง์ ส่ ๆน\n"))


def test_an_enclosure_does_not_speak_for_a_first_page_that_could_not_be_read() -> None:
    unread, letter = pages("", LETTER)
    assert extract_fields([replace(unread, problem="timeout"), letter]) == {}
    cover = replace(unread, source=TextSource.OCR, confidence=0.3)
    for first in (unread, cover):
        assert extract_fields([first, letter])["date"].value == "2023-05-20"


def test_a_misread_label_leaves_none_of_its_letters_in_the_value() -> None:
    found = values(LETTER.replace("เรียน ผู้", "เรียบ ผู้").replace("เรื่อง แนว", "เรือน แนว"))
    assert found["to"].startswith("ผู้ว่า")
    assert found["subject"].startswith("แนวทาง")


def test_addressees_of_any_rank_end_a_subject() -> None:
    text = LETTER.replace("เรียน ผู้ว่าราชการจังหวัด ทุกจังหวัด", "กราบนมัสการ เจ้าอาวาสวัดทุ่งหลวง")
    found = values(text)
    assert (found["subject"][-11:], found["to"]) == ("ส่วนท้องถิ่น"[-11:], "เจ้าอาวาสวัดทุ่งหลวง")


def test_an_addressee_of_two_rows_is_whole_and_the_first_of_a_list_is_none() -> None:
    text = LETTER.replace("ทุกจังหวัด", "และผู้อำนวยการกอง\nสาธารณสุขและสิ่งแวดล้อม")
    assert values(text)["to"] == "ผู้ว่าราชการจังหวัด และผู้อำนวยการกองสาธารณสุขและสิ่งแวดล้อม"
    assert "to" not in values(LETTER.replace("เรียน ผู้", "เรียน ๑. ผู้"))


@pytest.mark.parametrize("head", ["ญัตติ\nเขียนที่ สภาเทศบาลตำบลป่าซาง", "วิทยุ สถ.\nจาก กรมส่งเสริมการปกครองท้องถิ่น"])
def test_a_motion_and_a_radio_message_are_no_letters(head: str) -> None:
    assert "kind" not in values(f"{head}\nเรื่อง ขออนุมัติจ่ายขาดเงินสะสม\nเรียน ประธานสภาเทศบาลตำบลป่าซาง\nด้วย")


def test_the_number_of_a_circular_of_a_committee() -> None:
    assert values(LETTER.replace("มท ๐๘๐๘", "กค (กวจ) ๐๘๐๘"))["number"] == "กค (กวจ) 0808.2/ว 123"


def test_the_middle_of_a_page_is_known_where_no_row_of_its_head_is_full() -> None:
    text = "รายงานการประชุมคณะกรรมการ\nครั้งที่ 3/2564\nผู้มาประชุม\n1. นายแดง ขาว\n2. นายดำ ขาว"
    rows = ((3500, 6500), (4300, 5700), (1400, 3000), (1400, 3400), (1400, 3300))
    assert laid_out(text, *rows)["title"] == "รายงานการประชุมคณะกรรมการ ครั้งที่ 3/2564"


@pytest.mark.parametrize(
    "behind",
    [
        "  นายก",
        " (นายสมชาย ใจดี)",
        "  ~ ฝ่",
        " | ๑๒๓",
        " มานพ ใจดี",
        " ว่าที่ร้อยตรีสมชาย ใจดี",
        " ว่าที่ ร.ต. สมชาย",
        " ที่",
    ],
)
def test_a_signature_behind_the_date_of_issue_does_not_hide_it(behind: str) -> None:
    text = "ประกาศเทศบาลตำบลป่าซาง\nเรื่อง ทดสอบ\n-----\nด้วยเทศบาล\nประกาศ ณ วันที่ ๕ ตุลาคม พ.ศ. ๒๕๖๕"
    assert values(text + behind)["date"] == "2022-10-05"


@pytest.mark.parametrize("behind", [" (นายสมชาย ใจดี)", " นายสมชาย ใจดี"])
def test_a_signature_behind_the_date_of_issue_does_not_let_an_annex_speak(behind: str) -> None:
    text = f"ประกาศเทศบาล\nเรื่อง ทดสอบ\n-----\nด้วยเทศบาล\nประกาศ ณ วันที่ ๕ ตุลาคม ๒๕๖๕{behind}"
    assert values(text, "บัญชีแนบท้าย\nสั่ง ณ วันที่ ๒ มกราคม ๒๕๕๘")["date"] == "2022-10-05"


@pytest.mark.parametrize("received", ["เลขรับ อ.๑๒๓", "ลงรับแล้ว", "เลขทะเบียนรับ ๑๒"])
def test_a_stamp_may_bear_letters_with_its_number(received: str) -> None:
    found = values(f"{received}\nวันที่ ๒๕ พฤษภาคม ๒๕๖๖\n" + LETTER.replace("๒๐ พฤษภาคม ๒๕๖๖\n", ""))
    assert "date" not in found


def test_the_receiver_s_name_on_its_stamp_is_no_sender() -> None:
    text = (
        "ที่ ลบ ๐๐๒๓/๓๒๔\nเทศบาลตำบลโคกสลุง\nรับที่ ๑๒๓\nวันที่ ๑๐ มิ.ย. ๒๕๖๔\nศาลากลางจังหวัดลพบุรี\n"
        "๙ มิถุนายน ๒๕๖๔\nเรื่อง ขอเชิญประชุม\nเรียน นายกเทศมนตรี"
    )
    rows = ((1400, 3000), (7000, 8700), (7000, 8000), (7000, 8800), (5200, 7400), (5400, 7000), (1400, 4000))
    found = laid_out(text, *rows, (1400, 3200))
    assert (found["from"], found["date"]) == ("ศาลากลางจังหวัดลพบุรี", "2021-06-09")


def test_a_registration_of_citizens_is_no_stamp_of_a_receiver() -> None:
    text = "ประกาศเทศบาล\nเรื่อง หลักเกณฑ์การขึ้นทะเบียนและการ\nลงทะเบียนรับเงินเบี้ยยังชีพผู้สูงอายุ\n-----\nด้วยเทศบาล"
    assert values(text)["subject"].endswith("ลงทะเบียนรับเงินเบี้ยยังชีพผู้สูงอายุ")


def test_sender_and_date_at_the_right_are_told_from_a_stamp_there() -> None:
    text = (
        "ที่ ลบ ๗๑๘๐๑/๓๒๔\nรับที่ ๑๒๓\nองค์การบริหารส่วนตำบลโคกสลุง\nอำเภอพัฒนานิคม\n๙ มิถุนายน ๒๕๖๔\n"
        "เรื่อง ขอเชิญประชุม\nเรียน กำนัน\nด้วย"
    )
    rows = ((1400, 3000), (6500, 7500), (5200, 8800), (5200, 7000), (5400, 7200), (1400, 4000), (1400, 3000))
    found = laid_out(text, *rows, (2400, 9000))
    assert (found["from"], found["date"]) == ("องค์การบริหารส่วนตำบลโคกสลุง", "2021-06-09")


@pytest.mark.parametrize("head", ["โทรสาร ๐๓๖ ๔๙๑ ๑๒๓", "วิทยุชุมชนคนบ้านใหม่"])
def test_a_fax_number_or_a_radio_station_above_a_letter_leaves_it_one(head: str) -> None:
    assert values(f"{head}\n" + LETTER.removeprefix("ด่วนที่สุด\n"))["kind"] == "letter"


def test_minutes_are_dated_also_within_a_row() -> None:
    text = "รายงานการประชุมสภา\nสมัยสามัญ สมัยที่ ๑ ประจำปี ๒๕๖๕ วันที่ ๑๕ กุมภาพันธ์ ๒๕๖๕ ณ ห้องประชุม\nผู้มาประชุม"
    assert values(text)["date"] == "2022-02-15"


@pytest.mark.parametrize(
    ("dated", "cited", "wanted"),
    [
        ("๑๓ กุมภาพันธ์ ๒๕๖๓", "๒๗ ธันวาคม ๒๕๔๓", "2020-02-13"),
        ("๑๓ กุมภาพันธ์ ๒๕๔๓", "๒๗ ธันวาคม ๒๕๖๓", None),  # no letter answers one of later years
        ("๑๓ กุมภาพันธ์ ๒๕๙๓", "๒๗ ธันวาคม ๒๕๖๓", None),  # nor is it of years to come
    ],
)
def test_a_letter_may_refer_to_papers_of_many_years_before(
    dated: str, cited: str, wanted: str | None
) -> None:
    text = LETTER.replace("๒๐ พฤษภาคม ๒๕๖๖", dated).replace("๙ มกราคม ๒๕๖๔", cited)
    read = extract_fields(pages(text, confidence=0.98)).get("date")
    assert (read.value if read else None) == wanted


def test_an_order_that_cites_one_of_many_years_before_is_dated() -> None:
    text = ORDER.replace("๑ มกราคม ๒๕๖๐", "๒๘ กันยายน ๒๕๕๐")
    last = "สั่ง ณ วันที่ ๑๓ กันยายน พ.ศ. ๒๕๖๔\n(นายสมชาย ใจดี)"
    assert extract_fields(pages(f"{text}\n{last}", confidence=0.98))["date"].value == "2021-09-13"


SENT = "ที่ ขก ๗๑๓๐๑/ว ๑๒\n{}\n๒๔ มกราคม ๒๕๖๔\nเรื่อง ขอเชิญประชุม\nเรียน สมาชิกสภา\nด้วยมีกำหนดประชุม"


@pytest.mark.parametrize(
    "office",
    [
        "ที่ทำการองค์การบริหารส่วนตำบลหนองแวง",
        "วัดทุ่งหลวง",
        "มณฑลทหารบกที่ ๒๓",
        "บริษัท ดีการช่าง จำกัด",
        "ชุมชนบ้านใหม่",
        "ศาลจังหวัดขอนแก่น",
    ],
)
def test_senders_of_every_sort_stand_in_a_row_of_their_own(office: str) -> None:
    assert values(SENT.format(office))["from"] == office


def test_the_department_of_a_university_s_memo() -> None:
    memo = MEMO.replace("ส่วนราชการ กองช่าง เทศบาลตำบลหนองบัวงาม", "ส่วนงาน คณะเทคโนโลยี มหาวิทยาลัยขอนแก่น")
    assert values(memo)["from"] == "คณะเทคโนโลยี มหาวิทยาลัยขอนแก่น"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("อว ๖๖๐๑๐๑/๑๒๓", "อว 660101/123"),
        ("ตช ๐๐๑๘.(ขก)/๑๒๓", "ตช 0018.(ขก)/123"),
        ("กค ๐๗๑๐.๕๔/พ.๑๒๓", "กค 0710.54/พ.123"),
        ("กค ๐๗๑๐.๕๔/ พ. ๑๒๓", "กค 0710.54/พ.123"),
        ("มท ๐๘๐๘.๒/ว.๑๒๓", "มท 0808.2/ว 123"),
    ],
)
def test_numbers_of_universities_the_police_and_the_revenue(written: str, number: str) -> None:
    assert values(LETTER.replace("มท ๐๘๐๘.๒/ว ๑๒๓", written))["number"] == number


def test_a_notice_without_a_label_of_its_subject_is_from_its_office_alone() -> None:
    notice = "ประกาศเทศบาลตำบลบ้านเดื่อ\n{}\n-----\nด้วยเทศบาล\nประกาศ ณ วันที่ ๒๗ กันยายน ๒๕๖๔"
    for subject in ("ประกาศสอบราคาจ้างก่อสร้างถนน", "สอบราคาซื้อครุภัณฑ์", "รับสมัครพนักงานจ้าง", "รายชื่อผู้มีสิทธิสอบ"):
        assert values(notice.format(subject))["from"] == "เทศบาลตำบลบ้านเดื่อ"


def test_a_title_ends_before_its_first_sentence_and_before_a_weekday() -> None:
    certificate = "หนังสือรับรอง\nหนังสือฉบับนี้ให้ไว้เพื่อรับรองว่า นายแดง ขาว เป็นพนักงานเทศบาล\nให้ไว้ ณ วันที่ ๑๒ มกราคม ๒๕๖๔"
    assert values(certificate)["title"] == "หนังสือรับรอง"
    minutes = "รายงานการประชุมสภาเทศบาล\nสมัยสามัญ ครั้งที่ ๑\nวันศุกร์ที่ ๒๘ พฤษภาคม ๒๕๖๔ เวลา ๐๙.๓๐ น.\nผู้มาประชุม"
    assert values(minutes)["title"] == "รายงานการประชุมสภาเทศบาล สมัยสามัญ ครั้งที่ ๑"


@pytest.mark.parametrize(
    "mentioned",
    [
        "ประกาศ ณ วันที่ ๑ มีนาคม ๒๕๖๖ (เอกสารแนบ ๑) แล้ว นั้น",
        "ประกาศ ณ วันที่ ๑ มีนาคม ๒๕๖๖ จ่ายเงินช่วยเหลือไปแล้ว นั้น",
        "ประกาศ ณ วันที่ ๑ มีนาคม ๒๕๖๖ ร้อยละสิบของราคากลาง นั้น",
        "ประกาศ ณ วันที่ ๑ มีนาคม ๒๕๖๖ นายกเทศมนตรีจึงออกประกาศไว้ นั้น",
        "สั่ง ณ วันที่ ๑ มีนาคม ๒๕๖๖ นายสมศักดิ์ มั่นคง ตำแหน่ง นายช่าง แล้ว นั้น",
        "ประกาศเมื่อวันที่ ๑ มีนาคม ๒๕๖๖\nนั้น",
        "ประกาศ ณ วันที่ ๑ มีนาคม ๒๕๖๖\nเรื่อง รับสมัครสอบ นั้น",
        "ประกาศผลวันที่ ๒๐ เมษายน ๒๕๖๖",
        "ประกาศรายชื่อวันที่ ๒๐ เมษายน ๒๕๖๖",
    ],
)
def test_a_sentence_about_a_date_does_not_date_the_paper(mentioned: str) -> None:
    text = f"ประกาศเทศบาล\nเรื่อง รับสมัครสอบ\nตามที่เทศบาลได้ดำเนินการ\n{mentioned}\n"
    assert values(text + "ประกาศ ณ วันที่ ๕ เมษายน พ.ศ. ๒๕๖๖\n(นายสมชาย ใจดี)")["date"] == "2023-04-05"


def test_the_sender_directly_above_a_stamp_stays_where_it_is_the_only_office() -> None:
    text = (
        "ที่ ลบ ๐๐๒๓/๓๒๔\nสำนักงานส่งเสริมการปกครองท้องถิ่น\nเลขรับ ๑๒๓\nวันที่ ๑๐ มิ.ย. ๒๕๖๔\n๙ มิถุนายน ๒๕๖๔\n"
        "เรื่อง ขอเชิญประชุม\nเรียน นายกเทศมนตรี"
    )
    rows = ((1400, 3000), (6700, 8900), (7000, 8000), (7000, 8800), (5400, 7000), (1400, 4000), (1400, 3200))
    found = laid_out(text, *rows)
    assert (found["from"], found["date"]) == ("สำนักงานส่งเสริมการปกครองท้องถิ่น", "2021-06-09")


def test_the_text_of_a_letter_is_no_addressee() -> None:
    text = (
        "ที่ ลบ ๐๐๒๓/๓๒๔\n๙ มิถุนายน ๒๕๖๔\nเรื่อง ขอเชิญประชุม\nเรียน นายกเทศมนตรี\nตามที่เทศบาลได้มีหนังสือแจ้งตามหนังสือที่\n"
        "อ้างถึง ๑ นั้น"
    )
    rows = ((1400, 3000), (5400, 7000), (1400, 4000), (1400, 3200), (2300, 9000), (1400, 3200))
    assert laid_out(text, *rows)["to"] == "นายกเทศมนตรี"


def test_the_label_of_a_memo_s_department_is_no_label_in_the_text_of_a_letter() -> None:
    head = "ที่ นป ๕๒๐๐๑/๑๒๓   เทศบาลตำบลนาดี\nถนนนาดี\n๑ มีนาคม ๒๕๖๔\nเรื่อง ขอเชิญประชุม\nเรียน ผู้อำนวยการกองคลัง\n"
    text = "ด้วยเทศบาลตำบลนาดีจะจัดประชุม\nส่วนงานที่เกี่ยวข้องให้เตรียมเอกสาร"
    assert values(head + text)["from"] == "เทศบาลตำบลนาดี"
    assert values(head + text.replace("ที่เกี่ยวข้อง", "ของท่าน"))["from"] == "เทศบาลตำบลนาดี"


@pytest.mark.parametrize("number", ["ที่ ๒๑๕|๒๕๖๔", "ที่ ๒๑๕\\๒๕๖๔", "ที่ ๒๑๕ เรื่อง แต่งตั้ง", "ที่พิเศษ ๒๑๕ / ๒๕๖๔"])
def test_the_number_behind_the_issuer_of_an_order_is_no_part_of_its_name(number: str) -> None:
    order = f"คำสั่งเทศบาลตำบลนาดี{number}\nเรื่อง แต่งตั้งกรรมการ\nด้วยเทศบาล"
    assert values(order)["from"] == "เทศบาลตำบลนาดี"


def test_the_number_in_the_name_of_an_issuer_stays() -> None:
    notice = "ประกาศศูนย์อนามัยที่ ๕ เรื่อง รับสมัครสอบ\nด้วยศูนย์อนามัย"
    assert values(notice)["from"] == "ศูนย์อนามัยที่ ๕"


def test_the_number_behind_the_sender_of_a_letter_is_no_part_of_its_name() -> None:
    text = "เทศบาลตำบลนาดี ที่ นป ๕๒๐๐๑/๑๒๓\n๑ มีนาคม ๒๕๖๔\nเรื่อง ขอเชิญประชุม\nเรียน สมาชิกสภา\nด้วยมีกำหนดประชุม"
    assert values(text)["from"] == "เทศบาลตำบลนาดี"
    assert values(text.replace("เทศบาลตำบลนาดี", "มณฑลทหารบกที่ ๒๓"))["from"] == "มณฑลทหารบกที่ ๒๓"


@pytest.mark.parametrize("place", ["วัดป่านาดี ตำบลนาดี", "ชุมชนบ้านใหม่ ตำบลนาดี", "ค่ายศรีสองรัก ตำบลนาดี"])
@pytest.mark.parametrize("sender", ["\nหน่วยพัฒนาเด็กเล็ก", " หน่วยพัฒนาเด็กเล็ก"])
def test_a_place_in_the_address_below_a_sender_of_an_unknown_sort_is_no_sender(
    sender: str, place: str
) -> None:
    text = f"ที่ นป ๕๒๐๐๑/๑๒๓{sender}\n{place}\n๑ มีนาคม ๒๕๖๔\nเรื่อง ขอเชิญประชุม\nเรียน นายก\nด้วยมีกำหนด"
    assert "from" not in values(text)


@pytest.mark.parametrize("signer", ["(นันทนา ใจดี)", "นันทวัน ใจดี"])
def test_a_signer_below_the_date_of_issue_does_not_hide_it(signer: str) -> None:
    annex = "\n".join(f"{number}. ถนนสายบ้านนา" for number in range(1, 36))
    text = (
        f"ประกาศเทศบาลตำบลนาดี\nเรื่อง รับสมัครสอบ\nประกาศ ณ วันที่ ๕ มีนาคม พ.ศ. ๒๕๖๔\n{signer}\nนายกเทศมนตรี\n{annex}"
    )
    assert values(text)["date"] == "2021-03-05"


@pytest.mark.parametrize("below", ["นั้น จึงประกาศให้ทราบ", "นั้นจึงประกาศให้ทราบ", "นัน บัดนี้", "เรือง รับสมัครสอบ นัน"])
def test_a_sentence_that_goes_on_below_a_date_does_not_date_the_paper(below: str) -> None:
    text = f"ประกาศเทศบาล\nเรื่อง รับสมัครสอบ\nตามที่เทศบาลได้\nประกาศ ณ วันที่ ๑ มีนาคม ๒๕๖๖\n{below}\n"
    assert values(text + "ประกาศ ณ วันที่ ๕ เมษายน พ.ศ. ๒๕๖๖")["date"] == "2023-04-05"


def test_blanks_that_recognition_puts_inside_brackets_are_left_out() -> None:
    text = "ประกาศเทศบาลตำบลนาดี\nเรื่อง ค่าธรรมเนียม ( ฉบับที่ ๘ ) พ.ศ. ๒๕๖๔\nด้วยเทศบาลมีมติ"
    assert values(text)["subject"] == "ค่าธรรมเนียม (ฉบับที่ ๘) พ.ศ. ๒๕๖๔"
