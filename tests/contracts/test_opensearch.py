"""Failures that only a cluster can have: lost shards, updates out of order, builders that vanish."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.client import IndicesClient
from opensearchpy.exceptions import ConnectionTimeout

from archive.errors import Unavailable
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import SourceAnnouncement, build_index_document
from indexer.engines.opensearch import OpenSearchIndex, bulk_loader
from indexer.engines.opensearch import index as opensearch_index
from indexer.engines.opensearch.bulk_loader import LEXICON, POSITION, Lease
from indexer.engines.opensearch.cluster import Cluster, read_address
from indexer.engines.opensearch.mapping import words_to_look_up
from indexer.engines.opensearch.requests import MOST_REQUESTS
from indexer.search.ports import SearchIndex
from indexer.search.query.parser import Sort, parse_query
from tests.contracts.engines import alias
from tests.contracts.test_search_index import ARCHIVE, entry, found

pytestmark = pytest.mark.skipif("SCALE_SEARCH" not in os.environ, reason="run by make test-scale")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with alias(tmp_path) as address:
        yield address


@pytest.fixture
def index(address: str) -> SearchIndex:
    return OpenSearchIndex(address, Dictionary())


def client(address: str) -> OpenSearch:
    return OpenSearch(list(read_address(address).hosts), timeout=60)


def test_an_older_update_never_overwrites_a_newer_one(index: SearchIndex) -> None:
    index.update(ARCHIVE, (), position=10)
    index.update([entry(1, "ยกเลิกประกาศ")], [2], position=20)
    index.update(ARCHIVE, (), position=15)
    assert found(index, "สอบราคา") == []
    assert found(index, "ยกเลิก") == [1]
    assert list(index.ids()) == [1, 3, 4]
    assert index.position() == 20


def test_what_has_all_is_one_group_whether_words_or_a_misread_phrase_have_it(index: SearchIndex) -> None:
    announcements = [
        entry(1, "ข่าว", "ไฟ ถนน เสีย", published_on=dt.date(2020, 1, 1)),
        entry(2, "ข่าว", "ไพถนนเสีย", published_on=dt.date(2021, 1, 1)),
        *(entry(id, "ท่อ", f"งานก่อสร้างสายที่ {id}") for id in range(3, 20)),
    ]
    index.update(announcements, (), position=1)
    assert found(index, "ไฟถนนเสีย ข่าว", sort=Sort.NEWEST) == [2, 1]


def test_settings_reach_the_index(address: str) -> None:
    index = OpenSearchIndex(f"{address}&shards=2&replicas=2", Dictionary())
    index.update(ARCHIVE, (), position=1)
    name = read_address(address).index
    (found,) = client(address).indices.get_settings(index=name).values()
    settings = found["settings"]["index"]
    assert (settings["number_of_shards"], settings["number_of_replicas"]) == ("2", "2")
    assert settings["refresh_interval"] == "50ms"


def test_only_the_live_generation_is_left_and_nothing_that_was_never_finished(
    index: SearchIndex, address: str
) -> None:
    name = read_address(address).index
    for number in range(3):
        with index.rebuild() as generation:
            generation.add_announcements(ARCHIVE[: number + 1], position=number)
    client(address).indices.create(index=f"{name}-000009")  # its builder died
    with index.rebuild() as generation:
        generation.add_announcements(ARCHIVE, position=9)
    assert list(client(address).indices.get(index=f"{name}-0*")) == [f"{name}-000010"]
    assert list(client(address).indices.get_alias(name=name)) == [f"{name}-000010"]
    assert index.count() == 4


def test_a_generation_stays_that_went_live_while_its_builder_got_no_answer(
    index: SearchIndex, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.update(ARCHIVE, (), position=4)
    exchange = IndicesClient.update_aliases

    def done_too_late(client: IndicesClient, **given: Any) -> None:
        exchange(client, **given)
        raise ConnectionTimeout("TIMEOUT", "read timed out", None)

    with monkeypatch.context() as slow:
        slow.setattr(IndicesClient, "update_aliases", done_too_late)
        with pytest.raises(Unavailable), index.rebuild() as generation:
            generation.add_announcements(ARCHIVE[:3], position=5)
    other = OpenSearchIndex(address, Dictionary())
    assert (other.position(), list(other.ids())) == (5, [1, 2, 3])
    with index.rebuild() as generation:
        generation.add_announcements(ARCHIVE, position=6)
    assert list(client(address).indices.get(index=f"{read_address(address).index}-0*")) == [
        f"{read_address(address).index}-000003"
    ]


def test_an_archive_whose_name_begins_alike_keeps_its_generations(address: str) -> None:
    name = read_address(address).index
    other = OpenSearchIndex(address.replace(f"index={name}", f"index={name}-test"), Dictionary())
    other.update(ARCHIVE, (), position=4)
    index = OpenSearchIndex(address, Dictionary())
    for number in range(2):
        with index.rebuild() as generation:
            generation.add_announcements(ARCHIVE, position=number)
    index.update([entry(9, "ถนนสายใหม่")], (), position=5)
    assert list(client(address).indices.get_alias(name=f"{name}-test")) == [f"{name}-test-000001"]
    assert found(other, "สอบราคา") == [1]


def test_a_generation_that_is_gone_is_said_at_once_to_have_lost_nothing(address: str) -> None:
    cluster = Cluster(read_address(address))
    began = time.monotonic()
    assert cluster.lost_shards(f"{cluster.address.index}-000001") == []
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("remove", [(), range(1, 500)])
def test_an_update_brings_no_removed_generation_back(
    index: SearchIndex, address: str, remove: Sequence[int]
) -> None:
    index.update(ARCHIVE, (), position=1)
    other = OpenSearchIndex(address, Dictionary())
    assert other.count() == 4

    def replaced_meanwhile() -> Iterator[SourceAnnouncement]:
        with index.rebuild() as generation:
            generation.add_announcements(ARCHIVE[:3], position=1)
        yield from [] if remove else [entry(9, "ถนนสายใหม่")]

    other.update(replaced_meanwhile(), remove, position=2)
    name = read_address(address).index
    assert list(client(address).indices.get(index=f"{name}-0*")) == [f"{name}-000002"]
    assert (other.position(), list(other.ids())) == (1, [1, 2, 3])
    other.update([entry(9, "ถนนสายใหม่")], (), position=2)
    assert (index.position(), list(index.ids())) == (2, [1, 2, 3, 9])


def test_an_update_follows_to_a_generation_of_before_there_were_names_for_writing(
    index: SearchIndex, address: str
) -> None:
    index.update(ARCHIVE, (), position=1)
    name = f"{read_address(address).index}-000001"
    client(address).indices.delete_alias(index=name, name=f"{name}-WRITING")
    OpenSearchIndex(address, Dictionary()).update([entry(9, "ถนนสายใหม่")], (), position=2)
    assert list(index.ids()) == [1, 2, 3, 4, 9]


def test_an_older_generation_that_cannot_be_removed_now_is_removed_with_a_later_update(
    index: SearchIndex, address: str
) -> None:
    """As while a snapshot is made of it."""
    index.update(ARCHIVE, (), position=1)
    older, blocked = f"{read_address(address).index}-000000", "index.blocks.read_only"
    client(address).indices.create(index=older)
    client(address).indices.put_settings(index=older, body={blocked: True})
    index.update([entry(9, "ถนนสายใหม่")], (), position=2)
    assert index.position() == 2
    client(address).indices.put_settings(index=older, body={blocked: None})
    index.update((), [9], position=3)
    assert not client(address).indices.exists(index=older)


def test_others_follow_to_the_new_generation(index: SearchIndex, address: str) -> None:
    index.update(ARCHIVE, (), position=1)
    other = OpenSearchIndex(address, Dictionary())
    assert found(other, "สอบราคา") == [1]
    for _ in range(2):  # the generation that it knows is removed
        with index.rebuild() as generation:
            generation.add_announcements(ARCHIVE[1:], position=2)
    assert found(other, "พัสดุ") == [2]
    assert found(other, "สอบราคา") == []


def test_words_are_added_to_a_generation_that_another_process_built(index: SearchIndex, address: str) -> None:
    index.update([entry(1, "ประกาศเรื่องกังหันลมผลิตไฟฟ้า")], (), position=1)
    with OpenSearchIndex(address, Dictionary()).rebuild() as generation:
        generation.add_announcements(ARCHIVE, position=4)
    added = entry(9, "ประกาศเรื่องกังหันลมผลิตไฟฟ้า")
    index.update([added], (), position=5)
    words = words_to_look_up(build_index_document(added, Dictionary().current().tokenizer))
    ids = [f"={word}" for word in words]
    cluster = Cluster(read_address(address))
    assert len(cluster.get_documents(cluster.address.index, ids)) == len(ids) > 0


def test_builders_wait_for_each_other_and_outlive_each_other(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Cluster(read_address(address))
    order: list[str] = []

    def build(name: str) -> None:
        with Lease(there):
            order.append(name)
            time.sleep(0.3)
            order.append(name)

    threads = [threading.Thread(target=build, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order in (list("aabb"), list("bbaa"))
    monkeypatch.setattr(bulk_loader, "_LEASE", 0.5)
    assert Lease(there).take()  # by one that dies
    monkeypatch.undo()
    build("c")
    assert order[-1] == "c"


def test_a_builder_that_was_silent_for_too_long_stops(address: str) -> None:
    there = Cluster(read_address(address))
    another = Lease(there)
    with Lease(there) as lease:
        client(address).delete(index=f"{there.address.index}-building", id="lease")
        assert another.take()
        lease._renewed = float("-inf")
        with pytest.raises(Unavailable):
            lease.renew()
    assert another.take()


def test_a_builder_that_died_before_the_clock_was_set_back_holds_nobody_up(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Cluster(read_address(address))
    monkeypatch.setattr(bulk_loader, "_LEASE", 3600 + 120.0)
    assert Lease(there).take()
    monkeypatch.undo()
    began = time.monotonic()
    with Lease(there):
        assert time.monotonic() - began < 30


def test_a_lost_shard_is_named_and_never_answers_in_part(address: str, tmp_path: Path) -> None:
    """The disk with the only copy is gone."""
    index = OpenSearchIndex(f"{address}&shards=2&replicas=0", Dictionary())
    index.update(ARCHIVE, (), position=4)
    name = f"{read_address(address).index}-000001"
    assert index.find_damage() == []
    uuid = client(address).indices.get_settings(index=name)[name]["settings"]["index"]["uuid"]
    client(address).indices.close(index=name)
    for number, shard in enumerate(Path(os.environ["SCALE_FOLDER"]).glob(f"opensearch/**/indices/{uuid}/1")):
        shard.rename(tmp_path / f"{number}")
    client(address).indices.open(index=name, wait_for_active_shards=0)
    client(address).cluster.health(index=name, wait_for_no_initializing_shards=True)
    with pytest.raises(Unavailable, match="ยังไม่พร้อม"):
        index.search(parse_query("ถนน"))
    assert index.find_damage() == [f"{name}/1"]
    with index.rebuild() as generation:
        generation.add_announcements(ARCHIVE, position=4)
    assert index.find_damage() == []
    assert found(index, "สอบราคา") == [1]


def test_what_a_busy_cluster_rejects_is_sent_again(index: SearchIndex, address: str) -> None:
    """A node whose disk is nearly full rejects what is written, as one does that has too much in hand."""
    index.update(ARCHIVE, (), position=1)
    name = read_address(address).index
    full = "index.blocks.read_only_allow_delete"
    client(address).indices.put_settings(index=name, body={full: True})
    updating = threading.Thread(target=lambda: index.update([entry(9, "ถนนสายใหม่")], (), position=2))
    updating.start()
    time.sleep(0.5)
    assert updating.is_alive()
    client(address).indices.put_settings(index=name, body={full: None})
    updating.join()
    assert index.position() == 2
    assert found(index, "สายใหม่") == [9]


TOWN = (
    *ARCHIVE,
    entry(10, "ประกาศสอบราคาก่อสร้างถนนคอนกรีต", published_on=dt.date(2021, 3, 1)),
    *(entry(at, f"อัตราค่าธรรมเนียมเก็บขนขยะมูลฝอย ปีที่ {at}", "เดือนละ 30 บาท") for at in range(20, 32)),
    *(entry(at, f"ซ่อมถนนสายบ้านดอน หมู่ {at - 40}", author="กองช่าง") for at in range(41, 50)),
    entry(60, "แต่งตั้งคณะกรรมการชุมชน"),
    entry(61, "ฉีดวัคซีนป้องกันโรคพิษสุนัขบ้า", published_on=dt.date(2022, 9, 12)),
    entry(62, "พ่นหมอกควันกำจัดยุง หมู่ 1-5", published_on=dt.date(2020, 11, 4)),
    entry(63, "หยุดจ่ายน้ำประปา", "น้ำไหลอ่อน ตั้งแต่ 20 กรกฎาคม 2564", published_on=dt.date(2025, 6, 16)),
    entry(64, "แผนพัฒนาท้องถิ่น", "น้ำท่วม ประกาศ ณ ปี พ.ศ. 2564", published_on=dt.date(2021, 10, 15)),
)


def test_any_query_is_three_requests_at_most_and_one_if_nothing_has_to_be_corrected(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = OpenSearchIndex(address, Dictionary())
    index.update(TOWN, (), position=1)
    index.search(parse_query("แต่งตั่งคณะกรรมกา"))  # fetches the words of the generation
    monkeypatch.setattr(opensearch_index, "_FRESH", 3600.0)
    requests: list[int] = []
    ask = Cluster.multi_search

    def counted(self: Cluster, *given: Any) -> list[dict[str, Any]]:
        requests.append(len(given[1]))
        return ask(self, *given)

    monkeypatch.setattr(Cluster, "multi_search", counted)
    spent: dict[str, int] = {}
    for typed in (*AS_TYPED, *UNLIKE_OTHERS):
        requests.clear()
        index.search(replace(parse_query(typed), may_split_into_subqueries=True))
        spent[typed] = len(requests)
    assert {typed: spent[typed] for typed in AS_TYPED if spent[typed] > 1} == {}
    assert {typed: count for typed, count in spent.items() if count > MOST_REQUESTS} == {}


AS_TYPED = (
    "",
    "สอบราคา",
    "ก่อสร้างถนนคอนกรีต",
    "ถนน สอบราคา",
    "ซ่อมถนนสายบ้านดอน หมู่ 4",
    "ค่าธรรมเนียมเก็บขนขยะ",
    "สอบราคา ก่อสร้าง ถนน คอนกรีต",
    '"ถนนคอนกรีต" OR ประปา',
    "author:กองช่าง ถนน",
)
UNLIKE_OTHERS = (
    "ค่าขยะหมู่ 7",
    "เรื่องน้ำท่วม",
    "น้ำท่วม 64",
    "น้ำประปา ปี 2564",
    "น้ำประปา ปี 2550",
    "ประกาศเดือนนี้มีอะไรบ้าง",
    "เบี้ยผู้สูงอายุ เดือนตุลาคม 2564",
    "ฉีดวัคซีนหมาและพ่นยุง",
    "หมาจรจัด หมู่ 4 ปี 64",
    "แต่งตั่งคณะกรรมการชุมชน",
    "วัคซีนหมาบา และ ซอมถนน หมู่ 4",
    ";ydc:o",
    "ถนน สุนัข วัคซีน โรงเรียน",
    "author:ช่าง ถนน น้ำประปา 64",
    "ขอดูคำสั่งเลขที่ 215/2564 เรื่องตั้งกรรมการศูนย์เยาวชนครับ",
    "ห้ามผู้ใดทิ้งขยะมูลฝอยลงในแม่น้ำลำคลองหรือทางระบายน้ำสาธารณะในเขตเทศบาลโดยเด็ดขาด",
    "ยานอวกาศลงจอดบนดาวอังคาร",
)


def test_an_explanation_names_the_score_of_each_word(index: SearchIndex) -> None:
    index.update(ARCHIVE, (), position=1)
    explanation = index.search(replace(parse_query("ถนน สอบราคา"), explain=True)).explanation
    assert explanation is not None
    parts = explanation.hits[0].parts
    for clause in explanation.clauses:
        assert any(f"terms:{clause.typed} " in part.name for part in parts), clause.typed
    assert sum(part.value for part in parts) == pytest.approx(explanation.hits[0].score, abs=0.01)


@pytest.mark.parametrize("lost", ["lexicon", "position", "manifest", "averages", "schema"])
def test_a_generation_without_what_it_needs_is_rebuilt(address: str, lost: str) -> None:
    OpenSearchIndex(address, Dictionary()).update(ARCHIVE, (), position=4)
    with client(address) as cluster:
        (name,) = cluster.indices.get_alias(name=read_address(address).index)
        if lost in (LEXICON, POSITION):
            cluster.delete(index=name, id=lost, params={"refresh": "true"})
        else:
            stored = cluster.indices.get_mapping(index=name)[name]["mappings"]["_meta"]
            (stored["manifest"] if lost == "schema" else stored).pop(lost)
            cluster.indices.put_mapping(index=name, body={"_meta": stored})
    index = OpenSearchIndex(address, Dictionary())
    for _twice in range(2):
        assert not index.is_current()
        for ask in (index.manifest, index.count, lambda: found(index, "สอบราคา")):
            with pytest.raises(Unavailable) as refused:
                ask()
            assert refused.value.code == "index-damaged"
    with index.rebuild() as generation:
        generation.add_announcements(ARCHIVE, position=9)
    assert index.is_current()
    assert found(index, "สอบราคา") == [1]
