"""Villages (หมู่ 4, หมู่ที่ ๔, ม.4): how people type a village's number, and which texts name that village."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from archive.thai.characters import WORD_LETTERS
from archive.thai.word_list import thai_words
from archive.thai.words import cut_words
from archive.villages import COUNTED_OR_DATED, MOST_VILLAGES, WEEKDAYS
from indexer.analysis.tokenizer import is_number, letters_of, text_of_bytes

if TYPE_CHECKING:
    from indexer.search.query.query_plan import QueryPlan

ABBREVIATED_VILLAGE = "ม."
"""Abbreviation that before a village's number is หมู่ที่ first, then มาตรา."""

_WORDS = frozenset(("หมู่", "ที่", "หมู่ที่", ABBREVIATED_VILLAGE))

_SPELT_NUMBERS = "หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า สิบ".split()
_SPELT_VILLAGE = re.compile(
    rf"(หมู่(?:บ้าน)?\s*(?:ที่)?\s*)({'|'.join(_SPELT_NUMBERS)})(?=(?P<rest>[{WORD_LETTERS}]*))"
)  # หมู่เจ็ด
_VILLAGE_NUMBER = re.compile(
    r"""หมู่บ้าน (?=\s*(?:ที่)?\s*\d{1,2}(?!\d|\s*(?:แห่ง|หมู่บ้าน|ครัวเรือน|หลัง|คน|ปี)))""", re.VERBOSE
)  # หมู่บ้าน 7 is หมู่ 7
_ORDINAL_VILLAGE = re.compile(r"หมู่ ?ที่ ?(?=\d{1,2}(?![\d./]))")  # หมู่ที่ 7 is หมู่ 7
_UNPUNCTUATED_VILLAGE = re.compile(rf"(?<![{WORD_LETTERS}.])ม\s?(?=\d{{1,2}}(?![\d./]))")  # ม7 is ม.7

_GLUED_VILLAGE = re.compile(rf"(?<=[{WORD_LETTERS}])ม\.(?=\s?\d{{1,2}}(?![\d./]))")  # บ้านดอนม.4 is บ้านดอน ม.4


def _any_of(*words: str) -> bytes:
    return b"|".join(map(letters_of, words))


_VILLAGE = re.compile(
    rb"(?P<house>[0-9](?:/[0-9]+)?)?%s(?:%s)?(?P<number>[0-9]{1,2})(?![0-9])"
    % (letters_of("หมู่"), letters_of("ที่"))
)
_NO_VILLAGE = rb"%s|%s(?!%s)" % (
    _any_of(*(each for each in COUNTED_OR_DATED if each != "น.")),  # 9 น. has the letters of 9 นา
    letters_of("วัน"),
    _any_of(*WEEKDAYS),
)
_JOINED = rb"(?:[ -]|%s)+" % _any_of("ที่", "และ", "ถึง", "หรือ", "กับ", "หมู่")
_FURTHER = rb"[0-9]{1,2}(?![0-9./:]*[0-9])(?!(?:(?:-|%s)[0-9]{1,2})?(?:%s))" % (
    letters_of("ถึง"),
    _NO_VILLAGE,
)  # not of a day, an hour or a count: หมู่ 4 10 มกราคม; หมู่ 4 - 08.30 น.
_VILLAGES = re.compile(  # หมู่ 1, 2 และ 4; บ้านหนองบัว ม.4
    rb"(?P<name>%s(?:%s)?|%s(?=[0-9]))[0-9]{1,2}(?![0-9])(?:%s%s)*"
    % (letters_of("หมู่"), letters_of("ที่"), letters_of("ม"), _JOINED, _FURTHER)
)
_RANGE = re.compile(  # หมู่ 1 ถึงหมู่ 5
    rb"([0-9]{1,2})(?:-|%s)(?:%s)*([0-9]{1,2})(?![0-9])" % (letters_of("ถึง"), _any_of("หมู่", "ที่"))
)
_NO_HOUSE = re.compile(  # ซอย 2 หมู่ 4; ประจำปี 2567 หมู่ 4
    rb"(?:%s)[0-9]+$|(?<![0-9/])2[45][0-9]{2}$"
    % _any_of("ซอย", "สาย", "ครั้งที่", "ปี", "ตอน", "ช่วง", "ฉบับที่", "วันที่", "โควิด")
)
_SECTION = re.compile(rb"%s(?P<number>[0-9]{1,2})(?![0-9])" % letters_of("มาตรา"))
_ABBREVIATED = letters_of(ABBREVIATED_VILLAGE)
_NAMES, _ORDINAL = _any_of("หมู่", "ม"), letters_of("ที่")
_MOST_DIGITS = 2  # of a village's number
_BEFORE_HOUSE = 24  # letters before a village, up to a house's number, that tell if it is one
_BEFORE_NUMBER = 24  # letters before a number that are read as words


