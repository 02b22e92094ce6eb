"""An answer is empty where too little of a query is covered; related results stand apart."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from archive.thai import today
from archive.thai.words import cut_words
from indexer.analysis.dictionary import MISSPELLINGS, Dictionary
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.engines.whoosh import WhooshIndex
from indexer.search.document_text import phrase_match_with_misreadings
from indexer.search.explanations import Standing
from indexer.search.highlighting import highlight
from indexer.search.query import query_notes
from indexer.search.query.parser import Filters, parse_query
from indexer.search.query.subqueries import split_into_subqueries
from indexer.search.tuning import TUNING
from indexer.search.villages import names_village, names_village_in_addresses_alone
from tests.contracts.test_search_index import FEES, FEES_OF_2566, entry, of_year

IMPOSSIBLE = Path(__file__).parents[3] / "benchmarks" / "impossible.jsonl"
"""Made queries for what no municipality has, each with the word that is absent."""

TITLES = (
    "ประกาศหยุดจ่ายน้ำประปาชั่วคราว",
    "ประกาศรับสมัครพนักงานจ้าง",
    "ประกาศเตือนภัยน้ำท่วมฉับพลัน",
    "โครงการก่อสร้างถนนคอนกรีตบ้านหนองปลาดุก",
    "ประกาศราคากลางซ่อมแซมถนนสายบ้านใหม่",
    "คำสั่งแต่งตั้งคณะกรรมการตรวจรับพัสดุ",
    "ตารางฉีดวัคซีนป้องกันโรคพิษสุนัขบ้า",
    "ประชาสัมพันธ์การชำระภาษีที่ดินและสิ่งปลูกสร้าง",
    "รายงานการประชุมสภาเทศบาล สมัยสามัญ",
    "ประกาศกำหนดวันเก็บขยะอันตราย",
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    index = WhooshIndex(tmp_path_factory.mktemp("index"), Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(entry(number, title) for number, title in enumerate(TITLES, start=1))
    return index


@pytest.mark.parametrize(
    "typed", ["ถนนแอตแลนติส", "ใบอนุญาตเลี้ยงยีราฟ", "ศูนย์อนุรักษ์เพนกวิน", "วัคซีน ยูนิคอร์น ฮอบบิท", "ลานสเก็ตน้ำแข็ง"]
)
def test_what_the_archive_does_not_have_is_not_found(index: WhooshIndex, typed: str) -> None:
    page = index.search(parse_query(typed))
    assert (page.total, page.hits, page.did_you_mean) == (0, (), None)
    assert not any(page.facets.values())


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("ถนนบ้านหนองปลาดุก", 4),
        ("ภาษีที่ดิน", 8),
        ("วัคซีนสุนัข", 7),
        ("เก็บขยะ", 10),
        ("ซ่อมถนน", 5),
        ("รับสมัครพนักงาน", 2),
    ],
)
def test_what_the_archive_has_is_found(index: WhooshIndex, typed: str, wanted: int) -> None:
    page = index.search(parse_query(typed))
    assert page.hits[0].announcement_id == wanted
    assert page.related == ()


def test_letters_that_look_alike_are_no_answer(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    others = [entry(number, "แรงงาน" if number % 2 else "ถนน") for number in range(10, 60)]
    index.update([entry(1, "จัดหาแรงงาน", "ฆจานบฆฬ นบินฌ"), *others], (), position=2)
    page = index.search(parse_query("แรงงาน จานบิน"))
    assert (page.total, [hit.announcement_id for hit in page.related]) == (0, [1])


@pytest.mark.parametrize(
    "typed",
    [
        "สนามบินหนองปลาดุก",
        "สนามบิน ที่ หนองปลาดุก",
        "โรงแรม หนองปลาดุก",
        "มีสนามบินที่หนองปลาดุกไหม",
        "มีสนามบินในตำบลหนองปลาดุกหรือเปล่า",
        "มีสวนสัตว์ในตำบลหนองปลาดุกหรือเปล่า",
        "หนองปลาดุกมีเรือนจำไหม",
        "เรือนจำหนองปลาดุกอยู่ที่ไหน",
    ],
)
def test_a_known_place_does_not_answer_for_a_thing_that_is_not_there(
    sample: tuple[WhooshIndex, list[str]], typed: str
) -> None:
    assert sample[0].search(parse_query(typed)).total == 0


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("ราคาทองคำ", ""),  # ราคา alone is in every tender
        ("ตรวจหวย", ""),
        ("ภาษีป้าย", "ชำระภาษี"),
        ("รับสมัครตำรวจ", "รับสมัครพนักงาน"),
        ("วัคซีน ยูนิคอร์น ฮอบบิท", "วัคซีน"),
        ("หมาจรจัด", "สุนัข"),  # neither it nor its synonym is there
        ("เสาไฟฟ้าล้ม", "ไฟฟ้าส่องสว่าง"),
        ("สนามบิน", ""),  # สนาม of สนามกีฬา is another thing
        ("หวยงวดนี้", ""),
        ("โรงพยาบาลศิริราช", ""),
        ("เบี้ยคนพิการ", "เบี้ยยังชีพผู้สูงอายุ"),  # another allowance
        ("แจ้งเกิด", ""),  # แจ้ง alone is in many titles
        ("คืนภาษีกรมสรรพากรวันไหน", "ชำระภาษี"),  # a question says more than it asks
        ("188/65", ""),  # both numbers stand apart in a budget
        ("ถังขยะ", "เก็บขนขยะมูลฝอย"),  # ขยะ is a subject by itself
        ("ขอถังขยะ", "เก็บขนขยะมูลฝอย"),
        ("เบี้ยผู้พิการ", "เบี้ยยังชีพผู้สูงอายุ"),
        ("ถนนขาด", "ก่อสร้างถนน"),
        ("ท่อตัน", ""),
        ("คนพิการ", ""),  # a คนงาน is none
        ("คนพิการมีสิทธิอะไรบ้าง", "ผู้มีสิทธิ"),  # สิทธิ alone is no answer where nothing has the subject
        ("ค่าน้ำประปาหน่วยละกี่บาท", "ประปา"),
    ],
)
def test_only_what_is_near_is_called_near(
    sample: tuple[WhooshIndex, list[str]], typed: str, near: str
) -> None:
    index, titles = sample
    page = index.search(parse_query(typed))
    shown = [titles[hit.announcement_id] for hit in page.related]
    assert page.total == 0
    assert near in " ".join(shown) if near else not shown


def test_some_of_the_words_are_no_answer_to_a_quoted_text(sample: tuple[WhooshIndex, list[str]]) -> None:
    index, _titles = sample
    page = index.search(parse_query('"น้ำไม่ไหล"'))
    assert (page.total, page.hits) == (0, ())
    assert index.search(parse_query('"ล้างถังตกตะกอน"')).total == 1
    beside_others = index.search(parse_query('ประกาศ "ล้างถังกกตะกอน" หยุดจ่ายน้ำประปาชั่วคราว'))
    assert beside_others.total == 1


def test_what_came_near_is_told_apart(index: WhooshIndex) -> None:
    page = index.search(parse_query("วัคซีน ยูนิคอร์น ฮอบบิท"))
    assert [hit.announcement_id for hit in page.related] == [7]
    assert page.coverage < 0.5
    assert index.search(parse_query("วัคซีน ยูนิคอร์น ฮอบบิท -kind:rule")).total == 0


def test_inside_one_announcement_what_little_it_has_is_shown(index: WhooshIndex) -> None:
    page = index.search(parse_query("วัคซีน ยูนิคอร์น ฮอบบิท", filters=Filters(announcement_id=7)))
    assert [hit.announcement_id for hit in page.hits] == [7]


def test_the_parts_of_a_score_add_up_to_it(index: WhooshIndex) -> None:
    page = index.search(replace(parse_query("ซ่อมแซมถนนบ้านใหม่"), explain=True))
    assert page.explanation is not None
    assert [hit.announcement_id for hit in page.explanation.hits] == [
        hit.announcement_id for hit in page.hits
    ]
    for hit, explained in zip(page.hits, page.explanation.hits, strict=True):
        assert sum(part.value for part in explained.parts) == pytest.approx(hit.score, abs=0.001)
    assert {clause.typed for clause in page.explanation.clauses} >= {"ซ่อมแซมถนน", "บ้าน"}
    assert all(clause.idf > 0 for clause in page.explanation.clauses)


def test_a_year_that_two_times_of_a_query_have_is_taken_off_once(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    body = "งบประมาณ พ.ศ. 2567 " * 5 + "ซ่อมถนน"
    published_on = dt.date(2024, 3, 1)
    others = [entry(at, "ประชุมสภา", published_on=published_on) for at in range(10, 20)]
    index.update([entry(1, "แจ้งงาน", body, published_on=published_on), *others], (), position=1)
    typed = "ซ่อมถนน มกราคม 2567 มีนาคม 2567"
    explanation = index.search(replace(parse_query(typed), explain=True)).explanation
    assert explanation is not None
    (hit,) = explanation.hits
    parts = {part.name: part.value for part in hit.parts}
    assert "misread words" not in parts
    assert parts["time named in the text"] == pytest.approx(-parts["bm25f: 2567"], abs=0.001)
    assert sum(parts.values()) == pytest.approx(hit.score, abs=0.001)


OFFICE_OF_4 = "ที่ทำการเทศบาล ๑๙๙ หมู่ ๔ ตำบลหนองปลาดุก"


@pytest.mark.parametrize(
    ("typed", "standings"),
    [
        (
            "พ่นหมอกควัน ม.4",
            [
                (1, Standing.COMPLETE),
                (4, Standing.OTHER_NUMBER),
                (3, Standing.OTHER_VILLAGE),
                (2, Standing.LETTERHEAD),
            ],
        ),
        ("คำสั่งที่ 301", [(7, Standing.BEARS_NUMBER), (6, Standing.COMPLETE)]),
        ("ทาสี สนามบิน", [(9, Standing.COMPLETE), (8, Standing.IN_PIECES)]),
    ],
)
def test_the_tier_of_a_hit_is_named_with_its_reason(
    tmp_path: Path, typed: str, standings: list[tuple[int, Standing]]
) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update(
        [
            entry(1, "พ่นหมอกควัน", f"{OFFICE_OF_4} จะพ่นหมอกควันที่หมู่ที่ ๔ ในวันจันทร์"),
            entry(2, "พ่นหมอกควัน", f"{OFFICE_OF_4} พ่นหมอกควันที่ตลาด"),
            entry(3, "พ่นหมอกควัน หมู่ 5", "แผนงานที่ 4"),
            entry(4, "พ่นหมอกควัน", "ตามพระราชบัญญัติ มาตรา 4"),
            entry(6, "ยกเลิกคำสั่งที่ 301/2564", "ยกเลิกคำสั่งที่ 301/2564", number="188/2565"),
            entry(7, "มาตรการโรคติดต่อ", "คำสั่ง ที่ ๓๐๑/๒๕๖๔ " + "งดใช้สนาม " * 50, number="๓๐๑/๒๕๖๔"),
            entry(8, "ทาสี สนาม ของโรงเรียน", "นก บิน ไปมา"),
            entry(9, "ทาสี สนามบิน"),
            *(entry(at, "ประชุมสภา") for at in range(10, 20)),
        ],
        (),
        position=1,
    )
    explanation = index.search(replace(parse_query(typed), explain=True)).explanation
    assert explanation is not None
    assert [(hit.announcement_id, hit.standing) for hit in explanation.hits] == standings
    order = [(hit.standing.tier, hit.score) for hit in explanation.hits]
    assert order == sorted(order, reverse=True)


def test_the_order_of_hits_whose_texts_are_not_read_is_explained_too(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    with index.rebuild() as generation:
        texts = [f"ซ่อมถนน {'ตลาดนัด ' * (at % 7)}" for at in range(200)]
        texts += [f"ถนน {'ประปา ' * (at % 5)} ซ่อม" for at in range(200)]
        generation.add_announcements(entry(at, "ประกาศ", text) for at, text in enumerate(texts, start=1))
    explanation = index.search(replace(parse_query("ซ่อมถนน", per_page=400), explain=True)).explanation
    assert explanation is not None
    order = [(hit.standing.tier, hit.score) for hit in explanation.hits]
    assert order == sorted(order, reverse=True)
    assert {Standing.UNREAD_COMPLETE, Standing.UNREAD_COMPLETE_WITH_PHRASE} <= {
        hit.standing for hit in explanation.hits
    }
    for hit in explanation.hits:
        assert sum(part.value for part in hit.parts) == pytest.approx(hit.score, abs=0.001)


def test_no_search_is_explained_unasked(index: WhooshIndex) -> None:
    assert index.search(parse_query("ถนน")).explanation is None


@pytest.fixture(scope="module")
def sample_records() -> list[dict[str, Any]]:
    """The sample archive's announcements as they are written."""
    text = (files("web") / "sample" / "announcements.toml").read_text(encoding="utf-8")
    announcements: list[dict[str, Any]] = tomllib.loads(text)["announcement"]
    return announcements


