"""Words kept whole: nothing is added to the text, and nothing in it becomes markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from indexer.finding.snippets import Segment
from web import unbroken

THAI_RUNS = st.text(alphabet="กขคนมยรลวอเแโไะาิีึืุู่้็์ำๆฯ ", max_size=60)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("การกระจายอำนาจได้", ["การกระจายอำนาจ", "ได้"]),
        ("รับสมัครผู้สูงอายุ", ["รับสมัคร", "ผู้สูงอายุ"]),
        ("เครือข่ายส่งเสริมการมีส่วนร่วม", ["เครือข่าย", "ส่งเสริม", "การมีส่วนร่วม"]),
        ("นายศรัณย์พร", ["นาย", "ศรัณย์", "พร"]),
    ],
)
def test_words_as_people_read_them(run: str, words: list[str]) -> None:
    assert list(unbroken.joined(run, frozenset())) == words


def test_the_places_own_words_stay_whole() -> None:
    assert list(unbroken.joined("บ้านหนองปลาดุก", frozenset(["หนองปลาดุก"]))) == ["บ้าน", "หนองปลาดุก"]


@given(THAI_RUNS)
def test_joined_again_it_is_the_text(text: str) -> None:
    run = text.replace(" ", "")
    assert "".join(unbroken.joined(run, frozenset())) == run
    shown = html.fromstring(f"<p>{unbroken.text(text, frozenset())}</p>")
    assert "".join(shown.itertext()) == text


@given(st.lists(st.tuples(st.sampled_from(["ศูนย์", "ส่งเสริม\nการ", "<b>", "&", "'", '"']), st.booleans())))
def test_hits_are_marked_and_everything_else_is_escaped(told: list[tuple[str, bool]]) -> None:
    segments = [Segment(text, hit=hit) for text, hit in told]
    shown = html.fromstring(f"<p>{unbroken.marked(segments, frozenset())}</p>")
    assert {element.tag for element in shown.iter()} <= {"p", "span", "mark"}
    assert "".join(shown.itertext()) == "".join(text for text, _ in told)
    marked = "".join("".join(mark.itertext()) for mark in shown.iter("mark"))
    assert marked == "".join(text.replace("\n", "") for text, hit in told if hit)


def test_each_line_says_where_its_words_are() -> None:
    shown = unbroken.text("งานต่าง ๆ ของเทศบาล 😀\n\nนายศรัณย์", frozenset())
    assert kept(shown) == ["งาน", "ต่าง ๆ", "ของ", "เทศบาล", "นาย", "ศรัณย์"]
    assert "งานต่าง ๆ ของเทศบาล 😀</span>\n\n<span" in shown


@given(st.lists(st.tuples(st.sampled_from(["ษ" * 90, "😀" * 40, "ศูนย์", "abc ", "\n", "&"]), st.booleans())))
def test_whatever_stands_before_them(told: list[tuple[str, bool]]) -> None:
    segments = [Segment(text, hit=hit) for text, hit in told]
    words = kept(unbroken.marked(segments, frozenset()))
    assert words == [text for text, _ in told if text == "ศูนย์"]


def kept(shown: str) -> list[str]:
    """The words that ``static/site.js`` keeps whole."""
    words = []
    for line in html.fromstring(f"<p>{shown}</p>").iter("span"):
        written, end = "".join(line.itertext()).encode("utf-16-le"), 0
        for place, digit in enumerate(line.get("data-words")):
            end += 2 * int(digit, 36)
            if place % 2 and int(digit, 36):
                words.append(written[end - 2 * int(digit, 36) : end].decode("utf-16-le"))
    return words
