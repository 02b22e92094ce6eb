from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.dictionary import Dictionary, parse_lexicon
from indexer.analysis.tokenizer import fold_text, searchable_bytes

SEGMENTER = Dictionary().current().tokenizer
THAI_TEXT = st.text(
    alphabet=st.one_of(st.characters(min_codepoint=0xE00, max_codepoint=0xE5B), st.characters())
)


def terms(text: str) -> list[str]:
    return [token.term for token in SEGMENTER.tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("เทศบาลตำบลหนองบัว", ["เทศบาล", "ตำบล", "หนองบัว"]),
        ("จำนวน ๒,๒๖๗,๓๔๓ บาท", ["จำนวน", "2267343", "บาท"]),
        ("๑๒๓/๒๕๖๔", ["123/2564", "123", "2564"]),
        ("บธ ๑๒๓/๒๕๖๔", ["บธ123/2564", "บธ", "123/2564", "123", "2564"]),
        ("๙ มิ.ย. ๖๔", ["9", "มิย", "64"]),
        ("ที่อบต.หนองบัว", ["ที่", "อบต", "หนองบัว"]),
        ("COVID-19", ["covid19", "covid", "19"]),
        ("ร้อยละ 1.5", ["ร้อย", "ละ", "1.5"]),
        ("a.b@nongbua.go.th", ["a.b@nongbua.go.th", "a", "b", "nongbua", "go", "th"]),
        ("ฯ“”—🙂", []),
        ("ไม้วีเนียร์", ["ไม้", "วี", "เนียร์"]),  # no word begins with a mark
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_long_run_without_a_space_is_cut_as_its_parts_are() -> None:
    """A chunked mode of the library repeats the beginning of a run of more than 140 letters."""
    parts = ["ส่งผลให้การจัดซื้อจัดจ้าง", "ของหน่วยงานของรัฐ", "ที่ดำเนินการตรงกับช่วงวันหยุดราชการ"] * 20
    assert SEGMENTER.segment("".join(parts)) == tuple(
        word for part in parts for word in SEGMENTER.segment(part)
    )


@pytest.mark.parametrize(
    ("text", "folded"), [("ΟΔΟΣ", "οδοσ"), ("İZMİR", "İzmİr"), ("๒๕๖๔ ABC Éÿ", "2564 abc éÿ")]
)
def test_folding(text: str, folded: str) -> None:
    assert fold_text(text) == folded


@given(THAI_TEXT)
def test_tokens_lie_in_the_text_in_order(text: str) -> None:
    start = 0
    for token in SEGMENTER.tokens(text):
        assert start <= token.start < token.end <= len(text)
        assert token.term
        start = token.start


@given(THAI_TEXT)
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold_text(text)) == len(text)


@given(THAI_TEXT, THAI_TEXT)
def test_a_piece_of_a_text_is_found_in_its_run(before: str, piece: str) -> None:
    """A digit at the border prevents the match: 12 is no piece of 123."""
    whole = searchable_bytes(fold_text(before + piece)).data
    assert searchable_bytes(fold_text(piece)).data in whole or any(map(str.isdigit, before[-1:] + piece))


def test_a_run_has_no_white_space_but_between_digits() -> None:
    assert searchable_bytes(fold_text("มท 0808.2/ว ๑๒๓")).data == searchable_bytes("มท0808.2/ว123").data
    assert searchable_bytes("2 50").data != searchable_bytes("250").data
    assert searchable_bytes("2,500").data == searchable_bytes("2500").data
    assert searchable_bytes("1,2").data == searchable_bytes("1 2").data


def test_words_of_the_local_list_stay_whole(tmp_path) -> None:
    path = tmp_path / "words.txt"
    dictionary = Dictionary(path)
    before = dictionary.current()
    path.write_text("หนองปลาดุกแดง # หมู่บ้าน\nกคช. = การเคหะแห่งชาติ\n", encoding="utf-8")
    after = dictionary.current()
    assert [token.term for token in after.tokenizer.tokens("บ้านหนองปลาดุกแดง")] == ["บ้าน", "หนองปลาดุกแดง"]
    assert after.expansions("กคช") == (("การ", "เคหะ", "แห่ง", "ชาติ"),)
    assert before.version != after.version


def test_the_synonyms_of_equal_dictionaries_are_worked_out_once(tmp_path: Path) -> None:
    """The index and the pages share them: each search service worked 0.7 s of a processor on them twice."""
    lexicon = Dictionary(tmp_path / "words.txt").current()
    assert parse_lexicon(lexicon.text()) is lexicon
    longer = parse_lexicon(f"{lexicon.text()}\nหนองปลาดุกน้อย")
    assert longer != lexicon
    assert longer.words - lexicon.words == {"หนองปลาดุกน้อย"}