@pytest.fixture(scope="module")
def sample(
    tmp_path_factory: pytest.TempPathFactory, sample_records: list[dict[str, Any]]
) -> tuple[WhooshIndex, list[str]]:
    """The sample archive's announcements, and their titles by id."""
    index = WhooshIndex(tmp_path_factory.mktemp("sample"), Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(
            entry(id, each["title"], each["body"]) for id, each in enumerate(sample_records)
        )
    return index, [each["title"] for each in sample_records]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("น้ำไม่ไหล", "หยุดจ่ายน้ำประปา"),
        ("น้าไม่ไหล", "หยุดจ่ายน้ำประปา"),
        ("น้าท่วม", "น้ำท่วมฉับพลัน"),
        ("ซ่อมไฟหน้าบ้าน", "ไฟฟ้าส่องสว่าง"),
        ("แผนพัฒนา5ปี", "แผนพัฒนาท้องถิ่น"),
        ("แผนพัฒนาห้าปี", "แผนพัฒนาท้องถิ่น"),
        ("คสำ่งแต่งตั้งกรรมการชุมชน", "แต่งตั้งคณะกรรมการชุมชน"),
        ("ไฟดับ", "ไฟฟ้าส่องสว่าง"),
        ("ขยะเหม็น", "เก็บขนขยะ"),
        ("ลูกเข้าโรงเรียน", "รับสมัครเด็กเข้าศูนย์พัฒนาเด็กเล็ก"),
        ("น้ำท่วม", "น้ำท่วมฉับพลัน"),
        ("ไฟถนนเสีย", "ไฟฟ้าส่องสว่าง"),
        ("ตกงาน", "รับสมัครพนักงาน"),
        ("ตกงาน อยากได้งาน", "รับสมัครพนักงาน"),
        ("หางาน", "รับสมัครพนักงาน"),
        ("เงินผู้เฒ่า", "เบี้ยยังชีพผู้สูงอายุ"),
        ("ไฟหน้าบ้านดับ", "ไฟฟ้าส่องสว่าง"),
        ("ปิดถนน", "ปิดสะพาน"),
        ("ฉีดวักซีนหมา", "พิษสุนัขบ้า"),
        ("ขอสร้างบ้าน", "ก่อสร้าง ดัดแปลง หรือรื้อถอนอาคาร"),
        ("ขอข้อมูลเรื่องขยะ", "เก็บขนขยะ"),
        ("ประกาศเรื่องน้ำประปาทั้งหมด", "น้ำประปา"),
        ("ถนนปิด หมู่ 7", "ปิดสะพาน"),
        ("ปิดน้ำวันไหน", "หยุดจ่ายน้ำประปา"),
        ("น้ำปิด", "หยุดจ่ายน้ำประปา"),
        ("น้ำไม่มา", "หยุดจ่ายน้ำประปา"),
        ("น้ำหยุดไหลหมู่ 2", "หยุดจ่ายน้ำประปา"),
        ("ถังขยะเต็ม", "เก็บขนขยะ"),
        ("คนเก็บขยะรับสมัคร", "รับสมัครพนักงาน"),
        ("เอกสารสร้างบ้าน", "ก่อสร้าง ดัดแปลง หรือรื้อถอนอาคาร"),
        ("สร้างบ้านใช้เอกสารอะไรบ้าง", "ก่อสร้าง ดัดแปลง หรือรื้อถอนอาคาร"),
        ("รื้อบ้าน", "ก่อสร้าง ดัดแปลง หรือรื้อถอนอาคาร"),
        ("ฉีดยาหมาบ้า", "พิษสุนัขบ้า"),
        ("ไฟกิ่งเสีย", "ไฟฟ้าส่องสว่าง"),
        ("ไฟไม่ติด", "ไฟฟ้าส่องสว่าง"),
        ("ไฟหน้าบ้านไม่ติดทำยังไง", "ไฟฟ้าส่องสว่าง"),
        ("หลอดไฟขาด", "ไฟฟ้าส่องสว่าง"),
        ("เทศบาลรับคนทำงานไหม", "รับสมัครพนักงาน"),
        ("งดน้ำวันไหน", "หยุดจ่ายน้ำประปา"),
        ("สมัครเรียนอนุบาล", "รับสมัครเด็กเข้าศูนย์พัฒนาเด็กเล็ก"),
        ("ค่าปรับภาษี", "ชำระภาษี"),
        ("ประมูลงาน", "ประกวดราคา"),
        ("ลูก 3 ขวบเข้าเรียนได้ไหม", "รับสมัครเด็กเข้าศูนย์พัฒนาเด็กเล็ก"),
        ("พาหมาไปฉีดยาต้องเสียเงินหรือเปล่า", "พิษสุนัขบ้า"),
        ("ขอทุนให้ลูกเรียน", "ทุนการศึกษา"),
        ("เผาฟางได้ไหม", "ห้ามเผา"),
        ("ใครได้ประมูลรถน้ำ", "ผู้ชนะการเสนอราคา"),
        ("ประชาชนแสดงความเห็นเรื่องผังเมืองได้ที่ไหน", "ผังเมือง"),
        ("เอาหลอดไฟเก่าถ่านเก่าไปทิ้งที่ไหน", "ขยะมูลฝอย"),
        ("น้ำประปาขุ่นแดงใช้ไม่ได้", "หยุดจ่ายน้ำประปา"),
        ("ฝึกอาชีพ", "อบรมอาชีพ"),
        ("ข้อบัญญัติ", "เทศบัญญัติ"),
        ("น้ำบ่ไหลมื้อได๋", "หยุดจ่ายน้ำประปา"),  # of the north-east
        ("บ่มีน้ำใช้เฮ็ดจังได๋", "หยุดจ่ายน้ำประปา"),
        ("ลงทะเบียนคนแก่เฮ็ดจั่งได๋", "ผู้สูงอายุ"),
        ("สมัครงานเทศบาลตอนนี้มีไหม", "รับสมัครพนักงาน"),
        ("ขี้เหยื้อ", "เก็บขนขยะ"),  # of the north
        ("ขี้เหยื้อเหม็น", "เก็บขนขยะ"),
        ("น้ำก๊อก", "น้ำประปา"),
        ("น้ำก๊อกไม่ไหล", "หยุดจ่ายน้ำประปา"),
    ],
)
def test_everyday_words_lead_to_official_ones(
    sample: tuple[WhooshIndex, list[str]], typed: str, wanted: str
) -> None:
    index, titles = sample
    assert wanted in titles[index.search(parse_query(typed)).hits[0].announcement_id]


