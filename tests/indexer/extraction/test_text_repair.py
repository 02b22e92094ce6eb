"""Repair undoes what fonts and drivers do to Thai, and leaves clean text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythainlp.corpus.common import thai_words

from indexer.extraction.pdf.text_repair import repair_text, repair_with_origins

WORDS = sorted(word for word in thai_words() if word.isalpha() or "ำ" in word)


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("ท\uf70bี", "ที้"),
        ("เ่ลม แ้วกไ่ม", "เล่ม แว้กไม่"),
        ("ป\uf710จจุบัน", "ปัจจุบัน"),
        ("\uf70fาติ", "ญาติ"),
        ("ก\u200bา\u00adร", "การ"),
        ("จ\ufffdานวน", "จำนวน"),
        ("น\ufffd้า", "น้ำ"),
        ("ที(cid:201)", "ที่"),
        ("ทีÉ", "ที่"),
        ("สิทธิÍ", "สิทธิ์"),
        ("café É", "café É"),
        ("ก(cid:12)า\ufffdร", "การ"),
        ("เเละ", "และ"),
        ("กๅร", "การ"),
        ("ฤๅษี", "ฤๅษี"),
        ("วช ิา", "วชิา"),
        ("ท\nี่", "ที่"),
        ("น\u0e4dา", "นำ"),
        ("น\u0e4d้า", "น้ำ"),
        ("น้\u0e4dา", "น้ำ"),
        ("ท่ี", "ที่"),
        ("นำ้", "น้ำ"),
        ("ที่่ี", "ที่"),
        ("จ านวน", "จำนวน"),
        ("ประช าชน", "ประชาชน"),
        ("น ้าท่วม", "น้ำท่วม"),
        ("ชื่อ..........นามสกุล", "ชื่อ นามสกุล"),
        ("»ÃÐ¡ÒÈà·ÈºÒÅµÓºÅË¹Í§»ÅÒ´Ø¡", "ประกาศเทศบาลตำบลหนองปลาดุก"),
    ],
)
def test_broken_text_is_made_whole(broken: str, whole: str) -> None:
    assert repair_text(broken) == whole


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
def test_clean_words_pass_unchanged(text: str) -> None:
    assert repair_text(text) == text


@given(st.text(st.sampled_from("กขนงเแโาำะัิีึืุู่้๊๋์็ํๅฤ \n.\uf70a\uf701\ufffd\u200bÉ()cid:201a1"), max_size=40))
def test_repairing_twice_changes_nothing_more(text: str) -> None:
    once = repair_text(text)
    assert repair_text(once) == once


@given(st.text(st.sampled_from("กนาำิ่้ํ \n.\uf70a\ufffdÉ"), max_size=40))
def test_every_code_point_knows_where_it_came_from(text: str) -> None:
    repaired = repair_with_origins(text)
    assert len(repaired.origin) == len(repaired.text)
    assert all(0 <= offset < len(text) for offset in repaired.origin)
