from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.dictionary import Dictionary
from indexer.search.highlighting import (
    find_hits,
    first_hit_of_passage,
    highlight,
    query_marking_whole_words,
    snippet,
    snippet_with_ellipses,
    split_at_glance,
)
from indexer.search.passages import phrase_end, with_lines_joined
from indexer.search.query.parser import parse_query

TOKENIZER = Dictionary().current().tokenizer
THAI_TEXT = st.text(alphabet=st.sampled_from("กขคงเแโาิี่้ำะั์ .1๒a\n"), max_size=300)
BODY = "เทศบาลตำบลหนองบัว ประกาศสอบราคาจ้างก่อสร้างถนนคอนกรีตเสริมเหล็ก " * 20


def marked(text: str, typed: str) -> list[str]:
    return [text[start:end] for start, end in find_hits(text, parse_query(typed), TOKENIZER)]


def test_words_are_marked_where_they_are_words() -> None:
    assert marked("ตาตามมาหาตา", "ตา") == ["ตา", "ตา"]
    assert marked("เลขที่ ๑๒๓ และ 1234", "123") == ["๑๒๓"]


def test_white_space_and_numerals_do_not_matter() -> None:
    assert marked("เทศบาล ตำบลหนองบัว", "เทศบาลตำบล") == ["เทศบาล ตำบล"]
    assert marked("มท ๐๘๐๘.๒/ว ๑๒๓", "มท0808.2/ว123") == ["มท ๐๘๐๘.๒/ว ๑๒๓"]


def test_common_words_are_not_marked_beside_telling_ones() -> None:
    assert marked("ที่ดินและที่จอดรถ", "จอดรถ ที่") == ["จอดรถ"]


def test_common_words_that_make_one_together_are_marked() -> None:
    """การ มี ส่วน ร่วม are everywhere; การมีส่วนร่วม is what was looked for."""
    text = "การประชุมที่มีส่วนราชการร่วม จัดตั้งศูนย์ส่งเสริมการมีส่วนร่วม"
    assert marked(text, "ศูนย์การมีส่วนร่วม") == ["ศูนย์", "การมีส่วนร่วม"]


def test_a_local_word_is_marked_whole(tmp_path: Path) -> None:
    text, query = "กลุ่มข้าวฮางงอก ทำให้งงว่าเป็นข้าว", parse_query("ข้าวฮางงอก")
    dictionary = Dictionary(tmp_path / "words.txt")
    dictionary.add_entry("ข้าวฮางงอก")
    for tokenizer, marks in (
        (TOKENIZER, ["ข้าวฮางงอก", "งง", "ข้าว"]),
        (dictionary.current().tokenizer, ["ข้าวฮางงอก"]),
    ):
        assert [text[start:end] for start, end in find_hits(text, query, tokenizer)] == marks


def test_highlight_is_the_whole_text() -> None:
    segments = highlight(BODY, parse_query("ถนน หนองบัว"), TOKENIZER)
    assert "".join(segment.text for segment in segments) == BODY
    assert {segment.text for segment in segments if segment.is_hit} == {"ถนน", "หนองบัว"}


@given(THAI_TEXT, THAI_TEXT)
def test_a_snippet_is_a_piece_of_the_text_in_whole_clusters(text: str, typed: str) -> None:
    segments = snippet(text, parse_query(typed), TOKENIZER, length=40)
    shown = "".join(segment.text for segment in segments)
    assert shown in text
    assert bool(shown) == bool(text)


def test_a_snippet_starts_and_ends_with_a_word() -> None:
    shown = "".join(segment.text for segment in snippet(BODY, parse_query("คอนกรีต"), TOKENIZER, length=50))
    assert shown.startswith(("ประกาศ", "สอบ", "ราคา", "จ้าง", "ก่อสร้าง", "ถนน", "หนองบัว"))
    assert "คอนกรีต" in shown
    assert len(shown) <= 50


def test_without_a_hit_the_start_is_shown() -> None:
    shown = "".join(segment.text for segment in snippet(BODY, parse_query("ไม่มีคำนี้แน่"), TOKENIZER, length=30))
    assert BODY.startswith(shown)
    assert shown


