"""Interpretation of typed queries: abbreviations, slips, dates, filters, the other keyboard."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from archive.model import DocumentKind
from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from indexer.search.highlighting import highlight
from indexer.search.query.parser import Filters, Query, parse_query
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import build_query_plan, explained_expansions
from indexer.search.query.question_words import stretches_without_question_words
from tests.contracts.test_search_index import entry

ENTRIES = (
    entry(1, "ประกาศองค์การบริหารส่วนตำบลหนองบัว เรื่อง ภาษีที่ดิน", published_on=dt.date(2021, 6, 9)),
    entry(2, "ทต.บ้านใหม่ ประชาสัมพันธ์การชำระภาษี", published_on=dt.date(2021, 7, 1)),
    entry(3, "เทศบาลตำบลดอนแก้ว รับสมัครพนักงาน", published_on=dt.date(2021, 11, 30)),
    entry(4, "นายกองค์การบริหารส่วนตำบลโคกสูงเปิดงาน", published_on=dt.date(2022, 6, 15)),
    entry(5, "คำสั่งแต่งตั้งกรรมการ", number="มท 0808.2/ว 123", kind=DocumentKind.ORDER, author="กองคลัง"),
    entry(6, "แจ้งเหตุอุทกภัย", "น้ำท่วมถนนสายหลัก", published_on=dt.date(2020, 10, 2)),
    entry(7, "ระเบียบ อปท. ว่าด้วยการพัสดุ", author="กองช่าง", published_on=dt.date(2019, 1, 5)),
    entry(8, "บริการ internet สาธารณะ", "ติดตั้ง covid-19 เครื่องฟอก", published_on=dt.date(2021, 6, 30)),
    entry(9, "ประชุมสภาเทศบาล", "นัดวันที่ ๙ มิถุนายน ๒๕๖๔ เวลา ๑๐.๐๐ น.", published_on=dt.date(2021, 5, 28)),
    *(entry(number, f"อุทกภัย ครั้งที่ {number} ของเทศบาล", "ท่าอากาศยาน คลินิก") for number in range(20, 26)),
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    index = WhooshIndex(tmp_path_factory.mktemp("index"), Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(ENTRIES)
    return index


def found(index: WhooshIndex, typed: str) -> list[int]:
    return [hit.announcement_id for hit in index.search(parse_query(typed, per_page=50)).hits]


def run(index: WhooshIndex, typed: str) -> Query:
    return index.search(parse_query(typed)).query


def said(remarks: tuple[BilingualNote, ...]) -> list[str]:
    """Returns the notes on the query in Thai."""
    return [remark.thai for remark in remarks]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("อบต.หนองบัว", 1),
        ("อบต หนองบัว", 1),
        ("นายก อบต.", 4),
        ("นายกอบต.โคกสูง", 4),
        ("เทศบาลตำบลบ้านใหม่", 2),
        ("ทต.ดอนแก้ว", 3),
        ("องค์กรปกครองส่วนท้องถิ่น พัสดุ", 7),
    ],
)
def test_abbreviations_are_found_both_ways(index: WhooshIndex, typed: str, wanted: int) -> None:
    assert found(index, typed)[0] == wanted


def test_what_an_abbreviation_was_read_as_is_said_and_marked(index: WhooshIndex) -> None:
    query = run(index, "อบต. หนองบัว")
    assert "ค้นคำว่า “องค์การบริหารส่วนตำบล” ด้วย" in said(query.understood)
    assert "องค์การบริหารส่วนตำบล" in query.extra_highlights


def test_nobody_is_told_what_the_eras_stand_for(index: WhooshIndex) -> None:
    for typed in ("ภาษี พ.ศ.", "พ.ศ. 2564 ภาษี"):
        assert not any("พุทธศักราช" in note for note in said(run(index, typed).understood))


def test_signs_without_a_word_are_said_to_be_none(index: WhooshIndex) -> None:
    assert said(run(index, "!!!???").understood) == ["ไม่มีคำให้ค้นในข้อความที่พิมพ์ จึงแสดงประกาศทั้งหมด"]
    assert run(index, " ").understood == ()


def test_a_land_deed_is_no_woman(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ประชุมสภา", "นางสาวสมศรี กล่าวว่ามี 3 เรื่อง"), entry(2, "ถนน")], (), position=2)
    assert index.search(parse_query("น.ส. สมศรี")).total == 1
    assert index.search(parse_query("น.ส.3")).total == 0


@pytest.mark.parametrize(
    ("typed", "is_read"),
    [
        ("สส", True),
        ("ติดต่อสส", True),
        ("สสเขต 2", True),
        ("ส.ส.เขต", True),
        ("รถไฟฟ้าบีทีเอสสถานีหนองปลาดุก", False),
    ],
)
def test_two_letters_within_a_longer_run_are_no_abbreviation(typed: str, is_read: bool) -> None:
    expansions = explained_expansions(build_query_plan(parse_query(typed), Dictionary().current()))
    assert ("สมาชิกสภาผู้แทนราษฎร" in expansions) == is_read


def test_staff_extend_the_abbreviations(tmp_path: Path) -> None:
    dictionary = Dictionary(tmp_path / "words.txt")
    index = WhooshIndex(tmp_path / "index", dictionary)
    index.update([entry(1, "โครงการบ้านเอื้ออาทรริมคลอง")], (), position=1)
    assert index.is_current()
    dictionary.add_entry("บออ. = บ้านเอื้ออาทร")
    assert not index.is_current()
    with index.rebuild() as generation:
        generation.add_announcements([entry(1, "โครงการบ้านเอื้ออาทรริมคลอง")])
    assert found(index, "บออ.") == found(index, "บออ") == [1]


def test_the_other_keyboard_is_understood(index: WhooshIndex) -> None:
    page = index.search(parse_query("gmL[k]"))
    assert page.did_you_mean == "เทศบาล"
    assert {9, 20} <= {hit.announcement_id for hit in page.hits}
    assert "แสดงผลของ “เทศบาล” แทน “gmL[k]”" in said(page.query.understood)
    assert "Showing results for “เทศบาล” instead of “gmL[k]”" in [
        remark.english for remark in page.query.understood
    ]
    assert found(index, "แนอรก") == [8]
    assert index.search(parse_query("covid")).did_you_mean is None


def test_a_correction_leaves_longer_words_that_begin_alike_to_theirs(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "หยุดจ่ายน้ำประปา"), entry(2, "ภัยแล้ง น้ำ")], (), position=2)
    assert index.search(parse_query("ohe ohexitxk")).did_you_mean == "น้ำ น้ำประปา"
    assert index.search(parse_query("ohexitxk ohe")).did_you_mean == "น้ำประปา น้ำ"


def test_the_other_keyboard_is_understood_with_caps_lock_on(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "หยุดจ่ายน้ำประปา"), entry(2, "ตลาด OTOP")], (), position=2)
    page = index.search(parse_query("OHE"))
    assert (page.did_you_mean, page.hits[0].announcement_id) == ("น้ำ", 1)
    assert "น้ำประปา" in index.suggest("OHE")
    assert index.search(parse_query("OTOP")).did_you_mean is None


def test_a_dash_may_be_a_letter_of_the_other_keyboard(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "เก็บขยะ"), entry(2, "ไฟล์ pdf"), entry(3, "รับสมัครงาน")], (), position=3)
    page = index.search(parse_query("-pt"))
    assert ([hit.announcement_id for hit in page.hits], page.did_you_mean) == ([1], "ขยะ")
    assert said(page.query.understood) == ["แสดงผลของ “ขยะ” แทน “-pt”", "ค้นคำว่า “มูลฝอย” ด้วย"]
    assert set(found(index, "-pdf")) == {1, 3}
    assert found(index, "iy[l,y8i'ko") == [3]


def test_letters_of_the_other_keyboard_may_be_in_the_archive(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "เทศบาล"), entry(2, "ขนาด GM และ L หรือ K")], (), position=2)
    assert found(index, "gmL[k]") == [1]
    assert found(index, "GM L") == [2]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("อุททกภัย", "อุทกภัย"),
        ("ทาอากาศยาน", "ท่าอากาศยาน"),
        ("คลินิค", "คลินิก"),
        ("น้ำถ่วม", "น้ำท่วม"),
        ("เทศบาน", "เทศบาล"),
    ],
)
def test_slips_are_read_as_what_the_archive_has(index: WhooshIndex, typed: str, meant: str) -> None:
    page = index.search(parse_query(typed))
    assert page.did_you_mean == meant
    assert [hit.announcement_id for hit in page.hits] == found(index, meant)
    assert meant in page.query.corrected_words


def test_a_slip_in_the_last_short_word_of_an_everyday_word_is_corrected(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ป้องกันไข้เลือดออก"), entry(2, "ถนน")], (), position=2)
    page = index.search(parse_query("ไข้เลือดออด"))
    assert (page.did_you_mean, [hit.announcement_id for hit in page.hits]) == ("ไข้เลือดออก", [1])


def test_what_only_withdrawn_records_have_is_never_offered(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "เหตุอุทกภัย"), entry(2, "ถนน")], (), position=2)
    assert index.search(parse_query("อุททกภัย")).did_you_mean == "อุทกภัย"
    index.update([], [1], position=3)
    assert index.search(parse_query("อุททกภัย")).did_you_mean is None
    assert index.suggest("อุท") == []


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("มิ.ย. 64", {1, 8}),
        ("มิถุนายน ๒๕๖๔", {1, 8}),
        ("June 2021", {1, 8}),
        ("9 มิถุนายน 2564", {1}),
        ("9/6/64", {1}),
        ("date:2021-06-09", {1}),
        ("มิ.ย.-ก.ค. 64", {1, 2, 8}),
        ("1-15 มิ.ย. 2564", {1}),
        ("ตั้งแต่ มิ.ย. 65", {4}),
        ("30 มิ.ย. 64 ถึง 30 พ.ย. 64", {2, 3, 8}),
        ("ปี 2562-2563", {6, 7}),
        ("year:2562-2563", {6, 7}),
        ("from:1/11/2564 to:30/6/2565", {3, 4}),
        ("ปีงบประมาณ 2564", {1, 2, 6, 8, 9}),
        ("ภาษี มิ.ย. 64", {1}),
        ("ประชุมสภา 9 มิถุนายน 2564", {9}),
        ("ประชุมสภาวันที่ 9 เดือนมิถุนายน ค.ศ. 2021", {9}),
        ("เดือน: ก.ค. 64 ภาษี", {2}),
        ("วันที่ 9 มิถุนายน พ.ศ. 2564", {1}),
        ("June 9, 2021", {1}),
        ("9-6-2564", {1}),
        ("9.6.2564", {1}),
        ("มิถุนา 64", {1, 8}),
        ("หลัง 30 มิ.ย. 64", {2, 3, 4}),
        ("ก่อน ม.ค. 64", {6, 7}),
        ("งบปี 64", {1, 2, 6, 8, 9}),
    ],
)
def test_stretches_of_time(index: WhooshIndex, typed: str, wanted: set[int]) -> None:
    dated = set(found(index, typed))
    assert {id for id in dated if id < 20} - {5} == wanted
    assert any(
        label in phrase
        for phrase in said(run(index, typed).understood)
        for label in ("วันที่", "ช่วง", "พ.ศ.", "ถึง", "แสดงเฉพาะ")
    )


def test_days_without_announcements_find_what_names_them(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "นัดประชุม", "วันที่ ๑๕ มิถุนายน ๒๕๖๔"), entry(2, "ถนน")], (), position=2)
    page = index.search(parse_query("15 มิ.ย. 64"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert any("ช่วงเวลา" in phrase for phrase in said(page.query.loosened))


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("ภาษี OR พัสดุ", {1, 2, 7}),
        ("ภาษี | พัสดุ", {1, 2, 7}),
        ("ภาษี หรือ พัสดุ หรือ ชำระภาษี", {1, 2, 7}),
        ("ภาษี AND ชำระ", {2}),
        ("ภาษี NOT ชำระ", {1}),
        ("title:พัสดุ", {7}),
        ("พัสดุ ฯลฯ", {7}),
        ("OR พัสดุ", {7}),
        ("พัสดุ OR", {7}),
    ],
)
def test_words_between_words(index: WhooshIndex, typed: str, wanted: set[int]) -> None:
    assert set(found(index, typed)) == wanted
    assert run(index, typed).loosened == ()


@pytest.mark.parametrize("typed", ["NOT", "OR", "AND", "หรือ", '"NOT"', "NOT ?", '"หรือ"'])
def test_an_operator_alone_is_a_word_to_find(tmp_path: Path, typed: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ถนน"), entry(2, "To be OR NOT to be AND หรือ ไม่")], (), position=2)
    assert found(index, typed) == [2]
    assert run(index, typed).understood == ()


def test_a_quoted_operator_joins_nothing() -> None:
    assert [chunk.text for chunk in parse_query('ถนน "หรือ" ซอย').chunks] == ["ถนน", "หรือ", "ซอย"]


def test_a_time_without_answers_is_given_up_and_said(index: WhooshIndex) -> None:
    query = run(index, "พัสดุ ม.ค. 50")
    assert found(index, "พัสดุ ม.ค. 50")[0] == 7
    assert any("ช่วงเวลา" in phrase for phrase in said(query.loosened))


def test_a_time_does_not_hide_what_has_far_more_of_the_words(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    winner = entry(1, "แชมป์", "ทีมเหย้าชนะทีมเยือนสามต่อหนึ่งในรอบชิงชนะเลิศที่สนามใหญ่")
    index.update([winner, entry(2, "ทีมงาน", "ประชุมวันที่ 7 กุมภาพันธ์ 2559")], (), position=2)
    asked = "เดือนกุมภาพันธ์ 2016 ทีมใดชนะทีมเยือนในรอบชิงชนะเลิศที่สนามใหญ่"
    assert found(index, asked)[0] == 1
    assert any("ช่วงเวลา" in phrase for phrase in said(run(index, asked).loosened))


@pytest.mark.parametrize(
    "typed",
    ["number:มท0808.2/ว123", "number: มท ๐๘๐๘.๒ / ว ๑๒๓", "เลขที่: มท 0808.2/ว 123", "number:0808.2/ว123"],
)
def test_references_in_any_spacing_and_numerals(index: WhooshIndex, typed: str) -> None:
    assert found(index, typed) == [5]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("author:กองคลัง", [5]),
        ('author:"กองคลัง"', [5]),
        ("author: กองช่าง พัสดุ", [7]),
        ("ประเภท:คำสั่ง", [5]),
        ("kind: order", [5]),
        ("year:2562", [7]),
        ("year:2019", [7]),
        ("ปี:๒๕๖๒", [7]),
        ('"น้ำท่วมถนน"', [6]),
        ("ภาษี -ชำระ", [1]),
        ("“น้ำท่วมถนน”", [6]),
        ("„น้ำท่วมถนน‟ ", [6]),
        ("น\u0e4d\u0e49าท่วมถนน", [6]),
        ("ｋｉｎｄ：ｏｒｄｅｒ", [5]),
        ("Author:กองคลัง", [5]),
        ("ｃｏｖｉｄ－１９", [8]),
        ("\u200bพัส\u200bดุ\ufeff", [7]),
    ],
)
def test_filters_phrases_and_exclusions(index: WhooshIndex, typed: str, wanted: list[int]) -> None:
    assert found(index, typed) == wanted


def test_typed_years_leave_a_chosen_date_and_may_be_in_any_order() -> None:
    chosen = Filters(from_date=dt.date(2021, 1, 1))
    assert parse_query("year:2560-2563", filters=chosen).filters == chosen
    assert parse_query("year:2563-2560").filters == parse_query("year:2560-2563").filters


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("-kind:order", "ตัดออก ประเภท: คำสั่ง"),
        ("NOT author:กองคลัง", "ตัดออก ผู้ประกาศ: กองคลัง"),
        ("-ปี:64", "ตัดออก พ.ศ. 2564"),
        ("-ปี2564", "ตัดออก พ.ศ. 2564"),
        ("-number:5/2564", "ตัดออก: 5/2564"),
        ("ถนน NOT เลขที่ 5/2564", "ตัดออก: 5/2564"),
        ("-มิถุนายน", "ตัดออก: มิถุนายน"),
        ('"NOT มิถุนายน', "ตัดออก: มิถุนายน"),
        ("NOT ก่อน 9 มิ.ย. 2564", "ตัดออก: ก่อน 9 มิ.ย. 2564"),
        ("-date:มิถุนายน", "ระบบอ่าน “-date:มิถุนายน” ไม่ออก จึงค้นโดยไม่ใช้ส่วนนี้"),
        ("-from:9/6/2564", "ระบบอ่าน “-from:9/6/2564” ไม่ออก จึงค้นโดยไม่ใช้ส่วนนี้"),
        ("NOT to:9/6/2564", "ระบบอ่าน “NOT to:9/6/2564” ไม่ออก จึงค้นโดยไม่ใช้ส่วนนี้"),
        ("-year:2560-2562", "ระบบอ่าน “-year:2560-2562” ไม่ออก จึงค้นโดยไม่ใช้ส่วนนี้"),
        ("-kind:ไม่มีชนิดนี้", "ระบบอ่าน “-kind:ไม่มีชนิดนี้” ไม่ออก จึงค้นโดยไม่ใช้ส่วนนี้"),
    ],
)
def test_an_exclusion_is_said(typed: str, note: str) -> None:
    query = parse_query(typed)
    assert [each.thai for each in query.understood] == [note]
    assert not query.times
    assert replace(query.filters, excluded=()) == Filters()


@pytest.mark.parametrize("typed", ["NOT kind:order ถนน", "NOT from:9/6/2564 ถนน", "NOT number:5/2564 ถนน"])
def test_an_exclusion_ends_with_its_filter(typed: str) -> None:
    query = parse_query(typed)
    assert [chunk.text for chunk in query.chunks] == ["ถนน"]
    assert "ถนน" not in [chunk.text for chunk in query.without]


def test_what_was_typed_is_said_as_it_was_typed(index: WhooshIndex) -> None:
    query = run(index, 'author:"Mr. Somchai" -INTERNET year:๒๕๖๔')
    assert said(query.understood) == ["ผู้ประกาศ: Mr. Somchai", "ตัดออก: INTERNET", "พ.ศ. 2564"]
    page = index.search(parse_query("Internet อุททกภัย"))
    assert page.did_you_mean == "Internet อุทกภัย"


def test_what_was_given_up_is_said(index: WhooshIndex) -> None:
    assert run(index, "ภาษี").loosened == ()
    scattered = index.search(parse_query('"น้ำท่วมบ้าน"'))
    assert (scattered.total, [hit.announcement_id for hit in scattered.related]) == (0, [6])
    assert any("คำพูด" in phrase for phrase in said(run(index, '"น้ำท่วมหลัก"').loosened))
    assert any("บางคำ" in phrase for phrase in said(run(index, "พัสดุ ปลาวาฬ").loosened))
    near = index.search(parse_query("พัสดุ ปลาวาฬ")).related
    assert [hit.announcement_id for hit in near] == [7]


def test_one_that_has_more_of_the_words_does_not_hide_the_others(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    others = [entry(id, "ประชุม", f"ข่าว {id}") for id in range(10, 50)]
    right, more = "พบน้ำมันรั่วในทะเลเป็นครั้งที่สอง", "แถลงใหญ่รอบสอง น้ำมันพืช"
    index.update([entry(1, "ประกาศ", right), entry(2, "ประกาศ", more), *others], (), position=2)
    assert found(index, "น้ำมันรั่ว มาบตาพุด รอบสอง แถลงใหญ่") == [2, 1]


def test_part_of_a_word_is_found_within_a_longer_phrase(index: WhooshIndex) -> None:
    assert found(index, "ริหารส่วนตำบลโคก")[0] == 4


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("เท", "เทศบาล"),
        ("เทศ", "เทศบาล"),
        ("อุท", "อุทกภัย"),
        ("องคการ", "ประกาศองค์การบริหารส่วนตำบลหนองบัว เรื่อง ภาษีที่ดิน"),
        ("เทศบ", "เทศบาล"),
        ("สภาเทศบ", "สภาเทศบาล"),
        ("ท่าอาก", "ท่าอากาศยาน"),
        ("gmL[", "เทศบาล"),
        ("น\u0e4d\u0e49าท", "น้ำท่วม"),
    ],
)
def test_half_typed_words_are_completed(index: WhooshIndex, typed: str, wanted: str) -> None:
    assert wanted in index.suggest(typed)


def test_half_a_word_is_not_completed_with_what_never_follows(index: WhooshIndex) -> None:
    assert "เทศบริการ" not in index.suggest("เทศบ")
    assert index.suggest("ภาษีส") == []


def test_a_village_is_found_by_its_number_in_words() -> None:
    assert [chunk.text for chunk in parse_query("ข่าว หมู่ที่เจ็ด").chunks] == ["ข่าว", "หมู่7"]
    assert [chunk.text for chunk in parse_query("หมู่สี่เหลี่ยม").chunks] == ["หมู่สี่เหลี่ยม"]


def test_a_year_typed_without_a_space_is_a_piece_of_its_own() -> None:
    spaced, joined = parse_query("น้ำ ปี 2564"), parse_query("น้ำปี ๒๕๖๔")
    assert [chunk.text for chunk in joined.chunks] == [chunk.text for chunk in spaced.chunks]
    assert joined.times == spaced.times


def test_a_number_is_not_found_within_a_longer_one(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "จำนวน 2500 ราย"), entry(2, "มีจำนวน 250 ราย")], (), position=2)
    assert found(index, '"จำนวน 250"') == [2]


@pytest.mark.parametrize(
    "typed",
    [
        "คำสั่งที่ 215/64",
        "ที่ ๒๑๕/๖๔",
        "215/64",
        "215-2564",
        "215.2564",
        "เลขที่ 215/2564",
        "เลขที่ 215 ปี 2564",
        "คำสั่งเลขที่ ๒๑๕ ปี พ.ศ. ๒๕๖๔",
        "คำสั่งที่ 215 พ.ศ. 2564",
        "คำสั่ง 215 ปี 64",
        "215 ปี 2564",
    ],
)
def test_a_number_and_its_year_may_be_typed_in_any_way(tmp_path: Path, typed: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    memo = "บันทึกข้อความ แผนปี 2564 ผลปี 2564 งบปี 2564"
    texts = ("คำสั่งที่ 188/2565 เรื่อง เวร", "คำสั่งที่ ๒๑๕/๒๕๖๔ เรื่อง เวร", "คำสั่งที่ 215/2563 เรื่อง เวร")
    entries = [entry(number, "จัดเวร", memo, text) for number, text in enumerate(texts, start=1)]
    index.update([*entries, entry(4, "บ้านเลขที่", "เลขที่ 9 เลขที่ 8")], (), position=4)
    page = index.search(parse_query(typed))
    assert (page.hits[0].announcement_id, page.hits[0].pages[0].number) == (2, 2)
    assert 4 not in [hit.announcement_id for hit in page.hits]


def test_misread_text_is_found(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update(
        [entry(1, "ประกาศ", "สำนักงานคุลกากรท่าเรีอ"), entry(2, "ประกาศ", "สำนักงานเขตพื้นที่")], (), position=2
    )
    assert found(index, "ศุลกากรท่าเรือ")[0] == 1


def test_words_that_only_ask_are_not_looked_for(index: WhooshIndex) -> None:
    assert found(index, "จ่ายภาษีที่ดินได้ที่ไหนครับ")[0] == 1
    query = run(index, "ภาษี ใคร")
    assert query.loosened == ()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("อยากทราบว่าภาษีที่ดินจ่ายที่ไหนได้บ้างคะ", "ภาษีที่ดินจ่าย|ได้"),
        ("ใครเป็นผู้ค้นพบเพนิซิลลิน", "เป็นผู้ค้นพบเพนิซิลลิน"),
        ("เมืองหลวงของฝรั่งเศสคืออะไร", "เมืองหลวงของฝรั่งเศส"),
        ("มีการใช้งบประมาณเท่าใดในปี", "มีการใช้งบประมาณ|ในปี"),
        ("ขอข่าวน้ำท่วมหน่อยครับ", "น้ำท่วม"),
        ("ขอใบอนุญาต", "ขอใบอนุญาต"),
        ("เก็บเกี่ยวข้าว", "เก็บเกี่ยวข้าว"),
        ("ผ้าไหมไทย", "ผ้าไหมไทย"),
        ("คะแนนสอบ", "คะแนนสอบ"),
        ("อะไร", ""),
        ("เรื่องน้ำ", "น้ำ"),
        ("ข่าวหมู่4", "หมู่4"),
        ("ข่าวของบ้านเราหมู่4มีอะไรบ้าง", "หมู่4"),
        ("ข่าวประชาสัมพันธ์ภาษี", "ภาษี"),
        ("เรื่องราวร้องทุกข์", "เรื่องราวร้องทุกข์"),
        ("ข่าวกีฬา", "ข่าวกีฬา"),
        ("ประกาศหยุดจ่ายน้ำ", "หยุดจ่ายน้ำ"),
        ("ประกาศรับสมัครงาน", "รับสมัครงาน"),
        ("ประกาศที่5/2567", "ประกาศที่5/2567"),
        ("ประกาศนียบัตร", "ประกาศนียบัตร"),
        ("สร้างบ้านเสียเงินเท่าไหร่", "สร้างบ้าน"),
        ("แล้วต้องเสียเงินเท่าไร", ""),
        ("เสียเงินค่าปรับ", "เสียเงินค่าปรับ"),
        ("คำสั่งปิดสนามยังใช้อยู่ไหม", "คำสั่งปิดสนาม"),
        ("ลำน้ำยัง", "ลำน้ำยัง"),
        ("น้ำท่วมลำน้ำยัง", "น้ำท่วมลำน้ำยัง"),
        ("บ้านหนองยัง", "บ้านหนองยัง"),
        ("น้ำลำน้ำยังลดหรือยัง", "น้ำลำน้ำยังลด"),
        ("เบี้ยยังชีพเข้ายัง", "เบี้ยยังชีพเข้า"),
        ("เปิดลงทะเบียนยังคะ", "เปิดลงทะเบียน"),
        ("เงินออกแล้วยัง", "เงินออก"),
    ],
)
def test_what_a_question_is_about(typed: str, told: str) -> None:
    stretches = stretches_without_question_words(typed, Dictionary().current().tokenizer)
    assert "|".join(typed[start:end] for start, end in stretches) == told


@pytest.mark.parametrize(
    "typed",
    ["เรื่องภาษี", "เรื่อง ภาษี", "ข่าวของภาษี", "เรื่องภาษีปี 2564", "ประกาศภาษี", "ประกาศ ภาษี", "ประกาศภาษี ปี 2564"],
)
def test_the_word_that_names_no_subject_is_neither_looked_for_nor_marked(tmp_path: Path, typed: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    day = dt.date(2021, 6, 9)
    index.update(
        [
            entry(1, "ชำระภาษี", "ยื่นได้ที่เทศบาล", published_on=day),
            entry(2, "หอกระจายข่าว", "เรื่องเดิม เรื่องเพื่อพิจารณา", published_on=day),
        ],
        (),
        position=2,
    )
    page = index.search(parse_query(typed))
    assert [(hit.announcement_id, hit.is_partial) for hit in page.hits] == [(1, False)]
    tokenizer = Dictionary().current().tokenizer
    segments = highlight("เรื่อง ข่าวการชำระภาษี", page.query, tokenizer)
    assert [segment.text for segment in segments if segment.is_hit] == ["ภาษี"]


def test_a_circular_letters_number_is_no_year() -> None:
    assert not parse_query("นป 52302 ว 54").may_end_with_year
    assert parse_query("ข่าว 64").may_end_with_year


def test_corrections_of_neighbours_are_told_as_one(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "คำสั่งแต่งตั้งกรรมการ"), entry(2, "ซ่อมถนน")], (), position=2)
    told = said(run(index, "คำสังแต่งตั้งกรรมกาน").understood)
    assert told == ["แสดงผลของ “คำสั่งแต่งตั้งกรรมการ” แทน “คำสังแต่งตั้งกรรมกาน”"]


@pytest.mark.parametrize(
    ("typed", "number"),
    [("หมู่สี่รถขยะ", "หมู่4รถขยะ"), ("หมู่สี่แยก", None), ("หมู่สามารถ", None), ("หมู่สอง", "หมู่2")],
)
def test_a_village_spelt_out_may_stand_before_words(typed: str, number: str | None) -> None:
    assert [chunk.text for chunk in parse_query(typed).chunks] == [number or typed]


def test_a_title_that_begins_with_such_a_word_is_found_by_it(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ข่าวลวงทางโทรศัพท์"), entry(2, "คนลวงขายของ"), entry(3, "เรื่อง น้ำ")], (), position=3)
    assert [
        hit.announcement_id for hit in index.search(parse_query("ข่าวลวง")).hits if not hit.is_partial
    ] == [1]
    assert set(found(index, "ข่าวคนลวง")) >= {2}
    assert not run(index, "เรื่องน้ำ").names_title


def test_a_question_of_nothing_but_asking_words_is_searched(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ทำไมต้องแยกขยะ"), entry(2, "ถนน")], (), position=2)
    assert found(index, "ทำไม") == [1]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("หมา", "ขึ้นทะเบียนสุนัข"),
        ("เบี้ยคนแก่", "จ่ายเบี้ยยังชีพผู้สูงอายุ"),
        ("เว็บไซต์", "ดูที่ website ของเรา"),
        ("website", "ดูที่เว็บไซต์ของเรา"),
        ("อินเตอร์เน็ต", "บริการอินเทอร์เน็ต"),
        ("ดิจิตอล", "รัฐบาลดิจิทัล"),
        ("เอ็มโอยู", "ลงนาม MOU กับโรงเรียน"),
        ("ไวรัสเอชพีวี", "ฉีดวัคซีนไวรัส HPV"),
        ("แผน ปี 2021", "แผนปี 2564"),
        ("ฝุ่น pm 2.5", "ค่าฝุ่น PM2.5 วันนี้"),
        ("ค่าฝุ่น PM 2.5เกิน", "ค่าฝุ่นPM2.5 เกินมาตรฐาน"),
        ("PM2.5", "ฝุ่น PM 2.5 ไมครอน"),
        ("มอเตอร์เวย์ m6", "มอเตอร์เวย์ M 6"),
        ("ถนน m 6", "ถนน M6"),
        ("ประชุม 10 ก.พ. 65", "ประชุมวันที่ 10 กุมภาพันธ์ 2565"),
        ("แข่ง 24 มกราคม 2559", "แข่งเมื่อ 24 มกราคม ค.ศ. 2016"),
        ("จ่ายภาษีวันสุดท้าย", "ขอให้ชำระภาษีภายในเดือนมิถุนายน 2567"),
    ],
)
def test_the_same_in_other_words(tmp_path: Path, typed: str, written: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ประกาศ", written), entry(2, "ถนน")], (), position=2)
    page = index.search(parse_query(typed))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert page.query.loosened == ()


def test_the_words_that_were_typed_come_before_others_for_the_same(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    others = [entry(id, "สุนัข") for id in range(3, 9)]
    index.update([entry(1, "หมา"), entry(2, "สุนัข"), *others], (), position=2)
    assert found(index, "หมา")[0] == 1
    assert found(index, "สุนัข")[-1] == 1
    assert found(index, '"หมา"') == [1]
    assert 1 not in found(index, "สุนัข -หมา")


def test_a_piece_of_a_word_is_not_suggested(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(id, "ชำระ", "ภาษีเงิ นได้ ภาษีเพื่อ พลับพลึงธาร") for id in range(1, 6)], (), position=2)
    for typed in ("ภาษี", "ภาษีเ", "ภาษีเงิ", "เงิ"):
        assert {"ภาษีเงิ", "เงิ", "ภาษีเพื่อ"}.isdisjoint(index.suggest(typed)), typed
    assert "พลับพลึงธาร" in index.suggest("พลับพลึงธ")


def test_a_quoted_query_is_never_corrected(index: WhooshIndex) -> None:
    for typed in ('"gmL[k]"', '"เทศบาน"'):
        page = index.search(parse_query(typed))
        assert (page.did_you_mean, page.query.extra_highlights) == (None, ())


def test_an_abbreviation_is_never_read_as_another(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(id, "กองทุนของชาวบ้าน กอช. ขอช่วย") for id in (1, 2)], (), position=2)
    assert index.search(parse_query("สมัคร กอช. ได้ไหม")).did_you_mean is None
    assert index.search(parse_query("คอช.")).did_you_mean is None


def test_a_name_in_a_sentence_stays_as_it_was_typed(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "นายฐฒพล กล่าวเปิดงาน"), entry(2, "นายธพล และธนพล")], (), position=2)
    assert found(index, "ใครคือนายฐฒพลที่กล่าวเปิดงานในวันนั้น")[0] == 1


def test_a_rare_name_is_no_slip_where_it_stands_beside_the_same_words(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    others = [entry(id, "พะเยาโมเดล", f"โมเดล {id} อาชีพ") for id in range(2, 40)]
    index.update([entry(1, "ประวัติ", "ฮันส์ โมโดร เป็นนักการเมือง"), *others], (), position=2)
    page = index.search(parse_query("ฮันส์ โมโดร มีอาชีพอะไร"))
    assert page.did_you_mean is None
    assert page.hits[0].announcement_id == 1
    assert index.search(parse_query("พะเยาโมโดล")).did_you_mean == "พะเยาโมเดล"


@pytest.mark.parametrize(
    "typed",
    ["มีอะไรใหม่", "มีข่าวอะไรใหม่บ้างคะ", "ข่าวล่าสุด", "ประกาศ ล่าสุด", "ประกาศใหม่ๆ", "latest news", "What's new?"],
)
def test_a_question_for_whatever_is_new_lists_everything_newest_first(index: WhooshIndex, typed: str) -> None:
    assert found(index, typed) == found(index, "")
    assert "เรียงจากใหม่ที่สุด" in said(run(index, typed).understood)


def test_of_one_kind_the_newest_are_listed(index: WhooshIndex) -> None:
    assert found(index, "คำสั่งล่าสุด") == [5]


@pytest.mark.parametrize("typed", ["ทต.บ้านใหม่", "ภาษีใหม่เทศบาล"])
def test_a_name_with_new_in_it_is_no_such_question(typed: str) -> None:
    assert parse_query(typed).chunks


def test_the_latest_of_something_is_found_by_the_thing(index: WhooshIndex) -> None:
    assert found(index, "อุทกภัยล่าสุด") == found(index, "อุทกภัย")


def test_an_english_word_finds_the_thai_ones_but_not_the_other_way_round(index: WhooshIndex) -> None:
    assert 6 in found(index, "flood")
    assert "ค้นคำว่า “น้ำท่วม”, “อุทกภัย” ด้วย" in said(run(index, "Flood").understood)
    assert not any("flood" in note for note in said(run(index, "น้ำท่วม").understood))
    assert found(index, "land tax")[0] == 1


@pytest.mark.parametrize("typed", ["5 / 12 / 2567", "5/ 12 / 2567", "5 /12/ 2567"])
def test_a_date_between_spaces_is_no_document_number(typed: str) -> None:
    assert "12/2567" not in {chunk.text for chunk in parse_query(typed).chunks}


def test_a_document_number_between_spaces_is_one() -> None:
    assert [chunk.text for chunk in parse_query("คำสั่ง 98 / 2567").chunks] == ["คำสั่ง", "98/2567"]


def test_a_document_with_the_number_stands_before_those_that_name_it_oftener(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    named = "คำสั่งเทศบาลที่ 215/2564"
    with index.rebuild() as generation:
        generation.add_announcements(
            [
                entry(1, "แต่งตั้งคณะกรรมการตรวจรับพัสดุ", "ให้มีผลตั้งแต่บัดนี้", number="215/2564"),
                entry(2, f"ยกเลิก{named}", f"ให้ยกเลิก{named} และให้ใช้คำสั่งนี้แทน{named}", number="31/2565"),
            ]
        )
    assert found(index, "215/2564") == [1, 2]


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_kind_is_understood_by_each_name_that_pages_show(kind: DocumentKind) -> None:
    for name in kind.thai.split("/"):
        assert parse_query(f'kind:"{name}"').filters.kind is kind
