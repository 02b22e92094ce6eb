"""Closing days that announcements state in their text."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.closing_days import find_latest_closing_day

DAY = dt.date(2026, 12, 20)


@pytest.mark.parametrize(
    "text",
    [
        "ยื่นข้อเสนอภายในวันที่ ๒๐ ธันวาคม ๒๕๖๙ เวลา ๐๘.๓๐ น.",
        "หมดเขตรับสมัครในวันอาทิตย์ที่ 20 ธันวาคม 2569",
        "เปิดรับสมัครพนักงานจ้าง ตั้งแต่วันที่ 1 ธันวาคม 2569 ถึงวันที่ 20 ธันวาคม 2569 ในวันและเวลาราชการ",
        "ลงทะเบียนได้ระหว่างวันที่ 1 - 20 ธันวาคม 2569",
        "ผู้ยื่นข้อเสนอต้องเสนอราคาในวันที่ 20 ธันวาคม 2569 ระหว่างเวลา 08.30 น. ถึง 16.30 น.",
        "ชำระภาษีไม่เกินวันที่ 20 ธันวาคม 2569 ขอรับเอกสารตั้งแต่วันที่ 1 ธันวาคม 2569 ถึงวันที่ 5 ธันวาคม 2569",
    ],
)
def test_the_last_day_of_what_is_accepted_is_found(text: str) -> None:
    assert find_latest_closing_day(text, after=dt.date(2026, 11, 29)) == DAY
    assert find_latest_closing_day(text, after=DAY) is None  # it is over


@pytest.mark.parametrize(
    "text",
    [
        "จัดงานลอยกระทง ในวันที่ 20 ธันวาคม 2569 ณ วัดหนองปลาดุก",
        "แผนปฏิบัติงาน ตั้งแต่วันที่ 1 ตุลาคม 2569 ถึงวันที่ 20 ธันวาคม 2569",
        "ประชุมภายในหน่วยงาน วันที่ 20 ธันวาคม 2569",
        "สั่ง ณ วันที่ 20 ธันวาคม 2569",
    ],
)
def test_the_day_of_an_event_is_no_closing_day(text: str) -> None:
    assert find_latest_closing_day(text, after=dt.date(2026, 11, 29)) is None