def test_a_hit_at_the_very_end_is_shown() -> None:
    assert any(
        segment.is_hit
        for segment in snippet(f"{BODY}พลับพลึงธาร", parse_query("พลับพลึงธาร"), TOKENIZER, length=50)
    )


def test_a_word_inside_another_is_not_marked() -> None:
    text = "แผนดำเนินงานประจำปีงบประมาณ และดอกจำปี"
    assert find_hits(text, parse_query("จำปี"), TOKENIZER) == [(text.rindex("จำปี"), len(text))]


def test_a_passage_begins_with_a_phrase_and_has_no_ruling_lines() -> None:
    text = (
        "ด้วยกองช่างมีความจำเป็นต้องซ่อมแซมถนนสายหลักของตำบลหลายแห่งก่อนฤดูฝน จึงขออนุมัติจัดซื้อหลอดไฟ จำนวน 20 หลอด "
        "ตามรายการดังนี้ ......................... หลอดแอลอีดีขนาดยี่สิบวัตต์ " + "เพื่อใช้ในการซ่อมแซมทางสาธารณะ " * 6
    )
    shown = "".join(segment.text for segment in snippet_with_ellipses(text, parse_query("หลอดไฟ"), TOKENIZER))
    assert shown.startswith("…จึงขออนุมัติจัดซื้อหลอดไฟ")
    assert shown.endswith("…")
    assert "...." not in shown


def passage(text: str, typed: str, length: int = 180) -> str:
    segments = snippet_with_ellipses(text, parse_query(typed), TOKENIZER, length=length)
    return "".join(segment.text for segment in segments)


PAPER = """ประกาศเทศบาลตำบลหนองปลาดุก
เรื่อง การเก็บขนขยะ
เทศบาลตำบลหนองปลาดุกรับสมัครบุคคลเพื่อเลือกสรรเป็น
พนักงานจ้าง 3 อัตรา คือ ผู้ช่วยครู 1 อัตรา และคน
งานประจำรถเก็บขนขยะและรถน้ำ ค่าตอบแทนเดือนละ 9,400 บาท
ยื่นใบสมัครด้วยตนเองที่สำนักปลัดเทศบาลตำบลหนองปลา
จึงประกาศให้ทราบโดยทั่วกัน"""


def test_a_word_cut_by_the_end_of_a_line_of_paper_is_shown_whole() -> None:
    shown = passage(PAPER, "รถเก็บขนขยะ")
    assert "และคนงานประจำรถเก็บขนขยะ" in shown
    assert "เป็นพนักงานจ้าง" in passage(PAPER, "เลือกสรร")
    assert "9,400 บาท\nยื่นใบสมัคร" in shown
    assert "หนองปลาดุก\nเรื่อง" in passage(PAPER, "หนองปลาดุก")


@pytest.mark.parametrize(
    "text",
    [
        "รายชื่อผู้สมัคร\nสมชาย ใจดี\nสมหญิง รักเรียน\nสมศรี มีทรัพย์",
        "รายการพัสดุ\nกระดาษสี่เหลี่ยม\nปากกาลูกลื่น\nดินสอดำยาว",
        "สรุปผลการจัดซื้อจัดจ้างของสำนักปลัดเทศบาล กองคลัง และกองช่างตำบลหนองปลาดุก\n"
        "ซื้อวัสดุสำนักงานสำหรับงานธุรการและงานการเงินของสำนักปลัด\n"
        "จ้างเหมาซ่อมแซมเครื่องปรับอากาศห้องประชุมสภาและห้องทำงาน\n"
        "จัดซื้อครุภัณฑ์คอมพิวเตอร์สำหรับงานทะเบียนราษฎรและงานคลัง\n"
        "เช่าเครื่องถ่ายเอกสารของกองช่างและกองสวัสดิการสังคมรายเดือน",
        "งบประมาณรายจ่ายของสำนักปลัดเทศบาลและกองการศึกษาของเทศบาลตำบล ปี 2567\n"
        "ประเภทเงินเดือนและค่าตอบแทนของพนักงานเทศบาลและลูกจ้าง\n"
        "ประเภทเงินอุดหนุนสำหรับการศึกษาของเด็กเล็กในตำบลทุกแห่ง\n"
        "ประเภทรายจ่ายเพื่อบำรุงรักษาทรัพย์สินของเทศบาลและชุมชน",
        "เรื่อง แต่งตั้งคณะกรรมการพิจารณาผลและคณะกรรมการตรวจรับพัสดุ\n"
        "เทศบาลตำบลหนองปลาดุกมีความประสงค์จะประกวดราคาจ้าง 1 งาน\n98/2567",
    ],
)
def test_the_lines_of_a_list_stay_lines(text: str) -> None:
    assert with_lines_joined(text) == text


