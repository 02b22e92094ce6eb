"""Properties of the order of results that hold in any archive, however its texts came about."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import SourceAnnouncement
from indexer.engines.whoosh import WhooshIndex
from indexer.search.query.parser import parse_query
from tests.contracts.test_search_index import entry

WORDS = (
    "ประชาชน น้ำท่วม ถนน โครงการ งบประมาณ โรงเรียน สุขภาพ เด็ก ผู้สูงอายุ ตลาด "
    "อาหาร ขยะ ไฟฟ้า ประปา ภาษี ที่ดิน ชุมชน วัด แข่งขัน กีฬา"
).split()
SOUGHT = "นายสมชายเปิดตลาดน้ำบางคล้าทุกวันเสาร์"


def text(chance: random.Random, words: int) -> str:
    return "".join(chance.choice(WORDS) + chance.choice(("", " ")) for _ in range(words))


def texts(title: str) -> list[SourceAnnouncement]:
    chance = random.Random(7)
    return [entry(id, title, text(chance, 60)) for id in range(1, 200)]


def found(folder: Path, entries: list[SourceAnnouncement], typed: str) -> list[int]:
    index = WhooshIndex(folder, Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(entries)
    return [hit.announcement_id for hit in index.search(parse_query(typed)).hits]


@pytest.mark.parametrize("title", ["", "ประกาศ"])
@pytest.mark.parametrize(
    "typed",
    [
        "ตลาดน้ำบางคล้า",
        '"ตลาดน้ำบางคล้า"',
        "ตลาดน้ำที่บางคล้าเปิดวันไหนบ้าง",
        "ใครเป็นคนเปิดตลาดน้ำบางคล้า",
        "ประกาศ ตลาดน้ำบางคล้า",
    ],
)
def test_titles_that_are_empty_or_all_the_same_hide_nothing(tmp_path: Path, title: str, typed: str) -> None:
    assert found(tmp_path, [*texts(title), entry(1000, title, SOUGHT)], typed)[0] == 1000


@pytest.mark.parametrize("typed", ["ตลาดน้ำบางคล้า", '"ตลาดน้ำบางคล้า"', "ตลาดน้ำบางคล้าเปิดวันไหน"])
def test_a_very_long_text_comes_after_the_short_one_that_says_it(tmp_path: Path, typed: str) -> None:
    chance = random.Random(7)
    long = entry(1000, "", f"{text(chance, 60_000)} {SOUGHT} {text(chance, 10)}")
    assert found(tmp_path, [*texts(""), long, entry(1001, "", SOUGHT)], typed)[:2] == [1001, 1000]


def test_texts_of_one_word_are_found_by_it(tmp_path: Path) -> None:
    entries = [entry(id, "", word) for id, word in enumerate(WORDS)]
    assert found(tmp_path, [*entries, entry(1000, "", "")], WORDS[2]) == [2]


@pytest.mark.parametrize("typed", ["ประกาศราคากลาง ครั้งที่ 777", "777/2564", '"เลขที่ 777/2564"'])
def test_of_many_that_are_nearly_the_same_the_one_that_was_named_comes_first(
    tmp_path: Path, typed: str
) -> None:
    body = text(random.Random(7), 30)
    entries = [entry(id, f"ประกาศราคากลาง ครั้งที่ {id}", f"{body} เลขที่ {id}/2564") for id in range(1, 1500)]
    assert found(tmp_path, entries, typed)[0] == 777


@pytest.mark.parametrize(
    "typed", ["เทศบาลตำบลหนองบัว", "หนองบัว", "ประกวดราคาจ้างก่อสร้าง", '"ประกวดราคา"', "ก่อสร้างถนน"]
)
def test_letters_set_apart_and_words_broken_at_ends_of_lines_are_read_across(
    tmp_path: Path, typed: str
) -> None:
    scanned = "เ ท ศ บ า ล ต ำ บ ล ห น อ ง บั ว เรื่อง การประ\nกวดราคาจ้างก่อ-\nสร้างถนน"
    assert found(tmp_path, [*texts("ประกาศ"), entry(1000, "ป ร ะ ก า ศ", scanned)], typed)[0] == 1000