def with_village_in_figures(text: str) -> str:
    """Returns a typed text with villages as หมู่ or ม. and figures: หมู่บ้านเจ็ด is หมู่7."""
    text = _SPELT_VILLAGE.sub(_spelt_village_in_figures, text)
    text = _GLUED_VILLAGE.sub(_village_apart, text)
    return _ORDINAL_VILLAGE.sub("หมู่", _UNPUNCTUATED_VILLAGE.sub("ม.", _VILLAGE_NUMBER.sub("หมู่", text)))


def _spelt_village_in_figures(village: re.Match[str]) -> str:
    """Returns a village with its number in figures; as it is where the number begins a word or a name.

    A word: หมู่สี่แยก. A name is what more letters behind หมู่บ้าน are: หมู่บ้านสองแคว.
    """
    spelt, rest = village[2], village["rest"]
    is_name = bool(rest) and "บ้าน" in village[1] and "ที่" not in village[1]
    if is_name or any(spelt + rest[:end] in thai_words() for end in range(1, len(rest) + 1)):
        return village[0]
    return f"{village[1]}{_SPELT_NUMBERS.index(spelt) + 1}"


def _village_apart(village: re.Match[str]) -> str:
    """Returns the ม. of a village behind a space; as it is where it ends a word: กม.4."""
    before = letters_of(village.string[: village.start() + 1])
    return village[0] if _is_read_as_word(before[-_BEFORE_NUMBER:]) else f" {village[0]}"


def positions_of_village_numbers(words: Sequence[str]) -> list[int]:
    """Returns the positions of words that are numbers up to ``MOST_VILLAGES`` behind หมู่ที่ or ม. (ม.4).

    The ม.33, ม.39 and ม.40 of the insured are sections of a law.
    """
    return [
        place
        for place in range(1, len(words))
        if words[place - 1] in ("หมู่ที่", ABBREVIATED_VILLAGE)
        and is_number(words[place])
        and int(words[place]) <= MOST_VILLAGES
    ]


def village_number(plan: QueryPlan) -> bytes | None:
    """Returns the number of the village (หมู่ 4, ม.4) that the plan asks for; None for a house's address."""
    asked = _VILLAGE.search(plan.whole)
    if asked is None:
        return _abbreviated_village(plan)
    return None if _is_address(asked) else asked["number"]


def village_words(plan: QueryPlan) -> frozenset[str]:
    """Returns the words by which the plan names its village; none without one."""
    number = village_number(plan)
    return frozenset() if number is None else _WORDS | {number.decode()}


def find_typed_village(words: Sequence[str]) -> tuple[str, bool] | None:
    """Returns the number of the first village among typed words, and True if it may be a section's: ม.4."""
    for place in positions_of_villages(words):
        return words[place], words[place - 1] == ABBREVIATED_VILLAGE
    return None


def positions_of_villages(words: Sequence[str]) -> Iterator[int]:
    """Yields the positions of words that are short numbers behind หมู่, หมู่ที่ or ม."""
    numbered = positions_of_village_numbers(words)
    for place in range(1, len(words)):
        is_behind_word = words[place - 1] == "หมู่" or tuple(words[max(place - 2, 0) : place]) == ("หมู่", "ที่")
        is_short = is_number(words[place]) and len(words[place]) <= _MOST_DIGITS
        if is_short and (is_behind_word or place in numbered):
            yield place


def village_or_section_words(number: str) -> frozenset[str]:
    """Returns words of a village, and of มาตรา, each alone and with the number; and the number alone."""
    names = (*_WORDS, "มาตรา")
    return frozenset((*names, number, *(name + number for name in names)))


def village_places(number: bytes, text: bytes) -> list[tuple[int, int]]:
    """Returns the places that name the village by itself, or else the rows and ranges that it is in.

    Each is ``[start, end)`` in ``text``. Rows and ranges: หมู่ 1, 2 และ 4, หมู่ 1 ถึงหมู่ 5. A village in an address
    counts too.
    """
    runs = [each for each in _VILLAGES.finditer(text) if not _ends_a_word(text, each)]
    alone = re.compile(rb"(?:%s)(?:%s)?%s(?![0-9])" % (_NAMES, _ORDINAL, re.escape(number)))
    places = [each.span() for run in runs for each in alone.finditer(text, *run.span())]
    if places:
        return places
    rows = [(run.start(), run.start() + _last_digit(run[0]) + 1) for run in runs]
    return [(start, end) for start, end in rows if end > start and names_village(number, text[start:end])]