@pytest.mark.parametrize(
    ("begins", "is_apart"),
    [
        *((each, True) for each in ("นายสมชาย", "นายกิตติ", "นางสมหญิง", "น.ส.สมศรี", "วาระที่ ๒")),
        *((each, False) for each in ("นายกเทศมนตรี", "ซื้อจัดจ้าง", "จ้างเหมา")),
    ],
)
def test_a_name_and_an_item_of_minutes_begin_a_line(begins: str, is_apart: bool) -> None:
    line = "เทศบาลตำบลหนองปลาดุกรับสมัครบุคคลเพื่อเลือกสรรเป็นพนักงานจ้างและลูกจ้าง"
    assert ("\n" in with_lines_joined(f"{line}\n{begins}\n{line}").replace(f"{begins}\n", begins)) == is_apart


def test_the_borders_of_a_long_blank_are_found_quickly() -> None:
    text = "ประกาศ" + " " * 60_000
    began = time.process_time()
    phrase_end(text, 0, 30)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("text", "typed", "begins"),
    [
        ("พบผู้ป่วยสูงอายุทั้งตำบล 6 รายในเขตหมู่ 4 และหมู่ 8 เทศบาลจะพ่นหมอกควันทุกหลังคาเรือน", "พ่นหมอกควัน", "…ในเขตหมู่ 4"),
        (
            "ตามที่กรมส่งเสริมได้แจ้งว่าพ้นภัยแล้ว จึงให้ยกเลิกคำสั่งเทศบาล ที่ 301/2564 เรื่อง ปิดสนาม",
            "301/2564",
            "…จึงให้ยกเลิก",
        ),
        ("ตามเทศบัญญัติการจัดการสิ่งปฏิกูลและมูลฝอย พ.ศ. 2566 จึงขอแจ้งอัตราค่าธรรมเนียม", "อัตราค่าธรรมเนียม", "…จึงขอแจ้ง"),
    ],
)
def test_a_passage_begins_with_no_number_and_no_part_of_a_name(text: str, typed: str, begins: str) -> None:
    assert passage(text + " ต่อไป" * 40, typed).startswith(begins)


@pytest.mark.parametrize("length", range(40, 90))
def test_a_passage_ends_in_no_number_and_in_no_word(length: int) -> None:
    text = "ราคากลาง 2,940,000 บาท เป็นโครงการก่อสร้างสนามกีฬาของคณะกรรมการหมู่บ้าน เมื่อวันที่ 28 มีนาคม 2569"
    text += " ถึงหน้าที่ว่าการอำเภอ"
    shown = passage(text, "ราคากลาง", length).removesuffix("…")
    following = text[len(shown) : len(shown) + 1]
    assert text.startswith(shown)
    assert not (shown[-1].isdigit() and following and following in ",.0123456789")
    assert not any(shown.endswith(cut) for cut in ("2,940,", "สนาม", "คณะ", "มี", "เมื่อวัน", "หน้า"))


def test_a_hit_near_the_end_of_a_text_stands_near_the_beginning_of_its_passage() -> None:
    """A phone shows some 70 letters of a passage; the passage does not begin early to fill its length."""
    text = (
        "ขอรับรองว่าห้างหุ้นส่วนจำกัด น้ำใสการช่าง ได้ก่อสร้างระบบประปาหมู่บ้านแบบบาดาลขนาดกลาง หมู่ 6 บ้านเนินสะแก "
        "วงเงิน 1,890,000 บาท แล้วเสร็จตามสัญญาเลขที่ 12/2560"
    )
    segments = snippet_with_ellipses(text, parse_query("บ้านเนินสะแก"), TOKENIZER)
    assert [segment.text for segment in segments if segment.is_hit] == ["บ้านเนินสะแก"]
    assert segments[0].text == "…"
    assert len(segments[1].text) <= 60
    assert segments[-1].text.endswith("12/2560")


