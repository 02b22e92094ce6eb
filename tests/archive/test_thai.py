"""The canon, clusters and dates."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive import thai
from archive.errors import Invalid
from archive.thai.dates import find_dates_with_month_names, parse_day_or_month

LETTERS = "กขคงนมยรวสอ"
VOWELS_AND_MARKS = "ะัาำิีึืุูเแโใไๅ็่้๊๋์ฺํ๎"
thai_text = st.text(LETTERS + VOWELS_AND_MARKS + "๐๑๒ \n", max_size=30)
wild_text = st.text(
    st.one_of(st.sampled_from(LETTERS + VOWELS_AND_MARKS), st.characters(exclude_categories=())), max_size=30
)
dates = st.dates(dt.date(1868, 1, 1), dt.date(2200, 12, 31))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("น\u0e4d\u0e49า", "น้ำ"),  # nikhahit, tone, aa
        ("น\u0e49\u0e4dา", "น้ำ"),  # tone, nikhahit, aa
        ("นำ\u0e49", "น้ำ"),  # tone typed last
        ("ก\u0e48\u0e34", "กิ่"),  # tone before vowel
        ("ก\u0e48\u0e38", "กุ่"),
        ("สิทธ\u0e4c\u0e34", "สิทธิ์"),
        ("กี่ี่", "กี่"),  # printed over itself
        ("เเม่", "แม่"),
        ("เทศ\u200bบาล\ufeff", "เทศบาล"),
        ("a\u200d\u2060\u00adb", "ab"),
        ("\u202eกข\u202c", "กข"),
        ("ก\x00\x07ข\x7f", "กข"),
        ("ก\r\nข\rค\u2028ง", "ก\nข\nค\nง"),
        ("ก\tข", "ก\tข"),
        ("ก\u00a0ข", "ก ข"),
        ("cafe\u0301", "café"),
        ("\ud800ก", "ก"),
        ("ﬁ ½ ๑๒ Ａ", "ﬁ ½ ๑๒ Ａ"),  # compatibility characters are left alone
        ("น้ำ", "น้ำ"),
    ],
)
def test_canon(written: str, kept: str) -> None:
    assert thai.canonical_text(written) == kept


@given(st.one_of(thai_text, wild_text))
@example("ํํ้าา")
@example("ำ้ํ้า")
@example("ก\u0e38\u0e4c\u0e3a")
def test_canon_is_stable_and_storable(text: str) -> None:
    kept = thai.canonical_text(text)
    assert thai.canonical_text(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    kept.encode()
    assert not set(kept) & set("\x00\r\u200b\u200d\ufeff\u202e")


@given(thai_text)
def test_canon_keeps_every_letter(text: str) -> None:
    def letters(text: str) -> str:
        return "".join(character for character in text if character in LETTERS + "๐๑๒ \n")

    assert letters(thai.canonical_text(text)) == letters(text)


@given(wild_text)
def test_digits_go_both_ways_in_place(text: str) -> None:
    arabic = thai.arabic_digits(text)
    assert len(arabic) == len(text)
    assert not set(arabic) & set(thai.THAI_DIGITS)
    assert thai.arabic_digits(thai.thai_digits(text)) == arabic


def test_names_are_sorted_as_people_count_and_as_dictionaries_do() -> None:
    sorted_as_people_do = [
        "5 ปี",
        "กลอง",
        "ก้าน",
        "เก่า",
        "เขต",
        "ลำดับที่ 2",
        "ลำดับที่ ๑๐",
        "ลำดับที่10 (ต่อ)",
        "ลำดับที่ ๑๐ ข้อ ๒",
        "ลำดับที่ 10 ข้อ 10",
        "อาคาร",
        "เอกสาร",
    ]
    mixed_up = sorted_as_people_do[::-1]
    assert sorted(mixed_up, key=thai.natural_sort_key) == sorted_as_people_do


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("เกาะน้ำใจ", ["เกาะ", "น้ำ", "ใจ"]),
        ("ประกาศที่ ๙", ["ป", "ระ", "กา", "ศ", "ที่", " ", "๙"]),
        ("แม้แต่", ["แม้", "แต่"]),
        ("ฤๅษี", ["ฤๅ", "ษี"]),
        ("e\u0301a", ["e\u0301", "a"]),
        ("👨‍👩‍👧🇹🇭", ["👨‍👩‍👧", "🇹🇭"]),
        ("👍🏽ก", ["👍🏽", "ก"]),
        ("ก\r\nข", ["ก", "\r\n", "ข"]),
        ("่ก", ["่", "ก"]),
        ("", []),
    ],
)
def test_clusters(text: str, pieces: list[str]) -> None:
    borders = thai.cluster_borders(text)
    assert [text[a:b] for a, b in itertools.pairwise(borders)] == pieces


@given(wild_text)
def test_clusters_cover_the_text_and_no_mark_starts_one(text: str) -> None:
    borders = thai.cluster_borders(text)
    assert borders[0] == 0
    assert borders[-1] == len(text)
    assert borders == sorted(set(borders))
    for border in borders[1:-1]:
        assert unicodedata.category(text[border]) not in {"Mn", "Mc", "Me"}
        assert text[border] not in "ะาำๅ"
        assert text[border - 1] not in "เแโใไ" or text[border] not in LETTERS


@given(wild_text, st.integers(0, 35))
def test_clip_fits_and_never_cuts_a_cluster(text: str, length: int) -> None:
    clipped = thai.shorten(text, length)
    assert len(clipped) <= length or clipped == text
    if len(text) <= length:
        assert clipped == text
    elif length:
        assert clipped.endswith(thai.ELLIPSIS)
        kept = clipped.removesuffix(thai.ELLIPSIS)
        assert text.startswith(kept)
        assert {len(text[:border].rstrip()) for border in thai.cluster_borders(text)} >= {len(kept)}


def test_clip() -> None:
    assert thai.shorten("เทศบาลตำบลน้ำใจ", 13) == "เทศบาลตำบล…"
    assert thai.shorten("เทศบาล ตำบล", 8) == "เทศบาล…"
    assert thai.shorten("น้ำ", 2) == "…"


@pytest.mark.parametrize(
    "written",
    [
        "9 มิถุนายน 2564",
        "9 มิ.ย. 64",
        "9 มิ.ย. 2564",
        "9มิย64",
        "9 มิ ย 64",
        "๙ มิถุนายน ๒๕๖๔",
        "๙ เดือน มิถุนายน พ.ศ. ๒๕๖๔",
        "วันที่ ๙ เดือนมิถุนายน พ.ศ.๒๕๖๔",
        "ณ วันที่ 9 มิถุนายน พุทธศักราช 2564",
        "วันพุธที่ 9 มิถุนายน 2564",
        "9 มิถุนา 2564",
        "  9   มิถุนายน\n2564 ",
        "9 มิถุนายน ค.ศ. 2021",
        "9 มิถุนายน 2021",
        "09/06/2564",
        "9/6/64",
        "9-6-2564",
        "9.6.64",
        "9/6/2021",
        "2021-06-09",
        "2564-06-09",
        "๒๐๒๑-๐๖-๐๙",
        "9 มิถ\u200bุนายน 2564",
    ],
)
def test_dates_as_people_write_them(written: str) -> None:
    assert thai.parse_date(written) == dt.date(2021, 6, 9)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ประกาศ",
        "9 มิถุนายน",
        "มิถุนายน 2564",
        "31 กุมภาพันธ์ 2564",
        "29 ก.พ. 2566",
        "32/1/2564",
        "9 พ.ศ. 2564",
        "0000-01-01",
        "2021-6",
        "20210609",
        "9/6-2564",
        "9 มิถุนายน 25640",
        "9 มิถุนายน 2564 เวลา 10.00 น.",
        "9 มิถุนายน 9999",
        "9 มิถุนายน 0012",
    ],
)
def test_what_is_no_date_is_invalid(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        thai.parse_date(written)
    assert refused.value.code == "bad-date"
    assert "2564" in refused.value.message  # shows how


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ลงวันที่ 3 มกราคม 2560 และ 4 ก.พ. พ.ศ. 2561", [("2017-01-03", False), ("2018-02-04", False)]),
        ("9 มิถุนายม 2564, 9 มิถุนายน 6564", [("2021-06-09", True), ("2021-06-09", True)]),
        ("31 เมษายน 2564, 5 คน 2564, 19/6/2564", []),
    ],
)
def test_dates_are_found_in_a_text(text: str, found: list[tuple[str, bool]]) -> None:
    assert [(each.date.isoformat(), each.is_misread) for each in find_dates_with_month_names(text)] == found


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_invalid(text: str) -> None:
    with contextlib.suppress(Invalid):
        thai.parse_date(text)


@given(dates)
def test_what_is_written_can_be_read(date: dt.date) -> None:
    written = thai.format_date(date)
    assert str(thai.buddhist_year(date)) in written
    assert thai.parse_date(written) == date
    assert thai.parse_date(thai.thai_digits(written)) == date
    assert thai.parse_date(date.isoformat()) == date


@given(st.dates(dt.date(1957, 1, 1), dt.date(2056, 12, 31)))
def test_short_dates_can_be_read(date: dt.date) -> None:
    assert thai.parse_date(thai.format_short_date(date)) == date


def test_formats() -> None:
    date = dt.date(2021, 6, 9)
    assert thai.format_date(date) == "9 มิถุนายน 2564"
    assert thai.format_short_date(date) == "9 มิ.ย. 64"
    assert thai.format_short_date(dt.date(1957, 1, 1)) == "1 ม.ค. 00"


def test_month_names() -> None:
    assert [thai.month_number(name) for name in thai.MONTHS] == list(range(1, 13))
    assert [thai.month_number(name) for name in thai.SHORT_MONTHS] == list(range(1, 13))
    assert thai.month_number("มิย") == 6
    assert thai.month_number("เดือน") is None


@pytest.mark.parametrize("typed", ["foo 9, 2021", "มิ 9, 2021", "juni 9 2021", "june 31, 2021"])
def test_a_day_of_no_month_is_no_date(typed: str) -> None:
    with pytest.raises((Invalid, ValueError)):
        parse_day_or_month(typed)
