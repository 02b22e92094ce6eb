"""Words kept whole: nothing is added to the text, and nothing in it becomes markup."""

from __future__ import annotations

import gc
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from markupsafe import Markup

from archive.thai import words
from indexer.search import villages
from indexer.search.highlighting import TextSegment
from tests.web.conftest import Site
from web import line_breaking
from web.commands import serving

THAI_RUNS = st.text(alphabet="กขคนมยรลวอเแโไะาิีึืุู่้็์ำๆฯ ", max_size=60)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("การกระจายอำนาจได้", ["การกระจายอำนาจ", "ได้"]),
        ("รับสมัครผู้สูงอายุ", ["รับสมัคร", "ผู้สูงอายุ"]),
        ("เครือข่ายส่งเสริมการมีส่วนร่วม", ["เครือข่าย", "ส่งเสริม", "การมีส่วนร่วม"]),
        ("นายศรัณย์พร", ["นาย", "ศรัณย์", "พร"]),
        ("เข้มแข็งบ้านท่ากระดานเป็นไป", ["เข้มแข็ง", "บ้านท่ากระดาน", "เป็นไป"]),
        ("ชุมชนเข้มแข็งบ้านท่ากระดาน", ["ชุมชนเข้มแข็ง", "บ้านท่ากระดาน"]),
        ("ผู้สูงอายุประจำปีงบประมาณ", ["ผู้สูงอายุ", "ประจำปีงบประมาณ"]),
        ("สะพานข้ามลำน้ำหนองปลาดุก", ["สะพาน", "ข้าม", "ลำน้ำ", "หนองปลาดุก"]),
        ("โครงการพัฒนา", ["โครงการ", "พัฒนา"]),
        ("เจ้าหน้าที่ประชุม", ["เจ้าหน้าที่", "ประชุม"]),
        ("เดินทางเข้า", ["เดินทาง", "เข้า"]),
        ("ทางการเกษตร", ["ทาง", "การเกษตร"]),
        ("ปรับพื้นที่", ["ปรับ", "พื้นที่"]),
        ("เมื่อลงชื่อเข้าใช้", ["เมื่อ", "ลงชื่อ", "เข้าใช้"]),
        ("เก็บคำค้นเบอร์โทรศัพท์", ["เก็บ", "คำค้น", "เบอร์โทรศัพท์"]),
    ],
)
def test_words_as_people_read_them(run: str, words: list[str]) -> None:
    assert list(line_breaking.unbreakable_words(run, frozenset())) == words


def test_a_word_too_long_for_a_line_is_parted_between_the_words_in_it() -> None:
    pieces = list(line_breaking.breakable_pieces("สภาองค์การบริหารส่วนตำบลไทรย้อย"))
    assert pieces == ["สภา", "องค์การบริหาร", "ส่วนตำบล", "ไทร", "ย้อย"]


def test_the_places_own_words_stay_whole() -> None:
    assert list(line_breaking.unbreakable_words("บ้านหนองปลาดุก", frozenset(["หนองปลาดุก"]))) == ["บ้านหนองปลาดุก"]


@given(THAI_RUNS)
def test_joined_again_it_is_the_text(text: str) -> None:
    run = text.replace(" ", "")
    assert "".join(line_breaking.unbreakable_words(run, frozenset())) == run
    shown = html.fromstring(f"<p>{line_breaking.with_break_opportunities(text, frozenset())}</p>")
    assert "".join(shown.itertext()) == text


@given(st.lists(st.tuples(st.sampled_from(["ศูนย์", "ส่งเสริม\nการ", "<b>", "&", "'", '"']), st.booleans())))
def test_hits_are_marked_and_everything_else_is_escaped(told: list[tuple[str, bool]]) -> None:
    segments = [TextSegment(text, is_hit=hit) for text, hit in told]
    shown = html.fromstring(
        f"<p>{line_breaking.segments_with_break_opportunities(segments, frozenset())}</p>"
    )
    assert {element.tag for element in shown.iter()} <= {"p", "span", "mark", "wbr"}
    assert "".join(shown.itertext()) == "".join(text for text, _ in told)
    marked = "".join("".join(mark.itertext()) for mark in shown.iter("mark"))
    assert marked == "".join(text.replace("\n", "") for text, hit in told if hit)


