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

from indexer.search.highlighting import TextSegment, find_hits, snippet
from indexer.search.query import parser as queries
from indexer.search.query.parser import Query
from web.addresses import search_text_of_request

pages = Blueprint("manual", __name__, url_prefix="/help")

_FOLDER = Path(__file__).parents[1] / "manual"
_EXTENSIONS = ("tables", "toc", "sane_lists")  # those of mkdocs.yml, which builds the same pages as a site
_FIRST = "index"
_MOST_FOUND = 20  # sections shown for a search


@dataclass(frozen=True, slots=True)
class ManualSection:
    """A heading of the manual with the text under it. ``anchor`` is its place on the page."""

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
        found=_find(queries.parse(typed)) if typed else [],
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
    return str(markdown.markdown(text, extensions=list(_EXTENSIONS)))


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
    """Returns the sections of all pages, in the order of the pages' names."""
    found = []
    for page in sorted(_names()):
        heading, anchor, lines = "", "", [""]
        for element in html.fragment_fromstring(_markup(page), create_parent="div"):
            if element.tag in ("h1", "h2"):
                found.append(ManualSection(page, anchor, heading, "\n".join(lines)))
                heading, anchor, lines = element.text_content(), element.get("id", ""), []
            lines.append(element.text_content())
        found.append(ManualSection(page, anchor, heading, "\n".join(lines)))
    return tuple(section for section in found if section.heading)


def _find(query: Query) -> list[tuple[ManualSection, tuple[TextSegment, ...]]]:
    """Returns the sections that match, those first that hold most of the query's letters in different hits.

    Letters, for a hit of the whole query says more than hits of its parts. Those of the heading count twice.
    """
    scored = []
    for section in _sections():
        hits = {section.text[start:end] for start, end in find_hits(section.text, query)}
        in_heading = {section.heading[start:end] for start, end in find_hits(section.heading, query)}
        if hits:
            scored.append((sum(map(len, hits)) + 2 * sum(map(len, in_heading)), section))
    scored.sort(key=lambda pair: -pair[0])
    return [(section, snippet(section.text, query)) for _score, section in scored[:_MOST_FOUND]]
