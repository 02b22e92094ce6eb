"""The villages that an announcement concerns are read from what it says, and from no address."""

from __future__ import annotations

import pytest

from archive.villages import names_of_villages, villages_between_ends, villages_concerned


@pytest.mark.parametrize(
    ("text", "villages"),
    [
        ("ปิดสะพานข้ามลำน้ำ หมู่ 7 ตั้งแต่วันที่ 6 ถึง 31 กรกฎาคม 2569", (7,)),
        ("พบผู้ป่วยไข้เลือดออก 6 รายในหมู่ 4 และหมู่ 8", (4, 8)),
        ("รถเก็บขยะเข้าหมู่ 1 ถึงหมู่ 5 ทุกวันจันทร์ ส่วนหมู่ 6 ถึงหมู่ 9 ทุกวันอังคาร", tuple(range(1, 10))),
        ("จ่ายน้ำให้หมู่ที่ ๑, ๒ และ ๔ ตามปกติ", (1, 2, 4)),
        ("ขยายเขตประปา หมู่ที่ 1-3", (1, 2, 3)),
        ("ก่อสร้างถนนสายบ้านนายแดง หมู่ที่ 4 ตำบลหนองปลาดุก", (4,)),
        ("หมู่บ้านที่ 3 จะพ่นหมอกควัน", (3,)),
        ("ฉีดวัคซีน หมู่ 4 และ 5 วันที่ 6 มิถุนายน", (4, 5)),
        ("ซ่อมท่อ หมู่ 4, 25,000 บาท", (4,)),
        ("ถมดินหมู่ที่ 4 และ 12,500 บาท", (4,)),
    ],
)
def test_a_village_is_read_by_its_number(text: str, villages: tuple[int, ...]) -> None:
    assert villages_concerned(text, "") == villages
    assert villages_concerned("ประกาศ", text) == villages


@pytest.mark.parametrize(
    "text",
    [
        "เทศบาลตำบลหนองปลาดุก ๑๙๙ หมู่ ๔ ตำบลหนองปลาดุก",
        "ยื่นคำขอที่บ้านเลขที่ 12/3 หมู่ที่ 6",
        "บริษัท ตัวอย่าง จำกัด เลขที่ 87 ถนนสุขใจ หมู่ 15",
        "นายสมมติ ตัวอย่างดี หมู่ 4 ได้รับเบี้ยยังชีพ",
        "นางสาวสมหญิง ใจงาม อยู่หมู่ 2",
        "เด็กชายสมมติ มีครอบครัวอาศัยอยู่ในพื้นที่บ้านดอนมะกอก หมู่ 12",
        "เลือกตั้งผู้ใหญ่บ้าน หมู่ที่ 7",
        "ก่อสร้างระบบประปาหมู่บ้าน 4 แห่ง",
        "ตามมาตรา 4 และ ม.33",
        "หมู่ 2564 หมู่ 45 หมู่ 1/2564",
        "ทุกหมู่บ้านในเขตเทศบาล",
        "แบบรายงานหมวดหมู่ที่ 2",
        "งบประมาณหมวดหมู่ 3",
    ],
)
def test_an_address_a_person_and_another_number_are_no_village(text: str) -> None:
    assert villages_concerned(text, text) == ()


def test_a_day_after_villages_is_no_village() -> None:
    assert villages_concerned("ปิดถนนหมู่ 4 ถึง 30 มิถุนายน", "หมู่ 5 และ 6 โครงการ") == (4, 5)
    assert villages_concerned("ประชุมหมู่ 4, 10-12 มกราคม", "หมู่ 5 และ 9 ถึง 11 ก.พ.") == (4, 5)


@pytest.mark.parametrize(
    ("text", "between"),
    [
        ("หยุดจ่ายน้ำ หมู่ 1 ถึงหมู่ ๕", [2, 3, 4]),
        ("หยุดจ่ายน้ำ หมู่ 2-4 และหมู่ 7", [3]),
        ("เก็บขยะหมู่ 1, 2 และ 4", []),
        ("ปิดถนนหมู่ 4 ถึง 30 มิถุนายน", []),
        ("พ่นหมอกควันหมู่ 2-16 กย. 67", []),
        ("พ่นหมอกควันหมู่ 2 ถึง 20 กค 67", []),
        ("พ่นหมอกควันหมู่ 7 - 15 กรกฏาคม", []),
        ("ตรวจสุขภาพหมู่ 2-4 พยาบาล", [3]),
        ("ที่ทำการ 199 หมู่ 4-7", []),
        ("นายสมมติ ตัวอย่างดี หมู่ 4-7", []),
    ],
)
def test_villages_between_the_ends_of_a_range_are_told(text: str, between: list[int]) -> None:
    assert villages_between_ends(text) == between


def test_a_village_has_the_name_that_announcements_agree_on() -> None:
    texts = [
        "ปิดสะพาน หมู่ที่ ๗ บ้านดอนมะกอก ตำบลหนองปลาดุก",
        "ถนนสายบ้านท่ากระดาน–บ้านดอนมะกอก หมู่ 7",
        "ขุดลอกคลอง หมู่ 6 บ้านเนินสะแก",
        "ซ่อมประปา บ้านเนินสะแก (หมู่ 6)",
        "ซ่อมบ้านเรือน หมู่ 3",
        "ช่วยเหลือบ้านเรือน หมู่ 3",
        "พ่นหมอกควัน หมู่ 8 บ้านใหม่ หมู่ 8 บ้านใหม่",  # in one announcement alone
        "ไฟฟ้าดับ หมู่ 9 บ้านหนอง",
        "น้ำไม่ไหล หมู่ 9 บ้านหนอง",
        "ประชุม หมู่ 9 บ้านดอน",
        "อบรม หมู่ 9 บ้านดอน",
        "เลขที่ 12 หมู่ 2 บ้านเลขที่ 5",
        "เลขที่ 13 หมู่ 2 บ้านเลขที่ 6",
    ]
    assert names_of_villages(texts) == {7: "บ้านดอนมะกอก", 6: "บ้านเนินสะแก"}


@pytest.mark.parametrize("house", ["บ้านนางบัวลอย", "บ้านนายสมชาย", "บ้านครูสมศรี", "บ้านกำนันมี", "บ้านเช่า"])
def test_a_person_s_house_gives_no_village_its_name(house: str) -> None:
    assert names_of_villages([f"หมู่ที่ 5 {house} ถนนคอนกรีต"] * 3) == {}
    assert names_of_villages(["หมู่ที่ 7 บ้านดอนมะกอก"] * 2) == {7: "บ้านดอนมะกอก"}
