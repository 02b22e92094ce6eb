"""Citations in Thai official texts: which document is cancelled, amended or replaced."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.citations import find_stated_relations, mentions_document_number

CASES = {
    "โดยที่เป็นการสมควร จึงให้ยกเลิกคำสั่งเทศบาลตำบลหนองปลาดุก ที่ ๕/๒๕๖๔ ลงวันที่ ๓ มกราคม ๒๕๖๔ และให้ใช้คำสั่งนี้แทน": [
        ("replaces", "order", "5/2564", dt.date(2021, 1, 3), "")
    ],
    "ให้ยกเลิก (1) คำสั่งที่ 5/2560 (2) คำสั่งที่ 16/2560 ลงวันที่ 3 ม.ค. 2560": [
        ("cancels", "order", "5/2560", None, ""),
        ("cancels", "order", "16/2560", dt.date(2017, 1, 3), ""),
    ],
    "ให้ยกเลิกความในข้อ 4 แห่งระเบียบเทศบาล ว่าด้วยการใช้รถ พ.ศ. 2550 และให้ใช้ความต่อไปนี้แทน": [
        ("amends", "rule", "", None, "การใช้รถ")
    ],
    "ขอแก้ไขเพิ่มเติมประกาศเทศบาล เรื่อง สอบราคาจ้างขุดลอกคลอง\nลงวันที่ 5 มกราคม 2564 ดังนี้": [
        ("amends", "announcement", "", dt.date(2021, 1, 5), "สอบราคาจ้างขุดลอกคลอง")
    ],
    "ตามประกาศเทศบาล เรื่อง สอบราคาจ้างก่อสร้างถนน ลงวันที่ 5 มกราคม 2564 นั้น บัดนี้จึงขอยกเลิกประกาศดังกล่าว": [
        ("cancels", "announcement", "", dt.date(2021, 1, 5), "สอบราคาจ้างก่อสร้างถนน")
    ],
    # what is cancelled is no document, or is not named well enough to be found
    "ประกาศยกเลิกการจัดงานลอยกระทง ทั้งนี้ ตั้งแต่วันที่ 1 มกราคม 2564 ประกาศ ณ วันที่ 1 มกราคม 2564": [],
    "คำสั่งนี้ไม่ยกเลิกคำสั่งที่ 5/2560": [],
    "ตามคำสั่งที่ 5/2560 ให้ทุกคนมาประชุม": [],
}


@pytest.mark.parametrize("text", CASES)
def test_cited_documents_are_found(text: str) -> None:
    found = [
        (each.relation, each.kind, each.number, each.dated, each.subject)
        for each in find_stated_relations(text)
    ]
    assert found == CASES[text]


def test_a_number_is_named_whole() -> None:
    assert mentions_document_number("คำสั่งที่ ๐๕ / ๒๕๖๐", "5/2560")
    assert not mentions_document_number("คำสั่งที่ 15/2560", "5/2560")
    assert not mentions_document_number("คำสั่งที่ 5/25601", "5/2560")