@pytest.mark.parametrize(
    ("typed", "text", "wanted"),
    [
        ("คำสั่ง", "คำสั่งเทศบาล ให้สั่งการตามคำสั่ง", ["คำสั่ง", "คำสั่ง"]),
        ("คำสั่ง", "ให้สั่ง", ["สั่ง"]),  # a part of it, where the whole is not
        ("คำสั่ง", "ให้สั่งการ", []),
        ("ราคากลาง", "ผลการสอบราคา และราคากลาง เป็นราคา", ["ราคากลาง", "ราคา"]),
        ("ราคากลาง", "ผลการสอบราคา", []),
        ("น้ำ", "น้ำป่าไหลลงลำน้ำ น้ำใส", ["น้ำป่า", "น้ำ"]),
        ("หมา", "หมายเลข", []),
        ("กรรมการ", "แต่งตั้งคณะกรรมการ และกรรมการ", ["คณะกรรมการ", "กรรมการ"]),
        ("กรรมการตรวจ", "คณะกรรมการตรวจรับพัสดุ", ["คณะกรรมการตรวจรับ"]),
        ("ประชุม", "การประชุมสภา", ["ประชุม"]),
        ("2564 น้ำ", "ที่ ๒๑๕/๒๕๖๔ ลงวันที่ ๙ มิถุนายน ๒๕๖๔ ของทุกปี", ["๒๕๖๔"]),
        ("น้ำ ปี 2564", "น้ำใส ประกาศ ณ วันที่ ๑๕ ตุลาคม ๒๕๖๔", ["น้ำ"]),  # all results are of that year
        ("215", "คำสั่งที่ ๒๑๕/๒๕๖๔", ["๒๑๕/๒๕๖๔"]),
        ("98/2567", "ที่ ๙๘ / ๒๕๖๗ ลงวันที่ ๒ เมษายน ๒๕๖๗", ["๙๘ / ๒๕๖๗"]),
        ("งบปี 67", "แผนงานที่ ๖๗ ของงบประมาณ งบกลาง", ["งบ"]),
        ("98", "หน้า ๙๘ ตั้งไว้ ๙๘,๙๔๘ บาท และ 1,098.98 บาท", ["๙๘"]),  # an amount is another number
        ("495,000", "วงเงิน 495,000.00 บาท หรือ 495,000 บาท หรือ 495,000.50 บาท", ["495,000.00", "495,000"]),
        ("98", "ตั้งไว้ 98,948.00 บาท", []),
        ("หมู่ 15", "หนา 0.15 เมตร 15 ต้น หมู่ 15", ["หมู่ 15"]),
        ("ม.4", "หมู่ 1 หมู่ 4 หมู่บ้าน หมู่ที่ ๔ มาตรา 4 รวม 4 มาตรา 40", ["หมู่ 4", "หมู่ที่ ๔", "มาตรา 4"]),
        ("ม.4", "ม.4 บ้านใหม่ ม.40", ["ม.4"]),
        ("หมู่ 4", "เก็บหมู่ 1 ถึงหมู่ 5 ส่วนหมู่ 6 ถึงหมู่ 9 วันศุกร์", ["หมู่ 1 ถึงหมู่ 5"]),
        ("หมู่ 2", "ประชุมหมู่ 1, 2 และ 4", ["หมู่ 1, 2 และ 4"]),
        ("ขยะหมู่ 4", "ขยะ 4 ถังของหมู่ 4", ["ขยะ", "หมู่ 4"]),
        ("98 / 2567", "ที่ ๙๘/๒๕๖๗ ลงวันที่ ๒ เมษายน ๒๕๖๗ หน้า 98", ["๙๘/๒๕๖๗"]),
        ("หมู่ 4", "๑๙๙ หมู่ ๔ และหมู่ที่ ๔ รวม 4 คน", ["หมู่ ๔", "หมู่ที่ ๔"]),
        ("หมู่ที่ 4", "หมู่ ๔ แต่ไม่ใช่หมู่ ๔๒", ["หมู่ ๔"]),
        ("บ้านเนินสะแก", "ถนนสายบ้านท่ากระดาน–บ้านเนินสะแก", ["บ้านเนินสะแก"]),
        ("ตำบลหนองปลาดุก", "ตำบลบ้านใหม่ ตำบลหนองปลาดุก", ["ตำบลหนองปลาดุก"]),
        ("บ้าน", "บ้านท่ากระดาน", ["บ้าน"]),
        ("เรียน", "เรียน ผู้ปกครอง\nจึงเรียนมาเพื่อทราบ ไปเรียน", ["เรียน"]),
        ("เรียน", "ที่ ๕\tเรียน นายก", []),
        ("คำสั่ง", "ตามนั้น\nสั่ง ณ วันที่ 5", []),
        ("แจ้ง", "จึงขอแจ้งอัตรา ให้แจ้งกองช่าง", ["แจ้ง"]),
        ("ซ่อมถนน", "ให้กองช่างซ่อมถนน", ["ซ่อมถนน"]),
    ],
)
def test_whole_words_and_numbers_are_marked(typed: str, text: str, wanted: list[str]) -> None:
    assert marked(text, typed) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("งบประมาณรายจ่าย และไฟฟ้า", []),  # the words of งดจ่ายไฟฟ้า, each by itself
        ("งดจ่ายไฟฟ้า", ["งดจ่ายไฟฟ้า"]),
        ("งดการจ่ายกระแสไฟฟ้า", ["งด", "จ่ายกระแสไฟฟ้า"]),
    ],
)
def test_a_synonym_of_several_words_is_marked_where_they_stand_close_together(
    text: str, wanted: list[str]
) -> None:
    query = replace(parse_query("ไฟดับ"), extra_highlights=("งดจ่ายไฟฟ้า",))
    assert [text[start:end] for start, end in find_hits(text, query, TOKENIZER)] == wanted


