"""The page of a document that comes first among the results."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from indexer.search.query.parser import parse_query
from tests.contracts.test_search_index import entry

ROWS = "โครงการลำดับที่ ๑ ตั้งไว้ ๒๖,๔๑๙ บาท เริ่มปีงบประมาณ ๒๕๖๗ ปีงบประมาณ ๒๕๖๗ แผนงานที่ ๖๗ "


@pytest.fixture
def index(tmp_path: Path) -> WhooshIndex:
    index = WhooshIndex(tmp_path, Dictionary())
    first = "เรื่อง งบประมาณรายจ่ายประจำปีงบประมาณ พ.ศ. ๒๕๖๗ จำนวน ๔๘,๕๐๐,๐๐๐ บาท"
    with index.rebuild() as generation:
        generation.add_announcements(
            [
                entry(
                    1,
                    "เทศบัญญัติงบประมาณรายจ่าย ประจำปีงบประมาณ พ.ศ. 2567",
                    first,
                    ROWS * 3,
                    "ซื้อถังขยะ " + ROWS * 9,
                ),
                entry(2, "ซ่อมถนน", "ถนนหมู่ ๒"),
            ]
        )
    return index


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("งบปี 67", 1),
        ("งบปี 67 เท่าไหร่", 1),
        ("งบประมาณ 2567", 1),
        ("เทศบัญญัติงบประมาณ", 1),
        ("ถังขยะ งบประมาณ 2567", 3),
        ("แผนงานที่ 67", 3),
    ],
)
def test_a_document_asked_for_by_its_name_opens_at_its_first_page(
    index: WhooshIndex, typed: str, best: int
) -> None:
    assert index.search(parse_query(typed)).hits[0].pages[0].number == best
