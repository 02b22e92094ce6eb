"""Patterns of the words by which parts of an official document are known; see ``metadata``."""

from __future__ import annotations

import re

from archive.thai.characters import CONSONANTS, LEADING_VOWELS

CERTAIN, LIKELY, GUESS = 0.97, 0.85, 0.6
TITLE_ROWS = 8  # lines at the head in which a title begins
CENTRED = 350  # 1/10,000 of the page's width that a centred line may be off the middle of the text
ALIGNED = 100  # 1/10,000 of the page's width that two rows of one column may be off each other
TONES = re.compile("[่้๊๋์็]")


def bare_text(text: str) -> str:
    """Returns the text without tone marks and white space."""
    return TONES.sub("", re.sub(r"\s", "", text))


def bare_pattern(words: str) -> re.Pattern[str]:
    """Returns a pattern for bare text, made of words as they are written."""
    return re.compile(bare_text(words))


NOISE = re.compile(rf"^[^{CONSONANTS}{LEADING_VOWELS}]{{1,4}}\s+(?=[{CONSONANTS}])")
OPENING = bare_pattern(  # the text of a paper begins; ด้วยวิธี… goes on with a subject
    "ด้วย(?!วิธี|ระบบ|การ|ความ|เงิน|งบ|เครื่อง|ตนเอง|ตัวเอง|กัน|$)|ตามที่(?!ดิน)|ตามหนังสือ|ตาม.*ลงวันที่|โดยที่|อาศัยอำนาจ|"
    r"เนื่องจาก|เนื่องด้วย|บัดนี้|อนุสนธิ|เพื่อให้|เพื่ออนุวัติ|ข้อ\d|\(?\d{1,2}(?:\.\d{1,2})*[.)](?!\d)"
)
OFFICE = (
    "(?:สำนัก|ที่ทำการ|ที่ว่าการ|องค์การ|องค์กร|เทศบาล|ศาลากลาง|จังหวัด|อำเภอ|คณะ|สภา|กรม|กระทรวง|โรงเรียน|"
    "มหาวิทยาลัย|ศูนย์|สถานี|กอง|โรงพยาบาล|วิทยาลัย)"
)
STATE_ENTERPRISE = "การ(?:ไฟฟ้า|ประปา|เคหะ|ทาง|รถไฟ|ท่า|กีฬา|ท่องเที่ยว|ยาง|นิคม|ปิโตรเลียม)"
OFFICES = re.compile(OFFICE)
SHORT = 4  # code points: a shorter rest of a row is noise
ADDRESSEE_LABELS = ("ขอประทานกราบทูล", "กราบนมัสการ", "กราบเรียน", "กราบทูล", "นมัสการ", "เรียน")
AFTER_ADDRESSEE = ("อ้างถึง", "สิ่งที่ส่งมาด้วย")
