"""The order of results, also beyond the documents whose texts are read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from archive.model import DocumentKind
from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from indexer.search.query.parser import parse_query
from tests.contracts.test_search_index import entry

QUERY = "ประปา หมู่ 4"
APART, WHOLE, PARTIAL = 40, 200, 20


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    """Announcements of another village that come first by their words, of the village, and of no village."""
    index = WhooshIndex(Path(tmp_path_factory.mktemp("index")), Dictionary())
    later, earlier = dt.date(2022, 1, 1), dt.date(2021, 1, 1)
    apart = [entry(id, "ประปา หมู่ 9 แผนงานที่ 4 ประปา ประปา", published_on=later) for id in range(1, APART + 1)]
    whole = [
        entry(id, "ประปา หมู่ 4 โครงการ ซ่อมแซม ปรับปรุง ระบบ ขยาย เขต", published_on=earlier)
        for id in range(APART + 1, APART + WHOLE + 1)
    ]
    partial = [entry(id, "ประปา") for id in range(1000, 1000 + PARTIAL)]
    index.update([*apart, *whole, *partial], (), position=1)
    return index


def test_what_is_no_whole_answer_stands_behind_all_that_are(index: WhooshIndex) -> None:
    page = index.search(parse_query(QUERY, per_page=300))
    ids = [hit.announcement_id for hit in page.hits]
    assert set(ids[:WHOLE]) == set(range(APART + 1, APART + WHOLE + 1))
    assert set(ids[WHOLE : WHOLE + APART]) == set(range(1, APART + 1))
    assert [hit.is_partial for hit in page.hits] == [place >= WHOLE for place in range(page.total)]


def test_pages_together_are_the_order_of_one_page(index: WhooshIndex) -> None:
    whole = index.search(parse_query(QUERY, per_page=300))
    pages = [index.search(parse_query(QUERY, page=number, per_page=10)) for number in range(1, 31)]
    hits = [hit for page in pages for hit in page.hits]
    assert [(hit.announcement_id, hit.is_partial) for hit in hits] == [
        (hit.announcement_id, hit.is_partial) for hit in whole.hits
    ]


def test_a_year_behind_a_kind_of_document_is_no_number(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    of_year = entry(30, "คำสั่งแต่งตั้งเวร 2564", "คำสั่งแต่งตั้งเวรยาม 2564", kind=DocumentKind.ORDER)
    letter = entry(31, "แจ้งเรื่องน้ำ", "คำสั่งนี้ 2564", kind=DocumentKind.LETTER, number="มท 0808.2/2564")
    bears = entry(32, "บันทึกเรื่องอื่น", "อ้างคำสั่ง และน้ำไฟทางเท้า " * 30, number="9/2564")
    index.update([of_year, letter, bears, *(entry(id, f"กีฬา {id}") for id in range(10, 20))], (), position=3)
    assert index.search(parse_query("คำสั่ง 2564")).hits[0].announcement_id == 30