def test_a_synonym_without_a_letter_is_not_marked() -> None:
    query = replace(parse_query("ไฟดับ"), extra_highlights=("!!", "…"))
    assert find_hits("ไฟดับ !!", query, TOKENIZER) == [(0, len("ไฟดับ"))]


def test_a_part_of_a_word_is_not_marked_where_another_page_has_the_word() -> None:
    query = parse_query("คณะกรรมการ")
    pages = ["แต่งตั้งคณะกรรมการ", "๒. ผู้แทนชุมชน เป็นกรรมการ"]
    assert find_hits(pages[1], query, TOKENIZER) != []
    assert find_hits(pages[1], query_marking_whole_words(pages[1:], query, TOKENIZER), TOKENIZER) != []
    assert find_hits(pages[1], query_marking_whole_words(pages, query, TOKENIZER), TOKENIZER) == []
    assert len(find_hits(pages[0], query_marking_whole_words(pages, query, TOKENIZER), TOKENIZER)) == 1


@pytest.mark.parametrize("typed", ["หมู่ 4", "หมู่ที่ 4", "หมู่4"])
def test_another_village_is_not_marked(typed: str) -> None:
    text = "เก็บขยะหมู่ 1 ถึงหมู่ ๕ พ่นยุงหมู่ที่ ๔ และหมู่ 4"
    assert [text[start:end] for start, end in find_hits(text, parse_query(typed), TOKENIZER)] == [
        "หมู่ที่ ๔",
        "หมู่ 4",
    ]


def test_no_other_village_is_marked_for_an_abbreviated_one() -> None:
    query = replace(parse_query("บ้านดอน ม.4"), extra_highlights=("หมู่ที่", "มาตรา", "หมู่"))
    text = "ถนนบ้านดอน หมู่ 2 หมู่ 3 และหมู่ 7 ยกของขึ้นที่สูง ส่วนบ้านดอน ม.4 ปลอดภัย"
    assert [text[start:end] for start, end in find_hits(text, query, TOKENIZER)] == [
        "บ้านดอน",
        "บ้านดอน",
        "ม.4",
    ]


