"""Anything typed is legal: it has an answer, and costs no more than a bounded number of looks."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.dictionary import Dictionary
from indexer.analysis.tokenizer import letters_of
from indexer.engines.whoosh import WhooshIndex
from indexer.search.highlighting import highlight, snippet
from indexer.search.query.parser import MAX_QUERY_LENGTH, Sort, parse_query
from indexer.search.query.query_plan import build_query_plan
from indexer.search.villages import lacks_village
from tests.contracts.test_search_index import ARCHIVE, entry

# Characters of the Unicode categories Nd, Nl and No that are no digits of a Thai text.
ODD_NUMBERS = "² ⁹ ₂ ① ⑨ ⓪ ⒈ ٣ ٢٥٦٤ ۴ ५ ༣ ፩ Ⅷ ½ 三 𝟓 ６ 4² 2564① 25٦٤".split()
BEFORE_NUMBERS = (
    "ปี|พ.ศ.|ค.ศ.|พศ|งบประมาณ|ปีงบประมาณ|งบปี|มกราคม|ม.ค.|มค|january"
    "|วันที่|วันที่ 1|ตั้งแต่ปี|ปี 2564 ถึง|1/1/|25|ม.|ม|หมู่|หมู่ที่|หมู่บ้าน"
    "|บ้านเลขที่ 9 หมู่"
    "|มาตรา|น.ส.|เลขที่|คำสั่งที่|ที่|12/|บธ|PM|โทร|ราคา|กี่บาท|ซอย|-|ก OR|year:|village:|number:|from:|to:|kind:"
).split("|")
VILLAGES = "ประชุมประชาคม หมู่ 1 ถึงหมู่ 5 และหมู่ 7 8 ปี 2564 ราคา 1,200 บาท ที่ 12/2564"

BODY = "เทศบาลตำบลหนองบัว ประกาศสอบราคาจ้างก่อสร้างถนน ๑๒๓/๒๕๖๔ 🙂 a.b@go.th"
WRITTEN = [
    "",
    " ",
    "\t\n\r",
    "\0",
    "\0\1\2",
    "🙂",
    "🙂🙂🙂 👩‍👩‍👧 🇹🇭",
    "🏛️ เทศบาล",
    "\u200b\u200c\u200d",
    "\ufeffเทศบาล",
    "\u202eเทศบาล\u202c",
    "\u200fא\u200e",
    "שלום",
    "مرحبا",
    "中文 检索",
    "日本語",
    "한국어",
    "Ελληνικά",
    "İstanbul ß ǅ",
    "ﬁ ﬂ Ⅷ ㍻",
    "่้๊๋",
    "์",
    "ำ",
    "ะ",
    "ัิ",
    "เ",
    "แแแแแ",
    "เเทศบาล",
    "ๆ",
    "ฯ",
    "ฯลฯ",
    "ฯ" * 300,
    "ๆๆๆ ๆ",
    "๏ ๚ ๛",
    "฿",
    "฿๑๐๐",
    "า" * 300,
    "่" * 400,
    "ก่้๊๋์" * 50,
    "-",
    "--",
    "---",
    "- - -",
    "-ขยะ",
    "-ขยะ -ถนน -ภาษี",
    "--ขยะ",
    '-"ก ข"',
    "-author:ก",
    "-123",
    "–—−",
    "-" * 600,
    '"',
    '""',
    '"""',
    '"ก',
    'ก"',
    '"ก" "',
    '" "',
    "“ก”",
    "'ก'",
    '"' * 200,
    '"-"',
    '"author:"',
    "«ก»",
    ":",
    "::",
    "author:",
    "author: ",
    'author:"',
    'author:""',
    "kind:ไม่มี",
    "year:",
    "year:abc",
    "year:0",
    "year:99999",
    "year:๐๐๐๐",
    "year:9999",
    "year:0000",
    "year:2564-",
    "year:-2564",
    "year:2565-2564",
    "number:",
    "number: ",
    "number:/",
    "number:" + "9" * 300,
    'category:"',
    "from:",
    "to:ก",
    "from:31/2/2564",
    "date:",
    "date:ก",
    "sort:",
    "id:1",
    "a:b:c:d",
    "ที่:ที่:ที่",
    "http://go.th/?q=1&b=2",
    "' OR 1=1 --",
    "'; DROP TABLE announcement; --",
    '" OR ""="',
    "1) UNION SELECT * FROM person",
    "%",
    "%%%",
    "_",
    "ก%' ESCAPE '\\",
    ".*",
    "(a+)+$",
    "(((((",
    ")))))",
    "[",
    "]",
    "[ก-ฮ",
    "{1,2}",
    "\\",
    "\\\\",
    "\\u0e01",
    "^$",
    "a{99999999}",
    "(?=ก)",
    "(?P<ก>ก)",
    "*",
    "?",
    "~",
    "ก~2",
    "ก^5",
    "+ก +ข",
    "AND OR NOT",
    "ก AND",
    "title:[a TO z]",
    "{!join}",
    "&&",
    "||",
    "!",
    "<script>alert(1)</script>",
    "<b>ก</b>",
    "&lt;ก&gt;",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "%s%n",
    "../../etc/passwd",
    "\r\nSet-Cookie: a=b",
    "0",
    "00000",
    "1e308",
    "NaN",
    "Infinity",
    "-1",
    "1.2.3.4.5",
    "1,2,3,,4",
    "1/2/3/4/5",
    "99/99/9999",
    "31/2/64",
    "2021-02-30",
    "๑๒๓๔๕๖๗๘๙๐" * 40,
    "9 มิถุนายน",
    "9 มิถุนายน 99999",
    "มิ.ย.",
    "มิ.ย. 00",
    "32 ม.ค. 64",
    "ม.ค.-",
    "- ม.ค. 64",
    "ม.ค. 64 ถึง ม.ค. 63",
    "ตั้งแต่",
    "ปีงบประมาณ",
    "ปีงบประมาณ 0000",
    "ปี 0001-0002",
    "ปี 9999-9999",
    "0 มกราคม 2564",
    "2400-01-01",
    "1/1/0001",
    "ค.ศ. 9999",
    "มกราคม ค.ศ. 1",
    "ก" * 10_000,
    "เทศบาล" * 2_000,
    "เทศบาล " * 2_000,
    "a" * 10_000,
    " " * 10_000,
    "🙂" * 10_000,
    "ก ข ค ง " * 1_000,
    "อุททกภัย" * 100,
    "ทาอากาศยาน" * 60,
    "x\udc80y",
    "\ud800",
    "ก\ud83d",
    chr(0x10FFFF),
    "มกราคม ค.ศ. 9999",
    "น้ำท่วม january 1, 9999",
    "ก่อน january 1, 0001",
    "หลัง december 31, 9999",
    "ตั้งแต่ jan ค.ศ. 0000 ถึง dec ค.ศ. 9999",
    "ปีงบประมาณ 9999",
    "ปี 0100-9999",
    "year:0001-9999",
    "\u0e3b\u0e5c",
    "a\u0301\u0302",
    "Z̸̢a̷l̵g̶o̷" * 20,
    "gmL[k]" * 40,
    "fu" * 100,
    "l;ylfu",
    "ฟ" * 498 + "64",
    "ฟ" * 495 + " 64",
    "ฟ" * 490 + "64",
]


