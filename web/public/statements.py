"""Pages of a municipality's statements on privacy and accessibility, and its emblem."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import markdown
from flask import Blueprint, Response, render_template
from flask_babel import get_locale
from lxml import html
from markupsafe import Markup, escape

from archive.errors import NotFound
from web.bootstrap import services

pages = Blueprint("statements", __name__)

_FOLDER = Path(__file__).parents[1] / "statements"
_LINKS = ("https://", "http://", "mailto:", "tel:", "/")  # beginnings of the addresses that a link may have
_DAY = "public, max-age=86400"


@pages.get("/privacy")
def privacy() -> str:
    """Show the municipality's statement on privacy, or the one that comes with the program."""
    return _statement("privacy", services().site_profiles.current().privacy)


@pages.get("/accessibility")
def accessibility() -> str:
    """Show the municipality's statement on accessibility, or the one that comes with the program."""
    return _statement("accessibility", services().site_profiles.current().accessibility)


@pages.get("/emblem/<int:version_id>")
def emblem(version_id: int) -> Response:
    """Send the emblem that the site has now; ``NotFound`` for one that was taken off or replaced."""
    if services().site_profiles.current().emblem_id != version_id:
        raise NotFound("ไม่พบภาพตรานี้")
    found = services().site_profiles.emblem_uploaded_with(version_id)
    answer = Response(found.content, mimetype=found.media_type)
    answer.headers["Cache-Control"] = _DAY
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@cache
def built_in_statement(name: str, language: str) -> str:
    """Returns the statement that comes with the program, in Markdown. ``name``: as in its address."""
    return (_FOLDER / f"{name}.{'en' if language == 'en' else 'th'}.md").read_text(encoding="utf-8")


def _statement(name: str, own: str) -> str:
    return render_template(
        "public/statement.html",
        name=name,
        content=_rendered(own or built_in_statement(name, str(get_locale()))),
        language="th" if own else str(get_locale()),
    )


def _rendered(text: str) -> Markup:
    """Returns a statement as HTML. HTML in the text is shown as typed, and links lead to pages only."""
    whole = html.fragment_fromstring(markdown.markdown(str(escape(text))), create_parent="div")
    for element in whole.iter("a"):
        if not element.get("href", "").startswith(_LINKS):
            del element.attrib["href"]
    for picture in [*whole.iter("img")]:
        picture.drop_tree()
    return Markup(html.tostring(whole, encoding="unicode"))  # noqa: S704  # its HTML was escaped
