"""The walk of a query, in files: what somebody must read to follow it, as docs/architecture.md says."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from indexer.search.query.parser import parse_query
from tests.web.conftest import Site
from web.search_service import search_visible

ROOT = Path(__file__).parents[2]
ROOMS = ("archive", "indexer", "storage", "web")


def files_run_by(run: Callable[[], object]) -> set[str]:
    """Returns the project's files of which a function was called."""
    files: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS:
            files.add(str(path.relative_to(ROOT)))

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return files


@pytest.fixture
def archive(site: Site) -> Site:
    for title, body in (
        ("ซ่อมแซมถนนบ้านใหม่ หมู่ 4", "ปรับปรุงถนนคอนกรีต ปี 2564"),
        ("ค่าธรรมเนียมเก็บขยะ", "อัตราค่าขยะ 20 บาท"),
        ("แจ้งงดจ่ายน้ำประปา", "น้ำประปาหยุดจ่ายวันจันทร์"),
    ):
        site.announcement(title, body=body)
    site.work()
    return site


def test_a_query_walks_through_as_many_files_as_the_documentation_says(archive: Site) -> None:
    said = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    figures = re.search(r"(\d+) files at most for plain words, (\d+) with a year or a misspelling", said)
    assert figures is not None
    counts = []
    for typed in ("ค่าขยะ", "ซ่อมถนน ปี 2564", "น้ำปะปา"):
        search = partial(search_visible, archive.services, parse_query(typed))
        assert search().total == 1
        counts.append(len(files_run_by(search)))
    assert counts[0] <= int(figures[1])
    assert max(counts) <= int(figures[2])
