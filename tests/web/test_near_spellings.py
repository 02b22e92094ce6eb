"""Words that a person types to redact them, and what reading made of them."""

from __future__ import annotations

import pytest

from web.staff.near_spellings import find_near_spellings, find_places


def test_words_are_found_over_line_breaks_and_in_either_digits() -> None:
    text = "นาย สมชาย\nใจดี เลขที่ ๑๒"
    assert [text[start:end] for start, end in find_places(text, "สมชายใจดี")] == ["สมชาย\nใจดี"]
    assert [text[start:end] for start, end in find_places(text, "เลขที่ 12")] == ["เลขที่ ๑๒"]


@pytest.mark.parametrize(
    ("typed", "text", "near"),
    [
        ("องค์กรชุมชน", "องค์กรชุมชน และองก์กรชุมชน กับองค์กรชุมซน", {"องก์กรชุมชน", "องค์กรชุมซน"}),
        ("องค์กรชุมชน", "องค์ กรซุมซน", {"องค์กรซุมซน"}),
        ("สมชาย", "สมชา และ สมขาย", {"สมชา", "สมขาย"}),
        ("สมชาย", "ตัวแทนชุมชนในพื้นที่", set()),
        ("ดี", "ดีมาก", set()),
    ],
)
def test_spellings_a_letter_or_two_off_are_found(typed: str, text: str, near: set[str]) -> None:
    assert set(find_near_spellings(text, typed)) == near


def test_a_letter_that_is_longer_in_lower_case_moves_no_place() -> None:
    text = "İzmir สมชาย"
    assert [text[start:end] for start, end in find_places(text, "สมชาย")] == ["สมชาย"]