def test_a_village_with_two_digits_is_marked_whole() -> None:
    text = "ถนนหมู่ที่ ๑๒ และหมู่ 2"
    assert [text[start:end] for start, end in find_hits(text, parse_query("หมู่ 12"), TOKENIZER)] == ["หมู่ที่ ๑๒"]


TAX = (
    "ภาษีที่ดินเป็นรายได้ของเทศบาลที่ใช้พัฒนาถนนและไฟฟ้าให้ประชาชนทุกหมู่บ้านในตำบลหนองปลาดุก "
    "ผู้มีที่ดินขอให้ชำระภาษีที่ดินภายในเดือนมิถุนายน 2567 ผู้ชำระช้าเสียค่าปรับภาษีที่ดินเดือนละ 50 บาท "
    "ผู้ที่สงสัยหรือประสงค์จะอุทธรณ์การประเมินของปีนี้เรื่องภาษีที่ดินติดต่อได้ที่งานจัดเก็บรายได้ ชั้น 1 ในวันและเวลาราชการ"
)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("ภาษีที่ดินถึงวันไหน", "มิถุนายน"), ("ภาษีที่ดินปรับเท่าไร", "50 บาท"), ("ภาษีที่ดินติดต่อที่ไหน", "ได้ที่งานจัดเก็บ")],
)
def test_the_passage_begins_where_the_answer_to_the_question_is(typed: str, answer: str) -> None:
    shown = "".join(segment.text for segment in snippet_with_ellipses(TAX, parse_query(typed), TOKENIZER))
    assert answer in shown[:100]


PAYING = (
    "แจ้งกำหนดเวลาชำระภาษีที่ดินและสิ่งปลูกสร้าง\nเรียน เจ้าของที่ดินและสิ่งปลูกสร้างทุกท่าน\n"
    "เทศบาลได้แจ้งการประเมินภาษีที่ดินและสิ่งปลูกสร้างประจำปี ๒๕๖๗ แล้ว "
    "ขอให้เจ้าของทรัพย์สินชำระภายในเดือนมิถุนายน ๒๕๖๗\nผู้ที่มีภาษีตั้งแต่ ๓,๐๐๐ บาทขึ้นไป ขอผ่อนชำระได้ ๓ งวด "
    "โดยยื่นคำขอก่อนสิ้นเดือนเมษายน\nชำระได้ที่งานจัดเก็บรายได้ ชั้น ๑ สำนักงานเทศบาล หรือสแกนคิวอาร์โค้ดในใบแจ้งประเมิน"
)


@pytest.mark.parametrize(
    ("typed", "synonyms", "begins"),
    [
        ("จ่ายภาษีที่ไหน", ("ชำระภาษี", "ภาษี"), "ชำระได้ที่งานจัดเก็บรายได้"),
        ("เสียภาษีที่ดินที่ไหน", ("ชำระภาษีที่ดิน", "ภาษีที่ดิน"), "ชำระได้ที่งานจัดเก็บรายได้"),
        ("จ่ายภาษีถึงวันไหน", ("ชำระภาษี", "ภาษี"), "ชำระภายในเดือนมิถุนายน"),
        ("จ่ายภาษี", ("ชำระภาษี", "ภาษี"), "ชำระภาษี"),
    ],
)
def test_an_answer_behind_one_word_of_a_synonym_is_the_passage(
    typed: str, synonyms: tuple[str, ...], begins: str
) -> None:
    query = replace(parse_query(typed), extra_highlights=synonyms)
    segments = snippet_with_ellipses(PAYING, query, TOKENIZER)
    first = next(number for number, segment in enumerate(segments) if segment.is_hit)
    assert "".join(segment.text for segment in segments[first:]).startswith(begins)


def test_the_piece_of_a_page_and_its_passage_are_of_one_place() -> None:
    query = replace(parse_query("จ่ายภาษีที่ไหน"), extra_highlights=("ชำระภาษี", "ภาษี"))
    start, end = first_hit_of_passage(PAYING, query, TOKENIZER, title="")
    assert PAYING[start:].startswith("ชำระได้ที่งานจัดเก็บรายได้")
    assert PAYING[start:end] == "ชำระ"
    assert first_hit_of_passage(PAYING, parse_query("สะพาน"), TOKENIZER, title="") == (0, 0)


