"""Searches that ask for the office itself: its telephone number, address or opening hours."""

from __future__ import annotations

import re

from indexer.analysis.tokenizer import fold_text

_OFFICE = "เทศบาลตำบล|เทศบาลเมือง|เทศบาลนคร|เทศบาล|องค์การบริหารส่วนตำบล|อบต|สำนักงาน|ที่ทำการ|office|municipality"
_ASKED = (
    "เบอร์โทรศัพท์|เบอร์โทร|เบอร์ติดต่อ|เบอร์|หมายเลขโทรศัพท์|โทรศัพท์|โทร|ติดต่อ|ที่อยู่|อยู่ที่ไหน|อยู่ไหน|อยู่ตรงไหน"
    "|เวลาทำการ|เวลาราชการ|เปิดกี่โมง|ปิดกี่โมง|เปิดวันไหน|เปิดวันไหนบ้าง|เปิดวันเสาร์ไหม|อีเมล|อีเมล์"
    "|phonenumber|telephone|phone|contact|address|openinghours|officehours|hours|e-?mail"
)
_POLITE = "ครับ|ค่ะ|คะ|ขอ|หน่อย|อะไร|เท่าไร|เท่าไหร่|ของ|the|of"
_LEFT_OUT = re.compile(r"[\s?.,()]+")


def asks_for_the_office(typed: str, site_name: str) -> bool:
    """Returns True for a search that names nothing but the office's telephone number, address or hours.

    The name of the municipality, of such an office, and polite words may stand beside it.
    """
    typed, name = (_LEFT_OUT.sub("", fold_text(text)) for text in (typed, site_name))
    place = re.sub(f"^(?:{_OFFICE})", "", name)
    names = [re.escape(each) for each in (name, place) if each]
    words = sorted([*names, *f"{_ASKED}|{_OFFICE}|{_POLITE}".split("|")], key=len, reverse=True)
    # The longest word is taken at each place and never given back, so that no text takes long.
    is_nothing_else = re.fullmatch(f"(?:{'|'.join(words)})*+", typed) is not None
    return is_nothing_else and re.search(_ASKED, typed) is not None