def made_up(number: int) -> str:
    chance = random.Random(number)
    letters = string.printable + "กขคงเแโาิี่้ำะั์ๆฯ๑๒๓๔" * 3 + '":-/.🙂\u200b\u202e'
    return "".join(chance.choice(letters) for _ in range(chance.choice((3, 20, 200))))


TOKENIZER = Dictionary().current().tokenizer
STRANGE = [*WRITTEN, *map(made_up, range(60))]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    index = WhooshIndex(tmp_path_factory.mktemp("index"), Dictionary())
    index.update([*ARCHIVE, entry(5, VILLAGES, VILLAGES)], (), position=5)
    return index


def test_there_are_many_of_them() -> None:
    assert len(STRANGE) > 200


@pytest.mark.parametrize("typed", STRANGE, ids=range(len(STRANGE)))
def test_every_query_has_an_answer(index: WhooshIndex, typed: str) -> None:
    query = parse_query(typed)
    page = index.search(query)
    assert 0 <= page.total <= len(ARCHIVE) + 1
    assert len(page.hits) <= page.total
    assert page.query.typed == typed[:MAX_QUERY_LENGTH]
    assert len(index.suggest(typed)) <= 8
    assert "".join(segment.text for segment in highlight(BODY, page.query, TOKENIZER)) == BODY
    assert "".join(segment.text for segment in snippet(BODY, page.query, TOKENIZER, length=30)) in BODY
    for sort in (Sort.RELEVANCE, Sort.MOST_READ):
        assert index.search(parse_query(typed, sort=sort, page=7)).total == page.total


@pytest.mark.parametrize("typed", [one for one in STRANGE if len(one) > MAX_QUERY_LENGTH], ids=len)
def test_what_is_looked_up_is_bounded(typed: str) -> None:
    query = parse_query(typed)
    assert sum(len(chunk.text) for chunk in query.chunks) <= MAX_QUERY_LENGTH
    wanted = build_query_plan(query, Dictionary().current())
    assert len(wanted.parts) <= 64
    assert len(wanted.clauses) <= 64
    assert sum(len(unit.alternatives) for unit in wanted.clauses) <= 64 * 8


def assert_is_answered(index: WhooshIndex, typed: str) -> None:
    query = parse_query(typed)
    index.search(query)
    index.suggest(typed)
    lacks_village(build_query_plan(query, Dictionary().current()), letters_of(VILLAGES))
    assert "".join(segment.text for segment in highlight(VILLAGES, query, TOKENIZER)) == VILLAGES


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_numbers_of_other_scripts_are_answered(index: WhooshIndex, number: str) -> None:
    for word in BEFORE_NUMBERS:
        assert_is_answered(index, f"{word} {number}")
        assert_is_answered(index, f"{word}{number}")


@given(
    word=st.sampled_from(BEFORE_NUMBERS),
    space=st.sampled_from(("", " ")),
    number=st.text(st.characters(categories=["Nd", "Nl", "No"]), min_size=1, max_size=4),
)
def test_any_number_of_unicode_is_answered(index: WhooshIndex, word: str, space: str, number: str) -> None:
    assert_is_answered(index, word + space + number)


@given(st.text(max_size=60))
def test_whatever_unicode_holds(index: WhooshIndex, typed: str) -> None:
    assert index.search(parse_query(typed)).total <= len(ARCHIVE) + 1
