"""Serves Sarabun from the site's own address: the Thai and Latin letters of the package's files, as WOFF2."""

from __future__ import annotations

import io
import logging
from functools import cache
from pathlib import Path

import fontpkg_sarabun
from flask import Blueprint, Response, abort, make_response, request
from fontTools import subset
from fontTools.ttLib import TTFont

pages = Blueprint("fonts", __name__)
logging.getLogger("fontTools").setLevel(logging.WARNING)  # below, it logs a line for every table it cuts

_FILES = Path(fontpkg_sarabun.__file__).parent / "files"
WEIGHTS = {"regular": "Sarabun-Regular.ttf", "bold": "Sarabun-Bold.ttf"}
_LETTERS = [*range(0x20, 0x7F), 0xA0, 0xA9, 0xB7, 0xD7, *range(0xE01, 0xE5C), *range(0x2010, 0x2027), 0x25CC]


@pages.get("/fonts/sarabun-<weight>.woff2")
def font(weight: str) -> Response:
    """Send one weight of the font, about 25 KB; a browser asks once a year."""
    if weight not in WEIGHTS:
        abort(404)
    answer = make_response(woff2(weight))
    answer.mimetype = "font/woff2"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.add_etag()
    return answer.make_conditional(request)  # type: ignore[return-value]


@cache
def woff2(weight: str) -> bytes:
    """Returns the font reduced to ``_LETTERS``, once per process; the tables that shape Thai are kept."""
    loaded = TTFont(_FILES / WEIGHTS[weight])
    options = subset.Options(flavor="woff2", layout_features=["*"], notdef_outline=True, hinting=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=_LETTERS)
    cutter.subset(loaded)
    loaded.flavor = "woff2"
    target = io.BytesIO()
    loaded.save(target)
    return target.getvalue()