def at_a_glance(text: str, letters: int, typed: str = "ไม่มีคำนี้") -> str:
    segments = highlight(text, parse_query(typed), TOKENIZER)
    shown, rest = split_at_glance(segments, TOKENIZER, letters=letters)
    assert "".join(segment.text for segment in (*shown, *rest)) == text
    return "".join(segment.text for segment in shown)


ROAD = "ก่อสร้างถนน กว้าง 4 เมตร ยาว 1,250 เมตร ราคากลาง 2,940,000 บาท ยื่นข้อเสนอในวันที่ 2 เมษายน 2567 ที่กองช่าง"


@pytest.mark.parametrize("letters", range(8, 70))
def test_what_is_seen_at_a_glance_ends_with_a_word_that_leads_to_nothing(letters: int) -> None:
    shown = at_a_glance(ROAD, letters)
    assert len(shown) <= letters + 20  # marks above the letters take no room
    assert not shown.endswith(("เมต", "บา", "ยื่นข้", "กลา", "ราคา", "ยาว", "กว้าง", "วันที่", "ใน", "ที่", " "))
    assert not shown[-1].isdigit() or shown.endswith("2567")


def test_what_is_seen_at_a_glance_ends_with_no_number_of_an_item() -> None:
    text = "1. บ้านเดือนละ 30 บาท\n2. ร้านค้าเดือนละ 120 บาท\n3. ตลาดเดือนละ 2,000 บาท พ.ศ. 2566 เก็บในวันที่ 2 และ 3"
    seen = {at_a_glance(text, letters) for letters in range(20, 80)}
    assert not [each for each in seen if each.endswith((".", "พ.ศ.", "วันที่ 2"))]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("ไฟริมคลองหลังตลาด ซึ่งดับมานานกว่าสองเดือนแล้วทั้งสาย", "ไฟริมคลองหลังตลาด ซึ่งดับมานาน"),
        ("รับสมัครเด็กเข้าศูนย์ ปีการศึกษา 2566 เรียน ผู้ปกครอง", "รับสมัครเด็กเข้าศูนย์ ปีการศึกษา 2566"),
        ("คำสั่งปิดสถานที่ซึ่งเสี่ยงต่อการแพร่ระบาดของโรค", "คำสั่งปิดสถานที่ซึ่งเสี่ยง"),
    ],
)
def test_words_that_lead_on_are_left_out_at_a_glance(text: str, seen: str) -> None:
    letters = {at_a_glance(text, letters) for letters in range(18, 50)}
    assert seen in letters
    assert not [each for each in letters if each.endswith(("กว่า", "สอง", "เรียน", "ต่อ", "การ"))]


def test_what_is_seen_at_a_glance_shows_the_first_hit() -> None:
    text = "เทศบาลตำบลหนองปลาดุกแจ้งอัตราค่าธรรมเนียมเก็บขนขยะมูลฝอยทั่วไป ดังนี้"
    assert "ค่าธรรมเนียมเก็บขนขยะมูลฝอย" not in at_a_glance(text, 40, "ค่าธรรมเนียมเก็บขนขยะมูลฝอย")
    assert at_a_glance(text[26:], 6, "ค่าธรรมเนียมเก็บขนขยะมูลฝอย")
    assert at_a_glance(text, 100) == text


def test_a_passage_ends_in_no_number_that_goes_on() -> None:
    text = "ประกอบด้วยทางเดินและทางจักรยาน 1,800 เมตร"
    assert {text[: phrase_end(text, 0, text.index("1,800") + digits)] for digits in (1, 2, 3, 4)} == {
        text[:-10]
    }


