"""Text that is twice as long takes about twice the steps, whatever it is: no text stops the service.

Steps are counted (``tests.steps``), never seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import privacy, thai, validation
from archive.importers import legacy_site
from archive.thai import keyboard
from indexer.analysis import dictionary, index_document, loanwords, spelling_index, tokenizer
from indexer.extraction import text_quality
from indexer.extraction.pdf import text_repair
from indexer.search import highlight_terms, highlighting, query_hits, word_borders
from indexer.search.query import date_ranges, parser, query_plan, question_words
from tests.steps import Steps, counting, steps_of
from web import line_breaking
from web.app import create_app
from web.bootstrap import build_services
from web.settings import Settings

_MODULES = (
    *(
        legacy_site,
        privacy,
        validation,
        thai,
        dictionary,
        index_document,
        loanwords,
        spelling_index,
        tokenizer,
    ),
    *(
        text_repair,
        text_quality,
        highlighting,
        highlight_terms,
        query_hits,
        word_borders,
        date_ranges,
        keyboard,
        parser,
        query_plan,
        question_words,
    ),
    line_breaking,
)
_LENGTH = 200  # characters; twice that are tried too
_MOST = 2.5  # times the steps for twice the length
_FEW = 3_000  # steps, below which a function has not begun to work

_PIECES = (
    *("ำ่", "ํ่า", "่้", "ุ่", "ำ", "า", "ก", "เ", "ก่", "กา", "เทศบาล", "ๆ", "ฯลฯ", "1", "๑", "l", "O"),
    *(" ", "   ", "\n", "\t", "-", ".", "/", ",", ":", '"', "(", "…", "\u200b", "\u0301\u0316", "👍🏽\u200d"),
    *("ม.ค. ", "9 มิ", "64", "2564", "พ.ศ. ", "ณ วันที่ ", "ตั้งแต่ ", "ถึง ", "ปีงบประมาณ ", "ก่อน ", "date:"),
    *("year:", "เลขที่ ", "NOT ", " OR ", "-ก", "โทร", "ธนาคาร", "สำนักงาน", "0 8", "+66", "a@b.", "(cid:201)"),
    *("\ufffd", "É", "covid", "<p>", "&amp;", "http://"),
)
_TEXTS = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=4).map("".join)
_LEXICON = dictionary.Dictionary().current()
_QUERY = parser.parse_query('ถนน "เทศบาล" 1')

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "canon": thai.canonical_text,
    "clusters": thai.cluster_borders,
    "shorten": lambda text: thai.shorten(text, len(text) // 2),
    "parse_date": thai.parse_date,
    "month_number": thai.month_number,
    "find personal data": lambda text: privacy.find_personal_data(text, 1),
    "repair": text_repair.repair_text,
    "undecodable": text_repair.count_undecodable,
    "coverage": text_quality.dictionary_coverage,
    "name": validation.checked_account_name,
    "body": validation.checked_body,
    "heading": validation.checked_collection_heading,
    "page text": validation.checked_page_text,
    "safe file name": lambda text: validation.safe_filename(text, "application/pdf"),
    "fold": tokenizer.fold_text,
    "run": tokenizer.searchable_bytes,
    "tokens": _LEXICON.tokenizer.tokens,
    "parse a query": parser.parse_query,
    "written": parser.normalize_query,
    "stretches of time": date_ranges.find_date_ranges,
    "other keyboard": keyboard.switch_layout,
    "question words": lambda text: question_words.stretches_without_question_words(text, _LEXICON.tokenizer),
    "spelt out": lambda text: list(loanwords.find_spelled_letters(text)),
    "highlight": lambda text: highlighting.highlight(text, _QUERY, _LEXICON.tokenizer),
    "snippet": lambda text: highlighting.snippet(text, _QUERY, _LEXICON.tokenizer),
    "line breaks": lambda text: line_breaking.segments_with_break_opportunities(
        (highlighting.TextSegment(text, is_hit=False),), frozenset()
    ),
}


@pytest.fixture(scope="module")
def steps() -> Iterator[Steps]:
    with counting(_MODULES) as counted:
        yield counted


def growth(steps: Steps, work: Callable[[str], object], piece: str, length: int) -> tuple[int, int]:
    """Returns the steps for a text of this length, and for one of twice the length."""
    other, once, twice = (
        (piece * (size // len(piece) + 1))[:size] for size in (length + 1, length, 2 * length)
    )
    work_on = lambda text: steps_of(steps, lambda: work(text))  # noqa: E731
    with suppress(Exception):  # a refusal is an answer too
        work(other)  # whatever is made once is made; an answer that is remembered is that for another text
    return work_on(once), work_on(twice)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(piece=_TEXTS)
def test_work_grows_with_the_text(steps: Steps, name: str, piece: str) -> None:
    once, twice = growth(steps, FUNCTIONS[name], piece, _LENGTH)
    assert twice <= _MOST * max(once, _FEW), (name, piece, once, twice)


@pytest.mark.parametrize("piece", ["ำ่", "ํ่า", "1   ", "5\n  ", "l   ", "  ", "\n", "ุ่", "\u0301\u0316", "ก่ำ่"])
def test_what_was_slow_once(steps: Steps, piece: str) -> None:
    for name in ("canon", "parse_date", "find personal data", "stretches of time", "body"):
        work = FUNCTIONS[name]
        once, twice = growth(steps, work, piece, _LENGTH)
        assert twice <= _MOST * max(once, _FEW), (name, piece, once, twice)


@pytest.mark.parametrize(
    "name", ["q", "from", "to", "kind", "author", "category", "year", "sort", "page", "per_page"]
)
def test_work_grows_with_an_argument(steps: Steps, tmp_path: Path, name: str) -> None:
    """A search through the whole application, with one long argument."""
    client = create_app(build_services(Settings(data=tmp_path / "data"))).test_client()

    def ask(text: str) -> object:
        return client.get("/api/v1/search", query_string={name: text})

    once, twice = growth(steps, ask, "ำ่", 800)
    assert twice <= _MOST * max(once, _FEW), (name, once, twice)
