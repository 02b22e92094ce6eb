"""An index that grew by many small updates answers as one that was built at once."""

from __future__ import annotations

import datetime as dt
import gc
import random
from pathlib import Path

import pytest

from archive.model import DocumentKind
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import SourceAnnouncement
from indexer.engines.whoosh import WhooshIndex
from indexer.search.ports import ResultPage
from indexer.search.query.parser import Sort, parse_query
from tests.contracts.test_search_index import entry

WORDS = (
    "ถนน คลอง สะพาน ประปา ไฟฟ้า ขยะ ภาษี ที่ดิน โรงเรียน ตลาด ประกาศ คำสั่ง แต่งตั้ง กรรมการ จัดซื้อ จัดจ้าง "
    "สอบราคา น้ำท่วม ภัยแล้ง ผู้สูงอายุ หนองบัว บ้านใหม่ โคกสูง ดอนแก้ว covid-19 อบต. ๑๒๓/๒๕๖๔ ๒,๕๐๐ 9 64"
).split()
QUERIES = (
    "", "ถนน", "ภาษีที่ดิน", "ประกาศสอบราคาจัดจ้างถนน", '"จัดซื้อ จัดจ้าง"', "น้ำท่วม -ขยะ",
    "โคกสูง ดอนแก้ว บ้านใหม่", "123/2564", "2500", "covid", "kind:order ประกาศ", "author:กองช่าง",
    "year:2563", "ถนล", "องค์การบริหารส่วนตำบล",
)  # fmt: skip


def some_entry(chance: random.Random, id: int) -> SourceAnnouncement:
    def text(most: int) -> str:
        return "".join(
            chance.choice(WORDS) + chance.choice(("", " ", "\n")) for _ in range(chance.randint(1, most))
        )

    return entry(
        id,
        text(8),
        *(text(40) for _ in range(chance.randint(0, 3))),
        body=text(30),
        author=chance.choice(("กองคลัง", "กองช่าง", "งานธุรการ")),
        kind=chance.choice((DocumentKind.ORDER, DocumentKind.ANNOUNCEMENT, DocumentKind.NEWS)),
        published_on=dt.date(2020, 1, 1) + dt.timedelta(days=chance.randrange(1500)),
        views=chance.randrange(50),
    )


def answers(index: WhooshIndex) -> list[tuple[object, ...]]:
    """Returns everything that a resident could see of the answers to each query."""
    seen: list[tuple[object, ...]] = [("ids", *index.ids())]
    for typed in QUERIES:
        seen.extend(
            (typed, sort, *shown(index.search(parse_query(typed, sort=sort, per_page=50))))
            for sort in (Sort.RELEVANCE, Sort.MOST_READ)
        )
        seen.append((typed, "suggest", *index.suggest(typed)))
    return [*seen, *(("similar", id, *index.find_similar(id)) for id in index.ids())]


def shown(page: ResultPage) -> tuple[object, ...]:
    hits = [
        (hit.announcement_id, round(hit.score, 2), [(each.attachment_id, each.number) for each in hit.pages])
        for hit in page.hits
    ]
    return page.total, hits, page.facets, page.did_you_mean, page.query


@pytest.mark.parametrize("seed", range(4))
def test_growing_and_building_answer_alike(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    grown = WhooshIndex(tmp_path / "grown", Dictionary())
    held: dict[int, SourceAnnouncement] = {}
    position = 0
    for step in range(120):
        ids = [chance.randrange(150) for _ in range(chance.choice((1, 1, 2, 6)))]
        gone = {id for id in ids if chance.random() < 0.3}
        added = {id: some_entry(chance, id) for id in ids if id not in gone}
        position += len(ids)
        grown.update(added.values(), gone, position=position)
        held = {id: each for id, each in (held | added).items() if id not in gone}
        if step % 40 == 39:
            assert answers(grown) == answers(built(tmp_path / f"built {step}", held))
    assert grown.position() == position


def built(directory: Path, held: dict[int, SourceAnnouncement]) -> WhooshIndex:
    index = WhooshIndex(directory, Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(held.values())
    return index


def test_segments_stay_few_while_updates_trickle_in(tmp_path: Path) -> None:
    chance = random.Random(1)
    index = WhooshIndex(tmp_path, Dictionary())
    for position in range(300):
        index.update([some_entry(chance, position % 100)], (), position=position)
    assert index.count() == 100
    assert len(list(tmp_path.glob("*/*.words"))) <= 24


@pytest.mark.parametrize("organisations", [1, 2])
def test_a_replaced_generation_is_let_go_at_once(tmp_path: Path, organisations: int) -> None:
    """The files are closed at once, not at the next full garbage collection.

    A full collection may be a thousand requests later.
    """
    chance = random.Random(1)
    index = WhooshIndex(tmp_path, Dictionary())
    gc.disable()
    try:
        for _ in range(3):
            with index.rebuild() as generation:
                generation.add_announcements(
                    entry(id, "".join(chance.choices(WORDS, k=8)), organisation=1 + id % organisations)
                    for id in range(30)
                )
            answers(index)
        assert opened(tmp_path) == {"000003"}
    finally:
        gc.enable()


def opened(directory: Path) -> set[str]:
    """The generations whose files this process has open."""
    descriptors = Path("/proc/self/fd").iterdir()
    paths = [str(each.readlink()).partition(str(directory))[2] for each in descriptors if each.is_symlink()]
    return {path.split("/")[1] for path in paths if path}