@pytest.mark.parametrize(
    ("typed", "meant", "wanted"),
    [
        ("ขะยะ", "ขยะ", "เก็บขนขยะ"),
        ("ตะหลาด", "ตลาด", "ตลาด"),
        ("รับสมัคงาน", "รับสมัครงาน", "รับสมัครพนักงาน"),
        ("คนะกำมะการ", "คณะกรรมการ", "แต่งตั้งคณะกรรมการ"),
        ("น้ำปะปา", "น้ำประปา", "น้ำประปา"),
        ("สะนามกีฬา", "สนามกีฬา", "สนามกีฬา"),
        ("จักรสาน", "จักสาน", "จักสาน"),  # no จักรยาน: the ร is not heard
        ("อบรมจักรสาน", "อบรมจักสาน", "จักสาน"),
        ("เทศบัญญัด", "เทศบัญญัติ", "เทศบัญญัติ"),
        ("เบี้ยผู้สูงอายู", "เบี้ยผู้สูงอายุ", "ผู้สูงอายุ"),  # by its synonym alone
        ("ค่าขยะมูนฝอย", "ค่าขยะมูลฝอย", "ขยะมูลฝอย"),
        ("วัคซีนหมาบา", "วัคซีนหมาบ้า", "พิษสุนัขบ้า"),  # the archive has neither หมา nor หมาบ้า
        ("น้ำไม่ไหร", "น้ำไม่ไหล", "หยุดจ่ายน้ำประปา"),
        ("oheiktxk", None, ""),
        ("ohexitxk", "น้ำประปา", "น้ำประปา"),
        ("ประกาด", "ประกาศ", "ประกาศ"),  # of two common words that the archive lacks
        ("ประกาดขยะ", "ประกาศขยะ", "ขยะ"),
    ],
)
def test_what_is_misspelt_is_read_as_it_is_heard(
    sample: tuple[WhooshIndex, list[str]], typed: str, meant: str | None, wanted: str
) -> None:
    index, titles = sample
    page = index.search(parse_query(typed))
    assert page.did_you_mean == meant
    if meant:
        assert wanted in titles[page.hits[0].announcement_id]
        assert page.query.understood[0] == query_notes.READ_AS.with_values(typed, meant)
    assert index.search(replace(parse_query(typed), as_typed=True)).did_you_mean is None


@pytest.mark.parametrize(
    ("typed", "wanted"), [("น้ำจะหยุดไหลวันไหน", "หยุดจ่ายน้ำประปา"), ("เมื่อไหร่จะประชุมสภา", "ประชุมสภา")]
)
def test_a_word_left_out_that_says_nothing_is_not_told_as_a_correction(
    sample: tuple[WhooshIndex, list[str]], typed: str, wanted: str
) -> None:
    index, titles = sample
    page = index.search(parse_query(typed))
    assert wanted in titles[page.hits[0].announcement_id]
    assert page.did_you_mean is None
    assert not any("แทน" in note.thai for note in page.query.understood)


def test_words_of_titles_are_suggested_before_those_of_texts(sample: tuple[WhooshIndex, list[str]]) -> None:
    suggested = sample[0].suggest("ภา")
    assert suggested[0] == "ภาษีที่ดิน"
    assert not {"ภายใน", "ภาค"} & set(suggested)


def test_the_sample_says_no_to_what_it_lacks_and_finds_what_it_says(
    sample: tuple[WhooshIndex, list[str]], sample_records: list[dict[str, Any]]
) -> None:
    """The shares that are promised are 90 % of impossible queries and 1 % of answerable ones."""
    index, _titles = sample
    texts = [f"{each['title']}\n{each['body']}" for each in sample_records]
    whole = b"\0".join(searchable_bytes(fold_text(text)).data for text in texts)
    every = [json.loads(line) for line in IMPOSSIBLE.read_text(encoding="utf-8").splitlines()]
    impossible = [each for each in every if searchable_bytes(fold_text(each["absent"])).data not in whole]
    assert len(impossible) >= 100
    answerable = sorted(
        {
            "".join(words[begin : begin + 3])
            for text in texts
            for run in text.split()
            for words in [cut_words(run)]
            for begin in range(0, len(words) - 2, 2)
        }
    )
    assert len(answerable) >= 500
    answered = [each["query"] for each in impossible if index.search(parse_query(each["query"])).total]
    unanswered = [typed for typed in answerable if not index.search(parse_query(typed)).total]
    assert len(answered) <= 0.05 * len(impossible), answered
    assert len(unanswered) <= 0.005 * len(answerable), unanswered


def test_an_address_with_the_village_is_no_part_of_an_answer_beside_a_time(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    letters = [entry(at, "จัดซื้อโต๊ะ", OFFICE_OF_4) for at in range(2, 5)]
    others = [entry(at, "ประชุมสภา") for at in range(10, 20)]
    index.update([entry(1, "ซ่อมสะพาน"), *letters, *others], (), position=1)
    page = index.search(parse_query("ซ่อมสะพาน หมู่ 4 ปี 2564"))
    assert [hit.announcement_id for hit in page.hits] in ([], [1])


@pytest.mark.parametrize("typed", ["หวย", "โรงแรม", "พระ", "ทางขาด"])
def test_a_word_is_not_read_as_another_that_sounds_otherwise(
    sample: tuple[WhooshIndex, list[str]], typed: str
) -> None:
    page = sample[0].search(parse_query(typed))
    assert (page.total, page.did_you_mean) == (0, None)


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("รับสมัครพนักงาน", {"รับสมัครพนักงานจ้างตามภารกิจ ตำแหน่งผู้ช่วยครูและคนงานประจำรถขยะ"}),
        ("พ่นยุงวันไหน", {"รณรงค์ป้องกันโรคไข้เลือดออก พ่นหมอกควันกำจัดยุงลาย"}),
    ],
)
def test_other_words_of_one_kind_are_no_whole_answer(
    sample: tuple[WhooshIndex, list[str]], typed: str, whole: set[str]
) -> None:
    index, titles = sample
    hits = index.search(parse_query(typed)).hits
    assert {titles[hit.announcement_id] for hit in hits if not hit.is_partial} == whole


