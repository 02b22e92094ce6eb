"""Several processes write the index that one process writes, or none."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import SourceAnnouncement
from indexer.engines.whoosh import WhooshIndex, segment_builder
from indexer.search.query.parser import parse_query
from tests.contracts.test_search_index import entry
from tests.indexer.analysis.test_parallel_analysis import analysing

COUNT = 172


def announcements() -> Iterator[SourceAnnouncement]:
    subjects = ("การจัดเก็บขยะ", "การจ่ายน้ำประปา", "วัคซีนสุนัข")
    return (
        entry(id, f"ประกาศเรื่องที่ {id}", f"หน้าที่ {id} ว่าด้วย{subjects[id % 3]}") for id in range(1, COUNT + 1)
    )


def built(folder: Path, jobs: int, entries: Iterator[SourceAnnouncement]) -> WhooshIndex:
    index = WhooshIndex(folder, Dictionary())
    with index.rebuild(jobs=jobs) as generation:
        generation.add_announcements(entries, position=7)
    return index


def answers(index: WhooshIndex) -> list[object]:
    pages = [index.search(parse_query(typed)) for typed in ("ขยะ", "ประกาศเรื่องที่ 12", "น้ำประปา", "วัคซีน")]
    return [(page.total, page.hits, page.facets) for page in pages]


@pytest.mark.parametrize("most_postings", [100, segment_builder._MOST_POSTINGS])
def test_three_processes_write_what_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_postings: int
) -> None:
    alone = built(tmp_path / "alone", 1, announcements())
    monkeypatch.setattr(segment_builder, "_MOST_POSTINGS", most_postings)
    shared = built(tmp_path / "shared", 3, announcements())
    assert answers(shared) == answers(alone)
    assert shared.ids() == alone.ids() == [*range(1, COUNT + 1)]
    assert shared.position() == 7
    assert shared.find_damage() == []
    assert [*tmp_path.rglob("*.tmp")] == []


def test_the_live_index_stays_where_a_process_dies(tmp_path: Path) -> None:
    built(tmp_path, 1, announcements())
    others = analysing(os.getpid())  # of earlier tests

    def until_one_is_killed() -> Iterator[SourceAnnouncement]:
        for number, each in enumerate(announcements()):
            if number == 60:
                (one, *_) = [pid for pid in analysing(os.getpid()) if pid not in others]
                os.kill(one, signal.SIGKILL)
            yield each

    with pytest.raises(BrokenProcessPool):
        built(tmp_path, 3, until_one_is_killed())
    index = WhooshIndex(tmp_path, Dictionary())
    assert index.count() == COUNT
    assert len([*tmp_path.glob("*/words.txt")]) == 1  # nothing is left of the other
