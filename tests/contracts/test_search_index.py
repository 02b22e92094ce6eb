"""Contract of every search engine, whatever its implementation."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from archive.fields import FIELDS_BY_NAME
from archive.model import (
    Announcement,
    Attachment,
    DocumentKind,
    ExtractedField,
    ReadingResults,
    ReadingStatus,
    Status,
)
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import SourceAnnouncement
from indexer.analysis.other_readings import OtherReadingInContext
from indexer.search.explanations import InterpretationOutcome, SearchExplanation, SearchStep, Standing
from indexer.search.ports import MOST_PAGES, SearchIndex
from indexer.search.query import query_notes
from indexer.search.query.parser import (
    ExcludedValue,
    Filters,
    Interpretation,
    Query,
    Sort,
    interpret_as,
    parse_query,
)
from tests.contracts.engines import IndexOpener

NOW = dt.datetime(2021, 6, 9, tzinfo=dt.UTC)


def entry(id: int, title: str, *pages: str, **values: object) -> SourceAnnouncement:
    """An announcement with one attachment of the given pages."""
    announcement = Announcement(
        id=id,
        title=title,
        body=str(values.pop("body", "")),
        author=str(values.pop("author", "งานธุรการ")),
        published_on=values.pop("published_on", dt.date(2021, 6, 9)),  # type: ignore[arg-type]
        kind=values.pop("kind", DocumentKind.ANNOUNCEMENT),  # type: ignore[arg-type]
        category=str(values.pop("category", "")),
        views=int(values.pop("views", 0)),  # type: ignore[call-overload]
        status=Status.PUBLISHED,
        expires_on=cast("dt.date | None", values.pop("expires_on", None)),
        created_at=NOW,
        updated_at=NOW,
        organisation=int(values.pop("organisation", 1)),  # type: ignore[call-overload]
    )
    fields = (
        {"number": ExtractedField(value=str(values.pop("number")), confidence=1.0)}
        if "number" in values
        else {}
    )
    other_readings = cast("tuple[str, ...]", values.pop("other_readings", ()))
    attached = values.pop("attached", announcement.kind)
    assert not values
    attachment = Attachment(
        id=id * 10,
        announcement_id=id,
        position=1,
        label="บันทึกข้อความ",
        filename="scan.pdf",
        kind=cast("DocumentKind", attached),
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
        page_count=len(pages),
        status=ReadingStatus.READY,
        error=None,
        signed=False,
        details=ReadingResults(fields=fields),
        rules=1,
        created_at=NOW,
    )
    texts = tuple(enumerate(pages, start=1))
    return SourceAnnouncement(
        announcement,
        ((attachment, texts),) if pages or fields else (),
        tuple(OtherReadingInContext(word, 0, len(word)) for word in other_readings),
    )


ARCHIVE = (
    entry(1, "ประกาศสอบราคาจ้างก่อสร้างถนนคอนกรีต", "หน้าแรก", "ถนนสายบ้านหนองปลาดุก กว้าง ๔ เมตร", views=5),
    entry(2, "คำสั่งแต่งตั้งคณะกรรมการตรวจรับพัสดุ", kind=DocumentKind.ORDER, number="บธ ๑๒๓/๒๕๖๔", author="กองคลัง"),
    entry(3, "ประชาสัมพันธ์การชำระภาษีที่ดิน", body="เทศบาลตำบลขอเชิญชำระภาษี", published_on=dt.date(2022, 1, 5)),
    entry(
        4, "รายงานการประชุมสภาเทศบาล", kind=DocumentKind.MINUTES, views=99, published_on=dt.date(2020, 2, 3)
    ),
)


def found(index: SearchIndex, typed: str = "", **values: object) -> list[int]:
    query = parse_query(typed, **values)  # type: ignore[arg-type]
    return [hit.announcement_id for hit in index.search(query).hits]


@pytest.fixture
def archive(index: SearchIndex) -> SearchIndex:
    index.update(ARCHIVE, (), position=4)
    return index


def test_a_phrase_with_one_misread_letter_answers_for_all_its_words(index: SearchIndex) -> None:
    misread = entry(1, "ข่าวประชาสัมพันธ์", "ขอเชิญร่วมพิธีทำบุญตักบาดรพระสงฆ์ ณ ลานวัด")
    others = [entry(id, "ถนนและท่อ", f"งานก่อสร้างสายที่ {id}") for id in range(3, 20)]
    index.update([misread, entry(2, "ข่าวอื่น", "พระสงฆ์มาเยี่ยมศูนย์"), *others], (), position=1)
    page = index.search(parse_query("ตักบาตรพระสงฆ์"))
    assert 1 in {hit.announcement_id for hit in page.hits}
    assert page.coverage == 1.0


def test_a_misread_word_is_found_below_one_that_was_read(index: SearchIndex) -> None:
    misread = entry(1, "บันทึกข้อความ", "เสนอชื่อดันแบบ", other_readings=("ต้นแบบ",))
    index.update((misread, entry(2, "บันทึกข้อความ", "เสนอชื่อต้นแบบ")), (), position=1)
    assert found(index, "ต้นแบบ") == [2, 1]


def test_an_index_that_was_never_written_finds_nothing(index: SearchIndex) -> None:
    assert index.manifest() is None
    assert index.position() == 0
    assert list(index.ids()) == []
    assert index.search(parse_query("ถนน")).total == 0
    assert index.suggest("ถ") == []


def test_an_index_that_was_begun_anew_takes_no_changes_that_follow_others(index: SearchIndex) -> None:
    index.update(ARCHIVE[1:], (), position=7, after=4)
    assert (index.manifest(), index.position()) == (None, 0)
    with index.rebuild() as generation:
        generation.add_announcements(ARCHIVE[:1], position=3)
    index.update(ARCHIVE[1:], (), position=7, after=4)
    assert (index.position(), list(index.ids())) == (3, [1])
    index.update(ARCHIVE[1:], (), position=7, after=3)
    assert (index.position(), list(index.ids())) == (7, [1, 2, 3, 4])


def test_an_update_is_found_at_once(archive: SearchIndex) -> None:
    assert found(archive, "สอบราคา") == [1]
    assert archive.count() == 4
    assert list(archive.ids()) == [1, 2, 3, 4]
    assert archive.position() == 4


def test_the_page_that_has_it_is_named(archive: SearchIndex) -> None:
    (hit,) = archive.search(parse_query("หนองปลาดุก")).hits
    assert [(page.attachment_id, page.number) for page in hit.pages] == [(10, 2)]


def test_an_update_replaces_and_removes(archive: SearchIndex) -> None:
    changed = replace(ARCHIVE[0], announcement=replace(ARCHIVE[0].announcement, title="ยกเลิกประกาศ"))
    archive.update([changed], [2, 77], position=6)
    assert found(archive, "สอบราคา") == []
    assert found(archive, "พัสดุ") == []
    assert found(archive, "ยกเลิก") == [1]
    assert list(archive.ids()) == [1, 3, 4]
    archive.update([changed], [2, 77], position=6)
    assert list(archive.ids()) == [1, 3, 4]
    assert archive.position() == 6


def test_a_batch_that_a_rebuild_has_overtaken_replaces_nothing_and_brings_nothing_back(
    archive: SearchIndex, opened_index: IndexOpener
) -> None:
    other = opened_index()
    with archive.rebuild() as generation:
        generation.add_announcements([entry(1, "ยกเลิกประกาศ"), entry(4, "รายงานฉบับใหม่")], position=9)
    other.update(ARCHIVE[:2], [4], position=8)
    assert (list(archive.ids()), archive.position()) == ([1, 4], 9)
    assert found(archive, "ยกเลิก") == [1]
    assert found(archive, "สอบราคา") == []
    other.update(ARCHIVE[:2], [4], position=10)
    assert (list(archive.ids()), archive.position()) == ([1, 2], 10)


def test_a_failing_update_changes_nothing(archive: SearchIndex) -> None:
    def entries():  # type: ignore[no-untyped-def]
        yield entry(9, "ถนนสายใหม่")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        archive.update(entries(), [1], position=9)
    assert list(archive.ids()) == [1, 2, 3, 4]
    assert archive.position() == 4
    archive.update([entry(9, "ถนนสายใหม่")], [], position=9)
    assert archive.count() == 5


@pytest.mark.parametrize("typed", ["123/2564", "๑๒๓/๒๕๖๔", "บธ 123/2564", "บธ๑๒๓/๒๕๖๔", "number:บธ123/2564"])
def test_numbers_are_found_however_they_are_typed(archive: SearchIndex, typed: str) -> None:
    assert found(archive, typed)[0] == 2


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(kind=DocumentKind.ORDER), [2]),
        (Filters(author="กองคลัง"), [2]),
        (Filters(author="คลัง"), [2]),
        (Filters(author="---"), []),
        (Filters(year=2565), [3]),
        (Filters(from_date=dt.date(2021, 1, 1)), [3, 2, 1]),
        (Filters(to_date=dt.date(2020, 12, 31)), [4]),
        (Filters(announcement_id=3), [3]),
        (Filters(category="ไม่มี"), []),
    ],
)
def test_filters(archive: SearchIndex, filters: Filters, expected: list[int]) -> None:
    assert found(archive, filters=filters) == expected


def test_filters_can_be_typed(archive: SearchIndex) -> None:
    assert found(archive, "kind:order") == [2]
    assert found(archive, "ประเภท:คำสั่ง") == [2]
    assert found(archive, "author:กองคลัง") == [2]
    assert found(archive, "year:2565") == found(archive, "ปี:65") == found(archive, "year:2022") == [3]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("-kind:order", [3, 1, 4]),
        ("NOT kind:order", [3, 1, 4]),
        ("-kind: order", [3, 1, 4]),
        ("NOT kind:order ถนน", [1]),
        ("-author:กองคลัง", [3, 1, 4]),
        ("-author:คลัง", [3, 1, 4]),
        ('-author:"กองคลัง"', [3, 1, 4]),
        ("-ปี:2564", [3, 4]),
        ("-ปี2564", [3, 4]),
        ("-date:2564", [3, 2, 1, 4]),
        ("-year:2564 -kind:minutes", [3]),
        ("-kind:rule -category:ไม่มี", [3, 2, 1, 4]),
        ("-author:?", [3, 2, 1, 4]),
        ('NOT author:"- -"', [3, 2, 1, 4]),
        ("-number:123/2564", [3, 1, 4]),
        ("NOT number:123/2564", [3, 1, 4]),
        ("NOT เลขที่ 123/2564", [3, 1, 4]),
        ("NOT มกราคม 2565", [3, 2, 1, 4]),
        ("-from:1/1/2565", [3, 2, 1, 4]),
        ("ถนน OR kind:announcement คอนกรีต", [1]),
    ],
)
def test_an_excluded_filter_is_never_read_as_wanted(
    archive: SearchIndex, typed: str, wanted: list[int]
) -> None:
    assert found(archive, typed) == wanted


def test_a_name_without_letters_is_said_not_to_be_understood(archive: SearchIndex) -> None:
    page = archive.search(parse_query("-author:?"))
    assert page.query.understood == (query_notes.NOT_UNDERSTOOD.with_values("-author:?"),)
    assert page.query.filters.excluded == ()


def test_excluded_values_are_few_and_each_counts_once(archive: SearchIndex) -> None:
    repeated = archive.search(parse_query("-kind:order " * 20)).query
    assert repeated.filters.excluded == (ExcludedValue("kind", DocumentKind.ORDER),)
    assert len(repeated.understood) == 1
    page = archive.search(parse_query(" ".join(f"-by:{letter}" for letter in "กขคงจฉชซฌญฎฏฐ")))
    assert [each.value for each in page.query.filters.excluded] == [*"กขคงจฉชซ"]
    assert page.query.understood[-1] == query_notes.MOST_EXCLUDED.with_values(8)
    assert page.query.understood.count(query_notes.MOST_EXCLUDED.with_values(8)) == 1


def test_facets_heed_excluded_values(archive: SearchIndex) -> None:
    facets = archive.search(parse_query("-kind:order")).facets
    assert {each.value: each.count for each in facets["kind"]} == {"announcement": 2, "minutes": 1}
    assert {each.value: each.count for each in facets["author"]} == {"งานธุรการ": 3}


def test_without_a_query_everything_is_listed_newest_first(archive: SearchIndex) -> None:
    assert found(archive) == [3, 2, 1, 4]
    assert found(archive, sort=Sort.OLDEST) == [4, 1, 2, 3]
    assert found(archive, sort=Sort.MOST_READ)[:2] == [4, 1]


def test_what_is_open_on_a_day_is_found_and_sorted_by_its_end(index: SearchIndex) -> None:
    ends = {1: dt.date(2027, 5, 9), 2: dt.date(2027, 5, 1), 3: None, 4: dt.date(2027, 4, 30)}
    entries = [entry(id, "ประกาศสอบราคา", expires_on=end) for id, end in ends.items()]
    index.update(entries, (), position=4)
    open_on = Filters(open_on=dt.date(2027, 5, 1))
    assert sorted(found(index, "สอบราคา", filters=open_on)) == [1, 2]
    assert found(index, filters=open_on, sort=Sort.CLOSING) == [2, 1]
    assert found(index, sort=Sort.CLOSING) == [4, 2, 1, 3]
    assert index.find_differing([entry(1, "ประกาศสอบราคา", expires_on=None)]) == [1]


def test_villages_are_counted_and_filtered_by_their_number(index: SearchIndex) -> None:
    index.update(
        [
            entry(1, "ปิดสะพาน หมู่ 7", "ปิดสะพาน"),
            entry(2, "เก็บขยะ", "ตารางเก็บขยะ", body="รถเก็บขยะเข้าหมู่ 1 ถึงหมู่ 7"),
            entry(3, "รับสมัครงาน", "ที่ทำการ ๑๙๙ หมู่ ๔", body="ยื่นใบสมัครที่ 199 หมู่ 4"),
            entry(4, "ซ่อมถนน หมู่ที่ ๑๐", "ซ่อมถนน"),
        ],
        (),
        position=3,
    )
    everything = index.search(parse_query("")).facets["village"]
    assert {each.value: each.count for each in everything} == dict.fromkeys(range(1, 7), 1) | {7: 2, 10: 1}
    for village, found in ((1, {2}), (7, {1, 2}), (10, {4}), (30, set())):
        page = index.search(parse_query("", filters=Filters(village=village)))
        assert {hit.announcement_id for hit in page.hits} == found, village
    assert {hit.announcement_id for hit in index.search(parse_query("หมู่บ้าน:๗")).hits} == {1, 2}


def test_what_is_no_longer_in_force_is_left_out_of_hits_and_facets(archive: SearchIndex) -> None:
    filters = Filters(in_force=True, ended=frozenset({1, 3}))
    assert found(archive, filters=filters) == [2, 4]
    page = archive.search(Query(typed="", filters=filters))
    assert sum(each.count for each in page.facets["kind"]) == page.total == 2


def test_only_the_announcements_among_a_set_are_found(archive: SearchIndex) -> None:
    assert found(archive, filters=Filters(among=frozenset({1, 4, 99}))) == [1, 4]
    assert found(archive, filters=Filters(among=frozenset())) == []


def test_pages_of_hits_follow_each_other(index: SearchIndex) -> None:
    index.update(
        [entry(number, f"ประกาศรับสมัครงาน ครั้งที่ {number}") for number in range(1, 251)], (), position=250
    )
    pages = [found(index, "รับสมัครงาน", page=page, per_page=7) for page in range(1, 38)]
    together = [number for page in pages for number in page]
    assert sorted(together) == list(range(1, 251))
    assert pages[36] == together[252:]
    assert index.search(parse_query("รับสมัครงาน", page=99)).total == 250


def test_a_page_beyond_all_that_can_be_paged_through_is_empty(archive: SearchIndex) -> None:
    pages = [archive.search(parse_query("", page=page, per_page=100_000)) for page in (1, 2, 3)]
    assert [(len(page.hits), page.total) for page in pages] == [(4, 4), (0, 4), (0, 4)]


@pytest.fixture
def crowd(index: SearchIndex) -> SearchIndex:
    """Hundreds of announcements with some of the words of a query, and none with all."""
    some = ("ก่อสร้างถนน คลองชลประทาน", "ก่อสร้างถนน สะพานลอย", "คลองชลประทาน สะพานลอย", "สะพานลอย")
    crowd = [
        entry(
            number,
            some[number % 4],
            author=f"กอง{number % 3}",
            published_on=dt.date.fromordinal(738_000 + number),
        )
        for number in range(1, 601)
    ]
    index.update(crowd, (), position=1)
    return index


ASKED = "ก่อสร้างถนน คลองชลประทาน สะพานลอย"


def test_what_has_most_of_it_is_counted_to_the_last(crowd: SearchIndex) -> None:
    page = crowd.search(parse_query(ASKED))
    assert page.query.loosened
    assert page.total == 450
    assert {facet.value: facet.count for facet in page.facets["author"]} == {
        "กอง0": 150,
        "กอง1": 150,
        "กอง2": 150,
    }


def test_what_has_most_of_it_can_be_paged_through(crowd: SearchIndex) -> None:
    pages = [crowd.search(parse_query(ASKED, page=page, per_page=50)) for page in range(1, 11)]
    assert [len(page.hits) for page in pages] == [50] * 9 + [0]
    assert len({hit.announcement_id for page in pages for hit in page.hits}) == 450


def test_what_has_most_of_it_is_sorted_as_a_whole(crowd: SearchIndex) -> None:
    assert found(crowd, ASKED, sort=Sort.OLDEST) == [1, 2, 4, 5, 6, 8, 9, 10, 12, 13]
    assert found(crowd, ASKED, sort=Sort.NEWEST) == [600, 598, 597, 596, 594, 593, 592, 590, 589, 588]


def test_what_answers_does_not_depend_on_filters(crowd: SearchIndex) -> None:
    page = crowd.search(parse_query(ASKED))
    narrowed = crowd.search(parse_query(ASKED, filters=Filters(author="กอง1")))
    assert narrowed.total == 150
    assert narrowed.facets["author"] == page.facets["author"]
    assert narrowed.query.loosened == page.query.loosened
    days = Filters(from_date=dt.date.fromordinal(738_001), to_date=dt.date.fromordinal(738_004))
    few = crowd.search(parse_query("ก่อสร้างถนน สะพานลอย", filters=days))
    assert [hit.announcement_id for hit in few.hits] == [1]
    assert not few.query.loosened  # many others have all of it


def test_facets_heed_the_query_and_every_filter_but_their_own(archive: SearchIndex) -> None:
    facets = archive.search(parse_query("", filters=Filters(kind=DocumentKind.ORDER))).facets
    assert {(value.value, value.count) for value in facets["kind"]} == {
        ("order", 1),
        ("announcement", 2),
        ("minutes", 1),
    }
    assert [(value.value, value.count) for value in facets["year"]] == [(2564, 1)]
    assert [(value.value, value.count) for value in facets["author"]] == [("กองคลัง", 1)]
    assert facets["category"] == ()


def test_a_kind_is_found_by_what_is_attached(index: SearchIndex) -> None:
    index.update(
        [
            entry(1, "แจ้งเวียน", "ที่ 5", attached=DocumentKind.ORDER),
            entry(2, "คำสั่งแต่งตั้ง", kind=DocumentKind.ORDER),
            entry(3, "ประกาศ", "รูป", attached=DocumentKind.OTHER),
        ],
        (),
        position=3,
    )
    page = index.search(parse_query("", filters=Filters(kind=DocumentKind.ORDER)))
    assert {hit.announcement_id for hit in page.hits} == {1, 2}
    assert {each.value: each.count for each in page.facets["kind"]} == {"order": 2, "announcement": 2}


def test_quotes_and_minus(archive: SearchIndex) -> None:
    assert found(archive, '"สภาเทศบาล"') == [4]
    assert 4 not in found(archive, "เทศบาล -ประชุม")
    assert 3 in found(archive, "เทศบาล -ประชุม")


LONG_SENTENCE = "ห้ามผู้ใดทิ้งขยะมูลฝอยลงในแม่น้ำลำคลองหรือทางระบายน้ำสาธารณะในเขตเทศบาลโดยเด็ดขาด"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ('"ถนนคอนกรีต" OR "ท่อระบายน้ำ"', {1, 3}),
        ('"ถนนคอนกรีต" OR ประปา', {1, 5}),
        ('ประปา OR "ถนนคอนกรีต"', {1, 5}),
        ('ซ่อม "ถนนคอนกรีต" OR "ท่อระบายน้ำ"', {1}),
        ('"ถนนคอนกรีต" OR ฯ', {1}),
        ('"ฯ" OR ฯ OR "ถนนคอนกรีต"', {1}),
        ("ถนนคอนกรีต OR ท่อระบายน้ำ", {1, 2, 3, 4}),
    ],
)
def test_quoted_words_stand_side_by_side_also_beside_or(
    index: SearchIndex, typed: str, wanted: set[int]
) -> None:
    bodies = ("ซ่อมถนนคอนกรีต", "คอนกรีตแตก ซ่อมถนน", "ลอกท่อระบายน้ำ", "น้ำไหล ระบายลงท่อ", "ท่อประปา")
    index.update([entry(id, "แจ้งงาน", body=body) for id, body in enumerate(bodies, 1)], (), position=5)
    page = index.search(parse_query(typed))
    assert {hit.announcement_id for hit in page.hits} == wanted
    assert not page.query.loosened


def test_quotes_beside_or_that_nothing_has_are_said_to_be_loosened(index: SearchIndex) -> None:
    index.update([entry(1, "แจ้งงาน", body="คอนกรีตแตก ซ่อมถนน")], (), position=1)
    page = index.search(parse_query('"ถนนคอนกรีต" OR "ท่อระบายน้ำ"'))
    assert query_notes.NOT_QUOTED in page.query.loosened


def test_nobody_who_typed_a_number_that_is_there_is_told_of_quotes(index: SearchIndex) -> None:
    order = entry(1, "คำสั่ง ที่ 215/2564", body="แต่งตั้งคณะกรรมการศูนย์", kind=DocumentKind.ORDER)
    index.update([order, entry(2, "ศูนย์กีฬา", body="คำสั่งซื้อ"), entry(3, "ถนน")], (), position=3)
    page = index.search(parse_query("ขอดูคำสั่งเลขที่ 215/2564 เรื่องตั้งกรรมการศูนย์เยาวชนครับ"))
    assert page.hits[0].announcement_id == 1
    assert query_notes.NOT_QUOTED not in page.query.loosened


def test_a_long_sentence_is_excluded(index: SearchIndex) -> None:
    scattered = "ทางระบายน้ำสาธารณะในเขตเทศบาล ห้ามผู้ใดทิ้งขยะมูลฝอยโดยเด็ดขาด หรือ ลงในแม่น้ำลำคลอง"
    bodies = (f"ประกาศ{LONG_SENTENCE}ครับ", scattered, "เก็บขยะทุกวัน", f"ปวงชน{LONG_SENTENCE}")
    index.update([entry(id, "เรื่องขยะ", body=body) for id, body in enumerate(bodies, 1)], (), position=4)
    page = index.search(parse_query(f'ขยะ -"{LONG_SENTENCE}"'))
    assert {hit.announcement_id for hit in page.hits} == {2, 3}
    assert {hit.announcement_id for hit in index.search(parse_query(f"-{LONG_SENTENCE}")).hits} == {2, 3}


def test_a_long_attachment_does_not_bury_the_short_right_one(index: SearchIndex) -> None:
    long = "รายงานประจำปี งานรักษาความสะอาด ขยะ ถนน น้ำประปา ไฟฟ้า " * 3000
    index.update(
        [entry(1, "รายงานประจำปี", long), entry(2, "กำหนดวันเก็บขยะ", "เก็บขยะทุกวันจันทร์")], (), position=2
    )
    assert found(index, "เก็บขยะ")[0] == 2


def test_a_rebuild_is_seen_on_a_clean_exit_only(archive: SearchIndex) -> None:
    with pytest.raises(ZeroDivisionError), archive.rebuild() as generation:
        generation.add_announcements(entry(8 // rest, "ถนนสายใหม่") for rest in (1, 0))
    assert list(archive.ids()) == [1, 2, 3, 4]
    with archive.rebuild() as generation:
        generation.add_announcements([entry(8, "ถนนสายใหม่")], position=12)
        assert list(archive.ids()) == [1, 2, 3, 4]
    assert list(archive.ids()) == [8]
    assert archive.position() == 12
    assert archive.manifest() is not None


def test_a_word_that_is_added_during_a_rebuild_comes_into_effect_with_the_next(
    archive: SearchIndex, tmp_path: Path
) -> None:
    """Until then the new generation answers with the words that it was made with."""
    with archive.rebuild() as generation:
        generation.add_announcements(ARCHIVE)
        Dictionary(tmp_path / "words.txt").add_entry("คอนกรีต ~ ซีเมนต์ผสมหิน")
    assert found(archive, "สอบราคา") == [1]
    assert found(archive, "ซีเมนต์ผสมหิน") == []
    assert archive.noted_damage() == []
    assert not archive.is_current()
    with archive.rebuild() as generation:
        generation.add_announcements(ARCHIVE)
    assert archive.is_current()
    assert found(archive, "ซีเมนต์ผสมหิน") == [1]


UNINDEXABLE = "บธ \ud800/2564"  # UTF-8 has no lone surrogate


def test_an_announcement_that_cannot_be_indexed_is_left_out_until_it_changes(index: SearchIndex) -> None:
    index.update([entry(1, "ถนน"), entry(2, "สะพาน")], (), position=1)
    index.update([entry(1, "ทางหลวง", number=UNINDEXABLE), entry(3, "ทางเท้า")], (), position=2)
    assert (index.position(), index.ids()) == (2, [2, 3])
    with index.rebuild() as generation:
        generation.add_announcements([entry(1, "ทางหลวง", number=UNINDEXABLE), entry(2, "สะพาน")])
        generation.update([entry(3, "ทางเท้า"), entry(4, "ซอย", number=UNINDEXABLE)], (), position=3)
        assert generation.commit_and_count() == 2
        assert [*generation.ids()] == [2, 3]
    assert index.ids() == [2, 3]
    index.update([entry(1, "ทางหลวง", number="บธ 1/2564")], (), position=4)
    assert index.ids() == [1, 2, 3]


def test_any_number_of_views_that_a_field_takes_is_indexed(index: SearchIndex) -> None:
    most = cast("int", FIELDS_BY_NAME["views"].check(10**12, "views"))
    index.update([entry(1, "ถนน", views=most), entry(2, "ถนน", views=7)], (), position=1)
    assert found(index, "ถนน", sort=Sort.MOST_READ) == [1, 2]


def test_readers_follow_at_once_to_a_generation_that_another_process_makes(
    archive: SearchIndex, opened_index: IndexOpener
) -> None:
    """The earlier generation is gone with the exchange: no reader takes that for damage, or for no index."""
    seen: set[tuple[int, ...]] = set()
    over = threading.Event()

    def read(reader: SearchIndex) -> None:
        while not over.is_set():
            seen.add((reader.search(parse_query("สอบราคา")).total, reader.count(), len(reader.ids())))
            assert reader.manifest() is not None
            assert reader.noted_damage() == reader.find_damage() == []

    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(read, opened_index()) for _ in range(3)]
        try:
            for number in range(20):
                with archive.rebuild() as generation:
                    generation.add_announcements(ARCHIVE, position=number)
        finally:
            over.set()
        for reader in readers:
            reader.result()
    assert seen == {(1, 4, 4)}


def test_the_query_comes_back_as_it_was_run(archive: SearchIndex) -> None:
    query = archive.search(parse_query("ถนน year:2564")).query
    assert isinstance(query, Query)
    assert query.understood == (("พ.ศ. 2564", "Year: 2021"),)


def test_quoted_words_name_only_pages_that_have_them(index: SearchIndex) -> None:
    index.update(
        [entry(1, "ศูนย์", "การกระจายอำนาจ", "หลังหอกระจายข่าวบ้านดอนมะกอก", "หอประชุมบ้านดอน")], (), position=1
    )
    for typed in ('"หอกระจายข่าวบ้านดอนมะกอก"', "หอกระจายข่าวบ้านดอนมะกอก"):
        (hit,) = index.search(parse_query(typed)).hits
        assert [page.number for page in hit.pages] == [2], typed


def test_a_hit_names_all_its_pages_up_to_a_number(index: SearchIndex) -> None:
    pages = ["งบประมาณรายจ่าย"] * (MOST_PAGES + 5)
    index.update([entry(1, "เล่มใหญ่", *pages), entry(2, "เล่มเล็ก", *pages[:5])], (), position=1)
    hits = index.search(parse_query("งบประมาณรายจ่าย")).hits
    assert {hit.announcement_id: len(hit.pages) for hit in hits} == {1: MOST_PAGES, 2: 5}


BANGKHEN, SAIMAI = 2, 3


@pytest.fixture
def towns(index: SearchIndex) -> SearchIndex:
    """Three organisations; the first is the largest, and has words that the others do not."""
    first = [entry(id, f"ซ่อมถนนสายที่ {id}", body="มะม่วงน้ำปลาหวาน", author="กองช่าง") for id in range(1, 31)]
    second = [
        entry(41, "ซ่อมถนนหน้าตลาดบางเขน", author="กองช่างบางเขน", organisation=BANGKHEN),
        entry(42, "ซ่อมถนนหลังตลาดบางเขน", author="กองช่างบางเขน", organisation=BANGKHEN),
    ]
    third = [entry(51, "ประชุมสภาเขตสายไหม", kind=DocumentKind.MINUTES, organisation=SAIMAI)]
    index.update([*first, *second, *third], (), position=33)
    return index


def of(organisation: int) -> Filters:
    return Filters(organisation=organisation)


def test_one_organisation_s_answer_has_nothing_of_the_others(towns: SearchIndex) -> None:
    answer = towns.search(parse_query("ซ่อมถนน", filters=of(BANGKHEN)))
    assert [hit.announcement_id for hit in answer.hits] == [41, 42]
    assert answer.total == 2
    assert {
        name: [(each.value, each.count) for each in values] for name, values in answer.facets.items()
    } == {
        "kind": [("announcement", 2)],
        "author": [("กองช่างบางเขน", 2)],
        "year": [(2564, 2)],
        "category": [],
        "village": [],
        "organisation": [(BANGKHEN, 2)],
    }
    assert towns.search(parse_query("", filters=of(SAIMAI))).total == 1
    assert towns.search(parse_query("", filters=of(99))).total == 0


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("author:กองช่าง", [42, 41]),
        ("author:กองช่างบางเขน", [42, 41]),
        ("author:กองคลัง", []),
        ("-author:กองช่าง", []),
        ("-author:กองคลัง", [42, 41]),
    ],
)
def test_a_name_is_compared_with_those_of_the_same_organisation(
    towns: SearchIndex, typed: str, wanted: list[int]
) -> None:
    assert found(towns, typed, filters=of(BANGKHEN)) == wanted


def test_a_name_is_not_compared_with_those_of_withheld_or_removed_announcements(towns: SearchIndex) -> None:
    assert len(found(towns, "author:กองช่าง", per_page=50)) == 30
    withheld = frozenset(range(1, 31))
    assert found(towns, "author:กองช่าง", filters=Filters(withheld=withheld)) == [42, 41]
    towns.update((), withheld, position=34)
    assert found(towns, "author:กองช่าง") == [42, 41]


def test_all_organisations_are_searched_at_once(towns: SearchIndex) -> None:
    answer = towns.search(parse_query("ซ่อมถนน"))
    assert answer.total == 32
    assert [(each.value, each.count) for each in answer.facets["organisation"]] == [(1, 30), (BANGKHEN, 2)]


def test_words_of_others_are_neither_suggested_nor_meant(towns: SearchIndex) -> None:
    assert towns.suggest("ซ่อม", of(SAIMAI)) == []
    assert towns.suggest("ซ่อมถนน", of(BANGKHEN)) == ["ซ่อมถนนหน้าตลาดบางเขน", "ซ่อมถนนหลังตลาดบางเขน"]
    assert towns.search(parse_query("มะม้วงน้ำปลาหวาน")).did_you_mean == "มะม่วงน้ำปลาหวาน"
    assert towns.search(parse_query("มะม้วงน้ำปลาหวาน", filters=of(BANGKHEN))).did_you_mean is None


def test_what_is_withheld_is_as_if_it_were_not_there(archive: SearchIndex) -> None:
    withheld = Filters(withheld=frozenset({2, 4, 99}))
    answer = archive.search(parse_query("", filters=withheld))
    assert (answer.total, sorted(hit.announcement_id for hit in answer.hits)) == (2, [1, 3])
    assert [each.value for each in answer.facets["kind"]] == ["announcement"]
    assert "กองคลัง" not in {each.value for each in answer.facets["author"]}
    assert archive.search(parse_query("รายงานการประชุมสภา", filters=withheld)).total == 0
    assert archive.suggest("รายงานการ") != []
    assert archive.suggest("รายงานการ", Filters(withheld=frozenset({4}))) == []
    assert found(archive, "รายงานการประชุมสภา") == [4]


def test_alike_is_what_the_same_organisation_has(towns: SearchIndex) -> None:
    assert towns.find_similar(41) == [42]


def test_what_moved_to_another_organisation_differs(towns: SearchIndex) -> None:
    assert (
        towns.find_differing([entry(51, "ประชุมสภาเขตสายไหม", kind=DocumentKind.MINUTES, organisation=SAIMAI)])
        == []
    )
    assert towns.find_differing([entry(51, "ประชุมสภาเขตสายไหม", kind=DocumentKind.MINUTES)]) == [51]


WATER = (
    entry(1, "เตือนภัยน้ำท่วมฉับพลัน", published_on=dt.date(2022, 9, 12)),
    entry(2, "หยุดจ่ายน้ำประปา", published_on=dt.date(2025, 6, 16)),
    entry(3, "แผนพัฒนาท้องถิ่น", "เมืองน่าอยู่ น้ำใส ประกาศ ณ ปี พ.ศ. 2564", published_on=dt.date(2021, 10, 15)),
    entry(4, "งดใช้สนามกีฬา", "ตั้งแต่ 20 กรกฎาคม 2564", published_on=dt.date(2021, 7, 20)),
    entry(5, "แถลงการณ์น้ำเสียในคลอง", published_on=dt.date(2020, 11, 4)),
)


@pytest.mark.parametrize(
    ("typed", "wanted", "note"),
    [
        ("น้ำ 2564", {3}, "พ.ศ. 2564"),
        ("น้ำ ปี 2564", {3}, "พ.ศ. 2564"),
        ("ปี พ.ศ. ๒๕๖๔ น้ำ", {3}, "พ.ศ. 2564"),
        ("น้ำ ตุลาคม", {3}, "เดือนตุลาคม"),
        ("น้ำ 2560", {1, 2, 3, 5}, query_notes.NOT_THEN.thai),
        ("น้ำ ปีงบ 64", {5}, ""),
        ("น้ำ 2563", {5}, ""),
        ("น้ำใส 2564", {3}, ""),
        ("สนามกีฬา ปี 2564", {4}, ""),
    ],
)
def test_a_typed_time_finds_what_is_about_the_words(
    index: SearchIndex, typed: str, wanted: set[int], note: str
) -> None:
    index.update(WATER, (), position=5)
    page = index.search(parse_query(typed))
    assert {hit.announcement_id for hit in page.hits} == wanted
    assert [note in each.thai for each in page.query.loosened] == ([True] if note else [])
    if wanted == {3} and note:  # its slogan alone has the word: what is about water follows, of other times
        assert {hit.announcement_id for hit in page.related} == {1, 2, 5}
        assert sum(each.count for each in page.facets["year"]) == page.total
    assert page.total == index.search(parse_query(typed, page=3)).total == len(wanted)
    if typed.startswith("น้ำ "):
        assert set(found(index, typed, should_drop_dates_beside_words=True)) == {1, 2, 3, 5}


@pytest.mark.parametrize("typed", ["15 มิ.ย. 64", "นัดประชุม ปี 2550"])
def test_other_times_are_those_of_the_same_organisation(index: SearchIndex, typed: str) -> None:
    meeting = "นัดประชุมวันที่ ๑๕ มิถุนายน ๒๕๖๔"
    index.update([entry(1, meeting), entry(51, "ซ่อมถนน", organisation=SAIMAI)], (), position=2)
    query = parse_query(typed)
    assert [hit.announcement_id for hit in index.search(query).hits] == [1]
    page = index.search(replace(query, filters=replace(query.filters, organisation=SAIMAI)))
    assert (page.hits, page.related) == ((), ())


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("น้ำประปา ปี 2564", [1, 3, 6]),
        ("น้ำประปา ปี 64", [1, 3, 6]),
        ("น้ำประปา ปี 2021", [1, 3, 6]),
        ("น้ำประปา 2564", [1, 3, 6]),
        ("น้ำประปา พ.ศ. 2565", [2]),
        ("น้ำประปา ปีงบ 65", [2, 3]),
        ("น้ำประปา มิถุนายน", [1, 2]),
        ("น้ำประปา มิ.ย.", [1, 2]),
        ("น้ำประปา ตุลาคม", [3]),
    ],
)
def test_a_typed_time_narrows(index: SearchIndex, typed: str, wanted: list[int]) -> None:
    days = (dt.date(2021, 6, 9), dt.date(2022, 6, 15), dt.date(2021, 10, 2), dt.date(2019, 3, 4))
    entries = [entry(number, "แจ้งเรื่องน้ำประปา", published_on=day) for number, day in enumerate(days, start=1)]
    mention = "ตามประกาศที่ 7/2564 ปี พ.ศ. 2564"
    entries += [
        entry(5, "แจ้งเรื่องน้ำประปา", mention, published_on=dt.date(2024, 1, 5)),
        entry(6, "แผนน้ำประปา ประจำปี 2564", published_on=dt.date(2020, 12, 30)),
    ]
    index.update(entries, (), position=6)
    page = index.search(parse_query(typed))
    assert sorted(hit.announcement_id for hit in page.hits) == wanted
    assert page.query.loosened == ()
    assert "แสดงเฉพาะ " in page.query.understood[-1].thai
    is_of_2564 = wanted == [1, 3, 6]
    assert [hit.announcement_id for hit in page.related] == ([5] if is_of_2564 else [])
    if is_of_2564:
        anytime = index.search(parse_query(typed, should_drop_dates_beside_words=True))
        assert (5 in [hit.announcement_id for hit in anytime.hits], anytime.query.times) == (True, ())


def test_a_text_that_repeats_its_year_is_no_better_an_answer(index: SearchIndex) -> None:
    index.update(
        [
            entry(1, "หยุดจ่ายน้ำ", body="วันอาทิตย์ที่ 22 มิถุนายน", published_on=dt.date(2025, 6, 20)),
            entry(
                2,
                "ราคากลางรอบสระน้ำ",
                "ลงวันที่ 5 สิงหาคม ปี 2568 ในปี 2568 " * 3,
                published_on=dt.date(2025, 8, 5),
            ),
            entry(3, "จ่ายเบี้ยผู้สูงอายุ", body="ปี 2568", published_on=dt.date(2025, 8, 5)),
        ],
        (),
        position=3,
    )
    without, with_year = (
        [hit.announcement_id for hit in index.search(parse_query(typed)).hits]
        for typed in ("น้ำ", "น้ำ ปี 2568")
    )
    assert with_year == without == [1, 2]


def test_only_what_mentions_a_time_is_said_to_do_no_more(index: SearchIndex) -> None:
    index.update([entry(1, "น้ำประปา", "ตามแผนปี 2550"), entry(2, "น้ำประปา")], (), position=2)
    page = index.search(parse_query("น้ำประปา ปี 2550"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert page.query.loosened == (query_notes.ONLY_NAMED,)


@pytest.mark.parametrize("typed", ["น้ำประปา 64", "น้ำประปา ๖๔", "ประกาศน้ำประปา64"])
def test_a_number_of_two_digits_is_a_year_where_nothing_else_has_it(index: SearchIndex, typed: str) -> None:
    index.update(
        [
            entry(1, "ประกาศหยุดจ่ายน้ำประปา", published_on=dt.date(2021, 6, 9)),
            entry(2, "ประกาศหยุดจ่ายน้ำประปา", published_on=dt.date(2023, 6, 9)),
            entry(3, "เทศบัญญัติงบประมาณ", "แผนงานที่ ๖๔", published_on=dt.date(2023, 6, 9)),
            *(entry(at, "ซ่อมถนน", published_on=dt.date(2023, 6, 9)) for at in range(4, 10)),
        ],
        (),
        position=1,
    )
    page = index.search(parse_query(typed))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert (page.query.typed, page.query.is_year_assumed) == (typed, True)
    index.update([entry(20, "ประกาศน้ำประปาสายที่ ๖๔", published_on=dt.date(2023, 6, 9))], (), position=2)
    page = index.search(parse_query(typed))
    assert page.hits[0].announcement_id == 20
    assert page.query.may_end_with_year
    assert page.query.text_with_year is not None
    assert page.query.text_with_year.year == 2564
    assert not index.search(replace(parse_query("น้ำเสีย 64"), as_typed=True)).query.is_year_assumed


FEES = (
    entry(20, "คำสั่งแต่งตั้งคณะกรรมการศูนย์"),
    *(entry(at, f"อัตราค่าธรรมเนียมเก็บขนขยะมูลฝอย ปีที่ {at}", "เดือนละ 30 บาท") for at in range(1, 13)),
)


@pytest.mark.parametrize(
    ("typed", "near"),
    [("ค่าขยะหมู่ 7", 12), ("ค่าขยะ ม.7", 12), ("ค่าขยะ บ้านดาวอังคาร", 12), ("คณะกรรมการหมู่ 7", 1)],
)
def test_a_place_that_nothing_names_is_not_found_and_what_came_near_is_told_apart(
    index: SearchIndex, typed: str, near: int
) -> None:
    index.update(FEES, (), position=1)
    page = index.search(parse_query(typed, per_page=50))
    assert (page.total, len(page.related)) == (0, near)


def test_a_village_that_is_named_elsewhere_still_leads_to_what_has_the_other_words(
    index: SearchIndex,
) -> None:
    fillers = [entry(at, f"ซ่อมถนนสาย {at}") for at in range(10, 20)]
    index.update([entry(1, "แต่งตั้งคณะกรรมการหมู่บ้าน หมู่ 7"), entry(2, "พ่นยุงหมู่ 5"), *fillers], (), position=1)
    page = index.search(parse_query("คณะกรรมการหมู่ 7"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    page = index.search(parse_query("แต่งตั้งคณะกรรมการหมู่ 5"))
    assert 1 in [hit.announcement_id for hit in (*page.hits, *page.related)]


def of_year(year: int) -> dict[str, object]:
    return {"published_on": dt.date(year - 543, 6, 9)}


ROADS_OF_2566 = tuple(entry(at, f"ซ่อมถนนสายบ้านดอน ฉบับ {at}", **of_year(2566)) for at in range(60, 72))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("พ่นหมอกควัน หมู่ 3", 4),
        ("พ่นหมอกควันหมู่ 2", 4),
        ("ประชุมประชาคม หมู่ 8", 3),
        ("รถเก็บขยะหมู่ 4", 5),
    ],
)
def test_a_village_inside_a_range_is_named(index: SearchIndex, typed: str, found: int) -> None:
    ranges = [
        entry(3, "ประชุมประชาคม หมู่ที่ 1 ถึงหมู่ที่ 9"),
        entry(4, "พ่นหมอกควัน หมู่ 1-5"),
        entry(5, "ตารางเก็บขยะ", body="รถเก็บขยะเข้าหมู่ 1 ถึงหมู่ 5 ทุกวันจันทร์"),
    ]
    index.update([*ranges, *ROADS_OF_2566], (), position=1)
    page = index.search(parse_query(typed))
    assert [hit.announcement_id for hit in page.hits if not hit.is_partial] == [found]
    assert page.query.loosened == ()


def test_a_village_inside_a_range_is_no_other_number(index: SearchIndex) -> None:
    collected = entry(1, "รถเก็บขยะเข้าหมู่ 1 ถึงหมู่ 5", body="แผนพัฒนา ครั้งที่ 9")
    index.update([collected, entry(2, "แผนพัฒนา ครั้งที่ 3"), *ROADS_OF_2566], (), position=1)
    third = index.search(parse_query("แผนพัฒนา ครั้งที่ 3"))
    assert [hit.announcement_id for hit in third.hits if not hit.is_partial] == [2]
    fourth = index.search(parse_query("แผนพัฒนา 4"))
    assert query_notes.NOT_ALL in fourth.query.loosened
    village = index.search(parse_query("เก็บขยะ หมู่ ๔"))
    assert [hit.announcement_id for hit in village.hits if not hit.is_partial] == [1]


def test_a_village_that_papers_of_other_years_name_is_named(index: SearchIndex) -> None:
    others = [entry(at, "ซ่อมถนน หมู่ 3", **of_year(2564)) for at in (50, 51)]
    sprayed = entry(4, "พ่นหมอกควัน หมู่ 1-5", **of_year(2566))
    index.update([sprayed, *others, *ROADS_OF_2566], (), position=1)
    page = index.search(parse_query("พ่นหมอกควัน หมู่ 3 ปี 2566"))
    assert [hit.announcement_id for hit in page.hits] == [4]


FEES_OF_2566 = (
    entry(1, "เก็บค่าขยะ หมู่ 7", **of_year(2564)),
    entry(2, "ประชุมประชาคม หมู่ 7", **of_year(2564)),
    *(entry(at, f"อัตราค่าขยะ ฉบับแก้ไข {at}", **of_year(2566)) for at in range(3, 8)),
    *ROADS_OF_2566,
)


def test_not_all_of_a_year_comes_near_what_is_of_another_year(index: SearchIndex) -> None:
    index.update(FEES_OF_2566, (), position=1)
    page = index.search(parse_query("ประชุมประชาคมหมู่ 7 ปี 2566", per_page=50))
    assert (page.total, [hit.announcement_id for hit in page.related]) == (0, [2])
    assert query_notes.NOT_THEN in page.query.loosened


@pytest.mark.parametrize("typed", ["2564", "๒๕๖๔"])
def test_a_number_of_four_digits_alone_may_be_a_year(index: SearchIndex, typed: str) -> None:
    index.update(
        [
            entry(1, "ซ่อมถนน", published_on=dt.date(2021, 6, 9)),
            entry(2, "ซ่อมถนนตามคำสั่งที่ 215/2564", published_on=dt.date(2021, 7, 9)),
            entry(3, "ซ่อมถนน", published_on=dt.date(2023, 6, 9)),
        ],
        (),
        position=1,
    )
    page = index.search(parse_query(typed))
    assert page.hits[0].announcement_id == 2
    assert page.query.may_end_with_year
    of_year = index.search(interpret_as(page.query, Interpretation.WITH_YEAR))
    assert {hit.announcement_id for hit in of_year.hits} == {1, 2}


@pytest.mark.parametrize(
    "typed",
    [
        *("ถนนสาย 64", "หมู่ 64", "มาตรา 64", "น้ำ 22", "น้ำ ปี 64", "64", '"น้ำ 64"', "น้ำ 1/64"),
        *("ที่ 2564", "215/2564", "1234"),
        *("ท่อ -น้ำ64", "ท่อ NOT น้ำ64", "ท่อ category:น้ำ64", "author:กองช่าง64", "ฟ" * 498 + "64"),
    ],
)
def test_a_number_that_is_no_year_is_none(typed: str) -> None:
    assert not parse_query(typed).may_end_with_year


@pytest.mark.parametrize(
    "typed",
    ["ท่อระบายน้ำ ถนนคอนกรีต -ปี64", "ท่อระบายน้ำ ถนนคอนกรีต NOT ปี 64", "ข่าว ปี 64", "มกราคม 64"],
)
def test_a_year_that_is_typed_as_one_is_not_assumed(index: SearchIndex, typed: str) -> None:
    index.update(
        [
            entry(1, "วางท่อระบายน้ำข้างถนน", published_on=dt.date(2023, 6, 9)),
            entry(2, "ซ่อมถนนคอนกรีต", published_on=dt.date(2020, 6, 9)),
            *(entry(at, "งานวันเด็ก", published_on=dt.date(2022, 1, 9)) for at in range(3, 9)),
        ],
        (),
        position=1,
    )
    page = index.search(parse_query(typed))
    assert page.query.typed == typed
    assert not page.query.is_year_assumed
    if page.query.filters.excluded:
        assert {hit.announcement_id for hit in page.hits} == {1, 2}
        assert page.query.times == ()


@pytest.mark.parametrize(
    "typed", ["land tax in 2021", "land tax for 30 days", "how do i pay land tax in 2021"]
)
def test_a_small_english_word_and_a_number_are_no_code(index: SearchIndex, typed: str) -> None:
    index.update(
        [
            entry(1, "Pay the land tax 2021", "within 30 days", published_on=dt.date(2021, 6, 9)),
            entry(2, "Land use plan", published_on=dt.date(2021, 6, 9)),
        ],
        (),
        position=1,
    )
    page = index.search(parse_query(typed))
    assert page.hits[0].announcement_id == 1
    assert not page.hits[0].is_partial
    assert query_notes.NOT_ALL not in page.query.loosened


def test_a_connective_makes_no_question_of_an_english_query(index: SearchIndex) -> None:
    index.update(
        [
            entry(1, "Water and sewage works", published_on=dt.date(2021, 6, 9)),
            entry(2, "Water and sewage works", "since june 2021", published_on=dt.date(2023, 6, 9)),
        ],
        (),
        position=1,
    )
    narrowed = index.search(parse_query("water and sewage june 2021"))
    assert [hit.announcement_id for hit in narrowed.hits] == [1]
    asked = index.search(parse_query("when are water and sewage works in june 2021"))
    assert {hit.announcement_id for hit in asked.hits} == {1, 2}


def test_a_text_comes_back_as_typed_where_no_time_has_it(index: SearchIndex) -> None:
    index.update([entry(1, "ประกาศหยุดจ่ายน้ำประปา", published_on=dt.date(2023, 6, 9))], (), position=1)
    page = index.search(parse_query("ประกาศน้ำประปา 64"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert page.query.typed == "ประกาศน้ำประปา 64"


def test_what_has_only_some_words_comes_after_what_has_all(index: SearchIndex) -> None:
    long = "ทางหลวง " * 200 + "ซ่อมสะพาน"
    index.update(
        [
            entry(1, "ทางหลวงชนบท", long, published_on=dt.date(2020, 1, 1)),
            entry(2, "ซ่อมสะพานทุ่งนา ซ่อมสะพาน"),
            *(entry(number, "ถนน") for number in range(3, 15)),
        ],
        (),
        position=3,
    )
    for sort in (Sort.RELEVANCE, Sort.NEWEST):
        page = index.search(parse_query("ซ่อมสะพาน ทางหลวง", sort=sort))
        assert [(hit.announcement_id, hit.is_partial) for hit in page.hits] == [(1, False), (2, True)]
        assert (page.total, page.partial, page.query.loosened) == (2, 1, ())


def test_of_equal_documents_with_all_of_it_the_newest_comes_first(index: SearchIndex) -> None:
    first = dt.date(2021, 6, 1)
    index.update(
        [
            *(entry(day, "ซ่อมสะพาน ทางหลวง", published_on=first + dt.timedelta(day)) for day in range(1, 8)),
            entry(8, "ซ่อมสะพาน", published_on=dt.date(2021, 7, 1)),
            *(entry(id, "ถนนและท่อ", f"งานก่อสร้างสายที่ {id}") for id in range(9, 60)),
        ],
        (),
        position=1,
    )
    page = index.search(parse_query("ซ่อมสะพาน ทางหลวง"))
    assert [hit.announcement_id for hit in page.hits] == [7, 6, 5, 4, 3, 2, 1, 8]
    assert page.partial == 1


def test_related_announcements_are_about_the_same(index: SearchIndex) -> None:
    words = "คณะ พัสดุ เสนอ ตรวจรับ งบกลาง เอกสาร ระเบียบ พัฒนา"
    index.update(
        [
            entry(1, "จัดตั้งศูนย์ส่งเสริมการมีส่วนร่วม", words),
            entry(2, "ก่อสร้างถนนคอนกรีตเสริมเหล็ก", words),
            entry(3, "ก่อสร้างถนนลูกรัง", words),
            *(entry(number, "เก็บขยะ") for number in range(4, 20)),
        ],
        (),
        position=3,
    )
    assert (index.find_similar(1), index.find_similar(2)) == ([], [3])


def test_pieces_of_a_longer_word_are_not_the_word(index: SearchIndex) -> None:
    pieces = "ใบสั่งของผู้ขับขี่รถยนต์ส่วนกลาง ให้ส่งต่อแก่กองคลัง อายุการใช้งานสิบปี"
    index.update([entry(1, "ระเบียบรถยนต์ส่วนกลาง", pieces)], (), position=1)
    assert index.search(parse_query("ใบขับขี่ต่ออายุ")).total == 0
    index.update([entry(2, "รับต่ออายุใบขับขี่")], (), position=2)
    page = index.search(parse_query("ใบขับขี่ ต่ออายุ"))
    assert (page.hits[0].announcement_id, page.total - page.partial) == (2, 1)


def test_what_bears_a_number_comes_before_what_names_it(index: SearchIndex) -> None:
    names = entry(1, "ยกเลิกคำสั่งที่ 301/2564", "คำสั่งที่ 188/2565 ยกเลิกคำสั่งที่ 301/2564", number="188/2565")
    bears = entry(2, "มาตรการโรคติดต่อ", "คำสั่งเทศบาล ที่ ๓๐๑/๒๕๖๔ " + "งดใช้สนาม " * 50, number="๓๐๑/๒๕๖๔")
    other = entry(3, "เทศบัญญัติ", "บัญชี 188 รายการ " + "งบประมาณ " * 20 + "ข้อ 65")
    index.update([names, bears, other], (), position=3)
    assert [hit.announcement_id for hit in index.search(parse_query("คำสั่ง 301/2564")).hits][:2] == [2, 1]
    for typed in ("๑๘๘/๖๕", "188/2565"):  # 188 and 65 apart are no number
        assert [hit.announcement_id for hit in index.search(parse_query(typed)).hits] == [1]
    spaced = entry(4, "คำสั่ง ที่ ๑๘๙ / ๒๕๖๕")
    index.update([spaced], (), position=4)
    assert [hit.announcement_id for hit in index.search(parse_query("189/65")).hits] == [4]


@pytest.mark.parametrize("typed", ["คส. 17/63", "คส.๑๗/๒๕๖๓", "ค.ส. 17/2563", "คส 17/63"])
def test_an_abbreviated_kind_before_a_number_is_that_kind(index: SearchIndex, typed: str) -> None:
    index.update(
        [
            entry(1, "แต่งตั้งคณะกรรมการชุมชน", "คำสั่งเทศบาล ที่ ๑๗/๒๕๖๓", number="๑๗/๒๕๖๓"),
            entry(2, "ห้ามเผา", "ประกาศเทศบาล ที่ ๑๗/๒๕๖๓", number="๑๗/๒๕๖๓"),
            entry(3, "ระเบียบ", "แผนงานที่ 17 ตั้งไว้ 2563 บาท"),
        ],
        (),
        position=3,
    )
    page = index.search(parse_query(typed))
    assert page.hits[0].announcement_id == 1
    assert "คำสั่ง" in " ".join(note.thai for note in page.query.understood)
    assert index.search(parse_query(typed.replace("ค", "ป").replace("ส", "ก"))).hits[0].announcement_id == 2


@pytest.mark.parametrize("typed", ["สพ 17/2563", "สน. 17/2563"])
def test_the_last_word_of_a_kind_s_name_is_not_abbreviated(index: SearchIndex, typed: str) -> None:
    index.update([entry(1, "ข่าวประชาสัมพันธ์ 17/2563"), entry(2, "หนังสือที่ 17/2563")], (), position=1)
    assert not index.search(parse_query(typed)).query.understood


def test_quoted_letters_before_a_number_are_no_abbreviated_kind(index: SearchIndex) -> None:
    index.update([entry(1, "คำสั่งที่ 17/2563"), entry(2, "หนังสือ คส. 17/2563")], (), position=1)
    page = index.search(parse_query('"คส. 17/2563"'))
    assert [hit.announcement_id for hit in page.hits] == [2]
    assert not page.query.understood


@pytest.mark.parametrize("typed", ["คำสั่งที่ 301", "คำสั่ง 301", "คำสั่งที่๓๐๑"])
def test_what_bears_a_number_without_its_year_comes_before_what_names_it(
    index: SearchIndex, typed: str
) -> None:
    names = entry(1, "ยกเลิกคำสั่งที่ 301/2564", "คำสั่งที่ 188/2565 ยกเลิกคำสั่งที่ 301/2564", number="188/2565")
    bears = entry(2, "มาตรการโรคติดต่อ", "คำสั่งเทศบาล ที่ ๓๐๑/๒๕๖๔ " + "งดใช้สนาม " * 50, number="๓๐๑/๒๕๖๔")
    index.update([names, bears, *(entry(id, f"กีฬา {id}") for id in range(10, 20))], (), position=3)
    assert [hit.announcement_id for hit in index.search(parse_query(typed)).hits] == [2, 1]


def test_a_year_behind_a_kind_of_document_is_no_number(index: SearchIndex) -> None:
    of_year = entry(30, "คำสั่งแต่งตั้งเวร 2564", "คำสั่งแต่งตั้งเวรยาม 2564", kind=DocumentKind.ORDER)
    letter = entry(31, "แจ้งเรื่องน้ำ", "คำสั่งนี้ 2564", kind=DocumentKind.LETTER, number="มท 0808.2/2564")
    index.update([of_year, letter, *(entry(id, f"กีฬา {id}") for id in range(10, 20))], (), position=3)
    assert index.search(parse_query("คำสั่ง 2564")).hits[0].announcement_id == 30


def test_a_number_without_its_year_is_not_the_end_of_a_letter_s_number(index: SearchIndex) -> None:
    order = entry(33, "คำสั่งที่ 5/2565 แต่งตั้ง", "คำสั่ง 5/2565", kind=DocumentKind.ORDER, number="5/2565")
    ending = {"kind": DocumentKind.LETTER, "number": "นป 52001/5"}
    letter = entry(34, "คำสั่งที่ 5 คำสั่งที่ 5", "ตามคำสั่งที่ 5", **ending)
    index.update([order, letter], (), position=3)
    assert index.search(parse_query("คำสั่งที่ 5")).hits[0].announcement_id == 33


def test_who_gives_a_document_s_number_gets_no_others(index: SearchIndex) -> None:
    order = entry(1, "ประกวดราคาจ้างก่อสร้างถนน", "คำสั่งเทศบาล ที่ ๙๘/๒๕๖๗ เรื่อง แต่งตั้งคณะกรรมการ")
    others = [entry(n, f"แต่งตั้งคณะทำงาน {n}", f"คำสั่งเทศบาล ที่ {n}/2566") for n in range(2, 6)]
    naming = entry(9, "ยกเลิกการแต่งตั้ง", "ให้ยกเลิกที่ 98/2567")
    index.update([order, naming, *others, *(entry(n, f"กีฬา {n}") for n in range(10, 20))], (), position=3)
    page = index.search(parse_query("คำสั่งแต่งตั้ง 98/2567"))
    assert [hit.announcement_id for hit in page.hits] == [1, 9]
    assert (page.total, page.partial) == (2, 1)


def test_what_cites_a_document_s_number_at_another_time_is_shown_beside_what_is_of_the_time(
    index: SearchIndex,
) -> None:
    order = entry(1, "ซ่อมถนน", "คำสั่งเทศบาล ที่ ๒๑๕/๒๕๖๔", published_on=dt.date(2021, 6, 9))
    cited = "ตามคำสั่งที่ 215/2564 เดือนมิถุนายน 2564"
    later = entry(2, "ติดตามงานซ่อมถนน", cited, published_on=dt.date(2022, 3, 1))
    index.update([order, later], (), position=2)
    page = index.search(parse_query("ซ่อมถนน 215/2564 มิถุนายน 2564"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert [hit.announcement_id for hit in page.related] == [2]


@pytest.mark.parametrize("typed", ["คำสั่งที่ ๓๐๑", "คำสั่ง 301", "คำสั่งเลขที่ 301/2", "301"])
def test_a_papers_number_is_completed_while_it_is_typed(index: SearchIndex, typed: str) -> None:
    bears = entry(2, "มาตรการโรคติดต่อ", "งดใช้สนาม", kind=DocumentKind.ORDER, number="๓๐๑/๒๕๖๔")
    index.update([bears, entry(3, "คำสั่งแต่งตั้งคณะกรรมการ")], (), position=2)
    assert "คำสั่งที่ ๓๐๑/๒๕๖๔" in index.suggest(typed)
    assert "คำสั่งที่ ๓๐๑/๒๕๖๔" not in index.suggest("คำสั่ง")  # in place of what orders are about
    assert index.suggest(typed, Filters(withheld=frozenset({2}))) == []


@pytest.mark.parametrize(
    ("typed", "meant", "id"),
    [
        ("อัตราค่าธรรมเนยีม", "อัตราค่าธรรมเนียม", 1),
        ("แต่งตั่งคณะกรรมการชุมชน", "แต่งตั้งคณะกรรมการชุมชน", 2),  # ตั่ง is a word that nothing has
        ("ประกวดราคาก่อส้างถนน", "ประกวดราคาก่อสร้างถนน", 3),
    ],
)
def test_a_slip_in_a_long_run_of_words_is_corrected(
    index: SearchIndex, typed: str, meant: str, id: int
) -> None:
    texts = "อัตราค่าธรรมเนียมเก็บขนขยะ", "แต่งตั้งคณะกรรมการชุมชน", "ประกวดราคาจ้างก่อสร้างถนน"
    index.update([entry(at, text) for at, text in enumerate(texts, start=1)], (), position=1)
    page = index.search(parse_query(typed))
    assert (page.hits[0].announcement_id, page.did_you_mean) == (id, meant)


def test_what_has_only_an_everyday_word_in_other_words_is_found_and_what_is_near_is_apart(
    index: SearchIndex,
) -> None:
    index.update(
        [
            entry(1, "ฉีดวัคซีนป้องกันโรคพิษสุนัขบ้า"),
            entry(2, "ลงทะเบียนรับเบี้ยยังชีพผู้สูงอายุ"),
            *(entry(at, "แจ้งซ่อมถนน", "คนงาน") for at in range(3, 12)),
        ],
        (),
        position=1,
    )
    page = index.search(parse_query("วัคซีนหมาบา"))
    assert ([hit.announcement_id for hit in page.hits], page.did_you_mean) == ([1], "วัคซีนหมาบ้า")
    page = index.search(parse_query("เบี้ยคนพิการ"))
    assert (page.total, [hit.announcement_id for hit in page.related]) == (0, [2])
    assert index.search(parse_query("แจ้งเกิด")).related == ()


def explained(index: SearchIndex, typed: str) -> SearchExplanation:
    explanation = index.search(replace(parse_query(typed), explain=True)).explanation
    assert explanation is not None
    return explanation


def test_the_order_of_hits_is_explained_by_tier_and_score(index: SearchIndex) -> None:
    index.update(
        [
            entry(1, "ซ่อมแซมถนน", "ถนน " * 40),
            entry(2, "ตลาดนัด", "ถนนคนเดิน ซ่อมไฟฟ้า คอนกรีต และลานจอดรถ " + "งบประมาณ " * 50),
            entry(3, "ซ่อมแซมถนนคอนกรีต"),
            entry(4, "ถนนคอนกรีต"),
            *(entry(at, f"ประชุมสภา ครั้งที่ {at}") for at in range(10, 22)),
        ],
        (),
        position=1,
    )
    page = index.search(replace(parse_query("ซ่อมแซม ถนนคอนกรีต"), explain=True))
    assert page.explanation is not None
    hits = page.explanation.hits
    assert [hit.announcement_id for hit in hits] == [hit.announcement_id for hit in page.hits]
    order = [(hit.standing.tier, hit.score) for hit in hits]
    assert order == sorted(order, reverse=True)
    standings = {hit.announcement_id: hit.standing for hit in hits}
    assert standings[3] is Standing.COMPLETE
    assert standings[1] is Standing.PARTIAL
    assert {hit.announcement_id for hit in page.hits if hit.is_partial} == {
        id for id, standing in standings.items() if standing is Standing.PARTIAL
    }


@pytest.mark.parametrize("sort", Sort)
def test_the_parts_of_a_score_add_up_to_it_in_any_order(index: SearchIndex, sort: Sort) -> None:
    index.update([entry(1, "ซ่อมแซมถนน"), entry(2, "ถนนคอนกรีต", "ซ่อมแซม"), entry(3, "ถนน")], (), position=1)
    explanation = index.search(replace(parse_query("ซ่อมแซม ถนน", sort=sort), explain=True)).explanation
    assert explanation is not None
    assert len(explanation.hits) >= 2
    for hit in explanation.hits:
        assert hit.score > 0
        assert sum(part.value for part in hit.parts) == pytest.approx(hit.score, abs=0.001)


def test_an_address_with_the_village_is_no_part_of_an_answer(index: SearchIndex) -> None:
    address = "ที่ทำการเทศบาล ๑๙๙ หมู่ ๔ ตำบลหนองปลาดุก"
    letters = [entry(at, "จัดซื้อโต๊ะ", address) for at in range(2, 5)]
    others = [entry(at, "ประชุมสภา") for at in range(10, 20)]
    index.update([entry(1, "ซ่อมสะพาน"), *letters, *others], (), position=1)
    assert found(index, "ซ่อมสะพาน หมู่ 4") in ([], [1])


def test_what_is_found_depends_neither_on_the_page_nor_on_its_length(index: SearchIndex) -> None:
    numbered = [entry(at, f"ถนนสาย {at}", f"ที่ นป ๕๒๓๐{at % 10}/ว ๑๘๗") for at in range(2, 30)]
    index.update([entry(1, "ห้องสมุด", "คำย่อ นป หมายถึงหนองปลา " * 3), *numbered], (), position=1)
    for typed in ("นป", "ถนนสาย 7", "ประชุมสภาที่ถนนสาย 7", "ห้องสมุดสวนสัตว์"):
        pages = [
            index.search(parse_query(typed, page=page, per_page=per_page, sort=sort))
            for page, per_page in ((1, 1), (1, 2), (1, 10), (1, 50), (2, 1), (2, 10))
            for sort in (Sort.RELEVANCE, Sort.NEWEST)
        ]
        assert len({page.total > 0 for page in pages}) == 1, typed


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        ("ซ่อมถนน", [("", InterpretationOutcome.TAKEN)]),
        ("น้ำประปา 64", [("", InterpretationOutcome.LACKS_WORDS), ("with-year", InterpretationOutcome.TAKEN)]),
        (
            "ปี 2550",
            [("", InterpretationOutcome.NOTHING_FOUND), ("dates-as-words", InterpretationOutcome.TAKEN)],
        ),
        (
            "น้ำประปา ปี 2550",
            [("", InterpretationOutcome.OTHER_TIMES), ("without-dates", InterpretationOutcome.TAKEN)],
        ),
        (
            "น้ำประปา 50",
            [
                ("", InterpretationOutcome.LACKS_WORDS),
                ("with-year", InterpretationOutcome.OTHER_TIMES),
                ("with-year without-dates", InterpretationOutcome.TAKEN),
            ],
        ),
    ],
)
def test_an_explanation_names_the_interpretations_that_were_tried(
    index: SearchIndex, typed: str, tried: list[tuple[str, InterpretationOutcome]]
) -> None:
    index.update(
        [
            entry(1, "ประกาศหยุดจ่ายน้ำประปา", published_on=dt.date(2021, 6, 9)),
            *(entry(at, "ซ่อมถนน", published_on=dt.date(2023, 6, 9)) for at in range(4, 10)),
        ],
        (),
        position=1,
    )
    explanation = explained(index, typed)
    found = [(" ".join(sorted(each.interpretations)), each.outcome) for each in explanation.interpretations]
    assert found == tried


def test_an_explanation_says_what_else_was_done_for_an_interpretation(index: SearchIndex) -> None:
    index.update([entry(at, "ประกาศหยุดจ่ายน้ำประปา") for at in range(1, 9)], (), position=1)
    (corrected,) = explained(index, "น้ำปรปา").interpretations
    assert (corrected.words, corrected.steps) == ("น้ำประปา", (SearchStep.CORRECTED,))
    index.update(FEES, (), position=2)
    explanation = explained(index, "ค่าขยะหมู่ 7")
    (of_village,) = explanation.interpretations
    assert of_village.steps == (SearchStep.VILLAGE_UNKNOWN,)
    assert (explanation.coverage, of_village.coverage > 0) == (0.0, True)


def test_everyday_words_are_suggested_where_a_paper_has_the_official_ones(index: SearchIndex) -> None:
    index.update([entry(1, "อัตราค่าธรรมเนียมเก็บขนขยะมูลฝอย"), entry(2, "ซ่อมถนน")], (), position=1)
    assert index.suggest("ค่าข") == ["ค่าขยะ"]
    assert index.suggest("บัตรค") == []  # nothing here is about บัตรคนจน


def test_no_misspelt_word_is_suggested(index: SearchIndex) -> None:
    papers = ["อัตราค่าธรรมเนียม", "ขออนุญาตก่อสร้าง", "เตือนภัยน้ำท่วม", "โรคโควิด 19", "เว็บไซต์ใหม่"]
    index.update([entry(at, title) for at, title in enumerate(papers, 1)], (), position=1)
    wrong = {"ค่าทำเนียม", "อนุญาติ", "น้าท่วม", "โควิท", "เว็บไซด์"}
    for typed in ("ค่าทำ", "อนุญ", "น้าท", "โควิ", "เว็บ"):
        assert not wrong.intersection(index.suggest(typed)), typed
