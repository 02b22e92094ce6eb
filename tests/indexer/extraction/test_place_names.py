"""Place names that an archive knows: which ones it knows, and what they change in recognised text."""

from __future__ import annotations

import pytest

from indexer.extraction.ocr.correction import correct_ocr_errors, known_place_names
from indexer.extraction.ocr.line_layout import Symbol
from indexer.extraction.ocr.line_voting import vote_on_readings
from indexer.extraction.ocr.place_names import PlaceNames, find_place_names

TITLES = (
    "ซ่อมถนนตำบลเวียงพางคำอำเภอแม่สาย",
    "จ่ายเบี้ยยังชีพ บ้านสันผักฮี้ ตำบลเวียงพางคำ",
    "เก็บภาษีที่ดินของเทศบาลตำบลเวียงพางคำ ปี 2567",
)


def test_a_name_is_known_from_three_different_titles() -> None:
    assert find_place_names(TITLES).attested == ("เวียงพางคำ",)
    assert find_place_names((*TITLES[:2], TITLES[0])).attested == ()


def test_what_only_stands_behind_such_a_word_is_no_name() -> None:
    assert find_place_names(f"ภาษีบ้านและที่ดิน ตำบลในพื้นที่ {number}" for number in range(5)) == ((), ())


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("ประชาชนตำบลเวียงพางตำทุกคน", "ประชาชนตำบลเวียงพางคำทุกคน"),
        ("เทศบาลตำบลเวียงพางคำ", "เทศบาลตำบลเวียงพางคำ"),
        ("นายสมชาย เวียงพางตำ", "นายสมชาย เวียงพางตำ"),  # a person may be called otherwise
        ("เวียงกับพวกพ้อง", "เวียงกับพวกพ้อง"),
    ],
)
def test_misread_names_are_corrected_where_the_archive_knows_them(read: str, written: str) -> None:
    before = correct_ocr_errors(read)
    with known_place_names(PlaceNames(("เวียงพางคำ",))):
        assert correct_ocr_errors(read) == written
    assert correct_ocr_errors(read) == before == read


def test_a_village_of_one_title_is_not_taken_for_its_namesake() -> None:
    names = find_place_names(
        (*(f"ซ่อมถนนบ้านหนองแสง ระยะที่ {number}" for number in range(3)), "วางท่อ บ้านหนองแลง")
    )
    assert names == (("หนองแสง",), ("หนองแลง",))
    with known_place_names(names):
        assert correct_ocr_errors("ราษฎรบ้านหนองแลง") == "ราษฎรบ้านหนองแลง"
    with known_place_names(PlaceNames(("หนองแสง",))):
        assert correct_ocr_errors("ราษฎรบ้านหนองแลง") == "ราษฎรบ้านหนองแสง"  # which nobody named before


def test_readings_of_a_name_are_voted_on_by_the_names_known() -> None:
    one, other = symbols("ตำบลป่าแจะ", 0.97), symbols("ตำบลป่าแงะ", 0.97)
    with known_place_names(PlaceNames(("ป่าแงะ",))):
        voted = vote_on_readings([one, other])
    assert "".join(symbol.text for symbol in voted) == "ตำบลป่าแงะ"
    assert "".join(symbol.text for symbol in vote_on_readings([one, other])) == "ตำบลป่าแจะ"


def symbols(text: str, confidence: float) -> list[Symbol]:
    return [
        Symbol(letter, 20 * place, 0, 20 * place + 18, 30, confidence) for place, letter in enumerate(text)
    ]