def test_the_day_that_is_asked_for_is_no_word_to_find(sample: tuple[WhooshIndex, list[str]]) -> None:
    index, titles = sample
    for typed in ("ประชุมสภาวันไหน", "ประชุมสภาถึงวันไหน", "ประชุมสภาตอนไหนบ้างคะ"):
        hits = index.search(parse_query(typed)).hits
        assert hits, typed
        assert not any("ห้องประชุม" in titles[hit.announcement_id] for hit in hits), typed


def test_a_word_with_a_misread_letter_covers_its_share(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    text = "ฤดูกาลที่ผ่านมา เขตปทุมวิน จึงซ่อมแซมฝั่ง"
    index.update([entry(1, "รายงาน", text), *(entry(at, "ถนน") for at in range(2, 30))], (), position=29)
    assert [hit.announcement_id for hit in index.search(parse_query("ฝั่งปทุมวันฤดูกาล")).hits] == [1]
    assert index.search(parse_query("ฝั่งสมุทรสาครฤดูกาล")).total == 0


def test_another_word_is_no_misread_one(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    consent = entry(1, "ราคากลาง", "คณะกรรมการให้ความเห็นชอบราคากลางแล้ว")
    others = [entry(at, "ถนน", f"สายที่ {at}") for at in range(4, 30)]
    index.update([consent, entry(2, "ประกาศสอบราคาจ้างขุดลอก"), *others], (), position=1)
    page = index.search(parse_query("สอบราคา"))
    assert [hit.announcement_id for hit in page.hits if not hit.is_partial] == [2]


def test_a_word_without_its_tone_mark_is_a_misread_one() -> None:
    phrase, herd, work = (
        searchable_bytes(fold_text(text)).data
        for text in ("โคแสนลาน", "โครงการ “โคแสนล้าน” นำร่อง", "โคแสนงาน")
    )
    least = TUNING.min_phrase_similarity
    found = phrase_match_with_misreadings([herd, work], phrase, Dictionary().current())
    assert [similarity > least for similarity in found.tolist()] == [True, False]


def test_the_name_of_the_place_alone_makes_no_answer(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    towns = [entry(number, f"ตำบลหนองปลาดุกมีประชุมครั้งที่ {number}") for number in range(2, 12)]
    others = [entry(number, "ตลาด") for number in range(12, 15)]
    index.update([entry(1, "จ้างห้างหุ้นส่วนขุดลอกคลอง"), *towns, *others], (), position=14)
    page = index.search(parse_query("หนองปลาดุกมีห้างไหม"))
    assert [hit.announcement_id for hit in (*page.hits, *page.related)] == [1]


@pytest.mark.parametrize("typed", ["เเบตง ยะลา", "แบตง ยะลา", "ญื่นฟอ้ง", "ปปช ๆ ๆ", "ะะ", "ๅๅ/ๅ"])
def test_no_garbage_is_suggested(sample: tuple[WhooshIndex, list[str]], typed: str) -> None:
    index, _ = sample
    suggested = index.search(parse_query(typed)).did_you_mean
    assert suggested is None or not set(suggested) & set("[]{}';/\\|`<>=")


def test_a_word_is_completed_to_longer_words_of_titles(sample: tuple[WhooshIndex, list[str]]) -> None:
    assert {"น้ำประปา", "น้ำท่วม"} <= set(sample[0].suggest("น้ำ"))


def test_an_organisations_part_knows_its_own_documents(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ซ่อมถนนสายหลัก"), entry(2, "ซ่อมถนนสายรอง")], (), position=2)
    live = index._live()
    assert live is not None
    assert sorted(live.reader.document_numbers) == [1, 2]
    assert sorted(live.reader.restricted_to(None, frozenset({1})).document_numbers) == [2]


@pytest.mark.parametrize("typed", ["เลขที่ 215", "เลขที่ ๒๑๕", "คำสั่งเลขที่ 215", "เลขที่คำสั่ง 215/2564"])
def test_a_number_is_found_with_either_word_for_it(tmp_path: Path, typed: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    order = entry(1, "จัดตั้งศูนย์ส่งเสริม", "คำสั่งเทศบาล ที่ ๒๑๕/๒๕๖๔")
    index.update([order, entry(2, "สอบราคาจ้าง เลขที่ 4/2557"), entry(3, "ประกาศ ที่ดิน")], (), position=3)
    page = index.search(parse_query(typed))
    assert (page.hits[0].announcement_id, page.total - page.partial, page.query.loosened) == (1, 1, ())


def test_pieces_of_one_word_are_no_partial_answer(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    whole = entry(1, "ผลการสอบราคาซื้อเครื่องคอมพิวเตอร์", "ผลการสอบราคาซื้อเครื่องคอมพิวเตอร์")
    others = [
        entry(2, "ราคากลางปรับปรุงภูมิทัศน์", "ราคากลางโครงการปรับปรุงภูมิทัศน์"),
        entry(3, "สอบคัดเลือกพนักงาน", "สอบคัดเลือกพนักงาน ราคาใบสมัครชุดละ 50 บาท"),
        *(entry(number, f"กีฬา {number}", "แข่งขันกีฬาประจำปี") for number in range(4, 12)),
    ]
    index.update([whole, *others], (), position=3)
    page = index.search(parse_query("สอบราคา"))
    assert ([hit.announcement_id for hit in page.hits], page.total, page.partial) == ([1], 1, 0)
    assert [each.count for each in page.facets["kind"]] == [1]
    assert index.search(parse_query("สอบราคา กีฬา")).total > 1  # two subqueries: each counts


def test_an_english_question_is_answered_by_what_it_names(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    tax = entry(1, "ชำระภาษีที่ดินและสิ่งปลูกสร้าง", "ชำระภาษีที่ดินและสิ่งปลูกสร้าง ภายในเดือนเมษายน")
    child = entry(2, "รับสมัครเด็กเข้าศูนย์พัฒนาเด็กเล็ก", "ศูนย์พัฒนาเด็กเล็ก")
    index.update([tax, child, *(entry(n, f"กีฬา {n}") for n in range(3, 9))], (), position=3)
    for typed, wanted in (
        ("how do I pay property tax?", 1),
        ("the land tax", 1),
        ("where is the daycare", 2),
        ("childcare", 2),
    ):
        page = index.search(parse_query(typed))
        assert [hit.announcement_id for hit in page.hits] == [wanted], typed
    assert index.search(parse_query("what")).total == 0


def test_a_time_is_named_by_its_distance_from_today() -> None:
    now, day = today(), dt.timedelta(days=1)
    monday, first = now - now.weekday() * day, now.replace(day=1)
    for typed, begin, end in (
        ("น้ำท่วมเมื่อวาน", now - day, now - day),
        ("น้ำท่วมสัปดาห์นี้", monday, monday + 6 * day),
        ("งานน้ำเดือนนี้มีอะไรบ้าง", first, (first + 31 * day).replace(day=1) - day),
        ("น้ำท่วมเดือนที่แล้ว", (first - day).replace(day=1), first - day),
        ("น้ำท่วม ปีนี้", dt.date(now.year, 1, 1), dt.date(now.year, 12, 31)),
        ("น้ำท่วมปีที่แล้วครับ", dt.date(now.year - 1, 1, 1), dt.date(now.year - 1, 12, 31)),
    ):
        (time,) = parse_query(typed).times
        assert (time.first, time.last) == (begin, end), typed
    for typed in ("ผู้ประกันตนในปีนี้ได้รับเงินเพิ่ม", "ปิดวันอาทิตย์นี้"):
        assert parse_query(typed).times == (), typed


def test_a_month_is_read_by_its_spoken_name() -> None:
    (time,) = parse_query("ประชุมสภาเดือนกุมภา").times
    assert time.month == 2
    assert parse_query("สิงหาราชา").times == ()


@pytest.mark.parametrize(
    "typed", ["ประกาศเดือนมิถุนายน 2564", "ข่าว ปี 2564", "มีข่าวอะไรบ้าง ปี 2564", "เอกสารปี 2564"]
)
def test_who_asks_for_anything_of_a_time_gets_all_of_it(tmp_path: Path, typed: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    of_then = [entry(1, "ปิดสะพาน", "ปิดสะพาน"), entry(2, "ประกาศข่าว", "รับสมัครงาน")]
    later = entry(3, "ประกาศข่าวเอกสาร", "ข่าวเอกสาร", published_on=dt.date(2025, 6, 16))
    index.update([*of_then, later], (), position=3)
    page = index.search(parse_query(typed))
    assert {hit.announcement_id for hit in page.hits} == {1, 2}
    assert page.partial == 0
    assert not page.query.loosened
    later_alone = index.search(parse_query(typed.replace("2564", "2560")))
    assert any("ไม่พบ" in note.thai for note in later_alone.query.loosened) or later_alone.total == 0


def test_the_subject_named_first_does_not_make_a_question(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    plan = entry(1, "แผนพัฒนาท้องถิ่น", "แผนพัฒนา งานน้ำ งานถนน", published_on=dt.date(2021, 10, 15))
    cut = entry(2, "หยุดจ่ายน้ำชั่วคราว", "หยุดจ่ายน้ำ", published_on=dt.date(2025, 6, 16))
    index.update([plan, cut], (), position=3)
    for typed in ("น้ำ ปี 2564", "ประกาศเรื่องน้ำ ปี 2564", "ข่าวเกี่ยวกับน้ำ ปี 2564"):
        page = index.search(parse_query(typed))
        assert [hit.announcement_id for hit in page.hits] == [1], typed
        assert [hit.announcement_id for hit in page.related] == [2], typed
        assert any("ไม่พบประกาศเรื่องนี้โดยตรง" in note.thai for note in page.query.loosened), typed


@pytest.fixture(scope="module")
def villages(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    office = "ที่ทำการเทศบาล ๑๙๙ หมู่ ๔ ตำบลหนองปลาดุก"
    cleaning = "กำหนดล้างถังน้ำของตลาดสดและถนนทุกสายในหมู่ 5 ของตำบลหนองปลาดุก รวม 4 ถัง ให้เตรียมน้ำไว้ใช้"
    index = WhooshIndex(tmp_path_factory.mktemp("villages"), Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(
            [
                entry(1, "พ่นหมอกควัน", f"{office} จะพ่นหมอกควันที่หมู่ที่ ๔ ในวันจันทร์"),
                entry(2, "รับสมัครพนักงาน", f"{office} รับสมัครพนักงาน"),
                entry(3, "ปิดถนน", "ปิดถนนหมู่ 4"),
                entry(4, "ขยายเขตประปา", "ขยายเขตประปาหมู่ 5"),
                entry(5, "ล้างถังน้ำของตลาดสด", cleaning),
                entry(6, "ประชุม", "ตามพระราชบัญญัติ มาตรา 4 ให้ประชุม"),
                entry(7, "กีฬา", "มหาวิทยาลัยส่งทีม 4 ทีม"),
                entry(8, "สิทธิของผู้ประกันตน", "ผู้ประกันตนตามมาตรา 40 รับเงินได้"),
                entry(9, "ผู้ประกันตน", "ผู้ประกันตน ม.40 ลงทะเบียน"),
                entry(10, "รับรองผลงานระบบประปา", "ระบบประปาหมู่ 6 สัญญาเลขที่ 12/2560"),
                entry(11, "เก็บขยะ", "วันจันทร์เก็บหมู่ 1 ถึงหมู่ 5"),
            ]
        )
    return index


def test_a_letterheads_address_is_no_news_of_its_village(villages: WhooshIndex) -> None:
    for typed in ("หมู่ 4", "หมู่ที่ ๔", "หมู่สี่"):
        page = villages.search(parse_query(typed))
        whole = {hit.announcement_id for hit in page.hits if not hit.is_partial}
        assert 1 in whole, typed
        assert 2 not in {hit.announcement_id for hit in page.hits}, typed
    assert villages.search(parse_query("199 หมู่ 4")).hits[0].announcement_id in (1, 2)


def test_what_has_a_village_in_its_letterhead_alone_is_no_part_of_an_answer(tmp_path: Path) -> None:
    office = "ที่ทำการเทศบาล ๑๙๙ หมู่ ๔ ตำบลหนองปลาดุก"
    index = WhooshIndex(tmp_path, Dictionary())
    papers = [
        entry(1, "รับสมัครเด็ก", office),
        entry(2, "อัตราค่าขยะ", f"{office} รถเก็บขยะเข้าหมู่ 1 ถึงหมู่ 5"),
        entry(3, "ซ่อมสะพาน หมู่ 4", office),
        entry(4, "แต่งตั้งกรรมการ", "ผู้แทนหมู่บ้าน ๔ คน"),
        *(entry(at, f"ตัดกิ่งไม้ริมคลองสาย {at}") for at in range(11, 21)),
    ]
    index.update(papers, (), position=1)
    page = index.search(parse_query("ค่าขยะ หมู่ 4"))
    assert [(hit.announcement_id, hit.is_partial) for hit in page.hits] == [(2, False), (3, True)]


def test_papers_name_a_village_without_the_word_for_one(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    papers = [
        entry(1, "แต่งตั้งกรรมการชุมชนบ้านท่ากระดาน"),
        entry(2, "ตารางเก็บขยะ", "หมู่ 1 ถึงหมู่ 5 วันจันทร์ ยกเว้นบ้านท่ากระดาน"),
        entry(3, "ประปาหมู่บ้านท่ากระดาน"),
        entry(4, "ซ่อมถนน หมู่บ้านดอน"),
    ]
    index.update(papers, (), position=1)
    page = index.search(parse_query("หมู่บ้านท่ากระดาน"))
    assert {hit.announcement_id for hit in page.hits if not hit.is_partial} == {1, 2, 3}
    assert page.hits[0].announcement_id in {1, 3}


def test_what_is_typed_behind_the_word_for_a_village_is_sought_and_left_out_as_it_stands(
    tmp_path: Path,
) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    papers = [
        entry(1, "โครงการหมู่บ้านสวยงาม"),
        entry(2, "ประกวดบ้านสวยงาม"),
        entry(4, "ประกวดราคา"),
        *(entry(at, f"ตัดกิ่งไม้ริมคลองสาย {at}") for at in range(11, 21)),
    ]
    index.update(papers, (), position=1)
    page = index.search(parse_query("หมู่บ้านสวยงาม"))
    assert [(hit.announcement_id, hit.is_partial) for hit in page.hits] == [(1, False), (2, False)]
    for typed, wanted in (
        ("บ้านสวยงาม -หมู่บ้านสวยงาม", {2}),
        ("บ้านสวยงาม NOT หมู่บ้านสวยงาม", {2}),
        ("ประกวด -หมู่บ้านสวยงาม", {2, 4}),
    ):
        page = index.search(parse_query(typed))
        assert {hit.announcement_id for hit in page.hits if not hit.is_partial} == wanted, typed
        assert ["หมู่บ้านสวยงาม" in note.thai for note in page.query.understood] == [True], typed
    assert parse_query("author:หมู่บ้านสวยงาม").filters.author == "หมู่บ้านสวยงาม"


def test_a_letterheads_address_is_shown_where_nothing_else_names_the_village(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "รับสมัครพนักงาน", "ที่ทำการ ๑๙๙ หมู่ ๔"), entry(2, "ถนนหมู่ 5")], (), position=2)
    assert [hit.announcement_id for hit in index.search(parse_query("หมู่ 4")).hits] == [1]


@pytest.mark.parametrize(
    "news",
    [
        "งบประมาณประจำปี 2567 หมู่ที่ 4",
        "ซ่อมถนนซอย 2 หมู่ 4",
        "ซ่อมถนนสาย 3 หมู่ 4",
        "ประชุมครั้งที่ 1 หมู่ที่ 4",
        "ประชุมวันที่ 5 มิถุนายน 2567 หมู่ที่ 4",
        "พ่นยุงหมู่ 1, 2 และ 4",
        "เก็บขยะหมู่ 1 ถึงหมู่ 5",
        "ประชุมบ้านหนองบัว ม.4",
    ],
)
def test_news_of_a_village_is_no_address_of_it(news: str) -> None:
    four = b"4"
    office = "ที่ทำการเทศบาล ๑๙๙ หมู่ ๔ ตำบลหนองปลาดุก"
    of_both = searchable_bytes(fold_text(f"{office} {news}")).data
    assert not names_village_in_addresses_alone(four, searchable_bytes(fold_text(news)).data)
    assert not names_village_in_addresses_alone(four, of_both)
    assert names_village_in_addresses_alone(four, searchable_bytes(fold_text(office)).data)


@pytest.mark.parametrize("number", ["2", "6", "7", "25", "56", "67", "567", "8"])
def test_a_number_inside_another_number_is_no_answer(tmp_path: Path, number: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    others = [entry(at, title) for at, title in enumerate(("รับสมัครนายก", "ประชุมสภา", "เก็บขยะ"), start=2)]
    index.update([entry(1, "ก่อสร้างถนน งบประมาณ 2567"), *others], (), position=1)
    assert index.search(parse_query(f"ถนน {number}")).total == 0
    assert [hit.announcement_id for hit in index.search(parse_query("ถนน 2567")).hits] == [1]


def test_letters_before_each_document_number_are_no_answer(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    letters = [entry(number, f"ถนนสาย {number}", f"ที่ นป ๕๒๓๐{number}/ว ๑๘๗") for number in range(1, 8)]
    with index.rebuild() as generation:
        generation.add_announcements([*letters, entry(8, "สปสช", "สปสช แจ้งสิทธิ", "ที่ สปสช ๔/๒๕๖๗")])
    page = index.search(parse_query("นป"))
    assert (page.total, page.related) == (0, ())
    assert [note.thai[:4] for note in page.query.understood] == ["“นป”"]
    assert [hit.announcement_id for hit in index.search(parse_query("นป 52303")).hits] == [3]
    assert [hit.announcement_id for hit in index.search(parse_query("สปสช")).hits] == [8]
    assert index.search(parse_query("นป", filters=Filters(year=2564))).total == 7


def test_a_short_word_before_a_count_is_a_word(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(
            [entry(1, "เบี้ยยังชีพ", "ผู้มีอายุครบ 60 ปีบริบูรณ์"), entry(2, "ถนน", "ที่ นป 52301/187")]
        )
    page = index.search(parse_query("ครบ"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert page.query.understood == ()


@pytest.mark.parametrize("named", ["บ้านดอน ม.4", "บ้านโคกสูง ม.๔", "บ้านนา ม.4", "บ้านสันกลาง ม. 4", "สนาม ม.4"])
def test_a_village_behind_a_name_is_no_word_that_ends_with_its_letter(named: str) -> None:
    assert names_village(b"4", searchable_bytes(fold_text(f"ซ่อมถนน{named}")).data)


@pytest.mark.parametrize("counted", ["รวม 4 ถัง", "ดื่มนม 4 กล่อง", "ในนาม 4 คน", "กม. 4", "ผู้เข้าร่วม 4 คน"])
def test_a_word_that_ends_like_a_village_is_none(counted: str) -> None:
    assert not names_village(b"4", searchable_bytes(fold_text(counted)).data)


@pytest.mark.parametrize(("typed", "read"), [("บ้านดอนม.4", "ม.4"), ("บ้านโคกสูงม. ๔", "ม."), ("กม.4", "กม.4")])
def test_a_village_typed_without_a_space_is_read(typed: str, read: str) -> None:
    assert read in [chunk.text for chunk in parse_query(typed).chunks]


@pytest.mark.parametrize("address", ["199 หมู่ 4", "199/25 หมู่ที่ 4", "เลขที่ 2567/1 ม.ใหม่ 12 หมู่ 4"])
def test_a_house_in_a_village_is_an_address(address: str) -> None:
    assert names_village_in_addresses_alone(b"4", searchable_bytes(fold_text(address)).data)


def test_who_asks_for_a_village_alone_gets_nothing_of_others(villages: WhooshIndex) -> None:
    page = villages.search(parse_query("หมู่ 4"))
    assert {hit.announcement_id for hit in page.hits if not hit.is_partial} == {1, 3, 11}  # 11: หมู่ 1 ถึงหมู่ 5
    assert (page.total, page.partial) == (3, 0)


def test_a_number_elsewhere_does_not_complete_a_village(villages: WhooshIndex) -> None:
    page = villages.search(parse_query("ระบบประปา หมู่ 12"))
    assert page.query.loosened == (query_notes.NOT_ALL,) or page.total == 0
    assert 10 in {hit.announcement_id for hit in (*page.hits, *page.related)}


@pytest.mark.parametrize("typed", ["หมู่บ้าน 4", "หมู่บ้านที่ ๔", "หมู่บ้านสี่", "ม4", "ม 4"])
def test_a_village_is_found_by_other_words_for_it(villages: WhooshIndex, typed: str) -> None:
    hits = villages.search(parse_query(typed)).hits
    assert {1, 3, 11} <= {hit.announcement_id for hit in hits if not hit.is_partial}
    assert [hit.announcement_id for hit in hits][:1] in ([1], [3])


def test_a_number_of_villages_is_no_village(villages: WhooshIndex) -> None:
    for typed in ("ระบบประปาหมู่บ้าน 4 แห่ง", "ทีม 4"):
        assert parse_query(typed).chunks[0].text == fold_text(typed.split()[0])


@pytest.mark.parametrize("typed", ["ม.4", "ม. ๔", "ม.๔"])
def test_an_abbreviated_village_is_a_village_before_a_section_of_a_law(
    villages: WhooshIndex, typed: str
) -> None:
    page = villages.search(parse_query(typed))
    places = [hit.announcement_id for hit in page.hits]
    assert 1 in [hit.announcement_id for hit in page.hits if not hit.is_partial]
    assert 7 not in [hit.announcement_id for hit in page.hits if not hit.is_partial]
    assert places.index(1) < places.index(6)
    assert [note.thai for note in page.query.understood] == ["ค้นคำว่า “หมู่ที่ 4”, “มาตรา 4” ด้วย"]
    assert villages.search(parse_query("มาตรา 4")).hits[0].announcement_id == 6


def test_a_village_that_is_not_there_is_not_answered_by_its_number_alone(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements(
            [
                entry(1, "งบประมาณรายจ่าย", "แผนงานที่ ๙๙ ถนนหมู่ ๒"),
                entry(2, "พ่นหมอกควัน", "พ่นหมอกควันหมู่ที่ ๑, ๒ และ ๗"),
                *(entry(number, f"ถนนสาย {number}", "ตลาด") for number in range(3, 12)),
            ]
        )
    assert index.search(parse_query("หมู่ 99")).total == 0
    assert index.search(parse_query("หมู่ 7")).hits[0].announcement_id == 2


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    """An index that names the villages 2, 6 and 9, and has 4 and 7 as other numbers."""
    index = WhooshIndex(tmp_path_factory.mktemp("roads"), Dictionary())
    plan = "ก่อสร้างถนนหมู่ 9 งบประมาณปี 2567 แผนงานที่ 4 ระยะทาง 7 กิโลเมตร"
    index.update(
        [
            entry(1, "ก่อสร้างถนน", plan, **of_year(2567)),
            entry(2, "ซ่อมไฟ หมู่ 2", "ซ่อมไฟครั้งที่ 2", **of_year(2567)),
            entry(3, "ประชุม หมู่ 6", "ประชุมประชาคมหมู่ 6 ปี 2567", **of_year(2567)),
            entry(4, "โควิด-19", "ตรวจโควิด-19 ซอย 2 หมู่ 9 ", **of_year(2567)),
        ],
        (),
        position=1,
    )
    return index


@pytest.mark.parametrize(
    "number_before",
    [
        "ถนน ปี 2567",
        "ถนน งบประมาณ 2567",
        "ถนน งบประมาณปี 2567",
        "ถนน ซอย 2",
        "ซ่อมไฟ ครั้งที่ 2",
        "ประชุมวันที่ 5",
        "โควิด-19",
    ],
)
@pytest.mark.parametrize("village", ["หมู่ 4", "หมู่ ๗", "ม.4"])
def test_a_number_before_a_village_makes_no_unknown_village_known(
    roads: WhooshIndex, number_before: str, village: str
) -> None:
    for typed in (f"{number_before} {village}", f"{village} {number_before}"):
        page = roads.search(parse_query(typed))
        assert (page.total, page.hits) == (0, ()), typed


def test_a_village_behind_a_year_is_found(roads: WhooshIndex) -> None:
    for typed in ("ถนน ปี 2567 หมู่ 9", "ถนน งบประมาณ 2567 หมู่ 9", "โควิด-19 หมู่ 9"):
        whole = [hit.announcement_id for hit in roads.search(parse_query(typed)).hits if not hit.is_partial]
        assert whole[0] in (1, 4), typed


@pytest.mark.parametrize(
    "name", ["สองแคว", "สองพี่น้อง", "ห้าแยก", "แปดริ้ว", "เก้าเลี้ยว", "สามร้อยยอด", "สองคลอง", "สี่แยกทุ่งนา"]
)
def test_a_village_whose_name_begins_with_a_number_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    numbers = [entry(at, f"ซ่อมไฟ หมู่ {at}") for at in range(2, 12)]
    index.update([entry(1, f"แจ้งงดจ่ายน้ำหมู่บ้าน{name}"), *numbers], (), position=2)
    for typed in (f"หมู่บ้าน{name}", f"งดจ่ายน้ำ หมู่บ้าน{name}", f'"หมู่บ้าน{name}"', f'งดจ่ายน้ำ "หมู่บ้าน{name}"'):
        page = index.search(parse_query(typed))
        assert [hit.announcement_id for hit in page.hits][:1] == [1], typed
        assert page.query.loosened == (), typed


def test_a_village_in_quotation_marks_is_sought_as_it_was_typed(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ประชุมหมู่บ้าน 7"), entry(2, "ประชุมหมู่เจ็ด"), entry(3, "ถนนหมู่ 7")], (), position=2)
    for typed, wanted in (('"หมู่บ้าน 7"', 1), ('"หมู่เจ็ด"', 2), ('"หมู่ 7"', 3)):
        page = index.search(parse_query(typed))
        assert [hit.announcement_id for hit in page.hits] == [wanted], typed


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("หมู่บ้านเจ็ด", "หมู่7"),
        ("หมู่บ้านเจ็ด ถนน", "หมู่7"),
        ("หมู่บ้านที่สองถนน", "หมู่2ถนน"),
        ('หมู่เจ็ด "ถนน"', "หมู่7"),
    ],
)
def test_a_village_with_its_number_spelt_out_is_read(typed: str, read: str) -> None:
    assert parse_query(typed).chunks[0].text == read


@pytest.mark.parametrize(
    "behind",
    [
        "10 มกราคม 2569",
        "10 ม.ค. 69",
        "10-12 มกราคม 2569",
        "10/1/2569",
        "10.30 น.",
        "- 10.30 น.",
        "จำนวน 10 คน",
        "10 คน",
        "ถึง 10 มกราคม 2569",
        "และ 10 โครงการ",
    ],
)
def test_a_day_an_hour_or_a_count_behind_a_village_is_no_village(tmp_path: Path, behind: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    meeting = entry(1, "ประชุม", f"ประชุมที่ศาลาหมู่ 4 {behind}")
    index.update([meeting, *(entry(at, f"ถนนสาย {at}") for at in range(2, 8))], (), position=2)
    assert [hit.announcement_id for hit in index.search(parse_query("หมู่ 4")).hits] == [1]
    for typed in ("หมู่ 10", "หมู่ 6"):
        assert index.search(parse_query(typed)).total == 0, typed


@pytest.mark.parametrize(
    ("named", "villages"),
    [
        ("หมู่ 1, 2 และ 4 วันจันทร์ที่ 10 มกราคม 2569", (1, 2, 4)),
        ("หมู่ที่ 1 - 3 เวลา 08.30 น.", (1, 2, 3)),
        ("หมู่ 1 หมู่ 3 และหมู่ที่ 5 รวม 3 แห่ง", (1, 3, 5)),
        ("หมู่ 1 ถึงหมู่ที่ 3", (1, 2, 3)),
        ("หมู่ 4, 5 นาโคก", (4, 5)),
        ("หมู่ 4 และ 5 วันพุธ", (4, 5)),
        ("บ้านดอน ม.4 และ ม.5", (4, 5)),
    ],
)
def test_each_village_of_a_list_or_a_range_is_named(named: str, villages: tuple[int, ...]) -> None:
    text = searchable_bytes(fold_text(f"ล้างท่อ {named}")).data
    assert tuple(number for number in range(1, 12) if names_village(b"%d" % number, text)) == villages


def test_a_number_that_no_village_has_is_a_section_of_a_law(villages: WhooshIndex) -> None:
    hits = villages.search(parse_query("ผู้ประกันตน ม.40")).hits
    assert {hit.announcement_id for hit in hits if not hit.is_partial} == {8, 9}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ฉิดวักซีนหมา", "ฉีดวัคซีนหมา"), ("ช่วยเกษตกรน้ำท่วม", "ช่วยเกษตรกรน้ำท่วม")],
)
def test_a_slip_beside_an_everyday_word_is_corrected(tmp_path: Path, typed: str, meant: str) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    vaccine, flood = entry(1, "ฉีดวัคซีนพิษสุนัขบ้าให้สุนัข"), entry(2, "ช่วยเกษตรกรที่ประสบอุทกภัย")
    index.update([vaccine, flood, entry(3, "เกษตกร")], (), position=3)
    page = index.search(parse_query(typed))
    assert page.did_you_mean == meant
    assert page.total > 0


WITH_LONG_TITLES = (
    entry(1, "ประกาศสอบราคาจ้างก่อสร้างถนนคอนกรีตเสริมเหล็ก", "ถนนสายบ้านหนองปลาดุก กว้าง ๔ เมตร"),
    entry(2, "ขอเชิญร่วมพิธีหล่อเทียนพรรษา"),
    entry(3, "กำหนดการจัดงานลอยกระทง"),
    entry(4, "ประชาสัมพันธ์การชำระภาษีที่ดินและสิ่งปลูกสร้าง", "เทศบาลตำบลขอเชิญชำระภาษี"),
    *(entry(number, f"งานซ่อมถนนสายที่ {number}", "ซ่อมถนน") for number in range(5, 36)),
)


@pytest.mark.parametrize(
    ("typed", "meant", "found"),
    [
        ("ชำระพาษีที่ดินและป้ายโฆษณา", "ชำระภาษีที่ดินและป้ายโฆษณา", 4),
        ("ขอเชิญร่วมพิธีหล่อเทียนพรรสาและงานบุญ", "ขอเชิญร่วมพิธีหล่อเทียนพรรษาและงานบุญ", 2),
        ("ถนนสายบ้านหนองปลาดุ๊กกว้างสี่เมตร", "ถนนสายบ้านหนองปลาดุกกว้างสี่เมตร", 1),
    ],
)
def test_a_slip_near_a_right_word_that_nothing_has_is_corrected(
    tmp_path: Path, typed: str, meant: str, found: int
) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update(WITH_LONG_TITLES, (), position=1)
    page = index.search(parse_query(typed))
    assert page.did_you_mean == meant
    assert page.hits[0].announcement_id == found


@pytest.mark.parametrize("typed", ["อัตราค่าธรรมเนยีมขยะมูลฝอย", "น้าทวม"])
def test_a_misspelling_that_the_dictionary_knows_is_offered_to_nobody(tmp_path: Path, typed: str) -> None:
    dictionary = Dictionary()
    misspellings = {each[0] for each in dictionary.current().translations} & MISSPELLINGS
    assert misspellings == MISSPELLINGS
    index = WhooshIndex(tmp_path, dictionary)
    fees, flood = entry(1, "อัตราค่าธรรมเนียมเก็บขนขยะมูลฝอย"), entry(2, "ช่วยเหลือผู้ประสบอุทกภัย")
    others = (entry(number, f"งานซ่อมถนนสายที่ {number}") for number in range(3, 36))
    index.update([fees, flood, *others], (), position=1)
    page = index.search(parse_query(typed))
    assert not any(each in (page.did_you_mean or "") for each in misspellings)


def test_a_misspelt_word_that_nothing_has_is_named_as_it_was_typed(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "อัตราค่าธรรมเนียมเก็บขนขยะ"), entry(2, "ซ่อมถนน")], (), position=2)
    page = index.search(parse_query("อัตราค่าธรรมนนยีม"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    assert page.query.loosened == (query_notes.missing_words_note(["ธรรมนนยีม"]),)


def test_a_missing_word_with_a_misspelt_end_is_named_once(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ซ่อมถนน"), entry(2, "เก็บขยะ")], (), position=2)
    page = index.search(parse_query("ซ่อมถนน สนามบินซฟ"))
    assert page.query.loosened == (query_notes.missing_words_note(["สนามบินซฟ"]),)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("หยุดจ่ายน้ำประปาสุโขทัย", "ไม่มีประกาศใดมีคำว่า “สุโขทัย” จึงแสดงประกาศที่มีเพียงบางคำที่ค้น"),
        ("เตือนภัยน้ำท่วมเชียงใหม่", "ไม่มีประกาศใดมีคำว่า “เชียงใหม่” จึงแสดงประกาศที่มีเพียงบางคำที่ค้น"),
        ("ภาษีที่ดิน ถนน", query_notes.NOT_ALL.thai),  # both are there, each in another announcement
    ],
)
def test_a_word_that_nothing_has_is_named(index: WhooshIndex, typed: str, said: str) -> None:
    page = index.search(parse_query(typed))
    assert page.total > 0
    assert [note.thai for note in page.query.loosened] == [said]


OF_TWO_SUBQUERIES = (
    entry(1, "ฉีดวัคซีนป้องกันโรคพิษสุนัขบ้าให้สุนัข"),
    entry(2, "พ่นหมอกควันกำจัดยุงลาย"),
    entry(3, "ชำระภาษีที่ดินและสิ่งปลูกสร้าง"),
    entry(4, "อัตราค่าธรรมเนียมเก็บขนขยะมูลฝอย"),
    entry(5, "รับสมัครพนักงานจ้าง", "สรรหาและเลือกสรรพนักงาน"),
    entry(6, "จ่ายเบี้ยยังชีพผู้สูงอายุ", "กองสวัสดิการและสังคม โทร. 100"),
    *(entry(number, "รายงานการประชุมสภา") for number in range(10, 16)),
)


@pytest.fixture(scope="module")
def of_subqueries(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    index = WhooshIndex(tmp_path_factory.mktemp("subqueries"), Dictionary())
    index.update(OF_TWO_SUBQUERIES, (), position=1)
    return index


@pytest.mark.parametrize(
    ("typed", "first", "second"),
    [
        ("ฉีดวัคซีนหมาและพ่นยุง", ("ฉีดวัคซีนหมา", 1), ("พ่นยุง", 2)),
        ("ฉีดวัคซีนหมา และ พ่นยุง", ("ฉีดวัคซีนหมา", 1), ("พ่นยุง", 2)),
        ("วัคซีนหมากับพ่นยุง", ("วัคซีนหมา", 1), ("พ่นยุง", 2)),
        ("อยากรู้เรื่องเบี้ยผู้สูงอายุกับรับสมัครงาน", ("เบี้ยผู้สูงอายุ", 6), ("รับสมัครงาน", 5)),
        ("จ่ายค่าขยะกับภาษีที่ดินพร้อมกันได้ไหม", ("จ่ายค่าขยะ", 4), ("ภาษีที่ดิน", 3)),
    ],
)
def test_two_subqueries_are_answered_each_by_itself(
    of_subqueries: WhooshIndex, typed: str, first: tuple[str, int], second: tuple[str, int]
) -> None:
    page = of_subqueries.search(replace(parse_query(typed), may_split_into_subqueries=True))
    subqueries = [
        (subquery.query.typed, [hit.announcement_id for hit in subquery.hits])
        for subquery in page.subquery_results
    ]
    assert subqueries == [(first[0], [first[1]]), (second[0], [second[1]])]
    assert [hit.announcement_id for hit in page.hits] == [first[1], second[1]]
    assert (page.total, page.partial, page.related) == (2, 0, ())
    assert page.query.loosened == (query_notes.TWO_SUBQUERIES,)
    assert (
        of_subqueries.search(parse_query(typed)).subquery_results == ()
    )  # for who cannot be shown two lists


@pytest.mark.parametrize(
    "typed",
    [
        "กองสวัสดิการและสังคม",
        "เบี้ยยังชีพ กองสวัสดิการและสังคม",
        "ชำระภาษีที่ดินและสิ่งปลูกสร้างล่วงหน้า",
        "กองยุทธศาสตร์และพ่นยุง",
        "ฉีดวัคซีนหมากับกองสวัสดิการ",
        "สุนัขและพนักงานจ้างที่สรรหาและเลือกสรร",
        "สนามบินและพ่นยุง",
        "กับข้าวพ่นยุง",
        '"ฉีดวัคซีนหมา" และพ่นยุง',
    ],
)
def test_a_name_with_and_and_a_subquery_that_has_no_answer_are_not_split(
    of_subqueries: WhooshIndex, typed: str
) -> None:
    assert (
        of_subqueries.search(replace(parse_query(typed), may_split_into_subqueries=True)).subquery_results
        == ()
    )


@pytest.mark.parametrize("typed", ["ร้องเรียนกับใคร", "ทำบัตรกับใครได้บ้าง", "ติดต่อกับใครที่ไหน", "ฉีดวัคซีนหมากับใคร"])
def test_words_of_a_question_alone_are_no_subquery(typed: str) -> None:
    query = replace(parse_query(typed), may_split_into_subqueries=True)
    assert split_into_subqueries(query, Dictionary().current().tokenizer) is None


def test_a_corrected_word_is_marked_and_no_word_into_which_the_slip_falls(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    with index.rebuild() as generation:
        generation.add_announcements([entry(1, "ร่างเทศบัญญัติ", "เทศบาลเสนอร่างเทศบัญญัติงบประมาณ")])
    page = index.search(parse_query("เทศบันญัติ"))
    assert [hit.announcement_id for hit in page.hits] == [1]
    shown = highlight("เทศบาลเสนอร่างเทศบัญญัติ", page.query, Dictionary().current().tokenizer)
    assert [segment.text for segment in shown if segment.is_hit] == ["เทศบัญญัติ"]


@pytest.mark.parametrize(("typed", "near"), [("ค่าธรรมเนียมขยะหมู่ที่ 7", 12), ("หมู่ 7", 0), ("ม.7", 0)])
def test_a_village_that_nothing_names_is_not_found_by_the_words_of_fees(
    tmp_path: Path, typed: str, near: int
) -> None:
    """The embedded engine tells villages from other words; see ``docs/opensearch.md``."""
    index = WhooshIndex(tmp_path, Dictionary())
    index.update(FEES, (), position=1)
    page = index.search(parse_query(typed, per_page=50))
    assert (page.total, len(page.related)) == (0, near)


@pytest.mark.parametrize(
    ("typed", "near", "meetings"),
    [
        ("ประชุมประชาคม ปี 2566", [2], range(8, 13)),
        ("ค่าขยะหมู่ 7 ปี 2566", [3, 4, 5, 6, 7, 1], range(0)),
        ("หมู่ 7 ปี 2566", [2, 1], range(0)),  # not all that there is of 2566
    ],
)
def test_what_has_all_words_but_not_the_time_comes_near_where_nothing_is_an_answer(
    tmp_path: Path, typed: str, near: list[int], meetings: range
) -> None:
    """On the embedded engine; ``docs/opensearch.md`` says what the other one offers of other times."""
    index = WhooshIndex(tmp_path, Dictionary())
    others = [entry(at, f"ประชุมคณะทำงาน {at}", **of_year(2566)) for at in meetings]
    index.update([*FEES_OF_2566, *others], (), position=1)
    page = index.search(parse_query(typed, per_page=50))
    assert (page.total, [hit.announcement_id for hit in page.related]) == (0, near)
    assert query_notes.NOT_THEN in page.query.loosened


def test_a_set_phrase_is_together_where_one_of_its_words_says_nothing(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    scattered = "บ้านมือสองขายได้สูงเป็นประวัติการณ์ในงานประมูลครั้งที่สี่"
    index.update([entry(1, "ขายบ้านมือสอง", body=scattered)], (), position=1)
    assert index.search(parse_query("ใครได้ประมูลรถน้ำ")).total == 0
    index.update([entry(2, "ร้านค้าได้ประมูลรถน้ำ")], (), position=2)
    assert [hit.announcement_id for hit in index.search(parse_query("ใครได้ประมูลรถน้ำ")).hits] == [2]


@pytest.mark.parametrize(("typed", "also"), [("หมู่ที่ ๗", "หมู่ 7"), ("ประชุม หมู่ที่7", "ประชุม หมู่7")])
def test_a_village_is_the_same_however_it_is_typed(
    sample: tuple[WhooshIndex, list[str]], typed: str, also: str
) -> None:
    index, _titles = sample
    answers = [
        [hit.announcement_id for hit in index.search(parse_query(each)).hits] for each in (typed, also)
    ]
    assert answers[0] == answers[1] != []


@pytest.mark.parametrize("typed", ["บ่อบาดาล", "ขุดบ่อ", "บ่อเลี้ยงปลา", "บ่ายสามโมง"])
def test_a_word_that_begins_like_a_spoken_not_stays(typed: str) -> None:
    assert [chunk.text for chunk in parse_query(typed).chunks] == [typed]
