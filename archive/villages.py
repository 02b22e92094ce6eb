"""The villages (หมู่ 4, หมู่ที่ ๔) that an announcement concerns, read from its title and its text; their names.

A village is missed rather than named wrongly: the village of an address (199 หมู่ 4), of a person or of a
village head is not read, nor is a village that has a name alone (บ้านท่ากระดาน), because nothing tells where a
name ends. Where announcements agree on what stands beside a number (หมู่ 4 บ้านท่ากระดาน), that is its name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from archive.thai import MONTHS, SHORT_MONTHS
from archive.thai.characters import WORD_LETTERS, arabic_digits

MOST_VILLAGES = 30  # of a subdistrict

_NUMBER = r"\d{1,2}(?![\d/.:]*\d|,\d{3})"  # not of 7/2569, 8.30 or 25,000
_NAMED = r"หมู่\s?(?:บ้าน\s?)?(?:ที่)?"
_COUNTED = "คน ราย แห่ง โครงการ ครัวเรือน หลังคาเรือน หลัง บาท เมตร กิโลเมตร กม. ปี เดือน ชุด สาย จุด ครั้ง ถัง ล้าน น."
COUNTED_OR_DATED = (*_COUNTED.split(), *MONTHS, "กรกฏาคม", *SHORT_MONTHS)
"""Words behind a number that make it a count, an hour or a day; วัน without one of ``WEEKDAYS`` does too."""
WEEKDAYS = tuple("ที่ นี้ จันทร์ อังคาร พุธ พฤหัส ศุกร์ เสาร์ อาทิตย์".split())
"""Letters behind วัน where it begins a day's name (วันจันทร์) or a day with a number (วันที่ 5)."""

_BARE_MONTHS = "|".join(month.replace(".", "") for month in SHORT_MONTHS)
_NO_VILLAGE = (
    rf"{'|'.join(map(re.escape, COUNTED_OR_DATED))}|(?:{_BARE_MONTHS})(?![{WORD_LETTERS}])"  # 2-16 กย. 67
)
_FURTHER = rf"{_NUMBER}(?!(?:\s?(?:-|–|ถึง)\s?\d{{1,2}})?\s?(?:{_NO_VILLAGE}|วัน(?!{'|'.join(WEEKDAYS)})))"
_VILLAGES = re.compile(
    rf"""หมู่(?<!หมวดหมู่)\s?(?:บ้าน\s?ที่|ที่)?\s?{_NUMBER}
        (?: \s*(?:,|และ|หรือ|กับ|ถึง|-|–)\s*(?:{_NAMED}\s?)?{_FURTHER} | \s*{_NAMED}\s?{_FURTHER} )*""",
    re.VERBOSE,
)  # หมู่ 4; หมู่ที่ 1, 2 และ 4; หมู่ 1 ถึงหมู่ 5, but not 30 of หมู่ 4 ถึง 30 มิถุนายน, nor 10 of หมู่ 4, 10-12 มกราคม
_RANGE = re.compile(rf"({_NUMBER})\s*(?:ถึง|-|–)\s*(?:{_NAMED}\s?)?({_NUMBER})")
_ADDRESS = re.compile(r"(?:[\d/][กขค]?|เลขที่[^\n]{0,20})\s*$")  # a house's number, maybe with its road
_PERSON = re.compile(
    r"(?:(?<!บ้าน)(?:นาย(?!ก(?:เทศ|องค์|รัฐ|อบ|เมือง|ฯ|\s))|นาง|น\.ส\.|ด\.[ชญ]\.|เด็ก(?:ชาย|หญิง))[^\n]{0,40}"
    r"|(?:ครอบครัว|ภูมิลำเนา|ที่อยู่|อาศัยอยู่)[^\n]{0,40}|(?:ผู้ใหญ่บ้าน|กำนัน|ลูกเสือ)[^\n]{0,6})$"
)  # of whom the text before a village tells
_BEFORE = 60  # letters before a village that are looked at
_NO_NAME = (
    "เลขที่|เรือน|พัก|และ|ผู้|ของ|ที่|นาย|นาง|คุณ|ลุง|ป้า|ยาย|เด็ก"  # บ้านนายสมชาย is a person's
    "|ครู|อาจารย์|กำนัน|พ่อใหญ่|แม่ใหญ่|เดี่ยว"
    "|เช่า|ประชาชน|พอเพียง|มั่นคง|จัดสรร|เอื้ออาทร"
)
_NAME = rf"บ้าน(?!{_NO_NAME})(?P<name>(?:(?!บ้าน|หมู่|ตำบล|อำเภอ|จังหวัด)[{WORD_LETTERS}]){{2,20}})"
_WITH_NAME = (
    re.compile(rf"หมู่\s?(?:ที่)?\s?(?P<number>{_NUMBER})\s?[(]?{_NAME}"),
    re.compile(rf"{_NAME}\s?[(]?\s?(?:หมู่\s?(?:ที่)?|ม\.)\s?(?P<number>{_NUMBER})"),
)  # หมู่ที่ 7 บ้านดอนมะกอก; บ้านดอนมะกอก หมู่ 7
_LEAST_NAMING = 2  # announcements that name a village so: a run of letters in one may be more than a name


def villages_concerned(title: str, text: str) -> tuple[int, ...]:
    """Return the numbers of the villages concerned, lowest first; none of a person or a house's address.

    A village head's is left out too, and so is a village that is named without a number.
    """
    found: set[int] = set()
    for run in (*_runs_of_villages(title), *_runs_of_villages(text)):
        found |= _numbers(run)
    return tuple(sorted(number for number in found if 1 <= number <= MOST_VILLAGES))


def villages_between_ends(text: str) -> list[int]:
    """Return the numbers of the villages that a text names as lying between two: 2, 3 and 4 of หมู่ 1-5.

    None of a person or a house's address.
    """
    return [number for run in _runs_of_villages(text) for number in _between_ends(run)]


def names_of_villages(texts: Iterable[str]) -> dict[int, str]:
    """Return the names of villages by number, such as บ้านดอนมะกอก for 7, that announcements agree on.

    Each text is that of one announcement. A name is left out where another one is as frequent.
    """
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for number, name in set(_numbers_with_names(arabic_digits(text))):
            counts[number][name] += 1
    names = {}
    for number, named in counts.items():
        (name, count), (_second, second_count) = (*named.most_common(2), ("", 0))[:2]
        if count >= _LEAST_NAMING and count > second_count:
            names[number] = f"บ้าน{name}"
    return names


def _numbers_with_names(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and name of each village that a text names by both."""
    for pattern in _WITH_NAME:
        for found in pattern.finditer(text):
            if 1 <= int(found["number"]) <= MOST_VILLAGES:
                yield int(found["number"]), found["name"]


def _runs_of_villages(text: str) -> Iterator[str]:
    """Yield each run of villages of a text that is none of a person or a house's address."""
    if "หมู่" not in text:
        return
    text = arabic_digits(text)
    for run in _VILLAGES.finditer(text):
        before = text[max(0, run.start() - _BEFORE) : run.start()]
        if not (_ADDRESS.search(before) or _PERSON.search(before)):
            yield run[0]


def _numbers(run: str) -> set[int]:
    """Return the numbers of a run of villages, with those between the two ends of a range."""
    return {*map(int, re.findall(r"\d+", run)), *_between_ends(run)}


def _between_ends(run: str) -> list[int]:
    """Return the numbers between the two ends of each range of a run of villages."""
    return [
        number
        for first, last in _RANGE.findall(run)
        for number in range(int(first) + 1, min(int(last), MOST_VILLAGES + 1))
    ]
