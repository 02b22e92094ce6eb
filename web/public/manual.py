"""The manual at ``/help``: the pages of ``docs/manual``, searched with the archive's own analysis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import markdown
from flask import Blueprint, Response, abort, render_template, send_from_directory, url_for
from lxml import html
from markupsafe import Markup

from archive.thai.word_list import thai_stopwords
from indexer.analysis.tokenizer import Tokenizer, fold_text, group_into_longest_words
from indexer.search.highlighting import TextSegment, find_hits, snippet
from indexer.search.query import parser as queries
from indexer.search.query.parser import Query
from web.addresses import search_text_of_request
from web.bootstrap import services

pages = Blueprint("manual", __name__, url_prefix="/help")

_FOLDER = Path(__file__).parents[1] / "manual"
_EXTENSIONS = (
    "tables",
    "toc",
    "sane_lists",
    "fenced_code",
)  # those of mkdocs.yml, which builds the same pages as a site
_FIRST = "index"
_RANKS = {"residents": 2, "staff": 2, "officer-install": 1, "officer-care": 1}
"""Pages for those who ask here most come first, then those that an officer needs in the first hour."""
_MOST_FOUND = 20  # sections shown for a search


@dataclass(frozen=True, slots=True)
class ManualSection:
    """A heading of the manual with the plain text under it; ``anchor`` is its place on the page."""

    page: str
    anchor: str
    heading: str
    text: str


@pages.get("")
@pages.get("/<page>")
def show(page: str = _FIRST) -> str:
    """Show a page of the manual; with ``?q=``, the sections of all pages that match."""
    if page not in _names():
        abort(404)
    typed = search_text_of_request()
    return render_template(
        "public/manual.html",
        content=_rendered(page),
        typed=typed,
        found=_find(queries.parse_query(typed), services().tokenizer) if typed else [],
        is_first=page == _FIRST,
    )


@pages.get("/pictures/<name>.png")
def picture(name: str) -> Response:
    """Send a picture of the manual."""
    return send_from_directory(_FOLDER / "pictures", f"{name}.png", max_age=3600)


@cache
def _names() -> frozenset[str]:
    return frozenset(path.stem for path in _FOLDER.glob("*.md"))


@cache
def _markup(page: str) -> str:
    text = (_FOLDER / f"{page}.md").read_text(encoding="utf-8")
    body = html.fragment_fromstring(
        markdown.markdown(text, extensions=list(_EXTENSIONS)), create_parent="div"
    )
    for table in body.iter("table"):
        _name_cells(table)
    for code in body.iter("pre"):
        code.set("tabindex", "0")  # scrolled with the keyboard too
    return "".join(html.tostring(each, encoding="unicode") for each in body)


def _name_cells(table: html.HtmlElement) -> None:
    """Writes each column's heading into its cells, for screens that show them one below the other."""
    headings = [each.text_content() for each in table.iter("th")]
    for row in table.iterfind("tbody/tr"):
        for heading, cell in zip(headings, row, strict=True):
            cell.set("data-heading", heading)


def _rendered(page: str) -> Markup:
    """Returns a page as HTML, its links leading to ``/help`` instead of files."""
    text = re.sub(
        r'href="([a-z-]+)\.md(#[^"]*)?"',
        lambda link: f'href="{url_for("manual.show", page=link[1])}{link[2] or ""}"',
        _markup(page),
    )
    text = re.sub(
        r'src="pictures/([a-z-]+)\.png"',
        lambda image: f'loading="lazy" src="{url_for("manual.picture", name=image[1])}"',
        text,
    )
    return Markup(text)  # noqa: S704  # our own pages


@cache
def _sections() -> tuple[ManualSection, ...]:
    """Returns the sections of all pages but the first, whose list of the others answers nothing."""
    found = []
    for page in sorted(_names() - {_FIRST}):
        heading, anchor, lines = "", "", [""]
        for element in html.fragment_fromstring(_markup(page), create_parent="div"):
            if element.tag in ("h1", "h2"):
                found.append(ManualSection(page, anchor, heading, "\n".join(lines)))
                heading, anchor, lines = element.text_content(), element.get("id", ""), []
            else:
                lines.append(element.text_content())
        found.append(ManualSection(page, anchor, heading, "\n".join(lines)))
    return tuple(section for section in found if section.heading)


def _find(query: Query, tokenizer: Tokenizer) -> list[tuple[ManualSection, tuple[TextSegment, ...]]]:
    """Returns the sections that have the most of the query's words.

    Those with all of it in one piece of the heading come first, then those for clerks and residents, then an
    officer's first ones, then those with words in the heading. Of equal ones those come first that have the
    longest part of the query in one piece, most of all in the heading.
    """
    words = _words(query, tokenizer)
    scored = []
    for section in _sections():
        in_heading = _hits(section.heading, query, tokenizer)
        hits = in_heading | _hits(section.text, query, tokenizer)
        if hits:
            score = (
                _longest(in_heading) >= sum(map(len, words)),  # the whole query
                _RANKS.get(section.page, 0),
                _coverage(words, in_heading),
                _longest(in_heading),
                _longest(hits),
                sum(map(len, hits)),
            )
            scored.append((_coverage(words, hits), score, section))
    most = max((covered for covered, _score, _section in scored), default=0)
    complete = [(score, section) for covered, score, section in scored if covered == most]
    complete.sort(key=lambda pair: pair[0], reverse=True)
    return [(section, snippet(section.text, query, tokenizer)) for _score, section in complete[:_MOST_FOUND]]


def _words(query: Query, tokenizer: Tokenizer) -> set[str]:
    """Returns the words of the query that say what is looked for."""
    words: set[str] = set()
    for chunk in query.chunks:
        tokens = [chunk.text[token.start : token.end] for token in tokenizer.tokens(chunk.text)]
        words |= {"".join(parts) for parts in group_into_longest_words(tokens)}
    return words - thai_stopwords()


def _hits(text: str, query: Query, tokenizer: Tokenizer) -> set[str]:
    return {fold_text(text[start:end]) for start, end in find_hits(text, query, tokenizer)}


def _coverage(words: set[str], hits: set[str]) -> int:
    """Returns the letters of the words that were hit: a long word says more than a short one."""
    return sum(len(word) for word in words if any(word in hit for hit in hits))


def _longest(hits: set[str]) -> int:
    return max(map(len, hits), default=0)