@pytest.mark.parametrize(
    "kept",
    [
        "“น้ำปะปาไม่ไหล”",
        "หมู่ 7",
        "หมู่ที่ ๑๒",
        "(พ.ศ. 2566–2570)",
        "หน้า 1",
        "5 สิงหาคม 2568",
        "(๒–๕ มิ.ย. ๒๕๖๘)",
        "08.00 น.",
    ],
)
def test_what_is_read_as_one_stays_on_one_line(kept: str) -> None:
    shown = line_breaking.with_break_opportunities(f"แสดงผลของ {kept} แทนของเดิม", frozenset())
    assert kept in pieces(shown)


def test_lines_may_break_between_words_and_after_white_space() -> None:
    shown = line_breaking.with_break_opportunities("งานต่าง ๆ ของเทศบาล (ก) 😀 a b\n\nนายศรัณย์", frozenset())
    assert pieces(shown) == ["งาน", "ต่าง ๆ ", "ของ", "เทศบาล ", "(ก) ", "😀 ", "a ", "b\n\nนาย", "ศรัณย์"]


@pytest.mark.parametrize(
    "text", ["ษ" * 90, "a" * 90, "." * 90, "(ก)" * 30, "https://example.go.th/" + "x" * 80]
)
def test_nothing_is_longer_than_a_line(text: str) -> None:
    shown = line_breaking.with_break_opportunities(text, frozenset())
    assert max(map(len, pieces(shown))) <= 40


def test_the_words_of_html_stay_whole_and_its_tags_and_code_as_they_are() -> None:
    content = Markup('<p title="> น้อย">ขอให้เจ้าหน้าที่<code>ขอให้เจ้าหน้าที่</code>&lt;b&gt;ได้รับ</p>')
    opportunity = '<wbr aria-hidden="true">'
    assert line_breaking.html_with_break_opportunities(content, frozenset()) == (
        f'<p title="> น้อย"><span class="words">ขอให้{opportunity}เจ้าหน้าที่</span>'
        '<code>ขอให้เจ้าหน้าที่</code><span class="words">&lt;b&gt;ได้รับ</span></p>'
    )


def test_hits_keep_words_whole() -> None:
    segments = [
        TextSegment("จัดตั้ง", is_hit=False),
        TextSegment("ศูนย์", is_hit=True),
        TextSegment("ส่งเสริม", is_hit=False),
        TextSegment("เหมืองแร่ดีบุก", is_hit=True),
    ]
    shown = marked(segments)
    assert pieces(shown) == ["จัดตั้ง", "ศูนย์", "ส่งเสริม", "เหมืองแร่ดีบุก"]


def marked(segments: list[TextSegment]) -> str:
    return line_breaking.segments_with_break_opportunities(segments, frozenset())


def pieces(shown: str) -> list[str]:
    """The text between the places where lines may break."""
    return [
        unescape(re.sub(r"</?(span|mark)[^>]*>", "", piece))
        for piece in shown.split('<wbr aria-hidden="true">')
    ]


def test_no_dictionary_is_built_when_the_first_person_asks_for_a_village(site: Site) -> None:
    """Each process would build its own, which all pages would wait for."""
    site.announcement("ประชุมหมู่บ้าน", body="ที่ศาลาบ้านดอน ม.4")
    site.work()
    words._built.cache_clear()
    villages._is_read_as_word.cache_clear()
    serving._warm_up(site.app)
    gc.unfreeze()
    built = words._built.cache_info().misses
    for path in ("/search?q=บ้านนาม.5", "/announcements/1?q=หมู่ 4"):
        assert site.client().get(path).status_code == 200
    assert words._built.cache_info().misses == built