def test_a_passage_shows_what_its_title_does_not() -> None:
    title = "เตือนภัยน้ำท่วมฉับพลันและน้ำป่าไหลหลาก"
    text = (
        "ประกาศเทศบาล เรื่อง เตือนภัยน้ำท่วมฉับพลัน ระดับน้ำในลำน้ำสูงกว่าตลิ่ง 35 เซนติเมตร และมีฝนตกหนักต่อเนื่อง "
        "ขอให้ชาวบ้านยกของขึ้นที่สูง และเตรียมอพยพเมื่อได้ยินเสียงไซเรน ศูนย์พักพิงชั่วคราวอยู่ที่โรงเรียนและวัดป่าสัก มีอาหาร น้ำดื่ม "
        "และหน่วยแพทย์ตลอดวัน แจ้งเหตุหรือขอเรือได้ที่ศูนย์บัญชาการเหตุการณ์ โทร. 199"
    )
    query = parse_query("ขอเรือตอนน้ำท่วม")
    below, alone = (
        [
            segment.text
            for segment in snippet_with_ellipses(text, query, TOKENIZER, title=shown)
            if segment.is_hit
        ]
        for shown in (title, "")
    )
    assert "เรือ" in below
    assert "น้ำท่วม" in alone
    start, end = first_hit_of_passage(text, query, TOKENIZER, title=title)
    assert text[start:end] == "เรือ"


def test_an_hour_is_no_day() -> None:
    minutes = "รายงานการประชุมสภา เมื่อวันที่ 15 สิงหาคม 2565 มีสมาชิกมาประชุมสิบเอ็ดคน " * 3 + "เลิกประชุมเวลา 15.30 น."
    shown = snippet_with_ellipses(minutes, parse_query("ประชุมสภาวันไหน"), TOKENIZER)
    assert "สิงหาคม" in "".join(segment.text for segment in shown)
    shown = snippet_with_ellipses(minutes, parse_query("ประชุมสภาเลิกกี่โมง"), TOKENIZER)
    assert "15.30" in "".join(segment.text for segment in shown)


def test_a_passage_without_a_border_before_its_hit_begins_with_a_whole_word() -> None:
    text = (
        "และผู้ว่าราชการจังหวัดอนุมัติเทศบัญญัติงบประมาณรายจ่ายประจำปีงบประมาณ พ.ศ. 2567 จำนวน 48,500,000 บาท "
        "มีผลใช้บังคับตั้งแต่วันที่ 1 ตุลาคม 2566"
    )
    shown = "".join(each.text for each in snippet(text, parse_query("งบประมาณเท่าไหร่"), TOKENIZER, length=120))
    assert shown.startswith("ผู้ว่าราชการจังหวัด")


def test_the_beginning_of_a_passage_shows_most_words() -> None:
    text = "เรื่อง ภาษี ที่ทุกคนต้องทราบและขอให้ช่วยกันบอกต่อถึงญาติพี่น้องที่อยู่ต่างอำเภอด้วยขอขอบคุณมาก ณ โอกาสนี้ "
    text += "เจ้าของบ้านทุกคน มีกำหนดชำระภาษีภายในสิ้นเดือน และหลังจากนั้นไม่มีการผ่อนผันอีกแล้วทุกกรณี " * 2
    shown = "".join(
        segment.text for segment in snippet_with_ellipses(text, parse_query("ภาษี กำหนดชำระ"), TOKENIZER)
    )
    assert "มีกำหนดชำระภาษี" in shown[:80]


@pytest.mark.parametrize("border", ["\n\n", "\n"])
def test_a_passage_begins_with_the_paragraph_of_its_first_hit(border: str) -> None:
    text = (
        "เก็บค่าธรรมเนียมจากตลาดและสถานประกอบการทุกแห่งในเขต เป็นรายเดือน หน่วยละ 2,000 บาทต่อเดือน"
        f"{border}รถเก็บขยะเข้าหมู่ 1 ถึงหมู่ 5 ทุกวันจันทร์และวันพฤหัสบดี ส่วนหมู่ 6 ถึงหมู่ 9 ทุกวันอังคารและวันศุกร์ "
        "โปรดนำถังมาวางหน้าบ้านก่อนเวลา 06.00 น. และแยกขยะอันตราย"
    )
    segments = snippet_with_ellipses(text, parse_query("รถขยะ หมู่ 7"), TOKENIZER)
    shown, _rest = split_at_glance(segments, TOKENIZER, letters=62)
    told = "".join(segment.text for segment in shown)
    assert told.startswith("…รถเก็บขยะเข้าหมู่ 1")
    assert "หมู่ 6 ถึงหมู่ 9" in told
