"""Votes between readings of one line."""

from __future__ import annotations

import pytest

from indexer.extraction.ocr.line_layout import Symbol
from indexer.extraction.ocr.line_voting import vote_on_readings


def reading(text: str, **alternatives: tuple[tuple[str, float], ...]) -> list[Symbol]:
    """Symbols of a text, one a code point; ``alternatives`` by the letter that they stand beside."""
    symbols: list[Symbol] = []
    has_space_before = False
    for letter in text:
        if letter == " ":
            has_space_before = True
            continue
        left = 20 * len(symbols)
        symbols.append(
            Symbol(letter, left, 0, left + 18, 40, 0.98, has_space_before, alternatives.get(letter, ()))
        )
        has_space_before = False
    return symbols


def text_of(symbols: list[Symbol]) -> str:
    return "".join((" " if symbol.has_space_before else "") + symbol.text for symbol in symbols)


def test_most_readings_decide_digits() -> None:
    lines = [reading("พ.ศ. 2541"), reading("พ.ศ. 2547"), reading("พ.ศ. 2547")]
    assert text_of(vote_on_readings(lines)) == "พ.ศ. 2547"


def test_a_digit_that_readings_differ_on_is_in_doubt_and_keeps_its_alternatives() -> None:
    year = vote_on_readings([reading("2587"), reading("2567"), reading("2567")])
    assert text_of(year) == "2567"
    assert [symbol.confidence < 0.95 for symbol in year] == [False, False, True, False]
    assert [other for other, _ in year[2].alternatives] == ["8"]


def test_a_letter_that_most_readings_have_is_put_in_and_a_stray_one_dropped() -> None:
    lines = [reading("งบระมาณ"), reading("งบประมาณ"), reading("งบประมาณร")]
    assert text_of(vote_on_readings(lines)) == "งบประมาณ"


def test_words_decide_between_what_the_recogniser_considered() -> None:
    assert text_of(vote_on_readings([reading("ดามหลักเกณฑ์", ด=(("ต", 7.5),))])) == "ตามหลักเกณฑ์"
    assert text_of(vote_on_readings([reading("ดามหลักเกณฑ์")])) == "ดามหลักเกณฑ์"


@pytest.mark.parametrize("text", ["การพาณิชยกิจ", "นายบุญเกริ", "กข ๑๒๓/๒๕๔๙"])
def test_what_no_reading_doubts_stays(text: str) -> None:
    assert text_of(vote_on_readings([reading(text), reading(text)])) == text


def test_no_digit_is_put_in_the_place_of_a_letter() -> None:
    assert text_of(vote_on_readings([reading("หมู่ที่ ๓ก", ก=(("๑", 0.1),))])) == "หมู่ที่ ๓ก"


def test_what_was_left_open_is_in_doubt_and_keeps_its_alternatives() -> None:
    changed = vote_on_readings([reading("ดามหลักเกณฑ์", ด=(("ต", 7.5),))])[0]
    assert changed.confidence < 0.95
    assert [text for text, _ in changed.alternatives] == ["ด"]


def test_a_space_that_most_readings_lack_does_not_part_a_word() -> None:
    lines = [reading("ตำบล ะองค์การ"), reading("ตำบลและองค์การ"), reading("ตำบลและองค์การ")]
    assert text_of(vote_on_readings(lines)) == "ตำบลและองค์การ"


def test_a_digit_that_only_later_readings_have_keeps_its_space() -> None:
    lines = [reading("วันที่ มิถุนายน"), reading("วันที่ ๙ มิถุนายน"), reading("วันที่ ๙ มิถุนายน")]
    assert text_of(vote_on_readings(lines)) == "วันที่ ๙ มิถุนายน"


def test_a_sign_that_one_reading_puts_in_leaves_no_space_behind() -> None:
    lines = [reading("ตำบลหนองบัว"), reading("ตำบล .หนองบัว"), reading("ตำบลหนองบัว")]
    assert text_of(vote_on_readings(lines)) == "ตำบลหนองบัว"