def section_places(number: bytes, text: bytes) -> list[tuple[int, int]]:
    """Returns the ``[start, end)`` of each place of a text that names a law's section with the number."""
    return [each.span() for each in _SECTION.finditer(text) if each["number"] == number]


def _last_digit(run: bytes) -> int:
    return max(map(run.rfind, (b"%d" % digit for digit in range(10))))


def lacks_village(plan: QueryPlan, text: bytes) -> bool:
    """Returns True if the plan asks for a village that a text does not name: แผนงานที่ 99 is none of หมู่ 99."""
    number = village_number(plan)
    return number is not None and not (
        names_village(number, text)
        or (_abbreviated_village(plan) is not None and names_section(number, text))
    )


def _abbreviated_village(plan: QueryPlan) -> bytes | None:
    """Returns the number behind ม. that the plan asks for; None for a house's address too."""
    typed = ["", *(clause.typed for part in plan.parts for clause in part.clauses)]
    for place in positions_of_village_numbers(typed):
        if not _ends_with_house(letters_of(" ".join(typed[: place - 1]))):
            return typed[place].encode()
    return None


def names_section(number: bytes, text: bytes) -> bool:
    """Returns True if a text names the section of a law (มาตรา 4) with the number."""
    return any(section["number"] == number for section in _SECTION.finditer(text))


def names_section_alone(number: bytes, text: bytes) -> bool:
    """Returns True if a text names a section of a law with the number, and no village with it."""
    return names_section(number, text) and not names_village(number, text)


def names_village(number: bytes, text: bytes) -> bool:
    """Returns True if a text names the village: alone, in a list (หมู่ 1, 2 และ 4) or a range (หมู่ 1 ถึงหมู่ 5)."""
    runs = [each[0] for each in _VILLAGES.finditer(text) if not _ends_a_word(text, each)]
    return any(number in re.findall(rb"[0-9]+", each) for each in runs) or any(
        int(first) <= int(number) <= int(last) for each in runs for first, last in _RANGE.findall(each)
    )


def _ends_a_word(text: bytes, village: re.Match[bytes]) -> bool:
    """Returns True where the ม of ม.4 is the last letter of a word: รวม 4 ถัง, but not บ้านดอน ม.4."""
    end = village.end("name")
    return village["name"] == _ABBREVIATED and _is_read_as_word(text[max(0, end - _BEFORE_NUMBER) : end])


@lru_cache(maxsize=10_000)
def _is_read_as_word(before_number: bytes) -> bool:
    """Returns True if letters end with a word, and are no words in fewer pieces without their last letter.

    บ้านดอนม is read as บ้าน ดอน ม, although นม is a word; รวม is no รว ม. Behind บ้าน stands a name: บ้านนา ม.4.
    """
    letters = re.split(rf"[^{WORD_LETTERS}]", text_of_bytes(before_number))[-1]
    words, without_last = cut_words(letters), cut_words(letters[:-1])
    if words[-1] not in thai_words():
        return False
    is_read_without = bool(without_last) and without_last[-1] in thai_words()
    return not (is_read_without and (len(without_last) < len(words) or words[-2:-1] == ("บ้าน",)))


def names_village_in_addresses_alone(number: bytes, text: bytes) -> bool:
    """Returns True if a text names the village with the number only behind a house's number.

    The letterhead of a paper has the municipality's own address (199 หมู่ 4), which is no news of the village.
    """
    elsewhere = _VILLAGE.sub(lambda village: b"\n" if _is_address(village) else village[0], text)
    return names_village(number, text) and not names_village(number, elsewhere)


def _is_address(village: re.Match[bytes]) -> bool:
    """Returns True for a village behind a house's number; not behind that of a lane, a time or a year."""
    if village["house"] is None:
        return False
    house = village.end("house")
    return _ends_with_house(village.string[max(0, house - _BEFORE_HOUSE) : house])


def _ends_with_house(before: bytes) -> bool:
    """Returns True if the letters before a village end with a number that may be a house's."""
    return before[-1:].isdigit() and _NO_HOUSE.search(before[-_BEFORE_HOUSE:]) is None
